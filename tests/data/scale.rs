//! What becomes of numbers before they go into a network.

use std::fs;
use std::path::Path;

use mpcsim::data::{DataError, DataSource, Scale, TrainTest, load_within};

use super::idx::path;
use mpcsim::data::csv::Column;

const TRAIN: &str = "a,b,c,y\n1,10,5,0\n2,-30,5,1\n6,20,5,0\n";
const TEST: &str = "a,b,c,y\n11,0,7,1\n";

fn scaled(folder: &Path, scale: Scale, largest: f64) -> Result<TrainTest, DataError> {
    let source = DataSource::Csv {
        train_file: path(folder, "train.csv", TRAIN.as_bytes()),
        test_file: path(folder, "test.csv", TEST.as_bytes()),
        label: Column::Name("y".to_string()),
        header: true,
        scale,
        train: 3,
        test: 1,
    };
    load_within(&source, largest)
}

fn inputs(data: &TrainTest) -> Vec<Vec<f64>> {
    let train = (0..3).map(|row| data.train.inputs(row, 0..3).collect());
    train.chain([data.test.inputs(0, 0..3).collect()]).collect()
}

#[test]
fn each_scale_is_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let of = |scale| scaled(folder.path(), scale, f64::MAX).unwrap();
    assert_eq!(inputs(&of(Scale::None))[3], [11.0, 0.0, 7.0]);
    assert_eq!(inputs(&of(Scale::DivideBy(4.0)))[1], [0.5, -7.5, 1.25]);
    let min_max = of(Scale::MinMax);
    assert_eq!(
        inputs(&min_max),
        [[0.0, 0.8, 0.0], [0.2, 0.0, 0.0], [1.0, 1.0, 0.0], [2.0, 0.6, 0.0]],
        "by the rows to train on"
    );
    let standard = of(Scale::Standard);
    // a: mean 3, squares 4 + 1 + 9; b: mean 0, squares 100 + 900 + 400.
    let (a, b) = ((14.0f64 / 3.0).sqrt(), (1400.0f64 / 3.0).sqrt());
    let expected = [
        [-2.0 / a, 10.0 / b, 0.0],
        [-1.0 / a, -30.0 / b, 0.0],
        [3.0 / a, 20.0 / b, 0.0],
        [8.0 / a, 0.0, 0.0],
    ];
    for (row, expected) in inputs(&standard).iter().zip(expected) {
        for (found, expected) in row.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{row:?}");
        }
    }
    let constant = "1 of 3 inputs have the same number in all rows to train on: scaled, they are 0";
    for data in [&min_max, &standard] {
        assert!(data.notes.iter().any(|note| note == constant));
        assert_eq!(data.train.scaling, data.test.scaling);
    }
    assert!(of(Scale::None).notes.iter().all(|note| note != constant));
}

#[test]
fn what_the_number_format_does_not_hold_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let told =
        |scale, largest| scaled(folder.path(), scale, largest).map_err(|error| error.to_string()).err();
    let message = told(Scale::None, 16.0).unwrap();
    assert!(
        message.starts_with(
            "column `b` in line 3 of `train.csv`: -30 stands there, and the number format holds 16 at most: scale"
        ),
        "{message}"
    );
    assert_eq!(told(Scale::None, 30.0), None);
    let message = told(Scale::DivideBy(0.5), 20.0).unwrap();
    assert!(
        message.starts_with("column `b` in line 3 of `train.csv`: -30 stands there, which scaling makes -60"),
        "{message}"
    );
    let message = told(Scale::MinMax, 1.5).unwrap();
    assert!(
        message.starts_with("column `a` in line 2 of `test.csv`: 11 stands there, which scaling makes 2"),
        "{message}"
    );
    // What scaling makes is no number any more.
    fs::write(folder.path().join("huge.csv"), "a,y\n1e308,0\n-1e308,1\n").unwrap();
    let huge = path(folder.path(), "huge.csv", b"a,y\n1e308,0\n-1e308,1\n");
    for scale in [Scale::MinMax, Scale::Standard, Scale::DivideBy(1e-300)] {
        let (label, header) = (Column::Name("y".to_string()), true);
        let (train_file, test_file) = (huge.clone(), huge.clone());
        let source = DataSource::Csv { train_file, test_file, label, header, scale, train: 2, test: 2 };
        let message = load_within(&source, 1000.0).unwrap_err().to_string();
        assert!(message.starts_with("column `a` in line"), "{scale:?}: {message}");
    }
}
