//! Reads GOAL schedules, the text that `txt2bin` of LogGOPSim takes: what each rank does, as a graph.
//!
//! ```text
//! num_ranks 2
//! rank 0 {
//!   l1: calc 100                          // nanoseconds
//!   l2: send 10b to 1 tag 5 cpu 0 nic 0   // tag, cpu and nic can be left out: 0
//!   l2 requires l1                        // begins when l1 is done; irequires: when it has begun
//! }
//! rank 1 { … }
//! ```
//!
//! Source: T. Hoefler, T. Schneider, A. Lumsdaine, LogGOPSim, HPDC 2010, and `src/LogGOPSim/txt2bin.re` and `LogGOPSim.cpp` of
//! <https://github.com/spcl/LogGOPSim>: grammar, units, and in which order a processor does what it could do.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::path::Path;
use std::str::CharIndices;

use super::schedule::{Act, Operation, Ordered, Tangle, Until, ordered};
use super::tags::{Fault, Line, trace};
use super::text::{Lines, Place, TextError};
use crate::memory::MemoryLimit;
use crate::sim::Trace;

/// Picoseconds of a nanosecond.
const PS_PER_NS: u64 = 1000;
/// The most ranks: the state of a replay grows with their square.
const MOST_RANKS: u64 = 4096;
/// Memory in bytes that an operation or a dependency takes, with its label. Measured: 218 for a chain of 500,000 operations.
const MEMORY_BYTES: u128 = 300;

/// What was made of a GOAL schedule.
#[derive(Debug)]
pub struct Goal {
    /// The trace.
    pub trace: Trace,
    /// How many operations are done before something that a message, had it come early, would have made possible before them.
    pub late: u64,
    /// The first of them, said.
    pub first_late: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Number(u64),
    /// -1
    Any,
    Sign(char),
}

impl Token<'_> {
    fn shown(&self) -> String {
        match self {
            Token::Name(name) => format!("`{name}`"),
            Token::Number(number) => format!("`{number}`"),
            Token::Any => "`-1`".into(),
            Token::Sign(sign) => format!("`{sign}`"),
        }
    }
}

/// Takes a line apart; `comment` says whether it begins within one, and then whether it ends within one.
fn tokens<'a>(line: &'a str, comment: &mut bool) -> Result<Vec<(usize, Token<'a>)>, (usize, String)> {
    fn run<'a>(
        line: &'a str,
        from: usize,
        letters: &mut Peekable<CharIndices<'a>>,
        is: fn(char) -> bool,
    ) -> &'a str {
        let mut end = line.len();
        while let Some(&(at, letter)) = letters.peek() {
            if !is(letter) {
                end = at;
                break;
            }
            letters.next();
        }
        &line[from..end]
    }
    let column = |at: usize| line[..at].chars().count() + 1;
    let (mut tokens, mut letters) = (Vec::new(), line.char_indices().peekable());
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|&(_, letter)| letter);
        if *comment {
            if (letter, next) == ('*', Some('/')) {
                letters.next();
                *comment = false;
            }
            continue;
        }
        let token = match (letter, next) {
            ('/', Some('/')) => break,
            ('/', Some('*')) => {
                letters.next();
                *comment = true;
                continue;
            }
            (' ' | '\t' | '\r', _) => continue,
            ('-', Some('1')) => {
                let digits = run(line, at + 1, &mut letters, |letter| letter.is_ascii_digit());
                if digits != "1" {
                    return Err((
                        column(at),
                        format!("`-{digits}`: expected a number from 0, or -1 for any"),
                    ));
                }
                Token::Any
            }
            (':' | '{' | '}', _) => Token::Sign(letter),
            ('0'..='9', _) => {
                let digits = run(line, at, &mut letters, |letter| letter.is_ascii_digit());
                let number = digits.parse();
                Token::Number(number.map_err(|_| (column(at), format!("`{digits}` is more than 2^64 - 1")))?)
            }
            ('a'..='z' | 'A'..='Z', _) => Token::Name(run(line, at, &mut letters, |letter| {
                letter.is_ascii_alphanumeric() || letter == '_'
            })),
            _ => return Err((column(at), format!("`{letter}` has no meaning in a GOAL schedule"))),
        };
        tokens.push((column(at), token));
    }
    Ok(tokens)
}

/// A rank that is being read, or was.
struct Rank {
    at: Place,
    operations: Vec<Operation>,
    labels: BTreeMap<String, usize>,
}

impl Rank {
    fn name(&self, operation: usize) -> String {
        let line = self.operations[operation].at.line;
        match self.labels.iter().find(|&(_, &at)| at == operation) {
            Some((label, _)) => format!("`{label}` (line {line})"),
            None => format!("the operation in line {line}"),
        }
    }
}

struct Parser<'a> {
    path: &'a Path,
    limit: MemoryLimit,
    lines: u64,
    num_ranks: Option<u64>,
    ranks: BTreeMap<u64, Rank>,
    /// The rank whose bracket is open.
    open: Option<u64>,
    /// Operations and dependencies.
    count: u64,
}

/// The tokens of a line that are still to be read.
struct Rest<'a, 'b> {
    path: &'a Path,
    line: u64,
    tokens: &'b [(usize, Token<'b>)],
    /// Behind the last one.
    end: usize,
}

impl<'b> Rest<'_, 'b> {
    fn wrong(&self, column: usize, problem: impl Into<String>) -> TextError {
        TextError::at(self.path, Place { line: self.line, column }, problem)
    }

    fn peek(&self) -> Option<Token<'b>> {
        self.tokens.first().map(|&(_, token)| token)
    }

    fn column(&self) -> usize {
        self.tokens.first().map_or(self.end, |&(column, _)| column)
    }

    fn next(&mut self) -> Option<Token<'b>> {
        let (&(_, token), rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(token)
    }

    fn expected(&self, what: &str) -> TextError {
        let found =
            self.peek().map_or_else(|| "the line ends".into(), |token| format!("there is {}", token.shown()));
        self.wrong(self.column(), format!("expected {what}, and {found}"))
    }

    fn number(&mut self, what: &str) -> Result<u64, TextError> {
        match self.peek() {
            Some(Token::Number(number)) => {
                self.next();
                Ok(number)
            }
            _ => Err(self.expected(what)),
        }
    }

    fn number_or_any(&mut self, what: &str) -> Result<Option<u64>, TextError> {
        if self.peek() == Some(Token::Any) {
            self.next();
            return Ok(None);
        }
        self.number(what).map(Some)
    }

    fn word(&mut self, word: &str, what: &str) -> Result<(), TextError> {
        match self.peek() {
            Some(Token::Name(name)) if name == word => {
                self.next();
                Ok(())
            }
            _ => Err(self.expected(what)),
        }
    }

    fn sign(&mut self, sign: char, what: &str) -> Result<(), TextError> {
        match self.peek() {
            Some(Token::Sign(found)) if found == sign => {
                self.next();
                Ok(())
            }
            _ => Err(self.expected(what)),
        }
    }
}

impl Parser<'_> {
    fn line(&mut self, line: &str, comment: &mut bool) -> Result<(), TextError> {
        let wrong = |(column, problem)| TextError::at(self.path, Place { line: self.lines, column }, problem);
        let tokens = tokens(line, comment).map_err(wrong)?;
        let end = line.trim_end().chars().count() + 1;
        let mut rest = Rest { path: self.path, line: self.lines, tokens: &tokens, end };
        while let Some(token) = rest.peek() {
            let column = rest.column();
            match (token, self.open) {
                (Token::Name("num_ranks"), None) => {
                    rest.next();
                    let ranks = rest.number("how many ranks there are")?;
                    if self.num_ranks.replace(ranks).is_some() {
                        return Err(rest.wrong(column, "`num_ranks` for the second time"));
                    }
                    if !(1..=MOST_RANKS).contains(&ranks) {
                        return Err(rest.wrong(column, format!("{ranks} ranks: expected 1 to {MOST_RANKS}")));
                    }
                }
                (Token::Name("rank"), None) => self.rank(&mut rest)?,
                (Token::Sign('}'), Some(_)) => {
                    rest.next();
                    self.open = None;
                }
                (Token::Name("rank"), Some(open)) => {
                    return Err(
                        rest.wrong(column, format!("rank {open} has not ended: expected `}}` before"))
                    );
                }
                (Token::Name(_), Some(open)) => {
                    self.statement(&mut rest, open)?;
                    if rest.peek().is_some() {
                        return Err(rest.expected("the end of the line"));
                    }
                }
                (_, None) => return Err(rest.expected("`num_ranks` or `rank`")),
                (_, Some(_)) => return Err(rest.expected("an operation, a label or `}`")),
            }
        }
        Ok(())
    }

    fn rank(&mut self, rest: &mut Rest<'_, '_>) -> Result<(), TextError> {
        let column = rest.column();
        rest.next();
        let number = rest.number("the number of the rank")?;
        match self.num_ranks {
            None => return Err(rest.wrong(column, "how many ranks there are must come first: `num_ranks 2`")),
            Some(ranks) if number >= ranks => {
                return Err(rest.wrong(column, format!("rank {number} of {ranks}, which count from 0")));
            }
            _ => {}
        }
        rest.sign('{', "`{`")?;
        let at = Place { line: rest.line, column };
        let rank = Rank { at, operations: Vec::new(), labels: BTreeMap::new() };
        if self.ranks.insert(number, rank).is_some() {
            return Err(rest.wrong(column, format!("rank {number} for the second time")));
        }
        self.open = Some(number);
        Ok(())
    }

    fn counted(&mut self) -> Result<(), TextError> {
        self.count += 1;
        let count = self.count;
        let what = || format!("{count} operations and dependencies take");
        let checked = self.limit.check(
            u128::from(count) * MEMORY_BYTES,
            what,
            "a schedule of fewer iterations takes less",
        );
        checked.map_err(|error| TextError::memory(self.path, &error))
    }

    /// An operation, or what one needs.
    fn statement(&mut self, rest: &mut Rest<'_, '_>, open: u64) -> Result<(), TextError> {
        self.counted()?;
        let rank = self.ranks.get_mut(&open).expect("it is open");
        let begin = rest.column();
        let Some(Token::Name(name)) = rest.peek() else { unreachable!("it begins with a name") };
        if matches!(name, "calc" | "send" | "recv") {
            let operation = operation(rest)?;
            rank.operations.push(operation);
            return Ok(());
        }
        rest.next();
        match rest.peek() {
            Some(Token::Sign(':')) => {
                rest.next();
                if !matches!(rest.peek(), Some(Token::Name("calc" | "send" | "recv"))) {
                    return Err(rest.expected("`calc`, `send` or `recv`"));
                }
                let operation = operation(rest)?;
                if rank.labels.insert(name.to_string(), rank.operations.len()).is_some() {
                    return Err(rest.wrong(begin, format!("label `{name}` for the second time in this rank")));
                }
                rank.operations.push(operation);
            }
            Some(Token::Name(word @ ("requires" | "irequires"))) => {
                rest.next();
                let until = if word == "requires" { Until::Done } else { Until::Begun };
                let column = rest.column();
                let Some(Token::Name(needed)) = rest.next() else {
                    rest.tokens = &[];
                    return Err(rest.wrong(column, "expected the label of what is needed"));
                };
                let find = |column, label: &str| {
                    let known = rank.labels.get(label).copied();
                    known.ok_or_else(|| {
                        rest.wrong(column, format!("no operation before this has the label `{label}`"))
                    })
                };
                let (at, needed) = (find(begin, name)?, find(column, needed)?);
                rank.operations[at].needs.push((needed, until));
            }
            _ => return Err(rest.expected("`:`, `requires` or `irequires`")),
        }
        Ok(())
    }

    fn end(self) -> Result<BTreeMap<u64, Rank>, TextError> {
        let last = Place { line: self.lines, column: 0 };
        if let Some(open) = self.open {
            let problem = format!("the file ends within rank {open}: expected `}}`; was it cut?");
            return Err(TextError::at(self.path, last, problem));
        }
        let Some(ranks) = self.num_ranks else {
            return Err(TextError::of(self.path, "it does not say how many ranks there are: `num_ranks 2`"));
        };
        if let Some(missing) = (0..ranks).find(|rank| !self.ranks.contains_key(rank)) {
            let problem = format!("rank {missing} of {ranks} is missing; was the file cut?");
            return Err(TextError::at(self.path, last, problem));
        }
        Ok(self.ranks)
    }
}

fn operation(rest: &mut Rest<'_, '_>) -> Result<Operation, TextError> {
    let at = Place { line: rest.line, column: rest.column() };
    let Some(Token::Name(kind)) = rest.next() else { unreachable!("it begins with a name") };
    let column = rest.column();
    let size = rest.number(if kind == "calc" { "nanoseconds" } else { "bytes" })?;
    let mut peer = None;
    if kind == "calc" {
        if size.checked_mul(PS_PER_NS).is_none() {
            return Err(rest.wrong(column, format!("{size} ns are more than 2^64 ps")));
        }
    } else {
        rest.word("b", "`b`, for bytes")?;
        let (word, what) = if kind == "send" { ("to", "`to`") } else { ("from", "`from`") };
        rest.word(word, what)?;
        peer = if kind == "send" {
            Some(rest.number("a rank")?)
        } else {
            rest.number_or_any("a rank, or -1 for any")?
        };
    }
    let (mut tag, mut cpu, mut nic) = (None, None, None);
    let once = |rest: &Rest<'_, '_>, known: &mut Option<Option<u64>>, name: &str, value| match known
        .replace(value)
    {
        None => Ok(()),
        Some(_) => Err(rest.wrong(rest.column(), format!("`{name}` for the second time"))),
    };
    while let Some(Token::Name(name)) = rest.peek() {
        match name {
            "tag" if kind != "calc" => {
                rest.next();
                let value = if kind == "send" {
                    Some(rest.number("a tag")?)
                } else {
                    rest.number_or_any("a tag, or -1 for any")?
                };
                once(rest, &mut tag, name, value)?;
            }
            "cpu" => {
                rest.next();
                let column = rest.column();
                let value = rest.number("a processor")?;
                if value > u64::from(u8::MAX) {
                    return Err(rest.wrong(column, format!("processor {value}: expected 0 to 255")));
                }
                once(rest, &mut cpu, name, Some(value))?;
            }
            "nic" if kind != "calc" => {
                rest.next();
                let value = rest.number("a network interface")?;
                once(rest, &mut nic, name, Some(value))?;
            }
            _ if kind == "calc" => return Err(rest.expected("`cpu` or the end of the line")),
            _ => return Err(rest.expected("`tag`, `cpu`, `nic` or the end of the line")),
        }
    }
    // A rank that there is not stands for one that is too large: it is told where messages are matched.
    let rank = |rank: u64| usize::try_from(rank).unwrap_or(usize::MAX);
    let tag = tag.unwrap_or(Some(0));
    let act = match kind {
        "calc" => Act::Calculate { ps: size * PS_PER_NS },
        "send" => Act::Send { to: rank(peer.expect("a rank")), tag: tag.expect("a tag"), bytes: size },
        _ => Act::Receive { from: peer.map(rank), tag, bytes: size },
    };
    let cpu = cpu.flatten().map_or(0, |cpu| cpu as u8);
    Ok(Operation { act, cpu, at, needs: Vec::new() })
}

/// Why a rank is no line, and where.
fn told(rank: &Rank, tangle: &Tangle) -> (Place, String) {
    let (at, problem) = match *tangle {
        Tangle::Cycle(one) => (one, format!("{} needs what needs it, so it can never begin", rank.name(one))),
        Tangle::Waits { one, needs, other } => (
            other,
            format!(
                "{} and {} run side by side: {} needs what {} receives, and {} does not, so which comes first depends on the network; \
                 a line of a trace has one after the other",
                rank.name(one),
                rank.name(other),
                rank.name(one),
                rank.name(needs),
                rank.name(other)
            ),
        ),
        Tangle::Processors { one, other } => (
            other,
            format!(
                "{} and {} run side by side on cpu {} and cpu {}, and a line of a trace has one after the other: let one require \
                 the other, or let them use one cpu",
                rank.name(one),
                rank.name(other),
                rank.operations[one].cpu,
                rank.operations[other].cpu
            ),
        ),
        Tangle::Posts { one, other } => (
            other,
            format!(
                "{} and {} could take the same message, and which of them is first depends on the network: give them different tags",
                rank.name(one),
                rank.name(other)
            ),
        ),
    };
    (rank.operations[at].at, problem)
}

/// Makes a trace of a GOAL schedule.
///
/// # Errors
/// If it is damaged, if a rank is a graph that no line can stand for, and if sends and receives do not match.
pub fn goal(path: &Path, limit: MemoryLimit) -> Result<Goal, TextError> {
    let mut lines = Lines::open(path)?;
    let mut parser =
        Parser { path, limit, lines: 0, num_ranks: None, ranks: BTreeMap::new(), open: None, count: 0 };
    let mut comment = false;
    loop {
        let number = lines.number() + 1;
        let Some(line) = lines.next_line()? else { break };
        parser.lines = number;
        parser.line(line, &mut comment)?;
    }
    if comment {
        let last = Place { line: parser.lines, column: 0 };
        return Err(TextError::at(path, last, "the file ends within a comment: expected `*/`; was it cut?"));
    }
    let ranks = parser.end()?;
    let (mut all, mut late, mut first_late): (Vec<Line>, u64, Option<String>) = (Vec::new(), 0, None);
    for (number, rank) in &ranks {
        let found = ordered(&rank.operations).map_err(|tangle| {
            let (at, problem) = told(rank, &tangle);
            TextError::at(path, at, problem)
        })?;
        let Ordered { line, late: here, first_late: first } = found;
        if line.is_idle() {
            let problem = format!(
                "rank {number} neither calculates nor sends nor receives: leave it out, and number the others anew"
            );
            return Err(TextError::at(path, rank.at, problem));
        }
        late += here;
        if let (None, Some((one, other))) = (&first_late, first) {
            first_late = Some(format!("rank {number} does {} before {}", rank.name(one), rank.name(other)));
        }
        all.push(line);
    }
    let trace = trace(&all).map_err(|Fault { at, problem, .. }| TextError::at(path, at, problem))?;
    Ok(Goal { trace, late, first_late })
}
