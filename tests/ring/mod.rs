//! Ring arithmetic against the plainest possible loops.

mod deferred;
mod exact_f64;
mod extended;
mod gemm;
mod planes;
mod products;
mod rings;
mod transpose;
mod wide_gemm;

use mpcsim::ring::gemm::MatrixView;

/// A small generator of test data; a test prints its seed when it fails.
pub struct Source(u64);

impl Source {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next word (splitmix64).
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.word() % bound as u64) as usize
    }

    /// One of the given values.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    pub fn words(&mut self, n: usize) -> Vec<u64> {
        (0..n).map(|_| self.word()).collect()
    }

    /// Words among which the extremes are frequent.
    pub fn extreme_words(&mut self, n: usize) -> Vec<u64> {
        let extremes = [0, 1, u64::MAX, 1 << 63, (1 << 63) - 1, (1 << 52) - 1, 1 << 52, 0xfff, 0xfff << 52];
        (0..n).map(|_| if self.below(4) == 0 { self.word() } else { self.pick(&extremes) }).collect()
    }
}

/// Where the elements of a test matrix lie: strides for (rows, cols) and the words needed.
#[derive(Clone, Copy, Debug)]
pub enum Layout {
    RowMajor,
    Transposed,
    /// A block of a wider row-major matrix.
    Gaps,
    /// A block of a wider transposed matrix.
    TransposedGaps,
    /// No stride is one.
    Scattered,
}

impl Layout {
    pub const ALL: [Self; 5] =
        [Self::RowMajor, Self::Transposed, Self::Gaps, Self::TransposedGaps, Self::Scattered];

    /// A `rows` x `cols` view of as many words as `fill` is asked for.
    pub fn build(self, rows: usize, cols: usize, fill: impl FnOnce(usize) -> Vec<u64>) -> Matrix {
        let (row_stride, col_stride) = match self {
            Self::RowMajor => (cols, 1),
            Self::Transposed => (1, rows),
            Self::Gaps => (cols + 3, 1),
            Self::TransposedGaps => (1, rows + 5),
            Self::Scattered => (3 * cols + 1, 3),
        };
        let words = match rows.min(cols) {
            0 => 0,
            _ => (rows - 1) * row_stride + (cols - 1) * col_stride + 1,
        };
        Matrix { data: fill(words), rows, cols, row_stride, col_stride }
    }
}

/// A matrix that owns its words.
pub struct Matrix {
    data: Vec<u64>,
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl Matrix {
    pub fn view(&self) -> MatrixView<'_> {
        MatrixView {
            data: &self.data,
            rows: self.rows,
            cols: self.cols,
            row_stride: self.row_stride,
            col_stride: self.col_stride,
        }
    }
}

/// `c += a * b`, element by element.
pub fn naive_gemm_add(a: MatrixView<'_>, b: MatrixView<'_>, c: &mut [u64]) {
    for i in 0..a.rows {
        for j in 0..b.cols {
            for p in 0..a.cols {
                let x = a.data[i * a.row_stride + p * a.col_stride];
                let y = b.data[p * b.row_stride + j * b.col_stride];
                let sum = &mut c[i * b.cols + j];
                *sum = sum.wrapping_add(x.wrapping_mul(y));
            }
        }
    }
}

/// Runs `work` in a rayon pool of its own.
pub fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads").install(work)
}
