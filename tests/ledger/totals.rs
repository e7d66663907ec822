//! Totals that do not fit are errors, never wrapped.

use mpcsim::{
    ledger::{Breakdown, Cost},
    nn::dense_layers,
    run::{endpoints, network, record, training_program},
    secure::Rounding,
    sim::{Endpoint, Link, Network, SimError, SpanId, SpanTree, Trace, TraceBuilder, WireOverhead},
};

use crate::run::training::plan;
use crate::secure::RELU_GRADIENT;

const HALF: u64 = 1 << 63;

fn two_messages(sizes: [u64; 2]) -> Trace {
    let mut builder = TraceBuilder::new(2);
    for (ordinal, bytes) in sizes.into_iter().enumerate() {
        builder.send(0, SpanId::ROOT, 1, bytes);
        builder.recv(1, SpanId::ROOT, 0, ordinal as u64, true);
    }
    builder.finish(SpanTree::new().into())
}

#[test]
fn bytes_of_a_trace_are_counted_or_refused() {
    let none = WireOverhead::NONE;
    let counted = |sizes, overhead: &WireOverhead| {
        Cost::of_trace(&two_messages(sizes), overhead).map(|cost| cost.wire_bytes)
    };
    assert_eq!(counted([HALF, HALF - 1], &none), Ok(u64::MAX));
    let refused = Err(SimError::Total("bytes"));
    assert_eq!(counted([HALF, HALF], &none), refused);
    assert_eq!(counted([HALF, HALF + 1], &none), refused, "it wraps to 1");
    assert_eq!(counted([HALF / 2, HALF / 2], &WireOverhead { per_message_bytes: HALF / 2, ..none }), refused);
    assert_eq!(counted([1, 1], &WireOverhead { per_message_bytes: u64::MAX, ..none }), refused);
    assert_eq!(two_messages([HALF, HALF - 1]).payload_bytes(), Some(u64::MAX));
    assert_eq!(two_messages([HALF, HALF]).payload_bytes(), None);
    let instant = Network::uniform(2, Link::INSTANT);
    let error = Breakdown::of(&two_messages([HALF, HALF + 1]), &instant, &[Endpoint::default(); 2]);
    assert_eq!(error.map(|_| ()), Err(SimError::Total("bytes")));
}

#[test]
fn repetitions_are_counted_or_refused() {
    let one = Cost {
        wire_bytes: 1 << 40,
        payload_bytes: 1 << 39,
        payload_bytes_by_party: vec![1 << 39, 0],
        messages: 4,
        exchanges: 2,
        ..Cost::default()
    };
    let mut sum = Cost::default();
    assert_eq!(sum.add_counts(&one, (1 << 24) - 1), Ok(()));
    assert_eq!(
        (sum.wire_bytes, sum.payload_bytes_by_party[0]),
        (u64::MAX - (1 << 40) + 1, u64::MAX / 2 - (1 << 39) + 1)
    );
    assert_eq!(sum.add_counts(&one, 1), Err(SimError::Total("bytes")));
    assert_eq!(Cost::default().add_counts(&one, u64::MAX), Err(SimError::Total("bytes")));
    let many = Cost { messages: HALF, ..Cost::default() };
    assert_eq!(Cost::default().add_counts(&many, 2), Err(SimError::Total("messages")));
}

/// Before a training runs, it is known whether its costs can be counted.
#[test]
fn a_training_that_cannot_be_counted_is_refused_before_it_runs() {
    let check = |network_text: &str, length: (u64, u64)| {
        let sets = [
            &format!("network={network_text}")[..],
            "compute=none",
            "data=mnist(train: 64, test: 1)",
            "training.batch=32",
        ];
        let plan = plan(RELU_GRADIENT, Rounding::Probabilistic, &sets);
        let recorded =
            record(&plan, &training_program(&plan, &dense_layers(&[784, 4, 10]), 64)).expect("it runs");
        recorded.check(&network(&plan.network, plan.seed), &endpoints(&plan.compute), length)
    };
    let instant = "custom(latency_ms: 0, bandwidth_mbps: unlimited)";
    assert_eq!(check(instant, (1_000_000_000, 1_000)), Ok(()));
    assert_eq!(check(instant, (1_000_000_000_000_000, 1_000)), Err(SimError::Total("bytes")));
    // Only the weights of restarts are too many.
    assert_eq!(check(instant, (10, 1_000_000_000_000_000)), Err(SimError::Total("bytes")));
    for jitter in ["", ", jitter: uniform(max_ms: 5)"] {
        let slow = format!("custom(latency_ms: 1000, bandwidth_mbps: unlimited{jitter})");
        assert_eq!(check(&slow, (100_000, 1_000)), Ok(()));
        assert_eq!(check(&slow, (100_000_000, 1_000)), Err(SimError::Overflow));
    }
}
