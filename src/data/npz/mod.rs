//! Archives of NumPy arrays, as numpy.savez and numpy.savez_compressed write them.

mod npy;
mod zip;

use std::io::Read;
use std::path::Path;

use flate2::Crc;

use super::DataError;
use super::entries::Entries;
use super::file::{open, read_full};
use super::image::ImageSize;
use super::labels::{Label, Labels};
use super::origin::{Origin, quoted};
use super::part::Part;
use npy::Header;
use zip::{Archive, Entry};

/// Bytes that are read at once, about.
const PIECE_BYTES: usize = 1 << 16;
/// Deflate packs nothing smaller than this part.
const DEFLATE_RATIO: u64 = 1032;
/// Arrays that an error names.
const MOST_NAMED: usize = 20;

/// An array of an archive, its header read.
struct Array {
    archive: Archive,
    entry: Entry,
    header: Header,
    content: Box<dyn Read>,
    crc: Crc,
    /// What errors call it.
    name: String,
}

/// The name of an array in errors.
fn array_name(file: &str, array: &str) -> String {
    format!("{file}: {}", quoted(array))
}

impl Array {
    fn open(path: &Path, file: &str, array: &str) -> Result<Array, DataError> {
        let mut archive = Archive::open(open(path, file)?, file)?;
        let entry_name = format!("{array}.npy");
        let Some(entry) = archive.entries.iter().find(|entry| entry.name == entry_name).cloned() else {
            return Err(missing(&archive, file, array));
        };
        let name = array_name(file, array);
        let mut content = Checked { content: archive.content(&entry)?, crc: Crc::new() };
        let header = Header::read(&mut content).map_err(|problem| DataError::wrong(&name, problem))?;
        let announced = header.elements().saturating_mul(header.element.bytes as u64);
        if header.bytes.saturating_add(announced) != entry.bytes {
            let found = entry.bytes.saturating_sub(header.bytes);
            let problem = format!("announces {announced} bytes of elements, and {found} are there");
            return Err(DataError::wrong(&name, problem));
        }
        let Checked { content, crc } = content;
        Ok(Array { archive, entry, header, content, crc, name })
    }

    fn rows(&self) -> usize {
        self.header.shape.first().map_or(0, |&rows| rows as usize)
    }

    /// Hands on the elements of the first rows, so many elements each, with their number. Behind the last row of all, the array
    /// must be as its checksum says.
    fn elements(
        mut self,
        rows: usize,
        width: usize,
        mut element: impl FnMut(usize, f64) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let of = self.header.element;
        let wanted = rows * width;
        let mut piece = vec![0; (PIECE_BYTES / of.bytes * of.bytes).min(wanted * of.bytes)];
        let mut taken = 0;
        while taken < wanted {
            let bytes = piece.len().min((wanted - taken) * of.bytes);
            let found = read_full(&mut self.content, &mut piece[..bytes])
                .map_err(|cause| self.archive.unpacking(&self.entry, cause))?;
            self.crc.update(&piece[..found]);
            if found < bytes {
                let announced = self.entry.bytes - self.header.bytes;
                let found = (taken * of.bytes + found) as u64;
                return Err(DataError::Truncated { file: self.name, announced, found });
            }
            for bytes in piece[..bytes].chunks_exact(of.bytes) {
                element(taken, of.number(bytes))?;
                taken += 1;
            }
        }
        if wanted as u64 == self.header.elements() {
            let more = read_full(&mut self.content, &mut [0])
                .map_err(|cause| self.archive.unpacking(&self.entry, cause))?;
            if more > 0 || self.crc.sum() != self.entry.crc {
                return Err(DataError::wrong(&self.name, "is damaged: it is not what its checksum says"));
            }
        }
        Ok(())
    }

    /// What is said of an element that is not finite.
    fn check_finite(origin: &Origin, number: f64, at: usize, width: usize) -> Result<(), DataError> {
        if number.is_finite() {
            return Ok(());
        }
        let problem = format!("{number} stands there: every value must be a finite number");
        Err(DataError::wrong_at(origin.file(), origin.value(at / width, at % width), problem))
    }
}

/// Reads on and keeps the checksum of what was read.
struct Checked {
    content: Box<dyn Read>,
    crc: Crc,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.crc.update(&buffer[..read]);
        Ok(read)
    }
}

/// An array that is not there.
fn missing(archive: &Archive, file: &str, array: &str) -> DataError {
    let names = archive.entries.iter().filter_map(|entry| entry.name.strip_suffix(".npy"));
    let mut names: Vec<String> = names.map(|name| format!("`{}`", quoted(name))).collect();
    names.sort();
    if names.len() > MOST_NAMED {
        names.truncate(MOST_NAMED);
        names.push("…".to_string());
    }
    let holds = if names.is_empty() {
        "holds no array at all".to_string()
    } else {
        format!("holds {}", names.join(", "))
    };
    DataError::wrong(file, format!("has no array `{}`: it {holds}", quoted(array)))
}

/// Rows of an array of images, and what one is. Only its header is read.
pub fn size(path: &Path, file: &str, array: &str) -> Result<(usize, ImageSize), DataError> {
    let array = Array::open(path, file, array)?;
    Ok((array.rows(), image_of(&array)?))
}

fn image_of(array: &Array) -> Result<ImageSize, DataError> {
    match &array.header.shape[..] {
        [_, of_row @ ..] if !of_row.is_empty() => {
            Ok(ImageSize::of_row(&of_row.iter().map(|&size| size as usize).collect::<Vec<_>>()))
        }
        _ => {
            let problem = "has one dimension: images need two or more, rows and what makes up a row";
            Err(DataError::wrong(&array.name, problem))
        }
    }
}

/// Rows of an array of labels. Only its header is read.
pub fn label_rows(path: &Path, file: &str, array: &str) -> Result<usize, DataError> {
    let array = Array::open(path, file, array)?;
    check_labels(&array)?;
    Ok(array.rows())
}

fn check_labels(array: &Array) -> Result<(), DataError> {
    match array.header.shape[..] {
        [_] | [_, 1] => Ok(()),
        [_, classes] => {
            let problem = format!(
                "has {classes} numbers a row, and a label is one: of one-hot rows take numpy.argmax(y, axis=1)"
            );
            Err(DataError::wrong(&array.name, problem))
        }
        _ => Err(DataError::wrong(&array.name, "must have one dimension: a label for each row")),
    }
}

/// The numbers of an array whose last dimension has so many columns, and all others together so many rows, in their order. None may
/// be larger than this, whatever its sign.
pub fn matrix(
    path: &Path,
    file: &str,
    array: &str,
    [rows, columns]: [usize; 2],
    largest: f64,
) -> Result<Vec<f64>, DataError> {
    let array = Array::open(path, file, array)?;
    let shape = &array.header.shape;
    if shape.last() != Some(&(columns as u64)) || array.header.elements() != (rows * columns) as u64 {
        let found: Vec<String> = shape.iter().map(u64::to_string).collect();
        let needed = if rows == 1 { format!("({columns},)") } else { format!("({rows}, {columns})") };
        let problem = format!("has the shape ({}), and {needed} is needed", found.join(", "));
        return Err(DataError::wrong(&array.name, problem));
    }
    let (mut numbers, origin) = (Vec::new(), Origin::of_file(&array.name));
    array.elements(rows, columns, |at, number| {
        Array::check_finite(&origin, number, at, columns)?;
        if number.abs() > largest {
            let problem = format!("{number} stands there, and the number format holds {largest} at most");
            let place = origin.value(at / columns, at % columns);
            return Err(DataError::wrong_at(origin.file(), place, problem));
        }
        numbers.push(number);
        Ok(())
    })?;
    Ok(numbers)
}

/// All labels of an array, those of the first `most` rows to be kept.
pub fn labels(path: &Path, file: &str, array: &str, most: usize) -> Result<Labels, DataError> {
    let array = Array::open(path, file, array)?;
    check_labels(&array)?;
    let (mut labels, origin, rows) = (Labels::default(), Origin::of_file(&array.name), array.rows());
    let name = array.name.clone();
    array.elements(rows, 1, |row, number| {
        let Some(label) = Label::of_number(number) else {
            let problem = format!("the label is {number}: labels are whole numbers");
            return Err(DataError::wrong_at(origin.file(), origin.row(row), problem));
        };
        if labels.add(label, row < most) { Ok(()) } else { Err(DataError::too_many_labels(&name)) }
    })?;
    Ok(labels)
}

/// Reads the first `most` rows of an array of images, and its labels.
pub fn read(path: &Path, file: &str, (images, labels): (&str, &str), most: usize) -> Result<Part, DataError> {
    let labels_origin = Origin::of_file(&array_name(file, labels));
    let labels = self::labels(path, file, labels, most)?;
    let array = Array::open(path, file, images)?;
    let (image_size, rows, origin) = (image_of(&array)?, array.rows(), Origin::of_file(&array.name));
    let (width, kept) = (image_size.values(), rows.min(most));
    let mut numbers = Entries::new();
    // All at once, but no more than can be packed into the entry.
    let possible = array.entry.packed_bytes.saturating_mul(DEFLATE_RATIO) / array.header.element.bytes as u64;
    numbers.reserve((kept * width).min(usize::try_from(possible).unwrap_or(usize::MAX)));
    array.elements(kept, width, |at, number| {
        Array::check_finite(&origin, number, at, width)?;
        numbers.push(number);
        Ok(())
    })?;
    Ok(Part { origin, labels_origin, rows, width, image_size, numbers, labels })
}
