//! The way of one message.

use super::Parts;

/// When a message passed each point of its way, in picoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timeline {
    /// The sender handed it over.
    pub sent_ps: u64,
    /// Its first bit entered the wire; with TCP, all that was sent before it had.
    pub start_ps: u64,
    /// Its last bit entered the wire.
    pub serialised_ps: u64,
    /// Its first bit reached the receiver.
    pub head_ps: u64,
    /// Its last bit was with the receiver.
    pub arrival_ps: u64,
    /// Latency and jitter of its own.
    pub delay_ps: u64,
    /// Of its way, latency: its own, and what jitter of a message before it on the link held it up.
    pub latency_ps: u64,
    /// Of its way, what its bytes took on wires that were free, and those of its sender that it waited for.
    pub serialisation_ps: u64,
    /// Of its way, while its link stood still because of TCP's window
    pub window_ps: u64,
    /// That part of `window_ps` which is from `start_ps` on.
    pub own_window_ps: u64,
    /// Of its way, while others' packets held the receiver's interface before its last one: with TCP, where messages take turns
    /// packet by packet.
    pub own_queueing_ps: u64,
    /// What was sent before, and held link, wire or interface until `start_ps`; `None` if it did not wait.
    pub behind: Option<MessageId>,
    /// The receiver's interface began with it; `head_ps` without a limit.
    pub interface_ps: u64,
    /// By so much messages at the receiver's interface held it up, just before `interface_ps`.
    pub held_ps: u64,
    /// What was at the receiver's interface until `interface_ps`; `None` if it did not wait there.
    pub behind_at_receiver: Option<MessageId>,
}

impl Timeline {
    /// A message that has not started.
    pub(crate) fn handed_over(sent_ps: u64) -> Timeline {
        Timeline {
            sent_ps,
            start_ps: sent_ps,
            serialised_ps: sent_ps,
            head_ps: sent_ps,
            arrival_ps: sent_ps,
            delay_ps: 0,
            latency_ps: 0,
            serialisation_ps: 0,
            window_ps: 0,
            own_window_ps: 0,
            own_queueing_ps: 0,
            behind: None,
            interface_ps: sent_ps,
            held_ps: 0,
            behind_at_receiver: None,
        }
    }

    /// What its way was spent on; adds up to the time from `sent_ps` to `arrival_ps`.
    pub fn parts(&self) -> Parts {
        let way_ps = self.arrival_ps - self.sent_ps;
        Parts {
            compute_ps: 0,
            latency_ps: self.latency_ps,
            serialisation_ps: self.serialisation_ps,
            queueing_ps: way_ps - self.latency_ps - self.serialisation_ps - self.window_ps,
            window_ps: self.window_ps,
        }
    }
}

/// Which message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The sender.
    pub from: usize,
    /// The receiver.
    pub to: usize,
    /// Its number on the link, from 0 when the replayer began, over all its runs.
    pub ordinal: u64,
}
