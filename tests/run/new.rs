//! `mpcsim new`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn new(file: &Path, sets: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.arg("new").arg(file).args(sets.iter().flat_map(|set| ["--set", set]));
    command.output().unwrap()
}

#[test]
fn a_new_scenario_is_one_that_can_be_checked() {
    let place = TempDir::new().unwrap();
    let file = place.path().join("three sites.ron");
    let output = new(&file, &["protocol=rep4", "training.epochs=2", "network=preset(\"wan\")"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let check = Command::new(env!("CARGO_BIN_EXE_mpcsim")).arg("check").arg(&file).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let plan = String::from_utf8(check.stdout).unwrap();
    for part in ["name: \"three sites\"", "protocol: rep4", "epochs: 2", "label: \"wan\""] {
        assert!(plan.contains(part), "{part} is not in {plan}");
    }
    // What is there is never written over.
    let before = fs::read(&file).unwrap();
    let output = new(&file, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is there already"));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_mistake_writes_nothing() {
    let place = TempDir::new().unwrap();
    let file = place.path().join("mine.ron");
    for (set, says) in [
        ("softmax=exat", "exact"),
        ("data.train=5", "data=mnist"),
        ("protokoll=rep3", "protokoll"),
        ("training.epochs", "equals sign"),
        ("training.epochs=0", "epochs"),
    ] {
        let output = new(&file, &[set]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{set}: {error}");
        assert!(error.contains(says), "{set}: {error}");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "{set} left something");
    }
}
