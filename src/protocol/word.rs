//! Integers as bits of which some are known to all.

use crate::ring::Plane;

/// One bit of each of many integers.
#[derive(Clone, Debug)]
pub enum Bit<B> {
    /// Zero, and everybody knows it.
    Zero,
    /// Known to everybody.
    Public(Plane),
    /// Shared.
    Shared(B),
}

/// Integers as bits, lowest first.
pub type Word<B> = Vec<Bit<B>>;

impl<B> Bit<B> {
    /// The sharing, unless the bit is known.
    pub fn shared(&self) -> Option<&B> {
        match self {
            Bit::Shared(bit) => Some(bit),
            Bit::Zero | Bit::Public(_) => None,
        }
    }

    /// Whether it is known to be zero.
    pub fn is_zero(&self) -> bool {
        matches!(self, Bit::Zero)
    }
}

/// Shared bits as a word.
pub fn shared_word<B>(bits: Vec<B>) -> Word<B> {
    bits.into_iter().map(Bit::Shared).collect()
}
