//! Elements beyond a range.

use std::sync::Arc;

use super::fast::deferred::Deferred;
use super::fast::memory::{Awaited, Memory};
use super::vector::Vector;

/// Elements that are looked at together: if none is beyond, that is all that is done.
const BLOCK: usize = 1 << 10;

impl Vector {
    /// How many elements are no signed numbers of `bits` bits; 0 for shapes. What is noted and not computed yet is not looked
    /// at, so that nothing is computed for the count.
    pub fn beyond(&self, bits: u32) -> u64 {
        let waits = |(memory, _): (&Arc<Memory>, usize)| {
            memory.awaited::<Deferred>().is_some_and(|formula| !formula.is_computed())
        };
        let at_hand = if self.memory().is_some_and(waits) { None } else { self.values() };
        match at_hand {
            Some(values) if bits < u64::BITS => values.chunks(BLOCK).map(|block| beyond(block, bits)).sum(),
            _ => 0,
        }
    }
}

/// x + 2^(bits-1) has a higher bit set.
fn beyond(block: &[u64], bits: u32) -> u64 {
    let half = 1u64 << (bits - 1);
    let high = block.iter().fold(0, |high, x| high | x.wrapping_add(half));
    if high >> bits == 0 {
        return 0;
    }
    block.iter().filter(|x| x.wrapping_add(half) >> bits != 0).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_beyond_is_counted() {
        for bits in [1, 8, 31, 63] {
            let top = (1i64 << (bits - 1)) as i128;
            let edges =
                [0, -1, top - 1, top, -top, -top - 1, top + 5, i128::from(i64::MIN), i128::from(i64::MAX)];
            let inside = |x: &&i128| (-top..top).contains(*x);
            let expected = edges.len() - edges.iter().filter(inside).count();
            let x: Vec<u64> = edges.iter().map(|&x| x as u64).collect();
            let long: Vec<u64> = x.iter().copied().cycle().take(9 * 1000).collect();
            assert_eq!(Vector::from(x).beyond(bits), expected as u64, "{bits} bits");
            assert_eq!(Vector::from(long).beyond(bits), 1000 * expected as u64, "{bits} bits");
        }
        assert_eq!(Vector::from(vec![u64::MAX, 1 << 63]).beyond(64), 0);
        assert_eq!(Vector::shape(5).beyond(8), 0);
    }
}
