//! Formulas whose results nobody has asked for yet.
//!
//! Programs are chains of formulas on vectors as long as the weights. One after the other, each would write its results
//! to memory that is in no cache any more when the next one reads them. So a formula on long vectors is only noted. When
//! somebody wants elements (for a matrix product, say), all noted formulas that are connected with it are computed
//! together, a tile at a time: what one gives the next, whichever party it belongs to, stays in the first-level cache,
//! and only what somebody still holds afterwards is written.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::dispatch::Level;
use super::fused::{Element, TILE, Tile, Tiles, apply};
use super::mcg::{Position, Stream};
use super::memory::Memory;
use super::words::Words;
use super::workers::spread;

/// Most operands of a formula.
const OPERANDS: usize = 8;
/// Most results of a formula.
const RESULTS: usize = 2;
/// Elements that are worth a task of their own.
const TASK: usize = 32 * TILE;
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

/// Where a step finds an operand.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// In a tile that is used again later.
    Tile(usize),
    /// In one of the results that are written.
    Written(usize),
    /// In memory.
    Words(&'a [u64]),
}

/// What is done for each tile, in order.
enum Step<'a> {
    /// The next numbers of a stream go into a tile.
    Draw { stream: usize, tile: usize },
    /// A function of some places goes to others; what nobody needs goes nowhere.
    Apply { function: &'a dyn Function, operands: Vec<Place<'a>>, results: Vec<Option<Place<'a>>> },
}

/// All formulas as steps on tiles.
#[derive(Default)]
struct Program<'a> {
    steps: Vec<Step<'a>>,
    streams: Vec<Position>,
    /// Tiles that always hold the same.
    constants: Vec<(usize, u64)>,
    tiles: usize,
}

/// A value while steps are made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Result(*const Deferred, usize),
    Drawn(Position),
    Constant(u64),
}

impl<'a> Program<'a> {
    /// Steps for `formulas`; those marked are written, in this order, result after result.
    fn new(formulas: &'a [(Arc<Deferred>, Arc<Formula>)], written: &[bool]) -> Self {
        let mut last_use = BTreeMap::new();
        for (step, (_, formula)) in formulas.iter().enumerate() {
            for operand in &formula.operands {
                last_use.extend(value_of(operand).map(|value| (value, step)));
            }
        }
        let mut program = Program::default();
        let (mut places, mut free, mut next_written) = (BTreeMap::new(), Vec::new(), 0);
        for (step, (deferred, formula)) in formulas.iter().enumerate() {
            let operands: Vec<Place<'a>> = formula
                .operands
                .iter()
                .map(|operand| match (operand, value_of(operand)) {
                    (Operand::Words(memory, start), _) => {
                        Place::Words(&memory.words()[*start..*start + deferred.len])
                    }
                    (Operand::Result(of, number), None) => {
                        Place::Words(&of.words()[number * of.stride()..][..of.len])
                    }
                    (_, Some(value)) => {
                        *places.entry(value).or_insert_with(|| program.implied(value, &mut free))
                    }
                    (_, None) => unreachable!("what is not in memory is a value"),
                })
                .collect();
            // Tiles whose values nobody needs after this step; results may already go there, since a function gives its
            // results when it has read all operands.
            for value in formula.operands.iter().filter_map(value_of) {
                if last_use.get(&value) == Some(&step)
                    && !matches!(value, Value::Constant(_))
                    && let Some(Place::Tile(tile)) = places.remove(&value)
                {
                    free.push(tile);
                }
            }
            let results = (0..deferred.results)
                .map(|number| {
                    let value = Value::Result(Arc::as_ptr(deferred), number);
                    let place = if written[step] {
                        next_written += 1;
                        Place::Written(next_written - 1)
                    } else if last_use.contains_key(&value) {
                        Place::Tile(program.tile(&mut free))
                    } else {
                        return None;
                    };
                    places.insert(value, place);
                    Some(place)
                })
                .collect();
            program.steps.push(Step::Apply { function: &*formula.function, operands, results });
        }
        program
    }

    /// A tile nobody uses.
    fn tile(&mut self, free: &mut Vec<usize>) -> usize {
        free.pop().unwrap_or_else(|| {
            self.tiles += 1;
            self.tiles - 1
        })
    }

    /// The tile of a value that no formula gives.
    fn implied(&mut self, value: Value, free: &mut Vec<usize>) -> Place<'a> {
        match value {
            Value::Constant(word) => {
                // A new one: it is filled before the first step.
                let tile = self.tile(&mut Vec::new());
                self.constants.push((tile, word));
                Place::Tile(tile)
            }
            Value::Drawn(position) => {
                let tile = self.tile(free);
                self.streams.push(position);
                self.steps.push(Step::Draw { stream: self.streams.len() - 1, tile });
                Place::Tile(tile)
            }
            Value::Result(..) => unreachable!("operands come before what is made of them"),
        }
    }

    /// All steps for all of `len` elements; `memories` are those of the formulas that are written, in order. Large ones
    /// are spread over the current rayon pool.
    fn run(&self, len: usize, memories: Vec<&mut [u64]>) {
        let results = memories
            .into_iter()
            .flat_map(|words| words.chunks_exact_mut(len + GAP).map(|words| &mut words[..len]));
        if len < 2 * TASK || rayon::current_num_threads() == 1 {
            return self.run_piece(0, len, results.collect());
        }
        let mut pieces: Vec<Vec<&mut [u64]>> = Vec::new();
        pieces.resize_with(len.div_ceil(TASK), Vec::new);
        for result in results {
            pieces.iter_mut().zip(result.chunks_mut(TASK)).for_each(|(piece, part)| piece.push(part));
        }
        spread(pieces.into_iter().enumerate().collect(), |(i, written)| {
            self.run_piece(i * TASK, TASK.min(len - i * TASK), written);
        });
    }

    /// All steps for the elements from `start` on.
    fn run_piece(&self, start: usize, len: usize, mut written: Vec<&mut [u64]>) {
        let level = Level::best();
        let mut streams: Vec<Stream> =
            self.streams.iter().map(|position| position.after(start).stream(len)).collect();
        let mut tiles = Words::any(self.tiles * TILE);
        let tiles = tiles.as_chunks_mut::<TILE>().0;
        self.constants.iter().for_each(|&(tile, word)| tiles[tile].fill(word));
        let Tiles(results) = &mut Tiles([[0; TILE]; RESULTS]);
        for first in (0..len).step_by(TILE) {
            let n = TILE.min(len - first);
            for step in &self.steps {
                let (function, operands, places) = match step {
                    Step::Draw { stream, tile } => {
                        streams[*stream].fill(&mut tiles[*tile][..n]);
                        continue;
                    }
                    Step::Apply { function, operands, results } => (function, operands, results),
                };
                let mut x: [&[u64]; OPERANDS] = [&[]; OPERANDS];
                for (x, place) in x.iter_mut().zip(operands) {
                    *x = match *place {
                        Place::Tile(tile) => &tiles[tile][..n],
                        Place::Written(result) => &written[result][first..first + n],
                        Place::Words(words) => &words[start + first..start + first + n],
                    };
                }
                function.apply(level, &x[..operands.len()], results);
                for (result, place) in results.iter().zip(places) {
                    match place {
                        Some(Place::Tile(tile)) => tiles[*tile][..n].copy_from_slice(&result[..n]),
                        Some(Place::Written(number)) => {
                            written[*number][first..first + n].copy_from_slice(&result[..n]);
                        }
                        Some(Place::Words(_)) => unreachable!("results go to tiles or are written"),
                        None => {}
                    }
                }
            }
        }
    }
}

/// What an operand is, if it is not in memory.
fn value_of(operand: &Operand) -> Option<Value> {
    match operand {
        Operand::Words(..) => None,
        Operand::Drawn(position) => Some(Value::Drawn(*position)),
        Operand::Constant(word) => Some(Value::Constant(*word)),
        Operand::Result(of, number) => (!of.is_computed()).then_some(Value::Result(Arc::as_ptr(of), *number)),
    }
}
