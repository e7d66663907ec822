//! The integration tests, one binary.

mod data;
mod layers;
mod ring;
mod run;
mod scenario;
mod secure;
mod sim;
