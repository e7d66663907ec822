//! What a sweep would take is estimated first, and refused with the figure.

use std::path::Path;

use mpcsim::memory::MemoryLimit;
use mpcsim::sweep::{Sweep, SweepPlan};

use super::shards::merge;
use super::{Place, bad, good_sweep, sweep, sweep_text};

const BASE: &str = "(name: \"a\", protocol: rep3, model: dense(hidden: []), softmax: exact, data: mnist(train: 512, test: \
                    10), network: custom(latency_ms: 1, bandwidth_mbps: 1))";

/// What is said of a sweep with so many megabytes of memory; nothing if all is well.
fn told(axes: &str, megabytes: u64) -> String {
    let text = format!("(name: \"a\", base: {BASE}, axes: [{axes}])");
    let limit = MemoryLimit::of_bytes(megabytes * 1_000_000);
    let sweep = Sweep::from_text(&text, "sweep.ron", Path::new(""), limit);
    match sweep.and_then(SweepPlan::new) {
        Ok(_) => String::new(),
        // On one line.
        Err(errors) => {
            let text = errors.render(false);
            text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
        }
    }
}

fn range(field: &str, steps: u64) -> String {
    format!("(field: \"{field}\", values: linear(from: 1, to: {steps}, steps: {steps}))")
}

#[test]
fn values_are_counted_before_they_are_written_out() {
    let axes: Vec<String> =
        (0..20).map(|i| range(&format!("network.links[{i}].latency_ms"), 1_000_000)).collect();
    let side_by_side = told(&format!("zip([{}])", axes.join(", ")), 1000);
    let said =
        "the values and points of these axes take about 12.0 GB of memory, and --memory-limit allows 1.0 GB";
    assert!(side_by_side.contains(said) && side_by_side.contains("20,000,000 values"), "{side_by_side}");
    let all = told(&axes.join(", "), 1000);
    assert!(all.contains("a grid can have at most 100,000,000 points"), "{all}");
    assert_eq!(told(&range("network.latency_ms", 10_000), 50), "");
    assert!(told(&range("network.latency_ms", 10_000), 5).contains("axes take about 0.006 GB"));
}

#[test]
fn points_with_trainings_of_their_own_take_more() {
    assert_eq!(told(&range("network.latency_ms", 10_000), 20), "");
    let seeds = told(&range("seed", 10_000), 15);
    assert!(seeds.contains("the points of this sweep take about 0.0"), "{seeds}");
    assert_eq!(told(&range("seed", 1000), 15), "");
}

#[test]
fn trainings_side_by_side_are_estimated_together() {
    let place = Place::new();
    let axes = "axes: [(field: \"seed\", values: [1, 2, 3, 4])]";
    let text = sweep_text("iterations: 2", axes).replace("hidden: [8]", "hidden: [1024, 1024]");
    let file = place.file("sweep.ron", &text);
    let out = place.path("out");
    let refused = bad(&sweep(&file, &out, &["--memory-limit", "1", "--jobs", "4"]), 2);
    assert!(refused.contains("4 trainings side by side take about "), "{refused}");
    assert!(refused.contains("--memory-limit allows 1.0 GB: fewer threads (--jobs)"), "{refused}");
    assert!(!out.exists(), "nothing is written");
    good_sweep(&file, &out, &["--memory-limit", "1", "--jobs", "1", "--dry-run"]);
}

#[test]
fn a_shard_of_very_many_is_one_and_those_that_are_missing_are_not_all_named() {
    let place = Place::new();
    let axes = "train: false, axes: [(field: \"network.latency_ms\", values: [1, 2, 3])]";
    let file = place.file("sweep.ron", &sweep_text("iterations: 2", axes));
    let out = place.path("shard");
    let last = format!("{0}/{0}", u32::MAX);
    good_sweep(&file, &out, &["--shard", &last, "--quiet"]);
    let told = bad(&merge(&[out], &place.path("merged")), 2);
    assert!(told.contains("shards are missing: 1/4294967295, 2/4294967295, "), "{told}");
    assert!(told.contains("20/4294967295, and 4294967274 more"), "{told}");
}
