//! The last product of a step: a direction times the learning rate, and what weight decay takes off, rounded together.

use crate::secure::FixedPoint;

/// Bits of the largest number that every truncation takes.
pub(super) const LARGEST_TRUNCATED_BITS: u32 = 63;
/// Fraction bits that the factors of an exact division or of weight decay have beyond those of the format, if there is room.
const MOST_GUARD_BITS: u32 = 16;
/// The least factor of weight decay in units: rounding it changes it by at most 1 %.
const LEAST_DECAY: f64 = 50.0;

/// What is multiplied in all steps of a training. Rates are fixed-point integers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Products {
    pub format: FixedPoint,
    pub smallest_rate: i64,
    pub largest_rate: i64,
    /// What a direction is divided by.
    pub divisor: u64,
    pub weight_decay: f64,
}

/// step = (direction factor - parameters decay) / 2^shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scaling {
    pub factor: i64,
    pub decay: i64,
    /// Bits of the difference.
    pub bits: u32,
    pub shift: u32,
}

/// The same for all steps of a training. With weight decay it does not depend on learning rates either, so that all rates have
/// one program.
struct Room {
    bits: u32,
    shift: u32,
    guard_bits: u32,
}

impl Products {
    /// An exact division has as many guard bits as there is room for: with 47 bits of a product, 16 of them. With weight decay
    /// the difference of two products has a bit more.
    fn room(&self) -> Room {
        let FixedPoint { fraction_bits: f, total_bits: k } = self.format;
        let rate_bits = u64::BITS - self.largest_rate.unsigned_abs().leading_zeros();
        let decays = self.weight_decay > 0.0;
        let (bits, shift) = (k + f.max(rate_bits) + u32::from(decays), f + self.divisor.ilog2());
        let guarded = decays || !self.divisor.is_power_of_two();
        let guard_bits = if guarded { (LARGEST_TRUNCATED_BITS - bits).min(MOST_GUARD_BITS) } else { 0 };
        Room { bits: bits + guard_bits, shift: shift + guard_bits, guard_bits }
    }

    /// learning rate x weight decay as an integer with so many fraction bits, not rounded yet.
    fn decay(&self, rate: i64, fraction_bits: u32) -> f64 {
        let rate = rate as f64 / f64::from(1u32 << self.format.fraction_bits);
        rate * self.weight_decay * libm::exp2(f64::from(fraction_bits))
    }

    /// The step at a learning rate. Its bits are those of any other.
    pub fn scaling(&self, rate: i64) -> Scaling {
        let Room { bits, shift, guard_bits } = self.room();
        let divisor = i128::from(self.divisor);
        let power = 1i128 << (divisor.ilog2() + guard_bits);
        let factor = ((2 * i128::from(rate) * power + divisor) / (2 * divisor)) as i64;
        Scaling { factor, decay: libm::round(self.decay(rate, shift)) as i64, bits, shift }
    }

    /// Why weight decay cannot be computed; none if it can.
    pub fn refusal(&self) -> Option<String> {
        if self.weight_decay == 0.0 {
            return None;
        }
        let (room, one) = (self.room(), 1i64 << self.format.fraction_bits);
        if self.largest_rate >= one {
            return Some("with weight decay a learning rate must be below 1".to_string());
        }
        // Both products have the same bits.
        if self.decay(self.largest_rate, room.shift) > (one << room.guard_bits) as f64 {
            return Some(format!(
                "a weight decay of {} times the largest learning rate and what a sum of gradients is divided by, {}, is more \
                 than 1",
                self.weight_decay, self.divisor
            ));
        }
        (self.decay(self.smallest_rate, room.shift) < LEAST_DECAY).then(|| {
            format!(
                "a weight decay of {} times the smallest learning rate is not even {LEAST_DECAY} units of {} bits after the \
                 binary point, the most that a step has room for",
                self.weight_decay, room.shift
            )
        })
    }
}
