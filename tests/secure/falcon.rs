//! What Falcon does in a way of its own: signs, truncated products, and what its offline phase makes.

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Protocol, Truncation, ValuesBeyond};
use mpcsim::secure::{FixedPoint, Numerator, Rounding, Secure};
use mpcsim::sim::{EventKind, Trace};
use mpcsim::softmax::{Division, ReluGradient, ReluParameters, Softmax, SoftmaxVariant};

use super::function::Function;
use super::harness::{Dice, Program, Setting, in_the_clear, in_the_clear_counting, on_shares, seed};

const FALCON: ProtocolName = ProtocolName::Falcon;
/// The same in a ring of 32 bits.
const SMALL: ProtocolName = ProtocolName::Falcon32;
/// The same where products and openings are checked, in both rings.
const CHECKED: ProtocolName = ProtocolName::FalconMalicious;
const SMALL_CHECKED: ProtocolName = ProtocolName::FalconMalicious32;

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
    let cases = [64, 63, 32, 20, 2].map(|bits| (FALCON, bits)).into_iter();
    let cases = cases.chain([32, 31, 20, 2].map(|bits| (SMALL, bits)));
    for (protocol, bits) in cases.chain([(CHECKED, 64), (CHECKED, 31), (SMALL_CHECKED, 32)]) {
        let top = 1i64.checked_shl(bits - 1).unwrap_or(0);
        let mut numbers: Vec<i64> = Vec::new();
        while numbers.len() < 10_000 / 5 {
            let edges =
                [0, 1, -1, top.wrapping_sub(1), top.wrapping_neg(), top.wrapping_neg().wrapping_add(1)];
            numbers.extend(edges);
            numbers.extend((0..6).map(|_| dice.signed(bits)));
        }
        let setting = Setting::of(protocol, Rounding::Probabilistic);
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

/// Numbers that are truncated as they are shared.
struct Truncated(Truncation);

impl Program for Truncated {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        vec![s.protocol.truncate(&inputs[0], self.0.bits, self.0.shift).await]
    }
}

/// Up or down as often as the rounding says, up to the largest numbers that fit, and never elsewhere.
#[test]
fn falcon_truncates_products_by_the_law() {
    let mut dice = Dice::new(seed(), 301);
    let cases = [(47, 16), (62, 13), (63, 1), (20, 19), (2, 1)].map(|case| (FALCON, case)).into_iter();
    let small = [(31, 13), (31, 1), (30, 29), (20, 19), (2, 1)].map(|case| (SMALL, case));
    for (protocol, (bits, shift)) in cases.chain(small) {
        let truncation = Truncation { bits, shift };
        let top = (1i64 << (bits - 1)) - 1;
        let mut numbers = vec![0, 1, -1, top, -top - 1];
        numbers.extend((0..4_000).map(|_| dice.signed(bits)));
        let ones = vec![1; numbers.len()];
        let setting = Setting::of(protocol, Rounding::Probabilistic);
        let inputs = [numbers.clone(), ones];
        let program = Products(truncation);
        let got = [
            on_shares(&program, &inputs, dice.word(), setting).integers(),
            on_shares(&Truncated(truncation), &inputs, dice.word(), setting).integers(),
        ];
        for got in got {
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
}

/// What the divisors' lengths are said to be.
const LENGTHS: &str = "the lengths of some divisors";
/// Numerators for each divisor.
const WIDTH: usize = 3;

/// Quotients by divisors of which the lengths are opened, with so many corrections.
struct Quotients(u32);

impl Program for Quotients {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let numerators = Numerator::Coarse(&inputs[0], (self.0, LENGTHS));
        vec![s.divide(numerators, &inputs[1], WIDTH).await]
    }
}

/// Divisors of every size next to each other, at both ends of each length, and zero: all from the smallest number to the largest are
/// divided as precisely as is said, with nearest rounding to the numbers of the ideal functionality.
#[test]
fn falcon_divides_by_every_divisor() {
    let mut dice = Dice::new(seed(), 302);
    let cases = [(13, 31), (16, 31), (20, 31), (8, 18), (4, 9)].map(|format| (FALCON, format)).into_iter();
    // All formats of which a product has place in 32 bits.
    let formats = FixedPoint::served().filter(|format| format.product_bits() <= 31);
    let small = formats.map(|format| (SMALL, (format.fraction_bits, format.total_bits)));
    let checked = [(CHECKED, (13, 31)), (SMALL_CHECKED, (13, 18))];
    for (protocol, (f, k)) in cases.chain(small).chain(checked) {
        // Of the small ring's fewer bits more are lost.
        let units = if protocol.ring_bits() == 32 { 8.0 } else { 2.0 };
        let mut divisors: Vec<i64> = vec![0];
        for length in 0..k - 1 {
            let power = 1i64 << length;
            divisors.extend([power, 2 * power - 1, dice.between(power, 2 * power - 1)]);
        }
        let numerators: Vec<i64> = divisors.iter().flat_map(|&b| [0, dice.between(0, b), b]).collect();
        let inputs = [numerators.clone(), divisors.clone()];
        for (corrections, relative) in [(1, 0.0858f64.powi(2)), (2, 0.0858f64.powi(4))] {
            for rounding in Rounding::ALL {
                let fixed_point = FixedPoint { fraction_bits: f, total_bits: k };
                let setting = Setting { protocol, rounding, fixed_point };
                let program = Quotients(corrections);
                let got = on_shares(&program, &inputs, dice.word(), setting).integers();
                for (i, &got) in got.iter().enumerate() {
                    let (a, b) = (numerators[i], divisors[i / WIDTH]);
                    let exact = if b == 0 { 0.0 } else { a as f64 / b as f64 * (1u64 << f) as f64 };
                    let off = exact - got as f64;
                    let most = exact * relative * 1.001 + units;
                    assert!(
                        (-units..=most).contains(&off),
                        "{a} / {b} with {setting:?} is {got}, not {exact}"
                    );
                }
                if rounding == Rounding::Nearest {
                    let clear = in_the_clear(&program, &inputs, dice.word(), setting).integers();
                    assert_eq!(got, clear, "{setting:?}: shares are not the clear");
                }
            }
        }
    }
}

/// The replacement in Falcon's own way: what is opened is one byte by each party for each of six bits of a length.
#[test]
fn falcon_opens_lengths_where_the_replacement_divides_its_way() {
    let own = |division| {
        Softmax::ReluGradient(ReluGradient(ReluParameters { division, ..ReluGradient::DEFAULT.0 }))
    };
    let rows = 5;
    for (division, opens) in
        [(Division::Reciprocal, false), (Division::Quotient, true), (Division::Precise, true)]
    {
        let function = Function::Gradient(own(division));
        for protocol in [FALCON, ProtocolName::Rep3] {
            for rounding in Rounding::ALL {
                let setting = Setting::of(protocol, rounding);
                let inputs = function.random(&mut Dice::new(seed(), 303), rows);
                let revealed = ValuesBeyond::default();
                let shares = on_shares(&function, &inputs, 1, setting);
                let clear = in_the_clear_counting(&function, &inputs, 1, setting, &revealed);
                if rounding == Rounding::Nearest {
                    assert_eq!(shares.integers(), clear.integers(), "{division:?}, {setting:?}");
                }
                let opens = opens && protocol == FALCON;
                let noted: Vec<u64> = revealed.take_revealed().into_values().collect();
                assert_eq!(
                    noted,
                    if opens { vec![rows as u64] } else { vec![] },
                    "{division:?}, {setting:?}"
                );
                // The last message of each comparison, in the span of what is opened itself.
                let bytes: u64 = bytes_in(&shares.trace, |path| path.ends_with("reveal/open_bits"));
                assert_eq!(bytes, if opens { 3 * 6 * rows as u64 } else { 0 }, "{division:?}, {setting:?}");
            }
        }
    }
}

/// Payload bytes sent in some spans.
fn bytes_in(trace: &Trace, chosen: impl Fn(&str) -> bool) -> u64 {
    let events = (0..trace.parties()).flat_map(|party| trace.events(party).collect::<Vec<_>>());
    let bytes = events.map(|event| match event.kind {
        EventKind::Send { payload_bytes, .. } if chosen(&trace.spans().path(event.span)) => payload_bytes,
        _ => 0,
    });
    bytes.sum()
}
