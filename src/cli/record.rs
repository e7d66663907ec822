//! `mpcsim record`.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use super::failure::mistake;
use super::{Failure, MemoryArgs, print, unsuitable, unwritable};
use crate::import::{Summary, check_log, write_log};
use crate::report::{NewFile, Temporary, count_text};

/// Arguments of `mpcsim record`.
#[derive(Args)]
#[command(
    after_help = "Example, with the other parties recorded alike, at the same time, on this machine or on theirs:\n  \
    mpcsim record --party 0 -o party0.log -- python3 train.py --rank 0\n\
    Then:\n  \
    mpcsim import party0.log party1.log -o train.jsonl.gz\n  \
    mpcsim replay train.jsonl.gz --network wan"
)]
pub(crate) struct RecordArgs {
    /// Which party this is, from 0.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..64))]
    party: u32,
    /// The party's log, for `mpcsim import`.
    #[arg(short, long, alias = "output", value_name = "FILE")]
    out: PathBuf,
    /// Milliseconds by which all that the party sends is held back while it is recorded: more than it computes between two messages, so that
    /// messages come in the order in which a network brings them. 0: nothing is held back.
    #[arg(long, value_name = "MS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=1000))]
    delay_ms: u32,
    /// The library that goes before the command's C library. Left out: libmpcsim_record.so beside mpcsim.
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
    #[command(flatten)]
    memory: MemoryArgs,
    /// The party's command, with its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// As `record/` builds it.
const LIBRARY: &str = "libmpcsim_record.so";
/// Libraries that are loaded before all others.
const PRELOAD: &str = "LD_PRELOAD";
/// Where the library writes: this, a dot and the number of the process.
const PLACE: &str = "MPCSIM_RECORD_LOG";
/// For how many microseconds it holds back what is sent.
const DELAY: &str = "MPCSIM_RECORD_DELAY_US";
/// What the names of its files begin with.
const NAME: &str = "log";

/// The library's path, as the loader takes it.
fn library(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    let beside = || env::current_exe().ok().map(|program| program.with_file_name(LIBRARY));
    let path = asked.map(Path::to_path_buf).or_else(beside).unwrap_or_else(|| LIBRARY.into());
    let path = fs::canonicalize(&path).map_err(|error| {
        let name = path.display();
        mistake(match asked {
            Some(_) => format!("the library {name} cannot be read: {error}"),
            None => format!(
                "the library for recording is not there, {name}: build it with `cargo build --release --manifest-path \
                 record/Cargo.toml --target-dir target`, and put it beside mpcsim or say --library FILE"
            ),
        })
    })?;
    if path.as_os_str().to_string_lossy().contains([':', ' ']) {
        return Err(mistake(format!(
            "{}: the loader takes no library whose path has a space or a colon; copy it elsewhere and say --library FILE",
            path.display()
        )));
    }
    Ok(path)
}

/// Runs the command; its logs are in the folder then.
fn run(args: &RecordArgs, library: &Path, folder: &Path) -> Result<(), Failure> {
    let mut preload = library.as_os_str().to_os_string();
    if let Some(others) = env::var_os(PRELOAD).filter(|others| !others.is_empty()) {
        preload.push(":");
        preload.push(others);
    }
    let (program, arguments) = args.command.split_first().expect("clap wants one");
    let mut command = Command::new(program);
    command.args(arguments).env(PRELOAD, preload).env(PLACE, folder.join(NAME));
    command.env(DELAY, (args.delay_ms * 1000).to_string());
    let name = program.display();
    let ended = command.status().map_err(|error| mistake(format!("{name} cannot be run: {error}")))?;
    match ended.success() {
        true => Ok(()),
        false => Err(Failure::Other(format!("error: {name} failed ({ended}), so there is no log"))),
    }
}

/// The one log in the folder.
fn only_log(folder: &Path) -> Result<PathBuf, Failure> {
    let logs: io::Result<Vec<_>> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
    let mut logs = logs.map_err(|error| Failure::Other(format!("error: {}: {error}", folder.display())))?;
    logs.sort();
    match &logs[..] {
        [log] => Ok(log.clone()),
        [] => Err(Failure::Other(
            "error: the command exchanged nothing over TCP that could be seen: programs that are linked statically, that run with other \
             rights than who starts them, or that do not call the C library are not recorded"
                .into(),
        )),
        several => {
            let numbers: Vec<String> =
                several.iter().filter_map(|log| Some(log.extension()?.display().to_string())).collect();
            Err(Failure::Other(format!(
                "error: several processes of the command exchanged something over TCP (their numbers: {}): a party is one process, so \
                 start each party with a `mpcsim record` of its own",
                numbers.join(", ")
            )))
        }
    }
}

/// Runs a party's process and writes what it exchanges.
pub(crate) fn record(args: &RecordArgs) -> Result<(), Failure> {
    let name = args.out.display().to_string();
    if cfg!(not(target_os = "linux")) {
        return Err(mistake("processes are recorded on Linux only".into()));
    }
    if name.ends_with(".gz") {
        return Err(mistake(format!(
            "`{name}`: logs are not gzipped; the trace that `mpcsim import` writes can be"
        )));
    }
    let library = library(args.library.as_deref())?;
    let file = NewFile::begin(&args.out).map_err(|error| unsuitable(&name, error))?;
    let folder =
        Temporary::folder_in(&env::temp_dir()).map_err(|error| unwritable("the temporary folder", error))?;
    run(args, &library, folder.path())?;
    let raw = only_log(folder.path())?;
    let headed = folder.path().join("headed");
    let whole = |out: &mut dyn io::Write| write_log(&mut File::open(&raw)?, args.party, out);
    File::create(&headed)
        .and_then(|mut out| whole(&mut out))
        .map_err(|error| unwritable("the temporary folder", error))?;
    let Summary { sent_bytes, received_bytes, took_ns } =
        check_log(&headed, args.memory.limit()).map_err(|error| {
            Failure::Other(format!("error: the log of party {}: {}", args.party, error.said()))
        })?;
    file.write(whole).map_err(|error: io::Error| unwritable(&name, error))?;
    print(&format!(
        "party {}: {} bytes sent and {} received in {:.3} s, in {name}\n",
        args.party,
        count_text(sent_bytes),
        count_text(received_bytes),
        took_ns as f64 / 1e9
    ))
}
