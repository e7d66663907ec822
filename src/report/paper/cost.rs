//! What each use of the replacement saves.

use super::page::Block;
use super::table::{Row, Table};
use super::words::{LAYERS, USES, network_text, ratio, sentence};
use crate::report::units::{bytes_text, count_text};

/// The paper's own settings.
const PAPER: [&str; 3] = ["rep3", "sy_rep3", "rep4"];

/// The table it is made of.
pub(super) struct Cost<'a> {
    pub results: &'a Table,
    /// How the first of its points was set.
    pub setting: String,
}

impl<'a> Cost<'a> {
    fn row(&self, cells: [&str; 5]) -> Option<Row<'a>> {
        let [protocol, hidden, softmax, loss, network] = cells;
        self.results.rows().find(|row| {
            row.has(&[
                ("protocol", protocol),
                ("hidden", hidden),
                ("softmax", softmax),
                ("loss", loss),
                ("network", network),
            ])
        })
    }

    /// How many times as long an epoch with `exact` takes as one with this use. Not an iteration by itself: that begins with connections
    /// that are new, and all others do not.
    fn saving(&self, protocol: &str, hidden: &str, softmax: &str, network: &str) -> Option<f64> {
        let seconds =
            |softmax| self.row([protocol, hidden, softmax, "false", network])?.number("modelled_seconds");
        Some(seconds("exact")? / seconds(softmax)?)
    }

    fn of_network(&self, network: &str) -> Block {
        let mut header = vec!["protocol, layers".to_string()];
        for softmax in USES {
            header.extend([format!("{softmax}: s an epoch"), "rounds".into(), "payload".into()]);
        }
        header.extend(USES[1..].iter().map(|softmax| format!("exact : {softmax}")));
        let mut rows = Vec::new();
        for protocol in self.results.values("protocol") {
            for (name, hidden) in LAYERS {
                let mut row = vec![format!("{protocol}, {name}")];
                for softmax in USES {
                    let found = self.row([protocol, hidden, softmax, "false", network]);
                    let number = |column| found.and_then(|row| row.number(column));
                    row.push(number("modelled_seconds").map_or(String::new(), |s| format!("{s:.1}")));
                    row.push(number("rounds").map_or(String::new(), |n| count_text(n as u64)));
                    row.push(number("payload_bytes").map_or(String::new(), |n| bytes_text(n as u64)));
                }
                row.extend(
                    USES[1..].iter().map(|softmax| ratio(self.saving(protocol, hidden, softmax, network))),
                );
                rows.push(row);
            }
        }
        Block::Table { header, rows }
    }

    fn loss(&self) -> Block {
        let mut header = vec!["protocol, layers".to_string()];
        header.extend(USES.map(|softmax| format!("{softmax}: with loss : without")));
        header.push("exact : relu_probability, both with loss".into());
        let network = self.results.values("network")[0];
        let mut rows = Vec::new();
        for protocol in self.results.values("protocol") {
            for (name, hidden) in LAYERS {
                let seconds = |softmax, loss| {
                    self.row([protocol, hidden, softmax, loss, network])?.number("modelled_seconds")
                };
                let of = |more: Option<f64>, less: Option<f64>| {
                    ratio(more.zip(less).map(|(more, less)| more / less))
                };
                let mut row = vec![format!("{protocol}, {name}")];
                row.extend(USES.map(|softmax| of(seconds(softmax, "true"), seconds(softmax, "false"))));
                row.push(of(seconds("exact", "true"), seconds("relu_probability", "true")));
                rows.push(row);
            }
        }
        Block::Table { header, rows }
    }

    /// What the section says.
    pub fn blocks(&self) -> Vec<Block> {
        let networks = self.results.values("network");
        let mut blocks = vec![
            Block::Heading("What the replacement saves".into()),
            Block::Text(
                "Modelled time of an epoch, its rounds and its payload bytes over all parties, and how many times as long the same takes with \
                 `exact`. Nothing is trained for it, and no loss is computed, unless it says so. Offline phases are included. Bytes beside \
                 those measured with the reference system are in docs/fidelity.md."
                    .into(),
            ),
            Block::Text(self.setting.clone()),
        ];
        for network in &networks {
            blocks.push(Block::Text(format!("Over {}:", network_text(network))));
            blocks.push(self.of_network(network));
        }
        blocks.push(Block::Text(format!(
            "What the loss costs over {}: how many times as long an epoch takes with it as without, and what \
             `relu_probability` saves then (below 1, it is slower than `exact`). `relu_gradient` has no loss of its own.",
            network_text(networks[0])
        )));
        blocks.push(self.loss());
        blocks.push(self.verdict(&networks));
        blocks
    }

    fn verdict(&self, networks: &[&str]) -> Block {
        let settings =
            || PAPER.iter().flat_map(|protocol| networks.iter().map(move |network| (*protocol, *network)));
        let ranges_of = |softmax: &str| {
            LAYERS.map(|(name, hidden)| {
                let found: Vec<f64> = settings()
                    .filter_map(|(protocol, network)| self.saving(protocol, hidden, softmax, network))
                    .collect();
                let least = found.iter().copied().fold(f64::INFINITY, f64::min);
                (name, least, found.iter().copied().fold(0.0, f64::max))
            })
        };
        let of = |&(name, least, most): &(&str, f64, f64)| {
            format!("{least:.2} to {most:.2} times as long with {name}")
        };
        let told = |softmax: &str| sentence(&ranges_of(softmax).iter().map(of).collect::<Vec<_>>());
        let ranges = ranges_of("relu_gradient");
        // With one layer more than with more layers, each protocol and network by itself.
        let greatest_with_one = settings().all(|(protocol, network)| {
            let savings = LAYERS.map(|(_, hidden)| self.saving(protocol, hidden, "relu_gradient", network));
            savings[1..].iter().all(|saving| *saving < savings[0])
        });
        let each = if greatest_with_one {
            " Under each protocol and over each network by itself, it saves most with one layer."
        } else {
            ""
        };
        let (one, more) = ranges.split_first().expect("networks");
        let apart = more.iter().all(|(_, _, most)| *most < one.1);
        let (said, why) = if apart {
            ("supported", "The least saving with one layer is greater than the greatest with more")
        } else {
            ("supported in part", "The savings with one layer and those with more overlap")
        };
        Block::Verdict {
            claim: "The replacement provides a significant speed-up for a one-layer network only.".into(),
            said: said.into(),
            finding: format!(
                "{why}. Under the protocols of the paper ({}) and over all links above, an epoch with `exact` takes, against one with `relu_gradient`, {}; \
                 against one with `relu_probability`, {}.{each}",
                PAPER.join(", "),
                told("relu_gradient"),
                told("relu_probability")
            ),
        }
    }
}
