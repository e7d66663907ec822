//! A training in floating point.

use super::RunError;
use super::epochs::{Found, Learner, Stopped};
use crate::data::TrainTest;
use crate::nn::TrainingProgram;
use crate::nn::floating::FloatTrainer;
use crate::ring::Real;
use crate::scenario::Plan;

/// A training in floating point, in the clear.
pub(super) struct Floating<'a, T> {
    trainer: FloatTrainer<'a, T>,
    data: &'a TrainTest,
    /// In the epoch so far.
    rows_beyond_domain: u64,
}

impl<'a, T: Real> Floating<'a, T> {
    /// Begins it.
    pub(super) fn new(plan: &Plan, program: &'a TrainingProgram, data: &'a TrainTest) -> Self {
        let trainer = FloatTrainer::new(program, &data.train, plan.seed);
        Floating { trainer, data, rows_beyond_domain: 0 }
    }
}

impl<T: Real> Learner for Floating<'_, T> {
    fn begin_epoch(&mut self, epoch: u64) {
        self.trainer.begin_epoch(epoch);
    }

    fn iteration(&mut self, rows: &[usize]) -> Result<Option<f64>, Stopped> {
        let said = self.trainer.iteration(rows);
        self.rows_beyond_domain += said.rows_beyond_domain;
        Ok(said.loss)
    }

    fn evaluate(&mut self) -> Result<usize, RunError> {
        Ok(self.trainer.correct_predictions(&self.data.test))
    }

    fn end_epoch(&mut self) -> Result<Found, RunError> {
        let correct = self.evaluate()?;
        let not_finite = self.trainer.parameters().iter().flatten().filter(|x| !x.double().is_finite());
        Ok(Found {
            correct,
            out_of_range: None,
            rows_beyond_domain: Some(std::mem::take(&mut self.rows_beyond_domain)),
            not_finite: Some(not_finite.count() as u64),
        })
    }

    fn restart(&mut self, attempt: u64) -> Result<(), Stopped> {
        self.trainer.restart(attempt);
        Ok(())
    }
}
