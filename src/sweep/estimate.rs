//! How long a sweep will take: short pieces of it, timed by whoever has a clock, times how often it does them.
//!
//! Nothing here decides a result.

use super::SweepError;
use super::planner::SweepPlan;
use super::replay::replay_points;
use super::task::Task;
use super::trace::Sizes;
use crate::data::{self, Dataset, TrainTest};
use crate::ring::with_workers;
use crate::run::{Phase, Progress, RunError, Values, layer_widths, record, train, training_program, verify};
use crate::scenario::{Length, Plan};

/// Iterations of the shorter and of the longer training that are timed.
const TIMED: (u64, u64) = (2, 10);
/// The same for iterations that are replayed.
const REPLAYED: (u64, u64) = (32, 256);
/// Test rows of a training that is timed.
const TEST_ROWS: usize = 100;
/// Points that are replayed together to be timed.
const POINTS: usize = 32;
/// What a row costs beside its matrix products, in multiplications.
const ROW: usize = 4000;

/// What pieces of a sweep take, in nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    load_ns: f64,
    record_ns: f64,
    /// By weight of the network.
    iteration: Line,
    verification: Line,
    point_ns: f64,
}

/// What is expected at any weight, from what was measured at one or two.
#[derive(Clone, Debug, Default)]
struct Line {
    measured: Vec<(f64, f64)>,
}

impl Line {
    fn at(&self, weight: f64) -> f64 {
        match self.measured[..] {
            [] => 1.0,
            [(known, ns)] => ns * weight / known,
            [(a, at_a), (b, at_b), ..] => {
                let straight = at_a + (at_b - at_a) * (weight - a) / (b - a);
                straight.max(at_a.min(at_b) * (weight / a.min(b)).min(1.0))
            }
        }
    }
}

/// In what the time of an iteration is about proportional: multiplications of its matrix products, and a little more.
fn weight(plan: &Plan, widths: &[usize]) -> f64 {
    let row: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
    (plan.training.batch * (row + ROW)) as f64
}

/// The first rows of a part of the data.
fn first(data: &Dataset, rows: usize) -> Dataset {
    let rows = rows.min(data.rows);
    Dataset {
        images: data.images[..rows * data.width].to_vec(),
        labels: data.labels[..rows].to_vec(),
        rows,
        width: data.width,
        classes: data.classes,
    }
}

/// What was timed of one point.
struct Timed {
    load_ns: f64,
    record_ns: f64,
    iteration_ns: f64,
    verification_ns: f64,
}

/// Times the pieces of a point's tasks.
fn time(plan: &Plan, threads: usize, clock: &(dyn Fn() -> f64 + Sync)) -> Result<Timed, SweepError> {
    let ns = |from: f64| (clock() - from) * 1e9;
    let began = clock();
    let data = data::load(&plan.data).map_err(RunError::from)?;
    let load_ns = ns(began);
    let program =
        training_program(plan, &layer_widths(plan, data.train.width, data.train.classes), data.train.rows);
    let began = clock();
    let recorded = record(plan, &program).map_err(RunError::from)?;
    let record_ns = ns(began);
    let pieces = with_workers(threads, || -> Result<(f64, f64), RunError> {
        let began = clock();
        verify(plan, &program, &data.train, &recorded, &())?;
        let verification_ns = ns(began);
        let batch = plan.training.batch;
        let few = TrainTest {
            train: first(&data.train, batch * TIMED.1 as usize),
            test: first(&data.test, TEST_ROWS),
            notes: Vec::new(),
        };
        let mut short = plan.clone();
        short.training.restart_below = 0.0;
        let program = crate::nn::TrainingProgram { rows: few.train.rows, ..program.clone() };
        let mut times = [0.0; 2];
        for (time, iterations) in times.iter_mut().zip([TIMED.0, TIMED.1]) {
            short.training.length = Length::Iterations(iterations);
            let began = clock();
            train(&short, &program, &few, &recorded, Values::Split, &())?;
            *time = ns(began);
        }
        Ok((verification_ns, (times[1] - times[0]) / (TIMED.1 - TIMED.0) as f64))
    });
    let (verification_ns, iteration_ns) = pieces.map_err(|error| RunError::Threads(error.to_string()))??;
    Ok(Timed { load_ns, record_ns, iteration_ns: iteration_ns.max(1.0), verification_ns })
}

/// Times the replay of some points, by point.
fn time_replay(
    plan: &SweepPlan,
    sizes: &Sizes,
    points: &[u32],
    clock: &(dyn Fn() -> f64 + Sync),
) -> Result<f64, SweepError> {
    let middle = points.len() / 2;
    let program = plan.program(points[middle] as usize);
    let own = plan.plan(points[middle] as usize);
    let widths = sizes.widths(&own);
    let recorded = record(&own, &training_program(&own, &widths, own.data.train_rows()));
    let recorded = recorded.map_err(RunError::from)?;
    let alike = points[middle..].iter().filter(|&&point| {
        let other = plan.program(point as usize);
        (other.trace, other.training) == (program.trace, program.training)
    });
    let alike: Vec<u32> = alike.take(POINTS).copied().collect();
    let mut times = [0.0; 2];
    let lengths = [REPLAYED.0, REPLAYED.1].map(|length| length.min(program.iterations));
    for (time, length) in times.iter_mut().zip(lengths) {
        let began = clock();
        let conditions: Vec<_> = alike
            .iter()
            .map(|&point| plan.condition(&own, &plan.sweep.grid.position(point as usize)))
            .collect();
        replay_points(&recorded, &[Phase::Iterations(length)], &conditions).map_err(RunError::from)?;
        *time = (clock() - began) * 1e9;
    }
    let longer = (lengths[1] - lengths[0]).max(1) as f64;
    // Nothing where a training repeats itself, and is not replayed to its end.
    let each = ((times[1] - times[0]) / longer).max(0.0);
    let each = if times[1] > 2.0 * times[0] { each } else { 0.0 };
    Ok((times[1] + each * (program.iterations - lengths[1]) as f64) / alike.len() as f64)
}

impl Work {
    /// Without a clock: every iteration counts the same, and other things hardly.
    fn unknown() -> Work {
        let line = Line::default();
        Work { load_ns: 0.0, record_ns: 0.0, iteration: line.clone(), verification: line, point_ns: 1.0 }
    }

    /// Times short pieces of these tasks and points, if `progress` has a clock, and tells it how long they will take.
    pub(crate) fn of(
        plan: &SweepPlan,
        sizes: &Sizes,
        (tasks, points): (&[Task], &[u32]),
        jobs: usize,
        progress: &dyn Progress,
    ) -> Result<Work, SweepError> {
        let mut work = Work::unknown();
        if points.is_empty() || progress.now_seconds().is_none() {
            return Ok(work);
        }
        let clock = || progress.now_seconds().unwrap_or_default();
        // Networks of the same weight take the same time; those count that take the most in all.
        let mut by_weight: Vec<(f64, f64, u32)> = Vec::new();
        for task in tasks {
            let point = task.point(plan);
            let own = plan.plan(point as usize);
            let weight = weight(&own, &sizes.widths(&own));
            let all = weight * task.iterations(plan) as f64;
            match by_weight.iter_mut().find(|(known, ..)| *known == weight) {
                Some((_, sum, _)) => *sum += all,
                None => by_weight.push((weight, all, point)),
            }
        }
        by_weight.sort_by(|a, b| b.1.total_cmp(&a.1));
        let side_by_side = jobs.min(tasks.len()).max(1);
        for &(weight, _, point) in by_weight.iter().take(2) {
            let timed = time(&plan.plan(point as usize), (jobs / side_by_side).max(1), &clock)?;
            work.load_ns = timed.load_ns;
            work.record_ns = timed.record_ns;
            work.iteration.measured.push((weight, timed.iteration_ns));
            work.verification.measured.push((weight, timed.verification_ns));
        }
        work.point_ns = time_replay(plan, sizes, points, &clock)?;
        let of_tasks: f64 = tasks.iter().map(|&task| work.task_ns(plan, sizes, task)).sum();
        let of_points = work.points_ns(points.len());
        progress.estimate(1e-9 * (of_tasks / side_by_side as f64 + of_points / jobs as f64));
        Ok(work)
    }

    /// What an iteration of a task takes.
    pub(crate) fn iteration_ns(&self, plan: &SweepPlan, sizes: &Sizes, task: Task) -> f64 {
        let own = plan.plan(task.point(plan) as usize);
        self.iteration.at(weight(&own, &sizes.widths(&own)))
    }

    /// What a task takes.
    pub(crate) fn task_ns(&self, plan: &SweepPlan, sizes: &Sizes, task: Task) -> f64 {
        let own = plan.plan(task.point(plan) as usize);
        let weight = weight(&own, &sizes.widths(&own));
        let pieces = match task {
            Task::Train(_) => self.iteration.at(weight) * task.iterations(plan) as f64,
            Task::Verify(_) => self.verification.at(weight),
        };
        self.load_ns + self.record_ns + pieces
    }

    /// What so many points take.
    pub(crate) fn points_ns(&self, points: usize) -> f64 {
        self.point_ns * points as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_what_was_measured() {
        let line = |measured: &[(f64, f64)]| Line { measured: measured.to_vec() };
        assert_eq!(line(&[]).at(7.0), 1.0);
        assert_eq!(line(&[(10.0, 5.0)]).at(20.0), 10.0);
        let two = line(&[(10.0, 5.0), (20.0, 6.0)]);
        assert_eq!([10.0, 20.0, 30.0].map(|weight| two.at(weight)), [5.0, 6.0, 7.0]);
        assert!(line(&[(10.0, 1.0), (20.0, 6.0)]).at(5.0) > 0.0, "never less than nothing");
    }
}
