//! Truncation: the protocol's own probabilistic one, and exact ones by adding the summands' bits.

use super::Secure;
use crate::protocol::{Bit, Protocol, RingShare, Word, Wraps};
use crate::sim::both;

impl<P: Protocol> Secure<P> {
    /// x / 2^shift for signed integers of `bits` bits, rounded as the scenario says: off by less than a unit if
    /// probabilistic, by at most half a unit if to nearest.
    pub async fn truncate(&self, x: &P::Share, bits: u32, shift: u32) -> P::Share {
        self.protocol.expect_range(x, bits);
        self.truncate_any(x, bits, shift).await
    }

    /// The same where it does not matter what becomes of numbers with more bits.
    pub(super) async fn truncate_any(&self, x: &P::Share, bits: u32, shift: u32) -> P::Share {
        match self.rounding {
            super::Rounding::Probabilistic => self.protocol.truncate(x, bits, shift).await,
            super::Rounding::Nearest if x.len() <= self.most_at_once => self.to_nearest(x, bits, shift).await,
            super::Rounding::Nearest => {
                let mut pieces = Vec::new();
                for start in (0..x.len()).step_by(self.most_at_once) {
                    let end = x.len().min(start + self.most_at_once);
                    pieces.push(self.to_nearest(&x.slice(start, end), bits, shift).await);
                }
                P::Share::join(&pieces.iter().collect::<Vec<_>>())
            }
        }
    }

    /// x / 2^shift rounded to nearest, halves up.
    async fn to_nearest(&self, x: &P::Share, bits: u32, shift: u32) -> P::Share {
        let half = self.add_constant(x, 1 << (shift - 1));
        self.floor_truncate(&half, bits + 1, shift, true).await
    }

    /// floor(x / 2^shift), exactly. With x = sum of summands x_i modulo 2^w, the sum of x_i >> shift lacks what the
    /// lowest `shift` bits carry, and has 2^(w-shift) too much for each time that the sum wraps:
    /// result = sum (x_i >> shift) + low carries - 2^(w-shift) high carries.
    pub async fn floor_truncate(&self, x: &P::Share, bits: u32, shift: u32, signed: bool) -> P::Share {
        let _span = self.span("exact_truncate");
        let most = self.protocol.ring_bits();
        assert!(0 < shift && shift < bits && bits <= most, "truncation of {bits} bits by {shift}");
        let x = if signed { self.add_constant(x, 1i64.wrapping_shl(bits - 1)) } else { x.clone() };
        let (summands, cut) = self.protocol.cut(&x, bits, shift, Wraps::Counted).await;
        let shifted = self.protocol.shifted(&x, shift, &cut).await;
        let result = if summands.len() == 1 {
            shifted
        } else {
            shifted.add(&self.wraps(summands, x.len(), shift).await)
        };
        if signed { self.add_constant(&result, -(1 << (bits - shift - 1))) } else { result }
    }

    /// low carries - 2^(w-shift) high carries of [`Secure::floor_truncate`], for summands of w bits.
    async fn wraps(&self, summands: Vec<Word<P::Bits>>, len: usize, shift: u32) -> P::Share {
        let (m, top) = (shift as usize, summands[0].len());
        let two = self.two_summands(summands, true).await;
        let [low_strand, high_strand] = self.fork();
        let low = async || {
            let last = low_strand.carry_out(&two.sum[..m], &two.carries[..m]).await;
            low_strand.finish_carry(last).await
        };
        let high = async || {
            let carries = high_strand.half_add(&two.sum[m..top], &two.carries[m..top]).await;
            high_strand.carry_group(carries).await
        };
        let (low, (generate, propagate)) = both(low(), high()).await;
        // Bits that count for the low carry, then for the high one.
        let low_bits: Vec<Bit<P::Bits>> =
            two.saved_into(m).chain([&low]).filter(|bit| !bit.is_zero()).cloned().collect();
        let high_bits: Vec<Bit<P::Bits>> =
            two.saved_into(top).filter(|bit| !bit.is_zero()).cloned().collect();
        // All other bits go before what is left becomes elements, which takes memory.
        drop(two);
        let (low_bits, weights) = self.counted(low_bits).await;
        let bits = [&low_bits[..], &high_bits[..]].concat();
        let [bit_strand, last_strand] = self.fork();
        let last = async || {
            if low.is_zero() {
                last_strand.bits_to_ring(&[generate], len).await.remove(0)
            } else {
                last_strand.and_to_ring([&propagate, &low, &generate], len).await
            }
        };
        let (bits, last) = both(bit_strand.bits_to_ring(&bits, len), last()).await;
        let zero = self.constant(len, 0);
        let low_values = bits[..low_bits.len()].iter().zip(weights);
        let low = low_values.fold(zero, |sum, (bit, weight)| match weight {
            1 => sum.add(bit),
            weight => sum.add(&bit.scale(weight)),
        });
        let high = bits[low_bits.len()..].iter().fold(last, |sum, bit| sum.add(bit));
        low.sub(&high.scale(1i64 << (top - m)))
    }
}
