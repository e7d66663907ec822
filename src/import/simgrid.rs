//! Reads time-independent traces of SimGrid, as SMPI writes and replays them: what each rank of an MPI program did, with flops in place of time.
//!
//! | action, after the rank | is |
//! |---|---|
//! | `compute FLOPS`, `sleep SECONDS` | work |
//! | `send TO TAG COUNT [TYPE]`, `isend …` | a send |
//! | `recv FROM TAG COUNT [TYPE]` | a receive |
//! | `irecv FROM TAG COUNT [TYPE]`, then `wait FROM TO TAG` or `waitall` | a receive at the wait |
//! | `init [1]`, `finalize`, `comm_size`, `comm_split`, `comm_dup`, `location`, `test` | nothing |
//!
//! Source: `src/smpi/internals/smpi_replay.cpp`, `src/smpi/mpi/smpi_datatype.cpp` and `src/xbt/xbt_replay.cpp` of
//! <https://github.com/simgrid/simgrid>.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use super::decimal::Decimal;
use super::tags::{Fault, Line, Posted, Step, trace};
use super::text::{Lines, Place, TextError, words};
use crate::memory::MemoryLimit;
use crate::sim::Trace;

/// A picosecond is 10^-12 seconds.
const PS: i32 = 12;
/// The most ranks: the state of a replay grows with their square.
const MOST_RANKS: usize = 4096;
/// Memory in bytes that an action takes. Measured: 255 for 300,000 messages, all receives of which are awaited at once.
const MEMORY_BYTES: u128 = 300;
/// Bytes of an element, by its number: of the types that SimGrid replays.
const TYPE_BYTES: [(&str, u64, &str); 7] = [
    ("0", 8, "double"),
    ("1", 4, "int"),
    ("2", 1, "char"),
    ("3", 2, "short"),
    ("4", 8, "long"),
    ("5", 4, "float"),
    ("6", 1, "byte"),
];
const DOUBLE: u64 = 8;
const BYTE: u64 = 1;
const COLLECTIVES: [&str; 15] = [
    "barrier",
    "bcast",
    "reduce",
    "allreduce",
    "alltoall",
    "alltoallv",
    "gather",
    "gatherv",
    "scatter",
    "scatterv",
    "allgather",
    "allgatherv",
    "reducescatter",
    "scan",
    "exscan",
];

/// Something that was begun, and for which nobody has waited.
enum Pending {
    Send,
    Receive(usize),
}

/// A rank.
struct Rank {
    /// Of its first line.
    file: usize,
    at: Place,
    line: Line,
    /// By sender, receiver and tag.
    pending: BTreeMap<(usize, usize, u64), VecDeque<Pending>>,
    /// Of an element whose type is not said.
    element_bytes: u64,
    finished: bool,
}

/// An action's words.
struct Action<'a> {
    path: &'a Path,
    line: u64,
    words: Vec<(usize, &'a str)>,
    end: usize,
}

impl Action<'_> {
    fn wrong(&self, at: usize, problem: impl Into<String>) -> TextError {
        let column = self.words.get(at).map_or(self.end, |&(column, _)| column);
        TextError::at(self.path, Place { line: self.line, column }, problem)
    }

    fn place(&self) -> Place {
        Place { line: self.line, column: self.words[1].0 }
    }

    /// It has so many words, and not more than that.
    fn counts(&self, least: usize, most: usize, form: &str) -> Result<(), TextError> {
        let there = self.words.len() - 2;
        if (least..=most).contains(&there) {
            return Ok(());
        }
        let at = if there < least { self.words.len() } else { 2 + most };
        Err(self.wrong(at, format!("expected `{form}`; was the trace written by an older SimGrid, or cut?")))
    }

    fn rank(&self, at: usize) -> Result<usize, TextError> {
        let (_, word) = self.words[at];
        word.parse().map_err(|_| self.wrong(at, format!("`{word}`: expected a rank, a number from 0")))
    }

    /// A tag or a rank of a receive, of which a negative number means any.
    fn or_any(&self, at: usize) -> Result<Option<u64>, TextError> {
        let (_, word) = self.words[at];
        if word
            .strip_prefix('-')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Ok(None);
        }
        let read = word.parse().map(Some);
        read.map_err(|_| {
            self.wrong(at, format!("`{word}`: expected a number from 0, or a negative one for any"))
        })
    }

    fn tag(&self, at: usize) -> Result<u64, TextError> {
        let (_, word) = self.words[at];
        word.parse().map_err(|_| self.wrong(at, format!("`{word}`: expected a tag, a number from 0")))
    }

    fn number(&self, at: usize, what: &str) -> Result<Decimal, TextError> {
        let (_, word) = self.words[at];
        Decimal::read(word).ok_or_else(|| self.wrong(at, format!("`{word}`: expected {what}, such as 1e6")))
    }

    /// How many bytes elements have.
    fn bytes(&self, at: usize, element_bytes: u64) -> Result<u64, TextError> {
        let (_, word) = self.words[at];
        let Some(count) = self.number(at, "a number of elements")?.whole() else {
            return Err(self.wrong(at, format!("`{word}` elements: expected a whole number below 2^64")));
        };
        let element_bytes = match self.words.get(at + 1) {
            None => element_bytes,
            Some(&(_, kind)) => {
                let known = TYPE_BYTES.iter().find(|(number, ..)| *number == kind);
                let types = || TYPE_BYTES.map(|(number, _, name)| format!("{number} {name}")).join(", ");
                let unknown = || self.wrong(at + 1, format!("type `{kind}`: SimGrid replays {}", types()));
                known.ok_or_else(unknown)?.1
            }
        };
        let bytes = count.checked_mul(element_bytes);
        bytes.ok_or_else(|| {
            self.wrong(at, format!("{count} elements of {element_bytes} bytes are 2^64 bytes or more"))
        })
    }
}

/// All ranks, as far as they are read.
struct Reader<'a> {
    files: &'a [PathBuf],
    speed: Option<Decimal>,
    limit: MemoryLimit,
    ranks: BTreeMap<usize, Rank>,
    actions: u64,
}

impl Reader<'_> {
    fn file(&mut self, file: usize) -> Result<(), TextError> {
        let path = &self.files[file];
        let mut lines = Lines::open(path)?;
        loop {
            let line = lines.number() + 1;
            let Some(text) = lines.next_line()? else { return Ok(()) };
            let words = words(text);
            if words.is_empty() || words[0].1.starts_with('#') {
                continue;
            }
            let end = text.trim_end().chars().count() + 1;
            self.action(file, &Action { path, line, words, end })?;
        }
    }

    fn action(&mut self, file: usize, action: &Action<'_>) -> Result<(), TextError> {
        self.actions += 1;
        let actions = self.actions;
        let what = || format!("{actions} actions take");
        let checked = self.limit.check(
            u128::from(actions) * MEMORY_BYTES,
            what,
            "a trace of fewer iterations takes less",
        );
        checked.map_err(|error| TextError::memory(action.path, &error))?;
        let number = action.rank(0)?;
        if number >= MOST_RANKS {
            return Err(action.wrong(0, format!("rank {number}: expected 0 to {}", MOST_RANKS - 1)));
        }
        if action.words.len() < 2 {
            return Err(action.wrong(1, "expected what the rank does, such as `compute 1e6`"));
        }
        let rank = self.ranks.entry(number).or_insert_with(|| Rank {
            file,
            at: Place { line: action.line, column: 1 },
            line: Line::default(),
            pending: BTreeMap::new(),
            element_bytes: BYTE,
            finished: false,
        });
        if rank.file != file {
            let other = self.files[rank.file].display();
            return Err(action
                .wrong(0, format!("rank {number} is in {other}, too: a rank has its lines in one file")));
        }
        if rank.finished {
            return Err(action.wrong(1, format!("rank {number} has ended by `finalize`")));
        }
        let name = action.words[1].1.to_ascii_lowercase();
        let any = usize::MAX;
        match name.as_str() {
            "init" => {
                action.counts(0, 1, "init [1]")?;
                rank.element_bytes = if action.words.len() > 2 { DOUBLE } else { BYTE };
            }
            "finalize" => {
                action.counts(0, 0, "finalize")?;
                rank.finished = true;
            }
            "comm_size" | "comm_split" | "comm_dup" | "location" => {}
            "compute" => {
                action.counts(1, 1, "compute FLOPS")?;
                let flops = action.number(2, "flops")?;
                let Some(speed) = self.speed else {
                    let problem =
                        "work is in flops here: say how many of them a second has with --flops-per-second";
                    return Err(action.wrong(1, problem));
                };
                let ps = flops.per(speed, PS).ok_or_else(|| action.wrong(2, "that takes 2^64 ps or more"))?;
                rank.line.steps.push(Step::Work { ps });
            }
            "sleep" => {
                action.counts(1, 1, "sleep SECONDS")?;
                let seconds = action.number(2, "seconds")?;
                let ps = seconds.times(PS).ok_or_else(|| action.wrong(2, "that takes 2^64 ps or more"))?;
                rank.line.steps.push(Step::Work { ps });
            }
            "send" | "isend" => {
                action.counts(3, 4, &format!("{name} TO TAG COUNT [TYPE]"))?;
                let (to, tag, bytes) =
                    (action.rank(2)?, action.tag(3)?, action.bytes(4, rank.element_bytes)?);
                rank.line.steps.push(Step::Send { to, tag, bytes, at: action.place() });
                if name == "isend" {
                    rank.pending.entry((number, to, tag)).or_default().push_back(Pending::Send);
                }
            }
            "recv" | "irecv" => {
                action.counts(3, 4, &format!("{name} FROM TAG COUNT [TYPE]"))?;
                let from = action.or_any(2)?.map(|from| usize::try_from(from).unwrap_or(any));
                let tag = action.or_any(3)?;
                // Of a size that is not above 0 SimGrid asks the message.
                let unknown = action.words[4].1.starts_with('-');
                let bytes = if unknown {
                    None
                } else {
                    Some(action.bytes(4, rank.element_bytes)?).filter(|&bytes| bytes > 0)
                };
                let posted = rank.line.posted.len();
                rank.line.posted.push(Posted { from, tag, bytes, at: action.place() });
                if name == "recv" {
                    rank.line.steps.push(Step::Take { posted, waits: true });
                } else {
                    let key = (from.unwrap_or(any), number, tag.unwrap_or(u64::MAX));
                    rank.pending.entry(key).or_default().push_back(Pending::Receive(posted));
                }
            }
            "wait" => {
                action.counts(3, 3, "wait FROM TO TAG")?;
                let from = action.or_any(2)?.map_or(any, |from| usize::try_from(from).unwrap_or(any));
                let key = (from, action.rank(3)?, action.or_any(4)?.unwrap_or(u64::MAX));
                match rank.pending.get_mut(&key).and_then(VecDeque::pop_front) {
                    Some(Pending::Send) => {}
                    Some(Pending::Receive(posted)) => {
                        rank.line.steps.push(Step::Take { posted, waits: true })
                    }
                    None => {
                        let problem = format!(
                            "rank {number} waits for what it has not begun: no `isend` or `irecv` of these ranks and this tag is left"
                        );
                        return Err(action.wrong(1, problem));
                    }
                }
            }
            "waitall" => {
                let pending = std::mem::take(&mut rank.pending);
                let receive =
                    |pending| if let Pending::Receive(posted) = pending { Some(posted) } else { None };
                let mut receives: Vec<usize> = pending.into_values().flatten().filter_map(receive).collect();
                receives.sort_unstable();
                let take = |(which, posted)| Step::Take { posted, waits: which == 0 };
                rank.line.steps.extend(receives.into_iter().enumerate().map(take));
            }
            // Whether it has come decides nothing that a trace says; the wait that follows does.
            "test" => action.counts(3, 3, "test FROM TO TAG")?,
            name if COLLECTIVES.contains(&name) => {
                return Err(action.wrong(
                    1,
                    format!(
                        "`{name}` has no messages of its own until somebody chooses how it is done: record with a library that writes it as sends and \
                         receives, or write them yourself"
                    ),
                ));
            }
            _ => {
                return Err(action.wrong(
                    1,
                    format!(
                        "`{}` is none of init, finalize, compute, sleep, send, isend, recv, irecv, wait, waitall, test, comm_size, comm_split, comm_dup, \
                         location",
                        action.words[1].1
                    ),
                ));
            }
        }
        Ok(())
    }

    fn end(self) -> Result<Trace, TextError> {
        let Reader { files, ranks, .. } = self;
        if ranks.is_empty() {
            return Err(TextError::of(&files[0], "there is no action in it"));
        }
        if let Some((at, (&rank, known))) = ranks.iter().enumerate().find(|&(at, (&rank, _))| at != rank) {
            let problem = format!("rank {rank} is here, and rank {at} nowhere: give the files of all ranks");
            return Err(TextError::at(&files[known.file], known.at, problem));
        }
        let mut of = Vec::with_capacity(ranks.len());
        for (&number, rank) in &ranks {
            let file = &files[rank.file];
            let left = |pending: &VecDeque<Pending>| {
                pending
                    .iter()
                    .find_map(|each| if let Pending::Receive(posted) = each { Some(*posted) } else { None })
            };
            if let Some(posted) = rank.pending.values().find_map(left) {
                let problem = format!(
                    "rank {number} never waits for what this receives, so nobody can tell when it needs it: `test` may have found it"
                );
                return Err(TextError::at(file, rank.line.posted[posted].at, problem));
            }
            if !rank.finished {
                let problem = format!("rank {number} does not end by `finalize`: was the trace cut?");
                return Err(TextError::of(file, problem));
            }
            if rank.line.is_idle() {
                let problem = format!(
                    "rank {number} neither computes nor sends nor receives: leave it out, and number the others anew"
                );
                return Err(TextError::at(file, rank.at, problem));
            }
            of.push(rank.file);
        }
        let lines: Vec<Line> = ranks.into_values().map(|rank| rank.line).collect();
        trace(&lines).map_err(|Fault { party, at, problem }| TextError::at(&files[of[party]], at, problem))
    }
}

/// The files that a list names, one a line, relative to its folder.
fn named(list: &Path) -> Result<Vec<PathBuf>, TextError> {
    let (mut lines, mut files) = (Lines::open(list)?, Vec::new());
    let folder = list.parent().unwrap_or(Path::new(""));
    loop {
        let number = lines.number() + 1;
        let Some(line) = lines.next_line()? else { break };
        let name = line.trim();
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        let file = folder.join(name);
        if !fs::metadata(&file).is_ok_and(|known| known.is_file()) {
            let place = Place { line: number, column: 1 };
            return Err(TextError::at(list, place, format!("there is no file {}", file.display())));
        }
        files.push(file);
    }
    match files.is_empty() {
        true => Err(TextError::of(list, "it names no file")),
        false => Ok(files),
    }
}

/// Makes a trace of time-independent ones: of one that has all ranks, of one of each rank, or (if `listed`) of those that a list names.
///
/// # Errors
/// If one is damaged or cut, if there is work and `speed` (flops of a second, not zero) is not said, if ranks do something together as a
/// whole, and if sends and receives do not match.
pub fn independent(
    files: &[PathBuf],
    listed: bool,
    speed: Option<Decimal>,
    limit: MemoryLimit,
) -> Result<Trace, TextError> {
    let mut all = Vec::new();
    for file in files {
        if listed {
            all.extend(named(file)?);
        } else {
            all.push(file.clone());
        }
    }
    let mut reader = Reader { files: &all, speed, limit, ranks: BTreeMap::new(), actions: 0 };
    for file in 0..all.len() {
        reader.file(file)?;
    }
    reader.end()
}
