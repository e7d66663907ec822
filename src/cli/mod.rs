//! The command line: one file a subcommand.

mod check;
mod compare;
mod cost;
mod list;
mod merge;
mod plot;
mod progress;
mod replay;
mod run;
mod shell;
mod sweep;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::report::FolderError;
use crate::run::RunError;
use crate::scenario::ScenarioErrors;
use crate::sweep::SweepError;

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
    /// Run a scenario: print its table and write its results.
    Run(run::RunArgs),
    /// Run a sweep: a base scenario at many points.
    Sweep(sweep::SweepArgs),
    /// Join the shards of a sweep into what one run would have written.
    Merge(merge::MergeArgs),
    /// Check a scenario and print it as resolved, without running it.
    Check(check::CheckArgs),
    /// Count what single secure operations cost.
    Cost(cost::CostArgs),
    /// Write what every party does in one iteration, and when: for programs, for Perfetto, or as a picture.
    Trace(trace::TraceArgs),
    /// Time a recorded program, of mpcsim or of another framework, under another network.
    Replay(replay::ReplayArgs),
    /// List protocols, softmax variants, network and compute presets.
    #[command(after_help = "Example:\n  mpcsim list")]
    List,
    /// Compare result folders: figures side by side, with ratios to the first.
    Compare(compare::CompareArgs),
    /// Draw a column of a results table against another, as SVG or PNG.
    Plot(plot::PlotArgs),
    /// Print completions for a shell.
    Completions(shell::CompletionsArgs),
    /// Print the manual page.
    #[command(after_help = "Example:\n  mpcsim man > mpcsim.1 && man ./mpcsim.1")]
    Man,
}

/// A scenario and what is changed in it.
#[derive(Args)]
pub(crate) struct ScenarioArgs {
    /// The scenario file.
    scenario: PathBuf,
    /// Set a field of the scenario to a RON value, for example training.epochs=1 or 'model=dense(hidden:[])'.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The user's mistake, explained; exit code 2.
    Mistake(String),
    /// Anything else; exit code 1.
    Other(String),
}

impl From<ScenarioErrors> for Failure {
    fn from(errors: ScenarioErrors) -> Self {
        use std::io::IsTerminal;
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Failure::Mistake(errors.render(colour))
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let text = format!("error: {error}");
        if error.is_mistake() { Failure::Mistake(text) } else { Failure::Other(text) }
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        Failure::Mistake(format!("error: {error}"))
    }
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        let text = format!("error: {error}");
        if error.is_mistake() { Failure::Mistake(text) } else { Failure::Other(text) }
    }
}

/// Prints to standard output; a reader who has gone away ends the program quietly.
pub(crate) fn print(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Sweep(args) => sweep::sweep(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Check(args) => check::check(&args),
        Command::Cost(args) => cost::cost(&args),
        Command::Trace(args) => trace::trace(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::List => list::list(),
        Command::Compare(args) => compare::compare(&args),
        Command::Plot(args) => plot::plot(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man => shell::man(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Mistake(text)) => {
            eprintln!("{}", text.trim_end());
            ExitCode::from(2)
        }
        Err(Failure::Other(text)) => {
            eprintln!("{}", text.trim_end());
            ExitCode::FAILURE
        }
    }
}
