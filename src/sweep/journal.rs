//! The journal of finished trainings: a line each, written through to the disk before it counts.
//!
//! Each line names its training by the digest of all that decides it, and ends in a checksum of itself. So it counts in any sweep that has
//! this training, and in no other.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SweepError;
use super::result::{EpochCounts, TrainingResult};
use crate::digest::Hasher;
use crate::run::Phase;

/// A line of the journal, without its checksum.
#[derive(Serialize, Deserialize)]
struct Entry {
    training: String,
    correct: u64,
    rows: u64,
    /// Numbers of iterations, each up to an evaluation.
    iterations: Vec<u64>,
    /// Test rows classified rightly at each.
    evaluated: Vec<u64>,
    /// After which of them the training started again.
    restarts: Vec<usize>,
    epochs: Vec<EpochCounts>,
}

impl Entry {
    fn new(training: &str, result: &TrainingResult) -> Entry {
        let (mut iterations, mut restarts) = (Vec::new(), Vec::new());
        for phase in &result.phases {
            match *phase {
                Phase::Iterations(times) => iterations.push(times),
                Phase::Restart => restarts.push(iterations.len()),
            }
        }
        let TrainingResult { correct, rows, phases: _, evaluated, epochs } = result.clone();
        Entry { training: training.to_string(), correct, rows, iterations, evaluated, restarts, epochs }
    }

    fn result(&self) -> TrainingResult {
        let mut phases = Vec::new();
        for (i, &times) in self.iterations.iter().enumerate() {
            phases.push(Phase::Iterations(times));
            phases.extend(self.restarts.iter().filter(|&&after| after == i + 1).map(|_| Phase::Restart));
        }
        let (evaluated, epochs) = (self.evaluated.clone(), self.epochs.clone());
        TrainingResult { correct: self.correct, rows: self.rows, phases, evaluated, epochs }
    }
}

/// Digits of a checksum.
const CHECKSUM_DIGITS: usize = 16;

fn checksum(text: &str) -> String {
    let mut hasher = Hasher::default();
    hasher.add(text.as_bytes());
    hasher.digits()[..CHECKSUM_DIGITS].to_string()
}

/// A line of a text and its checksum.
pub(crate) fn seal(text: &str) -> String {
    format!("{text}\t{}\n", checksum(text))
}

/// The text of a line, if it is whole.
pub(crate) fn unseal(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (text, sum) = line.rsplit_once('\t')?;
    (checksum(text) == sum).then_some(text)
}

/// An open journal.
pub(crate) struct Journal {
    /// None: what is finished is kept in memory alone.
    file: Option<File>,
    folder: String,
    /// Of all trainings of the sweep, by number.
    names: Vec<String>,
    finished: BTreeMap<u32, TrainingResult>,
}

impl Journal {
    /// Opens the journal of a sweep with trainings of these names, makes it if there is none, and reads it. What was torn at its end
    /// when the program was killed is cut off; a damaged line before others is an error.
    pub(crate) fn open(path: &Path, names: &[String], folder: &str) -> Result<Journal, SweepError> {
        let io = |error| SweepError::io(folder, error);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(io)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let Some((finished, good)) = entries(names, &bytes) else {
            return Err(SweepError::Damaged(folder.to_string()));
        };
        if good < bytes.len() {
            file.set_len(good as u64).map_err(io)?;
        }
        Ok(Journal { file: Some(file), folder: folder.to_string(), names: names.to_vec(), finished })
    }

    /// Of work that nobody goes on with.
    pub(crate) fn in_memory() -> Journal {
        Journal { file: None, folder: String::new(), names: Vec::new(), finished: BTreeMap::new() }
    }

    /// The finished trainings.
    pub(crate) fn finished(&self) -> &BTreeMap<u32, TrainingResult> {
        &self.finished
    }

    /// Adds a finished training; when this returns it is on the disk.
    pub(crate) fn add(&mut self, training: u32, result: TrainingResult) -> Result<(), SweepError> {
        if let Some(file) = &mut self.file {
            let line = line(&self.names[training as usize], &result);
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

    /// `trainings.jsonl`: all finished trainings in the order of their names, whichever ended first.
    pub(crate) fn published(&self) -> Vec<u8> {
        let lines =
            self.finished.iter().map(|(&training, result)| line(&self.names[training as usize], result));
        let mut lines: Vec<String> = lines.collect();
        lines.sort_unstable();
        lines.concat().into_bytes()
    }
}

fn line(name: &str, result: &TrainingResult) -> String {
    seal(&serde_json::to_string(&Entry::new(name, result)).expect("an entry is JSON"))
}

/// How many of the finished trainings in a journal have one of these names; none if it is damaged.
pub(crate) fn known(names: &[String], bytes: &[u8]) -> Option<usize> {
    entries(names, bytes).map(|(finished, _)| finished.len())
}

/// The entries with one of these names up to the end that may be torn, and how many bytes all take; none if a line before others is
/// damaged.
fn entries(names: &[String], bytes: &[u8]) -> Option<(BTreeMap<u32, TrainingResult>, usize)> {
    let numbers: BTreeMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
    let (mut finished, mut good, mut torn) = (BTreeMap::new(), 0, false);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let text = unseal(line);
        let Some(entry) = text.and_then(|text| serde_json::from_str::<Entry>(text).ok()) else {
            torn = true;
            continue;
        };
        if torn {
            return None;
        }
        if let Some(&training) = numbers.get(entry.training.as_str()) {
            finished.insert(training, entry.result());
        }
        good += line.len();
    }
    Some((finished, good))
}
