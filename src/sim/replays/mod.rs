//! Replays of recorded traces under many networks, as fast as the machine allows, and exact to the picosecond.
//!
//! A [`Prepared`] trace is compiled once. [`replay_many`] runs phases of them (one trace, a number of times in sequence
//! with clocks and links going on) under any number of networks, each from clocks at zero. It chooses how by itself:
//!
//! * plain networks without limits on incoming interfaces, and those with TCP and no limits on interfaces: eight side by side, what is left over one by
//!   one ([`lanes`]);
//! * with limits on incoming interfaces, with sites that parties share, one wire, bursts: the engine ([`shared`]);
//! * with jitter on a link that is used, with losses, with links that change, with faults, with runs that can take 2^61 picoseconds (27 days) each,
//!   and in other rare cases: the engine, every run.
//!
//! In all but the last, runs that repeat are not run ([`drive`]), however many there are. Jitter that is always the same
//! is latency.

mod depth;
mod drive;
mod lanes;
mod prepared;
mod rates;
mod shared;
mod steps;

use self::{
    drive::{Machine, Progress, drive},
    lanes::{LANES, Lanes, Number},
    rates::Rates,
    shared::{Shared, order_repeats},
};
use std::borrow::Cow;

use super::{
    Clock, Jitter, Network, Replayer, SimError, Stall,
    clock::{depth, last},
};

pub use drive::PhaseEnd;
pub use prepared::Prepared;

/// A run with integers: its state, and all that it can add, in picoseconds. Only the engine checks each sum.
const MOST_PS: u64 = 1 << 61;
/// The same with doubles. Twice this is exact.
const MOST_EXACT_PS: u64 = 1 << 52;

/// A trace run a number of times in sequence.
#[derive(Debug, Clone, Copy)]
pub struct Phase<'p> {
    /// What is run.
    pub trace: &'p Prepared,
    /// How often.
    pub times: u64,
}

/// Where a network stands after all phases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    /// Each party's clock.
    pub clocks: Vec<Clock>,
    /// If asked for: how long each run took in picoseconds, from the last party's end of the run before.
    pub durations_ps: Vec<u64>,
    /// Where it stood after each phase.
    pub phase_ends: Vec<PhaseEnd>,
}

impl Finish {
    /// Where so many parties begin.
    fn of_nothing(parties: usize) -> Finish {
        Finish { clocks: vec![Clock::default(); parties], durations_ps: Vec::new(), phase_ends: Vec::new() }
    }
}

/// How a network is run.
enum Execution<'n> {
    /// With others, in doubles.
    Lanes(Rates<'n>),
    /// With others that have TCP, in integers.
    Windows(Rates<'n>),
    /// Alone, in integers.
    One(Rates<'n>),
    Shared,
    Engine,
}

/// Networks, by their places, that are run once there are enough of them.
type Waiting<'n> = Vec<(usize, Rates<'n>)>;

/// Phases, with every trace once.
struct Plan<'p> {
    traces: Vec<&'p Prepared>,
    phases: Vec<(usize, u64)>,
    parties: usize,
    /// After all phases; `None` if they cannot be counted.
    depths: Option<Vec<u64>>,
    /// The greatest of them after each phase.
    rounds: Vec<u64>,
    timed: bool,
}

/// Runs phases under many networks, each from clocks at zero: the clocks of each, in the order of the networks.
///
/// All traces must have been prepared for the same endpoints; panics if not, or if a network contradicts itself.
pub fn replay_many(phases: &[Phase<'_>], networks: &[Network]) -> Vec<Result<Finish, SimError>> {
    if phases.is_empty() {
        return networks.iter().map(|network| Ok(Finish::of_nothing(network.parties))).collect();
    }
    let plan = Plan::new(phases, false);
    let mut finishes: Vec<Option<Result<Finish, SimError>>> = networks.iter().map(|_| None).collect();
    let (mut plain, mut with_tcp) = (Waiting::with_capacity(LANES), Waiting::with_capacity(LANES));
    let networks: Vec<_> = networks.iter().map(|network| plan.steady(network)).collect();
    for (at, network) in networks.iter().enumerate() {
        match plan.execution(network) {
            Execution::Lanes(rates) => plain.push((at, rates)),
            Execution::Windows(rates) => with_tcp.push((at, rates)),
            execution => finishes[at] = Some(plan.alone(network, execution)),
        }
        let due =
            |waiting: &Waiting<'_>| waiting.len() == LANES || at + 1 == networks.len() && !waiting.is_empty();
        if due(&plain) {
            plan.together::<f64, 0>(std::mem::take(&mut plain), MOST_EXACT_PS, &mut finishes);
        }
        if due(&with_tcp) {
            plan.together::<i64, LANES>(std::mem::take(&mut with_tcp), MOST_PS, &mut finishes);
        }
    }
    finishes.into_iter().map(|finish| finish.expect("every network was run")).collect()
}

/// Runs phases under one network from clocks at zero, and tells how long each run took.
///
/// All traces must have been prepared for the same endpoints; panics if not, or if the network contradicts itself.
pub fn replay_phases(phases: &[Phase<'_>], network: &Network) -> Result<Finish, SimError> {
    if phases.is_empty() {
        return Ok(Finish::of_nothing(network.parties));
    }
    let plan = Plan::new(phases, true);
    let network = plan.steady(network);
    let execution = plan.execution(&network);
    plan.alone(&network, execution)
}

impl<'p> Plan<'p> {
    fn new(phases: &[Phase<'p>], timed: bool) -> Plan<'p> {
        let mut traces: Vec<&'p Prepared> = Vec::new();
        let mut place = |trace: &'p Prepared| {
            let known = traces.iter().position(|&known| std::ptr::eq(known, trace));
            known.unwrap_or_else(|| {
                assert!(
                    traces.first().is_none_or(|first| first.endpoints == trace.endpoints),
                    "all traces are prepared for the same endpoints"
                );
                traces.push(trace);
                traces.len() - 1
            })
        };
        let phases: Vec<_> = phases.iter().map(|phase| (place(phase.trace), phase.times)).collect();
        let parties = traces.first().map_or(0, |trace| trace.parties());
        let (mut depths, mut rounds) = (Some(vec![0; parties]), Vec::with_capacity(phases.len()));
        for &(trace, times) in &phases {
            if traces[trace].fits {
                depths = depths.and_then(|depths| traces[trace].depths.apply(depths, times));
            }
            rounds.push(depths.iter().flatten().copied().max().unwrap_or(0));
        }
        Plan { traces, phases, parties, depths, rounds, timed }
    }

    /// A network of the same times without the jitter that makes no difference: on links without messages, and where
    /// every draw is the same.
    fn steady<'n>(&self, network: &'n Network) -> Cow<'n, Network> {
        let mut steady = Cow::Borrowed(network);
        if network.parties != self.parties || !network.has_jitter() || !network.changes.is_empty() {
            return steady;
        }
        let used =
            |link: usize| self.traces.iter().any(|trace| !trace.fits || trace.loads[link].messages > 0);
        for link in 0..network.links.len() {
            let Some(jitter_ps) =
                (if used(link) { network.links[link].jitter.constant_ps() } else { Some(0) })
            else {
                continue;
            };
            if let Some(latency_ps) = network.links[link].latency_ps.checked_add(jitter_ps) {
                let link = &mut steady.to_mut().links[link];
                (link.latency_ps, link.jitter) = (latency_ps, Jitter::None);
                link.jitter_correlation = 0.0;
            }
        }
        steady
    }

    /// How a network is to be run.
    fn execution<'n>(&self, network: &'n Network) -> Execution<'n> {
        let rates = Rates::new(network);
        let fits = network.parties == self.parties && self.traces.iter().all(|trace| trace.fits);
        if !fits || network.varies() {
            return Execution::Engine;
        }
        // The rough bound is mostly enough.
        let mut most_ps = self.most_ps(|trace| rates.roughly_longest_ps(trace));
        if most_ps.is_none_or(|most_ps| most_ps >= MOST_EXACT_PS) {
            most_ps = self.most_ps(|trace| rates.longest_ps(trace));
        }
        let Some(most_ps) = most_ps.filter(|&most_ps| most_ps < MOST_PS) else { return Execution::Engine };
        if network.tcp.is_some() && !rates.limits_egress() && !rates.limits_ingress() {
            Execution::Windows(rates)
        } else if rates.limits_ingress() || network.is_shaped() {
            if order_repeats(network, &self.traces) { Execution::Shared } else { Execution::Engine }
        } else if most_ps < MOST_EXACT_PS {
            Execution::Lanes(rates)
        } else {
            Execution::One(rates)
        }
    }

    /// No longer than this can a run take, if one of a trace takes no longer than `longest_ps`.
    fn most_ps(&self, longest_ps: impl Fn(&Prepared) -> Option<u64>) -> Option<u64> {
        self.traces.iter().try_fold(0, |most_ps, trace| Some(longest_ps(trace)?.max(most_ps)))
    }

    fn progress(&self) -> Progress {
        Progress::new(self.parties, self.timed)
    }

    fn alone(&self, network: &Network, execution: Execution<'_>) -> Result<Finish, SimError> {
        match execution {
            Execution::Engine => self.every_run(network),
            Execution::Shared => self.drive_one(network, Shared::new(network, self.traces.clone())),
            Execution::Lanes(rates) | Execution::One(rates) => {
                self.drive_one(network, Lanes::<i64, 1, 0>::new(&self.traces, &[rates]))
            }
            Execution::Windows(rates) => {
                self.drive_one(network, Lanes::<i64, 1, 1>::new(&self.traces, &[rates]))
            }
        }
    }

    fn drive_one(&self, network: &Network, mut machine: impl Machine) -> Result<Finish, SimError> {
        let mut progresses = [self.progress()];
        drive(&mut machine, &mut progresses, &self.phases, MOST_PS)?;
        let [progress] = progresses;
        if progress.lost { self.every_run(network) } else { self.finish(progress) }
    }

    /// Up to eight networks side by side, whose states may grow to so much.
    fn together<T: Number, const W: usize>(
        &self,
        waiting: Waiting<'_>,
        most_ps: u64,
        finishes: &mut [Option<Result<Finish, SimError>>],
    ) {
        let (places, rates): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let mut machine = Lanes::<T, LANES, W>::new(&self.traces, &rates);
        let mut progresses: Vec<_> = places.iter().map(|_| self.progress()).collect();
        let driven = drive(&mut machine, &mut progresses, &self.phases, most_ps);
        for ((at, rates), progress) in places.into_iter().zip(rates).zip(progresses) {
            finishes[at] = Some(if driven.is_err() || progress.lost {
                let network = rates.network;
                let alone = if W > 0 { Execution::Windows(rates) } else { Execution::One(rates) };
                self.alone(network, alone)
            } else {
                self.finish(progress)
            });
        }
    }

    fn finish(&self, mut progress: Progress) -> Result<Finish, SimError> {
        let depths = self.depths.as_ref().ok_or(SimError::Total("rounds"))?;
        let clocks = progress.clocks(depths)?;
        let mut phase_ends = std::mem::take(&mut progress.phase_ends);
        phase_ends.iter_mut().zip(&self.rounds).for_each(|(end, &rounds)| end.rounds = rounds);
        Ok(Finish { clocks, durations_ps: progress.durations_ps.take().unwrap_or_default(), phase_ends })
    }

    /// All runs, by the engine.
    fn every_run(&self, network: &Network) -> Result<Finish, SimError> {
        let endpoints = self.traces.first().map_or(&[][..], |trace| &trace.endpoints);
        if endpoints.len() != network.parties {
            return Err(SimError::PartyCount { trace: self.parties, network: network.parties });
        }
        let mut replayer = Replayer::new(network, endpoints);
        let (mut durations_ps, mut runs) = (Vec::new(), 0);
        let mut phase_ends = Vec::with_capacity(self.phases.len());
        for &(trace, times) in &self.phases {
            for _ in 0..times {
                let replay =
                    replayer.run(self.traces[trace].trace(), &mut ()).map_err(|error| match error {
                        SimError::Stalled(stall) => SimError::Stalled(Box::new(Stall { runs, ..*stall })),
                        other => other,
                    })?;
                runs += 1;
                if self.timed {
                    durations_ps.push(last(&replay.clocks).time_ps - last(&replay.start).time_ps);
                }
            }
            let clocks = replayer.clocks();
            phase_ends.push(PhaseEnd::of(&clocks, depth(&clocks)));
        }
        Ok(Finish { clocks: replayer.clocks(), durations_ps, phase_ends })
    }
}
