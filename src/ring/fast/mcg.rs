//! The generator `Pcg64Mcg` in bulk: the same numbers as one after the other.
//!
//! Its state s is multiplied by a constant m modulo 2^128 for each number, so the states of 32 consecutive numbers can
//! be multiplied by m^32 side by side, and any place of a stream can be reached at once. In limbs of 52 bits,
//! s = a0 + 2^52 a1 + 2^104 a2, a product modulo 2^128 takes nine multiplications of AVX-512 IFMA.

use rand_pcg::Pcg64Mcg;

use super::workers::{pieces_of, spread};

/// The multiplier of the generator, as in the crate `rand_pcg` and in PCG's reference implementation.
const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
/// Numbers that are worth a task of their own: some ten microseconds of work.
const TASK: usize = 1 << 12;
/// States that are multiplied side by side, enough to hide the latency of the multiplications.
const LANES: usize = 32;

/// The next numbers of a generator.
pub(in crate::ring) fn fill(generator: &mut Pcg64Mcg, out: &mut [u64]) {
    Position::of(generator).fill(out);
    generator.advance(out.len() as u128);
}

/// A place in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::ring) struct Position(u128);

impl Position {
    /// Where a generator is.
    pub fn of(generator: &Pcg64Mcg) -> Self {
        Position(generator.state())
    }

    /// So many numbers later.
    pub fn after(self, numbers: usize) -> Self {
        let mut generator = Pcg64Mcg::new(self.0);
        generator.advance(numbers as u128);
        Position(generator.state())
    }

    /// The numbers from here on; large amounts are spread over the current rayon pool.
    pub fn fill(self, out: &mut [u64]) {
        let count = pieces_of(out.len(), TASK);
        if count == 1 {
            return self.stream(out.len()).fill(out);
        }
        let each = out.len().div_ceil(count);
        let pieces = out.chunks_mut(each).enumerate().collect();
        spread(pieces, |(i, out): (usize, &mut [u64])| self.after(i * each).stream(out.len()).fill(out));
    }

    /// The next `len` numbers.
    pub fn stream(self, len: usize) -> Stream {
        #[cfg(target_arch = "x86_64")]
        if len >= 2 * LANES && ifma::is_available() {
            return Stream::Ifma(Box::new(ifma::Lanes::new(self.0)));
        }
        let _ = len;
        Stream::Portable(self.0)
    }
}

/// The numbers from some place on.
pub(in crate::ring) enum Stream {
    Portable(u128),
    #[cfg(target_arch = "x86_64")]
    Ifma(Box<ifma::Lanes>),
}

impl Stream {
    /// The next numbers. Their number must be a multiple of [`LANES`], except for the last ones.
    pub fn fill(&mut self, out: &mut [u64]) {
        match self {
            Stream::Portable(state) => portable(state, out),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: lanes are only made where the CPU has the instructions.
            Stream::Ifma(lanes) => unsafe { lanes.fill(out) },
        }
    }
}

fn portable(state: &mut u128, out: &mut [u64]) {
    for out in out {
        *state = state.wrapping_mul(MULTIPLIER);
        // XSL RR: both halves xored, rotated by the highest six bits.
        *out = ((*state >> 64) as u64 ^ *state as u64).rotate_right((*state >> 122) as u32);
    }
}

#[cfg(target_arch = "x86_64")]
mod ifma {
    use super::{LANES, MULTIPLIER};
    use std::arch::x86_64::*;
    use std::array::from_fn;

    /// Registers of eight lanes.
    const REGISTERS: usize = LANES / 8;
    const LIMB: u64 = (1 << 52) - 1;
    /// What all lanes are multiplied by.
    const STEP: u128 = MULTIPLIER.wrapping_pow(LANES as u32);
    /// What takes a state to the states of the next numbers.
    static POWERS: [u128; LANES] = {
        let mut powers = [MULTIPLIER; LANES];
        let mut i = 1;
        while i < LANES {
            powers[i] = powers[i - 1].wrapping_mul(MULTIPLIER);
            i += 1;
        }
        powers
    };

    pub(super) fn is_available() -> bool {
        crate::ring::Instructions::limit() >= crate::ring::Instructions::Avx512Ifma
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512ifma")
    }

    /// The states of the next [`LANES`] numbers: three limbs of eight lanes for each register.
    pub(in crate::ring) struct Lanes([[Eight; 3]; REGISTERS]);

    /// The content of a register, aligned for it: else what was just stored could not be loaded again at once.
    #[derive(Clone, Copy)]
    #[repr(align(64))]
    struct Eight([u64; 8]);

    /// Limb i of a 128-bit number: 52, 52 and 24 bits.
    fn limb(x: u128, i: usize) -> u64 {
        (x >> (52 * i)) as u64 & LIMB
    }

    impl Lanes {
        pub(super) fn new(state: u128) -> Self {
            let mut lanes = [[Eight([0; 8]); 3]; REGISTERS];
            for (limbs, powers) in lanes.iter_mut().zip(POWERS.as_chunks::<8>().0) {
                for (lane, power) in powers.iter().enumerate() {
                    let state = state.wrapping_mul(*power);
                    (0..3).for_each(|i| limbs[i].0[lane] = limb(state, i));
                }
            }
            Lanes(lanes)
        }

        /// The next numbers; only the last ones may be no multiple of [`LANES`].
        #[target_feature(enable = "avx512f,avx512ifma")]
        pub(super) fn fill(&mut self, out: &mut [u64]) {
            let b: [__m512i; 3] = from_fn(|i| _mm512_set1_epi64(limb(STEP, i).cast_signed()));
            let mut a = [[_mm512_setzero_si512(); 3]; REGISTERS];
            for (a, words) in a.as_flattened_mut().iter_mut().zip(self.0.as_flattened()) {
                // SAFETY: there are eight aligned words.
                *a = unsafe { _mm512_load_si512(words.0.as_ptr().cast()) };
            }
            let (groups, rest) = out.as_chunks_mut::<LANES>();
            for group in groups {
                numbers(&mut a, b, group);
            }
            if !rest.is_empty() {
                let mut last = [0; LANES];
                numbers(&mut a, b, &mut last);
                rest.copy_from_slice(&last[..rest.len()]);
            }
            for (a, words) in a.as_flattened().iter().zip(self.0.as_flattened_mut()) {
                // SAFETY: there is aligned room for eight words.
                unsafe { _mm512_store_si512(words.0.as_mut_ptr().cast(), *a) };
            }
        }
    }

    /// The numbers of all lanes, and the next states.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn numbers(a: &mut [[__m512i; 3]; REGISTERS], b: [__m512i; 3], out: &mut [u64; LANES]) {
        for (a, out) in a.iter_mut().zip(out.as_chunks_mut::<8>().0) {
            // SAFETY: there is room for eight words.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), output(*a)) };
            *a = product(*a, b);
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
        for len in [0, 1, 31, 32, 33, 64, 500, 2 * TASK + 77] {
            for seed in [0u128, 1, u128::MAX, 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978 << 3] {
                let mut generator = Pcg64Mcg::new(seed);
                let position = Position::of(&generator);
                let expected: Vec<u64> = (0..len).map(|_| generator.next_u64()).collect();
                let mut numbers = vec![0; len];
                let mut bulk = Pcg64Mcg::new(seed);
                fill(&mut bulk, &mut numbers);
                assert!(numbers == expected, "{len} numbers from {seed:#x}");
                assert_eq!(bulk.next_u64(), generator.next_u64(), "what comes after {len} numbers");
                for mut stream in [position.stream(len), Stream::Portable(position.0)] {
                    numbers.fill(0);
                    numbers.chunks_mut(3 * LANES).for_each(|part| stream.fill(part));
                    assert!(numbers == expected, "{len} numbers from {seed:#x}, in parts");
                }
                let half = len / 2;
                position.after(half).stream(len - half).fill(&mut numbers[half..]);
                assert!(numbers == expected, "{len} numbers from {seed:#x}, half of them");
            }
        }
    }
}
