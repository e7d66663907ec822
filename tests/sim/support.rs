//! Random networks and random programs that cannot deadlock.

use std::{collections::BTreeMap, future::Future, pin::Pin};

use mpcsim::sim::{
    Endpoint, Interface, Jitter, Link, Network, Party, Run, SimError, Simulation, WireOverhead, World, all,
};
use rand_pcg::{Pcg64, rand_core::Rng};

pub type Program<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Random numbers from a seed that a failing test prints.
pub struct Dice(Pcg64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(Pcg64::new(u128::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835), 7))
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        self.below(denominator) < numerator
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// What a random network may have.
#[derive(Debug, Clone, Copy)]
pub struct Features {
    pub jitter: bool,
    pub ingress: bool,
    pub wake: bool,
}

impl Features {
    pub const EVERYTHING: Features = Features { jitter: true, ingress: true, wake: true };
}

pub fn random_network(dice: &mut Dice, parties: usize, features: Features) -> Network {
    // Coarse numbers make many messages meet at the same picosecond.
    let coarse = dice.chance(1, 3);
    let mut network = Network::uniform(parties, Link::INSTANT);
    for link in &mut network.links {
        *link = random_link(dice, coarse, features.jitter);
    }
    for interface in &mut network.interfaces {
        let mut limit = |wanted: bool| (wanted && dice.chance(2, 3)).then(|| random_bps(dice, coarse));
        *interface = Interface { egress_bps: limit(true), ingress_bps: limit(features.ingress) };
    }
    let odd = WireOverhead {
        header_bytes: 0,
        per_message_bytes: 3,
        per_segment_bytes: 5,
        segment_payload_bytes: 7,
    };
    network.overhead = dice.one_of(&[WireOverhead::NONE, WireOverhead::TCP, WireOverhead::TLS, odd]);
    network.jitter_seed = dice.below(1 << 40);
    network
}

fn random_bps(dice: &mut Dice, coarse: bool) -> u64 {
    if coarse {
        dice.one_of(&[8_000_000_000, 4_000_000_000, 1_000_000_000])
    } else {
        1_000_000 + dice.below(20_000_000_000)
    }
}

fn random_link(dice: &mut Dice, coarse: bool, jitter: bool) -> Link {
    let latency_ps = match (dice.chance(1, 5), coarse) {
        (true, _) => 0,
        (false, true) => 1_000_000 * dice.below(4),
        (false, false) => dice.below(100_000_000),
    };
    let jitter = match if jitter { dice.below(4) } else { 0 } {
        1 => Jitter::Uniform { max_ps: dice.below(50_000_000) },
        2 => Jitter::LogNormal { median_ps: dice.below(10_000_000), sigma: dice.below(200) as f64 / 100.0 },
        _ => Jitter::None,
    };
    Link {
        latency_ps,
        bandwidth_bps: dice.chance(3, 4).then(|| random_bps(dice, coarse)),
        jitter,
        ..Link::INSTANT
    }
}

pub fn random_endpoints(dice: &mut Dice, parties: usize, features: Features) -> Vec<Endpoint> {
    let mut cost = || if dice.chance(1, 2) { 0 } else { dice.below(3_000_000) };
    let endpoint =
        |_| Endpoint { send_ps: cost(), receive_ps: cost(), wake_ps: if features.wake { cost() } else { 0 } };
    (0..parties).map(endpoint).collect()
}

/// A program for all parties: each does its own part of every step, in order.
pub type Script = Vec<Step>;

#[derive(Debug, Clone)]
pub enum Step {
    Work {
        party: usize,
        ps: u64,
    },
    Send {
        from: usize,
        to: usize,
        bytes: u64,
    },
    Recv {
        from: usize,
        to: usize,
    },
    /// Everybody sends, then everybody stops once, to wait for all that was sent to it.
    Round {
        sends: Vec<(usize, usize, u64)>,
    },
    Fork(Vec<Script>),
    Span(String, Script),
}

/// Free sends and receives, each receive somewhere after its send, with forks in between. In a fork
/// every party waits once per round in every strand, or one party sends and never waits: with merged
/// rounds other programs can deadlock.
pub fn random_script(dice: &mut Dice, parties: usize) -> Script {
    let mut script = Vec::new();
    let mut open = Vec::new();
    for _ in 0..1 + dice.below(30) {
        match dice.below(12) {
            0..=3 => {
                let (from, to) = pair(dice, parties);
                script.push(Step::Send { from, to, bytes: bytes(dice) });
                open.push((from, to));
            }
            4..=6 if !open.is_empty() => {
                let (from, to) = open.swap_remove(dice.below(open.len() as u64) as usize);
                script.push(Step::Recv { from, to });
            }
            7 => script.push(round(dice, parties)),
            8 if dice.chance(1, 2) => script.push(Step::Fork(strands(dice, parties, 2))),
            9 if dice.chance(1, 2) => script.push(Step::Fork(dealt(dice, parties))),
            10 => {
                let name = format!("op{}", dice.below(3));
                script.push(Step::Span(name, vec![work(dice, parties), round(dice, parties)]));
            }
            _ => script.push(work(dice, parties)),
        }
    }
    while let Some((from, to)) = open.pop() {
        script.push(Step::Recv { from, to });
    }
    script
}

fn pair(dice: &mut Dice, parties: usize) -> (usize, usize) {
    let from = dice.below(parties as u64) as usize;
    let skip = 1 + dice.below(parties as u64 - 1) as usize;
    (from, (from + skip) % parties)
}

fn bytes(dice: &mut Dice) -> u64 {
    match dice.below(4) {
        0 => 0,
        1 => 1000,
        2 => dice.below(100),
        _ => dice.below(20_000),
    }
}

fn work(dice: &mut Dice, parties: usize) -> Step {
    let ps = if dice.chance(1, 8) { dice.below(1 << 33) } else { 1000 * dice.below(5000) };
    Step::Work { party: dice.below(parties as u64) as usize, ps }
}

fn round(dice: &mut Dice, parties: usize) -> Step {
    let mut sends: Vec<_> = (0..parties).map(|from| (from, (from + 1) % parties, bytes(dice))).collect();
    for _ in 0..dice.below(3) {
        let (from, to) = pair(dice, parties);
        sends.push((from, to, bytes(dice)));
    }
    Step::Round { sends }
}

fn strands(dice: &mut Dice, parties: usize, deeper: u64) -> Vec<Script> {
    let strand = |dice: &mut Dice| {
        let step = |dice: &mut Dice| match dice.below(6) {
            0 if deeper > 0 => Step::Fork(strands(dice, parties, deeper - 1)),
            1 => Step::Span("inner".to_owned(), vec![round(dice, parties)]),
            2 => work(dice, parties),
            _ => round(dice, parties),
        };
        (0..dice.below(4)).map(|_| step(dice)).collect()
    };
    (0..2 + dice.below(2)).map(|_| strand(dice)).collect()
}

fn dealt(dice: &mut Dice, parties: usize) -> Vec<Script> {
    let dealer = dice.below(parties as u64) as usize;
    let strand = |dice: &mut Dice| {
        let mut script = Vec::new();
        for _ in 0..dice.below(4) {
            let to = (dealer + 1 + dice.below(parties as u64 - 1) as usize) % parties;
            script.push(Step::Send { from: dealer, to, bytes: bytes(dice) });
            script.push(Step::Recv { from: dealer, to });
        }
        script
    };
    (0..2 + dice.below(2)).map(|_| strand(dice)).collect()
}

/// A message says who sent it, in which strand, as which one to its receiver.
pub type Note = (usize, u64, u64);

/// Does one party's part. Panics if a message is not the next of its link and strand.
pub fn play<'a>(party: Party<Note>, script: &'a [Step]) -> Program<'a, ()> {
    Box::pin(async move {
        let mut sent = BTreeMap::new();
        let mut received = BTreeMap::new();
        part(&party, script, &mut sent, &mut received).await;
    })
}

type Counts = BTreeMap<usize, u64>;

fn part<'a>(
    party: &'a Party<Note>,
    script: &'a [Step],
    sent: &'a mut Counts,
    received: &'a mut Counts,
) -> Program<'a, ()> {
    let me = party.id();
    let next = |counts: &mut Counts, peer| {
        let count = counts.entry(peer).or_insert(0);
        *count += 1;
        *count - 1
    };
    Box::pin(async move {
        for step in script {
            match step {
                Step::Work { party: who, ps } if *who == me => party.work(*ps),
                Step::Send { from, to, bytes } if *from == me => {
                    party.send(*to, *bytes, (me, party.strand(), next(sent, *to)));
                }
                Step::Recv { from, to } if *to == me => {
                    assert_eq!(party.recv(*from).await, (*from, party.strand(), next(received, *from)));
                }
                Step::Round { sends } => {
                    for &(from, to, bytes) in sends {
                        if from == me {
                            party.send(to, bytes, (me, party.strand(), next(sent, to)));
                        }
                    }
                    let mine: Vec<_> = sends.iter().filter(|send| send.1 == me).collect();
                    let notes = all(mine.iter().map(|send| party.recv(send.0)).collect()).await;
                    for (send, note) in mine.iter().zip(notes) {
                        assert_eq!(note, (send.0, party.strand(), next(received, send.0)));
                    }
                }
                Step::Fork(scripts) => {
                    let strands = party.fork_n(scripts.len());
                    all(strands
                        .into_iter()
                        .zip(scripts)
                        .map(|(strand, script)| play(strand, script))
                        .collect())
                    .await;
                }
                Step::Span(name, script) => {
                    let _span = party.span(name.clone());
                    part(party, script, sent, received).await;
                }
                _ => {}
            }
        }
    })
}

pub fn run_script(simulation: &mut Simulation<Note>, script: &[Step]) -> Result<Run<()>, SimError> {
    let programs = (0..simulation.parties()).map(|id| play(simulation.party(id), script)).collect();
    simulation.run(programs)
}

/// One random case.
pub struct Case {
    pub seed: u64,
    pub network: Network,
    pub endpoints: Vec<Endpoint>,
    pub script: Script,
}

impl Case {
    pub fn new(seed: u64, features: Features) -> Case {
        let mut dice = Dice::new(seed);
        let parties = 2 + dice.below(4) as usize;
        let network = random_network(&mut dice, parties, features);
        let endpoints = random_endpoints(&mut dice, parties, features);
        Case { seed, script: random_script(&mut dice, parties), network, endpoints }
    }

    pub fn simulation(&self) -> Simulation<Note> {
        let (network, endpoints) = (self.network.clone(), self.endpoints.clone());
        Simulation::new(World { network, endpoints, meter: None })
    }

    /// To repeat it after a failure.
    pub fn shape(&self) -> String {
        format!("seed {}: {} parties, {} steps", self.seed, self.network.parties, self.script.len())
    }
}

/// Bytes of the packets of a message, of which the first holds the header if there is one: as the overhead says, written down here once more.
pub(crate) fn packets_of(overhead: &WireOverhead, payload_bytes: u64) -> Vec<u64> {
    let mut packets = Vec::new();
    if overhead.header_bytes > 0 {
        packets.push(overhead.header_bytes);
    }
    let mut rest = payload_bytes;
    while rest > 0 {
        packets.push(rest.min(overhead.segment_payload_bytes));
        rest -= rest.min(overhead.segment_payload_bytes);
    }
    if packets.is_empty() {
        packets.push(0);
    }
    packets[0] += overhead.per_message_bytes;
    packets.iter_mut().for_each(|bytes| *bytes += overhead.per_segment_bytes);
    packets
}
