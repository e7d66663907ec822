//! Which number formats the secure functions can serve, and with how many fraction bits a division works inside.
//!
//! All limits follow from the largest intermediate value of each function and the size of the ring.

use super::Rounding;

/// Bits of a ring element.
const RING_BITS: u32 = 64;
/// Bits of the largest signed number that every truncation takes: rounding to nearest adds a half to it.
const LARGEST_TRUNCATED_BITS: u32 = RING_BITS - 1;
/// Bits before the binary point, without the sign, that a number must have: coefficients of the logarithm and the
/// reciprocal of 0.1 are below 16.
const LEAST_INTEGER_BITS: u32 = 4;
/// Formats that are tried: (least, most) fraction bits, and most bits in all.
const FRACTION_BITS: (u32, u32) = (4, 20);
const MOST_TOTAL_BITS: u32 = 31;

/// The fixed-point format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedPoint {
    /// Bits after the binary point, f.
    pub fraction_bits: u32,
    /// All bits of a number, its sign included, k.
    pub total_bits: u32,
}

impl Default for FixedPoint {
    fn default() -> Self {
        FixedPoint { fraction_bits: 16, total_bits: 31 }
    }
}

impl FixedPoint {
    /// Bits of a product before it is truncated. With a bit more, a ring has place for products, comparisons, and divisions that open
    /// bit lengths.
    pub fn product_bits(&self) -> u32 {
        self.total_bits + self.fraction_bits
    }

    /// The integer that stands for `x`: the nearest one.
    pub fn encode(&self, x: f64) -> i64 {
        (x * (1i64 << self.fraction_bits) as f64).round() as i64
    }

    /// The largest number, and a little less than the largest of those below zero.
    pub fn largest(&self) -> f64 {
        self.decode((1 << (self.total_bits - 1)) - 1)
    }

    /// The number that an integer stands for.
    pub fn decode(&self, v: u64) -> f64 {
        v as i64 as f64 / (1i64 << self.fraction_bits) as f64
    }

    /// Fraction bits f' inside a division, as in the reference system (FPDiv in Compiler/library.py and its successor):
    /// * 2 f' > k - 1 for nearest rounding, so that even the reciprocal of the largest divisor is no zero: it has 2 f' fraction bits
    ///   and is at least 2^(2 f' - k + 1) units large;
    /// * f' = f if quotients of k bits and squares of remainders then still fit the ring.
    pub fn division_fraction_bits(&self, rounding: Rounding) -> u32 {
        let FixedPoint { fraction_bits: f, total_bits: k } = *self;
        let nearest = u32::from(rounding == Rounding::Nearest);
        let of_quotient = (LARGEST_TRUNCATED_BITS + f).saturating_sub(k) / 3;
        // The remainder's square has 4 f' fraction bits and is below 1/8.
        let of_square = (LARGEST_TRUNCATED_BITS + 2) / 4;
        ((k - nearest) / 2 + 1).max(f.min(of_quotient).min(of_square))
    }

    /// Bits of a quotient of k bits on the scale of a division, before its last truncation.
    pub(super) fn quotient_bits(&self, rounding: Rounding) -> u32 {
        self.total_bits + 3 * self.division_fraction_bits(rounding) - self.fraction_bits
    }

    /// The same for the quotient of one by any positive number, as far as the ring has place for it.
    pub(super) fn reciprocal_bits(&self, rounding: Rounding) -> u32 {
        let of_smallest = self.fraction_bits + 2 + 3 * self.division_fraction_bits(rounding);
        of_smallest.min(LARGEST_TRUNCATED_BITS).max(self.quotient_bits(rounding))
    }

    /// Why some secure function cannot work with this format, with either rounding; none if all can.
    pub fn refusal(&self) -> Option<String> {
        let FixedPoint { fraction_bits: f, total_bits: k } = *self;
        if k < f + LEAST_INTEGER_BITS + 1 {
            let integer_bits = (k as i64 - f as i64 - 1).max(0);
            return Some(format!(
                "{k} bits with {f} after the binary point leave {integer_bits} before it, and the logarithm and \
                 reciprocals need {LEAST_INTEGER_BITS}"
            ));
        }
        // The first approximation of a reciprocal.
        let needed = Rounding::ALL.map(|rounding| self.quotient_bits(rounding)).into_iter().max();
        let needed = needed.expect("there are roundings").max(2 * k + 1);
        (needed > LARGEST_TRUNCATED_BITS).then(|| {
            format!(
                "a division of numbers of {k} bits with {f} after the binary point works on numbers of {needed} bits, \
                 and the ring of {RING_BITS} bits has place for {LARGEST_TRUNCATED_BITS}"
            )
        })
    }

    /// All formats that all functions can work with.
    pub fn served() -> impl Iterator<Item = FixedPoint> {
        let (least, most) = FRACTION_BITS;
        (least..=most)
            .flat_map(|f| {
                (f + 1..=MOST_TOTAL_BITS).map(move |k| FixedPoint { fraction_bits: f, total_bits: k })
            })
            .filter(|format| format.refusal().is_none())
    }

    /// The one of them that is next to this format: with the fewest bits more or less, rather in all than after the point.
    pub fn nearest_served(&self) -> FixedPoint {
        let distance = |format: &FixedPoint| {
            let moved = format.fraction_bits.abs_diff(self.fraction_bits);
            (moved + format.total_bits.abs_diff(self.total_bits), moved)
        };
        FixedPoint::served().min_by_key(distance).expect("the default format is served")
    }
}
