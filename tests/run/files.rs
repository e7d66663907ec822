//! What is in the files of a run, and that it adds up.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::command::{BRIEF, SMALL, results, scenario};

/// `summary.json`, every field; another one, or another type, is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Summary {
    schema: u64,
    name: String,
    seed: u64,
    fingerprint: String,
    protocol: String,
    softmax: String,
    rounding: String,
    /// Only if training runs in floating point.
    #[serde(default)]
    numbers: Option<String>,
    values: String,
    layers: Vec<u64>,
    network: String,
    /// Only of networks with TCP.
    tcp: Option<String>,
    compute: String,
    /// Only of data that are not bundled.
    data_content: Option<String>,
    setup: Cost,
    iteration: Cost,
    /// Only under protocols with an offline phase.
    iteration_offline: Option<Cost>,
    iteration_online: Option<Cost>,
    training: Cost,
    iterations: u64,
    iteration_seconds: Option<BTreeMap<String, Seconds>>,
    accuracy: Vec<Accuracy>,
    final_test_accuracy: f64,
    /// Only if parties learn something besides results.
    #[serde(default)]
    revealed: Vec<Revealed>,
    time_to_accuracy: Vec<Target>,
    notes: Vec<String>,
    verified: Verified,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Cost {
    rounds: u64,
    exchanges: u64,
    messages: u64,
    payload_bytes: u64,
    payload_bytes_by_party: Vec<u64>,
    wire_bytes: u64,
    modelled_seconds: Seconds,
    critical_path: CriticalPath,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct CriticalPath {
    compute: Seconds,
    latency: Seconds,
    serialisation: Seconds,
    queueing: Seconds,
    window: Seconds,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Accuracy {
    epoch: u64,
    test: f64,
    loss: Option<f64>,
    restarted: bool,
    #[serde(default)]
    out_of_range: BTreeMap<String, u64>,
    #[serde(default)]
    rows_beyond_domain: Option<u64>,
    #[serde(default)]
    not_finite: Option<u64>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Revealed {
    what: String,
    to: String,
    values_per_iteration: u64,
    values_in_training: u64,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Target {
    target: f64,
    outcome: String,
    /// Only of a target that is kept, as all that follows.
    iterations: Option<u64>,
    rounds: Option<u64>,
    payload_bytes: Option<u64>,
    modelled_seconds: Option<Seconds>,
    critical_path: Option<CriticalPath>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verified {
    iterations: u64,
    outcome: String,
    messages_same_on_shares_and_shapes: u64,
    parameters_same_on_shares_and_clear_with_nearest_rounding: u64,
    largest_difference_ulp: u64,
}

/// Seconds as they are written, in picoseconds: a float would lose digits.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy, Debug)]
struct Seconds(u64);

impl Seconds {
    fn parse(text: &str) -> Seconds {
        let (whole, decimals) = text.split_once('.').expect("seconds with decimals");
        assert_eq!(decimals.len(), 12, "{text}: to the picosecond");
        Seconds(format!("{whole}{decimals}").parse().expect("digits"))
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Seconds, D::Error> {
        Ok(Seconds::parse(Box::<RawValue>::deserialize(deserializer)?.get()))
    }
}

impl CriticalPath {
    fn total_ps(&self) -> u64 {
        self.compute.0 + self.latency.0 + self.serialisation.0 + self.queueing.0 + self.window.0
    }
}

impl Cost {
    fn check(&self, parties: usize) {
        assert_eq!(
            self.critical_path.total_ps(),
            self.modelled_seconds.0,
            "the critical path adds up to the time"
        );
        assert_eq!(self.payload_bytes_by_party.len(), parties);
        assert_eq!(self.payload_bytes_by_party.iter().sum::<u64>(), self.payload_bytes);
        assert!(self.wire_bytes >= self.payload_bytes);
        assert!(self.rounds > 0 && self.exchanges > 0 && self.messages > 0 && self.modelled_seconds.0 > 0);
    }
}

type Files = BTreeMap<String, Vec<u8>>;

fn summary(files: &Files) -> Summary {
    let summary: Summary =
        serde_json::from_slice(&files["summary.json"]).expect("every field of the summary, nothing else");
    let own = String::from_utf8_lossy(&files["scenario.ron"]).contains("data: idx(");
    assert_eq!(summary.iteration_offline.is_some(), summary.iteration_online.is_some());
    assert_eq!(summary.numbers, None, "training runs in fixed point");
    assert_eq!(summary.data_content.as_ref().map(String::len), own.then_some(16));
    summary
}

/// Rows of a table, cells by column.
fn table(files: &Files, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(&files[name][..]);
    reader.deserialize().collect::<Result<_, _>>().expect("a table")
}

/// All numbers of a row but for those that name it; seconds in picoseconds.
fn numbers(row: &BTreeMap<String, String>) -> BTreeMap<String, u64> {
    let names = ["span", "level", "phase", "from", "to"];
    let cells = row.iter().filter(|(column, _)| !names.contains(&column.as_str()));
    let number = |(column, cell): (&String, &String)| {
        let seconds = column.ends_with("_seconds");
        (column.clone(), if seconds { Seconds::parse(cell).0 } else { cell.parse().expect("a count") })
    };
    cells.map(number).collect()
}

fn sum<'a>(rows: impl IntoIterator<Item = &'a BTreeMap<String, u64>>) -> BTreeMap<String, u64> {
    let mut sum = BTreeMap::new();
    for (column, number) in rows.into_iter().flatten() {
        *sum.entry(column.clone()).or_default() += number;
    }
    sum
}

/// What a table must say of a phase.
fn totals(cost: &Cost) -> BTreeMap<String, u64> {
    let path = &cost.critical_path;
    let mut totals: BTreeMap<String, u64> = [
        ("longest_chain_rounds", cost.rounds),
        ("messages", cost.messages),
        ("payload_bytes", cost.payload_bytes),
        ("wire_bytes", cost.wire_bytes),
        ("modelled_seconds", cost.modelled_seconds.0),
        ("compute_seconds", path.compute.0),
        ("latency_seconds", path.latency.0),
        ("serialisation_seconds", path.serialisation.0),
        ("queueing_seconds", path.queueing.0),
        ("window_seconds", path.window.0),
    ]
    .map(|(column, number)| (column.to_string(), number))
    .into();
    for (party, &bytes) in cost.payload_bytes_by_party.iter().enumerate() {
        totals.insert(format!("payload_bytes_party{party}"), bytes);
    }
    totals
}

fn check_spans(files: &Files, summary: &Summary) {
    let rows = table(files, "spans.csv");
    let spans: Vec<(String, BTreeMap<String, u64>)> =
        rows.iter().map(|row| (row["span"].clone(), numbers(row))).collect();
    let paths: Vec<&String> = spans.iter().map(|(path, _)| path).collect();
    let mut inner = 0;
    for (row, (path, own)) in rows.iter().zip(&spans) {
        assert_eq!(row["level"], (path.matches('/').count() + 1).to_string());
        let parent = path.rsplit_once('/').map(|(parent, _)| parent.to_string());
        assert!(parent.is_none_or(|parent| paths.contains(&&parent)), "{path} hangs in the air");
        let parts = ["compute", "latency", "serialisation", "queueing", "window"]
            .map(|p| own[&format!("{p}_seconds")]);
        assert_eq!(own["modelled_seconds"], parts.iter().sum::<u64>());
        let child = |other: &&(String, _)| other.0.rsplit_once('/').is_some_and(|(up, _)| up == path);
        let children: Vec<_> = spans.iter().filter(child).map(|(_, numbers)| numbers).collect();
        if children.is_empty() {
            continue;
        }
        inner += 1;
        for (column, &number) in &sum(children) {
            assert_eq!(number, own[column], "{path}: {column}");
        }
    }
    assert!(inner > 10, "spans have children");
    for (root, cost) in [("setup", &summary.setup), ("iteration", &summary.iteration)] {
        let (_, numbers) = spans.iter().find(|(path, _)| path == root).expect("a root");
        let mut numbers = numbers.clone();
        let rounds = numbers.remove("critical_path_rounds").expect("a column");
        assert!((1..=cost.rounds).contains(&rounds), "no chain is longer than the longest");
        assert_eq!(numbers, totals(cost), "{root}");
    }
}

fn check_links(files: &Files, summary: &Summary) {
    let rows = table(files, "links.csv");
    for (phase, cost) in [("setup", &summary.setup), ("iteration", &summary.iteration)] {
        let links: Vec<_> = rows.iter().filter(|row| row["phase"] == phase).collect();
        assert_eq!(links.len(), 6);
        let mut sums = sum(&links.iter().map(|row| numbers(row)).collect::<Vec<_>>());
        let rounds = sums.remove("critical_path_rounds").expect("a column");
        assert!((1..=cost.rounds).contains(&rounds));
        let mut expected = totals(cost);
        // Links do not compute; what is left of the critical path is theirs.
        let compute = expected.insert("compute_seconds".to_string(), 0).unwrap();
        *expected.get_mut("modelled_seconds").unwrap() -= compute;
        for (party, &bytes) in cost.payload_bytes_by_party.iter().enumerate() {
            expected.remove(&format!("payload_bytes_party{party}"));
            let own = links.iter().filter(|row| row["from"] == party.to_string());
            assert_eq!(own.map(|row| numbers(row)["payload_bytes"]).sum::<u64>(), bytes);
        }
        assert_eq!(sums, expected, "{phase}");
    }
}

fn check_epochs(files: &Files, summary: &Summary) {
    let rows = table(files, "epochs.csv");
    assert_eq!(rows.len(), summary.accuracy.len());
    for (row, epoch) in rows.iter().zip(&summary.accuracy) {
        assert_eq!(row["epoch"], epoch.epoch.to_string());
        assert_eq!(row["test_accuracy"].parse::<f64>().unwrap(), epoch.test);
        assert_eq!(row["restarted"], epoch.restarted.to_string());
        assert_eq!(row["loss"].parse().ok(), epoch.loss);
    }
    assert_eq!(rows.last().unwrap()["iterations"], summary.iterations.to_string());
    assert!(summary.notes.iter().all(|note| !note.is_empty()), "{:?}", summary.notes);
    assert_eq!(summary.final_test_accuracy, summary.accuracy.last().unwrap().test);
}

#[test]
fn files_hold_every_field_and_add_up() {
    let loss = ["loss=true", "softmax=relu_probability"];
    let settings = [
        ("05_own_data.ron", BRIEF.to_vec(), false),
        ("05_own_data.ron", [&BRIEF[..], &loss[..]].concat(), false),
        (
            "04_asymmetric_links.ron",
            vec!["data=mnist(train: 500, test: 200)", "training.iterations=3", "model=dense(hidden: [8])"],
            true,
        ),
    ];
    for (name, sets, jitter) in settings {
        let files = results(&scenario(name), &sets, |_| {});
        let summary = summary(&files);
        assert_eq!((summary.schema, summary.protocol.as_str()), (1, "rep3"));
        assert!(name.contains(&summary.name.replace(' ', "_")));
        assert!(summary.seed > 0 && !summary.fingerprint.is_empty() && summary.values == "split");
        assert!(!summary.network.is_empty() && !summary.compute.is_empty());
        assert_eq!(summary.tcp.is_some(), summary.network == "wan");
        assert!(["exact", "relu_probability", "relu_gradient"].contains(&summary.softmax.as_str()));
        assert_eq!(summary.rounding, "probabilistic");
        assert_eq!(summary.layers.len(), 3);
        assert_eq!(summary.revealed, [], "nothing but results");
        for target in &summary.time_to_accuracy {
            let (Some(seconds), Some(path)) = (&target.modelled_seconds, &target.critical_path) else {
                assert!(["lost", "never"].contains(&target.outcome.as_str()), "{target:?}");
                assert_eq!((target.iterations, target.rounds, target.payload_bytes), (None, None, None));
                continue;
            };
            assert!(target.outcome == "kept" && target.target <= summary.final_test_accuracy, "{target:?}");
            assert_eq!(path.total_ps(), seconds.0, "{target:?}");
            assert!(target.iterations <= Some(summary.iterations), "{target:?}");
            let in_all = |of: fn(&Cost) -> u64| Some(of(&summary.setup) + of(&summary.training));
            assert!(target.rounds <= in_all(|cost| cost.rounds), "{target:?}");
            assert!(target.payload_bytes <= in_all(|cost| cost.payload_bytes), "{target:?}");
        }
        for cost in [&summary.setup, &summary.iteration, &summary.training] {
            cost.check(3);
        }
        let (one, all) = (&summary.iteration, &summary.training);
        assert_eq!(all.payload_bytes, summary.iterations * one.payload_bytes);
        assert_eq!(all.messages, summary.iterations * one.messages);
        assert_eq!(all.exchanges, summary.iterations * one.exchanges);
        assert!(all.rounds <= summary.iterations * one.rounds, "iterations may overlap, never lengthen");
        assert!(summary.accuracy.iter().all(|epoch| (0.0..=1.0).contains(&epoch.test)));
        assert_eq!(summary.accuracy.iter().all(|epoch| epoch.loss.is_some()), sets.contains(&"loss=true"));
        let verified = &summary.verified;
        assert_eq!((verified.iterations, verified.outcome.as_str()), (2, "agree"));
        assert_eq!(verified.messages_same_on_shares_and_shapes, summary.setup.messages + 2 * one.messages);
        let widths = summary.layers.windows(2);
        let parameters: u64 = widths.map(|w| (w[0] + 1) * w[1]).sum();
        assert_eq!(verified.parameters_same_on_shares_and_clear_with_nearest_rounding, parameters);
        assert!(verified.largest_difference_ulp < 1 << 16, "rounding noise, no different training");
        assert_eq!(summary.iteration_seconds.is_some(), jitter);
        if let Some(percentiles) = &summary.iteration_seconds {
            let names = ["min", "p50", "p90", "p99", "max"];
            assert_eq!(percentiles.len(), names.len());
            let values = names.map(|name| percentiles[name].0 as f64);
            // Those between the extremes are exact to three digits.
            assert!(values.windows(2).all(|pair| pair[0] <= pair[1] * 1.001), "{values:?}");
        }
        check_spans(&files, &summary);
        check_links(&files, &summary);
        check_epochs(&files, &summary);
    }
}

/// `shares` costs what `split` says; with nearest rounding the accuracy is the same too.
#[test]
fn split_and_shares_say_the_same() {
    for rounding in ["rounding=nearest", "rounding=probabilistic"] {
        let sets = [&BRIEF[..], &[rounding]].concat();
        let run = |values: &str| {
            results(&scenario(SMALL), &sets, |command| {
                command.args(["--values", values]);
            })
        };
        let (split, shares) = (run("split"), run("shares"));
        for name in ["spans.csv", "links.csv", "scenario.ron"] {
            assert!(split[name] == shares[name], "{name}");
        }
        let (split, shares) = (summary(&split), summary(&shares));
        assert_eq!((split.values.as_str(), shares.values.as_str()), ("split", "shares"));
        assert_eq!(split.setup, shares.setup);
        assert_eq!(split.iteration, shares.iteration);
        assert_eq!(split.training, shares.training);
        let alike = split.accuracy == shares.accuracy;
        assert!(alike || rounding == "rounding=probabilistic");
    }
}

/// Another draw of the jitter with another seed, the same with the same.
#[test]
fn jitter_is_drawn_from_the_seed() {
    let sets = [
        "data=mnist(train: 400, test: 100)",
        "training=(iterations: 12, batch: 16)",
        "model=dense(hidden: [4])",
    ];
    let path = scenario("04_asymmetric_links.ron");
    let run = |seed: &str| results(&path, &[&sets[..], &[seed]].concat(), |_| {});
    let first = run("seed=1");
    assert!(first == run("seed=1"));
    let (first, other) = (summary(&first), summary(&run("seed=2")));
    assert_ne!(first.training.modelled_seconds, other.training.modelled_seconds);
    assert_eq!(first.training.payload_bytes, other.training.payload_bytes);
    let percentiles = first.iteration_seconds.unwrap();
    assert!(percentiles["min"] < percentiles["max"]);
}

/// An epoch that ends near chance starts again, with the same cost in both modes.
#[test]
fn restarts_cost_the_same_on_shares() {
    check_restarts("rep3", "0.01");
    // Here the number of bits of a step would change with the rate, and so would what it takes from the offline phase.
    check_restarts("beaver2", "1.0");
}

fn check_restarts(protocol: &str, learning_rate: &str) {
    let run = |restart_below: &str, values: &str| {
        let training = format!(
            "training=(epochs: 3, batch: 32, learning_rate: {learning_rate}, restart_below: {restart_below})"
        );
        let protocol = format!("protocol={protocol}");
        let sets = [&training, &protocol, "rounding=nearest", "model=dense(hidden: [4])"];
        results(&scenario(SMALL), &sets, |command| {
            command.args(["--values", values]);
        })
    };
    let (split, shares, allowed) = (run("1.0", "split"), run("1.0", "shares"), run("0.0", "split"));
    for name in ["spans.csv", "links.csv"] {
        assert!(split[name] == shares[name], "{name}");
    }
    // On shares nobody can see whether values leave their range, or rows their domain: the last two columns are empty there.
    let without_counts = |files: &BTreeMap<String, Vec<u8>>| {
        let text = String::from_utf8(files["epochs.csv"].clone()).unwrap();
        text.lines().map(|line| line.rsplitn(3, ',').nth(2).unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(without_counts(&split), without_counts(&shares));
    let (split, shares, allowed) = (summary(&split), summary(&shares), summary(&allowed));
    assert_eq!(split.training, shares.training);
    let restarted: Vec<bool> = split.accuracy.iter().map(|epoch| epoch.restarted).collect();
    assert_eq!(restarted, [true, true, false], "after every epoch but the last");
    if protocol != "rep3" {
        return;
    }
    // Fresh weights are shared twice: one ring element for each parameter, sent by their owner.
    let parameters: u64 = split.layers.windows(2).map(|w| (w[0] + 1) * w[1]).sum();
    assert_eq!(split.training.payload_bytes, allowed.training.payload_bytes + 2 * 8 * parameters);
    assert_eq!(split.training.messages, allowed.training.messages + 2 * 2);
}
