//! What a product does with its place.

/// What becomes of what was in the result before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The product is added to it.
    Add,
    /// The product takes its place.
    Overwrite,
}
