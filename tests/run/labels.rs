//! Labels that do not count from zero, or have a stray value among them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::command::{BRIEF, SMALL, mpcsim, read, scenario};

/// The small scenario and its data in a folder of their own, the labels changed.
fn relabelled(folder: &Path, change: impl Fn(u8) -> u8) {
    let data = folder.join("data/bars");
    fs::create_dir_all(&data).unwrap();
    fs::copy(scenario(SMALL), folder.join(SMALL)).unwrap();
    for name in ["train-images.gz", "train-labels", "test-images.gz", "test-labels"] {
        let mut bytes = fs::read(scenario("data/bars").join(name)).unwrap();
        if name.ends_with("labels") {
            // Eight bytes of header, then a byte a row.
            bytes[8..].iter_mut().for_each(|label| *label = change(*label));
        }
        fs::write(data.join(name), bytes).unwrap();
    }
}

#[test]
fn labels_from_one_train_like_labels_from_zero_and_say_so() {
    let run = |change: &dyn Fn(u8) -> u8| {
        let folder = TempDir::new().unwrap();
        relabelled(folder.path(), change);
        let out = folder.path().join("out");
        let output = mpcsim(&folder.path().join(SMALL), &out, &BRIEF, |_| {});
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).unwrap(), read(&out))
    };
    let (plain_table, plain) = run(&|label| label);
    let (table, files) = run(&|label| label + 1);
    assert_eq!(files["epochs.csv"], plain["epochs.csv"]);
    assert_eq!(files["spans.csv"], plain["spans.csv"]);
    let note = "labels 1 to 4 are trained as classes 0 to 3";
    let summary: serde_json::Value = serde_json::from_slice(&files["summary.json"]).unwrap();
    assert_eq!(summary["notes"], serde_json::json!([note]));
    assert_eq!(summary["layers"], serde_json::json!([64, 16, 4]));
    assert!(table.contains(&format!("\nnote: {note}\n")), "{table}");
    let plain_summary: serde_json::Value = serde_json::from_slice(&plain["summary.json"]).unwrap();
    assert_eq!(plain_summary["notes"], serde_json::json!([]));
    assert!(!plain_table.contains("note:"));
}

#[test]
fn a_stray_label_ends_with_code_2_before_anything_is_written() {
    let folder = TempDir::new().unwrap();
    relabelled(folder.path(), |label| if label == 3 { 200 } else { label });
    let out = folder.path().join("out");
    let output = mpcsim(&folder.path().join(SMALL), &out, &BRIEF, |_| {});
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("data/bars/train-labels") && told.contains("0 to 2 and 200"), "{told}");
    assert!(!out.exists());
}
