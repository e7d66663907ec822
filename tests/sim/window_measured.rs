//! Recorded programs played over Linux TCP, against their replay with TCP's congestion window.

use std::path::Path;

use mpcsim::memory::MemoryLimit;
use mpcsim::sim::{Endpoint, Link, Network, PS_PER_SECOND, Replayer, Tcp, Trace, WireOverhead, trace_file};
use serde::Deserialize;

/// The programs whose traces are here.
const PROGRAMS: [(&str, &str); 3] = [
    ("one_exact", "tcp/one_exact.jsonl.gz"),
    ("two_exact", "tcp/two_exact.jsonl.gz"),
    ("rep3-1dense-relu_out", "rep3-1dense-relu_out.jsonl.gz"),
];

/// Headers of each packet as measured, and the packet of each message's length.
const FRAMING: WireOverhead = WireOverhead {
    header_bytes: 4,
    per_message_bytes: 0,
    per_segment_bytes: 52,
    segment_payload_bytes: 1448,
};

#[derive(Deserialize)]
struct Measured {
    meta: Meta,
    rows: Vec<MeasuredRow>,
}

#[derive(Deserialize)]
struct Meta {
    wake_us: u64,
}

#[derive(Deserialize)]
struct MeasuredRow {
    program: String,
    latency_ms: f64,
    bandwidth_mbps: f64,
    congestion: String,
    idle_restart: u8,
    first_s: f64,
    later_s: f64,
    care: bool,
}

/// A measured row and what replays give: the first iteration on new connections, and the mean of the second to fourth.
pub struct Row {
    pub program: String,
    pub latency_ms: u64,
    pub bandwidth_mbps: u64,
    pub congestion: String,
    pub idle_restart: bool,
    /// Whether the row is less reliable, or depends on what CUBIC does beside the window.
    pub care: bool,
    pub measured: [f64; 2],
    pub modelled: [f64; 2],
    pub plain: [f64; 2],
}

impl Row {
    /// By how much replays are too long, in parts of what was measured.
    pub fn errors(&self) -> [f64; 2] {
        [0, 1].map(|which| self.modelled[which] / self.measured[which] - 1.0)
    }
}

/// Four iterations as one: the first, and the mean of the others, in seconds.
fn play(trace: &Trace, network: &Network, endpoints: &[Endpoint]) -> [f64; 2] {
    let mut replayer = Replayer::new(network, endpoints);
    let ends = [0; 4].map(|_| {
        let replay = replayer.run(trace, &mut ()).expect("no deadlock");
        replay.clocks.iter().map(|clock| clock.time_ps).max().expect("three parties")
    });
    let second = PS_PER_SECOND as f64;
    [ends[0] as f64 / second, (ends[3] - ends[0]) as f64 / second / 3.0]
}

/// All rows of programs whose traces are here.
pub fn rows() -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let text = std::fs::read_to_string(folder.join("tcp/measured.json")).expect("the file is there");
    let measured: Measured = serde_json::from_str(&text).expect("the file is JSON");
    let traces = PROGRAMS.map(|(program, file)| {
        let trace = trace_file::read(&folder.join(file), MemoryLimit::of_machine());
        (program, trace.expect("the trace is right"))
    });
    let wake_ps = measured.meta.wake_us * PS_PER_SECOND / 1_000_000;
    let endpoints = vec![Endpoint { wake_ps, ..Endpoint::default() }; 3];
    let row = |row: MeasuredRow| {
        let (_, trace) = traces.iter().find(|(program, _)| *program == row.program)?;
        let link = Link {
            latency_ps: (row.latency_ms * 1e9) as u64,
            bandwidth_bps: Some((row.bandwidth_mbps * 1e6) as u64),
            ..Link::INSTANT
        };
        let tcp = Tcp { restart_after_idle: row.idle_restart == 1, ..Tcp::LINUX };
        let plain = Network { overhead: FRAMING, ..Network::uniform(3, link) };
        let network = Network { tcp: Some(tcp), ..plain.clone() };
        Some(Row {
            latency_ms: row.latency_ms as u64,
            bandwidth_mbps: row.bandwidth_mbps as u64,
            congestion: row.congestion,
            idle_restart: row.idle_restart == 1,
            care: row.care,
            measured: [row.first_s, row.later_s],
            modelled: play(trace, &network, &endpoints),
            plain: play(trace, &plain, &endpoints),
            program: row.program,
        })
    };
    measured.rows.into_iter().filter_map(row).collect()
}

#[test]
fn programs_take_as_long_as_over_linux_tcp() {
    let rows = rows();
    assert_eq!(rows.len(), 96);
    let sure: Vec<_> = rows.iter().filter(|row| !row.care).collect();
    assert_eq!(sure.len(), 72);
    // First iterations on new connections, and later ones.
    for (which, (most_mean, most)) in [(0, (0.03, 0.08)), (1, (0.015, 0.06))] {
        let error = |row: &&Row| row.errors()[which].abs();
        let mean = sure.iter().map(error).sum::<f64>() / sure.len() as f64;
        let plain = |row: &&Row| (row.plain[which] / row.measured[which] - 1.0).abs();
        let mean_plain = sure.iter().map(plain).sum::<f64>() / sure.len() as f64;
        println!("mean {:.2} %, without a window {:.2} %", 100.0 * mean, 100.0 * mean_plain);
        assert!(mean <= most_mean, "{:.2} %", 100.0 * mean);
        assert!(mean_plain > 4.0 * mean, "the window is what makes it right");
        for row in &sure {
            let told = || format!("{} {} ms {}", row.program, row.latency_ms, row.congestion);
            assert!(error(row) <= most, "{}: {:?}", told(), row.errors());
        }
    }
}
