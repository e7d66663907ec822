//! Tables of text: what is read of them, and everything that can be wrong with one.

use std::path::Path;

use mpcsim::data::csv::{Column, read, size};
use mpcsim::data::{DataError, DataSource, Entries, Scale, TrainTest, load};

use super::idx::{gzip, path};

fn name(name: &str) -> Column {
    Column::Name(name.to_string())
}

fn source(folder: &Path, tables: [&[u8]; 2], label: Column, header: bool, rows: [usize; 2]) -> DataSource {
    DataSource::Csv {
        train_file: path(folder, "train.csv", tables[0]),
        test_file: path(folder, "test.csv", tables[1]),
        label,
        header,
        scale: Scale::None,
        train: rows[0],
        test: rows[1],
    }
}

/// Loads a table as training and as test part.
fn loaded(table: &[u8], label: Column, header: bool, rows: usize) -> Result<TrainTest, DataError> {
    let folder = tempfile::tempdir().unwrap();
    load(&source(folder.path(), [table, table], label, header, [rows; 2]))
}

fn told(table: impl AsRef<[u8]>, label: Column, header: bool) -> String {
    loaded(table.as_ref(), label, header, 2).unwrap_err().to_string()
}

#[test]
fn values_stand_in_the_order_of_columns_without_the_label() {
    let table = "a,class,b,c\n0.5,1,-3,1e2\n255,2,+7.25,.5\n0,1,1,2.5e-3\n";
    for text in [
        table.to_string(),
        table.replace('\n', "\r\n"),
        format!("\u{feff}{table}"),
        table.trim_end().to_string(),
        format!("{table}\n \n\n"),
        table.replace("255,2,", " \"255\" ,\t\"2\",").replace("a,class", "\"a\", \"class\" "),
    ] {
        for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
            let data =
                loaded(&bytes, name("class"), true, 3).unwrap_or_else(|error| panic!("{text}: {error}"));
            let train = &data.train;
            assert_eq!((train.rows, train.width, train.classes), (3, 3, 2));
            assert_eq!(train.labels, [0, 1, 0]);
            let rows: Vec<Vec<f64>> = (0..3).map(|row| train.inputs(row, 0..3).collect()).collect();
            assert_eq!(rows, [[0.5, -3.0, 100.0], [255.0, 7.25, 0.5], [0.0, 1.0, 0.0025]], "{text}");
            assert_eq!(data.notes, ["labels 1 to 2 are trained as classes 0 to 1"]);
        }
    }
    let without = table.split_once('\n').unwrap().1;
    let by_number = loaded(without.as_bytes(), Column::Number(1), false, 3).unwrap();
    assert_eq!(by_number, loaded(table.as_bytes(), name("class"), true, 3).unwrap());
}

#[test]
fn numbers_take_as_little_memory_as_holds_them() {
    let numbers = |cells: [&str; 4]| {
        let [a, b, c, d] = cells;
        loaded(format!("{a},{b},0\n{c},{d},1\n").as_bytes(), Column::Number(2), false, 2)
            .unwrap()
            .train
            .images
    };
    assert_eq!(numbers(["0", "255", "7.0", "1e1"]), Entries::Bytes(vec![0, 255, 7, 10]));
    assert_eq!(numbers(["0", "256", "-0.5", "3"]), Entries::F32(vec![0.0, 256.0, -0.5, 3.0]));
    assert_eq!(numbers(["1", "0.1", "0.5", "3"]), Entries::F64(vec![1.0, 0.1, 0.5, 3.0]));
    assert_eq!(numbers(["0.5", "16777217", "-1", "2"]), Entries::F64(vec![0.5, 16_777_217.0, -1.0, 2.0]));
}

#[test]
fn texts_are_classes_in_the_order_of_their_characters() {
    let table = "x,kind\n1,setosa\n2,\"a, b\"\n3,virginica\n4,setosa\n";
    let data = loaded(table.as_bytes(), name("kind"), true, 4).unwrap();
    assert_eq!((data.train.classes, data.train.labels), (3, vec![1, 0, 2, 1]));
    assert_eq!(data.notes, ["labels `a, b`, `setosa`, `virginica` are trained as classes 0 to 2"]);
    let folder = tempfile::tempdir().unwrap();
    let other = table.replace("virginica", "versicolor");
    let source = source(folder.path(), [table.as_bytes(), other.as_bytes()], name("kind"), true, [4, 4]);
    assert_eq!(
        load(&source).unwrap_err().to_string(),
        "line 4 of `test.csv` is labelled `versicolor`, and the labels to train on are `a, b`, `setosa` and `virginica`"
    );
    // All rows count for classes, those to train on for values.
    let few = loaded(table.as_bytes(), name("kind"), true, 2).unwrap();
    assert_eq!((few.train.classes, few.train.rows), (3, 2));
    assert!(
        few.notes[1].starts_with("none of the rows to train on is labelled `virginica`"),
        "{:?}",
        few.notes
    );
    let many: String = (0..100).map(|row| format!("{row},kind {row}\n")).collect();
    let notes = loaded(many.as_bytes(), Column::Number(1), false, 100).unwrap().notes;
    assert_eq!(
        notes,
        ["100 labels from `kind 0` to `kind 99`, sorted by their characters, are trained as classes 0 to 99"]
    );
}

#[test]
fn labels_may_be_written_as_floating_point_if_they_are_whole() {
    let data = loaded(b"1.0,5\n2.0,6\n1,7\n", Column::Number(0), false, 3).unwrap();
    assert_eq!(data.train.labels, [0, 1, 0]);
    let negative = loaded(b"-1,5\n0,6\n1,7\n", Column::Number(0), false, 3).unwrap();
    assert_eq!(negative.train.labels, [0, 1, 2]);
    assert_eq!(negative.notes, ["labels -1 to 1 are trained as classes 0 to 2"]);
}

#[test]
fn what_is_wrong_is_said_with_line_and_column() {
    let cases: [(&str, &str); 24] = [
        (
            "a,y\n1,0\nx,1\n",
            "column `a` in line 3 of `train.csv`: `x` is no number: write categories as numbers",
        ),
        ("a,y\n1,0\n,1\n", "column `a` in line 3 of `train.csv`: the cell is empty"),
        (
            "a,y\nNaN,0\n1,1\n",
            "column `a` in line 2 of `train.csv`: `NaN` stands for a value that is not there",
        ),
        ("a,y\n?,0\n1,1\n", "column `a` in line 2 of `train.csv`: `?` stands for a value"),
        ("a,y\n-inf,0\n1,1\n", "column `a` in line 2 of `train.csv`: `-inf` is not finite"),
        ("a,y\n1e999,0\n1,1\n", "column `a` in line 2 of `train.csv`: `1e999` is too large"),
        ("a,y\n0x10,0\n1,1\n", "column `a` in line 2 of `train.csv`: `0x10` is no number"),
        (
            "a,y\n\"1,5\",0\n1,1\n",
            "column `a` in line 2 of `train.csv`: `1,5` is no number: write it with a point",
        ),
        ("a,y\n1,0\n1,0,1\n", "line 3 of `train.csv`: it has 3 cells, and the first line has 2"),
        ("a,y\n1,0\n1\n", "line 3 of `train.csv`: it has 1 cells, and the first line has 2"),
        ("a,y\n1,0\n\n1,1\n", "line 3 of `train.csv`: it is empty, and other lines follow"),
        ("a,y\n\"1,0\n1,1\n", "column `a` in line 2 of `train.csv`: its quote is not closed in this line"),
        ("a,y\n\"1\"2,0\n1,1\n", "column `a` in line 2 of `train.csv`: something stands between"),
        ("a,y\n1\"2,0\n1,1\n", "column `a` in line 2 of `train.csv`: a quote stands inside"),
        ("a,y\n1,\n1,1\n", "column `y` in line 2 of `train.csv`: the label is missing"),
        ("a,y\n1,nan\n1,1\n", "column `y` in line 2 of `train.csv`: the label is `nan`"),
        (
            "a,y\n1,0.5\n1,1\n",
            "column `y` in line 2 of `train.csv`: the label is 0.5: labels are whole numbers",
        ),
        (
            "a,y\n1,0\n1,one\n",
            "column `y` in line 3 of `train.csv`: the label is the text `one`, and those before",
        ),
        (
            "a,y\n1,one\n1,2\n",
            "column `y` in line 3 of `train.csv`: the label is the number 2, and those before",
        ),
        ("a,y\n1,0\n1,2\n", "the labels of `train.csv` are 0 and 2, which leaves classes without a row"),
        ("a,z\n1,0\n", "`train.csv` has no column `y`; its columns are `a`, `z`"),
        ("y,a,y\n1,0,1\n", "`train.csv` has columns 0 and 2 (from 0) of the name `y`: write the number"),
        (
            ",a,y\n0,1,0\n",
            "line 1 of `train.csv`: column 0 (from 0) has no name: is it a column of row numbers?",
        ),
        ("a,y\n", "`train.csv` has names of columns and no row"),
    ];
    for (table, said) in cases {
        let message = told(table, name("y"), true);
        assert!(message.starts_with(said), "{table:?}: {message}");
    }
    // Where the gap is, is a line too.
    assert!(
        told("a,y\n1,0\n1,0\n1,2\n", name("y"), true).contains("label 2 stands in 1 row, first in line 4;")
    );
    let first = told("sepal,1\n2,0\n", Column::Number(1), false);
    assert_eq!(
        first,
        "column 0 (from 0) in line 1 of `train.csv`: `sepal` is no number; if the first line has names of columns, write \
         `header: true`"
    );
    assert!(
        told("1,0\n", Column::Number(2), false)
            .contains("labels are to be in column 2 (from 0), and it has 2")
    );
    assert_eq!(told("", name("y"), true), "`train.csv` is empty");
    assert_eq!(told("\n\n", name("y"), true), "`train.csv` is empty");
    let many: String = (0..300).map(|row| format!("1,{row}\n")).collect();
    assert!(told(&many, Column::Number(1), false).contains("more than 256 different labels"));
}

#[test]
fn what_is_no_table_of_commas_is_named() {
    let cases: [(&[u8], &str); 8] = [
        (b"a;y\n1;0\n", "it has one cell: cells are separated by commas, and here it seems by `;`"),
        (b"a\ty\n1\t0\n", "here it seems by tabs"),
        (b"y\n1\n", "a label and one value are the least"),
        (
            b"PK\x03\x04\x00\xff\xfe\n",
            "`train.csv` is no CSV: this looks like a zip archive, such as NumPy's NPZ",
        ),
        (b"{\"a\": [1, 2]}\n", "`train.csv` is no CSV: this looks like JSON"),
        (b"\xff\xfea\0,\0y\0\n\0", "`train.csv` is a text in UTF-16: save it in UTF-8"),
        (b"a,y\n1,\xe9\n", "line 2 of `train.csv`: it is no text in UTF-8"),
        (b"a,y\r1,0\r1,1\r", "line 1 of `train.csv`: it holds a carriage return"),
    ];
    for (bytes, said) in cases {
        let message = told(bytes, name("y"), true);
        assert!(message.contains(said), "{message}");
    }
    let order = told("a,y\n\u{1b}[2J\u{202e},0\n1,1\n", name("y"), true);
    assert!(!order.contains('\u{1b}') && !order.contains('\u{202e}'), "{order:?}");
    assert!(told("a,y\n1,x\u{202e}\n1,z\n", name("y"), true).contains("all of which can be printed"));
}

#[test]
fn a_header_is_never_guessed_wrongly() {
    let folder = tempfile::tempdir().unwrap();
    let header = |text: &str, label: Column, said: Option<bool>| {
        let path = path(folder.path(), "t.csv", text.as_bytes());
        size(&path.resolved, "t.csv", &label, said).map(|(head, rows)| (head.header(), rows))
    };
    // A name needs a header; a line without any number can be nothing else.
    assert_eq!(header("0,1\n5,6\n", name("1"), None).unwrap(), (true, 1));
    assert_eq!(header("a,y\n5,6\n", Column::Number(1), None).unwrap(), (true, 1));
    // Anything else must be said.
    for text in ["0,1\n5,6\n", "5.1,setosa\n4.9,setosa\n", "x1,2\n5,6\n"] {
        let message = header(text, Column::Number(1), None).unwrap_err().to_string();
        assert!(message.contains("write `header: false` if it is a row"), "{message}");
        assert_eq!(header(text, Column::Number(1), Some(true)).unwrap(), (true, 1));
        assert_eq!(header(text, Column::Number(1), Some(false)).unwrap(), (false, 2));
    }
}

#[test]
fn both_tables_must_have_the_same_columns() {
    let told = |train: &str, test: &str| {
        let folder = tempfile::tempdir().unwrap();
        let source = source(folder.path(), [train.as_bytes(), test.as_bytes()], name("y"), true, [2, 1]);
        load(&source).map_err(|error| error.to_string()).err()
    };
    let train = "a,b,y\n1,2,0\n3,4,1\n";
    assert_eq!(told(train, "a,b,y\n1,2,0\n"), None);
    assert_eq!(
        told(train, "a,y\n1,0\n").unwrap(),
        "`test.csv` has 2 columns, and `train.csv` has 3: it has no column `b`"
    );
    assert!(
        told(train, "b,a,y\n1,2,0\n")
            .unwrap()
            .starts_with("`test.csv` has `b` as column 0 (from 0), and `train.csv` has `a` there")
    );
}

#[test]
fn a_damaged_table_is_refused_or_shorter_by_whole_rows() {
    let text: String = (0..40).map(|row| format!("{},{},{}\n", row * 7 % 11, row % 5, row % 2)).collect();
    let folder = tempfile::tempdir().unwrap();
    let read_at = |bytes: &[u8], most: usize| {
        let path = path(folder.path(), "t.csv", bytes);
        read(&path.resolved, "t.csv", (&Column::Number(2), false), most).map(|(_, part)| part)
    };
    let whole = read_at(text.as_bytes(), 40).unwrap();
    assert_eq!((whole.rows, whole.numbers.len()), (40, 80));
    let packed = gzip(text.as_bytes());
    for cut in 0..packed.len() {
        assert!(read_at(&packed[..cut], 40).is_err(), "cut at {cut}");
    }
    // Of a text nobody knows how long it should be: what is cut within a row is refused, unless a number is only shorter.
    for cut in 0..text.len() {
        match read_at(&text.as_bytes()[..cut], 40) {
            Err(_) => assert!(
                text[..cut]
                    .lines()
                    .last()
                    .is_none_or(|line| line.matches(',').count() < 2 || line.ends_with(',')),
                "cut at {cut}"
            ),
            Ok(part) => assert_eq!(part.rows, text[..cut].lines().count()),
        }
    }
    // Any byte changed: an error, or as many rows; never more than is there.
    for at in 0..text.len() {
        for byte in [b'\0', b'"', b',', b'\n', b'\r', b'-', 0xff] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = byte;
            if let Ok(part) = read_at(&bytes, 40) {
                assert_eq!(part.numbers.len(), 2 * part.rows.min(40));
            }
        }
    }
}
