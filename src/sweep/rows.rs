//! Rows of results: the points of a chunk, replayed and written.

use std::collections::BTreeMap;
use std::io::Write;

use super::SweepError;
use super::planner::{Program, SweepPlan};
use super::replay::{Condition, End, Times, replay_points};
use super::trace::Traces;
use super::training::{TrainingResult, Trainings};
use crate::ledger::Cost;
use crate::report::Seconds;
use crate::run::{Phase, Recorded, RunError, endpoints, network};
use crate::scenario::Plan;
use crate::sim::WireOverhead;

/// Columns behind the index and the axes: the accuracy at the end, how often the training started again, and how many values
/// left the range of the number format. Empty without trainings.
pub(crate) const TRAINING_COLUMNS: [&str; 3] = ["accuracy", "restarts", "out_of_range"];

/// Columns behind those. Without more words, a column is about the whole training.
pub(crate) const RESULT_COLUMNS: [&str; 15] = [
    "rounds",
    "exchanges",
    "messages",
    "payload_bytes",
    "wire_bytes",
    "modelled_seconds",
    "compute_seconds",
    "latency_seconds",
    "serialisation_seconds",
    "queueing_seconds",
    "iteration_modelled_seconds",
    "iteration_compute_seconds",
    "iteration_latency_seconds",
    "iteration_serialisation_seconds",
    "iteration_queueing_seconds",
];

/// The first line of `results.csv`.
pub(crate) fn header(plan: &SweepPlan) -> Vec<u8> {
    let mut line = b"index".to_vec();
    for name in plan.sweep.axes().chain(TRAINING_COLUMNS).chain(RESULT_COLUMNS) {
        line.push(b',');
        write_cell(&mut line, name);
    }
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
    /// Rows whose time does not fit a clock, or whose bytes cannot be counted.
    pub overflowed: u64,
}

/// What is needed to make rows.
pub(crate) struct Maker<'a> {
    pub plan: &'a SweepPlan,
    pub trainings: &'a Trainings,
    pub traces: &'a Traces<'a>,
}

/// What a training sends, under one kind of framing; `None` if it cannot be counted.
struct Counts {
    overhead: WireOverhead,
    training: Option<Cost>,
}

impl Maker<'_> {
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
            conditions.push(Some(self.condition(plan, &position)));
            // Without trainings, all that is left of one is its length.
            let training = if self.plan.sweep.train { program.training } else { 0 };
            groups.entry((program.trace, training, program.iterations)).or_default().push(at);
        }
        let mut lines = vec![Vec::new(); points.len()];
        let mut overflowed = 0;
        for ((trace, training, iterations), members) in groups {
            let result = self.plan.sweep.train.then(|| self.trainings.get(training));
            let conditions: Vec<Condition> = members
                .iter()
                .map(|&at| conditions[at].take().expect("each point is in one group"))
                .collect();
            let recorded = self.traces.get(trace)?;
            let phases = result.map_or_else(|| vec![Phase::Iterations(iterations)], |r| r.phases.clone());
            let times = replay_points(&recorded, &phases, &conditions).map_err(RunError::from)?;
            let mut counts = Vec::new();
            for ((&at, times), condition) in members.iter().zip(&times).zip(&conditions) {
                let counts = counts_of(&mut counts, condition.network.overhead, &recorded, &phases);
                lines[at] = self.line(points[at], result, counts, times);
                overflowed += u64::from(times.training.is_none() || counts.training.is_none());
            }
            self.traces.used(trace, members.len(), recorded);
        }
        Ok(Rows { bytes: lines.concat(), rows: points.len() as u64, overflowed })
    }

    fn condition(&self, plan: &Plan, position: &[u32]) -> Condition {
        let sweep = &self.plan.sweep;
        let network = if sweep.grid.dimensions.iter().any(|dimension| dimension.only_network) {
            let sets = sweep.grid.network_overrides(position);
            let own = sweep.base.network_with(&sets, plan.protocol.parties());
            network(&own.expect("every point has been checked"), plan.seed)
        } else {
            network(&plan.network, plan.seed)
        };
        Condition { network, endpoints: endpoints(&plan.compute) }
    }

    fn line(&self, point: u32, result: Option<&TrainingResult>, counts: &Counts, times: &Times) -> Vec<u8> {
        let mut line = Vec::with_capacity(256);
        let grid = &self.plan.sweep.grid;
        write!(line, "{point}").expect("written to memory");
        for value in grid.values(&grid.position(point as usize)) {
            line.push(b',');
            write_cell(&mut line, &value.cell);
        }
        match result {
            Some(result) => {
                let (accuracy, restarts) = (result.accuracy(), result.restarts());
                write!(line, ",{accuracy},{restarts},{}", result.out_of_range).expect("written to memory");
            }
            None => line.extend(b",,,"),
        }
        line.push(b',');
        if let Some(end) = times.training {
            write!(line, "{}", end.rounds).expect("written to memory");
        }
        match &counts.training {
            Some(Cost { exchanges, messages, payload_bytes, wire_bytes, .. }) => {
                write!(line, ",{exchanges},{messages},{payload_bytes},{wire_bytes}")
                    .expect("written to memory");
            }
            None => line.extend(b",,,,"),
        }
        write_path(&mut line, times.training);
        write_path(&mut line, times.iteration);
        line.push(b'\n');
        line
    }
}

fn write_path(line: &mut Vec<u8>, end: Option<End>) {
    let Some(End { path, .. }) = end else {
        line.extend(b",,,,,");
        return;
    };
    for ps in [path.total_ps(), path.compute_ps, path.latency_ps, path.serialisation_ps, path.queueing_ps] {
        write!(line, ",{}", Seconds(ps)).expect("written to memory");
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
        known.push(Counts { overhead, training: recorded.training_counts(&overhead, phases).ok() });
        known.len() - 1
    });
    &known[at]
}
