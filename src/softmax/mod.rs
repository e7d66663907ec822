//! The output layer: softmax and its replacements, one file each. See docs/add-a-softmax.md.
//!
//! All work on a batch of logits x (rows of `classes` fixed-point numbers) and one-hot labels y (integers 0 and 1), and
//! give the gradient of the loss with respect to the logits, not divided by the batch size.

mod exact;
mod registry;
mod relu_gradient;
mod relu_probability;

pub use exact::Exact;
pub use registry::Softmax;
pub use relu_gradient::ReluGradient;
pub use relu_probability::ReluProbability;

use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};

/// A batch at the output layer.
pub struct Logits<'a, S> {
    /// rows x classes fixed-point numbers.
    pub logits: &'a S,
    /// rows x classes integers, one-hot.
    pub labels: &'a S,
    /// Number of classes.
    pub classes: usize,
}

/// What the output layer gives.
pub struct OutputLayer<S> {
    /// rows x classes fixed-point numbers.
    pub gradient: S,
    /// The loss of each row, where it was asked for and the variant has one.
    pub loss: Option<S>,
}

/// A way to turn logits into a gradient.
#[allow(async_fn_in_trait)] // parties are tasks of one thread, no bounds on the futures are wanted
pub trait SoftmaxVariant {
    /// Why it cannot serve so many classes in a number format; none if it can.
    fn refusal(_format: FixedPoint, _classes: usize) -> Option<String> {
        None
    }

    /// The gradient, and the loss if `with_loss`.
    async fn output_layer<P: Protocol>(
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share>;
}
