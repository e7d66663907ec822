//! The declaration of the fields: what it says of each is what the program does.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mpcsim::data::sizes;
use mpcsim::memory::MemoryLimit;
use mpcsim::run::{Values, layers, record, run, training_program};
use mpcsim::scenario::{Decides, Default, Field, Group, Plan, SCENARIO, Scenario, ScenarioErrors, Value};
use mpcsim::sweep::{Sweep, SweepPlan};
use tempfile::TempDir;

use crate::data::{cifar10, written};

const IDX: &str = "data=idx(train_images: \"data/bars/train-images.gz\", train_labels: \"data/bars/train-labels\", \
                   test_images: \"data/bars/test-images.gz\", test_labels: \"data/bars/test-labels\", train: 200, test: 50)";

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Everything that must be there, and a training that takes no time.
pub(super) fn small() -> String {
    format!(
        "(name: \"small\", protocol: rep3, model: dense(hidden: [3]), softmax: relu_gradient, {}, \
         training: (iterations: 3, batch: 64), network: custom(latency_ms: 1, bandwidth_mbps: 100))",
        IDX.replacen('=', ": ", 1)
    )
}

pub(super) fn plan(sets: &[String]) -> Result<Plan, ScenarioErrors> {
    Scenario::parse(&small(), "small.ron", &scenarios(), sets)
}

fn good(sets: &[String]) -> Plan {
    plan(sets).unwrap_or_else(|errors| panic!("{sets:?}: {}", errors.render(false)))
}

/// A folder with data in every format: files, and others beside them whose names begin with `other`.
fn formats() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            for name in [name.to_string(), format!("other-{name}")] {
                std::fs::write(folder.path().join(name), bytes).unwrap();
            }
        };
        for (name, rows) in [("train.csv", 0..100usize), ("test.csv", 100..150)] {
            let rows = rows.map(|row| ((0..64).map(|at| (row * at) % 17).collect(), row % 4));
            // Names that could be a row.
            let names: Vec<String> = (0..65).map(|column| column.to_string()).collect();
            write(name, written::csv(Some(&names.join(",")), 0, rows).as_bytes());
        }
        let array = |rows: usize, width: usize| {
            let content: Vec<u8> = (0..rows * width).map(|at| (at % 4) as u8).collect();
            let shape = if width == 1 { format!("({rows},)") } else { format!("({rows}, {width})") };
            written::npy("|u1", &shape, &content)
        };
        let entries = ["", "other_"].into_iter().flat_map(|other| {
            let sizes = [("x_train", 100, 64), ("y_train", 100, 1), ("x_test", 50, 64), ("y_test", 50, 1)];
            sizes.map(|(name, rows, width)| (format!("{other}{name}.npy"), array(rows, width)))
        });
        let entries: Vec<_> = entries.collect();
        let entries: Vec<_> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
        write("data.npz", &written::zip(&entries, written::Packing::Stored));
        for folder in ["batches", "other-batches"].map(|name| folder.path().join(name)) {
            std::fs::create_dir(&folder).unwrap();
            for batch in 1..=5 {
                let rows = written::cifar10(&cifar10::rows(batch, 20));
                std::fs::write(folder.join(format!("data_batch_{batch}.bin")), rows).unwrap();
            }
            std::fs::write(folder.join("test_batch.bin"), written::cifar10(&cifar10::rows(9, 50))).unwrap();
        }
        folder
    });
    folder.path()
}

/// The path of a file of that folder, in quotes.
fn quoted(name: &str) -> &'static str {
    format!("{:?}", formats().join(name)).leak()
}

/// Every group that the scenario leads to.
pub(super) fn groups() -> Vec<&'static Group> {
    let mut groups: Vec<&'static Group> = vec![&SCENARIO];
    let mut at = 0;
    while let Some(&group) = groups.get(at) {
        for field in group.fields {
            let inner: Vec<&'static Group> = match field.value {
                Value::Record(group) | Value::Records(group) => vec![group],
                other => other.forms().into_iter().flatten().filter_map(|form| form.group).collect(),
            };
            for group in inner {
                if !groups.iter().any(|known| std::ptr::eq(*known, group)) {
                    groups.push(group);
                }
            }
        }
        at += 1;
    }
    groups
}

/// How a group comes into the scenario above, and the path of its fields.
pub(super) fn place(group: &Group) -> (&'static str, &'static str) {
    if let Some(variant) = group.title.strip_prefix("softmax: ") {
        return (format!("softmax={}", variant.replace("(…)", "()")).leak(), "softmax.");
    }
    match group.title {
        "The file" => ("seed=1", ""),
        "fixed_point" => ("seed=1", "fixed_point."),
        "model: dense(…)" => ("seed=1", "model."),
        "model: [conv(…)]" => ("model=[conv(kernel: 3, channels: 2), relu]", "model[0]."),
        "data: mnist(…)" => ("data=mnist(train: 200, test: 50)", "data."),
        "data: idx(…)" => (IDX, "data."),
        "data: csv(…)" => {
            let (train, test) = (quoted("train.csv"), quoted("test.csv"));
            let more = "label: 0, header: true, scale: none";
            (format!("data=csv(train_file: {train}, test_file: {test}, {more})").leak(), "data.")
        }
        "data: npz(…)" => (format!("data=npz(file: {}, scale: none)", quoted("data.npz")).leak(), "data."),
        "data: cifar10(…)" => (format!("data=cifar10(folder: {})", quoted("batches")).leak(), "data."),
        "owners: columns(…)" => ("owners=columns(parts: [0.5, 0.5])", "owners."),
        "training" => ("seed=1", "training."),
        "training: learning_rate: [(…)]" => (
            "training.learning_rate=[(from_epoch: 1, rate: 0.01), (from_epoch: 2, rate: 0.03)]",
            "training.learning_rate[1].",
        ),
        "training: optimizer: adam(…)" => ("training.optimizer=adam(beta1: 0.8)", "training.optimizer."),
        "network: custom(…)" => ("seed=1", "network."),
        "network: sites: [(…)]" => (
            "network=custom(latency_ms: 1, sites: [(name: \"A\", up_mbps: 1, down_mbps: 1, parties: [0, 1]), \
             (name: \"B\", up_mbps: 1, down_mbps: 1, parties: [2])])",
            "network.sites[0].",
        ),
        "network: changes: [(…)]" => ("network.changes=[(at_s: 1, latency_ms: 5)]", "network.changes[0]."),
        "jitter: normal(…)" => ("network.jitter=normal(jitter_ms: 1)", "network.jitter."),
        "jitter: pareto(…)" => ("network.jitter=pareto(jitter_ms: 1)", "network.jitter."),
        "network: links: [(…)]" => ("network.links=[(from: 0, to: 1)]", "network.links[0]."),
        "network: interfaces: [(…)]" => {
            ("network.interfaces=[(party: 0, egress_mbps: 1, ingress_mbps: 1)]", "network.interfaces[0].")
        }
        "jitter: uniform(…)" => ("network.jitter=uniform(max_ms: 1)", "network.jitter."),
        "jitter: log_normal(…)" => ("network.jitter=log_normal(median_ms: 1, sigma: 1)", "network.jitter."),
        "overhead: custom(…)" => ("network.overhead=custom(per_segment_bytes: 7)", "network.overhead."),
        "network: tcp: (…)" => ("network.tcp=(initial_window: 20)", "network.tcp."),
        "compute: custom(…)" => ("compute=custom(add_ns: 1, multiply_ns: 1)", "compute."),
        "compute: parties: [(…)]" => {
            ("compute=custom(add_ns: 1, parties: [(party: 0)])", "compute.parties[0].")
        }
        "faults" => ("seed=1", "faults."),
        "faults: stops: [(…)]" => ("faults=(stops: [(party: 0, at_s: 1000)])", "faults.stops[0]."),
        "faults: slow: [(…)]" => {
            ("faults=(slow: [(party: 0, from_s: 1, to_s: 100, factor: 2)])", "faults.slow[0].")
        }
        "faults: down: [(…)]" => ("faults=(down: [(from: 0, to: 1, at_s: 1000)])", "faults.down[0]."),
        "adversary" => ("adversary=(party: 0, does: delay(ms: 1), which: message(1))", "adversary."),
        "adversary: does: delay(…)" => {
            ("adversary=(party: 0, does: delay(ms: 1), which: message(1))", "adversary.does.")
        }
        other => panic!("say here how `{other}` comes into a scenario"),
    }
}

/// A value of the field that means something else than what stands there, or would if it were left out.
pub(super) fn another(group: &Group, field: &Field) -> &'static str {
    match (group.title, field.name) {
        (_, "name") => "\"another\"",
        (_, "seed") => "77",
        (_, "protocol") => "rep4",
        (_, "rounding") => "nearest",
        (_, "fixed_point") => "(fraction_bits: 15, total_bits: 30)",
        (_, "fraction_bits") => "17",
        (_, "total_bits") => "30",
        (_, "numbers") => "float64",
        (_, "model") => "dense(hidden: [])",
        (_, "hidden") => "[5]",
        (_, "kernel" | "stride") => "2",
        (_, "channels") => "3",
        (_, "padding") => "same",
        (_, "softmax") => "exact",
        (_, "squarings" | "degree") => "7",
        (_, "steps") => "33",
        (_, "clip") => "(-4, 12)",
        (_, "c") => "2",
        (_, "bits") => "5",
        (_, "zero_sum") => "uniform",
        (_, "threshold") => "0.25",
        (_, "final_relu") => "true",
        ("softmax: relu_gradient(…)", "division") => "quotient",
        ("softmax: relu_probability(…)", "division") => "reciprocal",
        ("network: custom(…)" | "network: links: [(…)]", "loss") => "0.001",
        (_, "loss") => "true",
        (_, "data") => "mnist(train: 64, test: 8)",
        (_, "train_images") => "\"data/bars/../bars/train-images.gz\"",
        (_, "train_labels") => "\"data/bars/../bars/train-labels\"",
        (_, "test_images") => "\"data/bars/../bars/test-images.gz\"",
        (_, "test_labels") => "\"data/bars/../bars/test-labels\"",
        (_, "train_file") => quoted("other-train.csv"),
        (_, "test_file") => quoted("other-test.csv"),
        ("data: csv(…)", "label") => "1",
        (_, "header") => "false",
        (_, "scale") => "standard",
        (_, "file") => quoted("other-data.npz"),
        (_, "x_train") => "\"other_x_train\"",
        (_, "y_train") => "\"other_y_train\"",
        (_, "x_test") => "\"other_x_test\"",
        (_, "y_test") => "\"other_y_test\"",
        (_, "folder") => quoted("other-batches"),
        ("data: csv(…)" | "data: npz(…)" | "data: cifar10(…)", "train") => "99",
        (_, "train") => "100",
        (_, "test") => "49",
        (_, "owners") => "[150, 50]",
        (_, "parts") => "[10, 54]",
        (_, "labels") => "1",
        (_, "training") => "(iterations: 3, batch: 32)",
        (_, "epochs") => "2",
        (_, "iterations") => "2",
        (_, "batch") => "65",
        (_, "learning_rate") => "[(from_epoch: 1, rate: 0.01), (from_epoch: 2, rate: 50)]",
        (_, "from_epoch") => "3",
        (_, "rate") => "50",
        (_, "optimizer") => "amsgrad",
        (_, "weight_decay") => "0.25",
        (_, "beta1") => "0.7",
        (_, "beta2") => "0.75",
        (_, "epsilon") => "0.5",
        (_, "inverse_root") => "precise",
        (_, "momentum") => "0.75",
        (_, "division") => "exact",
        (_, "restart_below") => "0.9",
        (_, "initial_weights") => "secret",
        (_, "evaluate_every") => "1",
        (_, "targets") => "[0.25, 0.75]",
        ("The file", "network") => "preset(\"wan\")",
        ("The file", "compute") => "none",
        ("network: custom(…)", "base") => "\"cheetah-wan\"",
        ("compute: custom(…)", "base") => "\"laptop-core\"",
        (_, "label") => "\"another\"",
        (_, "sites") => {
            "[(name: \"A\", up_mbps: 1, down_mbps: 1), (name: \"B\", up_mbps: 1, down_mbps: 1), \
             (name: \"C\", up_mbps: 1, down_mbps: 1)]"
        }
        (_, "changes") => "[(at_s: 1, latency_ms: 5)]",
        (_, "one_wire") => "true",
        ("faults: stops: [(…)]" | "faults: down: [(…)]", "at_s") => "1001",
        (_, "ping_ms" | "burst_bytes" | "at_s" | "up_mbps" | "down_mbps" | "jitter_ms") => "77",
        (_, "correlation") => "0.5",
        (
            _,
            "background" | "up_background" | "down_background" | "egress_background" | "ingress_background",
        ) => "0.5",
        ("network: sites: [(…)]", "parties") => "[1, 0]",
        (
            _,
            "latency_ms" | "bandwidth_mbps" | "interface_mbps" | "egress_mbps" | "ingress_mbps" | "max_ms",
        ) => "77",
        (_, "median_ms" | "sigma") => "0.5",
        (_, "jitter") => "uniform(max_ms: 3)",
        (_, "overhead") => "tls",
        (_, "tcp") => "(initial_window: 77)",
        (_, "initial_window" | "rto_min_ms" | "header_bytes") => "77",
        (_, "restart_after_idle") => "false",
        (_, "tick_ms") => "10",
        (_, "interfaces") => "[(party: 1, egress_mbps: 5)]",
        (_, "links") => "[(from: 2, to: 1, latency_ms: 5)]",
        ("network: links: [(…)]", "from" | "to") => "2",
        (_, "party") => "1",
        (_, "per_message_bytes" | "per_segment_bytes" | "segment_payload_bytes") => "100",
        (_, "send_us" | "receive_us" | "wake_us" | "cores" | "speed") => "3",
        (_, "add_ns" | "multiply_ns" | "mac_ns" | "bit_word_ns" | "random_byte_ns") => "3",
        (_, "parties") => "[(party: 1, add_ns: 9)]",
        (_, "adversary") => "(party: 1, does: drop, which: link(2))",
        (_, "does") => "replay",
        (_, "which") => "message(2)",
        (_, "ms") => "77",
        (_, "triples") => "single",
        (_, "triples_by") => "dealer",
        (_, "ring_bits") => "32",
        (_, "offline") => "excluded",
        (_, "faults") => "(timeout_s: 1000)",
        (_, "stops") => "[(party: 1, at_s: 1000)]",
        (_, "slow") => "[(party: 1, from_s: 0, to_s: 1, factor: 2)]",
        (_, "down") => "[(from: 1, to: 0, at_s: 0.001, until_s: 0.002)]",
        ("faults: down: [(…)]", "from" | "to") => "2",
        (_, "timeout_s") => "999",
        (_, "from_s") => "2",
        (_, "to_s" | "factor") => "70",
        (_, "until_s") => "1002",
        (title, name) => panic!("say here what else `{name}` of `{title}` could be"),
    }
}

/// What every declared field is set to so that it has an effect: the value of a link or a party that is shown to differ.
fn effect(group: &Group, field: &Field) -> &'static [&'static str] {
    match (group.title, field.name) {
        ("network: links: [(…)]", "from" | "to") => &["network.links[0].latency_ms=9"],
        ("network: interfaces: [(…)]", "party") => &["network.interfaces[0].egress_mbps=9"],
        ("compute: parties: [(…)]", "party") => &["compute.parties[0].add_ns=9"],
        ("network: custom(…)", "base") => &["network=custom(base: \"wan\")"],
        ("network: custom(…)" | "network: links: [(…)]", "loss") => &["network.tcp=()"],
        ("network: custom(…)", "ping_ms") => &["network=custom(ping_ms: 9, bandwidth_mbps: 100)"],
        ("network: changes: [(…)]", "ping_ms") => &["network.changes=[(at_s: 1, ping_ms: 9)]"],
        ("The file", "triples") => &["protocol=semi2k"],
        ("The file", "triples_by") => &["protocol=secureml"],
        ("The file", "ring_bits") => &[
            "protocol=falcon",
            "softmax=relu_gradient(division: quotient)",
            "fixed_point=(fraction_bits: 13, total_bits: 18)",
        ],
        ("training", "epochs") => &["training.epochs=1"],
        ("training", "division") => &["training.batch=65"],
        _ => &[],
    }
}

/// Trainings and traces of a sweep over these two values of a field.
fn shared(path: &str, values: [&str; 2]) -> [usize; 2] {
    let axis = format!("(field: \"{path}\", values: [{}, {}])", values[0], values[1]);
    let text = format!("(name: \"x\", base: {}, axes: [{axis}])", small());
    let sweep = Sweep::from_text(&text, "sweep.ron", &scenarios(), MemoryLimit::of_machine());
    let plan =
        sweep.and_then(SweepPlan::new).unwrap_or_else(|errors| panic!("{text}: {}", errors.render(false)));
    [plan.trainings(), plan.traces()]
}

fn traces(plan: &Plan) -> String {
    let layers = layers(plan, sizes(&plan.data).unwrap().0, 4).unwrap();
    let recorded = record(plan, &training_program(plan, &layers, plan.data.train_rows())).unwrap();
    format!("{:?} {:?} {:?}", recorded.setup, recorded.iteration, recorded.restart)
}

#[test]
fn every_field_decides_what_it_says_and_nothing_else() {
    for group in groups() {
        let (brought_in, prefix) = place(group);
        for field in group.fields {
            let path = format!("{prefix}{}", field.name);
            let sets: Vec<String> =
                [brought_in].iter().chain(effect(group, field)).map(|set| set.to_string()).collect();
            let value = another(group, field);
            let first = good(&sets);
            let second = good(&[sets.clone(), vec![format!("{path}={value}")]].concat());
            assert_ne!(first.to_ron(), second.to_ron(), "{path}={value} is not written, or changes nothing");
            let Decides { accuracy, program, work, time } = field.decides;
            assert!(
                time || !(accuracy || program || work),
                "{path} decides more than time, so it decides time"
            );
            if !(program || work) {
                assert_eq!(traces(&first), traces(&second), "{path} shows in the trace");
            }
            // What changes numbers can change how long they are, which protocols take differently.
            if accuracy && !program && group.title == "training" {
                for (protocol, rounding) in
                    [("semi2k", "probabilistic"), ("rep4", "nearest"), ("beaver2", "nearest")]
                {
                    let more = [format!("protocol={protocol}"), format!("rounding={rounding}")];
                    let first = traces(&good(&[&sets[..], &more].concat()));
                    let second = traces(&good(&[&sets[..], &more, &[format!("{path}={value}")]].concat()));
                    assert!(first == second, "{path} shows in the trace under {protocol}");
                }
            }
            if !accuracy {
                let epochs = |plan: &Plan| run(plan, Values::Split, &()).unwrap().epochs;
                assert_eq!(epochs(&first), epochs(&second), "{path} decides the accuracy");
            }
        }
    }
}

#[test]
fn a_sweep_shares_trainings_of_protocols_whose_own_ways_do_not_show() {
    let trainings = |softmax: &str, rounding: &str, protocols: &str| {
        let base =
            small().replace("softmax: relu_gradient", &format!("softmax: {softmax}, rounding: {rounding}"));
        let text =
            format!("(name: \"x\", base: {base}, axes: [(field: \"protocol\", values: [{protocols}])])");
        let sweep = Sweep::from_text(&text, "sweep.ron", &scenarios(), MemoryLimit::of_machine());
        let plan = sweep
            .and_then(SweepPlan::new)
            .unwrap_or_else(|errors| panic!("{text}: {}", errors.render(false)));
        plan.trainings()
    };
    for rounding in ["probabilistic", "nearest"] {
        assert_eq!(trainings("exact", rounding, "rep3, rep4, sy_rep3, beaver2, semi2k, falcon"), 1);
        assert_eq!(trainings("relu_gradient", rounding, "rep3, falcon"), 1);
        assert_eq!(trainings("relu_gradient(division: quotient)", rounding, "rep3, rep4, falcon"), 2);
        assert_eq!(trainings("exact", rounding, "rep3, securenn, secureml"), 3);
    }
}

#[test]
fn a_sweep_shares_no_training_that_a_field_decides() {
    let cases = [
        ("seed", ["1", "2"], [2, 1]),
        ("rounding", ["nearest", "probabilistic"], [2, 2]),
        ("fixed_point.fraction_bits", ["17", "16"], [2, 2]),
        ("fixed_point.total_bits", ["30", "31"], [2, 2]),
        ("numbers", ["fixed_point", "float64"], [2, 1]),
        ("numbers", ["float64", "float32"], [2, 1]),
        ("model.hidden", ["[3]", "[4]"], [2, 2]),
        ("model", ["[conv(kernel: 3, channels: 2)]", "[conv(kernel: 3, channels: 2), relu]"], [2, 2]),
        ("model", ["[dense(3), relu]", "dense(hidden: [3])"], [1, 1]),
        ("softmax", ["exact", "relu_gradient"], [2, 2]),
        ("loss", ["true", "false"], [2, 2]),
        ("data.train", ["128", "129"], [2, 2]),
        ("data.test", ["40", "41"], [2, 1]),
        ("owners", ["[1.0]", "[0.5, 0.5]"], [1, 2]),
        ("training.epochs", ["1", "2"], [2, 1]),
        ("training.iterations", ["1", "2"], [2, 1]),
        ("training.batch", ["64", "65"], [2, 2]),
        ("training.learning_rate", ["0.01", "0.02"], [2, 2]),
        (
            "training.learning_rate",
            ["0.01", "[(from_epoch: 1, rate: 0.01), (from_epoch: 2, rate: 0.02)]"],
            [2, 2],
        ),
        ("training.momentum", ["0.9", "0.75"], [2, 2]),
        ("training.optimizer", ["sgd", "amsgrad"], [2, 2]),
        ("training.optimizer", ["adam(epsilon: 0.25)", "adam(epsilon: 0.5)"], [2, 1]),
        ("training.optimizer", ["adam", "amsgrad"], [2, 2]),
        ("training.weight_decay", ["0.0", "0.01"], [2, 2]),
        ("training.restart_below", ["0.1", "0.2"], [2, 1]),
        ("training.evaluate_every", ["3", "4"], [2, 1]),
        ("training.targets", ["[0.5]", "[0.6]"], [1, 1]),
        ("network", ["preset(\"lan\")", "preset(\"wan\")"], [1, 1]),
        ("network.latency_ms", ["1", "2"], [1, 1]),
        ("network.tcp", ["none", "()"], [1, 1]),
        ("network.background", ["0", "0.5"], [1, 1]),
        ("network", ["custom(base: \"wan\", loss: 1e-4)", "custom(base: \"wan\", loss: 1e-3)"], [1, 1]),
        ("compute.wake_us", ["1", "2"], [1, 1]),
        ("compute.add_ns", ["1", "2"], [1, 2]),
        ("compute.speed", ["1", "2"], [1, 2]),
        ("compute.label", ["\"a\"", "\"b\""], [1, 1]),
        ("faults.timeout_s", ["1", "2"], [1, 1]),
        ("faults", ["(stops: [(party: 0, at_s: 1)])", "()"], [1, 1]),
        ("name", ["\"a\"", "\"b\""], [1, 1]),
    ];
    for (path, values, expected) in cases {
        assert_eq!(shared(path, values), expected, "trainings and traces over {path}");
    }
}

#[test]
fn what_is_left_out_is_as_declared() {
    for group in groups() {
        let (brought_in, prefix) = place(group);
        for field in group.fields {
            let path = format!("{prefix}{}", field.name);
            match field.default {
                Default::Is(default) => {
                    // It is written, and the same as if it were not: fields that stand there are taken out first.
                    let bare = bare(group);
                    let written = format!("{path}={default}");
                    assert_eq!(good(&[bare.to_string()]), good(&[bare.to_string(), written]), "{path}");
                }
                Default::Required(example) | Default::Unless(example, _) if !example.contains("data/") => {
                    let set = format!("{path}={example}");
                    let told = plan(&[brought_in.to_string(), set]).err();
                    let told = told.map(|errors| errors.to_string()).unwrap_or_default();
                    assert!(!told.contains(&format!("`{}` must be", field.name)), "{path}={example}: {told}");
                }
                Default::Required(_) | Default::Unless(..) | Default::Otherwise(_) => {}
            }
        }
    }
}

/// The group with nothing in it that has a default.
fn bare(group: &Group) -> &'static str {
    match group.title {
        "The file" | "training" => "training=()",
        "data: mnist(…)" => "data=mnist()",
        "training: optimizer: adam(…)" => "training.optimizer=adam()",
        "overhead: custom(…)" => "network.overhead=custom()",
        "network: tcp: (…)" => "network.tcp=()",
        "compute: custom(…)" => "compute=custom()",
        _ => place(group).0,
    }
}

#[test]
fn limits_are_as_declared() {
    let refused = |set: String, sets: &[&str], field: &Field| {
        let sets = [sets.iter().map(|set| set.to_string()).collect(), vec![set.clone()]].concat();
        let told = plan(&sets).expect_err(&set).to_string();
        let needed = format!("`{}` must be {}", field.name, field.value.needed());
        assert!(told.contains(&needed), "{set}: {told}");
    };
    let taken = |set: String, sets: &[&str], field: &Field| {
        let sets = [sets.iter().map(|set| set.to_string()).collect(), vec![set.clone()]].concat();
        let told = plan(&sets).err().map(|errors| errors.to_string()).unwrap_or_default();
        let needed = format!("`{}` must be {}", field.name, field.value.needed());
        assert!(!told.contains(&needed), "{set}: {told}");
    };
    for group in groups() {
        let (brought_in, prefix) = place(group);
        for field in group.fields {
            let set = |value: &str| format!("{prefix}{}={value}", field.name);
            match field.value {
                Value::Whole(least, most) => {
                    [least, most].iter().for_each(|n| taken(set(&n.to_string()), &[brought_in], field));
                    let above = u128::from(most) + 1;
                    let below = i128::from(least) - 1;
                    for wrong in [above.to_string(), below.to_string(), "7.5".to_string(), "many".to_string()]
                    {
                        refused(set(&wrong), &[brought_in], field);
                    }
                }
                Value::Decimal { unlimited, .. } => {
                    for wrong in ["-1", "1e12", "inf", "NaN", "5ms"] {
                        refused(set(wrong), &[brought_in], field);
                    }
                    match unlimited {
                        true => taken(set("unlimited"), &[brought_in], field),
                        false => refused(set("unlimited"), &[brought_in], field),
                    }
                }
                Value::Float { limits, .. } => {
                    for number in ["-1", "0", "0.25", "1", "4", "4.1", "100", "101"] {
                        match limits.hold(number.parse().unwrap()) {
                            true => taken(set(number), &[brought_in], field),
                            false => refused(set(number), &[brought_in], field),
                        }
                    }
                    refused(set("NaN"), &[brought_in], field);
                }
                Value::Boolean => refused(set("maybe"), &[brought_in], field),
                Value::Word(words) => {
                    words().iter().for_each(|word| taken(set(word), &[brought_in], field));
                    refused(set("unheard_of"), &[brought_in], field);
                }
                Value::Forms(_) | Value::Registered(_) => {
                    for form in
                        field.value.forms().into_iter().flatten().filter(|form| !form.written.contains('…'))
                    {
                        taken(set(form.written), &[brought_in], field);
                    }
                    refused(set("unheard_of"), &[brought_in], field);
                }
                Value::Text(_) | Value::Record(_) | Value::Records(_) | Value::Other(..) => {
                    let set = set("-7");
                    assert!(plan(&[brought_in.to_string(), set.clone()]).is_err(), "{set} is accepted");
                }
            }
        }
    }
}

#[test]
fn the_references_are_those_of_the_declarations() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for (name, text) in
        [("scenario.md", mpcsim::scenario::reference()), ("sweep.md", mpcsim::sweep::reference())]
    {
        if std::env::var_os("MPCSIM_WRITE_GOLDEN").is_some() {
            std::fs::write(docs.join(name), &text).unwrap();
        }
        let stored = std::fs::read_to_string(docs.join(name)).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            stored == text,
            "docs/{name} is not what the declaration says: MPCSIM_WRITE_GOLDEN=1 cargo test writes it"
        );
    }
}
