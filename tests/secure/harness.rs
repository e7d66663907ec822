//! Runs secure programs on real random shares, on shapes, or in the clear.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use mpcsim::protocol::erased::Erased;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Clear, Demand, Message, Protocol, RingShare, Role, ValuesBeyond};
use mpcsim::ring::{Content, Vector, meter};
use mpcsim::secure::{FixedPoint, Rounding, Secure};
use mpcsim::sim::{
    Endpoint, EventKind, Interceptor, Link, Network, Party, Replayer, Run, SimError, Simulation, Trace,
    World, all, both,
};
use rand_pcg::{Pcg64, rand_core::Rng};

/// A program that all parties run, written once for every protocol. It gets shares of its inputs.
pub trait Program {
    async fn run<P: Protocol>(&self, secure: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share>;
}

/// What became of a program, without the sharing of its inputs and the opening of its outputs.
pub struct Outcome {
    /// The opened outputs, one after the other.
    pub opened: Vector,
    /// Whether all parties opened the same.
    pub agree: bool,
    /// The online phase.
    pub trace: Trace,
    /// The offline phase.
    pub offline: Trace,
    /// Rounds of the online phase.
    pub rounds: u64,
}

impl Outcome {
    /// The opened outputs as signed integers.
    pub fn integers(&self) -> Vec<i64> {
        self.opened.expect_values().iter().map(|&v| v as i64).collect()
    }

    /// Payload bytes sent by each party in the online phase.
    pub fn bytes(&self) -> Vec<u64> {
        bytes_by_party(&self.trace)
    }

    /// Payload bytes sent by each party in the offline phase.
    pub fn offline_bytes(&self) -> Vec<u64> {
        bytes_by_party(&self.offline)
    }
}

/// Payload bytes sent by each party.
fn bytes_by_party(trace: &Trace) -> Vec<u64> {
    let sent = |party| {
        let bytes = |event: mpcsim::sim::Event| match event.kind {
            EventKind::Send { payload_bytes, .. } => payload_bytes,
            _ => 0,
        };
        trace.events(party).map(bytes).sum()
    };
    (0..trace.parties()).map(sent).collect()
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
pub fn world(parties: usize) -> World {
    let link = Link { latency_ps: 1_000_000, bandwidth_bps: Some(1_000_000_000), ..Link::INSTANT };
    World {
        network: Network::uniform(parties, link),
        endpoints: vec![Endpoint::default(); parties],
        meter: Some(Box::new(charge)),
    }
}

pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// With what a program runs.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub protocol: ProtocolName,
    pub rounding: Rounding,
    pub fixed_point: FixedPoint,
}

impl Setting {
    /// The default format, in a ring of 32 bits the one that has place there.
    pub fn of(protocol: ProtocolName, rounding: Rounding) -> Setting {
        Setting { protocol, rounding, fixed_point: mpcsim::run::Operation::fixed_point(protocol) }
    }

    /// Every protocol of the registry with every rounding.
    pub fn all() -> impl Iterator<Item = Setting> {
        ProtocolName::ALL.into_iter().flat_map(|protocol| {
            Rounding::ALL.into_iter().map(move |rounding| Setting::of(protocol, rounding))
        })
    }
}

/// Numbers of rows to try a function with under a protocol: bits are packed 64 to a word. With `rep3`, which is quick, all around
/// a word and many; what differs from it in other protocols is their operations, not how functions are made of them.
pub fn row_counts(protocol: ProtocolName) -> &'static [usize] {
    if protocol == ProtocolName::Rep3 { &[1, 63, 64, 65, 1000] } else { &[1, 65] }
}

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

/// All parties, dealers among them.
struct Everyone {
    simulation: Simulation<Message>,
    parties: Vec<Secure<Erased>>,
    /// When the longest phase so far was over, or had failed.
    end_ps: u64,
}

impl Everyone {
    fn new(parties: usize, setting: Setting, start: impl Fn(Party<Message>) -> Erased) -> Everyone {
        let mut simulation = Simulation::<Message>::new(world(parties));
        let secure = |i| Secure {
            protocol: start(simulation.party(i)),
            fixed_point: setting.fixed_point,
            rounding: setting.rounding,
            most_at_once: usize::MAX,
        };
        let parties: Vec<Secure<Erased>> = (0..parties).map(secure).collect();
        let keys = parties.iter().map(|party| -> Task<'_, ()> { Box::pin(party.protocol.set_up()) });
        simulation.run(keys.collect()).expect("keys do not deadlock");
        Everyone { simulation, parties, end_ps: 0 }
    }

    fn note_end(&mut self) {
        let last = self.simulation.clocks().iter().map(|clock| clock.time_ps).max();
        self.end_ps = self.end_ps.max(last.unwrap_or(0));
    }

    /// The offline phase, then a program of every party that computes, with its checks: both runs, and what was taken.
    fn phase<'a, T>(
        &'a mut self,
        demand: &'a Demand,
        program: impl AsyncFn(usize, &'a Secure<Erased>) -> T + 'a,
    ) -> Result<(Trace, Run<Option<T>>, Demand), SimError> {
        let Everyone { simulation, parties, .. } = self;
        simulation.reset();
        let offline =
            parties.iter().map(|party| -> Task<'_, ()> { Box::pin(party.protocol.prepare(demand)) });
        let offline = simulation.run(offline.collect())?.trace;
        simulation.reset();
        meter::take();
        let program = &program;
        let tasks = parties.iter().enumerate().map(|(i, party)| -> Task<'_, Option<T>> {
            Box::pin(async move {
                if party.protocol.role() == Role::Deals {
                    return None;
                }
                let output = program(i, party).await;
                party.protocol.check().await;
                Some(output)
            })
        });
        let run = simulation.run(tasks.collect())?;
        Ok((offline, run, parties[0].protocol.demand()))
    }
}

/// What is prepared for the sharing of the inputs, the program, and the opening of its outputs.
pub type Demands = [Demand; 3];

/// Shares the inputs, runs the program by itself, opens what it gives.
fn execute_prepared<G: Program>(
    program: &G,
    inputs: &[Vec<i64>],
    (seed, content): (u64, Content),
    everyone: &mut Everyone,
    demands: &Demands,
) -> Result<(Outcome, Demands), SimError> {
    let mut dice = Dice::new(seed, 0);
    let parts: Vec<[Vector; 2]> = inputs.iter().map(|x| split(x, content, &mut dice)).collect();
    let (_, sharing, first) = everyone.phase(&demands[0], async |_, secure| {
        let strands = secure.fork_n(parts.len());
        all(strands.iter().zip(&parts).map(|(strand, parts)| share(strand, parts)).collect()).await
    })?;
    everyone.note_end();
    let shares = sharing.outputs;
    let (offline, run, second) = everyone.phase(&demands[1], async |i, secure| {
        program.run(secure, shares[i].as_ref().expect("shares")).await
    })?;
    everyone.note_end();
    let rounds = run.rounds();
    let Run { outputs, trace, .. } = run;
    let (_, opening, third) = everyone.phase(&demands[2], async |i, secure| {
        let outputs = outputs[i].as_ref().expect("outputs");
        secure.protocol.open(&RingShare::concat(&outputs.iter().collect::<Vec<_>>())).await
    })?;
    // A helper learns nothing.
    let learns = |party: &Secure<Erased>| party.protocol.role() == Role::Computes;
    let learns: Vec<bool> = everyone.parties.iter().map(learns).collect();
    let opened = opening.outputs.into_iter().zip(learns).filter(|(_, learns)| *learns);
    let mut opened: Vec<Vector> = opened.filter_map(|(output, _)| output).collect();
    let agree = opened.iter().all(|output| *output == opened[0]);
    Ok((Outcome { opened: opened.swap_remove(0), agree, trace, offline, rounds }, [first, second, third]))
}

/// Makes a party's protocol.
pub type Starter = fn(ProtocolName, Party<Message>, u64, Content) -> Erased;

/// What a program takes.
pub fn demands<G: Program>(program: &G, inputs: &[Vec<i64>], seed: u64, setting: Setting) -> Demands {
    demands_of(program, inputs, seed, setting, ProtocolName::start)
}

fn demands_of<G: Program>(
    program: &G,
    inputs: &[Vec<i64>],
    seed: u64,
    setting: Setting,
    start: Starter,
) -> Demands {
    let start = |party| start(setting.protocol, party, seed, Content::Shape);
    let mut everyone = Everyone::new(setting.protocol.parties(), setting, start);
    let shapes = (seed, Content::Shape);
    execute_prepared(program, inputs, shapes, &mut everyone, &Demands::default()).expect("the program runs").1
}

/// The same, with what it takes prepared.
pub fn execute<G: Program>(
    program: &G,
    inputs: &[Vec<i64>],
    (seed, content): (u64, Content),
    setting: Setting,
    start: Starter,
) -> Outcome {
    let demands = demands_of(program, inputs, seed, setting, start);
    let start = |party| start(setting.protocol, party, seed, content);
    let mut everyone = Everyone::new(setting.protocol.parties(), setting, start);
    let outcome = execute_prepared(program, inputs, (seed, content), &mut everyone, &demands);
    let outcome = outcome.expect("the program runs").0;
    assert!(outcome.agree, "the parties open different values");
    outcome
}

/// A program after another one that gets the inputs: what is opened of what it makes of the outputs. It takes rows of what the first one
/// has fixed.
pub fn on_shares_after<G: Program, H: Program>(
    (first, second): (&G, &H),
    inputs: &[Vec<i64>],
    rows: &[usize],
    seed: u64,
    setting: Setting,
) -> Vec<i64> {
    let run = |content: Content, demands: [Demand; 2]| {
        let mut dice = Dice::new(seed, 0);
        let parts: Vec<[Vector; 2]> = inputs.iter().map(|x| split(x, content, &mut dice)).collect();
        let start = |party| setting.protocol.start(party, seed, content);
        let mut everyone = Everyone::new(setting.protocol.parties(), setting, start);
        let [ahead, behind] = &demands;
        let (_, fixed, taken) = everyone
            .phase(ahead, async |_, secure| {
                let strands = secure.fork_n(parts.len());
                let shared = strands.iter().zip(&parts).map(|(strand, parts)| share(strand, parts));
                let shared = all(shared.collect()).await;
                first.run(secure, &shared).await
            })
            .expect("the first program runs");
        let fixed = fixed.outputs;
        let (_, run, then_taken) = everyone
            .phase(behind, async |i, secure| {
                let outputs = second.run(secure, fixed[i].as_ref().expect("shares")).await;
                secure.protocol.open(&RingShare::concat(&outputs.iter().collect::<Vec<_>>())).await
            })
            .expect("the second program runs");
        let opened: Vec<Vector> = run.outputs.into_iter().flatten().collect();
        assert!(opened.iter().all(|output| *output == opened[0]), "the parties open different values");
        (opened[0].clone(), [taken, then_taken.of_rows(rows)])
    };
    let (_, demands) = run(Content::Shape, [Demand::default(), Demand::default()]);
    let (opened, _) = run(Content::Values, demands);
    opened.expect_values().iter().map(|&value| value as i64).collect()
}

/// On shares, all messages after the exchange of keys in the hands of an adversary: what is opened, or how it ended.
pub fn tampered<G: Program>(
    program: &G,
    inputs: &[Vec<i64>],
    (seed, setting): (u64, Setting),
    demands: &Demands,
    interceptor: Interceptor<Message>,
) -> Result<Vec<i64>, SimError> {
    let start = |party| setting.protocol.start(party, seed, Content::Values);
    let mut everyone = Everyone::new(setting.protocol.parties(), setting, start);
    everyone.simulation.intercept(Some(interceptor));
    let outcome = execute_prepared(program, inputs, (seed, Content::Values), &mut everyone, demands)?.0;
    Ok(outcome.integers())
}

/// What became of a program in which a party cheats.
pub struct Cheated {
    /// What is opened, or how it ended.
    pub opened: Result<Vec<i64>, SimError>,
    /// Whether all parties open the same.
    pub agree: bool,
    /// When the longest phase was over, or had failed: sharing, program or opening.
    pub end_ps: u64,
}

/// The same with parties made by `start`.
pub fn cheated<G: Program>(
    program: &G,
    inputs: &[Vec<i64>],
    (seed, setting): (u64, Setting),
    demands: &Demands,
    start: impl Fn(Party<Message>) -> Erased,
    interceptor: Interceptor<Message>,
) -> Cheated {
    let mut everyone = Everyone::new(setting.protocol.parties(), setting, start);
    everyone.simulation.intercept(Some(interceptor));
    let outcome = execute_prepared(program, inputs, (seed, Content::Values), &mut everyone, demands);
    everyone.note_end();
    let (end_ps, agree) = (everyone.end_ps, outcome.as_ref().map_or(true, |(outcome, _)| outcome.agree));
    Cheated { opened: outcome.map(|(outcome, _)| outcome.integers()), agree, end_ps }
}

/// Parties with real random shares.
pub fn on_shares<G: Program>(program: &G, inputs: &[Vec<i64>], seed: u64, setting: Setting) -> Outcome {
    execute(program, inputs, (seed, Content::Values), setting, ProtocolName::start)
}

/// Parties who know lengths only.
pub fn on_shapes<G: Program>(program: &G, inputs: &[Vec<i64>], seed: u64, setting: Setting) -> Outcome {
    execute(program, inputs, (seed, Content::Shape), setting, ProtocolName::start)
}

/// The ideal functionality.
pub fn in_the_clear<G: Program>(program: &G, inputs: &[Vec<i64>], seed: u64, setting: Setting) -> Outcome {
    in_the_clear_counting(program, inputs, seed, setting, &ValuesBeyond::default())
}

/// The same; what it counts goes to `counts`.
pub fn in_the_clear_counting<G: Program>(
    program: &G,
    inputs: &[Vec<i64>],
    seed: u64,
    setting: Setting,
    counts: &ValuesBeyond,
) -> Outcome {
    let ideal = setting.protocol.ideal();
    let start = |party| Erased::new(Clear::counting(party, seed, counts.clone()).mirroring(ideal));
    let mut everyone = Everyone::new(1, setting, start);
    let demands = Demands::default();
    execute_prepared(program, inputs, (seed, Content::Values), &mut everyone, &demands)
        .expect("the program runs")
        .0
}

/// Rounds, and payload bytes by link.
pub type Traffic = (u64, BTreeMap<(usize, usize), u64>);

/// What a trace sends.
pub fn traffic(trace: &Trace) -> Traffic {
    let mut links = BTreeMap::new();
    for party in 0..trace.parties() {
        for event in trace.events(party) {
            if let EventKind::Send { to, payload_bytes, .. } = event.kind {
                *links.entry((party, to)).or_default() += payload_bytes;
            }
        }
    }
    let network = Network::uniform(trace.parties(), Link::INSTANT);
    let endpoints = vec![Endpoint::default(); trace.parties()];
    let replay = Replayer::new(&network, &endpoints).run(trace, &mut ()).expect("a trace");
    (replay.rounds(), links)
}
