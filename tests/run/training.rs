//! Trainings on shares, on shapes and in the clear.

use mpcsim::data::{self, Dataset, Entries};
use mpcsim::nn::{Layer, SecretData, Secrets, TrainingProgram, Weights, dense_layers, fans, glorot_weights};
use mpcsim::protocol::erased::Erased;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Clear, Message};
use mpcsim::ring::Content;
use mpcsim::run::{Demands, Session, training_program};
use mpcsim::scenario::{Plan, Scenario};
use mpcsim::secure::Rounding;
use mpcsim::sim::{Party, Trace};
use mpcsim::softmax::Softmax;

use super::command::scenario;
use crate::data::bytes;
use crate::secure::harness::world;
use crate::secure::{EXACT, RELU_GRADIENT, RELU_PROBABILITY};

/// Rows of a batch.
const BATCH: usize = 128;

/// The shipped training with another output layer, rounding and hidden layers.
pub fn plan(softmax: Softmax, rounding: Rounding, more: &[&str]) -> Plan {
    let sets = [&format!("softmax={}", softmax.name()), &format!("rounding={}", rounding.name())];
    let sets: Vec<String> = sets.into_iter().cloned().chain(more.iter().map(|set| set.to_string())).collect();
    Scenario::load(&scenario("01_first_run.ron"), &sets).expect("a plan")
}

/// What a training of so many iterations ended with.
pub struct Trained {
    pub setup: Trace,
    pub iterations: Vec<Trace>,
    pub weights: Option<Vec<Weights>>,
}

/// Trains a multilayer perceptron on batches of the data, one after the other. Without data: on shapes.
pub fn train(
    plan: &Plan,
    widths: &[usize],
    data: Option<&Dataset>,
    iterations: usize,
    parties: (usize, impl Fn(Party<Message>) -> Erased),
) -> Trained {
    train_layers(plan, &dense_layers(widths), data, iterations, parties)
}

/// The same for any layers.
pub fn train_layers(
    plan: &Plan,
    layers: &[Layer],
    data: Option<&Dataset>,
    iterations: usize,
    (parties, start): (usize, impl Fn(Party<Message>) -> Erased),
) -> Trained {
    let rows: Vec<usize> = (0..iterations * plan.training.batch).collect();
    let program: TrainingProgram = training_program(plan, layers, rows.len());
    let (secret, weights) = match data {
        Some(data) => {
            let secret = SecretData::of(&program, data, &rows, plan.fixed_point);
            (secret, glorot_weights(&program.layers, plan.seed, 0, plan.fixed_point))
        }
        None => {
            let shapes = fans(&program.layers).into_iter().map(Weights::shape);
            (SecretData::shape(&program), shapes.collect())
        }
    };
    let format = (plan.fixed_point, plan.rounding);
    let (mut session, setup) = Session::set_up(
        world(parties),
        start,
        format,
        &program,
        Secrets { data: &secret, weights: &weights },
        Demands::default(),
    )
    .expect("a set-up");
    let iterations = rows
        .chunks_exact(plan.training.batch)
        .map(|rows| session.iteration(rows).expect("an iteration").0)
        .collect();
    let weights = data.map(|_| session.open_weights().expect("weights"));
    Trained { setup, iterations, weights }
}

pub fn on_shares(plan: &Plan, widths: &[usize], data: &Dataset, iterations: usize, seed: u64) -> Trained {
    train(
        plan,
        widths,
        Some(data),
        iterations,
        (3, |party| ProtocolName::Rep3.start(party, seed, Content::Values)),
    )
}

fn in_the_clear(plan: &Plan, widths: &[usize], data: &Dataset, iterations: usize, seed: u64) -> Trained {
    train(plan, widths, Some(data), iterations, (1, |party| Erased::new(Clear::new(party, seed))))
}

fn values(weights: &[Weights]) -> impl Iterator<Item = u64> + '_ {
    weights.iter().flat_map(|l| l.weights.expect_values().iter().chain(l.bias.expect_values()).copied())
}

#[test]
fn five_iterations_on_shares_give_the_weights_of_the_clear_bit_for_bit() {
    let widths = [784, 128, 10];
    let few = "data=mnist(train: 640, test: 1)";
    for softmax in [EXACT, RELU_PROBABILITY, RELU_GRADIENT] {
        let plan = plan(softmax, Rounding::Nearest, &[few]);
        assert_eq!(plan.training.batch, BATCH);
        let data = data::load(&plan.data).expect("the data ships").train;
        let shares = on_shares(&plan, &widths, &data, 5, 7).weights.unwrap();
        let clear = in_the_clear(&plan, &widths, &data, 5, 8).weights.unwrap();
        let parameters = values(&shares).count();
        assert_eq!(parameters, 784 * 128 + 128 + 128 * 10 + 10);
        let differ = values(&shares).zip(values(&clear)).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 0, "{softmax:?}: {differ} of {parameters} parameters differ");
        // It did train: most weights of the last layer moved.
        let fresh = glorot_weights(
            &training_program(&plan, &dense_layers(&widths), 1).layers,
            plan.seed,
            0,
            plan.fixed_point,
        );
        let last = |weights: &[Weights]| weights[1].weights.expect_values().to_vec();
        let moved = last(&fresh).iter().zip(last(&shares)).filter(|(a, b)| **a != *b).count();
        assert!(moved > 900, "{softmax:?}: {moved} of 1280 weights moved");
    }
}

/// With probabilistic rounding two trainings differ by their rounding alone: a weight by a few units in the last place.
#[test]
fn probabilistic_trainings_differ_by_rounding_noise() {
    let widths = [784, 16, 10];
    let few = "data=mnist(train: 256, test: 1)";
    for softmax in [EXACT, RELU_PROBABILITY, RELU_GRADIENT] {
        let plan = plan(softmax, Rounding::Probabilistic, &[few]);
        let data = data::load(&plan.data).expect("the data ships").train;
        let shares = on_shares(&plan, &widths, &data, 2, 7).weights.unwrap();
        let clear = in_the_clear(&plan, &widths, &data, 2, 7).weights.unwrap();
        let distance = |(a, b): (u64, u64)| (a as i64).wrapping_sub(b as i64).unsigned_abs();
        let distances: Vec<u64> = values(&shares).zip(values(&clear)).map(distance).collect();
        let (far, all) = (distances.iter().filter(|&&d| d > 4).count(), distances.len());
        println!("{softmax:?}: largest {:?}, {far} of {all} above 4", distances.iter().max());
        assert!(far * 100 < all, "{softmax:?}: {far} of {all} weights differ by more than four units");
    }
}

/// The trace of a set-up and of an iteration says nothing about data, seed or weights.
#[test]
fn iterations_of_every_variant_are_oblivious() {
    let widths = [784, 16, 10];
    for softmax in [EXACT, RELU_PROBABILITY, RELU_GRADIENT] {
        for rounding in Rounding::ALL {
            let loss = if rounding == Rounding::Nearest { "loss=true" } else { "loss=false" };
            let few = ["data=mnist(train: 64, test: 1)", "training.batch=32", loss];
            let plan = plan(softmax, rounding, &few);
            let data = data::load(&plan.data).expect("the data ships").train;
            let mut zeros = data.clone();
            zeros.images = Entries::Bytes(vec![0; data.images.len()]);
            zeros.labels.fill(0);
            let mut turned = data.clone();
            turned.images = Entries::Bytes(bytes(&data).iter().rev().copied().collect());
            turned.labels.reverse();
            let start = |party| ProtocolName::Rep3.start(party, 7, Content::Shape);
            let shape = train(&plan, &widths, None, 2, (3, start));
            assert_eq!(shape.iterations[0], shape.iterations[1], "iterations are all alike");
            let other_seed = Plan { seed: 99, ..plan.clone() };
            for (what, plan, data, seed) in [
                ("values", &plan, &data, 7),
                ("the seed", &other_seed, &data, 8),
                ("data", &plan, &turned, 7),
                ("zeros", &plan, &zeros, 7),
            ] {
                let shares = on_shares(plan, &widths, data, 2, seed);
                assert!(shares.setup == shape.setup, "{softmax:?}: the set-up depends on {what}");
                let same = shares.iterations == shape.iterations;
                assert!(same, "{softmax:?}, {rounding:?}: an iteration depends on {what}");
            }
        }
    }
}
