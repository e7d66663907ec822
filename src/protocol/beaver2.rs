//! `beaver2`: two parties with additive shares over Z_2^64, and a dealer who hands out correlated randomness.
//!
//! The parties 0 and 1 compute, party 2 deals: it takes part in the set-up and in the offline phase, and holds no shares.
//! Semi-honest, and neither computing party may collude with the dealer. What is done online is in
//! [`super::parts::two_party`].
//!
//! The dealer has a key with each party. Shares of independent numbers come from both keys, so nothing is sent for them.
//! What follows from such numbers (the product of a triple), and what is no uniform ring element (a bit, a mask), is known
//! to the dealer, who draws one party's share from its key and sends the other party its share. It sends to the party to
//! which it has sent less.
//!
//! Payload bytes sent by the dealer: a triple 8, a dot product 8 whatever its length, a matrix product 8 an entry of the
//! result, a triple of bits 1/8, a bit 8, a mask of n bits 8 + n/8. 1 round for all that a program takes.
//!
//! Sources: Beaver, "Commodity-based cryptography" (STOC 1997), for the dealer; Mohassel and Zhang, "SecureML" (S&P 2017),
//! for matrix triples; the reference system MP-SPDZ (`dealer-ring`) for what is sent.

use std::cell::Cell;

use super::declared::{Declared, Sent};
use super::demand::{Place, Request};
use super::parts::material::{Layout, Material};
use super::parts::two_party::{Offline, TwoParty, online};
use super::{Demand, Message, Protocol, Role, send};
use crate::ring::StreamKey;

/// The protocol as seen by one party.
pub type Beaver2 = TwoParty<Dealt>;

/// The dealer's number.
const DEALER: usize = 2;
/// Bytes of a key.
const KEY_BYTES: u64 = 16;

/// The offline phase with a dealer.
#[derive(Default)]
pub struct Dealt {
    /// Draws from the keys that the dealer has in common with the parties, the same for all.
    draws: Cell<u64>,
}

/// How one request is dealt.
struct Deal<'a> {
    place: &'a Place,
    request: &'a Request,
    layout: Layout,
    /// Number of the first draw.
    first: u64,
    /// Who is sent its share of what is not independent.
    receiver: usize,
}

impl Deal<'_> {
    /// What a party draws with the dealer: its shares of what is independent, and of the rest unless it is sent those.
    fn drawn(&self, online: &Beaver2, party: usize) -> [Material; 2] {
        let (content, layout) = (online.content, &self.layout);
        let mut next = streams(online, 1 << party | 1 << DEALER, self.first);
        let free = Material::uniform(content, &mut next, &layout.free_ring, &layout.free_bits);
        let sent = self.receiver == party;
        let rest = || Material::uniform(content, next, &layout.ring, &layout.bits);
        [free, if sent { Material::default() } else { rest() }]
    }

    /// The receiver's share of what is not independent. For the dealer, who has the shares of all else.
    fn share(&self, online: &Beaver2) -> Material {
        let [free, _] = self.drawn(online, self.receiver);
        let [others, rest] = self.drawn(online, 1 - self.receiver);
        let own = streams(online, 1 << DEALER, self.first);
        Material::correlated(self.request, &free.add(&others), online.content, own).sub(&rest)
    }
}

/// The streams of the parties in `holders` one after the other, from number `first` on.
fn streams(online: &Beaver2, holders: u64, first: u64) -> impl FnMut() -> StreamKey {
    let mut counter = first;
    move || {
        counter += 1;
        online.stream(holders, counter - 1)
    }
}

impl Dealt {
    /// How all of a demand is dealt: the same for every party.
    fn deals<'a>(&self, demand: &'a Demand) -> Vec<Deal<'a>> {
        let mut sent = [0, 0];
        let deal = |(place, request)| {
            let layout = Layout::of(request);
            let first = self.draws.replace(self.draws.get() + layout.parts());
            let receiver = usize::from(sent[1] < sent[0]);
            sent[receiver] += layout.correlated_bytes();
            Deal { place, request, layout, first, receiver }
        };
        demand.requests.iter().map(deal).collect()
    }
}

/// What the dealer sends a party: the vectors and planes of all its shares. 1 round.
fn message(shares: Vec<Material>) -> Message {
    let (mut parts, mut planes) = (Vec::new(), Vec::new());
    for share in shares {
        parts.extend(share.ring.into_iter().map(Message::Ring));
        planes.extend(share.bits);
    }
    parts.push(Message::Bits(planes));
    Message::Many(parts)
}

/// The other way round, for the deals whose shares it has.
fn shares(message: Message, deals: &[&Deal<'_>]) -> Vec<Material> {
    let Message::Many(mut parts) = message else { panic!("shares expected, not {message:?}") };
    let Some(Message::Bits(planes)) = parts.pop() else { panic!("shares without bits") };
    let (mut parts, mut planes) = (parts.into_iter(), planes.into_iter());
    let mut vector = || match parts.next() {
        Some(Message::Ring(vector)) => vector,
        other => panic!("ring elements expected, not {other:?}"),
    };
    let share = |deal: &&Deal<'_>| Material {
        ring: deal.layout.ring.iter().map(|_| vector()).collect(),
        bits: planes.by_ref().take(deal.layout.bits.len()).collect(),
    };
    deals.iter().map(share).collect()
}

impl Offline for Dealt {
    const PARTIES: usize = 3;
    const COSTS: &'static [Declared] = COSTS;

    /// The dealer sends each party a key, party 0 sends one to party 1. 1 round; 16, 0, 32.
    async fn set_up(online: &Beaver2) {
        let party = &online.party;
        let _span = party.span("keys");
        let key = || Message::Opaque(KEY_BYTES);
        match party.id() {
            DEALER => (0..DEALER).for_each(|to| send(party, to, key())),
            0 => {
                send(party, 1, key());
                party.recv(DEALER).await;
            }
            _ => {
                party.recv(0).await;
                party.recv(DEALER).await;
            }
        }
    }

    async fn prepare(online: &Beaver2, demand: &Demand) {
        let (deals, party) = (online.offline.deals(demand), &online.party);
        let of = |receiver| deals.iter().filter(|deal| deal.receiver == receiver).collect::<Vec<_>>();
        if online.role() == Role::Deals {
            for receiver in 0..DEALER {
                let shares: Vec<_> = of(receiver).iter().map(|deal| deal.share(online)).collect();
                if !shares.is_empty() {
                    send(party, receiver, message(shares));
                }
            }
            return;
        }
        let drawn: Vec<_> = deals.iter().map(|deal| deal.drawn(online, party.id())).collect();
        let mine = of(party.id());
        let mut sent = match &mine[..] {
            [] => Vec::new(),
            _ => shares(party.recv(DEALER).await, &mine),
        }
        .into_iter();
        for (deal, [free, rest]) in deals.iter().zip(drawn) {
            let is_sent = deal.receiver == party.id();
            let rest = if is_sent { sent.next().expect("a share of each deal") } else { rest };
            online.put(deal.place, deal.request, free.followed_by(rest));
        }
    }
}

/// What the operations cost. The dealer sends a share to the party to which it has sent less.
const COSTS: &[Declared] = &[
    online::INPUT,
    online::OPEN,
    online::OPEN_BITS,
    online::MUL.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::DOT.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::MATMUL.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::AND.with_offline(&[&[Sent::bits(2, 0, 1)]]),
    // Masks of the lower 16 bits and of the upper ones, and a bit.
    online::TRUNCATE.with_offline(&[&[
        Sent { bits: 16, ..Sent::elements(2, 0, 2) },
        Sent { bits: 31, ..Sent::elements(2, 1, 1) },
    ]]),
    online::TRUNCATE_GAP.with_offline(&[&[
        Sent { bits: 16, ..Sent::elements(2, 0, 1) },
        Sent { bits: 8, ..Sent::elements(2, 1, 2) },
    ]]),
    online::SUMMANDS.with_offline(&[&[Sent { bits: 31, ..Sent::elements(2, 0, 1) }]]),
    online::CUT.with_offline(&[&[
        Sent { bits: 16, ..Sent::elements(2, 0, 1) },
        Sent { bits: 32, ..Sent::elements(2, 1, 1) },
    ]]),
    online::RANDOM.with_offline(&[&[Sent { bits: 31, ..Sent::elements(2, 0, 1) }]]),
    online::BITS_TO_RING.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::AND_TO_RING.with_offline(&[&[Sent::bits(2, 0, 1), Sent::elements(2, 1, 1)]]),
];
