//! Simulated time: parties, links, and what happens when.
//!
//! This room owns the simulated clock in integer picoseconds, the network of links and interfaces,
//! the executor that polls one `async` program per party, the trace of what each party did, and its
//! replay under another network. It must not know what a message means: it never names a share, a
//! ring, a protocol or a layer, and is generic over the message type `M`.
//!
//! Three acts. *Author* a program: an `async fn` that gets a [`Party`] and `send`s, `recv`s and
//! `work`s. *Assemble* a [`World`]: a [`Network`], one [`Endpoint`] per party, perhaps a work
//! [`Meter`]. *Run* it: [`Simulation::run`] live, or [`Replayer::run`] from a recorded [`Trace`].
//!
//! # Time of a message
//!
//! ```text
//!   sender                 link                          receiver
//!   t ──queue──> s ══════════════> ser_end
//!                └──latency + jitter──> h ──[interface]──> arrival
//! ```
//!
//! A message of `B` payload bytes that a party hands over at its time `t` has `W` wire bytes
//! ([`WireOverhead`]). It enters the wire when the sender's outgoing interface (if it has a limit)
//! and the link are free, `s`; its last bit leaves at `ser_end = s + max(W/egress, W/link)`; its
//! head reaches the receiver at `h = s + latency + jitter`, never before the head of an earlier
//! message on the link. Without a limit on the receiver's incoming interface it arrives at
//! `ser_end + (h - s)`; with one, the interface serves all messages to that party one after the
//! other in the order of (h, sender, ordinal on the link, receiver), which is the sequence number
//! at equal times. Nobody overtakes on a link. An interface or link without a limit takes no time
//! and holds nobody up.
//!
//! With [`Tcp`], a link lets in packets as its congestion window allows, a message's in their order; it arrives with its
//! last packet. What that is in detail is in `engine/window.rs`. A link's packets depend on what its sender hands over, on
//! nothing else, unless interfaces have limits: then packets of all connections take turns there (`engine/packets.rs`). What
//! becomes of packets that are lost is in `engine/recovery.rs`.
//!
//! The order at an incoming interface is the order of heads within one run. What a later run sends
//! queues behind what an earlier run sent, even if a party that is behind sent it at an earlier time.
//!
//! # What happens, and when
//!
//! A live run polls the programs in steps: in each, every party receives what was sent to it in earlier
//! steps and goes on until it waits again. That fixes a party's line of work, sends and receives, which
//! does not depend on arrival times; the line is recorded, and the engine of the [`Replayer`] turns it into
//! times under the network: as it is recorded if no incoming interface has a limit (then times do not
//! depend on who goes first), in a replay of the record if one has. So a live run and a replay cannot
//! differ, and a line that is recorded once is exact under any network. In a replay every party runs until it waits for a message that has not
//! arrived; when all wait, the incoming interface with the earliest head serves it. The steps are an
//! order in which every message is sent before it is received, so no network can make a line deadlock.

mod adversary;
mod clock;
mod core;
mod engine;
mod error;
mod faults;
mod jitter;
mod kernel;
mod log;
mod loss;
mod mailbox;
mod merge;
mod network;
mod party;
mod replay;
mod replays;
mod span;
mod strand;
mod tcp;
mod timeline;
mod trace;
pub mod trace_file;
mod world;

pub(crate) use adversary::is_inside;
pub use adversary::{Interceptor, Outgoing, Which};
pub use clock::{Clock, Parts};
pub use error::{SimError, Stall, StallWait, Wait};
pub use faults::{Down, Faults, Held, Slow, Stop};
pub use jitter::Jitter;
pub use kernel::{Run, Simulation};
pub use network::{Change, Endpoint, Interface, Link, Network, WireOverhead};
pub use party::{Party, Recv, SpanGuard};
pub use replay::{Observer, Occurrence, OccurrenceKind, Replay, Replayer};
pub use replays::{Finish, Phase, PhaseEnd, Prepared, replay_many, replay_phases};
pub use span::{SpanId, SpanTree};
pub use strand::{all, both};
pub use tcp::Tcp;
pub use timeline::{MessageId, Timeline};
pub use trace::{Event, EventKind, Events, Trace, TraceBuilder};
pub use world::{Meter, World};

/// Picoseconds in a second.
pub const PS_PER_SECOND: u64 = 1_000_000_000_000;
