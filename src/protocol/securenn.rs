//! `securenn`: two parties with additive shares over Z_2^64, and a helper who takes part online.
//!
//! The parties 0 and 1 hold shares; party 2, the helper, holds none and learns nothing that is opened (Reconst of the paper is between
//! the two). It runs the same program, on lengths: it makes the correlated randomness when it is taken (products as in
//! [`super::parts::two_party`], dealt as in `parts/dealing.rs`, what it sends goes to party 1), and compares. Semi-honest, and no two
//! may collude.
//!
//! Comparisons (`parts/helped_comparison.rs`) are those of Wagh, Gupta, Chandran, "SecureNN: 3-party secure computation for neural network training"
//! (PETS 2019), algorithms 3 to 6, with L = 2^64 and p = 67: shares modulo L become shares modulo L - 1 (`share_convert`), where the
//! highest bit of a number is the lowest of its double (`highest_bit`). Divisions whose quotient is at most one are theirs bit
//! by bit (algorithm 8), as a long division: where the paper truncates the divisor for each bit, the remainder is doubled, which
//! sends the same and is exact. A divisor of zero gives zero, for which they have no value. All other functions of `secure` are built as for any
//! protocol, from bits that the two share. Truncations of at most [`LOCAL_BITS`] bits are local
//! ([`super::parts::local_truncation`]), others are those of [`super::parts::two_party`].
//!
//! Rounds are those of messages: what the helper deals does not wait for anything, so within a chain of operations a product takes
//! one round where the paper counts two. Above each operation: rounds, and payload bytes per element sent by the parties 0, 1, 2.

use std::borrow::Cow;

use super::declared::{Declared, Primitive, Sent};
use super::demand::Request;
use super::parts::additive::Additive;
use super::parts::dealing::{DEALER as HELPER, Deal, agree_on_keys, message, shares};
use super::parts::helped::Held;
use super::parts::material::Layout;
use super::parts::two_party::{LOCAL_BITS, MaskedCut, Offline, TwoParty, online};
use super::{
    Bit, Demand, Division, Ideal, Message, Protocol, RingShare, Role, Start, TruncationLaw, Word, Wraps, send,
};
use crate::ring::{Content, MatMul, Plane, Vector};
use crate::sim::{Party, SpanGuard};

/// Most bits of a number that is compared in the protocol's own way.
const COMPARED_BITS: u32 = 63;
/// Most bits of a number that is divided in the protocol's own way.
const DIVIDED_BITS: u32 = 31;

/// The place of the highest bit.
const TOP: usize = 63;

/// Nothing is made before a program runs.
#[derive(Default)]
pub struct Online;

impl Offline for Online {
    const PARTIES: usize = 3;

    async fn set_up(online: &TwoParty<Self>) {
        agree_on_keys(&online.party).await;
    }

    async fn prepare(_online: &TwoParty<Self>, _demand: &Demand) {}
}

/// One party of the protocol.
pub struct SecureNn {
    /// What the two do once they have what the helper deals; of the helper only its handle and streams.
    pub(in crate::protocol) two: TwoParty<Online>,
}

/// Shared ring elements.
pub type Share = Held<Vector>;
/// Shared bits.
pub type Bits = Held<Plane>;

impl SecureNn {
    /// Number of parties.
    pub const PARTIES: usize = 3;

    pub(in crate::protocol) fn party(&self) -> &Party<Message> {
        &self.two.party
    }

    pub(in crate::protocol) fn is_helper(&self) -> bool {
        self.party().id() == HELPER
    }

    pub(in crate::protocol) fn other(&self) -> usize {
        1 - self.party().id()
    }

    pub(in crate::protocol) fn own(&self, part: Vector) -> Share {
        Held::own(Additive::of(part))
    }

    pub(in crate::protocol) fn helped(&self, len: usize) -> Share {
        Held::helped(Vector::shape(len))
    }

    /// The helper makes what the two take next. 1 round; 0, 0, what is not drawn.
    async fn deal(&self, requests: &[Request]) {
        let _span = self.party().span("deal");
        let deal = |request| {
            let layout = Layout::of(request);
            let first = self.two.draw(layout.parts());
            Deal { request, layout, first, receiver: 1, rows: &[] }
        };
        let deals: Vec<Deal<'_>> = requests.iter().map(deal).collect();
        if self.is_helper() {
            let made = deals.iter().map(|deal| deal.share(&self.two)).collect();
            return send(self.party(), 1, message(made));
        }
        let drawn: Vec<_> = deals.iter().map(|deal| deal.drawn(&self.two, self.party().id())).collect();
        let mut sent = Vec::new().into_iter();
        if self.party().id() == 1 {
            sent = shares(self.party().recv(HELPER).await, &deals.iter().collect::<Vec<_>>()).into_iter();
        }
        for (ahead, (deal, [free, rest])) in deals.iter().zip(drawn).enumerate() {
            self.two.put_ahead(ahead, deal.request, free.followed_by(sent.next().unwrap_or(rest)));
        }
    }
}

impl Start for SecureNn {
    const DEALERS: usize = 1;
    const COSTS: &'static [Declared] = COSTS;
    const IDEAL: Ideal = Ideal {
        truncation: TruncationLaw::SharesShifted { most_bits: LOCAL_BITS },
        divide: Some(quotients),
        ..Ideal::GENERIC
    };

    fn start(party: Party<Message>, seed: u64, content: Content) -> Self {
        SecureNn { two: TwoParty::start(party, seed, content) }
    }
}

/// What the division bit by bit gives, in the clear: as the parties do it, whatever the numbers are.
fn quotients(division: &Division<'_, Vector>) -> Option<Vector> {
    let Division { numerators, divisors, width, fraction_bits, .. } = *division;
    let numerators = numerators.filter(|_| is_own(division))?;
    let (numerators, divisors) = (numerators.expect_values(), divisors.expect_values());
    let quotient = |(i, &numerator): (usize, &u64)| {
        let (divisor, mut rest) = (divisors[i / width], numerator);
        (0..fraction_bits).fold(0, |quotient, _| {
            let bit = below(divisor, rest) >> (TOP - 1) & 1;
            rest = rest.wrapping_mul(2).wrapping_sub(bit.wrapping_mul(divisor));
            2 * quotient + bit
        })
    };
    Some(Vector::from(numerators.iter().enumerate().map(quotient).collect::<Vec<u64>>()))
}

/// Whether a division is done bit by bit.
fn is_own<S>(division: &Division<'_, S>) -> bool {
    division.at_most_one && division.numerators.is_some() && division.total_bits <= DIVIDED_BITS
}

/// Factors of divisor and remainder R of which the difference is below zero where 2 R is at least the divisor, and not for a divisor of zero:
/// 2 R > y - y / 2^31.
const OF_DIVISOR: u64 = (1 << 31) - 1;
const OF_REMAINDER: u64 = 1 << 32;

fn below(divisor: u64, rest: u64) -> u64 {
    OF_DIVISOR.wrapping_mul(divisor).wrapping_sub(OF_REMAINDER.wrapping_mul(rest))
}

impl Protocol for SecureNn {
    type Share = Share;
    type Bits = Bits;
    type Cut = Option<MaskedCut>;

    fn role(&self) -> Role {
        if self.is_helper() { Role::Helps } else { Role::Computes }
    }

    fn content(&self) -> Content {
        self.two.content
    }

    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.party().span(name)
    }

    fn fork(&self, n: usize) -> Vec<Self> {
        self.two.fork(n).into_iter().map(|two| SecureNn { two }).collect()
    }

    fn public(&self, x: &Vector) -> Share {
        if self.is_helper() { self.helped(x.len()) } else { Held::own(self.two.public(x)) }
    }

    fn public_plane(&self, x: &Plane) -> Bits {
        if self.is_helper() {
            return Held::helped(Plane::shape(x.len()));
        }
        Held::own(self.two.public_plane(x))
    }

    /// The two draw a share of it. Local.
    async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> Share {
        if self.is_helper() {
            self.two.draw(1);
            return self.helped(len);
        }
        Held::own(self.two.input(owner, len, secret).await)
    }

    /// Between the two. 1 round; 8, 8, 0.
    async fn open(&self, x: &Share) -> Vector {
        if self.is_helper() {
            return Vector::shape(x.len());
        }
        self.two.open(&x.component()).await
    }

    /// 1 round; 1/8, 1/8, 0 a bit.
    async fn open_bits(&self, x: &[Bits]) -> Vec<Plane> {
        if self.is_helper() {
            return x.iter().map(|bits| Plane::shape(super::Components::elements(bits))).collect();
        }
        self.two.open_bits(&x.iter().map(Held::component).collect::<Vec<_>>()).await
    }

    /// 2 rounds; 16 width, 16 width, 8 a result.
    async fn dot(&self, x: &Share, y: &Share, width: usize) -> Share {
        if width == 1 {
            return self.mul(x, y).await;
        }
        let results = x.len() / width;
        self.deal(&[Request::Dots { results, width }]).await;
        if self.is_helper() {
            return self.helped(results);
        }
        Held::own(self.two.dot(&x.component(), &y.component(), width).await)
    }

    /// The paper's SelectShare, too. 2 rounds; 16, 16, 8.
    async fn mul(&self, x: &Share, y: &Share) -> Share {
        self.deal(&[Request::Triples { len: x.len() }]).await;
        if self.is_helper() {
            return self.helped(x.len());
        }
        Held::own(self.two.mul(&x.component(), &y.component()).await)
    }

    /// Algorithm 1. 2 rounds; 8, 8 an entry of x and of y, 0; 0, 0, 8 an entry of the result.
    async fn matmul(&self, x: &Share, y: &Share, shape: MatMul) -> Share {
        self.deal(&[Request::Matrices { shape }]).await;
        if self.is_helper() {
            return self.helped(shape.rows * shape.columns);
        }
        Held::own(self.two.matmul(&x.component(), &y.component(), shape).await)
    }

    /// 2 rounds; 1/4, 1/4, 1/8 a bit.
    async fn and(&self, pairs: &[[&Bits; 2]]) -> Vec<Bits> {
        if pairs.is_empty() {
            return Vec::new();
        }
        let lens: Vec<usize> = pairs.iter().map(|[x, _]| super::Components::elements(*x)).collect();
        self.deal(&[Request::BitTriples { lens: lens.clone() }]).await;
        if self.is_helper() {
            return lens.into_iter().map(|len| Held::helped(Plane::shape(len))).collect();
        }
        let pairs: Vec<_> = pairs.iter().map(|pair| pair.map(Held::component)).collect();
        let pairs: Vec<_> = pairs.iter().map(|[x, y]| [x, y]).collect();
        self.two.and(&pairs).await.into_iter().map(Held::own).collect()
    }

    /// Local, or 2 rounds; 8, 8, 24 + bits / 8.
    async fn truncate(&self, x: &Share, bits: u32, shift: u32) -> Share {
        if bits <= LOCAL_BITS {
            assert!(0 < shift && shift < bits, "truncation of {bits} bits by {shift}");
            let _span = self.party().span("truncate");
            if self.is_helper() {
                self.two.draw(1);
                return self.helped(x.len());
            }
            return Held::own(self.two.truncate_locally(&x.component(), shift));
        }
        let len = x.len();
        let masks = [shift, bits - shift].map(|bits| Request::Masks { len, bits });
        let [lower, upper] = masks;
        self.deal(&[lower, upper, Request::Bits { len }]).await;
        if self.is_helper() {
            return self.helped(len);
        }
        Held::own(self.two.truncate(&x.component(), bits, shift).await)
    }

    /// 2 rounds; 8, 8, 8 + bits / 8.
    async fn summands(&self, x: &Share, bits: u32) -> Vec<Word<Bits>> {
        self.deal(&[Request::Masks { len: x.len(), bits }]).await;
        if self.is_helper() {
            return helped_words(x.len(), bits);
        }
        held_words(self.two.summands(&x.component(), bits).await)
    }

    /// 2 rounds; 8, 8, 16 + bits / 8.
    async fn cut(&self, x: &Share, bits: u32, at: u32, wraps: Wraps) -> (Vec<Word<Bits>>, Self::Cut) {
        self.deal(&[at, bits - at].map(|bits| Request::Masks { len: x.len(), bits })).await;
        if self.is_helper() {
            return (helped_words(x.len(), bits), None);
        }
        let (words, cut) = self.two.cut(&x.component(), bits, at, wraps).await;
        (held_words(words), Some(cut))
    }

    /// Local.
    async fn shifted(&self, x: &Share, at: u32, cut: &Self::Cut) -> Share {
        match cut {
            Some(cut) => Held::own(self.two.shifted(&x.component(), at, cut).await),
            None => self.helped(x.len()),
        }
    }

    /// Local.
    async fn remainder(&self, x: &Share, at: u32, cut: &Self::Cut) -> Share {
        match cut {
            Some(cut) => Held::own(self.two.remainder(&x.component(), at, cut).await),
            None => self.helped(x.len()),
        }
    }

    /// 1 round; 0, 0, 8 + bits / 8.
    async fn random(&self, len: usize, bits: u32) -> (Share, Vec<Word<Bits>>) {
        self.deal(&[Request::Masks { len, bits }]).await;
        if self.is_helper() {
            return (self.helped(len), vec![helped_words(len, bits).remove(1)]);
        }
        let (value, words) = self.two.random(len, bits).await;
        (Held::own(value), held_words(words))
    }

    /// 2 rounds; 1/8, 1/8, 8 a bit.
    async fn bits_to_ring(&self, x: &[Bits]) -> Vec<Share> {
        if x.is_empty() {
            return Vec::new();
        }
        let lens: Vec<usize> = x.iter().map(super::Components::elements).collect();
        self.deal(&[Request::Bits { len: lens.iter().sum() }]).await;
        if self.is_helper() {
            return lens.into_iter().map(|len| self.helped(len)).collect();
        }
        let x: Vec<_> = x.iter().map(Held::component).collect();
        self.two.bits_to_ring(&x).await.into_iter().map(Held::own).collect()
    }

    /// The paper's DReLU, less its last negation: the highest bit of 2 x, which has it as x does. 8 rounds; 160, 160, 344.
    async fn own_less_than_zero(&self, x: &Share, bits: u32) -> Option<Share> {
        if bits > COMPARED_BITS {
            return None;
        }
        let _span = self.party().span("drelu");
        let converted = self.share_convert(&x.scale(2)).await;
        Some(self.highest_bit(&converted).await)
    }

    /// The paper's maximum: one number after the other, of which the larger and its place are selected. 9 rounds; 192, 192, 360 for each number
    /// but the first.
    async fn own_largest(&self, x: &[Share], bits: u32) -> Option<[Share; 2]> {
        if !self.finds_places(x.len()) {
            return None;
        }
        let _span = self.party().span("largest");
        let with_place = |place: usize| {
            let number = Vector::constant(self.content(), x[place].len(), place as u64);
            Share::concat(&[&x[place], &self.public(&number)])
        };
        let mut largest = with_place(0);
        for (place, next) in x.iter().enumerate().skip(1) {
            let stays = next.sub(&largest.slice(0, next.len()));
            let stays = self.own_less_than_zero(&stays, bits).await?;
            let next = with_place(place);
            largest = self.mul(&stays.tile(2), &largest.sub(&next)).await.add(&next);
        }
        largest.chunks(2).try_into().ok()
    }

    fn finds_places(&self, places: usize) -> bool {
        places.is_power_of_two()
    }

    /// The paper's derivative of a maximum, of as many places as divide 2^64. 2 rounds; 8, 8, 16 a place.
    async fn own_places(&self, x: &Share, places: usize) -> Option<Vec<Share>> {
        if self.finds_places(places) { Some(self.places(x, places).await) } else { None }
    }

    /// Long division: for each bit a comparison and a product. 9 rounds a bit; 176, 176, 352 a bit.
    async fn own_divide(&self, division: &Division<'_, Share>) -> Option<Share> {
        let &Division { numerators, divisors, width, fraction_bits, .. } = division;
        let numerators = numerators.filter(|_| is_own(division))?;
        let _span = self.party().span("divide_bit_by_bit");
        let divisors = if width == 1 { divisors.clone() } else { divisors.repeat_each(width) };
        let (mut rest, mut quotient) = (numerators.clone(), None::<Share>);
        for place in (0..fraction_bits).rev() {
            let below = divisors.scale(OF_DIVISOR as i64).sub(&rest.scale(OF_REMAINDER as i64));
            let bit = self.own_less_than_zero(&below, COMPARED_BITS).await?;
            rest = rest.scale(2).sub(&self.mul(&bit, &divisors).await);
            let bit = bit.scale(1 << place);
            quotient = Some(quotient.map_or(bit.clone(), |quotient| quotient.add(&bit)));
        }
        quotient
    }

    /// 1 round; 16, 0, 32.
    async fn set_up(&self) {
        self.two.set_up().await;
    }

    async fn prepare(&self, demand: &Demand) {
        self.two.prepare(demand).await;
    }
}

/// The words that the two get from a mask, as the helper knows them.
fn helped_words(len: usize, bits: u32) -> Vec<Word<Bits>> {
    let bit = |f: fn(Plane) -> Bit<Bits>| (0..bits).map(|_| f(Plane::shape(len))).collect();
    vec![bit(Bit::Public), bit(|shape| Bit::Shared(Held::helped(shape)))]
}

fn held_words(words: Vec<Word<Additive<Plane>>>) -> Vec<Word<Bits>> {
    let bit = |bit| match bit {
        Bit::Zero => Bit::Zero,
        Bit::Public(plane) => Bit::Public(plane),
        Bit::Shared(bit) => Bit::Shared(Held::own(bit)),
    };
    words.into_iter().map(|word| word.into_iter().map(bit).collect()).collect()
}

/// The helper sends party 1 its share.
const DEALT: &[Sent] = &[Sent::elements(2, 1, 1)];
const EXCHANGED: &[Sent] = &[Sent::elements(0, 1, 1), Sent::elements(1, 0, 1)];
const TWO_EXCHANGED: &[Sent] = &[Sent::elements(0, 1, 2), Sent::elements(1, 0, 2)];
/// Residues of 64 bits, a byte each.
const COMPARED: &[Sent] = &[Sent::elements(0, 2, 8), Sent::elements(1, 2, 8)];
const Z: &[Sent] = &[Sent::elements(0, 2, 1), Sent::elements(1, 2, 1)];
const BITS_AND_WRAP: &[Sent] = &[Sent::elements(2, 0, 9), Sent::elements(2, 1, 9)];
/// Shares of whether z is larger; those of a random number, its bits and its lowest bit.
const ETA_AND_RANDOM: &[Sent] = &[Sent::elements(2, 0, 11), Sent::elements(2, 1, 11)];
const COMPARED_AND_TRIPLE: &[Sent] = &[Sent::elements(2, 0, 1), Sent::elements(2, 1, 2)];
/// The last exchange of a comparison, and a triple for the product that follows.
const EXCHANGED_AND_TRIPLE: &[Sent] =
    &[Sent::elements(0, 1, 2), Sent::elements(1, 0, 2), Sent::elements(2, 1, 1)];

/// What the operations cost.
const COSTS: &[Declared] = &[
    online::INPUT,
    online::OPEN,
    online::OPEN_BITS,
    dealt(online::MUL, &[DEALT, TWO_EXCHANGED]),
    dealt(online::DOT, &[DEALT, &[Sent::elements(0, 1, 4), Sent::elements(1, 0, 4)]]),
    dealt(
        online::MATMUL,
        &[
            DEALT,
            &[
                Sent { bytes: 2 * 8, ..Sent::elements(0, 1, 2) },
                Sent { bytes: 2 * 8, ..Sent::elements(1, 0, 2) },
            ],
        ],
    ),
    dealt(online::AND, &[&[Sent::bits(2, 1, 1)], &[Sent::bits(0, 1, 2), Sent::bits(1, 0, 2)]]),
    Declared::online(Primitive::Truncate, "each shifts its share, of at most 48 bits", &[]),
    Declared::online(Primitive::TruncateGap, "each shifts its share", &[]),
    dealt(online::SUMMANDS, &[&[Sent { bits: 31, ..Sent::elements(2, 1, 1) }], EXCHANGED]),
    dealt(online::CUT, &[&[Sent { bits: 48, ..Sent::elements(2, 1, 2) }], EXCHANGED]),
    dealt(online::RANDOM, &[&[Sent { bits: 31, ..Sent::elements(2, 1, 1) }]]),
    dealt(online::BITS_TO_RING, &[DEALT, &[Sent::bits(0, 1, 1), Sent::bits(1, 0, 1)]]),
    dealt(
        online::AND_TO_RING,
        &[
            &[Sent::bits(2, 1, 1)],
            &[Sent::bits(0, 1, 2), Sent::bits(1, 0, 2)],
            DEALT,
            &[Sent::bits(0, 1, 1), Sent::bits(1, 0, 1)],
        ],
    ),
    Declared::online(
        Primitive::LessThanZero,
        "the lowest bit of 4 x modulo 2^64 - 1, opened under a random number of the helper, who compares modulo 67; DReLU of \
         the paper is one minus it",
        &[
            Z,
            BITS_AND_WRAP,
            COMPARED,
            ETA_AND_RANDOM,
            EXCHANGED,
            COMPARED,
            COMPARED_AND_TRIPLE,
            TWO_EXCHANGED,
        ],
    ),
    Declared::online(
        Primitive::Places,
        "x + r, seen by the helper, who shares which place it is modulo 4; turned back by r",
        &[Z, &[Sent::elements(2, 0, 4), Sent::elements(2, 1, 4)]],
    ),
    Declared::online(
        Primitive::Divide,
        "for each bit b of the quotient of remainder R by y a comparison, b = [2 R >= y > 0], and a product, R <- 2 R - b y",
        &[
            Z,
            BITS_AND_WRAP,
            COMPARED,
            ETA_AND_RANDOM,
            EXCHANGED,
            COMPARED,
            COMPARED_AND_TRIPLE,
            EXCHANGED_AND_TRIPLE,
            TWO_EXCHANGED,
            Z,
            BITS_AND_WRAP,
            COMPARED,
            ETA_AND_RANDOM,
            EXCHANGED,
            COMPARED,
            COMPARED_AND_TRIPLE,
            EXCHANGED_AND_TRIPLE,
            TWO_EXCHANGED,
        ],
    ),
];

/// The same formula, with what the helper deals while the program runs.
const fn dealt(operation: Declared, online: super::declared::Steps) -> Declared {
    Declared { online, ..operation }
}
