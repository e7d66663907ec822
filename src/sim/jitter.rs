//! Extra latency of one message, a pure function of (seed, link, ordinal, law).
//!
//! Owns the draw. A sample depends on nothing else, so that live and replay agree and a message
//! more on one link moves no sample of another.

use rand_pcg::{Pcg64Mcg, rand_core::Rng};

use super::network::Jitter;

/// A strong 64-bit mix (the finaliser of SplitMix64): a bijection in which every input bit matters.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Draws the extra latency in picoseconds of the message `ordinal` on a link; `None` if it is too
/// large for a clock.
pub(crate) fn sample_ps(law: Jitter, seed: u64, from: usize, to: usize, ordinal: u64) -> Option<u64> {
    match law {
        Jitter::None => Some(0),
        Jitter::Uniform { max_ps } => {
            let draw = stream(seed, from, to, ordinal).next_u64();
            let scaled = (u128::from(draw) * (u128::from(max_ps) + 1)) >> 64;
            u64::try_from(scaled).ok()
        }
        Jitter::LogNormal { median_ps, sigma } => {
            let mut stream = stream(seed, from, to, ordinal);
            let normal = standard_normal(stream.next_u64(), stream.next_u64());
            let extra = libm::round(median_ps as f64 * libm::exp(sigma * normal));
            // 2^64 as a float; anything at or above does not fit.
            if extra < 18_446_744_073_709_551_616.0 { Some(extra as u64) } else { None }
        }
    }
}

fn stream(seed: u64, from: usize, to: usize, ordinal: u64) -> Pcg64Mcg {
    let link = mix(seed) ^ mix(((from as u64) << 32) | to as u64);
    let high = mix(mix(link) ^ ordinal);
    let low = mix(high ^ link);
    Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low))
}

/// Box-Muller from two words; `libm` gives the same bits on every platform.
fn standard_normal(first: u64, second: u64) -> f64 {
    const UNIT: f64 = 1.0 / (1u64 << 53) as f64;
    let radius_draw = ((first >> 11) + 1) as f64 * UNIT;
    let angle_draw = (second >> 11) as f64 * UNIT;
    libm::sqrt(-2.0 * libm::log(radius_draw)) * libm::cos(2.0 * std::f64::consts::PI * angle_draw)
}
