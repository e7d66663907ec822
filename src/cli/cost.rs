//! `mpcsim cost`.

use clap::Args;

use super::{Failure, print};
use crate::report::{CostRow, cost_details, cost_line, cost_table};
use crate::run::Operation;
use crate::scenario::errors::{alternatives, likely};
use crate::scenario::{Protocol, Rounding};

/// The longest vectors: all counts stay far below 2^64.
const LONGEST: u64 = 1_000_000_000;

/// Arguments of `mpcsim cost`.
#[derive(Args)]
pub(crate) struct CostArgs {
    /// The protocol; `mpcsim list` shows all of them.
    #[arg(long, value_name = "P")]
    protocol: String,
    /// An operation, may be given several times; all of them if left out.
    #[arg(long = "op", value_name = "OP")]
    operations: Vec<String>,
    /// Length of the vectors, may be given several times.
    #[arg(long, value_name = "N", default_values_t = [1000], value_parser = clap::value_parser!(u64).range(1..=LONGEST))]
    n: Vec<u64>,
    /// How products are brought back to fixed point: nearest or probabilistic.
    #[arg(long, value_name = "ROUNDING", default_value = "probabilistic")]
    rounding: String,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    /// Print what the figures are made of too: what each operation of the protocol sends, formulas and papers.
    #[arg(long, conflicts_with = "json")]
    details: bool,
}

/// The entry of a registry with this name.
fn find<T: Copy>(kind: &str, word: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<T, Failure> {
    if let Some(&found) = all.iter().find(|&&entry| name(entry) == word) {
        return Ok(found);
    }
    let names = || all.iter().map(|&entry| name(entry));
    let advice = match likely(word, names()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("it can be {}", alternatives(names())),
    };
    Err(Failure::Mistake(format!("error: there is no {kind} `{word}`: {advice}")))
}

/// Counts and prints.
pub(crate) fn cost(args: &CostArgs) -> Result<(), Failure> {
    let protocol = find("protocol", &args.protocol, &Protocol::ALL, Protocol::name)?;
    let rounding = find("rounding", &args.rounding, &Rounding::ALL, Rounding::name)?;
    let operations: Vec<Operation> = args
        .operations
        .iter()
        .map(|word| find("operation", word, &Operation::ALL, Operation::name))
        .collect::<Result<_, _>>()?;
    if let Some(refused) = operations.iter().find(|operation| !operation.is_served_by(protocol)) {
        return Err(Failure::Mistake(format!(
            "error: {} opens a value before {} has checked anything: it is for semi-honest protocols",
            refused.name(),
            protocol.name()
        )));
    }
    let served = Operation::ALL.into_iter().filter(|operation| operation.is_served_by(protocol));
    let operations = if operations.is_empty() { served.collect() } else { operations };
    let mut rows = Vec::new();
    for operation in operations {
        // An operation of fixed size is counted once.
        let lengths = if operation.counts().is_empty() { &args.n[..1] } else { &args.n[..] };
        for &n in lengths {
            let n = n as usize;
            let cost = operation
                .cost(protocol, rounding, n)
                .map_err(|error| Failure::Other(format!("error: {error}")))?;
            rows.push(CostRow { operation, n, cost });
        }
    }
    if args.json {
        print(&rows.iter().map(|row| cost_line(protocol, rounding, row)).collect::<String>())
    } else {
        let details = if args.details { cost_details(protocol, &rows) } else { String::new() };
        print(&(cost_table(protocol, rounding, &rows) + &details))
    }
}
