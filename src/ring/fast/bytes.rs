//! Loops over residues modulo a number below 256, a byte each.

use super::dispatch::{Level, dispatched};
use super::mcg::Position;
use super::workers::{pieces_of, spread};

/// Bytes that are worth a task of their own: some microseconds of work.
const TASK: usize = 1 << 14;
/// Bytes that are worth being drawn, or taken one by one from anywhere, by a thread of their own.
const LONG_TASK: usize = 1 << 12;
/// Words that are drawn before they become bytes: they stay in a first-level cache.
const DRAWN: usize = 1 << 9;

/// A loop over a result and two operands.
pub(in crate::ring) type Loop = fn(Level, &mut [u8], &[u8], &[u8]);
/// A loop that makes residues of random words.
pub(in crate::ring) type OfWords = fn(Level, &mut [u8], &[u64]);

/// The result of a loop; long ones are spread over the current rayon pool.
///
/// # Panics
/// If the lengths differ.
pub(in crate::ring) fn zipped(x: &[u8], y: &[u8], of: Loop) -> Vec<u8> {
    assert_eq!(x.len(), y.len(), "vectors of different lengths");
    let mut out = vec![0; x.len()];
    let each = x.len().div_ceil(pieces_of(x.len(), TASK)).max(1);
    let pieces = out.chunks_mut(each).zip(x.chunks(each).zip(y.chunks(each))).collect();
    spread(pieces, |(out, (x, y)): (&mut [u8], (&[u8], &[u8]))| of(Level::best(), out, x, y));
    out
}

/// `len` residues of the words from a place of a stream on, one for each.
pub(in crate::ring) fn drawn(position: Position, len: usize, of: OfWords) -> Vec<u8> {
    let mut out = vec![0; len];
    let each = len.div_ceil(pieces_of(len, LONG_TASK)).max(1);
    let pieces = out.chunks_mut(each).enumerate().collect();
    spread(pieces, |(i, out): (usize, &mut [u8])| {
        let mut stream = position.after(i * each).stream(out.len());
        let mut words = [0; DRAWN];
        for out in out.chunks_mut(DRAWN) {
            let words = &mut words[..out.len()];
            stream.fill(words);
            of(Level::best(), out, words);
        }
    });
    out
}

/// Rows of `width` bytes, chosen by number.
pub(in crate::ring) fn gathered(bytes: &[u8], rows: &[usize], width: usize) -> Vec<u8> {
    let mut out = vec![0; rows.len() * width];
    let each = rows.len().div_ceil(pieces_of(out.len(), LONG_TASK)).max(1);
    let pieces = out.chunks_mut((each * width).max(1)).zip(rows.chunks(each)).collect();
    spread(pieces, |(out, rows): (&mut [u8], &[usize])| {
        if width == 1 {
            return out.iter_mut().zip(rows).for_each(|(out, &row)| *out = bytes[row]);
        }
        let places = out.chunks_exact_mut(width.max(1)).zip(rows);
        places.for_each(|(out, row)| out.copy_from_slice(&bytes[row * width..(row + 1) * width]));
    });
    out
}

/// The lowest `out.len()` bits of words, the lowest of the first one first, as a byte each.
pub(in crate::ring) fn write_bits(words: &[u64], out: &mut [u8]) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let of_word = |word: u64| {
        word.to_le_bytes().into_iter().map(|byte| {
            // Eight times the same byte, of which each keeps another bit; then whether something is left.
            let one_of_each = (u64::from(byte) * ONES) & 0x8040_2010_0804_0201;
            ((one_of_each + 0x7f * ONES) >> 7 & ONES).to_le_bytes()
        })
    };
    for (out, &word) in out.chunks_mut(64).zip(words) {
        for (out, bits) in out.chunks_mut(8).zip(of_word(word)) {
            out.copy_from_slice(&bits[..out.len()]);
        }
    }
}

/// x - y modulo `M`.
#[inline(always)]
fn difference<const M: u64>(x: u8, y: u8) -> u8 {
    let rest = x.wrapping_sub(y);
    if x < y { rest.wrapping_add(M as u8) } else { rest }
}

dispatched! {
    /// x + y modulo `M`.
    pub(in crate::ring) fn add<const M: u64>(out: &mut [u8], x: &[u8], y: &[u8]) {
        out.iter_mut().zip(x.iter().zip(y)).for_each(|(z, (&x, &y))| *z = difference::<M>(x, M as u8 - y));
    }
}

dispatched! {
    /// x - y modulo `M`.
    pub(in crate::ring) fn subtract<const M: u64>(out: &mut [u8], x: &[u8], y: &[u8]) {
        out.iter_mut().zip(x.iter().zip(y)).for_each(|(z, (&x, &y))| *z = difference::<M>(x, y));
    }
}

dispatched! {
    /// x y modulo `M`: products are less than 2^16.
    pub(in crate::ring) fn multiply<const M: u64>(out: &mut [u8], x: &[u8], y: &[u8]) {
        let product = |x: u8, y: u8| (u16::from(x) * u16::from(y) % M as u16) as u8;
        out.iter_mut().zip(x.iter().zip(y)).for_each(|(z, (&x, &y))| *z = product(x, y));
    }
}

dispatched! {
    /// Words modulo `M`.
    pub(in crate::ring) fn reduce<const M: u64>(out: &mut [u8], words: &[u64]) {
        out.iter_mut().zip(words).for_each(|(z, x)| *z = (x % M) as u8);
    }
}

dispatched! {
    /// Words scaled down from 2^64 to `M`: the upper word of the product, from products of half words.
    pub(in crate::ring) fn scale_down<const M: u64>(out: &mut [u8], words: &[u64]) {
        let scaled = |x: u64| ((x >> 32) * M + (((x & u64::from(u32::MAX)) * M) >> 32)) >> 32;
        out.iter_mut().zip(words).for_each(|(z, &x)| *z = scaled(x) as u8);
    }
}
