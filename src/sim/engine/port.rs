//! One direction of a party's interface, and whose messages held it when.

use std::collections::VecDeque;

use crate::sim::{network::Rate, timeline::MessageId};

/// Serves messages one after the other.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) rate: Rate,
    pub(super) free_ps: u64,
    /// The message that made it busy last.
    pub(super) last: Option<MessageId>,
}

impl Port {
    pub(super) fn new(bps: Option<u64>) -> Port {
        Port { rate: Rate::new(bps), free_ps: 0, last: None }
    }

    pub(super) fn reset(&mut self) {
        self.free_ps = 0;
        self.last = None;
    }
}

/// When the messages of one link held the interface at its end: intervals in their order, with gaps for the messages of
/// others. Together those of all links leave no gap while anybody waits.
#[derive(Debug, Default)]
pub(super) struct Holds {
    kept: VecDeque<Hold>,
}

#[derive(Debug)]
struct Hold {
    start_ps: u64,
    end_ps: u64,
    /// All intervals up to this one, together.
    sum_ps: u64,
}

impl Holds {
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Adds an interval after all others.
    pub(super) fn add(&mut self, start_ps: u64, end_ps: u64) {
        let before_ps = self.kept.back().map_or(0, |last| last.sum_ps);
        // Intervals do not overlap, so that their sum is no more than the last end.
        self.kept.push_back(Hold { start_ps, end_ps, sum_ps: before_ps + (end_ps - start_ps) });
    }

    /// Forgets what ended by then: nobody who comes later asks for it.
    pub(super) fn forget(&mut self, until_ps: u64) {
        while self.kept.front().is_some_and(|hold| hold.end_ps <= until_ps) {
            self.kept.pop_front();
        }
    }

    /// For how long these messages held the interface from one moment to another, at which the last of them has ended.
    pub(super) fn within(&self, from_ps: u64, to_ps: u64) -> u64 {
        let Some(last) = self.kept.back().filter(|_| from_ps < to_ps) else { return 0 };
        debug_assert!(last.end_ps <= to_ps, "an interface serves one message at a time");
        let Some(first) = self.kept.get(self.kept.partition_point(|hold| hold.end_ps <= from_ps)) else {
            return 0;
        };
        last.sum_ps - first.sum_ps + (first.end_ps - first.start_ps.max(from_ps))
    }
}
