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

/// The tables it is made of.
pub(super) struct Accuracy<'a> {
    pub results: &'a Table,
    pub evaluations: &'a Table,
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

    /// The accuracies of a training, by epoch.
    fn curve(&self, training: Row<'_>) -> Vec<f64> {
        let index = training.text("index");
        let own = self.evaluations.rows().filter(|row| row.text("index") == index);
        own.filter_map(|row| row.number("test_accuracy")).collect()
    }

    fn last(&self, hidden: &'a str, softmax: &'a str, numbers: usize) -> Option<Spread> {
        let trainings = self.trainings(hidden, softmax, &NUMBERS[numbers].1);
        Spread::of(trainings.filter_map(|row| row.number("accuracy")))
    }

    fn by_epoch(&self, hidden: &'a str, softmax: &'a str) -> Vec<Spread> {
        let curves: Vec<Vec<f64>> =
            self.trainings(hidden, softmax, &NUMBERS[0].1).map(|row| self.curve(row)).collect();
        let epochs = curves.iter().map(Vec::len).max().unwrap_or(0);
        (0..epochs)
            .filter_map(|epoch| Spread::of(curves.iter().filter_map(|curve| curve.get(epoch).copied())))
            .collect()
    }

    fn last_accuracies(&self) -> Block {
        let mut header = vec!["network, use".to_string()];
        header.extend(NUMBERS.iter().map(|(name, _)| format!("{name} (%)")));
        header.extend(["variant costs (points)", "fixed point costs (points)"].map(String::from));
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
             probability of {} in {}, and {expected:.0} would be expected.",
            seeds - 1,
            seeds + 1,
        ))
    }

    fn why_collapsed(&self) -> Block {
        let header = [
            "network, use, numbers",
            "trainings",
            "evaluations",
            "below 20 %",
            "restarts",
            "rows whose sum is zero",
            "values out of range",
        ];
        let mut rows = Vec::new();
        for (name, hidden) in LAYERS {
            for softmax in USES {
                for (numbers, cells) in &NUMBERS {
                    let trainings: Vec<Row> = self.trainings(hidden, softmax, cells).collect();
                    let curves: Vec<f64> = trainings.iter().flat_map(|row| self.curve(*row)).collect();
                    // In floating point there is no range: cells are empty.
                    let sum = |column| {
                        let known = trainings.iter().filter_map(|row| row.number(column));
                        let sum = known.map(|count| count as u64).reduce(|sum, count| sum + count);
                        sum.map_or(String::new(), count_text)
                    };
                    let collapsed = curves.iter().filter(|accuracy| **accuracy < COLLAPSED).count();
                    rows.push(vec![
                        format!("{name}, {softmax}, {numbers}"),
                        trainings.len().to_string(),
                        curves.len().to_string(),
                        collapsed.to_string(),
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
        let series = |softmax: &'static str| {
            let point = |(epoch, spread): (usize, &Spread)| Point {
                x: epoch as f64 + 1.0,
                y: spread.mean,
                least: spread.least,
                most: spread.most,
            };
            let points = self.by_epoch(hidden, softmax).iter().enumerate().map(point).collect();
            Series { name: softmax.to_string(), points, joined: true }
        };
        let request = Request {
            x: "epoch".into(),
            y: "test_accuracy".into(),
            by: vec!["softmax".into()],
            only: Vec::new(),
            logs: Logs::default(),
        };
        lines(
            &format!("accuracy-{}.svg", name.replace(' ', "-")),
            &USES.map(series),
            &request,
            format!(
                "Test accuracy by epoch, {name}, fixed point with probabilistic rounding: mean over the seeds, with the range from least to greatest."
            ),
        )
    }

    /// What the section says.
    pub fn blocks(&self) -> Vec<Block> {
        let seeds = self.results.values("seed").len();
        let epochs = self.by_epoch(LAYERS[0].1, "exact").len();
        let mut blocks = vec![
            Block::Heading("What the replacement costs in accuracy".into()),
            Block::Text(format!(
                "Test accuracy after {epochs} epochs (trainings of each kind, by seed: {seeds}): mean, and least to greatest. `relu_probability` takes relu(x) / sum relu(x) as \
                 the output distribution, with the gradient of its own cross entropy; `relu_gradient` takes it in the gradient only. What a variant \
                 costs is the mean of `exact` less its own, both in float64; what fixed point costs is the mean in float64 less that in fixed point \
                 with probabilistic rounding."
            )),
            self.last_accuracies(),
        ];
        blocks.extend(LAYERS.iter().map(|(name, hidden)| self.figure(name, hidden)));
        blocks.push(Block::Text(
            "The first epochs beside those of the reference system's emulation (MP-SPDZ, one seed), test accuracy in per cent; \
             fixed point with probabilistic rounding."
                .into(),
        ));
        blocks.push(self.beside_emulation());
        blocks.extend((seeds > 1).then(|| self.within_ranges(seeds)));
        blocks.push(Block::Text(
            "Where trainings collapse: evaluations below 20 % of ten classes, restarts (an epoch that ends near chance starts again at half the rate), \
             rows without a positive logit, so that the sum of a use of ReLU is zero, and values that left the range of the number format, of which float64 has \
             none; each summed over the seeds and all iterations."
                .into(),
        ));
        blocks.push(self.why_collapsed());
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
        let said = if all_cost { "Supported" } else { "Not supported in every case" };
        Block::Verdict {
            claim: "The replacement always reduces accuracy, sometimes significantly.".into(),
            finding: format!(
                "{said}: against `exact`, in fixed point with probabilistic rounding, {}.",
                costs.join("; ")
            ),
        }
    }
}
