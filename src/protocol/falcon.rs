//! `falcon`: three parties with replicated shares over Z_2^64 or Z_2^32, semi-honest, as Falcon compares and truncates. With products and
//! openings that are checked it is [`super::falcon_malicious`].
//!
//! Shares, inputs, openings and products are those of [`super::rep3`]: x = x_0 + x_1 + x_2, party i holds (x_i, x_{i+1}). Falcon's own:
//! * **truncation** opens x under a prepared mask. A product that is truncated is opened before it is shared again, through party 2;
//! * **comparison** counts how often the components of 2 x wrap (Wrap3): 2 x is opened under a mask of which the bits are shared
//!   modulo 67, and the opened number is compared with the mask bit by bit (PrivateCompare);
//! * bits become ring elements by opening them under random bits that are shared in both ways (SelectShares).
//!
//! Bits and residues take a byte each in messages, as the authors send them. Offline material is in [`super::parts::falcon_offline`].
//!
//! Source: Wagh, Tople, Benhamouda, Kushilevitz, Mittal, Rabin, "Falcon: Honest-majority maliciously secure framework for private deep
//! learning" (PETS 2021), and the authors' program (github.com/snwagh/falcon-public), whose faults are not repeated: docs/fidelity.md.
//! The pair of a truncation has one bit more than the paper's, so that a result is never wrong by a wrap, whatever x is.
//! Numbers modulo 2^32 stand in the lower halves of words, of which the upper ones mean nothing; what is to be compared stands in the upper
//! halves, so that it wraps where words do.
//! Above each operation: rounds, and payload bytes per element sent by the parties 0, 1, 2 with ring elements of 64 bits.

use std::borrow::Cow;
use std::num::Wrapping;

use super::declared::{Declared, Primitive, Sent};
use super::demand::{Request, Supply};
use super::parts::bit_triples::held_planes;
use super::parts::falcon_offline::{Masks, Material, Signs};
use super::parts::falcon_parties::Parties;
use super::parts::replicated::Replicated;
use super::parts::residue_shares::{Residue, Told};
use super::rep3;
use super::{
    BitShare, Components, Demand, Ideal, Message, Protocol, Rep3, RingShare, Start, Truncation, Word, Wraps,
    send,
};
use crate::ring::{Content, Element, MatMul, Ops, Plane, Vector};
use crate::sim::{Party, SpanGuard, all};

/// The place of the highest bit of a word.
const TOP: usize = 63;
/// Bytes of a key.
const KEY_BYTES: u64 = 16;

/// One party of the protocol, with ring elements of so many bits: 64 or 32; what it opens and multiplies is done as `P` does.
pub struct FalconOver<const RING_BITS: u32, P> {
    pub(super) parties: P,
}

/// The protocol over Z_2^64.
pub type Falcon = FalconOver<64, SemiHonest>;
/// The same over Z_2^32.
pub type Falcon32 = FalconOver<32, SemiHonest>;

/// One of three parties who follow the protocol.
pub struct SemiHonest {
    rep3: Rep3,
    supply: Supply<Material>,
}

impl<const RING_BITS: u32> Parties<RING_BITS> for SemiHonest {
    const COSTS: &'static [Declared] = Costs::<RING_BITS>::DECLARED;
    const TRUNCATES_FIRST: bool = true;

    fn new(rep3: Rep3) -> Self {
        SemiHonest { rep3, supply: Supply::default() }
    }

    fn rep3(&self) -> &Rep3 {
        &self.rep3
    }

    fn supply(&self) -> &Supply<Material> {
        &self.supply
    }

    fn fork(&self, n: usize) -> Vec<Self> {
        let handle = |(rep3, supply)| SemiHonest { rep3, supply };
        self.rep3.fork(n).into_iter().zip(self.supply.fork(n)).map(handle).collect()
    }

    /// Each party tells the next. 1 round.
    async fn missing<T>(&self, x: &Replicated<T>, message: impl Fn(&T) -> Message) -> Message {
        send(&self.rep3.party, self.rep3.next(), message(&x.own));
        self.rep3.party.recv(self.rep3.previous()).await
    }

    async fn dot(&self, x: &Replicated<Vector>, y: &Replicated<Vector>, width: usize) -> Replicated<Vector> {
        self.rep3.dot(x, y, width).await
    }

    async fn matmul(
        &self,
        x: &Replicated<Vector>,
        y: &Replicated<Vector>,
        shape: MatMul,
    ) -> Replicated<Vector> {
        self.rep3.matmul(x, y, shape).await
    }

    async fn and(&self, pairs: &[[&Replicated<Plane>; 2]]) -> Vec<Replicated<Plane>> {
        self.rep3.and_sent_as(pairs, Message::Bytes).await
    }

    async fn residue_products(
        &self,
        x: &Replicated<Residue>,
        y: &Replicated<Residue>,
        told: Told,
    ) -> Replicated<Residue> {
        self.rep3.residue_products(x, y, told).await
    }

    /// All side by side.
    async fn make(&self, demand: &Demand) -> Vec<Material> {
        let strands = self.rep3.fork(demand.requests.len());
        let made = strands.iter().zip(demand.requests.values());
        all(made.map(|(strand, request)| Material::make(strand, request)).collect()).await
    }

    async fn check(&self) {}
}

/// Whether x + y wraps, for the sum in words: 1 or 0.
fn carry(x: Element, y: Element, sum: Element) -> Element {
    ((x & y) | ((x | y) & !sum)) >> TOP
}

impl<const RING_BITS: u32, P: Parties<RING_BITS>> FalconOver<RING_BITS, P> {
    /// Number of parties.
    pub const PARTIES: usize = Rep3::PARTIES;
    /// Bits of a word above a ring element.
    pub(super) const ABOVE: u32 = u64::BITS - RING_BITS;

    pub(super) fn rep3(&self) -> &Rep3 {
        self.parties.rep3()
    }

    fn take(&self, request: Request) -> Material {
        Material::take(self.parties.supply(), self.rep3(), request)
    }

    fn take_masks(&self, len: usize, Truncation { bits, shift }: Truncation) -> Masks {
        match self.take(Request::Truncations { len, bits, shift }) {
            Material::Masks(masks) => masks,
            _ => panic!("something else in the place of masks"),
        }
    }

    fn take_signs(&self, len: usize) -> Signs {
        match self.take(Request::Comparisons { len }) {
            Material::Signs(signs) => signs,
            _ => panic!("something else in the place of what a comparison takes"),
        }
    }

    fn take_bits(&self, len: usize) -> Replicated<Vector> {
        match self.take(Request::Bits { len }) {
            Material::Bits(bits) => bits,
            _ => panic!("something else in the place of bits"),
        }
    }

    /// A component of x + r' + 2^(bits-1), moved to the top: what is above is not told.
    fn masked(&self, component: usize, x: &Vector, mask: &Vector, bits: u32) -> Vector {
        let half = if component == 0 { 1 << (bits - 1) } else { 0 };
        let constants = [half, 1 << (TOP as u32 - bits)];
        let ops = Ops::additions(2).and_multiplications(1);
        let [masked] = Vector::fused_with(ops, constants, [x, mask], |[half, scale], [x, mask]| {
            [(x + mask + half) * scale]
        });
        masked
    }

    /// Ring elements in the upper ends of words, as a message.
    fn top_message(&self, x: &Vector) -> Message {
        if RING_BITS == u64::BITS {
            Message::Ring(x.clone())
        } else {
            Message::Ring32(x.shift_right(Self::ABOVE))
        }
    }

    /// What such a message says.
    fn top_of(&self, message: Message) -> Vector {
        let received = message.into_ring();
        if RING_BITS == u64::BITS { received } else { received.scale(1 << Self::ABOVE) }
    }

    /// The same, received.
    async fn receive_top(&self, from: usize) -> Vector {
        self.top_of(self.rep3().party.recv(from).await)
    }

    /// The component that this party lacks of ring elements in the upper ends of words.
    async fn missing_top(&self, x: &Replicated<Vector>) -> Vector {
        let _span = self.rep3().party.span("open");
        self.top_of(self.parties.missing(x, |x| self.top_message(x)).await)
    }

    /// The truncated number, from v + r' modulo 2^(bits+1) for v = x + 2^(bits-1), which is `opened` shifted to the top. Its bit
    /// above the number, xor the mask's, is what v + r' carried there:
    /// (v + r' modulo 2^bits) >> shift - r + 2^(bits-shift) carry - 2^(bits-shift-1), off by what the lowest bits carry. Local.
    fn unmasked(&self, opened: &Vector, masks: &Masks, truncation: Truncation) -> Replicated<Vector> {
        let Truncation { bits, shift } = truncation;
        let constants = [(u64::BITS - bits + shift).into(), 1u64 << (bits - shift)];
        let ops = Ops::additions(5).and_multiplications(2);
        // What is known, and the factor of the mask's top bit.
        let [known, factor] = Vector::fused_with(ops, constants, [opened], |[down, wrap], [opened]| {
            let above = opened >> TOP;
            let shifted = (opened + opened) >> down.0 as usize;
            [shifted - (wrap >> 1) + wrap * above, wrap - Wrapping(2) * wrap * above]
        });
        let unknown = Replicated::combine([&masks.top, &masks.upper], |[top, upper]| {
            let ops = Ops::additions(1).and_multiplications(1);
            let [unknown] =
                Vector::fused(ops, [top, &factor, upper], |[top, factor, upper]| [top * factor - upper]);
            unknown
        });
        unknown.add(&self.rep3().public(&known))
    }

    /// A sum of one part of each party, truncated: the parties 0 and 1 tell party 2 their masked parts, who tells them the sum.
    /// 2 rounds; 8, 8, 16.
    async fn truncated(&self, mine: Vector, truncation: Truncation) -> Replicated<Vector> {
        let Truncation { bits, shift } = truncation;
        assert!(0 < shift && shift < bits && bits < RING_BITS, "truncation of {bits} bits by {shift}");
        let masks = self.take_masks(mine.len(), truncation);
        let (party, id) = (&self.rep3().party, self.rep3().party.id());
        let mine = self.masked(id, &mine, &masks.mask.own, truncation.bits);
        let opened = if id == 2 {
            let (first, second) = (self.receive_top(0).await, self.receive_top(1).await);
            let [sum] = Vector::fused(Ops::additions(2), [&first, &second, &mine], |[a, b, c]| [a + b + c]);
            (0..2).for_each(|to| send(party, to, self.top_message(&sum)));
            sum
        } else {
            send(party, 2, self.top_message(&mine));
            self.receive_top(2).await
        };
        self.unmasked(&opened, &masks, truncation)
    }

    /// DReLU: the top bits of x 2^(l-bits), shared, for ring elements of l bits. With a = 2 x 2^(l-bits), which is even, and its components a_j:
    /// the top bit is the sum of those of the components and of what the a_j carry (Wrap3). X = a + r is opened; X_j = a_j + r_j wraps
    /// b_j times, the X_j together d times, the r_j as often as was prepared, and a + r once if r > X: all this, summed modulo 2, is what
    /// the a_j carry. r > X is found as r >= X + 1: both are different since a is even, but X + 1 must not wrap.
    /// 9 rounds; 136, 136, 136.
    async fn signs(&self, x: &Replicated<Vector>, bits: u32) -> Replicated<Plane> {
        let _span = self.rep3().party.span("drelu");
        let len = x.len();
        let prepared = self.take_signs(len);
        let constants = [1 << (u64::BITS - bits)];
        let parts = |x: &Vector, r: &Vector| -> [Vector; 2] {
            let ops = Ops::additions(4).and_multiplications(1);
            Vector::fused_with(ops, constants, [x, r], |[scale], [x, r]| {
                let scaled = x * scale;
                let twice = scaled + scaled;
                let sum = twice + r;
                [sum, (scaled >> TOP) ^ carry(twice, r, sum)]
            })
        };
        let [own, own_bit] = parts(&x.own, &prepared.r.own);
        let [next, next_bit] = parts(&x.next, &prepared.r.next);
        let opened = Replicated { own, next };
        let missing = self.missing_top(&opened).await;
        // In the order of components, which is the same for all parties.
        let mut sums = [&opened.own, &opened.next, &missing];
        sums.rotate_right(self.rep3().party.id());
        let ops = Ops::additions(6);
        // X + 1, and what all know of the bits to be summed.
        let [above, known] = Vector::fused_with(ops, [1 << Self::ABOVE], sums, |[one], [x, y, z]| {
            let two = x + y;
            let sum = two + z;
            let above = sum + one;
            let wraps = Wrapping(u64::from(above.0 == 0));
            [above, carry(x, y, two) ^ carry(two, z, sum) ^ wraps]
        });
        let not_less = self.private_compare(&prepared, &above).await;
        let known = Plane::split(&known, 1).remove(0).xor(&not_less);
        let bits = Replicated { own: own_bit, next: next_bit };
        let bits = self.rep3().mapped(&bits, |_, bit| Plane::split(bit, 1).remove(0));
        let sum = bits.xor(&prepared.wrap).xor(&prepared.flip);
        self.rep3().mapped(&sum, |component, bit| if component == 0 { bit.xor(&known) } else { bit.clone() })
    }

    async fn open_bytes(&self, x: &[Replicated<Plane>]) -> Vec<Plane> {
        let _span = self.rep3().party.span("open_bits");
        let held = held_planes(x);
        let missing = self.parties.missing(&held, |x| Message::Bytes(x.clone())).await.into_bits();
        x.iter().zip(&missing).map(|(b, m)| b.own.xor(&b.next).xor(m)).collect()
    }
}

impl<const RING_BITS: u32, P: Parties<RING_BITS>> Start for FalconOver<RING_BITS, P> {
    const COSTS: &'static [Declared] = P::COSTS;
    const IDEAL: Ideal = Ideal { opens_bit_lengths: true, ring_bits: RING_BITS, ..Ideal::GENERIC };

    fn start(party: Party<Message>, seed: u64, content: Content) -> Self {
        const { assert!(RING_BITS == u32::BITS || RING_BITS == u64::BITS) };
        let rep3 = Rep3::new(party, seed, content);
        let rep3 = if RING_BITS == u64::BITS { rep3 } else { rep3.over_32_bits() };
        FalconOver { parties: P::new(rep3) }
    }
}

impl<const RING_BITS: u32, P: Parties<RING_BITS>> Protocol for FalconOver<RING_BITS, P> {
    type Share = Replicated<Vector>;
    type Bits = Replicated<Plane>;
    type Cut = ();

    fn content(&self) -> Content {
        self.rep3().content
    }

    fn ring_bits(&self) -> u32 {
        RING_BITS
    }

    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.rep3().party.span(name)
    }

    fn fork(&self, n: usize) -> Vec<Self> {
        self.parties.fork(n).into_iter().map(|parties| FalconOver { parties }).collect()
    }

    fn public(&self, x: &Vector) -> Self::Share {
        self.rep3().public(x)
    }

    fn public_plane(&self, x: &Plane) -> Self::Bits {
        self.rep3().public_plane(x)
    }

    /// 1 round; 8 by the owner.
    async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> Self::Share {
        self.rep3().input(owner, len, secret).await
    }

    /// 1 round; 8, 8, 8.
    async fn open(&self, x: &Self::Share) -> Vector {
        let _span = self.rep3().party.span("open");
        let missing = self.parties.missing(x, |x| self.rep3().ring_message(x)).await.into_ring();
        let [opened] = Vector::fused(Ops::additions(2), [&x.own, &x.next, &missing], |[a, b, c]| [a + b + c]);
        if RING_BITS == u64::BITS { opened } else { opened.signed(RING_BITS) }
    }

    /// 1 round; 1, 1, 1 a bit.
    async fn open_bits(&self, x: &[Self::Bits]) -> Vec<Plane> {
        self.open_bytes(x).await
    }

    /// 1 round; 8, 8, 8 a result.
    async fn dot(&self, x: &Self::Share, y: &Self::Share, width: usize) -> Self::Share {
        self.parties.dot(x, y, width).await
    }

    /// 1 round; 8, 8, 8 an entry of the result.
    async fn matmul(&self, x: &Self::Share, y: &Self::Share, shape: MatMul) -> Self::Share {
        self.parties.matmul(x, y, shape).await
    }

    /// 1 round; 1, 1, 1 a bit.
    async fn and(&self, pairs: &[[&Self::Bits; 2]]) -> Vec<Self::Bits> {
        self.parties.and(pairs).await
    }

    /// x is opened under a mask. 1 round; 8, 8, 8. Taken: a pair.
    async fn truncate(&self, x: &Self::Share, bits: u32, shift: u32) -> Self::Share {
        assert!(0 < shift && shift < bits && bits < RING_BITS, "truncation of {bits} bits by {shift}");
        let _span = self.rep3().party.span("truncate");
        let truncation = Truncation { bits, shift };
        let masks = self.take_masks(x.len(), truncation);
        let masked = self.rep3().held(|component| {
            let [x, mask] = [x, &masks.mask].map(|x| self.rep3().of(x, component));
            self.masked(component, x, mask, bits)
        });
        let missing = self.missing_top(&masked).await;
        let sum = [&masked.own, &masked.next, &missing];
        let [opened] = Vector::fused(Ops::additions(2), sum, |[a, b, c]| [a + b + c]);
        self.unmasked(&opened, &masks, truncation)
    }

    /// 2 rounds; 8, 8, 16 a result. Taken: a pair.
    async fn own_truncated_dot(
        &self,
        x: &Self::Share,
        y: &Self::Share,
        width: usize,
        truncation: Truncation,
    ) -> Option<Self::Share> {
        if !P::TRUNCATES_FIRST {
            return None;
        }
        let _span = self.rep3().party.span(if width == 1 { "truncated_mul" } else { "truncated_dot" });
        Some(self.truncated(self.rep3().dot_part(x, y, width), truncation).await)
    }

    /// 2 rounds; 8, 8, 16 an entry of the result. Taken: a pair.
    async fn own_truncated_matmul(
        &self,
        x: &Self::Share,
        y: &Self::Share,
        shape: MatMul,
        truncation: Truncation,
    ) -> Option<Self::Share> {
        if !P::TRUNCATES_FIRST {
            return None;
        }
        let _span = self.rep3().party.span("truncated_matmul");
        Some(self.truncated(self.rep3().matmul_part(x, y, shape), truncation).await)
    }

    /// The components. Local.
    async fn summands(&self, x: &Self::Share, bits: u32) -> Vec<Word<Self::Bits>> {
        self.rep3().summands(x, bits).await
    }

    async fn cut(
        &self,
        x: &Self::Share,
        bits: u32,
        at: u32,
        wraps: Wraps,
    ) -> (Vec<Word<Self::Bits>>, Self::Cut) {
        self.rep3().cut(x, bits, at, wraps).await
    }

    async fn shifted(&self, x: &Self::Share, at: u32, cut: &Self::Cut) -> Self::Share {
        self.rep3().shifted(x, at, cut).await
    }

    async fn remainder(&self, x: &Self::Share, at: u32, cut: &Self::Cut) -> Self::Share {
        self.rep3().remainder(x, at, cut).await
    }

    async fn random(&self, len: usize, bits: u32) -> (Self::Share, Vec<Word<Self::Bits>>) {
        self.rep3().random(len, bits).await
    }

    /// With m = x xor b opened for a random bit b, x = m + b - 2 m b. 1 round; 1, 1, 1 a bit. Taken: a bit.
    async fn bits_to_ring(&self, x: &[Self::Bits]) -> Vec<Self::Share> {
        if x.is_empty() {
            return Vec::new();
        }
        let _span = self.rep3().party.span("bits_to_ring");
        let random = self.take_bits(x.iter().map(Components::elements).sum());
        let mut rest = 0;
        let random: Vec<Replicated<Vector>> = x
            .iter()
            .map(|x| {
                rest += x.elements();
                random.slice(rest - x.elements(), rest)
            })
            .collect();
        let mask = |random: &Replicated<Vector>| {
            self.rep3().mapped(random, |_, random| Plane::split(random, 1).remove(0))
        };
        let masked: Vec<Replicated<Plane>> = x.iter().zip(&random).map(|(x, b)| x.xor(&mask(b))).collect();
        let opened = self.open_bytes(&masked).await;
        let element = |(m, b): (&Plane, &Replicated<Vector>)| {
            let m = Plane::to_ring(std::slice::from_ref(m));
            let (ops, known) =
                (Ops::additions(2).and_multiplications(2), |component| u64::from(component == 0));
            self.rep3().mapped(b, |component, b| {
                let [x] = Vector::fused_with(ops, [known(component)], [&m, b], |[known], [m, b]| {
                    [known * m + b - Wrapping(2) * m * b]
                });
                x
            })
        };
        opened.iter().zip(&random).map(element).collect()
    }

    /// DReLU, then the bits as ring elements. 10 rounds; 137, 137, 137. Taken: what a comparison takes, a bit.
    async fn own_less_than_zero(&self, x: &Self::Share, bits: u32) -> Option<Self::Share> {
        let signs = self.signs(x, bits).await;
        Some(self.bits_to_ring(&[signs]).await.remove(0))
    }

    /// One number after the other, as the authors' program does: the larger one is kept, and a bit for each of all k that says whether it is
    /// that. At last the bits become ring elements. For each number but the first 12 rounds; 145 + k, 145 + k, 145 + k. Then 1 round; k, k, k.
    /// Taken: for each number but the first what a comparison takes, and a bit; for each number a bit.
    async fn own_largest(&self, x: &[Self::Share], bits: u32) -> Option<[Self::Share; 2]> {
        let _span = self.rep3().party.span("largest");
        let one = self.public_plane(&Plane::ones(self.content(), x[0].elements()));
        let mut largest = x[0].clone();
        let mut marks = vec![one.xor(&one); x.len()];
        marks[0] = one.clone();
        for (place, next) in x.iter().enumerate().skip(1) {
            let stays = self.signs(&next.sub(&largest), bits).await;
            let factor = self.bits_to_ring(std::slice::from_ref(&stays)).await.remove(0);
            largest = self.mul(&factor, &largest.sub(next)).await.add(next);
            // What was marked, or this place.
            marks[place] = one.clone();
            marks = self.and(&marks.iter().map(|mark| [&stays, mark]).collect::<Vec<_>>()).await;
            marks[place] = marks[place].xor(&one);
        }
        let marks = self.bits_to_ring(&marks).await;
        Some([largest, Self::Share::concat(&marks.iter().collect::<Vec<_>>())])
    }

    /// DReLU, then its bits are opened. 10 rounds; 137, 137, 137. Taken: what a comparison takes.
    async fn own_open_less_than_zero(&self, x: &Self::Share, bits: u32) -> Option<Plane> {
        let signs = self.signs(x, bits).await;
        Some(self.open_bytes(&[signs]).await.remove(0))
    }

    fn opens_bit_lengths(&self) -> bool {
        true
    }

    /// Each party sends the next a key. 1 round; 16.
    async fn set_up(&self) {
        let _span = self.rep3().party.span("keys");
        send(&self.rep3().party, self.rep3().next(), Message::Opaque(KEY_BYTES));
        self.rep3().party.recv(self.rep3().previous()).await;
    }

    async fn prepare(&self, demand: &Demand) {
        let supply = self.parties.supply();
        supply.begin();
        if demand.is_empty() {
            return;
        }
        let made = self.parties.make(demand).await;
        for ((place, request), material) in demand.requests.iter().zip(made) {
            supply.put(place.clone(), request.clone(), material);
        }
    }

    fn demand(&self) -> Demand {
        self.parties.supply().demand()
    }

    async fn check(&self) {
        self.parties.check().await;
    }
}

/// So many bits for each of n to the party before.
const fn back(bits: u64) -> [Sent; 3] {
    [Sent::bits(0, 2, bits), Sent::bits(1, 0, bits), Sent::bits(2, 1, bits)]
}

/// The same to the party after.
const fn forth(bits: u64) -> [Sent; 3] {
    [Sent::bits(0, 1, bits), Sent::bits(1, 2, bits), Sent::bits(2, 0, bits)]
}

/// A residue, or a bit as the authors send it.
const BYTE: u64 = 8;
pub(super) const A_BIT: &str = "random bits";
pub(super) const A_PAIR: &str = "a pair r', r' without its lowest bits, and its top bit";
const A_COMPARISON: &str =
    "r with shared bits modulo 67, how often its components wrap, a random sign and factor";
pub(super) const TRUNCATION: &str = "(v + r' modulo 2^bits) >> shift - r + 2^(bits-shift) carry - 2^(bits-shift-1) with \
    v = x + 2^(bits-1), v + r' opened";
pub(super) const SIGNS: &str = "top bits of the components, and what twice they carry: 2 x + r opened and compared with r; then bits_to_ring";

/// What the operations cost with ring elements of so many bits.
struct Costs<const RING_BITS: u32>;

impl<const RING_BITS: u32> Costs<RING_BITS> {
    /// Bits of a ring element.
    const ELEMENT: u64 = RING_BITS as u64;
    const OPEN: &'static [Sent] = &forth(Self::ELEMENT);
    const RESHARE: &'static [Sent] = &back(Self::ELEMENT);

    /// DReLU, then one more byte to the next party.
    const SIGNS: &'static [&'static [Sent]] = {
        let all: &'static [&'static [Sent]] = &[
            Self::OPEN,
            &back(BYTE * Self::ELEMENT),
            &forth(BYTE * Self::ELEMENT / 2),
            &forth(BYTE * Self::ELEMENT / 4),
            &forth(BYTE * Self::ELEMENT / 8),
            &forth(BYTE * Self::ELEMENT / 16),
            &forth(BYTE * Self::ELEMENT / 32),
            &forth(BYTE),
            &forth(BYTE),
            &forth(BYTE),
        ];
        // Half as many positions have a product less.
        if RING_BITS == u64::BITS { all } else { all.split_at(9).0 }
    };

    /// What the operations cost.
    const DECLARED: &'static [Declared] = &[
        Declared { online: &[&[Sent::bits(0, 1, Self::ELEMENT)]], ..rep3::INPUT },
        Declared { online: &[Self::OPEN], ..rep3::OPENING },
        Declared::online(Primitive::OpenBits, "the same for bits, a byte each", &[&forth(BYTE)]),
        Declared { online: &[Self::RESHARE], ..rep3::MUL },
        Declared { online: &[Self::RESHARE], ..rep3::DOT },
        Declared { online: &[Self::RESHARE], ..rep3::MATMUL },
        Declared::online(Primitive::And, "the same over GF(2), a byte each", &[&back(BYTE)]),
        Declared::online(Primitive::Truncate, TRUNCATION, &[Self::OPEN]).with_batches(A_PAIR),
        Declared::online(Primitive::TruncateGap, TRUNCATION, &[Self::OPEN]).with_batches(A_PAIR),
        Declared::online(Primitive::Summands, "the components", &[]),
        Declared::online(Primitive::Cut, "the components", &[]),
        Declared::online(Primitive::Random, "components of which each is drawn by two", &[]),
        Declared::online(
            Primitive::BitsToRing,
            "m + b - 2 m b with m = x xor b opened for a random bit b",
            &[&forth(BYTE)],
        )
        .with_batches(A_BIT),
        Declared::online(
            Primitive::AndToRing,
            "a product of bits, then the same",
            &[&back(BYTE), &forth(BYTE)],
        )
        .with_batches(A_BIT),
        Declared::online(Primitive::LessThanZero, SIGNS, Self::SIGNS).with_batches(A_COMPARISON),
        Declared::online(Primitive::OpenLessThanZero, "the same, then open_bits", Self::SIGNS)
            .with_batches(A_COMPARISON),
        Declared::online(
            Primitive::TruncatedMul,
            "the product is truncated before it is shared again, opened through party 2",
            &[
                &[Sent::bits(0, 2, Self::ELEMENT), Sent::bits(1, 2, Self::ELEMENT)],
                &[Sent::bits(2, 0, Self::ELEMENT), Sent::bits(2, 1, Self::ELEMENT)],
            ],
        )
        .with_batches(A_PAIR),
    ];
}
