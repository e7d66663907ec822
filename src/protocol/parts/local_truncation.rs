//! Truncation by shifting shares, without a message, for two parties with additive shares modulo 2^64.
//!
//! With x = r + (x - r) for a uniform share r, party 0 takes r >> shift and party 1 -((r - x) >> shift). Let x = 2^shift c + d with
//! d in [0, 2^shift). If r - x does not wrap, the sum is c + [r mod 2^shift < d], which is one more than c with
//! probability d / 2^shift. It wraps with probability |x| / 2^64, and then the sum is 2^(64 - shift) less for positive x and as
//! much more for negative ones.
//!
//! Source: Mohassel and Zhang, "SecureML" (S&P 2017), section 4.1, theorem 1, which bounds that probability by
//! 2^(l_x + 1 - 64) for |x| < 2^l_x.

use crate::ring::{Ops, Vector};

/// What party `party`, 0 or 1, has of x / 2^shift. Local.
pub(in crate::protocol) fn local_truncation(share: &Vector, party: usize, shift: u32) -> Vector {
    assert!(0 < shift && shift < 64, "a shift of {shift} bits");
    if party == 0 {
        return share.shift_right(shift);
    }
    let (ops, constants) = (Ops::additions(3), [shift.into()]);
    let [shifted] =
        Vector::fused_with(ops, constants, [share], |[shift], [share]| [-((-share) >> shift.0 as usize)]);
    shifted
}

/// What both have together: the truncation of x where party 0's share is `r`. Done by nobody, for the ideal functionality.
pub(in crate::protocol) fn locally_truncated(x: &Vector, r: &Vector, shift: u32) -> Vector {
    assert!(0 < shift && shift < 64, "a shift of {shift} bits");
    let constants = [shift.into()];
    let [sum] = Vector::fused_with(Ops::additions(0), constants, [x, r], |[shift], [x, r]| {
        [(r >> shift.0 as usize) - ((r - x) >> shift.0 as usize)]
    });
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that can become of 10-bit numbers in a ring that small, by the words that stand for them at the top of 64 bits.
    #[test]
    fn it_rounds_at_random_and_is_far_off_as_often_as_stated() {
        const SHIFT: u32 = 3;
        // Shares modulo 2^10, at the top of words: below them zeros, which no shift by less than 54 bits brings back.
        let word = |x: i64| (x as u64) << 54;
        for x in [0i64, 1, 2, 7, 8, 100, 255, -1, -7, -8, -100, -256] {
            let (mut up, mut far) = (0, 0);
            for r in 0..1 << 10 {
                let whole = Vector::from(vec![word(x)]);
                let share = Vector::from(vec![word(r)]);
                // Shifted by `SHIFT`, fractions of a 10-bit unit remain below: what is off is counted in 2^(54 - SHIFT).
                let parts = [share.clone(), whole.sub(&share)];
                let ours = local_truncation(&parts[0], 0, SHIFT).add(&local_truncation(&parts[1], 1, SHIFT));
                assert_eq!(ours, locally_truncated(&whole, &share, SHIFT), "{x}, {r}");
                // r - x wraps: one unit of 2^(64 - SHIFT) off.
                let wrapped = if x >= 0 { r < x } else { r - x >= 1 << 10 };
                let off = (ours.expect_values()[0] as i64).wrapping_sub((x << 54) >> SHIFT);
                let unit = 1i64 << (64 - SHIFT);
                assert_eq!(
                    off,
                    if !wrapped {
                        0
                    } else if x > 0 {
                        -unit
                    } else {
                        unit
                    },
                    "{x}, {r}"
                );
                far += i64::from(wrapped);
                // The lowest bits decide about rounding.
                let small =
                    locally_truncated(&vec![x as u64].into(), &vec![r as u64 | 1 << 40].into(), SHIFT);
                let rounded = small.expect_values()[0] as i64 - (x >> SHIFT);
                assert!(rounded == 0 || rounded == 1);
                up += rounded;
            }
            assert_eq!(far, x.abs(), "of 2^10 shares as many wrap");
            assert_eq!(up, (x & 7) << 7, "of 2^10 shares as many round up");
        }
    }
}
