//! `mpcsim advise`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::failure::mistake;
use super::progress::Bars;
use super::{Failure, MemoryArgs, ScenarioArgs, print};
use crate::report::{Folder, Kind};
use crate::run::Progress;
use crate::sweep::{Choices, Wishes};

/// Arguments of `mpcsim advise`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim advise scenarios/01_first_run.ron\n  \
    mpcsim advise scenarios/01_first_run.ron --target 0.95 --adversary malicious --latency 20ms --bandwidth 100Mbit\n  \
    mpcsim advise scenarios/01_first_run.ron --set 'data=mnist(train: 12800)' --network wan --out output/advice")]
pub(crate) struct AdviseArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The test accuracy to be reached, above 0, at most 1. If left out, the highest of the scenario's targets that any choice
    /// reaches.
    #[arg(long, value_name = "ACCURACY")]
    target: Option<f64>,
    /// What a party may do.
    #[arg(long, value_enum, default_value = "any")]
    adversary: Adversary,
    /// The number of parties: 2, 3, 4 or any.
    #[arg(long, value_name = "N", default_value = "any")]
    parties: String,
    /// The network, by the name of a preset, in place of the scenario's.
    #[arg(long, value_name = "PRESET", conflicts_with_all = ["latency", "bandwidth"])]
    network: Option<String>,
    /// The latency of all links, one way, in place of the scenario's network: 20ms, 500us or 0.1s.
    #[arg(long, value_name = "TIME", requires = "bandwidth")]
    latency: Option<String>,
    /// The bandwidth of all links: 100Mbit, 1Gbit or 500kbit, a second.
    #[arg(long, value_name = "RATE", requires = "latency")]
    bandwidth: Option<String>,
    /// The most payload that all parties may send until the target: 10GB, 500MB, 20kB or 1TB.
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<String>,
    /// What an output layer may open before the end of the training.
    #[arg(long, value_enum, default_value = "any")]
    reveal: Reveal,
    /// How many seeds to train with: the scenario's, and those that follow it. Choices are ranked by the mean of their times; those that
    /// not all seeds bring to the target come behind.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// A folder for the results: those of a sweep over all choices, with its page, and the advice.
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads; as many as there are cores if left out. Results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    memory: MemoryArgs,
    /// Print JSON in place of the table.
    #[arg(long)]
    json: bool,
}

/// What a party may do.
#[derive(Clone, Copy, ValueEnum)]
enum Adversary {
    /// It follows the protocol and wants to know more.
    SemiHonest,
    /// It does anything.
    Malicious,
    /// Either.
    Any,
}

/// What may be opened.
#[derive(Clone, Copy, ValueEnum)]
enum Reveal {
    /// Nothing.
    None,
    /// Whatever a variant opens; the advice says what.
    Any,
}

/// A number with one of these units, times what the unit is of the first one.
fn with_unit(text: &str, what: &str, units: &[(&str, f64)]) -> Result<f64, Failure> {
    let text = text.trim();
    let found = units.iter().find_map(|(unit, size)| {
        let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        (number.is_finite() && number >= 0.0).then_some(number * size)
    });
    let names: Vec<&str> = units.iter().map(|(unit, _)| *unit).collect();
    let example = format!("20{}", names[0]);
    found.ok_or_else(|| {
        mistake(format!(
            "{what} is a number with a unit ({}), such as {example}, and not `{text}`",
            names.join(", ")
        ))
    })
}

impl AdviseArgs {
    /// What is set in the scenario.
    fn sets(&self) -> Result<Vec<String>, Failure> {
        let mut sets = self.scenario.sets.clone();
        if let Some(preset) = &self.network {
            sets.push(format!("network=preset({preset:?})"));
        }
        if let (Some(latency), Some(bandwidth)) = (&self.latency, &self.bandwidth) {
            let times = [("ms", 1.0), ("us", 1e-3), ("s", 1e3)];
            let rates = [
                ("Mbit", 1.0),
                ("Mbit/s", 1.0),
                ("Gbit", 1e3),
                ("Gbit/s", 1e3),
                ("kbit", 1e-3),
                ("kbit/s", 1e-3),
            ];
            let latency_ms = with_unit(latency, "--latency", &times)?;
            let bandwidth_mbps = with_unit(bandwidth, "--bandwidth", &rates)?;
            sets.push(format!("network=custom(latency_ms: {latency_ms}, bandwidth_mbps: {bandwidth_mbps})"));
        }
        Ok(sets)
    }

    fn wishes(&self) -> Result<Wishes, Failure> {
        if let Some(target) = self.target.filter(|target| !(*target > 0.0 && *target <= 1.0)) {
            return Err(mistake(format!(
                "--target is a fraction of the test rows, above 0, at most 1, such as 0.9, and not {target}"
            )));
        }
        let parties = match self.parties.as_str() {
            "any" => None,
            text => match text.parse() {
                Ok(parties @ 2..=4) => Some(parties),
                _ => return Err(mistake(format!("--parties is 2, 3, 4 or any, and not `{text}`"))),
            },
        };
        let sizes = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("TB", 1e12), ("B", 1.0)];
        let most_bytes = match &self.max_bytes {
            Some(text) => Some(with_unit(text, "--max-bytes", &sizes)? as u64),
            None => None,
        };
        Ok(Wishes {
            target: self.target,
            malicious: match self.adversary {
                Adversary::SemiHonest => Some(false),
                Adversary::Malicious => Some(true),
                Adversary::Any => None,
            },
            parties,
            most_bytes,
            reveals_nothing: matches!(self.reveal, Reveal::None),
            more_seeds: self.seeds - 1,
        })
    }
}

/// Advises.
pub(crate) fn advise(args: &AdviseArgs) -> Result<(), Failure> {
    let choices = Choices::of(&args.scenario.scenario, &args.sets()?, args.wishes()?, args.memory.limit())?;
    let folder = args.out.as_ref().map(|path| Folder::new(path, Kind::Sweep)).transpose()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or(cores, usize::from);
    let bars = Bars::new();
    let progress: &dyn Progress = &bars;
    let advised = choices.advise(jobs, progress, folder.is_some());
    bars.finish();
    let (advice, files) = advised?;
    let written = folder.map(|folder| folder.write(&files)).transpose();
    print(&if args.json { advice.json() } else { advice.text() })?;
    written?;
    if let Some(path) = args.out.as_ref().filter(|_| !args.json) {
        print(&format!("results in {}\n", path.display()))?;
    }
    Ok(())
}
