//! Counting: what a recorded program costs under a network, in all and by span and link.
//!
//! Everything comes out of traces and their replay; nothing here influences a run. docs/counting.md defines each number.

mod breakdown;
mod cost;
mod percentiles;

pub use breakdown::{Breakdown, LinkCost, SpanCost};
pub use cost::Cost;
pub use percentiles::Percentiles;
