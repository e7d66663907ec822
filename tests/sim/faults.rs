//! Parties that stop, give up or are slow, links that are down, messages that are held back: against what follows from the
//! times of a run without faults.

use std::collections::BTreeMap;

use mpcsim::sim::{
    Event, EventKind, Faults, Held, MessageId, Network, Observer, Occurrence, OccurrenceKind, Replayer,
    SimError, Slow, Stall, Stop, Trace, TraceBuilder, Which,
};

use super::support::{Case, Dice, Features, run_script};

const CASES: u64 = 1500;
/// Incoming interfaces without limits: there, what one party does not send makes way for others.
const ALONE: Features = Features { jitter: true, ingress: false, wake: true };

/// What each party did, in its order.
struct Lines(Vec<Vec<Occurrence>>);

impl Observer for Lines {
    fn event(&mut self, occurrence: &Occurrence) {
        self.0[occurrence.party].push(*occurrence);
    }
}

/// A case, the trace of a run of it, and what happened in it.
fn healthy(seed: u64) -> (Case, Trace, Vec<Vec<Occurrence>>) {
    let case = Case::new(seed, ALONE);
    let trace = run_script(&mut case.simulation(), &case.script).expect("no deadlock").trace;
    let mut lines = Lines(vec![Vec::new(); case.network.parties]);
    Replayer::new(&case.network, &case.endpoints).run(&trace, &mut lines).expect("it ran");
    (case, trace, lines.0)
}

fn with_faults(network: &Network, faults: Faults) -> Network {
    Network { faults, ..network.clone() }
}

/// How many events of its line each party does with these faults, as follows from their times without.
fn done(lines: &[Vec<Occurrence>], stop_ps: &[u64], timeout_ps: u64) -> Vec<usize> {
    let mut sends: BTreeMap<MessageId, (usize, usize)> = BTreeMap::new();
    for (party, line) in lines.iter().enumerate() {
        for (at, occurrence) in line.iter().enumerate() {
            if let OccurrenceKind::Send(message) = occurrence.kind {
                sends.insert(message, (party, at));
            }
        }
    }
    let mut done: Vec<usize> = lines.iter().map(Vec::len).collect();
    loop {
        let before = done.clone();
        for (party, line) in lines.iter().enumerate() {
            let does = |occurrence: &&Occurrence| {
                let comes = match occurrence.kind {
                    OccurrenceKind::Recv(message, _) => {
                        let (sender, at) = sends[&message];
                        at < before[sender] && occurrence.waited_ps <= timeout_ps
                    }
                    _ => true,
                };
                comes && occurrence.end_ps < stop_ps[party]
            };
            done[party] = line.iter().take_while(does).count().min(done[party]);
        }
        if done == before {
            return done;
        }
    }
}

/// Checks a stall against what each party did not get to do.
fn check(stall: &Stall, lines: &[Vec<Occurrence>], stop_ps: &[u64], timeout_ps: u64, what: &str) {
    let done = done(lines, stop_ps, timeout_ps);
    let mut ends = Vec::new();
    let sent = lines.iter().zip(&done).flat_map(|(line, &done)| &line[..done]);
    let sent: Vec<u64> =
        sent.filter(|o| matches!(o.kind, OccurrenceKind::Send(_))).map(|o| o.payload_bytes).collect();
    assert_eq!((stall.messages, stall.payload_bytes), (sent.len() as u64, sent.iter().sum()), "{what}");
    for (party, line) in lines.iter().enumerate() {
        let wait = stall.waits.iter().find(|wait| wait.party == party);
        let stopped = stall.stopped.iter().find(|stopped| stopped.0 == party);
        let Some(next) = line.get(done[party]) else {
            assert!(wait.is_none() && stopped.is_none(), "{what}: {party} was done");
            continue;
        };
        let since_ps = next.start_ps;
        match next.kind {
            OccurrenceKind::Recv(message, way) => {
                let comes = lines[message.from][..done[message.from]]
                    .iter()
                    .any(|sent| sent.kind == OccurrenceKind::Send(message));
                let given_up_ps = since_ps.saturating_add(timeout_ps);
                let arrival_ps = if comes { way.arrival_ps } else { u64::MAX };
                if stop_ps[party] < u64::MAX && stop_ps[party] <= arrival_ps.max(next.end_ps).min(given_up_ps)
                    || comes && arrival_ps <= given_up_ps
                {
                    assert_eq!(stopped, Some(&(party, stop_ps[party])), "{what}");
                    assert_eq!(wait, None, "{what}");
                    ends.push((None, stop_ps[party]));
                    continue;
                }
                let wait = wait.unwrap_or_else(|| panic!("{what}: {party} waits"));
                assert_eq!((wait.peer, wait.since_ps), (message.from, since_ps), "{what}");
                let given_up_ps = (given_up_ps < u64::MAX).then_some(given_up_ps);
                assert_eq!(wait.given_up_ps, given_up_ps, "{what}");
                ends.push((given_up_ps, since_ps));
            }
            _ => {
                assert_eq!(stopped, Some(&(party, stop_ps[party])), "{what}");
                ends.push((None, stop_ps[party]));
            }
        }
    }
    let given_up = ends.iter().filter_map(|end| end.0).min();
    assert_eq!(stall.end_ps, given_up.unwrap_or(ends.iter().map(|end| end.1).max().unwrap()), "{what}");
}

#[test]
fn who_stops_or_gives_up_takes_along_who_waits_for_it_and_nobody_else() {
    let (mut stalled, mut given_up, mut went_on) = (0, 0, 0);
    for seed in 0..CASES {
        let (case, trace, lines) = healthy(seed);
        let mut dice = Dice::new(seed + 7_000_000);
        let end_ps = lines.iter().flatten().map(|occurrence| occurrence.end_ps).max().unwrap_or(0);
        let parties = case.network.parties;
        let mut stop_ps = vec![u64::MAX; parties];
        let mut faults = Faults::default();
        for _ in 0..dice.below(3) {
            let party = dice.below(parties as u64) as usize;
            // Often just when something ends.
            let ends: Vec<u64> = lines[party].iter().map(|occurrence| occurrence.end_ps).collect();
            let at_ps = if dice.chance(1, 2) && !ends.is_empty() {
                dice.one_of(&ends)
            } else {
                dice.below(end_ps + 2)
            };
            if stop_ps[party] == u64::MAX {
                stop_ps[party] = at_ps;
                faults.stops.push(Stop { party, at_ps });
            }
        }
        let waits: Vec<u64> = lines.iter().flatten().map(|o| o.waited_ps).filter(|&ps| ps > 0).collect();
        let mut timeout_ps = u64::MAX;
        if dice.chance(1, 2) {
            timeout_ps = if waits.is_empty() { 1 } else { dice.one_of(&waits) + dice.below(3) }
                .saturating_sub(1)
                .max(1);
            faults.timeout_ps = Some(timeout_ps);
        }
        let network = with_faults(&case.network, faults);
        let what = format!("{}\n{:?}", case.shape(), network.faults);
        let mut replayer = Replayer::new(&network, &case.endpoints);
        let whole: Vec<usize> = lines.iter().map(Vec::len).collect();
        match replayer.run(&trace, &mut ()) {
            Ok(replay) => {
                assert_eq!(done(&lines, &stop_ps, timeout_ps), whole, "{what}");
                let last = |line: &Vec<Occurrence>| line.last().map_or(0, |last| last.end_ps);
                let ends: Vec<u64> = replay.clocks.iter().map(|clock| clock.time_ps).collect();
                assert_eq!(ends, lines.iter().map(last).collect::<Vec<_>>(), "{what}");
                went_on += 1;
            }
            Err(SimError::Stalled(stall)) => {
                assert_ne!(done(&lines, &stop_ps, timeout_ps), whole, "{what}");
                check(&stall, &lines, &stop_ps, timeout_ps, &what);
                stalled += 1;
                given_up += u64::from(stall.waits.iter().any(|wait| wait.given_up_ps.is_some()));
                // The same once more, and as a live run.
                replayer.reset();
                let again = replayer.run(&trace, &mut ()).expect_err("it is the same");
                assert_eq!(again, SimError::Stalled(stall.clone()), "{what}");
                let live = Case { network, ..case };
                let live = run_script(&mut live.simulation(), &live.script).expect_err("it is the same");
                assert_eq!(live, SimError::Stalled(stall), "{what}");
            }
            Err(other) => panic!("{what}: {other}"),
        }
    }
    assert!(stalled > 300 && given_up > 100 && went_on > 300, "{stalled} {given_up} {went_on}");
}

/// The same trace with a party's work, and a network's costs of it, so many times as large.
fn slower(trace: &Trace, party: usize, factor: u64) -> Trace {
    let mut builder = TraceBuilder::new(trace.parties());
    for each in 0..trace.parties() {
        for event in trace.events(each) {
            let kind = match event.kind {
                EventKind::Work { ps } if each == party => EventKind::Work { ps: ps * factor },
                kind => kind,
            };
            builder.push(each, Event { kind, span: event.span });
        }
    }
    builder.finish(trace.spans().clone())
}

#[test]
fn a_party_that_is_slow_all_the_time_takes_so_many_times_as_long_for_all_it_does() {
    for seed in 0..CASES {
        let mut case = Case::new(seed, Features::EVERYTHING);
        case.network.links.iter_mut().for_each(|link| link.latency_ps += 1);
        let trace = run_script(&mut case.simulation(), &case.script).expect("no deadlock").trace;
        let mut dice = Dice::new(seed + 6_000_000);
        let (party, factor) = (dice.below(case.network.parties as u64) as usize, 1 + dice.below(9));
        let slow = Slow { party, from_ps: 0, to_ps: 1 << 60, factor_millionths: factor * 1_000_000 };
        let network = with_faults(&case.network, Faults { slow: vec![slow], ..Faults::default() });
        let replay = Replayer::new(&network, &case.endpoints).run(&trace, &mut ()).expect("it ran");
        let mut endpoints = case.endpoints.clone();
        let own = &mut endpoints[party];
        [&mut own.send_ps, &mut own.receive_ps, &mut own.wake_ps].into_iter().for_each(|ps| *ps *= factor);
        let expected = Replayer::new(&case.network, &endpoints)
            .run(&slower(&trace, party, factor), &mut ())
            .expect("it ran");
        assert_eq!(replay.clocks, expected.clocks, "{}, {party} {factor} times", case.shape());
        let later = Slow { from_ps: 1 << 60, to_ps: 1 << 61, ..slow };
        let network = with_faults(&case.network, Faults { slow: vec![later], ..Faults::default() });
        let replay = Replayer::new(&network, &case.endpoints).run(&trace, &mut ()).expect("it ran");
        let expected = Replayer::new(&case.network, &case.endpoints).run(&trace, &mut ()).expect("it ran");
        assert_eq!(replay.clocks, expected.clocks, "slow when all is over");
    }
}

#[test]
fn a_message_that_is_held_comes_later_and_one_that_is_kept_never() {
    let (mut kept, mut compared) = (0, 0);
    for seed in 0..CASES {
        let (case, trace, lines) = healthy(seed);
        let party = (seed % case.network.parties as u64) as usize;
        let sends: Vec<&Occurrence> =
            lines[party].iter().filter(|o| matches!(o.kind, OccurrenceKind::Send(_))).collect();
        let mut dice = Dice::new(seed + 5_000_000);
        if sends.is_empty() {
            continue;
        }
        let at = dice.below(sends.len() as u64) as usize;
        let OccurrenceKind::Send(message) = sends[at].kind else { unreachable!() };
        let held = Held { party, which: Which::Number(at as u64 + 1), delay_ps: Some(123_456) };
        let network = with_faults(&case.network, Faults { held: Some(held.clone()), ..Faults::default() });
        let mut late = Lines(vec![Vec::new(); case.network.parties]);
        Replayer::new(&network, &case.endpoints).run(&trace, &mut late).expect("it ran");
        let way = |lines: &[Vec<Occurrence>]| {
            lines[message.to].iter().find_map(|occurrence| match occurrence.kind {
                OccurrenceKind::Recv(id, way) if id == message => Some(way),
                _ => None,
            })
        };
        let (on_time, delayed) = (way(&lines).expect("received"), way(&late.0).expect("received"));
        // Nobody overtakes on a link: it is compared where nobody was in the way.
        let alone = on_time.head_ps == on_time.start_ps + on_time.delay_ps;
        if delayed.sent_ps == on_time.sent_ps && alone && on_time.latency_ps == on_time.delay_ps {
            compared += 1;
            assert_eq!(delayed.delay_ps, on_time.delay_ps + 123_456, "{}", case.shape());
            assert_eq!(delayed.arrival_ps, on_time.arrival_ps + 123_456, "{}", case.shape());
        }
        let never = Held { delay_ps: None, ..held };
        let network = with_faults(&case.network, Faults { held: Some(never), ..Faults::default() });
        let error = Replayer::new(&network, &case.endpoints).run(&trace, &mut ()).expect_err("it stalls");
        let SimError::Stalled(stall) = error else { panic!("{error}") };
        assert!(stall.waits.iter().any(|wait| (wait.peer, wait.party) == (party, message.to)), "{stall:?}");
        kept += 1;
    }
    assert!(kept > 1000 && compared > 300, "{kept} {compared}");
}
