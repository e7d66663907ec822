//! What is left of a training.

use crate::run::Phase;

/// What is left of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrainingResult {
    /// Test rows classified rightly at the end.
    pub correct: u64,
    /// Test rows.
    pub rows: u64,
    /// What was done, in order.
    pub phases: Vec<Phase>,
    /// Values that left the range of the number format.
    pub out_of_range: u64,
}

impl TrainingResult {
    /// How often it started again.
    pub(crate) fn restarts(&self) -> usize {
        self.phases.iter().filter(|phase| **phase == Phase::Restart).count()
    }

    /// The final test accuracy.
    pub(crate) fn accuracy(&self) -> f64 {
        self.correct as f64 / self.rows as f64
    }
}
