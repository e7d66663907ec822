//! `quadratic_exp`: e^d for d = x - max x as in I-BERT: with z = floor(-d / ln 2) and p = d + z ln 2 in (-ln 2, 0],
//! (0.3585 (p + 1.353)^2 + 0.344) 2^-z; zero where e^d is below half a unit in the last place. BOLT computes the same
//! securely. Divided by the sum as in `exact`.

use super::normalised::{Normalisation, below_maximum, normalised, too_many_classes};
use super::{Logits, OutputLayer, SoftmaxVariant, real};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};

/// The softmax of I-BERT and BOLT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuadraticExp;

impl QuadraticExp {
    /// e^d for d = x - max x, as the formula has it.
    fn exponentials(&self, logits: &[f64]) -> Vec<f64> {
        let e = |d: f64| {
            let z = libm::floor(-d / std::f64::consts::LN_2);
            let q = d + z * std::f64::consts::LN_2 + 1.353;
            (0.3585 * q * q + 0.344) * libm::exp2(-z)
        };
        real::below_maximum(logits).into_iter().map(e).collect()
    }
}

impl SoftmaxVariant for QuadraticExp {
    const DEFAULT: Self = QuadraticExp;
    const FORMULA: &'static str = "p = e / sum e with e = (0.3585 (q + 1.353)^2 + 0.344) / 2^z, z = floor(-d / ln 2), q = d + z ln 2, \
                                   d = x - max x; gradient p - y";
    const DOMAIN: &'static str = "all logits";

    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        too_many_classes("quadratic_exp", format, classes)
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let (max, d) = below_maximum(secure, batch.logits, batch.classes).await;
        let e = secure.exp_quadratic(&d).await;
        normalised(secure, &batch, (&max, &e), Normalisation::Goldschmidt, with_loss).await
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        real::normalised(&self.exponentials(logits))
    }

    fn loss(&self, logits: &[f64], class: usize) -> Option<f64> {
        Some(real::cross_entropy(logits, &self.exponentials(logits), class))
    }
}
