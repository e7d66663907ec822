//! Logistic regression: trainings with one logit against scikit-learn's, under every protocol, and what goes with what.

use std::fs;

use mpcsim::run::{Outcome, RunError, Values, run};
use mpcsim::scenario::{Protocol, Scenario};
use serde_json::Value;

use super::command::scenario;

const LOGISTIC: &str = "13_logistic.ron";

fn outcome(sets: &[String], values: Values) -> Outcome {
    let plan = Scenario::load(&scenario(LOGISTIC), sets).unwrap_or_else(|e| panic!("{}", e.render(false)));
    run(&plan, values, &()).unwrap_or_else(|error| panic!("{sets:?}: {error}"))
}

/// The part of the test rows that scikit-learn's logistic regression has right.
fn reference() -> f64 {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/logistic.json");
    let known: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    known["right"].as_f64().unwrap() / known["test_rows"].as_f64().unwrap()
}

fn last_accuracy(outcome: &Outcome) -> f64 {
    outcome.epochs.last().unwrap().test_accuracy
}

/// Within a point: of 142 rows, one.
const POINT: f64 = 0.01;

#[test]
fn trainings_on_shares_end_as_scikit_learns_does_under_every_protocol() {
    for protocol in Protocol::ALL {
        let outcome = outcome(&[format!("protocol={}", protocol.name())], Values::Shares);
        let (found, right) = (last_accuracy(&outcome), reference());
        println!("{}: {found:.4}, scikit-learn {right:.4}", protocol.name());
        assert!((found - right).abs() <= POINT, "{}: {found}, not {right}", protocol.name());
    }
}

/// Why a scenario is refused.
fn refused(name: &str, set: &str) -> String {
    Scenario::load(&scenario(name), &[set.to_string()]).unwrap_err().render(false)
}

#[test]
fn one_logit_is_for_two_classes_and_for_sigmoids() {
    let told = refused(LOGISTIC, "softmax=exact");
    assert!(
        told.contains("`model: logistic` has one logit, and this softmax has one for each class"),
        "{told}"
    );
    let told = refused("01_first_run.ron", "softmax=sigmoid");
    assert!(told.contains("a sigmoid is for two classes, and the data has 10"), "{told}");
    let told = refused(LOGISTIC, "softmax=sigmoid_polynomial(degree: 4)");
    assert!(told.contains("an odd whole number from 3 to 7"), "{told}");
    // How many classes a file has shows only when it is read.
    let plan = Scenario::load(&scenario("05_own_data.ron"), &["softmax=sigmoid".to_string()]).unwrap();
    let Err(RunError::Classes(told)) = run(&plan, Values::Split, &()) else { panic!("four classes") };
    assert_eq!(told, "a sigmoid is for two classes, and the data has 4");
}

/// Softmax on two classes learns the same function, with twice the weights; and a sigmoid goes with hidden layers.
#[test]
fn two_classes_take_both_kinds_of_output_layer() {
    let right = reference();
    for (model, softmax) in [("dense(hidden: [])", "exact"), ("dense(hidden: [8])", "sigmoid")] {
        let sets = [format!("model={model}"), format!("softmax={softmax}"), "loss=true".to_string()];
        let outcome = outcome(&sets, Values::Split);
        let found = last_accuracy(&outcome);
        assert!((found - right).abs() <= 2.0 * POINT, "{sets:?}: {found}, not {right}");
        let losses: Vec<f64> = outcome.epochs.iter().map(|epoch| epoch.loss.unwrap()).collect();
        assert!(losses[0] > losses[9] && losses[9] > 0.0 && losses[9] < 0.2, "{losses:?}");
    }
}

#[test]
fn other_sigmoids_and_numbers_end_there_too() {
    let cases = [
        ("sigmoid", "numbers=float64", 0.015625),
        ("sigmoid", "rounding=nearest", 0.015625),
        ("sigmoid_piecewise", "numbers=float64", 0.00390625),
        ("sigmoid_piecewise", "rounding=nearest", 0.00390625),
    ];
    for (softmax, set, rate) in cases {
        let training = format!("training=(epochs: 10, batch: 32, learning_rate: {rate})");
        let sets = [format!("softmax={softmax}"), set.to_string(), training];
        let (found, right) = (last_accuracy(&outcome(&sets, Values::Split)), reference());
        println!("{sets:?}: {found:.4}, scikit-learn {right:.4}");
        assert!((found - right).abs() <= POINT, "{sets:?}: {found}, not {right}");
    }
}
