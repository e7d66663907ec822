//! `relu_norm`: p = relu(x) / sum relu(x), gradient p - y. As Piranha does it (_relu_norm_grad, mpc/RSS.inl): the bit length of
//! each row's sum is opened to all parties, which scale the sum to c in [1/2, 1) with it; 1/c is a quadratic polynomial. A sum
//! of zero gives zero.

use super::normalised::minus_labels;
use super::relu_parameters::{BIT_LENGTH, expect_active};
use super::{Logits, OutputLayer, SoftmaxVariant, real};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{OPEN_RECIPROCAL, Secure};

/// Piranha's normalised ReLU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReluNorm;

impl SoftmaxVariant for ReluNorm {
    const DEFAULT: Self = ReluNorm;
    const FORMULA: &'static str = "p = r / sum r with r = relu(x), 1/c ~ 4.245 - 5.857 c + 2.630 c^2 for sum r = c 2^i, 1/2 <= c < 1; gradient p - y";
    const DOMAIN: &'static str = "rows with a positive logit; others have p = 0";
    const REVEALS: Option<&'static str> = Some(BIT_LENGTH);

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
        let inverse = secure.open_length_reciprocal(&sums, BIT_LENGTH).await;
        let p = secure.fixed_mul(&relu, &inverse.repeat_each(classes)).await;
        OutputLayer { gradient: minus_labels(secure, &p, labels), loss: None }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        let relu = real::relu_above(logits, 0.0);
        let sum: f64 = relu.iter().sum();
        if sum == 0.0 {
            return relu;
        }
        let (c, exponent) = libm::frexp(sum);
        let inverse = OPEN_RECIPROCAL.iter().rev().fold(0.0, |sum, a| sum * c + a);
        relu.iter().map(|r| r * libm::scalbn(inverse, -exponent)).collect()
    }

    fn is_beyond_domain(&self, logits: &[f64]) -> bool {
        !real::is_active(logits, 0.0)
    }
}
