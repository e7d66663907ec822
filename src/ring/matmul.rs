//! Shapes of matrix products.

use super::fast::gemm::MatrixView;

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
