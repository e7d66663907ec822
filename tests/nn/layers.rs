//! Every layer alone, both ways, under every protocol.

use mpcsim::data::ImageSize;
use mpcsim::nn::{Convolution, Dropout, Layer, LayerKind, Padding, Parameters, Pool, layers_on};
use mpcsim::protocol::Protocol;
use mpcsim::ring::Vector;
use mpcsim::secure::{Rounding, Secure};

use super::floats::{self, Own};
use crate::secure::harness::{Dice, Program, Setting, in_the_clear, on_shapes, on_shares, seed};

/// Both passes of a layer: what goes in, the gradient of what comes out, weights and bias; what comes out, the gradient of what
/// goes in, those of weights and bias.
struct Passes(Layer);

impl Program for Passes {
    async fn run<P: Protocol>(&self, secure: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let own = match inputs {
            [_, _, weights, bias] => Some(Parameters { weights: weights.clone(), bias: bias.clone() }),
            _ => None,
        };
        let (output, kept) = self.0.forward(secure, own.as_ref(), None, &inputs[0]).await;
        let (learnt, back) = self.0.backward(secure, own.as_ref(), kept.as_ref(), &inputs[1], true).await;
        let learnt = learnt.into_iter().flat_map(|own| [own.weights, own.bias]);
        [output, back.expect("a gradient of what goes in")].into_iter().chain(learnt).collect()
    }
}

fn convolution(kernel: usize, channels: usize, stride: usize, padding: Padding) -> LayerKind {
    LayerKind::Convolution(Convolution { kernel, channels, stride, padding })
}

fn image(height: usize, width: usize, channels: usize) -> ImageSize {
    ImageSize { height, width, channels }
}

/// Every kind of layer, with windows that overlap, that leave pixels out, and that reach beyond all edges.
pub fn cases() -> Vec<Layer> {
    let pool = |size| Pool { size };
    let cases = [
        (LayerKind::Dense { outputs: 3 }, image(2, 3, 2)),
        (convolution(1, 2, 1, Padding::Valid), image(2, 3, 2)),
        (convolution(3, 2, 1, Padding::Valid), image(5, 4, 1)),
        (convolution(2, 3, 2, Padding::Valid), image(5, 4, 2)),
        (convolution(2, 1, 3, Padding::Valid), image(6, 5, 1)),
        (convolution(3, 2, 1, Padding::Same), image(3, 4, 2)),
        (convolution(4, 2, 1, Padding::Same), image(4, 5, 1)),
        (convolution(5, 2, 2, Padding::Same), image(6, 7, 1)),
        (convolution(3, 1, 3, Padding::Same), image(7, 5, 2)),
        (LayerKind::MaxPool(pool(2)), image(4, 6, 2)),
        (LayerKind::MaxPool(pool(3)), image(3, 6, 1)),
        (LayerKind::AveragePool(pool(2)), image(4, 2, 3)),
        (LayerKind::AveragePool(pool(3)), image(3, 3, 2)),
        (LayerKind::AveragePool(pool(5)), image(5, 5, 1)),
        (LayerKind::Relu, image(2, 3, 2)),
        (LayerKind::Flatten, image(2, 3, 2)),
    ];
    cases.into_iter().map(|(kind, input)| layers_on(&[kind], input).unwrap().remove(0)).collect()
}

/// Numbers as large as the second says; if that is 2, few different ones, so that some are equal.
fn numbers(dice: &mut Dice, count: usize, largest: i64) -> Vec<i64> {
    if largest == 2 {
        return (0..count).map(|_| dice.between(-2, 2) << 16).collect();
    }
    (0..count).map(|_| dice.between(-largest << 16, largest << 16)).collect()
}

fn inputs(layer: &Layer, rows: usize, largest: i64, dice: &mut Dice) -> Vec<Vec<i64>> {
    let mut inputs = vec![
        numbers(dice, rows * layer.input.values(), largest),
        numbers(dice, rows * layer.output.values(), 1),
    ];
    if let Some(fans) = layer.fans() {
        inputs.push(numbers(dice, fans.weights(), 1));
        inputs.push(numbers(dice, fans.outputs, 3));
    }
    inputs
}

/// The outputs of [`Passes`] in floats.
fn in_floats(layer: &Layer, inputs: &[Vec<i64>]) -> Vec<Vec<f64>> {
    let float = |x: &Vec<i64>| x.iter().map(|&x| x as f64 / 65536.0).collect::<Vec<f64>>();
    let own: Option<Own> = (inputs.len() == 4).then(|| (float(&inputs[2]), float(&inputs[3])));
    let passed = floats::forward(layer, own.as_ref(), &float(&inputs[0]));
    let gradients = floats::backward(layer, own.as_ref(), &passed, &float(&inputs[1]));
    vec![passed.output, gradients.input, gradients.own.0, gradients.own.1]
}

/// How far an output may be from floats, in units of the last place: a rounding, where something is rounded at all; and what one
/// part of nine is off as a number of fixed point.
fn bound(layer: &Layer, output: usize, value: f64, rounding: Rounding) -> f64 {
    let of_rounding = if rounding == Rounding::Nearest { 0.5 } else { 1.0 };
    match (layer.kind, output) {
        (LayerKind::Dense { .. } | LayerKind::Convolution(_), 0..=2) => of_rounding + 1e-6,
        (LayerKind::AveragePool(pool), 0..=1) if pool.size == 2 => of_rounding + 1e-6,
        (LayerKind::AveragePool(_), 0..=1) => of_rounding + value.abs() / 2.0 + 1e-6,
        _ => 0.0,
    }
}

#[test]
fn layers_do_what_floats_do_under_every_protocol() {
    let seed = seed();
    let mut compared = 0;
    for setting in Setting::all() {
        for (at, layer) in cases().into_iter().enumerate() {
            for largest in [2, 100] {
                let inputs = inputs(&layer, 2, largest, &mut Dice::new(seed, at as u64));
                let opened = on_shares(&Passes(layer.clone()), &inputs, seed, setting).integers();
                let expected = in_floats(&layer, &inputs);
                let outputs =
                    expected.iter().enumerate().flat_map(|(at, all)| all.iter().map(move |x| (at, x)));
                assert_eq!(opened.len(), outputs.clone().count(), "{layer:?}");
                for ((output, &expected), &got) in outputs.zip(&opened) {
                    let off = (got as f64 - expected * 65536.0).abs();
                    let allowed = bound(&layer, output, expected, setting.rounding);
                    assert!(off <= allowed, "{setting:?}, {layer:?}, output {output}: off by {off} units");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 20_000, "{compared} numbers");
}

#[test]
fn layers_on_shares_are_those_in_the_clear_bit_for_bit() {
    let seed = seed();
    for setting in Setting::all().filter(|setting| setting.rounding == Rounding::Nearest) {
        for (at, layer) in cases().into_iter().enumerate() {
            let inputs = inputs(&layer, 3, 50, &mut Dice::new(seed, 50 + at as u64));
            let shares = on_shares(&Passes(layer.clone()), &inputs, seed, setting).integers();
            let clear = in_the_clear(&Passes(layer.clone()), &inputs, seed + 1, setting).integers();
            assert_eq!(shares, clear, "{setting:?}, {layer:?}");
        }
    }
}

/// Messages and work are those of shapes, whatever the values.
#[test]
fn layers_are_oblivious() {
    let seed = seed();
    for setting in Setting::all() {
        for (at, layer) in cases().into_iter().enumerate() {
            let passes = Passes(layer.clone());
            let inputs = inputs(&layer, 2, 50, &mut Dice::new(seed, 100 + at as u64));
            let zeros: Vec<Vec<i64>> = inputs.iter().map(|x| vec![0; x.len()]).collect();
            let shapes = on_shapes(&passes, &inputs, seed, setting);
            for values in [&inputs, &zeros] {
                let shares = on_shares(&passes, values, seed + 7, setting);
                assert!(shares.trace == shapes.trace, "{setting:?}, {layer:?}");
                assert!(shares.offline == shapes.offline, "{setting:?}, {layer:?}");
            }
        }
    }
}

/// Both passes of a dropout, and what it lets stay: what is given, or what it draws.
struct Drops {
    layer: Layer,
    given: Option<Vec<i64>>,
}

impl Program for Drops {
    async fn run<P: Protocol>(&self, secure: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let given = self.given.as_ref();
        let given = given.map(|mask| Vector::from(mask.iter().map(|&bit| bit as u64).collect::<Vec<_>>()));
        let (output, mask) = self.layer.forward(secure, None, given.as_ref(), &inputs[0]).await;
        let (_, back) = self.layer.backward(secure, None, mask.as_ref(), &inputs[1], true).await;
        vec![output, back.expect("a gradient of what goes in"), mask.expect("what stays")]
    }
}

#[test]
fn a_dropout_lets_as_much_stay_as_it_says_and_no_more_is_known() {
    const VALUES: usize = 1200;
    let seed = seed();
    for setting in Setting::all() {
        for halvings in [1, 2, 4] {
            let kind = LayerKind::Dropout(Dropout { halvings });
            let layer = layers_on(&[kind], image(1, VALUES, 1)).unwrap().remove(0);
            let inputs = inputs(&layer, 1, 50, &mut Dice::new(seed, 150 + u64::from(halvings)));
            let drops = |given| Drops { layer: layer.clone(), given };
            let shares = on_shares(&drops(None), &inputs, seed, setting);
            let shapes = on_shapes(&drops(None), &inputs, seed, setting);
            assert!(shares.trace == shapes.trace && shares.offline == shapes.offline, "{setting:?}");
            let all = shares.integers();
            let (passed, mask) = all.split_at(2 * VALUES);
            assert!(mask.iter().all(|bit| [0, 1].contains(bit)), "{setting:?}");
            let dropped = mask.iter().filter(|bit| **bit == 0).count() as f64;
            let part = f64::exp2(-f64::from(halvings));
            let deviation = (VALUES as f64 * part * (1.0 - part)).sqrt();
            assert!(
                (dropped - VALUES as f64 * part).abs() < 6.0 * deviation,
                "{setting:?}: {dropped} dropped"
            );
            // A rounding, and what 4/3 and 16/15 are off as numbers of fixed point.
            for ((x, bit), got) in inputs[0].iter().chain(&inputs[1]).zip(mask.iter().chain(mask)).zip(passed)
            {
                let right = *x as f64 * *bit as f64 / (1.0 - part);
                let allowed = if halvings == 1 { 0.0 } else { 1.0 + x.abs() as f64 / 131_072.0 };
                assert!((*got as f64 - right).abs() <= allowed, "{setting:?}: {got} for {right}");
            }
            let other = on_shares(&drops(None), &inputs, seed + 1, setting).integers();
            assert_ne!(&other[2 * VALUES..], mask, "{setting:?}: not the same again");
            if setting.rounding == Rounding::Nearest {
                let clear = in_the_clear(&drops(Some(mask.to_vec())), &inputs, seed, setting).integers();
                assert_eq!(clear, all, "{setting:?}");
            }
        }
    }
}
