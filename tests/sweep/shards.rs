//! Shards, merged, are what one run writes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{Place, bad, contents, field_of, good_sweep, sweep_text, work};

pub(super) fn merge(folders: &[PathBuf], out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mpcsim"))
        .arg("merge")
        .args(folders)
        .arg("--out")
        .arg(out)
        .output()
        .unwrap()
}

const AXES: &str = r#"axes: [
    (field: "network.latency_ms", values: [1, 5, 3600000]),
    (field: "seed", values: [1, 2, 3, 4]),
    (field: "softmax", name: "a, \"quoted\" name", values: [exact, relu_gradient]),
]"#;

#[test]
fn merged_shards_are_the_whole() {
    let place = Place::new();
    for (name, train) in [("trained", ""), ("bare", "train: false, ")] {
        let text = sweep_text("iterations: 4000, batch: 4", &format!("{train}{AXES}"));
        let text = if train.is_empty() { text.replace("4000", "4") } else { text };
        let file = place.file(&format!("{name}.ron"), &text);
        let whole = place.path(name);
        good_sweep(&file, &whole, &[]);
        for of in [1, 2, 3, 7, 24, 30] {
            let mut folders = Vec::new();
            for number in 1..=of {
                let out = place.path(&format!("{name}-{number}-{of}"));
                good_sweep(&file, &out, &["--quiet", "--shard", &format!("{number}/{of}")]);
                folders.insert(0, out);
            }
            let merged = place.path(&format!("{name}-merged-{of}"));
            let output = merge(&folders, &merged);
            if of == 1 {
                assert!(bad(&output, 2).contains("a whole sweep"));
                continue;
            }
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(contents(&merged) == contents(&whole), "{of} shards of {name}");
        }
    }
}

/// Points that faults brought to a halt are counted, by a whole sweep and by its shards.
#[test]
fn halted_points_are_counted() {
    let place = Place::new();
    let axes = r#"axes: [
        (field: "faults.stops", values: [[], [(party: 1, at_s: 0.001)]]),
        (field: "network.latency_ms", values: [1, 2, 3]),
    ]"#;
    let file = place.file("sweep.ron", &sweep_text("iterations: 4, batch: 16", axes));
    let whole = place.path("whole");
    let said = good_sweep(&file, &whole, &[]);
    assert!(said.contains("3 points came to a halt by faults"), "{said}");
    assert_eq!(field_of(&whole, "halted"), "\"halted\": 3");
    assert_eq!(field_of(&whole, "overflowed"), "\"overflowed\": 0");
    let folders = [1, 2].map(|number| {
        let out = place.path(&format!("shard-{number}"));
        good_sweep(&file, &out, &["--shard", &format!("{number}/2")]);
        out
    });
    let merged = place.path("merged");
    let output = merge(&folders, &merged);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(contents(&merged) == contents(&whole));
}

/// Four trainings on two machines: two on each, though the grid has them in turns.
#[test]
fn trainings_are_not_repeated() {
    let place = Place::new();
    let axes = r#"axes: [
        (field: "network.latency_ms", values: linear(from: 1, to: 10, steps: 10)),
        (field: "seed", values: [1, 2, 3, 4]),
    ]"#;
    let file = place.file("sweep.ron", &sweep_text("iterations: 2", axes));
    for number in 1..=2 {
        let out = place.path(&number.to_string());
        good_sweep(&file, &out, &["--shard", &format!("{number}/2")]);
        let mut reader = csv::Reader::from_path(out.join("results.csv")).unwrap();
        let mut seeds: Vec<String> = reader.records().map(|row| row.unwrap()[2].to_string()).collect();
        assert_eq!(seeds.len(), 20);
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 2);
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let place = Place::new();
    let text = sweep_text("iterations: 2", "train: false, axes: [(field: \"seed\", values: [1, 2, 3])]");
    let file = place.file("sweep.ron", &text);
    let other = place.file("other.ron", &text.replace("[1, 2, 3]", "[1, 2, 4]"));
    for number in 1..=3 {
        let shard = format!("{number}/3");
        good_sweep(&file, &place.path(&number.to_string()), &["--shard", &shard]);
        good_sweep(&other, &place.path(&format!("other-{number}")), &["--shard", &shard]);
    }
    good_sweep(&file, &place.path("half"), &["--shard", "1/2"]);
    let out = place.path("out");
    let refused = |names: &[&str]| {
        let folders: Vec<PathBuf> = names.iter().map(|name| place.path(name)).collect();
        let text = bad(&merge(&folders, &out), 2);
        assert!(!out.exists());
        text
    };
    assert!(refused(&["1", "3"]).contains("shards are missing: 2/3"));
    assert!(refused(&["1", "2", "2"]).contains("shard 2/3 is there twice"));
    assert!(refused(&["1", "other-2", "3"]).contains("different sweeps"));
    assert!(refused(&["1", "2", "half"]).contains("another number of shards"));
    assert!(refused(&["1", "2", "nowhere"]).contains("no such folder"));
    std::fs::create_dir(work(&place.path("2"))).unwrap();
    std::fs::write(work(&place.path("2")).join("progress"), "{}").unwrap();
    assert!(refused(&["1", "2", "3"]).contains("not finished"));
    std::fs::remove_dir_all(work(&place.path("2"))).unwrap();
    let csv = place.path("2").join("results.csv");
    let rows = std::fs::read_to_string(&csv).unwrap();
    std::fs::write(&csv, rows.lines().next().unwrap()).unwrap();
    assert!(refused(&["1", "2", "3"]).contains("damaged"));
    std::fs::write(&csv, rows).unwrap();
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("mine.txt"), "").unwrap();
    let folders = ["1", "2", "3"].map(|name| place.path(name));
    assert!(bad(&merge(&folders, &out), 2).contains("mine.txt"));
    assert!(bad(&merge(&folders, &folders[0]), 2).contains("not empty"));
}
