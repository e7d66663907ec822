//! Data sets: the bundled MNIST and IDX files.

pub mod idx;
mod labels;
mod mnist;
