//! Traces made of other traces.

use mpcsim::sim::{Link, Network, Party, Prepared, Replayer, Simulation, Trace, World, both};

use super::support::{Case, Features, Program, run_script};

const CASES: u64 = 400;

fn network(parties: usize) -> Network {
    Network::uniform(
        parties,
        Link { latency_ps: 1_000_000, bandwidth_bps: Some(1_000_000_000), ..Link::INSTANT },
    )
}

fn sends(trace: &Trace) -> (u64, Option<u64>) {
    (trace.messages(), trace.payload_bytes())
}

/// What is beside each other is what one program does that runs both as sub-programs.
#[test]
fn side_by_side_is_what_both_gives() {
    type Plan = &'static [(usize, usize, u64, u64)];
    // By step: sender, receiver, bytes, work of the sender before.
    const ONE: Plan = &[(0, 1, 100, 5), (1, 0, 30, 7), (0, 1, 8, 9), (1, 0, 0, 1)];
    const OTHER: Plan = &[(1, 0, 9000, 100), (0, 1, 77, 3)];
    async fn play(party: &Party<()>, name: &'static str, plan: Plan) {
        let _span = party.span(name);
        for &(from, to, bytes, work_ps) in plan {
            if party.id() == from {
                party.work(work_ps);
                party.send(to, bytes, ());
            } else if party.id() == to {
                party.recv(from).await;
            }
        }
    }
    let run = |which: &'static [(&'static str, Plan)]| {
        let mut simulation = Simulation::new(World::new(network(2)));
        let programs = (0..2).map(|id| {
            let party = simulation.party(id);
            Box::pin(async move {
                match *which {
                    [(name, plan)] => play(&party, name, plan).await,
                    [(a, first), (b, second)] => {
                        let [one, other] = party.fork();
                        both(play(&one, a, first), play(&other, b, second)).await;
                    }
                    _ => unreachable!(),
                }
            }) as Program<'_, ()>
        });
        let programs = programs.collect();
        simulation.run(programs).expect("no deadlock").trace
    };
    let (one, other) = (run(&[("a", ONE)]), run(&[("b", OTHER)]));
    assert_eq!(one.beside(&other).unwrap(), run(&[("a", ONE), ("b", OTHER)]));
    assert_eq!(other.beside(&one).unwrap(), run(&[("b", OTHER), ("a", ONE)]));
}

#[test]
fn random_traces_side_by_side_do_all_that_both_do() {
    for seed in 0..CASES {
        let mut case = Case::new(seed, Features::EVERYTHING);
        // Whoever has more to do waits less often, and need not be woken.
        case.endpoints.iter_mut().for_each(|endpoint| endpoint.wake_ps = 0);
        let parties = case.network.parties;
        let other = (1..).map(|more| Case::new(seed + 1000 * more, Features::EVERYTHING));
        let other = other.into_iter().find(|other| other.network.parties == parties).expect("some day");
        let [one, other] =
            [&case, &other].map(|case| run_script(&mut case.simulation(), &case.script).unwrap().trace);
        let merged = one.beside(&other).expect("neither deadlocks");
        // It is complete and in order: it can be replayed.
        let replay =
            Replayer::new(&network(parties), &case.endpoints).run(&merged, &mut ()).expect("it runs");
        Prepared::new(&merged, &case.endpoints).expect("it runs");
        let (a, b, both) = (sends(&one), sends(&other), sends(&merged));
        assert_eq!(both, (a.0 + b.0, Some(a.1.unwrap() + b.1.unwrap())), "{}", case.shape());
        let alone = |trace: &Trace| {
            let replay = Replayer::new(&network(parties), &case.endpoints).run(trace, &mut ()).unwrap();
            (replay.rounds(), replay.clocks.iter().map(|clock| clock.time_ps).max().unwrap())
        };
        let ((rounds_a, a_ps), (rounds_b, b_ps)) = (alone(&one), alone(&other));
        assert!(replay.rounds() >= rounds_a.max(rounds_b), "{}", case.shape());
        assert!(replay.clocks.iter().map(|clock| clock.time_ps).max().unwrap() >= a_ps.max(b_ps));
    }
}

/// Without the messages of one span, a trace is that of the program without that span.
#[test]
fn a_trace_without_a_span_is_that_of_the_program_without_it() {
    let run = |whole: bool| {
        let mut simulation = Simulation::new(World::new(network(3)));
        let programs = (0..3).map(|id| {
            let party = simulation.party(id);
            Box::pin(async move {
                let (next, before) = ((id + 1) % 3, (id + 2) % 3);
                for step in 0..3 {
                    if whole {
                        let _span = party.span("offline");
                        let _inner = party.span("keys");
                        party.work(10);
                        party.send(next, 50 + step, ());
                        party.recv(before).await;
                    }
                    let _span = party.span("offliner");
                    party.work(1 + step);
                    party.send(next, 100 + step, ());
                    party.send(before, 200 + step, ());
                    party.recv(before).await;
                    party.recv(next).await;
                }
            }) as Program<'_, ()>
        });
        let programs = programs.collect();
        simulation.run(programs).expect("no deadlock").trace
    };
    assert_eq!(run(true).without_span("offline"), run(false));
    assert_eq!(run(true).without_span("online"), run(true));
    assert_eq!(run(true).without_span("offline/keys"), run(false));
}
