//! Packets of TCP that wait, and that are on their way, by link.
//!
//! Owns what is kept of them; what happens to them is in `packets.rs`.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::{
    recovery::{Packet, Recovery},
    window::Window,
};

/// What happens on a link, in the order in which it does at one moment.
pub(super) const HEAD: u64 = 0;
pub(super) const ACKNOWLEDGED: u64 = 1;
pub(super) const HANDED_OVER: u64 = 2;
pub(super) const TIMES_OUT: u64 = 3;

const PARTY_BITS: u32 = 12;
const TURN_BITS: u32 = 38;

/// An event, packed so that numbers compare like time, what happens, sender, number among all that the sender handed over (0 for
/// what is not handed over), receiver.
pub(super) fn event(at_ps: u64, what: u64, (from, to): (usize, usize), turn: u64) -> Reverse<u128> {
    assert!(turn < 1 << TURN_BITS, "more than 2^38 messages of a party");
    let order = (what << (2 * PARTY_BITS + TURN_BITS))
        | ((from as u64) << (PARTY_BITS + TURN_BITS))
        | (turn << PARTY_BITS)
        | to as u64;
    Reverse((u128::from(at_ps) << 64) | u128::from(order))
}

/// Time, what happens, sender and receiver.
pub(super) fn taken_apart(Reverse(event): Reverse<u128>) -> (u64, u64, (usize, usize)) {
    let (at_ps, order) = ((event >> 64) as u64, event as u64);
    let party = |bits: u64| (bits & ((1 << PARTY_BITS) - 1)) as usize;
    (at_ps, order >> (2 * PARTY_BITS + TURN_BITS), (party(order >> (PARTY_BITS + TURN_BITS)), party(order)))
}

/// A message, and its packets that have not been let in, in their order: how many, and bytes on the wire of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) ordinal: u64,
    pub(super) sent_ps: u64,
    pub(super) packets: [(u64, u64); 3],
}

impl Waiting {
    /// The bytes of the next packet, and whether it is the last.
    pub(super) fn next(&mut self) -> Option<(u64, bool)> {
        let part = self.packets.iter_mut().find(|part| part.0 > 0)?;
        part.0 -= 1;
        let bytes = part.1;
        Some((bytes, self.packets.iter().all(|part| part.0 == 0)))
    }
}

/// A packet between its link and the receiver.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnTheWay {
    pub(super) head_ps: u64,
    pub(super) tail_ps: u64,
    pub(super) packet: Packet,
    /// Which transmission it is, where packets are lost.
    pub(super) number: u64,
}

/// What a link has, beside its window.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) handed_over: VecDeque<(u64, u64)>,
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) on_the_way: VecDeque<OnTheWay>,
    /// When the message before had entered.
    pub(super) entered_ps: u64,
    /// The acknowledgement that will let it go on.
    pub(super) goes_on_ps: Option<u64>,
    /// Where packets are lost: when an acknowledgement or a time-out was last.
    pub(super) done_ps: u64,
    /// Where packets are lost: what is done about it.
    pub(super) recovery: Option<Recovery>,
}

/// All links of a network whose interfaces have limits, or whose packets are lost.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    pub(super) events: BinaryHeap<Reverse<u128>>,
    /// Messages that have arrived, and of which that was not told: link, number there, when the first bit was there.
    pub(super) arrived: VecDeque<(usize, u64, u64)>,
}

impl Lines {
    pub(super) fn new(recoveries: impl Iterator<Item = Option<Recovery>>) -> Lines {
        let line = |recovery| Line { recovery, ..Line::default() };
        Lines { lines: recoveries.map(line).collect(), events: BinaryHeap::new(), arrived: VecDeque::new() }
    }

    pub(super) fn reset(&mut self) {
        self.events.clear();
        self.arrived.clear();
        for line in &mut self.lines {
            let mut recovery = line.recovery.take();
            recovery.iter_mut().for_each(Recovery::reset);
            *line = Line { recovery, ..Line::default() };
        }
    }

    /// A message is handed over: its number on its link, and when; its number among all of its sender.
    /// Its connection takes it no earlier than what happened there last, in an earlier run: a party that is behind may send before
    /// that.
    pub(super) fn hand_over(
        &mut self,
        pair: (usize, usize),
        (link, let_in_ps): (usize, u64),
        handed: (u64, u64),
        turn: u64,
    ) {
        let line = &mut self.lines[link];
        line.handed_over.push_back(handed);
        let at_ps = handed.1.max(let_in_ps).max(line.done_ps);
        self.events.push(event(at_ps, HANDED_OVER, pair, turn));
    }

    /// Where a state between two runs is gone into: nothing is on its way.
    pub(super) fn set_relative(&mut self) {
        for line in &mut self.lines {
            line.entered_ps = 0;
        }
    }
}

impl Line {
    /// Time counts anew until nothing has been acknowledged for too long.
    pub(super) fn count_anew(
        &mut self,
        now_ps: u64,
        window: &Window,
        pair: (usize, usize),
        events: &mut BinaryHeap<Reverse<u128>>,
    ) {
        let Some(recovery) = &mut self.recovery else { return };
        let waits = window.in_flight() > 0;
        let from_ps = now_ps.max(window.free_ps());
        recovery.times_out_ps =
            waits.then(|| from_ps.saturating_add(recovery.time_out_ps(window.time_out_ps())));
        if let Some(times_out_ps) = recovery.times_out_ps
            && recovery.timed_ps.is_none_or(|timed_ps| times_out_ps < timed_ps)
        {
            recovery.timed_ps = Some(times_out_ps);
            events.push(event(times_out_ps, TIMES_OUT, pair, 0));
        }
    }

    /// What waits goes on with the next acknowledgement, once it is known when that comes.
    pub(super) fn wait_for(
        &mut self,
        next_ps: Option<u64>,
        pair: (usize, usize),
        events: &mut BinaryHeap<Reverse<u128>>,
    ) {
        if let Some(next_ps) = next_ps
            && !self.waiting.is_empty()
            && self.goes_on_ps.is_none()
        {
            self.goes_on_ps = Some(next_ps);
            events.push(event(next_ps, ACKNOWLEDGED, pair, 0));
        }
    }
}
