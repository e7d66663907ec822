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
    /// The column that tells lines apart.
    pub by: Option<String>,
    /// Only rows that have this in that column.
    pub only: Vec<(String, String)>,
    /// Logarithmic axes.
    pub logs: Logs,
}

/// Why a table cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// There is no such column.
    #[error("there is no column {name}{hint}; there are {all}")]
    Column {
        /// What was asked for.
        name: String,
        /// What was probably meant.
        hint: String,
        /// What there is.
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
    /// No row is left.
    #[error("no row of the table has all that is asked for")]
    Empty,
    /// The table is damaged.
    #[error("the table cannot be read: {0}")]
    Table(String),
}

/// The points of one line, by x, then y.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The value that all its rows share; empty if lines are not told apart.
    pub name: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
    /// Whether y is a function of x and x was chosen, so that points are joined; results of a sweep make a cloud.
    pub joined: bool,
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
            all: header.iter().collect::<Vec<_>>().join(", "),
        }
    })
}

fn number(text: &str, column: &str, log: bool) -> Result<f64, PlotError> {
    let value: f64 = match text.parse() {
        Ok(value) if f64::is_finite(value) => value,
        _ => return Err(PlotError::Words { column: column.to_string(), value: text.to_string() }),
    };
    if log && value <= 0.0 {
        return Err(PlotError::NotPositive { column: column.to_string(), value });
    }
    Ok(value)
}

/// Lines in the order in which their names first come. Rows with an empty cell in x or y are left out.
pub fn select(csv: &str, request: &Request) -> Result<Vec<Series>, PlotError> {
    let damaged = |error: csv::Error| PlotError::Table(error.to_string());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().map_err(damaged)?.clone();
    let [x, y] = [place(&header, &request.x)?, place(&header, &request.y)?];
    let by = request.by.as_deref().map(|name| place(&header, name)).transpose()?;
    let mut only = Vec::new();
    for (name, value) in &request.only {
        only.push((place(&header, name)?, value.as_str()));
    }
    let results = header.iter().position(|column| column == "accuracy").unwrap_or(header.len());
    let mut places = BTreeMap::new();
    let mut lines: Vec<Series> = Vec::new();
    for row in reader.records() {
        let row = row.map_err(damaged)?;
        if row[x].is_empty()
            || row[y].is_empty()
            || !only.iter().all(|&(column, value)| &row[column] == value)
        {
            continue;
        }
        let point =
            (number(&row[x], &request.x, request.logs.x)?, number(&row[y], &request.y, request.logs.y)?);
        let name = by.map(|by| row[by].to_string()).unwrap_or_default();
        let line = *places.entry(name.clone()).or_insert_with(|| {
            lines.push(Series { name, points: Vec::new(), joined: x < results });
            lines.len() - 1
        });
        lines[line].points.push(point);
    }
    if lines.is_empty() {
        return Err(PlotError::Empty);
    }
    for line in &mut lines {
        line.points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        line.joined &= line.points.windows(2).all(|pair| pair[0].0 < pair[1].0);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "softmax,network.latency_ms,seconds\nexact,2,8\nrelu,1,3\nexact,1,4\nrelu,2,\n";

    fn request(x: &str, y: &str) -> Request {
        Request { x: x.into(), y: y.into(), by: Some("softmax".into()), ..Request::default() }
    }

    #[test]
    fn lines_are_sorted_by_x() {
        let lines = select(TABLE, &request("network.latency_ms", "seconds")).expect("lines");
        let named = |name: &str, points| Series { name: name.into(), points, joined: true };
        assert_eq!(lines, [named("exact", vec![(1.0, 4.0), (2.0, 8.0)]), named("relu", vec![(1.0, 3.0)])]);
        let mut one = request("network.latency_ms", "seconds");
        one.only = vec![("network.latency_ms".into(), "2".into())];
        assert_eq!(select(TABLE, &one).expect("lines"), [named("exact", vec![(2.0, 8.0)])]);
    }

    #[test]
    fn mistakes_are_explained() {
        let error = |x: &str, y: &str| select(TABLE, &request(x, y)).expect_err("a mistake").to_string();
        assert!(error("latency_ms", "seconds").contains("did you mean network.latency_ms?"));
        assert!(error("network.latency_ms", "second").contains("did you mean seconds?"));
        assert!(error("softmax", "seconds").contains("not a number"));
    }
}
