//! The blocked product all kernels share: which panel of B meets which rows of A, and when.
//!
//! B is packed in panels of `NR` columns that stay in the first-level cache; A is read where it lies if its rows
//! are contiguous, a block of [`MC`] rows at a time so that it stays in the second-level cache; C is updated in
//! place once per block.

use super::target::Target;
use super::view::MatrixView;
use std::cell::RefCell;

/// Rows of A that are used together with one packed panel after the other.
const MC: usize = 256;
/// Columns of B that are packed at once: bounds the scratch memory of a thread.
const NC: usize = 256;

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

    /// Writes what the kernel needs besides the words of A themselves: one `u32` per word.
    fn digits(&self, _words: &[u64], _out: &mut [u32]) {}

    /// Adds the product of `rows` rows of A with a packed panel to `cols` columns of C, or overwrites them with it.
    ///
    /// # Safety
    /// * `1 <= rows <= MR`, `cols <= NR` and `panel.len()` is a multiple of `STEP`; its quotient is the depth.
    /// * `a` is valid for reads of `rows` x depth elements (digits too, if `DIGITS`).
    /// * `c` is valid for reads and writes of `rows` x `cols` elements that nothing else accesses meanwhile.
    unsafe fn micro(&self, rows: usize, a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize);
}

/// Where a few rows of A begin: the words and, in a layout of their own, the digits.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "only kernels for x86-64 want digits"))]
pub(super) struct RowsOfA {
    pub words: *const u64,
    pub row_stride: usize,
    pub col_stride: usize,
    pub digits: *const u32,
    pub digit_row_stride: usize,
    pub digit_col_stride: usize,
}

/// Where a tile of the row-major result begins, and what becomes of what is there.
#[derive(Clone, Copy)]
pub(super) struct TileOfC {
    pub words: *mut u64,
    pub row_stride: usize,
    pub target: Target,
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

/// One cache line, so that a vector of them is aligned for whole-line loads.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u64; 8]);

/// What a thread keeps from one product to the next.
#[derive(Default)]
struct Scratch {
    panels: Vec<Line>,
    block: BlockScratch,
}

/// Room for what is made of a block of A.
#[derive(Default)]
struct BlockScratch {
    copy: Vec<Line>,
    digits: Vec<u32>,
}

/// The first `n` words of a buffer that grows when it must, with any contents.
fn room(lines: &mut Vec<Line>, n: usize) -> &mut [u64] {
    if lines.len() < n.div_ceil(8) {
        *lines = vec![Line([0; 8]); n.div_ceil(8)];
    }
    // SAFETY: the vector holds at least `n.div_ceil(8)` lines, each exactly eight initialised words without
    // padding, and is borrowed for as long as the slice lives.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast::<u64>(), n) }
}

/// A block of A as a kernel reads it: its first tile and the distances to the next one.
struct BlockOfA {
    first: RowsOfA,
    tile_stride: usize,
    digit_tile_stride: usize,
}

impl BlockOfA {
    /// Rows that are contiguous are read where they lie, columns too if one panel is all they meet.
    /// Others are copied tile by tile, lest every step along the depth touch another page.
    fn prepare<K: MicroKernel>(
        kernel: &K,
        a: MatrixView<'_>,
        panels: usize,
        scratch: &mut BlockScratch,
    ) -> Self {
        let rows = a.rows.next_multiple_of(K::MR);
        let room_for_digits = (rows.max(spread(a.rows)) * spread(a.cols)).max(rows * padded::<K>(a.cols));
        if K::DIGITS && scratch.digits.len() < room_for_digits {
            scratch.digits = vec![0; room_for_digits];
        }
        if a.col_stride == 1 {
            let stride = digits_of_rows(kernel, a, &mut scratch.digits);
            Self::in_place::<K>(a, &scratch.digits, stride, 1)
        } else if a.row_stride == 1 && panels == 1 {
            let stride = digits_of_rows(kernel, a.transposed(), &mut scratch.digits);
            Self::in_place::<K>(a, &scratch.digits, 1, stride)
        } else {
            Self::copied(kernel, a, scratch)
        }
    }

    fn in_place<K: MicroKernel>(
        a: MatrixView<'_>,
        digits: &[u32],
        digit_row_stride: usize,
        digit_col_stride: usize,
    ) -> Self {
        let first = RowsOfA {
            words: a.data.as_ptr(),
            row_stride: a.row_stride,
            col_stride: a.col_stride,
            digits: digits.as_ptr(),
            digit_row_stride,
            digit_col_stride,
        };
        // Where there is but one row its stride means nothing and may be anything.
        let tile_stride = K::MR.wrapping_mul(a.row_stride);
        Self { first, tile_stride, digit_tile_stride: K::MR * digit_row_stride }
    }

    fn copied<K: MicroKernel>(kernel: &K, a: MatrixView<'_>, scratch: &mut BlockScratch) -> Self {
        let columns = padded::<K>(a.cols);
        let words = room(&mut scratch.copy, a.rows.next_multiple_of(K::MR) * columns);
        match K::MR {
            4 => copy_tiles::<4>(a, words, columns),
            8 => copy_tiles::<8>(a, words, columns),
            _ => unreachable!("the kernels have tiles of 4 or 8 rows"),
        }
        if K::DIGITS {
            kernel.digits(words, &mut scratch.digits[..words.len()]);
        }
        let first = RowsOfA {
            words: words.as_ptr(),
            row_stride: 1,
            col_stride: K::MR,
            digits: scratch.digits.as_ptr(),
            digit_row_stride: 1,
            digit_col_stride: K::MR,
        };
        Self { first, tile_stride: K::MR * columns, digit_tile_stride: K::MR * columns }
    }

    /// The rows of tile `t`.
    fn tile(&self, t: usize) -> RowsOfA {
        RowsOfA {
            words: self.first.words.wrapping_add(t.wrapping_mul(self.tile_stride)),
            digits: self.first.digits.wrapping_add(t * self.digit_tile_stride),
            ..self.first
        }
    }
}

/// Writes the digits of contiguous rows and returns the distance from one row to the next.
fn digits_of_rows<K: MicroKernel>(kernel: &K, a: MatrixView<'_>, out: &mut [u32]) -> usize {
    let stride = spread(a.cols);
    if K::DIGITS {
        for (i, out) in out.chunks_mut(stride).enumerate().take(a.rows) {
            kernel.digits(a.row(i), &mut out[..a.cols]);
        }
    }
    stride
}

/// A stride of an odd number of cache lines: powers of two would all meet in the same few sets of a cache.
fn spread(n: usize) -> usize {
    n.next_multiple_of(32) + 16
}

/// Columns of a copied tile with what keeps the tiles from meeting in the same few sets of a cache: a line more.
fn padded<K: MicroKernel>(columns: usize) -> usize {
    columns + 8 / K::MR
}

/// Copies tiles of `MR` rows one after the other, each column after column, with room for `tile_columns` columns. Rows
/// that the last tile lacks keep what is there.
fn copy_tiles<const MR: usize>(a: MatrixView<'_>, out: &mut [u64], tile_columns: usize) {
    let columns = out.as_chunks_mut::<MR>().0;
    for p in 0..a.cols {
        if a.row_stride == 1 {
            let (whole, rest) = a.data[p * a.col_stride..][..a.rows].as_chunks::<MR>();
            for (t, rows) in whole.iter().enumerate() {
                columns[t * tile_columns + p] = *rows;
            }
            if !rest.is_empty() {
                columns[whole.len() * tile_columns + p][..rest.len()].copy_from_slice(rest);
            }
        } else {
            for i in 0..a.rows {
                columns[i / MR * tile_columns + p][i % MR] = a.at(i, p);
            }
        }
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// `c = a * b` or `c += a * b`, as `c` says, on the calling thread; all three are non-empty.
///
/// # Safety
/// `c` is valid for reads and writes of `a.rows` x `b.cols` elements that nothing else accesses meanwhile, and
/// both views have passed [`MatrixView::check`] (or are blocks of views that have).
pub(super) unsafe fn gemm_tile<K: MicroKernel>(kernel: &K, a: MatrixView<'_>, b: MatrixView<'_>, c: TileOfC) {
    let (k, n) = (a.cols, b.cols);
    let panels = n.min(NC).div_ceil(K::NR);
    let words = panels * k.min(K::KC) * K::STEP;
    // Nothing below calls back into code that could use the scratch again.
    SCRATCH.with_borrow_mut(|scratch| {
        let Scratch { panels, block } = scratch;
        let packed = room(panels, words);
        for j0 in (0..n).step_by(NC) {
            let nc = NC.min(n - j0);
            for p0 in (0..k).step_by(K::KC) {
                let kc = K::KC.min(k - p0);
                // What the first block has written counts for the next ones.
                let c = TileOfC { target: if p0 == 0 { c.target } else { Target::Add }, ..c };
                let b = b.block(p0, kc, j0, nc);
                let packed = &mut packed[..nc.div_ceil(K::NR) * kc * K::STEP];
                for (j, panel) in packed.chunks_exact_mut(kc * K::STEP).enumerate() {
                    kernel.pack(b.block(0, kc, j * K::NR, K::NR.min(nc - j * K::NR)), panel);
                }
                for i0 in (0..a.rows).step_by(MC) {
                    let a = a.block(i0, MC.min(a.rows - i0), p0, kc);
                    // SAFETY: rows i0.. and columns j0.. of the tile that the caller vouches for; `a` is a
                    // checked block and `packed` holds whole panels of its depth for `nc` columns.
                    unsafe { block_times_panels(kernel, a, packed, block, c.at(i0, j0), nc) };
                }
            }
        }
    });
}

/// `c = a * packed` or `c += a * packed`, where `packed` holds the panels of `cols` columns.
///
/// # Safety
/// As for [`gemm_tile`], with `cols` columns.
unsafe fn block_times_panels<K: MicroKernel>(
    kernel: &K,
    a: MatrixView<'_>,
    packed: &[u64],
    scratch: &mut BlockScratch,
    c: TileOfC,
    cols: usize,
) {
    let block = BlockOfA::prepare(kernel, a, cols.div_ceil(K::NR), scratch);
    for (j, panel) in packed.chunks_exact(a.cols * K::STEP).enumerate() {
        let cols = K::NR.min(cols - j * K::NR);
        for t in 0..a.rows.div_ceil(K::MR) {
            let rows = K::MR.min(a.rows - t * K::MR);
            // SAFETY: these rows and columns of C belong to the caller's tile; the words of A are inside its
            // checked view or copied from there, and the digits were written for every element of it.
            unsafe { kernel.micro(rows, block.tile(t), panel, c.at(t * K::MR, j * K::NR), cols) };
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
