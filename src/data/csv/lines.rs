//! The lines of a text of any length.

use std::io::{BufRead, Read};
use std::path::Path;

use crate::data::DataError;
use crate::data::file::{damaged, unpacked};

/// Bytes of a line: 16 million cells or more.
const MOST_BYTES: u64 = 1 << 26;

/// Reads a text line by line.
pub struct Lines {
    name: String,
    stream: Box<dyn BufRead>,
    /// Lines read so far.
    pub number: usize,
    line: Vec<u8>,
}

impl Lines {
    /// Opens a file, gzipped or not.
    pub fn open(path: &Path, name: &str) -> Result<Lines, DataError> {
        Ok(Lines { name: name.to_string(), stream: unpacked(path, name)?, number: 0, line: Vec::new() })
    }

    /// What errors call a place in the last line.
    pub fn place(&self) -> String {
        format!("line {} of `{}`", self.number, self.name)
    }

    /// The next line without its end; none behind the last one. Empty lines may stand at the end of a file and nowhere else.
    pub fn next(&mut self) -> Result<Option<&str>, DataError> {
        if !self.read()? {
            return Ok(None);
        }
        if self.is_empty() {
            let empty = self.place();
            while self.read()? {
                if !self.is_empty() {
                    return Err(DataError::wrong_at(
                        &self.name,
                        empty,
                        "it is empty, and other lines follow",
                    ));
                }
            }
            return Ok(None);
        }
        match std::str::from_utf8(&self.line) {
            Ok(line) if line.contains('\r') => {
                let problem = "it holds a carriage return: lines end with LF, or with CR and LF";
                Err(DataError::wrong_at(&self.name, self.place(), problem))
            }
            Ok(line) => Ok(Some(line)),
            Err(_) if self.line.starts_with(b"\xff\xfe") || self.line.starts_with(b"\xfe\xff") => {
                Err(DataError::wrong(&self.name, "is a text in UTF-16: save it in UTF-8"))
            }
            Err(_) => Err(DataError::wrong_at(&self.name, self.place(), "it is no text in UTF-8")),
        }
    }

    fn is_empty(&self) -> bool {
        self.line.iter().all(u8::is_ascii_whitespace)
    }

    /// Whether there was another line.
    fn read(&mut self) -> Result<bool, DataError> {
        self.line.clear();
        let read = (&mut self.stream).take(MOST_BYTES + 1).read_until(b'\n', &mut self.line);
        let read = read.map_err(|cause| damaged(&self.name, cause))?;
        self.number += usize::from(read > 0);
        if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
            // A byte order mark.
            self.line.drain(..3);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            self.line.pop_if(|byte| *byte == b'\r');
        }
        if self.line.len() as u64 > MOST_BYTES {
            let problem = format!("it has more than {MOST_BYTES} bytes: this is no table of rows");
            return Err(DataError::wrong_at(&self.name, self.place(), problem));
        }
        Ok(read > 0)
    }
}
