//! A convolution of images with square kernels. Windows of the images are rows of a matrix, so all of it is products of
//! matrices: one dot product and one rounding for each value that comes out, and likewise for each gradient.

use super::parameters::{Fans, Parameters};
use crate::data::ImageSize;
use crate::protocol::{Protocol, RingShare};
use crate::ring::{MatMul, Patches};
use crate::secure::Secure;
use crate::sim::both;

/// What stands around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Zeros, as many as make the result as large as the image divided by the stride, rounded up: half of them, rounded down,
    /// before it.
    Same,
    /// Nothing: windows are within the image.
    Valid,
}

impl Padding {
    /// All of them.
    pub const ALL: [Padding; 2] = [Padding::Valid, Padding::Same];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Padding::Same => "same",
            Padding::Valid => "valid",
        }
    }
}

/// A convolution, whatever goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Rows and columns of pixels of a kernel.
    pub kernel: usize,
    /// Kernels: channels of what comes out.
    pub channels: usize,
    /// By how many pixels one window is apart from the next.
    pub stride: usize,
    /// What stands around the image.
    pub padding: Padding,
}

impl Convolution {
    /// Windows along an axis of so many pixels, and zeros before the first pixel.
    fn along(&self, pixels: usize) -> (usize, usize) {
        match self.padding {
            Padding::Valid => ((pixels - self.kernel) / self.stride + 1, 0),
            Padding::Same => {
                let windows = pixels.div_ceil(self.stride);
                let reach = (windows - 1) * self.stride + self.kernel;
                (windows, reach.saturating_sub(pixels) / 2)
            }
        }
    }

    /// What comes out; or why that cannot be.
    pub(super) fn output(&self, input: ImageSize) -> Result<ImageSize, String> {
        let Convolution { kernel, channels, .. } = *self;
        if kernel > input.height || kernel > input.width {
            return Err(format!("a kernel of {kernel} x {kernel} pixels is larger than an image of {input}"));
        }
        let [height, width] = [input.height, input.width].map(|pixels| self.along(pixels).0);
        Ok(ImageSize { height, width, channels })
    }

    /// A kernel has a weight for each value of a window.
    pub(super) fn fans(&self, input: ImageSize) -> Fans {
        Fans { inputs: self.kernel * self.kernel * input.channels, outputs: self.channels }
    }

    /// The windows of what goes in.
    pub(super) fn patches(&self, input: ImageSize) -> Patches {
        let ImageSize { height, width, channels } = input;
        let [(rows, above), (columns, left)] = [height, width].map(|pixels| self.along(pixels));
        Patches {
            image: [height, width],
            channels,
            windows: [rows, columns],
            kernel: self.kernel,
            stride: self.stride,
            before: [above, left],
            gap: 1,
        }
    }

    /// Windows of the outputs' gradient: for each pixel of what goes in, all that it had a part in, which is a convolution with the
    /// kernels turned round.
    pub(super) fn patches_back(&self, input: ImageSize) -> Patches {
        let Patches { image, windows, kernel, stride, before, .. } = self.patches(input);
        Patches {
            image: windows,
            channels: self.channels,
            windows: image,
            kernel,
            stride: 1,
            before: before.map(|zeros| kernel - 1 - zeros),
            gap: stride,
        }
    }

    /// For each window and kernel the dot product and the bias, rounded once; and the windows.
    pub(super) async fn forward<P: Protocol>(
        &self,
        secure: &Secure<P>,
        input: ImageSize,
        own: &Parameters<P::Share>,
        x: &P::Share,
    ) -> (P::Share, P::Share) {
        let (Fans { inputs, outputs }, f) = (self.fans(input), secure.fixed_point.fraction_bits);
        let windows = x.patches(&self.patches(input));
        let shape = MatMul::new(windows.len() / inputs, inputs, outputs);
        let product = secure.protocol.matmul(&windows, &own.weights, shape).await;
        let sum = product.add_to_rows(&own.bias.scale(1 << f));
        (secure.truncate(&sum, secure.fixed_point.total_bits + f, f).await, windows)
    }

    /// Gradients, summed over the batch, from that of the outputs, and that of the inputs if asked for.
    pub(super) async fn backward<P: Protocol>(
        &self,
        secure: &Secure<P>,
        (input, own): (ImageSize, &Parameters<P::Share>),
        windows: &P::Share,
        gradient: &P::Share,
        with_inputs: bool,
    ) -> (Parameters<P::Share>, Option<P::Share>) {
        let Fans { inputs, outputs } = self.fans(input);
        let [weight_strand, input_strand] = secure.fork();
        let weights = async || {
            let _span = weight_strand.span("weight_gradient");
            let shape = MatMul::new(inputs, gradient.len() / outputs, outputs).left_transposed();
            weight_strand.fixed_matmul(windows, gradient, shape).await
        };
        let back = async || {
            if !with_inputs {
                return None;
            }
            let _span = input_strand.span("input_gradient");
            let windows = gradient.patches(&self.patches_back(input));
            let inner = self.kernel * self.kernel * outputs;
            let shape = MatMul::new(windows.len() / inner, inner, input.channels);
            let turned = self.turned(input, &own.weights);
            Some(input_strand.fixed_matmul(&windows, &turned, shape).await)
        };
        let (weights, inputs) = both(weights(), back()).await;
        (Parameters { weights, bias: gradient.column_sums(outputs) }, inputs)
    }

    /// The kernels turned round: for each pixel of a kernel, the last first, outputs x inputs.
    fn turned<S: RingShare>(&self, input: ImageSize, weights: &S) -> S {
        let pixels = weights.chunks(self.kernel * self.kernel);
        let turned: Vec<S> =
            pixels.iter().rev().map(|pixel| pixel.transpose(input.channels, self.channels)).collect();
        S::concat(&turned.iter().collect::<Vec<_>>())
    }
}
