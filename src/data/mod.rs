//! Data sets: the bundled MNIST, and any other in IDX files.

mod source;

pub use source::{DataPath, DataSource};
