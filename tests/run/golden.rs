//! Results of the shipped scenarios, as stored in `golden/`: `summary.json` word for word but for the fingerprint, which
//! changes with the sources, and the other tables by SHA-256.
//!
//! `MPCSIM_WRITE_GOLDEN=1 cargo test --release golden` writes them anew: read the difference before it stays. The
//! scenarios are cut short here; `cargo test --release golden -- --ignored` runs them whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::command::{mpcsim, results, scenario};

fn scenarios() -> Vec<String> {
    let folder = fs::read_dir(scenario("")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // Sweeps have axes, and one scenario does not end well: both have tests of their own.
    let is_scenario = |name: &String| {
        let text = || fs::read_to_string(scenario(name)).expect("a scenario");
        name.ends_with(".ron") && ["axes: [", "adversary: ("].iter().all(|other| !text().contains(other))
    };
    let mut names: Vec<String> = names.filter(is_scenario).collect();
    names.sort();
    names
}

/// Paths of the shipped data as the scenarios write them.
fn without_folders(scenario: &str) -> String {
    let line = |line: &str| match (line.find('"'), line.rfind("data/")) {
        (Some(quote), Some(path)) => format!("{}{}", &line[..=quote], &line[path..]),
        _ => line.to_string(),
    };
    scenario.lines().map(|text| line(text) + "\n").collect()
}

/// One text for all files of a run but the page, which shows the others.
fn digest(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut text = String::new();
    for (name, content) in files
        .iter()
        .filter(|(name, _)| !["summary.json", "report.html", "SHA256SUMS"].contains(&name.as_str()))
    {
        // Where data are depends on the machine; what they are called does not.
        let file = String::from_utf8_lossy(content);
        let content = if name == "scenario.ron" { without_folders(&file) } else { file.into_owned() };
        let hash: String =
            Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("{hash}  {name}\n");
    }
    let summary = String::from_utf8_lossy(&files["summary.json"]).into_owned();
    let named = |line: &&str| line.starts_with("  \"fingerprint\": ");
    assert_eq!(summary.lines().filter(named).count(), 1);
    let others: Vec<&str> = summary.lines().filter(|line| !named(line)).collect();
    text + &others.join("\n") + "\n"
}

/// Compares a text with what is stored, or stores it.
fn compare(name: &str, text: &str, wrong: &mut Vec<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run/golden");
    let stored = folder.join(format!("{name}.txt"));
    if std::env::var_os("MPCSIM_WRITE_GOLDEN").is_some() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(&stored, text).unwrap();
    } else if fs::read_to_string(&stored).unwrap_or_default().replace("\r\n", "\n") != text {
        wrong.push(format!("{name}:\n{text}"));
    }
}

fn check(kind: &str, sets: impl Fn(&str) -> Vec<&'static str>) {
    let mut wrong = Vec::new();
    for name in scenarios() {
        let text = digest(&results(&scenario(&name), &sets(&name), |_| {}));
        compare(&format!("{}.{kind}", name.trim_end_matches(".ron")), &text, &mut wrong);
    }
    assert!(wrong.is_empty(), "results differ from what is stored:\n{}", wrong.join("\n"));
}

/// Three iterations on few rows, with the scenario's own network.
#[test]
fn golden_short() {
    check("short", |name| {
        let mut sets = vec!["training.batch=32", "training.iterations=3"];
        let text = fs::read_to_string(scenario(name)).unwrap();
        if text.contains("data: mnist") {
            sets.push("data=mnist(train: 500, test: 200)");
        }
        if text.contains("epochs:") {
            sets[1] = "training=(iterations: 3, batch: 32)";
        }
        sets
    });
}

#[test]
#[ignore = "minutes: the shipped scenarios as they are"]
fn golden_whole() {
    check("whole", |_| Vec::new());
}

/// The report of the scenario in which a party cheats, as a person reads it. tests/book/run.sh compares what docs/failing.md shows.
#[test]
fn golden_cheating() {
    let place = tempfile::TempDir::new().unwrap();
    let output = mpcsim(&scenario("09_cheating.ron"), &place.path().join("out"), &[], |command| {
        command.args(["--values", "shares"]);
    });
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "nothing is written");
    let (text, mut wrong) = (String::from_utf8(output.stderr).unwrap(), Vec::new());
    compare("09_cheating", &text, &mut wrong);
    assert!(wrong.is_empty(), "it is not what is stored: {wrong:?}");
}

/// The rows of the sweep over protocols, cut short.
#[test]
fn golden_malicious() {
    let place = tempfile::TempDir::new().unwrap();
    let out = place.path().join("out");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command
        .arg("sweep")
        .arg(scenario("08_malicious.ron"))
        .arg("--out")
        .arg(&out)
        .args(["--quiet", "--jobs", "2"]);
    for set in ["data=mnist(train: 500, test: 200)", "training=(iterations: 3, batch: 32)"] {
        command.args(["--set", set]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (rows, mut wrong) = (fs::read_to_string(out.join("results.csv")).unwrap(), Vec::new());
    compare("08_malicious.short", &rows, &mut wrong);
    assert!(wrong.is_empty(), "it is not what is stored: {wrong:?}");
}
