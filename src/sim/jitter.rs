//! Extra latency of one message, a pure function of (seed, link, ordinal, law).
//!
//! Owns the draw. A sample depends on nothing else, so that live and replay agree and a message
//! more on one link moves no sample of another.

use rand_pcg::{Pcg64Mcg, rand_core::Rng};

/// The law of the extra latency of each message on a link. A latency with a negative extra is at least 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jitter {
    /// No extra latency.
    None,
    /// Uniform between 0 and `max_ps`, both included.
    Uniform {
        /// Largest extra latency in picoseconds.
        max_ps: u64,
    },
    /// `median_ps * exp(sigma * Z)` with a standard normal `Z`, rounded to a picosecond.
    LogNormal {
        /// Median of the extra latency in picoseconds.
        median_ps: u64,
        /// Standard deviation of the logarithm; finite and not negative.
        sigma: f64,
    },
    /// `sigma_ps * Z` with a standard normal `Z`, rounded to a picosecond: may be negative.
    Normal {
        /// Standard deviation in picoseconds.
        sigma_ps: u64,
    },
    /// `scale_ps * min((X - 3/2) * 4/3, 32767/8192)` with a Pareto `X` of shape 3 from 1 on, rounded to a picosecond: mean
    /// 0 but for the cut, and may be negative. It is the distribution `pareto` of Linux's netem: iproute2, netem/pareto.c.
    Pareto {
        /// What netem calls jitter, in picoseconds.
        scale_ps: u64,
    },
}

impl Jitter {
    /// The extra latency in picoseconds, if every message has the same.
    pub(crate) fn constant_ps(self) -> Option<u64> {
        match self {
            Jitter::None
            | Jitter::Uniform { max_ps: 0 }
            | Jitter::LogNormal { median_ps: 0, .. }
            | Jitter::Normal { sigma_ps: 0 }
            | Jitter::Pareto { scale_ps: 0 } => Some(0),
            // Greater medians are rounded when they are drawn.
            Jitter::LogNormal { median_ps, sigma: 0.0 } if median_ps < 1 << 53 => Some(median_ps),
            Jitter::Uniform { .. }
            | Jitter::LogNormal { .. }
            | Jitter::Normal { .. }
            | Jitter::Pareto { .. } => None,
        }
    }
}

/// A strong 64-bit mix (the finaliser of SplitMix64): a bijection in which every input bit matters.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The greatest deviation of netem's Pareto law, in units of its scale: its table has 16 bits for values in 1/8192.
const MOST_PARETO: f64 = 32767.0 / 8192.0;

/// Draws the extra latency in picoseconds of the message `ordinal` on a link; `None` if it is too
/// large for a clock.
pub(crate) fn sample_ps(law: Jitter, seed: u64, from: usize, to: usize, ordinal: u64) -> Option<i128> {
    let stream = || stream(seed, from, to, ordinal);
    match law {
        Jitter::None => Some(0),
        Jitter::Uniform { max_ps } => {
            let scaled = (u128::from(stream().next_u64()) * (u128::from(max_ps) + 1)) >> 64;
            Some(scaled.cast_signed())
        }
        Jitter::Pareto { scale_ps } => {
            let above = ((stream().next_u64() >> 11) + 1) as f64 * UNIT;
            pareto_ps(scale_ps, above)
        }
        Jitter::LogNormal { .. } | Jitter::Normal { .. } => at_normal(law, normal_of(stream())),
    }
}

/// Draws of one link, each correlated with the one before.
///
/// Owns a Gaussian process of first order, `g = correlation g' + sqrt(1 - correlation^2) z`, whose values are standard normal;
/// the extra latency is the law's quantile there. So a law stays what it is, and that of the normal law has just the
/// correlation. It depends on seed, link and ordinal alone, drawn in the order of ordinals. (Netem blends uniform numbers,
/// which changes the law, and of the blend its tables use the lowest bits, in which nothing is left of the correlation.)
#[derive(Debug, Clone)]
pub(crate) struct Draws {
    law: Jitter,
    correlation: f64,
    seed: u64,
    link: (usize, usize),
    next: u64,
    last: f64,
}

impl Draws {
    pub(crate) fn new(law: Jitter, correlation: f64, seed: u64, link: (usize, usize)) -> Draws {
        Draws { law, correlation, seed, link, next: 0, last: 0.0 }
    }

    /// The same from the first message on.
    pub(crate) fn reset(&mut self) {
        self.next = 0;
    }

    /// Goes past a message.
    pub(crate) fn skip(&mut self) {
        let fresh = normal_of(stream(self.seed, self.link.0, self.link.1, self.next));
        self.last = if self.next == 0 {
            fresh
        } else {
            self.correlation * self.last + libm::sqrt(1.0 - self.correlation * self.correlation) * fresh
        };
        self.next += 1;
    }

    /// The extra latency of the next message.
    pub(crate) fn next_ps(&mut self) -> Option<i128> {
        self.skip();
        at_normal(self.law, self.last)
    }
}

/// The law's quantile at the place of a standard normal number.
fn at_normal(law: Jitter, normal: f64) -> Option<i128> {
    let below = || 0.5 * libm::erfc(-normal * std::f64::consts::FRAC_1_SQRT_2);
    match law {
        Jitter::None => Some(0),
        Jitter::Uniform { max_ps } => {
            Some(((below() * (max_ps as f64 + 1.0)) as i128).min(i128::from(max_ps)))
        }
        Jitter::LogNormal { median_ps, sigma } => rounded(median_ps as f64 * libm::exp(sigma * normal)),
        Jitter::Normal { sigma_ps } => rounded(sigma_ps as f64 * normal),
        Jitter::Pareto { scale_ps } => {
            pareto_ps(scale_ps, 0.5 * libm::erfc(normal * std::f64::consts::FRAC_1_SQRT_2))
        }
    }
}

/// Where a part `above` of the draws is greater.
fn pareto_ps(scale_ps: u64, above: f64) -> Option<i128> {
    let deviation = (1.0 / libm::cbrt(above) - 1.5) * (4.0 / 3.0);
    rounded(scale_ps as f64 * deviation.min(MOST_PARETO))
}

fn rounded(extra_ps: f64) -> Option<i128> {
    // 2^64 as a float; anything at or above does not fit.
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    if extra_ps.abs() < LIMIT { Some(libm::round(extra_ps) as i128) } else { None }
}

/// A latency with an extra that may be negative; `None` if it does not fit.
#[inline]
pub(crate) fn delayed_ps(latency_ps: u64, extra_ps: i128) -> Option<u64> {
    u64::try_from((i128::from(latency_ps) + extra_ps).max(0)).ok()
}

fn stream(seed: u64, from: usize, to: usize, ordinal: u64) -> Pcg64Mcg {
    let link = mix(seed) ^ mix(((from as u64) << 32) | to as u64);
    let high = mix(mix(link) ^ ordinal);
    let low = mix(high ^ link);
    Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low))
}

/// The least step of a draw from 0 to 1.
const UNIT: f64 = 1.0 / (1u64 << 53) as f64;

/// Box-Muller from two words; `libm` gives the same bits on every platform.
fn normal_of(mut stream: Pcg64Mcg) -> f64 {
    let (first, second) = (stream.next_u64(), stream.next_u64());
    let radius_draw = ((first >> 11) + 1) as f64 * UNIT;
    let angle_draw = (second >> 11) as f64 * UNIT;
    libm::sqrt(-2.0 * libm::log(radius_draw)) * libm::cos(2.0 * std::f64::consts::PI * angle_draw)
}
