//! Whose messages held a wire or an outgoing interface that several senders share, while another waited for it.

use crate::sim::timeline::MessageId;

/// What held a wire or an interface before.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before {
    /// A message of this run, by its place.
    Now(usize),
    /// A message of an earlier run, or one that only its own sender can wait for.
    Earlier(MessageId),
}

/// A message that began to hold what others wait for.
#[derive(Debug)]
struct Hold {
    message: MessageId,
    start_ps: u64,
    /// What it had waited for itself.
    behind: Option<Before>,
}

/// The messages of a run that began where senders share the way.
#[derive(Debug, Default)]
pub(super) struct Begun {
    holds: Vec<Hold>,
}

impl Begun {
    pub(super) fn clear(&mut self) {
        self.holds.clear();
    }

    pub(super) fn message(&self, before: Before) -> MessageId {
        match before {
            Before::Now(place) => self.holds[place].message,
            Before::Earlier(message) => message,
        }
    }

    pub(super) fn add(&mut self, message: MessageId, start_ps: u64, behind: Option<Before>) -> Before {
        self.holds.push(Hold { message, start_ps, behind });
        Before::Now(self.holds.len() - 1)
    }

    /// How much of a wait messages of others held the way, the nearest first: those that the waiting one was behind, what
    /// these had been behind, and so on.
    pub(super) fn of_others_ps(
        &self,
        from: usize,
        mut behind: Option<Before>,
        from_ps: u64,
        mut until_ps: u64,
    ) -> u64 {
        let mut others_ps = 0;
        while until_ps > from_ps {
            let before = behind.expect("some message was there while another waited");
            let (start_ps, next) = match before {
                Before::Now(place) => (self.holds[place].start_ps.max(from_ps), self.holds[place].behind),
                Before::Earlier(_) => (from_ps, None),
            };
            if self.message(before).from != from {
                others_ps += until_ps - start_ps;
            }
            (until_ps, behind) = (start_ps, next);
        }
        others_ps
    }
}
