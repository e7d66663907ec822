//! The trace of a program of which each party was recorded: who sent what, who took it where, and in which order a party needed what it
//! took.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::line::{Step, line};
use super::log::{Ends, Kind, Log, LogError, LogProblem, check_memory, read};
use crate::memory::MemoryLimit;
use crate::sim::{Event, EventKind, SpanId, SpanTree, Trace, TraceBuilder};

/// Picoseconds of a nanosecond.
const PS_PER_NS: u64 = 1000;

/// What was made of logs.
#[derive(Debug)]
pub struct Recorded {
    /// The trace.
    pub trace: Trace,
    /// Nanoseconds that the run took while it was recorded: of the party that was the last to begin, from its first byte to its last.
    pub took_ns: u64,
    /// Bytes that were sent last and that nobody took; they are left out.
    pub untaken_bytes: u64,
}

/// A message: what one call sent.
struct Message {
    sender: usize,
    /// Its number among those of its link.
    ordinal: u64,
    /// What its sender had taken before, as far as it is known when it is sent.
    clock: Option<Vec<u32>>,
}

/// What a party does, when messages have their places.
#[derive(Clone, Copy)]
enum Act {
    Work { ps: u64 },
    Send { to: usize, bytes: u64, message: usize },
    Take { message: usize },
}

/// One direction of a connection.
#[derive(Default)]
struct Stream {
    /// Of each send: the bytes up to its end, and the step of the sender.
    sent: Vec<(u64, usize)>,
    /// Of each receive the same.
    received: Vec<(u64, usize)>,
}

fn total(pieces: &[(u64, usize)]) -> u64 {
    pieces.last().map_or(0, |&(end, _)| end)
}

/// The parties' logs in the order of the parties, each with its file.
fn in_order(files: &[PathBuf]) -> Result<Vec<(&Path, Log)>, LogError> {
    let mut logs: Vec<(&Path, Log)> = Vec::new();
    for file in files {
        let log = read(file)?;
        let wrong = |text: String| LogError::of(file, None, LogProblem::Parties(text));
        if let Some((other, _)) = logs.iter().find(|(_, other)| other.party == log.party) {
            return Err(wrong(format!("it is of party {}, as is {}", log.party, other.display())));
        }
        if log.party >= files.len() {
            let (party, logs) = (log.party, files.len());
            return Err(wrong(format!(
                "it is of party {party}, and there are {logs} logs: parties count from 0"
            )));
        }
        logs.push((file, log));
    }
    logs.sort_by_key(|(_, log)| log.party);
    Ok(logs)
}

/// Who is at the other end of each connection of each party; none: the party itself, or nothing went there.
fn peers(logs: &[(&Path, Log)]) -> Result<Vec<Vec<Option<usize>>>, LogError> {
    let mut owners: BTreeMap<Ends, Vec<usize>> = BTreeMap::new();
    for (_, log) in logs {
        for &ends in &log.connections {
            owners.entry(ends).or_default().push(log.party);
        }
    }
    let mut all = Vec::new();
    for (file, log) in logs {
        let mut used = vec![false; log.connections.len()];
        for record in log.records.iter().filter(|record| record.kind != Kind::Work) {
            used[record.connection] = true;
        }
        let mut peers = Vec::new();
        for (&(own, other), used) in log.connections.iter().zip(used) {
            let there = owners.get(&(other, own)).map_or(&[][..], |there| there);
            let peer = match there.first() {
                _ if there.contains(&log.party) => None,
                Some(&peer) => Some(peer),
                None if !used => None,
                None => {
                    return Err(LogError::of(file, None, LogProblem::Stranger { party: log.party, other }));
                }
            };
            peers.push(peer);
        }
        all.push(peers);
    }
    Ok(all)
}

/// What makes acts of the parties' steps.
struct Matching {
    messages: Vec<Message>,
    /// The acts of each step of each party.
    acts: Vec<Vec<Vec<Act>>>,
    untaken_bytes: u64,
}

impl Matching {
    /// The message that each send is, and the receive that takes its last byte.
    fn add(&mut self, sender: usize, receiver: usize, stream: &Stream) {
        let taken = total(&stream.received);
        for &(end, sent_at) in &stream.sent {
            let begin = self.begin_of(stream, end);
            if end > taken {
                self.untaken_bytes += end - begin.max(taken);
            }
            let bytes = end.min(taken).saturating_sub(begin);
            if bytes == 0 {
                continue;
            }
            let message = self.messages.len();
            self.messages.push(Message { sender, ordinal: 0, clock: None });
            self.acts[sender][sent_at].push(Act::Send { to: receiver, bytes, message });
            let at = stream.received.partition_point(|&(until, _)| until < end.min(taken));
            self.acts[receiver][stream.received[at].1].push(Act::Take { message });
        }
    }

    fn begin_of(&self, stream: &Stream, end: u64) -> u64 {
        let at = stream.sent.partition_point(|&(until, _)| until < end);
        if at == 0 { 0 } else { stream.sent[at - 1].0 }
    }
}

/// Each party's acts in its order, and the messages.
struct Acts {
    lines: Vec<Vec<Act>>,
    messages: Vec<Message>,
    untaken_bytes: u64,
}

fn acts(logs: &[(&Path, Log)]) -> Result<Acts, LogError> {
    let peers = peers(logs)?;
    let mut streams: BTreeMap<Ends, Stream> = BTreeMap::new();
    let mut matching = Matching { messages: Vec::new(), acts: Vec::new(), untaken_bytes: 0 };
    for (file, log) in logs {
        let steps = line(log).map_err(|problem| LogError::of(file, None, problem))?;
        let mut acts = vec![Vec::new(); steps.len()];
        for (at, step) in steps.iter().enumerate() {
            let (connection, bytes, sends) = match *step {
                Step::Work { ns } => {
                    acts[at].push(Act::Work { ps: ns.saturating_mul(PS_PER_NS) });
                    continue;
                }
                Step::Send { connection, bytes } => (connection, bytes, true),
                Step::Receive { connection, bytes } => (connection, bytes, false),
            };
            if peers[log.party][connection].is_none() {
                continue;
            }
            let (own, other) = log.connections[connection];
            let stream = streams.entry(if sends { (own, other) } else { (other, own) }).or_default();
            let pieces = if sends { &mut stream.sent } else { &mut stream.received };
            pieces.push((total(pieces) + bytes, at));
        }
        matching.acts.push(acts);
    }
    let mut owner: BTreeMap<Ends, (usize, usize)> = BTreeMap::new();
    for (_, log) in logs {
        for (&(own, other), peer) in log.connections.iter().zip(&peers[log.party]) {
            if let Some(peer) = *peer {
                owner.insert((own, other), (log.party, peer));
            }
        }
    }
    for (ends, stream) in &streams {
        let Some(&(from, to)) = owner.get(ends) else {
            // The same two ends are a connection of one party with itself, too.
            return Err(LogError::of(logs[0].0, None, LogProblem::Ambiguous { one: ends.0, other: ends.1 }));
        };
        let (sent, received) = (total(&stream.sent), total(&stream.received));
        if received > sent || (received == 0 && sent > 0) {
            let problem = LogProblem::Bytes { from, to, from_end: ends.0, received, sent };
            return Err(LogError::of(logs[to].0, None, problem));
        }
        matching.add(from, to, stream);
    }
    let Matching { mut messages, acts, untaken_bytes } = matching;
    let lines: Vec<Vec<Act>> = acts.into_iter().map(|steps| steps.into_iter().flatten().collect()).collect();
    let mut sent: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for (party, line) in lines.iter().enumerate() {
        for act in line {
            if let Act::Send { to, message, .. } = *act {
                let ordinal = sent.entry((party, to)).or_default();
                messages[message].ordinal = *ordinal;
                *ordinal += 1;
            }
        }
    }
    Ok(Acts { lines, messages, untaken_bytes })
}

/// How far a party's line is written.
struct Progress {
    next: usize,
    /// Stops of each party that what this one does now comes after.
    clock: Vec<u32>,
    /// Messages that came ahead of their time.
    ahead: Vec<usize>,
}

/// Which of the messages that a party took before it sent again came ahead of their time: before one that had been sent when nobody
/// could have made them yet. An event loop reads what there is; a party that is quick, or whose peers have to wait for a processor, finds
/// there the next round's message of one peer before this round's of another one. It would have sent, had it not come.
fn ahead(messages: &[Message], taken: &[usize], parties: usize) -> Vec<bool> {
    let clock = |message: usize| messages[message].clock.as_deref().expect("it was sent");
    // Of each sender: the earliest of its stops in which it sent a message that is taken later.
    let mut later = vec![u32::MAX; parties];
    let mut ahead = vec![false; taken.len()];
    for (at, &message) in taken.iter().enumerate().rev() {
        let sender = messages[message].sender;
        ahead[at] = (0..parties).any(|other| other != sender && later[other] <= clock(message)[other]);
        later[sender] = later[sender].min(clock(message)[sender]);
    }
    // What one sender sends stays in its order.
    let mut held = vec![false; parties];
    for (at, &message) in taken.iter().enumerate() {
        let held = &mut held[messages[message].sender];
        *held |= ahead[at];
        ahead[at] = *held;
    }
    ahead
}

/// Writes the lines, a party's stop after the other.
struct Writer {
    builder: TraceBuilder,
    messages: Vec<Message>,
    progress: Vec<Progress>,
}

impl Writer {
    fn event(&mut self, party: usize, kind: EventKind) {
        self.builder.push(party, Event { kind, span: SpanId::ROOT });
    }

    /// What a party does until it sends again, and what it sends then; false if something that it takes was not sent yet.
    fn stop(&mut self, party: usize, line: &[Act]) -> bool {
        let rest = &line[self.progress[party].next..];
        let until = rest.iter().position(|act| matches!(act, Act::Send { .. })).unwrap_or(rest.len());
        let ends = rest[until..].iter().position(|act| matches!(act, Act::Take { .. }));
        let ends = ends.map_or(rest.len(), |sends| until + sends);
        let (before, sends) = (&rest[..until], &rest[until..ends]);
        let held = std::mem::take(&mut self.progress[party].ahead);
        let takes = before
            .iter()
            .filter_map(|act| if let Act::Take { message } = act { Some(*message) } else { None });
        let taken: Vec<usize> = held.iter().copied().chain(takes).collect();
        if taken.iter().any(|&message| self.messages[message].clock.is_none()) {
            self.progress[party].ahead = held;
            return false;
        }
        let ahead = ahead(&self.messages, &taken, self.progress.len());
        // What was held back comes first, then the acts as they were.
        let acts = held.iter().map(|&message| Act::Take { message }).chain(before.iter().copied());
        let (mut which, mut waits) = (0, true);
        for act in acts {
            match act {
                Act::Work { ps } => self.event(party, EventKind::Work { ps }),
                Act::Take { message } => {
                    if ahead[which] {
                        self.progress[party].ahead.push(message);
                    } else {
                        let Message { sender, ordinal, ref clock, .. } = self.messages[message];
                        let clock = clock.as_deref().expect("it was sent");
                        for (own, other) in self.progress[party].clock.iter_mut().zip(clock) {
                            *own = (*own).max(*other);
                        }
                        self.event(party, EventKind::Recv { from: sender, ordinal, group_start: waits });
                        waits = false;
                    }
                    which += 1;
                }
                Act::Send { .. } => unreachable!("sends come after"),
            }
        }
        self.progress[party].clock[party] += 1;
        for act in sends {
            match *act {
                Act::Work { ps } => self.event(party, EventKind::Work { ps }),
                Act::Send { to, bytes, message } => {
                    self.messages[message].clock = Some(self.progress[party].clock.clone());
                    self.event(party, EventKind::Send { to, payload_bytes: bytes });
                }
                Act::Take { .. } => unreachable!("sends end before"),
            }
        }
        self.progress[party].next += ends;
        true
    }

    /// Whether all of a line is written.
    fn done(&self, party: usize, line: &[Act]) -> bool {
        self.progress[party].next == line.len() && self.progress[party].ahead.is_empty()
    }
}

/// Writes all lines, each as far as it can go; none if parties wait for each other.
fn written(lines: &[Vec<Act>], messages: Vec<Message>) -> Option<Trace> {
    let parties = lines.len();
    let progress = (0..parties).map(|_| Progress { next: 0, clock: vec![0; parties], ahead: Vec::new() });
    let mut writer = Writer { builder: TraceBuilder::new(parties), messages, progress: progress.collect() };
    let mut ready: VecDeque<usize> = (0..parties).collect();
    let mut idle = 0;
    while let Some(party) = ready.pop_front() {
        let mut went = false;
        while !writer.done(party, &lines[party]) && writer.stop(party, &lines[party]) {
            went = true;
        }
        idle = if went { 0 } else { idle + 1 };
        if !writer.done(party, &lines[party]) {
            if idle > parties {
                return None;
            }
            ready.push_back(party);
        }
    }
    Some(writer.builder.finish(Arc::new(SpanTree::new())))
}

/// Of the party that began last, from its first byte to its last.
fn took_ns(logs: &[(&Path, Log)]) -> u64 {
    let took = |(_, log): &(&Path, Log)| {
        let moved =
            || log.records.iter().filter(|record| record.kind != Kind::Work).map(|record| record.time_ns);
        Some(moved().max()? - moved().min()?)
    };
    logs.iter().filter_map(took).min().unwrap_or(0)
}

/// Makes a trace of the parties' logs.
///
/// # Errors
/// If a log is damaged or has no end, if logs are missing or of different runs, and if a line cannot say what a process did.
pub fn recorded(files: &[PathBuf], limit: MemoryLimit) -> Result<Recorded, LogError> {
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    check_memory(&paths, limit)?;
    made_of(&in_order(files)?)
}

/// The same of logs in the order of the parties, each with its file.
pub(super) fn made_of(logs: &[(&Path, Log)]) -> Result<Recorded, LogError> {
    let took_ns = took_ns(logs);
    let Acts { lines, messages, untaken_bytes } = acts(logs)?;
    let wrong = |problem| LogError::of(logs[0].0, None, problem);
    if messages.is_empty() {
        return Err(wrong(LogProblem::NoData));
    }
    let trace = written(&lines, messages).ok_or_else(|| wrong(LogProblem::Order))?;
    Ok(Recorded { trace, took_ns, untaken_bytes })
}

/// What a log says of its party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Bytes that it sent, to whomever.
    pub sent_bytes: u64,
    /// Bytes that it received.
    pub received_bytes: u64,
    /// Nanoseconds from its first byte to its last.
    pub took_ns: u64,
}

/// Looks whether a log is whole, and whether a line can say what the process did.
///
/// # Errors
/// If not.
pub fn check_log(file: &Path, limit: MemoryLimit) -> Result<Summary, LogError> {
    check_memory(&[file], limit)?;
    let log = read(file)?;
    line(&log).map_err(|problem| LogError::of(file, None, problem))?;
    let bytes =
        |kind| log.records.iter().filter(|record| record.kind == kind).map(|record| record.bytes).sum();
    let (sent_bytes, received_bytes) = (bytes(Kind::Send), bytes(Kind::Receive));
    Ok(Summary { sent_bytes, received_bytes, took_ns: took_ns(&[(file, log)]) })
}
