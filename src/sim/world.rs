//! What a simulation is assembled from.

use std::fmt;

use super::{Endpoint, Network, SimError};

/// Asked for a party, gives the picoseconds of arithmetic done for it since it was last asked.
pub type Meter = Box<dyn FnMut(usize) -> Result<u64, SimError>>;

/// A network, its parties' costs, and a meter of their work.
pub struct World {
    /// Links and interfaces.
    pub network: Network,
    /// Costs per message, one entry per party.
    pub endpoints: Vec<Endpoint>,
    /// Asked before each send, when a receive begins, at both ends of a span and after each poll.
    pub meter: Option<Meter>,
}

impl World {
    /// A network whose parties handle messages and compute in no time.
    pub fn new(network: Network) -> World {
        let endpoints = vec![Endpoint::default(); network.parties];
        World { network, endpoints, meter: None }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("network", &self.network)
            .field("endpoints", &self.endpoints)
            .field("meter", &self.meter.as_ref().map(|_| "..."))
            .finish()
    }
}
