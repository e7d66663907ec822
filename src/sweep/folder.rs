//! The folder of a sweep at work. Inside the folder for results there is one of work, which holds how far the sweep has
//! come, the journal of trainings and, in `new`, the rows. Whatever is killed when, what `progress` says is on the disk,
//! and old results stay until the new ones are complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::SweepError;
use super::by_seed::by_seed;
use super::columns::result_columns;
use super::files::{BY_SEED, EVALUATIONS, REPORT, RESULTS, SUMMARY, TRAININGS};
use super::journal::{Journal, known, seal, unseal};
use super::names::Names;
use super::result::Incomplete;
use super::shard::Shard;
use super::summary::{Known, SweepSummary};
use crate::digest::{self, Hasher};
use crate::report::{self, Kind, Manifest, PROGRESS, sweep_report, sync_folder, undisturbed, write_synced};
use crate::run::PROGRAM;

const PROGRESS_NEXT: &str = "progress.next";
const JOURNAL: &str = "trainings.journal";

/// How far a sweep has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    schema: u32,
    program: String,
    fingerprint: String,
    shard: String,
    /// Rows, bytes and rows without figures of a whole training that the results are known to hold.
    pub rows: u64,
    pub bytes: u64,
    #[serde(flatten)]
    pub incomplete: Incomplete,
    /// Digest of these bytes.
    sha256: String,
}

impl Progress {
    fn new(fingerprint: &str, shard: Shard) -> Progress {
        Progress {
            schema: 1,
            program: PROGRAM.to_string(),
            fingerprint: fingerprint.to_string(),
            shard: shard.to_string(),
            rows: 0,
            bytes: 0,
            incomplete: Incomplete::default(),
            sha256: Hasher::default().digits(),
        }
    }

    /// A line with its checksum.
    fn line(&self) -> Vec<u8> {
        seal(&serde_json::to_string(self).expect("progress is JSON")).into_bytes()
    }

    fn read(work: &Path, name: &str) -> Result<Option<Progress>, SweepError> {
        let bytes = match fs::read(work.join(PROGRESS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| SweepError::io(name, error))?,
        };
        let progress = unseal(&bytes).and_then(|text| serde_json::from_str(text).ok());
        progress.map(Some).ok_or_else(|| SweepError::Damaged(name.to_string()))
    }
}

/// A folder in which a sweep is at work.
pub(crate) struct Folder {
    results: report::Folder,
    work: PathBuf,
    pub progress: Progress,
    pub journal: Option<Journal>,
    rows: File,
    hasher: Hasher,
}

/// What there is to do in a folder.
pub(crate) enum Opened {
    /// The sweep is at work.
    Working(Box<Folder>),
    /// It was finished before.
    Finished,
}

impl Folder {
    /// Takes a folder for a sweep: a new or empty one, one of the same sweep (with `force` of any), finished, whose results
    /// are replaced when this one is finished, or with `resume` the one of the same sweep, unfinished, or of one that has a finished
    /// training in common with it.
    pub(crate) fn open(
        path: &Path,
        names: &Names,
        shard: Shard,
        (resume, force): (bool, bool),
    ) -> Result<Opened, SweepError> {
        let name = path.display().to_string();
        let io = |error| SweepError::io(&name, error);
        let results = report::Folder::to_keep(path, Kind::Sweep)?;
        let (work, new) = (results.work(), results.new_files());
        let fresh = Progress::new(&names.sweep, shard);
        let progress = match Progress::read(&work, &name)? {
            Some(_) if !resume => return Err(report::FolderError::Unfinished(name).into()),
            Some(old) if same_sweep(&old, &fresh, &name)? => old,
            Some(_) => {
                let journal = fs::read(work.join(JOURNAL)).or_else(if_there).map_err(io)?;
                in_common(&names.trainings, &journal, &name)?;
                write_whole(&work, PROGRESS_NEXT, PROGRESS, &fresh.line()).map_err(io)?;
                fresh
            }
            None if resume && path.join(SUMMARY).exists() => {
                let trainings = match finished_trainings(path, names, &fresh) {
                    Ok(Some(trainings)) => trainings,
                    other => {
                        results.discard()?;
                        return other.map(|_| Opened::Finished);
                    }
                };
                begin(&results, &fresh, &trainings).map_err(io)?;
                fresh
            }
            None => {
                if !force && path.join(SUMMARY).exists() && !holds(path, &fresh) {
                    results.discard()?;
                    return Err(SweepError::OtherResults(name));
                }
                begin(&results, &fresh, b"").map_err(io)?;
                fresh
            }
        };
        let journal = Journal::open(&work.join(JOURNAL), &names.trainings, &name)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut rows = options.open(new.join(RESULTS)).map_err(io)?;
        let mut hasher = Hasher::default();
        let known = digest::add_file(&mut hasher, &mut (&mut rows).take(progress.bytes)).map_err(io)?;
        if known != progress.bytes || hasher.digits() != progress.sha256 {
            return Err(SweepError::Damaged(name));
        }
        rows.set_len(progress.bytes).map_err(io)?;
        rows.seek(SeekFrom::End(0)).map_err(io)?;
        let journal = Some(journal);
        Ok(Opened::Working(Box::new(Folder { results, work, progress, journal, rows, hasher })))
    }

    pub(crate) fn name(&self) -> String {
        self.results.path().display().to_string()
    }

    /// Appends to the results; they count from the next [`checkpoint`](Self::checkpoint) on.
    pub(crate) fn append(
        &mut self,
        bytes: &[u8],
        rows: u64,
        incomplete: Incomplete,
    ) -> Result<(), SweepError> {
        self.rows.write_all(bytes).map_err(|error| SweepError::io(&self.name(), error))?;
        self.hasher.add(bytes);
        self.progress.rows += rows;
        self.progress.bytes += bytes.len() as u64;
        self.progress.incomplete += incomplete;
        Ok(())
    }

    /// Makes sure that all that was appended is still there after a crash.
    pub(crate) fn checkpoint(&mut self) -> Result<(), SweepError> {
        self.progress.sha256 = self.hasher.digits();
        let line = self.progress.line();
        let synced = self.rows.sync_data();
        let written = synced.and_then(|()| write_whole(&self.work, PROGRESS_NEXT, PROGRESS, &line));
        written.map_err(|error| SweepError::io(&self.name(), error))
    }

    /// Makes what else belongs to the results and puts all in place.
    pub(crate) fn finish(mut self, summary: &SweepSummary, extras: Extras<'_>) -> Result<(), SweepError> {
        self.checkpoint()?;
        let name = self.name();
        let new = self.results.new_files();
        let mut manifest = Manifest::default();
        manifest.add(RESULTS, self.hasher.digits());
        finish_files(&new, &mut manifest, summary, extras).map_err(|error| SweepError::io(&name, error))?;
        drop((self.rows, self.journal));
        Ok(self.results.publish(&manifest)?)
    }
}

/// What is made of the rows, beside them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extras<'a> {
    /// `evaluations.csv`, if anything was trained.
    pub evaluations: Option<&'a [u8]>,
    /// `trainings.jsonl`, likewise.
    pub trainings: Option<&'a [u8]>,
    /// `report.html`.
    pub report: bool,
    /// `results.parquet`.
    pub parquet: bool,
}

/// Writes all files of a sweep but its rows, which are there.
pub(crate) fn finish_files(
    new: &Path,
    manifest: &mut Manifest,
    summary: &SweepSummary,
    extras: Extras<'_>,
) -> io::Result<()> {
    let mut add = |name: &str, content: &[u8]| {
        manifest.add(name, digest::of_bytes(content));
        write_synced(&new.join(name), content)
    };
    add(SUMMARY, &summary.to_json())?;
    if let Some(evaluations) = extras.evaluations {
        add(EVALUATIONS, evaluations)?;
    }
    if let Some(trainings) = extras.trainings {
        add(TRAININGS, trainings)?;
    }
    let open = || File::open(new.join(RESULTS)).map(BufReader::new);
    let has_seeds = summary.axes.iter().any(|axis| axis.is_seed() && axis.values > 1);
    if has_seeds && summary.shard.is_none() {
        add(BY_SEED, &by_seed(summary, open()?)?)?;
    }
    if extras.report {
        let seeds: Vec<String> =
            summary.axes.iter().filter(|axis| axis.is_seed()).map(|axis| axis.column.clone()).collect();
        let columns = result_columns(&summary.targets);
        add(REPORT, &sweep_report(&summary.name, &summary.notes(), &columns, &seeds, open)?)?;
    }
    if extras.parquet {
        #[cfg(feature = "parquet")]
        manifest.add(super::parquet::NAME, super::parquet::write(new)?);
    }
    Ok(())
}

/// Writes a file so that at any time it is whole or not there.
fn write_whole(folder: &Path, next: &str, name: &str, content: &[u8]) -> io::Result<()> {
    undisturbed(|| {
        write_synced(&folder.join(next), content)?;
        fs::rename(folder.join(next), folder.join(name))?;
        sync_folder(folder)
    })
}

/// Begins in a folder of work, whatever a program left there that was killed before it had begun, with these trainings finished.
fn begin(results: &report::Folder, fresh: &Progress, trainings: &[u8]) -> io::Result<()> {
    let (work, new) = (results.work(), results.new_files());
    fs::remove_dir_all(&new).and_then(|()| fs::create_dir(&new))?;
    write_synced(&work.join(JOURNAL), trainings)?;
    write_whole(&work, PROGRESS_NEXT, PROGRESS, &fresh.line())
}

/// No bytes for a file that is not there.
fn if_there(error: io::Error) -> io::Result<Vec<u8>> {
    if error.kind() == io::ErrorKind::NotFound { Ok(Vec::new()) } else { Err(error) }
}

fn changed(folder: &str, reason: String) -> SweepError {
    SweepError::Changed { folder: folder.to_string(), reason }
}

/// Whether a folder is of this very sweep. An error if nothing in it can be gone on with.
fn same_sweep(old: &Progress, new: &Progress, folder: &str) -> Result<bool, SweepError> {
    let changed = |reason| changed(folder, reason);
    if old.program != new.program {
        return Err(changed(format!("it was begun with {}, and this is {}", old.program, new.program)));
    }
    if old.schema != new.schema {
        return Err(changed("its files are those of another version of mpcsim".to_string()));
    }
    if old.shard != new.shard {
        return Err(changed(format!("it was begun as shard {}, and this is shard {}", old.shard, new.shard)));
    }
    Ok(old.fingerprint == new.fingerprint)
}

/// Refuses finished trainings that have nothing to do with a sweep.
fn in_common(names: &[String], trainings: &[u8], folder: &str) -> Result<(), SweepError> {
    match known(names, trainings) {
        None => Err(SweepError::Damaged(folder.to_string())),
        Some(0) => {
            let reason = "the sweep file, its base scenario or its data are not what they were, and none of its finished trainings is one of \
                          this sweep";
            Err(changed(folder, reason.to_string()))
        }
        Some(_) => Ok(()),
    }
}

/// What a finished sweep says of itself, as far as it can be read.
fn finished(path: &Path, fresh: &Progress) -> Result<Progress, SweepError> {
    let name = path.display().to_string();
    let bytes = fs::read(path.join(SUMMARY)).map_err(|error| SweepError::io(&name, error))?;
    let Known { program, fingerprint, shard } =
        serde_json::from_slice(&bytes).map_err(|_| SweepError::Damaged(name))?;
    let shard = shard.map_or_else(|| Shard::WHOLE.to_string(), |shard| shard.text());
    Ok(Progress { program, fingerprint, shard, ..fresh.clone() })
}

/// Whether the results in a folder are of this very sweep, made with this version.
fn holds(path: &Path, fresh: &Progress) -> bool {
    finished(path, fresh).is_ok_and(|old| old == *fresh)
}

/// With `--resume`, a finished sweep is left alone, if it is this one. If it is another, its trainings, some of which are of this one too.
fn finished_trainings(path: &Path, names: &Names, fresh: &Progress) -> Result<Option<Vec<u8>>, SweepError> {
    let name = path.display().to_string();
    check_whole(path)?;
    if same_sweep(&finished(path, fresh)?, fresh, &name)? {
        return Ok(None);
    }
    let trainings = fs::read(path.join(TRAININGS)).or_else(if_there);
    let trainings = trainings.map_err(|error| SweepError::io(&name, error))?;
    in_common(&names.trainings, &trainings, &name)?;
    Ok(Some(trainings))
}

/// Refuses results that are not all as they were written.
pub(crate) fn check_whole(path: &Path) -> Result<(), SweepError> {
    let damaged = || SweepError::Damaged(path.display().to_string());
    let manifest = Manifest::read(path).ok().flatten().ok_or_else(damaged)?;
    let whole = [RESULTS, SUMMARY].iter().all(|name| manifest.lists(name))
        && manifest.names().all(|name| manifest.is_as_listed(path, name).unwrap_or(false));
    if whole { Ok(()) } else { Err(damaged()) }
}
