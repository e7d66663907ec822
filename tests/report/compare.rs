//! `mpcsim compare` as a gate: exit codes, by metric and by span.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::support::{file, short_run};

/// A run that CI has too; its results are committed.
const COMMITTED: &str = "tests/report/committed/first_run";

fn compare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mpcsim")).arg("compare").args(arguments).output().expect("it starts")
}

/// What is printed, if the exit code is the one expected.
fn told(code: i32, arguments: &[&str]) -> String {
    let output = compare(arguments);
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    if code == 2 { err } else { out }
}

/// A folder of results made by hand.
struct Made {
    _place: tempfile::TempDir,
    first: String,
    later: PathBuf,
}

const SPANS: &str = "span,level,longest_chain_rounds,messages,payload_bytes,modelled_seconds\n\
    setup,1,1,1,100,0.000000000001\n\
    iteration,1,5,9,3000,0.000000000900\n\
    iteration/a,2,2,3,1000,0.000000000300\n\
    iteration/b,2,3,6,2000,0.000000000600\n";

/// A summary with 1,000 s, 10^15 bytes and 1,000 rounds in set-up and training together.
fn summary() -> String {
    let path = r#"{"compute": 1, "latency": 1, "serialisation": 1, "queueing": 1, "window": 0}"#;
    let phase = |seconds: &str, rounds: u64, bytes: u64| {
        format!(
            r#"{{"modelled_seconds": {seconds}, "rounds": {rounds}, "messages": 1, "payload_bytes": {bytes}, "wire_bytes": 1, "critical_path": {path}}}"#
        )
    };
    format!(
        r#"{{"schema": 1, "iterations": 1, "seed": 1, "accuracy": [{{"epoch": 1, "test": 0.95}}], "final_test_accuracy": 0.95,
        "setup": {}, "iteration": {}, "training": {}}}"#,
        phase("1.000000000000", 11, 1_000),
        phase("1.000000000000", 10, 1_000),
        phase("999.000000000000", 989, 999_999_999_999_000),
    )
}

impl Made {
    fn new() -> Made {
        let place = tempfile::tempdir().expect("a folder");
        let [first, later] = ["first", "later"].map(|name| place.path().join(name));
        for folder in [&first, &later] {
            fs::create_dir(folder).expect("made");
            fs::write(folder.join("summary.json"), summary()).expect("written");
            fs::write(folder.join("spans.csv"), SPANS).expect("written");
        }
        Made { first: first.to_str().expect("letters").to_string(), later, _place: place }
    }

    /// The later folder with one thing changed in a file.
    fn told(&self, code: i32, name: &str, change: [&str; 2], more: &[&str]) -> String {
        let path = self.later.join(name);
        let before = fs::read_to_string(&path).expect("text");
        assert_eq!(before.matches(change[0]).count(), 1, "{change:?}");
        fs::write(&path, before.replace(change[0], change[1])).expect("written");
        let text =
            told(code, &[&[self.first.as_str(), self.later.to_str().expect("letters")], more].concat());
        fs::write(&path, before).expect("written");
        text
    }
}

#[test]
fn a_gate_sees_the_least_difference_of_each_metric() {
    let made = Made::new();
    let zero = ["--fail-above", "0%"];
    let summary = "summary.json";
    // One picosecond, one byte and one round more, in the set-up or in the training.
    for (change, line) in [
        (["999.000000000000", "999.000000000001"], "time 1000.000000000001 s ("),
        (["999999999999000", "999999999999001"], "bytes 1,000,000,000,000,001 B ("),
        ([r#""rounds": 989"#, r#""rounds": 990"#], "rounds 1,001 ("),
        ([r#""rounds": 11"#, r#""rounds": 12"#], "rounds 1,001 ("),
        ([r#""final_test_accuracy": 0.95"#, r#""final_test_accuracy": 0.9499999"#], "accuracy 94.99999 % ("),
    ] {
        let text = made.told(1, summary, change, &zero);
        let worse: Vec<&str> = text.lines().filter(|text| text.starts_with("worse: ")).collect();
        assert!(worse.len() == 1 && worse[0].contains(line), "{text}");
        let (metric, _) = line.split_once(' ').expect("a word");
        made.told(1, summary, change, &[&zero[..], &["--metric", metric]].concat());
        let other = if metric == "time" { "bytes" } else { "time" };
        made.told(0, summary, change, &[&zero[..], &["--metric", other]].concat());
        made.told(0, summary, change, &["--fail-above", "0.2%"]);
        let json = made.told(1, summary, change, &[&zero[..], &["--json"]].concat());
        let rows: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(rows[0]["breaches"].as_array().map(Vec::len), Some(0));
        assert_eq!(rows[1]["breaches"][0]["metric"], metric);
    }
    made.told(0, summary, ["999999999999000", "999999999998999"], &zero);
    // Just a percent is not more than a percent.
    made.told(0, summary, [r#""rounds": 989"#, r#""rounds": 999"#], &["--fail-above", "1%"]);
    made.told(1, summary, [r#""rounds": 989"#, r#""rounds": 1000"#], &["--fail-above", "1%"]);
}

#[test]
fn a_gate_sees_each_span() {
    let made = Made::new();
    let gate = ["--by", "span", "--fail-above", "0%"];
    let spans = "spans.csv";
    let text = made.told(1, spans, ["b,2,3,6,2000,", "b,2,4,6,1999,"], &gate);
    assert!(text.contains("span iteration/b: rounds 4 (") && !text.contains(": bytes"), "{text}");
    made.told(1, spans, ["0.000000000300", "0.000000000301"], &gate);
    made.told(0, spans, ["0.000000000300", "0.000000000301"], &["--by", "span", "--fail-above", "1%"]);
    made.told(0, spans, ["0.000000000300", "0.000000000301"], &[&gate[..], &["--metric", "bytes"]].concat());
    // New spans are worse if they send anything; those that are gone are not.
    let text = made.told(1, spans, ["iteration/b", "iteration/c"], &gate);
    assert!(text.contains("span iteration/c: bytes 2,000 B (the span is not in "), "{text}");
    assert!(text.contains("iteration/b (only in the first)"), "{text}");
    made.told(
        0,
        spans,
        [
            "iteration/b,2,3,6,2000,0.000000000600\n",
            "iteration/c,2,0,0,0,0.000000000600\niteration/b,2,3,6,2000,0.000000000600\n",
        ],
        &gate,
    );
    // The largest difference of bytes first, ties by name.
    let json = made.told(0, spans, ["a,2,2,3,1000,", "a,2,2,3,400,"], &["--by", "span", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let names: Vec<&str> =
        rows[0]["spans"].as_array().expect("spans").iter().filter_map(|row| row["span"].as_str()).collect();
    assert_eq!(names, ["iteration/a", "iteration", "iteration/b", "setup"]);
    assert_eq!(rows[0]["spans"][0]["difference"]["payload_bytes"], -600);
    assert!(rows[0].get("breaches").is_none());
}

#[test]
fn mistakes_of_a_gate_are_refused() {
    let made = Made::new();
    let same = ["\"schema\": 1", "\"schema\": 1"];
    let summary = "summary.json";
    let cases: [(&[&str], &str); 5] = [
        (&["--fail-above", "1"], "percentage"),
        (&["--fail-above", "-1%"], "not negative"),
        (&["--metric", "bytes"], "--fail-above"),
        (&["--fail-above", "1%", "--metric", "byte"], "bytes"),
        (&["--by", "span", "--fail-above", "1%", "--metric", "accuracy"], "a span has no accuracy"),
    ];
    for (more, what) in cases {
        let text = made.told(2, summary, same, more);
        assert!(text.contains(what), "{more:?}: {text}");
    }
    let without = [r#"[{"epoch": 1, "test": 0.95}]"#, "[]"];
    let asked = ["--fail-above", "0%", "--metric", "accuracy"];
    assert!(made.told(2, summary, without, &asked).contains("no epoch"));
    made.told(0, summary, without, &["--fail-above", "0%"]);
    let by = ["--by", "span"];
    for (change, what) in [
        (["payload_bytes", "bytes"], "no column payload_bytes"),
        (["3000", "many"], "line 3"),
        (["iteration/b", "iteration/a"], "twice"),
        (["0.000000000300", "0.0000000003001"], "no number of seconds"),
    ] {
        let text = made.told(2, "spans.csv", change, &by);
        assert!(text.contains(what), "{text}");
    }
    fs::remove_file(made.later.join("spans.csv")).expect("removed");
    assert!(made.told(2, summary, same, &by).contains("spans.csv cannot be read"));
}

/// What a shipped scenario costs, against committed results. `MPCSIM_WRITE_GOLDEN=1` writes them anew.
#[test]
fn a_shipped_scenario_is_not_worse_than_committed_results() {
    let files = short_run("01_first_run.ron", &["training.iterations=20"]);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join(COMMITTED);
    let place = tempfile::tempdir().expect("a folder");
    for name in ["summary.json", "spans.csv", "scenario.ron"] {
        let text = file(&files, name);
        fs::write(place.path().join(name), text).expect("written");
        if std::env::var_os("MPCSIM_WRITE_GOLDEN").is_some() {
            fs::create_dir_all(&committed).expect("made");
            // The fingerprint changes with the sources.
            let lines = text.lines().filter(|line| !line.starts_with("  \"fingerprint\": "));
            let text: String = lines.map(|line| line.to_string() + "\n").collect();
            fs::write(committed.join(name), text).expect("written");
        }
    }
    let folders = [committed.as_path(), place.path()].map(|path| path.to_str().expect("letters"));
    let gate = ["--fail-above", "0%"];
    told(0, &[&folders[..], &gate].concat());
    told(0, &[&folders[..], &gate, &["--by", "span"]].concat());
}
