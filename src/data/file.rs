//! Opening files of data, gzipped or not.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::DataError;

/// First bytes of a gzip file.
pub const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Opens a file; a folder is refused.
pub fn open(path: &Path, name: &str) -> Result<File, DataError> {
    let file = File::open(path).map_err(|cause| unreadable(name, cause))?;
    let is_folder = file.metadata().map_err(|cause| unreadable(name, cause))?.is_dir();
    if is_folder {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let holds = entries.filter_map(|entry| entry.file_name().into_string().ok()).min();
        return Err(DataError::Folder { file: name.to_string(), holds });
    }
    Ok(file)
}

/// Opens a file to read what is in it, unpacked if it is gzipped.
pub fn unpacked(path: &Path, name: &str) -> Result<Box<dyn BufRead>, DataError> {
    let mut file = BufReader::new(open(path, name)?);
    let start = file.fill_buf().map_err(|cause| unreadable(name, cause))?;
    if start.starts_with(&GZIP_MAGIC) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// The error for what the operating system refuses.
pub fn unreadable(name: &str, cause: std::io::Error) -> DataError {
    use std::io::ErrorKind;
    // In our words where they are the same on every system.
    let cause = match cause.kind() {
        ErrorKind::NotFound => "there is no such file".to_string(),
        ErrorKind::PermissionDenied => "permission denied".to_string(),
        _ => cause.to_string(),
    };
    DataError::Unreadable { file: name.to_string(), cause }
}

/// What does not come from the system comes from the unpacker.
pub fn damaged(name: &str, cause: std::io::Error) -> DataError {
    if cause.raw_os_error().is_some() {
        return unreadable(name, cause);
    }
    DataError::Damaged { file: name.to_string(), cause }
}

/// As many bytes as there are, at most as many as the buffer has.
pub fn read_full(stream: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut found = 0;
    while found < buffer.len() {
        match stream.read(&mut buffer[found..]) {
            Ok(0) => break,
            Ok(read) => found += read,
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(found)
}
