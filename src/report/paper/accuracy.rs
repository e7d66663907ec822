//! What each use of the replacement costs in accuracy, and what fixed point costs.

use super::page::Block;
use super::table::{Row, Spread, Table};
use super::words::{LAYERS, USES, lines, points, sentence};
use crate::report::count_text;
use crate::report::plot::{Logs, Point, Request, Series};

/// How numbers are held: what it is called, and the cells of `rounding` and `numbers`.
const NUMBERS: [(&str, [(&str, &str); 2]); 3] = [
    ("fixed point, probabilistic", [("rounding", "probabilistic"), ("numbers", "fixed_point")]),
    ("fixed point, nearest", [("rounding", "nearest"), ("numbers", "fixed_point")]),
    ("float64", [("rounding", "nearest"), ("numbers", "float64")]),
];
/// An evaluation below it says that the training has collapsed: the classes are ten.
const COLLAPSED: f64 = 0.2;
/// Test accuracy in per cent after the epochs 1 to 5 in the reference system's emulation, one seed, by layers and use.
const EMULATED: [[[f64; 5]; 3]; 3] = [
    [[89.9, 90.9, 91.4, 91.6, 91.6], [89.4, 89.6, 90.5, 89.6, 88.7], [86.6, 86.7, 86.7, 86.6, 86.6]],
    [[92.5, 93.7, 94.7, 95.3, 95.9], [90.5, 91.3, 91.4, 92.3, 92.8], [86.4, 9.8, 88.3, 87.6, 87.3]],
    [[93.1, 94.7, 95.5, 96.5, 97.0], [86.3, 87.1, 88.6, 90.7, 90.2], [9.8, 10.3, 86.8, 9.9, 83.9]],
];

/// What the figures by epoch are made of.
const OVER_SEEDS: &str =
    "fixed point with probabilistic rounding: mean over the seeds, with the range from least to greatest.";

/// A line of a figure by epoch.
fn curve(name: &str, epochs: &[Spread]) -> Series {
    let point = |(epoch, spread): (usize, &Spread)| Point {
        x: epoch as f64 + 1.0,
        y: spread.mean,
        least: spread.least,
        most: spread.most,
    };
    Series { name: name.to_string(), points: epochs.iter().enumerate().map(point).collect(), joined: true }
}

/// A figure of lines by epoch.
fn by_epoch(y: &str) -> Request {
    Request {
        x: "epoch".into(),
        y: y.into(),
        by: vec!["softmax".into()],
        only: Vec::new(),
        logs: Logs::default(),
    }
}

/// The tables it is made of.
pub(super) struct Accuracy<'a> {
    pub results: &'a Table,
    pub evaluations: &'a Table,
    /// How the first of its points was set.
    pub setting: String,
}

impl<'a> Accuracy<'a> {
    /// The trainings of a network with a use, in these numbers: one a seed.
    fn trainings(
        &self,
        hidden: &'a str,
        softmax: &'a str,
        numbers: &'a [(&'a str, &'a str); 2],
    ) -> impl Iterator<Item = Row<'a>> {
        let results = self.results;
        results
            .rows()
            .filter(move |row| row.has(&[("hidden", hidden), ("softmax", softmax)]) && row.has(numbers))
    }

    /// The evaluations of a training, by epoch.
    fn epochs(&self, training: Row<'_>) -> Vec<Row<'a>> {
        let index = training.text("index");
        self.evaluations.rows().filter(|row| row.text("index") == index).collect()
    }

    /// A number of each epoch, over the seeds.
    fn by_epoch_of(
        &self,
        (hidden, softmax, numbers): (&'a str, &'a str, usize),
        of: impl Fn(Row<'a>) -> Option<f64>,
    ) -> Vec<Spread> {
        let trainings = self.trainings(hidden, softmax, &NUMBERS[numbers].1);
        let curves: Vec<Vec<f64>> =
            trainings.map(|row| self.epochs(row).into_iter().filter_map(&of).collect()).collect();
        let epochs = curves.iter().map(Vec::len).max().unwrap_or(0);
        (0..epochs)
            .filter_map(|epoch| Spread::of(curves.iter().filter_map(|curve| curve.get(epoch).copied())))
            .collect()
    }

    fn last(&self, hidden: &'a str, softmax: &'a str, numbers: usize) -> Option<Spread> {
        let trainings = self.trainings(hidden, softmax, &NUMBERS[numbers].1);
        Spread::of(trainings.filter_map(|row| row.number("accuracy")))
    }

    fn by_epoch(&self, hidden: &'a str, softmax: &'a str) -> Vec<Spread> {
        self.by_epoch_of((hidden, softmax, 0), |row| row.number("test_accuracy"))
    }

    fn last_accuracies(&self) -> Block {
        let mut header = vec!["network, use".to_string()];
        header.extend(NUMBERS.iter().map(|(name, _)| format!("{name} (%)")));
        header.extend(["variant costs, float64 (points)", "fixed point costs (points)"].map(String::from));
        let mut rows = Vec::new();
        for (name, hidden) in LAYERS {
            for softmax in USES {
                let found = [0, 1, 2].map(|numbers| self.last(hidden, softmax, numbers));
                let mut row = vec![format!("{name}, {softmax}")];
                row.extend(
                    found.iter().map(|spread| spread.map_or(String::new(), |spread| spread.percent())),
                );
                let float = found[2].map(|spread| spread.mean);
                let exact = self.last(hidden, "exact", 2).map(|spread| spread.mean);
                row.push(points(exact.zip(float)));
                row.push(points(float.zip(found[0].map(|spread| spread.mean))));
                rows.push(row);
            }
        }
        Block::Table { header, rows }
    }

    fn beside_emulation(&self) -> Block {
        let mut header = vec!["network, use".to_string()];
        header.extend((1..=5).flat_map(|epoch| [format!("epoch {epoch}"), "emulated".to_string()]));
        let mut rows = Vec::new();
        for ((name, hidden), emulated) in LAYERS.into_iter().zip(EMULATED) {
            for (softmax, emulated) in USES.into_iter().zip(emulated) {
                let own = self.by_epoch(hidden, softmax);
                let mut row = vec![format!("{name}, {softmax}")];
                for (epoch, theirs) in emulated.iter().enumerate() {
                    row.push(own.get(epoch).map_or(String::new(), Spread::percent));
                    row.push(format!("{theirs:.1}"));
                }
                rows.push(row);
            }
        }
        Block::Table { header, rows }
    }

    /// How many figures of the emulation are within the range of ours, and how many would be if it were one seed more.
    fn within_ranges(&self, seeds: usize) -> Block {
        let (mut within, mut all) = (0, 0);
        for ((_, hidden), emulated) in LAYERS.into_iter().zip(EMULATED) {
            for (softmax, emulated) in USES.into_iter().zip(emulated) {
                for (own, theirs) in self.by_epoch(hidden, softmax).iter().zip(emulated) {
                    let [least, most] = [own.least, own.most].map(|share| (1000.0 * share).round());
                    within += usize::from((least..=most).contains(&(10.0 * theirs).round()));
                    all += 1;
                }
            }
        }
        // As likely as that the newest of all is neither the least nor the greatest of them.
        let expected = (all * (seeds - 1)) as f64 / (seeds + 1) as f64;
        Block::Text(format!(
            "Of the {all} figures of the emulation, {within} are within the range of ours. If it were one more seed of the same training, each would be so with a \
             probability of {} in {} (that it is neither the least nor the greatest of all), and {expected:.0} would be expected.",
            seeds - 1,
            seeds + 1,
        ))
    }

    fn why_collapsed(&self) -> Block {
        let header = [
            "network, use, numbers",
            "trainings",
            "epochs",
            "end below 20 %",
            "of these, with values out of range",
            "others with values out of range",
            "restarts",
            "rows whose sum is zero",
            "values out of range",
        ];
        let mut rows = Vec::new();
        for (name, hidden) in LAYERS {
            for softmax in USES {
                for (numbers, cells) in &NUMBERS {
                    let trainings: Vec<Row> = self.trainings(hidden, softmax, cells).collect();
                    let epochs: Vec<Row> = trainings.iter().flat_map(|row| self.epochs(*row)).collect();
                    // In floating point there is no range: cells are empty.
                    let sum = |column| {
                        let known = trainings.iter().filter_map(|row| row.number(column));
                        let sum = known.map(|count| count as u64).reduce(|sum, count| sum + count);
                        sum.map_or(String::new(), count_text)
                    };
                    let (collapsed, others): (Vec<Row>, Vec<Row>) = epochs
                        .iter()
                        .partition(|row| row.number("test_accuracy").is_some_and(|share| share < COLLAPSED));
                    let beyond = |rows: &[Row]| {
                        let known = epochs.iter().any(|row| row.number("out_of_range").is_some());
                        let out = |row: &&Row| row.number("out_of_range").is_some_and(|values| values > 0.0);
                        if known { rows.iter().filter(out).count().to_string() } else { String::new() }
                    };
                    rows.push(vec![
                        format!("{name}, {softmax}, {numbers}"),
                        trainings.len().to_string(),
                        epochs.len().to_string(),
                        collapsed.len().to_string(),
                        beyond(&collapsed),
                        beyond(&others),
                        sum("restarts"),
                        sum("rows_beyond_domain"),
                        sum("out_of_range"),
                    ]);
                }
            }
        }
        Block::Table { header: header.map(String::from).to_vec(), rows }
    }

    fn figure(&self, name: &str, hidden: &'a str) -> Block {
        let series = USES.map(|softmax| curve(softmax, &self.by_epoch(hidden, softmax)));
        let file = format!("accuracy-{}.svg", name.replace(' ', "-"));
        lines(
            &file,
            &series,
            &by_epoch("test_accuracy"),
            format!("Test accuracy by epoch, {name}, {OVER_SEEDS}"),
        )
    }

    /// The share of rows whose sum is zero, by epoch, with both uses.
    fn zero_sums(&self, name: &str, hidden: &'a str, rows: f64) -> Block {
        let share = |row: Row<'_>| row.number("rows_beyond_domain").map(|count| count / rows);
        let series = [1, 2].map(|at| curve(USES[at], &self.by_epoch_of((hidden, USES[at], 0), share)));
        let file = format!("zero-sums-{}.svg", name.replace(' ', "-"));
        let caption = format!(
            "Share of the rows of an epoch in which no logit is positive, by epoch, {name}, {OVER_SEEDS}"
        );
        lines(&file, &series, &by_epoch("share_of_rows_whose_sum_is_zero"), caption)
    }

    /// What the section says.
    pub fn blocks(&self, rows: usize) -> Vec<Block> {
        let seeds = self.results.values("seed").len();
        let epochs = self.by_epoch(LAYERS[0].1, "exact").len();
        let rows = rows as f64;
        let mut blocks = vec![
            Block::Heading("What the replacement costs in accuracy".into()),
            Block::Text(format!(
                "Test accuracy after {epochs} epochs, of trainings with {seeds} seeds each: mean, and least to greatest. What a variant \
                 costs is the mean of `exact` less its own, both in float64; what fixed point costs is the mean in float64 less that in fixed point \
                 with probabilistic rounding. Fixed point is computed in the clear with the arithmetic of the protocol; float64 is double precision. \
                 Differences are of means before rounding; where trainings collapse, they are well within the range of the seeds."
            )),
            Block::Text(self.setting.clone()),
            self.last_accuracies(),
        ];
        blocks.extend(LAYERS.iter().map(|(name, hidden)| self.figure(name, hidden)));
        blocks.push(Block::Text(
            "The first epochs beside those of the reference system's emulation, test accuracy in per cent; fixed point with probabilistic rounding. \
             The reference system is MP-SPDZ, with which Keller and Sun measured; its emulation computes the same without parties. It was run with one seed."
                .into(),
        ));
        blocks.push(self.beside_emulation());
        blocks.extend((seeds > 1).then(|| self.within_ranges(seeds)));
        blocks.push(Block::Text(
            "Where and why trainings collapse. An epoch collapses if it ends below 20 %. Columns: collapsed epochs; how many of them, and how many others, had values that \
             left the range of the number format (float64 has no such range); restarts; rows without a positive logit, so that the sum of a use of ReLU is zero; \
             values out of range. All are summed over the seeds. A collapse with values out of range in its epoch may be one of the number format; one in \
             float64 is one of the variant itself. Figures show rows without a positive logit by epoch."
                .into(),
        ));
        blocks.push(self.why_collapsed());
        blocks.extend(LAYERS.iter().map(|(name, hidden)| self.zero_sums(name, hidden, rows)));
        blocks.push(self.verdict());
        blocks
    }

    fn verdict(&self) -> Block {
        let mut all_cost = true;
        let mut costs = Vec::new();
        for softmax in &USES[1..] {
            let of_network = |(name, hidden): (&str, &'a str)| {
                let exact = self.last(hidden, "exact", 0)?.mean;
                let own = self.last(hidden, softmax, 0)?.mean;
                all_cost &= own < exact;
                Some(format!("{} with {name}", points(Some((exact, own)))))
            };
            let found: Vec<String> = LAYERS.into_iter().filter_map(of_network).collect();
            costs.push(format!("`{softmax}` costs, in points, {}", sentence(&found)));
        }
        let said = if all_cost { "supported" } else { "not supported in every case" };
        Block::Verdict {
            claim: "The replacement always reduces accuracy, sometimes significantly.".into(),
            said: said.into(),
            finding: format!(
                "Against `exact`, in fixed point with probabilistic rounding, {}.",
                costs.join("; ")
            ),
        }
    }
}
