//! Reads what `strace` wrote of one party's process, and makes of it what the library of `record/` logs: calls that move bytes over TCP, of
//! each thread, with the time that the thread spent outside of calls before.
//!
//! Lines are `THREAD TIME name(arguments) = result <DURATION>`; a call during which another thread made one is in two, `… <unfinished ...>`
//! and `THREAD TIME <... name resumed>…`. Source: strace(1) of strace 6.1.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use super::log::{Ends, Kind, Log, LogError, Record};
use super::recorded::{Recorded, made_of};
use super::text::{Lines, Place, TextError};
use crate::memory::MemoryLimit;

/// How such a log is made.
const COMMAND: &str = "strace -f --seccomp-bpf -yy -ttt -T -e trace=%net,%desc,%process,futex,nanosleep,clock_nanosleep -o party0.strace COMMAND";
/// Memory in bytes that a call takes until its trace is made. Measured: 477 for 600,000 sends and receives with work before each.
const MEMORY_BYTES: u128 = 500;
/// Nanoseconds of a second.
const NS: u64 = 1_000_000_000;

/// Why a log of strace, or the program that it shows, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StraceError {
    /// The text is to blame.
    #[error("{0}")]
    Text(#[from] TextError),
    /// What the process did is.
    #[error("{0}")]
    Log(#[from] LogError),
}

/// A call, as far as it is known.
struct Call {
    name: String,
    /// What follows the opening bracket, up to the end of the line or to where it is interrupted.
    text: String,
    begun_ns: u64,
    line: u64,
}

/// A thread.
#[derive(Default)]
struct Thread {
    number: u32,
    /// When its last call ended.
    ended_ns: Option<u64>,
    begun_ns: u64,
    open: Option<Call>,
    gone: bool,
}

struct Reader<'a> {
    path: &'a Path,
    line: u64,
    threads: BTreeMap<u32, Thread>,
    numbers: BTreeMap<Ends, usize>,
    connections: Vec<Ends>,
    records: Vec<Record>,
    /// When the first byte was moved: what was before that does not count.
    start_ns: Option<u64>,
    work_ns: u64,
    bytes: u64,
}

/// What a call that moves bytes is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moves {
    Sends,
    Receives,
    /// Data from one descriptor to another one.
    Both,
}

fn moves(name: &str) -> Option<Moves> {
    match name {
        "write" | "writev" | "send" | "sendto" | "sendmsg" | "pwritev2" | "sendfile" | "sendfile64" => {
            Some(Moves::Sends)
        }
        "read" | "readv" | "recv" | "recvfrom" | "recvmsg" | "preadv2" => Some(Moves::Receives),
        "splice" => Some(Moves::Both),
        _ => None,
    }
}

/// Seconds with a point and up to nine places, in nanoseconds.
fn nanoseconds(text: &str) -> Option<u64> {
    let (seconds, places) = text.split_once('.')?;
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !(are_digits(seconds) && are_digits(places)) || places.len() > 9 {
        return None;
    }
    let fraction: u64 = format!("{places:0<9}").parse().ok()?;
    seconds.parse::<u64>().ok()?.checked_mul(NS)?.checked_add(fraction)
}

/// What strace says of a descriptor behind its number, in angle brackets: `TCP:[127.0.0.1:5000->127.0.0.1:41000]`.
enum Descriptor<'a> {
    Connection(Ends),
    /// A socket of which strace could not tell what it is.
    Unknown(&'a str),
    Other,
}

/// An argument that is a descriptor; none if it does not say what it is.
fn descriptor(argument: &str) -> Option<Descriptor<'_>> {
    let argument = argument.trim_start();
    let number = argument.bytes().take_while(u8::is_ascii_digit).count();
    let said = argument[number..].strip_prefix('<')?;
    if number == 0 {
        return None;
    }
    let tcp = said.strip_prefix("TCP:[").or_else(|| said.strip_prefix("TCPv6:["));
    let Some(tcp) = tcp else {
        let end = said.find('>').unwrap_or(said.len());
        return Some(if said.starts_with("socket:[") {
            Descriptor::Unknown(&said[..end])
        } else {
            Descriptor::Other
        });
    };
    let ends = tcp.split_once("]>").map_or(tcp, |(ends, _)| ends);
    let connection = ends.split_once("->").and_then(|(own, other)| Some((address(own)?, address(other)?)));
    Some(connection.map_or(Descriptor::Unknown(ends), Descriptor::Connection))
}

/// An address with its port; one of IPv4 that is written as one of IPv6 is one of IPv4.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.rsplit_once(':')?;
    let host: IpAddr = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    Some(SocketAddr::new(host.to_canonical(), port.parse().ok()?))
}

impl Reader<'_> {
    fn wrong(&self, column: usize, problem: impl Into<String>) -> TextError {
        TextError::at(self.path, Place { line: self.line, column }, problem)
    }

    fn lacks(&self, option: &str, column: usize) -> TextError {
        self.wrong(column, format!("there is no {option}: make the log with `{COMMAND}`"))
    }

    fn line(&mut self, text: &str) -> Result<(), TextError> {
        if text.trim().is_empty() {
            return Ok(());
        }
        // The thread, as `-f` puts it in front.
        let (mut rest, mut thread) = (text, 1);
        if let Some((number, after)) = text.split_once([' ', '\t'])
            && let Ok(number) = number.parse::<u32>()
        {
            (rest, thread) = (after.trim_start(), number);
        }
        let column = |rest: &str| text[..text.len() - rest.len()].chars().count() + 1;
        let Some((time, after)) = rest.split_once(' ') else {
            return Err(self.wrong(column(rest), "expected a time and a call: was the log cut?"));
        };
        let Some(time_ns) = nanoseconds(time) else {
            return Err(self.lacks("time of `-ttt`", column(rest)));
        };
        let rest = after.trim_start();
        let (here, number) = (self.line, self.threads.len() as u32 + 1);
        let known = self.threads.entry(thread).or_insert_with(|| Thread { number, ..Thread::default() });
        if known.gone {
            return Err(self.wrong(column(rest), format!("thread {thread} has ended before")));
        }
        if time_ns < known.begun_ns {
            return Err(self.wrong(column(after), "it is earlier than the line before of its thread"));
        }
        known.begun_ns = time_ns;
        if let Some(said) = rest.strip_prefix("+++ ") {
            let Some(said) = said.trim_end().strip_suffix(" +++") else {
                return Err(self.wrong(column(rest), "expected `+++ … +++`: was the log cut?"));
            };
            if !said.starts_with("exited with ") && !said.starts_with("superseded by ") {
                return Err(
                    self.wrong(column(rest), format!("the process was {said}, so it did not end by itself"))
                );
            }
            known.gone = true;
            known.open = None;
            return Ok(());
        }
        if rest.starts_with("--- ") {
            return Ok(());
        }
        if let Some(said) = rest.strip_prefix("<... ") {
            let Some((name, after)) = said.split_once(" resumed>") else {
                return Err(self.wrong(column(rest), "expected `<... name resumed>`: was the log cut?"));
            };
            let Some(mut call) = known.open.take().filter(|call| call.name == name) else {
                return Err(
                    self.wrong(column(rest), format!("`{name}` goes on, and has not begun in this thread"))
                );
            };
            call.text.push_str(after);
            return self.call(thread, call, column(after));
        }
        let name_bytes =
            rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let (name, after) = rest.split_at(name_bytes);
        let (false, Some(arguments)) = (name.is_empty(), after.strip_prefix('(')) else {
            return Err(self
                .wrong(column(rest), "expected a call, such as `read(…) = 8 <0.000010>`: was the log cut?"));
        };
        if let Some(open) = &known.open {
            let problem =
                format!("thread {thread} makes a call within `{}` of line {}", open.name, open.line);
            return Err(self.wrong(column(rest), problem));
        }
        let mut call = Call { name: name.into(), text: arguments.into(), begun_ns: time_ns, line: here };
        match arguments.trim_end().strip_suffix("<unfinished ...>") {
            Some(begun) => {
                call.text = begun.into();
                known.open = Some(call);
                Ok(())
            }
            None => self.call(thread, call, column(arguments)),
        }
    }

    /// A call that has returned, if it did; `column` is where its last part begins.
    fn call(&mut self, thread: u32, call: Call, column: usize) -> Result<(), TextError> {
        let Some((arguments, result)) = call.text.rsplit_once(" = ") else {
            return Err(self.wrong(column, format!("`{}` has no result: was the log cut?", call.name)));
        };
        let Some(arguments) = arguments.trim_end().strip_suffix(')') else {
            return Err(
                self.wrong(column, format!("the arguments of `{}` have no end: was the log cut?", call.name))
            );
        };
        let result = result.trim();
        let taken = result.rsplit_once(" <").and_then(|(_, took)| nanoseconds(took.strip_suffix('>')?));
        let took_ns = match taken {
            Some(took_ns) => took_ns,
            // A call that does not return, such as `exit_group`.
            None if result.starts_with('?') => 0,
            None => return Err(self.lacks("duration of `-T`", column)),
        };
        if call.name == "io_uring_enter" {
            return Err(self.wrong(0, "`io_uring_enter` may move bytes that strace does not show"));
        }
        let Some(ended_ns) = call.begun_ns.checked_add(took_ns) else {
            return Err(self.wrong(column, "it ends after the end of all time"));
        };
        let moved = self.moved(&call.name, arguments, result, column)?;
        let known = self.threads.get_mut(&thread).expect("its line was read");
        // Times have microseconds: a call may seem to begin before the end of the one before.
        let begun_ns = known.ended_ns.map_or(call.begun_ns, |before| call.begun_ns.max(before));
        let before_ns = known.ended_ns.replace(ended_ns.max(begun_ns));
        let ended_ns = ended_ns.max(begun_ns);
        if moved.is_some() && self.start_ns.is_none() {
            self.start_ns = Some(begun_ns);
        }
        let Some(start_ns) = self.start_ns else { return Ok(()) };
        let work_ns = before_ns.map_or(0, |before_ns| begun_ns.saturating_sub(before_ns.max(start_ns)));
        self.work_ns = self.work_ns.saturating_add(work_ns);
        let thread = known.number;
        let record = match moved {
            Some((kind, ends, bytes)) => {
                let time_ns = if kind == Kind::Send { begun_ns } else { ended_ns };
                self.bytes = self
                    .bytes
                    .checked_add(bytes)
                    .ok_or_else(|| self.wrong(column, "all bytes together are too many"))?;
                Record { kind, thread, connection: self.connection(ends), bytes, time_ns, work_ns }
            }
            // Work before a call that may wait is done before it.
            None if work_ns > 0 => {
                Record { kind: Kind::Work, thread, connection: 0, bytes: 0, time_ns: begun_ns, work_ns }
            }
            None => return Ok(()),
        };
        self.records.push(record);
        Ok(())
    }

    fn connection(&mut self, ends: Ends) -> usize {
        let next = self.connections.len();
        let number = *self.numbers.entry(ends).or_insert(next);
        if number == next {
            self.connections.push(ends);
        }
        number
    }

    /// What a call moved over TCP.
    fn moved(
        &self,
        name: &str,
        arguments: &str,
        result: &str,
        column: usize,
    ) -> Result<Option<(Kind, Ends, u64)>, TextError> {
        if matches!(name, "sendmmsg" | "recvmmsg")
            && matches!(descriptor(arguments), Some(Descriptor::Connection(_)))
            && !result.starts_with('-')
        {
            return Err(self.wrong(0, format!("`{name}` moves several messages over TCP, which is not read")));
        }
        let Some(moves) = moves(name) else { return Ok(None) };
        let digits = result.bytes().take_while(u8::is_ascii_digit).count();
        let Ok(bytes) = result[..digits].parse::<u64>() else {
            // An error, or no return.
            return match result.starts_with(['-', '?']) {
                true => Ok(None),
                false => Err(self
                    .wrong(column, format!("`{name}` returns `{result}`: expected how many bytes it moved"))),
            };
        };
        if bytes == 0 {
            return Ok(None);
        }
        let seen = |argument: &str| {
            match descriptor(argument) {
            Some(Descriptor::Connection(ends)) => Ok(Some(ends)),
            Some(Descriptor::Other) => Ok(None),
            Some(Descriptor::Unknown(said)) => Err(self.wrong(
                column,
                format!("`{name}` moves {bytes} bytes over `{said}`, and the log does not say between whom: make it with `-yy`, as in `{COMMAND}`"),
            )),
            None => Err(self.lacks("description of descriptors of `-yy`", column)),
        }
        };
        let (own, kind) = match moves {
            Moves::Sends => (seen(arguments)?, Kind::Send),
            Moves::Receives => (seen(arguments)?, Kind::Receive),
            Moves::Both => {
                let second = arguments.split(", ").nth(2).unwrap_or_default();
                match (seen(arguments)?, seen(second)?) {
                    (None, into) => (into, Kind::Send),
                    (from, _) => (from, Kind::Receive),
                }
            }
        };
        // Looking at bytes does not take them.
        let looks = kind == Kind::Receive && arguments.contains("MSG_PEEK");
        Ok(own.filter(|_| !looks).map(|ends| (kind, ends, bytes)))
    }

    fn end(self, party: usize) -> Result<Log, TextError> {
        let there = |(number, thread): (&u32, &Thread)| (!thread.gone).then_some(*number);
        match self.threads.iter().find_map(there) {
            Some(number) => {
                let problem = format!(
                    "the log does not say that thread {number} ended: it was cut, or made with `-qqq`"
                );
                Err(TextError::of(self.path, problem))
            }
            None if self.threads.is_empty() => Err(TextError::of(self.path, "there is no call in it")),
            None => {
                let Reader { connections, records, work_ns, .. } = self;
                Ok(Log { party, connections, records, process_ns: work_ns })
            }
        }
    }
}

fn read(path: &Path, party: usize, limit: MemoryLimit, kept: &mut u64) -> Result<Log, TextError> {
    let mut lines = Lines::open(path)?;
    let mut reader = Reader {
        path,
        line: 0,
        threads: BTreeMap::new(),
        numbers: BTreeMap::new(),
        connections: Vec::new(),
        records: Vec::new(),
        start_ns: None,
        work_ns: 0,
        bytes: 0,
    };
    loop {
        reader.line = lines.number() + 1;
        let before = reader.records.len();
        let Some(line) = lines.next_line()? else { break };
        reader.line(line)?;
        *kept += (reader.records.len() - before) as u64;
        let records = *kept;
        let what = || format!("{records} calls take");
        let checked = limit.check(
            u128::from(records) * MEMORY_BYTES,
            what,
            "a recording of fewer iterations takes less",
        );
        checked.map_err(|error| TextError::memory(path, &error))?;
    }
    reader.end(party)
}

/// Makes a trace of what strace wrote of each party, in their order.
///
/// # Errors
/// If a log is damaged, cut or lacks what is needed, and for what [`recorded`](super::recorded()) refuses.
pub fn straced(files: &[PathBuf], limit: MemoryLimit) -> Result<Recorded, StraceError> {
    let (mut logs, mut kept) = (Vec::new(), 0);
    for (party, file) in files.iter().enumerate() {
        logs.push((file.as_path(), read(file, party, limit, &mut kept)?));
    }
    Ok(made_of(&logs)?)
}
