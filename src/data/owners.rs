//! Which party brings which part of the training data.

use std::ops::Range;

/// Who the training data belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owners {
    /// Everything is one party's.
    One(usize),
    /// Rows, so many by party: those of party 0 come first.
    Rows(Vec<usize>),
    /// Columns of every row, so many by party: those of party 0 come first.
    Columns {
        /// Columns by party.
        columns: Vec<usize>,
        /// The party that brings the labels of all rows.
        labels: usize,
    },
}

/// A part of a matrix that is one party's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The party.
    pub party: usize,
    /// The rows.
    pub rows: Range<usize>,
    /// The columns.
    pub columns: Range<usize>,
}

/// One range after the other, as long as said, by party.
fn ranges(lengths: &[usize], total: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
    assert_eq!(lengths.iter().sum::<usize>(), total, "the parts of all parties are the whole");
    let mut end = 0;
    lengths.iter().enumerate().map(move |(party, &length)| {
        end += length;
        (party, end - length..end)
    })
}

impl Owners {
    /// The parts of the images, of so many rows and columns. None is empty.
    pub fn images(&self, rows: usize, width: usize) -> Vec<Block> {
        match self {
            Owners::Columns { columns, .. } => {
                let block = |(party, columns)| Block { party, rows: 0..rows, columns };
                ranges(columns, width).map(block).filter(|block| !block.columns.is_empty()).collect()
            }
            _ => self.by_rows(rows, width),
        }
    }

    /// The parts of the labels, of so many rows and classes. None is empty.
    pub fn labels(&self, rows: usize, classes: usize) -> Vec<Block> {
        match *self {
            Owners::Columns { labels: party, .. } => {
                vec![Block { party, rows: 0..rows, columns: 0..classes }]
            }
            _ => self.by_rows(rows, classes),
        }
    }

    fn by_rows(&self, rows: usize, width: usize) -> Vec<Block> {
        let block = |(party, rows)| Block { party, rows, columns: 0..width };
        match self {
            Owners::Rows(by_party) => {
                ranges(by_party, rows).map(block).filter(|block| !block.rows.is_empty()).collect()
            }
            Owners::One(party) | Owners::Columns { labels: party, .. } => vec![block((*party, 0..rows))],
        }
    }

    /// A part of the data, given by its rows, for those who need no more: its owners, its rows in the order of their
    /// owners, and where each of the rows given is among those.
    pub fn part(&self, rows: &[usize]) -> (Owners, Vec<usize>, Vec<usize>) {
        let Owners::Rows(by_party) = self else {
            return (self.clone(), rows.to_vec(), (0..rows.len()).collect());
        };
        let all: Vec<Range<usize>> =
            ranges(by_party, by_party.iter().sum()).map(|(_, range)| range).collect();
        let (mut owned, mut ordered, mut places) = (Vec::new(), Vec::new(), vec![0; rows.len()]);
        for range in all {
            let before = ordered.len();
            for (place, row) in places.iter_mut().zip(rows).filter(|(_, row)| range.contains(row)) {
                *place = ordered.len();
                ordered.push(*row);
            }
            owned.push(ordered.len() - before);
        }
        (Owners::Rows(owned), ordered, places)
    }
}
