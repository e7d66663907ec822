//! The program of a plan, recorded on shapes, and its cost by replay.

use super::session::{Demands, Session};
use super::targets::{Evaluation, Spent};
use super::world::world;
use crate::ledger::Cost;
use crate::nn::{SecretData, Secrets, TrainingProgram, Weights, fans};
use crate::protocol::Protocol;
use crate::protocol::registry::{Starter, Visitor};
use crate::ring::Content;
use crate::scenario::{Offline, Plan};
use crate::sim::{
    self, Clock, Endpoint, Faults, Finish, Network, PhaseEnd, Prepared, Replayer, SimError, Trace,
    WireOverhead, replay_many, replay_phases,
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
    /// The traces that count, if the offline phase is not just before the online phase.
    arranged: Option<Arranged>,
}

/// Traces of which costs are made.
struct Arranged {
    setup: Trace,
    iteration: Trace,
    restart: Trace,
    /// Whether an iteration is its online phase with the offline phase of the next beside it.
    overlaps: bool,
}

/// A trace that is run a number of times.
struct Stretch<'r> {
    trace: &'r Trace,
    times: u64,
    /// Whether a run is an iteration of the training.
    is_iteration: bool,
}

/// Place of a trace, number of runs, and whether they are iterations.
type Runs = (usize, u64, bool);

/// A training ready to be replayed.
pub(crate) struct Ready {
    /// One iteration first.
    prepared: Vec<Prepared>,
    order: Vec<Runs>,
    /// The trainings that end with an evaluation that is asked for, if they are not the first runs of this one.
    cut_short: Option<Vec<Vec<Runs>>>,
}

impl Ready {
    /// One iteration.
    pub(crate) fn iteration(&self) -> &Prepared {
        &self.prepared[0]
    }

    /// The whole training.
    pub(crate) fn phases(&self) -> Vec<sim::Phase<'_>> {
        self.phases_of(&self.order)
    }

    fn phases_of(&self, order: &[Runs]) -> Vec<sim::Phase<'_>> {
        order.iter().map(|&(at, times, _)| sim::Phase { trace: &self.prepared[at], times }).collect()
    }

    /// Where each network stands at the evaluations that this was made ready for: where a training of so many iterations ends.
    /// `finish` is where the whole training under it does.
    pub(crate) fn ends_at(
        &self,
        evaluations: &[usize],
        networks: &[Network],
        finishes: &[&Finish],
    ) -> Result<Vec<Vec<PhaseEnd>>, SimError> {
        let Some(cut_short) = &self.cut_short else {
            let places: Vec<usize> = (0..self.order.len()).filter(|&at| self.order[at].2).collect();
            let ends = |finish: &&Finish| {
                evaluations.iter().map(|&evaluation| finish.phase_ends[places[evaluation]]).collect()
            };
            return Ok(finishes.iter().map(ends).collect());
        };
        let mut ends = vec![Vec::with_capacity(evaluations.len()); networks.len()];
        for order in cut_short {
            for (ends, finish) in ends.iter_mut().zip(replay_many(&self.phases_of(order), networks)) {
                ends.push(*finish?.phase_ends.last().expect("an iteration"));
            }
        }
        Ok(ends)
    }

    /// How many of the first runs are iterations.
    pub(crate) fn iterations_of(&self, runs: u64) -> u64 {
        let (mut iterations, mut left) = (0, runs);
        for &(_, times, is_iteration) in &self.order {
            let done = times.min(left);
            iterations += if is_iteration { done } else { 0 };
            left -= done;
        }
        iterations
    }

    /// Of the runs of the training, the durations of those that are iterations.
    fn of_iterations(&self, durations_ps: &[u64]) -> Vec<u64> {
        let kinds = self.order.iter().flat_map(|&(_, times, is)| std::iter::repeat_n(is, times as usize));
        durations_ps.iter().zip(kinds).filter(|(_, is_iteration)| *is_iteration).map(|(ps, _)| *ps).collect()
    }
}

/// The span of all that an offline phase does.
const OFFLINE: &str = "offline";

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
    /// What had been spent at each evaluation that was asked for.
    pub spent: Vec<Spent>,
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
        self.run(start, unprepared.demands)?.arrange(self.plan.offline)
    }
}

impl Recorder<'_> {
    fn run<P: Protocol>(&self, start: Starter<P>, demands: Demands) -> Result<Recorded, SimError> {
        let Recorder { plan, program, most_at_once } = self;
        let world = world(&plan.network, &plan.compute, plan.seed);
        let weights: Vec<Weights> = fans(&program.layers).into_iter().map(Weights::shape).collect();
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
        let restart = session.restart(&weights)?;
        let demands = Demands { setup: setup_demand, iteration: iteration_demand, restart: session.demand() };
        Ok(Recorded { setup, iteration, iteration_apart, restart, demands, arranged: None })
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
    plan.protocol.visit_with(plan.triples, Recorder { plan, program, most_at_once })
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
        let [setup, iteration, restart] = self.figures();
        for trace in [setup, iteration] {
            Self::alone(trace, network, endpoints)?;
        }
        let mut most = Cost::default();
        most.add_counts(&Cost::of_trace(iteration, &network.overhead)?, iterations)?;
        most.add_counts(&Cost::of_trace(restart, &network.overhead)?, epochs)?;
        // What does not fit at best does not fit.
        let iteration = Prepared::new(iteration, endpoints)?;
        let phases = [sim::Phase { trace: &iteration, times: iterations }];
        replay_many(&phases, &[network.at_best()]).remove(0).map(|_| ())
    }

    /// The same with the offline phase as wanted. What was recorded stays as it is.
    fn arrange(mut self, offline: Offline) -> Result<Recorded, SimError> {
        let Some([prepares, online]) = &self.iteration_apart else { return Ok(self) };
        self.arranged = match offline {
            Offline::Before => None,
            Offline::Overlapped => Some(Arranged {
                setup: self.setup.clone(),
                iteration: online.beside(prepares)?,
                restart: self.restart.clone(),
                overlaps: true,
            }),
            Offline::Excluded => Some(Arranged {
                setup: self.setup.without_span(OFFLINE),
                iteration: online.clone(),
                restart: self.restart.without_span(OFFLINE),
                overlaps: false,
            }),
        };
        Ok(self)
    }

    /// Set-up, one iteration and a restart, as they count.
    pub fn figures(&self) -> [&Trace; 3] {
        match &self.arranged {
            None => [&self.setup, &self.iteration, &self.restart],
            Some(Arranged { setup, iteration, restart, .. }) => [setup, iteration, restart],
        }
    }

    /// All runs of a training. Where phases overlap, the first offline phase and the last online phase are alone.
    fn stretches(&self, phases: &[Phase]) -> Vec<Stretch<'_>> {
        let [_, iteration, restart] = self.figures();
        let ends =
            self.iteration_apart.as_ref().filter(|_| self.arranged.as_ref().is_some_and(|a| a.overlaps));
        let last = phases.iter().rposition(|phase| matches!(phase, Phase::Iterations(1..)));
        let mut stretches = Vec::new();
        let mut add = |trace, times, is_iteration| {
            if times > 0 {
                stretches.push(Stretch { trace, times, is_iteration });
            }
        };
        if let (Some([offline, _]), Some(_)) = (ends, last) {
            add(offline, 1, false);
        }
        for (at, phase) in phases.iter().enumerate() {
            match (*phase, ends) {
                (Phase::Iterations(times), Some([_, online])) if Some(at) == last => {
                    add(iteration, times - 1, true);
                    add(online, 1, true);
                }
                (Phase::Iterations(times), _) => add(iteration, times, true),
                (Phase::Restart, _) => add(restart, 1, false),
            }
        }
        stretches
    }

    /// A training, made ready to be replayed, and to say where it stands at some of its evaluations.
    pub(crate) fn ready(
        &self,
        endpoints: &[Endpoint],
        phases: &[Phase],
        evaluations: &[usize],
    ) -> Result<Ready, SimError> {
        let mut traces = vec![self.figures()[1]];
        let mut order_of = |phases: &[Phase]| {
            let place = |Stretch { trace, times, is_iteration }| {
                let known = traces.iter().position(|known| std::ptr::eq(*known, trace));
                let at = known.unwrap_or_else(|| {
                    traces.push(trace);
                    traces.len() - 1
                });
                (at, times, is_iteration)
            };
            self.stretches(phases).into_iter().map(place).collect::<Vec<Runs>>()
        };
        let order = order_of(phases);
        // Where phases overlap, the last online phase is alone: a training that ends here does other things at its end.
        let overlaps = self.arranged.as_ref().is_some_and(|arranged| arranged.overlaps);
        let cut_short = overlaps
            .then(|| evaluations.iter().map(|&at| order_of(&phases_until(phases, at))).collect::<Vec<_>>());
        let prepared = traces.into_iter().map(|trace| Prepared::new(trace, endpoints));
        Ok(Ready { prepared: prepared.collect::<Result<_, _>>()?, order, cut_short })
    }

    /// What had been spent at an evaluation, at which a training that began after the set-up stands at `end`. An error if that
    /// cannot be counted.
    pub(crate) fn spent(
        &self,
        setup: &Cost,
        evaluation: &Evaluation,
        end: &PhaseEnd,
    ) -> Result<Spent, SimError> {
        const BYTES: SimError = SimError::Total("payload bytes");
        let [_, iteration, restart] = self.figures();
        let mut payload_bytes = setup.payload_bytes;
        for (trace, times) in [(iteration, evaluation.iterations), (restart, evaluation.restarts)] {
            let bytes = trace.payload_bytes().and_then(|bytes| bytes.checked_mul(times)).ok_or(BYTES)?;
            payload_bytes = payload_bytes.checked_add(bytes).ok_or(BYTES)?;
        }
        let modelled_ps = setup.modelled_ps.checked_add(end.time_ps).ok_or(SimError::Overflow)?;
        let mut critical_path = setup.critical_path;
        critical_path.add(&end.parts);
        Ok(Spent {
            iterations: evaluation.iterations,
            rounds: setup.rounds.checked_add(end.rounds).ok_or(SimError::Total("rounds"))?,
            payload_bytes,
            modelled_ps,
            critical_path,
        })
    }

    /// What a training sends; rounds and time are left at zero. An error if that cannot be counted.
    pub(crate) fn training_counts(
        &self,
        overhead: &WireOverhead,
        phases: &[Phase],
    ) -> Result<Cost, SimError> {
        let mut training = Cost::default();
        for stretch in self.stretches(phases) {
            training.add_counts(&Cost::of_trace(stretch.trace, overhead)?, stretch.times)?;
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
        self.costs_at(faulty, endpoints, (phases, &[]))
    }

    /// The same, and what had been spent at each evaluation, which ends a phase of iterations.
    pub fn costs_at(
        &self,
        faulty: &Network,
        endpoints: &[Endpoint],
        (phases, evaluations): (&[Phase], &[Evaluation]),
    ) -> Result<Costs, SimError> {
        let network = &Network { faults: Faults::default(), ..faulty.clone() };
        let alone = |trace| Self::alone(trace, network, endpoints);
        let [setup, iteration, _] = self.figures();
        let (setup, iteration) = (alone(setup)?, alone(iteration)?);
        let iteration_apart = match &self.iteration_apart {
            Some([offline, online]) => Some([alone(offline)?, alone(online)?]),
            None => None,
        };
        let training = self.training_counts(&network.overhead, phases)?;
        let all: Vec<usize> = (0..evaluations.len()).collect();
        let ready = self.ready(endpoints, phases, &all)?;
        let phases = ready.phases();
        let finish = if faulty.varies() {
            replay_phases(&phases, faulty)?
        } else {
            replay_many(&phases, std::slice::from_ref(faulty)).remove(0)?
        };
        let training = training.with_clocks(&finish.clocks);
        let iteration_durations_ps = ready.of_iterations(&finish.durations_ps);
        let ends = ready.ends_at(&all, std::slice::from_ref(faulty), &[&finish])?.remove(0);
        let spent =
            evaluations.iter().zip(&ends).map(|(evaluation, end)| self.spent(&setup, evaluation, end));
        let spent = spent.collect::<Result<_, _>>()?;
        Ok(Costs { setup, iteration, iteration_apart, training, iteration_durations_ps, spent })
    }

    /// How long a training takes under each of some networks, in picoseconds.
    pub(super) fn training_times_ps(
        &self,
        networks: &[Network],
        endpoints: &[Endpoint],
        phases: &[Phase],
    ) -> Result<Vec<u64>, SimError> {
        let ready = self.ready(endpoints, phases, &[])?;
        let last = |clocks: &[Clock]| clocks.iter().map(|clock| clock.time_ps).max().unwrap_or(0);
        let finishes = replay_many(&ready.phases(), networks);
        finishes.into_iter().map(|finish| Ok(last(&finish?.clocks))).collect()
    }
}

/// What is done until an evaluation, which ends a phase of iterations: neighbours of them together.
fn phases_until(phases: &[Phase], evaluation: usize) -> Vec<Phase> {
    let mut until: Vec<Phase> = Vec::new();
    let mut seen = 0;
    for &phase in phases {
        match (until.last_mut(), phase) {
            (Some(Phase::Iterations(before)), Phase::Iterations(times)) => *before += times,
            _ => until.push(phase),
        }
        if matches!(phase, Phase::Iterations(_)) {
            if seen == evaluation {
                break;
            }
            seen += 1;
        }
    }
    until
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_iteration_does_not_count_as_one() {
        let order = vec![(1, 1, false), (0, 3, true), (2, 1, false), (0, 1, true), (3, 1, true)];
        let ready = Ready { prepared: Vec::new(), order, cut_short: None };
        let iterations: Vec<u64> = (0..9).map(|runs| ready.iterations_of(runs)).collect();
        assert_eq!(iterations, [0, 0, 1, 2, 3, 3, 4, 5, 5]);
        assert_eq!(ready.of_iterations(&[9, 1, 2, 3, 8, 4, 5]), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_training_is_cut_short_after_an_evaluation() {
        use Phase::{Iterations, Restart};
        let phases = [Iterations(3), Iterations(2), Restart, Iterations(3), Iterations(1)];
        let until: Vec<Vec<Phase>> = (0..4).map(|at| phases_until(&phases, at)).collect();
        let whole = vec![Iterations(5), Restart, Iterations(4)];
        let third = vec![Iterations(5), Restart, Iterations(3)];
        assert_eq!(until, [vec![Iterations(3)], vec![Iterations(5)], third, whole]);
    }
}
