//! Data sets: the bundled MNIST and IDX files.

mod formats;
pub mod idx;
mod labels;
mod mnist;
