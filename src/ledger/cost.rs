//! The cost of a phase: set-up, one iteration, a training.

use crate::sim::{Clock, EventKind, Parts, SimError, Trace, WireOverhead};

/// Bytes on the wire, of which payload bytes are a part.
const BYTES: SimError = SimError::Total("bytes");

/// What a phase costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Depth of the message graph.
    pub rounds: u64,
    /// How often the party that stopped most often stopped to wait.
    pub exchanges: u64,
    /// Messages of all parties.
    pub messages: u64,
    /// Payload bytes sent by all parties.
    pub payload_bytes: u64,
    /// Payload bytes sent by each party.
    pub payload_bytes_by_party: Vec<u64>,
    /// Payload and framing bytes sent by all parties.
    pub wire_bytes: u64,
    /// Simulated time from a common start until the last party is done.
    pub modelled_ps: u64,
    /// What that time was spent on; adds up to it.
    pub critical_path: Parts,
}

impl Cost {
    /// What a trace sends; rounds and time are left at zero. An error if its bytes cannot be counted.
    pub fn of_trace(trace: &Trace, overhead: &WireOverhead) -> Result<Cost, SimError> {
        let parties = trace.parties();
        let mut cost = Cost { payload_bytes_by_party: vec![0; parties], ..Cost::default() };
        for party in 0..parties {
            for event in trace.events(party) {
                if let EventKind::Send { payload_bytes, .. } = event.kind {
                    let wire_bytes = overhead.wire_bytes(payload_bytes);
                    let sum = wire_bytes.and_then(|bytes| cost.wire_bytes.checked_add(bytes));
                    cost.wire_bytes = sum.ok_or(BYTES)?;
                    // Framing only adds, so that none of these is more.
                    cost.messages += 1;
                    cost.payload_bytes += payload_bytes;
                    cost.payload_bytes_by_party[party] += payload_bytes;
                }
            }
            cost.exchanges = cost.exchanges.max(trace.exchanges(party));
        }
        Ok(cost)
    }

    /// Rounds and time of a phase that began with all clocks at zero and ended with `clocks`.
    pub fn with_clocks(mut self, clocks: &[Clock]) -> Cost {
        let last = clocks.iter().rev().max_by_key(|clock| clock.time_ps).expect("a party");
        self.modelled_ps = last.time_ps;
        self.critical_path = last.parts;
        self.rounds = clocks.iter().map(|clock| clock.depth).max().unwrap_or(0);
        assert_eq!(self.critical_path.total_ps(), self.modelled_ps, "the parts of the critical path add up");
        self
    }

    /// Adds what `times` repetitions of another phase send, not their rounds and time. An error if that cannot be
    /// counted.
    pub fn add_counts(&mut self, other: &Cost, times: u64) -> Result<(), SimError> {
        let add = |sum: u64, one: u64| one.checked_mul(times).and_then(|more| sum.checked_add(more));
        self.wire_bytes = add(self.wire_bytes, other.wire_bytes).ok_or(BYTES)?;
        self.payload_bytes = add(self.payload_bytes, other.payload_bytes).ok_or(BYTES)?;
        self.messages = add(self.messages, other.messages).ok_or(SimError::Total("messages"))?;
        self.exchanges = add(self.exchanges, other.exchanges).ok_or(SimError::Total("exchanges"))?;
        self.payload_bytes_by_party.resize(other.payload_bytes_by_party.len(), 0);
        for (sum, &bytes) in self.payload_bytes_by_party.iter_mut().zip(&other.payload_bytes_by_party) {
            *sum = add(*sum, bytes).ok_or(BYTES)?;
        }
        Ok(())
    }
}
