//! IDX files of any shape, gzipped or not, and everything that can be wrong with one.

use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use mpcsim::data::idx::{Content, read_bytes, size};
use mpcsim::data::{DataPath, DataSource, ImageSize, load};

use super::{bytes, rewrite};

pub fn idx(sizes: &[u32], content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(content);
    bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn error(bytes: &[u8], content: Content) -> String {
    read_bytes(bytes, "file.gz", content).unwrap_err().to_string()
}

#[test]
fn images_may_have_any_number_of_dimensions() {
    let content: Vec<u8> = (0..12).collect();
    for sizes in [&[2, 6][..], &[2, 2, 3], &[2, 1, 3, 2]] {
        let plain = idx(sizes, &content);
        for bytes in [plain.clone(), gzip(&plain)] {
            let read = read_bytes(&bytes, "file", Content::Images).unwrap();
            assert_eq!((read.rows, read.width, &read.bytes), (2, 6, &content));
        }
    }
    assert_eq!(read_bytes(&idx(&[3], &[7, 8, 9]), "file", Content::Labels).unwrap().bytes, [7, 8, 9]);
}

#[test]
fn what_is_wrong_is_said() {
    let images = idx(&[2, 2, 3], &[0; 12]);
    let labels = idx(&[2], &[0, 1]);
    assert_eq!(
        error(&labels, Content::Images),
        "`file.gz` does not hold images: it starts with 00 00 08 01, and IDX images start with 00 00 08 03 (or another \
         number of dimensions from 02)"
    );
    assert_eq!(
        error(&images, Content::Labels),
        "`file.gz` does not hold labels: it starts with 00 00 08 03, and IDX labels start with 00 00 08 01"
    );
    assert_eq!(
        error(b"\x89PNG....", Content::Images).split(':').next(),
        Some("`file.gz` does not hold images")
    );
    let short = "`file.gz` is cut short: its header announces 12 bytes of data, and 11 are there";
    assert_eq!(error(&images[..images.len() - 1], Content::Images), short);
    assert_eq!(error(&gzip(&images[..images.len() - 1]), Content::Images), short);
    let long = "`file.gz` is longer than its header announces (12 bytes of data)";
    assert_eq!(error(&[&images[..], &[0]].concat(), Content::Images), long);
    let header = "`file.gz` is cut short: it ends within its header, after 9 bytes";
    assert_eq!(error(&images[..9], Content::Images), header);
    assert_eq!(error(&gzip(&images[..9]), Content::Images), header);
    assert_eq!(error(&[], Content::Images), "`file.gz` is empty");
    for sizes in [&[0, 28, 28][..], &[60_000, 0, 28], &[u32::MAX, u32::MAX, u32::MAX]] {
        assert!(error(&idx(sizes, &[]), Content::Images).contains("which cannot be"), "{sizes:?}");
    }
}

#[test]
fn a_damaged_gzip_is_never_taken_for_data() {
    let packed = gzip(&idx(&[100, 10], &(0..1000).map(|i| (i * i % 251) as u8).collect::<Vec<_>>()));
    let sound = read_bytes(&packed, "file", Content::Images).unwrap();
    for cut in 0..packed.len() {
        assert!(read_bytes(&packed[..cut], "file", Content::Images).is_err(), "cut at {cut}");
    }
    for position in 10..packed.len() {
        let mut bytes = packed.clone();
        bytes[position] ^= 0x10;
        match read_bytes(&bytes, "file", Content::Images) {
            Err(_) => {}
            Ok(read) => assert_eq!(read, sound, "a flipped bit at {position} went unnoticed"),
        }
    }
}

pub fn path(folder: &Path, name: &str, bytes: &[u8]) -> DataPath {
    let resolved = folder.join(name);
    rewrite(&resolved, bytes);
    DataPath { written: name.to_string(), resolved }
}

/// A data set of four files, of which so many rows are to be trained and tested on.
pub fn source_of(folder: &Path, files: [(&str, Vec<u8>); 4], [train, test]: [usize; 2]) -> DataSource {
    let [train_images, train_labels, test_images, test_labels] =
        files.map(|(name, bytes)| path(folder, name, &bytes));
    let (train_images, train_labels) = (vec![train_images], vec![train_labels]);
    DataSource::Idx { train_images, train_labels, test_images, test_labels, train, test }
}

/// A data set of four training rows and two test rows, each of its files replaceable.
fn source(folder: &Path, replaced: &[(&str, Vec<u8>)]) -> DataSource {
    let files = [
        ("train images", gzip(&idx(&[4, 2, 2], &(0..16).collect::<Vec<_>>()))),
        ("train labels", idx(&[4], &[0, 1, 2, 1])),
        ("test images", idx(&[2, 4], &[9; 8])),
        ("test labels", idx(&[2], &[2, 0])),
    ];
    let replace = |(name, bytes)| match replaced.iter().find(|(replaced, _)| *replaced == name) {
        Some((_, other)) => (name, other.clone()),
        None => (name, bytes),
    };
    source_of(folder, files.map(replace), [3, 2])
}

#[test]
fn a_data_set_is_put_together_from_four_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = load(&source(folder.path(), &[])).unwrap();
    assert_eq!((data.train.rows, data.train.width, data.train.classes), (3, 4, 3));
    assert_eq!((data.test.rows, data.test.width, data.test.classes), (2, 4, 3));
    assert_eq!(bytes(&data.train), (0..12).collect::<Vec<u8>>());
    assert_eq!(data.train.labels, [0, 1, 2]);
    let wrong = [
        (
            "train labels",
            idx(&[3], &[0, 1, 2]),
            "`train images` holds 4 images and `train labels` holds 3 labels",
        ),
        (
            "test images",
            idx(&[2, 5], &[9; 10]),
            "images of `train images` have 4 pixels and those of `test images` 5",
        ),
        (
            "test labels",
            idx(&[2], &[1, 3]),
            "row 1 of `test labels` is labelled 3, and the labels to train on are 0 to 2",
        ),
        ("test labels", idx(&[1], &[1]), "`test images` holds 2 images and `test labels` holds 1 labels"),
        ("train labels", idx(&[4], &[0; 4]), "every row of `train labels` is labelled 0"),
    ];
    for (name, bytes, expected) in wrong {
        let message = load(&source(folder.path(), &[(name, bytes)])).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
    let mut greedy = source(folder.path(), &[]);
    if let DataSource::Idx { train, .. } = &mut greedy {
        *train = 5;
    }
    assert_eq!(load(&greedy).unwrap_err().to_string(), "`train images` holds 4 rows, and 5 are asked for");
}

#[test]
fn rows_are_counted_without_reading_them() {
    let folder = tempfile::tempdir().unwrap();
    let large = gzip(&idx(&[5000, 100], &vec![3; 500_000]));
    let file = path(folder.path(), "large", &large);
    let image = ImageSize { height: 1, width: 100, channels: 1 };
    assert_eq!(size(&file.resolved, "large", Content::Images).unwrap(), (5000, image));
    let missing = size(&folder.path().join("no such file"), "no such file", Content::Images);
    assert!(missing.unwrap_err().to_string().starts_with("cannot read `no such file`"));
    assert!(size(folder.path(), "folder", Content::Images).is_err());
}
