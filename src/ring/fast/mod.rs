//! What is only speed: kernels for one instruction set or another, formulas and products that wait until they are needed,
//! memory that is used again, work spread over threads. Results are those of plain loops over the elements.

pub(in crate::ring) mod allocator;
pub(in crate::ring) mod bytes;
pub(in crate::ring) mod deferred;
pub(in crate::ring) mod dispatch;
pub mod exact_f64;
pub(in crate::ring) mod floating;
pub(in crate::ring) mod fused;
pub(in crate::ring) mod gather;
pub mod gemm;
pub(in crate::ring) mod joined;
pub(in crate::ring) mod mcg;
pub(in crate::ring) mod memory;
pub(in crate::ring) mod product;
pub mod transpose;
pub(in crate::ring) mod words;
pub(in crate::ring) mod workers;
