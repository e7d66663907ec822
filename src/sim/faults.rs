//! What goes wrong, and when: parties that stop or are slow, links that are down, messages that are held back.
//!
//! All of it follows from times, links and the numbers and spans of messages, so that it replays exactly. It is part of a
//! [`Network`](super::Network); the engine keeps to it.

use super::Which;

/// Everything that goes wrong with a network and its parties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// Parties that stop, each at most once.
    pub stops: Vec<Stop>,
    /// When parties are slow; of one party, intervals that do not overlap.
    pub slow: Vec<Slow>,
    /// When links are down; of one link, intervals that do not overlap.
    pub down: Vec<Down>,
    /// After waiting so long for a message a party gives up; `None`: never.
    pub timeout_ps: Option<u64>,
    /// Messages that their sender holds back.
    pub held: Option<Held>,
}

/// A party that does nothing any more from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Who.
    pub party: usize,
    /// From when on.
    pub at_ps: u64,
}

/// A party whose work and handling of messages take longer for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow {
    /// Who.
    pub party: usize,
    /// From when on.
    pub from_ps: u64,
    /// Until when, later than `from_ps`.
    pub to_ps: u64,
    /// How many times as long, in millionths: at least one.
    pub factor_millionths: u64,
}

/// A link that no bit enters for a while. What is on its way arrives, and what waits goes on afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Down {
    /// The sender.
    pub from: usize,
    /// The receiver.
    pub to: usize,
    /// From when on.
    pub at_ps: u64,
    /// Until when, later than `at_ps`; `None`: for ever.
    pub until_ps: Option<u64>,
}

/// Messages that a party holds back, or does not send at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who.
    pub party: usize,
    /// Which of its messages.
    pub which: Which,
    /// For how long; `None`: they are never sent.
    pub delay_ps: Option<u64>,
}

impl Faults {
    /// Whether nothing goes wrong.
    pub fn is_none(&self) -> bool {
        *self == Faults::default()
    }

    /// Panics if it contradicts itself: a bug in whoever assembled it.
    pub(crate) fn assert_valid(&self, parties: usize) {
        let party = |party: usize| assert!(party < parties, "no party {party}");
        self.stops.iter().for_each(|stop| party(stop.party));
        for slow in &self.slow {
            party(slow.party);
            assert!(slow.from_ps < slow.to_ps, "a party is slow from a moment to a later one");
            assert!(slow.factor_millionths >= ONE, "a slow party is not faster");
        }
        for down in &self.down {
            assert!(down.from != down.to, "no link {} -> {}", down.from, down.to);
            party(down.from.max(down.to));
            assert!(down.until_ps.is_none_or(|until_ps| down.at_ps < until_ps), "a link is down for a while");
        }
        if let Some(held) = &self.held {
            party(held.party);
        }
    }
}

/// A factor of one.
const ONE: u64 = 1_000_000;

/// When something ends that takes so long at full speed, for a party that is slow at these times, which are in order.
/// `None` if that does not fit a clock.
pub(crate) fn slowed_end_ps(slow: &[Slow], start_ps: u64, work_ps: u64) -> Option<u64> {
    let (mut now_ps, mut left_ps) = (start_ps, work_ps);
    for &Slow { from_ps, to_ps, factor_millionths, .. } in slow.iter().filter(|slow| slow.to_ps > start_ps) {
        let before_ps = from_ps.saturating_sub(now_ps);
        if left_ps <= before_ps {
            break;
        }
        left_ps -= before_ps;
        now_ps = now_ps.max(from_ps);
        let (one, factor) = (u128::from(ONE), u128::from(factor_millionths));
        let slowed_ps = (u128::from(left_ps) * factor).div_ceil(one);
        let room_ps = u128::from(to_ps - now_ps);
        if slowed_ps <= room_ps {
            return now_ps.checked_add(u64::try_from(slowed_ps).ok()?);
        }
        left_ps -= (room_ps * one / factor) as u64;
        now_ps = to_ps;
    }
    now_ps.checked_add(left_ps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(from_ps: u64, to_ps: u64, factor_millionths: u64) -> Slow {
        Slow { party: 0, from_ps, to_ps, factor_millionths }
    }

    #[test]
    fn work_takes_longer_within_the_times_and_only_there() {
        let twice = [slow(10, 20, 2 * ONE), slow(30, 40, 5 * ONE)];
        let end = |start_ps, work_ps| slowed_end_ps(&twice, start_ps, work_ps);
        assert_eq!(end(0, 10), Some(10), "before");
        assert_eq!(end(0, 12), Some(14), "two of it twice as long");
        assert_eq!(end(0, 15), Some(20), "just all of the interval");
        assert_eq!(end(0, 16), Some(21), "and what is left at full speed");
        assert_eq!(end(12, 3), Some(18), "begun inside");
        assert_eq!(end(20, 7), Some(27), "between");
        assert_eq!(end(20, 11), Some(35), "into the second");
        assert_eq!(end(10, 5 + 10 + 2 + 1), Some(41), "through both");
        assert_eq!(end(40, 3), Some(43), "after");
        assert_eq!(end(15, 0), Some(15), "nothing takes no time");
        assert_eq!(slowed_end_ps(&[slow(0, 7, 3 * ONE / 2)], 0, 3), Some(5), "rounded up");
        assert_eq!(slowed_end_ps(&[slow(0, u64::MAX, 3 * ONE)], 1, u64::MAX / 2), None, "past the clock");
    }
}
