//! The product with the 64-bit multiplication of AVX-512DQ (`vpmullq`, three micro-operations).

use super::blocked::{MicroKernel, RowsOfA, TileOfC, pack_words};
use super::target::Target;
use super::view::MatrixView;
use std::arch::x86_64::*;

/// Witness that the CPU has AVX-512F and AVX-512DQ.
#[derive(Clone, Copy)]
pub(super) struct Avx512Dq(());

const MR: usize = 8;
const NR: usize = 16;

impl Avx512Dq {
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq")).then_some(Self(()))
    }
}

impl MicroKernel for Avx512Dq {
    const MR: usize = MR;
    const NR: usize = NR;
    const KC: usize = 256;
    const STEP: usize = NR;

    fn pack(&self, b: MatrixView<'_>, panel: &mut [u64]) {
        pack_words::<NR, NR>(b, panel);
    }

    unsafe fn micro(&self, rows: usize, a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize) {
        // SAFETY: the caller's promises, with `R == rows`; `self` proves that the CPU has the instructions.
        unsafe {
            match rows {
                8 => tile::<8>(a, panel, c, cols),
                7 => tile::<7>(a, panel, c, cols),
                6 => tile::<6>(a, panel, c, cols),
                5 => tile::<5>(a, panel, c, cols),
                4 => tile::<4>(a, panel, c, cols),
                3 => tile::<3>(a, panel, c, cols),
                2 => tile::<2>(a, panel, c, cols),
                _ => tile::<1>(a, panel, c, cols),
            }
        }
    }
}

/// # Safety
/// As for [`MicroKernel::micro`] with `R` rows; the CPU has AVX-512F and AVX-512DQ.
#[target_feature(enable = "avx512f,avx512dq")]
unsafe fn tile<const R: usize>(a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize) {
    let mut sums = [[_mm512_setzero_si512(); 2]; R];
    let mut words = a.words;
    for row in panel.as_chunks::<NR>().0 {
        // SAFETY: a row of the panel has two times eight words.
        let b = unsafe {
            [_mm512_loadu_si512(row.as_ptr().cast()), _mm512_loadu_si512(row.as_ptr().add(8).cast())]
        };
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: row r < R at this depth of A, which the caller promises to be readable.
            let x = _mm512_set1_epi64(unsafe { *words.add(r * a.row_stride) } as i64);
            sums[0] = _mm512_add_epi64(sums[0], _mm512_mullo_epi64(x, b[0]));
            sums[1] = _mm512_add_epi64(sums[1], _mm512_mullo_epi64(x, b[1]));
        }
        words = words.wrapping_add(a.col_stride);
    }
    for (r, sums) in sums.iter().enumerate() {
        // SAFETY: `cols` elements of row r < R of C, which the caller promises to be ours.
        unsafe { write_row(c.at(r, 0), *sums, cols) };
    }
}

/// Adds the first `cols` of sixteen sums to the first row of a tile of C, or overwrites it with them.
///
/// # Safety
/// The row is valid for reads and writes of `cols <= 16` elements; the CPU has AVX-512F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn write_row(c: TileOfC, sums: [__m512i; 2], cols: usize) {
    for (q, sum) in sums.into_iter().enumerate() {
        let left = cols.saturating_sub(8 * q).min(8);
        let mask = (0xffu16 >> (8 - left)) as __mmask8;
        let counts = if c.target == Target::Add { mask } else { 0 };
        let start = c.words.wrapping_add(8 * q).cast::<i64>();
        // SAFETY: only the lanes below `cols` are accessed.
        unsafe {
            let old = _mm512_maskz_loadu_epi64(counts, start);
            _mm512_mask_storeu_epi64(start, mask, _mm512_add_epi64(old, sum));
        }
    }
}
