//! Layers as operations whose cost can be asked for: convolutions of the networks B, C and D, and pooling.

use std::fmt;

use crate::data::ImageSize;
use crate::nn::{Convolution, Layer, LayerKind, Padding, Parameters, Pool, layers_on};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Secure};

/// A pass of a layer.
pub(super) struct LayerOperation {
    layer: Layer,
    pass: Pass,
    /// Rows of data.
    rows: usize,
}

/// Which way a layer is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// From what goes in to what comes out.
    Forward,
    /// Gradients of what goes in and of the parameters.
    Backward,
    /// Gradients of the parameters alone.
    BackwardWeights,
}

/// A layer whose cost is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerShape {
    kind: LayerKind,
    input: ImageSize,
    output: ImageSize,
}

impl LayerShape {
    /// A layer that gets values of this size; why not, if it cannot take them.
    pub fn new(kind: LayerKind, input: ImageSize) -> Result<LayerShape, String> {
        let layers = layers_on(&[kind], input).map_err(|misfit| misfit.reason)?;
        Ok(LayerShape { kind, input, output: layers[0].output })
    }

    /// The most elements that a vector of its operations has, for one row.
    pub fn most_elements(&self) -> u128 {
        let product = |a: usize, b: usize| a as u128 * b as u128;
        let [input, output] = [self.input, self.output].map(|size| size.values());
        let windows = match self.kind {
            LayerKind::Convolution(convolution) => {
                let window = product(convolution.kernel * convolution.kernel, self.input.channels);
                let weights = window * convolution.channels as u128;
                (window * product(self.output.height, self.output.width)).max(weights)
            }
            LayerKind::Dense { outputs } => product(input, outputs),
            _ => 0,
        };
        windows.max(input as u128).max(output as u128)
    }

    /// Bits of a mean before it is rounded; none if it is a layer without means.
    pub(super) fn mean_bits(&self, format: FixedPoint) -> Option<u32> {
        self.kind.mean_bits(format)
    }

    pub(super) fn operation(self, pass: Pass, rows: usize) -> LayerOperation {
        LayerOperation::new(self.kind, self.input, pass, rows)
    }
}

/// `conv, 28 x 28 x 1 to 24 x 24 x 16`.
impl fmt::Display for LayerShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} to {}", self.kind.name(), self.input, self.output)
    }
}

impl LayerOperation {
    fn new(kind: LayerKind, input: ImageSize, pass: Pass, rows: usize) -> LayerOperation {
        let layer = layers_on(&[kind], input).expect("a layer that fits").remove(0);
        LayerOperation { layer, pass, rows }
    }

    /// Kernels of 5 x 5 on so many square images of so many pixels along each side.
    pub(super) fn convolution(
        (side, channels): (usize, usize),
        (kernels, stride, padding): (usize, usize, Padding),
        pass: Pass,
        images: usize,
    ) -> LayerOperation {
        let kind = LayerKind::Convolution(Convolution { kernel: 5, channels: kernels, stride, padding });
        LayerOperation::new(kind, ImageSize { height: side, width: side, channels }, pass, images)
    }

    /// So many windows of 2 x 2.
    pub(super) fn pool(kind: fn(Pool) -> LayerKind, pass: Pass, windows: usize) -> LayerOperation {
        let input = ImageSize { height: 2, width: 2 * windows, channels: 1 };
        LayerOperation::new(kind(Pool { size: 2 }), input, pass, 1)
    }

    /// Lengths of the operands: weights and bias if there are some; on the way forward what goes in, on the way back the gradient
    /// and the most that is kept.
    pub(super) fn operands(&self) -> Vec<usize> {
        let LayerOperation { layer, pass, rows } = self;
        let own = layer.fans().into_iter().flat_map(|fans| [fans.weights(), fans.outputs]);
        let passed = match pass {
            Pass::Forward => vec![rows * layer.input.values()],
            Pass::Backward | Pass::BackwardWeights => {
                let kept = match layer.kind {
                    LayerKind::Convolution(_) => layer.window_values(false),
                    _ => layer.input.values(),
                };
                vec![rows * layer.output.values(), rows * kept]
            }
        };
        own.chain(passed).collect()
    }

    /// Runs it and drops the result.
    pub(super) async fn perform<P: Protocol>(&self, secure: &Secure<P>, operands: &[P::Share]) {
        let (own, passed) = operands.split_at(2 * usize::from(self.layer.fans().is_some()));
        let own = match own {
            [weights, bias] => Some(Parameters { weights: weights.clone(), bias: bias.clone() }),
            _ => None,
        };
        match self.pass {
            Pass::Forward => drop(self.layer.forward(secure, own.as_ref(), None, &passed[0]).await),
            pass => {
                let (gradient, with_inputs) = (&passed[0], pass == Pass::Backward);
                let kept = match self.layer.kind {
                    LayerKind::MaxPool(pool) if secure.protocol.finds_places(pool.size * pool.size) => {
                        passed[1].slice(0, gradient.len())
                    }
                    _ => passed[1].clone(),
                };
                drop(self.layer.backward(secure, own.as_ref(), Some(&kept), gradient, with_inputs).await);
            }
        }
    }
}
