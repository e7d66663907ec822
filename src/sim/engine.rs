//! Clocks, links, interfaces: the one state machine of time, driven by live runs and by replays.
//!
//! Owns every rule that turns (work, send, receive) into picoseconds. It knows nothing of programs,
//! strands, spans or message contents; a message is its link and its ordinal there.

mod failing;
mod fate;
mod lines;
mod packets;
mod port;
mod queue;
mod recovery;
mod relative;
mod shape;
mod shaped;
mod shaper;
pub(super) mod window;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

pub(crate) use self::failing::{Act, Fate, Kept};
use self::port::{Holds, Port};
pub(crate) use self::relative::Path;
use super::{
    Clock, Endpoint, Network, Parts, SimError, WireOverhead,
    error::{Overflow, sum},
    jitter::{self, Jitter},
    network::Rate,
    timeline::{MessageId, Timeline},
};
use shape::Shape;

/// A party's time. What is not latency, serialisation, queueing or window is compute.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    time_ps: u64,
    latency_ps: u64,
    serialisation_ps: u64,
    queueing_ps: u64,
    window_ps: u64,
    depth: u64,
    /// The party whose clock this path led through when origins were last set.
    origin: u32,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before a shared wire or the receiver's interface, which decides when it arrives.
    OnTheWay,
    /// Its arrival time is known.
    Arrived,
    /// Received, while an earlier message on its link is not.
    Taken,
    /// It never arrives: its sender kept it, or its link is down for ever.
    Lost,
}

/// A message that was sent and not yet received.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flight {
    pub(crate) arrival_ps: u64,
    pub(crate) payload_bytes: u64,
    pub(crate) depth: u64,
    latency_ps: u64,
    serialisation_ps: u64,
    queueing_ps: u64,
    window_ps: u64,
    origin: u32,
    stage: Stage,
}

/// One direction between two parties.
#[derive(Debug)]
struct Wire {
    latency_ps: u64,
    rate: Rate,
    jitter: Jitter,
    free_ps: u64,
    last_head_ps: u64,
    /// Of the last message, before the receiver's interface.
    last_tail_ps: u64,
    /// When its messages held the receiver's interface, if that has a limit.
    holds: Holds,
    /// Messages sent since the simulation began, and when the current run began.
    sent: u64,
    base: u64,
    /// Messages in flight; the first has the ordinal `first`.
    flights: VecDeque<Flight>,
    /// Their timelines, if somebody listens.
    timelines: VecDeque<Timeline>,
    first: u64,
}

/// What a send made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// Which message of its link it is since the simulation began.
    pub(crate) ordinal: u64,
    /// Whether its arrival is known at once, which it is unless the receiver's interface has a limit, or others share the
    /// way out.
    pub(crate) arrived: bool,
}

/// What a receive did to the receiver's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    pub(crate) start_ps: u64,
    pub(crate) waited_ps: u64,
}

/// A message that an interface let through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) ordinal: u64,
    head_ps: u64,
}

/// The state of simulated time.
#[derive(Debug)]
pub(crate) struct Engine {
    parties: usize,
    overhead: WireOverhead,
    jitter_seed: u64,
    endpoints: Vec<Endpoint>,
    clocks: Vec<State>,
    egress: Vec<Port>,
    ingress: Vec<Port>,
    wires: Vec<Wire>,
    /// What plain networks do not have.
    shape: Option<Shape>,
    /// Messages before a limited interface, earliest first, packed by [`pack`].
    queue: BinaryHeap<Reverse<u128>>,
}

impl Engine {
    pub(crate) fn new(network: &Network, endpoints: &[Endpoint]) -> Engine {
        network.assert_valid();
        assert_eq!(endpoints.len(), network.parties, "one endpoint per party");
        let wires = network.links.iter().map(|link| Wire {
            latency_ps: link.latency_ps,
            rate: Rate::new(link.bandwidth_bps),
            jitter: link.jitter,
            free_ps: 0,
            last_head_ps: 0,
            last_tail_ps: 0,
            holds: Holds::default(),
            sent: 0,
            base: 0,
            flights: VecDeque::new(),
            timelines: VecDeque::new(),
            first: 0,
        });
        Engine {
            parties: network.parties,
            overhead: network.overhead,
            jitter_seed: network.jitter_seed,
            endpoints: endpoints.to_vec(),
            clocks: vec![State::default(); network.parties],
            egress: network.interfaces.iter().map(|interface| Port::new(interface.egress_bps)).collect(),
            ingress: network.interfaces.iter().map(|interface| Port::new(interface.ingress_bps)).collect(),
            wires: wires.collect(),
            shape: Shape::new(network),
            queue: BinaryHeap::new(),
        }
    }

    /// Puts everything back to zero and forgets what is in flight.
    pub(crate) fn reset(&mut self) {
        self.clocks.fill(State::default());
        for port in self.egress.iter_mut().chain(&mut self.ingress) {
            port.reset();
        }
        for wire in &mut self.wires {
            wire.free_ps = 0;
            wire.last_head_ps = 0;
            wire.last_tail_ps = 0;
            wire.holds.clear();
            wire.sent = 0;
            wire.base = 0;
            wire.first = 0;
            wire.flights.clear();
            wire.timelines.clear();
        }
        if let Some(shape) = &mut self.shape {
            shape.reset();
        }
        self.queue.clear();
    }

    /// From here on ordinals of a trace count from 0. What is left of an earlier run at an incoming interface counts as
    /// held by the last message there.
    pub(crate) fn begin_run(&mut self) {
        assert!(self.queue.is_empty(), "a run begins with nothing in flight");
        for wire in &mut self.wires {
            assert!(wire.flights.is_empty(), "a run begins with nothing in flight");
            wire.base = wire.sent;
            wire.holds.clear();
        }
        for (to, port) in self.ingress.iter().enumerate() {
            if let Some(last) = port.last {
                self.wires[last.from * self.parties + to].holds.add(0, port.free_ps);
            }
        }
        if let Some(shape) = &mut self.shape {
            shape.begin_run();
        }
    }

    pub(crate) fn parties(&self) -> usize {
        self.parties
    }

    pub(crate) fn clock(&self, party: usize) -> Clock {
        let state = &self.clocks[party];
        let network_ps = state.latency_ps + state.serialisation_ps + state.queueing_ps + state.window_ps;
        Clock {
            time_ps: state.time_ps,
            parts: Parts {
                compute_ps: state.time_ps - network_ps,
                latency_ps: state.latency_ps,
                serialisation_ps: state.serialisation_ps,
                queueing_ps: state.queueing_ps,
                window_ps: state.window_ps,
            },
            depth: state.depth,
        }
    }

    pub(crate) fn clocks(&self) -> Vec<Clock> {
        (0..self.parties).map(|party| self.clock(party)).collect()
    }

    /// Whether it needs a way of its own: sends say so.
    pub(crate) fn is_shaped(&self) -> bool {
        self.shape.is_some()
    }

    /// Whether times depend on who goes first, so that a line must be complete before it is timed.
    pub(crate) fn serves(&self) -> bool {
        self.is_shaped() || self.ingress.iter().any(|port| port.rate.is_limited())
    }

    #[inline]
    pub(crate) fn time_ps(&self, party: usize) -> u64 {
        self.clocks[party].time_ps
    }

    #[inline]
    pub(crate) fn depth(&self, party: usize) -> u64 {
        self.clocks[party].depth
    }

    /// Ordinal of the first message of a link in the current run.
    #[inline]
    pub(crate) fn base(&self, from: usize, to: usize) -> u64 {
        self.wires[from * self.parties + to].base
    }

    /// Messages sent over a link since the simulation began.
    pub(crate) fn sent(&self, from: usize, to: usize) -> u64 {
        self.wires[from * self.parties + to].sent
    }

    /// Bytes on the wire of a message that could be sent.
    pub(crate) fn wire_bytes(&self, payload_bytes: u64) -> u64 {
        self.overhead.wire_bytes(payload_bytes).expect("checked when it was sent")
    }

    /// When a party is done with something that takes so long at full speed.
    #[inline(always)]
    fn end_ps<const SHAPED: bool>(&self, party: usize, start_ps: u64, ps: u64) -> Result<u64, Overflow> {
        match &self.shape {
            Some(shape) if SHAPED => shape.failing.end_ps(party, start_ps, ps),
            _ => sum(start_ps, ps),
        }
    }

    #[inline]
    pub(crate) fn work<const SHAPED: bool>(&mut self, party: usize, ps: u64) -> Result<(), Overflow> {
        self.clocks[party].time_ps = self.end_ps::<SHAPED>(party, self.clocks[party].time_ps, ps)?;
        Ok(())
    }

    /// Sends at the sender's time. The message arrives at once unless the receiver's interface has a
    /// limit or others share the way out; then [`serve`](Self::serve) lets it through.
    #[inline(always)] // `SHAPED` and `listens` are constants where it is called
    pub(crate) fn send<const SHAPED: bool>(
        &mut self,
        from: usize,
        to: usize,
        payload_bytes: u64,
        listens: bool,
        kept: Kept,
    ) -> Result<Sent, Overflow> {
        assert!(from != to && to < self.parties, "party {from} sends to party {to} of {}", self.parties);
        if SHAPED {
            return self.send_shaped(from, to, payload_bytes, listens, kept);
        }
        let state = &mut self.clocks[from];
        state.time_ps = sum(state.time_ps, self.endpoints[from].send_ps)?;
        let sent_ps = state.time_ps;
        let wire = &mut self.wires[from * self.parties + to];
        let egress = &mut self.egress[from];
        let bytes = self.overhead.wire_bytes(payload_bytes).ok_or(Overflow)?;

        let ordinal = wire.sent;
        wire.sent += 1;
        let link_free_ps = wire.free_ps;
        let mut start_ps = sent_ps.max(link_free_ps);
        let mut wire_ps = wire.rate.duration_ps(bytes).ok_or(Overflow)?;
        let mut port_last = None;
        if egress.rate.is_limited() {
            start_ps = start_ps.max(egress.free_ps);
            let egress_ps = egress.rate.duration_ps(bytes).ok_or(Overflow)?;
            egress.free_ps = sum(start_ps, egress_ps)?;
            wire_ps = wire_ps.max(egress_ps);
            port_last = egress.last.replace(MessageId { from, to, ordinal });
        }
        let serialised_ps = sum(start_ps, wire_ps)?;
        wire.free_ps = serialised_ps;

        let mut delay_ps = wire.latency_ps;
        if wire.jitter != Jitter::None {
            let extra_ps = jitter::sample_ps(wire.jitter, self.jitter_seed, from, to, ordinal);
            delay_ps = jitter::delayed_ps(delay_ps, extra_ps.ok_or(Overflow)?).ok_or(Overflow)?;
        }
        let head_ps = sum(start_ps, delay_ps)?.max(wire.last_head_ps);
        wire.last_head_ps = head_ps;
        // Jitter makes no message overtake, its last bit neither.
        let tail_ps = sum(serialised_ps, head_ps - start_ps)?.max(wire.last_tail_ps);
        wire.last_tail_ps = tail_ps;

        let arrived = !self.ingress[to].rate.is_limited();
        if !arrived {
            self.queue.push(Reverse(pack(head_ps, from, ordinal, to)));
        }
        if listens {
            let on_link = MessageId { from, to, ordinal: ordinal.wrapping_sub(1) };
            let behind = if start_ps == link_free_ps { Some(on_link) } else { port_last };
            wire.timelines.push_back(Timeline {
                sent_ps,
                start_ps,
                serialised_ps,
                head_ps,
                arrival_ps: tail_ps,
                delay_ps,
                latency_ps: tail_ps - serialised_ps,
                serialisation_ps: serialised_ps - sent_ps,
                window_ps: 0,
                own_window_ps: 0,
                own_queueing_ps: 0,
                behind: behind.filter(|_| start_ps > sent_ps),
                interface_ps: head_ps,
                held_ps: 0,
                behind_at_receiver: None,
            });
        }
        // Until `start_ps` its sender's earlier messages were on the link or interface. The parts add up to `tail_ps`,
        // which fits, so none of these sums can overflow.
        wire.flights.push_back(Flight {
            arrival_ps: tail_ps,
            payload_bytes,
            depth: state.depth + 1,
            latency_ps: state.latency_ps + (tail_ps - serialised_ps),
            serialisation_ps: state.serialisation_ps + (serialised_ps - sent_ps),
            queueing_ps: state.queueing_ps,
            window_ps: state.window_ps,
            origin: state.origin,
            stage: if arrived { Stage::Arrived } else { Stage::OnTheWay },
        });
        Ok(Sent { ordinal, arrived })
    }

    /// Lets the earliest message before a shared wire or a limited interface through, until one has arrived. To be called
    /// only when every party waits: whatever is sent later is handed over later and has its head later.
    pub(crate) fn serve(&mut self) -> Result<Option<Served>, Overflow> {
        if self.shape.as_ref().is_some_and(|shape| shape.lines.is_some()) {
            return self.serve_packets();
        }
        while let Some((started, arrived)) = self.start_next()? {
            if arrived {
                return Ok(Some(started));
            }
        }
        let Some(Reverse(key)) = self.queue.pop() else { return Ok(None) };
        let mut served = unpack(key);
        let mut port_of = served.to;
        if let Some(shape) = &mut self.shape {
            port_of = shape.port_of[served.to];
            served.ordinal = shape.next_served(served.from * self.parties + served.to);
        }
        // Kept for the sender and the interface, which can be that of several receivers.
        let holder = served.from * self.parties + port_of;
        let mut holds = std::mem::take(&mut self.wires[holder].holds);
        let wire = &mut self.wires[served.from * self.parties + served.to];
        let port = &mut self.ingress[port_of];
        let index = (served.ordinal - wire.first) as usize;
        let flight = &mut wire.flights[index];
        let bytes = self.overhead.wire_bytes(flight.payload_bytes).ok_or(Overflow)?;
        let port_ps = port.rate.duration_ps(bytes).ok_or(Overflow)?;

        let (head_ps, tail_ps) = (served.head_ps, flight.arrival_ps);
        let alone_ps = tail_ps.max(sum(head_ps, port_ps)?);
        let begin_ps = head_ps.max(port.free_ps);
        port.free_ps = sum(begin_ps, port_ps)?;
        let arrival_ps = alone_ps.max(port.free_ps);
        // So long the interface held it up in the end; before that it would have waited for its own bits.
        let held_ps = arrival_ps - alone_ps;
        let own_ps = holds.within(begin_ps - held_ps, begin_ps);
        holds.forget(head_ps);
        holds.add(begin_ps, port.free_ps);
        flight.serialisation_ps += alone_ps - tail_ps + own_ps;
        flight.queueing_ps += held_ps - own_ps;
        flight.arrival_ps = arrival_ps;
        flight.stage = Stage::Arrived;
        let message = MessageId { from: served.from, to: served.to, ordinal: served.ordinal };
        let behind = port.last.replace(message);
        if let Some(timeline) = wire.timelines.get_mut(index) {
            timeline.serialisation_ps += alone_ps - tail_ps + own_ps;
            timeline.arrival_ps = arrival_ps;
            timeline.interface_ps = begin_ps;
            timeline.held_ps = held_ps;
            timeline.behind_at_receiver = behind.filter(|_| begin_ps > head_ps);
        }
        self.wires[holder].holds = holds;
        Ok(Some(served))
    }

    #[inline]
    pub(crate) fn has_arrived(&self, from: usize, to: usize, ordinal: u64) -> bool {
        let wire = &self.wires[from * self.parties + to];
        let flight = wire.flights.get(ordinal.wrapping_sub(wire.first) as usize);
        flight.is_some_and(|flight| flight.stage == Stage::Arrived)
    }

    /// A message that has arrived and was not received, and its way, if somebody listens.
    pub(crate) fn flight(&self, from: usize, to: usize, ordinal: u64) -> (Flight, Timeline) {
        let wire = &self.wires[from * self.parties + to];
        let index = (ordinal - wire.first) as usize;
        (wire.flights[index], wire.timelines[index])
    }

    /// The messages that were sent in the current run and not received, as an error.
    pub(crate) fn unreceived(&self) -> Option<SimError> {
        let open = |wire: &Wire| wire.flights.iter().filter(|flight| flight.stage != Stage::Taken).count();
        let count = self.wires.iter().map(open).sum::<usize>() as u64;
        let link = self.wires.iter().position(|wire| !wire.flights.is_empty())?;
        let (from, to) = (link / self.parties, link % self.parties);
        Some(SimError::Unreceived {
            from,
            to,
            ordinal: self.wires[link].first - self.wires[link].base,
            count,
        })
    }

    /// The receiver takes a message that has arrived, waiting for it if it must.
    #[inline(always)] // both callers drop most of what it returns
    pub(crate) fn receive<const SHAPED: bool>(
        &mut self,
        party: usize,
        from: usize,
        ordinal: u64,
    ) -> Result<Received, Overflow> {
        let wire = &mut self.wires[from * self.parties + party];
        let index = (ordinal - wire.first) as usize;
        let flight = &wire.flights[index];
        assert!(flight.stage == Stage::Arrived, "message {ordinal} cannot be received");
        let state = &mut self.clocks[party];
        let endpoint = &self.endpoints[party];
        let start_ps = state.time_ps;
        let arrival_ps = flight.arrival_ps;
        let mut cost_ps = endpoint.receive_ps;
        if arrival_ps > start_ps {
            state.time_ps = arrival_ps;
            state.latency_ps = flight.latency_ps;
            state.serialisation_ps = flight.serialisation_ps;
            state.queueing_ps = flight.queueing_ps;
            state.window_ps = flight.window_ps;
            state.origin = flight.origin;
            cost_ps = sum(cost_ps, endpoint.wake_ps)?;
        }
        let ready_ps = state.time_ps;
        state.depth = state.depth.max(flight.depth);
        wire.remove(index);
        self.clocks[party].time_ps = self.end_ps::<SHAPED>(party, ready_ps, cost_ps)?;
        Ok(Received { start_ps, waited_ps: arrival_ps.saturating_sub(start_ps) })
    }
}

impl Wire {
    /// How far a message is that was sent and not received.
    fn stage_of(&self, ordinal: u64) -> Stage {
        self.flights[(ordinal - self.first) as usize].stage
    }

    /// Forgets a message that was received.
    #[inline]
    fn remove(&mut self, index: usize) {
        if index > 0 {
            self.flights[index].stage = Stage::Taken;
            return;
        }
        self.pop();
        while self.flights.front().is_some_and(|next| next.stage == Stage::Taken) {
            self.pop();
        }
    }

    #[inline]
    fn pop(&mut self) {
        self.flights.pop_front();
        self.timelines.pop_front();
        self.first += 1;
    }
}

const PARTY_BITS: u32 = 12;
const ORDINAL_BITS: u32 = 40;

/// Packs (head, sender, ordinal, receiver) so that numbers compare like these four.
fn pack(head_ps: u64, from: usize, ordinal: u64, to: usize) -> u128 {
    assert!(ordinal < 1 << ORDINAL_BITS, "more than 2^40 messages on a link");
    (u128::from(head_ps) << 64)
        | ((from as u128) << (PARTY_BITS + ORDINAL_BITS))
        | (u128::from(ordinal) << PARTY_BITS)
        | to as u128
}

fn unpack(key: u128) -> Served {
    let party = |bits: u128| (bits & ((1 << PARTY_BITS) - 1)) as usize;
    Served {
        from: party(key >> (PARTY_BITS + ORDINAL_BITS)),
        ordinal: ((key >> PARTY_BITS) & ((1 << ORDINAL_BITS) - 1)) as u64,
        to: party(key),
        head_ps: (key >> 64) as u64,
    }
}
