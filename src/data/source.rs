//! Where rows come from.

use std::path::PathBuf;

use super::csv::Column;
use super::scale::Scale;

/// A data set that a scenario names, already checked: files exist and hold as many rows as are asked for.
#[derive(Clone, Debug, PartialEq)]
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
    /// Tables of text, gzipped or not.
    Csv {
        /// The table to train on.
        train_file: DataPath,
        /// The table to test on.
        test_file: DataPath,
        /// Where labels are.
        label: Column,
        /// Whether the first line has names of columns.
        header: bool,
        /// What becomes of the numbers.
        scale: Scale,
        /// Rows to train on: the first ones.
        train: usize,
        /// Rows to test on: the first ones.
        test: usize,
    },
    /// An archive of NumPy arrays.
    Npz {
        /// The archive.
        file: DataPath,
        /// The names of its arrays.
        arrays: Arrays,
        /// What becomes of the numbers.
        scale: Scale,
        /// Rows to train on: the first ones.
        train: usize,
        /// Rows to test on: the first ones.
        test: usize,
    },
    /// CIFAR-10 in its binary version.
    Cifar10 {
        /// The folder of its files.
        folder: DataPath,
        /// What becomes of the numbers.
        scale: Scale,
        /// Rows to train on: the first ones.
        train: usize,
        /// Rows to test on: the first ones.
        test: usize,
    },
}

/// The names of the arrays of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrays {
    /// Images to train on.
    pub x_train: String,
    /// Their labels.
    pub y_train: String,
    /// Images to test on.
    pub x_test: String,
    /// Their labels.
    pub y_test: String,
}

impl DataSource {
    /// Rows to train on and rows to test on.
    fn rows(&self) -> (usize, usize) {
        match self {
            DataSource::Mnist { train, test }
            | DataSource::Idx { train, test, .. }
            | DataSource::Csv { train, test, .. }
            | DataSource::Npz { train, test, .. }
            | DataSource::Cifar10 { train, test, .. } => (*train, *test),
        }
    }

    /// Rows to train on.
    pub fn train_rows(&self) -> usize {
        self.rows().0
    }

    /// Rows to test on.
    pub fn test_rows(&self) -> usize {
        self.rows().1
    }

    /// What becomes of the numbers.
    pub fn scale(&self) -> Scale {
        match self {
            DataSource::Mnist { .. } | DataSource::Idx { .. } => Scale::PIXELS,
            DataSource::Csv { scale, .. }
            | DataSource::Npz { scale, .. }
            | DataSource::Cifar10 { scale, .. } => *scale,
        }
    }

    /// Bytes that a number takes in memory, at most: once it is there, and while it is read.
    pub fn number_bytes(&self) -> (u64, u64) {
        match self {
            // In a vector that grows.
            DataSource::Mnist { .. } | DataSource::Idx { .. } | DataSource::Cifar10 { .. } => (1, 2),
            // While numbers of 4 bytes become numbers of 8.
            DataSource::Csv { .. } | DataSource::Npz { .. } => (8, 12),
        }
    }

    /// The same data, their paths written in another way.
    pub(crate) fn with_paths(&self, write: impl Fn(&DataPath) -> String) -> DataSource {
        let mut same = self.clone();
        let paths: Vec<&mut DataPath> = match &mut same {
            DataSource::Mnist { .. } => Vec::new(),
            DataSource::Idx { train_images, train_labels, test_images, test_labels, .. } => {
                train_images.iter_mut().chain(train_labels).chain([test_images, test_labels]).collect()
            }
            DataSource::Csv { train_file, test_file, .. } => vec![train_file, test_file],
            DataSource::Npz { file: path, .. } | DataSource::Cifar10 { folder: path, .. } => vec![path],
        };
        paths.into_iter().for_each(|path| path.written = write(path));
        same
    }

    /// The same data but for the numbers of rows: all that widths and classes follow from.
    pub(crate) fn without_rows(&self) -> DataSource {
        let mut same = self.with_paths(|_| String::new());
        match &mut same {
            DataSource::Mnist { train, test }
            | DataSource::Idx { train, test, .. }
            | DataSource::Csv { train, test, .. }
            | DataSource::Npz { train, test, .. }
            | DataSource::Cifar10 { train, test, .. } => (*train, *test) = (0, 0),
        }
        same
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
