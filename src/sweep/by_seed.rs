//! `results_by_seed.csv`: points that differ in nothing but their seed put together, with mean, spread and confidence of what
//! seeds can change.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::columns::target_columns;
use super::summary::SweepSummary;

/// Columns of `results.csv` that a seed can change, and those of all targets.
const CHANGED: [&str; 8] = [
    "accuracy",
    "restarts",
    "out_of_range",
    "rounds",
    "payload_bytes",
    "modelled_seconds",
    "iteration_modelled_seconds",
    "halted_after_iterations",
];

/// Columns behind the axes.
const FIGURES: [&str; 8] =
    ["metric", "seeds", "values", "mean", "standard_deviation", "confidence_95", "smallest", "largest"];

/// The points of one combination of all other axes.
struct Group {
    /// The values of these axes.
    cells: Vec<String>,
    /// Points.
    seeds: u64,
    /// Of each column, what is known of it.
    values: Vec<Values>,
}

/// Mean and spread, updated value by value (Welford, "Note on a method for calculating corrected sums of squares and products",
/// 1962).
#[derive(Clone, Copy, Debug, Default)]
struct Values {
    count: u64,
    mean: f64,
    /// Sum of squares of what values are off the mean.
    squares: f64,
    smallest: f64,
    largest: f64,
}

impl Values {
    fn add(&mut self, value: f64) {
        (self.smallest, self.largest) = match self.count {
            0 => (value, value),
            _ => (self.smallest.min(value), self.largest.max(value)),
        };
        self.count += 1;
        let off = value - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (value - self.mean);
    }

    /// The sample standard deviation; none of fewer than two values.
    fn standard_deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }

    /// Half of the width of the interval around the mean that holds the expectation with a confidence of 95 %, if values are
    /// normally distributed.
    fn confidence_95(&self) -> Option<f64> {
        let deviation = self.standard_deviation()?;
        Some(student_975(self.count - 1) * deviation / (self.count as f64).sqrt())
    }
}

/// The 97.5 % quantile of Student's t distribution, within 0.0005: from a table up to 30 degrees of freedom, and beyond by the
/// expansion of Cornish and Fisher (Abramowitz and Stegun, "Handbook of Mathematical Functions", table 26.10 and formula 26.7.5).
fn student_975(degrees_of_freedom: u64) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
        2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048,
        2.045, 2.042,
    ];
    const Z: f64 = 1.959_963_984_540_054;
    if let Some(known) = TABLE.get(degrees_of_freedom.saturating_sub(1) as usize) {
        return *known;
    }
    let n = degrees_of_freedom as f64;
    let (z3, z5) = (Z * Z * Z, Z * Z * Z * Z * Z);
    Z + (z3 + Z) / (4.0 * n) + (5.0 * z5 + 16.0 * z3 + 3.0 * Z) / (96.0 * n * n)
}

/// The table, from `results.csv`: a line for each combination of the other axes and each column that a seed can change and that has
/// a value there. Combinations are in the order of their first points.
pub(crate) fn by_seed(summary: &SweepSummary, results: impl Read) -> io::Result<Vec<u8>> {
    let others: Vec<&str> =
        summary.axes.iter().filter(|axis| !axis.is_seed()).map(|axis| axis.column.as_str()).collect();
    let mut metrics: Vec<String> = CHANGED.iter().map(ToString::to_string).collect();
    metrics.extend(target_columns(&summary.targets).map(|column| column.name.into_owned()));

    let mut reader = csv::Reader::from_reader(results);
    let header = reader.headers().map_err(io::Error::other)?.clone();
    // The first of a name is that of an axis: they are in front.
    let place =
        |name: &str, from: usize| header.iter().skip(from).position(|one| one == name).map(|at| at + from);
    let places = |names: &[&str], from| {
        names.iter().map(|name| place(name, from).expect("a column of this sweep")).collect::<Vec<_>>()
    };
    let cells = places(&others, 1);
    let figures = places(&metrics.iter().map(String::as_str).collect::<Vec<_>>(), 1 + summary.axes.len());

    let (mut groups, mut known): (Vec<Group>, BTreeMap<Vec<String>, usize>) = Default::default();
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(io::Error::other)? {
        let own: Vec<String> = cells.iter().map(|&at| row[at].to_string()).collect();
        let at = *known.entry(own).or_insert_with_key(|cells| {
            groups.push(Group {
                cells: cells.clone(),
                seeds: 0,
                values: vec![Values::default(); figures.len()],
            });
            groups.len() - 1
        });
        groups[at].seeds += 1;
        for (values, &place) in groups[at].values.iter_mut().zip(&figures) {
            // An empty cell has no value.
            if let Ok(value) = row[place].parse() {
                values.add(value);
            }
        }
    }

    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(others.iter().chain(&FIGURES))?;
    let text = |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
    for Group { cells, seeds, values } in groups {
        for (metric, values) in metrics.iter().zip(values).filter(|(_, values)| values.count > 0) {
            let figures = [
                metric.clone(),
                seeds.to_string(),
                values.count.to_string(),
                values.mean.to_string(),
                text(values.standard_deviation()),
                text(values.confidence_95()),
                values.smallest.to_string(),
                values.largest.to_string(),
            ];
            writer.write_record(cells.iter().chain(&figures))?;
        }
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_spread_are_those_of_two_passes_over_the_values() {
        let mut state = 7u64;
        for n in [1, 2, 3, 5, 40] {
            let mut number = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                1e6 + (state >> 33) as f64 / 1e6
            };
            let all: Vec<f64> = (0..n).map(|_| number()).collect();
            let mut values = Values::default();
            all.iter().for_each(|&value| values.add(value));
            let mean = all.iter().sum::<f64>() / f64::from(n);
            assert!((values.mean / mean - 1.0).abs() < 1e-14);
            let squares: f64 = all.iter().map(|value| (value - mean).powi(2)).sum();
            match values.standard_deviation() {
                Some(deviation) => {
                    assert!((deviation / (squares / f64::from(n - 1)).sqrt() - 1.0).abs() < 1e-6, "{n}");
                }
                None => assert_eq!(n, 1),
            }
            assert_eq!(values.smallest, all.iter().copied().fold(f64::MAX, f64::min));
            assert_eq!(values.largest, all.iter().copied().fold(f64::MIN, f64::max));
        }
    }

    /// The area under the density up to the quantile, by Simpson's rule.
    #[test]
    fn a_quantile_has_its_share_of_the_distribution_below_it() {
        for degrees in (1..=40).chain([100, 1000, 1_000_000]) {
            let n = degrees as f64;
            let norm = libm::lgamma((n + 1.0) / 2.0) - libm::lgamma(n / 2.0);
            let scale = libm::exp(norm) / (n * std::f64::consts::PI).sqrt();
            let density = |t: f64| scale * libm::exp(-(n + 1.0) / 2.0 * libm::log1p(t * t / n));
            let (steps, end) = (20_000, student_975(degrees));
            let h = end / f64::from(steps);
            let sum: f64 = (0..=steps)
                .map(|i| {
                    let weight = if i == 0 || i == steps { 1.0 } else { 2.0 + 2.0 * f64::from(i % 2) };
                    weight * density(f64::from(i) * h)
                })
                .sum();
            let below = 0.5 + sum * h / 3.0;
            assert!((below - 0.975).abs() < 5e-5, "{degrees}: {below}");
        }
    }
}
