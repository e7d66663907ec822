//! Mistakes in sweep files, each where it was made.

use std::path::Path;

use mpcsim::memory::MemoryLimit;
use mpcsim::scenario::ScenarioErrors;
use mpcsim::sweep::{Sweep, SweepPlan};

use super::{Place, bad, sweep, sweep_text};

const BASE: &str = "(name: \"a\", protocol: rep3, model: dense(hidden: []), softmax: exact, data: mnist, network: \
                    preset(\"lan\"))";

fn plan(more: &str) -> Result<SweepPlan, ScenarioErrors> {
    let text = format!("(\nname: \"a\", base: {BASE},\n{more})");
    SweepPlan::new(Sweep::from_text(&text, "sweep.ron", Path::new(""), MemoryLimit::of_machine())?)
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
            "3:43: `softmax` must be `exact`, `relu_probability`, `relu_gradient`, `limit`, `taylor`, `pade`, `clipped_limit`, \
                  `ode`, `two_quad`, `two_relu`, `quadratic_exp`, `relu_norm`, `adhoc`, `lookup`, `sigmoid`, `sigmoid_piecewise` or `sigmoid_polynomial` | did you mean \
                  `relu_gradient`?",
            "4:39: `latency_ms` must be a number of milliseconds from 0 to 3,600,000 (an hour) | ",
            "5:9: a custom network has no field `bandwith_mbps` | did you mean `bandwidth_mbps`?",
        ]
    );
}

/// An axis of pings over a network with a latency, or the other way round, takes its place; two axes of both are one too many, and
/// another unit's name is corrected where the axis stands.
#[test]
fn an_axis_may_say_the_latency_in_the_other_way() {
    let latencies = |network: &str, axis: &str| -> Vec<u64> {
        let base = BASE.replace("preset(\"lan\")", network);
        let text = format!("(name: \"a\", train: false, base: {base}, axes: [{axis}])");
        let sweep = Sweep::from_text(&text, "sweep.ron", Path::new(""), MemoryLimit::of_machine()).unwrap();
        let plan = SweepPlan::new(sweep).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
        (0..plan.points()).map(|point| plan.plan(point).network.link(0, 1).latency_ps).collect()
    };
    let ping = "(field: \"network.ping_ms\", values: [2, 8])";
    let latency = "(field: \"network.latency_ms\", values: [1, 4])";
    let own = [1_000_000_000, 4_000_000_000];
    for network in [
        "custom(ping_ms: 10, bandwidth_mbps: 100)",
        "custom(latency_ms: 10, bandwidth_mbps: 100)",
        "custom(base: \"wan\", ping_ms: 10)",
        "preset(\"wan\")",
    ] {
        assert_eq!(latencies(network, ping), own, "{network}");
        assert_eq!(latencies(network, latency), own, "{network}");
    }
    let both = mistakes(&format!("axes: [{latency},\n{ping}]"));
    assert_eq!(both.len(), 1);
    assert!(
        both[0].contains("the axes `network.latency_ms` and `network.ping_ms` set the same value"),
        "{both:?}"
    );
    for (field, meant) in [("bandwidth_gbps", "bandwidth_mbps"), ("latency_us", "latency_ms")] {
        let told = mistakes(&format!("axes: [(field: \"network.{field}\", values: [1])]"));
        assert_eq!(
            told,
            [format!("3:16: a custom network has no field `{field}` | did you mean `{meant}`?")]
        );
    }
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

#[test]
fn axes_that_overlap_are_refused() {
    let of = |first: &str, second: &str| {
        let value = |field: &str| match field.trim() {
            "network" => "preset(\"lan\")",
            "training" => "(epochs: 1)",
            "network.links" => "[]",
            _ => "2",
        };
        let axis = |field: &str| format!("(field: {field:?}, values: [{}])", value(field));
        mistakes(&format!("axes: [{},\n{}]", axis(first), axis(second)))
    };
    for (first, second) in [
        ("network.latency_ms", "network"),
        ("network", "network.latency_ms"),
        ("training", "training.batch"),
        ("training.epochs", "training.iterations"),
        ("network.links", "network.links[0].latency_ms"),
    ] {
        let told = of(first, second);
        assert_eq!(told.len(), 1, "{told:?}");
        let expected =
            format!("4:9: the axes `{first}` and `{second}` set the same value | a row could not say");
        assert!(told[0].starts_with(&expected), "{told:?}");
        // In a zip too.
        let zip = format!("axes: [zip([(field: {first:?}, values: [1]), (field: {second:?}, values: [1])])]");
        assert!(mistakes(&zip)[0].contains("set the same value"));
    }
    for same in [" seed", "seed ", "seed\n", "\tseed"] {
        assert_eq!(of("seed", same), ["4:9: two axes set `seed` | "], "{same:?}");
    }
    assert_eq!(
        of("network.links[0].to", "network.links[00].to"),
        ["4:9: two axes set `network.links[0].to` | "]
    );
    let different = "axes: [(field: \"network.latency_ms\", values: [1]), (field: \"network.bandwidth_mbps\", values: [1])]";
    plan(different).unwrap();
}

#[test]
fn a_path_has_one_name_whatever_blanks_are_in_it() {
    let plan = plan(
        "axes: [(field: \" training .\\n batch\", values: [64, 128])], exclude: [(field: \"training.batch\", is: 64)]",
    );
    let plan = plan.unwrap();
    assert_eq!(plan.sweep().axes().collect::<Vec<_>>(), ["training.batch"]);
    assert_eq!(plan.points(), 1);
    let cells = "axes: [(field: \"name\", values: [\"a\\nb\"])]";
    assert!(mistakes(cells)[0].contains("must be printable on one line"), "{:?}", mistakes(cells));
}

#[test]
fn the_shipped_overlaps_of_the_report_are_refused() {
    let axes = |fields: [(&str, &str); 2]| {
        let axes = fields.map(|(field, values)| format!("(field: {field:?}, values: {values})"));
        format!("axes: [{}]", axes.join(", "))
    };
    let network = axes([("network.latency_ms", "[1,50]"), ("network", "[preset(\"lan\"),preset(\"wan\")]")]);
    assert_eq!(mistakes(&network).len(), 1);
    let length = axes([("training.epochs", "[1,50]"), ("training.iterations", "[3,4]")]);
    assert_eq!(mistakes(&length).len(), 1);
}

#[test]
fn fields_of_the_base_can_be_set_unless_an_axis_sets_them() {
    let text =
        format!("(name: \"a\", base: {BASE}, axes: [(field: \"network.latency_ms\", values: [1, 2])])");
    let sweep = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
        Sweep::from_text(&text, "sweep.ron", Path::new(""), MemoryLimit::of_machine())
            .unwrap()
            .with_sets(&sets)
    };
    let plan = SweepPlan::new(sweep(&["training.batch=64", "network.bandwidth_mbps=7"]).unwrap()).unwrap();
    let point = plan.plan(1);
    assert_eq!(point.training.batch, 64);
    let link = point.network.link(0, 1);
    assert_eq!((link.latency_ps, link.bandwidth_bps), (2_000_000_000, Some(7_000_000)));
    assert_ne!(sweep(&["training.batch=64"]).unwrap().digest(), sweep(&[]).unwrap().digest());
    for set in ["network.latency_ms=5", "network=preset(\"lan\")"] {
        let told = sweep(&[set]).unwrap_err().to_string();
        assert!(told.contains("the axis `network.latency_ms` sets this field already"), "{told}");
    }
    assert!(SweepPlan::new(sweep(&["training.batch=0"]).unwrap()).is_err());
    assert!(sweep(&["training"]).unwrap_err().to_string().contains("an equals sign"));
}

#[test]
fn a_sweep_and_a_scenario_are_told_apart() {
    let sweep = format!("(name: \"a\", base: {BASE}, axes: [(field: \"seed\", values: [1])])");
    assert!(Sweep::is_sweep(&sweep, "x") && !Sweep::is_sweep(BASE, "x") && !Sweep::is_sweep("(", "x"));
    let told = Sweep::from_text(BASE, "x", Path::new(""), MemoryLimit::of_machine()).unwrap_err().to_string();
    assert!(told.contains("this is a scenario, not a sweep"), "{told}");
    let told = mpcsim::scenario::Scenario::parse(&sweep, "x", Path::new(""), &[]).unwrap_err().to_string();
    assert!(told.contains("this is a sweep, not a scenario"), "{told}");
}

/// A row says which value was used: no two of an axis stand alike in its column.
#[test]
fn values_of_an_axis_can_be_told_apart() {
    let place = Place::new();
    let tried = |axes: &str| {
        let file =
            place.file("sweep.ron", &sweep_text("iterations: 2", &format!("train: false, axes: [{axes}]")));
        sweep(&file, &place.path("out"), &["--dry-run"])
    };
    let custom =
        |label: &str, latency: u32| format!("custom({label}latency_ms: {latency}, bandwidth_mbps: 100)");
    let networks = |first: &str, second: &str| format!("(field: \"network\", values: [{first}, {second}])");
    for axes in [
        networks(&custom("label: \"far\", ", 10), &custom("label: \"far\", ", 20)),
        networks("preset(\"lan\")", &custom("label: \"lan\", ", 20)),
        "(field: \"seed\", values: [1, 2, 1])".to_string(),
        "zip([(field: \"seed\", values: [1, 1]), (field: \"network.latency_ms\", values: [2, 2])])"
            .to_string(),
    ] {
        let told = bad(&tried(&axes), 2);
        assert!(told.contains("two values stand as") && told.contains("a label of its own"), "{told}");
    }
    for axes in [
        networks(&custom("", 10), &custom("", 20)),
        networks(&custom("label: \"far\", ", 10), &custom("label: \"near\", ", 10)),
        "zip([(field: \"seed\", values: [1, 1]), (field: \"network.latency_ms\", values: [2, 3])])"
            .to_string(),
    ] {
        assert!(tried(&axes).status.success(), "{axes}");
    }
}
