//! Counts the ring arithmetic that is really done, so that compute time can be charged from it.
//!
//! Every operation of this room adds to the counters of its thread; the simulation takes them whenever a party sends,
//! waits or changes its span. Counts follow from lengths alone, so `shape` and `shares` count the same.

use std::cell::Cell;
use std::iter::Sum;
use std::ops::AddAssign;

/// Amounts of arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Additions, subtractions, negations and shifts of ring elements.
    pub additions: u64,
    /// Elementwise multiplications of ring elements.
    pub multiplications: u64,
    /// Multiply-accumulate steps of matrix products.
    pub macs: u64,
    /// Operations on 64-bit words of packed bits, transposes between words and bits included.
    pub bit_words: u64,
    /// Pseudo-random bytes drawn.
    pub random_bytes: u64,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Work) {
        self.additions += other.additions;
        self.multiplications += other.multiplications;
        self.macs += other.macs;
        self.bit_words += other.bit_words;
        self.random_bytes += other.random_bytes;
    }
}

impl Sum for Work {
    fn sum<I: Iterator<Item = Work>>(works: I) -> Work {
        works.fold(Work::default(), |mut sum, work| {
            sum += work;
            sum
        })
    }
}

thread_local! {
    static WORK: Cell<Work> = const { Cell::new(Work { additions: 0, multiplications: 0, macs: 0, bit_words: 0, random_bytes: 0 }) };
}

/// Adds to the counters of this thread.
pub(crate) fn count(f: impl FnOnce(&mut Work)) {
    WORK.with(|cell| {
        let mut work = cell.get();
        f(&mut work);
        cell.set(work);
    });
}

/// Does something and counts `work` for it, whatever it is done with: for what is charged as a protocol's own operation.
pub(crate) fn charged<T>(work: Work, f: impl FnOnce() -> T) -> T {
    let before = take();
    let result = f();
    WORK.set(before);
    count(|w| *w += work);
    result
}

/// The work counted on this thread since the last call.
pub fn take() -> Work {
    WORK.with(Cell::take)
}
