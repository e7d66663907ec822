//! Where the values of a training come from.

/// Where the values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Accuracy in the clear, cost from shapes.
    Split,
    /// Everything on shares.
    Shares,
}

impl Values {
    /// The name on the command line and in results.
    pub fn name(self) -> &'static str {
        match self {
            Values::Split => "split",
            Values::Shares => "shares",
        }
    }
}
