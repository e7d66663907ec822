//! The protocols that a scenario can name: one line each.

use super::erased::Erased;
use super::{Message, Protocol, Rep3};
use crate::ring::Content;
use crate::sim::Party;

/// A protocol that can be started for a party.
pub trait Start: Protocol {
    /// The protocol as seen by `party`.
    fn start(party: Party<Message>, seed: u64, content: Content) -> Self;
}

impl Start for Rep3 {
    fn start(party: Party<Message>, seed: u64, content: Content) -> Self {
        Rep3::new(party, seed, content)
    }
}

/// Makes a party's protocol from its handle and the seed of all random streams.
pub type Starter<P> = fn(Party<Message>, u64, Content) -> P;

/// The protocol itself: programs are compiled for it alone, and run as fast as they can.
fn direct<P: Start>() -> Starter<P> {
    P::start
}

/// Behind a table of functions: programs are compiled once for all such protocols.
#[allow(dead_code)] // for the protocols to come
fn by_table<P: Start>() -> Starter<Erased> {
    |party, seed, content| Erased::new(P::start(party, seed, content))
}

/// Something to do with a protocol whose type follows from its name.
pub trait Visitor {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<P: Protocol>(self, start: Starter<P>) -> Self::Output;
}

macro_rules! protocols {
    ($($name:literal, $variant:ident, $compiled:ident, $parties:expr, $description:literal, $paper:literal;)*) => {
        /// A protocol of the registry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProtocolName {
            $(#[doc = $description] $variant,)*
        }

        impl ProtocolName {
            /// All of them.
            pub const ALL: [ProtocolName; [$($name),*].len()] = [$(ProtocolName::$variant),*];

            /// The name in scenario files.
            pub fn name(self) -> &'static str {
                match self { $(ProtocolName::$variant => $name,)* }
            }

            /// Number of parties.
            pub fn parties(self) -> usize {
                match self { $(ProtocolName::$variant => $parties,)* }
            }

            /// One line on what it is.
            pub fn description(self) -> &'static str {
                match self { $(ProtocolName::$variant => $description,)* }
            }

            /// Where it is from.
            pub fn paper(self) -> &'static str {
                match self { $(ProtocolName::$variant => $paper,)* }
            }

            /// Makes a party's protocol, its type hidden.
            pub fn start(self, party: Party<Message>, seed: u64, content: Content) -> Erased {
                match self {
                    $(ProtocolName::$variant => Erased::new($variant::start(party, seed, content)),)*
                }
            }

            /// Runs `visitor` with the protocol's type.
            pub fn visit<V: Visitor>(self, visitor: V) -> V::Output {
                match self {
                    $(ProtocolName::$variant => visitor.visit($compiled::<$variant>()),)*
                }
            }
        }
    };
}

protocols! {
    "rep3", Rep3, direct, Rep3::PARTIES, "semi-honest replicated secret sharing, three parties, Z_2^64",
        "Araki et al., CCS 2016 (ePrint 2016/768)";
}
