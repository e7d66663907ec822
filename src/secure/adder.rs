//! Adders over shared bits: from several summands to two, then carries by prefix networks.

use super::Secure;
use crate::protocol::{BitShare, Protocol, RingShare};

/// An integer as shared bits, lowest first; `None` is a bit that is known to be zero.
pub type Word<B> = Vec<Option<B>>;

/// Two bits to multiply; known zeros allowed.
type Pair<'a, B> = (&'a Option<B>, &'a Option<B>);

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
    pub(super) generate: Option<B>,
    pub(super) propagate_and_low: Option<(B, B)>,
}

/// x xor y, known zeros allowed.
pub(super) fn xor<B: BitShare>(x: &Option<B>, y: &Option<B>) -> Option<B> {
    match (x, y) {
        (Some(x), Some(y)) => Some(x.xor(y)),
        (x, None) => x.clone(),
        (None, y) => y.clone(),
    }
}

/// x xor y for each place of two words, as many as the shorter one has.
fn xor_words<B: BitShare>(x: &[Option<B>], y: &[Option<B>]) -> Word<B> {
    let known = both_known(x.iter().zip(y));
    let sums = B::xor_each(&known);
    if known.len() == x.len().min(y.len()) {
        return sums.into_iter().map(Some).collect();
    }
    let mut sums = sums.into_iter();
    let sum = |(x, y): (&Option<B>, &Option<B>)| match (x, y) {
        (Some(_), Some(_)) => sums.next(),
        (x, None) => x.clone(),
        (None, y) => y.clone(),
    };
    x.iter().zip(y).map(sum).collect()
}

/// The pairs of which neither is known to be zero.
fn both_known<'a, B: 'a>(pairs: impl Iterator<Item = Pair<'a, B>>) -> Vec<[&'a B; 2]> {
    pairs.filter_map(|(x, y)| Some([x.as_ref()?, y.as_ref()?])).collect()
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
    /// Ands of pairs of which some are known to be zero; one round.
    pub(super) async fn and_words(&self, pairs: &[Pair<'_, P::Bits>]) -> Word<P::Bits> {
        let mut products = self.protocol.and(&both_known(pairs.iter().copied())).await.into_iter();
        pairs.iter().map(|pair| if let (Some(_), Some(_)) = pair { products.next() } else { None }).collect()
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
        let (left, right) = (xor_words(&x[..positions], z), xor_words(&y[..positions], z));
        let products = self.and_words(&left.iter().zip(&right).collect::<Vec<_>>()).await;
        let mut carries = vec![None];
        carries.extend(xor_words(&products, z));
        let sum = xor_words(&xor_words(x, y), z);
        (sum, carries)
    }

    /// Any number of summands as two: `(sum, carries)`. The carries are `None` throughout for a single summand. With
    /// `carry_out` they have one position more, for the overflows of the top; only up to three summands then.
    pub(super) async fn two_summands(
        &self,
        summands: Vec<Vec<P::Bits>>,
        carry_out: bool,
    ) -> (Word<P::Bits>, Word<P::Bits>) {
        let mut words: Vec<Word<P::Bits>> =
            summands.into_iter().map(|word| word.into_iter().map(Some).collect()).collect();
        let bits = words[0].len();
        assert!(words.len() <= 3 || !carry_out, "one overflow bit for each reduction");
        while words.len() > 2 {
            let z = words.pop().expect("three summands");
            let y = words.pop().expect("three summands");
            let x = words.pop().expect("three summands");
            let (sum, carries) = self.carry_save(&x, &y, &z, carry_out).await;
            words.push(sum);
            words.push(carries);
        }
        let carries = if words.len() == 2 { words.pop() } else { None };
        (words.remove(0), carries.unwrap_or_else(|| vec![None; bits + usize::from(carry_out)]))
    }

    /// Generate and propagate bits of x + y, position by position. 1 round.
    pub(super) async fn half_add(&self, x: &[Option<P::Bits>], y: &[Option<P::Bits>]) -> Carries<P::Bits> {
        let generate = self.and_words(&x.iter().zip(y).collect::<Vec<_>>()).await;
        Carries { generate, propagate: xor_words(x, y) }
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
                generated.0.push(generate[node.high].take());
                generated.1.push(product());
            }
            if p {
                propagate[node.high] = product();
            }
        }
        for (high, bit) in generating.into_iter().zip(xor_words(&generated.0, &generated.1)) {
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
    pub(super) async fn carry_group(
        &self,
        mut carries: Carries<P::Bits>,
    ) -> (Option<P::Bits>, Option<P::Bits>) {
        let n = carries.generate.len();
        for level in tree(n) {
            let live = vec![(true, true); level.len()];
            self.carry_level(&mut carries, &level, &live).await;
        }
        (carries.generate[n - 1].clone(), carries.propagate[n - 1].clone())
    }

    /// The carry out of x + y, but for the last product. ceil(log2 n) rounds, 1 for n = 1.
    pub(super) async fn carry_out(&self, x: &[Option<P::Bits>], y: &[Option<P::Bits>]) -> LastCarry<P::Bits> {
        // Low positions where one summand is known to be zero generate no carry.
        let skip = x.iter().zip(y).take_while(|(x, y)| x.is_none() || y.is_none()).count();
        let (x, y) = (&x[skip..], &y[skip..]);
        if x.is_empty() {
            return LastCarry { generate: None, propagate_and_low: None };
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
        let factors = carries.propagate[high].clone().zip(carries.generate[low].clone());
        LastCarry { generate: carries.generate[high].clone(), propagate_and_low: factors }
    }

    /// The carry of [`Secure::carry_out`] itself. At most 1 round.
    pub(super) async fn finish_carry(&self, last: LastCarry<P::Bits>) -> Option<P::Bits> {
        let (propagate, low) = last.propagate_and_low.unzip();
        let product = self.and_words(&[(&propagate, &low)]).await.remove(0);
        xor(&last.generate, &product)
    }

    /// The lowest bits of the sum of two words, as many as `x` has, and on request the carry out of the top.
    pub(super) async fn add_words(
        &self,
        x: &[Option<P::Bits>],
        y: &[Option<P::Bits>],
        network: PrefixNetwork,
        needed: &[usize],
        carry_out: bool,
    ) -> (Word<P::Bits>, Option<P::Bits>) {
        let n = x.len();
        let skip = x.iter().zip(y).take_while(|(x, y)| x.is_none() || y.is_none()).count();
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
        let into = |i: usize| if i > skip { carry[i - skip - 1].clone() } else { None };
        let at = |word: &[Option<P::Bits>]| needed.iter().map(|&i| word[i].clone()).collect::<Word<_>>();
        let carried: Word<P::Bits> = needed.iter().map(|&i| into(i)).collect();
        let mut sum = vec![None; n];
        for (&i, bit) in needed.iter().zip(xor_words(&xor_words(&at(x), &at(y)), &carried)) {
            sum[i] = bit;
        }
        (sum, if carry_out { into(n) } else { None })
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
