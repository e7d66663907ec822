//! Tables of results, read for the page.

use std::collections::BTreeMap;

/// A damaged table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It is no table.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, csv::Error),
    /// A column is missing.
    #[error("{0} has no column {1}: it is of another version of mpcsim")]
    NoColumn(String, &'static str),
}

/// A CSV table by the names of its columns.
pub struct Table {
    name: String,
    columns: BTreeMap<String, usize>,
    rows: Vec<csv::StringRecord>,
}

/// A row of a [`Table`].
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    cells: &'a csv::StringRecord,
}

impl Table {
    /// Reads a table that has at least these columns.
    pub fn read(name: &str, text: &str, needed: &[&'static str]) -> Result<Table, TableError> {
        let unreadable = |error| TableError::Unreadable(name.to_string(), error);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(unreadable)?.clone();
        let columns: BTreeMap<String, usize> =
            header.iter().enumerate().map(|(place, column)| (column.to_string(), place)).collect();
        if let Some(missing) = needed.iter().find(|column| !columns.contains_key(**column)) {
            return Err(TableError::NoColumn(name.to_string(), missing));
        }
        let rows = reader.into_records().collect::<Result<_, _>>().map_err(unreadable)?;
        Ok(Table { name: name.to_string(), columns, rows })
    }

    /// Whether there is such a column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// Its rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { table: self, cells })
    }

    /// The different values of a column, in the order in which they come.
    pub fn values(&self, column: &str) -> Vec<&str> {
        let mut found = Vec::new();
        for row in self.rows() {
            let value = row.text(column);
            if !found.contains(&value) {
                found.push(value);
            }
        }
        found
    }
}

impl<'a> Row<'a> {
    /// A cell.
    ///
    /// # Panics
    /// If the table has no such column: those that are needed are named when it is read.
    pub fn text(&self, column: &str) -> &'a str {
        let table = self.table;
        let place = table.columns.get(column);
        &self.cells[*place.unwrap_or_else(|| panic!("{} has a column {column}", table.name))]
    }

    /// A cell that holds a number; none if it is empty.
    pub fn number(&self, column: &str) -> Option<f64> {
        self.text(column).parse().ok()
    }

    /// Whether cells hold these texts.
    pub fn has(&self, cells: &[(&str, &str)]) -> bool {
        cells.iter().all(|&(column, value)| self.text(column) == value)
    }
}

/// Several values of the same thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// The least of them.
    pub least: f64,
    /// The greatest of them.
    pub most: f64,
}

impl Spread {
    /// Of all values; none if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let values: Vec<f64> = values.into_iter().collect();
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        Some(Spread { mean: values.iter().sum::<f64>() / values.len() as f64, least, most })
    }

    /// Shares in per cent: `97.12 (97.01 to 97.30)`; only the mean if all are the same.
    pub fn percent(&self) -> String {
        let [mean, least, most] =
            [self.mean, self.least, self.most].map(|share| format!("{:.1}", 100.0 * share));
        if least == most { mean } else { format!("{mean} ({least} to {most})") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_their_columns() {
        let table = Table::read("t.csv", "a,b\nx,0.5\ny,\nx,1.5\n", &["a", "b"]).expect("a table");
        assert_eq!(table.values("a"), ["x", "y"]);
        let of_x = table.rows().filter(|row| row.has(&[("a", "x")])).filter_map(|row| row.number("b"));
        assert_eq!(Spread::of(of_x), Some(Spread { mean: 1.0, least: 0.5, most: 1.5 }));
        assert_eq!(table.rows().nth(1).expect("a row").number("b"), None);
        assert_eq!(Spread::of([]), None);
        let missing = Table::read("t.csv", "a,b\n", &["c"]).err().expect("no such column").to_string();
        assert_eq!(missing, "t.csv has no column c: it is of another version of mpcsim");
    }
}
