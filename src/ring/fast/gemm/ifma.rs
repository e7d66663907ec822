//! The product with AVX-512 IFMA and VNNI: five instructions for sixteen products.
//!
//! With `a = a0 + 2^52 a1` and `b = b0 + 2^52 b1`,
//! `a * b = lo52(a0 b0) + 2^52 (hi52(a0 b0) + a0 b1 + a1 b0)` modulo 2^64.
//! `vpmadd52luq` and `vpmadd52huq` ignore the bits from 52 up, so whole words go in; of the second factor only
//! the lowest twelve bits matter, so both cross products are one `vpdpwssd` of 12-bit digits: (low, high) of a
//! with (high, low) of b, for sixteen columns at once.

use super::avx512dq::write_row;
use super::blocked::{MicroKernel, RowsOfA, TileOfC, pack_words};
use super::view::MatrixView;
use std::arch::x86_64::*;

/// Witness that the CPU has AVX-512 F, BW, VL, IFMA and VNNI.
#[derive(Clone, Copy)]
pub(super) struct Avx512Ifma(());

const MR: usize = 4;
const NR: usize = 16;
/// Sixteen words and sixteen pairs of digits.
const STEP: usize = NR + NR / 2;

impl Avx512Ifma {
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("avx512vnni"))
        .then_some(Self(()))
    }
}

impl MicroKernel for Avx512Ifma {
    const MR: usize = MR;
    const NR: usize = NR;
    /// A panel of this depth takes 37 kB of the first-level cache.
    const KC: usize = 196;
    const STEP: usize = STEP;
    const DIGITS: bool = true;

    fn pack(&self, b: MatrixView<'_>, panel: &mut [u64]) {
        pack_words::<NR, STEP>(b, panel);
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe { append_digits(panel) };
    }

    fn digits(&self, words: &[u64], out: &mut [u32]) {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe { digits_of(words, out) };
    }

    unsafe fn micro(&self, rows: usize, a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize) {
        // SAFETY: the caller's promises, with `R == rows`; `self` proves that the CPU has the instructions.
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

/// The lowest twelve bits in the lower half, the highest twelve in the upper half.
#[inline(always)]
fn digits_of_a(x: u64) -> u32 {
    (x as u32 & 0xfff) | ((x >> 52) as u32) << 16
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn digits_of(words: &[u64], out: &mut [u32]) {
    for (x, out) in words.iter().zip(out) {
        *out = digits_of_a(*x);
    }
}

/// Writes the swapped digits of the sixteen words of every row of a panel behind them.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn append_digits(panel: &mut [u64]) {
    let low = _mm512_set1_epi64(0xfff);
    for row in panel.as_chunks_mut::<STEP>().0 {
        let row = row.as_mut_ptr();
        for half in 0..2 {
            // SAFETY: a row of the panel has twice eight words and then twice room for eight digits.
            unsafe {
                let words = _mm512_loadu_si512(row.add(8 * half).cast());
                let swapped = _mm512_slli_epi64::<16>(_mm512_and_si512(words, low));
                let digits = _mm512_or_si512(_mm512_srli_epi64::<52>(words), swapped);
                let out = row.add(NR + NR / 4 * half);
                _mm256_storeu_si256(out.cast(), _mm512_cvtepi64_epi32(digits));
            }
        }
    }
}

/// # Safety
/// As for [`MicroKernel::micro`] with `R` rows; the CPU has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512ifma,avx512vnni")]
unsafe fn tile<const R: usize>(a: RowsOfA, panel: &[u64], c: TileOfC, cols: usize) {
    let zero = _mm512_setzero_si512();
    let (mut low, mut high, mut cross) = ([[zero; 2]; R], [[zero; 2]; R], [zero; R]);
    let (mut words, mut digits) = (a.words, a.digits);
    for row in panel.as_chunks::<STEP>().0 {
        let row = row.as_ptr();
        // SAFETY: a row of the panel has three times eight words.
        let (b0, b1, swapped) = unsafe {
            (
                _mm512_loadu_si512(row.cast()),
                _mm512_loadu_si512(row.add(8).cast()),
                _mm512_loadu_si512(row.add(16).cast()),
            )
        };
        for r in 0..R {
            // SAFETY: row r < R at this depth of A and of its digits, which the caller promises to be readable.
            let (x, d) = unsafe { (*words.add(r * a.row_stride), *digits.add(r * a.digit_row_stride)) };
            let x = _mm512_set1_epi64(x as i64);
            low[r][0] = _mm512_madd52lo_epu64(low[r][0], x, b0);
            high[r][0] = _mm512_madd52hi_epu64(high[r][0], x, b0);
            low[r][1] = _mm512_madd52lo_epu64(low[r][1], x, b1);
            high[r][1] = _mm512_madd52hi_epu64(high[r][1], x, b1);
            cross[r] = _mm512_dpwssd_epi32(cross[r], _mm512_set1_epi32(d as i32), swapped);
        }
        words = words.wrapping_add(a.col_stride);
        digits = digits.wrapping_add(a.digit_col_stride);
    }
    for r in 0..R {
        let cross = [_mm512_castsi512_si256(cross[r]), _mm512_extracti64x4_epi64::<1>(cross[r])];
        let mut sums = low[r];
        for (q, sum) in sums.iter_mut().enumerate() {
            // Of what counts 2^52 only the lowest twelve bits survive, so wrapped digit sums do no harm.
            let upper = _mm512_add_epi64(high[r][q], _mm512_cvtepu32_epi64(cross[q]));
            *sum = _mm512_add_epi64(*sum, _mm512_slli_epi64::<52>(upper));
        }
        // SAFETY: `cols` elements of row r < R of C, which the caller promises to be ours.
        unsafe { write_row(c.at(r, 0), sums, cols) };
    }
}
