//! Elements, or what is known of them without having them in memory.

use std::num::Wrapping;
use std::sync::{Arc, OnceLock};

use super::fused::{Operand, fuse};
use super::mcg::Position;
use super::words::Words;

/// What a vector or plane is made of.
#[derive(Debug)]
pub(in crate::ring) enum Memory {
    /// Words in memory.
    Words(Words),
    /// Words that follow from little, as many as said.
    Implied(Implied, usize, OnceLock<Words>),
}

/// What words follow from. A formula makes them as it goes; whoever wants them in memory has them put there, once.
#[derive(Debug)]
pub(in crate::ring) enum Implied {
    /// Random numbers from this place on.
    Drawn(Position),
    /// All the same.
    Constant(u64),
    /// A multiple of words in other memory, from some place on.
    Multiple(Arc<Memory>, usize, u64),
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
            Memory::Implied(implied, len, words) => words.get_or_init(|| match implied {
                Implied::Drawn(position) => {
                    let mut words = Words::any(*len);
                    position.fill(&mut words);
                    words
                }
                Implied::Constant(word) => Words::filled(*len, *word),
                Implied::Multiple(of, start, factor) => {
                    let mut words = Words::any(*len);
                    fuse([of.operand(*start, *len)], [&mut *words], |[x]| [x * Wrapping(*factor)]);
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
            Memory::Implied(Implied::Multiple(of, first, factor), _, words) if words.get().is_none() => {
                Operand::Multiple(&of.words()[first + start..first + start + len], *factor)
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
}
