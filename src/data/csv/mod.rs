//! Tables of text: a row a line, cells separated by commas, gzipped or not.

mod cells;
mod lines;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use super::DataError;
use super::entries::Entries;
use super::file::{open, read_full, unpacked};
use super::image::ImageSize;
use super::labels::{Label, Labels};
use super::origin::{Origin, column_name, is_printable, quoted};
use super::part::Part;
use super::sniff::{CSV, MOST_SNIFFED, looks_like};
use cells::{number, split};
use lines::Lines;

/// Characters of a label.
const LONGEST_LABEL: usize = 100;
/// Columns that an error names.
const MOST_NAMED: usize = 20;
/// The smallest part that gzip leaves of a file.
const GZIP_RATIO: u64 = 1032;

/// Which column the labels are in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// By its name.
    Name(String),
    /// By its number, from 0.
    Number(usize),
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Column::Name(name) => write!(f, "`{}`", quoted(name)),
            Column::Number(number) => write!(f, "{number}"),
        }
    }
}

/// What the first lines of a table say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The names of the columns, if the first line has names.
    pub names: Option<Vec<String>>,
    /// Number of columns.
    pub columns: usize,
    /// Which of them has the labels.
    label: usize,
}

impl Head {
    /// Reads what the first line says. `header` says whether it has names; if it does not say, it must show.
    fn of(
        place: (&str, &str),
        first: &[Cow<'_, str>],
        label: &Column,
        header: Option<bool>,
    ) -> Result<Head, DataError> {
        let (file, line) = place;
        if let [only] = first {
            let separator =
                [';', '\t', '|', ' '].into_iter().find(|&separator| only.trim().contains(separator));
            let help = match separator {
                Some('\t') => ": cells are separated by commas, and here it seems by tabs".to_string(),
                Some(other) => format!(": cells are separated by commas, and here it seems by `{other}`"),
                None => ": a label and one value are the least".to_string(),
            };
            return Err(DataError::wrong_at(file, line, format!("it has one cell{help}")));
        }
        let numbers = first.iter().filter(|cell| number(cell).is_some()).count();
        let header = match (header, label) {
            (Some(header), _) => header,
            (None, Column::Name(_)) => true,
            (None, Column::Number(_)) if numbers == 0 => true,
            (None, Column::Number(_)) => {
                let problem = "it holds numbers: write `header: false` if it is a row, and `header: true` if these are names \
                               of columns";
                return Err(DataError::wrong_at(file, line, problem));
            }
        };
        let names = header.then(|| first.iter().map(|cell| cell.to_string()).collect::<Vec<_>>());
        if let Some(nameless) = names.iter().flatten().position(String::is_empty) {
            let problem = format!(
                "column {nameless} (from 0) has no name: is it a column of row numbers? They are no values to train on \
                 (pandas leaves them out with to_csv(…, index=False))"
            );
            return Err(DataError::wrong_at(file, line, problem));
        }
        let label = match label {
            Column::Number(number) if *number < first.len() => *number,
            Column::Number(number) => {
                let problem = format!(
                    "{line}: labels are to be in column {number} (from 0), and it has {} columns",
                    first.len()
                );
                let (file, columns) = (file.to_string(), names.unwrap_or_default());
                return Err(DataError::LabelColumn { file, problem, columns });
            }
            Column::Name(name) => find(file, name, names.as_deref().unwrap_or_default())?,
        };
        Ok(Head { names, columns: first.len(), label })
    }

    /// Entries of a row.
    pub fn width(&self) -> usize {
        self.columns - 1
    }

    /// Whether the first line has names.
    pub fn header(&self) -> bool {
        self.names.is_some()
    }

    /// Refuses a table whose columns are not those of another one.
    pub fn check_like(&self, name: &str, other: &Head, other_name: &str) -> Result<(), DataError> {
        if self.columns != other.columns {
            let mut problem =
                format!("has {} columns, and `{other_name}` has {}", self.columns, other.columns);
            if let (Some(own), Some(others)) = (&self.names, &other.names)
                && let Some(missing) = others.iter().find(|name| !own.contains(name))
            {
                problem += &format!(": it has no column `{}`", quoted(missing));
            }
            return Err(DataError::wrong(name, problem));
        }
        let (Some(own), Some(others)) = (&self.names, &other.names) else { return Ok(()) };
        match (0..self.columns).find(|&column| own[column] != others[column]) {
            None => Ok(()),
            Some(column) => {
                let (own, other) = (quoted(&own[column]), quoted(&others[column]));
                let problem = format!(
                    "has `{own}` as column {column} (from 0), and `{other_name}` has `{other}` there: columns must be the \
                     same, in the same order"
                );
                Err(DataError::wrong(name, problem))
            }
        }
    }
}

/// The column of that name.
fn find(file: &str, name: &str, names: &[String]) -> Result<usize, DataError> {
    let mut found = (0..names.len()).filter(|&column| names[column] == name);
    let problem = match (found.next(), found.next()) {
        (Some(column), None) => return Ok(column),
        (Some(first), Some(second)) => {
            format!(
                "`{file}` has columns {first} and {second} (from 0) of the name `{}`: write the number",
                quoted(name)
            )
        }
        (None, _) => {
            let mut known: Vec<String> =
                names.iter().take(MOST_NAMED).map(|name| format!("`{}`", quoted(name))).collect();
            if names.len() > MOST_NAMED {
                known.push("…".to_string());
            }
            format!("`{file}` has no column `{}`; its columns are {}", quoted(name), known.join(", "))
        }
    };
    Err(DataError::LabelColumn { file: file.to_string(), problem, columns: names.to_vec() })
}

/// A table that is being read, after its first line.
struct Table {
    lines: Lines,
    name: String,
    head: Head,
    /// The first line, if it is a row.
    first: Option<String>,
}

impl Table {
    fn open(path: &Path, name: &str, label: &Column, header: Option<bool>) -> Result<Table, DataError> {
        let mut lines = Lines::open(path, name)?;
        let first = match lines.next() {
            Ok(Some(first)) => first.to_string(),
            Ok(None) => return Err(DataError::Empty { file: name.to_string() }),
            Err(error) => return Err(other_format(path, name).unwrap_or(error)),
        };
        if let Some(error) = other_format(path, name) {
            return Err(error);
        }
        let cells = split(&first).map_err(|(column, problem)| {
            let place = format!("{} in {}", column_name(column, None), lines.place());
            DataError::wrong_at(name, place, problem)
        })?;
        let head = Head::of((name, &lines.place()), &cells, label, header)?;
        let first = (!head.header()).then_some(first);
        Ok(Table { lines, name: name.to_string(), head, first })
    }

    fn origin(&self) -> Origin {
        let first_line = 1 + usize::from(self.head.header());
        Origin::of_table(&self.name, first_line, self.head.label, self.head.names.clone())
    }

    /// Hands every row on, in order, with its number; how many there were.
    fn rows(
        self,
        mut row: impl FnMut(usize, &[Cow<'_, str>]) -> Result<(), DataError>,
    ) -> Result<usize, DataError> {
        let Table { mut lines, name, head, first } = self;
        let mut rows = 0;
        let mut take = |line: &str, number: usize| {
            let place = || format!("line {number} of `{name}`");
            let cells = split(line).map_err(|(column, problem)| {
                let column = column_name(column, head.names.as_deref());
                DataError::wrong_at(&name, format!("{column} in {}", place()), problem)
            })?;
            if cells.len() != head.columns {
                let (found, columns) = (cells.len(), head.columns);
                let problem = format!("it has {found} cells, and the first line has {columns}");
                return Err(DataError::wrong_at(&name, place(), problem));
            }
            row(rows, &cells)?;
            rows += 1;
            Ok(())
        };
        if let Some(first) = first {
            take(&first, lines.number)?;
        }
        loop {
            let number = lines.number + 1;
            let Some(line) = lines.next()? else { break };
            take(line, number)?;
        }
        if rows == 0 {
            return Err(no_row(&name));
        }
        Ok(rows)
    }
}

fn no_row(name: &str) -> DataError {
    DataError::wrong(name, "has names of columns and no row")
}

/// What is said of a file that is of another format, if it is.
fn other_format(path: &Path, name: &str) -> Option<DataError> {
    let mut start = vec![0; MOST_SNIFFED];
    let found = read_full(&mut unpacked(path, name).ok()?, &mut start).ok()?;
    let said = looks_like(&start[..found], Some(CSV))?;
    Some(DataError::wrong(name, format!("is no CSV: {said}")))
}

/// The head of a table and its number of rows. No cell is looked at but those of the first line.
pub fn size(
    path: &Path,
    name: &str,
    label: &Column,
    header: Option<bool>,
) -> Result<(Head, usize), DataError> {
    let mut table = Table::open(path, name, label, header)?;
    let mut rows = usize::from(table.first.is_some());
    while table.lines.next()?.is_some() {
        rows += 1;
    }
    if rows == 0 {
        return Err(no_row(name));
    }
    Ok((table.head, rows))
}

/// Reads a table: the numbers of the first `most` rows, and the labels of all of them, since they say which classes there are.
pub fn read(
    path: &Path,
    name: &str,
    (label, header): (&Column, bool),
    most: usize,
) -> Result<(Head, Part), DataError> {
    let table = Table::open(path, name, label, Some(header))?;
    let (head, origin) = (table.head.clone(), table.origin());
    let (mut numbers, mut labels) = (Entries::new(), Labels::default());
    // Memory all at once, but no more than the file can have numbers: each takes two bytes.
    let bytes = open(path, name)?.metadata().map_or(0, |metadata| metadata.len());
    let possible = bytes.saturating_mul(GZIP_RATIO) / 2;
    numbers.reserve(most.saturating_mul(head.width()).min(usize::try_from(possible).unwrap_or(usize::MAX)));
    let rows = table.rows(|row, cells| {
        let label = label_of(&cells[head.label], labels.first()).map_err(|problem| {
            let place = format!("{} in {}", column_name(head.label, head.names.as_deref()), origin.row(row));
            DataError::wrong_at(name, place, problem)
        })?;
        if !labels.add(label, row < most) {
            return Err(DataError::too_many_labels(name));
        }
        if row < most {
            let others = cells.iter().enumerate().filter(|(column, _)| *column != head.label);
            for (value, (_, cell)) in others.enumerate() {
                match number(cell) {
                    Some(number) => numbers.push(number),
                    None => {
                        return Err(DataError::wrong_at(
                            name,
                            origin.value(row, value),
                            no_number(cell, row, &head),
                        ));
                    }
                }
            }
        }
        Ok(())
    })?;
    let width = head.width();
    let labels_origin = origin.clone();
    let image_size = ImageSize::of_row(&[width]);
    Ok((head, Part { origin, labels_origin, rows, width, image_size, numbers, labels }))
}

/// What is wrong with a cell that should be a number.
fn no_number(cell: &str, row: usize, head: &Head) -> String {
    let shown = quoted(cell);
    if cell.is_empty() {
        return "the cell is empty: every value must be there".to_string();
    }
    if row == 0 && !head.header() {
        return format!(
            "`{shown}` is no number; if the first line has names of columns, write `header: true`"
        );
    }
    let lower = cell.to_ascii_lowercase();
    match lower.trim_start_matches(['+', '-']) {
        "nan" | "na" | "n/a" | "null" | "none" | "?" => {
            return format!("`{shown}` stands for a value that is not there: every value must be there");
        }
        "inf" | "infinity" => return format!("`{shown}` is not finite"),
        _ => {}
    }
    match cell.parse::<f64>() {
        Ok(_) => format!("`{shown}` is too large for a number of 64 bits"),
        Err(_) if number(&cell.replacen(',', ".", 1)).is_some() => {
            format!("`{shown}` is no number: write it with a point")
        }
        Err(_) => format!("`{shown}` is no number: write categories as numbers, or leave the column out"),
    }
}

/// A label: a whole number, or a text; of the kind of those before it.
fn label_of(cell: &str, first: Option<&Label>) -> Result<Label, String> {
    let shown = quoted(cell);
    let label = match number(cell) {
        _ if cell.is_empty() => return Err("the label is missing".to_string()),
        Some(number) => match Label::of_number(number) {
            Some(label) => label,
            None => return Err(format!("the label is {shown}: labels are whole numbers, or texts")),
        },
        None if cell.eq_ignore_ascii_case("nan") => {
            return Err(format!("the label is `{shown}`, which stands for one that is not there"));
        }
        None if cell.chars().count() > LONGEST_LABEL || !cell.chars().all(is_printable) => {
            let problem = "a label has at most 100 characters, all of which can be printed";
            return Err(format!("the label is `{shown}`: {problem}"));
        }
        None => Label::Text(cell.to_string()),
    };
    match (first, &label) {
        (Some(Label::Number(_)), Label::Text(_)) => Err(format!(
            "the label is the text {label}, and those before it are numbers: write all as one of the two"
        )),
        (Some(Label::Text(_)), Label::Number(_)) => Err(format!(
            "the label is the number {label}, and those before it are texts: write all as one of the two"
        )),
        _ => Ok(label),
    }
}
