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
<<<<<<< HEAD
mod support;
mod sweeps;
=======
pub(crate) mod support;
>>>>>>> ecee7a64d290b4a635d79623d323ac282f5e6a97
mod traces;
