//! Secret sharing protocols behind one trait, and their registry.
//!
//! A protocol is written from one party's point of view: it holds this party's shares, its random streams and its
//! [`Party`] handle, and nothing of any other party. What can be built from the operations here alone belongs to
//! [`crate::secure`]. To add a protocol, write one file and one line in [`registry`]: docs/add-a-protocol.md.
//!
//! # What a program cannot do
//!
//! What a party's program may do with its shares goes through [`Protocol`] and the linear operations:
//!
//! ```
//! # use mpcsim::protocol::{BitShare, Clear, Message, Protocol, Rep3, RingShare, rep3::Replicated};
//! # use mpcsim::{ring::{Plane, Vector}, sim::Party};
//! async fn program(me: &Rep3, mine: &Replicated<Vector>) -> Vector {
//!     me.open(&mine.add(mine)).await
//! }
//! async fn ideal(me: &Clear, x: &<Clear as Protocol>::Share) -> Vector {
//!     me.open(&x.add(x)).await
//! }
//! ```
//!
//! It cannot look into a share, not even its own,
//!
//! ```compile_fail,E0616
//! # use mpcsim::protocol::{BitShare, Clear, Message, Protocol, Rep3, RingShare, rep3::Replicated};
//! # use mpcsim::{ring::{Plane, Vector}, sim::Party};
//! async fn program(me: &Rep3, mine: &Replicated<Vector>) -> Vector {
//!     mine.next.clone()
//! }
//! ```
//!
//! nor make one up,
//!
//! ```compile_fail,E0451
//! # use mpcsim::protocol::{BitShare, Clear, Message, Protocol, Rep3, RingShare, rep3::Replicated};
//! # use mpcsim::{ring::{Plane, Vector}, sim::Party};
//! async fn program(me: &Rep3, mine: Vector) -> Vector {
//!     me.open(&Replicated { own: mine.clone(), next: mine }).await
//! }
//! ```
//!
//! nor draw from the keys of a protocol, its own or those of other parties,
//!
//! ```compile_fail,E0624
//! # use mpcsim::protocol::{BitShare, Clear, Message, Protocol, Rep3, RingShare, rep3::Replicated};
//! # use mpcsim::{ring::{Plane, Vector}, sim::Party};
//! async fn program(me: &Rep3, mine: &Replicated<Vector>) -> Vector {
//!     me.shared_vector(2, 0, 1)
//! }
//! ```
//!
//! nor send messages past the protocol, or take another party's place: it has no way to a party's handle,
//!
//! ```compile_fail,E0616
//! # use mpcsim::protocol::{BitShare, Clear, Message, Protocol, Rep3, RingShare, rep3::Replicated};
//! # use mpcsim::{ring::{Plane, Vector}, sim::Party};
//! async fn program(me: &Rep3, mine: &Replicated<Vector>) -> Vector {
//!     me.party.send(1, 8, Message::Ring(Vector::shape(1)));
//!     me.open(&mine.add(mine)).await
//! }
//! ```
//!
//! and a handle leads to no other party's.
//!
//! ```compile_fail,E0624
//! # use mpcsim::protocol::{BitShare, Clear, Message, Protocol, Rep3, RingShare, rep3::Replicated};
//! # use mpcsim::{ring::{Plane, Vector}, sim::Party};
//! fn other(me: Party<Message>) -> Party<Message> {
//!     Party::root(unreachable!(), 2, 3)
//! }
//! ```
//!
//! Shares of two protocols do not mix, nor do ring elements and bits.
//!
//! ```compile_fail,E0308
//! # use mpcsim::protocol::{BitShare, Clear, Message, Protocol, Rep3, RingShare, rep3::Replicated};
//! # use mpcsim::{ring::{Plane, Vector}, sim::Party};
//! async fn program(me: &Rep3, mine: &Replicated<Vector>, x: &<Clear as Protocol>::Share) -> Vector {
//!     me.open(&mine.add(x)).await
//! }
//! ```
//!
//! ```compile_fail,E0308
//! # use mpcsim::protocol::{BitShare, Clear, Message, Protocol, Rep3, RingShare, rep3::Replicated};
//! # use mpcsim::{ring::{Plane, Vector}, sim::Party};
//! async fn program(me: &Rep3, mine: &Replicated<Vector>, bits: &Replicated<Plane>) -> Vector {
//!     me.open(&mine.add(bits)).await
//! }
//! ```

pub mod beaver2;
pub mod clear;
pub mod declared;
pub mod demand;
pub mod erased;
pub mod falcon;
pub mod falcon_malicious;
pub mod ideal;
pub mod message;
pub mod parts;
pub mod registry;
pub mod rep3;
pub mod rep4;
pub mod secureml;
pub mod securenn;
pub mod semi2k;
pub mod share;
pub mod sy_rep3;
pub mod word;

use std::borrow::Cow;

use crate::ring::{Content, MatMul, Plane, Vector};
use crate::sim::{Party, SpanGuard};

pub use beaver2::Beaver2;
pub use clear::{Clear, ValuesBeyond};
pub use declared::Declared;
pub use demand::Demand;
pub use falcon::{Falcon, Falcon32};
pub use falcon_malicious::{FalconMalicious, FalconMalicious32};
pub use ideal::{Ideal, OwnDivision, TruncationLaw};
pub use message::Message;
pub(crate) use message::{receive_bits, receive_ring, send};
pub use rep3::Rep3;
pub use rep4::Rep4;
pub use secureml::SecureMl;
pub use securenn::SecureNn;
pub use semi2k::Semi2k;
pub use share::{BitShare, Components, RingShare};
pub use sy_rep3::SyRep3;
pub use word::{Bit, Word};

/// Up to which bit summands are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wraps {
    /// Up to the number's own bits: whatever their sum has above is not looked at.
    Ignored,
    /// Up to where the sum wraps, so that wraps can be counted.
    Counted,
}

/// What a party is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It holds shares and runs the program.
    Computes,
    /// It holds none and learns nothing that is opened, and runs the program to help those who do.
    Helps,
    /// It holds none: it takes part in the set-up and in the offline phase only.
    Deals,
}

/// How many bits are cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncation {
    /// All bits of a number before.
    pub bits: u32,
    /// By how many it is truncated.
    pub shift: u32,
}

/// A division of fixed-point numbers, each divisor for `width` consecutive numerators.
pub struct Division<'a, S> {
    /// What is divided; none for the number one.
    pub numerators: Option<&'a S>,
    /// By what.
    pub divisors: &'a S,
    /// Numerators for each divisor.
    pub width: usize,
    /// Whether no numerator is below zero or above its divisor.
    pub at_most_one: bool,
    /// Bits after the binary point, of all numbers.
    pub fraction_bits: u32,
    /// All bits of a number.
    pub total_bits: u32,
}

/// Arithmetic and boolean secret sharing, as one party sees it. Values are integers modulo 2^64, or modulo what
/// [`Protocol::ring_bits`] says.
///
/// Linear operations are local and come with the shares ([`Components`]). All others are here. Whole vectors are
/// processed at once: the rounds of an operation do not depend on the length of its operands.
#[allow(async_fn_in_trait)] // parties are tasks of one thread, no bounds on the futures are wanted
pub trait Protocol: Sized + 'static {
    /// A shared vector of ring elements.
    type Share: RingShare;
    /// A shared plane of bits.
    type Bits: BitShare;
    /// What a party keeps of a value whose summands were cut.
    type Cut;

    /// What this party is for.
    fn role(&self) -> Role {
        Role::Computes
    }
    /// Whether vectors carry values or only their length.
    fn content(&self) -> Content;
    /// Bits of a ring element. With fewer than 64 of them, what is opened are signed numbers of so many bits.
    fn ring_bits(&self) -> u32 {
        u64::BITS
    }
    /// Names what is done until the guard is dropped.
    fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message>;
    /// Handles for `n` sub-programs that run side by side, see [`crate::sim::both`].
    fn fork(&self, n: usize) -> Vec<Self>;

    /// A sharing of a vector that everybody knows. Local.
    fn public(&self, x: &Vector) -> Self::Share;
    /// A sharing of bits that everybody knows. Local.
    fn public_plane(&self, x: &Plane) -> Self::Bits;

    /// Whether [`Protocol::fix`] does anything.
    fn fixes(&self) -> bool {
        false
    }
    /// The same numbers, which will be factors of many products: what each product with rows of them would do again is done once.
    async fn fix(&self, x: &Self::Share) -> Self::Share {
        x.clone()
    }

    /// `owner` shares a secret vector of `len` elements; only the owner gives its values.
    async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> Self::Share;
    /// Everybody who holds shares learns x. A helper ([`Role::Helps`]) gets a vector without content.
    async fn open(&self, x: &Self::Share) -> Vector;
    /// The same for bits.
    async fn open_bits(&self, x: &[Self::Bits]) -> Vec<Plane>;

    /// Dot products of `width` consecutive elements each: z_i = sum_j x_{i width + j} y_{i width + j}.
    async fn dot(&self, x: &Self::Share, y: &Self::Share, width: usize) -> Self::Share;
    /// Elementwise product.
    async fn mul(&self, x: &Self::Share, y: &Self::Share) -> Self::Share {
        self.dot(x, y, 1).await
    }
    /// Matrix product.
    async fn matmul(&self, x: &Self::Share, y: &Self::Share, shape: MatMul) -> Self::Share;
    /// Products of bits, for each of several pairs.
    async fn and(&self, pairs: &[[&Self::Bits; 2]]) -> Vec<Self::Bits>;

    /// Probabilistic truncation of signed `bits`-bit integers by `shift` bits:
    /// floor(x / 2^shift) + u with P(u = 1) = (x mod 2^shift) / 2^shift.
    async fn truncate(&self, x: &Self::Share, bits: u32, shift: u32) -> Self::Share;

    /// Integers with known or shared bits, the summands, whose sum is x modulo 2^`bits`.
    ///
    /// A replicated sharing gives its components, which is local; other protocols open x under a mask with shared bits.
    async fn summands(&self, x: &Self::Share, bits: u32) -> Vec<Word<Self::Bits>>;
    /// The summands of x in [0, 2^`bits`), to be cut at bit `at`. With [`Wraps::Counted`] they have as many bits as their
    /// sum wraps at, which may be more than `bits`; otherwise `bits`. What is left of them as ring elements is in
    /// [`Protocol::shifted`] and [`Protocol::remainder`].
    async fn cut(
        &self,
        x: &Self::Share,
        bits: u32,
        at: u32,
        wraps: Wraps,
    ) -> (Vec<Word<Self::Bits>>, Self::Cut);
    /// The sum of the summands shifted right by `at` bits each, as a ring element.
    async fn shifted(&self, x: &Self::Share, at: u32, cut: &Self::Cut) -> Self::Share;
    /// The sum of the lowest `at` bits of the summands, as a ring element.
    async fn remainder(&self, x: &Self::Share, at: u32, cut: &Self::Cut) -> Self::Share;
    /// A random secret vector and its summands, which are uniform `bits`-bit numbers.
    async fn random(&self, len: usize, bits: u32) -> (Self::Share, Vec<Word<Self::Bits>>);

    /// The bits as ring elements 0 and 1.
    async fn bits_to_ring(&self, x: &[Self::Bits]) -> Vec<Self::Share>;
    /// The ring element of the bit `t xor (x and y)`.
    async fn and_to_ring(&self, x: &Self::Bits, y: &Self::Bits, t: &Self::Bits) -> Self::Share {
        let product = self.and(&[[x, y]]).await.remove(0);
        self.bits_to_ring(&[product.xor(t)]).await.remove(0)
    }

    /// `[x < 0]` for signed integers of `bits` bits, in a way of the protocol's own; none if it has none, and adds summands.
    async fn own_less_than_zero(&self, _x: &Self::Share, _bits: u32) -> Option<Self::Share> {
        None
    }
    /// x where a signed integer of `bits` bits is below zero, zero elsewhere, and `[sign < 0]`, in a way of the protocol's own;
    /// none if it has none, and multiplies by what a comparison gives.
    async fn own_where_negative(
        &self,
        _sign: &Self::Share,
        _bits: u32,
        _x: &Self::Share,
    ) -> Option<[Self::Share; 2]> {
        None
    }
    /// The largest of several numbers side by side, of which any two differ by a signed integer of `bits` bits, and which of them it is: of
    /// equal ones the last. That is its place where [`Protocol::finds_places`] says so, else for each number, one vector after the other,
    /// whether it is that. In a way of the protocol's own; none if it has none, and compares pairs in a tree.
    async fn own_largest(&self, _x: &[Self::Share], _bits: u32) -> Option<[Self::Share; 2]> {
        None
    }
    /// Whether [`Protocol::own_places`] finds one of so many places.
    fn finds_places(&self, _places: usize) -> bool {
        false
    }
    /// Of numbers from 0 on and below `places` whether each is 0, is 1, and so on: ones and zeros, a vector for each place. In a way of the
    /// protocol's own; none if it has none.
    async fn own_places(&self, _x: &Self::Share, _places: usize) -> Option<Vec<Self::Share>> {
        None
    }
    /// `[x < 0]` as above, told to all parties. A protocol with checks does them before.
    async fn own_open_less_than_zero(&self, _x: &Self::Share, _bits: u32) -> Option<Plane> {
        None
    }
    /// [`Protocol::dot`] and [`Protocol::truncate`] at once, in a way of the protocol's own; none if it has none.
    async fn own_truncated_dot(
        &self,
        _x: &Self::Share,
        _y: &Self::Share,
        _width: usize,
        _truncation: Truncation,
    ) -> Option<Self::Share> {
        None
    }
    /// The same for [`Protocol::matmul`].
    async fn own_truncated_matmul(
        &self,
        _x: &Self::Share,
        _y: &Self::Share,
        _shape: MatMul,
        _truncation: Truncation,
    ) -> Option<Self::Share> {
        None
    }
    /// Quotients in a way of the protocol's own; none if it has none for such a division, and multiplies by a reciprocal.
    async fn own_divide(&self, _division: &Division<'_, Self::Share>) -> Option<Self::Share> {
        None
    }

    /// Whether a division that need not be precise opens the bit lengths of its divisors: see [`crate::secure::Numerator::Coarse`].
    fn opens_bit_lengths(&self) -> bool {
        false
    }
    /// Says that all parties who hold shares are about to learn `values` numbers, which are no result, and what they are. The ideal
    /// functionality counts them, by what they are.
    fn note_revealed(&self, _what: &'static str, _values: usize) {}

    /// Says that x should hold signed integers of `bits` bits: elsewhere results are wrong. The ideal functionality counts
    /// those that are beyond, by span; protocols cannot see it.
    fn expect_range(&self, _x: &Self::Share, _bits: u32) {}
    /// Says that in rows of `width` signed integers all should be from the first to the second of `range`: elsewhere an
    /// approximation is none. The ideal functionality counts the rows that are beyond; protocols cannot see it.
    fn expect_rows(&self, _x: &Self::Share, _width: usize, _range: (i64, i64)) {}

    /// Agrees on keys, before anything is shared.
    async fn set_up(&self) {}
    /// Begins a program: prepares the correlated randomness that it will take. On the handle of the whole program.
    async fn prepare(&self, _demand: &Demand) {}
    /// The correlated randomness that was taken since [`Protocol::prepare`].
    fn demand(&self) -> Demand {
        Demand::default()
    }
    /// Does the checks that the protocol has put off, such as those of MACs or hashes, and ends the run with
    /// [`crate::sim::Party::abort`] if one fails. Called before anything that is not masked is opened, and at the end of the set-up
    /// and of each iteration, on the handle of the whole program. Semi-honest protocols have none.
    async fn check(&self) {}
}

/// A protocol that can be started for a party.
pub trait Start: Protocol {
    /// How many of the parties, the last ones, hold no shares, whether they help or deal: they own nothing that could be input.
    const DEALERS: usize = 0;
    /// What each operation costs, in the order of [`declared::Primitive::ALL`], of [`declared::Primitive::OWN`] those that it has; empty if it is not declared one by one.
    const COSTS: &'static [Declared] = &[];
    /// What the ideal functionality does in the protocol's own way.
    const IDEAL: Ideal = Ideal::GENERIC;
    /// The protocol as seen by `party`, with the seed of all random streams.
    fn start(party: Party<Message>, seed: u64, content: Content) -> Self;
}
