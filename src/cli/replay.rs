//! `mpcsim replay`.

use std::path::PathBuf;

use clap::Args;

use super::conditions::{compute_of, network_of};
use super::failure::mistake;
use super::recorded::read_trace;
use super::{Failure, MemoryArgs, print};
use crate::report::{Names, ReplayReport, replay_json, replay_table};
use crate::run::{endpoints, network};
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

/// Replays a recorded program under another network.
pub(crate) fn replay(args: &ReplayArgs) -> Result<(), Failure> {
    let name = args.trace.display();
    let trace = read_trace(&args.trace, &args.memory)?;
    let parties = trace.parties();
    let plan = network_of(&args.network, parties, "the trace")?;
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
