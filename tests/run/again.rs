//! A result can be run again from its own folder, wherever it was made; and results are compared by what they are of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::command::{BRIEF, SMALL, read, scenario};

fn mpcsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mpcsim")).args(arguments).current_dir(folder).output().unwrap()
}

fn good(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = mpcsim(folder, arguments);
    let [out, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{arguments:?}: {told}");
    (out, told)
}

/// A project with a scenario of its own data, `own/own.ron`, whose data are in `own/data`.
fn project() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().canonicalize().unwrap();
    fs::create_dir_all(root.join("own/data")).unwrap();
    for name in ["train-images.gz", "train-labels", "test-images.gz", "test-labels"] {
        fs::copy(scenario("data/bars").join(name), root.join("own/data").join(name)).unwrap();
    }
    let text = fs::read_to_string(scenario(SMALL)).unwrap().replace("data/bars/", "data/");
    fs::write(root.join("own/own.ron"), text).unwrap();
    (folder, root)
}

fn run<'a>(path: &'a str, out: &'a str) -> Vec<&'a str> {
    let sets = BRIEF.iter().flat_map(|set| ["--set", *set]);
    ["run", path, "--out", out, "--quiet"].into_iter().chain(sets).collect()
}

#[test]
fn a_result_of_own_data_runs_again_from_its_folder() {
    let (_guard, root) = project();
    good(&root, &run("own/own.ron", "results/first"));
    let first = read(&root.join("results/first"));
    assert!(String::from_utf8_lossy(&first["scenario.ron"]).contains("\"../../own/data/train-images.gz\""));
    // From anywhere, into anywhere: the same fingerprint, and the same results.
    for (folder, path) in [
        (root.join("results/first"), "scenario.ron"),
        (root.join("own/data"), "../../results/first/scenario.ron"),
    ] {
        let out = root.join("deep/er/again");
        good(&folder, &run(path, out.to_str().unwrap()));
        let again = read(&out);
        for name in ["summary.json", "epochs.csv", "spans.csv", "links.csv"] {
            assert!(again[name] == first[name], "{name} from {}", folder.display());
        }
        assert!(
            String::from_utf8_lossy(&again["scenario.ron"]).contains("\"../../../own/data/train-images.gz\"")
        );
        fs::remove_dir_all(root.join("deep")).unwrap();
    }
    // Into the same folder it is the same scenario: nothing is asked.
    good(&root, &run("results/first/scenario.ron", "results/first"));
    assert!(read(&root.join("results/first")) == first);
    // A project moves as a whole.
    let (_elsewhere, other) = project();
    fs::create_dir(other.join("results")).unwrap();
    fs::rename(root.join("results/first"), other.join("results/first")).unwrap();
    fs::remove_dir_all(root.join("own")).unwrap();
    good(&other, &run("results/first/scenario.ron", "again"));
    assert!(read(&other.join("again"))["epochs.csv"] == first["epochs.csv"]);
    // What is nowhere is told.
    fs::remove_dir_all(other.join("own")).unwrap();
    let output = mpcsim(&other, &run("results/first/scenario.ron", "never"));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("../../own/data/train-images.gz"), "{told}");
}

#[test]
fn what_check_prints_can_be_run_where_it_is_printed() {
    let (_guard, root) = project();
    for folder in ["", "own/data", "own"] {
        let (resolved, _) = good(&root.join(folder), &["check", root.join("own/own.ron").to_str().unwrap()]);
        fs::write(root.join(folder).join("resolved.ron"), &resolved).unwrap();
        let (again, _) = good(&root, &["check", root.join(folder).join("resolved.ron").to_str().unwrap()]);
        assert_eq!(again.lines().next(), resolved.lines().next(), "the fingerprint, from {folder:?}");
    }
}

#[test]
fn compare_knows_data_by_their_content() {
    let (_guard, root) = project();
    good(&root, &run("own/own.ron", "a"));
    // Elsewhere, under other names: the same data.
    fs::create_dir(root.join("copy")).unwrap();
    for name in ["train-images.gz", "train-labels", "test-images.gz", "test-labels"] {
        fs::copy(root.join("own/data").join(name), root.join("copy").join(format!("my-{name}"))).unwrap();
    }
    let text = fs::read_to_string(root.join("own/own.ron")).unwrap().replace("data/", "copy/my-");
    fs::write(root.join("moved.ron"), text).unwrap();
    good(&root, &run("moved.ron", "b"));
    let (table, told) = good(&root, &["compare", "a", "b"]);
    assert!(!told.contains("data differ"), "{told}");
    assert!(table.contains("data content"), "{table}");
    // At the same place: other data.
    let labels = root.join("own/data/train-labels");
    let mut bytes = fs::read(&labels).unwrap();
    bytes[8..40].iter_mut().for_each(|label| *label ^= 1);
    fs::write(&labels, bytes).unwrap();
    good(&root, &run("own/own.ron", "c"));
    let (_, told) = good(&root, &["compare", "a", "c"]);
    assert!(told.contains("data differ, so accuracies and costs are not of the same problem"), "{told}");
    assert_eq!(told.matches(", content ").count(), 2, "{told}");
    // Bundled data have no content of their own to show.
    let mnist = ["data=mnist(train: 64, test: 10)", "training=(iterations: 1, batch: 32)"];
    let more = |train| ["--set", "data=mnist(train: 64, test: 10)", "--set", mnist[1], "--set", train];
    good(&root, &[&run("own/own.ron", "d")[..], &more("data.train=64")].concat());
    good(&root, &[&run("own/own.ron", "e")[..], &more("data.train=65")].concat());
    let (table, told) = good(&root, &["compare", "d", "e"]);
    assert!(told.contains("data differ") && !told.contains("content"), "{told}");
    assert!(!table.contains("data content"), "{table}");
    let (_, told) = good(&root, &["compare", "a", "d"]);
    assert!(told.contains("data differ"), "{told}");
}
