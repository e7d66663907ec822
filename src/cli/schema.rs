//! `mpcsim schema`.

use clap::{Args, ValueEnum};

use super::{Failure, print};
use crate::{scenario, sweep};

/// Arguments of `mpcsim schema`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim schema > scenario.schema.json\n  \
    mpcsim schema sweep | jq '.\"$defs\" | keys'\n  \
    mpcsim check scenarios/01_first_run.ron --as-json > first_run.json")]
pub(crate) struct SchemaArgs {
    /// The kind of file.
    #[arg(value_enum, default_value_t = Kind::Scenario)]
    file: Kind,
}

/// A kind of file.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// One training under one network.
    Scenario,
    /// A scenario at many points.
    Sweep,
}

/// Prints the JSON Schema of a kind of file.
pub(crate) fn schema(args: &SchemaArgs) -> Result<(), Failure> {
    let schema = match args.file {
        Kind::Scenario => scenario::schema(),
        Kind::Sweep => sweep::schema(),
    };
    print(&(serde_json::to_string_pretty(&schema).expect("JSON") + "\n"))
}
