//! Rings: vectors over Z_2^64 ([`Vector`]), over wider and smaller rings, matrix products, planes of packed bits, random
//! streams, and a meter of what is done.
//!
//! Knows nothing of parties, protocols or networks.

mod arithmetic;
mod extended;
mod fast;
mod instructions;
mod matmul;
pub mod meter;
mod patches;
mod plane;
mod random;
mod range;
mod residues;
mod ring_vector;
mod vector;
mod wide;

pub use arithmetic::{Ops, shift_right_signed};
pub use extended::Extended;
pub use fast::allocator::give_back_long_memory;
pub use fast::floating::{Real, float_matmul, float_windows};
pub use fast::fused::Element;
pub use fast::words::release_memory;
pub use fast::workers::with_workers;
pub use fast::{exact_f64, gemm, transpose};
pub use instructions::Instructions;
pub use matmul::MatMul;
pub use patches::Patches;
pub use plane::Plane;
pub(crate) use random::mix;
pub use random::{Purpose, StreamKey};
pub use residues::Residues;
pub use ring_vector::RingVector;
pub use vector::{Content, Vector};
pub use wide::Wide;
