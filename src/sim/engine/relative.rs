//! The engine's state between two runs, relative to the earliest clock: see [`crate::sim::replays`] for what it is for.

use super::{Engine, State};
use crate::sim::timeline::MessageId;

/// A critical path since paths were last begun: origin; latency, serialisation, queueing and window in picoseconds.
pub(crate) type Path = (u32, [u64; 4]);

impl Engine {
    /// Earliest time, by link, at which a message could reach the receiver's interface.
    fn earliest_head_ps(&self, link: usize) -> u64 {
        self.clocks[link / self.parties].time_ps.saturating_add(self.wires[link].latency_ps)
    }

    /// Earliest time at which a message could reach a party's interface; of a site's, a time that is no later.
    fn earliest_head_at_ps(&self, to: usize) -> u64 {
        if self.shape.is_some() {
            return self.earliest_ps();
        }
        let senders = (0..self.parties).filter(|&from| from != to);
        senders.map(|from| self.earliest_head_ps(from * self.parties + to)).min().unwrap_or(0)
    }

    /// Earliest time at which a message could reach a party's outgoing interface; of a site's, a time that is no later.
    fn earliest_start_ps(&self, from: usize) -> u64 {
        if self.shape.is_some() { self.earliest_ps() } else { self.clocks[from].time_ps }
    }

    /// The earliest clock.
    pub(crate) fn earliest_ps(&self) -> u64 {
        self.clocks.iter().map(|clock| clock.time_ps).min().unwrap_or(0)
    }

    /// Adds the state: clocks relative to the earliest, then all else relative to when it could first matter.
    pub(crate) fn relative_state(&mut self, state: &mut Vec<u64>) {
        let earliest_ps = self.earliest_ps();
        state.extend(self.clocks.iter().map(|clock| clock.time_ps - earliest_ps));
        let ports = self.egress.iter().enumerate();
        state.extend(ports.map(|(from, port)| port.free_ps.saturating_sub(self.earliest_start_ps(from))));
        for (to, port) in self.ingress.iter().enumerate() {
            let backlog_ps = port.free_ps.saturating_sub(self.earliest_head_at_ps(to));
            // Whose it is decides what waiting for it counts as.
            let holder = port.last.filter(|_| backlog_ps > 0).map_or(0, |last| last.from as u64 + 1);
            state.extend([backlog_ps, holder]);
        }
        for (link, wire) in self.wires.iter().enumerate() {
            let (clock, head_ps) = (&self.clocks[link / self.parties], self.earliest_head_ps(link));
            state.push(wire.free_ps.saturating_sub(clock.time_ps));
            state.push(wire.last_head_ps.saturating_sub(head_ps));
            state.push(wire.last_tail_ps.saturating_sub(head_ps));
        }
        if let Some(shape) = &mut self.shape {
            shape.relative_state(earliest_ps, state);
            if let Some(windows) = &mut shape.windows {
                let (clocks, parties) = (&self.clocks, self.parties);
                state.push(windows.relative(earliest_ps, |link| clocks[link / parties].time_ps));
            }
        }
    }

    /// Goes into a state told by [`relative_state`](Self::relative_state), and begins all paths here.
    pub(crate) fn set_relative_state(&mut self, state: &[u64]) {
        let (clocks, state) = state.split_at(self.parties);
        let (egress, state) = state.split_at(self.parties);
        let (ingress, state) = state.split_at(2 * self.parties);
        let (wires, shape) = state.split_at(3 * self.wires.len());
        for (party, (clock, &time_ps)) in self.clocks.iter_mut().zip(clocks).enumerate() {
            *clock = State { time_ps, depth: clock.depth, origin: party as u32, ..State::default() };
        }
        for (party, backlog_ps) in egress.iter().enumerate() {
            self.egress[party].free_ps = self.earliest_start_ps(party) + backlog_ps;
        }
        for (to, backlog) in ingress.chunks_exact(2).enumerate() {
            let free_ps = self.earliest_head_at_ps(to).saturating_add(backlog[0]);
            let port = &mut self.ingress[to];
            port.free_ps = free_ps;
            let holder = |from: u64| MessageId { from: from as usize - 1, to, ordinal: 0 };
            port.last = (backlog[1] > 0).then(|| holder(backlog[1]));
        }
        for (link, backlogs) in wires.chunks_exact(3).enumerate() {
            let head_ps = self.earliest_head_ps(link);
            let wire = &mut self.wires[link];
            wire.free_ps = clocks[link / self.parties] + backlogs[0];
            wire.last_head_ps = head_ps.saturating_add(backlogs[1]);
            wire.last_tail_ps = head_ps.saturating_add(backlogs[2]);
        }
        if let Some(own) = &mut self.shape {
            own.set_relative_state(shape);
        }
    }

    /// Every party's path since paths were begun.
    pub(crate) fn paths(&self) -> impl Iterator<Item = Path> + '_ {
        let parts =
            |clock: &State| [clock.latency_ps, clock.serialisation_ps, clock.queueing_ps, clock.window_ps];
        self.clocks.iter().map(move |clock| (clock.origin, parts(clock)))
    }
}
