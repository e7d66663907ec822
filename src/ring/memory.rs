//! Elements, or what is known of them without having them in memory.

use std::sync::{Arc, OnceLock};

use super::deferred::Deferred;
use super::fused::Operand;
use super::mcg::Position;
use super::product::Product;
use super::vector::Vector;
use super::words::Words;

/// What a vector or plane is made of.
#[derive(Debug)]
pub(in crate::ring) enum Memory {
    /// Words in memory.
    Words(Words),
    /// Words that follow from little, as many as said.
    Implied(Implied, usize, OnceLock<Words>),
    /// Results of a formula that may not have been computed yet.
    Deferred(Arc<Deferred>),
    /// A sum of matrix products that may not have been computed yet.
    Product(Arc<Product>),
}

/// What words follow from. A formula makes them as it goes; whoever wants them in memory has them put there, once.
#[derive(Debug)]
pub(in crate::ring) enum Implied {
    /// Random numbers from this place on.
    Drawn(Position),
    /// All the same.
    Constant(u64),
    /// Those of several vectors, one after the other.
    Joined(Vec<Vector>),
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
            Memory::Deferred(deferred) => deferred.words(),
            Memory::Product(product) => product.words(),
            Memory::Implied(implied, len, words) => words.get_or_init(|| match implied {
                Implied::Constant(word) => Words::filled(*len, *word),
                Implied::Drawn(position) => {
                    let mut words = Words::any(*len);
                    position.fill(&mut words);
                    words
                }
                Implied::Joined(parts) => {
                    let mut words = Words::any(*len);
                    Vector::write_all(parts, &mut words);
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

    /// The sum of matrix products that these words are, if it was not computed yet.
    pub fn pending_product(&self) -> Option<&Product> {
        match self {
            Memory::Product(product) => Some(&**product).filter(|product| !product.is_computed()),
            _ => None,
        }
    }

    /// The vectors that these words come from, if they were not put into one memory yet.
    pub fn parts(&self) -> Option<&[Vector]> {
        match self {
            Memory::Implied(Implied::Joined(parts), _, words) if words.get().is_none() => Some(parts),
            _ => None,
        }
    }
}
