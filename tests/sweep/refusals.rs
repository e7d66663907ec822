//! What a sweep does not do, and how it says so.

use std::path::Path;
use std::process::Command;

use super::{
    Place, bad, command, contents, first_rows, good_sweep, sha256, sweep, sweep_text, unfinished, work,
};

const AXES: &str =
    "axes: [(field: \"seed\", values: [1, 2, 3]), (field: \"network.latency_ms\", values: [1, 2])]";

/// A folder as it is when the sweep was killed after its first row.
fn killed(place: &Place, file: &Path) -> std::path::PathBuf {
    let (out, whole) = (place.path("out"), place.path("whole"));
    good_sweep(file, &whole, &[]);
    unfinished(&whole, &out, &first_rows(&whole, 1), 1);
    out
}

#[test]
fn an_unfinished_sweep_goes_on_only_as_it_was_begun() {
    let place = Place::new();
    let text = sweep_text("iterations: 2", AXES);
    let file = place.file("sweep.ron", &text);
    let out = killed(&place, &file);
    let before = contents(&out);
    assert!(bad(&sweep(&file, &out, &[]), 2).contains("go on with --resume"));
    let changed = place.file("changed.ron", &text.replace("[1, 2, 3]", "[1, 2, 4]"));
    assert!(
        bad(&sweep(&changed, &out, &["--resume"]), 2)
            .contains("the sweep file, its base scenario or its data")
    );
    assert!(bad(&sweep(&file, &out, &["--resume", "--shard", "1/2"]), 2).contains("begun as shard 1/1"));
    // Begun by another version.
    let progress = std::fs::read_to_string(work(&out).join("progress")).unwrap();
    let (text, _) = progress.rsplit_once('\t').unwrap();
    let old = text.replace(&format!("mpcsim {} (build ", env!("CARGO_PKG_VERSION")), "mpcsim 0.0.7 (build ");
    let sealed = format!("{old}\t{}\n", &sha256(old.as_bytes())[..16]);
    std::fs::write(work(&out).join("progress"), sealed).unwrap();
    let told = bad(&sweep(&file, &out, &["--resume"]), 2);
    assert!(told.contains("begun with mpcsim 0.0.7") && told.contains("and this is mpcsim"), "{told}");
    std::fs::write(work(&out).join("progress"), progress).unwrap();
    let mut after = contents(&out);
    after.retain(|(name, _)| !name.ends_with("/lock"));
    assert!(after == before, "a refusal leaves everything as it was");
    good_sweep(&file, &out, &["--resume"]);
    assert!(contents(&out) == contents(&place.path("whole")));
}

#[test]
fn a_changed_base_is_noticed() {
    let place = Place::new();
    let scenario = std::fs::read_to_string(super::scenarios().join("03_one_layer.ron")).unwrap();
    place.file("base.ron", &scenario);
    let axes = "axes: [(field: \"network.latency_ms\", values: [1, 2])]";
    let text = format!("(name: \"x\", base: \"base.ron\", train: false, {axes})");
    let file = place.file(
        "sweep.ron",
        &text.replace("axes: [", "axes: [(field: \"training.iterations\", values: [2]), "),
    );
    let out = killed(&place, &file);
    place.file("base.ron", &scenario.replace("one layer", "1 layer"));
    assert!(
        bad(&sweep(&file, &out, &["--resume"]), 2)
            .contains("its base scenario or its data are not what they were")
    );
}

#[test]
fn foreign_folders_and_wrong_options_are_refused() {
    let place = Place::new();
    let file = place.file("sweep.ron", &sweep_text("iterations: 2", AXES));
    let out = place.path("mine");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("thesis.tex"), "").unwrap();
    assert!(bad(&sweep(&file, &out, &[]), 2).contains("thesis.tex"));
    assert!(bad(&sweep(&file, &file, &[]), 2).contains("not a folder"));
    for shard in ["0/2", "3/2", "2", "a/b"] {
        assert!(bad(&sweep(&file, &place.path("out"), &["--shard", shard]), 2).contains("K/N"));
    }
    bad(&sweep(&file, &place.path("out"), &["--jobs", "0"]), 2);
}

#[test]
fn two_at_once_do_not_mix() {
    let place = Place::new();
    let axes = "axes: [(field: \"seed\", values: linear(from: 1, to: 40, steps: 40))]";
    let file = place.file("sweep.ron", &sweep_text("epochs: 60, batch: 16", axes));
    let out = place.path("out");
    let mut first = command(&file, &out, &["--quiet"]).spawn().unwrap();
    while !work(&out).join("progress").exists() {
        assert!(first.try_wait().unwrap().is_none(), "the first ended too early");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let told = bad(&sweep(&file, &out, &["--resume"]), 2);
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(told.contains("another mpcsim is at work"), "{told}");
}

/// A file that must not grow stands for a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_what_was_written_stays() {
    let place = Place::new();
    let axes = "train: false, axes: [(field: \"network.latency_ms\", values: linear(from: 0, to: 99.9, steps: 1000)), \
                (field: \"network.bandwidth_mbps\", values: linear(from: 1, to: 40, steps: 40))]";
    let file = place.file("sweep.ron", &sweep_text("iterations: 1", axes));
    good_sweep(&file, &place.path("whole"), &[]);
    let out = place.path("out");
    let mut resume = "";
    // Blocks of 512 bytes, or of 1,024: enough for the first checkpoint, not for all.
    for blocks in [1, 9_000, 10_000] {
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" sweep \"$1\" --out \"$2\" --jobs 1 {resume}"
        );
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_mpcsim")])
            .args([&file, &out])
            .output()
            .unwrap();
        let told = bad(&output, 1);
        assert!(told.contains("cannot be written to") && told.contains("go on with --resume"), "{told}");
        assert!(!out.join("results.csv").exists());
        resume = "--resume";
    }
    let progress = std::fs::read_to_string(work(&out).join("progress")).unwrap();
    assert!(!progress.contains("\"rows\":0"), "{progress}");
    good_sweep(&file, &out, &["--resume"]);
    assert!(contents(&out) == contents(&place.path("whole")));
}

/// Finished results of another sweep, shard or version are replaced only if asked to.
#[test]
fn finished_results_of_another_sweep_stay_unless_asked() {
    let place = Place::new();
    let axes = |seeds: &str| format!("train: false, axes: [(field: \"seed\", values: [{seeds}])]");
    let first = place.file("first.ron", &sweep_text("iterations: 2", &axes("1, 2")));
    let other = place.file("other.ron", &sweep_text("iterations: 2", &axes("1, 3")));
    let out = place.path("out");
    good_sweep(&first, &out, &[]);
    let before = contents(&out);
    let refused = |file: &Path, more: &[&str]| {
        let told = bad(&sweep(file, &out, more), 2);
        assert!(told.contains("holds the results of another sweep") && told.contains("--force"), "{told}");
        assert!(contents(&out) == before, "nothing was touched");
    };
    refused(&other, &[]);
    refused(&first, &["--shard", "1/2"]);
    refused(&first, &["--set", "training.learning_rate=0.5"]);
    // The same sweep asks nothing.
    good_sweep(&first, &out, &[]);
    assert!(contents(&out) == before);
    good_sweep(&other, &out, &["--force"]);
    assert!(contents(&out) != before);
    // Nor are results of another version the same.
    let summary = std::fs::read_to_string(out.join("sweep.json")).unwrap();
    let older = summary.replace("(build ", "(build 0");
    assert_ne!(summary, older);
    std::fs::write(out.join("sweep.json"), &older).unwrap();
    let sums = std::fs::read_to_string(out.join("SHA256SUMS")).unwrap();
    let sums = sums.replace(&sha256(summary.as_bytes()), &sha256(older.as_bytes()));
    std::fs::write(out.join("SHA256SUMS"), sums).unwrap();
    assert!(bad(&sweep(&other, &out, &[]), 2).contains("--force"));
}
