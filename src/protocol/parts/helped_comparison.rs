//! Comparison with zero of two parties with additive shares modulo L = 2^64, with a helper who compares numbers bit by bit: shares modulo L
//! become shares modulo L - 1, where the highest bit of a number is the lowest of its double.
//!
//! Source: Wagh, Gupta, Chandran, "SecureNN: 3-party secure computation for neural network training" (PETS 2019), algorithms 3 to 5.
//! Above each operation: rounds, and payload bytes per element sent by the parties 0, 1 and the helper.

use std::num::Wrapping;

use super::dealing::DEALER as HELPER;
use super::odd_ring;
use super::private_compare::{WORDS, compare, has_zero, share_bits};
use crate::protocol::securenn::{SecureNn, Share};
use crate::protocol::{Message, Protocol, RingShare, receive_ring, send};
use crate::ring::{Ops, Vector};

/// The place of the highest bit.
const TOP: usize = 63;

/// Shares modulo 2^64 - 1 of both parties, of which `x` is the sum: one is drawn.
fn odd_shares(x: &Vector, drawn: &Vector) -> [Vector; 2] {
    Vector::fused(Ops::additions(2), [x, drawn], |[x, drawn]| {
        let first = odd_ring::reduced(drawn);
        [first, odd_ring::sub(x, first)]
    })
}

impl SecureNn {
    /// What both parties, or the helper alone, draw.
    fn drawn(&self, counter: u64, len: usize) -> Vector {
        let holders = if self.is_helper() { 1 << HELPER } else { 0b11 };
        self.two.stream(holders, counter).vector(self.two.content, len)
    }

    /// The helper's half of a comparison: learns a bit from each of the two, which is told nobody.
    async fn compared(&self) -> Vector {
        let party = self.party();
        let (first, second) = (receive_ring(party, 0).await, receive_ring(party, 1).await);
        let _span = party.span("private_compare");
        has_zero([&first, &second])
    }

    /// The half of those who have shares of the bits of x: the helper learns `beta` xor `[x > r]`. 1 round; 64, 64, 0.
    fn compare(&self, bits: &Vector, r: &Vector, beta: &Vector) {
        let _span = self.party().span("private_compare");
        let first = self.two.draw(2);
        let streams = [first, first + 1].map(|counter| self.two.stream(0b11, counter));
        send(self.party(), HELPER, Message::Ring(compare(self.party().id(), bits, [r, beta], streams)));
    }

    /// Both halves of a message of ring elements to each of the two.
    fn send_both(&self, parts: [Vector; 2]) {
        for (to, part) in parts.into_iter().enumerate() {
            send(self.party(), to, Message::Ring(part));
        }
    }

    /// Shares modulo 2^64 - 1 of a number x < 2^64 - 1 shared modulo 2^64. Algorithm 4. 4 rounds; 72, 72, 160.
    ///
    /// x = x_0 + x_1 - theta L and L is one modulo L - 1, so theta, whether the shares wrap, is taken off. With z = x + r for an r
    /// that both know, of which each adds a share r_j that is uniform, and wraps alpha of the r_j, beta_j of x_j + r_j, and delta of
    /// the z_j, which the helper sees, theta = beta_0 + beta_1 + delta - alpha - 1 + [z >= r].
    /// Compared is z > r - 1, which an r of zero spoils, with probability 2^-64, as in the paper.
    pub(in crate::protocol) async fn share_convert(&self, x: &Share) -> Share {
        let _span = self.party().span("share_convert");
        let len = x.len();
        let first = self.two.draw(4);
        if self.is_helper() {
            let (z_0, z_1) = (receive_ring(self.party(), 0).await, receive_ring(self.party(), 1).await);
            let [z, delta] = Vector::fused(Ops::additions(2), [&z_0, &z_1], |[z_0, z_1]| {
                let z = z_0 + z_1;
                [z, Wrapping(u64::from(z < z_0))]
            });
            let bits = share_bits(&z, self.two.stream(1 << HELPER, first));
            let delta = odd_shares(&delta, &self.drawn(first + 1, len));
            self.send_both([0, 1].map(|to| Vector::concat(&[&bits[to], &delta[to]])));
            self.two.draw(2);
            let eta = self.compared().await;
            self.send_both(odd_shares(&eta, &self.drawn(first + 2, len)));
            return self.helped(len);
        }
        let x = &x.component().0;
        let [r_0, r_1, beta] = [0, 1, 2].map(|i| self.drawn(first + i, len));
        let [r, alpha] = Vector::fused(Ops::additions(3), [&r_0, &r_1], |[r_0, r_1]| {
            let r = r_0 + r_1;
            [r - Wrapping(1), Wrapping(u64::from(r < r_0))]
        });
        let mask = beta.shift_right(TOP as u32);
        let mine = if self.party().id() == 0 { &r_0 } else { &r_1 };
        let [z, wraps] = Vector::fused(Ops::additions(2), [x, mine], |[x, r]| {
            let z = x + r;
            [z, Wrapping(u64::from(z < x))]
        });
        send(self.party(), HELPER, Message::Ring(z));
        let received = receive_ring(self.party(), HELPER).await;
        let (bits, delta) = (received.slice(0, WORDS * len), received.slice(WORDS * len, received.len()));
        self.compare(&bits, &r, &mask);
        let eta = receive_ring(self.party(), HELPER).await;
        let zeroth = u64::from(self.party().id() == 0);
        let factors = [x, &wraps, &alpha, &delta, &mask, &eta];
        let [converted] = Vector::fused_with(
            Ops::additions(9),
            [zeroth],
            factors,
            |[zeroth], [x, wraps, alpha, delta, mask, eta]| {
                let eta = if mask.0 == 1 { odd_ring::sub(zeroth, eta) } else { eta };
                let theta = odd_ring::add(odd_ring::add(wraps, delta), eta);
                let theta = odd_ring::sub(theta, zeroth * (alpha + Wrapping(1)));
                [odd_ring::sub(odd_ring::reduced(x), theta)]
            },
        );
        self.own(converted)
    }

    /// The highest bit of a number shared modulo 2^64 - 1, as a ring element. Algorithm 5, in Z_2^64 as in the paper's table 1.
    /// 5 rounds; 88, 88, 184.
    ///
    /// It is the lowest bit of y = 2 x, as the modulus is odd. For a random z of the helper, r = y + z is opened, and y is even if
    /// the lowest bits of r and z are the same, unless r wraps, which is where z > r.
    pub(in crate::protocol) async fn highest_bit(&self, x: &Share) -> Share {
        let _span = self.party().span("compute_msb");
        let (len, party) = (x.len(), self.party());
        let first = self.two.draw(5);
        if self.is_helper() {
            let [z] =
                Vector::fused(Ops::additions(1), [&self.drawn(first, len)], |[z]| [odd_ring::reduced(z)]);
            let z_shares = odd_shares(&z, &self.drawn(first + 1, len));
            let bits = share_bits(&z, self.two.stream(1 << HELPER, first + 2));
            let lowest = self.drawn(first + 3, len);
            let [rest] =
                Vector::fused(Ops::additions(2), [&z, &lowest], |[z, lowest]| [(z & Wrapping(1)) - lowest]);
            let lowest = [lowest, rest];
            self.send_both([0, 1].map(|to| Vector::concat(&[&bits[to], &z_shares[to], &lowest[to]])));
            self.two.draw(2);
            let compared = self.compared().await;
            let one = self.drawn(first + 4, len);
            let other = compared.sub(&one);
            self.send_both([one, other]);
            return self.mul(&self.helped(len), &self.helped(len)).await;
        }
        let x = &x.component().0;
        let received = receive_ring(party, HELPER).await;
        let at = |part: usize| received.slice((WORDS + part) * len, (WORDS + part + 1) * len);
        let (bits, z, lowest) = (received.slice(0, WORDS * len), at(0), at(1));
        let [mine] =
            Vector::fused(Ops::additions(2), [x, &z], |[x, z]| [odd_ring::add(odd_ring::add(x, x), z)]);
        send(party, self.other(), Message::Ring(mine.clone()));
        let theirs = receive_ring(party, self.other()).await;
        let [r, mask] =
            Vector::fused(Ops::additions(2), [&mine, &theirs, &self.drawn(first, len)], |[x, y, beta]| {
                [odd_ring::add(x, y), beta >> TOP]
            });
        self.compare(&bits, &r, &mask);
        let compared = receive_ring(party, HELPER).await;
        // A shared bit xor one that both know: b + c - 2 b c.
        let ops = Ops::additions(5).and_multiplications(4);
        let [wrapped, odd] = Vector::fused_with(
            ops,
            [party.id() as u64],
            [&compared, &mask, &lowest, &r],
            |[one], [compared, mask, lowest, r]| {
                let lowest_r = r & Wrapping(1);
                [
                    compared + one * mask - Wrapping(2) * mask * compared,
                    lowest + one * lowest_r - Wrapping(2) * lowest_r * lowest,
                ]
            },
        );
        let (wrapped, odd) = (self.own(wrapped), self.own(odd));
        let both = self.mul(&wrapped, &odd).await;
        let ops = Ops::additions(2).and_multiplications(1);
        let parts = [wrapped.component().0, odd.component().0, both.component().0];
        let [bit] = Vector::fused(ops, parts.each_ref(), |[x, y, both]| [x + y - Wrapping(2) * both]);
        self.own(bit)
    }
}
