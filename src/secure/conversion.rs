//! Between ring elements and their bits.

use super::Secure;
use super::adder::{PrefixNetwork, Word};
use crate::protocol::{Components, Protocol, RingShare};
use crate::ring::{Plane, Vector};
use crate::sim::both;

impl<P: Protocol> Secure<P> {
    /// The lowest `bits` bits of x, lowest first, as shared bits.
    pub async fn decompose(&self, x: &P::Share, bits: u32) -> Vec<P::Bits> {
        let _span = self.span("decompose");
        let (sum, carries) = self.two_summands(self.protocol.summands(x, bits), false).await;
        let all: Vec<usize> = (0..bits as usize).collect();
        let (word, _) = self.add_words(&sum, &carries, PrefixNetwork::Sklansky, &all, false).await;
        word.into_iter().map(|bit| bit.expect("every bit was asked for")).collect()
    }

    /// The ring element with the given bits, lowest first. A random r is added to the bits and the sum modulo 2^bits
    /// opened; the overflow bits put back what the modulus took: x = opened + 2^bits overflows - r.
    pub async fn compose(&self, bits: Vec<P::Bits>) -> P::Share {
        let _span = self.span("compose");
        let (len, width) = (bits[0].len(), bits.len());
        let random = self.protocol.random_summands(len, width as u32);
        let some = |word: Vec<P::Bits>| -> Word<P::Bits> { word.into_iter().map(Some).collect() };
        let mut words = vec![some(bits)];
        words.extend(self.protocol.summands(&random, width as u32).into_iter().map(some));
        let mut overflows = Vec::new();
        while words.len() > 2 {
            let z = words.pop().expect("three words");
            let y = words.pop().expect("three words");
            let x = words.pop().expect("three words");
            let (sum, mut carries) = self.carry_save(&x, &y, &z, true).await;
            overflows.extend(carries.pop().expect("a carry out"));
            words.extend([sum, carries]);
        }
        let all: Vec<usize> = (0..width).collect();
        let (sum, overflow) =
            self.add_words(&words[0], &words[1], PrefixNetwork::BrentKung, &all, true).await;
        overflows.extend(overflow);
        let sum: Vec<P::Bits> = sum.into_iter().map(|bit| bit.expect("every bit was asked for")).collect();
        let [opening, conversion] = self.fork();
        let (opened, overflows) =
            both(opening.protocol.open_bits(&sum), conversion.protocol.bits_to_ring(&overflows)).await;
        let opened: Vector = Plane::compose(&opened);
        let unmasked = self.protocol.public(&opened).sub(&random);
        overflows.iter().fold(unmasked, |x, overflow| x.add(&overflow.scale(1 << width)))
    }
}
