//! Vectors over Z_2^k for 64 < k <= 128.
//!
//! The low 64 bits of all elements lie in one vector of words, the bits above in another. So slices, copies, planes and
//! deferred formulas are those of [`Vector`], and the low words cost nothing.

use super::Element;
use super::arithmetic::{Ops, shift_right_signed};
use super::fast::gemm::{Target, WideKernel, WideView, wide_gemm};
use super::fast::mcg::Position;
use super::fast::words::Words;
use super::matmul::MatMul;
use super::meter;
use super::plane::Plane;
use super::random::StreamKey;
use super::ring_vector::RingVector;
use super::vector::{Content, Vector};
use std::num::Wrapping;

/// Elements of Z_2^`BITS`, 64 < `BITS` <= 128. (Z_2^144 is [`super::Extended`].)
///
/// The meter counts operations on 64-bit words: an addition, subtraction, negation or shift of elements as two; a
/// multiplication, on its own or in a matrix product, as three: the full product of the low words, and both products of a
/// low with a high word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wide<const BITS: u32> {
    low: Vector,
    /// Bits from 64 on; all above `BITS` are zero.
    high: Vector,
}

/// 64-bit operations that an addition stands for.
const ADDITIONS: u64 = 2;
/// 64-bit multiplications that a multiplication stands for.
const MULTIPLICATIONS: u64 = 3;

/// What is kept of the high words.
const fn mask(bits: u32) -> u64 {
    assert!(64 < bits && bits <= 128, "an element has two words");
    u64::MAX >> (128 - bits)
}

/// The low and the high word.
#[inline(always)]
fn words(x: u128) -> [u64; 2] {
    [x as u64, (x >> 64) as u64]
}

/// The element with these words.
#[inline(always)]
fn element([low, high]: [u64; 2]) -> u128 {
    u128::from(low) | u128::from(high) << 64
}

/// The same in a formula.
#[inline(always)]
fn integer(low: Element, high: Element) -> u128 {
    element([low.0, high.0])
}

/// The words of an element, of which only `BITS` bits are kept.
#[inline(always)]
fn reduced<const BITS: u32>(x: u128) -> [Element; 2] {
    let [low, high] = words(x);
    [Wrapping(low), Wrapping(high & mask(BITS))]
}

/// x + y, with the carry as a comparison: that is what vector instructions have.
#[inline(always)]
fn sum([x, x_high]: [Element; 2], [y, y_high]: [Element; 2]) -> [Element; 2] {
    let low = x + y;
    [low, x_high + y_high + Wrapping(u64::from(low < x))]
}

/// x - y.
#[inline(always)]
fn difference([x, x_high]: [Element; 2], [y, y_high]: [Element; 2]) -> [Element; 2] {
    [x - y, x_high - y_high - Wrapping(u64::from(x < y))]
}

/// x y modulo 2^128.
#[inline(always)]
fn product(x: [Element; 2], y: [Element; 2]) -> [Element; 2] {
    let [low, high] = words(integer(x[0], x[1]).wrapping_mul(integer(y[0], y[1])));
    [Wrapping(low), Wrapping(high)]
}

impl<const BITS: u32> Wide<BITS> {
    const MASK: u64 = mask(BITS);

    /// A vector with these words.
    fn of([low, high]: [Vector; 2]) -> Self {
        Wide { low, high }
    }

    /// The same operation on both vectors of words: one that only puts elements elsewhere.
    fn moved(&self, f: impl Fn(&Vector) -> Vector) -> Self {
        Wide { low: f(&self.low), high: f(&self.high) }
    }

    /// A vector of `len` elements that `write` writes over whatever low and high words are there. It is not called for
    /// shapes.
    fn written(content: Content, len: usize, write: impl FnOnce(&mut [u64], &mut [u64])) -> Self {
        if content == Content::Shape {
            return Self::shape(len);
        }
        let (mut low, mut high) = (Words::any(len), Words::any(len));
        write(&mut low, &mut high);
        Wide { low: low.into(), high: high.into() }
    }

    /// The elements, for loops.
    fn elements(&self) -> impl Iterator<Item = u128> {
        let (low, high) = (self.low.expect_values(), self.high.expect_values());
        low.iter().zip(high).map(|(&low, &high)| element([low, high]))
    }

    /// x (y + y') + x' y.
    pub fn cross_terms([x, x_next]: [&Self; 2], [y, y_next]: [&Self; 2]) -> Self {
        let ops = Ops::additions(2 * ADDITIONS).and_multiplications(2 * MULTIPLICATIONS);
        let operands =
            [&x.low, &x.high, &x_next.low, &x_next.high, &y.low, &y.high, &y_next.low, &y_next.high];
        Wide::of(Vector::fused(ops, operands, |[x, x_high, x_next, x_next_high, y, y_high, z, z_high]| {
            let (x, x_next) = (integer(x, x_high), integer(x_next, x_next_high));
            let (y, z) = (integer(y, y_high), integer(z, z_high));
            reduced::<BITS>(x.wrapping_mul(y.wrapping_add(z)).wrapping_add(x_next.wrapping_mul(y)))
        }))
    }

    /// The same for constants y and y'.
    pub fn cross_terms_with([x, x_next]: [&Self; 2], [y, y_next]: [u128; 2]) -> Self {
        let ops = Ops::additions(ADDITIONS).and_multiplications(2 * MULTIPLICATIONS);
        let operands = [&x.low, &x.high, &x_next.low, &x_next.high];
        let [a, a_high] = words(y.wrapping_add(y_next));
        let [b, b_high] = words(y);
        Wide::of(Vector::fused_with(
            ops,
            [a, a_high, b, b_high],
            operands,
            |[a, a_high, b, b_high], [x, x_high, x_next, x_next_high]| {
                let (x, x_next) = (integer(x, x_high), integer(x_next, x_next_high));
                let (a, b) = (integer(a, a_high), integer(b, b_high));
                reduced::<BITS>(x.wrapping_mul(a).wrapping_add(x_next.wrapping_mul(b)))
            },
        ))
    }

    /// The sum of x (y + y') + x' y over all elements, as one element.
    pub fn sum_of_cross_terms([x, x_next]: [&Self; 2], [y, y_next]: [&Self; 2]) -> Self {
        assert!([x_next, y, y_next].iter().all(|v| v.len() == x.len()), "vectors of different lengths");
        Ops::additions(3 * ADDITIONS).and_multiplications(2 * MULTIPLICATIONS).count(x.len());
        Wide::written(x.content(), 1, |low, high| {
            let mut sum = 0u128;
            for (((x, x_next), y), y_next) in
                x.elements().zip(x_next.elements()).zip(y.elements()).zip(y_next.elements())
            {
                let term = x.wrapping_mul(y.wrapping_add(y_next)).wrapping_add(x_next.wrapping_mul(y));
                sum = sum.wrapping_add(term);
            }
            [low[0], high[0]] = words(sum);
            high[0] &= Self::MASK;
        })
    }

    /// The sum of vectors, done on nobody's account.
    fn total(vectors: &[&Self]) -> Self {
        let (first, rest) = vectors.split_first().expect("something to add up");
        rest.iter().fold((*first).clone(), |total, x| total.combine(Ops::additions(0), x, sum))
    }

    /// A formula of two vectors, of which only `BITS` bits are kept.
    fn combine(
        &self,
        ops: Ops,
        other: &Self,
        f: impl Fn([Element; 2], [Element; 2]) -> [Element; 2] + Copy + Send + Sync + 'static,
    ) -> Self {
        let operands = [&self.low, &self.high, &other.low, &other.high];
        Wide::of(Vector::fused(ops, operands, move |[x, x_high, y, y_high]| {
            let [low, high] = f([x, x_high], [y, y_high]);
            [low, high & Wrapping(Self::MASK)]
        }))
    }
}

impl<const BITS: u32> RingVector for Wide<BITS> {
    const BITS: u32 = BITS;

    fn shape(len: usize) -> Self {
        Wide { low: Vector::shape(len), high: Vector::shape(len) }
    }

    fn constant(content: Content, len: usize, value: i128) -> Self {
        let [low, high] = words(value.cast_unsigned());
        Wide {
            low: Vector::constant(content, len, low),
            high: Vector::constant(content, len, high & Self::MASK),
        }
    }

    fn build(content: Content, len: usize, values: impl FnOnce() -> Vec<u128>) -> Self {
        Wide::written(content, len, |low, high| {
            let values = values();
            assert_eq!(values.len(), len, "a vector of another length than announced");
            for ((x, low), high) in values.into_iter().zip(low).zip(high) {
                [*low, *high] = words(x);
                *high &= Self::MASK;
            }
        })
    }

    /// The low words of all elements, then the high ones.
    fn random(key: &StreamKey, content: Content, len: usize) -> Self {
        meter::count(|w| w.random_bytes += Self::WIRE_BYTES * len as u64);
        if content == Content::Shape {
            return Self::shape(len);
        }
        let position = Position::of(&key.generator());
        let (low, high) = (Vector::drawn(position, len), Vector::drawn(position.after(len), len));
        if BITS == 128 {
            return Wide { low, high };
        }
        let [high] = Vector::fused(Ops::additions(0), [&high], |[x]| [x & Wrapping(Self::MASK)]);
        Wide { low, high }
    }

    fn from_unsigned(words: &Vector) -> Self {
        Wide { low: words.clone(), high: Vector::constant(words.content(), words.len(), 0) }
    }

    fn from_signed(words: &Vector) -> Self {
        let sign = |[x]: [Element; 1]| [shift_right_signed(x, 63) & Wrapping(Self::MASK)];
        let [high] = Vector::fused(Ops::additions(1), [words], sign);
        Wide { low: words.clone(), high }
    }

    fn low_words(&self) -> Vector {
        self.low.clone()
    }

    fn integers(&self) -> Option<Vec<u128>> {
        (self.content() == Content::Values).then(|| self.elements().collect())
    }

    fn split(&self, planes: usize) -> Vec<Plane> {
        assert!(planes <= BITS as usize, "an element has {BITS} bits, not {planes}");
        let mut split = Plane::split(&self.low, planes.min(64));
        if planes > 64 {
            split.extend(Plane::split(&self.high, planes - 64));
        }
        split
    }

    fn compose(planes: &[Plane]) -> Self {
        assert!(planes.len() <= BITS as usize, "an element has {BITS} bits, not {}", planes.len());
        let (low, high) = planes.split_at(planes.len().min(64));
        let low = Plane::compose(low);
        if high.is_empty() { Wide::from_unsigned(&low) } else { Wide { low, high: Plane::compose(high) } }
    }

    fn len(&self) -> usize {
        self.low.len()
    }

    fn content(&self) -> Content {
        self.low.content()
    }

    fn add(&self, other: &Self) -> Self {
        self.combine(Ops::additions(ADDITIONS), other, sum)
    }

    fn sub(&self, other: &Self) -> Self {
        self.combine(Ops::additions(ADDITIONS), other, difference)
    }

    fn neg(&self) -> Self {
        Wide::of(Vector::fused(Ops::additions(ADDITIONS), [&self.low, &self.high], |x| {
            let [low, high] = difference([Wrapping(0); 2], x);
            [low, high & Wrapping(Self::MASK)]
        }))
    }

    fn scale(&self, factor: i128) -> Self {
        let ops = Ops::additions(0).and_multiplications(MULTIPLICATIONS);
        let factor = words(factor.cast_unsigned());
        Wide::of(Vector::fused_with(ops, factor, [&self.low, &self.high], |factor, x| {
            let [low, high] = product(x, factor);
            [low, high & Wrapping(Self::MASK)]
        }))
    }

    fn mul(&self, other: &Self) -> Self {
        self.combine(Ops::additions(0).and_multiplications(MULTIPLICATIONS), other, product)
    }

    fn sum_of_products(terms: &[(&Self, &[&Self])], shape: MatMul) -> Self {
        let len = shape.rows * shape.columns;
        let mut additions = (terms.len() - 1) * len;
        for (x, ys) in terms {
            ys.iter().for_each(|y| shape.check(x.len(), y.len()));
            additions += (ys.len() - 1) * ys[0].len();
        }
        meter::count(|w| {
            w.macs += MULTIPLICATIONS * (terms.len() * len * shape.inner) as u64;
            w.additions += ADDITIONS * additions as u64;
        });
        Wide::written(terms[0].0.content(), len, |low, high| {
            let mut target = Target::Overwrite;
            for (x, ys) in terms {
                let y = Self::total(ys);
                let (a_low, b_low) = shape.views(x.low.expect_values(), y.low.expect_values());
                let (a_high, b_high) = shape.views(x.high.expect_values(), y.high.expect_values());
                let a = WideView { low: a_low, high: a_high };
                let b = WideView { low: b_low, high: b_high };
                wide_gemm(WideKernel::best(), BITS, target, a, b, [&mut *low, &mut *high]);
                target = Target::Add;
            }
        })
    }

    fn shift_right(&self, bits: u32) -> Self {
        assert!(bits < BITS, "an element has {BITS} bits, which cannot be shifted by {bits}");
        let (ops, bits) = (Ops::additions(ADDITIONS), u64::from(bits));
        Wide::of(Vector::fused_with(ops, [bits], [&self.low, &self.high], |[bits], x| {
            words(element(x.map(|word| word.0)) >> bits.0).map(Wrapping)
        }))
    }

    fn slice(&self, start: usize, end: usize) -> Self {
        self.moved(|x| x.slice(start, end))
    }

    fn concat(parts: &[&Self]) -> Self {
        let of = |words: fn(&Self) -> &Vector| {
            Vector::concat(&parts.iter().map(|part| words(part)).collect::<Vec<_>>())
        };
        Wide { low: of(|x| &x.low), high: of(|x| &x.high) }
    }

    fn repeat_each(&self, times: usize) -> Self {
        self.moved(|x| x.repeat_each(times))
    }

    fn tile(&self, times: usize) -> Self {
        self.moved(|x| x.tile(times))
    }

    fn gather_rows(&self, rows: &[usize], width: usize) -> Self {
        self.moved(|x| x.gather_rows(rows, width))
    }

    fn columns(&self, width: usize, start: usize, end: usize) -> Self {
        self.moved(|x| x.columns(width, start, end))
    }

    fn transpose(&self, rows: usize, width: usize) -> Self {
        self.moved(|x| x.transpose(rows, width))
    }

    fn add_to_rows(&self, row: &Self) -> Self {
        let fits = !row.is_empty() && self.len().is_multiple_of(row.len());
        assert!(fits, "rows of the length of what is added");
        self.add(&row.tile(self.len() / row.len()))
    }

    fn row_sums(&self, width: usize) -> Self {
        Ops::additions(ADDITIONS).count(self.len());
        Wide::written(self.content(), self.len() / width, |low, high| {
            let mut elements = self.elements();
            for (low, high) in low.iter_mut().zip(high) {
                let row = elements.by_ref().take(width);
                [*low, *high] = words(row.fold(0, u128::wrapping_add));
                *high &= Self::MASK;
            }
        })
    }

    fn column_sums(&self, width: usize) -> Self {
        Ops::additions(ADDITIONS).count(self.len());
        Wide::written(self.content(), width, |low, high| {
            let mut sums = vec![0u128; width];
            let mut elements = self.elements();
            for _ in 0..self.len() / width {
                sums.iter_mut().zip(&mut elements).for_each(|(sum, x)| *sum = sum.wrapping_add(x));
            }
            for ((sum, low), high) in sums.into_iter().zip(low).zip(high) {
                [*low, *high] = words(sum);
                *high &= Self::MASK;
            }
        })
    }
}
