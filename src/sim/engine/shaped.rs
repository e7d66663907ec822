//! Networks that are more than links and interfaces of one party each: sites, one wire for all, bursts, changes, and jitter
//! that is correlated.
//!
//! Owns what only these need; other networks have none of it and no step for it. Where several senders share a wire or an
//! outgoing interface, their messages enter it in the order in which they were handed over (ties: sender, then the
//! sender's order), which is known only when all parties wait.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    Engine, Flight, Sent, Served, Stage, State, pack,
    queue::{Before, Begun},
    shaper::{Schedule, Shaper, end_ps, place_at},
    unpack,
};
use crate::sim::{
    Link, MessageId, Network, Timeline,
    error::{Overflow, sum},
    jitter::{self, Draws},
    network::Jitter,
};

/// What a network has beside plain links.
#[derive(Debug)]
pub(super) struct Shape {
    shapers: Vec<Shaper>,
    /// By link, the place of its wire.
    wire_of: Vec<usize>,
    /// By link.
    latencies: Vec<Schedule<u64>>,
    /// By link, where the law is correlated.
    draws: Vec<Option<Draws>>,
    /// By party, whose interface it uses.
    pub(super) port_of: Vec<usize>,
    /// By link: whether its senders' order is known only when all wait.
    shared: Vec<bool>,
    /// Messages before a wire or an outgoing interface that is shared, packed with the sender's order.
    starts: BinaryHeap<Reverse<u128>>,
    /// How many messages each party has handed over.
    handed: Vec<u64>,
    /// By link, how many messages have started, and have passed a limited interface.
    started: Vec<u64>,
    served: Vec<u64>,
    /// What began in this run where senders share the way.
    begun: Begun,
    /// What held each wire, and each party's interface, last.
    on_wire: Vec<Option<Before>>,
    on_port: Vec<Option<Before>>,
}

impl Shape {
    /// `None` for a plain network.
    pub(super) fn new(network: &Network) -> Option<Shape> {
        if !network.is_shaped() {
            return None;
        }
        let n = network.parties;
        let pair = |link: usize| (link / n, link % n);
        let changes =
            |link: usize| network.changes.iter().filter(move |change| (change.from, change.to) == pair(link));
        let (mut latencies, mut rates) = (Vec::new(), Vec::new());
        for (at, link) in network.links.iter().enumerate() {
            latencies
                .push(schedule(link.latency_ps, changes(at).map(|change| (change.at_ps, change.latency_ps))));
            rates.push(schedule(
                link.bandwidth_bps,
                changes(at).map(|change| (change.at_ps, change.bandwidth_bps)),
            ));
        }
        let port_of: Vec<usize> = (0..n).map(|party| network.first_of_site(party)).collect();
        let is_shared = |link: usize| {
            let (from, to) = pair(link);
            let others = (0..n).any(|other| other != from && port_of[other] == port_of[from]);
            let limited = network.interfaces[from].egress_bps.is_some();
            network.one_wire || (others && limited && port_of[from] != port_of[to])
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
        Some(Shape {
            shapers: rates.into_iter().zip(&network.links).map(shaper).collect(),
            wire_of,
            latencies,
            draws: network.links.iter().enumerate().map(draws).collect(),
            port_of,
            shared,
            starts: BinaryHeap::new(),
            handed: vec![0; n],
            started: vec![0; n * n],
            served: vec![0; n * n],
            begun: Begun::default(),
            on_wire: vec![None; n * n],
            on_port: vec![None; n],
        })
    }

    pub(super) fn reset(&mut self) {
        self.shapers.iter_mut().for_each(Shaper::reset);
        self.draws.iter_mut().flatten().for_each(Draws::reset);
        self.starts.clear();
        self.handed.fill(0);
        self.started.fill(0);
        self.served.fill(0);
        self.begun.clear();
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
    fn delays_ps(&self, link: usize, start_ps: u64, last_ps: u64, extra_ps: i128) -> Option<(u64, u64)> {
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
        let (shapers, holders) = state.split_at(4 * self.shapers.len());
        for (shaper, state) in self.shapers.iter_mut().zip(shapers.chunks_exact(4)) {
            shaper.set_relative(state);
        }
        for (last, &holder) in self.on_wire.iter_mut().chain(&mut self.on_port).zip(holders) {
            let from = holder.checked_sub(1);
            *last = from.map(|from| Before::Earlier(MessageId { from: from as usize, to: 0, ordinal: 0 }));
        }
    }
}

impl Engine {
    /// [`send`](Self::send) on a shaped network.
    pub(super) fn send_shaped(
        &mut self,
        from: usize,
        to: usize,
        payload_bytes: u64,
        listens: bool,
    ) -> Result<Sent, Overflow> {
        let state = &mut self.clocks[from];
        state.time_ps = sum(state.time_ps, self.endpoints[from].send_ps)?;
        let State { time_ps, latency_ps, serialisation_ps, queueing_ps, depth, origin } = *state;
        // Whether the bytes fit is told now, not when their turn comes.
        self.overhead.wire_bytes(payload_bytes).ok_or(Overflow)?;
        let link = from * self.parties + to;
        let wire = &mut self.wires[link];
        let ordinal = wire.sent;
        wire.sent += 1;
        wire.flights.push_back(Flight {
            arrival_ps: time_ps,
            payload_bytes,
            depth: depth + 1,
            latency_ps,
            serialisation_ps,
            queueing_ps,
            origin,
            stage: Stage::OnTheWay,
        });
        if listens {
            wire.timelines.push_back(Timeline::handed_over(time_ps));
        }
        let shape = self.shape.as_mut().expect("a shaped network");
        let turn = shape.handed[from];
        shape.handed[from] += 1;
        if shape.shared[link] {
            shape.starts.push(Reverse(pack(time_ps, from, turn, to)));
            return Ok(Sent { ordinal, arrived: false });
        }
        let (_, arrived) = self.start(from, to, turn)?;
        Ok(Sent { ordinal, arrived })
    }

    /// Lets the message start whose turn it is, unless a head at a limited interface is earlier. Tells whether it has arrived.
    pub(super) fn start_next(&mut self) -> Result<Option<(Served, bool)>, Overflow> {
        let Some(shape) = &mut self.shape else { return Ok(None) };
        let Some(&Reverse(key)) = shape.starts.peek() else { return Ok(None) };
        let Served { from, to, ordinal: turn, head_ps: sent_ps } = unpack(key);
        if self.queue.peek().is_some_and(|&Reverse(head)| unpack(head).head_ps < sent_ps) {
            return Ok(None);
        }
        shape.starts.pop();
        self.start(from, to, turn).map(Some)
    }

    /// The next message of a link enters its wire. `turn` is its number among those of its sender.
    fn start(&mut self, from: usize, to: usize, turn: u64) -> Result<(Served, bool), Overflow> {
        let link = from * self.parties + to;
        let shape = self.shape.as_mut().expect("a shaped network");
        let ordinal = shape.started[link];
        shape.started[link] += 1;
        let leaves_site = shape.port_of[from] != shape.port_of[to];
        let wire = &mut self.wires[link];
        let index = (ordinal - wire.first) as usize;
        let flight = &mut wire.flights[index];
        let sent_ps = flight.arrival_ps;
        let bytes = self.overhead.wire_bytes(flight.payload_bytes).ok_or(Overflow)?;

        let (on_wire, port) = (shape.wire_of[link], shape.port_of[from]);
        let shaper = &mut shape.shapers[on_wire];
        let egress = Some(&mut self.egress[port]);
        let egress = egress.filter(|egress| leaves_site && egress.rate.is_limited());
        let mut start_ps = sent_ps.max(shaper.free_ps);
        let mut behind = shape.on_wire[on_wire];
        if let Some(egress) = &egress
            && egress.free_ps > start_ps
        {
            start_ps = egress.free_ps;
            behind = shape.on_port[port];
        }
        let behind = behind.filter(|_| start_ps > sent_ps);
        let mut serialised_ps = shaper.pass(start_ps, bytes).ok_or(Overflow)?;
        let message = MessageId { from, to, ordinal };
        let mut queueing_ps = 0;
        let mut own = Before::Earlier(message);
        if shape.shared[link] {
            queueing_ps = shape.begun.of_others_ps(from, behind, sent_ps, start_ps);
            own = shape.begun.add(message, start_ps, behind);
        }
        if let Some(egress) = egress {
            egress.free_ps = sum(start_ps, egress.rate.duration_ps(bytes).ok_or(Overflow)?)?;
            serialised_ps = serialised_ps.max(egress.free_ps);
            shape.on_port[port] = Some(own);
        }
        shaper.free_ps = serialised_ps;
        shape.on_wire[on_wire] = Some(own);

        let extra_ps = match &mut shape.draws[link] {
            Some(draws) => draws.next_ps(),
            None => jitter::sample_ps(wire.jitter, self.jitter_seed, from, to, ordinal),
        };
        let delays_ps = shape.delays_ps(link, start_ps, serialised_ps, extra_ps.ok_or(Overflow)?);
        let (head_delay_ps, delay_ps) = delays_ps.ok_or(Overflow)?;
        let free_head_ps = sum(start_ps, head_delay_ps)?;
        let head_ps = free_head_ps.max(wire.last_head_ps);
        wire.last_head_ps = head_ps;
        let free_tail_ps = sum(sum(serialised_ps, delay_ps)?, head_ps - free_head_ps)?;
        let tail_ps = free_tail_ps.max(wire.last_tail_ps);
        wire.last_tail_ps = tail_ps;

        let arrived = !(leaves_site && self.ingress[to].rate.is_limited());
        if arrived {
            flight.stage = Stage::Arrived;
        } else {
            self.queue.push(Reverse(pack(head_ps, from, turn, to)));
        }
        let (latency_ps, serialisation_ps) = (tail_ps - serialised_ps, serialised_ps - sent_ps - queueing_ps);
        flight.arrival_ps = tail_ps;
        flight.latency_ps += latency_ps;
        flight.serialisation_ps += serialisation_ps;
        flight.queueing_ps += queueing_ps;
        if let Some(timeline) = wire.timelines.get_mut(index) {
            *timeline = Timeline {
                sent_ps,
                start_ps,
                serialised_ps,
                head_ps,
                arrival_ps: tail_ps,
                delay_ps,
                latency_ps,
                serialisation_ps,
                behind: behind.map(|behind| shape.begun.message(behind)),
                interface_ps: head_ps,
                held_ps: 0,
                behind_at_receiver: None,
            };
        }
        Ok((Served { from, to, ordinal, head_ps }, arrived))
    }
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
