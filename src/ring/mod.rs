//! Arithmetic in the ring `Z_2^64`: matrix products, exact products through floating point, bit planes.

mod dispatch;
pub mod exact_f64;
pub mod gemm;
pub mod transpose;
