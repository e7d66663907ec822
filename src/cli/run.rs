//! `mpcsim run`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::progress::Bars;
use super::{Failure, ScenarioArgs, print};
use crate::report::{Folder, explain, run_files, run_table};
use crate::run::{Progress, Values, run as run_plan};
use crate::scenario::Scenario;

/// Arguments of `mpcsim run`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim run scenarios/01_first_run.ron\n  \
    mpcsim run scenarios/01_first_run.ron --set training.epochs=1 --set 'network=preset(\"wan\")' --out output/wan\n  \
    mpcsim run scenarios/03_one_layer.ron --values shares")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The folder for the results; output/<scenario name> if left out.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where values come from: accuracy in the clear and cost from shapes, or everything on shares.
    #[arg(long, value_enum, default_value = "split")]
    values: ValuesArg,
    /// Print where the rounds, bytes and time of one iteration go, by layer and operation.
    #[arg(long, conflicts_with = "quiet")]
    explain: bool,
    /// Print nothing, only write the results.
    #[arg(long)]
    quiet: bool,
}

/// [`Values`] on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum ValuesArg {
    /// Accuracy in the clear, cost from shapes, the first iterations checked on shares.
    Split,
    /// Everything on shares.
    Shares,
}

impl From<ValuesArg> for Values {
    fn from(arg: ValuesArg) -> Values {
        match arg {
            ValuesArg::Split => Values::Split,
            ValuesArg::Shares => Values::Shares,
        }
    }
}

/// Runs a scenario.
pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let plan = Scenario::load(&args.scenario.scenario, &args.scenario.sets)?;
    let path = args.out.clone().unwrap_or_else(|| Path::new("output").join(&plan.name));
    let folder = Folder::new(&path)?;
    let values = args.values.into();
    let bars = Bars::new();
    let progress: &dyn Progress = if args.quiet { &() } else { &bars };
    let outcome = run_plan(&plan, values, progress)?;
    bars.finish();
    folder.write(&run_files(&plan, values, &outcome))?;
    if !args.quiet {
        print(&run_table(&plan, values, &outcome));
        if args.explain {
            print(&format!("\n{}\n", explain(plan.softmax.name(), &plan.network, &outcome)));
        }
        print(&format!("results in {}\n", folder.path().display()));
    }
    Ok(())
}
