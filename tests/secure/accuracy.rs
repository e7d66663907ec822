//! Every secure function on real random shares, against 64-bit floats.

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::secure::{FixedPoint, Rounding};

use super::bounds::Expected;
use super::function::{CLASSES, Function, one_hot};
use super::harness::{Dice, Setting, in_the_clear, on_shares, row_counts, seed};
use super::numbers::Numbers;

/// The largest errors that were seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Worst {
    /// In units of the last place.
    units: f64,
    /// Relative to the value, where that is at least one.
    relative: f64,
    /// As a part of what is allowed.
    of_bound: f64,
}

impl Worst {
    fn with(self, other: Worst) -> Worst {
        Worst {
            units: self.units.max(other.units),
            relative: self.relative.max(other.relative),
            of_bound: self.of_bound.max(other.of_bound),
        }
    }
}

/// Checks all outputs on shares.
pub(super) fn check(
    function: Function,
    inputs: &[Vec<i64>],
    seed: u64,
    setting: Setting,
) -> Result<Worst, String> {
    compare(function, inputs, setting, &on_shares(&function, inputs, seed, setting).integers())
}

/// Compares outputs with what they should be.
fn compare(function: Function, inputs: &[Vec<i64>], setting: Setting, got: &[i64]) -> Result<Worst, String> {
    let numbers = Numbers::of(setting.fixed_point);
    let expected = function.expected_in(&numbers, inputs, setting.rounding);
    assert_eq!(got.len(), expected.len(), "{function:?}");
    let mut worst = Worst::default();
    for (i, (&got, expected)) in got.iter().zip(&expected).enumerate() {
        let Some(expected) = expected else { continue };
        let right = match *expected {
            Expected::Integers(low, high) => (low..=high).contains(&got),
            Expected::About(value, allowed) => {
                let error = (got as f64 - value).abs();
                let relative = if value.abs() < numbers.one as f64 { 0.0 } else { error / value.abs() };
                worst = worst.with(Worst { units: error, relative, of_bound: error / allowed.max(1e-9) });
                // The floats themselves may be off in the last of their 53 bits.
                error <= allowed + value.abs() * 1e-14
            }
        };
        if !right {
            let what = format!("{function:?}, {setting:?}, {} inputs", inputs[0].len());
            return Err(format!("{what}: output {i} is {got}, expected {expected:?}"));
        }
    }
    Ok(worst)
}

#[test]
fn every_function_is_as_accurate_as_stated() {
    let seed = seed();
    let mut wrong = Vec::new();
    for function in Function::all() {
        for setting in Setting::all() {
            let random = row_counts(setting.protocol).iter().zip(seed + 1..);
            let random = random.map(|(&n, seed)| (function.random(&mut Dice::new(seed, 1), n), seed));
            let mut worst = Worst::default();
            for (inputs, seed) in std::iter::once((function.edges(), seed)).chain(random) {
                match check(function, &inputs, seed, setting) {
                    Ok(found) => worst = worst.with(found),
                    Err(told) => wrong.push(told),
                }
            }
            let Worst { units, relative, of_bound } = worst;
            println!("{function:?}, {setting:?}: {units:.2} u, {relative:.1e}, {of_bound:.2} of the bound");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The logarithm of zero and reciprocals beyond the format are undefined, but stay small enough to do no harm.
#[test]
fn undefined_results_do_no_harm() {
    let seed = seed();
    for setting in Setting::all() {
        let log = on_shares(&Function::Log, &[vec![0]], seed, setting).integers();
        assert!(log[0].abs() < 16 << 16, "ln 0 = {log:?}");
        // Sums of 1 to 4 units in the last place: 1/S has no place in the format, r/S must stay of the order of one.
        let rows: Vec<i64> = (1..5).flat_map(|r| [vec![r], vec![0; CLASSES - 1]].concat()).collect();
        let labels = one_hot(&[9, 9, 9, 9]);
        let function = Function::Gradient(super::RELU_GRADIENT);
        let gradient = on_shares(&function, &[rows, labels], seed, setting).integers();
        assert!(gradient.iter().all(|g| g.abs() < 4 << 16), "{setting:?}: {gradient:?}");
    }
}

/// Every function in every format that is accepted, in the clear; in some formats on shares, which are the same bits with
/// nearest rounding.
#[test]
fn every_format_that_is_accepted_is_as_accurate_as_stated() {
    let seed = seed();
    let on_shares_too = [(8, 18), (20, 31), (4, 9), (12, 28)];
    let formats: Vec<FixedPoint> = FixedPoint::served().collect();
    let at = |(f, k)| FixedPoint { fraction_bits: f, total_bits: k };
    assert!(on_shares_too.iter().all(|&format| formats.contains(&at(format))), "{formats:?}");
    let mut wrong = Vec::new();
    for format in formats {
        let numbers = Numbers::of(format);
        // The last ones with `rep3` alone, which is quick.
        let place = on_shares_too.map(at).iter().position(|shared| *shared == format);
        let shared = |protocol: &ProtocolName| match place {
            Some(0 | 1) => true,
            Some(_) => *protocol == ProtocolName::Rep3,
            None => false,
        };
        for function in Function::all() {
            let random = function.random_in(&numbers, &mut Dice::new(seed, 2), 65);
            let inputs = [function.edges_in(&numbers), random];
            for (rounding, inputs) in
                Rounding::ALL.into_iter().flat_map(|r| inputs.iter().map(move |i| (r, i)))
            {
                let setting = |protocol| Setting { protocol, rounding, fixed_point: format };
                let any = setting(ProtocolName::ALL[0]);
                let clear = in_the_clear(&function, inputs, seed, any).integers();
                wrong.extend(compare(function, inputs, any, &clear).err());
                for protocol in ProtocolName::ALL.into_iter().filter(shared) {
                    let setting = setting(protocol);
                    let shares = on_shares(&function, inputs, seed, setting).integers();
                    wrong.extend(compare(function, inputs, setting, &shares).err());
                    // A protocol that divides in a way of its own has a clear of its own.
                    let own = (!protocol.ideal().is_generic())
                        .then(|| in_the_clear(&function, inputs, seed, setting).integers());
                    let same =
                        rounding == Rounding::Probabilistic || shares == *own.as_ref().unwrap_or(&clear);
                    assert!(same, "{function:?}, {setting:?}: shares differ from the clear");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}
