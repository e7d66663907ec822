//! What plain networks do not have: wires and interfaces that several links share, bursts, changes, correlated jitter.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    failing::Failing,
    lines::Lines,
    queue::{Before, Begun},
    recovery::Recovery,
    shaper::{Schedule, Shaper, end_ps, place_at},
    window::{Window, Windows},
};
use crate::sim::{
    Interface, Link, Network,
    jitter::{self, Draws, Jitter},
    loss::Loss,
    network::Rate,
    timeline::MessageId,
};

/// What a network has beside plain links.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) shapers: Vec<Shaper>,
    /// By link, the place of its wire.
    pub(super) wire_of: Vec<usize>,
    /// By link.
    pub(super) latencies: Vec<Schedule<u64>>,
    /// By link, where the law is correlated.
    pub(super) draws: Vec<Option<Draws>>,
    /// By party, whose interface it uses.
    pub(super) port_of: Vec<usize>,
    /// By link: whether its senders' order is known only when all wait.
    pub(super) shared: Vec<bool>,
    /// Messages before a wire or an outgoing interface that is shared, packed with the sender's order.
    pub(super) starts: BinaryHeap<Reverse<u128>>,
    /// By link: when its next message may try again, after it found the link down.
    pub(super) ready_ps: Vec<u64>,
    /// How many messages each party has handed over.
    pub(super) handed: Vec<u64>,
    /// By link, how many messages have started, and have passed a limited interface.
    pub(super) started: Vec<u64>,
    pub(super) served: Vec<u64>,
    /// What began in this run where senders share the way.
    pub(super) begun: Begun,
    /// What goes wrong.
    pub(super) failing: Failing,
    /// TCP's, and by link the message that passed last.
    pub(super) windows: Option<Windows>,
    /// TCP's packets one by one, where interfaces have limits.
    pub(super) lines: Option<Lines>,
    pub(super) last_passed: Vec<Option<u64>>,
    /// What held each wire, and each party's interface, last.
    pub(super) on_wire: Vec<Option<Before>>,
    pub(super) on_port: Vec<Option<Before>>,
}

impl Shape {
    /// `None` for a plain network.
    pub(super) fn new(network: &Network) -> Option<Shape> {
        if !network.is_shaped() {
            return None;
        }
        let n = network.parties;
        let pair = |link: usize| (link / n, link % n);
        let failing = Failing::new(&network.faults, n);
        let changes =
            |link: usize| network.changes.iter().filter(move |change| (change.from, change.to) == pair(link));
        let (mut latencies, mut rates) = (Vec::new(), Vec::new());
        for (at, link) in network.links.iter().enumerate() {
            latencies
                .push(schedule(link.latency_ps, changes(at).map(|change| (change.at_ps, change.latency_ps))));
            let rate =
                schedule(link.bandwidth_bps, changes(at).map(|change| (change.at_ps, change.bandwidth_bps)));
            // One wire goes on for the others: only what has not begun waits.
            let down = if network.one_wire { &[] } else { failing.down(at) };
            rates.push(interrupted(rate, down));
        }
        let port_of: Vec<usize> = (0..n).map(|party| network.first_of_site(party)).collect();
        let is_shared = |link: usize| {
            let (from, to) = pair(link);
            let others = (0..n).any(|other| other != from && port_of[other] == port_of[from]);
            let limited = network.interfaces[from].egress_bps.is_some();
            let leaves = port_of[from] != port_of[to];
            // What waits for a link that is down holds up nothing else.
            let down = |link: usize| !failing.down(link).is_empty();
            let beside_down = || (0..n * n).any(|other| port_of[other / n] == port_of[from] && down(other));
            network.one_wire || down(link) || (limited && leaves && (others || beside_down()))
        };
        let draws = |(at, link): (usize, &Link)| {
            let correlated = link.jitter != Jitter::None && link.jitter_correlation > 0.0;
            let draws = || Draws::new(link.jitter, link.jitter_correlation, network.jitter_seed, pair(at));
            correlated.then(draws)
        };
        let used = |link: &usize| link / n != link % n;
        let one_wire = network.one_wire.then(|| (0..n * n).find(used)).flatten();
        if let Some(first) = one_wire {
            assert!(
                (0..n * n).filter(used).all(|link| rates[link] == rates[first]),
                "one wire has one bandwidth"
            );
        }
        let wire_of = (0..n * n).map(|link| one_wire.unwrap_or(link)).collect();
        let shared = (0..n * n).map(is_shared).collect();
        let shaper = |(rates, link): (_, &Link)| Shaper::new(rates, link.burst_bytes);
        let windows = network.tcp.map(|tcp| {
            let window = |link: &Link| Window::new(tcp, link.latency_ps, Rate::new(link.bandwidth_bps));
            Windows::new(network.links.iter().map(window).collect())
        });
        let limited = network.interfaces.iter().any(|own| *own != Interface::default());
        let lines = (windows.is_some() && (limited || network.has_loss())).then(|| {
            let recovery = |at: usize| {
                let loss_ppb = network.links[at].loss_ppb;
                (loss_ppb > 0).then(|| Recovery::new(Loss::new(loss_ppb, network.jitter_seed, pair(at))))
            };
            Lines::new((0..n * n).map(recovery))
        });
        Some(Shape {
            lines,
            shapers: rates.into_iter().zip(&network.links).map(shaper).collect(),
            wire_of,
            latencies,
            draws: network.links.iter().enumerate().map(draws).collect(),
            port_of,
            shared,
            starts: BinaryHeap::new(),
            ready_ps: vec![0; n * n],
            handed: vec![0; n],
            started: vec![0; n * n],
            served: vec![0; n * n],
            begun: Begun::default(),
            failing,
            windows,
            last_passed: vec![None; n * n],
            on_wire: vec![None; n * n],
            on_port: vec![None; n],
        })
    }

    pub(super) fn reset(&mut self) {
        self.shapers.iter_mut().for_each(Shaper::reset);
        self.draws.iter_mut().flatten().for_each(Draws::reset);
        self.starts.clear();
        self.ready_ps.fill(0);
        self.handed.fill(0);
        self.started.fill(0);
        self.served.fill(0);
        self.begun.clear();
        self.failing.reset();
        if let Some(windows) = &mut self.windows {
            windows.reset();
        }
        if let Some(lines) = &mut self.lines {
            lines.reset();
        }
        self.last_passed.fill(None);
        self.on_wire.fill(None);
        self.on_port.fill(None);
    }

    /// What is left of an earlier run counts as that of the last message.
    pub(super) fn begin_run(&mut self) {
        for last in self.on_wire.iter_mut().chain(&mut self.on_port).flatten() {
            *last = Before::Earlier(self.begun.message(*last));
        }
        self.begun.clear();
    }

    /// Which message of a link passes the limited interface that it has come to.
    pub(super) fn next_served(&mut self, link: usize) -> u64 {
        self.served[link] += 1;
        self.served[link] - 1
    }

    /// Latency with jitter of the first bit of a message and of its last, which enter at these times. Bits do not overtake:
    /// where a latency falls, those behind come together with those before.
    pub(super) fn delays_ps(
        &self,
        link: usize,
        start_ps: u64,
        last_ps: u64,
        extra_ps: i128,
    ) -> Option<(u64, u64)> {
        let latencies = &self.latencies[link];
        let first = place_at(latencies, start_ps);
        let head_ps = jitter::delayed_ps(latencies[first].1, extra_ps)?;
        let mut tail_ps = 0;
        for (place, &(from_ps, latency_ps)) in latencies.iter().enumerate().skip(first) {
            if place > first && from_ps >= last_ps {
                break;
            }
            let until_ps = end_ps(latencies, place).min(last_ps);
            tail_ps = tail_ps.max(until_ps.checked_add(jitter::delayed_ps(latency_ps, extra_ps)?)?);
        }
        Some((head_ps, tail_ps - last_ps))
    }

    /// Adds wires, relative to the earliest clock, and whose they are: that decides what waiting for them counts as.
    pub(super) fn relative_state(&mut self, earliest_ps: u64, state: &mut Vec<u64>) {
        state.extend(self.shapers.iter_mut().flat_map(|shaper| shaper.relative(earliest_ps)));
        let last = self.on_wire.iter().chain(&self.on_port);
        state.extend(last.map(|last| last.map_or(0, |last| self.begun.message(last).from as u64 + 1)));
    }

    /// Goes into a state told by [`relative_state`](Self::relative_state), in which the earliest clock is 0.
    pub(super) fn set_relative_state(&mut self, state: &[u64]) {
        let (shapers, state) = state.split_at(4 * self.shapers.len());
        let (holders, windows) = state.split_at(self.on_wire.len() + self.on_port.len());
        if let Some(own) = &mut self.windows {
            own.set_relative(windows[0]);
        }
        if let Some(lines) = &mut self.lines {
            lines.set_relative();
        }
        for (shaper, state) in self.shapers.iter_mut().zip(shapers.chunks_exact(4)) {
            shaper.set_relative(state);
        }
        for (last, &holder) in self.on_wire.iter_mut().chain(&mut self.on_port).zip(holders) {
            let from = holder.checked_sub(1);
            *last = from.map(|from| Before::Earlier(MessageId { from: from as usize, to: 0, ordinal: 0 }));
        }
    }
}

/// The same with no bandwidth at all while a link is down, at these times in their order.
fn interrupted(rates: Schedule<Option<u64>>, down: &[(u64, u64)]) -> Schedule<Option<u64>> {
    if down.is_empty() {
        return rates;
    }
    let is_down = |at_ps: u64| down.iter().any(|&(from_ps, until_ps)| from_ps <= at_ps && at_ps < until_ps);
    let ends = down.iter().flat_map(|&(from_ps, until_ps)| [from_ps, until_ps]);
    let mut moments: Vec<u64> = rates.iter().map(|&(at_ps, _)| at_ps).chain(ends).collect();
    moments.sort_unstable();
    moments.dedup();
    moments.retain(|&at_ps| at_ps < u64::MAX);
    let rate = |at_ps: u64| if is_down(at_ps) { Some(0) } else { rates[place_at(&rates, at_ps)].1 };
    schedule(rate(0), moments.into_iter().map(|at_ps| (at_ps, rate(at_ps))))
}

/// Values in force: what there is first, then each change, joined where nothing changes.
fn schedule<T: Copy + PartialEq>(first: T, changes: impl Iterator<Item = (u64, T)>) -> Schedule<T> {
    let mut schedule = vec![(0, first)];
    for (at_ps, value) in changes {
        let last = schedule.last_mut().expect("the first is there");
        if last.0 == at_ps {
            last.1 = value;
        } else if last.1 != value {
            schedule.push((at_ps, value));
        }
    }
    schedule
}
