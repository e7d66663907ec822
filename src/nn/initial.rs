//! Initial weights.

use super::layer::{Layer, fans};
use super::parameters::{Fans, Parameters, Weights};
use crate::protocol::{Protocol, RingShare};
use crate::ring::{Content, Purpose, StreamKey};
use crate::secure::{FixedPoint, Secure};

/// Initial parameters of the layers that have some, weights and then biases: Glorot uniform, U[-r, r] with
/// r = sqrt(6 / (fan-in + fan-out)); biases zero. `attempt` counts the restarts of a training, so that each begins elsewhere.
pub(super) fn glorot_uniform(layers: &[Layer], seed: u64, attempt: u64) -> Vec<Vec<f64>> {
    fans(layers)
        .into_iter()
        .enumerate()
        .map(|(i, fans)| {
            let radius = radius(fans);
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

/// The r of Glorot's U[-r, r].
fn radius(fans: Fans) -> f64 {
    libm::sqrt(6.0 / (fans.inputs + fans.outputs) as f64)
}

/// Glorot's weights drawn by the parties together, so that no one knows them, as the reference system draws them (`sfix.get_random` in
/// Compiler/types.py): a number of floor(log2(2 r)) + f secret random bits, times a constant so that it is below 2 r, less r, and with
/// a random sign, since it is r less often than -r. Biases are zero.
pub async fn secret_weights<P: Protocol>(secure: &Secure<P>, fans: Fans) -> Parameters<P::Share> {
    let (format, radius) = (secure.fixed_point, radius(fans));
    let fraction_bits = format.fraction_bits as i32;
    // With few fraction bits, -r and r may be all that there is.
    let bits = (libm::floor(libm::log2(2.0 * radius)) as i32 + fraction_bits).max(1);
    let factor = format.encode(2.0 * radius * libm::exp2(f64::from(fraction_bits - bits)));
    let (numbers, signs) = secure.random_numbers(fans.weights(), bits as u32).await;
    // The factor is less than two.
    let product_bits = (bits + fraction_bits + 2) as u32;
    let scaled = secure.truncate(&numbers.scale(factor), product_bits, format.fraction_bits).await;
    let centred = secure.add_constant(&scaled, -format.encode(radius));
    let turned = secure.protocol.mul(&signs, &centred).await;
    let weights = centred.sub(&turned.scale(2));
    Parameters { weights, bias: secure.constant(fans.outputs, 0) }
}
