//! Products whose sums are short, with one instruction of AVX-512 IFMA for eight of them.
//!
//! `vpmadd52luq` multiplies modulo 2^52, negative factors in two's complement too. If no sum can reach a magnitude
//! of 2^51, its value modulo 2^52 is all there is to know: the sign is extended at the end.

use super::avx512dq::write_row;
use super::blocked::{MicroKernel, RowsOfA, TileOfC, pack_words};
use super::view::MatrixView;
use std::arch::x86_64::*;

/// Witness that the CPU has AVX-512 F and IFMA.
#[derive(Clone, Copy)]
pub(super) struct Short(());

const MR: usize = 8;
const NR: usize = 16;

impl Short {
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")).then_some(Self(()))
    }
}

impl MicroKernel for Short {
    const MR: usize = MR;
    const NR: usize = NR;
    /// Below 2^12, so that unsigned sums of 52-bit products do not overflow 64 bits.
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
/// As for [`MicroKernel::micro`] with `R` rows; the CPU has AVX-512 F and IFMA.
#[target_feature(enable = "avx512f,avx512ifma")]
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
            sums[0] = _mm512_madd52lo_epu64(sums[0], x, b[0]);
            sums[1] = _mm512_madd52lo_epu64(sums[1], x, b[1]);
        }
        words = words.wrapping_add(a.col_stride);
    }
    for (r, sums) in sums.iter_mut().enumerate() {
        for sum in sums.iter_mut() {
            *sum = _mm512_srai_epi64::<12>(_mm512_slli_epi64::<12>(*sum));
        }
        // SAFETY: `cols` elements of row r < R of C, which the caller promises to be ours.
        unsafe { write_row(c.at(r, 0), *sums, cols) };
    }
}
