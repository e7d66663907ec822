//! Pixels and labels as ring elements.

use std::ops::Range;

use crate::data::Dataset;
use crate::secure::FixedPoint;

/// Values of a pixel: images are scaled to pixel / 256, which is exact with at least 8 fractional bits.
const PIXEL_VALUES: f64 = 256.0;

/// Columns of the pixels of the given rows as fixed-point numbers in [0, 1), rows x columns.
pub fn encode_images(
    data: &Dataset,
    rows: impl IntoIterator<Item = usize>,
    columns: Range<usize>,
    format: FixedPoint,
) -> Vec<u64> {
    let levels: Vec<u64> =
        (0..=255).map(|pixel| format.encode(f64::from(pixel) / PIXEL_VALUES) as u64).collect();
    let rows = rows.into_iter();
    // As much memory as needed at once: vectors that grow by doubling would take three times as much in between.
    let mut pixels = Vec::with_capacity(rows.size_hint().0 * columns.len());
    for row in rows {
        pixels.extend(data.image(row)[columns.clone()].iter().map(|&pixel| levels[usize::from(pixel)]));
    }
    pixels
}

/// The labels of the given rows, one-hot, rows x classes integers.
pub fn one_hot_labels(data: &Dataset, rows: impl IntoIterator<Item = usize>) -> Vec<u64> {
    let mut labels = Vec::new();
    for row in rows {
        let label = usize::from(data.labels[row]);
        labels.extend((0..data.classes).map(|class| u64::from(class == label)));
    }
    labels
}
