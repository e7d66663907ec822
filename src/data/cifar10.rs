//! CIFAR-10 in its binary version (www.cs.toronto.edu/~kriz/cifar.html): a folder of files, in which a row is a byte of label and
//! 3,072 bytes of pixels: 32 rows of 32 pixels in red, then in green, then in blue.

use std::io::{BufReader, Read};

use super::DataError;
use super::entries::Entries;
use super::file::{open, read_full, unreadable};
use super::image::ImageSize;
use super::labels::{Label, Labels};
use super::origin::Origin;
use super::part::Part;
use super::source::DataPath;

/// An image.
pub const IMAGE: ImageSize = ImageSize { height: 32, width: 32, channels: 3 };
/// Number of classes, whatever rows there are.
pub const CLASSES: usize = 10;
/// Rows of each file as it is published.
pub const PUBLISHED_ROWS: usize = 10_000;

const PIXELS: usize = IMAGE.height * IMAGE.width;
const ROW_BYTES: usize = 1 + PIXELS * IMAGE.channels;

/// The files to train on, and the one to test on.
pub const TRAIN: [&str; 5] =
    ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
/// The file to test on.
pub const TEST: [&str; 1] = ["test_batch.bin"];

/// The name of a file in errors.
fn name(folder: &DataPath, file: &str) -> String {
    format!("{}/{file}", folder.written.trim_end_matches('/'))
}

/// Rows of each of these files, by their lengths.
pub fn rows(folder: &DataPath, files: &[&str]) -> Result<Vec<usize>, DataError> {
    if !folder.resolved.is_dir() {
        let problem =
            "is no folder: it must be that of data_batch_1.bin to data_batch_5.bin and test_batch.bin";
        return Err(DataError::wrong(&folder.written, problem));
    }
    let rows = |file: &&str| {
        let name = name(folder, file);
        let path = folder.resolved.join(file);
        if !path.exists() && folder.resolved.join(file.trim_end_matches(".bin")).exists() {
            let problem = "is not there, and files of CIFAR-10 for Python are: take its binary version";
            return Err(DataError::wrong(&name, problem));
        }
        let bytes = open(&path, &name)?.metadata().map_err(|cause| unreadable(&name, cause))?.len();
        if bytes == 0 || bytes % ROW_BYTES as u64 != 0 {
            let problem =
                format!("has {bytes} bytes: a row has {ROW_BYTES}, and a file of CIFAR-10 whole rows");
            return Err(DataError::wrong(&name, problem));
        }
        usize::try_from(bytes / ROW_BYTES as u64).map_err(|_| DataError::wrong(&name, "is too large"))
    };
    files.iter().map(rows).collect()
}

/// Reads the first `most` rows of these files, one after the other.
pub fn read(folder: &DataPath, files: &[&str], most: usize) -> Result<Part, DataError> {
    let by_file = rows(folder, files)?;
    let named = files.iter().map(|file| name(folder, file)).zip(by_file.iter().copied()).collect();
    let origin = Origin::of_files(named);
    let (mut pixels, mut labels) = (Vec::new(), Labels::default());
    let mut row = [0; ROW_BYTES];
    let mut taken = 0;
    for (file, rows) in files.iter().zip(&by_file) {
        let name = name(folder, file);
        let mut stream = BufReader::new(open(&folder.resolved.join(file), &name)?);
        let kept = (*rows).min(most - taken);
        pixels.reserve_exact(kept * IMAGE.values());
        for _ in 0..kept {
            let found = read_full(&mut stream as &mut dyn Read, &mut row)
                .map_err(|cause| unreadable(&name, cause))?;
            if found < ROW_BYTES {
                return Err(DataError::wrong(&name, "ended while it was read"));
            }
            let (label, planes) = (row[0], &row[1..]);
            if usize::from(label) >= CLASSES {
                let problem = format!("its label is {label}, and those of CIFAR-10 are 0 to 9");
                return Err(DataError::wrong_at(&name, origin.row(taken), problem));
            }
            assert!(labels.add(Label::Number(i64::from(label)), true), "ten labels are not too many");
            pixels.extend(
                (0..PIXELS * IMAGE.channels)
                    .map(|at| planes[at % IMAGE.channels * PIXELS + at / IMAGE.channels]),
            );
            taken += 1;
        }
    }
    let rows = by_file.iter().sum();
    Ok(Part {
        labels_origin: origin.clone(),
        origin,
        rows,
        width: IMAGE.values(),
        image_size: IMAGE,
        numbers: Entries::Bytes(pixels),
        labels: labels.of_rows(rows),
    })
}

/// Which files have another number of rows than those that are published.
pub fn notes(folder: &DataPath) -> Result<Vec<String>, DataError> {
    let mut notes = Vec::new();
    for (file, rows) in TRAIN.iter().chain(&TEST).zip(rows(folder, &[&TRAIN[..], &TEST].concat())?) {
        if rows != PUBLISHED_ROWS {
            notes.push(format!("{file} has {rows} rows, and that of CIFAR-10 has {PUBLISHED_ROWS}"));
        }
    }
    Ok(notes)
}
