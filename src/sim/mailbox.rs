//! Messages of one link that nobody has asked for yet, by lane.

use std::collections::VecDeque;

/// First in, first out within each lane. Queues are kept for reuse, so that in the long run a
/// message allocates nothing.
#[derive(Debug)]
pub(crate) struct Mailbox<M> {
    /// A message that came when nothing was there, which is the usual case: its lane and ordinal.
    first: Option<(u64, u64, M)>,
    /// Lanes that hold a message, sorted, with the place of their queue.
    lanes: Vec<(u64, usize)>,
    queues: Vec<VecDeque<(u64, M)>>,
    idle: Vec<usize>,
}

impl<M> Mailbox<M> {
    pub(crate) fn new() -> Mailbox<M> {
        Mailbox { first: None, lanes: Vec::new(), queues: Vec::new(), idle: Vec::new() }
    }

    /// Keeps a message, with its ordinal on the link.
    #[inline]
    pub(crate) fn push(&mut self, lane: u64, ordinal: u64, message: M) {
        if self.first.is_none() && self.lanes.is_empty() {
            self.first = Some((lane, ordinal, message));
        } else {
            self.queue(lane, ordinal, message);
        }
    }

    fn queue(&mut self, lane: u64, ordinal: u64, message: M) {
        let queue = match self.lanes.binary_search_by_key(&lane, |&(key, _)| key) {
            Ok(at) => self.lanes[at].1,
            Err(at) => {
                let queue = self.idle.pop().unwrap_or_else(|| {
                    self.queues.push(VecDeque::new());
                    self.queues.len() - 1
                });
                self.lanes.insert(at, (lane, queue));
                queue
            }
        };
        self.queues[queue].push_back((ordinal, message));
    }

    /// The oldest message of a lane, with its ordinal on the link.
    #[inline]
    pub(crate) fn pop(&mut self, lane: u64) -> Option<(u64, M)> {
        if self.first.as_ref().is_some_and(|first| first.0 == lane) {
            return self.first.take().map(|(_, ordinal, message)| (ordinal, message));
        }
        if self.lanes.is_empty() {
            return None;
        }
        let at = self.lanes.binary_search_by_key(&lane, |&(key, _)| key).ok()?;
        let queue = self.lanes[at].1;
        let found = self.queues[queue].pop_front();
        if self.queues[queue].is_empty() {
            self.lanes.remove(at);
            self.idle.push(queue);
        }
        found
    }

    pub(crate) fn clear(&mut self) {
        *self = Mailbox::new();
    }
}
