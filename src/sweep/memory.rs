//! How much memory a sweep takes, estimated before its axes are written out, before its points are checked and before it runs.

use super::grid::Grid;
use crate::memory::{MemoryLimit, TooMuchMemory};
use crate::scenario::tree::{Kind, Node};

/// A value of an axis: its cell, and what it sets. Measured: 550 for 100,000 of them.
const VALUE_BYTES: u128 = 600;
/// What points with another program or another training take beside what names these. Measured for 100,000 seeds: 120, and the
/// names once.
const COMBINATION_BYTES: u128 = 200;
/// A point, and a network, of which only the number is known. Measured: 8 for 1,000,000 points.
const POINT_BYTES: u128 = 16;
const FEWER: &str = "fewer values or axes take less";

/// How many values and points axes have, as far as that can be seen without writing them out: as many as there are in a list or
/// in a range. Other things are mistakes that are told later.
pub(crate) struct Count {
    pub values: u64,
    pub points: u64,
}

impl Count {
    /// Of the groups of axes of a file.
    pub(crate) fn of(groups: &[Node]) -> Count {
        let mut count = Count { values: 0, points: 1 };
        for group in groups {
            let axes = match &group.kind {
                Kind::Tuple(Some(_), items) => match items.as_slice() {
                    [Node { kind: Kind::List(members), .. }] => members.as_slice(),
                    _ => &[],
                },
                _ => std::slice::from_ref(group),
            };
            let lengths: Vec<u64> = axes.iter().map(length).collect();
            count.values = lengths.iter().fold(count.values, |sum, &length| sum.saturating_add(length));
            count.points = count.points.saturating_mul(lengths.first().copied().unwrap_or(1));
        }
        count
    }

    /// Refuses axes whose values and points take more memory than there is.
    pub(crate) fn check(&self, limit: MemoryLimit) -> Result<(), TooMuchMemory> {
        let needed_bytes = u128::from(self.values) * VALUE_BYTES + u128::from(self.points) * POINT_BYTES;
        limit.check(needed_bytes, || "the values and points of these axes take".to_string(), FEWER)
    }
}

/// How many values an axis has.
fn length(axis: &Node) -> u64 {
    let Kind::Record(fields) = &axis.kind else { return 1 };
    match fields.get("values").map(|values| &values.kind) {
        Some(Kind::List(items)) => items.len() as u64,
        Some(Kind::Record(range)) => match range.get("steps").map(|steps| &steps.kind) {
            Some(Kind::Number(steps)) => steps.replace('_', "").parse().unwrap_or(1),
            _ => 1,
        },
        _ => 1,
    }
}

/// Refuses a grid that takes more memory than there is when all its points are checked; the name of a training and of a program
/// have so many bytes.
pub(crate) fn check_grid(grid: &Grid, name_bytes: usize, limit: MemoryLimit) -> Result<(), TooMuchMemory> {
    limit.check(grid_bytes(grid, name_bytes), || "the points of this sweep take".to_string(), FEWER)
}

/// The same in bytes.
pub(crate) fn grid_bytes(grid: &Grid, name_bytes: usize) -> u128 {
    let values: usize = grid.axes().map(|axis| axis.values.len()).sum();
    let combinations = grid.parts(|dimension| !dimension.only_network) as u128;
    let networks = grid.parts(|dimension| dimension.touches_network) as u128;
    let points = grid.points() as u128;
    values as u128 * VALUE_BYTES
        + combinations * (COMBINATION_BYTES + name_bytes as u128 * 13 / 10)
        + (points + networks) * POINT_BYTES
}
