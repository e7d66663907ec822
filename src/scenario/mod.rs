//! Scenarios: from a file that a person wrote to a [`Plan`] that cannot be invalid.

mod plan;

pub use plan::*;
