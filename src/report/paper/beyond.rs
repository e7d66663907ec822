//! Beyond the paper: which softmax is soonest at an accuracy.

use std::collections::BTreeMap;

use super::page::Block;
use super::table::{Row, Table};
use super::words::{lines, sentence};
use crate::report::plot::{Logs, Request, select};

/// Accuracies to be reached, as columns name them.
const TARGETS: [&str; 3] = ["0.9", "0.95", "0.97"];

/// The table it is made of.
pub(super) struct Beyond<'a> {
    pub results: &'a Table,
    /// Its text.
    pub csv: &'a str,
}

/// The name of the column with the modelled time to a target.
pub(super) fn to_target(target: &str) -> String {
    format!("to_{target}_modelled_seconds")
}

/// Whether a variant is one of the replacement's uses.
fn is_replacement(softmax: &str) -> bool {
    softmax.starts_with("relu_probability") || softmax.starts_with("relu_gradient")
}

impl<'a> Beyond<'a> {
    /// The rows of a model, a protocol and a network, by the time to a target; without those that never get there.
    fn ranked(&self, [model, protocol, network]: [&str; 3], target: &str) -> Vec<(f64, Row<'a>)> {
        let column = to_target(target);
        let here = self
            .results
            .rows()
            .filter(|row| row.has(&[("model", model), ("protocol", protocol), ("network", network)]));
        let mut ranked: Vec<(f64, Row)> = here.filter_map(|row| Some((row.number(&column)?, row))).collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        ranked
    }

    fn settings(&self) -> Vec<[&'a str; 3]> {
        let mut all = Vec::new();
        for model in self.results.values("model") {
            for network in self.results.values("network") {
                all.extend(
                    self.results.values("protocol").into_iter().map(|protocol| [model, protocol, network]),
                );
            }
        }
        all
    }

    fn fastest(&self) -> Block {
        let mut header: Vec<String> = ["network trained", "links", "protocol"].map(String::from).to_vec();
        for target in TARGETS {
            header.extend([format!("soonest at {target}"), "s".into(), "exact: s".into()]);
        }
        let mut rows = Vec::new();
        for setting @ [model, protocol, network] in self.settings() {
            let mut row = vec![model.to_string(), network.to_string(), protocol.to_string()];
            for target in TARGETS {
                let ranked = self.ranked(setting, target);
                let exact = ranked.iter().find(|(_, row)| row.text("softmax") == "exact");
                let seconds = |time: f64| format!("{time:.1}");
                let first = ranked.first();
                row.push(first.map_or("none".into(), |(_, row)| row.text("softmax").to_string()));
                row.push(first.map_or(String::new(), |(time, _)| seconds(*time)));
                row.push(exact.map_or("never".into(), |(time, _)| seconds(*time)));
            }
            rows.push(row);
        }
        Block::Table { header, rows }
    }

    /// Accuracy at the end, by model.
    fn accuracies(&self) -> Block {
        let models = self.results.values("model");
        let mut header = vec!["softmax".to_string()];
        header.extend(models.iter().map(|model| format!("{model} (%)")));
        let of = |softmax, model| {
            let row = self.results.rows().find(|row| row.has(&[("softmax", softmax), ("model", model)]));
            row.and_then(|row| row.number("accuracy"))
                .map_or(String::new(), |share| format!("{:.2}", 100.0 * share))
        };
        let rows = self.results.values("softmax").into_iter().map(|softmax| {
            let cells = models.iter().map(|model| of(softmax, model));
            std::iter::once(softmax.to_string()).chain(cells).collect()
        });
        Block::Table { header, rows: rows.collect() }
    }

    fn figure(&self, model: &str, network: &str) -> Option<Block> {
        let request = Request {
            x: "modelled_seconds".into(),
            y: "accuracy".into(),
            by: vec!["softmax".into()],
            only: [("model", model), ("network", network), ("protocol", "rep3")]
                .map(|(column, value)| (column.to_string(), value.to_string()))
                .to_vec(),
            logs: Logs::default(),
        };
        let series = select(self.csv, &request).ok()?;
        let caption = format!(
            "Accuracy against modelled time of the whole training, one point a variant: {model}, `rep3`, network {network}."
        );
        let name: String = format!("beyond-{model}-{network}")
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        Some(lines(&format!("{name}.svg"), &series, &request, caption))
    }

    /// What the section says.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = vec![
            Block::Heading("Beyond: which softmax is soonest at an accuracy".into()),
            Block::Text(
                "Every output layer for so many classes. Time to accuracy is the modelled time, set-up and offline phase included, until the test accuracy has a target and keeps \
                 it to the end of the training; test accuracy is looked at four times an epoch. One seed."
                    .into(),
            ),
            self.fastest(),
            Block::Text("Test accuracy at the end:".into()),
            self.accuracies(),
        ];
        for model in self.results.values("model") {
            for network in self.results.values("network") {
                blocks.extend(self.figure(model, network));
            }
        }
        blocks.push(self.verdict());
        blocks
    }

    fn verdict(&self) -> Block {
        let mut wins: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let (mut cases, mut reached_by_replacement) = (0, 0);
        for setting in self.settings() {
            for target in TARGETS {
                let ranked = self.ranked(setting, target);
                let Some((first, row)) = ranked.first() else { continue };
                cases += 1;
                reached_by_replacement +=
                    usize::from(ranked.iter().any(|(_, row)| is_replacement(row.text("softmax"))));
                let exact = ranked.iter().find(|(_, row)| row.text("softmax") == "exact");
                if is_replacement(row.text("softmax")) {
                    let [model, protocol, network] = setting;
                    let times = exact.map_or("`exact` never gets there".to_string(), |(exact, _)| {
                        format!("{:.2} times as fast as `exact`", exact / first)
                    });
                    wins.entry(row.text("softmax"))
                        .or_default()
                        .push(format!("{model} to {target} under {protocol} on {network} ({times})"));
                }
            }
        }
        let finding = if wins.is_empty() {
            format!(
                "Under time to accuracy the replacement wins nowhere: in none of {cases} settings with a variant that gets there is one of its two uses soonest; \
                 in {reached_by_replacement} of them it gets there at all."
            )
        } else {
            let each = wins.iter().map(|(softmax, where_)| {
                let (shown, more) = where_.split_at(where_.len().min(4));
                let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
                format!("`{softmax}` in {} ({}{more})", where_.len(), shown.join("; "))
            });
            format!(
                "Of {cases} settings with a variant that gets there, the replacement is soonest: {}. In {reached_by_replacement} of them it gets there at all.",
                sentence(&each.collect::<Vec<_>>())
            )
        };
        Block::Verdict {
            claim: "The replacement is not worth it but for a one-layer network (the conclusion, asked of time to accuracy).".into(),
            finding,
        }
    }
}
