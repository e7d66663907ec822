//! Time belongs to the span that caused it: while a message waits, to those before it.

use mpcsim::{
    ledger::{Breakdown, SpanCost},
    sim::{
        Endpoint, Event, EventKind, Interface, Jitter, Link, Network, Parts, Replayer, SpanId, SpanTree, Tcp,
        Trace, TraceBuilder,
    },
};

use crate::sim::support::{Case, Dice, Features, run_script};

const US: u64 = 1_000_000;

/// A trace of lines of (span, kind).
fn trace(lines: &[Vec<(&'static str, EventKind)>]) -> Trace {
    let mut spans = SpanTree::new();
    let mut builder = TraceBuilder::new(lines.len());
    for (party, line) in lines.iter().enumerate() {
        for &(name, kind) in line {
            let span = spans.intern(SpanId::ROOT, name);
            builder.push(party, Event { kind, span });
        }
    }
    builder.finish(spans.into())
}

fn send(to: usize, payload_bytes: u64) -> EventKind {
    EventKind::Send { to, payload_bytes }
}

fn recv(from: usize, ordinal: u64) -> EventKind {
    EventKind::Recv { from, ordinal, group_start: true }
}

/// 1 byte a nanosecond, 50 us away.
fn network(parties: usize) -> Network {
    let link = Link { latency_ps: 50 * US, bandwidth_bps: Some(8_000_000_000), ..Link::INSTANT };
    Network::uniform(parties, link)
}

fn taken_apart(trace: &Trace, network: &Network) -> Breakdown {
    Breakdown::of(trace, network, &vec![Endpoint::default(); network.parties]).expect("no deadlock")
}

/// [latency, serialisation, queueing] in microseconds, and rounds along the critical path.
fn of_span(breakdown: &Breakdown, path: &str) -> ([u64; 3], u64) {
    let span = breakdown.spans.iter().find(|span| span.path == path).expect("a span of that name");
    let Parts { latency_ps, serialisation_ps, queueing_ps, .. } = span.critical_path;
    ([latency_ps, serialisation_ps, queueing_ps].map(|ps| ps / US), span.critical_path_rounds)
}

/// A short message behind a long one: the long one held the link, and the time is its own.
#[test]
fn who_held_the_link_is_charged() {
    let wanted = trace(&[
        vec![("long", send(1, 6_000_000)), ("short", send(1, 1000))],
        vec![("short", recv(0, 1)), ("long", recv(0, 0))],
    ]);
    let apart = taken_apart(&wanted, &network(2));
    assert_eq!(of_span(&apart, "long"), ([0, 6000, 0], 0));
    assert_eq!(of_span(&apart, "short"), ([50, 1, 0], 1));
    let link = &apart.links[0];
    assert_eq!((link.critical_path.total_ps(), link.critical_path_rounds), (6051 * US, 1));
}

/// The sender's interface holds up what goes to another party.
#[test]
fn who_held_the_senders_interface_is_charged() {
    let wanted = trace(&[
        vec![("long", send(1, 6_000_000)), ("other", send(2, 3000)), ("short", send(1, 1000))],
        vec![("short", recv(0, 1)), ("long", recv(0, 0))],
        vec![("other", recv(0, 0))],
    ]);
    let mut network = network(3);
    network.interfaces[0].egress_bps = Some(4_000_000_000);
    let apart = taken_apart(&wanted, &network);
    assert_eq!(of_span(&apart, "long"), ([0, 12_000, 0], 0));
    assert_eq!(of_span(&apart, "other"), ([0, 6, 0], 0));
    assert_eq!(of_span(&apart, "short"), ([50, 2, 0], 1));
    let [to_1, to_2] = [0, 1].map(|at| apart.links[at].critical_path.total_ps() / US);
    assert_eq!((to_1, to_2), (12_052, 6));
}

/// At the receiver's interface, what others sent is queueing, and theirs; what the same party sent is serialisation.
#[test]
fn who_held_the_receivers_interface_is_charged() {
    let wanted = trace(&[
        vec![("last", recv(2, 1)), ("first", recv(2, 0)), ("foreign", recv(1, 0))],
        vec![("start", EventKind::Work { ps: US }), ("foreign", send(0, 3_000_000))],
        vec![("first", send(0, 1000)), ("pause", EventKind::Work { ps: 2 * US }), ("last", send(0, 1000))],
    ]);
    let mut network = network(3);
    network.interfaces[0].ingress_bps = Some(2_000_000_000);
    // Heads: first 50 us, foreign 51 us, last 52 us. The interface: first until 54, foreign until 12,054, last until 12,058.
    let apart = taken_apart(&wanted, &network);
    assert_eq!(apart.spans[0].critical_path.total_ps(), 12_058 * US);
    assert_eq!(of_span(&apart, "foreign"), ([0, 0, 12_000], 0));
    assert_eq!(of_span(&apart, "first"), ([0, 2, 0], 0));
    assert_eq!(of_span(&apart, "last"), ([50, 4, 0], 1));
    let queueing = |at: usize| apart.links[at].critical_path.queueing_ps / US;
    assert_eq!((queueing(2), queueing(4)), (12_000, 0), "on the link from party 1, not on that from party 2");
}

/// While TCP's window lets in nothing, the link stands still: that time belongs to the message whose packets wait, also of
/// those behind it.
#[test]
fn whose_window_kept_the_link_empty_is_charged() {
    let network = Network { tcp: Some(Tcp::LINUX), ..network(2) };
    for (pause_us, before) in [(0, [0, 28_960, 86_968]), (50, [50_000, 14_480, 51_448])] {
        let wanted = trace(&[
            vec![
                ("long", send(1, 20 * 1448)),
                ("pause", EventKind::Work { ps: pause_us * US }),
                ("short", send(1, 1000)),
            ],
            vec![("short", recv(0, 1)), ("long", recv(0, 0))],
        ]);
        // Ten packets of 1.448 us; the first is acknowledged 100 us after it had entered; ten more, and the short one.
        let apart = taken_apart(&wanted, &network);
        let span = |path: &str| {
            let found = apart.spans.iter().find(|span| span.path == path);
            let parts = found.map_or(Parts::default(), |span| span.critical_path);
            [parts.latency_ps, parts.compute_ps, parts.serialisation_ps, parts.window_ps].map(|ps| ps / 1000)
        };
        let [compute, serialisation, window] = before;
        assert_eq!(span("long"), [0, 0, serialisation, window]);
        assert_eq!(span("pause"), [0, compute, 0, 0]);
        assert_eq!(span("short"), [50_000, 0, 1000, 0]);
        let link = &apart.links[0].critical_path;
        assert_eq!((link.window_ps / 1000, link.queueing_ps), (window, 0));
    }
}

/// Jitter of a message that nobody may overtake.
#[test]
fn whose_jitter_held_it_is_charged() {
    let mut network = network(2);
    network.link_mut(0, 1).jitter = Jitter::Uniform { max_ps: 1000 * US };
    let bytes = 1000;
    let wanted = trace(&[
        (0..20).map(|k| (if k < 19 { "before" } else { "last" }, send(1, bytes))).collect(),
        (0..20).rev().map(|k| (if k < 19 { "before" } else { "last" }, recv(0, k))).collect(),
    ]);
    let apart = taken_apart(&wanted, &network);
    let jitter_ps = |k| network.jitter_ps(0, 1, k).expect("small") as u64;
    let delay_ps = 50 * US + jitter_ps(19);
    let slowest_ps = (0..20).map(|k| (k + 1) * US + 50 * US + jitter_ps(k)).max().unwrap();
    let (last, before) = (of_span(&apart, "last"), of_span(&apart, "before"));
    assert!(slowest_ps > 20 * US + delay_ps, "the last one is held up");
    assert_eq!(last, ([delay_ps / US, 1, 0], 1));
    assert_eq!(before.0[1..], [19, 0]);
    assert_eq!(apart.spans[0].critical_path.total_ps(), slowest_ps);
    assert_eq!(apart.spans[0].critical_path.latency_ps, slowest_ps - 20 * US);
}

/// One sender's bytes on a way that nobody else uses: the same parts however they are split into messages.
#[test]
fn the_split_of_a_message_changes_no_part() {
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let rate = |dice: &mut Dice| {
            dice.one_of(&[None, Some(8_000_000_000), Some(2_000_000_000), Some(800_000_000)])
        };
        let mut network = network(2);
        network.link_mut(0, 1).bandwidth_bps = rate(&mut dice);
        network.interfaces[0] = Interface { egress_bps: rate(&mut dice), ingress_bps: None };
        network.interfaces[1] = Interface { egress_bps: None, ingress_bps: rate(&mut dice) };
        let parts = |sizes: &[u64]| {
            let sends = sizes.iter().map(|&bytes| ("", send(1, bytes))).collect();
            let recvs = (0..sizes.len() as u64).map(|k| ("", recv(0, k))).collect();
            let trace = trace(&[sends, recvs]);
            let replay = Replayer::new(&network, &[Endpoint::default(); 2]).run(&trace, &mut ());
            let clock = replay.expect("no deadlock").clocks[1];
            assert_eq!(taken_apart(&trace, &network).spans[0].critical_path, clock.parts, "seed {seed}");
            clock.parts
        };
        let mut sizes: Vec<u64> = (0..1 + dice.below(9)).map(|_| dice.below(50_000)).collect();
        let whole = parts(&[sizes.iter().sum()]);
        assert_eq!((whole.compute_ps, whole.latency_ps, whole.queueing_ps), (0, 50 * US, 0));
        // With a slow interface behind a fast link, or a fast one behind a slow link, the last piece decides when the
        // last bit is through; that pieces are cut through one by one changes nothing either.
        sizes.push(1 + dice.below(1000));
        let one: u64 = sizes.iter().sum();
        assert_eq!(parts(&[one]).queueing_ps, 0);
        assert_eq!(parts(&sizes), parts(&[one]), "seed {seed}: {sizes:?}");
    }
}

/// The rounds of a row are those of its time: each has the latency of a link.
#[test]
fn latency_and_rounds_of_a_row_belong_together() {
    let features = Features { jitter: false, ..Features::EVERYTHING };
    let (mut rows, mut queued) = (0, 0);
    for seed in 0..600 {
        let case = Case::new(seed, features);
        let Ok(run) = run_script(&mut case.simulation(), &case.script) else { panic!("{}", case.shape()) };
        // It checks by itself that the parts are those of the engine.
        let apart = Breakdown::of(&run.trace, &case.network, &case.endpoints).expect("no deadlock");
        for link in &apart.links {
            let latency_ps = case.network.link(link.from, link.to).latency_ps;
            assert_eq!(link.critical_path.latency_ps, link.critical_path_rounds * latency_ps);
            assert_eq!(link.critical_path.compute_ps, 0);
        }
        let links = case.network.links.iter().enumerate();
        let latencies =
            links.filter(|(at, _)| at % (case.network.parties + 1) != 0).map(|(_, link)| link.latency_ps);
        let (least, most) = (latencies.clone().min().unwrap(), latencies.max().unwrap());
        for SpanCost { critical_path, critical_path_rounds, path, .. } in &apart.spans {
            let latency_ps = critical_path.latency_ps;
            let possible = critical_path_rounds * least..=critical_path_rounds * most;
            assert!(possible.contains(&latency_ps), "{}: {path}", case.shape());
            rows += 1;
        }
        queued += u64::from(apart.spans[0].critical_path.queueing_ps > 0);
        let rounds: u64 = apart.links.iter().map(|link| link.critical_path_rounds).sum();
        assert_eq!(apart.spans[0].critical_path_rounds, rounds);
        let shared = case.network.interfaces.iter().any(|interface| interface.ingress_bps.is_some());
        assert!(shared || apart.spans[0].critical_path.queueing_ps == 0, "nobody shares a way with others");
    }
    assert!(rows > 1000 && queued > 50, "{rows} rows, {queued} with queueing");
}

/// Parts and rows add up where windows make messages wait; the breakdown checks by itself that they are the engine's.
#[test]
fn random_cases_with_windows_add_up() {
    let mut waited = 0;
    for seed in 0..400 {
        let case = Case::new(seed, Features { jitter: false, ingress: false, wake: true });
        let mut network = Network { tcp: Some(Tcp::LINUX), ..case.network.clone() };
        network.interfaces.fill(Interface::default());
        network.links.iter_mut().for_each(|link| link.latency_ps *= 50);
        let tcp = network.tcp.as_mut().expect("as said");
        (tcp.initial_window, tcp.rto_min_ps, tcp.tick_ps) = (1 + seed % 7, US, 0);
        let case = Case { network, ..case };
        let run = run_script(&mut case.simulation(), &case.script).expect("no deadlock");
        let apart = Breakdown::of(&run.trace, &case.network, &case.endpoints).expect("no deadlock");
        let links = apart.links.iter().map(|link| link.critical_path.window_ps);
        let root = apart.spans[0].critical_path;
        assert_eq!(links.sum::<u64>(), root.window_ps, "{}", case.shape());
        assert_eq!(root.queueing_ps, 0, "{}", case.shape());
        waited += u64::from(root.window_ps > 0);
    }
    assert!(waited > 50, "only {waited} of 400 waited for a window");
}

/// What jitter and shared interfaces do together adds up too.
#[test]
fn every_random_case_adds_up() {
    for seed in 10_000..11_000 {
        let case = Case::new(seed, Features::EVERYTHING);
        let run = run_script(&mut case.simulation(), &case.script).expect("no deadlock");
        let apart = Breakdown::of(&run.trace, &case.network, &case.endpoints).expect("no deadlock");
        let links: u64 = apart.links.iter().map(|link| link.critical_path.total_ps()).sum();
        let Parts { compute_ps, .. } = apart.spans[0].critical_path;
        assert_eq!(links + compute_ps, apart.spans[0].critical_path.total_ps(), "{}", case.shape());
    }
}
