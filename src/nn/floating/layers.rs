//! The passes of each kind of layer.

use crate::data::ImageSize;
use crate::nn::convolution::Convolution;
use crate::nn::layer::{Layer, LayerKind};
use crate::nn::pool::Pool;
use crate::ring::{MatMul, Real, float_matmul, float_windows};

/// What the way back needs of the way forward.
pub enum Kept<T> {
    /// Nothing.
    Nothing,
    /// What went in, or the windows of it, or what a dropout multiplied by.
    Values(Vec<T>),
    /// For each value that came out, the place of the value that it is.
    Places(Vec<usize>),
}

impl<T> Kept<T> {
    fn values(&self) -> &[T] {
        match self {
            Kept::Values(values) => values,
            _ => panic!("values were kept"),
        }
    }

    fn places(&self) -> &[usize] {
        match self {
            Kept::Places(places) => places,
            _ => panic!("places were kept"),
        }
    }
}

/// What a layer with parameters gets.
const OWN: &str = "the parameters of the layer";

/// What comes out for all rows of x (row by row), and what the way back needs. `own` are the layer's parameters, if it has some.
/// `mask` is what a dropout multiplies by, value by value; outside of a training it has none.
pub fn forward<T: Real>(
    layer: &Layer,
    own: Option<&[T]>,
    mask: Option<Vec<T>>,
    x: Vec<T>,
) -> (Vec<T>, Kept<T>) {
    match layer.kind {
        LayerKind::Dense { .. } => (affine(layer, own.expect(OWN), &x), Kept::Values(x)),
        LayerKind::Convolution(convolution) => {
            let windows = float_windows(&convolution.patches(layer.input), &x);
            (affine(layer, own.expect(OWN), &windows), Kept::Values(windows))
        }
        LayerKind::MaxPool(pool) => {
            let (largest, places) = largest(pool, layer.input, &x);
            (largest, Kept::Places(places))
        }
        LayerKind::AveragePool(pool) => (means(pool, layer.input, &x), Kept::Nothing),
        LayerKind::Relu => (x.iter().map(|&x| positive(x, x)).collect(), Kept::Values(x)),
        LayerKind::Dropout(_) => match mask {
            Some(mask) => (products(&x, &mask), Kept::Values(mask)),
            None => (x, Kept::Nothing),
        },
        LayerKind::Flatten => (x, Kept::Nothing),
    }
}

/// From the gradient of what came out: that of the layer's parameters, if it has some, summed over the rows, and that of what went
/// in, if asked for. `kept` is what [`forward`] kept.
pub fn backward<T: Real>(
    layer: &Layer,
    own: Option<&[T]>,
    kept: &Kept<T>,
    gradient: Vec<T>,
    with_inputs: bool,
) -> (Option<Vec<T>>, Option<Vec<T>>) {
    match layer.kind {
        LayerKind::Dense { outputs } => {
            let back = || {
                let (rows, inputs) = (gradient.len() / outputs, layer.input.values());
                let weights = &own.expect(OWN)[..inputs * outputs];
                float_matmul(&gradient, weights, MatMul::new(rows, outputs, inputs).right_transposed())
            };
            (Some(learnt(layer, kept.values(), &gradient)), with_inputs.then(back))
        }
        LayerKind::Convolution(convolution) => {
            let back = || inputs_of(convolution, layer.input, own.expect(OWN), &gradient);
            (Some(learnt(layer, kept.values(), &gradient)), with_inputs.then(back))
        }
        LayerKind::MaxPool(_) => {
            let images = gradient.len() / layer.output.values();
            let mut inputs = vec![T::default(); images * layer.input.values()];
            kept.places().iter().zip(gradient).for_each(|(&at, gradient)| inputs[at] = gradient);
            (None, Some(inputs))
        }
        LayerKind::AveragePool(pool) => (None, Some(shared(pool, layer.input, &gradient))),
        LayerKind::Relu => {
            let passed = kept.values().iter().zip(gradient).map(|(&x, gradient)| positive(x, gradient));
            (None, Some(passed.collect()))
        }
        LayerKind::Dropout(_) => (None, Some(products(&gradient, kept.values()))),
        LayerKind::Flatten => (None, Some(gradient)),
    }
}

/// The value where x is positive. What is no number stays none, so that it shows.
fn positive<T: Real>(x: T, value: T) -> T {
    if x <= T::default() { T::default() } else { value }
}

fn products<T: Real>(x: &[T], y: &[T]) -> Vec<T> {
    x.iter().zip(y).map(|(&x, &y)| x * y).collect()
}

/// x W + b for all rows of x, which are rows of data or windows.
fn affine<T: Real>(layer: &Layer, own: &[T], x: &[T]) -> Vec<T> {
    let fans = layer.fans().expect(OWN);
    let (weights, bias) = own.split_at(fans.weights());
    let mut z = float_matmul(x, weights, MatMul::new(x.len() / fans.inputs, fans.inputs, fans.outputs));
    for row in z.chunks_exact_mut(fans.outputs) {
        row.iter_mut().zip(bias).for_each(|(z, &bias)| *z += bias);
    }
    z
}

/// The gradient of parameters: x^T g, and the column sums of g.
fn learnt<T: Real>(layer: &Layer, x: &[T], gradient: &[T]) -> Vec<T> {
    let fans = layer.fans().expect(OWN);
    let shape = MatMul::new(fans.inputs, gradient.len() / fans.outputs, fans.outputs).left_transposed();
    let mut learnt = float_matmul(x, gradient, shape);
    let mut bias = vec![T::default(); fans.outputs];
    for row in gradient.chunks_exact(fans.outputs) {
        bias.iter_mut().zip(row).for_each(|(sum, &gradient)| *sum += gradient);
    }
    learnt.extend(bias);
    learnt
}

/// The gradient of what a convolution took: windows of that of its outputs, times the kernels turned round.
fn inputs_of<T: Real>(convolution: Convolution, input: ImageSize, own: &[T], gradient: &[T]) -> Vec<T> {
    let Convolution { kernel, channels: outputs, .. } = convolution;
    let windows = float_windows(&convolution.patches_back(input), gradient);
    let pixel = input.channels * outputs;
    let mut turned = Vec::with_capacity(kernel * kernel * pixel);
    for weights in own[..kernel * kernel * pixel].chunks_exact(pixel).rev() {
        for output in 0..outputs {
            turned.extend(weights[output..].iter().step_by(outputs));
        }
    }
    let inner = kernel * kernel * outputs;
    float_matmul(&windows, &turned, MatMul::new(windows.len() / inner, inner, input.channels))
}

/// Calls `each(pixel, window)` with the first places of the values of each pixel and of the window that it is in: windows
/// one after the other, of each its pixels row by row.
fn for_each_pixel(pool: Pool, input: ImageSize, images: usize, mut each: impl FnMut(usize, usize)) {
    let patches = pool.patches(input);
    for (at, pixel) in patches.pixels(images).enumerate() {
        let pixel = pixel.expect("windows are within the image");
        each(pixel * input.channels, at / pool.pixels() * input.channels);
    }
}

/// The largest value of each window, and its place. Of equal values the last one, as on shares.
fn largest<T: Real>(pool: Pool, input: ImageSize, x: &[T]) -> (Vec<T>, Vec<usize>) {
    let mut places = vec![usize::MAX; x.len() / pool.pixels()];
    for_each_pixel(pool, input, x.len() / input.values(), |pixel, window| {
        for (channel, place) in places[window..][..input.channels].iter_mut().enumerate() {
            let at = pixel + channel;
            if *place == usize::MAX || x[at] >= x[*place] {
                *place = at;
            }
        }
    });
    (places.iter().map(|&at| x[at]).collect(), places)
}

/// The mean of each window.
fn means<T: Real>(pool: Pool, input: ImageSize, x: &[T]) -> Vec<T> {
    let mut sums = vec![T::default(); x.len() / pool.pixels()];
    for_each_pixel(pool, input, x.len() / input.values(), |pixel, window| {
        let values = &x[pixel..][..input.channels];
        sums[window..].iter_mut().zip(values).for_each(|(sum, &value)| *sum += value);
    });
    let pixels = T::nearest(pool.pixels() as f64);
    sums.into_iter().map(|sum| sum / pixels).collect()
}

/// What windows are given, in equal parts for each of their pixels.
fn shared<T: Real>(pool: Pool, input: ImageSize, windows: &[T]) -> Vec<T> {
    let pixels = T::nearest(pool.pixels() as f64);
    let mut shared = vec![T::default(); windows.len() * pool.pixels()];
    for_each_pixel(pool, input, shared.len() / input.values(), |pixel, window| {
        let values = &windows[window..][..input.channels];
        shared[pixel..].iter_mut().zip(values).for_each(|(part, &value)| *part = value / pixels);
    });
    shared
}
