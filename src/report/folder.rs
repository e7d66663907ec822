//! A folder of results: it appears whole, or its files are replaced at once; what mpcsim did not write is left alone.
//!
//! A new folder is made beside its place and renamed. In one that is there (which may be a mount point, or the folder that
//! the program was called in), results are made in a folder of work inside and then moved, the list of files last. If the
//! machine stops in between, whoever opens the folder next finishes that.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::manifest::{MANIFEST, Manifest};
use super::temporary::{Temporary, undisturbed};
use crate::digest;

/// Why results could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder holds something that mpcsim did not write.
    #[error(
        "{folder} holds {file}, which is not a result of mpcsim, so nothing there is replaced: choose another folder \
         with --out"
    )]
    Foreign {
        /// The folder.
        folder: String,
        /// What was found in it.
        file: String,
    },
    /// The folder holds a result that somebody changed.
    #[error(
        "{folder}/{file} was changed after mpcsim had written it, so nothing there is replaced: choose another folder \
         with --out"
    )]
    Changed {
        /// The folder.
        folder: String,
        /// What was changed.
        file: String,
    },
    /// The results are of another command.
    #[error("{folder} holds results of mpcsim {found}, not of {wanted}: choose another folder with --out")]
    OtherKind {
        /// The folder.
        folder: String,
        /// The command that wrote them.
        found: &'static str,
        /// The command that is at work.
        wanted: &'static str,
    },
    /// An unfinished sweep would be lost.
    #[error("{0} holds an unfinished sweep: go on with --resume, or choose another folder with --out")]
    Unfinished(String),
    /// Somebody else works in it.
    #[error("another mpcsim is at work in {0}")]
    Busy(String),
    /// It is no folder.
    #[error("{0} is a file, not a folder: choose another one with --out")]
    NotAFolder(String),
    /// It is a link to nothing.
    #[error("{0} is a link to what does not exist: make that folder, or choose another one with --out")]
    Dangling(String),
    /// The system said no.
    #[error("results cannot be written to {folder}: {error}")]
    Io {
        /// The folder.
        folder: String,
        /// What the system said.
        error: io::Error,
    },
}

impl FolderError {
    /// Whether the user can do something about it without leaving the program.
    pub fn is_mistake(&self) -> bool {
        !matches!(self, FolderError::Io { .. })
    }
}

/// Whose results a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of one run.
    Run,
    /// Of a sweep, or a shard of it.
    Sweep,
}

impl Kind {
    /// The file that all such results have.
    fn main_file(self) -> &'static str {
        match self {
            Kind::Run => "summary.json",
            Kind::Sweep => "sweep.json",
        }
    }

    fn command(self) -> &'static str {
        match self {
            Kind::Run => "run",
            Kind::Sweep => "sweep",
        }
    }
}

/// The folder of work inside a folder of results, and what is in it.
const WORK: &str = ".mpcsim-unfinished";
const NEW: &str = "new";
const LOCK: &str = "lock";
/// How far a sweep has come. Where it is, work goes on with `--resume`.
pub(crate) const PROGRESS: &str = "progress";
/// What a file system keeps in its topmost folder.
const OF_THE_SYSTEM: &str = "lost+found";

/// A place for results.
#[derive(Debug)]
pub struct Folder {
    given: PathBuf,
    kind: Kind,
    work: Work,
}

#[derive(Debug)]
enum Work {
    /// The folder is not there yet. It is made in `beside`; `rest` of its path is new.
    Beside { base: PathBuf, rest: PathBuf, beside: Temporary },
    /// The folder is there (links followed), and locked. What is temporary goes with the program.
    Inside { path: PathBuf, temporary: Option<Temporary>, _lock: File },
}

/// Where a path leads.
enum Found {
    There(PathBuf),
    Missing { base: PathBuf, rest: PathBuf },
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> FolderError {
    let folder = path.display().to_string();
    move |error| FolderError::Io { folder: folder.clone(), error }
}

/// Follows links, up from the part of a path that is there.
fn find(path: &Path) -> Result<Found, FolderError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let shown = || path.display().to_string();
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Ok(Found::There(fs::canonicalize(path).map_err(io_error(path))?)),
        Ok(_) => Err(FolderError::NotAFolder(shown())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            if fs::symlink_metadata(path).is_ok() {
                return Err(FolderError::Dangling(shown()));
            }
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                return Err(io_error(path)(error));
            };
            match find(parent)? {
                Found::There(base) => Ok(Found::Missing { base, rest: PathBuf::from(name) }),
                Found::Missing { base, rest } => Ok(Found::Missing { base, rest: rest.join(name) }),
            }
        }
        Err(error) => Err(io_error(path)(error)),
    }
}

impl Folder {
    /// Makes sure that results can be written there, by making the folder that they will be made in. To be called before
    /// a long run; when this is dropped, nothing is left.
    pub fn new(path: &Path, kind: Kind) -> Result<Folder, FolderError> {
        let io = io_error(path);
        let work = match find(path)? {
            Found::There(there) => Folder::inside(path, there, kind, false)?,
            Found::Missing { base, rest } => {
                let beside = Temporary::folder_in(&base).map_err(&io)?;
                fs::create_dir_all(beside.path().join(&rest)).map_err(&io)?;
                Work::Beside { base, rest, beside }
            }
        };
        Ok(Folder { given: path.to_path_buf(), kind, work })
    }

    /// The same for work that is kept when the program ends: the folder is made now if it is not there.
    pub(crate) fn to_keep(path: &Path, kind: Kind) -> Result<Folder, FolderError> {
        let io = io_error(path);
        if let Found::Missing { base, rest } = find(path)? {
            drop(Folder::new(path, kind)?);
            fs::create_dir_all(base.join(rest)).map_err(&io)?;
        }
        let there = fs::canonicalize(path).map_err(&io)?;
        let work = Folder::inside(path, there, kind, true)?;
        Ok(Folder { given: path.to_path_buf(), kind, work })
    }

    fn inside(given: &Path, path: PathBuf, kind: Kind, keep: bool) -> Result<Work, FolderError> {
        let io = io_error(given);
        check(given, &path, kind)?;
        let work = path.join(WORK);
        loop {
            let made = Temporary::new_folder(work.clone());
            let was_there = matches!(&made, Err(error) if error.kind() == ErrorKind::AlreadyExists);
            let mut temporary = if was_there { None } else { Some(made.map_err(&io)?) };
            let lock = lock(&work, given)?;
            if was_there && work.join(NEW).join(MANIFEST).exists() {
                undisturbed(|| publish(&path)).map_err(&io)?;
                continue;
            }
            if was_there && !keep {
                if work.join(PROGRESS).exists() {
                    return Err(FolderError::Unfinished(given.display().to_string()));
                }
                // Of a program that was killed.
                temporary = Some(Temporary::adopt(work.clone()));
            }
            if keep && let Some(temporary) = temporary.take() {
                temporary.keep();
            }
            if !keep && work.join(NEW).exists() {
                fs::remove_dir_all(work.join(NEW)).map_err(&io)?;
            }
            fs::create_dir_all(work.join(NEW)).map_err(&io)?;
            return Ok(Work::Inside { path, temporary, _lock: lock });
        }
    }

    /// Where it is, as the user wrote it.
    pub fn path(&self) -> &Path {
        &self.given
    }

    /// Where its files are made.
    pub(crate) fn new_files(&self) -> PathBuf {
        match &self.work {
            Work::Beside { rest, beside, .. } => beside.path().join(rest),
            Work::Inside { path, .. } => path.join(WORK).join(NEW),
        }
    }

    /// The folder of work of one that is there.
    pub(crate) fn work(&self) -> PathBuf {
        self.new_files().parent().expect("it is inside another").to_path_buf()
    }

    /// Gives work up that would have been kept.
    pub(crate) fn discard(self) -> Result<(), FolderError> {
        undisturbed(|| fs::remove_dir_all(self.work())).map_err(io_error(&self.given))
    }

    /// Makes all files, then puts them in their place at once.
    pub fn write(self, files: &[(&'static str, Vec<u8>)]) -> Result<(), FolderError> {
        let mut manifest = Manifest::default();
        let new = self.new_files();
        for (name, content) in files {
            fs::write(new.join(name), content).map_err(io_error(&self.given))?;
            manifest.add(name, digest::of_bytes(content));
        }
        self.publish(&manifest)
    }

    /// Puts the files that were made, and are listed, in their place at once.
    pub(crate) fn publish(self, manifest: &Manifest) -> Result<(), FolderError> {
        assert!(manifest.lists(self.kind.main_file()), "results without their main file");
        let io = io_error(&self.given);
        let new = self.new_files();
        write_synced(&new.join(MANIFEST), manifest.text().as_bytes()).map_err(&io)?;
        match self.work {
            Work::Beside { base, rest, beside } => {
                let first = Path::new(rest.iter().next().expect("something is new"));
                if fs::symlink_metadata(base.join(first)).is_ok() {
                    // It came meanwhile.
                    let there = Folder::new(&self.given, self.kind)?;
                    for name in manifest.names() {
                        fs::rename(new.join(name), there.new_files().join(name)).map_err(&io)?;
                    }
                    return there.publish(manifest);
                }
                beside.finish(|beside| fs::rename(beside.join(first), base.join(first))).map_err(&io)
            }
            Work::Inside { path, temporary, _lock } => {
                check(&self.given, &path, self.kind)?;
                undisturbed(|| publish(&path)).map_err(&io)?;
                drop(temporary);
                Ok(())
            }
        }
    }
}

/// Refuses folders with anything in them that mpcsim did not write.
fn check(given: &Path, path: &Path, kind: Kind) -> Result<(), FolderError> {
    let io = io_error(given);
    let folder = given.display().to_string();
    let old = Manifest::read(path).map_err(&io)?;
    // There if the machine stopped while files were moved.
    let coming = Manifest::read(&path.join(WORK).join(NEW)).map_err(&io)?;
    for entry in path.read_dir().map_err(&io)? {
        let entry = entry.map_err(&io)?;
        let is_folder = entry.file_type().map_err(&io)?.is_dir();
        let file = entry.file_name().to_string_lossy().into_owned();
        let is_known = match file.as_str() {
            WORK | OF_THE_SYSTEM => is_folder,
            MANIFEST => old.is_some(),
            name => {
                let mut lists = old.iter().chain(&coming);
                lists.any(|list| list.is_as_listed(path, name).unwrap_or(false))
            }
        };
        if !is_known {
            let changed = !is_folder && old.as_ref().is_some_and(|old| old.lists(&file));
            return Err(if changed {
                FolderError::Changed { folder, file }
            } else {
                FolderError::Foreign { folder, file }
            });
        }
    }
    let other = if kind == Kind::Run { Kind::Sweep } else { Kind::Run };
    if old.is_some_and(|old| old.lists(other.main_file())) {
        return Err(FolderError::OtherKind { folder, found: other.command(), wanted: kind.command() });
    }
    Ok(())
}

/// The lock of a folder of work; it is held as long as the file is open.
fn lock(work: &Path, given: &Path) -> Result<File, FolderError> {
    let io = io_error(given);
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).open(work.join(LOCK)).map_err(&io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FolderError::Busy(given.display().to_string())),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

/// Moves the new files of a folder to their place and takes the old ones and the folder of work away.
fn publish(path: &Path) -> io::Result<()> {
    let work = path.join(WORK);
    let new = work.join(NEW);
    let coming = Manifest::read(&new)?.ok_or_else(|| io::Error::other("its list of new files is damaged"))?;
    let old = Manifest::read(path)?.unwrap_or_default();
    for name in coming.names().filter(|name| new.join(name).exists()) {
        fs::rename(new.join(name), path.join(name))?;
    }
    for name in old.names().filter(|name| !coming.lists(name)) {
        if path.join(name).exists() && old.is_as_listed(path, name)? {
            fs::remove_file(path.join(name))?;
        }
    }
    sync_folder(path)?;
    // In this order: from here on there is nothing to go on with, and until the list has moved, something to finish.
    if work.join(PROGRESS).exists() {
        fs::remove_file(work.join(PROGRESS))?;
        sync_folder(&work)?;
    }
    fs::rename(new.join(MANIFEST), path.join(MANIFEST))?;
    sync_folder(path)?;
    fs::remove_dir_all(&work)
}

/// Whether the sweep in a folder is still to be finished.
pub(crate) fn is_unfinished(path: &Path) -> bool {
    path.join(WORK).join(PROGRESS).exists()
}

/// Writes a file that is on the disk when this returns.
pub(crate) fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Makes renamed and removed files survive a crash of the machine, where the system can.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
