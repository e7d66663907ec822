//! Runs a sweep: trainings first, then chunks of points side by side, whose rows are written in the order of the grid.

use std::path::Path;

use rayon::prelude::*;

use super::SweepError;
use super::folder::{Folder, Opened};
use super::planner::SweepPlan;
use super::rows::{Maker, Rows, header};
use super::shard::{Points, Shard};
use super::summary::Summary;
use super::trace::{Sizes, Traces};
use super::training;
use crate::run::Progress;

/// Points of a chunk: enough for eight networks at a time, few enough for a chunk to end soon.
const POINTS: usize = 512;
/// Chunks of each thread between two checkpoints.
const CHUNKS: usize = 16;

/// How a sweep is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads.
    pub jobs: usize,
    /// The share of the points.
    pub shard: Shard,
    /// Whether an unfinished sweep goes on.
    pub resume: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows of the results.
    pub rows: u64,
    /// Rows that were there already.
    pub rows_before: u64,
    /// Trainings that were there already.
    pub trainings_before: u64,
    /// Rows without a time, since it does not fit a clock.
    pub overflowed: u64,
    /// Whether everything was there already.
    pub finished_before: bool,
}

/// Runs a sweep, or what is left of it, into a folder.
pub fn run(
    plan: &SweepPlan,
    path: &Path,
    options: Options,
    progress: &dyn Progress,
) -> Result<Done, SweepError> {
    let shard = options.shard;
    let mut folder = match Folder::open(path, plan.sweep().fingerprint(), shard, options.resume)? {
        Opened::Finished => return Ok(Done { finished_before: true, ..Done::default() }),
        Opened::Working(folder) => *folder,
    };
    let points = shard.points(plan);
    let mut done = Done { rows_before: folder.progress.rows, ..Done::default() };
    if folder.progress.bytes == 0 {
        folder.append(&header(plan), 0, 0)?;
    }
    let first = folder.progress.rows as usize;
    let sizes = Sizes::read(plan)?;
    let traces = Traces::new(plan, &sizes, points.from(first));
    let mut journal = folder.journal.take().expect("a folder is opened with its journal");
    done.trainings_before = journal.finished().len() as u64;
    let trainings = training::run(plan, &traces, points.from(first), &mut journal, options.jobs, progress)?;
    folder.journal = Some(journal);

    progress.begin("replaying", (points.len() - first) as u64);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build();
    let pool = pool.map_err(|error| crate::run::RunError::Threads(error.to_string()))?;
    let maker = Maker { plan, trainings: &trainings, traces: &traces };
    pool.install(|| write_rows(&maker, &points, &mut folder, options.jobs, progress))?;

    (done.rows, done.overflowed) = (folder.progress.rows, folder.progress.overflowed);
    let summary = Summary::new(plan, shard, done.rows, done.overflowed);
    // A shard is no result to look at.
    folder.finish(&summary.to_json(), (shard == Shard::WHOLE).then_some(summary.name.as_str()))?;
    Ok(done)
}

fn write_rows(
    maker: &Maker,
    points: &Points,
    folder: &mut Folder,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<(), SweepError> {
    let mut rest = points.from(folder.progress.rows as usize);
    loop {
        let wave: Vec<u32> = rest.by_ref().take(POINTS * CHUNKS * jobs).collect();
        if wave.is_empty() {
            return Ok(());
        }
        let work = |chunk: &[u32]| {
            let rows = maker.rows(chunk);
            chunk.iter().for_each(|_| progress.step());
            rows
        };
        let done: Vec<Result<Rows, SweepError>> = wave.par_chunks(POINTS).with_max_len(1).map(work).collect();
        for rows in done {
            let Rows { bytes, rows, overflowed } = rows?;
            folder.append(&bytes, rows, overflowed)?;
        }
        folder.checkpoint()?;
    }
}
