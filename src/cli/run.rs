//! `mpcsim run`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::progress::Bars;
use super::{Failure, MemoryArgs, ScenarioArgs, print};
use crate::digest::Hasher;
use crate::memory::read_text;
use crate::report::{
    Folder, Kind, LARGEST_RESULT, explain, failure_json, failure_text, run_files, run_table,
};
use crate::run::{Progress, RunError, Values, check_memory, load, run_on};
use crate::scenario::{Plan, Scenario};

/// Characters of the longest name that is made for a folder, before it is cut.
const LONGEST_FOLDER: usize = 100;

/// Arguments of `mpcsim run`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim run scenarios/01_first_run.ron\n  \
    mpcsim run scenarios/01_first_run.ron --set training.epochs=1 --set 'network=preset(\"wan\")' --out output/wan\n  \
    mpcsim run scenarios/03_one_layer.ron --values shares")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The folder for the results. If left out, output/<scenario name>, followed by what `--set` sets.
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the results of another scenario, if there are any in the folder.
    #[arg(long)]
    force: bool,
    /// What is trained on: plain numbers with the same arithmetic, which is fast, or secret shares.
    #[arg(long, value_enum, default_value = "split")]
    values: ValuesArg,
    #[command(flatten)]
    memory: MemoryArgs,
    /// Print where the rounds, bytes and time of one iteration go, by layer and operation.
    #[arg(long, conflicts_with_all = ["quiet", "json"])]
    explain: bool,
    /// Print summary.json in place of the table.
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print nothing, only write the results.
    #[arg(short, long)]
    quiet: bool,
}

/// [`Values`] on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum ValuesArg {
    /// Train on plain numbers; count the costs from the program's messages; check the first iterations on secret shares.
    Split,
    /// Train on secret shares.
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

/// The folder for results if none is asked for: its name shows what was set, so that runs that differ do not meet in it.
fn default_folder(plan: &Plan, sets: &[String]) -> PathBuf {
    let mut name = plan.name.clone();
    let is_name = |set: &str| set.split('=').next().is_some_and(|path| path.trim() == "name");
    for set in sets.iter().filter(|set| !is_name(set)) {
        name.push(' ');
        // Signs that not every system takes in a name, or that a shell would need quotes for, become one dash.
        let kept = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '=');
        let words: Vec<&str> = set.split(|c| !kept(c)).filter(|word| !word.is_empty()).collect();
        name += &words.join("-").replace("=-", "=");
    }
    if name.chars().count() > LONGEST_FOLDER {
        let mut hasher = Hasher::default();
        hasher.add(name.as_bytes());
        name = name.chars().take(LONGEST_FOLDER).collect::<String>() + "-" + &hasher.digits()[..16];
    }
    Path::new("output").join(name)
}

/// Whether a folder holds results of this scenario or none.
fn is_free(folder: &Path, plan: &Plan, values: Values) -> bool {
    let Ok(scenario) = read_text(&folder.join("scenario.ron"), LARGEST_RESULT) else { return true };
    let summary = read_text(&folder.join("summary.json"), LARGEST_RESULT).unwrap_or_default();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap_or_default();
    let same_values = summary["values"].as_str().is_none_or(|found| found == values.name());
    scenario == plan.seen_from(folder).to_ron() && same_values
}

/// Runs a scenario.
pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let (scenario, sets) = (Scenario::open(&args.scenario.scenario)?, &args.scenario.sets);
    let plan = scenario.plan(sets)?;
    let failed = |error| Failure::of_run(&scenario, sets, error);
    let path = args.out.clone().unwrap_or_else(|| default_folder(&plan, sets));
    let values = args.values.into();
    check_memory(&plan, args.memory.limit()).map_err(failed)?;
    // What is wrong with the data is told before anything that has to do with the results.
    let data = load(&plan).map_err(|error| failed(error.into()))?;
    let folder = Folder::new(&path, Kind::Run)?;
    if !args.force && !is_free(&path, &plan, values) {
        let help = "choose another folder with --out, or replace them with --force";
        return Err(Failure::Mistake(format!(
            "error: {} holds the results of another scenario: {help}",
            path.display()
        )));
    }
    let bars = Bars::new();
    let progress: &dyn Progress = if args.quiet { &() } else { &bars };
    let outcome = run_on(&plan, &data, values, progress);
    bars.finish();
    let outcome = match outcome {
        Err(RunError::Failed(failure)) => {
            if args.json {
                print(&String::from_utf8_lossy(&failure_json(&plan, values, &failure)))?;
            }
            return Err(Failure::Other(format!("error: {}", failure_text(&plan, &failure))));
        }
        outcome => outcome.map_err(failed)?,
    };
    let files = run_files(&plan.seen_from(&path), values, &outcome);
    let written = folder.write(&files);
    // What was computed is shown even if there was no room for it.
    if args.json {
        let summary = files.iter().find(|(name, _)| *name == "summary.json").map(|(_, content)| content);
        print(&String::from_utf8_lossy(summary.expect("every run has a summary")))?;
    } else if !args.quiet {
        print(&run_table(&plan, values, &outcome))?;
        if args.explain {
            print(&format!("\n{}\n", explain(&plan.softmax.to_string(), &plan.network, &outcome)))?;
        }
        if written.is_ok() {
            print(&format!("results in {}\n", path.display()))?;
        }
    }
    Ok(written?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_show_what_was_set() {
        let text = "(name: \"first run\", protocol: rep3, model: dense(hidden: []), softmax: exact, data: mnist, network: \
                    preset(\"lan\"))";
        let plan = Scenario::parse(text, "x", Path::new(""), &[]).unwrap();
        let folder = |sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
            default_folder(&plan, &sets).display().to_string().replace('\\', "/")
        };
        assert_eq!(folder(&[]), "output/first run");
        assert_eq!(folder(&["name=first run"]), "output/first run");
        assert_eq!(
            folder(&["softmax=relu_gradient", "network=preset(\"wan\")", "model.hidden=[1, 2]"]),
            "output/first run softmax=relu_gradient network=preset-wan model.hidden=1-2"
        );
        assert_eq!(
            folder(&["name=../../etc", "data.train=/etc/passwd"]),
            "output/first run data.train=etc-passwd"
        );
        assert!(folder(&[&"seed=1 ".repeat(100)]).len() < 140);
    }
}
