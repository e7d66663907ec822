//! Networks with a name: those of the literature, layer by layer as the reference system MP-SPDZ trains them.

use super::plan::LayerKind;
use crate::nn::{Convolution, Padding, Pool};

/// A network that a scenario can name.
#[derive(Clone, Copy, Debug)]
pub struct ModelPreset {
    /// The name in `preset("…")`.
    pub name: &'static str,
    /// One line for a list.
    pub description: &'static str,
    /// Where it is from.
    pub source: &'static str,
    /// Its layers before the output layer.
    pub layers: fn() -> Vec<LayerKind>,
}

const SECUREML: &str = "Mohassel, Zhang: SecureML, S&P 2017; MP-SPDZ, mnist_full_A.mpc";
const MINIONN: &str = "Liu, Juuti, Lu, Asokan: MiniONN, CCS 2017; MP-SPDZ, mnist_full_B.mpc";
const LENET: &str =
    "LeCun, Bottou, Bengio, Haffner: LeNet, Proceedings of the IEEE 1998; MP-SPDZ, mnist_full_C.mpc";
const CHAMELEON: &str =
    "Riazi and others: Chameleon, AsiaCCS 2018; MP-SPDZ, mnist_full_D.mpc with two dense layers";

/// Every network preset, in the order in which they are listed.
pub const MODELS: [ModelPreset; 6] = [
    ModelPreset {
        name: "A",
        description: "two dense layers of 128; 118,282 parameters on MNIST",
        source: SECUREML,
        layers: || LayerKind::perceptron(&[128, 128]),
    },
    ModelPreset {
        name: "B",
        description: "two convolutions of 16 channels with pooling before ReLU, dense 100; 33,542 parameters on MNIST",
        source: MINIONN,
        layers: || two_convolutions([16, 16], 100, POOL_FIRST),
    },
    ModelPreset {
        name: "C",
        description: "convolutions of 20 and 50 channels with pooling before ReLU, dense 500; 431,080 parameters on MNIST",
        source: LENET,
        layers: || two_convolutions([20, 50], 500, POOL_FIRST),
    },
    ModelPreset {
        name: "D",
        description: "a convolution of 5 channels with stride 2, dense 100; 99,240 parameters on MNIST",
        source: CHAMELEON,
        layers: || {
            let convolution = Convolution { kernel: 5, channels: 5, stride: 2, padding: Padding::Same };
            let first = [LayerKind::Convolution(convolution), LayerKind::Relu];
            [&first[..], &LayerKind::perceptron(&[100])].concat()
        },
    },
    ModelPreset {
        name: "B-relu-first",
        description: "B with ReLU before pooling: the same values, four times as many comparisons of ReLU",
        source: MINIONN,
        layers: || two_convolutions([16, 16], 100, RELU_FIRST),
    },
    ModelPreset {
        name: "C-relu-first",
        description: "C with ReLU before pooling: the same values, four times as many comparisons of ReLU",
        source: LENET,
        layers: || two_convolutions([20, 50], 500, RELU_FIRST),
    },
];

const POOL_FIRST: [LayerKind; 2] = [LayerKind::MaxPool(Pool { size: 2 }), LayerKind::Relu];
const RELU_FIRST: [LayerKind; 2] = [LayerKind::Relu, LayerKind::MaxPool(Pool { size: 2 })];

/// Two convolutions with kernels of 5 x 5, each with what comes behind it, and a dense layer.
fn two_convolutions(channels: [usize; 2], dense: usize, behind: [LayerKind; 2]) -> Vec<LayerKind> {
    let convolution = |channels| {
        LayerKind::Convolution(Convolution { kernel: 5, channels, stride: 1, padding: Padding::Valid })
    };
    let convolutions = channels.iter().flat_map(|&channels| [&[convolution(channels)][..], &behind].concat());
    convolutions.chain(LayerKind::perceptron(&[dense])).collect()
}

impl ModelPreset {
    /// The preset of that name.
    pub fn find(name: &str) -> Option<&'static ModelPreset> {
        MODELS.iter().find(|preset| preset.name == name)
    }
}
