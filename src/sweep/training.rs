//! Runs the distinct trainings of a sweep.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::SweepError;
use super::estimate::Work;
use super::journal::Journal;
use super::loaded::{Held, Loaded};
use super::planner::SweepPlan;
use super::result::{EpochCounts, TrainingResult};
use super::task::Task;
use super::trace::{Sizes, Traces};
use crate::ring::with_workers;
use crate::run::{
    EpochResult, Progress, RunError, Values, check_classes, layers, train, training_program, verify,
};

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

/// What tasks take, for whoever shows how far they are.
pub(crate) struct Watch<'a> {
    pub work: &'a Work,
    pub sizes: &'a Sizes,
    pub progress: &'a dyn Progress,
}

impl Watch<'_> {
    /// The part that a task, and one of its iterations, has in the time of so many workers.
    fn shares(&self, plan: &SweepPlan, task: Task, workers: usize) -> (u64, u64) {
        let share = |ns: f64| (ns / workers as f64) as u64;
        let whole = self.work.task_ns(plan, self.sizes, task);
        (share(whole), share(self.work.iteration_ns(plan, self.sizes, task)))
    }

    /// Nanoseconds that tasks and points to come will take.
    pub(crate) fn all(&self, plan: &SweepPlan, tasks: &[Task], points: usize, jobs: usize) -> u64 {
        let workers = jobs.min(tasks.len()).max(1);
        let of_tasks: u64 = tasks.iter().map(|&task| self.shares(plan, task, workers).0).sum();
        of_tasks + (self.work.points_ns(points) / jobs as f64) as u64
    }
}

/// Tells of a training's iterations.
struct Steps<'a> {
    progress: &'a dyn Progress,
    ns: u64,
}

impl Progress for Steps<'_> {
    fn begin(&self, _: &'static str, _: u64) {}
    fn advance(&self, iterations: u64) {
        self.progress.advance(iterations * self.ns);
    }
}

/// Runs the trainings that the points need and that the journal does not have, and checks programs on shares: what
/// [`tasks`](super::task::tasks) says.
pub(crate) fn run(
    plan: &SweepPlan,
    traces: &Traces,
    tasks: &[Task],
    journal: &mut Journal,
    jobs: usize,
    watch: &Watch,
) -> Result<Trainings, SweepError> {
    // Each task has a pool of its own: what is metered on its thread must be its own work alone.
    let workers = jobs.min(tasks.len()).max(1);
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let shared = Mutex::new(&mut *journal);
    let loaded = Loaded::default();
    let work = || -> Result<(), SweepError> {
        let mut held = Held::new(&loaded);
        let threads = (jobs / workers).max(1);
        while let Some(&task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            if failed.load(Ordering::Relaxed) {
                break;
            }
            let (whole, ns) = watch.shares(plan, task, workers);
            let steps = Steps { progress: watch.progress, ns };
            let result = with_workers(threads, || run_task(plan, traces, task, &mut held, &steps));
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
            watch.progress.advance(whole.saturating_sub(ns * task.iterations(plan)));
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

fn counts(epoch: &EpochResult) -> EpochCounts {
    EpochCounts {
        iterations: epoch.iterations,
        out_of_range: epoch.values_out_of_range(),
        rows_beyond_domain: epoch.rows_beyond_domain.unwrap_or(0),
    }
}

fn run_task(
    plan: &SweepPlan,
    traces: &Traces,
    task: Task,
    held: &mut Held,
    progress: &dyn Progress,
) -> Result<Option<TrainingResult>, SweepError> {
    let point = task.point(plan);
    let own = plan.plan(point as usize);
    let data = held.data(&own).map_err(|error| plan.blamed(point, &error))?;
    let layers = layers(&own, data.train.image_size, data.train.classes)?;
    check_classes(&own, data.train.classes)?;
    let program = training_program(&own, &layers, data.train.rows);
    // In the clear, a training needs no recording; it is made to be checked only.
    let recorded = traces.record(point)?;
    if let Task::Verify(_) = task {
        verify(&own, &program, &data.train, &recorded, &())?;
        return Ok(None);
    }
    let trained = train(&own, &program, data, &recorded, Values::Split, progress)?;
    let last = trained.epochs.last().expect("a training has an epoch");
    Ok(Some(TrainingResult {
        correct: last.correct as u64,
        rows: data.test.rows as u64,
        epochs: trained.epochs.iter().map(counts).collect(),
        evaluated: trained.evaluations.iter().map(|evaluation| evaluation.correct as u64).collect(),
        phases: trained.phases,
    }))
}
