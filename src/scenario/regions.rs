//! Figures between places from a table: `csv("pings.csv")` stands for the matrix of a network's sites, which it has by their names.
//!
//! The first line of the table names the places, and so does the first cell of each other line; row = from. It may have more places than
//! the network, in any order. An empty cell has the figure of the other direction.

use std::borrow::Cow;
use std::path::Path;

use super::errors::{Mistakes, Place, likely};
use super::files::Files;
use super::read;
use super::tree::{Kind, Node, Record};
use crate::memory::read_text;

/// Fields that a table can give.
const FIELDS: [&str; 3] = ["latency_ms", "ping_ms", "bandwidth_mbps"];
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
    fn matrix(&self, places: &[String], at: &Place) -> Result<Kind, (String, Option<String>)> {
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

/// The names of the sites of a network, in order; none if there are none, or one has no name.
fn site_names(network: &Record) -> Option<Vec<String>> {
    let Kind::List(sites) = &network.get("sites")?.kind else { return None };
    let name = |site: &Node| match &site.kind {
        Kind::Record(site) => read::text(site.get("name")?, "name", &mut Mistakes::default()),
        _ => None,
    };
    sites.iter().map(name).collect()
}

fn is_table(node: &Node) -> bool {
    matches!(&node.kind, Kind::Tuple(Some(name), _) if name == "csv")
}

/// Puts the matrix in the place of a table. False, and noted, if that cannot be.
fn write_out(
    node: &mut Node,
    what: &str,
    places: Option<&[String]>,
    files: &Files,
    mistakes: &mut Mistakes,
) -> bool {
    let Kind::Tuple(_, items) = &node.kind else { return true };
    let [item] = &items[..] else {
        let help = Some(format!("for example {what}: csv(\"pings.csv\")"));
        mistakes.add(&node.place, "`csv(…)` has the path of a table", "here", help);
        return false;
    };
    let Some(places) = places else {
        let help = "add sites: [(name: \"…\"), …], one for each party, with the names that the table has"
            .to_string();
        let message =
            format!("`{what}` is a table by the names of sites, and this network has no sites with names");
        mistakes.add(&node.place, message, "a table", Some(help));
        return false;
    };
    let Some(path) = files.path(item, what, mistakes) else { return false };
    let found = files.regions(&path.resolved).map_err(|problem| (problem, None));
    match found.and_then(|regions| regions.matrix(places, &node.place)) {
        Ok(matrix) => {
            node.kind = matrix;
            true
        }
        Err((problem, help)) => {
            mistakes.add(
                &node.place,
                format!("`{}` {problem}", path.written),
                format!("the table of `{what}`"),
                help,
            );
            false
        }
    }
}

/// A network in which tables are written out as matrices, those of `changes` too; none, and noted, if that cannot be.
pub fn written_out<'a>(network: &'a Node, files: &Files, mistakes: &mut Mistakes) -> Option<Cow<'a, Node>> {
    let Kind::Record(record) = &network.kind else { return Some(Cow::Borrowed(network)) };
    let has_table = |record: &Record| FIELDS.iter().any(|name| record.get(name).is_some_and(is_table));
    let changes = match record.get("changes").map(|node| &node.kind) {
        Some(Kind::List(changes)) => &changes[..],
        _ => &[],
    };
    let of_changes = |change: &Node| matches!(&change.kind, Kind::Record(change) if has_table(change));
    if !has_table(record) && !changes.iter().any(of_changes) {
        return Some(Cow::Borrowed(network));
    }
    let places = site_names(record);
    let mut written = record.clone();
    let mut good = true;
    let mut fields_of = |record: &mut Record| {
        for field in
            record.fields.iter_mut().filter(|field| FIELDS.contains(&&*field.name) && is_table(&field.value))
        {
            good &= write_out(&mut field.value, &field.name, places.as_deref(), files, mistakes);
        }
    };
    fields_of(&mut written);
    let changes = written.fields.iter_mut().filter(|field| field.name == "changes");
    for change in changes
        .filter_map(|field| if let Kind::List(list) = &mut field.value.kind { Some(list) } else { None })
        .flatten()
    {
        if let Kind::Record(change) = &mut change.kind {
            fields_of(change);
        }
    }
    good.then(|| Cow::Owned(Node { place: network.place.clone(), kind: Kind::Record(written) }))
}
