//! A training that did not come to its end, and what was done until then.

use super::record::Phase;
use super::train::{EpochResult, Trained};
use crate::sim::Stall;

/// How a training failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Names all that decides it.
    pub fingerprint: String,
    /// Why it did not go on.
    pub cause: Cause,
    /// Iterations that were done, and how many there would have been.
    pub iterations: u64,
    /// Iterations of the whole training.
    pub all_iterations: u64,
    /// What the epochs that were done ended with.
    pub epochs: Vec<EpochResult>,
}

/// Why a training did not go on.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Parties had stopped or given up, or waited for what never came.
    Stalled(Stall),
}

impl Failure {
    /// A training whose replay stalled.
    pub(super) fn stalled(
        fingerprint: String,
        stall: Stall,
        trained: Trained,
        all_iterations: u64,
    ) -> Failure {
        let iterations = iterations_of(&trained.phases, stall.runs);
        let mut epochs = trained.epochs;
        epochs.retain(|epoch| epoch.iterations <= iterations);
        Failure { fingerprint, cause: Cause::Stalled(stall), iterations, all_iterations, epochs }
    }
}

/// How many of the first runs of a training are iterations.
pub(crate) fn iterations_of(phases: &[Phase], runs: u64) -> u64 {
    let (mut iterations, mut left) = (0, runs);
    for phase in phases {
        let of_phase = match *phase {
            Phase::Iterations(times) => times.min(left),
            Phase::Restart => 1.min(left),
        };
        if matches!(phase, Phase::Iterations(_)) {
            iterations += of_phase;
        }
        left -= of_phase;
    }
    iterations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_are_no_iterations() {
        let phases = [Phase::Iterations(3), Phase::Restart, Phase::Iterations(2)];
        let iterations: Vec<u64> = (0..7).map(|runs| iterations_of(&phases, runs)).collect();
        assert_eq!(iterations, [0, 1, 2, 3, 3, 4, 5]);
    }
}
