//! Secret random bits.

use super::Secure;
use crate::protocol::Protocol;

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
}
