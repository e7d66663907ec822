//! Correlated randomness that party 2 deals to the parties 0 and 1 of a [`TwoParty`].
//!
//! The dealer has a key with each party. Shares of independent numbers come from both keys, so nothing is sent for them.
//! What follows from such numbers (the product of a triple), and what is no uniform ring element (a bit, a mask), is known
//! to the dealer, who draws one party's share from its key and sends the other party, the receiver, its share.

use super::material::{Layout, Material};
use super::two_party::{Offline, TwoParty};
use crate::protocol::demand::Request;
use crate::protocol::{Message, send};
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

    /// The receiver's share of what is not independent. For the dealer, who has the shares of all else.
    pub(in crate::protocol) fn share<O: Offline>(&self, online: &TwoParty<O>) -> Material {
        let [free, _] = self.drawn(online, self.receiver);
        let [others, rest] = self.drawn(online, 1 - self.receiver);
        let own = streams(online, 1 << DEALER, self.first);
        Material::correlated(self.request, &free.add(&others), online.content, own).sub(&rest)
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
