//! The integration tests, one binary.

mod ring;
mod sim;
