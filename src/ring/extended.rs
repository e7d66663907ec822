//! Vectors over Z_2^144, for checks of some hundred values: simple, not fast.

use std::sync::Arc;

use rand_core::Rng;

use super::arithmetic::Ops;
use super::meter;
use super::random::StreamKey;
use super::ring_vector::RingVector;
use super::vector::Content;
use super::wide::Wide;

/// 64-bit words of an element, lowest first.
type Words = [u64; 3];

/// What is kept of the highest word.
const MASK: u64 = (1 << (Extended::BITS - 128)) - 1;
/// 64-bit operations that an addition and a multiplication stand for.
const ADDITION: Ops = Ops::additions(3);
const MULTIPLICATION: Ops = Ops::additions(0).and_multiplications(6);

/// Elements of Z_2^144, or only their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extended {
    len: usize,
    elements: Option<Arc<[Words]>>,
}

fn sum(x: Words, y: Words) -> Words {
    let mut carry = 0;
    let mut words = [0; 3];
    for (word, (x, y)) in words.iter_mut().zip(x.into_iter().zip(y)) {
        let total = u128::from(x) + u128::from(y) + carry;
        *word = total as u64;
        carry = total >> 64;
    }
    words[2] &= MASK;
    words
}

fn negative(x: Words) -> Words {
    sum(x.map(|word| !word), [1, 0, 0])
}

fn product(x: Words, y: Words) -> Words {
    let mut words = [0u64; 3];
    for i in 0..3 {
        let mut carry = 0;
        for j in 0..3 - i {
            let total = u128::from(words[i + j]) + u128::from(x[i]) * u128::from(y[j]) + carry;
            words[i + j] = total as u64;
            carry = total >> 64;
        }
    }
    words[2] &= MASK;
    words
}

impl Extended {
    /// Bits of an element.
    pub const BITS: u32 = 144;
    /// Bytes of an element in a message.
    pub const WIRE_BYTES: u64 = Self::BITS as u64 / 8;

    /// A vector without content.
    pub fn shape(len: usize) -> Self {
        Extended { len, elements: None }
    }

    fn of(elements: Vec<Words>) -> Self {
        Extended { len: elements.len(), elements: Some(elements.into()) }
    }

    /// Uniform elements of a stream.
    pub fn random(key: &StreamKey, content: Content, len: usize) -> Self {
        meter::count(|w| w.random_bytes += Self::WIRE_BYTES * len as u64);
        if content == Content::Shape {
            return Self::shape(len);
        }
        let mut generator = key.generator();
        let mut element = || [generator.next_u64(), generator.next_u64(), generator.next_u64() & MASK];
        Self::of((0..len).map(|_| element()).collect())
    }

    /// The integers of elements of a smaller ring.
    pub fn from_wide<const BITS: u32>(x: &Wide<BITS>) -> Self {
        let words = |x: u128| [x as u64, (x >> 64) as u64, 0];
        let Some(integers) = x.integers() else { return Self::shape(x.len()) };
        Self::of(integers.into_iter().map(words).collect())
    }

    /// x modulo 2^`BITS`.
    pub fn to_wide<const BITS: u32>(&self) -> Wide<BITS> {
        let integer = |&[low, high, _]: &Words| u128::from(low) | u128::from(high) << 64;
        match &self.elements {
            None => Wide::shape(self.len),
            Some(elements) => {
                Wide::build(Content::Values, self.len, || elements.iter().map(integer).collect())
            }
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The words of the elements, lowest first; `None` for a shape.
    pub fn elements(&self) -> Option<&[Words]> {
        self.elements.as_deref()
    }

    fn each(&self, ops: Ops, f: impl Fn(Words) -> Words) -> Self {
        ops.count(self.len);
        match &self.elements {
            None => Self::shape(self.len),
            Some(x) => Self::of(x.iter().map(|&x| f(x)).collect()),
        }
    }

    fn combine(&self, ops: Ops, other: &Self, f: impl Fn(Words, Words) -> Words) -> Self {
        assert_eq!(self.len, other.len, "vectors of different lengths");
        ops.count(self.len);
        match (&self.elements, &other.elements) {
            (Some(x), Some(y)) => Self::of(x.iter().zip(&**y).map(|(&x, &y)| f(x, y)).collect()),
            _ => Self::shape(self.len),
        }
    }

    /// x + y.
    pub fn add(&self, other: &Self) -> Self {
        self.combine(ADDITION, other, sum)
    }

    /// x - y.
    pub fn sub(&self, other: &Self) -> Self {
        self.combine(ADDITION, other, |x, y| sum(x, negative(y)))
    }

    /// -x.
    pub fn neg(&self) -> Self {
        self.each(ADDITION, negative)
    }

    /// x y, element by element.
    pub fn mul(&self, other: &Self) -> Self {
        self.combine(MULTIPLICATION, other, product)
    }

    /// x with one bit changed; `None` if there is no such element.
    pub fn with_bit_flipped(&self, place: usize, bit: u32) -> Option<Self> {
        let mut elements = self.elements.as_deref()?.to_vec();
        elements.get_mut(place)?[bit as usize / 64] ^= 1 << (bit % 64);
        Some(Self::of(elements))
    }

    /// Elements `start..end`.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        match &self.elements {
            None => Self::shape(end - start),
            Some(x) => Self::of(x[start..end].to_vec()),
        }
    }

    /// Several vectors one after the other.
    pub fn concat(parts: &[&Self]) -> Self {
        let all: Option<Vec<&[Words]>> = parts.iter().map(|part| part.elements.as_deref()).collect();
        match all {
            Some(parts) => Self::of(parts.concat()),
            None => Self::shape(parts.iter().map(|part| part.len).sum()),
        }
    }
}
