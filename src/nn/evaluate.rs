//! Test accuracy, computed in the clear and outside the simulated clock.

use rayon::prelude::*;

use super::dataset::encode_images;
use super::model::Weights;
use crate::data::Dataset;
use crate::ring::MatMul;
use crate::ring::exact_f64::gemm_exact_f64;
use crate::ring::gemm::gemm_add;
use crate::secure::FixedPoint;

/// Rows that are evaluated together.
const CHUNK_ROWS: usize = 1000;

/// How many rows the network classifies rightly. Products are rounded to nearest; of equal logits the first wins.
pub fn correct_predictions(weights: &[Weights], data: &Dataset, format: FixedPoint) -> usize {
    let chunks = data.rows.div_ceil(CHUNK_ROWS);
    (0..chunks)
        .into_par_iter()
        .map(|chunk| {
            let rows: Vec<usize> = (chunk * CHUNK_ROWS..((chunk + 1) * CHUNK_ROWS).min(data.rows)).collect();
            let logits = forward(weights, data, &rows, format);
            let classes = logits.len() / rows.len();
            let right = |(row, logits): (&usize, &[u64])| predicted(logits) == usize::from(data.labels[*row]);
            rows.iter()
                .zip(logits.chunks_exact(classes))
                .filter(|&(row, logits)| right((row, logits)))
                .count()
        })
        .sum()
}

fn predicted(logits: &[u64]) -> usize {
    let mut best = 0;
    for (class, &logit) in logits.iter().enumerate() {
        if (logit as i64) > logits[best] as i64 {
            best = class;
        }
    }
    best
}

fn forward(weights: &[Weights], data: &Dataset, rows: &[usize], format: FixedPoint) -> Vec<u64> {
    let mut x = encode_images(data, rows.iter().copied(), 0..data.width, format);
    for (i, layer) in weights.iter().enumerate() {
        let shape = MatMul::new(rows.len(), layer.dense.inputs, layer.dense.outputs);
        let (left, right) = shape.views(&x, layer.weights.expect_values());
        let mut product = vec![0; shape.rows * shape.columns];
        if !gemm_exact_f64(left, right, &mut product) {
            gemm_add(left, right, &mut product);
        }
        let bias = layer.bias.expect_values();
        let half = 1u64 << (format.fraction_bits - 1);
        for (j, z) in product.iter_mut().enumerate() {
            let rounded = (z.wrapping_add(half) as i64) >> format.fraction_bits;
            let sum = rounded.wrapping_add(bias[j % bias.len()] as i64);
            *z = if i + 1 < weights.len() { sum.max(0) as u64 } else { sum as u64 };
        }
        x = product;
    }
    x
}
