//! `securenn`: two parties with additive shares over Z_2^64, and a helper who takes part online.
//!
//! The parties 0 and 1 hold shares; party 2, the helper, holds none and learns nothing that is opened (Reconst of the paper is between
//! the two). It runs the same program, on lengths: it makes the correlated randomness when it is taken (products as in
//! [`super::parts::two_party`], dealt as in [`super::parts::dealing`], what it sends goes to party 1), and compares. Semi-honest, and no two
//! may collude.
//!
//! Comparisons are those of Wagh, Gupta, Chandran, "SecureNN: 3-party secure computation for neural network training"
//! (PETS 2019), algorithms 3 to 6, with L = 2^64 and p = 67: shares modulo L become shares modulo L - 1 (`share_convert`), where the
//! highest bit of a number is the lowest of its double (`highest_bit`). Divisions whose quotient is at most one are theirs bit
//! by bit (algorithm 8), as a long division: where the paper truncates the divisor for each bit, the remainder is doubled, which
//! sends the same and is exact. A divisor of zero gives zero, for which they have no value. All other functions of `secure` are built as for any
//! protocol, from bits that the two share. Truncations of at most [`LOCALLY_TRUNCATED_BITS`] bits are local
//! ([`super::parts::local_truncation`]), others are those of [`super::parts::two_party`].
//!
//! Rounds are those of messages: what the helper deals does not wait for anything, so within a chain of operations a product takes
//! one round where the paper counts two. Above each operation: rounds, and payload bytes per element sent by the parties 0, 1, 2.

use std::borrow::Cow;
use std::num::Wrapping;

use super::declared::{Declared, Primitive, Sent};
use super::demand::Request;
use super::parts::additive::Additive;
use super::parts::dealing::{DEALER as HELPER, Deal, agree_on_keys, message, shares};
use super::parts::helped::Held;
use super::parts::local_truncation::local_truncation;
use super::parts::material::Layout;
use super::parts::odd_ring;
use super::parts::private_compare::{WORDS, compare, has_zero, share_bits};
use super::parts::two_party::{MaskedCut, Offline, TwoParty, online};
use super::{
    Bit, Demand, Division, Ideal, Message, Protocol, RingShare, Role, Start, TruncationLaw, Word, Wraps,
    receive_ring, send,
};
use crate::ring::{Content, MatMul, Ops, Plane, Vector};
use crate::sim::{Party, SpanGuard};

/// Most bits of a number that is truncated by shifting shares: then it is far off with probability 2^-17 at most. Products of
/// fixed-point numbers have fewer; what is longer inside a division or an exponential is truncated under a mask.
pub const LOCALLY_TRUNCATED_BITS: u32 = 48;
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
    two: TwoParty<Online>,
}

type Share = Held<Vector>;
type Bits = Held<Plane>;

/// Shares modulo 2^64 - 1 of both parties, of which `x` is the sum: one is drawn.
fn odd_shares(x: &Vector, drawn: &Vector) -> [Vector; 2] {
    Vector::fused(Ops::additions(2), [x, drawn], |[x, drawn]| {
        let first = odd_ring::reduced(drawn);
        [first, odd_ring::sub(x, first)]
    })
}

impl SecureNn {
    /// Number of parties.
    pub const PARTIES: usize = 3;

    fn party(&self) -> &Party<Message> {
        &self.two.party
    }

    fn is_helper(&self) -> bool {
        self.party().id() == HELPER
    }

    fn other(&self) -> usize {
        1 - self.party().id()
    }

    fn own(&self, part: Vector) -> Share {
        Held::own(Additive(part))
    }

    fn helped(&self, len: usize) -> Share {
        Held::helped(Vector::shape(len))
    }

    /// What both parties, or the helper alone, draw.
    fn drawn(&self, counter: u64, len: usize) -> Vector {
        let holders = if self.is_helper() { 1 << HELPER } else { 0b11 };
        self.two.stream(holders, counter).vector(self.two.content, len)
    }

    /// The helper makes what the two take next. 1 round; 0, 0, what is not drawn.
    async fn deal(&self, requests: &[Request]) {
        let _span = self.party().span("deal");
        let deal = |request| {
            let layout = Layout::of(request);
            let first = self.two.draw(layout.parts());
            Deal { request, layout, first, receiver: 1 }
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

    /// The helper's half of a comparison: learns a bit from each of the two, which is told nobody.
    async fn compared(&self) -> Vector {
        let party = self.party();
        let (first, second) = (receive_ring(party, 0).await, receive_ring(party, 1).await);
        let _span = party.span("private_compare");
        has_zero([&first, &second])
    }

    /// The half of those who have shares of the bits of x: the helper learns `beta` xor `[x > r]`. 1 round; 64, 64, 0.
    fn compare(&self, bits: &Vector, r: &Vector, beta: &Vector) {
        let _span = self.party().span("private_compare");
        let first = self.two.draw(2);
        let streams = [first, first + 1].map(|counter| self.two.stream(0b11, counter));
        send(self.party(), HELPER, Message::Ring(compare(self.party().id(), bits, [r, beta], streams)));
    }

    /// Both halves of a message of ring elements to each of the two.
    fn send_both(&self, parts: [Vector; 2]) {
        for (to, part) in parts.into_iter().enumerate() {
            send(self.party(), to, Message::Ring(part));
        }
    }

    /// Shares modulo 2^64 - 1 of a number x < 2^64 - 1 shared modulo 2^64. Algorithm 4. 4 rounds; 72, 72, 160.
    ///
    /// x = x_0 + x_1 - theta L and L is one modulo L - 1, so theta, whether the shares wrap, is taken off. With z = x + r for an r
    /// that both know, of which each adds a share r_j that is uniform, and wraps alpha of the r_j, beta_j of x_j + r_j, and delta of
    /// the z_j, which the helper sees, theta = beta_0 + beta_1 + delta - alpha - 1 + [z >= r].
    async fn share_convert(&self, x: &Share) -> Share {
        let _span = self.party().span("share_convert");
        let len = x.len();
        let first = self.two.draw(4);
        if self.is_helper() {
            let (z_0, z_1) = (receive_ring(self.party(), 0).await, receive_ring(self.party(), 1).await);
            let [z, delta] = Vector::fused(Ops::additions(2), [&z_0, &z_1], |[z_0, z_1]| {
                let z = z_0 + z_1;
                [z, Wrapping(u64::from(z < z_0))]
            });
            let bits = share_bits(&z, self.two.stream(1 << HELPER, first));
            let delta = odd_shares(&delta, &self.drawn(first + 1, len));
            self.send_both([0, 1].map(|to| Vector::concat(&[&bits[to], &delta[to]])));
            self.two.draw(2);
            let eta = self.compared().await;
            self.send_both(odd_shares(&eta, &self.drawn(first + 2, len)));
            return self.helped(len);
        }
        let x = &x.component().0;
        let [r_0, r_1, beta] = [0, 1, 2].map(|i| self.drawn(first + i, len));
        let [r, alpha] = Vector::fused(Ops::additions(3), [&r_0, &r_1], |[r_0, r_1]| {
            let r = r_0 + r_1;
            [r - Wrapping(1), Wrapping(u64::from(r < r_0))]
        });
        let mask = beta.shift_right(TOP as u32);
        let mine = if self.party().id() == 0 { &r_0 } else { &r_1 };
        let [z, wraps] = Vector::fused(Ops::additions(2), [x, mine], |[x, r]| {
            let z = x + r;
            [z, Wrapping(u64::from(z < x))]
        });
        send(self.party(), HELPER, Message::Ring(z));
        let received = receive_ring(self.party(), HELPER).await;
        let (bits, delta) = (received.slice(0, WORDS * len), received.slice(WORDS * len, received.len()));
        self.compare(&bits, &r, &mask);
        let eta = receive_ring(self.party(), HELPER).await;
        let zeroth = u64::from(self.party().id() == 0);
        let factors = [x, &wraps, &alpha, &delta, &mask, &eta];
        let [converted] = Vector::fused_with(
            Ops::additions(9),
            [zeroth],
            factors,
            |[zeroth], [x, wraps, alpha, delta, mask, eta]| {
                let eta = if mask.0 == 1 { odd_ring::sub(zeroth, eta) } else { eta };
                let theta = odd_ring::add(odd_ring::add(wraps, delta), eta);
                let theta = odd_ring::sub(theta, zeroth * (alpha + Wrapping(1)));
                [odd_ring::sub(odd_ring::reduced(x), theta)]
            },
        );
        self.own(converted)
    }

    /// The highest bit of a number shared modulo 2^64 - 1, as a ring element. Algorithm 5, in Z_2^64 as in the paper's table 1.
    /// 5 rounds; 88, 88, 184.
    ///
    /// It is the lowest bit of y = 2 x, as the modulus is odd. For a random z of the helper, r = y + z is opened, and y is even if
    /// the lowest bits of r and z are the same, unless r wraps, which is where z > r.
    async fn highest_bit(&self, x: &Share) -> Share {
        let _span = self.party().span("compute_msb");
        let (len, party) = (x.len(), self.party());
        let first = self.two.draw(5);
        if self.is_helper() {
            let [z] =
                Vector::fused(Ops::additions(1), [&self.drawn(first, len)], |[z]| [odd_ring::reduced(z)]);
            let z_shares = odd_shares(&z, &self.drawn(first + 1, len));
            let bits = share_bits(&z, self.two.stream(1 << HELPER, first + 2));
            let lowest = self.drawn(first + 3, len);
            let [rest] =
                Vector::fused(Ops::additions(2), [&z, &lowest], |[z, lowest]| [(z & Wrapping(1)) - lowest]);
            let lowest = [lowest, rest];
            self.send_both([0, 1].map(|to| Vector::concat(&[&bits[to], &z_shares[to], &lowest[to]])));
            self.two.draw(2);
            let compared = self.compared().await;
            let one = self.drawn(first + 4, len);
            let other = compared.sub(&one);
            self.send_both([one, other]);
            return self.mul(&self.helped(len), &self.helped(len)).await;
        }
        let x = &x.component().0;
        let received = receive_ring(party, HELPER).await;
        let at = |part: usize| received.slice((WORDS + part) * len, (WORDS + part + 1) * len);
        let (bits, z, lowest) = (received.slice(0, WORDS * len), at(0), at(1));
        let [mine] =
            Vector::fused(Ops::additions(2), [x, &z], |[x, z]| [odd_ring::add(odd_ring::add(x, x), z)]);
        send(party, self.other(), Message::Ring(mine.clone()));
        let theirs = receive_ring(party, self.other()).await;
        let [r, mask] =
            Vector::fused(Ops::additions(2), [&mine, &theirs, &self.drawn(first, len)], |[x, y, beta]| {
                [odd_ring::add(x, y), beta >> TOP]
            });
        self.compare(&bits, &r, &mask);
        let compared = receive_ring(party, HELPER).await;
        // A shared bit xor one that both know: b + c - 2 b c.
        let ops = Ops::additions(5).and_multiplications(4);
        let [wrapped, odd] = Vector::fused_with(
            ops,
            [party.id() as u64],
            [&compared, &mask, &lowest, &r],
            |[one], [compared, mask, lowest, r]| {
                let lowest_r = r & Wrapping(1);
                [
                    compared + one * mask - Wrapping(2) * mask * compared,
                    lowest + one * lowest_r - Wrapping(2) * lowest_r * lowest,
                ]
            },
        );
        let (wrapped, odd) = (self.own(wrapped), self.own(odd));
        let both = self.mul(&wrapped, &odd).await;
        let ops = Ops::additions(2).and_multiplications(1);
        let parts = [wrapped.component().0, odd.component().0, both.component().0];
        let [bit] = Vector::fused(ops, parts.each_ref(), |[x, y, both]| [x + y - Wrapping(2) * both]);
        self.own(bit)
    }
}

impl Start for SecureNn {
    const DEALERS: usize = 1;
    const COSTS: &'static [Declared] = COSTS;
    const IDEAL: Ideal = Ideal {
        truncation: TruncationLaw::SharesShifted { most_bits: LOCALLY_TRUNCATED_BITS },
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
        if bits <= LOCALLY_TRUNCATED_BITS {
            assert!(0 < shift && shift < bits, "truncation of {bits} bits by {shift}");
            let _span = self.party().span("truncate");
            if self.is_helper() {
                return self.helped(x.len());
            }
            return self.own(local_truncation(&x.component().0, self.party().id(), shift));
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
