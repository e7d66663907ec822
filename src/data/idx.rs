//! The IDX format: a magic number that says how many dimensions, the dimensions, then one byte per entry.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::DataError;

/// First bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// No data set of a laptop is larger.
const LARGEST_BYTES: u64 = 1 << 40;

/// What a file is expected to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Unsigned bytes in two or more dimensions: rows, and what makes up a row.
    Images,
    /// Unsigned bytes in one dimension.
    Labels,
}

impl Content {
    fn word(self) -> &'static str {
        match self {
            Content::Images => "images",
            Content::Labels => "labels",
        }
    }

    fn magic(self) -> &'static str {
        match self {
            Content::Images => "00 00 08 03 (or another number of dimensions from 02)",
            Content::Labels => "00 00 08 01",
        }
    }

    fn admits(self, dimensions: u8) -> bool {
        match self {
            Content::Images => dimensions >= 2,
            Content::Labels => dimensions == 1,
        }
    }
}

/// An IDX file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// Size of the first dimension.
    pub rows: usize,
    /// Product of all other dimensions: bytes of one row.
    pub width: usize,
    /// `rows * width` bytes, row by row.
    pub bytes: Vec<u8>,
}

/// The header alone.
struct Header {
    rows: u64,
    width: u64,
}

/// Reads an IDX file, gzipped or not. `name` is what errors call it.
pub fn read_file(path: &Path, name: &str, content: Content) -> Result<Idx, DataError> {
    let mut packed = Vec::new();
    open(path, name)?.read_to_end(&mut packed).map_err(|cause| unreadable(name, cause))?;
    read_bytes(&packed, name, content)
}

/// Reads an IDX file that is in memory, gzipped or not.
pub fn read_bytes(packed: &[u8], name: &str, content: Content) -> Result<Idx, DataError> {
    if packed.starts_with(&GZIP_MAGIC) {
        read_stream(&mut MultiGzDecoder::new(packed), true, name, content)
    } else {
        read_stream(&mut &packed[..], false, name, content)
    }
}

/// Reads no more than the header: the number of rows of a file and the bytes of one. The rest may still turn out to be
/// damaged.
pub fn size(path: &Path, name: &str, content: Content) -> Result<(usize, usize), DataError> {
    // 2 + 4 * 255 dimensions fit; a gzip stream of that much content starts well within this.
    let mut start = Vec::new();
    open(path, name)?.take(1 << 16).read_to_end(&mut start).map_err(|cause| unreadable(name, cause))?;
    let header = if start.starts_with(&GZIP_MAGIC) {
        read_header(&mut MultiGzDecoder::new(&start[..]), true, name, content)
    } else {
        read_header(&mut &start[..], false, name, content)
    }?;
    Ok((header.rows as usize, header.width as usize))
}

fn open(path: &Path, name: &str) -> Result<File, DataError> {
    let file = File::open(path).map_err(|cause| unreadable(name, cause))?;
    let is_folder = file.metadata().map_err(|cause| unreadable(name, cause))?.is_dir();
    if is_folder {
        return Err(unreadable(name, std::io::ErrorKind::IsADirectory.into()));
    }
    Ok(file)
}

fn unreadable(name: &str, cause: std::io::Error) -> DataError {
    use std::io::ErrorKind;
    // In our words where they are the same on every system.
    let cause = match cause.kind() {
        ErrorKind::NotFound => "there is no such file".to_string(),
        ErrorKind::IsADirectory => "it is a folder".to_string(),
        ErrorKind::PermissionDenied => "permission denied".to_string(),
        _ => cause.to_string(),
    };
    DataError::Unreadable { file: name.to_string(), cause }
}

/// An error while reading memory can only come from the unpacker.
fn damaged(name: &str, cause: std::io::Error) -> DataError {
    DataError::Damaged { file: name.to_string(), cause }
}

fn read_stream(stream: &mut dyn Read, gzip: bool, name: &str, content: Content) -> Result<Idx, DataError> {
    let Header { rows, width } = read_header(stream, gzip, name, content)?;
    let announced = rows * width;
    let mut bytes = Vec::new();
    // One byte more than announced, to notice what should not be there.
    let end = stream.take(announced + 1).read_to_end(&mut bytes);
    let found = bytes.len() as u64;
    match end {
        Ok(_) => {}
        Err(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof && found < announced => {}
        Err(cause) => return Err(damaged(name, cause)),
    }
    if found > announced {
        return Err(DataError::TooLong { file: name.to_string(), announced });
    }
    if found < announced {
        return Err(DataError::Truncated { file: name.to_string(), announced, found });
    }
    Ok(Idx { rows: rows as usize, width: width as usize, bytes })
}

fn read_header(stream: &mut dyn Read, gzip: bool, name: &str, content: Content) -> Result<Header, DataError> {
    let magic = read_word(stream, gzip, name, 0)?;
    if magic[..3] != [0, 0, 8] || !content.admits(magic[3]) {
        let found = magic.map(|byte| format!("{byte:02x}")).join(" ");
        return Err(DataError::WrongMagic {
            file: name.to_string(),
            wanted: content.word(),
            found,
            magic: content.magic(),
        });
    }
    let mut sizes = Vec::new();
    for dimension in 0..usize::from(magic[3]) {
        sizes.push(u64::from(u32::from_be_bytes(read_word(stream, gzip, name, 4 + 4 * dimension)?)));
    }
    let total = sizes.iter().try_fold(1u64, |product, &size| product.checked_mul(size));
    if !total.is_some_and(|total| (1..=LARGEST_BYTES).contains(&total)) {
        let shape = sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
        return Err(DataError::WrongShape { file: name.to_string(), shape });
    }
    Ok(Header { rows: sizes[0], width: sizes[1..].iter().product() })
}

fn read_word(stream: &mut dyn Read, gzip: bool, name: &str, offset: usize) -> Result<[u8; 4], DataError> {
    let mut word = Vec::with_capacity(4);
    match stream.take(4).read_to_end(&mut word) {
        Err(cause) if gzip && cause.kind() != std::io::ErrorKind::UnexpectedEof => {
            return Err(damaged(name, cause));
        }
        _ => {}
    }
    let found = offset + word.len();
    word.try_into().map_err(|_| DataError::NoHeader { file: name.to_string(), found })
}
