//! The output layer: softmax and its replacements, one file each. See docs/add-a-softmax.md.
//!
//! All work on a batch of logits x (rows of `classes` fixed-point numbers) and one-hot labels y (integers 0 and 1), and
//! give the gradient of the loss with respect to the logits, not divided by the batch size. Each has its formula in
//! floating point beside the secure one.
//!
//! Sigmoids are output layers for two classes with a single logit x, of which p is the probability of the second class: softmax of the
//! logits 0 and x. The label of a row is one integer then, 1 for the second class.

mod adhoc;
mod clipped_limit;
mod exact;
mod limit;
mod lookup;
mod normalised;
mod ode;
mod pade;
mod parameter;
mod quadratic_exp;
mod real;
mod registry;
mod relu_gradient;
mod relu_norm;
mod relu_parameters;
mod relu_probability;
mod sigmoid;
mod sigmoid_piecewise;
mod sigmoid_polynomial;
mod taylor;
mod two_quad;
mod two_relu;

pub use adhoc::Adhoc;
pub use clipped_limit::ClippedLimit;
pub use exact::Exact;
pub use limit::Limit;
pub use lookup::Lookup;
pub use ode::Ode;
pub use pade::Pade;
pub use parameter::{Kind, Parameter, Setting};
pub use quadratic_exp::QuadraticExp;
pub use registry::Softmax;
pub use relu_gradient::ReluGradient;
pub use relu_norm::ReluNorm;
pub use relu_parameters::{Division, ReluParameters, ZeroSum};
pub use relu_probability::ReluProbability;
pub use sigmoid::Sigmoid;
pub use sigmoid_piecewise::SigmoidPiecewise;
pub use sigmoid_polynomial::SigmoidPolynomial;
pub use taylor::Taylor;
pub use two_quad::TwoQuad;
pub use two_relu::TwoRelu;

use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};

/// A batch at the output layer.
pub struct Logits<'a, S> {
    /// rows x classes fixed-point numbers.
    pub logits: &'a S,
    /// rows x classes integers, one-hot.
    pub labels: &'a S,
    /// Number of classes; 1 for a sigmoid.
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
pub trait SoftmaxVariant: Copy {
    /// Itself with the published parameters.
    const DEFAULT: Self;
    /// What a scenario can set.
    const PARAMETERS: &'static [Parameter] = &[];
    /// The output distribution p and the gradient, in one line.
    const FORMULA: &'static str;
    /// For which logits it is near what it says, and what happens elsewhere.
    const DOMAIN: &'static str;
    /// Whether it is for two classes, with one logit for both.
    const IS_SIGMOID: bool = false;
    /// What all parties learn of each row; none: nothing.
    const REVEALS: Option<&'static str> = None;

    /// What the parameters are set to, in their order.
    fn settings(&self) -> Vec<Setting> {
        Vec::new()
    }

    /// The variant with these settings: one of its kind for each parameter, in their order.
    fn with(_settings: &[Setting]) -> Self {
        Self::DEFAULT
    }

    /// Why it cannot serve so many classes in a number format, and what would do; none if it can. A sigmoid is asked for two.
    fn refusal(&self, _format: FixedPoint, _classes: usize) -> Option<String> {
        None
    }

    /// Whether it asks for [`crate::secure::Numerator::Coarse`], with which a protocol that opens bit lengths gives other quotients.
    fn divides_coarsely(&self) -> bool {
        false
    }

    /// The gradient, and the loss if `with_loss`.
    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share>;

    /// The output distribution of a row of logits in floating point, of a sigmoid p alone.
    fn probabilities(&self, logits: &[f64]) -> Vec<f64>;

    /// The gradient of a row with its label, one-hot or one number for a sigmoid, in floating point: p - y, unless the variant says otherwise.
    fn gradient(&self, logits: &[f64], label: &[f64]) -> Vec<f64> {
        self.probabilities(logits).iter().zip(label).map(|(p, y)| p - y).collect()
    }

    /// The loss of a row whose label is this class, in floating point; none if the variant has none.
    fn loss(&self, _logits: &[f64], _class: usize) -> Option<f64> {
        None
    }

    /// Whether a row of logits is beyond what the variant's approximation is for, as [`Protocol::expect_rows`] counts it on
    /// shares.
    fn is_beyond_domain(&self, _logits: &[f64]) -> bool {
        false
    }

    /// What the gradient of a row without a label (all zeros) says of the output distribution: that is it, unless the variant
    /// says otherwise.
    fn distribution(&self, _logits: &[f64], unlabelled: &[f64]) -> Vec<f64> {
        unlabelled.to_vec()
    }
}
