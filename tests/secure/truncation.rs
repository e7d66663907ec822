//! The law of probabilistic truncation: floor(x / 2^m), or one more with probability (x mod 2^m) / 2^m.

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Protocol, RingShare};
use mpcsim::secure::{Rounding, Secure};
use mpcsim::sim::both;

use super::function::Function;
use super::harness::{Dice, Outcome, Program, Setting, in_the_clear, on_shares, seed};

/// Draws for each residue in the clear and with `rep3`.
const DRAWS: usize = 16_000;
/// Of these, draws with the other protocols, which are slower: one in so many.
const OTHERS: usize = 8;
/// Residues that are looked at for each truncation: all of them, or the first, the last, the middle and others.
const RESIDUES: usize = 64;

/// The residues modulo 2^shift.
fn residues(shift: u32, dice: &mut Dice) -> Vec<i64> {
    let modulus = 1i64 << shift;
    if modulus <= RESIDUES as i64 {
        return (0..modulus).collect();
    }
    let mut residues =
        vec![0, 1, 2, 3, modulus / 2 - 1, modulus / 2, modulus / 2 + 1, modulus - 2, modulus - 1];
    residues.extend(
        (residues.len()..RESIDUES).map(|i| i as i64 * (modulus / RESIDUES as i64) + dice.between(0, 9)),
    );
    residues
}

/// Values of all sizes with the given residue.
fn with_residue(residue: i64, bits: u32, shift: u32, dice: &mut Dice) -> i64 {
    dice.signed(bits) >> shift << shift | residue
}

/// Counts how often results are rounded up and compares with the law: each residue within five standard deviations, all
/// together by the sum of squares (chi-square), whose mean is the number of residues and whose variance twice that.
fn follows_the_law(inputs: &[i64], results: &[i64], shift: u32) -> Result<(), String> {
    let modulus = 1i64 << shift;
    let mut counts = std::collections::BTreeMap::<i64, (u64, u64)>::new();
    for (&x, &z) in inputs.iter().zip(results) {
        let up = z - (x >> shift);
        if up != 0 && (up != 1 || x & (modulus - 1) == 0) {
            return Err(format!("{x} / 2^{shift} gave {z}"));
        }
        let count = counts.entry(x & (modulus - 1)).or_default();
        *count = (count.0 + up as u64, count.1 + 1);
    }
    let (mut squares, mut classes) = (0.0, 0.0);
    for (residue, (up, all)) in counts {
        let p = residue as f64 / modulus as f64;
        let (mean, variance) = (p * all as f64, p * (1.0 - p) * all as f64);
        if variance == 0.0 {
            continue;
        }
        let distance = up as f64 - mean;
        // A rare event is Poisson: five standard deviations leave out the few that its skewness allows.
        if distance.abs() > 5.0 * variance.sqrt() + 5.0 {
            return Err(format!("residue {residue} of 2^{shift}: {up} of {all} up, expected {mean:.0}"));
        }
        if variance >= 5.0 {
            squares += distance * distance / variance;
            classes += 1.0;
        }
    }
    if squares > classes + 5.0 * f64::sqrt(2.0 * classes) + 5.0 {
        return Err(format!("2^{shift}: chi-square {squares:.1} for {classes} residues"));
    }
    println!("2^{shift}: chi-square {squares:.1} for {classes} residues");
    Ok(())
}

#[test]
fn truncation_rounds_up_as_often_as_its_law_says() {
    let seed = seed();
    // Those that leave a gap of 40 bits, then the others; a million draws each, or an eighth of that.
    for (bits, shift) in [(24, 6), (24, 16), (47, 6), (47, 16), (63, 32), (25, 16)] {
        let mut dice = Dice::new(seed, u64::from(bits * 100 + shift));
        let residues = residues(shift, &mut dice);
        let inputs: Vec<i64> = (0..DRAWS * RESIDUES)
            .map(|i| with_residue(residues[i % residues.len()], bits, shift, &mut dice))
            .collect();
        let function = Function::Truncate { bits, shift };
        let fewer = [inputs[..inputs.len() / OTHERS].to_vec()];
        let inputs = [inputs];
        let follows = |values: &str, outcome: &Outcome| {
            let results = outcome.integers();
            let law = follows_the_law(&inputs[0][..results.len()], &results, shift);
            law.unwrap_or_else(|wrong| panic!("{bits} bits by {shift} on {values}: {wrong}"));
        };
        for protocol in ProtocolName::ALL {
            let setting = Setting::of(protocol, Rounding::Probabilistic);
            let inputs = if protocol == ProtocolName::Rep3 { &inputs } else { &fewer };
            let outcome = on_shares(&function, inputs, seed, setting);
            follows(protocol.name(), &outcome);
            if protocol == ProtocolName::Rep3 {
                let bytes = outcome.bytes()[1] / inputs[0].len() as u64;
                assert_eq!(bytes, if bits <= 24 { 8 } else { 16 }, "which form it was");
            }
        }
        let setting = Setting::of(ProtocolName::Rep3, Rounding::Probabilistic);
        follows("clear values", &in_the_clear(&function, &inputs, seed, setting));
    }
}

/// The randomness of a rounding may be that of the sharing: rep3 rounds one sharing the same way each time. A fresh one (here
/// the product with one) is rounded independently, whether one after the other or side by side.
#[test]
fn fresh_sharings_are_rounded_independently() {
    struct FourTimes(u32);
    impl Program for FourTimes {
        async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
            let fresh = async |s: &Secure<P>| {
                let x = s.protocol.mul(&inputs[0], &s.constant(inputs[0].len(), 1)).await;
                s.truncate(&x, self.0, 16).await
            };
            let [a, b] = s.fork();
            let in_a_row = vec![fresh(s).await, fresh(s).await];
            let (x, y) = both(fresh(&a), fresh(&b)).await;
            [in_a_row, vec![x, y]].concat()
        }
    }

    let seed = seed();
    let n = 20_000;
    let inputs = [vec![5 << 16 | 1 << 15; n]];
    for bits in [24, 47] {
        let setting = |protocol| Setting::of(protocol, Rounding::Probabilistic);
        let on_shares = |protocol| on_shares(&FourTimes(bits), &inputs, seed, setting(protocol));
        let clear = in_the_clear(&FourTimes(bits), &inputs, seed, setting(ProtocolName::Rep3));
        for outcome in ProtocolName::ALL.map(on_shares).into_iter().chain([clear]) {
            let results = outcome.integers();
            let draws: Vec<&[i64]> = results.chunks(n).collect();
            for (i, j) in (0..4).flat_map(|i| (0..i).map(move |j| (i, j))) {
                let same = draws[i].iter().zip(draws[j]).filter(|(a, b)| a == b).count() as f64;
                let (mean, sigma) = (n as f64 / 2.0, (n as f64).sqrt() / 2.0);
                assert!((same - mean).abs() < 5.0 * sigma, "draws {i} and {j}: {same} of {n} are the same");
            }
        }
    }
}
