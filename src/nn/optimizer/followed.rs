//! What a step works on.

/// A vector of parameters and what a step works on.
pub struct Followed<S> {
    /// The parameters, fixed-point numbers: needed with weight decay.
    pub parameters: Option<S>,
    /// What [`prepare`](super::Descent::prepare) made of what is remembered of them.
    pub prepared: Vec<S>,
    /// The gradient, summed over the batch.
    pub gradient: S,
}
