//! `mpcsim compare`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Failure, complain, print};
use crate::report::{
    CompareError, Gate, Limit, Metric, SpanComparison, Summary, Verdict, compare_json, compare_table,
    compare_verdict, compare_warnings, spans_json, spans_table, spans_verdict, verdict_lines,
};

/// Arguments of `mpcsim compare`.
#[derive(Args)]
#[command(after_help = "Exit code: 0, or with --fail-above 1 if a figure is worse by more than the limit; \
    2 if the arguments or the folders are wrong.\n\n\
    Examples:\n  \
    mpcsim compare output/exact output/relu_gradient\n  \
    mpcsim compare output/before output/after --fail-above 0%\n  \
    mpcsim compare output/before output/after --by span --fail-above 1% --metric rounds --metric bytes\n  \
    mpcsim compare output/* --json | jq '.[].ratios_to_first.\"training.modelled_seconds\"'")]
pub(crate) struct CompareArgs {
    /// Folders that `mpcsim run` has written; ratios are to the first.
    #[arg(required = true, num_args = 2.., value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Compare span by span, the set-up and one iteration: where a difference comes from.
    #[arg(long, value_enum)]
    by: Option<By>,
    /// Exit with 1 if a later folder is worse than the first by more than this: time, bytes or rounds (of set-up and
    /// training together) larger by more than so many percent, or accuracy lower by more than so many percentage points.
    /// The comparison is exact; 0% allows nothing worse.
    #[arg(long, value_name = "LIMIT%", allow_hyphen_values = true)]
    fail_above: Option<Limit>,
    /// What --fail-above looks at, may be given more than once; all four if left out.
    #[arg(long, value_enum, requires = "fail_above")]
    metric: Vec<Metric>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What rows are.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// Spans of spans.csv.
    Span,
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        Failure::Mistake(format!("error: {error}"))
    }
}

/// Prints results side by side, and says whether a later one is worse.
pub(crate) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let summaries: Vec<Summary> =
        args.folders.iter().map(|folder| Summary::read(folder)).collect::<Result<_, _>>()?;
    let gate = args.fail_above.map(|limit| Gate { limit, metrics: args.metric.clone() });
    let verdict_of =
        |judge: &dyn Fn(&Gate) -> Result<Verdict, CompareError>| gate.as_ref().map(judge).transpose();
    let (text, verdict) = match args.by {
        None => {
            let verdict = verdict_of(&|gate| compare_verdict(&summaries, gate))?;
            let json = || compare_json(&summaries, verdict.as_ref());
            (if args.json { json() } else { compare_table(&summaries) }, verdict)
        }
        Some(By::Span) => {
            let compared = SpanComparison::of(&summaries)?;
            let verdict = verdict_of(&|gate| spans_verdict(&compared, gate))?;
            let json = || spans_json(&compared, verdict.as_ref());
            (if args.json { json() } else { spans_table(&compared) }, verdict)
        }
    };
    let left_out = verdict.iter().flat_map(|verdict| verdict.left_out.clone());
    for warning in compare_warnings(&summaries).into_iter().chain(left_out) {
        complain(&format!("warning: {warning}"));
    }
    print(&text)?;
    let Some((gate, verdict)) = gate.zip(verdict) else { return Ok(()) };
    if !args.json {
        print(&verdict_lines(&summaries, &gate, &verdict))?;
    }
    if verdict.breaches.iter().all(Vec::is_empty) { Ok(()) } else { Err(Failure::Worse) }
}
