//! The online phase of two parties with additive shares and correlated randomness, whoever makes that.
//!
//! x = x_0 + x_1 modulo 2^64, bits with xor. A public constant is held by party 1. Products are those of Beaver,
//! "Efficient multiparty protocols using circuit randomization" (CRYPTO 1991). Values are compared and rounded by opening
//! them under masks with shared bits: Escudero, Ghosh, Keller, Rachuri, Scholl, "Improved primitives for MPC over mixed
//! arithmetic-binary circuits" (CRYPTO 2020, edaBits), and bits become ring elements by opening them under random bits
//! that are shared in both ways: Rotaru and Wood, "MArBled circuits" (INDOCRYPT 2019, daBits).
//! Above each operation: rounds, and payload bytes per element sent by the parties 0 and 1.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::num::Wrapping;
use std::rc::Rc;

use super::additive::{Additive, Fixed};
use super::local_truncation::local_truncation;
use super::material::{Layout, Material, left_factors, right_factors};
use super::oblivious_transfer::Extension;
use crate::protocol::demand::{Place, Request, Supply};
use crate::protocol::word::shared_word;
use crate::protocol::{
    Bit, Declared, Demand, Division, Ideal, Message, OwnDivision, Protocol, Role, Start, TruncationLaw, Word,
    Wraps, receive_bits, receive_ring, send,
};
use crate::ring::{Content, MatMul, Ops, Plane, Purpose, StreamKey, Vector};
use crate::sim::{Party, SpanGuard};

pub mod online;

/// Bits of a ring element.
const RING_BITS: u32 = 64;
/// Most bits of a number that is truncated without a message: it is wrong with a probability of at most 2^-17.
pub const LOCAL_BITS: u32 = 48;
/// The place of the highest bit.
const TOP: usize = 63;

/// Who makes the correlated randomness, and how.
#[allow(async_fn_in_trait)] // as for protocols
pub trait Offline: Sized + Default + 'static {
    /// Number of parties, those with shares and their helpers.
    const PARTIES: usize;
    /// What each operation costs, [`online`] and offline.
    const COSTS: &'static [Declared] = &[];
    /// Whether a matrix product takes a matrix triple; if not, a triple for each product of two entries.
    const MATRIX_TRIPLES: bool = true;
    /// Whether a dot product takes one triple; if not, one for each product of two numbers.
    const DOT_TRIPLES: bool = true;
    /// How the transfers of garbled circuits are extended, where there are such.
    const LABELS: Extension = Extension::ISHAI;
    /// Whether values are compared by adding both parties' shares, bit by bit; if not, opened under a mask.
    const SHARES_ARE_SUMMANDS: bool = false;

    /// Whether numbers that are fixed are opened under a mask once, see [`Protocol::fix`].
    const FIXES: bool = false;
    /// Whether numbers that leave a gap are truncated without a message, see [`super::local_truncation`].
    const SHIFTS_SHARES: bool = false;
    /// What [`Offline::own_divide`] gives.
    const OWN_DIVISION: Option<OwnDivision> = None;

    /// As [`Protocol::own_less_than_zero`].
    async fn own_less_than_zero(_online: &TwoParty<Self>, _x: &Additive<Vector>) -> Option<Additive<Vector>> {
        None
    }
    /// As [`Protocol::own_where_negative`].
    async fn own_where_negative(
        _online: &TwoParty<Self>,
        _sign: &Additive<Vector>,
        _x: &Additive<Vector>,
    ) -> Option<[Additive<Vector>; 2]> {
        None
    }
    /// As [`Protocol::own_divide`].
    async fn own_divide(
        _online: &TwoParty<Self>,
        _division: &Division<'_, Additive<Vector>>,
    ) -> Option<Additive<Vector>> {
        None
    }

    /// Agrees on keys.
    async fn set_up(online: &TwoParty<Self>);
    /// Makes what is asked for and puts it in with `TwoParty::put`.
    async fn prepare(online: &TwoParty<Self>, demand: &Demand);
}

/// One party.
pub struct TwoParty<O> {
    pub(in crate::protocol) party: Party<Message>,
    pub(in crate::protocol) content: Content,
    /// What the offline phase keeps from one program to the next.
    pub(in crate::protocol) offline: Rc<O>,
    seed: u64,
    draws: Cell<u64>,
    supply: Supply<Material>,
    /// Of the masks of what is fixed, both shares as far as this party knows them.
    masks: Rc<RefCell<[Option<Vector>; 2]>>,
}

/// A value that was opened under a mask with `low` and `high` part, cut at some bit.
pub struct MaskedCut {
    opened: Vector,
    low: Vector,
    high: Vector,
}

impl<O: Offline> Start for TwoParty<O> {
    const DEALERS: usize = O::PARTIES - 2;
    const COSTS: &'static [Declared] = O::COSTS;
    const IDEAL: Ideal = Ideal {
        truncation: if O::SHIFTS_SHARES {
            TruncationLaw::SharesShifted { most_bits: LOCAL_BITS }
        } else {
            TruncationLaw::AlwaysNear
        },
        divide: O::OWN_DIVISION,
        ..Ideal::GENERIC
    };

    fn start(party: Party<Message>, seed: u64, content: Content) -> Self {
        assert_eq!(party.parties(), O::PARTIES, "a protocol of {} parties", O::PARTIES);
        let (offline, draws, supply) = (Rc::default(), Cell::new(0), Supply::default());
        TwoParty { party, content, offline, seed, draws, supply, masks: Rc::default() }
    }
}

impl<O: Offline> TwoParty<O> {
    /// Number of parties, those with shares and their helpers.
    pub const PARTIES: usize = O::PARTIES;

    /// A stream of this strand that the given parties have in common: bit i for party i.
    pub(in crate::protocol) fn stream(&self, parties: u64, counter: u64) -> StreamKey {
        assert!(parties >> self.party.id() & 1 == 1, "a stream of other parties");
        StreamKey { seed: self.seed, purpose: Purpose::Shared, parties, strand: self.party.strand(), counter }
    }

    /// The number of the next draw of this strand, of so many.
    pub(in crate::protocol) fn draw(&self, draws: u64) -> u64 {
        self.draws.replace(self.draws.get() + draws)
    }

    /// The same, apart from all that is drawn online.
    pub(in crate::protocol) fn offline_stream(&self, parties: u64, counter: u64) -> StreamKey {
        StreamKey { purpose: Purpose::Offline, ..self.stream(parties, counter) }
    }

    /// A stream of this party alone, the same in all strands.
    pub(in crate::protocol) fn whole_run_stream(&self, counter: u64) -> StreamKey {
        StreamKey { strand: 0, ..self.offline_stream(1 << self.party.id(), counter) }
    }

    /// What the rows of this party's oblivious transfers differ by: the same for all that it sends.
    pub(super) fn transfer_secret(&self) -> u128 {
        let words = self.whole_run_stream(u64::MAX).vector(Content::Values, 2);
        let words = words.expect_values();
        u128::from(words[1]) << 64 | u128::from(words[0])
    }

    /// Stores what was made for a place of the program, as in [`Supply::put`].
    pub(in crate::protocol) fn put(&self, place: &Place, request: &Request, material: Material) {
        self.supply.put(place.clone(), request.clone(), material);
    }

    /// Stores what is taken next, as in [`Supply::put_ahead`].
    pub(in crate::protocol) fn put_ahead(&self, ahead: usize, request: &Request, material: Material) {
        self.supply.put_ahead(ahead, request.clone(), material);
    }

    /// Takes what was made. On shapes nothing need be made.
    pub(in crate::protocol) fn take(&self, request: Request) -> Material {
        let layout = Layout::of(&request);
        self.supply.take(request).unwrap_or_else(|| {
            assert_eq!(self.content, Content::Shape, "correlated randomness that was not prepared");
            Material::shape(&layout)
        })
    }

    fn take_mask(&self, len: usize, bits: u32) -> (Vector, Vec<Plane>) {
        let Material { mut ring, bits } = self.take(Request::Masks { len, bits });
        (ring.remove(0), bits)
    }

    fn take_bits(&self, len: usize) -> Vector {
        self.take(Request::Bits { len }).ring.remove(0)
    }

    fn other(&self) -> usize {
        1 - self.party.id()
    }

    /// c for party 1, who adds public constants, 0 for party 0.
    fn by_one(&self, c: u64) -> u64 {
        c * self.party.id() as u64
    }

    /// The sum of what both parties have. 1 round; 8, 8.
    async fn exchange(&self, mine: Vector) -> Vector {
        send(&self.party, self.other(), Message::Ring(mine.clone()));
        mine.add(&receive_ring(&self.party, self.other()).await)
    }

    /// The xor of what both parties have. 1 round; 1/8, 1/8 a bit.
    async fn exchange_bits(&self, mine: Vec<Plane>) -> Vec<Plane> {
        send(&self.party, self.other(), Message::Bits(mine.clone()));
        let theirs = receive_bits(&self.party, self.other()).await;
        Plane::xor_each(&mine.iter().zip(&theirs).map(|(x, y)| [x, y]).collect::<Vec<_>>())
    }

    /// Shifts a fresh share of the same numbers, from a stream of both: one that was shifted before, or is that of a public number,
    /// is not uniform, and the chance that shifting it goes wrong would be another. Local.
    pub(in crate::protocol) fn truncate_locally(&self, x: &Additive<Vector>, shift: u32) -> Additive<Vector> {
        let mask = self.stream(0b11, self.draw(1)).vector(self.content, x.0.len());
        let fresh = if self.party.id() == 0 { x.0.add(&mask) } else { x.0.sub(&mask) };
        Additive::of(local_truncation(&fresh, self.party.id(), shift))
    }

    /// x - a and y - b, opened. 1 round; 8, 8 an element of x and of y.
    async fn differences(&self, [x, y]: [&Vector; 2], [a, b]: [&Vector; 2]) -> [Vector; 2] {
        let opened = self.exchange(Vector::concat(&[&x.sub(a), &y.sub(b)])).await;
        [opened.slice(0, x.len()), opened.slice(x.len(), x.len() + y.len())]
    }

    /// (x - r) modulo 2^bits for a mask r: shifted to the top, so that nothing above is opened. 1 round; 8, 8.
    async fn masked(&self, x: &Vector, mask: &Vector, bits: u32) -> Vector {
        let _span = self.party.span("mask_and_open");
        let ops = Ops::additions(1).and_multiplications(1);
        let constants = [1 << (RING_BITS - bits)];
        let [difference] =
            Vector::fused_with(ops, constants, [x, mask], |[scale], [x, mask]| [(x - mask) * scale]);
        self.exchange(difference).await.shift_right(RING_BITS - bits)
    }

    /// A matrix product with a left factor x of which e = x - u is known: with random v, u v prepared and f = y - v opened,
    /// z = u v + e y + u f. 1 round; 8, 8 an entry of y. Taken: v and u v. Where the offline phase gives no matrix triples each product
    /// of two entries has a v of its own: 8, 8 for each of them.
    async fn fixed_matmul(&self, x: &Fixed, y: &Vector, shape: MatMul) -> Vector {
        let _span = self.party.span("fixed_matmul");
        let each = !O::MATRIX_TRIPLES;
        let Material { ring, .. } = self.take(Request::FixedProducts { shape, each });
        let (v, products) = (&ring[0], &ring[1]);
        if !each {
            let f = self.exchange(y.sub(v)).await;
            let sum = Vector::sum_of_products(&[(&x.opened, &[y]), (&x.mask, &[&f])], shape);
            return sum.add(products);
        }
        let [e, u] = [&x.opened, &x.mask].map(|left| left_factors(left, shape));
        let y = right_factors(y, shape);
        let f = self.exchange(y.sub(v)).await;
        let ops = Ops::additions(2).and_multiplications(2);
        let [terms] = Vector::fused(ops, [products, &e, &y, &u, &f], |[c, e, y, u, f]| [c + e * y + u * f]);
        terms.row_sums(shape.inner)
    }

    /// Keeps the masks of what is fixed, of which this party knows these shares.
    pub(in crate::protocol) fn keep_masks(&self, shares: [Option<Vector>; 2]) {
        *self.masks.borrow_mut() = shares;
    }

    /// A share of the masks that a product takes which are its left factor, if it is fixed.
    ///
    /// # Panics
    /// If this party does not know that share.
    pub(in crate::protocol) fn fixed_masks(
        &self,
        share: usize,
        request: &Request,
        rows: &[usize],
    ) -> Option<Vector> {
        let Request::FixedProducts { shape, .. } = *request else { return None };
        let width = if shape.transpose_left { shape.rows } else { shape.inner };
        if self.content == Content::Shape {
            return Some(Vector::shape(shape.rows * shape.inner));
        }
        let masks = self.masks.borrow();
        Some(masks[share].as_ref().expect("a share of masks that is known").gather_rows(rows, width))
    }

    /// All of them. For a party that knows both shares.
    pub(in crate::protocol) fn all_fixed_masks(&self, request: &Request, rows: &[usize]) -> Option<Vector> {
        let [first, second] = [0, 1].map(|share| self.fixed_masks(share, request, rows));
        first.zip(second).map(|(first, second)| first.add(&second))
    }

    /// The words of a public number and of a mask.
    fn two_words(public: &Vector, mask: Vec<Plane>) -> Vec<Word<Additive<Plane>>> {
        let public = Plane::split(public, mask.len()).into_iter().map(Bit::Public).collect();
        vec![public, shared_word(mask.into_iter().map(Additive::of).collect())]
    }
}

impl<O: Offline> Protocol for TwoParty<O> {
    type Share = Additive<Vector>;
    type Bits = Additive<Plane>;
    type Cut = MaskedCut;

    fn role(&self) -> Role {
        if self.party.id() < 2 { Role::Computes } else { Role::Deals }
    }

    fn content(&self) -> Content {
        self.content
    }

    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.party.span(name)
    }

    fn fork(&self, n: usize) -> Vec<Self> {
        let handle = |(party, supply)| TwoParty {
            party,
            content: self.content,
            offline: Rc::clone(&self.offline),
            seed: self.seed,
            draws: Cell::new(0),
            supply,
            masks: Rc::clone(&self.masks),
        };
        self.party.fork_n(n).into_iter().zip(self.supply.fork(n)).map(handle).collect()
    }

    /// Held by party 1. Local.
    fn public(&self, x: &Vector) -> Self::Share {
        Additive::of(if self.party.id() == 1 {
            x.clone()
        } else {
            Vector::constant(self.content, x.len(), 0)
        })
    }

    fn public_plane(&self, x: &Plane) -> Self::Bits {
        Additive::of(if self.party.id() == 1 { x.clone() } else { Plane::zeros(self.content, x.len()) })
    }

    /// The other party's share comes from a stream of both. Local.
    async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> Self::Share {
        let _span = self.party.span("input");
        assert!(owner < 2, "a party that holds no shares inputs nothing");
        let theirs = self.stream(0b11, self.draw(1)).vector(self.content, len);
        if self.party.id() != owner {
            return Additive::of(theirs);
        }
        let secret = secret.expect("the owner gives the secret");
        assert_eq!(secret.len(), len, "a secret of another length than announced");
        Additive::of(secret.sub(&theirs))
    }

    fn fixes(&self) -> bool {
        O::FIXES
    }

    /// They are opened under a mask, and what is left is shared by the shares of the mask. 1 round; 8, 8. Taken: masks.
    async fn fix(&self, x: &Self::Share) -> Self::Share {
        if !O::FIXES {
            return x.clone();
        }
        let _span = self.party.span("fix");
        let mask = self.take(Request::FixedMasks { len: x.0.len() }).ring.remove(0);
        let opened = self.exchange(x.0.sub(&mask)).await;
        let share = if self.party.id() == 0 { mask.clone() } else { mask.add(&opened) };
        Additive(share, Some(Fixed { opened, mask }))
    }

    /// 1 round; 8, 8.
    async fn open(&self, x: &Self::Share) -> Vector {
        let _span = self.party.span("open");
        self.exchange(x.0.clone()).await
    }

    /// 1 round; 1/8, 1/8 a bit.
    async fn open_bits(&self, x: &[Self::Bits]) -> Vec<Plane> {
        let _span = self.party.span("open_bits");
        self.exchange_bits(x.iter().map(|bits| bits.0.clone()).collect()).await
    }

    /// One triple for a dot product: with e = x - a and f = y - b opened, z_i = (a.b)_i + e.y_i + a_i.f.
    /// 1 round; 16 width, 16 width a result. Taken: `width` pairs of factors and one product; or `width` triples, where the
    /// offline phase gives no others.
    async fn dot(&self, x: &Self::Share, y: &Self::Share, width: usize) -> Self::Share {
        if width == 1 {
            return self.mul(x, y).await;
        }
        if !O::DOT_TRIPLES {
            return Additive::of(self.mul(x, y).await.0.row_sums(width));
        }
        let _span = self.party.span("dot");
        let triple = self.take(Request::Dots { results: x.0.len() / width, width }).ring;
        let [e, f] = self.differences([&x.0, &y.0], [&triple[0], &triple[1]]).await;
        let ops = Ops::additions(1).and_multiplications(2);
        let [terms] = Vector::fused(ops, [&e, &y.0, &triple[0], &f], |[e, y, a, f]| [e * y + a * f]);
        Additive::of(terms.row_sums(width).add(&triple[2]))
    }

    /// z_i = (a b)_i + e y_i + a_i f. 1 round; 16, 16. Taken: a triple.
    async fn mul(&self, x: &Self::Share, y: &Self::Share) -> Self::Share {
        let _span = self.party.span("mul");
        let triple = self.take(Request::Triples { len: x.0.len() }).ring;
        let [e, f] = self.differences([&x.0, &y.0], [&triple[0], &triple[1]]).await;
        let (ops, factors) =
            (Ops::additions(2).and_multiplications(2), [&triple[2], &e, &y.0, &triple[0], &f]);
        let [product] = Vector::fused(ops, factors, |[c, e, y, a, f]| [c + e * y + a * f]);
        Additive::of(product)
    }

    /// The same for matrices. 1 round; 8, 8 an entry of x and of y. Taken: a matrix triple.
    /// As dot products where the offline phase gives no matrix triples: 8 for each factor of each product of entries.
    async fn matmul(&self, x: &Self::Share, y: &Self::Share, shape: MatMul) -> Self::Share {
        if let Some(fixed) = &x.1 {
            return Additive::of(self.fixed_matmul(fixed, &y.0, shape).await);
        }
        if !O::MATRIX_TRIPLES {
            let [x, y] = [left_factors(&x.0, shape), right_factors(&y.0, shape)].map(Additive::of);
            return self.dot(&x, &y, shape.inner).await;
        }
        let _span = self.party.span("matmul");
        let triple = self.take(Request::Matrices { shape }).ring;
        let [e, f] = self.differences([&x.0, &y.0], [&triple[0], &triple[1]]).await;
        let product = Vector::sum_of_products(&[(&e, &[&y.0]), (&triple[0], &[&f])], shape);
        Additive::of(product.add(&triple[2]))
    }

    /// The product over GF(2), in the same way. 1 round; 1/4, 1/4 a bit. Taken: a triple of bits.
    async fn and(&self, pairs: &[[&Self::Bits; 2]]) -> Vec<Self::Bits> {
        if pairs.is_empty() {
            return Vec::new();
        }
        let _span = self.party.span("and");
        let n = pairs.len();
        let triples =
            self.take(Request::BitTriples { lens: pairs.iter().map(|[x, _]| x.0.len()).collect() }).bits;
        let factors = pairs.iter().map(|[x, _]| &x.0).chain(pairs.iter().map(|[_, y]| &y.0));
        let masked = Plane::xor_each(&factors.zip(&triples).map(|(x, a)| [x, a]).collect::<Vec<_>>());
        let opened = self.exchange_bits(masked).await;
        let tuples: Vec<_> = (0..n)
            .map(|i| [&triples[2 * n + i], &opened[i], &pairs[i][1].0, &triples[i], &opened[n + i]])
            .collect();
        let products = Plane::fused(4, &tuples, |[c, e, y, a, f]| c ^ (e & y) ^ (a & f));
        products.into_iter().map(Additive::of).collect()
    }

    /// With v = x + 2^(bits-1) >= 0 and a mask r = lower + 2^shift upper + 2^bits top of random parts, v + r is opened
    /// modulo 2^(bits+1). What it has above bit `bits`, xor `top`, is what v + r carried there:
    /// result = (v + r modulo 2^bits) >> shift - upper + 2^(bits-shift) carry - 2^(bits-shift-1), off by what the lowest
    /// `shift` bits of v + r carry. Escudero et al.; Dalskov, Escudero, Keller, "Secure evaluation of quantized
    /// neural networks" (PETS 2020). 1 round; 8, 8. Taken: masks of `shift` and `bits - shift` bits, a bit.
    async fn truncate(&self, x: &Self::Share, bits: u32, shift: u32) -> Self::Share {
        assert!(0 < shift && shift < bits && bits < RING_BITS, "truncation of {bits} bits by {shift}");
        let _span = self.party.span("truncate");
        if O::SHIFTS_SHARES && bits <= LOCAL_BITS {
            return self.truncate_locally(x, shift);
        }
        let len = x.0.len();
        let ((lower, _), (upper, _)) = (self.take_mask(len, shift), self.take_mask(len, bits - shift));
        let top = self.take_bits(len);
        let half = 1u64 << (bits - 1);
        let constants = [self.by_one(half), 1 << shift, 1 << bits, 1 << (TOP as u32 - bits)];
        let (ops, parts) = (Ops::additions(4).and_multiplications(3), [&x.0, &lower, &upper, &top]);
        let [masked] = Vector::fused_with(
            ops,
            constants,
            parts,
            |[half, at_shift, at_bits, scale], [x, lower, upper, top]| {
                [(x + half + lower + at_shift * upper + at_bits * top) * scale]
            },
        );
        let opened = self.exchange(masked).await;
        let wrap = 1u64 << (bits - shift);
        let constants = [(RING_BITS - bits + shift).into(), wrap, self.by_one(1), self.by_one(wrap / 2)];
        let ops = Ops::additions(7).and_multiplications(4);
        let [result] = Vector::fused_with(
            ops,
            constants,
            [&opened, &upper, &top],
            |[down, wrap, one, half], [opened, upper, top]| {
                let above = opened >> TOP;
                let shifted = (opened + opened) >> down.0 as usize;
                let carry = one * above + top - Wrapping(2) * above * top;
                [one * shifted - upper + wrap * carry - half]
            },
        );
        Additive::of(result)
    }

    /// x - r modulo 2^`bits`, which all know, and the mask r. 1 round; 8, 8. Taken: a mask. Where shares are summands,
    /// each party's share, which it shares by itself: local.
    async fn summands(&self, x: &Self::Share, bits: u32) -> Vec<Word<Self::Bits>> {
        if O::SHARES_ARE_SUMMANDS {
            let own: Vec<Plane> = Plane::split(&x.0, bits as usize);
            let zeros = vec![Plane::zeros(self.content, x.0.len()); bits as usize];
            let summands = if self.party.id() == 0 { [own, zeros] } else { [zeros, own] };
            return summands.map(|bits| shared_word(bits.into_iter().map(Additive::of).collect())).into();
        }
        let (mask, mask_bits) = self.take_mask(x.0.len(), bits);
        Self::two_words(&self.masked(&x.0, &mask, bits).await, mask_bits)
    }

    /// The same under a mask that is known in two parts; the sum wraps at 2^`bits`. 1 round; 8, 8. Taken: two masks.
    async fn cut(
        &self,
        x: &Self::Share,
        bits: u32,
        at: u32,
        _wraps: Wraps,
    ) -> (Vec<Word<Self::Bits>>, Self::Cut) {
        let len = x.0.len();
        let ((low, mut mask_bits), (high, high_bits)) =
            (self.take_mask(len, at), self.take_mask(len, bits - at));
        mask_bits.extend(high_bits);
        let (ops, constants) = (Ops::additions(1).and_multiplications(1), [1 << at]);
        let [mask] = Vector::fused_with(ops, constants, [&low, &high], |[at], [low, high]| [low + at * high]);
        let opened = self.masked(&x.0, &mask, bits).await;
        (Self::two_words(&opened, mask_bits), MaskedCut { opened, low, high })
    }

    /// Local.
    async fn shifted(&self, _x: &Self::Share, at: u32, cut: &Self::Cut) -> Self::Share {
        Additive::of(cut.high.add(&self.public(&cut.opened.shift_right(at)).0))
    }

    /// Local.
    async fn remainder(&self, _x: &Self::Share, at: u32, cut: &Self::Cut) -> Self::Share {
        let opened = &cut.opened;
        let public = opened.sub(&opened.shift_right(at).scale(1 << at));
        Additive::of(cut.low.add(&self.public(&public).0))
    }

    /// Local. Taken: a mask.
    async fn random(&self, len: usize, bits: u32) -> (Self::Share, Vec<Word<Self::Bits>>) {
        let (value, bits) = self.take_mask(len, bits);
        (Additive::of(value), vec![shared_word(bits.into_iter().map(Additive::of).collect())])
    }

    /// With m = x xor b opened for a random bit b, whose shares' lowest bits share it as a bit, x = m + b - 2 m b.
    /// 1 round; 1/8, 1/8 a bit. Taken: a bit.
    async fn bits_to_ring(&self, x: &[Self::Bits]) -> Vec<Self::Share> {
        if x.is_empty() {
            return Vec::new();
        }
        let _span = self.party.span("bits_to_ring");
        let random = self.take_bits(x.iter().map(|x| x.0.len()).sum());
        let mut rest = 0;
        let random: Vec<Vector> = x
            .iter()
            .map(|x| {
                rest += x.0.len();
                random.slice(rest - x.0.len(), rest)
            })
            .collect();
        let masks: Vec<Plane> = random.iter().map(|random| Plane::split(random, 1).remove(0)).collect();
        let masked = Plane::xor_each(&x.iter().zip(&masks).map(|(x, b)| [&x.0, b]).collect::<Vec<_>>());
        let opened = self.exchange_bits(masked).await;
        let (ops, constants) = (Ops::additions(2).and_multiplications(3), [self.by_one(1)]);
        let element = |(m, b): (&Plane, &Vector)| {
            let m = Plane::to_ring(std::slice::from_ref(m));
            let [x] = Vector::fused_with(ops, constants, [&m, b], |[one], [m, b]| {
                [one * m + b - Wrapping(2) * m * b]
            });
            Additive::of(x)
        };
        opened.iter().zip(&random).map(element).collect()
    }

    async fn own_less_than_zero(&self, x: &Self::Share, _bits: u32) -> Option<Self::Share> {
        O::own_less_than_zero(self, x).await
    }

    async fn own_where_negative(
        &self,
        sign: &Self::Share,
        _bits: u32,
        x: &Self::Share,
    ) -> Option<[Self::Share; 2]> {
        O::own_where_negative(self, sign, x).await
    }

    async fn own_divide(&self, division: &Division<'_, Self::Share>) -> Option<Self::Share> {
        O::own_divide(self, division).await
    }

    async fn set_up(&self) {
        O::set_up(self).await;
    }

    async fn prepare(&self, demand: &Demand) {
        self.supply.begin();
        O::prepare(self, demand).await;
    }

    fn demand(&self) -> Demand {
        self.supply.demand()
    }
}
