//! The time recurrence once more, in a few naive lines of its own: only for comparison.

use std::collections::BTreeMap;

use mpcsim::sim::{Clock, Endpoint, Event, EventKind, Network, Parts, Trace};

/// [compute, latency, serialisation, queueing]
type Path = [u128; 4];

fn total(path: Path) -> u128 {
    path.iter().sum()
}

/// A message: its path so far, its depth, its size, when its head came; and whether it arrived.
#[derive(Clone)]
struct Message {
    path: Path,
    depth: u64,
    wire_bytes: u128,
    head: u128,
    arrived: bool,
}

/// Clocks and resources, which go on from trace to trace.
pub struct Oracle<'a> {
    network: &'a Network,
    endpoints: &'a [Endpoint],
    clocks: Vec<(Path, u64)>,
    /// When egress `(p, p)`, ingress `(p, n)` or link `(p, q)` is free.
    free: BTreeMap<(usize, usize), u128>,
    last_head: BTreeMap<(usize, usize), u128>,
    last_tail: BTreeMap<(usize, usize), u128>,
    last_arrival: BTreeMap<(usize, usize), u128>,
    /// By receiver: from when until when its interface was busy with whose message, in this run.
    busy: BTreeMap<usize, Vec<(u128, u128, usize)>>,
    messages: BTreeMap<(usize, usize), Vec<Message>>,
}

fn seconds(bytes: u128, bps: Option<u64>) -> u128 {
    bps.map_or(0, |bps| {
        let bps = u128::from(bps);
        (bytes * 8_000_000_000_000).div_ceil(bps)
    })
}

impl<'a> Oracle<'a> {
    pub fn new(network: &'a Network, endpoints: &'a [Endpoint]) -> Oracle<'a> {
        Oracle {
            network,
            endpoints,
            clocks: vec![([0; 4], 0); network.parties],
            free: BTreeMap::new(),
            last_head: BTreeMap::new(),
            last_tail: BTreeMap::new(),
            last_arrival: BTreeMap::new(),
            busy: BTreeMap::new(),
            messages: BTreeMap::new(),
        }
    }

    /// Everybody goes as far as possible; then the earliest head before an interface gets through.
    pub fn run(&mut self, trace: &Trace) {
        let parties = self.network.parties;
        let lines: Vec<Vec<Event>> = (0..parties).map(|p| trace.events(p).collect()).collect();
        let before: BTreeMap<_, _> = self.messages.iter().map(|(&link, sent)| (link, sent.len())).collect();
        // What is left of the run before counts as the last message's.
        for busy in self.busy.values_mut() {
            let &(_, end, from) = busy.last().expect("not empty");
            *busy = vec![(0, end, from)];
        }
        let mut at = vec![0; parties];
        loop {
            let mut moved = true;
            while std::mem::take(&mut moved) {
                for p in 0..parties {
                    while at[p] < lines[p].len() && self.step(p, lines[p][at[p]].kind, &before) {
                        at[p] += 1;
                        moved = true;
                    }
                }
            }
            let waiting = |q: usize, from: usize, ordinal: usize| !self.messages[&(from, q)][ordinal].arrived;
            let mut heads: Vec<_> = (0..parties * parties)
                .flat_map(|link| {
                    let (from, to) = (link / parties, link % parties);
                    let count = self.messages.get(&(from, to)).map_or(0, Vec::len);
                    (0..count).map(move |ordinal| (from, ordinal, to))
                })
                .filter(|&(from, ordinal, to)| waiting(to, from, ordinal))
                .map(|(from, ordinal, to)| (self.messages[&(from, to)][ordinal].head, from, ordinal, to))
                .collect();
            heads.sort_unstable();
            match heads.first() {
                Some(&(_, from, ordinal, to)) => self.pass_interface(from, ordinal, to),
                None if (0..parties).all(|p| at[p] == lines[p].len()) => return,
                None => panic!("the oracle is stuck at {at:?}"),
            }
        }
    }

    fn step(&mut self, p: usize, kind: EventKind, before: &BTreeMap<(usize, usize), usize>) -> bool {
        match kind {
            EventKind::Work { ps } => self.clocks[p].0[0] += u128::from(ps),
            EventKind::Send { to, payload_bytes } => self.send(p, to, payload_bytes.into()),
            EventKind::Recv { from, ordinal, .. } => {
                let ordinal = ordinal as usize + before.get(&(from, p)).unwrap_or(&0);
                let sent = self.messages.get(&(from, p)).and_then(|sent| sent.get(ordinal));
                let Some(message) = sent.filter(|m| m.arrived).cloned() else { return false };
                let (path, depth) = &mut self.clocks[p];
                if total(message.path) > total(*path) {
                    *path = message.path;
                    path[0] += u128::from(self.endpoints[p].wake_ps);
                }
                path[0] += u128::from(self.endpoints[p].receive_ps);
                *depth = (*depth).max(message.depth);
            }
        }
        true
    }

    fn send(&mut self, p: usize, q: usize, payload: u128) {
        let overhead = self.network.overhead;
        let full = u128::from(overhead.segment_payload_bytes.max(1));
        let segments = payload.div_ceil(full).max(1);
        let wire_bytes = payload
            + u128::from(overhead.per_message_bytes)
            + segments * u128::from(overhead.per_segment_bytes);

        self.clocks[p].0[0] += u128::from(self.endpoints[p].send_ps);
        let (path, depth) = self.clocks[p];
        let t = total(path);
        let egress_bps = self.network.interfaces[p].egress_bps;
        let link = *self.network.link(p, q);
        let mut s = t.max(*self.free.get(&(p, q)).unwrap_or(&0));
        if egress_bps.is_some() {
            s = s.max(*self.free.get(&(p, p)).unwrap_or(&0));
            self.free.insert((p, p), s + seconds(wire_bytes, egress_bps));
        }
        let on_wire = seconds(wire_bytes, egress_bps).max(seconds(wire_bytes, link.bandwidth_bps));
        self.free.insert((p, q), s + on_wire);

        let sent = self.messages.entry((p, q)).or_default();
        let jitter = self.network.jitter_ps(p, q, sent.len() as u64).expect("small jitter");
        let delay = u128::try_from(i128::from(link.latency_ps) + jitter).unwrap_or(0);
        let head = (s + delay).max(*self.last_head.get(&(p, q)).unwrap_or(&0));
        self.last_head.insert((p, q), head);
        // The last bit comes as much after the head as it left after the first one, and after that of the message before.
        let last = self.last_tail.entry((p, q)).or_insert(0);
        *last = (head + on_wire).max(*last);
        let path = [path[0], path[1] + (*last - s - on_wire), path[2] + (s - t) + on_wire, path[3]];
        let arrived = self.network.interfaces[q].ingress_bps.is_none();
        sent.push(Message { path, depth: depth + 1, wire_bytes, head, arrived });
    }

    fn pass_interface(&mut self, from: usize, ordinal: usize, to: usize) {
        let port = self.free.entry((to, self.network.parties)).or_insert(0);
        let message = &mut self.messages.get_mut(&(from, to)).expect("a message is on its way")[ordinal];
        let through = seconds(message.wire_bytes, self.network.interfaces[to].ingress_bps);
        let tail = total(message.path);
        let begin = message.head.max(*port);
        *port = begin + through;
        let arrival = tail.max(*port);
        let alone = tail.max(message.head + through);
        // Had the interface begun so much earlier, the message would have arrived as if alone.
        let in_time = begin - (arrival - alone);
        let busy = self.busy.entry(to).or_default();
        for &(start, end, holder) in &*busy {
            let part = end.min(begin).saturating_sub(start.max(in_time));
            message.path[if holder == from { 2 } else { 3 }] += part;
        }
        busy.push((begin, *port, from));
        message.path[2] += alone - tail;
        assert_eq!(total(message.path), arrival, "somebody was there while it waited");
        message.arrived = true;
        let last = self.last_arrival.insert((from, to), arrival);
        assert!(last.is_none_or(|last| last <= arrival), "no message overtakes another");
    }

    pub fn clocks(&self) -> Vec<Clock> {
        let number = |value: u128| u64::try_from(value).expect("no overflow in these tests");
        let clock = |&(path, depth): &(Path, u64)| Clock {
            time_ps: number(total(path)),
            parts: Parts {
                compute_ps: number(path[0]),
                latency_ps: number(path[1]),
                serialisation_ps: number(path[2]),
                queueing_ps: number(path[3]),
                window_ps: 0,
            },
            depth,
        };
        self.clocks.iter().map(clock).collect()
    }
}
