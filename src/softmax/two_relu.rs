//! `two_relu`: p = relu(x) / sum relu(x), gradient p - y; a sum of zero gives zero. 2ReLU of MPCFormer. `relu_gradient` is the
//! same with a rounded reciprocal; here each quotient is divided as a whole.

use super::normalised::minus_labels;
use super::relu_parameters::expect_active;
use super::{Logits, OutputLayer, SoftmaxVariant, real};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{Numerator, Secure};

/// MPCFormer's replacement with ReLU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoRelu;

impl SoftmaxVariant for TwoRelu {
    const DEFAULT: Self = TwoRelu;
    const FORMULA: &'static str = "p = r / sum r with r = relu(x), zero where the sum is; gradient p - y";
    const DOMAIN: &'static str = "rows with a positive logit; others have p = 0";

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        _with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let (relu, _) = secure.relu(logits).await;
        let sums = relu.row_sums(classes);
        expect_active(secure, &sums);
        let p = secure.divide(Numerator::Part(&relu), &sums, classes).await;
        OutputLayer { gradient: minus_labels(secure, &p, labels), loss: None }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        real::normalised(&real::relu_above(logits, 0.0))
    }

    fn is_beyond_domain(&self, logits: &[f64]) -> bool {
        !real::is_active(logits, 0.0)
    }
}
