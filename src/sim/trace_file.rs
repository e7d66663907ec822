//! Traces as text: one JSON object per line and event, to be read by people and other programs.
//!
//! Owns the format and the checks of a file that comes from outside. Fields of a line:
//!
//! | field | in | meaning |
//! |---|---|---|
//! | `party` | all | who did it, from 0 |
//! | `kind` | all | `work`, `send` or `recv` |
//! | `ps` | work | picoseconds of work |
//! | `peer` | send, recv | the other party |
//! | `bytes` | send, recv | payload of the message |
//! | `message` | recv, optional | which message of the link it is, from 0; left out: the one after the last received |
//! | `same_wait` | recv, optional | `true` if the party did not stop to wait here, but at the receive before it, for both |
//! | `span` | optional | names joined by `/` |
//! | `start_ps`, `end_ps`, `depth` | all, only written | when it happened under the network it was written for |
//! | `wire_bytes` | send, only written | payload and framing |
//! | `waited_ps` | recv, only written | how long the party waited, within start and end |
//! | `latency_ps`, `serialisation_ps`, `window_ps` | recv, only written | what the message's way took (window: left out if 0); the rest of it was queueing |
//!
//! Lines of one party are in its program order; parties may be interleaved in any way. A file may be
//! gzipped. Empty lines are ignored. What is only written is not looked at when a file is read. Any other
//! field is a mistake. docs/trace-format.md has examples.

mod check;
mod problem;
mod read;
mod stream;
mod write;

pub use problem::{TraceFileError, TraceProblem};
pub use read::read;
pub use write::{write, write_repeated};
