//! How fast the ways of a network are, and how long a whole run can take at most.

use super::prepared::{Load, Prepared};
use crate::sim::{Network, WireOverhead, network::Rate};

/// A network with its rates prepared.
#[derive(Debug)]
pub(super) struct Rates<'n> {
    pub(super) network: &'n Network,
    /// Of links, then of outgoing, then of incoming interfaces.
    rates: Vec<Rate>,
    slowest: Rate,
    /// The greatest latency of a link.
    most_latency_ps: u64,
}

impl<'n> Rates<'n> {
    /// Panics if the network contradicts itself.
    pub(super) fn new(network: &'n Network) -> Rates<'n> {
        network.assert_valid();
        let links = network.links.iter().map(|link| link.bandwidth_bps);
        let egress = network.interfaces.iter().map(|interface| interface.egress_bps);
        let ingress = network.interfaces.iter().map(|interface| interface.ingress_bps);
        let (mut last, mut slowest_bps) = ((None, Rate::Unlimited), None);
        let mut rates = Vec::with_capacity(network.links.len() + 2 * network.parties);
        for bps in links.chain(egress).chain(ingress) {
            if bps != last.0 {
                last = (bps, Rate::new(bps));
                slowest_bps = slowest_bps.into_iter().chain(bps).min();
            }
            rates.push(last.1);
        }
        let slowest = Rate::new(slowest_bps);
        let most_latency_ps = network.links.iter().map(|link| link.latency_ps).max().unwrap_or(0);
        Rates { network, rates, slowest, most_latency_ps }
    }

    pub(super) fn latency_ps(&self, link: usize) -> u64 {
        self.network.links[link].latency_ps
    }

    pub(super) fn link(&self, link: usize) -> Rate {
        self.rates[link]
    }

    pub(super) fn egress(&self, party: usize) -> Rate {
        self.rates[self.network.links.len() + party]
    }

    fn ingress(&self, party: usize) -> Rate {
        self.rates[self.network.links.len() + self.network.parties + party]
    }

    /// Whether messages queue at an outgoing interface.
    pub(super) fn limits_egress(&self) -> bool {
        (0..self.network.parties).any(|party| self.egress(party).is_limited())
    }

    /// Whether messages queue at an incoming interface.
    pub(super) fn limits_ingress(&self) -> bool {
        (0..self.network.parties).any(|party| self.ingress(party).is_limited())
    }

    pub(super) fn overhead(&self) -> WireOverhead {
        self.network.overhead
    }

    /// No run of a trace can take longer, in picoseconds: all work, and all messages over link and interfaces one after
    /// the other. `None` if that does not fit.
    pub(super) fn longest_ps(&self, prepared: &Prepared) -> Option<u64> {
        let parties = self.network.parties;
        let mut longest_ps = prepared.most_work_ps;
        for (from, loads) in prepared.loads.chunks_exact(parties).enumerate() {
            for (to, load) in loads.iter().enumerate().filter(|(_, load)| load.messages > 0) {
                let link = from * parties + to;
                let rates = [self.link(link), self.egress(from), self.ingress(to)];
                longest_ps =
                    longest_ps.checked_add(self.one_by_one_ps(load, self.latency_ps(link), rates)?)?;
            }
        }
        Some(longest_ps)
    }

    /// A bound that is never less, and quicker to say: all messages on the slowest way.
    pub(super) fn roughly_longest_ps(&self, prepared: &Prepared) -> Option<u64> {
        let all_ps = self.one_by_one_ps(&prepared.load, self.most_latency_ps, [self.slowest; 3])?;
        prepared.most_work_ps.checked_add(all_ps)
    }

    /// No longer than this can messages take over a link and two interfaces one after the other.
    fn one_by_one_ps(&self, load: &Load, latency_ps: u64, rates: [Rate; 3]) -> Option<u64> {
        if load.payload_bytes == u64::MAX {
            return None;
        }
        // Together they have as many segments as one long message, and at most one more each; each message may be rounded
        // up on each of the three.
        let together = self.overhead().wire_bytes(load.payload_bytes)?;
        let each = self.overhead().wire_bytes(0)?.checked_mul(load.messages)?;
        let bytes = together.checked_add(each)?;
        let mut all_ps = latency_ps.checked_add(3)?.checked_mul(load.messages)?;
        if self.network.tcp.is_some() {
            // One packet after the other: a header and a last one of each message, and the full ones of all.
            let full = load.payload_bytes / self.overhead().segment_payload_bytes;
            let packets = load.messages.checked_mul(2)?.checked_add(full)?;
            all_ps = all_ps.checked_add(latency_ps.checked_mul(2)?.checked_add(3)?.checked_mul(packets)?)?;
        }
        for rate in rates {
            all_ps = all_ps.checked_add(rate.duration_ps(bytes)?)?;
        }
        Some(all_ps)
    }
}
