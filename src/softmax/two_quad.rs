//! `two_quad`: p = (x + c)^2 / sum (x + c)^2, gradient p - y. 2Quad of MPCFormer, which trains by distillation with it; divided as
//! in `exact`. Below -c the order of the classes turns round. A sum of zero gives zero.

use super::normalised::minus_labels;
use super::{Kind, Logits, OutputLayer, Parameter, Setting, SoftmaxVariant, real};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Numerator, Secure};

/// Logits that all classes may have at once.
const LEAST_LOGIT: f64 = 3.0;

/// MPCFormer's replacement with squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoQuad {
    /// What is added to each logit.
    pub c: f64,
}

impl SoftmaxVariant for TwoQuad {
    const DEFAULT: Self = TwoQuad { c: 5.0 };
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "c",
        kind: Kind::Number { needed: "a number from 0 to 100", least: 0.0, most: 100.0 },
        about: "What is added to each logit before it is squared.",
    }];
    const FORMULA: &'static str = "p = (x + c)^2 / sum (x + c)^2; gradient p - y";
    const DOMAIN: &'static str = "logits above -c, -5; their squares must fit the number format";

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::Number(self.c)]
    }

    fn with(settings: &[Setting]) -> Self {
        let [Setting::Number(c)] = *settings else { panic!("a number") };
        TwoQuad { c }
    }

    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let needed = classes as f64 * (self.c + LEAST_LOGIT) * (self.c + LEAST_LOGIT);
        let bits = libm::ceil(libm::log2(needed)) as u32;
        (bits > k - f - 1).then(|| {
            format!(
                "softmax two_quad adds up {classes} squares, which with logits of {LEAST_LOGIT} alone are {needed:.0}, and {k} bits \
                 with {f} after the binary point hold less than {}: take {bits} bits before the point, or a smaller c",
                1u64 << (k - f - 1)
            )
        })
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        _with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let moved = secure.add_constant(logits, secure.fixed_point.encode(self.c));
        let squares = secure.fixed_mul(&moved, &moved).await;
        let p = secure.divide(Numerator::Part(&squares), &squares.row_sums(classes), classes).await;
        OutputLayer { gradient: minus_labels(secure, &p, labels), loss: None }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        real::normalised(&logits.iter().map(|x| (x + self.c) * (x + self.c)).collect::<Vec<_>>())
    }
}
