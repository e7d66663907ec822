//! TCP's congestion window, as a network has it on each of its links.
//!
//! Owns the settings; what a connection does with them is in `engine/window.rs`.

use super::PS_PER_SECOND;

const PS_PER_MS: u64 = PS_PER_SECOND / 1000;

/// How each link's connection limits what is in flight. Every directed link is a connection of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tcp {
    /// Packets that may be in flight on a new connection, and at least later; 1 or more.
    pub initial_window: u64,
    /// Whether a window is halved for each retransmission time-out in which its connection sent nothing:
    /// `net.ipv4.tcp_slow_start_after_idle` of Linux.
    pub restart_after_idle: bool,
    /// What the retransmission time-out is longer than the round trip, in picoseconds.
    pub rto_min_ps: u64,
    /// By so much more, since the kernel counts in ticks, in picoseconds.
    pub tick_ps: u64,
}

impl Tcp {
    /// Linux as it is shipped, with 250 ticks a second.
    pub const LINUX: Tcp = Tcp {
        initial_window: 10,
        restart_after_idle: true,
        rto_min_ps: 200 * PS_PER_MS,
        tick_ps: 4 * PS_PER_MS,
    };

    /// The retransmission time-out of a link.
    pub(crate) fn rto_ps(&self, latency_ps: u64) -> u64 {
        latency_ps.saturating_mul(2).saturating_add(self.rto_min_ps).saturating_add(self.tick_ps)
    }

    /// Panics if the settings contradict themselves.
    pub(crate) fn assert_valid(&self) {
        assert!(self.initial_window > 0, "a window without packets never sends");
        assert!(self.rto_min_ps > 0, "a time-out takes time");
    }
}
