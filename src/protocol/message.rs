//! What parties send each other.

use crate::ring::{Plane, Vector};
use crate::sim::Party;

/// What parties send each other.
#[derive(Clone, Debug)]
pub enum Message {
    /// Ring elements, eight bytes each.
    Ring(Vector),
    /// Planes of bits, eight bits to a byte over all planes together.
    Bits(Vec<Plane>),
    /// Keys and commitments: so many bytes, whose content nothing depends on, since all streams come from the scenario's
    /// seed.
    Opaque(u64),
    /// A hash.
    Digest(Digest),
    /// Several at once.
    Many(Vec<Message>),
}

impl Message {
    /// Size of the content.
    pub fn payload_bytes(&self) -> u64 {
        match self {
            Message::Ring(vector) => 8 * vector.len() as u64,
            Message::Bits(planes) => planes.iter().map(|p| p.len() as u64).sum::<u64>().div_ceil(8),
            Message::Opaque(bytes) => *bytes,
            Message::Digest(digest) => digest.bytes,
            Message::Many(parts) => parts.iter().map(Message::payload_bytes).sum(),
        }
    }

    /// Whether two messages say the same. Messages without content always do.
    fn same(&self, other: &Message) -> bool {
        match (self, other) {
            (Message::Ring(x), Message::Ring(y)) => x.is_same(y) || x == y,
            (Message::Bits(x), Message::Bits(y)) => x == y,
            (Message::Opaque(x), Message::Opaque(y)) => x == y,
            (Message::Digest(x), Message::Digest(y)) => x.matches(&y.of),
            (Message::Many(x), Message::Many(y)) => {
                x.len() == y.len() && x.iter().zip(y).all(|(x, y)| x.same(y))
            }
            _ => false,
        }
    }
}

/// An ideal hash: it has the size of a hash, says nothing about what was hashed, and is equal for equal content only.
///
/// In memory it holds what was hashed, so that content which is the same vector need not be looked at.
#[derive(Clone, Debug)]
pub struct Digest {
    of: Vec<Message>,
    bytes: u64,
    /// Changed on the way.
    altered: bool,
}

impl Digest {
    /// Bytes of a hash.
    pub const BYTES: u64 = 32;
    /// Bytes of a short hash, which is used where each is compared once.
    pub const SHORT_BYTES: u64 = 16;

    /// The hash of some messages, one after the other.
    pub fn of(messages: Vec<Message>) -> Digest {
        Digest { of: messages, bytes: Digest::BYTES, altered: false }
    }

    /// The same, shortened.
    pub fn short(messages: Vec<Message>) -> Digest {
        Digest { bytes: Digest::SHORT_BYTES, ..Digest::of(messages) }
    }

    /// Whether it is the hash of these messages.
    pub fn matches(&self, messages: &[Message]) -> bool {
        !self.altered
            && self.of.len() == messages.len()
            && self.of.iter().zip(messages).all(|(x, y)| x.same(y))
    }
}

/// Sends a message and says its size.
pub(crate) fn send(party: &Party<Message>, to: usize, message: Message) {
    party.send(to, message.payload_bytes(), message);
}

/// Receives ring elements.
pub(crate) async fn receive_ring(party: &Party<Message>, from: usize) -> Vector {
    match party.recv(from).await {
        Message::Ring(vector) => vector,
        other => panic!("party {} expected ring elements from party {from}, not {other:?}", party.id()),
    }
}

/// Receives planes of bits.
pub(crate) async fn receive_bits(party: &Party<Message>, from: usize) -> Vec<Plane> {
    match party.recv(from).await {
        Message::Bits(planes) => planes,
        other => panic!("party {} expected bits from party {from}, not {other:?}", party.id()),
    }
}
