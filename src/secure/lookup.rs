//! e^x for x <= 0 by one-hot tables on blocks of bits, after `mux_exp` of the reference system (MP-SPDZ).

use super::Secure;
use crate::protocol::{BitShare, Protocol, RingShare};
use crate::ring::Plane;
use crate::sim::{all, both};

impl<P: Protocol> Secure<P> {
    /// e^x for x <= 0; zero where that is below half a unit. The bits of -x are taken in blocks of `block_bits`, each a table of
    /// e^(-b 2^start) as fixed-point numbers; the entries are multiplied.
    ///
    /// Off by half a unit for each block and a rounding for each product.
    pub async fn exp_lookup(&self, x: &P::Share, block_bits: u32) -> P::Share {
        let _span = self.span("exp_lookup");
        let cut = self.exp_is_zero_below();
        let width = u64::BITS - (cut as u64).leading_zeros();
        let [compare, table] = self.fork();
        let product = async || {
            let bits = table.decompose(&x.neg(), width).await;
            let blocks: Vec<&[P::Bits]> = bits.chunks(block_bits as usize).collect();
            let strands = table.fork_n(blocks.len());
            let entries =
                strands.iter().zip(&blocks).enumerate().map(async |(i, (strand, block))| {
                    strand.exp_of_block(block, i as u32 * block_bits).await
                });
            let mut factors = all(entries.collect()).await;
            while factors.len() > 1 {
                let odd = if factors.len() % 2 == 1 { factors.pop() } else { None };
                let half = factors.len() / 2;
                let left = P::Share::concat(&factors[..half].iter().collect::<Vec<_>>());
                let right = P::Share::concat(&factors[half..].iter().collect::<Vec<_>>());
                factors = table.fixed_mul(&left, &right).await.chunks(half);
                factors.extend(odd);
            }
            factors.remove(0)
        };
        let (counts, value) = both(compare.greater_than(x, -cut), product()).await;
        self.protocol.mul(&counts, &value).await
    }

    /// e^(-b 2^(start - f)) for numbers b with the given bits.
    async fn exp_of_block(&self, block: &[P::Bits], start: u32) -> P::Share {
        let (f, len) = (self.f(), block[0].len());
        let one_hot = self.one_hot(block).await;
        let entry = |b: usize| {
            let exponent = b as f64 * libm::exp2(f64::from(start) - f64::from(f));
            self.fixed_point.encode(libm::exp(-exponent))
        };
        let entries: Vec<i64> = (0..one_hot.len()).map(entry).collect();
        let (mut weights, mut bits) = (Vec::new(), Vec::new());
        for place in 0..=f {
            let set = entries.iter().zip(&one_hot).filter(|(entry, _)| *entry >> place & 1 == 1);
            // Of a one-hot vector one bit at most is set: the sum is the exclusive or.
            if let Some(bit) = xor_of(set.map(|(_, bit)| bit.clone()).collect()) {
                weights.push(1i64 << place);
                bits.push(bit);
            }
        }
        let bits = self.protocol.bits_to_ring(&bits).await;
        let zero = self.constant(len, 0);
        bits.iter().zip(weights).fold(zero, |sum, (bit, weight)| sum.add(&bit.scale(weight)))
    }

    /// The one-hot vector of numbers with the given bits, lowest first: bit b is set where the number is b. A product for each
    /// entry of each half, and half of the halves; ceil(log2 of the bits) rounds.
    async fn one_hot(&self, bits: &[P::Bits]) -> Vec<P::Bits> {
        let ones = Plane::ones(self.protocol.content(), bits[0].len());
        let ones = self.protocol.public_plane(&ones);
        let mut groups: Vec<Vec<P::Bits>> =
            bits.iter().map(|bit| vec![bit.xor(&ones), bit.clone()]).collect();
        while groups.len() > 1 {
            let odd = if groups.len() % 2 == 1 { groups.pop() } else { None };
            let pairs: Vec<[&P::Bits; 2]> = groups
                .chunks(2)
                .flat_map(|pair| pair[1].iter().flat_map(|high| pair[0].iter().map(move |low| [low, high])))
                .collect();
            let mut products = self.protocol.and(&pairs).await.into_iter();
            let sizes: Vec<usize> = groups.chunks(2).map(|pair| pair[0].len() * pair[1].len()).collect();
            groups = sizes.into_iter().map(|size| products.by_ref().take(size).collect()).collect();
            groups.extend(odd);
        }
        groups.remove(0)
    }
}

/// The exclusive or of bits; none of none.
fn xor_of<B: BitShare>(mut bits: Vec<B>) -> Option<B> {
    while bits.len() > 1 {
        let odd = if bits.len() % 2 == 1 { bits.pop() } else { None };
        bits = B::xor_each(&bits.chunks(2).map(|pair| [&pair[0], &pair[1]]).collect::<Vec<_>>());
        bits.extend(odd);
    }
    bits.pop()
}
