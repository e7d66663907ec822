//! Rows of results: the points of a chunk, replayed and written.

use std::collections::BTreeMap;
use std::io::Write;

use super::SweepError;
use super::columns::{COLUMNS, PointResult, target_columns, write_targets};
use super::planner::{Program, SweepPlan};
use super::replay::{Condition, Course, Times, replay_points};
use super::result::{Incomplete, TrainingResult};
use super::trace::Traces;
use super::training::Trainings;
use crate::ledger::Cost;
use crate::run::{Evaluation, Phase, Reached, Recorded, RunError, Spent, reached};
use crate::scenario::Plan;
use crate::sim::WireOverhead;

/// The first line of `results.csv`.
pub(crate) fn header(plan: &SweepPlan) -> Vec<u8> {
    let mut line = b"index".to_vec();
    let mut add = |name: &str| {
        line.push(b',');
        write_cell(&mut line, name);
    };
    plan.sweep.axes().for_each(&mut add);
    COLUMNS.iter().for_each(|column| add(&column.about.name));
    target_columns(&plan.targets).for_each(|column| add(&column.name));
    line.push(b'\n');
    line
}

/// A cell of a CSV table.
fn write_cell(line: &mut Vec<u8>, text: &str) {
    if text.contains([',', '"', '\n', '\r']) {
        line.push(b'"');
        line.extend(text.replace('"', "\"\"").bytes());
        line.push(b'"');
    } else {
        line.extend(text.bytes());
    }
}

/// Rows of a chunk.
pub(crate) struct Rows {
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub incomplete: Incomplete,
}

/// What is needed to make rows.
pub(crate) struct RowBuilder<'a> {
    pub plan: &'a SweepPlan,
    pub trainings: &'a Trainings,
    pub traces: &'a Traces<'a>,
}

/// What a training sends, under one kind of framing; `None` if it cannot be counted.
struct Counts {
    overhead: WireOverhead,
    training: Option<Cost>,
    /// Offline and online phase of an iteration, if there are both.
    apart: Option<[Cost; 2]>,
}

/// Evaluations at which a training has come to targets.
pub(crate) struct Looks {
    /// Each once, with its place among all.
    pub evaluations: Vec<(usize, Evaluation)>,
    /// For each target which of these, if the training comes to it.
    of_targets: Vec<Option<usize>>,
}

impl Looks {
    pub(crate) fn of(training: Option<&TrainingResult>, targets: &[f64]) -> Looks {
        let all = training.map_or(Vec::new(), TrainingResult::evaluations);
        let mut evaluations: Vec<(usize, Evaluation)> = Vec::new();
        let mut place = |target: &f64| {
            let Reached::Kept(place) = reached(&all, *target) else { return None };
            let known = evaluations.iter().position(|(known, _)| *known == place);
            Some(known.unwrap_or_else(|| {
                evaluations.push((place, all[place].clone()));
                evaluations.len() - 1
            }))
        };
        let of_targets = targets.iter().map(&mut place).collect();
        Looks { evaluations, of_targets }
    }

    /// What was spent until each target.
    pub(crate) fn spent(&self, times: &Times) -> Vec<Option<Spent>> {
        let spent = |look: &Option<usize>| times.spent.get((*look)?).copied().flatten();
        self.of_targets.iter().map(spent).collect()
    }
}

impl RowBuilder<'_> {
    /// The rows of some points, in their order.
    pub(crate) fn rows(&self, points: &[u32]) -> Result<Rows, SweepError> {
        let mut groups: BTreeMap<(u32, u32, u64), Vec<usize>> = BTreeMap::new();
        let mut conditions: Vec<Option<Condition>> = Vec::with_capacity(points.len());
        let mut plans: BTreeMap<usize, (Plan, Program)> = BTreeMap::new();
        for (at, &point) in points.iter().enumerate() {
            let position = self.plan.sweep.grid.position(point as usize);
            let index = self.plan.program_index(&position);
            let (plan, program) = plans
                .entry(index)
                .or_insert_with(|| (self.plan.plan(point as usize), self.plan.program(point as usize)));
            conditions.push(Some(self.plan.condition(plan, &position)));
            // Without trainings, all that is left of one is its length.
            let training = if self.plan.sweep.train { program.training } else { 0 };
            groups.entry((program.trace, training, program.iterations)).or_default().push(at);
        }
        let mut lines = vec![Vec::new(); points.len()];
        let mut incomplete = Incomplete::default();
        for ((trace, training, iterations), members) in groups {
            let result = self.plan.sweep.train.then(|| self.trainings.get(training));
            let conditions: Vec<Condition> = members
                .iter()
                .map(|&at| conditions[at].take().expect("each point is in one group"))
                .collect();
            let recorded = self.traces.get(trace)?;
            let phases = result.map_or_else(|| vec![Phase::Iterations(iterations)], |r| r.phases.clone());
            let looks = Looks::of(result, &self.plan.targets);
            let course = Course { phases: &phases, looks: &looks.evaluations };
            let times = replay_points(&recorded, &course, &conditions).map_err(RunError::from)?;
            let mut counts = Vec::new();
            for ((&at, times), condition) in members.iter().zip(&times).zip(&conditions) {
                let counts = counts_of(&mut counts, condition.network.overhead, &recorded, &phases);
                lines[at] = self.line(points[at], result, counts, times, &looks.spent(times));
                let overflows = times.training.is_none() || counts.training.is_none();
                let halted = times.halted.is_some();
                incomplete +=
                    Incomplete { overflowed: u64::from(overflows && !halted), halted: u64::from(halted) };
            }
            self.traces.used(trace, members.len(), recorded);
        }
        Ok(Rows { bytes: lines.concat(), rows: points.len() as u64, incomplete })
    }

    fn line(
        &self,
        point: u32,
        result: Option<&TrainingResult>,
        counts: &Counts,
        times: &Times,
        to_targets: &[Option<Spent>],
    ) -> Vec<u8> {
        let mut line = Vec::with_capacity(256);
        let grid = &self.plan.sweep.grid;
        write!(line, "{point}").expect("written to memory");
        for value in grid.values(&grid.position(point as usize)) {
            line.push(b',');
            write_cell(&mut line, &value.cell);
        }
        let ended = times.halted.is_none();
        let apart = counts.apart.as_ref();
        let (training, counts) = (result.filter(|_| ended), counts.training.as_ref().filter(|_| ended));
        let result = PointResult { training, counts, apart, times, to_targets };
        for column in &COLUMNS {
            line.push(b',');
            column.write(&mut line, &result);
        }
        write_targets(&mut line, &result);
        line.push(b'\n');
        line
    }
}

/// What a training sends, counted once for each kind of framing.
fn counts_of<'a>(
    known: &'a mut Vec<Counts>,
    overhead: WireOverhead,
    recorded: &Recorded,
    phases: &[Phase],
) -> &'a Counts {
    let at = known.iter().position(|counts| counts.overhead == overhead).unwrap_or_else(|| {
        let apart = recorded.iteration_apart.as_ref().and_then(|apart| {
            let [offline, online] = apart.each_ref().map(|trace| Cost::of_trace(trace, &overhead).ok());
            Some([offline?, online?])
        });
        known.push(Counts { overhead, training: recorded.training_counts(&overhead, phases).ok(), apart });
        known.len() - 1
    });
    &known[at]
}
