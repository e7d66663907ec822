//! A protocol of one's own on the simulator alone: `cargo run --release --example protocol`.
//!
//! Parties learn the sum of their secrets and nothing else: each splits its secret into random summands, one for each party; adds up
//! what it gets, and tells everybody that sum. What a message means, only the protocol knows; the simulator knows who sent how
//! many bytes to whom, and when. To train networks with a protocol of one's own: docs/add-a-protocol.md.

use std::future::Future;
use std::pin::Pin;

use mpcsim::sim::{Link, Network, Party, SimError, Simulation, World};
use rand_core::Rng;
use rand_pcg::Pcg64;

type Program = Pin<Box<dyn Future<Output = u64>>>;

async fn sum(me: Party<u64>, secret: u64) -> u64 {
    let others = || (0..me.parties()).filter(|&party| party != me.id());
    let mut random = Pcg64::new(1 + me.id() as u128, 1);
    let mut own = secret;
    for to in others() {
        let summand = random.next_u64();
        own = own.wrapping_sub(summand);
        me.send(to, 8, summand);
    }
    for from in others() {
        own = own.wrapping_add(me.recv(from).await);
    }
    others().for_each(|to| me.send(to, 8, own));
    let mut total = own;
    for from in others() {
        total = total.wrapping_add(me.recv(from).await);
    }
    total
}

fn main() -> Result<(), SimError> {
    let secrets = [30, 12, 2026];
    for latency_ms in [1, 50] {
        let link = Link { latency_ps: latency_ms * 1_000_000_000, ..Link::INSTANT };
        let mut simulation = Simulation::new(World::new(Network::uniform(secrets.len(), link)));
        let programs = (0..secrets.len()).map(|i| Box::pin(sum(simulation.party(i), secrets[i])) as Program);
        let run = simulation.run(programs.collect())?;
        let ends: Vec<u64> = run.clocks.iter().map(|clock| clock.time_ps / 1_000_000_000).collect();
        println!("{latency_ms} ms: sums {:?}, {} rounds, ends after {ends:?} ms", run.outputs, run.rounds());
    }
    Ok(())
}
