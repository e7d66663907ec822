//! Data sets: the bundled MNIST, and any other in IDX files.
//!
//! This room knows files of pixels and labels. It knows neither shares nor layers: pixels stay bytes, and whoever
//! uses them scales them.

mod error;
pub mod idx;
mod labels;
mod source;

pub use error::DataError;
pub use source::{DataPath, DataSource};

use idx::{Content, Idx};
use labels::Classes;

/// Rows of the bundled MNIST to train on.
pub const MNIST_TRAIN_ROWS: usize = 60_000;
/// Rows of the bundled MNIST to test on.
pub const MNIST_TEST_ROWS: usize = 10_000;

// Inside the program, so that it is found from any working directory and by an installed binary.
static TRAIN_IMAGES: &[u8] = include_bytes!("../../scenarios/data/mnist/train-images-idx3-ubyte.gz");
static TRAIN_LABELS: &[u8] = include_bytes!("../../scenarios/data/mnist/train-labels-idx1-ubyte.gz");
static TEST_IMAGES: &[u8] = include_bytes!("../../scenarios/data/mnist/t10k-images-idx3-ubyte.gz");
static TEST_LABELS: &[u8] = include_bytes!("../../scenarios/data/mnist/t10k-labels-idx1-ubyte.gz");

/// Images with their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Pixels 0 to 255, `rows * width`, row by row.
    pub images: Vec<u8>,
    /// The class of each row, from 0, less than `classes`: what the file calls it, less the smallest label there is.
    pub labels: Vec<u8>,
    /// Number of images.
    pub rows: usize,
    /// Pixels of one image.
    pub width: usize,
    /// Number of classes.
    pub classes: usize,
}

impl Dataset {
    /// The pixels of one image.
    pub fn image(&self, row: usize) -> &[u8] {
        &self.images[row * self.width..(row + 1) * self.width]
    }
}

/// Rows to train on and rows to test on, alike in width and classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainTest {
    /// To train on.
    pub train: Dataset,
    /// To test on.
    pub test: Dataset,
    /// What a reader of the results has to know: how labels became classes, and which classes have no row.
    pub notes: Vec<String>,
}

/// Reads the data set that a scenario names.
pub fn load(source: &DataSource) -> Result<TrainTest, DataError> {
    match source {
        DataSource::Mnist { train, test } => {
            let read = |bytes, name: &str, content| {
                idx::read_bytes(bytes, name, content).map(|idx| (name.to_string(), idx))
            };
            let train_part = Part {
                images: read(TRAIN_IMAGES, "train-images-idx3-ubyte.gz", Content::Images)?,
                labels: read(TRAIN_LABELS, "train-labels-idx1-ubyte.gz", Content::Labels)?,
            };
            let test_part = Part {
                images: read(TEST_IMAGES, "t10k-images-idx3-ubyte.gz", Content::Images)?,
                labels: read(TEST_LABELS, "t10k-labels-idx1-ubyte.gz", Content::Labels)?,
            };
            join(train_part, test_part, *train, *test)
        }
        DataSource::Idx { train_images, train_labels, test_images, test_labels, train, test } => {
            let read = |path: &DataPath, content| {
                idx::read_file(&path.resolved, &path.written, content).map(|idx| (path.written.clone(), idx))
            };
            let train_part = Part {
                images: read(train_images, Content::Images)?,
                labels: read(train_labels, Content::Labels)?,
            };
            let test_part = Part {
                images: read(test_images, Content::Images)?,
                labels: read(test_labels, Content::Labels)?,
            };
            join(train_part, test_part, *train, *test)
        }
    }
}

/// Images and labels as read, each with the name of its file.
struct Part {
    images: (String, Idx),
    labels: (String, Idx),
}

fn join(train: Part, test: Part, train_rows: usize, test_rows: usize) -> Result<TrainTest, DataError> {
    let (train_name, test_name) = (train.labels.0.clone(), test.labels.0.clone());
    let classes = Classes::of(std::slice::from_ref(&train.labels))?;
    let mut train = first_rows(train, train_rows)?;
    let mut test = first_rows(test, test_rows)?;
    if train.width != test.width {
        return Err(DataError::WidthsDiffer { train: train.width, test: test.width });
    }
    classes.map(&train_name, &mut train.labels)?;
    classes.map(&test_name, &mut test.labels)?;
    (train.classes, test.classes) = (classes.count(), classes.count());
    let notes = classes.notes(&train.labels, &test.labels);
    Ok(TrainTest { train, test, notes })
}

/// Cuts a part to the rows asked for; `classes` is filled in later, from the training part.
fn first_rows(part: Part, asked: usize) -> Result<Dataset, DataError> {
    let Part { images: (images_name, mut images), labels: (labels_name, mut labels) } = part;
    if images.rows != labels.rows {
        return Err(DataError::Uneven {
            images: images_name,
            labels: labels_name,
            image_rows: images.rows,
            label_rows: labels.rows,
        });
    }
    if images.rows < asked || asked == 0 {
        return Err(DataError::TooFewRows { file: images_name, rows: images.rows, asked });
    }
    images.bytes.truncate(asked * images.width);
    labels.bytes.truncate(asked);
    Ok(Dataset { images: images.bytes, labels: labels.bytes, rows: asked, width: images.width, classes: 0 })
}
