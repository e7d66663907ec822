//! Which reading of SecureML's replacement reaches the accuracy that it reports.

use super::names::fields;
use super::page::Block;
use super::table::{Row, Table};
use super::words::sentence;
use crate::report::count_text;

/// What SecureML reports with softmax and with the replacement, three layers (Mohassel and Zhang, S&P 2017, section VI).
const REPORTED: [f64; 2] = [0.945, 0.934];
/// Its learning rate.
const RATE: f64 = 0.0078125;

/// The table it is made of.
pub(super) struct SecureMl<'a> {
    pub results: &'a Table,
    pub evaluations: &'a Table,
    /// How the first of its points was set.
    pub setting: String,
}

impl<'a> SecureMl<'a> {
    fn curve(&self, training: Row<'_>) -> Vec<f64> {
        let own = self.evaluations.rows().filter(|row| row.text("index") == training.text("index"));
        own.filter_map(|row| row.number("test_accuracy")).collect()
    }

    /// Whether it has the rate that is published, and no momentum, of which nothing is.
    fn is_as_published(training: Row<'_>) -> bool {
        training.number("momentum") == Some(0.0) && training.number("learning_rate") == Some(RATE)
    }

    /// What the section says.
    pub fn blocks(&self) -> Vec<Block> {
        let header = [
            "use",
            "zero_sum",
            "threshold",
            "final_relu",
            "rounding",
            "momentum",
            "rate",
            "last epoch (%)",
            "best epoch (%)",
            "rows whose sum is zero",
            "restarts",
        ];
        let percent = |share: f64| format!("{:.1}", 100.0 * share);
        let mut rows = Vec::new();
        for training in self.results.rows() {
            let (name, fields) = fields(training.text("softmax"));
            let of = |column| training.text(column).to_string();
            let field = |name| {
                let found = fields.iter().find(|(field, _)| *field == name);
                found.map_or(String::new(), |(_, value)| value.to_string())
            };
            rows.push(vec![
                name.to_string(),
                field("zero_sum"),
                field("threshold"),
                field("final_relu"),
                of("rounding"),
                of("momentum"),
                of("learning_rate"),
                training.number("accuracy").map_or(String::new(), percent),
                percent(self.best(training)),
                training.number("rows_beyond_domain").map_or(String::new(), |rows| count_text(rows as u64)),
                of("restarts"),
            ]);
        }
        vec![
            Block::Heading("SecureML's accuracy with the replacement".into()),
            Block::Text(format!(
                "SecureML (Mohassel and Zhang, S&P 2017) reports {:.1} % with softmax and {:.1} % with its replacement: three layers, batches of 128, \
                 15 epochs, the rate 2^-7 = {RATE}, 13 bits after the point. What the paper leaves open is read in these ways: whether the replacement is the output \
                 distribution or in the gradient only, what a row without a positive logit gives (`zero_sum`), whether a ReLU ends the last layer (`final_relu`), \
                 rounding, momentum. Its own truncation of shares rounds at random, as probabilistic rounding does. All divide with `division: quotient`; \
                 an empty cell is the default, no ReLU and no threshold with `relu_gradient`. One seed. Not tried: other initial weights, pixels on another scale.",
                100.0 * REPORTED[0],
                100.0 * REPORTED[1]
            )),
            Block::Text(self.setting.clone()),
            Block::Table { header: header.map(String::from).to_vec(), rows },
            self.verdict(),
        ]
    }

    fn best(&self, training: Row<'_>) -> f64 {
        self.curve(training).into_iter().fold(0.0, f64::max)
    }

    fn verdict(&self) -> Block {
        let percent = |share: f64| format!("{:.1}", 100.0 * share);
        let called = |training: Row<'_>| {
            let [softmax, rounding, momentum, rate] =
                ["softmax", "rounding", "momentum", "learning_rate"].map(|column| training.text(column));
            format!("`{softmax}` ({rounding} rounding, momentum {momentum}, rate {rate})")
        };
        let (exact, replaced): (Vec<Row>, Vec<Row>) =
            self.results.rows().partition(|training| training.text("softmax") == "exact");
        let reach: Vec<Row> = replaced
            .iter()
            .copied()
            .filter(|training| training.number("accuracy").is_some_and(|last| last >= REPORTED[1]))
            .collect();
        let best = replaced.iter().copied().max_by(|a, b| self.best(*a).total_cmp(&self.best(*b)));
        let best = best.map_or(String::new(), |training| {
            format!(
                " The best epoch of any has {} %, with {}.",
                percent(self.best(training)),
                called(training)
            )
        });
        let epochs = self.results.rows().next().map_or(0, |row| self.curve(row).len());
        let said = if reach.is_empty() {
            "supported"
        } else if reach.iter().any(|training| Self::is_as_published(*training)) {
            "not supported"
        } else {
            "supported at what is published; not at another rate with momentum"
        };
        let as_published = |trainings: &[Row<'_>]| {
            let last = trainings.iter().filter(|training| Self::is_as_published(**training));
            last.filter_map(|training| training.number("accuracy"))
                .reduce(f64::max)
                .map_or("nothing".into(), percent)
        };
        let published = format!(
            " At the published rate and without momentum the best ends at {} %, and `exact` at {} %, where SecureML has {} %.",
            as_published(&replaced),
            as_published(&exact),
            percent(REPORTED[0])
        );
        let ends = if reach.len() == 1 { "ends" } else { "end" };
        let each = reach.iter().map(|training| {
            format!(
                "{}, at {} %",
                called(*training),
                training.number("accuracy").map_or(String::new(), percent)
            )
        });
        let which = if reach.is_empty() {
            format!(".{best}")
        } else {
            format!(": {}.", sentence(&each.collect::<Vec<_>>()))
        };
        Block::Verdict {
            claim: "The accuracy that SecureML reports for its replacement with three layers could not be reproduced.".into(),
            said: said.into(),
            finding: format!(
                "{} of {} trainings with the replacement {ends} at {} % or above after {epochs} epochs, with one seed{which}{published}",
                reach.len(),
                replaced.len(),
                percent(REPORTED[1])
            ),
        }
    }
}
