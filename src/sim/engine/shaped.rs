//! Networks that are more than links and interfaces of one party each: sites, one wire for all, bursts, changes, and jitter
//! that is correlated.
//!
//! Owns what only these need; other networks have none of it and no step for it. Where several senders share a wire or an
//! outgoing interface, their messages enter it in the order in which they were handed over (ties: sender, then the
//! sender's order), which is known only when all parties wait.

use std::cmp::Reverse;

use super::{Engine, Flight, Sent, Served, Stage, State, pack, queue::Before, unpack};
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
