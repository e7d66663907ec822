//! What vectors over every ring have in common, so that a protocol can be written once for all of them.

use std::fmt::Debug;

use super::matmul::MatMul;
use super::patches::Patches;
use super::plane::Plane;
use super::random::StreamKey;
use super::vector::{Content, Vector};

/// A vector of elements of a ring of integers modulo some number, row-major where it stands for a matrix. It carries
/// elements, or (for [`Content::Shape`]) only its length. Cloning and slicing are cheap.
///
/// Elements are integers from 0 to the modulus - 1; "x" in the descriptions is that representative. All operations need
/// operands of equal length and content; a mix is a bug and panics. Every operation counts its work in
/// [`super::meter`], the same for values and for shapes.
pub trait RingVector: Clone + Debug + Eq + Send + Sync + 'static {
    /// Bits of an element.
    const BITS: u32;
    /// Bytes of an element in a message: as many as the bits need.
    const WIRE_BYTES: u64 = Self::BITS.div_ceil(8) as u64;

    /// A vector without content.
    fn shape(len: usize) -> Self;
    /// `len` times the same element, given by any integer that stands for it.
    fn constant(content: Content, len: usize, value: i128) -> Self;
    /// A vector of `len` elements, given by any integers that stand for them. `values` is not called for shapes.
    fn build(content: Content, len: usize, values: impl FnOnce() -> Vec<u128>) -> Self;
    /// `len` uniform elements of a stream.
    fn random(key: &StreamKey, content: Content, len: usize) -> Self;
    /// The elements that stand for the unsigned words.
    fn from_unsigned(words: &Vector) -> Self;
    /// The elements that stand for the signed words.
    fn from_signed(words: &Vector) -> Self;
    /// x modulo 2^64.
    fn low_words(&self) -> Vector;
    /// The elements; `None` for a shape.
    fn integers(&self) -> Option<Vec<u128>>;

    /// The lowest `planes` bits of x, lowest first.
    ///
    /// # Panics
    /// If an element does not have so many bits.
    fn split(&self, planes: usize) -> Vec<Plane>;
    /// The sum of 2^p times bit p.
    ///
    /// # Panics
    /// If an element does not have so many bits.
    fn compose(planes: &[Plane]) -> Self;
    /// Every bit of all planes as an element 0 or 1, one plane after the other.
    fn from_bits(planes: &[Plane]) -> Self {
        Self::from_unsigned(&Plane::to_ring(planes))
    }

    /// Number of elements.
    fn len(&self) -> usize;
    /// Whether there are no elements.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// What it carries.
    fn content(&self) -> Content;

    /// x + y.
    fn add(&self, other: &Self) -> Self;
    /// x - y.
    fn sub(&self, other: &Self) -> Self;
    /// -x.
    fn neg(&self) -> Self;
    /// c x for a public integer c.
    fn scale(&self, factor: i128) -> Self;
    /// x y, element by element.
    fn mul(&self, other: &Self) -> Self;
    /// The sums of x y over rows of `width` elements.
    fn dot(&self, other: &Self, width: usize) -> Self {
        self.mul(other).row_sums(width)
    }
    /// The sum of several matrix products of the same shape, each of a vector with a sum of others.
    ///
    /// # Panics
    /// If there is nothing to add up, or a vector does not have the elements of its place in the shape.
    fn sum_of_products(terms: &[(&Self, &[&Self])], shape: MatMul) -> Self;
    /// The matrix product.
    fn matmul(&self, other: &Self, shape: MatMul) -> Self {
        Self::sum_of_products(&[(self, &[other])], shape)
    }
    /// x / 2^bits, rounded down.
    ///
    /// # Panics
    /// If an element does not have more than `bits` bits.
    fn shift_right(&self, bits: u32) -> Self;

    /// Elements `start..end`, in the same memory.
    fn slice(&self, start: usize, end: usize) -> Self;
    /// Several vectors one after the other.
    fn concat(parts: &[&Self]) -> Self;
    /// The same in one memory, to be made at once: pieces of a long vector, which are not needed any more.
    fn join(pieces: &[&Self]) -> Self {
        Self::concat(pieces)
    }
    /// Each element `times` times in a row.
    fn repeat_each(&self, times: usize) -> Self;
    /// The whole vector `times` times.
    fn tile(&self, times: usize) -> Self;
    /// Chosen rows of a matrix with `width` columns.
    fn gather_rows(&self, rows: &[usize], width: usize) -> Self;
    /// Windows of images as rows of a matrix; the images stand one after the other.
    fn patches(&self, patches: &Patches) -> Self {
        let len = patches.len_of(self.len());
        if self.content() == Content::Shape {
            return Self::shape(len);
        }
        let zeros = Self::constant(Content::Values, patches.channels, 0);
        let (images, nowhere) = (self.len() / patches.image_len(), self.len() / patches.channels);
        let pixels: Vec<usize> = patches.pixels(images).map(|pixel| pixel.unwrap_or(nowhere)).collect();
        Self::concat(&[self, &zeros]).gather_rows(&pixels, patches.channels)
    }
    /// Columns `start..end` of a matrix with `width` columns.
    fn columns(&self, width: usize, start: usize, end: usize) -> Self;
    /// The transpose of a matrix with `rows` rows and `width` columns.
    fn transpose(&self, rows: usize, width: usize) -> Self;
    /// x plus the same row for each row of the matrix x.
    fn add_to_rows(&self, row: &Self) -> Self;
    /// The sum of each row of a matrix with `width` columns.
    fn row_sums(&self, width: usize) -> Self;
    /// The sum of each column of a matrix with `width` columns.
    fn column_sums(&self, width: usize) -> Self;
}

/// Z_2^64. The operations are those of [`Vector`] itself.
impl RingVector for Vector {
    const BITS: u32 = 64;

    fn shape(len: usize) -> Self {
        Vector::shape(len)
    }

    fn constant(content: Content, len: usize, value: i128) -> Self {
        Vector::constant(content, len, value as u64)
    }

    fn build(content: Content, len: usize, values: impl FnOnce() -> Vec<u128>) -> Self {
        Vector::build(content, len, || values().into_iter().map(|x| x as u64).collect())
    }

    fn random(key: &StreamKey, content: Content, len: usize) -> Self {
        key.vector(content, len)
    }

    fn from_unsigned(words: &Vector) -> Self {
        words.clone()
    }

    fn from_signed(words: &Vector) -> Self {
        words.clone()
    }

    fn low_words(&self) -> Vector {
        self.clone()
    }

    fn integers(&self) -> Option<Vec<u128>> {
        self.values().map(|words| words.iter().map(|&x| x.into()).collect())
    }

    fn split(&self, planes: usize) -> Vec<Plane> {
        Plane::split(self, planes)
    }

    fn compose(planes: &[Plane]) -> Self {
        Plane::compose(planes)
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn content(&self) -> Content {
        self.content()
    }

    fn add(&self, other: &Self) -> Self {
        self.add(other)
    }

    fn sub(&self, other: &Self) -> Self {
        self.sub(other)
    }

    fn neg(&self) -> Self {
        self.neg()
    }

    fn scale(&self, factor: i128) -> Self {
        self.scale(factor as u64)
    }

    fn mul(&self, other: &Self) -> Self {
        self.mul(other)
    }

    fn sum_of_products(terms: &[(&Self, &[&Self])], shape: MatMul) -> Self {
        Vector::sum_of_products(terms, shape)
    }

    fn shift_right(&self, bits: u32) -> Self {
        assert!(bits < 64, "an element has 64 bits, which cannot be shifted by {bits}");
        self.shift_right(bits)
    }

    fn slice(&self, start: usize, end: usize) -> Self {
        self.slice(start, end)
    }

    fn concat(parts: &[&Self]) -> Self {
        Vector::concat(parts)
    }
    fn join(pieces: &[&Self]) -> Self {
        super::fast::joined::join(pieces)
    }

    fn repeat_each(&self, times: usize) -> Self {
        self.repeat_each(times)
    }

    fn tile(&self, times: usize) -> Self {
        self.tile(times)
    }

    fn gather_rows(&self, rows: &[usize], width: usize) -> Self {
        self.gather_rows(rows, width)
    }

    fn patches(&self, patches: &Patches) -> Self {
        self.patches(patches)
    }

    fn columns(&self, width: usize, start: usize, end: usize) -> Self {
        self.columns(width, start, end)
    }

    fn transpose(&self, rows: usize, width: usize) -> Self {
        self.transpose(rows, width)
    }

    fn add_to_rows(&self, row: &Self) -> Self {
        self.add_to_rows(row)
    }

    fn row_sums(&self, width: usize) -> Self {
        self.row_sums(width)
    }

    fn column_sums(&self, width: usize) -> Self {
        self.column_sums(width)
    }
}
