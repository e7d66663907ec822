//! The integration tests, one binary.

mod ring;
