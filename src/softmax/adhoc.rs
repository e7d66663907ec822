//! `adhoc`: e^d for d = x - max x becomes (d + 2)/2 above d = -2 and 0.001 elsewhere; each row's sum is opened to all parties,
//! which divide in the clear. Gradient p - y. As Piranha does it (_adhoc_softmax_grad), but that its maximum over a number of
//! logits that is no power of two is right.

use super::normalised::{below_maximum, minus_labels, too_coarse, too_many_classes};
use super::{Logits, OutputLayer, SoftmaxVariant, real};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};
use crate::sim::both;

/// What is opened.
const SUM: &str = "the sum of what stands for the exponentials";
/// What stands for e^d where d is at most -2.
const LEAST: f64 = 0.001;
/// Bits after the point with which that is no zero.
const LEAST_FRACTION_BITS: u32 = 10;

/// Piranha's softmax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adhoc;

impl SoftmaxVariant for Adhoc {
    const DEFAULT: Self = Adhoc;
    const FORMULA: &'static str =
        "p = e / sum e with e = (d + 2)/2 where d > -2, 0.001 elsewhere, d = x - max x; gradient p - y";
    const DOMAIN: &'static str = "all logits; only a few units below the maximum matter";
    const REVEALS: Option<&'static str> = Some(SUM);

    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        too_many_classes("adhoc", format, classes)
            .or_else(|| too_coarse("adhoc", format, LEAST_FRACTION_BITS, "for 0.001 not to be zero"))
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        _with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let format = secure.fixed_point;
        let (_, d) = below_maximum(secure, logits, classes).await;
        let [compare, halve] = secure.fork();
        let (near, half) =
            both(compare.greater_than(&d, format.encode(-2.0)), halve.scale_by(d.clone(), 0.5)).await;
        let above = secure.add_constant(&half, format.encode(1.0) - format.encode(LEAST));
        let kept = secure.protocol.mul(&near, &above).await;
        let e = secure.add_constant(&kept, format.encode(LEAST));
        let p = secure.over_opened_sums(&e, classes, SUM).await;
        OutputLayer { gradient: minus_labels(secure, &p, labels), loss: None }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        let e = |d: f64| if d > -2.0 { (d + 2.0) / 2.0 } else { LEAST };
        real::normalised(&real::below_maximum(logits).into_iter().map(e).collect::<Vec<_>>())
    }
}
