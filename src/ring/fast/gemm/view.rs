//! A matrix read where it lies.

/// A matrix read in place: element (i, j) is `data[i * row_stride + j * col_stride]`.
///
/// A transpose is a swap of the strides and a block is a shifted start, so nothing is ever copied to obtain one.
#[derive(Clone, Copy, Debug)]
pub struct MatrixView<'a> {
    /// The memory the elements lie in.
    pub data: &'a [u64],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Distance in `data` from an element to the one below it.
    pub row_stride: usize,
    /// Distance in `data` from an element to the one right of it.
    pub col_stride: usize,
}

impl<'a> MatrixView<'a> {
    /// A `rows` x `cols` matrix stored row after row without gaps.
    pub fn row_major(data: &'a [u64], rows: usize, cols: usize) -> Self {
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transpose of this matrix, in the same memory.
    pub fn transposed(self) -> Self {
        Self {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// Panics unless every element lies inside `data`. After this, [`Self::block`] of a non-empty part is in
    /// bounds and so is every element address that the kernels form.
    pub(in crate::ring) fn check(&self, name: &str) {
        if self.rows == 0 || self.cols == 0 {
            return;
        }
        let down = (self.rows - 1).checked_mul(self.row_stride);
        let right = (self.cols - 1).checked_mul(self.col_stride);
        let last = down.zip(right).and_then(|(d, r)| d.checked_add(r));
        assert!(
            last.is_some_and(|last| last < self.data.len()),
            "matrix {name}: {} x {} with strides {} and {} does not fit in {} words",
            self.rows,
            self.cols,
            self.row_stride,
            self.col_stride,
            self.data.len()
        );
    }

    /// The non-empty block of `rows` x `cols` elements whose first element is (`row`, `col`).
    pub(in crate::ring) fn block(self, row: usize, rows: usize, col: usize, cols: usize) -> Self {
        assert!(rows > 0 && cols > 0 && row + rows <= self.rows && col + cols <= self.cols);
        let data = &self.data[row * self.row_stride + col * self.col_stride..];
        Self { data, rows, cols, ..self }
    }

    /// Row `i` of a matrix whose rows are contiguous (`col_stride == 1`).
    pub(in crate::ring) fn row(&self, i: usize) -> &'a [u64] {
        debug_assert_eq!(self.col_stride, 1);
        &self.data[i * self.row_stride..][..self.cols]
    }

    /// Element (i, j).
    pub(in crate::ring) fn at(&self, i: usize, j: usize) -> u64 {
        self.data[i * self.row_stride + j * self.col_stride]
    }
}

/// The low words and the high words of a matrix, both in the same layout.
#[derive(Clone, Copy, Debug)]
pub struct WideView<'a> {
    /// Bits 0 to 63 of every element.
    pub low: MatrixView<'a>,
    /// The bits above.
    pub high: MatrixView<'a>,
}

impl<'a> WideView<'a> {
    /// The non-empty block of `rows` x `cols` elements whose first element is (`row`, `col`).
    pub(super) fn block(self, row: usize, rows: usize, col: usize, cols: usize) -> Self {
        WideView { low: self.low.block(row, rows, col, cols), high: self.high.block(row, rows, col, cols) }
    }

    /// The low and the high word of element (i, j).
    pub(super) fn at(&self, i: usize, j: usize) -> [u64; 2] {
        [self.low.at(i, j), self.high.at(i, j)]
    }
}
