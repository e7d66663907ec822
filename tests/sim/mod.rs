//! Tests of simulated time: kernel, trace, replay.

mod basics;
mod exact;
mod measured;
mod oracle;
mod support;
