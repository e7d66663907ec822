//! Data sets: the bundled MNIST, IDX files, tables, NumPy's archives and the files of CIFAR-10.

pub mod cifar10;
mod csv;
mod formats;
pub mod idx;
mod labels;
mod mnist;
mod npz;
mod scale;
pub mod written;

use std::fs;
use std::path::Path;

use mpcsim::data::{Dataset, Entries};

/// Writes a file anew: to cut one short can make a file system write it to the disk at once, which takes milliseconds.
pub fn rewrite(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

/// The numbers of a data set of bytes.
pub fn bytes(data: &Dataset) -> &[u8] {
    match &data.images {
        Entries::Bytes(bytes) => bytes,
        other => panic!("{} numbers are no bytes", other.len()),
    }
}
