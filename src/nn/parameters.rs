//! The parameters of a layer: a matrix of weights and a bias.

use crate::protocol::RingShare;
use crate::ring::Vector;

/// How many values go into an output of a layer, and how many outputs a value goes into: fan-in and fan-out. The weights
/// are a matrix inputs x outputs, and there is a bias for each output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fans {
    /// Rows of the matrix.
    pub inputs: usize,
    /// Its columns.
    pub outputs: usize,
}

impl Fans {
    /// Number of weights.
    pub fn weights(&self) -> usize {
        self.inputs * self.outputs
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.weights() + self.outputs
    }
}

/// The parameters of a layer, or something that there is for each of them: a gradient, a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters<T> {
    /// inputs x outputs fixed-point numbers.
    pub weights: T,
    /// One fixed-point number an output.
    pub bias: T,
}

/// The parameters of a layer in the clear.
pub type Weights = Parameters<Vector>;

impl<S: RingShare> Parameters<S> {
    /// The weights, then the bias.
    pub fn joined(&self) -> S {
        S::concat(&[&self.weights, &self.bias])
    }

    /// The inverse of [`Parameters::joined`].
    pub fn split(joined: &S, fans: Fans) -> Self {
        let weights = fans.weights();
        Parameters { weights: joined.slice(0, weights), bias: joined.slice(weights, joined.len()) }
    }
}

impl Weights {
    /// Weights of which only the number is known.
    pub fn shape(fans: Fans) -> Weights {
        Parameters { weights: Vector::shape(fans.weights()), bias: Vector::shape(fans.outputs) }
    }
}
