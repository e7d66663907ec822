//! The epochs of a training, whatever trains.

use super::out_of_range::OutOfRange;
use super::record::Phase;
use super::targets::Evaluation;
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
    /// All evaluations, those at the ends of epochs included.
    pub evaluations: Vec<Evaluation>,
    /// What was done, in order. Iterations up to an evaluation are a phase, unless the training was aborted before it.
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

    /// Test rows classified rightly with the weights as they are. This is not part of a training.
    fn evaluate(&mut self) -> Result<usize, RunError>;

    /// Looks at the weights, and at what happened in the epoch. This is not part of a training.
    fn end_epoch(&mut self) -> Result<Found, RunError>;

    /// Starts again from other weights, at half the learning rate. `attempt` counts the restarts.
    fn restart(&mut self, attempt: u64) -> Result<(), Stopped>;
}

/// What a training has done so far.
#[derive(Default)]
struct Past {
    epochs: Vec<EpochResult>,
    evaluations: Vec<Evaluation>,
    phases: Vec<Phase>,
    /// Iterations since the beginning, and since the last evaluation or restart.
    done: u64,
    unseen: u64,
    restarts: u64,
}

impl Past {
    fn evaluated(&mut self, correct: usize, rows: usize) {
        self.phases.push(Phase::Iterations(std::mem::take(&mut self.unseen)));
        let (iterations, restarts) = (self.done, self.restarts);
        let test_accuracy = correct as f64 / rows as f64;
        self.evaluations.push(Evaluation { iterations, restarts, correct, test_accuracy });
    }

    /// The training ends here.
    fn end(self, stopped: Option<Stopped>) -> Result<Trained, RunError> {
        let Past { epochs, evaluations, mut phases, unseen, .. } = self;
        let abort = match stopped {
            Some(Stopped::Failed(error)) => return Err(error),
            Some(Stopped::Aborted(abort)) => Some(*abort),
            None => None,
        };
        if abort.as_ref().is_some_and(|abort| !abort.in_restart) {
            phases.push(Phase::Iterations(unseen));
        }
        Ok(Trained { epochs, evaluations, phases, altered: None, abort })
    }
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
    let mut past = Past::default();
    while past.done < total {
        let epoch = past.epochs.len() as u64 + 1;
        let order = epoch_order(plan.seed, epoch - 1, rows, batch);
        let end = total.min(past.done + batches_per_epoch(rows, batch) as u64);
        learner.begin_epoch(epoch);
        let mut losses = Vec::new();
        for rows in order.chunks_exact(batch).take((end - past.done) as usize) {
            match learner.iteration(rows) {
                Ok(loss) => losses.extend(loss.map(|sum| sum / batch as f64)),
                Err(stopped) => return past.end(Some(stopped)),
            }
            progress.step();
            past.done += 1;
            past.unseen += 1;
            let wanted = plan.training.evaluate_every.is_some_and(|every| past.done.is_multiple_of(every));
            if wanted && past.done < end {
                past.evaluated(learner.evaluate()?, data.test.rows);
            }
        }
        let Found { correct, out_of_range, rows_beyond_domain, not_finite } = learner.end_epoch()?;
        past.evaluated(correct, data.test.rows);
        let test_accuracy = correct as f64 / data.test.rows as f64;
        let restarted = test_accuracy < plan.training.restart_below && past.done < total;
        past.epochs.push(EpochResult {
            epoch,
            iterations: past.done,
            correct,
            test_accuracy,
            loss: (!losses.is_empty()).then(|| losses.iter().sum::<f64>() / losses.len() as f64),
            restarted,
            out_of_range,
            rows_beyond_domain,
            not_finite,
        });
        if restarted {
            past.restarts += 1;
            if let Err(stopped) = learner.restart(past.restarts) {
                return past.end(Some(stopped));
            }
            past.phases.push(Phase::Restart);
        }
    }
    past.end(None)
}
