//! `mpcsim merge`.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, print};
use crate::sweep;

/// Arguments of `mpcsim merge`.
#[derive(Args)]
pub(crate) struct MergeArgs {
    /// The folders of all shards of one sweep, in any order.
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// The folder for the joined results; it must be new or empty.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Print nothing, only write the results.
    #[arg(short, long)]
    quiet: bool,
}

/// Joins shards.
pub(crate) fn merge(args: &MergeArgs) -> Result<(), Failure> {
    let rows = sweep::merge(&args.folders, &args.out)?;
    if args.quiet {
        return Ok(());
    }
    print(&format!("{} points of {} shards in {}\n", rows, args.folders.len(), args.out.display()))
}
