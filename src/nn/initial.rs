//! Initial weights.

use super::layer::{Layer, fans};
use super::parameters::{Fans, Weights};
use crate::ring::{Content, Purpose, StreamKey};
use crate::secure::FixedPoint;

/// Initial parameters of the layers that have some, weights and then biases: Glorot uniform, U[-r, r] with
/// r = sqrt(6 / (fan-in + fan-out)); biases zero. `attempt` counts the restarts of a training, so that each begins elsewhere.
pub(super) fn glorot_uniform(layers: &[Layer], seed: u64, attempt: u64) -> Vec<Vec<f64>> {
    fans(layers)
        .into_iter()
        .enumerate()
        .map(|(i, fans)| {
            let radius = libm::sqrt(6.0 / (fans.inputs + fans.outputs) as f64);
            let key =
                StreamKey { seed, purpose: Purpose::Weights, parties: 0, strand: i as u64, counter: attempt };
            let uniform = key.vector(Content::Values, fans.weights());
            let weight = |u: u64| {
                let unit = (u >> 11) as f64 / (1u64 << 53) as f64;
                (2.0 * unit - 1.0) * radius
            };
            let weights = uniform.expect_values().iter().map(|&u| weight(u));
            weights.chain(std::iter::repeat_n(0.0, fans.outputs)).collect()
        })
        .collect()
}

/// The same, rounded to fixed point.
pub fn glorot_weights(layers: &[Layer], seed: u64, attempt: u64, format: FixedPoint) -> Vec<Weights> {
    let uniform = glorot_uniform(layers, seed, attempt);
    let encoded = |values: &[f64]| values.iter().map(|&x| format.encode(x) as u64).collect::<Vec<_>>().into();
    let rounded = |(own, fans): (Vec<f64>, Fans)| {
        let (weights, bias) = own.split_at(fans.weights());
        Weights { weights: encoded(weights), bias: encoded(bias) }
    };
    uniform.into_iter().zip(fans(layers)).map(rounded).collect()
}
