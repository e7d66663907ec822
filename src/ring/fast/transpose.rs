//! Words to bit planes and back.
//!
//! Bit planes are plane-major: each of the planes takes `ceil(n / 64)` words, and bit e of plane p is bit p of
//! `words[e]`. The bits of a plane beyond n are zero.
//!
//! Eight blocks of 64 x 64 bits are transposed at a time with the classical exchange network, always on eight words
//! at once: where rows 32, 16 or 8 apart are exchanged, on eight neighbours in a block; where they are 4, 2 or 1
//! apart, on one word from every block, and those eight are also neighbours in a plane.

use super::dispatch::{InstructionSet, Level};
use std::array::from_fn;

/// Blocks of 64 words that are transposed together.
const BLOCKS: usize = 8;
/// Words in that many blocks.
const WORDS: usize = 64 * BLOCKS;
/// One cache line, one vector register where there are such.
type Eight = [u64; 8];
/// The words of eight blocks, one block after the other, in groups of eight words.
type Blocks = [[Eight; 8]; BLOCKS];
/// Row r, which is `rows[r / 8][r % 8]`, holds word r of every block.
type Rows = [[Eight; 8]; 8];

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

/// Eight words that are worked on at once.
trait Lanes: Copy {
    /// # Safety
    /// The CPU has the instructions that the type stands for. (A value is the proof for all other methods.)
    unsafe fn load(words: &Eight) -> Self;
    fn store(self, words: &mut Eight);
    /// All words times 2^S.
    fn left<const S: u32>(self) -> Self;
    /// All words divided by 2^S.
    fn right<const S: u32>(self) -> Self;
    /// The bits of this in the mask, those of the other outside.
    fn select(self, mask: u64, other: Self) -> Self;
    fn and(self, mask: u64) -> Self;
    /// An 8 x 8 matrix of words transposed.
    fn transpose(matrix: [Self; 8]) -> [Self; 8];
}

/// Plain words: vectorised by the compiler.
#[derive(Clone, Copy)]
struct Plain(Eight);

impl Lanes for Plain {
    #[inline(always)]
    unsafe fn load(words: &Eight) -> Self {
        Self(*words)
    }

    #[inline(always)]
    fn store(self, words: &mut Eight) {
        *words = self.0;
    }

    #[inline(always)]
    fn left<const S: u32>(self) -> Self {
        Self(self.0.map(|x| x << S))
    }

    #[inline(always)]
    fn right<const S: u32>(self) -> Self {
        Self(self.0.map(|x| x >> S))
    }

    #[inline(always)]
    fn select(self, mask: u64, other: Self) -> Self {
        Self(from_fn(|i| (self.0[i] & mask) | (other.0[i] & !mask)))
    }

    #[inline(always)]
    fn and(self, mask: u64) -> Self {
        Self(self.0.map(|x| x & mask))
    }

    #[inline(always)]
    fn transpose(matrix: [Self; 8]) -> [Self; 8] {
        from_fn(|i| Self(from_fn(|j| matrix[j].0[i])))
    }
}

#[cfg(target_arch = "x86_64")]
mod zmm {
    use super::{Eight, Lanes};
    use std::arch::x86_64::*;

    /// A register of AVX-512, and with it the proof that the CPU has AVX-512F.
    #[derive(Clone, Copy)]
    pub(super) struct Zmm(__m512i);

    /// Pairs 0 and 2 of two rows.
    const EVEN: i32 = 0b10_00_10_00;
    /// Pairs 1 and 3 of two rows.
    const ODD: i32 = 0b11_01_11_01;

    impl Lanes for Zmm {
        #[inline(always)]
        unsafe fn load(words: &Eight) -> Self {
            // SAFETY: the caller knows that the CPU has AVX-512F; there are eight words.
            Self(unsafe { _mm512_loadu_si512(words.as_ptr().cast()) })
        }

        #[inline(always)]
        fn store(self, words: &mut Eight) {
            // SAFETY: `self` proves AVX-512F; there is room for eight words.
            unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), self.0) };
        }

        #[inline(always)]
        fn left<const S: u32>(self) -> Self {
            // SAFETY: `self` proves AVX-512F.
            Self(unsafe { _mm512_slli_epi64::<S>(self.0) })
        }

        #[inline(always)]
        fn right<const S: u32>(self) -> Self {
            // SAFETY: `self` proves AVX-512F.
            Self(unsafe { _mm512_srli_epi64::<S>(self.0) })
        }

        #[inline(always)]
        fn select(self, mask: u64, other: Self) -> Self {
            // The truth table of `mask ? self : other`.
            const SELECT: i32 = 0xca;
            // SAFETY: `self` proves AVX-512F.
            Self(unsafe {
                _mm512_ternarylogic_epi64::<SELECT>(_mm512_set1_epi64(mask.cast_signed()), self.0, other.0)
            })
        }

        #[inline(always)]
        fn and(self, mask: u64) -> Self {
            // SAFETY: `self` proves AVX-512F.
            Self(unsafe { _mm512_and_si512(self.0, _mm512_set1_epi64(mask.cast_signed())) })
        }

        #[inline(always)]
        fn transpose([a, b, c, d, e, f, g, h]: [Self; 8]) -> [Self; 8] {
            // SAFETY: the values prove AVX-512F.
            let low = |x: Self, y: Self| Self(unsafe { _mm512_unpacklo_epi64(x.0, y.0) });
            // SAFETY: as above.
            let high = |x: Self, y: Self| Self(unsafe { _mm512_unpackhi_epi64(x.0, y.0) });
            // SAFETY: as above.
            let even = |x: Self, y: Self| Self(unsafe { _mm512_shuffle_i64x2::<EVEN>(x.0, y.0) });
            // SAFETY: as above.
            let odd = |x: Self, y: Self| Self(unsafe { _mm512_shuffle_i64x2::<ODD>(x.0, y.0) });
            let [a, b, c, d] = [low(a, b), high(a, b), low(c, d), high(c, d)];
            let [e, f, g, h] = [low(e, f), high(e, f), low(g, h), high(g, h)];
            let [a, b, c, d] = [even(a, c), even(b, d), odd(a, c), odd(b, d)];
            let [e, f, g, h] = [even(e, g), even(f, h), odd(e, g), odd(f, h)];
            [even(a, e), even(b, f), even(c, g), even(d, h), odd(a, e), odd(b, f), odd(c, g), odd(d, h)]
        }
    }
}

/// [`planes_from_words_into`] for at least one plane, of `stride` words each.
fn split_into_planes(level: Level, words: &[u64], planes: usize, out: &mut [u64], stride: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn avx512(words: &[u64], planes: usize, out: &mut [u64], stride: usize) {
            // SAFETY: this function is only called where the CPU has AVX-512F.
            unsafe { split_with::<zmm::Zmm>(words, planes, out, stride) }
        }
        #[target_feature(enable = "avx2")]
        fn avx2(words: &[u64], planes: usize, out: &mut [u64], stride: usize) {
            // SAFETY: plain words need no instructions.
            unsafe { split_with::<Plain>(words, planes, out, stride) }
        }
        match level.instructions() {
            // SAFETY: there is only a level of what the CPU has.
            InstructionSet::Avx512 => return unsafe { avx512(words, planes, out, stride) },
            // SAFETY: as above.
            InstructionSet::Avx2 => return unsafe { avx2(words, planes, out, stride) },
            InstructionSet::Portable => {}
        }
    }
    // SAFETY: plain words need no instructions.
    unsafe { split_with::<Plain>(words, planes, out, stride) };
}

/// [`words_from_planes_into`] for at least one plane, of `stride` words each.
fn join_planes(level: Level, planes_data: &[u64], planes: usize, out: &mut [u64], stride: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn avx512(planes_data: &[u64], planes: usize, out: &mut [u64], stride: usize) {
            // SAFETY: this function is only called where the CPU has AVX-512F.
            unsafe { join_with::<zmm::Zmm>(planes_data, planes, out, stride) }
        }
        #[target_feature(enable = "avx2")]
        fn avx2(planes_data: &[u64], planes: usize, out: &mut [u64], stride: usize) {
            // SAFETY: plain words need no instructions.
            unsafe { join_with::<Plain>(planes_data, planes, out, stride) }
        }
        match level.instructions() {
            // SAFETY: there is only a level of what the CPU has.
            InstructionSet::Avx512 => return unsafe { avx512(planes_data, planes, out, stride) },
            // SAFETY: as above.
            InstructionSet::Avx2 => return unsafe { avx2(planes_data, planes, out, stride) },
            InstructionSet::Portable => {}
        }
    }
    // SAFETY: plain words need no instructions.
    unsafe { join_with::<Plain>(planes_data, planes, out, stride) };
}

/// # Safety
/// The CPU has the instructions that `L` stands for.
#[inline(always)]
unsafe fn split_with<L: Lanes>(words: &[u64], planes: usize, out: &mut [u64], stride: usize) {
    let mut padded: Blocks = [[[0; 8]; 8]; BLOCKS];
    let mut rows: Rows = [[[0; BLOCKS]; 8]; 8];
    for (t, words) in words.chunks(WORDS).enumerate() {
        let blocks = match <&Blocks>::try_from(words.as_chunks().0.as_chunks().0) {
            Ok(whole) => whole,
            Err(_) => {
                let place = padded.as_flattened_mut().as_flattened_mut();
                place[..words.len()].copy_from_slice(words);
                place[words.len()..].fill(0);
                &padded
            }
        };
        // SAFETY: the caller's promise.
        unsafe {
            match planes {
                0..=8 => words_to_planes::<L, 1>(blocks, &mut rows),
                9..=16 => words_to_planes::<L, 2>(blocks, &mut rows),
                17..=32 => words_to_planes::<L, 4>(blocks, &mut rows),
                _ => words_to_planes::<L, 8>(blocks, &mut rows),
            }
        }
        let used = words.len().div_ceil(64);
        for (plane, row) in out.chunks_exact_mut(stride).zip(rows.as_flattened()) {
            let plane = &mut plane[BLOCKS * t..][..used];
            match <&mut Eight>::try_from(&mut *plane) {
                Ok(plane) => *plane = *row,
                Err(_) => plane.copy_from_slice(&row[..used]),
            }
        }
    }
}

/// # Safety
/// The CPU has the instructions that `L` stands for.
#[inline(always)]
unsafe fn join_with<L: Lanes>(planes_data: &[u64], planes: usize, out: &mut [u64], stride: usize) {
    // Rows that are no planes remain zero.
    let mut rows: Rows = [[[0; BLOCKS]; 8]; 8];
    let mut padded: Blocks = [[[0; 8]; 8]; BLOCKS];
    for (t, words) in out.chunks_mut(WORDS).enumerate() {
        let used = words.len().div_ceil(64);
        for (plane, row) in planes_data.chunks_exact(stride).zip(rows.as_flattened_mut()) {
            let plane = &plane[BLOCKS * t..][..used];
            match <&Eight>::try_from(plane) {
                Ok(plane) => *row = *plane,
                Err(_) => row[..used].copy_from_slice(plane),
            }
        }
        let whole = <&mut Blocks>::try_from(words.as_chunks_mut().0.as_chunks_mut().0);
        let is_whole = whole.is_ok();
        let blocks = whole.unwrap_or(&mut padded);
        // SAFETY: the caller's promise.
        unsafe {
            match planes {
                0..=8 => planes_to_words::<L, 1>(&rows, blocks),
                9..=16 => planes_to_words::<L, 2>(&rows, blocks),
                17..=32 => planes_to_words::<L, 4>(&rows, blocks),
                _ => planes_to_words::<L, 8>(&rows, blocks),
            }
        }
        if !is_whole {
            words.copy_from_slice(&padded.as_flattened().as_flattened()[..words.len()]);
        }
    }
}

/// Transposes every block of words; of the result only the first `G` groups of eight rows are written.
///
/// # Safety
/// The CPU has the instructions that `L` stands for.
#[inline(always)]
unsafe fn words_to_planes<L: Lanes, const G: usize>(blocks: &Blocks, rows: &mut Rows) {
    for (b, block) in blocks.iter().enumerate() {
        // SAFETY: the caller's promise.
        let mut groups: [L; 8] = from_fn(|i| unsafe { L::load(&block[i]) });
        halve_or_exchange::<L, 32, 4, G>(&mut groups);
        halve_or_exchange::<L, 16, 2, G>(&mut groups);
        halve_or_exchange::<L, 8, 1, G>(&mut groups);
        for i in 0..G {
            groups[i].store(&mut rows[i][b]);
        }
    }
    for rows in &mut rows[..G] {
        // SAFETY: the caller's promise.
        let mut matrix: [L; 8] = L::transpose(from_fn(|b| unsafe { L::load(&rows[b]) }));
        exchange::<L, 4, 4, 8>(&mut matrix);
        exchange::<L, 2, 2, 8>(&mut matrix);
        exchange::<L, 1, 1, 8>(&mut matrix);
        for i in 0..8 {
            matrix[i].store(&mut rows[i]);
        }
    }
}

/// Transposes every block whose rows are zero from group `G` on; those are not read.
///
/// # Safety
/// The CPU has the instructions that `L` stands for.
#[inline(always)]
unsafe fn planes_to_words<L: Lanes, const G: usize>(rows: &Rows, blocks: &mut Blocks) {
    for (i, rows) in rows[..G].iter().enumerate() {
        // SAFETY: the caller's promise.
        let mut matrix: [L; 8] = from_fn(|r| unsafe { L::load(&rows[r]) });
        exchange::<L, 1, 1, 8>(&mut matrix);
        exchange::<L, 2, 2, 8>(&mut matrix);
        exchange::<L, 4, 4, 8>(&mut matrix);
        let matrix = L::transpose(matrix);
        for b in 0..BLOCKS {
            matrix[b].store(&mut blocks[b][i]);
        }
    }
    for block in blocks {
        // SAFETY: the caller's promise.
        let mut groups: [L; 8] = from_fn(|i| unsafe { L::load(&block[i % G]) });
        double_or_exchange::<L, 8, 1, G>(&mut groups);
        double_or_exchange::<L, 16, 2, G>(&mut groups);
        double_or_exchange::<L, 32, 4, G>(&mut groups);
        for i in 0..8 {
            groups[i].store(&mut block[i]);
        }
    }
}

/// The columns whose number has no bit `S`.
const fn columns_without(s: u32) -> u64 {
    u64::MAX / ((1 << s) + 1)
}

/// Exchanges bit `S` of the row number with that of the column number in the first `N` elements; rows that differ
/// in this bit lie `D` elements apart.
#[inline(always)]
fn exchange<L: Lanes, const S: u32, const D: usize, const N: usize>(rows: &mut [L; 8]) {
    let mask = const { columns_without(S) };
    for i in 0..N {
        if i & D == 0 {
            let (low, high) = (rows[i], rows[i + D]);
            rows[i] = low.select(mask, high.left::<S>());
            rows[i + D] = low.right::<S>().select(mask, high);
        }
    }
}

/// [`exchange`] of groups of rows of which the first `G` matter at the end.
#[inline(always)]
fn halve_or_exchange<L: Lanes, const S: u32, const D: usize, const G: usize>(groups: &mut [L; 8]) {
    if G > D {
        return exchange::<L, S, D, G>(groups);
    }
    // The steps before have left 2 D groups; the upper half of them is no longer needed.
    let mask = const { columns_without(S) };
    for i in 0..D {
        groups[i] = groups[i].select(mask, groups[i + D].left::<S>());
    }
}

/// [`exchange`] of groups of rows of which all but the first `G` were zero before the steps with smaller distances.
#[inline(always)]
fn double_or_exchange<L: Lanes, const S: u32, const D: usize, const G: usize>(groups: &mut [L; 8]) {
    if G > D {
        return exchange::<L, S, D, G>(groups);
    }
    // The steps before have made D groups; now as many again come into being.
    let mask = const { columns_without(S) };
    for i in 0..D {
        groups[i + D] = groups[i].right::<S>().and(mask);
        groups[i] = groups[i].and(mask);
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
                for level in Level::available() {
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
