//! What is to be done before points can be replayed, and what is left of it.

use std::collections::BTreeSet;

use super::planner::SweepPlan;
use crate::run::Phase;

/// What is left of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrainingResult {
    /// Test rows classified rightly at the end.
    pub correct: u64,
    /// Test rows.
    pub rows: u64,
    /// What was done, in order.
    pub phases: Vec<Phase>,
    /// Values that left the range of the number format.
    pub out_of_range: u64,
}

impl TrainingResult {
    /// How often it started again.
    pub(crate) fn restarts(&self) -> usize {
        self.phases.iter().filter(|phase| **phase == Phase::Restart).count()
    }

    /// The final test accuracy.
    pub(crate) fn accuracy(&self) -> f64 {
        self.correct as f64 / self.rows as f64
    }
}

/// Something to run before points can be replayed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    /// A training by its number.
    Train(u32),
    /// A check of the program of this point on shares.
    Verify(u32),
}

impl Task {
    /// A point that it is for.
    pub(crate) fn point(self, plan: &SweepPlan) -> u32 {
        match self {
            Task::Train(number) => plan.trainings[number as usize].point,
            Task::Verify(point) => point,
        }
    }

    /// Iterations that it trains; a check's few are not counted.
    pub(crate) fn iterations(self, plan: &SweepPlan) -> u64 {
        match self {
            Task::Train(number) => plan.trainings[number as usize].iterations,
            Task::Verify(_) => 0,
        }
    }
}

/// Trainings first: a check that fails is a bug in mpcsim, and trainings that are done stay done.
pub(crate) fn tasks(
    plan: &SweepPlan,
    points: impl Iterator<Item = u32>,
    is_finished: impl Fn(u32) -> bool,
) -> Vec<Task> {
    let mut needed = BTreeSet::new();
    let mut traces = BTreeSet::new();
    for point in points {
        let program = plan.program(point as usize);
        needed.insert(program.training);
        traces.insert(program.trace);
    }
    let mut tasks = Vec::new();
    if plan.sweep.train {
        let open = needed.iter().filter(|&&training| !is_finished(training));
        tasks.extend(open.map(|&training| Task::Train(training)));
    }
    let own = plan.verifications.iter().map(|distinct| distinct.point).filter(|&point| {
        let program = plan.program(point as usize);
        needed.contains(&program.training) && traces.contains(&program.trace)
    });
    tasks.extend(own.map(Task::Verify));
    tasks
}
