//! Time to accuracy: when the test accuracy reaches a target and keeps it, and what the training had cost by then.

use crate::sim::Parts;

/// Round accuracies, of which targets are taken if a scenario names none.
pub const ROUND_TARGETS: [f64; 8] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];

/// A look at the test accuracy during a training: at the end of each epoch, and in between as often as the plan says. It is
/// outside the training and costs nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Iterations since the beginning.
    pub iterations: u64,
    /// How often the training had started again.
    pub restarts: u64,
    /// Test rows classified rightly.
    pub correct: usize,
    /// Fraction of the test rows classified rightly.
    pub test_accuracy: f64,
}

/// What a training had cost at a moment: its set-up, its iterations and its restarts until then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Iterations.
    pub iterations: u64,
    /// Rounds.
    pub rounds: u64,
    /// Payload bytes sent by all parties.
    pub payload_bytes: u64,
    /// Modelled time in picoseconds.
    pub modelled_ps: u64,
    /// What that time was spent on; adds up to it.
    pub critical_path: Parts,
}

/// How a training stands to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// From the evaluation of this place on, every one has it.
    Kept(usize),
    /// Some evaluations had it, but not the last one.
    Lost,
    /// None had it.
    Never,
}

/// Whether a target is reached, and from which evaluation on it is kept. What was reached before a restart is lost with the weights.
pub fn reached(evaluations: &[Evaluation], target: f64) -> Reached {
    let last_restarts = evaluations.last().map_or(0, |evaluation| evaluation.restarts);
    let keeps =
        |evaluation: &Evaluation| evaluation.test_accuracy >= target && evaluation.restarts == last_restarts;
    let kept = evaluations.iter().rev().take_while(|evaluation| keeps(evaluation)).count();
    match kept {
        0 if evaluations.iter().any(|evaluation| evaluation.test_accuracy >= target) => Reached::Lost,
        0 => Reached::Never,
        kept => Reached::Kept(evaluations.len() - kept),
    }
}

/// The targets of a training whose scenario names none: of [`ROUND_TARGETS`] those that are above the accuracy of the first
/// evaluation, up to the best one; if there is none, the last that the best one reaches, if any.
pub fn round_targets(evaluations: &[Evaluation]) -> Vec<f64> {
    let accuracies = evaluations.iter().map(|evaluation| evaluation.test_accuracy);
    let best = accuracies.fold(0.0, f64::max);
    let first = evaluations.first().map_or(0.0, |evaluation| evaluation.test_accuracy);
    let in_reach = || ROUND_TARGETS.into_iter().filter(|&target| target <= best);
    let between: Vec<f64> = in_reach().filter(|&target| target > first).collect();
    if between.is_empty() { in_reach().next_back().into_iter().collect() } else { between }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evaluations of a test of 1000 rows; a number below zero is a restart.
    fn evaluations(correct: &[i64]) -> Vec<Evaluation> {
        let (mut restarts, mut found) = (0, Vec::new());
        for &correct in correct {
            if correct < 0 {
                restarts += 1;
                continue;
            }
            let iterations = found.len() as u64 + 1;
            let correct = correct as usize;
            let test_accuracy = correct as f64 / 1000.0;
            found.push(Evaluation { iterations, restarts, correct, test_accuracy });
        }
        found
    }

    #[test]
    fn a_target_counts_from_where_it_is_kept() {
        for (correct, expected) in [
            (&[100, 900, 950][..], Reached::Kept(1)),
            (&[900, 899, 900], Reached::Kept(2)),
            (&[900, 950, 899], Reached::Lost),
            (&[100, 899], Reached::Never),
            (&[900], Reached::Kept(0)),
            // Fresh weights may be good at once, but what was before them is gone.
            (&[950, -1, 950, 950], Reached::Kept(1)),
            (&[950, -1, 100], Reached::Lost),
            (&[], Reached::Never),
        ] {
            assert_eq!(reached(&evaluations(correct), 0.9), expected, "{correct:?}");
        }
    }

    #[test]
    fn round_targets_lie_between_the_first_evaluation_and_the_best() {
        for (correct, expected) in [
            (&[100, 700, 650][..], &[0.5, 0.6, 0.7][..]),
            (&[930, 972, 965], &[0.95]),
            (&[900, 951], &[0.95]),
            // None is in between: the last that was reached.
            (&[920, 940], &[0.9]),
            (&[930], &[0.9]),
            (&[100, 400], &[]),
            (&[], &[]),
        ] {
            assert_eq!(round_targets(&evaluations(correct)), expected, "{correct:?}");
        }
    }
}
