//! Vectors of residues modulo a number below 256, a byte each.

use std::sync::Arc;

use super::arithmetic::Ops;
use super::fast::bytes;
use super::fast::dispatch::Level;
use super::fast::mcg::Position;
use super::matmul::MatMul;
use super::meter;
use super::plane::Plane;
use super::random::StreamKey;
use super::ring_vector::RingVector;
use super::vector::{Content, Vector};

/// Elements of Z modulo `MODULUS`, any number from 2 to 255: a small prime.
///
/// Each element lies in a byte; cloning and slicing are cheap, since several vectors may be parts of the same memory. What no protocol
/// does often is done in words. The meter counts an operation as one: a reduction is part of it.
#[derive(Clone, Debug)]
pub struct Residues<const MODULUS: u64> {
    len: usize,
    /// Where the elements lie, and the place of the first.
    data: Option<(Arc<Vec<u8>>, usize)>,
}

impl<const MODULUS: u64> PartialEq for Residues<MODULUS> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && (self.is_same(other) || self.values() == other.values())
    }
}

impl<const MODULUS: u64> Eq for Residues<MODULUS> {}

impl<const MODULUS: u64> From<Vec<u8>> for Residues<MODULUS> {
    fn from(elements: Vec<u8>) -> Self {
        const { assert!(2 <= MODULUS && MODULUS < 256, "an element is a byte") };
        Residues { len: elements.len(), data: Some((Arc::new(elements), 0)) }
    }
}

impl<const MODULUS: u64> Residues<MODULUS> {
    /// The element that stands for an integer.
    fn element(value: i128) -> u8 {
        value.rem_euclid(i128::from(MODULUS)) as u8
    }

    /// Elements that `values` makes, which is not called for shapes.
    fn made(content: Content, len: usize, values: impl FnOnce() -> Vec<u8>) -> Self {
        match content {
            Content::Shape => Self::shape(len),
            Content::Values => {
                let values = values();
                assert_eq!(values.len(), len, "a vector of another length than announced");
                values.into()
            }
        }
    }

    /// The elements; `None` for a shape.
    fn values(&self) -> Option<&[u8]> {
        self.data.as_ref().map(|(memory, start)| &memory[*start..start + self.len])
    }

    fn expect_values(&self) -> &[u8] {
        self.values().expect("a vector with values")
    }

    /// Whether both are the same part of the same memory.
    fn is_same(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Some((x, i)), Some((y, j))) => Arc::ptr_eq(x, y) && i == j,
            _ => false,
        }
    }

    /// A loop over both vectors.
    fn zipped(&self, ops: Ops, other: &Self, of: bytes::Loop) -> Self {
        assert_eq!(self.len, other.len, "vectors of different lengths");
        ops.count(self.len);
        Self::made(self.content(), self.len, || {
            bytes::zipped(self.expect_values(), other.expect_values(), of)
        })
    }

    /// The elements that stand for any words; the reduction belongs to what made the words.
    fn reduce(words: &Vector) -> Self {
        Self::made(words.content(), words.len(), || {
            let mut elements = vec![0; words.len()];
            bytes::reduce::<MODULUS>(Level::best(), &mut elements, words.expect_values());
            elements
        })
    }

    /// An operation on words, whose results are reduced.
    fn in_words(&self, f: impl FnOnce(Vector) -> Vector) -> Self {
        Self::reduce(&f(self.low_words()))
    }

    /// Vectors that lie one after the other in the same memory, as one.
    fn joined(parts: &[&Self]) -> Option<Self> {
        let (memory, first) = parts.first()?.data.as_ref()?;
        let mut next = *first;
        for part in parts {
            let (other, start) = part.data.as_ref()?;
            if !Arc::ptr_eq(memory, other) || *start != next {
                return None;
            }
            next += part.len;
        }
        Some(Residues { len: next - first, data: Some((Arc::clone(memory), *first)) })
    }
}

impl<const MODULUS: u64> RingVector for Residues<MODULUS> {
    const BITS: u32 = 64 - (MODULUS - 1).leading_zeros();

    fn shape(len: usize) -> Self {
        Residues { len, data: None }
    }

    fn constant(content: Content, len: usize, value: i128) -> Self {
        Self::made(content, len, || vec![Self::element(value); len])
    }

    fn build(content: Content, len: usize, values: impl FnOnce() -> Vec<u128>) -> Self {
        let element = |x: u128| (x % u128::from(MODULUS)) as u8;
        Self::made(content, len, || values().into_iter().map(element).collect())
    }

    /// From a word of the stream for each element. Modulo a power of two those are its lowest bits; else it is scaled down
    /// (Lemire 2019), which is uniform but for 2^-56.
    fn random(key: &StreamKey, content: Content, len: usize) -> Self {
        let (bytes, of_words): (_, bytes::OfWords) = if MODULUS.is_power_of_two() {
            (Self::WIRE_BYTES, bytes::reduce::<MODULUS>)
        } else {
            (8, bytes::scale_down::<MODULUS>)
        };
        meter::count(|w| w.random_bytes += bytes * len as u64);
        Self::made(content, len, || bytes::drawn(Position::of(&key.generator()), len, of_words))
    }

    fn from_unsigned(words: &Vector) -> Self {
        Ops::additions(1).count(words.len());
        Self::reduce(words)
    }

    fn from_signed(words: &Vector) -> Self {
        Ops::additions(1).count(words.len());
        let element = |x: &u64| Self::element(x.cast_signed().into());
        Self::made(words.content(), words.len(), || words.expect_values().iter().map(element).collect())
    }

    fn low_words(&self) -> Vector {
        Vector::written(self.content(), self.len, |out| {
            out.iter_mut().zip(self.expect_values()).for_each(|(word, &x)| *word = x.into());
        })
    }

    fn integers(&self) -> Option<Vec<u128>> {
        self.values().map(|elements| elements.iter().map(|&x| x.into()).collect())
    }

    fn split(&self, planes: usize) -> Vec<Plane> {
        assert!(planes <= Self::BITS as usize, "an element has {} bits, not {planes}", Self::BITS);
        Plane::split(&self.low_words(), planes)
    }

    fn compose(planes: &[Plane]) -> Self {
        assert!(planes.len() <= Self::BITS as usize, "an element has {} bits", Self::BITS);
        Self::reduce(&Plane::compose(planes))
    }

    fn from_bits(planes: &[Plane]) -> Self {
        let len = planes.iter().map(Plane::len).sum();
        let content = planes.first().map_or(Content::Values, Plane::content);
        planes.iter().for_each(|plane| plane.count(1));
        Ops::additions(1).count(len);
        Self::made(content, len, || {
            let mut elements = vec![0; len];
            let mut rest = &mut elements[..];
            for plane in planes {
                let place = rest.split_off_mut(..plane.len()).expect("a place for each plane");
                bytes::write_bits(plane.expect_words(), place);
            }
            elements
        })
    }

    fn len(&self) -> usize {
        self.len
    }

    fn content(&self) -> Content {
        if self.data.is_some() { Content::Values } else { Content::Shape }
    }

    fn add(&self, other: &Self) -> Self {
        self.zipped(Ops::additions(1), other, bytes::add::<MODULUS>)
    }

    fn sub(&self, other: &Self) -> Self {
        self.zipped(Ops::additions(1), other, bytes::subtract::<MODULUS>)
    }

    fn neg(&self) -> Self {
        Self::constant(self.content(), self.len, 0).sub(self)
    }

    fn scale(&self, factor: i128) -> Self {
        self.mul(&Self::constant(self.content(), self.len, factor))
    }

    fn mul(&self, other: &Self) -> Self {
        self.zipped(Ops::additions(0).and_multiplications(1), other, bytes::multiply::<MODULUS>)
    }

    fn sum_of_products(terms: &[(&Self, &[&Self])], shape: MatMul) -> Self {
        // Sums must not wrap before they are reduced.
        let factors: usize = terms.iter().map(|(_, ys)| ys.len()).sum();
        let most = (MODULUS - 1).pow(2).checked_mul((shape.inner * factors) as u64);
        assert!(most.is_some(), "too long a sum for a word");
        let words: Vec<(Vector, Vec<Vector>)> =
            terms.iter().map(|(x, ys)| (x.low_words(), ys.iter().map(|y| y.low_words()).collect())).collect();
        let rights: Vec<Vec<&Vector>> = words.iter().map(|(_, ys)| ys.iter().collect()).collect();
        let terms: Vec<(&Vector, &[&Vector])> =
            words.iter().zip(&rights).map(|((x, _), ys)| (x, &ys[..])).collect();
        Self::reduce(&Vector::sum_of_products(&terms, shape))
    }

    fn shift_right(&self, bits: u32) -> Self {
        assert!(bits < Self::BITS, "an element has {} bits, which cannot be shifted by {bits}", Self::BITS);
        self.in_words(|x| x.shift_right(bits))
    }

    fn slice(&self, start: usize, end: usize) -> Self {
        assert!(start <= end && end <= self.len, "slice {start}..{end} of {}", self.len);
        let data = self.data.as_ref().map(|(memory, first)| (Arc::clone(memory), first + start));
        Residues { len: end - start, data }
    }

    /// What lies so already is not copied.
    fn concat(parts: &[&Self]) -> Self {
        Self::joined(parts).unwrap_or_else(|| {
            let len = parts.iter().map(|part| part.len).sum();
            let content = parts.first().map_or(Content::Values, |part| part.content());
            Self::made(content, len, || {
                parts.iter().map(|part| part.expect_values()).collect::<Vec<_>>().concat()
            })
        })
    }

    fn repeat_each(&self, times: usize) -> Self {
        self.in_words(|x| x.repeat_each(times))
    }

    fn tile(&self, times: usize) -> Self {
        Self::made(self.content(), self.len * times, || self.expect_values().repeat(times))
    }

    fn gather_rows(&self, rows: &[usize], width: usize) -> Self {
        Self::made(self.content(), rows.len() * width, || bytes::gathered(self.expect_values(), rows, width))
    }

    fn columns(&self, width: usize, start: usize, end: usize) -> Self {
        self.in_words(|x| x.columns(width, start, end))
    }

    fn transpose(&self, rows: usize, width: usize) -> Self {
        self.in_words(|x| x.transpose(rows, width))
    }

    fn add_to_rows(&self, row: &Self) -> Self {
        self.in_words(|x| x.add_to_rows(&row.low_words()))
    }

    fn row_sums(&self, width: usize) -> Self {
        self.in_words(|x| x.row_sums(width))
    }

    fn column_sums(&self, width: usize) -> Self {
        self.in_words(|x| x.column_sums(width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_joined_without_a_copy() {
        let whole = Residues::<67>::from((0..67).collect::<Vec<u8>>());
        let joined = RingVector::concat(&[&whole.slice(10, 20), &whole.slice(20, 60)]);
        assert_eq!(joined, whole.slice(10, 60));
        assert!(joined.is_same(&whole.slice(10, 60)), "the same memory");
        let apart = RingVector::concat(&[&whole.slice(10, 20), &whole.slice(21, 60)]);
        assert_eq!(apart.expect_values()[10], 21);
    }

    #[test]
    fn vectors_of_different_lengths_have_no_sum() {
        let x = Residues::<67>::from(vec![1, 2, 3]);
        assert!(std::panic::catch_unwind(|| x.add(&x.slice(0, 2))).is_err());
    }
}
