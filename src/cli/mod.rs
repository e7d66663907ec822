//! The command line: one file a subcommand.

mod advise;
mod check;
mod compare;
mod conditions;
mod cost;
mod failure;
mod import;
mod interrupt;
mod list;
mod merge;
mod new;
mod output;
mod paper;
mod play;
mod plot;
mod progress;
mod record;
mod recorded;
mod replay;
mod run;
mod schema;
mod shell;
mod sweep;
mod trace;

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::memory::MemoryLimit;
use crate::ring::Instructions;
use crate::scenario::errors::alternatives;
use failure::Failure;

use output::{complain, complain_in_colour, harmless, printed};
pub(crate) use output::{print, unsuitable, unwritable};

/// Deterministic simulator of secure multi-party training: exact rounds, exact bytes, modelled time, and accuracy.
#[derive(Parser)]
#[command(
    name = "mpcsim",
    version,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
    mpcsim run scenarios/01_first_run.ron\n  \
    mpcsim run scenarios/01_first_run.ron --set softmax=relu_gradient --out output/relu\n  \
    mpcsim compare output/first\\ run output/relu"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a scenario to begin with: all fields, and what each is.
    New(new::NewArgs),
    /// Run a scenario: print its table and write its results.
    Run(run::RunArgs),
    /// Say which protocol, output layer and rounding reach an accuracy soonest, and what would change that.
    Advise(advise::AdviseArgs),
    /// Run a sweep: a base scenario at many points.
    Sweep(sweep::SweepArgs),
    /// Join the shards of a sweep into what one run would have written.
    Merge(merge::MergeArgs),
    /// Check a scenario or a sweep, without running it; print the scenario as resolved.
    Check(check::CheckArgs),
    /// Print the JSON Schema of scenario or sweep files, for editors and other programs.
    Schema(schema::SchemaArgs),
    /// Count what single secure operations cost.
    Cost(cost::CostArgs),
    /// Write what every party does in one iteration, and when: for programs, for Perfetto, or as a picture.
    Trace(trace::TraceArgs),
    /// Time a recorded program, of mpcsim or of another framework, under another network.
    Replay(replay::ReplayArgs),
    /// Run a party's process, of any framework, and log what it sends and receives.
    Record(record::RecordArgs),
    /// Make a trace of the logs or of packet captures of a run, of mpcsim or of another framework.
    Import(import::ImportArgs),
    /// Play a party of a recorded program over real TCP, and say how long it took.
    Play(play::PlayArgs),
    /// Check the claims of the paper on softmax replacement: run its sweeps and write one page.
    Paper(paper::PaperArgs),
    /// List protocols, softmax variants, network and compute presets.
    List(list::ListArgs),
    /// Compare result folders: figures side by side, with ratios to the first.
    Compare(compare::CompareArgs),
    /// Draw a column of a results table against another, as SVG, PNG or PDF.
    Plot(plot::PlotArgs),
    /// Print completions for a shell.
    Completions(shell::CompletionsArgs),
    /// Print a manual page.
    Man(shell::ManArgs),
}

/// A scenario and what is changed in it.
#[derive(Args)]
pub(crate) struct ScenarioArgs {
    /// The scenario file; - is standard input.
    scenario: PathBuf,
    /// Set a field of the scenario to a RON value, for example training.epochs=1 or 'model=dense(hidden:[])'.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
}

/// How much memory a command may take.
#[derive(Args)]
pub(crate) struct MemoryArgs {
    /// The most memory that it may take, in gigabytes; what the machine has if left out.
    #[arg(long, value_name = "GB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    memory_limit: Option<u64>,
}

impl MemoryArgs {
    fn limit(&self) -> MemoryLimit {
        MemoryLimit::new(self.memory_limit)
    }
}

/// The variable that says which instructions arithmetic may use at most; docs/commands.md.
const ARITHMETIC: &str = "MPCSIM_ARITHMETIC";

/// Keeps to the instructions that the user allows.
fn limit_arithmetic() -> Result<(), Failure> {
    let Some(wanted) = std::env::var_os(ARITHMETIC) else { return Ok(()) };
    let found = Instructions::ALL.into_iter().find(|each| wanted == each.name());
    match found {
        Some(instructions) if instructions.are_available() => {
            instructions.set_limit();
            Ok(())
        }
        _ => {
            let what = if found.is_some() { "not on this machine" } else { "unknown" };
            let here = Instructions::ALL.into_iter().filter(|each| each.are_available());
            let names = alternatives(here.map(Instructions::name));
            let wanted = wanted.display();
            Err(Failure::Mistake(format!("error: {ARITHMETIC}={wanted} is {what}: here it can be {names}")))
        }
    }
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    crate::ring::give_back_long_memory();
    interrupt::watch();
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(told) => return ended(help(&told)),
    };
    ended(limit_arithmetic().and_then(|()| done(command)))
}

fn done(command: Command) -> Result<(), Failure> {
    match command {
        Command::New(args) => new::new(&args),
        Command::Run(args) => run::run(&args),
        Command::Advise(args) => advise::advise(&args),
        Command::Sweep(args) => sweep::sweep(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Check(args) => check::check(&args),
        Command::Schema(args) => schema::schema(&args),
        Command::Cost(args) => cost::cost(&args),
        Command::Trace(args) => trace::trace(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Record(args) => record::record(&args),
        Command::Import(args) => import::import(&args),
        Command::Play(args) => play::play(&args),
        Command::Paper(args) => paper::paper(&args),
        Command::List(args) => list::list(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Plot(args) => plot::plot(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    }
}

/// What the parser has to say: help that was asked for, or what is wrong with the arguments.
fn help(told: &clap::Error) -> Result<(), Failure> {
    let plain = told.render().to_string();
    let shown = match harmless(&plain) {
        // As it is, with colours.
        Cow::Borrowed(_) => told.print().and_then(|()| std::io::stdout().flush()),
        Cow::Owned(text) => {
            complain(&text);
            Ok(())
        }
    };
    match told.exit_code() {
        0 => printed(shown),
        _ => Err(Failure::Told),
    }
}

/// Says what went wrong and gives the exit code.
fn ended(done: Result<(), Failure>) -> ExitCode {
    // What failed because an interruption took its files away is ended by the interruption.
    crate::report::undisturbed(|| ());
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Told) => ExitCode::from(2),
        Err(Failure::Worse) => ExitCode::FAILURE,
        Err(Failure::Placed(errors)) => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            complain_in_colour(&errors.render(colour));
            ExitCode::from(2)
        }
        Err(Failure::Mistake(text)) => {
            complain(&text);
            ExitCode::from(2)
        }
        Err(Failure::Other(text)) => {
            complain(&text);
            ExitCode::FAILURE
        }
    }
}
