//! Tests of simulated time: kernel, trace, replay.

mod basics;
