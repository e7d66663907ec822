//! Stochastic gradient descent with momentum, after the reference system: the division by the batch size is folded into
//! the truncation of the product with the learning rate.

use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Secure};

/// Bits of the largest number that every truncation takes.
const LARGEST_TRUNCATED_BITS: u32 = 63;
/// Fraction bits that the factor of an exact division has beyond those of the format, if there is room for them.
const MOST_GUARD_BITS: u32 = 16;

/// What a step divides the sum of a batch's gradients by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchDivision {
    /// The largest power of two that is not larger than the batch, as in the reference system.
    PowerOfTwo,
    /// The batch.
    Exact,
}

impl BatchDivision {
    /// All of them.
    pub const ALL: [BatchDivision; 2] = [BatchDivision::PowerOfTwo, BatchDivision::Exact];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            BatchDivision::PowerOfTwo => "power_of_two",
            BatchDivision::Exact => "exact",
        }
    }
}

/// A step's constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate that a training begins with, as a fixed-point integer.
    pub learning_rate: i64,
    /// How often it has been halved since. The messages of a step do not depend on it, so that a restart changes no cost.
    pub halvings: u32,
    /// The momentum, a real number.
    pub momentum: f64,
    /// Rows of a batch.
    pub batch: usize,
    /// What the gradients' sum is divided by.
    pub division: BatchDivision,
}

/// A product with a public factor that is truncated.
struct Scaling {
    factor: i64,
    bits: u32,
    shift: u32,
}

impl Sgd {
    /// The learning rate that counts: never zero.
    fn rate(&self) -> i64 {
        (self.learning_rate >> self.halvings.min(i64::BITS - 1)).max(1)
    }

    /// The product with rate / batch. Its bits are those of the first rate. An exact division has as many guard bits as there is room for: with 47 bits of a product,
    /// 16 of them.
    fn scaling(&self, format: FixedPoint) -> Scaling {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let rate_bits = u64::BITS - self.learning_rate.unsigned_abs().leading_zeros();
        let (bits, shift) = (k + f.max(rate_bits), f + self.batch.ilog2());
        if self.division == BatchDivision::PowerOfTwo || self.batch.is_power_of_two() {
            return Scaling { factor: self.rate(), bits, shift };
        }
        let guard_bits = (LARGEST_TRUNCATED_BITS - bits).min(MOST_GUARD_BITS);
        let (batch, power) = (self.batch as i128, 1i128 << (self.batch.ilog2() + guard_bits));
        let factor = (2 * i128::from(self.rate()) * power + batch) / (2 * batch);
        Scaling { factor: factor as i64, bits: bits + guard_bits, shift: shift + guard_bits }
    }

    /// The old change times the momentum. It needs no gradient, so it can go along with the forward pass.
    pub async fn scaled_change<P: Protocol>(&self, secure: &Secure<P>, change: P::Share) -> P::Share {
        secure.scale_by(change, self.momentum).await
    }

    /// change = momentum old - gradient; step = change rate / batch. Returns `(change, step)`. What it is made of goes before
    /// the step is rounded, which takes memory.
    pub async fn step<P: Protocol>(
        &self,
        secure: &Secure<P>,
        scaled_change: P::Share,
        gradient: P::Share,
    ) -> (P::Share, P::Share) {
        let change = scaled_change.sub(&gradient);
        drop((scaled_change, gradient));
        let Scaling { factor, bits, shift } = self.scaling(secure.fixed_point);
        let step = secure.truncate(&change.scale(factor), bits, shift).await;
        (change, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_division_is_that_of_the_batch() {
        let formats = [(16, 31), (8, 18), (4, 9), (20, 31)];
        for (f, k) in formats {
            let format = FixedPoint { fraction_bits: f, total_bits: k };
            for (learning_rate, batch) in
                [(1i64 << (f - 1), 255), (1 << f, 3), (1 << f, 100), (7, 64), (1, 1)]
            {
                let sgd = |division| {
                    Sgd { learning_rate, halvings: 0, momentum: 0.9, batch, division }.scaling(format)
                };
                let Scaling { factor, bits, shift } = sgd(BatchDivision::Exact);
                assert!(shift < bits && bits <= LARGEST_TRUNCATED_BITS);
                let (got, unit) = (factor as f64 / f64::exp2(f64::from(shift)), f64::exp2(-f64::from(shift)));
                let right = learning_rate as f64 / f64::exp2(f64::from(f)) / batch as f64;
                assert!((got - right).abs() <= unit / 2.0, "{format:?}, {batch}: {got}, not {right}");
                assert!((got - right).abs() <= right / 512.0 || learning_rate < 8, "{format:?}, {batch}");
                let shifted = sgd(BatchDivision::PowerOfTwo);
                assert_eq!((shifted.factor, shifted.shift), (learning_rate, f + batch.ilog2()));
                for (division, first) in [BatchDivision::Exact, BatchDivision::PowerOfTwo]
                    .map(|division| (division, sgd(division)))
                {
                    for halvings in [1, 2, 70] {
                        let halved = Sgd { learning_rate, halvings, momentum: 0.9, batch, division };
                        let later = halved.scaling(format);
                        assert_eq!((later.bits, later.shift), (first.bits, first.shift), "the same program");
                        assert!(0 < later.factor && later.factor <= first.factor);
                    }
                }
                if batch.is_power_of_two() {
                    assert_eq!((factor, bits, shift), (shifted.factor, shifted.bits, shifted.shift));
                }
            }
        }
    }
}
