//! What `securenn` does in its own way: signs, quotients, truncations that are far off as often as stated, and a helper who learns nothing.

use std::cell::RefCell;

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Protocol, RingShare, Role};
use mpcsim::ring::{Content, Vector};
use mpcsim::secure::{FixedPoint, Numerator, Rounding, Secure};

use super::function::Function;
use super::harness::{Dice, Program, Setting, in_the_clear, on_shares, seed};

fn setting(rounding: Rounding) -> Setting {
    Setting::of(ProtocolName::SecureNn, rounding)
}

/// No sign is wrong: on 10,000 sharings, edges of the largest range among the numbers.
#[test]
fn signs_are_right_up_to_the_edges_of_the_range() {
    let seed = seed();
    let mut dice = Dice::new(seed, 500);
    let most = (1i64 << 62) - 1;
    let edges = [0, 1, -1, 2, -2, most, most - 1, -most, -most - 1, 1 << 61, -1 << 61, (1 << 61) - 1];
    let numbers: Vec<i64> =
        (0..10_000).map(|i| if i < 5_000 { edges[i % edges.len()] } else { dice.signed(63) }).collect();
    let function = Function::LessThanZero { bits: 63 };
    let signs =
        on_shares(&function, std::slice::from_ref(&numbers), seed, setting(Rounding::Nearest)).integers();
    let wrong = numbers.iter().zip(&signs).find(|(x, sign)| **sign != i64::from(**x < 0));
    assert_eq!(wrong, None);
}

/// Which of so many places numbers are.
struct Places(usize);

impl Program for Places {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        s.protocol.own_places(&inputs[0], self.0).await.expect("its own")
    }
}

/// Of any ring element the place modulo their number.
#[test]
fn places_are_found() {
    let mut dice = Dice::new(seed(), 510);
    for places in [2, 4, 16, 64, 4096] {
        let mut numbers: Vec<i64> = (0..300).map(|_| dice.between(0, places as i64 - 1)).collect();
        numbers.extend((0..20).map(|_| dice.word() as i64));
        let found = on_shares(
            &Places(places),
            std::slice::from_ref(&numbers),
            dice.word(),
            setting(Rounding::Nearest),
        );
        for (place, found) in found.integers().chunks(numbers.len()).enumerate() {
            let is = |number: &i64| i64::from(number.rem_euclid(places as i64) == place as i64);
            assert!(found.iter().copied().eq(numbers.iter().map(is)), "place {place} of {places}");
        }
    }
}

/// Quotients of at most one, `width` for each divisor.
struct Parts {
    width: usize,
}

impl Program for Parts {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        vec![s.divide(Numerator::Part(&inputs[0]), &inputs[1], self.width).await]
    }
}

#[test]
fn a_division_bit_by_bit_is_the_quotient_rounded_down() {
    let seed = seed();
    for (f, k) in [(16, 31), (13, 31), (8, 18), (4, 9)] {
        let mut dice = Dice::new(seed, 600 + u64::from(f));
        let largest = (1i64 << (k - 1)) - 1;
        let mut divisors = vec![0, 1, 2, 3, 1 << f, (1 << f) + 1, largest - 1, largest];
        divisors.extend((0..200).map(|_| dice.signed(k).abs().min(largest)));
        let numerators: Vec<i64> = divisors
            .iter()
            .flat_map(|&y| [0, 1.min(y), y / 2, (y + 1) / 2, (y - 1).max(0), y, dice.between(0, y)])
            .collect();
        let inputs = [numerators.clone(), divisors.clone()];
        for rounding in Rounding::ALL {
            let fixed_point = FixedPoint { fraction_bits: f, total_bits: k };
            let setting = Setting { fixed_point, ..setting(rounding) };
            let outcome = on_shares(&Parts { width: 7 }, &inputs, seed, setting);
            assert_eq!(outcome.rounds, 9 * u64::from(f), "nine for each bit");
            let quotients = outcome.integers();
            for (i, (&x, &quotient)) in numerators.iter().zip(&quotients).enumerate() {
                let y = divisors[i / 7];
                let right = if y == 0 { 0 } else { ((x << f) / y).min((1 << f) - 1) };
                assert_eq!(quotient, right, "{x} / {y} with {f} bits after the point");
            }
            assert_eq!(in_the_clear(&Parts { width: 7 }, &inputs, seed, setting).integers(), quotients);
        }
    }
}

/// Truncation of numbers with more bits than it is told: of the law only what is far off changes.
struct Truncated {
    bits: u32,
    shift: u32,
}

impl Program for Truncated {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        // Fresh shares.
        let x = s.protocol.mul(&inputs[0], &s.constant(inputs[0].len(), 1)).await;
        vec![s.protocol.truncate(&x, self.bits, self.shift).await]
    }
}

#[test]
fn truncations_are_far_off_as_often_as_stated() {
    let seed = seed();
    let n = 40_000;
    for (x, shift) in [(1i64 << 61, 13), (-(1i64 << 61) - 5, 13), (3 << 59, 16), (-(1 << 58), 1)] {
        let (inputs, setting) = ([vec![x; n]], setting(Rounding::Probabilistic));
        let program = Truncated { bits: 48, shift };
        let far = (1i128 << (64 - shift)) * if x < 0 { 1 } else { -1 };
        let outcomes = [
            ("shares", on_shares(&program, &inputs, seed, setting)),
            ("clear values", in_the_clear(&program, &inputs, seed, setting)),
        ];
        for (what, outcome) in outcomes {
            let (mut wrong, mut up) = (0u32, 0u32);
            for z in outcome.integers() {
                // Modulo 2^64: what is far off may be beyond a word.
                let off = z.wrapping_sub(x >> shift);
                let near = |off: i64| (0..=1).contains(&off);
                let back = off.wrapping_sub(far as i64);
                assert!(near(off) || near(back), "{x} / 2^{shift} on {what}: {z}");
                wrong += u32::from(!near(off));
                up += (if near(off) { off } else { back }) as u32;
            }
            let binomial = |count: u32, p: f64, of: &str| {
                let (mean, sigma) = (p * n as f64, (p * (1.0 - p) * n as f64).sqrt());
                let distance = (f64::from(count) - mean).abs();
                assert!(distance <= 5.0 * sigma, "{x} / 2^{shift} on {what}: {count} {of}, not {mean}");
            };
            binomial(wrong, x.unsigned_abs() as f64 / 2f64.powi(64), "far off");
            binomial(up, (x & ((1 << shift) - 1)) as f64 / 2f64.powi(shift as i32), "rounded up");
        }
    }
    // Longer numbers are truncated under a mask, and never far off.
    let x = (1i64 << 61) - 1;
    let program = Truncated { bits: 63, shift: 13 };
    let outcome = on_shares(&program, &[vec![x; n]], seed, setting(Rounding::Probabilistic));
    assert!(outcome.integers().iter().all(|z| (0..=1).contains(&(z - (x >> 13)))));
}

/// What each party has of what is opened, and what it is for.
#[derive(Default)]
struct Opened(RefCell<Vec<(Role, Vector)>>);

impl Program for Opened {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let opened = s.protocol.open(&inputs[0]).await;
        self.0.borrow_mut().push((s.protocol.role(), opened));
        inputs.to_vec()
    }
}

#[test]
fn a_helper_learns_nothing_that_is_opened() {
    let program = Opened::default();
    on_shares(&program, &[vec![5, -7]], seed(), setting(Rounding::Nearest));
    // Before that it ran on shapes, to find out what it takes.
    let opened = program.0.into_inner();
    let opened = &opened[opened.len() - ProtocolName::SecureNn.parties()..];
    let of = |role: Role| opened.iter().filter(move |(of, _)| *of == role).map(|(_, opened)| opened);
    assert_eq!(of(Role::Computes).count(), 2);
    assert!(of(Role::Computes).all(|opened| *opened == Vector::from(vec![5, -7i64 as u64])));
    assert_eq!(of(Role::Helps).map(Vector::content).collect::<Vec<_>>(), [Content::Shape]);
}

/// A helper is charged for what it deals and compares, and for nothing that it does not do.
struct Linear;

impl Program for Linear {
    async fn run<P: Protocol>(&self, _s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let x = &inputs[0];
        vec![x.add(x).scale(3).sub(&x.neg()).tile(2).row_sums(2)]
    }
}

#[test]
fn a_helper_does_not_work_on_shares() {
    let outcome = on_shares(&Linear, &[vec![1, 2, 3, 4]], seed(), setting(Rounding::Nearest));
    let work = |party| {
        let events = outcome.trace.events(party);
        events.filter(|event| matches!(event.kind, mpcsim::sim::EventKind::Work { .. })).count()
    };
    assert!(work(0) > 0 && work(1) > 0);
    assert_eq!(work(2), 0);
    assert_eq!(outcome.integers(), [21, 49, 21, 49]);
}
