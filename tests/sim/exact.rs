//! Live run, replay and oracle give the same times to the picosecond.

use mpcsim::sim::{Replayer, Trace};

use super::{
    oracle::Oracle,
    support::{Case, Dice, Features, random_network, run_script},
};

const CASES: u64 = 1500;

/// Two runs of a case, so that the second starts where the first has left clocks and links.
fn two_runs(case: &Case) -> (Vec<Trace>, Vec<Vec<mpcsim::sim::Clock>>) {
    let mut simulation = case.simulation();
    let mut both = |_| {
        let run = run_script(&mut simulation, &case.script)
            .unwrap_or_else(|error| panic!("{}: {error}\n{:?}", case.shape(), case.script));
        (run.trace, run.clocks)
    };
    (0..2).map(&mut both).unzip()
}

#[test]
fn live_runs_equal_the_oracle() {
    let (mut messages, mut shared) = (0, 0);
    for seed in 0..CASES {
        let case = Case::new(seed, Features::EVERYTHING);
        let (traces, clocks) = two_runs(&case);
        let mut oracle = Oracle::new(&case.network, &case.endpoints);
        for (trace, clocks) in traces.iter().zip(clocks) {
            oracle.run(trace);
            assert_eq!(oracle.clocks(), clocks, "{}", case.shape());
            for clock in clocks {
                assert_eq!(clock.parts.total_ps(), clock.time_ps, "{}", case.shape());
            }
            messages += trace.messages();
        }
        shared += u64::from(case.network.interfaces.iter().any(|interface| interface.ingress_bps.is_some()));
    }
    assert!(messages > 30 * CASES, "only {messages} messages");
    assert!(shared > CASES / 2, "only {shared} networks with a shared interface");
}

#[test]
fn replays_equal_live_runs() {
    for seed in 0..CASES {
        let case = Case::new(seed, Features::EVERYTHING);
        let (traces, clocks) = two_runs(&case);
        let mut replayer = Replayer::new(&case.network, &case.endpoints);
        for (trace, clocks) in traces.iter().zip(&clocks) {
            let replay = replayer.run(trace, &mut ()).expect("no deadlock");
            assert_eq!(&replay.clocks, clocks, "{}", case.shape());
        }
        replayer.reset();
        assert_eq!(replayer.run(&traces[0], &mut ()).expect("no deadlock").clocks, clocks[0]);
    }
}

#[test]
fn replays_under_another_network_equal_live_runs_there() {
    for seed in 0..CASES {
        let case = Case::new(seed, Features::EVERYTHING);
        let (traces, _) = two_runs(&case);
        let mut dice = Dice::new(seed + 1_000_000);
        let network = random_network(&mut dice, case.network.parties, Features::EVERYTHING);
        let elsewhere = Case { network, ..case };
        let (live_traces, clocks) = two_runs(&elsewhere);
        let mut replayer = Replayer::new(&elsewhere.network, &elsewhere.endpoints);
        for at in 0..2 {
            assert!(traces[at] == live_traces[at], "traces differ, {}", elsewhere.shape());
            let replay = replayer.run(&traces[at], &mut ()).expect("no deadlock");
            assert_eq!(replay.clocks, clocks[at], "{}", elsewhere.shape());
        }
    }
}

#[test]
fn the_same_twice() {
    for seed in 0..200 {
        let once = two_runs(&Case::new(seed, Features::EVERYTHING));
        let again = two_runs(&Case::new(seed, Features::EVERYTHING));
        assert!(once == again, "seed {seed}");
    }
}
