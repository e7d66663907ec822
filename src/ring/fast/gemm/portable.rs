//! The product in plain Rust: a 4 x 4 tile of scalar multiplications, bound by one multiplication per cycle.

use super::blocked::{MicroKernel, RowsOfA, TileOfC, pack_words};
use super::target::Target;
use super::view::MatrixView;

/// Runs on every CPU.
#[derive(Clone, Copy)]
pub(super) struct Portable;

const MR: usize = 4;
const NR: usize = 4;

impl MicroKernel for Portable {
    const MR: usize = MR;
    const NR: usize = NR;
    const KC: usize = 256;
    const STEP: usize = NR;

    fn pack(&self, b: MatrixView<'_>, panel: &mut [u64]) {
        pack_words::<NR, NR>(b, panel);
    }

    unsafe fn micro(&self, rows: usize, a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize) {
        // SAFETY: the caller's promises, with `R == rows`.
        unsafe {
            match rows {
                4 => tile::<4>(a, panel, c, cols),
                3 => tile::<3>(a, panel, c, cols),
                2 => tile::<2>(a, panel, c, cols),
                _ => tile::<1>(a, panel, c, cols),
            }
        }
    }
}

/// # Safety
/// As for [`MicroKernel::micro`] with `R` rows.
unsafe fn tile<const R: usize>(a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize) {
    let mut sums = [[0u64; NR]; R];
    let mut words = a.words;
    for b in panel.as_chunks::<NR>().0 {
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: row r < R at this depth of A, which the caller promises to be readable.
            let x = unsafe { *words.add(r * a.row_stride) };
            for (sum, y) in sums.iter_mut().zip(b) {
                *sum = sum.wrapping_add(x.wrapping_mul(*y));
            }
        }
        words = words.wrapping_add(a.col_stride);
    }
    for (r, sums) in sums.iter().enumerate() {
        for (j, sum) in sums.iter().enumerate().take(cols) {
            // SAFETY: row r < R and column j < cols of C, which the caller promises to be ours.
            unsafe {
                let element = c.words.add(r * c.row_stride + j);
                let old = if c.target == Target::Add { *element } else { 0 };
                *element = old.wrapping_add(*sum);
            }
        }
    }
}
