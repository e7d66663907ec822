//! Reads a trace, from this program or another, and says which line is wrong.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::Arc,
};

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    check,
    problem::{EventLine, LONGEST_LINE, Size, TraceFileError, TraceProblem},
    stream,
};
use crate::memory::MemoryLimit;
use crate::sim::{Event, EventKind, SpanId, SpanTree, Trace, TraceBuilder, network::MAX_PARTIES};

/// A line of a file. A field of another name could mean something that would be missed, so that it is a mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    party: u64,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    ps: Option<u64>,
    peer: Option<u64>,
    bytes: Option<u64>,
    message: Option<u64>,
    #[serde(default)]
    same_wait: bool,
    #[serde(borrow)]
    span: Option<Cow<'a, str>>,
    thread: Option<u64>,
    #[serde(default)]
    blocking: bool,
    #[serde(rename = "start_ps")]
    _start_ps: Option<IgnoredAny>,
    #[serde(rename = "end_ps")]
    _end_ps: Option<IgnoredAny>,
    #[serde(rename = "depth")]
    _depth: Option<IgnoredAny>,
    #[serde(rename = "wire_bytes")]
    _wire_bytes: Option<IgnoredAny>,
    #[serde(rename = "waited_ps")]
    _waited_ps: Option<IgnoredAny>,
    #[serde(rename = "latency_ps")]
    _latency_ps: Option<IgnoredAny>,
    #[serde(rename = "serialisation_ps")]
    _serialisation_ps: Option<IgnoredAny>,
    #[serde(rename = "window_ps")]
    _window_ps: Option<IgnoredAny>,
}

/// Reads a trace from a file, plain or gzipped, and checks that it can run to its end. What would take more memory than the
/// limit is refused.
pub fn read(path: &Path, limit: MemoryLimit) -> Result<Trace, TraceFileError> {
    let at_start = |error: io::Error| TraceFileError { line: 0, problem: error.into() };
    let mut file = BufReader::new(File::open(path).map_err(at_start)?);
    let gzipped = file.fill_buf().map_err(at_start)?.starts_with(&[0x1f, 0x8b]);
    let text: Box<dyn Read> = if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    read_from(&mut BufReader::new(text), limit)
}

/// Reads a trace from unpacked text.
fn read_from(text: &mut dyn BufRead, limit: MemoryLimit) -> Result<Trace, TraceFileError> {
    let mut reader = Reader::default();
    let mut buffer = String::new();
    let mut line = 0;
    loop {
        line += 1;
        buffer.clear();
        let at_line = |problem: TraceProblem| TraceFileError { line, problem };
        // A line need not have an end.
        let read = Read::take(&mut *text, LONGEST_LINE + 1)
            .read_line(&mut buffer)
            .map_err(|error| at_line(error.into()))?;
        if read as u64 > LONGEST_LINE {
            return Err(at_line(TraceProblem::LongLine));
        }
        if read == 0 {
            break;
        }
        if !buffer.trim().is_empty() {
            reader.line(line, &buffer).map_err(at_line)?;
            reader.size().check(limit, false).map_err(at_line)?;
        }
    }
    if reader.steps.is_empty() {
        return Err(TraceFileError { line: 0, problem: TraceProblem::Empty });
    }
    let size = reader.size();
    let for_streams = || size.check(limit, true).map_err(|problem| TraceFileError { line: 0, problem });
    stream::match_bytes(&mut reader.steps, for_streams)?;
    check::check(&reader.steps)?;
    Ok(reader.finish())
}

#[derive(Debug, Default)]
struct Reader {
    /// By party.
    steps: Vec<Vec<EventLine>>,
    /// By party: the thread of its first line, 0 if left out.
    threads: Vec<Option<u64>>,
    /// By receiver and sender: the ordinal of the receive that comes next if it is in order.
    next: Vec<Vec<u64>>,
    spans: SpanTree,
    events: usize,
    /// Bytes of the names of all spans.
    name_bytes: usize,
}

impl Reader {
    fn size(&self) -> Size {
        let (parties, spans) = (self.steps.len(), self.spans.len());
        Size { parties, events: self.events, spans, name_bytes: self.name_bytes }
    }

    fn line(&mut self, line: usize, text: &str) -> Result<(), TraceProblem> {
        let record: Line<'_> = serde_json::from_str(text)?;
        let party = party_number(record.party)?;
        while self.steps.len() <= party {
            self.steps.push(Vec::new());
            self.next.push(Vec::new());
            self.threads.push(None);
        }
        let second = record.thread.unwrap_or(0);
        let first = *self.threads[party].get_or_insert(second);
        if first != second {
            return Err(TraceProblem::Threads { party, first, second });
        }
        if record.blocking {
            return Err(TraceProblem::Blocking);
        }
        let (kind, bytes) = self.kind(party, &record)?;
        let span = self.span(record.span.as_deref().unwrap_or(""));
        self.events += 1;
        self.steps[party].push(EventLine {
            line,
            event: Event { kind, span },
            bytes,
            says_message: record.message.is_some(),
        });
        Ok(())
    }

    fn kind(&mut self, party: usize, record: &Line<'_>) -> Result<(EventKind, u64), TraceProblem> {
        let kind: &'static str = match &*record.kind {
            "work" => {
                let missing = TraceProblem::MissingField { kind: "work", field: "ps" };
                return Ok((EventKind::Work { ps: record.ps.ok_or(missing)? }, 0));
            }
            "send" => "send",
            "recv" => "recv",
            other => return Err(TraceProblem::UnknownKind(other.to_owned())),
        };
        let need = |value: Option<u64>, field| value.ok_or(TraceProblem::MissingField { kind, field });
        let peer = party_number(need(record.peer, "peer")?)?;
        let payload_bytes = need(record.bytes, "bytes")?;
        if peer == party {
            return Err(TraceProblem::OwnPeer(party));
        }
        if kind == "send" {
            return Ok((EventKind::Send { to: peer, payload_bytes }, payload_bytes));
        }
        let next = &mut self.next[party];
        if next.len() <= peer {
            next.resize(peer + 1, 0);
        }
        let ordinal = record.message.unwrap_or(next[peer]);
        next[peer] = ordinal.saturating_add(1);
        let after_recv = self.steps[party].last().is_some_and(|step| is_recv(&step.event));
        let group_start = !(record.same_wait && after_recv);
        Ok((EventKind::Recv { from: peer, ordinal, group_start }, payload_bytes))
    }

    fn span(&mut self, path: &str) -> SpanId {
        let names = path.split('/').filter(|name| !name.is_empty());
        names.fold(SpanId::ROOT, |at, name| match self.spans.child(at, name) {
            Some(span) => span,
            None => {
                self.name_bytes += name.len();
                self.spans.intern(at, name.to_owned())
            }
        })
    }

    fn finish(self) -> Trace {
        let mut builder = TraceBuilder::new(self.steps.len());
        for (party, steps) in self.steps.iter().enumerate() {
            for step in steps {
                builder.push(party, step.event);
            }
        }
        builder.finish(Arc::new(self.spans))
    }
}

fn is_recv(event: &Event) -> bool {
    matches!(event.kind, EventKind::Recv { .. })
}

fn party_number(number: u64) -> Result<usize, TraceProblem> {
    match usize::try_from(number) {
        Ok(party) if party < MAX_PARTIES => Ok(party),
        _ => Err(TraceProblem::PartyNumber(number)),
    }
}
