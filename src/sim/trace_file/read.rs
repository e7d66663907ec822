//! Reads a trace, from this program or another, and says which line is wrong.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::Arc,
};

use flate2::read::MultiGzDecoder;

use super::{Record, check};
use crate::sim::{Event, EventKind, SpanId, SpanTree, Trace, TraceBuilder, network::MAX_PARTIES};

/// A trace file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TraceFileError {
    /// The line that is to blame, from 1; 0 if it is the file as a whole.
    pub line: usize,
    /// What is wrong with it.
    pub problem: TraceProblem,
}

/// What can be wrong with a line of a trace file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceProblem {
    /// The file cannot be read or unpacked, or is not UTF-8.
    #[error("cannot read: {0}")]
    Read(#[from] io::Error),
    /// Not a JSON object of the right fields.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// There is no event at all.
    #[error("no events")]
    Empty,
    /// A kind that is not known.
    #[error("unknown kind `{0}`: expected `work`, `send` or `recv`")]
    UnknownKind(String),
    /// A field that this kind of event must have.
    #[error("a `{kind}` needs the field `{field}`")]
    MissingField {
        /// The kind of event.
        kind: &'static str,
        /// The field.
        field: &'static str,
    },
    /// Party numbers count from 0 and stay small.
    #[error("party number {0} is not below {MAX_PARTIES}")]
    PartyNumber(u64),
    /// Parties count from 0 without gaps.
    #[error("there is a party {largest}, but no event of party {silent}")]
    SilentParty {
        /// The party without events.
        silent: usize,
        /// A party with a greater number.
        largest: usize,
    },
    /// A peer of which the file has no event.
    #[error("party {party} names peer {peer}, of which the file has no event")]
    UnknownPeer {
        /// Whose event it is.
        party: usize,
        /// Whom it names.
        peer: usize,
    },
    /// A message to oneself.
    #[error("party {0} is its own peer")]
    OwnPeer(usize),
    /// Nobody sends what is received here.
    #[error("party {to} receives message {message} from party {from}, which sends only {sent} to it")]
    NeverSent {
        /// The sender.
        from: usize,
        /// The receiver.
        to: usize,
        /// The message's number on its link, from 0.
        message: u64,
        /// How many messages the link has.
        sent: u64,
    },
    /// A message is received twice.
    #[error("party {to} receives message {message} from party {from} a second time")]
    ReceivedTwice {
        /// The sender.
        from: usize,
        /// The receiver.
        to: usize,
        /// The message's number on its link, from 0.
        message: u64,
    },
    /// Nobody receives what is sent here.
    #[error("party {to} never receives this, message {message} from party {from}")]
    NeverReceived {
        /// The sender.
        from: usize,
        /// The receiver.
        to: usize,
        /// The message's number on its link, from 0.
        message: u64,
    },
    /// Sender and receiver disagree on a message's size.
    #[error("{received} bytes are received, but line {send_line} sends {sent}")]
    ByteCount {
        /// Bytes by the receiver's account.
        received: u64,
        /// Bytes by the sender's account.
        sent: u64,
        /// The line of the send.
        send_line: usize,
    },
    /// Parties wait for each other.
    #[error("deadlock: party {party} waits here for party {peer}, and nothing is in flight")]
    Deadlock {
        /// The first party that waits.
        party: usize,
        /// The party that it waits for.
        peer: usize,
    },
}

/// One event, and where it stands in the file.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) event: Event,
    /// Of a message, by the account of whoever wrote the line.
    pub(super) bytes: u64,
}

/// Reads a trace from a file, plain or gzipped, and checks that it can run to its end.
pub fn read(path: &Path) -> Result<Trace, TraceFileError> {
    let at_start = |error: io::Error| TraceFileError { line: 0, problem: error.into() };
    let mut file = BufReader::new(File::open(path).map_err(at_start)?);
    let gzipped = file.fill_buf().map_err(at_start)?.starts_with(&[0x1f, 0x8b]);
    let text: Box<dyn Read> = if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    read_from(&mut BufReader::new(text))
}

/// Reads a trace from unpacked text.
fn read_from(text: &mut dyn BufRead) -> Result<Trace, TraceFileError> {
    let mut reader = Reader::default();
    let mut buffer = String::new();
    let mut line = 0;
    loop {
        line += 1;
        buffer.clear();
        let at_line = |problem: TraceProblem| TraceFileError { line, problem };
        if text.read_line(&mut buffer).map_err(|error| at_line(error.into()))? == 0 {
            break;
        }
        if !buffer.trim().is_empty() {
            reader.line(line, &buffer).map_err(at_line)?;
        }
    }
    if reader.steps.is_empty() {
        return Err(TraceFileError { line: 0, problem: TraceProblem::Empty });
    }
    check::check(&reader.steps)?;
    Ok(reader.finish())
}

#[derive(Debug, Default)]
struct Reader {
    /// By party.
    steps: Vec<Vec<Step>>,
    /// By receiver and sender: the ordinal of the receive that comes next if it is in order.
    next: Vec<Vec<u64>>,
    spans: SpanTree,
}

impl Reader {
    fn line(&mut self, line: usize, text: &str) -> Result<(), TraceProblem> {
        let record: Record = serde_json::from_str(text)?;
        let party = party_number(record.party)?;
        while self.steps.len() <= party {
            self.steps.push(Vec::new());
            self.next.push(Vec::new());
        }
        let (kind, bytes) = self.kind(party, &record)?;
        let span = self.span(record.span.as_deref().unwrap_or(""));
        self.steps[party].push(Step { line, event: Event { kind, span }, bytes });
        Ok(())
    }

    fn kind(&mut self, party: usize, record: &Record) -> Result<(EventKind, u64), TraceProblem> {
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
            None => self.spans.intern(at, name.to_owned()),
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
