//! A trace compiled for replay: decoded once, in one order of execution for every network.
//!
//! Owns the compilation. Without limits on incoming interfaces a time depends on what a party did before and on its
//! messages, never on which party goes first, so that any order in which each message is sent before it is received
//! gives the same times: it is fixed here, and the loops over it need no queue and never block.
//!
//! What does not depend on the network is worked out here too: the cost before each operation, and the depth. Programs
//! repeat themselves: equal operations are kept once, which leaves little to read of a long trace.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::depth::Depths;
use crate::sim::{Endpoint, EventKind, Events, SimError, Trace, Wait};

/// [`Op::key`] of a receive.
pub(super) const RECV: u32 = u32::MAX;
/// With more parties, tables by pairs of parties cost more than they save.
const MOST_PARTIES: usize = 64;

/// A send or a receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Op {
    /// Picoseconds of work and handling since the party's operation before.
    pub cost_ps: u64,
    pub party: u32,
    /// Where the arrival is kept in between.
    pub slot: u32,
    /// Kind of message that is sent, or [`RECV`].
    pub key: u32,
}

/// Messages of one size on one link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub link: u32,
    /// Place of the size.
    pub size: u32,
}

/// All messages of a link.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    pub messages: u64,
    /// The greatest number if they are as many or more.
    pub payload_bytes: u64,
}

impl Load {
    fn and(self, other: &Load) -> Load {
        Load {
            messages: self.messages + other.messages,
            payload_bytes: self.payload_bytes.saturating_add(other.payload_bytes),
        }
    }
}

/// A receive seen from its end, to walk back along the critical path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrow {
    /// The last receive of the sender before it sent.
    pub back: u32,
    /// Place of the rest.
    pub hop: u32,
}

/// What walking back over a receive adds to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Hop {
    /// If the message was waited for: work of the sender until it sent, less work of the receiver until it waited, in
    /// picoseconds since the start, and the cost of waking.
    pub compute_ps: i64,
    /// Kind of the message.
    pub key: u32,
    /// How many receives ago the one before it was, of the same party.
    pub before: u32,
}

/// A trace made ready for replays under any number of networks.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) trace: Trace,
    pub(super) endpoints: Vec<Endpoint>,
    /// Empty if only the engine can run it: too many parties, or too much work for 2^62 picoseconds.
    pub(super) ops: Vec<u32>,
    pub(super) op_kinds: Vec<Op>,
    /// By size.
    pub(super) keys: Vec<Key>,
    /// Payload bytes of messages, every size once.
    pub(super) sizes: Vec<u64>,
    /// By link.
    pub(super) loads: Vec<Load>,
    /// Of all links together.
    pub(super) load: Load,
    pub(super) slots: usize,
    /// By number of the receive in the order of execution, after one entry per party that stands for its start.
    pub(super) arrows: Vec<Arrow>,
    pub(super) hops: Vec<Hop>,
    /// By party: work after its last operation, all its work, and its last receive.
    pub(super) tails_ps: Vec<u64>,
    pub(super) work_ps: Vec<u64>,
    pub(super) last: Vec<u32>,
    /// Work, handling and waking of all parties take at most so many picoseconds.
    pub(super) most_work_ps: u64,
    pub(super) depths: Depths,
    pub(super) fits: bool,
    messages: u64,
}

impl Prepared {
    /// Compiles a trace for parties with these costs per message.
    ///
    /// Fails if the trace deadlocks or leaves messages that nobody receives.
    pub fn new(trace: &Trace, endpoints: &[Endpoint]) -> Result<Prepared, SimError> {
        let parties = trace.parties();
        if endpoints.len() != parties {
            return Err(SimError::PartyCount { trace: parties, network: endpoints.len() });
        }
        if parties > MOST_PARTIES {
            return Ok(Prepared::for_engine(trace, endpoints));
        }
        let mut compiler = Compiler::new(trace, endpoints);
        compiler.run(trace)?;
        Ok(compiler.finish(trace))
    }

    fn for_engine(trace: &Trace, endpoints: &[Endpoint]) -> Prepared {
        Prepared {
            trace: trace.clone(),
            endpoints: endpoints.to_vec(),
            ops: Vec::new(),
            op_kinds: Vec::new(),
            keys: Vec::new(),
            sizes: Vec::new(),
            loads: Vec::new(),
            load: Load::default(),
            slots: 0,
            arrows: Vec::new(),
            hops: Vec::new(),
            tails_ps: Vec::new(),
            work_ps: Vec::new(),
            last: Vec::new(),
            most_work_ps: 0,
            depths: Depths::none(0),
            fits: false,
            messages: trace.messages(),
        }
    }

    /// How many parties there are.
    pub fn parties(&self) -> usize {
        self.trace.parties()
    }

    /// How many messages are sent.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The trace as it was recorded.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Whether any party takes time to wake.
    pub(super) fn wakes(&self) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.wake_ps > 0)
    }
}

/// Values, of which those that repeat are kept once, unless it is long ago.
#[derive(Debug)]
struct Kinds<T> {
    all: Vec<T>,
    /// By hash: the last of them.
    recent: Vec<u32>,
}

impl<T: Copy + Eq + Hash> Kinds<T> {
    fn new() -> Kinds<T> {
        Kinds { all: Vec::new(), recent: vec![0; 1 << 10] }
    }

    /// The place of a value.
    fn place(&mut self, value: T) -> u32 {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let recent = &mut self.recent[hasher.finish() as usize % (1 << 10)];
        if self.all.get(*recent as usize) != Some(&value) {
            *recent = u32::try_from(self.all.len()).expect("fewer than 2^32 operations");
            self.all.push(value);
        }
        *recent
    }
}

/// A message that was sent and not received.
#[derive(Debug, Clone, Copy)]
struct Sent {
    slot: u32,
    key: u32,
    back: u32,
    work_ps: u64,
}

/// The state of a party during compilation.
#[derive(Debug)]
struct Line<'a> {
    events: Events<'a>,
    /// The receive at which it waits: sender, ordinal.
    wait: Option<(usize, u64, crate::sim::SpanId)>,
    /// Cost since its last operation, and all its cost so far.
    cost_ps: u128,
    work_ps: u128,
    last: u32,
}

/// Messages of a link from the ordinal `first` on, `None` once received.
#[derive(Debug, Default)]
struct Flights {
    first: u64,
    sent: VecDeque<Option<Sent>>,
}

struct Compiler<'a> {
    parties: usize,
    endpoints: Vec<Endpoint>,
    lines: Vec<Line<'a>>,
    flights: Vec<Flights>,
    ready: VecDeque<usize>,
    ops: Vec<u32>,
    op_kinds: Kinds<Op>,
    keys: Vec<Key>,
    key_of: BTreeMap<(u32, u64), u32>,
    loads: Vec<Load>,
    arrows: Vec<Arrow>,
    hops: Kinds<Hop>,
    free: Vec<u32>,
    slots: usize,
    depths: Depths,
    in_flight: Vec<Vec<i64>>,
    messages: u64,
}

impl<'a> Compiler<'a> {
    fn new(trace: &'a Trace, endpoints: &[Endpoint]) -> Compiler<'a> {
        let parties = trace.parties();
        let line = |party: usize| Line {
            events: trace.events(party),
            wait: None,
            cost_ps: 0,
            work_ps: 0,
            last: party as u32,
        };
        Compiler {
            parties,
            endpoints: endpoints.to_vec(),
            lines: (0..parties).map(line).collect(),
            flights: (0..parties * parties).map(|_| Flights::default()).collect(),
            ready: (0..parties).collect(),
            ops: Vec::new(),
            op_kinds: Kinds::new(),
            keys: Vec::new(),
            key_of: BTreeMap::new(),
            loads: vec![Load::default(); parties * parties],
            arrows: vec![Arrow { back: 0, hop: 0 }; parties],
            hops: Kinds::new(),
            free: Vec::new(),
            slots: 0,
            depths: Depths::none(parties),
            in_flight: Vec::new(),
            messages: 0,
        }
    }

    fn run(&mut self, trace: &Trace) -> Result<(), SimError> {
        while let Some(party) = self.ready.pop_front() {
            self.advance(party);
        }
        if self.lines.iter().any(|line| line.wait.is_some()) {
            let wait = |(party, line): (usize, &Line<'_>)| {
                let (peer, _, span) = line.wait?;
                Some(Wait { party, peer, strand: None, span: trace.spans().path(span) })
            };
            return Err(SimError::Deadlock {
                waits: self.lines.iter().enumerate().filter_map(wait).collect(),
            });
        }
        self.unreceived().map_or(Ok(()), Err)
    }

    fn unreceived(&self) -> Option<SimError> {
        let open = |flights: &Flights| flights.sent.iter().flatten().count() as u64;
        let count = self.flights.iter().map(open).sum();
        let link = self.flights.iter().position(|flights| !flights.sent.is_empty())?;
        let (from, to) = (link / self.parties, link % self.parties);
        Some(SimError::Unreceived { from, to, ordinal: self.flights[link].first, count })
    }

    /// Lets a party go on until it waits or is done.
    fn advance(&mut self, party: usize) {
        if let Some((from, ordinal, _)) = self.lines[party].wait.take() {
            let done = self.recv(party, from, ordinal);
            assert!(done, "woken for a message that is not there");
        }
        while let Some(event) = self.lines[party].events.next() {
            match event.kind {
                EventKind::Work { ps } => self.lines[party].cost_ps += u128::from(ps),
                EventKind::Send { to, payload_bytes } => self.send(party, to, payload_bytes),
                EventKind::Recv { from, ordinal, .. } => {
                    if !self.recv(party, from, ordinal) {
                        self.lines[party].wait = Some((from, ordinal, event.span));
                        return;
                    }
                }
            }
        }
    }

    /// Takes the cost before an operation; what does not fit is found at the end.
    fn take_cost(&mut self, party: usize) -> u64 {
        let line = &mut self.lines[party];
        let cost_ps = std::mem::take(&mut line.cost_ps);
        line.work_ps += cost_ps;
        cost_ps as u64
    }

    fn send(&mut self, from: usize, to: usize, payload_bytes: u64) {
        assert!(from != to && to < self.parties, "party {from} sends to party {to} of {}", self.parties);
        self.lines[from].cost_ps += u128::from(self.endpoints[from].send_ps);
        let cost_ps = self.take_cost(from);
        let link = (from * self.parties + to) as u32;
        let next = self.keys.len() as u32;
        let key = *self.key_of.entry((link, payload_bytes)).or_insert(next);
        if key == next {
            self.keys.push(Key { link, size: 0 });
        }
        let load = &mut self.loads[link as usize];
        load.messages += 1;
        load.payload_bytes = load.payload_bytes.saturating_add(payload_bytes);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots += 1;
            self.in_flight.push(vec![0; self.parties]);
            self.slots as u32 - 1
        });
        self.depths.send(from, &mut self.in_flight[slot as usize]);
        self.ops.push(self.op_kinds.place(Op { cost_ps, party: from as u32, slot, key }));
        self.messages += 1;
        let line = &self.lines[from];
        let sent = Sent { slot, key, back: line.last, work_ps: line.work_ps as u64 };
        let flights = &mut self.flights[link as usize];
        let ordinal = flights.first + flights.sent.len() as u64;
        flights.sent.push_back(Some(sent));
        if self.lines[to].wait.is_some_and(|(peer, waited, _)| (peer, waited) == (from, ordinal)) {
            self.ready.push_back(to);
        }
    }

    /// Receives a message, if it was sent.
    fn recv(&mut self, party: usize, from: usize, ordinal: u64) -> bool {
        let flights = &mut self.flights[from * self.parties + party];
        let index = ordinal.wrapping_sub(flights.first) as usize;
        let Some(sent) = flights.sent.get_mut(index).and_then(Option::take) else { return false };
        while let Some(None) = flights.sent.front() {
            flights.sent.pop_front();
            flights.first += 1;
        }
        let cost_ps = self.take_cost(party);
        let line = &mut self.lines[party];
        let compute_ps =
            sent.work_ps.wrapping_add(self.endpoints[party].wake_ps).wrapping_sub(line.work_ps as u64);
        let at = u32::try_from(self.arrows.len()).expect("fewer than 2^32 messages");
        let hop = Hop { compute_ps: compute_ps.cast_signed(), key: sent.key, before: at - line.last };
        self.arrows.push(Arrow { back: sent.back, hop: self.hops.place(hop) });
        line.last = at;
        line.cost_ps = u128::from(self.endpoints[party].receive_ps);
        let op = Op { cost_ps, party: party as u32, slot: sent.slot, key: RECV };
        self.ops.push(self.op_kinds.place(op));
        self.depths.recv(party, &self.in_flight[sent.slot as usize]);
        self.free.push(sent.slot);
        true
    }

    /// Puts the kinds of messages in the order of their sizes; gives the sizes.
    fn sort_keys(&mut self) -> Vec<u64> {
        let mut order: Vec<_> = self.key_of.iter().map(|(&(_, bytes), &key)| (bytes, key)).collect();
        order.sort_unstable();
        let (mut sizes, mut place) = (Vec::new(), vec![0; order.len()]);
        let mut sorted = Vec::with_capacity(order.len());
        for (bytes, key) in order {
            if sizes.last() != Some(&bytes) {
                sizes.push(bytes);
            }
            place[key as usize] = sorted.len() as u32;
            sorted.push(Key { size: sizes.len() as u32 - 1, ..self.keys[key as usize] });
        }
        self.keys = sorted;
        let ops = self.op_kinds.all.iter_mut().map(|op| &mut op.key).filter(|key| **key != RECV);
        for key in ops.chain(self.hops.all.iter_mut().map(|hop| &mut hop.key)) {
            *key = place[*key as usize];
        }
        sizes
    }

    fn finish(mut self, trace: &Trace) -> Prepared {
        let sizes = self.sort_keys();
        let tails: Vec<_> = (0..self.parties).map(|party| self.take_cost(party)).collect();
        let wake: u128 = self.endpoints.iter().map(|endpoint| u128::from(endpoint.wake_ps)).sum();
        let all: u128 = self.lines.iter().map(|line| line.work_ps).sum();
        let most_work_ps = all + wake * (1 + u128::from(self.messages));
        if most_work_ps >= 1 << 62 {
            return Prepared::for_engine(trace, &self.endpoints);
        }
        Prepared {
            trace: trace.clone(),
            endpoints: self.endpoints,
            ops: self.ops,
            op_kinds: self.op_kinds.all,
            keys: self.keys,
            sizes,
            load: self.loads.iter().fold(Load::default(), Load::and),
            loads: self.loads,
            slots: self.slots,
            arrows: self.arrows,
            hops: self.hops.all,
            tails_ps: tails,
            work_ps: self.lines.iter().map(|line| line.work_ps as u64).collect(),
            last: self.lines.iter().map(|line| line.last).collect(),
            most_work_ps: most_work_ps as u64,
            depths: self.depths,
            fits: true,
            messages: self.messages,
        }
    }
}
