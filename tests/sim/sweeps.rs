//! Prepared traces give what the engine gives when it runs every run, to the picosecond.

use mpcsim::sim::{
    Endpoint, Event, EventKind, Finish, Jitter, Link, Network, Phase, PhaseEnd, Prepared, Replayer, SimError,
    SpanId, SpanTree, Trace, TraceBuilder, replay_many, replay_phases,
};

use super::{
    oracle::Oracle,
    support::{Case, Dice, Features, random_network, random_script, run_script},
};

const CASES: u64 = 1500;
const PLAIN: Features = Features { jitter: false, ingress: false, wake: true };
const SHARED: Features = Features { jitter: false, ingress: true, wake: true };

/// Two traces of one world.
pub fn two_traces(case: Case) -> (Vec<Endpoint>, [Trace; 2]) {
    let mut dice = Dice::new(case.seed + 5_000_000);
    let other = Case { script: random_script(&mut dice, case.network.parties), ..case };
    let case = Case::new(other.seed, Features::EVERYTHING);
    let trace = |case: &Case| run_script(&mut case.simulation(), &case.script).expect("no deadlock").trace;
    (other.endpoints.clone(), [trace(&case), trace(&other)])
}

/// Every run by the engine.
pub fn every_run(
    network: &Network,
    endpoints: &[Endpoint],
    phases: &[(&Trace, u64)],
) -> Result<Finish, SimError> {
    let mut replayer = Replayer::new(network, endpoints);
    let (mut durations_ps, mut phase_ends) = (Vec::new(), Vec::new());
    let last =
        |replayer: &Replayer| replayer.clocks().iter().map(|clock| clock.time_ps).max().expect("parties");
    for &(trace, times) in phases {
        for _ in 0..times {
            let before = last(&replayer);
            replayer.run(trace, &mut ())?;
            durations_ps.push(last(&replayer) - before);
        }
        let clocks = replayer.clocks();
        let rounds = clocks.iter().map(|clock| clock.depth).max().expect("parties");
        let ends = clocks.iter().rev().max_by_key(|clock| clock.time_ps).expect("parties");
        phase_ends.push(PhaseEnd { time_ps: ends.time_ps, parts: ends.parts, rounds });
    }
    Ok(Finish { clocks: replayer.clocks(), durations_ps, phase_ends })
}

/// Compares one network and many on random networks and phases.
fn compare(seed: u64, times: &[u64], count: usize, features: &[Features]) {
    let case = Case::new(seed, Features::EVERYTHING);
    let (parties, shape) = (case.network.parties, case.shape());
    let (endpoints, traces) = two_traces(case);
    let mut dice = Dice::new(seed + 6_000_000);
    let prepared = traces.each_ref().map(|trace| Prepared::new(trace, &endpoints).expect("it ran"));
    assert_eq!(prepared[0].messages(), traces[0].messages());
    let plan: Vec<_> = [0, 1, 0].map(|which| (which, dice.one_of(times))).to_vec();
    let phases: Vec<_> =
        plan.iter().map(|&(which, times)| Phase { trace: &prepared[which], times }).collect();
    let slow: Vec<_> = plan.iter().map(|&(which, times)| (&traces[which], times)).collect();
    let network = |_| {
        let features = dice.one_of(features);
        random_network(&mut dice, parties, features)
    };
    let networks: Vec<_> = (0..count).map(network).collect();
    let many = replay_many(&phases, &networks);
    for (network, many) in networks.iter().zip(many) {
        let expected = every_run(network, &endpoints, &slow);
        // Together, nobody asks how long each run takes.
        let untimed = expected.clone().map(|finish| Finish { durations_ps: Vec::new(), ..finish });
        assert_eq!(many, untimed, "{shape}, {plan:?}, {network:?}");
        assert_eq!(replay_phases(&phases, network), expected, "{shape}, {plan:?}, {network:?}");
    }
}

#[test]
fn single_runs_equal_the_engine() {
    for seed in 0..CASES {
        compare(seed, &[1], 2, &[PLAIN, Features::EVERYTHING]);
    }
}

#[test]
fn many_networks_and_many_runs_equal_the_engine() {
    for seed in 0..CASES / 3 {
        compare(seed, &[0, 1, 2, 3, 7, 40], 11, &[PLAIN, PLAIN, PLAIN, SHARED, Features::EVERYTHING]);
    }
}

#[test]
fn long_sequences_equal_the_engine() {
    for seed in 0..60 {
        compare(seed, &[300, 301, 5], 5, &[PLAIN, SHARED]);
    }
}

#[test]
fn prepared_traces_equal_the_oracle() {
    for seed in 0..CASES {
        let case = Case::new(seed, PLAIN);
        let trace = run_script(&mut case.simulation(), &case.script).expect("no deadlock").trace;
        let prepared = Prepared::new(&trace, &case.endpoints).expect("it ran");
        let networks = [case.network.clone(), case.network.clone()];
        let mut oracle = Oracle::new(&case.network, &case.endpoints);
        (0..3).for_each(|_| oracle.run(&trace));
        for finish in replay_many(&[Phase { trace: &prepared, times: 3 }], &networks) {
            assert_eq!(finish.expect("no overflow").clocks, oracle.clocks(), "{}", case.shape());
        }
    }
}

fn trace(lines: &[&[EventKind]]) -> Trace {
    let mut builder = TraceBuilder::new(lines.len());
    for (party, line) in lines.iter().enumerate() {
        for &kind in *line {
            builder.push(party, Event { kind, span: SpanId::ROOT });
        }
    }
    builder.finish(SpanTree::new().into())
}

fn send(to: usize, payload_bytes: u64) -> EventKind {
    EventKind::Send { to, payload_bytes }
}

fn recv(from: usize) -> EventKind {
    EventKind::Recv { from, ordinal: 0, group_start: true }
}

/// Every party sends to the next and waits for the one before: with latencies that differ, the state repeats after
/// as many runs as there are parties.
#[test]
fn long_periods_are_leapt_over() {
    for parties in [2, 3, 5, 7] {
        let lines: Vec<_> = (0..parties)
            .map(|party| [send((party + 1) % parties, 1000), recv((party + parties - 1) % parties)])
            .collect();
        let lines: Vec<&[EventKind]> = lines.iter().map(|line| &line[..]).collect();
        let trace = trace(&lines);
        let mut network = Network::uniform(parties, Link { bandwidth_bps: Some(1 << 33), ..Link::INSTANT });
        for (at, link) in network.links.iter_mut().enumerate() {
            link.latency_ps = 1_000_000 + 777 * (at as u64).pow(2);
        }
        let mut shared = network.clone();
        shared.interfaces.iter_mut().for_each(|interface| interface.ingress_bps = Some(1 << 32));
        let endpoints = vec![Endpoint { wake_ps: 25, ..Endpoint::default() }; parties];
        let prepared = Prepared::new(&trace, &endpoints).expect("no deadlock");
        let finish = |network: &Network, times| {
            let phases = [Phase { trace: &prepared, times }];
            let alone = replay_phases(&phases, network).expect("no overflow");
            for many in replay_many(&phases, &[network.clone(), network.clone(), shared.clone()][..2]) {
                assert_eq!(many.expect("no overflow").clocks, alone.clocks);
            }
            alone
        };
        for network in [&network, &shared] {
            let slow = every_run(network, &endpoints, &[(&trace, 1003)]).expect("no overflow");
            assert_eq!(finish(network, 1003), slow);
        }
        // A billion runs end, and every party has the path of every other in turn.
        let phases = [Phase { trace: &prepared, times: 840_000_000 }];
        let far = replay_many(&phases, &[network.clone(), network.clone(), shared.clone()]);
        let near = finish(&network, 840);
        for (far, near) in far[0].clone().expect("no overflow").clocks.iter().zip(&near.clocks) {
            assert_eq!(far.parts.latency_ps, near.parts.latency_ps * 1_000_000);
            assert_eq!(far.depth, near.depth * 1_000_000);
        }
        assert_eq!(far[0], far[1]);
        assert!(far[2].is_ok());
    }
}

/// A link that cannot keep up falls back more and more; its state never repeats.
#[test]
fn a_growing_backlog_is_run_to_its_end() {
    let trace = trace(&[&[send(1, 1 << 40), send(2, 10), recv(2)], &[recv(0)], &[recv(0), send(0, 10)]]);
    let link = Link { latency_ps: 1000, bandwidth_bps: Some(8_000_000_000), ..Link::INSTANT };
    let network = Network::uniform(3, link);
    let endpoints = [Endpoint::default(); 3];
    let prepared = Prepared::new(&trace, &endpoints).expect("no deadlock");
    for times in [1, 4, 100] {
        let phases = [Phase { trace: &prepared, times }];
        let expected = every_run(&network, &endpoints, &[(&trace, times)]).expect("no overflow");
        assert_eq!(replay_phases(&phases, &network).as_ref(), Ok(&expected));
        for many in replay_many(&phases, &vec![network.clone(); 9]) {
            assert_eq!(many.expect("no overflow").clocks, expected.clocks);
        }
    }
}

/// Where the state grows past what doubles hold, integers take over; where clocks overflow, that is said.
#[test]
fn great_times_are_exact_or_an_error() {
    let trace = trace(&[&[EventKind::Work { ps: (1 << 51) + 1 }, send(1, 1)], &[recv(0)]]);
    let endpoints = [Endpoint::default(); 2];
    let prepared = Prepared::new(&trace, &endpoints).expect("no deadlock");
    let mut network = Network::uniform(2, Link { latency_ps: 1, ..Link::INSTANT });
    for (times, bps) in [(3, None), (1500, None), (10_000, None), (100, Some(8_000))] {
        network.link_mut(0, 1).bandwidth_bps = bps;
        let phases = [Phase { trace: &prepared, times }];
        let expected = every_run(&network, &endpoints, &[(&trace, times)]);
        assert_eq!(expected.is_err(), times == 10_000);
        assert_eq!(replay_phases(&phases, &network), expected);
        for many in replay_many(&phases, &vec![network.clone(); 3]) {
            assert_eq!(many.map(|finish| finish.clocks), expected.clone().map(|finish| finish.clocks));
        }
    }
}

/// A ping-pong of two parties `latency_ps` apart, and one message in passing to a third.
fn ping_pong(latency_ps: u64) -> (Trace, Network) {
    let trace = trace(&[&[send(1, 8), send(2, 8), recv(1)], &[recv(0), send(0, 8)], &[recv(0)]]);
    (trace, Network::uniform(3, Link { latency_ps, bandwidth_bps: Some(8_000_000), ..Link::INSTANT }))
}

/// However long it takes in all, up to the last moment of a clock: nothing of it is run one by one, which would take
/// days here.
#[test]
fn runs_that_repeat_are_skipped_up_to_the_end_of_clocks() {
    let (trace, mut network) = ping_pong(40_000_000_000);
    let endpoints = [Endpoint::default(); 3];
    let prepared = Prepared::new(&trace, &endpoints).expect("no deadlock");
    let run_ps = 2 * (40_000_000_000 + 8_000_000);
    let longest = u64::MAX / run_ps;
    for shared in [false, true] {
        network.interfaces[1].ingress_bps = shared.then_some(80_000_000);
        for (times, fits) in [(100_000_000, true), (longest, true), (longest + 1, false), (u64::MAX, false)] {
            let phases = [
                Phase { trace: &prepared, times: times / 2 },
                Phase { trace: &prepared, times: times.div_ceil(2) },
            ];
            for finish in replay_many(&phases, &vec![network.clone(); 3]) {
                match finish {
                    Ok(finish) => {
                        assert!(fits, "{times}");
                        assert_eq!(finish.clocks[0].time_ps, times * run_ps);
                        assert_eq!(finish.clocks[0].parts.latency_ps, times * 80_000_000_000);
                        assert_eq!(finish.clocks[0].depth, 2 * times);
                    }
                    Err(error) => assert_eq!((error, fits), (SimError::Overflow, false)),
                }
            }
        }
    }
}

/// Jitter that every message has alike is latency, and that of links without messages is none.
#[test]
fn jitter_without_effect_does_not_stop_the_skipping() {
    let (trace, mut network) = ping_pong(1_000_000);
    let endpoints = [Endpoint::default(); 3];
    let prepared = Prepared::new(&trace, &endpoints).expect("no deadlock");
    network.link_mut(0, 1).jitter = Jitter::LogNormal { median_ps: 5000, sigma: 0.0 };
    network.link_mut(1, 0).jitter = Jitter::Uniform { max_ps: 0 };
    network.link_mut(0, 2).jitter = Jitter::LogNormal { median_ps: 0, sigma: 2.0 };
    network.link_mut(2, 1).jitter = Jitter::Uniform { max_ps: 1_000_000_000 };
    let run = |times, network: &Network| {
        let phases = [Phase { trace: &prepared, times }];
        replay_many(&phases, std::slice::from_ref(network)).remove(0).expect("no overflow").clocks
    };
    let expected = every_run(&network, &endpoints, &[(&trace, 50)]).expect("no overflow").clocks;
    assert_eq!(run(50, &network), expected);
    let far = run(100_000_000_000, &network);
    assert_eq!(far[0].time_ps, expected[0].time_ps * 2_000_000_000);
    // With jitter that matters, draws differ.
    network.link_mut(1, 0).jitter = Jitter::Uniform { max_ps: 1_000_000 };
    let expected = every_run(&network, &endpoints, &[(&trace, 50)]).expect("no overflow").clocks;
    assert_eq!(run(50, &network), expected);
}

#[test]
fn no_phases_take_no_time() {
    let network = Network::uniform(3, Link::INSTANT);
    let nothing = replay_phases(&[], &network).expect("nothing can go wrong");
    assert_eq!(nothing.clocks, [Default::default(); 3]);
    assert_eq!(replay_many(&[], &[network]), [Ok(nothing)]);
}

#[test]
fn traces_that_do_not_end_are_refused() {
    let endpoints = [Endpoint::default(); 2];
    let refused = |lines: &[&[EventKind]]| {
        let trace = trace(lines);
        let error = Prepared::new(&trace, &endpoints).expect_err("it cannot run");
        let network = Network::uniform(2, Link::INSTANT);
        assert_eq!(every_run(&network, &endpoints, &[(&trace, 1)]), Err(error));
    };
    refused(&[&[recv(1), send(1, 1)], &[recv(0), send(0, 1)]]);
    refused(&[&[send(1, 1), send(1, 2)], &[recv(0)]]);
    let prepared = Prepared::new(&trace(&[&[send(1, 1)], &[recv(0)]]), &endpoints).expect("it runs");
    let elsewhere = Network::uniform(3, Link::INSTANT);
    let error =
        replay_phases(&[Phase { trace: &prepared, times: 1 }], &elsewhere).expect_err("three parties");
    assert_eq!(error.to_string(), "a trace of 2 parties cannot run on a network of 3");
    assert!(Prepared::new(prepared.trace(), &endpoints[..1]).is_err());
}
