//! `pade`: e^d for d = x - max x as SPU computes it in its Pade mode: d is clamped to +-32 ln 2, 2^(d log2 e) is a product over
//! five bits of the integer part times a polynomial of the fraction. Then SPU's reciprocal of the sum.

use super::normalised::{Normalisation, below_maximum, normalised, too_many_classes};
use super::{Logits, OutputLayer, SoftmaxVariant, real};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, PADE_INTEGER_BITS, PADE_POLYNOMIAL, Secure};

/// SPU's softmax in its Pade mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pade;

impl Pade {
    /// e^d for d = x - max x, as the formula has it.
    fn exponentials(&self, logits: &[f64]) -> Vec<f64> {
        let clamp = 32.0 * std::f64::consts::LN_2;
        let e = |d: f64| {
            let y = d.clamp(-clamp, clamp) * std::f64::consts::LOG2_E;
            let r = y - libm::floor(y);
            let power = PADE_POLYNOMIAL.iter().rev().fold(0.0, |sum, a| sum * r + a);
            libm::scalbn(power, libm::floor(y) as i32)
        };
        real::below_maximum(logits).into_iter().map(e).collect()
    }
}

impl SoftmaxVariant for Pade {
    const DEFAULT: Self = Pade;
    const FORMULA: &'static str = "p = e / sum e with e = prod (1 + b_i (2^(2^i) - 1)) P(r) 2^-32, five bits b_i and fraction r of \
                                   d log2 e, d = x - max x within +-32 ln 2, P of degree 5; reciprocal as in taylor; gradient p - y";
    const DOMAIN: &'static str = "all logits";

    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let integer_bits = k - f - 1;
        let narrow = (integer_bits < PADE_INTEGER_BITS).then(|| {
            format!(
                "softmax pade takes exponents from -32 on, for which a number needs {PADE_INTEGER_BITS} bits before the binary \
                 point, and {k} bits with {f} after it leave {integer_bits}: take more"
            )
        });
        narrow.or_else(|| too_many_classes("pade", format, classes))
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let (max, d) = below_maximum(secure, batch.logits, batch.classes).await;
        let e = secure.exp_pade(&d).await;
        normalised(secure, &batch, (&max, &e), Normalisation::Spu, with_loss).await
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        real::spu_normalised(&self.exponentials(logits))
    }

    fn loss(&self, logits: &[f64], class: usize) -> Option<f64> {
        Some(real::cross_entropy(logits, &self.exponentials(logits), class))
    }
}
