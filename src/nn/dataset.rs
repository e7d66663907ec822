//! Pixels and labels as ring elements.

use crate::data::Dataset;
use crate::secure::FixedPoint;

/// Values of a pixel: images are scaled to pixel / 256, which is exact with at least 8 fractional bits.
const PIXEL_VALUES: f64 = 256.0;

/// The pixels of the given rows as fixed-point numbers in [0, 1), rows x width.
pub fn encode_images(data: &Dataset, rows: impl IntoIterator<Item = usize>, format: FixedPoint) -> Vec<u64> {
    let levels: Vec<u64> =
        (0..=255).map(|pixel| format.encode(f64::from(pixel) / PIXEL_VALUES) as u64).collect();
    rows.into_iter().flat_map(|row| data.image(row)).map(|&pixel| levels[usize::from(pixel)]).collect()
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
