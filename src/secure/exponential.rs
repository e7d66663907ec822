//! 2^x and e^x, after the reference system: integer and fractional part by an adder over the shared bits, a product of
//! powers for the first, a Taylor polynomial for the second.

use super::Secure;
use super::adder::PrefixNetwork;
use crate::protocol::{Bit, Protocol, RingShare, Wraps};
use crate::sim::both;

/// Where the integer part of an exponent goes.
pub(super) struct Parts<S> {
    /// [x < 0].
    pub(super) negative: S,
    /// The lowest bits of floor(x), two's complement, lowest first.
    pub(super) integer_bits: Vec<S>,
    /// x - floor(x), with f fractional bits.
    pub(super) fraction: S,
}

impl<P: Protocol> Secure<P> {
    /// Bits of the integer part that are used: the exponents of all numbers below 2^(k-f-1).
    fn exponent_bits(&self) -> u32 {
        (self.k() - self.f()).next_power_of_two().trailing_zeros()
    }

    /// The sign, the lowest `integer_bits` bits of the integer part and the fraction of x.
    pub(super) async fn parts(&self, x: &P::Share, integer_bits: u32) -> Parts<P::Share> {
        let _span = self.span("parts");
        let (f, k) = (self.f() as usize, self.k());
        let top = k as usize - 1;
        let integer: Vec<usize> = (f..f + integer_bits as usize).collect();
        let (summands, cut) = self.protocol.cut(x, k, f as u32, Wraps::Ignored).await;
        let several = summands.len() > 1;
        let two = self.two_summands(summands, false).await;
        let needed: Vec<usize> = integer.iter().copied().chain([top]).collect();
        let (bits, _) = self.add_words(&two.sum, &two.carries, PrefixNetwork::Sklansky, &needed, false).await;
        // What the summands' lowest f bits carry into bit f: one for each carry-save step, one for the addition.
        let mut overflows: Vec<Bit<P::Bits>> = Vec::new();
        if several {
            overflows.extend(two.saved_into(f).cloned());
            overflows.push(self.xor(&self.xor(&two.sum[f], &two.carries[f]), &bits[f]));
        }
        let (overflows, weights) = self.counted(overflows).await;
        let wanted: Vec<Bit<P::Bits>> = std::iter::once(top)
            .chain(integer.iter().copied())
            .map(|i| bits[i].clone())
            .chain(overflows)
            .collect();
        let ring = self.bits_to_ring(&wanted, x.len()).await;
        let low_parts = self.protocol.remainder(x, f as u32, &cut).await;
        let fraction = ring[1 + integer.len()..]
            .iter()
            .zip(weights)
            .fold(low_parts, |low, (over, weight)| low.sub(&over.scale(weight << f)));
        Parts { negative: ring[0].clone(), integer_bits: ring[1..1 + integer.len()].to_vec(), fraction }
    }

    /// 2^n for n with the given bits: the product of 1 + h_i (2^(2^i) - 1).
    pub(super) async fn power_of_bits(&self, bits: &[P::Share]) -> P::Share {
        let _span = self.span("integer_power");
        let mut factors: Vec<P::Share> = bits
            .iter()
            .enumerate()
            .map(|(i, bit)| self.add_constant(&bit.scale((1i64 << (1 << i)) - 1), 1))
            .collect();
        while factors.len() > 1 {
            let odd = if factors.len() % 2 == 1 { factors.pop() } else { None };
            let half = factors.len() / 2;
            let left = P::Share::concat(&factors[..half].iter().collect::<Vec<_>>());
            let right = P::Share::concat(&factors[half..].iter().collect::<Vec<_>>());
            factors = self.protocol.mul(&left, &right).await.chunks(half);
            factors.extend(odd);
        }
        factors.remove(0)
    }

    /// 2^c for c in [0, 1) with `digits` fractional bits: sum of (ln 2)^i / i! c^i, all terms with a coefficient of at
    /// least 2^-(digits+1). The powers are rounded each, the sum once.
    async fn fractional_power(&self, c: &P::Share, digits: u32) -> P::Share {
        let _span = self.span("fractional_power");
        let mut coefficients = Vec::new();
        let mut coefficient = 1.0f64;
        while coefficient >= 1.0 / (1u64 << (digits + 1)) as f64 {
            coefficients.push((coefficient * (1u64 << digits) as f64).round() as i64);
            coefficient *= std::f64::consts::LN_2 / coefficients.len() as f64;
        }
        let bits = self.k() + digits;
        let powers = self
            .prefix_ring(vec![c.clone(); coefficients.len() - 1], async |low, high| {
                let product = self.protocol.mul(low, high).await;
                self.truncate(&product, bits, digits).await
            })
            .await;
        let constant = self.constant(c.len(), coefficients[0] << digits);
        let sum =
            powers.iter().zip(&coefficients[1..]).fold(constant, |sum, (power, &a)| sum.add(&power.scale(a)));
        self.truncate(&sum, bits, digits).await
    }

    /// 2^x for fixed-point x in [-2^e, k-f): e is 4 by default, so [-16, 15). Elsewhere undefined.
    ///
    /// With rho = 1/2 or 1 unit for nearest or probabilistic rounding, off by at most 2^x (1.387 rho + 5.6) 2^-(k-2) and
    /// rho (1 + 2^-(2^e)) units in the last place.
    pub async fn exp2(&self, x: &P::Share) -> P::Share {
        let _span = self.span("exp2");
        let (f, k) = (self.f(), self.k());
        let digits = k - 2;
        let parts = self.parts(x, self.exponent_bits()).await;
        let [integer_strand, fraction_strand] = self.fork();
        let (power, fraction) = both(
            integer_strand.power_of_bits(&parts.integer_bits),
            fraction_strand.fractional_power(&parts.fraction.scale(1 << (digits - f)), digits),
        )
        .await;
        let product = self.protocol.mul(&power, &fraction).await;
        // A negative x is taken modulo 2^e: 2^(2^e) too large.
        let too_large = 1 << self.exponent_bits();
        let large = self.truncate(&product, (2 * k).max(too_large + k - 1), digits - f).await;
        let small = self.truncate(&large, f + too_large + 1, too_large).await;
        self.select(&parts.negative, &small, &large).await
    }

    /// e^x = 2^(x log2 e), on the range of [`Secure::exp2`] divided by log2 e; elsewhere undefined. As [`Secure::exp2`], and
    /// the exponent is off by (rho + |x| / 2) u at most.
    pub async fn exp(&self, x: &P::Share) -> P::Share {
        let _span = self.span("exp");
        let (log2_e, shift) = self.factor(std::f64::consts::LOG2_E);
        let exponent = self.truncate_any(&x.scale(log2_e), self.k() + shift, shift).await;
        self.exp2(&exponent).await
    }
}
