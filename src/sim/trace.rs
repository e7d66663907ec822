//! What each party did, in its own order, without times: the input of a replay.
//!
//! Owns the packed form. A party's line is a sequence of 32-bit words: three bits say what it is,
//! 29 bits hold the value, and large values take further words. A message takes eight bytes (a send
//! and a receive), the work before each of them four or eight more, a change of span four.

use std::{slice, sync::Arc};

use super::{SpanId, SpanTree};

/// One step of a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What it did.
    pub kind: EventKind,
    /// The span it was in.
    pub span: SpanId,
}

/// What a party did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// It computed.
    Work {
        /// For so many picoseconds.
        ps: u64,
    },
    /// It sent a message.
    Send {
        /// To this party.
        to: usize,
        /// Of so many bytes, framing not counted.
        payload_bytes: u64,
    },
    /// It received a message.
    Recv {
        /// From this party.
        from: usize,
        /// Which message of that link it is, counted from 0 at the start of the trace.
        ordinal: u64,
        /// Whether the party stopped here to wait; if not, it stopped at an earlier receive, for
        /// this message too.
        group_start: bool,
    },
}

/// What every party of a run did.
#[derive(Debug, Clone)]
pub struct Trace {
    lines: Vec<Vec<u32>>,
    spans: Arc<SpanTree>,
}

impl Trace {
    /// How many parties there are.
    pub fn parties(&self) -> usize {
        self.lines.len()
    }

    /// The names of the spans.
    pub fn spans(&self) -> &Arc<SpanTree> {
        &self.spans
    }

    /// What a party did, in its order.
    pub fn events(&self, party: usize) -> Events<'_> {
        Events {
            words: self.lines[party].iter(),
            span: SpanId::ROOT,
            next_ordinals: vec![0; self.lines.len()],
        }
    }

    /// The same without work, to compare what was sent and received.
    pub fn without_work(&self) -> Trace {
        let mut builder = TraceBuilder::new(self.parties());
        for party in 0..self.parties() {
            for event in self.events(party) {
                if !matches!(event.kind, EventKind::Work { .. }) {
                    builder.push(party, event);
                }
            }
        }
        builder.finish(Arc::clone(&self.spans))
    }

    /// The same with the line of a party as it is in another trace. For its times only: spans keep their names here.
    pub(crate) fn with_line_of(&self, party: usize, other: &Trace) -> Trace {
        let mut with = self.clone();
        with.lines[party].clone_from(&other.lines[party]);
        with
    }

    /// How many messages were sent.
    pub fn messages(&self) -> u64 {
        self.sends().count() as u64
    }

    /// How many bytes were sent, framing not counted; `None` if 2^64 or more.
    pub fn payload_bytes(&self) -> Option<u64> {
        self.sends().try_fold(0, u64::checked_add)
    }

    /// How often a party stopped to wait.
    pub fn exchanges(&self, party: usize) -> u64 {
        let starts = |event: &Event| matches!(event.kind, EventKind::Recv { group_start: true, .. });
        self.events(party).filter(starts).count() as u64
    }

    /// Memory that the events take, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.lines.iter().map(|line| line.len() * size_of::<u32>()).sum()
    }

    fn sends(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.parties()).flat_map(|party| self.events(party)).filter_map(|event| match event.kind {
            EventKind::Send { payload_bytes, .. } => Some(payload_bytes),
            _ => None,
        })
    }
}

/// Two traces are equal if every party did the same in spans of the same path.
impl PartialEq for Trace {
    fn eq(&self, other: &Trace) -> bool {
        if self.parties() != other.parties() {
            return false;
        }
        if Arc::ptr_eq(&self.spans, &other.spans) {
            return self.lines == other.lines;
        }
        let map = self.spans.translate(&other.spans);
        let same = |(a, b): (Event, Event)| a.kind == b.kind && map[a.span.index()] == Some(b.span);
        (0..self.parties()).all(|party| {
            let (mut ours, mut theirs) = (self.events(party), other.events(party));
            loop {
                match (ours.next(), theirs.next()) {
                    (None, None) => return true,
                    (Some(a), Some(b)) if same((a, b)) => {}
                    _ => return false,
                }
            }
        })
    }
}

impl Eq for Trace {}

/// Makes a [`Trace`] step by step. Work that follows work in the same span is added to it.
#[derive(Debug, Clone)]
pub struct TraceBuilder {
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
struct Line {
    words: Vec<u32>,
    span: SpanId,
    work_ps: u64,
    work_span: SpanId,
    next_ordinals: Vec<u64>,
}

impl TraceBuilder {
    /// Nothing done yet.
    pub fn new(parties: usize) -> TraceBuilder {
        let line = Line {
            words: Vec::new(),
            span: SpanId::ROOT,
            work_ps: 0,
            work_span: SpanId::ROOT,
            next_ordinals: vec![0; parties],
        };
        TraceBuilder { lines: vec![line; parties] }
    }

    /// An empty one, ready for lines as long as those of this one: the next run is often like the last.
    pub(crate) fn as_long(&self) -> TraceBuilder {
        let mut next = TraceBuilder::new(self.lines.len());
        for (next, line) in next.lines.iter_mut().zip(&self.lines) {
            next.words.reserve(line.words.len());
        }
        next
    }

    /// A party did something. Work of no time leaves no trace.
    pub fn push(&mut self, party: usize, event: Event) {
        match event.kind {
            EventKind::Work { ps } => self.work(party, event.span, ps),
            EventKind::Send { to, payload_bytes } => self.send(party, event.span, to, payload_bytes),
            EventKind::Recv { from, ordinal, group_start } => {
                self.recv(party, event.span, from, ordinal, group_start);
            }
        }
    }

    /// A party worked.
    #[inline]
    pub fn work(&mut self, party: usize, span: SpanId, ps: u64) {
        if ps == 0 {
            return;
        }
        let line = &mut self.lines[party];
        if line.work_span != span {
            line.flush();
            line.work_span = span;
        }
        match line.work_ps.checked_add(ps) {
            Some(total) => line.work_ps = total,
            None => {
                line.flush();
                line.work_ps = ps;
            }
        }
    }

    /// A party sent a message.
    #[inline]
    pub fn send(&mut self, party: usize, span: SpanId, to: usize, payload_bytes: u64) {
        let line = &mut self.lines[party];
        line.flush();
        line.enter(span);
        if to < 1 << PEER_BITS && payload_bytes < 1 << BYTES_BITS {
            line.words.push(tagged(SEND, ((payload_bytes as u32) << PEER_BITS) | to as u32));
        } else {
            line.words.extend([tagged(WIDE_SEND, to as u32), high(payload_bytes), low(payload_bytes)]);
        }
    }

    /// A party received a message.
    #[inline]
    pub fn recv(&mut self, party: usize, span: SpanId, from: usize, ordinal: u64, group_start: bool) {
        let line = &mut self.lines[party];
        line.flush();
        line.enter(span);
        let skip = zigzag(ordinal.wrapping_sub(line.next_ordinals[from]) as i64);
        line.next_ordinals[from] = ordinal.wrapping_add(1);
        let start = u32::from(group_start);
        if from < 1 << PEER_BITS && skip < 1 << SKIP_BITS {
            let value = ((skip as u32) << (PEER_BITS + 1)) | (start << PEER_BITS) | from as u32;
            line.words.push(tagged(RECV, value));
        } else {
            line.words.extend([tagged(WIDE_RECV, ((from as u32) << 1) | start), high(ordinal), low(ordinal)]);
        }
    }

    /// The trace, with the names of its spans.
    pub fn finish(self, spans: Arc<SpanTree>) -> Trace {
        let finish = |mut line: Line| {
            line.flush();
            line.words.shrink_to_fit();
            line.words
        };
        Trace { lines: self.lines.into_iter().map(finish).collect(), spans }
    }
}

impl Line {
    #[inline]
    fn enter(&mut self, span: SpanId) {
        if self.span != span {
            assert!(span.0 < 1 << VALUE_BITS, "more than 2^29 spans");
            self.words.push(tagged(SPAN, span.0));
            self.span = span;
        }
    }

    /// Writes the work that was gathered.
    #[inline(always)]
    fn flush(&mut self) {
        if self.work_ps > 0 {
            self.write_work();
        }
    }

    fn write_work(&mut self) {
        let ps = std::mem::take(&mut self.work_ps);
        self.enter(self.work_span);
        if ps < 1 << VALUE_BITS {
            self.words.push(tagged(WORK, ps as u32));
        } else if ps < 1 << (VALUE_BITS + 32) {
            self.words.extend([tagged(LONG_WORK, high(ps)), low(ps)]);
        } else {
            self.words.extend([tagged(WIDE_WORK, 0), high(ps), low(ps)]);
        }
    }
}

/// The steps of one party, decoded.
#[derive(Debug, Clone)]
pub struct Events<'a> {
    words: slice::Iter<'a, u32>,
    span: SpanId,
    next_ordinals: Vec<u64>,
}

impl Events<'_> {
    #[inline]
    fn word(&mut self) -> u32 {
        *self.words.next().expect("a trace ends after a whole event")
    }

    #[inline]
    fn wide(&mut self) -> u64 {
        (u64::from(self.word()) << 32) | u64::from(self.word())
    }
}

impl Iterator for Events<'_> {
    type Item = Event;

    #[inline(always)] // the caller's match on the kind then merges with the one on the tag
    fn next(&mut self) -> Option<Event> {
        loop {
            let word = *self.words.next()?;
            let value = word >> TAG_BITS;
            let peer = (value & ((1 << PEER_BITS) - 1)) as usize;
            let kind = match word & ((1 << TAG_BITS) - 1) {
                WORK => EventKind::Work { ps: u64::from(value) },
                LONG_WORK => EventKind::Work { ps: (u64::from(value) << 32) | u64::from(self.word()) },
                WIDE_WORK => EventKind::Work { ps: self.wide() },
                SEND => EventKind::Send { to: peer, payload_bytes: u64::from(value >> PEER_BITS) },
                WIDE_SEND => EventKind::Send { to: value as usize, payload_bytes: self.wide() },
                RECV => {
                    let skip = unzigzag(u64::from(value >> (PEER_BITS + 1)));
                    let ordinal = self.next_ordinals[peer].wrapping_add(skip as u64);
                    self.next_ordinals[peer] = ordinal.wrapping_add(1);
                    let group_start = value & (1 << PEER_BITS) != 0;
                    EventKind::Recv { from: peer, ordinal, group_start }
                }
                WIDE_RECV => {
                    let (from, ordinal) = ((value >> 1) as usize, self.wide());
                    self.next_ordinals[from] = ordinal.wrapping_add(1);
                    EventKind::Recv { from, ordinal, group_start: value & 1 != 0 }
                }
                _ => {
                    self.span = SpanId(value);
                    continue;
                }
            };
            return Some(Event { kind, span: self.span });
        }
    }
}

const WORK: u32 = 0;
const SEND: u32 = 1;
const RECV: u32 = 2;
const SPAN: u32 = 3;
const LONG_WORK: u32 = 4;
const WIDE_WORK: u32 = 5;
const WIDE_SEND: u32 = 6;
const WIDE_RECV: u32 = 7;

const TAG_BITS: u32 = 3;
const VALUE_BITS: u32 = 32 - TAG_BITS;
const PEER_BITS: u32 = 4;
const BYTES_BITS: u32 = VALUE_BITS - PEER_BITS;
const SKIP_BITS: u32 = VALUE_BITS - PEER_BITS - 1;

fn tagged(tag: u32, value: u32) -> u32 {
    (value << TAG_BITS) | tag
}

fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

fn low(value: u64) -> u32 {
    value as u32
}

/// Small numbers for small distances in either direction.
fn zigzag(distance: i64) -> u64 {
    ((distance << 1) ^ (distance >> 63)) as u64
}

fn unzigzag(code: u64) -> i64 {
    ((code >> 1) as i64) ^ -((code & 1) as i64)
}
