//! Any protocol behind a table of functions, so that what is built on protocols is compiled once for all of them.
//!
//! Each operation costs some allocations more than that of the protocol itself, and nothing else: messages, work and
//! values are the same.

use std::any::Any;
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::{Bit, BitShare, Demand, Division, Message, Protocol, RingShare, Role, Truncation, Word, Wraps};
use crate::ring::{Content, MatMul, Patches, Plane, Vector};
use crate::sim::SpanGuard;

/// What an operation gives, later.
type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
/// A sharing of ring elements of a protocol that is not named.
type RingObject = Rc<dyn RingOperations>;
/// The same for bits.
type BitObject = Rc<dyn BitOperations>;

/// Shared ring elements.
#[derive(Clone)]
pub struct ErasedShare(RingObject);
/// Shared bits.
#[derive(Clone)]
pub struct ErasedBits(BitObject);
/// What a party keeps of a value whose summands were cut.
pub struct ErasedCut(Box<dyn Any>);
/// A protocol.
pub struct Erased(Box<dyn Operations>);

impl Erased {
    /// Hides the type of a protocol.
    pub fn new<P: Protocol>(protocol: P) -> Self {
        Erased(Box::new(protocol))
    }
}

/// [`RingShare`] without its type.
trait RingOperations {
    fn as_any(&self) -> &dyn Any;
    fn len(&self) -> usize;
    fn add(&self, other: &ErasedShare) -> ErasedShare;
    fn sub(&self, other: &ErasedShare) -> ErasedShare;
    fn neg(&self) -> ErasedShare;
    fn scale(&self, factor: i64) -> ErasedShare;
    fn scale_each(&self, factors: &Vector) -> ErasedShare;
    fn slice(&self, start: usize, end: usize) -> ErasedShare;
    fn concat(&self, shares: &[&ErasedShare]) -> ErasedShare;
    fn join(&self, pieces: &[&ErasedShare]) -> ErasedShare;
    fn repeat_each(&self, times: usize) -> ErasedShare;
    fn tile(&self, times: usize) -> ErasedShare;
    fn add_to_rows(&self, row: &ErasedShare) -> ErasedShare;
    fn gather_rows(&self, rows: &[usize], width: usize) -> ErasedShare;
    fn patches(&self, patches: &Patches) -> ErasedShare;
    fn columns(&self, width: usize, start: usize, end: usize) -> ErasedShare;
    fn transpose(&self, rows: usize, width: usize) -> ErasedShare;
    fn row_sums(&self, width: usize) -> ErasedShare;
    fn column_sums(&self, width: usize) -> ErasedShare;
}

/// The sharing of the protocol whose type it is.
fn ring<S: RingShare>(share: &ErasedShare) -> &S {
    share.0.as_any().downcast_ref().expect("a sharing of this protocol")
}

fn erased<S: RingShare>(share: S) -> ErasedShare {
    ErasedShare(Rc::new(share))
}

fn bits<B: BitShare>(share: &ErasedBits) -> &B {
    share.0.as_any().downcast_ref().expect("bits of this protocol")
}

fn erased_bits<B: BitShare>(share: B) -> ErasedBits {
    ErasedBits(Rc::new(share))
}

fn erased_words<B: BitShare>(words: Vec<Word<B>>) -> Vec<Word<ErasedBits>> {
    let bit = |bit| match bit {
        Bit::Zero => Bit::Zero,
        Bit::Public(plane) => Bit::Public(plane),
        Bit::Shared(bit) => Bit::Shared(erased_bits(bit)),
    };
    words.into_iter().map(|word| word.into_iter().map(bit).collect()).collect()
}

impl<S: RingShare> RingOperations for S {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn len(&self) -> usize {
        RingShare::len(self)
    }
    fn add(&self, other: &ErasedShare) -> ErasedShare {
        erased(RingShare::add(self, ring(other)))
    }
    fn sub(&self, other: &ErasedShare) -> ErasedShare {
        erased(RingShare::sub(self, ring(other)))
    }
    fn neg(&self) -> ErasedShare {
        erased(RingShare::neg(self))
    }
    fn scale(&self, factor: i64) -> ErasedShare {
        erased(RingShare::scale(self, factor))
    }
    fn scale_each(&self, factors: &Vector) -> ErasedShare {
        erased(RingShare::scale_each(self, factors))
    }
    fn slice(&self, start: usize, end: usize) -> ErasedShare {
        erased(RingShare::slice(self, start, end))
    }
    fn concat(&self, shares: &[&ErasedShare]) -> ErasedShare {
        let shares: Vec<&S> = shares.iter().map(|share| ring(share)).collect();
        erased(<S as RingShare>::concat(&shares))
    }
    fn join(&self, pieces: &[&ErasedShare]) -> ErasedShare {
        let pieces: Vec<&S> = pieces.iter().map(|piece| ring(piece)).collect();
        erased(<S as RingShare>::join(&pieces))
    }
    fn repeat_each(&self, times: usize) -> ErasedShare {
        erased(RingShare::repeat_each(self, times))
    }
    fn tile(&self, times: usize) -> ErasedShare {
        erased(RingShare::tile(self, times))
    }
    fn add_to_rows(&self, row: &ErasedShare) -> ErasedShare {
        erased(RingShare::add_to_rows(self, ring(row)))
    }
    fn gather_rows(&self, rows: &[usize], width: usize) -> ErasedShare {
        erased(RingShare::gather_rows(self, rows, width))
    }
    fn patches(&self, patches: &Patches) -> ErasedShare {
        erased(RingShare::patches(self, patches))
    }
    fn columns(&self, width: usize, start: usize, end: usize) -> ErasedShare {
        erased(RingShare::columns(self, width, start, end))
    }
    fn transpose(&self, rows: usize, width: usize) -> ErasedShare {
        erased(RingShare::transpose(self, rows, width))
    }
    fn row_sums(&self, width: usize) -> ErasedShare {
        erased(RingShare::row_sums(self, width))
    }
    fn column_sums(&self, width: usize) -> ErasedShare {
        erased(RingShare::column_sums(self, width))
    }
}

impl RingShare for ErasedShare {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn add(&self, other: &Self) -> Self {
        self.0.add(other)
    }
    fn sub(&self, other: &Self) -> Self {
        self.0.sub(other)
    }
    fn neg(&self) -> Self {
        self.0.neg()
    }
    fn scale(&self, factor: i64) -> Self {
        self.0.scale(factor)
    }
    fn scale_each(&self, factors: &Vector) -> Self {
        self.0.scale_each(factors)
    }
    fn slice(&self, start: usize, end: usize) -> Self {
        self.0.slice(start, end)
    }
    fn concat(shares: &[&Self]) -> Self {
        shares.first().expect("something to join").0.concat(shares)
    }
    fn join(pieces: &[&Self]) -> Self {
        pieces.first().expect("something to join").0.join(pieces)
    }
    fn repeat_each(&self, times: usize) -> Self {
        self.0.repeat_each(times)
    }
    fn tile(&self, times: usize) -> Self {
        self.0.tile(times)
    }
    fn add_to_rows(&self, row: &Self) -> Self {
        self.0.add_to_rows(row)
    }
    fn gather_rows(&self, rows: &[usize], width: usize) -> Self {
        self.0.gather_rows(rows, width)
    }
    fn patches(&self, patches: &Patches) -> Self {
        self.0.patches(patches)
    }
    fn columns(&self, width: usize, start: usize, end: usize) -> Self {
        self.0.columns(width, start, end)
    }
    fn transpose(&self, rows: usize, width: usize) -> Self {
        self.0.transpose(rows, width)
    }
    fn row_sums(&self, width: usize) -> Self {
        self.0.row_sums(width)
    }
    fn column_sums(&self, width: usize) -> Self {
        self.0.column_sums(width)
    }
}

/// [`BitShare`] without its type.
trait BitOperations {
    fn as_any(&self) -> &dyn Any;
    fn len(&self) -> usize;
    fn xor(&self, other: &ErasedBits) -> ErasedBits;
    fn and_public(&self, public: &Plane) -> ErasedBits;
    fn xor_each(&self, pairs: &[[&ErasedBits; 2]]) -> Vec<ErasedBits>;
}

impl<B: BitShare> BitOperations for B {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn len(&self) -> usize {
        BitShare::len(self)
    }
    fn xor(&self, other: &ErasedBits) -> ErasedBits {
        erased_bits(BitShare::xor(self, bits(other)))
    }
    fn and_public(&self, public: &Plane) -> ErasedBits {
        erased_bits(BitShare::and_public(self, public))
    }
    fn xor_each(&self, pairs: &[[&ErasedBits; 2]]) -> Vec<ErasedBits> {
        let pairs: Vec<[&B; 2]> = pairs.iter().map(|pair| pair.map(bits)).collect();
        B::xor_each(&pairs).into_iter().map(erased_bits).collect()
    }
}

impl BitShare for ErasedBits {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn xor(&self, other: &Self) -> Self {
        self.0.xor(other)
    }
    fn and_public(&self, public: &Plane) -> Self {
        self.0.and_public(public)
    }
    fn xor_each(pairs: &[[&Self; 2]]) -> Vec<Self> {
        pairs.first().map_or_else(Vec::new, |[first, _]| first.0.xor_each(pairs))
    }
}

/// [`Protocol`] without its type.
trait Operations {
    fn role(&self) -> Role;
    fn content(&self) -> Content;
    fn span(&self, name: Cow<'static, str>) -> SpanGuard<Message>;
    fn fork(&self, n: usize) -> Vec<Erased>;
    fn public(&self, x: &Vector) -> ErasedShare;
    fn public_plane(&self, x: &Plane) -> ErasedBits;
    fn input<'a>(&'a self, owner: usize, len: usize, secret: Option<&'a Vector>) -> Later<'a, ErasedShare>;
    fn fixes(&self) -> bool;
    fn fix<'a>(&'a self, x: &'a ErasedShare) -> Later<'a, ErasedShare>;
    fn open<'a>(&'a self, x: &'a ErasedShare) -> Later<'a, Vector>;
    fn open_bits<'a>(&'a self, x: &'a [ErasedBits]) -> Later<'a, Vec<Plane>>;
    fn dot<'a>(&'a self, x: &'a ErasedShare, y: &'a ErasedShare, width: usize) -> Later<'a, ErasedShare>;
    fn mul<'a>(&'a self, x: &'a ErasedShare, y: &'a ErasedShare) -> Later<'a, ErasedShare>;
    fn matmul<'a>(&'a self, x: &'a ErasedShare, y: &'a ErasedShare, shape: MatMul) -> Later<'a, ErasedShare>;
    fn and<'a>(&'a self, pairs: &'a [[&'a ErasedBits; 2]]) -> Later<'a, Vec<ErasedBits>>;
    fn truncate<'a>(&'a self, x: &'a ErasedShare, bits: u32, shift: u32) -> Later<'a, ErasedShare>;
    fn summands<'a>(&'a self, x: &'a ErasedShare, bits: u32) -> Later<'a, Vec<Word<ErasedBits>>>;
    fn cut<'a>(
        &'a self,
        x: &'a ErasedShare,
        bits: u32,
        at: u32,
        wraps: Wraps,
    ) -> Later<'a, (Vec<Word<ErasedBits>>, ErasedCut)>;
    fn shifted<'a>(&'a self, x: &'a ErasedShare, at: u32, cut: &'a ErasedCut) -> Later<'a, ErasedShare>;
    fn remainder<'a>(&'a self, x: &'a ErasedShare, at: u32, cut: &'a ErasedCut) -> Later<'a, ErasedShare>;
    fn random(&self, len: usize, bits: u32) -> Later<'_, (ErasedShare, Vec<Word<ErasedBits>>)>;
    fn bits_to_ring<'a>(&'a self, x: &'a [ErasedBits]) -> Later<'a, Vec<ErasedShare>>;
    fn and_to_ring<'a>(
        &'a self,
        x: &'a ErasedBits,
        y: &'a ErasedBits,
        t: &'a ErasedBits,
    ) -> Later<'a, ErasedShare>;
    fn own_less_than_zero<'a>(&'a self, x: &'a ErasedShare, bits: u32) -> Later<'a, Option<ErasedShare>>;
    fn own_where_negative<'a>(
        &'a self,
        sign: &'a ErasedShare,
        bits: u32,
        x: &'a ErasedShare,
    ) -> Later<'a, Option<[ErasedShare; 2]>>;
    fn own_largest<'a>(&'a self, x: &'a [ErasedShare], bits: u32) -> Later<'a, Option<[ErasedShare; 2]>>;
    fn finds_places(&self, places: usize) -> bool;
    fn own_places<'a>(&'a self, x: &'a ErasedShare, places: usize) -> Later<'a, Option<Vec<ErasedShare>>>;
    fn own_open_less_than_zero<'a>(&'a self, x: &'a ErasedShare, bits: u32) -> Later<'a, Option<Plane>>;
    fn own_truncated_dot<'a>(
        &'a self,
        x: &'a ErasedShare,
        y: &'a ErasedShare,
        width: usize,
        truncation: Truncation,
    ) -> Later<'a, Option<ErasedShare>>;
    fn own_truncated_matmul<'a>(
        &'a self,
        x: &'a ErasedShare,
        y: &'a ErasedShare,
        shape: MatMul,
        truncation: Truncation,
    ) -> Later<'a, Option<ErasedShare>>;
    fn own_divide<'a>(&'a self, division: &'a Division<'a, ErasedShare>) -> Later<'a, Option<ErasedShare>>;
    fn set_up(&self) -> Later<'_, ()>;
    fn prepare<'a>(&'a self, demand: &'a Demand) -> Later<'a, ()>;
    fn demand(&self) -> Demand;
    fn opens_bit_lengths(&self) -> bool;
    fn ring_bits(&self) -> u32;
    fn note_revealed(&self, what: &'static str, values: usize);
    fn expect_range(&self, x: &ErasedShare, bits: u32);
    fn expect_rows(&self, x: &ErasedShare, width: usize, range: (i64, i64));
    fn check(&self) -> Later<'_, ()>;
}

impl<P: Protocol> Operations for P {
    fn role(&self) -> Role {
        Protocol::role(self)
    }
    fn content(&self) -> Content {
        Protocol::content(self)
    }
    fn span(&self, name: Cow<'static, str>) -> SpanGuard<Message> {
        Protocol::span(self, name)
    }
    fn fork(&self, n: usize) -> Vec<Erased> {
        Protocol::fork(self, n).into_iter().map(Erased::new).collect()
    }
    fn public(&self, x: &Vector) -> ErasedShare {
        erased(Protocol::public(self, x))
    }
    fn public_plane(&self, x: &Plane) -> ErasedBits {
        erased_bits(Protocol::public_plane(self, x))
    }
    fn input<'a>(&'a self, owner: usize, len: usize, secret: Option<&'a Vector>) -> Later<'a, ErasedShare> {
        Box::pin(async move { erased(Protocol::input(self, owner, len, secret).await) })
    }
    fn open<'a>(&'a self, x: &'a ErasedShare) -> Later<'a, Vector> {
        Box::pin(Protocol::open(self, ring(x)))
    }
    fn open_bits<'a>(&'a self, x: &'a [ErasedBits]) -> Later<'a, Vec<Plane>> {
        Box::pin(async move {
            let x: Vec<P::Bits> = x.iter().map(|x| bits::<P::Bits>(x).clone()).collect();
            Protocol::open_bits(self, &x).await
        })
    }
    fn dot<'a>(&'a self, x: &'a ErasedShare, y: &'a ErasedShare, width: usize) -> Later<'a, ErasedShare> {
        Box::pin(async move { erased(Protocol::dot(self, ring(x), ring(y), width).await) })
    }
    fn mul<'a>(&'a self, x: &'a ErasedShare, y: &'a ErasedShare) -> Later<'a, ErasedShare> {
        Box::pin(async move { erased(Protocol::mul(self, ring(x), ring(y)).await) })
    }
    fn matmul<'a>(&'a self, x: &'a ErasedShare, y: &'a ErasedShare, shape: MatMul) -> Later<'a, ErasedShare> {
        Box::pin(async move { erased(Protocol::matmul(self, ring(x), ring(y), shape).await) })
    }
    fn and<'a>(&'a self, pairs: &'a [[&'a ErasedBits; 2]]) -> Later<'a, Vec<ErasedBits>> {
        Box::pin(async move {
            let pairs: Vec<[&P::Bits; 2]> = pairs.iter().map(|pair| pair.map(bits)).collect();
            Protocol::and(self, &pairs).await.into_iter().map(erased_bits).collect()
        })
    }
    fn truncate<'a>(&'a self, x: &'a ErasedShare, bits: u32, shift: u32) -> Later<'a, ErasedShare> {
        Box::pin(async move { erased(Protocol::truncate(self, ring(x), bits, shift).await) })
    }
    fn summands<'a>(&'a self, x: &'a ErasedShare, bits: u32) -> Later<'a, Vec<Word<ErasedBits>>> {
        Box::pin(async move { erased_words(Protocol::summands(self, ring(x), bits).await) })
    }
    fn cut<'a>(
        &'a self,
        x: &'a ErasedShare,
        bits: u32,
        at: u32,
        wraps: Wraps,
    ) -> Later<'a, (Vec<Word<ErasedBits>>, ErasedCut)> {
        Box::pin(async move {
            let (words, cut) = Protocol::cut(self, ring(x), bits, at, wraps).await;
            (erased_words(words), ErasedCut(Box::new(cut)))
        })
    }
    fn shifted<'a>(&'a self, x: &'a ErasedShare, at: u32, cut: &'a ErasedCut) -> Later<'a, ErasedShare> {
        let cut = cut.0.downcast_ref().expect("a cut of this protocol");
        Box::pin(async move { erased(Protocol::shifted(self, ring(x), at, cut).await) })
    }
    fn remainder<'a>(&'a self, x: &'a ErasedShare, at: u32, cut: &'a ErasedCut) -> Later<'a, ErasedShare> {
        let cut = cut.0.downcast_ref().expect("a cut of this protocol");
        Box::pin(async move { erased(Protocol::remainder(self, ring(x), at, cut).await) })
    }
    fn random(&self, len: usize, bits: u32) -> Later<'_, (ErasedShare, Vec<Word<ErasedBits>>)> {
        Box::pin(async move {
            let (value, words) = Protocol::random(self, len, bits).await;
            (erased(value), erased_words(words))
        })
    }
    fn bits_to_ring<'a>(&'a self, x: &'a [ErasedBits]) -> Later<'a, Vec<ErasedShare>> {
        Box::pin(async move {
            let x: Vec<P::Bits> = x.iter().map(|x| bits::<P::Bits>(x).clone()).collect();
            Protocol::bits_to_ring(self, &x).await.into_iter().map(erased).collect()
        })
    }
    fn and_to_ring<'a>(
        &'a self,
        x: &'a ErasedBits,
        y: &'a ErasedBits,
        t: &'a ErasedBits,
    ) -> Later<'a, ErasedShare> {
        Box::pin(async move { erased(Protocol::and_to_ring(self, bits(x), bits(y), bits(t)).await) })
    }
    fn own_less_than_zero<'a>(&'a self, x: &'a ErasedShare, bits: u32) -> Later<'a, Option<ErasedShare>> {
        Box::pin(async move { Protocol::own_less_than_zero(self, ring(x), bits).await.map(erased) })
    }
    fn own_where_negative<'a>(
        &'a self,
        sign: &'a ErasedShare,
        bits: u32,
        x: &'a ErasedShare,
    ) -> Later<'a, Option<[ErasedShare; 2]>> {
        Box::pin(async move {
            let own = Protocol::own_where_negative(self, ring(sign), bits, ring(x)).await;
            own.map(|shares| shares.map(erased))
        })
    }
    fn own_largest<'a>(&'a self, x: &'a [ErasedShare], bits: u32) -> Later<'a, Option<[ErasedShare; 2]>> {
        Box::pin(async move {
            let x: Vec<P::Share> = x.iter().map(|x| ring::<P::Share>(x).clone()).collect();
            Protocol::own_largest(self, &x, bits).await.map(|shares| shares.map(erased))
        })
    }
    fn finds_places(&self, places: usize) -> bool {
        Protocol::finds_places(self, places)
    }
    fn own_places<'a>(&'a self, x: &'a ErasedShare, places: usize) -> Later<'a, Option<Vec<ErasedShare>>> {
        Box::pin(async move {
            let own = Protocol::own_places(self, ring(x), places).await;
            own.map(|shares| shares.into_iter().map(erased).collect())
        })
    }
    fn own_open_less_than_zero<'a>(&'a self, x: &'a ErasedShare, bits: u32) -> Later<'a, Option<Plane>> {
        Box::pin(Protocol::own_open_less_than_zero(self, ring(x), bits))
    }
    fn own_truncated_dot<'a>(
        &'a self,
        x: &'a ErasedShare,
        y: &'a ErasedShare,
        width: usize,
        truncation: Truncation,
    ) -> Later<'a, Option<ErasedShare>> {
        Box::pin(async move {
            Protocol::own_truncated_dot(self, ring(x), ring(y), width, truncation).await.map(erased)
        })
    }
    fn own_truncated_matmul<'a>(
        &'a self,
        x: &'a ErasedShare,
        y: &'a ErasedShare,
        shape: MatMul,
        truncation: Truncation,
    ) -> Later<'a, Option<ErasedShare>> {
        Box::pin(async move {
            Protocol::own_truncated_matmul(self, ring(x), ring(y), shape, truncation).await.map(erased)
        })
    }
    fn own_divide<'a>(&'a self, division: &'a Division<'a, ErasedShare>) -> Later<'a, Option<ErasedShare>> {
        Box::pin(async move {
            let Division { width, at_most_one, fraction_bits, total_bits, .. } = *division;
            let (numerators, divisors) = (division.numerators.map(ring), ring(division.divisors));
            let own = Division { numerators, divisors, width, at_most_one, fraction_bits, total_bits };
            Protocol::own_divide(self, &own).await.map(erased)
        })
    }
    fn fixes(&self) -> bool {
        Protocol::fixes(self)
    }
    fn fix<'a>(&'a self, x: &'a ErasedShare) -> Later<'a, ErasedShare> {
        Box::pin(async move { erased(Protocol::fix(self, ring(x)).await) })
    }
    fn set_up(&self) -> Later<'_, ()> {
        Box::pin(Protocol::set_up(self))
    }
    fn prepare<'a>(&'a self, demand: &'a Demand) -> Later<'a, ()> {
        Box::pin(Protocol::prepare(self, demand))
    }
    fn demand(&self) -> Demand {
        Protocol::demand(self)
    }
    fn opens_bit_lengths(&self) -> bool {
        Protocol::opens_bit_lengths(self)
    }

    fn ring_bits(&self) -> u32 {
        Protocol::ring_bits(self)
    }
    fn note_revealed(&self, what: &'static str, values: usize) {
        Protocol::note_revealed(self, what, values);
    }
    fn expect_range(&self, x: &ErasedShare, bits: u32) {
        Protocol::expect_range(self, ring(x), bits);
    }
    fn expect_rows(&self, x: &ErasedShare, width: usize, range: (i64, i64)) {
        Protocol::expect_rows(self, ring(x), width, range);
    }
    fn check(&self) -> Later<'_, ()> {
        Box::pin(Protocol::check(self))
    }
}

impl Protocol for Erased {
    type Share = ErasedShare;
    type Bits = ErasedBits;
    type Cut = ErasedCut;

    fn role(&self) -> Role {
        self.0.role()
    }
    fn content(&self) -> Content {
        self.0.content()
    }
    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.0.span(name.into())
    }
    fn fork(&self, n: usize) -> Vec<Self> {
        self.0.fork(n)
    }
    fn public(&self, x: &Vector) -> ErasedShare {
        self.0.public(x)
    }
    fn public_plane(&self, x: &Plane) -> ErasedBits {
        self.0.public_plane(x)
    }
    async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> ErasedShare {
        self.0.input(owner, len, secret).await
    }
    fn fixes(&self) -> bool {
        self.0.fixes()
    }
    async fn fix(&self, x: &ErasedShare) -> ErasedShare {
        self.0.fix(x).await
    }
    async fn open(&self, x: &ErasedShare) -> Vector {
        self.0.open(x).await
    }
    async fn open_bits(&self, x: &[ErasedBits]) -> Vec<Plane> {
        self.0.open_bits(x).await
    }
    async fn dot(&self, x: &ErasedShare, y: &ErasedShare, width: usize) -> ErasedShare {
        self.0.dot(x, y, width).await
    }
    async fn mul(&self, x: &ErasedShare, y: &ErasedShare) -> ErasedShare {
        self.0.mul(x, y).await
    }
    async fn matmul(&self, x: &ErasedShare, y: &ErasedShare, shape: MatMul) -> ErasedShare {
        self.0.matmul(x, y, shape).await
    }
    async fn and(&self, pairs: &[[&ErasedBits; 2]]) -> Vec<ErasedBits> {
        self.0.and(pairs).await
    }
    async fn truncate(&self, x: &ErasedShare, bits: u32, shift: u32) -> ErasedShare {
        self.0.truncate(x, bits, shift).await
    }
    async fn summands(&self, x: &ErasedShare, bits: u32) -> Vec<Word<ErasedBits>> {
        self.0.summands(x, bits).await
    }
    async fn cut(
        &self,
        x: &ErasedShare,
        bits: u32,
        at: u32,
        wraps: Wraps,
    ) -> (Vec<Word<ErasedBits>>, ErasedCut) {
        self.0.cut(x, bits, at, wraps).await
    }
    async fn shifted(&self, x: &ErasedShare, at: u32, cut: &ErasedCut) -> ErasedShare {
        self.0.shifted(x, at, cut).await
    }
    async fn remainder(&self, x: &ErasedShare, at: u32, cut: &ErasedCut) -> ErasedShare {
        self.0.remainder(x, at, cut).await
    }
    async fn random(&self, len: usize, bits: u32) -> (ErasedShare, Vec<Word<ErasedBits>>) {
        self.0.random(len, bits).await
    }
    async fn bits_to_ring(&self, x: &[ErasedBits]) -> Vec<ErasedShare> {
        self.0.bits_to_ring(x).await
    }
    async fn and_to_ring(&self, x: &ErasedBits, y: &ErasedBits, t: &ErasedBits) -> ErasedShare {
        self.0.and_to_ring(x, y, t).await
    }
    async fn own_less_than_zero(&self, x: &ErasedShare, bits: u32) -> Option<ErasedShare> {
        self.0.own_less_than_zero(x, bits).await
    }
    async fn own_where_negative(
        &self,
        sign: &ErasedShare,
        bits: u32,
        x: &ErasedShare,
    ) -> Option<[ErasedShare; 2]> {
        self.0.own_where_negative(sign, bits, x).await
    }
    async fn own_largest(&self, x: &[ErasedShare], bits: u32) -> Option<[ErasedShare; 2]> {
        self.0.own_largest(x, bits).await
    }
    fn finds_places(&self, places: usize) -> bool {
        self.0.finds_places(places)
    }
    async fn own_places(&self, x: &ErasedShare, places: usize) -> Option<Vec<ErasedShare>> {
        self.0.own_places(x, places).await
    }
    async fn own_open_less_than_zero(&self, x: &ErasedShare, bits: u32) -> Option<Plane> {
        self.0.own_open_less_than_zero(x, bits).await
    }
    async fn own_truncated_dot(
        &self,
        x: &ErasedShare,
        y: &ErasedShare,
        width: usize,
        truncation: Truncation,
    ) -> Option<ErasedShare> {
        self.0.own_truncated_dot(x, y, width, truncation).await
    }
    async fn own_truncated_matmul(
        &self,
        x: &ErasedShare,
        y: &ErasedShare,
        shape: MatMul,
        truncation: Truncation,
    ) -> Option<ErasedShare> {
        self.0.own_truncated_matmul(x, y, shape, truncation).await
    }
    async fn own_divide(&self, division: &Division<'_, ErasedShare>) -> Option<ErasedShare> {
        self.0.own_divide(division).await
    }
    async fn set_up(&self) {
        self.0.set_up().await;
    }
    async fn prepare(&self, demand: &Demand) {
        self.0.prepare(demand).await;
    }
    fn demand(&self) -> Demand {
        self.0.demand()
    }
    fn opens_bit_lengths(&self) -> bool {
        self.0.opens_bit_lengths()
    }

    fn ring_bits(&self) -> u32 {
        self.0.ring_bits()
    }
    fn note_revealed(&self, what: &'static str, values: usize) {
        self.0.note_revealed(what, values);
    }
    fn expect_range(&self, x: &Self::Share, bits: u32) {
        self.0.expect_range(x, bits);
    }
    fn expect_rows(&self, x: &Self::Share, width: usize, range: (i64, i64)) {
        self.0.expect_rows(x, width, range);
    }
    async fn check(&self) {
        self.0.check().await;
    }
}
