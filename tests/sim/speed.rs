//! How long a message takes on this machine. Not a test: run it with
//! `cargo test --release --test suite speed -- --ignored --nocapture`.

#![allow(clippy::disallowed_types, reason = "measures the host, and no result depends on it")]

use std::time::Instant;

use mpcsim::memory::MemoryLimit;
use mpcsim::sim::{Endpoint, Interface, Link, Network, Party, Replayer, Simulation, World, trace_file};

use super::support::Program;

const ROUNDS: u64 = 1_000_000;

fn ping_pong(party: Party<u64>) -> Program<'static, u64> {
    Box::pin(async move {
        let peer = 1 - party.id();
        let mut value = 0;
        for round in 0..ROUNDS {
            if party.id() == 0 {
                party.work(1000);
                party.send(peer, 1000, round);
                value ^= party.recv(peer).await;
            } else {
                value = party.recv(peer).await;
                party.work(2000);
                party.send(peer, 1000, value);
            }
        }
        value
    })
}

fn measure(name: &str, network: &Network) {
    let mut simulation = Simulation::new(World::new(network.clone()));
    let mut run = || {
        let programs = (0..2).map(|id| ping_pong(simulation.party(id))).collect();
        let start = Instant::now();
        let run = simulation.run(programs).expect("no deadlock");
        (start.elapsed().as_nanos() as u64, run)
    };
    run();
    let (live_ns, run) = run();
    let mut replayer = Replayer::new(network, &[Endpoint::default(); 2]);
    replayer.run(&run.trace, &mut ()).expect("no deadlock");
    let start = Instant::now();
    replayer.run(&run.trace, &mut ()).expect("no deadlock");
    let replay_ns = start.elapsed().as_nanos() as u64;
    assert_eq!(replayer.clocks(), run.clocks);
    let messages = 2 * ROUNDS;
    println!(
        "{name}: live {:.1} ns, replay {:.1} ns per message, {:.1} bytes of trace",
        live_ns as f64 / messages as f64,
        replay_ns as f64 / messages as f64,
        run.trace.memory_bytes() as f64 / messages as f64,
    );
}

/// A real program of three parties, replayed as a training of many iterations would be.
fn measure_recorded() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/rep3-1dense-relu_out.jsonl.gz");
    let trace = trace_file::read(file.as_ref(), MemoryLimit::of_machine()).expect("the file is right");
    let link = Link { latency_ps: 50_000_000, bandwidth_bps: Some(1_000_000_000), ..Link::INSTANT };
    let mut replayer = Replayer::new(&Network::uniform(3, link), &[Endpoint::default(); 3]);
    let start = Instant::now();
    for _ in 0..1407 {
        replayer.run(&trace, &mut ()).expect("no deadlock");
    }
    let ns = start.elapsed().as_nanos() as f64 / (1407 * trace.messages()) as f64;
    println!("recorded iteration, 1407 times: replay {ns:.1} ns per message");
}

#[test]
#[ignore = "measures the host"]
fn speed() {
    let link = Link { latency_ps: 50_000_000, bandwidth_bps: Some(1_000_000_000), ..Link::INSTANT };
    let mut network = Network::uniform(2, link);
    measure("links", &network);
    network.links.iter_mut().for_each(|link| link.bandwidth_bps = Some(123_456_789));
    measure("links of odd bandwidth", &network);
    network.interfaces =
        vec![Interface { egress_bps: Some(10_000_000_000), ingress_bps: Some(10_000_000_000) }; 2];
    measure("interfaces", &network);
    measure_recorded();
}
