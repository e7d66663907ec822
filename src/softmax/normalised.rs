//! What the variants with exponentials have in common: the maximum taken off, then exponentials over their sum. The
//! loss is that of softmax, max x + ln(sum) - x_y, with the variant's own sum.

use super::{Logits, OutputLayer};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Numerator, Secure};
use crate::sim::both;

/// How exponentials are divided by their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Normalisation {
    /// By a reciprocal of Newton's iteration from an exponential, as in CrypTen.
    Newton,
    /// By SPU's reciprocal.
    Spu,
    /// By Goldschmidt's division, as in `exact`.
    Goldschmidt,
}

/// Newton's steps, as published.
pub(super) const NEWTON_STEPS: u32 = 10;

/// The maximum of each row, and x - max x.
pub(super) async fn below_maximum<P: Protocol>(
    secure: &Secure<P>,
    logits: &P::Share,
    classes: usize,
) -> (P::Share, P::Share) {
    let max = secure.row_max(logits, classes).await;
    let below = logits.sub(&max.repeat_each(classes));
    (max, below)
}

/// The output layer of exponentials e of x - max x.
pub(super) async fn normalised<P: Protocol>(
    secure: &Secure<P>,
    batch: &Logits<'_, P::Share>,
    (max, exponentials): (&P::Share, &P::Share),
    normalisation: Normalisation,
    with_loss: bool,
) -> OutputLayer<P::Share> {
    let Logits { logits, labels, classes } = *batch;
    let sums = exponentials.row_sums(classes);
    let [forward, backward] = secure.fork();
    let loss = async || {
        if !with_loss {
            return None;
        }
        let _span = forward.span("loss");
        let [log_strand, dot_strand] = forward.fork();
        let (log, hit) = both(log_strand.log(&sums), dot_strand.protocol.dot(labels, logits, classes)).await;
        Some(max.add(&log).sub(&hit))
    };
    let (loss, probabilities) =
        both(loss(), over_sums(&backward, exponentials, &sums, classes, normalisation)).await;
    OutputLayer { gradient: minus_labels(secure, &probabilities, labels), loss }
}

/// Each element over the sum of its row.
async fn over_sums<P: Protocol>(
    secure: &Secure<P>,
    x: &P::Share,
    sums: &P::Share,
    classes: usize,
    normalisation: Normalisation,
) -> P::Share {
    let inverse = match normalisation {
        Normalisation::Newton => secure.newton_reciprocal(sums, NEWTON_STEPS).await,
        Normalisation::Spu => secure.spu_reciprocal(sums).await,
        Normalisation::Goldschmidt => return secure.divide(Numerator::Part(x), sums, classes).await,
    };
    secure.fixed_mul(x, &inverse.repeat_each(classes)).await
}

/// p - y.
pub(super) fn minus_labels<P: Protocol>(secure: &Secure<P>, p: &P::Share, labels: &P::Share) -> P::Share {
    p.sub(&labels.scale(1 << secure.fixed_point.fraction_bits))
}

/// Why the sum of so many exponentials of at most one has no place in the format.
pub(super) fn too_many_classes(name: &str, format: FixedPoint, classes: usize) -> Option<String> {
    let FixedPoint { fraction_bits: f, total_bits: k } = format;
    let most = (1usize << (k - f - 1)) - 1;
    (classes > most).then(|| {
        format!(
            "softmax {name} has place for the exponentials of {most} classes in numbers of {k} bits with {f} after the binary \
             point, and the data has {classes}: take more bits before the point"
        )
    })
}

/// Why a format has too few bits after the point.
pub(super) fn too_coarse(name: &str, format: FixedPoint, least: u32, why: &str) -> Option<String> {
    let f = format.fraction_bits;
    (f < least).then(|| {
        format!("softmax {name} needs {least} bits after the binary point, {why}, and the format has {f}")
    })
}
