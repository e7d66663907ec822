//! What is left of a training.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::run::{Evaluation, Phase};

/// How many rows have no figures of a whole training, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incomplete {
    /// The time does not fit a clock, or the bytes cannot be counted.
    pub overflowed: u64,
    /// Faults brought the training to a halt.
    pub halted: u64,
}

impl AddAssign for Incomplete {
    fn add_assign(&mut self, other: Incomplete) {
        self.overflowed += other.overflowed;
        self.halted += other.halted;
    }
}

/// What is left of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrainingResult {
    /// Test rows classified rightly at the end.
    pub correct: u64,
    /// Test rows.
    pub rows: u64,
    /// What was done, in order. Each phase of iterations ends with an evaluation.
    pub phases: Vec<Phase>,
    /// Test rows classified rightly at each evaluation.
    pub evaluated: Vec<u64>,
    /// What was counted, by epoch.
    pub epochs: Vec<EpochCounts>,
}

/// What was counted in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EpochCounts {
    /// Iterations since the beginning, at its end.
    pub iterations: u64,
    /// Values that left the range of the number format; none of a training in floating point.
    pub out_of_range: Option<u64>,
    /// Rows, over all its iterations, that were beyond the domain of the output layer's approximation.
    pub rows_beyond_domain: u64,
}

impl TrainingResult {
    /// How often it started again.
    pub(crate) fn restarts(&self) -> usize {
        self.phases.iter().filter(|phase| **phase == Phase::Restart).count()
    }

    /// Values that left the range of the number format; none of a training in floating point.
    pub(crate) fn out_of_range(&self) -> Option<u64> {
        self.epochs.iter().map(|epoch| epoch.out_of_range).sum()
    }

    /// Rows, over all iterations, that were beyond the domain of the output layer's approximation.
    pub(crate) fn rows_beyond_domain(&self) -> u64 {
        self.epochs.iter().map(|epoch| epoch.rows_beyond_domain).sum()
    }

    /// All looks at the test accuracy.
    pub(crate) fn evaluations(&self) -> Vec<Evaluation> {
        let (mut iterations, mut restarts, mut evaluations) = (0, 0, Vec::new());
        let mut evaluated = self.evaluated.iter();
        for phase in &self.phases {
            match *phase {
                Phase::Restart => restarts += 1,
                Phase::Iterations(times) => {
                    iterations += times;
                    let correct = evaluated.next().map_or(0, |&correct| correct as usize);
                    let test_accuracy = correct as f64 / self.rows as f64;
                    evaluations.push(Evaluation { iterations, restarts, correct, test_accuracy });
                }
            }
        }
        evaluations
    }

    /// The final test accuracy.
    pub(crate) fn accuracy(&self) -> f64 {
        self.correct as f64 / self.rows as f64
    }
}
