//! Words to bit planes and back.
//!
//! Bit planes are plane-major: each of the planes takes `ceil(n / 64)` words, and bit e of plane p is bit p of
//! `words[e]`. The bits of a plane beyond n are zero.
//!
//! Eight blocks of 64 x 64 bits are transposed at a time: each step of the classical exchange network then works
//! on rows of eight words, one from every block, and those rows are also what is stored in a plane.

use super::dispatch::dispatched;

/// Blocks of 64 words that are transposed together.
const BLOCKS: usize = 8;
/// Words in that many blocks.
const WORDS: usize = 64 * BLOCKS;
/// Row r holds word r of every block.
type Rows = [[u64; BLOCKS]; 64];

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
        split_into_planes(words, planes, out, stride);
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
        join_planes(planes_data, planes, out, stride);
    }
}

dispatched! {
    fn split_into_planes(words: &[u64], planes: usize, out: &mut [u64], stride: usize) {
        let mut rows: Rows = [[0; BLOCKS]; 64];
        for (t, words) in words.chunks(WORDS).enumerate() {
            if let Ok(words) = <&[u64; WORDS]>::try_from(words) {
                gather(words, &mut rows);
            } else {
                let mut padded = [0; WORDS];
                padded[..words.len()].copy_from_slice(words);
                gather(&padded, &mut rows);
            }
            words_to_planes(&mut rows, planes);
            let blocks = words.len().div_ceil(64);
            for (plane, row) in out.chunks_exact_mut(stride).zip(&rows) {
                let plane = &mut plane[BLOCKS * t..][..blocks];
                match <&mut [u64; BLOCKS]>::try_from(&mut *plane) {
                    Ok(plane) => *plane = *row,
                    Err(_) => plane.copy_from_slice(&row[..blocks]),
                }
            }
        }
    }
}

dispatched! {
    fn join_planes(planes_data: &[u64], planes: usize, out: &mut [u64], stride: usize) {
        let mut rows: Rows = [[0; BLOCKS]; 64];
        for (t, words) in out.chunks_mut(WORDS).enumerate() {
            let blocks = words.len().div_ceil(64);
            for (plane, row) in planes_data.chunks_exact(stride).zip(&mut rows) {
                let plane = &plane[BLOCKS * t..][..blocks];
                match <&[u64; BLOCKS]>::try_from(plane) {
                    Ok(plane) => *row = *plane,
                    Err(_) => row[..blocks].copy_from_slice(plane),
                }
            }
            // What the last turn left in the rows up to the next power of two.
            rows[planes..planes.next_power_of_two()].fill([0; BLOCKS]);
            planes_to_words(&mut rows, planes);
            if let Ok(words) = <&mut [u64; WORDS]>::try_from(&mut *words) {
                scatter(&rows, words);
            } else {
                let mut padded = [0; WORDS];
                scatter(&rows, &mut padded);
                words.copy_from_slice(&padded[..words.len()]);
            }
        }
    }
}

#[inline(always)]
fn gather(words: &[u64; WORDS], rows: &mut Rows) {
    for (r, row) in rows.iter_mut().enumerate() {
        for (block, x) in row.iter_mut().enumerate() {
            *x = words[64 * block + r];
        }
    }
}

#[inline(always)]
fn scatter(rows: &Rows, words: &mut [u64; WORDS]) {
    for (r, row) in rows.iter().enumerate() {
        for (block, x) in row.iter().enumerate() {
            words[64 * block + r] = *x;
        }
    }
}

/// Transposes every block; only the first `planes` rows of the result are meaningful.
#[inline(always)]
fn words_to_planes(rows: &mut Rows, planes: usize) {
    step_down::<32>(rows, planes);
    step_down::<16>(rows, planes);
    step_down::<8>(rows, planes);
    step_down::<4>(rows, planes);
    step_down::<2>(rows, planes);
    step_down::<1>(rows, planes);
}

/// Transposes every block whose rows from `planes` on are zero; those from the next power of two on are not read.
#[inline(always)]
fn planes_to_words(rows: &mut Rows, planes: usize) {
    step_up::<1>(rows, planes);
    step_up::<2>(rows, planes);
    step_up::<4>(rows, planes);
    step_up::<8>(rows, planes);
    step_up::<16>(rows, planes);
    step_up::<32>(rows, planes);
}

/// The columns whose number has no bit `S`.
const fn columns_without<const S: usize>() -> u64 {
    u64::MAX / ((1 << S) + 1)
}

/// Exchanges bit `S` of the row number with that of the column number, in the rows that matter.
#[inline(always)]
fn step_down<const S: usize>(rows: &mut Rows, planes: usize) {
    let mask = const { columns_without::<S>() };
    if planes <= S {
        // 2 S rows have been left by the steps before; of them the upper half is no longer needed.
        let (lower, upper) = rows[..2 * S].split_at_mut(S);
        for (x, y) in lower.iter_mut().zip(upper) {
            for (x, y) in x.iter_mut().zip(y) {
                *x = (*x & mask) | (*y & mask) << S;
            }
        }
    } else {
        exchange::<S>(&mut rows[..planes.next_power_of_two()]);
    }
}

/// As [`step_down`], when the steps with smaller distances have been made and rows from `planes` on were zero.
#[inline(always)]
fn step_up<const S: usize>(rows: &mut Rows, planes: usize) {
    let mask = const { columns_without::<S>() };
    if planes <= S {
        let (lower, upper) = rows[..2 * S].split_at_mut(S);
        for (x, y) in lower.iter_mut().zip(upper) {
            for (x, y) in x.iter_mut().zip(y) {
                *y = (*x >> S) & mask;
                *x &= mask;
            }
        }
    } else {
        exchange::<S>(&mut rows[..planes.next_power_of_two()]);
    }
}

/// Exchanges bit `S` of the row number with that of the column number.
#[inline(always)]
fn exchange<const S: usize>(rows: &mut [[u64; BLOCKS]]) {
    let mask = const { columns_without::<S>() };
    for group in rows.chunks_exact_mut(2 * S) {
        let (lower, upper) = group.split_at_mut(S);
        for (x, y) in lower.iter_mut().zip(upper) {
            for (x, y) in x.iter_mut().zip(y) {
                let swap = ((*x >> S) ^ *y) & mask;
                *y ^= swap;
                *x ^= swap << S;
            }
        }
    }
}
