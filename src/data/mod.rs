//! Data sets: the bundled MNIST, and any other in IDX files.
//!
//! This room knows files of pixels and labels. It knows neither shares nor layers: pixels stay bytes, and whoever
//! uses them scales them.

mod error;
pub mod idx;
mod image;
mod labels;
mod owners;
mod seen;
mod sniff;
mod source;

pub use error::DataError;
pub use image::ImageSize;
pub use owners::{Block, Owners};
pub use source::{DataPath, DataSource};

use idx::{Content, Idx};
use labels::Classes;

/// Rows of the bundled MNIST to train on.
pub const MNIST_TRAIN_ROWS: usize = 60_000;
/// Rows of the bundled MNIST to test on.
pub const MNIST_TEST_ROWS: usize = 10_000;
/// An image of MNIST.
pub const MNIST_IMAGE: ImageSize = ImageSize { height: 28, width: 28, channels: 1 };
/// Classes of MNIST.
pub const MNIST_CLASSES: usize = 10;

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
    /// How they are arranged.
    pub image_size: ImageSize,
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
            join(vec![train_part], test_part, *train, *test)
        }
        DataSource::Idx { train_images, train_labels, test_images, test_labels, train, test } => {
            let read = |path: &DataPath, content, most| {
                idx::read_file(&path.resolved, &path.written, content, most)
                    .map(|idx| (path.written.clone(), idx))
            };
            let part = |(images, labels), most| -> Result<Part, DataError> {
                let images = read(images, Content::Images, most)?;
                Ok(Part { images, labels: read(labels, Content::Labels, most)? })
            };
            assert_eq!(train_images.len(), train_labels.len(), "files of images and of labels in pairs");
            let train_parts = train_images.iter().zip(train_labels);
            let train_parts = train_parts.map(|files| part(files, *train)).collect::<Result<_, _>>()?;
            join(train_parts, part((test_images, test_labels), *test)?, *train, *test)
        }
    }
}

/// Images and classes of a data set. Of images no more than the header is read.
pub fn sizes(source: &DataSource) -> Result<(ImageSize, usize), DataError> {
    match source {
        DataSource::Mnist { .. } => Ok((MNIST_IMAGE, MNIST_CLASSES)),
        DataSource::Idx { train_images, train_labels, test_images, .. } => {
            let size = |path: &DataPath| {
                idx::size(&path.resolved, &path.written, Content::Images).map(|(_, image)| image)
            };
            let images = train_images.iter().chain([test_images]);
            let image = ImageSize::common(images.map(size).collect::<Result<Vec<_>, _>>()?);
            let read = |path: &DataPath| {
                let labels = idx::read_file(&path.resolved, &path.written, Content::Labels, 0)?;
                Ok((path.written.clone(), labels))
            };
            let labels = train_labels.iter().map(read).collect::<Result<Vec<_>, DataError>>()?;
            Ok((image, Classes::of(&labels.iter().collect::<Vec<_>>())?.count()))
        }
    }
}

/// Images and labels as read, each with the name of its file.
struct Part {
    images: (String, Idx),
    labels: (String, Idx),
}

impl Part {
    /// The first rows, as many as asked for.
    fn dataset(self, asked: usize, classes: &Classes) -> Result<Dataset, DataError> {
        let Part { images: (images_name, mut images), labels: (labels_name, mut labels) } = self;
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
        classes.map(&labels_name, &mut labels.bytes)?;
        let (width, image_size) = (images.width, images.image_size);
        let (images, labels) = (images.bytes, labels.bytes);
        Ok(Dataset { images, labels, rows: asked, width, image_size, classes: classes.count() })
    }
}

/// Puts the parts together. Of several files to train on all rows are taken, those of the first file first.
fn join(train: Vec<Part>, test: Part, train_rows: usize, test_rows: usize) -> Result<TrainTest, DataError> {
    let first = (train[0].images.0.clone(), train[0].images.1.width);
    for (name, images) in train[1..].iter().chain([&test]).map(|part| &part.images) {
        if images.width != first.1 {
            let (file, width) = first;
            return Err(DataError::WidthsDiffer {
                file,
                width,
                other: name.clone(),
                other_width: images.width,
            });
        }
    }
    let image_size = ImageSize::common(train.iter().chain([&test]).map(|part| part.images.1.image_size));
    let classes = Classes::of(&train.iter().map(|part| &part.labels).collect::<Vec<_>>())?;
    let several = train.len() > 1;
    let mut parts = train.into_iter().map(|part| {
        let rows = if several { part.images.1.rows } else { train_rows };
        part.dataset(rows, &classes)
    });
    let mut train = parts.next().expect("a file to train on")?;
    for part in parts {
        let part = part?;
        train.images.extend(part.images);
        train.labels.extend(part.labels);
        train.rows += part.rows;
    }
    if train.rows != train_rows {
        return Err(DataError::TooFewRows { file: first.0, rows: train.rows, asked: train_rows });
    }
    train.image_size = image_size;
    let test = Dataset { image_size, ..test.dataset(test_rows, &classes)? };
    let notes = classes.notes(&train.labels, &test.labels);
    Ok(TrainTest { train, test, notes })
}
