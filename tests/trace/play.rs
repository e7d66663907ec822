//! `mpcsim play`: parties as processes of their own, over real TCP on the loopback interface.

use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::{Place, SMALL, good, mistake, project};

/// Free ports of this machine, as many as there are parties.
fn addresses(parties: usize) -> Vec<String> {
    let held: Vec<TcpListener> =
        (0..parties).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
    held.iter().map(|held| held.local_addr().expect("an address").to_string()).collect()
}

/// The arguments of a party.
fn arguments(trace: &str, party: usize, addresses: &[String], more: &[&str]) -> Vec<String> {
    let others = addresses.iter().enumerate().filter(|(other, _)| *other != party);
    let connect = others.flat_map(|(other, address)| ["--connect".into(), format!("{other}={address}")]);
    let own = ["play", trace, "--json", "--party"].map(String::from);
    let listen = [party.to_string(), "--listen".into(), addresses[party].clone()];
    own.into_iter().chain(listen).chain(connect).chain(more.iter().map(|&text| text.into())).collect()
}

fn start(arguments: &[String]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.current_dir(project("")).spawn().expect("the program starts")
}

/// All parties of a play, each with its trace.
fn play(traces: &[&str], more: &[&str]) -> Vec<Output> {
    let addresses = addresses(traces.len());
    let parties = traces.iter().enumerate();
    let started: Vec<Child> =
        parties.map(|(party, trace)| start(&arguments(trace, party, &addresses, more))).collect();
    started.into_iter().map(|child| child.wait_with_output().expect("it ends")).collect()
}

/// What the parties report.
fn reports(outputs: &[Output]) -> Vec<Value> {
    let report = |output: &Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    outputs.iter().map(report).collect()
}

/// The ends of a party's iterations.
fn ends(report: &Value) -> Vec<f64> {
    let ends = report["iteration_end_seconds"].as_array().expect("a list");
    ends.iter().map(|end| end.as_f64().expect("a number")).collect()
}

#[test]
fn three_processes_send_what_the_trace_says() {
    let place = Place::new();
    let trace = place.file("one.jsonl.gz");
    good(&[&["trace"], &SMALL[..], &["-o", &trace]].concat());
    let replayed: Value =
        serde_json::from_str(&good(&["replay", &trace, "--network", "lan", "--json"])).expect("JSON");
    let reports = reports(&play(&[trace.as_str(); 3], &["--iterations", "2"]));
    let sum =
        |field: &str| reports.iter().map(|report| report[field].as_u64().expect("a count")).sum::<u64>();
    assert_eq!(sum("payload_bytes_sent"), 2 * replayed["payload_bytes"].as_u64().expect("a count"));
    for (party, report) in reports.iter().enumerate() {
        assert_eq!(report["party"], party);
        let ends = ends(report);
        assert!(ends.len() == 2 && 0.0 < ends[0] && ends[0] < ends[1], "{ends:?}");
    }
}

/// Work takes at least as long as it says, and a message is not there before it was sent.
#[test]
fn no_time_is_shorter_than_the_work_before_it() {
    let place = Place::new();
    let lines = [
        r#"{"party": 0, "kind": "work", "ps": 30000000000}"#,
        r#"{"party": 0, "kind": "send", "peer": 1, "bytes": 3000000}"#,
        r#"{"party": 1, "kind": "recv", "peer": 0, "bytes": 3000000}"#,
        r#"{"party": 1, "kind": "work", "ps": 20000000000}"#,
        // Both send much before they take anything: a send waits for nobody.
        r#"{"party": 1, "kind": "send", "peer": 0, "bytes": 20000000}"#,
        r#"{"party": 0, "kind": "send", "peer": 1, "bytes": 20000000}"#,
        r#"{"party": 1, "kind": "recv", "peer": 0, "bytes": 20000000}"#,
        r#"{"party": 0, "kind": "recv", "peer": 1, "bytes": 20000000}"#,
    ];
    let trace = place.write("two.jsonl", &lines.join("\n"));
    let reports = reports(&play(&[trace.as_str(); 2], &[]));
    // The common start is common up to what the way takes; on one machine far less than a millisecond, but machines are busy.
    assert!(ends(&reports[0])[0] >= 0.045 && ends(&reports[1])[0] >= 0.045, "{reports:?}");
    assert_eq!(reports[1]["messages_sent"], 1);
}

#[test]
fn parties_that_play_something_else_are_refused() {
    let place = Place::new();
    let lines = |bytes: u64| {
        [("send", 0, 1), ("recv", 1, 0)].map(|(kind, party, peer)| {
            format!("{{\"party\": {party}, \"kind\": \"{kind}\", \"peer\": {peer}, \"bytes\": {bytes}}}\n")
        })
    };
    let (one, other) =
        (place.write("one.jsonl", &lines(8).concat()), place.write("other.jsonl", &lines(9).concat()));
    let outputs = play(&[&one, &other], &["--patience-s", "5"]);
    let told = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let different =
        |output: &&Output| told(output).contains("plays another trace, or another number of iterations");
    assert!(
        outputs.iter().any(|output| different(&output)),
        "{:?}",
        outputs.iter().map(told).collect::<Vec<_>>()
    );
    for output in &outputs {
        assert_eq!(output.status.code(), Some(1), "{}", told(output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_party_that_is_not_there_is_named() {
    let place = Place::new();
    let trace = place.write(
        "two.jsonl",
        "{\"party\": 0, \"kind\": \"send\", \"peer\": 1, \"bytes\": 8}\n{\"party\": 1, \"kind\": \"recv\", \"peer\": 0, \
         \"bytes\": 8}\n",
    );
    let output = start(&arguments(&trace, 0, &addresses(2), &["--patience-s", "1"]))
        .wait_with_output()
        .expect("an end");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.starts_with("error: party 1 does not answer at 127.0.0.1:"), "{told}");
}

#[test]
fn mistakes_are_explained() {
    let place = Place::new();
    let line = |party: u32, kind: &str, peer: u32, bytes: u64| {
        format!("{{\"party\": {party}, \"kind\": \"{kind}\", \"peer\": {peer}, \"bytes\": {bytes}}}\n")
    };
    let trace = place.write("two.jsonl", &(line(0, "send", 1, 8) + &line(1, "recv", 0, 8)));
    let long = place.write("long.jsonl", &(line(0, "send", 1, 1 << 32) + &line(1, "recv", 0, 1 << 32)));
    let here = "127.0.0.1:0";
    let told = |trace: &str, party: &str, more: &[&str]| {
        mistake(&[&["play", trace, "--party", party, "--listen", here], more].concat())
    };
    let connect = ["--connect", "1=127.0.0.1:9"];
    for (party, more, expected) in [
        ("2", &connect[..], "--party 2: the trace has parties 0 to 1"),
        ("0", &[], "where is party 1? say so with --connect 1=HOST:PORT"),
        ("0", &["--connect", "1"], "--connect 1: expected PARTY=HOST:PORT, such as 1=10.0.0.2:5000"),
        ("0", &["--connect", "0=127.0.0.1:9"], "--connect 0=127.0.0.1:9: that is this party itself"),
        ("0", &["--connect", "7=127.0.0.1:9"], "--connect 7=127.0.0.1:9: the trace has parties 0 to 1"),
        ("0", &[connect, connect].concat(), "--connect 1=127.0.0.1:9: party 1 has an address already"),
        ("0", &["--connect", "1=127.0.0.1:port"], "127.0.0.1:port is no address"),
    ] {
        let told = told(&trace, party, more);
        assert!(told.starts_with(&format!("error: {expected}")), "{told}");
    }
    let told = told(&long, "0", &connect);
    assert!(told.contains("a message of party 0 has 4294967296 bytes; messages of 4 GiB and more"), "{told}");
}
