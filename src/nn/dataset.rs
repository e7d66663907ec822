//! Pixels and labels as ring elements.

use std::ops::Range;

use crate::data::{Dataset, Entries, Scaling};
use crate::secure::FixedPoint;
use crate::softmax::Softmax;

/// Columns of the given rows as numbers of a kind, scaled as the data set says, rows x columns.
pub(super) fn inputs<T: Copy>(
    data: &Dataset,
    rows: impl IntoIterator<Item = usize>,
    columns: Range<usize>,
    number: impl Fn(f64) -> T,
) -> Vec<T> {
    let rows = rows.into_iter();
    // As much memory as needed at once: vectors that grow by doubling would take three times as much in between.
    let mut inputs = Vec::with_capacity(rows.size_hint().0 * columns.len());
    if let (Entries::Bytes(bytes), Scaling::DivideBy(divisor)) = (&data.images, &data.scaling) {
        let levels: Vec<T> = (0..=u8::MAX).map(|byte| number(f64::from(byte) / divisor)).collect();
        for row in rows {
            let row = &bytes[row * data.width..(row + 1) * data.width];
            inputs.extend(row[columns.clone()].iter().map(|&byte| levels[usize::from(byte)]));
        }
    } else {
        rows.for_each(|row| inputs.extend(data.inputs(row, columns.clone()).map(&number)));
    }
    inputs
}

/// The same as fixed-point numbers. A pixel of 0 to 255 that is divided by 256 is exact with at least 8 fraction bits.
pub fn encode_images(
    data: &Dataset,
    rows: impl IntoIterator<Item = usize>,
    columns: Range<usize>,
    format: FixedPoint,
) -> Vec<u64> {
    inputs(data, rows, columns, |number| format.encode(number) as u64)
}

/// The labels of the given rows as an output layer takes them ([`Softmax::label`]), row by row.
pub fn encode_labels(data: &Dataset, rows: impl IntoIterator<Item = usize>, softmax: Softmax) -> Vec<u64> {
    let label = |row: usize| softmax.label(usize::from(data.labels[row]), data.classes);
    rows.into_iter().flat_map(label).map(u64::from).collect()
}
