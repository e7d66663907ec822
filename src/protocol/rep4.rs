//! `rep4`: replicated secret sharing among four parties over Z_2^64, secure against one malicious party, with abort.
//!
//! x = x_0 + x_1 + x_2 + x_3. Component g is held by all parties but g, who also have a common key for random streams.
//! Bits are shared in the same way with xor. Every message can be recomputed by a second party, its backup, who sends a hash
//! of it to the receiver: a message that was altered does not match, and the receiver aborts.
//!
//! Source: Dalskov, Escudero, Keller, "Fantastic Four: honest-majority four-party secure computation with malicious
//! security" (USENIX Security 2021): joint message passing (section 3.1), products (3.2), truncation (4.2, in [`super::parts`]), local
//! split (4.4); what travels in which message is that of the reference system MP-SPDZ.
//! Above each operation: rounds, and elements sent by the parties 0, 1, 2, 3. Hashes come on top: 32 bytes a sender, backup
//! and receiver in each exchange, whatever the number of elements.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::num::Wrapping;
use std::rc::Rc;

use super::declared::{Declared, Primitive, Sent, Steps};
use super::demand::{Request, Supply};
use super::message::{Digest, send};
use super::parts::joint_inputs::{
    FROM_0_AND_1, FROM_2_AND_3, Held, Input, Maskable, PRODUCT, Route, cross_terms, joint_inputs,
};
use super::word::shared_word;
use super::{Components, Demand, Message, Protocol, RingShare, Start, Word, Wraps};
use crate::ring::{Content, MatMul, Ops, Plane, Purpose, StreamKey, Vector};
use crate::sim::{Party, SpanGuard, all};

/// The place of the highest bit.
const TOP: usize = 63;
/// Bytes of a key and of what opens a commitment.
const KEY_BYTES: u64 = 32;

/// What is opened and was not checked yet: by strand and number, what came in, and what the backup of another message knows.
type Openings = BTreeMap<(u64, u64), (Message, Message)>;

/// One party of the protocol.
pub struct Rep4 {
    pub(super) party: Party<Message>,
    seed: u64,
    pub(super) content: Content,
    draws: Cell<u64>,
    supply: Supply<Held<Vector>>,
    openings: Rc<RefCell<Openings>>,
    #[cfg(test)]
    pub(in crate::protocol) deviation: super::parts::deviation::Deviation,
}

impl Start for Rep4 {
    const COSTS: &'static [Declared] = COSTS;

    fn start(party: Party<Message>, seed: u64, content: Content) -> Self {
        Rep4::new(party, seed, content)
    }
}

impl Rep4 {
    /// Number of parties.
    pub const PARTIES: usize = 4;

    /// The protocol as seen by `party`.
    pub fn new(party: Party<Message>, seed: u64, content: Content) -> Self {
        assert_eq!(party.parties(), Self::PARTIES, "rep4 is a protocol of four parties");
        Rep4 {
            party,
            seed,
            content,
            draws: Cell::new(0),
            supply: Supply::default(),
            openings: Rc::default(),
            #[cfg(test)]
            deviation: Default::default(),
        }
    }

    pub(super) fn id(&self) -> usize {
        self.party.id()
    }

    /// A component that this party holds.
    pub(super) fn part<'a, T>(&self, x: &'a Held<T>, component: usize) -> &'a T {
        x.part(self.id(), component)
    }

    /// A sharing by its components; only those held are asked for.
    fn held<T>(&self, component: impl FnMut(usize) -> T) -> Held<T> {
        Held::by_component(self.id(), component)
    }

    /// What this party is about to share. In tests, a party that cheats has something else.
    #[cfg(not(test))]
    #[inline(always)]
    pub(super) fn shared<T: Maskable>(&self, value: T) -> T {
        value
    }

    #[cfg(test)]
    pub(super) fn shared<T: Maskable>(&self, value: T) -> T {
        T::from_message(self.deviation.applied(value.message())).expect("what it was")
    }

    /// Joint inputs, all in one round.
    pub(super) async fn joint_inputs<T: Maskable>(&self, mut inputs: Vec<Input<T>>) -> Vec<Held<T>> {
        for input in &mut inputs {
            input.value = input.value.take().map(|value| self.shared(value));
        }
        joint_inputs(&self.party, self.content, inputs).await
    }

    /// Numbers the draws of this strand; every party takes as many numbers for an operation, whatever it draws.
    pub(super) fn draw(&self) -> u64 {
        self.draws.replace(self.draws.get() + 1)
    }

    /// The stream of all parties but one.
    fn stream(&self, component: usize, counter: u64) -> StreamKey {
        assert_ne!(component, self.id(), "a stream of the other parties");
        let parties = 0b1111 & !(1 << component);
        StreamKey { seed: self.seed, purpose: Purpose::Shared, parties, strand: self.party.strand(), counter }
    }

    pub(super) fn shared_vector(&self, component: usize, counter: u64, len: usize) -> Vector {
        self.stream(component, counter).vector(self.content, len)
    }

    /// Numbers the draws of [`Rep4::shared_planes`].
    fn draw_planes(&self, lens: &[usize]) -> Vec<u64> {
        lens.chunk_by(|a, b| a == b).map(|_| self.draw()).collect()
    }

    /// Planes of random bits of the given lengths; a draw for each run of planes of equal length.
    fn shared_planes(&self, component: usize, draws: &[u64], lens: &[usize]) -> Vec<Plane> {
        let runs = lens.chunk_by(|a, b| a == b).zip(draws);
        runs.flat_map(|(run, &draw)| self.stream(component, draw).planes(self.content, run[0], run.len()))
            .collect()
    }

    /// A joint input of ring elements.
    pub(super) fn ring_input(
        &self,
        route: Route,
        counter: u64,
        len: usize,
        value: impl FnOnce() -> Vector,
    ) -> Input<Vector> {
        let me = self.id();
        let known = me == route.sender || me == route.backup;
        Input {
            route,
            value: known.then(value),
            mask: (me != route.receiver).then(|| self.shared_vector(route.receiver, counter, len)),
            like: Vector::shape(len),
        }
    }

    /// The six joint inputs of a product, added up.
    async fn share_product(
        &self,
        len: usize,
        cross: impl Fn([(usize, usize); 3], usize) -> Vector,
    ) -> Held<Vector> {
        let inputs = PRODUCT
            .iter()
            .enumerate()
            .map(|(i, &route)| {
                let terms = if i < 4 { 3 } else { 2 };
                self.ring_input(route, self.draw(), len, || cross(cross_terms(i), terms))
            })
            .collect();
        let shares = self.joint_inputs(inputs).await;
        self.held(|component| {
            let parts: Vec<&Vector> = shares
                .iter()
                .zip(&PRODUCT)
                .filter(|(_, route)| route.receiver == component || route.outsider == component)
                .map(|(share, _)| self.part(share, component))
                .collect();
            let (first, rest) = parts.split_first().expect("each component has a part of the product");
            rest.iter().fold((*first).clone(), |sum, part| sum.add(part))
        })
    }

    /// Adds an opening to those that are checked later.
    fn note_opening(&self, came: Message, backed_up: Message) {
        let key = (self.party.strand(), self.draw());
        self.openings.borrow_mut().insert(key, (came, backed_up));
    }

    /// Random bits, each also a shared bit: the lowest bits of the components. The parties 0 and 1 know u, 2 and 3 know v;
    /// u xor v = u + v - 2 u v. 3 rounds; 3, 2, 2, 1 and 16 bytes of keys from 0 to 1 and 2 to 3.
    async fn random_bits(&self, len: usize) -> Held<Vector> {
        let _span = self.party.span("random_bits");
        let (me, key_counter) = (self.id(), self.draw());
        let peer = me ^ 1;
        if me.is_multiple_of(2) {
            send(&self.party, peer, Message::Opaque(Digest::SHORT_BYTES));
        } else {
            self.party.recv(peer).await;
        }
        let pair = if me < 2 { 0b0011 } else { 0b1100 };
        let stream = StreamKey {
            seed: self.seed,
            purpose: Purpose::Shared,
            parties: pair,
            strand: self.party.strand(),
            counter: key_counter,
        };
        let bits = stream.vector(self.content, len).shift_right(TOP as u32);
        let (draw_u, draw_v) = (self.draw(), self.draw());
        let inputs = vec![
            self.ring_input(FROM_0_AND_1, draw_u, len, || bits.clone()),
            self.ring_input(FROM_2_AND_3, draw_v, len, || bits.clone()),
        ];
        let mut shares = self.joint_inputs(inputs).await;
        let (v, u) = (shares.pop().expect("two inputs"), shares.pop().expect("two inputs"));
        let product = self.dot(&u, &v, 1).await;
        u.add(&v).sub(&product.scale(2))
    }
}

impl Protocol for Rep4 {
    type Share = Held<Vector>;
    type Bits = Held<Plane>;
    type Cut = ();

    fn content(&self) -> Content {
        self.content
    }

    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.party.span(name)
    }

    fn fork(&self, n: usize) -> Vec<Self> {
        let handle = |(party, supply)| Rep4 {
            party,
            seed: self.seed,
            content: self.content,
            draws: Cell::new(0),
            supply,
            openings: Rc::clone(&self.openings),
            #[cfg(test)]
            deviation: self.deviation.clone(),
        };
        self.party.fork_n(n).into_iter().zip(self.supply.fork(n)).map(handle).collect()
    }

    /// Component 0 is the public vector, the others are zero. Local.
    fn public(&self, x: &Vector) -> Self::Share {
        self.held(|component| if component == 0 { x.clone() } else { Maskable::zero(x, self.content) })
    }

    fn public_plane(&self, x: &Plane) -> Self::Bits {
        self.held(|component| if component == 0 { x.clone() } else { Plane::zeros(self.content, x.len()) })
    }

    /// The owner p draws the components p + 1 and p + 3 with their holders and sends the rest to the parties p + 1 and
    /// p + 3, who compare hashes of what they got. 2 rounds; 2 by the owner.
    async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> Self::Share {
        let _span = self.party.span("input");
        let (me, counter) = (self.id(), self.draw());
        let (after, opposite, before) = ((owner + 1) % 4, (owner + 2) % 4, (owner + 3) % 4);
        let mask = |component| self.shared_vector(component, counter, len);
        let zero = || Vector::constant(self.content, len, 0);
        let rest = if me == owner {
            let secret = secret.expect("the owner gives the secret");
            assert_eq!(secret.len(), len, "a secret of another length than announced");
            let rest = secret.sub(&mask(after)).sub(&mask(before));
            send(&self.party, before, Message::Ring(rest.clone()));
            send(&self.party, after, Message::Ring(rest.clone()));
            rest
        } else if me == opposite {
            zero()
        } else {
            let message = self.party.recv(owner).await;
            let peer = if me == after { before } else { after };
            send(&self.party, peer, Message::Digest(Digest::of(vec![message.clone()])));
            let Message::Digest(digest) = self.party.recv(peer).await else { panic!("a hash") };
            if !digest.matches(std::slice::from_ref(&message)) {
                self.party.abort(format!("hash mismatch for the input of party {owner}")).await;
            }
            Vector::from_message(message).expect("ring elements")
        };
        self.held(|component| match component {
            c if c == owner => zero(),
            c if c == opposite => rest.clone(),
            c => mask(c),
        })
    }

    /// Party p sends component p + 1 to party p + 1, who lacks it; party p + 2 holds it too and vouches for it when
    /// openings are checked. 1 round; 1, 1, 1, 1.
    async fn open(&self, x: &Self::Share) -> Vector {
        let _span = self.party.span("open");
        let (next, previous) = ((self.id() + 1) % 4, (self.id() + 3) % 4);
        send(&self.party, next, Message::Ring(self.part(x, next).clone()));
        let came = self.party.recv(previous).await;
        self.note_opening(came.clone(), Message::Ring(self.part(x, previous).clone()));
        let missing = Vector::from_message(came).expect("ring elements");
        let [a, b, c] = &x.0;
        let [opened] = Vector::fused(Ops::additions(3), [a, b, c, &missing], |[a, b, c, d]| [a + b + c + d]);
        opened
    }

    /// The same for bits. 1 round; 1/8 byte a bit by each.
    async fn open_bits(&self, x: &[Self::Bits]) -> Vec<Plane> {
        let _span = self.party.span("open_bits");
        let (next, previous) = ((self.id() + 1) % 4, (self.id() + 3) % 4);
        let of = |component| Message::Bits(x.iter().map(|bits| self.part(bits, component).clone()).collect());
        send(&self.party, next, of(next));
        let came = self.party.recv(previous).await;
        self.note_opening(came.clone(), of(previous));
        let missing = Vec::from_message(came).expect("bits");
        let planes: Vec<[&Plane; 4]> =
            x.iter().zip(&missing).map(|(Held([a, b, c]), missing)| [a, b, c, missing]).collect();
        Plane::fused(3, &planes, |[a, b, c, d]| a ^ b ^ c ^ d)
    }

    /// Six joint inputs, the terms summed before. 1 round; 2, 2, 1, 1 a result.
    async fn dot(&self, x: &Self::Share, y: &Self::Share, width: usize) -> Self::Share {
        let _span = self.party.span(if width == 1 { "mul" } else { "dot" });
        self.share_product(x.len() / width, |pairs, terms| {
            let factor = |share, component| self.part(share, component);
            let [(a, b), (c, d), (e, _)] = pairs;
            let sum = if terms == 3 {
                // x_a y_a + x_c y_a + x_a y_c: the first pair is (a, a), the second (c, a), the third (a, c).
                let factors = [factor(x, a), factor(x, c), factor(y, b), factor(y, pairs[2].1)];
                debug_assert_eq!((a, d), (e, b));
                let ops = Ops::additions(2).and_multiplications(2);
                Vector::fused(ops, factors, |[x_a, x_c, y_a, y_c]| [x_a * (y_a + y_c) + x_c * y_a])
            } else {
                let factors = [factor(x, a), factor(y, b), factor(x, c), factor(y, d)];
                let ops = Ops::additions(1).and_multiplications(2);
                Vector::fused(ops, factors, |[x_a, y_b, x_c, y_d]| [x_a * y_b + x_c * y_d])
            };
            let [sum] = sum;
            if width == 1 { sum } else { sum.row_sums(width) }
        })
        .await
    }

    /// The same for matrices. 1 round; 2, 2, 1, 1 an entry of the result.
    async fn matmul(&self, x: &Self::Share, y: &Self::Share, shape: MatMul) -> Self::Share {
        let _span = self.party.span("matmul");
        self.share_product(shape.rows * shape.columns, |pairs, terms| {
            let [(a, b), (c, d), (_, e)] = pairs;
            if terms == 3 {
                let rights = [self.part(y, b), self.part(y, e)];
                let terms: [(_, &[_]); 2] = [(self.part(x, a), &rights), (self.part(x, c), &rights[..1])];
                Vector::sum_of_products(&terms, shape)
            } else {
                let rights = [self.part(y, b), self.part(y, d)];
                let terms: [(_, &[_]); 2] =
                    [(self.part(x, a), &rights[..1]), (self.part(x, c), &rights[1..])];
                Vector::sum_of_products(&terms, shape)
            }
        })
        .await
    }

    /// The product over GF(2). 1 round; 2/8, 2/8, 1/8, 1/8 byte a bit.
    async fn and(&self, pairs: &[[&Self::Bits; 2]]) -> Vec<Self::Bits> {
        if pairs.is_empty() {
            return Vec::new();
        }
        let _span = self.party.span("and");
        let lens: Vec<usize> = pairs.iter().map(|[x, _]| x.elements()).collect();
        let cross = |input: usize| -> Vec<Plane> {
            let [(a, b), (c, d), (_, e)] = cross_terms(input);
            let part = |share, component| self.part::<Plane>(share, component);
            if input < 4 {
                let planes: Vec<_> =
                    pairs.iter().map(|[x, y]| [part(x, a), part(x, c), part(y, b), part(y, e)]).collect();
                Plane::fused(4, &planes, |[x_a, x_c, y_a, y_c]| (x_a & (y_a ^ y_c)) ^ (x_c & y_a))
            } else {
                let planes: Vec<_> =
                    pairs.iter().map(|[x, y]| [part(x, a), part(y, b), part(x, c), part(y, d)]).collect();
                Plane::fused(3, &planes, |[x_a, y_b, x_c, y_d]| (x_a & y_b) ^ (x_c & y_d))
            }
        };
        let me = self.id();
        let like: Vec<Plane> = lens.iter().map(|&len| Plane::shape(len)).collect();
        let inputs = PRODUCT
            .iter()
            .enumerate()
            .map(|(i, &route)| {
                let draws = self.draw_planes(&lens);
                let known = me == route.sender || me == route.backup;
                Input {
                    route,
                    value: known.then(|| cross(i)),
                    mask: (me != route.receiver).then(|| self.shared_planes(route.receiver, &draws, &lens)),
                    like: like.clone(),
                }
            })
            .collect();
        let shares = self.joint_inputs(inputs).await;
        let Held(components) = self.held(|component| {
            let parts: Vec<&Vec<Plane>> = shares
                .iter()
                .zip(&PRODUCT)
                .filter(|(_, route)| route.receiver == component || route.outsider == component)
                .map(|(share, _)| self.part(share, component))
                .collect();
            let (first, rest) = parts.split_first().expect("each component has a part of the product");
            rest.iter().fold((*first).clone(), |sum, part| sum.plus(part))
        });
        let [a, b, c] = components;
        a.into_iter().zip(b).zip(c).map(|((a, b), c)| Held([a, b, c])).collect()
    }

    /// 3 rounds; 5, 3, 3, 1. With a big gap 2 rounds; 2, 1, 1, 0.
    async fn truncate(&self, x: &Self::Share, bits: u32, shift: u32) -> Self::Share {
        self.truncated(x, bits, shift).await
    }

    /// Summand g is component g: its holders set the others to zero. Local.
    async fn summands(&self, x: &Self::Share, bits: u32) -> Vec<Word<Self::Bits>> {
        let planes = [0, 1, 2].map(|slot| Plane::split(&x.0[slot], bits as usize));
        let zero = Plane::zeros(self.content, x.len());
        let summand = |g: usize| {
            let bit = |bit: usize| {
                self.held(|component| {
                    if component != g {
                        return zero.clone();
                    }
                    let slot = Held::<Vector>::slot(self.id(), g).expect("a component that the party holds");
                    planes[slot][bit].clone()
                })
            };
            shared_word((0..bits as usize).map(bit).collect())
        };
        (0..4).map(summand).collect()
    }

    /// The components wrap at 2^64. Local.
    async fn cut(
        &self,
        x: &Self::Share,
        bits: u32,
        _at: u32,
        wraps: Wraps,
    ) -> (Vec<Word<Self::Bits>>, Self::Cut) {
        let bits = if wraps == Wraps::Counted { 64 } else { bits };
        (self.summands(x, bits).await, ())
    }

    /// Each component shifted. Local.
    async fn shifted(&self, x: &Self::Share, at: u32, _cut: &Self::Cut) -> Self::Share {
        Self::Share::combine([x], |c| c[0].shift_right(at))
    }

    async fn remainder(&self, x: &Self::Share, at: u32, _cut: &Self::Cut) -> Self::Share {
        Self::Share::combine([x], |c| c[0].sub(&c[0].shift_right(at).scale(1 << at)))
    }

    /// Each component is a uniform number. Local.
    async fn random(&self, len: usize, bits: u32) -> (Self::Share, Vec<Word<Self::Bits>>) {
        let counter = self.draw();
        let value = self.held(|component| self.shared_vector(component, counter, len).shift_right(64 - bits));
        let summands = self.summands(&value, bits).await;
        (value, summands)
    }

    /// c = b xor r is opened for a random bit r, and b = c + r - 2 c r. 1 round; 1/8 byte a bit by each; the bits come
    /// from the offline phase.
    async fn bits_to_ring(&self, x: &[Self::Bits]) -> Vec<Self::Share> {
        if x.is_empty() {
            return Vec::new();
        }
        let _span = self.party.span("bits_to_ring");
        let lens: Vec<usize> = x.iter().map(Components::elements).collect();
        let total = lens.iter().sum();
        let random = self.supply.take(Request::Bits { len: total }).unwrap_or_else(|| {
            assert_eq!(self.content, Content::Shape, "random bits that were not prepared");
            self.held(|_| Vector::shape(total))
        });
        let mut start = 0;
        let parts: Vec<Held<Vector>> = lens
            .iter()
            .map(|len| {
                start += len;
                random.slice(start - len, start)
            })
            .collect();
        let lowest = |part: &Held<Vector>| Held([0, 1, 2].map(|i| Plane::split(&part.0[i], 1).remove(0)));
        let masks: Vec<Held<Plane>> = parts.iter().map(lowest).collect();
        let masked: Vec<Held<Plane>> = x
            .iter()
            .zip(&masks)
            .map(|(bits, mask)| Held::combine([bits, mask], |[bits, mask]| bits.xor(mask)))
            .collect();
        let opened = self.open_bits(&masked).await;
        let unmask = |(part, opened): (&Held<Vector>, &Plane)| {
            let c = Plane::compose(std::slice::from_ref(opened));
            // c + (1 - 2 c) r
            let ops = Ops::additions(1).and_multiplications(2);
            let flipped = Held::combine([part], |[r]| {
                let [flipped] = Vector::fused(ops, [&c, r], |[c, r]| [(Wrapping(1) - Wrapping(2) * c) * r]);
                flipped
            });
            flipped.add(&self.public(&c))
        };
        parts.iter().zip(&opened).map(unmask).collect()
    }

    /// Each key is tossed by its three holders: commitments, then what opens them. 2 rounds; 384 bytes by each.
    async fn set_up(&self) {
        let _span = self.party.span("keys");
        for _ in ["commitments", "openings"] {
            // Two keys with each peer.
            for peer in (0..4).filter(|&peer| peer != self.id()) {
                send(&self.party, peer, Message::Opaque(2 * KEY_BYTES));
            }
            let peers = (0..4).filter(|&peer| peer != self.id());
            all(peers.map(|peer| self.party.recv(peer)).collect()).await;
        }
    }

    async fn prepare(&self, demand: &Demand) {
        self.supply.begin();
        if demand.is_empty() {
            return;
        }
        let len = |request: &Request| match request {
            Request::Bits { len } => *len,
            other => panic!("rep4 does not take {other:?}"),
        };
        let all_bits = self.random_bits(demand.requests.values().map(len).sum()).await;
        let mut start = 0;
        for (place, request) in &demand.requests {
            let end = start + len(request);
            self.supply.put(place.clone(), request.clone(), all_bits.slice(start, end));
            start = end;
        }
    }

    fn demand(&self) -> Demand {
        self.supply.demand()
    }

    /// Party p tells party p - 1 the hash of what that party was sent in openings. 1 round; 32 bytes by each, nothing if
    /// nothing was opened.
    async fn check(&self) {
        let openings = std::mem::take(&mut *self.openings.borrow_mut());
        if openings.is_empty() {
            return;
        }
        let _span = self.party.span("check");
        let (next, previous) = ((self.id() + 1) % 4, (self.id() + 3) % 4);
        let (came, backed_up): (Vec<Message>, Vec<Message>) = openings.into_values().unzip();
        send(&self.party, previous, Message::Digest(Digest::of(backed_up)));
        let Message::Digest(digest) = self.party.recv(next).await else { panic!("a hash") };
        if !digest.matches(&came) {
            self.party.abort(format!("hash mismatch for openings by party {previous}")).await;
        }
    }
}

const HASH: u64 = Digest::BYTES;
const SHORT: u64 = Digest::SHORT_BYTES;
/// Six joint inputs.
const PRODUCT_SENT: &[Sent] = &[
    Sent::elements(0, 3, 2),
    Sent::elements(1, 0, 1),
    Sent::elements(1, 2, 1),
    Sent::elements(2, 1, 1),
    Sent::elements(3, 2, 1),
    Sent::bytes(1, 3, HASH),
    Sent::bytes(2, 0, HASH),
    Sent::bytes(3, 1, HASH),
    Sent::bytes(0, 2, HASH),
    Sent::bytes(2, 3, HASH),
    Sent::bytes(3, 2, HASH),
];
/// The same with bits; two messages from 0 to 3.
const AND_SENT: &[Sent] = &[
    Sent::bits(0, 3, 1),
    Sent::bits(0, 3, 1),
    Sent::bits(1, 0, 1),
    Sent::bits(1, 2, 1),
    Sent::bits(2, 1, 1),
    Sent::bits(3, 2, 1),
    Sent::bytes(1, 3, HASH),
    Sent::bytes(2, 0, HASH),
    Sent::bytes(3, 1, HASH),
    Sent::bytes(0, 2, HASH),
    Sent::bytes(2, 3, HASH),
    Sent::bytes(3, 2, HASH),
];
const OPEN_SENT: &[Sent] =
    &[Sent::elements(0, 1, 1), Sent::elements(1, 2, 1), Sent::elements(2, 3, 1), Sent::elements(3, 0, 1)];
const OPEN_BITS_SENT: &[Sent] =
    &[Sent::bits(0, 1, 1), Sent::bits(1, 2, 1), Sent::bits(2, 3, 1), Sent::bits(3, 0, 1)];
const CHECK_SENT: &[Sent] =
    &[Sent::bytes(0, 3, HASH), Sent::bytes(1, 0, HASH), Sent::bytes(2, 1, HASH), Sent::bytes(3, 2, HASH)];
/// Hashes of what the parties 0 and 2 input.
const PAIR_HASHES: &[Sent] = &[Sent::bytes(1, 3, HASH), Sent::bytes(3, 1, HASH)];
/// Random bits: keys of the pairs, an input of each, a product.
const RANDOM_BITS_SENT: Steps = &[
    &[Sent::bytes(0, 1, SHORT), Sent::bytes(2, 3, SHORT), Sent::elements(0, 3, 1), Sent::elements(2, 1, 1)],
    PAIR_HASHES,
    PRODUCT_SENT,
];
/// x + r by its parts, to each of the parties 2 and 3 by one, a hash by the other.
const MASKED_SENT: &[Sent] =
    &[Sent::elements(0, 2, 1), Sent::elements(1, 3, 1), Sent::bytes(0, 3, SHORT), Sent::bytes(1, 2, SHORT)];

/// What the operations cost.
const COSTS: &[Declared] = &[
    Declared::online(
        Primitive::Input,
        "x less two components that the owner and two others draw, told to its neighbours, who compare",
        &[&[Sent::elements(0, 1, 1), Sent::elements(0, 3, 1)], PAIR_HASHES],
    ),
    Declared::online(
        Primitive::Open,
        "each tells the next one the component that it lacks; the one after it vouches by a hash",
        &[OPEN_SENT, CHECK_SENT],
    ),
    Declared::online(Primitive::OpenBits, "the same for bits", &[OPEN_BITS_SENT, CHECK_SENT]),
    Declared::online(
        Primitive::Mul,
        "joint inputs of x_(q+2) y_(q+2) + x_(q+3) y_(q+2) + x_(q+2) y_(q+3) for q = 0..3, of x_1 y_3 + x_3 y_1 and of \
         x_0 y_2 + x_2 y_0",
        &[PRODUCT_SENT],
    ),
    Declared::online(Primitive::Dot, "the same, summed before it is input", &[PRODUCT_SENT]),
    Declared::online(Primitive::MatMul, "the same for matrices", &[PRODUCT_SENT]),
    Declared::online(Primitive::And, "the same over GF(2)", &[AND_SENT]),
    Declared::online(
        Primitive::Truncate,
        "(c >> shift) - (r >> shift) + 2^(bits-shift) (msb c xor msb r) - 2^(bits-shift-1) with c = x + r + 2^(bits-1), \
         r = r_2 + r_3, each modulo 2^bits; msb: the bit above",
        &[
            MASKED_SENT,
            &[
                Sent::elements(0, 3, 2),
                Sent::elements(2, 1, 2),
                Sent::bytes(1, 3, HASH),
                Sent::bytes(3, 1, HASH),
            ],
            PRODUCT_SENT,
        ],
    ),
    Declared::online(
        Primitive::TruncateGap,
        "(c >> shift) - (r >> shift) with c = x + r, r = r_2 + r_3",
        &[
            MASKED_SENT,
            &[
                Sent::elements(0, 3, 1),
                Sent::elements(2, 1, 1),
                Sent::bytes(1, 3, HASH),
                Sent::bytes(3, 1, HASH),
            ],
        ],
    ),
    Declared::online(Primitive::Summands, "the components", &[]),
    Declared::online(Primitive::Cut, "the components", &[]),
    Declared::online(Primitive::Random, "components of which each is drawn by three", &[]),
    Declared::online(
        Primitive::BitsToRing,
        "c + r - 2 c r with c = b xor r opened for a random bit r",
        &[OPEN_BITS_SENT, CHECK_SENT],
    )
    .with_offline(RANDOM_BITS_SENT),
    Declared::online(
        Primitive::AndToRing,
        "a product of bits, then the same",
        &[AND_SENT, OPEN_BITS_SENT, CHECK_SENT],
    )
    .with_offline(RANDOM_BITS_SENT),
];
