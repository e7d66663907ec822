//! The cost of one phase by span and by link.
//!
//! Messages and bytes belong to the span of their sender. Time belongs to the span that caused it: the walk goes back
//! from the party that ended last, over its own work to the message that it last waited for, over that message's way to
//! its sender, and so on. While that message waited, the time belongs to those that were before it. Rounds are counted
//! twice: the messages that this walk passes, and those of one longest chain. So the children of a span and what is its
//! own add up to it in every column.

use super::Cost;
use crate::sim::{
    Endpoint, MessageId, Network, Observer, Occurrence, OccurrenceKind, Parts, Replayer, SimError, SpanId,
    SpanTree, Timeline, Trace,
};

/// What belongs to a span, everything inside it included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanCost {
    /// The names from the root, joined by `/`.
    pub path: String,
    /// Number of names in the path.
    pub level: usize,
    /// Messages of one longest chain, in which each could only be sent when the one before had arrived.
    pub longest_chain_rounds: u64,
    /// Messages of all parties.
    pub messages: u64,
    /// Payload bytes of all parties.
    pub payload_bytes: u64,
    /// Payload bytes sent by each party.
    pub payload_bytes_by_party: Vec<u64>,
    /// Payload and framing bytes of all parties.
    pub wire_bytes: u64,
    /// Messages that the critical path passed.
    pub critical_path_rounds: u64,
    /// The critical path's time that it caused.
    pub critical_path: Parts,
}

impl SpanCost {
    /// Takes away what belongs to a span inside this one.
    pub fn subtract(&mut self, inside: &SpanCost) {
        self.longest_chain_rounds -= inside.longest_chain_rounds;
        self.critical_path_rounds -= inside.critical_path_rounds;
        self.messages -= inside.messages;
        self.payload_bytes -= inside.payload_bytes;
        self.wire_bytes -= inside.wire_bytes;
        let parties = self.payload_bytes_by_party.iter_mut().zip(&inside.payload_bytes_by_party);
        parties.for_each(|(own, bytes)| *own -= bytes);
        self.critical_path.subtract(&inside.critical_path);
    }

    /// Whether nothing belongs to it.
    pub fn is_nothing(&self) -> bool {
        (self.longest_chain_rounds, self.critical_path_rounds, self.messages) == (0, 0, 0)
            && self.critical_path == Parts::default()
    }
}

/// What went over a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkCost {
    /// The sender.
    pub from: usize,
    /// The receiver.
    pub to: usize,
    /// Messages.
    pub messages: u64,
    /// Payload bytes.
    pub payload_bytes: u64,
    /// Payload and framing bytes.
    pub wire_bytes: u64,
    /// Messages of one longest chain, in which each could only be sent when the one before had arrived.
    pub longest_chain_rounds: u64,
    /// Messages that the critical path passed.
    pub critical_path_rounds: u64,
    /// The critical path's time that its messages caused; its compute part is zero.
    pub critical_path: Parts,
}

/// The cost of a phase, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakdown {
    /// Depth-first, children in order of first use; the first one is the root, with an empty path.
    pub spans: Vec<SpanCost>,
    /// By sender, then receiver.
    pub links: Vec<LinkCost>,
}

/// Keeps all events of a replay.
struct Recorder {
    lines: Vec<Vec<Occurrence>>,
    /// Place of each message's send in its sender's line: by link, then ordinal.
    sends: Vec<Vec<usize>>,
    /// Each message's way, likewise, once it is received.
    ways: Vec<Vec<Option<Timeline>>>,
    parties: usize,
}

impl Observer for Recorder {
    fn event(&mut self, occurrence: &Occurrence) {
        let line = &mut self.lines[occurrence.party];
        match occurrence.kind {
            OccurrenceKind::Work => {}
            OccurrenceKind::Send(message) => {
                let link = message.from * self.parties + message.to;
                self.sends[link].push(line.len());
                self.ways[link].push(None);
            }
            OccurrenceKind::Recv(message, way) => {
                let link = message.from * self.parties + message.to;
                self.ways[link][message.ordinal as usize] = Some(way);
            }
        }
        line.push(*occurrence);
    }
}

impl Recorder {
    fn new(parties: usize) -> Recorder {
        let links = parties * parties;
        let (sends, ways) = (vec![Vec::new(); links], vec![Vec::new(); links]);
        Recorder { lines: vec![Vec::new(); parties], sends, ways, parties }
    }

    /// Place of a message's send in the line of its sender.
    fn send_of(&self, message: MessageId) -> usize {
        self.sends[message.from * self.parties + message.to][message.ordinal as usize]
    }

    fn way_of(&self, message: MessageId) -> &Timeline {
        let way = &self.ways[message.from * self.parties + message.to][message.ordinal as usize];
        way.as_ref().expect("every message is received")
    }

    /// The message on the link whose jitter held this one up: the last one before that was not held up itself.
    fn held_by(&self, mut message: MessageId) -> MessageId {
        while self.way_of(message).latency_ps > self.way_of(message).delay_ps {
            message.ordinal -= 1;
        }
        message
    }
}

/// When a message began to hold what the next ones wait for, and what it had waited for there.
type Began = fn(&Timeline) -> (u64, Option<MessageId>);

/// What belongs to spans and links themselves is added up here.
struct Sums {
    spans: Vec<SpanCost>,
    links: Vec<LinkCost>,
    parties: usize,
}

impl Sums {
    fn new(spans: &SpanTree, parties: usize) -> Sums {
        let span = SpanCost { payload_bytes_by_party: vec![0; parties], ..SpanCost::default() };
        let link = |i| LinkCost { from: i / parties, to: i % parties, ..LinkCost::default() };
        Sums { spans: vec![span; spans.len()], links: (0..parties * parties).map(link).collect(), parties }
    }

    fn link(&mut self, message: MessageId) -> &mut LinkCost {
        &mut self.links[message.from * self.parties + message.to]
    }

    fn sent(&mut self, event: &Occurrence, message: MessageId) {
        let span = &mut self.spans[event.span.index()];
        span.messages += 1;
        span.payload_bytes += event.payload_bytes;
        span.payload_bytes_by_party[event.party] += event.payload_bytes;
        span.wire_bytes += event.wire_bytes;
        let link = self.link(message);
        link.messages += 1;
        link.payload_bytes += event.payload_bytes;
        link.wire_bytes += event.wire_bytes;
    }

    /// Goes back along the critical path from the end of a party's line.
    fn walk_time(&mut self, recorder: &Recorder, mut party: usize) {
        let mut place = recorder.lines[party].len();
        while place > 0 {
            place -= 1;
            let event = &recorder.lines[party][place];
            let compute_ps = event.end_ps - event.start_ps - event.waited_ps;
            self.spans[event.span.index()].critical_path.compute_ps += compute_ps;
            if let OccurrenceKind::Recv(message, way) = event.kind
                && event.waited_ps > 0
            {
                self.way(recorder, message, &way);
                party = message.from;
                place = recorder.send_of(message) + 1;
            }
        }
    }

    /// What a message did to the critical path, for its sender's span and its link.
    fn add(&mut self, recorder: &Recorder, message: MessageId, parts: &Parts) {
        let span = recorder.lines[message.from][recorder.send_of(message)].span;
        self.spans[span.index()].critical_path.add(parts);
        self.link(message).critical_path.add(parts);
    }

    /// The critical path passes a message's way.
    fn way(&mut self, recorder: &Recorder, message: MessageId, way: &Timeline) {
        let span = recorder.lines[message.from][recorder.send_of(message)].span;
        self.spans[span.index()].critical_path_rounds += 1;
        self.link(message).critical_path_rounds += 1;
        let alone_ps = way.arrival_ps - way.held_ps - way.latency_ps - way.start_ps;
        let own = Parts {
            latency_ps: way.delay_ps,
            serialisation_ps: alone_ps - way.own_window_ps - way.own_queueing_ps,
            queueing_ps: way.own_queueing_ps,
            window_ps: way.own_window_ps,
            compute_ps: 0,
        };
        self.add(recorder, message, &own);
        let held = Parts { latency_ps: way.latency_ps - way.delay_ps, ..Parts::default() };
        self.add(recorder, recorder.held_by(message), &held);
        let at_sender: Began = |way| (way.start_ps, way.behind);
        let window_ps = way.window_ps - way.own_window_ps;
        self.wait(recorder, message, (way.start_ps - way.sent_ps, window_ps), at_sender);
        let at_receiver: Began = |way| (way.interface_ps, way.behind_at_receiver);
        self.wait(recorder, message, (way.held_ps, 0), at_receiver);
    }

    /// A message waited for so long until it began, some of it while TCP's windows of those before it kept the link empty:
    /// that is what these caused, the nearest first. The rest is serialisation if they were its own sender's.
    fn wait(
        &mut self,
        recorder: &Recorder,
        message: MessageId,
        (wait_ps, mut window_ps): (u64, u64),
        began: Began,
    ) {
        let (mut until_ps, mut behind) = began(recorder.way_of(message));
        let from_ps = until_ps - wait_ps;
        while until_ps > from_ps {
            let before = behind.expect("some message was there while another waited");
            let (start_ps, next) = began(recorder.way_of(before));
            let part_ps = until_ps - start_ps.max(from_ps);
            // One that had begun before the wait did has the rest.
            let whole = start_ps >= from_ps;
            let empty_ps =
                if whole { recorder.way_of(before).own_window_ps.min(window_ps) } else { window_ps };
            let parts = if before.from == message.from {
                Parts { serialisation_ps: part_ps - empty_ps, window_ps: empty_ps, ..Parts::default() }
            } else {
                Parts { queueing_ps: part_ps, ..Parts::default() }
            };
            self.add(recorder, before, &parts);
            window_ps -= empty_ps;
            (until_ps, behind) = (until_ps - part_ps, next);
        }
    }

    /// Goes back along one longest chain of messages: the message that first brought the party to its depth, the one
    /// that first brought its sender there, and so on.
    fn walk_depth(&mut self, recorder: &Recorder, mut party: usize, depth: u64) {
        let mut end = recorder.lines[party].len();
        for depth in (1..=depth).rev() {
            let reached = recorder.lines[party][..end].iter().find_map(|event| match event.kind {
                OccurrenceKind::Recv(message, _) if event.depth == depth => Some(message),
                _ => None,
            });
            let message = reached.expect("some message brought the party to its depth");
            let send = recorder.send_of(message);
            self.spans[recorder.lines[message.from][send].span.index()].longest_chain_rounds += 1;
            self.link(message).longest_chain_rounds += 1;
            party = message.from;
            end = send;
        }
    }
}

impl Breakdown {
    /// Replays a trace from clocks at zero and takes its cost apart.
    pub fn of(trace: &Trace, network: &Network, endpoints: &[Endpoint]) -> Result<Breakdown, SimError> {
        // Every sum here is a part of these.
        Cost::of_trace(trace, &network.overhead)?;
        let parties = trace.parties();
        let mut recorder = Recorder::new(parties);
        let replay = Replayer::new(network, endpoints).run(trace, &mut recorder)?;
        let mut sums = Sums::new(trace.spans(), parties);
        for event in recorder.lines.iter().flatten() {
            if let OccurrenceKind::Send(message) = event.kind {
                sums.sent(event, message);
            }
        }
        let last = (0..parties).rev().max_by_key(|&p| replay.clocks[p].time_ps).expect("a party");
        sums.walk_time(&recorder, last);
        let deepest = (0..parties).rev().max_by_key(|&p| replay.clocks[p].depth).expect("a party");
        sums.walk_depth(&recorder, deepest, replay.clocks[deepest].depth);
        let spans = with_children(trace.spans(), sums.spans);
        assert_eq!(
            spans[0].critical_path, replay.clocks[last].parts,
            "the walk passes the whole critical path"
        );
        let links = sums.links.into_iter().filter(|link| link.from != link.to).collect();
        Ok(Breakdown { spans, links })
    }
}

/// Adds to each span what is inside it, and puts the tree in depth-first order.
fn with_children(tree: &SpanTree, mut own: Vec<SpanCost>) -> Vec<SpanCost> {
    let ids: Vec<SpanId> = tree.ids().collect();
    for &id in ids.iter().rev() {
        let Some(parent) = tree.parent(id) else { continue };
        let child = own[id.index()].clone();
        let sum = &mut own[parent.index()];
        sum.longest_chain_rounds += child.longest_chain_rounds;
        sum.critical_path_rounds += child.critical_path_rounds;
        sum.messages += child.messages;
        sum.payload_bytes += child.payload_bytes;
        sum.wire_bytes += child.wire_bytes;
        sum.critical_path.add(&child.critical_path);
        sum.payload_bytes_by_party.iter_mut().zip(&child.payload_bytes_by_party).for_each(|(s, b)| *s += b);
    }
    let mut ordered = Vec::new();
    let mut open = vec![(SpanId::ROOT, 0)];
    while let Some((id, level)) = open.pop() {
        let cost = std::mem::take(&mut own[id.index()]);
        if id != SpanId::ROOT && cost.messages == 0 && cost.critical_path == Parts::default() {
            continue;
        }
        ordered.push(SpanCost { path: tree.path(id), level, ..cost });
        let mut children: Vec<SpanId> = tree.children(id).collect();
        children.sort();
        open.extend(children.into_iter().rev().map(|child| (child, level + 1)));
    }
    ordered
}
