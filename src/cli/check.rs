//! `mpcsim check`.

use clap::Args;

use super::{Failure, ScenarioArgs, print};
use crate::scenario::Scenario;

/// Arguments of `mpcsim check`.
#[derive(Args)]
#[command(
    after_help = "Example:\n  mpcsim check scenarios/01_first_run.ron --set 'model=dense(hidden: [128, 128])'"
)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
}

/// Checks a scenario and prints the plan, every default written out.
pub(crate) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let plan = Scenario::load(&args.scenario.scenario, &args.scenario.sets)?;
    print(&format!("// fingerprint {}\n{}", plan.fingerprint(), plan.to_ron()));
    Ok(())
}
