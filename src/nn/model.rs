//! A multilayer perceptron: dense layers with ReLU between them.

use crate::ring::{Purpose, StreamKey, Vector};
use crate::secure::FixedPoint;

use super::dense::{Dense, DenseLayer};

/// The parameters of a layer in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// The widths.
    pub dense: Dense,
    /// inputs x outputs.
    pub weights: Vector,
    /// One an output.
    pub bias: Vector,
}

/// A network with its momentum.
#[derive(Clone)]
pub struct Model<S> {
    /// From the inputs to the logits.
    pub layers: Vec<DenseLayer<S>>,
    /// The last change of the parameters of each layer.
    pub changes: Vec<DenseLayer<S>>,
}

/// Initial weights: Glorot uniform, U[-r, r] with r = sqrt(6 / (inputs + outputs)), rounded to fixed point; biases zero.
/// `attempt` counts the restarts of a training, so that each begins elsewhere.
pub fn glorot_weights(layers: &[Dense], seed: u64, attempt: u64, format: FixedPoint) -> Vec<Weights> {
    layers
        .iter()
        .enumerate()
        .map(|(i, &dense)| {
            let Dense { inputs, outputs } = dense;
            let radius = libm::sqrt(6.0 / (inputs + outputs) as f64);
            let key =
                StreamKey { seed, purpose: Purpose::Weights, parties: 0, strand: i as u64, counter: attempt };
            let uniform = key.vector(crate::ring::Content::Values, inputs * outputs);
            let weight = |u: u64| {
                let unit = (u >> 11) as f64 / (1u64 << 53) as f64;
                format.encode((2.0 * unit - 1.0) * radius) as u64
            };
            Weights {
                dense,
                weights: uniform.expect_values().iter().map(|&u| weight(u)).collect::<Vec<_>>().into(),
                bias: vec![0; outputs].into(),
            }
        })
        .collect()
}
