//! `mpcsim replay`.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use super::failure::mistake;
use super::recorded::read_trace;
use super::{Failure, MemoryArgs, print};
use crate::memory::read_text;
use crate::report::{Names, ReplayReport, replay_json, replay_table};
use crate::run::{endpoints, network};
use crate::scenario::{
    COMPUTES, ComputePlan, ComputePreset, LARGEST_FILE, NETWORKS, NetworkPlan, NetworkPreset, ScenarioErrors,
    likely, no_compute, parse_compute, parse_network,
};
use crate::sim::{Endpoint, Replayer};

/// Arguments of `mpcsim replay`.
#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// The trace: a .jsonl file, gzipped or not, written by `mpcsim trace` or recorded from a real program
    /// (docs/trace-format.md).
    trace: PathBuf,
    /// The network: the name of a preset (see `mpcsim list`), or a file that holds a value as after `network:` in a
    /// scenario.
    #[arg(long, value_name = "PRESET|FILE.ron")]
    network: String,
    /// What handling a message costs: the name of a preset, `none`, or a file that holds a value as after `compute:` in
    /// a scenario. Only the costs per message count (send_us, receive_us, wake_us): the work between messages stays as
    /// recorded, in picoseconds. Left out: none.
    #[arg(long, value_name = "PRESET|FILE.ron")]
    compute: Option<String>,
    /// Seed of the jitter, if the network has any.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    memory: MemoryArgs,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// The text of a file that stands in place of a preset.
fn text_of(kind: &str, name: &str, presets: &[&'static str]) -> Result<String, Failure> {
    read_text(name.as_ref(), LARGEST_FILE).map_err(|error| {
        if name.ends_with(".ron") || fs::exists(name).unwrap_or(false) {
            return mistake(format!("the {kind} file {name} cannot be read: {error}"));
        }
        // `--network '"wan"'` and `--network 'preset("wan")'`, as in a scenario.
        let bare = name.trim_start_matches("preset(").trim_end_matches(')').trim_matches('"');
        if bare != name && presets.contains(&bare) {
            return mistake(format!("write the name of the preset alone: --{kind} {bare}"));
        }
        let help = match likely(name, presets.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("there are {}", presets.join(", ")),
        };
        mistake(format!("there is no {kind} preset `{name}`, and no file of that name; {help}"))
    })
}

fn network_of(name: &str, parties: usize) -> Result<NetworkPlan, Failure> {
    if let Some(preset) = NetworkPreset::find(name) {
        return preset.plan(parties).ok_or_else(|| {
            let most = preset.most_parties().unwrap_or(0);
            mistake(format!("`{name}` has figures for {most} parties, and the trace has {parties}"))
        });
    }
    let text = text_of("network", name, &NETWORKS.each_ref().map(|preset| preset.name))?;
    parse_network(&text, name, parties).map_err(ScenarioErrors::into)
}

fn compute_of(name: &str, parties: usize) -> Result<ComputePlan, Failure> {
    match ComputePreset::find(name) {
        Some(preset) => Ok(preset.plan(parties)),
        None if name == "none" => Ok(no_compute(parties)),
        None => {
            let text = text_of("compute", name, &COMPUTES.each_ref().map(|preset| preset.name))?;
            parse_compute(&text, name, parties).map_err(ScenarioErrors::into)
        }
    }
}

/// Replays a recorded program under another network.
pub(crate) fn replay(args: &ReplayArgs) -> Result<(), Failure> {
    let name = args.trace.display();
    let trace = read_trace(&args.trace, &args.memory)?;
    let parties = trace.parties();
    let plan = network_of(&args.network, parties)?;
    let network = network(&plan, args.seed);
    let endpoints = match &args.compute {
        Some(name) => endpoints(&compute_of(name, parties)?),
        None => vec![Endpoint::default(); parties],
    };
    let run = Replayer::new(&network, &endpoints).run(&trace, &mut ());
    let report = run.and_then(|run| ReplayReport::new(&trace, Names::of(&plan), &run));
    let report = report.map_err(|error| mistake(format!("{name}: {error}")))?;
    print(&if args.json { replay_json(&report) } else { replay_table(&report) })
}
