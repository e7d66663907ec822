//! Many runs of a trace, of which those that repeat are not run.
//!
//! Owns the proof and the detection. Take as *state* between two runs: every clock relative to the earliest; for
//! every link and outgoing interface how long it stays busy after its sender's clock (0 if it is free by then, since no
//! send can be earlier); for an incoming interface and the last arrival on a link, the same from the earliest time at
//! which they could matter. A run compares times, adds to them, and takes maxima; it never looks at one alone. So
//! two runs that begin in the same state
//!
//! * make the same choices: the same messages are waited for, the same sends queue;
//! * end in the same state, the earliest clock having moved by the same time;
//! * do the same to each critical path: the path of party p goes on from that of the same party `origin(p)` (whose
//!   messages won the maxima on the way, ties included, since equal stays equal), and adds the same to its parts.
//!
//! Parts decide nothing, so that they need not repeat: after the same runs `parts(p) = parts(origin(p)) + added(p)`, and
//! a period of such steps is one step. A state that has occurred before therefore begins a period, and a number of
//! periods is a power of its step ([`follow_often`]). Depth is a matter of the trace alone ([`super::depth`]).
//!
//! No jitter may be in play, which depends on the number of the message, and no link that changes with time.

use super::steps::{PathStep, follow, follow_often};
use crate::sim::{Clock, Parts, clock::last, error::Overflow};

/// Periods of up to so many runs are found.
const LONGEST_PERIOD: usize = 16;

/// Where a network stands after a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PhaseEnd {
    /// When the last party is done, in picoseconds.
    pub time_ps: u64,
    /// What that time was spent on; adds up to it.
    pub parts: Parts,
    /// Longest chain of messages so far.
    pub rounds: u64,
}

impl PhaseEnd {
    pub(super) fn of(clocks: &[Clock], rounds: u64) -> PhaseEnd {
        let Clock { time_ps, parts, .. } = last(clocks);
        PhaseEnd { time_ps, parts, rounds }
    }
}

/// What a machine tells about one network after a run.
#[derive(Debug)]
pub(super) struct RunReport<'a> {
    /// To be filled with the state.
    pub state: &'a mut Vec<u64>,
    /// To be filled with each party's step.
    pub steps: &'a mut Vec<PathStep>,
    /// By how much the earliest clock moved.
    pub gain_ps: u64,
}

/// Runs traces on one or more networks, with times relative to the earliest clock before the run.
pub(super) trait Machine {
    /// Runs a trace on all networks; a bit of `lanes` is set if that network will be looked at.
    fn turn(&mut self, trace: usize, lanes: u8) -> Result<(), Overflow>;

    /// Tells about the run on one network, and makes its times relative to the earliest clock now.
    fn look(&mut self, lane: usize, report: &mut RunReport<'_>);

    /// Puts a network into a state that `look` has told.
    fn set(&mut self, lane: usize, state: &[u64]);
}

/// One network's way through all runs.
#[derive(Debug)]
pub(super) struct Progress {
    parties: usize,
    /// The earliest clock.
    base_ps: u64,
    path: Vec<PathStep>,
    /// The states before the first run kept here and after each; the steps and gains of the runs. Of the last run of a phase,
    /// which nothing repeats, only the state is kept.
    states: Vec<u64>,
    steps: Vec<PathStep>,
    gains_ps: Vec<u64>,
    width: usize,
    /// If the rest of this phase was not run.
    leapt: bool,
    /// How long each run took, from the last clock before to the last clock after; `None` if nobody asks.
    pub durations_ps: Option<Vec<u64>>,
    /// Where it stood after each phase; depths, which are a matter of the traces, are left at zero.
    pub phase_ends: Vec<PhaseEnd>,
    /// A number in a state grew past the bound.
    pub lost: bool,
}

/// Memory that the progress of all networks shares.
#[derive(Debug, Default)]
struct Spare {
    steps: Vec<PathStep>,
    path: Vec<PathStep>,
}

impl Progress {
    pub(super) fn new(parties: usize, timed: bool) -> Progress {
        Progress {
            parties,
            base_ps: 0,
            path: (0..parties).map(PathStep::still).collect(),
            states: Vec::new(),
            steps: Vec::new(),
            gains_ps: Vec::new(),
            width: 0,
            leapt: false,
            durations_ps: timed.then(Vec::new),
            phase_ends: Vec::new(),
            lost: false,
        }
    }

    fn state(&self, at: usize) -> &[u64] {
        &self.states[at * self.width..][..self.width]
    }

    /// The last clock of a state, relative to its earliest.
    fn spread_ps(&self, at: usize) -> u64 {
        self.state(at)[..self.parties].iter().copied().max().unwrap_or(0)
    }

    /// Keeps the last state only.
    fn begin(&mut self) {
        let from = self.states.len() - self.width;
        self.states.drain(..from);
        self.steps.clear();
        self.gains_ps.clear();
        self.leapt = false;
    }

    /// Adds a run that was run (`spare` is memory), and leaps over the `left` others if its end state has occurred before.
    fn add(
        &mut self,
        machine: &mut impl Machine,
        lane: usize,
        left: u64,
        most: u64,
        spare: &mut Spare,
    ) -> Result<(), Overflow> {
        if self.gains_ps.len() >= 4 * LONGEST_PERIOD {
            self.forget(3 * LONGEST_PERIOD);
        }
        spare.steps.clear();
        let mut report = RunReport { state: &mut self.states, steps: &mut spare.steps, gain_ps: 0 };
        machine.look(lane, &mut report);
        let (gain_ps, last) = (report.gain_ps, self.gains_ps.len() + 1);
        self.advance(last - 1, gain_ps, &spare.steps, &mut spare.path)?;
        self.lost |= self.state(last).iter().any(|&ps| ps > most);
        if left == 0 {
            return Ok(());
        }
        self.gains_ps.push(gain_ps);
        self.steps.extend(&spare.steps);
        let period = (1..=last.min(LONGEST_PERIOD)).find(|back| self.state(last - back) == self.state(last));
        match period {
            Some(period) => self.leap(last - period, period, left, &mut spare.path),
            None => Ok(()),
        }
    }

    /// Takes a run into account: that after the state of the same number.
    fn advance(
        &mut self,
        run: usize,
        gain_ps: u64,
        steps: &[PathStep],
        spare: &mut Vec<PathStep>,
    ) -> Result<(), Overflow> {
        let spread_ps = self.spread_ps(run + 1);
        let took_ps = gain_ps + spread_ps - self.spread_ps(run);
        if let Some(durations_ps) = &mut self.durations_ps {
            durations_ps.push(took_ps);
        }
        self.go_on(gain_ps, spread_ps)?;
        follow(&mut self.path, steps, spare);
        Ok(())
    }

    /// Moves the earliest clock. Where the last one fits, so do all sums of parts: each path leads to a clock.
    fn go_on(&mut self, gain_ps: u64, spread_ps: u64) -> Result<(), Overflow> {
        self.base_ps = self.base_ps.checked_add(gain_ps).ok_or(Overflow)?;
        self.base_ps.checked_add(spread_ps).ok_or(Overflow)?;
        Ok(())
    }

    fn forget(&mut self, runs: usize) {
        self.states.drain(..runs * self.width);
        self.steps.drain(..runs * self.parties);
        self.gains_ps.drain(..runs);
    }

    /// Goes on for `left` runs with the period that began at the state `first`.
    fn leap(
        &mut self,
        first: usize,
        period: usize,
        left: u64,
        spare: &mut Vec<PathStep>,
    ) -> Result<(), Overflow> {
        let (cycles, rest) = (left / period as u64, (left % period as u64) as usize);
        let mut whole: Vec<PathStep> = (0..self.parties).map(PathStep::still).collect();
        for run in first..first + period {
            follow(&mut whole, &self.steps[run * self.parties..][..self.parties], spare);
        }
        let gain_ps: u64 = self.gains_ps[first..].iter().sum();
        let gain_ps = gain_ps.checked_mul(cycles).ok_or(Overflow)?;
        self.go_on(gain_ps, self.spread_ps(first))?;
        follow_often(&mut self.path, whole, cycles, spare);
        if let Some(durations) = &mut self.durations_ps {
            for _ in 0..cycles * period as u64 {
                durations.push(durations[durations.len() - period]);
            }
        }
        let steps = std::mem::take(&mut self.steps);
        for run in first..first + rest {
            let step = &steps[run * self.parties..][..self.parties];
            self.advance(run, self.gains_ps[run], step, spare)?;
        }
        let end = first + rest;
        self.states.truncate((end + 1) * self.width);
        self.leapt = true;
        Ok(())
    }

    /// Notes where it stands at the end of a phase.
    fn end_phase(&mut self, no_depths: &[u64]) -> Result<(), Overflow> {
        self.phase_ends.push(PhaseEnd::of(&self.clocks(no_depths)?, 0));
        Ok(())
    }

    /// Every party's clock.
    pub(super) fn clocks(&self, depths: &[u64]) -> Result<Vec<Clock>, Overflow> {
        let last = self.states.len() / self.width.max(1) - 1;
        let clock = |((step, &relative_ps), &depth): ((&PathStep, &u64), &u64)| {
            let time_ps = self.base_ps.checked_add(relative_ps).ok_or(Overflow)?;
            let parts = Parts {
                compute_ps: time_ps
                    - (step.latency_ps + step.serialisation_ps + step.queueing_ps + step.window_ps),
                latency_ps: step.latency_ps,
                serialisation_ps: step.serialisation_ps,
                queueing_ps: step.queueing_ps,
                window_ps: step.window_ps,
            };
            Ok(Clock { time_ps, parts, depth })
        };
        self.path.iter().zip(self.state(last)).zip(depths).map(clock).collect()
    }
}

/// Runs phases (trace, number of runs) on all networks of a machine, each with a progress of its own, from clocks at zero. One
/// whose state passes `most_ps` is lost.
pub(super) fn drive(
    machine: &mut impl Machine,
    progresses: &mut [Progress],
    phases: &[(usize, u64)],
    most_ps: u64,
) -> Result<(), Overflow> {
    // At the beginning all networks are in the same state.
    let (mut state, mut spare) = (Vec::new(), Spare::default());
    machine.look(0, &mut RunReport { state: &mut state, steps: &mut spare.steps, gain_ps: 0 });
    for progress in &mut *progresses {
        progress.width = state.len();
        progress.states.reserve(4 * state.len());
        progress.states.extend(&state);
    }
    for &(trace, times) in phases {
        progresses.iter_mut().for_each(Progress::begin);
        for run in 0..times {
            let going = |progress: &Progress| !progress.leapt && !progress.lost;
            let bits = progresses.iter().enumerate().filter(|(_, progress)| going(progress));
            let lanes = bits.fold(0, |lanes, (lane, _)| lanes | 1 << lane);
            if lanes == 0 {
                break;
            }
            machine.turn(trace, lanes)?;
            for (lane, progress) in progresses.iter_mut().enumerate().filter(|(_, progress)| going(progress))
            {
                progress.add(machine, lane, times - run - 1, most_ps, &mut spare)?;
            }
        }
        for (lane, progress) in progresses.iter().enumerate().filter(|(_, progress)| progress.leapt) {
            machine.set(lane, progress.state(progress.states.len() / progress.width - 1));
        }
        for progress in progresses.iter_mut().filter(|progress| !progress.lost) {
            progress.end_phase(&vec![0; progress.parties])?;
        }
    }
    Ok(())
}
