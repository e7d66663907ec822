//! Files that somebody changed, and data that are not what they were: never other results without a word.

use std::path::{Path, PathBuf};

use super::shards::merge;
use super::{Place, bad, contents, first_rows, good_sweep, scenarios, sweep, sweep_text, unfinished, work};

const AXES: &str =
    "axes: [(field: \"seed\", values: [1, 2, 3]), (field: \"network.latency_ms\", values: [1, 2])]";

/// Every single change of a byte in any file of an unfinished sweep is refused or changes nothing.
#[test]
fn a_tampered_folder_never_resumes_to_other_bytes() {
    let place = Place::new();
    let file = place.file("sweep.ron", &sweep_text("iterations: 2", AXES));
    let whole = place.path("whole");
    good_sweep(&file, &whole, &[]);
    let expected = contents(&whole);
    let results = first_rows(&whole, 3);
    let journal = journal_of(&file, &place);
    let fresh = |name: &str| {
        let out = place.path(name);
        unfinished(&whole, &out, &results, 3);
        std::fs::write(work(&out).join("trainings.journal"), &journal).unwrap();
        out
    };
    let out = fresh("untouched");
    assert!(good_sweep(&file, &out, &["--resume"]).contains("3 points and 3 trainings were finished before"));
    assert!(contents(&out) == expected);

    let mut refused = 0;
    let mut number = 0;
    let mut attempt = |inner: &str, change: &dyn Fn(&mut Vec<u8>)| {
        number += 1;
        let out = fresh(&format!("tampered-{number}"));
        let path = work(&out).join(inner);
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        let output = sweep(&file, &out, &["--resume"]);
        if output.status.success() {
            assert!(contents(&out) == expected, "{inner}, change {number}: other bytes");
        } else {
            assert!(bad(&output, 2).contains("damaged, or were changed"), "{inner}");
            refused += 1;
        }
    };
    for inner in ["progress", "trainings.journal", "new/results.csv"] {
        let length = std::fs::metadata(work(&fresh("measured")).join(inner)).unwrap().len() as usize;
        for part in 0..6 {
            let at = part * (length - 1) / 5;
            // A digit becomes another, anything else a digit.
            attempt(inner, &|bytes| bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' });
        }
        attempt(inner, &|bytes| bytes.truncate(bytes.len() / 2));
        attempt(inner, &|bytes| bytes.clear());
    }
    // Rows and trainings in another order, or twice.
    for inner in ["trainings.journal", "new/results.csv"] {
        let lines = |bytes: &[u8]| -> Vec<Vec<u8>> {
            bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
        };
        attempt(inner, &|bytes| {
            let mut all = lines(bytes);
            all.swap(1, 2);
            *bytes = all.concat();
        });
        attempt(inner, &|bytes| {
            let mut all = lines(bytes);
            all[2] = all[1].clone();
            *bytes = all.concat();
        });
        attempt(inner, &|bytes| {
            let mut all = lines(bytes);
            all.remove(1);
            *bytes = all.concat();
        });
        attempt(inner, &|bytes| {
            let mut all = lines(bytes);
            all.push(all[1].clone());
            *bytes = all.concat();
        });
    }
    // Another sweep's trainings under this one's numbers.
    let other = place.file("other.ron", &sweep_text("iterations: 3", AXES));
    let foreign = journal_of(&other, &place);
    attempt("trainings.journal", &|bytes| *bytes = foreign.clone());
    assert!(refused >= 16, "only {refused} of {number} were noticed");
}

/// The journal of a sweep, as it is when it is killed after its trainings.
fn journal_of(file: &Path, place: &Place) -> Vec<u8> {
    let out = place.path("for-its-journal");
    let _ = std::fs::remove_dir_all(&out);
    let mut command = super::command(file, &out, &["--jobs", "1"]);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let journal = work(&out).join("trainings.journal");
    loop {
        let bytes = std::fs::read(&journal).unwrap_or_default();
        if bytes.iter().filter(|&&byte| byte == b'\n').count() == 3 {
            let _ = child.kill();
            child.wait().unwrap();
            return bytes;
        }
        if child.try_wait().unwrap().is_some() {
            // It was quicker than we are: once more.
            return journal_of(file, place);
        }
    }
}

#[test]
fn tampered_shards_are_not_merged() {
    let place = Place::new();
    let text = sweep_text("iterations: 2", "train: false, axes: [(field: \"seed\", values: [1, 2, 3, 4])]");
    let file = place.file("sweep.ron", &text);
    let folders: Vec<PathBuf> = (1..=2).map(|number| place.path(&number.to_string())).collect();
    for (number, folder) in folders.iter().enumerate() {
        good_sweep(&file, folder, &["--shard", &format!("{}/2", number + 1)]);
    }
    let out = place.path("out");
    for name in ["results.csv", "sweep.json", "SHA256SUMS"] {
        let path = folders[1].join(name);
        let bytes = std::fs::read(&path).unwrap();
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 2] {
            let mut changed = bytes.clone();
            changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
            std::fs::write(&path, changed).unwrap();
            let told = bad(&merge(&folders, &out), 2);
            assert!(told.contains("damaged") || told.contains("no results of a sweep"), "{name}: {told}");
            assert!(!out.exists());
        }
        // Lines that are missing, twice, or in another order.
        let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
        let (first, last) = (lines[0], lines[lines.len() - 1]);
        let rest = &lines[1..lines.len() - 1];
        let changes = [
            [&[first], rest].concat(),
            [&lines[..], &[last]].concat(),
            [&[first, last], rest].concat(),
            [&[last], rest, &[first]].concat(),
        ];
        // Digests may stand in any order, and twice.
        let wrong = if name == "SHA256SUMS" { 1 } else { changes.len() };
        for changed in &changes[..wrong] {
            std::fs::write(&path, changed.concat()).unwrap();
            let told = bad(&merge(&folders, &out), 2);
            assert!(told.contains("damaged") || told.contains("no results of a sweep"), "{name}: {told}");
            assert!(!out.exists());
        }
        std::fs::remove_file(&path).unwrap();
        bad(&merge(&folders, &out), 2);
        std::fs::write(&path, bytes).unwrap();
    }
    assert!(merge(&folders, &out).status.success());
    // A finished sweep with other rows is not what it was either.
    let rows = std::fs::read_to_string(out.join("results.csv")).unwrap();
    std::fs::write(out.join("results.csv"), rows.replace("\n1,", "\n9,")).unwrap();
    bad(&sweep(&file, &out, &["--resume"]), 2);
}

/// The data of the shipped small set in a folder of the test, with another label in the training part on demand.
fn own_data(place: &Place, changed: bool) {
    for name in ["train-images.gz", "train-labels", "test-images.gz", "test-labels"] {
        let mut bytes = std::fs::read(scenarios().join("data/bars").join(name)).unwrap();
        if changed && name == "train-labels" {
            bytes[8] ^= 1;
        }
        std::fs::write(place.path(name), bytes).unwrap();
    }
}

#[test]
fn other_labels_are_another_sweep() {
    let place = Place::new();
    let text = sweep_text("iterations: 2", AXES)
        .replace(&format!("{}", scenarios().join("data/bars").display()), ".");
    let file = place.file("sweep.ron", &text);
    own_data(&place, false);
    let whole = place.path("whole");
    good_sweep(&file, &whole, &[]);
    unfinished(&whole, &place.path("out"), &first_rows(&whole, 1), 1);
    for number in 1..=2 {
        own_data(&place, number == 2);
        good_sweep(&file, &place.path(&number.to_string()), &["--shard", &format!("{number}/2")]);
    }
    let told = bad(&merge(&[place.path("1"), place.path("2")], &place.path("merged")), 2);
    assert!(told.contains("different sweeps"), "{told}");
    let told = bad(&sweep(&file, &place.path("out"), &["--resume"]), 2);
    assert!(told.contains("or its data are not what they were"), "{told}");
}
