//! Where rows come from.

use std::path::PathBuf;

/// A data set that a scenario names, already checked: files exist and hold as many rows as are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataSource {
    /// The bundled MNIST: the first `train` rows of its training part, the first `test` of its test part.
    Mnist {
        /// Rows to train on, 1 to 60,000.
        train: usize,
        /// Rows to test on, 1 to 10,000.
        test: usize,
    },
    /// Any data set in IDX files, gzipped or not.
    Idx {
        /// Images to train on: one file, or one for each party that brings rows.
        train_images: Vec<DataPath>,
        /// Their labels, file by file.
        train_labels: Vec<DataPath>,
        /// Images to test on.
        test_images: DataPath,
        /// Their labels.
        test_labels: DataPath,
        /// Rows to train on: the first ones of the file, all of several files.
        train: usize,
        /// Rows to test on: the first ones of the file.
        test: usize,
    },
}

impl DataSource {
    /// Rows to train on.
    pub fn train_rows(&self) -> usize {
        match self {
            DataSource::Mnist { train, .. } | DataSource::Idx { train, .. } => *train,
        }
    }

    /// Rows to test on.
    pub fn test_rows(&self) -> usize {
        match self {
            DataSource::Mnist { test, .. } | DataSource::Idx { test, .. } => *test,
        }
    }
}

/// A file that a scenario names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPath {
    /// As the scenario writes it. Outputs show this and never `resolved`.
    pub written: String,
    /// Relative to the scenario file's folder: what is opened.
    pub resolved: PathBuf,
}
