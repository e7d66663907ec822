//! How much memory a training takes, estimated before anything is allocated.

use super::{RunError, layers, network, total_iterations};
use crate::data::{self, ImageSize};
use crate::memory::MemoryLimit;
use crate::nn::{Fans, Layer, LayerKind, fans};
use crate::scenario::{Adam, InverseRoot, Optimizer, Plan, Protocol, Triples};
use crate::secure::Rounding;

/// Two parties with shares, and a third.
macro_rules! dealt {
    () => {
        Protocol::Beaver2 | Protocol::SecureNn | Protocol::SecureMlClients | Protocol::SecureMlDealer
    };
}

/// Falcon in either ring: words are as long.
macro_rules! falcon {
    () => {
        Protocol::Falcon | Protocol::Falcon32
    };
}

/// The same with products that are checked.
macro_rules! falcon_malicious {
    () => {
        Protocol::FalconMalicious | Protocol::FalconMalicious32
    };
}

/// Two parties alone.
macro_rules! transferred {
    () => {
        Protocol::Semi2k | Protocol::SecureMl | Protocol::SecureMlSoftSpoken | Protocol::SecureMlEncryption
    };
}

/// The program itself, its threads and the bundled data.
const BASE_BYTES: u128 = 130_000_000;
/// A duration of an iteration: itself, in a vector that grew and in one that is copied.
const DURATION_BYTES: u128 = 32;
/// An element of the data beside what it takes as it stands in its file: as a number, and as shares of it.
const DATA_BYTES: u128 = 8 + 16;

/// The same where data are opened under a mask once: what was opened, and the masks. Measured for all of MNIST: 16.
const FIXED_DATA_BYTES: u128 = 20;
/// A triple of numbers, of both parties, and what a product works on. Measured: 15 to 20, for 2 and 13 million triples; 29 with clients,
/// for 6.6 million.
const SINGLE_TRIPLE_BYTES: u128 = 40;

/// Triples that the matrix products of an iteration take, if each is made of single ones: forward, of the gradients, and of what goes
/// back to the layer before.
fn single_triples(plan: &Plan, layers: &[Layer]) -> u128 {
    if plan.triples == Triples::Matrix && plan.protocol != Protocol::SecureMlClients {
        return 0;
    }
    let forward = layers.iter().map(|layer| layer.multiplications() as u128).sum::<u128>();
    3 * plan.training.batch as u128 * forward
}

/// Bytes that a run of a plan takes at its peak, at most, for these layers.
pub fn estimated_bytes(plan: &Plan, layers: &[Layer]) -> u128 {
    let product = |a: usize, b: usize| a as u128 * b as u128;
    let parameters =
        fans(layers).into_iter().map(|Fans { inputs, outputs }| product(inputs + 1, outputs)).sum::<u128>();
    let row: u128 = layers.iter().enumerate().map(|(at, layer)| row_bytes(plan, layer, at == 0)).sum();
    let activations = row * plan.training.batch as u128;
    let (inputs, classes) = (layers[0].input.values(), layers[layers.len() - 1].output.values());
    let elements = product(plan.data.train_rows(), inputs + classes);
    let fixed = if plan.protocol.by_default() == Protocol::SecureMl { FIXED_DATA_BYTES } else { 0 };
    // Test rows are looked at in pieces.
    let test = product(plan.data.test_rows(), inputs) * u128::from(plan.data.number_bytes().0);
    BASE_BYTES
        + checked_bytes(plan, classes)
        + parameters * (parameter_bytes(plan) + adam_bytes(plan))
        + activations
        + single_triples(plan, layers) * SINGLE_TRIPLE_BYTES
        + elements * (u128::from(plan.data.number_bytes().0) + DATA_BYTES + fixed)
        + test
        + durations_bytes(plan)
}

/// A parameter: shares of it, of its last change and of its gradient at all parties, and what an update works on. Also a training
/// in the clear begins with iterations on shares. Measured for 900,000 parameters as docs/performance.md says.
fn parameter_bytes(plan: &Plan) -> u128 {
    match (plan.protocol, plan.rounding) {
        // 205 to 252 for 919,000 to 3,070,000 parameters.
        (Protocol::Rep3, Rounding::Probabilistic) => 270,
        // The bits of an exact truncation: 678 to 766.
        (Protocol::Rep3, Rounding::Nearest) => 850,
        // What is compared at the end of an iteration is kept until then: 2,186 to 2,400, and 3,265 to 3,434.
        (Protocol::Rep4, Rounding::Probabilistic) => 2600,
        (Protocol::Rep4, Rounding::Nearest) => 3700,
        // Offline material for every truncation, of all three parties: 12,700 for 269,000 parameters, 17,700 for 7,850.
        (Protocol::SyRep3, _) => 18_000,
        // 308, and 391 to 509, for 670,000 parameters.
        (dealt!(), Rounding::Probabilistic) => 360,
        (dealt!(), Rounding::Nearest) => 540,
        // 193 to 300, and 320 to 460, for 269,000 parameters.
        (transferred!(), Rounding::Probabilistic) => 310,
        (transferred!(), Rounding::Nearest) => 470,
        // A mask of 45 to 60 bits in planes for every truncation, of which the carries become ring elements: 4,250, and 3,910, from
        // 102,000 to 407,000 parameters.
        (falcon!(), _) => 4_600,
        // The same with MACs, and a triple for each product. Bits that become ring elements take most: 11,200 from 7,850 to 118,000.
        (falcon_malicious!(), _) => 12_500,
    }
}

/// What a parameter takes more with Adam or AMSGrad: two or three numbers that are remembered, and the bits and the material of
/// the root. Measured for AMSGrad, the precise way in brackets where it takes more, beside what SGD takes.
fn adam_bytes(plan: &Plan) -> u128 {
    let Optimizer::Adam(Adam { inverse_root, .. }) = plan.training.optimizer else { return 0 };
    let precise = inverse_root == InverseRoot::Precise;
    match plan.protocol {
        // 770 for 269,000 parameters, 910 for 102,000 with nearest rounding.
        Protocol::Rep3 => 1_200,
        // 10,000 for 102,000 (17,400 for 51,000).
        Protocol::Rep4 => {
            if precise {
                20_000
            } else {
                11_000
            }
        }
        // 57,800 for 7,850 (112,000).
        Protocol::SyRep3 => {
            if precise {
                130_000
            } else {
                62_000
            }
        }
        // 730 and 870 for 102,000; the precise way takes about twice the material.
        dealt!() | transferred!() => {
            if precise {
                2_400
            } else {
                1_200
            }
        }
        // Masks for every truncation and bit of the root: 20,500 for 15,900 (32,400).
        falcon!() => {
            if precise {
                38_000
            } else {
                24_000
            }
        }
        // 49,900 for 7,850 (139,300).
        falcon_malicious!() => {
            if precise {
                160_000
            } else {
                58_000
            }
        }
    }
}

/// An activation of a batch: the bits that a comparison or a maximum works on, at all parties. Measured: 540, and 1,700 with
/// `rep4`.
fn activation_bytes(plan: &Plan) -> u128 {
    match plan.protocol.by_default() {
        Protocol::Rep4 => 2000,
        // 64 residues for each, a byte each, of every component and intermediate result: 2,700 for 50,176, and 6,400 for outputs, of which
        // quotients are made bit by bit.
        Protocol::Falcon => 7_500,
        // Two products of residues for each bit that is compared, with a triple for each: 24,100 for 50,176.
        Protocol::FalconMalicious => 28_000,
        // Labels and rows of a garbled sign: 6,600 for 32,768 of them, batch 128, beside `semi2k`.
        Protocol::SecureMl => 8_000,
        _ => 700,
    }
}

/// What `falcon_malicious` takes besides: 68 MB whatever the network is, and for each output of a batch, of which quotients are made bit
/// by bit, more than for other activations: 45,500 for 5,120 with `relu_gradient`.
fn checked_bytes(plan: &Plan, classes: usize) -> u128 {
    match plan.protocol {
        falcon_malicious!() => 75_000_000 + 25_000 * classes as u128 * plan.training.batch as u128,
        _ => 0,
    }
}

/// What a layer takes for a row of a batch: its values, and its windows on both ways.
fn row_bytes(plan: &Plan, layer: &Layer, is_first: bool) -> u128 {
    let (values, windows) = (layer.activations() as u128, layer.window_values(!is_first) as u128);
    let of_images = !matches!(layer.kind, LayerKind::Dense { .. });
    let value_bytes = if of_images { image_value_bytes(plan) } else { activation_bytes(plan) };
    values * value_bytes + windows * window_value_bytes(plan)
}

/// A value that a layer of images gives or compares, of which most are not worked on at the same time. Measured with the networks B
/// and C, batch 128: about 110 with `rep3` and 170 with `beaver2`; with a convolution of 16 channels and pooling, batch 16, 312 MB in
/// all with `rep4` and 151 MB with `semi2k`. `sy_rep3` is not measured: as much as a parameter.
fn image_value_bytes(plan: &Plan) -> u128 {
    match plan.protocol {
        // As in a dense layer: all signs of a layer are garbled together.
        protocol if protocol.by_default() == Protocol::SecureMl => activation_bytes(plan),
        Protocol::Rep3 | dealt!() | transferred!() => 200,
        Protocol::Rep4 => 600,
        Protocol::SyRep3 => parameter_bytes(plan),
        // 386 MB in all with B, batch 8: 1,200 each.
        falcon!() => 1_500,
        // 2.4 GB in all with B, batch 8: 10,900 each.
        falcon_malicious!() => 13_000,
    }
}

/// A value of a window of a convolution: a word for each component that is not another party's too, and the same in the form of
/// a matrix product. With B and C, both ways, 755 MB and 1.43 GB in all with `rep3`, 889 MB and 1.99 GB with `beaver2`.
fn window_value_bytes(plan: &Plan) -> u128 {
    match plan.protocol {
        Protocol::Rep3 => 24,
        Protocol::Rep4 | dealt!() | transferred!() | falcon!() => 32,
        Protocol::SyRep3 | falcon_malicious!() => 64,
    }
}

/// What the durations of iterations take, which are kept where a network makes them differ.
fn durations_bytes(plan: &Plan) -> u128 {
    if !network(&plan.network, plan.seed).varies() {
        return 0;
    }
    u128::from(total_iterations(plan, plan.data.train_rows())) * DURATION_BYTES
}

const SMALLER: &str = "a smaller network, batch or data set takes less";

/// What is known of a plan's data before they are read, and of a run on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// What a row is.
    pub image: ImageSize,
    /// Number of classes.
    pub classes: usize,
    /// Bytes of memory that a run takes, at most.
    pub memory_bytes: u128,
}

/// How large a plan's data are. Labels are read for it, since they say how many classes there are.
pub fn size(plan: &Plan) -> Result<Size, RunError> {
    let (image, classes) = data::sizes(&plan.data)?;
    let memory_bytes = estimated_bytes(plan, &layers(plan, image, classes)?);
    Ok(Size { image, classes, memory_bytes })
}

/// Refuses a plan that takes more memory than the limit.
pub fn check_memory(plan: &Plan, limit: MemoryLimit) -> Result<(), RunError> {
    Ok(limit.check(size(plan)?.memory_bytes, || "this takes".to_string(), SMALLER)?)
}

/// Refuses a plan whose data alone take more.
pub fn check_data(plan: &Plan, limit: MemoryLimit) -> Result<(), RunError> {
    let (image, _) = data::sizes(&plan.data)?;
    let rows = (plan.data.train_rows() + plan.data.test_rows()) as u128;
    let needed_bytes = u128::from(plan.data.number_bytes().1) * rows * image.values() as u128;
    Ok(limit.check(needed_bytes, || "these data take".to_string(), SMALLER)?)
}
