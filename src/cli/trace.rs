//! `mpcsim trace`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::recorded::WriteError;
use super::{Failure, MemoryArgs, ScenarioArgs, print, unsuitable, unwritable};
use crate::data;
use crate::memory::{MemoryLimit, TooMuchMemory};
use crate::report::{Names, NewFile, Timed, count_text, timeline_svg, write_perfetto};
use crate::run::{self, RunError, record};
use crate::scenario::{Plan, Scenario};
use crate::sim::{Endpoint, Network, Replayer, Trace, trace_file};

/// Memory that an event takes in a file for Perfetto. Measured: 1480 for 867,000 of them.
const PERFETTO_BYTES: u128 = 1800;
/// The same in a picture. Measured: 235.
const PICTURE_BYTES: u128 = 300;
/// The program and what it recorded.
const BASE_BYTES: u128 = 20_000_000;

/// Arguments of `mpcsim trace`.
#[derive(Args)]
pub(crate) struct TraceArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// How many iterations, one after the other, from an idle start; the set-up is left out.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    iterations: u64,
    /// Trace the set-up instead: the sharing of data and weights.
    #[arg(long, conflicts_with = "iterations")]
    setup: bool,
    #[command(flatten)]
    memory: MemoryArgs,
    /// The file to write. Its name says which format: .jsonl or .jsonl.gz (one object a line, for programs and `mpcsim
    /// replay`), .json or .json.gz (for ui.perfetto.dev and chrome://tracing), .svg (a picture).
    #[arg(short, long, alias = "output", value_name = "FILE")]
    out: PathBuf,
    /// Print nothing, only write the file.
    #[arg(short, long)]
    quiet: bool,
}

/// What a file of a trace holds.
#[derive(Clone, Copy)]
enum Format {
    Lines,
    Perfetto,
    Picture,
}

impl Format {
    const ENDS: [(&'static str, Format); 5] = [
        (".jsonl", Format::Lines),
        (".jsonl.gz", Format::Lines),
        (".json", Format::Perfetto),
        (".json.gz", Format::Perfetto),
        (".svg", Format::Picture),
    ];

    fn of(name: &str) -> Result<Format, Failure> {
        let known = Format::ENDS.iter().find(|(end, _)| name.ends_with(end));
        known.map(|(_, format)| *format).ok_or_else(|| {
            let ends: Vec<&str> = Format::ENDS.iter().map(|(end, _)| *end).collect();
            Failure::Mistake(format!("error: `{name}` must end in one of {}", ends.join(", ")))
        })
    }
}

/// A trace, and what it is run under.
struct Subject {
    trace: Trace,
    times: u64,
    network: Network,
    names: Names,
    endpoints: Vec<Endpoint>,
    title: String,
}

impl Subject {
    fn new(plan: &Plan, args: &TraceArgs) -> Result<Subject, RunError> {
        let (image, classes) = data::sizes(&plan.data)?;
        let layers = run::layers(plan, image, classes)?;
        let recorded = record(plan, &run::training_program(plan, &layers, plan.data.train_rows()))?;
        let [setup, iteration, _] = recorded.figures();
        let (trace, what) = if args.setup {
            (setup.clone(), "set-up".to_string())
        } else if args.iterations == 1 {
            (iteration.clone(), "one iteration".to_string())
        } else {
            (iteration.clone(), format!("{} iterations", count_text(args.iterations)))
        };
        Ok(Subject {
            trace,
            times: if args.setup { 1 } else { args.iterations },
            network: run::network(&plan.network, plan.seed),
            names: Names::of(&plan.network),
            endpoints: run::endpoints(&plan.compute),
            title: format!("{}: {what} over {}", plan.name, plan.network.label),
        })
    }

    /// Refuses what takes more memory than there is.
    fn check_memory(&self, format: Format, limit: MemoryLimit) -> Result<(), TooMuchMemory> {
        let each = match format {
            // Written as it is replayed.
            Format::Lines => return Ok(()),
            Format::Perfetto => PERFETTO_BYTES,
            Format::Picture => PICTURE_BYTES,
        };
        let once: usize = (0..self.trace.parties()).map(|party| self.trace.events(party).count()).sum();
        let events = once as u128 * u128::from(self.times);
        let what = || format!("{events} events in this format take");
        limit.check(BASE_BYTES + events * each, what, "fewer --iterations, or a file .jsonl, take less")
    }

    fn write(&self, format: Format, out: &mut dyn Write) -> Result<(), WriteError> {
        if let Format::Lines = format {
            let mut replayer = Replayer::new(&self.network, &self.endpoints);
            trace_file::write_repeated(out, &self.trace, self.times, &mut replayer)??;
            return Ok(());
        }
        let timed = Timed::of(&self.trace, self.times, &self.network, &self.endpoints)?;
        let timed = Timed { names: self.names.clone(), ..timed };
        match format {
            Format::Picture => out.write_all(timeline_svg(&self.title, &timed).as_bytes())?,
            _ => write_perfetto(out, &timed)?,
        }
        Ok(())
    }
}

/// Records a scenario's program and writes what every party does, and when.
pub(crate) fn trace(args: &TraceArgs) -> Result<(), Failure> {
    let name = args.out.display().to_string();
    let format = Format::of(&name)?;
    let (scenario, sets) = (Scenario::open(&args.scenario.scenario)?, &args.scenario.sets);
    let plan = scenario.plan(sets)?;
    let file = NewFile::begin(&args.out).map_err(|error| unsuitable(&name, error))?;
    let subject = Subject::new(&plan, args).map_err(|error| Failure::of_run(&scenario, sets, error))?;
    subject.check_memory(format, args.memory.limit())?;
    file.write(|out| subject.write(format, out)).map_err(|error| match error {
        WriteError::Io(error) => unwritable(&name, error),
        WriteError::Sim(error) => Failure::from(RunError::from(error)),
    })?;
    if args.quiet {
        return Ok(());
    }
    let messages = subject.trace.messages() * subject.times;
    print(&format!("{}, {} messages, in {name}\n", subject.title, count_text(messages)))
}
