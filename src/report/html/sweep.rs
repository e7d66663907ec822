//! The report of a sweep, from its `results.csv`.

use std::io::{self, Read};

use serde::Serialize;

use super::page;
use super::thin::{Axis, Choice};

/// Rows that a page holds; of more, an even choice.
const ROWS: usize = 12_000;
/// The first column that is a result; axes are before it.
const FIRST_RESULT: &str = "accuracy";

/// What the page's script gets.
#[derive(Serialize)]
struct Data<'a> {
    title: &'a str,
    axes: Vec<String>,
    rows_in_all: usize,
    rows_kept: usize,
    stride: usize,
    results: &'a str,
}

fn broken(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

/// Places of the axes among the columns.
fn axis_places(header: &csv::StringRecord) -> io::Result<Vec<usize>> {
    let results = header.iter().position(|name| name == FIRST_RESULT);
    let results = results.ok_or_else(|| broken(format!("there is no column {FIRST_RESULT}")))?;
    Ok((0..results).filter(|&place| &header[place] != "index").collect())
}

fn reader(input: impl Read) -> csv::Reader<impl Read> {
    csv::ReaderBuilder::new().has_headers(false).from_reader(input)
}

/// The page of a sweep of any size, in memory that does not grow with it. `open` gives the bytes of `results.csv`, from
/// the start; it is called twice. All columns before `accuracy` but `index` are axes.
pub fn sweep_report<R: Read>(title: &str, mut open: impl FnMut() -> io::Result<R>) -> io::Result<Vec<u8>> {
    let mut row = csv::StringRecord::new();
    let mut input = reader(open()?);
    if !input.read_record(&mut row).map_err(broken)? {
        return Err(broken("there is no header"));
    }
    let header = row.clone();
    let places = axis_places(&header)?;
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
        axes: places.iter().map(|&place| header[place].to_string()).collect(),
        rows_in_all,
        rows_kept,
        stride: choice.map_or(1, |c| c.stride),
        results: &results,
    };
    Ok(page(title, &data, include_str!("sweep.js")))
}

/// The page of a sweep whose `results.csv` is in memory. Panics if it is not one.
pub fn sweep_html(title: &str, csv: &str) -> Vec<u8> {
    sweep_report(title, || Ok(csv.as_bytes())).expect("a results.csv with a column accuracy")
}
