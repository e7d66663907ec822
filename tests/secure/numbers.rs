//! The numbers of a format at which something changes.

use mpcsim::secure::{FixedPoint, Rounding};

use super::function::{CLASSES, DOT};

/// Numbers of a format, as integers.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    pub format: FixedPoint,
    /// Bits after the point.
    pub f: u32,
    /// Bits in all.
    pub k: u32,
    pub one: i64,
    pub max: i64,
    pub min: i64,
    /// The threshold 0.1 of `relu_probability`.
    pub threshold: i64,
    /// -ln 2^(k-f-1): what is not above counts as zero in `exact`.
    pub cut: i64,
    /// ln 10 - ln 2^(k-f-1): how far the maximum is shifted by `exact`, up to a few units.
    pub shift: i64,
    /// Inputs of 2^x.
    pub exp2_range: (i64, i64),
    /// Inputs of e^x: their product with the integer for log2 e is in that range, however it is rounded.
    pub exp_range: (i64, i64),
    /// The smallest divisor with a reciprocal.
    pub least_divisor: i64,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers::of(FixedPoint::default())
    }
}

impl Numbers {
    pub fn of(format: FixedPoint) -> Self {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let one = 1i64 << f;
        let range = f64::from(k - f - 1) * std::f64::consts::LN_2;
        // 2^e >= k - f.
        let mut below = 1;
        while below < k - f {
            below *= 2;
        }
        let exp2_range = (-i64::from(below) * one, i64::from(k - f) * one - 1);
        let log2_e = (std::f64::consts::LOG2_E * one as f64).round() as i64;
        // The quotient has place for 62 bits, 3f' of them after the point.
        let inner = Rounding::ALL.map(|rounding| format.division_fraction_bits(rounding));
        let beyond = f as i32 + 3 * inner[0].max(inner[1]) as i32 - 62;
        Numbers {
            format,
            f,
            k,
            one,
            max: (1 << (k - 1)) - 1,
            min: -(1 << (k - 1)),
            threshold: format.encode(0.1),
            cut: format.encode(-range),
            shift: format.encode(libm::log(CLASSES as f64) - range),
            exp2_range,
            exp_range: (exp2_range.0 * one / log2_e, exp2_range.1 * one / log2_e),
            least_divisor: if beyond < 0 { 1 } else { (1 << beyond) + 1 },
        }
    }

    /// Numbers at which something changes.
    pub fn edges(&self) -> Vec<i64> {
        let Numbers { one, max, min, .. } = *self;
        vec![0, 1, -1, 2, -2, one, -one, one - 1, one + 1, -one - 1, max, min, max - 1, min + 1, one / 2]
    }

    /// Bits of factors of which as many products as in a dot product have a sum that can be rounded.
    pub fn factor_bits(&self) -> u32 {
        (self.k + self.f - 1 - (DOT as u32).next_power_of_two().trailing_zeros()) / 2 + 1
    }

    /// Units that a quotient may be off.
    pub fn quotient_margin(&self) -> i64 {
        let inner = self.format.division_fraction_bits(Rounding::Nearest);
        8 << self.f.saturating_sub(inner)
    }
}
