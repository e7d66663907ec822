//! How much memory a training takes, estimated before anything is allocated.

use super::{RunError, layer_widths};
use crate::data;
use crate::scenario::Plan;

/// The program itself, its threads and the bundled data.
const BASE_BYTES: u128 = 100_000_000;
/// A parameter: shares of it and of its last change, at all parties, and what an update works on. Measured as the
/// largest resident memory (`getrusage`) of two iterations on shares and in the clear: 790 to 890 bytes a parameter for
/// 1.9 to 2.6 million parameters with `rep3`.
const PARAMETER_BYTES: u128 = 850;
/// An activation of a batch: the bits that a comparison or a maximum works on, at all parties. Measured: 540.
const ACTIVATION_BYTES: u128 = 700;
/// An element of the data: as a byte, as a number, and as shares of it.
const DATA_BYTES: u128 = 1 + 8 + 16;

/// Bytes that a run of a plan takes at its peak, roughly, for layers of these widths.
pub fn estimated_bytes(plan: &Plan, widths: &[usize]) -> u128 {
    let product = |a: usize, b: usize| a as u128 * b as u128;
    let parameters: u128 = widths.windows(2).map(|pair| product(pair[0] + 1, pair[1])).sum();
    let activations: u128 = widths[1..].iter().map(|&width| product(plan.training.batch, width)).sum();
    let elements = product(plan.data.train_rows(), widths[0] + widths[widths.len() - 1]);
    // Test rows are looked at in pieces.
    let test = product(plan.data.test_rows(), widths[0]);
    BASE_BYTES + parameters * PARAMETER_BYTES + activations * ACTIVATION_BYTES + elements * DATA_BYTES + test
}

/// Memory of this machine, if the system says so.
fn machine_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Refuses a plan that takes more memory than `limit`, or than the machine has.
pub fn check_memory(plan: &Plan, limit: Option<u64>) -> Result<(), RunError> {
    let Some(limit_bytes) = limit.or_else(machine_bytes) else { return Ok(()) };
    // Labels are read for it, since they say how many classes there are.
    let (inputs, classes) = data::sizes(&plan.data)?;
    let needed_bytes = estimated_bytes(plan, &layer_widths(plan, inputs, classes));
    if needed_bytes > u128::from(limit_bytes) {
        return Err(RunError::Memory { needed_bytes, limit_bytes, by_option: limit.is_some() });
    }
    Ok(())
}
