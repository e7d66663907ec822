//! Networks that are more than links and interfaces of one party each: sites, one wire for all, bursts, changes, and jitter
//! that is correlated.
//!
//! Owns what only these need; other networks have none of it and no step for it. Where several senders share a wire or an
//! outgoing interface, their messages enter it in the order in which they were handed over (ties: sender, then the
//! sender's order), which is known only when all parties wait.

use std::cmp::Reverse;

use super::{
    Engine, Flight, Sent, Served, Stage, State, Wire,
    failing::Kept,
    pack,
    queue::Before,
    unpack,
    window::{Burst, Passed},
};
use crate::sim::{
    error::{Overflow, sum},
    jitter,
    timeline::{MessageId, Timeline},
};

impl Engine {
    /// [`send`](Self::send) on a shaped network.
    pub(super) fn send_shaped(
        &mut self,
        from: usize,
        to: usize,
        payload_bytes: u64,
        listens: bool,
        kept: Kept,
    ) -> Result<Sent, Overflow> {
        let send_ps = self.endpoints[from].send_ps;
        self.clocks[from].time_ps = self.end_ps::<true>(from, self.clocks[from].time_ps, send_ps)?;
        let State { time_ps, latency_ps, serialisation_ps, queueing_ps, window_ps, depth, origin } =
            self.clocks[from];
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
            window_ps,
            origin,
            stage: if kept == Kept::ForGood { Stage::Lost } else { Stage::OnTheWay },
        });
        if listens {
            wire.timelines.push_back(Timeline::handed_over(time_ps));
        }
        let shape = self.shape.as_mut().expect("a shaped network");
        let turn = shape.handed[from];
        shape.handed[from] += 1;
        match kept {
            Kept::ForGood => return Ok(Sent { ordinal, arrived: false }),
            Kept::For(delay_ps) => {
                shape.failing.delays_ps.insert((link, ordinal), delay_ps);
            }
            Kept::No => {}
        }
        shape.failing.sent.messages += 1;
        let all_bytes = &mut shape.failing.sent.payload_bytes;
        *all_bytes = all_bytes.saturating_add(payload_bytes);
        if let Some(lines) = &mut shape.lines {
            let window = &shape.windows.as_ref().expect("TCP has windows").links[link];
            lines.hand_over((from, to), (link, window.let_in_ps()), (ordinal, time_ps), turn);
            return Ok(Sent { ordinal, arrived: false });
        }
        if shape.windows.is_some() {
            self.pass_window(link, ordinal, time_ps)?;
            return Ok(Sent { ordinal, arrived: true });
        }
        if shape.shared[link] {
            shape.starts.push(Reverse(pack(time_ps, from, turn, to)));
            return Ok(Sent { ordinal, arrived: false });
        }
        let (_, arrived) = self.start(from, to, turn, time_ps)?;
        Ok(Sent { ordinal, arrived })
    }

    /// A message enters its link as TCP's window lets it in. Nothing else is on its way.
    fn pass_window(&mut self, link: usize, ordinal: u64, sent_ps: u64) -> Result<(), Overflow> {
        let wire = &mut self.wires[link];
        let index = (ordinal - wire.first) as usize;
        let flight = &mut wire.flights[index];
        let shape = self.shape.as_mut().expect("a shaped network");
        let window = &mut shape.windows.as_mut().expect("TCP has windows").links[link];
        let burst = Burst::new(wire.rate, &self.overhead, flight.payload_bytes).ok_or(Overflow)?;
        let passed = window.pass(sent_ps, &burst).ok_or(Overflow)?;
        let arrival_ps = sum(passed.serialised_ps, wire.latency_ps)?;
        let (from, to) = (link / self.parties, link % self.parties);
        let before = shape.last_passed[link].map(|ordinal| MessageId { from, to, ordinal });
        let incoming = Incoming { arrival_ps, own_ps: 0, queueing_ps: 0 };
        wire.passed_window((ordinal, sent_ps), &passed, &incoming, before);
        shape.last_passed[link] = Some(ordinal);
        Ok(())
    }

    /// The number that a party's next message has among all that it sends, from 1.
    pub(crate) fn next_number(&self, from: usize) -> u64 {
        self.shape.as_ref().map_or(0, |shape| shape.handed[from]) + 1
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
        self.start(from, to, turn, sent_ps).map(Some)
    }

    /// The next message of a link enters its wire, at this moment or later. `turn` is its number among those of its sender.
    /// If the link is down, it comes back when it is not.
    fn start(&mut self, from: usize, to: usize, turn: u64, now_ps: u64) -> Result<(Served, bool), Overflow> {
        let link = from * self.parties + to;
        let shape = self.shape.as_mut().expect("a shaped network");
        let wire = &mut self.wires[link];
        while wire.stage_of(shape.started[link]) == Stage::Lost {
            shape.started[link] += 1;
        }
        let ordinal = shape.started[link];
        let leaves_site = shape.port_of[from] != shape.port_of[to];
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
        // What it waited for before its link was up again counts as waiting for the link.
        let mut behind = behind.filter(|_| start_ps > now_ps);
        let message = MessageId { from, to, ordinal };
        let waiting = Served { from, to, ordinal, head_ps: start_ps };
        if now_ps < shape.ready_ps[link] {
            // One of its link before it waits for the link: its turn comes after that.
            shape.starts.push(Reverse(pack(shape.ready_ps[link], from, turn, to)));
            return Ok((waiting, false));
        }
        let may_ps = start_ps.max(now_ps);
        match shape.failing.open_ps(link, may_ps) {
            Some(open_ps) if open_ps > may_ps => {
                shape.starts.push(Reverse(pack(open_ps, from, turn, to)));
                shape.ready_ps[link] = open_ps;
                return Ok((waiting, false));
            }
            Some(_) => {}
            None => {
                (flight.stage, shape.started[link]) = (Stage::Lost, ordinal + 1);
                return Ok((waiting, false));
            }
        }
        shape.started[link] += 1;
        shape.ready_ps[link] = 0;
        let dies = shape.failing.down(link).last().is_some_and(|&(_, until_ps)| until_ps == u64::MAX);
        let Some(mut serialised_ps) = shaper.pass(may_ps, bytes) else {
            if !dies {
                return Err(Overflow);
            }
            // The link went down for ever while it passed.
            (flight.stage, shaper.free_ps) = (Stage::Lost, u64::MAX);
            return Ok((waiting, false));
        };
        let mut queueing_ps = 0;
        let mut own = Before::Earlier(message);
        if shape.shared[link] {
            queueing_ps = (now_ps - sent_ps) + shape.begun.of_others_ps(from, behind, now_ps, start_ps);
            if now_ps > sent_ps && behind.is_none() {
                behind = Some(Before::Earlier(message));
            }
            own = shape.begun.add(message, may_ps, behind);
        }
        let start_ps = may_ps;
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
        let held_ps = shape.failing.delays_ps.remove(&(link, ordinal)).unwrap_or(0);
        let extra_ps = extra_ps.ok_or(Overflow)? + i128::from(held_ps);
        let delays_ps = shape.delays_ps(link, start_ps, serialised_ps, extra_ps);
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
                window_ps: 0,
                own_window_ps: 0,
                own_queueing_ps: 0,
                behind: behind.map(|behind| shape.begun.message(behind)),
                interface_ps: head_ps,
                held_ps: 0,
                behind_at_receiver: None,
            };
        }
        Ok((Served { from, to, ordinal, head_ps }, arrived))
    }
}

/// What became of a message's last packet at the receiver's interface.
pub(super) struct Incoming {
    pub(super) arrival_ps: u64,
    /// How long it took and waited there for bits of its own sender, and for those of others.
    pub(super) own_ps: u64,
    pub(super) queueing_ps: u64,
}

impl Wire {
    /// A message, that was handed over at `sent_ps`, has passed TCP's window and the link, behind another one: when its first bit is there.
    pub(super) fn passed_window(
        &mut self,
        (ordinal, sent_ps): (u64, u64),
        passed: &Passed,
        incoming: &Incoming,
        before: Option<MessageId>,
    ) -> u64 {
        let Passed { start_ps, serialised_ps, window_ps, own_window_ps } = *passed;
        let Incoming { arrival_ps, own_ps, queueing_ps } = *incoming;
        let index = (ordinal - self.first) as usize;
        let flight = &mut self.flights[index];
        let serialisation_ps = serialised_ps - sent_ps - window_ps + own_ps;
        (flight.arrival_ps, flight.stage) = (arrival_ps, Stage::Arrived);
        flight.latency_ps += self.latency_ps;
        flight.serialisation_ps += serialisation_ps;
        flight.queueing_ps += queueing_ps;
        flight.window_ps += window_ps;
        let head_ps = start_ps + self.latency_ps;
        if let Some(timeline) = self.timelines.get_mut(index) {
            *timeline = Timeline {
                start_ps,
                serialised_ps,
                head_ps,
                arrival_ps,
                delay_ps: self.latency_ps,
                latency_ps: self.latency_ps,
                serialisation_ps,
                window_ps,
                own_window_ps,
                own_queueing_ps: queueing_ps,
                behind: before.filter(|_| start_ps > sent_ps),
                interface_ps: head_ps,
                ..Timeline::handed_over(sent_ps)
            };
        }
        head_ps
    }
}
