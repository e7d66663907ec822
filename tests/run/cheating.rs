//! Parties that cheat: malicious protocols abort with a report, semi-honest ones say that nothing was checked.

use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use mpcsim::protocol::registry::ProtocolName;

use super::command::{SMALL, mpcsim, scenario};

const BRIEF: [&str; 3] = ["training.iterations=6", "training.batch=16", "model=dense(hidden: [4])"];

fn run(sets: &[&str], more: &[&str], threads: &str) -> (Output, bool) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let sets: Vec<&str> = ["training=()"].iter().chain(&BRIEF).chain(sets).copied().collect();
    let output = mpcsim(&scenario(SMALL), &out, &sets, |command| {
        command.args(more).env("RAYON_NUM_THREADS", threads);
    });
    (output, std::fs::read_dir(folder.path()).unwrap().count() > 0)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn cheats(party: usize, does: &str, which: &str) -> String {
    format!("adversary=(party: {party}, does: {does}, which: {which})")
}

const SHARES: [&str; 2] = ["--values", "shares"];

#[test]
fn malicious_protocols_abort_with_a_report() {
    for protocol in ProtocolName::ALL.into_iter().filter(|protocol| protocol.is_malicious()) {
        let protocol = format!("protocol={}", protocol.name());
        for does in ["flip", "replace", "replay"] {
            for which in ["message(1500)", "link(2)", "span(\"iteration/dense1\")"] {
                let sets = [&protocol[..], "loss=true", &cheats(1, does, which)];
                let (output, written) = run(&sets, &["--values", "shares", "--json"], "2");
                let told = text(&output.stderr);
                assert_eq!(output.status.code(), Some(1), "{sets:?}: {told}\n{}", text(&output.stdout));
                assert!(!written);
                let report: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(report["outcome"], "aborted", "{sets:?}");
                // The cheat keeps to the protocol but for its messages, so it may be the first to see that they do not fit.
                assert!(report["party"].as_u64().unwrap() < 4);
                let span = report["span"].as_str().unwrap();
                assert!(span.starts_with("iteration") || span.starts_with("offline"), "{sets:?}: {span}");
                assert!(!report["check"].as_str().unwrap().is_empty());
                assert!(report["messages_altered"].as_u64().unwrap() > 0);
                let iterations = report["done"]["iterations"].as_u64().unwrap();
                assert!(report["losses_opened"].as_u64().unwrap() <= iterations + 1);
                let seconds = report["simulated_seconds"].to_string();
                assert!(seconds.parse::<f64>().unwrap() > 0.0);
                for part in [span, "aborted after", "opened until then", "nothing was written"] {
                    assert!(told.contains(part), "{part}: {told}");
                }
            }
        }
    }
}

/// The time of an abort is that of the iterations before and of what was done of the last one.
#[test]
fn an_abort_comes_when_the_message_was_looked_at() {
    let time = |which: &str| -> (f64, u64, String) {
        let sets = ["protocol=rep4", &cheats(1, "flip", which)];
        let (output, _) = run(&sets, &["--values", "shares", "--json"], "1");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let seconds = report["simulated_seconds"].to_string().parse().unwrap();
        (seconds, report["done"]["iterations"].as_u64().unwrap(), text(&output.stdout))
    };
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let sets: Vec<&str> = ["training=()"].iter().chain(&BRIEF).chain(&["protocol=rep4"]).copied().collect();
    let honest = mpcsim(&scenario(SMALL), &out, &sets, |command| {
        command.arg("--json");
    });
    let honest: Value = serde_json::from_slice(&honest.stdout).unwrap();
    let seconds = |phase: &str| honest[phase]["modelled_seconds"].to_string().parse::<f64>().unwrap();
    let sent = honest["iteration"]["messages"].as_u64().unwrap();
    let (first, later) = (time("message(30)"), time(&format!("message({})", sent)));
    assert!(first.1 == 0 && first.0 < seconds("iteration") * 1.5, "{first:?}");
    // A quarter of the messages is the party's, so this one is in the fourth or fifth iteration.
    assert!((2..6).contains(&later.1), "{later:?}");
    let of_one = seconds("training") / 6.0;
    let expected = of_one * later.1 as f64;
    assert!(expected * 0.9 < later.0 && later.0 < (expected + of_one) * 1.1, "{later:?} {expected}");
    assert_eq!(time("message(30)"), first, "the same once more");
}

#[test]
fn semi_honest_protocols_say_that_nothing_was_checked() {
    for protocol in ProtocolName::ALL.into_iter().filter(|protocol| !protocol.is_malicious()) {
        let name = format!("protocol={}", protocol.name());
        let run = |sets: &[&str]| {
            let folder = TempDir::new().unwrap();
            let out = folder.path().join("out");
            let sets: Vec<&str> = ["training=()"]
                .iter()
                .chain(&BRIEF)
                .chain(&[&name[..], "loss=true"])
                .chain(sets)
                .copied()
                .collect();
            let output = mpcsim(&scenario(SMALL), &out, &sets, |command| {
                command.args(SHARES);
            });
            assert!(output.status.success(), "{sets:?}: {}", text(&output.stderr));
            let page = std::fs::read_to_string(out.join("report.html")).unwrap();
            let summary = std::fs::read_to_string(out.join("summary.json")).unwrap();
            (serde_json::from_str::<Value>(&summary).unwrap(), text(&output.stdout), page)
        };
        let honest = run(&[]).0;
        for party in 0..2 {
            let (summary, table, page) = run(&[&cheats(party, "replace", "span(\"iteration/dense1\")")]);
            assert_ne!(summary["accuracy"], honest["accuracy"], "{name}: the result is wrong");
            assert_ne!(summary["fingerprint"], honest["fingerprint"]);
            for same in ["setup", "iteration", "training"] {
                assert_eq!(summary[same], honest[same], "{name}: costs are the same");
            }
            let note = summary["notes"][0].as_str().unwrap();
            assert!(note.contains("nothing was checked") && note.contains("altered"), "{note}");
            assert!(table.split_whitespace().collect::<Vec<_>>().join(" ").contains("nothing was checked"));
            assert!(page.contains("nothing was checked"));
        }
        if name != "protocol=rep3" {
            continue;
        }
        // There is no restart, in which it would send the weights.
        let (summary, ..) = run(&[&cheats(0, "flip", "span(\"restart\")")]);
        assert_eq!(summary["accuracy"], honest["accuracy"]);
        assert!(summary["notes"][0].as_str().unwrap().contains("altered no message"), "{}", summary["notes"]);
    }
}

#[test]
fn messages_held_back_take_time_or_end_in_a_halt_whatever_the_values() {
    for values in ["split", "shares"] {
        let sets = [&cheats(1, "drop", "message(100)")[..], "faults.timeout_s=2"];
        let (output, written) = run(&sets, &["--values", values], "1");
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(!written && told.contains("gave up at") && told.contains("had waited for party 1"), "{told}");
        assert_eq!(text(&run(&sets, &["--values", values], "2").0.stderr), told);
    }
    let seconds = |sets: &[&str]| {
        let (output, written) = run(sets, &["--json"], "1");
        assert!(written, "{}", text(&output.stderr));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        summary["training"]["modelled_seconds"].to_string().parse::<f64>().unwrap()
    };
    let (honest, late) = (seconds(&[]), seconds(&[&cheats(1, "delay(ms: 3000)", "message(100)")]));
    assert!((late - honest - 3.0).abs() < 0.1, "{honest} {late}");
}

#[test]
fn what_cannot_be_is_refused_with_what_would_fit() {
    let refused = |sets: &[&str], more: &[&str]| {
        let (output, written) = run(sets, more, "1");
        let told = text(&output.stderr);
        assert!(output.status.code() == Some(2) && !written, "{sets:?}: {told}");
        told
    };
    let told = refused(&[&cheats(1, "flip", "message(1)")], &[]);
    assert!(told.contains("--values shares") && told.contains("`flip`"), "{told}");
    let told = refused(&[&cheats(1, "flip", "span(\"iteration/densel\")")], &SHARES);
    assert!(told.contains("sends nothing") && told.contains("did you mean \"iteration/dense1\"?"), "{told}");
    // What it would hold back has to be there too.
    let told = refused(&[&cheats(1, "drop", "span(\"iteration/densel\")")], &[]);
    assert!(told.contains("did you mean \"iteration/dense1\"?"), "{told}");
    let told = refused(&["protocol=beaver2", &cheats(1, "delay(ms: 5)", "link(2)")], &[]);
    assert!(told.contains("party 1 sends nothing to party 2: it sends to 0"), "{told}");
    let told = refused(&[&cheats(1, "drop", "message(1000000)")], &[]);
    assert!(told.contains("party 1 has no message 1000000: it sends at most "), "{told}");
    let most: u64 = told.split("at most ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    refused(&[&cheats(1, "drop", &format!("message({})", most + 1))], &[]);
    // The last one is held back: nobody comes to the end.
    let (output, _) = run(&[&cheats(1, "drop", &format!("message({most})"))], &[], "1");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}
