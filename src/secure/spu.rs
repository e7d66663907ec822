//! The exponential and the reciprocal of SPU (libspu, fxp_approx.cc and fxp_base.cc).

use super::Secure;
use super::division::Normalised;
use crate::protocol::{Protocol, RingShare};

/// Bits of the integer part of an exponent.
pub const PADE_INTEGER_BITS: u32 = 5;
/// 2^r on [0, 1), lowest coefficient first.
pub const PADE_POLYNOMIAL: [f64; 6] = [
    1.000_000_077_443_02,
    0.693_147_180_426_163,
    0.240_226_510_710_170,
    0.055_504_068_620_466_3,
    0.009_618_341_225_880_46,
    0.001_332_730_359_281_43,
];
/// Units by which the clamp is nearer to zero than 32 ln 2, so that no rounding of x log2 e goes below -32.
const CLAMP_MARGIN: i64 = 16;

impl<P: Protocol> Secure<P> {
    /// e^x for x <= 0: x is clamped to +-32 ln 2 by two comparisons, side by side; the exponential is 2^(x log2 e), a product
    /// over five bits of the integer part times a polynomial of the fraction, times 2^-32 where x is negative.
    pub async fn exp_pade(&self, x: &P::Share) -> P::Share {
        let _span = self.span("exp_pade");
        let (f, k) = (self.f(), self.k());
        let edge = self.fixed_point.encode(32.0 * std::f64::consts::LN_2) - CLAMP_MARGIN;
        let to_edges = [self.add_constant(&x.neg(), -edge), self.add_constant(&x.neg(), edge)];
        // Below -edge the first is positive, above edge the second is negative.
        let signs = P::Share::concat(&[&to_edges[0].neg(), &to_edges[1]]);
        let beyond = self.less_than_zero(&signs, k + 1).await;
        let moves = self.protocol.mul(&beyond, &P::Share::concat(&[&to_edges[0], &to_edges[1]])).await;
        let clamped = moves.chunks(2).iter().fold(x.clone(), |x, moved| x.add(moved));
        let exponent = self.scale_by(clamped.clone(), std::f64::consts::LOG2_E).await;
        let parts = self.parts(&exponent, PADE_INTEGER_BITS).await;
        let [integer_strand, fraction_strand] = self.fork();
        let (power, fraction) = crate::sim::both(
            integer_strand.power_of_bits(&parts.integer_bits),
            fraction_strand.polynomial(&parts.fraction, &PADE_POLYNOMIAL),
        )
        .await;
        let large = self.protocol.mul(&power, &fraction).await;
        let too_large = 1 << PADE_INTEGER_BITS;
        let small = self.truncate(&large, too_large + f + 2, too_large).await;
        self.select(&parts.negative, &small, &large).await
    }

    /// 1/x for x > 0, zero for x = 0: with x = c 2^i, 1/2 <= c < 1, and w = 2.9142 - 2 c, v = 1 - c w, it is
    /// w (1 + v) (1 + v^2) 2^-i. All but the last is done with f bits after the point.
    ///
    /// The formula is off by at most v^4 <= 5.4e-5 of the result, the rounding by 12 units of w, which is 2 at most.
    pub async fn spu_reciprocal(&self, x: &P::Share) -> P::Share {
        let _span = self.span("spu_reciprocal");
        let (f, k) = (self.f(), self.k());
        let one = self.fixed_point.encode(1.0);
        let Normalised { part, factor } = self.normalise(x).await;
        let c = self.truncate(&part, k + 1, k - f).await;
        let w = self.add_constant(&c.scale(-2), self.fixed_point.encode(2.9142));
        let v = self.add_constant(&self.fixed_mul(&c, &w).await.neg(), one);
        // Both are products with v, of which the second needs no result of the first.
        let products = self.fixed_mul(&P::Share::concat(&[&w, &v]), &P::Share::concat(&[&v, &v])).await;
        let [wv, square] = <[P::Share; 2]>::try_from(products.chunks(2)).ok().expect("two halves");
        let first = w.add(&wv);
        let second = first.add(&self.fixed_mul(&first, &square).await);
        let scaled = self.protocol.mul(&second, &factor).await;
        self.truncate(&scaled, k + f + 2, k - f).await
    }
}
