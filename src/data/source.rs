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

    /// The same data, their paths written in another way.
    pub(crate) fn with_paths(&self, write: impl Fn(&DataPath) -> String) -> DataSource {
        let path = |path: &DataPath| DataPath { written: write(path), resolved: path.resolved.clone() };
        let paths = |all: &[DataPath]| all.iter().map(path).collect();
        match self {
            DataSource::Mnist { train, test } => DataSource::Mnist { train: *train, test: *test },
            DataSource::Idx { train_images, train_labels, test_images, test_labels, train, test } => {
                DataSource::Idx {
                    train_images: paths(train_images),
                    train_labels: paths(train_labels),
                    test_images: path(test_images),
                    test_labels: path(test_labels),
                    train: *train,
                    test: *test,
                }
            }
        }
    }
}

/// A file that a scenario names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPath {
    /// As the scenario writes it. Messages show this and never `resolved`.
    pub written: String,
    /// Relative to the scenario file's folder: what is opened.
    pub resolved: PathBuf,
}
