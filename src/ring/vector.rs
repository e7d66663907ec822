//! Vectors over the ring Z_2^64 that carry values, or (for `shape`) only their length.

use std::sync::Arc;

use super::fast::fused::Operand;
use super::fast::mcg::Position;
use super::fast::memory::{Implied, Memory, Slice};
use super::fast::words::Words;

/// Elements from which on formulas are deferred: what they would write and read again is too much for a cache.
pub(in crate::ring) const DEFERRED: usize = 1 << 14;

/// What vectors of a run carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Ring elements.
    Values,
    /// Lengths alone: every operation costs the same time whatever the length.
    Shape,
}

/// A vector of elements of Z_2^64, stored in row-major order where it stands for a matrix. Cloning and slicing are
/// cheap: several vectors may be parts of the same memory.
///
/// All operations need operands of equal length and content; a mix is a bug and panics.
#[derive(Clone, Debug)]
pub struct Vector {
    len: usize,
    /// Where the elements lie, and the place of the first.
    data: Option<(Arc<Memory>, usize)>,
}

impl PartialEq for Vector {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.values() == other.values()
    }
}

impl Eq for Vector {}

impl From<Vec<u64>> for Vector {
    fn from(data: Vec<u64>) -> Self {
        Words::from(data).into()
    }
}

impl From<Words> for Vector {
    fn from(data: Words) -> Self {
        Vector { len: data.len(), data: Some((Arc::new(Memory::Words(data)), 0)) }
    }
}

impl Vector {
    /// Whether both are the same part of the same memory, or both have no content: then they are equal, and nothing need
    /// be looked at.
    pub fn is_same(&self, other: &Vector) -> bool {
        let same_memory = match (&self.data, &other.data) {
            (Some((x, i)), Some((y, j))) => Arc::ptr_eq(x, y) && i == j,
            (None, None) => true,
            _ => false,
        };
        self.len == other.len && same_memory
    }

    /// A vector without content.
    pub fn shape(len: usize) -> Self {
        Vector { len, data: None }
    }

    /// `len` times the same element.
    pub fn constant(content: Content, len: usize, value: u64) -> Self {
        match content {
            Content::Shape => Vector::shape(len),
            Content::Values => {
                Vector { len, data: Some((Arc::new(Memory::implied(Implied::Constant(value), len)), 0)) }
            }
        }
    }

    /// A vector of `len` elements made by `values`, which is not called for shapes.
    pub fn build(content: Content, len: usize, values: impl FnOnce() -> Vec<u64>) -> Self {
        match content {
            Content::Shape => Vector::shape(len),
            Content::Values => {
                let values = values();
                assert_eq!(values.len(), len, "a vector of another length than announced");
                values.into()
            }
        }
    }

    /// A vector of `len` elements that `write` writes over whatever is there. It is not called for shapes.
    pub(in crate::ring) fn written(content: Content, len: usize, write: impl FnOnce(&mut [u64])) -> Self {
        match content {
            Content::Shape => Vector::shape(len),
            Content::Values => {
                let mut words = Words::any(len);
                write(&mut words);
                words.into()
            }
        }
    }

    /// The parts that this one was joined from, if they are not in one memory.
    pub(in crate::ring) fn parts(&self) -> Option<&[Slice]> {
        let (memory, start) = self.data.as_ref()?;
        memory
            .parts()
            .filter(|parts| *start == 0 && parts.iter().map(|part| part.len).sum::<usize>() == self.len)
    }

    /// Where the elements lie.
    fn place(&self) -> Option<Slice> {
        let (memory, start) = self.data.as_ref()?;
        Some(Slice { memory: Arc::clone(memory), start: *start, len: self.len })
    }

    fn of_place(place: Slice) -> Self {
        Vector { len: place.len, data: Some((place.memory, place.start)) }
    }

    /// `len` elements of some memory, from a place on.
    pub(in crate::ring) fn of_memory(memory: &Arc<Memory>, start: usize, len: usize) -> Self {
        Vector { len, data: Some((Arc::clone(memory), start)) }
    }

    /// Where the elements lie, or will, and the place of the first.
    pub(in crate::ring) fn memory(&self) -> Option<(&Arc<Memory>, usize)> {
        self.data.as_ref().map(|(memory, start)| (memory, *start))
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What it carries.
    pub fn content(&self) -> Content {
        if self.data.is_some() { Content::Values } else { Content::Shape }
    }

    /// The elements; `None` for a shape.
    pub fn values(&self) -> Option<&[u64]> {
        self.data.as_ref().map(|(memory, start)| &memory.words()[*start..start + self.len])
    }

    pub(in crate::ring) fn operand(&self) -> Operand<'_> {
        let (memory, start) = self.data.as_ref().expect("a vector with values");
        memory.operand(*start, self.len)
    }

    /// Random numbers.
    pub(in crate::ring) fn drawn(position: Position, len: usize) -> Self {
        Vector { len, data: Some((Arc::new(Memory::implied(Implied::Drawn(position), len)), 0)) }
    }

    /// Whether it is known, without a look at the elements, that all are zero.
    pub(in crate::ring) fn is_known_zero(&self) -> bool {
        self.data.as_ref().is_some_and(|(memory, _)| memory.constant() == Some(0))
    }

    /// The elements.
    ///
    /// # Panics
    /// For a shape.
    pub fn expect_values(&self) -> &[u64] {
        self.values().expect("a vector with values")
    }

    /// Elements `start..end`, in the same memory.
    pub fn slice(&self, start: usize, end: usize) -> Vector {
        assert!(start <= end && end <= self.len, "slice {start}..{end} of {}", self.len);
        if let Some(parts) = self.parts() {
            return Vector::slice_of_parts(parts, start, end);
        }
        let data = self.data.as_ref().map(|(words, first)| (Arc::clone(words), first + start));
        Vector { len: end - start, data }
    }

    /// Elements `start..end` of several parts, one after the other.
    fn slice_of_parts(parts: &[Slice], start: usize, end: usize) -> Vector {
        let mut first = 0;
        let mut slices = Vec::new();
        for part in parts {
            let (from, to) = (start.max(first), end.min(first + part.len));
            if from < to {
                slices.push(Vector::of_place(part.clone()).slice(from - first, to - first));
            }
            first += part.len;
        }
        match &slices[..] {
            [] => Vector::of_place(parts[0].clone()).slice(0, 0),
            [slice] => slice.clone(),
            _ => Vector::concat(&slices.iter().collect::<Vec<_>>()),
        }
    }

    /// The vectors one after the other. What lies so already is not copied, and long ones are not before somebody needs
    /// them in one memory.
    pub fn concat(parts: &[&Vector]) -> Vector {
        if let Some(joined) = Vector::joined(parts) {
            return joined;
        }
        let len = parts.iter().map(|p| p.len).sum();
        let content = parts.first().map_or(Content::Values, |p| p.content());
        let places = parts.iter().filter_map(|part| part.place());
        if len >= DEFERRED && content == Content::Values {
            let mut flat = Vec::new();
            for (part, place) in parts.iter().zip(places).filter(|(part, _)| part.len > 0) {
                match part.parts() {
                    Some(parts) => flat.extend_from_slice(parts),
                    None => flat.push(place),
                }
            }
            return Vector { len, data: Some((Arc::new(Memory::implied(Implied::Joined(flat), len)), 0)) };
        }
        Vector::written(content, len, |out| Slice::write_all(&places.collect::<Vec<_>>(), out))
    }

    /// Vectors that lie one after the other in the same memory, as one.
    fn joined(parts: &[&Vector]) -> Option<Vector> {
        let (words, first) = parts.first()?.data.as_ref()?;
        let mut next = *first;
        for part in parts {
            let (memory, start) = part.data.as_ref()?;
            if !Arc::ptr_eq(memory, words) || *start != next {
                return None;
            }
            next += part.len;
        }
        Some(Vector { len: next - first, data: Some((Arc::clone(words), *first)) })
    }

    /// Each element `times` times in a row.
    pub fn repeat_each(&self, times: usize) -> Vector {
        Vector::written(self.content(), self.len * times, |out| {
            if times > 0 {
                let places = out.chunks_exact_mut(times);
                places.zip(self.expect_values()).for_each(|(place, &x)| place.fill(x));
            }
        })
    }

    /// The whole vector `times` times.
    pub fn tile(&self, times: usize) -> Vector {
        Vector::written(self.content(), self.len * times, |out| {
            if self.len > 0 {
                out.chunks_exact_mut(self.len).for_each(|place| place.copy_from_slice(self.expect_values()));
            }
        })
    }

    /// Columns `start..end` of a matrix with `width` columns.
    pub fn columns(&self, width: usize, start: usize, end: usize) -> Vector {
        let (rows, taken) = (self.len / width, end - start);
        Vector::written(self.content(), rows * taken, |out| {
            if taken > 0 {
                let places = out.chunks_exact_mut(taken).zip(self.expect_values().chunks_exact(width));
                places.for_each(|(place, row)| place.copy_from_slice(&row[start..end]));
            }
        })
    }

    /// The transpose of a matrix with `rows` rows and `width` columns.
    pub fn transpose(&self, rows: usize, width: usize) -> Vector {
        assert_eq!(self.len, rows * width);
        Vector::written(self.content(), self.len, |out| {
            let values = self.expect_values();
            for (j, column) in out.chunks_exact_mut(rows.max(1)).enumerate() {
                column.iter_mut().enumerate().for_each(|(i, x)| *x = values[i * width + j]);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::{MatMul, Purpose, StreamKey, meter};

    /// Random, constant and multiplied vectors, which are not in memory, and what they stand for.
    fn implied(len: usize) -> Vec<(Vector, Vec<u64>)> {
        let key = StreamKey { seed: 1, purpose: Purpose::Shared, parties: 3, strand: 4, counter: 5 };
        let random = key.vector(Content::Values, len).expect_values().to_vec();
        vec![
            (key.vector(Content::Values, len), random.clone()),
            (Vector::constant(Content::Values, len, 9), vec![9; len]),
            (Vector::constant(Content::Values, len, 0), vec![0; len]),
            (Vector::from(random.clone()).scale(7), random.iter().map(|x| x.wrapping_mul(7)).collect()),
            (
                key.vector(Content::Values, len).scale(3).scale(5),
                random.iter().map(|x| x.wrapping_mul(15)).collect(),
            ),
        ]
    }

    #[test]
    fn what_is_not_in_memory_acts_as_if_it_were() {
        for rows in [1, 3, 1000] {
            let (width, len) = (70, 70 * rows);
            for (vector, values) in implied(len) {
                let stored = Vector::from(values.clone());
                let fresh = || vector.slice(0, len);
                assert_eq!(fresh().add(&stored), stored.scale(2));
                assert_eq!(stored.add(&fresh()), stored.scale(2));
                let half = fresh().slice(len / 2, len);
                assert_eq!(
                    half.sub(&Vector::constant(Content::Values, half.len(), 1)).add_scalar(1),
                    stored.slice(len / 2, len)
                );
                let order: Vec<usize> = (0..rows).rev().chain([0]).collect();
                assert_eq!(fresh().gather_rows(&order, width), stored.gather_rows(&order, width));
                assert_eq!(
                    Vector::concat(&[&fresh(), &half]),
                    Vector::concat(&[&stored, &stored.slice(len / 2, len)])
                );
                let shape = MatMul::new(rows, width, 2);
                let right = stored.tile(2).slice(0, 2 * width);
                assert_eq!(fresh().matmul(&right, shape), stored.matmul(&right, shape));
                assert_eq!(vector, stored);
            }
        }
    }

    #[test]
    fn neighbours_are_joined_without_a_copy() {
        let whole = Vector::from((0..100).collect::<Vec<u64>>());
        let joined = Vector::concat(&[&whole.slice(10, 20), &whole.slice(20, 70)]);
        assert_eq!(joined, whole.slice(10, 70));
        assert_eq!(joined.expect_values().as_ptr(), whole.expect_values()[10..].as_ptr());
        let apart = Vector::concat(&[&whole.slice(10, 20), &whole.slice(21, 70)]);
        assert_eq!(apart.expect_values()[10], 21);
    }

    #[test]
    fn counts_do_not_depend_on_what_is_known() {
        let counted = |x: Vector, y: Vector| {
            meter::take();
            let shape = MatMul::new(4, 5, 6);
            let product = x.matmul(&y, shape);
            let _ = product.add(&Vector::sum_of_products(&[(&x, &[&y]), (&x, &[&y])], shape));
            meter::take()
        };
        let of_content =
            |content, value| counted(Vector::constant(content, 20, value), Vector::constant(content, 30, 1));
        let expected = of_content(Content::Values, 3);
        assert_eq!((expected.macs, expected.additions), (360, 48));
        assert_eq!(of_content(Content::Values, 0), expected);
        assert_eq!(of_content(Content::Shape, 0), expected);
    }
}
