//! The program of a plan, recorded on shapes, and its cost by replay.

use super::session::{Demands, Session};
use super::world::world;
use crate::ledger::Cost;
use crate::nn::{SecretData, Secrets, TrainingProgram, Weights};
use crate::protocol::Protocol;
use crate::protocol::registry::{Starter, Visitor};
use crate::ring::{Content, Vector};
use crate::scenario::Plan;
use crate::sim::{
    self, Endpoint, Faults, Network, Prepared, Replayer, SimError, Trace, WireOverhead, replay_many,
    replay_phases,
};

/// What all parties do in each phase of a training.
pub struct Recorded {
    /// Sharing of data and initial weights.
    pub setup: Trace,
    /// Any iteration, its offline phase first: they are all alike, since each prepares what it takes.
    pub iteration: Trace,
    /// The offline phase of an iteration and its online phase, apart; `None` if the protocol has no offline phase.
    pub iteration_apart: Option<[Trace; 2]>,
    /// Sharing of fresh weights when a training starts again.
    pub restart: Trace,
    /// What the phases take from their offline phases.
    pub demands: Demands,
}

/// A phase of a training after the set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// So many iterations.
    Iterations(u64),
    /// A restart from fresh weights.
    Restart,
}

/// The costs of all phases.
pub struct Costs {
    /// Of the set-up.
    pub setup: Cost,
    /// Of one iteration that all parties start together, its offline phase first.
    pub iteration: Cost,
    /// Of its offline phase and its online phase, each started together; `None` if the protocol has no offline phase.
    pub iteration_apart: Option<[Cost; 2]>,
    /// Of the whole training.
    pub training: Cost,
    /// How long each iteration of the training took, from the moment when the last party ended the one before; empty
    /// without jitter.
    pub iteration_durations_ps: Vec<u64>,
}

/// Weights of which only the number is known.
fn weight_shapes(program: &TrainingProgram) -> Vec<Weights> {
    let shape = |dense: &crate::nn::Dense| Weights {
        dense: *dense,
        weights: Vector::shape(dense.inputs * dense.outputs),
        bias: Vector::shape(dense.outputs),
    };
    program.layers.iter().map(shape).collect()
}

struct Recorder<'a> {
    plan: &'a Plan,
    program: &'a TrainingProgram,
    /// Most elements that are rounded to nearest at once.
    most_at_once: usize,
}

impl Visitor for Recorder<'_> {
    type Output = Result<Recorded, SimError>;

    fn visit<P: Protocol>(self, start: Starter<P>) -> Self::Output {
        let unprepared = self.run(start, Demands::default())?;
        if unprepared.demands == Demands::default() {
            return Ok(unprepared);
        }
        self.run(start, unprepared.demands)
    }
}

impl Recorder<'_> {
    fn run<P: Protocol>(&self, start: Starter<P>, demands: Demands) -> Result<Recorded, SimError> {
        let Recorder { plan, program, most_at_once } = self;
        let world = world(&plan.network, &plan.compute, plan.seed);
        let weights = weight_shapes(program);
        let start = |party| start(party, plan.seed, Content::Shape);
        let format = (plan.fixed_point, plan.rounding);
        let secrets = Secrets { data: &SecretData::shape(program), weights: &weights };
        let has_offline = demands != Demands::default();
        let (mut session, setup) = Session::set_up(world, start, format, program, secrets, demands)?;
        session.round_in_pieces(*most_at_once);
        let setup_demand = session.demand();
        let rows = vec![0; plan.training.batch];
        let (iteration, _) = session.iteration(&rows)?;
        let iteration_demand = session.demand();
        let iteration_apart = if has_offline { Some(session.iteration_apart(&rows)?) } else { None };
        let restart = session.restart(&weights, program.sgd)?;
        let demands = Demands { setup: setup_demand, iteration: iteration_demand, restart: session.demand() };
        Ok(Recorded { setup, iteration, iteration_apart, restart, demands })
    }
}

/// Records the program of a plan on shapes.
pub fn record(plan: &Plan, program: &TrainingProgram) -> Result<Recorded, SimError> {
    record_in_pieces(plan, program, usize::MAX)
}

/// The same for a program that rounds no more than so many elements to nearest at once.
pub(super) fn record_in_pieces(
    plan: &Plan,
    program: &TrainingProgram,
    most_at_once: usize,
) -> Result<Recorded, SimError> {
    plan.protocol.visit(Recorder { plan, program, most_at_once })
}

/// The same under a protocol that is in no registry, for as many parties as that of the plan.
pub fn record_as<P: Protocol>(
    start: Starter<P>,
    plan: &Plan,
    program: &TrainingProgram,
) -> Result<Recorded, SimError> {
    Recorder { plan, program, most_at_once: usize::MAX }.visit(start)
}

impl Recorded {
    /// The cost of a phase that all parties start together.
    fn alone(trace: &Trace, network: &Network, endpoints: &[Endpoint]) -> Result<Cost, SimError> {
        let replay = Replayer::new(network, endpoints).run(trace, &mut ())?;
        Ok(Cost::of_trace(trace, &network.overhead)?.with_clocks(&replay.clocks))
    }

    /// Says before a training whether its costs can be counted, restarted after every epoch or never.
    ///
    /// Its time is that without restarts. Should that almost fill a clock, restarts can still make it pass the end; then
    /// [`costs`](Self::costs) says so.
    pub fn check(
        &self,
        network: &Network,
        endpoints: &[Endpoint],
        (iterations, epochs): (u64, u64),
    ) -> Result<(), SimError> {
        for trace in [&self.setup, &self.iteration] {
            Self::alone(trace, network, endpoints)?;
        }
        let mut most = Cost::default();
        most.add_counts(&Cost::of_trace(&self.iteration, &network.overhead)?, iterations)?;
        most.add_counts(&Cost::of_trace(&self.restart, &network.overhead)?, epochs)?;
        // What does not fit at best does not fit.
        let iteration = Prepared::new(&self.iteration, endpoints)?;
        let phases = [sim::Phase { trace: &iteration, times: iterations }];
        replay_many(&phases, &[network.at_best()]).remove(0).map(|_| ())
    }

    /// What a training sends; rounds and time are left at zero. An error if that cannot be counted.
    pub(crate) fn training_counts(
        &self,
        overhead: &WireOverhead,
        phases: &[Phase],
    ) -> Result<Cost, SimError> {
        let iteration = Cost::of_trace(&self.iteration, overhead)?;
        let restart = Cost::of_trace(&self.restart, overhead)?;
        let mut training = Cost::default();
        for phase in phases {
            match *phase {
                Phase::Iterations(times) => training.add_counts(&iteration, times)?,
                Phase::Restart => training.add_counts(&restart, 1)?,
            }
        }
        Ok(training)
    }

    /// The costs under a network. Faults are those of the training; the other figures are without.
    pub fn costs(
        &self,
        faulty: &Network,
        endpoints: &[Endpoint],
        phases: &[Phase],
    ) -> Result<Costs, SimError> {
        let network = &Network { faults: Faults::default(), ..faulty.clone() };
        let setup = Self::alone(&self.setup, network, endpoints)?;
        let iteration = Self::alone(&self.iteration, network, endpoints)?;
        let iteration_apart = match &self.iteration_apart {
            Some([offline, online]) => {
                let alone = |trace| Self::alone(trace, network, endpoints);
                Some([alone(offline)?, alone(online)?])
            }
            None => None,
        };
        let mut training = self.training_counts(&network.overhead, phases)?;
        let prepared = [&self.iteration, &self.restart].map(|trace| Prepared::new(trace, endpoints));
        let [prepared_iteration, prepared_restart] = prepared;
        let (prepared_iteration, prepared_restart) = (prepared_iteration?, prepared_restart?);
        let phases = phases.iter().map(|phase| match *phase {
            Phase::Iterations(times) => sim::Phase { trace: &prepared_iteration, times },
            Phase::Restart => sim::Phase { trace: &prepared_restart, times: 1 },
        });
        let phases: Vec<_> = phases.collect();
        let finish = if faulty.varies() {
            replay_phases(&phases, faulty)?
        } else {
            replay_many(&phases, std::slice::from_ref(faulty)).remove(0)?
        };
        let mut durations = Vec::new();
        let mut runs = finish.durations_ps.iter().copied();
        for phase in &phases {
            let of_phase = runs.by_ref().take(phase.times as usize);
            if std::ptr::eq(phase.trace, &prepared_iteration) {
                durations.extend(of_phase);
            } else {
                of_phase.for_each(drop);
            }
        }
        training = training.with_clocks(&finish.clocks);
        Ok(Costs { setup, iteration, iteration_apart, training, iteration_durations_ps: durations })
    }
}
