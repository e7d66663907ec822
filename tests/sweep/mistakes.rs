//! Mistakes in sweep files, each where it was made.

use std::path::Path;

use mpcsim::scenario::ScenarioErrors;
use mpcsim::sweep::{Sweep, SweepPlan};

const BASE: &str = "(name: \"a\", protocol: rep3, model: dense(hidden: []), softmax: exact, data: mnist, network: \
                    preset(\"lan\"))";

fn plan(more: &str) -> Result<SweepPlan, ScenarioErrors> {
    let text = format!("(\nname: \"a\", base: {BASE},\n{more})");
    SweepPlan::new(Sweep::from_text(&text, "sweep.ron", Path::new(""))?)
}

/// Each mistake as `line:column: message | advice`.
fn mistakes(more: &str) -> Vec<String> {
    let errors = plan(more).expect_err("there is a mistake");
    let told = errors.mistakes().iter().map(|mistake| {
        let (_, line, column) = mistake.position().expect("a mistake has a place");
        format!("{line}:{column}: {} | {}", mistake.message(), mistake.advice().unwrap_or(""))
    });
    told.collect()
}

#[test]
fn values_that_a_scenario_refuses_are_shown_in_the_sweep() {
    assert_eq!(
        mistakes(
            "axes: [(field: \"softmax\", values: [exact, relu_gradiant]),\n\
             (field: \"network.latency_ms\", values: linear(from: -1, to: 1, steps: 3)),\n\
             (field: \"network.bandwith_mbps\", values: [1])]"
        ),
        [
            "3:43: `softmax` must be `exact`, `relu_probability` or `relu_gradient` | did you mean `relu_gradient`?",
            "4:39: `latency_ms` must be a number of milliseconds from 0 to 3,600,000 (an hour) | ",
            "5:9: a custom network has no field `bandwith_mbps` | did you mean `bandwidth_mbps`?",
        ]
    );
}

#[test]
fn mistakes_of_the_sweep_itself() {
    let one = |more: &str| {
        let all = mistakes(more);
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    };
    assert_eq!(one("axis: []"), "3:1: a sweep has no field `axis` | did you mean `axes`?");
    assert_eq!(
        one("axes: [(field: \"seed\", values: [1]), (field: \"seed\", values: [2])]"),
        "3:46: two axes set `seed` | "
    );
    assert_eq!(
        one("axes: [(field: \"seed\", values: [1])], exclude: [(field: \"sed\", is: 1)]"),
        "3:57: no axis sets the field `sed` | did you mean \"seed\"?"
    );
    assert_eq!(
        one("axes: [(field: \"seed\", values: [1])], exclude: [(field: \"seed\", is: 1)]"),
        "3:48: `exclude` leaves no point | "
    );
    assert!(one("axes: [(field: \"seed\", values: [])]").contains("an axis needs a value"));
    assert!(
        one("axes: [(field: \"seed\", values: linera(from: 1, to: 2, steps: 2))]").contains("did you mean")
    );
    assert!(one("axes: [(field: \"a b\", values: [1])]").contains("not the path of a field"));
    assert!(
        one("axes: [(field: \"seed\", values: logarithmic(from: 0, to: 2, steps: 2))]")
            .contains("a positive number")
    );
    assert!(
        one("axes: [zip([(field: \"seed\", values: [1, 2]), (field: \"loss\", values: [true])])]")
            .contains("same number of values")
    );
    let many = "linear(from: 1, to: 1000000, steps: 1000000)";
    assert!(
        one(&format!(
            "axes: [(field: \"seed\", values: {many}), (field: \"training.epochs\", values: {many})]"
        ))
        .contains("at most 100,000,000 points")
    );
}

#[test]
fn what_is_excluded_need_not_be_valid() {
    let axes = "axes: [(field: \"training.batch\", values: [100, 200]), (field: \"data.train\", values: [150, 300])]";
    assert_eq!(mistakes(axes).len(), 1);
    let exclude = "exclude: [(field: \"data.train\", below: field(\"training.batch\"))]";
    assert_eq!(plan(&format!("{axes}, {exclude}")).unwrap().points(), 3);
}

#[test]
fn each_distinct_training_and_trace_counts_once() {
    let plan = plan(
        "axes: [(field: \"seed\", values: [1, 2]), (field: \"softmax\", values: [exact, relu_gradient]), \
         (field: \"compute.speed\", values: [1, 2]), (field: \"compute.send_us\", values: [1, 2]), \
         (field: \"training.epochs\", values: [1, 2]), (field: \"network.overhead\", values: [none, tcp])]",
    )
    .unwrap();
    assert_eq!((plan.points(), plan.trainings(), plan.traces()), (64, 8, 4));
}
