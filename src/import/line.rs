//! The line of a party, from what the threads of its process did.

use std::collections::BTreeMap;

use super::log::{Kind, Log, LogProblem, Record};

/// Threads may compute side by side for this part of all work, one in so many.
const PART: u64 = 10;
/// What is not worth a word.
const LITTLE_NS: u64 = 20_000_000;

/// A step of a party, threads put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Work { ns: u64 },
    Send { connection: usize, bytes: u64 },
    Receive { connection: usize, bytes: u64 },
}

/// A time in which a thread computed without a call.
#[derive(Clone, Copy)]
struct Busy {
    from_ns: u64,
    to_ns: u64,
    work_ns: u64,
}

impl Busy {
    /// How long it did something else.
    fn rest_ns(&self) -> u64 {
        (self.to_ns - self.from_ns).saturating_sub(self.work_ns)
    }
}

/// Where each thread computed for most of the time.
fn busy(records: &[Record]) -> BTreeMap<u32, Vec<Busy>> {
    let mut last_ns: BTreeMap<u32, u64> = BTreeMap::new();
    let mut busy: BTreeMap<u32, Vec<Busy>> = BTreeMap::new();
    for &Record { thread, time_ns: to_ns, work_ns, .. } in records {
        if let Some(from_ns) = last_ns.insert(thread, to_ns) {
            let here = Busy { from_ns, to_ns, work_ns };
            if here.rest_ns() < work_ns {
                busy.entry(thread).or_default().push(here);
            }
        }
    }
    busy
}

/// At least how long two threads computed at the same time.
fn side_by_side_ns(one: &[Busy], other: &[Busy]) -> u64 {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut sum = 0;
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let both = a.to_ns.min(b.to_ns).saturating_sub(a.from_ns.max(b.from_ns));
        sum += both.saturating_sub(a.rest_ns()).saturating_sub(b.rest_ns());
        if a.to_ns < b.to_ns {
            one.next()
        } else {
            other.next()
        };
    }
    sum
}

/// Refuses processes whose threads compute at the same time, and logs that cannot be.
fn check(log: &Log, busy: &BTreeMap<u32, Vec<Busy>>) -> Result<(), LogProblem> {
    let seen_ns: u64 = log.records.iter().map(|record| record.work_ns).sum();
    let seconds = |ns: u64| ns as f64 / 1e9;
    let matters = |ns: u64| ns > LITTLE_NS && ns > seen_ns / PART;
    if matters(seen_ns.saturating_sub(log.process_ns)) {
        return Err(LogProblem::Work { seen: seconds(seen_ns), all: seconds(log.process_ns) });
    }
    let unseen_ns = log.process_ns.saturating_sub(seen_ns);
    if matters(unseen_ns) {
        return Err(LogProblem::Unseen { seen: seconds(seen_ns), unseen: seconds(unseen_ns) });
    }
    let threads: Vec<&Vec<Busy>> = busy.values().collect();
    let pairs = threads
        .iter()
        .enumerate()
        .flat_map(|(at, one)| threads[at + 1..].iter().map(move |other| (one, other)));
    match pairs.map(|(one, other)| side_by_side_ns(one, other)).sum() {
        both_ns if matters(both_ns) => Err(LogProblem::SideBySide(seconds(both_ns))),
        _ => Ok(()),
    }
}

/// What the process did, one thing after the other: in the order of time; what a thread receives while another one computes is taken after
/// that, since nobody waited for it.
pub(super) fn line(log: &Log) -> Result<Vec<Step>, LogProblem> {
    let busy = busy(&log.records);
    check(log, &busy)?;
    let mut steps: Vec<((u64, bool), Step)> = Vec::new();
    for record in &log.records {
        let Record { kind, thread, connection, bytes, time_ns, work_ns } = *record;
        if work_ns > 0 {
            steps.push(((time_ns, false), Step::Work { ns: work_ns }));
        }
        match kind {
            Kind::Work => {}
            Kind::Send => steps.push(((time_ns, false), Step::Send { connection, bytes })),
            Kind::Receive => {
                let until_ns = busy.iter().filter(|(other, _)| **other != thread).filter_map(|(_, times)| {
                    let after = times.get(times.partition_point(|each| each.to_ns <= time_ns))?;
                    (after.from_ns < time_ns).then_some(after.to_ns)
                });
                let until_ns = until_ns.min();
                let key = until_ns.map_or((time_ns, false), |until_ns| (until_ns, true));
                steps.push((key, Step::Receive { connection, bytes }));
            }
        }
    }
    // Stable: what a thread did at one moment stays in its order.
    steps.sort_by_key(|(key, _)| *key);
    Ok(steps.into_iter().map(|(_, step)| step).collect())
}
