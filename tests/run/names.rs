//! Names may hold anything: what a terminal would obey, or a spreadsheet compute, is shown and never done.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::command::{SMALL, scenario};

fn mpcsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mpcsim")).args(arguments).current_dir(folder).output().unwrap()
}

/// No order to a terminal in what was printed, on either way.
fn check(folder: &Path, arguments: &[&str], said: &str) -> Output {
    let output = mpcsim(folder, arguments);
    let mut all = String::new();
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let order = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
        assert!(!text.contains(order), "{arguments:?}: {text:?}");
        all += &text;
    }
    assert!(all.contains(said), "{arguments:?}: {all}");
    output
}

#[cfg(unix)]
#[test]
fn names_give_no_orders_to_a_terminal() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    // Red, a window title, the 8-bit form of an escape, text from right to left.
    let evil = "e\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}31m\u{202e}\rx";
    let small = scenario(SMALL).display().to_string();
    let name = format!("{evil}.ron");
    check(here, &["run", &name], "cannot read");
    fs::write(here.join(&name), "(name: 5, oops: 1)").unwrap();
    check(here, &["run", &name], "oops");
    check(here, &["check", &name], "oops");
    check(here, &["sweep", &name], "oops");
    fs::write(here.join(&name), format!("(name: \"a\", x: \"{evil}\")")).unwrap();
    check(here, &["check", &name], "`x`");
    let run = ["run", &small, "--set", "training=(iterations: 1)", "--out", evil];
    assert!(check(here, &run, "results in").status.success());
    check(here, &["run", &small, "--set", evil], "");
    check(here, &["run", &small, "--set", &format!("name=\"{evil}\"")], "");
    check(here, &["run", &small, "--set", "seed=7", "--out", evil], "another scenario");
    check(here, &["compare", evil, evil], "fingerprint");
    check(here, &["compare", evil, evil, "--json"], "fingerprint");
    check(here, &["compare", evil, &format!("{evil}2")], "not a folder");
    check(here, &["merge", evil, "--out", "m"], "");
    check(here, &["plot", evil, "--x", evil, "--y", "loss"], "");
    check(
        here,
        &["plot", evil, "--x", "epoch", "--y", "test_accuracy", "-o", &format!("{evil}.gif")],
        "must end",
    );
    check(here, &["cost", "--protocol", evil], "");
    check(here, &["man", evil], "no command");
    check(here, &[evil], "");
    check(here, &["run", &small, &format!("--{evil}")], "");
    check(here, &["run", &small, "--values", evil], "");
    check(here, &["sweep", &small, "--shard", evil], "");
    // Names in a trace of somebody else.
    let traced = format!("{evil}.jsonl");
    let trace = ["trace", &small, "--set", "training=(iterations: 1)", "-o", &traced];
    assert!(check(here, &trace, "").status.success());
    let text = fs::read_to_string(here.join(&traced)).unwrap();
    assert!(text.contains("dense1"));
    let escaped = evil.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<String>();
    fs::write(here.join(&traced), text.replace("dense1", &escaped)).unwrap();
    for more in [&[][..], &["--json"]] {
        check(here, &[&["replay", &traced, "--network", "lan"], more].concat(), "");
    }
    fs::write(here.join(&traced), text.replace("\"send\"", &format!("\"{escaped}\""))).unwrap();
    check(here, &["replay", &traced, "--network", "lan"], "");
    check(here, &["replay", &traced, "--network", evil], "");
    let sweep = format!(
        "(name: \"s\", base: {small:?}, train: false, axes: [(field: \"seed\", name: \"{evil}\", values: [1])])"
    );
    fs::write(here.join("s.ron"), sweep).unwrap();
    check(here, &["sweep", "s.ron"], "");
}

/// Cells of every table that begin like a formula are texts.
#[test]
fn names_are_no_formulas() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let small = scenario(SMALL).display().to_string();
    let labels = ["=1+1", "+1", "-1", "@SUM(A1)", "plain"];
    let network = |label: &str| format!("custom(label: {label:?}, latency_ms: 1, bandwidth_mbps: 100)");
    let values: Vec<String> = labels.iter().map(|label| network(label)).collect();
    let sweep = format!(
        "(name: \"s\", base: {small:?}, train: false, axes: [(field: \"network\", name: \"=A1\", values: [{}]), \
         (field: \"training.learning_rate\", values: [1e-2, +0.25])], exclude: [(field: \"network\", is: \"plain\")])",
        values.join(", ")
    );
    fs::write(here.join("s.ron"), sweep.replace("\\\n", "")).unwrap();
    let output = mpcsim(here, &["sweep", "s.ron", "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = fs::read(here.join("out/results.csv")).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(&rows[0][1], "'=A1");
    let cells: Vec<&str> = rows[1..].iter().step_by(2).map(|row| &row[1]).collect();
    assert_eq!(cells, ["'=1+1", "'+1", "'-1", "'@SUM(A1)"]);
    for cell in rows.iter().flat_map(|row| row.iter()) {
        assert!(cell.parse::<f64>().is_ok() || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
    }
    let summary = fs::read_to_string(here.join("out/sweep.json")).unwrap();
    assert!(summary.contains("\"column\": \"'=A1\""), "the column's name everywhere: {summary}");
    let plot = ["plot", "out", "--x", "training.learning_rate", "--y", "modelled_seconds", "--by", "'=A1"];
    assert!(mpcsim(here, &plot).status.success());
}
