//! What programs of parties can rely on: groups, strands, spans, the meter, and errors.

use std::{cell::Cell, rc::Rc};

use mpcsim::sim::{
    Endpoint, EventKind, Link, Network, Party, Run, SimError, Simulation, SpanId, Trace, WireOverhead, World,
    all, both,
};

use super::support::Program;

type Body = Box<dyn FnOnce(Party<u32>) -> Program<'static, ()>>;

fn body<F: Future<Output = ()> + 'static>(program: impl FnOnce(Party<u32>) -> F + 'static) -> Body {
    Box::new(|party| Box::pin(program(party)))
}

fn run_on(simulation: &mut Simulation<u32>, bodies: Vec<Body>) -> Result<Run<()>, SimError> {
    let programs = bodies.into_iter().enumerate().map(|(id, body)| body(simulation.party(id))).collect();
    simulation.run(programs)
}

fn run(network: Network, bodies: Vec<Body>) -> Result<Run<()>, SimError> {
    run_on(&mut Simulation::new(World::new(network)), bodies)
}

fn slow(parties: usize, latency_ps: u64) -> Network {
    Network::uniform(parties, Link { latency_ps, ..Link::INSTANT })
}

fn sender(to: usize, count: u32) -> Body {
    body(move |party| async move { (0..count).for_each(|message| party.send(to, 8, message)) })
}

fn kinds(trace: &Trace, party: usize) -> Vec<EventKind> {
    trace.events(party).map(|event| event.kind).collect()
}

#[test]
fn a_group_waits_for_all_and_receives_in_order() {
    let mut network = slow(3, 100);
    network.link_mut(2, 0).latency_ps = 50;
    let mut world = World::new(network);
    world.endpoints[0] = Endpoint { send_ps: 1, receive_ps: 3, wake_ps: 7 };
    let order = Rc::new(Cell::new(0));
    let seen = Rc::clone(&order);
    let waiter = body(move |party| async move {
        let [a, b] = party.fork();
        let late = async {
            a.recv(1).await;
            assert_eq!(seen.replace(1), 0, "the first of a group goes on first");
            a.work(10);
        };
        let early = async {
            b.recv(2).await;
            assert_eq!(seen.replace(2), 1);
            b.work(20);
        };
        both(late, early).await;
    });
    let forker = |id: usize| {
        body(move |party| async move {
            let strands = party.fork();
            strands[id - 1].send(0, 8, 0);
        })
    };
    let run = run_on(&mut Simulation::new(world), vec![waiter, forker(1), forker(2)]).expect("no deadlock");
    assert_eq!(order.get(), 2);
    assert_eq!(run.clocks[0].time_ps, (100 + 7 + 3) + 3 + 10 + 20);
    assert_eq!(run.exchanges, [1, 0, 0]);
    let recv = |from, group_start| EventKind::Recv { from, ordinal: 0, group_start };
    assert_eq!(kinds(&run.trace, 0), [recv(1, true), recv(2, false), EventKind::Work { ps: 30 }]);
    assert_eq!(run.trace.exchanges(0), 1);
}

#[test]
fn rounds_of_lanes_are_merged() {
    let party = || {
        body(|party| async move {
            let peer = 1 - party.id();
            let strands = party.fork_n(3);
            let exchange = |strand: Party<u32>, rounds| async move {
                for _ in 0..rounds {
                    strand.send(peer, 8, 0);
                    strand.recv(peer).await;
                }
            };
            all(strands
                .into_iter()
                .zip([2, 5, 3])
                .map(|(strand, rounds)| exchange(strand, rounds))
                .collect())
            .await;
        })
    };
    let run = run(slow(2, 100), vec![party(), party()]).expect("no deadlock");
    assert_eq!(run.rounds(), 5);
    assert_eq!(run.exchanges, [5, 5]);
    assert_eq!(run.clocks[0].time_ps, 500);
}

/// A dealer that never waits sends all of one strand before the other; who receives takes turns.
#[test]
fn messages_of_lanes_are_not_mixed_up() {
    let dealer = body(|party| async move {
        let strands = party.fork();
        for strand in [1, 0] {
            (0..3).for_each(|message| strands[strand].send(1, 8, 10 * strand as u32 + message));
        }
    });
    let taker = body(|party| async move {
        let [a, b] = party.fork();
        for message in 0..3 {
            assert_eq!(both(a.recv(0), b.recv(0)).await, (message, 10 + message));
        }
    });
    let run = run(slow(2, 100), vec![dealer, taker]).expect("no deadlock");
    let ordinals: Vec<_> = kinds(&run.trace, 1)
        .into_iter()
        .map(|kind| if let EventKind::Recv { ordinal, .. } = kind { ordinal } else { 99 })
        .collect();
    assert_eq!(ordinals, [3, 0, 4, 1, 5, 2]);
    assert_eq!(run.clocks[1].time_ps, 100);
}

#[test]
fn lanes_are_the_same_in_all_parties_and_never_come_again() {
    let strands = |party: &Party<u32>| {
        let [a, b] = party.fork();
        let mut strands = vec![party.strand(), a.strand(), b.strand()];
        strands.extend(a.fork_n(3).iter().chain(&b.fork()).chain(&a.fork()).map(Party::strand));
        strands
    };
    let simulation = Simulation::<u32>::new(World::new(slow(2, 1)));
    let first = strands(&simulation.party(0));
    assert_eq!(first, strands(&simulation.party(1)));
    let mut again = strands(&simulation.party(0));
    assert_eq!((first[0], again[0]), (0, 0));
    again.extend(&first[1..]);
    let count = again.len();
    again.sort_unstable();
    again.dedup();
    assert_eq!(again.len(), count);
}

#[test]
fn a_deadlock_names_who_waits_for_whom_and_where() {
    let waiter = |from: usize, name: &'static str| {
        body(move |party| async move {
            let _outer = party.span("layer");
            let _inner = party.span(name);
            party.recv(from).await;
        })
    };
    let error =
        run(slow(3, 1), vec![waiter(1, "relu"), waiter(0, "dense"), sender(0, 0)]).expect_err("deadlock");
    let SimError::Deadlock { waits } = &error else { panic!("{error}") };
    let named: Vec<_> = waits.iter().map(|wait| (wait.party, wait.peer, wait.span.as_str())).collect();
    assert_eq!(named, [(0, 1, "layer/relu"), (1, 0, "layer/dense")]);
    let text = error.to_string();
    assert!(text.contains("party 0 waits for party 1 in span layer/relu; party 1 waits"), "{text}");
}

/// Two chains in opposite directions, side by side: neither holds the other up.
#[test]
fn lanes_that_wait_in_turn_go_on_side_by_side() {
    let party = || {
        body(|party| async move {
            let (me, peer) = (party.id(), 1 - party.id());
            let [a, b] = party.fork();
            let chain = |strand: Party<u32>, first: usize, content: u32| async move {
                if me == first {
                    strand.send(peer, 8, content);
                    assert_eq!(strand.recv(peer).await, content + 1);
                } else {
                    let got = strand.recv(peer).await;
                    strand.send(peer, 8, got + 1);
                }
            };
            both(chain(a, 0, 10), chain(b, 1, 20)).await;
        })
    };
    let run = run(slow(2, 100), vec![party(), party()]).expect("each strand alone ends, so both do");
    assert_eq!(run.rounds(), 2);
    assert_eq!(run.exchanges, [2, 2]);
    assert!(run.clocks.iter().all(|clock| clock.time_ps == 200));
}

#[test]
fn a_message_that_nobody_receives_is_an_error() {
    let taker = body(|party| async move { assert_eq!(party.recv(0).await, 0) });
    let error = run(slow(2, 1), vec![sender(1, 3), taker]).expect_err("two are left");
    assert_eq!(error, SimError::Unreceived { from: 0, to: 1, ordinal: 1, count: 2 });
}

#[test]
fn after_an_error_a_reset_makes_all_as_new() {
    let mut simulation = Simulation::new(World::new(slow(2, 100)));
    run_on(&mut simulation, vec![sender(1, 3), sender(0, 0)]).expect_err("three are left");
    simulation.reset();
    for time_ps in [100, 200] {
        let taker = body(|party| async move {
            party.recv(0).await;
            party.send(0, 0, 5);
        });
        let asker = body(|party| async move {
            party.send(1, 0, 4);
            assert_eq!(party.recv(1).await, 5);
        });
        let run = run_on(&mut simulation, vec![asker, taker]).expect("no deadlock");
        assert_eq!(run.clocks[0].time_ps, 2 * time_ps);
        assert_eq!(run.rounds(), 2);
    }
}

#[test]
fn time_does_not_wrap() {
    let worker = |ps| {
        body(move |party| async move {
            party.work(ps);
            party.work(1);
        })
    };
    assert_eq!(run(slow(1, 0), vec![worker(u64::MAX)]).expect_err("too long"), SimError::Overflow);
    assert!(run(slow(1, 0), vec![worker(u64::MAX - 1)]).is_ok());
    let taker = || body(|party| async move { assert_eq!(party.recv(0).await, 0) });
    let error = run(slow(2, u64::MAX), vec![sender(1, 1), taker()]);
    assert_eq!(error.expect("it just fits").clocks[1].time_ps, u64::MAX);
    let mut network = slow(2, u64::MAX);
    network.link_mut(0, 1).bandwidth_bps = Some(1_000_000_000);
    assert_eq!(run(network, vec![sender(1, 1), taker()]).expect_err("too long"), SimError::Overflow);
}

#[test]
#[should_panic(expected = "party 0 sends to itself")]
fn nobody_sends_to_oneself() {
    let _ = run(slow(2, 1), vec![sender(0, 1), sender(0, 0)]);
}

#[test]
#[should_panic(expected = "party 1 sends to party 2 of 2")]
fn nobody_sends_to_nobody() {
    let _ = run(slow(2, 1), vec![sender(1, 0), sender(2, 1)]);
}

#[test]
#[should_panic(expected = "dropped a receive")]
fn a_receive_that_has_begun_must_end() {
    let fickle = body(|party| async move {
        let lost = std::future::poll_fn({
            let mut recv = Some(party.recv(1));
            move |context| match recv.take() {
                Some(mut recv) => std::pin::Pin::new(&mut recv).poll(context).map(|_| ()),
                None => std::task::Poll::Ready(()),
            }
        });
        lost.await;
    });
    let _ = run(slow(2, 1), vec![fickle, sender(0, 1)]);
}

#[test]
fn the_meter_is_charged_where_the_work_was_done() {
    let done = Rc::new(Cell::new(1_000));
    let meter = Rc::clone(&done);
    let mut world = World::new(slow(2, 100));
    world.meter = Some(Box::new(move |party| Ok(if party == 0 { meter.take() } else { 0 })));
    let compute = Rc::clone(&done);
    let worker = body(move |party| async move {
        let compute = |ps| compute.set(compute.get() + ps);
        compute(1);
        {
            let _span = party.span("a");
            compute(2);
            party.send(1, 8, 0);
            compute(4);
        }
        compute(8);
        let _span = party.span("b");
        party.recv(1).await;
        compute(16);
    });
    let echo = body(|party| async move {
        party.recv(0).await;
        party.send(0, 8, 0);
    });
    let mut simulation = Simulation::new(world);
    let run = run_on(&mut simulation, vec![worker, echo]).expect("no deadlock");
    let spans = run.trace.spans();
    let work: Vec<_> = run
        .trace
        .events(0)
        .filter_map(|event| match event.kind {
            EventKind::Work { ps } => Some((spans.path(event.span), ps)),
            _ => None,
        })
        .collect();
    let expected = [("", 1), ("a", 2), ("a", 4), ("", 8), ("b", 16)];
    assert_eq!(work, expected.map(|(path, ps)| (path.to_owned(), ps)));
    assert_eq!(run.clocks[0].time_ps, 200 + 1 + 2 + 16);
    assert_eq!(simulation.spans().path(SpanId(1)), "a");
}

#[test]
fn a_meter_that_fails_ends_the_run() {
    let mut world = World::new(slow(2, 100));
    world.meter = Some(Box::new(|party| match party {
        0 => Ok(1),
        _ => Err(SimError::Meter("no such operation".to_owned())),
    }));
    let error = run_on(&mut Simulation::new(world), vec![sender(1, 0), sender(0, 0)]).expect_err("it fails");
    assert!(error.to_string().contains("no such operation"));
}

#[test]
fn spans_of_forks_begin_inside_the_span_of_the_fork() {
    let party = || {
        body(|party| async move {
            let peer = 1 - party.id();
            let _op = party.span("op");
            let [a, b] = party.fork();
            let left = async {
                let _left = a.span("left");
                a.send(peer, 1, 0);
                a.recv(peer).await;
            };
            let right = async {
                let _right = b.span(format!("right{}", 1));
                b.send(peer, 2, 0);
                b.recv(peer).await;
            };
            both(left, right).await;
            party.send(peer, 3, 0);
            party.recv(peer).await;
        })
    };
    let run = run(slow(2, 1), vec![party(), party()]).expect("no deadlock");
    let paths: Vec<_> = run.trace.events(0).map(|event| run.trace.spans().path(event.span)).collect();
    assert_eq!(paths, ["op/left", "op/right1", "op/left", "op/right1", "op", "op"]);
}

#[test]
fn framing_of_tls_is_close_to_its_records() {
    for payload in [0, 1, 8, 1446, 1447, 16_384, 100_000, 10_000_000u64] {
        let stream = payload + 22 * payload.div_ceil(16_384).max(1);
        let exact = stream + 90 * stream.div_ceil(1448).max(1);
        let ours = WireOverhead::TLS.wire_bytes(payload).expect("small");
        // Within one segment's headers and a quarter of a thousandth.
        assert!(ours.abs_diff(exact) <= 92 + exact / 4000, "{payload}: {ours} for {exact}");
    }
    assert_eq!(WireOverhead::TCP.wire_bytes(1448), Some(1448 + 90));
    assert_eq!(WireOverhead::TCP.wire_bytes(1449), Some(1449 + 180));
    assert_eq!(WireOverhead::NONE.wire_bytes(5), Some(5));
}
