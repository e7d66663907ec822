//! `rep3`: semi-honest replicated secret sharing among three parties over Z_2^64.
//!
//! x = x_0 + x_1 + x_2. Party i holds (x_i, x_{i+1}), so x_i is known to the parties i and i-1, who also have a common
//! key for random streams. Bits are shared in the same way with xor.
//!
//! Sources: Araki, Furukawa, Lindell, Nof, Ohara, "High-throughput semi-honest secure three-party computation with an
//! honest majority" (CCS 2016) for products and openings; Mohassel and Rindal, "ABY3" (CCS 2018), section 5.3, for the
//! local split; Dalskov, Escudero, Keller, "Secure evaluation of quantized neural networks" (PETS 2020), section 3.2.2,
//! for the two-round truncation; the reference system MP-SPDZ for the conversion of bits and the one-message truncation.
//! Above each operation: rounds, and payload bytes per element sent by the parties 0, 1, 2.

use std::borrow::Cow;
use std::cell::Cell;
use std::num::Wrapping;

use super::declared::{Declared, Primitive, Sent};
use super::parts::replicated::zipped;
use super::word::shared_word;
use super::{Components, Message, Protocol, RingShare, Start, Word, Wraps, receive_bits, receive_ring, send};
use crate::ring::{Content, MatMul, Ops, Plane, Purpose, StreamKey, Vector, shift_right_signed};
use crate::sim::{Party, SpanGuard, both};

pub use super::parts::replicated::Replicated;

/// Statistical security in bits of the one-message truncation: it is used where a value of `bits` bits leaves a gap of
/// at least this many bits below the ring size, and then errs with probability 2^-(64 - bits).
pub const STATISTICAL_SECURITY_BITS: u32 = 40;

/// The place of the highest bit.
const TOP: usize = 63;

/// One party of the protocol.
pub struct Rep3 {
    pub(super) party: Party<Message>,
    pub(super) seed: u64,
    pub(super) content: Content,
    /// Bits of a ring element: 64, or 32 for a protocol over Z_2^32 that has such shares. Then the upper halves of words mean nothing.
    pub(super) ring_bits: u32,
    draws: Cell<u64>,
}

impl Rep3 {
    /// Number of parties.
    pub const PARTIES: usize = 3;

    /// The protocol as seen by `party`.
    pub fn new(party: Party<Message>, seed: u64, content: Content) -> Self {
        assert_eq!(party.parties(), Self::PARTIES, "rep3 is a protocol of three parties");
        Rep3 { party, seed, content, ring_bits: u64::BITS, draws: Cell::new(0) }
    }

    /// The same with shares over Z_2^32.
    pub(super) fn over_32_bits(self) -> Self {
        Rep3 { ring_bits: u32::BITS, ..self }
    }

    /// Ring elements as a message.
    pub(super) fn ring_message(&self, x: &Vector) -> Message {
        if self.ring_bits == u64::BITS { Message::Ring(x.clone()) } else { Message::ring32(x) }
    }

    /// A component without what means nothing: a number from zero to the size of the ring. Local.
    fn lowest(&self, component: &Vector) -> Vector {
        if self.ring_bits == u64::BITS {
            return component.clone();
        }
        component.scale(1 << (u64::BITS - self.ring_bits)).shift_right(u64::BITS - self.ring_bits)
    }

    pub(super) fn next(&self) -> usize {
        (self.party.id() + 1) % 3
    }

    pub(super) fn previous(&self) -> usize {
        (self.party.id() + 2) % 3
    }

    /// Numbers the draws of this strand; every party takes as many numbers for an operation, whatever it draws.
    pub(super) fn draw(&self) -> u64 {
        self.draws.replace(self.draws.get() + 1)
    }

    /// The stream that the holders of `component` have in common.
    pub(super) fn stream(&self, component: usize, counter: u64) -> StreamKey {
        assert!(component == self.party.id() || component == self.next(), "a stream of two other parties");
        let parties = 1 << component | 1 << ((component + 2) % 3);
        StreamKey { seed: self.seed, purpose: Purpose::Shared, parties, strand: self.party.strand(), counter }
    }

    fn shared_vector(&self, component: usize, counter: u64, len: usize) -> Vector {
        self.stream(component, counter).vector(self.content, len)
    }

    /// (r, s) with z_i = r - s, where z_0 + z_1 + z_2 = 0, uniform otherwise. Araki et al., section 2.2.
    pub(super) fn zero_share(&self, len: usize) -> (Vector, Vector) {
        let counter = self.draw();
        (self.shared_vector(self.party.id(), counter, len), self.shared_vector(self.next(), counter, len))
    }

    /// The same for bits, z_i = r xor s, for planes of the given lengths: whole words for each.
    fn zero_bits(&self, lens: impl Iterator<Item = usize>) -> [Plane; 2] {
        let counter = self.draw();
        let total = lens.map(|len| len.next_multiple_of(64)).sum();
        [self.party.id(), self.next()]
            .map(|component| self.stream(component, counter).planes(self.content, total, 1).remove(0))
    }

    /// This party's parts of products of bits, masked. Local.
    pub(super) fn and_parts(&self, pairs: &[[&Replicated<Plane>; 2]]) -> Vec<Plane> {
        let [r, s] = self.zero_bits(pairs.iter().map(|[x, _]| x.elements()));
        let planes: Vec<_> = pairs.iter().map(|[x, y]| [&x.own, &x.next, &y.own, &y.next]).collect();
        Plane::fused_with_masks(6, &planes, [&r, &s], |[x, x_next, y, y_next, r, s]| {
            (x & (y ^ y_next)) ^ (x_next & y) ^ (r ^ s)
        })
    }

    /// [`Protocol::and`] with bits in messages as they are made of planes.
    pub(super) async fn and_sent_as(
        &self,
        pairs: &[[&Replicated<Plane>; 2]],
        message: fn(Vec<Plane>) -> Message,
    ) -> Vec<Replicated<Plane>> {
        if pairs.is_empty() {
            return Vec::new();
        }
        let _span = self.party.span("and");
        let own = self.and_parts(pairs);
        send(&self.party, self.previous(), message(own.clone()));
        let next = receive_bits(&self.party, self.next()).await;
        zipped(own, next)
    }

    /// A sharing by its components; only those held are asked for.
    pub(super) fn held<T>(&self, component: impl Fn(usize) -> T) -> Replicated<T> {
        Replicated { own: component(self.party.id()), next: component(self.next()) }
    }

    /// One of the two components that are held, by its number.
    pub(super) fn of<'a, T>(&self, x: &'a Replicated<T>, component: usize) -> &'a T {
        if component == self.party.id() { &x.own } else { &x.next }
    }

    /// Each component that is held, with its number, as another.
    pub(super) fn mapped<T, U>(&self, x: &Replicated<T>, f: impl Fn(usize, &T) -> U) -> Replicated<U> {
        Replicated { own: f(self.party.id(), &x.own), next: f(self.next(), &x.next) }
    }

    fn zeros(&self, len: usize) -> Vector {
        Vector::constant(self.content, len, 0)
    }

    /// This party's part of the sum that is a dot product, masked: x_i y_i + x_i y_{i+1} + x_{i+1} y_i + zero_i, summed over
    /// `width` elements each. Local.
    pub(super) fn dot_part(&self, x: &Replicated<Vector>, y: &Replicated<Vector>, width: usize) -> Vector {
        let (r, s) = self.zero_share(x.len() / width);
        let (factors, cross) = ([&x.own, &x.next, &y.own, &y.next], Ops::additions(2).and_multiplications(2));
        let [mine] = if width == 1 {
            let ops = Ops::additions(4).and_multiplications(2);
            let [x, x_next, y, y_next] = factors;
            Vector::fused(ops, [x, x_next, y, y_next, &r, &s], |[x, x_next, y, y_next, r, s]| {
                [x * (y + y_next) + x_next * y + (r - s)]
            })
        } else {
            let [cross] =
                Vector::fused(cross, factors, |[x, x_next, y, y_next]| [x * (y + y_next) + x_next * y]);
            Vector::fused(Ops::additions(2), [&cross.row_sums(width), &r, &s], |[sum, r, s]| [sum + (r - s)])
        };
        mine
    }

    /// The same of a matrix product. Local.
    pub(super) fn matmul_part(
        &self,
        x: &Replicated<Vector>,
        y: &Replicated<Vector>,
        shape: MatMul,
    ) -> Vector {
        let (r, s) = self.zero_share(shape.rows * shape.columns);
        let terms: [(_, &[_]); 2] = [(&x.own, &[&y.own, &y.next]), (&x.next, &[&y.own])];
        let product = Vector::sum_of_products(&terms, shape);
        let [mine] = Vector::fused(Ops::additions(2), [&product, &r, &s], |[sum, r, s]| [sum + (r - s)]);
        mine
    }

    /// Turns additive components (one a party) into replicated ones. 1 round; 8, 8, 8.
    async fn reshare(&self, mine: Vector) -> Replicated<Vector> {
        send(&self.party, self.previous(), self.ring_message(&mine));
        let next = receive_ring(&self.party, self.next()).await;
        Replicated { own: mine, next }
    }

    /// u xor w as a ring element, where party 0 knows u and the parties 1 and 2 know w, or will once `w` is ready.
    /// u + w - 2 u w with u = u_0 + u_1: party 2 inputs u_0 w, party 1 inputs u_1 w. 2 rounds; 8, 8, 8.
    async fn xor_to_ring(
        &self,
        len: usize,
        u: impl FnOnce() -> Vector,
        w: impl AsyncFnOnce() -> Vector,
    ) -> Replicated<Vector> {
        let (draw_u, draw_g, draw_h) = (self.draw(), self.draw(), self.draw());
        // One function for each component, since two parties hold it.
        let component_0_or_1 = |u: &Vector, product: &Vector| {
            let ops = Ops::additions(1).and_multiplications(1);
            let [component] = Vector::fused(ops, [u, product], |[u, product]| [u - Wrapping(2) * product]);
            component
        };
        let component_2 = |w: &Vector, g_2: &Vector, h_2: &Vector| {
            let ops = Ops::additions(2).and_multiplications(1);
            let [component] =
                Vector::fused(ops, [w, g_2, h_2], |[w, g_2, h_2]| [w - Wrapping(2) * (g_2 + h_2)]);
            component
        };
        match self.party.id() {
            0 => {
                let u_0 = self.shared_vector(0, draw_u, len);
                let u_1 = u().sub(&u_0);
                send(&self.party, 1, self.ring_message(&u_1));
                let h_1 = self.shared_vector(1, draw_h, len);
                let g_0 = receive_ring(&self.party, 2).await;
                Replicated { own: component_0_or_1(&u_0, &g_0), next: component_0_or_1(&u_1, &h_1) }
            }
            1 => {
                let (w, u_1) = both(w(), receive_ring(&self.party, 0)).await;
                let h_1 = self.shared_vector(1, draw_h, len);
                let ops = Ops::additions(1).and_multiplications(1);
                let [h_2] = Vector::fused(ops, [&u_1, &w, &h_1], |[u_1, w, h_1]| [u_1 * w - h_1]);
                send(&self.party, 2, self.ring_message(&h_2));
                let g_2 = self.shared_vector(2, draw_g, len);
                Replicated { own: component_0_or_1(&u_1, &h_1), next: component_2(&w, &g_2, &h_2) }
            }
            _ => {
                let w = w().await;
                let u_0 = self.shared_vector(0, draw_u, len);
                let g_2 = self.shared_vector(2, draw_g, len);
                let ops = Ops::additions(1).and_multiplications(1);
                let [g_0] = Vector::fused(ops, [&u_0, &w, &g_2], |[u_0, w, g_2]| [u_0 * w - g_2]);
                send(&self.party, 0, self.ring_message(&g_0));
                let h_2 = receive_ring(&self.party, 1).await;
                Replicated { own: component_2(&w, &g_2, &h_2), next: component_0_or_1(&u_0, &g_0) }
            }
        }
    }

    /// The one-message truncation. Party 1 knows c = x_1 + x_2 - 1, the others know r = x_0, and c + r = x - 1 does not
    /// wrap except with probability 2^-(64 - bits): the result is (c >> shift) + (r >> shift) + 1. 1 round; 0, 8, 0.
    async fn truncate_big_gap(&self, x: &Replicated<Vector>, shift: u32) -> Replicated<Vector> {
        let (len, counter) = (x.len(), self.draw());
        let constants = [shift.into()];
        let of_r = |r: &Vector| {
            let [y_0] = Vector::fused_with(Ops::additions(2), constants, [r], |[shift], [r]| {
                [shift_right_signed(r, shift.0 as u32) + Wrapping(1)]
            });
            y_0
        };
        match self.party.id() {
            0 => Replicated { own: of_r(&x.own), next: self.shared_vector(1, counter, len) },
            1 => {
                let y_1 = self.shared_vector(1, counter, len);
                let (ops, factors) = (Ops::additions(4), [&x.own, &x.next, &y_1]);
                let [y_2] = Vector::fused_with(ops, constants, factors, |[shift], [x_1, x_2, y_1]| {
                    let c = x_1 + x_2 - Wrapping(1);
                    [shift_right_signed(c, shift.0 as u32) - y_1]
                });
                send(&self.party, 2, Message::Ring(y_2.clone()));
                Replicated { own: y_1, next: y_2 }
            }
            _ => Replicated { own: receive_ring(&self.party, 1).await, next: of_r(&x.next) },
        }
    }

    /// The exact two-round truncation. With v = x + 2^(bits-1) >= 0, party 1 knows c = x_1 + x_2 + 2^(bits-1) - 1, the
    /// others know r = x_0, and c + r = v - 1 wraps exactly if one of the top bits is set. The result is
    /// (c >> shift) + (r >> shift) + 1 - 2^(64-shift) (msb c or msb r) - 2^(bits-shift-1).
    /// Party 1 inputs c >> shift and msb c = b_1 + b_2, party 0 inputs d = b_1 msb r, party 2 inputs e = b_2 msb r.
    /// 2 rounds; 8, 16, 8.
    async fn truncate_small_gap(&self, x: &Replicated<Vector>, bits: u32, shift: u32) -> Replicated<Vector> {
        let len = x.len();
        let (draw_a, draw_b, draw_d, draw_e) = (self.draw(), self.draw(), self.draw(), self.draw());
        let wrap = 1u64 << (64 - shift);
        // One function for each component, since two parties hold it.
        let component_0 = |r: &Vector, d_0: &Vector, e_0: &Vector| {
            let ops = Ops::additions(5).and_multiplications(1);
            let constants = [shift.into(), wrap, 1u64.wrapping_sub(1 << (bits - shift - 1))];
            let [component] = Vector::fused_with(
                ops,
                constants,
                [r, d_0, e_0],
                |[shift, wrap, constant], [r, d_0, e_0]| {
                    [(r >> shift.0 as usize) - wrap * ((r >> TOP) - d_0 - e_0) + constant]
                },
            );
            component
        };
        // Component 1 of (a_1, b_1, d_1), component 2 of (a_2, b_2, e_2).
        let component = |a: &Vector, b: &Vector, part: &Vector| {
            let ops = Ops::additions(2).and_multiplications(1);
            let [component] =
                Vector::fused_with(ops, [wrap], [a, b, part], |[wrap], [a, b, part]| [a - wrap * (b - part)]);
            component
        };
        match self.party.id() {
            0 => {
                let (a_1, b_1) = (self.shared_vector(1, draw_a, len), self.shared_vector(1, draw_b, len));
                let d_0 = self.shared_vector(0, draw_d, len);
                let ops = Ops::additions(2).and_multiplications(1);
                let [d_1] =
                    Vector::fused(ops, [&x.own, &b_1, &d_0], |[r, b_1, d_0]| [(r >> TOP) * b_1 - d_0]);
                send(&self.party, 1, Message::Ring(d_1.clone()));
                let e_0 = receive_ring(&self.party, 2).await;
                Replicated { own: component_0(&x.own, &d_0, &e_0), next: component(&a_1, &b_1, &d_1) }
            }
            1 => {
                let (a_1, b_1) = (self.shared_vector(1, draw_a, len), self.shared_vector(1, draw_b, len));
                let (ops, constants) = (Ops::additions(6), [shift.into(), (1u64 << (bits - 1)) - 1]);
                let operands = [&x.own, &x.next, &a_1, &b_1];
                let [a_2, b_2] =
                    Vector::fused_with(ops, constants, operands, |[shift, half], [x_1, x_2, a_1, b_1]| {
                        let c = x_1 + x_2 + half;
                        [(c >> shift.0 as usize) - a_1, (c >> TOP) - b_1]
                    });
                send(&self.party, 2, Message::Ring(Vector::concat(&[&a_2, &b_2])));
                let e_2 = self.shared_vector(2, draw_e, len);
                let d_1 = receive_ring(&self.party, 0).await;
                Replicated { own: component(&a_1, &b_1, &d_1), next: component(&a_2, &b_2, &e_2) }
            }
            _ => {
                // msb r, which this party can get ready before it waits.
                Ops::additions(1).count(len);
                let d_0 = self.shared_vector(0, draw_d, len);
                let e_2 = self.shared_vector(2, draw_e, len);
                let received = receive_ring(&self.party, 1).await;
                let (a_2, b_2) = (received.slice(0, len), received.slice(len, 2 * len));
                let ops = Ops::additions(1).and_multiplications(1);
                let [e_0] =
                    Vector::fused(ops, [&x.next, &b_2, &e_2], |[r, b_2, e_2]| [(r >> TOP) * b_2 - e_2]);
                send(&self.party, 0, Message::Ring(e_0.clone()));
                Replicated { own: component(&a_2, &b_2, &e_2), next: component_0(&x.next, &d_0, &e_0) }
            }
        }
    }
}

impl Start for Rep3 {
    const COSTS: &'static [Declared] = COSTS;

    fn start(party: Party<Message>, seed: u64, content: Content) -> Self {
        Rep3::new(party, seed, content)
    }
}

impl Protocol for Rep3 {
    type Share = Replicated<Vector>;
    type Bits = Replicated<Plane>;
    type Cut = ();

    fn content(&self) -> Content {
        self.content
    }

    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.party.span(name)
    }

    fn fork(&self, n: usize) -> Vec<Self> {
        let (seed, content, ring_bits) = (self.seed, self.content, self.ring_bits);
        let handle = |party| Rep3 { party, seed, content, ring_bits, draws: Cell::new(0) };
        self.party.fork_n(n).into_iter().map(handle).collect()
    }

    /// Component 0 is the public vector, the others are zero. Local.
    fn public(&self, x: &Vector) -> Self::Share {
        let component = |i| if i == 0 { x.clone() } else { self.zeros(x.len()) };
        Replicated { own: component(self.party.id()), next: component(self.next()) }
    }

    fn public_plane(&self, x: &Plane) -> Self::Bits {
        let component = |i| if i == 0 { x.clone() } else { Plane::zeros(self.content, x.len()) };
        Replicated { own: component(self.party.id()), next: component(self.next()) }
    }

    /// The owner o draws x_o with party o - 1 and sends x_{o+1} = x - x_o to party o + 1; the last component is zero.
    /// 1 round; 8 by the owner.
    async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> Self::Share {
        let _span = self.party.span("input");
        let counter = self.draw();
        let id = self.party.id();
        if id == owner {
            let secret = secret.expect("the owner gives the secret");
            assert_eq!(secret.len(), len, "a secret of another length than announced");
            let own = self.shared_vector(owner, counter, len);
            let next = secret.sub(&own);
            send(&self.party, self.next(), self.ring_message(&next));
            Replicated { own, next }
        } else if id == (owner + 1) % 3 {
            let own = receive_ring(&self.party, owner).await;
            Replicated { own, next: self.zeros(len) }
        } else {
            Replicated { own: self.zeros(len), next: self.shared_vector(owner, counter, len) }
        }
    }

    /// Party i sends x_i to party i + 1, who lacks it. 1 round; 8, 8, 8.
    async fn open(&self, x: &Self::Share) -> Vector {
        let _span = self.party.span("open");
        send(&self.party, self.next(), self.ring_message(&x.own));
        let missing = receive_ring(&self.party, self.previous()).await;
        let [opened] = Vector::fused(Ops::additions(2), [&x.own, &x.next, &missing], |[a, b, c]| [a + b + c]);
        if self.ring_bits == u64::BITS { opened } else { opened.signed(self.ring_bits) }
    }

    /// The same for bits. 1 round; 1/8, 1/8, 1/8 a bit.
    async fn open_bits(&self, x: &[Self::Bits]) -> Vec<Plane> {
        let _span = self.party.span("open_bits");
        send(&self.party, self.next(), Message::Bits(x.iter().map(|b| b.own.clone()).collect()));
        let missing = receive_bits(&self.party, self.previous()).await;
        x.iter().zip(&missing).map(|(b, m)| b.own.xor(&b.next).xor(m)).collect()
    }

    /// z_i = x_i y_i + x_i y_{i+1} + x_{i+1} y_i + zero_i, summed before it is sent. 1 round; 8, 8, 8 a result.
    async fn dot(&self, x: &Self::Share, y: &Self::Share, width: usize) -> Self::Share {
        let _span = self.party.span(if width == 1 { "mul" } else { "dot" });
        self.reshare(self.dot_part(x, y, width)).await
    }

    /// The same for matrices: x_i (y_i + y_{i+1}) + x_{i+1} y_i + zero_i. 1 round; 8, 8, 8 an entry of the result.
    async fn matmul(&self, x: &Self::Share, y: &Self::Share, shape: MatMul) -> Self::Share {
        let _span = self.party.span("matmul");
        self.reshare(self.matmul_part(x, y, shape)).await
    }

    /// The product over GF(2). 1 round; 1/8, 1/8, 1/8 a bit.
    async fn and(&self, pairs: &[[&Self::Bits; 2]]) -> Vec<Self::Bits> {
        self.and_sent_as(pairs, Message::Bits).await
    }

    async fn truncate(&self, x: &Self::Share, bits: u32, shift: u32) -> Self::Share {
        assert!(0 < shift && shift < bits && bits < 64, "truncation of {bits} bits by {shift}");
        let _span = self.party.span("truncate");
        if bits + STATISTICAL_SECURITY_BITS <= 64 {
            self.truncate_big_gap(x, shift).await
        } else {
            self.truncate_small_gap(x, bits, shift).await
        }
    }

    /// Summand j is x_j, shared as (x_j, 0, 0) rotated by j: its holders set the others to zero. Local.
    async fn summands(&self, x: &Self::Share, bits: u32) -> Vec<Word<Self::Bits>> {
        let own = Plane::split(&x.own, bits as usize);
        let next = Plane::split(&x.next, bits as usize);
        let zero = Plane::zeros(self.content, x.len());
        let part =
            |planes: &[Plane], held: bool, bit: usize| if held { planes[bit].clone() } else { zero.clone() };
        let summand = |j: usize| {
            let bit = |bit| Replicated {
                own: part(&own, j == self.party.id(), bit),
                next: part(&next, j == self.next(), bit),
            };
            shared_word((0..bits as usize).map(bit).collect())
        };
        (0..3).map(summand).collect()
    }

    /// The components wrap at the size of the ring. Local.
    async fn cut(
        &self,
        x: &Self::Share,
        bits: u32,
        _at: u32,
        wraps: Wraps,
    ) -> (Vec<Word<Self::Bits>>, Self::Cut) {
        let bits = if wraps == Wraps::Counted { self.ring_bits } else { bits };
        (self.summands(x, bits).await, ())
    }

    /// Each component shifted. Local.
    async fn shifted(&self, x: &Self::Share, at: u32, _cut: &Self::Cut) -> Self::Share {
        Self::Share::combine([x], |c| self.lowest(c[0]).shift_right(at))
    }

    async fn remainder(&self, x: &Self::Share, at: u32, _cut: &Self::Cut) -> Self::Share {
        Self::Share::combine([x], |c| c[0].sub(&c[0].shift_right(at).scale(1 << at)))
    }

    /// Each component is a uniform number. Local.
    async fn random(&self, len: usize, bits: u32) -> (Self::Share, Vec<Word<Self::Bits>>) {
        let counter = self.draw();
        let component = |i| self.shared_vector(i, counter, len).shift_right(64 - bits);
        let value = Replicated { own: component(self.party.id()), next: component(self.next()) };
        let summands = self.summands(&value, bits).await;
        (value, summands)
    }

    /// Party 0 knows u = b_0 xor b_1, the parties 1 and 2 know b_2. 2 rounds; 8, 8, 8 a bit.
    async fn bits_to_ring(&self, x: &[Self::Bits]) -> Vec<Self::Share> {
        let _span = self.party.span("bits_to_ring");
        let lens: Vec<usize> = x.iter().map(Components::elements).collect();
        let u = || {
            let known: Vec<_> = x.iter().map(|b| [&b.own, &b.next]).collect();
            Plane::to_ring(&Plane::fused(1, &known, |[b_0, b_1]| b_0 ^ b_1))
        };
        let w = async || {
            let b_2 =
                |b: &Replicated<Plane>| if self.party.id() == 1 { b.next.clone() } else { b.own.clone() };
            Plane::to_ring(&x.iter().map(b_2).collect::<Vec<_>>())
        };
        let all = self.xor_to_ring(lens.iter().sum(), u, w).await;
        let mut start = 0;
        lens.iter()
            .map(|len| {
                start += len;
                all.slice(start - len, start)
            })
            .collect()
    }

    /// Before the product z = z_0 xor z_1 xor z_2 is shared again, the parties 1 and 2 tell each other z_1 and z_2, while
    /// party 0 already inputs z_0: one round less than `and` followed by `bits_to_ring`. z_1 is masked by a key of the
    /// parties 0 and 1, z_2 by one of the parties 0 and 2, as in `and`. 2 rounds; 8, 8 1/8, 8 1/8.
    async fn and_to_ring(&self, x: &Self::Bits, y: &Self::Bits, t: &Self::Bits) -> Self::Share {
        let _span = self.party.span("and_to_ring");
        let [r, s] = self.zero_bits([x.elements()].into_iter());
        let factors = [&x.own, &x.next, &y.own, &y.next];
        let product = Plane::fused_with_masks(6, &[factors], [&r, &s], |[x, x_next, y, y_next, r, s]| {
            (x & (y ^ y_next)) ^ (x_next & y) ^ (r ^ s)
        });
        let mine = &product[0].xor(&t.own);
        let u = || Plane::compose(std::slice::from_ref(mine));
        let w = async || {
            let other = 3 - self.party.id();
            send(&self.party, other, Message::Bits(vec![mine.clone()]));
            let theirs = receive_bits(&self.party, other).await.remove(0);
            Plane::compose(&[mine.xor(&theirs)])
        };
        self.xor_to_ring(x.elements(), u, w).await
    }
}

/// Every party sends to the one before it.
const RESHARE: &[Sent] = &[Sent::elements(0, 2, 1), Sent::elements(1, 0, 1), Sent::elements(2, 1, 1)];
const RESHARE_BITS: &[Sent] = &[Sent::bits(0, 2, 1), Sent::bits(1, 0, 1), Sent::bits(2, 1, 1)];
/// Every party sends to the one after it.
pub(super) const OPEN: &[Sent] = &[Sent::elements(0, 1, 1), Sent::elements(1, 2, 1), Sent::elements(2, 0, 1)];
const OPEN_BITS: &[Sent] = &[Sent::bits(0, 1, 1), Sent::bits(1, 2, 1), Sent::bits(2, 0, 1)];

/// What the operations cost that others with such shares do in the same way.
pub(super) const INPUT: Declared = Declared::online(
    Primitive::Input,
    "x less a component that the owner and another draw, told to the third",
    &[&[Sent::elements(0, 1, 1)]],
);
pub(super) const OPENING: Declared =
    Declared::online(Primitive::Open, "each tells the next one the component that it lacks", &[OPEN]);
pub(super) const MUL: Declared =
    Declared::online(Primitive::Mul, "z_i = x_i y_i + x_i y_(i+1) + x_(i+1) y_i + zero_i", &[RESHARE]);
pub(super) const DOT: Declared =
    Declared::online(Primitive::Dot, "the same, summed before it is shared again", &[RESHARE]);
pub(super) const MATMUL: Declared = Declared::online(Primitive::MatMul, "the same for matrices", &[RESHARE]);

/// What the operations cost.
const COSTS: &[Declared] = &[
    INPUT,
    OPENING,
    Declared::online(Primitive::OpenBits, "the same for bits", &[OPEN_BITS]),
    MUL,
    DOT,
    MATMUL,
    Declared::online(Primitive::And, "the same over GF(2)", &[RESHARE_BITS]),
    Declared::online(
        Primitive::Truncate,
        "(c >> shift) + (r >> shift) + 1 - 2^(64-shift) (msb c or msb r) - 2^(bits-shift-1) with \
         c = x_1 + x_2 + 2^(bits-1) - 1, r = x_0",
        &[&[Sent::elements(0, 1, 1), Sent::elements(1, 2, 2)], &[Sent::elements(2, 0, 1)]],
    ),
    Declared::online(
        Primitive::TruncateGap,
        "(c >> shift) + (r >> shift) + 1 with c = x_1 + x_2 - 1, r = x_0",
        &[&[Sent::elements(1, 2, 1)]],
    ),
    Declared::online(Primitive::Summands, "the components", &[]),
    Declared::online(Primitive::Cut, "the components", &[]),
    Declared::online(Primitive::Random, "components of which each is drawn by two", &[]),
    Declared::online(
        Primitive::BitsToRing,
        "u + b_2 - 2 u b_2 with u = b_0 xor b_1",
        &[&[Sent::elements(0, 1, 1), Sent::elements(2, 0, 1)], &[Sent::elements(1, 2, 1)]],
    ),
    Declared::online(
        Primitive::AndToRing,
        "the same for the bits of a product that is not shared again",
        &[
            &[Sent::elements(0, 1, 1), Sent::bits(1, 2, 1), Sent::bits(2, 1, 1)],
            &[Sent::elements(1, 2, 1), Sent::elements(2, 0, 1)],
        ],
    ),
];
