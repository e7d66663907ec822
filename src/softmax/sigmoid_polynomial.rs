//! `sigmoid_polynomial`: p = 1/2 + a_1 u + a_3 u^3 + ... with u = x / 8, gradient p - y: the least squares fits of the sigmoid on
//! [-8, 8] with which logistic regression is trained under homomorphic encryption. Beyond 8 they go to infinity.
//!
//! Degrees 3 and 7: Kim, Song, Wang, Xia, Jiang, "Secure logistic regression based on homomorphic encryption: design and evaluation"
//! (JMIR Medical Informatics 2018). Degree 5: Kim, Song, Kim, Lee, Cheon, "Logistic regression model training based on the
//! approximate homomorphic encryption" (BMC Medical Genomics 2018), of which the last coefficient is not that of the fit on [-8, 8],
//! 1.384.

use super::normalised::minus_labels;
use super::{Kind, Logits, OutputLayer, Parameter, Setting, SoftmaxVariant};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};

/// The fits are for logits of at most so much.
const FURTHEST: f64 = 8.0;
/// What a number format has to hold, with some space for intermediate values.
const LEAST_INTEGER_BITS: u32 = 5;

/// A polynomial in place of the sigmoid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigmoidPolynomial {
    /// 3, 5 or 7.
    pub degree: u32,
}

impl SigmoidPolynomial {
    /// Coefficients of u, u^3, ...
    fn coefficients(&self) -> &'static [f64] {
        match self.degree {
            3 => &[1.20096, -0.81562],
            5 => &[1.53048, -2.3533056, 1.3511295],
            7 => &[1.73496, -4.19407, 5.43402, -2.50739],
            other => panic!("there is no polynomial of degree {other}"),
        }
    }
}

impl SoftmaxVariant for SigmoidPolynomial {
    const DEFAULT: Self = SigmoidPolynomial { degree: 3 };
    const IS_SIGMOID: bool = true;
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "degree", kind: Kind::OddNumber(3, 7), about: "The degree of the polynomial." }];
    const FORMULA: &'static str = "p = 1/2 + a_1 u + a_3 u^3 + ... with u = x / 8; p - y";
    const DOMAIN: &'static str = "logits from -8 to 8";

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::Whole(u64::from(self.degree))]
    }

    fn with(settings: &[Setting]) -> Self {
        SigmoidPolynomial { degree: Setting::only_whole(settings) }
    }

    fn refusal(&self, format: FixedPoint, _classes: usize) -> Option<String> {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let integer_bits = k - f - 1;
        (integer_bits < LEAST_INTEGER_BITS).then(|| {
            format!(
                "softmax sigmoid_polynomial needs {LEAST_INTEGER_BITS} bits before the binary point, for logits up to {FURTHEST}, and \
                 the format has {integer_bits}"
            )
        })
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        _with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, .. } = batch;
        let format = secure.fixed_point;
        let edge = format.encode(FURTHEST);
        secure.protocol.expect_rows(logits, 1, (-edge, edge));
        let u = secure.scale_by(logits.clone(), 1.0 / FURTHEST).await;
        let square = secure.fixed_mul(&u, &u).await;
        let [lower @ .., highest] = self.coefficients() else { panic!("there are coefficients") };
        // Horner's scheme in u^2.
        let mut sum: Option<P::Share> = None;
        for &coefficient in lower.iter().rev() {
            let product = match &sum {
                None => secure.scale_by(square.clone(), *highest).await,
                Some(sum) => secure.fixed_mul(sum, &square).await,
            };
            sum = Some(secure.add_constant(&product, format.encode(coefficient)));
        }
        let odd = secure.fixed_mul(&sum.expect("two coefficients at least"), &u).await;
        let p = secure.add_constant(&odd, format.encode(0.5));
        OutputLayer { gradient: minus_labels(secure, &p, labels), loss: None }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        let of = |x: &f64| {
            let u = x / FURTHEST;
            0.5 + u * self.coefficients().iter().rev().fold(0.0, |sum, a| sum * u * u + a)
        };
        logits.iter().map(of).collect()
    }

    fn is_beyond_domain(&self, logits: &[f64]) -> bool {
        logits.iter().any(|x| x.abs() > FURTHEST)
    }
}
