//! What must hold under any network, and what must not be claimed.

use mpcsim::sim::{
    Clock, Endpoint, EventKind, Interface, Link, MessageId, Network, Observer, Occurrence, OccurrenceKind,
    Replayer, Simulation, SpanId, SpanTree, Trace, TraceBuilder, World,
};

use super::support::{Case, Dice, Features, run_script};

const CASES: u64 = 1000;

/// Checks the timeline of each event, and adds up wire bytes per link.
struct Watch {
    parties: usize,
    wire_bytes: Vec<u64>,
    /// By link: ordinal, head and arrival of the message received last.
    last: Vec<Option<MessageId>>,
    heads: Vec<Vec<(u64, u64, u64)>>,
    times: Vec<u64>,
    greatest_depth: u64,
}

impl Watch {
    fn new(parties: usize) -> Watch {
        Watch {
            parties,
            wire_bytes: vec![0; parties * parties],
            last: vec![None; parties * parties],
            heads: vec![Vec::new(); parties * parties],
            times: vec![0; parties],
            greatest_depth: 0,
        }
    }
}

impl Observer for Watch {
    fn event(&mut self, event: &Occurrence) {
        assert_eq!(event.start_ps, self.times[event.party], "a party's events follow each other");
        assert!(event.end_ps >= event.start_ps + event.waited_ps);
        self.times[event.party] = event.end_ps;
        match event.kind {
            OccurrenceKind::Work => assert!(event.end_ps > event.start_ps),
            OccurrenceKind::Send(message) => {
                let link = message.from * self.parties + message.to;
                assert_eq!(message.ordinal, self.last[link].map_or(0, |last| last.ordinal + 1));
                self.last[link] = Some(message);
                self.wire_bytes[link] += event.wire_bytes;
                self.greatest_depth = self.greatest_depth.max(event.depth);
                assert!(event.wire_bytes >= event.payload_bytes);
            }
            OccurrenceKind::Recv(message, way) => {
                let link = message.from * self.parties + message.to;
                assert!(way.sent_ps <= way.start_ps && way.start_ps <= way.serialised_ps);
                assert!(way.start_ps <= way.head_ps && way.head_ps <= way.arrival_ps);
                assert!(way.serialised_ps <= way.arrival_ps && way.arrival_ps <= event.end_ps);
                assert_eq!(event.waited_ps, way.arrival_ps.saturating_sub(event.start_ps));
                self.heads[link].push((message.ordinal, way.head_ps, way.arrival_ps));
            }
        }
    }
}

fn latest(clocks: &[Clock]) -> u64 {
    clocks.iter().map(|clock| clock.time_ps).max().expect("at least one party")
}

fn least_ps(bytes: u64, bps: Option<u64>) -> u64 {
    bps.map_or(0, |bps| {
        u64::try_from(u128::from(bytes) * 8_000_000_000_000 / u128::from(bps)).expect("small")
    })
}

#[test]
fn no_run_beats_latency_or_bandwidth_and_no_message_overtakes() {
    for seed in 0..CASES {
        let case = Case::new(seed, Features::EVERYTHING);
        let run = run_script(&mut case.simulation(), &case.script).expect("no deadlock");
        let (network, n) = (&case.network, case.network.parties);
        let mut watch = Watch::new(n);
        let replay =
            Replayer::new(network, &case.endpoints).run(&run.trace, &mut watch).expect("no deadlock");
        let end = latest(&replay.clocks);
        let off_diagonal = |link: &usize| link / n != link % n;
        let links = (0..n * n).filter(off_diagonal);
        let least_latency = links.map(|link| network.links[link].latency_ps).min().expect("two parties");
        assert_eq!(watch.greatest_depth, run.rounds(), "{}", case.shape());
        assert!(end >= run.rounds() * least_latency, "{}", case.shape());
        for p in 0..n {
            let sum = |links: Vec<usize>| links.iter().map(|&link| watch.wire_bytes[link]).sum::<u64>();
            let (sent, got) =
                (sum((0..n).map(|q| p * n + q).collect()), sum((0..n).map(|q| q * n + p).collect()));
            assert!(end >= least_ps(sent, network.interfaces[p].egress_bps), "{}", case.shape());
            assert!(end >= least_ps(got, network.interfaces[p].ingress_bps), "{}", case.shape());
        }
        for link in (0..n * n).filter(off_diagonal) {
            let bound = least_ps(watch.wire_bytes[link], network.links[link].bandwidth_bps);
            assert!(end >= bound, "{}", case.shape());
            let heads = &mut watch.heads[link];
            heads.sort_unstable();
            let in_order = |pair: &[(u64, u64, u64)]| pair[0].1 <= pair[1].1 && pair[0].2 <= pair[1].2;
            assert!(heads.windows(2).all(in_order), "overtaken on link {link}, {}", case.shape());
        }
    }
}

/// True of links and outgoing interfaces when waking costs nothing. See the two tests below for why
/// no more is claimed.
#[test]
fn a_worse_network_is_never_faster() {
    let features = Features { ingress: false, wake: false, jitter: true };
    for seed in 0..CASES {
        let case = Case::new(seed, features);
        let trace = run_script(&mut case.simulation(), &case.script).expect("no deadlock").trace;
        let before = Replayer::new(&case.network, &case.endpoints).run(&trace, &mut ()).expect("no deadlock");
        let mut worse = case.network.clone();
        let mut dice = Dice::new(seed + 77);
        let slower = |bps: Option<u64>, dice: &mut Dice| match bps {
            None => dice.chance(1, 5).then_some(1_000_000_000),
            Some(bps) => Some(bps - dice.below(bps / 2)),
        };
        for link in &mut worse.links {
            link.latency_ps += if dice.chance(1, 2) { dice.below(10_000_000) } else { 0 };
            link.bandwidth_bps = slower(link.bandwidth_bps, &mut dice);
        }
        for interface in &mut worse.interfaces {
            interface.egress_bps = slower(interface.egress_bps, &mut dice);
        }
        let after = Replayer::new(&worse, &case.endpoints).run(&trace, &mut ()).expect("no deadlock");
        for (before, after) in before.clocks.iter().zip(&after.clocks) {
            assert!(after.time_ps >= before.time_ps, "{}", case.shape());
        }
    }
}

fn trace(lines: [&[EventKind]; 3]) -> Trace {
    let mut builder = TraceBuilder::new(3);
    for (party, line) in lines.iter().enumerate() {
        for &kind in *line {
            builder.push(party, mpcsim::sim::Event { kind, span: SpanId::ROOT });
        }
    }
    builder.finish(SpanTree::new().into())
}

fn send(payload_bytes: u64) -> EventKind {
    EventKind::Send { to: 0, payload_bytes }
}

fn recv(from: usize) -> EventKind {
    EventKind::Recv { from, ordinal: 0, group_start: true }
}

/// Why `wake` must be zero above: a party that is woken later for one message finds the next there,
/// and need not be woken again.
#[test]
fn waking_once_can_be_cheaper_than_waking_twice() {
    let program = trace([&[recv(1), recv(2)], &[send(0)], &[send(0)]]);
    let finish = |latency_ps| {
        let mut network = Network::uniform(3, Link::INSTANT);
        network.link_mut(1, 0).latency_ps = latency_ps;
        network.link_mut(2, 0).latency_ps = 36;
        let endpoints = [Endpoint { wake_ps: 25, ..Endpoint::default() }; 3];
        Replayer::new(&network, &endpoints).run(&program, &mut ()).expect("no deadlock").clocks[0].time_ps
    };
    assert_eq!(finish(10), 36 + 25);
    assert_eq!(finish(12), 12 + 25);
}

/// Why shared incoming interfaces are left out above: a large message that comes later lets a small
/// one pass that is needed first.
#[test]
fn a_later_message_can_let_a_needed_one_pass() {
    let program = trace([&[recv(2), EventKind::Work { ps: 5000 }, recv(1)], &[send(1000)], &[send(10)]]);
    let finish = |latency_ps| {
        let mut network = Network::uniform(3, Link::INSTANT);
        network.interfaces[0] = Interface { egress_bps: None, ingress_bps: Some(8_000_000_000_000) };
        network.link_mut(1, 0).latency_ps = latency_ps;
        network.link_mut(2, 0).latency_ps = 11;
        let mut replayer = Replayer::new(&network, &[Endpoint::default(); 3]);
        replayer.run(&program, &mut ()).expect("no deadlock").clocks[0].time_ps
    };
    assert_eq!(finish(10), 10 + 1000 + 10 + 5000);
    assert_eq!(finish(20), 11 + 10 + 5000);
}

#[test]
fn links_without_an_interface_do_not_hold_each_other_up() {
    let mut network = Network::uniform(3, Link::INSTANT);
    network.link_mut(0, 1).bandwidth_bps = Some(8_000_000_000);
    let mut simulation = Simulation::<()>::new(World::new(network));
    let run = |simulation: &mut Simulation<()>| {
        let program = |party: mpcsim::sim::Party<()>| -> super::support::Program<'static, ()> {
            Box::pin(async move {
                match party.id() {
                    0 => [1, 1, 2].into_iter().for_each(|to| party.send(to, 100, ())),
                    1 => both_from_zero(&party).await,
                    _ => party.recv(0).await,
                }
            })
        };
        let programs = (0..3).map(|id| program(simulation.party(id))).collect();
        simulation.run(programs).expect("no deadlock").clocks
    };
    let clocks = run(&mut simulation);
    assert_eq!(clocks.map_times(), [0, 200_000, 0]);
    assert_eq!((clocks[1].parts.serialisation_ps, clocks[1].parts.queueing_ps), (200_000, 0));
}

async fn both_from_zero(party: &mpcsim::sim::Party<()>) {
    party.recv(0).await;
    party.recv(0).await;
}

trait MapTimes {
    fn map_times(&self) -> Vec<u64>;
}

impl MapTimes for Vec<Clock> {
    fn map_times(&self) -> Vec<u64> {
        self.iter().map(|clock| clock.time_ps).collect()
    }
}
