//! How the numbers of a data set become what goes into the network.

use super::entries::Entries;

/// What a scenario says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Numbers go in as they are.
    None,
    /// All are divided by this number.
    DivideBy(f64),
    /// Each column by itself, so that the rows to train on are from 0 to 1.
    MinMax,
    /// Each column by itself, so that the rows to train on have mean 0 and standard deviation 1.
    Standard,
}

impl Scale {
    /// The scale of pixels.
    pub const PIXELS: Scale = Scale::DivideBy(256.0);

    /// Whether it depends on the rows to train on.
    pub fn is_fitted(self) -> bool {
        matches!(self, Scale::MinMax | Scale::Standard)
    }
}

/// The same with what it needs of the rows to train on.
#[derive(Clone, Debug, PartialEq)]
pub enum Scaling {
    /// All numbers are divided by this one.
    DivideBy(f64),
    /// From each number of a column the first is taken away, and the rest divided by the second. A column that has the same
    /// number in all rows to train on has none: whatever stands there becomes 0.
    Columns(Vec<Option<(f64, f64)>>),
}

/// What is taken away and what the rest is divided by, for each column, from the least and the largest number of each.
type Fitted<'a> = &'a dyn Fn(&[(f64, f64)]) -> Vec<(f64, f64)>;

impl Scaling {
    /// The scaling for these rows, so many numbers each. Sums are taken row by row, in the order of the rows.
    pub fn fit(scale: Scale, numbers: &Entries, width: usize) -> Scaling {
        let columns = |of: Fitted| {
            let ranges = ranges(numbers, width);
            // With a divisor that is beyond all numbers nothing would be told apart; with none, what comes out is refused.
            let told_apart =
                |(shift, divisor): (f64, f64)| (shift, if divisor.is_finite() { divisor } else { 0.0 });
            let fitted = of(&ranges).into_iter().map(told_apart).zip(&ranges);
            Scaling::Columns(fitted.map(|(own, (least, largest))| (least < largest).then_some(own)).collect())
        };
        match scale {
            Scale::None => Scaling::DivideBy(1.0),
            Scale::DivideBy(divisor) => Scaling::DivideBy(divisor),
            Scale::MinMax => {
                columns(&|ranges| ranges.iter().map(|&(least, largest)| (least, largest - least)).collect())
            }
            Scale::Standard => columns(&|_| {
                let means = means(numbers, width, &vec![0.0; width], |number, _| number);
                let squares = means_of_squares(numbers, width, &means);
                means.into_iter().zip(squares).map(|(mean, square)| (mean, libm::sqrt(square))).collect()
            }),
        }
    }

    /// What becomes of a number of this column.
    pub fn apply(&self, column: usize, number: f64) -> f64 {
        match self {
            Scaling::DivideBy(divisor) => number / divisor,
            Scaling::Columns(columns) => {
                columns[column].map_or(0.0, |(shift, divisor)| (number - shift) / divisor)
            }
        }
    }

    /// Columns that become 0.
    pub fn constant_columns(&self) -> usize {
        match self {
            Scaling::DivideBy(_) => 0,
            Scaling::Columns(columns) => columns.iter().filter(|column| column.is_none()).count(),
        }
    }
}

/// The least and the largest number of each column.
fn ranges(numbers: &Entries, width: usize) -> Vec<(f64, f64)> {
    let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); width];
    for at in 0..numbers.len() {
        let (number, (least, largest)) = (numbers.get(at), &mut ranges[at % width]);
        *least = least.min(number);
        *largest = largest.max(number);
    }
    ranges
}

/// The mean of a term of each number of a column and something of the column.
fn means(numbers: &Entries, width: usize, of_column: &[f64], term: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; width];
    for at in 0..numbers.len() {
        sums[at % width] += term(numbers.get(at), of_column[at % width]);
    }
    let rows = (numbers.len() / width) as f64;
    sums.into_iter().map(|sum| sum / rows).collect()
}

/// The mean squared distance of each column's numbers from its mean.
fn means_of_squares(numbers: &Entries, width: usize, column_means: &[f64]) -> Vec<f64> {
    means(numbers, width, column_means, |number, mean| (number - mean) * (number - mean))
}
