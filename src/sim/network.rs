//! The network as the user describes it: links, interfaces, sites, framing, per-message costs of a party.
//!
//! Owns the description and the conversion of bytes to time; holds no state of a run.

use std::collections::BTreeMap;

use super::{
    Faults, PS_PER_SECOND, Tcp,
    jitter::{self, Draws, Jitter},
    loss::Loss,
};

/// The most parties that a network can have (event keys reserve twelve bits for a party).
pub(crate) const MAX_PARTIES: usize = 1 << 12;

/// One direction between two parties.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// One-way latency in picoseconds.
    pub latency_ps: u64,
    /// Bits per second; `None` takes no time.
    pub bandwidth_bps: Option<u64>,
    /// Bytes that pass at once after idle time: the size of a token bucket that fills with the bandwidth. 0: none.
    pub burst_bytes: u64,
    /// Extra latency, drawn for each message.
    pub jitter: Jitter,
    /// Correlation of the draw with that of the message before on this link, from 0 up to (not including) 1.
    pub jitter_correlation: f64,
    /// How many of 10^9 packets are lost; only with TCP. Drawn for each packet.
    pub loss_ppb: u32,
}

impl Link {
    /// A link that takes no time at all.
    pub const INSTANT: Link = Link {
        latency_ps: 0,
        bandwidth_bps: None,
        burst_bytes: 0,
        jitter: Jitter::None,
        jitter_correlation: 0.0,
        loss_ppb: 0,
    };
}

/// A link that changes at a moment of simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// From when on, in picoseconds since clocks began.
    pub at_ps: u64,
    /// The sender.
    pub from: usize,
    /// The receiver.
    pub to: usize,
    /// The link's latency from then on.
    pub latency_ps: u64,
    /// The link's bandwidth from then on.
    pub bandwidth_bps: Option<u64>,
}

/// A party's network interface, shared by its links. Both directions are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interface {
    /// Bits per second of everything the party sends; `None` is no limit.
    pub egress_bps: Option<u64>,
    /// Bits per second of everything the party gets; `None` is no limit.
    pub ingress_bps: Option<u64>,
}

/// Bytes on the wire that are not payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireOverhead {
    /// Bytes of a segment of its own before each message, which says its length; 0: there is none.
    pub header_bytes: u64,
    /// Bytes added to each message.
    pub per_message_bytes: u64,
    /// Bytes added to each segment of a message; an empty message takes one segment (no other one than its header's).
    pub per_segment_bytes: u64,
    /// Payload bytes that a segment can hold. Zero only if `per_segment_bytes` is zero.
    pub segment_payload_bytes: u64,
}

impl WireOverhead {
    /// Payload only; segments as of [`TCP`](Self::TCP).
    pub const NONE: WireOverhead = WireOverhead {
        header_bytes: 0,
        per_message_bytes: 0,
        per_segment_bytes: 0,
        segment_payload_bytes: 1448,
    };

    /// TCP over IPv4 over Ethernet with an MTU of 1500 bytes.
    ///
    /// A segment carries 1500 - 20 (IPv4) - 20 (TCP) - 12 (TCP timestamps) = 1448 bytes, and costs
    /// 52 of headers, 18 of Ethernet header and checksum, 20 of preamble and gap: 90 bytes.
    /// Acknowledgements are not counted.
    pub const TCP: WireOverhead = WireOverhead {
        header_bytes: 0,
        per_message_bytes: 0,
        per_segment_bytes: 90,
        segment_payload_bytes: 1448,
    };

    /// TLS 1.3 over [`TCP`](Self::TCP).
    ///
    /// A record of at most 16,384 bytes costs 5 (header) + 1 (content type) + 16 (tag) = 22 bytes.
    /// Every message begins a record: 22 bytes per message. The records that follow inside a long
    /// message are spread over its segments: 22 x 1448 / 16384, rounded up to 2 bytes, which leaves
    /// room for 1446 payload bytes in a segment and makes it cost 92.
    pub const TLS: WireOverhead = WireOverhead {
        header_bytes: 0,
        per_message_bytes: 22,
        per_segment_bytes: 92,
        segment_payload_bytes: 1446,
    };

    /// Bytes on the wire of a message; `None` if more than 2^64.
    pub fn wire_bytes(&self, payload_bytes: u64) -> Option<u64> {
        let framed = payload_bytes.checked_add(self.per_message_bytes)?.checked_add(self.header_bytes)?;
        if self.per_segment_bytes == 0 {
            return Some(framed);
        }
        let header = u64::from(self.header_bytes > 0);
        let segments = payload_bytes.div_ceil(self.segment_payload_bytes).checked_add(header)?.max(1);
        framed.checked_add(self.per_segment_bytes.checked_mul(segments)?)
    }

    /// The packets of a message in their order: how many, and the bytes on the wire of each. What a message adds is in its
    /// first one. `None` if one has more than 2^64 bytes.
    pub(crate) fn packets(&self, payload_bytes: u64) -> Option<[(u64, u64); 3]> {
        let segment = self.segment_payload_bytes;
        let (mut full, mut rest) = match payload_bytes {
            small if small < segment => (0, small),
            large => (large / segment, large % segment),
        };
        let framed = |bytes: u64| bytes.checked_add(self.per_segment_bytes);
        let mut first = None;
        if self.header_bytes > 0 {
            first = Some(self.header_bytes);
        } else if self.per_message_bytes > 0 || payload_bytes == 0 {
            first = Some(payload_bytes.min(segment));
            (full, rest) = if full > 0 { (full - 1, rest) } else { (0, 0) };
        }
        let first = match first {
            Some(bytes) => (1, framed(bytes.checked_add(self.per_message_bytes)?)?),
            None => (0, 0),
        };
        Some([first, (full, framed(segment)?), (u64::from(rest > 0), framed(rest)?)])
    }
}

/// All links and interfaces.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// How many parties there are.
    pub parties: usize,
    /// Link from `i` to `j` at `i * parties + j`. The diagonal is not used.
    pub links: Vec<Link>,
    /// One per party. Parties of one site have the same, once, together.
    pub interfaces: Vec<Interface>,
    /// The number of each party's site; empty if each has its own. Messages inside a site pass no interface.
    pub sites: Vec<usize>,
    /// Whether all links are one wire, which carries one message after the other. Then all have the same bandwidth and burst,
    /// and no interface has a limit.
    pub one_wire: bool,
    /// What links change into, the changes of one link in the order of time.
    pub changes: Vec<Change>,
    /// What goes wrong.
    pub faults: Faults,
    /// The congestion window that each link has; `None`: messages enter their links as soon as these are free. With it, links
    /// are no more than latency and bandwidth: no wire or site that parties share, no bursts, changes or jitter, no link that is
    /// down, and no message that its sender delays.
    pub tcp: Option<Tcp>,
    /// Framing of every message.
    pub overhead: WireOverhead,
    /// Seed of the jitter and of the losses of all links.
    pub jitter_seed: u64,
}

impl Network {
    /// Every link alike, no limit on interfaces, no framing.
    pub fn uniform(parties: usize, link: Link) -> Network {
        Network {
            parties,
            links: vec![link; parties * parties],
            interfaces: vec![Interface::default(); parties],
            sites: Vec::new(),
            one_wire: false,
            changes: Vec::new(),
            faults: Faults::default(),
            tcp: None,
            overhead: WireOverhead::NONE,
            jitter_seed: 0,
        }
    }

    /// The link between two parties.
    pub fn link(&self, from: usize, to: usize) -> &Link {
        assert!(from < self.parties && to < self.parties, "no link {from} -> {to}");
        &self.links[from * self.parties + to]
    }

    /// The link between two parties, to change it.
    pub fn link_mut(&mut self, from: usize, to: usize) -> &mut Link {
        assert!(from < self.parties && to < self.parties, "no link {from} -> {to}");
        &mut self.links[from * self.parties + to]
    }

    /// Every link between two different parties.
    fn used_links(&self) -> impl Iterator<Item = &Link> {
        let used = |at: &usize| at / self.parties != at % self.parties;
        (0..self.links.len()).filter(used).map(|at| &self.links[at])
    }

    /// Whether any link between two different parties has jitter.
    pub fn has_jitter(&self) -> bool {
        self.used_links().any(|link| link.jitter != Jitter::None)
    }

    /// Whether any link between two different parties loses packets.
    pub fn has_loss(&self) -> bool {
        self.used_links().any(|link| link.loss_ppb > 0)
    }

    /// Whether equal runs can take unequal times: they depend on the clock, or on the number of a message.
    pub fn varies(&self) -> bool {
        self.has_jitter() || self.has_loss() || !self.changes.is_empty() || !self.faults.is_none()
    }

    /// Whether parties share outgoing interfaces or a wire, or a link is more than latency, bandwidth and a draw for each
    /// message: the engine has a way of its own for these.
    pub(crate) fn is_shaped(&self) -> bool {
        let shares = |party: usize| self.first_of_site(party) != party;
        self.one_wire
            || self.tcp.is_some()
            || !self.changes.is_empty()
            || !self.faults.is_none()
            || (!self.sites.is_empty() && (0..self.parties).any(shares))
            || self.used_links().any(|link| {
                link.burst_bytes > 0 || (link.jitter != Jitter::None && link.jitter_correlation > 0.0)
            })
    }

    /// The same with every link as good as it ever is: without jitter, faults and congestion window, with its least latency
    /// and its greatest bandwidth.
    pub fn at_best(&self) -> Network {
        let mut best = Network { faults: Faults::default(), tcp: None, ..self.clone() };
        for change in std::mem::take(&mut best.changes) {
            let link = best.link_mut(change.from, change.to);
            link.latency_ps = link.latency_ps.min(change.latency_ps);
            let both = link.bandwidth_bps.zip(change.bandwidth_bps);
            link.bandwidth_bps = both.map(|(own, changed)| own.max(changed));
        }
        for link in &mut best.links {
            link.latency_ps = match link.jitter {
                // Draws of these are below 0, of Pareto's no more than 2/3 of the scale.
                Jitter::Normal { .. } => 0,
                Jitter::Pareto { scale_ps } => link.latency_ps.saturating_sub(scale_ps),
                Jitter::None | Jitter::Uniform { .. } | Jitter::LogNormal { .. } => link.latency_ps,
            };
            (link.jitter, link.jitter_correlation, link.loss_ppb) = (Jitter::None, 0.0, 0);
            if link.bandwidth_bps.is_none() {
                link.burst_bytes = 0;
            }
        }
        best
    }

    /// The extra latency in picoseconds of a message, by its number on the link since the simulation
    /// began; `None` if it does not fit a clock. It depends on nothing else. (With a correlation this takes as many steps
    /// as there are messages before.)
    pub fn jitter_ps(&self, from: usize, to: usize, ordinal: u64) -> Option<i128> {
        let link = self.link(from, to);
        if link.jitter_correlation == 0.0 {
            return jitter::sample_ps(link.jitter, self.jitter_seed, from, to, ordinal);
        }
        let mut draws = Draws::new(link.jitter, link.jitter_correlation, self.jitter_seed, (from, to));
        (0..ordinal).for_each(|_| draws.skip());
        draws.next_ps()
    }

    /// Whether a packet is lost, by its number among all that have entered the link since the simulation began, those sent again
    /// among them. It depends on nothing else.
    pub fn loses(&self, from: usize, to: usize, number: u64) -> bool {
        Loss::new(self.link(from, to).loss_ppb, self.jitter_seed, (from, to)).takes(number)
    }

    /// Panics if the description contradicts itself: a bug in whoever assembled it.
    pub(crate) fn assert_valid(&self) {
        let n = self.parties;
        assert!((1..=MAX_PARTIES).contains(&n), "{n} parties; 1 to {MAX_PARTIES} are possible");
        assert_eq!(self.links.len(), n * n, "a network of {n} parties has {n} x {n} links");
        assert_eq!(self.interfaces.len(), n, "one interface per party");
        let overhead = &self.overhead;
        assert!(
            overhead.per_segment_bytes == 0 || overhead.segment_payload_bytes > 0,
            "segments that cost bytes must hold some"
        );
        for link in &self.links {
            assert_ne!(link.bandwidth_bps, Some(0), "a link without bandwidth never delivers");
            if let Jitter::LogNormal { sigma, .. } = link.jitter {
                assert!(sigma.is_finite() && sigma >= 0.0, "jitter with sigma {sigma}");
            }
            let correlation = link.jitter_correlation;
            assert!((0.0..1.0).contains(&correlation), "jitter with correlation {correlation}");
            assert!(link.loss_ppb < 1_000_000_000, "a link that loses everything never delivers");
            assert!(link.loss_ppb == 0 || self.tcp.is_some(), "only TCP sends anew what is lost");
        }
        for interface in &self.interfaces {
            assert_ne!(interface.egress_bps, Some(0), "an interface without bandwidth never sends");
            assert_ne!(interface.ingress_bps, Some(0), "an interface without bandwidth never receives");
        }
        self.assert_shape_valid();
    }

    fn assert_shape_valid(&self) {
        let n = self.parties;
        if !self.sites.is_empty() {
            assert_eq!(self.sites.len(), n, "every party has a site");
            let of_site = |party: usize| self.interfaces[self.first_of_site(party)];
            assert!((0..n).all(|party| self.interfaces[party] == of_site(party)), "a site has one interface");
        }
        if self.one_wire {
            let own = |interface: &Interface| *interface != Interface::default();
            assert!(!self.interfaces.iter().any(own), "one wire has no interfaces");
        }
        self.faults.assert_valid(n);
        self.assert_tcp_valid();
        let mut last_ps = BTreeMap::new();
        for change in &self.changes {
            let Change { at_ps, from, to, bandwidth_bps, .. } = *change;
            assert_ne!(bandwidth_bps, Some(0), "a link without bandwidth never delivers");
            assert!(from != to && from < n && to < n, "no link {from} -> {to}");
            let before = last_ps.insert((from, to), at_ps);
            assert!(before < Some(at_ps), "changes are in the order of time");
        }
    }

    fn assert_tcp_valid(&self) {
        let Some(tcp) = &self.tcp else { return };
        tcp.assert_valid();
        assert!(self.overhead.segment_payload_bytes > 0, "packets hold something");
        let shares = (0..self.parties).any(|party| self.first_of_site(party) != party);
        assert!(
            !shares && !self.one_wire && self.changes.is_empty(),
            "links are apart and stay as they are with TCP"
        );
        let plain = |link: &Link| link.burst_bytes == 0 && link.jitter == Jitter::None;
        assert!(self.used_links().all(plain), "links have neither bursts nor jitter with TCP");
        let delays = self.faults.held.as_ref().is_some_and(|held| held.delay_ps.is_some());
        assert!(self.faults.down.is_empty() && !delays, "links are up and nobody delays messages with TCP");
    }

    /// The first party of a party's site, whose number stands for that of the site's interface.
    pub(crate) fn first_of_site(&self, party: usize) -> usize {
        self.sites
            .get(party)
            .map_or(party, |own| self.sites.iter().position(|site| site == own).expect("at least its own"))
    }
}

/// What handling a message costs a party, beside the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Endpoint {
    /// Picoseconds for each message sent, before it leaves.
    pub send_ps: u64,
    /// Picoseconds for each message received.
    pub receive_ps: u64,
    /// Picoseconds more for a message that was waited for: a thread that must be woken.
    pub wake_ps: u64,
}

/// How long bytes take; bandwidth prepared so that the usual case needs no division.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rate {
    /// No time.
    Unlimited,
    /// A whole number of picoseconds per byte.
    PerByte(u64),
    /// Bits per second.
    Bps(u64),
}

impl Rate {
    pub(crate) fn new(bandwidth_bps: Option<u64>) -> Rate {
        const PS_BITS: u64 = 8 * PS_PER_SECOND;
        match bandwidth_bps {
            None => Rate::Unlimited,
            Some(bps) if PS_BITS.is_multiple_of(bps) => Rate::PerByte(PS_BITS / bps),
            Some(bps) => Rate::Bps(bps),
        }
    }

    /// `ceil(bytes * 8 * 10^12 / bps)` in picoseconds; `None` if more than 2^64.
    #[inline]
    pub(crate) fn duration_ps(self, bytes: u64) -> Option<u64> {
        match self {
            Rate::Unlimited => Some(0),
            Rate::PerByte(ps) => bytes.checked_mul(ps),
            Rate::Bps(bps) => match bytes.checked_mul(8 * PS_PER_SECOND) {
                Some(product) => Some(product.div_ceil(bps)),
                None => {
                    let product = u128::from(bytes) * u128::from(8 * PS_PER_SECOND);
                    u64::try_from(product.div_ceil(u128::from(bps))).ok()
                }
            },
        }
    }

    #[inline]
    pub(crate) fn is_limited(self) -> bool {
        self != Rate::Unlimited
    }
}
