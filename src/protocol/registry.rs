//! The protocols that a scenario can name: one line each.

use super::{Message, Protocol, Rep3};
use crate::ring::Content;
use crate::sim::Party;

/// What is said of a protocol in `mpcsim list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolInfo {
    /// The name in scenario files.
    pub name: &'static str,
    /// Number of parties.
    pub parties: usize,
    /// One line on what it is.
    pub description: &'static str,
    /// Where it is from.
    pub paper: &'static str,
}

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

/// Something to do with a protocol whose type follows from its name.
pub trait Visitor {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<P: Start>(self) -> Self::Output;
}

macro_rules! protocols {
    ($($name:literal, $variant:ident, $parties:expr, $description:literal, $paper:literal;)*) => {
        /// A protocol of the registry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProtocolName {
            $(#[doc = $description] $variant,)*
        }

        impl ProtocolName {
            /// All of them.
            pub const ALL: &'static [ProtocolName] = &[$(ProtocolName::$variant),*];

            /// What is known of it.
            pub fn info(self) -> ProtocolInfo {
                match self {
                    $(ProtocolName::$variant => ProtocolInfo {
                        name: $name, parties: $parties, description: $description, paper: $paper,
                    },)*
                }
            }

            /// Runs `visitor` with the protocol's type.
            pub fn visit<V: Visitor>(self, visitor: V) -> V::Output {
                match self {
                    $(ProtocolName::$variant => visitor.visit::<$variant>(),)*
                }
            }
        }
    };
}

protocols! {
    "rep3", Rep3, Rep3::PARTIES, "semi-honest replicated secret sharing, three parties, Z_2^64",
        "Araki et al., CCS 2016 (ePrint 2016/768)";
}
