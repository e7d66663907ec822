//! A dense layer z = x W + b.

use super::parameters::Parameters;
use crate::protocol::{Protocol, RingShare};
use crate::ring::MatMul;
use crate::secure::Secure;
use crate::sim::both;

/// The product x W.
fn shape<S: RingShare>(own: &Parameters<S>, x: &S) -> MatMul {
    let outputs = own.bias.len();
    let inputs = own.weights.len() / outputs;
    MatMul::new(x.len() / inputs, inputs, outputs)
}

/// x W + b for all rows of x; each entry is rounded once.
pub(super) async fn forward<P: Protocol>(
    secure: &Secure<P>,
    own: &Parameters<P::Share>,
    x: &P::Share,
) -> P::Share {
    let product = secure.fixed_matmul(x, &own.weights, shape(own, x)).await;
    product.add_to_rows(&own.bias)
}

/// Gradients, summed over the batch, from that of the outputs: x^T g and the column sums of g; and g W^T, that of the inputs, if
/// asked for.
pub(super) async fn backward<P: Protocol>(
    secure: &Secure<P>,
    own: &Parameters<P::Share>,
    x: &P::Share,
    gradient: &P::Share,
    with_inputs: bool,
) -> (Parameters<P::Share>, Option<P::Share>) {
    let MatMul { rows, inner: inputs, columns: outputs, .. } = shape(own, x);
    let [weight_strand, input_strand] = secure.fork();
    let weights = async || {
        let _span = weight_strand.span("weight_gradient");
        weight_strand.fixed_matmul(x, gradient, MatMul::new(inputs, rows, outputs).left_transposed()).await
    };
    let back = async || {
        if !with_inputs {
            return None;
        }
        let _span = input_strand.span("input_gradient");
        let shape = MatMul::new(rows, outputs, inputs).right_transposed();
        Some(input_strand.fixed_matmul(gradient, &own.weights, shape).await)
    };
    let (weights, inputs) = both(weights(), back()).await;
    (Parameters { weights, bias: gradient.column_sums(outputs) }, inputs)
}
