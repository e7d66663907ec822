//! Secure functions against 64-bit floats, on real shares; and their costs.

mod functions;
pub mod harness;
