//! The product modulo 2^k, 64 < k <= 128, with AVX-512 IFMA.
//!
//! Elements are cut into limbs of 52 bits, the last of 24: `a = a0 + 2^52 a1 + 2^104 a2`. Sums for each power of 2^52 are
//! kept apart: `lo(a0 b0)`; `hi(a0 b0) + lo(a0 b1) + lo(a1 b0)`; and `hi(a0 b1) + hi(a1 b0) + lo(a0 b2) + lo(a1 b1) + lo(a2
//! b0)`, of which only the lowest 24 bits count. For k <= 104 there is no third. The instructions ignore the bits of a
//! limb from 52 up, so nothing needs to be masked.

use super::target::Target;
use super::view::WideView;
use crate::ring::fast::words::Words;
use std::arch::x86_64::*;

/// Witness that the CPU has AVX-512 F and IFMA.
#[derive(Clone, Copy)]
pub(super) struct Limbs(());

/// Rows and columns of a tile of sums in registers: at most 24 of the 32 registers.
const MR: usize = 4;
const NR: usize = 16;
/// Depth of a block. The middle sum grows by less than 3 * 2^52 a step, so 1365 steps fit into a word.
const KC: usize = 96;
/// Rows of A that meet one packed panel of B after the other.
const MC: usize = 128;
/// Columns of B that are packed at once.
const NC: usize = 256;

/// What is written: bits kept of the high words, and what becomes of what is there.
#[derive(Clone, Copy)]
struct Output {
    mask: u64,
    target: Target,
    row_stride: usize,
}

impl Limbs {
    /// Rows that are worked on together.
    pub(super) const ROWS: usize = MR;

    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")).then_some(Self(()))
    }

    /// `c = a * b` or `c += a * b` modulo 2^`bits`, on the calling thread; all three are non-empty and fit.
    pub(super) fn multiply(
        self,
        bits: u32,
        target: Target,
        a: WideView<'_>,
        b: WideView<'_>,
        c: [&mut [u64]; 2],
    ) {
        let output = Output { mask: u64::MAX >> (128 - bits), target, row_stride: b.low.cols };
        if bits <= 104 {
            self.blocks::<2>(output, a, b, c);
        } else {
            self.blocks::<3>(output, a, b, c);
        }
    }

    /// The product, block by block, in `LIMBS` limbs.
    fn blocks<const LIMBS: usize>(
        self,
        output: Output,
        a: WideView<'_>,
        b: WideView<'_>,
        [c_low, c_high]: [&mut [u64]; 2],
    ) {
        let (m, k, n) = (a.low.rows, a.low.cols, b.low.cols);
        let depth = k.min(KC);
        let mut panels = Words::any(n.min(NC).next_multiple_of(NR) * depth * LIMBS);
        let mut tiles = Words::any(m.min(MC).next_multiple_of(MR) * depth * LIMBS);
        for j0 in (0..n).step_by(NC) {
            let nc = NC.min(n - j0);
            for p0 in (0..k).step_by(KC) {
                let kc = KC.min(k - p0);
                // What the first block has written counts for the next ones.
                let output = Output { target: if p0 == 0 { output.target } else { Target::Add }, ..output };
                let transposed = |view: WideView<'_>, i, j| view.at(j, i);
                pack::<LIMBS, NR>(b.block(p0, kc, j0, nc), nc, kc, transposed, &mut panels);
                for i0 in (0..m).step_by(MC) {
                    let mc = MC.min(m - i0);
                    let of_rows = |view: WideView<'_>, i, j| view.at(i, j);
                    pack::<LIMBS, MR>(a.block(i0, mc, p0, kc), mc, kc, of_rows, &mut tiles);
                    let panels = panels.chunks_exact(kc * NR * LIMBS).take(nc.div_ceil(NR)).enumerate();
                    for (j, panel) in panels {
                        let tiles = tiles.chunks_exact(kc * MR * LIMBS).take(mc.div_ceil(MR)).enumerate();
                        for (i, tile) in tiles {
                            let (row, col) = (i0 + i * MR, j0 + j * NR);
                            let place = row * n + col;
                            let c = [&mut c_low[place..], &mut c_high[place..]];
                            // SAFETY: `self` proves that the CPU has the instructions.
                            unsafe {
                                match m - row {
                                    1 => multiply_tile::<LIMBS, 1>(tile, panel, output, c, n - col),
                                    2 => multiply_tile::<LIMBS, 2>(tile, panel, output, c, n - col),
                                    3 => multiply_tile::<LIMBS, 3>(tile, panel, output, c, n - col),
                                    _ => multiply_tile::<LIMBS, MR>(tile, panel, output, c, n - col),
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Cuts `lines` lines of `depth` elements into limbs: groups of `WIDTH` lines, of which each step along the depth holds the
/// first limbs of all lines, then the second ones. Lines that the last group lacks become zero.
#[inline(always)]
fn pack<const LIMBS: usize, const WIDTH: usize>(
    view: WideView<'_>,
    lines: usize,
    depth: usize,
    element: impl Fn(WideView<'_>, usize, usize) -> [u64; 2],
    out: &mut [u64],
) {
    for (group, out) in out.chunks_exact_mut(depth * WIDTH * LIMBS).take(lines.div_ceil(WIDTH)).enumerate() {
        let first = group * WIDTH;
        let width = WIDTH.min(lines - first);
        for (step, out) in out.chunks_exact_mut(WIDTH * LIMBS).enumerate() {
            for line in 0..WIDTH {
                let [low, high] = if line < width { element(view, first + line, step) } else { [0, 0] };
                let limbs = [low, low >> 52 | high << 12, high >> 40];
                for (limb, x) in limbs.into_iter().enumerate().take(LIMBS) {
                    out[limb * WIDTH + line] = x;
                }
            }
        }
    }
}

/// The product of `R` packed rows with a packed panel, of which `cols` columns count, into the low and high words of the
/// result.
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply_tile<const LIMBS: usize, const R: usize>(
    tile: &[u64],
    panel: &[u64],
    output: Output,
    [c_low, c_high]: [&mut [u64]; 2],
    cols: usize,
) {
    let zero = _mm512_setzero_si512();
    let mut sums = [[[zero; 2]; LIMBS]; R];
    for (x, y) in tile.chunks_exact(MR * LIMBS).zip(panel.chunks_exact(NR * LIMBS)) {
        let mut b = [[zero; 2]; LIMBS];
        for (limb, b) in b.iter_mut().enumerate() {
            for (q, b) in b.iter_mut().enumerate() {
                // SAFETY: a step of the panel has sixteen words for each limb.
                *b = unsafe { _mm512_loadu_si512(y.as_ptr().add(limb * NR + 8 * q).cast()) };
            }
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            for i in 0..LIMBS {
                let a = _mm512_set1_epi64(x[i * MR + r].cast_signed());
                for j in 0..LIMBS - i {
                    for q in 0..2 {
                        sums[i + j][q] = _mm512_madd52lo_epu64(sums[i + j][q], a, b[j][q]);
                        if i + j + 1 < LIMBS {
                            sums[i + j + 1][q] = _mm512_madd52hi_epu64(sums[i + j + 1][q], a, b[j][q]);
                        }
                    }
                }
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        let limbs = |q: usize| [sums[0][q], sums[1][q], if LIMBS == 3 { sums[LIMBS - 1][q] } else { zero }];
        for q in 0..cols.min(NR).div_ceil(8) {
            let place = r * output.row_stride + 8 * q;
            let count = (cols - 8 * q).min(8);
            let (low, high) = (&mut c_low[place..][..count], &mut c_high[place..][..count]);
            write_words(limbs(q), output, low, high);
        }
    }
}

/// Writes up to eight sums of limbs as low and high words.
#[target_feature(enable = "avx512f")]
fn write_words(limbs: [__m512i; 3], output: Output, c_low: &mut [u64], c_high: &mut [u64]) {
    assert!(c_low.len() == c_high.len() && c_low.len() <= 8, "places for eight elements at most");
    let lanes = 0xffu8 >> (8 - c_low.len());
    let one = _mm512_set1_epi64(1);
    let mut low = _mm512_add_epi64(limbs[0], _mm512_slli_epi64::<52>(limbs[1]));
    let carry = _mm512_cmplt_epu64_mask(low, limbs[0]);
    let mut high = _mm512_add_epi64(_mm512_srli_epi64::<12>(limbs[1]), _mm512_slli_epi64::<40>(limbs[2]));
    high = _mm512_mask_add_epi64(high, carry, high, one);
    if output.target == Target::Add {
        // SAFETY: only as many words are read as there are.
        let (old_low, old_high) = unsafe {
            (
                _mm512_maskz_loadu_epi64(lanes, c_low.as_ptr().cast()),
                _mm512_maskz_loadu_epi64(lanes, c_high.as_ptr().cast()),
            )
        };
        let sum = _mm512_add_epi64(old_low, low);
        let carry = _mm512_cmplt_epu64_mask(sum, low);
        high = _mm512_add_epi64(high, old_high);
        high = _mm512_mask_add_epi64(high, carry, high, one);
        low = sum;
    }
    high = _mm512_and_si512(high, _mm512_set1_epi64(output.mask.cast_signed()));
    // SAFETY: only as many words are written as there are places.
    unsafe {
        _mm512_mask_storeu_epi64(c_low.as_mut_ptr().cast(), lanes, low);
        _mm512_mask_storeu_epi64(c_high.as_mut_ptr().cast(), lanes, high);
    }
}
