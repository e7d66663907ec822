//! The generator `Pcg64Mcg` in bulk: the same numbers as one after the other.
//!
//! Its state s is multiplied by a constant m modulo 2^128 for each number, so the states of 32 consecutive numbers can
//! be multiplied by m^32 side by side, and any place of a stream can be reached at once. In limbs of 52 bits,
//! s = a0 + 2^52 a1 + 2^104 a2, a product modulo 2^128 takes nine multiplications of AVX-512 IFMA.

use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;

/// The multiplier of the generator, as in the crate `rand_pcg` and in PCG's reference implementation.
const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
/// Numbers that are worth a task of their own: some ten microseconds of work.
const TASK: usize = 1 << 14;

/// The next numbers of a generator; large amounts are spread over the current rayon pool.
pub(in crate::ring) fn fill(generator: &mut Pcg64Mcg, out: &mut [u64]) {
    let (way, state) = (Way::best(), generator.state());
    generator.advance(out.len() as u128);
    if out.len() < 2 * TASK || rayon::current_num_threads() == 1 {
        return run(way, state, out);
    }
    let tasks = out.par_chunks_mut(TASK).enumerate();
    tasks.for_each(|(i, out)| run(way, after(state, i * TASK), out));
}

/// The state after so many numbers.
fn after(state: u128, numbers: usize) -> u128 {
    let mut generator = Pcg64Mcg::new(state);
    generator.advance(numbers as u128);
    generator.state()
}

/// How numbers are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Ifma,
}

impl Way {
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma") {
            return Way::Ifma;
        }
        Way::Portable
    }
}

fn run(way: Way, state: u128, out: &mut [u64]) {
    match way {
        Way::Portable => portable(state, out),
        #[cfg(target_arch = "x86_64")]
        Way::Ifma => {
            let (whole, rest) = out.as_chunks_mut::<{ ifma::LANES }>();
            portable(after(state, whole.len() * ifma::LANES), rest);
            // SAFETY: this way is only chosen where the CPU has the instructions.
            unsafe { ifma::fill(state, whole) };
        }
    }
}

fn portable(mut state: u128, out: &mut [u64]) {
    for out in out {
        state = state.wrapping_mul(MULTIPLIER);
        // XSL RR: both halves xored, rotated by the highest six bits.
        *out = ((state >> 64) as u64 ^ state as u64).rotate_right((state >> 122) as u32);
    }
}

#[cfg(target_arch = "x86_64")]
mod ifma {
    use super::{MULTIPLIER, after};
    use std::arch::x86_64::*;
    use std::array::from_fn;

    /// Registers of eight states each, enough to hide the latency of the multiplications.
    const REGISTERS: usize = 4;
    /// States that are multiplied side by side.
    pub(super) const LANES: usize = 8 * REGISTERS;
    const LIMB: u64 = (1 << 52) - 1;

    /// Limb i of a 128-bit number: 52, 52 and 24 bits.
    fn limb(x: u128, i: usize) -> u64 {
        (x >> (52 * i)) as u64 & LIMB
    }

    /// Fills groups of numbers.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn fill(state: u128, out: &mut [[u64; LANES]]) {
        let states: [u128; LANES] = from_fn(|lane| after(state, lane + 1));
        let step = MULTIPLIER.wrapping_pow(LANES as u32);
        let b: [__m512i; 3] = from_fn(|i| _mm512_set1_epi64(limb(step, i).cast_signed()));
        let mut a: [[__m512i; 3]; REGISTERS] = from_fn(|r| {
            from_fn(|i| {
                let limbs: [u64; 8] = from_fn(|lane| limb(states[8 * r + lane], i));
                // SAFETY: there are eight words.
                unsafe { _mm512_loadu_si512(limbs.as_ptr().cast()) }
            })
        });
        for group in out {
            for (a, out) in a.iter_mut().zip(group.as_chunks_mut::<8>().0) {
                // SAFETY: there is room for eight words.
                unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), output(*a)) };
                *a = product(*a, b);
            }
        }
    }

    /// a b modulo 2^128. The multiplications ignore what limbs have above 52 bits, so only what a middle limb carries
    /// into the upper one is put in its place; nothing above bit 24 of the upper limb counts.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn product(a: [__m512i; 3], b: [__m512i; 3]) -> [__m512i; 3] {
        let zero = _mm512_setzero_si512();
        let low = _mm512_madd52lo_epu64(zero, a[0], b[0]);
        let middle = _mm512_madd52hi_epu64(zero, a[0], b[0]);
        let middle = _mm512_madd52lo_epu64(middle, a[0], b[1]);
        let middle = _mm512_madd52lo_epu64(middle, a[1], b[0]);
        let high = _mm512_madd52hi_epu64(zero, a[0], b[1]);
        let high = _mm512_madd52hi_epu64(high, a[1], b[0]);
        let other = _mm512_madd52lo_epu64(zero, a[0], b[2]);
        let other = _mm512_madd52lo_epu64(other, a[1], b[1]);
        let other = _mm512_madd52lo_epu64(other, a[2], b[0]);
        let carried = _mm512_add_epi64(other, _mm512_srli_epi64::<52>(middle));
        [low, middle, _mm512_add_epi64(high, carried)]
    }

    /// The numbers of eight states.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn output([low, middle, high]: [__m512i; 3]) -> __m512i {
        // Bits 0 to 63 are the lower limb and twelve bits of the middle one; bits 64 to 127 the other 40 and the upper.
        let of_middle = _mm512_xor_si512(
            _mm512_slli_epi64::<52>(middle),
            _mm512_srli_epi64::<24>(_mm512_slli_epi64::<12>(middle)),
        );
        let halves = _mm512_xor_si512(_mm512_xor_si512(low, _mm512_slli_epi64::<40>(high)), of_middle);
        // The rotation counts modulo 64: bits 18 to 23 of the upper limb.
        _mm512_rorv_epi64(halves, _mm512_srli_epi64::<18>(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::Rng;

    #[test]
    fn bulk_numbers_are_those_of_the_generator() {
        let ways = [Way::Portable, Way::best()];
        for len in [0, 1, 31, 32, 33, 500, 2 * TASK + 77] {
            for seed in [0u128, 1, u128::MAX, 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978 << 3] {
                let mut generator = Pcg64Mcg::new(seed);
                let expected: Vec<u64> = (0..len).map(|_| generator.next_u64()).collect();
                let mut numbers = vec![0; len];
                let mut bulk = Pcg64Mcg::new(seed);
                fill(&mut bulk, &mut numbers);
                assert!(numbers == expected, "{len} numbers from {seed:#x}");
                assert_eq!(bulk.next_u64(), generator.next_u64(), "what comes after {len} numbers");
                for way in ways {
                    numbers.fill(0);
                    run(way, seed | 1, &mut numbers);
                    assert!(numbers == expected, "{way:?}, {len} numbers from {seed:#x}");
                }
            }
        }
    }
}
