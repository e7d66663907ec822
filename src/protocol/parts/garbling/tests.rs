use super::arithmetic::{Quotients, RING_BITS, quotient, quotients, sign};
use super::circuit::{Bit, Builder, Circuit};
use super::*;
use crate::ring::mix;

const DELTA: u128 = 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6979;

/// Integers at the edges of words, and random ones of all sizes.
fn integers(count: usize, salt: u64) -> Vec<u64> {
    let edges = [0, 1, 2, 3, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, (1 << 63) + 1, 1 << 32];
    let random = |i: usize| mix(mix(salt) ^ i as u64) >> (mix(salt ^ !(i as u64)) % 64);
    (0..count).map(|i| edges.get((i + salt as usize) % 17).copied().unwrap_or_else(|| random(i))).collect()
}

/// A circuit of so many input words.
fn built(words: usize, formula: impl Fn(&mut Builder, &[Vec<Bit>]) -> Vec<Bit>) -> Circuit {
    let (mut builder, [own, other]) = Builder::new([RING_BITS, (words - 1) * RING_BITS]);
    let inputs: Vec<Vec<Bit>> = [own, other].concat().chunks(RING_BITS).map(<[Bit]>::to_vec).collect();
    let outputs = formula(&mut builder, &inputs);
    builder.finish(&outputs)
}

/// Zeros' labels, and those of the inputs.
fn labels(inputs: &[Vec<u64>], delta: u128) -> [Vec<u128>; 2] {
    let n = inputs[0].len();
    let zero = |i: usize| u128::from(mix(2 * i as u64)) << 64 | u128::from(mix(2 * i as u64 + 1));
    let zeros: Vec<u128> = (0..inputs.len() * RING_BITS * n).map(zero).collect();
    let bit = |i: usize| inputs[i / (RING_BITS * n)][i % n] >> (i / n % RING_BITS) & 1;
    let held = (0..zeros.len()).map(|i| zeros[i] ^ (mask(bit(i).into()) & delta)).collect();
    [zeros, held]
}

/// What comes of garbling and evaluating: words, from the lowest output on.
fn run(circuit: &Circuit, inputs: &[Vec<u64>]) -> Vec<u64> {
    let n = inputs[0].len();
    let [zeros, held] = labels(inputs, DELTA);
    let (rows, permute) = garble(circuit, &zeros, n, (DELTA, 7 << 64));
    assert_eq!(rows.len(), 4 * n * circuit.ands(), "32 bytes an and");
    let colours = evaluate(circuit, &held, n, &rows, 7 << 64);
    let result: Vec<Plane> = permute.iter().zip(&colours).map(|(x, y)| x.xor(y)).collect();
    let len = result.len().min(RING_BITS);
    Plane::compose(&result[..len]).expect_values().to_vec()
}

/// A circuit's number of ands, and what it should give of one number of each input.
type Case = (&'static str, usize, Circuit, fn(&[u64]) -> u64);

fn cases() -> Vec<Case> {
    let no = Bit::Constant(false);
    vec![
        ("x + y", 63, built(2, |b, x| b.add(&x[0], &x[1], no).0), |x| x[0].wrapping_add(x[1])),
        ("x - y", 63, built(2, |b, x| b.subtract(&x[0], &x[1]).0), |x| x[0].wrapping_sub(x[1])),
        ("carry", 64, built(2, |b, x| vec![b.add(&x[0], &x[1], no).1]), |x| {
            x[0].overflowing_add(x[1]).1.into()
        }),
        ("x < y", 64, built(2, |b, x| vec![b.less(&x[0], &x[1])]), |x| (x[0] < x[1]).into()),
        ("x < y, signed", 64, built(2, |b, x| vec![b.less_signed(&x[0], &x[1])]), |x| {
            ((x[0] as i64) < x[1] as i64).into()
        }),
        ("select", 64, built(3, |b, x| b.select(x[2][0], &x[0], &x[1])), |x| x[usize::from(x[2] & 1 == 0)]),
        ("negate", 63, built(2, |b, x| b.negate_if(x[1][0], &x[0])), |x| {
            if x[1] & 1 == 1 { x[0].wrapping_neg() } else { x[0] }
        }),
        ("sign", 63, sign(), |x| x[0].wrapping_add(x[1]) >> 63),
        // A quotient alone does not take the selection of the last remainder.
        ("quotient", 4285 - 64, built(2, |b, x| b.divide(&x[0], &x[1]).0), |x| {
            x[0].checked_div(x[1]).unwrap_or(u64::MAX)
        }),
        (
            "remainder",
            4285,
            built(2, |b, x| {
                let (quotient, rest, _) = b.divide(&x[0], &x[1]);
                // Both are outputs; the remainder is the first.
                [rest, quotient].concat()
            }),
            |x| x[0].checked_rem(x[1]).unwrap_or(x[0]),
        ),
        ("not zero", 63, built(2, |b, x| vec![b.divide(&x[0], &x[1]).2]), |x| (x[1] != 0).into()),
    ]
}

#[test]
fn circuits_have_as_many_ands_as_stated_and_give_what_integers_give() {
    for (name, ands, circuit, expected) in cases() {
        assert_eq!(circuit.ands(), ands, "{name}");
        for n in [1, 63, 64, 65, 300] {
            let words = circuit.inputs().iter().sum::<usize>() / RING_BITS;
            let inputs: Vec<Vec<u64>> = (0..words).map(|i| integers(n, 3 + 5 * i as u64)).collect();
            for (i, got) in run(&circuit, &inputs).into_iter().enumerate() {
                let row: Vec<u64> = inputs.iter().map(|input| input[i]).collect();
                assert_eq!(got, expected(&row), "{name} of {row:?}");
            }
        }
    }
}

#[test]
fn a_signed_division_takes_a_negation_more_for_each_number() {
    let circuit = built(2, |b, x| {
        let signs = [x[0][RING_BITS - 1], x[1][RING_BITS - 1]];
        let sizes = [b.negate_if(signs[0], &x[0]), b.negate_if(signs[1], &x[1])];
        let (quotient, rest, _) = b.divide(&sizes[0], &sizes[1]);
        let negative = b.xor(signs[0], signs[1]);
        [b.negate_if(negative, &quotient), rest].concat()
    });
    assert_eq!(circuit.ands(), 4474);
}

#[test]
fn quotients_are_rounded_to_nearest_and_masked() {
    for (signed, has_numerator, fraction_bits) in
        [(true, true, 13), (true, true, 16), (false, true, 13), (true, false, 13)]
    {
        let kind = Quotients { fraction_bits, signed, has_numerator };
        let circuit = quotients(kind);
        println!("{kind:?}: {} ands", circuit.ands());
        let n = 130;
        let numerators: Vec<u64> = integers(n, 2).iter().map(|x| (*x as i64 >> 18) as u64).collect();
        let divisors: Vec<u64> = integers(n, 11).iter().map(|x| (*x as i64 >> 25) as u64).collect();
        let [shares, masks, numerator_shares] = [21, 22, 23].map(|salt| integers(n, salt));
        let minus =
            |x: &[u64], y: &[u64]| -> Vec<u64> { x.iter().zip(y).map(|(x, y)| x.wrapping_sub(*y)).collect() };
        let (rest, numerator_rest) = (minus(&divisors, &shares), minus(&numerators, &numerator_shares));
        let inputs = if has_numerator {
            vec![shares, numerator_shares, masks.clone(), rest, numerator_rest]
        } else {
            vec![shares, masks.clone(), rest]
        };
        for (i, got) in minus(&run(&circuit, &inputs), &masks).into_iter().enumerate() {
            let numerator = if has_numerator { numerators[i] } else { 1 << fraction_bits };
            let (a, b) = (numerator as i64, divisors[i] as i64);
            assert_eq!(got, quotient(kind, numerator, divisors[i]), "{a} / {b}");
            if b == 0 {
                assert_eq!(got, 0);
            } else if signed {
                let exact = a as f64 / b as f64 * f64::exp2(fraction_bits.into());
                assert!((got as i64 as f64 - exact).abs() <= 0.5 + exact.abs() * 1e-14, "{a} / {b}: {got}");
            }
        }
    }
}

/// Of an input the label of neither value, or that of the other one.
#[test]
fn a_wrong_label_gives_garbage_and_the_other_label_another_result() {
    let n = 300;
    let circuit = sign();
    let inputs = [integers(n, 31), integers(n, 32)];
    let [zeros, held] = labels(&inputs, DELTA);
    let (rows, permute) = garble(&circuit, &zeros, n, (DELTA, 0));
    let signs = |held: &[u128]| permute[0].xor(&evaluate(&circuit, held, n, &rows, 0)[0]);
    let right = signs(&held);
    let differ =
        |other: &Plane| -> u32 { right.xor(other).expect_words().iter().map(|word| word.count_ones()).sum() };
    // The lowest bit of all instances: what is carried depends on it in some way.
    let mut wrong = held.clone();
    wrong[..n].iter_mut().for_each(|label| *label ^= 1 << 77);
    let garbage = differ(&signs(&wrong));
    assert!((90..=210).contains(&garbage), "{garbage} of {n} signs differ: not as a coin would");
    // The highest bit decides the sign.
    let mut other = held;
    other[63 * n..64 * n].iter_mut().for_each(|label| *label ^= DELTA);
    assert_eq!(differ(&signs(&other)), n as u32);
}

/// Without the secret, rows and labels look random: half of the bits are set.
#[test]
fn what_the_evaluator_sees_is_balanced() {
    let n = 500;
    let inputs = [vec![0; n], vec![0; n]];
    let [zeros, _] = labels(&inputs, DELTA);
    let (rows, permute) = garble(&sign(), &zeros, n, (DELTA, 0));
    let ones: u32 = rows.iter().map(|word| word.count_ones()).sum();
    assert!((f64::from(ones) / (64 * rows.len()) as f64 - 0.5).abs() < 0.002);
    let set: u32 = permute[0].expect_words().iter().map(|word| word.count_ones()).sum();
    assert!((190..=310).contains(&set), "{set} of {n} labels for zero are coloured");
}
