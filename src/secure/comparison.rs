//! Comparison with zero, after Catrina and de Hoogh with a local split of the shares (ABY3, section 5.3); ReLU.

use super::Secure;
use crate::protocol::{Protocol, RingShare};
use crate::ring::Plane;

impl<P: Protocol> Secure<P> {
    /// `[x < 0]` for signed integers of `bits` bits: the top bit of the sum of the summands, or in the protocol's own way.
    pub async fn less_than_zero(&self, x: &P::Share, bits: u32) -> P::Share {
        let _span = self.span("less_than_zero");
        self.protocol.expect_range(x, bits);
        if let Some(negative) = self.protocol.own_less_than_zero(x, bits).await {
            return negative;
        }
        let top = bits as usize - 1;
        let summands = self.protocol.summands(x, bits).await;
        let two = self.two_summands(summands, false).await;
        let last = self.carry_out(&two.sum[..top], &two.carries[..top]).await;
        let rest = self.xor(&self.xor(&two.sum[top], &two.carries[top]), &last.generate);
        match last.propagate_and_low {
            Some((propagate, low)) => self.and_to_ring([&propagate, &low, &rest], x.len()).await,
            None => self.bits_to_ring(&[rest], x.len()).await.remove(0),
        }
    }

    /// `[x < 0]`, which all parties learn.
    pub(super) async fn open_less_than_zero(&self, x: &P::Share, bits: u32) -> Plane {
        let _span = self.span("reveal");
        self.protocol.expect_range(x, bits);
        if let Some(negative) = self.protocol.own_open_less_than_zero(x, bits).await {
            return negative;
        }
        let negative = self.less_than_zero(x, bits).await;
        Plane::split(&self.protocol.open(&negative).await, 1).remove(0)
    }

    /// `[x > c]` for fixed-point numbers and a public c, given as an integer.
    pub async fn greater_than(&self, x: &P::Share, c: i64) -> P::Share {
        self.less_than_zero(&self.add_constant(&x.neg(), c), self.k() + 1).await
    }

    /// `[x > y]` for fixed-point numbers.
    pub async fn greater(&self, x: &P::Share, y: &P::Share) -> P::Share {
        self.less_than_zero(&y.sub(x), self.k() + 1).await
    }

    /// `(max(x, 0), [x > 0])`.
    pub async fn relu(&self, x: &P::Share) -> (P::Share, P::Share) {
        self.relu_above(x, 0).await
    }

    /// x where x > c, zero elsewhere, and `[x > c]`; c is an integer.
    pub async fn relu_above(&self, x: &P::Share, c: i64) -> (P::Share, P::Share) {
        let _span = self.span("relu");
        let (sign, bits) = (self.add_constant(&x.neg(), c), self.k() + 1);
        if let Some([product, positive]) = self.protocol.own_where_negative(&sign, bits, x).await {
            return (product, positive);
        }
        let positive = self.less_than_zero(&sign, bits).await;
        (self.protocol.mul(&positive, x).await, positive)
    }
}
