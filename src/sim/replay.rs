//! A recorded trace under another network: the same times as a live run, without its program.
//!
//! Owns the walk over the trace. Times are the engine's.

use std::collections::VecDeque;

use super::{
    Clock, Endpoint, Event, EventKind, Events, Held, Network, SimError, SpanId, Stall, StallWait, Trace,
    Wait, Which,
    clock::depth,
    engine::{Act, Engine, Fate, Kept},
    error::{Overflow, sum},
    is_inside,
    timeline::{MessageId, Timeline},
};

/// What happened in an [`Occurrence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OccurrenceKind {
    /// The party computed.
    Work,
    /// The party sent a message.
    Send(MessageId),
    /// The party received a message, with its way here.
    Recv(MessageId, Timeline),
}

/// One event of a replay, with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// Who did it.
    pub party: usize,
    /// What it did.
    pub kind: OccurrenceKind,
    /// The other party; the party itself for work.
    pub peer: usize,
    /// Bytes of the message, framing not counted; 0 for work.
    pub payload_bytes: u64,
    /// Bytes of the message, framing counted; 0 for work.
    pub wire_bytes: u64,
    /// The party's time before, in picoseconds.
    pub start_ps: u64,
    /// The party's time after, in picoseconds.
    pub end_ps: u64,
    /// How long the party waited, in picoseconds, within start and end.
    pub waited_ps: u64,
    /// Depth of the message; of the party for work.
    pub depth: u64,
    /// The span it was in.
    pub span: SpanId,
    /// Whether it is a receive at which the party stopped to wait.
    pub group_start: bool,
}

/// Is told of every event of a replay. Events of one party come in its order; parties are
/// interleaved in an order that depends on the trace and the network alone.
pub trait Observer {
    /// False if it need not be told.
    const LISTENS: bool = true;

    /// Something happened.
    fn event(&mut self, occurrence: &Occurrence);
}

/// Hears nothing, at no cost.
impl Observer for () {
    const LISTENS: bool = false;

    fn event(&mut self, _: &Occurrence) {}
}

/// What a run of a replayer gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Each party's clock when the run began.
    pub start: Vec<Clock>,
    /// Each party's clock when its line ended.
    pub clocks: Vec<Clock>,
}

impl Replay {
    /// By how much this run lengthened the longest chain of messages since the replayer began.
    pub fn rounds(&self) -> u64 {
        depth(&self.clocks) - depth(&self.start)
    }
}

/// Runs traces one after the other; clocks, links, ordinals and depths go on from run to run.
#[derive(Debug)]
pub struct Replayer {
    pub(super) engine: Engine,
    ready: VecDeque<usize>,
    /// The receive at which each party waits.
    waits: Vec<Option<Blocked>>,
    /// Why each party does nothing any more, and for which message it had waited until then.
    ended: Vec<Option<(Fate, Option<Blocked>)>>,
    /// Messages that their sender holds back, and which spans of the trace that is run they are sent in, if that says so.
    held: Option<Held>,
    held_spans: Vec<bool>,
    failed: bool,
}

/// A receive whose message has not arrived.
#[derive(Debug, Clone, Copy)]
struct Blocked {
    from: usize,
    /// Ordinal since the replayer began.
    ordinal: u64,
    group_start: bool,
    span: SpanId,
}

impl Replayer {
    /// All clocks at zero. Panics if the network contradicts itself.
    pub fn new(network: &Network, endpoints: &[Endpoint]) -> Replayer {
        Replayer {
            engine: Engine::new(network, endpoints),
            ready: VecDeque::new(),
            waits: vec![None; network.parties],
            ended: vec![None; network.parties],
            held: network.faults.held.clone(),
            held_spans: Vec::new(),
            failed: false,
        }
    }

    /// Puts everything back to zero; also after an error.
    pub fn reset(&mut self) {
        self.engine.reset();
        self.ready.clear();
        self.waits.fill(None);
        self.ended.fill(None);
        self.failed = false;
    }

    /// Every party's clock.
    pub fn clocks(&self) -> Vec<Clock> {
        self.engine.clocks()
    }

    /// How many messages were sent so far, by link (row = from).
    pub fn sent(&self) -> Vec<u64> {
        let parties = self.engine.parties();
        (0..parties * parties).map(|link| self.engine.sent(link / parties, link % parties)).collect()
    }

    /// Runs a trace to its end. After an error the replayer must be [`reset`](Self::reset).
    pub fn run<O: Observer>(&mut self, trace: &Trace, observer: &mut O) -> Result<Replay, SimError> {
        let start = self.engine.clocks();
        self.run_as_far_as_it_goes(trace, observer)?;
        if self.ended.iter().any(Option::is_some) || self.waits.iter().any(Option::is_some) {
            return Err(if self.engine.fails() { self.stall(trace) } else { self.deadlock(trace) });
        }
        if let Some(error) = self.engine.unreceived() {
            return Err(error);
        }
        self.failed = false;
        Ok(Replay { start, clocks: self.engine.clocks() })
    }

    /// When a party comes to the end of its line, whether the others do or not. Then the replayer must be
    /// [`reset`](Self::reset).
    pub(crate) fn end_of_line_ps(&mut self, trace: &Trace, party: usize) -> Result<u64, SimError> {
        self.run_as_far_as_it_goes(trace, &mut ())?;
        if self.ended[party].is_some() || self.waits[party].is_some() {
            return Err(if self.engine.fails() { self.stall(trace) } else { self.deadlock(trace) });
        }
        Ok(self.engine.time_ps(party))
    }

    fn run_as_far_as_it_goes<O: Observer>(
        &mut self,
        trace: &Trace,
        observer: &mut O,
    ) -> Result<(), SimError> {
        assert!(!self.failed, "after an error a replayer must be reset");
        let (ours, theirs) = (self.engine.parties(), trace.parties());
        if ours != theirs {
            return Err(SimError::PartyCount { trace: theirs, network: ours });
        }
        self.failed = true;
        self.engine.begin_run();
        if let Some(Held { which: Which::Span(outer), .. }) = &self.held {
            let inside = |span: SpanId| is_inside(&trace.spans().path(span), outer);
            self.held_spans = trace.spans().ids().map(inside).collect();
        }
        let mut lines: Vec<_> = (0..ours).map(|party| trace.events(party)).collect();
        self.ready.extend(0..ours);
        if self.engine.is_shaped() {
            self.run_lines::<true, O>(&mut lines, observer)?;
        } else {
            self.run_lines::<false, O>(&mut lines, observer)?;
        }
        Ok(())
    }

    /// Runs all lines until nobody can go on.
    fn run_lines<const SHAPED: bool, O: Observer>(
        &mut self,
        lines: &mut [Events<'_>],
        observer: &mut O,
    ) -> Result<(), Overflow> {
        loop {
            while let Some(party) = self.ready.pop_front() {
                self.advance::<SHAPED, O>(party, &mut lines[party], observer)?;
            }
            let Some(served) = self.engine.serve()? else { return Ok(()) };
            self.wake(served.from, served.to, served.ordinal);
        }
    }

    /// Lets a party go on until it waits for a message or is done.
    fn advance<const SHAPED: bool, O: Observer>(
        &mut self,
        party: usize,
        line: &mut Events<'_>,
        observer: &mut O,
    ) -> Result<(), Overflow> {
        let fails = SHAPED && self.engine.fails();
        if let Some(blocked) = self.waits[party].take() {
            let Blocked { from, ordinal, group_start, span } = blocked;
            if fails && self.ends(party, Act::Receive(from, ordinal), Some(blocked))? {
                return Ok(());
            }
            self.receive::<SHAPED, O>(party, from, ordinal, group_start, span, observer)?;
        }
        for Event { kind, span } in line {
            match kind {
                EventKind::Work { ps } => {
                    if fails && self.ends(party, Act::Work(ps), None)? {
                        return Ok(());
                    }
                    self.work::<SHAPED, O>(party, ps, span, observer)?;
                }
                EventKind::Send { to, payload_bytes } => {
                    if fails && self.ends(party, Act::Send, None)? {
                        return Ok(());
                    }
                    self.send::<SHAPED, O>(party, to, payload_bytes, span, observer)?;
                }
                EventKind::Recv { from, ordinal, group_start } => {
                    let ordinal = sum(self.engine.base(from, party), ordinal)?;
                    if !self.engine.has_arrived(from, party, ordinal) {
                        self.waits[party] = Some(Blocked { from, ordinal, group_start, span });
                        return Ok(());
                    }
                    let blocked = Blocked { from, ordinal, group_start, span };
                    if fails && self.ends(party, Act::Receive(from, ordinal), Some(blocked))? {
                        return Ok(());
                    }
                    self.receive::<SHAPED, O>(party, from, ordinal, group_start, span, observer)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a party is no more there to do what comes next; from then on it does nothing. A party that gives up had
    /// waited for a message until then.
    #[inline(never)]
    fn ends(&mut self, party: usize, act: Act, wait: Option<Blocked>) -> Result<bool, Overflow> {
        let fate = self.engine.fate(party, act)?;
        if fate != Fate::Does {
            self.ended[party] = Some((fate, wait.filter(|_| matches!(fate, Fate::GivesUp(_)))));
        }
        Ok(fate != Fate::Does)
    }

    /// Whether a party keeps its next message to itself.
    fn kept(&self, party: usize, to: usize, span: SpanId) -> Kept {
        let Some(held) = self.held.as_ref().filter(|held| held.party == party) else { return Kept::No };
        let is_held = match &held.which {
            Which::Span(_) => self.held_spans[span.index()],
            which => which.has(self.engine.next_number(party), to, String::new),
        };
        match held.delay_ps {
            _ if !is_held => Kept::No,
            Some(delay_ps) => Kept::For(delay_ps),
            None => Kept::ForGood,
        }
    }

    #[inline(always)]
    fn work<const SHAPED: bool, O: Observer>(
        &mut self,
        party: usize,
        ps: u64,
        span: SpanId,
        observer: &mut O,
    ) -> Result<(), Overflow> {
        let start_ps = self.engine.time_ps(party);
        self.engine.work::<SHAPED>(party, ps)?;
        if O::LISTENS {
            observer.event(&Occurrence {
                party,
                kind: OccurrenceKind::Work,
                peer: party,
                payload_bytes: 0,
                wire_bytes: 0,
                start_ps,
                end_ps: self.engine.time_ps(party),
                waited_ps: 0,
                depth: self.engine.depth(party),
                span,
                group_start: false,
            });
        }
        Ok(())
    }

    #[inline(always)]
    fn send<const SHAPED: bool, O: Observer>(
        &mut self,
        party: usize,
        to: usize,
        payload_bytes: u64,
        span: SpanId,
        observer: &mut O,
    ) -> Result<(), Overflow> {
        let start_ps = self.engine.time_ps(party);
        let kept = if SHAPED { self.kept(party, to, span) } else { Kept::No };
        let sent = self.engine.send::<SHAPED>(party, to, payload_bytes, O::LISTENS, kept)?;
        if sent.arrived {
            self.wake(party, to, sent.ordinal);
        }
        if O::LISTENS {
            observer.event(&Occurrence {
                party,
                kind: OccurrenceKind::Send(MessageId { from: party, to, ordinal: sent.ordinal }),
                peer: to,
                payload_bytes,
                wire_bytes: self.engine.wire_bytes(payload_bytes),
                start_ps,
                end_ps: self.engine.time_ps(party),
                waited_ps: 0,
                depth: self.engine.depth(party) + 1,
                span,
                group_start: false,
            });
        }
        Ok(())
    }

    #[inline(always)]
    fn receive<const SHAPED: bool, O: Observer>(
        &mut self,
        party: usize,
        from: usize,
        ordinal: u64,
        group_start: bool,
        span: SpanId,
        observer: &mut O,
    ) -> Result<(), Overflow> {
        let flight = O::LISTENS.then(|| self.engine.flight(from, party, ordinal));
        let received = self.engine.receive::<SHAPED>(party, from, ordinal)?;
        if let Some((flight, timeline)) = flight {
            let message = MessageId { from, to: party, ordinal };
            observer.event(&Occurrence {
                party,
                kind: OccurrenceKind::Recv(message, timeline),
                peer: from,
                payload_bytes: flight.payload_bytes,
                wire_bytes: self.engine.wire_bytes(flight.payload_bytes),
                start_ps: received.start_ps,
                end_ps: self.engine.time_ps(party),
                waited_ps: received.waited_ps,
                depth: flight.depth,
                span,
                group_start,
            });
        }
        Ok(())
    }

    /// A message has arrived; lets its receiver go on if it waits for just that one.
    #[inline(always)]
    fn wake(&mut self, from: usize, to: usize, ordinal: u64) {
        let waits = |blocked: &Blocked| blocked.from == from && blocked.ordinal == ordinal;
        if self.waits[to].as_ref().is_some_and(waits) {
            self.ready.push_back(to);
        }
    }

    /// How parties came to a halt, some of which may have stopped or given up.
    fn stall(&self, trace: &Trace) -> SimError {
        let (mut stopped, mut waits) = (Vec::new(), Vec::new());
        let mut halt_ps = 0;
        for (party, ended) in self.ended.iter().enumerate() {
            let since_ps = self.engine.time_ps(party);
            let (fate, blocked) = match (*ended, self.waits[party]) {
                (Some((fate, blocked)), _) => (fate, blocked),
                (None, Some(blocked)) => (self.engine.fate_of_waiting(party), Some(blocked)),
                (None, None) => continue,
            };
            let given_up_ps = match fate {
                Fate::Stops(at_ps) => {
                    stopped.push((party, at_ps));
                    halt_ps = halt_ps.max(at_ps);
                    continue;
                }
                Fate::GivesUp(at_ps) => Some(at_ps),
                Fate::Does => None,
            };
            halt_ps = halt_ps.max(since_ps);
            let Blocked { from: peer, span, .. } = blocked.expect("who gives up has waited");
            waits.push(StallWait { party, peer, span: trace.spans().path(span), since_ps, given_up_ps });
        }
        let end_ps = waits.iter().filter_map(|wait| wait.given_up_ps).min().unwrap_or(halt_ps);
        let sent = self.engine.sent_in_all();
        SimError::Stalled(Box::new(Stall {
            runs: 0,
            stopped,
            waits,
            end_ps,
            messages: sent.messages,
            payload_bytes: sent.payload_bytes,
        }))
    }

    fn deadlock(&self, trace: &Trace) -> SimError {
        let waits = self.waits.iter().enumerate().filter_map(|(party, wait)| {
            let Blocked { from, span, .. } = (*wait)?;
            Some(Wait { party, peer: from, strand: None, span: trace.spans().path(span) })
        });
        SimError::Deadlock { waits: waits.collect() }
    }
}
