//! Truncation among four parties, of whom two pairs know one summand each.
//!
//! Source: Dalskov, Escudero, Keller, "Fantastic Four" (USENIX Security 2021), section 4.2.

use std::num::Wrapping;

use super::joint_inputs::{FROM_0_AND_1, FROM_2_AND_3, Held, Maskable};
use crate::protocol::message::{Digest, send};
use crate::protocol::rep4::Rep4;
use crate::protocol::{Message, Protocol, RingShare};
use crate::ring::{Ops, Vector, shift_right_signed};
use crate::sim::all;

/// Statistical security in bits of the truncation without the top bit: it is used where a value leaves a gap of at least
/// this many bits below the ring size, and then errs with probability 2^-(64 - bits).
const STATISTICAL_SECURITY_BITS: u32 = 40;

impl Rep4 {
    /// r = r_2 + r_3 is known to the parties 0 and 1, c = x + r + 2^(bits-1) is told to the parties 2 and 3. With the
    /// bit above the number, v = x + 2^(bits-1) = c - r + 2^bits (msb(c) xor msb(r)), each taken modulo 2^bits; both pairs
    /// input what they know, shifted. 3 rounds; 5, 3, 3, 1. With a big gap, no top bits: 2 rounds; 2, 1, 1, 0.
    pub(in crate::protocol) async fn truncated(
        &self,
        x: &Held<Vector>,
        bits: u32,
        shift: u32,
    ) -> Held<Vector> {
        assert!(0 < shift && shift < bits && bits < 64, "truncation of {bits} bits by {shift}");
        let _span = self.party.span("truncate");
        let big_gap = bits + STATISTICAL_SECURITY_BITS <= 64;
        let (me, len) = (self.id(), x.len());
        let counter = self.draw();
        // What this party's pair knows: r or c.
        let known = if me < 2 {
            let masks = [self.shared_vector(2, counter, len), self.shared_vector(3, counter, len)];
            let parts = [self.part(x, 2), self.part(x, 3), &masks[0], &masks[1]];
            let [told] =
                Vector::fused(Ops::additions(3), parts, |[x_2, x_3, r_2, r_3]| [x_2 + x_3 + r_2 + r_3]);
            let told = self.shared(told);
            let (data_to, hash_to) = (me + 2, 3 - me);
            send(&self.party, data_to, Message::Ring(told.clone()));
            send(&self.party, hash_to, Message::Digest(Digest::short(vec![Message::Ring(told)])));
            masks[0].add(&masks[1])
        } else {
            let (data_from, hash_from) = (me - 2, 3 - me);
            let received = all([data_from, hash_from].map(|peer| self.party.recv(peer)).into()).await;
            let [told, Message::Digest(digest)] = &received[..] else { panic!("ring elements and a hash") };
            if !digest.matches(std::slice::from_ref(told)) {
                let (sender, backup) = (data_from, hash_from);
                self.party.abort(format!("hash mismatch for sender {sender} and backup {backup}")).await;
            }
            let told = Vector::from_message(told.clone()).expect("ring elements");
            let half = if big_gap { 0 } else { 1 << (bits - 1) };
            let parts = [&told, self.part(x, 0), self.part(x, 1)];
            let [c] = Vector::fused_with(Ops::additions(3), [half], parts, |[half], [told, x_0, x_1]| {
                [told + x_0 + x_1 + half]
            });
            c
        };
        if big_gap {
            let [upper] = Vector::fused_with(Ops::additions(1), [shift.into()], [&known], |[shift], [v]| {
                [shift_right_signed(v, shift.0 as u32)]
            });
            let (draw_r, draw_c) = (self.draw(), self.draw());
            let inputs = vec![
                self.ring_input(FROM_0_AND_1, draw_r, len, || upper.clone()),
                self.ring_input(FROM_2_AND_3, draw_c, len, || upper.clone()),
            ];
            let shares = self.joint_inputs(inputs).await;
            return shares[1].sub(&shares[0]);
        }
        // Bits shift..bits, and the bit above the number.
        let constants = [u64::from(64 - bits), u64::from(64 - bits + shift), u64::from(bits)];
        let [upper, top] =
            Vector::fused_with(Ops::additions(4), constants, [&known], |[left, right, bits], [v]| {
                [(v << left.0 as usize) >> right.0 as usize, (v >> bits.0 as usize) & Wrapping(1)]
            });
        let draws = [self.draw(), self.draw(), self.draw(), self.draw()];
        let inputs = vec![
            self.ring_input(FROM_0_AND_1, draws[0], len, || top.clone()),
            self.ring_input(FROM_0_AND_1, draws[1], len, || upper.clone()),
            self.ring_input(FROM_2_AND_3, draws[2], len, || top.clone()),
            self.ring_input(FROM_2_AND_3, draws[3], len, || upper.clone()),
        ];
        let shares = self.joint_inputs(inputs).await;
        let [top_r, upper_r, top_c, upper_c] = &shares[..] else { panic!("four inputs") };
        let product = self.dot(top_r, top_c, 1).await;
        let wraps = top_r.add(top_c).sub(&product.scale(2));
        let half = self.public(&Vector::constant(self.content, len, 1 << (bits - shift - 1)));
        upper_c.sub(upper_r).add(&wraps.scale(1 << (bits - shift))).sub(&half)
    }
}
