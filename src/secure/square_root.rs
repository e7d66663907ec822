//! Square roots and their inverses: the argument is moved to u in [1/4, 1/2) by its leading bit, and what that took out of
//! the root, half of the exponent, is put together from the same bits.
//!
//! The inverse root is the quadratic polynomial of Lu et al., "Faster Secure Multiparty Computation of Adaptive Gradient
//! Descent" (PPMLP 2020), which the reference system uses in Adam and AMSGrad. The root begins with it and has two steps of
//! Newton's iteration.

use super::Secure;
use crate::protocol::{BitShare, Protocol, RingShare};
use crate::sim::both;

/// u^(-1/2) on [1/4, 1/2], lowest coefficient first: off by less than 0.0036 of it.
const INVERSE_ROOT: [f64; 3] = [3.147_36, -5.777_89, 4.638_87];
/// Fraction bits inside a square root.
const INNER_BITS: u32 = 28;
/// Bits of the products inside a square root: below 32 with 2 [`INNER_BITS`] bits after the point, whatever is put in.
const INNER_PRODUCT_BITS: u32 = 2 * INNER_BITS + 6;
/// Newton's steps: they square the relative error, up to 3/2.
const NEWTON_STEPS: usize = 2;
/// Bits that a power of the square root of two is cut by.
const POWER_GUARD_BITS: u32 = 14;
/// Bits of the smallest power in an inverse root, and of the largest one in a root.
const SMALLEST_POWER_BITS: u32 = 12;
const LARGEST_POWER_BITS: u32 = 30;

/// x = u 2^(k - f - d), with d places above the leading bit of x.
struct Normalised<P: Protocol> {
    /// u in [1/4, 1/2) with k fraction bits, or zero.
    part: P::Share,
    /// Bit d is set, and no other; none for zero.
    places: Vec<P::Bits>,
}

/// Whether a power becomes larger or smaller with d.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Power {
    Rises,
    Falls,
}

impl<P: Protocol> Secure<P> {
    /// The places of a positive number without its sign.
    fn places(&self) -> u32 {
        self.k() - 1
    }

    /// Moves the leading bit of x >= 0 to the top.
    async fn leading(&self, x: &P::Share) -> Normalised<P> {
        let _span = self.span("normalise");
        self.protocol.expect_range(x, self.k());
        let places = self.leading_bit(x, self.places()).await;
        let power = self.compose(places.clone()).await;
        Normalised { part: self.protocol.mul(x, &power).await, places }
    }

    /// 2^((halves + d) / 2) or 2^((halves - d) / 2) with `digits` fraction bits, off by less than a rounding and
    /// 2^-26 of it; zero if there is no d.
    async fn half_power(&self, places: &[P::Bits], power: Power, halves: i64, digits: u32) -> P::Share {
        let _span = self.span("half_power");
        // d = 2 q + b, and of two neighbouring places at most one is set.
        let mut pairs: Vec<P::Bits> = places
            .chunks(2)
            .map(|pair| match pair {
                [even, odd] => even.xor(odd),
                _ => pair[0].clone(),
            })
            .collect();
        let most = pairs.len() as i64 - 1;
        let odd = places.iter().skip(1).step_by(2).cloned().reduce(|sum, place| sum.xor(&place));
        let odd = odd.expect("a number has more than one place");
        let (least, step) = match power {
            Power::Rises => (halves, 1),
            Power::Falls => {
                pairs.reverse();
                (halves - 2 * most, -1)
            }
        };
        let scale = f64::from(digits + POWER_GUARD_BITS);
        let factor = |b: i64| libm::exp2((least + step * b) as f64 / 2.0 + scale).round() as i64;
        let [pair_strand, odd_strand] = self.fork();
        let (whole, odd) = both(pair_strand.compose(pairs), odd_strand.protocol.bits_to_ring(&[odd])).await;
        // The reference system keeps both factors secret. So do we, for its costs.
        let more = self.constant(whole.len(), factor(1) - factor(0));
        let factors = self.add_constant(&self.protocol.mul(&odd[0], &more).await, factor(0));
        let product = self.protocol.mul(&whole, &factors).await;
        let largest = (least + 2 * most + 1) as f64 / 2.0 + scale;
        self.truncate(&product, libm::ceil(largest) as u32 + 2, POWER_GUARD_BITS).await
    }

    /// 1 / sqrt(x) for fixed-point x > 0, zero for zero, undefined elsewhere. It is at most 2^(f/2), even if that does not fit
    /// the format.
    ///
    /// With rho = 1/2 or 1 unit for nearest or probabilistic rounding, off by at most rho units in the last place u and
    /// (0.0036 + (3.2 + 1.1 rho) u + 2^-12 rho + 2^-25) of it.
    pub async fn inverse_sqrt(&self, x: &P::Share) -> P::Share {
        let _span = self.span("inverse_sqrt");
        let (f, k) = (self.f(), self.k());
        let Normalised { part, places } = self.leading(x).await;
        let digits = (k - f).div_ceil(2) + SMALLEST_POWER_BITS;
        let halves = i64::from(f) - i64::from(k);
        let [root_strand, power_strand] = self.fork();
        let root = async || {
            let u = root_strand.floor_truncate(&part, self.places(), k - f, false).await;
            let [a, b, c] = INVERSE_ROOT;
            let slope = root_strand.scale_by(u.clone(), c).await;
            let slope = root_strand.add_constant(&slope, self.fixed_point.encode(b));
            let product = root_strand.fixed_mul(&u, &slope).await;
            root_strand.add_constant(&product, self.fixed_point.encode(a))
        };
        let (root, power) =
            both(root(), power_strand.half_power(&places, Power::Rises, halves, digits)).await;
        let product = self.protocol.mul(&root, &power).await;
        // The root is below 4, the power below 2^(d/2) times the smallest one.
        let bits = f + 2 + self.places().div_ceil(2) + SMALLEST_POWER_BITS + 2;
        self.truncate(&product, bits, digits).await
    }

    /// u^(-1/2) with [`INNER_BITS`] fraction bits for u with k of them. For zero it is something below 8.
    async fn newton(&self, u: &P::Share) -> P::Share {
        let k = self.k();
        let one = f64::from(INNER_BITS);
        let [a, b, c] = INVERSE_ROOT.map(|a| (a * libm::exp2(one)).round() as i64);
        let slope = self.truncate(&u.scale(c), k + INNER_BITS + 3, k).await;
        let product = self.protocol.mul(u, &self.add_constant(&slope, b)).await;
        let mut y = self.add_constant(&self.truncate(&product, k + INNER_BITS + 3, k).await, a);
        for _ in 0..NEWTON_STEPS {
            let square = self.protocol.mul(&y, &y).await;
            let square = self.truncate(&square, INNER_PRODUCT_BITS, INNER_BITS).await;
            let product = self.protocol.mul(u, &square).await;
            let product = self.truncate(&product, k + INNER_BITS + 3, k).await;
            let factor = self.add_constant(&product.neg(), 3 << INNER_BITS);
            let product = self.protocol.mul(&y, &factor).await;
            y = self.truncate(&product, INNER_PRODUCT_BITS, INNER_BITS + 1).await;
        }
        y
    }

    /// sqrt(x) for fixed-point x >= 0, undefined elsewhere; exactly zero for zero.
    ///
    /// With rho = 1/2 or 1 unit for nearest or probabilistic rounding, off by at most rho (1 + 2^((k + f) / 2 - 29)) units in
    /// the last place, and (5 rho + 1) 2^-28 of it.
    pub async fn sqrt(&self, x: &P::Share) -> P::Share {
        let _span = self.span("sqrt");
        let (f, k) = (self.f(), self.k());
        let Normalised { part, places } = self.leading(x).await;
        let digits = LARGEST_POWER_BITS - (k - f).div_ceil(2);
        let halves = i64::from(k) - i64::from(f);
        let [root_strand, power_strand] = self.fork();
        let root = async || {
            let inverse = root_strand.newton(&part).await;
            let product = root_strand.protocol.mul(&part, &inverse).await;
            root_strand.truncate(&product, k + INNER_BITS + 2, k).await
        };
        let (root, power) =
            both(root(), power_strand.half_power(&places, Power::Falls, halves, digits)).await;
        let product = self.protocol.mul(&root, &power).await;
        self.truncate(&product, INNER_BITS + LARGEST_POWER_BITS + 2, INNER_BITS + digits - f).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the bound of [`Secure::inverse_sqrt`] takes from the polynomial.
    const POLYNOMIAL_ERROR: f64 = 0.0036;

    #[test]
    fn the_polynomial_is_near_the_inverse_root() {
        let polynomial = |u: f64| INVERSE_ROOT.iter().rev().fold(0.0, |sum, a| sum * u + a);
        for i in 0..=1000 {
            let u = 0.25 + 0.25 * f64::from(i) / 1000.0;
            let mut error = polynomial(u) * libm::sqrt(u) - 1.0;
            assert!(error.abs() < POLYNOMIAL_ERROR, "{u}: {error}");
            for _ in 0..NEWTON_STEPS {
                error = 1.5 * error * error + 0.5 * error.abs() * error * error;
            }
            assert!(error < libm::exp2(-30.0), "{u}: {error} after Newton's steps");
        }
    }
}
