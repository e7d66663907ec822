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
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Joins shards.
pub(crate) fn merge(args: &MergeArgs) -> Result<(), Failure> {
    let rows = sweep::merge(&args.folders, &args.out)?;
    print(&format!("{} points of {} shards in {}\n", rows, args.folders.len(), args.out.display()));
    Ok(())
}
