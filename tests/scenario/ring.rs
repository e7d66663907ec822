//! `ring_bits`: what is read, what has place in a smaller ring, and what is refused.

use mpcsim::nn::{LayerKind, Pool};
use mpcsim::scenario::Protocol;
use mpcsim::secure::FixedPoint;

use super::{advice, good, minimal, mistakes};

/// A scenario in a ring of 32 bits; `softmax` and what else there is are added.
fn small(softmax: &str, more: &str) -> String {
    let text = minimal(&format!(
        "network: preset(\"lan\"),\nring_bits: 32, fixed_point: (fraction_bits: 13, total_bits: 18),\n{more}"
    ));
    text.replace("protocol: rep3", "protocol: falcon")
        .replace("softmax: exact", &format!("softmax: {softmax}"))
}

const QUOTIENT: &str = "relu_gradient(division: quotient)";

#[test]
fn bits_of_a_ring_are_read_and_written_so_that_they_are_read_again() {
    let plan = good(&small(QUOTIENT, ""), &[]);
    assert_eq!((plan.protocol, plan.protocol.ring_bits()), (Protocol::Falcon32, 32));
    assert!(plan.to_ron().contains("ring_bits: 32,") && plan.to_ron().contains("protocol: falcon,"));
    assert_eq!(good(&plan.to_ron(), &[]), plan);
    let large = good(&small(QUOTIENT, "").replace("ring_bits: 32", "ring_bits: 64"), &[]);
    assert_eq!(large.protocol, Protocol::Falcon);
    assert!(!large.to_ron().contains("ring_bits"));
    for written in ["16", "0", "-32", "32.5", "all", "128"] {
        let text = small(QUOTIENT, "").replace("ring_bits: 32", &format!("ring_bits: {written}"));
        assert_eq!(mistakes(&text, &[]), ["2:12: `ring_bits` must be 32 or 64"], "{written}");
    }
}

#[test]
fn other_protocols_have_one_ring() {
    for protocol in Protocol::ALL
        .into_iter()
        .filter(|protocol| ![Protocol::Falcon, Protocol::FalconMalicious].contains(protocol))
    {
        let name = protocol.name();
        let text = small(QUOTIENT, "").replace("protocol: falcon", &format!("protocol: {name}"));
        assert_eq!(mistakes(&text, &[]), [format!("2:1: `{name}` has no `ring_bits: 32`")]);
        assert_eq!(
            advice(&text, &[]),
            "its ring has 64 bits: leave it out, or take protocol: falcon, falcon_malicious"
        );
    }
}

/// Each with its place, its reason, and what to write.
#[test]
fn what_has_no_place_in_a_small_ring_is_refused() {
    let format = small(QUOTIENT, "").replace("total_bits: 18", "total_bits: 19");
    let cases = [
        (
            format,
            "2:16: a ring of 32 bits has no place for this: a product of numbers of 19 bits with 13 after the binary point has \
             32 bits before it is rounded, and 31 can be",
            "take at most that for both together, such as fixed_point: (fraction_bits: 13, total_bits: 18)",
        ),
        (
            small("relu_gradient", ""),
            "1:63: a ring of 32 bits has no place for this: a reciprocal is worked out on longer numbers",
            "take softmax: relu_gradient(division: quotient), or ring_bits: 64",
        ),
        (
            small("exact", ""),
            "1:63: a ring of 32 bits has no place for this: exact works on longer numbers",
            "take softmax: relu_gradient(division: quotient), or ring_bits: 64",
        ),
        (
            small(QUOTIENT, "").replace("dense(hidden: [128])", "[avg_pool(2), avg_pool(7)]"),
            "1:34: a ring of 32 bits has no place for this: a mean of `avg_pool` has 37 bits before it is rounded, and 31 can be",
            "take windows of 2, 4 or 8 pixels along each side, max_pool, or a `fixed_point` with fewer bits",
        ),
        (
            small(QUOTIENT, "training: (optimizer: adam())"),
            "3:23: a ring of 32 bits has no place for this: Adam's square roots are worked out on longer numbers",
            "take optimizer: sgd(), or ring_bits: 64",
        ),
        (
            small(QUOTIENT, "training: (weight_decay: 0.01, learning_rate: 0.5)"),
            "3:26: a ring of 32 bits has no place for this: weight decay is worked out on longer numbers",
            "leave it out, or take ring_bits: 64",
        ),
        (
            small(QUOTIENT, "training: (learning_rate: 1)"),
            "3:1: a ring of 32 bits has no place for this: the product of a step has 32 bits before it is rounded, and 31 can be",
            "take a learning rate below 1 and a batch that is a power of two or divided by as one, or ring_bits: 64",
        ),
        (
            small(QUOTIENT, "training: (batch: 100, division: exact)"),
            "3:1: a ring of 32 bits has no place for this: the product of a step has 47 bits before it is rounded, and 31 can be",
            "take a learning rate below 1 and a batch that is a power of two or divided by as one, or ring_bits: 64",
        ),
    ];
    for (text, mistake, help) in cases {
        assert_eq!(mistakes(&text, &[]), [mistake], "{text}");
        assert_eq!(advice(&text, &[]), help);
    }
    // A power of two is what is divided by then.
    for accepted in [
        "training: (batch: 100)",
        "training: (batch: 64, division: exact, momentum: 0.9)",
        "rounding: nearest",
    ] {
        good(&small(QUOTIENT, accepted), &[]);
    }
    good(&small(QUOTIENT, "").replace("dense(hidden: [128])", "[avg_pool(2), avg_pool(2)]"), &[]);
}

/// A ring of 64 bits needs no such checks: what they would look at is never longer.
#[test]
fn every_mean_has_place_in_a_ring_of_64_bits() {
    let bits = |format, size| LayerKind::AveragePool(Pool { size }).mean_bits(format).expect("a mean");
    let longest = FixedPoint::served().flat_map(|format| (2..=64).map(move |size| bits(format, size))).max();
    assert_eq!(longest, Some(63));
}
