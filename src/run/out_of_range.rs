//! Where values left their range.

use std::collections::BTreeMap;

use crate::nn::{Layer, Weights, parameter_spans};
use crate::protocol::ValuesBeyond;
use crate::sim::Trace;

/// Values that left the range of the number format, or of the numbers that an operation works on: what became of them is
/// wrong on shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The layer and what it did, as spans are named: `dense1/forward`, `output/backward`. What an update left behind is
    /// looked at once, where the weights are opened.
    pub place: String,
    /// How many, over all iterations that were looked at.
    pub values: u64,
}

impl OutOfRange {
    /// What was counted since the last time, by layer and direction, from the spans of an iteration, and what the updates
    /// left behind: the weights of the layers, numbers of `bits` bits. In the order of layers.
    pub(super) fn since_last(
        beyond: &ValuesBeyond,
        iteration: &Trace,
        (layers, weights): (&[Layer], &[Weights]),
        bits: u32,
    ) -> Vec<OutOfRange> {
        let mut places = BTreeMap::<String, u64>::new();
        for (span, values) in beyond.take() {
            let path = iteration.spans().path(span);
            let place: Vec<&str> = path.split('/').skip(1).take(2).collect();
            *places.entry(place.join("/")).or_default() += values;
        }
        for (span, own) in parameter_spans(layers).into_iter().zip(weights) {
            let values = own.weights.beyond(bits) + own.bias.beyond(bits);
            if values > 0 {
                *places.entry(format!("{span}/update")).or_default() += values;
            }
        }
        places.into_iter().map(|(place, values)| OutOfRange { place, values }).collect()
    }
}
