//! How long a sweep will take: short pieces of it, timed by whoever has a clock, times how often it does them.
//!
//! Nothing here decides a result.

use super::SweepError;
use super::planner::SweepPlan;
use super::points_time::{least, point_ns};
use super::task::Task;
use super::trace::Sizes;
use crate::data::{Owners, TrainTest};
use crate::nn::floating::FloatTrainer;
use crate::nn::{Layer, SecretData, TrainingProgram, batches_per_epoch, correct_predictions, glorot_weights};
use crate::ring::with_workers;
use crate::run::{Progress, RunError, Values, layers, load, record, train, training_program, verify};
use crate::scenario::{Length, Numbers, Plan, Protocol};

/// Iterations of the shorter and of the longer training that are timed.
const TIMED: (u64, u64) = (2, 10);
/// Rows of which encoding and evaluation are timed.
const ROWS: usize = 1000;
/// What a row costs beside its matrix products, in multiplications.
const ROW: usize = 4000;
/// Kinds of tasks that are timed: those that take the most in all.
const MOST_KINDS: usize = 4;
/// Timing goes on to other kinds and sizes as long as it has taken less than this, and this part of what it foresees.
const TIMING: (f64, f64) = (0.5, 0.05);

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

/// What the parts of a task take, in nanoseconds.
#[derive(Clone, Debug, Default)]
struct Pieces {
    /// By the weight of an iteration.
    iteration: Line,
    verification: Line,
    /// Of a test row, by the weight of a row.
    evaluation: Line,
    /// Of the largest program that was timed.
    record_ns: f64,
    load_ns: f64,
    /// To share a row of the training data.
    share_ns: f64,
}

/// What pieces of a sweep take, in nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    /// By what tells tasks apart whose parts take other times; the first stands for those that were not timed.
    kinds: Vec<Kind>,
    point_ns: f64,
}

/// Tasks whose parts take the same times.
#[derive(Clone, Debug)]
struct Kind {
    name: String,
    /// What their iterations on shares take, relative to other kinds.
    on_shares: f64,
    pieces: Pieces,
}

impl Kind {
    fn new(plan: &Plan) -> Kind {
        Kind { name: kind(plan), on_shares: on_shares(plan), pieces: Pieces::default() }
    }
}

/// What an iteration on shares takes beside one of another protocol and output layer, roughly: to know what to expect of what was
/// not timed. (Measured on 784-10 and 784-32-10, batch 64: 0.06 and 0.2 s for two iterations of `rep3`, `beaver2` and
/// `semi2k`, 0.5 and 1.5 of `rep4`, 1.1 and 3.6 of `sy_rep3`, 2.3 for `falcon_malicious` with the
/// first; an exact softmax without hidden layers takes three times as long.)
fn on_shares(plan: &Plan) -> f64 {
    let protocol = match plan.protocol.by_default() {
        Protocol::Falcon => 4.0,
        Protocol::Rep4 => 8.0,
        Protocol::SyRep3 => 18.0,
        Protocol::FalconMalicious => 40.0,
        _ => 1.0,
    };
    protocol * if plan.softmax.name() == "exact" { 2.0 } else { 1.0 }
}

/// In what the time of a row is about proportional: multiplications of its matrix products, and a little more.
fn row_weight(layers: &[Layer]) -> f64 {
    let row: usize = layers.iter().map(Layer::multiplications).sum();
    (row + ROW) as f64
}

/// The same for an iteration.
fn weight(plan: &Plan, layers: &[Layer]) -> f64 {
    plan.training.batch as f64 * row_weight(layers)
}

/// What else decides how long a task takes.
fn kind(plan: &Plan) -> String {
    let words = [plan.rounding.name(), plan.protocol.full_name(), plan.numbers.name()];
    format!("{} {} {}", plan.softmax, words.join(" "), plan.loss)
}

/// Times the pieces of a point's tasks and adds them to what is known of their kind.
fn time(
    plan: &Plan,
    threads: usize,
    clock: &(dyn Fn() -> f64 + Sync),
    pieces: &mut Pieces,
) -> Result<(), SweepError> {
    let ns = |from: f64| (clock() - from) * 1e9;
    let began = clock();
    let data = load(plan).map_err(RunError::from)?;
    pieces.load_ns = pieces.load_ns.max(ns(began));
    let layers = layers(plan, data.train.image_size, data.train.classes)?;
    let program = training_program(plan, &layers, data.train.rows);
    let began = clock();
    let recorded = record(plan, &program).map_err(RunError::from)?;
    pieces.record_ns = pieces.record_ns.max(ns(began));
    let (row, weight) = (row_weight(&layers), weight(plan, &layers));
    let timed = with_workers(threads, || -> Result<(), RunError> {
        let began = clock();
        verify(plan, &program, &data.train, &recorded, &())?;
        pieces.verification.measured.push((weight, ns(began)));
        let few = TrainTest {
            train: data.train.first(plan.training.batch * TIMED.1 as usize),
            test: data.test.first(1),
            notes: Vec::new(),
        };
        let mut short = plan.clone();
        short.training.restart_below = 0.0;
        short.owners = Owners::One(0);
        let few_rows = TrainingProgram { rows: few.train.rows, owners: Owners::One(0), ..program.clone() };
        let mut times = [0.0; 2];
        for (time, iterations) in times.iter_mut().zip([TIMED.0, TIMED.1]) {
            short.training.length = Length::Iterations(iterations);
            let began = clock();
            train(&short, &few_rows, &few, &recorded, Values::Split, &())?;
            *time = ns(began);
        }
        let iteration_ns = (times[1] - times[0]) / (TIMED.1 - TIMED.0) as f64;
        pieces.iteration.measured.push((weight, iteration_ns.max(1.0)));
        let weights = glorot_weights(&layers, plan.seed, 0, plan.fixed_point);
        let test = data.test.first(ROWS);
        let evaluation_ns = least::<RunError>(clock, || {
            match plan.numbers {
                Numbers::FixedPoint => {
                    correct_predictions(&layers, &weights, &test, plan.fixed_point);
                }
                Numbers::Float64 => {
                    FloatTrainer::<f64>::new(&program, &test, plan.seed).correct_predictions(&test);
                }
                Numbers::Float32 => {
                    FloatTrainer::<f32>::new(&program, &test, plan.seed).correct_predictions(&test);
                }
            }
            Ok(())
        })?;
        pieces.evaluation.measured.push((row, evaluation_ns / test.rows as f64));
        let rows: Vec<usize> = (0..ROWS.min(data.train.rows)).collect();
        let some = TrainingProgram { rows: rows.len(), owners: Owners::One(0), ..program.clone() };
        let began = clock();
        drop(SecretData::of(&some, &data.train, &rows, plan.fixed_point));
        pieces.share_ns = pieces.share_ns.max(ns(began) / rows.len() as f64);
        Ok(())
    });
    Ok(timed.map_err(|error| RunError::Threads(error.to_string()))??)
}

/// Tasks of one kind and weight.
struct Alike {
    kind: String,
    weight: f64,
    /// Of all their iterations.
    all: f64,
    point: u32,
}

/// The points to time, those first that tell most: of each kind the largest network, then the smallest.
fn samples(plan: &SweepPlan, sizes: &Sizes, tasks: &[Task]) -> Vec<Alike> {
    let mut alike: Vec<Alike> = Vec::new();
    for task in tasks {
        let point = task.point(plan);
        let own = plan.plan(point as usize);
        let (kind, weight) = (kind(&own), weight(&own, &sizes.layers(&own)));
        let all = weight * task.iterations(plan).max(TIMED.0) as f64;
        match alike.iter_mut().find(|other| other.kind == kind && other.weight == weight) {
            Some(other) => other.all += all,
            None => alike.push(Alike { kind, weight, all, point }),
        }
    }
    let mut kinds: Vec<(String, f64)> = Vec::new();
    for Alike { kind, all, .. } in &alike {
        match kinds.iter_mut().find(|(known, _)| known == kind) {
            Some((_, sum)) => *sum += all,
            None => kinds.push((kind.clone(), *all)),
        }
    }
    kinds.sort_by(|a, b| b.1.total_cmp(&a.1));
    alike.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let (mut largest, mut smallest) = (Vec::new(), Vec::new());
    for (kind, _) in kinds.into_iter().take(MOST_KINDS) {
        let (own, others) = alike.into_iter().partition::<Vec<_>, _>(|alike| alike.kind == kind);
        alike = others;
        let mut own = own.into_iter();
        largest.extend(own.next());
        smallest.extend(own.next_back());
    }
    largest.into_iter().chain(smallest).collect()
}

impl Work {
    /// Without a clock: every iteration counts the same, and other things hardly.
    fn unknown() -> Work {
        let unknown = Kind { name: String::new(), on_shares: 1.0, pieces: Pieces::default() };
        Work { kinds: vec![unknown], point_ns: 1.0 }
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
        let began = clock();
        work.point_ns = point_ns(plan, sizes, points, &clock)?;
        let side_by_side = jobs.min(tasks.len()).max(1);
        let total_s = |work: &Work| {
            let times = || tasks.iter().map(|&task| work.task_ns(plan, sizes, task));
            // The longest may be the last to begin.
            let of_tasks = (times().sum::<f64>() / side_by_side as f64).max(times().fold(0.0, f64::max));
            1e-9 * (of_tasks + work.points_ns(points.len()) / jobs as f64)
        };
        for (number, sample) in samples(plan, sizes, tasks).into_iter().enumerate() {
            if number > 0 && clock() - began > TIMING.0 + TIMING.1 * total_s(&work) {
                break;
            }
            if number == 0 {
                work.kinds.clear();
            }
            let own = plan.plan(sample.point as usize);
            let at = work.kinds.iter().position(|kind| kind.name == sample.kind).unwrap_or_else(|| {
                work.kinds.push(Kind::new(&own));
                work.kinds.len() - 1
            });
            time(&own, (jobs / side_by_side).max(1), &clock, &mut work.kinds[at].pieces)?;
        }
        progress.estimate(total_s(&work));
        Ok(work)
    }

    /// What is known of such tasks, and how many times as long their iterations on shares take.
    fn pieces(&self, plan: &Plan) -> (&Pieces, f64) {
        let name = kind(plan);
        match self.kinds.iter().find(|known| known.name == name) {
            Some(known) => (&known.pieces, 1.0),
            None => (&self.kinds[0].pieces, on_shares(plan) / self.kinds[0].on_shares),
        }
    }

    /// What an iteration of a task takes, its part of the evaluation included.
    pub(crate) fn iteration_ns(&self, plan: &SweepPlan, sizes: &Sizes, task: Task) -> f64 {
        let own = plan.plan(task.point(plan) as usize);
        let layers = sizes.layers(&own);
        let (pieces, _) = self.pieces(&own);
        let in_epoch = batches_per_epoch(own.data.train_rows(), own.training.batch) as u64;
        let in_epoch = in_epoch.min(task.iterations(plan)).max(1);
        let evaluation = pieces.evaluation.at(row_weight(&layers)) * own.data.test_rows() as f64;
        pieces.iteration.at(weight(&own, &layers)) + evaluation / in_epoch as f64
    }

    /// What a task takes.
    pub(crate) fn task_ns(&self, plan: &SweepPlan, sizes: &Sizes, task: Task) -> f64 {
        let own = plan.plan(task.point(plan) as usize);
        let (pieces, times) = self.pieces(&own);
        let rest = match task {
            Task::Train(_) => {
                let iterations = self.iteration_ns(plan, sizes, task) * task.iterations(plan) as f64;
                iterations + pieces.share_ns * own.data.train_rows() as f64
            }
            Task::Verify(_) => times * pieces.verification.at(weight(&own, &sizes.layers(&own))),
        };
        pieces.load_ns + pieces.record_ns + rest
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

    fn sweep_plan(axes: &str) -> SweepPlan {
        let text = format!(
            "(name: \"s\", base: (name: \"b\", protocol: rep3, model: dense(hidden: []), softmax: exact, \
             data: mnist(train: 500, test: 10000), training: (epochs: 4, batch: 100), \
             network: custom(latency_ms: 1, bandwidth_mbps: 1)), axes: [{axes}])"
        );
        let limit = crate::memory::MemoryLimit::of_machine();
        let sweep = crate::sweep::Sweep::from_text(&text, "s.ron", std::path::Path::new(""), limit);
        SweepPlan::new(sweep.unwrap()).unwrap()
    }

    /// Of few training rows and many test rows, the evaluation takes most.
    #[test]
    fn trainings_are_evaluated_every_epoch() {
        let plan = sweep_plan("(field: \"seed\", values: [1])");
        let sizes = Sizes::read(&plan).unwrap();
        let row = row_weight(&crate::nn::dense_layers(&[784, 10]));
        let line = |weight: f64, ns: f64| Line { measured: vec![(weight, ns)] };
        let pieces = Pieces {
            iteration: line(100.0 * row, 1000.0),
            verification: line(100.0 * row, 7.0),
            evaluation: line(row, 2.0),
            record_ns: 30.0,
            load_ns: 400.0,
            share_ns: 0.5,
        };
        let work = Work { kinds: vec![Kind { pieces, ..Kind::new(&plan.plan(0)) }], point_ns: 0.0 };
        let iterations = 4.0 * (500.0 / 100.0);
        let expected = 400.0 + 30.0 + 0.5 * 500.0 + iterations * 1000.0 + 4.0 * 10_000.0 * 2.0;
        assert!((work.task_ns(&plan, &sizes, Task::Train(0)) - expected).abs() < 1e-6 * expected);
        assert_eq!(work.task_ns(&plan, &sizes, Task::Verify(0)), 400.0 + 30.0 + 7.0);
        // What was not timed is expected to take as much longer on shares as such protocols do.
        let other = sweep_plan("(field: \"protocol\", values: [rep4])");
        assert_eq!(work.task_ns(&other, &sizes, Task::Verify(0)), 400.0 + 30.0 + 8.0 * 7.0);
    }

    /// What tells most is timed first: each kind of task at its largest network, then at its smallest.
    #[test]
    fn kinds_of_tasks_are_timed_apart() {
        let plan = sweep_plan(
            "(field: \"softmax\", values: [relu_gradient, exact]), \
             (field: \"model.hidden\", values: [[8], [64], [32], []])",
        );
        let sizes = Sizes::read(&plan).unwrap();
        let tasks: Vec<Task> = (0..8).map(Task::Train).collect();
        let timed: Vec<u32> = samples(&plan, &sizes, &tasks).iter().map(|sample| sample.point).collect();
        assert_eq!(timed, [1, 5, 0, 4], "hidden [64] of both, then [8], which has fewer weights than none");
    }
}
