//! `results.parquet`: the rows of `results.csv` for those who go on in pandas, polars or DuckDB.
//!
//! A column whose cells are all whole numbers holds 64-bit integers, one whose cells are all numbers doubles, any other
//! text; an empty cell is null. Rows are read twice and kept a group at a time.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::files::RESULTS;
use crate::digest;

/// Rows that are kept at a time.
const GROUP_ROWS: usize = 1 << 16;
pub(crate) const NAME: &str = "results.parquet";

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Integer,
    Double,
    Text,
}

impl Kind {
    /// The narrowest kind for a cell.
    fn of(cell: &str) -> Kind {
        if cell.is_empty() || cell.parse::<i64>().is_ok() {
            Kind::Integer
        } else if cell.parse::<f64>().is_ok() {
            Kind::Double
        } else {
            Kind::Text
        }
    }

    fn column(self, name: &str) -> Result<Type, ParquetError> {
        let (physical, logical) = match self {
            Kind::Integer => (Physical::INT64, None),
            Kind::Double => (Physical::DOUBLE, None),
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        builder.with_logical_type(logical).build()
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(error)
}

/// Writes `results.parquet` beside `results.csv`; gives its digest.
pub(super) fn write(folder: &Path) -> io::Result<String> {
    let open = || csv::Reader::from_path(folder.join(RESULTS)).map_err(other);
    let mut reader = open()?;
    let names: Vec<String> = reader.headers().map_err(other)?.iter().map(String::from).collect();
    let mut kinds = vec![Kind::Integer; names.len()];
    for row in reader.records() {
        let row = row.map_err(other)?;
        kinds.iter_mut().zip(&row).for_each(|(kind, cell)| *kind = (*kind).max(Kind::of(cell)));
    }
    let columns = names.iter().zip(&kinds).map(|(name, kind)| kind.column(name).map(Arc::new));
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(other)?;
    let schema = Type::group_type_builder("results").with_fields(columns).build().map_err(other)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let file = File::create(folder.join(NAME))?;
    let mut writer =
        SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(other)?;
    let mut group: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    for row in open()?.records() {
        let row = row.map_err(other)?;
        group.iter_mut().zip(&row).for_each(|(cells, cell)| cells.push(cell.to_string()));
        if group[0].len() == GROUP_ROWS {
            write_group(writer.next_row_group().map_err(other)?, &kinds, &mut group).map_err(other)?;
        }
    }
    write_group(writer.next_row_group().map_err(other)?, &kinds, &mut group).map_err(other)?;
    let file = writer.into_inner().map_err(other)?;
    file.sync_all()?;
    digest::of_file(&folder.join(NAME))
}

/// Writes the cells of some rows, column by column, and forgets them.
fn write_group(
    mut writer: SerializedRowGroupWriter<'_, File>,
    kinds: &[Kind],
    group: &mut [Vec<String>],
) -> Result<(), ParquetError> {
    for (kind, cells) in kinds.iter().zip(group.iter_mut()) {
        let mut column = writer.next_column()?.expect("as many columns as the schema has");
        let present: Vec<i16> = cells.iter().map(|cell| i16::from(!cell.is_empty())).collect();
        let filled = cells.iter().filter(|cell| !cell.is_empty());
        match kind {
            Kind::Integer => {
                let values: Vec<i64> = filled.map(|cell| cell.parse().expect("seen before")).collect();
                column.typed::<Int64Type>().write_batch(&values, Some(&present), None)?;
            }
            Kind::Double => {
                let values: Vec<f64> = filled.map(|cell| cell.parse().expect("seen before")).collect();
                column.typed::<DoubleType>().write_batch(&values, Some(&present), None)?;
            }
            Kind::Text => {
                let values: Vec<ByteArray> = filled.map(|cell| ByteArray::from(cell.as_str())).collect();
                column.typed::<ByteArrayType>().write_batch(&values, Some(&present), None)?;
            }
        }
        column.close()?;
        cells.clear();
    }
    writer.close()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

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
        let folder = tempfile::tempdir().unwrap();
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
        let mut table = csv::Writer::from_path(folder.path().join(RESULTS)).unwrap();
        table.write_record(names).unwrap();
        rows.iter().for_each(|row| table.write_record(row).unwrap());
        table.flush().unwrap();

        write(folder.path()).unwrap();

        let reader = SerializedFileReader::new(File::open(folder.path().join(NAME)).unwrap()).unwrap();
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
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "results.csv and results.parquet: {left:?}");
    }
}
