//! Result folders side by side, with ratios to the first.

use std::path::Path;

use comfy_table::{CellAlignment, LineStyle, Table, presets::UTF8_HORIZONTAL_ONLY};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::gate::{Breach, Limit, Measured, Metric};
use super::units::{Unit, bytes_text, count_text, time_text};
use crate::memory::read_text;
use crate::scenario::{Numbers, field_text};
use crate::sim::PS_PER_SECOND;

/// The schema of `summary.json` that is understood.
const SCHEMA: u64 = 1;

/// Bytes of the longest file of results that is looked at.
pub const LARGEST_RESULT: u64 = 1 << 28;

/// Why folders cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// There is no such folder.
    #[error(
        "{0} is not a folder: mpcsim run writes one for each scenario, under output/ if --out does not say otherwise"
    )]
    NoFolder(String),
    /// The folder has no summary.
    #[error("{folder} holds no results of mpcsim run: its summary.json cannot be read: {error}")]
    NoSummary {
        /// The folder.
        folder: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The summary is damaged.
    #[error("{folder}/summary.json is not a summary of mpcsim run: {what}")]
    Damaged {
        /// The folder.
        folder: String,
        /// What is wrong with it.
        what: String,
    },
    /// It was written by a version with other results.
    #[error(
        "{folder}/summary.json has schema {found}, and this version of mpcsim reads schema {SCHEMA}: run the scenario again"
    )]
    Schema {
        /// The folder.
        folder: String,
        /// Its schema.
        found: String,
    },
    /// The folder has no table of spans.
    #[error("{folder} cannot be compared by span: its spans.csv cannot be read: {error}")]
    NoSpans {
        /// The folder.
        folder: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The table of spans is damaged.
    #[error("{folder}/spans.csv{} is not a table of mpcsim run: {what}", line.map_or(String::new(), |line| format!(", line {line},")))]
    DamagedSpans {
        /// The folder.
        folder: String,
        /// The line, from 1, where one is to blame.
        line: Option<u64>,
        /// What is wrong.
        what: String,
    },
    /// A metric that was asked for is not there.
    #[error("{metric} cannot be compared: {reason}")]
    Lacking {
        /// The metric.
        metric: &'static str,
        /// Why not.
        reason: String,
    },
}

/// What is compared with the first folder, and how.
#[derive(Clone, Debug)]
pub struct Gate {
    /// How much worse a figure may be.
    pub limit: Limit,
    /// The metrics that the user asks for; all that there are if empty.
    pub metrics: Vec<Metric>,
}

impl Gate {
    /// The metrics to look at, and why others are left out. What the user asks for is not left out but refused.
    pub(super) fn metrics(
        &self,
        lacking: impl Fn(Metric) -> Option<String>,
    ) -> Result<(Vec<Metric>, Vec<String>), CompareError> {
        let (mut here, mut left_out) = (Vec::new(), Vec::new());
        let is_asked = |metric: &Metric| self.metrics.is_empty() || self.metrics.contains(metric);
        for metric in Metric::ALL.into_iter().filter(is_asked) {
            match lacking(metric) {
                None => here.push(metric),
                Some(reason) if self.metrics.is_empty() => {
                    left_out.push(format!("{} is left out: {reason}", metric.name()));
                }
                Some(reason) => return Err(CompareError::Lacking { metric: metric.name(), reason }),
            }
        }
        Ok((here, left_out))
    }
}

/// What a gate found: what is worse, one list for each folder after the first, and what was left out.
pub struct Verdict {
    /// By folder, without the first.
    pub breaches: Vec<Vec<Breach>>,
    /// Why metrics were left out.
    pub left_out: Vec<String>,
}

/// The lines that follow the table: one for each breach, or one that says that there is none.
pub fn verdict_lines(summaries: &[Summary], gate: &Gate, verdict: &Verdict) -> String {
    let first = &summaries[0].folder;
    let lines: String = summaries[1..]
        .iter()
        .zip(&verdict.breaches)
        .flat_map(|(summary, breaches)| breaches.iter().map(|b| b.line(first, &summary.folder) + "\n"))
        .collect();
    if lines.is_empty() {
        format!("nothing is worse than {first} by more than {}\n", gate.limit)
    } else {
        lines
    }
}

/// Figures as they are written, not as a floating-point number has them.
#[derive(Deserialize)]
struct Phases {
    setup: Phase,
    training: Phase,
}

#[derive(Deserialize)]
struct Phase {
    modelled_seconds: Box<RawValue>,
    payload_bytes: u64,
    rounds: u64,
}

/// Seconds with at most twelve places, in picoseconds.
pub(super) fn picoseconds(seconds: &str) -> Option<u64> {
    let (whole, places) = seconds.split_once('.').unwrap_or((seconds, ""));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(places) || places.len() > 12 {
        return None;
    }
    let places: u64 = format!("{places:0<12}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(PS_PER_SECOND)?.checked_add(places)
}

/// The summary of a result folder.
pub struct Summary {
    pub(super) folder: String,
    /// `summary.json` as it is.
    written: String,
    json: Value,
}

impl Summary {
    /// Reads a folder's summary.
    pub fn read(path: &Path) -> Result<Summary, CompareError> {
        let folder = path.display().to_string();
        if !path.is_dir() {
            return Err(CompareError::NoFolder(folder));
        }
        let text = match read_text(&path.join("summary.json"), LARGEST_RESULT) {
            Ok(text) => text,
            Err(error) => return Err(CompareError::NoSummary { folder, error }),
        };
        let mut json: Value = match serde_json::from_str(&text) {
            Ok(json) => json,
            Err(error) => return Err(CompareError::Damaged { folder, what: error.to_string() }),
        };
        match json.get("schema") {
            Some(schema) if schema.as_u64() == Some(SCHEMA) => {}
            Some(schema) => return Err(CompareError::Schema { folder, found: schema.to_string() }),
            None => return Err(CompareError::Damaged { folder, what: "it has no schema".to_string() }),
        }
        // What the summary does not say stands in the scenario beside it.
        let scenario = read_text(&path.join("scenario.ron"), LARGEST_RESULT).unwrap_or_default();
        if let Some(data) = field_text(&scenario, "data") {
            json["data"] = Value::String(data);
        }
        // What trains in the program's own numbers does not say so.
        if json.get("numbers").is_none() {
            json["numbers"] = Value::from(Numbers::FixedPoint.name());
        }
        let summary = Summary { folder, written: text, json };
        for figure in FIGURES {
            if summary.number(figure.pointer).is_none() {
                let what = format!("it has no number at {}", figure.pointer);
                return Err(CompareError::Damaged { folder: summary.folder, what });
            }
        }
        Ok(summary)
    }

    /// Why there is no figure of a metric.
    fn lacking(&self, metric: Metric) -> Option<String> {
        let epochs = self.json.get("accuracy").and_then(Value::as_array).map_or(0, Vec::len);
        (metric == Metric::Accuracy && epochs == 0)
            .then(|| format!("{} has no epoch of a training", self.folder))
    }

    /// What a run is judged by: its accuracy, or what set-up and training together cost.
    fn measured(&self, metric: Metric) -> Result<Measured, CompareError> {
        let damaged = |what: String| CompareError::Damaged { folder: self.folder.clone(), what };
        if metric == Metric::Accuracy {
            let share = self.number("/final_test_accuracy").and_then(Measured::accuracy);
            return share.ok_or_else(|| damaged("final_test_accuracy is not between 0 and 1".to_string()));
        }
        let phases: Phases =
            serde_json::from_str(&self.written).map_err(|error| damaged(error.to_string()))?;
        let of = |phase: Phase| match metric {
            Metric::Time => picoseconds(phase.modelled_seconds.get()),
            Metric::Bytes => Some(phase.payload_bytes),
            _ => Some(phase.rounds),
        };
        let sum = of(phases.setup).zip(of(phases.training)).and_then(|(a, b)| a.checked_add(b));
        let what = || damaged(format!("{} of set-up and training cannot be added up", metric.name()));
        sum.map(|value| Measured { metric, value }).ok_or_else(what)
    }

    fn number(&self, pointer: &str) -> Option<f64> {
        self.json.pointer(pointer).and_then(Value::as_f64)
    }

    fn word(&self, pointer: &str) -> String {
        match self.json.pointer(pointer) {
            Some(Value::String(word)) => word.clone(),
            Some(Value::Array(items)) => items.iter().map(Value::to_string).collect::<Vec<_>>().join("-"),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }
}

fn text(unit: Unit, x: f64) -> String {
    match unit {
        Unit::Share => format!("{:.2} %", 100.0 * x),
        Unit::Seconds => time_text((x * PS_PER_SECOND as f64).round() as u64),
        Unit::Count => count_text(x as u64),
        Unit::Bytes => bytes_text(x as u64),
    }
}

/// A number that is compared.
struct Figure {
    name: &'static str,
    pointer: &'static str,
    unit: Unit,
}

const fn figure(name: &'static str, pointer: &'static str, unit: Unit) -> Figure {
    Figure { name, pointer, unit }
}

const FIGURES: [Figure; 16] = [
    figure("test accuracy", "/final_test_accuracy", Unit::Share),
    figure("training, modelled time", "/training/modelled_seconds", Unit::Seconds),
    figure("  compute", "/training/critical_path/compute", Unit::Seconds),
    figure("  latency", "/training/critical_path/latency", Unit::Seconds),
    figure("  serialisation", "/training/critical_path/serialisation", Unit::Seconds),
    figure("  queueing", "/training/critical_path/queueing", Unit::Seconds),
    figure("  window", "/training/critical_path/window", Unit::Seconds),
    figure("training, rounds", "/training/rounds", Unit::Count),
    figure("training, messages", "/training/messages", Unit::Count),
    figure("training, payload", "/training/payload_bytes", Unit::Bytes),
    figure("training, on the wire", "/training/wire_bytes", Unit::Bytes),
    figure("iteration, modelled time", "/iteration/modelled_seconds", Unit::Seconds),
    figure("iteration, rounds", "/iteration/rounds", Unit::Count),
    figure("iteration, payload", "/iteration/payload_bytes", Unit::Bytes),
    figure("set-up, modelled time", "/setup/modelled_seconds", Unit::Seconds),
    figure("set-up, payload", "/setup/payload_bytes", Unit::Bytes),
];

/// Characters of a cell that is not shortened.
const LONGEST_CELL: usize = 40;

/// What a run was of, by its name in the table.
const SETTINGS: [(&str, &str); 16] = [
    ("scenario", "/name"),
    ("layers", "/layers"),
    ("protocol", "/protocol"),
    ("triples by", "/triples_by"),
    ("ring bits", "/ring_bits"),
    ("softmax", "/softmax"),
    ("rounding", "/rounding"),
    ("numbers", "/numbers"),
    ("network", "/network"),
    ("compute", "/compute"),
    ("data", "/data"),
    ("data content", "/data_content"),
    ("iterations", "/iterations"),
    ("seed", "/seed"),
    ("values", "/values"),
    ("fingerprint", "/fingerprint"),
];

/// One number to another, if that says something.
fn ratio(of: f64, to: f64) -> Option<f64> {
    (to != 0.0).then(|| of / to)
}

fn ratio_text(of: f64, to: f64) -> String {
    match ratio(of, to) {
        Some(ratio) if ratio >= 100.0 => format!(" (x {ratio:.0})"),
        Some(ratio) => format!(" (x {ratio:.3})"),
        None => String::new(),
    }
}

/// What makes results incomparable although they look alike: trainings of different length, or on other data, or with
/// other random numbers.
pub fn compare_warnings(summaries: &[Summary]) -> Vec<String> {
    let whole = "totals of the training are not of the same work";
    let chance = "accuracies differ by chance too";
    [
        ("iterations", "/iterations", "/iterations", whole),
        ("data", "/data", "/data_content", "accuracies and costs are not of the same problem"),
        ("seeds", "/seed", "/seed", chance),
    ]
    .into_iter()
    .filter_map(|(name, pointer, identity, so)| {
        // Data are the same if their content is, wherever they are. Bundled ones are named by what is written.
        let of = |summary: &Summary| {
            Some(summary.word(identity))
                .filter(|word| !word.is_empty())
                .unwrap_or_else(|| summary.word(pointer))
        };
        let differ = summaries.iter().any(|summary| of(summary) != of(&summaries[0]));
        let word = |summary: &Summary| match (summary.word(pointer), summary.word(identity)) {
            (word, content) if content.is_empty() || content == word => word,
            (word, content) => format!("{word}, content {content}"),
        };
        let words: Vec<String> = summaries.iter().map(word).collect();
        differ.then(|| format!("{name} differ, so {so}: {}", words.join(" | ")))
    })
    .collect()
}

/// The data of a run in a cell: longer ones by their kind and the names of their files. scenario.ron has all of it.
fn brief(data: &str) -> String {
    let Some((kind, _)) = data.split_once('(').filter(|_| data.len() > LONGEST_CELL) else {
        return data.to_string();
    };
    let quoted = data.split('"').skip(1).step_by(2);
    let mut names: Vec<&str> = quoted.filter_map(|path| path.rsplit('/').next()).collect();
    names.truncate(2);
    names.push("…");
    format!("{kind}({})", names.join(", "))
}

/// A table: a column for each folder, settings first, then figures with their ratios to the first folder.
pub fn compare_table(summaries: &[Summary]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    let folders = summaries.iter().map(|summary| summary.folder.clone());
    table.set_header(std::iter::once(String::new()).chain(folders).collect::<Vec<_>>());
    for (name, pointer) in SETTINGS {
        let word = |summary: &Summary| match name {
            "data" => brief(&summary.word(pointer)),
            _ => summary.word(pointer),
        };
        let words: Vec<String> = summaries.iter().map(word).collect();
        if words.iter().all(String::is_empty) {
            continue;
        }
        table.add_row(std::iter::once(name.to_string()).chain(words).collect::<Vec<_>>());
    }
    for Figure { name, pointer, unit } in &FIGURES {
        let number = |summary: &Summary| summary.number(pointer).expect("checked when it was read");
        let first = number(&summaries[0]);
        let cells = summaries.iter().enumerate().map(|(place, summary)| {
            let x = number(summary);
            let ratio = if place == 0 { String::new() } else { ratio_text(x, first) };
            text(*unit, x) + &ratio
        });
        table.add_row(std::iter::once(name.to_string()).chain(cells).collect::<Vec<_>>());
    }
    for column in 1..=summaries.len() {
        table.column_mut(column).expect("a column for each").set_cell_alignment(CellAlignment::Right);
    }
    format!("{}\n", table.trim_fmt())
}

/// What is worse than the first folder by more than the limit.
///
/// # Errors
///
/// If a metric that is asked for is not in every folder, or a summary is damaged.
pub fn compare_verdict(summaries: &[Summary], gate: &Gate) -> Result<Verdict, CompareError> {
    let lacking = |metric| summaries.iter().find_map(|summary| summary.lacking(metric));
    let (metrics, left_out) = gate.metrics(lacking)?;
    let mut breaches = Vec::new();
    for summary in &summaries[1..] {
        let mut found = Vec::new();
        for &metric in &metrics {
            let (first, later) = (summaries[0].measured(metric)?, summary.measured(metric)?);
            found.extend(gate.limit.breach(None, first, later));
        }
        breaches.push(found);
    }
    Ok(Verdict { breaches, left_out })
}

/// A folder for programs.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    figures: Map<String, Value>,
    /// With a gate only.
    #[serde(skip_serializing_if = "Option::is_none")]
    breaches: Option<&'a [Breach]>,
}

/// The same for programs: for each folder its settings, figures and ratios to the first, and with a gate what is worse.
pub fn compare_json<'a>(summaries: &[Summary], verdict: Option<&'a Verdict>) -> String {
    let rows = summaries.iter().enumerate().map(|(place, summary)| {
        let settings =
            SETTINGS.iter().map(|(name, pointer)| (name.to_string(), summary.json[&pointer[1..]].clone()));
        let name = |figure: &Figure| figure.pointer[1..].replace('/', ".");
        let numbers =
            FIGURES.iter().map(|f| (name(f), summary.json.pointer(f.pointer).cloned().unwrap_or_default()));
        let ratios = FIGURES.iter().map(|f| {
            let both = summary.number(f.pointer).zip(summaries[0].number(f.pointer));
            (name(f), json!(both.and_then(|(of, to)| ratio(of, to))))
        });
        let figures = [
            ("folder".to_string(), json!(summary.folder)),
            ("settings".to_string(), Value::Object(Map::from_iter(settings))),
            ("figures".to_string(), Value::Object(Map::from_iter(numbers))),
            ("ratios_to_first".to_string(), Value::Object(Map::from_iter(ratios))),
        ];
        // The first is not worse than itself.
        let worse = |verdict: &'a Verdict| match place {
            0 => &[][..],
            _ => &verdict.breaches[place - 1],
        };
        Row { figures: Map::from_iter(figures), breaches: verdict.map(worse) }
    });
    let text = serde_json::to_string_pretty(&rows.collect::<Vec<_>>()).expect("JSON");
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_data_are_named_by_their_files() {
        assert_eq!(brief("mnist(train: 60000, test: 10000)"), "mnist(train: 60000, test: 10000)");
        let csv = "csv(train_file: \"a/b/train.csv\", test_file: \"test.csv\", label: \"y\", header: true)";
        assert_eq!(brief(csv), "csv(train.csv, test.csv, …)");
    }
}
