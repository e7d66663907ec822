//! Adders over shared bits: from several summands to two, then carries by prefix networks.

use super::Secure;
use crate::protocol::{Bit, BitShare, Protocol, RingShare, Word};
use crate::ring::Plane;

/// Two bits to multiply or add.
type Pair<'a, B> = (&'a Bit<B>, &'a Bit<B>);

/// Which prefix network computes the carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixNetwork {
    /// Sklansky: ceil(log2 n) levels, n/2 log2 n nodes.
    Sklansky,
    /// Brent and Kung: fewer nodes, about twice the levels.
    BrentKung,
}

/// A node of a prefix network: item `high` becomes `low` combined with `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    low: usize,
    high: usize,
}

impl PrefixNetwork {
    /// The levels for n items; the nodes of a level do not depend on each other.
    fn levels(self, n: usize) -> Vec<Vec<Node>> {
        match self {
            PrefixNetwork::Sklansky => sklansky(n),
            PrefixNetwork::BrentKung => brent_kung(n),
        }
    }
}

fn sklansky(n: usize) -> Vec<Vec<Node>> {
    let mut levels = Vec::new();
    let mut size = 1;
    while size < n {
        let level = (0..n).filter(|i| i & size != 0).map(|high| Node { low: (high & !(size - 1)) - 1, high });
        levels.push(level.collect());
        size *= 2;
    }
    levels
}

fn brent_kung(n: usize) -> Vec<Vec<Node>> {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let mut size = 1;
    while size < n {
        let odd = (2 * size - 1..n).step_by(2 * size).map(|high| Node { low: high - size, high });
        up.push(odd.collect::<Vec<_>>());
        let even = (3 * size - 1..n).step_by(2 * size).map(|high| Node { low: high - size, high });
        down.push(even.collect::<Vec<_>>());
        size *= 2;
    }
    down.reverse();
    up.into_iter().chain(down).filter(|level| !level.is_empty()).collect()
}

/// A binary tree that combines all items into the last one.
fn tree(n: usize) -> Vec<Vec<Node>> {
    let mut items: Vec<usize> = (0..n).collect();
    let mut levels = Vec::new();
    while items.len() > 1 {
        levels.push(items.chunks_exact(2).map(|pair| Node { low: pair[0], high: pair[1] }).collect());
        items = items.chunks(2).map(|pair| pair[pair.len() - 1]).collect();
    }
    levels
}

/// Whether bit groups generate and propagate a carry.
#[derive(Clone)]
pub(super) struct Carries<B> {
    pub(super) generate: Word<B>,
    pub(super) propagate: Word<B>,
}

/// A carry that is `generate xor (propagate and low)`, the last product not done yet.
pub(super) struct LastCarry<B> {
    pub(super) generate: Bit<B>,
    pub(super) propagate_and_low: Option<(Bit<B>, Bit<B>)>,
}

/// A sum of integers as a sum of two.
pub(super) struct TwoSummands<B> {
    pub(super) sum: Word<B>,
    /// Zeros for a single summand.
    pub(super) carries: Word<B>,
    /// The carries of each carry-save addition, one position more than `sum` has if the overflow was asked for.
    pub(super) saved: Vec<Word<B>>,
}

impl<B> TwoSummands<B> {
    /// What the additions carried into a position.
    pub(super) fn saved_into(&self, position: usize) -> impl Iterator<Item = &Bit<B>> {
        self.saved.iter().map(move |word| &word[position])
    }
}

/// The pairs of which both are shared.
fn both_shared<'a, B: 'a>(pairs: impl Iterator<Item = Pair<'a, B>>) -> Vec<[&'a B; 2]> {
    pairs.filter_map(|(x, y)| Some([x.shared()?, y.shared()?])).collect()
}

/// Which nodes have to compute what, so that the generate bits `needed` come out: (generate, propagate) by node.
fn liveness(levels: &[Vec<Node>], n: usize, needed: &[usize]) -> Vec<Vec<(bool, bool)>> {
    let (mut generate, mut propagate) = (vec![false; n], vec![false; n]);
    needed.iter().for_each(|&i| generate[i] = true);
    let mut live: Vec<Vec<(bool, bool)>> = Vec::new();
    for level in levels.iter().rev() {
        live.push(level.iter().map(|node| (generate[node.high], propagate[node.high])).collect());
        for node in level {
            let (g, p) = (generate[node.high], propagate[node.high]);
            generate[node.low] |= g;
            propagate[node.high] |= g;
            propagate[node.low] |= p;
        }
    }
    live.reverse();
    live
}

impl<P: Protocol> Secure<P> {
    /// x xor y.
    pub(super) fn xor(&self, x: &Bit<P::Bits>, y: &Bit<P::Bits>) -> Bit<P::Bits> {
        match (x, y) {
            (Bit::Shared(x), Bit::Shared(y)) => Bit::Shared(x.xor(y)),
            (Bit::Zero, other) | (other, Bit::Zero) => other.clone(),
            (Bit::Public(x), Bit::Public(y)) => Bit::Public(x.xor(y)),
            (Bit::Public(public), Bit::Shared(bit)) | (Bit::Shared(bit), Bit::Public(public)) => {
                Bit::Shared(bit.xor(&self.protocol.public_plane(public)))
            }
        }
    }

    /// x xor y for each place of two words, as many as the shorter one has.
    pub(super) fn xor_words(&self, x: &[Bit<P::Bits>], y: &[Bit<P::Bits>]) -> Word<P::Bits> {
        let mut sums = P::Bits::xor_each(&both_shared(x.iter().zip(y))).into_iter();
        let sum = |(x, y): Pair<'_, P::Bits>| match (x, y) {
            (Bit::Shared(_), Bit::Shared(_)) => Bit::Shared(sums.next().expect("a sum of each pair")),
            (x, y) => self.xor(x, y),
        };
        x.iter().zip(y).map(sum).collect()
    }

    /// Ands of pairs; one round, none if no two are both shared.
    pub(super) async fn and_words(&self, pairs: &[Pair<'_, P::Bits>]) -> Word<P::Bits> {
        let mut products = self.protocol.and(&both_shared(pairs.iter().copied())).await.into_iter();
        let product = |pair: &Pair<'_, P::Bits>| match pair {
            (Bit::Shared(_), Bit::Shared(_)) => Bit::Shared(products.next().expect("a product of each pair")),
            (Bit::Zero, _) | (_, Bit::Zero) => Bit::Zero,
            (Bit::Public(x), Bit::Public(y)) => Bit::Public(x.and(y)),
            (Bit::Public(public), Bit::Shared(bit)) | (Bit::Shared(bit), Bit::Public(public)) => {
                Bit::Shared(bit.and_public(public))
            }
        };
        pairs.iter().map(product).collect()
    }

    /// Bits as ring elements.
    pub(super) async fn bits_to_ring(&self, bits: &[Bit<P::Bits>], len: usize) -> Vec<P::Share> {
        let shared: Vec<P::Bits> = bits.iter().filter_map(Bit::shared).cloned().collect();
        let mut converted = self.protocol.bits_to_ring(&shared).await.into_iter();
        let element = |bit: &Bit<P::Bits>| match bit {
            Bit::Shared(_) => converted.next().expect("an element for each bit"),
            Bit::Public(bit) => self.protocol.public(&Plane::compose(std::slice::from_ref(bit))),
            Bit::Zero => self.constant(len, 0),
        };
        bits.iter().map(element).collect()
    }

    /// The bit `t xor (x and y)` as a ring element.
    pub(super) async fn and_to_ring(&self, [x, y, t]: [&Bit<P::Bits>; 3], len: usize) -> P::Share {
        if let [Some(x), Some(y), Some(t)] = [x.shared(), y.shared(), t.shared()] {
            return self.protocol.and_to_ring(x, y, t).await;
        }
        let product = self.and_words(&[(x, y)]).await.remove(0);
        self.bits_to_ring(&[self.xor(&product, t)], len).await.remove(0)
    }

    /// Carry-save addition x + y + z = sum + carries, on the positions of x. The carries have one position more if
    /// `carry_out`, else the highest is left out. 1 round, an and for each position.
    pub(super) async fn carry_save(
        &self,
        x: &Word<P::Bits>,
        y: &Word<P::Bits>,
        z: &Word<P::Bits>,
        carry_out: bool,
    ) -> (Word<P::Bits>, Word<P::Bits>) {
        let positions = x.len() - usize::from(!carry_out);
        // The majority is ((x + z) (y + z)) + z; with z known to be zero, x y.
        let (left, right) = (self.xor_words(&x[..positions], z), self.xor_words(&y[..positions], z));
        let products = self.and_words(&left.iter().zip(&right).collect::<Vec<_>>()).await;
        let mut carries = vec![Bit::Zero];
        carries.extend(self.xor_words(&products, z));
        let sum = self.xor_words(&self.xor_words(x, y), z);
        (sum, carries)
    }

    /// Any number of summands as two. With `carry_out` the saved carries say what goes over the top.
    pub(super) async fn two_summands(
        &self,
        mut words: Vec<Word<P::Bits>>,
        carry_out: bool,
    ) -> TwoSummands<P::Bits> {
        let bits = words[0].len();
        let mut saved = Vec::new();
        while words.len() > 2 {
            let z = words.pop().expect("three summands");
            let y = words.pop().expect("three summands");
            let x = words.pop().expect("three summands");
            let (sum, carries) = self.carry_save(&x, &y, &z, carry_out).await;
            words.push(sum);
            words.push(carries[..bits].to_vec());
            saved.push(carries);
        }
        let carries = if words.len() == 2 { words.pop() } else { None };
        let carries = carries.unwrap_or_else(|| vec![Bit::Zero; bits]);
        TwoSummands { sum: words.remove(0), carries, saved }
    }

    /// Bits of equal weight as few bits of weights 1 and 2 with the same sum: a conversion to ring elements costs more than
    /// an and. At most 1 round.
    pub(super) async fn counted(&self, bits: Vec<Bit<P::Bits>>) -> (Word<P::Bits>, Vec<i64>) {
        let [a, b, c] = &bits[..] else {
            let weights = vec![1; bits.len()];
            return (bits, weights);
        };
        let (a_or_b, a_or_c) = (self.xor(a, b), self.xor(a, c));
        let product = self.and_words(&[(&a_or_b, &a_or_c)]).await.remove(0);
        (vec![self.xor(&a_or_b, c), self.xor(&product, a)], vec![1, 2])
    }

    /// Generate and propagate bits of x + y, position by position. 1 round.
    pub(super) async fn half_add(&self, x: &[Bit<P::Bits>], y: &[Bit<P::Bits>]) -> Carries<P::Bits> {
        let generate = self.and_words(&x.iter().zip(y).collect::<Vec<_>>()).await;
        Carries { generate, propagate: self.xor_words(x, y) }
    }

    /// Runs a level of a prefix network on carries: (g, p) low, (g', p') high -> (g' + p' g, p' p). 1 round.
    async fn carry_level(&self, carries: &mut Carries<P::Bits>, level: &[Node], live: &[(bool, bool)]) {
        let Carries { generate, propagate } = carries;
        let mut pairs = Vec::new();
        for (node, &(g, p)) in level.iter().zip(live) {
            if g {
                pairs.push((&propagate[node.high], &generate[node.low]));
            }
            if p {
                pairs.push((&propagate[node.high], &propagate[node.low]));
            }
        }
        let mut products = self.and_words(&pairs).await.into_iter();
        let mut product = || products.next().expect("a product for each pair");
        let (mut generating, mut generated) = (Vec::new(), (Vec::new(), Vec::new()));
        for (node, &(g, p)) in level.iter().zip(live) {
            if g {
                generating.push(node.high);
                generated.0.push(generate[node.high].clone());
                generated.1.push(product());
            }
            if p {
                propagate[node.high] = product();
            }
        }
        for (high, bit) in generating.into_iter().zip(self.xor_words(&generated.0, &generated.1)) {
            generate[high] = bit;
        }
    }

    /// The carries out of the positions `needed`, all others left as they come. As many rounds as the network has levels.
    pub(super) async fn prefix_carries(
        &self,
        mut carries: Carries<P::Bits>,
        network: PrefixNetwork,
        needed: &[usize],
    ) -> Word<P::Bits> {
        let n = carries.generate.len();
        let levels = network.levels(n);
        for (level, live) in levels.iter().zip(liveness(&levels, n, needed)) {
            self.carry_level(&mut carries, level, &live).await;
        }
        carries.generate
    }

    /// Combines all positions into one group, generate and propagate. ceil(log2 n) rounds.
    pub(super) async fn carry_group(&self, mut carries: Carries<P::Bits>) -> (Bit<P::Bits>, Bit<P::Bits>) {
        let n = carries.generate.len();
        for level in tree(n) {
            let live = vec![(true, true); level.len()];
            self.carry_level(&mut carries, &level, &live).await;
        }
        (carries.generate[n - 1].clone(), carries.propagate[n - 1].clone())
    }

    /// The carry out of x + y, but for the last product. ceil(log2 n) rounds, 1 for n = 1.
    pub(super) async fn carry_out(&self, x: &[Bit<P::Bits>], y: &[Bit<P::Bits>]) -> LastCarry<P::Bits> {
        // Low positions where one summand is known to be zero generate no carry.
        let skip = x.iter().zip(y).take_while(|(x, y)| x.is_zero() || y.is_zero()).count();
        let (x, y) = (&x[skip..], &y[skip..]);
        if x.is_empty() {
            return LastCarry { generate: Bit::Zero, propagate_and_low: None };
        }
        let mut carries = self.half_add(x, y).await;
        let n = x.len();
        let levels = tree(n);
        let live = liveness(&levels, n, &[n - 1]);
        let Some((last, before)) = levels.split_last() else {
            return LastCarry { generate: carries.generate[0].clone(), propagate_and_low: None };
        };
        for (level, live) in before.iter().zip(&live) {
            self.carry_level(&mut carries, level, live).await;
        }
        let Node { low, high } = last[0];
        let factors = (carries.propagate[high].clone(), carries.generate[low].clone());
        LastCarry { generate: carries.generate[high].clone(), propagate_and_low: Some(factors) }
    }

    /// The carry of [`Secure::carry_out`] itself. At most 1 round.
    pub(super) async fn finish_carry(&self, last: LastCarry<P::Bits>) -> Bit<P::Bits> {
        let Some((propagate, low)) = last.propagate_and_low else { return last.generate };
        let product = self.and_words(&[(&propagate, &low)]).await.remove(0);
        self.xor(&last.generate, &product)
    }

    /// The lowest bits of the sum of two words, as many as `x` has, and on request the carry out of the top.
    pub(super) async fn add_words(
        &self,
        x: &[Bit<P::Bits>],
        y: &[Bit<P::Bits>],
        network: PrefixNetwork,
        needed: &[usize],
        carry_out: bool,
    ) -> (Word<P::Bits>, Bit<P::Bits>) {
        let n = x.len();
        let skip = x.iter().zip(y).take_while(|(x, y)| x.is_zero() || y.is_zero()).count();
        // carry_into[i]: the carry into position skip + i + 1.
        let mut wanted: Vec<usize> = needed.iter().filter(|&&i| i > skip).map(|i| i - skip - 1).collect();
        if carry_out && n > skip {
            wanted.push(n - skip - 1);
        }
        let top = wanted.iter().map(|i| i + 1).max().unwrap_or(0);
        let carry = if top == 0 {
            Vec::new()
        } else {
            let carries = self.half_add(&x[skip..skip + top], &y[skip..skip + top]).await;
            self.prefix_carries(carries, network, &wanted).await
        };
        let into = |i: usize| if i > skip { carry[i - skip - 1].clone() } else { Bit::Zero };
        let at = |word: &[Bit<P::Bits>]| needed.iter().map(|&i| word[i].clone()).collect::<Word<_>>();
        let carried: Word<P::Bits> = needed.iter().map(|&i| into(i)).collect();
        let mut sum = vec![Bit::Zero; n];
        let sums = self.xor_words(&self.xor_words(&at(x), &at(y)), &carried);
        for (&i, bit) in needed.iter().zip(sums) {
            sum[i] = bit;
        }
        (sum, if carry_out { into(n) } else { Bit::Zero })
    }

    /// Prefix ors: out_i = x_0 or ... or x_i. ceil(log2 n) rounds (Sklansky).
    pub(super) async fn prefix_or_bits(&self, x: Vec<P::Bits>) -> Vec<P::Bits> {
        let mut out = x;
        for level in PrefixNetwork::Sklansky.levels(out.len()) {
            let pairs: Vec<_> = level.iter().map(|node| [&out[node.low], &out[node.high]]).collect();
            let products = self.protocol.and(&pairs).await;
            let either = P::Bits::xor_each(&pairs);
            let ors =
                P::Bits::xor_each(&either.iter().zip(&products).map(|(x, y)| [x, y]).collect::<Vec<_>>());
            level.iter().zip(ors).for_each(|(node, or)| out[node.high] = or);
        }
        out
    }

    /// Prefix operations on shared ring elements by a function that combines many pairs (low, high) at once.
    /// ceil(log2 n) calls (Sklansky).
    pub(super) async fn prefix_ring(
        &self,
        items: Vec<P::Share>,
        combine: impl AsyncFn(&P::Share, &P::Share) -> P::Share,
    ) -> Vec<P::Share> {
        let mut out = items;
        for level in PrefixNetwork::Sklansky.levels(out.len()) {
            let low = P::Share::concat(&level.iter().map(|node| &out[node.low]).collect::<Vec<_>>());
            let high = P::Share::concat(&level.iter().map(|node| &out[node.high]).collect::<Vec<_>>());
            let combined = combine(&low, &high).await.chunks(level.len());
            for (node, value) in level.iter().zip(combined) {
                out[node.high] = value;
            }
        }
        out
    }
}
