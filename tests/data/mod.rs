//! Data sets: the bundled MNIST and IDX files.

mod idx;
mod labels;
mod mnist;
