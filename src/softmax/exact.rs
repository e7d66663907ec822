//! `exact`: p_j = e^{x_j} / sum e^{x_i}, gradient p - y.
//!
//! The logits are shifted by m = max x - L + ln(classes) with L = ln 2^(k-f-1), so that the largest exponential uses the
//! number format's whole range while the sum still fits; what is smaller than e^-L counts as zero. This is what the
//! reference system does (MP-SPDZ, MultiOutput in Compiler/ml.py). Where the errors of the exponentials could carry a sum
//! of equal ones out of the format, m is larger by a few units in the last place.

use super::{Logits, OutputLayer, SoftmaxVariant, real};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Numerator, Secure};
use crate::sim::both;

/// The largest shifted logit, as an integer: ln(2^(k-f-1) / classes), less what keeps the sum of `classes` exponentials of
/// it below 2^(k-1) units with every rounding upwards.
fn largest_logit(format: FixedPoint, classes: usize) -> i64 {
    let FixedPoint { fraction_bits: f, total_bits: k } = format;
    let unit = (1u64 << f) as f64;
    let log2_e = format.encode(std::f64::consts::LOG2_E) as f64 / unit;
    let exponential = |logit: i64| {
        let exponent = (logit as f64 * log2_e + 1.0) / unit;
        libm::exp2(exponent) * unit * (1.0 + 8.0 / (1u64 << (k - 2)) as f64) + 1.0
    };
    let range = f64::from(k - f - 1) * std::f64::consts::LN_2;
    let mut logit = format.encode(range - libm::log(classes as f64));
    while logit > 0 && exponential(logit) * classes as f64 >= (1u64 << (k - 1)) as f64 {
        logit -= 1;
    }
    logit
}

/// The usual softmax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact;

impl Exact {
    /// e^d for d = x - max x.
    fn exponentials(&self, logits: &[f64]) -> Vec<f64> {
        real::below_maximum(logits).into_iter().map(libm::exp).collect()
    }
}

impl SoftmaxVariant for Exact {
    const DEFAULT: Self = Exact;
    const FORMULA: &'static str = "p_j = exp(x_j - m) / sum exp(x_i - m), p - y";
    const DOMAIN: &'static str = "all logits";

    /// The largest exponential, 2^(k-f-1) / classes, must be one at least.
    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let most = 1usize << (k - f - 1);
        (classes > most).then(|| {
            format!(
                "softmax exact has place for the exponentials of {most} classes in numbers of {k} bits with {f} after the \
                 binary point, and the data has {classes}: take more bits before the point"
            )
        })
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let format = secure.fixed_point;
        let range = f64::from(format.total_bits - format.fraction_bits - 1) * std::f64::consts::LN_2;
        let max = secure.row_max(logits, classes).await;
        let shift = secure.add_constant(&max, -largest_logit(format, classes));
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
            let [log_strand, dot_strand] = forward.fork();
            let (log, hit) =
                both(log_strand.log(&sums), dot_strand.protocol.dot(labels, logits, classes)).await;
            Some(shift.add(&log).sub(&hit))
        };
        let (loss, quotient) =
            both(loss(), backward.divide(Numerator::Part(&exponentials), &sums, classes)).await;
        debug_assert_eq!(quotient.len(), labels.len());
        OutputLayer { gradient: quotient.sub(&labels.scale(1 << format.fraction_bits)), loss }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        real::normalised(&self.exponentials(logits))
    }

    fn loss(&self, logits: &[f64], class: usize) -> Option<f64> {
        Some(real::cross_entropy(logits, &self.exponentials(logits), class))
    }
}
