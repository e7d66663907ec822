//! Two runs with the same fingerprint have the same results.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::command::{BRIEF, SMALL, results, scenario};

fn fingerprint(files: &BTreeMap<String, Vec<u8>>) -> String {
    let summary: serde_json::Value = serde_json::from_slice(&files["summary.json"]).unwrap();
    summary["fingerprint"].as_str().unwrap().to_string()
}

/// The small scenario beside data of its own; some training labels are swapped on demand.
fn copied(folder: &Path, changed: bool) -> BTreeMap<String, Vec<u8>> {
    let names = ["train-images.gz", "train-labels", "test-images.gz", "test-labels"];
    for name in names {
        let mut bytes = fs::read(scenario("data/bars").join(name)).unwrap();
        if changed && name == "train-labels" {
            bytes[8..40].iter_mut().for_each(|label| *label ^= 1);
        }
        fs::write(folder.join(name), bytes).unwrap();
    }
    let text = fs::read_to_string(scenario(SMALL)).unwrap().replace("data/bars/", "");
    fs::write(folder.join("own.ron"), text).unwrap();
    results(&folder.join("own.ron"), &BRIEF, |_| {})
}

#[test]
fn the_content_of_data_is_in_the_fingerprint() {
    let folder = TempDir::new().unwrap();
    let [first, changed, again] = [false, true, false].map(|changed| copied(folder.path(), changed));
    assert!(first["epochs.csv"] != changed["epochs.csv"], "the labels matter");
    assert_ne!(fingerprint(&first), fingerprint(&changed));
    assert_eq!(fingerprint(&first), fingerprint(&again));
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.arg("check").arg(folder.path().join("own.ron"));
    for set in BRIEF {
        command.args(["--set", set]);
    }
    let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(printed.starts_with(&format!("// fingerprint {}\n", fingerprint(&first))), "{printed}");
}

#[test]
fn where_values_come_from_is_in_the_fingerprint() {
    let sets = ["training=(iterations: 3, batch: 32)"];
    let run = |values: &str| {
        let mut files = results(&scenario(SMALL), &sets, |command| {
            command.args(["--values", values]);
        });
        files.remove("SHA256SUMS");
        files
    };
    let (split, shares) = (run("split"), run("shares"));
    assert!(split != shares);
    assert_ne!(fingerprint(&split), fingerprint(&shares));
}

/// What a run says of itself lists what is in its folder, for `sha256sum -c` too.
#[test]
fn the_list_of_files_is_right() {
    use sha2::{Digest, Sha256};
    let files = results(&scenario(SMALL), &BRIEF, |_| {});
    let digest =
        |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let others = files.iter().filter(|(name, _)| *name != "SHA256SUMS");
    let lines: String = others.map(|(name, bytes)| format!("{}  {name}\n", digest(bytes))).collect();
    assert_eq!(String::from_utf8_lossy(&files["SHA256SUMS"]), lines);
}
