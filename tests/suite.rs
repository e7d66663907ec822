//! The integration tests, one binary.

mod data;
mod report;
mod ring;
mod scenario;
mod secure;
mod sim;
