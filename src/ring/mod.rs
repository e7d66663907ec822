//! Arithmetic in the ring `Z_2^64`: matrix products, exact products through floating point, bit planes.

pub mod gemm;
