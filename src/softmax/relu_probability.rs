//! `relu_probability`: p_j = r_j / sum r with r = relu(x) above a threshold of 0.1, and the gradient of the cross entropy
//! of that distribution: 1/S - y_j/r_j where r_j > 0, and -y_j elsewhere. A sum of zero has the reciprocal zero.
//!
//! As in the reference system (MP-SPDZ, MultiOutput with `approx` in Compiler/ml.py).

use super::{Logits, OutputLayer, SoftmaxVariant};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{Numerator, Secure};
use crate::sim::both;

/// What a logit must exceed to count: it bounds y/r by 10.
const THRESHOLD: f64 = 0.1;

/// The replacement as output distribution.
pub struct ReluProbability;

impl SoftmaxVariant for ReluProbability {
    async fn output_layer<P: Protocol>(
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let format = secure.fixed_point;
        let (relu, active) = secure.relu_above(logits, format.encode(THRESHOLD)).await;
        let sums = relu.row_sums(classes);
        let labels = labels.scale(1 << format.fraction_bits);
        let [forward, backward] = secure.fork();
        let loss = async || {
            if !with_loss {
                return None;
            }
            let _span = forward.span("loss");
            // A division for each class, as in the reference system, where one for each row would do.
            let probability = forward.divide(Numerator::Shared(&relu), &sums.repeat_each(classes), 1).await;
            let log = forward.log(&probability).await;
            let one_hot = batch.labels;
            Some(forward.protocol.dot(one_hot, &log, classes).await.neg())
        };
        let gradient = async || {
            let [own, common] = backward.fork();
            let (quotient, inverse) = both(
                own.divide(Numerator::Shared(&labels), &relu, 1),
                common.divide(Numerator::One, &sums, 1),
            )
            .await;
            let raw = quotient.sub(&inverse.repeat_each(classes));
            backward.select(&active, &raw, &labels).await.neg()
        };
        let (loss, gradient) = both(loss(), gradient()).await;
        OutputLayer { gradient, loss }
    }
}
