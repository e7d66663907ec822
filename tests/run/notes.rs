//! What a run says before its figures: values that left their range, restarts, what a step divides by.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::command::{SMALL, mpcsim, read, scenario};

/// What is printed, the summary and the table of epochs.
fn run(sets: &[&str]) -> (String, Value, Vec<Vec<String>>) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let output = mpcsim(&scenario(SMALL), &out, sets, |_| {});
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = read(&out);
    let summary = serde_json::from_slice(&files["summary.json"]).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&files["epochs.csv"][..]);
    let rows = reader.deserialize().map(|row| row.unwrap()).collect();
    (String::from_utf8(output.stdout).unwrap(), summary, rows)
}

fn column(rows: &[Vec<String>], name: &str) -> Vec<String> {
    let at = rows[0].iter().position(|column| column == name).unwrap_or_else(|| panic!("a column {name}"));
    rows[1..].iter().map(|row| row[at].clone()).collect()
}

/// A learning rate that is far too large: logits soon have no place in the format.
const DIVERGES: [&str; 3] = [
    "softmax=relu_gradient",
    "model=dense(hidden: [16])",
    "training=(epochs: 3, batch: 64, learning_rate: 20)",
];

#[test]
fn values_that_leave_their_range_are_told_first() {
    let (text, summary, rows) = run(&DIVERGES);
    let start: String = text.lines().take(8).collect::<Vec<_>>().join(" ");
    let start = start.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(start.contains("values left the range of the number format (31 bits, 16 after"), "{text}");
    assert!(start.contains("What can help: a smaller training.learning_rate than 20"), "{text}");
    let counts: Vec<u64> = column(&rows, "out_of_range").iter().map(|cell| cell.parse().unwrap()).collect();
    assert!(counts.iter().sum::<u64>() > 0, "{counts:?}");
    // By layer, and adding up.
    let places = |epoch: &Value| {
        epoch["out_of_range"].as_object().into_iter().flatten().map(|(_, n)| n.as_u64().unwrap()).sum::<u64>()
    };
    let epochs = summary["accuracy"].as_array().unwrap();
    assert_eq!(epochs.iter().map(places).collect::<Vec<_>>(), counts);
    let named = epochs.iter().filter_map(|epoch| epoch["out_of_range"].as_object()).flatten();
    assert!(named.clone().all(|(place, _)| place.starts_with("dense") || place.starts_with("output/")));
    assert!(summary["notes"][0].as_str().unwrap().contains("left the range"));

    let (text, summary, rows) = run(&["training.epochs=2"]);
    assert!(!text.contains("note:"), "{text}");
    assert_eq!(summary["notes"], Value::Array(Vec::new()));
    assert_eq!(column(&rows, "out_of_range"), ["0", "0"]);
}

/// In a format with more bits before the point, the same training stays in range where a smaller one does not.
#[test]
fn the_range_is_that_of_the_format() {
    let sets = |format| ["training=(epochs: 1, batch: 64, learning_rate: 0.25)", format];
    let (_, _, small) = run(&sets("fixed_point=(fraction_bits: 16, total_bits: 21)"));
    let (_, _, large) = run(&sets("fixed_point=(fraction_bits: 13, total_bits: 29)"));
    assert_ne!(column(&small, "out_of_range"), ["0"]);
    // A division by zero, of classes that do not count, leaves no range.
    let (_, _, zeros) = run(&[
        "softmax=relu_probability",
        "fixed_point=(fraction_bits: 10, total_bits: 24)",
        "training=(epochs: 1, batch: 64)",
    ]);
    assert_eq!(column(&zeros, "out_of_range"), ["0"]);
    assert_eq!(column(&large, "out_of_range"), ["0"]);
}

/// Shares and plain numbers differ where values have no place in the format: that is told, and is no bug.
#[test]
fn values_that_leave_their_range_in_the_check_are_told() {
    let format = "fixed_point=(fraction_bits: 11, total_bits: 20)";
    let training = "training=(iterations: 2, batch: 64, learning_rate: 43)";
    let sets = [format, training, "protocol=beaver2", "rounding=nearest", "softmax=relu_probability"];
    let (text, summary, _) = run(&sets);
    let verified = &summary["verified"];
    assert_eq!(verified["outcome"], "values out of range", "{verified}");
    assert!(
        summary["notes"][0].as_str().unwrap().contains("values left the range of the number format (20 bits")
    );
    assert!(text.contains("were not those of plain numbers, because values left their range"), "{text}");
    assert!(!text.contains("bug"), "{text}");
    // On shares nobody can look at the training's values, but at those of the check.
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let output = mpcsim(&scenario(SMALL), &out, &sets, |command| {
        command.args(["--values", "shares"]);
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(words.join(" ").contains("below 256) in the first 2 iterations: "), "{text}");
    assert!(text.contains("What can help:"), "{text}");
    // Where they agree, all is as ever.
    let (text, summary, _) = run(&["training=(iterations: 2, batch: 64)"]);
    assert_eq!(summary["verified"]["outcome"], "agree");
    assert!(text.contains("were those of plain numbers, bit for bit"), "{text}");
}

#[test]
fn a_restart_says_from_where_the_final_accuracy_counts() {
    let (text, summary, _) = run(&["training=(epochs: 3, batch: 64, restart_below: 1.0)"]);
    let note = "note: the training started again from new weights after epoch 2 (2 times in all): the final accuracy is that \
                of 1 epoch at 1/4 of the learning rate";
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(words.join(" ").contains(note), "{text}");
    assert_eq!(format!("note: {}", summary["notes"][0].as_str().unwrap()), note);
}

#[test]
fn a_step_that_does_not_divide_by_the_batch_is_told() {
    let training = |more: &str| format!("training=(iterations: 5, batch: {more})");
    let of = |more: &str| run(&[&training(more), "rounding=nearest", "loss=true"]);
    let (text, summary, shifted) = of("100");
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(
        words.join(" ").contains("by the power of two 64, not by the 100 rows: it is 1.562 times"),
        "{text}"
    );
    assert_eq!(summary["notes"].as_array().unwrap().len(), 1);
    let (text, _, exact) = of("100, division: exact");
    assert!(!text.contains("note:"), "{text}");
    assert_ne!(column(&shifted, "loss"), column(&exact, "loss"));
    // 100/64 of the rate, divided by 100, is the rate divided by 64.
    let (_, _, larger) = of("100, division: exact, learning_rate: 0.015625");
    let (_, _, same) = of("100, learning_rate: 0.01");
    let loss = |rows: &[Vec<String>]| column(rows, "loss")[0].parse::<f64>().unwrap();
    assert!((loss(&larger) - loss(&same)).abs() < 1e-3, "{} and {}", loss(&larger), loss(&same));
    assert!((loss(&exact) - loss(&same)).abs() > 2e-3, "{} and {}", loss(&exact), loss(&same));
    // Nothing changes where the batch is a power of two.
    assert_eq!(of("64").2, of("64, division: exact").2);
}

#[test]
fn a_sweep_has_restarts_and_values_out_of_range() {
    let folder = TempDir::new().unwrap();
    let data = |name: &str| format!("{:?}", scenario("data/bars").join(name));
    let text = format!(
        "(name: \"s\", base: (name: \"b\", protocol: rep3, model: dense(hidden: [16]), softmax: relu_gradient, \
         data: idx(train_images: {}, train_labels: {}, test_images: {}, test_labels: {}), \
         training: (epochs: 3, batch: 64, restart_below: 1.0), network: preset(\"lan\")), \
         axes: [(field: \"training.learning_rate\", values: [0.01, 20])])",
        data("train-images.gz"),
        data("train-labels"),
        data("test-images.gz"),
        data("test-labels"),
    );
    let file = folder.path().join("s.ron");
    fs::write(&file, text).unwrap();
    let out = folder.path().join("out");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    let output = command.arg("sweep").arg(&file).arg("--out").arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let csv = fs::read(out.join("results.csv")).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&csv[..]);
    let rows: Vec<Vec<String>> = reader.deserialize().map(|row| row.unwrap()).collect();
    assert_eq!(column(&rows, "restarts"), ["2", "2"]);
    let out_of_range = column(&rows, "out_of_range");
    assert_eq!(out_of_range[0], "0");
    assert!(out_of_range[1].parse::<u64>().unwrap() > 0, "{out_of_range:?}");
}

#[test]
fn what_an_output_layer_opens_and_where_it_diverges_is_told() {
    let notes = |summary: &Value| summary["notes"].to_string();
    let rows = |summary: &Value| -> u64 {
        let epochs = summary["accuracy"].as_array().unwrap();
        epochs.iter().filter_map(|epoch| epoch["rows_beyond_domain"].as_u64()).sum()
    };
    let (_, summary, _) = run(&["softmax=relu_norm", "training=(iterations: 3, batch: 64)"]);
    let told = "all parties learn, of each row, the bit length of the sum of relu(x): 64 values in one iteration, 192 in";
    assert!(notes(&summary).contains(told), "{}", notes(&summary));
    // With a single step a probability is negative where a logit is one below the mean.
    let (_, summary, _) =
        run(&["softmax=ode(steps: 1)", "training=(epochs: 3, batch: 64, learning_rate: 0.2)"]);
    assert!(rows(&summary) > 0, "{summary}");
    let told = format!("{} rows of all iterations were not what the output layer is for", rows(&summary));
    assert!(notes(&summary).replace(',', "").contains(&told), "{told}: {}", notes(&summary));
    assert!(notes(&summary).contains("softmax ode(steps: 1) is for logits"), "{}", notes(&summary));
    let (_, summary, _) = run(&["softmax=ode", "training=(iterations: 3, batch: 64)"]);
    assert_eq!((rows(&summary), &summary["notes"]), (0, &Value::Array(Vec::new())));
}

/// Whoever sees a result for the first time understands what was checked.
#[test]
fn what_is_printed_first_has_no_jargon() {
    for sets in [&["training.iterations=2"][..], &["training.iterations=1", "rounding=nearest"]] {
        let (text, ..) = run(&[&["training=()"], sets].concat());
        for jargon in ["in the clear", "shapes", "ulp", "as recorded", "ideal", "0x"] {
            assert!(!text.contains(jargon), "{jargon}: {text}");
        }
        assert!(text.contains("this is the accuracy of plain numbers"), "{text}");
        let checked =
            if sets.len() == 1 { "checked: 2 iterations really" } else { "checked: 1 iteration really" };
        assert!(text.contains(checked) && text.contains("on secret shares"), "{text}");
    }
}
