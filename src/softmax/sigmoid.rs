//! `sigmoid`: p = 1 / (1 + e^-x), gradient p - y. Beyond a limit, e^-x or 1 + e^-x has no place in the number format, and p is
//! zero or one.
//!
//! As the reference system does it (MP-SPDZ, sigmoid_from_e_x in Compiler/ml.py), but for the limit: there it is
//! ln 2^(k-f-1), where e^x has no place any more beside the one; here it is ln 2^(k-f-2).

use super::normalised::{minus_labels, too_coarse};
use super::{Logits, OutputLayer, SoftmaxVariant};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Numerator, Secure};
use crate::sim::both;

/// Bits before the point, without the sign, with which p is off by 1/256 at most beyond the limit.
const LEAST_INTEGER_BITS: u32 = 9;

/// The usual sigmoid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sigmoid;

/// The largest logit of which the sigmoid is computed.
fn limit(format: FixedPoint) -> i64 {
    let FixedPoint { fraction_bits: f, total_bits: k } = format;
    format.encode(f64::from(k - f - 2) * std::f64::consts::LN_2)
}

/// `[x > limit]` and `[x < -limit]`.
async fn beyond<P: Protocol>(secure: &Secure<P>, x: &P::Share, limit: i64) -> [P::Share; 2] {
    let both_ways = RingShare::concat(&[x, &x.neg()]);
    let beyond = secure.greater_than(&both_ways, limit).await.chunks(2);
    beyond.try_into().ok().expect("two halves")
}

/// 1 / (1 + e^-x).
pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

impl SoftmaxVariant for Sigmoid {
    const DEFAULT: Self = Sigmoid;
    const IS_SIGMOID: bool = true;
    const FORMULA: &'static str = "p = 1 / (1 + exp(-x)), p - y";
    const DOMAIN: &'static str = "all logits; with k bits of which f are after the point, p is 0 or 1 beyond ln 2^(k-f-2), by default 9.0";

    fn refusal(&self, format: FixedPoint, _classes: usize) -> Option<String> {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let integer_bits = k - f - 1;
        let narrow = (integer_bits < LEAST_INTEGER_BITS).then(|| {
            format!(
                "softmax sigmoid needs {LEAST_INTEGER_BITS} bits before the binary point, or it would be off by more than 1/256, \
                 and the format has {integer_bits}"
            )
        });
        narrow.or_else(|| too_coarse("sigmoid", format, 6, "or exponentials would be far off"))
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, .. } = batch;
        let one = 1 << secure.fixed_point.fraction_bits;
        let [compare, power] = secure.fork();
        let ([above, below], power) =
            both(beyond(&compare, logits, limit(secure.fixed_point)), power.exp(&logits.neg())).await;
        // What an exponential beyond the limit is nobody knows, so zero takes its place: p is one there, and below it loses one.
        let inside = secure.add_constant(&above.add(&below).neg(), 1);
        let sums = secure.add_constant(&secure.protocol.mul(&inside, &power).await, one);
        let [forward, backward] = secure.fork();
        // ln(1 + e^-x) + (1 - y) x, which is (1 - y) x above and -y x below.
        let loss = async || {
            if !with_loss {
                return None;
            }
            let _span = forward.span("loss");
            let [log_strand, product_strand] = forward.fork();
            let factors = product_strand.add_constant(&labels.add(&below).neg(), 1);
            let (log, product) =
                both(log_strand.log(&sums), product_strand.protocol.mul(&factors, logits)).await;
            Some(log.add(&product))
        };
        let (loss, inverse) = both(loss(), backward.divide(Numerator::One, &sums, 1)).await;
        let p = inverse.sub(&below.scale(one));
        OutputLayer { gradient: minus_labels(secure, &p, labels), loss }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        logits.iter().copied().map(sigmoid).collect()
    }

    fn loss(&self, logits: &[f64], class: usize) -> Option<f64> {
        let x = logits[0];
        let of_zero = x.max(0.0) + libm::log1p(libm::exp(-x.abs()));
        Some(of_zero - class as f64 * x)
    }
}
