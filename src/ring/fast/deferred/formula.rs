//! A formula of vectors, which may wait to be computed.

use std::any::TypeId;
use std::array::from_fn;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::slice;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use crate::ring::fast::dispatch::Level;
use crate::ring::fast::fused::{Element, apply};
use crate::ring::fast::mcg::Position;
use crate::ring::fast::memory::{Implied, Memory};
use crate::ring::fast::words::Words;

/// Most operands of a formula.
pub(super) const OPERANDS: usize = 8;
/// Most results of a formula.
pub(super) const RESULTS: usize = 2;
/// Words between two results, so that equal places of both do not meet in the same set of a cache.
pub(super) const GAP: usize = 13 * 8;

/// Results of a formula, one after the other in one memory.
pub(in crate::ring) struct Deferred {
    /// Elements of each result.
    pub(super) len: usize,
    /// Number of results.
    pub(super) results: usize,
    pub(super) identity: Identity,
    /// What is to be computed, until it was.
    pub(super) formula: Mutex<Option<Arc<Formula>>>,
    pub(super) words: OnceLock<Words>,
    /// Itself.
    pub(super) this: Weak<Deferred>,
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} results of {} elements", self.results, self.len)
    }
}

/// A function with its operands.
pub(super) struct Formula {
    pub operands: Vec<Operand>,
    pub function: Box<dyn Function>,
}

impl Formula {
    /// Whether it needs a matrix product that is not computed.
    pub fn awaits_product(&self) -> bool {
        self.operands
            .iter()
            .any(|operand| matches!(operand, Operand::Words(memory, _) if memory.is_awaited()))
    }
}

/// What makes two formulas of one length the same.
#[derive(PartialEq, Hash)]
pub(super) struct Identity {
    /// All that it does follows from its type and the constants.
    pub function: TypeId,
    pub constants: Vec<u64>,
    pub operands: Vec<OperandIdentity>,
}

/// What an operand is: where its memory is, or was, and the place of the first element there. Nothing else can come to be
/// at that address, as long as it is known here.
pub(in crate::ring) enum OperandIdentity {
    Words(Weak<Memory>, usize),
    Result(Weak<Deferred>, usize),
    Drawn(Position),
    Constant(u64),
}

impl PartialEq for OperandIdentity {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Words(a, start), Self::Words(b, other)) => a.ptr_eq(b) && start == other,
            (Self::Result(a, start), Self::Result(b, other)) => a.ptr_eq(b) && start == other,
            (Self::Drawn(position), Self::Drawn(other)) => position == other,
            (Self::Constant(word), Self::Constant(other)) => word == other,
            _ => false,
        }
    }
}

impl Hash for OperandIdentity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Words(memory, start) => (memory.as_ptr().addr(), start).hash(state),
            Self::Result(of, start) => (of.as_ptr().addr(), start).hash(state),
            Self::Drawn(position) => position.hash(state),
            Self::Constant(word) => word.hash(state),
        }
    }
}

/// An operand of a formula.
#[derive(Clone)]
pub(in crate::ring) enum Operand {
    /// In memory, from some place on.
    Words(Arc<Memory>, usize),
    /// Random numbers from some place on.
    Drawn(Position),
    /// Always this.
    Constant(u64),
    /// A result of another formula, by its number.
    Result(Arc<Deferred>, usize),
}

impl Operand {
    pub fn identity(&self) -> OperandIdentity {
        match self {
            // The same before and after it was put into memory.
            Operand::Words(memory, start) => match (&**memory, memory.awaited::<Deferred>()) {
                (_, Some(of)) => OperandIdentity::Result(Arc::downgrade(&of), *start),
                (Memory::Implied(Implied::Drawn(position), ..), _) => {
                    OperandIdentity::Drawn(position.after(*start))
                }
                _ => OperandIdentity::Words(Arc::downgrade(memory), *start),
            },
            Operand::Result(of, number) => OperandIdentity::Result(Arc::downgrade(of), number * of.stride()),
            Operand::Drawn(position) => OperandIdentity::Drawn(*position),
            Operand::Constant(word) => OperandIdentity::Constant(*word),
        }
    }
}

/// Where a function finds the elements of a tile, and where it leaves what it gives.
pub(super) struct TilePlaces {
    /// Elements of each.
    pub n: usize,
    pub operands: [*const u64; OPERANDS],
    pub results: [*mut u64; RESULTS],
}

/// A function of the elements at one place, applied to a tile.
pub(super) trait Function: Send + Sync {
    /// # Safety
    /// As many operands as the function has are valid for reads of `n` elements, as many results for writes. Nothing
    /// else accesses the results meanwhile, and no operand lies there.
    unsafe fn apply(&self, level: Level, tile: &TilePlaces);
}

/// A function and its constants.
pub(super) struct FunctionOf<const C: usize, const I: usize, const O: usize, F>(pub [Element; C], pub F);

impl<const C: usize, const I: usize, const O: usize, F> Function for FunctionOf<C, I, O, F>
where
    F: Fn([Element; C], [Element; I]) -> [Element; O] + Send + Sync,
{
    unsafe fn apply(&self, level: Level, tile: &TilePlaces) {
        let TilePlaces { n, operands, results: [first, second] } = *tile;
        let FunctionOf(constants, f) = self;
        let constants = *constants;
        // SAFETY: as the caller vouches for; a second result is only written if there is one.
        let (x, first, second) = unsafe {
            (
                from_fn(|k| slice::from_raw_parts(operands[k], n)),
                slice::from_raw_parts_mut(first, n),
                if O == 2 { slice::from_raw_parts_mut(second, n) } else { &mut [] },
            )
        };
        apply(level, &x, first, second, &|x: [Element; I]| f(constants, x));
    }
}

impl Deferred {
    /// Elements of each result.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Words from the beginning of a result to that of the next.
    pub fn stride(&self) -> usize {
        self.len + GAP
    }

    /// What is to be computed, if it was not.
    pub(super) fn formula(&self) -> Option<Arc<Formula>> {
        self.formula.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
