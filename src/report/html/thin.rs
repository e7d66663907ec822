//! Fewer rows of a large sweep, the same ones every time.
//!
//! A grid stays a grid: values of the longest axes are left out, evenly, first and last kept, until what is left is small
//! enough. Where that does not help (axes that are not crossed), every n-th row is kept.

use std::collections::BTreeMap;

/// Values of an axis that are told apart; one with more counts as having a value of its own in every row.
const DISTINCT: usize = 20_000;

/// The values of one axis, in the order in which they first came.
#[derive(Default)]
pub(super) struct Axis {
    places: BTreeMap<String, usize>,
    full: bool,
}

impl Axis {
    /// Takes note of a value.
    pub(super) fn see(&mut self, value: &str) {
        if self.full || self.places.contains_key(value) {
            return;
        }
        if self.places.len() == DISTINCT {
            self.full = true;
            self.places.clear();
            return;
        }
        let place = self.places.len();
        self.places.insert(value.to_string(), place);
    }

    fn len(&self) -> usize {
        if self.full { 1 } else { self.places.len() }
    }

    fn keeps(&self, value: &str, kept: usize) -> bool {
        self.full || self.places.get(value).is_some_and(|&place| in_even_choice(place, self.len(), kept))
    }
}

/// Whether the place belongs to a choice of `kept` of `all` places that is even and has the first and the last.
fn in_even_choice(place: usize, all: usize, kept: usize) -> bool {
    if kept >= all {
        return true;
    }
    if kept <= 1 {
        return place == 0;
    }
    // The nearest of the choice's places.
    let nearest = (place * (kept - 1) + (all - 1) / 2) / (all - 1);
    (nearest * (all - 1) + (kept - 1) / 2) / (kept - 1) == place
}

/// Which rows are kept.
pub(super) struct Choice {
    axes: Vec<Axis>,
    kept: Vec<usize>,
    /// Every how manieth row, beside the axes.
    pub(super) stride: usize,
}

impl Choice {
    /// Keeps about `limit` of so many rows.
    pub(super) fn new(axes: Vec<Axis>, rows: usize, limit: usize) -> Choice {
        let mut kept: Vec<usize> = axes.iter().map(Axis::len).collect();
        let crossed = axes.iter().fold(1usize, |all, axis| all.saturating_mul(axis.len())) == rows
            && axes.iter().all(|axis| !axis.full);
        if !crossed {
            return Choice { axes, kept, stride: rows.div_ceil(limit).max(1) };
        }
        while kept.iter().product::<usize>() > limit {
            let longest = kept.iter_mut().max().expect("a product above the limit has a factor");
            *longest = *longest * 9 / 10;
        }
        Choice { axes, kept, stride: 1 }
    }

    /// Whether the row with that number and these values on the axes is kept.
    pub(super) fn keeps<'a>(&self, row: usize, values: impl Iterator<Item = &'a str>) -> bool {
        row.is_multiple_of(self.stride)
            && values
                .zip(self.axes.iter().zip(&self.kept))
                .all(|(value, (axis, &kept))| self.stride > 1 || axis.keeps(value, kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_even_and_has_both_ends() {
        for all in 2..200 {
            for kept in 2..=all {
                let places: Vec<usize> = (0..all).filter(|&p| in_even_choice(p, all, kept)).collect();
                assert_eq!(places.len(), kept, "{kept} of {all}");
                assert_eq!((places[0], places[kept - 1]), (0, all - 1));
                let gaps = || places.windows(2).map(|pair| pair[1] - pair[0]);
                assert!(kept < 3 || gaps().max().unwrap() - gaps().min().unwrap() <= 1);
            }
        }
    }

    fn choice(rows: usize, lengths: &[usize], limit: usize) -> (Choice, usize) {
        let mut axes: Vec<Axis> = lengths.iter().map(|_| Axis::default()).collect();
        let value = |row: usize, axis: usize| {
            let below: usize = lengths[axis + 1..].iter().product();
            (row / below % lengths[axis]).to_string()
        };
        for row in 0..rows {
            axes.iter_mut().enumerate().for_each(|(i, axis)| axis.see(&value(row, i)));
        }
        let choice = Choice::new(axes, rows, limit);
        let kept = (0..rows).filter(|&row| {
            let values: Vec<String> = (0..lengths.len()).map(|i| value(row, i)).collect();
            choice.keeps(row, values.iter().map(String::as_str))
        });
        let kept = kept.count();
        (choice, kept)
    }

    #[test]
    fn a_grid_stays_a_grid() {
        let (choice, kept) = choice(3 * 100 * 100, &[3, 100, 100], 5000);
        assert_eq!(choice.stride, 1);
        assert!((3000..=5000).contains(&kept), "{kept}");
        assert_eq!(kept, choice.kept.iter().product::<usize>());
        assert_eq!(choice.kept[0], 3);
    }

    #[test]
    fn other_rows_are_kept_by_number() {
        let (choice, kept) = choice(50_000, &[50_000], 1000);
        assert_eq!((choice.stride, kept), (50, 1000));
    }
}
