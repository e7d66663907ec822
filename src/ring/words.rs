//! Memory of vectors and planes, kept from one operation to the next.
//!
//! An iteration makes thousands of short-lived vectors of the same few lengths. Fresh memory for each would cost more
//! than the arithmetic: the system clears every page of it, and it is in no cache. So each thread keeps what it drops,
//! up to [`KEPT_WORDS`], and hands it out again, what was dropped last first.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Longer buffers go back to the system: the data of a whole training.
const LONGEST_KEPT: usize = 1 << 20;
/// What a thread keeps at most: 64 MiB.
const KEPT_WORDS: usize = 1 << 23;
/// Shorter buffers have the capacity of this many words.
const SHORTEST: usize = 16;

/// A vector of words whose memory is used again.
#[derive(Debug)]
pub(in crate::ring) struct Words {
    /// All of it is initialised; only the first `len` words count.
    memory: Vec<u64>,
    len: usize,
}

/// The kept buffers by class of capacity.
#[derive(Default)]
struct Shelves {
    shelves: Vec<Vec<Vec<u64>>>,
    kept: usize,
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

impl Words {
    /// `len` words with any contents, for callers that write all of them.
    pub fn any(len: usize) -> Self {
        if len > LONGEST_KEPT {
            return Words { memory: vec![0; len], len };
        }
        let (class, capacity) = class(len);
        let kept = SHELVES.try_with(|shelves| {
            let mut shelves = shelves.borrow_mut();
            let memory = shelves.shelves.get_mut(class)?.pop()?;
            shelves.kept -= memory.len();
            Some(memory)
        });
        let memory = kept.ok().flatten().unwrap_or_else(|| vec![0; capacity]);
        Words { memory, len }
    }

    /// `len` times the same word.
    pub fn filled(len: usize, word: u64) -> Self {
        if word == 0 && len > LONGEST_KEPT {
            // Zeros from the system need no writing, and take no memory before something is written.
            return Words { memory: vec![0; len], len };
        }
        let mut words = Words::any(len);
        words.fill(word);
        words
    }
}

impl From<Vec<u64>> for Words {
    fn from(memory: Vec<u64>) -> Self {
        Words { len: memory.len(), memory }
    }
}

impl Deref for Words {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.memory[..self.len]
    }
}

impl DerefMut for Words {
    fn deref_mut(&mut self) -> &mut [u64] {
        &mut self.memory[..self.len]
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        let capacity = self.memory.len();
        if !(SHORTEST..=LONGEST_KEPT).contains(&capacity) || class(capacity).1 != capacity {
            return;
        }
        let memory = std::mem::take(&mut self.memory);
        // Nothing is kept while the thread ends.
        let _ = SHELVES.try_with(|shelves| {
            let mut shelves = shelves.borrow_mut();
            let Shelves { shelves, kept } = &mut *shelves;
            if *kept + capacity > KEPT_WORDS {
                return;
            }
            let (class, _) = class(capacity);
            if shelves.len() <= class {
                shelves.resize_with(class + 1, Vec::new);
            }
            shelves[class].push(memory);
            *kept += capacity;
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
