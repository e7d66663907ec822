//! Training in every accepted number format, against the same training in 64-bit floats.

use mpcsim::data::{self, Dataset};
use mpcsim::nn::{Weights, dense_layers, glorot_weights};
use mpcsim::protocol::erased::Erased;
use mpcsim::protocol::{Clear, ValuesBeyond};
use mpcsim::run::training_program;
use mpcsim::scenario::{Plan, Rounding, Scenario, Softmax};
use mpcsim::secure::FixedPoint;

use super::command::{SMALL, scenario};
use super::training::train;
use crate::secure::{EXACT, RELU_GRADIENT, RELU_PROBABILITY};

const ITERATIONS: usize = 16;
const BATCH: usize = 32;
/// Learning rate, a number of every format.
const RATE: f64 = 0.0625;

fn plan(softmax: Softmax, rounding: Rounding, format: FixedPoint) -> Plan {
    let FixedPoint { fraction_bits, total_bits } = format;
    let sets = [
        format!("softmax={}", softmax.name()),
        format!("rounding={}", rounding.name()),
        format!("fixed_point=(fraction_bits: {fraction_bits}, total_bits: {total_bits})"),
        format!("training=(iterations: {ITERATIONS}, batch: {BATCH}, learning_rate: {RATE}, momentum: 0.0)"),
    ];
    Scenario::load(&scenario(SMALL), &sets).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

/// A layer's weights, inputs x outputs, and its bias.
type Layer = (Vec<f64>, Vec<f64>);

fn decoded(weights: &[Weights], format: FixedPoint) -> Vec<Layer> {
    let floats = |values: &[u64]| values.iter().map(|&v| format.decode(v)).collect();
    weights.iter().map(|w| (floats(w.weights.expect_values()), floats(w.bias.expect_values()))).collect()
}

/// The gradient of the loss with respect to the logits.
fn output_gradient(softmax: Softmax, logits: &[f64], label: usize) -> Vec<f64> {
    let one_hot = |j: usize| f64::from(u8::from(j == label));
    let relu: Vec<f64> = match softmax {
        Softmax::ReluProbability(_) => logits.iter().map(|&x| if x > 0.1 { x } else { 0.0 }).collect(),
        _ => logits.iter().map(|x| x.max(0.0)).collect(),
    };
    let sum: f64 = relu.iter().sum();
    let max = logits.iter().copied().fold(f64::MIN, f64::max);
    let exponentials: f64 = logits.iter().map(|x| libm::exp(x - max)).sum();
    (0..logits.len())
        .map(|j| match softmax {
            Softmax::Exact(_) => libm::exp(logits[j] - max) / exponentials - one_hot(j),
            Softmax::ReluGradient(_) if sum == 0.0 => -one_hot(j),
            Softmax::ReluGradient(_) => relu[j] / sum - one_hot(j),
            Softmax::ReluProbability(_) if relu[j] == 0.0 => -one_hot(j),
            Softmax::ReluProbability(_) => 1.0 / sum - one_hot(j) / relu[j],
            other => unreachable!("{other} is not trained here"),
        })
        .collect()
}

/// x W + b.
fn forward((weights, bias): &Layer, x: &[f64]) -> Vec<f64> {
    let outputs = bias.len();
    let sum = |j: usize| x.iter().enumerate().map(|(i, x)| x * weights[i * outputs + j]).sum::<f64>();
    (0..outputs).map(|j| sum(j) + bias[j]).collect()
}

/// One hidden layer with ReLU or none.
fn train_in_floats(mut layers: Vec<Layer>, data: &Dataset, softmax: Softmax) -> Vec<Layer> {
    for batch in (0..ITERATIONS * BATCH).collect::<Vec<_>>().chunks(BATCH) {
        let mut steps: Vec<Layer> =
            layers.iter().map(|(w, b)| (vec![0.0; w.len()], vec![0.0; b.len()])).collect();
        for &row in batch {
            let mut inputs = vec![data.inputs(row, 0..data.width).collect::<Vec<f64>>()];
            for (i, layer) in layers.iter().enumerate() {
                let z = forward(layer, &inputs[i]);
                let hidden = i + 1 < layers.len();
                inputs.push(if hidden { z.iter().map(|z| z.max(0.0)).collect() } else { z });
            }
            let label = usize::from(data.labels[row]);
            let mut gradient = output_gradient(softmax, inputs.last().unwrap(), label);
            for i in (0..layers.len()).rev() {
                let (outputs, x) = (gradient.len(), &inputs[i]);
                for (j, g) in gradient.iter().enumerate() {
                    x.iter().enumerate().for_each(|(k, x)| steps[i].0[k * outputs + j] += x * g);
                    steps[i].1[j] += g;
                }
                let back = |k: usize| (0..outputs).map(|j| layers[i].0[k * outputs + j] * gradient[j]).sum();
                let active = |k: usize| if x[k] > 0.0 { back(k) } else { 0.0 };
                gradient = (0..x.len()).map(active).collect();
            }
        }
        let rate = RATE / BATCH as f64;
        for ((w, b), (dw, db)) in layers.iter_mut().zip(&steps) {
            w.iter_mut().zip(dw).for_each(|(w, d)| *w -= rate * d);
            b.iter_mut().zip(db).for_each(|(b, d)| *b -= rate * d);
        }
    }
    layers
}

/// The largest difference of a parameter.
fn distance(a: &[Layer], b: &[Layer]) -> f64 {
    let all =
        |layers: &[Layer]| layers.iter().flat_map(|(w, b)| w.iter().chain(b).copied()).collect::<Vec<_>>();
    all(a).iter().zip(all(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// How far a parameter may be off. In each of the iterations the step is rounded, and so is the gradient before it is
/// multiplied by rate / batch; each row's gradient of the output layer is off by `output` units, which includes what the
/// rounded weights make of the logits.
fn bound(format: FixedPoint, rounding: Rounding, output: f64) -> f64 {
    let inner = format.division_fraction_bits(rounding).min(format.fraction_bits);
    let unit = f64::exp2(-f64::from(inner));
    ITERATIONS as f64 * unit * (1.0 + RATE * (1.0 / BATCH as f64 + output))
}

#[test]
fn every_accepted_format_trains_as_floats_do() {
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for format in FixedPoint::served() {
        for rounding in Rounding::ALL {
            for softmax in [EXACT, RELU_PROBABILITY, RELU_GRADIENT] {
                let plan = plan(softmax, rounding, format);
                let data = data::load(&plan.data).expect("the data ships").train;
                for widths in [vec![data.width, data.classes], vec![data.width, 8, data.classes]] {
                    let program = training_program(&plan, &dense_layers(&widths), 1);
                    let fresh = decoded(&glorot_weights(&program.layers, plan.seed, 0, format), format);
                    let right = train_in_floats(fresh.clone(), &data, softmax);
                    let beyond = ValuesBeyond::default();
                    let start = |party| Erased::new(Clear::counting(party, 3, beyond.clone()));
                    let trained = train(&plan, &widths, Some(&data), ITERATIONS, (1, start)).weights.unwrap();
                    let stayed = beyond.take().is_empty();
                    // Else the format is so coarse that anything is within the bound.
                    if format.fraction_bits < 9 {
                        continue;
                    }
                    if !stayed {
                        // Sums over the batch have no place, which a run would tell.
                        assert!(format.total_bits - format.fraction_bits < 12, "{format:?}, {softmax:?}");
                        continue;
                    }
                    let (off, moved) =
                        (distance(&decoded(&trained, format), &right), distance(&fresh, &right));
                    // A logit on the other side of a threshold changes a row's gradient by something of the order of one, or of
                    // ten with `relu_probability`. Few rows have such logits.
                    let (output, jump) = match softmax {
                        Softmax::Exact(_) => (16.0, 0.0),
                        Softmax::ReluGradient(_) => (40.0, 1.0),
                        Softmax::ReluProbability(_) => (40.0, 10.0),
                        other => unreachable!("{other} is not trained here"),
                    };
                    let allowed = bound(format, rounding, output) + 3.0 * RATE / BATCH as f64 * jump;
                    println!(
                        "{format:?} {rounding:?} {softmax:?} {widths:?}: {off:.5}, {allowed:.5}, moved {moved:.3}"
                    );
                    compared += usize::from(allowed < moved);
                    if off > allowed {
                        wrong.push(format!(
                            "{format:?}, {rounding:?}, {softmax:?}, {widths:?}: off by {off}, allowed {allowed}"
                        ));
                    }
                }
            }
        }
    }
    assert!(compared > 400, "{compared} trainings compared");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}
