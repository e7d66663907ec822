//! Memory of vectors and planes, kept from one operation to the next.
//!
//! An iteration makes thousands of short-lived vectors of the same few lengths. Fresh memory for each would cost more
//! than the arithmetic: the system clears every page of it, and it is in no cache. So each thread keeps what it drops,
//! up to [`KEPT_WORDS`], and hands it out again, what was dropped last first.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Longer buffers go back to the system: the data of a whole training.
pub(super) const LONGEST_KEPT: usize = 1 << 20;
/// What a thread keeps at most: 64 MiB.
const KEPT_WORDS: usize = 1 << 23;
/// Words of a cache line, and lines of a page.
const LINE: usize = 8;
const PAGE_LINES: usize = 64;
/// Buffers from this capacity on begin at different places of a page.
const STAGGERED: usize = 1 << 12;
/// Shorter buffers have the capacity of this many words.
const SHORTEST: usize = 16;

/// A vector of words whose memory is used again.
#[derive(Debug)]
pub(in crate::ring) struct Words {
    buffer: Buffer,
    len: usize,
}

/// Initialised memory, of which the words from `start` on count.
#[derive(Debug, Default)]
struct Buffer {
    memory: Vec<u64>,
    start: usize,
    /// What it counts for on the shelves; zero if it does not belong there.
    capacity: usize,
}

/// The kept buffers by class of capacity.
#[derive(Default)]
struct Shelves {
    shelves: Vec<Vec<Buffer>>,
    kept: usize,
    /// Buffers made so far.
    made: usize,
}

thread_local! {
    static SHELVES: RefCell<Shelves> = RefCell::default();
}

/// Gives back what this thread has kept: for when something else begins.
pub fn release_memory() {
    SHELVES.take();
}

/// Number and capacity of the class for `len` words: four classes for each power of two.
fn class(len: usize) -> (usize, usize) {
    let below = len.max(SHORTEST) - 1;
    let power = below.ilog2();
    let quarter = below >> (power - 2);
    (4 * power as usize + (quarter & 3), (quarter + 1) << (power - 2))
}

impl Buffer {
    /// The `number`-th buffer of a thread. It begins with a cache line; long ones begin with different lines of a page,
    /// for lines that are as far from the beginnings of their pages would all meet in the same set of a cache.
    fn new(capacity: usize, number: usize) -> Self {
        let lines = if capacity < STAGGERED { 0 } else { number * 11 % PAGE_LINES };
        let memory = vec![0; capacity + (lines + 1) * LINE];
        // Where it cannot be told how memory is aligned, it is only slower.
        let start = memory.as_ptr().align_offset(8 * LINE).min(LINE) + lines * LINE;
        Buffer { memory, start, capacity }
    }
}

impl Words {
    /// `len` words with any contents, for callers that write all of them.
    pub fn any(len: usize) -> Self {
        if len > LONGEST_KEPT {
            return vec![0; len].into();
        }
        let (class, capacity) = class(len);
        let kept = SHELVES.try_with(|shelves| {
            let mut shelves = shelves.borrow_mut();
            if let Some(buffer) = shelves.shelves.get_mut(class).and_then(Vec::pop) {
                shelves.kept -= capacity;
                return buffer;
            }
            shelves.made += 1;
            Buffer::new(capacity, shelves.made)
        });
        Words { buffer: kept.unwrap_or_else(|_| Buffer::new(capacity, 0)), len }
    }

    /// No words.
    pub fn none() -> Self {
        Words { buffer: Buffer::default(), len: 0 }
    }

    /// `len` times the same word.
    pub fn filled(len: usize, word: u64) -> Self {
        if word == 0 && len > LONGEST_KEPT {
            // Zeros from the system need no writing, and take no memory before something is written.
            return vec![0; len].into();
        }
        let mut words = Words::any(len);
        words.fill(word);
        words
    }
}

impl From<Vec<u64>> for Words {
    fn from(memory: Vec<u64>) -> Self {
        Words { len: memory.len(), buffer: Buffer { memory, start: 0, capacity: 0 } }
    }
}

impl Deref for Words {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.buffer.memory[self.buffer.start..self.buffer.start + self.len]
    }
}

impl DerefMut for Words {
    fn deref_mut(&mut self) -> &mut [u64] {
        &mut self.buffer.memory[self.buffer.start..self.buffer.start + self.len]
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        if buffer.capacity == 0 {
            return;
        }
        // Nothing is kept while the thread ends.
        let _ = SHELVES.try_with(|shelves| {
            let mut shelves = shelves.borrow_mut();
            let Shelves { shelves, kept, .. } = &mut *shelves;
            if *kept + buffer.capacity > KEPT_WORDS {
                return;
            }
            *kept += buffer.capacity;
            let (class, _) = class(buffer.capacity);
            if shelves.len() <= class {
                shelves.resize_with(class + 1, Vec::new);
            }
            shelves[class].push(buffer);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_KEPT, SHORTEST, Words, class};

    #[test]
    fn classes_hold_what_they_are_for_and_waste_little() {
        for len in (0..5000).chain([1 << 19, (1 << 19) + 1, 100_352, LONGEST_KEPT]) {
            let (number, capacity) = class(len);
            assert!(
                capacity >= len && (len <= SHORTEST || capacity <= len + len / 4 + 1),
                "{len}: {capacity}"
            );
            assert_eq!(class(capacity), (number, capacity), "{len}");
        }
    }

    #[test]
    fn memory_is_used_again() {
        let first = Words::any(1000);
        let address = first.as_ptr();
        drop(first);
        let second = Words::any(990);
        assert_eq!(second.as_ptr(), address);
        assert_eq!(second.len(), 990);
        assert!(Words::filled(990, 7).iter().all(|&word| word == 7));
    }
}
