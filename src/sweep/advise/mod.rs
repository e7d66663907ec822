//! Advice: which protocol, output layer and rounding bring a training to its target soonest.
//!
//! It is a sweep over all choices that fit, with a report of its own: trainings are shared, programs recorded once, and networks
//! are replays, so that what would change the answer is told too.

mod advice;
mod changes;
mod choices;
mod scaled;
mod sentences;
mod text;

use rayon::prelude::*;

use super::SweepError;
use super::columns::result_columns;
use super::estimate::Work;
use super::files::{REPORT, RESULTS, SUMMARY};
use super::journal::Journal;
use super::names::names;
use super::planner::SweepPlan;
use super::replay::{Course, replay_points};
use super::result::{Incomplete, TrainingResult};
use super::rows::{Looks, RowBuilder, header};
use super::run::check_memory;
use super::shard::Shard;
use super::summary::SweepSummary;
use super::task::Task;
use super::trace::{Sizes, Traces, check_adversaries};
use super::training::{self, Trainings, Watch};
use crate::report::sweep_report;
use crate::run::{Progress, Recorded, RunError, Spent};
use crate::sim::Parts;

pub use advice::{Advice, Standing};
use changes::Candidate;
pub use changes::Change;
pub use choices::{Choice, Choices, LeftOut, Wishes};
pub use scaled::Axis;
use scaled::{Scale, Scales};

/// Names and contents.
pub type Files = Vec<(&'static str, Vec<u8>)>;

/// What the training of a choice comes to.
struct Outcome {
    accuracy: f64,
    iterations: u64,
    /// By network, then by target.
    spent: Vec<Vec<Option<Spent>>>,
}

impl Choices {
    /// Trains, records and replays all choices, on so many threads. `files` are to be made too: those of a sweep over the choices.
    pub fn advise(
        &self,
        jobs: usize,
        progress: &dyn Progress,
        files: bool,
    ) -> Result<(Advice, Files), SweepError> {
        let plan = &self.plan;
        let sizes = Sizes::read(plan)?;
        check_memory(plan, &sizes, jobs)?;
        check_adversaries(plan, &sizes)?;
        let points: Vec<u32> = Shard::WHOLE.points(plan).from(0).collect();
        let traces = Traces::new(plan, &sizes, points.iter().copied());
        let tasks: Vec<Task> = (0..plan.trainings() as u32).map(Task::Train).collect();
        // What it will take is told by the bar alone: standard output is for the advice.
        let work = Work::of(plan, &sizes, (&tasks, &points), jobs, &())?;
        let watch = Watch { work: &work, sizes: &sizes, progress };
        progress.begin("advice", watch.all(plan, &tasks, points.len(), jobs));
        let trainings = training::run(plan, &traces, &tasks, &mut Journal::in_memory(), jobs, &watch)?;
        let scales = Scales::of(plan);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
        let pool = pool.map_err(|error| RunError::Threads(error.to_string()))?;
        let course = |&point: &u32| {
            let training = trainings.get(plan.program(point as usize).training);
            let course = course(plan, &traces.record(point)?, training, point, &scales.all);
            progress.advance((work.points_ns(1) / jobs as f64) as u64);
            course
        };
        let courses = pool.install(|| points.par_iter().with_max_len(1).map(course).collect::<Vec<_>>());
        let courses = courses.into_iter().collect::<Result<Vec<Outcome>, SweepError>>()?;
        let mut advice = self.ranked(&courses);
        if let Some(target) = advice.target
            && advice.standings[0].time_ps().is_some()
            && scales.all.len() > 1
        {
            let places: Vec<usize> = advice.standings.iter().map(|one| one.place).collect();
            let time_ps = |at: usize, scale| {
                let points = self.points(places[at]).map(|point| {
                    let training = trainings.get(plan.program(point as usize).training);
                    time_of(self, &traces, training, (point, target), scale)
                });
                let times_ps = points.collect::<Result<Option<Vec<u64>>, SweepError>>()?;
                Ok(times_ps.map(|times_ps| mean(times_ps.into_iter())))
            };
            let candidate =
                |one: &Standing| Candidate { choice: one.choice, times_ps: one.everywhere.clone() };
            let candidates: Vec<Candidate> = advice.standings.iter().map(candidate).collect();
            advice.changes = Some(changes::changes(&candidates, &scales, time_ps)?);
        }
        let files = if files {
            pool.install(|| self.files(&trainings, &traces, &points, &advice))?
        } else {
            Vec::new()
        };
        Ok((advice, files))
    }

    /// The points of a choice: one a seed.
    fn points(&self, place: usize) -> impl Iterator<Item = u32> {
        let seeds = self.seeds.len();
        (place * seeds..(place + 1) * seeds).map(|point| point as u32)
    }

    /// The place of the highest target that any choice keeps, with all seeds if any does so.
    fn highest_target(&self, courses: &[Outcome]) -> Option<usize> {
        let keeps = |course: &Outcome, at: usize| course.spent[0][at].is_some();
        let by_all = |&at: &usize| {
            courses.chunks(self.seeds.len()).any(|seeds| seeds.iter().all(|course| keeps(course, at)))
        };
        let by_any = |&at: &usize| courses.iter().any(|course| keeps(course, at));
        let targets = || (0..self.plan.targets.len()).rev();
        targets().find(by_all).or_else(|| targets().find(by_any))
    }

    /// How a choice stands to the target of this place, by its courses, one a seed.
    fn standing(&self, place: usize, courses: &[Outcome], at: Option<usize>) -> Standing {
        let allowed = |spent: &Spent| self.wishes.most_bytes.is_none_or(|most| spent.payload_bytes <= most);
        let under = |network: usize| courses.iter().map(move |course| course.spent[network][at?]);
        let reached: Vec<u64> = under(0).flatten().filter(allowed).map(|spent| spent.modelled_ps).collect();
        let spent = under(0).collect::<Option<Vec<Spent>>>();
        let everywhere = (0..courses[0].spent.len()).map(|network| {
            let times_ps = under(network).map(|spent| Some(spent.filter(allowed)?.modelled_ps));
            Some(mean(times_ps.collect::<Option<Vec<u64>>>()?.into_iter()))
        });
        let accuracies = || courses.iter().map(|course| course.accuracy);
        Standing {
            choice: self.choices[place],
            accuracy: accuracies().sum::<f64>() / courses.len() as f64,
            accuracies: (
                accuracies().fold(f64::INFINITY, f64::min),
                accuracies().fold(f64::NEG_INFINITY, f64::max),
            ),
            iterations: courses[0].iterations,
            too_many_bytes: spent.as_ref().is_some_and(|spent| !spent.iter().all(allowed)),
            spent: spent.map(|spent| mean_spent(&spent)),
            seeds_reached: reached.len(),
            times_ps: reached.iter().copied().min().zip(reached.iter().copied().max()),
            unbeaten: false,
            place,
            everywhere: everywhere.collect(),
        }
    }

    /// Puts the choices in order.
    fn ranked(&self, courses: &[Outcome]) -> Advice {
        let targets = &self.plan.targets;
        let at = self.highest_target(courses);
        let by_choice = courses.chunks(self.seeds.len()).enumerate();
        let mut standings: Vec<Standing> =
            by_choice.map(|(place, courses)| self.standing(place, courses, at)).collect();
        let beats = |one: &Standing, other: &Standing| {
            let (Some(time), Some(other_time)) = (one.time_ps(), other.time_ps()) else { return false };
            time <= other_time
                && one.accuracy >= other.accuracy
                && (time < other_time || one.accuracy > other.accuracy)
        };
        let unbeaten =
            |one: &Standing| one.time_ps().is_some() && !standings.iter().any(|other| beats(other, one));
        let unbeaten: Vec<bool> = standings.iter().map(unbeaten).collect();
        standings.iter_mut().zip(unbeaten).for_each(|(one, unbeaten)| one.unbeaten = unbeaten);
        // Of equal ones those that the registries name first; of those that not all seeds bring there, those that most do.
        standings.sort_by(|a, b| {
            let (a_time, b_time) = (a.time_ps().unwrap_or(u64::MAX), b.time_ps().unwrap_or(u64::MAX));
            let reached = b.time_ps().is_some().cmp(&a.time_ps().is_some());
            reached
                .then(b.seeds_reached.cmp(&a.seeds_reached))
                .then(a_time.cmp(&b_time))
                .then(b.accuracy.total_cmp(&a.accuracy))
                .then(a.place.cmp(&b.place))
        });
        let plan = self.plan.plan(0);
        Advice {
            name: plan.name.clone(),
            seeds: self.seeds.clone(),
            network: plan.network.label.clone(),
            target: at.map(|at| targets[at]).or(self.wishes.target),
            standings,
            left_out: self.left_out.clone(),
            changes: None,
            trainings: self.plan.trainings(),
            rows: (plan.data.train_rows(), plan.data.test_rows()),
            length: sentences::length(plan.training.length),
        }
    }

    /// The files of a sweep over all choices, and the advice.
    fn files(
        &self,
        trainings: &Trainings,
        traces: &Traces,
        points: &[u32],
        advice: &Advice,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, SweepError> {
        let builder = RowBuilder { plan: &self.plan, trainings, traces };
        let (mut results, mut incomplete) = (header(&self.plan), Incomplete::default());
        let chunks = points.par_chunks(1).with_max_len(1).map(|chunk| builder.rows(chunk));
        for rows in chunks.collect::<Vec<_>>() {
            let rows = rows?;
            results.extend(rows.bytes);
            incomplete += rows.incomplete;
        }
        let (name, rows) = (names(&self.plan)?.sweep, points.len() as u64);
        let summary = SweepSummary::new(&self.plan, &name, Shard::WHOLE, rows, incomplete);
        let columns = result_columns(&self.plan.targets);
        let title = format!("{}: all choices", advice.name);
        let notes = [summary.notes(), vec![advice.first_sentence()]].concat();
        let page = sweep_report(&title, &notes, &columns, &[], || Ok(&results[..]));
        let page = page.map_err(|error| SweepError::Io { folder: "memory".to_string(), error })?;
        Ok(vec![
            (SUMMARY, summary.to_json()),
            (RESULTS, results),
            (REPORT, page),
            ("advice.json", advice.json().into_bytes()),
            ("advice.txt", advice.text().into_bytes()),
        ])
    }
}

/// The mean of at least one number, rounded down.
fn mean(numbers: impl ExactSizeIterator<Item = u64>) -> u64 {
    let count = numbers.len() as u128;
    (numbers.map(u128::from).sum::<u128>() / count) as u64
}

/// The mean of each thing that is spent.
fn mean_spent(all: &[Spent]) -> Spent {
    let of = |figure: fn(&Spent) -> u64| mean(all.iter().map(figure));
    Spent {
        iterations: of(|spent| spent.iterations),
        rounds: of(|spent| spent.rounds),
        payload_bytes: of(|spent| spent.payload_bytes),
        modelled_ps: of(|spent| spent.modelled_ps),
        critical_path: Parts {
            compute_ps: of(|spent| spent.critical_path.compute_ps),
            latency_ps: of(|spent| spent.critical_path.latency_ps),
            serialisation_ps: of(|spent| spent.critical_path.serialisation_ps),
            queueing_ps: of(|spent| spent.critical_path.queueing_ps),
            window_ps: of(|spent| spent.critical_path.window_ps),
        },
    }
}

/// What a point's training spends until each target, under each network.
fn course(
    plan: &SweepPlan,
    recorded: &Recorded,
    training: &TrainingResult,
    point: u32,
    scales: &[Scale],
) -> Result<Outcome, SweepError> {
    let looks = Looks::of(Some(training), &plan.targets);
    let course = Course { phases: &training.phases, looks: &looks.evaluations };
    let position = plan.sweep.grid.position(point as usize);
    let own = plan.plan(point as usize);
    let conditions: Vec<_> =
        scales.iter().map(|scale| scale.condition(plan.condition(&own, &position))).collect();
    let times = replay_points(recorded, &course, &conditions).map_err(RunError::from)?;
    let spent = times.iter().map(|times| looks.spent(times)).collect();
    let iterations = plan.program(point as usize).iterations;
    Ok(Outcome { accuracy: training.accuracy(), iterations, spent })
}

/// The time to the target of a choice under one more network.
fn time_of(
    choices: &Choices,
    traces: &Traces,
    training: &TrainingResult,
    (point, target): (u32, f64),
    scale: Scale,
) -> Result<Option<u64>, SweepError> {
    let plan = &choices.plan;
    let found = course(plan, &traces.record(point)?, training, point, &[scale])?;
    let at = plan.targets.iter().position(|known| *known == target).expect("a target of the plan");
    let most = choices.wishes.most_bytes;
    let spent = found.spent[0][at].filter(|spent| most.is_none_or(|most| spent.payload_bytes <= most));
    Ok(spent.map(|spent| spent.modelled_ps))
}
