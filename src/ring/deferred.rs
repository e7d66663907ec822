//! Formulas whose results nobody has asked for yet.
//!
//! Programs are chains of formulas on vectors as long as the weights. One after the other, each would write its results
//! to memory that is in no cache any more when the next one reads them. So a formula on long vectors is only noted. When
//! somebody wants elements (for a matrix product, say), all noted formulas that are connected with it are computed
//! together, a tile at a time: what one gives the next, whichever party it belongs to, stays in the first-level cache,
//! and only what somebody still holds afterwards is written.
//!
//! Parties that hold a component in common apply the same formulas to it. As long as somebody holds the results of a
//! formula, the same formula of the same operands is not noted again: parties share its results, as they share the
//! numbers that they draw in common.

mod program;

use std::any::TypeId;
use std::array::from_fn;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::Wrapping;
use std::slice;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::dispatch::Level;
use super::fused::{Element, apply};
use super::mcg::Position;
use super::memory::{Implied, Memory};
use super::product::Product;
use super::words::Words;
use program::Program;

/// Most operands of a formula.
const OPERANDS: usize = 8;
/// Most results of a formula.
const RESULTS: usize = 2;
/// Words between two results, so that equal places of both do not meet in the same set of a cache.
const GAP: usize = 13 * 8;
/// Noted formulas of one length; more are not noted before those that wait have been computed.
const MOST: usize = 512;

/// Results of a formula, one after the other in one memory.
pub(in crate::ring) struct Deferred {
    /// Elements of each result.
    len: usize,
    /// Number of results.
    results: usize,
    identity: Identity,
    /// What is to be computed, until it was.
    formula: Mutex<Option<Arc<Formula>>>,
    words: OnceLock<Words>,
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} results of {} elements", self.results, self.len)
    }
}

/// A function with its operands.
struct Formula {
    operands: Vec<Operand>,
    function: Box<dyn Function>,
}

impl Formula {
    /// Operands that are matrix products and not computed.
    fn pending_products(&self) -> impl Iterator<Item = &Product> {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Words(memory, _) => memory.pending_product(),
            _ => None,
        })
    }
}

/// What makes two formulas of one length the same.
#[derive(PartialEq, Hash)]
struct Identity {
    /// All that it does follows from its type and the constants.
    function: TypeId,
    constants: Vec<u64>,
    operands: Vec<OperandIdentity>,
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
            Operand::Words(memory, start) => match &**memory {
                Memory::Deferred(of) => OperandIdentity::Result(Arc::downgrade(of), *start),
                Memory::Implied(Implied::Drawn(position), ..) => {
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
struct TilePlaces {
    /// Elements of each.
    n: usize,
    operands: [*const u64; OPERANDS],
    results: [*mut u64; RESULTS],
}

/// A function of the elements at one place, applied to a tile.
trait Function: Send + Sync {
    /// # Safety
    /// As many operands as the function has are valid for reads of `n` elements, as many results for writes. Nothing
    /// else accesses the results meanwhile, and no operand lies there.
    unsafe fn apply(&self, level: Level, tile: &TilePlaces);
}

struct FunctionOf<const C: usize, const I: usize, const O: usize, F>([Element; C], F);

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

/// A formula that was noted, with a hash of its identity.
struct Noted {
    hash: u64,
    deferred: Weak<Deferred>,
}

thread_local! {
    /// What this thread has noted, by the length of results, in the order in which it was noted.
    static NOTED: RefCell<BTreeMap<usize, Vec<Noted>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Deferred {
    /// `f` of constants and of operands with `len` elements each: noted now, or by somebody who still holds it.
    pub fn new<const C: usize, const I: usize, const O: usize, F>(
        len: usize,
        constants: [u64; C],
        operands: [Operand; I],
        f: F,
    ) -> Arc<Self>
    where
        F: Fn([Element; C], [Element; I]) -> [Element; O] + Send + Sync + 'static,
    {
        const { assert!(I <= OPERANDS && O <= RESULTS) };
        const { assert!(size_of::<F>() == 0, "a function that depends on nothing but its arguments") };
        let identity = Identity {
            function: TypeId::of::<F>(),
            constants: constants.to_vec(),
            operands: operands.iter().map(Operand::identity).collect(),
        };
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        let hash = hasher.finish();
        let (deferred, is_full) = NOTED.with_borrow_mut(|noted| {
            let same_length = noted.entry(len).or_default();
            let mut candidates = same_length.iter().filter(|noted| noted.hash == hash);
            let same =
                candidates.find_map(|noted| noted.deferred.upgrade().filter(|d| d.identity == identity));
            if let Some(same) = same {
                return (same, false);
            }
            if same_length.len() >= MOST {
                same_length
                    .retain(|noted| noted.deferred.upgrade().is_some_and(|noted| !noted.is_computed()));
            }
            let function = Box::new(FunctionOf(constants.map(Wrapping), f));
            let formula = Arc::new(Formula { operands: operands.to_vec(), function });
            let deferred = Arc::new(Deferred {
                len,
                results: O,
                identity,
                formula: Mutex::new(Some(formula)),
                words: OnceLock::new(),
            });
            same_length.push(Noted { hash, deferred: Arc::downgrade(&deferred) });
            (deferred, same_length.len() >= MOST)
        });
        if is_full {
            compute(&deferred, Extent::All);
        }
        deferred
    }

    /// Elements of each result.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Words from the beginning of a result to that of the next.
    pub fn stride(&self) -> usize {
        self.len + GAP
    }

    /// Whether the results are in memory.
    pub fn is_computed(&self) -> bool {
        self.words.get().is_some()
    }

    /// All results, computed if they were not.
    pub fn words(self: &Arc<Self>) -> &Words {
        if !self.is_computed() {
            compute(self, Extent::Connected);
        }
        self.words.get().expect("computed above")
    }

    /// What is to be computed, if it was not.
    fn formula(&self) -> Option<Arc<Formula>> {
        self.formula.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is computed along with a formula that somebody needs.
#[derive(Clone, Copy)]
enum Extent {
    /// What has to do with it: each is an operand of another, directly or through others. What needs a matrix product that
    /// is not computed can wait, as the product can.
    Connected,
    /// All that was noted for the length.
    All,
}

/// Formulas of one length that are not computed, operands before what is made of them.
struct Pending {
    formulas: Vec<(Arc<Deferred>, Arc<Formula>)>,
    /// The place of each of them, by address.
    places: Vec<(*const Deferred, usize)>,
}

impl Pending {
    /// What this thread has noted for the length of `wanted`, in the order in which it was noted; `wanted` alone if another
    /// thread has noted it.
    fn with(wanted: &Arc<Deferred>) -> Self {
        let mut pending = Vec::new();
        NOTED.with_borrow_mut(|noted| {
            noted.entry(wanted.len).or_default().retain(|noted| {
                let deferred = noted.deferred.upgrade();
                let keep = deferred.is_some();
                pending.extend(deferred);
                keep
            });
        });
        if !pending.iter().any(|deferred| Arc::ptr_eq(deferred, wanted)) {
            pending = vec![Arc::clone(wanted)];
        }
        // Without those that are computed.
        let with_formula = |deferred: Arc<Deferred>| Some((Arc::clone(&deferred), deferred.formula()?));
        Pending::of(pending.into_iter().filter_map(with_formula).collect())
    }

    fn of(formulas: Vec<(Arc<Deferred>, Arc<Formula>)>) -> Self {
        let mut places: Vec<_> =
            formulas.iter().enumerate().map(|(i, (deferred, _))| (Arc::as_ptr(deferred), i)).collect();
        places.sort_unstable();
        Pending { formulas, places }
    }

    /// The place of a formula.
    fn place(&self, of: &Arc<Deferred>) -> Option<usize> {
        let found = self.places.binary_search_by_key(&Arc::as_ptr(of), |(address, _)| *address);
        found.ok().map(|i| self.places[i].1)
    }

    /// The places of the formulas whose results another needs.
    fn needs(&self, formula: &Formula) -> impl Iterator<Item = usize> {
        formula.operands.iter().filter_map(|operand| match operand {
            Operand::Result(of, _) => self.place(of),
            _ => None,
        })
    }

    /// Which formulas are needed for that at a place, itself among them.
    fn needed_for(&self, wanted: usize) -> Vec<bool> {
        let mut needed = vec![false; self.formulas.len()];
        needed[wanted] = true;
        for (i, (_, formula)) in self.formulas.iter().enumerate().rev() {
            if needed[i] {
                self.needs(formula).for_each(|operand| needed[operand] = true);
            }
        }
        needed
    }

    /// Which formulas have to do with that at a place and need not wait for a matrix product.
    fn connected_with(&self, wanted: usize) -> Vec<bool> {
        fn first(group: &mut [usize], mut i: usize) -> usize {
            while group[i] != i {
                group[i] = group[group[i]];
                i = group[i];
            }
            i
        }
        let mut group: Vec<usize> = (0..self.formulas.len()).collect();
        let mut waits = vec![false; self.formulas.len()];
        for (i, (_, formula)) in self.formulas.iter().enumerate() {
            waits[i] = formula.pending_products().next().is_some()
                || self.needs(formula).any(|operand| waits[operand]);
            if !waits[i] {
                for operand in self.needs(formula) {
                    let (a, b) = (first(&mut group, i), first(&mut group, operand));
                    group[a] = b;
                }
            }
        }
        let own = first(&mut group, wanted);
        (0..group.len()).map(|i| !waits[i] && first(&mut group, i) == own).collect()
    }

    /// Computes what the chosen formulas need and is no formula here; whether there was anything.
    fn compute_operands(&self, chosen: &[bool]) -> bool {
        let mut any = false;
        for ((_, formula), _) in self.formulas.iter().zip(chosen).filter(|(_, chosen)| **chosen) {
            for operand in &formula.operands {
                let computed = match operand {
                    Operand::Words(memory, _) if memory.pending_product().is_some() => Some(memory.words()),
                    // Noted by another thread.
                    Operand::Result(of, _) if !of.is_computed() && self.place(of).is_none() => {
                        Some(of.words())
                    }
                    _ => None,
                };
                any |= computed.is_some();
            }
        }
        any
    }

    /// Keeps the chosen formulas.
    fn keep(self, chosen: &[bool]) -> Self {
        let chosen = self.formulas.into_iter().zip(chosen).filter(|(_, chosen)| **chosen);
        Pending::of(chosen.map(|(formula, _)| formula).collect())
    }

    /// Which formulas somebody holds besides these here.
    fn held(&self) -> Vec<bool> {
        let mut held_here = vec![1; self.formulas.len()];
        for (_, formula) in &self.formulas {
            self.needs(formula).for_each(|operand| held_here[operand] += 1);
        }
        let counts = self.formulas.iter().map(|(deferred, _)| Arc::strong_count(deferred));
        counts.zip(held_here).map(|(all, here)| all > here).collect()
    }
}

/// Computes `wanted` and, in the same pass, what belongs to the extent and somebody holds.
fn compute(wanted: &Arc<Deferred>, extent: Extent) {
    let pending = loop {
        let pending = Pending::with(wanted);
        // None if it has been computed by now.
        let Some(place) = pending.place(wanted) else { return };
        let chosen = match extent {
            Extent::Connected => pending.needed_for(place),
            Extent::All => vec![true; pending.formulas.len()],
        };
        // Matrix products come first. Some of the formulas may be computed for them.
        if pending.compute_operands(&chosen) {
            continue;
        }
        break match extent {
            Extent::Connected => {
                let connected = pending.connected_with(place);
                pending.keep(&connected)
            }
            Extent::All => pending,
        };
    };
    // What nobody holds is not written.
    let written = pending.held();
    let formulas = pending.formulas.iter().zip(&written);
    let mut memories: Vec<Option<Words>> = formulas
        .map(|((deferred, _), written)| written.then(|| Words::any(deferred.results * deferred.stride())))
        .collect();
    let program = Program::new(&pending, &written);
    program.run(wanted.len, memories.iter_mut().flatten().map(|words| &mut **words).collect());
    drop(program);
    for ((deferred, _), words) in pending.formulas.iter().zip(memories) {
        if let Some(words) = words {
            // Another thread may have been first, with the same words.
            let _ = deferred.words.set(words);
            deferred.formula.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}
