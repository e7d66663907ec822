//! Every total of summary.json comes out of traces: docs/recompute.py.

use std::process::Command;

use super::{Place, SMALL, good, project};

/// Runs the script; its complaint if it finds a difference.
fn recompute(phase: &str, trace: &str, summary: &str) -> Result<String, String> {
    let script = project("docs/recompute.py");
    let output =
        Command::new("python3").arg(script).args([phase, trace, summary]).output().expect("python3 runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

#[test]
fn the_script_has_fifty_lines() {
    let text = std::fs::read_to_string(project("docs/recompute.py")).expect("the script is there");
    assert!(text.lines().count() <= 50);
}

#[test]
fn a_script_adds_up_every_total_from_traces() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("there is no python3: nothing is compared");
        return;
    }
    let links = "network=custom(latency_ms:3.0,bandwidth_mbps:50.0,interface_mbps:60.0,overhead:tcp,\
                 links:[(from:0,to:1,latency_ms:7.0)])";
    let jitter = "network=custom(base:\"wan\",tcp:none,jitter:uniform(max_ms:5.0))";
    let cases = [
        vec![],
        vec!["--set", "network=preset(\"wan\")", "--set", "loss=true"],
        vec!["--set", links, "--set", "model=dense(hidden:[])", "--set", "softmax=relu_probability"],
        vec!["--set", jitter, "--set", "compute=none", "--set", "rounding=nearest"],
    ];
    for case in cases {
        let place = Place::new();
        let (out, summary) = (place.file("out"), place.file("out/summary.json"));
        good(&[&["run"], &SMALL[..], &case, &["--quiet", "--out", &out]].concat());
        let phases = [
            ("iteration", vec![], 13),
            ("setup", vec!["--setup"], 8),
            ("training", vec!["--iterations", "3"], 8),
        ];
        for (phase, options, count) in phases {
            for name in ["trace.jsonl", "trace.jsonl.gz"] {
                let trace = place.file(name);
                good(&[&["trace"], &SMALL[..], &case, &options, &["-o", &trace]].concat());
                let said = recompute(phase, &trace, &summary);
                assert_eq!(said, Ok(format!("{count} totals agree\n")), "{case:?} {phase}");
            }
            if phase == "iteration" {
                let said = recompute("setup", &place.file("trace.jsonl"), &summary)
                    .expect_err("it sees differences");
                assert!(said.contains("setup.payload_bytes is "), "{said}");
            }
        }
    }
}
