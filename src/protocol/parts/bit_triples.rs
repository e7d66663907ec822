//! Products of shared bits among three parties, one malicious, by triples (a, b, a b) from cut and choose.
//!
//! Triples are made by a semi-honest product, 64 to a word. All words of a batch are shuffled by public randomness; the last
//! C = 3 are opened and looked at; the others fall into buckets of B, in each of which the first triple is checked by the B - 1
//! others, which are used up: with (f, g, h), for a - f and b - g opened, c + h + f (b - g) + b (a - f) = 0. A bad triple is only
//! used if all of its bucket is bad. B = 5 for at least 1,024 buckets, 4 for at least 10,368: for 2^-40.
//!
//! Source: Furukawa, Lindell, Nof, Weinstein, "High-throughput secure three-party computation for malicious adversaries and an
//! honest majority" (EUROCRYPT 2017, ePrint 2016/944); numbers of buckets and traffic are those of the reference
//! system MP-SPDZ (its `MaliciousRepPrep` and `ShuffleSacrifice`).

use rand_core::Rng;

use super::replicated::Replicated;
use super::three_parties::{ThreeParties, contents};
use crate::protocol::{Components, Message};
use crate::ring::{Content, Plane, StreamKey};

/// Words, or triples of residues, that are opened.
pub(super) const OPENED: usize = 3;
/// Words of triples that are made at once at most: what is shuffled should stay in a cache.
const BATCH_WORDS: usize = 1 << 16;
/// Sizes of buckets, and how many buckets each needs.
pub(super) const BUCKETS: [(usize, usize); 2] = [(4, 10_368), (5, 1_024)];
/// Bytes of the public randomness.
pub(super) const COIN_BYTES: u64 = 16;

/// Triples, in whole words.
#[derive(Clone)]
pub(in crate::protocol) struct BitTriples {
    /// a, b, a b.
    planes: [Replicated<Plane>; 3],
    /// Words that were taken.
    taken: usize,
}

/// Words that bits of these lengths take: each plane begins a new one.
pub(in crate::protocol) fn words(lens: impl IntoIterator<Item = usize>) -> usize {
    lens.into_iter().map(|len: usize| len.div_ceil(64)).sum()
}

/// Size and number of the buckets for so many words.
fn buckets(words: usize) -> (usize, usize) {
    let (large, enough) = BUCKETS[0];
    // As the reference decides.
    if 11 * words >= 10 * enough {
        (large, words.max(enough))
    } else {
        (BUCKETS[1].0, words.max(BUCKETS[1].1))
    }
}

/// A random order of `len` words.
pub(super) fn shuffled(key: &StreamKey, len: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..len as u32).collect();
    let mut generator = key.generator();
    for last in (1..len).rev() {
        // The high half of a product: uniform up to a bias below 2^-40 for fewer than 2^24 words.
        let choice = (u128::from(generator.next_u64()) * (last as u128 + 1)) >> 64;
        order.swap(last, choice as usize);
    }
    order
}

fn each(planes: &Replicated<Plane>, f: impl Fn(&Plane) -> Plane) -> Replicated<Plane> {
    Replicated::combine([planes], |[plane]| f(plane))
}

impl BitTriples {
    /// The next triples for planes of these lengths: a of all, b of all, a b of all.
    pub fn take(&mut self, lens: &[usize]) -> [Vec<Replicated<Plane>>; 3] {
        let start = self.taken;
        self.taken += words(lens.iter().copied());
        self.planes.each_ref().map(|planes| {
            let mut first = start;
            let plane = |&len: &usize| {
                first += len.div_ceil(64);
                each(planes, |plane| plane.from_word(first - len.div_ceil(64), len))
            };
            lens.iter().map(plane).collect()
        })
    }

    /// The next `words` words, for somebody else.
    pub fn split_off(&mut self, words: usize) -> BitTriples {
        let first = self.taken;
        self.taken += words;
        let planes = self.planes.each_ref().map(|planes| each(planes, |p| p.from_word(first, 64 * words)));
        BitTriples { planes, taken: 0 }
    }
}

/// What is zero if z = x y for each of several, for e = x + a and f = y + b opened, those of all x before those of all y:
/// z + a b + e y + a f. Local.
pub(in crate::protocol) fn bits_off(
    [y, z]: [&[&Replicated<Plane>]; 2],
    [a, c]: [&[Replicated<Plane>]; 2],
    opened: &[Plane],
) -> Replicated<Vec<Plane>> {
    let n = y.len();
    let part = |held: fn(&Replicated<Plane>) -> &Plane| {
        let tuples: Vec<[&Plane; 6]> = (0..n)
            .map(|i| [held(z[i]), held(&c[i]), &opened[i], held(y[i]), held(&a[i]), &opened[n + i]])
            .collect();
        Plane::fused(5, &tuples, |[z, c, e, y, a, f]| z ^ c ^ (e & y) ^ (a & f))
    };
    Replicated { own: part(|x| &x.own), next: part(|x| &x.next) }
}

/// The planes that this party holds of several sharings. Local.
pub(in crate::protocol) fn held_planes(x: &[Replicated<Plane>]) -> Replicated<Vec<Plane>> {
    let of = |held: fn(&Replicated<Plane>) -> &Plane| x.iter().map(|x| held(x).clone()).collect();
    Replicated { own: of(|x| &x.own), next: of(|x| &x.next) }
}

impl ThreeParties {
    /// At least so many words of triples. For each batch 6 rounds; 3 B + 6 (B - 1) bits a triple by all.
    pub async fn bit_triples(&self, words: usize) -> BitTriples {
        let (size, number) = buckets(words);
        let batches = number.div_ceil(BATCH_WORDS);
        let mut made = [const { Vec::new() }; 3];
        for batch in 0..batches {
            let (start, end) = (batch * number / batches, (batch + 1) * number / batches);
            made.iter_mut()
                .zip(self.batch(size, end - start).await)
                .for_each(|(made, planes)| made.push(planes));
        }
        let planes = made.map(|batches| {
            Replicated::combine_all(&batches.iter().collect::<Vec<_>>(), |parts| vec![Plane::concat(parts)])
                .remove(0)
        });
        BitTriples { planes, taken: 0 }
    }

    /// One batch: `number` buckets of `size` words.
    async fn batch(&self, size: usize, number: usize) -> [Replicated<Plane>; 3] {
        let _span = self.party.span("bit_triples");
        let words = size * number + OPENED;
        let (a, b) = (self.random_plane(64 * words), self.random_plane(64 * words));
        let mask = self.random_plane(64 * words);
        let operands = [&a.own, &a.next, &b.own, &b.next, &mask.own, &mask.next];
        let c = Plane::fused(6, &[operands], |[a, a_next, b, b_next, r, s]| {
            (a & (b ^ b_next)) ^ (a_next & b) ^ (r ^ s)
        });
        let c = self.reshare(vec![c]).await.remove(0);
        let c = Replicated { own: c.own[0].clone(), next: c.next[0].clone() };
        let key = self.coin(COIN_BYTES).await;
        let order = match self.content {
            Content::Values => shuffled(&key, words),
            Content::Shape => vec![0; words],
        };
        let (first, others) = order.split_at(number);
        let triples = [a, b, c]
            .map(|planes| [first, others].map(|numbers| each(&planes, |plane| plane.gather_words(numbers))));
        self.check_buckets(triples, size, number).await
    }

    /// Opens the last words and compares the triples of each bucket with its first one, which are left: those come first, in memory of
    /// their own, since the others are not kept.
    async fn check_buckets(
        &self,
        triples: [[Replicated<Plane>; 2]; 3],
        size: usize,
        number: usize,
    ) -> [Replicated<Plane>; 3] {
        let [[a, others_a], [b, others_b], [c, others_c]] = triples;
        let others = [others_a, others_b, others_c];
        let part = |first: usize, words: usize| {
            others.each_ref().map(|planes| each(planes, |plane| plane.from_word(first, 64 * words)))
        };
        let opened_words = part((size - 1) * number, OPENED);
        let others: Vec<[Replicated<Plane>; 3]> = (0..size - 1).map(|j| part(j * number, number)).collect();
        let pairs: Vec<_> = others.iter().flat_map(|[f, g, _]| [[&a, f], [&b, g]]).collect();
        let mut masked = self.xor_each(&pairs);
        masked.extend(opened_words);
        let own: Vec<Plane> = masked.iter().map(|x| x.own.clone()).collect();
        self.send(self.next(), vec![Message::Bits(own)]);
        let missing = contents::<Vec<Plane>>(self.receive(self.previous()).await).remove(0);
        let planes: Vec<_> = masked.iter().zip(&missing).map(|(x, m)| [&x.own, &x.next, m]).collect();
        let opened = Plane::fused(2, &planes, |[x, y, z]| x ^ y ^ z);
        let (differences, last) = opened.split_at(2 * (size - 1));
        if last[0].and(&last[1]) != last[2] {
            self.party.abort("triples of bits: one that was opened is wrong").await;
        }
        let zeros = |part: fn(&Replicated<Plane>) -> &Plane| {
            let tuples: Vec<[&Plane; 6]> = others
                .iter()
                .zip(differences.chunks(2))
                .map(|([f, _, h], d)| [part(&c), part(h), part(f), &d[1], part(&b), &d[0]])
                .collect();
            Plane::fused(5, &tuples, |[c, h, f, sigma, b, rho]| c ^ h ^ (f & sigma) ^ (b & rho))
        };
        let zero = Replicated { own: zeros(|x| &x.own), next: zeros(|x| &x.next) };
        let mut hashed = self.zero(&zero);
        hashed.push(Message::Bits(opened));
        self.compare(vec![(hashed, "triples of bits")]).await;
        [a, b, c]
    }

    /// Products of bits: with e = x + a and f = y + b opened, x y = c + e y + a f. 1 round; 2/8 byte a bit by each.
    pub async fn and_with(
        &self,
        pairs: &[[&Replicated<Plane>; 2]],
        triples: &[Vec<Replicated<Plane>>; 3],
    ) -> Vec<Replicated<Plane>> {
        let n = pairs.len();
        let [a, b, c] = triples;
        let left = pairs.iter().zip(a).map(|([x, _], a)| [*x, a]);
        let right = pairs.iter().zip(b).map(|([_, y], b)| [*y, b]);
        let masked = self.xor_each(&left.chain(right).collect::<Vec<_>>());
        let own: Vec<Plane> = masked.iter().map(|x| x.own.clone()).collect();
        self.send(self.next(), vec![Message::Bits(own)]);
        let missing = contents::<Vec<Plane>>(self.receive(self.previous()).await).remove(0);
        let planes: Vec<_> = masked.iter().zip(&missing).map(|(x, m)| [&x.own, &x.next, m]).collect();
        let opened = Plane::fused(2, &planes, |[x, y, z]| x ^ y ^ z);
        self.note_opening(Message::Bits(opened.clone()));
        let products = |part: fn(&Replicated<Plane>) -> &Plane| {
            let tuples: Vec<_> = (0..n)
                .map(|i| [part(&c[i]), &opened[i], part(pairs[i][1]), part(&a[i]), &opened[n + i]])
                .collect();
            Plane::fused(4, &tuples, |[c, e, y, a, f]| c ^ (e & y) ^ (a & f))
        };
        let (own, next) = (products(|x| &x.own), products(|x| &x.next));
        own.into_iter().zip(next).map(|(own, next)| Replicated { own, next }).collect()
    }
}
