//! Stochastic gradient descent with momentum, after the reference system: the division by the batch size is folded into
//! the truncation of the product with the learning rate.

use crate::protocol::{Protocol, RingShare};
use crate::secure::Secure;

/// A step's constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate as a fixed-point integer.
    pub learning_rate: i64,
    /// The momentum, a real number.
    pub momentum: f64,
    /// Rows of a batch.
    pub batch: usize,
}

impl Sgd {
    /// The old change times the momentum. It needs no gradient, so it can go along with the forward pass.
    pub async fn scaled_change<P: Protocol>(&self, secure: &Secure<P>, change: &P::Share) -> P::Share {
        secure.scale_by(change, self.momentum).await
    }

    /// change = momentum old - gradient; step = change rate / batch. Returns `(change, step)`.
    pub async fn step<P: Protocol>(
        &self,
        secure: &Secure<P>,
        scaled_change: &P::Share,
        gradient: &P::Share,
    ) -> (P::Share, P::Share) {
        let change = scaled_change.sub(gradient);
        let format = secure.fixed_point;
        let bits = format.total_bits + format.fraction_bits;
        let shift = format.fraction_bits + self.batch.ilog2();
        let step = secure.truncate(&change.scale(self.learning_rate), bits, shift).await;
        (change, step)
    }
}
