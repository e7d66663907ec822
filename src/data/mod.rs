//! Data sets: the bundled MNIST, and any other in IDX files, in tables, in archives of NumPy or in the files of CIFAR-10.
//!
//! This room knows files of numbers and labels. It knows neither shares nor layers: numbers stay as they are in the files, in as
//! little memory as holds them, and are scaled when they are taken.

mod cifar10;
pub mod csv;
mod dataset;
mod entries;
mod error;
mod file;
pub mod idx;
mod image;
mod labels;
pub mod npz;
mod origin;
mod owners;
mod part;
mod scale;
mod seen;
mod sniff;
mod source;

pub use cifar10::{
    IMAGE as CIFAR10_IMAGE, TEST as CIFAR10_TEST, TRAIN as CIFAR10_TRAIN, rows as cifar10_rows,
};
pub use dataset::{Dataset, TrainTest};
pub use entries::Entries;
pub use error::DataError;
pub use image::ImageSize;
pub use owners::{Block, Owners};
pub use scale::{Scale, Scaling};
pub use source::{Arrays, DataPath, DataSource};

use idx::{Content, Idx};
use labels::Classes;
use origin::Origin;
use part::{Part, Wanted, join};

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

/// Reads the data set that a scenario names.
pub fn load(source: &DataSource) -> Result<TrainTest, DataError> {
    load_within(source, f64::MAX)
}

/// The same, refusing numbers that are larger than this once they are scaled, whatever their sign.
pub fn load_within(source: &DataSource, largest: f64) -> Result<TrainTest, DataError> {
    let (train, test) = (source.train_rows(), source.test_rows());
    let wanted = Wanted { train, test, scale: source.scale(), largest, classes: None };
    match source {
        DataSource::Mnist { .. } => {
            let read = |bytes, name, content| idx::read_bytes(bytes, name, content).map(|idx| (name, idx));
            let train_part = idx::part(
                read(TRAIN_IMAGES, "train-images-idx3-ubyte.gz", Content::Images)?,
                read(TRAIN_LABELS, "train-labels-idx1-ubyte.gz", Content::Labels)?,
            );
            let test_part = idx::part(
                read(TEST_IMAGES, "t10k-images-idx3-ubyte.gz", Content::Images)?,
                read(TEST_LABELS, "t10k-labels-idx1-ubyte.gz", Content::Labels)?,
            );
            join(vec![train_part], test_part, wanted)
        }
        DataSource::Idx { train_images, train_labels, test_images, test_labels, .. } => {
            let part = |(images, labels): (&DataPath, &DataPath), most| -> Result<Part, DataError> {
                let images = (&images.written[..], read_idx(images, Content::Images, most)?);
                Ok(idx::part(images, (&labels.written, read_idx(labels, Content::Labels, most)?)))
            };
            assert_eq!(train_images.len(), train_labels.len(), "files of images and of labels in pairs");
            let train_parts = train_images.iter().zip(train_labels);
            let train_parts = train_parts.map(|files| part(files, train)).collect::<Result<_, _>>()?;
            join(train_parts, part((test_images, test_labels), test)?, wanted)
        }
        DataSource::Csv { train_file, test_file, label, header, .. } => {
            let read =
                |file: &DataPath, most| csv::read(&file.resolved, &file.written, (label, *header), most);
            let ((head, train_part), (test_head, test_part)) =
                (read(train_file, train)?, read(test_file, test)?);
            test_head.check_like(&test_file.written, &head, &train_file.written)?;
            join(vec![train_part], test_part, wanted)
        }
        DataSource::Npz { file, arrays, .. } => {
            let read = |x: &str, y: &str, most| npz::read(&file.resolved, &file.written, (x, y), most);
            let train_part = read(&arrays.x_train, &arrays.y_train, train)?;
            join(vec![train_part], read(&arrays.x_test, &arrays.y_test, test)?, wanted)
        }
        DataSource::Cifar10 { folder, .. } => {
            let train_part = cifar10::read(folder, &cifar10::TRAIN, train)?;
            let test_part = cifar10::read(folder, &cifar10::TEST, test)?;
            let classes = Some(Classes::of_format(cifar10::CLASSES as i64));
            let mut data = join(vec![train_part], test_part, Wanted { classes, ..wanted })?;
            data.notes.extend(cifar10::notes(folder)?);
            Ok(data)
        }
    }
}

fn read_idx(path: &DataPath, content: Content, most: usize) -> Result<Idx, DataError> {
    idx::read_file(&path.resolved, &path.written, content, most)
}

/// Images and classes of a data set. Of images no more than the header is read; a table is read as a whole.
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
                let labels = idx::labels_of(read_idx(path, Content::Labels, 0)?);
                Ok((Origin::of_file(&path.written), labels))
            };
            let labels = train_labels.iter().map(read).collect::<Result<Vec<_>, DataError>>()?;
            let labels: Vec<_> = labels.iter().map(|(origin, labels)| (origin, labels)).collect();
            Ok((image, Classes::of(&labels)?.count()))
        }
        DataSource::Csv { train_file: file, label, header, .. } => {
            let (_, part) = csv::read(&file.resolved, &file.written, (label, *header), 0)?;
            Ok((part.image_size, Classes::of(&[(&part.labels_origin, &part.labels)])?.count()))
        }
        DataSource::Npz { file, arrays, .. } => {
            let (_, image) = npz::size(&file.resolved, &file.written, &arrays.x_train)?;
            let labels = npz::labels(&file.resolved, &file.written, &arrays.y_train, 0)?;
            let origin = Origin::of_file(&file.written);
            Ok((image, Classes::of(&[(&origin, &labels)])?.count()))
        }
        DataSource::Cifar10 { .. } => Ok((cifar10::IMAGE, cifar10::CLASSES)),
    }
}
