//! Tests of what a phase's time is charged to.

mod causes;
mod totals;
