//! A folder of results, which appears whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

/// Why results could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder holds something that mpcsim did not write.
    #[error(
        "{folder} holds {file}, which is not a result of mpcsim, so it is not replaced: choose another folder with --out"
    )]
    Foreign {
        /// The folder.
        folder: String,
        /// What was found in it.
        file: String,
    },
    /// It is no folder.
    #[error("{0} is a file, not a folder: choose another one with --out")]
    NotAFolder(String),
    /// The system said no.
    #[error("results cannot be written to {folder}: {error}")]
    Io {
        /// The folder.
        folder: String,
        /// What the system said.
        error: io::Error,
    },
}

/// Names of all files that a result folder can hold.
const KNOWN_FILES: [&str; 6] =
    ["summary.json", "epochs.csv", "spans.csv", "links.csv", "scenario.ron", "report.html"];

/// A place for results.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Checks that the folder can be made, or be replaced. To be called before a long run.
    pub fn new(path: &Path) -> Result<Folder, FolderError> {
        let folder = Folder { path: path.to_path_buf() };
        folder.check()?;
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn io(&self, error: io::Error) -> FolderError {
        FolderError::Io { folder: self.path.display().to_string(), error }
    }

    fn check(&self) -> Result<(), FolderError> {
        if !self.path.exists() {
            return Ok(());
        }
        if !self.path.is_dir() {
            return Err(FolderError::NotAFolder(self.path.display().to_string()));
        }
        for entry in self.path.read_dir().map_err(|e| self.io(e))? {
            let name = entry.map_err(|e| self.io(e))?.file_name();
            let file = name.to_string_lossy().into_owned();
            if !KNOWN_FILES.contains(&file.as_str()) {
                return Err(FolderError::Foreign { folder: self.path.display().to_string(), file });
            }
        }
        Ok(())
    }

    /// Writes all files beside the folder, then puts them in its place at once.
    pub fn write(&self, files: &[(&'static str, Vec<u8>)]) -> Result<(), FolderError> {
        self.check()?;
        self.replace(files).map_err(|e| self.io(e))
    }

    fn replace(&self, files: &[(&'static str, Vec<u8>)]) -> io::Result<()> {
        let parent = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(parent)?;
        let work = tempfile::Builder::new().prefix(".mpcsim-").tempdir_in(parent)?;
        let fresh = work.path().join("results");
        std::fs::create_dir(&fresh)?;
        for (name, content) in files {
            assert!(KNOWN_FILES.contains(name), "{name} is not listed as a result");
            std::fs::write(fresh.join(name), content)?;
        }
        if self.path.exists() {
            std::fs::rename(&self.path, work.path().join("old"))?;
        }
        std::fs::rename(&fresh, &self.path)
    }
}
