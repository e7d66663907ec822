//! Counting: what a recorded program costs under a network, in all and by span and link.
//!
//! Everything comes out of traces and their replay; nothing here influences a run. docs/counting.md defines each number.

mod activity;
mod breakdown;
mod cost;
mod histogram;
mod percentiles;

pub use activity::{Activity, Flight, Stretch};
pub use breakdown::{Breakdown, LinkCost, SpanCost};
pub use cost::Cost;
pub use histogram::Bars;
pub use percentiles::Percentiles;
