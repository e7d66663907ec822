//! Correlated randomness that party 2 deals to the parties 0 and 1 of a [`TwoParty`].
//!
//! The dealer has a key with each party. Shares of independent numbers come from both keys, so nothing is sent for them.
//! What follows from such numbers (the product of a triple), and what is no uniform ring element (a bit, a mask), is known
//! to the dealer, who draws one party's share from its key and sends the other party, the receiver, its share: see [`deal`].
//! Who has no keys in common with the parties sends both of them all of their shares: see [`hand_out`].

use std::cell::Cell;

use super::material::{Layout, Material};
use super::two_party::{Offline, TwoParty};
use crate::protocol::demand::{Place, Request};
use crate::protocol::{Demand, Message, send};
use crate::ring::StreamKey;
use crate::sim::Party;

/// The dealer's number.
pub(in crate::protocol) const DEALER: usize = 2;
/// Bytes of a key.
const KEY_BYTES: u64 = 16;

/// The dealer sends each party a key, party 0 sends one to party 1. 1 round; 16, 0, 32.
pub(in crate::protocol) async fn agree_on_keys(party: &Party<Message>) {
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

/// How one request is dealt.
pub(in crate::protocol) struct Deal<'a> {
    pub(in crate::protocol) request: &'a Request,
    pub(in crate::protocol) layout: Layout,
    /// Number of the first draw.
    pub(in crate::protocol) first: u64,
    /// Who is sent its share of what is not independent.
    pub(in crate::protocol) receiver: usize,
    /// The rows that are taken of what is fixed.
    pub(in crate::protocol) rows: &'a [usize],
}

impl Deal<'_> {
    /// What a party draws with the dealer: its shares of what is independent, and of the rest unless it is sent those.
    pub(in crate::protocol) fn drawn<O: Offline>(&self, online: &TwoParty<O>, party: usize) -> [Material; 2] {
        let (content, layout) = (online.content, &self.layout);
        let mut next = streams(online, 1 << party | 1 << DEALER, self.first);
        let free = Material::uniform(content, &mut next, &layout.free_ring, &layout.free_bits);
        let sent = self.receiver == party;
        let rest = || Material::uniform(content, next, &layout.ring, &layout.bits);
        [free, if sent { Material::default() } else { rest() }]
    }

    /// Whether there is something that is not independent.
    fn sends(&self) -> bool {
        self.layout.correlated_bytes() > 0
    }

    /// The receiver's share of what is not independent. For the dealer, who has the shares of all else.
    pub(in crate::protocol) fn share<O: Offline>(&self, online: &TwoParty<O>) -> Material {
        let [free, _] = self.drawn(online, self.receiver);
        let [others, rest] = self.drawn(online, 1 - self.receiver);
        let own = streams(online, 1 << DEALER, self.first);
        let fixed = online.all_fixed_masks(self.request, self.rows);
        Material::correlated(self.request, fixed.as_ref(), &free.add(&others), online.content, own).sub(&rest)
    }
}

/// How all of a demand is dealt: the same for every party. The receiver is the party to which less was sent.
fn deals<'a>(demand: &'a Demand, draws: &Cell<u64>) -> Vec<(&'a Place, Deal<'a>)> {
    let mut sent = [0, 0];
    let deal = |(place, request)| {
        let layout = Layout::of(request);
        let first = draws.replace(draws.get() + layout.parts());
        let receiver = usize::from(sent[1] < sent[0]);
        sent[receiver] += layout.correlated_bytes();
        (place, Deal { request, layout, first, receiver, rows: &demand.rows })
    };
    demand.requests.iter().map(deal).collect()
}

/// Deals all of a demand: what is not independent to the receiver of each request. 1 round. `draws` counts draws from the
/// keys that the dealer has in common with the parties, the same for all.
pub(in crate::protocol) async fn deal<O: Offline>(online: &TwoParty<O>, demand: &Demand, draws: &Cell<u64>) {
    let (deals, party) = (deals(demand, draws), &online.party);
    let of = |receiver| {
        let deals = deals.iter().map(|(_, deal)| deal);
        deals.filter(|deal| deal.receiver == receiver && deal.sends()).collect::<Vec<_>>()
    };
    // All know their shares of the masks of what is fixed, and the dealer both.
    for (_, deal) in deals.iter().filter(|(_, deal)| matches!(deal.request, Request::FixedMasks { .. })) {
        let known = |share: usize| party.id() == share || party.id() == DEALER;
        let masks = |share| deal.drawn(online, share)[0].ring.remove(0);
        online.keep_masks([0, 1].map(|share| known(share).then(|| masks(share))));
    }
    if party.id() == DEALER {
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
        let is_sent = deal.receiver == party.id() && deal.sends();
        let rest = if is_sent { sent.next().expect("a share of each deal") } else { rest };
        online.put(place, deal.request, free.followed_by(rest));
    }
}

/// Sends both parties all of their shares of a demand. 1 round. `draws` counts draws of party 2.
pub(in crate::protocol) async fn hand_out<O: Offline>(
    online: &TwoParty<O>,
    demand: &Demand,
    draws: &Cell<u64>,
) {
    let (party, content, requests) = (&online.party, online.content, &demand.requests);
    if requests.is_empty() {
        return;
    }
    if party.id() == DEALER {
        let mut shares = [Vec::new(), Vec::new()];
        for request in requests.values() {
            let layout = Layout::of(request);
            // Twice what is independent, the rest once, and what `correlated` draws.
            let mut next = streams(online, 1 << DEALER, draws.replace(draws.get() + 2 * layout.parts()));
            let mut free = || Material::uniform(content, &mut next, &layout.free_ring, &layout.free_bits);
            let [free_0, free_1] = [free(), free()];
            let rest = Material::uniform(content, &mut next, &layout.ring, &layout.bits);
            if matches!(request, Request::FixedMasks { .. }) {
                online.keep_masks([&free_0, &free_1].map(|free| Some(free.ring[0].clone())));
            }
            let fixed = online.all_fixed_masks(request, &demand.rows);
            let all = Material::correlated(request, fixed.as_ref(), &free_0.add(&free_1), content, next);
            shares[1].push(free_1.followed_by(all.sub(&rest)));
            shares[0].push(free_0.followed_by(rest));
        }
        shares.into_iter().enumerate().for_each(|(to, shares)| send(party, to, message(shares)));
        return;
    }
    let parts = requests.values().map(Layout::of).map(|layout| {
        let Layout { free_ring, ring, free_bits, bits } = layout;
        [free_ring.len() + ring.len(), free_bits.len() + bits.len()]
    });
    let shares = split(party.recv(DEALER).await, parts);
    for ((place, request), share) in requests.iter().zip(shares) {
        online.put(place, request, share);
    }
}

/// The streams of the parties in `holders` one after the other, from number `first` on.
fn streams<O: Offline>(online: &TwoParty<O>, holders: u64, first: u64) -> impl FnMut() -> StreamKey {
    let mut counter = first;
    move || {
        counter += 1;
        online.stream(holders, counter - 1)
    }
}

/// What the dealer sends a party: the vectors and planes of all its shares. 1 round.
pub(in crate::protocol) fn message(shares: Vec<Material>) -> Message {
    let (mut parts, mut planes) = (Vec::new(), Vec::new());
    for share in shares {
        parts.extend(share.ring.into_iter().map(Message::Ring));
        planes.extend(share.bits);
    }
    parts.push(Message::Bits(planes));
    Message::Many(parts)
}

/// The other way round, for the deals whose shares it has.
pub(in crate::protocol) fn shares(message: Message, deals: &[&Deal<'_>]) -> Vec<Material> {
    split(message, deals.iter().map(|deal| [deal.layout.ring.len(), deal.layout.bits.len()]))
}

/// The same for shares of so many vectors and planes.
fn split(message: Message, counts: impl Iterator<Item = [usize; 2]>) -> Vec<Material> {
    let Message::Many(mut parts) = message else { panic!("shares expected, not {message:?}") };
    let Some(Message::Bits(planes)) = parts.pop() else { panic!("shares without bits") };
    let (mut parts, mut planes) = (parts.into_iter(), planes.into_iter());
    let mut vector = || match parts.next() {
        Some(Message::Ring(vector)) => vector,
        other => panic!("ring elements expected, not {other:?}"),
    };
    let share = |[ring, bits]: [usize; 2]| Material {
        ring: (0..ring).map(|_| vector()).collect(),
        bits: planes.by_ref().take(bits).collect(),
    };
    counts.map(share).collect()
}
