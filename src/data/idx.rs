//! The IDX format: a magic number that says how many dimensions, the dimensions, then one byte per entry.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::DataError;
use super::entries::Entries;
use super::file::{GZIP_MAGIC, damaged, open, unreadable};
use super::image::ImageSize;
use super::labels::{Label, Labels};
use super::origin::Origin;
use super::part::Part;
use super::sniff::{MOST_SNIFFED, looks_like};

/// No data set of a laptop is larger.
const LARGEST_BYTES: u64 = 1 << 40;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 1 << 16;

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
    /// Size of the first dimension: all rows of the file.
    pub rows: usize,
    /// Product of all other dimensions: bytes of one row.
    pub width: usize,
    /// What one row is: the other dimensions. One alone is the width; of more than three the last ones count as channels.
    pub image_size: ImageSize,
    /// `width` bytes a row, row by row: all rows, or as many as were to be kept.
    pub bytes: Vec<u8>,
    /// Of labels, which there are, in all rows of the file.
    pub values: Values,
}

/// Which bytes there are in a file: of each, how often it is there, and where it is first. Empty for images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<u8, (u64, u64)>);

impl Values {
    /// Takes bytes that begin at this place.
    fn add(&mut self, bytes: &[u8], first: u64) {
        let mut counts = [(0u64, 0u64); 256];
        for (&byte, place) in bytes.iter().zip(first..) {
            let (count, at) = &mut counts[usize::from(byte)];
            if *count == 0 {
                *at = place;
            }
            *count += 1;
        }
        for (byte, (count, at)) in (0..=u8::MAX).zip(counts).filter(|(_, (count, _))| *count > 0) {
            self.0.entry(byte).or_insert((0, at)).0 += count;
        }
    }

    /// The bytes that are there, in order, with how often and where each is first.
    pub fn iter(&self) -> impl Iterator<Item = (u8, u64, u64)> {
        self.0.iter().map(|(&byte, &(count, first))| (byte, count, first))
    }
}

/// The header alone.
struct Header {
    rows: u64,
    width: u64,
    image: ImageSize,
    /// Its own length in bytes.
    length: u64,
}

/// Reads the first `most` rows of an IDX file, gzipped or not. Other images are not read: of a file that is not gzipped the
/// length is looked at, of a gzipped one nothing more. All labels are read, since they say which classes there are. `name` is
/// what errors call it.
pub fn read_file(path: &Path, name: &str, content: Content, most: usize) -> Result<Idx, DataError> {
    let file = open(path, name)?;
    let metadata = file.metadata().map_err(|cause| unreadable(name, cause))?;
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(|cause| unreadable(name, cause))?;
    if start.starts_with(&GZIP_MAGIC) {
        read_stream(&mut MultiGzDecoder::new(file), true, name, content, (most, None))
    } else {
        // What is no file, such as a pipe, has no length.
        let length = metadata.is_file().then_some(metadata.len());
        read_stream(&mut file, false, name, content, (most, length))
    }
}

/// A part of a data set from a file of images and one of labels, each read with its name.
pub fn part((images_name, images): (&str, Idx), (labels_name, labels): (&str, Idx)) -> Part {
    Part {
        origin: Origin::of_file(images_name),
        labels_origin: Origin::of_file(labels_name),
        rows: images.rows,
        width: images.width,
        image_size: images.image_size,
        numbers: Entries::Bytes(images.bytes),
        labels: labels_of(labels),
    }
}

/// The labels of a file.
pub fn labels_of(mut labels: Idx) -> Labels {
    let mut place_of = [0; 256];
    let mut known = Vec::new();
    for (place, (byte, count, first)) in (0..=u8::MAX).zip(labels.values.iter()) {
        place_of[usize::from(byte)] = place;
        known.push((Label::Number(i64::from(byte)), count, first));
    }
    labels.bytes.iter_mut().for_each(|byte| *byte = place_of[usize::from(*byte)]);
    Labels::counted(known, labels.bytes, labels.rows)
}

/// Reads an IDX file that is in memory, gzipped or not.
pub fn read_bytes(packed: &[u8], name: &str, content: Content) -> Result<Idx, DataError> {
    if packed.starts_with(&GZIP_MAGIC) {
        read_stream(&mut MultiGzDecoder::new(packed), true, name, content, (usize::MAX, None))
    } else {
        read_stream(&mut &packed[..], false, name, content, (usize::MAX, None))
    }
}

/// Reads no more than the header: the number of rows of a file and what one of them is. The rest may still turn out to be
/// damaged.
pub fn size(path: &Path, name: &str, content: Content) -> Result<(usize, ImageSize), DataError> {
    // 2 + 4 * 255 dimensions fit; a gzip stream of that much content starts well within this.
    let mut start = Vec::new();
    open(path, name)?.take(1 << 16).read_to_end(&mut start).map_err(|cause| unreadable(name, cause))?;
    let header = if start.starts_with(&GZIP_MAGIC) {
        read_header(&mut MultiGzDecoder::new(&start[..]), true, name, content)
    } else {
        read_header(&mut &start[..], false, name, content)
    }?;
    Ok((header.rows as usize, header.image))
}

fn read_stream(
    stream: &mut dyn Read,
    gzip: bool,
    name: &str,
    content: Content,
    (most, file_length): (usize, Option<u64>),
) -> Result<Idx, DataError> {
    let Header { rows, width, image, length } = read_header(stream, gzip, name, content)?;
    let announced = rows * width;
    let kept = width.saturating_mul(most as u64).min(announced);
    // One byte more than announced, to notice what should not be there.
    let end = if kept == announced || content == Content::Labels { announced + 1 } else { kept };
    let (mut bytes, mut values, mut found) = (Vec::new(), Values::default(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    while found < end {
        let wanted = (end - found).min(PIECE_BYTES as u64) as usize;
        match stream.read(&mut piece[..wanted]) {
            Ok(0) => break,
            Ok(read) => {
                let keep = kept.saturating_sub(found).min(read as u64) as usize;
                bytes.extend_from_slice(&piece[..keep]);
                if content == Content::Labels {
                    values.add(&piece[..read], found);
                }
                found += read as u64;
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof && found < announced => break,
            Err(cause) => return Err(damaged(name, cause)),
        }
    }
    // What was not read, by the length of the file.
    match file_length.and_then(|all| all.checked_sub(length)) {
        Some(there) if found == end && end < announced => found = there,
        _ if found == end && end < announced => found = announced,
        _ => {}
    }
    if found > announced {
        return Err(DataError::TooLong { file: name.to_string(), announced });
    }
    if found < announced {
        return Err(DataError::Truncated { file: name.to_string(), announced, found });
    }
    Ok(Idx { rows: rows as usize, width: width as usize, image_size: image, bytes, values })
}

fn read_header(stream: &mut dyn Read, gzip: bool, name: &str, content: Content) -> Result<Header, DataError> {
    let magic = match read_word(stream, gzip, name, 0) {
        Err(DataError::NoHeader { found: 0, .. }) => return Err(DataError::Empty { file: name.to_string() }),
        magic => magic?,
    };
    if magic[..3] != [0, 0, 8] || !content.admits(magic[3]) {
        let found = magic.map(|byte| format!("{byte:02x}")).join(" ");
        let mut start = magic.to_vec();
        // What cannot be read any more does not matter here.
        let _ = stream.take(MOST_SNIFFED as u64).read_to_end(&mut start);
        return Err(DataError::WrongMagic {
            looks_like: looks_like(&start, None),
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
    let length = 4 + 4 * sizes.len() as u64;
    let of_row: Vec<usize> = sizes[1..].iter().map(|&size| size as usize).collect();
    let image = ImageSize::of_row(&of_row);
    Ok(Header { rows: sizes[0], width: image.values() as u64, image, length })
}

fn read_word(stream: &mut dyn Read, gzip: bool, name: &str, offset: usize) -> Result<[u8; 4], DataError> {
    let mut word = Vec::with_capacity(4);
    match stream.take(4).read_to_end(&mut word) {
        Err(cause) if cause.raw_os_error().is_some() => return Err(unreadable(name, cause)),
        Err(cause) if gzip && cause.kind() != std::io::ErrorKind::UnexpectedEof => {
            return Err(damaged(name, cause));
        }
        _ => {}
    }
    let found = offset + word.len();
    word.try_into().map_err(|_| DataError::NoHeader { file: name.to_string(), found })
}
