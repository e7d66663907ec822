//! The integration tests, one binary.

mod data;
mod ring;
mod scenario;
mod secure;
mod sim;
mod sweep;
