//! Division by Goldschmidt's iteration, after Catrina and Saxena. A divisor of zero gives zero.
//!
//! Inside, numbers have f' fraction bits ([`FixedPoint::division_fraction_bits`]): with f of them, the reciprocal of a
//! large divisor would be zero in a format with many bits before the point.
//!
//! [`FixedPoint::division_fraction_bits`]: super::FixedPoint::division_fraction_bits

use super::Secure;
use crate::protocol::{Division, Protocol, RingShare};
use crate::sim::both;

/// What is divided.
pub enum Numerator<'a, S> {
    /// The number one.
    One,
    /// Shared fixed-point numbers, several for each divisor: a matrix with one row a divisor.
    Shared(&'a S),
    /// The same where none is below zero or above its divisor: quotients are from zero to one.
    Part(&'a S),
    /// The same where the quotients need not be precise. A protocol that divides by opening the bit length of each divisor does so, with
    /// the number of corrections; what it opens has a description. Any other divides as it does [`Numerator::Part`].
    Coarse(&'a S, (u32, &'static str)),
}

impl<'a, S> Numerator<'a, S> {
    /// The numbers, if they are shared.
    fn shared(&self) -> Option<&'a S> {
        match *self {
            Numerator::One => None,
            Numerator::Shared(numbers) | Numerator::Part(numbers) | Numerator::Coarse(numbers, _) => {
                Some(numbers)
            }
        }
    }
}

/// The divisor b normalised: `part` = |b| 2^(k - len |b|) in [2^(k-1), 2^k), and `factor` = that power with the sign of b.
pub(super) struct Normalised<S> {
    pub(super) part: S,
    pub(super) factor: S,
}

impl<P: Protocol> Secure<P> {
    /// Goldschmidt iterations: each doubles the 3.5 correct bits of the first approximation.
    fn iterations(&self) -> u32 {
        let mut theta = 0;
        while 3.5 * f64::from(1u32 << theta) < f64::from(self.k()) {
            theta += 1;
        }
        theta
    }

    /// Finds the leading bit of |b| by prefix ors and moves it to the top.
    pub(super) async fn normalise(&self, b: &P::Share) -> Normalised<P::Share> {
        let _span = self.span("normalise");
        let negative = self.less_than_zero(b, self.k()).await;
        let sign = self.add_constant(&negative.scale(-2), 1);
        let magnitude = self.protocol.mul(&sign, b).await;
        let power = self.leading_bit(&magnitude, self.k()).await;
        let power = self.compose(power).await;
        let [a, b] = self.fork();
        let (part, factor) = both(a.protocol.mul(&magnitude, &power), b.protocol.mul(&sign, &power)).await;
        Normalised { part, factor }
    }

    /// w = 2^(2f') / b with a relative error below 2^-3.5. Catrina and Saxena, protocol AppRcr.
    async fn first_reciprocal(&self, b: &P::Share, inner: u32) -> P::Share {
        let _span = self.span("first_reciprocal");
        let k = self.k();
        let Normalised { part, factor } = self.normalise(b).await;
        let d = self.add_constant(&part.scale(-2), (2.9142 * (1u64 << k) as f64) as i64);
        let w = self.protocol.mul(&d, &factor).await;
        self.truncate(&w, 2 * k + 1, 2 * (k - inner)).await
    }

    /// a / b for fixed-point numbers, each divisor used for `width` consecutive numerators. The quotient must fit the
    /// format, except that of [`Numerator::One`], which may be as large as the ring has place: below 2^(62 - 3f').
    ///
    /// With u = 2^-f, rho = 1/2 or 1 for nearest or probabilistic rounding, e = 0.0858 + 2^-k + rho |b| 2^(f - 2f') (at
    /// most 0.34) and t iterations, the result is off by at most
    /// (1 + 2^(f - f') (1 / (1 - e) + 1 / (1 - e^2) + 1 / (1 - e^4) + ... t terms)) rho u + |a/b| (e^(2^t) + 2^(2 - 2f')).
    ///
    /// The normalisation and the iteration of the divisor are done once a divisor, that of the quotient for each numerator.
    /// A protocol that has a division of its own does that instead, with the error that it states.
    pub async fn divide(&self, a: Numerator<'_, P::Share>, b: &P::Share, width: usize) -> P::Share {
        let _span = self.span("divide");
        let f = self.f();
        if let Numerator::Coarse(numbers, how) = a
            && self.protocol.opens_bit_lengths()
        {
            return self.quotient_by_open_length(numbers, b, width, how).await;
        }
        let numerators = a.shared();
        let own = Division {
            numerators,
            divisors: b,
            width,
            at_most_one: matches!(a, Numerator::Part(_) | Numerator::Coarse(..)),
            fraction_bits: f,
            total_bits: self.k(),
        };
        if let Some(quotients) = self.protocol.own_divide(&own).await {
            return quotients;
        }
        let inner = self.fixed_point.division_fraction_bits(self.rounding);
        let quotient_bits = match numerators {
            None => self.fixed_point.reciprocal_bits(self.rounding),
            Some(_) => self.fixed_point.quotient_bits(self.rounding),
        };
        let remainder_bits = 4 * inner - 2;
        let alpha = 1i64 << (2 * inner);
        let spread = |x: &P::Share| if width == 1 { x.clone() } else { x.repeat_each(width) };
        let w = self.first_reciprocal(b, inner).await;
        let [x_strand, y_strand] = self.fork();
        let first_x = async || {
            let product = x_strand.protocol.mul(b, &w).await;
            x_strand.add_constant(&product.neg(), alpha)
        };
        let first_y = async || {
            let product = match numerators {
                None => spread(&w).scale(1 << f),
                Some(a) => {
                    assert_eq!(a.len(), b.len() * width, "a row of numerators for each divisor");
                    y_strand.protocol.mul(a, &spread(&w)).await
                }
            };
            y_strand.truncate(&product, quotient_bits, inner).await
        };
        let (mut x, mut y) = both(first_x(), first_y()).await;
        for _ in 1..self.iterations() {
            let [x_strand, y_strand] = self.fork();
            let factor = spread(&x_strand.add_constant(&x, alpha));
            let next_y = async || {
                let product = y_strand.protocol.mul(&y, &factor).await;
                y_strand.truncate(&product, quotient_bits, 2 * inner).await
            };
            let next_x = async || {
                let product = x_strand.protocol.mul(&x, &x).await;
                // After a division by zero this is one, which has more bits; the quotient is zero whatever becomes of it.
                x_strand.truncate_any(&product, remainder_bits, 2 * inner).await
            };
            (x, y) = both(next_x(), next_y()).await;
        }
        let product = self.protocol.mul(&y, &spread(&self.add_constant(&x, alpha))).await;
        self.truncate(&product, quotient_bits, 3 * inner - f).await
    }
}
