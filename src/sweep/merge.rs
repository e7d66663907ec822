//! Joins the folders of all shards into what one run would have written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::SweepError;
use super::evaluations::joined;
use super::files::{RESULTS, SUMMARY, TRAININGS};
use super::folder::{Extras, check_whole, finish_files};
use super::result::Incomplete;
use super::summary::SweepSummary;
use crate::digest::Hasher;
use crate::report::{Folder, Kind, Manifest, is_unfinished};

/// Missing shards that are named.
const MOST_NAMED: usize = 20;

/// A shard's rows, in the order of the grid.
struct Reader {
    folder: String,
    lines: BufReader<File>,
    line: Vec<u8>,
    index: Option<u64>,
}

impl Reader {
    fn open(folder: &Path) -> Result<Reader, SweepError> {
        let name = folder.display().to_string();
        let file = File::open(folder.join(RESULTS)).map_err(|error| SweepError::io(&name, error))?;
        let mut reader = Reader {
            folder: name,
            lines: BufReader::with_capacity(1 << 16, file),
            line: Vec::new(),
            index: None,
        };
        reader.read_line()?;
        Ok(reader)
    }

    fn damaged(&self) -> SweepError {
        SweepError::Damaged(self.folder.clone())
    }

    fn read_line(&mut self) -> Result<(), SweepError> {
        self.line.clear();
        self.lines
            .read_until(b'\n', &mut self.line)
            .map_err(|error| SweepError::io(&self.folder, error))
            .map(drop)
    }

    /// Goes on to the next row. A cell in quotes never spans lines: names and labels have no line ends.
    fn next_row(&mut self) -> Result<(), SweepError> {
        self.read_line()?;
        if self.line.is_empty() {
            self.index = None;
            return Ok(());
        }
        let digits = self.line.split(|&byte| byte == b',').next().unwrap_or_default();
        let index = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        if index.is_none() || !self.line.ends_with(b"\n") {
            return Err(self.damaged());
        }
        self.index = index;
        Ok(())
    }
}

/// Joins shards; the folder `out` must be new or empty. Returns the number of rows.
pub fn merge(folders: &[PathBuf], out: &Path) -> Result<u64, SweepError> {
    let out_name = out.display().to_string();
    let io = |error| SweepError::io(&out_name, error);
    let results = Folder::new(out, Kind::Sweep)?;
    if out.join(SUMMARY).exists() {
        return Err(SweepError::NotEmpty(out_name));
    }
    let summary = common_summary(folders)?;
    let new = results.new_files();
    let mut file = BufWriter::with_capacity(1 << 20, File::create(new.join(RESULTS)).map_err(io)?);
    let mut hasher = Hasher::default();
    let rows = join(folders, &summary, |line| {
        hasher.add(line);
        file.write_all(line).map_err(io)
    })?;
    file.into_inner().map_err(|error| io(error.into_error()))?.sync_all().map_err(io)?;
    let mut manifest = Manifest::default();
    manifest.add(RESULTS, hasher.digits());
    let evaluations = joined(folders)?;
    let trainings = joined_trainings(folders)?;
    let (evaluations, trainings) = (evaluations.as_deref(), trainings.as_deref());
    let extras = Extras { evaluations, trainings, report: true, parquet: false };
    finish_files(&new, &mut manifest, &summary, extras).map_err(io)?;
    results.publish(&manifest)?;
    Ok(rows)
}

/// The trainings of all shards; one that several have is there once.
fn joined_trainings(folders: &[PathBuf]) -> Result<Option<Vec<u8>>, SweepError> {
    let mut lines = BTreeSet::new();
    let mut any = false;
    for file in folders.iter().map(|folder| folder.join(TRAININGS)).filter(|file| file.exists()) {
        any = true;
        let bytes = fs::read(&file).map_err(|error| SweepError::io(&file.display().to_string(), error))?;
        lines.extend(bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec));
    }
    Ok(any.then(|| lines.into_iter().flatten().collect()))
}

/// Writes the rows of all shards in the order of the grid.
fn join(
    folders: &[PathBuf],
    summary: &SweepSummary,
    mut write: impl FnMut(&[u8]) -> Result<(), SweepError>,
) -> Result<u64, SweepError> {
    let mut readers = folders.iter().map(|folder| Reader::open(folder)).collect::<Result<Vec<_>, _>>()?;
    for reader in &readers {
        if reader.line != readers[0].line {
            return Err(reader.damaged());
        }
    }
    write(&readers[0].line)?;
    for reader in &mut readers {
        reader.next_row()?;
    }
    // Shards are long runs of rows: the one that had the last row most often has the next.
    let mut at = 0;
    for index in 0..summary.points {
        if readers[at].index != Some(index) {
            let next = readers.iter().position(|reader| reader.index == Some(index));
            at = next.ok_or_else(|| readers[at].damaged())?;
        }
        write(&readers[at].line)?;
        readers[at].next_row()?;
    }
    match readers.iter().find(|reader| reader.index.is_some()) {
        Some(reader) => Err(reader.damaged()),
        None => Ok(summary.points),
    }
}

fn read_summary(folder: &Path) -> Result<SweepSummary, SweepError> {
    let name = folder.display().to_string();
    if !folder.is_dir() {
        return Err(SweepError::NotAShard { folder: name, reason: "there is no such folder" });
    }
    if is_unfinished(folder) {
        let reason = "it is not finished: go on with the same command and --resume";
        return Err(SweepError::NotAShard { folder: name, reason });
    }
    let reason = "it holds no results of a sweep";
    let Ok(bytes) = fs::read(folder.join(SUMMARY)) else {
        return Err(SweepError::NotAShard { folder: name, reason });
    };
    check_whole(folder)?;
    serde_json::from_slice(&bytes).map_err(|_| SweepError::NotAShard { folder: name, reason })
}

/// What all shards say of the sweep, if they are its shards, all of them, each once.
fn common_summary(folders: &[PathBuf]) -> Result<SweepSummary, SweepError> {
    let mut whole: Option<SweepSummary> = None;
    // By number. A shard may say that it is one of any number of them: none is counted that is not there.
    let (mut seen, mut of) = (BTreeMap::<u32, String>::new(), None);
    let mut incomplete = Incomplete::default();
    for folder in folders {
        let name = folder.display().to_string();
        let mut summary = read_summary(folder)?;
        let Some(shard) = summary.shard.take() else {
            return Err(SweepError::NotAShard {
                folder: name,
                reason: "it holds a whole sweep, not a shard",
            });
        };
        incomplete += std::mem::take(&mut summary.incomplete);
        let first = whole.get_or_insert_with(|| summary.clone());
        if *first != summary {
            return Err(SweepError::ForeignShard { folder: name, first: folders[0].display().to_string() });
        }
        if *of.get_or_insert(shard.of) != shard.of || !(1..=shard.of).contains(&shard.number) {
            let reason = "it is one of another number of shards";
            return Err(SweepError::NotAShard { folder: name, reason });
        }
        if let Some(other) = seen.insert(shard.number, name.clone()) {
            return Err(SweepError::DuplicateShard { shard: shard.text(), first: other, second: name });
        }
    }
    let of = of.unwrap_or(0);
    let missing = u64::from(of) - seen.len() as u64;
    if missing > 0 {
        let first = (1..=of).filter(|number| !seen.contains_key(number)).take(MOST_NAMED);
        let mut named: Vec<String> = first.map(|number| format!("{number}/{of}")).collect();
        if missing > MOST_NAMED as u64 {
            named.push(format!("and {} more", missing - MOST_NAMED as u64));
        }
        return Err(SweepError::MissingShards(named.join(", ")));
    }
    let mut whole = whole.ok_or(SweepError::MissingShards("all of them".to_string()))?;
    whole.incomplete = incomplete;
    Ok(whole)
}
