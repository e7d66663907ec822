//! The grid: all combinations of the axes' values, the last axis fastest, without those that are excluded.

use super::axis::{Axis, Value};
use super::condition::Condition;
use crate::scenario::sets::Override;

/// Axes that go together.
#[derive(Clone, Debug)]
pub(crate) struct Dimension {
    /// At least one, all of the same length.
    pub axes: Vec<Axis>,
    /// Whether all of them set fields of the network only.
    pub only_network: bool,
    /// Whether any of them does.
    pub touches_network: bool,
}

impl Dimension {
    fn new(axes: Vec<Axis>) -> Dimension {
        let network = |axis: &Axis| axis.values[0].set.top_field() == "network";
        Dimension { only_network: axes.iter().all(network), touches_network: axes.iter().any(network), axes }
    }

    fn length(&self) -> usize {
        self.axes[0].values.len()
    }
}

/// All points of a sweep.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    pub dimensions: Vec<Dimension>,
    /// Points before anything is excluded.
    full: usize,
    /// Numbers in the full grid of the points that are left, if some are not.
    kept: Option<Vec<u32>>,
}

/// Where a point is on each dimension.
pub(crate) type Position = Vec<u32>;

impl Grid {
    pub(crate) fn new(groups: Vec<Vec<Axis>>, exclude: &[Condition]) -> Grid {
        let dimensions: Vec<Dimension> = groups.into_iter().map(Dimension::new).collect();
        let full = dimensions.iter().map(Dimension::length).product();
        let mut grid = Grid { dimensions, full, kept: None };
        if !exclude.is_empty() {
            grid.kept = Some((0..full as u32).filter(|&at| !grid.excluded(at as usize, exclude)).collect());
        }
        grid
    }

    fn excluded(&self, at: usize, exclude: &[Condition]) -> bool {
        let position = self.position_in_full(at);
        let values: Vec<&Value> = self.values(&position).collect();
        exclude.iter().any(|condition| condition.holds(|axis| (&values[axis].cell, values[axis].number)))
    }

    /// The same grid, with its values in another of the base's sources.
    pub(crate) fn in_source(mut self, source: usize) -> Grid {
        for value in self.dimensions.iter_mut().flat_map(|d| &mut d.axes).flat_map(|axis| &mut axis.values) {
            value.set.move_to(source);
        }
        self
    }

    /// How many points there are.
    pub(crate) fn points(&self) -> usize {
        self.kept.as_ref().map_or(self.full, Vec::len)
    }

    /// How many combinations are excluded.
    pub(crate) fn excluded_points(&self) -> usize {
        self.full - self.points()
    }

    pub(crate) fn axes(&self) -> impl Iterator<Item = &Axis> {
        self.dimensions.iter().flat_map(|dimension| &dimension.axes)
    }

    /// Where a point is.
    pub(crate) fn position(&self, point: usize) -> Position {
        self.position_in_full(self.kept.as_ref().map_or(point, |kept| kept[point] as usize))
    }

    fn position_in_full(&self, mut at: usize) -> Position {
        let mut position = vec![0; self.dimensions.len()];
        for (place, dimension) in position.iter_mut().zip(&self.dimensions).rev() {
            *place = (at % dimension.length()) as u32;
            at /= dimension.length();
        }
        position
    }

    /// A number for the part of a position that these dimensions make up, and how many there are.
    pub(crate) fn part(&self, position: &[u32], of: impl Fn(&Dimension) -> bool) -> usize {
        let parts = self.dimensions.iter().zip(position).filter(|(dimension, _)| of(dimension));
        parts.fold(0, |at, (dimension, &place)| at * dimension.length() + place as usize)
    }

    /// How many such numbers there are.
    pub(crate) fn parts(&self, of: impl Fn(&Dimension) -> bool) -> usize {
        self.dimensions.iter().filter(|dimension| of(dimension)).map(Dimension::length).product()
    }

    /// The value of each axis.
    pub(crate) fn values<'a>(&'a self, position: &'a [u32]) -> impl Iterator<Item = &'a Value> {
        self.dimensions.iter().zip(position).flat_map(|(dimension, &place)| {
            dimension.axes.iter().map(move |axis| &axis.values[place as usize])
        })
    }

    /// What is set at a position.
    pub(crate) fn overrides<'a>(&'a self, position: &'a [u32]) -> Vec<&'a Override> {
        self.values(position).map(|value| &value.set).collect()
    }

    /// What is set in the network at a position.
    pub(crate) fn network_overrides<'a>(&'a self, position: &'a [u32]) -> Vec<&'a Override> {
        let sets = self.values(position).map(|value| &value.set);
        sets.filter(|set| set.top_field() == "network").collect()
    }
}
