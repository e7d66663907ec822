//! The distinct trainings of a sweep: which are needed, and how they are run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::SweepError;
use super::journal::Journal;
use super::planner::SweepPlan;
use super::trace::Traces;
use crate::data;
use crate::ring::with_workers;
use crate::run::{Phase, Progress, RunError, Values, check_classes, train, training_program, verify};

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

/// Finished trainings by their number.
pub(crate) struct Trainings {
    finished: BTreeMap<u32, TrainingResult>,
}

impl Trainings {
    /// A training, which is finished.
    pub(crate) fn get(&self, training: u32) -> &TrainingResult {
        &self.finished[&training]
    }
}

/// Something to run before points can be replayed.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// A training by its number.
    Train(u32),
    /// A check of the program of this point on shares.
    Verify(u32),
}

/// Runs the trainings that the points need and that the journal does not have, and checks programs on shares.
pub(crate) fn run(
    plan: &SweepPlan,
    traces: &Traces,
    points: impl Iterator<Item = u32>,
    journal: &mut Journal,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<Trainings, SweepError> {
    let tasks = tasks(plan, points, journal);
    progress.begin("training", tasks.len() as u64);
    // Each task has a pool of its own: what is metered on its thread must be its own work alone.
    let workers = jobs.min(tasks.len()).max(1);
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let shared = Mutex::new(&mut *journal);
    let work = || -> Result<(), SweepError> {
        let threads = (jobs / workers).max(1);
        while let Some(&task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            if failed.load(Ordering::Relaxed) {
                break;
            }
            let result = with_workers(threads, || run_task(plan, traces, task));
            let result = result.map_err(|error| RunError::Threads(error.to_string()).into()).flatten();
            let done = result.and_then(|result| match (task, result) {
                (Task::Train(number), Some(result)) => {
                    shared.lock().unwrap_or_else(PoisonError::into_inner).add(number, result)
                }
                _ => Ok(()),
            });
            if done.is_err() {
                failed.store(true, Ordering::Relaxed);
                return done;
            }
            progress.step();
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let ends = threads.into_iter().map(|thread| thread.join().expect("a training does not panic"));
        ends.collect::<Vec<_>>().into_iter().collect::<Result<(), SweepError>>()
    })?;
    Ok(Trainings { finished: journal.finished().clone() })
}

/// Trainings first: a check that fails is a bug in mpcsim, and trainings that are done stay done.
fn tasks(plan: &SweepPlan, points: impl Iterator<Item = u32>, journal: &Journal) -> Vec<Task> {
    let mut needed = BTreeSet::new();
    let mut traces = BTreeSet::new();
    for point in points {
        let program = plan.program(point as usize);
        needed.insert(program.training);
        traces.insert(program.trace);
    }
    let mut tasks = Vec::new();
    if plan.sweep.train {
        let open = needed.iter().filter(|training| !journal.finished().contains_key(training));
        tasks.extend(open.map(|&training| Task::Train(training)));
    }
    let own = plan.verifications.iter().map(|distinct| distinct.point).filter(|&point| {
        let program = plan.program(point as usize);
        needed.contains(&program.training) && traces.contains(&program.trace)
    });
    tasks.extend(own.map(Task::Verify));
    tasks
}

fn run_task(plan: &SweepPlan, traces: &Traces, task: Task) -> Result<Option<TrainingResult>, SweepError> {
    let point = match task {
        Task::Train(number) => plan.trainings[number as usize].point,
        Task::Verify(point) => point,
    };
    let own = plan.plan(point as usize);
    let data = data::load(&own.data).map_err(RunError::from)?;
    let widths = crate::run::layer_widths(&own, data.train.width, data.train.classes);
    check_classes(&own, data.train.classes)?;
    let program = training_program(&own, &widths, data.train.rows);
    // In the clear, a training needs no recording; it is made to be checked only.
    let recorded = traces.record(point)?;
    if let Task::Verify(_) = task {
        verify(&own, &program, &data.train, &recorded, &())?;
        return Ok(None);
    }
    let trained = train(&own, &program, &data, &recorded, Values::Split, &())?;
    let last = trained.epochs.last().expect("a training has an epoch");
    Ok(Some(TrainingResult {
        correct: last.correct as u64,
        rows: data.test.rows as u64,
        out_of_range: trained.epochs.iter().map(|epoch| epoch.values_out_of_range().unwrap_or(0)).sum(),
        phases: trained.phases,
    }))
}
