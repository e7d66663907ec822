//! Advice: that its order is that of whole runs, whatever the threads, and that what would change it does.

use std::path::Path;
use std::process::{Command, Output};

use mpcsim::run::{Reached, Values, run};
use mpcsim::scenario::Scenario;
use serde_json::Value;

use super::{Place, contents, scenarios};

/// Three parties, semi-honest: few choices, and a short training.
const BRIEF: [&str; 8] = [
    "--set",
    "training=(epochs: 2, batch: 32, learning_rate: 0.03, evaluate_every: 4)",
    "--set",
    "model=dense(hidden: [])",
    "--parties",
    "3",
    "--adversary",
    "semi-honest",
];

fn advise(more: &[&str]) -> Output {
    let file = scenarios().join("05_own_data.ron");
    Command::new(env!("CARGO_BIN_EXE_mpcsim")).arg("advise").arg(file).args(more).output().unwrap()
}

fn json(more: &[&str]) -> Value {
    let output = advise(&[&BRIEF[..], &["--json"], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

const FAR: [&str; 4] = ["--latency", "20ms", "--bandwidth", "100Mbit"];

/// The time to the target of a choice, of a run of its own.
fn time_of(choice: &Value, target: f64, network: &str) -> Option<u64> {
    let word = |name: &str| choice[name].as_str().unwrap().to_string();
    let sets = [
        "training=(epochs: 2, batch: 32, learning_rate: 0.03, evaluate_every: 4)".to_string(),
        format!("training.targets=[{target}]"),
        "model=dense(hidden: [])".to_string(),
        format!("protocol={}", word("protocol")),
        format!("softmax={}", word("softmax")),
        format!("rounding={}", word("rounding")),
        format!("network={network}"),
    ];
    let plan = Scenario::load(&scenarios().join("05_own_data.ron"), &sets).unwrap();
    let outcome = run(&plan, Values::Split, &()).unwrap();
    match outcome.targets[..] {
        [(_, Reached::Kept(place))] => Some(outcome.evaluations[place].1.modelled_ps),
        _ => None,
    }
}

fn seconds(ps: u64) -> f64 {
    ps as f64 / 1e12
}

#[test]
fn the_order_is_that_of_whole_runs() {
    let advice = json(&[&FAR[..], &["--target", "0.6", "--jobs", "1"]].concat());
    assert_eq!(advice, json(&[&FAR[..], &["--target", "0.6", "--jobs", "2"]].concat()));
    let choices = advice["choices"].as_array().unwrap();
    assert!(choices.len() > 20, "{} choices", choices.len());
    assert!(choices.iter().all(|choice| choice["parties"] == 3 && choice["malicious"] == false));
    let network = "custom(latency_ms: 20, bandwidth_mbps: 100)";
    let mut last = 0;
    for choice in &choices[..3] {
        let time_ps = time_of(choice, 0.6, network).expect("it gets there");
        assert!((choice["modelled_seconds"].as_f64().unwrap() - seconds(time_ps)).abs() < 1e-9);
        assert!(time_ps >= last, "{choice}");
        last = time_ps;
    }
    // No other is as soon and as accurate as one that is said to be unbeaten.
    let figures =
        |choice: &Value| (choice["modelled_seconds"].as_f64(), choice["accuracy"].as_f64().unwrap());
    for one in choices {
        let (time, accuracy) = figures(one);
        let beaten = choices.iter().map(figures).any(|(other_time, other_accuracy)| {
            let (Some(time), Some(other_time)) = (time, other_time) else { return other_time.is_some() };
            other_time <= time
                && other_accuracy >= accuracy
                && (other_time < time || other_accuracy > accuracy)
        });
        assert_eq!(one["unbeaten"].as_bool().unwrap(), time.is_some() && !beaten, "{one}");
    }
}

/// Just inside of what is told the first choice is still the first, just outside the other one is.
#[test]
fn what_would_change_the_answer_does() {
    let advice = json(&[&FAR[..], &["--target", "0.6"]].concat());
    let changes = advice["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 4);
    let first = &advice["choices"][0];
    let mut changed = 0;
    for change in changes {
        let (factor, above) = (change["factor"].as_f64().unwrap(), change["direction"] == "above");
        if change["softmax"].is_null() {
            assert_eq!(factor, if above { 100.0 } else { 0.01 }, "{change}");
            continue;
        }
        changed += 1;
        for (by, first_leads) in [(1.0, true), (if above { 1.03 } else { 1.0 / 1.03 }, false)] {
            let scale = |value: f64, of: &str| if change["of"] == of { value * factor * by } else { value };
            let network = format!(
                "custom(latency_ms: {:.6}, bandwidth_mbps: {:.6})",
                scale(20.0, "latency"),
                scale(100.0, "bandwidth")
            );
            let times = [first, change].map(|choice| time_of(choice, 0.6, &network).expect("it gets there"));
            assert_eq!(times[0] <= times[1], first_leads, "{change} under {network}: {times:?}");
        }
    }
    assert!(changed > 0, "{changes:?}");
}

#[test]
fn what_is_asked_for_is_kept_to() {
    let few = json(&["--target", "0.6", "--reveal", "none", "--max-bytes", "1B"]);
    let choices = few["choices"].as_array().unwrap();
    assert!(choices.iter().all(|choice| choice["reveals"].is_null()));
    assert!(choices.iter().all(|choice| choice["outcome"] != "reached" && choice["unbeaten"] == false));
    for (wrong, told) in [
        (&["--target", "95"][..], "--target is a fraction of the test rows"),
        (&["--parties", "5"], "--parties is 2, 3, 4 or any, and not `5`"),
        (
            &["--latency", "20", "--bandwidth", "1Gbit"],
            "--latency is a number with a unit (ms, us, s), such as 20ms",
        ),
        (&["--max-bytes", "1XB"], "--max-bytes is a number with a unit"),
        (&["--network", "moon"], "moon"),
        (
            &["--set", "softmax=exact"],
            "--set softmax=exact: all protocols, output layers and roundings are tried",
        ),
        (&["--adversary", "malicious", "--parties", "2"], "no choice fits"),
    ] {
        let output = advise(wrong);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {text}");
        assert!(text.contains(told), "{wrong:?}: {text}");
    }
}

/// The folder is that of a sweep over the choices, with the advice in it.
#[test]
fn a_folder_holds_what_was_compared() {
    let place = Place::new();
    let out = place.path("advice");
    let output = advise(&[&BRIEF[..], &["--out", out.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names: Vec<String> = contents(Path::new(&out)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["SHA256SUMS", "advice.json", "advice.txt", "report.html", "results.csv", "sweep.json"]
    );
    let told = String::from_utf8(output.stdout).unwrap();
    let kept = std::fs::read_to_string(out.join("advice.txt")).unwrap();
    assert_eq!(told, format!("{kept}results in {}\n", out.display()));
    assert!(kept.contains("is first at ") && kept.contains("What would change who is first"), "{kept}");
    let advice: Value = serde_json::from_slice(&std::fs::read(out.join("advice.json")).unwrap()).unwrap();
    let rows = csv::Reader::from_path(out.join("results.csv")).unwrap().into_records().count();
    assert_eq!(rows, advice["choices"].as_array().unwrap().len());
}

/// Several seeds: the mean of what each alone comes to, and the range; a choice that not all bring to the target stands behind
/// those that all do.
#[test]
fn several_seeds_are_ranked_by_the_mean() {
    let brief = [
        "--set",
        "training=(iterations: 8, batch: 32, learning_rate: 0.03, evaluate_every: 1)",
        "--set",
        "model=dense(hidden: [])",
        "--parties",
        "2",
        "--reveal",
        "none",
        "--target",
        "0.7",
    ];
    let advised = |more: &[&str]| {
        let output = advise(&[&brief[..], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let json =
        |more: &[&str]| -> Value { serde_json::from_slice(&advised(&[&["--json"], more].concat())).unwrap() };
    let alone = ["seed=4", "seed=5"].map(|seed| json(&["--set", seed]));
    let both = ["--set", "seed=4", "--seeds", "2"];
    let together = json(&[&both[..], &["--jobs", "1"]].concat());
    assert_eq!(together["seeds"], serde_json::json!([4, 5]));
    let trainings = |advice: &Value| advice["trainings"].as_u64().unwrap();
    assert_eq!(trainings(&together), alone.iter().map(trainings).sum::<u64>());
    let choices = |advice: &Value| advice["choices"].as_array().unwrap().clone();
    assert_eq!(choices(&together).len(), choices(&alone[0]).len());
    let name = |one: &Value| ["protocol", "softmax", "rounding"].map(|field| one[field].to_string());
    let (mut before, mut by_some) = ((0, 0.0), 0);
    for one in choices(&together) {
        let own = alone.each_ref().map(|advice| {
            choices(advice).into_iter().find(|other| name(other) == name(&one)).expect("the same choices")
        });
        let reached: Vec<&Value> = own.iter().filter(|own| own["outcome"] == "reached").collect();
        let seconds: Vec<f64> = reached.iter().map(|own| own["modelled_seconds"].as_f64().unwrap()).collect();
        let mean = |field: &str| own.iter().map(|own| own[field].as_f64().unwrap()).sum::<f64>() / 2.0;
        let is = |field: &str| (one[field].as_f64().unwrap() - mean(field)).abs() < 1e-9;
        assert_eq!(one["seeds_reached"].as_u64(), Some(reached.len() as u64), "{one}");
        assert!(is("accuracy"), "{one}");
        assert_eq!(one["least_seconds"].as_f64(), seconds.iter().copied().reduce(f64::min), "{one}");
        assert_eq!(one["most_seconds"].as_f64(), seconds.iter().copied().reduce(f64::max), "{one}");
        assert_eq!(one["outcome"], ["not reached", "reached by some seeds", "reached"][reached.len()]);
        by_some += usize::from(reached.len() == 1);
        // Those that more seeds bring there first; of those that all do, the sooner first.
        let all = reached.len() == 2;
        if all {
            assert!(is("modelled_seconds"), "{one}");
            assert_eq!(one["rounds"].as_u64(), Some(mean("rounds") as u64), "{one}");
        } else {
            assert!(one["modelled_seconds"].is_null(), "{one}");
        }
        let order = (2 - reached.len(), if all { mean("modelled_seconds") } else { 0.0 });
        assert!(before <= order, "{before:?}: {one}");
        before = order;
    }
    assert!(by_some > 0 && together["choices"][0]["outcome"] == "reached", "a target that tells seeds apart");

    let told = String::from_utf8(advised(&[&both[..], &["--jobs", "2"]].concat())).unwrap();
    assert_eq!(told, String::from_utf8(advised(&[&both[..], &["--jobs", "1"]].concat())).unwrap());
    for part in [" over 2 seeds), ", "s on average (", "means over the seeds 4 to 5", "in 1 of 2 seeds"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(advised(&[]), advised(&["--seeds", "1"]));
    let last = format!("seed={}", u64::MAX);
    let refused = advise(&["--set", &last, "--seeds", "2"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there are not 1 more seeds behind"));
}

/// Who makes the triples of the scenario's protocol stays as it is, and other protocols are there all the same.
#[test]
fn triples_by_somebody_else_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("aided.ron");
    let own = std::fs::read_to_string(scenarios().join("05_own_data.ron")).unwrap();
    let data = format!("\"{}/", scenarios().join("data").display());
    let text = own.replace("\"data/", &data);
    let aided = text.replacen("protocol: rep3", "protocol: secureml, triples_by: clients", 1);
    assert!(text != own && aided != text);
    std::fs::write(&file, aided).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    let output = command.arg("advise").arg(file).args(BRIEF).arg("--json").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let advice: Value = serde_json::from_slice(&output.stdout).unwrap();
    let choices = advice["choices"].as_array().unwrap();
    for protocol in ["secureml", "rep3", "beaver2"] {
        let of = |choice: &&Value| choice["protocol"] == protocol;
        assert!(choices.iter().any(|choice| of(&choice) && choice["parties"] == 3), "{protocol}");
    }
    assert!(!advice["left_out"].to_string().contains("triples_by"));
}
