//! `--set path.to.field=VALUE`.

use mpcsim::scenario::{BatchDivision, Length, Optimizer, Sgd};

use super::{advice, good, minimal, mistakes};
use crate::secure::RELU_GRADIENT;

fn base() -> String {
    minimal(
        "training: (epochs: 3, batch: 64), network: custom(latency_ms: 20, bandwidth_mbps: 100, links: [(from: 0, to: 1, latency_ms: 40)])",
    )
}

#[test]
fn any_field_can_be_replaced() {
    let plan =
        good(&base(), &["softmax=relu_gradient", "model=dense(hidden:[])", "training.epochs=1", "seed=7"]);
    assert_eq!(plan.softmax, RELU_GRADIENT);
    assert_eq!(plan.model.hidden(), Some(vec![]));
    assert_eq!(plan.training.length, Length::Epochs(1));
    assert_eq!((plan.training.batch, plan.seed), (64, 7), "neighbours stay");
    let plan = good(&base(), &["model.hidden=[7, 8]", "model.hidden[1]=9", "data.train=100", "name=other"]);
    assert_eq!(plan.model.hidden(), Some(vec![7, 9]));
    assert_eq!((plan.data.train_rows(), plan.name.as_str()), (100, "other"));
}

#[test]
fn fields_that_are_not_there_are_put_in() {
    let plan =
        good(&base(), &["fixed_point.total_bits=25", "network.jitter=uniform(max_ms: 1)", "loss=true"]);
    assert_eq!((plan.fixed_point.total_bits, plan.fixed_point.fraction_bits, plan.loss), (25, 16, true));
    let plan = good(
        &minimal("network: preset(\"lan\")"),
        &["training.momentum=0.5", "compute.parties=[(party: 1, cores: 2)]", "compute.wake_us=1"],
    );
    let sgd = Sgd { momentum: 0.5, division: BatchDivision::PowerOfTwo };
    assert_eq!(plan.training.optimizer, Optimizer::Sgd(sgd));
    assert_eq!(plan.compute.parties[1].wake_ps, 1_000_000);
}

#[test]
fn links_are_reached_by_number() {
    let plan =
        good(&base(), &["network.latency_ms=5", "network.links[0].latency_ms=0.5", "network.links[0].to=2"]);
    assert_eq!(plan.network.link(0, 2).latency_ps, 500_000_000);
    assert_eq!(plan.network.link(0, 1).latency_ps, 5_000_000_000);
    assert_eq!(
        mistakes(&base(), &["network.links[1].latency_ms=5"]),
        ["--set:1:9: this list has one entry, number 0"]
    );
}

#[test]
fn one_length_replaces_the_other() {
    assert_eq!(good(&base(), &["training.iterations=5"]).training.length, Length::Iterations(5));
    let back = good(&base(), &["training.iterations=5", "training.epochs=2"]);
    assert_eq!(back.training.length, Length::Epochs(2));
}

/// A latency and a ping are two ways to say the same: what is set takes the place of the other.
#[test]
fn a_ping_replaces_a_latency_and_back() {
    let base = minimal("network: custom(ping_ms: 20, bandwidth_mbps: 100)");
    let latency_ps = |sets: &[&str]| good(&base, sets).network.link(0, 1).latency_ps;
    assert_eq!(latency_ps(&[]), 10_000_000_000);
    assert_eq!(latency_ps(&["network.latency_ms=3"]), 3_000_000_000);
    assert_eq!(latency_ps(&["network.latency_ms=3", "network.ping_ms=8"]), 4_000_000_000);
    let mixed = minimal("network: custom(base: \"wan\", latency_ms: 5)");
    assert_eq!(good(&mixed, &["network.ping_ms=2"]).network.link(0, 1).latency_ps, 1_000_000_000);
    // There is no matrix of the other of which a part could be set.
    let matrix = minimal("network: custom(ping_ms: [[0, 1, 2], [1, 0, 3], [2, 3, 0]], bandwidth_mbps: 100)");
    let told = mistakes(&matrix, &["network.latency_ms[0][1]=4"]);
    assert_eq!(told, ["--set:1:9: `latency_ms` is not given here, so no part of it can be set"]);
    let help = advice(&matrix, &["network.latency_ms[0][1]=4"]);
    assert_eq!(help, "set a part of `ping_ms`, which is given in its place");
    assert_eq!(good(&matrix, &["network.ping_ms[0][1]=4"]).network.link(0, 1).latency_ps, 2_000_000_000);
    // Both in one text are still a mistake.
    let both = minimal("network: custom(ping_ms: 20, latency_ms: 10, bandwidth_mbps: 100)");
    assert!(mistakes(&both, &[])[0].contains("`ping_ms` cannot stand beside `latency_ms`"));
}

#[test]
fn a_preset_becomes_the_base_of_what_is_set() {
    let text = minimal("network: preset(\"wan\"), compute: preset(\"server-core\")");
    let plan = good(&text, &["network.bandwidth_mbps=50", "compute.speed=2"]);
    assert_eq!(plan.network.link(0, 1).latency_ps, 29_000_000_000);
    assert_eq!(plan.network.link(0, 1).bandwidth_bps, Some(50_000_000));
    assert_eq!((plan.network.label.as_str(), plan.compute.label.as_str()), ("custom", "custom"));
    assert_eq!((plan.compute.parties[0].mac_fs, plan.compute.parties[0].wake_ps), (33_000, 25_000_000));
}

#[test]
fn mistakes_point_into_the_option() {
    let epochs = "--set:1:17: `epochs` must be a whole number from 1 to 100,000";
    assert_eq!(mistakes(&base(), &["training.epochs=many"]), [epochs]);
    assert_eq!(mistakes(&base(), &["trainig.epochs=1"]), ["--set:1:1: a scenario has no field `trainig`"]);
    assert_eq!(advice(&base(), &["trainig.epochs=1"]), "did you mean `training`?");
    assert_eq!(mistakes(&base(), &["training.epoch=1"]), ["--set:1:10: `training` has no field `epoch`"]);
    assert_eq!(advice(&base(), &["training.epoch=1"]), "did you mean `epochs`?");
    assert_eq!(
        mistakes(&base(), &["softmax"]),
        ["--set:1:1: `--set` needs a field, an equals sign and a value"]
    );
    assert_eq!(mistakes(&base(), &["softmax="]), ["--set:1:1: `--set` needs a value behind the equals sign"]);
    assert_eq!(mistakes(&base(), &["training..epochs=1"]).len(), 1);
    assert_eq!(mistakes(&base(), &["seed=1 2"]), ["--set:1:8: something stands behind the end"]);
    assert_eq!(
        mistakes(&base(), &["seed.x=1"]),
        ["--set:1:1: `seed` must be a whole number from 0 to 18446744073709551615 (2^64 - 1)"]
    );
    assert_eq!(
        mistakes(&base(), &["name.x=1"]),
        ["--set:1:6: there is no field `x` to set: what should hold it is the text \"test\""]
    );
    let told = super::parse(&base(), &["seed=-1"]).unwrap_err().to_string();
    assert_eq!(
        told,
        "--set seed=-1: `seed` must be a whole number from 0 to 18446744073709551615 (2^64 - 1)"
    );
    assert_eq!(
        mistakes(&base(), &["training.batch=0", "seed=-1"]),
        [
            "--set:1:16: `batch` must be a whole number from 1 to 65,536",
            "--set:1:6: `seed` must be a whole number from 0 to 18446744073709551615 (2^64 - 1)"
        ]
    );
}
