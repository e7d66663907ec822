//! What the ideal functionality has to do in a protocol's own way, so that it gives what the protocol does.

use super::Division;
use crate::ring::Vector;

/// What a probabilistic truncation by `shift` bits gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TruncationLaw {
    /// floor(x / 2^shift) + u with P(u = 1) = (x mod 2^shift) / 2^shift, whatever x is.
    AlwaysNear,
    /// The same, but with probability |x| / 2^64 off by 2^(64 - shift), for numbers of at most so many bits: each party shifts its share
    /// (`parts/local_truncation.rs`). Of more bits as [`TruncationLaw::AlwaysNear`].
    SharesShifted {
        /// Most bits of a number of which shares are shifted.
        most_bits: u32,
    },
}

/// Quotients of a protocol's own division; none for divisions that it does in the generic way.
pub type OwnDivision = fn(&Division<'_, Vector>) -> Option<Vector>;

/// What a protocol does in its own way, as far as results tell.
#[derive(Clone, Copy, Debug)]
pub struct Ideal {
    /// Its probabilistic truncation.
    pub truncation: TruncationLaw,
    /// What its own division gives, see [`super::Protocol::own_divide`]. It does not round at random.
    pub divide: Option<OwnDivision>,
    /// Whether it may open bit lengths of divisors, see [`super::Protocol::opens_bit_lengths`].
    pub opens_bit_lengths: bool,
    /// Bits of a ring element: numbers beyond wrap.
    pub ring_bits: u32,
}

impl Ideal {
    /// Of a protocol that has nothing of its own.
    pub const GENERIC: Ideal = Ideal {
        truncation: TruncationLaw::AlwaysNear,
        divide: None,
        opens_bit_lengths: false,
        ring_bits: u64::BITS,
    };

    /// Whether results are those of any other protocol, in whatever is computed.
    pub fn is_generic(&self) -> bool {
        !self.shows(true, true)
    }

    /// Whether results of a program can be other ones than those of any other protocol: of one that truncates probabilistically or not,
    /// and that asks for divisions which need not be precise or does not.
    pub fn shows(&self, truncates_probabilistically: bool, divides_coarsely: bool) -> bool {
        (truncates_probabilistically && self.truncation != TruncationLaw::AlwaysNear)
            || self.divide.is_some()
            || self.ring_bits < u64::BITS
            || (divides_coarsely && self.opens_bit_lengths)
    }
}
