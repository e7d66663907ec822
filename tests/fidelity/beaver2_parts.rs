//! What the reference sends for `beaver2`, counted again from its parts: by its two parties, and by its dealer in which batches.
//!
//! Batches are sized by what a loop takes in all: equal parts of at most 10,000 (of products of bits, 640,000), if ten are enough; of
//! masks, 10,000 at a time, in vectors of 64. What a loop leaves the next one takes. Masks to compare with and masks to add are two
//! stocks, filled vector by vector out of one batch. What is outside of loops, the mean of the losses, has batches of its own,
//! sized by the whole program. Where the rules come from: MP-SPDZ, `Processor/BaseMachine.h` (batch_size, edabit_batch_size),
//! `Protocols/DealerPrep.hpp` (buffer_sedabits); that loops have batches of their own is read off the rows.

use std::collections::BTreeMap;

use super::sy_rep3_parts::pieces;

/// Random numbers of a batch, at most.
const BATCH: u64 = 10_000;
/// Products of bits of a batch, at most.
const BIT_BATCH: u64 = 64 * BATCH;
/// Bytes of the keys for a kind of randomness, and of what closes a kind of opening.
const KEYS: u64 = 32;
const CLOSING: u64 = 16;

/// A truncation: of so many elements, of numbers of so many bits, by so many.
pub type Cut = (u64, u64, u64);

/// Numbers of a batch, if so many are needed.
fn batch_of(needed: u64, most: u64) -> u64 {
    (1..=10).map(|parts| needed.div_ceil(parts)).find(|&batch| batch <= most).unwrap_or(most)
}

/// Products of bits that compare n bits which are known with n that are shared: the carry out of the highest position.
fn carry_ands(n: u64) -> u64 {
    let (mut ands, mut items) = (0, n);
    while items > 1 {
        ands += 2 * (items / 2) - 1;
        items = items.div_ceil(2);
    }
    ands
}

/// What a loop takes of the dealer.
#[derive(Clone, Default)]
struct Taken {
    triples: u64,
    random_bits: u64,
    converted_bits: u64,
    ands: u64,
    /// Masks by their bits: to compare with, to add.
    masks: BTreeMap<u64, [u64; 2]>,
}

impl Taken {
    fn add(&mut self, other: &Taken) {
        self.triples += other.triples;
        self.random_bits += other.random_bits;
        self.converted_bits += other.converted_bits;
        self.ands += other.ands;
        for (bits, [compare, add]) in &other.masks {
            let own = self.masks.entry(*bits).or_default();
            *own = [own[0] + compare, own[1] + add];
        }
    }
}

/// What is left of batches.
#[derive(Clone, Default)]
struct Stock {
    numbers: [u64; 3],
    ands: u64,
    /// By bits: vectors of 64 of no kind yet, and numbers of both kinds.
    vectors: BTreeMap<u64, u64>,
    masks: BTreeMap<u64, [u64; 2]>,
}

/// What a program of the reference has sent so far.
pub struct Program {
    nearest: bool,
    /// By each of the two parties.
    sent: u64,
    /// More by party 0, for bits that are opened.
    of_opened_bits: u64,
    /// Entries of matrix products, for which the dealer sends their product.
    entries: u64,
    now: Taken,
    all: Taken,
    /// What each loop takes, and whether it is none.
    loops: Vec<(Taken, bool)>,
}

impl Program {
    pub fn new(nearest: bool) -> Program {
        let (now, all) = Default::default();
        Program { nearest, sent: 0, of_opened_bits: 0, entries: 0, now, all, loops: Vec::new() }
    }

    /// What was done since the last loop ended was a loop; or it is done once, outside of all.
    fn end(&mut self, once: bool) {
        let taken = std::mem::take(&mut self.now);
        self.all.add(&taken);
        self.loops.push((taken, once));
    }

    pub fn end_loop(&mut self) {
        self.end(false);
    }

    pub fn product(&mut self, n: u64) {
        self.sent += 16 * n;
        self.now.triples += n;
    }

    /// Both factors are opened.
    pub fn matrix_product(&mut self, rows: u64, inner: u64, columns: u64) {
        self.sent += 8 * (rows * inner + inner * columns);
        self.entries += rows * columns;
    }

    fn open(&mut self, n: u64) {
        self.sent += 8 * n;
    }

    fn masks(&mut self, n: u64, bits: u64, to_add: bool) {
        self.now.masks.entry(bits).or_default()[usize::from(to_add)] += n;
    }

    /// Products of bits, so many for each of n, each padded to bytes; those of a single number are packed level by level.
    fn ands(&mut self, count: u64, n: u64, single_bytes: u64) {
        self.now.ands += count * n;
        self.sent += if n == 1 { single_bytes } else { 2 * count * n.div_ceil(8) };
    }

    /// Opened in words; party 0 sends each bit again as an element, and one more.
    fn open_bits(&mut self, count: u64, n: u64) {
        self.sent += 8 * count * n.div_ceil(64);
        self.of_opened_bits += 8 * count * (n + 1);
    }

    fn convert_bits(&mut self, count: u64, n: u64) {
        self.now.converted_bits += count * n;
        self.open_bits(count, n);
    }

    /// At random: under a mask in two parts and a bit. To the nearest: opened under the lower bits, and what is left under the upper ones;
    /// both are compared with their masks.
    pub fn truncate(&mut self, (n, bits, shift): Cut) {
        let upper = if self.nearest { bits + 1 - shift } else { bits - shift };
        self.masks(n, shift, !self.nearest);
        self.masks(n, upper, true);
        if self.nearest {
            self.open(2 * n);
            self.ands(carry_ands(shift) + carry_ands(upper), n, 0);
            self.convert_bits(2, n);
        } else {
            self.now.random_bits += n;
            self.open(n);
        }
    }

    /// A thousand at a time.
    pub fn truncations(&mut self, n: u64, bits: u64, shift: u64) {
        pieces(n, 1000).for_each(|n| self.truncate((n, bits, shift)));
    }

    pub fn comparison(&mut self, n: u64) {
        self.masks(n, 32, false);
        self.open(n);
        self.ands(55, n, 16);
        self.convert_bits(1, n);
    }

    pub fn relu(&mut self, n: u64) {
        self.comparison(n);
        self.product(n);
    }

    /// The divisor's bits are opened under a mask; its leading bit becomes a number by adding a mask to it in bits, of which 31 are
    /// opened and the carry is converted.
    fn quotients(&mut self, n: u64, width: u64, numerators: bool) {
        let many = n * width;
        self.comparison(n);
        self.product(n);
        self.masks(n, 31, false);
        self.open(n);
        self.ands(253, n, 74);
        self.masks(n, 31, true);
        self.open_bits(31, n);
        self.convert_bits(1, n);
        self.product(2 * n + n + n + 3 * (n + many) + many);
        if numerators {
            self.product(many);
        }
        for cut in [(n, 63, 30), (many, 63, 16), (many, 63, 32)] {
            self.truncate(cut);
        }
        for cut in [(n, 62, 32), (many, 63, 32)].repeat(3) {
            self.truncate(cut);
        }
    }

    pub fn division(&mut self, n: u64) {
        self.quotients(n, 1, true);
    }

    pub fn reciprocal(&mut self, n: u64) {
        self.quotients(n, 1, false);
    }

    /// The exponent is opened under a mask in two parts.
    pub fn exp2(&mut self, n: u64) {
        self.masks(n, 16, true);
        self.masks(n, 15, true);
        self.open(n);
        self.ands(119, n, 36);
        self.convert_bits(7, n);
        self.product(20 * n);
        (0..16).for_each(|_| self.truncate((n, 60, 29)));
        self.truncate((n, 62, 13));
        self.truncate((n, 33, 16));
    }

    pub fn exp(&mut self, n: u64) {
        self.truncate((n, 45, 14));
        self.exp2(n);
    }

    /// The sizes of the masks with which the argument is taken apart, and its 161 products of bits, are read off the rows: three rows agree.
    pub fn logarithm(&mut self, n: u64) {
        self.comparison(n);
        for (bits, to_add) in [(28, false), (31, false), (16, false), (16, true)] {
            self.masks(n, bits, to_add);
        }
        self.open(4 * n);
        self.ands(161, n, 48);
        self.convert_bits(33, n);
        self.product(78 * n);
        (0..6).for_each(|_| self.truncate((n, 47, 16)));
        self.truncate((n, 46, 15));
        self.division(n);
    }

    /// Rows of ten: 5, 2, 1 and 1 comparisons a row.
    pub fn maximum(&mut self, n: u64) {
        for pairs in [5, 2, 1, 1] {
            pieces(pairs * n, 1000).for_each(|n| self.comparison(n));
            self.product(pairs * n);
        }
    }

    /// `relu_gradient` on 128 rows, so many at a time.
    pub fn relu_gradient(&mut self) {
        for n in pieces(128, if self.nearest { 19 } else { 20 }) {
            self.relu(10 * n);
            self.reciprocal(n);
            self.product(10 * n);
            self.truncate((10 * n, 47, 16));
        }
        self.end_loop();
    }

    /// `relu_probability` on 128 rows. The mean of the losses is there without a loss too.
    pub fn relu_probability(&mut self) {
        pieces(128, 22).for_each(|n| self.relu(10 * n));
        self.end_loop();
        self.truncate((1, 46, 15));
        self.end(true);
        for n in pieces(128, 17) {
            self.division(10 * n);
            self.reciprocal(n);
            self.product(10 * n);
        }
        self.end_loop();
    }

    /// Dense layers around the output layer, each loop by itself.
    pub fn iteration(&mut self, widths: &[usize], output: impl FnOnce(&mut Program)) {
        let layers: Vec<(u64, u64)> =
            widths.windows(2).map(|pair| (pair[0] as u64, pair[1] as u64)).collect();
        let product = |program: &mut Program, rows, inner, columns| {
            program.matrix_product(rows, inner, columns);
            program.truncations(rows * columns, 47, 16);
            program.end_loop();
        };
        for (layer, &(inputs, outputs)) in layers.iter().enumerate() {
            product(self, 128, inputs, outputs);
            if layer + 1 < layers.len() {
                pieces(128 * outputs, 1000).for_each(|n| self.comparison(n));
                self.end_loop();
                self.product(128 * outputs);
                self.end_loop();
            }
        }
        output(self);
        for (layer, &(inputs, outputs)) in layers.iter().enumerate().rev() {
            if layer > 0 {
                product(self, 128, outputs, inputs);
                self.product(128 * inputs);
                self.end_loop();
            }
            product(self, inputs, 128, outputs);
        }
        // Momentum and rate.
        for (inputs, outputs) in layers {
            for parameters in [inputs * outputs, outputs] {
                self.truncations(parameters, 46, 15);
                self.truncations(parameters, 47, 23);
                self.end_loop();
            }
        }
    }

    /// Everything that was sent, by party.
    pub fn bytes_by_party(mut self) -> [u64; 3] {
        self.end_loop();
        let (mut stock, mut dealt, mut bit_batches) = (Stock::default(), 8 * self.entries, 0);
        for (taken, once) in &self.loops {
            let mut own = Stock::default();
            let (stock, whole) = if *once { (&mut own, &self.all) } else { (&mut stock, taken) };
            stock.buy(taken, whole, &mut dealt, &mut bit_batches);
        }
        let has_masks = u64::from(!self.all.masks.is_empty());
        let closing = CLOSING * (has_masks + bit_batches);
        dealt += KEYS * (1 + has_masks + bit_batches);
        [self.sent + self.of_opened_bits + closing, self.sent + closing, dealt]
    }
}

impl Stock {
    /// Takes what a loop takes, of batches sized by `whole`: adds what the dealer sends for them, and how many are of products of bits.
    fn buy(&mut self, taken: &Taken, whole: &Taken, dealt: &mut u64, bit_batches: &mut u64) {
        let numbers = |taken: &Taken| [taken.triples, taken.random_bits, taken.converted_bits];
        for ((left, needed), all) in self.numbers.iter_mut().zip(numbers(taken)).zip(numbers(whole)) {
            while *left < needed {
                let batch = batch_of(all, BATCH);
                *left += batch;
                *dealt += 8 * batch;
            }
            *left -= needed;
        }
        while self.ands < taken.ands {
            let words = batch_of(whole.ands, BIT_BATCH).div_ceil(64);
            self.ands += 64 * words;
            *dealt += 8 * words;
            *bit_batches += 1;
        }
        self.ands -= taken.ands;
        for (&bits, needed) in &taken.masks {
            let batch = whole.masks[&bits].iter().sum::<u64>().min(BATCH).div_ceil(64);
            let (vectors, left) =
                (self.vectors.entry(bits).or_default(), self.masks.entry(bits).or_default());
            for (left, &needed) in left.iter_mut().zip(needed) {
                let more = needed.saturating_sub(*left).div_ceil(64);
                *left = *left + 64 * more - needed;
                while *vectors < more {
                    *vectors += batch;
                    *dealt += batch * (8 * 64 + 8 * bits);
                }
                *vectors -= more;
            }
        }
    }
}
