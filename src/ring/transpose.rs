//! Words to bit planes and back.
//!
//! Bit planes are plane-major: each of the planes takes `ceil(n / 64)` words, and bit e of plane p is bit p of
//! `words[e]`. The bits of a plane beyond n are zero.
//!
//! Eight blocks of 64 x 64 bits are transposed at a time with the classical exchange network, always on eight words
//! at once: where rows 32, 16 or 8 apart are exchanged, on eight neighbours in a block; where they are 4, 2 or 1
//! apart, on one word from every block, and those eight are also neighbours in a plane.

use super::dispatch::Level;
use std::array::from_fn;

/// Blocks of 64 words that are transposed together.
const BLOCKS: usize = 8;
/// Words in that many blocks.
const WORDS: usize = 64 * BLOCKS;
/// One cache line, one vector register where there are such.
type Eight = [u64; 8];
/// The words of every block.
type Blocks = [[u64; 64]; BLOCKS];
/// Row r holds word r of every block.
type Rows = [Eight; 64];

/// The lowest `planes` bit planes of `words`, one after the other.
///
/// # Panics
/// If `planes > 64`.
pub fn planes_from_words(words: &[u64], planes: usize) -> Vec<u64> {
    let mut out = vec![0; planes * words.len().div_ceil(64)];
    planes_from_words_into(words, planes, &mut out);
    out
}

/// [`planes_from_words`] into memory of `planes * ceil(words.len() / 64)` words.
///
/// # Panics
/// If `planes > 64` or `out` has another size.
pub fn planes_from_words_into(words: &[u64], planes: usize, out: &mut [u64]) {
    let stride = words.len().div_ceil(64);
    assert!(planes <= 64, "a word has 64 bits, not {planes}");
    assert_eq!(out.len(), planes * stride, "words of {planes} planes of {} bits", words.len());
    if planes > 0 {
        split_into_planes(Level::best(), words, planes, out, stride);
    }
}

/// The `n` words whose lowest bits are the given planes and whose other bits are zero.
///
/// # Panics
/// If `planes > 64` or `planes_data` does not have `planes * ceil(n / 64)` words.
pub fn words_from_planes(planes_data: &[u64], planes: usize, n: usize) -> Vec<u64> {
    let mut out = vec![0; n];
    words_from_planes_into(planes_data, planes, &mut out);
    out
}

/// [`words_from_planes`] into memory of as many words as wanted.
///
/// # Panics
/// As [`words_from_planes`].
pub fn words_from_planes_into(planes_data: &[u64], planes: usize, out: &mut [u64]) {
    let stride = out.len().div_ceil(64);
    assert!(planes <= 64, "a word has 64 bits, not {planes}");
    assert_eq!(planes_data.len(), planes * stride, "words of {planes} planes of {} bits", out.len());
    if planes == 0 {
        out.fill(0);
    } else {
        join_planes(Level::best(), planes_data, planes, out, stride);
    }
}

/// Transposes an 8 x 8 matrix of words in place.
trait Transpose8: Fn(&mut [Eight; 8]) {}
impl<F: Fn(&mut [Eight; 8])> Transpose8 for F {}

/// The first steps of [`planes_from_words_into`], for at least one plane.
fn split_into_planes(level: Level, words: &[u64], planes: usize, out: &mut [u64], stride: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn avx512(words: &[u64], planes: usize, out: &mut [u64], stride: usize) {
            split_with(|matrix: &mut [Eight; 8]| transpose8_avx512(matrix), words, planes, out, stride);
        }
        #[target_feature(enable = "avx2")]
        fn avx2(words: &[u64], planes: usize, out: &mut [u64], stride: usize) {
            split_with(transpose8, words, planes, out, stride);
        }
        if level == Level::Avx512 && level.is_available() {
            // SAFETY: the CPU has the features.
            return unsafe { avx512(words, planes, out, stride) };
        }
        if level == Level::Avx2 && level.is_available() {
            // SAFETY: the CPU has the feature.
            return unsafe { avx2(words, planes, out, stride) };
        }
    }
    let _ = level;
    split_with(transpose8, words, planes, out, stride);
}

/// The first steps of [`words_from_planes_into`], for at least one plane.
fn join_planes(level: Level, planes_data: &[u64], planes: usize, out: &mut [u64], stride: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn avx512(planes_data: &[u64], planes: usize, out: &mut [u64], stride: usize) {
            join_with(|matrix: &mut [Eight; 8]| transpose8_avx512(matrix), planes_data, planes, out, stride);
        }
        #[target_feature(enable = "avx2")]
        fn avx2(planes_data: &[u64], planes: usize, out: &mut [u64], stride: usize) {
            join_with(transpose8, planes_data, planes, out, stride);
        }
        if level == Level::Avx512 && level.is_available() {
            // SAFETY: the CPU has the features.
            return unsafe { avx512(planes_data, planes, out, stride) };
        }
        if level == Level::Avx2 && level.is_available() {
            // SAFETY: the CPU has the feature.
            return unsafe { avx2(planes_data, planes, out, stride) };
        }
    }
    let _ = level;
    join_with(transpose8, planes_data, planes, out, stride);
}

#[inline(always)]
fn split_with(transpose8: impl Transpose8, words: &[u64], planes: usize, out: &mut [u64], stride: usize) {
    let mut blocks: Blocks = [[0; 64]; BLOCKS];
    let mut rows: Rows = [[0; BLOCKS]; 64];
    for (t, words) in words.chunks(WORDS).enumerate() {
        blocks.as_flattened_mut()[..words.len()].copy_from_slice(words);
        blocks.as_flattened_mut()[words.len()..].fill(0);
        words_to_planes(&transpose8, &mut blocks, &mut rows, planes);
        let used = words.len().div_ceil(64);
        for (plane, row) in out.chunks_exact_mut(stride).zip(&rows) {
            let plane = &mut plane[BLOCKS * t..][..used];
            match <&mut Eight>::try_from(&mut *plane) {
                Ok(plane) => *plane = *row,
                Err(_) => plane.copy_from_slice(&row[..used]),
            }
        }
    }
}

#[inline(always)]
fn join_with(
    transpose8: impl Transpose8,
    planes_data: &[u64],
    planes: usize,
    out: &mut [u64],
    stride: usize,
) {
    let mut rows: Rows = [[0; BLOCKS]; 64];
    let mut blocks: Blocks = [[0; 64]; BLOCKS];
    for (t, words) in out.chunks_mut(WORDS).enumerate() {
        let used = words.len().div_ceil(64);
        for (plane, row) in planes_data.chunks_exact(stride).zip(&mut rows) {
            let plane = &plane[BLOCKS * t..][..used];
            match <&Eight>::try_from(plane) {
                Ok(plane) => *row = *plane,
                Err(_) => row[..used].copy_from_slice(plane),
            }
        }
        // What the last turn left in the rows up to the next power of two.
        rows[planes..planes.next_power_of_two().max(8)].fill([0; BLOCKS]);
        planes_to_words(&transpose8, &mut rows, &mut blocks, planes);
        words.copy_from_slice(&blocks.as_flattened()[..words.len()]);
    }
}

/// Transposes every block of words; only the first `planes` rows of the result are meaningful.
#[inline(always)]
fn words_to_planes(transpose8: &impl Transpose8, blocks: &mut Blocks, rows: &mut Rows, planes: usize) {
    for block in blocks.iter_mut() {
        let block = block.as_chunks_mut().0;
        halve_or_exchange::<32, 4>(block, planes);
        halve_or_exchange::<16, 2>(block, planes);
        halve_or_exchange::<8, 1>(block, planes);
    }
    for (i, rows) in rows.as_chunks_mut().0.iter_mut().enumerate().take(planes.div_ceil(8)) {
        *rows = blocks.each_ref().map(|block| block.as_chunks().0[i]);
        transpose8(rows);
        exchange::<4, 4>(rows);
        exchange::<2, 2>(rows);
        exchange::<1, 1>(rows);
    }
}

/// Transposes every block whose rows from `planes` on are zero; those from the next power of two on, but at least
/// eight, are not read.
#[inline(always)]
fn planes_to_words(transpose8: &impl Transpose8, rows: &mut Rows, blocks: &mut Blocks, planes: usize) {
    for (i, rows) in
        rows.as_chunks_mut().0.iter_mut().enumerate().take(planes.next_power_of_two().div_ceil(8))
    {
        exchange::<1, 1>(rows);
        exchange::<2, 2>(rows);
        exchange::<4, 4>(rows);
        transpose8(rows);
        for (block, words) in blocks.iter_mut().zip(rows) {
            block.as_chunks_mut().0[i] = *words;
        }
    }
    for block in blocks {
        let block = block.as_chunks_mut().0;
        double_or_exchange::<8, 1>(block, planes);
        double_or_exchange::<16, 2>(block, planes);
        double_or_exchange::<32, 4>(block, planes);
    }
}

#[inline(always)]
fn transpose8(matrix: &mut [Eight; 8]) {
    *matrix = from_fn(|i| from_fn(|j| matrix[j][i]));
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose8_avx512(matrix: &mut [Eight; 8]) {
    use std::arch::x86_64::*;
    let mut m = [_mm512_setzero_si512(); 8];
    for (m, row) in m.iter_mut().zip(matrix.iter()) {
        // SAFETY: a row has eight words.
        *m = unsafe { _mm512_loadu_si512(row.as_ptr().cast()) };
    }
    // Exchange single words, then pairs, then halves.
    let [a, b, c, d, e, f, g, h] = m;
    let m = [
        _mm512_unpacklo_epi64(a, b),
        _mm512_unpackhi_epi64(a, b),
        _mm512_unpacklo_epi64(c, d),
        _mm512_unpackhi_epi64(c, d),
        _mm512_unpacklo_epi64(e, f),
        _mm512_unpackhi_epi64(e, f),
        _mm512_unpacklo_epi64(g, h),
        _mm512_unpackhi_epi64(g, h),
    ];
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    // Pairs 0 and 2, or 1 and 3, of two rows.
    let even = |x, y| _mm512_shuffle_i64x2::<EVEN>(x, y);
    let odd = |x, y| _mm512_shuffle_i64x2::<ODD>(x, y);
    let [a, b, c, d, e, f, g, h] = m;
    let m = [even(a, c), even(b, d), odd(a, c), odd(b, d), even(e, g), even(f, h), odd(e, g), odd(f, h)];
    let [a, b, c, d, e, f, g, h] = m;
    let m = [even(a, e), even(b, f), even(c, g), even(d, h), odd(a, e), odd(b, f), odd(c, g), odd(d, h)];
    for (m, row) in m.iter().zip(matrix) {
        // SAFETY: a row has eight words.
        unsafe { _mm512_storeu_si512(row.as_mut_ptr().cast(), *m) };
    }
}

/// The columns whose number has no bit `S`.
const fn columns_without<const S: usize>() -> u64 {
    u64::MAX / ((1 << S) + 1)
}

/// Exchanges bit `S` of the row number with that of the column number in the rows that matter. A group of eight
/// rows is one element and `D = S / 8`.
#[inline(always)]
fn halve_or_exchange<const S: usize, const D: usize>(groups: &mut [Eight], planes: usize) {
    let mask = const { columns_without::<S>() };
    if planes > S {
        return exchange::<S, D>(&mut groups[..planes.next_power_of_two() / 8]);
    }
    // 2 S rows have been left by the steps before; of them the upper half is no longer needed.
    let (lower, upper) = groups[..2 * D].split_at_mut(D);
    for (x, y) in lower.iter_mut().zip(upper) {
        let (low, high) = (*x, *y);
        *x = from_fn(|i| (low[i] & mask) | (high[i] & mask) << S);
    }
}

/// As [`halve_or_exchange`] when the steps with smaller distances have been made and rows from `planes` on were
/// zero: the second half of the rows comes into being.
#[inline(always)]
fn double_or_exchange<const S: usize, const D: usize>(groups: &mut [Eight], planes: usize) {
    let mask = const { columns_without::<S>() };
    if planes > S {
        return exchange::<S, D>(&mut groups[..planes.next_power_of_two() / 8]);
    }
    let (lower, upper) = groups[..2 * D].split_at_mut(D);
    for (x, y) in lower.iter_mut().zip(upper) {
        let low = *x;
        *x = from_fn(|i| low[i] & mask);
        *y = from_fn(|i| (low[i] >> S) & mask);
    }
}

/// Exchanges bit `S` of the row number with that of the column number; rows that differ in this bit lie `D`
/// elements apart.
#[inline(always)]
fn exchange<const S: usize, const D: usize>(rows: &mut [Eight]) {
    let mask = const { columns_without::<S>() };
    for group in rows.chunks_exact_mut(2 * D) {
        let (lower, upper) = group.split_at_mut(D);
        for (x, y) in lower.iter_mut().zip(upper) {
            let (low, high) = (*x, *y);
            *x = from_fn(|i| (low[i] & mask) | (high[i] & mask) << S);
            *y = from_fn(|i| ((low[i] >> S) & mask) | (high[i] & !mask));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, join_planes, split_into_planes};

    #[test]
    fn all_levels_give_the_same_bits() {
        for n in [1usize, 64, 511, 512, 700, 1100] {
            let words: Vec<u64> =
                (1..=n as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7)).collect();
            let stride = n.div_ceil(64);
            for planes in [1, 2, 5, 8, 16, 20, 33, 64] {
                let bit = |plane: usize, e: usize| words[e] >> plane & 1;
                let kept: Vec<u64> = words.iter().map(|word| word & u64::MAX >> (64 - planes)).collect();
                for level in Level::ALL {
                    let (mut split, mut back) = (vec![u64::MAX; planes * stride], vec![u64::MAX; n]);
                    split_into_planes(level, &words, planes, &mut split, stride);
                    for (i, word) in split.iter().enumerate() {
                        let bits = (i % stride * 64..n).take(64).rev();
                        let expected = bits.fold(0, |bits, e| bits << 1 | bit(i / stride, e));
                        assert_eq!(*word, expected, "{level:?}, {n} words, {planes} planes, word {i}");
                    }
                    join_planes(level, &split, planes, &mut back, stride);
                    assert!(back == kept, "{level:?}, {n} words, {planes} planes");
                }
            }
        }
    }
}
