//! Tests of simulated time: kernel, trace, replay.

mod basics;
mod bounds;
mod exact;
mod jitter;
mod layers;
pub mod measured;
mod oracle;
mod programs;
mod speed;
pub(crate) mod support;
mod sweeps;
mod traces;
