//! `exact`: p_j = e^{x_j} / sum e^{x_i}, gradient p - y.
//!
//! The logits are shifted by m = max x - L + ln(classes) with L = ln 2^(k-f-1), so that the largest exponential uses the
//! number format's whole range while the sum still fits; what is smaller than e^-L counts as zero. This is what the
//! reference system does (MP-SPDZ, MultiOutput in Compiler/ml.py).

use super::{Logits, OutputLayer, SoftmaxVariant};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{Numerator, Secure};
use crate::sim::both;

/// The usual softmax.
pub struct Exact;

impl SoftmaxVariant for Exact {
    async fn output_layer<P: Protocol>(
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let format = secure.fixed_point;
        let range = f64::from(format.total_bits - format.fraction_bits - 1) * std::f64::consts::LN_2;
        let max = secure.row_max(logits, classes).await;
        let shift = secure.add_constant(&max, format.encode(libm::log(classes as f64) - range));
        let shifted = logits.sub(&shift.repeat_each(classes));
        let [compare, power] = secure.fork();
        let (counts, exponentials) =
            both(compare.greater_than(&shifted, format.encode(-range)), power.exp(&shifted)).await;
        let exponentials = secure.protocol.mul(&counts, &exponentials).await;
        let sums = exponentials.row_sums(classes);
        let [forward, backward] = secure.fork();
        let loss = async || {
            if !with_loss {
                return None;
            }
            let _span = forward.span("loss");
            let [log_lane, dot_lane] = forward.fork();
            let (log, hit) = both(log_lane.log(&sums), dot_lane.protocol.dot(labels, logits, classes)).await;
            Some(shift.add(&log).sub(&hit))
        };
        let (loss, quotient) =
            both(loss(), backward.divide(Numerator::Shared(&exponentials), &sums, classes)).await;
        debug_assert_eq!(quotient.len(), labels.len());
        OutputLayer { gradient: quotient.sub(&labels.scale(1 << format.fraction_bits)), loss }
    }
}
