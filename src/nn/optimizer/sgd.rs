//! Stochastic gradient descent with momentum, after the reference system: the division by the batch size is folded into
//! the truncation of the product with the learning rate.

use crate::protocol::Protocol;
use crate::secure::Secure;

/// What a step divides the sum of a batch's gradients by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchDivision {
    /// The largest power of two that is not larger than the batch, as in the reference system.
    PowerOfTwo,
    /// The batch.
    Exact,
}

impl BatchDivision {
    /// All of them.
    pub const ALL: [BatchDivision; 2] = [BatchDivision::PowerOfTwo, BatchDivision::Exact];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            BatchDivision::PowerOfTwo => "power_of_two",
            BatchDivision::Exact => "exact",
        }
    }
}

/// The constants of a step: change = momentum old - gradient, and the step is change rate / batch. The change is
/// remembered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The momentum, a real number.
    pub momentum: f64,
    /// What the gradients' sum is divided by.
    pub division: BatchDivision,
}

impl Sgd {
    /// The old change times the momentum.
    pub(super) async fn scaled_change<P: Protocol>(&self, secure: &Secure<P>, change: P::Share) -> P::Share {
        secure.scale_by(change, self.momentum).await
    }
}
