//! Several formulas as steps on tiles, done for one tile after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Deferred, Formula, Function, GAP, OPERANDS, Operand, RESULTS};
use crate::ring::dispatch::Level;
use crate::ring::fused::{TILE, Tiles};
use crate::ring::mcg::{Position, Stream};
use crate::ring::words::Words;
use crate::ring::workers::spread;

/// Elements that are worth a task of their own.
const TASK: usize = 32 * TILE;

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
