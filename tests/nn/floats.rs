//! Layers in 64-bit floats, written down from their definition.

use mpcsim::data::ImageSize;
use mpcsim::nn::{Convolution, Layer, LayerKind, Padding};

/// Weights, fan-in x fan-out, and bias.
pub type Own = (Vec<f64>, Vec<f64>);

/// What a layer gives for a batch, and what it kept for the way back.
pub struct Passed {
    pub output: Vec<f64>,
    kept: Vec<f64>,
}

/// Gradients from that of the outputs: of what goes in, of weights and of bias.
pub struct Gradients {
    pub input: Vec<f64>,
    pub own: Own,
}

/// Of the values of some images, the place of one of them; none if it is beyond an edge.
fn place(size: ImageSize, n: usize, y: i64, x: i64, c: usize) -> Option<usize> {
    let inside = (0..size.height as i64).contains(&y) && (0..size.width as i64).contains(&x);
    inside.then(|| ((n * size.height + y as usize) * size.width + x as usize) * size.channels + c)
}

/// Zeros above and to the left of an image, as TensorFlow has them.
fn zeros_before(convolution: Convolution, pixels: usize, windows: usize) -> i64 {
    match convolution.padding {
        Padding::Valid => 0,
        Padding::Same => {
            let reach = (windows - 1) * convolution.stride + convolution.kernel;
            (reach.max(pixels) - pixels) as i64 / 2
        }
    }
}

/// Calls `f(output, input, weight)` for each multiplication of a convolution, by places.
fn for_each_product(
    layer: &Layer,
    convolution: Convolution,
    rows: usize,
    mut f: impl FnMut(usize, usize, usize),
) {
    let (input, output, k) = (layer.input, layer.output, convolution.kernel);
    let above = zeros_before(convolution, input.height, output.height);
    let left = zeros_before(convolution, input.width, output.width);
    for n in 0..rows {
        for (oy, ox) in (0..output.height).flat_map(|y| (0..output.width).map(move |x| (y, x))) {
            for (ky, kx) in (0..k).flat_map(|y| (0..k).map(move |x| (y, x))) {
                let y = (oy * convolution.stride + ky) as i64 - above;
                let x = (ox * convolution.stride + kx) as i64 - left;
                for i in 0..input.channels {
                    let Some(from) = place(input, n, y, x, i) else { continue };
                    for o in 0..output.channels {
                        let to = place(output, n, oy as i64, ox as i64, o).unwrap();
                        f(to, from, ((ky * k + kx) * input.channels + i) * output.channels + o);
                    }
                }
            }
        }
    }
}

/// The places of the pixels of each window, row by row, of each output.
fn windows(layer: &Layer, size: usize, rows: usize) -> Vec<Vec<usize>> {
    let (input, output) = (layer.input, layer.output);
    let mut all = Vec::new();
    for n in 0..rows {
        for (oy, ox) in (0..output.height).flat_map(|y| (0..output.width).map(move |x| (y, x))) {
            for c in 0..output.channels {
                let pixels = (0..size * size)
                    .map(|at| ((oy * size + at / size) as i64, (ox * size + at % size) as i64));
                all.push(pixels.map(|(y, x)| place(input, n, y, x, c).unwrap()).collect());
            }
        }
    }
    all
}

pub fn forward(layer: &Layer, own: Option<&Own>, x: &[f64]) -> Passed {
    let rows = x.len() / layer.input.values();
    let mut output = vec![0.0; rows * layer.output.values()];
    match layer.kind {
        LayerKind::Dense { outputs } => {
            let (weights, bias) = own.unwrap();
            for (x, z) in x.chunks(layer.input.values()).zip(output.chunks_mut(outputs)) {
                for (j, z) in z.iter_mut().enumerate() {
                    *z = bias[j]
                        + x.iter().enumerate().map(|(i, x)| x * weights[i * outputs + j]).sum::<f64>();
                }
            }
        }
        LayerKind::Convolution(convolution) => {
            let (weights, bias) = own.unwrap();
            for_each_product(layer, convolution, rows, |to, from, at| output[to] += x[from] * weights[at]);
            output.iter_mut().enumerate().for_each(|(at, z)| *z += bias[at % bias.len()]);
        }
        LayerKind::MaxPool(pool) => {
            let windows = windows(layer, pool.size, rows);
            let largest = |window: &Vec<usize>| window.iter().map(|&at| x[at]).fold(f64::MIN, f64::max);
            output = windows.iter().map(largest).collect();
        }
        LayerKind::AveragePool(pool) => {
            let mean = |window: Vec<usize>| window.iter().map(|&at| x[at]).sum::<f64>() / window.len() as f64;
            output = windows(layer, pool.size, rows).into_iter().map(mean).collect();
        }
        LayerKind::Relu => output = x.iter().map(|x| x.max(0.0)).collect(),
        LayerKind::Dropout(_) => panic!("chance has a part in it"),
        LayerKind::Flatten => output = x.to_vec(),
    }
    Passed { output, kept: x.to_vec() }
}

pub fn backward(layer: &Layer, own: Option<&Own>, passed: &Passed, gradient: &[f64]) -> Gradients {
    let x = &passed.kept;
    let rows = x.len() / layer.input.values();
    let mut input = vec![0.0; x.len()];
    let mut learnt = own.map_or((vec![], vec![]), |(w, b)| (vec![0.0; w.len()], vec![0.0; b.len()]));
    match layer.kind {
        LayerKind::Dense { outputs } => {
            let (weights, _) = own.unwrap();
            let batch = x
                .chunks(layer.input.values())
                .zip(gradient.chunks(outputs))
                .zip(input.chunks_mut(layer.input.values()));
            for ((x, g), back) in batch {
                for (j, g) in g.iter().enumerate() {
                    learnt.1[j] += g;
                    for (i, x) in x.iter().enumerate() {
                        learnt.0[i * outputs + j] += x * g;
                        back[i] += weights[i * outputs + j] * g;
                    }
                }
            }
        }
        LayerKind::Convolution(convolution) => {
            let (weights, bias) = own.unwrap();
            for_each_product(layer, convolution, rows, |to, from, at| {
                learnt.0[at] += x[from] * gradient[to];
                input[from] += weights[at] * gradient[to];
            });
            gradient.iter().enumerate().for_each(|(at, g)| learnt.1[at % bias.len()] += g);
        }
        LayerKind::MaxPool(pool) => {
            for ((window, largest), g) in
                windows(layer, pool.size, rows).iter().zip(&passed.output).zip(gradient)
            {
                // Of equal values the last one.
                let at = window.iter().rev().find(|&&at| x[at] == *largest).unwrap();
                input[*at] = *g;
            }
        }
        LayerKind::AveragePool(pool) => {
            for (window, g) in windows(layer, pool.size, rows).iter().zip(gradient) {
                window.iter().for_each(|&at| input[at] = g / window.len() as f64);
            }
        }
        LayerKind::Relu => {
            input = x.iter().zip(gradient).map(|(x, g)| if *x > 0.0 { *g } else { 0.0 }).collect()
        }
        LayerKind::Dropout(_) => panic!("chance has a part in it"),
        LayerKind::Flatten => input = gradient.to_vec(),
    }
    Gradients { input, own: learnt }
}
