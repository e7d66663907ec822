//! What a party that fails may still do, and by when.

use super::{
    Engine, Stage,
    failing::{Act, Fate, Sent},
};
use crate::sim::error::{Overflow, sum};

impl Engine {
    /// Whether anything goes wrong.
    #[inline]
    pub(crate) fn fails(&self) -> bool {
        self.shape.as_ref().is_some_and(|shape| shape.failing.any)
    }

    /// What was sent since clocks began; only told where something can go wrong.
    pub(crate) fn sent_in_all(&self) -> Sent {
        self.shape.as_ref().map_or(Sent::default(), |shape| shape.failing.sent)
    }

    /// When a party that waits from now on for what never comes is no more there: told as of a message that arrives then.
    pub(crate) fn fate_of_waiting(&self, party: usize) -> Fate {
        self.fate_until(party, u64::MAX)
    }

    /// What a wait from now until a moment comes to.
    fn fate_until(&self, party: usize, arrival_ps: u64) -> Fate {
        let failing = &self.shape.as_ref().expect("what fails is shaped").failing;
        let now_ps = self.clocks[party].time_ps;
        let given_up_ps = failing.timeout_ps.map_or(u64::MAX, |timeout_ps| now_ps.saturating_add(timeout_ps));
        let stop_ps = failing.stop_ps[party].unwrap_or(u64::MAX);
        if arrival_ps <= given_up_ps && arrival_ps < stop_ps {
            Fate::Does
        } else if stop_ps <= given_up_ps && stop_ps < u64::MAX {
            Fate::Stops(stop_ps.max(now_ps))
        } else if given_up_ps < u64::MAX {
            Fate::GivesUp(given_up_ps)
        } else {
            Fate::Does
        }
    }

    /// Whether a party does what comes next.
    pub(crate) fn fate(&self, party: usize, act: Act) -> Result<Fate, Overflow> {
        let failing = &self.shape.as_ref().expect("what fails is shaped").failing;
        let (now_ps, endpoint) = (self.clocks[party].time_ps, &self.endpoints[party]);
        let (ready_ps, cost_ps) = match act {
            Act::Work(ps) => (now_ps, ps),
            Act::Send => (now_ps, endpoint.send_ps),
            Act::Receive(from, ordinal) => {
                let wire = &self.wires[from * self.parties + party];
                let flight = &wire.flights[(ordinal - wire.first) as usize];
                debug_assert!(flight.stage == Stage::Arrived, "only what has arrived is received");
                match self.fate_until(party, flight.arrival_ps) {
                    Fate::Does => {}
                    fails => return Ok(fails),
                }
                let wake_ps = if flight.arrival_ps > now_ps { endpoint.wake_ps } else { 0 };
                (now_ps.max(flight.arrival_ps), sum(endpoint.receive_ps, wake_ps)?)
            }
        };
        let Some(stop_ps) = failing.stop_ps[party] else { return Ok(Fate::Does) };
        // What would not be done before the stop is not done, even if it ended past the clock.
        let done = failing.end_ps(party, ready_ps, cost_ps).is_ok_and(|end_ps| end_ps < stop_ps);
        Ok(if done { Fate::Does } else { Fate::Stops(stop_ps.max(now_ps)) })
    }
}
