//! Sweeps: one base scenario, many points.
//!
//! A [`Sweep`] is read from its file; [`SweepPlan::new`] checks every point and finds what points have in common;
//! [`run`] trains and records what is distinct once, replays every point, and streams a row for each, in the order of
//! the grid; [`merge`] joins the rows of several machines. This room knows scenarios, runs and files; of a run it only
//! knows what it depends on: accuracy on data, model, softmax, rounding, fixed point, seed, training and loss; a trace
//! on protocol, model, softmax, rounding, fixed point, batch, loss, rows and costs of arithmetic; a replay on all else.

mod advise;
mod axis;
mod by_seed;
mod columns;
mod condition;
mod declared;
mod estimate;
mod evaluations;
mod file;
mod files;
mod folder;
mod grid;
mod journal;
mod loaded;
mod memory;
mod merge;
mod names;
mod number;
#[cfg(feature = "parquet")]
mod parquet;
mod planner;
mod points_time;
mod replay;
mod result;
mod rows;
mod run;
mod shard;
mod summary;
mod task;
mod trace;
mod training;

use crate::report::FolderError;
use crate::run::RunError;
use crate::scenario::ScenarioErrors;

pub use advise::{Advice, Axis as ChangedAxis, Change, Choice, Choices, LeftOut, Standing, Wishes};
pub use columns::result_columns;
pub use declared::{reference, schema};
pub use file::Sweep;
pub use merge::merge;
pub use planner::SweepPlan;
pub use result::Incomplete;
pub use run::{Done, Options, estimate, run};
pub use shard::Shard;

/// Why a sweep ended without results.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A training or a recording ended without a result.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A scenario that cannot be.
    #[error("{0}")]
    Scenario(#[from] ScenarioErrors),
    /// The system said no.
    #[error(
        "results cannot be written to {folder}: {error}. What was written is kept: when there is room again, go on \
         with --resume"
    )]
    Io {
        /// The folder.
        folder: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// Finished results would be lost.
    #[error(
        "{0} holds the results of another sweep, shard or version of mpcsim: choose another folder with --out, or replace \
         them with --force"
    )]
    OtherResults(String),
    /// A merge needs an empty folder.
    #[error("{0} is not empty: choose another folder with --out")]
    NotEmpty(String),
    /// Another sweep than the unfinished one.
    #[error(
        "the sweep in {folder} cannot go on: {reason}. Undo the change, or begin anew in another folder with --out"
    )]
    Changed {
        /// The folder.
        folder: String,
        /// What has changed.
        reason: String,
    },
    /// Files are not what they were.
    #[error(
        "the files in {0} are damaged, or were changed after they had been written: delete the folder and begin anew"
    )]
    Damaged(String),
    /// Cannot be merged.
    #[error("{folder} cannot be merged: {reason}")]
    NotAShard {
        /// The folder.
        folder: String,
        /// Why not.
        reason: &'static str,
    },
    /// A shard of something else.
    #[error(
        "{folder} cannot be merged with {first}: they come from different sweeps, or from different versions of mpcsim"
    )]
    ForeignShard {
        /// The folder.
        folder: String,
        /// The first folder.
        first: String,
    },
    /// A shard twice.
    #[error("shard {shard} is there twice: in {first} and in {second}")]
    DuplicateShard {
        /// Which one.
        shard: String,
        /// One folder.
        first: String,
        /// The other.
        second: String,
    },
    /// Not all shards.
    #[error("shards are missing: {0}")]
    MissingShards(String),
}

impl SweepError {
    fn io(folder: &str, error: std::io::Error) -> SweepError {
        SweepError::Io { folder: folder.to_string(), error }
    }

    /// Whether the user can do something about it.
    pub fn is_mistake(&self) -> bool {
        match self {
            SweepError::Run(error) => error.is_mistake(),
            SweepError::Folder(error) => error.is_mistake(),
            SweepError::Io { .. } => false,
            _ => true,
        }
    }
}
