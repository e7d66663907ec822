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

/// Wire bytes of every kind of message of every trace, for one way of framing.
#[derive(Debug)]
pub(super) struct Framed {
    overhead: WireOverhead,
    /// By trace and kind; `None` if they do not fit.
    bytes: Option<Vec<Vec<u64>>>,
}

impl Framed {
    pub(super) fn new(overhead: WireOverhead, traces: &[&Prepared]) -> Framed {
        let of_trace = |trace: &&Prepared| {
            let bytes = trace.keys.iter().map(|key| overhead.wire_bytes(key.payload_bytes));
            bytes.collect::<Option<Vec<_>>>()
        };
        Framed { overhead, bytes: traces.iter().map(of_trace).collect() }
    }

    /// Whether it is for the framing of that network.
    pub(super) fn is_of(&self, network: &Network) -> bool {
        self.overhead == network.overhead
    }
}

/// A rate that remembers its last answer: messages of one size follow each other, and links are often alike.
#[derive(Debug, Clone, Copy)]
struct Memo {
    rate: Rate,
    bytes: u64,
    ps: Option<u64>,
}

impl Memo {
    fn new() -> Memo {
        Memo { rate: Rate::Unlimited, bytes: 0, ps: Some(0) }
    }

    #[inline]
    fn duration_ps(&mut self, rate: Rate, bytes: u64) -> Option<u64> {
        if (self.rate, self.bytes) != (rate, bytes) {
            *self = Memo { rate, bytes, ps: rate.duration_ps(bytes) };
        }
        self.ps
    }
}

/// Rates of a network, prepared.
#[derive(Debug)]
pub(super) struct Rates<'n> {
    network: &'n Network,
    links: Vec<Rate>,
    /// Empty if no interface has a limit in that direction.
    egress: Vec<Rate>,
    ingress: Vec<Rate>,
}

impl<'n> Rates<'n> {
    /// Panics if the network contradicts itself.
    pub(super) fn new(network: &'n Network) -> Rates<'n> {
        network.assert_valid();
        let interfaces = || network.interfaces.iter();
        let egress = interfaces().map(|interface| Rate::new(interface.egress_bps));
        let ingress = interfaces().map(|interface| Rate::new(interface.ingress_bps));
        let mut last = (None, Rate::Unlimited);
        let mut links = Vec::with_capacity(network.links.len());
        for link in &network.links {
            if link.bandwidth_bps != last.0 {
                last = (link.bandwidth_bps, Rate::new(link.bandwidth_bps));
            }
            links.push(last.1);
        }
        let limited =
            |rates: Vec<Rate>| if rates.iter().any(|rate| rate.is_limited()) { rates } else { Vec::new() };
        Rates { network, links, egress: limited(egress.collect()), ingress: limited(ingress.collect()) }
    }

    /// Whether messages queue at an incoming interface.
    pub(super) fn limits_ingress(&self) -> bool {
        !self.ingress.is_empty()
    }

    /// The rows of a trace, one per kind of message, and the longest that one run of it can take, in picoseconds:
    /// everything in it, one after the other. `None` if a time does not fit.
    pub(super) fn rows(
        &self,
        prepared: &Prepared,
        trace: usize,
        framed: &Framed,
    ) -> Option<(Vec<Row>, u128)> {
        let bytes = &framed.bytes.as_ref()?[trace];
        let mut most_ps = prepared.all_work_ps();
        let mut rows = Vec::with_capacity(bytes.len());
        let [mut on_link, mut out, mut into] = [Memo::new(); 3];
        for (key, &bytes) in prepared.keys.iter().zip(bytes) {
            let Key { from, link, count, .. } = *key;
            let at = link as usize;
            let mut wire_ps = on_link.duration_ps(self.links[at], bytes)?;
            let mut egress_ps = None;
            if let Some(&rate) = self.egress.get(from as usize).filter(|rate| rate.is_limited()) {
                egress_ps = Some(out.duration_ps(rate, bytes)?);
                wire_ps = wire_ps.max(out.duration_ps(rate, bytes)?);
            }
            let mut each_ps = egress_ps.map_or(0, u128::from);
            if let Some(&rate) = self.ingress.get(at % self.network.parties) {
                each_ps += u128::from(into.duration_ps(rate, bytes)?);
            }
            let way_ps = wire_ps.checked_add(self.network.links[at].latency_ps)?;
            each_ps += u128::from(way_ps);
            most_ps = most_ps.checked_add(each_ps.checked_mul(u128::from(count))?)?;
            rows.push(Row { from, link, wire_ps, way_ps, egress_ps });
        }
        Some((rows, most_ps))
    }
}
