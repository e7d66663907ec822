//! How parameters follow their gradients: a rule, learning rates by epoch, weight decay.
//!
//! All that an optimiser knows is a vector of parameters, what it remembers of it, and its gradient, summed over the batch.
//! The messages of a step depend on nothing that changes in a training: public numbers that do, a learning rate or a
//! correction of Adam, change factors only, never the bits of a truncation.

mod adam;
mod floating;
mod followed;
mod scaling;
mod sgd;

use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Secure};

pub use adam::{Adam, InverseRoot};
pub use followed::Followed;
use scaling::{Products, Scaling};
pub use sgd::{BatchDivision, Sgd};

/// A rule by which parameters follow their gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum.
    Sgd(Sgd),
    /// Adam or AMSGrad.
    Adam(Adam),
}

/// A learning rate and the epoch in which it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Counted from 1.
    pub from_epoch: u64,
    /// The rate, a real number.
    pub rate: f64,
}

/// All that decides the steps of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    /// The rule.
    pub optimizer: Optimizer,
    /// At least one, the first from epoch 1 on, in the order of their epochs.
    pub rates: Vec<Rate>,
    /// What a step takes off each parameter, times the learning rate, in parts of the parameter.
    pub weight_decay: f64,
    /// Rows of a batch.
    pub batch: usize,
}

/// Where a training is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The epoch, counted from 1.
    pub epoch: u64,
    /// How often the learning rate has been halved, by restarts.
    pub halvings: u32,
    /// Steps since the weights were fresh, this one included.
    pub step: u64,
}

impl Moment {
    /// Before the first step.
    pub const START: Moment = Moment { epoch: 1, halvings: 0, step: 0 };
}

impl Descent {
    /// The last rate that has begun.
    fn begun(&self, moment: Moment) -> Rate {
        let begun = self.rates.iter().rev().find(|rate| rate.from_epoch <= moment.epoch);
        *begun.expect("a rate from the first epoch on")
    }

    /// The learning rate that counts, as a fixed-point integer: never zero.
    fn rate(&self, format: FixedPoint, moment: Moment) -> i64 {
        let rate = format.encode(self.begun(moment).rate);
        (rate >> moment.halvings.min(i64::BITS - 1)).max(1)
    }

    /// What a step divides a sum of gradients by.
    fn divisor(&self) -> u64 {
        match self.optimizer {
            Optimizer::Sgd(Sgd { division: BatchDivision::Exact, .. }) => self.batch as u64,
            Optimizer::Sgd(Sgd { division: BatchDivision::PowerOfTwo, .. }) => 1 << self.batch.ilog2(),
            // It does not matter how large gradients are.
            Optimizer::Adam(_) => 1,
        }
    }

    /// The products of all steps. The largest rate decides how many bits they have.
    fn products(&self, format: FixedPoint) -> Products {
        let rates = || self.rates.iter().map(|rate| format.encode(rate.rate));
        Products {
            format,
            smallest_rate: rates().min().expect("a learning rate"),
            largest_rate: rates().max().expect("a learning rate"),
            divisor: self.divisor(),
            weight_decay: self.weight_decay,
        }
    }

    /// The last product of a step.
    fn scaling(&self, format: FixedPoint, moment: Moment) -> Scaling {
        self.products(format).scaling(self.rate(format, moment))
    }

    /// Bits of the last product of a step, and by how many of them it is truncated.
    pub fn step_truncation(&self, format: FixedPoint) -> (u32, u32) {
        let Scaling { bits, shift, .. } = self.scaling(format, Moment::START);
        (bits, shift)
    }

    /// Why weight decay cannot be computed in a number format; none if it can.
    pub fn refusal(&self, format: FixedPoint) -> Option<String> {
        self.products(format).refusal()
    }

    /// How many numbers are remembered of each parameter.
    pub fn remembered(&self) -> usize {
        match self.optimizer {
            Optimizer::Sgd(_) => 1,
            Optimizer::Adam(adam) => adam.remembered(),
        }
    }

    /// What is remembered of `len` parameters before the first step. Local.
    pub fn fresh<P: Protocol>(&self, secure: &Secure<P>, len: usize) -> Vec<P::Share> {
        (0..self.remembered()).map(|_| secure.constant(len, 0)).collect()
    }

    /// What a step needs of the memory and no gradient, so that it can go along with the forward pass.
    pub async fn prepare<P: Protocol>(&self, secure: &Secure<P>, memory: Vec<P::Share>) -> Vec<P::Share> {
        match self.optimizer {
            Optimizer::Sgd(sgd) => {
                let [change] = <[_; 1]>::try_from(memory).ok().expect("the last change");
                vec![sgd.scaled_change(secure, change).await]
            }
            Optimizer::Adam(adam) => adam.decayed(secure, memory).await,
        }
    }

    /// A step: what is remembered from now on, and what is to be added to the parameters.
    pub async fn step<P: Protocol>(
        &self,
        secure: &Secure<P>,
        moment: Moment,
        followed: Followed<P::Share>,
    ) -> (Vec<P::Share>, P::Share) {
        let Followed { parameters, prepared, gradient } = followed;
        let (memory, direction) = match self.optimizer {
            Optimizer::Sgd(_) => {
                let change = prepared[0].sub(&gradient);
                (vec![change.clone()], change)
            }
            Optimizer::Adam(adam) => adam.direction(secure, moment.step, &prepared, &gradient).await,
        };
        drop((prepared, gradient));
        let Scaling { factor, decay, bits, shift } = self.scaling(secure.fixed_point, moment);
        // Adam's direction is uphill.
        let uphill = matches!(self.optimizer, Optimizer::Adam(_));
        let product = direction.scale(if uphill { -factor } else { factor });
        let product = match parameters {
            Some(parameters) => product.sub(&parameters.scale(decay)),
            None => product,
        };
        (memory, secure.truncate(&product, bits, shift).await)
    }
}

#[cfg(test)]
mod tests {
    use super::scaling::LARGEST_TRUNCATED_BITS;
    use super::*;

    const FORMATS: [(u32, u32); 4] = [(16, 31), (8, 18), (4, 9), (20, 31)];

    fn sgd(division: BatchDivision, batch: usize, rates: &[f64], weight_decay: f64) -> Descent {
        let rates = rates.iter().zip(1..).map(|(&rate, from_epoch)| Rate { from_epoch, rate }).collect();
        Descent { optimizer: Optimizer::Sgd(Sgd { momentum: 0.9, division }), rates, weight_decay, batch }
    }

    #[test]
    fn an_exact_division_is_that_of_the_batch() {
        for (f, k) in FORMATS {
            let format = FixedPoint { fraction_bits: f, total_bits: k };
            for (learning_rate, batch) in
                [(1i64 << (f - 1), 255), (1 << f, 3), (1 << f, 100), (7, 64), (1, 1)]
            {
                let rate = format.decode(learning_rate as u64);
                let at = |division, moment| sgd(division, batch, &[rate], 0.0).scaling(format, moment);
                let Scaling { factor, bits, shift, .. } = at(BatchDivision::Exact, Moment::START);
                assert!(shift < bits && bits <= LARGEST_TRUNCATED_BITS);
                let (got, unit) = (factor as f64 / f64::exp2(f64::from(shift)), f64::exp2(-f64::from(shift)));
                let right = learning_rate as f64 / f64::exp2(f64::from(f)) / batch as f64;
                assert!((got - right).abs() <= unit / 2.0, "{format:?}, {batch}: {got}, not {right}");
                assert!((got - right).abs() <= right / 512.0 || learning_rate < 8, "{format:?}, {batch}");
                let shifted = at(BatchDivision::PowerOfTwo, Moment::START);
                assert_eq!((shifted.factor, shifted.shift), (learning_rate, f + batch.ilog2()));
                for division in BatchDivision::ALL {
                    let first = at(division, Moment::START);
                    for halvings in [1, 2, 70] {
                        let later = at(division, Moment { halvings, ..Moment::START });
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

    #[test]
    fn weight_decay_is_that_part_of_a_parameter_at_every_rate() {
        let (rates, mut taken, mut refused) = ([0.25, 0.0625, 40.0], 0, 0);
        for (f, k) in FORMATS {
            let format = FixedPoint { fraction_bits: f, total_bits: k };
            let adam = |rates, decay| Descent {
                optimizer: Optimizer::Adam(Adam::default_of(format, Default::default(), false)),
                ..sgd(BatchDivision::Exact, 128, rates, decay)
            };
            for weight_decay in [1e-5, 1e-4, 0.01, 0.5, 0.999] {
                for descent in [
                    adam(&rates[..2], weight_decay),
                    sgd(BatchDivision::PowerOfTwo, 128, &rates[..2], weight_decay),
                    sgd(BatchDivision::Exact, 100, &rates[..1], weight_decay),
                    sgd(BatchDivision::Exact, 65_535, &rates, weight_decay),
                ] {
                    if descent.refusal(format).is_some() {
                        refused += 1;
                        continue;
                    }
                    taken += 1;
                    for (epoch, rate) in descent.rates.iter().enumerate() {
                        let moment = Moment { epoch: epoch as u64 + 1, ..Moment::START };
                        let Scaling { factor, decay, bits, shift } = descent.scaling(format, moment);
                        let part = decay as f64 / f64::exp2(f64::from(shift));
                        let right = format.decode(format.encode(rate.rate) as u64) * weight_decay;
                        assert!((part / right - 1.0).abs() < 0.011, "{descent:?}: {part}, not {right}");
                        // The largest parameters and directions that there are.
                        let largest = (factor.unsigned_abs() + decay.unsigned_abs()) as f64;
                        assert!(largest * f64::exp2(f64::from(k - 1)) <= f64::exp2(f64::from(bits - 1)));
                        assert!(shift < bits && bits <= LARGEST_TRUNCATED_BITS);
                        let first = descent.scaling(format, Moment::START);
                        assert_eq!((bits, shift), (first.bits, first.shift), "the same program");
                    }
                }
            }
        }
        assert!(taken > 30 && refused > 5, "{taken} taken, {refused} refused");
    }
}
