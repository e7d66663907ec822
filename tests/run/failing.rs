//! Trainings that come to a halt: what is said, the exit code, and that nothing is written.

use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use super::command::{BRIEF, SMALL, mpcsim, results, scenario};

/// A run with these settings: what it gave, and whether its folder was made.
fn run(sets: &[&str], more: &[&str], threads: &str) -> (Output, bool) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let sets: Vec<&str> = BRIEF.iter().chain(sets).copied().collect();
    let output = mpcsim(&scenario(SMALL), &out, &sets, |command| {
        command.args(more).env("RAYON_NUM_THREADS", threads);
    });
    (output, std::fs::read_dir(folder.path()).unwrap().count() > 0)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const STOP: &str = "faults.stops=[(party: 1, at_s: 0.05)]";

#[test]
fn a_party_that_stops_ends_the_run_with_a_report() {
    let (output, written) = run(&[STOP], &[], "1");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(!written && output.stdout.is_empty());
    assert!(told.starts_with("error: the training came to a halt: nobody could go on after"), "{told}");
    assert!(told.contains("party 1 stopped at 50.00 ms"), "{told}");
    assert!(told.contains("party 0 waits for party") && told.contains(", in iteration/"), "{told}");
    assert!(told.contains("party 2 waits for party"), "{told}");
    assert!(told.contains("iterations") && told.contains("of payload"), "{told}");
    assert!(told.ends_with("nothing was written\n"), "{told}");
    let (again, _) = run(&[STOP], &[], "2");
    assert_eq!(text(&again.stderr), told, "with two threads");
}

#[test]
fn the_report_of_a_halt_is_json_too() {
    let (output, written) = run(&[STOP, "faults.timeout_s=0.5"], &["--json"], "2");
    assert_eq!(output.status.code(), Some(1));
    assert!(!written);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["outcome"], "stalled");
    assert_eq!(report["stopped"][0]["party"], 1);
    assert_eq!(report["stopped"][0]["at_seconds"].as_f64(), Some(0.05));
    let waits = report["waits"].as_array().unwrap();
    let seconds = |value: &Value| value.to_string().parse::<f64>().unwrap();
    assert_eq!(waits.len(), 2, "{report}");
    let mut first = f64::INFINITY;
    for wait in waits {
        let (since, given_up) = (seconds(&wait["since_seconds"]), seconds(&wait["given_up_seconds"]));
        assert!((given_up - since - 0.5).abs() < 1e-9 && since > 0.0, "{wait}");
        assert!(wait["span"].as_str().unwrap().starts_with("iteration/"), "{wait}");
        first = first.min(given_up);
    }
    assert!((seconds(&report["simulated_seconds"]) - first).abs() < 1e-9, "{report}");
    let done = &report["done"];
    let (iterations, all) = (done["iterations"].as_u64().unwrap(), done["all_iterations"].as_u64().unwrap());
    assert!(0 < iterations && iterations < all, "{done}");
    assert!(done["messages"].as_u64().unwrap() > 0 && done["payload_bytes"].as_u64().unwrap() > 0);
    assert!(text(&output.stderr).contains("gave up at"));
}

#[test]
fn what_the_parties_get_over_changes_times_and_no_other_figure() {
    let summary = |sets: &[&str]| -> Value {
        let sets: Vec<&str> = BRIEF.iter().chain(sets).copied().collect();
        serde_json::from_slice(&results(&scenario(SMALL), &sets, |_| {})["summary.json"]).unwrap()
    };
    let healthy = summary(&[]);
    let seconds =
        |summary: &Value| summary["training"]["modelled_seconds"].to_string().parse::<f64>().unwrap();
    for (fault, least, most) in [
        ("faults=(slow: [(party: 1, from_s: 0, to_s: 1000, factor: 5)])", 0.0, 1e9),
        ("faults=(down: [(from: 0, to: 1, at_s: 0.02, until_s: 7)])", 6.9, 7.1),
        ("faults=(stops: [(party: 1, at_s: 1000)], timeout_s: 100)", -1e-12, 1e-12),
    ] {
        let faulty = summary(&[fault]);
        for same in ["setup", "iteration", "accuracy", "iterations", "verified"] {
            assert_eq!(faulty[same], healthy[same], "{fault}: {same}");
        }
        for same in ["rounds", "messages", "payload_bytes", "wire_bytes"] {
            assert_eq!(faulty["training"][same], healthy["training"][same], "{fault}: {same}");
        }
        let longer = seconds(&faulty) - seconds(&healthy);
        assert!(least < longer && longer < most, "{fault}: {longer}");
        assert_ne!(faulty["fingerprint"], healthy["fingerprint"], "{fault}");
        assert!(faulty.get("iteration_seconds").is_some(), "every iteration is timed");
    }
}

#[test]
fn a_link_that_is_down_for_ever_is_a_halt() {
    let (output, written) = run(&["faults.down=[(from: 2, to: 0, at_s: 0.05)]"], &[], "2");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(!written && told.contains("party 0 waits for party 2 since"), "{told}");
    assert!(!told.contains("stopped"), "{told}");
}
