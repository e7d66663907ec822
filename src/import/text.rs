//! Files of lines of text: reading them, and saying where in them something is wrong.

use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::memory::TooMuchMemory;

/// No line is longer.
const LONGEST: u64 = 1 << 20;

/// A text that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct TextError {
    /// The file, as the user wrote it.
    pub file: String,
    /// The line that is to blame, from 1; none: the file as a whole.
    pub line: Option<u64>,
    /// The character of that line, from 1; none: all of it.
    pub column: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

impl Display for TextError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            _ => {}
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for TextError {}

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    /// 0: the line as a whole.
    pub(super) column: usize,
}

impl TextError {
    pub(super) fn of(file: &Path, problem: impl Into<String>) -> TextError {
        TextError { file: file.display().to_string(), line: None, column: None, problem: problem.into() }
    }

    pub(super) fn at(file: &Path, place: Place, problem: impl Into<String>) -> TextError {
        let column = Some(place.column).filter(|&column| column > 0);
        TextError { line: Some(place.line), column, ..TextError::of(file, problem) }
    }

    pub(super) fn memory(file: &Path, problem: &TooMuchMemory) -> TextError {
        TextError::of(file, problem.to_string())
    }

    fn unreadable(file: &Path, error: &io::Error) -> TextError {
        TextError::of(file, format!("it cannot be read: {error}"))
    }
}

/// The lines of a file.
pub(super) struct Lines {
    path: PathBuf,
    input: BufReader<File>,
    number: u64,
    buffer: Vec<u8>,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Lines, TextError> {
        let file = File::open(path).map_err(|error| TextError::unreadable(path, &error))?;
        Ok(Lines { path: path.to_path_buf(), input: BufReader::new(file), number: 0, buffer: Vec::new() })
    }

    /// How many lines were read.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line without its end; none at the end of the file.
    pub(super) fn next_line(&mut self) -> Result<Option<&str>, TextError> {
        self.buffer.clear();
        let read = (&mut self.input).take(LONGEST).read_until(b'\n', &mut self.buffer);
        if read.map_err(|error| TextError::unreadable(&self.path, &error))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let place = Place { line: self.number, column: 0 };
        let whole = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        if whole.len() as u64 == LONGEST {
            return Err(TextError::at(&self.path, place, "it has more than 1 MiB"));
        }
        let whole = whole.strip_suffix(b"\r").unwrap_or(whole);
        let text = str::from_utf8(whole).map_err(|error| {
            let column = String::from_utf8_lossy(&whole[..error.valid_up_to()]).chars().count() + 1;
            TextError::at(&self.path, Place { column, ..place }, "this is no text in UTF-8")
        })?;
        Ok(Some(text))
    }
}

/// The words of a line, each with its column.
pub(super) fn words(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let (mut begun, mut column) = (None, 0);
    for (at, letter) in line.char_indices().chain([(line.len(), ' ')]) {
        column += 1;
        match (begun, letter.is_whitespace()) {
            (None, false) => begun = Some((at, column)),
            (Some((from, first)), true) => {
                words.push((first, &line[from..at]));
                begun = None;
            }
            _ => {}
        }
    }
    words
}
