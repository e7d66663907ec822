//! The journal of finished trainings: a line each, written through to the disk before it counts.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SweepError;
use super::training::TrainingResult;
use crate::run::Phase;
use crate::scenario::write::fnv1a;

/// A line of the journal, without its checksum.
#[derive(Serialize, Deserialize)]
struct Entry {
    training: u32,
    correct: u64,
    rows: u64,
    /// Numbers of iterations; between two of them, a restart.
    iterations: Vec<u64>,
    /// After which of them the training started again.
    restarts: Vec<usize>,
    out_of_range: u64,
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
        let (correct, rows, out_of_range) = (result.correct, result.rows, result.out_of_range);
        Entry { training, correct, rows, iterations, restarts, out_of_range }
    }

    fn result(&self) -> TrainingResult {
        let mut phases = Vec::new();
        for (i, &times) in self.iterations.iter().enumerate() {
            phases.push(Phase::Iterations(times));
            phases.extend(self.restarts.iter().filter(|&&after| after == i + 1).map(|_| Phase::Restart));
        }
        let (correct, rows, out_of_range) = (self.correct, self.rows, self.out_of_range);
        TrainingResult { correct, rows, phases, out_of_range }
    }
}

/// An open journal. As long as it is open, nobody else can work in the folder.
pub(crate) struct Journal {
    file: File,
    folder: String,
    finished: BTreeMap<u32, TrainingResult>,
}

impl Journal {
    /// Opens the journal, makes it if there is none, and reads it. A line that was torn when the program was killed is
    /// cut off.
    pub(crate) fn open(path: &Path, folder: &str) -> Result<Journal, SweepError> {
        let io = |error| SweepError::io(folder, error);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SweepError::Busy(folder.to_string())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let (finished, good) = entries(&bytes);
        if good < bytes.len() {
            file.set_len(good as u64).map_err(io)?;
        }
        Ok(Journal { file, folder: folder.to_string(), finished })
    }

    /// The finished trainings.
    pub(crate) fn finished(&self) -> &BTreeMap<u32, TrainingResult> {
        &self.finished
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) -> Result<(), SweepError> {
        self.finished.clear();
        self.file.set_len(0).map_err(|error| SweepError::io(&self.folder, error))
    }

    /// Adds a finished training; when this returns it is on the disk.
    pub(crate) fn add(&mut self, training: u32, result: TrainingResult) -> Result<(), SweepError> {
        let text = serde_json::to_string(&Entry::new(training, &result)).expect("an entry is JSON");
        let line = format!("{text}\t{:016x}\n", fnv1a(&[text.as_bytes()]));
        let length = self.file.metadata().map_or(0, |metadata| metadata.len());
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line would hide those behind it.
            let _ = self.file.set_len(length);
            return Err(SweepError::io(&self.folder, error));
        }
        self.finished.insert(training, result);
        Ok(())
    }
}

/// The entries up to the first line that is damaged, and how many bytes they take.
fn entries(bytes: &[u8]) -> (BTreeMap<u32, TrainingResult>, usize) {
    let (mut finished, mut good) = (BTreeMap::new(), 0);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let Some(entry) = entry(line) else { break };
        finished.insert(entry.training, entry.result());
        good += line.len();
    }
    (finished, good)
}

fn entry(line: &[u8]) -> Option<Entry> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (text, checksum) = line.rsplit_once('\t')?;
    let right = format!("{:016x}", fnv1a(&[text.as_bytes()])) == checksum;
    if right { serde_json::from_str(text).ok() } else { None }
}
