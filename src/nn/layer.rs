//! Layers: what there is, what each makes of the size of an image, its passes forward and backward.

use super::average_pool::Mean;
use super::convolution::Convolution;
use super::dropout::Dropout;
use super::parameters::{Fans, Parameters};
use super::pool::Pool;
use super::{average_pool, dense, max_pool};
use crate::data::ImageSize;
use crate::protocol::{Protocol, RingShare};
use crate::ring::Vector;
use crate::secure::{FixedPoint, Secure};

/// A layer as a scenario names it, whatever goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// z = x W + b for all values of x.
    Dense {
        /// Number of values that come out.
        outputs: usize,
    },
    /// Dot products of windows with kernels.
    Convolution(Convolution),
    /// The largest value of each window.
    MaxPool(Pool),
    /// The mean of each window.
    AveragePool(Pool),
    /// max(x, 0).
    Relu,
    /// The same values, some of them zero in a training.
    Dropout(Dropout),
    /// The same values, not as an image any more.
    Flatten,
}

/// A layer of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it computes.
    pub kind: LayerKind,
    /// What goes in.
    pub input: ImageSize,
    /// What comes out.
    pub output: ImageSize,
    /// The name of its spans: its kind with a number, counted from 1. A ReLU belongs to the layer before it.
    pub span: String,
}

/// A layer that cannot take what the layers before it give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Its place, counted from 0.
    pub layer: usize,
    /// Why, with both sizes.
    pub reason: String,
}

/// What a layer with parameters gets.
const OWN: &str = "the parameters of the layer";

impl LayerKind {
    /// What comes out if this goes in; or why that cannot be.
    fn output(&self, input: ImageSize) -> Result<ImageSize, String> {
        match self {
            LayerKind::Dense { outputs } => Ok(ImageSize::flat(*outputs)),
            LayerKind::Convolution(convolution) => convolution.output(input),
            LayerKind::MaxPool(pool) | LayerKind::AveragePool(pool) => pool.output(input),
            LayerKind::Relu | LayerKind::Dropout(_) => Ok(input),
            LayerKind::Flatten => Ok(ImageSize::flat(input.values())),
        }
    }

    /// Bits of a mean before it is rounded; none if it is a layer without means.
    pub fn mean_bits(&self, format: FixedPoint) -> Option<u32> {
        match self {
            LayerKind::AveragePool(pool) => Some(Mean::of(*pool, format).bits),
            _ => None,
        }
    }

    /// The name in a scenario, and of its spans if it has some of its own.
    pub fn name(&self) -> &'static str {
        match self {
            LayerKind::Dense { .. } => "dense",
            LayerKind::Convolution(_) => "conv",
            LayerKind::MaxPool(_) => "max_pool",
            LayerKind::AveragePool(_) => "avg_pool",
            LayerKind::Relu => "relu",
            LayerKind::Dropout(_) => "dropout",
            LayerKind::Flatten => "flatten",
        }
    }

    /// Whether it makes something of another size out of what goes in.
    fn resizes(&self) -> bool {
        !matches!(self, LayerKind::Relu | LayerKind::Dropout(_) | LayerKind::Flatten)
    }

    /// Whether its spans are those of the layer before it.
    fn belongs_to_another(&self) -> bool {
        matches!(self, LayerKind::Relu | LayerKind::Flatten)
    }

    /// Dense layers with ReLU behind each of them.
    pub fn perceptron(hidden: &[usize]) -> Vec<LayerKind> {
        hidden.iter().flat_map(|&outputs| [LayerKind::Dense { outputs }, LayerKind::Relu]).collect()
    }
}

/// The layers of a network, one after the other, for inputs of this size.
pub fn layers_on(kinds: &[LayerKind], input: ImageSize) -> Result<Vec<Layer>, Misfit> {
    let mut layers: Vec<Layer> = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        let input = layers.last().map_or(input, |layer| layer.output);
        let output = kind.output(input).map_err(|reason| Misfit { layer: at, reason })?;
        let before = layers.last().filter(|_| kind.belongs_to_another());
        let span = before.map(|layer| layer.span.clone()).unwrap_or_else(|| {
            let alike = layers.iter().filter(|layer| layer.kind.name() == kind.name());
            format!("{}{}", kind.name(), alike.count() + 1)
        });
        layers.push(Layer { kind: *kind, input, output, span });
    }
    Ok(layers)
}

/// A multilayer perceptron: dense layers of these widths, from the inputs to the classes, with ReLU between them.
pub fn dense_layers(widths: &[usize]) -> Vec<Layer> {
    let [inputs, hidden @ .., classes] = widths else { panic!("a network has inputs and classes") };
    let kinds = [LayerKind::perceptron(hidden), vec![LayerKind::Dense { outputs: *classes }]].concat();
    layers_on(&kinds, ImageSize::flat(*inputs)).expect("dense layers take everything")
}

/// What goes in, and then what comes out of each layer that makes it another size.
pub fn sizes(layers: &[Layer]) -> Vec<ImageSize> {
    let input = layers.first().map(|layer| layer.input);
    let outputs = layers.iter().filter(|layer| layer.kind.resizes()).map(|layer| layer.output);
    input.into_iter().chain(outputs).collect()
}

/// The sizes of the parameters of all layers that have some.
pub fn fans(layers: &[Layer]) -> Vec<Fans> {
    layers.iter().filter_map(Layer::fans).collect()
}

/// The names of the spans of all layers that have parameters.
pub fn parameter_spans(layers: &[Layer]) -> Vec<&str> {
    layers.iter().filter(|layer| layer.fans().is_some()).map(|layer| layer.span.as_str()).collect()
}

impl Layer {
    /// The size of its parameters, if it has some.
    pub fn fans(&self) -> Option<Fans> {
        match self.kind {
            LayerKind::Dense { outputs } => Some(Fans { inputs: self.input.values(), outputs }),
            LayerKind::Convolution(convolution) => Some(convolution.fans(self.input)),
            LayerKind::MaxPool(_)
            | LayerKind::AveragePool(_)
            | LayerKind::Relu
            | LayerKind::Dropout(_)
            | LayerKind::Flatten => None,
        }
    }

    /// Multiplications of its matrix products for a row of data, forward.
    pub fn multiplications(&self) -> usize {
        let windows = self.output.height * self.output.width;
        self.fans().map_or(0, |fans| windows * fans.weights())
    }

    /// Values of the windows that a convolution makes of a row of data, on the way back too if it has to go on.
    pub fn window_values(&self, with_inputs: bool) -> usize {
        match self.kind {
            LayerKind::Convolution(convolution) => {
                let forward = convolution.patches(self.input).len_of(self.input.values());
                let back = convolution.patches_back(self.input).len_of(self.output.values());
                if with_inputs { forward + back } else { forward }
            }
            LayerKind::MaxPool(_) | LayerKind::AveragePool(_) => 0,
            LayerKind::Dense { .. } | LayerKind::Relu | LayerKind::Dropout(_) | LayerKind::Flatten => 0,
        }
    }

    /// Values for a row of data that a comparison or a rounding on the way forward works on.
    pub fn activations(&self) -> usize {
        match self.kind {
            LayerKind::Dense { .. } | LayerKind::Convolution(_) | LayerKind::AveragePool(_) => {
                self.output.values()
            }
            LayerKind::MaxPool(_) | LayerKind::Dropout(_) => self.input.values(),
            LayerKind::Relu | LayerKind::Flatten => 0,
        }
    }

    /// What comes out for all rows of x, and what the way back needs, if it needs anything. `own` are the layer's parameters, if it
    /// has some. `mask` is what a dropout lets stay, ones and zeros, in place of what it would draw.
    pub async fn forward<P: Protocol>(
        &self,
        secure: &Secure<P>,
        own: Option<&Parameters<P::Share>>,
        mask: Option<&Vector>,
        x: &P::Share,
    ) -> (P::Share, Option<P::Share>) {
        match self.kind {
            LayerKind::Dense { .. } => {
                let z = dense::forward(secure, own.expect(OWN), x).await;
                (z, Some(x.clone()))
            }
            LayerKind::Convolution(convolution) => {
                let (z, windows) = convolution.forward(secure, self.input, own.expect(OWN), x).await;
                (z, Some(windows))
            }
            LayerKind::MaxPool(pool) => {
                let (largest, marks) = max_pool::forward(secure, pool, self.input, x).await;
                (largest, Some(marks))
            }
            LayerKind::AveragePool(pool) => (average_pool::forward(secure, pool, self.input, x).await, None),
            LayerKind::Relu => {
                let (relu, positive) = secure.relu(x).await;
                (relu, Some(positive))
            }
            LayerKind::Dropout(dropout) => {
                let mask = match mask {
                    Some(mask) => secure.protocol.public(mask),
                    None => dropout.mask(secure, x.len()).await,
                };
                (dropout.apply(secure, &mask, x).await, Some(mask))
            }
            LayerKind::Flatten => (x.clone(), None),
        }
    }

    /// From the gradient of what came out: that of the layer's parameters, if it has some, summed over the batch, and that of what
    /// went in, if asked for. `kept` is what [`Layer::forward`] kept.
    pub async fn backward<P: Protocol>(
        &self,
        secure: &Secure<P>,
        own: Option<&Parameters<P::Share>>,
        kept: Option<&P::Share>,
        gradient: &P::Share,
        with_inputs: bool,
    ) -> (Option<Parameters<P::Share>>, Option<P::Share>) {
        let kept = || kept.expect("what was kept on the way forward");
        match self.kind {
            LayerKind::Dense { .. } => {
                let (own, inputs) =
                    dense::backward(secure, own.expect(OWN), kept(), gradient, with_inputs).await;
                (Some(own), inputs)
            }
            LayerKind::Convolution(convolution) => {
                let layer = (self.input, own.expect(OWN));
                let (own, inputs) = convolution.backward(secure, layer, kept(), gradient, with_inputs).await;
                (Some(own), inputs)
            }
            LayerKind::MaxPool(pool) => {
                (None, Some(max_pool::backward(secure, pool, self.input, kept(), gradient).await))
            }
            LayerKind::AveragePool(pool) => {
                (None, Some(average_pool::backward(secure, pool, self.input, gradient).await))
            }
            LayerKind::Relu => {
                let _op = secure.span("relu");
                (None, Some(secure.protocol.mul(kept(), gradient).await))
            }
            LayerKind::Dropout(dropout) => (None, Some(dropout.apply(secure, kept(), gradient).await)),
            LayerKind::Flatten => (None, Some(gradient.clone())),
        }
    }
}
