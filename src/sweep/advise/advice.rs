//! What is advised: the standing of every choice.

use super::changes::Change;
use super::choices::{Choice, LeftOut};
use crate::run::Spent;

/// How a choice stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The choice.
    pub choice: Choice,
    /// The test accuracy at the end: of several seeds the mean.
    pub accuracy: f64,
    /// The least and the greatest of them.
    pub accuracies: (f64, f64),
    /// Iterations of the whole training.
    pub iterations: u64,
    /// What had been spent when the target was reached for good, under the network that was asked for: of several seeds the mean;
    /// none if one of them does not reach it, or if that cannot be counted.
    pub spent: Option<Spent>,
    /// How many seeds reach it within what is allowed.
    pub seeds_reached: usize,
    /// The least and the greatest time of these, in picoseconds.
    pub times_ps: Option<(u64, u64)>,
    /// Whether the payload until then, of any seed, is more than is allowed.
    pub too_many_bytes: bool,
    /// Whether no other choice is as soon at the target and as accurate at the end, and better in one of them.
    pub unbeaten: bool,
    /// Its place among all choices.
    pub(super) place: usize,
    /// The same under all networks that were looked at.
    pub(super) everywhere: Vec<Option<u64>>,
}

impl Standing {
    /// Modelled time to the target, if the choice is to be had at all.
    pub(super) fn time_ps(&self) -> Option<u64> {
        self.spent.filter(|_| !self.too_many_bytes).map(|spent| spent.modelled_ps)
    }
}

/// What is advised.
#[derive(Clone, Debug)]
pub struct Advice {
    /// The scenario's name.
    pub name: String,
    /// The seeds that each choice was trained with.
    pub seeds: Vec<u64>,
    /// What the network is called.
    pub network: String,
    /// The accuracy to be reached; none if no choice reaches any.
    pub target: Option<f64>,
    /// All choices that fit, the soonest first; behind them those that do not get there, the most accurate first.
    pub standings: Vec<Standing>,
    /// What does not fit, and why.
    pub left_out: Vec<LeftOut>,
    /// What else would be first under other latencies and bandwidths; none if that was not looked at.
    pub changes: Option<Vec<Change>>,
    /// Trainings that were run, and rows that each trained on and was tested with.
    pub trainings: usize,
    /// Rows to train on, and rows of the test.
    pub rows: (usize, usize),
    /// Epochs or iterations, as they would be written.
    pub length: String,
}
