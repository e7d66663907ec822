//! What an iteration sends, against the reference system's figures (batch 128, probabilistic rounding, no loss).

use mpcsim::nn::dense_layers;
use mpcsim::run::{endpoints, network};
use mpcsim::run::{record, training_program};
use mpcsim::secure::Rounding;
use mpcsim::softmax::Softmax;

use super::training::plan;
use crate::secure::{EXACT, RELU_GRADIENT, RELU_PROBABILITY};

/// Payload bytes over all parties that the reference system sends, its word padding included.
const REFERENCE: [(&[usize], Softmax, u64); 6] = [
    (&[784, 128, 10], EXACT, 18_377_723),
    (&[784, 128, 10], RELU_PROBABILITY, 17_460_190),
    (&[784, 128, 10], RELU_GRADIENT, 16_323_597),
    (&[784, 10], EXACT, 3_376_715),
    (&[784, 10], RELU_PROBABILITY, 2_459_182),
    (&[784, 10], RELU_GRADIENT, 1_322_589),
];

/// Rounds of 784-128-10.
const ROUNDS: [(Softmax, u64); 3] = [(EXACT, 160), (RELU_PROBABILITY, 110), (RELU_GRADIENT, 105)];

#[test]
fn an_iteration_sends_what_the_reference_system_sends() {
    for (widths, softmax, reference) in REFERENCE {
        let plan = plan(softmax, Rounding::Probabilistic, &[]);
        let recorded =
            record(&plan, &training_program(&plan, &dense_layers(widths), 60_000)).expect("a recording");
        let costs =
            recorded.costs(&network(&plan.network, plan.seed), &endpoints(&plan.compute), &[]).unwrap();
        let iteration = costs.iteration;
        let (sent, rounds) = (iteration.payload_bytes, iteration.rounds);
        let part = sent as f64 / reference as f64;
        println!("{widths:?} {softmax:?}: {sent} bytes, {part:.4} of {reference}; {rounds} rounds");
        assert!(sent <= reference, "{widths:?} {softmax:?}: {sent} bytes of {reference}");
        assert!(sent * 100 >= reference * 97, "{widths:?} {softmax:?}: {sent} bytes of {reference}");
        if widths.len() == 3 {
            let (_, most) = ROUNDS.into_iter().find(|(name, _)| *name == softmax).unwrap();
            assert!(rounds <= most, "{softmax:?}: {rounds} rounds of {most}");
        }
    }
}
