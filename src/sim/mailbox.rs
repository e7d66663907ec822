//! Messages of one link that nobody has asked for yet, by strand.

use std::collections::VecDeque;

/// First in, first out within each strand. Queues are kept for reuse, so that in the long run a
/// message allocates nothing.
#[derive(Debug)]
pub(crate) struct Mailbox<M> {
    /// A message that came when nothing was there, which is the usual case: its strand and ordinal.
    first: Option<(u64, u64, M)>,
    /// Strands that hold a message, sorted, with the place of their queue.
    strands: Vec<(u64, usize)>,
    queues: Vec<VecDeque<(u64, M)>>,
    idle: Vec<usize>,
}

impl<M> Mailbox<M> {
    pub(crate) fn new() -> Mailbox<M> {
        Mailbox { first: None, strands: Vec::new(), queues: Vec::new(), idle: Vec::new() }
    }

    /// Keeps a message, with its ordinal on the link.
    #[inline]
    pub(crate) fn push(&mut self, strand: u64, ordinal: u64, message: M) {
        if self.first.is_none() && self.strands.is_empty() {
            self.first = Some((strand, ordinal, message));
        } else {
            self.queue(strand, ordinal, message);
        }
    }

    fn queue(&mut self, strand: u64, ordinal: u64, message: M) {
        let queue = match self.strands.binary_search_by_key(&strand, |&(key, _)| key) {
            Ok(at) => self.strands[at].1,
            Err(at) => {
                let queue = self.idle.pop().unwrap_or_else(|| {
                    self.queues.push(VecDeque::new());
                    self.queues.len() - 1
                });
                self.strands.insert(at, (strand, queue));
                queue
            }
        };
        self.queues[queue].push_back((ordinal, message));
    }

    /// The oldest message of a strand, with its ordinal on the link.
    #[inline]
    pub(crate) fn pop(&mut self, strand: u64) -> Option<(u64, M)> {
        if self.first.as_ref().is_some_and(|first| first.0 == strand) {
            return self.first.take().map(|(_, ordinal, message)| (ordinal, message));
        }
        if self.strands.is_empty() {
            return None;
        }
        let at = self.strands.binary_search_by_key(&strand, |&(key, _)| key).ok()?;
        let queue = self.strands[at].1;
        let found = self.queues[queue].pop_front();
        if self.queues[queue].is_empty() {
            self.strands.remove(at);
            self.idle.push(queue);
        }
        found
    }

    pub(crate) fn clear(&mut self) {
        *self = Mailbox::new();
    }
}
