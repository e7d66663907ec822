//! The mean of each window: a local sum, and one rounding.

use super::pool::Pool;
use crate::data::ImageSize;
use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Secure};

/// Multiplication by n / 2^shift, of numbers whose product has so many bits.
pub(super) struct Mean {
    pub(super) factor: i64,
    pub(super) bits: u32,
    pub(super) shift: u32,
}

impl Mean {
    /// One part of as many as a window has pixels: exactly if that is a power of two, else with f bits beyond it.
    pub(super) fn of(pool: Pool, format: FixedPoint) -> Mean {
        let pixels = pool.pixels();
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        if pixels.is_power_of_two() {
            return Mean { factor: 1, bits: k + pixels.ilog2(), shift: pixels.ilog2() };
        }
        let shift = f + pixels.ilog2() + 1;
        let factor = ((2 << shift) / pixels as i64 + 1) / 2;
        Mean { factor, bits: k + shift, shift }
    }

    async fn times<P: Protocol>(&self, secure: &Secure<P>, x: &P::Share) -> P::Share {
        let product = if self.factor == 1 { x.clone() } else { x.scale(self.factor) };
        secure.truncate(&product, self.bits, self.shift).await
    }
}

/// The mean of each window.
pub(super) async fn forward<P: Protocol>(
    secure: &Secure<P>,
    pool: Pool,
    input: ImageSize,
    x: &P::Share,
) -> P::Share {
    let pixels = pool.apart(input, x);
    let sum = pixels[1..].iter().fold(pixels[0].clone(), |sum, pixel| sum.add(pixel));
    Mean::of(pool, secure.fixed_point).times(secure, &sum).await
}

/// The gradient of each pixel: its part of that of its window.
pub(super) async fn backward<P: Protocol>(
    secure: &Secure<P>,
    pool: Pool,
    input: ImageSize,
    gradient: &P::Share,
) -> P::Share {
    let parts = Mean::of(pool, secure.fixed_point).times(secure, gradient).await;
    pool.spread(secure.protocol.content(), input, &parts)
}
