//! Result folders by span: where a difference comes from.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use comfy_table::{CellAlignment, LineStyle, Table, presets::UTF8_HORIZONTAL_ONLY};
use serde::Serialize;
use serde_json::value::RawValue;

use super::compare::{CompareError, Gate, LARGEST_RESULT, Summary, Verdict, picoseconds};
use super::gate::{Breach, Measured, Metric};
use super::units::{Seconds, bytes_text, count_text, time_text};
use crate::memory::read_text;

/// What a span costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    rounds: u64,
    payload_bytes: u64,
    modelled_ps: u64,
}

impl Cost {
    fn measured(self, metric: Metric) -> Measured {
        let value = match metric {
            Metric::Time => self.modelled_ps,
            Metric::Bytes => self.payload_bytes,
            Metric::Rounds => self.rounds,
            Metric::Accuracy => unreachable!("left out before"),
        };
        Measured { metric, value }
    }
}

/// The spans of a folder, by path.
fn read(summary: &Summary) -> Result<BTreeMap<String, Cost>, CompareError> {
    let folder = || summary.folder.clone();
    let text = read_text(&Path::new(&summary.folder).join("spans.csv"), LARGEST_RESULT)
        .map_err(|error| CompareError::NoSpans { folder: folder(), error })?;
    let damaged = |line, what: String| CompareError::DamagedSpans { folder: folder(), line, what };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| damaged(None, error.to_string()))?.clone();
    let column = |name: &str| {
        let place = header.iter().position(|cell| cell == name);
        place.ok_or_else(|| damaged(Some(1), format!("it has no column {name}")))
    };
    let names = ["span", "longest_chain_rounds", "payload_bytes", "modelled_seconds"];
    let [span, rounds, bytes, seconds] = names.map(column);
    let (span, rounds, bytes, seconds) = (span?, rounds?, bytes?, seconds?);
    let mut spans = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(|error| damaged(None, error.to_string()))?;
        let line = row.position().map(csv::Position::line);
        let wrong = |place: usize, what: &str| {
            damaged(line, format!("{} is \"{}\", which is no {what}", &header[place], &row[place]))
        };
        let count = |place: usize| row[place].parse::<u64>().map_err(|_| wrong(place, "count"));
        let cost = Cost {
            rounds: count(rounds)?,
            payload_bytes: count(bytes)?,
            modelled_ps: picoseconds(&row[seconds])
                .ok_or_else(|| wrong(seconds, "number of seconds with twelve places"))?,
        };
        if spans.insert(row[span].to_string(), cost).is_some() {
            return Err(damaged(line, format!("span {} stands there twice", &row[span])));
        }
    }
    Ok(spans)
}

/// A span in the first folder and in a later one; it is in one of them at least.
struct Pair {
    path: String,
    first: Option<Cost>,
    later: Option<Cost>,
}

impl Pair {
    fn difference(&self, of: impl Fn(Cost) -> u64) -> i128 {
        let value = |cost: Option<Cost>| cost.map_or(0, |cost| i128::from(of(cost)));
        value(self.later) - value(self.first)
    }

    fn differences(&self) -> [i128; 3] {
        [
            self.difference(|cost| cost.rounds),
            self.difference(|cost| cost.payload_bytes),
            self.difference(|cost| cost.modelled_ps),
        ]
    }

    /// Which folder has the span, if only one has.
    fn only_in(&self) -> Option<&'static str> {
        match (self.first, self.later) {
            (Some(_), Some(_)) => None,
            (Some(_), None) => Some("first"),
            _ => Some("later"),
        }
    }

    fn breaches(&self, gate: &Gate, metrics: &[Metric]) -> Vec<Breach> {
        let Some(later) = self.later else { return Vec::new() };
        match self.first {
            Some(first) => metrics
                .iter()
                .filter_map(|&metric| {
                    gate.limit.breach(Some(&self.path), first.measured(metric), later.measured(metric))
                })
                .collect(),
            // Whatever is looked at: a span that sends is there for a reason.
            None if later.payload_bytes > 0 => {
                vec![gate.limit.new_breach(&self.path, later.measured(Metric::Bytes))]
            }
            None => Vec::new(),
        }
    }
}

/// The spans of a folder beside those of the first.
pub struct SpanComparison {
    first: String,
    folder: String,
    pairs: Vec<Pair>,
}

impl SpanComparison {
    /// Compares every folder after the first with the first. The largest difference of bytes comes first, then that of
    /// rounds, then that of time, then the name.
    ///
    /// # Errors
    ///
    /// If a folder's spans.csv cannot be read or is damaged.
    pub fn of(summaries: &[Summary]) -> Result<Vec<SpanComparison>, CompareError> {
        let first = read(&summaries[0])?;
        let compared = summaries[1..].iter().map(|summary| {
            let later = read(summary)?;
            let new = later.keys().filter(|path| !first.contains_key(*path));
            let pair = |path: &String| Pair {
                path: path.clone(),
                first: first.get(path).copied(),
                later: later.get(path).copied(),
            };
            let mut pairs: Vec<Pair> = first.keys().chain(new).map(pair).collect();
            pairs.sort_by_cached_key(|pair| {
                let [rounds, bytes, ps] = pair.differences().map(i128::unsigned_abs);
                (Reverse([bytes, rounds, ps]), pair.path.clone())
            });
            Ok(SpanComparison { first: summaries[0].folder.clone(), folder: summary.folder.clone(), pairs })
        });
        compared.collect()
    }
}

/// What is worse than in the first folder by more than the limit, span by span. A span that is new is, if it sends
/// anything.
///
/// # Errors
///
/// If a metric is asked for that spans do not have.
pub fn spans_verdict(compared: &[SpanComparison], gate: &Gate) -> Result<Verdict, CompareError> {
    let lacking = |metric| (metric == Metric::Accuracy).then(|| "a span has no accuracy".to_string());
    let (metrics, left_out) = gate.metrics(lacking)?;
    let breaches = compared
        .iter()
        .map(|each| each.pairs.iter().flat_map(|pair| pair.breaches(gate, &metrics)).collect());
    Ok(Verdict { breaches: breaches.collect(), left_out })
}

/// A difference as people write it.
fn signed(difference: i128, text: fn(u64) -> String) -> String {
    let sign = match difference {
        0 => return "0".to_string(),
        1.. => "+",
        _ => "-",
    };
    // It is one of two numbers of 64 bits.
    sign.to_string() + &text(difference.unsigned_abs() as u64)
}

/// A table for each folder after the first.
pub fn spans_table(compared: &[SpanComparison]) -> String {
    compared.iter().map(table).collect::<Vec<_>>().join("\n")
}

fn table(compared: &SpanComparison) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    let header = [
        "span",
        "rounds",
        "later",
        "difference",
        "payload",
        "later",
        "difference",
        "time",
        "later",
        "difference",
    ];
    table.set_header(header);
    for pair in &compared.pairs {
        let name = match pair.only_in() {
            Some(place) => format!("{} (only in the {place})", pair.path),
            None => pair.path.clone(),
        };
        let [rounds, bytes, ps] = pair.differences();
        let cell = |cost: Option<Cost>, of: fn(Cost) -> u64, text: fn(u64) -> String| {
            cost.map_or("-".to_string(), |cost| text(of(cost)))
        };
        let three = |of: fn(Cost) -> u64, text: fn(u64) -> String, difference| {
            [cell(pair.first, of, text), cell(pair.later, of, text), signed(difference, text)]
        };
        let mut row = vec![name];
        row.extend(three(|cost| cost.rounds, count_text, rounds));
        row.extend(three(|cost| cost.payload_bytes, bytes_text, bytes));
        row.extend(three(|cost| cost.modelled_ps, time_text, ps));
        table.add_row(row);
    }
    for column in 1..header.len() {
        table.column_mut(column).expect("a column for each").set_cell_alignment(CellAlignment::Right);
    }
    let SpanComparison { first, folder, .. } = compared;
    format!("first: {first}\nlater: {folder}\n{}\n", table.trim_fmt())
}

/// What a span costs, for programs.
#[derive(Serialize)]
struct CostJson {
    longest_chain_rounds: u64,
    payload_bytes: u64,
    modelled_seconds: Seconds,
}

/// The same with signs.
#[derive(Serialize)]
struct DifferenceJson {
    longest_chain_rounds: Box<RawValue>,
    payload_bytes: Box<RawValue>,
    modelled_seconds: Box<RawValue>,
}

#[derive(Serialize)]
struct PairJson<'a> {
    span: &'a str,
    /// `null` where the folder does not have it.
    first: Option<CostJson>,
    later: Option<CostJson>,
    difference: DifferenceJson,
}

#[derive(Serialize)]
struct ComparisonJson<'a> {
    first: &'a str,
    folder: &'a str,
    spans: Vec<PairJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breaches: Option<&'a [Breach]>,
}

fn pair_json(pair: &Pair) -> PairJson<'_> {
    let cost = |cost: Cost| CostJson {
        longest_chain_rounds: cost.rounds,
        payload_bytes: cost.payload_bytes,
        modelled_seconds: Seconds(cost.modelled_ps),
    };
    let raw = |text: String| RawValue::from_string(text).expect("a number is JSON");
    let [rounds, bytes, ps] = pair.differences();
    let sign = if ps < 0 { "-" } else { "" };
    PairJson {
        span: &pair.path,
        first: pair.first.map(cost),
        later: pair.later.map(cost),
        difference: DifferenceJson {
            longest_chain_rounds: raw(rounds.to_string()),
            payload_bytes: raw(bytes.to_string()),
            modelled_seconds: raw(format!("{sign}{}", Seconds(ps.unsigned_abs() as u64))),
        },
    }
}

/// The same for programs: an entry for each folder after the first.
pub fn spans_json(compared: &[SpanComparison], verdict: Option<&Verdict>) -> String {
    let rows = compared.iter().enumerate().map(|(place, each)| ComparisonJson {
        first: &each.first,
        folder: &each.folder,
        spans: each.pairs.iter().map(pair_json).collect(),
        breaches: verdict.map(|verdict| verdict.breaches[place].as_slice()),
    });
    serde_json::to_string_pretty(&rows.collect::<Vec<_>>()).expect("JSON") + "\n"
}
