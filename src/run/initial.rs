//! The initial weights of a training.

use crate::data::{DataError, DataPath, npz};
use crate::nn::{Fans, Layer, Weights, fans, glorot_weights, parameter_spans};
use crate::ring::Vector;
use crate::scenario::{InitialWeights, Plan};
use crate::secure::FixedPoint;

/// What the owner of the initial weights inputs, layer by layer; nothing if the parties draw them together. A training that starts
/// again, `attempt` counts how often, takes others if they are drawn, and the same if they are in a file.
pub(super) fn initial_weights(
    plan: &Plan,
    layers: &[Layer],
    attempt: u64,
) -> Result<Vec<Weights>, DataError> {
    let format = plan.fixed_point;
    match &plan.training.initial_weights {
        InitialWeights::Glorot => Ok(glorot_weights(layers, plan.seed, attempt, format)),
        InitialWeights::Secret => Ok(Vec::new()),
        InitialWeights::File(file) => {
            let spans = parameter_spans(layers).into_iter().zip(fans(layers));
            spans.map(|(span, fans)| layer_weights(file, span, fans, format)).collect()
        }
    }
}

/// The weights of a layer, of which the last dimension is its outputs and the others together are its inputs, and the biases.
fn layer_weights(file: &DataPath, span: &str, fans: Fans, format: FixedPoint) -> Result<Weights, DataError> {
    let read = |name: &str, [rows, columns]: [usize; 2]| -> Result<Vector, DataError> {
        let array = format!("{span}_{name}");
        let values = npz::matrix(&file.resolved, &file.written, &array, [rows, columns], format.largest())?;
        Ok(values.into_iter().map(|value| format.encode(value) as u64).collect::<Vec<_>>().into())
    };
    let weights = read("weights", [fans.inputs, fans.outputs])?;
    Ok(Weights { weights, bias: read("bias", [1, fans.outputs])? })
}
