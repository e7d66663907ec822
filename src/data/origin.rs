//! Where the rows of a part of a data set stand.

/// Names rows and values of a part as whoever looks into its files finds them.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Files with their numbers of rows, one after the other.
    files: Vec<(String, usize)>,
    table: Option<Table>,
}

/// What is known of a table of text.
#[derive(Clone, Debug)]
struct Table {
    /// The line of the first row, from 1.
    first_line: usize,
    /// The column of the labels.
    label: usize,
    /// The names of its columns, if it has some.
    names: Option<Vec<String>>,
}

impl Origin {
    /// Rows of a file that are counted from 0.
    pub fn of_file(name: &str) -> Origin {
        Origin { files: vec![(name.to_string(), usize::MAX)], table: None }
    }

    /// Rows of several files, so many of each.
    pub fn of_files(files: Vec<(String, usize)>) -> Origin {
        Origin { files, table: None }
    }

    /// Lines of a table; the first row is in this line, counted from 1.
    pub fn of_table(name: &str, first_line: usize, label: usize, names: Option<Vec<String>>) -> Origin {
        Origin { table: Some(Table { first_line, label, names }), ..Origin::of_file(name) }
    }

    /// The file, or the first of several.
    pub fn file(&self) -> &str {
        &self.files[0].0
    }

    /// The file of a row, and its number there.
    fn find(&self, row: usize) -> (&str, usize) {
        let mut left = row;
        for (name, rows) in &self.files {
            if left < *rows {
                return (name, left);
            }
            left -= rows;
        }
        panic!("row {row} is in no file")
    }

    /// "row 3 of `labels`", from 0; "line 5 of `train.csv`", from 1.
    pub fn row(&self, row: usize) -> String {
        let (file, row) = self.find(row);
        match &self.table {
            None => format!("row {row} of `{file}`"),
            Some(table) => format!("line {} of `{file}`", table.first_line + row),
        }
    }

    /// "row 3 (from 0)"; "line 5". Of the only file.
    pub fn row_alone(&self, row: usize) -> String {
        match &self.table {
            None => format!("row {} (from 0)", self.find(row).1),
            Some(table) => format!("line {}", table.first_line + row),
        }
    }

    /// "value 7 in row 3 of `images` (both from 0)"; "column `age` in line 5 of `train.csv`". Labels are no values.
    pub fn value(&self, row: usize, value: usize) -> String {
        let place = self.row(row);
        match &self.table {
            None => format!("value {value} in {place} (both from 0)"),
            Some(table) => {
                let column = value + usize::from(value >= table.label);
                format!("{} in {place}", column_name(column, table.names.as_deref()))
            }
        }
    }
}

/// "column `age`", or "column 3 (from 0)".
pub fn column_name(column: usize, names: Option<&[String]>) -> String {
    match names.and_then(|names| names.get(column)) {
        Some(name) => format!("column `{}`", quoted(name)),
        None => format!("column {column} (from 0)"),
    }
}

/// Something of a file, fit to be shown: short, and nothing in it gives orders to a terminal.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text.chars().take(LONGEST).flat_map(escaped).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

fn escaped(c: char) -> Vec<char> {
    if is_printable(c) { vec![c] } else { c.escape_unicode().collect() }
}

/// Whether a character shows and gives no order: to a terminal, or to read in another direction.
pub fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
