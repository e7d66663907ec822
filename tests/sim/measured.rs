//! A trace recorded from real parties, replayed under the networks under which they were measured.

use std::path::Path;

use mpcsim::sim::{Endpoint, Link, Network, PS_PER_SECOND, Replayer, trace_file};
use serde::Deserialize;

#[derive(Deserialize)]
struct Measured {
    parties: usize,
    trace: String,
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    name: String,
    links: Vec<MeasuredLink>,
    measured_seconds: f64,
}

#[derive(Deserialize)]
struct MeasuredLink {
    from: usize,
    to: usize,
    latency_ms: f64,
    bandwidth_mbps: f64,
}

#[test]
fn replays_take_as_long_as_measured() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let text = std::fs::read_to_string(folder.join("rep3-1dense-relu_out.json")).expect("the file is there");
    let measured: Measured = serde_json::from_str(&text).expect("the file is JSON");
    let trace = trace_file::read(&folder.join(&measured.trace)).expect("the trace is right");
    assert_eq!(trace.messages(), 1329);
    assert_eq!(measured.conditions.len(), 14);
    let endpoints = vec![Endpoint { wake_ps: 25 * PS_PER_SECOND / 1_000_000, ..Endpoint::default() }; 3];
    for condition in &measured.conditions {
        let mut network = Network::uniform(measured.parties, Link::INSTANT);
        for link in &condition.links {
            let ours = network.link_mut(link.from, link.to);
            ours.latency_ps = (link.latency_ms * 1e9) as u64;
            ours.bandwidth_bps = Some((link.bandwidth_mbps * 1e6) as u64);
        }
        let replay = Replayer::new(&network, &endpoints).run(&trace, &mut ()).expect("no deadlock");
        let finish_ps = replay.clocks.iter().map(|clock| clock.time_ps).max().expect("three parties");
        let seconds = finish_ps as f64 / PS_PER_SECOND as f64;
        let error = seconds / condition.measured_seconds - 1.0;
        let far = condition.links.iter().all(|link| link.latency_ms >= 2.0);
        let bound = if far { 0.01 } else { 0.05 };
        println!(
            "{:12} {seconds:.6} s, measured {:.6} s: {:+.2} %",
            condition.name,
            condition.measured_seconds,
            100.0 * error
        );
        assert!(error.abs() <= bound, "{}: {:+.2} %", condition.name, 100.0 * error);
    }
}
