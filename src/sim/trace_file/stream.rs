//! Streams of bytes: what is sent in one piece may be taken in several, and the other way round.

use std::{collections::BTreeMap, ops::Range};

use super::problem::{EventLine, TraceFileError};
use crate::sim::EventKind;

/// What is sent over a link, and where in its line the receiver takes it.
#[derive(Default)]
struct Link {
    sent: Vec<u64>,
    receives: Vec<usize>,
}

/// Gives the receives of each link whose sizes are not those of its messages, but add up to them, the messages that hold
/// their bytes. A message can be used when its last bit is there: the receive that takes its first byte waits for it,
/// and those that take what is left of it have it already.
///
/// Nothing is changed where a receive says which message it takes, or where the sums differ, which is a mistake. `allowed` is
/// asked before anything is.
pub(super) fn match_bytes(
    steps: &mut [Vec<EventLine>],
    allowed: impl Fn() -> Result<(), TraceFileError>,
) -> Result<(), TraceFileError> {
    let mut links: BTreeMap<(usize, usize), Link> = BTreeMap::new();
    for (party, steps) in steps.iter().enumerate() {
        for (at, step) in steps.iter().enumerate() {
            match step.event.kind {
                EventKind::Work { .. } => {}
                EventKind::Send { to, .. } => links.entry((party, to)).or_default().sent.push(step.bytes),
                EventKind::Recv { from, .. } => links.entry((from, party)).or_default().receives.push(at),
            }
        }
    }
    // By party: what takes the place of a receive.
    let mut instead: BTreeMap<usize, BTreeMap<usize, Vec<EventLine>>> = BTreeMap::new();
    for ((_, to), Link { sent, receives }) in links {
        let Some(line) = steps.get(to) else { continue };
        let wanted: Vec<&EventLine> = receives.iter().map(|&at| &line[at]).collect();
        if is_stream(&sent, &wanted) {
            allowed()?;
            let pieces = receives.iter().zip(&wanted).zip(messages(&sent, &wanted));
            let pieces = pieces.map(|((&at, step), messages)| (at, in_place_of(step, &sent, messages)));
            instead.entry(to).or_default().extend(pieces);
        }
    }
    for (party, mut instead) in instead {
        let line = std::mem::take(&mut steps[party]);
        let replaced = line.into_iter().enumerate();
        steps[party] =
            replaced.flat_map(|(at, step)| instead.remove(&at).unwrap_or_else(|| vec![step])).collect();
    }
    Ok(())
}

fn is_stream(sends: &[u64], wanted: &[&EventLine]) -> bool {
    let sizes: Vec<u64> = wanted.iter().map(|step| step.bytes).collect();
    let sum = |sizes: &[u64]| sizes.iter().try_fold(0u64, |sum, &bytes| sum.checked_add(bytes));
    let numbered = wanted.iter().any(|step| step.says_message);
    !numbered && sizes != sends && sum(&sizes).is_some() && sum(&sizes) == sum(sends)
}

/// The numbers of the messages that each receive is the first to need; the last one takes what is left over.
fn messages(sends: &[u64], wanted: &[&EventLine]) -> Vec<Range<usize>> {
    let (mut next, mut sent, mut received) = (0, 0, 0);
    let range = |(at, step): (usize, &&EventLine)| {
        received += step.bytes;
        let first = next;
        while next < sends.len() && (sent < received || at + 1 == wanted.len()) {
            sent += sends[next];
            next += 1;
        }
        first..next
    };
    wanted.iter().enumerate().map(range).collect()
}

/// One receive for each message, at which the party stops once; without any, work of no time keeps the line's place.
fn in_place_of(step: &EventLine, sends: &[u64], messages: Range<usize>) -> Vec<EventLine> {
    let EventKind::Recv { from, group_start, .. } = step.event.kind else { unreachable!("receives only") };
    let mut event = step.event;
    let first = messages.start;
    let one = |message: usize| {
        let group_start = group_start && message == first;
        event.kind = EventKind::Recv { from, ordinal: message as u64, group_start };
        EventLine { line: step.line, event, bytes: sends[message], says_message: false }
    };
    if messages.is_empty() {
        event.kind = EventKind::Work { ps: 0 };
        return vec![EventLine { line: step.line, event, bytes: 0, says_message: false }];
    }
    messages.map(one).collect()
}
