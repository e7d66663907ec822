//! Planes of packed bits: one bit for each element of a vector, 64 to a word.

use std::sync::Arc;

use rand_pcg::Pcg64Mcg;

use super::fast::fused::{Element, Operand, fuse};
use super::fast::mcg::{Position, fill};
use super::fast::memory::{Implied, Memory};
use super::fast::transpose::{planes_from_words_into, words_from_planes_into};
use super::fast::words::Words;
use super::meter;
use super::vector::{Content, Vector};

/// `len` bits, packed; or only their number. Bits past `len` in the last word are zero. Cloning is cheap: several
/// planes may be parts of the same memory.
#[derive(Clone, Debug)]
pub struct Plane {
    len: usize,
    /// Where the words lie, and the place of the first.
    words: Option<(Arc<Memory>, usize)>,
}

impl PartialEq for Plane {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.words() == other.words()
    }
}

impl Eq for Plane {}

impl Plane {
    /// A plane without content.
    pub fn shape(len: usize) -> Self {
        Plane { len, words: None }
    }

    /// A plane of `len` bits that `write` writes over whatever words are there. It is not called for shapes.
    pub(in crate::ring) fn written(content: Content, len: usize, write: impl FnOnce(&mut [u64])) -> Self {
        let mut planes = Plane::all_written(content, &[len], write);
        planes.remove(0)
    }

    /// `len` packed bits, the lowest of the first word first; bits beyond them are dropped.
    ///
    /// # Panics
    /// If there are not as many words as these bits take.
    pub fn packed(mut words: Vec<u64>, len: usize) -> Self {
        assert_eq!(words.len(), len.div_ceil(64), "words of {len} bits");
        clear_tail(&mut words, len);
        Plane { len, words: Some((Arc::new(Memory::Words(words.into())), 0)) }
    }

    /// Planes of the given lengths in one memory, that `write` writes over whatever words are there.
    fn all_written(content: Content, lens: &[usize], write: impl FnOnce(&mut [u64])) -> Vec<Plane> {
        let words = match content {
            Content::Shape => None,
            Content::Values => {
                let mut words = Words::any(lens.iter().map(|len| len.div_ceil(64)).sum());
                write(&mut words);
                Some(Arc::new(Memory::Words(words)))
            }
        };
        let mut start = 0;
        let plane = |&len: &usize| {
            start += len.div_ceil(64);
            let first = start - len.div_ceil(64);
            Plane { len, words: words.as_ref().map(|words| (Arc::clone(words), first)) }
        };
        lens.iter().map(plane).collect()
    }

    /// `len` zeros.
    pub fn zeros(content: Content, len: usize) -> Self {
        let words = match content {
            Content::Shape => None,
            Content::Values => Some((Arc::new(Memory::implied(Implied::Constant(0), len.div_ceil(64))), 0)),
        };
        Plane { len, words }
    }

    /// `len` ones.
    pub fn ones(content: Content, len: usize) -> Self {
        Plane::written(content, len, |words| {
            words.fill(!0);
            clear_tail(words, len);
        })
    }

    /// The lowest `planes` bits of every element, lowest first.
    pub fn split(x: &Vector, planes: usize) -> Vec<Plane> {
        let words = x.len().div_ceil(64);
        meter::count(|w| w.bit_words += (words * planes) as u64);
        if x.content() == Content::Shape {
            return vec![Plane::shape(x.len()); planes];
        }
        Plane::all_written(Content::Values, &vec![x.len(); planes], |out| {
            planes_from_words_into(x.expect_values(), planes, out);
        })
    }

    /// The sum of 2^p times bit p: the inverse of [`Plane::split`].
    pub fn compose(planes: &[Plane]) -> Vector {
        let len = planes.first().map_or(0, |p| p.len);
        let content = planes.first().map_or(Content::Values, Plane::content);
        meter::count(|w| w.bit_words += (len.div_ceil(64) * planes.len()) as u64);
        Vector::written(content, len, |out| {
            if let [plane] = planes {
                return words_from_planes_into(plane.expect_words(), 1, out);
            }
            let mut packed = Words::any(planes.len() * len.div_ceil(64));
            let places = packed.chunks_exact_mut(len.div_ceil(64).max(1));
            places.zip(planes).for_each(|(place, plane)| place.copy_from_slice(plane.expect_words()));
            words_from_planes_into(&packed, planes.len(), out);
        })
    }

    /// Every bit of all planes as an element 0 or 1, one plane after the other.
    pub fn to_ring(planes: &[Plane]) -> Vector {
        let content = planes.first().map_or(Content::Values, Plane::content);
        planes.iter().for_each(|plane| plane.count(1));
        Vector::written(content, planes.iter().map(Plane::len).sum(), |mut out| {
            for plane in planes {
                let (place, rest) = out.split_at_mut(plane.len);
                words_from_planes_into(plane.expect_words(), 1, place);
                out = rest;
            }
        })
    }

    /// Bits `64 first..64 first + len`.
    pub fn from_word(&self, first: usize, len: usize) -> Plane {
        assert!(64 * first + len <= self.len, "bits past the end");
        let Some((memory, start)) = &self.words else { return Plane::shape(len) };
        if len.is_multiple_of(64) || 64 * first + len == self.len {
            return Plane { len, words: Some((Arc::clone(memory), start + first)) };
        }
        Plane::written(Content::Values, len, |out| {
            out.copy_from_slice(&self.expect_words()[first..first + len.div_ceil(64)]);
            clear_tail(out, len);
        })
    }

    /// Planes of whole words one after the other.
    pub fn concat(planes: &[&Plane]) -> Plane {
        assert!(planes.iter().all(|plane| plane.len.is_multiple_of(64)), "planes of whole words");
        let content = planes.first().map_or(Content::Values, |plane| plane.content());
        Plane::written(content, planes.iter().map(|plane| plane.len).sum(), |mut out| {
            for plane in planes {
                let (place, rest) = out.split_at_mut(plane.word_count());
                place.copy_from_slice(plane.expect_words());
                out = rest;
            }
        })
    }

    /// The words with the given numbers, of a plane of whole words.
    pub fn gather_words(&self, numbers: &[u32]) -> Plane {
        assert!(self.len.is_multiple_of(64), "a plane of whole words");
        meter::count(|w| w.bit_words += numbers.len() as u64);
        let words = self.words();
        Plane::written(self.content(), 64 * numbers.len(), |out| {
            let words = words.expect("a plane with values");
            out.iter_mut().zip(numbers).for_each(|(out, &number)| *out = words[number as usize]);
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

    fn words(&self) -> Option<&[u64]> {
        self.words.as_ref().map(|(memory, start)| &memory.words()[*start..start + self.len.div_ceil(64)])
    }

    /// `words` words from the one with the given number on: of this plane, or of others behind it too.
    fn operand(&self, first: usize, words: usize) -> Operand<'_> {
        let (memory, start) = self.words.as_ref().expect("a plane with values");
        memory.operand(start + first, words)
    }

    fn word_count(&self) -> usize {
        self.len.div_ceil(64)
    }

    /// Whether the words of `other` follow those of this plane.
    fn is_before(&self, other: &Plane) -> bool {
        let (Some((memory, start)), Some((other, other_start))) = (&self.words, &other.words) else {
            return false;
        };
        let same_constant = || memory.constant().is_some() && memory.constant() == other.constant();
        Arc::ptr_eq(memory, other) && start + self.word_count() == *other_start || same_constant()
    }

    /// Whether it is known, without a look at the bits, that all are zero.
    fn is_known_zero(&self) -> bool {
        self.words.as_ref().is_some_and(|(memory, _)| memory.constant() == Some(0))
    }

    /// The packed words.
    ///
    /// # Panics
    /// For a shape.
    pub fn expect_words(&self) -> &[u64] {
        self.words().expect("a plane with values")
    }

    /// Counts so many operations on each word.
    pub(in crate::ring) fn count(&self, times: u64) {
        meter::count(|w| w.bit_words += times * self.len.div_ceil(64) as u64);
    }

    /// A formula of `operations` steps on words, which keeps zeros behind the end, for each of several tuples of planes;
    /// all results share one memory.
    pub fn fused<const I: usize>(
        operations: u64,
        tuples: &[[&Plane; I]],
        f: impl Fn([Element; I]) -> Element + Sync,
    ) -> Vec<Plane> {
        Plane::each_run(operations, tuples, |run, _, place| fuse(run, [place], |x| [f(x)]))
    }

    /// The same with two masks that go through all tuples: each tuple takes as many words of them as its planes have, and
    /// bits past the end are dropped.
    pub fn fused_with_masks(
        operations: u64,
        tuples: &[[&Plane; 4]],
        masks: [&Plane; 2],
        f: impl Fn([Element; 6]) -> Element + Sync,
    ) -> Vec<Plane> {
        let lens: Vec<usize> = tuples.iter().map(|planes| planes[0].len).collect();
        let mut rest = &lens[..];
        Plane::each_run(operations, tuples, |[x, y, z, w], start, place| {
            let [r, s] = masks.map(|mask| mask.operand(start, place.len()));
            fuse([x, y, z, w, r, s], [&mut *place], |x| [f(x)]);
            let mut end = 0;
            while end < place.len() {
                let (len, later) = rest.split_first().expect("a length for each tuple");
                end += len.div_ceil(64);
                clear_tail(&mut place[..end], *len);
                rest = later;
            }
        })
    }

    /// Planes as long as those of the tuples. `work` gets tuples whose planes lie one after the other as one of longer
    /// planes, the number of words before, and the place of what it writes.
    fn each_run<const I: usize>(
        operations: u64,
        tuples: &[[&Plane; I]],
        mut work: impl FnMut([Operand<'_>; I], usize, &mut [u64]),
    ) -> Vec<Plane> {
        let mut words = 0;
        for planes in tuples {
            assert!(planes.iter().all(|p| p.len == planes[0].len), "planes of different lengths");
            words += planes[0].word_count();
        }
        meter::count(|w| w.bit_words += operations * words as u64);
        let lens = tuples.iter().map(|planes| planes[0].len);
        if tuples.first().is_some_and(|planes| planes[0].content() == Content::Shape) {
            return lens.map(Plane::shape).collect();
        }
        Plane::all_written(Content::Values, &lens.collect::<Vec<_>>(), |out| {
            let neighbours = |a: &[&Plane; I], b: &[&Plane; I]| a.iter().zip(b).all(|(a, b)| a.is_before(b));
            let mut start = 0;
            for run in tuples.chunk_by(neighbours) {
                let end = start + run.iter().map(|planes| planes[0].word_count()).sum::<usize>();
                work(run[0].map(|first| first.operand(0, end - start)), start, &mut out[start..end]);
                start = end;
            }
        })
    }

    /// x xor y.
    pub fn xor(&self, other: &Plane) -> Plane {
        Plane::xor_each(&[[self, other]]).remove(0)
    }

    /// x xor y for each of several pairs.
    pub fn xor_each(pairs: &[[&Plane; 2]]) -> Vec<Plane> {
        let one_is_zero = |[x, y]: &[&Plane; 2]| x.len == y.len && (x.is_known_zero() || y.is_known_zero());
        if !pairs.iter().any(one_is_zero) {
            return Plane::fused(1, pairs, |[x, y]| x ^ y);
        }
        let others: Vec<_> = pairs.iter().copied().filter(|pair| !one_is_zero(pair)).collect();
        let mut sums = Plane::fused(1, &others, |[x, y]| x ^ y).into_iter();
        let sum = |pair: &[&Plane; 2]| {
            if one_is_zero(pair) {
                pair[0].count(1);
                return if pair[0].is_known_zero() { pair[1].clone() } else { pair[0].clone() };
            }
            sums.next().expect("a sum of each other pair")
        };
        pairs.iter().map(sum).collect()
    }

    /// x and y.
    pub fn and(&self, other: &Plane) -> Plane {
        Plane::fused(1, &[[self, other]], |[x, y]| x & y).remove(0)
    }

    /// Uniform bits: `planes` planes of `len` bits each.
    pub(in crate::ring) fn drawn(generator: &mut Pcg64Mcg, len: usize, planes: usize) -> Vec<Plane> {
        if len.is_multiple_of(64) {
            let words = len / 64;
            let position = Position::of(generator);
            let memory = Arc::new(Memory::implied(Implied::Drawn(position), planes * words));
            let plane = |i| Plane { len, words: Some((Arc::clone(&memory), i * words)) };
            return (0..planes).map(plane).collect();
        }
        let plane = |_| {
            Plane::written(Content::Values, len, |out| {
                fill(generator, out);
                clear_tail(out, len);
            })
        };
        (0..planes).map(plane).collect()
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
