//! The blocked product all kernels share: which panel of B meets which rows of A, and when.
//!
//! B is packed in panels of `NR` columns that stay in the first-level cache; A is read where it lies, a block
//! of [`MC`] rows at a time so that it stays in the second-level cache; C is updated in place once per block.

use super::view::MatrixView;
use std::cell::RefCell;

/// Rows of A that are used together with one packed panel after the other.
const MC: usize = 256;
/// Columns of B that are packed at once: bounds the scratch memory of a thread.
const NC: usize = 1024;

/// The inner loop of a product and the data layout it wants.
///
/// A value of an implementing type is a witness that the CPU has the instructions it uses: it can only be
/// constructed after detection.
pub(super) trait MicroKernel: Sync {
    /// Rows of the tile of C that stays in registers.
    const MR: usize;
    /// Columns of the tile of C that stays in registers.
    const NR: usize;
    /// Depth of a block: how many rows of B are packed together.
    const KC: usize;
    /// Words that one row of a packed panel takes.
    const STEP: usize;
    /// Whether [`Self::micro`] reads the digits that [`Self::digits`] writes.
    const DIGITS: bool = false;

    /// Packs `b` (at most `NR` columns) into `panel` of `b.rows * STEP` words; missing columns become zero.
    fn pack(&self, b: MatrixView<'_>, panel: &mut [u64]);

    /// Writes what the kernel needs besides the words of A themselves: one `u32` per element, row after row at
    /// the given distance. `out` ends with the last element or later. (A may come transposed.)
    fn digits(&self, _a: MatrixView<'_>, _row_stride: usize, _out: &mut [u32]) {}

    /// Adds the product of `rows` rows of A with a packed panel to `cols` columns of C.
    ///
    /// # Safety
    /// * `1 <= rows <= MR`, `cols <= NR` and `panel.len()` is a multiple of `STEP`; its quotient is the depth.
    /// * `a` is valid for reads of `rows` x depth elements (digits too, if `DIGITS`).
    /// * `c` is valid for reads and writes of `rows` x `cols` elements that nothing else accesses meanwhile.
    unsafe fn micro(&self, rows: usize, a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize);
}

/// Where a few rows of A begin: the words and, in a layout of their own, the digits.
#[derive(Clone, Copy)]
pub(super) struct RowsOfA {
    pub words: *const u64,
    pub row_stride: usize,
    pub col_stride: usize,
    pub digits: *const u32,
    pub digit_row_stride: usize,
    pub digit_col_stride: usize,
}

/// Where a tile of the row-major result begins.
#[derive(Clone, Copy)]
pub(super) struct TileOfC {
    pub words: *mut u64,
    pub row_stride: usize,
}

// SAFETY: a tile is only an address; whoever dereferences it (`gemm_tile`, `MicroKernel::micro`) promises that
// no other thread accesses the same elements.
unsafe impl Send for TileOfC {}
// SAFETY: as above.
unsafe impl Sync for TileOfC {}

impl TileOfC {
    /// The tile that begins `row` rows below and `col` columns right of this one.
    pub(super) fn at(self, row: usize, col: usize) -> Self {
        Self { words: self.words.wrapping_add(row * self.row_stride + col), ..self }
    }
}

/// How the digits of a block of A lie: like its words, so that they can be computed many at a time.
struct DigitLayout {
    row_stride: usize,
    col_stride: usize,
}

impl DigitLayout {
    fn of(a: MatrixView<'_>) -> Self {
        if a.row_stride == 1 && a.col_stride != 1 {
            Self { row_stride: 1, col_stride: Self::spread(a.rows) }
        } else {
            Self { row_stride: Self::spread(a.cols), col_stride: 1 }
        }
    }

    /// A stride of an odd number of cache lines: powers of two would all meet in the same few sets of a cache.
    fn spread(n: usize) -> usize {
        n.next_multiple_of(32) + 16
    }

    /// Digits that a block of this size takes at most.
    fn room(rows: usize, cols: usize) -> usize {
        (Self::spread(cols) * rows).max(Self::spread(rows) * cols)
    }
}

/// One cache line, so that a vector of them is aligned for whole-line loads.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u64; 8]);

/// What a thread keeps from one product to the next.
#[derive(Default)]
struct Scratch {
    panels: Vec<Line>,
    digits: Vec<u32>,
}

impl Scratch {
    /// Room for packed panels of `words` words and for `digits` digits, with any contents.
    fn get(&mut self, words: usize, digits: usize) -> (&mut [u64], &mut [u32]) {
        let lines = words.div_ceil(8);
        if self.panels.len() < lines {
            self.panels = vec![Line([0; 8]); lines];
        }
        if self.digits.len() < digits {
            self.digits = vec![0; digits];
        }
        let start = self.panels.as_mut_ptr().cast::<u64>();
        // SAFETY: the vector holds at least `words.div_ceil(8)` lines, each exactly eight initialised words
        // without padding, and is borrowed for as long as the slice lives.
        (unsafe { std::slice::from_raw_parts_mut(start, words) }, &mut self.digits[..digits])
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// `c += a * b` on the calling thread; all three are non-empty.
///
/// # Safety
/// `c` is valid for reads and writes of `a.rows` x `b.cols` elements that nothing else accesses meanwhile, and
/// both views have passed [`MatrixView::check`] (or are blocks of views that have).
pub(super) unsafe fn gemm_tile<K: MicroKernel>(kernel: &K, a: MatrixView<'_>, b: MatrixView<'_>, c: TileOfC) {
    let (k, n) = (a.cols, b.cols);
    let panels = n.min(NC).div_ceil(K::NR);
    let words = panels * k.min(K::KC) * K::STEP;
    let digits = if K::DIGITS { DigitLayout::room(a.rows.min(MC), k.min(K::KC)) } else { 0 };
    // Nothing below calls back into code that could use the scratch again.
    SCRATCH.with_borrow_mut(|scratch| {
        let (packed, digits) = scratch.get(words, digits);
        for j0 in (0..n).step_by(NC) {
            let nc = NC.min(n - j0);
            for p0 in (0..k).step_by(K::KC) {
                let kc = K::KC.min(k - p0);
                let b = b.block(p0, kc, j0, nc);
                let packed = &mut packed[..nc.div_ceil(K::NR) * kc * K::STEP];
                for (j, panel) in packed.chunks_exact_mut(kc * K::STEP).enumerate() {
                    kernel.pack(b.block(0, kc, j * K::NR, K::NR.min(nc - j * K::NR)), panel);
                }
                for i0 in (0..a.rows).step_by(MC) {
                    let a = a.block(i0, MC.min(a.rows - i0), p0, kc);
                    // SAFETY: rows i0.. and columns j0.. of the tile that the caller vouches for; `a` is a
                    // checked block and `packed` holds whole panels of its depth for `nc` columns.
                    unsafe { block_times_panels(kernel, a, packed, digits, c.at(i0, j0), nc) };
                }
            }
        }
    });
}

/// `c += a * packed`, where `packed` holds the panels of `cols` columns.
///
/// # Safety
/// As for [`gemm_tile`], with `cols` columns; `digits` has room for all elements of `a` if the kernel wants them.
unsafe fn block_times_panels<K: MicroKernel>(
    kernel: &K,
    a: MatrixView<'_>,
    packed: &[u64],
    digits: &mut [u32],
    c: TileOfC,
    cols: usize,
) {
    let layout = DigitLayout::of(a);
    if K::DIGITS {
        let (a, stride) =
            if layout.row_stride == 1 { (a.transposed(), layout.col_stride) } else { (a, layout.row_stride) };
        kernel.digits(a, stride, &mut digits[..a.rows * stride]);
    }
    for (j, panel) in packed.chunks_exact(a.cols * K::STEP).enumerate() {
        let cols = K::NR.min(cols - j * K::NR);
        for i in (0..a.rows).step_by(K::MR) {
            let rows = RowsOfA {
                words: a.data.as_ptr().wrapping_add(i * a.row_stride),
                row_stride: a.row_stride,
                col_stride: a.col_stride,
                digits: digits.as_ptr().wrapping_add(i * layout.row_stride),
                digit_row_stride: layout.row_stride,
                digit_col_stride: layout.col_stride,
            };
            // SAFETY: rows i.. and columns j * NR.. of C belong to the caller's tile; the words of A are inside
            // its checked view, and the digits were written above for every element of it.
            unsafe { kernel.micro(K::MR.min(a.rows - i), rows, panel, c.at(i, j * K::NR), cols) };
        }
    }
}

/// Copies `b` into the first `NR` words of every `STEP` words of `panel` and fills up with zeros.
pub(super) fn pack_words<const NR: usize, const STEP: usize>(b: MatrixView<'_>, panel: &mut [u64]) {
    let panel = panel.as_chunks_mut::<STEP>().0;
    if b.cols < NR {
        panel.as_flattened_mut().fill(0);
    }
    if b.col_stride == 1 && b.cols == NR {
        for (p, row) in panel.iter_mut().enumerate() {
            // A copy of fixed length, which needs no call.
            row[..NR].copy_from_slice(&b.row(p)[..NR]);
        }
    } else if b.col_stride == 1 {
        for (p, row) in panel.iter_mut().enumerate() {
            row[..b.cols].copy_from_slice(b.row(p));
        }
    } else {
        for j in 0..b.cols {
            for (p, row) in panel.iter_mut().enumerate() {
                row[j] = b.at(p, j);
            }
        }
    }
}
