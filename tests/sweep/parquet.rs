//! Parquet files against the rows they are made from, read back by the library's reader.

use std::fs::{self, File};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::Place;

/// What a cell of a column of whole numbers, numbers or text must be in the file.
fn expected(kind: &str, cell: &str) -> Field {
    match (kind, cell) {
        (_, "") => Field::Null,
        ("integer", cell) => Field::Long(cell.parse().unwrap()),
        ("double", cell) => Field::Double(cell.parse().unwrap()),
        (_, cell) => Field::Str(cell.to_owned()),
    }
}

#[test]
fn a_file_holds_the_rows_of_the_table_with_typed_columns() {
    let place = Place::new();
    let names = ["index", "seconds", "softmax", "bandwidth", "all_empty"];
    let kinds = ["integer", "double", "text", "text", "integer"];
    let largest = i64::MAX.to_string();
    let mut rows = vec![
        ["0", "0.25", "exact", "1000000000", ""],
        ["", "1e-9", "", "unlimited", ""],
        [&largest, "", "a, \"b\"", "", ""],
        ["-7", "3", "relu_probability", "10", ""],
    ];
    // More than one group of rows.
    for _ in 0..70_000 {
        rows.push(["5", "0.5", "exact", "7", ""]);
    }
    let mut table = csv::Writer::from_path(place.path("results.csv")).unwrap();
    table.write_record(names).unwrap();
    rows.iter().for_each(|row| table.write_record(row).unwrap());
    table.flush().unwrap();

    mpcsim::sweep::write_parquet(&place.path("")).unwrap();

    let reader = SerializedFileReader::new(File::open(place.path("results.parquet")).unwrap()).unwrap();
    let mut found = 0;
    for (row, cells) in reader.get_row_iter(None).unwrap().zip(&rows) {
        let row = row.unwrap();
        let fields: Vec<(String, Field)> =
            row.get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect();
        for (i, (name, field)) in fields.iter().enumerate() {
            assert_eq!((name.as_str(), field), (names[i], &expected(kinds[i], cells[i])), "row {found}");
        }
        assert_eq!(fields.len(), names.len());
        found += 1;
    }
    assert_eq!(found, rows.len());
    assert_eq!(reader.metadata().num_row_groups(), 2);
    let left: Vec<_> =
        fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "results.csv and results.parquet: {left:?}");
}
