//! Long vectors that parties put together from pieces: equal ones lie in memory once.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use super::memory::Memory;
use super::words::Words;
use crate::ring::vector::{Content, Vector};

thread_local! {
    /// What this thread has put together and somebody still holds.
    static JOINED: RefCell<Vec<Weak<Memory>>> = const { RefCell::new(Vec::new()) };
}

/// The vectors one after the other, in one memory. Parties that hold a component in common compute the pieces of it apart;
/// here it becomes one vector again, so that what they make of it is computed once.
pub(in crate::ring) fn join(parts: &[&Vector]) -> Vector {
    let len = parts.iter().map(|part| part.len()).sum();
    if parts.first().is_none_or(|part| part.content() == Content::Shape) {
        return Vector::shape(len);
    }
    let mut words = Words::any(len);
    let mut rest = &mut words[..];
    for part in parts {
        rest.split_off_mut(..part.len()).expect("a place for each").copy_from_slice(part.expect_values());
    }
    JOINED.with_borrow_mut(|joined| {
        joined.retain(|memory| memory.strong_count() > 0);
        let same = joined.iter().filter_map(Weak::upgrade).find(|memory| memory.words()[..] == words[..]);
        let memory = same.unwrap_or_else(|| {
            let memory = Arc::new(Memory::Words(words));
            joined.push(Arc::downgrade(&memory));
            memory
        });
        Vector::of_memory(&memory, 0, len)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_vectors_of_pieces_are_one() {
        let piece = |first: u64| Vector::from((first..first + 1000).collect::<Vec<_>>());
        let joined = |firsts: [u64; 2]| {
            let pieces = firsts.map(piece);
            join(&pieces.each_ref())
        };
        let (first, same, other) = (joined([5, 9]), joined([5, 9]), joined([5, 8]));
        assert!(first.is_same(&same) && !first.is_same(&other));
        assert_eq!(first, Vector::concat(&[&piece(5), &piece(9)]));
        assert_eq!(other.expect_values()[1000], 8);
        drop((first, same));
        assert!(!joined([5, 9]).is_same(&other));
        let shape = join(&[&Vector::shape(3), &Vector::shape(4)]);
        assert_eq!((shape.len(), shape.content()), (7, Content::Shape));
    }
}
