//! Traces made of other traces: one without what is done in a span, and two side by side.

use std::{collections::BTreeMap, iter::Peekable, sync::Arc};

use super::{Event, EventKind, Events, SimError, SpanId, Trace, TraceBuilder, is_inside};

impl Trace {
    /// The same without what parties do inside a span of this path, messages sent there included.
    pub fn without_span(&self, outer: &str) -> Trace {
        let inside: Vec<bool> =
            self.spans().ids().map(|span| is_inside(&self.spans().path(span), outer)).collect();
        let parties = self.parties();
        // By link: the new number of each message that stays.
        let mut numbers: BTreeMap<(usize, usize), Vec<Option<u64>>> = BTreeMap::new();
        for from in 0..parties {
            let mut next = vec![0; parties];
            for event in self.events(from) {
                if let EventKind::Send { to, .. } = event.kind {
                    let stays = !inside[event.span.index()];
                    numbers.entry((from, to)).or_default().push(stays.then_some(next[to]));
                    next[to] += u64::from(stays);
                }
            }
        }
        let mut builder = TraceBuilder::new(parties);
        for party in 0..parties {
            let mut starts = false;
            for Event { kind, span } in self.events(party) {
                let kind = match kind {
                    EventKind::Recv { from, ordinal, group_start } => {
                        starts |= group_start;
                        let Some(ordinal) = numbers[&(from, party)][ordinal as usize] else { continue };
                        EventKind::Recv { from, ordinal, group_start: std::mem::take(&mut starts) }
                    }
                    _ if inside[span.index()] => continue,
                    kind => kind,
                };
                builder.push(party, Event { kind, span });
            }
        }
        builder.finish(Arc::clone(self.spans()))
    }

    /// Both traces side by side, step by step: in each step every party receives what was sent to it in earlier steps and
    /// goes on in both until it waits again, in the first before the second, as in [`both`](super::both).
    ///
    /// Fails if one of them deadlocks.
    pub fn beside(&self, other: &Trace) -> Result<Trace, SimError> {
        assert_eq!(self.parties(), other.parties(), "the same parties");
        let mut spans = (**self.spans()).clone();
        let mut map: Vec<SpanId> = Vec::new();
        for span in other.spans().ids() {
            map.push(match other.spans().parent(span) {
                None => SpanId::ROOT,
                Some(parent) => spans.intern(map[parent.index()], other.spans().name(span).to_string()),
            });
        }
        let own = self.spans().ids().collect();
        Ok(Merge::new([(self, own), (other, map)]).run()?.finish(Arc::new(spans)))
    }
}

/// A message of one of the traces: which, sender, receiver, number there.
type Message = (usize, usize, usize, u64);

/// Two traces on their way into one.
struct Merge<'t> {
    parties: usize,
    /// By trace, what each party has still to do.
    lines: [Vec<Peekable<Events<'t>>>; 2],
    /// By trace, its spans in the tree of both.
    spans: [Vec<SpanId>; 2],
    builder: TraceBuilder,
    /// Messages that were sent: their number in both together, and the step.
    sent: BTreeMap<Message, (u64, u64)>,
    /// By trace and link, and by link, how many.
    counts: [Vec<u64>; 3],
    step: u64,
}

impl<'t> Merge<'t> {
    fn new(traces: [(&'t Trace, Vec<SpanId>); 2]) -> Merge<'t> {
        let parties = traces[0].0.parties();
        let line = |trace: &'t Trace| (0..parties).map(|party| trace.events(party).peekable()).collect();
        let [(first, first_spans), (second, second_spans)] = traces;
        Merge {
            parties,
            lines: [line(first), line(second)],
            spans: [first_spans, second_spans],
            builder: TraceBuilder::new(parties),
            sent: BTreeMap::new(),
            counts: [0; 3].map(|_| vec![0; parties * parties]),
            step: 0,
        }
    }

    fn run(mut self) -> Result<TraceBuilder, SimError> {
        for party in 0..self.parties {
            (0..2).for_each(|which| self.go_on(which, party));
        }
        while (0..2).any(|which| self.lines[which].iter_mut().any(|line| line.peek().is_some())) {
            self.step += 1;
            let mut moved = false;
            for party in 0..self.parties {
                let ready: Vec<(usize, usize)> =
                    (0..2).filter_map(|which| Some((which, self.ready(which, party)?))).collect();
                let mut start = true;
                for &(which, receives) in &ready {
                    for _ in 0..receives {
                        self.receive(which, party, std::mem::take(&mut start));
                    }
                }
                ready.iter().for_each(|&(which, _)| self.go_on(which, party));
                moved |= !ready.is_empty();
            }
            if !moved {
                return Err(SimError::Deadlock { waits: Vec::new() });
            }
        }
        Ok(self.builder)
    }

    /// How many messages a party waits for in a trace, if all have been sent in earlier steps.
    fn ready(&self, which: usize, party: usize) -> Option<usize> {
        let mut receives = 0;
        for event in self.lines[which][party].clone() {
            let EventKind::Recv { from, ordinal, group_start } = event.kind else { break };
            if group_start && receives > 0 {
                break;
            }
            let &(_, step) = self.sent.get(&(which, from, party, ordinal))?;
            if step >= self.step {
                return None;
            }
            receives += 1;
        }
        (receives > 0).then_some(receives)
    }

    fn receive(&mut self, which: usize, party: usize, group_start: bool) {
        let Some(Event { kind: EventKind::Recv { from, ordinal, .. }, span }) =
            self.lines[which][party].next()
        else {
            unreachable!("it was seen before")
        };
        let (ordinal, _) = self.sent[&(which, from, party, ordinal)];
        let kind = EventKind::Recv { from, ordinal, group_start };
        self.builder.push(party, Event { kind, span: self.spans[which][span.index()] });
    }

    /// Lets a party go on in a trace until it waits.
    fn go_on(&mut self, which: usize, party: usize) {
        let is_local = |event: &Event| !matches!(event.kind, EventKind::Recv { .. });
        while let Some(Event { kind, span }) = self.lines[which][party].next_if(is_local) {
            if let EventKind::Send { to, .. } = kind {
                let link = party * self.parties + to;
                let message = (which, party, to, self.counts[which][link]);
                self.sent.insert(message, (self.counts[2][link], self.step));
                self.counts[which][link] += 1;
                self.counts[2][link] += 1;
            }
            self.builder.push(party, Event { kind, span: self.spans[which][span.index()] });
        }
    }
}
