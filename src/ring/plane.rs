//! Planes of packed bits: one bit for each element of a vector, 64 to a word.

use std::sync::Arc;

use super::meter;
use super::transpose::{planes_from_words, words_from_planes};
use super::vector::{Content, Vector};

/// `len` bits, packed; or only their number. Bits past `len` in the last word are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    len: usize,
    words: Option<Arc<Vec<u64>>>,
}

impl Plane {
    /// A plane of `len` bits made by `words`, which is not called for shapes.
    pub fn build(content: Content, len: usize, words: impl FnOnce() -> Vec<u64>) -> Self {
        let words = match content {
            Content::Shape => None,
            Content::Values => {
                let words = words();
                assert_eq!(words.len(), len.div_ceil(64), "a plane of another length than announced");
                Some(Arc::new(words))
            }
        };
        Plane { len, words }
    }

    /// `len` zeros.
    pub fn zeros(content: Content, len: usize) -> Self {
        Plane::build(content, len, || vec![0; len.div_ceil(64)])
    }

    /// `len` ones.
    pub fn ones(content: Content, len: usize) -> Self {
        Plane::build(content, len, || {
            let mut words = vec![!0; len.div_ceil(64)];
            clear_tail(&mut words, len);
            words
        })
    }

    /// The lowest `planes` bits of every element, lowest first.
    pub fn split(x: &Vector, planes: usize) -> Vec<Plane> {
        let words = x.len().div_ceil(64);
        meter::count(|w| w.bit_words += (words * planes) as u64);
        match x.values() {
            None => vec![Plane { len: x.len(), words: None }; planes],
            Some(values) => {
                let packed = planes_from_words(values, planes);
                (0..planes)
                    .map(|p| Plane {
                        len: x.len(),
                        words: Some(Arc::new(packed[p * words..(p + 1) * words].to_vec())),
                    })
                    .collect()
            }
        }
    }

    /// The sum of 2^p times bit p: the inverse of [`Plane::split`].
    pub fn compose(planes: &[Plane]) -> Vector {
        let len = planes.first().map_or(0, |p| p.len);
        let content = planes.first().map_or(Content::Values, Plane::content);
        meter::count(|w| w.bit_words += (len.div_ceil(64) * planes.len()) as u64);
        Vector::build(content, len, || {
            let mut packed = Vec::with_capacity(planes.len() * len.div_ceil(64));
            planes.iter().for_each(|p| packed.extend_from_slice(p.expect_words()));
            words_from_planes(&packed, planes.len(), len)
        })
    }

    /// Number of bits.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What it carries.
    pub fn content(&self) -> Content {
        if self.words.is_some() { Content::Values } else { Content::Shape }
    }

    /// The packed words.
    ///
    /// # Panics
    /// For a shape.
    pub fn expect_words(&self) -> &[u64] {
        self.words.as_deref().expect("a plane with values")
    }

    fn count(&self, times: u64) {
        meter::count(|w| w.bit_words += times * self.len.div_ceil(64) as u64);
    }

    fn zip(&self, other: &Plane, f: impl Fn(u64, u64) -> u64) -> Plane {
        assert_eq!(self.len, other.len, "planes of different lengths");
        self.count(1);
        Plane::build(self.content(), self.len, || {
            self.expect_words().iter().zip(other.expect_words()).map(|(&x, &y)| f(x, y)).collect()
        })
    }

    /// Cuts a plane at whole words into planes of the given lengths, bits past each length dropped.
    pub fn cut(&self, lens: &[usize]) -> Vec<Plane> {
        let mut start = 0;
        lens.iter()
            .map(|&len| {
                let words = len.div_ceil(64);
                start += words;
                Plane::build(self.content(), len, || {
                    let mut cut = self.expect_words()[start - words..start].to_vec();
                    clear_tail(&mut cut, len);
                    cut
                })
            })
            .collect()
    }

    /// x xor y.
    pub fn xor(&self, other: &Plane) -> Plane {
        self.zip(other, |x, y| x ^ y)
    }

    /// x and y.
    pub fn and(&self, other: &Plane) -> Plane {
        self.zip(other, |x, y| x & y)
    }

    /// not x.
    pub fn not(&self) -> Plane {
        self.xor(&Plane::ones(self.content(), self.len))
    }
}

/// Zeroes the bits past `len` in the last word.
pub(crate) fn clear_tail(words: &mut [u64], len: usize) {
    if let Some(last) = words.last_mut()
        && !len.is_multiple_of(64)
    {
        *last &= (1 << (len % 64)) - 1;
    }
}
