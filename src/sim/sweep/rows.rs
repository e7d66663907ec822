//! How long each kind of message takes on each network, and how long a whole run can take at most.

use super::prepared::{Key, Prepared};
use crate::sim::{Network, WireOverhead, network::Rate};

/// Times of one kind of message on one network.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    pub from: u32,
    pub link: u32,
    /// On the wire: link and outgoing interface, whichever is slower.
    pub wire_ps: u64,
    /// On the wire and on its way.
    pub way_ps: u64,
    /// For so long it holds up its sender's interface, if that has a limit. (With one, even a message of no bytes
    /// holds others up until it starts.)
    pub egress_ps: Option<u64>,
}

/// Rates of a network, prepared.
#[derive(Debug)]
pub(super) struct Rates<'n> {
    network: &'n Network,
    overhead: WireOverhead,
    links: Vec<Rate>,
    egress: Vec<Rate>,
    ingress: Vec<Rate>,
}

impl<'n> Rates<'n> {
    /// Panics if the network contradicts itself.
    pub(super) fn new(network: &'n Network) -> Rates<'n> {
        network.assert_valid();
        Rates {
            network,
            overhead: network.overhead,
            links: network.links.iter().map(|link| Rate::new(link.bandwidth_bps)).collect(),
            egress: network.interfaces.iter().map(|interface| Rate::new(interface.egress_bps)).collect(),
            ingress: network.interfaces.iter().map(|interface| Rate::new(interface.ingress_bps)).collect(),
        }
    }

    /// The times of a kind of message, and its time at the receiver's interface; `None` if one does not fit.
    fn row(&self, key: &Key) -> Option<(Row, u64)> {
        let link = key.link as usize;
        let bytes = self.overhead.wire_bytes(key.payload_bytes)?;
        let egress = self.egress[key.from as usize];
        let egress_ps = if egress.is_limited() { Some(egress.duration_ps(bytes)?) } else { None };
        let wire_ps = self.links[link].duration_ps(bytes)?.max(egress_ps.unwrap_or(0));
        let ingress_ps = self.ingress[link % self.network.parties].duration_ps(bytes)?;
        let way_ps = wire_ps.checked_add(self.network.links[link].latency_ps)?;
        Some((Row { from: key.from, link: key.link, wire_ps, way_ps, egress_ps }, ingress_ps))
    }

    /// Adds the rows of a trace, one per kind of message; gives the longest that one run of it can take, in
    /// picoseconds: everything in it, one after the other. `None` if that is more than any clock can hold.
    pub(super) fn rows(&self, prepared: &Prepared, rows: &mut Vec<Row>) -> Option<u128> {
        let mut most_ps = prepared.all_work_ps();
        for key in &prepared.keys {
            let (row, ingress_ps) = self.row(key)?;
            let each_ps =
                u128::from(row.way_ps) + u128::from(row.egress_ps.unwrap_or(0)) + u128::from(ingress_ps);
            most_ps = most_ps.checked_add(each_ps * u128::from(key.count))?;
            rows.push(row);
        }
        Some(most_ps)
    }
}
