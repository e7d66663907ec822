//! Networks of layers: what they are, their training and their evaluation.

use std::path::Path;

use mpcsim::data::{self, Dataset, ImageSize, MNIST_CLASSES, MNIST_IMAGE};
use mpcsim::nn::{
    Layer, Parameters, Weights, correct_predictions, encode_images, fans, glorot_weights, sizes,
};
use mpcsim::protocol::erased::Erased;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Clear, Protocol};
use mpcsim::run::{Values, layers, run};
use mpcsim::scenario::{MODELS, Plan, Rounding, Scenario};
use mpcsim::secure::{FixedPoint, Secure};

use super::floats::{self, Own};
use crate::run::command::{SMALL, scenario};
use crate::run::training::train_layers;
use crate::secure::harness::{Program, Setting, in_the_clear};

fn plan(scenario_name: &str, sets: &[&str]) -> Plan {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    Scenario::load(&scenario(scenario_name), &sets)
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

/// Layers, parameters and sizes as in Programs/Source/mnist_full_{A,B,C,D}.mpc of the reference system.
#[test]
fn presets_are_the_networks_of_the_literature() {
    let expected: [(&str, usize, &[usize], &[f64]); 6] = [
        ("A", 118_282, &[784, 128, 128, 10], &[]),
        ("B", 33_542, &[784, 9216, 2304, 1024, 256, 100, 10], &[0.3825, 0.1201, 0.1298, 0.2335]),
        ("C", 431_080, &[784, 11_520, 2880, 3200, 800, 500, 10], &[0.3651, 0.1044, 0.0679, 0.1085]),
        ("D", 99_240, &[784, 980, 100, 10], &[0.4472, 0.0745, 0.2335]),
        ("B-relu-first", 33_542, &[784, 9216, 2304, 1024, 256, 100, 10], &[0.3825, 0.1201, 0.1298, 0.2335]),
        (
            "C-relu-first",
            431_080,
            &[784, 11_520, 2880, 3200, 800, 500, 10],
            &[0.3651, 0.1044, 0.0679, 0.1085],
        ),
    ];
    assert_eq!(MODELS.len(), expected.len());
    for (name, parameters, values, radii) in expected {
        let plan = plan("01_first_run.ron", &[&format!("model=preset(\"{name}\")")]);
        let layers = layers(&plan, MNIST_IMAGE, MNIST_CLASSES).unwrap();
        assert_eq!(fans(&layers).iter().map(|fans| fans.parameters()).sum::<usize>(), parameters, "{name}");
        assert_eq!(sizes(&layers).iter().map(ImageSize::values).collect::<Vec<_>>(), values, "{name}");
        // What it is written as is the same network.
        let written = plan.to_ron();
        assert_eq!(Scenario::parse(&written, "a.ron", Path::new(""), &[]).unwrap(), plan, "{written}");
        let fresh = glorot_weights(&layers, 7, 0, FixedPoint::default());
        for (own, radius) in fresh.iter().zip(radii) {
            let largest =
                own.weights.expect_values().iter().map(|&w| (w as i64).unsigned_abs()).max().unwrap();
            let largest = largest as f64 / 65536.0;
            assert!(largest <= radius + 1e-4 && largest > 0.9 * radius, "{name}: {largest}, not {radius}");
        }
    }
}

/// A network of every kind of layer, for the images of 8 x 8 of the small data.
pub const MIXED: &str = "model=[conv(kernel: 3, channels: 4, padding: same), max_pool(2), relu, conv(kernel: 2, channels: 3), \
                     avg_pool(3), relu, flatten, dense(7), relu]";

fn decoded(weights: &[Weights]) -> Vec<Own> {
    let floats = |values: &[u64]| values.iter().map(|&v| FixedPoint::default().decode(v)).collect();
    weights.iter().map(|w| (floats(w.weights.expect_values()), floats(w.bias.expect_values()))).collect()
}

/// Softmax and its gradient, plain steps of gradient descent on these rows in their order.
pub fn train_in_floats(
    layers: &[Layer],
    mut all: Vec<Own>,
    data: &Dataset,
    (order, batch, rate): (&[usize], usize, f64),
) -> Vec<Own> {
    for rows in order.chunks(batch) {
        let mut x: Vec<f64> = rows.iter().flat_map(|&row| data.inputs(row, 0..data.width)).collect();
        let mut own = all.iter();
        let (mut passes, mut owns) = (Vec::new(), Vec::new());
        for layer in layers {
            let own = layer.fans().and_then(|_| own.next());
            let passed = floats::forward(layer, own, &x);
            x = passed.output.clone();
            passes.push(passed);
            owns.push(own);
        }
        let mut gradient = Vec::new();
        for (logits, &row) in x.chunks(data.classes).zip(rows) {
            let largest = logits.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = logits.iter().map(|x| libm::exp(x - largest)).sum();
            let one_hot = |j: usize| f64::from(u8::from(j == usize::from(data.labels[row])));
            gradient
                .extend(logits.iter().enumerate().map(|(j, x)| libm::exp(x - largest) / sum - one_hot(j)));
        }
        let mut steps = Vec::new();
        for ((layer, passed), own) in layers.iter().zip(&passes).zip(&owns).rev() {
            let gradients = floats::backward(layer, *own, passed, &gradient);
            gradient = gradients.input;
            own.iter().for_each(|_| steps.push(gradients.own.clone()));
        }
        let rate = rate / batch as f64;
        for ((w, b), (dw, db)) in all.iter_mut().zip(steps.into_iter().rev()) {
            w.iter_mut().zip(dw).for_each(|(w, d)| *w -= rate * d);
            b.iter_mut().zip(db).for_each(|(b, d)| *b -= rate * d);
        }
    }
    all
}

#[test]
fn a_network_of_all_layers_trains_as_floats_do() {
    const ITERATIONS: usize = 16;
    let training = "training=(iterations: 16, batch: 32, learning_rate: 0.0625, momentum: 0.0)";
    for rounding in Rounding::ALL {
        let plan = plan(SMALL, &[MIXED, "softmax=exact", training, &format!("rounding={}", rounding.name())]);
        let data = data::load(&plan.data).unwrap().train;
        let layers = layers(&plan, data.image_size, data.classes).unwrap();
        let fresh = decoded(&glorot_weights(&layers, plan.seed, 0, plan.fixed_point));
        let order: Vec<usize> = (0..ITERATIONS * 32).collect();
        let right = train_in_floats(&layers, fresh.clone(), &data, (&order, 32, 0.0625));
        let start = |party| Erased::new(Clear::new(party, 3));
        let trained = train_layers(&plan, &layers, Some(&data), ITERATIONS, (1, start)).weights.unwrap();
        let distance = |a: &[Own], b: &[Own]| {
            let all =
                |own: &[Own]| own.iter().flat_map(|(w, b)| w.iter().chain(b).copied()).collect::<Vec<f64>>();
            all(a).iter().zip(all(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let (off, moved) = (distance(&decoded(&trained), &right), distance(&fresh, &right));
        println!("{rounding:?}: off by {off}, moved {moved}");
        // An iteration rounds a step, and gradients that it is made of; windows whose pixels are nearly equal give theirs to another
        // pixel now and then.
        assert!(off < 0.003 && moved > 0.05, "{rounding:?}: off by {off}, moved {moved}");
    }
}

/// The same weights on shares as in the clear, and what was sent is what was recorded, for every protocol: checked by each run.
#[test]
fn a_network_of_all_layers_trains_under_every_protocol() {
    let model =
        MIXED.replace("flatten,", "dropout(0.5), flatten,").replace("max_pool", "dropout(0.25), max_pool");
    for protocol in ProtocolName::ALL {
        let sets = [
            &model,
            "training=(iterations: 2, batch: 16, restart_below: 0.0)",
            "data.test=20",
            &format!("protocol={}", protocol.name()),
        ];
        for rounding in ["rounding=nearest", "rounding=probabilistic"] {
            let plan = plan(SMALL, &[&sets[..], &[rounding]].concat());
            let outcome = run(&plan, Values::Split, &()).unwrap();
            assert_eq!(
                (outcome.verified.different, outcome.verified.iterations),
                (0, 2),
                "{protocol:?}, {rounding}"
            );
        }
    }
}

/// All layers on the way forward.
struct Logits<'a>(&'a [Layer]);

impl Program for Logits<'_> {
    async fn run<P: Protocol>(&self, secure: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let mut x = inputs[0].clone();
        let mut parameters = inputs[1..].chunks(2);
        for layer in self.0 {
            let own = layer.fans().and_then(|_| parameters.next());
            let own = own.map(|own| Parameters { weights: own[0].clone(), bias: own[1].clone() });
            x = layer.forward(secure, own.as_ref(), None, &x).await.0;
        }
        vec![x]
    }
}

/// Of equal logits the first wins.
#[test]
fn an_evaluation_counts_what_the_layers_predict() {
    let plan = plan(SMALL, &[MIXED]);
    let data = data::load(&plan.data).unwrap().test;
    let layers = layers(&plan, data.image_size, data.classes).unwrap();
    let mut counts = Vec::new();
    for seed in 0..4 {
        let weights = glorot_weights(&layers, seed, 0, plan.fixed_point);
        let signed = |values: &[u64]| values.iter().map(|&x| x as i64).collect::<Vec<i64>>();
        let mut inputs = vec![signed(&encode_images(&data, 0..data.rows, 0..data.width, plan.fixed_point))];
        for own in &weights {
            inputs.extend([signed(own.weights.expect_values()), signed(own.bias.expect_values())]);
        }
        let setting = Setting::of(ProtocolName::Rep3, Rounding::Nearest);
        let logits = in_the_clear(&Logits(&layers), &inputs, 1, setting).integers();
        let right = logits.chunks(data.classes).zip(&data.labels).filter(|(logits, label)| {
            let largest = logits.iter().max().unwrap();
            logits.iter().position(|x| x == largest) == Some(usize::from(**label))
        });
        let right = right.count();
        assert_eq!(correct_predictions(&layers, &weights, &data, plan.fixed_point), right);
        counts.push(right);
    }
    assert!(counts.iter().any(|&count| count != counts[0]), "{counts:?}");
}

/// MNIST with as many rows as a test has time for; convnets of the reference system reach 82.7 (B) and 86.1 % (D) after an epoch
/// of 5,000 rows with this optimiser. Several minutes: run it by its name with `--ignored`.
#[test]
#[ignore]
fn b_and_d_learn_mnist() {
    for (preset, least) in [("B", 0.70), ("D", 0.80)] {
        let plan = plan(
            "01_first_run.ron",
            &[
                &format!("model=preset(\"{preset}\")"),
                "data=mnist(train: 5000, test: 10000)",
                "softmax=exact",
                "training=(epochs: 2)",
            ],
        );
        let epochs = run(&plan, Values::Split, &()).unwrap().epochs;
        let accuracy: Vec<f64> = epochs.iter().map(|epoch| epoch.test_accuracy).collect();
        println!("{preset}: {accuracy:?}");
        assert!(accuracy[0] > least && accuracy[1] > accuracy[0], "{preset}: {accuracy:?}");
    }
}
