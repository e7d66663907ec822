//! `mpcsim import`.

use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use super::failure::mistake;
use super::recorded::WriteError;
use super::{Failure, MemoryArgs, print, unsuitable, unwritable};
use crate::import::{
    Address, Decimal, FileKind, Goal, Import, Lengths, Recorded, file_kind, goal, independent, recorded,
    straced,
};
use crate::report::{NewFile, count_text};
use crate::sim::{Endpoint, Link, Network, Replayer, Trace, trace_file};

/// Arguments of `mpcsim import`.
#[derive(Args)]
#[command(
    after_help = "Example, of a capture made with `tcpdump -i lo -w run.pcap tcp` while three parties ran on one machine:\n  \
    mpcsim import run.pcap --party 0=127.0.0.1:5000 --party 1=127.0.0.1:5001 --party 2=127.0.0.1:5002 -o run.jsonl.gz"
)]
pub(crate) struct ImportArgs {
    /// Logs of `mpcsim record`, one of each party; or logs of strace (made with `-f -yy -ttt -T`), in the order of the parties; or packet
    /// captures, pcap or pcapng, gzipped or not: one that shows all that the parties send each other, made on the machine on which all
    /// of them run, or one made on each party's machine, in the order of the parties; or a GOAL schedule of LogGOPSim; or
    /// time-independent traces of SimGrid: one of all ranks, one of each, or a list of them. The content says what a file is.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Of captures, where a party is: a host's address if the host has no other party, else an address with its port, as often as the party has some.
    /// Once or more for each party.
    #[arg(long = "party", value_name = "N=ADDRESS[:PORT]")]
    parties: Vec<String>,
    /// Of captures, how messages begin with how many bytes follow: the order of bytes and the number of bits. Left out: a message ends where a
    /// write ends after which the party did something else.
    #[arg(long, value_name = "le32|be32|le64|be64")]
    lengths: Option<String>,
    /// Of captures, bytes to leave out at the beginning of each direction of each connection, such as a greeting.
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip_bytes: u64,
    /// Of SimGrid's traces, in which work is in floating-point operations, how many of them a second has, such as 1e9.
    #[arg(long, value_name = "N")]
    flops_per_second: Option<String>,
    /// The trace to write: .jsonl or .jsonl.gz.
    #[arg(short, long, alias = "output", value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    memory: MemoryArgs,
    /// Print nothing, only write the file.
    #[arg(short, long)]
    quiet: bool,
}

/// No more parties are looked for.
const MOST_PARTIES: usize = 64;

/// An address, with its port if that matters.
fn address(text: &str) -> Option<Address> {
    let whole =
        text.parse::<SocketAddr>().map(|place| Address { host: place.ip(), port: Some(place.port()) });
    let host = || text.trim_matches(['[', ']']).parse::<IpAddr>().map(|host| Address { host, port: None });
    whole.or_else(|_| host()).ok()
}

/// The addresses of each party.
fn parties(written: &[String]) -> Result<Vec<Vec<Address>>, Failure> {
    let mut parties: Vec<Vec<Address>> = Vec::new();
    for text in written {
        let read =
            text.split_once('=').and_then(|(party, place)| Some((party.parse().ok()?, address(place)?)));
        let Some((party, place)): Option<(usize, Address)> = read else {
            return Err(mistake(format!(
                "--party {text}: expected N=ADDRESS or N=ADDRESS:PORT, such as 1=10.0.0.2 or 1=127.0.0.1:5001"
            )));
        };
        if party >= MOST_PARTIES {
            return Err(mistake(format!("--party {text}: parties count from 0 to {}", MOST_PARTIES - 1)));
        }
        if let Some(owner) = parties.iter().position(|own| own.contains(&place)) {
            return Err(mistake(format!("--party {text}: that is where party {owner} is")));
        }
        if parties.len() <= party {
            parties.resize(party + 1, Vec::new());
        }
        parties[party].push(place);
    }
    if let Some(missing) = parties.iter().position(Vec::is_empty) {
        return Err(mistake(format!("where is party {missing}? say so with --party {missing}=ADDRESS")));
    }
    match parties.len() {
        1 => Err(mistake(
            "one party sends nothing over a network: say where the others are with --party".into(),
        )),
        _ => Ok(parties),
    }
}

fn lengths(written: &str) -> Result<Lengths, Failure> {
    let (big_endian, bytes) = match written {
        "le32" => (false, 4),
        "be32" => (true, 4),
        "le64" => (false, 8),
        "be64" => (true, 8),
        _ => return Err(mistake(format!("--lengths {written}: expected le32, be32, le64 or be64"))),
    };
    Ok(Lengths { bytes, big_endian })
}

/// A trace of packet captures.
fn of_captures(args: &ImportArgs) -> Result<Import, Failure> {
    let parties = parties(&args.parties)?;
    let (captures, number) = (args.files.clone(), parties.len());
    if captures.len() != 1 && captures.len() != number {
        return Err(mistake(format!(
            "{} captures of {number} parties: give one that shows all, or one of each party in their order",
            captures.len()
        )));
    }
    let lengths = args.lengths.as_deref().map(lengths).transpose()?;
    Ok(Import { captures, parties, lengths, skip_bytes: args.skip_bytes, limit: args.memory.limit() })
}

/// A trace, and what else there is to say of it.
type Said = (Trace, String);

/// What was recorded of each party.
fn of_parties(recorded: Recorded) -> Said {
    let Recorded { trace, took_ns, untaken_bytes } = recorded;
    let mut said = format!("while it was recorded, the run took {:.6} s\n", took_ns as f64 / 1e9);
    if untaken_bytes > 0 {
        let bytes = count_text(untaken_bytes);
        said += &format!("left out: {bytes} bytes that were sent last and that nobody took\n");
    }
    (trace, said)
}

fn of_goal(args: &ImportArgs) -> Result<Said, Failure> {
    let Goal { trace, late, first_late } =
        goal(&args.files[0], args.memory.limit()).map_err(|error| mistake(error.to_string()))?;
    let said = first_late.map_or_else(String::new, |first| {
        let places = if late == 1 { "one place".to_string() } else { format!("{} places", count_text(late)) };
        format!("in {places} a rank does first what would come second if a message were early: {first}\n")
    });
    Ok((trace, said))
}

fn of_independent(args: &ImportArgs, listed: bool) -> Result<Said, Failure> {
    let speed = args.flops_per_second.as_deref().map(|written| {
        let speed = Decimal::read(written).filter(|speed| !speed.is_zero());
        speed.ok_or_else(|| {
            mistake(format!("--flops-per-second {written}: expected a number above 0, such as 1e9"))
        })
    });
    let trace = independent(&args.files, listed, speed.transpose()?, args.memory.limit());
    Ok((trace.map_err(|error| mistake(error.to_string()))?, String::new()))
}

/// What a kind of files is called.
fn name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Log => "a log of `mpcsim record`",
        FileKind::Capture => "a packet capture",
        FileKind::Strace => "a log of strace",
        FileKind::Goal => "a GOAL schedule",
        FileKind::TranslatedGoal => "a GOAL schedule as `txt2bin` translates it",
        FileKind::Independent => "a time-independent trace of SimGrid",
        FileKind::IndependentList => "a list of files",
    }
}

/// What all files are.
fn kind_of(files: &[PathBuf]) -> Result<FileKind, Failure> {
    let mut kinds = Vec::new();
    for file in files {
        if let Err(error) = File::open(file) {
            return Err(mistake(format!("{}: it cannot be read: {error}", file.display())));
        }
        kinds.push(file_kind(file).ok_or_else(|| {
            mistake(format!(
                "{}: it begins like none of what is imported: logs of `mpcsim record` and of strace, packet captures, GOAL schedules, and \
                 time-independent traces of SimGrid",
                file.display()
            ))
        })?);
    }
    match kinds.iter().position(|kind| *kind != kinds[0]) {
        None => Ok(kinds[0]),
        Some(at) => Err(mistake(format!(
            "{} is {}, and {} is {}",
            files[0].display(),
            name(kinds[0]),
            files[at].display(),
            name(kinds[at])
        ))),
    }
}

/// Refuses arguments that mean nothing for such files.
fn check(args: &ImportArgs, kind: FileKind) -> Result<(), Failure> {
    let first = args.files[0].display();
    let named = name(kind);
    if kind != FileKind::Capture
        && (!args.parties.is_empty() || args.lengths.is_some() || args.skip_bytes > 0)
    {
        return Err(mistake(format!(
            "{first} is {named}: --party, --lengths and --skip-bytes are for packet captures"
        )));
    }
    let independent = matches!(kind, FileKind::Independent | FileKind::IndependentList);
    if !independent && args.flops_per_second.is_some() {
        return Err(mistake(format!("{first} is {named}: --flops-per-second is for traces of SimGrid")));
    }
    match kind {
        FileKind::Log | FileKind::Strace if args.files.len() < 2 => {
            Err(mistake("one party sends nothing over a network: give the logs of all parties".into()))
        }
        FileKind::Goal if args.files.len() > 1 => {
            Err(mistake(format!("{first} has all ranks: give one GOAL schedule, not {}", args.files.len())))
        }
        FileKind::TranslatedGoal => {
            Err(mistake(format!("{first} is {named}: give the text that it was made of")))
        }
        _ => Ok(()),
    }
}

fn made(args: &ImportArgs, kind: FileKind) -> Result<Said, Failure> {
    let limit = args.memory.limit();
    match kind {
        FileKind::Log => {
            recorded(&args.files, limit).map(of_parties).map_err(|error| mistake(error.to_string()))
        }
        FileKind::Strace => {
            straced(&args.files, limit).map(of_parties).map_err(|error| mistake(error.to_string()))
        }
        FileKind::Goal | FileKind::TranslatedGoal => of_goal(args),
        FileKind::Independent => of_independent(args, false),
        FileKind::IndependentList => of_independent(args, true),
        FileKind::Capture => {
            let trace = of_captures(args)?.trace().map_err(|error| mistake(error.to_string()))?;
            Ok((trace, String::new()))
        }
    }
}

/// Makes a trace of what others recorded or wrote.
pub(crate) fn import(args: &ImportArgs) -> Result<(), Failure> {
    let name = args.out.display().to_string();
    if !(name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")) {
        return Err(mistake(format!("`{name}` must end in .jsonl or .jsonl.gz")));
    }
    let kind = kind_of(&args.files)?;
    check(args, kind)?;
    let file = NewFile::begin(&args.out).map_err(|error| unsuitable(&name, error))?;
    let (trace, said) = made(args, kind)?;
    // Its times are those over links that cost nothing.
    let number = trace.parties();
    if number < 2 {
        return Err(mistake(format!("{}: one party sends nothing over a network", args.files[0].display())));
    }
    let network = Network::uniform(number, Link::INSTANT);
    let endpoints = vec![Endpoint::default(); number];
    file.write(|out| {
        trace_file::write(out, &trace, &mut Replayer::new(&network, &endpoints))??;
        Ok(())
    })
    .map_err(|error| match error {
        WriteError::Io(error) => unwritable(&name, error),
        WriteError::Sim(error) => mistake(format!("{}: {error}", args.files[0].display())),
    })?;
    if args.quiet {
        return Ok(());
    }
    let bytes = trace.payload_bytes().map_or_else(|| "2^64 and more".to_string(), count_text);
    print(&format!(
        "{number} parties, {} messages of {bytes} bytes in all, in {name}\n{said}",
        count_text(trace.messages())
    ))
}
