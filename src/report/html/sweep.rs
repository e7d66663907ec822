//! The report of a sweep, from its `results.csv`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

use serde::Serialize;

use super::page;
use super::thin::{Axis, Choice};
use crate::report::units::Unit;
use crate::softmax::Softmax;

/// Rows that a page holds; of more, an even choice.
const ROWS: usize = 12_000;
/// A column that is a result, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResultColumn {
    /// Its name in the table.
    pub name: Cow<'static, str>,
    /// What it is, in words.
    pub title: Cow<'static, str>,
    /// What it counts.
    pub unit: Unit,
}

/// What the page's script gets.
#[derive(Serialize)]
struct Data<'a> {
    title: &'a str,
    notes: &'a [String],
    axes: Vec<String>,
    columns: &'a [ResultColumn],
    seeds: &'a [String],
    /// What softmax variants open of each row, of those that do.
    reveals: BTreeMap<&'static str, &'static str>,
    rows_in_all: usize,
    rows_kept: usize,
    stride: usize,
    results: &'a str,
}

fn broken(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

/// Places of the axes among the columns.
fn axis_places(header: &csv::StringRecord, columns: &[ResultColumn]) -> io::Result<Vec<usize>> {
    let first = &columns[0].name;
    let results = header.iter().position(|name| name == first);
    let results = results.ok_or_else(|| broken(format!("there is no column {first}")))?;
    Ok((0..results).filter(|&place| &header[place] != "index").collect())
}

fn reader(input: impl Read) -> csv::Reader<impl Read> {
    csv::ReaderBuilder::new().has_headers(false).from_reader(input)
}

/// The page of a sweep of any size, in memory that does not grow with it. `open` gives the bytes of `results.csv`, from
/// the start; it is called twice. `notes` are to be read before the figures. `columns` are its results; all columns before the first of them but `index` are axes;
/// `seeds` names those that are seeds.
pub fn sweep_report<R: Read>(
    title: &str,
    notes: &[String],
    columns: &[ResultColumn],
    seeds: &[String],
    mut open: impl FnMut() -> io::Result<R>,
) -> io::Result<Vec<u8>> {
    let mut row = csv::StringRecord::new();
    let mut input = reader(open()?);
    if !input.read_record(&mut row).map_err(broken)? {
        return Err(broken("there is no header"));
    }
    let header = row.clone();
    let places = axis_places(&header, columns)?;
    let mut axes: Vec<Axis> = places.iter().map(|_| Axis::default()).collect();
    let mut rows_in_all = 0;
    while input.read_record(&mut row).map_err(broken)? {
        axes.iter_mut().zip(&places).for_each(|(axis, &place)| axis.see(&row[place]));
        rows_in_all += 1;
    }
    let choice = (rows_in_all > ROWS).then(|| Choice::new(axes, rows_in_all, ROWS));

    let mut kept = csv::Writer::from_writer(Vec::new());
    kept.write_record(&header).map_err(broken)?;
    let mut input = reader(open()?);
    input.read_record(&mut row).map_err(broken)?;
    let (mut number, mut rows_kept) = (0, 0);
    while input.read_record(&mut row).map_err(broken)? {
        if choice.as_ref().is_none_or(|c| c.keeps(number, places.iter().map(|&place| &row[place]))) {
            kept.write_record(&row).map_err(broken)?;
            rows_kept += 1;
        }
        number += 1;
    }
    let results = String::from_utf8(kept.into_inner().map_err(broken)?).map_err(broken)?;
    let data = Data {
        title,
        notes,
        axes: places.iter().map(|&place| header[place].to_string()).collect(),
        columns,
        seeds,
        reveals: Softmax::ALL.iter().filter_map(|s| Some((s.name(), s.reveals()?))).collect(),
        rows_in_all,
        rows_kept,
        stride: choice.map_or(1, |c| c.stride),
        results: &results,
    };
    Ok(page(title, &data, include_str!("sweep.js")))
}
