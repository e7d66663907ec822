//! The epochs of a training, whatever trains.

use super::out_of_range::OutOfRange;
use super::record::Phase;
use super::{Progress, RunError, total_iterations};
use crate::data::TrainTest;
use crate::nn::{batches_per_epoch, epoch_order};
use crate::scenario::Plan;
use crate::sim::Trace;

/// What an epoch ended with.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochResult {
    /// Counted from 1. An unfinished epoch at the end counts.
    pub epoch: u64,
    /// Iterations since the beginning.
    pub iterations: u64,
    /// Test rows classified rightly.
    pub correct: usize,
    /// Fraction of the test rows classified rightly.
    pub test_accuracy: f64,
    /// The mean loss over the epoch's batches, if it was computed.
    pub loss: Option<f64>,
    /// Whether the training started again after it, with half the learning rate.
    pub restarted: bool,
    /// Values that left their range, in the order of layers; none if the training ran on shares, which nobody can look at, or in
    /// floating point, which has no such range.
    pub out_of_range: Option<Vec<OutOfRange>>,
    /// Rows, over all iterations of the epoch, that were beyond the domain of the output layer's approximation; none if the
    /// training ran on shares.
    pub rows_beyond_domain: Option<u64>,
    /// Parameters that are no finite numbers any more; none unless the training ran in floating point.
    pub not_finite: Option<u64>,
}

impl EpochResult {
    /// How many values left their range.
    pub fn values_out_of_range(&self) -> Option<u64> {
        self.out_of_range.as_ref().map(|found| found.iter().map(|place| place.values).sum())
    }
}

/// A training that is over.
pub struct Trained {
    /// Results by epoch.
    pub epochs: Vec<EpochResult>,
    /// What was done, in order.
    pub phases: Vec<Phase>,
    /// How many messages a party that cheats altered; `None` if no party does.
    pub altered: Option<u64>,
    /// What ended it before its time.
    pub abort: Option<Abort>,
}

/// A check that failed in a training.
pub struct Abort {
    /// The party that noticed.
    pub party: usize,
    /// What failed.
    pub check: String,
    /// Span path in which it was done.
    pub span: String,
    /// What the parties had done in the phase by then.
    pub trace: Trace,
    /// Whether that was a restart; else it was an iteration.
    pub in_restart: bool,
    /// Whether the loss of the iteration was being opened, or had been.
    pub loss_opened: bool,
}

/// What ends a training before its time.
pub(super) enum Stopped {
    /// A check that failed because a party cheats.
    Aborted(Box<Abort>),
    /// Something that must not be.
    Failed(RunError),
}

impl<E: Into<RunError>> From<E> for Stopped {
    fn from(error: E) -> Stopped {
        Stopped::Failed(error.into())
    }
}

/// What is found at the end of an epoch. The fields are those of [`EpochResult`].
pub(super) struct Found {
    pub correct: usize,
    pub out_of_range: Option<Vec<OutOfRange>>,
    pub rows_beyond_domain: Option<u64>,
    pub not_finite: Option<u64>,
}

/// What trains: a program on shares or in the clear, or the same in floating point.
pub(super) trait Learner {
    /// An epoch begins, counted from 1.
    fn begin_epoch(&mut self, epoch: u64);

    /// One iteration on the given rows: the loss, summed over them, if it was computed.
    fn iteration(&mut self, rows: &[usize]) -> Result<Option<f64>, Stopped>;

    /// Looks at the weights, and at what happened in the epoch. This is not part of a training.
    fn end_epoch(&mut self) -> Result<Found, RunError>;

    /// Starts again from other weights, at half the learning rate. `attempt` counts the restarts.
    fn restart(&mut self, attempt: u64) -> Result<(), Stopped>;
}

/// Trains as the plan says.
pub(super) fn train_epochs(
    plan: &Plan,
    data: &TrainTest,
    learner: &mut impl Learner,
    progress: &dyn Progress,
) -> Result<Trained, RunError> {
    let (rows, batch) = (data.train.rows, plan.training.batch);
    let total = total_iterations(plan, rows);
    let (mut epochs, mut phases) = (Vec::<EpochResult>::new(), Vec::new());
    let stopped = |epochs, phases, stopped| match stopped {
        Stopped::Aborted(abort) => Ok(Trained { epochs, phases, altered: None, abort: Some(*abort) }),
        Stopped::Failed(error) => Err(error),
    };
    let (mut done, mut attempt) = (0, 0);
    while done < total {
        let order = epoch_order(plan.seed, epochs.len() as u64, rows, batch);
        let iterations = (total - done).min(batches_per_epoch(rows, batch) as u64);
        learner.begin_epoch(epochs.len() as u64 + 1);
        let mut losses = Vec::new();
        for (at, rows) in order.chunks_exact(batch).take(iterations as usize).enumerate() {
            match learner.iteration(rows) {
                Ok(loss) => losses.extend(loss.map(|sum| sum / batch as f64)),
                Err(end) => {
                    phases.push(Phase::Iterations(at as u64));
                    return stopped(epochs, phases, end);
                }
            }
            progress.step();
        }
        done += iterations;
        phases.push(Phase::Iterations(iterations));
        let Found { correct, out_of_range, rows_beyond_domain, not_finite } = learner.end_epoch()?;
        let test_accuracy = correct as f64 / data.test.rows as f64;
        let restarted = test_accuracy < plan.training.restart_below && done < total;
        epochs.push(EpochResult {
            epoch: epochs.len() as u64 + 1,
            iterations: done,
            correct,
            test_accuracy,
            loss: (!losses.is_empty()).then(|| losses.iter().sum::<f64>() / losses.len() as f64),
            restarted,
            out_of_range,
            rows_beyond_domain,
            not_finite,
        });
        if restarted {
            attempt += 1;
            if let Err(end) = learner.restart(attempt) {
                return stopped(epochs, phases, end);
            }
            phases.push(Phase::Restart);
        }
    }
    Ok(Trained { epochs, phases, altered: None, abort: None })
}
