//! Results of the shipped scenarios, as stored in `golden/`: `summary.json` word for word but for the fingerprint, which
//! changes with the sources, and the other tables by SHA-256.
//!
//! `MPCSIM_WRITE_GOLDEN=1 cargo test --release golden` writes them anew: read the difference before it stays. The
//! scenarios are cut short here; `cargo test --release golden -- --ignored` runs them whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::command::{results, scenario};

fn scenarios() -> Vec<String> {
    let folder = fs::read_dir(scenario("")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // Sweeps have axes, and tests of their own.
    let is_scenario = |name: &String| {
        name.ends_with(".ron") && !fs::read_to_string(scenario(name)).expect("a scenario").contains("axes: [")
    };
    let mut names: Vec<String> = names.filter(is_scenario).collect();
    names.sort();
    names
}

/// One text for all files of a run but the page, which shows the others.
fn digest(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut text = String::new();
    for (name, content) in files
        .iter()
        .filter(|(name, _)| !["summary.json", "report.html", "SHA256SUMS"].contains(&name.as_str()))
    {
        let hash: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("{hash}  {name}\n");
    }
    let summary = String::from_utf8_lossy(&files["summary.json"]).into_owned();
    let named = |line: &&str| line.starts_with("  \"fingerprint\": ");
    assert_eq!(summary.lines().filter(named).count(), 1);
    let others: Vec<&str> = summary.lines().filter(|line| !named(line)).collect();
    text + &others.join("\n") + "\n"
}

fn check(kind: &str, sets: impl Fn(&str) -> Vec<&'static str>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run/golden");
    let mut wrong = Vec::new();
    for name in scenarios() {
        let text = digest(&results(&scenario(&name), &sets(&name), |_| {}));
        let stored = folder.join(format!("{}.{kind}.txt", name.trim_end_matches(".ron")));
        if std::env::var_os("MPCSIM_WRITE_GOLDEN").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&stored, &text).unwrap();
        } else if fs::read_to_string(&stored).unwrap_or_default().replace("\r\n", "\n") != text {
            wrong.push(format!("{name}:\n{text}"));
        }
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
