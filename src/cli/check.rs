//! `mpcsim check`.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::failure::mistake;
use super::sweep::{axes_text, plan_text};
use super::{Failure, MemoryArgs, ScenarioArgs, print};
use crate::memory::gigabytes;
use crate::run::{Size, Values, check_data, fingerprint_of_plan, size};
use crate::scenario::{File, Plan, Scenario, as_json, grouped, to_json};
use crate::sweep::{Shard, Sweep, SweepPlan};

/// Arguments of `mpcsim check`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim check scenarios/01_first_run.ron --set 'model=dense(hidden: [128, 128])'\n  \
    mpcsim check scenarios/06_network_sweep.ron\n  \
    mpcsim check scenarios/01_first_run.ron --json | jq .scenario.training\n  \
    mpcsim check scenarios/01_first_run.ron --as-json > first_run.json")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    memory: MemoryArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print the file itself as JSON, as it is written, and check no field: for programs that know `mpcsim schema`.
    #[arg(long, conflicts_with = "json")]
    as_json: bool,
}

/// Checks a scenario and prints the plan, every default written out; or checks every point of a sweep and says what it
/// has.
pub(crate) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let ScenarioArgs { scenario, sets } = &args.scenario;
    let File { name, text, folder } = File::read(scenario)?;
    if args.as_json {
        return print(&pretty(&file_as_json(&text, &name, sets)?));
    }
    if Sweep::is_sweep(&text, &name) {
        let sweep = Sweep::from_text(&text, &name, &folder, args.memory.limit())?;
        let plan = SweepPlan::new(sweep.with_sets(sets)?)?;
        return print(&if args.json { sweep_json(&plan) } else { sweep_text(&plan) });
    }
    let scenario = Scenario::from_text(&text, &name, &folder)?;
    let plan = scenario.plan(sets)?;
    let failed = |error| Failure::of_run(&scenario, sets, error);
    // It names the content of the data too.
    check_data(&plan, args.memory.limit()).map_err(failed)?;
    let fingerprint = fingerprint_of_plan(&plan, Values::Split).map_err(|error| failed(error.into()))?;
    let size = size(&plan).map_err(failed)?;
    // Whoever keeps what is printed keeps it here, or hands it on to `mpcsim run -`.
    let plan = plan.seen_from(Path::new("."));
    print(&if args.json { plan_json(&plan, size, &fingerprint) } else { plan_ron(&plan, size, &fingerprint) })
}

/// The file as JSON; in a sweep there is no field of a scenario to be set.
fn file_as_json(text: &str, name: &str, sets: &[String]) -> Result<serde_json::Value, Failure> {
    if !sets.is_empty() && Sweep::is_sweep(text, name) {
        return Err(mistake("--as-json prints a sweep as it is written: without --set".to_string()));
    }
    Ok(as_json(text, name, sets)?)
}

fn plan_ron(plan: &Plan, Size { image, classes, memory_bytes }: Size, fingerprint: &str) -> String {
    let [train, test] = [plan.data.train_rows(), plan.data.test_rows()].map(|rows| grouped(rows as u64));
    let rows = format!("{train} rows to train on and {test} to test on, {image} each, in {classes} classes");
    let memory = format!("a run takes at most about {} of memory", gigabytes(memory_bytes));
    format!("// fingerprint {fingerprint}\n// {rows}; {memory}\n{}", plan.to_ron())
}

fn plan_json(plan: &Plan, Size { image, classes, memory_bytes }: Size, fingerprint: &str) -> String {
    pretty(&json!({
        "kind": "scenario",
        "fingerprint": fingerprint,
        "train_rows": plan.data.train_rows(),
        "test_rows": plan.data.test_rows(),
        "row": image.to_string(),
        "classes": classes,
        "memory_bytes": u64::try_from(memory_bytes).unwrap_or(u64::MAX),
        "scenario": to_json(&plan.to_ron()),
    }))
}

fn sweep_text(plan: &SweepPlan) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let every = "a sweep, every point of it checked; run it with `mpcsim sweep`";
    format!("{}{}{every}\n", plan_text(plan, Shard::WHOLE, cores), axes_text(plan))
}

fn sweep_json(plan: &SweepPlan) -> String {
    let sweep = plan.sweep();
    let axes = sweep.axis_values().map(|(name, values)| json!({ "name": name, "values": values }));
    pretty(&json!({
        "kind": "sweep",
        "name": sweep.name,
        "train": sweep.train,
        "points": plan.points(),
        "excluded_points": plan.excluded(),
        "distinct_trainings": if sweep.train { plan.trainings() } else { 0 },
        "distinct_traces": plan.traces(),
        "axes": axes.collect::<Vec<_>>(),
    }))
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON") + "\n"
}
