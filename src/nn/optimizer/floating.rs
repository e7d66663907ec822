//! Steps in floating point: the rules of the other files, no number rounded to fixed point.

use super::{Adam, Descent, InverseRoot, Moment, Optimizer, Sgd};
use crate::ring::Real;

/// What Adam multiplies by in a step.
struct Factors<T> {
    /// Of what is remembered, and of what is new.
    mean: [T; 2],
    square: [T; 2],
    /// 1 / (1 - beta^t) of both.
    corrections: [T; 2],
    /// What keeps the root away from zero: below it, and beside it.
    below: T,
    beside: T,
}

impl<T: Real> Factors<T> {
    fn of(adam: &Adam, step: u64) -> Self {
        let parts = |beta: f64| [T::nearest(beta), T::nearest(1.0 - beta)];
        let correction = |beta: f64| T::nearest(1.0 / (1.0 - libm::pow(beta, step as f64)));
        let (below, beside) = match adam.inverse_root {
            InverseRoot::Approximate => (adam.epsilon * adam.epsilon, 0.0),
            InverseRoot::Precise => (0.0, adam.epsilon),
        };
        Factors {
            mean: parts(adam.beta1),
            square: parts(adam.beta2),
            corrections: [correction(adam.beta1), correction(adam.beta2)],
            below: T::nearest(below),
            beside: T::nearest(beside),
        }
    }

    /// The direction of a parameter, uphill; of AMSGrad, `largest` is its largest mean of squares so far.
    fn direction(&self, mean: &mut T, square: &mut T, largest: Option<&mut T>, gradient: T) -> T {
        *mean = *mean * self.mean[0] + gradient * self.mean[1];
        *square = *square * self.square[0] + gradient * gradient * self.square[1];
        let [of_mean, of_square] = self.corrections;
        let mut divisor = *square * of_square;
        if let Some(largest) = largest {
            if divisor > *largest {
                *largest = divisor;
            }
            divisor = *largest;
        }
        *mean * of_mean / ((divisor + self.below).sqrt() + self.beside)
    }
}

impl Descent {
    /// What is remembered of `len` parameters before the first step.
    pub fn fresh_floats<T: Real>(&self, len: usize) -> Vec<Vec<T>> {
        vec![vec![T::default(); len]; self.remembered()]
    }

    /// A step of parameters, whose gradient is summed over the batch, and of what is remembered of them.
    pub fn float_step<T: Real>(
        &self,
        moment: Moment,
        memory: &mut [Vec<T>],
        gradient: &[T],
        parameters: &mut [T],
    ) {
        let halvings = moment.halvings.min(i32::MAX as u32) as i32;
        let rate = libm::scalbn(self.begun(moment).rate, -halvings);
        let (factor, decay) =
            (T::nearest(rate / self.divisor() as f64), T::nearest(rate * self.weight_decay));
        let followed = parameters.iter_mut().zip(gradient);
        match (self.optimizer, memory) {
            (Optimizer::Sgd(Sgd { momentum, .. }), [changes]) => {
                let momentum = T::nearest(momentum);
                for ((x, &gradient), change) in followed.zip(changes) {
                    *change = *change * momentum - gradient;
                    *x += *change * factor - *x * decay;
                }
            }
            (Optimizer::Adam(adam), [means, squares, largest @ ..]) => {
                let factors = Factors::of(&adam, moment.step);
                let mut largest = largest.first_mut().map(|largest| largest.iter_mut());
                for (((x, &gradient), mean), square) in followed.zip(means).zip(squares) {
                    let largest = largest.as_mut().and_then(Iterator::next);
                    let direction = factors.direction(mean, square, largest, gradient);
                    *x += -(direction * factor) - *x * decay;
                }
            }
            _ => panic!("what the optimiser remembers"),
        }
    }
}
