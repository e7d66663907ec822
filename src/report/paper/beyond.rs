//! Beyond the paper: which softmax is soonest at an accuracy.

use std::collections::BTreeMap;

use super::page::Block;
use super::table::{Row, Table};
use super::words::{self, lines, sentence};
use crate::report::plot::{Logs, Request, select};
use crate::scenario::Softmax;

/// Accuracies to be reached: as columns name them, and as the page does.
const TARGETS: [(&str, &str); 4] = [("0.85", "85 %"), ("0.9", "90 %"), ("0.95", "95 %"), ("0.97", "97 %")];
/// Most settings that a finding names.
const NAMED: usize = 4;

/// The table it is made of.
pub(super) struct Beyond<'a> {
    pub results: &'a Table,
    /// Its text.
    pub csv: &'a str,
    /// How the first of its points was set.
    pub setting: String,
}

/// A network, links, a protocol and a target, and the variants that get there: the modelled time of each, the soonest first.
struct Race<'a> {
    model: &'a str,
    network: &'a str,
    protocol: &'a str,
    target: &'static str,
    ranked: Vec<(f64, &'a str)>,
}

impl<'a> Race<'a> {
    /// The soonest of some of the variants.
    fn first(&self, of: impl Fn(&str) -> bool) -> Option<(f64, &'a str)> {
        self.ranked.iter().copied().find(|(_, softmax)| of(softmax))
    }
}

impl Race<'_> {
    /// How many times as fast as `exact` the sooner of the replacement's uses is; without end if only it gets there, none if it does not.
    fn gain(&self) -> Option<f64> {
        let (time, _) = self.first(is_replacement)?;
        Some(self.first(|softmax| softmax == "exact").map_or(f64::INFINITY, |(exact, _)| exact / time))
    }

    /// Where the replacement is so many times as fast.
    fn told(&self, gain: f64) -> String {
        let Race { model, network, protocol, target, .. } = self;
        let softmax = self.first(is_replacement).map_or("", |(_, softmax)| softmax);
        let times = if gain.is_finite() {
            format!("{gain:.2} times as fast")
        } else {
            "`exact` never gets there".to_string()
        };
        format!("`{softmax}`, {} to {target} under {protocol} over {network} ({times})", called(model))
    }
}

/// Whether a variant is one of the replacement's uses.
fn is_replacement(softmax: &str) -> bool {
    softmax.starts_with("relu_probability") || softmax.starts_with("relu_gradient")
}

/// Whether parties learn nothing by it.
fn reveals_nothing(softmax: &str) -> bool {
    !Softmax::ALL.iter().any(|known| known.name() == softmax && known.reveals().is_some())
}

/// What the page calls a network.
fn called(model: &str) -> String {
    if model == "dense(hidden: [])" { "one layer".to_string() } else { format!("network {model}") }
}

impl<'a> Beyond<'a> {
    /// The race of a model over links, under a protocol, to a target.
    fn race(
        &self,
        [model, network, protocol]: [&'a str; 3],
        (column, target): (&str, &'static str),
    ) -> Race<'a> {
        let column = format!("to_{column}_modelled_seconds");
        let here = [("model", model), ("protocol", protocol), ("network", network)];
        let rows = self.results.rows().filter(|row| row.has(&here));
        let mut ranked: Vec<(f64, &str)> =
            rows.filter_map(|row| Some((row.number(&column)?, row.text("softmax")))).collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        Race { model, network, protocol, target, ranked }
    }

    /// All races of a model to a target.
    fn races(&self, model: &'a str, target: (&str, &'static str)) -> Vec<Race<'a>> {
        let protocols = self.results.values("protocol");
        let networks = self.results.values("network").into_iter();
        let settings =
            networks.flat_map(|network| protocols.iter().map(move |protocol| [model, network, protocol]));
        settings.map(|setting| self.race(setting, target)).collect()
    }

    /// Who is soonest, with a model.
    fn fastest(&self, model: &'a str) -> Block {
        let mut header: Vec<String> = ["links", "protocol"].map(String::from).to_vec();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for target in TARGETS {
            let races = self.races(model, target);
            if rows.is_empty() {
                rows.extend(
                    races.iter().map(|race| vec![race.network.to_string(), race.protocol.to_string()]),
                );
            }
            if races.iter().all(|race| race.ranked.is_empty()) {
                continue;
            }
            header.extend(
                ["soonest", "of those that reveal nothing", "exact"]
                    .map(|who| format!("{}: {who}", target.1)),
            );
            for (row, race) in rows.iter_mut().zip(&races) {
                let told = |found: Option<(f64, &str)>| {
                    found.map_or("none".to_string(), |(time, softmax)| {
                        format!("{softmax}, {}", words::time(time))
                    })
                };
                let any = race.first(|_| true);
                let safe = race.first(reveals_nothing);
                row.push(told(any));
                row.push(if safe == any { String::new() } else { told(safe) });
                let exact = race.first(|softmax| softmax == "exact");
                row.push(exact.map_or("never".into(), |(time, _)| words::time(time)));
            }
        }
        Block::Table { header, rows }
    }

    /// Accuracy at the end, by model.
    fn accuracies(&self) -> Block {
        let models = self.results.values("model");
        let mut header = vec!["softmax".to_string()];
        header.extend(models.iter().map(|model| format!("{} (%)", called(model))));
        let of = |softmax, model| {
            let row = self.results.rows().find(|row| row.has(&[("softmax", softmax), ("model", model)]));
            row.and_then(|row: Row| row.number("accuracy"))
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
            "Test accuracy at the end against modelled time of the whole training, one point a variant: {}, `rep3`, over `{network}`.",
            called(model)
        );
        let file = format!("beyond-{}-{network}.svg", called(model).replace(' ', "-"));
        Some(lines(&file, &series, &request, caption))
    }

    /// What the section says.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = vec![
            Block::Heading("Beyond: which softmax is fastest to an accuracy".into()),
            Block::Text(
                "What a practitioner asks is not how long an epoch takes, but how long it takes to an accuracy. Here every output layer listed above \
                 races: the modelled time, set-up and offline phase included, until the test accuracy reaches a target and keeps it to the end of the training. \
                 The accuracy is looked at four times an epoch, which costs nothing; no loss is computed. One seed. Variants that reveal something to all parties are \
                 less private; where one of them is the soonest, the soonest that reveals nothing stands beside it, and an empty cell means that both are the same."
                    .into(),
            ),
            Block::Text(self.setting.clone()),
        ];
        for model in self.results.values("model") {
            blocks.push(Block::Text(format!("Soonest with {}:", called(model))));
            blocks.push(self.fastest(model));
        }
        blocks.push(Block::Text(
            "Test accuracy at the end, which is the same under all protocols and links:".into(),
        ));
        blocks.push(self.accuracies());
        for model in self.results.values("model") {
            for network in self.results.values("network") {
                blocks.extend(self.figure(model, network));
            }
        }
        blocks.push(self.verdict());
        blocks
    }

    fn verdict(&self) -> Block {
        let models = self.results.values("model");
        let races = TARGETS
            .into_iter()
            .flat_map(|target| models.iter().flat_map(move |model| self.races(model, target)));
        let races: Vec<Race> = races.filter(|race| !race.ranked.is_empty()).collect();
        let count = |of: &dyn Fn(&Race) -> bool| races.iter().filter(|race| of(race)).count();
        let reached = count(&|race| race.first(is_replacement).is_some());
        let soonest = count(&|race| race.first(|_| true).is_some_and(|(_, softmax)| is_replacement(softmax)));
        let soonest_of_safe =
            count(&|race| race.first(reveals_nothing).is_some_and(|(_, softmax)| is_replacement(softmax)));
        // Against `exact`: how many times as fast, and where.
        let mut sooner: Vec<(f64, &Race)> = races
            .iter()
            .filter_map(|race| Some((race.gain()?, race)))
            .filter(|(gain, _)| *gain > 1.0)
            .collect();
        sooner.sort_by(|a, b| b.0.total_cmp(&a.0));
        // How many races there are, and in how many the replacement is sooner than `exact`: with one layer to a target, or with others.
        let of = |is: &dyn Fn(&Race) -> bool| [count(is), sooner.iter().filter(|(_, race)| is(race)).count()];
        let by_target: Vec<(&str, [usize; 2])> = TARGETS
            .iter()
            .map(|(_, target)| (*target, of(&|race| race.model == models[0] && race.target == *target)))
            .filter(|(_, [all, _])| *all > 0)
            .collect();
        let one_layer: Vec<String> =
            by_target.iter().map(|(target, [all, won])| format!("in {won} of {all} to {target}")).collect();
        let [others, others_won] = of(&|race| race.model != models[0]);
        let said = if others_won > 0 {
            "not supported in every case"
        } else if sooner.is_empty() {
            "it pays nowhere"
        } else if by_target.iter().all(|(_, [all, won])| all == won) {
            "supported"
        } else {
            "supported in part"
        };
        let mut safe: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, softmax) in races.iter().filter_map(|race| race.first(reveals_nothing)) {
            *safe.entry(softmax).or_default() += 1;
        }
        let best = safe.iter().max_by_key(|(_, count)| **count);
        let best = best.map_or(String::new(), |(softmax, count)| {
            format!(" Of those that reveal nothing, `{softmax}` is soonest most often, in {count}.")
        });
        let named: Vec<String> = sooner.iter().take(NAMED).map(|(gain, race)| race.told(*gain)).collect();
        let most = match named.len() {
            0 => String::new(),
            _ => format!(" The largest gains over `exact`: {}.", sentence(&named)),
        };
        Block::Verdict {
            claim: "The replacement pays for a one-layer network only (the conclusion, asked of time to accuracy).".into(),
            said: said.into(),
            finding: format!(
                "With {}, one of the replacement's two uses is sooner than `exact` {}; with other networks in {others_won} of {others} settings. In all, some \
                 variant gets there in {} settings (a network, links, a protocol, a target), one of the two uses in {reached}; it is the soonest of all in {soonest}, and of \
                 those that reveal nothing in {soonest_of_safe}.{best}{most}",
                called(models[0]),
                sentence(&one_layer),
                races.len(),
            ),
        }
    }
}
