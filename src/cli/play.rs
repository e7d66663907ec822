//! `mpcsim play`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::failure::mistake;
use super::recorded::read_trace;
use super::{Failure, MemoryArgs, print};
use crate::play::{PlayError, Played, Seat, play as play_line};

/// Arguments of `mpcsim play`.
#[derive(Args)]
#[command(after_help = "Example, with the other two parties started alike on their machines:\n  \
    mpcsim play trace.jsonl.gz --party 0 --listen 0.0.0.0:5000 --connect 1=10.0.0.2:5000 --connect 2=10.0.0.3:5000")]
pub(crate) struct PlayArgs {
    /// The trace: a .jsonl file, gzipped or not, as `mpcsim replay` takes it. All parties play the same one.
    trace: PathBuf,
    /// Which party this is, from 0.
    #[arg(long, value_name = "N")]
    party: usize,
    /// Where it listens, HOST:PORT; 0.0.0.0:PORT for all addresses of the machine.
    #[arg(long, value_name = "HOST:PORT")]
    listen: String,
    /// Where another party listens; once for each of them.
    #[arg(long = "connect", value_name = "PARTY=HOST:PORT")]
    connect: Vec<String>,
    /// How often the trace is played, without a pause.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    iterations: u32,
    /// Seconds after which it gives up to wait for others, for their first connection and for each message.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    patience_s: u64,
    #[command(flatten)]
    memory: MemoryArgs,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Report {
    party: usize,
    iterations: u32,
    messages_sent: u64,
    payload_bytes_sent: u64,
    connecting_seconds: f64,
    iteration_end_seconds: Vec<f64>,
}

/// In nanoseconds at the finest.
fn seconds(time: &Duration) -> f64 {
    time.as_nanos() as f64 / 1e9
}

/// Where everybody sits, of so many parties.
fn seat(args: &PlayArgs, parties: usize) -> Result<Seat, Failure> {
    let last = parties - 1;
    let party = args.party;
    if party > last {
        return Err(mistake(format!("--party {party}: the trace has parties 0 to {last}")));
    }
    let mut others = vec![None; parties];
    for written in &args.connect {
        let (number, address) = written.split_once('=').unwrap_or((written, ""));
        let Some(other) = number.parse::<usize>().ok().filter(|_| address.contains(':')) else {
            return Err(mistake(format!(
                "--connect {written}: expected PARTY=HOST:PORT, such as 1=10.0.0.2:5000"
            )));
        };
        if other > last {
            return Err(mistake(format!("--connect {written}: the trace has parties 0 to {last}")));
        }
        if other == party {
            return Err(mistake(format!("--connect {written}: that is this party itself")));
        }
        if others[other].replace(address.to_string()).is_some() {
            return Err(mistake(format!("--connect {written}: party {other} has an address already")));
        }
    }
    let missing = (0..parties).find(|&other| other != party && others[other].is_none());
    match missing {
        Some(other) => {
            Err(mistake(format!("where is party {other}? say so with --connect {other}=HOST:PORT")))
        }
        None => Ok(Seat { party, listen: args.listen.clone(), others }),
    }
}

fn table(report: &Report) -> String {
    let mut lines = vec![
        format!("party                     {}", report.party),
        format!("connecting                {:.6} s", report.connecting_seconds),
        format!("messages sent             {}", report.messages_sent),
        format!("payload sent              {} bytes", report.payload_bytes_sent),
    ];
    let mut before = 0.0;
    for (iteration, &end) in (1..).zip(&report.iteration_end_seconds) {
        lines.push(format!("{:<25} {:.6} s", format!("iteration {iteration}"), end - before));
        before = end;
    }
    lines.push(format!("until the end             {before:.6} s\n"));
    lines.join("\n")
}

/// Plays a party's line of a trace over real TCP.
pub(crate) fn play(args: &PlayArgs) -> Result<(), Failure> {
    let trace = read_trace(&args.trace, &args.memory)?;
    let seat = seat(args, trace.parties())?;
    let played = play_line(&trace, &seat, args.iterations, Duration::from_secs(args.patience_s));
    let Played { connected, ends, messages, payload_bytes } = played.map_err(|error: PlayError| {
        let text = format!("error: {error}");
        if error.is_mistake() { Failure::Mistake(text) } else { Failure::Other(text) }
    })?;
    let report = Report {
        party: args.party,
        iterations: args.iterations,
        messages_sent: messages,
        payload_bytes_sent: payload_bytes,
        connecting_seconds: seconds(&connected),
        iteration_end_seconds: ends.iter().map(seconds).collect(),
    };
    let json = || serde_json::to_string(&report).expect("numbers") + "\n";
    print(&if args.json { json() } else { table(&report) })
}
