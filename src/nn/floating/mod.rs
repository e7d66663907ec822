//! The same training in floating point, in the clear: what a program would learn if no number were rounded to fixed point.
//!
//! Batches, their order and the weights at the start are those of the program on shares, but that weights are not rounded. The
//! parameters of a layer are one vector, weights (fan-in x fan-out) and then biases. Every sum has its terms in a fixed order
//! ([`crate::ring::float_matmul`]), and functions that hardware has not are `libm`'s: results have the same bits on every machine.
//!
//! `layers` has the passes of all layers, `../optimizer/floating.rs` the steps, `training` the rest; output layers have their own
//! formulas in `crate::softmax`, which are computed in double precision.

mod layers;
mod training;

pub use layers::{Kept, backward, forward};
pub use training::{FloatTrainer, Learnt};
