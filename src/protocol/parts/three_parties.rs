//! What three parties with replicated shares do, whatever ring they work in, one of them malicious: random sharings, sharing
//! again what is shared as a sum, openings that are checked later, public coins, comparing hashes.
//!
//! Source: Araki, Furukawa, Lindell, Nof, Ohara, "High-throughput semi-honest secure three-party computation with an honest
//! majority" (CCS 2016); Furukawa, Lindell, Nof, Weinstein, "High-throughput secure three-party computation for malicious
//! adversaries and an honest majority" (EUROCRYPT 2017, ePrint 2016/944), for the checks.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::replicated::Replicated;
use crate::protocol::message::{Digest, send};
use crate::protocol::{Components, Message};
use crate::ring::{Content, Extended, Plane, Purpose, Residues, RingVector, StreamKey, Vector, Wide};
use crate::sim::Party;

/// Bytes of a commitment, and of the number and the randomness that open it.
const COMMITMENT_BYTES: u64 = 16;
const OPENING_BYTES: u64 = 4 + 16;

/// Something that is shared and sent.
pub(in crate::protocol) trait Sent: Clone {
    fn message(self) -> Message;
    /// `None` if it is something else.
    fn from_message(message: Message) -> Option<Self>;
    fn plus(&self, other: &Self) -> Self;
    /// What is missing to a sum of zero.
    fn rest_of_zero(&self, other: &Self) -> Self;
}

macro_rules! sent {
    ($type:ty, $variant:ident) => {
        impl Sent for $type {
            fn message(self) -> Message {
                Message::$variant(self)
            }
            fn from_message(message: Message) -> Option<Self> {
                if let Message::$variant(content) = message { Some(content) } else { None }
            }
            fn plus(&self, other: &Self) -> Self {
                self.add(other)
            }
            fn rest_of_zero(&self, other: &Self) -> Self {
                self.add(other).neg()
            }
        }
    };
}

sent!(Vector, Ring);
sent!(Wide<104>, Wide);
sent!(Extended, Extended);
sent!(Residues<67>, Residues);

impl Sent for Vec<Plane> {
    fn message(self) -> Message {
        Message::Bits(self)
    }
    fn from_message(message: Message) -> Option<Self> {
        if let Message::Bits(planes) = message { Some(planes) } else { None }
    }
    fn plus(&self, other: &Self) -> Self {
        Plane::xor_each(&self.iter().zip(other).map(|(x, y)| [x, y]).collect::<Vec<_>>())
    }
    fn rest_of_zero(&self, other: &Self) -> Self {
        self.plus(other)
    }
}

/// One message of several parts.
pub(in crate::protocol) fn joined(mut parts: Vec<Message>) -> Message {
    if parts.len() == 1 { parts.remove(0) } else { Message::Many(parts) }
}

/// The parts of a message.
pub(in crate::protocol) fn parts(message: Message) -> Vec<Message> {
    match message {
        Message::Many(parts) => parts,
        message => vec![message],
    }
}

/// Parts of a message that say the same kind of thing.
pub(in crate::protocol) fn contents<T: Sent>(parts: impl IntoIterator<Item = Message>) -> Vec<T> {
    parts.into_iter().map(|part| T::from_message(part).expect("what was announced")).collect()
}

/// Tells both others hashes and compares theirs; if one differs, the check of that name has failed. 1 round; 64 bytes a hash by
/// each.
pub(in crate::protocol) async fn compare(party: &Party<Message>, hashed: Vec<(Vec<Message>, &'static str)>) {
    let (contents, names): (Vec<Vec<Message>>, Vec<&str>) = hashed.into_iter().unzip();
    let peers = [1, 2].map(|far| (party.id() + far) % 3);
    for peer in peers {
        send(party, peer, joined(contents.iter().cloned().map(Digest::of).map(Message::Digest).collect()));
    }
    for peer in peers {
        for ((digest, mine), name) in parts(party.recv(peer).await).iter().zip(&contents).zip(&names) {
            let Message::Digest(digest) = digest else { panic!("a hash") };
            if !digest.matches(mine) {
                party.abort(format!("{name}: the hash of party {peer} differs")).await;
            }
        }
    }
}

/// The three components of what should be zero: each party computes the one that it lacks, and all have the same if it is.
pub(in crate::protocol) fn zero_components<T: Sent>(party: usize, x: &Replicated<T>) -> [T; 3] {
    let rest = x.own.rest_of_zero(&x.next);
    [0, 1, 2].map(|i| match (i + 3 - party) % 3 {
        0 => x.own.clone(),
        1 => x.next.clone(),
        _ => rest.clone(),
    })
}

/// What was opened and not compared yet, by strand and number.
type Openings = BTreeMap<(u64, u64), Message>;

/// One of the three parties.
pub(in crate::protocol) struct ThreeParties {
    pub party: Party<Message>,
    pub content: Content,
    seed: u64,
    draws: Cell<u64>,
    openings: Rc<RefCell<Openings>>,
    #[cfg(test)]
    pub deviation: super::deviation::Deviation,
}

impl ThreeParties {
    pub const PARTIES: usize = 3;

    pub fn new(party: Party<Message>, seed: u64, content: Content) -> Self {
        assert_eq!(party.parties(), Self::PARTIES, "a protocol of three parties");
        ThreeParties {
            party,
            content,
            seed,
            draws: Cell::new(0),
            openings: Rc::default(),
            #[cfg(test)]
            deviation: Default::default(),
        }
    }

    /// Handles for `n` sub-programs that run side by side.
    pub fn fork(&self, n: usize) -> Vec<Self> {
        let handle = |party| ThreeParties {
            party,
            content: self.content,
            seed: self.seed,
            draws: Cell::new(0),
            openings: Rc::clone(&self.openings),
            #[cfg(test)]
            deviation: self.deviation.clone(),
        };
        self.party.fork_n(n).into_iter().map(handle).collect()
    }

    pub fn id(&self) -> usize {
        self.party.id()
    }

    pub fn next(&self) -> usize {
        (self.id() + 1) % 3
    }

    pub fn previous(&self) -> usize {
        (self.id() + 2) % 3
    }

    /// Numbers the draws of this strand; every party takes as many numbers for an operation, whatever it draws.
    pub fn draw(&self) -> u64 {
        self.draws.replace(self.draws.get() + 1)
    }

    fn stream_of(&self, parties: u64, counter: u64) -> StreamKey {
        assert!(parties >> self.id() & 1 == 1, "a stream of other parties");
        StreamKey { seed: self.seed, purpose: Purpose::Shared, parties, strand: self.party.strand(), counter }
    }

    /// The stream that the holders of `component` have in common.
    pub fn stream(&self, component: usize, counter: u64) -> StreamKey {
        self.stream_of(1 << component | 1 << ((component + 2) % 3), counter)
    }

    /// A stream that nobody else has.
    pub fn own_stream(&self, counter: u64) -> StreamKey {
        self.stream_of(1 << self.id(), counter)
    }

    /// A sharing by its components; only those held are asked for.
    pub fn held<T>(&self, component: impl Fn(usize) -> T) -> Replicated<T> {
        Replicated { own: component(self.id()), next: component(self.next()) }
    }

    /// A uniform value that nobody knows. Local.
    pub fn random<T>(&self, draw: impl Fn(&StreamKey) -> T) -> Replicated<T> {
        let counter = self.draw();
        self.held(|component| draw(&self.stream(component, counter)))
    }

    /// `mine` plus a part of a random sum of zero: what may be told to another party. Araki et al., section 2.2.
    pub fn masked<V: RingVector>(&self, mine: &V) -> V {
        let Replicated { own, next } = self.random(|key| V::random(key, self.content, mine.len()));
        mine.add(&own).sub(&next)
    }

    /// The same over Z_2^144.
    pub fn masked_extended(&self, mine: &Extended) -> Extended {
        let Replicated { own, next } = self.random(|key| Extended::random(key, self.content, mine.len()));
        mine.add(&own).sub(&next)
    }

    /// A plane of random bits. Local.
    pub fn random_plane(&self, len: usize) -> Replicated<Plane> {
        self.random(|key| key.planes(self.content, len, 1).remove(0))
    }

    /// Sends parts as one message.
    pub fn send(&self, to: usize, parts: Vec<Message>) {
        send(&self.party, to, joined(parts));
    }

    /// Receives the parts of one message.
    pub async fn receive(&self, from: usize) -> Vec<Message> {
        parts(self.party.recv(from).await)
    }

    /// What this party is about to share. In tests, a party that cheats has something else.
    #[cfg(not(test))]
    #[inline(always)]
    pub fn shared<T: Sent>(&self, mine: T) -> T {
        mine
    }

    #[cfg(test)]
    pub fn shared<T: Sent>(&self, mine: T) -> T {
        contents([self.deviation.applied(mine.message())]).remove(0)
    }

    /// Turns sums (a masked part by each party) into replicated sharings, all in one message. 1 round.
    pub async fn reshare<T: Sent>(&self, mine: Vec<T>) -> Vec<Replicated<T>> {
        let mine: Vec<T> = mine.into_iter().map(|part| self.shared(part)).collect();
        self.send(self.previous(), mine.iter().cloned().map(T::message).collect());
        let next = contents(self.receive(self.next()).await);
        mine.into_iter().zip(next).map(|(own, next)| Replicated { own, next }).collect()
    }

    /// Everybody learns x, to be compared later: party i sends x_i to party i + 1. 1 round.
    pub async fn open<T: Sent>(&self, x: &Replicated<T>) -> T {
        self.send(self.next(), vec![x.own.clone().message()]);
        let missing = contents::<T>(self.receive(self.previous()).await).remove(0);
        let opened = x.own.plus(&x.next).plus(&missing);
        self.note_opening(opened.clone().message());
        opened
    }

    /// Adds an opening to those that are compared later.
    pub fn note_opening(&self, opened: Message) {
        let key = (self.party.strand(), self.draw());
        self.openings.borrow_mut().insert(key, opened);
    }

    /// [`compare`].
    pub async fn compare(&self, hashed: Vec<(Vec<Message>, &'static str)>) {
        compare(&self.party, hashed).await;
    }

    /// What all must hash alike if x is zero.
    pub fn zero<T: Sent>(&self, x: &Replicated<T>) -> Vec<Message> {
        zero_components(self.id(), x).map(T::message).into()
    }

    /// Compares all that was opened since the last time; nothing if that is nothing. 1 round; 64 bytes by each.
    pub async fn compare_openings(&self) {
        let openings = std::mem::take(&mut *self.openings.borrow_mut());
        if openings.is_empty() {
            return;
        }
        let _span = self.party.span("compare_openings");
        self.compare(vec![(openings.into_values().collect(), "opened values")]).await;
    }

    /// Randomness of `bytes` bytes that nobody knew before: all commit to a part of it, then open. 2 rounds; 2 (36 + `bytes`)
    /// by each.
    pub async fn coin(&self, bytes: u64) -> StreamKey {
        let _span = self.party.span("coin");
        for size in [COMMITMENT_BYTES, OPENING_BYTES + bytes] {
            for peer in [self.next(), self.previous()] {
                self.send(peer, vec![Message::Opaque(size)]);
            }
            for peer in [self.next(), self.previous()] {
                self.receive(peer).await;
            }
        }
        self.stream_of(0b111, self.draw())
    }

    /// Linear operations on bits, in one go: x xor y for each pair.
    pub fn xor_each(&self, pairs: &[[&Replicated<Plane>; 2]]) -> Vec<Replicated<Plane>> {
        let flat: Vec<&Replicated<Plane>> = pairs.iter().flatten().copied().collect();
        Replicated::combine_all(&flat, |planes| {
            Plane::xor_each(&planes.chunks(2).map(|pair| [pair[0], pair[1]]).collect::<Vec<_>>())
        })
    }
}
