//! The loop over a prepared trace for one network.

use super::{
    drive::{Machine, Watcher},
    prepared::{Op, Prepared, RECV},
    rows::Row,
    steps::Step,
};
use crate::sim::error::Overflow;

/// Latency, serialisation, queueing of a path since the run began, in picoseconds, and the party where it began: words
/// that are always moved in pairs, so that what was just written can be read at once.
type Path = [u64; 4];

/// A party's time, or when a message arrives, in picoseconds since the reference; and the path to there.
#[derive(Debug, Clone, Copy, Default)]
struct Moment {
    path: Path,
    time_ps: u64,
}

/// One network.
#[derive(Debug)]
pub(super) struct One<'p> {
    parties: usize,
    /// The rows of each trace in turn.
    rows: Vec<(&'p Prepared, Vec<Row>)>,
    clocks: Vec<Moment>,
    wires_ps: Vec<u64>,
    egress_ps: Vec<u64>,
    slots: Vec<Moment>,
    limited: bool,
}

impl<'p> One<'p> {
    pub(super) fn new(parties: usize, rows: Vec<(&'p Prepared, Vec<Row>)>) -> One<'p> {
        let slots = rows.iter().map(|(prepared, _)| prepared.slots).max().unwrap_or(0);
        let limited = rows.iter().any(|(_, rows)| rows.iter().any(|row| row.egress_ps.is_some()));
        One {
            parties,
            rows,
            clocks: vec![Moment::default(); parties],
            wires_ps: vec![0; parties * parties],
            egress_ps: vec![0; parties],
            slots: vec![Moment::default(); slots],
            limited,
        }
    }

    fn run<const EGRESS: bool>(&mut self, at: usize) {
        let (prepared, rows) = &self.rows[at];
        let (clocks, slots) = (&mut self.clocks[..], &mut self.slots[..]);
        let (wires, egress) = (&mut self.wires_ps[..], &mut self.egress_ps[..]);
        for &Op { cost_ps, slot, key } in &prepared.ops {
            if key & RECV == 0 {
                let row = &rows[key as usize];
                let clock = &mut clocks[row.from as usize];
                let wire = &mut wires[row.link as usize];
                clock.time_ps += cost_ps;
                let mut start_ps = clock.time_ps.max(*wire);
                if EGRESS && let Some(egress_ps) = row.egress_ps {
                    let egress = &mut egress[row.from as usize];
                    start_ps = start_ps.max(*egress);
                    *egress = start_ps + egress_ps;
                }
                *wire = start_ps + row.wire_ps;
                let Row { wire_ps, way_ps, .. } = *row;
                let added = [way_ps - wire_ps, wire_ps, start_ps - clock.time_ps, 0];
                let message = &mut slots[slot as usize];
                message.path = std::array::from_fn(|at| clock.path[at] + added[at]);
                message.time_ps = start_ps + way_ps;
            } else {
                let party = (key & !RECV) as usize;
                let (clock, message) = (&mut clocks[party], &slots[slot as usize]);
                clock.time_ps += cost_ps;
                if message.time_ps > clock.time_ps {
                    clock.path = message.path;
                    clock.time_ps = message.time_ps + prepared.endpoints[party].wake_ps;
                }
            }
        }
        for (clock, tail_ps) in clocks.iter_mut().zip(&prepared.tails_ps) {
            clock.time_ps += tail_ps;
        }
    }
}

impl Machine for One<'_> {
    fn turn(&mut self, trace: usize, _: u8) -> Result<(), Overflow> {
        for (party, clock) in self.clocks.iter_mut().enumerate() {
            clock.path = [0, 0, 0, party as u64];
        }
        if self.limited {
            self.run::<true>(trace)
        } else {
            self.run::<false>(trace)
        }
        Ok(())
    }

    fn look(&mut self, _: usize, watcher: &mut Watcher<'_>) {
        let first_ps = self.clocks.iter().map(|clock| clock.time_ps).min().unwrap_or(0);
        for clock in &mut self.clocks {
            clock.time_ps -= first_ps;
            let [latency_ps, serialisation_ps, queueing_ps, origin] = clock.path;
            let origin = origin as u32;
            watcher.steps.push(Step { origin, latency_ps, serialisation_ps, queueing_ps });
        }
        for wire in self.wires_ps.iter_mut().chain(&mut self.egress_ps) {
            *wire = wire.saturating_sub(first_ps);
        }
        watcher.gain_ps = first_ps;
        let clocks = &self.clocks;
        watcher.state.extend(clocks.iter().map(|clock| clock.time_ps));
        for (link, free_ps) in self.wires_ps.iter().enumerate() {
            watcher.state.push(free_ps.saturating_sub(clocks[link / self.parties].time_ps));
        }
        for (free_ps, clock) in self.egress_ps.iter().zip(clocks) {
            watcher.state.push(free_ps.saturating_sub(clock.time_ps));
        }
    }

    fn set(&mut self, _: usize, state: &[u64]) {
        let n = self.parties;
        let (clocks, rest) = state.split_at(n);
        let (wires, egress) = rest.split_at(n * n);
        for (moment, &time_ps) in self.clocks.iter_mut().zip(clocks) {
            moment.time_ps = time_ps;
        }
        for (link, (free_ps, &backlog_ps)) in self.wires_ps.iter_mut().zip(wires).enumerate() {
            *free_ps = clocks[link / n] + backlog_ps;
        }
        for ((free_ps, &backlog_ps), clock) in self.egress_ps.iter_mut().zip(egress).zip(clocks) {
            *free_ps = clock + backlog_ps;
        }
    }
}
