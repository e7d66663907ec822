//! Tests of simulated time: kernel, trace, replay.

mod basics;
mod exact;
mod oracle;
mod support;
