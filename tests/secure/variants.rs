//! Every variant of the output layer, with its published parameters and with others: against its formula in floating point, on
//! shares against the clear, its messages, what it opens, and how far it is from softmax.

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::run::Approximation;
use mpcsim::secure::{FixedPoint, Rounding};
use mpcsim::sim::{EventKind, Trace};
use mpcsim::softmax::{
    ClippedLimit, Division, Limit, Lookup, Ode, ReluGradient, ReluNorm, ReluParameters, ReluProbability,
    SigmoidPolynomial, Softmax, SoftmaxVariant, Taylor, TwoQuad, TwoRelu, ZeroSum,
};

use super::function::{CLASSES, Function, one_hot};
use super::harness::{Dice, Setting, in_the_clear, on_shapes, on_shares, seed};
use super::oblivious::oblivious;

/// Other parameters than the published ones, each at least once.
fn others() -> Vec<Softmax> {
    let gradient = |own| Softmax::ReluGradient(ReluGradient(own));
    let probability = |own| Softmax::ReluProbability(ReluProbability(own));
    let (of_gradient, of_probability) = (ReluGradient::DEFAULT.0, ReluProbability::DEFAULT.0);
    vec![
        Softmax::Limit(Limit { squarings: 6 }),
        Softmax::Taylor(Taylor { squarings: 5 }),
        Softmax::ClippedLimit(ClippedLimit { squarings: 6 }),
        Softmax::Ode(Ode { steps: 16, clip: Some((-4.0, 12.0)) }),
        Softmax::Ode(Ode { steps: 24, clip: None }),
        Softmax::TwoQuad(TwoQuad { c: 2.5 }),
        Softmax::Lookup(Lookup { bits: 3 }),
        Softmax::Lookup(Lookup { bits: 1 }),
        Softmax::SigmoidPolynomial(SigmoidPolynomial { degree: 5 }),
        Softmax::SigmoidPolynomial(SigmoidPolynomial { degree: 7 }),
        gradient(ReluParameters { zero_sum: ZeroSum::Uniform, ..of_gradient }),
        gradient(ReluParameters { zero_sum: ZeroSum::First, threshold: 0.5, ..of_gradient }),
        gradient(ReluParameters { final_relu: true, division: Division::Quotient, ..of_gradient }),
        probability(ReluParameters { zero_sum: ZeroSum::Uniform, threshold: 0.5, ..of_probability }),
        probability(ReluParameters { zero_sum: ZeroSum::First, ..of_probability }),
        probability(ReluParameters { final_relu: true, division: Division::Reciprocal, ..of_probability }),
    ]
}

fn all() -> impl Iterator<Item = Softmax> {
    Softmax::ALL.into_iter().chain(others())
}

fn serves(softmax: Softmax, protocol: ProtocolName) -> bool {
    softmax.reveals().is_none() || !protocol.is_malicious()
}

/// Units in the last place by which a gradient may be off its formula for a row of logits of at most eight, with rho the largest
/// error of one truncation in units. What is off an exponential counts once for itself and once for the sum.
fn bound(softmax: Softmax, row: &[f64], rho: f64, setting: Setting) -> f64 {
    let format = setting.fixed_point;
    // A division works with f' bits after the point, which may be fewer than f.
    let inside = format.fraction_bits.saturating_sub(format.division_fraction_bits(setting.rounding));
    let division = f64::from(1u32 << inside);
    let largest = row.iter().copied().fold(0.0, f64::max);
    let mean = row.iter().sum::<f64>() / row.len() as f64;
    match softmax {
        // A few roundings, and those of the division, of which tests/secure/bounds.rs has the exact account.
        Softmax::Exact(_) | Softmax::TwoQuad(_) | Softmax::TwoRelu(_) => 24.0 * rho * division,
        // Each squaring doubles what a number of at most one is off, and rounds.
        Softmax::Limit(Limit { squarings }) | Softmax::Taylor(Taylor { squarings }) => {
            4.0 * f64::from(1u32 << squarings) * rho + 32.0 * rho
        }
        Softmax::ClippedLimit(ClippedLimit { squarings }) => {
            4.0 * f64::from(1u32 << squarings) * rho + 32.0 * rho
        }
        // Coefficients and powers are off by half a unit or rho each, the reciprocal by 12 rho.
        // What is beyond the limit is taken for infinitely far.
        Softmax::Sigmoid(_) => {
            let limit = sigmoid_limit(format);
            let cut = if row[0].abs() < limit {
                0.0
            } else {
                libm::exp(-limit) * f64::exp2(f64::from(format.fraction_bits))
            };
            24.0 * rho * division + cut
        }
        Softmax::SigmoidPiecewise(_) => f64::MIN_POSITIVE,
        // What u = x / 8 is off counts as often as the polynomial is steep, what its square is off half as often.
        Softmax::SigmoidPolynomial(SigmoidPolynomial { degree }) => {
            let steepest = match degree {
                3 => 1.2 + 3.0 * 0.82,
                5 => 1.53 + 3.0 * 2.35 + 5.0 * 1.35,
                _ => 1.73 + 3.0 * 4.19 + 5.0 * 5.43 + 7.0 * 2.51,
            };
            rho * (1.5 * steepest + 2.0 * f64::from(degree))
        }
        Softmax::Pade(_) | Softmax::QuadraticExp(_) => 32.0 + 24.0 * rho * division,
        // Half a unit a block, a rounding a product.
        Softmax::Lookup(Lookup { bits }) => {
            2.0 * (20.0 / f64::from(bits)).ceil() * (0.5 + rho) + 16.0 * rho * division
        }
        // A step rounds two products a class, of which sums of ten count; an early error grows with a class from 1/10 to 1. What
        // the sum of all is off grows by e to minus the mean of the logits. 1/r is off by 2^-17 if r is no power of two.
        Softmax::Ode(Ode { steps, .. }) => {
            let constant = if steps.is_power_of_two() { 0.0 } else { f64::from(steps) * 8.0 };
            (16.0 * f64::from(steps) * rho + constant) * libm::exp(-mean).max(1.0)
        }
        // A rounded reciprocal times a logit.
        Softmax::ReluGradient(_) => 8.0 * rho * division * (1.0 + largest),
        Softmax::ReluProbability(_) => 32.0 * rho * division,
        // The polynomial is off by 12 rho and its coefficients, 1/S by a rounding.
        Softmax::ReluNorm(_) => 32.0 * rho + 8.0 + rho * largest,
        Softmax::Adhoc(_) => 16.0 * rho,
    }
}

/// Beyond it `sigmoid` is zero or one.
fn sigmoid_limit(format: FixedPoint) -> f64 {
    f64::from(format.total_bits - format.fraction_bits - 2) * std::f64::consts::LN_2
}

/// Rows of logits of at most so much: random ones, all equal, none positive, one far above, two equal.
fn rows(dice: &mut Dice, format: FixedPoint, most: f64) -> Vec<i64> {
    let edge = format.encode(most);
    let mut rows: Vec<Vec<i64>> =
        (0..4).map(|_| (0..CLASSES).map(|_| dice.between(-edge / 2, edge)).collect()).collect();
    rows.extend([0, edge / 4, -edge / 8, -1].map(|value| vec![value; CLASSES]));
    let mut row = vec![0; CLASSES];
    row[3] = edge;
    rows.push(row.clone());
    row[7] = edge;
    row[0] = -edge / 2;
    rows.push(row);
    rows.concat()
}

/// The variant with its threshold as a number of the format.
fn rounded(softmax: Softmax, format: FixedPoint) -> Softmax {
    let number = |x: f64| format.decode(format.encode(x) as u64);
    match softmax {
        Softmax::ReluGradient(own) => Softmax::ReluGradient(ReluGradient(ReluParameters {
            threshold: number(own.0.threshold),
            ..own.0
        })),
        Softmax::ReluProbability(own) => Softmax::ReluProbability(ReluProbability(ReluParameters {
            threshold: number(own.0.threshold),
            ..own.0
        })),
        other => other,
    }
}

/// Compares a gradient with its formula; the largest error as a part of what is allowed.
fn compare(softmax: Softmax, inputs: &[Vec<i64>], got: &[i64], setting: Setting) -> Result<f64, String> {
    let one = (1i64 << setting.fixed_point.fraction_bits) as f64;
    let rho = if setting.rounding == Rounding::Nearest { 0.5 } else { 1.0 };
    let mut worst = 0.0f64;
    let width = softmax.logits(CLASSES);
    let triples = inputs[0].chunks(width).zip(inputs[1].chunks(width)).zip(got.chunks(width));
    for ((logits, labels), got) in triples {
        let row: Vec<f64> = logits.iter().map(|&x| x as f64 / one).collect();
        let label: Vec<f64> = labels.iter().map(|&y| y as f64).collect();
        let allowed = bound(softmax, &row, rho, setting);
        for (expected, got) in rounded(softmax, setting.fixed_point).gradient(&row, &label).iter().zip(got) {
            let off = (*got as f64 - expected * one).abs();
            worst = worst.max(off / allowed);
            if off > allowed {
                return Err(format!(
                    "{softmax}, {setting:?}: {got} for {}, off by {off:.1} of {allowed:.1}, {row:?}",
                    expected * one
                ));
            }
        }
    }
    Ok(worst)
}

fn inputs(softmax: Softmax, seed: u64, format: FixedPoint, most: f64) -> [Vec<i64>; 2] {
    let mut logits = rows(&mut Dice::new(seed, 600), format, most);
    if softmax.is_sigmoid() {
        if !matches!(softmax, Softmax::SigmoidPolynomial(_)) {
            // All that the format has.
            let (dice, bits) = (&mut Dice::new(seed, 601), format.total_bits);
            let steps = [0.5, sigmoid_limit(format)].map(|step| format.encode(step));
            let near = steps.into_iter().flat_map(|step| [step - 1, step, step + 1]);
            logits.extend(near.flat_map(|x| [x, -x]));
            logits.extend([(1 << (bits - 1)) - 1, 1 - (1 << (bits - 1)), -1 << (bits - 1)]);
            logits.extend((0..200).map(|_| dice.signed(bits)));
        }
        let labels = (0..logits.len() as i64).map(|row| row % 2).collect();
        return [logits, labels];
    }
    let hot: Vec<usize> = (0..logits.len() / CLASSES).map(|row| row % CLASSES).collect();
    [logits, one_hot(&hot)]
}

#[test]
fn every_variant_is_its_formula_and_shares_are_the_clear() {
    let seed = seed();
    let mut wrong = Vec::new();
    for softmax in all() {
        let inputs = inputs(softmax, seed, FixedPoint::default(), 8.0);
        let function = Function::Gradient(softmax);
        let published = Softmax::ALL.contains(&softmax);
        for setting in Setting::all().filter(|setting| serves(softmax, setting.protocol)) {
            // Other parameters change formulas, not protocols.
            if !published && setting.protocol != ProtocolName::Rep3 {
                continue;
            }
            let shares = on_shares(&function, &inputs, seed, setting);
            match compare(softmax, &inputs, &shares.integers(), setting) {
                Ok(worst) => println!("{softmax}, {setting:?}: {worst:.2} of the bound"),
                Err(told) => wrong.push(told),
            }
            if setting.rounding == Rounding::Nearest {
                let clear = in_the_clear(&function, &inputs, seed, setting).integers();
                assert_eq!(shares.integers(), clear, "{softmax}, {setting:?}: shares are not the clear");
                let shapes = on_shapes(&function, &inputs, seed, setting);
                assert!(shapes.trace == shares.trace, "{softmax}, {setting:?}: shapes are not shares");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A format that a variant does not refuse serves it, and each refuses some.
#[test]
fn every_variant_is_its_formula_in_every_format_that_it_takes() {
    let seed = seed();
    let (mut wrong, mut taken) = (Vec::new(), 0);
    for format in FixedPoint::served() {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let most = (f64::from(1u32 << (k - f - 1)) / 16.0).min(3.0);
        let classes = |softmax: Softmax| if softmax.is_sigmoid() { 2 } else { CLASSES };
        for softmax in all().filter(|&softmax| softmax.refusal(format, classes(softmax)).is_none()) {
            taken += 1;
            let inputs = inputs(softmax, seed, format, most);
            for rounding in Rounding::ALL {
                let setting = Setting { protocol: ProtocolName::Rep3, rounding, fixed_point: format };
                let clear = in_the_clear(&Function::Gradient(softmax), &inputs, seed, setting).integers();
                wrong.extend(compare(softmax, &inputs, &clear, setting).err());
            }
        }
    }
    assert!(taken > 1000, "{taken}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn every_variant_is_oblivious() {
    let seed = seed();
    for softmax in all() {
        let function = Function::Gradient(softmax);
        let setting = Setting::of(ProtocolName::Rep3, Rounding::Probabilistic);
        let data = [1, 2].map(|purpose| function.random(&mut Dice::new(seed, 300 + purpose), 3));
        if let Err(what) = oblivious(&function, [&data[0], &data[1]], seed, setting) {
            panic!("{softmax}: the trace depends on {what}");
        }
    }
}

/// Payload bytes sent in spans that say that they open something.
fn revealed_bytes(trace: &Trace) -> u64 {
    let events = (0..trace.parties()).flat_map(|party| trace.events(party).collect::<Vec<_>>());
    let bytes = events.map(|event| match event.kind {
        EventKind::Send { payload_bytes, .. } if trace.spans().path(event.span).contains("/reveal") => {
            payload_bytes
        }
        _ => 0,
    });
    bytes.sum()
}

#[test]
fn what_a_variant_opens_is_what_it_says() {
    let seed = seed();
    for softmax in Softmax::ALL {
        let n = 8;
        let function = Function::Gradient(softmax);
        let inputs = function.random(&mut Dice::new(seed, 500), n);
        let setting = Setting::of(ProtocolName::Rep3, Rounding::Probabilistic);
        let found = revealed_bytes(&on_shapes(&function, &inputs, seed, setting).trace);
        // Each party sends a component of each number, or of each of 31 bits.
        let expected = match softmax {
            Softmax::Adhoc(_) => 3 * 8 * n as u64,
            Softmax::ReluNorm(_) => 3 * (31 * n as u64).div_ceil(8),
            _ => 0,
        };
        assert_eq!(found, expected, "{softmax}");
        assert_eq!(softmax.reveals().is_some(), expected > 0, "{softmax}");
    }
}

/// A measurement: largest difference, mean total variation distance, mean KL divergence (zero: not measured).
type Measured = (f64, f64, f64);

/// numpy, 20,000 vectors of 10 normal logits, f = 16 and stochastic rounding: for standard deviations 1, 4 and 8.
fn reference() -> Vec<(Softmax, [Measured; 3])> {
    let limit = |squarings| Softmax::Limit(Limit { squarings });
    let ode = |steps, clip| Softmax::Ode(Ode { steps, clip });
    let named = |name: &str| Softmax::ALL.into_iter().find(|softmax| softmax.name() == name).unwrap();
    vec![
        (named("pade"), [(3.0e-5, 1.1e-5, 0.0), (6.1e-5, 2.1e-5, 0.0), (5.3e-5, 1.5e-5, 0.0)]),
        (named("quadratic_exp"), [(7.5e-4, 6.2e-4, 1.2e-6), (8.2e-4, 2.9e-4, 0.0), (8.2e-4, 1.6e-4, 0.0)]),
        (limit(8), [(3.9e-3, 1.3e-3, 8.0e-6), (3.6e-3, 1.4e-3, 0.0), (3.1e-3, 7e-4, 0.0)]),
        (limit(6), [(1.6e-2, 5.2e-3, 1.3e-4), (1.4e-2, 5.4e-3, 0.0), (1.2e-2, 2.7e-3, 0.0)]),
        (limit(5), [(3.2e-2, 1.1e-2, 5.4e-4), (2.9e-2, 1.1e-2, 0.0), (2.4e-2, 5.3e-3, 0.0)]),
        (ode(16, None), [(2.0e-2, 8.9e-3, 3.1e-4), (2.3e-2, 1.2e-2, 0.0), (0.0, 0.0, 0.0)]),
        (ode(32, None), [(9.9e-3, 4.4e-3, 7.6e-5), (1.2e-2, 5.9e-3, 0.0), (1.2e-2, 3.5e-3, 0.0)]),
        (ode(64, None), [(5.2e-3, 2.2e-3, 1.9e-5), (6.0e-3, 3.0e-3, 0.0), (6.2e-3, 1.8e-3, 0.0)]),
        (ode(16, Some((-4.0, 12.0))), [(2.0e-2, 8.9e-3, 3.1e-4), (0.41, 1.2e-2, 0.0), (0.80, 0.10, 0.0)]),
        (named("adhoc"), [(0.45, 0.13, 0.0), (0.38, 0.08, 0.0), (0.31, 0.04, 0.0)]),
        (named("two_quad"), [(0.59, 0.22, 0.0), (0.71, 0.45, 0.0), (0.90, 0.53, 0.0)]),
        (named("two_relu"), [(0.86, 0.25, 0.0), (0.74, 0.34, 0.0), (0.86, 0.45, 0.0)]),
    ]
}

/// The largest of 200,000 differences depends on the draw, by a factor of two at most; means of 20,000 rows by a tenth, with two
/// digits in the reference. Two units of rounding on top: the reference's figure of `pade` is below what one truncation of each of
/// ten probabilities costs with 16 bits, 1.7 units.
#[test]
fn errors_are_those_of_the_reference() {
    let near = |found: f64, expected: f64, factor: f64, rounding: f64| {
        expected == 0.0 || (expected / factor..=expected * factor + rounding).contains(&found)
    };
    let rounding = 2.0 / 65_536.0;
    let mut wrong = Vec::new();
    for (softmax, measured) in reference() {
        for (deviation, (largest, variation, divergence)) in [1.0, 4.0, 8.0].into_iter().zip(measured) {
            let found = Approximation::measured(softmax, deviation, 20_000).expect("it runs");
            println!("{softmax}, sd {deviation}: {found:?}");
            if !(near(found.largest, largest, 2.0, rounding)
                && near(found.total_variation, variation, 1.15, rounding)
                && near(found.divergence, divergence, 1.2, 0.0))
            {
                wrong.push(format!(
                    "{softmax}, sd {deviation}: {found:?} for {:?}",
                    (largest, variation, divergence)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let at_8 = |softmax| Approximation::measured(softmax, 8.0, 20_000).expect("it runs");
    let diverging = at_8(Softmax::Ode(Ode { steps: 16, clip: None })).beyond_domain;
    assert!(
        (0.0150..0.0200).contains(&diverging),
        "1.75 % of the rows diverge in the reference: {diverging}"
    );
    let clipped = at_8(Softmax::Ode(Ode { steps: 16, clip: Some((-4.0, 12.0)) }));
    assert!((0.065..0.090).contains(&clipped.changed), "7.8 % in the reference: {}", clipped.changed);
    let quad = at_8(Softmax::TwoQuad(TwoQuad::DEFAULT));
    assert!((0.060..0.078).contains(&quad.changed), "6.9 % in the reference: {}", quad.changed);
    let relu = Approximation::measured(super::RELU_GRADIENT, 1.0, 2000).expect("it runs");
    assert_eq!(relu.divergence, f64::INFINITY);
}

/// Rows that spread too far are counted, others are not.
#[test]
fn rows_beyond_a_domain_are_counted() {
    let beyond = |softmax, deviation| Approximation::measured(softmax, deviation, 500).unwrap().beyond_domain;
    for (softmax, narrow, wide) in [
        (Softmax::Limit(Limit::DEFAULT), 8.0, 150.0),
        (Softmax::Taylor(Taylor::DEFAULT), 8.0, 150.0),
        (Softmax::Ode(Ode::DEFAULT), 4.0, 40.0),
    ] {
        assert_eq!(beyond(softmax, narrow), 0.0, "{softmax}");
        assert!(beyond(softmax, wide) > 0.3, "{softmax}: {}", beyond(softmax, wide));
    }
    assert_eq!(beyond(Softmax::ClippedLimit(ClippedLimit::DEFAULT), 150.0), 0.0);
}

/// Of ten normal logits none is positive once in 2^10 rows, and none above 1/2 with a probability of 0.6915^10 = 0.0250.
#[test]
fn rows_without_an_active_logit_are_counted() {
    let beyond = |softmax| Approximation::measured(softmax, 1.0, 20_000).unwrap().beyond_domain;
    let zero_sum = ZeroSum::Uniform;
    let uses = |own: ReluParameters| {
        let probability = ReluParameters { threshold: own.threshold, ..ReluProbability::DEFAULT.0 };
        [Softmax::ReluGradient(ReluGradient(own)), Softmax::ReluProbability(ReluProbability(probability))]
    };
    let own = ReluGradient::DEFAULT.0;
    let others = [Softmax::TwoRelu(TwoRelu), Softmax::ReluNorm(ReluNorm)];
    let published = uses(own)[0];
    for softmax in [&others[..], &[published, uses(ReluParameters { zero_sum, ..own })[0]]].concat() {
        let found = beyond(softmax);
        assert!((0.0005..0.0018).contains(&found), "{softmax}: {found}");
    }
    for softmax in uses(ReluParameters { threshold: 0.5, ..own }) {
        let found = beyond(softmax);
        assert!((0.021..0.029).contains(&found), "{softmax}: {found}");
    }
}
