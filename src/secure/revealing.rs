//! Divisions that open something about the divisor to all parties. After Piranha (mpc/RSS.inl and nn/NeuralNetwork.cu of its
//! sources), and after Wagh et al., "Falcon" (PETS 2021). What is opened is not checked before: for semi-honest protocols only, but for
//! signs, before which `falcon_malicious` checks.

use super::Secure;
use crate::protocol::{Protocol, RingShare, Truncation};
use crate::ring::{Plane, Vector};

/// On which scales a division by opened lengths works, for a ring and numbers of k bits.
struct Scales {
    /// Most bits of a number that can be truncated.
    largest: u32,
    /// Bits of a normalised divisor, 2^29 <= c < 2^30 in a ring of 64 bits and 2^13 <= c < 2^14 in one of 32: squares have place.
    normalised: u32,
    /// Bits after the point of a reciprocal from 1 to 2: its product with a number has place.
    inverse: u32,
}

impl Scales {
    fn of(ring_bits: u32, k: u32) -> Scales {
        let largest = ring_bits - 1;
        let normalised = (largest - 3) / 2;
        Scales { largest, normalised, inverse: normalised.min(largest - 1 - k) }
    }
}

/// 1/c on [1/2, 1), lowest coefficient first.
pub const OPEN_RECIPROCAL: [f64; 3] = [4.245, -5.857, 2.630];

/// A vector of what a function makes of each element.
fn map(opened: &Vector, f: impl Fn(u64) -> i64) -> Vector {
    let values = || opened.expect_values().iter().map(|&x| f(x) as u64).collect();
    Vector::build(opened.content(), opened.len(), values)
}

impl<P: Protocol> Secure<P> {
    /// 1/x for x > 0, zero for x = 0; all parties learn the bit length of each x, which is `what`. Off by 2 % at most.
    pub async fn open_length_reciprocal(&self, x: &P::Share, what: &'static str) -> P::Share {
        let _span = self.span("open_length_reciprocal");
        self.protocol.note_revealed(what, x.len());
        let (f, k) = (self.f(), self.k());
        let mut bits = self.decompose(x, k).await;
        bits.reverse();
        // One where a bit as high or higher is set: below 2^length.
        let mut ors = self.prefix_or_bits(bits).await;
        ors.reverse();
        let opened = {
            let _span = self.span("reveal");
            Plane::compose(&self.protocol.open_bits(&ors).await)
        };
        let factors = map(&opened, |ones| if ones == 0 { 0 } else { (1i64 << k) / (ones as i64 + 1) });
        let c = self.truncate(&x.scale_each(&factors), k + 1, k - f).await;
        let inverse = self.polynomial(&c, &OPEN_RECIPROCAL).await;
        self.truncate(&inverse.scale_each(&factors), k + f + 2, k - f).await
    }

    /// Each element over the sum of its row; all parties learn the sums, which are `what` and must be positive numbers.
    pub async fn over_opened_sums(&self, x: &P::Share, width: usize, what: &'static str) -> P::Share {
        let _span = self.span("over_opened_sums");
        let (f, k) = (self.f(), self.k());
        let sums = x.row_sums(width);
        self.protocol.note_revealed(what, sums.len());
        let opened = {
            let _span = self.span("reveal");
            self.protocol.open(&sums).await
        };
        let inverse = map(&opened, |sum| {
            let sum = sum as i64;
            // Rounded to the nearest. A sum that left its range is no divisor.
            if sum <= 0 { 0 } else { ((1i64 << (2 * f)) + sum / 2) / sum }
        });
        self.truncate(&x.scale_each(&inverse.repeat_each(width)), k + f, f).await
    }

    /// a / b for 0 <= a <= b, each divisor for `width` consecutive numerators, with one correction or with two; zero if b is. All parties
    /// learn the bit length of each b, which is `what`; of zero it is said to be one. Falcon's Pow and Division, for each divisor by
    /// itself.
    ///
    /// With c = b 2^(30 - len b) as a number from 1/2 to 1, w = 2.9142 - 2 c and e = 1 - c w, of which the size is at most 0.0858: the
    /// quotient is a w (1 + e), which is too small by e^2 of itself, at most 0.74 %; or a w (1 + e) (1 + e^2), by e^4, 0.0055 %. Besides, it is
    /// off by less than two units in the last place. This holds for all numbers of the format: the authors' program has `len b` bits
    /// where here are 30, which is why its errors vary with b, and takes the length of the first divisor for all. In a ring of 32 bits there are
    /// 14 in their place, and 30 - k of the reciprocal: the quotient is off by less than eight units.
    pub(super) async fn quotient_by_open_length(
        &self,
        a: &P::Share,
        b: &P::Share,
        width: usize,
        (corrections, what): (u32, &'static str),
    ) -> P::Share {
        let _span = self.span("open_length_division");
        let (f, k) = (self.f(), self.k());
        let Scales { largest, normalised: bits, inverse: inverse_bits } =
            Scales::of(self.protocol.ring_bits(), k);
        self.protocol.expect_range(b, k);
        self.protocol.note_revealed(what, b.len());
        let one = 1i64 << bits;
        let lengths = self.open_lengths(b).await;
        // The longest number has k - 1 bits.
        let longest = k - 2;
        let moved = |x: &P::Share, to: u32| {
            x.scale_each(&map(&lengths, |length| 1i64 << to.saturating_sub(length as u32)))
        };
        // What becomes of a divisor of zero, which is not normalised, does not matter: its numerators are zero.
        let cut = Truncation { bits: 2 * bits + 3, shift: bits };
        let last = Truncation { shift: 2 * bits - inverse_bits, ..cut };
        let c = match k - 1 {
            most if most <= bits => moved(b, bits - 1),
            most => self.truncate_any(&moved(b, longest), k, most - bits).await,
        };
        let w = self.add_constant(&c.scale(-2), (2.9142 * one as f64) as i64);
        let product = self.truncated_mul_any(&c, &w, cut).await;
        let e = self.add_constant(&product.neg(), one);
        let first = if corrections > 1 { cut } else { last };
        let mut inverse = self.truncated_mul_any(&w, &self.add_constant(&e, one), first).await;
        if corrections > 1 {
            let square = self.truncated_mul_any(&e, &e, cut).await;
            let factor = self.add_constant(&square, one);
            inverse = self.truncated_mul_any(&inverse, &factor, last).await;
        }
        let inverse = moved(&inverse, longest);
        let inverse = if width == 1 { inverse } else { inverse.repeat_each(width) };
        let truncation = Truncation {
            bits: (inverse_bits + longest + 4).min(largest),
            shift: inverse_bits + longest + 1 - f,
        };
        self.truncated_dot(a, &inverse, 1, truncation).await
    }

    /// floor(log2 b) of each b > 0, zero for zero; all parties learn it, from the highest bit of it to the lowest. Pow.
    async fn open_lengths(&self, b: &P::Share) -> Vector {
        let _span = self.span("pow");
        let content = self.protocol.content();
        let mut found = Vector::constant(content, b.len(), 0);
        let ring_bits = self.protocol.ring_bits();
        for step in (0..ring_bits.ilog2()).rev().map(|bit| 1u64 << bit) {
            let power = map(&found, |found| 1i64.wrapping_shl((found + step) as u32));
            let above = b.sub(&self.protocol.public(&power));
            let below = self.open_less_than_zero(&above, ring_bits).await;
            let taken = Plane::to_ring(&[below]).scale(step);
            found = found.add(&Vector::constant(content, b.len(), step)).sub(&taken);
        }
        found
    }
}
