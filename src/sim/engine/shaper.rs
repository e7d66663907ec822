//! A wire whose bandwidth may change and that may begin with a burst.
//!
//! Owns the token bucket. A bucket of `burst_bytes` fills with the bandwidth; what passes takes its bytes out of it, waiting
//! for those that are not there yet, rounded up to a picosecond. Without a burst this is a plain wire: nothing is ever in the
//! bucket. Contents count in bits x 10^-12, of which a bandwidth of b bits a second brings b in a picosecond.

use crate::sim::PS_PER_SECOND;

/// What a byte is in a bucket.
const BYTE: u128 = 8 * PS_PER_SECOND as u128;

/// Values in force from a moment on, in picoseconds; the first from 0 on.
pub(super) type Schedule<T> = Vec<(u64, T)>;

/// The place of the value in force at a moment.
pub(super) fn place_at<T>(schedule: &Schedule<T>, at_ps: u64) -> usize {
    schedule.partition_point(|&(from_ps, _)| from_ps <= at_ps) - 1
}

/// When the value at a place ends to be in force.
pub(super) fn end_ps<T>(schedule: &Schedule<T>, place: usize) -> u64 {
    schedule.get(place + 1).map_or(u64::MAX, |&(from_ps, _)| from_ps)
}

/// One wire.
#[derive(Debug)]
pub(super) struct Shaper {
    /// Bits per second; `None` takes no time.
    rates: Schedule<Option<u64>>,
    bucket: u128,
    /// What was in the bucket at `at_ps`.
    content: u128,
    at_ps: u64,
    /// When its last message had passed.
    pub(super) free_ps: u64,
}

impl Shaper {
    pub(super) fn new(rates: Schedule<Option<u64>>, burst_bytes: u64) -> Shaper {
        let bucket = u128::from(burst_bytes) * BYTE;
        Shaper { rates, bucket, content: bucket, at_ps: 0, free_ps: 0 }
    }

    pub(super) fn reset(&mut self) {
        (self.content, self.at_ps, self.free_ps) = (self.bucket, 0, 0);
    }

    /// What comes in from one moment to another, no more than fits.
    fn fill(&mut self, to_ps: u64) {
        let mut place = place_at(&self.rates, self.at_ps);
        while self.at_ps < to_ps && self.content < self.bucket {
            let until_ps = end_ps(&self.rates, place).min(to_ps);
            let rate = self.rates[place].1;
            let more = rate.map_or(self.bucket, |bps| u128::from(bps) * u128::from(until_ps - self.at_ps));
            self.content = (self.content + more).min(self.bucket);
            self.at_ps = until_ps;
            place += 1;
        }
        self.at_ps = self.at_ps.max(to_ps);
    }

    /// Lets a message pass that starts when the one before has passed, or later; the moment when its last bit has passed.
    /// `None` if that does not fit.
    pub(super) fn pass(&mut self, start_ps: u64, bytes: u64) -> Option<u64> {
        self.fill(start_ps);
        let wanted = u128::from(bytes) * BYTE;
        if self.content >= wanted {
            self.content -= wanted;
            return Some(start_ps);
        }
        let mut missing = wanted - self.content;
        self.content = 0;
        for place in place_at(&self.rates, start_ps).. {
            let (from_ps, until_ps) = (self.at_ps, end_ps(&self.rates, place));
            let Some(bps) = self.rates[place].1.map(u128::from) else {
                self.content = self.bucket;
                return Some(from_ps);
            };
            let span_ps = u128::from(until_ps - from_ps);
            if bps * span_ps >= missing {
                self.at_ps = from_ps + missing.div_ceil(bps) as u64;
                return Some(self.at_ps);
            }
            if until_ps == u64::MAX {
                return None;
            }
            missing -= bps * span_ps;
            self.at_ps = until_ps;
        }
        unreachable!("the last rate lasts for ever")
    }

    /// The state as of the moment `now_ps`, before which nothing will start: how long it is busy, when its bucket was looked
    /// at last, and what is missing there.
    pub(super) fn relative(&mut self, now_ps: u64) -> [u64; 4] {
        self.fill(now_ps);
        let missing = self.bucket - self.content;
        let after_ps = |ps: u64| ps.saturating_sub(now_ps);
        [after_ps(self.free_ps), after_ps(self.at_ps), (missing >> 64) as u64, missing as u64]
    }

    /// Goes into a state told by [`relative`](Self::relative), with its moment at 0.
    pub(super) fn set_relative(&mut self, state: &[u64]) {
        let missing = (u128::from(state[2]) << 64) | u128::from(state[3]);
        (self.free_ps, self.at_ps) = (state[0], state[1]);
        self.content = self.bucket - missing;
    }
}
