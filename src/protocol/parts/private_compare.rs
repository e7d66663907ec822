//! Comparison of a number x whose bits are shared modulo 67 with a number r that the two who share them know: a third party learns
//! whether x > r, masked by a bit. Wagh, Gupta, Chandran, "SecureNN" (PETS 2019), algorithm 3.
//!
//! The 64 residues of a number lie in eight words, a byte each, the highest bit first: they are sent so.

use crate::ring::{Content, Ops, StreamKey, Vector, meter};
use rand_pcg::rand_core::Rng;

/// The field's size.
const P: i32 = 67;
/// Bits of a number.
const BITS: usize = 64;
/// Words that hold the residues of a number.
pub(in crate::protocol) const WORDS: usize = 8;

/// Counts what is done for each bit of `len` numbers.
fn count_each_bit(ops: Ops, len: usize) {
    ops.count(BITS * len);
}

/// From a random word, a residue and one that is not zero: each uniform but for 2^-26.
fn residues_of(word: u64) -> (i32, i32) {
    let scaled = |half: u64, size: i32| ((half * size as u64) >> 32) as i32;
    (scaled(word >> 32, P), 1 + scaled(word & 0xffff_ffff, P - 1))
}

/// The residues of a number.
fn unpack(words: &[u64]) -> [i32; BITS] {
    std::array::from_fn(|i| i32::from(words[i / 8].to_le_bytes()[i % 8]))
}

fn pack(residues: &[i32; BITS], out: &mut Vec<u64>) {
    for bytes in residues.as_chunks::<8>().0 {
        out.push(u64::from_le_bytes(bytes.map(|residue| residue as u8)));
    }
}

/// Shares of the bits of numbers that one knows, for each of the two who get them.
pub(in crate::protocol) fn share_bits(x: &Vector, key: StreamKey) -> [Vector; 2] {
    let (len, content) = (x.len(), x.content());
    meter::count(|work| work.random_bytes += (BITS * 4 * len) as u64);
    count_each_bit(Ops::additions(2), len);
    if content == Content::Shape {
        return [0, 1].map(|_| Vector::shape(WORDS * len));
    }
    let mut generator = key.generator();
    let mut shares = [0, 1].map(|_| Vec::with_capacity(WORDS * len));
    for &x in x.expect_values() {
        let mut both = [[0; BITS]; 2];
        for pair in 0..BITS / 2 {
            let word = generator.next_u64();
            for (i, half) in [(2 * pair, word >> 32), (2 * pair + 1, word & 0xffff_ffff)] {
                let bit = (x >> (BITS - 1 - i) & 1) as i32;
                both[0][i] = residues_of(half << 32).0;
                both[1][i] = (bit - both[0][i] + P) % P;
            }
        }
        shares.iter_mut().zip(&both).for_each(|(out, residues)| pack(residues, out));
    }
    shares.map(Vector::from)
}

/// What one of the two, `party`, tells the third: shares of numbers modulo 67 of which one is zero exactly if `beta` xor
/// `[x > r]`, and all others are uniform. `beta` are words 0 and 1. Both know the streams.
///
/// With r for `beta` = 0, c_i = r_i - x_i + 1 + sum over higher bits of (r xor x) is zero where x is larger for the first time;
/// with t = r + 1 and signs changed, where x < t. Each is multiplied by s_i, not zero. Shares of zero are added, so that the third
/// learns sums only: it made the shares of x. Where the zero stands is hidden by a random rotation, which does for that what
/// a permutation does, since all else is uniform.
pub(in crate::protocol) fn compare(
    party: usize,
    bits: &Vector,
    [r, beta]: [&Vector; 2],
    [masks, rotations]: [StreamKey; 2],
) -> Vector {
    let (len, content) = (r.len(), r.content());
    meter::count(|work| work.random_bytes += ((BITS * 8 + 1) * len) as u64);
    count_each_bit(Ops::additions(6).and_multiplications(2), len);
    if content == Content::Shape {
        return Vector::shape(WORDS * len);
    }
    let (mut masks, mut rotations) = (masks.generator(), rotations.generator());
    let mut out = Vec::with_capacity(WORDS * len);
    let inputs = bits.expect_values().chunks_exact(WORDS).zip(r.expect_values()).zip(beta.expect_values());
    for ((bits, &r), &beta) in inputs {
        let rotation = (rotations.next_u64() >> 58) as usize;
        let values = differences(party as i32, &unpack(bits), r, beta == 1);
        let mut masked = [0; BITS];
        for (i, value) in values.into_iter().enumerate() {
            let (zero, factor) = residues_of(masks.next_u64());
            let zero = if party == 0 { zero } else { -zero };
            masked[(i + rotation) % BITS] = (factor * value + zero).rem_euclid(P);
        }
        pack(&masked, &mut out);
    }
    out.into()
}

/// Shares of c_i, as integers that stand for residues.
fn differences(j: i32, x: &[i32; BITS], r: u64, beta: bool) -> [i32; BITS] {
    if beta && r == u64::MAX {
        // No x is above: a zero in the lowest place, ones elsewhere.
        return std::array::from_fn(|i| if i == BITS - 1 { 0 } else { j });
    }
    let to = if beta { r + 1 } else { r };
    let sign = if beta { -1 } else { 1 };
    let mut higher = 0;
    std::array::from_fn(|i| {
        let bit = (to >> (BITS - 1 - i) & 1) as i32;
        let value = sign * (j * bit - x[i]) + j + higher;
        higher += x[i] + j * bit - 2 * bit * x[i];
        value
    })
}

/// What the third party learns: one where there is a zero, else zero.
pub(in crate::protocol) fn has_zero([first, second]: [&Vector; 2]) -> Vector {
    let len = first.len() / WORDS;
    count_each_bit(Ops::additions(1), len);
    Vector::build(first.content(), len, || {
        let words = first.expect_values().chunks_exact(WORDS).zip(second.expect_values().chunks_exact(WORDS));
        let any = |(x, y): (&[u64], &[u64])| {
            u64::from(unpack(x).iter().zip(unpack(y)).any(|(x, y)| (x + y) % P == 0))
        };
        words.map(any).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::Purpose;

    fn key(counter: u64) -> StreamKey {
        StreamKey { seed: 5, purpose: Purpose::Shared, parties: 3, strand: 0, counter }
    }

    /// Numbers that differ in all places, the first, the last or none, with edges; each pair with both masks.
    fn cases() -> Vec<(u64, u64, u64)> {
        let mut generator = key(99).generator();
        let mut pairs = Vec::new();
        let edges = [0, 1, 2, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, 0xaaaa_aaaa_aaaa_aaaa];
        pairs.extend(edges.iter().flat_map(|&x| edges.map(|r| (x, r))));
        for _ in 0..4000 {
            let x = generator.next_u64() >> (generator.next_u64() % 64);
            let near = x ^ 1 << (generator.next_u64() % 64);
            pairs.extend([(x, near), (x, x), (x, generator.next_u64()), (x, x.wrapping_add(1))]);
        }
        pairs.into_iter().flat_map(|(x, r)| [(x, r, 0), (x, r, 1)]).collect()
    }

    #[test]
    fn the_third_party_learns_the_masked_comparison_and_nothing_else() {
        let cases = cases();
        let vector =
            |f: &dyn Fn(&(u64, u64, u64)) -> u64| Vector::from(cases.iter().map(f).collect::<Vec<_>>());
        let (x, r, beta) = (vector(&|case| case.0), vector(&|case| case.1), vector(&|case| case.2));
        let bits = share_bits(&x, key(1));
        let told = [0, 1].map(|party| compare(party, &bits[party], [&r, &beta], [key(2), key(3)]));
        let learnt = has_zero([&told[0], &told[1]]);
        for (&(x, r, beta), &learnt) in cases.iter().zip(learnt.expect_values()) {
            assert_eq!(learnt == 1, (beta == 1) ^ (x > r), "{x} > {r}, masked by {beta}");
        }
        // At most one zero, in any place as often; all others, and each share by itself, uniform.
        let (mut places, mut sums, mut shares) = ([0u32; BITS], [0u32; 67], [0u32; 67]);
        let words = told[0].expect_values().chunks(WORDS).zip(told[1].expect_values().chunks(WORDS));
        for (a, b) in words {
            let sum: Vec<i32> = unpack(a).iter().zip(unpack(b)).map(|(x, y)| (x + y) % P).collect();
            let zeros: Vec<usize> = (0..BITS).filter(|&i| sum[i] == 0).collect();
            assert!(zeros.len() <= 1);
            zeros.iter().for_each(|&place| places[place] += 1);
            sum.iter().for_each(|&sum| sums[sum as usize] += 1);
            unpack(a).iter().for_each(|&share| shares[share as usize] += 1);
        }
        let uniform = |counts: &[u32], what: &str| {
            let mean = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
            let squares: f64 = counts.iter().map(|&count| (f64::from(count) - mean).powi(2) / mean).sum();
            let classes = counts.len() as f64;
            assert!(squares < classes + 5.0 * (2.0 * classes).sqrt(), "{what}: {squares:.1} of {classes}");
        };
        uniform(&places, "places of the zero");
        uniform(&sums[1..], "numbers that are not zero");
        uniform(&shares, "shares");
    }
}
