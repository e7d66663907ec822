//! The loop over a prepared trace for eight networks at a time.
//!
//! Times are whole numbers of picoseconds below 2^53 in doubles, in which sums and maxima are exact: every x86-64 has a
//! vector maximum of doubles, and none of 64-bit integers. The critical path costs the loop one bit per receive and
//! network, whether the message was waited for; the path is found from those bits by walking back from the end, for all
//! networks whose bits agree at once.

use super::{
    drive::{Machine, Watcher},
    prepared::{Arrow, Key, Op, Prepared, RECV},
    rows::Row,
    steps::Step,
};
use crate::sim::error::Overflow;

/// Networks side by side.
pub(super) const LANES: usize = 8;

/// In place of a time on an interface that has no limit.
const UNLIMITED: f64 = -1.0;

/// One number per network.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Lane([f64; LANES]);

/// Times of one kind of message: on the wire; on the wire and on its way.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    wire: Lane,
    way: Lane,
}

/// A trace with its times on the eight networks.
#[derive(Debug)]
struct Track<'p> {
    prepared: &'p Prepared,
    times: Vec<Times>,
    /// By kind of message; empty if no interface has a limit.
    egress: Vec<Lane>,
    wakes: Vec<f64>,
}

/// Part of a walk: networks whose paths agree so far.
#[derive(Debug, Clone, Copy)]
struct Walk {
    lanes: u8,
    at: u32,
    compute_ps: i64,
    wire: Lane,
    way: Lane,
}

/// Eight networks.
#[derive(Debug)]
pub(super) struct Eight<'p> {
    parties: usize,
    tracks: Vec<Track<'p>>,
    limited: bool,
    clocks: Vec<Lane>,
    start: Vec<Lane>,
    wires: Vec<Lane>,
    egress: Vec<Lane>,
    slots: Vec<Lane>,
    /// By receive: the networks in which its message was waited for.
    waited: Vec<u8>,
    walks: Vec<Walk>,
    steps: Vec<[Step; LANES]>,
}

#[inline(always)]
fn later(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

impl<'p> Eight<'p> {
    /// From the rows of each trace, one list per network; there are one to eight networks.
    pub(super) fn new(parties: usize, traces: &[&'p Prepared], rows: &[Vec<Vec<Row>>]) -> Eight<'p> {
        let limited = rows.iter().flatten().flatten().any(|row| row.egress_ps.is_some());
        let track = |(at, &prepared): (usize, &&'p Prepared)| {
            let keys = prepared.keys.len();
            let mut times = vec![Times::default(); keys];
            let mut egress = vec![Lane([UNLIMITED; LANES]); if limited { keys } else { 0 }];
            for k in 0..LANES {
                let rows = &rows[k.min(rows.len() - 1)][at];
                for (times, row) in times.iter_mut().zip(rows) {
                    times.wire.0[k] = row.wire_ps.cast_signed() as f64;
                    times.way.0[k] = row.way_ps.cast_signed() as f64;
                }
                for (egress, row) in egress.iter_mut().zip(rows) {
                    egress.0[k] = row.egress_ps.map_or(UNLIMITED, |ps| ps.cast_signed() as f64);
                }
            }
            let wakes = prepared.endpoints.iter().map(|endpoint| endpoint.wake_ps as f64).collect();
            Track { prepared, times, egress, wakes }
        };
        let tracks: Vec<_> = traces.iter().enumerate().map(track).collect();
        let most = |size: fn(&Prepared) -> usize| traces.iter().map(|&trace| size(trace)).max().unwrap_or(0);
        Eight {
            parties,
            tracks,
            limited,
            clocks: vec![Lane::default(); parties],
            start: vec![Lane::default(); parties],
            wires: vec![Lane::default(); parties * parties],
            egress: vec![Lane::default(); parties],
            slots: vec![Lane::default(); most(|trace| trace.slots)],
            waited: vec![0; most(|trace| trace.arrows.len())],
            walks: Vec::new(),
            steps: vec![[Step::default(); LANES]; parties],
        }
    }

    fn run<const EGRESS: bool, const WAKE: bool>(&mut self, trace: usize) {
        let track = &self.tracks[trace];
        let (prepared, times, keys) = (track.prepared, &track.times[..], &track.prepared.keys[..]);
        let (clocks, slots) = (&mut self.clocks[..], &mut self.slots[..]);
        let (wires, egress) = (&mut self.wires[..], &mut self.egress[..]);
        let mut waited = self.waited[self.parties..].iter_mut();
        for &Op { cost_ps, slot, key } in &prepared.ops {
            let cost = cost_ps.cast_signed() as f64;
            let slot = &mut slots[slot as usize].0;
            if key & RECV == 0 {
                let Key { from, link, .. } = keys[key as usize];
                let Times { wire, way } = &times[key as usize];
                let clock = &mut clocks[from as usize].0;
                let free = &mut wires[link as usize].0;
                let now = clock.map(|time| time + cost);
                let mut start: [f64; LANES] = std::array::from_fn(|k| later(now[k], free[k]));
                if EGRESS {
                    let (port, busy) = (&mut egress[from as usize].0, &track.egress[key as usize].0);
                    start = std::array::from_fn(|k| later(start[k], port[k]));
                    // Where there is no limit, the interface must not remember the wait for a link.
                    *port =
                        std::array::from_fn(|k| if busy[k] >= 0.0 { start[k] + busy[k] } else { port[k] });
                }
                *clock = now;
                *free = std::array::from_fn(|k| start[k] + wire.0[k]);
                *slot = std::array::from_fn(|k| start[k] + way.0[k]);
            } else {
                let party = (key & !RECV) as usize;
                let clock = &mut clocks[party].0;
                let now = clock.map(|time| time + cost);
                let arrival = *slot;
                let mut bits = 0;
                for k in 0..LANES {
                    bits |= u8::from(arrival[k] > now[k]) << k;
                }
                *clock = std::array::from_fn(|k| later(arrival[k], now[k]));
                if WAKE {
                    let wake = track.wakes[party];
                    *clock = std::array::from_fn(|k| clock[k] + if arrival[k] > now[k] { wake } else { 0.0 });
                }
                if let Some(waited) = waited.next() {
                    *waited = bits;
                }
            }
        }
        for (clock, &tail_ps) in clocks.iter_mut().zip(&prepared.tails_ps) {
            clock.0 = clock.0.map(|time| time + tail_ps as f64);
        }
    }

    /// Finds the step of a party in all networks.
    fn walk(&mut self, trace: usize, party: usize, lanes: u8) {
        let track = &self.tracks[trace];
        let arrows = &track.prepared.arrows[..];
        let (at, compute_ps) = (track.prepared.last[party], track.prepared.work_ps[party].cast_signed());
        let zero = Lane::default();
        self.walks.push(Walk { lanes, at, compute_ps, wire: zero, way: zero });
        while let Some(mut walk) = self.walks.pop() {
            while walk.at as usize >= self.parties {
                let Arrow { compute_ps, key, before, back } = arrows[walk.at as usize];
                let waited = self.waited[walk.at as usize] & walk.lanes;
                if waited == 0 {
                    walk.at = before;
                    continue;
                }
                if waited != walk.lanes {
                    self.walks.push(Walk { lanes: walk.lanes & !waited, at: before, ..walk });
                    walk.lanes = waited;
                }
                let times = &track.times[key as usize];
                walk.wire.0 = std::array::from_fn(|k| walk.wire.0[k] + times.wire.0[k]);
                walk.way.0 = std::array::from_fn(|k| walk.way.0[k] + times.way.0[k]);
                walk.compute_ps += compute_ps;
                walk.at = back;
            }
            for k in (0..LANES).filter(|k| walk.lanes >> k & 1 == 1) {
                let took_ps = self.clocks[party].0[k] - self.start[walk.at as usize].0[k];
                let (wire_ps, way_ps) = (walk.wire.0[k], walk.way.0[k]);
                self.steps[party][k] = Step {
                    origin: walk.at,
                    latency_ps: (way_ps - wire_ps) as u64,
                    serialisation_ps: wire_ps as u64,
                    queueing_ps: (took_ps - way_ps - walk.compute_ps as f64) as u64,
                };
            }
        }
    }
}

impl Machine for Eight<'_> {
    fn turn(&mut self, trace: usize, lanes: u8) -> Result<(), Overflow> {
        self.start.copy_from_slice(&self.clocks);
        match (self.limited, self.tracks[trace].prepared.wakes()) {
            (false, false) => self.run::<false, false>(trace),
            (false, true) => self.run::<false, true>(trace),
            (true, false) => self.run::<true, false>(trace),
            (true, true) => self.run::<true, true>(trace),
        }
        for party in 0..self.parties {
            self.walk(trace, party, lanes);
        }
        Ok(())
    }

    fn look(&mut self, k: usize, watcher: &mut Watcher<'_>) {
        let first = self.clocks.iter().map(|clock| clock.0[k]).fold(f64::INFINITY, f64::min);
        for (clock, steps) in self.clocks.iter_mut().zip(&self.steps) {
            clock.0[k] -= first;
            watcher.steps.push(steps[k]);
            watcher.state.push(clock.0[k] as u64);
        }
        watcher.gain_ps = first as u64;
        for (from, wires) in self.wires.chunks_exact_mut(self.parties).enumerate() {
            for wire in wires {
                wire.0[k] = later(wire.0[k] - first, self.clocks[from].0[k]);
                watcher.state.push((wire.0[k] - self.clocks[from].0[k]) as u64);
            }
        }
        for (port, clock) in self.egress.iter_mut().zip(&self.clocks) {
            port.0[k] = later(port.0[k] - first, clock.0[k]);
            watcher.state.push((port.0[k] - clock.0[k]) as u64);
        }
    }

    fn set(&mut self, k: usize, state: &[u64]) {
        let n = self.parties;
        let (clocks, rest) = state.split_at(n);
        let (wires, egress) = rest.split_at(n * n);
        for (clock, &time_ps) in self.clocks.iter_mut().zip(clocks) {
            clock.0[k] = time_ps as f64;
        }
        for (link, (wire, &backlog_ps)) in self.wires.iter_mut().zip(wires).enumerate() {
            wire.0[k] = (clocks[link / n] + backlog_ps) as f64;
        }
        for ((port, &backlog_ps), &time_ps) in self.egress.iter_mut().zip(egress).zip(clocks) {
            port.0[k] = (time_ps + backlog_ps) as f64;
        }
    }
}
