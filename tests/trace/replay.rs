//! `mpcsim replay`.

use std::sync::Arc;

use mpcsim::memory::MemoryLimit;
use mpcsim::sim::trace_file::{read, write};
use mpcsim::sim::{Endpoint, Link, Network, Replayer, SpanId, SpanTree, TraceBuilder};
use serde_json::Value;

use super::{Place, SMALL, good, mistake, project};

/// The text of the first block of a language in docs/trace-format.md.
fn block(language: &str) -> String {
    let text = std::fs::read_to_string(project("docs/trace-format.md")).expect("the page is there");
    let opening = format!("```{language}\n");
    let from = &text[text.find(&opening).expect("such a block") + opening.len()..];
    from[..from.find("```").expect("an end")].to_string()
}

#[test]
fn the_example_of_the_page_is_right() {
    let place = Place::new();
    let trace = place.write("example.jsonl", &block("jsonl"));
    let network = place.write("campus.ron", &block("ron"));
    let said = good(&["replay", &trace, "--network", &network, "--json"]);
    let expected: String = block("json").lines().map(str::trim_start).collect();
    assert_eq!(said, expected + "\n");
    let table = good(&["replay", &trace, "--network", &network]);
    assert!(table.contains("modelled time             2.003 ms\n"), "{table}");
}

/// Also if the last one does nothing.
#[test]
fn a_written_trace_has_all_parties() {
    let mut builder = TraceBuilder::new(3);
    builder.send(0, SpanId::ROOT, 1, 10);
    builder.recv(1, SpanId::ROOT, 0, 0, true);
    let trace = builder.finish(Arc::new(SpanTree::new()));
    let place = Place::new();
    let mut text = Vec::new();
    let mut replayer = Replayer::new(&Network::uniform(3, Link::INSTANT), &[Endpoint::default(); 3]);
    write(&mut text, &trace, &mut replayer).expect("written").expect("a trace");
    let file = place.write("trace.jsonl", std::str::from_utf8(&text).expect("UTF-8"));
    let again = read(file.as_ref(), MemoryLimit::of_machine()).expect("a trace");
    assert!(again == trace, "{again:?}");
}

#[test]
fn a_replay_takes_as_long_as_the_run() {
    let place = Place::new();
    let (out, trace) = (place.file("out"), place.file("trace.jsonl.gz"));
    good(&[&["trace"], &SMALL[..], &["-o", &trace]].concat());
    for network in ["lan", "emp-wan", "hpmpc-wan2"] {
        let set = format!("network=preset(\"{network}\")");
        good(&[&["run"], &SMALL[..], &["--set", &set, "--quiet", "--force", "--out", &out]].concat());
        let summary: Value = serde_json::from_slice(&place.read("out/summary.json")).expect("JSON");
        let said = good(&["replay", &trace, "--network", network, "--compute", "server-core", "--json"]);
        let said: Value = serde_json::from_str(&said).expect("JSON");
        for field in ["modelled_seconds", "critical_path", "rounds", "payload_bytes"] {
            assert_eq!(said[field], summary["iteration"][field], "{network}: {field}");
        }
        assert_eq!(said["modelled_seconds_by_party"].as_array().map(Vec::len), Some(3));
    }
}

#[test]
fn costs_per_message_and_jitter_can_be_given() {
    let place = Place::new();
    let trace = place.write("example.jsonl", &block("jsonl"));
    let seconds = |options: &[&str]| {
        let said = good(&[&["replay", &trace, "--json"], options].concat());
        serde_json::from_str::<Value>(&said).expect("JSON")["modelled_seconds"].as_f64().expect("a number")
    };
    let plain = seconds(&["--network", "lan"]);
    assert_eq!(plain, seconds(&["--network", "lan", "--compute", "none"]));
    // Party 1 and then party 0 are woken once each.
    let woken = seconds(&["--network", "lan", "--compute", "laptop-core"]);
    assert!((woken - plain - 50e-6).abs() < 1e-12, "{plain} and {woken}");
    let costs = place.write("costs.ron", "custom(send_us: 1.0, receive_us: 10.0)");
    // Two sends and three receives in a row; the receive of the small message ends while the large one is on its way.
    let slower = seconds(&["--network", "lan", "--compute", &costs]);
    assert!((slower - plain - 32e-6).abs() < 1e-12, "{plain} and {slower}");
    let jitter = place.write("jitter.ron", "custom(base: \"lan\", jitter: uniform(max_ms: 9.0))");
    let first = seconds(&["--network", &jitter]);
    assert_eq!(first, seconds(&["--network", &jitter, "--seed", "1"]));
    assert_ne!(first, seconds(&["--network", &jitter, "--seed", "2"]));
}

/// 100 bytes of which 40 and then 60 are taken: both are there when the last bit of the message is.
#[test]
fn a_byte_stream_takes_as_long_as_its_messages() {
    let place = Place::new();
    let event = |party: u8, kind: &str, bytes: u64| {
        format!("{{\"party\": {party}, \"kind\": \"{kind}\", \"peer\": {}, \"bytes\": {bytes}}}\n", 1 - party)
    };
    let lines = [event(0, "send", 100), event(1, "recv", 40), event(1, "recv", 60)].concat();
    let trace = place.write("stream.jsonl", &lines);
    let said = good(&["replay", &trace, "--network", "lan", "--json"]);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["modelled_seconds"].as_f64(), Some(50.080e-6));
    assert_eq!(said["payload_bytes"], 100);
    let all = lines.replace("\"bytes\": 60", "\"bytes\": 61");
    let text = mistake(&["replay", &place.write("more.jsonl", &all), "--network", "lan"]);
    assert!(text.contains("line 2: 40 bytes are received, but line 1 sends 100"), "{text}");
}

#[test]
fn mistakes_are_explained() {
    let place = Place::new();
    let lines = block("jsonl");
    let trace = place.write("good.jsonl", &lines);
    let replay = |trace: &str, network: &str| mistake(&["replay", trace, "--network", network]);
    let mut five = lines.clone();
    for party in [3, 4] {
        five += &format!("{{\"party\": {party}, \"kind\": \"work\", \"ps\": 1}}\n");
    }
    let five = place.write("five.jsonl", &five);
    let text = replay(&five, "hpmpc-wan1");
    assert!(text.contains("`hpmpc-wan1` has figures for 4 parties, and the trace has 5"), "{text}");
    let matrix = "matrix(latency_ms: [[1.0], [1.0]], bandwidth_mbps: 1.0)";
    let text = replay(&trace, &place.write("two.ron", matrix));
    assert!(text.contains("`latency_ms` must be one figure, 3 rows of 3"), "{text}");
    let text = replay(&trace, "wam");
    assert!(text.contains("no network preset `wam`") && text.contains("did you mean `wan`?"), "{text}");
    assert!(replay(&trace, "no.ron").contains("the network file no.ron cannot be read"));
    let text = mistake(&["replay", &trace, "--network", "lan", "--compute", "abacus"]);
    assert!(text.contains("no compute preset `abacus`"), "{text}");
    assert!(replay(&place.file("none.jsonl"), "lan").contains("none.jsonl: cannot read"));
    let last = lines.lines().last().expect("lines");
    let moved = format!("{last}\n{}", lines.trim_end().trim_end_matches(last));
    let cases = [
        (lines.replace("\"bytes\": 8}", "\"bytes\": 8"), "line 10: EOF while parsing"),
        (
            lines.replacen("\"bytes\": 8}", "\"bytes\": 9}", 1),
            "line 11: 8 bytes are received, but line 10 sends 9",
        ),
        (moved, "line 1: deadlock: party 0 waits here for party 1"),
        (
            lines.lines().take(10).map(|line| line.to_string() + "\n").collect(),
            "line 10: party 0 never receives",
        ),
        ("{\"party\": 0, \"kind\": \"work\", \"ps\": 1}".to_string(), "a trace of one party"),
        (String::new(), "bad.jsonl: no events"),
        (
            format!("{{\"party\": 0, \"kind\": \"work\", \"ps\": {}}}\n{lines}", u64::MAX),
            "exceeds 2^64 picoseconds",
        ),
    ];
    for (lines, expected) in cases {
        let text = replay(&place.write("bad.jsonl", &lines), "lan");
        assert!(text.contains(expected), "{text} instead of {expected}");
    }
}
