//! Which numbers of a table are drawn.

use std::collections::BTreeMap;

use super::Logs;
use crate::scenario::errors::likely;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The column along the bottom.
    pub x: String,
    /// The column along the side.
    pub y: String,
    /// The columns that tell lines apart.
    pub by: Vec<String>,
    /// Only rows that have this in that column.
    pub only: Vec<(String, String)>,
    /// Logarithmic axes.
    pub logs: Logs,
}

/// Why a table cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// There is no such column.
    #[error("there is no column {name}{hint}\n{all}")]
    Column {
        /// What was asked for.
        name: String,
        /// What was probably meant.
        hint: String,
        /// What there is, in lines.
        all: String,
    },
    /// An axis is made of words.
    #[error("column {column} holds {value:?}, which is not a number, so it cannot be an axis")]
    Words {
        /// The column.
        column: String,
        /// The first of its words.
        value: String,
    },
    /// A logarithmic axis has no place for it.
    #[error("column {column} holds {value}, which a logarithmic axis cannot show")]
    NotPositive {
        /// The column.
        column: String,
        /// The number.
        value: f64,
    },
    /// Seeds are in no order.
    #[error(
        "column {0} holds seeds, which are in no order: leave them out, and the mean over them is drawn with the range \
         from least to greatest"
    )]
    Seed(String),
    /// A column never has what is asked for.
    #[error("column {column} never holds {value}{hint}; it holds {all}")]
    Value {
        /// The column.
        column: String,
        /// What was asked for.
        value: String,
        /// What was probably meant.
        hint: String,
        /// What there is.
        all: String,
    },
    /// No row is left.
    #[error("no row of the table has all that is asked for")]
    Empty,
    /// The table is damaged.
    #[error("the table cannot be read: {0}")]
    Table(String),
}

/// A place in the figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Along the bottom.
    pub x: f64,
    /// Along the side: a value, or the mean of several that differ in nothing but their seeds.
    pub y: f64,
    /// The least of these values.
    pub least: f64,
    /// The greatest of them.
    pub most: f64,
}

/// The points of one line, by x, then y.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The values that all its rows share; empty if lines are not told apart.
    pub name: String,
    /// Its points.
    pub points: Vec<Point>,
    /// Whether y is a function of x and x was chosen, so that points are joined; results of a sweep make a cloud.
    pub joined: bool,
}

/// The first column of what came of a point; those before it say what the point is.
const RESULTS: &str = "accuracy";

/// Whether a column holds seeds, by its name.
fn is_seed(column: &str) -> bool {
    column == "seed"
}

fn place(header: &csv::StringRecord, name: &str) -> Result<usize, PlotError> {
    header.iter().position(|column| column == name).ok_or_else(|| {
        // The last part of a path is what people remember.
        let last = |column: &'_ str| column.rsplit('.').next().map(str::to_string).unwrap_or_default();
        let ends: Vec<String> = header.iter().map(last).collect();
        let close = likely(name, header.iter()).map(str::to_string).or_else(|| {
            let end = likely(name, ends.iter().map(String::as_str))?;
            header.iter().find(|column| last(column) == end).map(str::to_string)
        });
        PlotError::Column {
            name: name.to_string(),
            hint: close.map(|close| format!(": did you mean {close}?")).unwrap_or_default(),
            all: listed(header),
        }
    })
}

/// Characters of a line of columns.
const LINE: usize = 96;

/// All columns, several in a line: those that were chosen apart from what came of it.
fn listed(header: &csv::StringRecord) -> String {
    let columns: Vec<&str> = header.iter().collect();
    let groups = match columns.iter().position(|column| *column == RESULTS) {
        Some(at) => vec![("what was set", &columns[..at]), ("what came of it", &columns[at..])],
        None => vec![("its columns", &columns[..])],
    };
    let mut lines = Vec::new();
    for (title, columns) in groups.into_iter().filter(|(_, columns)| !columns.is_empty()) {
        lines.push(format!("{title}:"));
        let mut line = String::new();
        for column in columns {
            if !line.is_empty() && line.chars().count() + column.chars().count() + 2 > LINE {
                lines.push(std::mem::take(&mut line) + ",");
            }
            line += if line.is_empty() { "  " } else { ", " };
            line += column;
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// Values of a column that are told when none of them is the one that is asked for.
const MOST_VALUES: usize = 12;

/// Whether a cell is the value that is asked for: the same text but for blanks and quotes, or the same number.
fn is_same(cell: &str, value: &str) -> bool {
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '"').collect::<String>();
    let number = |text: &str| text.parse::<f64>().ok();
    cell == value
        || number(cell).zip(number(value)).is_some_and(|(a, b)| a == b)
        || bare(cell.strip_prefix('\'').unwrap_or(cell)) == bare(value)
}

/// What to say of a value that a column never holds, if it is so.
fn missing_value(csv: &str, column: usize, name: &str, value: &str) -> Option<PlotError> {
    let mut held: Vec<String> = Vec::new();
    for row in csv::Reader::from_reader(csv.as_bytes()).records().filter_map(Result::ok) {
        if is_same(&row[column], value) {
            return None;
        }
        if !held.iter().any(|known| *known == row[column]) && held.len() <= MOST_VALUES {
            held.push(row[column].to_string());
        }
    }
    let close =
        likely(value, held.iter().map(String::as_str)).map(|close| format!(": did you mean {close}?"));
    let more = if held.len() > MOST_VALUES { ", …" } else { "" };
    held.truncate(MOST_VALUES);
    Some(PlotError::Value {
        column: name.to_string(),
        value: value.to_string(),
        hint: close.unwrap_or_default(),
        all: held.join(", ") + more,
    })
}

fn number_of(text: &str, column: &str, log: bool) -> Result<f64, PlotError> {
    let value: f64 = match text.parse() {
        Ok(value) if f64::is_finite(value) => value,
        _ => return Err(PlotError::Words { column: column.to_string(), value: text.to_string() }),
    };
    if log && value <= 0.0 {
        return Err(PlotError::NotPositive { column: column.to_string(), value });
    }
    Ok(value)
}

/// Rows that differ in nothing but their seeds: the x and the ys.
struct Repeated {
    line: usize,
    x: f64,
    ys: Vec<f64>,
}

impl Repeated {
    fn point(&self) -> Point {
        let fold = |pick: fn(f64, f64) -> f64| self.ys.iter().copied().reduce(pick).expect("a row");
        Point {
            x: self.x,
            y: self.ys.iter().sum::<f64>() / self.ys.len() as f64,
            least: fold(f64::min),
            most: fold(f64::max),
        }
    }
}

/// Lines in the order in which their names first come. Rows with an empty cell in x or y are left out; those that differ
/// in nothing but their seeds, and in what came of it, make one point.
pub fn select(csv: &str, request: &Request) -> Result<Vec<Series>, PlotError> {
    let damaged = |error: csv::Error| PlotError::Table(error.to_string());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().map_err(damaged)?.clone();
    let [x, y] = [place(&header, &request.x)?, place(&header, &request.y)?];
    if let Some(seed) = [x, y].into_iter().find(|&column| is_seed(&header[column])) {
        return Err(PlotError::Seed(header[seed].to_string()));
    }
    let by = request.by.iter().map(|name| place(&header, name)).collect::<Result<Vec<_>, _>>()?;
    let mut only = Vec::new();
    for (name, value) in &request.only {
        only.push((place(&header, name)?, value.as_str()));
    }
    // What a row was chosen to be: all axes but the seed. What stands behind them came of it.
    let results = header.iter().position(|column| column == RESULTS).unwrap_or(header.len());
    let is_axis = |column: &usize| header[*column] != *"index" && !is_seed(&header[*column]);
    let axes: Vec<usize> = (0..results).filter(is_axis).collect();
    let has_seeds = header.iter().take(results).any(is_seed);
    let (mut lines, mut line_of) = (Vec::new(), BTreeMap::new());
    let (mut groups, mut group_of) = (Vec::<Repeated>::new(), BTreeMap::new());
    for (number, row) in reader.records().enumerate() {
        let row = row.map_err(damaged)?;
        if row[x].is_empty()
            || row[y].is_empty()
            || !only.iter().all(|&(column, value)| is_same(&row[column], value))
        {
            continue;
        }
        let (at_x, at_y) = (
            number_of(&row[x], &request.x, request.logs.x)?,
            number_of(&row[y], &request.y, request.logs.y)?,
        );
        let name = by.iter().map(|&column| &row[column]).collect::<Vec<_>>().join(", ");
        let line = *line_of.entry(name.clone()).or_insert_with(|| {
            lines.push(Series { name, points: Vec::new(), joined: x < results });
            lines.len() - 1
        });
        // An x that came of the run differs with the seed: such rows stay apart.
        let chosen: Vec<String> = axes.iter().map(|&column| row[column].to_string()).collect();
        let alone = if has_seeds && x < results { 0 } else { number + 1 };
        let key = (line, alone, row[x].to_string(), chosen);
        let group = *group_of.entry(key).or_insert_with(|| {
            groups.push(Repeated { line, x: at_x, ys: Vec::new() });
            groups.len() - 1
        });
        groups[group].ys.push(at_y);
    }
    if lines.is_empty() {
        let missing = |&(column, value)| missing_value(csv, column, &header[column], value);
        return Err(only.iter().find_map(missing).unwrap_or(PlotError::Empty));
    }
    groups.iter().for_each(|group| lines[group.line].points.push(group.point()));
    for line in &mut lines {
        line.points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        line.joined &= line.points.windows(2).all(|pair| pair[0].x < pair[1].x);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "softmax,network.latency_ms,seconds\nexact,2,8\nrelu,1,3\nexact,1,4\nrelu,2,\n";

    fn request(x: &str, y: &str) -> Request {
        Request { x: x.into(), y: y.into(), by: vec!["softmax".into()], ..Request::default() }
    }

    #[test]
    fn lines_are_sorted_by_x() {
        let lines = select(TABLE, &request("network.latency_ms", "seconds")).expect("lines");
        let point = |&(x, y): &(f64, f64)| Point { x, y, least: y, most: y };
        let named = |name: &str, points: &[(f64, f64)]| Series {
            name: name.into(),
            points: points.iter().map(point).collect(),
            joined: true,
        };
        assert_eq!(lines, [named("exact", &[(1.0, 4.0), (2.0, 8.0)]), named("relu", &[(1.0, 3.0)])]);
        let mut one = request("network.latency_ms", "seconds");
        one.only = vec![("network.latency_ms".into(), "2".into())];
        assert_eq!(select(TABLE, &one).expect("lines"), [named("exact", &[(2.0, 8.0)])]);
    }

    /// Rows that differ in their seeds make one point with its range; others stay apart, and are not joined.
    #[test]
    fn seeds_are_repetitions() {
        let table = "index,seed,softmax,batch,accuracy,seconds\n0,1,exact,16,0.5,10\n1,2,exact,16,0.7,30\n\
                     2,1,relu,16,0.4,5\n3,2,relu,16,0.4,5\n";
        let drawn = |x: &str, y: &str, by: &[&str]| {
            let by = by.iter().map(|name| name.to_string()).collect();
            select(table, &Request { x: x.into(), y: y.into(), by, ..Request::default() }).expect("lines")
        };
        let lines = drawn("batch", "seconds", &["softmax"]);
        assert_eq!(lines[0].points, [Point { x: 16.0, y: 20.0, least: 10.0, most: 30.0 }]);
        assert_eq!(lines[1].points, [Point { x: 16.0, y: 5.0, least: 5.0, most: 5.0 }]);
        assert!(lines.iter().all(|line| line.joined));
        // Variants are never averaged.
        let mixed = drawn("batch", "seconds", &[]);
        assert_eq!((mixed[0].points.len(), mixed[0].joined), (2, false));
        // Two columns tell lines apart; a seed may be one, but never an axis.
        assert_eq!(drawn("batch", "seconds", &["softmax", "seed"])[1].name, "exact, 2");
        assert_eq!(drawn("seconds", "accuracy", &["softmax"])[0].points.len(), 2, "results make a cloud");
        let refused =
            select(table, &Request { x: "seed".into(), y: "accuracy".into(), ..Request::default() });
        assert!(refused.expect_err("no axis").to_string().contains("the mean over them is drawn"));
    }

    #[test]
    fn mistakes_are_explained() {
        let error = |x: &str, y: &str| select(TABLE, &request(x, y)).expect_err("a mistake").to_string();
        assert!(error("latency_ms", "seconds").contains("did you mean network.latency_ms?"));
        assert!(error("network.latency_ms", "second").contains("did you mean seconds?"));
        assert!(error("softmax", "seconds").contains("not a number"));
    }

    /// Of many columns there are several in a line, none of them cut, and axes stand apart.
    #[test]
    fn columns_are_listed_in_lines() {
        let results: Vec<String> = (0..40).map(|at| format!("result_number_{at}")).collect();
        let table = format!("index,softmax,batch,accuracy,{}\n", results.join(","));
        let request = Request { x: "bach".into(), y: "accuracy".into(), ..Request::default() };
        let told = select(&table, &request).expect_err("no such column").to_string();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(
            lines[..4],
            [
                "there is no column bach: did you mean batch?",
                "what was set:",
                "  index, softmax, batch",
                "what came of it:"
            ]
        );
        assert!(lines.iter().all(|line| line.len() <= LINE + 1), "{told}");
        let named: Vec<&str> =
            lines[4..].iter().flat_map(|line| line.trim().trim_end_matches(',').split(", ")).collect();
        assert_eq!(named[0], "accuracy");
        assert_eq!(named[1..], results);
    }

    /// Values that are texts of the scenario are found as anybody would write them.
    #[test]
    fn values_are_found_however_they_are_written() {
        let table = "model,network,batch,accuracy\ndense(hidden: [128]),\"custom(base: \"\"lan\"\", latency_ms: 2)\",16,\
                     0.5\ndense(hidden: []),lan,32,0.25\n";
        let found = |column: &str, value: &str| {
            let only = vec![(column.to_string(), value.to_string())];
            select(table, &Request { x: "batch".into(), y: "accuracy".into(), only, ..Request::default() })
        };
        for (column, value) in [
            ("model", "dense(hidden: [128])"),
            ("model", "dense(hidden:[128])"),
            ("network", "custom(base: \"lan\", latency_ms: 2)"),
            ("network", "custom(base: lan,latency_ms:2)"),
            ("batch", "16.0"),
        ] {
            assert_eq!(found(column, value).expect("a line")[0].points.len(), 1, "{value}");
        }
        let told = found("network", "wan").expect_err("a mistake").to_string();
        assert!(told.contains("never holds wan: did you mean lan?; it holds custom("), "{told}");
        let told = found("model", "conv").expect_err("a mistake").to_string();
        assert!(told.contains("it holds dense(hidden: [128]), dense(hidden: [])"), "{told}");
    }
}
