//! What goes wrong, by party and link.

use std::collections::BTreeMap;

use crate::sim::{
    Faults, Slow,
    error::{Overflow, sum},
    faults::slowed_end_ps,
};

/// What a party is about to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    Work(u64),
    Send,
    /// A message that has arrived: its sender and number.
    Receive(usize, u64),
}

/// Whether a party is still there to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Does,
    /// It stops at this moment, before it is done.
    Stops(u64),
    /// At this moment it has waited too long.
    GivesUp(u64),
}

/// Whether a sender keeps a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    No,
    For(u64),
    ForGood,
}

/// What became of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sent {
    pub(crate) messages: u64,
    pub(crate) payload_bytes: u64,
}

/// The faults by party and link, in the order of time.
#[derive(Debug)]
pub(super) struct Failing {
    pub(super) any: bool,
    pub(super) stop_ps: Vec<Option<u64>>,
    slow: Vec<Vec<Slow>>,
    pub(super) timeout_ps: Option<u64>,
    /// By link: from and until when it is down.
    down: Vec<Vec<(u64, u64)>>,
    /// What single messages in flight take longer, by link and number.
    pub(super) delays_ps: BTreeMap<(usize, u64), u64>,
    /// Since clocks began, without what a sender kept to itself.
    pub(super) sent: Sent,
}

impl Failing {
    pub(super) fn new(faults: &Faults, parties: usize) -> Failing {
        let mut failing = Failing {
            any: !faults.is_none(),
            stop_ps: vec![None; parties],
            slow: vec![Vec::new(); parties],
            timeout_ps: faults.timeout_ps,
            down: vec![Vec::new(); parties * parties],
            delays_ps: BTreeMap::new(),
            sent: Sent::default(),
        };
        faults.stops.iter().for_each(|stop| failing.stop_ps[stop.party] = Some(stop.at_ps));
        faults.slow.iter().for_each(|&slow| failing.slow[slow.party].push(slow));
        failing.slow.iter_mut().for_each(|slow| slow.sort_by_key(|slow| slow.from_ps));
        for down in &faults.down {
            let until_ps = down.until_ps.unwrap_or(u64::MAX);
            failing.down[down.from * parties + down.to].push((down.at_ps, until_ps));
        }
        failing.down.iter_mut().for_each(|down| down.sort_unstable());
        failing
    }

    pub(super) fn reset(&mut self) {
        self.delays_ps.clear();
        self.sent = Sent::default();
    }

    /// From and until when a link is down.
    pub(super) fn down(&self, link: usize) -> &[(u64, u64)] {
        &self.down[link]
    }

    /// From when on a link lets bits in, at this moment or later; `None`: never.
    pub(super) fn open_ps(&self, link: usize, at_ps: u64) -> Option<u64> {
        // Intervals can touch.
        let open_ps =
            self.down[link].iter().fold(
                at_ps,
                |at_ps, &(from_ps, until_ps)| if from_ps <= at_ps { at_ps.max(until_ps) } else { at_ps },
            );
        (open_ps < u64::MAX).then_some(open_ps)
    }

    /// When a party is done with something that takes so long at full speed.
    pub(super) fn end_ps(&self, party: usize, start_ps: u64, ps: u64) -> Result<u64, Overflow> {
        match &self.slow[party][..] {
            [] => sum(start_ps, ps),
            slow => slowed_end_ps(slow, start_ps, ps).ok_or(Overflow),
        }
    }
}
