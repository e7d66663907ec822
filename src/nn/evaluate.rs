//! Test accuracy, computed in the clear and outside the simulated clock.

use rayon::prelude::*;

use super::average_pool::Mean;
use super::dataset::encode_images;
use super::layer::{Layer, LayerKind};
use super::parameters::Weights;
use super::pool::Pool;
use crate::data::{Dataset, ImageSize};
use crate::ring::exact_f64::gemm_exact_f64;
use crate::ring::gemm::gemm_add;
use crate::ring::{MatMul, Patches};
use crate::secure::FixedPoint;

/// Most rows that are evaluated together.
const CHUNK_ROWS: usize = 1000;
/// Values of windows that are in memory at once, if one row does not have more.
const CHUNK_VALUES: usize = 1 << 20;

/// How many rows are evaluated together.
pub(super) fn rows_together(layers: &[Layer]) -> usize {
    let most = layers.iter().map(|layer| layer.window_values(false)).max().unwrap_or(0).max(1);
    (CHUNK_VALUES / most).clamp(1, CHUNK_ROWS)
}

/// How many rows the network classifies rightly. Products are rounded to nearest; of equal logits the first wins, and so does the
/// first class of two if a sigmoid's logit is zero.
pub fn correct_predictions(
    layers: &[Layer],
    weights: &[Weights],
    data: &Dataset,
    format: FixedPoint,
) -> usize {
    let chunk_rows = rows_together(layers);
    let chunks = data.rows.div_ceil(chunk_rows);
    (0..chunks)
        .into_par_iter()
        .map(|chunk| {
            let rows: Vec<usize> = (chunk * chunk_rows..((chunk + 1) * chunk_rows).min(data.rows)).collect();
            let logits = forward(layers, weights, data, &rows, format);
            let width = logits.len() / rows.len();
            let right = |(row, logits): (&usize, &[u64])| {
                predicted(logits.iter().map(|&x| x as i64)) == usize::from(data.labels[*row])
            };
            rows.iter().zip(logits.chunks_exact(width)).filter(|&(row, logits)| right((row, logits))).count()
        })
        .sum()
}

/// The class that is predicted: that of the largest logit, of equal ones the first. A logit that is alone is that of the second of two
/// classes, the other one's being zero.
pub(super) fn predicted<T: PartialOrd + Copy + Default>(logits: impl ExactSizeIterator<Item = T>) -> usize {
    let alone = logits.len() == 1;
    let other = alone.then(T::default);
    let mut logits = other.into_iter().chain(logits).enumerate();
    let first = logits.next().expect("a logit");
    logits.fold(first, |best, next| if next.1 > best.1 { next } else { best }).0
}

fn forward(
    layers: &[Layer],
    weights: &[Weights],
    data: &Dataset,
    rows: &[usize],
    format: FixedPoint,
) -> Vec<u64> {
    let mut x = encode_images(data, rows.iter().copied(), 0..data.width, format);
    let mut parameters = weights.iter();
    let mut own = || parameters.next().expect("the parameters of all layers");
    for layer in layers {
        x = match layer.kind {
            LayerKind::Dense { .. } => affine(&x, own(), format),
            LayerKind::Convolution(convolution) => {
                affine(&windows(&convolution.patches(layer.input), &x), own(), format)
            }
            LayerKind::MaxPool(pool) => {
                let larger = |a: u64, b: u64| (a as i64).max(b as i64) as u64;
                pooled(pool, layer.input, &x, larger)
            }
            LayerKind::AveragePool(pool) => {
                let Mean { factor, shift, .. } = Mean::of(pool, format);
                let sums = pooled(pool, layer.input, &x, u64::wrapping_add);
                let products = sums.into_iter().map(|sum| sum.wrapping_mul(factor as u64));
                products.map(|product| nearest(product, shift)).collect()
            }
            LayerKind::Dropout(_) | LayerKind::Flatten => x,
            LayerKind::Relu => {
                x.iter_mut().for_each(|x| *x = (*x as i64).max(0) as u64);
                x
            }
        };
    }
    x
}

/// x / 2^shift, halves up.
fn nearest(x: u64, shift: u32) -> u64 {
    ((x.wrapping_add(1 << (shift - 1)) as i64) >> shift) as u64
}

/// The windows of images, one after the other.
fn windows(patches: &Patches, x: &[u64]) -> Vec<u64> {
    let mut windows = vec![0; patches.len_of(x.len())];
    patches.write(x, &mut windows);
    windows
}

/// All pixels of each window, put together.
fn pooled(pool: Pool, input: ImageSize, x: &[u64], put: impl Fn(u64, u64) -> u64) -> Vec<u64> {
    let patches = pool.patches(input);
    let windows = windows(&patches, x);
    let mut pooled = Vec::with_capacity(windows.len() / pool.pixels());
    for window in windows.chunks_exact(patches.width()) {
        let (first, others) = window.split_at(input.channels);
        let at = pooled.len();
        pooled.extend_from_slice(first);
        for pixel in others.chunks_exact(input.channels) {
            pooled[at..].iter_mut().zip(pixel).for_each(|(sum, &value)| *sum = put(*sum, value));
        }
    }
    pooled
}

/// x W + b for all rows of x.
fn affine(x: &[u64], own: &Weights, format: FixedPoint) -> Vec<u64> {
    let bias = own.bias.expect_values();
    let inputs = own.weights.len() / bias.len();
    let shape = MatMul::new(x.len() / inputs, inputs, bias.len());
    let (left, right) = shape.views(x, own.weights.expect_values());
    let mut product = vec![0; shape.rows * shape.columns];
    if !gemm_exact_f64(left, right, &mut product) {
        gemm_add(left, right, &mut product);
    }
    for row in product.chunks_exact_mut(bias.len()) {
        for (z, bias) in row.iter_mut().zip(bias) {
            *z = nearest(*z, format.fraction_bits).wrapping_add(*bias);
        }
    }
    product
}
