//! TCP's congestion window, packet by packet in a few naive lines of its own, against the engine.

use std::collections::{BTreeMap, VecDeque};

use mpcsim::sim::{
    Clock, Endpoint, Event, EventKind, Finish, Link, Network, Parts, Phase, Prepared, SpanId, SpanTree, Tcp,
    Trace, TraceBuilder, WireOverhead, replay_many, replay_phases,
};

use super::{
    support::{Case, Dice, Features, packets_of, random_endpoints, run_script},
    sweeps::every_run,
};

pub const MS: u64 = 1_000_000_000;

/// One directed link, as section 2.3 of the model's description has it; times in picoseconds.
#[derive(Default)]
struct Connection {
    window: u64,
    /// When each packet in flight is acknowledged.
    flight: VecDeque<u64>,
    acknowledged: u64,
    sent: u64,
    looked_at: u64,
    limited: bool,
    most: u64,
    last_send: u64,
    free: u64,
    cursor: u64,
    /// When it carried a packet.
    busy: Vec<(u64, u64)>,
}

impl Connection {
    fn acknowledge(&mut self, now: u64) {
        while self.flight.front().is_some_and(|&at| at <= now) {
            self.flight.pop_front();
            self.acknowledged += 1;
            if self.limited || self.window < 2 * self.most {
                self.window += 1;
            }
        }
    }

    fn packet(&mut self, tcp: &Tcp, link: &Link, mut now: u64, bytes: u64) {
        now = now.max(self.cursor);
        self.acknowledge(now);
        let rto = 2 * link.latency_ps + tcp.rto_min_ps + tcp.tick_ps;
        if self.flight.is_empty() && tcp.restart_after_idle && now - self.last_send > rto {
            let mut idle = now - self.last_send;
            while idle > rto && self.window > tcp.initial_window {
                idle -= rto;
                self.window = (self.window / 2).max(tcp.initial_window);
            }
        }
        while self.flight.len() as u64 >= self.window {
            now = self.flight[0];
            self.acknowledge(now);
        }
        self.cursor = now;
        let start = now.max(self.free);
        let bits = u128::from(bytes) * 8 * 1_000_000_000_000;
        let takes = link.bandwidth_bps.map_or(0, |bps| bits.div_ceil(u128::from(bps)) as u64);
        self.free = start + takes;
        self.last_send = start;
        self.busy.push((start, self.free));
        self.flight.push_back(self.free + 2 * link.latency_ps);
        self.sent += 1;
        let length = self.flight.len() as u64;
        let full = length >= self.window;
        if self.acknowledged >= self.looked_at || full || (!self.limited && length > self.most) {
            (self.limited, self.most, self.looked_at) = (full, length, self.sent);
        }
    }

    /// When the message has entered, and for how long the link was busy until then.
    fn message(
        &mut self,
        tcp: &Tcp,
        link: &Link,
        overhead: &WireOverhead,
        now: u64,
        payload: u64,
    ) -> (u64, u64) {
        for bytes in packets_of(overhead, payload) {
            self.packet(tcp, link, now, bytes);
        }
        let busy = self.busy.iter().map(|&(from, to)| to.max(now) - from.max(now)).sum();
        (self.free, busy)
    }
}

/// Compute, latency, serialisation, window.
type Path = [u64; 4];

struct Oracle<'a> {
    network: &'a Network,
    endpoints: &'a [Endpoint],
    links: BTreeMap<(usize, usize), Connection>,
    parties: Vec<(Path, u64)>,
}

impl<'a> Oracle<'a> {
    fn new(network: &'a Network, endpoints: &'a [Endpoint]) -> Oracle<'a> {
        Oracle { network, endpoints, links: BTreeMap::new(), parties: vec![([0; 4], 0); network.parties] }
    }

    fn send(&mut self, from: usize, to: usize, payload: u64) -> (Path, u64) {
        let tcp = self.network.tcp.expect("a network with TCP");
        let link = self.network.link(from, to);
        self.parties[from].0[0] += self.endpoints[from].send_ps;
        let (mut path, depth) = self.parties[from];
        let now: u64 = path.iter().sum();
        let new = || Connection { window: tcp.initial_window, ..Connection::default() };
        let connection = self.links.entry((from, to)).or_insert_with(new);
        let (entered, busy) = connection.message(&tcp, link, &self.network.overhead, now, payload);
        path[1] += link.latency_ps;
        path[2] += busy;
        path[3] += entered - now - busy;
        (path, depth + 1)
    }

    fn recv(&mut self, party: usize, (path, depth): (Path, u64)) {
        let own = &mut self.parties[party];
        if path.iter().sum::<u64>() > own.0.iter().sum() {
            own.0 = path;
            own.0[0] += self.endpoints[party].wake_ps;
        }
        own.0[0] += self.endpoints[party].receive_ps;
        own.1 = own.1.max(depth);
    }

    fn run(&mut self, trace: &Trace) {
        let mut lines: Vec<_> = (0..trace.parties()).map(|party| trace.events(party).peekable()).collect();
        let mut ways: BTreeMap<(usize, usize), Vec<(Path, u64)>> = BTreeMap::new();
        while lines.iter_mut().any(|line| line.peek().is_some()) {
            for (party, line) in lines.iter_mut().enumerate() {
                while let Some(Event { kind, .. }) = line.peek() {
                    match *kind {
                        EventKind::Work { ps } => self.parties[party].0[0] += ps,
                        EventKind::Send { to, payload_bytes } => {
                            let way = self.send(party, to, payload_bytes);
                            ways.entry((party, to)).or_default().push(way);
                        }
                        EventKind::Recv { from, ordinal, .. } => {
                            let sent = ways.get(&(from, party)).and_then(|ways| ways.get(ordinal as usize));
                            let Some(&way) = sent else { break };
                            self.recv(party, way);
                        }
                    }
                    line.next();
                }
            }
        }
    }

    fn clocks(&self) -> Vec<Clock> {
        let clock = |&(path, depth): &(Path, u64)| {
            let [compute_ps, latency_ps, serialisation_ps, window_ps] = path;
            let parts = Parts { compute_ps, latency_ps, serialisation_ps, window_ps, queueing_ps: 0 };
            Clock { time_ps: path.iter().sum(), parts, depth }
        };
        self.parties.iter().map(clock).collect()
    }
}

fn random_tcp(dice: &mut Dice) -> Tcp {
    Tcp {
        initial_window: dice.one_of(&[1, 2, 3, 10, 10, 10, 40]),
        restart_after_idle: dice.chance(2, 3),
        rto_min_ps: dice.one_of(&[1, 1_000_000, MS, 30 * MS, 200 * MS]),
        tick_ps: dice.one_of(&[0, MS, 4 * MS]),
    }
}

/// Links of which some are slow for their latency, some far for their bandwidth, and some neither.
pub fn random_network(dice: &mut Dice, parties: usize) -> Network {
    let link = |dice: &mut Dice| Link {
        latency_ps: dice.one_of(&[0, 1_000_000, 777_777, 200_000_000, 5 * MS, 40 * MS, 100 * MS + 1]),
        bandwidth_bps: dice.one_of(&[
            None,
            Some(100_000),
            Some(50_000_000),
            Some(200_000_000),
            Some(123_456_789),
            Some(10_000_000_000),
        ]),
        ..Link::INSTANT
    };
    let mut network = Network::uniform(parties, link(dice));
    if dice.chance(1, 2) {
        network.links.iter_mut().for_each(|own| *own = link(dice));
    }
    network.overhead = WireOverhead {
        header_bytes: dice.one_of(&[0, 4, 4, 3000]),
        per_message_bytes: dice.one_of(&[0, 0, 22, 100_000]),
        per_segment_bytes: dice.one_of(&[0, 52, 90]),
        segment_payload_bytes: dice.one_of(&[1448, 1448, 1446, 100]),
    };
    network.tcp = Some(random_tcp(dice));
    network
}

/// Messages of all sizes and pauses of all lengths; each is received somewhere after it was sent.
pub fn random_trace(dice: &mut Dice, parties: usize, steps: u64) -> Trace {
    random_trace_beside(dice, parties, 0, steps)
}

/// The same, beside so many parties that do nothing.
pub fn random_trace_beside(dice: &mut Dice, parties: usize, idle: usize, steps: u64) -> Trace {
    let mut builder = TraceBuilder::new(parties + idle);
    let mut sent = vec![0; parties * parties];
    let mut open = Vec::new();
    let receive = |builder: &mut TraceBuilder, (from, to, ordinal): (usize, usize, u64)| {
        let kind = EventKind::Recv { from, ordinal, group_start: true };
        builder.push(to, Event { kind, span: SpanId::ROOT });
    };
    for _ in 0..steps {
        let from = dice.below(parties as u64) as usize;
        let to = (from + 1 + dice.below(parties as u64 - 1) as usize) % parties;
        match dice.below(8) {
            0 | 1 => {
                let most = dice.one_of(&[MS, 10 * MS, 500 * MS, 5000 * MS]);
                let kind = EventKind::Work { ps: dice.below(most) };
                builder.push(from, Event { kind, span: SpanId::ROOT });
            }
            2..=4 => {
                let most = dice.one_of(&[1, 100, 3000, 40_000, 400_000, 1_000_000]);
                let any = dice.below(most);
                let payload_bytes = dice.one_of(&[any, 1448, 14_480]);
                builder.push(from, Event { kind: EventKind::Send { to, payload_bytes }, span: SpanId::ROOT });
                open.push((from, to, sent[from * parties + to]));
                sent[from * parties + to] += 1;
            }
            _ if !open.is_empty() => {
                // Often the answer to what has just come.
                let at =
                    if dice.chance(1, 2) { open.len() - 1 } else { dice.below(open.len() as u64) as usize };
                receive(&mut builder, open.swap_remove(at));
            }
            _ => {}
        }
    }
    open.into_iter().for_each(|message| receive(&mut builder, message));
    builder.finish(SpanTree::new().into())
}

#[test]
fn windows_are_those_of_the_oracle() {
    let mut waited = 0;
    for seed in 0..600 {
        let mut dice = Dice::new(seed);
        let parties = 2 + dice.below(2) as usize;
        let network = random_network(&mut dice, parties);
        let endpoints = random_endpoints(&mut dice, parties, Features::EVERYTHING);
        // Many messages, so that windows come to where they stay.
        let steps = dice.one_of(&[60, 60, 60, 900]);
        let traces = [0; 2].map(|_| random_trace(&mut dice, parties, steps));
        let mut oracle = Oracle::new(&network, &endpoints);
        let order = [0, 1, 0, 0].map(|which| &traces[which]);
        for count in 1..=order.len() {
            oracle.run(order[count - 1]);
            let phases: Vec<_> = order[..count].iter().map(|&trace| (trace, 1)).collect();
            let clocks = every_run(&network, &endpoints, &phases).expect("no overflow").clocks;
            assert_eq!(clocks, oracle.clocks(), "seed {seed}, run {count}, {network:?}");
        }
        waited += u64::from(oracle.clocks().iter().any(|clock| clock.parts.window_ps > 0));
    }
    assert!(waited > 300, "only {waited} of 600 networks made anybody wait");
}

/// Large messages, which the engine takes in few steps.
#[test]
fn long_messages_are_those_of_the_oracle() {
    for seed in 0..60 {
        let mut dice = Dice::new(9000 + seed);
        let mut network = random_network(&mut dice, 2);
        network.tcp = Some(Tcp { restart_after_idle: dice.chance(1, 2), ..Tcp::LINUX });
        let mut builder = TraceBuilder::new(2);
        for ordinal in 0..4 {
            let kinds = [
                EventKind::Work { ps: dice.one_of(&[0, MS, 300 * MS, 900 * MS]) },
                EventKind::Send { to: 1, payload_bytes: dice.below(20_000_000) },
            ];
            kinds.into_iter().for_each(|kind| builder.push(0, Event { kind, span: SpanId::ROOT }));
            let kind = EventKind::Recv { from: 0, ordinal, group_start: true };
            builder.push(1, Event { kind, span: SpanId::ROOT });
        }
        let trace = builder.finish(SpanTree::new().into());
        let endpoints = [Endpoint::default(); 2];
        let mut oracle = Oracle::new(&network, &endpoints);
        (0..2).for_each(|_| oracle.run(&trace));
        let clocks = every_run(&network, &endpoints, &[(&trace, 2)]).expect("no overflow").clocks;
        assert_eq!(clocks, oracle.clocks(), "seed {seed}, {network:?}");
    }
}

/// Live runs, and replays of many networks and many runs, which leap over what repeats.
#[test]
fn all_ways_agree_with_windows() {
    for seed in 0..200 {
        let mut dice = Dice::new(20_000 + seed);
        let case = Case::new(seed, Features::EVERYTHING);
        let mut network = random_network(&mut dice, case.network.parties);
        let case = Case { network: network.clone(), ..case };
        let live = run_script(&mut case.simulation(), &case.script).expect("no deadlock");
        let engine = every_run(&network, &case.endpoints, &[(&live.trace, 1)]).expect("no overflow");
        assert_eq!(live.clocks, engine.clocks, "seed {seed}");
        let other = random_trace(&mut dice, network.parties, 30);
        let traces = [&live.trace, &other];
        let prepared = traces.map(|trace| Prepared::new(trace, &case.endpoints).expect("it ends"));
        let plan = [(0, 3), (1, dice.one_of(&[1, 2, 40, 90])), (0, dice.one_of(&[0, 1, 30]))];
        let phases = plan.map(|(which, times)| Phase { trace: &prepared[which], times });
        let slow = plan.map(|(which, times)| (traces[which], times));
        let mut plain = network.clone();
        plain.tcp = None;
        let mut networks = vec![network.clone(), plain, network.clone()];
        // Enough for some that are run side by side, and some that are left over; none is like another.
        for _ in 0..9 {
            let parties = network.parties;
            let overhead = if dice.chance(1, 2) {
                network.overhead
            } else {
                random_network(&mut dice, parties).overhead
            };
            networks.push(Network { overhead, ..random_network(&mut dice, parties) });
        }
        let many = replay_many(&phases, &networks);
        for (network, many) in networks.iter().zip(many) {
            let expected = every_run(network, &case.endpoints, &slow).expect("no overflow");
            assert_eq!(many.expect("no overflow").clocks, expected.clocks, "seed {seed}, {network:?}");
            assert_eq!(replay_phases(&phases, network).as_ref(), Ok(&expected), "seed {seed}, {network:?}");
        }
        network.tcp = None;
        let plain = every_run(&network, &case.endpoints, &slow).expect("no overflow");
        assert_eq!(plain.clocks.iter().map(|clock| clock.parts.window_ps).sum::<u64>(), 0);
    }
}

/// A request that is large, an answer, and a pause.
fn large_request(bytes: u64, pause_ps: u64) -> Trace {
    let mut builder = TraceBuilder::new(2);
    let mut push = |party, kind| builder.push(party, Event { kind, span: SpanId::ROOT });
    push(0, EventKind::Send { to: 1, payload_bytes: bytes });
    push(1, EventKind::Recv { from: 0, ordinal: 0, group_start: true });
    push(1, EventKind::Send { to: 0, payload_bytes: 8 });
    push(0, EventKind::Recv { from: 1, ordinal: 0, group_start: true });
    push(0, EventKind::Work { ps: pause_ps });
    builder.finish(SpanTree::new().into())
}

fn far() -> Network {
    let link = Link { latency_ps: 40 * MS, bandwidth_bps: Some(200_000_000), ..Link::INSTANT };
    let overhead = WireOverhead { header_bytes: 4, per_segment_bytes: 52, ..WireOverhead::NONE };
    Network { tcp: Some(Tcp::LINUX), overhead, ..Network::uniform(2, link) }
}

/// Iterations whose windows repeat are not run: a billion of them take no time, whatever the pause between them.
#[test]
fn iterations_with_windows_are_leapt_over() {
    let endpoints = [Endpoint::default(); 2];
    for pause_ps in [0, 100 * MS, 300 * MS, 700 * MS, 100_000 * MS] {
        let trace = large_request(1_000_000, pause_ps);
        let prepared = Prepared::new(&trace, &endpoints).expect("it ends");
        for restart_after_idle in [false, true] {
            let tcp = Some(Tcp { restart_after_idle, ..Tcp::LINUX });
            let network = Network { tcp, ..far() };
            let replay = |times| {
                let phases = [Phase { trace: &prepared, times }];
                let many = replay_many(&phases, std::slice::from_ref(&network)).remove(0);
                let finish: Finish = many.expect("no overflow");
                finish.clocks[0]
            };
            let slow = every_run(&network, &endpoints, &[(&trace, 40)]).expect("no overflow");
            assert_eq!(replay(40), slow.clocks[0]);
            let (near, next) = (replay(40), replay(41));
            let each_ps = next.time_ps - near.time_ps;
            assert_eq!(replay(80_040).time_ps, near.time_ps + 80_000 * each_ps);
            let waits = next.parts.window_ps - near.parts.window_ps;
            assert_eq!(waits > 0, restart_after_idle && pause_ps >= 300 * MS, "{pause_ps} ps: {waits} ps");
        }
    }
}

/// Doubling from ten packets: of 1,000,000 bytes (692 packets with the one of the length), 10, 20, 40, … go out in each round trip.
#[test]
fn a_first_large_message_takes_its_round_trips() {
    let trace = large_request(1_000_000, 0);
    let mut network = far();
    network.links.iter_mut().for_each(|link| link.bandwidth_bps = None);
    let time_ms = |network: &Network| {
        every_run(network, &[Endpoint::default(); 2], &[(&trace, 1)]).expect("no overflow").clocks[1].time_ps
            / MS
    };
    // 10 + 20 + … + 320 = 630 < 692 <= 1270: six round trips of 80 ms before the last packets go.
    assert_eq!(time_ms(&network), 6 * 80 + 40);
    network.tcp = Some(Tcp { initial_window: 692, ..Tcp::LINUX });
    assert_eq!(time_ms(&network), 40);
    network.tcp = Some(Tcp { initial_window: 691, ..Tcp::LINUX });
    assert_eq!(time_ms(&network), 120);
    network.tcp = None;
    assert_eq!(time_ms(&network), 40);
}

/// Packets without bytes (empty messages without framing) are acknowledged together with those before them.
#[test]
fn empty_packets_are_those_of_the_oracle() {
    for seed in 0..400 {
        let mut dice = Dice::new(40_000 + seed);
        let link = Link { latency_ps: 10 * MS, bandwidth_bps: Some(50_000_000), ..Link::INSTANT };
        let tcp = Tcp { initial_window: 1 + dice.below(5), ..Tcp::LINUX };
        let network = Network { tcp: Some(tcp), ..Network::uniform(2, link) };
        let mut builder = TraceBuilder::new(2);
        for ordinal in 0..12 {
            let pause = EventKind::Work { ps: dice.one_of(&[0, 0, 20 * MS, 30 * MS]) };
            let packets = dice.below(12);
            let payload_bytes = dice.one_of(&[0, 0, 2 * 1448, packets * 1448]);
            for kind in [pause, EventKind::Send { to: 1, payload_bytes }] {
                builder.push(0, Event { kind, span: SpanId::ROOT });
            }
            let kind = EventKind::Recv { from: 0, ordinal, group_start: true };
            builder.push(1, Event { kind, span: SpanId::ROOT });
        }
        let trace = builder.finish(SpanTree::new().into());
        let endpoints = [Endpoint::default(); 2];
        let mut oracle = Oracle::new(&network, &endpoints);
        oracle.run(&trace);
        let clocks = every_run(&network, &endpoints, &[(&trace, 1)]).expect("no overflow").clocks;
        assert_eq!(clocks, oracle.clocks(), "seed {seed}, {network:?}");
    }
}

/// A pause of just one time-out halves nothing; each that is longer by a picosecond does.
#[test]
fn the_window_is_halved_for_each_time_out_that_has_passed() {
    let link = Link { latency_ps: 50 * MS, ..Link::INSTANT };
    let tcp = Tcp { initial_window: 1, ..Tcp::LINUX };
    let network = Network { tcp: Some(tcp), ..Network::uniform(2, link) };
    // Three packets: at 0, and two at 100 ms, when the first is acknowledged. At 200 ms the window is 4.
    for (pause_ps, round_trips) in
        [(304 * MS, 0), (304 * MS + 1, 1), (608 * MS, 1), (608 * MS + 1, 2), (5000 * MS, 2)]
    {
        let mut builder = TraceBuilder::new(2);
        let mut push = |party, kind| builder.push(party, Event { kind, span: SpanId::ROOT });
        push(0, EventKind::Send { to: 1, payload_bytes: 3 * 1448 });
        push(0, EventKind::Work { ps: 100 * MS + pause_ps });
        push(0, EventKind::Send { to: 1, payload_bytes: 4 * 1448 });
        push(1, EventKind::Recv { from: 0, ordinal: 0, group_start: true });
        push(1, EventKind::Recv { from: 0, ordinal: 1, group_start: true });
        let trace = builder.finish(SpanTree::new().into());
        let clocks =
            every_run(&network, &[Endpoint::default(); 2], &[(&trace, 1)]).expect("no overflow").clocks;
        assert_eq!(clocks[1].time_ps, 100 * MS + pause_ps + round_trips * 100 * MS + 50 * MS, "{pause_ps}");
    }
}
