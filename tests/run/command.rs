//! `mpcsim run` as a person calls it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)
}

/// A scenario that takes no time: a small network on the pictures of bars.
pub const SMALL: &str = "05_own_data.ron";
/// What makes it smaller still.
pub const BRIEF: [&str; 2] = ["training.epochs=2", "training.batch=32"];

/// Calls the command with a scenario, its results in `out`.
pub fn mpcsim(scenario: &Path, out: &Path, sets: &[&str], more: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.arg("run").arg(scenario).arg("--out").arg(out);
    for set in sets {
        command.args(["--set", set]);
    }
    more(&mut command);
    command.output().expect("the command starts")
}

pub fn read(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(out).expect("a folder of results");
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

/// The files of a run that goes well.
pub fn results(scenario: &Path, sets: &[&str], more: impl FnOnce(&mut Command)) -> BTreeMap<String, Vec<u8>> {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let output = mpcsim(scenario, &out, sets, more);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "silence in a pipe");
    let files = read(&out);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "SHA256SUMS",
            "epochs.csv",
            "evaluations.csv",
            "links.csv",
            "report.html",
            "scenario.ron",
            "spans.csv",
            "summary.json"
        ]
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the results");
    files
}

#[test]
fn the_same_bytes_with_one_thread_and_with_two_and_from_anywhere() {
    let sets = [
        "data=mnist(train: 2000, test: 1500)",
        "training.epochs=1",
        "training.batch=100",
        "model=dense(hidden: [16])",
    ];
    let run = |threads: &str, folder: &Path, quiet: bool| {
        results(&scenario("01_first_run.ron"), &sets, |command| {
            command.env("RAYON_NUM_THREADS", threads).current_dir(folder);
            if quiet {
                command.arg("--quiet");
            }
        })
    };
    let elsewhere = TempDir::new().unwrap();
    let first = run("1", Path::new(env!("CARGO_MANIFEST_DIR")), false);
    assert!(first == run("2", elsewhere.path(), true), "two threads, another folder");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing is written where it was called");
    for (name, content) in &first {
        let text = String::from_utf8_lossy(content);
        let manifest = env!("CARGO_MANIFEST_DIR");
        assert!(!text.contains(manifest) && !text.contains("/tmp"), "{name} holds a path of the host");
    }
}

/// The resolved scenario that a run writes is a scenario, and gives the same results.
#[test]
fn the_resolved_scenario_gives_the_same_results() {
    let sets = ["data=mnist(train: 300, test: 100)", "training=(iterations: 2, batch: 50)"];
    let first = results(&scenario("04_asymmetric_links.ron"), &sets, |_| {});
    let folder = TempDir::new().unwrap();
    let resolved = folder.path().join("resolved.ron");
    fs::write(&resolved, &first["scenario.ron"]).unwrap();
    assert!(results(&resolved, &[], |_| {}) == first);
}

/// A wrong scenario is explained; nothing is written.
#[test]
fn mistakes_end_with_code_2_and_no_files() {
    let folder = TempDir::new().unwrap();
    let wrong = folder.path().join("wrong.ron");
    let text = fs::read_to_string(scenario(SMALL)).unwrap();
    fs::write(&wrong, text.replace("softmax: exact", "softmaks: exact")).unwrap();
    let check = |path: &Path, sets: &[&str], said: &str| {
        let output = mpcsim(path, &folder.path().join("out"), sets, |_| {});
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(said), "{told}");
        assert!(output.stdout.is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the scenario is there");
    };
    check(&wrong, &[], "softmaks");
    check(&scenario(SMALL), &["training.epoch=3"], "training.epoch");
    check(
        &scenario(SMALL),
        &["data=idx(train_images: \"no\", train_labels: \"no\", test_images: \"no\", test_labels: \"no\")"],
        "no",
    );
    check(&folder.path().join("missing.ron"), &[], "missing.ron");
}

#[test]
fn a_folder_with_foreign_files_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.tex"), "years of work").unwrap();
    let output = mpcsim(&scenario(SMALL), &out, &BRIEF, |_| {});
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("thesis.tex"));
    assert_eq!(read(&out).keys().collect::<Vec<_>>(), ["thesis.tex"]);

    fs::remove_file(out.join("thesis.tex")).unwrap();
    for iterations in ["training=(iterations: 1)", "training=(iterations: 2)"] {
        let output = mpcsim(&scenario(SMALL), &out, &[iterations], |command| {
            command.arg("--force");
        });
        assert!(output.status.success(), "results replace results, if asked to");
    }
    assert_eq!(read(&out).len(), 8);
}
