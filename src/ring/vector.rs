//! Vectors over the ring Z_2^64 that carry values, or (for `shape`) only their length.

use std::array::from_fn;
use std::num::Wrapping;
use std::sync::Arc;

use super::deferred::{self, Deferred, OperandIdentity};
use super::exact_f64::gemm_exact_f64;
use super::fused::{Element, Operand, fuse};
use super::gemm::MatrixView;
use super::matmul::MatMul;
use super::mcg::Position;
use super::memory::{Implied, Memory};
use super::meter;
use super::product::{Product, Term, sum_of_products};
use super::words::Words;
use super::workers::{pieces_of, spread};

/// Elements that are worth being copied or added to by a thread of their own.
pub(in crate::ring) const PARALLEL_COPY: usize = 1 << 13;
/// Elements from which on formulas are deferred: what they would write and read again is too much for a cache.
const DEFERRED: usize = 1 << 14;

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

/// What a formula costs for each element.
#[derive(Clone, Copy, Debug)]
pub struct Ops {
    additions: u64,
    multiplications: u64,
}

impl Ops {
    /// So many additions, subtractions and shifts.
    pub const fn additions(additions: u64) -> Self {
        Ops { additions, multiplications: 0 }
    }

    /// And so many multiplications.
    pub const fn and_multiplications(self, multiplications: u64) -> Self {
        Ops { multiplications, ..self }
    }

    /// Counts them for `len` elements: for what a party would do now, and we do within a later formula.
    pub fn count(self, len: usize) {
        meter::count(|w| {
            w.additions += self.additions * len as u64;
            w.multiplications += self.multiplications * len as u64;
        });
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

    /// A formula of several vectors, element by element, in one pass: each result is one entry of what `f` returns.
    /// `ops` says what the formula costs. `f` depends on its arguments alone; what else it needs goes into
    /// [`Vector::fused_with`].
    pub fn fused<const I: usize, const O: usize>(
        ops: Ops,
        x: [&Vector; I],
        f: impl Fn([Element; I]) -> [Element; O] + Copy + Send + Sync + 'static,
    ) -> [Vector; O] {
        Vector::fused_with(ops, [], x, move |[], x| f(x))
    }

    /// The same for a formula that has constants besides.
    pub fn fused_with<const C: usize, const I: usize, const O: usize>(
        ops: Ops,
        constants: [u64; C],
        x: [&Vector; I],
        f: impl Fn([Element; C], [Element; I]) -> [Element; O] + Copy + Send + Sync + 'static,
    ) -> [Vector; O] {
        let len = x[0].len;
        assert!(x.iter().all(|x| x.len == len), "vectors of different lengths");
        ops.count(len);
        if x[0].content() == Content::Shape {
            return from_fn(|_| Vector::shape(len));
        }
        let cuts = Vector::cuts(&x);
        if cuts.is_empty() {
            return Vector::fused_piece(constants, x, f);
        }
        let ends = cuts.iter().copied().chain([len]);
        let pieces: Vec<[Vector; O]> = std::iter::once(0)
            .chain(cuts.iter().copied())
            .zip(ends)
            .map(|(start, end)| {
                let x = x.map(|x| x.slice(start, end));
                Vector::fused_piece(constants, x.each_ref(), f)
            })
            .collect();
        from_fn(|i| Vector::concat(&pieces.iter().map(|piece| &piece[i]).collect::<Vec<_>>()))
    }

    /// Places where vectors that were joined, but not yet in memory, can be cut.
    fn cuts(x: &[&Vector]) -> Vec<usize> {
        let mut cuts = Vec::new();
        for x in x {
            let mut end = 0;
            for part in x.parts().into_iter().flatten() {
                end += part.len;
                cuts.push(end);
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        cuts.pop();
        cuts
    }

    /// The vectors that this one was joined from, if they are not in one memory.
    fn parts(&self) -> Option<&[Vector]> {
        let (memory, start) = self.data.as_ref()?;
        memory
            .parts()
            .filter(|parts| *start == 0 && parts.iter().map(|part| part.len).sum::<usize>() == self.len)
    }

    /// A formula of vectors without cuts.
    fn fused_piece<const C: usize, const I: usize, const O: usize>(
        constants: [u64; C],
        x: [&Vector; I],
        f: impl Fn([Element; C], [Element; I]) -> [Element; O] + Copy + Send + Sync + 'static,
    ) -> [Vector; O] {
        let len = x[0].len;
        let mut stride = len;
        let memory = if len < DEFERRED {
            // One memory for all results, so that joining them copies nothing.
            let mut words = Words::any(O * len);
            let mut rest = &mut words[..];
            let results = from_fn(|_| rest.split_off_mut(..len).expect("a place for each"));
            let constants = constants.map(Wrapping);
            fuse(x.map(Vector::operand), results, move |x| f(constants, x));
            Memory::Words(words)
        } else {
            let deferred = Deferred::new(len, constants, x.map(Vector::deferred_operand), f);
            stride = deferred.stride();
            Memory::Deferred(deferred)
        };
        let memory = Arc::new(memory);
        from_fn(|i| Vector { len, data: Some((Arc::clone(&memory), i * stride)) })
    }

    /// This as an operand of a formula that is computed later.
    fn deferred_operand(&self) -> deferred::Operand {
        let (memory, start) = self.data.as_ref().expect("a vector with values");
        match &**memory {
            Memory::Deferred(of)
                if !of.is_computed() && of.len() == self.len && start.is_multiple_of(of.stride()) =>
            {
                deferred::Operand::Result(Arc::clone(of), start / of.stride())
            }
            // Not computed here, if it is not yet.
            Memory::Product(_) => deferred::Operand::Words(Arc::clone(memory), *start),
            _ => match self.operand() {
                Operand::Constant(word) => deferred::Operand::Constant(word),
                Operand::Drawn(position) => deferred::Operand::Drawn(position),
                Operand::Words(_) => deferred::Operand::Words(Arc::clone(memory), *start),
            },
        }
    }

    /// What tells it from other vectors of the same length: the same for those that have the same elements for the same
    /// reason.
    pub(in crate::ring) fn identity(&self) -> OperandIdentity {
        self.deferred_operand().identity()
    }

    /// The first `len` elements of some memory.
    pub(in crate::ring) fn of_memory(len: usize, memory: Arc<Memory>) -> Self {
        Vector { len, data: Some((memory, 0)) }
    }

    /// Where the elements lie, or will.
    pub(in crate::ring) fn memory(&self) -> Option<&Arc<Memory>> {
        self.data.as_ref().map(|(memory, _)| memory)
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

    /// The elements, unless there are none or they are results of a formula that is not computed yet.
    pub(in crate::ring) fn at_hand(&self) -> Option<&[u64]> {
        match self.data.as_ref().map(|(memory, _)| &**memory) {
            Some(Memory::Deferred(deferred)) if !deferred.is_computed() => None,
            _ => self.values(),
        }
    }

    pub(in crate::ring) fn operand(&self) -> Operand<'_> {
        let (memory, start) = self.data.as_ref().expect("a vector with values");
        memory.operand(*start, self.len)
    }

    /// Random numbers.
    pub(in crate::ring) fn drawn(position: Position, len: usize) -> Self {
        Vector { len, data: Some((Arc::new(Memory::implied(Implied::Drawn(position), len)), 0)) }
    }

    /// Writes the elements elsewhere.
    fn write_to(&self, out: &mut [u64]) {
        match self.operand() {
            Operand::Words(words) => copy(words, out),
            Operand::Drawn(position) => position.fill(out),
            Operand::Constant(word) => out.fill(word),
        }
    }

    /// Writes the elements of several vectors, one after the other.
    pub(in crate::ring) fn write_all(parts: &[Vector], mut out: &mut [u64]) {
        for part in parts {
            let (place, rest) = out.split_at_mut(part.len);
            part.write_to(place);
            out = rest;
        }
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

    fn formula<const I: usize>(
        additions: u64,
        x: [&Vector; I],
        f: impl Fn([Element; I]) -> Element + Copy + Send + Sync + 'static,
    ) -> Vector {
        let [result] = Vector::fused(Ops::additions(additions), x, move |x| [f(x)]);
        result
    }

    /// A formula with a constant.
    fn formula_with(
        ops: Ops,
        constant: u64,
        x: &Vector,
        f: impl Fn(Element, Element) -> Element + Copy + Send + Sync + 'static,
    ) -> Vector {
        let [result] = Vector::fused_with(ops, [constant], [x], move |[c], [x]| [f(c, x)]);
        result
    }

    fn count_additions(&self, times: u64) {
        meter::count(|w| w.additions += times * self.len as u64);
    }

    /// x + y, done on nobody's account.
    pub(in crate::ring) fn plus(&self, other: &Vector) -> Vector {
        Vector::formula(0, [self, other], |[x, y]| x + y)
    }

    /// x + y.
    pub fn add(&self, other: &Vector) -> Vector {
        if other.is_known_zero() && self.len == other.len {
            self.count_additions(1);
            return self.clone();
        }
        Vector::formula(1, [self, other], |[x, y]| x + y)
    }

    /// x - y.
    pub fn sub(&self, other: &Vector) -> Vector {
        Vector::formula(1, [self, other], |[x, y]| x - y)
    }

    /// -x.
    pub fn neg(&self) -> Vector {
        Vector::formula(1, [self], |[x]| -x)
    }

    /// x + c for a public c.
    pub fn add_scalar(&self, c: u64) -> Vector {
        Vector::formula_with(Ops::additions(1), c, self, |c, x| x + c)
    }

    /// c x for a public c.
    pub fn scale(&self, c: u64) -> Vector {
        Vector::formula_with(Ops::additions(0).and_multiplications(1), c, self, |c, x| x * c)
    }

    /// x y, elementwise.
    pub fn mul(&self, other: &Vector) -> Vector {
        let ops = Ops::additions(0).and_multiplications(1);
        let [product] = Vector::fused(ops, [self, other], |[x, y]| [x * y]);
        product
    }

    /// x >> bits, of the unsigned representative.
    pub fn shift_right(&self, bits: u32) -> Vector {
        Vector::formula_with(Ops::additions(1), bits.into(), self, |bits, x| x >> bits.0 as usize)
    }

    /// x >> bits, of the signed representative.
    pub fn shift_right_signed(&self, bits: u32) -> Vector {
        Vector::formula_with(Ops::additions(1), bits.into(), self, |bits, x| {
            shift_right_signed(x, bits.0 as u32)
        })
    }

    /// The matrix product.
    pub fn matmul(&self, other: &Vector, shape: MatMul) -> Vector {
        Vector::sum_of_products(&[(self, &[other])], shape)
    }

    /// The sum of several matrix products of the same shape, each of a vector with a sum of others. A long result is
    /// computed when it is needed.
    ///
    /// # Panics
    /// If there is nothing to add up, or a vector does not have the elements of its place in the shape.
    pub fn sum_of_products(terms: &[(&Vector, &[&Vector])], shape: MatMul) -> Vector {
        let len = shape.rows * shape.columns;
        let mut additions = (terms.len() - 1) * len;
        for (x, ys) in terms {
            ys.iter().for_each(|y| shape.check(x.len, y.len));
            additions += (ys.len() - 1) * ys[0].len;
        }
        meter::count(|w| {
            w.macs += (terms.len() * len * shape.inner) as u64;
            w.additions += additions as u64;
        });
        if terms[0].0.content() == Content::Shape {
            return Vector::shape(len);
        }
        // Products with zero are not worth doing; what they would cost a party is counted above.
        let not_zero = |ys: &[&Vector]| -> Vec<Vector> {
            ys.iter().filter(|y| !y.is_known_zero()).map(|y| (*y).clone()).collect()
        };
        let terms: Vec<Term> = terms
            .iter()
            .filter(|(x, _)| !x.is_known_zero())
            .map(|(x, ys)| ((*x).clone(), not_zero(ys)))
            .filter(|(_, ys)| !ys.is_empty())
            .collect();
        if terms.is_empty() {
            return Vector::constant(Content::Values, len, 0);
        }
        if len < DEFERRED {
            return sum_of_products(shape, &terms).into();
        }
        Vector::of_memory(len, Arc::new(Memory::Product(Product::noted(shape, terms))))
    }

    /// The product of signed matrices through floating-point hardware, if that is exact, see [`gemm_exact_f64`].
    pub fn exact_matmul(left: MatrixView<'_>, right: MatrixView<'_>) -> Option<Vector> {
        let mut product = Words::any(left.rows * right.cols);
        gemm_exact_f64(left, right, &mut product).then(|| product.into())
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

    /// Elements `start..end` of several vectors, one after the other.
    fn slice_of_parts(parts: &[Vector], start: usize, end: usize) -> Vector {
        let mut first = 0;
        let mut slices = Vec::new();
        for part in parts {
            let (from, to) = (start.max(first), end.min(first + part.len));
            if from < to {
                slices.push(part.slice(from - first, to - first));
            }
            first += part.len;
        }
        match &slices[..] {
            [] => parts[0].slice(0, 0),
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
        if len >= DEFERRED && content == Content::Values {
            let mut flat = Vec::new();
            for part in parts.iter().filter(|part| part.len > 0) {
                match part.parts() {
                    Some(parts) => flat.extend_from_slice(parts),
                    None => flat.push((*part).clone()),
                }
            }
            return Vector { len, data: Some((Arc::new(Memory::implied(Implied::Joined(flat), len)), 0)) };
        }
        Vector::written(content, len, |mut out| {
            for part in parts {
                let (place, rest) = out.split_at_mut(part.len);
                part.write_to(place);
                out = rest;
            }
        })
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

    /// x plus the same row for each row of the matrix x.
    pub fn add_to_rows(&self, row: &Vector) -> Vector {
        assert!(!row.is_empty() && self.len.is_multiple_of(row.len), "rows of the length of what is added");
        self.count_additions(1);
        Vector::written(self.content(), self.len, |out| {
            let (values, row) = (self.expect_values(), row.expect_values());
            let each = self.len.div_ceil(pieces_of(self.len, PARALLEL_COPY)).next_multiple_of(row.len());
            let pieces = out.chunks_mut(each).zip(values.chunks(each)).collect();
            spread(pieces, |(out, values): (&mut [u64], &[u64])| {
                for (out, x) in out.chunks_exact_mut(row.len()).zip(values.chunks_exact(row.len())) {
                    out.iter_mut().zip(x.iter().zip(row)).for_each(|(z, (x, y))| *z = x.wrapping_add(*y));
                }
            });
        })
    }

    /// The sum of each row of a matrix with `width` columns.
    pub fn row_sums(&self, width: usize) -> Vector {
        self.count_additions(1);
        Vector::written(self.content(), self.len / width, |out| {
            let rows = self.expect_values().chunks_exact(width);
            let sum = |row: &[u64]| row.iter().fold(0u64, |sum, &x| sum.wrapping_add(x));
            out.iter_mut().zip(rows).for_each(|(out, row)| *out = sum(row));
        })
    }

    /// The sum of each column of a matrix with `width` columns.
    pub fn column_sums(&self, width: usize) -> Vector {
        self.count_additions(1);
        Vector::written(self.content(), width, |sums| {
            sums.fill(0);
            for row in self.expect_values().chunks_exact(width) {
                sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum = sum.wrapping_add(x));
            }
        })
    }
}

/// x >> bits, of the signed representative.
pub fn shift_right_signed(x: Element, bits: u32) -> Element {
    Wrapping((x.0.cast_signed() >> bits).cast_unsigned())
}

/// Copies, with several threads if that is worth it.
fn copy(from: &[u64], to: &mut [u64]) {
    let count = pieces_of(from.len(), PARALLEL_COPY);
    if count == 1 {
        return to.copy_from_slice(from);
    }
    let each = from.len().div_ceil(count);
    let pieces = to.chunks_mut(each).zip(from.chunks(each)).collect();
    spread(pieces, |(to, from): (&mut [u64], &[u64])| to.copy_from_slice(from));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::{Purpose, StreamKey};

    /// Random, constant and multiplied vectors, which are not in memory, and what they stand for.
    fn implied(len: usize) -> Vec<(Vector, Vec<u64>)> {
        let key = StreamKey { seed: 1, purpose: Purpose::Shared, parties: 3, lane: 4, counter: 5 };
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
