//! A trace in the trace-event format (JSON) that <https://ui.perfetto.dev> and chrome://tracing open.
//!
//! * Process 1 has a track for each party. Its slices are the spans, one inside the other, and in them the events. A span
//!   that a party leaves for another strand and comes back to is cut into several slices, so slices of a track always nest.
//! * Process 2 has a track for each directed link. Its slices are messages while their bytes enter the wire. From there
//!   to its arrival a message is in flight: an asynchronous event, since many can be in flight at once.
//! * A flow arrow leads from each send over the link to the receive.
//!
//! Times are microseconds with six decimals: exact to the picosecond.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::{Value, json, value::RawValue};

use super::timed::{Timed, event_name};
use crate::sim::{MessageId, Occurrence, OccurrenceKind, SpanId, Timeline};

const PARTIES: u64 = 1;
const LINKS: u64 = 2;

/// Picoseconds that are written as microseconds, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Micros(u64);

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000);
        RawValue::from_string(text).expect("a decimal number is JSON").serialize(serializer)
    }
}

/// One entry of `traceEvents`.
#[derive(Serialize)]
struct Entry {
    ph: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    pid: u64,
    tid: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<Micros>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<Micros>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    #[serde(skip_serializing_if = "Value::is_null")]
    args: Value,
}

/// Where an entry stands.
#[derive(Clone, Copy)]
struct Track {
    pid: u64,
    tid: u64,
}

impl Track {
    fn party(party: usize) -> Track {
        Track { pid: PARTIES, tid: party as u64 + 1 }
    }

    fn entry(self, ph: &'static str, name: String, ts: u64) -> Entry {
        let Track { pid, tid } = self;
        Entry {
            ph,
            name,
            cat: None,
            pid,
            tid,
            ts: Some(Micros(ts)),
            dur: None,
            id: None,
            bp: None,
            args: Value::Null,
        }
    }

    fn slice(self, name: String, cat: &'static str, start_ps: u64, end_ps: u64) -> Entry {
        let dur = Some(Micros(end_ps - start_ps));
        Entry { dur, cat: Some(cat), ..self.entry("X", name, start_ps) }
    }

    fn flow(self, ph: &'static str, id: u64, ts: u64) -> Entry {
        let bp = (ph == "f").then_some("e");
        Entry { cat: Some("message"), id: Some(id), bp, ..self.entry(ph, "message".to_string(), ts) }
    }

    /// Entries that name a track and give its place.
    fn names(self, kind: &str, name: &str) -> [Entry; 2] {
        let entry =
            |what: &str, args| Entry { ts: None, args, ..self.entry("M", format!("{kind}_{what}"), 0) };
        let place = if kind == "process" { self.pid } else { self.tid };
        [entry("name", json!({ "name": name })), entry("sort_index", json!({ "sort_index": place }))]
    }
}

/// Entries in an order in which outer slices come before inner ones, those of a track by time, and those of a flow, too.
struct Entries {
    entries: Vec<Entry>,
    parties: usize,
    /// Of each party, the slices that are open: span and place in `entries`.
    open: Vec<Vec<(SpanId, usize)>>,
    /// Where the flow ids of each link begin.
    first_flow: Vec<u64>,
}

impl Entries {
    fn link_number(&self, message: MessageId) -> usize {
        message.from * self.parties + message.to
    }

    fn link(&self, message: MessageId) -> Track {
        Track { pid: LINKS, tid: self.link_number(message) as u64 + 1 }
    }

    fn flow_id(&self, message: MessageId) -> u64 {
        self.first_flow[self.link_number(message)] + message.ordinal
    }

    fn add(&mut self, timed: &Timed, event: &Occurrence) {
        if let OccurrenceKind::Recv(message, way) = event.kind {
            self.message(timed, event, message, &way);
        }
        let track = Track::party(event.party);
        let path = timed.ancestry(event.span);
        let open = &mut self.open[event.party];
        let same = open.iter().zip(&path).take_while(|((open, _), span)| open == *span).count();
        open.truncate(same);
        for &span in &path[same..] {
            open.push((span, self.entries.len()));
            let name = timed.spans.name(span).to_string();
            self.entries.push(track.slice(name, "span", event.start_ps, event.end_ps));
        }
        for &(_, place) in open.iter() {
            let slice = &mut self.entries[place];
            slice.dur = slice.ts.map(|ts| Micros(event.end_ps - ts.0));
        }
        self.event(timed, track, event);
    }

    fn event(&mut self, timed: &Timed, track: Track, event: &Occurrence) {
        let slice = track.slice(event_name(&timed.names, event), "event", event.start_ps, event.end_ps);
        match event.kind {
            OccurrenceKind::Work => self.entries.push(slice),
            OccurrenceKind::Send(message) => {
                let args = json!({ "bytes": event.payload_bytes, "depth": event.depth });
                self.entries.push(Entry { args, ..slice });
                self.entries.push(track.flow("s", self.flow_id(message), event.end_ps));
            }
            OccurrenceKind::Recv(message, _) => {
                let args = json!({
                    "bytes": event.payload_bytes, "depth": event.depth, "waited_ps": event.waited_ps,
                });
                self.entries.push(Entry { args, ..slice });
                let taken_ps = event.start_ps + event.waited_ps;
                self.entries.push(track.flow("f", self.flow_id(message), taken_ps));
            }
        }
    }

    fn message(&mut self, timed: &Timed, event: &Occurrence, message: MessageId, way: &Timeline) {
        let (track, id) = (self.link(message), self.flow_id(message));
        let name = format!("{} B", event.payload_bytes);
        let parts = way.parts();
        let args = json!({
            "bytes": event.payload_bytes, "wire_bytes": event.wire_bytes, "latency_ps": parts.latency_ps,
            "serialisation_ps": parts.serialisation_ps, "queueing_ps": parts.queueing_ps,
            "window_ps": parts.window_ps,
        });
        self.entries.push(Entry { args, ..track.slice(name, "wire", way.start_ps, way.serialised_ps) });
        self.entries.push(track.flow("t", id, way.start_ps));
        let flight = format!("{} in flight", way_name(timed, message.from, message.to));
        for (ph, ts) in [("b", way.serialised_ps), ("e", way.arrival_ps)] {
            let ends = track.entry(ph, flight.clone(), ts);
            self.entries.push(Entry { cat: Some("flight"), id: Some(id), ..ends });
        }
    }

    fn names(timed: &Timed) -> Vec<Entry> {
        let parties = timed.parties;
        let mut names = Vec::new();
        names.extend(Track { pid: PARTIES, tid: 0 }.names("process", "parties"));
        names.extend(Track { pid: LINKS, tid: 0 }.names("process", "links"));
        for party in 0..parties {
            names.extend(Track::party(party).names("thread", &timed.names.party(party)));
        }
        for link in (0..parties * parties).filter(|link| link / parties != link % parties) {
            let track = Track { pid: LINKS, tid: link as u64 + 1 };
            names.extend(track.names("thread", &way_name(timed, link / parties, link % parties)));
        }
        names
    }
}

/// What a link is called.
fn way_name(timed: &Timed, from: usize, to: usize) -> String {
    format!("{} to {}", timed.names.short(from), timed.names.short(to))
}

/// Where the flow ids of each link begin.
fn first_flows(timed: &Timed) -> Vec<u64> {
    let parties = timed.parties;
    let mut sent = vec![0; parties * parties];
    for event in &timed.events {
        if let OccurrenceKind::Send(message) = event.kind {
            sent[message.from * parties + message.to] += 1;
        }
    }
    let starts = sent.iter().scan(1, |next, sent| Some(std::mem::replace(next, *next + sent)));
    starts.collect()
}

/// Writes a trace in the trace-event format: names first, then all entries by time, outer slices before inner ones.
pub fn write_perfetto(out: &mut dyn Write, timed: &Timed) -> io::Result<()> {
    let mut all = Entries {
        entries: Vec::new(),
        parties: timed.parties,
        open: vec![Vec::new(); timed.parties],
        first_flow: first_flows(timed),
    };
    timed.events.iter().for_each(|event| all.add(timed, event));
    all.entries.sort_by_key(|entry| entry.ts.map(|ts| ts.0)); // stable
    out.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")?;
    for (i, entry) in Entries::names(timed).iter().chain(&all.entries).enumerate() {
        if i > 0 {
            out.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut *out, entry)?;
    }
    out.write_all(b"\n]}\n")
}
