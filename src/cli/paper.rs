//! `mpcsim paper`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::progress::Bars;
use super::sweep::plan_text;
use super::{Failure, MemoryArgs, print, unwritable};
use crate::report::{NewFile, Part, PartResults, TableError, paper_files};
use crate::sweep::{self, Options, Shard, Sweep, SweepPlan};

/// What is otherwise with `--quick`: in a sweep file, and in its place.
const QUICK: [(&str, &str); 9] = [
    ("mnist(train: 60000, test: 10000)", "mnist(train: 2560, test: 1000)"),
    ("epochs: 20", "epochs: 2"),
    ("epochs: 15", "epochs: 2"),
    ("epochs: 5", "epochs: 2"),
    ("evaluate_every: 117", "evaluate_every: 5"),
    ("values: [1, 2, 3, 4, 5]", "values: [1]"),
    ("values: [rep3, sy_rep3, rep4, beaver2, semi2k]", "values: [rep3, sy_rep3, rep4]"),
    ("values: [rep3, semi2k, rep4, sy_rep3]", "values: [rep3, rep4, sy_rep3]"),
    ("values: [dense(hidden: []), preset(\"A\"), preset(\"D\")]", "values: [dense(hidden: [])]"),
];

/// Arguments of `mpcsim paper`.
#[derive(Args)]
pub(crate) struct PaperArgs {
    /// Small data, one seed, two epochs: whether it all works, in minutes. Its accuracies say nothing.
    #[arg(long)]
    quick: bool,
    /// Only this part of the page; may be given several times.
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<PartArg>,
    /// The folder for the page and for the results of the sweeps.
    #[arg(short, long, value_name = "DIR", default_value = "output/paper")]
    out: PathBuf,
    /// Threads; as many as there are cores if left out. Results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    memory: MemoryArgs,
    /// Go on where it was stopped: finished trainings are not repeated.
    #[arg(long)]
    resume: bool,
    /// Replace the results of another version, if there are any in the folder.
    #[arg(long, conflicts_with = "resume")]
    force: bool,
}

/// [`Part`] on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PartArg {
    /// Accuracy by epoch.
    Accuracy,
    /// Rounds, bytes and time.
    Cost,
    /// SecureML's claim.
    Secureml,
    /// Every softmax, by time to accuracy.
    Beyond,
}

impl From<PartArg> for Part {
    fn from(part: PartArg) -> Part {
        match part {
            PartArg::Accuracy => Part::Accuracy,
            PartArg::Cost => Part::Cost,
            PartArg::Secureml => Part::SecureMl,
            PartArg::Beyond => Part::Beyond,
        }
    }
}

/// The sweep file of a part.
fn text(part: Part, quick: bool) -> String {
    let text = match part {
        Part::Accuracy => include_str!("../../scenarios/paper/accuracy.ron"),
        Part::Cost => include_str!("../../scenarios/paper/cost.ron"),
        Part::SecureMl => include_str!("../../scenarios/paper/secureml.ron"),
        Part::Beyond => include_str!("../../scenarios/paper/beyond.ron"),
    };
    let small = |text: String, (full, quick): &(&str, &str)| text.replace(full, quick);
    if quick { QUICK.iter().fold(text.to_string(), small) } else { text.to_string() }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Failure::Mistake(format!("error: {error}"))
    }
}

/// A file of a sweep's results; an empty text if there is none.
fn content(folder: &Path, name: &str) -> Result<String, Failure> {
    let path = folder.join(name);
    if !path.exists() {
        return Ok(String::new());
    }
    fs::read_to_string(&path)
        .map_err(|error| Failure::Other(format!("error: {} cannot be read: {error}", path.display())))
}

/// Runs the sweeps and writes the page.
pub(crate) fn paper(args: &PaperArgs) -> Result<(), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or(cores, usize::from);
    let wanted =
        |part: &Part| args.only.is_empty() || args.only.iter().any(|only| Part::from(*only) == *part);
    let mut parts = Vec::new();
    for part in Part::ALL.into_iter().filter(wanted) {
        let name = format!("scenarios/paper/{}.ron", part.name());
        let sweep = Sweep::from_text(&text(part, args.quick), &name, Path::new(""), args.memory.limit())?;
        let plan = SweepPlan::new(sweep)?;
        print(&plan_text(&plan, Shard::WHOLE, jobs))?;
        let folder = args.out.join(part.name());
        let options =
            Options { jobs, shard: Shard::WHOLE, resume: args.resume, force: args.force, parquet: false };
        let bars = Bars::new();
        let done = sweep::run(&plan, &folder, options, &bars);
        bars.finish();
        done?;
        let (results, evaluations) = (content(&folder, "results.csv")?, content(&folder, "evaluations.csv")?);
        parts.push(PartResults { part, first: plan.plan(0), results, evaluations });
    }
    let how = format!(
        "Written by `mpcsim paper{}{}`, version {}, from the results of the sweeps in scenarios/paper. Whoever runs it gets the same \
         figures. Times are modelled.{}",
        if args.quick { " --quick" } else { "" },
        args.only.iter().map(|part| format!(" --only {}", Part::from(*part).name())).collect::<String>(),
        env!("CARGO_PKG_VERSION"),
        if args.quick {
            " This is a trial on little data: its accuracies, and what is said of them, mean nothing."
        } else {
            ""
        },
    );
    for (name, content) in paper_files(&parts, &how)? {
        let path = args.out.join(&name);
        let shown = path.display().to_string();
        let file = NewFile::begin(&path).map_err(|error| unwritable(&shown, error))?;
        file.write(|place| place.write_all(&content))
            .map_err(|error: std::io::Error| unwritable(&shown, error))?;
    }
    print(&format!("the page is {} and paper.md beside it\n", args.out.join("paper.html").display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `--quick` is to replace is there, so that no trial is a full run by mistake.
    #[test]
    fn each_part_is_small_when_quick() {
        let all: String = Part::ALL.into_iter().map(|part| text(part, false)).collect();
        for (full, quick) in QUICK {
            assert!(all.contains(full), "{full}");
            let found = Part::ALL.into_iter().map(|part| text(part, true)).collect::<String>();
            assert!(!found.contains(full) && found.contains(quick), "{full}");
        }
    }
}
