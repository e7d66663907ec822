//! Sweeps: that every point is what a run of it gives, whatever happens on the way.

mod advise;
mod by_seed;
mod memory;
mod mistakes;
mod points;
mod refusals;
mod resume;
mod shards;
mod tampered;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

/// The folder of the shipped scenarios.
fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// A sweep of the small data set that is shipped; `more` holds `axes` and perhaps more.
fn sweep_text(training: &str, more: &str) -> String {
    let base = format!(
        "(name: \"small\", protocol: rep3, model: dense(hidden: [8]), softmax: relu_gradient, \
         data: idx(train_images: {:?}, train_labels: {:?}, test_images: {:?}, test_labels: {:?}), \
         training: ({training}), network: custom(latency_ms: 1, bandwidth_mbps: 100))",
        scenarios().join("data/bars/train-images.gz"),
        scenarios().join("data/bars/train-labels"),
        scenarios().join("data/bars/test-images.gz"),
        scenarios().join("data/bars/test-labels"),
    );
    format!("(name: \"small\", base: {base}, {more})")
}

/// What a finished sweep of several seeds leaves.
const NAMES: [&str; 7] = [
    "SHA256SUMS",
    "evaluations.csv",
    "report.html",
    "results.csv",
    "results_by_seed.csv",
    "sweep.json",
    "trainings.jsonl",
];

/// A place for the files of a test.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and gives its path.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }
}

/// `mpcsim sweep FILE --out OUT …`, not started yet.
fn command(file: &Path, out: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.arg("sweep").arg(file).arg("--out").arg(out).args(more);
    command
}

/// The same, run to its end.
fn sweep(file: &Path, out: &Path, more: &[&str]) -> Output {
    command(file, out, more).output().unwrap()
}

/// The same, which must succeed.
fn good_sweep(file: &Path, out: &Path, more: &[&str]) -> String {
    let output = sweep(file, out, more);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Fails with this exit code; gives what it says.
fn bad(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

/// All files of a folder and of folders in it, with their contents.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files
                .extend(contents(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            files.push((name, std::fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

/// The folder of work of an unfinished sweep.
fn work(out: &Path) -> PathBuf {
    out.join(".mpcsim-unfinished")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A field of a finished sweep, as `"name": value`.
fn field_of(whole: &Path, name: &str) -> String {
    let summary = std::fs::read_to_string(whole.join("sweep.json")).unwrap();
    let line = summary.lines().find(|line| line.contains(&format!("\"{name}\""))).unwrap();
    line.trim().trim_end_matches(',').to_string()
}

/// The line that says how far a sweep has come: as far as these rows, of one that is finished in `whole`.
fn progress(whole: &Path, results: &[u8], rows: u64) -> String {
    let text = format!(
        "{{\"schema\":1,{},{},\"shard\":\"1/1\",\"rows\":{rows},\"bytes\":{},\"overflowed\":0,\"halted\":0,\"sha256\":\"{}\"}}",
        field_of(whole, "program"),
        field_of(whole, "fingerprint"),
        results.len(),
        sha256(results)
    );
    format!("{text}\t{}\n", &sha256(text.as_bytes())[..16])
}

/// Makes a folder as it is when a sweep that is finished in `whole` was killed: so many rows, of which `results` are all
/// that is known to be on the disk.
fn unfinished(whole: &Path, out: &Path, results: &[u8], rows: u64) {
    std::fs::create_dir_all(work(out).join("new")).unwrap();
    std::fs::write(work(out).join("progress"), progress(whole, results, rows)).unwrap();
    std::fs::write(work(out).join("new/results.csv"), results).unwrap();
}

/// The header and so many rows of the results of a finished sweep.
fn first_rows(whole: &Path, rows: usize) -> Vec<u8> {
    let csv = std::fs::read(whole.join("results.csv")).unwrap();
    let lines: Vec<&[u8]> = csv.split_inclusive(|&byte| byte == b'\n').take(rows + 1).collect();
    lines.concat()
}
