//! `beaver2`: two parties with additive shares over Z_2^64, and a dealer who hands out correlated randomness.
//!
//! The parties 0 and 1 compute, party 2 deals: it takes part in the set-up and in the offline phase, and holds no shares.
//! Semi-honest, and neither computing party may collude with the dealer. What is done online is in
//! [`super::parts::two_party`].
//!
//! How correlated randomness is dealt is in `parts/dealing.rs`. The dealer sends to the party to which it has sent less.
//!
//! Payload bytes sent by the dealer: a triple 8, a dot product 8 whatever its length, a matrix product 8 an entry of the
//! result, a triple of bits 1/8, a bit 8, a mask of n bits 8 + n/8. 1 round for all that a program takes.
//!
//! Sources: Beaver, "Commodity-based cryptography" (STOC 1997), for the dealer; Mohassel and Zhang, "SecureML" (S&P 2017),
//! for matrix triples; the reference system MP-SPDZ (`dealer-ring`) for what is sent.

use std::cell::Cell;

use super::declared::{Declared, Sent};
use super::demand::Place;
use super::parts::dealing::{DEALER, Deal, agree_on_keys, message, shares};
use super::parts::material::Layout;
use super::parts::two_party::{Offline, TwoParty, online};
use super::{Demand, Protocol, Role, send};

/// The protocol as seen by one party.
pub type Beaver2 = TwoParty<Dealt>;

/// The offline phase with a dealer.
#[derive(Default)]
pub struct Dealt {
    /// Draws from the keys that the dealer has in common with the parties, the same for all.
    draws: Cell<u64>,
}

impl Dealt {
    /// How all of a demand is dealt: the same for every party.
    fn deals<'a>(&self, demand: &'a Demand) -> Vec<(&'a Place, Deal<'a>)> {
        let mut sent = [0, 0];
        let deal = |(place, request)| {
            let layout = Layout::of(request);
            let first = self.draws.replace(self.draws.get() + layout.parts());
            let receiver = usize::from(sent[1] < sent[0]);
            sent[receiver] += layout.correlated_bytes();
            (place, Deal { request, layout, first, receiver })
        };
        demand.requests.iter().map(deal).collect()
    }
}

impl Offline for Dealt {
    const PARTIES: usize = 3;
    const COSTS: &'static [Declared] = COSTS;

    /// 1 round; 16, 0, 32.
    async fn set_up(online: &Beaver2) {
        agree_on_keys(&online.party).await;
    }

    async fn prepare(online: &Beaver2, demand: &Demand) {
        let (deals, party) = (online.offline.deals(demand), &online.party);
        let of = |receiver| {
            let deals = deals.iter().map(|(_, deal)| deal);
            deals.filter(|deal| deal.receiver == receiver).collect::<Vec<_>>()
        };
        if online.role() == Role::Deals {
            for receiver in 0..DEALER {
                let shares: Vec<_> = of(receiver).iter().map(|deal| deal.share(online)).collect();
                if !shares.is_empty() {
                    send(party, receiver, message(shares));
                }
            }
            return;
        }
        let drawn: Vec<_> = deals.iter().map(|(_, deal)| deal.drawn(online, party.id())).collect();
        let mine = of(party.id());
        let mut sent = match &mine[..] {
            [] => Vec::new(),
            _ => shares(party.recv(DEALER).await, &mine),
        }
        .into_iter();
        for ((place, deal), [free, rest]) in deals.iter().zip(drawn) {
            let is_sent = deal.receiver == party.id();
            let rest = if is_sent { sent.next().expect("a share of each deal") } else { rest };
            online.put(place, deal.request, free.followed_by(rest));
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
