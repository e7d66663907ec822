//! Rings: vectors over Z_2^64 ([`Vector`]), over wider and smaller rings, matrix products, planes of packed bits, random
//! streams, and a meter of what is done.
//!
//! Knows nothing of parties, protocols or networks.

mod deferred;
mod dispatch;
pub mod exact_f64;
mod fused;
mod gather;
pub mod gemm;
mod instructions;
mod matmul;
mod mcg;
mod memory;
pub mod meter;
mod plane;
mod product;
mod random;
mod range;
mod residues;
mod ring_vector;
pub mod transpose;
mod vector;
mod wide;
mod words;
mod workers;

pub use fused::Element;
pub use instructions::Instructions;
pub use matmul::MatMul;
pub use plane::Plane;
pub use random::{Purpose, StreamKey};
pub use residues::Residues;
pub use ring_vector::RingVector;
pub use vector::{Content, Ops, Vector, shift_right_signed};
pub use wide::Wide;
pub use words::release_memory;
pub use workers::with_workers;
