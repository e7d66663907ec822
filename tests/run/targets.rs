//! Time to accuracy: what had been spent at an evaluation is what a run costs that ends there; looking changes nothing; and what
//! results say of targets follows from the evaluations.

use std::fs;

use mpcsim::ledger::Cost;
use mpcsim::report::{Seconds, run_files, run_table};
use mpcsim::run::{Evaluation, Outcome, Reached, Spent, Values, run};
use mpcsim::scenario::{Plan, Scenario};
use serde_json::Value;

use super::command::{SMALL, scenario};

fn plan(sets: &[&str]) -> Plan {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    Scenario::load(&scenario(SMALL), &sets).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

fn outcome(sets: &[&str], values: Values) -> Outcome {
    run(&plan(sets), values, &()).unwrap_or_else(|error| panic!("{sets:?}: {error}"))
}

/// What set-up and training of a run cost together.
fn whole(outcome: &Outcome) -> Spent {
    let (setup, training): (&Cost, &Cost) = (&outcome.setup, &outcome.training);
    let mut critical_path = setup.critical_path;
    critical_path.add(&training.critical_path);
    Spent {
        iterations: outcome.iterations,
        rounds: setup.rounds + training.rounds,
        payload_bytes: setup.payload_bytes + training.payload_bytes,
        modelled_ps: setup.modelled_ps + training.modelled_ps,
        critical_path,
    }
}

fn seen(outcome: &Outcome) -> Vec<Evaluation> {
    outcome.evaluations.iter().map(|(evaluation, _)| evaluation.clone()).collect()
}

/// A run is made for every evaluation, with exactly as many iterations: it ends at that moment, at that accuracy.
fn assert_evaluations_end_runs(sets: &[&str], training: &str, values: Values) {
    let all = |length: &str| {
        let training = format!("training=({length}, {training})");
        outcome(&[sets, &[training.as_str()]].concat(), values)
    };
    let long = all("iterations: 11");
    let iterations: Vec<u64> = long.evaluations.iter().map(|(evaluation, _)| evaluation.iterations).collect();
    // Eight iterations are an epoch.
    assert_eq!(iterations, [3, 6, 8, 9, 11], "{sets:?}");
    for (evaluation, spent) in &long.evaluations {
        let short = all(&format!("iterations: {}", evaluation.iterations));
        assert_eq!(*spent, whole(&short), "{sets:?}, {training}, {evaluation:?}");
        let last = short.epochs.last().unwrap();
        assert_eq!((evaluation.correct, evaluation.test_accuracy), (last.correct, last.test_accuracy));
    }
}

const COURSE: &str = "batch: 64, evaluate_every: 3";

#[test]
fn an_evaluation_is_when_a_run_of_so_many_iterations_ends() {
    let restarts = format!("{COURSE}, restart_below: 1.0");
    let jitter = "network=custom(latency_ms: 1, bandwidth_mbps: 100, jitter: uniform(max_ms: 2))";
    let tcp = "network=custom(latency_ms: 5, bandwidth_mbps: 100, tcp: (initial_window: 10))";
    let shared =
        "network=custom(latency_ms: 1, bandwidth_mbps: 100, interfaces: [(party: 1, ingress_mbps: 20)])";
    for (sets, training) in [
        (&["protocol=rep3"][..], COURSE),
        (&["protocol=rep3"], &restarts),
        (&["protocol=rep3", jitter], &restarts),
        (&["protocol=rep3", tcp], &restarts),
        (&["protocol=rep3", shared], COURSE),
        (&["protocol=rep3", "numbers=float32"], COURSE),
        (&["protocol=semi2k", "offline=before"], COURSE),
        (&["protocol=semi2k", "offline=excluded"], &restarts),
        (&["protocol=semi2k", "offline=overlapped"], &restarts),
        (&["protocol=semi2k", "offline=overlapped", jitter], COURSE),
    ] {
        let sets = [sets, &["model=dense(hidden: [])"]].concat();
        assert_evaluations_end_runs(&sets, training, Values::Split);
    }
    assert_evaluations_end_runs(&["protocol=rep3", "model=dense(hidden: [])"], COURSE, Values::Shares);
}

/// However often somebody looks, weights are those of a training at which nobody does, and so are all other results.
#[test]
fn looking_changes_nothing() {
    for (sets, values) in [
        (&["protocol=rep3"][..], Values::Split),
        (&["protocol=rep3", "numbers=float64"], Values::Split),
        // On shares, opening the weights may draw from the parties' random streams, and probabilistic rounding depends on these.
        (&["protocol=rep3", "rounding=nearest"], Values::Shares),
        (&["protocol=sy_rep3", "rounding=nearest"], Values::Shares),
        (&["protocol=semi2k", "rounding=nearest"], Values::Shares),
    ] {
        let sets = [sets, &["model=dense(hidden: [])"]].concat();
        let of = |more: &str| {
            let training = format!("training=(iterations: 11, batch: 64, restart_below: 1.0{more})");
            outcome(&[&sets[..], &[training.as_str()]].concat(), values)
        };
        let (without, with) = (of(""), of(", evaluate_every: 1"));
        assert_eq!(with.evaluations.len(), 11);
        assert_eq!(without.evaluations.len(), 2);
        assert_eq!(with.epochs, without.epochs, "{sets:?}, {}", values.name());
        assert_eq!(with.training, without.training);
        let common = seen(&with).into_iter().filter(|one| [8, 11].contains(&one.iterations));
        assert_eq!(common.collect::<Vec<_>>(), seen(&without));
        assert!([7, 10].iter().all(|&at| with.evaluations[at].1 == without.evaluations[at / 10].1));
    }
}

/// The first look from which on all have a target, found another way than the program does.
fn kept(outcome: &Outcome, target: f64) -> Option<usize> {
    let all = &outcome.evaluations;
    (0..all.len()).find(|&from| {
        let rest = &all[from..];
        let same_weights = rest.iter().all(|(one, _)| one.restarts == all[all.len() - 1].0.restarts);
        same_weights && rest.iter().all(|(one, _)| one.test_accuracy >= target)
    })
}

#[test]
fn results_say_when_targets_are_reached() {
    let training = "training=(iterations: 26, batch: 32, learning_rate: 0.03, evaluate_every: 1, \
                    targets: [0.3, 0.5, 0.7, 0.9, 0.935, 0.94, 0.999])";
    let plan = plan(&["protocol=rep3", training]);
    let outcome = run(&plan, Values::Split, &()).unwrap();
    let files = run_files(&plan, Values::Split, &outcome);
    let text = |name: &str| {
        let (_, content) = files.iter().find(|(file, _)| *file == name).unwrap();
        String::from_utf8(content.clone()).unwrap()
    };
    let summary: Value = serde_json::from_str(&text("summary.json")).unwrap();
    let table = run_table(&plan, Values::Split, &outcome);
    let told = summary["time_to_accuracy"].as_array().unwrap();
    assert_eq!(told.len(), 7);
    let (mut kinds, mut last) = (Vec::new(), 0);
    for (entry, &(target, reached)) in told.iter().zip(&outcome.targets) {
        assert_eq!(entry["target"].as_f64(), Some(target));
        let percent = format!("  {} %", (target * 1000.0).round() / 10.0);
        let line = table.lines().find(|line| line.starts_with(&percent)).unwrap();
        match kept(&outcome, target) {
            Some(place) => {
                assert_eq!((entry["outcome"].as_str(), reached), (Some("kept"), Reached::Kept(place)));
                let (_, spent) = &outcome.evaluations[place];
                assert_eq!(entry["iterations"].as_u64(), Some(spent.iterations));
                assert_eq!(entry["rounds"].as_u64(), Some(spent.rounds));
                assert_eq!(entry["payload_bytes"].as_u64(), Some(spent.payload_bytes));
                assert!(text("summary.json").contains(&Seconds(spent.modelled_ps).to_string()));
                assert!(line.contains(&format!(": {} iterations, ", spent.iterations)), "{line}");
                kinds.push(if place > last { "later" } else { "same" });
                last = place;
            }
            None => {
                let any = outcome.evaluations.iter().any(|(one, _)| one.test_accuracy >= target);
                assert_eq!(entry["outcome"], if any { "lost" } else { "never" });
                assert_eq!(reached, if any { Reached::Lost } else { Reached::Never });
                // Neither zero nor infinity stands for it.
                assert_eq!(entry.as_object().unwrap().len(), 2, "{entry}");
                assert!(line.ends_with(if any { "reached, but not kept" } else { "not reached" }), "{line}");
                kinds.push(if any { "lost" } else { "never" });
            }
        }
    }
    for kind in ["later", "lost", "never"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    // Some target is reached, lost again and reached later.
    let again = outcome.targets.iter().any(|&(target, reached)| {
        let first = outcome.evaluations.iter().position(|(one, _)| one.test_accuracy >= target);
        matches!((first, reached), (Some(first), Reached::Kept(place)) if place > first)
    });
    assert!(again, "{:?}", outcome.targets);
    let mut reader = csv::Reader::from_reader(text("evaluations.csv").into_bytes().leak() as &[u8]);
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), outcome.evaluations.len());
    // Sixteen iterations are an epoch.
    let per_epoch = 16;
    for (at, (row, (one, spent))) in rows.iter().zip(&outcome.evaluations).enumerate() {
        let expected = [
            one.iterations.to_string(),
            (1 + at / per_epoch).to_string(),
            one.restarts.to_string(),
            one.correct.to_string(),
            one.test_accuracy.to_string(),
            spent.rounds.to_string(),
            spent.payload_bytes.to_string(),
            Seconds(spent.modelled_ps).to_string(),
        ];
        assert_eq!(row.iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn targets_are_checked_and_written_again() {
    for (targets, expected) in [
        (
            "[0.95, 0.9]",
            "`a target` must be a fraction of the test rows, above the one before, 0.95, at most 1",
        ),
        (
            "[0.9, 0.9]",
            "`a target` must be a fraction of the test rows, above the one before, 0.9, at most 1",
        ),
        ("[0]", "`a target` must be a fraction of the test rows, above 0, at most 1"),
        ("[95]", "`a target` must be a fraction of the test rows, above 0, at most 1"),
        (
            "[]",
            "`targets` must be a list of 1 to 20 numbers above 0, at most 1, each larger than the one before",
        ),
        (
            "0.9",
            "`targets` must be a list of 1 to 20 numbers above 0, at most 1, each larger than the one before",
        ),
    ] {
        let set = format!("training.targets={targets}");
        let errors = Scenario::load(&scenario(SMALL), &[set]).unwrap_err();
        assert_eq!(errors.mistakes()[0].message(), expected, "{targets}");
    }
    let errors = Scenario::load(&scenario(SMALL), &["training.evaluate_every=0".to_string()]).unwrap_err();
    let message = errors.mistakes()[0].message().to_string();
    assert_eq!(message, "`evaluate_every` must be a whole number from 1 to 100,000,000");
    let plan = plan(&["training.targets=[1e-7, 0.5, 1]", "training.evaluate_every=7"]);
    let folder = fs::canonicalize(scenario(SMALL).parent().unwrap()).unwrap();
    let again = Scenario::parse(&plan.to_ron(), "again", &folder, &[]).unwrap();
    assert_eq!(again.training, plan.training);
    assert_eq!(plan.training.targets, [1e-7, 0.5, 1.0]);
}
