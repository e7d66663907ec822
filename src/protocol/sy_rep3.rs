//! `sy_rep3`: authenticated replicated secret sharing among three parties over Z_2^(64+40), secure against one malicious party,
//! with abort.
//!
//! x modulo 2^64 is (`[x]`, `[alpha x]`) over Z_2^104, alpha a secret key; `[x]` = x_0 + x_1 + x_2, of which party i holds x_i and x_{i+1},
//! as in `rep3`. Bits are shared by xor without MACs. What keeps a party from cheating:
//!
//! | | what it could do | what is checked |
//! |---|---|---|
//! | product, input | send a wrong part, which adds something to a value or a MAC | MACs of all results at once, by a product with the key that must be zero |
//! | opening | tell one party something else | both others compare hashes of all that was opened |
//! | random bit | input no bit | a random sum of b (1 - b) must be zero |
//! | product of bits | only openings and triples | triples by cut and choose |
//!
//! What was not checked is masked. Checks are done by [`Protocol::check`], at the end of the offline phase and of each program,
//! and before a loss or weights are opened: 18 rounds and 33 kB by all parties, whatever is checked.
//!
//! Values are compared and rounded to nearest by the bits of their components, as in `rep3`; a value is truncated at random by opening
//! it under a mask, and bits become ring elements by opening them under random bits. Whatever does not depend on values is made in
//! the offline phase, for all that a program takes: [`super::parts::bit_triples`], [`super::parts::spdz_wise`], and masks of n bits, sums of
//! three numbers with their carries taken off.
//!
//! Sources: Chida et al., "Fast large-scale honest-majority MPC for malicious adversaries" (CRYPTO 2018, ePrint 2018/570); Abspoel,
//! Dalskov, Escudero, Nof, "An efficient passive-to-active compiler for honest-majority MPC over rings" (ePrint 2019/1298); Furukawa et
//! al. (EUROCRYPT 2017, ePrint 2016/944) for bits; Dalskov, Escudero, Keller, "Secure evaluation of quantized neural networks" (PETS
//! 2020) for the truncation. What travels in which message is that of the reference system MP-SPDZ (`sy-rep-ring`), but that
//! it checks before each opening and after ten thousand results, and makes random bits in batches: docs/fidelity.md.
//! Above each operation: rounds, and payload bytes by each party.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::Wrapping;

use super::declared::{Declared, Primitive, Sent, Steps};
use super::demand::{Request, Supply};
use super::parts::bit_triples::{BitTriples, words};
use super::parts::overflows::overflow_ands;
use super::parts::replicated::Replicated;
use super::parts::spdz_wise::{Authenticated, SpdzWise};
use super::parts::three_parties::ThreeParties;
use super::word::shared_word;
use super::{Components, Demand, Message, Protocol, RingShare, Start, Word, Wraps};
use crate::ring::{Content, MatMul, Ops, Plane, RingVector, Vector, Wide};
use crate::sim::{Party, SpanGuard, all};

type Z = Wide<104>;
type Bits = Replicated<Plane>;

/// Bits of a value.
const VALUE_BITS: u32 = 64;
/// The place of the highest bit.
const TOP: u32 = VALUE_BITS - 1;
/// Bytes of a key.
const KEY_BYTES: u64 = 16;
/// Random bits that are made at once at most.
const BITS_AT_ONCE: usize = 1 << 16;

/// What the offline phase made for one place of a program.
enum Material {
    Ring(Authenticated),
    Triples([Vec<Bits>; 3]),
}

/// One party of the protocol.
pub struct SyRep3 {
    arithmetic: SpdzWise,
    supply: Supply<Material>,
}

impl SyRep3 {
    /// Number of parties.
    pub const PARTIES: usize = ThreeParties::PARTIES;

    fn three(&self) -> &ThreeParties {
        &self.arithmetic.three
    }

    /// Cheats.
    #[cfg(test)]
    pub(in crate::protocol) fn deviate(&mut self, deviation: super::parts::deviation::Deviation) {
        self.arithmetic.three.deviation = deviation;
    }

    /// Shapes of what was not prepared, which only shapes can do without.
    fn shapes(&self, lens: &[usize]) -> Vec<Replicated<Plane>> {
        assert_eq!(self.three().content, Content::Shape, "correlated randomness that was not prepared");
        lens.iter().map(|&len| self.three().held(|_| Plane::shape(len))).collect()
    }

    /// Takes random ring elements.
    fn take(&self, request: Request, len: usize) -> Authenticated {
        match self.supply.take(request) {
            Some(Material::Ring(x)) => x,
            Some(Material::Triples(_)) => panic!("triples in the place of ring elements"),
            None => {
                self.shapes(&[]);
                let value = self.three().held(|_| Z::shape(len));
                Authenticated { mac: value.clone(), value }
            }
        }
    }

    /// The numbers that the components of x are modulo 2^`bits`, each known to its two holders.
    fn components(&self, x: &Replicated<Z>, bits: usize) -> [Vec<Bits>; 3] {
        let zero = Plane::zeros(self.three().content, RingVector::len(&x.own));
        let [own, next] = [&x.own, &x.next].map(|x| x.split(bits));
        [0, 1, 2].map(|summand| {
            let bit = |bit: usize| {
                self.three().held(|component| match component {
                    c if c != summand => zero.clone(),
                    c if c == self.three().id() => own[bit].clone(),
                    _ => next[bit].clone(),
                })
            };
            (0..bits).map(bit).collect()
        })
    }

    /// The components, each changed alone. What comes out is a sharing of something else, and needs a MAC of its own.
    fn each_component(x: &Replicated<Z>, f: impl Fn(&Vector) -> Vector) -> Replicated<Z> {
        Replicated::combine([x], |[x]| Z::from_unsigned(&f(&x.low_words())))
    }

    /// Random numbers of `bits` bits, each a sum of three of which the carries are taken off. 1 round for a MAC, the carries, 1
    /// round to make ring elements of them. `random` has two random bits for each.
    async fn masks(
        arithmetic: SpdzWise,
        bits: u32,
        random: Authenticated,
        mut triples: BitTriples,
        len: usize,
    ) -> Authenticated {
        let three = &arithmetic.three;
        let _span = three.party.span("masks");
        let sum = three.random(|key| {
            let words = key.vector(three.content, len).shift_right(VALUE_BITS - bits);
            Z::from_unsigned(&words)
        });
        let sum = arithmetic.authenticate(sum).await;
        let handle = SyRep3 { arithmetic, supply: Supply::default() };
        let numbers = handle.components(&sum.value, bits as usize);
        let overflows = handle.three().overflows(numbers, &mut triples).await;
        let overflows = handle.arithmetic.bits_to_ring(&overflows, &random).await;
        overflows.iter().fold(sum, |sum, overflow| sum.sub(&overflow.scale(1 << bits)))
    }

    /// Makes the masks of a demand, those of equally many bits together, all side by side.
    async fn all_masks(
        &self,
        lens: &BTreeMap<u32, usize>,
        random: &Authenticated,
        triples: &mut BitTriples,
    ) -> BTreeMap<u32, Authenticated> {
        let mut start = 0;
        let parts =
            self.arithmetic.fork(lens.len()).into_iter().zip(lens).map(|(arithmetic, (&bits, &len))| {
                let overflows = Self::overflows_of(bits);
                let random = random.slice(start, start + overflows * len);
                start += overflows * len;
                let triples = triples.split_off(overflow_ands(bits as usize) * words([len]));
                Self::masks(arithmetic, bits, random, triples, len)
            });
        let masks = all(parts.collect::<Vec<_>>()).await;
        lens.keys().copied().zip(masks).collect()
    }

    /// Carries of three numbers of so many bits.
    fn overflows_of(bits: u32) -> usize {
        if bits == 1 { 1 } else { 2 }
    }

    /// Random bits in batches.
    async fn random_bits(&self, len: usize) -> Authenticated {
        let mut parts = Vec::new();
        let batches = len.div_ceil(BITS_AT_ONCE).max(1);
        for batch in 0..batches {
            let (start, end) = (batch * len / batches, (batch + 1) * len / batches);
            parts.push(self.arithmetic.random_bits(end - start).await);
        }
        Authenticated::concat(&parts.iter().collect::<Vec<_>>())
    }
}

impl Start for SyRep3 {
    const COSTS: &'static [Declared] = COSTS;

    fn start(party: Party<Message>, seed: u64, content: Content) -> Self {
        let arithmetic = SpdzWise::new(ThreeParties::new(party, seed, content));
        SyRep3 { arithmetic, supply: Supply::default() }
    }
}

impl Protocol for SyRep3 {
    type Share = Authenticated;
    type Bits = Bits;
    type Cut = ();

    fn content(&self) -> Content {
        self.three().content
    }

    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.three().party.span(name)
    }

    fn fork(&self, n: usize) -> Vec<Self> {
        let handle = |(arithmetic, supply)| SyRep3 { arithmetic, supply };
        self.arithmetic.fork(n).into_iter().zip(self.supply.fork(n)).map(handle).collect()
    }

    fn public(&self, x: &Vector) -> Self::Share {
        self.arithmetic.public(x)
    }

    /// Component 0 are the public bits, the others are zero. Local.
    fn public_plane(&self, x: &Plane) -> Self::Bits {
        let zeros = || Plane::zeros(self.content(), x.len());
        self.three().held(|component| if component == 0 { x.clone() } else { zeros() })
    }

    /// 2 rounds; 13, and 13 more by the owner.
    async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> Self::Share {
        let _span = self.span("input");
        self.arithmetic.input(owner, len, secret).await
    }

    /// The lowest 64 bits of the components; hashes are compared later. 1 round; 8.
    async fn open(&self, x: &Self::Share) -> Vector {
        let _span = self.span("open");
        self.three().open(&Replicated::low_words(&x.value)).await
    }

    /// 1 round; 1/8 a bit.
    async fn open_bits(&self, x: &[Self::Bits]) -> Vec<Plane> {
        let _span = self.span("open_bits");
        let planes = |part: fn(&Bits) -> &Plane| x.iter().map(|x| part(x).clone()).collect::<Vec<_>>();
        self.three().open(&Replicated { own: planes(|x| &x.own), next: planes(|x| &x.next) }).await
    }

    /// 1 round; 26 a result.
    async fn dot(&self, x: &Self::Share, y: &Self::Share, width: usize) -> Self::Share {
        let _span = self.span(if width == 1 { "mul" } else { "dot" });
        self.arithmetic.dot(x, y, width).await
    }

    /// 1 round; 26 an entry of the result.
    async fn matmul(&self, x: &Self::Share, y: &Self::Share, shape: MatMul) -> Self::Share {
        let _span = self.span("matmul");
        self.arithmetic.matmul(x, y, shape).await
    }

    /// 1 round; 1/4 a bit. Taken: a triple.
    async fn and(&self, pairs: &[[&Self::Bits; 2]]) -> Vec<Self::Bits> {
        if pairs.is_empty() {
            return Vec::new();
        }
        let _span = self.span("and");
        let lens: Vec<usize> = pairs.iter().map(|[x, _]| x.elements()).collect();
        let triples = match self.supply.take(Request::BitTriples { lens: lens.clone() }) {
            Some(Material::Triples(triples)) => triples,
            Some(Material::Ring(_)) => panic!("ring elements in the place of triples"),
            None => [(); 3].map(|()| self.shapes(&lens)),
        };
        self.three().and_with(pairs, &triples).await
    }

    /// With v = x + 2^(bits-1) >= 0 and a mask r = lower + 2^shift upper + 2^bits top of random parts, v + r is opened modulo
    /// 2^(bits+1); its bit above the number, xor `top`, is what v + r carried there:
    /// result = (v + r modulo 2^bits) >> shift - upper + 2^(bits-shift) carry - 2^(bits-shift-1).
    /// 1 round; 8. Taken: masks of `shift` and `bits - shift` bits, a bit.
    async fn truncate(&self, x: &Self::Share, bits: u32, shift: u32) -> Self::Share {
        assert!(0 < shift && shift < bits && bits < VALUE_BITS, "truncation of {bits} bits by {shift}");
        let _span = self.span("truncate");
        let len = x.elements();
        let lower = self.take(Request::Masks { len, bits: shift }, len);
        let upper = self.take(Request::Masks { len, bits: bits - shift }, len);
        let top = self.take(Request::Bits { len }, len);
        let low = [x, &lower, &upper, &top].map(|x| Replicated::low_words(&x.value));
        let masked = |component: usize, part: fn(&Replicated<Vector>) -> &Vector| {
            let half = if component == 0 { 1 << (bits - 1) } else { 0 };
            let constants = [half, 1 << shift, 1 << bits, 1 << (TOP - bits)];
            let ops = Ops::additions(4).and_multiplications(3);
            let [masked] = Vector::fused_with(
                ops,
                constants,
                [part(&low[0]), part(&low[1]), part(&low[2]), part(&low[3])],
                |[half, at_shift, at_bits, scale], [x, lower, upper, top]| {
                    [(x + half + lower + at_shift * upper + at_bits * top) * scale]
                },
            );
            masked
        };
        let (id, next) = (self.three().id(), self.three().next());
        let masked = Replicated { own: masked(id, |x| &x.own), next: masked(next, |x| &x.next) };
        let opened = self.three().open(&masked).await;
        let wrap = 1u64 << (bits - shift);
        let constants = [(VALUE_BITS - bits + shift).into(), wrap];
        let ops = Ops::additions(5).and_multiplications(2);
        // What is known, and the factor of `top`.
        let [known, factor] = Vector::fused_with(ops, constants, [&opened], |[down, wrap], [opened]| {
            let above = opened >> TOP as usize;
            let shifted = (opened + opened) >> down.0 as usize;
            [shifted - (wrap >> 1) + wrap * above, wrap - Wrapping(2) * wrap * above]
        });
        let factor = Z::from_signed(&factor);
        let unknown = Authenticated::combine([&top, &upper], |[top, upper]| top.mul(&factor).sub(upper));
        unknown.add(&self.public(&known))
    }

    /// Summand j is component j modulo 2^64, known to its holders. Local.
    async fn summands(&self, x: &Self::Share, bits: u32) -> Vec<Word<Self::Bits>> {
        self.components(&x.value, bits as usize).into_iter().map(shared_word).collect()
    }

    /// The lowest 64 bits of the components wrap at 2^64. Local.
    async fn cut(
        &self,
        x: &Self::Share,
        bits: u32,
        _at: u32,
        wraps: Wraps,
    ) -> (Vec<Word<Self::Bits>>, Self::Cut) {
        let bits = if wraps == Wraps::Counted { VALUE_BITS } else { bits };
        (self.summands(x, bits).await, ())
    }

    /// Each component shifted, which needs a MAC. 1 round; 13.
    async fn shifted(&self, x: &Self::Share, at: u32, _cut: &Self::Cut) -> Self::Share {
        let _span = self.span("shifted");
        self.arithmetic.authenticate(Self::each_component(&x.value, |x| x.shift_right(at))).await
    }

    /// The same for the other bits. 1 round; 13.
    async fn remainder(&self, x: &Self::Share, at: u32, _cut: &Self::Cut) -> Self::Share {
        let _span = self.span("remainder");
        let rest = |x: &Vector| x.sub(&x.shift_right(at).scale(1 << at));
        self.arithmetic.authenticate(Self::each_component(&x.value, rest)).await
    }

    /// Each component is a uniform number. 1 round; 13.
    async fn random(&self, len: usize, bits: u32) -> (Self::Share, Vec<Word<Self::Bits>>) {
        let _span = self.span("random");
        let (three, down) = (self.three(), VALUE_BITS - bits);
        let value = three.random(|key| Z::from_unsigned(&key.vector(three.content, len).shift_right(down)));
        let value = self.arithmetic.authenticate(value).await;
        let summands = self.summands(&value, bits).await;
        (value, summands)
    }

    /// 1 round; 1/8 a bit. Taken: a bit.
    async fn bits_to_ring(&self, x: &[Self::Bits]) -> Vec<Self::Share> {
        if x.is_empty() {
            return Vec::new();
        }
        let _span = self.span("bits_to_ring");
        let len = x.iter().map(Components::elements).sum();
        let random = self.take(Request::Bits { len }, len);
        self.arithmetic.bits_to_ring(x, &random).await
    }

    /// Each party sends the next a key. 1 round; 16.
    async fn set_up(&self) {
        let _span = self.span("keys");
        let three = self.three();
        three.send(three.next(), vec![Message::Opaque(KEY_BYTES)]);
        three.receive(three.previous()).await;
        self.arithmetic.draw_key();
    }

    /// Random bits, triples of bits, then masks from both; all checked.
    async fn prepare(&self, demand: &Demand) {
        self.supply.begin();
        if demand.is_empty() {
            return;
        }
        let Counts { bits, triple_words, masks } = Counts::of(demand);
        let mask_bits: usize = masks.iter().map(|(&bits, len)| Self::overflows_of(bits) * len).sum();
        let mask_words: usize =
            masks.iter().map(|(&bits, &len)| overflow_ands(bits as usize) * words([len])).sum();
        let random = match bits + mask_bits {
            0 => None,
            all => Some(self.random_bits(all).await),
        };
        let random = |start, end| random.as_ref().expect("bits were made").slice(start, end);
        let mut triples = match triple_words + mask_words {
            0 => None,
            words => Some(self.three().bit_triples(words).await),
        };
        let made = match &mut triples {
            Some(triples) if !masks.is_empty() => {
                self.all_masks(&masks, &random(bits, bits + mask_bits), triples).await
            }
            _ => BTreeMap::new(),
        };
        self.check().await;
        let (mut bits_start, mut mask_starts) = (0, BTreeMap::<u32, usize>::new());
        for (place, request) in &demand.requests {
            let material = match request {
                Request::Bits { len } => {
                    bits_start += len;
                    Material::Ring(random(bits_start - len, bits_start))
                }
                Request::Masks { len, bits } => {
                    let start = mask_starts.entry(*bits).or_default();
                    *start += len;
                    Material::Ring(made[bits].slice(*start - len, *start))
                }
                Request::BitTriples { lens } => {
                    Material::Triples(triples.as_mut().expect("triples were made").take(lens))
                }
                other => panic!("sy_rep3 does not take {other:?}"),
            };
            self.supply.put(place.clone(), request.clone(), material);
        }
    }

    fn demand(&self) -> Demand {
        self.supply.demand()
    }

    /// MACs of all results, then hashes of all that was opened. 19 rounds; 11,458, 11,458, 10,106; nothing if there is
    /// nothing to check.
    async fn check(&self) {
        let _span = self.span("check");
        self.arithmetic.check_macs().await;
        self.three().compare_openings().await;
    }
}

impl Replicated<Z> {
    /// The components modulo 2^64, which share x modulo 2^64.
    fn low_words(x: &Replicated<Z>) -> Replicated<Vector> {
        Replicated { own: x.own.low_words(), next: x.next.low_words() }
    }
}

/// How much of everything a demand comes to.
#[derive(Default)]
struct Counts {
    bits: usize,
    triple_words: usize,
    /// Masks by their bits.
    masks: BTreeMap<u32, usize>,
}

impl Counts {
    fn of(demand: &Demand) -> Counts {
        let mut counts = Counts::default();
        for request in demand.requests.values() {
            match request {
                Request::Bits { len } => counts.bits += len,
                Request::Masks { len, bits } => *counts.masks.entry(*bits).or_default() += len,
                Request::BitTriples { lens } => counts.triple_words += words(lens.iter().copied()),
                other => panic!("sy_rep3 does not take {other:?}"),
            }
        }
        counts
    }
}

/// By each party to the one before: products that are shared again.
const fn back(wide: u64) -> [Sent; 3] {
    [Sent::wide(0, 2, wide), Sent::wide(1, 0, wide), Sent::wide(2, 1, wide)]
}

/// The same for so many bytes whatever n is.
const fn bytes_back(bytes: u64) -> [Sent; 3] {
    [Sent::bytes(0, 2, bytes), Sent::bytes(1, 0, bytes), Sent::bytes(2, 1, bytes)]
}

/// By each party to the next: openings.
const fn bytes_on(bytes: u64) -> [Sent; 3] {
    [Sent::bytes(0, 1, bytes), Sent::bytes(1, 2, bytes), Sent::bytes(2, 0, bytes)]
}

const fn bits_on(bits: u64) -> [Sent; 3] {
    [Sent::bits(0, 1, bits), Sent::bits(1, 2, bits), Sent::bits(2, 0, bits)]
}

/// By each party to both others: coins and hashes.
const fn to_both(bytes: u64) -> [Sent; 6] {
    let ([a, b, c], [d, e, f]) = (bytes_on(bytes), bytes_back(bytes));
    [a, b, c, d, e, f]
}

/// Hashes of what was opened.
const HASHES: &[Sent] = &to_both(32);
/// Values opened, bits opened, and twice as many bits.
const OPENED: &[Sent] = &[Sent::elements(0, 1, 1), Sent::elements(1, 2, 1), Sent::elements(2, 0, 1)];
const OPENED_BITS: &[Sent] = &bits_on(1);
const OPENED_PAIRS: &[Sent] = &bits_on(2);
/// A MAC; a value and its MAC.
const MACS: &[Sent] = &back(1);
const PRODUCTS: &[Sent] = &back(2);

/// Steps, then the check of MACs and of what it opened.
macro_rules! checked {
    ($($step:expr),*) => {
        &[
            $($step,)*
            // Two sums and 104 squares of 13 bytes; the bits of the parties 0 and 1.
            &[
                Sent::bytes(0, 2, 1_378),
                Sent::bytes(1, 0, 1_378),
                Sent::bytes(2, 1, 1_378),
                Sent::bytes(0, 1, 1_352),
                Sent::bytes(1, 2, 1_352),
            ],
            // The product with the key, 104 products of bits.
            &bytes_back(1_365),
            &to_both(16),
            &to_both(33),
            &bytes_on(1_352),
            HASHES,
            &bytes_on(13),
            // 103 products of 18 bytes in seven levels, with another for each.
            &bytes_back(36 * 52),
            &bytes_back(36 * 26),
            &bytes_back(36 * 13),
            &bytes_back(36 * 6),
            &bytes_back(36 * 3),
            &bytes_back(36 * 2),
            &bytes_back(36),
            &to_both(16),
            &to_both(25),
            &bytes_on(1_854),
            &to_both(64),
            HASHES,
        ]
    };
}

const CHECKED_INPUT: Steps = checked!(&[Sent::wide(0, 1, 1)], MACS);
const CHECKED_MACS: Steps = checked!(MACS);
const CHECKED_PRODUCTS: Steps = checked!(PRODUCTS);
const MASKED_TRUNCATION: &str = "((x + r + 2^(bits-1) modulo 2^bits) >> shift) - upper + 2^(bits-shift) carry - \
                                 2^(bits-shift-1) with r = lower + 2^shift upper + 2^bits top";
const TRUNCATION_TAKES: &str = "masks of shift and of bits - shift bits, a bit";

/// What the operations cost.
const COSTS: &[Declared] = &[
    Declared::online(
        Primitive::Input,
        "x less a component that the owner and another draw, told to the next party; [alpha x] = [alpha] [x]",
        CHECKED_INPUT,
    ),
    Declared::online(
        Primitive::Open,
        "each tells the next one the component that it lacks, modulo 2^64; all compare hashes",
        &[OPENED, HASHES],
    ),
    Declared::online(Primitive::OpenBits, "the same for bits", &[OPENED_BITS, HASHES]),
    Declared::online(
        Primitive::Mul,
        "x_i y_i + x_i y_{i+1} + x_{i+1} y_i + zero_i, the same for (alpha x)_i; sum r_j (alpha z_j) - alpha sum r_j \
         z_j = 0",
        CHECKED_PRODUCTS,
    ),
    Declared::online(Primitive::Dot, "the same, summed before it is sent", CHECKED_PRODUCTS),
    Declared::online(Primitive::MatMul, "the same for matrices", CHECKED_PRODUCTS),
    Declared::online(
        Primitive::And,
        "c + (x + a) y + a (y + b) for a triple (a, b, c)",
        &[OPENED_PAIRS, HASHES],
    )
    .with_batches("a triple"),
    Declared::online(Primitive::Truncate, MASKED_TRUNCATION, &[OPENED, HASHES])
        .with_batches(TRUNCATION_TAKES),
    Declared::online(Primitive::TruncateGap, MASKED_TRUNCATION, &[OPENED, HASHES])
        .with_batches(TRUNCATION_TAKES),
    Declared::online(Primitive::Summands, "the components modulo 2^64", &[]),
    Declared::online(Primitive::Cut, "the components modulo 2^64", &[]),
    Declared::online(Primitive::Random, "components of which each is drawn by two, and a MAC", CHECKED_MACS),
    Declared::online(
        Primitive::BitsToRing,
        "c + r - 2 c r with c = b xor r opened for a random bit r",
        &[OPENED_BITS, HASHES],
    )
    .with_batches("a bit"),
    Declared::online(
        Primitive::AndToRing,
        "a product of bits, then the same",
        &[OPENED_PAIRS, OPENED_BITS, HASHES],
    )
    .with_batches("a triple and a bit"),
];
