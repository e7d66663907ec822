//! The public order of the examples.

use rand_core::Rng;

use crate::ring::{Purpose, StreamKey};

/// Batches of an epoch: the last one is filled up.
pub fn batches_per_epoch(rows: usize, batch: usize) -> usize {
    rows.div_ceil(batch)
}

/// The rows of all batches of an epoch (counted from 0) one after the other: every row once, the first rows again as
/// far as the last batch needs them, all in random order.
pub fn epoch_order(seed: u64, epoch: u64, rows: usize, batch: usize) -> Vec<usize> {
    let total = batches_per_epoch(rows, batch) * batch;
    let mut order: Vec<usize> = (0..total).map(|i| i % rows).collect();
    let key = StreamKey { seed, purpose: Purpose::Shuffle, parties: 0, strand: 0, counter: epoch };
    let mut generator = key.generator();
    for last in (1..total).rev() {
        // The high half of a product: uniform up to a bias below 2^-40 for fewer than 2^24 rows.
        let choice = (u128::from(generator.next_u64()) * (last as u128 + 1)) >> 64;
        order.swap(last, choice as usize);
    }
    order
}
