//! Losses with TCP, against a naive simulation of one connection, and against the formula for long transfers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mpcsim::ledger::Breakdown;
use mpcsim::sim::{
    Endpoint, Event, EventKind, Interface, Link, Network, Observer, Occurrence, OccurrenceKind, Phase,
    Prepared, Replayer, SpanId, SpanTree, Tcp, Trace, TraceBuilder, WireOverhead, replay_many, replay_phases,
};

use super::{
    support::{Case, Dice, Features, packets_of, random_endpoints, run_script},
    sweeps::every_run,
    window::{MS, random_network, random_trace},
};

/// What happens at one moment goes in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Arrives(u64),
    Acknowledged(u64),
    HandedOver(usize),
    TimesOut(u64),
}

/// One connection, from party 0 to party 1.
struct Naive<'a> {
    network: &'a Network,
    agenda: BTreeSet<(u64, What)>,
    /// Packets: bytes, and the message that ends with it.
    packets: Vec<(u64, Option<usize>)>,
    fresh: VecDeque<usize>,
    again: BTreeSet<usize>,
    urgent: bool,
    /// Transmissions: packet, and acknowledgements of later ones.
    flying: BTreeMap<u64, (usize, u32)>,
    packet_of: Vec<usize>,
    window: u64,
    threshold: u64,
    credit: u64,
    guard: u64,
    backoff: u32,
    generation: u64,
    back: u64,
    looked_at: u64,
    limited: bool,
    most: u64,
    free: u64,
    last_start: u64,
    there: BTreeSet<usize>,
    arrivals: Vec<u64>,
}

impl Naive<'_> {
    fn of(network: &Network, sends: &[(u64, u64)]) -> Vec<u64> {
        let tcp = network.tcp.expect("TCP");
        let mut naive = Naive {
            network,
            agenda: BTreeSet::new(),
            packets: Vec::new(),
            fresh: VecDeque::new(),
            again: BTreeSet::new(),
            urgent: false,
            flying: BTreeMap::new(),
            packet_of: Vec::new(),
            window: tcp.initial_window,
            threshold: u64::MAX,
            credit: 0,
            guard: 0,
            backoff: 0,
            generation: 0,
            back: 0,
            looked_at: 0,
            limited: false,
            most: 0,
            free: 0,
            last_start: 0,
            there: BTreeSet::new(),
            arrivals: Vec::new(),
        };
        for (at, &(time, _)) in sends.iter().enumerate() {
            naive.agenda.insert((time, What::HandedOver(at)));
        }
        while naive.arrivals.len() < sends.len() {
            let (now, what) = naive.agenda.pop_first().expect("all arrive");
            match what {
                What::Arrives(number) => naive.arrive(now, number),
                What::Acknowledged(number) => naive.acknowledge(now, number),
                What::HandedOver(at) => naive.hand_over(now, at, sends[at].1),
                What::TimesOut(generation) => naive.time_out(now, generation),
            }
        }
        naive.arrivals
    }

    fn rto(&self) -> u64 {
        let tcp = self.network.tcp.expect("TCP");
        2 * self.network.link(0, 1).latency_ps + tcp.rto_min_ps + tcp.tick_ps
    }

    fn hand_over(&mut self, now: u64, at: usize, bytes: u64) {
        let tcp = self.network.tcp.expect("TCP");
        let overhead = self.network.overhead;
        let waits = !self.fresh.is_empty();
        let first = self.packets.len();
        self.packets.extend(packets_of(&overhead, bytes).into_iter().map(|bytes| (bytes, None)));
        self.packets.last_mut().expect("some").1 = Some(at);
        self.fresh.extend(first..self.packets.len());
        if waits {
            return;
        }
        if self.flying.is_empty() && tcp.restart_after_idle {
            let mut idle = now - self.last_start;
            while idle > self.rto() && self.window > tcp.initial_window {
                idle -= self.rto();
                self.window = (self.window / 2).max(tcp.initial_window);
            }
        }
        self.send(now);
    }

    fn send(&mut self, now: u64) {
        let link = self.network.link(0, 1);
        loop {
            let room = (self.flying.len() as u64) < self.window;
            let packet = if !self.again.is_empty() {
                if !room && !self.urgent {
                    break;
                }
                self.urgent = false;
                self.again.pop_first().expect("one is there")
            } else if room && let Some(packet) = self.fresh.pop_front() {
                packet
            } else {
                break;
            };
            let number = self.packet_of.len() as u64;
            self.packet_of.push(packet);
            let bits = u128::from(self.packets[packet].0) * 8;
            let takes = link
                .bandwidth_bps
                .map_or(0, |bps| (bits * 1_000_000_000_000).div_ceil(u128::from(bps)) as u64);
            self.last_start = now.max(self.free);
            self.free = self.last_start + takes;
            if !self.network.loses(0, 1, number) {
                // In the order in which heads come, which is that of numbers.
                self.agenda.insert((self.free + link.latency_ps, What::Arrives(number)));
            }
            self.flying.insert(number, (packet, 0));
            let length = self.flying.len() as u64;
            let full = length >= self.window;
            if self.back >= self.looked_at || full || (!self.limited && length > self.most) {
                (self.limited, self.most, self.looked_at) = (full, length, self.back + length);
            }
            self.wind_up(now);
        }
    }

    /// Winds up the time-out.
    fn wind_up(&mut self, now: u64) {
        self.generation += 1;
        if !self.flying.is_empty() {
            let at = now.max(self.free) + (self.rto() << self.backoff);
            self.agenda.insert((at, What::TimesOut(self.generation)));
        }
    }

    fn arrive(&mut self, now: u64, number: u64) {
        let latency = self.network.link(0, 1).latency_ps;
        self.agenda.insert((now + latency, What::Acknowledged(number)));
        self.there.insert(self.packet_of[number as usize]);
        let whole = (0..).find(|packet| !self.there.contains(packet)).expect("a first that is not there");
        for at in self.arrivals.len().. {
            let end = self.packets.iter().position(|packet| packet.1 == Some(at));
            if end.is_none_or(|end| end >= whole) {
                return;
            }
            self.arrivals.push(now);
        }
    }

    fn acknowledge(&mut self, now: u64, number: u64) {
        let before = self.flying.len();
        self.flying.remove(&number).expect("it was flying");
        self.backoff = 0;
        for (_, later) in self.flying.range_mut(..number).map(|(_, one)| one) {
            *later += 1;
        }
        let lost: Vec<_> =
            self.flying.range(..number).filter(|(_, one)| one.1 == 3).map(|(&n, _)| n).collect();
        let cut = lost.iter().any(|&lost| lost >= self.guard);
        self.give_up(&lost);
        self.back += (before - self.flying.len()) as u64;
        if cut {
            self.threshold = (self.window / 2).max(2);
            (self.window, self.credit, self.urgent) = (self.threshold, 0, true);
            self.guard = self.packet_of.len() as u64;
        } else if number >= self.guard {
            let wanted = self.limited || self.window < 2 * self.most;
            if self.window >= self.threshold {
                self.credit += 1;
                if self.credit >= self.window {
                    self.credit = 0;
                    self.window += u64::from(wanted);
                }
            } else {
                self.window += u64::from(wanted);
            }
        }
        self.send(now);
        self.wind_up(now);
    }

    fn give_up(&mut self, lost: &[u64]) {
        for &number in lost {
            let (packet, _) = self.flying.remove(&number).expect("it was flying");
            self.again.insert(packet);
        }
    }

    fn time_out(&mut self, now: u64, generation: u64) {
        let to_come = |&(_, what): &(u64, What)| matches!(what, What::Arrives(_) | What::Acknowledged(_));
        if generation != self.generation || self.agenda.iter().any(to_come) {
            return;
        }
        let all: Vec<_> = self.flying.keys().copied().collect();
        self.give_up(&all);
        self.back += all.len() as u64;
        if self.backoff == 0 {
            self.threshold = (self.window / 2).max(2);
        }
        self.backoff = (self.backoff + 1).min(6);
        (self.window, self.credit, self.urgent) = (1, 0, false);
        self.guard = self.packet_of.len() as u64;
        self.send(now);
        self.wind_up(now);
    }
}

/// When messages arrive, and whether their parts add up.
#[derive(Default)]
struct Arrivals(Vec<u64>);

impl Observer for Arrivals {
    fn event(&mut self, occurrence: &Occurrence) {
        if let OccurrenceKind::Recv(_, way) = occurrence.kind {
            assert_eq!(way.parts().total_ps(), way.arrival_ps - way.sent_ps);
            self.0.push(way.arrival_ps);
        }
    }
}

/// Messages from party 0 to party 1, each after a pause.
fn one_way(sends: &[(u64, u64)]) -> Trace {
    let mut builder = TraceBuilder::new(2);
    let mut now = 0;
    for (ordinal, &(at, payload_bytes)) in (0..).zip(sends) {
        let send = EventKind::Send { to: 1, payload_bytes };
        for kind in [EventKind::Work { ps: at - now }, send] {
            builder.push(0, Event { kind, span: SpanId::ROOT });
        }
        let kind = EventKind::Recv { from: 0, ordinal, group_start: true };
        builder.push(1, Event { kind, span: SpanId::ROOT });
        now = at;
    }
    builder.finish(SpanTree::new().into())
}

fn lossy(dice: &mut Dice, parties: usize) -> Network {
    let mut network = random_network(dice, parties);
    for link in &mut network.links {
        link.latency_ps = link.latency_ps.max(1_000_000);
        // What takes no time arrives together.
        link.bandwidth_bps.get_or_insert(1_000_000_000);
        link.loss_ppb = dice.one_of(&[0, 1_000_000, 20_000_000, 100_000_000, 300_000_000]);
    }
    network.overhead.header_bytes = network.overhead.header_bytes.min(4);
    network.overhead.per_message_bytes = network.overhead.per_message_bytes.min(22);
    network.overhead.per_segment_bytes = network.overhead.per_segment_bytes.max(1);
    network.jitter_seed = dice.below(1 << 40);
    network
}

#[test]
fn losses_are_those_of_the_naive_simulation() {
    let mut lost = 0;
    for seed in 0..250 {
        let mut dice = Dice::new(70_000 + seed);
        let mut network = lossy(&mut dice, 2);
        network.link_mut(0, 1).loss_ppb = dice.one_of(&[1_000_000, 20_000_000, 100_000_000, 300_000_000]);
        let mut now = 0;
        let sends: Vec<_> = (0..12)
            .map(|_| {
                let (pause, size) =
                    (dice.one_of(&[1, MS, 50 * MS, 2000 * MS]), dice.one_of(&[1, 3000, 30_000, 200_000]));
                now += dice.below(pause);
                (now, dice.below(size))
            })
            .collect();
        let trace = one_way(&sends);
        let mut arrivals = Arrivals::default();
        let mut replayer = Replayer::new(&network, &[Endpoint::default(); 2]);
        replayer.run(&trace, &mut arrivals).expect("it ends");
        assert_eq!(arrivals.0, Naive::of(&network, &sends), "seed {seed}, {network:?}");
        Breakdown::of(&trace, &network, &[Endpoint::default(); 2]).expect("it adds up");
        let mut without = network.clone();
        without.links.iter_mut().for_each(|link| link.loss_ppb = 0);
        let best = every_run(&without, &[Endpoint::default(); 2], &[(&trace, 1)]).expect("it ends").clocks[1];
        lost += u64::from(best.time_ps < replayer.clocks()[1].time_ps);
    }
    assert!(lost > 100, "losses delayed {lost} of 250");
}

/// Live runs and all ways of replaying, with access lines too; and a link that loses nothing is one without losses.
#[test]
fn all_ways_agree_with_losses() {
    for seed in 0..100 {
        let mut dice = Dice::new(80_000 + seed);
        let case = Case::new(seed, Features::EVERYTHING);
        let parties = case.network.parties;
        let mut network = lossy(&mut dice, parties);
        if dice.chance(1, 2) {
            network.interfaces[0] = Interface { egress_bps: Some(20_000_000), ingress_bps: Some(5_000_000) };
        }
        let case = Case { network: network.clone(), ..case };
        let live = run_script(&mut case.simulation(), &case.script).expect("no deadlock");
        let other = random_trace(&mut dice, parties, 30);
        let traces = [&live.trace, &other];
        let plan = [(0, 1), (1, 3), (0, 2)];
        let slow = plan.map(|(which, times)| (traces[which], times));
        let first = every_run(&network, &case.endpoints, &slow[..1]).expect("it ends");
        assert_eq!(live.clocks, first.clocks, "seed {seed}");
        assert!(live.clocks.iter().all(|clock| clock.parts.total_ps() == clock.time_ps));
        let prepared = traces.map(|trace| Prepared::new(trace, &case.endpoints).expect("it ends"));
        let phases = plan.map(|(which, times)| Phase { trace: &prepared[which], times });
        let expected = every_run(&network, &case.endpoints, &slow).expect("it ends");
        assert_eq!(replay_phases(&phases, &network).as_ref(), Ok(&expected), "seed {seed}, {network:?}");
        let many = replay_many(&phases, std::slice::from_ref(&network)).remove(0);
        assert_eq!(many.expect("it ends").clocks, expected.clocks);
        // Where nothing is lost, packets that could be are as others: on the way there none is lost, though it may be.
        let mut never = network.clone();
        never.links.iter_mut().for_each(|link| link.loss_ppb = 0);
        let mut nearly = never.clone();
        nearly.link_mut(parties - 1, 0).loss_ppb = 1;
        let endpoints = random_endpoints(&mut dice, parties, Features::EVERYTHING);
        let clocks = [&never, &nearly]
            .map(|network| every_run(network, &endpoints, &[(&other, 1)]).expect("it ends").clocks);
        assert_eq!(clocks[0], clocks[1], "seed {seed}");
    }
}

/// Long transfers have the throughput of an ideal TCP whose losses are independent: 1.31 segments, over the round trip and the square
/// root of the part that is lost (Ott, Kemperman, Mathis 1996; Mathis, Semke, Mahdavi, Ott 1997). With losses at equal distances
/// it would be 1.22.
#[test]
fn long_transfers_have_the_throughput_of_mathis() {
    for (loss_ppb, megabytes) in [(1_000_000, 600), (300_000, 1200), (5_000_000, 200)] {
        let link = Link { latency_ps: 20 * MS, loss_ppb, ..Link::INSTANT };
        let mut network = Network::uniform(2, link);
        network.overhead = WireOverhead { header_bytes: 4, ..WireOverhead::NONE };
        network.tcp = Some(Tcp::LINUX);
        // Slow start and its end are before.
        let (before, bytes) = (megabytes * 100_000, megabytes * 1_000_000);
        let ends = [before, before + bytes].map(|all| {
            let trace = one_way(&[(0, all)]);
            every_run(&network, &[Endpoint::default(); 2], &[(&trace, 1)]).expect("it ends").clocks[1].time_ps
        });
        let seconds = (ends[1] - ends[0]) as f64 * 1e-12;
        let formula = 1448.0 / (0.040 * (f64::from(loss_ppb) * 1e-9).sqrt());
        let constant = bytes as f64 / seconds / formula;
        println!("{loss_ppb} of 10^9: {constant:.3}");
        assert!((1.31 / 1.1..1.31 * 1.1).contains(&constant), "{loss_ppb} of 10^9: {constant:.3}");
    }
}
