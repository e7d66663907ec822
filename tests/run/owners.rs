//! Training data of several owners: what each inputs, and that a training does not depend on who owns its data.

use std::fs;
use std::path::Path;

use mpcsim::data;
use mpcsim::ledger::Cost;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::ring::Content;
use mpcsim::secure::Rounding;
use mpcsim::sim::WireOverhead;
use serde_json::json;
use tempfile::TempDir;

use super::command::{SMALL, mpcsim, read, results, scenario};
use super::training::{on_shares, plan, train};
use crate::data::bytes;
use crate::data::idx::idx;
use crate::secure::RELU_GRADIENT;

const FEW: [&str; 3] = ["data=mnist(train: 90, test: 1)", "training.batch=30", "model=dense(hidden: [6])"];
const WIDTHS: [usize; 3] = [784, 6, 10];
/// Parameters, which party 0 inputs.
const PARAMETERS: u64 = 784 * 6 + 6 + 6 * 10 + 10;

/// What each party must send in the set-up: 8 bytes an element that it inputs.
fn expected(elements: [u64; 3]) -> Vec<u64> {
    let weights = [PARAMETERS, 0, 0];
    elements.iter().zip(weights).map(|(own, weights)| 8 * (own + weights)).collect()
}

#[test]
fn every_owner_inputs_its_part_and_the_training_is_the_same() {
    let (row, image) = (784 + 10, 784);
    let cases = [
        ("[1]", [90 * row, 0, 0]),
        ("[0, 1.0]", [0, 90 * row, 0]),
        ("[0.5, 0.3, 0.2]", [45 * row, 27 * row, 18 * row]),
        ("[1, 0, 89]", [row, 0, 89 * row]),
        ("[29, 32, 29]", [29 * row, 32 * row, 29 * row]),
        ("columns(parts: [0.5, 0.25, 0.25])", [90 * (image / 2 + 10), 90 * image / 4, 90 * image / 4]),
        ("columns(parts: [0, 1, 783], labels: 2)", [0, 90, 90 * (783 + 10)]),
        ("columns(parts: [784], labels: 1)", [90 * 784, 90 * 10, 0]),
    ];
    let weights_of = |owners: &str| {
        let owners = format!("owners={owners}");
        let plan = plan(RELU_GRADIENT, Rounding::Nearest, &[FEW[0], FEW[1], FEW[2], &owners]);
        let data = data::load(&plan.data).expect("the data ships").train;
        let shares = on_shares(&plan, &WIDTHS, &data, 3, 7);
        let shapes =
            train(&plan, &WIDTHS, None, 3, (3, |party| ProtocolName::Rep3.start(party, 7, Content::Shape)));
        assert!(shares.setup == shapes.setup && shares.iterations == shapes.iterations, "{owners}");
        let cost = Cost::of_trace(&shares.setup, &WireOverhead::NONE);
        (shares.weights.expect("values"), cost)
    };
    let (first, _) = weights_of(cases[0].0);
    for (owners, elements) in cases {
        let (weights, cost) = weights_of(owners);
        assert_eq!(cost.expect("the totals fit").payload_bytes_by_party, expected(elements), "{owners}");
        assert!(weights == first, "{owners}: the same rows give the same weights");
    }
}

#[test]
fn results_show_the_owners_and_nothing_else_changes() {
    let brief = ["training.epochs=2", "training.batch=100"];
    let with = |owners: &str, values: &str| {
        let owners = format!("owners={owners}");
        results(&scenario(SMALL), &[brief[0], brief[1], &owners], |command| {
            command.args(["--values", values]);
        })
    };
    let alone = with("[1.0]", "split");
    let text = |files: &std::collections::BTreeMap<String, Vec<u8>>, name: &str| {
        String::from_utf8(files[name].clone()).unwrap()
    };
    assert!(
        !text(&alone, "summary.json").contains("owners") && !text(&alone, "scenario.ron").contains("owners")
    );
    for (owners, summary) in [
        ("[0.5, 0.3, 0.2]", json!({"rows": [256, 154, 102]})),
        ("columns(parts: [10, 54], labels: 1)", json!({"columns": [10, 54, 0], "labels": 1})),
    ] {
        let files = with(owners, "split");
        assert_eq!(files["epochs.csv"], alone["epochs.csv"], "{owners}");
        let told: serde_json::Value = serde_json::from_slice(&files["summary.json"]).unwrap();
        assert_eq!(told["owners"], summary);
        assert_eq!(told["setup"]["rounds"], 1, "all input side by side");
        let spans = text(&files, "spans.csv");
        for party in 0..3 {
            let parts = [summary["rows"][party].as_u64(), summary["columns"][party].as_u64()];
            let elements = match parts {
                [Some(rows), _] => rows * 64,
                [_, columns] => columns.unwrap() * 512,
            };
            let row = spans.lines().find(|line| line.starts_with(&format!("setup/images/party{party},")));
            let cells: Option<Vec<&str>> = row.map(|row| row.split(',').collect());
            let bytes = cells.map_or(0, |cells| cells[4].parse::<u64>().unwrap());
            assert_eq!(bytes, 8 * elements, "{owners}, party {party}");
        }
        let iteration = |spans: &str| -> Vec<String> {
            spans.lines().filter(|line| line.starts_with("iteration")).map(String::from).collect()
        };
        assert_eq!(iteration(&spans), iteration(&text(&alone, "spans.csv")));
        // A resolved scenario says the same in whole numbers.
        // As deep as the folder of the results was: paths of data are seen from there.
        let folder = TempDir::new().unwrap();
        let again = folder.path().join("again");
        fs::create_dir(&again).unwrap();
        let resolved = again.join("resolved.ron");
        fs::write(&resolved, &files["scenario.ron"]).unwrap();
        assert!(results(&resolved, &[], |_| {}) == files);
        let shares = with(owners, "shares");
        assert_eq!(shares["spans.csv"], files["spans.csv"], "what is sent does not depend on values");
    }
}

/// The shipped training data in three files, as three hospitals would have it.
fn in_three_files(folder: &Path, sizes: [usize; 3]) {
    let data =
        data::load(&mpcsim::scenario::Scenario::load(&scenario(SMALL), &[]).unwrap().data).unwrap().train;
    let mut first = 0;
    for (party, size) in sizes.into_iter().enumerate() {
        let rows = first..first + size;
        first = rows.end;
        let images = &bytes(&data)[rows.start * 64..rows.end * 64];
        fs::write(folder.join(format!("images{party}")), idx(&[size as u32, 8, 8], images)).unwrap();
        fs::write(folder.join(format!("labels{party}")), idx(&[size as u32], &data.labels[rows])).unwrap();
    }
    assert_eq!(first, data.rows);
    for name in ["test-images.gz", "test-labels"] {
        fs::copy(scenario("data/bars").join(name), folder.join(name)).unwrap();
    }
    let text = fs::read_to_string(scenario(SMALL)).unwrap();
    let text = text
        .replace("\"data/bars/train-images.gz\"", "[\"images0\", \"images1\", \"images2\"]")
        .replace("\"data/bars/train-labels\"", "[\"labels0\", \"labels1\", \"labels2\"]")
        .replace("data/bars/", "");
    fs::write(folder.join("hospitals.ron"), text).unwrap();
}

#[test]
fn files_by_party_are_rows_of_their_owners() {
    let brief = ["training.epochs=2", "training.batch=100"];
    let folder = TempDir::new().unwrap();
    in_three_files(folder.path(), [300, 12, 200]);
    let own = folder.path().join("hospitals.ron");
    let files = results(&own, &brief, |_| {});
    let same = results(&scenario(SMALL), &[brief[0], brief[1], "owners=[300, 12, 200]"], |_| {});
    for name in ["epochs.csv", "spans.csv", "links.csv"] {
        assert_eq!(files[name], same[name], "{name}");
    }
    let resolved = String::from_utf8(files["scenario.ron"].clone()).unwrap();
    // Seen from the folder of the results, which is another.
    let images = resolved.lines().find(|line| line.contains("train_images: [")).expect("a line");
    assert!((0..3).all(|party| images.contains(&format!("/images{party}\""))), "{resolved}");
    assert!(!resolved.contains("owners:") && !resolved.contains("train: 512"), "{resolved}");
    // As deep as the folder of the results was.
    let other = TempDir::new().unwrap();
    let again = other.path().join("again");
    fs::create_dir(&again).unwrap();
    fs::write(again.join("resolved.ron"), &resolved).unwrap();
    assert!(results(&again.join("resolved.ron"), &[], |_| {}) == files);

    let refused = |set: &str, said: &str| {
        let out = folder.path().join("out");
        let output = mpcsim(&own, &out, &[set], |_| {});
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(said), "{set}: {told}");
        assert!(!out.exists());
    };
    refused("owners=[0.5, 0.5]", "`owners` and several files to train on exclude each other");
    refused("data.train=100", "`train` has no meaning with several files to train on");
    refused(
        "data.train_labels=[\"labels0\", \"labels1\"]",
        "there are 3 files of images and 2 files of labels",
    );
    refused(
        "data.train_labels=[\"labels1\", \"labels0\", \"labels2\"]",
        "there are 300 images and 12 labels",
    );
    refused("data.train_images=[]", "must be one file, or a list of 1 to 3");
    refused("data.test_images=[\"test-images.gz\"]", "`test_images` must be");
    let images = "[\"images0\", \"images1\", \"narrow\"]";
    fs::write(folder.path().join("narrow"), idx(&[200, 63], &[0; 200 * 63])).unwrap();
    refused(
        &format!("data.train_images={images}"),
        "images of `narrow` have 63 pixels and those before them 64",
    );
    assert_eq!(read(folder.path()).len(), 10, "nothing was written beside the scenario");
}
