//! Training itself: in the clear, on shares, or in floating point.

use super::adversary::Cheat;
use super::epochs::{Abort, Found, Learner, Stopped, Trained, train_epochs};
use super::floating::Floating;
use super::initial::initial_weights;
use super::out_of_range::OutOfRange;
use super::record::Recorded;
use super::session::{Demands, Session};
use super::verify::VerifyError;
use super::world::{clear_world, world};
use super::{Progress, RunError, Values, total_iterations};
use crate::data::TrainTest;
use crate::nn::{SecretData, Secrets, TrainingProgram, Weights, correct_predictions};
use crate::protocol::registry::{Starter, Visitor};
use crate::protocol::{Clear, Message, Protocol, ValuesBeyond};
use crate::ring::Content;
use crate::scenario::{Adversary, Numbers, Plan};
use crate::sim::{Party, SimError, Trace, World};

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
    progress.begin("training", total_iterations(plan, data.train.rows));
    match (plan.numbers, values) {
        (Numbers::Float64, _) => {
            train_epochs(plan, data, &mut Floating::<f64>::new(plan, program, data), progress)
        }
        (Numbers::Float32, _) => {
            train_epochs(plan, data, &mut Floating::<f32>::new(plan, program, data), progress)
        }
        (Numbers::FixedPoint, Values::Split) => {
            let beyond = ValuesBeyond::default();
            let start =
                |party| Clear::counting(party, plan.seed, beyond.clone()).mirroring(plan.protocol.ideal());
            let watch = Watch { recorded: None, beyond: Some(&beyond), adversary: None };
            train_values(plan, program, data, (clear_world(), start), watch, progress)
        }
        (Numbers::FixedPoint, Values::Shares) => {
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

/// Whether a phase did what was recorded, if that is looked at.
fn same(trace: &Trace, expected: Option<&Trace>, phase: &'static str) -> Result<(), RunError> {
    match expected {
        Some(expected) if trace != expected => Err(VerifyError::Trace { phase }.into()),
        _ => Ok(()),
    }
}

/// A training with a protocol on real values.
struct InFixedPoint<'a, P: Protocol> {
    plan: &'a Plan,
    program: &'a TrainingProgram,
    data: &'a TrainTest,
    session: Session<P>,
    watch: Watch<'a>,
    cheat: Option<Cheat>,
    /// The last iteration.
    last: Option<Trace>,
}

/// Trains with a protocol on real values.
fn train_values<P: Protocol>(
    plan: &Plan,
    program: &TrainingProgram,
    data: &TrainTest,
    (world, start): (World, impl Fn(Party<Message>) -> P),
    watch: Watch<'_>,
    progress: &dyn Progress,
) -> Result<Trained, RunError> {
    let recorded = watch.recorded;
    let all_rows: Vec<usize> = (0..data.train.rows).collect();
    let weights = initial_weights(plan, &program.layers, 0)?;
    let secret = SecretData::of(program, &data.train, &all_rows, plan.fixed_point);
    let format = (plan.fixed_point, plan.rounding);
    let secrets = Secrets { data: &secret, weights: &weights };
    let demands = recorded.map_or_else(Demands::default, |recorded| recorded.demands.clone());
    let (mut session, setup) = Session::set_up(world, start, format, program, secrets, demands)?;
    drop(secret);
    same(&setup, recorded.map(|r| &r.setup), "set-up")?;
    let cheat = watch.adversary.map(|adversary| {
        let cheat = Cheat::default();
        session.intercept(adversary.party, cheat.interceptor(adversary, plan.seed));
        cheat
    });
    let mut learner = InFixedPoint { plan, program, data, session, watch, cheat, last: None };
    let trained = train_epochs(plan, data, &mut learner, progress)?;
    Ok(Trained { altered: learner.cheat.as_ref().map(Cheat::altered), ..trained })
}

impl<P: Protocol> InFixedPoint<'_, P> {
    /// What a phase gave, or why the training is over.
    fn done<T>(&self, phase: Result<T, SimError>, in_restart: bool) -> Result<T, Stopped> {
        match (phase, &self.cheat) {
            (Err(SimError::Aborted { party, check, span }), Some(cheat)) => {
                Err(Stopped::Aborted(Box::new(Abort {
                    party,
                    check,
                    span,
                    trace: self.session.trace_so_far(),
                    in_restart,
                    loss_opened: cheat.loss_was_opened(),
                })))
            }
            (phase, _) => Ok(phase?),
        }
    }
}

impl<P: Protocol> InFixedPoint<'_, P> {
    /// The weights as they are, opened outside the training.
    fn weights(&mut self) -> Result<Vec<Weights>, RunError> {
        self.cheat.iter().for_each(Cheat::rest);
        Ok(self.session.open_weights()?)
    }

    /// Test rows that they classify rightly.
    fn correct(&self, weights: &[Weights]) -> usize {
        correct_predictions(&self.program.layers, weights, &self.data.test, self.plan.fixed_point)
    }
}

impl<P: Protocol> Learner for InFixedPoint<'_, P> {
    fn begin_epoch(&mut self, epoch: u64) {
        self.session.begin_epoch(epoch);
    }

    fn iteration(&mut self, rows: &[usize]) -> Result<Option<f64>, Stopped> {
        self.cheat.iter().for_each(Cheat::begin);
        let iteration = self.session.iteration(rows);
        let (trace, loss) = self.done(iteration, false)?;
        same(&trace, self.watch.recorded.map(|r| &r.iteration), "iteration")?;
        self.last = Some(trace);
        Ok(loss.map(|sum| self.plan.fixed_point.decode(sum.expect_values()[0])))
    }

    fn evaluate(&mut self) -> Result<usize, RunError> {
        let weights = self.weights()?;
        Ok(self.correct(&weights))
    }

    fn end_epoch(&mut self) -> Result<Found, RunError> {
        let (format, layers) = (self.plan.fixed_point, &self.program.layers);
        let weights = self.weights()?;
        let last = self.last.as_ref().expect("an epoch has an iteration");
        Ok(Found {
            correct: self.correct(&weights),
            out_of_range: self
                .watch
                .beyond
                .map(|beyond| OutOfRange::since_last(beyond, last, (layers, &weights), format.total_bits)),
            rows_beyond_domain: self.watch.beyond.map(ValuesBeyond::take_rows),
            not_finite: None,
        })
    }

    fn restart(&mut self, attempt: u64) -> Result<(), Stopped> {
        let fresh = initial_weights(self.plan, &self.program.layers, attempt)?;
        self.cheat.iter().for_each(Cheat::begin);
        let restart = self.session.restart(&fresh);
        let trace = self.done(restart, true)?;
        Ok(same(&trace, self.watch.recorded.map(|r| &r.restart), "restart")?)
    }
}
