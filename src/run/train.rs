//! Training itself: in the clear, or on shares.

use super::adversary::Cheat;
use super::out_of_range::OutOfRange;
use super::record::{Phase, Recorded};
use super::session::{Demands, Session};
use super::verify::VerifyError;
use super::world::{clear_world, world};
use super::{Progress, RunError, Values, total_iterations};
use crate::data::TrainTest;
use crate::nn::{
    SecretData, Secrets, TrainingProgram, batches_per_epoch, correct_predictions, epoch_order, glorot_weights,
};
use crate::protocol::registry::{Starter, Visitor};
use crate::protocol::{Clear, Protocol, ValuesBeyond};
use crate::ring::Content;
use crate::scenario::{Adversary, Plan};
use crate::sim::{SimError, Trace, World};

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
    /// Values that left their range, in the order of layers; none if the training ran on shares, which nobody can look at.
    pub out_of_range: Option<Vec<OutOfRange>>,
    /// Rows, over all iterations of the epoch, that were beyond the domain of the output layer's approximation; none if the
    /// training ran on shares.
    pub rows_beyond_domain: Option<u64>,
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

impl Abort {
    /// If a phase ended so because a party cheats.
    fn of<T, P: Protocol>(
        done: &Result<T, SimError>,
        session: &Session<P>,
        cheat: Option<&Cheat>,
        in_restart: bool,
    ) -> Option<Abort> {
        let (Err(SimError::Aborted { party, check, span }), Some(cheat)) = (done, cheat) else { return None };
        Some(Abort {
            party: *party,
            check: check.clone(),
            span: span.clone(),
            trace: session.trace_so_far(),
            in_restart,
            loss_opened: cheat.loss_was_opened(),
        })
    }
}

struct OnShares<'a> {
    plan: &'a Plan,
    program: &'a TrainingProgram,
    data: &'a TrainTest,
    recorded: &'a Recorded,
    progress: &'a dyn Progress,
}

impl Visitor for OnShares<'_> {
    type Output = Result<Trained, RunError>;

    fn visit<P: Protocol>(self, start: Starter<P>) -> Self::Output {
        let plan = self.plan;
        let world = world(&plan.network, &plan.compute, plan.seed);
        let start = |party| start(party, plan.seed, Content::Values);
        let adversary = plan.adversary.as_ref().filter(|adversary| adversary.does.alters());
        let watch = Watch { recorded: Some(self.recorded), beyond: None, adversary };
        train_values(plan, self.program, self.data, (world, start), watch, self.progress)
    }
}

/// Trains as the plan says.
pub fn train(
    plan: &Plan,
    program: &TrainingProgram,
    data: &TrainTest,
    recorded: &Recorded,
    values: Values,
    progress: &dyn Progress,
) -> Result<Trained, RunError> {
    match values {
        Values::Split => {
            let beyond = ValuesBeyond::default();
            let start = |party| Clear::counting(party, plan.seed, beyond.clone());
            let watch = Watch { recorded: None, beyond: Some(&beyond), adversary: None };
            train_values(plan, program, data, (clear_world(), start), watch, progress)
        }
        Values::Shares => {
            let on_shares = OnShares { plan, program, data, recorded, progress };
            plan.protocol.visit_with(plan.triples, on_shares)
        }
    }
}

/// What is looked at while a training runs.
struct Watch<'a> {
    /// The recorded program, of which every phase must do exactly what it says.
    recorded: Option<&'a Recorded>,
    /// What the ideal functionality counts.
    beyond: Option<&'a ValuesBeyond>,
    /// A party that alters its messages.
    adversary: Option<&'a Adversary>,
}

/// Trains with a protocol on real values.
fn train_values<P: Protocol>(
    plan: &Plan,
    program: &TrainingProgram,
    data: &TrainTest,
    (world, start): (World, impl Fn(crate::sim::Party<crate::protocol::Message>) -> P),
    watch: Watch<'_>,
    progress: &dyn Progress,
) -> Result<Trained, RunError> {
    let (recorded, bits) = (watch.recorded, plan.fixed_point.total_bits);
    let (train, batch) = (&data.train, plan.training.batch);
    let total = total_iterations(plan, train.rows);
    progress.begin("training", total);
    let all_rows: Vec<usize> = (0..train.rows).collect();
    let weights = glorot_weights(&program.layers, plan.seed, 0, plan.fixed_point);
    let secret = SecretData::of(program, train, &all_rows, plan.fixed_point);
    let format = (plan.fixed_point, plan.rounding);
    let secrets = Secrets { data: &secret, weights: &weights };
    let demands = recorded.map_or_else(Demands::default, |recorded| recorded.demands.clone());
    let (mut session, setup) = Session::set_up(world, start, format, program, secrets, demands)?;
    drop(secret);
    let same = |trace: &_, expected: Option<&_>, phase| match expected {
        Some(expected) if trace != expected => Err(VerifyError::Trace { phase }),
        _ => Ok(()),
    };
    same(&setup, recorded.map(|r| &r.setup), "set-up")?;

    let cheat = watch.adversary.map(|adversary| {
        let cheat = Cheat::default();
        session.intercept(adversary.party, cheat.interceptor(adversary, plan.seed));
        cheat
    });
    let cheat = cheat.as_ref();
    let trained =
        |epochs, phases, abort| Ok(Trained { epochs, phases, altered: cheat.map(Cheat::altered), abort });

    let (mut epochs, mut phases) = (Vec::new(), Vec::new());
    let (mut done, mut attempt) = (0, 0);
    while done < total {
        let order = epoch_order(plan.seed, epochs.len() as u64, train.rows, batch);
        let iterations = (total - done).min(batches_per_epoch(train.rows, batch) as u64);
        session.begin_epoch(epochs.len() as u64 + 1);
        let (mut losses, mut last) = (Vec::new(), None);
        for (at, rows) in order.chunks_exact(batch).take(iterations as usize).enumerate() {
            cheat.iter().for_each(|cheat| cheat.begin());
            let iteration = session.iteration(rows);
            if let Some(abort) = Abort::of(&iteration, &session, cheat, false) {
                phases.push(Phase::Iterations(at as u64));
                return trained(epochs, phases, Some(abort));
            }
            let (trace, loss) = iteration?;
            same(&trace, recorded.map(|r| &r.iteration), "iteration")?;
            losses.extend(loss.map(|sum| plan.fixed_point.decode(sum.expect_values()[0]) / batch as f64));
            progress.step();
            last = Some(trace);
        }
        let last = last.expect("an epoch has an iteration");
        done += iterations;
        phases.push(Phase::Iterations(iterations));
        cheat.iter().for_each(|cheat| cheat.rest());
        let weights = session.open_weights()?;
        let correct = correct_predictions(&program.layers, &weights, &data.test, plan.fixed_point);
        let test_accuracy = correct as f64 / data.test.rows as f64;
        let restarted = test_accuracy < plan.training.restart_below && done < total;
        epochs.push(EpochResult {
            epoch: epochs.len() as u64 + 1,
            iterations: done,
            correct,
            test_accuracy,
            loss: (!losses.is_empty()).then(|| losses.iter().sum::<f64>() / losses.len() as f64),
            restarted,
            out_of_range: watch
                .beyond
                .map(|beyond| OutOfRange::since_last(beyond, &last, (&program.layers, &weights), bits)),
            rows_beyond_domain: watch.beyond.map(ValuesBeyond::take_rows),
        });
        if restarted {
            attempt += 1;
            let fresh = glorot_weights(&program.layers, plan.seed, attempt, plan.fixed_point);
            cheat.iter().for_each(|cheat| cheat.begin());
            let restart = session.restart(&fresh);
            if let Some(abort) = Abort::of(&restart, &session, cheat, true) {
                return trained(epochs, phases, Some(abort));
            }
            same(&restart?, recorded.map(|r| &r.restart), "restart")?;
            phases.push(Phase::Restart);
        }
    }
    trained(epochs, phases, None)
}
