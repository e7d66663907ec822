//! Elementwise functions in one pass over memory.
//!
//! A formula of ring elements is given as a closure; the compiler makes one vectorised loop of it for every instruction
//! set. Operand by operand, the same formula would write and read each intermediate result, which takes longer than
//! the arithmetic.

use std::array::from_fn;
use std::num::Wrapping;
use std::slice::ChunksExactMut;

use super::dispatch::{InstructionSet, Level};
use super::mcg::{Position, Stream};
use super::words::Words;
use super::workers::{pieces_of, spread};

/// An element of the ring Z_2^64, with its operators.
pub type Element = Wrapping<u64>;

/// Where a formula finds an operand.
#[derive(Clone, Copy)]
pub(in crate::ring) enum Operand<'a> {
    /// In memory.
    Words(&'a [u64]),
    /// Nowhere: random numbers from this place on are drawn as they are needed.
    Drawn(Position),
    /// Nowhere: always this.
    Constant(u64),
}

impl<'a> Operand<'a> {
    /// The first `middle` elements, and the others.
    fn split_at(self, middle: usize) -> (Self, Self) {
        match self {
            Operand::Words(words) => {
                let (left, right) = words.split_at(middle);
                (Operand::Words(left), Operand::Words(right))
            }
            Operand::Drawn(position) => (self, Operand::Drawn(position.after(middle))),
            Operand::Constant(_) => (self, self),
        }
    }

    fn is_in_memory(&self) -> bool {
        matches!(self, Operand::Words(_))
    }
}

/// An operand in a loop; what is not in memory is put into a tile of it, piece by piece.
enum Source<'a> {
    Words(&'a [u64]),
    Drawn(Stream, &'a mut [u64]),
    Constant(&'a [u64]),
}

impl<'a> Source<'a> {
    fn new(operand: Operand<'a>, len: usize, tiles: &mut ChunksExactMut<'a, u64>) -> Self {
        let mut tile = || tiles.next().expect("a tile for each operand that is not in memory");
        match operand {
            Operand::Words(words) => Source::Words(words),
            Operand::Drawn(position) => Source::Drawn(position.stream(len), tile()),
            Operand::Constant(word) => {
                let tile = tile();
                tile.fill(word);
                Source::Constant(tile)
            }
        }
    }

    /// `n` elements from `start` on; asked for in order.
    #[inline(always)]
    fn next(&mut self, start: usize, n: usize) -> &[u64] {
        match self {
            Source::Words(words) => &words[start..start + n],
            Source::Drawn(stream, tile) => {
                let tile = &mut tile[..n];
                stream.fill(tile);
                tile
            }
            Source::Constant(tile) => &tile[..n],
        }
    }
}

/// Elements that are computed in a first-level cache before they are written.
pub(in crate::ring) const TILE: usize = 128;

/// Elements that are worth a task of their own: some microseconds of work.
const TASK: usize = 1 << 11;

/// `f` of the elements of `inputs`, place by place, into `outputs`; large ones spread over the current rayon pool.
///
/// # Panics
/// If the lengths differ.
pub(in crate::ring) fn fuse<const I: usize, const O: usize>(
    inputs: [Operand<'_>; I],
    mut outputs: [&mut [u64]; O],
    f: impl Fn([Element; I]) -> [Element; O] + Sync,
) {
    let len = outputs[0].len();
    let fits = |x: &Operand<'_>| match x {
        Operand::Words(words) => words.len() == len,
        Operand::Drawn(_) | Operand::Constant(_) => true,
    };
    assert!(inputs.iter().all(fits), "operands of different lengths");
    assert!(outputs.iter().all(|x| x.len() == len), "results of different lengths");
    let outputs = outputs.each_mut().map(|x| &mut **x);
    let count = pieces_of(len, TASK);
    if count == 1 {
        return run(Level::best(), inputs, outputs, &f);
    }
    let each = len.div_ceil(count).next_multiple_of(TILE);
    spread(pieces(inputs, outputs, each), |(inputs, outputs)| run(Level::best(), inputs, outputs, &f));
}

/// A part of the operands and the results.
type Piece<'a, const I: usize, const O: usize> = ([Operand<'a>; I], [&'a mut [u64]; O]);

/// Pieces of `each` elements; the last one may be shorter.
fn pieces<'a, const I: usize, const O: usize>(
    mut inputs: [Operand<'a>; I],
    outputs: [&'a mut [u64]; O],
    each: usize,
) -> Vec<Piece<'a, I, O>> {
    let (mut pieces, len) = (Vec::new(), outputs[0].len());
    let mut outputs = outputs.map(|x| x.chunks_mut(each.max(1)));
    for start in (0..len).step_by(each.max(1)) {
        let split = inputs.map(|x| x.split_at(each.min(len - start)));
        pieces.push((split.map(|x| x.0), outputs.each_mut().map(|x| x.next().expect("as many pieces"))));
        inputs = split.map(|x| x.1);
    }
    pieces
}

/// One piece.
fn run<const I: usize, const O: usize>(
    level: Level,
    inputs: [Operand<'_>; I],
    mut outputs: [&mut [u64]; O],
    f: &impl Fn([Element; I]) -> [Element; O],
) {
    let len = outputs[0].len();
    let (step, implied) = (TILE.min(len), inputs.iter().filter(|x| !x.is_in_memory()).count());
    if len == 0 {
        return;
    }
    let mut memory = if implied > 0 { Words::any(implied * step) } else { Words::none() };
    let mut memory = memory.chunks_exact_mut(step);
    let mut sources = inputs.map(|x| Source::new(x, len, &mut memory));
    for start in (0..len).step_by(TILE) {
        let n = TILE.min(len - start);
        let x = sources.each_mut().map(|source| source.next(start, n));
        let mut places = outputs.iter_mut().map(|output| &mut output[start..start + n]);
        let first = places.next().expect("one result or two");
        apply(level, &x, first, places.next().unwrap_or_default(), f);
    }
}

/// `f` of some elements, with the given instructions. It has one result or two; if one, `second` is not touched.
pub(in crate::ring) fn apply<const I: usize, const O: usize, F: Fn([Element; I]) -> [Element; O]>(
    level: Level,
    x: &[&[u64]; I],
    first: &mut [u64],
    second: &mut [u64],
    f: &F,
) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn avx512<const I: usize, const O: usize, F: Fn([Element; I]) -> [Element; O]>(
            x: &[&[u64]; I],
            first: &mut [u64],
            second: &mut [u64],
            f: &F,
        ) {
            each(x, first, second, f);
        }
        #[target_feature(enable = "avx2")]
        fn avx2<const I: usize, const O: usize, F: Fn([Element; I]) -> [Element; O]>(
            x: &[&[u64]; I],
            first: &mut [u64],
            second: &mut [u64],
            f: &F,
        ) {
            each(x, first, second, f);
        }
        match level.instructions() {
            // SAFETY: there is only a level of what the CPU has.
            InstructionSet::Avx512 => return unsafe { avx512(x, first, second, f) },
            // SAFETY: as above.
            InstructionSet::Avx2 => return unsafe { avx2(x, first, second, f) },
            InstructionSet::Portable => {}
        }
    }
    let _ = level;
    each(x, first, second, f);
}

/// The loop. Results are parameters of their own: so the compiler knows that no operand lies there.
#[inline(always)]
fn each<const I: usize, const O: usize>(
    x: &[&[u64]; I],
    first: &mut [u64],
    second: &mut [u64],
    f: &impl Fn([Element; I]) -> [Element; O],
) {
    const { assert!(O == 1 || O == 2) };
    let n = first.len();
    assert!(x.iter().all(|x| x.len() == n) && (O == 1 || second.len() == n), "as many results as operands");
    for i in 0..n {
        // SAFETY: each operand has n elements.
        let y = f(from_fn(|k| Wrapping(unsafe { *x[k].get_unchecked(i) })));
        first[i] = y[0].0;
        if O == 2 {
            second[i] = y[1].0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::Rng;
    use rand_pcg::Pcg64Mcg;

    #[test]
    fn every_level_and_length_gives_what_a_loop_gives() {
        for len in [0, 1, TILE - 1, TILE, 3 * TILE + 5, 40 * TILE + 77] {
            let x: Vec<u64> = (0..len as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            let mut generator = Pcg64Mcg::new(5);
            let position = Position::of(&generator);
            let y: Vec<u64> = x.iter().map(|_| generator.next_u64()).collect();
            let f = |[x, y]: [Element; 2]| [x * y - x, x + (y >> 3)];
            let expected: Vec<[u64; 2]> =
                x.iter().zip(&y).map(|(&x, &y)| f([Wrapping(x), Wrapping(y)]).map(|z| z.0)).collect();
            for level in Level::available() {
                let (mut a, mut b) = (vec![7; len], vec![7; len]);
                for (inputs, outputs) in
                    pieces([Operand::Words(&x), Operand::Drawn(position)], [&mut a, &mut b], 2 * TILE)
                {
                    run(level, inputs, outputs, &f);
                }
                assert!((0..len).all(|i| expected[i] == [a[i], b[i]]), "{level:?}, {len} elements");
            }
        }
    }
}
