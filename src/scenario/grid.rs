//! Figures between pairs of places: one for all, a triangle for pairs that are alike both ways, or a square, row = from.

use super::errors::Mistakes;
use super::read;
use super::tree::{Kind, Node};

/// So many rows are described in a message.
const MOST_SHOWN: usize = 8;

/// A figure for each ordered pair of places.
#[derive(Clone, Debug)]
pub enum Grid<T> {
    /// The same for all pairs; nothing is said about a place and itself.
    One(T),
    /// By row = from and column = to; `None` where nothing is said.
    Square(Vec<Vec<Option<T>>>),
}

impl<T: Copy> Grid<T> {
    /// The figure from a place to another.
    pub fn between(&self, from: usize, to: usize) -> Option<T> {
        match self {
            Grid::One(value) => Some(*value),
            Grid::Square(rows) => rows[from][to],
        }
    }

    /// The figure inside a place, if the diagonal was given and is needed.
    pub fn within(&self, place: usize) -> Option<T> {
        match self {
            Grid::One(_) => None,
            Grid::Square(rows) => rows[place][place],
        }
    }
}

/// The columns that a row has, of so many.
type Columns = fn(usize, usize) -> Vec<usize>;

/// Ways to write a matrix: its columns, and whether a figure is that of both directions.
const FORMS: [(Columns, bool); 6] = [
    (|_, count| (0..count).collect(), false),
    (|row, count| (0..count).filter(|column| *column != row).collect(), false),
    (|row, _| (0..=row).collect(), true),
    (|row, count| (row..count).collect(), true),
    (|row, _| (0..row).collect(), true),
    (|row, count| (row + 1..count).collect(), true),
];

/// Row and columns of all rows that are written.
type Written = Vec<(usize, Vec<usize>)>;

/// What is written, and whether a figure is that of both directions, of a matrix whose rows
/// have these lengths. A row without entries may be left out.
fn form(lengths: &[usize], places: usize) -> Option<(Written, bool)> {
    FORMS.iter().find_map(|(columns, both)| {
        let mut rows: Vec<_> = (0..places).map(|row| (row, columns(row, places))).collect();
        if rows.len() != lengths.len() {
            rows.retain(|(_, columns)| !columns.is_empty());
        }
        let fits = rows.iter().map(|(_, columns)| columns.len()).eq(lengths.iter().copied());
        fits.then_some((rows, *both))
    })
}

/// Reads one figure, or a matrix among so many places (of none, a figure). What stands on the diagonal is read only where `needed` says so.
pub fn grid<T: Copy>(
    node: &Node,
    what: &str,
    places: usize,
    needed: &dyn Fn(usize) -> bool,
    mistakes: &mut Mistakes,
    read: &dyn Fn(&Node, &mut Mistakes) -> Option<T>,
) -> Option<Grid<T>> {
    let rows = match &node.kind {
        Kind::List(rows) if places > 0 => rows,
        _ => return read(node, mistakes).map(Grid::One),
    };
    let mut lists = Vec::new();
    for row in rows {
        lists.push(read::list(row, &format!("a row of `{what}`"), "[20.0, 30.0]", mistakes)?);
    }
    let lengths: Vec<usize> = lists.iter().map(|row| row.len()).collect();
    let Some((columns, both)) = form(&lengths, places) else {
        let message = format!(
            "`{what}` must be one figure, {places} rows of {places} (row = from), or a triangle for figures that are the \
             same both ways"
        );
        let shown: Vec<String> = lengths.iter().take(MOST_SHOWN).map(usize::to_string).collect();
        let more = if lengths.len() > MOST_SHOWN { ", …" } else { "" };
        let found = match rows.len() {
            0 => "no rows".to_string(),
            1 => format!("1 row of {}", shown[0]),
            count => format!("{count} rows of {}{more}", shown.join(", ")),
        };
        mistakes.add(&node.place, message, found, Some(example(places)));
        return None;
    };
    let mut values = vec![vec![None; places]; places];
    let mut good = true;
    for ((row, columns), entries) in columns.into_iter().zip(lists) {
        for (column, entry) in columns.into_iter().zip(entries) {
            let is_value = matches!(&entry.kind, Kind::Number(_) | Kind::Word(_));
            if row == column && is_value && !needed(row) {
                continue;
            }
            let value = read(entry, mistakes);
            good &= value.is_some();
            values[row][column] = value;
            if both {
                values[column][row] = value;
            }
        }
    }
    good.then_some(Grid::Square(values))
}

/// A triangle among so many places.
fn example(places: usize) -> String {
    match places {
        0 | 1 => "write one figure".to_string(),
        2 => "write one figure, [[0, 20], [20, 0]] or [[20]]".to_string(),
        3 => "for example [[0, 20, 30], [20, 0, 40], [30, 40, 0]], the same without the zeros, or [[20], [30, 40]]"
            .to_string(),
        _ => format!(
            "with or without its diagonal; or a triangle, [[20], [30, 40], …]: {} rows, each one longer than the row before",
            places - 1
        ),
    }
}
