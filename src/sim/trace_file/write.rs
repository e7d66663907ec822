//! Writes a trace with the times that it has under a network.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use crate::sim::{Observer, Occurrence, OccurrenceKind, Replay, Replayer, SimError, SpanId, SpanTree, Trace};

/// A line of a trace file.
#[derive(Debug, serde::Serialize)]
struct Record<'a> {
    party: u64,
    kind: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    same_wait: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    wire_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_ps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waited_ps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serialisation_ps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_ps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Cow<'a, str>>,
}

/// Runs a trace through a replayer and writes each event with its time, the replay's events of one
/// run after those of the runs before. The inner error is the simulation's.
pub fn write(
    out: &mut dyn Write,
    trace: &Trace,
    replayer: &mut Replayer,
) -> io::Result<Result<Replay, SimError>> {
    write_repeated(out, trace, 1, replayer)
}

/// The same for so many runs of a trace, one after the other; messages are numbered through.
pub fn write_repeated(
    out: &mut dyn Write,
    trace: &Trace,
    times: u64,
    replayer: &mut Replayer,
) -> io::Result<Result<Replay, SimError>> {
    let parties = trace.parties();
    let base = replayer.sent();
    let mut writer = Writer { out, spans: trace.spans(), parties, next: base.clone(), base, result: Ok(()) };
    let mut replay = Replay { start: replayer.clocks(), clocks: replayer.clocks() };
    for party in (0..parties).filter(|&party| trace.events(party).next().is_none()) {
        writer.note_idle(party, replay.start[party].time_ps)?;
    }
    for _ in 0..times {
        match replayer.run(trace, &mut writer) {
            Ok(run) => replay.clocks = run.clocks,
            Err(error) => return Ok(Err(error)),
        }
        std::mem::replace(&mut writer.result, Ok(()))?;
    }
    Ok(Ok(replay))
}

struct Writer<'a> {
    out: &'a mut dyn Write,
    spans: &'a SpanTree,
    parties: usize,
    /// Messages of each link before the first run.
    base: Vec<u64>,
    /// The ordinal that each link's next receive has if it is in order.
    next: Vec<u64>,
    result: io::Result<()>,
}

impl Writer<'_> {
    /// A party without events does no work at all, so that whoever reads knows that there is one.
    fn note_idle(&mut self, party: usize, now_ps: u64) -> io::Result<()> {
        self.record(&Occurrence {
            party,
            kind: OccurrenceKind::Work,
            peer: party,
            payload_bytes: 0,
            wire_bytes: 0,
            start_ps: now_ps,
            end_ps: now_ps,
            waited_ps: 0,
            depth: 0,
            span: SpanId::ROOT,
            group_start: true,
        })
    }

    fn record(&mut self, event: &Occurrence) -> io::Result<()> {
        let path = self.spans.path(event.span);
        let mut record = Record {
            party: event.party as u64,
            kind: Cow::Borrowed("work"),
            ps: None,
            peer: None,
            bytes: None,
            message: None,
            same_wait: false,
            wire_bytes: None,
            waited_ps: None,
            latency_ps: None,
            serialisation_ps: None,
            window_ps: None,
            start_ps: Some(event.start_ps),
            end_ps: Some(event.end_ps),
            depth: Some(event.depth),
            span: Some(Cow::Owned(path)),
        };
        match event.kind {
            OccurrenceKind::Work => record.ps = Some(event.end_ps - event.start_ps),
            OccurrenceKind::Send(_) => {
                record.kind = Cow::Borrowed("send");
                record.wire_bytes = Some(event.wire_bytes);
            }
            OccurrenceKind::Recv(message, way) => {
                record.kind = Cow::Borrowed("recv");
                let link = message.from * self.parties + message.to;
                if self.next[link] != message.ordinal {
                    record.message = Some(message.ordinal - self.base[link]);
                }
                self.next[link] = message.ordinal + 1;
                record.same_wait = !event.group_start;
                record.waited_ps = Some(event.waited_ps);
                record.latency_ps = Some(way.latency_ps);
                record.serialisation_ps = Some(way.serialisation_ps);
                record.window_ps = Some(way.window_ps).filter(|&window_ps| window_ps > 0);
            }
        }
        if event.kind != OccurrenceKind::Work {
            record.peer = Some(event.peer as u64);
            record.bytes = Some(event.payload_bytes);
        }
        serde_json::to_writer(&mut *self.out, &record)?;
        self.out.write_all(b"\n")
    }
}

impl Observer for Writer<'_> {
    fn event(&mut self, occurrence: &Occurrence) {
        if self.result.is_ok() {
            self.result = self.record(occurrence);
        }
    }
}
