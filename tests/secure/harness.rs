//! Runs secure programs on real random shares, on shapes, or in the clear.

use std::future::Future;
use std::pin::Pin;

use mpcsim::protocol::{Clear, Message, Protocol, Rep3, RingShare};
use mpcsim::ring::{Content, Vector, meter};
use mpcsim::secure::{FixedPoint, Rounding, Secure};
use mpcsim::sim::{Bench, Endpoint, Jitter, Link, Network, Party, Simulation, Trace, all, both};
use rand_pcg::{Pcg64, rand_core::Rng};

/// A program that all parties run, written once for every protocol. It gets shares of its inputs.
pub trait Program {
    async fn run<P: Protocol>(&self, secure: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share>;
}

/// What became of a program, without the sharing of its inputs and the opening of its outputs.
pub struct Outcome {
    /// The opened outputs, one after the other.
    pub opened: Vector,
    pub trace: Trace,
    pub rounds: u64,
}

impl Outcome {
    /// The opened outputs as signed integers.
    pub fn integers(&self) -> Vec<i64> {
        self.opened.expect_values().iter().map(|&v| v as i64).collect()
    }

    /// Payload bytes sent by each party.
    pub fn bytes(&self) -> Vec<u64> {
        let sent = |party| {
            let bytes = |event: mpcsim::sim::Event| match event.kind {
                mpcsim::sim::EventKind::Send { payload_bytes, .. } => payload_bytes,
                _ => 0,
            };
            self.trace.events(party).map(bytes).sum()
        };
        (0..self.trace.parties()).map(sent).collect()
    }
}

/// A seed for the inputs of a test; `MPCSIM_TEST_SEED` sets another one. Shown when the test fails.
pub fn seed() -> u64 {
    let seed = std::env::var("MPCSIM_TEST_SEED").map_or(20_260_727, |text| text.parse().expect("a seed"));
    println!("MPCSIM_TEST_SEED={seed}");
    seed
}

/// Random inputs.
pub struct Dice(Pcg64);

impl Dice {
    pub fn new(seed: u64, purpose: u64) -> Dice {
        Dice(Pcg64::new(u128::from(seed) << 64 | u128::from(purpose), 11))
    }

    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in low..=high.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = (i128::from(high) - i128::from(low) + 1) as u128;
        (i128::from(low) + (u128::from(self.word()) % width) as i128) as i64
    }

    /// Any signed number of so many bits, its size of any order of magnitude.
    pub fn signed(&mut self, bits: u32) -> i64 {
        let size = self.between(1, i64::from(bits)) as u32;
        (self.word() as i64) >> (64 - size)
    }
}

/// Costs that make every kind of arithmetic, and every amount of it, visible in a trace.
fn charge(_: usize) -> Result<u64, mpcsim::sim::SimError> {
    let work = meter::take();
    let amounts = [work.additions, work.multiplications, work.macs, work.bit_words, work.random_bytes];
    Ok(amounts.iter().zip([1, 1_009, 2_000_003, 3_001, 7]).map(|(amount, cost)| amount * cost).sum())
}

/// Parties with equal links, every kind of work charged.
pub fn bench(parties: usize) -> Bench {
    let link = Link { latency_ps: 1_000_000, bandwidth_bps: Some(1_000_000_000), jitter: Jitter::None };
    Bench {
        network: Network::uniform(parties, link),
        endpoints: vec![Endpoint::default(); parties],
        meter: Some(Box::new(charge)),
    }
}

pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A sharing of which every component is uniform: the sum of what two parties share.
async fn share<P: Protocol>(secure: &Secure<P>, parts: &[Vector; 2]) -> P::Share {
    let [a, b] = secure.fork();
    let len = parts[0].len();
    let inputs = both(a.protocol.input(0, len, Some(&parts[0])), b.protocol.input(1, len, Some(&parts[1])));
    let (x, y) = inputs.await;
    x.add(&y)
}

/// Splits a secret in two at random.
fn split(secret: &[i64], content: Content, dice: &mut Dice) -> [Vector; 2] {
    let mask: Vec<u64> = secret.iter().map(|_| dice.word()).collect();
    let rest: Vec<u64> = secret.iter().zip(&mask).map(|(&x, &m)| (x as u64).wrapping_sub(m)).collect();
    [rest, mask].map(|part| Vector::build(content, part.len(), || part.clone()))
}

/// Shares the inputs, runs the program by itself, opens what it gives.
fn execute<P: Protocol, G: Program>(
    program: &G,
    inputs: &[Vec<i64>],
    (seed, content): (u64, Content),
    (rounding, bench): (Rounding, Bench),
    start: impl Fn(Party<Message>) -> P,
) -> Outcome {
    let mut simulation = Simulation::<Message>::new(bench);
    let secures: Vec<Secure<P>> = (0..simulation.parties())
        .map(|i| Secure {
            protocol: start(simulation.party(i)),
            fixed_point: FixedPoint::default(),
            rounding,
        })
        .collect();
    let mut dice = Dice::new(seed, 0);
    let parts: Vec<[Vector; 2]> = inputs.iter().map(|x| split(x, content, &mut dice)).collect();
    let sharing = secures.iter().map(|secure| -> Task<'_, Vec<P::Share>> {
        Box::pin(async {
            let lanes = secure.fork_n(parts.len());
            all(lanes.iter().zip(&parts).map(|(lane, parts)| share(lane, parts)).collect()).await
        })
    });
    let shares = simulation.run(sharing.collect()).expect("inputs do not deadlock").outputs;
    simulation.reset();
    meter::take();
    let tasks = secures.iter().zip(&shares);
    let tasks =
        tasks.map(|(secure, shares)| -> Task<'_, Vec<P::Share>> { Box::pin(program.run(secure, shares)) });
    let run = simulation.run(tasks.collect()).expect("the program does not deadlock");
    let (rounds, trace) = (run.rounds(), run.trace);
    let opening = secures.iter().zip(&run.outputs).map(|(secure, outputs)| -> Task<'_, Vector> {
        Box::pin(async move {
            let outputs = P::Share::concat(&outputs.iter().collect::<Vec<_>>());
            secure.protocol.open(&outputs).await
        })
    });
    let mut opened = simulation.run(opening.collect()).expect("openings do not deadlock").outputs;
    assert!(opened.iter().all(|output| *output == opened[0]), "the parties open different values");
    Outcome { opened: opened.swap_remove(0), trace, rounds }
}

/// Three parties with real random shares.
pub fn on_shares<G: Program>(program: &G, inputs: &[Vec<i64>], seed: u64, rounding: Rounding) -> Outcome {
    let start = |party| Rep3::new(party, seed, Content::Values);
    execute(program, inputs, (seed, Content::Values), (rounding, bench(3)), start)
}

/// Three parties who know lengths only.
pub fn on_shapes<G: Program>(program: &G, inputs: &[Vec<i64>], seed: u64, rounding: Rounding) -> Outcome {
    let start = |party| Rep3::new(party, seed, Content::Shape);
    execute(program, inputs, (seed, Content::Shape), (rounding, bench(3)), start)
}

/// The ideal functionality.
pub fn in_the_clear<G: Program>(program: &G, inputs: &[Vec<i64>], seed: u64, rounding: Rounding) -> Outcome {
    execute(program, inputs, (seed, Content::Values), (rounding, bench(1)), |party| Clear::new(party, seed))
}
