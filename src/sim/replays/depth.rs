//! Longest chains of messages through a trace, which no network changes.
//!
//! Owns the matrix of them and its powers. The depth of a party after a run is the greatest of (depth of any party
//! before + longest chain from there to here): linear in (max, +), so that many runs are a power of the matrix.
//! Chains longer than 2^63 are cut, which [`Depths::apply`] notices.

/// No chain leads there.
const NONE: i64 = -1;

/// Longest chain from the start of each party (column) to the end of each party (row), in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Depths {
    parties: usize,
    longest: Vec<i64>,
}

impl Depths {
    /// Of a run in which nothing is sent.
    pub(super) fn none(parties: usize) -> Depths {
        let mut longest = vec![NONE; parties * parties];
        for party in 0..parties {
            longest[party * parties + party] = 0;
        }
        Depths { parties, longest }
    }

    fn row(&self, party: usize) -> &[i64] {
        &self.longest[party * self.parties..][..self.parties]
    }

    /// What a message of that party carries.
    pub(super) fn send(&self, from: usize, message: &mut [i64]) {
        for (carried, &chain) in message.iter_mut().zip(self.row(from)) {
            *carried = if chain == NONE { NONE } else { chain + 1 };
        }
    }

    /// A party gets a message.
    pub(super) fn recv(&mut self, party: usize, message: &[i64]) {
        let row = &mut self.longest[party * self.parties..][..self.parties];
        for (chain, &carried) in row.iter_mut().zip(message) {
            *chain = (*chain).max(carried);
        }
    }

    /// Of this run after another.
    fn after(&self, first: &Depths) -> Depths {
        let n = self.parties;
        let mut longest = vec![NONE; n * n];
        for (out, row) in longest.chunks_exact_mut(n).zip(self.longest.chunks_exact(n)) {
            for (&chain, earlier) in row.iter().zip(first.longest.chunks_exact(n)) {
                for (out, &earlier) in out.iter_mut().zip(earlier) {
                    if chain != NONE && earlier != NONE {
                        *out = (*out).max(chain.saturating_add(earlier));
                    }
                }
            }
        }
        Depths { parties: n, longest }
    }

    /// Depths of all parties after so many runs; `None` from 2^63 on.
    pub(super) fn apply(&self, mut depths: Vec<u64>, times: u64) -> Option<Vec<u64>> {
        let (mut power, mut left) = (self.clone(), times);
        while left > 0 {
            if left & 1 == 1 {
                depths = (0..self.parties).map(|party| power.deepest(party, &depths)).collect();
            }
            left >>= 1;
            if left > 0 {
                power = power.after(&power);
            }
        }
        depths.iter().all(|&depth| depth < i64::MAX.cast_unsigned()).then_some(depths)
    }

    fn deepest(&self, party: usize, depths: &[u64]) -> u64 {
        let chains = self.row(party).iter().zip(depths).filter(|&(&chain, _)| chain != NONE);
        chains.map(|(&chain, &depth)| chain.cast_unsigned().saturating_add(depth)).max().expect("its own")
    }
}
