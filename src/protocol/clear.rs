//! `clear`: the ideal functionality. One party, plain ring arithmetic, the same fixed-point algorithms and rounding.
//!
//! It gives the accuracy of training, and the oracle for every protocol: under nearest rounding what it computes equals
//! what the protocols' openings say, bit for bit.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::parts::local_truncation::locally_truncated;
use super::word::shared_word;
use super::{Components, Division, Ideal, Message, Protocol, TruncationLaw, Word, Wraps};
use crate::ring::{Content, MatMul, Ops, Plane, Purpose, StreamKey, Vector, shift_right_signed};
use crate::sim::{Party, SpanGuard, SpanId};

/// A value that is its own only component.
#[derive(Clone, Debug)]
pub struct Plain<T>(T);

impl Components for Plain<Vector> {
    type Part = Vector;

    fn combine<const N: usize>(shares: [&Self; N], f: impl Fn([&Vector; N]) -> Vector) -> Self {
        Plain(f(shares.map(|s| &s.0)))
    }

    fn combine_all(shares: &[&Self], f: impl Fn(&[&Vector]) -> Vec<Vector>) -> Vec<Self> {
        f(&shares.iter().map(|s| &s.0).collect::<Vec<_>>()).into_iter().map(Plain).collect()
    }

    fn elements(&self) -> usize {
        self.0.len()
    }
}

impl Components for Plain<Plane> {
    type Part = Plane;

    fn combine<const N: usize>(shares: [&Self; N], f: impl Fn([&Plane; N]) -> Plane) -> Self {
        Plain(f(shares.map(|s| &s.0)))
    }

    fn combine_all(shares: &[&Self], f: impl Fn(&[&Plane]) -> Vec<Plane>) -> Vec<Self> {
        f(&shares.iter().map(|s| &s.0).collect::<Vec<_>>()).into_iter().map(Plain).collect()
    }

    fn elements(&self) -> usize {
        self.0.len()
    }
}

/// Values that were beyond the range in which an operation is right, by the span in which it was; rows beyond the domain
/// of an approximation; and what all parties learned besides results.
#[derive(Clone, Debug, Default)]
pub struct ValuesBeyond {
    counts: Rc<RefCell<BTreeMap<SpanId, u64>>>,
    rows: Rc<Cell<u64>>,
    revealed: Rc<RefCell<BTreeMap<&'static str, u64>>>,
    every: bool,
}

impl ValuesBeyond {
    /// Looks at every value: what is noted only is computed, so that it can be counted.
    pub fn of_every_value() -> Self {
        ValuesBeyond { every: true, ..ValuesBeyond::default() }
    }

    /// What was counted since the last time.
    pub fn take(&self) -> BTreeMap<SpanId, u64> {
        self.counts.take()
    }

    /// Values that all parties learned besides results since the last time, by what they are.
    pub fn take_revealed(&self) -> BTreeMap<&'static str, u64> {
        self.revealed.take()
    }

    /// Rows that were beyond the domain of an approximation since the last time.
    pub fn take_rows(&self) -> u64 {
        self.rows.take()
    }
}

/// The only party.
pub struct Clear {
    party: Party<Message>,
    seed: u64,
    draws: Cell<u64>,
    beyond: ValuesBeyond,
    ideal: Ideal,
}

impl Clear {
    /// The functionality, run by the only party of a simulation.
    pub fn new(party: Party<Message>, seed: u64) -> Self {
        Clear::counting(party, seed, ValuesBeyond::default())
    }

    /// The same; values beyond their range are counted in `beyond`.
    pub fn counting(party: Party<Message>, seed: u64, beyond: ValuesBeyond) -> Self {
        assert_eq!(party.parties(), 1, "the ideal functionality is one party");
        Clear { party, seed, draws: Cell::new(0), beyond, ideal: Ideal::GENERIC }
    }

    /// The same, giving what a protocol with ways of its own does.
    pub fn mirroring(self, ideal: Ideal) -> Self {
        Clear { ideal, ..self }
    }

    /// What the ring makes of numbers: those that it has no place for wrap. Opened, truncated and shifted is what is left of them.
    fn wrapped<'a>(&self, x: &'a Plain<Vector>) -> Cow<'a, Vector> {
        match self.ideal.ring_bits {
            u64::BITS => Cow::Borrowed(&x.0),
            bits => Cow::Owned(x.0.signed(bits)),
        }
    }

    /// A fresh stream, for rounding and masks.
    fn stream(&self) -> StreamKey {
        let counter = self.draws.replace(self.draws.get() + 1);
        StreamKey {
            seed: self.seed,
            purpose: Purpose::Rounding,
            parties: 1,
            strand: self.party.strand(),
            counter,
        }
    }
}

impl Protocol for Clear {
    type Share = Plain<Vector>;
    type Bits = Plain<Plane>;
    type Cut = ();

    fn content(&self) -> Content {
        Content::Values
    }

    fn ring_bits(&self) -> u32 {
        self.ideal.ring_bits
    }

    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.party.span(name)
    }

    fn fork(&self, n: usize) -> Vec<Self> {
        let handle = |party| Clear {
            party,
            seed: self.seed,
            draws: Cell::new(0),
            beyond: self.beyond.clone(),
            ideal: self.ideal,
        };
        self.party.fork_n(n).into_iter().map(handle).collect()
    }

    fn public(&self, x: &Vector) -> Self::Share {
        Plain(x.clone())
    }

    fn public_plane(&self, x: &Plane) -> Self::Bits {
        Plain(x.clone())
    }

    async fn input(&self, _owner: usize, len: usize, secret: Option<&Vector>) -> Self::Share {
        let secret = secret.expect("the only party owns every secret");
        assert_eq!(secret.len(), len, "a secret of another length than announced");
        Plain(secret.clone())
    }

    async fn open(&self, x: &Self::Share) -> Vector {
        self.wrapped(x).into_owned()
    }

    async fn open_bits(&self, x: &[Self::Bits]) -> Vec<Plane> {
        x.iter().map(|b| b.0.clone()).collect()
    }

    async fn dot(&self, x: &Self::Share, y: &Self::Share, width: usize) -> Self::Share {
        let product = x.0.mul(&y.0);
        Plain(if width == 1 { product } else { product.row_sums(width) })
    }

    /// By floating-point arithmetic where that is exact, in the ring otherwise.
    async fn matmul(&self, x: &Self::Share, y: &Self::Share, shape: MatMul) -> Self::Share {
        shape.check(x.elements(), y.elements());
        let (left, right) = shape.views(x.0.expect_values(), y.0.expect_values());
        Plain(Vector::exact_matmul(left, right).unwrap_or_else(|| x.0.matmul(&y.0, shape)))
    }

    async fn and(&self, pairs: &[[&Self::Bits; 2]]) -> Vec<Self::Bits> {
        let planes: Vec<_> = pairs.iter().map(|[x, y]| [&x.0, &y.0]).collect();
        Plane::fused(1, &planes, |[x, y]| x & y).into_iter().map(Plain).collect()
    }

    /// floor((x + r) / 2^shift) with a uniform `shift`-bit r, or by shifting the shares r and x - r.
    async fn truncate(&self, x: &Self::Share, bits: u32, shift: u32) -> Self::Share {
        assert!(0 < shift && shift < bits && bits < 64, "truncation of {bits} bits by {shift}");
        let r = self.stream().vector(Content::Values, x.elements());
        if matches!(self.ideal.truncation, TruncationLaw::SharesShifted { most_bits } if bits <= most_bits) {
            return Plain(locally_truncated(&x.0, &r, shift));
        }
        let (ops, constants) = (Ops::additions(0), [shift.into()]);
        let [rounded] = Vector::fused_with(ops, constants, [&*self.wrapped(x), &r], |[shift], [x, r]| {
            [shift_right_signed(x + (r >> (64 - shift.0) as usize), shift.0 as u32)]
        });
        Plain(rounded)
    }

    async fn summands(&self, x: &Self::Share, bits: u32) -> Vec<Word<Self::Bits>> {
        vec![shared_word(Plane::split(&x.0, bits as usize).into_iter().map(Plain).collect())]
    }

    async fn cut(
        &self,
        x: &Self::Share,
        bits: u32,
        _at: u32,
        wraps: Wraps,
    ) -> (Vec<Word<Self::Bits>>, Self::Cut) {
        let bits = if wraps == Wraps::Counted { self.ideal.ring_bits } else { bits };
        (self.summands(x, bits).await, ())
    }

    async fn shifted(&self, x: &Self::Share, at: u32, _cut: &Self::Cut) -> Self::Share {
        let above = u64::BITS - self.ideal.ring_bits;
        let x = if above == 0 { x.0.clone() } else { x.0.scale(1 << above).shift_right(above) };
        Plain(x.shift_right(at))
    }

    async fn remainder(&self, x: &Self::Share, at: u32, _cut: &Self::Cut) -> Self::Share {
        Plain(x.0.sub(&x.0.shift_right(at).scale(1 << at)))
    }

    async fn random(&self, len: usize, bits: u32) -> (Self::Share, Vec<Word<Self::Bits>>) {
        let value = Plain(self.stream().vector(Content::Values, len).shift_right(64 - bits));
        let summands = self.summands(&value, bits).await;
        (value, summands)
    }

    async fn bits_to_ring(&self, x: &[Self::Bits]) -> Vec<Self::Share> {
        x.iter().map(|b| Plain(Plane::to_ring(std::slice::from_ref(&b.0)))).collect()
    }

    async fn and_to_ring(&self, x: &Self::Bits, y: &Self::Bits, t: &Self::Bits) -> Self::Share {
        Plain(Plane::compose(&[x.0.and(&y.0).xor(&t.0)]))
    }

    async fn own_divide(&self, division: &Division<'_, Self::Share>) -> Option<Self::Share> {
        let Division { numerators, divisors, width, at_most_one, fraction_bits, total_bits } = *division;
        let (numerators, divisors) = (numerators.map(|x| &x.0), &divisors.0);
        let own = Division { numerators, divisors, width, at_most_one, fraction_bits, total_bits };
        self.ideal.divide.and_then(|divide| divide(&own)).map(Plain)
    }

    fn opens_bit_lengths(&self) -> bool {
        self.ideal.opens_bit_lengths
    }

    fn note_revealed(&self, what: &'static str, values: usize) {
        *self.beyond.revealed.borrow_mut().entry(what).or_default() += values as u64;
    }

    fn expect_range(&self, x: &Self::Share, bits: u32) {
        if self.beyond.every {
            x.0.expect_values();
        }
        let count = x.0.beyond(bits);
        if count > 0 {
            *self.beyond.counts.borrow_mut().entry(self.party.current_span()).or_default() += count;
        }
    }

    fn expect_rows(&self, x: &Self::Share, width: usize, (low, high): (i64, i64)) {
        let beyond = |row: &&[u64]| row.iter().any(|&value| !(low..=high).contains(&(value as i64)));
        let count = x.0.expect_values().chunks(width).filter(beyond).count() as u64;
        self.beyond.rows.set(self.beyond.rows.get() + count);
    }
}
