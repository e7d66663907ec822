//! Runs a secure program under a protocol, on shares, on shapes or in the clear.

use std::future::Future;
use std::pin::Pin;

use mpcsim::protocol::{Clear, Message, Protocol, Rep3};
use mpcsim::ring::{Content, Vector};
use mpcsim::secure::{FixedPoint, Rounding, Secure};
use mpcsim::sim::{Bench, Jitter, Link, Network, Run, Simulation};

/// A program that all parties run, written once for every protocol.
pub trait Program {
    type Output;
    async fn run<P: Protocol>(&self, secure: Secure<P>) -> Self::Output;
}

pub fn network(parties: usize) -> Network {
    Network::uniform(
        parties,
        Link { latency_ps: 1_000_000, bandwidth_bps: Some(1_000_000_000), jitter: Jitter::None },
    )
}

type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Runs the program with three parties.
pub fn rep3<G: Program>(program: &G, seed: u64, rounding: Rounding, content: Content) -> Run<G::Output> {
    let mut simulation = Simulation::<Message>::new(Bench::new(network(3)));
    let tasks: Vec<Task<G::Output>> = (0..3)
        .map(|i| {
            let protocol = Rep3::new(simulation.party(i), seed, content);
            let secure = Secure { protocol, fixed_point: FixedPoint::default(), rounding };
            Box::pin(program.run(secure)) as Task<G::Output>
        })
        .collect();
    simulation.run(tasks).expect("a run without deadlock")
}

/// Runs the ideal functionality.
pub fn clear<G: Program>(program: &G, seed: u64, rounding: Rounding) -> G::Output {
    let mut simulation = Simulation::<Message>::new(Bench::new(network(1)));
    let protocol = Clear::new(simulation.party(0), seed);
    let secure = Secure { protocol, fixed_point: FixedPoint::default(), rounding };
    let task: Task<G::Output> = Box::pin(program.run(secure));
    simulation.run(vec![task]).expect("one party never waits").outputs.remove(0)
}

/// What all parties agree on.
pub fn agreed(run: Run<Vector>) -> Vector {
    let first = run.outputs[0].clone();
    assert!(run.outputs.iter().all(|output| *output == first), "the parties opened different values");
    first
}
