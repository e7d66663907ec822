//! `sigmoid_piecewise`: p = 0 below -1/2, x + 1/2, and 1 above 1/2; gradient p - y. The function that SecureML puts in place of the
//! sigmoid. Here it is relu(x + 1/2) - relu(x - 1/2), both side by side. It has no loss: p is zero for half of all logits.

use super::normalised::minus_labels;
use super::{Logits, OutputLayer, SoftmaxVariant};
use crate::protocol::{Protocol, RingShare};
use crate::secure::Secure;

/// SecureML's sigmoid in three pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigmoidPiecewise;

impl SoftmaxVariant for SigmoidPiecewise {
    const DEFAULT: Self = SigmoidPiecewise;
    const IS_SIGMOID: bool = true;
    const FORMULA: &'static str = "p = 0 for x < -1/2, x + 1/2, 1 for x > 1/2; p - y";
    const DOMAIN: &'static str = "all logits";

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        _with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, .. } = batch;
        let half = secure.fixed_point.encode(0.5);
        let moved = [secure.add_constant(logits, half), secure.add_constant(logits, -half)];
        let (relu, _) = secure.relu(&RingShare::concat(&[&moved[0], &moved[1]])).await;
        let [above, below] = &relu.chunks(2)[..] else { panic!("two halves") };
        OutputLayer { gradient: minus_labels(secure, &above.sub(below), labels), loss: None }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        logits.iter().map(|x| (x + 0.5).clamp(0.0, 1.0)).collect()
    }
}
