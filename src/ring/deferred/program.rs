//! Several formulas as steps on tiles, done for one tile after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Deferred, Formula, Function, GAP, OPERANDS, Operand, RESULTS};
use crate::ring::dispatch::Level;
use crate::ring::fused::TILE;
use crate::ring::mcg::{Position, Stream};
use crate::ring::words::Words;
use crate::ring::workers::spread;

/// Elements that are worth a task of their own.
const TASK: usize = 32 * TILE;

/// Where a step leaves a result.
#[derive(Clone, Copy)]
enum Slot {
    /// In a tile that is used again later.
    Tile(usize),
    /// In one of the results that are written.
    Written(usize),
}

/// Where a step finds an operand.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// Where another step left it.
    Result(Slot),
    /// In memory.
    Words(&'a [u64]),
}

/// What is done for each tile, in order.
enum Step<'a> {
    /// The next numbers of a stream go into a tile.
    Draw { stream: usize, tile: usize },
    /// A function of some places goes to others.
    Apply { function: &'a dyn Function, operands: Vec<Place<'a>>, results: Vec<Slot> },
}

/// All formulas as steps on tiles.
#[derive(Default)]
pub(super) struct Program<'a> {
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
    pub fn new(formulas: &'a [(Arc<Deferred>, Arc<Formula>)], written: &[bool]) -> Self {
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
                    (_, Some(value)) => Place::Result(
                        *places.entry(value).or_insert_with(|| program.implied(value, &mut free)),
                    ),
                    (_, None) => unreachable!("what is not in memory is a value"),
                })
                .collect();
            // In other tiles than the operands: a function gives results while it reads.
            let results: Vec<Slot> = (0..deferred.results)
                .map(|_| {
                    if written[step] {
                        next_written += 1;
                        Slot::Written(next_written - 1)
                    } else {
                        Slot::Tile(program.tile(&mut free))
                    }
                })
                .collect();
            for (number, place) in results.iter().enumerate() {
                let value = Value::Result(Arc::as_ptr(deferred), number);
                match place {
                    // Nobody needs it.
                    Slot::Tile(tile) if !last_use.contains_key(&value) => free.push(*tile),
                    place => drop(places.insert(value, *place)),
                }
            }
            // Tiles whose values nobody needs after this step.
            for value in formula.operands.iter().filter_map(value_of) {
                if last_use.get(&value) == Some(&step)
                    && !matches!(value, Value::Constant(_))
                    && let Some(Slot::Tile(tile)) = places.remove(&value)
                {
                    free.push(tile);
                }
            }
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
    fn implied(&mut self, value: Value, free: &mut Vec<usize>) -> Slot {
        match value {
            Value::Constant(word) => {
                // A new one: it is filled before the first step.
                let tile = self.tile(&mut Vec::new());
                self.constants.push((tile, word));
                Slot::Tile(tile)
            }
            Value::Drawn(position) => {
                let tile = self.tile(free);
                self.streams.push(position);
                self.steps.push(Step::Draw { stream: self.streams.len() - 1, tile });
                Slot::Tile(tile)
            }
            Value::Result(..) => unreachable!("operands come before what is made of them"),
        }
    }

    /// All steps for all of `len` elements; `memories` are those of the formulas that are written, in order. Large ones
    /// are spread over the current rayon pool.
    pub fn run(&self, len: usize, memories: Vec<&mut [u64]>) {
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
        let mut memory = Words::any(self.tiles * TILE);
        let tiles = memory.as_chunks_mut::<TILE>().0;
        self.constants.iter().for_each(|&(tile, word)| tiles[tile].fill(word));
        let tiles: Vec<*mut u64> = tiles.iter_mut().map(|tile| tile.as_mut_ptr()).collect();
        assert!(written.iter().all(|result| result.len() == len), "a piece of each result");
        let written: Vec<*mut u64> = written.iter_mut().map(|result| result.as_mut_ptr()).collect();
        let place_of = |result: &Slot| match *result {
            Slot::Tile(tile) => Address { first: tiles[tile], moves: 0 },
            Slot::Written(number) => Address { first: written[number], moves: 1 },
        };
        let calls: Vec<Call<'_>> = self.steps.iter().map(|step| step.call(start, len, &place_of)).collect();
        for begin in (0..len).step_by(TILE) {
            let n = TILE.min(len - begin);
            for call in &calls {
                match call {
                    // SAFETY: a tile has at least n elements, and nothing refers to it now.
                    Call::Draw { stream, tile } => unsafe {
                        streams[*stream].fill(std::slice::from_raw_parts_mut(tile.first, n));
                    },
                    Call::Apply { function, operands, results } => {
                        let x = operands.map(|operand| operand.at(begin).cast_const());
                        let [first, second] = results.map(|result| result.at(begin));
                        // SAFETY: operands are tiles, or `len` elements of results or of other memory; results are tiles
                        // or `len` elements that are this piece's alone. `new` gives each result a place where no
                        // operand of its step is.
                        unsafe { function.apply(level, n, &x, first, second) };
                    }
                }
            }
        }
    }
}

/// Where the elements of a step are: at the same place for each tile, or further on in memory.
#[derive(Clone, Copy)]
struct Address {
    first: *mut u64,
    /// Elements from one element of the piece to the next: 0 or 1.
    moves: usize,
}

impl Address {
    const NOWHERE: Address = Address { first: std::ptr::null_mut(), moves: 0 };

    /// The place of the elements from `begin` on.
    fn at(self, begin: usize) -> *mut u64 {
        self.first.wrapping_add(begin * self.moves)
    }
}

/// A step of a piece.
enum Call<'a> {
    Draw { stream: usize, tile: Address },
    Apply { function: &'a dyn Function, operands: [Address; OPERANDS], results: [Address; RESULTS] },
}

impl<'a> Step<'a> {
    /// The step for `len` elements from `start` on; operands in memory are only read.
    fn call(&self, start: usize, len: usize, place_of: &impl Fn(&Slot) -> Address) -> Call<'a> {
        match self {
            Step::Draw { stream, tile } => Call::Draw { stream: *stream, tile: place_of(&Slot::Tile(*tile)) },
            Step::Apply { function, operands, results } => {
                let mut x = [Address::NOWHERE; OPERANDS];
                for (x, operand) in x.iter_mut().zip(operands) {
                    *x = match operand {
                        Place::Words(words) => {
                            Address { first: words[start..start + len].as_ptr().cast_mut(), moves: 1 }
                        }
                        Place::Result(result) => place_of(result),
                    };
                }
                let mut y = [Address::NOWHERE; RESULTS];
                y.iter_mut().zip(results).for_each(|(y, result)| *y = place_of(result));
                Call::Apply { function: *function, operands: x, results: y }
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
