//! A table of figures between places, by their names.
//!
//! The first line names the places, and so does the first cell of each other line; row = from. It may have more places than
//! the network, in any order. An empty cell has the figure of the other direction.

use std::path::Path;

use super::errors::{Place, likely};
use super::tree::{Kind, Node};
use crate::memory::read_text;

/// No table of places is longer.
const MOST_BYTES: u64 = 10_000_000;

/// A table of figures by the names of places.
#[derive(Debug)]
pub struct Regions {
    columns: Vec<String>,
    /// The name of a row, and its cells.
    rows: Vec<(String, Vec<String>)>,
}

impl Regions {
    /// Reads a table; what is wrong with it, in words.
    pub fn read(path: &Path) -> Result<Regions, String> {
        let text = read_text(path, MOST_BYTES).map_err(|error| format!("cannot be read: {error}"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
        let mut lines = Vec::new();
        for line in reader.records() {
            let line = line.map_err(|error| format!("is no table: {error}"))?;
            lines.push(line.iter().map(str::to_string).collect::<Vec<_>>());
        }
        let mut lines = lines.into_iter();
        let columns: Vec<String> = lines.next().into_iter().flatten().skip(1).collect();
        if columns.is_empty() {
            return Err("is no table: its first line names no places".to_string());
        }
        let rows: Vec<(String, Vec<String>)> = lines.map(|mut line| (line.remove(0), line)).collect();
        for names in [columns.iter().collect::<Vec<_>>(), rows.iter().map(|(name, _)| name).collect()] {
            if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name))
            {
                return Err(format!("has `{twice}` twice"));
            }
        }
        Ok(Regions { columns, rows })
    }

    /// What stands in the cell from a place to another; empty if nothing does.
    fn cell(&self, from: &str, to: &str) -> &str {
        let column = self.columns.iter().position(|name| name == to);
        let row = self.rows.iter().find(|(name, _)| name == from);
        row.zip(column).map_or("", |((_, cells), column)| &cells[column])
    }

    /// What stands between two places, in this direction or else in the other.
    fn between(&self, from: &str, to: &str) -> &str {
        match self.cell(from, to) {
            "" => self.cell(to, from),
            given => given,
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().chain(self.rows.iter().map(|(name, _)| name)).map(String::as_str)
    }

    /// The matrix of these places as a scenario would write it, or what is missing and a likely correction.
    pub fn matrix(&self, places: &[String], at: &Place) -> Result<Kind, (String, Option<String>)> {
        if let Some(unknown) = places.iter().find(|place| !self.names().any(|name| name == **place)) {
            let help = likely(unknown, self.names()).map(|name| format!("did you mean `{name}`?"));
            return Err((format!("has no place `{unknown}`"), help));
        }
        let with_diagonal = places.iter().all(|place| !self.cell(place, place).is_empty());
        let mut rows = Vec::new();
        for from in places {
            let mut row = Vec::new();
            for to in places.iter().filter(|to| with_diagonal || *to != from) {
                let kind = match self.between(from, to) {
                    "" => return Err((format!("has no figure between `{from}` and `{to}`"), None)),
                    "unlimited" => Kind::Word("unlimited".to_string()),
                    cell if is_number(cell) => Kind::Number(cell.to_string()),
                    cell => {
                        return Err((
                            format!("has `{cell}` from `{from}` to `{to}`, which is no number"),
                            None,
                        ));
                    }
                };
                row.push(Node { place: at.clone(), kind });
            }
            rows.push(Node { place: at.clone(), kind: Kind::List(row) });
        }
        Ok(Kind::List(rows))
    }
}

/// Whether a cell is a number without a sign, as files of data have them.
fn is_number(cell: &str) -> bool {
    cell.starts_with(|c: char| c.is_ascii_digit()) && cell.parse::<f64>().is_ok_and(f64::is_finite)
}
