//! A party that cheats consistently: it adds something to its own additive share of a result before it shares that again, and keeps
//! what it sent. So the sharing that comes of it is one, of something else.
//!
//! The protocol knows nothing of it. [`Cheater`] is a protocol around another one: it adds to the component that its party keeps, and an
//! adversary of the simulation adds the same to the message in which that component is sent.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use mpcsim::protocol::{Components, Demand, Message, Protocol, Role, Word, Wraps};
use mpcsim::ring::{Content, MatMul, Plane, RingVector, Vector, Wide};
use mpcsim::sim::{Interceptor, SpanGuard};

/// What is added to, in which step.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Number of the step in which something is shared again, from 0.
    pub step: usize,
    /// Which of the parts with ring elements of its message.
    pub part: usize,
    /// Which component of the result its party keeps of that, in the order in which a share has them.
    pub component: usize,
    /// What is added to its first element.
    pub delta: u128,
}

/// The cheating party's plan, and how far it is.
pub struct Cheat {
    pub party: usize,
    /// None to look on only.
    pub target: Option<Target>,
    /// What was shared again: the names of the steps.
    pub steps: RefCell<Vec<&'static str>>,
    /// Whether the next message with ring elements is the one.
    armed: Cell<bool>,
    /// Whether it was altered.
    pub done: Cell<bool>,
}

impl Cheat {
    pub fn new(party: usize, target: Option<Target>) -> Rc<Cheat> {
        let (steps, armed, done) = Default::default();
        Rc::new(Cheat { party, target, steps, armed, done })
    }

    /// Whether the step that begins is the one.
    fn begins(&self, name: &'static str) -> bool {
        let mut steps = self.steps.borrow_mut();
        steps.push(name);
        let hit = self.target.is_some_and(|target| target.step + 1 == steps.len());
        self.armed.set(hit);
        hit
    }

    /// The share that the party keeps.
    fn kept<S: Components<Part: RingVector>>(&self, share: &S) -> S {
        let target = self.target.expect("a target that was hit");
        let place = Cell::new(0);
        S::combine([share], |[part]| {
            if place.replace(place.get() + 1) != target.component {
                return part.clone();
            }
            let mut delta = vec![0; part.len()];
            delta[0] = target.delta;
            part.add(&S::Part::build(part.content(), delta.len(), || delta))
        })
    }

    /// What the adversary does to messages.
    pub fn interceptor(self: &Rc<Self>) -> Interceptor<Message> {
        let cheat = Rc::clone(self);
        Box::new(move |outgoing, message| {
            if outgoing.from != cheat.party || !cheat.armed.get() {
                return Some(message);
            }
            let Target { part, delta, .. } = cheat.target.expect("armed for a target");
            let mut left = part;
            let altered = added(&message, &mut left, delta);
            if altered.is_some() {
                cheat.armed.set(false);
                cheat.done.set(true);
            }
            Some(altered.unwrap_or(message))
        })
    }
}

/// The message with `delta` added to the first element of a part, after `left` others with ring elements.
fn added(message: &Message, left: &mut usize, delta: u128) -> Option<Message> {
    let mut is_next = || match *left {
        0 => true,
        _ => {
            *left -= 1;
            false
        }
    };
    match message {
        Message::Ring(vector) if is_next() => {
            let mut words = vector.values()?.to_vec();
            words[0] = words[0].wrapping_add(delta as u64);
            Some(Message::Ring(words.into()))
        }
        Message::Wide(vector) if is_next() => {
            let mut integers = vector.integers()?;
            integers[0] = integers[0].wrapping_add(delta);
            Some(Message::Wide(Wide::build(Content::Values, integers.len(), || integers)))
        }
        Message::Many(parts) => {
            let mut parts = parts.clone();
            let part = parts.iter_mut().find_map(|part| Some((added(part, left, delta)?, part)));
            let (altered, place) = part?;
            *place = altered;
            Some(Message::Many(parts))
        }
        _ => None,
    }
}

/// A party's protocol, whose results go through a [`Cheat`] if it is the one.
pub struct Cheater<P> {
    inner: P,
    cheat: Option<Rc<Cheat>>,
}

impl<P: Protocol<Share: Components<Part: RingVector>>> Cheater<P> {
    pub fn new(inner: P, cheat: Option<Rc<Cheat>>) -> Self {
        Cheater { inner, cheat }
    }

    /// A step that shares something again. Protocols send all of it when the step begins.
    async fn step(&self, name: &'static str, step: impl Future<Output = P::Share>) -> P::Share {
        let Some(cheat) = &self.cheat else { return step.await };
        let hit = cheat.begins(name);
        let share = step.await;
        if hit { cheat.kept(&share) } else { share }
    }
}

impl<P: Protocol<Share: Components<Part: RingVector>>> Protocol for Cheater<P> {
    type Share = P::Share;
    type Bits = P::Bits;
    type Cut = P::Cut;

    fn role(&self) -> Role {
        self.inner.role()
    }
    fn content(&self) -> Content {
        self.inner.content()
    }
    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.inner.span(name)
    }
    fn fork(&self, n: usize) -> Vec<Self> {
        let handle = |inner| Cheater { inner, cheat: self.cheat.clone() };
        self.inner.fork(n).into_iter().map(handle).collect()
    }
    fn public(&self, x: &Vector) -> P::Share {
        self.inner.public(x)
    }
    fn public_plane(&self, x: &Plane) -> P::Bits {
        self.inner.public_plane(x)
    }
    async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> P::Share {
        self.inner.input(owner, len, secret).await
    }
    async fn open(&self, x: &P::Share) -> Vector {
        self.inner.open(x).await
    }
    async fn open_bits(&self, x: &[P::Bits]) -> Vec<Plane> {
        self.inner.open_bits(x).await
    }
    async fn dot(&self, x: &P::Share, y: &P::Share, width: usize) -> P::Share {
        self.step("product", self.inner.dot(x, y, width)).await
    }
    async fn matmul(&self, x: &P::Share, y: &P::Share, shape: MatMul) -> P::Share {
        self.step("product", self.inner.matmul(x, y, shape)).await
    }
    async fn and(&self, pairs: &[[&P::Bits; 2]]) -> Vec<P::Bits> {
        self.inner.and(pairs).await
    }
    async fn truncate(&self, x: &P::Share, bits: u32, shift: u32) -> P::Share {
        self.inner.truncate(x, bits, shift).await
    }
    async fn summands(&self, x: &P::Share, bits: u32) -> Vec<Word<P::Bits>> {
        self.inner.summands(x, bits).await
    }
    async fn cut(&self, x: &P::Share, bits: u32, at: u32, wraps: Wraps) -> (Vec<Word<P::Bits>>, P::Cut) {
        self.inner.cut(x, bits, at, wraps).await
    }
    async fn shifted(&self, x: &P::Share, at: u32, cut: &P::Cut) -> P::Share {
        self.step("authenticated", self.inner.shifted(x, at, cut)).await
    }
    async fn remainder(&self, x: &P::Share, at: u32, cut: &P::Cut) -> P::Share {
        self.step("authenticated", self.inner.remainder(x, at, cut)).await
    }
    async fn random(&self, len: usize, bits: u32) -> (P::Share, Vec<Word<P::Bits>>) {
        self.inner.random(len, bits).await
    }
    async fn bits_to_ring(&self, x: &[P::Bits]) -> Vec<P::Share> {
        self.inner.bits_to_ring(x).await
    }
    async fn and_to_ring(&self, x: &P::Bits, y: &P::Bits, t: &P::Bits) -> P::Share {
        self.inner.and_to_ring(x, y, t).await
    }
    async fn own_less_than_zero(&self, x: &P::Share, bits: u32) -> Option<P::Share> {
        self.inner.own_less_than_zero(x, bits).await
    }
    async fn set_up(&self) {
        self.inner.set_up().await;
    }
    async fn prepare(&self, demand: &Demand) {
        self.inner.prepare(demand).await;
    }
    fn demand(&self) -> Demand {
        self.inner.demand()
    }
    async fn check(&self) {
        self.inner.check().await;
    }
}
