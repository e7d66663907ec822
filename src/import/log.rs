//! Reads what the library of `record/` logged of one party's process: a head with the party's number, then records, 48 bytes each, all
//! little-endian.
//!
//! | bytes | head | connection (1) | send (2), receive (3), work (4), end (5) |
//! |---|---|---|---|
//! | 0 | `mpcsimR1` up to byte 8 | kind, three zeros | kind, three zeros |
//! | 4 | | zeros | thread, from 1 |
//! | 8 | party, four bytes | number | number of the connection, and four zeros |
//! | 16 | | from 12: own address, from 28 the other one (IPv6), from 44 both ports | bytes that were moved |
//! | 24 | | | nanoseconds: when it was handed over, or had come |
//! | 32 | | | nanoseconds of the thread's processor since its last record; at the end, of all threads since the beginning |
//! | 40 | | | zeros |

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::memory::{MemoryLimit, TooMuchMemory};

const MAGIC: &[u8; 8] = b"mpcsimR1";
/// Of a record, and of the head.
const RECORD_BYTES: usize = 48;
/// Memory in bytes that a record takes until its trace is made. Measured: 367 for 2,000,000 sends and receives.
const MEMORY_BYTES: u128 = 400;

/// A log that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {}", self.said())]
pub struct LogError {
    /// The file, as the user wrote it.
    pub file: String,
    /// The record that is to blame, from 1; none: the file as a whole.
    pub record: Option<u64>,
    /// What is wrong.
    pub problem: Box<LogProblem>,
}

impl LogError {
    /// What is wrong, and where in the file.
    pub fn said(&self) -> String {
        self.record.map_or_else(String::new, |record| format!("record {record}: "))
            + &self.problem.to_string()
    }

    pub(super) fn of(file: &Path, record: Option<u64>, problem: LogProblem) -> LogError {
        LogError { file: file.display().to_string(), record, problem: Box::new(problem) }
    }
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum LogProblem {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// Another kind of file.
    #[error("this is no log of `mpcsim record`")]
    NoLog,
    /// It ends within a record.
    #[error("the file ends in the middle of it: it was cut")]
    Cut,
    /// It ends after a record that is not the last.
    #[error("the log has no end: it was cut, or the process was killed, or could not write it")]
    NoEnd,
    /// Something after the end.
    #[error("there is something after the end")]
    AfterEnd,
    /// A kind that there is not.
    #[error("it is of kind {0}, and there are 1 to 5")]
    Kind(u8),
    /// A connection that was not told before.
    #[error("it is of connection {0}, which the log did not name before")]
    Connection(u32),
    /// A connection of this number was told before.
    #[error("connection {0} is named twice")]
    Twice(u32),
    /// A send or receive of no bytes.
    #[error("it moves no bytes")]
    Empty,
    /// Times go backwards.
    #[error("it is earlier than the record before of its thread")]
    Backwards,
    /// More work than there was.
    #[error(
        "its records have {seen:.3} s of processor time, and the whole process had {all:.3} s: it was damaged"
    )]
    Work {
        /// Seconds in the records.
        seen: f64,
        /// Seconds of the process.
        all: f64,
    },
    /// More than can be counted.
    #[error("all times or all bytes together are too many")]
    TooMuch,
    /// Several threads computed at the same time.
    #[error(
        "threads of this party computed side by side for {0:.3} s, and a line of a trace has one after the other: let the program use one \
         thread (often OMP_NUM_THREADS=1)"
    )]
    SideBySide(f64),
    /// Threads that are not in the log computed.
    #[error(
        "threads that neither send nor receive computed for {unseen:.3} s, beside {seen:.3} s that were recorded, and a line of a trace has \
         one after the other: let the program use one thread (often OMP_NUM_THREADS=1)"
    )]
    Unseen {
        /// Seconds in the log.
        seen: f64,
        /// Other seconds.
        unseen: f64,
    },
    /// Two logs of one party, or none.
    #[error("{0}")]
    Parties(String),
    /// A connection with somebody whose log is not there.
    #[error("party {party} exchanges data with {other}, and no log is of a party there")]
    Stranger {
        /// Whose log.
        party: usize,
        /// The other end.
        other: SocketAddr,
    },
    /// Addresses that several machines have.
    #[error("{one} and {other} are ends of connections of different parties, which cannot be told apart")]
    Ambiguous {
        /// An end.
        one: SocketAddr,
        /// The other one.
        other: SocketAddr,
    },
    /// Bytes that were received and not sent.
    #[error(
        "party {to} received {received} bytes from {from_end}, and party {from} sent {sent}: one of them moves bytes by calls that \
         are not recorded"
    )]
    Bytes {
        /// Who sent.
        from: usize,
        /// Who received.
        to: usize,
        /// The sender's end.
        from_end: SocketAddr,
        /// As the receiver's log says.
        received: u64,
        /// As the sender's log says.
        sent: u64,
    },
    /// Parties that wait for each other.
    #[error("what the parties took was not sent before: are the logs of the same run?")]
    Order,
    /// No byte of any party.
    #[error("no party sends anything to another one")]
    NoData,
    /// Too many records.
    #[error("{0}")]
    Memory(TooMuchMemory),
}

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Send,
    Receive,
    Work,
}

/// Something that a thread did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) kind: Kind,
    pub(super) thread: u32,
    /// Index of its connection; nothing of work.
    pub(super) connection: usize,
    pub(super) bytes: u64,
    pub(super) time_ns: u64,
    /// Work of the thread before it.
    pub(super) work_ns: u64,
}

/// The two ends of a connection: the own one, and the other one.
pub(super) type Ends = (SocketAddr, SocketAddr);

/// A party's log.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) party: usize,
    pub(super) connections: Vec<Ends>,
    pub(super) records: Vec<Record>,
    /// Work of all threads of the process, in the log or not.
    pub(super) process_ns: u64,
}

fn word(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(record[at..at + 4].try_into().expect("four bytes"))
}

fn long(record: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(record[at..at + 8].try_into().expect("eight bytes"))
}

fn end(address: &[u8], port: &[u8]) -> SocketAddr {
    let address: [u8; 16] = address.try_into().expect("sixteen bytes");
    let port = u16::from_le_bytes(port.try_into().expect("two bytes"));
    SocketAddr::new(IpAddr::V6(Ipv6Addr::from(address)).to_canonical(), port)
}

/// Fills a record; false if there is none any more.
fn next(file: &mut dyn Read, record: &mut [u8; RECORD_BYTES]) -> Result<bool, LogProblem> {
    let mut filled = 0;
    while filled < RECORD_BYTES {
        match file.read(&mut record[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(LogProblem::Cut),
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(LogProblem::Unreadable(error)),
        }
    }
    Ok(true)
}

/// Puts records into a log.
#[derive(Default)]
struct Reader {
    /// Indices of connections, by their numbers.
    numbers: BTreeMap<u32, usize>,
    connections: Vec<Ends>,
    records: Vec<Record>,
    /// Of each thread, when it did the last thing.
    last_ns: BTreeMap<u32, u64>,
    work_ns: u64,
    bytes: u64,
    process_ns: Option<u64>,
}

impl Reader {
    fn add(&mut self, record: &[u8]) -> Result<(), LogProblem> {
        if self.process_ns.is_some() {
            return Err(LogProblem::AfterEnd);
        }
        let number = word(record, 8);
        let kind = match record[0] {
            1 => {
                if self.numbers.insert(number, self.connections.len()).is_some() {
                    return Err(LogProblem::Twice(number));
                }
                let (own, other) =
                    (end(&record[12..28], &record[44..46]), end(&record[28..44], &record[46..48]));
                self.connections.push((own, other));
                return Ok(());
            }
            2 => Kind::Send,
            3 => Kind::Receive,
            4 => Kind::Work,
            5 => {
                self.process_ns = Some(long(record, 32));
                return Ok(());
            }
            other => return Err(LogProblem::Kind(other)),
        };
        let (thread, bytes, time_ns, work_ns) =
            (word(record, 4), long(record, 16), long(record, 24), long(record, 32));
        let connection = match kind {
            Kind::Work => 0,
            _ => *self.numbers.get(&number).ok_or(LogProblem::Connection(number))?,
        };
        if kind != Kind::Work && bytes == 0 {
            return Err(LogProblem::Empty);
        }
        self.passes(thread, time_ns)?;
        let sums = (self.work_ns.checked_add(work_ns), self.bytes.checked_add(bytes));
        let (Some(all_work), Some(all_bytes)) = sums else { return Err(LogProblem::TooMuch) };
        (self.work_ns, self.bytes) = (all_work, all_bytes);
        self.records.push(Record { kind, thread, connection, bytes, time_ns, work_ns });
        Ok(())
    }

    /// A thread's times go on.
    fn passes(&mut self, thread: u32, time_ns: u64) -> Result<(), LogProblem> {
        let last_ns = self.last_ns.insert(thread, time_ns);
        if last_ns.is_some_and(|last_ns| time_ns < last_ns) { Err(LogProblem::Backwards) } else { Ok(()) }
    }
}

/// Whether a file begins like a log.
pub(super) fn is_log(path: &Path) -> bool {
    let mut begin = [0; MAGIC.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && &begin == MAGIC
}

/// Writes what the library logged of a party's process as the log of that party.
///
/// # Errors
/// If either cannot be read or written.
pub fn write_log(raw: &mut dyn Read, party: u32, out: &mut dyn Write) -> io::Result<()> {
    let mut head = [0; RECORD_BYTES];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&party.to_le_bytes());
    out.write_all(&head)?;
    io::copy(raw, out)?;
    Ok(())
}

/// Refuses logs that take more memory together than there is.
pub(super) fn check_memory(files: &[&Path], limit: MemoryLimit) -> Result<(), LogError> {
    let length = |file: &&Path| std::fs::metadata(file).map_or(0, |known| known.len());
    let records = files.iter().map(length).sum::<u64>() / RECORD_BYTES as u64;
    let what = || format!("{records} records take");
    let advice = "a recording of fewer iterations takes less";
    let checked = limit.check(u128::from(records) * MEMORY_BYTES, what, advice);
    checked.map_err(|error| LogError::of(files[0], None, LogProblem::Memory(error)))
}

pub(super) fn read(path: &Path) -> Result<Log, LogError> {
    let whole = |problem| LogError::of(path, None, problem);
    let file = File::open(path).map_err(|error| whole(LogProblem::Unreadable(error)))?;
    let (mut file, mut record) = (BufReader::new(file), [0; RECORD_BYTES]);
    let headed = next(&mut file, &mut record).map_err(|problem| match problem {
        LogProblem::Cut => whole(LogProblem::NoLog),
        other => whole(other),
    })?;
    if !headed || &record[..8] != MAGIC {
        return Err(whole(LogProblem::NoLog));
    }
    let (party, mut reader) = (word(&record, 8) as usize, Reader::default());
    for number in 1.. {
        let at = |problem| LogError::of(path, Some(number), problem);
        if !next(&mut file, &mut record).map_err(at)? {
            break;
        }
        reader.add(&record).map_err(at)?;
    }
    let Some(process_ns) = reader.process_ns else { return Err(whole(LogProblem::NoEnd)) };
    let Reader { connections, records, .. } = reader;
    Ok(Log { party, connections, records, process_ns })
}
