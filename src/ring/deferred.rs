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
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::Wrapping;
use std::slice;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::dispatch::Level;
use super::fused::{Element, apply};
use super::mcg::Position;
use super::memory::Memory;
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
enum OperandIdentity {
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
    fn identity(&self) -> OperandIdentity {
        match self {
            // A result is the same before and after it was computed.
            Operand::Words(memory, start) => match &**memory {
                Memory::Deferred(of) => OperandIdentity::Result(Arc::downgrade(of), *start),
                _ => OperandIdentity::Words(Arc::downgrade(memory), *start),
            },
            Operand::Result(of, number) => OperandIdentity::Result(Arc::downgrade(of), number * of.stride()),
            Operand::Drawn(position) => OperandIdentity::Drawn(*position),
            Operand::Constant(word) => OperandIdentity::Constant(*word),
        }
    }
}

/// A function of the elements at one place, applied to a tile.
trait Function: Send + Sync {
    /// # Safety
    /// As many operands as the function has are valid for reads of `n` elements, as many results for writes. Nothing
    /// else accesses the results meanwhile, and no operand lies there.
    unsafe fn apply(
        &self,
        level: Level,
        n: usize,
        x: &[*const u64; OPERANDS],
        first: *mut u64,
        second: *mut u64,
    );
}

struct FunctionOf<const C: usize, const I: usize, const O: usize, F>([Element; C], F);

impl<const C: usize, const I: usize, const O: usize, F> Function for FunctionOf<C, I, O, F>
where
    F: Fn([Element; C], [Element; I]) -> [Element; O] + Send + Sync,
{
    unsafe fn apply(
        &self,
        level: Level,
        n: usize,
        x: &[*const u64; OPERANDS],
        first: *mut u64,
        second: *mut u64,
    ) {
        let FunctionOf(constants, f) = self;
        let constants = *constants;
        // SAFETY: as the caller vouches for; a second result is only written if there is one.
        let (x, first, second) = unsafe {
            (
                from_fn(|k| slice::from_raw_parts(x[k], n)),
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
            compute(&deferred, all_noted(len));
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
            compute(self, connected(self, all_noted(self.len)));
        }
        self.words.get().expect("computed above")
    }

    /// What is to be computed, if it was not.
    fn formula(&self) -> Option<Arc<Formula>> {
        self.formula.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What this thread has noted for a length and not computed, in the order in which it was noted.
fn all_noted(len: usize) -> Vec<Arc<Deferred>> {
    NOTED.with_borrow_mut(|noted| {
        let Some(same_length) = noted.get_mut(&len) else { return Vec::new() };
        let mut pending = Vec::new();
        same_length.retain(|noted| {
            let alive = noted.deferred.upgrade();
            let keep = alive.is_some();
            pending.extend(alive.filter(|deferred| !deferred.is_computed()));
            keep
        });
        pending
    })
}

/// Those that have to do with `wanted`: each is an operand of another, directly or through others.
fn connected(wanted: &Arc<Deferred>, noted: Vec<Arc<Deferred>>) -> Vec<Arc<Deferred>> {
    let mut group: Vec<usize> = (0..noted.len()).collect();
    let places: BTreeMap<*const Deferred, usize> =
        noted.iter().enumerate().map(|(i, noted)| (Arc::as_ptr(noted), i)).collect();
    fn first(group: &mut [usize], mut i: usize) -> usize {
        while group[i] != i {
            group[i] = group[group[i]];
            i = group[i];
        }
        i
    }
    for (i, deferred) in noted.iter().enumerate() {
        for operand in deferred.formula().iter().flat_map(|formula| &formula.operands) {
            if let Operand::Result(of, _) = operand
                && let Some(&j) = places.get(&Arc::as_ptr(of))
            {
                let (a, b) = (first(&mut group, i), first(&mut group, j));
                group[a] = b;
            }
        }
    }
    let Some(&place) = places.get(&Arc::as_ptr(wanted)) else { return Vec::new() };
    let own = first(&mut group, place);
    let mut together = noted.into_iter().enumerate();
    std::iter::from_fn(|| together.next())
        .filter(|(i, _)| first(&mut group, *i) == own)
        .map(|(_, d)| d)
        .collect()
}

/// Computes `wanted` and, in the same pass, what the others are that somebody holds.
fn compute(wanted: &Arc<Deferred>, others: Vec<Arc<Deferred>>) {
    let mut order = Order::default();
    for deferred in others.iter().chain([wanted]) {
        order.visit(deferred);
    }
    drop(others);
    let Order { formulas, .. } = order;
    if formulas.is_empty() {
        return;
    }
    // What nobody holds but these formulas is not written.
    let mut held_here = BTreeMap::new();
    for (_, formula) in &formulas {
        for operand in &formula.operands {
            if let Operand::Result(of, _) = operand {
                *held_here.entry(Arc::as_ptr(of)).or_insert(1) += 1;
            }
        }
    }
    let is_held = |deferred: &Arc<Deferred>| {
        Arc::ptr_eq(deferred, wanted)
            || Arc::strong_count(deferred) > *held_here.get(&Arc::as_ptr(deferred)).unwrap_or(&1)
    };
    let mut memories: Vec<Option<Words>> = formulas
        .iter()
        .map(|(deferred, _)| is_held(deferred).then(|| Words::any(deferred.results * deferred.stride())))
        .collect();
    let written: Vec<bool> = memories.iter().map(Option::is_some).collect();
    let program = Program::new(&formulas, &written);
    program.run(wanted.len, memories.iter_mut().flatten().map(|words| &mut **words).collect());
    drop(program);
    for ((deferred, _), words) in formulas.iter().zip(memories) {
        if let Some(words) = words {
            // Another thread may have been first, with the same words.
            let _ = deferred.words.set(words);
            deferred.formula.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// Formulas that are not computed, operands before what is made of them.
#[derive(Default)]
struct Order {
    formulas: Vec<(Arc<Deferred>, Arc<Formula>)>,
    seen: BTreeSet<*const Deferred>,
}

impl Order {
    fn visit(&mut self, deferred: &Arc<Deferred>) {
        if deferred.is_computed() || !self.seen.insert(Arc::as_ptr(deferred)) {
            return;
        }
        // None if another thread has just computed it.
        let Some(formula) = deferred.formula() else { return };
        for operand in &formula.operands {
            if let Operand::Result(of, _) = operand {
                self.visit(of);
            }
        }
        self.formulas.push((Arc::clone(deferred), formula));
    }
}
