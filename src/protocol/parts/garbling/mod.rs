//! Garbled circuits: Yao, with free xor (Kolesnikov, Schneider, ICALP 2008), point and permute, and half gates (Zahur, Rosulek,
//! Evans, EUROCRYPT 2015): 32 bytes for an and, nothing for a xor or a not.
//!
//! Each wire has two labels of 128 bits, X for zero and X xor D for one, with a secret D that is odd: the lowest bit of a label is
//! its colour, which says nothing of the value to one who does not know that of X. A circuit is garbled for many instances at
//! once, in blocks that are spread over the current rayon pool; the result does not depend on it.

pub mod arithmetic;
pub mod circuit;
mod hash;

use rayon::prelude::*;

use crate::ring::Plane;
use crate::ring::meter::Work;
use circuit::{Circuit, Gate, Output};
pub use hash::Hasher;

/// Instances of a block: as many as a word of a plane has bits.
const BLOCK: usize = 64;
/// Words of 64 bits for an and: two labels.
pub const AND_WORDS: usize = 4;
/// Words of a label.
pub const LABEL_WORDS: usize = 2;

/// A label from its words, low one first.
pub fn label(words: &[u64]) -> u128 {
    u128::from(words[1]) << 64 | u128::from(words[0])
}

/// The words of labels, one after the other.
pub fn words(labels: &[u128]) -> Vec<u64> {
    labels.iter().flat_map(|&label| [label as u64, (label >> 64) as u64]).collect()
}

/// All bits set where the bit is.
fn mask(bit: u128) -> u128 {
    0u128.wrapping_sub(bit & 1)
}

/// What garbling costs for so many instances: four hashes of 16 bytes an and, two words for each xor of labels.
pub fn garbler_work(circuit: &Circuit, instances: usize) -> Work {
    work(circuit, instances, 4, 12)
}

/// What evaluating costs: two hashes an and.
pub fn evaluator_work(circuit: &Circuit, instances: usize) -> Work {
    work(circuit, instances, 2, 7)
}

fn work(circuit: &Circuit, instances: usize, hashes: usize, xors: usize) -> Work {
    let (ands, free, n) = (circuit.ands(), circuit.xors(), instances);
    let words = LABEL_WORDS * (xors * ands + free) * n;
    Work { random_bytes: (16 * hashes * ands * n) as u64, bit_words: words as u64, ..Work::default() }
}

/// The slots of a block, and what is needed to hash.
struct Block<'a> {
    circuit: &'a Circuit,
    /// Instances.
    lanes: usize,
    /// Number of the first and of the first instance.
    first: u128,
    /// A label for each slot and instance.
    labels: Vec<u128>,
    hasher: Hasher,
    hashed: Vec<u128>,
}

impl<'a> Block<'a> {
    /// Takes the labels of the inputs: those of all instances for the first input, then for the next.
    fn new(circuit: &'a Circuit, inputs: &[u128], (block, instances): (usize, usize), first: u128) -> Self {
        let start = block * BLOCK;
        let lanes = BLOCK.min(instances - start);
        let mut labels = vec![0; circuit.slots() * lanes];
        for (slot, all) in labels.chunks_exact_mut(lanes).zip(inputs.chunks_exact(instances)) {
            slot.copy_from_slice(&all[start..start + lanes]);
        }
        let first = first + 2 * (start * circuit.ands()) as u128;
        Block { circuit, lanes, first, labels, hasher: Hasher::default(), hashed: Vec::new() }
    }

    fn at(&self, slot: u32) -> usize {
        slot as usize * self.lanes
    }

    fn xor(&mut self, a: u32, b: u32, out: u32) {
        let (a, b, out) = (self.at(a), self.at(b), self.at(out));
        (0..self.lanes).for_each(|i| self.labels[out + i] = self.labels[a + i] ^ self.labels[b + i]);
    }

    /// Adds the same to all labels of a slot.
    fn offset(&mut self, a: u32, out: u32, by: u128) {
        let (a, out) = (self.at(a), self.at(out));
        (0..self.lanes).for_each(|i| self.labels[out + i] = self.labels[a + i] ^ by);
    }

    /// Hashes what is in `hashed`: labels of the first operands of and number `and`, then as many of the second ones.
    fn hash(&mut self, and: usize) {
        let first = self.first + 2 * (and * self.lanes) as u128;
        let (lanes, half) = (self.lanes, self.hashed.len() / 2);
        let number = |i: usize| first + 2 * (i % lanes) as u128 + u128::from(i >= half);
        self.hasher.hash(&mut self.hashed, (0..2 * half).map(number));
    }

    /// Garbles an and; the rows are written one instance after the other.
    fn garble(&mut self, and: usize, [a, b, out]: [u32; 3], delta: u128, rows: &mut [u64]) {
        let (a, b, out, n) = (self.at(a), self.at(b), self.at(out), self.lanes);
        self.hashed.clear();
        for operand in [a, b] {
            self.hashed.extend_from_slice(&self.labels[operand..operand + n]);
            self.hashed.extend(self.labels[operand..operand + n].iter().map(|label| label ^ delta));
        }
        self.hash(and);
        for (i, row) in rows.chunks_exact_mut(AND_WORDS).enumerate() {
            let (x, y) = (self.labels[a + i], self.labels[b + i]);
            let [x0, x1, y0, y1] = [0, n, 2 * n, 3 * n].map(|start| self.hashed[start + i]);
            let garbler = x0 ^ x1 ^ (mask(y) & delta);
            let evaluator = y0 ^ y1 ^ x;
            self.labels[out + i] = x0 ^ (mask(x) & garbler) ^ y0 ^ (mask(y) & (evaluator ^ x));
            row.copy_from_slice(&[
                garbler as u64,
                (garbler >> 64) as u64,
                evaluator as u64,
                (evaluator >> 64) as u64,
            ]);
        }
    }

    fn evaluate(&mut self, and: usize, [a, b, out]: [u32; 3], rows: &[u64]) {
        let (a, b, out, n) = (self.at(a), self.at(b), self.at(out), self.lanes);
        self.hashed.clear();
        for operand in [a, b] {
            self.hashed.extend_from_slice(&self.labels[operand..operand + n]);
        }
        self.hash(and);
        for (i, row) in rows.chunks_exact(AND_WORDS).enumerate() {
            let (x, y) = (self.labels[a + i], self.labels[b + i]);
            let [garbler, evaluator] = [label(&row[..2]), label(&row[2..])];
            let own = self.hashed[i] ^ (mask(x) & garbler);
            self.labels[out + i] = own ^ self.hashed[n + i] ^ (mask(y) & (evaluator ^ x));
        }
    }

    /// The colours of each output, a bit for each instance. A constant has the colour `constant(value)`.
    fn colours(&self, constant: impl Fn(bool) -> bool) -> Vec<u64> {
        let colour = |output: &Output| match *output {
            Output::Constant(value) if constant(value) => u64::MAX >> (BLOCK - self.lanes),
            Output::Constant(_) => 0,
            Output::Slot(slot) => {
                let labels = &self.labels[self.at(slot)..self.at(slot) + self.lanes];
                labels.iter().rev().fold(0, |word, &label| word << 1 | (label as u64 & 1))
            }
        };
        self.circuit.outputs().iter().map(colour).collect()
    }
}

/// Words of the rows of all ands of so many instances.
pub fn table_words(circuit: &Circuit, instances: usize) -> usize {
    AND_WORDS * circuit.ands() * instances
}

/// Planes from the words of each block.
fn planes(circuit: &Circuit, blocks: Vec<Vec<u64>>, instances: usize) -> Vec<Plane> {
    let plane = |i| Plane::packed(blocks.iter().map(|words: &Vec<u64>| words[i]).collect(), instances);
    (0..circuit.outputs().len()).map(plane).collect()
}

/// Garbles `instances` of a circuit, from the labels for zero of all instances of the first input, of the next, and so on: the
/// rows of its ands, and the colours of the labels for zero of its outputs. No two calls with the same `delta` may have
/// numbers in common: each takes two for each and and instance, from `first` on.
pub fn garble(
    circuit: &Circuit,
    zeros: &[u128],
    instances: usize,
    (delta, first): (u128, u128),
) -> (Vec<u64>, Vec<Plane>) {
    assert_eq!(delta & 1, 1, "labels of one wire have different colours");
    let mut rows = vec![0; table_words(circuit, instances)];
    let garble = |(i, mut rows): (usize, &mut [u64])| {
        let mut block = Block::new(circuit, zeros, (i, instances), first);
        let mut and = 0;
        for gate in circuit.gates() {
            match *gate {
                Gate::Xor { a, b, out } => block.xor(a, b, out),
                Gate::Not { a, out } => block.offset(a, out, delta),
                Gate::And { a, b, out } => {
                    let (row, rest) = rows.split_at_mut(AND_WORDS * block.lanes);
                    block.garble(and, [a, b, out], delta, row);
                    (rows, and) = (rest, and + 1);
                }
            }
        }
        block.colours(|_| false)
    };
    let blocks = rows.par_chunks_mut((AND_WORDS * circuit.ands() * BLOCK).max(1));
    let colours = blocks.enumerate().map(garble).collect();
    (rows, planes(circuit, colours, instances))
}

/// Evaluates garbled instances from one label for each input: the colours of the labels of the outputs. Their xor with those
/// that garbling gave is the result. `first` is that of the garbling.
pub fn evaluate(
    circuit: &Circuit,
    labels: &[u128],
    instances: usize,
    rows: &[u64],
    first: u128,
) -> Vec<Plane> {
    assert_eq!(rows.len(), table_words(circuit, instances), "rows of all ands");
    let evaluate = |(i, mut rows): (usize, &[u64])| {
        let mut block = Block::new(circuit, labels, (i, instances), first);
        let mut and = 0;
        for gate in circuit.gates() {
            match *gate {
                Gate::Xor { a, b, out } => block.xor(a, b, out),
                Gate::Not { a, out } => block.offset(a, out, 0),
                Gate::And { a, b, out } => {
                    let (row, rest) = rows.split_at(AND_WORDS * block.lanes);
                    block.evaluate(and, [a, b, out], row);
                    (rows, and) = (rest, and + 1);
                }
            }
        }
        block.colours(|value| value)
    };
    let blocks = rows.par_chunks((AND_WORDS * circuit.ands() * BLOCK).max(1));
    planes(circuit, blocks.enumerate().map(evaluate).collect(), instances)
}

#[cfg(test)]
mod tests;
