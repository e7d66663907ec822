//! The product with AVX2, which has no 64-bit multiplication.
//!
//! With 32-bit halves, `a * b = a0 b0 + 2^32 (a0 b1 + a1 b0)`. One `vpmuludq` gives `a0 b0`; one `vpmulld` of a
//! with the half-swapped b gives both cross products, modulo 2^32, in the two halves of a lane, and they are
//! summed apart until the end. The panel holds every vector of b twice: as it is and half-swapped.

use super::blocked::{MicroKernel, RowsOfA, TileOfC, pack_words};
use super::target::Target;
use super::view::MatrixView;
use std::arch::x86_64::*;

/// Witness that the CPU has AVX2.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

const MR: usize = 4;
const NR: usize = 4;

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

impl MicroKernel for Avx2 {
    const MR: usize = MR;
    const NR: usize = NR;
    const KC: usize = 256;
    const STEP: usize = 2 * NR;

    fn pack(&self, b: MatrixView<'_>, panel: &mut [u64]) {
        pack_words::<NR, { 2 * NR }>(b, panel);
        for row in panel.as_chunks_mut::<{ 2 * NR }>().0 {
            let (words, swapped) = row.split_at_mut(NR);
            swapped.iter_mut().zip(words).for_each(|(s, w)| *s = w.rotate_left(32));
        }
    }

    unsafe fn micro(&self, rows: usize, a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize) {
        // SAFETY: the caller's promises, with `R == rows`; `self` proves that the CPU has AVX2.
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
/// As for [`MicroKernel::micro`] with `R` rows; the CPU has AVX2.
#[target_feature(enable = "avx2")]
unsafe fn tile<const R: usize>(a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize) {
    let zero = _mm256_setzero_si256();
    let (mut low, mut cross) = ([zero; R], [zero; R]);
    let mut words = a.words;
    for row in panel.as_chunks::<{ 2 * NR }>().0 {
        // SAFETY: a row of the panel has two times four words.
        let (b, swapped) = unsafe {
            (_mm256_loadu_si256(row.as_ptr().cast()), _mm256_loadu_si256(row.as_ptr().add(NR).cast()))
        };
        for r in 0..R {
            // SAFETY: row r < R at this depth of A, which the caller promises to be readable.
            let x = _mm256_set1_epi64x(unsafe { *words.add(r * a.row_stride) } as i64);
            low[r] = _mm256_add_epi64(low[r], _mm256_mul_epu32(x, b));
            cross[r] = _mm256_add_epi32(cross[r], _mm256_mullo_epi32(x, swapped));
        }
        words = words.wrapping_add(a.col_stride);
    }
    for r in 0..R {
        // The lower half of a lane of `cross` counts 2^32 like the upper one.
        let upper = _mm256_add_epi32(cross[r], _mm256_slli_epi64(cross[r], 32));
        let upper = _mm256_blend_epi32(zero, upper, 0b1010_1010);
        let sum = _mm256_add_epi64(low[r], upper);
        let start = c.at(r, 0).words;
        if cols == NR {
            // SAFETY: four elements of row r < R of C, which the caller promises to be ours.
            unsafe {
                let old = if c.target == Target::Add { _mm256_loadu_si256(start.cast()) } else { zero };
                _mm256_storeu_si256(start.cast(), _mm256_add_epi64(old, sum));
            }
        } else {
            let mut sums = [0u64; NR];
            // SAFETY: the array has room for one vector; then elements j < cols of row r < R of C.
            unsafe {
                _mm256_storeu_si256(sums.as_mut_ptr().cast(), sum);
                for (j, sum) in sums.iter().enumerate().take(cols) {
                    let old = if c.target == Target::Add { *start.add(j) } else { 0 };
                    *start.add(j) = old.wrapping_add(*sum);
                }
            }
        }
    }
}
