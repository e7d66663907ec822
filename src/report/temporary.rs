//! Files and folders that are not results yet: whatever ends the program, they are taken away.
//!
//! Their guards do it when a command ends, well or not; [`remove_all`] does it when the user or the system interrupts.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static PATHS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn paths() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    PATHS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Takes all temporary files away. Nobody can make or finish one after that: the program must end now.
pub fn remove_all() {
    let paths = paths();
    paths.iter().for_each(|path| drop(remove(path)));
    std::mem::forget(paths);
}

/// Does something that an interruption waits for: it must be short, and make no temporary file.
pub(crate) fn undisturbed<T>(work: impl FnOnce() -> T) -> T {
    let guard = paths();
    let done = work();
    drop(guard);
    done
}

/// A file or folder that is taken away when this is dropped.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
}

impl Temporary {
    /// What `make` makes, and where.
    fn new<T>(make: impl FnOnce() -> io::Result<(PathBuf, T)>) -> io::Result<(Temporary, T)> {
        let mut known = paths();
        let (path, made) = make()?;
        known.insert(path.clone());
        Ok((Temporary { path }, made))
    }

    /// A folder with a name of its own.
    pub(crate) fn folder_in(parent: &Path) -> io::Result<Temporary> {
        let make = || Ok((tempfile::Builder::new().prefix(".mpcsim-").tempdir_in(parent)?.keep(), ()));
        Temporary::new(make).map(|(temporary, ())| temporary)
    }

    /// A folder with this name, which must not be there.
    pub(crate) fn new_folder(path: PathBuf) -> io::Result<Temporary> {
        let make = || fs::create_dir(&path).map(|()| (path.clone(), ()));
        Temporary::new(make).map(|(temporary, ())| temporary)
    }

    /// A folder that is there, left behind by a program that was killed.
    pub(crate) fn adopt(path: PathBuf) -> Temporary {
        paths().insert(path.clone());
        Temporary { path }
    }

    /// It stays after all.
    pub(crate) fn keep(self) {
        paths().remove(&self.path);
    }

    /// A file with a name of its own and the permissions that any new file has.
    pub(crate) fn file_in(parent: &Path) -> io::Result<(Temporary, fs::File)> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".mpcsim-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666)); // less what the user masks
        }
        Temporary::new(|| {
            let (file, path) = builder.tempfile_in(parent)?.keep().map_err(|error| error.error)?;
            Ok((path, file))
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Does something to it that an interruption waits for: what `work` leaves of it is taken away.
    pub(crate) fn finish<T>(self, work: impl FnOnce(&Path) -> T) -> T {
        undisturbed(|| work(&self.path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let mut known = paths();
        if known.remove(&self.path) {
            let _ = remove(&self.path);
        }
    }
}
