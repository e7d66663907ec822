//! A file that appears whole or not at all.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::{Compression, write::GzEncoder};

/// Writes a file beside its place, then puts it there at once; gzipped if the name ends in `.gz`. What `content`
/// returns is handed on; if that is an error, nothing is left.
pub fn write_whole<E: From<io::Error>>(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    if path.exists() && !path.is_file() {
        return Err(io::Error::other("it is there and no regular file").into());
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mpcsim-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // less what the user masks
    }
    let mut file = builder.tempfile_in(folder)?;
    let mut buffered = BufWriter::new(file.as_file_mut());
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut packed = GzEncoder::new(&mut buffered, Compression::default());
        content(&mut packed)?;
        packed.finish()?;
    } else {
        content(&mut buffered)?;
    }
    buffered.flush()?;
    drop(buffered);
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
