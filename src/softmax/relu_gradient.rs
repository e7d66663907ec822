//! `relu_gradient`: the gradient is relu(x) / sum relu(x) - y; a sum of zero gives a quotient of zero.
//!
//! There is no loss that has this gradient. As in the reference system (MP-SPDZ, ReluMultiOutput in Compiler/ml.py).

use super::{Logits, OutputLayer, SoftmaxVariant};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{Numerator, Secure};

/// The replacement inside the gradient only.
pub struct ReluGradient;

impl SoftmaxVariant for ReluGradient {
    async fn output_layer<P: Protocol>(
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        _with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let (relu, _) = secure.relu(logits).await;
        let inverse = secure.divide(Numerator::One, &relu.row_sums(classes), 1).await;
        let quotient = secure.fixed_mul(&relu, &inverse.repeat_each(classes)).await;
        OutputLayer {
            gradient: quotient.sub(&labels.scale(1 << secure.fixed_point.fraction_bits)),
            loss: None,
        }
    }
}
