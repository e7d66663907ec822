//! What other settings of TCP would save of a training's time, by the model: replays of the same record.

use super::record::{Phase, Recorded};
use crate::sim::{Endpoint, Network, SimError, Tcp};

/// By so much the initial window is widened.
const WIDER: u64 = 10;

/// A training's time with other settings of TCP, in picoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherWindows {
    /// Without the restart after idle time; `None` if there is none anyway.
    pub without_restart_ps: Option<u64>,
    /// The packets of a wider initial window, and the time with it.
    pub wider: (u64, u64),
}

impl Recorded {
    /// Times with other settings of TCP; `None` on a network without it, and where faults make no iteration like another.
    pub fn other_windows(
        &self,
        network: &Network,
        endpoints: &[Endpoint],
        phases: &[Phase],
    ) -> Result<Option<OtherWindows>, SimError> {
        let Some(tcp) = network.tcp.filter(|_| !network.varies()) else { return Ok(None) };
        let mut others = vec![Tcp { initial_window: tcp.initial_window.saturating_mul(WIDER), ..tcp }];
        if tcp.restart_after_idle {
            others.push(Tcp { restart_after_idle: false, ..tcp });
        }
        let networks: Vec<_> =
            others.iter().map(|&other| Network { tcp: Some(other), ..network.clone() }).collect();
        let times_ps = self.training_times_ps(&networks, endpoints, phases)?;
        Ok(Some(OtherWindows {
            without_restart_ps: times_ps.get(1).copied(),
            wider: (others[0].initial_window, times_ps[0]),
        }))
    }
}
