//! Several formulas as steps on tiles, done for one tile after the other.

use std::ops::Range;

use super::formula::{Function, GAP, OPERANDS, Operand, RESULTS, TilePlaces};
use super::pending::Pending;
use crate::ring::fast::dispatch::Level;
use crate::ring::fast::fused::TILE;
use crate::ring::fast::mcg::{Position, Stream};
use crate::ring::fast::memory::Awaited;
use crate::ring::fast::words::Words;
use crate::ring::fast::workers::spread;

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
    /// A function of some places, by their numbers, goes to others.
    Apply { function: &'a dyn Function, operands: Range<usize>, results: [Option<Slot>; RESULTS] },
}

/// All formulas as steps on tiles.
#[derive(Default)]
pub(super) struct Program<'a> {
    steps: Vec<Step<'a>>,
    /// The operands of all steps.
    operands: Vec<Place<'a>>,
    streams: Vec<Position>,
    /// Tiles that always hold the same.
    constants: Vec<(usize, u64)>,
    tiles: usize,
    /// Tiles that nobody uses now.
    free: Vec<usize>,
}

/// What an operand is, in a list of formulas.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// A result of a formula of the list: the number of the formula, and that of the result.
    Result(usize, usize),
    /// Something without memory, by its number.
    Implied(usize),
    Words(&'a [u64]),
}

/// What an operand without memory is made from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Implied {
    Drawn(Position),
    Constant(u64),
}

/// A value while steps are made.
#[derive(Clone, Copy)]
struct Value {
    /// Where it is, once it is anywhere.
    slot: Option<Slot>,
    /// The last formula that needs it, if any does.
    last_use: Option<usize>,
}

impl Value {
    const NEW: Value = Value { slot: None, last_use: None };
}

impl<'a> Program<'a> {
    /// Steps for `formulas`; those marked are written, in this order, result after result.
    pub fn new(pending: &'a Pending, written: &[bool]) -> Self {
        let formulas = &pending.formulas;
        let mut results = vec![[Value::NEW; RESULTS]; formulas.len()];
        let mut implied: Vec<(Implied, Value)> = Vec::new();
        let mut sources: Vec<Source<'a>> = Vec::with_capacity(4 * formulas.len());
        for (step, (deferred, formula)) in formulas.iter().enumerate() {
            for operand in &formula.operands {
                let source = match operand {
                    Operand::Words(memory, start) => Source::Words(&memory.words()[*start..][..deferred.len]),
                    Operand::Result(of, number) => match pending.place(of) {
                        Some(place) => Source::Result(place, *number),
                        None => Source::Words(&of.words()[number * of.stride()..][..of.len]),
                    },
                    Operand::Drawn(position) => known(&mut implied, Implied::Drawn(*position)),
                    Operand::Constant(word) => known(&mut implied, Implied::Constant(*word)),
                };
                match source {
                    Source::Result(place, number) => results[place][number].last_use = Some(step),
                    Source::Implied(number) => implied[number].1.last_use = Some(step),
                    Source::Words(_) => {}
                }
                sources.push(source);
            }
        }
        let (mut program, mut next_written, mut sources) = (Program::default(), 0, &sources[..]);
        for (step, (deferred, formula)) in formulas.iter().enumerate() {
            let (own, later) = sources.split_at(formula.operands.len());
            sources = later;
            let first = program.operands.len();
            for source in own {
                let place = match *source {
                    Source::Words(words) => Place::Words(words),
                    Source::Result(place, number) => {
                        Place::Result(results[place][number].slot.expect("operands come first"))
                    }
                    Source::Implied(number) => {
                        let (of, value) = &mut implied[number];
                        Place::Result(*value.slot.get_or_insert_with(|| program.implied(*of)))
                    }
                };
                program.operands.push(place);
            }
            // In other tiles than the operands: a function gives results while it reads.
            let mut slots = [None; RESULTS];
            for slot in &mut slots[..deferred.results] {
                *slot = Some(if written[step] {
                    next_written += 1;
                    Slot::Written(next_written - 1)
                } else {
                    Slot::Tile(program.tile())
                });
            }
            for (value, slot) in results[step].iter_mut().zip(slots) {
                value.slot = slot;
                if value.last_use.is_none() {
                    program.release(slot);
                }
            }
            // Tiles whose values nobody needs after this step.
            for source in own {
                let value = match *source {
                    Source::Result(place, number) => &mut results[place][number],
                    Source::Implied(number) if matches!(implied[number].0, Implied::Drawn(_)) => {
                        &mut implied[number].1
                    }
                    _ => continue,
                };
                if value.last_use == Some(step) {
                    program.release(value.slot.take());
                }
            }
            let operands = first..program.operands.len();
            program.steps.push(Step::Apply { function: &*formula.function, operands, results: slots });
        }
        program
    }

    /// A tile nobody uses.
    fn tile(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| self.new_tile())
    }

    fn new_tile(&mut self) -> usize {
        self.tiles += 1;
        self.tiles - 1
    }

    /// What is there is not needed any more.
    fn release(&mut self, slot: Option<Slot>) {
        if let Some(Slot::Tile(tile)) = slot {
            self.free.push(tile);
        }
    }

    /// The tile of a value that no formula gives.
    fn implied(&mut self, of: Implied) -> Slot {
        Slot::Tile(match of {
            Implied::Constant(word) => {
                // A new one: it is filled before the first step.
                let tile = self.new_tile();
                self.constants.push((tile, word));
                tile
            }
            Implied::Drawn(position) => {
                let tile = self.tile();
                self.streams.push(position);
                self.steps.push(Step::Draw { stream: self.streams.len() - 1, tile });
                tile
            }
        })
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
        let calls: Vec<Call<'_>> =
            self.steps.iter().map(|step| self.call(step, start, len, &place_of)).collect();
        for begin in (0..len).step_by(TILE) {
            let n = TILE.min(len - begin);
            for call in &calls {
                match call {
                    // SAFETY: a tile has at least n elements, and nothing refers to it now.
                    Call::Draw { stream, tile } => unsafe {
                        streams[*stream].fill(std::slice::from_raw_parts_mut(tile.first, n));
                    },
                    Call::Apply { function, operands, results } => {
                        let tile = TilePlaces {
                            n,
                            operands: operands.map(|operand| operand.at(begin).cast_const()),
                            results: results.map(|result| result.at(begin)),
                        };
                        // SAFETY: operands are tiles, or `len` elements of results or of other memory; results are tiles
                        // or `len` elements that are this piece's alone. `new` gives each result a place where no
                        // operand of its step is.
                        unsafe { function.apply(level, &tile) };
                    }
                }
            }
        }
    }

    /// A step for `len` elements from `start` on; operands in memory are only read.
    fn call(
        &self,
        step: &Step<'a>,
        start: usize,
        len: usize,
        place_of: &impl Fn(&Slot) -> Address,
    ) -> Call<'a> {
        match step {
            Step::Draw { stream, tile } => Call::Draw { stream: *stream, tile: place_of(&Slot::Tile(*tile)) },
            Step::Apply { function, operands, results } => {
                let mut x = [Address::NOWHERE; OPERANDS];
                for (x, operand) in x.iter_mut().zip(&self.operands[operands.clone()]) {
                    *x = match operand {
                        Place::Words(words) => {
                            Address { first: words[start..start + len].as_ptr().cast_mut(), moves: 1 }
                        }
                        Place::Result(result) => place_of(result),
                    };
                }
                let mut y = [Address::NOWHERE; RESULTS];
                y.iter_mut().zip(results.iter().flatten()).for_each(|(y, result)| *y = place_of(result));
                Call::Apply { function: *function, operands: x, results: y }
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

/// The number of something without memory, among what is known.
fn known<'a>(implied: &mut Vec<(Implied, Value)>, of: Implied) -> Source<'a> {
    let place = implied.iter().position(|(known, _)| *known == of);
    Source::Implied(place.unwrap_or_else(|| {
        implied.push((of, Value::NEW));
        implied.len() - 1
    }))
}
