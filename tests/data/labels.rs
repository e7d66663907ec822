//! From labels to classes: what is mapped, what is refused, and what is noted.

use mpcsim::data::{DataError, TrainTest, load};

use super::idx::{idx, source_of};

/// Loads a data set whose training and test part have these labels; so many rows are trained and tested on.
fn with_labels(train: &[u8], test: &[u8], rows: [usize; 2]) -> Result<TrainTest, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let images = |rows: usize| idx(&[rows as u32, 2], &vec![7; 2 * rows]);
    let files = [
        ("train images", images(train.len())),
        ("train labels", idx(&[train.len() as u32], train)),
        ("test images", images(test.len())),
        ("test labels", idx(&[test.len() as u32], test)),
    ];
    load(&source_of(folder.path(), files, rows))
}

#[test]
fn labels_from_one_add_no_class() {
    let data = with_labels(&[1, 2, 3, 3, 2, 1], &[3, 1, 2], [6, 3]).unwrap();
    assert_eq!((data.train.classes, data.test.classes), (3, 3));
    assert_eq!((data.train.labels, data.test.labels), (vec![0, 1, 2, 2, 1, 0], vec![2, 0, 1]));
    assert_eq!(data.notes, ["labels 1 to 3 are trained as classes 0 to 2"]);
    let from_zero = with_labels(&[0, 1, 2], &[2, 1, 0], [3, 3]).unwrap();
    assert_eq!((from_zero.train.classes, from_zero.notes), (3, Vec::<String>::new()));
    // The last label that a byte can hold.
    let last = with_labels(&[254, 255, 254], &[255, 254], [3, 2]).unwrap();
    assert_eq!((last.train.classes, last.train.labels), (2, vec![0, 1, 0]));
    let whole: Vec<u8> = (0..=255).collect();
    assert_eq!(with_labels(&whole, &whole, [256, 256]).unwrap().train.classes, 256);
}

#[test]
fn a_gap_between_labels_is_refused_with_its_cause() {
    let refused = |train: &[u8]| with_labels(train, &[1], [train.len(), 1]).unwrap_err().to_string();
    let outlier = refused(&[0, 1, 2, 3, 1, 200, 2]);
    assert!(
        outlier.starts_with("the labels of `train labels` are 0 to 3 and 200, which leaves classes"),
        "{outlier}"
    );
    assert!(outlier.contains("label 200 stands in 1 row, first in row 5"), "{outlier}");
    let below = refused(&[0, 3, 4, 5, 3, 4, 0, 5, 3]);
    assert!(below.contains("are 0 and 3 to 5,") && below.contains("label 0 stands in 2 rows"), "{below}");
    let inside = refused(&[0, 0, 1, 1, 3, 3, 3]);
    assert!(
        inside.contains("are 0, 1 and 3,") && inside.contains("label 1 stands in 2 rows, first in row 2"),
        "{inside}"
    );
    assert!(refused(&[255, 0]).contains("are 0 and 255"));
    assert!(refused(&[4, 4]).contains("every row of `train labels` is labelled 4"));
    // Every set of labels up to 6: it is accepted if and only if its labels follow each other.
    for set in 1u8..64 {
        let labels: Vec<u8> = (0..6).filter(|bit| set >> bit & 1 == 1).collect();
        let follow = labels.windows(2).all(|pair| pair[0] + 1 == pair[1]) && labels.len() > 1;
        let loaded = with_labels(&labels, &labels, [labels.len(); 2]);
        assert_eq!(loaded.is_ok(), follow, "{labels:?}");
        if let Ok(data) = loaded {
            assert_eq!(data.train.classes, labels.len());
            assert_eq!(data.notes.len(), usize::from(labels[0] > 0));
        }
    }
}

#[test]
fn classes_without_rows_are_noted() {
    let data = with_labels(&[5, 6, 7, 8, 9], &[9, 9, 7, 5, 6], [3, 2]).unwrap();
    assert_eq!(
        data.notes,
        [
            "labels 5 to 9 are trained as classes 0 to 4",
            "none of the rows to train on is labelled 8, 9: the network cannot learn it",
            "none of the rows to test on is labelled 5 to 8: the test accuracy says nothing of it",
        ]
    );
    let outside = with_labels(&[1, 2], &[0, 1], [2, 2]).unwrap_err().to_string();
    assert_eq!(outside, "row 0 of `test labels` is labelled 0, and the labels to train on are 1 to 2");
}
