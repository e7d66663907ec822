//! Speed of simulated time, one thread: `cargo bench --bench events`.
//!
//! Divan lists every function; then `report` times the rivals in turns, in CPU time of the thread, and prints how they
//! compare. [`nexosim`] plays the same ping-pong: two models that send a message to and fro, each after the time that
//! latency and bandwidth take.

use std::{cell::RefCell, fmt, future::Future, path::Path, pin::Pin};

use divan::{Bencher, black_box};
use mpcsim::{
    run,
    scenario::Scenario,
    sim::{
        Endpoint, Link, Network, Party, Phase, Prepared, Replayer, Simulation, Tcp, Trace, WireOverhead,
        World, replay_many, replay_phases,
    },
};
use nexosim::{
    model::{Context, Model, schedulable},
    ports::{EventSource, Output},
    simulation::{Mailbox, SimInit},
    time::MonotonicTime,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Messages of a ping-pong or ring.
const MESSAGES: u64 = 300_000;
const BYTES: u64 = 1000;
const LINK: Link =
    Link { latency_ps: 50_000_000, bandwidth_bps: Some(1_000_000_000), ..mpcsim::sim::Link::INSTANT };

type Program = Pin<Box<dyn Future<Output = ()>>>;

fn ping_pong(party: Party<()>) -> Program {
    Box::pin(async move {
        let peer = 1 - party.id();
        for _ in 0..MESSAGES / 2 {
            if party.id() == 0 {
                party.send(peer, BYTES, ());
                party.recv(peer).await;
            } else {
                party.recv(peer).await;
                party.send(peer, BYTES, ());
            }
        }
    })
}

fn ring(party: Party<()>) -> Program {
    Box::pin(async move {
        let n = party.parties();
        let (next, previous) = ((party.id() + 1) % n, (party.id() + n - 1) % n);
        for _ in 0..MESSAGES / n as u64 {
            party.send(next, BYTES, ());
            party.recv(previous).await;
        }
    })
}

/// Runs live; every call goes on from the one before.
fn live(parties: usize, program: fn(Party<()>) -> Program) -> impl FnMut() -> Trace {
    let mut simulation = Simulation::new(World::new(Network::uniform(parties, LINK)));
    move || {
        let programs = (0..parties).map(|id| program(simulation.party(id))).collect();
        simulation.run(programs).expect("no deadlock").trace
    }
}

/// A party of the ping-pong in nexosim.
#[derive(Serialize, Deserialize)]
struct Player {
    out: Output<u64>,
    left: u64,
}

#[Model]
impl Player {
    async fn receive(&mut self, bytes: u64, context: &Context<Self>) {
        if self.left > 0 {
            self.left -= 1;
            let delay = Duration::from_nanos(LINK.latency_ps / 1000 + bytes * 8);
            context.schedule_event(delay, schedulable!(Self::send), bytes).expect("in the future");
        }
    }

    #[nexosim(schedulable)]
    async fn send(&mut self, bytes: u64) {
        self.out.send(bytes).await;
    }
}

fn nexosim_ping_pong() {
    let player = || Player { out: Output::default(), left: MESSAGES / 2 };
    let (mut ping, mut pong) = (player(), player());
    let (ping_box, pong_box) = (Mailbox::new(), Mailbox::new());
    ping.out.connect(Player::receive, &pong_box);
    pong.out.connect(Player::receive, &ping_box);
    let mut bench = SimInit::with_num_threads(1);
    let serve = EventSource::new().connect(Player::receive, &ping_box).register(&mut bench);
    let bench = bench.add_model(ping, ping_box, "ping").add_model(pong, pong_box, "pong");
    let mut simulation = bench.init(MonotonicTime::EPOCH).expect("it starts");
    simulation.process_event(&serve, BYTES).expect("it is served");
    simulation.run().expect("it ends");
    black_box(simulation.time());
}

/// One iteration of a training of 784-128-128-10 under rep3, batch 128.
fn training_iteration() -> (Trace, Vec<Endpoint>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/01_first_run.ron");
    let sets = ["model=dense(hidden: [128, 128])".to_owned()];
    let plan = Scenario::open(&file).and_then(|scenario| scenario.plan(&sets)).expect("a right scenario");
    let program = run::training_program(&plan, &mpcsim::nn::dense_layers(&[784, 128, 128, 10]), 60_000);
    (run::record(&plan, &program).expect("it runs").iteration, run::endpoints(&plan.compute))
}

/// Iterations of 20 epochs of MNIST.
const ITERATIONS: u64 = 20 * 469;

/// Conditions of a sweep: latency, bandwidth and how much worse the links of one party are.
fn conditions(count: u64) -> Vec<Network> {
    let condition = |at: u64| {
        let link = Link {
            latency_ps: 20_000_000 * (1 + at % 100) + at,
            bandwidth_bps: Some(10_000_000 * (1 + at / 100 % 100)),
            ..LINK
        };
        let mut network = Network::uniform(3, link);
        network.overhead = WireOverhead::TCP;
        for (from, to) in [(0, 2), (1, 2), (2, 0), (2, 1)] {
            network.link_mut(from, to).latency_ps *= 1 + at % 3;
        }
        network
    };
    (0..count).map(condition).collect()
}

/// The same with TCP, whose messages have a header of their own.
fn with_tcp(networks: &[Network]) -> Vec<Network> {
    let of = |network: &Network| Network {
        tcp: Some(Tcp::LINUX),
        overhead: WireOverhead { header_bytes: 4, ..network.overhead },
        ..network.clone()
    };
    networks.iter().map(of).collect()
}

#[divan::bench]
fn live_ping_pong(bencher: Bencher<'_, '_>) {
    bencher.bench_local(live(2, ping_pong));
}

#[divan::bench]
fn live_ring(bencher: Bencher<'_, '_>) {
    bencher.bench_local(live(3, ring));
}

#[divan::bench(name = "nexosim_ping_pong")]
fn rival(bencher: Bencher<'_, '_>) {
    bencher.bench_local(nexosim_ping_pong);
}

/// Seconds of CPU time of this thread.
fn cpu_seconds() -> f64 {
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanoseconds: i64,
    }
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    }
    const THREAD_CPUTIME: i32 = 3;
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: on 64-bit Linux this is the layout of a timespec, and the call writes nothing else.
    let result = unsafe { clock_gettime(THREAD_CPUTIME, &mut time) };
    assert_eq!(result, 0, "the thread has a clock");
    time.seconds as f64 + time.nanoseconds as f64 * 1e-9
}

/// Something to be timed, and how many of its units a call has.
struct Work<'a> {
    name: String,
    units: f64,
    run: Box<dyn FnMut() + 'a>,
}

fn work<'a>(name: impl fmt::Display, units: f64, run: impl FnMut() + 'a) -> Work<'a> {
    Work { name: name.to_string(), units, run: Box::new(run) }
}

/// Times all in turns and prints nanoseconds per unit, best and median; gives the medians.
fn time_in_turns(unit: &str, mut all: Vec<Work<'_>>) -> Vec<f64> {
    let mut times = vec![Vec::new(); all.len()];
    for _ in 0..15 {
        for (work, times) in all.iter_mut().zip(&mut times) {
            let start = cpu_seconds();
            (work.run)();
            times.push((cpu_seconds() - start) / work.units * 1e9);
        }
    }
    let medians = all.iter().zip(times).map(|(work, mut times)| {
        times.sort_by(f64::total_cmp);
        println!("  {:44} {:9.2} ({:9.2}) ns per {unit}", work.name, times[0], times[times.len() / 2]);
        times[times.len() / 2]
    });
    medians.collect()
}

fn report_live() {
    println!("\nlive, {MESSAGES} messages: poll, record, time");
    let messages = MESSAGES as f64;
    let mut ping_pong = live(2, ping_pong);
    let [mut ring_3, mut ring_12, mut ring_48] = [3, 12, 48].map(|parties| live(parties, ring));
    let times = time_in_turns(
        "message",
        vec![
            work("ping-pong", messages, || drop(black_box(ping_pong()))),
            work("nexosim, the same ping-pong", messages, nexosim_ping_pong),
            work("ring of 3", messages, || drop(black_box(ring_3()))),
            work("ring of 12", messages, || drop(black_box(ring_12()))),
            work("ring of 48", messages, || drop(black_box(ring_48()))),
        ],
    );
    println!("  nexosim takes {:.1} times as long as the ping-pong", times[1] / times[0]);
}

fn report_replay(name: &str, trace: &Trace, endpoints: &[Endpoint]) {
    let prepared = Prepared::new(trace, endpoints).expect("it runs");
    let parties = trace.parties();
    let mut networks = conditions(8);
    if parties == 2 {
        networks =
            (0..8).map(|at| Network::uniform(2, Link { latency_ps: at * 1_000_000, ..LINK })).collect();
    }
    let phases = [Phase { trace: &prepared, times: 1 }];
    let engine = RefCell::new(Replayer::new(&networks[0], endpoints));
    let connected = with_tcp(&networks);
    let tcp_engine = RefCell::new(Replayer::new(&connected[0], endpoints));
    let repeats = 1 + 300_000 / prepared.messages();
    let units = (prepared.messages() * repeats) as f64;
    println!("\nreplay of {name}: {} messages, {repeats} times", prepared.messages());
    let times = |work: &dyn Fn()| (0..repeats).for_each(|_| work());
    let medians = time_in_turns(
        "message and network",
        vec![
            work("engine", units, || times(&|| drop(engine.borrow_mut().run(trace, &mut ())))),
            work("preparing", units, || times(&|| drop(black_box(Prepared::new(trace, endpoints))))),
            work("one network", units, || times(&|| drop(black_box(replay_phases(&phases, &networks[0]))))),
            work("eight networks", 8.0 * units, || {
                times(&|| drop(black_box(replay_many(&phases, &networks))));
            }),
            // A phase of one run is never leapt over.
            work("eight networks, 40 runs of each", 8.0 * 40.0 * (units / repeats as f64), || {
                drop(black_box(replay_many(&[phases[0]; 40], &networks)));
            }),
            work("engine, TCP", units, || times(&|| drop(tcp_engine.borrow_mut().run(trace, &mut ())))),
            work("one network, TCP", units, || {
                times(&|| drop(black_box(replay_phases(&phases, &connected[0]))));
            }),
            work("eight networks, TCP, 40 runs of each", 8.0 * 40.0 * (units / repeats as f64), || {
                drop(black_box(replay_many(&[phases[0]; 40], &connected)));
            }),
        ],
    );
    let [one, many] = [(6, 2), (7, 4)].map(|(tcp, plain)| medians[tcp] / medians[plain]);
    println!("  with TCP a message takes {one:.1} times as long in one network, {many:.1} times in eight");
}

fn report_sweep(trace: &Trace, endpoints: &[Endpoint]) {
    let prepared = Prepared::new(trace, endpoints).expect("it runs");
    let phases = [Phase { trace: &prepared, times: ITERATIONS }];
    let networks = conditions(10_000);
    let connected = with_tcp(&networks);
    println!("\ntraining of {ITERATIONS} iterations of {} messages, exact", prepared.messages());
    let times = time_in_turns(
        "condition",
        vec![
            work("10,000 conditions", networks.len() as f64, || {
                drop(black_box(replay_many(&phases, &networks)));
            }),
            work("10,000 conditions with TCP", networks.len() as f64, || {
                drop(black_box(replay_many(&phases, &connected)));
            }),
        ],
    );
    println!("  1,000,000 conditions: {:.1} s of CPU time, with TCP {:.1}", times[0] * 1e-3, times[1] * 1e-3);
}

fn main() {
    divan::main();
    report_live();
    report_replay("a ping-pong", &live(2, ping_pong)(), &[Endpoint::default(); 2]);
    let (trace, endpoints) = training_iteration();
    report_replay("an iteration of 784-128-128-10", &trace, &[Endpoint::default(); 3]);
    report_replay("the same, with costs of waking", &trace, &endpoints);
    report_sweep(&trace, &endpoints);
}
