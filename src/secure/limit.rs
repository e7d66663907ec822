//! e^x as a power, and the reciprocal that begins with it. After CrypTen (cryptensor/approximations.py).

use super::Secure;
use crate::protocol::{Protocol, RingShare};

/// Squarings of the exponential in the start of [`Secure::newton_reciprocal`], as published.
const START_SQUARINGS: u32 = 8;

impl<P: Protocol> Secure<P> {
    /// e^x as (1 + x/2^n)^(2^n) for x in [-2^n, 0] with n `squarings`. Elsewhere whatever that gives, as far as numbers have
    /// place for it.
    ///
    /// With rho = 1/2 or 1 unit for nearest or probabilistic rounding, off from this formula by at most rho 2^(n+1) units: each
    /// squaring of a number of at most one doubles what it is off, and adds a rounding.
    pub async fn exp_limit(&self, x: &P::Share, squarings: u32) -> P::Share {
        let _span = self.span("exp_limit");
        let (f, k) = (self.f(), self.k());
        // x is a difference of two numbers.
        let mut power = self.add_constant(&self.truncate(x, k + 1, squarings).await, 1 << f);
        for _ in 0..squarings {
            power = self.fixed_mul(&power, &power).await;
        }
        power
    }

    /// The same where it does not matter what becomes of x outside of [-2^n, 0].
    pub async fn exp_limit_inside(&self, x: &P::Share, squarings: u32) -> P::Share {
        let _span = self.span("exp_limit");
        let (f, k) = (self.f(), self.k());
        let mut power = self.add_constant(&self.truncate_any(x, k + 1, squarings).await, 1 << f);
        for _ in 0..squarings {
            let square = self.protocol.mul(&power, &power).await;
            power = self.truncate_any(&square, k + f, f).await;
        }
        power
    }

    /// 1/x for x from 1 to 250 by Newton's iteration y <- 2 y - x y^2 from 3 e^(1 - 2 x) + 0.003, that exponential as
    /// [`Secure::exp_limit`]. Elsewhere undefined.
    pub async fn newton_reciprocal(&self, x: &P::Share, steps: u32) -> P::Share {
        let _span = self.span("newton_reciprocal");
        let format = self.fixed_point;
        let exponent = self.add_constant(&x.scale(-2), format.encode(1.0));
        let start = self.exp_limit(&exponent, START_SQUARINGS).await.scale(3);
        let mut y = self.add_constant(&start, format.encode(0.003));
        for _ in 0..steps {
            let square = self.fixed_mul(&y, &y).await;
            let product = self.fixed_mul(&square, x).await;
            y = y.scale(2).sub(&product);
        }
        y
    }
}
