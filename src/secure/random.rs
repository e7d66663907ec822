//! Secret random bits and numbers.

use super::Secure;
use crate::protocol::{Protocol, RingShare};

impl<P: Protocol> Secure<P> {
    /// Secret bits as ring elements, each of them one with probability 2^-halvings.
    pub async fn random_bits(&self, len: usize, halvings: u32) -> P::Share {
        let _span = self.span("random_bits");
        let (_, summands) = self.protocol.random(len, halvings).await;
        // Each summand is uniform, so their sum without carries is, too: bits that do not depend on each other.
        let uniform = summands.into_iter().reduce(|x, y| self.xor_words(&x, &y));
        let mut bits = uniform.expect("a summand");
        while bits.len() > 1 {
            let odd = if bits.len() % 2 == 1 { bits.pop() } else { None };
            let pairs: Vec<_> = bits.chunks_exact(2).map(|pair| (&pair[0], &pair[1])).collect();
            bits = self.and_words(&pairs).await;
            bits.extend(odd);
        }
        self.bits_to_ring(&bits, len).await.remove(0)
    }

    /// Secret numbers of so many bits, each as likely as any other, and with each a secret random bit.
    pub async fn random_numbers(&self, len: usize, bits: u32) -> (P::Share, P::Share) {
        let _span = self.span("random_numbers");
        let (_, summands) = self.protocol.random(len, bits + 1).await;
        let uniform = summands.into_iter().reduce(|x, y| self.xor_words(&x, &y));
        let mut elements = self.bits_to_ring(&uniform.expect("a summand"), len).await;
        let bit = elements.pop().expect("one bit more");
        let weighted = elements.into_iter().enumerate().map(|(at, element)| element.scale(1i64 << at));
        (weighted.reduce(|sum, element| sum.add(&element)).expect("a number has bits"), bit)
    }
}
