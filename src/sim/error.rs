//! What can go wrong in a simulation other than by a bug in the simulator.

use std::fmt;

/// A receive that never came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The party that waits.
    pub party: usize,
    /// The party that it waits for.
    pub peer: usize,
    /// The strand in which it waits, `None` in a replay.
    pub strand: Option<u64>,
    /// Span path in which the receive began, joined by `/`.
    pub span: String,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "party {} waits for party {}", self.party, self.peer)?;
        if let Some(strand) = self.strand.filter(|&strand| strand != 0) {
            write!(f, " in strand {strand:016x}")?;
        }
        if !self.span.is_empty() {
            write!(f, " in span {}", self.span)?;
        }
        Ok(())
    }
}

/// A receive that a party was left with when something had gone wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StallWait {
    /// The party that waits.
    pub party: usize,
    /// The party that it waits for.
    pub peer: usize,
    /// Span path of the receive, joined by `/`.
    pub span: String,
    /// Since when it waits.
    pub since_ps: u64,
    /// When it gave up; `None`: it waits for ever.
    pub given_up_ps: Option<u64>,
}

/// How a run came to a halt because of what went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// Runs that had ended before, of those that follow each other.
    pub runs: u64,
    /// Parties that had stopped, and when.
    pub stopped: Vec<(usize, u64)>,
    /// Who waited for whom, in the order of the parties.
    pub waits: Vec<StallWait>,
    /// When the first party gave up; if none did, from when on nobody could go on.
    pub end_ps: u64,
    /// Messages that were sent since clocks began.
    pub messages: u64,
    /// Their payload.
    pub payload_bytes: u64,
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stopped =
            self.stopped.iter().map(|(party, at_ps)| format!("party {party} stopped at {at_ps} ps"));
        let waits = self.waits.iter().map(|wait| {
            let StallWait { party, peer, span, since_ps, .. } = wait;
            format!("party {party} waits for party {peer} in {span} since {since_ps} ps")
        });
        write!(f, "{}", stopped.chain(waits).collect::<Vec<_>>().join("; "))
    }
}

/// Why a simulation stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// A clock would pass 2^64 picoseconds.
    #[error("simulated time exceeds 2^64 picoseconds (213 days)")]
    Overflow,
    /// A count over a whole run or training would pass 2^64.
    #[error("the total of {0} exceeds 2^64")]
    Total(&'static str),
    /// Every unfinished party waits and nothing is in flight.
    #[error("deadlock, nothing is in flight: {}", join(.waits))]
    Deadlock {
        /// All receives that are waited for, by party, in the order in which they began.
        waits: Vec<Wait>,
    },
    /// A run ended with messages that nobody received.
    #[error(
        "{count} message(s) were never received; the first is number {ordinal} from party {from} to party {to}"
    )]
    Unreceived {
        /// Sender of the first such message.
        from: usize,
        /// Receiver of the first such message.
        to: usize,
        /// Which message on its link it is, counted from 0 at the start of the run.
        ordinal: u64,
        /// How many messages were never received, on all links.
        count: u64,
    },
    /// A party found that another one does not follow the protocol.
    #[error("party {party} aborted in {span}: {check}")]
    Aborted {
        /// The party that noticed.
        party: usize,
        /// The check that failed.
        check: String,
        /// Span path in which it was done, joined by `/`.
        span: String,
    },
    /// Something went wrong that the parties could not get over.
    #[error("nobody can go on: {0}")]
    Stalled(Box<Stall>),
    /// A trace and a network differ in the number of parties.
    #[error("a trace of {trace} parties cannot run on a network of {network}")]
    PartyCount {
        /// Parties in the trace.
        trace: usize,
        /// Parties in the network.
        network: usize,
    },
    /// The meter of arithmetic work failed.
    #[error("the work meter failed: {0}")]
    Meter(String),
}

fn join(waits: &[Wait]) -> String {
    waits.iter().map(Wait::to_string).collect::<Vec<_>>().join("; ")
}

/// A sum of times did not fit; small, so that it costs the fast path nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow;

impl From<Overflow> for SimError {
    fn from(_: Overflow) -> SimError {
        SimError::Overflow
    }
}

/// A checked sum.
#[inline]
pub(crate) fn sum(a: u64, b: u64) -> Result<u64, Overflow> {
    a.checked_add(b).ok_or(Overflow)
}
