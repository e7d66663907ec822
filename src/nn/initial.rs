//! Initial weights.

use super::layer::{Layer, fans};
use super::parameters::Weights;
use crate::ring::{Content, Purpose, StreamKey};
use crate::secure::FixedPoint;

/// Initial weights of the layers that have some: Glorot uniform, U[-r, r] with r = sqrt(6 / (fan-in + fan-out)), rounded to fixed
/// point; biases zero. `attempt` counts the restarts of a training, so that each begins elsewhere.
pub fn glorot_weights(layers: &[Layer], seed: u64, attempt: u64, format: FixedPoint) -> Vec<Weights> {
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
                format.encode((2.0 * unit - 1.0) * radius) as u64
            };
            Weights {
                weights: uniform.expect_values().iter().map(|&u| weight(u)).collect::<Vec<_>>().into(),
                bias: vec![0; fans.outputs].into(),
            }
        })
        .collect()
}
