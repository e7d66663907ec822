//! The integration tests, one binary.

mod data;
mod fidelity;
mod ring;
mod scenario;
mod secure;
mod sim;
mod trace;
