//! What all linear secret sharings have in common: linear functions act on each component alone.

use crate::ring::{Patches, Plane, RingVector, Vector};

/// A sharing of which one party holds some components.
///
/// Any function that is linear over the ring (or, for bits, over GF(2)) may be applied to the components one by one.
/// [`RingShare`] and [`BitShare`] come from it.
pub trait Components: Clone {
    /// A component: a [`RingVector`] or a [`Plane`].
    type Part;

    /// Applies a linear function of some sharings to the components at each place.
    fn combine<const N: usize>(shares: [&Self; N], f: impl Fn([&Self::Part; N]) -> Self::Part) -> Self;
    /// The same for any number of sharings and results.
    fn combine_all(shares: &[&Self], f: impl Fn(&[&Self::Part]) -> Vec<Self::Part>) -> Vec<Self>;
    /// Number of shared elements.
    fn elements(&self) -> usize;
    /// Chosen rows of each component.
    fn gathered(&self, gather: impl Fn(&Self::Part) -> Self::Part) -> Self {
        Self::combine([self], |c| gather(c[0]))
    }
}

/// Linear operations on shared vectors of ring elements.
pub trait RingShare: Clone + 'static {
    /// Number of shared elements.
    fn len(&self) -> usize;
    /// Whether nothing is shared.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// x + y.
    fn add(&self, other: &Self) -> Self;
    /// x - y.
    fn sub(&self, other: &Self) -> Self;
    /// -x.
    fn neg(&self) -> Self;
    /// c x for a public integer c.
    fn scale(&self, factor: i64) -> Self;
    /// c_i x_i for public signed integers c, one for each element.
    fn scale_each(&self, factors: &Vector) -> Self;
    /// Elements `start..end`.
    fn slice(&self, start: usize, end: usize) -> Self;
    /// Several vectors one after the other.
    fn concat(shares: &[&Self]) -> Self;
    /// The same for the pieces of a long vector, which are not needed any more.
    fn join(pieces: &[&Self]) -> Self;
    /// The inverse of [`RingShare::concat`] for `n` vectors of equal length.
    fn chunks(&self, n: usize) -> Vec<Self> {
        let len = self.len() / n;
        assert_eq!(len * n, self.len(), "chunks of equal length");
        (0..n).map(|i| self.slice(i * len, (i + 1) * len)).collect()
    }
    /// Each element `times` times in a row.
    fn repeat_each(&self, times: usize) -> Self;
    /// The whole vector `times` times.
    fn tile(&self, times: usize) -> Self;
    /// x plus the same row for each row of the matrix x.
    fn add_to_rows(&self, row: &Self) -> Self;
    /// Chosen rows of a matrix with `width` columns.
    fn gather_rows(&self, rows: &[usize], width: usize) -> Self;
    /// Windows of images as rows of a matrix; the images stand one after the other.
    fn patches(&self, patches: &Patches) -> Self;
    /// Columns `start..end` of a matrix with `width` columns.
    fn columns(&self, width: usize, start: usize, end: usize) -> Self;
    /// The transpose of a matrix with `rows` rows and `width` columns.
    fn transpose(&self, rows: usize, width: usize) -> Self;
    /// The sum of each row of a matrix with `width` columns.
    fn row_sums(&self, width: usize) -> Self;
    /// The sum of each column of a matrix with `width` columns.
    fn column_sums(&self, width: usize) -> Self;
}

impl<S: Components<Part: RingVector> + 'static> RingShare for S {
    fn len(&self) -> usize {
        self.elements()
    }
    fn add(&self, other: &Self) -> Self {
        Self::combine([self, other], |c| c[0].add(c[1]))
    }
    fn sub(&self, other: &Self) -> Self {
        Self::combine([self, other], |c| c[0].sub(c[1]))
    }
    fn neg(&self) -> Self {
        Self::combine([self], |c| c[0].neg())
    }
    fn scale(&self, factor: i64) -> Self {
        Self::combine([self], |c| c[0].scale(factor.into()))
    }
    fn scale_each(&self, factors: &Vector) -> Self {
        let factors = S::Part::from_signed(factors);
        Self::combine([self], |c| c[0].mul(&factors))
    }
    fn slice(&self, start: usize, end: usize) -> Self {
        Self::combine([self], |c| c[0].slice(start, end))
    }
    fn concat(shares: &[&Self]) -> Self {
        Self::combine_all(shares, |parts| vec![S::Part::concat(parts)]).remove(0)
    }
    fn join(pieces: &[&Self]) -> Self {
        Self::combine_all(pieces, |parts| vec![S::Part::join(parts)]).remove(0)
    }
    fn repeat_each(&self, times: usize) -> Self {
        Self::combine([self], |c| c[0].repeat_each(times))
    }
    fn tile(&self, times: usize) -> Self {
        Self::combine([self], |c| c[0].tile(times))
    }
    fn add_to_rows(&self, row: &Self) -> Self {
        Self::combine([self, row], |c| c[0].add_to_rows(c[1]))
    }
    fn gather_rows(&self, rows: &[usize], width: usize) -> Self {
        self.gathered(|c| c.gather_rows(rows, width))
    }
    fn patches(&self, patches: &Patches) -> Self {
        Self::combine([self], |c| c[0].patches(patches))
    }
    fn columns(&self, width: usize, start: usize, end: usize) -> Self {
        Self::combine([self], |c| c[0].columns(width, start, end))
    }
    fn transpose(&self, rows: usize, width: usize) -> Self {
        Self::combine([self], |c| c[0].transpose(rows, width))
    }
    fn row_sums(&self, width: usize) -> Self {
        Self::combine([self], |c| c[0].row_sums(width))
    }
    fn column_sums(&self, width: usize) -> Self {
        Self::combine([self], |c| c[0].column_sums(width))
    }
}

/// Linear operations on shared bits.
pub trait BitShare: Clone + 'static {
    /// Number of shared bits.
    fn len(&self) -> usize;
    /// Whether nothing is shared.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// x xor y.
    fn xor(&self, other: &Self) -> Self;
    /// x and c for public bits c.
    fn and_public(&self, public: &Plane) -> Self;
    /// x xor y for each of several pairs.
    fn xor_each(pairs: &[[&Self; 2]]) -> Vec<Self>;
}

impl<S: Components<Part = Plane> + 'static> BitShare for S {
    fn len(&self) -> usize {
        self.elements()
    }
    fn xor(&self, other: &Self) -> Self {
        Self::combine([self, other], |c| c[0].xor(c[1]))
    }
    fn and_public(&self, public: &Plane) -> Self {
        Self::combine([self], |c| c[0].and(public))
    }
    fn xor_each(pairs: &[[&Self; 2]]) -> Vec<Self> {
        Self::combine_all(pairs.as_flattened(), |parts| Plane::xor_each(parts.as_chunks().0))
    }
}
