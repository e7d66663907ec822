//! A dense layer z = x W + b.

use crate::protocol::{Protocol, RingShare};
use crate::ring::MatMul;
use crate::secure::Secure;
use crate::sim::both;

/// Widths of a dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
}

/// A dense layer's parameters: `weights` is inputs x outputs, `bias` has one entry an output.
#[derive(Clone)]
pub struct DenseLayer<S> {
    /// The widths.
    pub dense: Dense,
    /// inputs x outputs fixed-point numbers.
    pub weights: S,
    /// One fixed-point number an output.
    pub bias: S,
}

/// Gradients of a dense layer, summed over the batch.
pub struct DenseGradient<S> {
    /// inputs x outputs.
    pub weights: S,
    /// One an output.
    pub bias: S,
    /// rows x inputs, if asked for.
    pub inputs: Option<S>,
}

impl<S: RingShare> DenseLayer<S> {
    /// x W + b for `rows` rows; each entry is rounded once.
    pub async fn forward<P: Protocol<Share = S>>(&self, secure: &Secure<P>, x: &S) -> S {
        let Dense { inputs, outputs } = self.dense;
        let rows = x.len() / inputs;
        let product = secure.fixed_matmul(x, &self.weights, MatMul::new(rows, inputs, outputs)).await;
        product.add_to_rows(&self.bias)
    }

    /// Gradients from that of the outputs: x^T g, the column sums of g, and g W^T.
    pub async fn backward<P: Protocol<Share = S>>(
        &self,
        secure: &Secure<P>,
        x: &S,
        gradient: &S,
        with_inputs: bool,
    ) -> DenseGradient<S> {
        let Dense { inputs, outputs } = self.dense;
        let rows = x.len() / inputs;
        let [weight_strand, input_strand] = secure.fork();
        let weights = async || {
            let _span = weight_strand.span("weight_gradient");
            weight_strand
                .fixed_matmul(x, gradient, MatMul::new(inputs, rows, outputs).left_transposed())
                .await
        };
        let back = async || {
            if !with_inputs {
                return None;
            }
            let _span = input_strand.span("input_gradient");
            let shape = MatMul::new(rows, outputs, inputs).right_transposed();
            Some(input_strand.fixed_matmul(gradient, &self.weights, shape).await)
        };
        let (weights, inputs) = both(weights(), back()).await;
        DenseGradient { weights, bias: gradient.column_sums(outputs), inputs }
    }
}
