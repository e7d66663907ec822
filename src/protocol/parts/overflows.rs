//! What three numbers of n bits, each known to two parties, carry beyond n bits when they are added up.

use super::bit_triples::BitTriples;
use super::replicated::Replicated;
use super::three_parties::ThreeParties;
use crate::ring::Plane;

type Bits = Replicated<Plane>;

/// A group of positions: whether it generates a carry, and whether it propagates one. The lowest group has nothing to propagate.
struct Group {
    generate: Bits,
    propagate: Option<Bits>,
}

/// Products of bits for each overflow of three numbers of n bits.
pub(in crate::protocol) fn overflow_ands(n: usize) -> usize {
    let (mut ands, mut groups) = (n, n - 1);
    ands += groups;
    while groups > 1 {
        ands += 2 * (groups / 2) - 1;
        groups = groups.div_ceil(2);
    }
    ands
}

impl ThreeParties {
    /// The sum of three numbers, given by their bits, lowest first, has one or two carries out of its highest position: a
    /// carry-save addition has the first one, the addition of what is left the second. (None of one position.)
    /// 2 + ceil(log2 (n - 1)) rounds.
    pub async fn overflows(&self, words: [Vec<Bits>; 3], triples: &mut BitTriples) -> Vec<Bits> {
        let [x, y, z] = &words;
        let pairs: Vec<[&Bits; 2]> = x.iter().zip(z).chain(y.iter().zip(z)).map(|(x, z)| [x, z]).collect();
        let mut left = self.xor_each(&pairs);
        let right = left.split_off(x.len());
        let products = self.ands(&left.iter().zip(&right).collect::<Vec<_>>(), triples).await;
        let carries = self.xor_each(&products.iter().zip(z).map(|(p, z)| [p, z]).collect::<Vec<_>>());
        let sums = self.xor_each(&left.iter().zip(y).map(|(x, y)| [x, y]).collect::<Vec<_>>());
        // Position i of the sum, from 1 on, meets the carry out of position i - 1.
        let pairs: Vec<(&Bits, &Bits)> = sums[1..].iter().zip(&carries).collect();
        let mut overflows = vec![carries[carries.len() - 1].clone()];
        if pairs.is_empty() {
            return overflows;
        }
        let generate = self.ands(&pairs, triples).await;
        let propagate = self.xor_each(&pairs[1..].iter().map(|(x, y)| [*x, *y]).collect::<Vec<_>>());
        let propagate = std::iter::once(None).chain(propagate.into_iter().map(Some));
        let mut groups: Vec<Group> = generate
            .into_iter()
            .zip(propagate)
            .map(|(generate, propagate)| Group { generate, propagate })
            .collect();
        while groups.len() > 1 {
            groups = self.paired(groups, triples).await;
        }
        overflows.push(groups.remove(0).generate);
        overflows
    }

    async fn ands(&self, pairs: &[(&Bits, &Bits)], triples: &mut BitTriples) -> Vec<Bits> {
        let lens: Vec<usize> = pairs.iter().map(|(x, _)| x.own.len()).collect();
        let pairs: Vec<[&Bits; 2]> = pairs.iter().map(|(x, y)| [*x, *y]).collect();
        self.and_with(&pairs, &triples.take(&lens)).await
    }

    /// Each two groups as one: g = g_high + p_high g_low, p = p_high p_low. 1 round.
    async fn paired(&self, mut groups: Vec<Group>, triples: &mut BitTriples) -> Vec<Group> {
        let odd = if groups.len() % 2 == 1 { groups.pop() } else { None };
        let mut pairs = Vec::new();
        for pair in groups.chunks(2) {
            let propagate = pair[1].propagate.as_ref().expect("only the lowest group has none");
            pairs.push((propagate, &pair[0].generate));
            pairs.extend(pair[0].propagate.as_ref().map(|low| (propagate, low)));
        }
        let mut products = self.ands(&pairs, triples).await.into_iter();
        let mut product = || products.next().expect("a product of each pair");
        let mut paired = Vec::new();
        for pair in groups.chunks(2) {
            let carried = product();
            let generate = self.xor_each(&[[&pair[1].generate, &carried]]).remove(0);
            paired.push(Group { generate, propagate: pair[0].propagate.as_ref().map(|_| product()) });
        }
        paired.extend(odd);
        paired
    }
}
