//! The files of CIFAR-10.

use std::fs;
use std::path::Path;

use mpcsim::data::{DataPath, DataSource, ImageSize, Scale, load, sizes};

use super::written::cifar10;
use super::{bytes, rewrite};

const PIXELS: usize = 32 * 32 * 3;

/// Rows that are all different.
pub fn rows(first: usize, count: usize) -> Vec<(u8, Vec<u8>)> {
    let pixel = |row: usize, at: usize| (row * 31 + at * 7 + at / 96 * 13) as u8;
    (first..first + count)
        .map(|row| ((row * 3 % 10) as u8, (0..PIXELS).map(|at| pixel(row, at)).collect()))
        .collect()
}

/// A folder with so many rows in each file to train on.
fn folder(at: &Path, by_file: [usize; 5], test: usize) -> DataPath {
    let mut first = 0;
    for (file, count) in (1..).zip(by_file) {
        fs::write(at.join(format!("data_batch_{file}.bin")), cifar10(&rows(first, count))).unwrap();
        first += count;
    }
    fs::write(at.join("test_batch.bin"), cifar10(&rows(first, test))).unwrap();
    DataPath { written: "batches/".to_string(), resolved: at.to_path_buf() }
}

fn source(folder: &DataPath, train: usize, test: usize) -> DataSource {
    DataSource::Cifar10 { folder: folder.clone(), scale: Scale::PIXELS, train, test }
}

#[test]
fn rows_are_those_of_all_files_with_channels_last() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path(), [3, 1, 2, 1, 2], 4);
    let data = load(&source(&folder, 8, 3)).unwrap();
    let image = ImageSize { height: 32, width: 32, channels: 3 };
    assert_eq!((data.train.rows, data.train.image_size, data.train.classes), (8, image, 10));
    let pixels: Vec<u8> = rows(0, 8).into_iter().flat_map(|(_, pixels)| pixels).collect();
    assert!(bytes(&data.train) == pixels);
    assert_eq!(data.train.labels, rows(0, 8).iter().map(|(label, _)| *label).collect::<Vec<_>>());
    assert_eq!(bytes(&data.test)[..PIXELS], rows(9, 1)[0].1);
    assert_eq!(sizes(&source(&folder, 1, 1)).unwrap(), (image, 10));
    assert_eq!(data.notes.iter().filter(|note| note.contains("that of CIFAR-10 has 10000")).count(), 6);
    assert!(data.notes.iter().any(|note| note.starts_with("none of the rows to train on is labelled")));
    assert!(load(&source(&folder, 10, 1)).unwrap_err().to_string().contains("9 rows, and 10 are asked for"));
}

#[test]
fn what_is_wrong_is_said_with_its_row() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path(), [2, 2, 1, 1, 1], 1);
    let told = || load(&source(&folder, 6, 1)).unwrap_err().to_string();
    let file = place.path().join("data_batch_2.bin");
    let whole = fs::read(&file).unwrap();
    // Cut within a row: every place of the first row, and some of the second.
    for cut in (0..3073).chain((3074..6146).step_by(61)) {
        rewrite(&file, &whole[..cut]);
        assert_eq!(
            told(),
            format!(
                "`batches/data_batch_2.bin` has {cut} bytes: a row has 3073, and a file of CIFAR-10 whole rows"
            )
        );
    }
    // Cut between rows, there are fewer.
    fs::write(&file, &whole[..3073]).unwrap();
    assert!(load(&source(&folder, 6, 1)).is_ok());
    let mut wrong = whole.clone();
    wrong[3073] = 10;
    fs::write(&file, &wrong).unwrap();
    assert_eq!(
        told(),
        "row 1 of `batches/data_batch_2.bin`: its label is 10, and those of CIFAR-10 are 0 to 9"
    );
    fs::remove_file(&file).unwrap();
    assert_eq!(told(), "cannot read `batches/data_batch_2.bin`: there is no such file");
    fs::write(place.path().join("data_batch_2"), "pickled").unwrap();
    assert!(told().contains("take its binary version"));
    let no_folder = DataPath { resolved: place.path().join("test_batch.bin"), ..folder.clone() };
    assert!(load(&source(&no_folder, 1, 1)).unwrap_err().to_string().contains("is no folder"));
}
