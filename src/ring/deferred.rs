//! Formulas whose results nobody has asked for yet.
//!
//! Programs are chains of formulas on vectors as long as the weights. One after the other, each would write its results
//! to memory that is in no cache any more when the next one reads them. So a formula on long vectors is only noted. When
//! somebody wants elements (for a matrix product, say), all noted formulas that are connected with it are computed
//! together, a tile at a time: what one gives the next, whichever party it belongs to, stays in the first-level cache,
//! and only what somebody still holds afterwards is written.

mod program;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::dispatch::Level;
use super::fused::{Element, Tile, apply};
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
/// Noted formulas of one length; more are not noted before some have been computed.
const MOST: usize = 512;

/// Results of a formula, one after the other in one memory.
pub(in crate::ring) struct Deferred {
    /// Elements of each result.
    len: usize,
    /// Number of results.
    results: usize,
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

/// A function of the elements at one place, applied to a tile.
trait Function: Send + Sync {
    fn apply(&self, level: Level, x: &[&[u64]], results: &mut [Tile; RESULTS]);
}

struct FunctionOf<const I: usize, const O: usize, F>(F);

impl<const I: usize, const O: usize, F: Fn([Element; I]) -> [Element; O] + Send + Sync> Function
    for FunctionOf<I, O, F>
{
    fn apply(&self, level: Level, x: &[&[u64]], results: &mut [Tile; RESULTS]) {
        let x = x.first_chunk::<I>().expect("as many operands as the function has");
        let results = results.first_chunk_mut::<O>().expect("room for all results");
        apply(level, x, results, &self.0);
    }
}

thread_local! {
    /// What this thread has noted, by the length of results, in the order in which it was noted.
    static NOTED: RefCell<BTreeMap<usize, Vec<Weak<Deferred>>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Deferred {
    /// Notes `f` of operands with `len` elements each.
    pub fn new<const I: usize, const O: usize>(
        len: usize,
        operands: [Operand; I],
        f: impl Fn([Element; I]) -> [Element; O] + Send + Sync + 'static,
    ) -> Arc<Self> {
        const { assert!(I <= OPERANDS && O <= RESULTS) };
        let function = Box::new(FunctionOf(f));
        let formula = Arc::new(Formula { operands: operands.to_vec(), function });
        let deferred = Arc::new(Deferred {
            len,
            results: O,
            formula: Mutex::new(Some(formula)),
            words: OnceLock::new(),
        });
        let full = NOTED.with_borrow_mut(|noted| {
            let same_length = noted.entry(len).or_default();
            if same_length.len() >= MOST {
                same_length.retain(|noted| noted.upgrade().is_some_and(|noted| !noted.is_computed()));
            }
            same_length.push(Arc::downgrade(&deferred));
            same_length.len() >= MOST
        });
        if full {
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
        let mut alive = Vec::new();
        same_length.retain(|weak| {
            let pending = weak.upgrade().filter(|noted| !noted.is_computed());
            let keep = pending.is_some();
            alive.extend(pending);
            keep
        });
        alive
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
