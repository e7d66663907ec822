//! Which packets of a link are lost: a pure function of (seed, link, number of the packet on the link).
//!
//! Owns the draw, in integers.

use super::jitter::mix;

/// The draws of one link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loss {
    /// A draw of 64 bits below this is a loss.
    below: u64,
    stream: u64,
}

impl Loss {
    /// So many of 10^9 packets are lost.
    pub(crate) fn new(loss_ppb: u32, seed: u64, (from, to): (usize, usize)) -> Loss {
        let link = ((from as u64) << 32) | to as u64;
        // No draw of jitter has this stream: those do not invert the link.
        Loss {
            below: ((u128::from(loss_ppb) << 64) / 1_000_000_000) as u64,
            stream: mix(mix(seed) ^ mix(!link)),
        }
    }

    pub(crate) fn takes(&self, number: u64) -> bool {
        mix(self.stream ^ mix(number)) < self.below
    }
}
