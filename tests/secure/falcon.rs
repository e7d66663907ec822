//! What Falcon does in a way of its own: signs, truncated products, and what its offline phase makes.

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Protocol, Truncation};
use mpcsim::secure::{Rounding, Secure};

use super::harness::{Dice, Program, Setting, on_shares, seed};

const FALCON: ProtocolName = ProtocolName::Falcon;

/// Signs of numbers of so many bits, shared and opened.
struct Signs(u32);

impl Program for Signs {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let x = &inputs[0];
        let shared = s.protocol.own_less_than_zero(x, self.0).await.expect("a comparison of its own");
        let opened = s.protocol.own_open_less_than_zero(x, self.0).await.expect("a comparison of its own");
        let opened = s.protocol.bits_to_ring(&[s.protocol.public_plane(&opened)]).await.remove(0);
        vec![shared, opened]
    }
}

/// 10,000 sharings of numbers of any size, among them those around zero and at the ends of the range: each with other masks.
#[test]
fn falcon_finds_no_sign_wrong() {
    let mut dice = Dice::new(seed(), 300);
    for bits in [64, 63, 32, 20, 2] {
        let top = 1i64.checked_shl(bits - 1).unwrap_or(0);
        let mut numbers: Vec<i64> = Vec::new();
        while numbers.len() < 10_000 / 5 {
            let edges =
                [0, 1, -1, top.wrapping_sub(1), top.wrapping_neg(), top.wrapping_neg().wrapping_add(1)];
            numbers.extend(edges);
            numbers.extend((0..6).map(|_| dice.signed(bits)));
        }
        let setting = Setting::of(FALCON, Rounding::Probabilistic);
        let found = on_shares(&Signs(bits), &[numbers.clone()], dice.word(), setting).integers();
        for (i, &x) in numbers.iter().enumerate() {
            let negative = i64::from((x << (64 - bits)) < 0);
            assert_eq!([found[i], found[numbers.len() + i]], [negative; 2], "the sign of {x} of {bits} bits");
        }
    }
}

/// Products of which each is truncated before it is shared again.
struct Products(Truncation);

impl Program for Products {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        vec![s.protocol.own_truncated_dot(&inputs[0], &inputs[1], 1, self.0).await.expect("its own")]
    }
}

/// Up or down as often as the rounding says, up to the largest numbers that fit, and never elsewhere.
#[test]
fn falcon_truncates_products_by_the_law() {
    let mut dice = Dice::new(seed(), 301);
    for (bits, shift) in [(47, 16), (62, 13), (63, 1), (20, 19), (2, 1)] {
        let truncation = Truncation { bits, shift };
        let top = (1i64 << (bits - 1)) - 1;
        let mut numbers = vec![0, 1, -1, top, -top - 1];
        numbers.extend((0..4_000).map(|_| dice.signed(bits)));
        let ones = vec![1; numbers.len()];
        let setting = Setting::of(FALCON, Rounding::Probabilistic);
        let inputs = [numbers.clone(), ones];
        let got = on_shares(&Products(truncation), &inputs, dice.word(), setting).integers();
        let (mut ups, mut expected, mut variance) = (0.0, 0.0, 0.0);
        for (&x, &got) in numbers.iter().zip(&got) {
            let (floor, rest) = (x >> shift, (x & ((1 << shift) - 1)) as f64 / (1i64 << shift) as f64);
            let up = got - floor;
            assert!(up == 0 || up == 1 && rest > 0.0, "{x} by {truncation:?} is {got}");
            ups += up as f64;
            expected += rest;
            variance += rest * (1.0 - rest);
        }
        let off = (ups - expected) / variance.sqrt().max(1e-9);
        assert!(off.abs() < 6.0, "{truncation:?}: {ups} up, {expected} expected");
    }
}
