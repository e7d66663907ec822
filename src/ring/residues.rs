//! Vectors over rings so small that products of elements fit into a word: Z_2^32, and residues modulo a small prime.

use super::Element;
use super::arithmetic::Ops;
use super::fast::mcg::Position;
use super::matmul::MatMul;
use super::meter;
use super::plane::Plane;
use super::random::StreamKey;
use super::ring_vector::RingVector;
use super::vector::{Content, Vector};
use std::num::Wrapping;

/// Elements of Z modulo `MODULUS`, which is a power of two up to 2^32 or any number from 2 to 255: a small prime.
///
/// Each element lies in a word of its own, so that formulas and products are those of [`Vector`], followed by a
/// reduction. The meter counts an operation as one: a reduction is part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residues<const MODULUS: u64> {
    words: Vector,
}

/// x modulo `MODULUS` for any x.
#[inline(always)]
fn reduced<const MODULUS: u64>(x: Element) -> Element {
    Wrapping(x.0 % MODULUS)
}

/// x modulo `MODULUS` for x < 2 `MODULUS`: the smaller of x and what wraps around below `MODULUS`.
#[inline(always)]
fn reduced_once<const MODULUS: u64>(x: Element) -> Element {
    x.min(x - Wrapping(MODULUS))
}

/// x y modulo `MODULUS`, of elements.
#[inline(always)]
fn product<const MODULUS: u64>(x: Element, y: Element) -> Element {
    if MODULUS.is_power_of_two() {
        return reduced::<MODULUS>(x * y);
    }
    // Less than 2^16: the compiler divides by a constant of 32 bits in vector instructions.
    Wrapping(u64::from((x * y).0 as u32 % MODULUS as u32))
}

impl<const MODULUS: u64> Residues<MODULUS> {
    const VALID: () = assert!(
        MODULUS >= 2 && (MODULUS < 256 || (MODULUS.is_power_of_two() && MODULUS <= 1 << 32)),
        "a power of two up to 2^32, or less than 256"
    );

    fn of(words: Vector) -> Self {
        const { Self::VALID };
        Residues { words }
    }

    /// The element that stands for an integer.
    fn element(value: i128) -> u64 {
        value.rem_euclid(i128::from(MODULUS)) as u64
    }

    fn formula<const I: usize>(
        ops: Ops,
        x: [&Vector; I],
        f: impl Fn([Element; I]) -> Element + Copy + Send + Sync + 'static,
    ) -> Self {
        let [words] = Vector::fused(ops, x, move |x| [f(x)]);
        Residues::of(words)
    }

    /// The elements that stand for any words; the reduction belongs to what made the words.
    fn reduce(words: &Vector) -> Self {
        Self::formula(Ops::additions(0), [words], |[x]| reduced::<MODULUS>(x))
    }

    /// The sum of vectors, done on nobody's account.
    fn total(vectors: &[&Self]) -> Self {
        let (first, rest) = vectors.split_first().expect("something to add up");
        rest.iter().fold((*first).clone(), |total, x| total.sum(Ops::additions(0), x))
    }

    fn sum(&self, ops: Ops, other: &Self) -> Self {
        Self::formula(ops, [&self.words, &other.words], |[x, y]| reduced_once::<MODULUS>(x + y))
    }
}

impl<const MODULUS: u64> RingVector for Residues<MODULUS> {
    const BITS: u32 = 64 - (MODULUS - 1).leading_zeros();

    fn shape(len: usize) -> Self {
        Residues::of(Vector::shape(len))
    }

    fn constant(content: Content, len: usize, value: i128) -> Self {
        Residues::of(Vector::constant(content, len, Self::element(value)))
    }

    fn build(content: Content, len: usize, values: impl FnOnce() -> Vec<u128>) -> Self {
        let element = |x: u128| (x % u128::from(MODULUS)) as u64;
        Residues::of(Vector::build(content, len, || values().into_iter().map(element).collect()))
    }

    /// From a word of the stream for each element. Modulo a power of two those are its lowest bits; else it is scaled down
    /// (Lemire 2019), which is uniform but for 2^-56.
    fn random(key: &StreamKey, content: Content, len: usize) -> Self {
        let bytes = if MODULUS.is_power_of_two() { Self::WIRE_BYTES } else { 8 };
        meter::count(|w| w.random_bytes += bytes * len as u64);
        if content == Content::Shape {
            return Self::shape(len);
        }
        let words = Vector::drawn(Position::of(&key.generator()), len);
        if MODULUS.is_power_of_two() {
            return Self::reduce(&words);
        }
        Self::formula(Ops::additions(0), [&words], |[x]| {
            Wrapping(((u128::from(x.0) * u128::from(MODULUS)) >> 64) as u64)
        })
    }

    fn from_unsigned(words: &Vector) -> Self {
        Self::formula(Ops::additions(1), [words], |[x]| reduced::<MODULUS>(x))
    }

    fn from_signed(words: &Vector) -> Self {
        Self::formula(Ops::additions(1), [words], |[x]| {
            Wrapping(x.0.cast_signed().rem_euclid(MODULUS as i64).cast_unsigned())
        })
    }

    fn low_words(&self) -> Vector {
        self.words.clone()
    }

    fn integers(&self) -> Option<Vec<u128>> {
        self.words.integers()
    }

    fn split(&self, planes: usize) -> Vec<Plane> {
        assert!(planes <= Self::BITS as usize, "an element has {} bits, not {planes}", Self::BITS);
        Plane::split(&self.words, planes)
    }

    fn compose(planes: &[Plane]) -> Self {
        assert!(planes.len() <= Self::BITS as usize, "an element has {} bits", Self::BITS);
        Self::reduce(&Plane::compose(planes))
    }

    fn len(&self) -> usize {
        self.words.len()
    }

    fn content(&self) -> Content {
        self.words.content()
    }

    fn add(&self, other: &Self) -> Self {
        self.sum(Ops::additions(1), other)
    }

    fn sub(&self, other: &Self) -> Self {
        Self::formula(Ops::additions(1), [&self.words, &other.words], |[x, y]| {
            reduced_once::<MODULUS>(x + (Wrapping(MODULUS) - y))
        })
    }

    fn neg(&self) -> Self {
        Self::formula(Ops::additions(1), [&self.words], |[x]| reduced_once::<MODULUS>(Wrapping(MODULUS) - x))
    }

    fn scale(&self, factor: i128) -> Self {
        let ops = Ops::additions(0).and_multiplications(1);
        let [words] = Vector::fused_with(ops, [Self::element(factor)], [&self.words], |[factor], [x]| {
            [product::<MODULUS>(x, factor)]
        });
        Residues::of(words)
    }

    fn mul(&self, other: &Self) -> Self {
        let ops = Ops::additions(0).and_multiplications(1);
        Self::formula(ops, [&self.words, &other.words], |[x, y]| product::<MODULUS>(x, y))
    }

    fn sum_of_products(terms: &[(&Self, &[&Self])], shape: MatMul) -> Self {
        // Modulo what does not divide 2^64, sums must not wrap before they are reduced.
        let most = (MODULUS - 1).pow(2).checked_mul(shape.inner as u64 * terms.len() as u64);
        assert!(MODULUS.is_power_of_two() || most.is_some(), "too long a sum for a word");
        terms.iter().for_each(|(_, ys)| {
            Ops::additions(1).count((ys.len() - 1) * ys[0].len());
        });
        let rights: Vec<Self> = terms.iter().map(|(_, ys)| Self::total(ys)).collect();
        let rights: Vec<[&Vector; 1]> = rights.iter().map(|y| [&y.words]).collect();
        let terms: Vec<(&Vector, &[&Vector])> =
            terms.iter().zip(&rights).map(|((x, _), y)| (&x.words, &y[..])).collect();
        Self::reduce(&Vector::sum_of_products(&terms, shape))
    }

    fn shift_right(&self, bits: u32) -> Self {
        assert!(bits < Self::BITS, "an element has {} bits, which cannot be shifted by {bits}", Self::BITS);
        Residues::of(self.words.shift_right(bits))
    }

    fn slice(&self, start: usize, end: usize) -> Self {
        Residues::of(self.words.slice(start, end))
    }

    fn concat(parts: &[&Self]) -> Self {
        Residues::of(Vector::concat(&parts.iter().map(|part| &part.words).collect::<Vec<_>>()))
    }

    fn repeat_each(&self, times: usize) -> Self {
        Residues::of(self.words.repeat_each(times))
    }

    fn tile(&self, times: usize) -> Self {
        Residues::of(self.words.tile(times))
    }

    fn gather_rows(&self, rows: &[usize], width: usize) -> Self {
        Residues::of(self.words.gather_rows(rows, width))
    }

    fn columns(&self, width: usize, start: usize, end: usize) -> Self {
        Residues::of(self.words.columns(width, start, end))
    }

    fn transpose(&self, rows: usize, width: usize) -> Self {
        Residues::of(self.words.transpose(rows, width))
    }

    fn add_to_rows(&self, row: &Self) -> Self {
        Self::reduce(&self.words.add_to_rows(&row.words))
    }

    fn row_sums(&self, width: usize) -> Self {
        Self::reduce(&self.words.row_sums(width))
    }

    fn column_sums(&self, width: usize) -> Self {
        Self::reduce(&self.words.column_sums(width))
    }
}
