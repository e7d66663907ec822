//! Replays of recorded traces under many networks, as fast as the machine allows, and exact to the picosecond.
//!
//! A [`Prepared`] trace is compiled once. [`replay_many`] runs phases of them (one trace, a number of times in sequence
//! with clocks and links going on) under any number of networks, each from clocks at zero. It picks the way by itself:
//!
//! * networks without jitter and without limits on incoming interfaces: eight side by side, what is left over one by one
//!   ([`lanes`]);
//! * with limits on incoming interfaces: the engine ([`shared`]);
//! * with jitter, with times near 2^62 picoseconds, and in other rare cases: the engine, every run.
//!
//! In all but the last, runs that repeat are not run ([`drive`]).

mod depth;
mod drive;
mod lanes;
mod prepared;
mod rates;
mod shared;
mod steps;

use self::{
    drive::{Course, Machine, drive},
    lanes::{LANES, Lanes},
    rates::Rates,
    shared::{Shared, order_repeats},
};
use super::{Clock, Network, Replayer, SimError};

pub use prepared::Prepared;

/// No sum of times may pass this, in picoseconds, except in the engine, which checks each.
const MOST_PS: u64 = 1 << 62;
/// A run with doubles: its state, and all that it can add, in picoseconds. Twice this is exact.
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
}

/// How a network is run.
enum Way<'n> {
    /// With others, in doubles.
    Lanes(Rates<'n>),
    /// Alone, in integers.
    One(Rates<'n>),
    Shared,
    Engine,
}

/// Phases, with every trace once.
struct Plan<'p> {
    traces: Vec<&'p Prepared>,
    phases: Vec<(usize, u64)>,
    /// How often each trace is run; `None` if too often to count.
    times: Option<Vec<u64>>,
    parties: usize,
    /// After all phases.
    depths: Vec<u64>,
    timed: bool,
}

/// Runs phases under many networks, each from clocks at zero: the clocks of each, in the order of the networks.
///
/// All traces must have been prepared for the same endpoints; panics if not, or if a network contradicts itself.
pub fn replay_many(phases: &[Phase<'_>], networks: &[Network]) -> Vec<Result<Finish, SimError>> {
    let plan = Plan::new(phases, false);
    let mut finishes: Vec<Option<Result<Finish, SimError>>> = networks.iter().map(|_| None).collect();
    let mut waiting: Vec<(usize, Rates<'_>)> = Vec::with_capacity(LANES);
    for (at, network) in networks.iter().enumerate() {
        let way = plan.way(network);
        match way {
            Way::Lanes(rates) => waiting.push((at, rates)),
            way => finishes[at] = Some(plan.alone(network, way)),
        }
        if waiting.len() == LANES || at + 1 == networks.len() && !waiting.is_empty() {
            plan.together(std::mem::take(&mut waiting), &mut finishes);
        }
    }
    finishes.into_iter().map(|finish| finish.expect("every network was run")).collect()
}

/// Runs phases under one network from clocks at zero, and tells how long each run took.
///
/// All traces must have been prepared for the same endpoints; panics if not, or if the network contradicts itself.
pub fn replay_phases(phases: &[Phase<'_>], network: &Network) -> Result<Finish, SimError> {
    if phases.is_empty() {
        return Ok(Finish { clocks: vec![Clock::default(); network.parties], durations_ps: Vec::new() });
    }
    let plan = Plan::new(phases, true);
    let way = plan.way(network);
    plan.alone(network, way)
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
        let mut times = Some(vec![0u64; traces.len()]);
        for &(trace, more) in &phases {
            times = times.and_then(|mut times| {
                times[trace] = times[trace].checked_add(more)?;
                Some(times)
            });
        }
        let mut plan = Plan { traces, phases, times, parties, depths: vec![0; parties], timed };
        for &(trace, times) in &plan.phases {
            if plan.traces[trace].fits {
                plan.traces[trace].depths.apply(&mut plan.depths, times);
            }
        }
        plan
    }

    /// How a network is to be run.
    fn way<'n>(&self, network: &'n Network) -> Way<'n> {
        let rates = Rates::new(network);
        let fits = network.parties == self.parties && self.traces.iter().all(|trace| trace.fits);
        if !fits || network.has_jitter() {
            return Way::Engine;
        }
        let Some(times) = &self.times else { return Way::Engine };
        // The rough bound is mostly enough.
        let mut bounds = self.bounds_ps(times, |trace| rates.roughly_longest_ps(trace));
        if bounds.is_none_or(|(all_ps, run_ps)| all_ps >= MOST_PS || run_ps >= MOST_EXACT_PS) {
            bounds = self.bounds_ps(times, |trace| rates.longest_ps(trace));
        }
        let Some((_, most_ps)) = bounds.filter(|&(all_ps, _)| all_ps < MOST_PS) else { return Way::Engine };
        if rates.limits_ingress() {
            if order_repeats(network, &self.traces) { Way::Shared } else { Way::Engine }
        } else if most_ps < MOST_EXACT_PS {
            Way::Lanes(rates)
        } else {
            Way::One(rates)
        }
    }

    /// No longer than this can all runs take, and each of them, if a run of a trace takes no longer than `longest_ps`.
    fn bounds_ps(&self, times: &[u64], longest_ps: impl Fn(&Prepared) -> Option<u64>) -> Option<(u64, u64)> {
        let (mut all_ps, mut most_ps) = (0u64, 0);
        for (trace, &times) in self.traces.iter().zip(times) {
            let run_ps = longest_ps(trace)?;
            all_ps = all_ps.checked_add(run_ps.checked_mul(times)?)?;
            most_ps = most_ps.max(run_ps);
        }
        Some((all_ps, most_ps))
    }

    fn course(&self) -> Course {
        Course::new(self.parties, self.timed)
    }

    fn alone(&self, network: &Network, way: Way<'_>) -> Result<Finish, SimError> {
        match way {
            Way::Engine => self.every_run(network),
            Way::Shared => self.drive_one(Shared::new(network, self.traces.clone())),
            Way::Lanes(rates) | Way::One(rates) => {
                self.drive_one(Lanes::<i64, 1>::new(&self.traces, &[rates]))
            }
        }
    }

    fn drive_one(&self, mut machine: impl Machine) -> Result<Finish, SimError> {
        let mut courses = [self.course()];
        drive(&mut machine, &mut courses, &self.phases, u64::MAX)?;
        let [course] = courses;
        self.finish(course)
    }

    /// Up to eight networks side by side.
    fn together(&self, waiting: Vec<(usize, Rates<'_>)>, finishes: &mut [Option<Result<Finish, SimError>>]) {
        let (places, rates): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let mut machine = Lanes::<f64, LANES>::new(&self.traces, &rates);
        let mut courses: Vec<_> = places.iter().map(|_| self.course()).collect();
        let driven = drive(&mut machine, &mut courses, &self.phases, MOST_EXACT_PS);
        for ((at, rates), course) in places.into_iter().zip(rates).zip(courses) {
            finishes[at] = Some(if driven.is_err() || course.lost {
                self.drive_one(Lanes::<i64, 1>::new(&self.traces, &[rates]))
            } else {
                self.finish(course)
            });
        }
    }

    fn finish(&self, mut course: Course) -> Result<Finish, SimError> {
        let clocks = course.clocks(&self.depths)?;
        Ok(Finish { clocks, durations_ps: course.durations_ps.take().unwrap_or_default() })
    }

    /// All runs, by the engine.
    fn every_run(&self, network: &Network) -> Result<Finish, SimError> {
        let endpoints = self.traces.first().map_or(&[][..], |trace| &trace.endpoints);
        if endpoints.len() != network.parties {
            return Err(SimError::PartyCount { trace: self.parties, network: network.parties });
        }
        let mut replayer = Replayer::new(network, endpoints);
        let mut durations_ps = Vec::new();
        let last = |clocks: &[Clock]| clocks.iter().map(|clock| clock.time_ps).max().unwrap_or(0);
        for &(trace, times) in &self.phases {
            for _ in 0..times {
                let replay = replayer.run(self.traces[trace].trace(), &mut ())?;
                if self.timed {
                    durations_ps.push(last(&replay.clocks) - last(&replay.start));
                }
            }
        }
        Ok(Finish { clocks: replayer.clocks(), durations_ps })
    }
}
