//! The columns of `results.csv` that are no axes, each declared once: its name, what a report calls it, its unit, and
//! where its value comes from.

use std::borrow::Cow;
use std::io::Write;

use super::replay::{End, Times};
use super::result::TrainingResult;
use crate::ledger::Cost;
use crate::report::{ResultColumn, Seconds, Unit, share_text};
use crate::run::Spent;
use crate::sim::Parts;

/// What is known of a point.
pub(crate) struct PointResult<'a> {
    /// None with `train: false`, and of a training that came to a halt.
    pub training: Option<&'a TrainingResult>,
    /// What the whole training sends; none if it is more than can be counted, or the training came to a halt.
    pub counts: Option<&'a Cost>,
    /// What the offline and the online phase of an iteration send, of protocols that have an offline phase.
    pub apart: Option<&'a [Cost; 2]>,
    pub times: &'a Times,
    /// What had been spent when each of the sweep's targets was reached for good; none that was not.
    pub to_targets: &'a [Option<Spent>],
}

/// Where a value comes from; an empty cell where there is none.
enum Source {
    Training(fn(&TrainingResult) -> f64),
    TrainingCount(fn(&TrainingResult) -> Option<u64>),
    Counts(fn(&Cost) -> u64),
    Chain(fn(&Times) -> Option<End>),
    Halt,
    Apart(usize, fn(&Cost) -> u64),
    Time(fn(&Times) -> Option<End>, fn(&Parts) -> u64),
}

/// A column.
pub(crate) struct Column {
    pub about: ResultColumn,
    source: Source,
}

const fn column(name: &'static str, title: &'static str, unit: Unit, source: Source) -> Column {
    Column { about: ResultColumn { name: Cow::Borrowed(name), title: Cow::Borrowed(title), unit }, source }
}

const fn seconds(
    name: &'static str,
    title: &'static str,
    of: fn(&Times) -> Option<End>,
    part: fn(&Parts) -> u64,
) -> Column {
    column(name, title, Unit::Seconds, Source::Time(of, part))
}

const TRAINING: fn(&Times) -> Option<End> = |times| times.training;
const PAYLOAD: fn(&Cost) -> u64 = |cost| cost.payload_bytes;
const ITERATION: fn(&Times) -> Option<End> = |times| times.iteration;

/// All of them, behind the index and the axes. Without more words, a column is about the whole training.
pub(crate) const COLUMNS: [Column; 28] = [
    column("accuracy", "test accuracy", Unit::Share, Source::Training(TrainingResult::accuracy)),
    column(
        "restarts",
        "restarts",
        Unit::Count,
        Source::TrainingCount(|result| Some(result.restarts() as u64)),
    ),
    column(
        "out_of_range",
        "values out of range",
        Unit::Count,
        Source::TrainingCount(TrainingResult::out_of_range),
    ),
    column(
        "rows_beyond_domain",
        "rows beyond the output layer's domain",
        Unit::Count,
        Source::TrainingCount(|result| Some(result.rows_beyond_domain())),
    ),
    column("halted_after_iterations", "iterations until it came to a halt", Unit::Count, Source::Halt),
    column("rounds", "rounds", Unit::Count, Source::Chain(TRAINING)),
    column("exchanges", "exchanges", Unit::Count, Source::Counts(|cost| cost.exchanges)),
    column("messages", "messages", Unit::Count, Source::Counts(|cost| cost.messages)),
    column("payload_bytes", "payload", Unit::Bytes, Source::Counts(|cost| cost.payload_bytes)),
    column("wire_bytes", "bytes on the wire", Unit::Bytes, Source::Counts(|cost| cost.wire_bytes)),
    seconds("modelled_seconds", "modelled training time", TRAINING, Parts::total_ps),
    seconds("compute_seconds", "compute", TRAINING, |parts| parts.compute_ps),
    seconds("latency_seconds", "latency", TRAINING, |parts| parts.latency_ps),
    seconds("serialisation_seconds", "serialisation", TRAINING, |parts| parts.serialisation_ps),
    seconds("queueing_seconds", "queueing", TRAINING, |parts| parts.queueing_ps),
    seconds("window_seconds", "TCP's window", TRAINING, |parts| parts.window_ps),
    seconds("iteration_modelled_seconds", "time of one iteration", ITERATION, Parts::total_ps),
    seconds("iteration_compute_seconds", "compute of one iteration", ITERATION, |parts| parts.compute_ps),
    seconds("iteration_latency_seconds", "latency of one iteration", ITERATION, |parts| parts.latency_ps),
    seconds("iteration_serialisation_seconds", "serialisation of one iteration", ITERATION, |parts| {
        parts.serialisation_ps
    }),
    seconds("iteration_queueing_seconds", "queueing of one iteration", ITERATION, |parts| parts.queueing_ps),
    seconds("iteration_window_seconds", "TCP's window of one iteration", ITERATION, |parts| parts.window_ps),
    column("offline_rounds", "rounds of an offline phase", Unit::Count, Source::Chain(|times| times.offline)),
    column("offline_payload_bytes", "payload of an offline phase", Unit::Bytes, Source::Apart(0, PAYLOAD)),
    seconds("offline_modelled_seconds", "time of an offline phase", |times| times.offline, Parts::total_ps),
    column("online_rounds", "rounds of an online phase", Unit::Count, Source::Chain(|times| times.online)),
    column("online_payload_bytes", "payload of an online phase", Unit::Bytes, Source::Apart(1, PAYLOAD)),
    seconds("online_modelled_seconds", "time of an online phase", |times| times.online, Parts::total_ps),
];

impl Column {
    /// Writes the cell of a point.
    pub(crate) fn write(&self, line: &mut Vec<u8>, point: &PointResult) {
        let written = match &self.source {
            Source::Training(value) => point.training.map(|training| write!(line, "{}", value(training))),
            Source::TrainingCount(value) => {
                point.training.and_then(value).map(|count| write!(line, "{count}"))
            }
            Source::Counts(value) => point.counts.map(|counts| write!(line, "{}", value(counts))),
            Source::Apart(which, value) => point.apart.map(|apart| write!(line, "{}", value(&apart[*which]))),
            Source::Halt => point.times.halted.map(|iterations| write!(line, "{iterations}")),
            Source::Chain(of) => of(point.times).map(|end| write!(line, "{}", end.rounds)),
            Source::Time(of, part) => of(point.times).map(|end| write!(line, "{}", Seconds(part(&end.path)))),
        };
        written.unwrap_or(Ok(())).expect("written to memory");
    }
}

/// What is told of a target: the end of its column's name, what it is, and how it is written.
struct ToTarget {
    ending: &'static str,
    title: &'static str,
    unit: Unit,
    write: fn(&mut Vec<u8>, &Spent) -> std::io::Result<()>,
}

const TO_TARGET: [ToTarget; 4] = [
    ToTarget {
        ending: "_iterations",
        title: "iterations",
        unit: Unit::Count,
        write: |line, spent| write!(line, "{}", spent.iterations),
    },
    ToTarget {
        ending: "_rounds",
        title: "rounds",
        unit: Unit::Count,
        write: |line, spent| write!(line, "{}", spent.rounds),
    },
    ToTarget {
        ending: "_payload_bytes",
        title: "payload",
        unit: Unit::Bytes,
        write: |line, spent| write!(line, "{}", spent.payload_bytes),
    },
    ToTarget {
        ending: "_modelled_seconds",
        title: "modelled time",
        unit: Unit::Seconds,
        write: |line, spent| write!(line, "{}", Seconds(spent.modelled_ps)),
    },
];

/// The columns of the targets of a sweep, behind all others: what it takes until the test accuracy has each of them and keeps it,
/// the set-up included.
pub(crate) fn target_columns(targets: &[f64]) -> impl Iterator<Item = ResultColumn> {
    targets.iter().flat_map(|target| {
        TO_TARGET.iter().map(move |column| ResultColumn {
            name: Cow::Owned(format!("to_{target}{}", column.ending)),
            title: Cow::Owned(format!("{} to {} test accuracy", column.title, share_text(*target))),
            unit: column.unit,
        })
    })
}

/// Writes the cells of the targets of a point, a comma before each.
pub(crate) fn write_targets(line: &mut Vec<u8>, point: &PointResult) {
    for spent in point.to_targets {
        for column in &TO_TARGET {
            line.push(b',');
            if let Some(spent) = spent {
                (column.write)(line, spent).expect("written to memory");
            }
        }
    }
}

/// Whether a column of results, of whatever targets, is called so.
pub(crate) fn is_result(name: &str) -> bool {
    let of_target = name.strip_prefix("to_").is_some_and(|rest| {
        let endings = TO_TARGET.iter().filter_map(|column| rest.strip_suffix(column.ending));
        endings.into_iter().any(|target| target.parse::<f64>().is_ok())
    });
    of_target || COLUMNS.iter().any(|column| column.about.name == name)
}

/// The columns as a report knows them, for a sweep with these targets.
pub fn result_columns(targets: &[f64]) -> Vec<ResultColumn> {
    COLUMNS.iter().map(|column| column.about.clone()).chain(target_columns(targets)).collect()
}
