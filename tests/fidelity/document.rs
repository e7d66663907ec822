//! The tables of docs/fidelity.md. `MPCSIM_WRITE_GOLDEN=1 cargo test --release --test suite fidelity` writes them anew
//! between their marks; the prose around them is written by hand.

use std::fmt::Write;
use std::path::Path;

use mpcsim::report::count_text;
use mpcsim::scenario::Protocol;

use super::layers;
use super::pieces::without_padding;
use super::published;
use super::rep4;
use super::rows::{Compared, PROTOCOLS, What, compared, compared_of};
use super::semi2k;
use super::sy_rep3;
use crate::sim::measured::replays;
use crate::sim::window_measured::rows as over_tcp;

/// A table in the form of Markdown: cells of a header, then of all rows.
fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|---{}\n", header.join(" | "), "|---:".repeat(header.len() - 1) + "|");
    for row in rows {
        writeln!(text, "| {} |", row.join(" | ")).expect("a text takes more");
    }
    text
}

fn costs(rows: impl Iterator<Item = &'static Compared>) -> String {
    let header = [
        "",
        "rounding",
        "payload bytes",
        "measured",
        "ratio",
        "shares apart by",
        "rounds",
        "exchanges measured",
    ];
    let cells = |c: &Compared| {
        vec![
            c.row.label(),
            c.row.rounding.clone(),
            count_text(c.payload_bytes),
            count_text(c.row.payload_bytes),
            format!("{:.2} %", 100.0 * c.ratio()),
            format!("{:.2} points", 100.0 * c.largest_share_difference()),
            count_text(c.rounds),
            count_text(c.row.exchanges),
        ]
    };
    table(&header, rows.map(cells))
}

fn padding() -> String {
    let header = ["", "rounding", "payload bytes", "measured", "measured without padding", "ratio to that"];
    let rows = compared().iter().filter_map(|c| {
        let unpadded = without_padding(&c.row)?;
        Some(vec![
            c.row.label(),
            c.row.rounding.clone(),
            count_text(c.payload_bytes),
            count_text(c.row.payload_bytes),
            count_text(unpadded.round() as u64),
            format!("{:.2} %", 100.0 * c.payload_bytes as f64 / unpadded),
        ])
    });
    table(&header, rows)
}

/// Rows of `rep4` for which the reference works on pieces, counted again.
fn recounts() -> String {
    let header = [
        "",
        "payload bytes",
        "measured",
        "recounted",
        "without pieces and our way in logarithms",
        "ratio to that",
    ];
    let rows = rep4::in_pieces().map(|c| {
        let recounted = rep4::recounted(c, false).expect("a row in pieces").bytes_by_party().iter().sum();
        let whole = rep4::without_pieces(c);
        let bytes = [c.payload_bytes, c.row.payload_bytes, recounted, whole].map(count_text);
        let ratio = format!("{:.2} %", 100.0 * c.payload_bytes as f64 / whole as f64);
        [c.row.label()].into_iter().chain(bytes).chain([ratio]).collect()
    });
    table(&header, rows)
}

/// Output layers and iterations of `sy_rep3`, counted again.
fn recounts_of_sy_rep3() -> String {
    let header = [
        "",
        "rounding",
        "payload bytes",
        "measured",
        "recounted",
        "with our checks and batches",
        "ratio to that",
    ];
    let rows = sy_rep3::in_pieces().map(|c| {
        let [recounted, whole] = [false, true].map(|whole| sy_rep3::recounted(c, whole).iter().sum::<u64>());
        let bytes = [c.payload_bytes, c.row.payload_bytes, recounted, whole].map(count_text);
        let ratio = format!("{:.2} %", 100.0 * c.payload_bytes as f64 / whole as f64);
        [c.row.label(), c.row.rounding.clone()].into_iter().chain(bytes).chain([ratio]).collect()
    });
    table(&header, rows)
}

/// Iterations of `beaver2` beside the compiler's predictions.
fn predictions() -> String {
    let header = ["", "rounding", "online", "predicted", "offline", "predicted", "measured, both"];
    let rows = compared_of(Protocol::Beaver2).filter_map(|c| {
        let (online, offline) = (c.row.static_online_bytes?, c.row.static_offline_bytes?);
        let dealt = c.payload_bytes_by_party[2];
        let bytes = [c.payload_bytes - dealt, online, dealt, offline, c.row.payload_bytes].map(count_text);
        Some([c.row.label(), c.row.rounding.clone()].into_iter().chain(bytes).collect())
    });
    table(&header, rows)
}

/// Layers alone, or iterations of convolutional networks.
fn layer_rows(iterations: bool) -> String {
    let header =
        ["", "", "payload bytes", "measured", "ratio", "shares apart by", "rounds", "exchanges measured"];
    let rows = layers::compared().iter().filter(|c| c.row.is_iteration() == iterations).map(|c| {
        vec![
            c.row.label(),
            c.row.protocol().name().to_string(),
            count_text(c.payload_bytes),
            count_text(c.row.payload_bytes),
            format!("{:.2} %", 100.0 * c.ratio()),
            format!("{:.2} points", 100.0 * c.largest_share_difference()),
            count_text(c.rounds),
            count_text(c.row.exchanges),
        ]
    });
    table(&header, rows)
}

/// `semi2k`, online and offline.
fn transfers() -> String {
    let header =
        ["", "online", "measured", "ratio", "offline", "measured", "ratio", "rounds", "exchanges measured"];
    let rows = semi2k::compared().iter().map(|c| {
        let [online, online_measured, offline, offline_measured] = c.totals();
        let ratio = |ours: u64, theirs: u64| format!("{:.2} %", 100.0 * ours as f64 / theirs as f64);
        vec![
            c.label(),
            count_text(online),
            count_text(online_measured),
            ratio(online, online_measured),
            count_text(offline),
            count_text(offline_measured),
            ratio(offline, offline_measured),
            count_text(c.rounds),
            count_text(c.exchanges()),
        ]
    });
    table(&header, rows)
}

fn networks() -> String {
    let exchanges = compared_of(Protocol::Rep3)
        .find(|c| c.row.label() == "784-10, relu_gradient, no loss" && c.row.rounding == "probabilistic")
        .map(|c| c.row.exchanges)
        .expect("the cost of the recorded iteration was measured too");
    let header = [
        "network",
        "measured, s",
        "replayed, s",
        "error",
        "formula with depth, s",
        "error",
        "formula with exchanges, s",
        "error",
    ];
    let rows = replays().into_iter().map(|r| {
        let error = |seconds: f64| format!("{:+.1} %", 100.0 * (seconds / r.measured_seconds - 1.0));
        let bytes = 8.0 * r.payload_bytes as f64 / r.mean_bits_per_second;
        let by_depth = r.rounds as f64 * r.mean_latency_seconds + bytes;
        let by_exchanges = exchanges as f64 * r.mean_latency_seconds + bytes;
        vec![
            r.name.clone(),
            format!("{:.4}", r.measured_seconds),
            format!("{:.4}", r.seconds),
            format!("{:+.2} %", 100.0 * r.error()),
            format!("{by_depth:.4}"),
            error(by_depth),
            format!("{by_exchanges:.4}"),
            error(by_exchanges),
        ]
    });
    table(&header, rows)
}

/// Iterations over Linux TCP.
fn tcp() -> String {
    let header = [
        "program",
        "L, ms",
        "B, Mbit/s",
        "congestion control",
        "idle restart",
        "first: measured, s",
        "modelled, s",
        "error",
        "without window",
        "later: measured, s",
        "modelled, s",
        "error",
        "without window",
    ];
    let rows = over_tcp().into_iter().map(|row| {
        let care = if row.care { " (*)" } else { "" };
        let mut cells = vec![
            row.program.clone(),
            row.latency_ms.to_string(),
            row.bandwidth_mbps.to_string(),
            format!("{}{care}", row.congestion),
            if row.idle_restart { "on" } else { "off" }.to_string(),
        ];
        for which in 0..2 {
            let error = |seconds: f64| format!("{:+.1} %", 100.0 * (seconds / row.measured[which] - 1.0));
            cells.push(format!("{:.4}", row.measured[which]));
            cells.push(format!("{:.4}", row.modelled[which]));
            cells.push(error(row.modelled[which]));
            cells.push(error(row.plain[which]));
        }
        cells
    });
    table(&header, rows)
}

/// Iterations with Adam and AMSGrad.
fn optimizers() -> String {
    let header = ["", "payload bytes", "measured", "ratio", "rounds", "exchanges measured"];
    let rows = super::optimizers::compared().into_iter().map(|c| {
        let [bytes, measured, rounds, exchanges] =
            [c.payload_bytes, c.measured_bytes, c.rounds, c.exchanges].map(count_text);
        vec![c.label.clone(), bytes, measured, format!("{:.2} %", 100.0 * c.ratio()), rounds, exchanges]
    });
    table(&header, rows)
}

/// Replaces what stands between the marks of a table.
fn replace(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no place for the table {name}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no end of the table {name}"));
    format!("{before}{begin}\n{table}\n{end}{after}")
}

#[test]
fn the_document_shows_these_figures() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fidelity.md");
    let stored = std::fs::read_to_string(&path).expect("the document is there").replace("\r\n", "\n");
    let iteration = |c: &&Compared| matches!(c.row.what, What::Iteration { .. });
    let mut text = stored.clone();
    for protocol in PROTOCOLS {
        let rows = || compared_of(protocol);
        let name = |what: &str| format!("{}, {what}", protocol.name());
        text = replace(&text, &name("iterations"), &costs(rows().filter(iteration)));
        text = replace(&text, &name("operations"), &costs(rows().filter(|c| !iteration(c))));
    }
    text = replace(&text, "rep4, recounted", &recounts());
    text = replace(&text, "sy_rep3, recounted", &recounts_of_sy_rep3());
    text = replace(&text, "predictions", &predictions());
    text = replace(&text, "semi2k", &transfers());
    text = replace(&text, "optimizers", &optimizers());
    text = replace(&text, "padding", &padding());
    text = replace(&text, "convolutional networks", &layer_rows(true));
    text = replace(&text, "layers", &layer_rows(false));
    text = replace(&text, "networks", &networks());
    text = replace(&text, "tcp", &tcp());
    let header = ["", "published", "ours", "ratio", "of ours: latency", "serialisation", "compute"];
    text = replace(&text, "trainings of SecureNN", &table(&header, published::securenn().into_iter()));
    text = replace(&text, "trainings of SecureML", &table(&header[..4], published::secureml().into_iter()));
    let header = [
        "ring",
        "published latency",
        "published",
        "ours, one way",
        "ratio",
        "ours, half of it one way",
        "ratio",
    ];
    text = replace(&text, "trainings of Falcon", &table(&header, published::falcon().into_iter()));
    if std::env::var_os("MPCSIM_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the document can be written");
    } else {
        let wrong: Vec<_> =
            stored.lines().zip(text.lines()).filter(|(old, new)| old != new).take(3).collect();
        assert!(stored == text, "docs/fidelity.md is out of date, for example {wrong:#?}");
    }
}
