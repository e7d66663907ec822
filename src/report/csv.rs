//! `epochs.csv`, `evaluations.csv`, `spans.csv`, `links.csv`. output/README.md explains every column.

use super::names::Names;
use super::units::Seconds;
use crate::ledger::{Breakdown, SpanCost};
use crate::run::Outcome;
use crate::sim::Parts;

/// Columns of a critical path.
const PATH_COLUMNS: [&str; 7] = [
    "critical_path_rounds",
    "modelled_seconds",
    "compute_seconds",
    "latency_seconds",
    "serialisation_seconds",
    "queueing_seconds",
    "window_seconds",
];

fn path_cells(rounds: u64, parts: &Parts) -> [String; 7] {
    let Parts { compute_ps, latency_ps, serialisation_ps, queueing_ps, window_ps } = *parts;
    let [all, compute, latency, serialisation, queueing, window] =
        [parts.total_ps(), compute_ps, latency_ps, serialisation_ps, queueing_ps, window_ps]
            .map(|ps| Seconds(ps).to_string());
    [rounds.to_string(), all, compute, latency, serialisation, queueing, window]
}

fn table(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).expect("rows of equal length, written to memory");
    }
    writer.into_inner().expect("written to memory")
}

fn strings<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(String::from).to_vec()
}

/// One row an epoch.
pub fn epochs_csv(outcome: &Outcome) -> Vec<u8> {
    let columns = [
        "epoch",
        "iterations",
        "test_correct",
        "test_accuracy",
        "loss",
        "restarted",
        "out_of_range",
        "rows_beyond_domain",
    ];
    let header = strings(columns);
    let rows = outcome.epochs.iter().map(|epoch| {
        vec![
            epoch.epoch.to_string(),
            epoch.iterations.to_string(),
            epoch.correct.to_string(),
            epoch.test_accuracy.to_string(),
            epoch.loss.map(|loss| loss.to_string()).unwrap_or_default(),
            epoch.restarted.to_string(),
            epoch.values_out_of_range().map(|values| values.to_string()).unwrap_or_default(),
            epoch.rows_beyond_domain.map(|rows| rows.to_string()).unwrap_or_default(),
        ]
    });
    table(std::iter::once(header).chain(rows))
}

/// One row a look at the test accuracy, with what had been spent by then.
pub fn evaluations_csv(outcome: &Outcome) -> Vec<u8> {
    let columns = [
        "iterations",
        "epoch",
        "restarts",
        "test_correct",
        "test_accuracy",
        "rounds",
        "payload_bytes",
        "modelled_seconds",
    ];
    let rows = outcome.evaluations.iter().map(|(evaluation, spent)| {
        let before = outcome.epochs.iter().filter(|epoch| epoch.iterations < evaluation.iterations);
        vec![
            evaluation.iterations.to_string(),
            (before.count() + 1).to_string(),
            evaluation.restarts.to_string(),
            evaluation.correct.to_string(),
            evaluation.test_accuracy.to_string(),
            spent.rounds.to_string(),
            spent.payload_bytes.to_string(),
            Seconds(spent.modelled_ps).to_string(),
        ]
    });
    table(std::iter::once(strings(columns)).chain(rows))
}

/// The phases that are taken apart, by their name in the tables.
fn phases(outcome: &Outcome) -> [(&'static str, &Breakdown); 2] {
    [("setup", &outcome.setup_breakdown), ("iteration", &outcome.iteration_breakdown)]
}

/// The same with offline and online phase apart, if there are both.
fn all_phases(outcome: &Outcome) -> Vec<(&'static str, &Breakdown)> {
    let apart = outcome.apart_breakdown.iter();
    let apart =
        apart.flat_map(|[offline, online]| [("iteration_offline", offline), ("iteration_online", online)]);
    phases(outcome).into_iter().chain(apart).collect()
}

/// What is a span's own: itself without the spans directly inside it, which follow it in `spans`.
fn own_part(span: &SpanCost, following: &[SpanCost]) -> Option<SpanCost> {
    let inside = following.iter().take_while(|other| other.level > span.level);
    let mut own = SpanCost { path: format!("{}/(own)", span.path), level: span.level + 1, ..span.clone() };
    let mut children = 0;
    for child in inside.filter(|other| other.level == span.level + 1) {
        children += 1;
        own.subtract(child);
    }
    (children > 0 && !own.is_nothing()).then_some(own)
}

fn span_row(span: &SpanCost) -> Vec<String> {
    let mut row = vec![span.path.clone(), span.level.to_string(), span.longest_chain_rounds.to_string()];
    row.extend([span.messages.to_string(), span.payload_bytes.to_string()]);
    row.extend(span.payload_bytes_by_party.iter().map(u64::to_string));
    row.push(span.wire_bytes.to_string());
    row.extend(path_cells(span.critical_path_rounds, &span.critical_path));
    row
}

/// One row a span of the set-up and of one iteration. What a span with others inside does itself has a row `(own)`, so
/// that the rows directly inside a span add up to it in every column.
pub fn spans_csv(names: &Names, outcome: &Outcome) -> Vec<u8> {
    let parties = outcome.setup.payload_bytes_by_party.len();
    let mut header = strings(["span", "level", "longest_chain_rounds", "messages", "payload_bytes"]);
    header.extend((0..parties).map(|party| {
        let name = names.given().map_or(String::new(), |names| format!("_{}", names[party]));
        format!("payload_bytes_party{party}{name}")
    }));
    header.push("wire_bytes".to_string());
    header.extend(PATH_COLUMNS.map(String::from));
    let mut rows = vec![header];
    for (_, breakdown) in phases(outcome) {
        // The root holds the one span of the phase, and nothing else.
        let spans = &breakdown.spans[1..];
        for (i, span) in spans.iter().enumerate() {
            rows.push(span_row(span));
            rows.extend(own_part(span, &spans[i + 1..]).as_ref().map(span_row));
        }
    }
    table(rows)
}

/// One row a directed link, for the set-up, for one iteration, and for its offline and its online phase. Names stand beside the numbers if there are any.
pub fn links_csv(names: &Names, outcome: &Outcome) -> Vec<u8> {
    let mut header = strings(["phase", "from", "to"]);
    header.extend(names.given().map(|_| strings(["from_name", "to_name"])).unwrap_or_default());
    header.extend(strings(["longest_chain_rounds", "messages", "payload_bytes", "wire_bytes"]));
    header.extend(PATH_COLUMNS.map(String::from));
    let mut rows = vec![header];
    for (phase, breakdown) in all_phases(outcome) {
        for link in &breakdown.links {
            let mut row = vec![phase.to_string()];
            row.extend([link.from, link.to].map(|party| party.to_string()));
            if names.given().is_some() {
                row.extend([link.from, link.to].map(|party| names.short(party)));
            }
            row.extend(
                [link.longest_chain_rounds, link.messages, link.payload_bytes, link.wire_bytes]
                    .map(|n| n.to_string()),
            );
            row.extend(path_cells(link.critical_path_rounds, &link.critical_path));
            rows.push(row);
        }
    }
    table(rows)
}
