//! `numbers: float64` and `float32`: whole runs beside those in fixed point, what they say of themselves, and what is refused.

use std::fs;

use mpcsim::run::{Outcome, Values, run};
use mpcsim::scenario::{Plan, Scenario};
use serde_json::Value;
use tempfile::TempDir;

use super::command::{SMALL, mpcsim, read, scenario};

fn plan(sets: &[&str]) -> Plan {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    Scenario::load(&scenario(SMALL), &sets).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

fn outcome(sets: &[&str]) -> Outcome {
    run(&plan(sets), Values::Split, &()).unwrap_or_else(|error| panic!("{sets:?}: {error}"))
}

/// Losses by epoch, accuracies by epoch.
fn figures(outcome: &Outcome) -> (Vec<f64>, Vec<f64>) {
    let losses = outcome.epochs.iter().filter_map(|epoch| epoch.loss).collect();
    (losses, outcome.epochs.iter().map(|epoch| epoch.test_accuracy).collect())
}

/// Every optimiser and every kind of layer but dropout, which draws for itself: the same training up to what fixed point rounds.
#[test]
fn trainings_are_those_in_fixed_point_but_for_its_rounding() {
    let dense = "model=dense(hidden: [16])";
    let images = "model=[conv(kernel: 3, channels: 4, padding: same), max_pool(2), relu, conv(kernel: 2, channels: 6), avg_pool(3), \
                  relu, flatten, dense(12), relu]";
    // Model, optimiser, and how far a mean loss may be off.
    let cases = [
        (dense, "learning_rate: 0.05", 0.001),
        (dense, "learning_rate: 0.05, momentum: 0.0, division: exact", 0.001),
        (
            dense,
            "learning_rate: [(from_epoch: 1, rate: 0.05), (from_epoch: 2, rate: 0.01)], weight_decay: 0.1",
            0.001,
        ),
        (dense, "optimizer: adam", 0.02),
        (dense, "optimizer: amsgrad(inverse_root: precise)", 0.02),
        (images, "learning_rate: 0.02", 0.002),
    ];
    for (model, training, allowed) in cases {
        let training = format!("training=(epochs: 2, batch: 24, restart_below: 0.0, {training})");
        let sets = [model, &training, "loss=true", "softmax=exact", "rounding=nearest"];
        let fixed = outcome(&sets);
        let floats = outcome(&[&sets[..], &["numbers=float64"]].concat());
        let ((losses, accuracies), (in_floats, accuracies_in_floats)) = (figures(&fixed), figures(&floats));
        assert_eq!((losses.len(), in_floats.len()), (2, 2));
        for (loss, right) in losses.iter().zip(&in_floats) {
            assert!((loss - right).abs() < allowed, "{training}: {losses:?}, in floats {in_floats:?}");
            assert_ne!(loss, right, "{training}: these are other numbers");
        }
        assert!(losses[0] - losses[1] > 0.1, "{training}: it learns, {losses:?}");
        for (accuracy, right) in accuracies.iter().zip(&accuracies_in_floats) {
            assert!(
                (accuracy - right).abs() < 0.03,
                "{training}: {accuracies:?} and {accuracies_in_floats:?}"
            );
        }
        // Costs are those of the program.
        assert_eq!(
            (&fixed.training, &fixed.iteration, &fixed.setup),
            (&floats.training, &floats.iteration, &floats.setup)
        );
        let seen = floats.epochs.iter().map(|epoch| (epoch.out_of_range.is_none(), epoch.not_finite));
        assert!(seen.clone().all(|seen| seen == (true, Some(0))), "{:?}", floats.epochs);
    }
}

/// A variant's domain is the same in all numbers.
#[test]
fn rows_beyond_a_domain_are_counted_in_floating_point_too() {
    let cases = [
        ("ode(steps: 2)", "0.1"),
        ("limit(squarings: 2)", "0.5"),
        ("relu_gradient(threshold: 0.5)", "0.01"),
        ("relu_probability(threshold: 0.5)", "0.01"),
    ];
    for (softmax, learning_rate) in cases {
        let training =
            format!("training=(epochs: 2, batch: 64, restart_below: 0.0, learning_rate: {learning_rate})");
        let softmax = format!("softmax={softmax}");
        let counted = |numbers: &str| -> Vec<u64> {
            let outcome = outcome(&[&softmax, &training, "rounding=nearest", numbers]);
            outcome.epochs.iter().map(|epoch| epoch.rows_beyond_domain.unwrap()).collect()
        };
        let (fixed, floats) = (counted("numbers=fixed_point"), counted("numbers=float64"));
        assert!(floats.iter().sum::<u64>() > 20, "{softmax}: {floats:?}");
        // As long as both trainings are alike.
        let (few, first) = (fixed[0].max(floats[0]) / 10 + 2, fixed[0].abs_diff(floats[0]));
        assert!(first <= few, "{softmax}: {fixed:?} and {floats:?}");
    }
}

/// What is read, printed and written.
fn results(sets: &[&str]) -> (String, Value, String, String) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let output = mpcsim(&scenario(SMALL), &out, sets, |_| {});
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = read(&out);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    (
        printed,
        serde_json::from_slice(&files["summary.json"]).unwrap(),
        text("epochs.csv"),
        text("scenario.ron"),
    )
}

#[test]
fn results_say_of_which_numbers_they_are() {
    for numbers in ["float64", "float32"] {
        let set = format!("numbers={numbers}");
        let (printed, summary, epochs, resolved) = results(&["training=(epochs: 2)", &set]);
        let told = format!(
            "the accuracy is that of a training of plain numbers in {numbers}; rounds, bytes and times are those of the \
             program in fixed point"
        );
        let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(printed.contains(&format!("note: {told}")), "{printed}");
        assert!(
            printed.contains(&format!("this is the accuracy of plain numbers in {numbers}; rounds,")),
            "{printed}"
        );
        assert_eq!((&summary["numbers"], &summary["notes"][0]), (&Value::from(numbers), &Value::from(told)));
        // Only fixed point has a range.
        assert!(epochs.lines().skip(1).all(|line| line.rsplit(',').nth(1) == Some("")), "{epochs}");
        assert!(resolved.contains(&format!("numbers: {numbers},")), "{resolved}");
        let (.., first) = results(&["training=(epochs: 2)", &set]);
        assert_eq!(first, resolved);
    }
    let (_, summary, _, resolved) = results(&["training=(epochs: 1)"]);
    assert!(summary.get("numbers").is_none() && !resolved.contains("numbers"), "{resolved}");
}

/// A training that diverges says so, in place of an accuracy that nobody can tell from a bad one.
#[test]
fn numbers_that_are_not_finite_are_told() {
    let training = "training=(epochs: 3, batch: 24, learning_rate: 90, restart_below: 0.0)";
    let sets = ["model=dense(hidden: [16, 16])", "softmax=two_quad", "numbers=float32", training];
    let (printed, summary, ..) = results(&sets);
    let told = "the training in float32 diverged: after epoch ";
    assert!(summary["notes"][1].as_str().unwrap().starts_with(told), "{}", summary["notes"]);
    assert!(printed.contains("(not finite)"), "{printed}");
    assert!(summary["accuracy"][2]["not_finite"].as_u64().unwrap() > 0, "{}", summary["accuracy"]);
}

#[test]
fn what_floating_point_cannot_do_is_refused() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let refused = |path: &std::path::Path, sets: &[&str], values: &str| {
        let output = mpcsim(path, &out, sets, |command| {
            command.args(["--values", values]);
        });
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.stdout.is_empty() && !out.exists());
        String::from_utf8(output.stderr).unwrap()
    };
    let told = refused(&scenario(SMALL), &["numbers=float32"], "shares");
    assert!(told.contains("numbers: float32 is in the clear") && told.contains("--values split"), "{told}");

    let file = folder.path().join("cheats.ron");
    let text = fs::read_to_string(scenario("09_cheating.ron")).unwrap();
    let at = text.lines().count();
    let body = text.trim_end().strip_suffix(')').unwrap();
    fs::write(&file, format!("{body}\n    numbers: float64,\n)\n")).unwrap();
    let told = refused(&file, &[], "split");
    let lines = fs::read_to_string(&file).unwrap();
    let line = 1 + lines.lines().position(|line| line.contains("numbers:")).unwrap();
    assert!(line + 2 >= at && told.contains(&format!("cheats.ron:{line}:5")), "{told}");
    assert!(told.contains("`numbers: float64` cannot stand beside an adversary that does"), "{told}");

    let secret = ["numbers=float64", "training.initial_weights=secret"];
    let told = refused(&scenario(SMALL), &secret, "split");
    assert!(told.contains("`numbers: float64` cannot stand beside `initial_weights`"), "{told}");

    let told = refused(&scenario(SMALL), &["numbers=float46"], "split");
    assert!(told.contains("`numbers` must be `fixed_point`, `float64` or `float32`"), "{told}");
    assert!(told.contains("did you mean `float64`?"), "{told}");

    // A party that only holds messages back changes times alone.
    let sets = ["adversary=(party: 1, does: delay(ms: 70), which: link(2))", "training=(iterations: 2)"];
    let [fixed, floats] = ["fixed_point", "float64"].map(|numbers| {
        let numbers = format!("numbers={numbers}");
        outcome(&[&sets[..], &[&numbers]].concat())
    });
    assert_eq!(fixed.training, floats.training);
}
