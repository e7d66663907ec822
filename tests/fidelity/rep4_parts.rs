//! What the reference sends for `rep4`, counted again from its parts: how often it does what, in which pieces.
//!
//! A part is what an operation does to one element. For a vector the elements are multiplied, while hashes come once for the
//! whole vector; so a loop over pieces of a few rows pays for hashes in each piece. Bytes below are by party.

use std::iter::Sum;
use std::ops::Add;

/// The reference makes random bits in batches of at most this many.
const BATCH: u64 = 10_000;
/// Bits of an and in the levels of a comparison: two carry-save additions, positions, a tree of five levels.
const COMPARISON_LEVELS: [u64; 8] = [32, 30, 30, 28, 15, 7, 3, 1];
/// Vectors of fewer elements are not made one vector: their bits are packed level by level.
const VECTOR: u64 = 5;

/// Everything that was sent, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub products: u64,
    pub truncations: u64,
    pub random_bits: u64,
    /// Bytes of the bits of ands, once.
    pub and_bytes: u64,
    /// Bytes of what is opened, bits or elements, once.
    pub opened_bytes: u64,
    /// Exchanges of products and of ands.
    pub product_exchanges: u64,
    pub truncation_exchanges: u64,
    pub batches: u64,
    pub checks: u64,
}

impl Sent {
    fn terms(&self) -> [(u64, [u64; 4]); 9] {
        [
            (self.products, [16, 16, 8, 8]),
            (self.truncations, [40, 24, 24, 8]),
            (self.random_bits, [24, 16, 16, 8]),
            (self.and_bytes, [2, 2, 1, 1]),
            (self.opened_bytes, [1, 1, 1, 1]),
            // Hashes of 32 bytes, in truncations two of 16; a batch begins with two keys of 16.
            (self.product_exchanges, [32, 32, 64, 64]),
            (self.truncation_exchanges, [48, 80, 64, 96]),
            (self.batches, [48, 64, 80, 96]),
            (self.checks, [32, 32, 32, 32]),
        ]
    }

    pub fn bytes_by_party(&self) -> [u64; 4] {
        [0, 1, 2, 3].map(|party| self.terms().iter().map(|(count, bytes)| count * bytes[party]).sum())
    }

    /// Bytes of all parties that do not depend on the number of elements: hashes and keys.
    pub fn hash_bytes(&self) -> u64 {
        self.terms()[5..].iter().map(|(count, bytes)| count * bytes.iter().sum::<u64>()).sum()
    }

    /// With the random bits in batches of equal size; a loop has its own.
    pub fn batched(self) -> Sent {
        let batches = self.random_bits.div_ceil(BATCH);
        let random_bits = if batches == 0 { 0 } else { batches * self.random_bits.div_ceil(batches) };
        Sent { batches, random_bits, ..self }
    }
}

impl Add for Sent {
    type Output = Sent;

    fn add(self, other: Sent) -> Sent {
        Sent {
            products: self.products + other.products,
            truncations: self.truncations + other.truncations,
            random_bits: self.random_bits + other.random_bits,
            and_bytes: self.and_bytes + other.and_bytes,
            opened_bytes: self.opened_bytes + other.opened_bytes,
            product_exchanges: self.product_exchanges + other.product_exchanges,
            truncation_exchanges: self.truncation_exchanges + other.truncation_exchanges,
            batches: self.batches + other.batches,
            checks: self.checks + other.checks,
        }
    }
}

impl Sum for Sent {
    fn sum<I: Iterator<Item = Sent>>(parts: I) -> Sent {
        parts.fold(Sent::default(), Add::add)
    }
}

/// What is done for each element of a vector, and how often hashes are sent for the vector.
#[derive(Clone, Copy, Default)]
pub struct Part {
    products: u64,
    truncations: u64,
    random_bits: u64,
    ands: u64,
    opened_bits: u64,
    opened: u64,
    product_exchanges: u64,
    truncation_exchanges: u64,
    checks: u64,
    /// Bytes of the ands of a single element, packed level by level.
    single_and_bytes: u64,
}

impl Part {
    pub fn of(&self, n: usize) -> Sent {
        let n = n as u64;
        let and_bytes = match n {
            1 => self.single_and_bytes,
            n if n < VECTOR && self.ands == LTZ.ands => {
                COMPARISON_LEVELS.iter().map(|bits| (n * bits).div_ceil(8)).sum()
            }
            n => self.ands * n.div_ceil(8),
        };
        Sent {
            products: self.products * n,
            truncations: self.truncations * n,
            random_bits: self.random_bits * n,
            and_bytes,
            // Opened bits are padded to words of 64.
            opened_bytes: 8 * (self.opened_bits * n.div_ceil(64) + self.opened * n),
            product_exchanges: self.product_exchanges,
            truncation_exchanges: self.truncation_exchanges,
            batches: 0,
            checks: self.checks,
        }
    }

    /// One after the other.
    pub const fn then(self, other: Part) -> Part {
        Part {
            products: self.products + other.products,
            truncations: self.truncations + other.truncations,
            random_bits: self.random_bits + other.random_bits,
            ands: self.ands + other.ands,
            opened_bits: self.opened_bits + other.opened_bits,
            opened: self.opened + other.opened,
            product_exchanges: self.product_exchanges + other.product_exchanges,
            truncation_exchanges: self.truncation_exchanges + other.truncation_exchanges,
            checks: self.checks + other.checks,
            single_and_bytes: self.single_and_bytes + other.single_and_bytes,
        }
    }
}

const NOTHING: Part = Part {
    products: 0,
    truncations: 0,
    random_bits: 0,
    ands: 0,
    opened_bits: 0,
    opened: 0,
    product_exchanges: 0,
    truncation_exchanges: 0,
    checks: 0,
    single_and_bytes: 0,
};
pub const MUL: Part = Part { products: 1, product_exchanges: 1, ..NOTHING };
pub const TRUNC: Part = Part { truncations: 1, truncation_exchanges: 1, ..NOTHING };
pub const FIXED_MUL: Part = MUL.then(TRUNC);
/// Its ands take eight levels, and the hashes of seven are there.
pub const LTZ: Part = Part {
    random_bits: 1,
    ands: 146,
    single_and_bytes: 21,
    opened_bits: 1,
    product_exchanges: 7,
    checks: 1,
    ..NOTHING
};
pub const RELU: Part = LTZ.then(MUL);
pub const RECIPROCAL: Part = Part {
    products: 12,
    truncations: 9,
    random_bits: 5,
    ands: 621,
    single_and_bytes: 92,
    opened_bits: 36,
    product_exchanges: 40,
    truncation_exchanges: 6,
    checks: 3,
    ..NOTHING
};
pub const DIVISION: Part = Part { products: 13, ..RECIPROCAL };
/// Ten numerators for each divisor. The truncations of both do not go together.
pub const DIVISION_OF_TEN: Part =
    Part { products: 8 + 10 * 5, truncations: 4 + 10 * 5, truncation_exchanges: 9, ..RECIPROCAL };
pub const EXP2: Part = Part {
    products: 20,
    truncations: 18,
    random_bits: 7,
    ands: 147,
    single_and_bytes: 21,
    opened_bits: 7,
    product_exchanges: 14,
    truncation_exchanges: 7,
    checks: 1,
    ..NOTHING
};
pub const EXP: Part = EXP2.then(TRUNC);
/// 30 of the random bits and the two openings are of [`exact_truncation`] of 30 bits by 14.
pub const LOG: Part = Part {
    products: 140,
    truncations: 16,
    random_bits: 67,
    ands: 1018,
    single_and_bytes: 148,
    opened_bits: 68,
    opened: 2,
    product_exchanges: 75,
    truncation_exchanges: 10,
    checks: 6,
};

/// Truncation to the nearest, or exactly: `bits` random bits, opened under them, and two comparisons of what was opened
/// with bits that are ring elements, by trees of products.
pub const fn exact_truncation(bits: u64, shift: u64) -> Part {
    const fn levels(n: u64) -> u64 {
        n.next_power_of_two().trailing_zeros() as u64
    }
    const fn products(n: u64) -> u64 {
        2 * (n - 1) - levels(n)
    }
    let upper = bits - shift;
    Part {
        products: products(shift) + products(upper),
        random_bits: bits,
        opened: 2,
        product_exchanges: levels(shift) + levels(upper),
        checks: 2,
        ..NOTHING
    }
}

/// A vector in pieces of at most so many.
pub fn pieces(n: usize, of: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(of).map(move |start| of.min(n - start))
}

/// A vector of truncations, in instructions of a thousand.
pub fn truncations(n: usize) -> Sent {
    pieces(n, 1000).map(|n| TRUNC.of(n)).sum()
}

/// The maximum of n rows of ten: 5, 2, 1 and 1 comparisons a row, in pieces of a thousand.
pub fn maximum(n: usize) -> Sent {
    let level = |pairs: usize| pieces(pairs * n, 1000).map(|n| LTZ.of(n)).sum::<Sent>() + MUL.of(pairs * n);
    level(5) + level(2) + level(1) + level(1)
}

/// A loop over rows in pieces, one after the other.
fn in_pieces(rows: usize, of: usize, piece: impl Fn(usize) -> Sent) -> Sent {
    pieces(rows, of).map(piece).sum::<Sent>().batched()
}

/// Rows in a piece of the loops of an output layer: forward, backward.
#[derive(Clone, Copy)]
pub struct Rows {
    pub forward: usize,
    pub backward: usize,
}

/// An output layer on 128 rows. The mean of the losses, which are zero without loss, is a truncation.
pub fn output_layer(softmax: &str, loss: bool, rows: Rows) -> Sent {
    let Rows { forward, backward } = rows;
    let of_losses = |logarithms: usize, n: usize| {
        if loss { LOG.of(logarithms) + MUL.of(n) } else { Sent::default() }
    };
    match softmax {
        "relu_gradient" => {
            in_pieces(128, backward, |n| RELU.of(10 * n) + RECIPROCAL.of(n) + FIXED_MUL.of(10 * n))
        }
        "exact" => {
            let exponentials = |n| maximum(n) + EXP.of(10 * n) + RELU.of(10 * n) + of_losses(n, n);
            in_pieces(128, forward, exponentials)
                + in_pieces(128, backward, |n| DIVISION_OF_TEN.of(n))
                + truncations(1)
        }
        "relu_probability" => {
            let quotients = |n| if loss { DIVISION.of(10 * n) } else { Sent::default() };
            let divisions = |n| {
                let sent = DIVISION.of(10 * n) + RECIPROCAL.of(n) + MUL.of(10 * n);
                // Two products of both divisions go together, in a program without a loss.
                let together = if loss { 0 } else { 2 };
                Sent { product_exchanges: sent.product_exchanges - together, ..sent }
            };
            in_pieces(128, forward, |n| RELU.of(10 * n) + quotients(n) + of_losses(10 * n, n))
                + in_pieces(128, backward, divisions)
                + truncations(1)
        }
        other => panic!("no output layer {other}"),
    }
}

/// The dense layers of an iteration, without the output layer: forward, backward and the optimiser's step.
pub fn dense_layers(widths: &[usize]) -> Sent {
    let mut sent = Sent::default();
    for (layer, pair) in widths.windows(2).enumerate() {
        let (inputs, outputs) = (pair[0], pair[1]);
        let hidden = layer + 2 < widths.len();
        let product = |n| MUL.of(n) + truncations(n);
        sent = sent + product(128 * outputs) + product(inputs * outputs);
        if layer > 0 {
            sent = sent + product(128 * inputs);
        }
        if hidden {
            let relus: Sent = pieces(128 * outputs, 1000).map(|n| RELU.of(n)).sum();
            sent = sent + relus.batched() + MUL.of(128 * outputs);
        }
        // Momentum and rate.
        for parameters in [inputs * outputs, outputs] {
            sent = sent + truncations(parameters) + truncations(parameters);
        }
    }
    sent
}
