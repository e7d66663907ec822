//! Replays of recorded traces under many networks, as fast as the machine allows, and exact to the picosecond.
//!
//! A [`Prepared`] trace is compiled once. [`replay_many`] runs phases of them (one trace, a number of times in sequence
//! with clocks and links going on) under any number of networks, each from clocks at zero. It picks the way by itself:
//!
//! * networks without jitter and without limits on incoming interfaces: eight side by side ([`eight`]), what is left
//!   over one by one ([`one`]);
//! * with limits on incoming interfaces: the engine ([`shared`]);
//! * with jitter, with times near 2^62 picoseconds, and in other rare cases: the engine, every run.
//!
//! In all but the last, runs that repeat are not run ([`drive`]).

mod depth;
mod drive;
mod eight;
mod one;
mod prepared;
mod rows;
mod shared;
mod steps;

use self::{
    drive::{Course, Machine, drive},
    eight::{Eight, LANES},
    one::One,
    rows::{Framed, Rates, Row},
    shared::{Shared, order_repeats},
};
use super::{Clock, Network, Replayer, SimError};

pub use prepared::Prepared;

/// No sum of times may pass this, in picoseconds, except in the engine, which checks each.
const MOST_PS: u128 = 1 << 62;
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
enum Way {
    Lanes,
    One,
    Shared,
    Engine,
}

/// Phases, with every trace once.
struct Plan<'p> {
    traces: Vec<&'p Prepared>,
    phases: Vec<(usize, u64)>,
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
    let mut framed = None;
    let mut finishes: Vec<Option<Result<Finish, SimError>>> = networks.iter().map(|_| None).collect();
    let mut waiting: Vec<(usize, Vec<Vec<Row>>)> = Vec::with_capacity(LANES);
    for (at, network) in networks.iter().enumerate() {
        let (way, rows) = plan.way(network, &mut framed);
        match way {
            Way::Lanes => waiting.push((at, rows)),
            way => finishes[at] = Some(plan.alone(network, way, rows)),
        }
        if waiting.len() == LANES {
            plan.together(networks, std::mem::take(&mut waiting), &mut finishes);
        }
    }
    if waiting.len() > 1 {
        plan.together(networks, waiting, &mut finishes);
    } else if let Some((at, rows)) = waiting.pop() {
        finishes[at] = Some(plan.alone(&networks[at], Way::One, rows));
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
    let (way, rows) = plan.way(network, &mut None);
    plan.alone(network, if let Way::Lanes = way { Way::One } else { way }, rows)
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
        let mut plan = Plan { traces, phases, parties, depths: vec![0; parties], timed };
        for &(trace, times) in &plan.phases {
            if plan.traces[trace].fits {
                plan.traces[trace].depths.apply(&mut plan.depths, times);
            }
        }
        plan
    }

    /// How a network is to be run, and the rows of each trace unless by the engine; `framed` is kept from network to
    /// network.
    fn way(&self, network: &Network, framed: &mut Option<Framed>) -> (Way, Vec<Vec<Row>>) {
        let rates = Rates::new(network);
        let fits = network.parties == self.parties && self.traces.iter().all(|trace| trace.fits);
        if !fits || network.has_jitter() {
            return (Way::Engine, Vec::new());
        }
        let framed = match framed {
            Some(framed) if framed.is_of(network) => framed,
            _ => framed.insert(Framed::new(network.overhead, &self.traces)),
        };
        let count = self.traces.len();
        let (mut rows, mut longest_ps) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (at, trace) in self.traces.iter().enumerate() {
            let Some((of_trace, most_ps)) = rates.rows(trace, at, framed) else {
                return (Way::Engine, Vec::new());
            };
            rows.push(of_trace);
            longest_ps.push(most_ps);
        }
        let all = self.phases.iter().try_fold(0u128, |all, &(trace, times)| {
            all.checked_add(longest_ps[trace].checked_mul(u128::from(times))?)
        });
        if all.is_none_or(|all| all >= MOST_PS) {
            return (Way::Engine, Vec::new());
        }
        let way = if rates.limits_ingress() {
            if order_repeats(network, &self.traces) { Way::Shared } else { Way::Engine }
        } else if longest_ps.iter().all(|&most_ps| most_ps < u128::from(MOST_EXACT_PS)) {
            Way::Lanes
        } else {
            Way::One
        };
        (way, rows)
    }

    fn course(&self) -> Course {
        Course::new(self.parties, self.timed)
    }

    fn alone(&self, network: &Network, way: Way, rows: Vec<Vec<Row>>) -> Result<Finish, SimError> {
        let traces = self.traces.clone();
        match way {
            Way::Engine => self.every_run(network),
            Way::Shared => self.drive_one(Shared::new(network, traces)),
            Way::Lanes | Way::One => {
                self.drive_one(One::new(self.parties, traces.into_iter().zip(rows).collect()))
            }
        }
    }

    fn drive_one(&self, mut machine: impl Machine) -> Result<Finish, SimError> {
        let mut courses = [self.course()];
        drive(&mut machine, &mut courses, &self.phases, u64::MAX)?;
        let [course] = courses;
        self.finish(course)
    }

    /// Two to eight networks side by side.
    fn together(
        &self,
        networks: &[Network],
        waiting: Vec<(usize, Vec<Vec<Row>>)>,
        finishes: &mut [Option<Result<Finish, SimError>>],
    ) {
        let (places, rows): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let mut machine = Eight::new(self.parties, &self.traces, &rows);
        let mut courses: Vec<_> = places.iter().map(|_| self.course()).collect();
        let driven = drive(&mut machine, &mut courses, &self.phases, MOST_EXACT_PS);
        for ((at, rows), course) in places.into_iter().zip(rows).zip(courses) {
            finishes[at] = Some(if driven.is_err() || course.lost {
                self.alone(&networks[at], Way::One, rows)
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
