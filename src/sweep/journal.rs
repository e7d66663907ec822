//! The journal of finished trainings: a line each, written through to the disk before it counts.
//!
//! Each line ends in a checksum of itself and of the sweep's fingerprint, so no line of another sweep counts.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SweepError;
use super::result::TrainingResult;
use crate::digest::Hasher;
use crate::run::Phase;

/// A line of the journal, without its checksum.
#[derive(Serialize, Deserialize)]
struct Entry {
    training: u32,
    correct: u64,
    rows: u64,
    /// Numbers of iterations, each up to an evaluation.
    iterations: Vec<u64>,
    /// Test rows classified rightly at each.
    evaluated: Vec<u64>,
    /// After which of them the training started again.
    restarts: Vec<usize>,
    out_of_range: Option<u64>,
    rows_beyond_domain: u64,
}

impl Entry {
    fn new(training: u32, result: &TrainingResult) -> Entry {
        let (mut iterations, mut restarts) = (Vec::new(), Vec::new());
        for phase in &result.phases {
            match *phase {
                Phase::Iterations(times) => iterations.push(times),
                Phase::Restart => restarts.push(iterations.len()),
            }
        }
        let TrainingResult { correct, rows, phases: _, evaluated: _, out_of_range, rows_beyond_domain } =
            *result;
        let evaluated = result.evaluated.clone();
        Entry { training, correct, rows, iterations, evaluated, restarts, out_of_range, rows_beyond_domain }
    }

    fn result(&self) -> TrainingResult {
        let mut phases = Vec::new();
        for (i, &times) in self.iterations.iter().enumerate() {
            phases.push(Phase::Iterations(times));
            phases.extend(self.restarts.iter().filter(|&&after| after == i + 1).map(|_| Phase::Restart));
        }
        let Entry { correct, rows, out_of_range, rows_beyond_domain, .. } = *self;
        let evaluated = self.evaluated.clone();
        TrainingResult { correct, rows, phases, evaluated, out_of_range, rows_beyond_domain }
    }
}

/// Digits of a checksum.
const CHECKSUM_DIGITS: usize = 16;

fn checksum(context: &str, text: &str) -> String {
    let mut hasher = Hasher::default();
    hasher.add(context.as_bytes());
    hasher.add(text.as_bytes());
    hasher.digits()[..CHECKSUM_DIGITS].to_string()
}

/// A line of a text and the checksum of it and of where it belongs.
pub(crate) fn seal(context: &str, text: &str) -> String {
    format!("{text}\t{}\n", checksum(context, text))
}

/// The text of a line, if it is whole and belongs there.
pub(crate) fn unseal<'a>(context: &str, line: &'a [u8]) -> Option<&'a str> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (text, sum) = line.rsplit_once('\t')?;
    (checksum(context, text) == sum).then_some(text)
}

/// An open journal.
pub(crate) struct Journal {
    /// None: what is finished is kept in memory alone.
    file: Option<File>,
    folder: String,
    fingerprint: String,
    finished: BTreeMap<u32, TrainingResult>,
}

impl Journal {
    /// Opens the journal of a sweep, makes it if there is none, and reads it. What was torn at its end when the program
    /// was killed is cut off; a damaged line before others is an error.
    pub(crate) fn open(path: &Path, fingerprint: &str, folder: &str) -> Result<Journal, SweepError> {
        let io = |error| SweepError::io(folder, error);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(io)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let Some((finished, good)) = entries(fingerprint, &bytes) else {
            return Err(SweepError::Damaged(folder.to_string()));
        };
        if good < bytes.len() {
            file.set_len(good as u64).map_err(io)?;
        }
        Ok(Journal {
            file: Some(file),
            folder: folder.to_string(),
            fingerprint: fingerprint.to_string(),
            finished,
        })
    }

    /// Of work that nobody goes on with.
    pub(crate) fn in_memory() -> Journal {
        let (folder, fingerprint) = (String::new(), String::new());
        Journal { file: None, folder, fingerprint, finished: BTreeMap::new() }
    }

    /// The finished trainings.
    pub(crate) fn finished(&self) -> &BTreeMap<u32, TrainingResult> {
        &self.finished
    }

    /// Adds a finished training; when this returns it is on the disk.
    pub(crate) fn add(&mut self, training: u32, result: TrainingResult) -> Result<(), SweepError> {
        if let Some(file) = &mut self.file {
            let text = serde_json::to_string(&Entry::new(training, &result)).expect("an entry is JSON");
            let line = seal(&self.fingerprint, &text);
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_data());
            if let Err(error) = written {
                // Half a line would hide those behind it.
                let _ = file.set_len(length);
                return Err(SweepError::io(&self.folder, error));
            }
        }
        self.finished.insert(training, result);
        Ok(())
    }
}

/// The entries up to the end that may be torn, and how many bytes they take; none if a line before others is damaged.
fn entries(fingerprint: &str, bytes: &[u8]) -> Option<(BTreeMap<u32, TrainingResult>, usize)> {
    let (mut finished, mut good, mut torn) = (BTreeMap::new(), 0, false);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let text = unseal(fingerprint, line);
        let Some(entry) = text.and_then(|text| serde_json::from_str::<Entry>(text).ok()) else {
            torn = true;
            continue;
        };
        if torn {
            return None;
        }
        finished.insert(entry.training, entry.result());
        good += line.len();
    }
    Some((finished, good))
}
