//! The folder of a sweep: unfinished, it holds `progress.json`, `results.csv.partial` and the journal of trainings;
//! finished, `results.csv` and `sweep.json`. Whatever is killed when, what `progress.json` says is on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::SweepError;
use super::file::VERSION;
use super::journal::Journal;
use super::shard::Shard;
use crate::report::sweep_report;

pub(crate) const RESULTS: &str = "results.csv";
pub(crate) const SUMMARY: &str = "sweep.json";
pub(crate) const PARTIAL: &str = "results.csv.partial";
pub(crate) const PROGRESS: &str = "progress.json";
pub(crate) const REPORT: &str = "report.html";
const REPORT_NEXT: &str = "report.html.next";
const PROGRESS_NEXT: &str = "progress.json.next";
const SUMMARY_NEXT: &str = "sweep.json.next";
const JOURNAL: &str = "trainings.journal";
/// Everything that a sweep leaves in its folder at any time; also what the report adds.
const KNOWN: [&str; 11] = [
    RESULTS,
    SUMMARY,
    PARTIAL,
    PROGRESS,
    PROGRESS_NEXT,
    SUMMARY_NEXT,
    JOURNAL,
    "results.parquet",
    "results.parquet.next",
    REPORT,
    REPORT_NEXT,
];

/// How far a sweep has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    schema: u32,
    program: String,
    fingerprint: String,
    shard: String,
    /// Rows, bytes and rows without a time that `results.csv.partial` is known to hold.
    pub rows: u64,
    pub bytes: u64,
    pub overflowed: u64,
}

impl Progress {
    fn new(fingerprint: &str, shard: Shard) -> Progress {
        Progress {
            schema: 1,
            program: VERSION.to_string(),
            fingerprint: fingerprint.to_string(),
            shard: shard.to_string(),
            rows: 0,
            bytes: 0,
            overflowed: 0,
        }
    }
}

/// A folder in which a sweep is at work.
pub(crate) struct Folder {
    path: PathBuf,
    pub progress: Progress,
    pub journal: Option<Journal>,
    partial: File,
}

/// What there is to do in a folder.
pub(crate) enum Opened {
    /// The sweep is at work.
    Working(Box<Folder>),
    /// It was finished before.
    Finished,
}

impl Folder {
    /// Takes a folder for a sweep: a new or empty one, the one of a finished sweep, which is replaced, or with `resume`
    /// the one of the same sweep, unfinished.
    pub(crate) fn open(
        path: &Path,
        fingerprint: &str,
        shard: Shard,
        resume: bool,
    ) -> Result<Opened, SweepError> {
        let name = path.display().to_string();
        let io = |error| SweepError::io(&name, error);
        check_entries(path)?;
        fs::create_dir_all(path).map_err(io)?;
        let fresh = Progress::new(fingerprint, shard);
        let finished = !path.join(PROGRESS).exists() && path.join(RESULTS).exists();
        if finished && resume {
            return already_finished(path, &fresh);
        }
        let mut journal = Journal::open(&path.join(JOURNAL), &name)?;
        let mut progress = read_progress(path)?;
        match &progress {
            Some(_) if !resume => return Err(SweepError::Unfinished(name)),
            Some(old) => same_sweep(old, &fresh, &name)?,
            None => {
                journal.clear()?;
                for old in [RESULTS, SUMMARY, PARTIAL, SUMMARY_NEXT, "results.parquet", "report.html"] {
                    remove(&path.join(old)).map_err(io)?;
                }
                write_whole(path, PROGRESS_NEXT, PROGRESS, &json(&fresh)).map_err(io)?;
            }
        }
        let progress = progress.take().unwrap_or(fresh);
        // It has its final name already if the sweep was killed on its last step.
        let partial = if path.join(RESULTS).exists() { RESULTS } else { PARTIAL };
        let open =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path.join(partial));
        let mut partial = open.map_err(io)?;
        if partial.metadata().map_err(io)?.len() < progress.bytes {
            return Err(SweepError::Damaged(name));
        }
        partial.set_len(progress.bytes).map_err(io)?;
        partial.seek(SeekFrom::End(0)).map_err(io)?;
        Ok(Opened::Working(Box::new(Folder {
            path: path.to_path_buf(),
            progress,
            journal: Some(journal),
            partial,
        })))
    }

    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Appends to the results; they count from the next [`checkpoint`](Self::checkpoint) on.
    pub(crate) fn append(&mut self, bytes: &[u8], rows: u64, overflowed: u64) -> Result<(), SweepError> {
        self.partial.write_all(bytes).map_err(|error| SweepError::io(&self.name(), error))?;
        self.progress.rows += rows;
        self.progress.bytes += bytes.len() as u64;
        self.progress.overflowed += overflowed;
        Ok(())
    }

    /// Makes sure that all that was appended is still there after a crash.
    pub(crate) fn checkpoint(&mut self) -> Result<(), SweepError> {
        let synced = self.partial.sync_data();
        let written =
            synced.and_then(|()| write_whole(&self.path, PROGRESS_NEXT, PROGRESS, &json(&self.progress)));
        written.map_err(|error| SweepError::io(&self.name(), error))
    }

    /// Gives the results their final names and takes the traces of work away. With a title, the report is made too.
    pub(crate) fn finish(mut self, summary: &[u8], report_title: Option<&str>) -> Result<(), SweepError> {
        self.checkpoint()?;
        let name = self.name();
        self.rename(summary, report_title).map_err(|error| SweepError::io(&name, error))
    }

    fn rename(self, summary: &[u8], report_title: Option<&str>) -> io::Result<()> {
        let Folder { path, journal, .. } = self;
        write_whole(&path, SUMMARY_NEXT, SUMMARY, summary)?;
        if let Some(title) = report_title {
            let partial = path.join(PARTIAL);
            let results = if partial.exists() { partial } else { path.join(RESULTS) };
            write_whole(&path, REPORT_NEXT, REPORT, &report(title, &results)?)?;
        }
        if path.join(PARTIAL).exists() {
            fs::rename(path.join(PARTIAL), path.join(RESULTS))?;
        }
        sync_folder(&path)?;
        // From here on it is finished.
        remove(&path.join(PROGRESS))?;
        remove(&path.join(JOURNAL))?;
        drop(journal);
        sync_folder(&path)
    }
}

/// The page of the results in a file.
pub(crate) fn report(title: &str, results: &Path) -> io::Result<Vec<u8>> {
    sweep_report(title, || File::open(results).map(BufReader::new))
}

/// Refuses folders with anything in them that a sweep does not write.
pub(crate) fn check_entries(path: &Path) -> Result<(), SweepError> {
    let name = path.display().to_string();
    if !path.exists() {
        return Ok(());
    }
    if !path.is_dir() {
        return Err(SweepError::NotAFolder(name));
    }
    for entry in path.read_dir().map_err(|error| SweepError::io(&name, error))? {
        let file = entry.map_err(|error| SweepError::io(&name, error))?.file_name();
        let file = file.to_string_lossy().into_owned();
        if !KNOWN.contains(&file.as_str()) {
            return Err(SweepError::Foreign { folder: name, file });
        }
    }
    Ok(())
}

fn json(progress: &Progress) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(progress).expect("progress is JSON");
    text.push(b'\n');
    text
}

/// Writes a file so that at any time it is whole or not there.
pub(crate) fn write_whole(folder: &Path, next: &str, name: &str, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(folder.join(next))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(folder.join(next), folder.join(name))?;
    sync_folder(folder)
}

/// Makes renamed and removed files survive a crash of the machine, where the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read_progress(path: &Path) -> Result<Option<Progress>, SweepError> {
    let name = path.display().to_string();
    match fs::read(path.join(PROGRESS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SweepError::io(&name, error)),
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| SweepError::Damaged(name)),
    }
}

fn same_sweep(old: &Progress, new: &Progress, folder: &str) -> Result<(), SweepError> {
    let changed = |reason: String| SweepError::Changed { folder: folder.to_string(), reason };
    if old.program != new.program {
        return Err(changed(format!("it was begun with {}, and this is {}", old.program, new.program)));
    }
    if old.schema != new.schema {
        return Err(changed("its files are those of another version of mpcsim".to_string()));
    }
    if old.fingerprint != new.fingerprint {
        return Err(changed("the sweep file or its base scenario is not what it was".to_string()));
    }
    if old.shard != new.shard {
        return Err(changed(format!("it was begun as shard {}, and this is shard {}", old.shard, new.shard)));
    }
    Ok(())
}

/// With `--resume`, a finished sweep is left alone, if it is this one.
fn already_finished(path: &Path, fresh: &Progress) -> Result<Opened, SweepError> {
    let name = path.display().to_string();
    let bytes = fs::read(path.join(SUMMARY)).map_err(|error| SweepError::io(&name, error))?;
    let summary: super::summary::Known =
        serde_json::from_slice(&bytes).map_err(|_| SweepError::Damaged(name.clone()))?;
    let shard = summary.shard.map_or_else(|| Shard::WHOLE.to_string(), |shard| shard.text());
    let old = Progress { program: summary.program, fingerprint: summary.fingerprint, shard, ..fresh.clone() };
    same_sweep(&old, fresh, &name)?;
    // Left if the sweep was killed on its very last step.
    remove(&path.join(JOURNAL)).map_err(|error| SweepError::io(&name, error))?;
    Ok(Opened::Finished)
}
