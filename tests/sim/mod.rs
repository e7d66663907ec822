//! Tests of simulated time: kernel, trace, replay.

mod access;
mod basics;
mod bounds;
mod exact;
mod faults;
mod jitter;
mod layers;
mod loss;
pub mod measured;
mod merge;
mod oracle;
mod programs;
mod shaped;
mod speed;
pub(crate) mod support;
mod sweeps;
mod traces;
pub(crate) mod window;
pub mod window_measured;
