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
    thread: u32,
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

/// Where threads computed for most of the time, in the order in which they began.
fn busy(records: &[Record]) -> Vec<Busy> {
    let mut last_ns: BTreeMap<u32, u64> = BTreeMap::new();
    let mut busy = Vec::new();
    for &Record { thread, time_ns: to_ns, work_ns, .. } in records {
        if let Some(from_ns) = last_ns.insert(thread, to_ns) {
            let here = Busy { thread, from_ns, to_ns, work_ns };
            if here.rest_ns() < work_ns {
                busy.push(here);
            }
        }
    }
    busy.sort_by_key(|each| each.from_ns);
    busy
}

/// Threads that compute at a moment, while time goes on.
struct Computing<'a> {
    later: &'a [Busy],
    now: Vec<Busy>,
}

impl Computing<'_> {
    /// Those that have begun before a moment, and go on after it.
    fn at(&mut self, time_ns: u64) -> &[Busy] {
        let (begun, later) = self.later.split_at(self.later.partition_point(|each| each.from_ns < time_ns));
        self.later = later;
        self.now.extend(begun);
        self.now.retain(|each| each.to_ns > time_ns);
        &self.now
    }
}

/// At least how long threads computed at the same time.
fn side_by_side_ns(busy: &[Busy]) -> u64 {
    let mut computing = Computing { later: busy, now: Vec::new() };
    let mut sum = 0u64;
    for one in busy {
        for other in computing.at(one.from_ns).iter().filter(|other| other.thread != one.thread) {
            let both = one.to_ns.min(other.to_ns) - one.from_ns;
            sum = sum.saturating_add(both.saturating_sub(one.rest_ns()).saturating_sub(other.rest_ns()));
        }
    }
    sum
}

/// Until when each receive has to wait, by its index among the records: while another thread computed, nobody waited for it.
fn put_off(records: &[Record], busy: &[Busy]) -> BTreeMap<usize, u64> {
    let receives = records.iter().enumerate().filter(|(_, record)| record.kind == Kind::Receive);
    let mut receives: Vec<(usize, &Record)> = receives.collect();
    receives.sort_by_key(|(_, record)| record.time_ns);
    let mut computing = Computing { later: busy, now: Vec::new() };
    let until = |(at, record): (usize, &Record)| {
        let others = computing.at(record.time_ns).iter().filter(|other| other.thread != record.thread);
        others.map(|other| other.to_ns).min().map(|until_ns| (at, until_ns))
    };
    receives.into_iter().filter_map(until).collect()
}

/// Refuses processes whose threads compute at the same time, and logs that cannot be.
fn check(log: &Log, busy: &[Busy]) -> Result<(), LogProblem> {
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
    match side_by_side_ns(busy) {
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
    let put_off = put_off(&log.records, &busy);
    for (at, record) in log.records.iter().enumerate() {
        let Record { kind, connection, bytes, time_ns, work_ns, .. } = *record;
        if work_ns > 0 {
            steps.push(((time_ns, false), Step::Work { ns: work_ns }));
        }
        match kind {
            Kind::Work => {}
            Kind::Send => steps.push(((time_ns, false), Step::Send { connection, bytes })),
            Kind::Receive => {
                let key = put_off.get(&at).map_or((time_ns, false), |&until_ns| (until_ns, true));
                steps.push((key, Step::Receive { connection, bytes }));
            }
        }
    }
    // Stable: what a thread did at one moment stays in its order.
    steps.sort_by_key(|(key, _)| *key);
    Ok(steps.into_iter().map(|(_, step)| step).collect())
}
