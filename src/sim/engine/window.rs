//! When the packets of a TCP connection enter their link.
//!
//! Owns the congestion window. A message is cut into packets ([`WireOverhead::packets`]); one may enter when fewer than the
//! window's number are in flight, and when the packets before it have entered. It is in flight until its acknowledgement is
//! back, a round trip after its last bit entered. Each acknowledgement makes the window one packet wider, if the window
//! had been what held the sender up (or was less than twice what had been in flight), as Linux's slow start does. When
//! nothing is in flight and the last packet entered more than a retransmission time-out ago, the window is halved for each
//! time-out that has passed, down to the initial one.
//!
//! Packets that do not wait are taken in one step, and so are those that a row of acknowledgements lets in two by two: a
//! message costs as many steps as its window doubles.

use std::collections::VecDeque;

use crate::sim::{Tcp, WireOverhead, network::Rate};

/// Packets in flight: their acknowledgements come one after the other, each so long after the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    first_ps: u64,
    step_ps: u64,
    packets: u64,
}

impl Row {
    /// When the acknowledgement of so many packets after the first is there.
    fn at_ps(&self, after: u64) -> u64 {
        self.first_ps + self.step_ps * after
    }
}

/// A link stands still from one moment to another, because the window does not let in what is there to be sent.
type Gap = (u64, u64);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passed {
    /// All sent before it had entered.
    pub(super) start_ps: u64,
    /// Its last bit entered.
    pub(super) serialised_ps: u64,
    /// From when it was handed over to `serialised_ps`, the link stood still for so long.
    pub(super) window_ps: u64,
    /// Of it, from `start_ps` on.
    pub(super) own_window_ps: u64,
}

/// The sending end of a connection.
#[derive(Debug)]
pub(super) struct Window {
    tcp: Tcp,
    rate: Rate,
    round_trip_ps: u64,
    rto_ps: u64,
    /// In packets, as are all numbers that are not times.
    window: u64,
    in_flight: u64,
    rows: VecDeque<Row>,
    /// Whether the window held the sender up, and the most that was in flight, as of when that was looked at last.
    limited: bool,
    most_in_flight: u64,
    /// So many acknowledgements until it is looked at anew in any case.
    until_looked: u64,
    /// When the last packet was let in, began to enter, and had entered.
    let_in_ps: u64,
    last_start_ps: u64,
    free_ps: u64,
    /// In the order of time, as far as they may still matter.
    gaps: VecDeque<Gap>,
}

impl Window {
    pub(super) fn new(tcp: Tcp, latency_ps: u64, rate: Rate) -> Window {
        Window {
            tcp,
            rate,
            round_trip_ps: latency_ps.saturating_mul(2),
            rto_ps: tcp.rto_ps(latency_ps),
            window: tcp.initial_window,
            in_flight: 0,
            rows: VecDeque::new(),
            limited: false,
            most_in_flight: 0,
            until_looked: 0,
            let_in_ps: 0,
            last_start_ps: 0,
            free_ps: 0,
            gaps: VecDeque::new(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.window = self.tcp.initial_window;
        (self.in_flight, self.most_in_flight, self.until_looked, self.limited) = (0, 0, 0, false);
        (self.let_in_ps, self.last_start_ps, self.free_ps) = (0, 0, 0);
        self.rows.clear();
        self.gaps.clear();
    }

    /// Lets a message pass that is handed over now, no earlier than the one before. `None` if that does not fit.
    pub(super) fn pass(
        &mut self,
        sent_ps: u64,
        payload_bytes: u64,
        overhead: &WireOverhead,
    ) -> Option<Passed> {
        while self.gaps.front().is_some_and(|gap| gap.1 <= sent_ps) {
            self.gaps.pop_front();
        }
        // Those of the messages before: no more than the time from now to when the link is free.
        let others_ps: u64 = self.gaps.iter().map(|gap| gap.1 - gap.0.max(sent_ps)).sum();
        let start_ps = sent_ps.max(self.free_ps);
        let own = self.gaps.len();
        for (packets, bytes) in overhead.packets(payload_bytes)? {
            if packets > 0 {
                self.pass_packets(sent_ps, packets, self.rate.duration_ps(bytes)?)?;
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

    /// Lets packets pass that take so long each.
    fn pass_packets(&mut self, sent_ps: u64, packets: u64, packet_ps: u64) -> Option<()> {
        let mut now_ps = sent_ps.max(self.let_in_ps);
        if self.round_trip_ps == 0 && !self.rate.is_limited() {
            // Each is acknowledged before the next.
            (self.let_in_ps, self.last_start_ps, self.free_ps) = (now_ps, now_ps, now_ps);
            return Some(());
        }
        let (mut left, mut waited) = (packets, false);
        loop {
            self.acknowledge(now_ps);
            if self.in_flight == 0 && !waited {
                self.restart(now_ps);
            }
            let room = self.window.saturating_sub(self.in_flight).min(left);
            if room > 0 {
                self.enter(sent_ps, now_ps, room, packet_ps)?;
                self.look();
                (left, waited) = (left - room, false);
                if left == 0 {
                    return Some(());
                }
                continue;
            }
            let (doubled, last_ps) = self.doubles(left, packet_ps);
            if doubled > 0 {
                self.double(sent_ps, last_ps, doubled, packet_ps)?;
                (left, now_ps, waited) = (left - 2 * doubled, last_ps, false);
                if left == 0 {
                    return Some(());
                }
                continue;
            }
            now_ps = self.rows.front()?.first_ps;
            waited = true;
        }
    }

    /// Takes account of the acknowledgements that are there.
    fn acknowledge(&mut self, now_ps: u64) {
        while let Some(row) = self.rows.front_mut() {
            if row.first_ps > now_ps {
                return;
            }
            let there = match row.at_ps(row.packets - 1) {
                last_ps if last_ps <= now_ps => row.packets,
                _ => (now_ps - row.first_ps) / row.step_ps + 1,
            };
            self.take(there);
        }
    }

    /// So many acknowledgements of the first row have come.
    fn take(&mut self, packets: u64) {
        if let Some(row) = self.rows.front_mut().filter(|row| row.packets > packets) {
            row.packets -= packets;
            row.first_ps += row.step_ps * packets;
        } else {
            self.rows.pop_front();
        }
        self.in_flight -= packets;
        self.until_looked = self.until_looked.saturating_sub(packets);
        let wider = self.window + packets;
        self.window = if self.limited { wider } else { wider.min(self.window.max(2 * self.most_in_flight)) };
    }

    /// What idle time does to the window, when nothing is in flight.
    fn restart(&mut self, now_ps: u64) {
        if self.tcp.restart_after_idle {
            self.window = self.after_idle(now_ps.wrapping_sub(self.last_start_ps));
        }
    }

    fn after_idle(&self, idle_ps: u64) -> u64 {
        let timeouts = idle_ps.saturating_sub(1) / self.rto_ps;
        if self.window <= self.tcp.initial_window {
            return self.window;
        }
        self.window
            .checked_shr(u32::try_from(timeouts).unwrap_or(u32::MAX))
            .unwrap_or(0)
            .max(self.tcp.initial_window)
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
        match self.rows.back_mut() {
            Some(last) if last.step_ps == packet_ps && last.at_ps(last.packets - 1) == before_ps => {
                last.packets += packets;
            }
            _ => self.rows.push_back(Row { first_ps: before_ps + packet_ps, step_ps: packet_ps, packets }),
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
        let Some(row) = self.rows.front().filter(|row| row.step_ps > 0 && row.step_ps <= 2 * packet_ps)
        else {
            return (0, 0);
        };
        let mut acknowledged = row.packets.min(left / 2);
        let next_ps = self.rows.get(1).map(|next| next.first_ps);
        if acknowledged == row.packets && next_ps == Some(row.at_ps(row.packets - 1)) {
            acknowledged -= 1;
        }
        (acknowledged, row.at_ps(acknowledged.saturating_sub(1)))
    }

    /// That happens. The window was what held the sender up, and is again after each two.
    fn double(&mut self, sent_ps: u64, last_ps: u64, acknowledged: u64, packet_ps: u64) -> Option<()> {
        let first_ps = self.rows.front()?.first_ps;
        self.take(acknowledged);
        self.enter(sent_ps, first_ps, 2 * acknowledged, packet_ps)?;
        self.let_in_ps = last_ps;
        self.look();
        Some(())
    }

    /// Adds the state as of a moment before which the sender sends nothing, relative to an earlier one.
    pub(super) fn relative(&mut self, sender_ps: u64, earliest_ps: u64, state: &mut Vec<u64>) {
        self.acknowledge(sender_ps.max(self.let_in_ps));
        if self.in_flight == 0 {
            // The next packet looks anew.
            (self.limited, self.most_in_flight, self.until_looked) = (false, 0, 0);
            let idle_ps = sender_ps.max(self.let_in_ps).wrapping_sub(self.last_start_ps);
            if !self.tcp.restart_after_idle || self.after_idle(idle_ps) == self.tcp.initial_window {
                if self.tcp.restart_after_idle {
                    self.window = self.tcp.initial_window;
                }
                self.last_start_ps = earliest_ps;
            }
        }
        let after_ps = |ps: u64| ps.max(sender_ps) - earliest_ps;
        state.extend([self.window, u64::from(self.limited), self.most_in_flight, self.until_looked]);
        state.extend([after_ps(self.let_in_ps), after_ps(self.free_ps)]);
        state.push(self.last_start_ps.wrapping_sub(earliest_ps));
        state.push(self.rows.len() as u64);
        for row in &self.rows {
            state.extend([row.first_ps - earliest_ps, row.step_ps, row.packets]);
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
        let (rows, state) = state.split_at(3 * rows as usize);
        let row = |row: &[u64]| Row { first_ps: row[0], step_ps: row[1], packets: row[2] };
        self.rows = rows.chunks_exact(3).map(row).collect();
        self.in_flight = self.rows.iter().map(|row| row.packets).sum();
        let (gaps, state) = state[1..].split_at(2 * state[0] as usize);
        self.gaps = gaps.chunks_exact(2).map(|gap| (gap[0], gap[1])).collect();
        state
    }
}

/// So many states are kept.
const KEPT: usize = 256;

/// The windows of all links. Their state has no fixed length: it is told as the number of one that was kept, the same for
/// equal states. One that is forgotten gets a new number.
#[derive(Debug)]
pub(super) struct Windows {
    /// By link.
    pub(super) links: Vec<Window>,
    kept: VecDeque<Vec<u64>>,
    /// The number of the first that is kept.
    first: u64,
}

impl Windows {
    pub(super) fn new(links: Vec<Window>) -> Windows {
        Windows { links, kept: VecDeque::new(), first: 0 }
    }

    pub(super) fn reset(&mut self) {
        self.links.iter_mut().for_each(Window::reset);
    }

    /// The number of the state of all windows, with each sender's clock.
    pub(super) fn relative(&mut self, earliest_ps: u64, clock_ps: impl Fn(usize) -> u64) -> u64 {
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
    pub(super) fn set_relative(&mut self, number: u64) {
        let mut state = &self.kept[(number - self.first) as usize][..];
        for window in &mut self.links {
            state = window.set_relative(state);
        }
    }
}
