//! Archives of NumPy arrays: every type of element, and everything that can be wrong with one.

use std::fs;

use mpcsim::data::npz::{label_rows, labels, read, size};
use mpcsim::data::{Arrays, DataPath, DataSource, Entries, ImageSize, Scale, load};
use tempfile::TempDir;

use super::rewrite;
use super::written::{Packing, npy, npy_of, zip};

const PACKINGS: [Packing; 3] = [Packing::Stored, Packing::Deflated, Packing::Wide];

/// A file of that content, in a folder that must be kept.
fn file(bytes: &[u8]) -> (TempDir, DataPath) {
    let folder = tempfile::tempdir().unwrap();
    let resolved = folder.path().join("data.npz");
    fs::write(&resolved, bytes).unwrap();
    (folder, DataPath { written: "data.npz".to_string(), resolved })
}

/// The numbers of an array `x` of two rows; what is wrong with it.
fn numbers(x: Vec<u8>) -> Result<Entries, String> {
    let y = npy("|u1", "(2,)", &[0, 1]);
    let (_folder, path) = file(&zip(&[("x.npy", x), ("y.npy", y)], Packing::Stored));
    size(&path.resolved, "data.npz", "x").map_err(|error| error.to_string())?;
    let part = read(&path.resolved, "data.npz", ("x", "y"), 2).map_err(|error| error.to_string())?;
    assert_eq!((part.rows, part.width), (2, 2));
    Ok(part.numbers)
}

#[test]
fn every_type_of_number_is_read_as_it_is() {
    macro_rules! check {
        ($letter:literal, $type:ty, $values:expr) => {
            let values: [$type; 4] = $values;
            let expected: Vec<f64> = values.iter().map(|&value| value as f64).collect();
            let bytes = size_of::<$type>();
            let ways: [(char, fn($type) -> Vec<u8>); 2] =
                [('<', |value| value.to_le_bytes().to_vec()), ('>', |value| value.to_be_bytes().to_vec())];
            for (order, written) in ways {
                let content: Vec<u8> = values.iter().flat_map(|&value| written(value)).collect();
                let order = if bytes == 1 { '|' } else { order };
                let read = numbers(npy(&format!("{order}{}{bytes}", $letter), "(2, 2)", &content)).unwrap();
                let read: Vec<f64> = (0..4).map(|at| read.get(at)).collect();
                assert_eq!(read, expected, "{order}{}{bytes}", $letter);
            }
        };
    }
    check!('u', u8, [0, 1, 128, 255]);
    check!('u', u16, [0, 256, 65_535, 7]);
    check!('u', u32, [0, u32::MAX, 65_536, 7]);
    check!('u', u64, [0, 1 << 53, 1 << 40, 7]);
    check!('i', i8, [0, -1, -128, 127]);
    check!('i', i16, [0, -1, i16::MIN, i16::MAX]);
    check!('i', i32, [0, -1, i32::MIN, i32::MAX]);
    check!('i', i64, [0, -1, -(1 << 53), 1 << 53]);
    check!('f', f32, [0.1, -1.5, f32::MAX, f32::MIN_POSITIVE]);
    check!('f', f64, [0.1, -1.5, f64::MAX, f64::MIN_POSITIVE]);
    assert_eq!(numbers(npy("|b1", "(2, 2)", &[0, 1, 1, 0])).unwrap(), Entries::Bytes(vec![0, 1, 1, 0]));
    // Equal numbers are equal, whatever type they had.
    let floats: Vec<u8> = [3.0f32, 0.0, 255.0, 8.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(numbers(npy("<f4", "(2, 2)", &floats)).unwrap(), Entries::Bytes(vec![3, 0, 255, 8]));
}

#[test]
fn all_ways_of_writing_an_archive_are_read() {
    let x = npy("|u1", "(3, 2, 2)", &(0..12).collect::<Vec<u8>>());
    let y = npy("<i8", "(3, 1)", &[7i64, 8, 7].map(i64::to_le_bytes).concat());
    for packing in PACKINGS {
        let entries = [("x_train.npy", x.clone()), ("y_train.npy", y.clone()), ("a note", b"hello".to_vec())];
        let (_folder, path) = file(&zip(&entries, packing));
        let image = ImageSize { height: 2, width: 2, channels: 1 };
        assert_eq!(size(&path.resolved, "f", "x_train").unwrap(), (3, image));
        assert_eq!(label_rows(&path.resolved, "f", "y_train").unwrap(), 3);
        let arrays = ["x_train", "y_train", "x_train", "y_train"].map(str::to_string);
        let [x_train, y_train, x_test, y_test] = arrays;
        let arrays = Arrays { x_train, y_train, x_test, y_test };
        let source =
            DataSource::Npz { file: path.clone(), arrays, scale: Scale::DivideBy(256.0), train: 2, test: 3 };
        let data = load(&source).unwrap();
        assert_eq!(data.train.images, Entries::Bytes((0..8).collect()));
        assert_eq!((data.train.labels, data.test.labels), (vec![0, 1], vec![0, 1, 0]));
        assert_eq!(data.notes, ["labels 7 to 8 are trained as classes 0 to 1"]);
    }
    // Other versions of the header, and as other programs order and quote it.
    let wanted = Entries::Bytes(vec![1, 2, 3, 4]);
    for (version, header) in [
        (1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}"),
        (2, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }"),
        (3, "{\"shape\": (2,2), \"fortran_order\": False, \"descr\": \"|u1\"}"),
        (1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 2L), }"),
    ] {
        assert_eq!(numbers(npy_of(version, header, &[1, 2, 3, 4])).unwrap(), wanted, "{header}");
    }
}

#[test]
fn arrays_that_are_not_of_numbers_or_lie_are_refused() {
    let header = |header: &str| numbers(npy_of(1, header, &[1, 2, 3, 4])).unwrap_err();
    let of_type = |description: &str| {
        header(&format!("{{'descr': '{description}', 'fortran_order': False, 'shape': (2, 2), }}"))
    };
    for (description, said) in [
        ("<f2", "`data.npz: x` holds elements of type `<f2`: write it with array.astype('float32')"),
        ("|O", "Python objects are not read"),
        ("<U5", "number the classes"),
        ("<c8", "complex numbers"),
        ("<f16", "array.astype('float64')"),
        ("<M8[ns]", "make it an array of numbers"),
        ("f4", "it is not known"),
        ("", "it is not known"),
        ("é4", "it is not known"),
    ] {
        let told = of_type(description);
        assert!(told.contains(said), "{told}");
    }
    for (text, said) in [
        ("{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (2, 2), }", "records of several fields"),
        ("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", "numpy.ascontiguousarray"),
        ("{'descr': '|u1', 'fortran_order': Maybe, 'shape': (2, 2), }", "cannot be read"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (-2, 2), }", "cannot be read"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': 4, }", "cannot be read"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2) 'x': 1}", "cannot be read"),
        ("{'descr': '|u1', 'fortran_order': False}", "says not all"),
        ("{'descr': '|u1", "cannot be read"),
        ("", "cannot be read"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 2), }", "which cannot be"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "which cannot be"),
        (
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000), }",
            "announces 1000000000 bytes of elements, and 4 are there",
        ),
        (
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1), }",
            "announces 3 bytes of elements, and 4",
        ),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", "has one dimension"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "announces 1 bytes"),
    ] {
        let told = header(text);
        assert!(told.contains(said), "{text}: {told}");
    }
    assert!(numbers(b"no array".to_vec()).unwrap_err().contains("is no NumPy array"));
    assert!(numbers(npy_of(4, "{}", &[])).unwrap_err().contains("has version 4 of NumPy's format"));
    let mut long = npy_of(2, "{}", &[]);
    long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(numbers(long).unwrap_err().contains("announces a header of 4294967295 bytes"));
    let infinite: Vec<u8> =
        [1.0, 2.0, f64::INFINITY, f64::NAN].iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(
        numbers(npy("<f8", "(2, 2)", &infinite)).unwrap_err(),
        "value 0 in row 1 of `data.npz: x` (both from 0): inf stands there: every value must be a finite number"
    );
}

#[test]
fn labels_are_whole_numbers_one_a_row() {
    let told = |y: Vec<u8>| {
        let (_folder, path) = file(&zip(&[("y.npy", y)], Packing::Stored));
        labels(&path.resolved, "data.npz", "y", 10)
            .map(|labels| labels.rows())
            .map_err(|error| error.to_string())
    };
    let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    assert_eq!(told(npy("<f4", "(2,)", &floats(&[1.0, 2.0]))), Ok(2));
    let half = told(npy("<f4", "(2,)", &floats(&[1.0, 2.5]))).unwrap_err();
    assert_eq!(half, "row 1 of `data.npz: y`: the label is 2.5: labels are whole numbers");
    assert!(told(npy("<f4", "(2,)", &floats(&[1.0, f32::NAN]))).is_err());
    assert!(told(npy("|u1", "(2, 3)", &[0; 6])).unwrap_err().contains("numpy.argmax(y, axis=1)"));
    assert!(told(npy("|u1", "(2, 1, 1)", &[0; 2])).unwrap_err().contains("must have one dimension"));
    let many: Vec<u8> = (0..300u16).flat_map(u16::to_le_bytes).collect();
    assert!(told(npy("<u2", "(300,)", &many)).unwrap_err().contains("more than 256 different labels"));
}

#[test]
fn no_damage_goes_unnoticed() {
    let content: Vec<u8> = (0..40u8).map(|i| i.wrapping_mul(i)).collect();
    let entries =
        || [("x.npy", npy("|u1", "(4, 10)", &content)), ("y.npy", npy("|u1", "(4,)", &[0, 1, 0, 1]))];
    for packing in PACKINGS {
        let whole = zip(&entries(), packing);
        let (_folder, path) = file(&whole);
        let read = |bytes: &[u8]| {
            rewrite(&path.resolved, bytes);
            let _ = size(&path.resolved, "f", "x");
            read(&path.resolved, "f", ("x", "y"), 4).map(|part| part.numbers)
        };
        let sound = read(&whole).unwrap();
        assert_eq!(sound, Entries::Bytes(content.clone()));
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_err(), "{packing:?} cut at {cut}");
        }
        for at in 0..whole.len() {
            for bit in [0x01, 0x10, 0x80] {
                let mut bytes = whole.clone();
                bytes[at] ^= bit;
                if let Ok(numbers) = read(&bytes) {
                    assert_eq!(numbers, sound, "{packing:?}: bit {bit} at {at} went unnoticed");
                }
            }
        }
    }
}

#[test]
fn what_is_missing_or_no_archive_is_named() {
    let y = npy("|u1", "(2,)", &[0, 1]);
    let told = |bytes: &[u8], array: &str| {
        let (_folder, path) = file(bytes);
        size(&path.resolved, "data.npz", array).unwrap_err().to_string()
    };
    let archive = zip(&[("y.npy", y.clone()), ("X.npy", y.clone())], Packing::Stored);
    assert_eq!(told(&archive, "x_train"), "`data.npz` has no array `x_train`: it holds `X`, `y`");
    assert_eq!(
        told(&zip(&[], Packing::Stored), "x"),
        "`data.npz` has no array `x`: it holds no array at all"
    );
    assert!(
        told(&zip(&[("y.npy", y.clone()), ("y.npy", y)], Packing::Stored), "y")
            .contains("holds `y.npy` twice")
    );
    assert_eq!(told(b"", "x"), "`data.npz` is empty");
    assert!(told(b"label,a\n1,2\n", "x").contains("is no zip archive, which an NPZ is; this looks like CSV"));
    assert!(told(&npy("|u1", "(2,)", &[0, 1]), "x").contains("this looks like a NumPy array (NPY)"));
    assert!(told(&archive[..archive.len() - 1], "y").contains("its list of contents"));
    // Methods and passwords that nobody here knows: both stand before the content and in the list.
    let with = |at: usize, value: u8| {
        let mut bytes = archive.clone();
        let list = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        bytes[list + at] = value;
        told(&bytes, "y")
    };
    assert!(with(10, 14).contains("packed in a way that is not known (method 14)"));
    assert!(with(8, 1).contains("encrypted"));
}

/// A small file that announces 1 TB.
#[test]
fn memory_is_no_more_than_what_can_be_there() {
    let mut x = npy("|u1", "(1000000000, 1000)", &[]);
    x.extend([0; 100]);
    let header_bytes = x.len() as u64 - 100;
    let y = npy("|u1", "(2,)", &[0, 1]);
    let mut bytes = zip(&[("x.npy", x), ("y.npy", y)], Packing::Deflated);
    let list = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    // Its size in the list fits what it announces, as far as 32 bits go: it does not.
    bytes[list + 24..list + 28].copy_from_slice(&u32::MAX.wrapping_sub(1).to_le_bytes());
    let (_folder, path) = file(&bytes);
    let told = read(&path.resolved, "f", ("x", "y"), usize::MAX).unwrap_err().to_string();
    assert!(told.contains("announces 1000000000000 bytes of elements, and"), "{told} {header_bytes}");
    // One that the list agrees with: what is not there is noticed when it is read.
    let mut x = npy("|u1", "(4000000, 1000)", &[]);
    let announced = x.len() as u64 + 4_000_000_000;
    x.extend([0; 100]);
    let mut bytes = zip(&[("x.npy", x), ("y.npy", npy("|u1", "(2,)", &[0, 1]))], Packing::Deflated);
    let list = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[list + 24..list + 28].copy_from_slice(&(announced as u32).to_le_bytes());
    let (_folder, path) = file(&bytes);
    let told = read(&path.resolved, "f", ("x", "y"), usize::MAX).unwrap_err().to_string();
    assert!(
        told.contains("is cut short: its header announces 4000000000 bytes of data, and 100 are there"),
        "{told}"
    );
}
