//! e^x for x <= 0 by a quadratic polynomial, after I-BERT (Kim et al., ICML 2021).

use super::Secure;
use crate::protocol::{Protocol, RingShare};
use crate::sim::both;

/// e^p ~ SCALE (p + SHIFT)^2 + REST on (-ln 2, 0].
const SCALE: f64 = 0.3585;
const SHIFT: f64 = 1.353;
const REST: f64 = 0.344;

impl<P: Protocol> Secure<P> {
    /// From how far below zero on e^x is less than half a unit in the last place: (f + 1) ln 2, rounded up, in units.
    pub(super) fn exp_is_zero_below(&self) -> i64 {
        let f = self.f();
        libm::ceil(f64::from(f + 1) * std::f64::consts::LN_2 * f64::from(1u32 << f)) as i64
    }

    /// e^x for x <= 0 as (0.3585 (p + 1.353)^2 + 0.344) 2^-z with z = floor(-x / ln 2) and p = x + z ln 2; zero where e^x is
    /// below half a unit.
    pub async fn exp_quadratic(&self, x: &P::Share) -> P::Share {
        let _span = self.span("exp_quadratic");
        let (f, k) = (self.f(), self.k());
        // z has so many bits: up to f + 1 at least.
        let bits = u32::BITS - (f + 1).leading_zeros();
        let most = (1u32 << bits) - 1;
        let [compare, power] = self.fork();
        let quotient = async || {
            let (log2_e, shift) = power.factor(std::f64::consts::LOG2_E);
            // Far below zero whatever comes out does not count.
            let exponent = power.truncate_any(&x.scale(-log2_e), k + shift, shift).await;
            let parts = power.parts(&exponent, bits).await;
            // 2^(most - z): z and most - z have opposite bits.
            let flipped: Vec<P::Share> =
                parts.integer_bits.iter().map(|bit| power.add_constant(&bit.neg(), 1)).collect();
            let [integer_strand, fraction_strand] = power.fork();
            // With the fraction c of -x / ln 2, p = -c ln 2.
            let ln_2 = std::f64::consts::LN_2;
            let polynomial = [SCALE * SHIFT * SHIFT + REST, -2.0 * SCALE * SHIFT * ln_2, SCALE * ln_2 * ln_2];
            let (integer, fraction) = both(
                integer_strand.power_of_bits(&flipped),
                fraction_strand.polynomial(&parts.fraction, &polynomial),
            )
            .await;
            let product = power.protocol.mul(&integer, &fraction).await;
            power.truncate(&product, most + f + 2, most).await
        };
        let (counts, value) = both(compare.greater_than(x, -self.exp_is_zero_below()), quotient()).await;
        self.protocol.mul(&counts, &value).await
    }
}
