//! The loop over a prepared trace, for one network or for several side by side.
//!
//! Owns the arithmetic of a run. One network counts in integers. Eight count in doubles, which hold whole numbers of
//! picoseconds below 2^53: sums and maxima of these are exact, every x86-64 has a vector maximum of doubles, and none of
//! 64-bit integers. The critical path costs the loop one bit per receive and network, whether the message was waited for;
//! paths are found from those bits by walking back from the end, for all networks whose bits agree at once, and for all
//! parties together from where their paths meet.
//!
//! With TCP, the windows of all links let messages in, network by network; the rest is the same. Such networks count in integers.

use std::{
    borrow::Cow,
    fmt::Debug,
    ops::{Add, Sub},
};

use super::{
    drive::{Machine, RunReport},
    prepared::{Arrow, Key, Op, Prepared, RECV},
    rates::Rates,
    steps::PathStep,
};
use crate::sim::{
    WireOverhead,
    engine::window::{Burst, Window, Windows},
    error::Overflow,
    network::Rate,
};

/// Networks side by side in doubles.
pub(super) const LANES: usize = 8;

/// A number that holds times exactly, within its bounds.
pub(super) trait Number:
    Copy + Default + Debug + PartialOrd + Add<Output = Self> + Sub<Output = Self>
{
    fn of(ps: i64) -> Self;
    fn ps(self) -> i64;
}

impl Number for i64 {
    #[inline(always)]
    fn of(ps: i64) -> i64 {
        ps
    }

    #[inline(always)]
    fn ps(self) -> i64 {
        self
    }
}

impl Number for f64 {
    #[inline(always)]
    fn of(ps: i64) -> f64 {
        ps as f64
    }

    #[inline(always)]
    fn ps(self) -> i64 {
        self as i64
    }
}

/// For so long an interface without a limit is held up: it is always free before.
const UNLIMITED_PS: i64 = -(1 << 62);

/// One number per network.
type Lane<T, const N: usize> = [T; N];

#[inline(always)]
fn later<T: Number>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

#[inline(always)]
fn plus<T: Number, const N: usize>(a: &Lane<T, N>, b: &Lane<T, N>) -> Lane<T, N> {
    std::array::from_fn(|k| a[k] + b[k])
}

#[inline(always)]
fn minus<T: Number, const N: usize>(a: &Lane<T, N>, b: &Lane<T, N>) -> Lane<T, N> {
    std::array::from_fn(|k| a[k] - b[k])
}

#[inline(always)]
fn latest<T: Number, const N: usize>(a: &Lane<T, N>, b: &Lane<T, N>) -> Lane<T, N> {
    std::array::from_fn(|k| later(a[k], b[k]))
}

/// One bit per network: those in which `a` is the greater. The bits are added as numbers, which are vectors already.
#[inline(always)]
fn greater<T: Number, const N: usize>(a: &Lane<T, N>, b: &Lane<T, N>) -> u8 {
    let bit = |k: usize| if a[k] > b[k] { T::of(1 << k) } else { T::default() };
    let mut bits: Lane<T, N> = std::array::from_fn(bit);
    let mut width = N;
    while width > 1 {
        width /= 2;
        for k in 0..width {
            bits[k] = bits[k] + bits[k + width];
        }
    }
    bits[0].ps() as u8
}

/// Times of the messages of one size on links that are alike.
#[derive(Debug, Clone, Copy)]
struct Times<T, const N: usize> {
    /// On the wire: link and outgoing interface, whichever is slower.
    wire: Lane<T, N>,
    /// For so long it holds up its sender's interface, if that has a limit. (With one, even a message of no bytes holds
    /// others up until it starts.)
    busy: Lane<T, N>,
}

/// A trace with its times on the networks.
#[derive(Debug)]
struct Track<'p, T, const N: usize> {
    prepared: &'p Prepared,
    /// The kinds of messages, with the place of their times for that of their size; where all links are alike these are
    /// the same.
    keys: Cow<'p, [Key]>,
    times: Vec<Times<T, N>>,
    /// With TCP: their packets, in the places of their times.
    bursts: Vec<[Burst; N]>,
    wakes: Vec<T>,
}

/// The critical path of a party, back to where it was at the start of the run.
#[derive(Debug, Clone, Copy, Default)]
struct Path<T> {
    origin: u32,
    compute_ps: i64,
    latency: T,
    window: T,
}

/// Part of a path, found by walking back from its end, in the networks whose paths agree so far.
#[derive(Debug, Clone, Copy)]
struct Walk<T, const N: usize, const W: usize> {
    party: u32,
    lanes: u8,
    /// The receive that comes next.
    at: u32,
    compute_ps: i64,
    latency: Lane<T, N>,
    window: Lane<T, W>,
}

/// Networks side by side, so many with TCP's windows: all or none.
#[derive(Debug)]
pub(super) struct Lanes<'p, T, const N: usize, const W: usize> {
    parties: usize,
    tracks: Vec<Track<'p, T, N>>,
    limited: bool,
    /// By link.
    latencies: Vec<Lane<T, N>>,
    clocks: Vec<Lane<T, N>>,
    start: Vec<Lane<T, N>>,
    wires: Vec<Lane<T, N>>,
    egress: Vec<Lane<T, N>>,
    slots: Vec<Lane<T, N>>,
    /// By receive: the networks in which its message was waited for.
    waited: Vec<u8>,
    /// With TCP, by network.
    windows: Vec<Windows>,
    /// With TCP, by slot and by receive: how long the window kept the message from its link.
    held: Vec<Lane<T, W>>,
    held_up: Vec<Lane<T, W>>,
    /// By the receive that comes next, the last one last.
    walks: Vec<Walk<T, N, W>>,
    /// Walks that have met another (a party and how much more was on the way to there), in that order.
    met: Vec<(Walk<T, N, W>, u32)>,
    /// By party and network.
    paths: Vec<[Path<T>; N]>,
}

/// Links that are alike in all networks.
struct Alike<const N: usize> {
    /// Of the link, and of its sender's interface.
    rates: [(Rate, Rate); N],
    /// Whether the times are those of the network before: networks side by side often differ in latency only.
    repeats: [bool; N],
    /// Size and place of the times that were made last: kinds of messages of one size follow each other.
    last: (u32, u32),
}

impl<'p, T: Number, const N: usize> Track<'p, T, N> {
    fn new(prepared: &'p Prepared, networks: [&Rates<'_>; N]) -> Self {
        let parties = prepared.parties();
        let overheads = networks.map(Rates::overhead);
        let mut alike: Vec<Alike<N>> = Vec::new();
        let mut kind_of = |link: usize| {
            let rates = networks.map(|rates| (rates.link(link), rates.egress(link / parties)));
            let known = alike.iter().rposition(|alike| alike.rates == rates);
            known.unwrap_or_else(|| {
                let repeats =
                    |k: usize| k > 0 && rates[k] == rates[k - 1] && overheads[k] == overheads[k - 1];
                alike.push(Alike { rates, repeats: std::array::from_fn(repeats), last: (u32::MAX, 0) });
                alike.len() - 1
            })
        };
        let kinds: Vec<_> = (0..parties * parties)
            .map(|link| if link / parties == link % parties { 0 } else { kind_of(link) })
            .collect();
        let (keys, times) = if let [all] = &alike[..] {
            let times = prepared.sizes.iter().map(|&bytes| Times::new(all, &overheads, bytes)).collect();
            (Cow::Borrowed(&prepared.keys[..]), times)
        } else {
            let mut times = Vec::with_capacity(prepared.sizes.len());
            let key = |&Key { link, size }: &Key| {
                let alike = &mut alike[kinds[link as usize]];
                if alike.last.0 != size {
                    alike.last = (size, times.len() as u32);
                    times.push(Times::new(alike, &overheads, prepared.sizes[size as usize]));
                }
                Key { link, size: alike.last.1 }
            };
            (prepared.keys.iter().map(key).collect(), times)
        };
        let wakes = prepared.endpoints.iter().map(|endpoint| T::of(endpoint.wake_ps.cast_signed())).collect();
        let bursts = if networks[0].network.tcp.is_some() {
            bursts(prepared, &keys, times.len(), networks)
        } else {
            Vec::new()
        };
        Track { prepared, keys, times, bursts, wakes }
    }
}

/// The packets of each kind of message, in the places of their times.
fn bursts<const N: usize>(
    prepared: &Prepared,
    keys: &[Key],
    places: usize,
    networks: [&Rates<'_>; N],
) -> Vec<[Burst; N]> {
    let mut bursts: Vec<Option<[Burst; N]>> = vec![None; places];
    for (own, key) in keys.iter().zip(&prepared.keys) {
        bursts[own.size as usize].get_or_insert_with(|| {
            let payload_bytes = prepared.sizes[key.size as usize];
            networks.map(|rates| {
                let burst = Burst::new(rates.link(key.link as usize), &rates.overhead(), payload_bytes);
                burst.expect("all of them fit")
            })
        });
    }
    bursts.into_iter().map(|burst| burst.expect("each is that of some message")).collect()
}

impl<T: Number, const N: usize> Times<T, N> {
    fn new(alike: &Alike<N>, overheads: &[WireOverhead; N], payload_bytes: u64) -> Times<T, N> {
        let duration_ps = |rate: Rate, bytes| rate.duration_ps(bytes).expect("all of them fit").cast_signed();
        let (mut wire, mut busy) = (T::default(), T::default());
        let mut times = Times { wire: [T::default(); N], busy: [T::default(); N] };
        for (k, overhead) in overheads.iter().enumerate() {
            if !alike.repeats[k] {
                let (link, egress) = alike.rates[k];
                let bytes = overhead.wire_bytes(payload_bytes).expect("all of them fit");
                let egress_ps = duration_ps(egress, bytes);
                wire = T::of(duration_ps(link, bytes).max(egress_ps));
                busy = T::of(if egress.is_limited() { egress_ps } else { UNLIMITED_PS });
            }
            (times.wire[k], times.busy[k]) = (wire, busy);
        }
        times
    }
}

impl<'p, T: Number, const N: usize, const W: usize> Lanes<'p, T, N, W> {
    /// One to `N` networks, on each of which every trace [can run](Rates::longest_ps).
    pub(super) fn new(traces: &[&'p Prepared], networks: &[Rates<'_>]) -> Lanes<'p, T, N, W> {
        let zero = [T::default(); N];
        // The last stands for those that are missing.
        let of_lane: [_; N] = std::array::from_fn(|k| &networks[k.min(networks.len() - 1)]);
        let limited = networks.iter().any(Rates::limits_egress);
        let parties = traces.first().map_or(0, |trace| trace.parties());
        let most = |size: fn(&Prepared) -> usize| traces.iter().map(|&trace| size(trace)).max().unwrap_or(0);
        let latency = |link| of_lane.map(|rates| T::of(rates.latency_ps(link).cast_signed()));
        let windows = |rates: &Rates<'_>| {
            let tcp = rates.network.tcp?;
            let window = |link| Window::new(tcp, rates.latency_ps(link), rates.link(link));
            let mut windows = Windows::new((0..parties * parties).map(window).collect());
            // So that the state at the beginning has the same number in all networks.
            windows.relative(0, |_| 0);
            Some(windows)
        };
        let windows: Vec<_> = networks.iter().filter_map(windows).collect();
        let with_tcp = if W > 0 { networks.len() } else { 0 };
        assert_eq!(windows.len(), with_tcp, "all have TCP or none");
        Lanes {
            parties,
            tracks: traces.iter().map(|&trace| Track::new(trace, of_lane)).collect(),
            limited,
            latencies: (0..parties * parties).map(latency).collect(),
            clocks: vec![zero; parties],
            start: vec![zero; parties],
            wires: vec![zero; parties * parties],
            egress: vec![zero; parties],
            slots: vec![zero; most(|trace| trace.slots)],
            waited: vec![0; most(|trace| trace.arrows.len())],
            held: vec![[T::default(); W]; most(|trace| trace.slots)],
            held_up: vec![[T::default(); W]; most(|trace| trace.arrows.len())],
            windows,
            walks: Vec::with_capacity(parties),
            met: Vec::with_capacity(parties),
            paths: vec![[Path::default(); N]; parties],
        }
    }

    fn run<const EGRESS: bool, const WAKE: bool>(&mut self, trace: usize, lanes: u8) -> Result<(), Overflow> {
        let Track { prepared, keys, times, bursts, wakes } = &self.tracks[trace];
        let keys = &keys[..];
        let (slots, wires, latencies) = (&mut self.slots[..], &mut self.wires[..], &self.latencies[..]);
        let mut waited = self.waited[self.parties..].iter_mut();
        let (windows, held) = (&mut self.windows[..], &mut self.held[..]);
        let mut held_up = self.held_up.iter_mut().skip(self.parties);
        let (clocks, ports, kinds) = (&mut self.clocks[..], &mut self.egress[..], &prepared.op_kinds[..]);
        // Of the party whose turn it is.
        let (mut at, mut now, mut port) = (0, clocks[0], ports[0]);
        for &op in &prepared.ops {
            let Op { cost_ps, party, slot, key } = kinds[op as usize];
            if party != at {
                clocks[at as usize] = now;
                now = clocks[party as usize];
                if EGRESS {
                    ports[at as usize] = port;
                    port = ports[party as usize];
                }
                at = party;
            }
            now = plus(&now, &[T::of(cost_ps.cast_signed()); N]);
            let place = slot as usize;
            let slot = &mut slots[place];
            if key == RECV {
                let arrival = *slot;
                if W > 0
                    && let Some(held_up) = held_up.next()
                {
                    *held_up = held[place];
                }
                if let Some(waited) = waited.next() {
                    *waited = greater(&arrival, &now);
                }
                let wake = wakes[party as usize];
                let woken = |k: usize| if arrival[k] > now[k] { wake } else { T::default() };
                let woken: Lane<T, N> = std::array::from_fn(woken);
                now = latest(&arrival, &now);
                if WAKE {
                    now = plus(&now, &woken);
                }
            } else if W > 0 {
                let Key { link, size: at } = keys[key as usize];
                let (latency, held) = (&latencies[link as usize], &mut held[place]);
                let each = windows.iter_mut().zip(&bursts[at as usize]).enumerate();
                for (k, (windows, burst)) in each.filter(|(k, _)| lanes >> k & 1 == 1) {
                    let window = &mut windows.links[link as usize];
                    let passed = window.pass(now[k].ps().cast_unsigned(), burst).ok_or(Overflow)?;
                    slot[k] = T::of(passed.serialised_ps.cast_signed()) + latency[k];
                    held[k] = T::of(passed.window_ps.cast_signed());
                }
            } else {
                let Key { link, size: at } = keys[key as usize];
                let Times { wire, busy } = &times[at as usize];
                let free = &mut wires[link as usize];
                let mut start = latest(&now, free);
                if EGRESS {
                    start = latest(&start, &port);
                    // Where there is no limit, the interface does not remember the wait for a link.
                    port = latest(&port, &plus(&start, busy));
                }
                *free = plus(&start, wire);
                *slot = plus(&start, &plus(wire, &latencies[link as usize]));
            }
        }
        (clocks[at as usize], ports[at as usize]) = (now, port);
        for (clock, &tail_ps) in clocks.iter_mut().zip(&prepared.tails_ps) {
            *clock = plus(clock, &[T::of(tail_ps.cast_signed()); N]);
        }
        Ok(())
    }

    /// Finds the paths of all parties in some of the networks.
    ///
    /// The walk that has come least far goes on, until it meets the next; from there on their paths are one.
    fn walk(&mut self, trace: usize, lanes: u8) {
        let Track { prepared, keys, .. } = &self.tracks[trace];
        let keys = &keys[..];
        let parties = self.parties as u32;
        let walks = &mut self.walks;
        for (party, (&at, &work_ps)) in (0..).zip(prepared.last.iter().zip(&prepared.work_ps)) {
            let compute_ps = work_ps.cast_signed();
            let latency = [T::default(); N];
            add(walks, Walk { party, lanes, at, compute_ps, latency, window: [T::default(); W] });
        }
        while let Some(walk) = walks.pop() {
            let Walk { party, mut lanes, mut at, mut compute_ps, mut latency, mut window } = walk;
            let mut next = parties - 1;
            // Others in the same networks; those in none of them are never met.
            if let Some(other) = walks.iter().rfind(|other| other.lanes & lanes != 0) {
                if (other.at, other.lanes) == (at, lanes) {
                    compute_ps -= other.compute_ps;
                    latency = minus(&latency, &other.latency);
                    window = minus(&window, &other.window);
                    self.met.push((Walk { party, lanes, at, compute_ps, latency, window }, other.party));
                    continue;
                }
                next = next.max(other.at.min(at.saturating_sub(1)));
            }
            while at > next {
                let Arrow { back, hop } = prepared.arrows[at as usize];
                let hop = &prepared.hops[hop as usize];
                let waited = self.waited[at as usize] & lanes;
                if waited == 0 {
                    at -= hop.before;
                    continue;
                }
                if waited != lanes {
                    let (lanes, at) = (lanes & !waited, at - hop.before);
                    add(walks, Walk { party, lanes, at, compute_ps, latency, window });
                    next = next.max(at);
                }
                lanes = waited;
                let link = keys[hop.key as usize].link;
                latency = plus(&latency, &self.latencies[link as usize]);
                window = plus(&window, &self.held_up[at as usize]);
                compute_ps += hop.compute_ps;
                at = back;
            }
            if at >= parties {
                add(walks, Walk { party, lanes, at, compute_ps, latency, window });
                continue;
            }
            for k in (0..N).filter(|k| lanes >> k & 1 == 1) {
                self.paths[party as usize][k] =
                    Path { origin: at, compute_ps, latency: latency[k], window: of_lane(&window, k) };
            }
        }
        while let Some((walk, other)) = self.met.pop() {
            for k in (0..N).filter(|k| walk.lanes >> k & 1 == 1) {
                let Path { origin, compute_ps, latency, window } = self.paths[other as usize][k];
                self.paths[walk.party as usize][k] = Path {
                    origin,
                    compute_ps: compute_ps + walk.compute_ps,
                    latency: latency + walk.latency[k],
                    window: window + of_lane(&walk.window, k),
                };
            }
        }
    }
}

/// What a network has, if they have any.
fn of_lane<T: Number, const W: usize>(lane: &Lane<T, W>, k: usize) -> T {
    lane.get(k).copied().unwrap_or_default()
}

/// Adds a walk in its place.
fn add<T: Number, const N: usize, const W: usize>(walks: &mut Vec<Walk<T, N, W>>, walk: Walk<T, N, W>) {
    let place = walks.iter().rposition(|other| other.at <= walk.at).map_or(0, |before| before + 1);
    walks.insert(place, walk);
}

impl<T: Number, const N: usize, const W: usize> Machine for Lanes<'_, T, N, W> {
    fn turn(&mut self, trace: usize, lanes: u8) -> Result<(), Overflow> {
        self.start.copy_from_slice(&self.clocks);
        match (self.limited, self.tracks[trace].prepared.wakes()) {
            (false, false) => self.run::<false, false>(trace, lanes)?,
            (false, true) => self.run::<false, true>(trace, lanes)?,
            (true, false) => self.run::<true, false>(trace, lanes)?,
            (true, true) => self.run::<true, true>(trace, lanes)?,
        }
        self.walk(trace, lanes);
        Ok(())
    }

    fn look(&mut self, k: usize, report: &mut RunReport<'_>) {
        for (clock, path) in self.clocks.iter().zip(&self.paths) {
            let Path { origin, compute_ps, latency, window } = path[k];
            let took = clock[k] - self.start[origin as usize][k];
            report.steps.push(PathStep {
                origin,
                latency_ps: latency.ps().cast_unsigned(),
                // Nobody waits for what others sent.
                serialisation_ps: (took - latency - window - T::of(compute_ps)).ps().cast_unsigned(),
                queueing_ps: 0,
                window_ps: window.ps().cast_unsigned(),
            });
        }
        let first = self.clocks.iter().map(|clock| clock[k]).reduce(|a, b| if a < b { a } else { b });
        let first = first.unwrap_or_default();
        report.gain_ps = first.ps().cast_unsigned();
        let known = self.windows.get_mut(k).map(|windows| {
            let clocks = &self.clocks;
            let clock_ps = |link: usize| clocks[link / self.parties][k].ps().cast_unsigned();
            let number = windows.relative(report.gain_ps, clock_ps);
            windows.set_relative(number);
            number
        });
        let relative = |clock: &mut Lane<T, N>| {
            clock[k] = clock[k] - first;
            clock[k].ps().cast_unsigned()
        };
        report.state.extend(self.clocks.iter_mut().map(relative));
        // What was free before its sender could send is as good as free then.
        let backlog = |free: &mut Lane<T, N>, clock: T| {
            free[k] = later(free[k] - first, clock);
            (free[k] - clock).ps().cast_unsigned()
        };
        for (wires, clock) in self.wires.chunks_exact_mut(self.parties).zip(&self.clocks) {
            report.state.extend(wires.iter_mut().map(|wire| backlog(wire, clock[k])));
        }
        let ports = self.egress.iter_mut().zip(&self.clocks);
        report.state.extend(ports.map(|(port, clock)| backlog(port, clock[k])));
        report.state.extend(known);
    }

    fn set(&mut self, k: usize, state: &[u64]) {
        let n = self.parties;
        let (clocks, rest) = state.split_at(n);
        let (wires, rest) = rest.split_at(n * n);
        let (egress, known) = rest.split_at(n);
        if let (Some(windows), Some(&number)) = (self.windows.get_mut(k), known.first()) {
            windows.set_relative(number);
        }
        let number = |ps: u64| T::of(ps.cast_signed());
        for (clock, &time_ps) in self.clocks.iter_mut().zip(clocks) {
            clock[k] = number(time_ps);
        }
        for (link, (wire, &backlog_ps)) in self.wires.iter_mut().zip(wires).enumerate() {
            wire[k] = number(clocks[link / n] + backlog_ps);
        }
        for ((port, &backlog_ps), &time_ps) in self.egress.iter_mut().zip(egress).zip(clocks) {
            port[k] = number(time_ps + backlog_ps);
        }
    }
}
