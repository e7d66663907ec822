//! Arithmetic modulo L - 1 = 2^64 - 1, of numbers below it: 2^64 is one there, so what is carried out of a word is added to it.

use std::num::Wrapping;

use crate::ring::Element;

/// The number that a word stands for.
#[inline(always)]
pub(in crate::protocol) fn reduced(x: Element) -> Element {
    if x.0 == u64::MAX { Wrapping(0) } else { x }
}

/// x + y.
#[inline(always)]
pub(in crate::protocol) fn add(x: Element, y: Element) -> Element {
    let sum = x + y;
    reduced(sum + Wrapping(u64::from(sum < x)))
}

/// x - y.
#[inline(always)]
pub(in crate::protocol) fn sub(x: Element, y: Element) -> Element {
    x - y - Wrapping(u64::from(x < y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_arithmetic_modulo_two_to_the_64_less_one() {
        let modulus = i128::from(u64::MAX);
        let edges = [0, 1, 2, 1 << 63, (1 << 63) - 1, (1 << 63) + 1, u64::MAX - 1, u64::MAX - 2, 12345];
        assert_eq!(reduced(Wrapping(u64::MAX)), Wrapping(0));
        for x in edges {
            assert_eq!(reduced(Wrapping(x)), Wrapping(x));
            for y in edges {
                let (x_wide, y_wide) = (i128::from(x), i128::from(y));
                let right = |z: i128| Wrapping(z.rem_euclid(modulus) as u64);
                assert_eq!(add(Wrapping(x), Wrapping(y)), right(x_wide + y_wide), "{x} + {y}");
                assert_eq!(sub(Wrapping(x), Wrapping(y)), right(x_wide - y_wide), "{x} - {y}");
            }
        }
    }
}
