//! `mpcsim`: a deterministic discrete-event simulator of secure multi-party computation.

pub mod data;
pub mod ring;
pub mod scenario;
pub mod sim;
