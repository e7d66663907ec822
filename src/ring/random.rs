//! Random streams, one for each (seed, purpose, parties, strand, counter), so that a new draw in one place moves no
//! number in another. Not for cryptography: the simulated parties need independent streams, not unpredictable ones.

use rand_pcg::Pcg64Mcg;

use super::fast::mcg::Position;
use super::meter;
use super::plane::Plane;
use super::vector::{Content, Vector};

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Randomness that parties draw from a common key.
    Shared = 1,
    /// Rounding of the ideal functionality.
    Rounding = 2,
    /// Initial weights.
    Weights = 3,
    /// The order of the examples.
    Shuffle = 4,
    /// What parties draw in an offline phase in place of what they would have from keys of their own.
    Offline = 5,
    /// What dropouts of a training in floating point let stay.
    Dropout = 6,
}

/// Names a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamKey {
    /// The scenario's seed.
    pub seed: u64,
    /// What it is for.
    pub purpose: Purpose,
    /// Which parties know it: bit i for party i.
    pub parties: u64,
    /// The strand of the program that draws.
    pub strand: u64,
    /// Number of the draw in the strand.
    pub counter: u64,
}

impl StreamKey {
    /// The generator of this stream.
    pub fn generator(&self) -> Pcg64Mcg {
        let words = [self.seed, self.purpose as u64, self.parties, self.strand, self.counter];
        let half = |salt: u64| words.iter().fold(salt, |state, &word| mix(state ^ word));
        let state = (u128::from(half(0x243f_6a88_85a3_08d3)) << 64) | u128::from(half(0x1319_8a2e_0370_7344));
        Pcg64Mcg::new(state)
    }

    /// `len` uniform ring elements. They are drawn when they are needed, within a formula without being stored.
    pub fn vector(&self, content: Content, len: usize) -> Vector {
        meter::count(|w| w.random_bytes += 8 * len as u64);
        match content {
            Content::Shape => Vector::shape(len),
            Content::Values => Vector::drawn(Position::of(&self.generator()), len),
        }
    }

    /// `planes` times `len` uniform bits.
    pub fn planes(&self, content: Content, len: usize, planes: usize) -> Vec<Plane> {
        meter::count(|w| w.random_bytes += (planes * len.div_ceil(8)) as u64);
        if content == Content::Shape {
            return vec![Plane::shape(len); planes];
        }
        Plane::drawn(&mut self.generator(), len, planes)
    }
}

/// A 64-bit mixing function (the finaliser of SplitMix64, Steele et al. 2014), after an odd increment.
pub(crate) fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
