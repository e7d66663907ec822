//! Rows against runs.

use std::collections::BTreeMap;

use mpcsim::data::ImageSize;
use mpcsim::memory::MemoryLimit;
use mpcsim::report::Seconds;
use mpcsim::run::{
    Phase, Reached, RunError, Values, endpoints, layers, network, record, run, total_iterations,
    training_program,
};
use mpcsim::scenario::Plan;
use mpcsim::sweep::{Options, Shard, Sweep, SweepPlan};
use rand_pcg::{Pcg64, rand_core::Rng};

use super::{NAMES, Place, bad, contents, good_sweep, sweep, sweep_text};

type Row = BTreeMap<String, String>;

fn plan(text: &str) -> SweepPlan {
    let sweep =
        Sweep::from_text(text, "sweep.ron", std::path::Path::new(""), MemoryLimit::of_machine()).unwrap();
    SweepPlan::new(sweep).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

fn rows(text: &str) -> (SweepPlan, Vec<Row>) {
    let place = Place::new();
    let plan = plan(text);
    let options = Options { jobs: 2, shard: Shard::WHOLE, resume: false, force: false, parquet: false };
    mpcsim::sweep::run(&plan, &place.path("out"), options, &()).unwrap();
    let mut reader = csv::Reader::from_path(place.path("out").join("results.csv")).unwrap();
    let rows: Vec<Row> = reader.deserialize().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), plan.points());
    (plan, rows)
}

fn assert_costs(row: &Row, plan: &Plan, training: &mpcsim::ledger::Cost, iteration: &mpcsim::ledger::Cost) {
    let seconds = |ps: u64| Seconds(ps).to_string();
    let (path, first) = (training.critical_path, iteration.critical_path);
    let expected = [
        ("rounds", training.rounds.to_string()),
        ("exchanges", training.exchanges.to_string()),
        ("messages", training.messages.to_string()),
        ("payload_bytes", training.payload_bytes.to_string()),
        ("wire_bytes", training.wire_bytes.to_string()),
        ("modelled_seconds", seconds(training.modelled_ps)),
        ("compute_seconds", seconds(path.compute_ps)),
        ("latency_seconds", seconds(path.latency_ps)),
        ("serialisation_seconds", seconds(path.serialisation_ps)),
        ("queueing_seconds", seconds(path.queueing_ps)),
        ("window_seconds", seconds(path.window_ps)),
        ("iteration_modelled_seconds", seconds(iteration.modelled_ps)),
        ("iteration_compute_seconds", seconds(first.compute_ps)),
        ("iteration_latency_seconds", seconds(first.latency_ps)),
        ("iteration_serialisation_seconds", seconds(first.serialisation_ps)),
        ("iteration_queueing_seconds", seconds(first.queueing_ps)),
        ("iteration_window_seconds", seconds(first.window_ps)),
    ];
    for (column, value) in expected {
        assert_eq!(row[column], value, "{column} of point {} in {row:?}\n{}", row["index"], plan.to_ron());
    }
}

/// With jitter no iteration is skipped, and whoever starts such a sweep is told.
#[test]
fn it_is_told_that_with_jitter_nothing_is_skipped() {
    let has_jitter = |jitter: &str| {
        let axes = format!("train: false, axes: [(field: \"network.jitter\", values: [{jitter}])]");
        plan(&sweep_text("iterations: 5, batch: 16", &axes)).has_jitter()
    };
    assert!(
        !has_jitter("none") && has_jitter("uniform(max_ms: 1)") && has_jitter("none, uniform(max_ms: 1)")
    );
    let place = Place::new();
    let axes = "train: false, axes: [(field: \"network.jitter\", values: [none, uniform(max_ms: 1)])]";
    let file = place.file("sweep.ron", &sweep_text("iterations: 5, batch: 16", axes));
    let said = good_sweep(&file, &place.path("out"), &[]);
    assert!(
        said.contains("(with jitter, losses, changes or faults no iteration repeats: all are replayed)"),
        "{said}"
    );
}

/// What stops a training leaves cells empty and says how far it came; what it gets over is timed.
#[test]
fn faults_are_axes() {
    let axes = r#"axes: [
        (field: "faults.stops", values: [[], [(party: 1, at_s: 1)]]),
        (field: "faults.slow", values: [[], [(party: 0, from_s: 0, to_s: 1, factor: 3)]]),
        (field: "network.latency_ms", values: [1, 2]),
    ]"#;
    let (plan, rows) = rows(&sweep_text("iterations: 40, batch: 16", axes));
    assert_eq!((plan.trainings(), plan.traces()), (1, 1), "faults are no other training");
    assert!(plan.has_jitter(), "nothing is skipped");
    for row in &rows {
        let own = plan.plan(row["index"].parse().unwrap());
        match run(&own, Values::Split, &()) {
            Ok(outcome) => {
                assert!(own.faults.stops.is_empty() && row["halted_after_iterations"].is_empty());
                assert_costs(row, &own, &outcome.training, &outcome.iteration);
            }
            Err(RunError::Failed(failure)) => {
                assert_eq!(row["halted_after_iterations"], failure.iterations.to_string());
                assert!(!own.faults.stops.is_empty() && 0 < failure.iterations && failure.iterations < 40);
                for empty in ["accuracy", "rounds", "payload_bytes", "messages", "modelled_seconds"] {
                    assert_eq!(row[empty], "", "{empty}");
                }
                assert_ne!(row["iteration_modelled_seconds"], "");
            }
            Err(other) => panic!("{other}"),
        }
    }
    let text = sweep_text(
        "iterations: 5, batch: 16",
        r#"axes: [(field: "adversary", values: [(party: 1, does: drop, which: link(2)), (party: 1, does: flip, which: link(2))])]"#,
    );
    let told = SweepPlan::new(
        Sweep::from_text(
            &text,
            "sweep.ron",
            std::path::Path::new(""),
            mpcsim::memory::MemoryLimit::of_machine(),
        )
        .unwrap(),
    );
    let told = told.expect_err("a training in the clear has no messages to alter").to_string();
    assert!(told.contains("`flip`") && !told.contains("`drop` alters"), "{told}");
}

/// What a party holds back counts at every point, whatever the axes; and there has to be something that it sends.
#[test]
fn messages_that_are_held_back_are_in_every_row() {
    let text = |which: &str, axes: &str| {
        let more = format!("axes: [{axes}]");
        let adversary = format!("adversary: (party: 1, does: delay(ms: 70), which: {which}), network:");
        sweep_text("iterations: 3, batch: 16", &more).replace("network:", &adversary)
    };
    let network = "(field: \"network.latency_ms\", values: [1, 2])";
    let span = "span(\"iteration/dense2\")";
    for axes in [network, "(field: \"compute.speed\", values: [1, 2])"] {
        let (plan, rows) = rows(&text(span, axes));
        for row in &rows {
            let own = plan.plan(row["index"].parse().unwrap());
            let outcome = run(&own, Values::Split, &()).unwrap();
            assert!(outcome.training.modelled_ps > 3 * outcome.iteration.modelled_ps + 70_000_000_000);
            assert_costs(row, &own, &outcome.training, &outcome.iteration);
        }
    }
    let place = Place::new();
    for (which, said) in [
        ("span(\"iteration/dense3\")", "did you mean \"iteration/dense1\"?"),
        ("message(100000)", "party 1 has no message 100000: it sends at most "),
    ] {
        let file = place.file("sweep.ron", &text(which, network));
        for more in [&[][..], &["--dry-run"]] {
            let told = bad(&sweep(&file, &place.path("out"), more), 2);
            assert!(told.contains(said) && !place.path("out").exists(), "{told}");
        }
    }
}

#[test]
fn offline_and_online_phase_have_columns() {
    let axes = r#"axes: [
        (field: "protocol", values: [rep3, rep4, beaver2]),
        (field: "offline", values: [before, overlapped, excluded]),
    ]"#;
    let (plan, rows) = rows(&sweep_text("iterations: 5, batch: 16", axes));
    for row in &rows {
        let own = plan.plan(row["index"].parse().unwrap());
        let outcome = run(&own, Values::Split, &()).unwrap();
        assert_costs(row, &own, &outcome.training, &outcome.iteration);
        for (which, name) in ["offline", "online"].into_iter().enumerate() {
            let cost = outcome.iteration_apart.as_ref().map(|apart| &apart[which]);
            let text = |of: fn(&mpcsim::ledger::Cost) -> String| cost.map(of).unwrap_or_default();
            assert_eq!(row[&format!("{name}_rounds")], text(|cost| cost.rounds.to_string()));
            assert_eq!(row[&format!("{name}_payload_bytes")], text(|cost| cost.payload_bytes.to_string()));
            let seconds = text(|cost| Seconds(cost.modelled_ps).to_string());
            assert_eq!(row[&format!("{name}_modelled_seconds")], seconds);
        }
    }
}

const AXES: &str = r#"
    axes: [
        (field: "softmax", values: [exact, relu_probability, relu_gradient]),
        (field: "loss", values: [false, true]),
        (field: "rounding", values: [probabilistic, nearest]),
        (field: "model.hidden", values: [[], [8], [4, 4]]),
        (field: "training.batch", values: [16, 50]),
        (field: "training.learning_rate", values: [0.01, 0.3]),
        (field: "seed", values: [1, 2]),
        (field: "compute.speed", values: [1, 0.37]),
        (field: "compute.send_us", values: [0, 3]),
        (field: "compute.wake_us", values: [0, 11]),
        (field: "network.latency_ms", values: logarithmic(from: 0.001, to: 77, steps: 7)),
        (field: "network.bandwidth_mbps", values: [1, 333.3, unlimited]),
        (field: "network.jitter", values: [none, uniform(max_ms: 0.3), log_normal(median_ms: 1, sigma: 0.5)]),
        zip([
            (field: "network.interface_mbps", values: [unlimited, 10]),
            (field: "network.overhead", values: [none, tls]),
        ]),
        (field: "network.links", name: "far", values: [[], [(from: 0, to: 2, latency_ms: 40)]]),
    ],
    train: false,
"#;

#[test]
fn hundreds_of_random_points_are_what_a_recording_of_them_gives() {
    // The grid has 1,741,824 points: a shard of it is run, and points in it are drawn.
    let text = sweep_text("iterations: 5", AXES);
    let whole = plan(&text);
    assert_eq!(whole.points(), 3 * 2 * 2 * 3 * 2 * 2 * 2 * 2 * 2 * 2 * 7 * 3 * 3 * 2 * 2);
    let place = Place::new();
    let mut dice = Pcg64::new(1, 2);
    let mut compared = 0;
    for draw in 0..12 {
        let shard = Shard { number: 1 + (dice.next_u64() % 2000) as u32, of: 2000 };
        let out = place.path(&draw.to_string());
        let options = Options { jobs: 2, shard, resume: false, force: false, parquet: false };
        mpcsim::sweep::run(&whole, &out, options, &()).unwrap();
        let mut reader = csv::Reader::from_path(out.join("results.csv")).unwrap();
        for row in reader.deserialize::<Row>().map(|row| row.unwrap()) {
            if !dice.next_u64().is_multiple_of(8) {
                continue;
            }
            let plan = whole.plan(row["index"].parse().unwrap());
            let program = training_program(
                &plan,
                &layers(&plan, ImageSize::flat(64), 4).unwrap(),
                plan.data.train_rows(),
            );
            let recorded = record(&plan, &program).unwrap();
            let phases = [Phase::Iterations(total_iterations(&plan, plan.data.train_rows()))];
            let network = network(&plan.network, plan.seed);
            let costs = recorded.costs(&network, &endpoints(&plan.compute), &phases).unwrap();
            assert_eq!(row["accuracy"], "");
            assert_costs(&row, &plan, &costs.training, &costs.iteration);
            compared += 1;
        }
    }
    assert!(compared > 250, "{compared} points were drawn");
}

#[test]
fn points_are_what_complete_runs_give() {
    let axes = r#"axes: [
        (field: "softmax", values: [exact, relu_gradient]),
        (field: "training.restart_below", values: [0, 1]),
        (field: "network", values: [preset("lan"), custom(label: "far", latency_ms: 30, bandwidth_mbps: 20)]),
    ]"#;
    let (sweep, rows) = rows(&sweep_text("epochs: 3, batch: 32", axes));
    assert_eq!((sweep.trainings(), sweep.traces()), (4, 2));
    for (point, row) in rows.iter().enumerate() {
        let plan = sweep.plan(point);
        let outcome = run(&plan, Values::Split, &()).unwrap();
        assert_costs(row, &plan, &outcome.training, &outcome.iteration);
        assert_eq!(row["accuracy"], outcome.epochs.last().unwrap().test_accuracy.to_string());
        assert_eq!(row["network"], plan.network.label);
    }
}

/// Columns of targets are what complete runs say of them: of all that any point names, whatever trains and whatever repeats.
#[test]
fn times_to_accuracy_are_those_of_complete_runs() {
    let axes = r#"axes: [
        (field: "protocol", values: [rep3, semi2k]),
        (field: "offline", values: [before, overlapped]),
        (field: "training.targets", name: "named", values: [[0.3, 0.5], [0.45, 1]]),
        (field: "network", values: [
            preset("lan"),
            custom(label: "far", latency_ms: 30, bandwidth_mbps: 20),
            custom(label: "shaky", latency_ms: 3, bandwidth_mbps: 20, jitter: uniform(max_ms: 2)),
        ]),
    ]"#;
    let (sweep, rows) =
        rows(&sweep_text("epochs: 3, batch: 32, learning_rate: 0.03, evaluate_every: 5", axes));
    // What is only told of a training is no other training.
    assert_eq!((sweep.trainings(), sweep.traces()), (1, 4));
    let (mut kept, mut not_kept) = (0, 0);
    for (point, row) in rows.iter().enumerate() {
        let mut plan = sweep.plan(point);
        plan.training.targets = vec![0.3, 0.45, 0.5, 1.0];
        let outcome = run(&plan, Values::Split, &()).unwrap();
        for (target, reached) in outcome.targets {
            let cell = |name: &str| row[&format!("to_{target}_{name}")].as_str();
            let cells = ["iterations", "rounds", "payload_bytes", "modelled_seconds"].map(cell);
            if let Reached::Kept(place) = reached {
                let (_, spent) = &outcome.evaluations[place];
                let counts =
                    [spent.iterations, spent.rounds, spent.payload_bytes].map(|count| count.to_string());
                assert_eq!(cells[..3], counts);
                assert_eq!(cells[3], Seconds(spent.modelled_ps).to_string());
                kept += 1;
            } else {
                assert_eq!(cells, [""; 4], "what is not reached is no number");
                not_kept += 1;
            }
        }
    }
    assert!(kept > 0 && not_kept > 0, "{kept} and {not_kept}");
}

/// Without targets in the scenario, all round ones have columns; without trainings nothing is in them.
#[test]
fn round_targets_have_columns() {
    let axes = r#"train: false, axes: [(field: "network.latency_ms", values: [1, 2])]"#;
    let (_, rows) = rows(&sweep_text("iterations: 4", axes));
    for target in ["0.5", "0.6", "0.7", "0.8", "0.9", "0.95", "0.98", "0.99"] {
        assert_eq!(rows[0][&format!("to_{target}_modelled_seconds")], "");
    }
}

/// Each training once: of floating point whatever the format of the program and its rounding, with its costs.
#[test]
fn numbers_are_an_axis() {
    let axes = r#"axes: [
        (field: "numbers", values: [fixed_point, float64, float32]),
        (field: "rounding", values: [probabilistic, nearest]),
        (field: "fixed_point.fraction_bits", values: [16, 17]),
        (field: "network.latency_ms", values: [1, 9]),
    ]"#;
    let (sweep, rows) = rows(&sweep_text("epochs: 2, batch: 32", axes));
    assert_eq!((sweep.trainings(), sweep.traces()), (4 + 2, 4));
    for row in &rows {
        let plan = sweep.plan(row["index"].parse().unwrap());
        let outcome = run(&plan, Values::Split, &()).unwrap();
        assert_costs(row, &plan, &outcome.training, &outcome.iteration);
        assert_eq!(row["accuracy"], outcome.epochs.last().unwrap().test_accuracy.to_string());
        let floats = row["numbers"] != "fixed_point";
        assert_eq!(row["out_of_range"].is_empty(), floats, "only fixed point has a range: {row:?}");
    }
}

/// A result in which all accuracies are of floating point says so.
#[test]
fn sweeps_say_that_accuracies_are_of_floating_point() {
    let place = Place::new();
    let axes = "axes: [(field: \"network.latency_ms\", values: [1, 2])]";
    let text = sweep_text("iterations: 5, batch: 16", axes).replace("network:", "numbers: float64, network:");
    let file = place.file("sweep.ron", &text);
    let said = good_sweep(&file, &place.path("out"), &[]);
    assert!(said.contains("1 distinct trainings (some or all of plain numbers in float64)"), "{said}");
    let read = |name: &str| std::fs::read_to_string(place.path("out").join(name)).unwrap();
    assert!(read("sweep.json").contains("\"numbers\": [\n    \"float64\"\n  ]"), "{}", read("sweep.json"));
    assert!(read("report.html").contains("accuracies in float64 are those of trainings of plain numbers;"));
    let fixed = place.file("fixed.ron", &text.replace("numbers: float64, ", ""));
    good_sweep(&fixed, &place.path("fixed"), &[]);
    let fixed = std::fs::read_to_string(place.path("fixed").join("sweep.json")).unwrap();
    assert!(!fixed.contains("numbers"), "{fixed}");
}

/// In how many rows an output layer left its domain, as a run counts it.
#[test]
fn rows_beyond_a_domain_have_a_column() {
    let axes = r#"axes: [
        (field: "softmax", values: [ode(steps: 2), exact]),
        (field: "numbers", values: [fixed_point, float64]),
    ]"#;
    let (sweep, rows) = rows(&sweep_text("epochs: 2, batch: 64, learning_rate: 0.2", axes));
    for row in &rows {
        let plan = sweep.plan(row["index"].parse().unwrap());
        let epochs = run(&plan, Values::Split, &()).unwrap().epochs;
        let beyond: u64 = epochs.iter().map(|epoch| epoch.rows_beyond_domain.unwrap()).sum();
        assert_eq!(row["rows_beyond_domain"], beyond.to_string());
        assert_eq!(beyond > 0, row["softmax"] != "exact", "{row:?}");
    }
}

#[test]
fn time_beyond_a_clock_leaves_cells_empty() {
    let axes = r#"train: false, axes: [(field: "network.latency_ms", values: [1, 3600000])]"#;
    let (_, rows) = rows(&sweep_text("iterations: 4000", axes));
    assert!(!rows[0]["modelled_seconds"].is_empty());
    assert_eq!((&*rows[1]["modelled_seconds"], &*rows[1]["rounds"]), ("", ""));
    assert_eq!(rows[0]["messages"], rows[1]["messages"]);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let place = Place::new();
    let axes = r#"axes: [
        (field: "seed", values: linear(from: 1, to: 3, steps: 3)),
        (field: "network.latency_ms", values: linear(from: 1, to: 50, steps: 50)),
        (field: "network.bandwidth_mbps", values: logarithmic(from: 1, to: 1000, steps: 31)),
    ], exclude: [[(field: "seed", is: 2), (field: "network.latency_ms", above: 10)]]"#;
    let file = place.file("sweep.ron", &sweep_text("iterations: 3", axes));
    let told = good_sweep(&file, &place.path("one"), &["--jobs", "1"]);
    assert!(
        told.contains("3,410 points (1,240 excluded), 3 distinct trainings, 1 distinct traces"),
        "{told}"
    );
    assert_eq!(good_sweep(&file, &place.path("two"), &["--jobs", "2", "--quiet"]), "");
    good_sweep(&file, &place.path("seven"), &["--jobs", "7"]);
    let one = contents(&place.path("one"));
    assert_eq!(one.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), NAMES);
    assert!(one == contents(&place.path("two")) && one == contents(&place.path("seven")));
}

/// An axis of networks is checked against what the rest of the scenario does: with TCP, no link may be down.
#[test]
fn networks_of_an_axis_are_checked_against_faults() {
    let plan = |networks: &str| {
        let axes = format!(
            r#"axes: [
                (field: "faults.down", values: [[], [(from: 0, to: 1, at_s: 1, until_s: 2)]]),
                (field: "network", values: [{networks}]),
            ]"#
        );
        let text = sweep_text("iterations: 5, batch: 16", &axes);
        let limit = mpcsim::memory::MemoryLimit::of_machine();
        SweepPlan::new(Sweep::from_text(&text, "sweep.ron", std::path::Path::new(""), limit).unwrap())
    };
    let far = r#"custom(latency_ms: 20, bandwidth_mbps: 100)"#;
    assert!(plan(far).is_ok());
    let with_tcp = r#"custom(latency_ms: 20, bandwidth_mbps: 100, tcp: ())"#;
    let told = plan(&format!("{far}, {with_tcp}")).expect_err("a link that is down").to_string();
    assert!(told.contains("`faults` cannot stand beside TCP's congestion window"), "{told}");
}

/// Each training is told once, under its first point, up to the accuracy that its points have.
#[test]
fn evaluations_are_told_by_training() {
    let axes = r#"axes: [
        (field: "seed", values: [1, 2]),
        (field: "network.latency_ms", values: [1, 2, 3]),
    ]"#;
    let place = Place::new();
    let text = sweep_text("iterations: 5, evaluate_every: 2", axes);
    good_sweep(&place.file("sweep.ron", &text), &place.path("out"), &[]);
    let table = |name: &str| {
        let text = std::fs::read_to_string(place.path("out").join(name)).unwrap();
        text.lines().map(|line| line.split(',').map(str::to_string).collect()).collect::<Vec<Vec<String>>>()
    };
    let (looks, results) = (table("evaluations.csv"), table("results.csv"));
    assert_eq!(looks[0][..4], ["index", "iterations", "restarts", "test_accuracy"]);
    assert_eq!(looks[0][4..], ["out_of_range", "rows_beyond_domain"]);
    // Epochs end after iterations 4 and 5; what is counted in one stands at its end.
    let counted = |row: &Vec<String>| row[4..].iter().map(|cell| !cell.is_empty()).collect::<Vec<_>>();
    assert_eq!(looks[1..4].iter().map(counted).collect::<Vec<_>>(), [[false; 2], [true; 2], [true; 2]]);
    let places: Vec<[&str; 3]> = looks[1..].iter().map(|row| [&*row[0], &*row[1], &*row[2]]).collect();
    assert_eq!(
        places,
        [
            ["0", "2", "0"],
            ["0", "4", "0"],
            ["0", "5", "0"],
            ["3", "2", "0"],
            ["3", "4", "0"],
            ["3", "5", "0"]
        ]
    );
    let accuracy = results[0].iter().position(|column| column == "accuracy").unwrap();
    for (last, point) in [(3, 1), (6, 4)] {
        let [look, result] =
            [&looks[last][3], &results[point][accuracy]].map(|text| text.parse::<f64>().unwrap());
        assert_eq!(look, result);
    }
}

/// What is counted by epoch adds up to what is counted of a training.
#[test]
fn counts_of_epochs_add_up_to_those_of_trainings() {
    let axes = r#"axes: [(field: "seed", values: [1, 2])]"#;
    let place = Place::new();
    let text = sweep_text("epochs: 3, batch: 16, learning_rate: 0.5", axes)
        .replace("relu_gradient", "relu_probability")
        .replace("hidden: [8]", "hidden: []");
    good_sweep(&place.file("sweep.ron", &text), &place.path("out"), &[]);
    let sums = |name: &str| {
        let table = std::fs::read_to_string(place.path("out").join(name)).unwrap();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let header = reader.headers().unwrap().clone();
        let at = |column: &str| header.iter().position(|known| known == column).unwrap();
        let (index, columns) = (at("index"), [at("out_of_range"), at("rows_beyond_domain")]);
        let mut sums = [[0u64; 2]; 2];
        for row in reader.records().map(Result::unwrap) {
            let training: usize = row[index].parse().unwrap();
            for (sum, column) in sums[training].iter_mut().zip(columns) {
                *sum += row[column].parse::<u64>().unwrap();
            }
        }
        sums
    };
    let counted = sums("results.csv");
    assert_eq!(sums("evaluations.csv"), counted);
    assert!(counted.iter().all(|[_, rows]| *rows > 0), "{counted:?}");
}
