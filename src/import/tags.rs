//! A trace of parties whose messages have tags, as in MPI: a receive takes, in the order in which receives are posted, the first message from its
//! sender with its tag that no other one has taken.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::text::Place;
use crate::sim::{Event, EventKind, SpanId, SpanTree, Trace, TraceBuilder};

/// What a party does next.
pub(super) enum Step {
    Work {
        ps: u64,
    },
    Send {
        to: usize,
        tag: u64,
        bytes: u64,
        at: Place,
    },
    /// It needs what a receive brings.
    Take {
        /// Which one, in the order in which they were posted.
        posted: usize,
        /// Whether the party stops here; if not, at an earlier receive, for this message too.
        waits: bool,
    },
}

/// A receive, from the moment on from which it takes what comes.
pub(super) struct Posted {
    /// None: from anybody.
    pub(super) from: Option<usize>,
    /// None: any.
    pub(super) tag: Option<u64>,
    /// The most bytes that it takes; none: as many as come.
    pub(super) bytes: Option<u64>,
    pub(super) at: Place,
}

/// A party's line.
#[derive(Default)]
pub(super) struct Line {
    pub(super) steps: Vec<Step>,
    /// In the order in which they were posted; each is taken by one step.
    pub(super) posted: Vec<Posted>,
}

impl Line {
    /// Nothing would be left of it in a trace.
    pub(super) fn is_idle(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Work { ps: 0 }))
    }
}

/// What is wrong with a line.
pub(super) struct Fault {
    pub(super) party: usize,
    pub(super) at: Place,
    pub(super) problem: String,
}

/// A message that was sent to somebody.
struct Message {
    ordinal: u64,
    bytes: u64,
    at: Place,
}

/// What was sent to a party, by who sent it and its tag.
type Inbox = BTreeMap<(usize, u64), VecDeque<Message>>;

fn inboxes(lines: &[Line]) -> Result<Vec<Inbox>, Fault> {
    let mut inboxes: Vec<Inbox> = lines.iter().map(|_| Inbox::new()).collect();
    for (party, line) in lines.iter().enumerate() {
        let mut sent: BTreeMap<usize, u64> = BTreeMap::new();
        for step in &line.steps {
            let &Step::Send { to, tag, bytes, at } = step else { continue };
            let wrong = |problem| Fault { party, at, problem };
            if to >= lines.len() {
                let (last, parties) = (lines.len() - 1, lines.len());
                return Err(wrong(format!(
                    "it sends to rank {to}, and there are {parties} ranks: 0 to {last}"
                )));
            }
            if to == party {
                return Err(wrong("a rank that sends to itself sends nothing over a network".into()));
            }
            let ordinal = sent.entry(to).or_default();
            let message = Message { ordinal: *ordinal, bytes, at };
            *ordinal += 1;
            inboxes[to].entry((party, tag)).or_default().push_back(message);
        }
    }
    Ok(inboxes)
}

/// Who sends what a receive takes, and with which tag.
fn source(receive: &Posted, inbox: &Inbox) -> Result<(usize, u64), String> {
    if let (Some(from), Some(tag)) = (receive.from, receive.tag) {
        return Ok((from, tag));
    }
    let fits = |&&(from, tag): &&(usize, u64)| {
        receive.from.is_none_or(|only| only == from) && receive.tag.is_none_or(|only| only == tag)
    };
    let mut fitting = inbox.keys().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(&only), None) => Ok(only),
        (None, _) => Err("nobody sends what this would take".into()),
        (Some(one), Some(other)) => {
            let named = |&(from, tag): &(usize, u64)| format!("from rank {from} with tag {tag}");
            Err(format!(
                "messages {} and {} would both do, and which one it takes depends on when they come: write which one it is",
                named(one),
                named(other)
            ))
        }
    }
}

/// The message that each receive of a party takes: who sends it, and its number among those of the link.
fn taken(party: usize, line: &Line, inbox: &mut Inbox) -> Result<Vec<(usize, u64)>, Fault> {
    let mut taken = Vec::new();
    for receive in &line.posted {
        let wrong = |problem| Fault { party, at: receive.at, problem };
        let (from, tag) = source(receive, inbox).map_err(wrong)?;
        let Some(message) = inbox.get_mut(&(from, tag)).and_then(VecDeque::pop_front) else {
            return Err(wrong(format!(
                "there is no message for it: rank {from} does not send so many with tag {tag} to rank {party}"
            )));
        };
        let Message { ordinal, bytes, at } = message;
        if let Some(room) = receive.bytes.filter(|&room| room < bytes) {
            return Err(wrong(format!(
                "it takes {room} bytes, and the message for it, sent in line {} of rank {from}, has {bytes}",
                at.line
            )));
        }
        taken.push((from, ordinal));
    }
    Ok(taken)
}

/// The trace of all parties.
pub(super) fn trace(lines: &[Line]) -> Result<Trace, Fault> {
    let mut builder = TraceBuilder::new(lines.len());
    let mut inboxes = inboxes(lines)?;
    for (party, line) in lines.iter().enumerate() {
        let taken = taken(party, line, &mut inboxes[party])?;
        for step in &line.steps {
            let kind = match *step {
                Step::Work { ps } => EventKind::Work { ps },
                Step::Send { to, bytes, .. } => EventKind::Send { to, payload_bytes: bytes },
                Step::Take { posted, waits } => {
                    let (from, ordinal) = taken[posted];
                    EventKind::Recv { from, ordinal, group_start: waits }
                }
            };
            builder.push(party, Event { kind, span: SpanId::ROOT });
        }
    }
    for (party, inbox) in inboxes.iter().enumerate() {
        if let Some((&(from, tag), message)) = inbox.iter().find_map(|(key, left)| Some((key, left.front()?)))
        {
            let problem =
                format!("nobody receives it: rank {party} takes fewer with tag {tag} from rank {from}");
            return Err(Fault { party: from, at: message.at, problem });
        }
    }
    Ok(builder.finish(Arc::new(SpanTree::new())))
}
