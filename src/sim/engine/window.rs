//! When the packets of a TCP connection enter their link.
//!
//! Owns the congestion window. A message is cut into packets ([`WireOverhead::packets`]); one may enter when fewer than the
//! window's number are in flight, and when the packets before it have entered. It is in flight until its acknowledgement is
//! back, a round trip after its last bit entered. Each acknowledgement makes the window one packet wider, if the window
//! had been what held the sender up (or was less than twice what had been in flight), as Linux's slow start does. When
//! nothing is in flight and the last packet entered more than a retransmission time-out ago, the window is halved for each
//! time-out that has passed, down to the initial one.
//!
//! A message whose packets do not wait is taken in one step, and so are packets that a row of acknowledgements lets in two by
//! two: a message costs as many steps as its window doubles. Where no more than half of the window can be in flight, and the
//! window was not what held the sender up, acknowledgements change nothing, so that they are left for later.

use std::collections::VecDeque;

use crate::sim::{Tcp, WireOverhead, network::Rate};

/// The packets of a message on a link of a certain bandwidth: all between the first and the last are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Burst {
    packets: u64,
    /// How long they take: all, the first, each in between, and the last.
    all_ps: u64,
    first_ps: u64,
    step_ps: u64,
    last_ps: u64,
}

impl Burst {
    /// `None` if it takes longer than a clock can tell.
    pub(in crate::sim) fn new(rate: Rate, overhead: &WireOverhead, payload_bytes: u64) -> Option<Burst> {
        let [first, segments, rest] = overhead.packets(payload_bytes)?;
        let mut burst = Burst { packets: 0, all_ps: 0, first_ps: 0, step_ps: 0, last_ps: 0 };
        for (packets, bytes) in [first, segments, rest] {
            if packets > 0 {
                burst.last_ps = rate.duration_ps(bytes)?;
                if burst.packets == 0 {
                    burst.first_ps = burst.last_ps;
                }
                burst.all_ps = burst.all_ps.checked_add(burst.last_ps.checked_mul(packets)?)?;
                burst.packets += packets;
            }
        }
        burst.step_ps = if segments.0 > 0 { rate.duration_ps(segments.1)? } else { burst.last_ps };
        Some(burst)
    }

    /// Packets one after the other that take so long each.
    fn parts(&self) -> [(u64, u64); 3] {
        let (single, several) = (u64::from(self.packets == 1), u64::from(self.packets > 1));
        let between = self.packets - single - 2 * several;
        [(several, self.first_ps), (between, self.step_ps), (single + several, self.last_ps)]
    }
}

/// Packets in flight: their acknowledgements come one after the other, each so long after the one before, but that of the
/// last perhaps sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    first_ps: u64,
    last_ps: u64,
    step_ps: u64,
    packets: u64,
}

impl Row {
    /// When the acknowledgement of so many packets after the first is there.
    fn at_ps(&self, after: u64) -> u64 {
        if after + 1 < self.packets { self.first_ps + self.step_ps * after } else { self.last_ps }
    }
}

/// First in, first out.
#[derive(Debug, Clone, Default)]
struct Rows {
    all: Vec<Row>,
    /// So many of them are gone.
    gone: usize,
}

impl Rows {
    #[inline]
    fn len(&self) -> usize {
        self.all.len() - self.gone
    }

    #[inline]
    fn get(&self, place: usize) -> Option<&Row> {
        self.all.get(self.gone + place)
    }

    fn iter(&self) -> impl Iterator<Item = &Row> {
        self.all[self.gone..].iter()
    }

    #[inline]
    fn push(&mut self, row: Row) {
        if self.all.len() == self.all.capacity() {
            self.make_room();
        }
        self.all.push(row);
    }

    #[cold]
    fn make_room(&mut self) {
        if 2 * self.gone >= self.all.len() {
            self.all.drain(..std::mem::take(&mut self.gone));
        }
        self.all.reserve(MOST_ROWS);
    }

    #[inline]
    fn pop(&mut self) {
        self.gone += 1;
        if self.gone == self.all.len() {
            self.clear();
        }
    }

    fn clear(&mut self) {
        self.all.clear();
        self.gone = 0;
    }
}

/// So many rows at most are left for later.
const MOST_ROWS: usize = 16;

/// A link stands still from one moment to another, because the window does not let in what is there to be sent.
type Gap = (u64, u64);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Passed {
    /// All sent before it had entered.
    pub(in crate::sim) start_ps: u64,
    /// Its last bit entered.
    pub(in crate::sim) serialised_ps: u64,
    /// From when it was handed over to `serialised_ps`, the link stood still for so long.
    pub(in crate::sim) window_ps: u64,
    /// Of it, from `start_ps` on.
    pub(in crate::sim) own_window_ps: u64,
}

/// The sending end of a connection.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Window {
    /// In packets, as are all numbers that are not times.
    window: u64,
    in_flight: u64,
    /// While no more than this is in flight, acknowledgements do not change the window. 0: they may.
    calm: u64,
    /// After no more idle time than this, neither does that.
    calm_ps: u64,
    rows: Rows,
    /// When the last packet was let in, began to enter, and had entered. The link is never free before it is let in.
    let_in_ps: u64,
    last_start_ps: u64,
    free_ps: u64,
    round_trip_ps: u64,
    /// The greatest number if idle time does nothing.
    rto_ps: u64,
    time_out_ps: u64,
    /// In the order of time, as far as they may still matter.
    gaps: VecDeque<Gap>,
    /// Whether the window held the sender up, and the most that was in flight, as of when that was looked at last.
    limited: bool,
    most_in_flight: u64,
    /// So many acknowledgements until it is looked at anew in any case.
    until_looked: u64,
    initial_window: u64,
    /// Whether nothing takes time: each packet is acknowledged before the next.
    instant: bool,
}

impl Window {
    pub(in crate::sim) fn new(tcp: Tcp, latency_ps: u64, rate: Rate) -> Window {
        let mut window = Window {
            window: 0,
            in_flight: 0,
            calm: 0,
            calm_ps: 0,
            rows: Rows::default(),
            let_in_ps: 0,
            last_start_ps: 0,
            free_ps: 0,
            round_trip_ps: latency_ps.saturating_mul(2),
            rto_ps: if tcp.restart_after_idle { tcp.rto_ps(latency_ps) } else { u64::MAX },
            time_out_ps: tcp.rto_ps(latency_ps),
            gaps: VecDeque::new(),
            limited: false,
            most_in_flight: 0,
            until_looked: 0,
            initial_window: tcp.initial_window,
            instant: latency_ps == 0 && !rate.is_limited(),
        };
        window.reset();
        window
    }

    pub(super) fn reset(&mut self) {
        self.window = self.initial_window;
        (self.in_flight, self.most_in_flight, self.until_looked, self.limited) = (0, 0, 0, false);
        (self.let_in_ps, self.last_start_ps, self.free_ps) = (0, 0, 0);
        self.rows.clear();
        self.gaps.clear();
        self.calm_down();
    }

    /// Lets a message pass that is handed over now, no earlier than the one before. `None` if that does not fit.
    #[inline]
    pub(in crate::sim) fn pass(&mut self, sent_ps: u64, burst: &Burst) -> Option<Passed> {
        let now_ps = sent_ps.max(self.let_in_ps);
        let calm = self.in_flight + burst.packets <= self.calm && self.rows.len() < MOST_ROWS;
        if calm && now_ps.wrapping_sub(self.last_start_ps) <= self.calm_ps && self.gaps.is_empty() {
            self.enter_at_once(now_ps, sent_ps.max(self.free_ps), 0, burst)
        } else {
            self.pass_exactly(sent_ps, now_ps, burst)
        }
    }

    /// A message that enters as soon as the link is free.
    #[inline]
    fn enter_at_once(&mut self, now_ps: u64, start_ps: u64, others_ps: u64, burst: &Burst) -> Option<Passed> {
        let free_ps = start_ps.checked_add(burst.all_ps)?;
        let last_ps = free_ps.checked_add(self.round_trip_ps)?;
        let first_ps = start_ps + self.round_trip_ps + burst.first_ps;
        self.rows.push(Row { first_ps, last_ps, step_ps: burst.step_ps, packets: burst.packets });
        self.in_flight += burst.packets;
        (self.let_in_ps, self.last_start_ps, self.free_ps) = (now_ps, free_ps - burst.last_ps, free_ps);
        Some(Passed { start_ps, serialised_ps: free_ps, window_ps: others_ps, own_window_ps: 0 })
    }

    #[inline(never)]
    fn pass_exactly(&mut self, sent_ps: u64, now_ps: u64, burst: &Burst) -> Option<Passed> {
        if self.instant {
            (self.let_in_ps, self.last_start_ps, self.free_ps) = (now_ps, now_ps, now_ps);
            let passed = Passed { start_ps: now_ps, serialised_ps: now_ps, window_ps: 0, own_window_ps: 0 };
            return Some(passed);
        }
        let others_ps = if self.gaps.is_empty() { 0 } else { self.others_ps(sent_ps) };
        let start_ps = sent_ps.max(self.free_ps);
        self.acknowledge(now_ps);
        self.restart(now_ps);
        let passed = if burst.packets <= self.window.saturating_sub(self.in_flight) {
            let passed = self.enter_at_once(now_ps, start_ps, others_ps, burst)?;
            self.look();
            passed
        } else {
            self.pass_parts(sent_ps, start_ps, others_ps, burst)?
        };
        self.calm_down();
        Some(passed)
    }

    /// Finds what cannot change the window. With at most half of a window that did not hold the sender up in flight, it is no
    /// matter how much that was: acknowledgements do not widen the window, and more than half is looked at anew.
    #[inline]
    fn calm_down(&mut self) {
        let calm = !self.instant && !self.limited && 2 * self.most_in_flight <= self.window;
        self.calm = if calm { self.window / 2 } else { 0 };
        self.calm_ps = if self.window > self.initial_window { self.rto_ps } else { u64::MAX };
    }

    /// For how long from now on the link stands still for messages before: no more than the time until it is free.
    fn others_ps(&mut self, sent_ps: u64) -> u64 {
        while self.gaps.front().is_some_and(|gap| gap.1 <= sent_ps) {
            self.gaps.pop_front();
        }
        self.gaps.iter().map(|gap| gap.1 - gap.0.max(sent_ps)).sum()
    }

    /// A message that does not fit into the window.
    fn pass_parts(&mut self, sent_ps: u64, start_ps: u64, others_ps: u64, burst: &Burst) -> Option<Passed> {
        let own = self.gaps.len();
        for (packets, packet_ps) in burst.parts() {
            if packets > 0 {
                self.pass_packets(sent_ps, packets, packet_ps)?;
            }
        }
        let own_window_ps: u64 = self.gaps.iter().skip(own).map(|gap| gap.1 - gap.0).sum();
        Some(Passed {
            start_ps,
            serialised_ps: self.free_ps.max(start_ps),
            window_ps: others_ps + own_window_ps,
            own_window_ps,
        })
    }

    /// Lets packets pass that take so long each. If nothing is in flight, that has been taken account of.
    fn pass_packets(&mut self, sent_ps: u64, packets: u64, packet_ps: u64) -> Option<()> {
        let mut now_ps = sent_ps.max(self.let_in_ps);
        let mut left = packets;
        loop {
            self.acknowledge(now_ps);
            let room = self.window.saturating_sub(self.in_flight).min(left);
            if room > 0 {
                self.enter(sent_ps, now_ps, room, packet_ps)?;
                self.look();
                left -= room;
                if left == 0 {
                    return Some(());
                }
                continue;
            }
            let (doubled, last_ps) = self.doubles(left, packet_ps);
            if doubled > 0 {
                self.double(sent_ps, last_ps, doubled, packet_ps)?;
                (left, now_ps) = (left - 2 * doubled, last_ps);
                if left == 0 {
                    return Some(());
                }
                continue;
            }
            now_ps = self.rows.get(0)?.first_ps;
        }
    }

    /// Takes account of the acknowledgements that are there.
    #[inline]
    fn acknowledge(&mut self, now_ps: u64) {
        while let Some(row) = self.rows.get(0) {
            if row.first_ps > now_ps {
                return;
            }
            let there = match row.packets {
                all if row.last_ps <= now_ps => all,
                1 | 2 => 1,
                all => ((now_ps - row.first_ps) / row.step_ps + 1).min(all - 1),
            };
            self.take(there);
        }
    }

    /// So many acknowledgements of the first row have come.
    fn take(&mut self, packets: u64) {
        let row = &mut self.rows.all[self.rows.gone];
        if row.packets > packets {
            row.first_ps = row.at_ps(packets);
            row.packets -= packets;
        } else {
            self.rows.pop();
        }
        self.in_flight -= packets;
        self.until_looked = self.until_looked.saturating_sub(packets);
        let wider = self.window + packets;
        self.window = if self.limited { wider } else { wider.min(self.window.max(2 * self.most_in_flight)) };
    }

    /// What idle time does to the window, when nothing is in flight.
    #[inline]
    fn restart(&mut self, now_ps: u64) {
        if self.in_flight == 0 {
            self.window = self.after_idle(now_ps.wrapping_sub(self.last_start_ps));
        }
    }

    fn after_idle(&self, idle_ps: u64) -> u64 {
        if self.window <= self.initial_window || idle_ps <= self.rto_ps {
            return self.window;
        }
        let timeouts = (idle_ps - 1) / self.rto_ps;
        let halved = u32::try_from(timeouts).ok().and_then(|timeouts| self.window.checked_shr(timeouts));
        halved.unwrap_or(0).max(self.initial_window)
    }

    /// Packets begin to enter now, or as soon as the link is free.
    fn enter(&mut self, sent_ps: u64, now_ps: u64, packets: u64, packet_ps: u64) -> Option<()> {
        let start_ps = now_ps.max(self.free_ps);
        let still_ps = self.free_ps.max(sent_ps);
        if start_ps > still_ps {
            self.gaps.push_back((still_ps, start_ps));
        }
        self.free_ps = start_ps.checked_add(packet_ps.checked_mul(packets)?)?;
        self.let_in_ps = now_ps;
        self.last_start_ps = self.free_ps - packet_ps;
        self.free_ps.checked_add(self.round_trip_ps)?;
        let before_ps = start_ps + self.round_trip_ps;
        let last_ps = self.free_ps + self.round_trip_ps;
        let evenly = |row: &Row| row.last_ps - row.first_ps == row.step_ps * (row.packets - 1);
        match self.rows.all.last_mut() {
            Some(last) if last.step_ps == packet_ps && last.last_ps == before_ps && evenly(last) => {
                (last.packets, last.last_ps) = (last.packets + packets, last_ps);
            }
            _ => {
                let first_ps = before_ps + packet_ps;
                self.rows.push(Row { first_ps, last_ps, step_ps: packet_ps, packets });
            }
        }
        self.in_flight += packets;
        Some(())
    }

    /// Looks whether the window holds the sender up, after packets that were let in at once: as if after each of them.
    fn look(&mut self) {
        let full = self.in_flight >= self.window;
        if full || self.until_looked == 0 || (!self.limited && self.in_flight > self.most_in_flight) {
            (self.limited, self.most_in_flight, self.until_looked) = (full, self.in_flight, self.in_flight);
        }
    }

    /// With a full window: how many acknowledgements that come next let in two packets each, so that these enter without a
    /// gap, and when the last of these acknowledgements is there.
    fn doubles(&self, left: u64, packet_ps: u64) -> (u64, u64) {
        let Some(row) = self.rows.get(0).filter(|row| row.step_ps > 0 && row.step_ps <= 2 * packet_ps) else {
            return (0, 0);
        };
        let mut acknowledged = row.packets.min(left / 2);
        let next_ps = self.rows.get(1).map(|next| next.first_ps);
        if acknowledged == row.packets && next_ps == Some(row.last_ps) {
            acknowledged -= 1;
        }
        (acknowledged, row.at_ps(acknowledged.saturating_sub(1)))
    }

    /// That happens. The window was what held the sender up, and is again after each two.
    fn double(&mut self, sent_ps: u64, last_ps: u64, acknowledged: u64, packet_ps: u64) -> Option<()> {
        let first_ps = self.rows.get(0)?.first_ps;
        self.take(acknowledged);
        self.enter(sent_ps, first_ps, 2 * acknowledged, packet_ps)?;
        self.let_in_ps = last_ps;
        self.look();
        Some(())
    }

    /// Its sender has something to send again.
    pub(super) fn begin(&mut self, now_ps: u64) {
        self.acknowledge(now_ps);
        self.restart(now_ps);
    }

    /// Whether it lets in a packet.
    pub(super) fn has_room(&mut self, now_ps: u64) -> bool {
        self.acknowledge(now_ps);
        self.in_flight < self.window
    }

    /// It lets in a packet of a message, which enters the link between these times. When that is acknowledged is told later.
    pub(super) fn let_in(&mut self, sent_ps: u64, now_ps: u64, start_ps: u64, end_ps: u64) {
        let still_ps = self.free_ps.max(sent_ps);
        if now_ps > still_ps {
            self.gaps.push_back((still_ps, now_ps));
        }
        (self.let_in_ps, self.last_start_ps, self.free_ps) = (now_ps, start_ps, end_ps);
        self.in_flight += 1;
        self.look();
        self.calm_down();
    }

    /// The packet is acknowledged then, whose acknowledgement was not known and that was let in first.
    pub(super) fn will_be_acknowledged(&mut self, at_ps: u64) {
        self.rows.push(Row { first_ps: at_ps, last_ps: at_ps, step_ps: 0, packets: 1 });
    }

    /// When the next acknowledgement comes, if that is known.
    pub(super) fn next_acknowledgement(&self) -> Option<u64> {
        self.rows.get(0).map(|row| row.first_ps)
    }

    /// An acknowledgement has come of a packet that was on its way, or more of them are lost; it may make the window wider.
    pub(super) fn come_back(&mut self, packets: u64, wider: bool) {
        self.in_flight -= packets;
        self.until_looked = self.until_looked.saturating_sub(packets);
        if wider && (self.limited || self.window < 2 * self.most_in_flight) {
            self.window += 1;
        }
    }

    pub(super) fn window(&self) -> u64 {
        self.window
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// The window becomes so narrow.
    pub(super) fn narrow(&mut self, window: u64) {
        self.window = window;
    }

    /// The time-out, whether idle time narrows the window or not.
    pub(super) fn time_out_ps(&self) -> u64 {
        self.time_out_ps
    }

    /// When the last packet was let in.
    pub(super) fn let_in_ps(&self) -> u64 {
        self.let_in_ps
    }

    /// When the last packet has entered.
    pub(super) fn free_ps(&self) -> u64 {
        self.free_ps
    }

    /// What became of a message that had entered with a packet that did by then.
    pub(super) fn passed(&mut self, sent_ps: u64, start_ps: u64, serialised_ps: u64) -> Passed {
        self.others_ps(sent_ps);
        let since = |from_ps: u64| {
            let part = |gap: &Gap| gap.1.min(serialised_ps).saturating_sub(gap.0.max(from_ps));
            self.gaps.iter().map(part).sum()
        };
        Passed { start_ps, serialised_ps, window_ps: since(sent_ps), own_window_ps: since(start_ps) }
    }

    /// Adds the state as of a moment before which the sender sends nothing, relative to an earlier one.
    pub(super) fn relative(&mut self, sender_ps: u64, earliest_ps: u64, state: &mut Vec<u64>) {
        self.acknowledge(sender_ps.max(self.let_in_ps));
        if self.in_flight == 0 || (0 < self.calm && self.in_flight <= self.calm) {
            // The next packet looks anew, or it does not matter.
            (self.limited, self.most_in_flight, self.until_looked) = (false, 0, 0);
        }
        let idle_ps = sender_ps.max(self.let_in_ps).wrapping_sub(self.last_start_ps);
        if self.rto_ps == u64::MAX {
            self.last_start_ps = earliest_ps;
        } else if self.in_flight == 0 && self.after_idle(idle_ps) == self.initial_window {
            (self.window, self.last_start_ps) = (self.initial_window, earliest_ps);
        }
        let after_ps = |ps: u64| ps.max(sender_ps) - earliest_ps;
        state.extend([self.window, u64::from(self.limited), self.most_in_flight, self.until_looked]);
        state.extend([after_ps(self.let_in_ps), after_ps(self.free_ps)]);
        state.push(self.last_start_ps.wrapping_sub(earliest_ps));
        state.push(self.rows.len() as u64);
        for row in self.rows.iter() {
            state.extend([row.first_ps - earliest_ps, row.last_ps - earliest_ps, row.step_ps, row.packets]);
        }
        let gaps = self.gaps.iter().filter(|gap| gap.1 > sender_ps);
        let from = state.len();
        state.push(0);
        state.extend(gaps.flat_map(|gap| [after_ps(gap.0), gap.1 - earliest_ps]));
        state[from] = (state.len() - from) as u64 / 2;
    }

    /// Goes into a state told by [`relative`](Self::relative), with its earlier moment at 0; gives what comes after it.
    pub(super) fn set_relative<'s>(&mut self, state: &'s [u64]) -> &'s [u64] {
        let (&numbers, state) = state.split_first_chunk::<8>().expect("a whole state");
        let [window, limited, most_in_flight, until_looked, let_in_ps, free_ps, last_start_ps, rows] =
            numbers;
        (self.window, self.limited, self.most_in_flight) = (window, limited == 1, most_in_flight);
        (self.until_looked, self.let_in_ps, self.free_ps) = (until_looked, let_in_ps, free_ps);
        self.last_start_ps = last_start_ps;
        let (rows, state) = state.split_at(4 * rows as usize);
        let row = |row: &[u64]| Row { first_ps: row[0], last_ps: row[1], step_ps: row[2], packets: row[3] };
        self.rows.clear();
        self.rows.all.extend(rows.chunks_exact(4).map(row));
        self.in_flight = self.rows.iter().map(|row| row.packets).sum();
        let (gaps, state) = state[1..].split_at(2 * state[0] as usize);
        self.gaps.clear();
        self.gaps.extend(gaps.chunks_exact(2).map(|gap| (gap[0], gap[1])));
        self.calm_down();
        state
    }
}

/// So many states are kept.
const KEPT: usize = 256;

/// The windows of all links. Their state has no fixed length: it is told as the number of one that was kept, the same for
/// equal states. One that is forgotten gets a new number.
#[derive(Debug)]
pub(in crate::sim) struct Windows {
    /// By link.
    pub(in crate::sim) links: Vec<Window>,
    kept: VecDeque<Vec<u64>>,
    /// The number of the first that is kept.
    first: u64,
}

impl Windows {
    pub(in crate::sim) fn new(links: Vec<Window>) -> Windows {
        Windows { links, kept: VecDeque::new(), first: 0 }
    }

    pub(super) fn reset(&mut self) {
        self.links.iter_mut().for_each(Window::reset);
    }

    /// The number of the state of all windows, with each sender's clock.
    pub(in crate::sim) fn relative(&mut self, earliest_ps: u64, clock_ps: impl Fn(usize) -> u64) -> u64 {
        let mut state = Vec::new();
        for (link, window) in self.links.iter_mut().enumerate() {
            window.relative(clock_ps(link), earliest_ps, &mut state);
        }
        let known = self.kept.iter().rposition(|known| *known == state);
        let place = known.unwrap_or_else(|| {
            if self.kept.len() == KEPT {
                self.kept.pop_front();
                self.first += 1;
            }
            self.kept.push_back(state);
            self.kept.len() - 1
        });
        self.first + place as u64
    }

    /// Goes into the state of that number.
    pub(in crate::sim) fn set_relative(&mut self, number: u64) {
        let mut state = &self.kept[(number - self.first) as usize][..];
        for window in &mut self.links {
            state = window.set_relative(state);
        }
    }
}
