//! Checks that a trace from outside can run: every message has two ends of one size, and nobody
//! waits for ever.

use std::collections::VecDeque;

use super::problem::{EventLine, TraceFileError, TraceProblem};
use crate::sim::EventKind;

/// One end of a message: its line and its size.
#[derive(Debug, Clone, Copy)]
struct End {
    line: usize,
    bytes: u64,
}

pub(super) fn check(lines: &[Vec<EventLine>]) -> Result<(), TraceFileError> {
    let largest = lines.len() - 1;
    if let Some(silent) = lines.iter().position(Vec::is_empty) {
        return Err(at(lines[largest][0].line, TraceProblem::SilentParty { silent, largest }));
    }
    let sends = sends(lines)?;
    match_receives(lines, &sends)?;
    run(lines)
}

/// All sends by link (row = from), in order.
fn sends(lines: &[Vec<EventLine>]) -> Result<Vec<Vec<End>>, TraceFileError> {
    let parties = lines.len();
    let mut sends = vec![Vec::new(); parties * parties];
    let mut all_bytes = 0u64;
    for (party, step) in in_order(lines) {
        let peer = match step.event.kind {
            EventKind::Work { .. } => continue,
            EventKind::Send { to, .. } => to,
            EventKind::Recv { from, .. } => from,
        };
        if peer >= parties {
            return Err(at(step.line, TraceProblem::UnknownPeer { party, peer }));
        }
        if let EventKind::Send { to, .. } = step.event.kind {
            let sum = all_bytes.checked_add(step.bytes);
            all_bytes = sum.ok_or_else(|| at(step.line, TraceProblem::TooManyBytes))?;
            sends[party * parties + to].push(End { line: step.line, bytes: step.bytes });
        }
    }
    Ok(sends)
}

fn match_receives(lines: &[Vec<EventLine>], sends: &[Vec<End>]) -> Result<(), TraceFileError> {
    let parties = lines.len();
    let mut received: Vec<Vec<bool>> = sends.iter().map(|sends| vec![false; sends.len()]).collect();
    for (to, step) in in_order(lines) {
        let EventKind::Recv { from, ordinal: message, .. } = step.event.kind else { continue };
        let link = from * parties + to;
        let index = usize::try_from(message).unwrap_or(usize::MAX);
        let Some(send) = sends[link].get(index) else {
            let sent = sends[link].len() as u64;
            return Err(at(step.line, TraceProblem::NeverSent { from, to, message, sent }));
        };
        if send.bytes != step.bytes {
            let problem =
                TraceProblem::ByteCount { received: step.bytes, sent: send.bytes, send_line: send.line };
            return Err(at(step.line, problem));
        }
        if std::mem::replace(&mut received[link][index], true) {
            return Err(at(step.line, TraceProblem::ReceivedTwice { from, to, message }));
        }
    }
    for (link, (sends, received)) in sends.iter().zip(&received).enumerate() {
        if let Some(index) = received.iter().position(|&received| !received) {
            let (from, to) = (link / parties, link % parties);
            let problem = TraceProblem::NeverReceived { from, to, message: index as u64 };
            return Err(at(sends[index].line, problem));
        }
    }
    Ok(())
}

/// Runs the trace without time, to see that it ends.
fn run(lines: &[Vec<EventLine>]) -> Result<(), TraceFileError> {
    let parties = lines.len();
    let mut at_step = vec![0; parties];
    let mut sent = vec![0u64; parties * parties];
    let mut ready: VecDeque<usize> = (0..parties).collect();
    let mut waits: Vec<Option<(usize, u64)>> = vec![None; parties];
    while let Some(party) = ready.pop_front() {
        while let Some(step) = lines[party].get(at_step[party]) {
            match step.event.kind {
                EventKind::Work { .. } => {}
                EventKind::Send { to, .. } => {
                    let ordinal = &mut sent[party * parties + to];
                    if waits[to] == Some((party, *ordinal)) {
                        waits[to] = None;
                        ready.push_back(to);
                    }
                    *ordinal += 1;
                }
                EventKind::Recv { from, ordinal, .. } => {
                    if ordinal >= sent[from * parties + party] {
                        waits[party] = Some((from, ordinal));
                        break;
                    }
                }
            }
            at_step[party] += 1;
        }
    }
    let stuck = waits.iter().enumerate().filter_map(|(party, wait)| Some((party, wait.as_ref()?.0)));
    let first = stuck.min_by_key(|&(party, _)| lines[party][at_step[party]].line);
    match first {
        None => Ok(()),
        Some((party, peer)) => {
            Err(at(lines[party][at_step[party]].line, TraceProblem::Deadlock { party, peer }))
        }
    }
}

/// All lines with their party, one party after the other.
fn in_order(lines: &[Vec<EventLine>]) -> impl Iterator<Item = (usize, &EventLine)> {
    lines.iter().enumerate().flat_map(|(party, lines)| lines.iter().map(move |step| (party, step)))
}

fn at(line: usize, problem: TraceProblem) -> TraceFileError {
    TraceFileError { line, problem }
}
