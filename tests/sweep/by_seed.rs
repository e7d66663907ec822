//! `results_by_seed.csv`, against the rows that it is made of.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Place, good_sweep, sweep_text};

type Table = Vec<BTreeMap<String, String>>;

fn table(path: &Path) -> Table {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// Mean, sample standard deviation, smallest and largest, in two passes.
fn figures(values: &[f64]) -> [Option<f64>; 4] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
    [Some(mean), deviation, values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max)]
}

#[test]
fn figures_by_seed_are_those_of_the_rows() {
    let place = Place::new();
    // One combination has fewer seeds, and bandwidths go along with latencies.
    let axes = r#"axes: [
        (field: "softmax", values: [exact, relu_gradient(zero_sum: uniform)]),
        (field: "seed", values: [1, 2, 3]),
        zip([
            (field: "network.latency_ms", name: "latency", values: [1, 20]),
            (field: "network.bandwidth_mbps", values: [100, 10]),
        ]),
    ], exclude: [[(field: "seed", is: 3), (field: "softmax", is: exact)]]"#;
    let training = "epochs: 2, batch: 32, targets: [0.3, 0.85]";
    let file = place.file("sweep.ron", &sweep_text(training, axes));
    let out = place.path("out");
    good_sweep(&file, &out, &[]);
    let (rows, by_seed) = (table(&out.join("results.csv")), table(&out.join("results_by_seed.csv")));
    let axes = ["softmax", "latency", "network.bandwidth_mbps"];
    let own = |row: &BTreeMap<String, String>| axes.map(|axis| row[axis].clone());
    let mut groups: Vec<[String; 3]> = rows.iter().map(own).collect();
    groups.sort();
    groups.dedup();
    assert_eq!(groups.len(), 4);
    let mut seen = 0;
    for group in groups {
        let members: Vec<_> = rows.iter().filter(|row| own(row) == group).collect();
        assert_eq!(members.len(), if group[0] == "exact" { 2 } else { 3 });
        let mut metrics: Vec<&str> = vec![
            "accuracy",
            "restarts",
            "out_of_range",
            "rounds",
            "payload_bytes",
            "modelled_seconds",
            "iteration_modelled_seconds",
            "halted_after_iterations",
        ];
        metrics.extend(rows[0].keys().filter(|name| name.starts_with("to_")).map(String::as_str));
        assert_eq!(metrics.len(), 8 + 2 * 4);
        for metric in metrics {
            let values: Vec<f64> = members.iter().filter_map(|row| row[metric].parse().ok()).collect();
            let line = by_seed.iter().find(|line| own(line) == group && line["metric"] == metric);
            let Some(line) = line else {
                assert!(values.is_empty(), "{group:?} lacks {metric}");
                continue;
            };
            seen += 1;
            assert_eq!(
                (&line["seeds"], &line["values"]),
                (&members.len().to_string(), &values.len().to_string())
            );
            // Of equal values, a deviation is what rounding makes of zero.
            let scale = values.iter().fold(0.0f64, |scale, value| scale.max(value.abs()));
            let close = |(got, right): (f64, f64)| (got - right).abs() <= 1e-9 * right.abs() + 1e-12 * scale;
            let names = ["mean", "standard_deviation", "smallest", "largest"];
            for (name, right) in names.into_iter().zip(figures(&values)) {
                let got = line[name].parse::<f64>().ok();
                let agree = got.zip(right).map_or(got.is_none() && right.is_none(), close);
                assert!(agree, "{group:?}, {metric}: {name} is {got:?}, not {right:?}");
            }
            // Student's t for one and two degrees of freedom.
            let t = [None, Some(12.706), Some(4.303)][values.len() - 1];
            let right =
                t.zip(figures(&values)[1]).map(|(t, deviation)| t * deviation / (values.len() as f64).sqrt());
            let got = line["confidence_95"].parse::<f64>().ok();
            assert!(
                got.zip(right).map_or(got.is_none() && right.is_none(), close),
                "{metric}: {got:?}, {right:?}"
            );
        }
    }
    assert_eq!(seen, by_seed.len(), "nothing else is in the table");
}

#[test]
fn one_seed_makes_no_table() {
    let place = Place::new();
    let axes = r#"axes: [(field: "seed", values: [1]), (field: "network.latency_ms", values: [1, 2])]"#;
    let file = place.file("sweep.ron", &sweep_text("iterations: 2", axes));
    let out = place.path("out");
    let several = place.file("several.ron", &sweep_text("iterations: 2", &axes.replace("[1]", "[1, 2]")));
    good_sweep(&several, &out, &[]);
    assert!(out.join("results_by_seed.csv").exists());
    // What another sweep left does not stay.
    good_sweep(&file, &out, &["--force"]);
    assert!(!out.join("results_by_seed.csv").exists());
}
