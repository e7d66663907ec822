//! The integration tests, one binary.

mod ring;
mod secure;
mod sim;
