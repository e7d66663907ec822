//! The bundled MNIST is the original, and its rows come out as they went in.

use std::io::Read;

use flate2::read::GzDecoder;
use mpcsim::data::{DataSource, load};

use super::bytes;
use sha2::{Digest, Sha256};

#[test]
fn files_are_the_original_ones() {
    let files: [(&str, &[u8], &str); 4] = [
        (
            "train images",
            include_bytes!("../../scenarios/data/mnist/train-images-idx3-ubyte.gz"),
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        (
            "train labels",
            include_bytes!("../../scenarios/data/mnist/train-labels-idx1-ubyte.gz"),
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        (
            "test images",
            include_bytes!("../../scenarios/data/mnist/t10k-images-idx3-ubyte.gz"),
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        (
            "test labels",
            include_bytes!("../../scenarios/data/mnist/t10k-labels-idx1-ubyte.gz"),
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ];
    for (what, packed, expected) in files {
        let mut unpacked = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut unpacked).expect("the file is gzip");
        let digest: String = Sha256::digest(&unpacked).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, expected, "{what}");
    }
}

#[test]
fn first_and_last_rows_are_known() {
    let mnist = load(&DataSource::Mnist { train: 60_000, test: 10_000 }).unwrap();
    assert_eq!((mnist.train.rows, mnist.train.width, mnist.train.classes), (60_000, 784, 10));
    assert_eq!((mnist.test.rows, mnist.test.width, mnist.test.classes), (10_000, 784, 10));
    assert_eq!(mnist.train.images.len(), 60_000 * 784);
    assert_eq!(mnist.train.labels[..5], [5, 0, 4, 1, 9]);
    assert_eq!(mnist.train.labels[59_997..], [5, 6, 8]);
    assert_eq!(mnist.test.labels[..5], [7, 2, 1, 0, 4]);
    assert_eq!(mnist.test.labels[9_997..], [4, 5, 6]);
    // The first stroke of the first 5: row 5, from column 12.
    assert_eq!(bytes(&mnist.train)[5 * 28 + 11..5 * 28 + 16], [0, 3, 18, 18, 18]);
    let ink = |image: &[u8]| image.iter().map(|pixel| u64::from(*pixel)).sum::<u64>();
    assert_eq!(ink(&bytes(&mnist.train)[..784]), FIRST_INK);
    assert_eq!(ink(&bytes(&mnist.test)[9_999 * 784..]), LAST_INK);
}

/// Sum of the pixels of the first training image, found with numpy.
const FIRST_INK: u64 = 27_525;
/// Sum of the pixels of the last test image, found with numpy.
const LAST_INK: u64 = 41_833;

#[test]
fn fewer_rows_are_the_first_ones_and_keep_ten_classes() {
    let mnist = load(&DataSource::Mnist { train: 2, test: 1 }).unwrap();
    assert_eq!((mnist.train.labels, mnist.test.labels), (vec![5, 0], vec![7]));
    assert_eq!((mnist.train.classes, mnist.test.classes), (10, 10));
    assert_eq!(mnist.train.images.len(), 2 * 784);
}
