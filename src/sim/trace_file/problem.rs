//! What can be wrong with a trace from outside, and the events that are looked at for it.

use std::io;

use crate::memory::{MemoryLimit, TooMuchMemory};
use crate::sim::{Event, network::MAX_PARTIES};

/// Bytes of the longest line.
pub(super) const LONGEST_LINE: u64 = 1 << 20;

/// Memory in bytes that an event takes until it is replayed. Measured: 74 an event for 2,000,000 of them.
const EVENT_BYTES: u128 = 100;
/// The same where receives take the bytes of a stream. Measured: 190.
const STREAM_EVENT_BYTES: u128 = 240;
/// What a span takes beside its name. Measured, with its event: 245.
const SPAN_BYTES: u128 = 250;
/// What a link takes, of which there is one from each party to each. Measured: 335.
const LINK_BYTES: u128 = 360;
/// What is taken in any case.
const BASE_BYTES: u128 = 20_000_000;

/// How large a trace is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) parties: usize,
    pub(super) events: usize,
    pub(super) spans: usize,
    /// Bytes of the names of spans.
    pub(super) name_bytes: usize,
}

impl Size {
    /// Refuses a trace that takes more memory than there is.
    pub(super) fn check(self, limit: MemoryLimit, are_streams: bool) -> Result<(), TraceProblem> {
        let each = if are_streams { STREAM_EVENT_BYTES } else { EVENT_BYTES };
        let [parties, events, spans, name_bytes] =
            [self.parties, self.events, self.spans, self.name_bytes].map(|count| count as u128);
        let needed_bytes =
            BASE_BYTES + events * each + spans * SPAN_BYTES + 2 * name_bytes + parties * parties * LINK_BYTES;
        let what = || {
            let [events, spans, parties] =
                [self.events, self.spans, self.parties].map(|count| count.to_string());
            format!("{events} events of {parties} parties in {spans} spans take")
        };
        Ok(limit.check(needed_bytes, what, "a part of the trace takes less")?)
    }
}

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
    /// No event takes so many bytes.
    #[error("this line has more than {} bytes, and an event has a few hundred", LONGEST_LINE)]
    LongLine,
    /// More events than there is memory for.
    #[error(transparent)]
    Memory(#[from] TooMuchMemory),
    /// Not a JSON object of the right fields.
    #[error("{}", of_one_line(.0))]
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
    /// More than one line of events for a party.
    #[error(
        "party {party} has events of thread {first} and of thread {second}: a party is one line of events here. Write the \
         threads as parties of their own, if they share neither links nor cores, or put their events in the order in \
         which they happened"
    )]
    Threads {
        /// The party.
        party: usize,
        /// Its first thread in the file.
        first: u64,
        /// Another one.
        second: u64,
    },
    /// A send that would wait.
    #[error(
        "a send never waits here: buffers have no limit. Leave `blocking` out, or let the party receive an answer (a message \
         of 0 bytes) where it waits"
    )]
    Blocking,
    /// The total cannot be counted.
    #[error("with this message all messages together have 2^64 bytes or more")]
    TooManyBytes,
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
pub(super) struct EventLine {
    pub(super) line: usize,
    pub(super) event: Event,
    /// Of a message, by the account of whoever wrote the line.
    pub(super) bytes: u64,
    /// Whether a receive says which message it takes.
    pub(super) says_message: bool,
}

/// What JSON says, with the column only: each line is read on its own.
fn of_one_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line 1 column ") {
        Some((what, column)) => format!("{what} (column {column})"),
        None => text,
    }
}
