//! How much memory a training takes, estimated before anything is allocated.

use super::{RunError, Values, layer_widths, network, total_iterations};
use crate::data;
use crate::memory::MemoryLimit;
use crate::scenario::{Plan, Protocol};
use crate::secure::Rounding;

/// The program itself, its threads and the bundled data.
const BASE_BYTES: u128 = 100_000_000;
/// A duration of an iteration: itself, in a vector that grew and in one that is copied.
const DURATION_BYTES: u128 = 32;
/// An activation of a batch: the bits that a comparison or a maximum works on, at all parties. Measured: 540.
const ACTIVATION_BYTES: u128 = 700;
/// An element of the data: as a byte, as a number, and as shares of it.
const DATA_BYTES: u128 = 1 + 8 + 16;

/// Bytes that a run of a plan takes at its peak, at most, for layers of these widths.
pub fn estimated_bytes(plan: &Plan, values: Values, widths: &[usize]) -> u128 {
    let product = |a: usize, b: usize| a as u128 * b as u128;
    let parameters: u128 = widths.windows(2).map(|pair| product(pair[0] + 1, pair[1])).sum();
    let activations: u128 = widths[1..].iter().map(|&width| product(plan.training.batch, width)).sum();
    let elements = product(plan.data.train_rows(), widths[0] + widths[widths.len() - 1]);
    // Test rows are looked at in pieces.
    let test = product(plan.data.test_rows(), widths[0]);
    BASE_BYTES
        + parameters * parameter_bytes(plan, values)
        + activations * ACTIVATION_BYTES
        + elements * DATA_BYTES
        + test
        + durations_bytes(plan)
}

/// A parameter: shares of it and of its last change, at all parties, and what an update works on.
fn parameter_bytes(plan: &Plan, values: Values) -> u128 {
    match (plan.protocol, plan.rounding, values) {
        (Protocol::Rep3, Rounding::Probabilistic, _) => 300,
        _ => 850,
    }
}

/// What the durations of iterations take, which are kept where a network makes them differ.
fn durations_bytes(plan: &Plan) -> u128 {
    if !network(&plan.network, plan.seed).varies() {
        return 0;
    }
    u128::from(total_iterations(plan, plan.data.train_rows())) * DURATION_BYTES
}

const SMALLER: &str = "a smaller network, batch or data set takes less";

/// Refuses a plan that takes more memory than the limit.
pub fn check_memory(plan: &Plan, values: Values, limit: MemoryLimit) -> Result<(), RunError> {
    // Labels are read for it, since they say how many classes there are.
    let (inputs, classes) = data::sizes(&plan.data)?;
    let needed_bytes = estimated_bytes(plan, values, &layer_widths(plan, inputs, classes));
    Ok(limit.check(needed_bytes, || "this takes".to_string(), SMALLER)?)
}

/// Refuses a plan whose data alone take more.
pub fn check_data(plan: &Plan, limit: MemoryLimit) -> Result<(), RunError> {
    let (inputs, _) = data::sizes(&plan.data)?;
    let rows = (plan.data.train_rows() + plan.data.test_rows()) as u128;
    // As bytes, in a vector that grew.
    Ok(limit.check(2 * rows * inputs as u128, || "these data take".to_string(), SMALLER)?)
}
