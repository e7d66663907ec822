//! The network as the user describes it: links, interfaces, framing, per-message costs of a party.
//!
//! Owns the description and the conversion of bytes to time; holds no state of a run.

use super::{PS_PER_SECOND, jitter};

/// The most parties that a network can have (event keys reserve twelve bits for a party).
pub(crate) const MAX_PARTIES: usize = 1 << 12;

/// One direction between two parties.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// One-way latency in picoseconds.
    pub latency_ps: u64,
    /// Bits per second; `None` takes no time.
    pub bandwidth_bps: Option<u64>,
    /// Extra latency, drawn for each message.
    pub jitter: Jitter,
}

impl Link {
    /// A link that takes no time at all.
    pub const INSTANT: Link = Link { latency_ps: 0, bandwidth_bps: None, jitter: Jitter::None };
}

/// The law of the extra latency of each message on a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jitter {
    /// No extra latency.
    None,
    /// Uniform between 0 and `max_ps`, both included.
    Uniform {
        /// Largest extra latency in picoseconds.
        max_ps: u64,
    },
    /// `median_ps * exp(sigma * Z)` with a standard normal `Z`, rounded to a picosecond.
    LogNormal {
        /// Median of the extra latency in picoseconds.
        median_ps: u64,
        /// Standard deviation of the logarithm; finite and not negative.
        sigma: f64,
    },
}

impl Jitter {
    /// The extra latency in picoseconds, if every message has the same.
    pub(crate) fn constant_ps(self) -> Option<u64> {
        match self {
            Jitter::None | Jitter::Uniform { max_ps: 0 } | Jitter::LogNormal { median_ps: 0, .. } => Some(0),
            // Greater medians are rounded when they are drawn.
            Jitter::LogNormal { median_ps, sigma: 0.0 } if median_ps < 1 << 53 => Some(median_ps),
            Jitter::Uniform { .. } | Jitter::LogNormal { .. } => None,
        }
    }
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
    /// Bytes added to each message.
    pub per_message_bytes: u64,
    /// Bytes added to each segment of a message; an empty message takes one segment.
    pub per_segment_bytes: u64,
    /// Payload bytes that a segment can hold. Zero only if `per_segment_bytes` is zero.
    pub segment_payload_bytes: u64,
}

impl WireOverhead {
    /// Payload only; segments as of [`TCP`](Self::TCP).
    pub const NONE: WireOverhead =
        WireOverhead { per_message_bytes: 0, per_segment_bytes: 0, segment_payload_bytes: 1448 };

    /// TCP over IPv4 over Ethernet with an MTU of 1500 bytes.
    ///
    /// A segment carries 1500 - 20 (IPv4) - 20 (TCP) - 12 (TCP timestamps) = 1448 bytes, and costs
    /// 52 of headers, 18 of Ethernet header and checksum, 20 of preamble and gap: 90 bytes.
    /// Acknowledgements are not counted.
    pub const TCP: WireOverhead =
        WireOverhead { per_message_bytes: 0, per_segment_bytes: 90, segment_payload_bytes: 1448 };

    /// TLS 1.3 over [`TCP`](Self::TCP).
    ///
    /// A record of at most 16,384 bytes costs 5 (header) + 1 (content type) + 16 (tag) = 22 bytes.
    /// Every message begins a record: 22 bytes per message. The records that follow inside a long
    /// message are spread over its segments: 22 x 1448 / 16384, rounded up to 2 bytes, which leaves
    /// room for 1446 payload bytes in a segment and makes it cost 92.
    pub const TLS: WireOverhead =
        WireOverhead { per_message_bytes: 22, per_segment_bytes: 92, segment_payload_bytes: 1446 };

    /// Bytes on the wire of a message; `None` if more than 2^64.
    pub fn wire_bytes(&self, payload_bytes: u64) -> Option<u64> {
        let framed = payload_bytes.checked_add(self.per_message_bytes)?;
        if self.per_segment_bytes == 0 {
            return Some(framed);
        }
        let segments = payload_bytes.div_ceil(self.segment_payload_bytes).max(1);
        framed.checked_add(self.per_segment_bytes.checked_mul(segments)?)
    }
}

/// All links and interfaces.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// How many parties there are.
    pub parties: usize,
    /// Link from `i` to `j` at `i * parties + j`. The diagonal is not used.
    pub links: Vec<Link>,
    /// One per party.
    pub interfaces: Vec<Interface>,
    /// Framing of every message.
    pub overhead: WireOverhead,
    /// Seed of the jitter of all links.
    pub jitter_seed: u64,
}

impl Network {
    /// Every link alike, no limit on interfaces, no framing.
    pub fn uniform(parties: usize, link: Link) -> Network {
        Network {
            parties,
            links: vec![link; parties * parties],
            interfaces: vec![Interface::default(); parties],
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

    /// Whether any link between two different parties has jitter.
    pub fn has_jitter(&self) -> bool {
        let n = self.parties;
        self.links.iter().enumerate().any(|(at, link)| link.jitter != Jitter::None && at / n != at % n)
    }

    /// The same with links that never have extra latency.
    pub fn without_jitter(&self) -> Network {
        let mut network = self.clone();
        network.links.iter_mut().for_each(|link| link.jitter = Jitter::None);
        network
    }

    /// The extra latency in picoseconds of a message, by its number on the link since the simulation
    /// began; `None` if it does not fit a clock. It depends on nothing else.
    pub fn jitter_ps(&self, from: usize, to: usize, ordinal: u64) -> Option<u64> {
        jitter::sample_ps(self.link(from, to).jitter, self.jitter_seed, from, to, ordinal)
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
        }
        for interface in &self.interfaces {
            assert_ne!(interface.egress_bps, Some(0), "an interface without bandwidth never sends");
            assert_ne!(interface.ingress_bps, Some(0), "an interface without bandwidth never receives");
        }
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
