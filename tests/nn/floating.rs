//! Trainings in floating point: passes and steps against plain loops, gradients against differences of the loss, and the same bits
//! on any number of threads.

use mpcsim::data::{self, Dataset};
use mpcsim::nn::floating::{FloatTrainer, Kept, backward, forward};
use mpcsim::nn::{Layer, epoch_order, fans};
use mpcsim::ring::{Real, with_workers};
use mpcsim::run::{layers, training_program};
use mpcsim::scenario::{Plan, Scenario};
use mpcsim::softmax::{SigmoidPolynomial, Softmax, SoftmaxVariant};
use sha2::{Digest, Sha256};

use super::floats::{self, Own};
use super::layers::cases;
use super::networks::{MIXED, train_in_floats};
use crate::run::command::{SMALL, scenario};
use crate::secure::harness::{Dice, seed};

fn plan(sets: &[&str]) -> Plan {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    Scenario::load(&scenario(SMALL), &sets).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

/// Numbers from -2 to 2.
fn numbers(dice: &mut Dice, len: usize) -> Vec<f64> {
    (0..len).map(|_| dice.between(-2 << 20, 2 << 20) as f64 / f64::from(1 << 20)).collect()
}

/// Largest distance of two vectors.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn layers_are_those_of_plain_loops() {
    let mut dice = Dice::new(seed(), 700);
    for layer in cases() {
        const ROWS: usize = 3;
        let x = numbers(&mut dice, ROWS * layer.input.values());
        let gradient = numbers(&mut dice, ROWS * layer.output.values());
        let own: Option<Own> =
            layer.fans().map(|fans| (numbers(&mut dice, fans.weights()), numbers(&mut dice, fans.outputs)));
        let joined = own.as_ref().map(|(weights, bias)| [&weights[..], bias].concat());
        let passed = floats::forward(&layer, own.as_ref(), &x);
        let back = floats::backward(&layer, own.as_ref(), &passed, &gradient);
        let (output, kept) = forward(&layer, joined.as_deref(), None, x.clone());
        let (learnt, inputs) = backward(&layer, joined.as_deref(), &kept, gradient.clone(), true);
        assert!(distance(&output, &passed.output) < 1e-12, "{layer:?}");
        assert!(distance(&inputs.unwrap(), &back.input) < 1e-12, "{layer:?}");
        let right = [back.own.0, back.own.1].concat();
        assert_eq!(learnt.is_some(), own.is_some());
        assert!(distance(&learnt.unwrap_or_default(), &right) < 1e-12, "{layer:?}");
        let (_, inputs) = backward(&layer, joined.as_deref(), &kept, gradient, false);
        assert!(own.is_none() || inputs.is_none(), "what is not asked for is not computed: {layer:?}");
    }
}

/// The loss of some rows with these parameters, and its gradient.
struct Network<'a> {
    layers: &'a [Layer],
    softmax: Softmax,
    data: &'a Dataset,
    rows: usize,
}

impl Network<'_> {
    fn passes(&self, parameters: &[Vec<f64>]) -> (Vec<f64>, Vec<Kept<f64>>) {
        let mut own = parameters.iter();
        let mut x: Vec<f64> =
            (0..self.rows).flat_map(|row| self.data.inputs(row, 0..self.data.width)).collect();
        let mut kept = Vec::new();
        for layer in self.layers {
            let own = layer.fans().map(|_| own.next().unwrap().as_slice());
            let (next, keeps) = forward(layer, own, None, x);
            x = next;
            kept.push(keeps);
        }
        (x, kept)
    }

    fn loss(&self, parameters: &[Vec<f64>]) -> f64 {
        let (logits, _) = self.passes(parameters);
        let rows = logits.chunks(self.data.classes).zip(&self.data.labels);
        rows.map(|(x, &label)| self.softmax.loss(x, usize::from(label)).unwrap()).sum()
    }

    fn gradient(&self, parameters: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let (logits, mut kept) = self.passes(parameters);
        let rows = logits.chunks(self.data.classes).zip(&self.data.labels);
        let of_row = |(x, &label): (&[f64], &u8)| {
            let one_hot: Vec<f64> =
                (0..x.len()).map(|j| f64::from(u8::from(j == usize::from(label)))).collect();
            self.softmax.gradient(x, &one_hot)
        };
        let mut gradient: Vec<f64> = rows.flat_map(of_row).collect();
        let (mut own, mut all) = (parameters.iter().rev(), Vec::new());
        for layer in self.layers.iter().rev() {
            let own = layer.fans().map(|_| own.next().unwrap().as_slice());
            let (learnt, inputs) = backward(layer, own, &kept.pop().unwrap(), gradient, true);
            all.extend(learnt);
            gradient = inputs.unwrap();
        }
        all.reverse();
        all
    }
}

/// Each parameter moved a little both ways: what the loss of a network of all layers does then is its gradient.
#[test]
fn gradients_of_all_layers_are_slopes_of_the_loss() {
    const STEP: f64 = 1e-6;
    let plan = plan(&[MIXED, "softmax=exact"]);
    let data = data::load(&plan.data).unwrap().train;
    let layers = layers(&plan, data.image_size, data.classes).unwrap();
    let program = training_program(&plan, &layers, data.rows);
    let network = Network { layers: &layers, softmax: plan.softmax, data: &data, rows: 6 };
    let mut parameters = FloatTrainer::<f64>::new(&program, &data, 3).parameters().to_vec();
    let mut dice = Dice::new(3, 701);
    // Biases that are not zero: else many a ReLU is just at its edge.
    for own in &mut parameters {
        own.iter_mut().for_each(|x| *x += dice.between(-1 << 16, 1 << 16) as f64 / f64::from(1 << 19));
    }
    let (gradient, mut compared, mut moved) = (network.gradient(&parameters), 0, 0);
    for (layer, own) in gradient.iter().enumerate() {
        for at in (0..own.len()).step_by(1 + own.len() / 40) {
            let value = parameters[layer][at];
            let mut at_value = |x: f64| {
                parameters[layer][at] = x;
                network.loss(&parameters)
            };
            let slope = (at_value(value + STEP) - at_value(value - STEP)) / (2.0 * STEP);
            parameters[layer][at] = value;
            assert!(
                (slope - own[at]).abs() < 1e-6,
                "layer {layer}, parameter {at}: {slope}, not {}",
                own[at]
            );
            compared += 1;
            moved += usize::from(own[at].abs() > 1e-3);
        }
    }
    assert!(compared > 90 && moved > 40, "{moved} of {compared} have a slope");
}

/// How far a gradient may be from the slope of the variant's own loss. p - y is that slope where e^d is its own derivative.
fn allowed(softmax: Softmax) -> f64 {
    match softmax {
        Softmax::Exact(_) | Softmax::Lookup(_) | Softmax::ReluProbability(_) => 1e-7,
        // e^d / (1 + d/2^n) in place of e^d, times p: at most |d| e^d / 2^n.
        Softmax::Limit(_) | Softmax::Taylor(_) => 0.02,
        Softmax::ClippedLimit(_) => 0.1,
        Softmax::Pade(_) => 0.01,
        // A parabola's slope, off by up to 5 % of e^d.
        Softmax::QuadraticExp(_) => 0.1,
        other => panic!("{other} has no loss"),
    }
}

#[test]
fn gradients_of_output_layers_are_slopes_of_their_losses() {
    const STEP: f64 = 1e-6;
    let mut with_loss = Vec::new();
    let mut dice = Dice::new(seed(), 702);
    for softmax in Softmax::of_classes() {
        for _ in 0..50 {
            let x: Vec<f64> = numbers(&mut dice, 10).into_iter().map(|x| 1.5 * x).collect();
            // A class that relu_probability gives something, as for all others its loss has no slope.
            let class = (0..10).fold(0, |best, j| if x[j] > x[best] { j } else { best });
            let Some(loss) = softmax.loss(&x, class) else { continue };
            assert!(loss > -0.1 && loss < 6.0, "{softmax}: {loss}");
            let one_hot: Vec<f64> = (0..10).map(|j| f64::from(u8::from(j == class))).collect();
            let gradient = softmax.gradient(&x, &one_hot);
            for j in (0..10).filter(|&j| j != class && (x[j] - 0.1).abs() > 1e-3 && x[class] - x[j] > 1e-3) {
                let at = |by: f64| {
                    let mut x = x.clone();
                    x[j] += by;
                    softmax.loss(&x, class).unwrap()
                };
                let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
                assert!(
                    (slope - gradient[j]).abs() < allowed(softmax),
                    "{softmax}: {slope}, not {}",
                    gradient[j]
                );
            }
            with_loss.push(softmax.name());
        }
    }
    with_loss.dedup();
    let named =
        ["exact", "relu_probability", "limit", "taylor", "pade", "clipped_limit", "quadratic_exp", "lookup"];
    assert_eq!(with_loss, named);
}

/// Both are known for two classes: with p the sigmoid of x, the loss is -ln p or -ln(1 - p).
#[test]
fn the_sigmoid_is_softmax_of_two_classes_one_of_which_has_the_logit_zero() {
    let named = |name: &str| Softmax::ALL.into_iter().find(|softmax| softmax.name() == name).unwrap();
    let (sigmoid, softmax) = (named("sigmoid"), named("exact"));
    for x in [-30.0, -9.0, -1.25, -1e-9, 0.0, 0.5, 3.0, 12.0] {
        let both = softmax.probabilities(&[0.0, x]);
        assert!((sigmoid.probabilities(&[x])[0] - both[1]).abs() < 1e-15, "{x}");
        for class in [0, 1] {
            let label: Vec<f64> = sigmoid.label(class, 2).map(f64::from).collect();
            assert_eq!(label, [class as f64]);
            assert!((sigmoid.gradient(&[x], &label)[0] - (both[1] - class as f64)).abs() < 1e-15, "{x}");
            let (own, of_both) = (sigmoid.loss(&[x], class), softmax.loss(&[0.0, x], class));
            assert!((own.unwrap() - of_both.unwrap()).abs() < 1e-13, "{x}: {own:?}, {of_both:?}");
        }
    }
    let one_hot: Vec<u8> = softmax.label(1, 3).collect();
    assert_eq!(one_hot, [0, 1, 0]);
}

/// Largest distances from the sigmoid on 1,601 points from -8 to 8, of numpy, with the published coefficients.
#[test]
fn polynomials_are_as_far_from_the_sigmoid_as_the_published_ones() {
    for (degree, distance) in [(3, 0.114_325), (5, 0.047_077), (7, 0.032_145)] {
        let polynomial = SigmoidPolynomial { degree };
        let off = |at: i32| {
            let x = f64::from(at) / 100.0;
            (polynomial.probabilities(&[x])[0] - 1.0 / (1.0 + libm::exp(-x))).abs()
        };
        let found = (-800..=800).map(off).fold(0.0, f64::max);
        assert!((found - distance).abs() < 1e-6, "degree {degree}: {found}");
        assert!(!polynomial.is_beyond_domain(&[-8.0]) && polynomial.is_beyond_domain(&[8.01]));
    }
}

/// In real numbers it is: minus the logarithm of zero.
#[test]
fn a_class_without_probability_has_an_infinite_loss() {
    let softmax = Softmax::ALL.into_iter().find(|softmax| softmax.name() == "relu_probability").unwrap();
    assert_eq!(softmax.loss(&[1.0, -1.0], 1), Some(f64::INFINITY));
    assert!((softmax.loss(&[1.0, 3.0, -1.0], 0).unwrap() - libm::log(4.0)).abs() < 1e-12);
}

/// What some iterations on rows in their order leave.
fn trained<T: Real>(plan: &Plan, iterations: usize) -> (Vec<Vec<T>>, Vec<Vec<T>>) {
    let data = data::load(&plan.data).unwrap().train;
    let layers = layers(plan, data.image_size, data.classes).unwrap();
    let program = training_program(plan, &layers, data.rows);
    let mut trainer = FloatTrainer::<T>::new(&program, &data, plan.seed);
    let fresh = trainer.parameters().to_vec();
    let order = epoch_order(plan.seed, 0, data.rows, plan.training.batch);
    for rows in order.chunks_exact(plan.training.batch).take(iterations) {
        trainer.iteration(rows);
    }
    (fresh, trainer.parameters().to_vec())
}

#[test]
fn a_network_of_all_layers_trains_as_plain_loops_do() {
    let training = "training=(iterations: 16, batch: 32, learning_rate: 0.0625, momentum: 0.0)";
    let plan = plan(&[MIXED, "softmax=exact", training]);
    let (fresh, trained) = trained::<f64>(&plan, 6);
    let data = data::load(&plan.data).unwrap().train;
    let layers = layers(&plan, data.image_size, data.classes).unwrap();
    let split = |all: &[Vec<f64>]| -> Vec<Own> {
        let own = all.iter().zip(fans(&layers));
        own.map(|(own, fans)| (own[..fans.weights()].to_vec(), own[fans.weights()..].to_vec())).collect()
    };
    let order = epoch_order(plan.seed, 0, data.rows, 32);
    let right = train_in_floats(&layers, split(&fresh), &data, (&order[..6 * 32], 32, 0.0625));
    let (mut off, mut moved) = (0.0f64, 0.0f64);
    for ((trained, fresh), (weights, bias)) in trained.iter().zip(&fresh).zip(&right) {
        off = off.max(distance(trained, &[&weights[..], bias].concat()));
        moved = moved.max(distance(trained, fresh));
    }
    assert!(off < 1e-13 && moved > 0.02, "off by {off}, moved {moved}");
}

/// All kinds of layers, dropout among them, and what AMSGrad remembers.
fn everything() -> Plan {
    let model =
        MIXED.replace("flatten,", "dropout(0.5), flatten,").replace("max_pool", "dropout(0.25), max_pool");
    plan(&[
        &model,
        "softmax=exact",
        "training=(epochs: 1, batch: 24, optimizer: amsgrad, weight_decay: 0.01)",
    ])
}

fn digest(bits: impl Iterator<Item = u64>) -> String {
    let mut hasher = Sha256::new();
    bits.for_each(|bits| hasher.update(bits.to_le_bytes()));
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Any machine gives these bits, and any number of threads.
#[test]
fn bits_are_the_same_everywhere() {
    let plan = everything();
    for threads in [1, 2, 3] {
        let [wide, narrow] = with_workers(threads, || {
            let wide = trained::<f64>(&plan, 5).1.concat();
            let narrow = trained::<f32>(&plan, 5).1.concat();
            [digest(wide.iter().map(|x| x.to_bits())), digest(narrow.iter().map(|x| u64::from(x.to_bits())))]
        })
        .unwrap();
        assert_eq!([&wide[..], &narrow], GOLDEN, "{threads} threads");
    }
}

/// Of weights in double and in single precision.
const GOLDEN: [&str; 2] = ["0c3d3b96de1045ee", "172e954e7345ccaf"];

#[test]
fn single_precision_is_another_training_but_slightly() {
    let training = "training=(epochs: 1, batch: 24, learning_rate: 0.05)";
    let plan = plan(&[MIXED, "softmax=exact", training]);
    let wide = trained::<f64>(&plan, 5).1.concat();
    let narrow: Vec<f64> = trained::<f32>(&plan, 5).1.concat().into_iter().map(f64::from).collect();
    let off = distance(&wide, &narrow);
    assert!(off > 1e-9 && off < 1e-5, "off by {off}");
}
