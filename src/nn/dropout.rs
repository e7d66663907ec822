//! Dropout: in a training, values at random become zero, and the others larger by as much as keeps the mean. Which ones is
//! secret.

use crate::protocol::{Protocol, RingShare};
use crate::secure::Secure;

/// Which part of the values becomes zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropout {
    /// One in 2^halvings: so many random bits say it of each value.
    pub halvings: u32,
}

impl Dropout {
    /// What the values that stay are multiplied by.
    pub(super) fn factor(&self) -> f64 {
        1.0 / (1.0 - libm::exp2(-f64::from(self.halvings)))
    }

    /// For each value whether it stays.
    pub(super) async fn mask<P: Protocol>(&self, secure: &Secure<P>, len: usize) -> P::Share {
        let dropped = secure.random_bits(len, self.halvings).await;
        secure.constant(len, 1).sub(&dropped)
    }

    /// The values that stay, larger; the same for gradients.
    pub(super) async fn apply<P: Protocol>(
        &self,
        secure: &Secure<P>,
        mask: &P::Share,
        x: &P::Share,
    ) -> P::Share {
        let stay = secure.protocol.mul(mask, x).await;
        secure.scale_by(stay, self.factor()).await
    }
}
