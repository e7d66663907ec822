//! `mpcsim`: a deterministic discrete-event simulator of secure multi-party computation.

pub mod cli;
pub mod data;
pub mod ledger;
pub mod nn;
pub mod protocol;
pub mod report;
pub mod ring;
pub mod run;
pub mod scenario;
pub mod secure;
pub mod sim;
pub mod softmax;
pub mod sweep;
