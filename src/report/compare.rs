//! Result folders side by side, with ratios to the first.

use std::path::Path;

use comfy_table::{CellAlignment, Table, presets::UTF8_HORIZONTAL_ONLY};
use serde_json::{Map, Value, json};

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
}

/// The summary of a result folder.
pub struct Summary {
    folder: String,
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
        let summary = Summary { folder, json };
        for figure in FIGURES {
            if summary.number(figure.pointer).is_none() {
                let what = format!("it has no number at {}", figure.pointer);
                return Err(CompareError::Damaged { folder: summary.folder, what });
            }
        }
        Ok(summary)
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

/// What a run was of, by its name in the table.
const SETTINGS: [(&str, &str); 14] = [
    ("scenario", "/name"),
    ("layers", "/layers"),
    ("protocol", "/protocol"),
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

/// A table: a column for each folder, settings first, then figures with their ratios to the first folder.
pub fn compare_table(summaries: &[Summary]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    let folders = summaries.iter().map(|summary| summary.folder.clone());
    table.set_header(std::iter::once(String::new()).chain(folders).collect::<Vec<_>>());
    for (name, pointer) in SETTINGS {
        let words: Vec<String> = summaries.iter().map(|summary| summary.word(pointer)).collect();
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

/// The same for programs: for each folder its settings, figures and ratios to the first.
pub fn compare_json(summaries: &[Summary]) -> String {
    let rows = summaries.iter().map(|summary| {
        let settings =
            SETTINGS.iter().map(|(name, pointer)| (name.to_string(), summary.json[&pointer[1..]].clone()));
        let name = |figure: &Figure| figure.pointer[1..].replace('/', ".");
        let numbers =
            FIGURES.iter().map(|f| (name(f), summary.json.pointer(f.pointer).cloned().unwrap_or_default()));
        let ratios = FIGURES.iter().map(|f| {
            let both = summary.number(f.pointer).zip(summaries[0].number(f.pointer));
            (name(f), json!(both.and_then(|(of, to)| ratio(of, to))))
        });
        json!({
            "folder": summary.folder,
            "settings": Map::from_iter(settings),
            "figures": Map::from_iter(numbers),
            "ratios_to_first": Map::from_iter(ratios),
        })
    });
    let text = serde_json::to_string_pretty(&rows.collect::<Vec<_>>()).expect("JSON");
    text + "\n"
}
