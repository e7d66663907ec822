//! Every secure function on real random shares, against 64-bit floats.

use super::bounds::Expected;
use super::function::{CLASSES, Function, one_hot};
use super::harness::{Dice, Setting, on_shares, seed};

/// The largest errors that were seen.
#[derive(Clone, Copy, Debug, Default)]
struct Worst {
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

/// Checks all outputs.
fn check(function: Function, inputs: &[Vec<i64>], seed: u64, setting: Setting) -> Result<Worst, String> {
    let outcome = on_shares(&function, inputs, seed, setting);
    let (got, expected) = (outcome.integers(), function.expected(inputs, setting.rounding));
    assert_eq!(got.len(), expected.len(), "{function:?}");
    let mut worst = Worst::default();
    for (i, (&got, expected)) in got.iter().zip(&expected).enumerate() {
        let Some(expected) = expected else { continue };
        let right = match *expected {
            Expected::Integers(low, high) => (low..=high).contains(&got),
            Expected::About(value, allowed) => {
                let error = (got as f64 - value).abs();
                let relative = if value.abs() < 65_536.0 { 0.0 } else { error / value.abs() };
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
            let random = [1, 63, 64, 65, 1000].into_iter().zip(seed + 1..);
            let random = random.map(|(n, seed)| (function.random(&mut Dice::new(seed, 1), n), seed));
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
        let function = Function::Gradient(mpcsim::softmax::Softmax::ReluGradient);
        let gradient = on_shares(&function, &[rows, labels], seed, setting).integers();
        assert!(gradient.iter().all(|g| g.abs() < 4 << 16), "{setting:?}: {gradient:?}");
    }
}
