//! What is to be done before points can be replayed, and what is left of it.

use std::collections::BTreeSet;

use super::planner::SweepPlan;

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
