//! `mpcsim compare`.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, complain, print};
use crate::report::{CompareError, Summary, compare_json, compare_table, compare_warnings};

/// Arguments of `mpcsim compare`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim compare output/exact output/relu_gradient\n  \
    mpcsim compare output/* --json | jq '.[].ratios_to_first.\"training.modelled_seconds\"'")]
pub(crate) struct CompareArgs {
    /// Folders that `mpcsim run` has written; ratios are to the first.
    #[arg(required = true, num_args = 2.., value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        Failure::Mistake(format!("error: {error}"))
    }
}

/// Prints results side by side.
pub(crate) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let summaries: Vec<Summary> =
        args.folders.iter().map(|folder| Summary::read(folder)).collect::<Result<_, _>>()?;
    for warning in compare_warnings(&summaries) {
        complain(&format!("warning: {warning}"));
    }
    print(&if args.json { compare_json(&summaries) } else { compare_table(&summaries) })
}
