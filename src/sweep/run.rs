//! Runs a sweep: trainings first, then chunks of points side by side, whose rows are written in the order of the grid.

use std::path::Path;

use rayon::prelude::*;

use super::SweepError;
use super::estimate::Work;
use super::evaluations::evaluations_csv;
use super::folder::{Extras, Folder, Opened};
use super::memory::grid_bytes;
use super::names::names;
use super::planner::SweepPlan;
use super::result::Incomplete;
use super::rows::{RowBuilder, Rows, header};
use super::shard::{Points, Shard};
use super::summary::SweepSummary;
use super::task::tasks;
use super::trace::{Sizes, Traces, check_adversaries};
use super::training::{self, Watch};
use crate::run::{Progress, RunError, estimated_bytes};

/// Points of a chunk, at most: few enough for a chunk to end soon.
const POINTS: usize = 512;
/// Points that are replayed at a time: a chunk has a multiple of them.
const AT_A_TIME: usize = 8;
/// Chunks of each thread between two checkpoints.
const CHUNKS: usize = 16;

/// The program, and the rows that each thread works on. Measured with two threads: 100 MB.
const BASE_BYTES: u128 = 60_000_000;
const THREAD_BYTES: u128 = 30_000_000;

/// How a sweep is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads.
    pub jobs: usize,
    /// The share of the points.
    pub shard: Shard,
    /// Whether an unfinished sweep goes on.
    pub resume: bool,
    /// Whether finished results of another sweep are replaced.
    pub force: bool,
    /// Whether `results.parquet` is written too; needs a build with that feature.
    pub parquet: bool,
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
    /// Those of them without figures of a whole training.
    pub incomplete: Incomplete,
    /// Whether everything was there already.
    pub finished_before: bool,
}

/// Refuses a sweep whose trainings, as many side by side as there are threads, take more memory than there is. Data are counted for
/// each of these trainings, though those that use the same share them.
pub(super) fn check_memory(plan: &SweepPlan, sizes: &Sizes, jobs: usize) -> Result<(), SweepError> {
    let mut largest = 0;
    // What a training takes follows from what its trace follows from.
    for distinct in &plan.traces {
        let own = plan.plan(distinct.point as usize);
        largest = largest.max(estimated_bytes(&own, &sizes.layers(&own)));
    }
    let side_by_side = jobs.min(plan.trainings().max(plan.verifications.len())).max(1) as u128;
    let needed_bytes = BASE_BYTES
        + jobs as u128 * THREAD_BYTES
        + side_by_side * largest
        + grid_bytes(&plan.sweep.grid, plan.name_bytes);
    let what = || format!("{side_by_side} trainings side by side take");
    let help = "fewer threads (--jobs), or smaller networks, batches or data sets take less";
    Ok(plan.sweep.memory_limit.check(needed_bytes, what, help).map_err(RunError::from)?)
}

/// Runs a sweep, or what is left of it, into a folder. `progress` is told in nanoseconds of the host, as
/// far as they can be foreseen.
pub fn run(
    plan: &SweepPlan,
    path: &Path,
    options: Options,
    progress: &dyn Progress,
) -> Result<Done, SweepError> {
    let shard = options.shard;
    let sizes = Sizes::read(plan)?;
    check_memory(plan, &sizes, options.jobs)?;
    // All data are read before anything is touched.
    let names = names(plan)?;
    check_adversaries(plan, &sizes)?;
    let mut folder = match Folder::open(path, &names, shard, (options.resume, options.force))? {
        Opened::Finished => return Ok(Done { finished_before: true, ..Done::default() }),
        Opened::Working(folder) => *folder,
    };
    let points = shard.points(plan);
    let mut done = Done { rows_before: folder.progress.rows, ..Done::default() };
    if folder.progress.bytes == 0 {
        folder.append(&header(plan), 0, Incomplete::default())?;
    }
    let first = folder.progress.rows as usize;
    let traces = Traces::new(plan, &sizes, points.from(first));
    let mut journal = folder.journal.take().expect("a folder is opened with its journal");
    done.trainings_before = journal.finished().len() as u64;
    let tasks = tasks(plan, points.from(first), |training| journal.finished().contains_key(&training));
    let left: Vec<u32> = points.from(first).collect();
    let work = &Work::of(plan, &sizes, (&tasks, &left), options.jobs, progress)?;
    let watch = Watch { work, sizes: &sizes, progress };
    progress.begin("sweep", watch.all(plan, &tasks, left.len(), options.jobs));
    let trainings = training::run(plan, &traces, &tasks, &mut journal, options.jobs, &watch)?;
    let is_known = |point: u32| journal.finished().contains_key(&plan.program(point as usize).training);
    if plan.sweep.train && !points.from(0).take(first).all(is_known) {
        // Rows are written when all trainings are done.
        return Err(SweepError::Damaged(folder.name()));
    }
    let evaluations = evaluations_csv(plan, journal.finished());
    let finished = plan.sweep.train.then(|| journal.published());
    folder.journal = Some(journal);

    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build();
    let pool = pool.map_err(|error| RunError::Threads(error.to_string()))?;
    let builder = RowBuilder { plan, trainings: &trainings, traces: &traces };
    pool.install(|| write_rows(&builder, &points, &mut folder, options.jobs, &watch))?;

    (done.rows, done.incomplete) = (folder.progress.rows, folder.progress.incomplete);
    let summary = SweepSummary::new(plan, &names.sweep, shard, done.rows, done.incomplete);
    // A shard is no result to look at.
    let (report, parquet) = (shard == Shard::WHOLE, options.parquet);
    let (evaluations, trainings) = (evaluations.as_deref(), finished.as_deref());
    folder.finish(&summary, Extras { evaluations, trainings, report, parquet })?;
    Ok(done)
}

/// How long a sweep will take, told to `progress`, without running it.
pub fn estimate(
    plan: &SweepPlan,
    shard: Shard,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<(), SweepError> {
    let sizes = Sizes::read(plan)?;
    check_adversaries(plan, &sizes)?;
    let points: Vec<u32> = shard.points(plan).from(0).collect();
    let tasks = tasks(plan, points.iter().copied(), |_| false);
    Work::of(plan, &sizes, (&tasks, &points), jobs, progress).map(drop)
}

/// How many points a chunk has: every thread gets several chunks, if there are enough points.
fn chunk(points: usize, jobs: usize) -> usize {
    points.div_ceil(4 * jobs).next_multiple_of(AT_A_TIME).min(POINTS)
}

fn write_rows(
    builder: &RowBuilder,
    points: &Points,
    folder: &mut Folder,
    jobs: usize,
    watch: &Watch,
) -> Result<(), SweepError> {
    let mut rest = points.from(folder.progress.rows as usize);
    loop {
        let wave: Vec<u32> = rest.by_ref().take(POINTS * CHUNKS * jobs).collect();
        if wave.is_empty() {
            return Ok(());
        }
        let work = |chunk: &[u32]| {
            let rows = builder.rows(chunk);
            watch.progress.advance((watch.work.points_ns(chunk.len()) / jobs as f64) as u64);
            rows
        };
        let done: Vec<Result<Rows, SweepError>> =
            wave.par_chunks(chunk(wave.len(), jobs)).with_max_len(1).map(work).collect();
        for rows in done {
            let Rows { bytes, rows, incomplete } = rows?;
            folder.append(&bytes, rows, incomplete)?;
        }
        folder.checkpoint()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_has_several_chunks() {
        for (points, jobs, expected) in
            [(60, 2, 8), (9, 2, 8), (1, 64, 8), (1000, 2, 128), (1_000_000, 2, 512), (16_384, 2, 512)]
        {
            assert_eq!(chunk(points, jobs), expected, "{points} points, {jobs} threads");
        }
    }
}
