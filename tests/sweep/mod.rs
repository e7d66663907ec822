//! Sweeps: that every point is what a run of it gives, whatever happens on the way.

mod mistakes;
#[cfg(feature = "parquet")]
mod parquet;
mod points;
mod refusals;
mod resume;
mod shards;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

/// All files of a folder with their contents.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}
