//! What parties send each other.

use crate::ring::{Content, Extended, Plane, Residues, RingVector, Vector, Wide};
use crate::sim::Party;

/// What parties send each other.
#[derive(Clone, Debug)]
pub enum Message {
    /// Ring elements, eight bytes each.
    Ring(Vector),
    /// Elements of Z_2^32, four bytes each: the lower halves of words.
    Ring32(Vector),
    /// Elements of Z_2^104, 13 bytes each.
    Wide(Wide<104>),
    /// Elements of Z_2^144, 18 bytes each.
    Extended(Extended),
    /// Planes of bits, eight bits to a byte over all planes together.
    Bits(Vec<Plane>),
    /// Planes of bits, a byte for each bit: as the authors of Falcon send them.
    Bytes(Vec<Plane>),
    /// Residues modulo 67, a byte each.
    Residues(Residues<67>),
    /// Keys and commitments: so many bytes, whose content nothing depends on, since all streams come from the scenario's
    /// seed.
    Opaque(u64),
    /// A hash.
    Digest(Digest),
    /// Several at once.
    Many(Vec<Message>),
}

impl Message {
    /// What these words are modulo 2^32.
    pub fn ring32(words: &Vector) -> Message {
        let lower = || words.expect_values().iter().map(|word| word & u64::from(u32::MAX)).collect();
        Message::Ring32(Vector::build(words.content(), words.len(), lower))
    }

    /// The ring elements that it says.
    pub(crate) fn into_ring(self) -> Vector {
        match self {
            Message::Ring(vector) | Message::Ring32(vector) => vector,
            other => panic!("ring elements were expected, not {other:?}"),
        }
    }

    /// The planes of bits.
    pub(crate) fn into_bits(self) -> Vec<Plane> {
        match self {
            Message::Bits(planes) | Message::Bytes(planes) => planes,
            other => panic!("bits were expected, not {other:?}"),
        }
    }

    /// The residues.
    pub(crate) fn into_residues(self) -> Residues<67> {
        match self {
            Message::Residues(vector) => vector,
            other => panic!("residues were expected, not {other:?}"),
        }
    }

    /// Size of the content.
    pub fn payload_bytes(&self) -> u64 {
        match self {
            Message::Ring(vector) => 8 * vector.len() as u64,
            Message::Ring32(vector) => 4 * vector.len() as u64,
            Message::Wide(vector) => Wide::<104>::WIRE_BYTES * vector.len() as u64,
            Message::Extended(vector) => Extended::WIRE_BYTES * vector.len() as u64,
            Message::Bits(planes) => planes.iter().map(|p| p.len() as u64).sum::<u64>().div_ceil(8),
            Message::Bytes(planes) => planes.iter().map(|p| p.len() as u64).sum(),
            Message::Residues(vector) => Residues::<67>::WIRE_BYTES * vector.len() as u64,
            Message::Opaque(bytes) => *bytes,
            Message::Digest(digest) => digest.bytes,
            Message::Many(parts) => parts.iter().map(Message::payload_bytes).sum(),
        }
    }

    /// The kinds of content that can be altered alone, each with its place: parts of several at once are counted.
    pub fn parts(&self) -> Vec<&'static str> {
        match self {
            Message::Ring(_) | Message::Ring32(_) | Message::Wide(_) | Message::Extended(_) => {
                vec!["ring elements"]
            }
            Message::Bits(_) | Message::Bytes(_) => vec!["bits"],
            Message::Residues(_) => vec!["residues"],
            Message::Opaque(_) => vec!["keys"],
            Message::Digest(_) => vec!["hash"],
            Message::Many(parts) => parts.iter().flat_map(Message::parts).collect(),
        }
    }

    /// The same with one bit changed in a part: which one follows from `choice`. `None` if the part has no bit that
    /// anything depends on.
    pub fn with_bit_flipped(&self, part: usize, choice: u64) -> Option<Message> {
        match self {
            Message::Ring(vector) => {
                let mut words = vector.values()?.to_vec();
                let place = (choice >> 6) as usize % words.len().max(1);
                *words.get_mut(place)? ^= 1 << (choice % 64);
                Some(Message::Ring(words.into()))
            }
            Message::Ring32(vector) => {
                let mut words = vector.values()?.to_vec();
                let place = (choice >> 5) as usize % words.len().max(1);
                *words.get_mut(place)? ^= 1 << (choice % 32);
                Some(Message::Ring32(words.into()))
            }
            Message::Wide(vector) => {
                let mut integers = vector.integers()?;
                let place = (choice >> 7) as usize % integers.len().max(1);
                *integers.get_mut(place)? ^= 1 << (choice % u64::from(Wide::<104>::BITS));
                Some(Message::Wide(Wide::build(vector.content(), integers.len(), || integers)))
            }
            Message::Extended(vector) => {
                let place = (choice >> 8) as usize % vector.len().max(1);
                let bit = choice % u64::from(Extended::BITS);
                Some(Message::Extended(vector.with_bit_flipped(place, bit as u32)?))
            }
            Message::Bits(planes) | Message::Bytes(planes) => {
                let mut planes = planes.clone();
                let which = choice as usize % planes.len().max(1);
                let plane = planes.get_mut(which).filter(|plane| !plane.is_empty())?;
                let mut unit = vec![0; plane.len()];
                unit[(choice >> 8) as usize % plane.len()] = 1;
                *plane = plane.xor(&Plane::split(&unit.into(), 1).remove(0));
                Some(self.with_planes(planes))
            }
            Message::Residues(vector) => {
                let mut integers = vector.integers()?;
                let place = (choice >> 3) as usize % integers.len().max(1);
                *integers.get_mut(place)? ^= 1 << (choice % 6);
                Some(Message::Residues(Residues::build(vector.content(), integers.len(), || integers)))
            }
            Message::Opaque(_) => None,
            Message::Digest(digest) => Some(Message::Digest(Digest { altered: true, ..digest.clone() })),
            Message::Many(parts) => {
                let mut parts = parts.clone();
                let mut before = 0;
                for message in &mut parts {
                    let own = message.parts().len();
                    if part < before + own {
                        *message = message.with_bit_flipped(part - before, choice)?;
                        return Some(Message::Many(parts));
                    }
                    before += own;
                }
                None
            }
        }
    }

    /// A message of the same form with random content, which follows from `choice`. `None` if nothing depends on what it says.
    pub fn with_random_content(&self, choice: u64) -> Option<Message> {
        let words = |len: usize, choice: u64| -> Vec<u64> {
            // A Weyl sequence, scrambled: far from anything that a protocol sends.
            let word = |i: u64| {
                let z = choice.wrapping_add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let z = (z ^ (z >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
                z ^ (z >> 32)
            };
            (1..=len as u64).map(word).collect()
        };
        let integers = |len: usize| -> Vec<u128> {
            let halves = words(2 * len, choice);
            halves.chunks(2).map(|half| u128::from(half[0]) << 64 | u128::from(half[1])).collect()
        };
        match self {
            Message::Ring(vector) => {
                let len = vector.values().filter(|values| !values.is_empty())?.len();
                Some(Message::Ring(words(len, choice).into()))
            }
            Message::Ring32(vector) => {
                let len = vector.values().filter(|values| !values.is_empty())?.len();
                Some(Message::ring32(&words(len, choice).into()))
            }
            Message::Wide(vector) => {
                let integers = integers(vector.integers().filter(|values| !values.is_empty())?.len());
                Some(Message::Wide(Wide::build(vector.content(), integers.len(), || integers)))
            }
            Message::Extended(vector) => {
                let integers = integers(vector.elements().filter(|values| !values.is_empty())?.len());
                let low = Wide::<128>::build(Content::Values, integers.len(), || integers);
                Some(Message::Extended(Extended::from_wide(&low)))
            }
            Message::Bits(planes) | Message::Bytes(planes) => {
                let some = planes.iter().any(|plane| !plane.is_empty());
                let random = |(at, plane): (usize, &Plane)| {
                    let choice = choice.wrapping_add((at as u64) << 40);
                    Plane::split(&words(plane.len(), choice).into(), 1).remove(0)
                };
                some.then(|| self.with_planes(planes.iter().enumerate().map(random).collect()))
            }
            Message::Residues(vector) => {
                let integers = integers(vector.integers().filter(|values| !values.is_empty())?.len());
                Some(Message::Residues(Residues::build(Content::Values, integers.len(), || integers)))
            }
            Message::Opaque(_) => None,
            Message::Digest(digest) => Some(Message::Digest(Digest { altered: true, ..digest.clone() })),
            Message::Many(parts) => {
                let random = |(at, part): (usize, &Message)| {
                    part.with_random_content(choice.wrapping_add((at as u64) << 48))
                };
                let random: Vec<Option<Message>> = parts.iter().enumerate().map(random).collect();
                let some = random.iter().any(Option::is_some);
                let all = random.into_iter().zip(parts).map(|(random, part)| random.unwrap_or(part.clone()));
                some.then(|| Message::Many(all.collect()))
            }
        }
    }

    /// Other planes, sent in the same way.
    fn with_planes(&self, planes: Vec<Plane>) -> Message {
        if matches!(self, Message::Bytes(_)) { Message::Bytes(planes) } else { Message::Bits(planes) }
    }

    /// Whether two messages can stand for each other: the same kinds of content, as much of each.
    pub fn has_form_of(&self, other: &Message) -> bool {
        match (self, other) {
            (Message::Ring(x), Message::Ring(y)) | (Message::Ring32(x), Message::Ring32(y)) => {
                x.len() == y.len()
            }
            (Message::Wide(x), Message::Wide(y)) => x.len() == y.len(),
            (Message::Extended(x), Message::Extended(y)) => x.len() == y.len(),
            (Message::Residues(x), Message::Residues(y)) => x.len() == y.len(),
            (Message::Bits(x), Message::Bits(y)) | (Message::Bytes(x), Message::Bytes(y)) => {
                x.len() == y.len() && x.iter().zip(y).all(|(x, y)| x.len() == y.len())
            }
            (Message::Opaque(x), Message::Opaque(y)) => x == y,
            (Message::Digest(x), Message::Digest(y)) => x.bytes == y.bytes,
            (Message::Many(x), Message::Many(y)) => {
                x.len() == y.len() && x.iter().zip(y).all(|(x, y)| x.has_form_of(y))
            }
            _ => false,
        }
    }

    /// Whether two messages say the same. Messages without content always do.
    pub(in crate::protocol) fn same(&self, other: &Message) -> bool {
        match (self, other) {
            (Message::Ring(x), Message::Ring(y)) | (Message::Ring32(x), Message::Ring32(y)) => {
                x.is_same(y) || x == y
            }
            (Message::Wide(x), Message::Wide(y)) => x == y,
            (Message::Extended(x), Message::Extended(y)) => x == y,
            (Message::Bits(x), Message::Bits(y)) | (Message::Bytes(x), Message::Bytes(y)) => x == y,
            (Message::Residues(x), Message::Residues(y)) => x == y,
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
    party.recv(from).await.into_ring()
}

/// Receives planes of bits.
pub(crate) async fn receive_bits(party: &Party<Message>, from: usize) -> Vec<Plane> {
    party.recv(from).await.into_bits()
}

/// Receives residues.
pub(crate) async fn receive_residues(party: &Party<Message>, from: usize) -> Residues<67> {
    party.recv(from).await.into_residues()
}
