//! Secure functions: accuracy against 64-bit floats on real shares, agreement with the ideal functionality, the law of
//! their rounding, and that their traces say nothing about values.

mod accuracy;
mod agreement;
mod bounds;
mod cheater;
mod consistent;
mod costs;
mod falcon;
mod function;
pub mod harness;
mod numbers;
mod oblivious;
mod revealed;
mod secureml;
mod securenn;
mod tampering;
mod transfers;
mod truncation;
mod variants;
mod views;

use mpcsim::softmax::{Exact, ReluGradient, ReluProbability, Softmax, SoftmaxVariant};

/// The output layers of the paper, as they are by default.
pub const EXACT: Softmax = Softmax::Exact(Exact);
pub const RELU_PROBABILITY: Softmax = Softmax::ReluProbability(ReluProbability::DEFAULT);
pub const RELU_GRADIENT: Softmax = Softmax::ReluGradient(ReluGradient::DEFAULT);
