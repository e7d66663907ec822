//! Access lines with TCP: packets of several connections through a party's interface, against a naive simulation of packets.

use std::collections::VecDeque;

use mpcsim::ledger::Breakdown;
use mpcsim::sim::{
    Clock, Endpoint, Event, EventKind, Interface, Link, Network, Parts, Phase, Prepared, SpanId, SpanTree,
    Tcp, Trace, TraceBuilder, WireOverhead, replay_many, replay_phases,
};

use super::{
    support::{Dice, Features, packets_of, random_endpoints},
    sweeps::every_run,
    window::{MS, random_network, random_trace, random_trace_beside},
};

/// A packet on its way.
#[derive(Clone, Copy)]
struct Packet {
    head: u64,
    tail: u64,
    bytes: u64,
    /// The message that ends with it.
    last_of: Option<usize>,
}

/// A message: when it was handed over, its packets that wait, when it had entered, what its sender had spent until it was sent,
/// and, once it has arrived, what everything was spent on.
struct Message {
    sent: u64,
    waiting: VecDeque<u64>,
    entered: u64,
    path: [u64; 5],
    depth: u64,
    arrived: Option<[u64; 5]>,
}

#[derive(Default)]
struct Connection {
    window: u64,
    in_flight: u64,
    /// Acknowledgements that are known.
    acknowledgements: VecDeque<u64>,
    acknowledged: u64,
    sent: u64,
    looked_at: u64,
    limited: bool,
    most: u64,
    last_send: u64,
    free: u64,
    on_the_way: VecDeque<Packet>,
    messages: Vec<Message>,
    /// From when a packet was let in until it had entered.
    busy: Vec<(u64, u64)>,
}

impl Connection {
    fn acknowledge(&mut self, now: u64) {
        while self.acknowledgements.front().is_some_and(|&at| at <= now) {
            self.acknowledgements.pop_front();
            (self.in_flight, self.acknowledged) = (self.in_flight - 1, self.acknowledged + 1);
            if self.limited || self.window < 2 * self.most {
                self.window += 1;
            }
        }
    }

    fn waits(&self) -> Option<usize> {
        self.messages.iter().position(|message| !message.waiting.is_empty())
    }
}

struct Naive<'a> {
    network: &'a Network,
    endpoints: &'a [Endpoint],
    links: Vec<Connection>,
    up_free: Vec<u64>,
    down_free: Vec<u64>,
    /// By receiver: from when until when its interface served whose packet.
    served: Vec<Vec<(u64, u64, usize)>>,
    parties: Vec<([u64; 5], u64)>,
}

fn takes(bps: Option<u64>, bytes: u64) -> u64 {
    let bits = u128::from(bytes) * 8 * 1_000_000_000_000;
    bps.map_or(0, |bps| bits.div_ceil(u128::from(bps)) as u64)
}

/// How long intervals last together, where they overlap once, between two moments.
fn union(intervals: &[(u64, u64)], from: u64, to: u64) -> u64 {
    let mut cut: Vec<_> = intervals.iter().map(|&(a, b)| (a.clamp(from, to), b.clamp(from, to))).collect();
    cut.sort_unstable();
    let (mut length, mut end) = (0, from);
    for (a, b) in cut {
        length += b.saturating_sub(a.max(end));
        end = end.max(b);
    }
    length
}

impl<'a> Naive<'a> {
    fn new(network: &'a Network, endpoints: &'a [Endpoint]) -> Naive<'a> {
        let n = network.parties;
        let window = network.tcp.expect("TCP").initial_window;
        let links = (0..n * n).map(|_| Connection { window, ..Connection::default() }).collect();
        Naive {
            network,
            endpoints,
            links,
            up_free: vec![0; n],
            down_free: vec![0; n],
            served: vec![Vec::new(); n],
            parties: vec![([0; 5], 0); n],
        }
    }

    fn now(&self, party: usize) -> u64 {
        self.parties[party].0.iter().sum()
    }

    /// Packets enter as far as the window lets them.
    fn enter(&mut self, link: usize, now: u64) {
        let n = self.network.parties;
        let (from, to) = (link / n, link % n);
        let wire = self.network.link(from, to);
        let up = self.network.interfaces[from].egress_bps;
        let connection = &mut self.links[link];
        while connection.in_flight < connection.window
            && let Some(at) = connection.waits()
        {
            let bytes = connection.messages[at].waiting.pop_front().expect("one waits");
            let (mut start, mut end) = (now, now);
            if up.is_some() {
                start = now.max(self.up_free[from]);
                end = start + takes(up, bytes);
                self.up_free[from] = end;
            }
            start = start.max(connection.free);
            end = end.max(start + takes(wire.bandwidth_bps, bytes));
            (connection.free, connection.last_send) = (end, start);
            connection.busy.push((now, end));
            let last = connection.messages[at].waiting.is_empty();
            connection.messages[at].entered = end;
            let (head, tail) = (start + wire.latency_ps, end + wire.latency_ps);
            let last_of = last.then_some(at);
            connection.on_the_way.push_back(Packet { head, tail, bytes, last_of });
            (connection.in_flight, connection.sent) = (connection.in_flight + 1, connection.sent + 1);
            let full = connection.in_flight >= connection.window;
            if connection.acknowledged >= connection.looked_at
                || full
                || (!connection.limited && connection.in_flight > connection.most)
            {
                (connection.limited, connection.most) = (full, connection.in_flight);
                connection.looked_at = connection.sent;
            }
        }
    }

    fn reach(&mut self, link: usize) {
        let n = self.network.parties;
        let (from, to) = (link / n, link % n);
        let latency = self.network.link(from, to).latency_ps;
        let down = self.network.interfaces[to].ingress_bps;
        let connection = &mut self.links[link];
        let Packet { head, tail, bytes, last_of } = connection.on_the_way.pop_front().expect("a head");
        let (mut arrival, mut others) = (tail, 0);
        if down.is_some() {
            let begin = head.max(self.down_free[to]);
            self.down_free[to] = begin + takes(down, bytes);
            let alone = tail.max(head + takes(down, bytes));
            arrival = alone.max(self.down_free[to]);
            let held_from = begin - (arrival - alone);
            let of_others = |&&(_, _, whose): &&(u64, u64, usize)| whose != from;
            let overlap = |&(a, b, _): &(u64, u64, usize)| b.min(begin).saturating_sub(a.max(held_from));
            others = self.served[to].iter().filter(of_others).map(overlap).sum();
            self.served[to].push((begin, self.down_free[to], from));
        }
        connection.acknowledgements.push_back(arrival + latency);
        if let Some(at) = last_of {
            let busy = union(&connection.busy, connection.messages[at].sent, connection.messages[at].entered);
            let message = &mut connection.messages[at];
            let mut path = message.path;
            path[1] += latency;
            path[2] += busy + (arrival - tail) - others;
            path[3] += others;
            path[4] += message.entered - message.sent - busy;
            message.arrived = Some(path);
        }
    }

    /// What happens on links before a moment, or at it: heads, acknowledgements that let somebody go on.
    fn next_on_links(&self) -> Option<(u64, usize, usize)> {
        let heads = self.links.iter().enumerate().filter_map(|(link, connection)| {
            connection.on_the_way.front().map(|packet| (packet.head, 0, link))
        });
        let goes_on = self.links.iter().enumerate().filter_map(|(link, connection)| {
            connection.waits()?;
            connection.acknowledgements.front().map(|&at| (at, 1, link))
        });
        heads.chain(goes_on).min()
    }

    fn run(&mut self, trace: &Trace) {
        let n = self.network.parties;
        let mut lines: Vec<_> = (0..n).map(|party| trace.events(party).peekable()).collect();
        loop {
            // What takes no message and no moment of the links.
            for (party, line) in lines.iter_mut().enumerate() {
                while let Some(event) = line.peek() {
                    match event.kind {
                        EventKind::Work { ps } => self.parties[party].0[0] += ps,
                        EventKind::Recv { from, ordinal, .. } => {
                            let message = self.links[from * n + party].messages.get(ordinal as usize);
                            let Some(path) = message.and_then(|message| message.arrived) else { break };
                            let depth = message.expect("it was sent").depth;
                            let own = &mut self.parties[party];
                            if path.iter().sum::<u64>() > own.0.iter().sum() {
                                own.0 = path;
                                own.0[0] += self.endpoints[party].wake_ps;
                            }
                            own.0[0] += self.endpoints[party].receive_ps;
                            own.1 = own.1.max(depth);
                        }
                        EventKind::Send { .. } => break,
                    }
                    line.next();
                }
            }
            let sends = lines.iter_mut().enumerate().filter_map(|(party, line)| {
                let EventKind::Send { to, .. } = line.peek()?.kind else { return None };
                Some((self.now(party) + self.endpoints[party].send_ps, 2, party * n + to))
            });
            let Some((now, what, link)) = sends.chain(self.next_on_links()).min() else { return };
            match what {
                0 => self.reach(link),
                1 => {
                    self.links[link].acknowledge(now);
                    self.enter(link, now);
                }
                _ => {
                    let from = link / n;
                    let event = lines[from].next().expect("a send");
                    let EventKind::Send { payload_bytes, .. } = event.kind else { unreachable!() };
                    self.parties[from].0[0] += self.endpoints[from].send_ps;
                    self.hand_over(link, now, payload_bytes);
                }
            }
        }
    }

    fn hand_over(&mut self, link: usize, now: u64, payload_bytes: u64) {
        let waiting = VecDeque::from(packets_of(&self.network.overhead, payload_bytes));
        let tcp = self.network.tcp.expect("TCP");
        let (from, to) = (link / self.network.parties, link % self.network.parties);
        let rto = 2 * self.network.link(from, to).latency_ps + tcp.rto_min_ps + tcp.tick_ps;
        let (path, depth) = self.parties[from];
        let connection = &mut self.links[link];
        let idle = connection.waits().is_none();
        let message = Message { sent: now, waiting, entered: 0, path, depth: depth + 1, arrived: None };
        connection.messages.push(message);
        if !idle {
            return;
        }
        connection.acknowledge(now);
        if connection.in_flight == 0 && tcp.restart_after_idle && now - connection.last_send > rto {
            let mut idle = now - connection.last_send;
            while idle > rto && connection.window > tcp.initial_window {
                idle -= rto;
                connection.window = (connection.window / 2).max(tcp.initial_window);
            }
        }
        self.enter(link, now);
    }

    fn clocks(&self) -> Vec<Clock> {
        let clock = |&(path, depth): &([u64; 5], u64)| {
            let [compute_ps, latency_ps, serialisation_ps, queueing_ps, window_ps] = path;
            let parts = Parts { compute_ps, latency_ps, serialisation_ps, queueing_ps, window_ps };
            Clock { time_ps: path.iter().sum(), parts, depth }
        };
        self.parties.iter().map(clock).collect()
    }
}

/// A network with TCP of which some access lines have limits, up and down apart.
fn random_access(dice: &mut Dice, parties: usize) -> Network {
    let mut network = random_network(dice, parties);
    // The time of an acknowledgement is then never that of what it answers.
    network.links.iter_mut().for_each(|link| link.latency_ps = link.latency_ps.max(1_000));
    network.overhead.header_bytes = network.overhead.header_bytes.min(4);
    network.overhead.per_message_bytes = network.overhead.per_message_bytes.min(22);
    let bps = [3_000_000, 20_000_000, 77_777_777, 10_000_000_000];
    let mut limit = || dice.chance(2, 3).then(|| dice.one_of(&bps));
    network.interfaces =
        (0..parties).map(|_| Interface { egress_bps: limit(), ingress_bps: limit() }).collect();
    network.interfaces[0].ingress_bps.get_or_insert(3_000_000);
    network
}

#[test]
fn packets_are_those_of_the_naive_simulation() {
    let (mut queued, mut windowed) = (0, 0);
    for seed in 0..400 {
        let mut dice = Dice::new(40_000 + seed);
        let parties = 2 + dice.below(3) as usize;
        let network = random_access(&mut dice, parties);
        let endpoints = random_endpoints(&mut dice, parties, Features::EVERYTHING);
        let trace = random_trace(&mut dice, parties, 60);
        let mut naive = Naive::new(&network, &endpoints);
        naive.run(&trace);
        let clocks = every_run(&network, &endpoints, &[(&trace, 1)]).expect("no overflow").clocks;
        assert_eq!(clocks, naive.clocks(), "seed {seed}, {network:?}");
        queued += u64::from(clocks.iter().any(|clock| clock.parts.queueing_ps > 0));
        windowed += u64::from(clocks.iter().any(|clock| clock.parts.window_ps > 0));
        // Taken apart by span and link, it is the same path: that is checked inside.
        Breakdown::of(&trace, &network, &endpoints).expect("no overflow");
    }
    assert!(queued > 20 && windowed > 200, "only {queued} queued and {windowed} waited for a window");
}

/// A limit that nobody's packets pass changes nothing: windows one by one are windows at once.
#[test]
fn packets_one_by_one_are_packets_at_once() {
    for seed in 0..300 {
        let mut dice = Dice::new(50_000 + seed);
        let mut plain = random_network(&mut dice, 3);
        plain.links.iter_mut().for_each(|link| link.latency_ps = link.latency_ps.max(1_000));
        let mut limited = plain.clone();
        limited.interfaces[2] = Interface { egress_bps: Some(1_000_000), ingress_bps: Some(1_000_000) };
        let trace = random_trace_beside(&mut dice, 2, 1, 60);
        let endpoints = random_endpoints(&mut dice, 3, Features::EVERYTHING);
        let clocks = [&plain, &limited]
            .map(|network| every_run(network, &endpoints, &[(&trace, 4)]).expect("it fits").clocks);
        assert_eq!(clocks[0], clocks[1], "seed {seed}, {plain:?}");
    }
}

/// Replays of many networks and many runs, which leap over what repeats, are those of every run.
#[test]
fn all_ways_agree_with_access_lines() {
    for seed in 0..60 {
        let mut dice = Dice::new(60_000 + seed);
        let parties = 2 + dice.below(2) as usize;
        let networks: Vec<_> = (0..3).map(|_| random_access(&mut dice, parties)).collect();
        let endpoints = random_endpoints(&mut dice, parties, Features::EVERYTHING);
        let traces = [0; 2].map(|_| random_trace(&mut dice, parties, 30));
        let prepared = traces.each_ref().map(|trace| Prepared::new(trace, &endpoints).expect("it ends"));
        let plan = [(0, 3), (1, dice.one_of(&[1, 2, 40])), (0, dice.one_of(&[0, 1, 20]))];
        let phases = plan.map(|(which, times)| Phase { trace: &prepared[which], times });
        let slow = plan.map(|(which, times)| (&traces[which], times));
        for (network, many) in networks.iter().zip(replay_many(&phases, &networks)) {
            let expected = every_run(network, &endpoints, &slow).expect("no overflow");
            assert_eq!(many.expect("no overflow").clocks, expected.clocks, "seed {seed}, {network:?}");
            assert_eq!(replay_phases(&phases, network).as_ref(), Ok(&expected), "seed {seed}, {network:?}");
        }
    }
}

/// Three parties, 100 Mbit/s up and 400 down, and links without a limit of their own.
fn lines(initial_window: u64) -> Network {
    let mut network = Network::uniform(3, Link { latency_ps: 10 * MS, ..Link::INSTANT });
    network.interfaces = vec![Interface { egress_bps: Some(100_000_000), ingress_bps: Some(400_000_000) }; 3];
    network.overhead = WireOverhead { segment_payload_bytes: 1250, ..WireOverhead::NONE };
    network.tcp = Some(Tcp { initial_window, ..Tcp::LINUX });
    network
}

/// Messages that are sent at once, and then received.
fn messages(all: &[(usize, usize, u64)]) -> Trace {
    let mut builder = TraceBuilder::new(3);
    for &(from, to, payload_bytes) in all {
        builder.push(from, Event { kind: EventKind::Send { to, payload_bytes }, span: SpanId::ROOT });
    }
    for &(from, to, _) in all {
        let kind = EventKind::Recv { from, ordinal: 0, group_start: true };
        builder.push(to, Event { kind, span: SpanId::ROOT });
    }
    builder.finish(SpanTree::new().into())
}

fn time_ms(network: &Network, trace: &Trace) -> Vec<f64> {
    let clocks = every_run(network, &[Endpoint::default(); 3], &[(trace, 1)]).expect("it fits").clocks;
    clocks.iter().map(|clock| clock.time_ps as f64 / MS as f64).collect()
}

/// Figures by hand: 1.25 MB take 100 ms up, a packet of 1,250 bytes 0.1 ms up and 0.025 ms down.
#[test]
fn two_flows_share_a_line_and_both_directions_are_apart() {
    let bytes = 1_250_000;
    let one = messages(&[(0, 1, bytes)]);
    let both = messages(&[(0, 1, bytes), (0, 2, bytes)]);
    let back = messages(&[(0, 1, bytes), (1, 0, bytes)]);
    let here = messages(&[(0, 2, bytes), (1, 2, bytes)]);
    let wide = lines(10_000);
    assert_eq!(time_ms(&wide, &one), [0.0, 110.0, 0.0]);
    // All of the first are let in before the second is handed over.
    assert_eq!(time_ms(&wide, &both), [0.0, 110.0, 210.0]);
    assert_eq!(time_ms(&wide, &back), [110.0, 110.0, 0.0]);
    assert_eq!(time_ms(&wide, &here), [0.0, 0.0, 110.0]);
    let mut narrow = wide.clone();
    narrow.interfaces[2].ingress_bps = Some(100_000_000);
    // Its first packet is there after 10 ms, and its line then carries 2.5 MB.
    assert_eq!(time_ms(&narrow, &here), [0.0, 0.0, 210.0]);
    // With small windows both flows take turns: they end together, and together no sooner than the line lets them.
    let turns = time_ms(&lines(10), &both);
    assert!(turns[1] > 200.0 && turns[2] > 200.0 && turns[1].max(turns[2]) < 300.0, "{turns:?}");
}
