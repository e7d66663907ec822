//! A data set in memory.

use std::ops::Range;

use super::entries::Entries;
use super::image::ImageSize;
use super::scale::Scaling;

/// Images with their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The numbers of the files, `rows * width`, row by row.
    pub images: Entries,
    /// What becomes of them.
    pub scaling: Scaling,
    /// The class of each row, from 0, less than `classes`.
    pub labels: Vec<u8>,
    /// Number of images.
    pub rows: usize,
    /// Entries of one image.
    pub width: usize,
    /// How they are arranged.
    pub image_size: ImageSize,
    /// Number of classes.
    pub classes: usize,
}

impl Dataset {
    /// What goes into the network of some columns of a row.
    pub fn inputs(&self, row: usize, columns: Range<usize>) -> impl Iterator<Item = f64> + '_ {
        let first = row * self.width;
        columns.map(move |column| self.scaling.apply(column, self.images.get(first + column)))
    }

    /// The first rows alone.
    pub fn first(&self, rows: usize) -> Dataset {
        let rows = rows.min(self.rows);
        Dataset {
            images: self.images.first(rows * self.width),
            scaling: self.scaling.clone(),
            labels: self.labels[..rows].to_vec(),
            rows,
            ..*self
        }
    }
}

/// Rows to train on and rows to test on, alike in width, scaling and classes.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainTest {
    /// To train on.
    pub train: Dataset,
    /// To test on.
    pub test: Dataset,
    /// What a reader of the results has to know: how labels became classes, and which classes have no row.
    pub notes: Vec<String>,
}
