//! Vectors over the ring Z_2^64 that carry values, or (for `shape`) only their length.

use std::sync::Arc;

use super::gemm::{MatrixView, gemm_add};
use super::meter;

/// What vectors of a run carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Ring elements.
    Values,
    /// Lengths alone: every operation costs the same time whatever the length.
    Shape,
}

/// A vector of elements of Z_2^64, stored in row-major order where it stands for a matrix. Cloning is cheap.
///
/// All operations need operands of equal length and content; a mix is a bug and panics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    len: usize,
    data: Option<Arc<Vec<u64>>>,
}

impl From<Vec<u64>> for Vector {
    fn from(data: Vec<u64>) -> Self {
        Vector { len: data.len(), data: Some(Arc::new(data)) }
    }
}

/// Shapes of a matrix product `x y`, after the transposes: `rows x inner` times `inner x columns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatMul {
    /// Rows of the result.
    pub rows: usize,
    /// The summed dimension.
    pub inner: usize,
    /// Columns of the result.
    pub columns: usize,
    /// `x` is stored as `inner x rows`.
    pub transpose_left: bool,
    /// `y` is stored as `columns x inner`.
    pub transpose_right: bool,
}

impl MatMul {
    /// `rows x inner` times `inner x columns`, no transposes.
    pub fn new(rows: usize, inner: usize, columns: usize) -> Self {
        MatMul { rows, inner, columns, transpose_left: false, transpose_right: false }
    }

    /// The same product with the left factor stored transposed.
    pub fn left_transposed(self) -> Self {
        MatMul { transpose_left: true, ..self }
    }

    /// The same product with the right factor stored transposed.
    pub fn right_transposed(self) -> Self {
        MatMul { transpose_right: true, ..self }
    }

    /// Views of both factors.
    pub(crate) fn views<'a>(&self, x: &'a [u64], y: &'a [u64]) -> (MatrixView<'a>, MatrixView<'a>) {
        let left = if self.transpose_left {
            MatrixView::row_major(x, self.inner, self.rows).transposed()
        } else {
            MatrixView::row_major(x, self.rows, self.inner)
        };
        let right = if self.transpose_right {
            MatrixView::row_major(y, self.columns, self.inner).transposed()
        } else {
            MatrixView::row_major(y, self.inner, self.columns)
        };
        (left, right)
    }

    pub(crate) fn check(&self, x_len: usize, y_len: usize) {
        assert_eq!(x_len, self.rows * self.inner, "left factor of a {self:?} product");
        assert_eq!(y_len, self.inner * self.columns, "right factor of a {self:?} product");
    }
}

impl Vector {
    /// A vector without content.
    pub fn shape(len: usize) -> Self {
        Vector { len, data: None }
    }

    /// `len` times the same element.
    pub fn constant(content: Content, len: usize, value: u64) -> Self {
        Vector::build(content, len, || vec![value; len])
    }

    /// A vector of `len` elements made by `values`, which is not called for shapes.
    pub fn build(content: Content, len: usize, values: impl FnOnce() -> Vec<u64>) -> Self {
        let data = match content {
            Content::Shape => None,
            Content::Values => {
                let values = values();
                assert_eq!(values.len(), len, "a vector of another length than announced");
                Some(Arc::new(values))
            }
        };
        Vector { len, data }
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
        self.data.as_deref().map(Vec::as_slice)
    }

    /// The elements.
    ///
    /// # Panics
    /// For a shape.
    pub fn expect_values(&self) -> &[u64] {
        self.values().expect("a vector with values")
    }

    /// Elementwise function of one vector; counts nothing.
    pub(crate) fn map(&self, f: impl Fn(u64) -> u64) -> Vector {
        Vector::build(self.content(), self.len, || self.expect_values().iter().map(|&x| f(x)).collect())
    }

    /// Elementwise function of two vectors; counts nothing.
    pub(crate) fn zip(&self, other: &Vector, f: impl Fn(u64, u64) -> u64) -> Vector {
        assert_eq!(self.len, other.len, "vectors of different lengths");
        Vector::build(self.content(), self.len, || {
            self.expect_values().iter().zip(other.expect_values()).map(|(&x, &y)| f(x, y)).collect()
        })
    }

    /// Elements of one vector by index in the result; counts nothing.
    fn pick(&self, len: usize, indices: impl Iterator<Item = usize>) -> Vector {
        Vector::build(self.content(), len, || {
            let values = self.expect_values();
            indices.map(|i| values[i]).collect()
        })
    }

    fn count_additions(&self, times: u64) {
        meter::count(|w| w.additions += times * self.len as u64);
    }

    /// x + y.
    pub fn add(&self, other: &Vector) -> Vector {
        self.count_additions(1);
        self.zip(other, u64::wrapping_add)
    }

    /// x - y.
    pub fn sub(&self, other: &Vector) -> Vector {
        self.count_additions(1);
        self.zip(other, u64::wrapping_sub)
    }

    /// -x.
    pub fn neg(&self) -> Vector {
        self.count_additions(1);
        self.map(u64::wrapping_neg)
    }

    /// x + c for a public c.
    pub fn add_scalar(&self, c: u64) -> Vector {
        self.count_additions(1);
        self.map(|x| x.wrapping_add(c))
    }

    /// c x for a public c.
    pub fn scale(&self, c: u64) -> Vector {
        meter::count(|w| w.multiplications += self.len as u64);
        self.map(|x| x.wrapping_mul(c))
    }

    /// x y, elementwise.
    pub fn mul(&self, other: &Vector) -> Vector {
        meter::count(|w| w.multiplications += self.len as u64);
        self.zip(other, u64::wrapping_mul)
    }

    /// x >> bits, of the unsigned representative.
    pub fn shift_right(&self, bits: u32) -> Vector {
        self.count_additions(1);
        self.map(|x| x >> bits)
    }

    /// x >> bits, of the signed representative.
    pub fn shift_right_signed(&self, bits: u32) -> Vector {
        self.count_additions(1);
        self.map(|x| ((x as i64) >> bits) as u64)
    }

    /// The matrix product.
    pub fn matmul(&self, other: &Vector, shape: MatMul) -> Vector {
        shape.check(self.len, other.len);
        meter::count(|w| w.macs += (shape.rows * shape.inner * shape.columns) as u64);
        Vector::build(self.content(), shape.rows * shape.columns, || {
            let (x, y) = shape.views(self.expect_values(), other.expect_values());
            let mut product = vec![0; shape.rows * shape.columns];
            gemm_add(x, y, &mut product);
            product
        })
    }

    /// Elements `start..end`.
    pub fn slice(&self, start: usize, end: usize) -> Vector {
        assert!(start <= end && end <= self.len, "slice {start}..{end} of {}", self.len);
        Vector::build(self.content(), end - start, || self.expect_values()[start..end].to_vec())
    }

    /// The vectors one after the other.
    pub fn concat(parts: &[&Vector]) -> Vector {
        let len = parts.iter().map(|p| p.len).sum();
        let content = parts.first().map_or(Content::Values, |p| p.content());
        Vector::build(content, len, || {
            let mut values = Vec::with_capacity(len);
            parts.iter().for_each(|p| values.extend_from_slice(p.expect_values()));
            values
        })
    }

    /// Each element `times` times in a row.
    pub fn repeat_each(&self, times: usize) -> Vector {
        let len = self.len * times;
        self.pick(len, (0..len).map(|i| i / times))
    }

    /// The whole vector `times` times.
    pub fn tile(&self, times: usize) -> Vector {
        let len = self.len * times;
        self.pick(len, (0..len).map(|i| i % self.len))
    }

    /// Rows of a matrix with `width` columns, chosen by number.
    pub fn gather_rows(&self, rows: &[usize], width: usize) -> Vector {
        Vector::build(self.content(), rows.len() * width, || {
            let values = self.expect_values();
            let mut picked = Vec::with_capacity(rows.len() * width);
            rows.iter().for_each(|row| picked.extend_from_slice(&values[row * width..(row + 1) * width]));
            picked
        })
    }

    /// Columns `start..end` of a matrix with `width` columns.
    pub fn columns(&self, width: usize, start: usize, end: usize) -> Vector {
        let rows = self.len / width;
        let taken = end - start;
        self.pick(rows * taken, (0..rows * taken).map(|i| i / taken * width + start + i % taken))
    }

    /// The transpose of a matrix with `rows` rows and `width` columns.
    pub fn transpose(&self, rows: usize, width: usize) -> Vector {
        assert_eq!(self.len, rows * width);
        self.pick(self.len, (0..self.len).map(|i| (i % rows) * width + i / rows))
    }

    /// The sum of each row of a matrix with `width` columns.
    pub fn row_sums(&self, width: usize) -> Vector {
        self.count_additions(1);
        Vector::build(self.content(), self.len / width, || {
            self.expect_values()
                .chunks_exact(width)
                .map(|row| row.iter().fold(0u64, |sum, &x| sum.wrapping_add(x)))
                .collect()
        })
    }

    /// The sum of each column of a matrix with `width` columns.
    pub fn column_sums(&self, width: usize) -> Vector {
        self.count_additions(1);
        Vector::build(self.content(), width, || {
            let mut sums = vec![0u64; width];
            for row in self.expect_values().chunks_exact(width) {
                sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum = sum.wrapping_add(x));
            }
            sums
        })
    }
}
