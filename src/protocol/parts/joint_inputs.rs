//! Replicated sharing among four parties, and the joint inputs that everything there is made of: of a value that two parties
//! know, one sends what a third lacks, the other the hash of it.
//!
//! Source: Dalskov, Escudero, Keller, "Fantastic Four" (USENIX Security 2021), section 3.1.

use std::collections::BTreeMap;

use crate::protocol::message::{Digest, send};
use crate::protocol::{Components, Message};
use crate::ring::{Content, Plane, Vector};
use crate::sim::{Party, all};

/// What party p holds: the components p + 1, p + 2, p + 3 (modulo 4).
#[derive(Clone, Debug)]
pub struct Held<T>(pub [T; 3]);

/// Components know how many elements they stand for.
trait Length {
    fn elements(&self) -> usize;
}

impl Length for Vector {
    fn elements(&self) -> usize {
        self.len()
    }
}

impl Length for Plane {
    fn elements(&self) -> usize {
        self.len()
    }
}

impl<T> Held<T> {
    /// The place of a component at party `id`.
    pub fn slot(id: usize, component: usize) -> Option<usize> {
        ((component + 4 - id) % 4).checked_sub(1)
    }

    /// A component that party `id` holds.
    pub fn part(&self, id: usize, component: usize) -> &T {
        &self.0[Self::slot(id, component).expect("a component that the party holds")]
    }

    /// The sharing of party `id` by its components; only those held are asked for.
    pub fn by_component(id: usize, mut component: impl FnMut(usize) -> T) -> Self {
        Held([1, 2, 3].map(|distance| component((id + distance) % 4)))
    }
}

impl<T: Clone + Length> Components for Held<T> {
    type Part = T;

    fn combine<const N: usize>(shares: [&Self; N], f: impl Fn([&T; N]) -> T) -> Self {
        Held([0, 1, 2].map(|slot| f(shares.map(|share| &share.0[slot]))))
    }

    fn combine_all(shares: &[&Self], f: impl Fn(&[&T]) -> Vec<T>) -> Vec<Self> {
        let [a, b, c] =
            [0, 1, 2].map(|slot| f(&shares.iter().map(|share| &share.0[slot]).collect::<Vec<_>>()));
        a.into_iter().zip(b).zip(c).map(|((a, b), c)| Held([a, b, c])).collect()
    }

    fn elements(&self) -> usize {
        self.0[0].elements()
    }
}

/// A joint input: `sender` and `backup` know a value, `receiver` gets it under a mask, `outsider` knows the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Knows the value, and sends it less the mask.
    pub sender: usize,
    /// Knows the value, and sends the hash of that.
    pub backup: usize,
    /// Gets both.
    pub receiver: usize,
    /// Knows the mask only.
    pub outsider: usize,
}

const fn route([sender, backup, receiver, outsider]: [usize; 4]) -> Route {
    Route { sender, backup, receiver, outsider }
}

/// The joint inputs of a product. The first four are of x_{q+2} y_{q+2} + x_{q+3} y_{q+2} + x_{q+2} y_{q+3}, known to the
/// parties q and q + 1; then x_1 y_3 + x_3 y_1 and x_0 y_2 + x_2 y_0.
pub const PRODUCT: [Route; 6] = [
    route([0, 1, 3, 2]),
    route([1, 2, 0, 3]),
    route([2, 3, 1, 0]),
    route([3, 0, 2, 1]),
    route([0, 2, 3, 1]),
    route([1, 3, 2, 0]),
];
/// What the parties 0 and 1 know.
pub const FROM_0_AND_1: Route = PRODUCT[0];
/// What the parties 2 and 3 know.
pub const FROM_2_AND_3: Route = PRODUCT[2];

/// The components of both factors that a joint input of a product needs: pairs to be multiplied and summed.
pub const fn cross_terms(input: usize) -> [(usize, usize); 3] {
    match input {
        4 => [(1, 3), (3, 1), (4, 4)],
        5 => [(0, 2), (2, 0), (4, 4)],
        q => [((q + 2) % 4, (q + 2) % 4), ((q + 3) % 4, (q + 2) % 4), ((q + 2) % 4, (q + 3) % 4)],
    }
}

/// Something that can be masked: a vector of ring elements, or planes of bits.
pub trait Maskable: Clone + Sized {
    /// The sum; of bits, xor.
    fn plus(&self, other: &Self) -> Self;
    /// The difference; of bits, xor.
    fn minus(&self, other: &Self) -> Self;
    /// As it is sent.
    fn message(&self) -> Message;
    /// From what was received; `None` if that is something else.
    fn from_message(message: Message) -> Option<Self>;
    /// Zeros of the same size.
    fn zero(&self, content: Content) -> Self;
}

impl Maskable for Vector {
    fn plus(&self, other: &Self) -> Self {
        self.add(other)
    }
    fn minus(&self, other: &Self) -> Self {
        self.sub(other)
    }
    fn message(&self) -> Message {
        Message::Ring(self.clone())
    }
    fn from_message(message: Message) -> Option<Self> {
        if let Message::Ring(vector) = message { Some(vector) } else { None }
    }
    fn zero(&self, content: Content) -> Self {
        Vector::constant(content, self.len(), 0)
    }
}

impl Maskable for Vec<Plane> {
    fn plus(&self, other: &Self) -> Self {
        Plane::xor_each(&self.iter().zip(other).map(|(x, y)| [x, y]).collect::<Vec<_>>())
    }
    fn minus(&self, other: &Self) -> Self {
        self.plus(other)
    }
    fn message(&self) -> Message {
        Message::Bits(self.clone())
    }
    fn from_message(message: Message) -> Option<Self> {
        if let Message::Bits(planes) = message { Some(planes) } else { None }
    }
    fn zero(&self, content: Content) -> Self {
        self.iter().map(|plane| Plane::zeros(content, plane.len())).collect()
    }
}

/// A joint input as one party sees it.
pub struct Input<T> {
    /// Between whom.
    pub route: Route,
    /// If this party knows it.
    pub value: Option<T>,
    /// Unless this party is the receiver.
    pub mask: Option<T>,
    /// Something of the same size.
    pub like: T,
}

/// Joint inputs, all in one round: `share_receiver` is a mask that all but the receiver draw, `share_outsider` the
/// value less the mask, sent by the sender. Its hash comes from the backup at the same time.
pub async fn joint_inputs<T: Maskable>(
    party: &Party<Message>,
    content: Content,
    inputs: Vec<Input<T>>,
) -> Vec<Held<T>> {
    let me = party.id();
    let rests: Vec<Option<T>> = inputs
        .iter()
        .map(|input| Some(input.value.as_ref()?.minus(input.mask.as_ref().expect("a mask"))))
        .collect();
    for distance in 1..4 {
        let peer = (me + distance) % 4;
        if let Some(message) = outgoing(me, &inputs, &rests, peer) {
            send(party, peer, message);
        }
    }
    let peers: Vec<usize> = (1..4)
        .map(|distance| (me + distance) % 4)
        .filter(|&peer| {
            let comes = |r: &Route| r.receiver == me && (r.sender == peer || r.backup == peer);
            inputs.iter().any(|input| comes(&input.route))
        })
        .collect();
    let received = all(peers.iter().map(|&peer| party.recv(peer)).collect()).await;
    let (mut came, mut digests): (BTreeMap<usize, Vec<Message>>, BTreeMap<_, _>) = Default::default();
    for (&peer, message) in peers.iter().zip(received) {
        let Message::Many(parts) = message else { panic!("several at once") };
        for part in parts {
            match part {
                Message::Digest(digest) => digests.entry(peer).or_insert_with(Vec::new).push(digest),
                part => came.entry(peer).or_default().push(part),
            }
        }
    }
    compare(party, &inputs, &came, digests).await;
    let mut came: BTreeMap<usize, std::vec::IntoIter<Message>> =
        came.into_iter().map(|(peer, parts)| (peer, parts.into_iter())).collect();
    let mut shares = Vec::new();
    for (input, rest) in inputs.into_iter().zip(rests) {
        let Input { route, mask, like, .. } = input;
        let rest = if route.receiver == me {
            let part = came.get_mut(&route.sender).and_then(Iterator::next);
            Some(part.and_then(T::from_message).expect("what was announced"))
        } else {
            rest
        };
        shares.push(Held::by_component(me, |component| match component {
            c if c == route.receiver => mask.clone().expect("a mask"),
            c if c == route.outsider => rest.clone().expect("the value less the mask"),
            _ => like.zero(content),
        }));
    }
    shares
}

/// What goes to a peer: values less their masks, and the hashes of those that others send it.
fn outgoing<T: Maskable>(
    me: usize,
    inputs: &[Input<T>],
    rests: &[Option<T>],
    peer: usize,
) -> Option<Message> {
    let to_peer = |input: &&(&Input<T>, &Option<T>)| input.0.route.receiver == peer;
    let both: Vec<(&Input<T>, &Option<T>)> = inputs.iter().zip(rests).collect();
    let message = |rest: &Option<T>| rest.as_ref().expect("a value").message();
    let mut parts: Vec<Message> = both
        .iter()
        .filter(to_peer)
        .filter(|(input, _)| input.route.sender == me)
        .map(|(_, rest)| message(rest))
        .collect();
    for sender in 0..4 {
        let of: Vec<Message> = both
            .iter()
            .filter(to_peer)
            .filter(|(input, _)| input.route.backup == me && input.route.sender == sender)
            .map(|(_, rest)| message(rest))
            .collect();
        if !of.is_empty() {
            parts.push(Message::Digest(Digest::of(of)));
        }
    }
    (!parts.is_empty()).then_some(Message::Many(parts))
}

/// Compares what senders sent with the hashes of their backups.
async fn compare<T>(
    party: &Party<Message>,
    inputs: &[Input<T>],
    came: &BTreeMap<usize, Vec<Message>>,
    digests: BTreeMap<usize, Vec<Digest>>,
) {
    let me = party.id();
    for (backup, digests) in digests {
        // A backup's hashes come in the order of the senders.
        let mut digests = digests.into_iter();
        for sender in 0..4 {
            let from =
                inputs.iter().filter(|input| input.route.receiver == me && input.route.sender == sender);
            let backups: Vec<usize> = from.map(|input| input.route.backup).collect();
            if !backups.contains(&backup) {
                continue;
            }
            let sent = came.get(&sender).map_or(&[][..], Vec::as_slice);
            let of: Vec<Message> = sent
                .iter()
                .zip(&backups)
                .filter(|(_, by)| **by == backup)
                .map(|(part, _)| part.clone())
                .collect();
            let digest = digests.next();
            if !digest.is_some_and(|digest| digest.matches(&of)) {
                party.abort(format!("hash mismatch for sender {sender} and backup {backup}")).await;
            }
        }
    }
}
