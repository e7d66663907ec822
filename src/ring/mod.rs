//! The ring Z_2^64: vectors, matrix products, planes of packed bits, random streams, and a meter of what is done.
//!
//! Knows nothing of parties, protocols or networks.

mod deferred;
mod dispatch;
pub mod exact_f64;
mod fused;
mod gather;
pub mod gemm;
mod matmul;
mod mcg;
mod memory;
pub mod meter;
mod plane;
mod product;
mod random;
mod ring_vector;
pub mod transpose;
mod vector;
mod words;
mod workers;

pub use fused::Element;
pub use matmul::MatMul;
pub use plane::Plane;
pub use random::{Purpose, StreamKey};
pub use ring_vector::RingVector;
pub use vector::{Content, Ops, Vector, shift_right_signed};
pub use words::release_memory;
pub use workers::with_workers;
