//! A file that appears whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};

use super::temporary::Temporary;

/// A file that is going to be written: begun before the work whose result it takes, so that what is wrong with its place
/// comes out first.
#[derive(Debug)]
pub struct NewFile {
    /// Links followed.
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Written beside its place, then put there at once.
    Beside(Temporary, File),
    /// A device or a pipe, which takes bytes as they come.
    Device(File),
}

impl NewFile {
    /// Begins a file. A link is followed; a file that is there stays as it is until the new one is whole.
    pub fn begin(path: &Path) -> io::Result<NewFile> {
        let there = match fs::metadata(path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) if fs::symlink_metadata(path).is_ok() => {
                return Err(io::Error::new(io::ErrorKind::NotFound, "it is a link to what does not exist"));
            }
            Err(_) => None,
        };
        let path = match &there {
            Some(there) if there.is_dir() => return Err(io::Error::other("it is a folder")),
            Some(there) if !there.is_file() => {
                let file = OpenOptions::new().write(true).open(path)?;
                return Ok(NewFile { path: path.to_path_buf(), place: Place::Device(file) });
            }
            Some(_) => fs::canonicalize(path)?,
            None => path.to_path_buf(),
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder)?;
        let (temporary, file) = Temporary::file_in(folder)?;
        Ok(NewFile { path, place: Place::Beside(temporary, file) })
    }

    /// Writes what `content` gives, gzipped if the name ends in `.gz`, and puts the file in its place. What `content`
    /// returns is handed on; if that is an error, nothing is left.
    pub fn write<E: From<io::Error>>(
        mut self,
        content: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        let file = match &mut self.place {
            Place::Beside(_, file) | Place::Device(file) => file,
        };
        let mut buffered = BufWriter::new(file);
        if self.path.extension().is_some_and(|extension| extension == "gz") {
            let mut packed = GzEncoder::new(&mut buffered, Compression::default());
            content(&mut packed)?;
            packed.finish()?;
        } else {
            content(&mut buffered)?;
        }
        buffered.flush()?;
        drop(buffered);
        if let Place::Beside(temporary, _) = self.place {
            temporary.finish(|from| fs::rename(from, &self.path))?;
        }
        Ok(())
    }
}
