//! Divisions that open something about the divisor to all parties. After Piranha (mpc/RSS.inl and nn/NeuralNetwork.cu of its
//! sources). What is opened is not checked before: for semi-honest protocols only.

use super::Secure;
use crate::protocol::{Protocol, RingShare};
use crate::ring::{Plane, Vector};

/// 1/c on [1/2, 1), lowest coefficient first.
pub const OPEN_RECIPROCAL: [f64; 3] = [4.245, -5.857, 2.630];

/// A vector of what a function makes of each element.
fn map(opened: &Vector, f: impl Fn(u64) -> i64) -> Vector {
    let values = || opened.expect_values().iter().map(|&x| f(x) as u64).collect();
    Vector::build(opened.content(), opened.len(), values)
}

impl<P: Protocol> Secure<P> {
    /// 1/x for x > 0, zero for x = 0; all parties learn the bit length of each x. Off by 2 % at most.
    pub async fn open_length_reciprocal(&self, x: &P::Share) -> P::Share {
        let _span = self.span("open_length_reciprocal");
        let (f, k) = (self.f(), self.k());
        let mut bits = self.decompose(x, k).await;
        bits.reverse();
        // One where a bit as high or higher is set: below 2^length.
        let mut ors = self.prefix_or_bits(bits).await;
        ors.reverse();
        let opened = {
            let _span = self.span("reveal");
            Plane::compose(&self.protocol.open_bits(&ors).await)
        };
        let factors = map(&opened, |ones| if ones == 0 { 0 } else { (1i64 << k) / (ones as i64 + 1) });
        let c = self.truncate(&x.scale_each(&factors), k + 1, k - f).await;
        let inverse = self.polynomial(&c, &OPEN_RECIPROCAL).await;
        self.truncate(&inverse.scale_each(&factors), k + f + 2, k - f).await
    }

    /// Each element over the sum of its row; all parties learn the sums, which must be positive numbers.
    pub async fn over_opened_sums(&self, x: &P::Share, width: usize) -> P::Share {
        let _span = self.span("over_opened_sums");
        let (f, k) = (self.f(), self.k());
        let sums = x.row_sums(width);
        let opened = {
            let _span = self.span("reveal");
            self.protocol.open(&sums).await
        };
        let inverse = map(&opened, |sum| {
            let sum = sum as i64;
            // Rounded to the nearest. A sum that left its range is no divisor.
            if sum <= 0 { 0 } else { ((1i64 << (2 * f)) + sum / 2) / sum }
        });
        self.truncate(&x.scale_each(&inverse.repeat_each(width)), k + f, f).await
    }
}
