//! The integration tests, one binary.

mod circles;
mod data;
mod fidelity;
mod layers;
mod ledger;
mod nn;
mod report;
mod ring;
mod run;
mod scenario;
mod secure;
mod sim;
mod sweep;
mod trace;
