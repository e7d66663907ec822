//! `mpcsim sweep`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::progress::Bars;
use super::{Failure, MemoryArgs, print};
use crate::report::count_text;
use crate::run::Progress;
use crate::sweep::{self, Options, Shard, Sweep, SweepPlan};

/// An axis of more values is shown by its first and last.
const MOST_VALUES: usize = 8;

/// Arguments of `mpcsim sweep`.
#[derive(Args)]
pub(crate) struct SweepArgs {
    /// The sweep file; - is standard input.
    file: PathBuf,
    /// Set a field of the base scenario that no axis sets, as in `mpcsim run`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
    /// The folder for the results; output/<sweep name> if left out, for a shard output/<sweep name>-K-of-N.
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Check every point and say what would be done, and about how long it would take, without doing it.
    #[arg(long, conflicts_with_all = ["resume", "quiet"])]
    dry_run: bool,
    /// Threads; as many as there are cores if left out. Results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    memory: MemoryArgs,
    /// Run the K-th of N shares of the points; `mpcsim merge` joins the folders of all shares.
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Go on where a run of the same sweep was stopped; begin if there is none. If the file has changed since, finished trainings that it
    /// still has are kept.
    #[arg(long)]
    resume: bool,
    /// Replace the results of another sweep, if there are any in the folder.
    #[arg(long, conflicts_with = "resume")]
    force: bool,
    /// Write results.parquet too, for pandas, polars or DuckDB; needs a build with --features parquet.
    #[arg(long, conflicts_with = "shard")]
    parquet: bool,
    /// Print nothing, only write the results.
    #[arg(short, long)]
    quiet: bool,
}

/// Runs a sweep.
pub(crate) fn sweep(args: &SweepArgs) -> Result<(), Failure> {
    if args.parquet && cfg!(not(feature = "parquet")) {
        let help = "build it with `cargo build --release --features parquet`";
        return Err(Failure::Mistake(format!("error: this mpcsim cannot write Parquet: {help}")));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or(cores, usize::from);
    let threads = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
    let threads = threads.map_err(|error| Failure::Other(format!("error: {error}")))?;
    let sweep = Sweep::open(&args.file, args.memory.limit())?.with_sets(&args.sets)?;
    let plan = threads.install(|| SweepPlan::new(sweep))?;
    drop(threads);
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let path = args.out.clone().unwrap_or_else(|| {
        let name = &plan.sweep().name;
        Path::new("output").join(match args.shard {
            Some(Shard { number, of }) => format!("{name}-{number}-of-{of}"),
            None => name.clone(),
        })
    });
    if !args.quiet {
        print(&plan_text(&plan, shard, jobs))?;
    }
    if args.dry_run {
        print(&axes_text(&plan))?;
        sweep::estimate(&plan, shard, jobs, &Bars::new())?;
        print(&format!("nothing was run; results would go to {}\n", path.display()))?;
        return Ok(());
    }
    let bars = Bars::new();
    let progress: &dyn Progress = if args.quiet { &() } else { &bars };
    let done = sweep::run(
        &plan,
        &path,
        Options { jobs, shard, resume: args.resume, force: args.force, parquet: args.parquet },
        progress,
    );
    bars.finish();
    let done = done?;
    if !args.quiet {
        print(&done_text(&done, &path))?;
    }
    Ok(())
}

/// What is going to be done.
pub(super) fn plan_text(plan: &SweepPlan, shard: Shard, jobs: usize) -> String {
    let sweep = plan.sweep();
    let excluded = match plan.excluded() {
        0 => String::new(),
        excluded => format!(" ({} excluded)", count_text(excluded as u64)),
    };
    let trainings = if sweep.train {
        let floats = match plan.floating_point() {
            none if none.is_empty() => String::new(),
            floats => format!(" (some or all of plain numbers in {})", floats.join(" and ")),
        };
        format!("{} distinct trainings{floats}", count_text(plan.trainings() as u64))
    } else {
        "no training".to_string()
    };
    let share = if shard == Shard::WHOLE { String::new() } else { format!(", of which shard {shard}") };
    let jitter = if plan.has_jitter() {
        " (with jitter, losses, changes or faults no iteration repeats: all are replayed)"
    } else {
        ""
    };
    format!(
        "{}: {} points{excluded}, {trainings}, {} distinct traces{share}; on {jobs} threads{jitter}\n",
        sweep.name,
        count_text(plan.points() as u64),
        count_text(plan.traces() as u64),
    )
}

/// The axes of a sweep, a line for each.
pub(super) fn axes_text(plan: &SweepPlan) -> String {
    let mut text = String::new();
    for (name, values) in plan.sweep().axis_values() {
        let count = count_text(values.len() as u64);
        let shown = match values.as_slice() {
            [first, .., last] if values.len() > MOST_VALUES => format!("{first} … {last}"),
            all => all.join(", "),
        };
        text += &format!("  {name}: {count} values: {shown}\n");
    }
    text
}

fn done_text(done: &sweep::Done, path: &Path) -> String {
    if done.finished_before {
        return format!("finished before: results in {}\n", path.display());
    }
    let mut text = String::new();
    if done.rows_before > 0 || done.trainings_before > 0 {
        text += &format!(
            "resumed: {} points and {} trainings were finished before\n",
            count_text(done.rows_before),
            count_text(done.trainings_before)
        );
    }
    if done.incomplete.halted > 0 {
        let rows = count_text(done.incomplete.halted);
        text += &format!(
            "{rows} points came to a halt by faults: halted_after_iterations says when, their accuracy and figures of the \
             whole training are left empty\n"
        );
    }
    if done.incomplete.overflowed > 0 {
        let rows = count_text(done.incomplete.overflowed);
        text += &format!(
            "{rows} points take longer than a simulated clock can show (213 days), or send 2^64 bytes or more: those \
             cells are left empty\n"
        );
    }
    text + &format!("results in {}\n", path.display())
}
