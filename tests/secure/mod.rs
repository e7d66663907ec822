//! Secure functions: accuracy against 64-bit floats on real shares, agreement with the ideal functionality, the law of
//! their rounding, and that their traces say nothing about values.

mod accuracy;
mod agreement;
mod bounds;
mod costs;
mod function;
pub mod harness;
mod numbers;
mod oblivious;
mod tampering;
mod transfers;
mod truncation;
