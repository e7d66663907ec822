//! The network that was asked for, with all latencies or all bandwidths multiplied by something.

use crate::sim::{Change, Interface, Link, Network};
use crate::sweep::planner::SweepPlan;
use crate::sweep::replay::Condition;

/// A millionth: factors are whole numbers of them.
pub(super) const ONE: u64 = 1_000_000;
/// Factors below and above one, in hundredths, of which the smallest and the largest are the ends of what is looked at.
pub(super) const HUNDREDTHS: [u64; 12] = [1, 2, 5, 10, 20, 50, 200, 500, 1_000, 2_000, 5_000, 10_000];

/// What of a network is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// All latencies.
    Latency,
    /// All bandwidths.
    Bandwidth,
}

/// All latencies, or all bandwidths, times a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    pub axis: Axis,
    /// In millionths.
    pub factor: u64,
}

/// What is looked at: the network as it is, then others.
pub(super) struct Scales {
    pub all: Vec<Scale>,
    /// The latency and the bandwidth of all links, in picoseconds and bits per second, where they are all alike.
    pub alike: [Option<u64>; 2],
}

fn scaled(value: u64, factor: u64) -> u64 {
    u64::try_from(u128::from(value) * u128::from(factor) / u128::from(ONE)).unwrap_or(u64::MAX)
}

/// No bandwidth is zero.
fn scaled_bps(bps: Option<u64>, factor: u64) -> Option<u64> {
    bps.map(|bps| scaled(bps, factor).max(1))
}

impl Scale {
    const SAME: Scale = Scale { axis: Axis::Latency, factor: ONE };

    /// The same endpoints under the other network.
    pub(super) fn condition(&self, condition: Condition) -> Condition {
        Condition { network: self.network(condition.network), ..condition }
    }

    fn network(&self, network: Network) -> Network {
        let factor = self.factor;
        let links = network.links.iter();
        match self.axis {
            Axis::Latency => Network {
                links: links
                    .map(|link| Link { latency_ps: scaled(link.latency_ps, factor), ..*link })
                    .collect(),
                changes: network
                    .changes
                    .iter()
                    .map(|change| Change { latency_ps: scaled(change.latency_ps, factor), ..*change })
                    .collect(),
                ..network
            },
            Axis::Bandwidth => Network {
                links: links
                    .map(|link| Link { bandwidth_bps: scaled_bps(link.bandwidth_bps, factor), ..*link })
                    .collect(),
                interfaces: network
                    .interfaces
                    .iter()
                    .map(|interface| Interface {
                        egress_bps: scaled_bps(interface.egress_bps, factor),
                        ingress_bps: scaled_bps(interface.ingress_bps, factor),
                    })
                    .collect(),
                changes: network
                    .changes
                    .iter()
                    .map(|change| Change {
                        bandwidth_bps: scaled_bps(change.bandwidth_bps, factor),
                        ..*change
                    })
                    .collect(),
                ..network
            },
        }
    }
}

impl Scales {
    /// What is worth looking at: nothing else where no iteration repeats, since each network would take as long as a whole
    /// training's replay; nothing in what is zero or unlimited anyway.
    pub(super) fn of(plan: &SweepPlan) -> Scales {
        let first = plan.plan(0);
        let position = plan.sweep.grid.position(0);
        let Condition { network, .. } = plan.condition(&first, &position);
        let pairs = || {
            (0..network.parties * network.parties).filter(|at| at / network.parties != at % network.parties)
        };
        let latencies: Vec<u64> = pairs().map(|at| network.links[at].latency_ps).collect();
        let limits: Vec<Option<u64>> = pairs().map(|at| network.links[at].bandwidth_bps).collect();
        let shared =
            network.interfaces.iter().any(|one| one.egress_bps.is_some() || one.ingress_bps.is_some());
        let mut all = vec![Scale::SAME];
        if !plan.has_jitter() {
            if latencies.iter().any(|&latency_ps| latency_ps > 0) {
                all.extend(
                    HUNDREDTHS.map(|factor| Scale { axis: Axis::Latency, factor: factor * (ONE / 100) }),
                );
            }
            if shared || limits.iter().any(Option::is_some) {
                all.extend(
                    HUNDREDTHS.map(|factor| Scale { axis: Axis::Bandwidth, factor: factor * (ONE / 100) }),
                );
            }
        }
        let same_latency = latencies.iter().all(|latency| *latency == latencies[0]).then(|| latencies[0]);
        let same_limit =
            if !shared && limits.iter().all(|limit| *limit == limits[0]) { limits[0] } else { None };
        Scales { all, alike: [same_latency, same_limit] }
    }
}
