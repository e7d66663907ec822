//! The natural logarithm, after the reference system: the argument as mantissa and exponent, a quotient of polynomials
//! for the mantissa (Hart et al., "Computer Approximations", 1968, number 2524).

use super::{Numerator, Secure};
use crate::protocol::{Protocol, RingShare};
use crate::sim::both;

/// Numerator and denominator of log2 on [1/2, 1], lowest coefficient first.
const P_2524: [f64; 4] = [-2.054_666_719_51, -8.862_659_939_1, 6.105_851_990_15, 4.811_474_609_89];
const Q_2524: [f64; 4] = [0.353_553_425_277, 4.545_170_876_29, 6.427_842_090_29, 1.0];

/// x = mantissa 2^exponent, the mantissa in [1/2, 1) with f fractional bits.
struct Float<S> {
    mantissa: S,
    exponent: S,
}

impl<P: Protocol> Secure<P> {
    /// Ring elements for each bit of x, lowest first.
    async fn ring_bits(&self, x: &P::Share, bits: u32) -> Vec<P::Share> {
        let bits = self.decompose(x, bits).await;
        self.protocol.bits_to_ring(&bits).await
    }

    /// The mantissa and exponent of |x|; zero for x = 0.
    async fn to_float(&self, x: &P::Share) -> Float<P::Share> {
        let _span = self.span("to_float");
        let (f, k) = (self.f(), self.k());
        let length = k - 1;
        let negative = self.less_than_zero(x, k).await;
        let sign = self.add_constant(&negative.scale(-2), 1);
        let magnitude = self.protocol.mul(&sign, x).await;
        let mut bits = self.ring_bits(&magnitude, length).await;
        bits.reverse();
        let ors = self
            .prefix_ring(bits, async |low, high| {
                let product = self.protocol.mul(low, high).await;
                low.add(high).sub(&product)
            })
            .await;
        // 1 + sum of 2^i over the leading zeros moves the leading bit to the top.
        let one = self.constant(x.len(), 1);
        let (mut power, mut exponent) = (one.clone(), self.constant(x.len(), -i64::from(f)));
        for (i, or) in ors.iter().enumerate() {
            power = power.add(&one.sub(or).scale(1 << i));
            exponent = exponent.add(or);
        }
        let moved = self.protocol.mul(&magnitude, &power).await;
        let [mantissa_strand, exponent_strand] = self.fork();
        let mantissa = async || match length.checked_sub(f) {
            Some(excess) if excess > 0 => mantissa_strand.floor_truncate(&moved, length, excess, false).await,
            _ => moved.scale(1 << (f - length)),
        };
        // The last prefix or says whether x has a bit set at all.
        let nonzero = ors.last().expect("a number has bits");
        let (mantissa, exponent) = both(mantissa(), exponent_strand.protocol.mul(&exponent, nonzero)).await;
        Float { mantissa, exponent }
    }

    /// A polynomial of a fixed-point number, its powers rounded each, the sum once.
    pub(super) async fn polynomial(&self, x: &P::Share, coefficients: &[f64]) -> P::Share {
        let (f, k) = (self.f(), self.k());
        let powers = self
            .prefix_ring(vec![x.clone(); coefficients.len() - 1], async |low, high| {
                self.fixed_mul(low, high).await
            })
            .await;
        let constant = self.constant(x.len(), self.fixed_point.encode(coefficients[0]) << f);
        let sum = powers
            .iter()
            .zip(&coefficients[1..])
            .fold(constant, |sum, (power, &a)| sum.add(&power.scale(self.fixed_point.encode(a))));
        self.truncate(&sum, k + f, f).await
    }

    /// ln x for fixed-point x > 0; undefined elsewhere, but finite for 0.
    ///
    /// With rho = 1/2 or 1 unit for nearest or probabilistic rounding, off by at most (with 16 fraction bits about 15 rho)
    /// ln 2 ((26.5 rho + 3.5) / (4.35 - (9.5 rho + 1.5) u) + d) + 2 + rho + |log2 x| / 2 units in the last place u, where d
    /// is the bound of [`Secure::divide`] for a quotient of 1 by 13.
    pub async fn log(&self, x: &P::Share) -> P::Share {
        let _span = self.span("log");
        let float = self.to_float(x).await;
        let [p_strand, q_strand] = self.fork();
        let (p, q) = both(
            p_strand.polynomial(&float.mantissa, &P_2524),
            q_strand.polynomial(&float.mantissa, &Q_2524),
        )
        .await;
        let quotient = self.divide(Numerator::Shared(&p), &q, 1).await;
        let log2 = quotient.add(&float.exponent.scale(1 << self.f()));
        self.scale_by(log2, std::f64::consts::LN_2).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rational_function_is_log2_on_the_mantissas() {
        let polynomial = |c: &[f64], x: f64| c.iter().rev().fold(0.0, |sum, a| sum * x + a);
        for i in 0..=100 {
            let x = 0.5 + f64::from(i) / 200.0;
            let error = polynomial(&P_2524, x) / polynomial(&Q_2524, x) - libm::log2(x);
            assert!(error.abs() < 2e-8, "log2 {x} is off by {error}");
        }
    }
}
