//! A trace recorded from real parties, replayed under the networks under which they were measured.

use std::path::Path;

use mpcsim::memory::MemoryLimit;
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

/// What a replay under a measured network gave.
pub struct Replayed {
    pub name: String,
    pub measured_seconds: f64,
    pub seconds: f64,
    /// Every latency is 2 ms or more.
    pub far: bool,
    pub mean_latency_seconds: f64,
    pub mean_bits_per_second: f64,
    pub rounds: u64,
    pub payload_bytes: u64,
}

impl Replayed {
    /// By how much the replay is too long, in parts of what was measured.
    pub fn error(&self) -> f64 {
        self.seconds / self.measured_seconds - 1.0
    }
}

/// Replays the recorded trace under all fourteen networks.
pub fn replays() -> Vec<Replayed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let text = std::fs::read_to_string(folder.join("rep3-1dense-relu_out.json")).expect("the file is there");
    let measured: Measured = serde_json::from_str(&text).expect("the file is JSON");
    let trace = trace_file::read(&folder.join(&measured.trace), MemoryLimit::of_machine())
        .expect("the trace is right");
    assert_eq!(trace.messages(), 1329);
    assert_eq!(measured.conditions.len(), 14);
    let endpoints = vec![Endpoint { wake_ps: 25 * PS_PER_SECOND / 1_000_000, ..Endpoint::default() }; 3];
    let replay = |condition: Condition| {
        let mut network = Network::uniform(measured.parties, Link::INSTANT);
        for link in &condition.links {
            let ours = network.link_mut(link.from, link.to);
            ours.latency_ps = (link.latency_ms * 1e9) as u64;
            ours.bandwidth_bps = Some((link.bandwidth_mbps * 1e6) as u64);
        }
        let replay = Replayer::new(&network, &endpoints).run(&trace, &mut ()).expect("no deadlock");
        let finish_ps = replay.clocks.iter().map(|clock| clock.time_ps).max().expect("three parties");
        let mean = |of: fn(&MeasuredLink) -> f64| {
            condition.links.iter().map(of).sum::<f64>() / condition.links.len() as f64
        };
        Replayed {
            measured_seconds: condition.measured_seconds,
            seconds: finish_ps as f64 / PS_PER_SECOND as f64,
            far: condition.links.iter().all(|link| link.latency_ms >= 2.0),
            mean_latency_seconds: mean(|link| link.latency_ms) / 1e3,
            mean_bits_per_second: mean(|link| link.bandwidth_mbps) * 1e6,
            rounds: replay.clocks.iter().map(|clock| clock.depth).max().expect("three parties"),
            payload_bytes: trace.payload_bytes().expect("small"),
            name: condition.name,
        }
    };
    measured.conditions.into_iter().map(replay).collect()
}

#[test]
fn replays_take_as_long_as_measured() {
    for replayed in replays() {
        let bound = if replayed.far { 0.01 } else { 0.05 };
        let error = replayed.error();
        println!(
            "{:12} {:.6} s, measured {:.6} s: {:+.2} %",
            replayed.name,
            replayed.seconds,
            replayed.measured_seconds,
            100.0 * error
        );
        assert!(error.abs() <= bound, "{}: {:+.2} %", replayed.name, 100.0 * error);
    }
}
