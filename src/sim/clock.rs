//! A party's clock, and what its time was spent on.

/// What the critical path up to some moment was spent on. The five add up to that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Parts {
    /// Work of a party, including its costs per message, in picoseconds.
    pub compute_ps: u64,
    /// One-way latency of links, jitter included, in picoseconds.
    pub latency_ps: u64,
    /// Time to put bytes on wires, those included that the same sender had put there before, in picoseconds.
    pub serialisation_ps: u64,
    /// Waiting for what others sent, in picoseconds.
    pub queueing_ps: u64,
    /// Waiting until TCP's congestion window let in what was to be sent, while the link stood still, in picoseconds.
    pub window_ps: u64,
}

impl Parts {
    /// Adds others, part by part.
    pub fn add(&mut self, other: &Parts) {
        let Parts { compute_ps, latency_ps, serialisation_ps, queueing_ps, window_ps } = other;
        self.compute_ps += compute_ps;
        self.latency_ps += latency_ps;
        self.serialisation_ps += serialisation_ps;
        self.queueing_ps += queueing_ps;
        self.window_ps += window_ps;
    }

    /// Takes away what is within these, part by part.
    pub fn subtract(&mut self, inside: &Parts) {
        let Parts { compute_ps, latency_ps, serialisation_ps, queueing_ps, window_ps } = inside;
        self.compute_ps -= compute_ps;
        self.latency_ps -= latency_ps;
        self.serialisation_ps -= serialisation_ps;
        self.queueing_ps -= queueing_ps;
        self.window_ps -= window_ps;
    }

    /// The sum of all parts in picoseconds.
    pub fn total_ps(&self) -> u64 {
        self.compute_ps + self.latency_ps + self.serialisation_ps + self.queueing_ps + self.window_ps
    }
}

/// Where a party stands in simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Clock {
    /// Simulated time in picoseconds.
    pub time_ps: u64,
    /// What the critical path that led here was spent on; adds up to `time_ps`.
    pub parts: Parts,
    /// Longest chain of messages, each sent after the one before had arrived, that led here.
    pub depth: u64,
}

/// The greatest depth that a message has had: every message is received.
pub(crate) fn depth(clocks: &[Clock]) -> u64 {
    clocks.iter().map(|clock| clock.depth).max().unwrap_or(0)
}

/// The clock of the party that is done last; of several, the first party's.
pub(crate) fn last(clocks: &[Clock]) -> Clock {
    clocks.iter().rev().max_by_key(|clock| clock.time_ps).copied().unwrap_or_default()
}
