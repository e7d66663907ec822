//! Sites, one wire for all, token buckets and links that change: against a recurrence of its own, which knows times only.

use std::collections::BTreeMap;

use mpcsim::ledger::Breakdown;
use mpcsim::sim::{
    Change, Clock, Down, Endpoint, EventKind, Interface, Jitter, Link, Network, Phase, Prepared, Replayer,
    Trace, replay_many, replay_phases,
};

use super::{
    support::{Case, Dice, Features, random_network, run_script},
    sweeps::{every_run, two_traces},
};

const CASES: u64 = 1500;

/// What a network is made into.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Sites,
    OneWire,
    Bursts,
    Changes,
    Correlated,
    Down,
}

const SHAPES: [Shape; 6] =
    [Shape::Sites, Shape::OneWire, Shape::Bursts, Shape::Changes, Shape::Correlated, Shape::Down];

fn reshape(dice: &mut Dice, network: &mut Network, shape: Shape) {
    let n = network.parties;
    match shape {
        Shape::Sites => {
            network.sites = (0..n).map(|_| dice.below(2) as usize).collect();
            for party in 0..n {
                let first = network.sites.iter().position(|site| *site == network.sites[party]).expect("own");
                network.interfaces[party] = network.interfaces[first];
            }
        }
        Shape::OneWire => {
            network.one_wire = true;
            network.interfaces.fill(Interface::default());
            let wire = *network.link(0, 1);
            let burst_bytes = if dice.chance(1, 2) { dice.below(30_000) } else { 0 };
            for link in &mut network.links {
                (link.bandwidth_bps, link.burst_bytes) = (wire.bandwidth_bps, burst_bytes);
            }
        }
        Shape::Bursts => network.links.iter_mut().for_each(|link| link.burst_bytes = dice.below(30_000)),
        Shape::Changes => {
            network.changes.clear();
            for link in (0..n * n).filter(|link| link / n != link % n) {
                let mut at_ps = 0;
                for _ in 0..dice.below(4) {
                    at_ps += 1 + dice.below(40_000_000);
                    let latency_ps = dice.one_of(&[0, 1_000_000, 70_000_000, network.links[link].latency_ps]);
                    let bandwidth_bps = dice.one_of(&[None, Some(3_000_000_007), Some(400_000_000)]);
                    network.changes.push(Change {
                        at_ps,
                        from: link / n,
                        to: link % n,
                        latency_ps,
                        bandwidth_bps,
                    });
                }
            }
        }
        Shape::Down => {
            network.faults.down.clear();
            for link in (0..n * n).filter(|link| link / n != link % n) {
                let mut at_ps = 0;
                for _ in 0..dice.below(3) {
                    at_ps += dice.below(40_000_000);
                    let until_ps = at_ps + 1 + dice.below(60_000_000);
                    network.faults.down.push(Down {
                        from: link / n,
                        to: link % n,
                        at_ps,
                        until_ps: Some(until_ps),
                    });
                    at_ps = until_ps;
                }
            }
        }
        Shape::Correlated => {
            for link in &mut network.links {
                let size_ps = dice.below(20_000_000);
                link.jitter = dice.one_of(&[
                    Jitter::None,
                    Jitter::Uniform { max_ps: size_ps },
                    Jitter::LogNormal { median_ps: size_ps, sigma: 0.5 },
                    Jitter::Normal { sigma_ps: size_ps },
                    Jitter::Pareto { scale_ps: size_ps },
                ]);
                link.jitter_correlation = dice.below(100) as f64 / 100.0;
            }
        }
    }
}

/// A network of one to three of these shapes.
fn shaped_network(dice: &mut Dice, parties: usize, features: Features, shapes: &[Shape]) -> Network {
    let mut network = random_network(dice, parties, features);
    let mut given: Vec<Shape> = (0..1 + dice.below(3)).map(|_| dice.one_of(shapes)).collect();
    if given.contains(&Shape::OneWire) {
        // It has one bandwidth and no interfaces.
        given.retain(|shape| matches!(shape, Shape::Correlated | Shape::Down));
        given.push(Shape::OneWire);
    }
    given.iter().for_each(|&shape| reshape(dice, &mut network, shape));
    network
}

#[derive(Clone)]
struct Message {
    /// When it was handed over, and which one of its sender it was.
    handed: u128,
    /// When it is its turn: when it was handed over, or when its link is up again.
    ready: u128,
    turn: u64,
    bytes: u128,
    head: Option<u128>,
    tail: u128,
    arrival: Option<u128>,
}

/// The rules of docs/time-model.md, word for word.
struct Recurrence<'a> {
    network: &'a Network,
    endpoints: &'a [Endpoint],
    clocks: Vec<u128>,
    turns: Vec<u64>,
    links: BTreeMap<(usize, usize), Vec<Message>>,
    /// By wire: when it is free, when its bucket was looked at, and what was in it, in bits x 10^-12.
    wires: BTreeMap<(usize, usize), (u128, u128, u128)>,
    egress: BTreeMap<usize, u128>,
    ingress: BTreeMap<usize, u128>,
}

/// More than any bucket and message.
const ALL: u128 = 1 << 100;

impl<'a> Recurrence<'a> {
    fn new(network: &'a Network, endpoints: &'a [Endpoint]) -> Recurrence<'a> {
        Recurrence {
            network,
            endpoints,
            clocks: vec![0; network.parties],
            turns: vec![0; network.parties],
            links: BTreeMap::new(),
            wires: BTreeMap::new(),
            egress: BTreeMap::new(),
            ingress: BTreeMap::new(),
        }
    }

    fn site(&self, party: usize) -> usize {
        if self.network.sites.is_empty() { party } else { self.network.sites[party] }
    }

    /// Latency and bandwidth of a link at a moment.
    fn link_at(&self, (p, q): (usize, usize), at: u128) -> (u128, Option<u128>) {
        let link = self.network.link(p, q);
        let mut now = (link.latency_ps, link.bandwidth_bps);
        for change in self.network.changes.iter().filter(|change| (change.from, change.to) == (p, q)) {
            if u128::from(change.at_ps) <= at {
                now = (change.latency_ps, change.bandwidth_bps);
            }
        }
        let down = !self.network.one_wire && self.up((p, q), at) > at;
        (now.0.into(), if down { Some(0) } else { now.1.map(u128::from) })
    }

    /// When a link is up, at a moment or later.
    fn up(&self, (p, q): (usize, usize), mut at: u128) -> u128 {
        if self.network.faults.down.is_empty() {
            return at;
        }
        let own = || self.network.faults.down.iter().filter(|down| (down.from, down.to) == (p, q));
        while let Some(down) = own()
            .find(|down| u128::from(down.at_ps) <= at && at < u128::from(down.until_ps.expect("for a while")))
        {
            at = down.until_ps.expect("for a while").into();
        }
        at
    }

    fn is_ever_down(&self, from: impl Fn(usize) -> bool, to: impl Fn(usize) -> bool) -> bool {
        self.network.faults.down.iter().any(|down| from(down.from) && to(down.to))
    }

    /// What a link carries from one moment to another, in bits x 10^-12.
    fn carried(&self, link: (usize, usize), from: u128, to: u128) -> u128 {
        let own = self.network.changes.iter().filter(|change| (change.from, change.to) == link);
        let own: Vec<u64> = own.map(|change| change.at_ps).collect();
        let down = self.network.faults.down.iter().filter(|down| (down.from, down.to) == link);
        let down = down.flat_map(|down| [down.at_ps, down.until_ps.expect("for a while")]);
        let mut ends: Vec<u128> =
            own.into_iter().chain(down).map(u128::from).filter(|at| (from..to).contains(at)).collect();
        ends.extend([from, to]);
        ends.sort_unstable();
        let span = |pair: &[u128]| match self.link_at(link, pair[0]).1 {
            _ if pair[0] == pair[1] => 0,
            None => ALL,
            Some(bps) => bps * (pair[1] - pair[0]),
        };
        ends.windows(2).map(span).sum::<u128>().min(ALL)
    }

    fn run(&mut self, trace: &Trace) {
        let n = self.network.parties;
        let before: BTreeMap<_, _> = self.links.iter().map(|(&link, sent)| (link, sent.len())).collect();
        let lines: Vec<Vec<_>> = (0..n).map(|party| trace.events(party).collect()).collect();
        let mut at = vec![0; n];
        loop {
            let mut moved = true;
            while std::mem::take(&mut moved) {
                for party in 0..n {
                    while at[party] < lines[party].len()
                        && self.step(party, lines[party][at[party]].kind, &before)
                    {
                        at[party] += 1;
                        moved = true;
                    }
                }
            }
            // A message is before the wire, or with its head before an interface.
            let mut next = Vec::new();
            for (&(p, q), sent) in &self.links {
                for (ordinal, message) in
                    sent.iter().enumerate().filter(|(_, message)| message.arrival.is_none())
                {
                    next.push(match message.head {
                        None => (message.ready, 0, p, message.turn, q, ordinal),
                        Some(head) => (head, 1, p, message.turn, q, ordinal),
                    });
                }
            }
            // Messages of a link go in their order.
            next.retain(|&(_, kind, p, _, q, ordinal)| {
                kind == 1 || self.links[&(p, q)][..ordinal].iter().all(|before| before.head.is_some())
            });
            match next.into_iter().min() {
                Some((_, 0, p, _, q, ordinal)) => self.start(p, q, ordinal),
                Some((_, _, p, _, q, ordinal)) => self.pass_interface(p, q, ordinal),
                None => return assert!((0..n).all(|party| at[party] == lines[party].len()), "stuck"),
            }
        }
    }

    fn step(&mut self, party: usize, kind: EventKind, before: &BTreeMap<(usize, usize), usize>) -> bool {
        let endpoint = self.endpoints[party];
        match kind {
            EventKind::Work { ps } => self.clocks[party] += u128::from(ps),
            EventKind::Send { to, payload_bytes } => {
                self.clocks[party] += u128::from(endpoint.send_ps);
                let bytes = self.network.overhead.wire_bytes(payload_bytes).expect("small").into();
                let (handed, turn) = (self.clocks[party], self.turns[party]);
                self.turns[party] += 1;
                let sent = self.links.entry((party, to)).or_default();
                sent.push(Message { handed, ready: handed, turn, bytes, head: None, tail: 0, arrival: None });
                let ordinal = sent.len() - 1;
                let alone = (0..self.network.parties)
                    .all(|other| other == party || self.site(other) != self.site(party));
                let limited = self.network.interfaces[party].egress_bps.is_some();
                // What waits for its link takes nobody else's turn.
                let waits = self.is_ever_down(|from| from == party, |other| other == to)
                    || limited
                        && self.site(party) != self.site(to)
                        && self.is_ever_down(|from| self.site(from) == self.site(party), |_| true);
                if !waits
                    && !self.network.one_wire
                    && (alone || !limited || self.site(party) == self.site(to))
                {
                    self.start(party, to, ordinal);
                }
            }
            EventKind::Recv { from, ordinal, .. } => {
                let ordinal = ordinal as usize + before.get(&(from, party)).unwrap_or(&0);
                let message = self.links.get(&(from, party)).and_then(|sent| sent.get(ordinal));
                let Some(arrival) = message.and_then(|message| message.arrival) else { return false };
                if arrival > self.clocks[party] {
                    self.clocks[party] = arrival + u128::from(endpoint.wake_ps);
                }
                self.clocks[party] += u128::from(endpoint.receive_ps);
            }
        }
        true
    }

    fn start(&mut self, p: usize, q: usize, ordinal: usize) {
        let Message { handed, ready, bytes, .. } = self.links[&(p, q)][ordinal];
        let site = self.site(p);
        let leaves = site != self.site(q);
        let wire = if self.network.one_wire { (0, 0) } else { (p, q) };
        let bucket = u128::from(self.network.link(p, q).burst_bytes) * 8_000_000_000_000;
        let (free, at, content) = *self.wires.get(&wire).unwrap_or(&(0, 0, bucket));
        let egress_bps = self.network.interfaces[p].egress_bps.filter(|_| leaves).map(u128::from);
        let mut s = handed.max(free);
        if egress_bps.is_some() {
            s = s.max(*self.egress.get(&site).unwrap_or(&0));
        }
        s = s.max(ready);
        if self.up((p, q), s) > s {
            let up = self.up((p, q), s);
            self.links.get_mut(&(p, q)).expect("handed over")[ordinal].ready = up;
            return;
        }
        let content = (content + self.carried((p, q), at.min(s), s)).min(bucket);
        let wanted = bytes * 8_000_000_000_000;
        let done = |e: u128| {
            let unlimited = self.link_at((p, q), e).1.is_none();
            wanted <= content || unlimited || content + self.carried((p, q), s, e) >= wanted
        };
        // The first picosecond at which it is done, by halving.
        let (mut low, mut high) = (s, s + (1 << 62));
        while low < high {
            let middle = (low + high) / 2;
            if done(middle) { high = middle } else { low = middle + 1 }
        }
        let left = if wanted <= content {
            content - wanted
        } else if self.link_at((p, q), low).1.is_none() {
            bucket
        } else {
            0
        };
        let mut end = low;
        if let Some(bps) = egress_bps {
            let through = wanted.div_ceil(bps);
            self.egress.insert(site, s + through);
            end = end.max(s + through);
        }
        self.wires.insert(wire, (end, low, left));

        let extra = self.network.jitter_ps(p, q, ordinal as u64).expect("small");
        let delay = |at: u128| u128::try_from(self.link_at((p, q), at).0.cast_signed() + extra).unwrap_or(0);
        let own = self.network.changes.iter().filter(|change| (change.from, change.to) == (p, q));
        let inside = own.map(|change| u128::from(change.at_ps)).filter(|&at| s < at && at < end);
        // The last bit comes when all bits before have come.
        let last =
            inside.map(|at| at + delay(at - 1)).fold(end + delay(s.max(end.saturating_sub(1))), u128::max);
        let earlier = ordinal.checked_sub(1).map(|before| self.links[&(p, q)][before].clone());
        let free_head = s + delay(s);
        let head = free_head.max(earlier.as_ref().and_then(|before| before.head).unwrap_or(0));
        let mut tail = last + (head - free_head);
        let limited = leaves && self.network.interfaces[q].ingress_bps.is_some();
        let mut arrival = None;
        if !limited {
            tail = tail.max(earlier.and_then(|before| before.arrival).unwrap_or(0));
            arrival = Some(tail);
        }
        let message = &mut self.links.get_mut(&(p, q)).expect("handed over")[ordinal];
        (message.head, message.tail, message.arrival) = (Some(head), tail, arrival);
    }

    fn pass_interface(&mut self, p: usize, q: usize, ordinal: usize) {
        let site = self.site(q);
        let sent = self.links.get_mut(&(p, q)).expect("handed over");
        let earlier = ordinal.checked_sub(1).and_then(|before| sent[before].arrival).unwrap_or(0);
        let message = &mut sent[ordinal];
        let bps = u128::from(self.network.interfaces[q].ingress_bps.expect("limited"));
        let port = self.ingress.entry(site).or_insert(0);
        *port = message.head.expect("started").max(*port) + (message.bytes * 8_000_000_000_000).div_ceil(bps);
        message.arrival = Some(message.tail.max(*port).max(earlier));
    }
}

fn times(clocks: &[Clock]) -> Vec<u128> {
    clocks.iter().map(|clock| clock.time_ps.into()).collect()
}

#[test]
fn shaped_networks_equal_the_recurrence() {
    for seed in 0..CASES {
        let mut case = Case::new(seed, Features::EVERYTHING);
        let mut dice = Dice::new(seed + 9_000_000);
        case.network = shaped_network(&mut dice, case.network.parties, Features::EVERYTHING, &SHAPES);
        let mut simulation = case.simulation();
        let mut recurrence = Recurrence::new(&case.network, &case.endpoints);
        let mut replayer = Replayer::new(&case.network, &case.endpoints);
        for _ in 0..2 {
            let run = run_script(&mut simulation, &case.script).expect("no deadlock");
            // Taken apart by span and link, it is the same path: that is checked inside.
            if case.network.faults.is_none() {
                Breakdown::of(&run.trace, &case.network, &case.endpoints).expect("it ran");
            }
            recurrence.run(&run.trace);
            assert_eq!(times(&run.clocks), recurrence.clocks, "{}\n{:?}", case.shape(), case.network);
            assert_eq!(
                replayer.run(&run.trace, &mut ()).expect("it ran").clocks,
                run.clocks,
                "{}",
                case.shape()
            );
            assert!(run.clocks.iter().all(|clock| clock.parts.total_ps() == clock.time_ps));
        }
        replayer.reset();
        let run = run_script(&mut case.simulation(), &case.script).expect("no deadlock");
        assert_eq!(replayer.run(&run.trace, &mut ()).expect("it ran").clocks, run.clocks, "after a reset");
    }
}

/// A change into what there was makes a plain network go the way of shaped ones: nothing is different, the parts neither.
#[test]
fn the_way_of_shaped_networks_is_that_of_plain_ones() {
    for seed in 0..CASES {
        let mut case = Case::new(seed, Features::EVERYTHING);
        // At latency 0 the order of messages at one picosecond to different parties can matter.
        case.network.links.iter_mut().for_each(|link| link.latency_ps += 1);
        let Link { latency_ps, bandwidth_bps, .. } = *case.network.link(0, 1);
        let plain = run_script(&mut case.simulation(), &case.script).expect("no deadlock");
        case.network.changes.push(Change { at_ps: 1, from: 0, to: 1, latency_ps, bandwidth_bps });
        let shaped = run_script(&mut case.simulation(), &case.script).expect("no deadlock");
        assert_eq!(plain.clocks, shaped.clocks, "{}\n{:?}", case.shape(), case.network);
    }
}

#[test]
fn many_runs_and_networks_equal_the_engine() {
    let still = [Shape::Sites, Shape::OneWire, Shape::Bursts];
    let plain = Features { jitter: false, ..Features::EVERYTHING };
    for seed in 0..CASES / 3 {
        let case = Case::new(seed, Features::EVERYTHING);
        let (parties, shape) = (case.network.parties, case.shape());
        let (endpoints, traces) = two_traces(case);
        let mut dice = Dice::new(seed + 8_000_000);
        let prepared = traces.each_ref().map(|trace| Prepared::new(trace, &endpoints).expect("it ran"));
        let plan = [0, 1, 0].map(|which| (which, dice.one_of(&[1, 2, 40, 300])));
        let phases = plan.map(|(which, times)| Phase { trace: &prepared[which], times });
        let slow = plan.map(|(which, times)| (&traces[which], times));
        let mut networks = vec![random_network(&mut dice, parties, plain)];
        networks.extend((0..3).map(|_| shaped_network(&mut dice, parties, plain, &still)));
        networks.push(shaped_network(&mut dice, parties, Features::EVERYTHING, &SHAPES));
        let many = replay_many(&phases, &networks);
        for (network, many) in networks.iter().zip(many) {
            let expected = every_run(network, &endpoints, &slow);
            assert_eq!(replay_phases(&phases, network), expected, "{shape}, {plan:?}, {network:?}");
            let clocks = expected.map(|finish| finish.clocks);
            assert_eq!(many.map(|finish| finish.clocks), clocks, "{shape}, {plan:?}, {network:?}");
        }
    }
}
