//! `secureml`: what its garbled circuits and shifted shares give, where that is not what other protocols give.

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Protocol, RingShare};
use mpcsim::ring::MatMul;
use mpcsim::secure::{FixedPoint, Numerator, Rounding, Secure};
use mpcsim::sim::both;

use super::function::Function;
use super::harness::{Dice, Program, Setting, in_the_clear, on_shapes, on_shares, on_shares_after, seed};

const SETTING: Setting = Setting {
    protocol: ProtocolName::SecureMl,
    rounding: Rounding::Probabilistic,
    fixed_point: FixedPoint { fraction_bits: 13, total_bits: 28 },
};

/// Of 2^21 numbers close to 2^47 about 16 are off by 2^(64 - 13), since r - x wraps with probability 2^(47 - 64): on shares and
/// in the clear. Numbers of one bit more are opened under a mask, and none is off.
#[test]
fn shifted_shares_are_far_off_as_often_as_stated() {
    let seed = seed();
    let shift = 13;
    for sign in [1, -1] {
        let inputs = [vec![sign * ((1i64 << 47) - 5); 1 << 21]];
        let expected = inputs[0][0] >> shift;
        let far = |results: Vec<i64>| {
            let unit = sign << (64 - shift);
            let off: Vec<i64> = results
                .iter()
                .map(|&z| z.wrapping_sub(expected))
                .filter(|off| !(0..=1).contains(off))
                .collect();
            assert!(off.iter().all(|off| (-unit..=1 - unit).contains(off)), "{off:?}");
            off.len()
        };
        let local = Function::Truncate { bits: 48, shift };
        let outcome = on_shares(&local, &inputs, seed, SETTING);
        assert_eq!(outcome.bytes(), [0, 0]);
        for count in [far(outcome.integers()), far(in_the_clear(&local, &inputs, seed, SETTING).integers())] {
            assert!((3..=36).contains(&count), "{count} are far off");
        }
        let masked = Function::Truncate { bits: 49, shift };
        let fewer = [inputs[0][..1 << 18].to_vec()];
        assert_eq!(far(on_shares(&masked, &fewer, seed, SETTING).integers()), 0);
    }
}

/// A number that is truncated again and again, with nothing fresh added to it: as in a momentum.
struct Repeated;

impl Program for Repeated {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let mut x = s.constant(inputs[0].len(), 1 << 27);
        for _ in 0..4 {
            x = s.truncate(&x.scale(1 << 13), 42, 13).await;
        }
        vec![x]
    }
}

/// A shifted share has few bits, and that of a public number none: shifted as they are, most of these would be far off.
#[test]
fn shares_are_fresh_when_they_are_shifted() {
    for outcome in [
        on_shares(&Repeated, &[vec![0; 5000]], seed(), SETTING),
        in_the_clear(&Repeated, &[vec![0; 5000]], seed(), SETTING),
    ] {
        assert!(outcome.integers().iter().all(|&x| x == 1 << 27));
    }
}

/// Quotients from zero to one, and whatever they are of.
struct Parts;

impl Program for Parts {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        vec![
            s.divide(Numerator::Part(&inputs[0]), &inputs[1], 2).await,
            s.divide(Numerator::Shared(&inputs[0]), &inputs[1], 2).await,
        ]
    }
}

#[test]
fn quotients_are_the_nearest_and_those_by_zero_are_zero() {
    let mut dice = Dice::new(seed(), 900);
    let mut divisors = vec![0, 1, 2, 3, 1 << 13, (1 << 27) - 1];
    divisors.extend((0..60).map(|_| dice.signed(28).abs()));
    let numerators: Vec<i64> = divisors.iter().flat_map(|&b| [dice.between(0, b), b]).collect();
    let inputs = [numerators.clone(), divisors.clone()];
    let outcome = on_shares(&Parts, &inputs, seed(), SETTING);
    let results = outcome.integers();
    assert_eq!(results, in_the_clear(&Parts, &inputs, seed(), SETTING).integers());
    let (parts, shared) = results.split_at(numerators.len());
    assert_eq!(parts, shared);
    for (i, &got) in parts.iter().enumerate() {
        let (a, b) = (numerators[i], divisors[i / 2]);
        // Halves away from zero.
        let nearest = ((a << 14) + b).checked_div(2 * b).unwrap_or(0);
        assert_eq!(got, nearest, "{a} / {b}");
    }
    let shapes = on_shapes(&Parts, &inputs, seed(), SETTING);
    assert!(outcome.trace == shapes.trace && outcome.offline == shapes.offline);
}

/// 2 exchanges; labels of both shares, 63 ands, a transfer of 64 bits and one of 2 times 64.
#[test]
fn a_relu_takes_one_circuit_and_two_transfers() {
    let n = 100;
    let outcome = on_shares(&Function::Relu, &[(0..n).map(|i| (i - 50) << 9).collect()], seed(), SETTING);
    let n = n as u64;
    assert_eq!(outcome.bytes(), [n * (2 * 64 * 16 + 63 * 32 + 16 + 16), n * (64 * 16 + 16 + 8)]);
    assert_eq!(outcome.rounds, 4);
    assert_eq!(outcome.offline_bytes(), [0, 0]);
}

/// Fixes the first input.
struct Fix;

impl Program for Fix {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        assert!(s.protocol.fixes());
        [vec![s.protocol.fix(&inputs[0]).await], inputs[1..].to_vec()].concat()
    }
}

/// x W and x^T D with chosen rows x of a matrix, and those rows.
struct OfRows<'a> {
    rows: &'a [usize],
    width: usize,
    outputs: usize,
}

impl Program for OfRows<'_> {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let OfRows { rows, width, outputs } = *self;
        let x = inputs[0].gather_rows(rows, width);
        let forward = MatMul::new(rows.len(), width, outputs);
        let back = MatMul::new(width, rows.len(), outputs).left_transposed();
        let [a, b] = s.fork();
        let products =
            both(a.protocol.matmul(&x, &inputs[1], forward), b.protocol.matmul(&x, &inputs[2], back));
        let (forward, back) = products.await;
        vec![forward, back, x]
    }
}

/// With triples that are really made of transfers, and, where there are too many, with those of the ideal functionality; whoever makes them.
#[test]
fn rows_of_fixed_data_are_multiplied_rightly() {
    let mut dice = Dice::new(seed(), 310);
    let ways = ProtocolName::IN_OTHER_WAYS.into_iter().chain([ProtocolName::SecureMl]);
    for protocol in ways.filter(|way| way.by_default() == ProtocolName::SecureMl) {
        for (all, width, outputs, rows) in
            [(7, 5, 2, vec![3, 0, 6, 3]), (3, 2, 5, vec![1]), (90, 40, 3, (20..84).rev().collect())]
        {
            let numbers =
                |dice: &mut Dice, len: usize| -> Vec<i64> { (0..len).map(|_| dice.word() as i64).collect() };
            let data = numbers(&mut dice, all * width);
            let (weights, errors) =
                (numbers(&mut dice, width * outputs), numbers(&mut dice, rows.len() * outputs));
            let inputs = [data.clone(), weights.clone(), errors.clone()];
            let setting = Setting { protocol, ..SETTING };
            let program = OfRows { rows: &rows, width, outputs };
            let found = on_shares_after((&Fix, &program), &inputs, &rows, dice.word(), setting);
            let sum = |terms: &mut dyn Iterator<Item = (i64, i64)>| {
                terms.fold(0i64, |sum, (x, y)| sum.wrapping_add(x.wrapping_mul(y)))
            };
            let mut expected = Vec::new();
            for &row in &rows {
                for j in 0..outputs {
                    expected.push(sum(
                        &mut (0..width).map(|i| (data[row * width + i], weights[i * outputs + j]))
                    ));
                }
            }
            for i in 0..width {
                for j in 0..outputs {
                    let terms = rows.iter().enumerate();
                    expected.push(sum(
                        &mut terms.map(|(at, row)| (data[row * width + i], errors[at * outputs + j]))
                    ));
                }
            }
            expected.extend(rows.iter().flat_map(|&row| &data[row * width..(row + 1) * width]));
            assert!(found == expected, "{}, {width} columns", protocol.full_name());
        }
    }
}
