//! Elements, or what is known of them without having them in memory.

use std::any::Any;
use std::fmt::Debug;
use std::sync::{Arc, OnceLock};

use super::fused::Operand;
use super::mcg::Position;
use super::words::Words;
use super::workers::{pieces_of, spread};

/// Elements that are worth being copied or added to by a thread of their own.
pub(in crate::ring) const PARALLEL_COPY: usize = 1 << 13;

/// What a vector or plane is made of.
#[derive(Debug)]
pub(in crate::ring) enum Memory {
    /// Words in memory.
    Words(Words),
    /// Words that follow from little, as many as said.
    Implied(Implied, usize, OnceLock<Words>),
    /// Words that may not have been computed yet.
    Awaited(Arc<dyn Awaited>),
}

/// Words that are computed when somebody needs them: results of a formula, or of matrix products.
pub(in crate::ring) trait Awaited: Any + Debug + Send + Sync {
    /// All of them, computed if they were not.
    fn words(&self) -> &Words;
    /// Whether they were.
    fn is_computed(&self) -> bool;
}

/// What words follow from. A formula makes them as it goes; whoever wants them in memory has them put there, once.
#[derive(Debug)]
pub(in crate::ring) enum Implied {
    /// Random numbers from this place on.
    Drawn(Position),
    /// All the same.
    Constant(u64),
    /// Those of several places, one after the other.
    Joined(Vec<Slice>),
}

/// A part of a memory.
#[derive(Clone, Debug)]
pub(in crate::ring) struct Slice {
    pub memory: Arc<Memory>,
    /// Place of the first word.
    pub start: usize,
    pub len: usize,
}

impl Slice {
    /// The words, for a formula.
    pub fn operand(&self) -> Operand<'_> {
        self.memory.operand(self.start, self.len)
    }

    /// Writes the words elsewhere.
    pub fn write_to(&self, out: &mut [u64]) {
        match self.operand() {
            Operand::Words(words) => copy(words, out),
            Operand::Drawn(position) => position.fill(out),
            Operand::Constant(word) => out.fill(word),
        }
    }

    /// Writes the words of several, one after the other.
    pub fn write_all(parts: &[Slice], mut out: &mut [u64]) {
        for part in parts {
            let (place, rest) = out.split_at_mut(part.len);
            part.write_to(place);
            out = rest;
        }
    }
}

/// Copies, with several threads if that is worth it.
fn copy(from: &[u64], to: &mut [u64]) {
    let count = pieces_of(from.len(), PARALLEL_COPY);
    if count == 1 {
        return to.copy_from_slice(from);
    }
    let each = from.len().div_ceil(count);
    let pieces = to.chunks_mut(each).zip(from.chunks(each)).collect();
    spread(pieces, |(to, from): (&mut [u64], &[u64])| to.copy_from_slice(from));
}

impl Memory {
    /// `len` words that follow from something.
    pub fn implied(implied: Implied, len: usize) -> Self {
        Memory::Implied(implied, len, OnceLock::new())
    }

    /// All words, put into memory if they were not.
    pub fn words(&self) -> &Words {
        match self {
            Memory::Words(words) => words,
            Memory::Awaited(awaited) => awaited.words(),
            Memory::Implied(implied, len, words) => words.get_or_init(|| match implied {
                Implied::Constant(word) => Words::filled(*len, *word),
                Implied::Drawn(position) => {
                    let mut words = Words::any(*len);
                    position.fill(&mut words);
                    words
                }
                Implied::Joined(parts) => {
                    let mut words = Words::any(*len);
                    Slice::write_all(parts, &mut words);
                    words
                }
            }),
        }
    }

    /// Some of the words, for a formula.
    pub fn operand(&self, start: usize, len: usize) -> Operand<'_> {
        match self {
            Memory::Implied(Implied::Constant(word), ..) => Operand::Constant(*word),
            Memory::Implied(Implied::Drawn(position), _, words) if words.get().is_none() => {
                Operand::Drawn(position.after(start))
            }
            _ => Operand::Words(&self.words()[start..start + len]),
        }
    }

    /// The word that all words are known to be.
    pub fn constant(&self) -> Option<u64> {
        match self {
            Memory::Implied(Implied::Constant(word), ..) => Some(*word),
            _ => None,
        }
    }

    /// Whether somebody has to compute the words first.
    pub fn is_awaited(&self) -> bool {
        matches!(self, Memory::Awaited(awaited) if !awaited.is_computed())
    }

    /// What computes the words, or has, if it is of this type.
    pub fn awaited<T: Awaited>(&self) -> Option<Arc<T>> {
        let Memory::Awaited(awaited) = self else { return None };
        let any: Arc<dyn Any + Send + Sync> = Arc::clone(awaited) as _;
        any.downcast().ok()
    }

    /// The places that these words come from, if they were not put into one memory yet.
    pub fn parts(&self) -> Option<&[Slice]> {
        match self {
            Memory::Implied(Implied::Joined(parts), _, words) if words.get().is_none() => Some(parts),
            _ => None,
        }
    }
}
