//! Between ring elements and their bits.

use super::Secure;
use super::adder::PrefixNetwork;
use crate::protocol::word::shared_word;
use crate::protocol::{Bit, BitShare, Protocol, RingShare, Word};
use crate::ring::{Plane, Vector};
use crate::sim::both;

impl<P: Protocol> Secure<P> {
    /// The lowest `bits` bits of x, lowest first, as shared bits.
    pub async fn decompose(&self, x: &P::Share, bits: u32) -> Vec<P::Bits> {
        let _span = self.span("decompose");
        let summands = self.protocol.summands(x, bits).await;
        let two = self.two_summands(summands, false).await;
        let all: Vec<usize> = (0..bits as usize).collect();
        let (word, _) = self.add_words(&two.sum, &two.carries, PrefixNetwork::Sklansky, &all, false).await;
        all_shared(word)
    }

    /// Where the leading bit of the lowest `bits` bits of x is, the highest place first: that bit is set and no other; none for zero.
    pub(super) async fn leading_bit(&self, x: &P::Share, bits: u32) -> Vec<P::Bits> {
        let mut bits = self.decompose(x, bits).await;
        bits.reverse();
        // ors[i]: one of the i + 1 highest bits is set. The leading bit is where that begins.
        let ors = self.prefix_or_bits(bits).await;
        let mut leading = vec![ors[0].clone()];
        leading
            .extend(P::Bits::xor_each(&ors.windows(2).map(|pair| [&pair[0], &pair[1]]).collect::<Vec<_>>()));
        leading
    }

    /// The ring element with the given bits, lowest first. A random r is added to the bits and the sum modulo 2^bits
    /// opened; the overflow bits put back what the modulus took: x = opened + 2^bits overflows - r.
    pub async fn compose(&self, bits: Vec<P::Bits>) -> P::Share {
        let _span = self.span("compose");
        let (len, width) = (bits[0].len(), bits.len());
        let (random, summands) = self.protocol.random(len, width as u32).await;
        let words = std::iter::once(shared_word(bits)).chain(summands).collect();
        let two = self.two_summands(words, true).await;
        let all: Vec<usize> = (0..width).collect();
        let (sum, overflow) =
            self.add_words(&two.sum, &two.carries, PrefixNetwork::BrentKung, &all, true).await;
        let overflows: Vec<Bit<P::Bits>> = two.saved_into(width).cloned().chain([overflow]).collect();
        let overflows: Vec<P::Bits> = overflows.iter().filter_map(Bit::shared).cloned().collect();
        let sum = all_shared(sum);
        let [opening, conversion] = self.fork();
        let (opened, overflows) =
            both(opening.protocol.open_bits(&sum), conversion.protocol.bits_to_ring(&overflows)).await;
        let opened: Vector = Plane::compose(&opened);
        let unmasked = self.protocol.public(&opened).sub(&random);
        overflows.iter().fold(unmasked, |x, overflow| x.add(&overflow.scale(1 << width)))
    }
}

/// The bits of a word none of which is known.
fn all_shared<B>(word: Word<B>) -> Vec<B> {
    let shared = |bit| match bit {
        Bit::Shared(bit) => bit,
        Bit::Zero | Bit::Public(_) => panic!("a known bit among the shared bits of a sum"),
    };
    word.into_iter().map(shared).collect()
}
