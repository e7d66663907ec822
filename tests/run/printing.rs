//! Standard output that fails, and one that nobody reads.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::command::{BRIEF, SMALL, mpcsim, scenario};

/// A call of each command that prints, in a folder that has what it needs; results go where `{}` says.
fn commands(folder: &Path) -> Vec<Vec<String>> {
    let small = scenario(SMALL).display().to_string();
    assert!(mpcsim(&scenario(SMALL), &folder.join("done"), &BRIEF, |_| {}).status.success());
    let base = scenario(SMALL).display().to_string();
    let axes = "axes: [(field: \"network.latency_ms\", values: [1, 2])]";
    fs::write(folder.join("sweep.ron"), format!("(name: \"s\", base: {base:?}, train: false, {axes})"))
        .unwrap();
    let call = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_mpcsim")).args(arguments).current_dir(folder).output();
        assert!(output.unwrap().status.success(), "{arguments:?}");
    };
    call(&["trace", &small, "-o", "trace.jsonl"]);
    for shard in ["1/2", "2/2"] {
        call(&["sweep", "sweep.ron", "--shard", shard, "--out", &shard.replace('/', "-")]);
    }
    let lines = [
        format!("check {small}"),
        format!("run {small} --set training.epochs=1 --out {{}}"),
        format!("run {small} --set training.epochs=1 --explain --out {{}}"),
        "sweep sweep.ron --out {}".to_string(),
        "merge 1-2 2-2 --out {}".to_string(),
        "cost --protocol rep3 --op relu".to_string(),
        "cost --protocol rep3 --json".to_string(),
        format!("trace {small} -o {{}}.json"),
        "replay trace.jsonl --network lan".to_string(),
        "replay trace.jsonl --network lan --json".to_string(),
        "list".to_string(),
        "compare done done".to_string(),
        "compare done done --json".to_string(),
        "plot done --x epoch --y test_accuracy".to_string(),
        "completions bash".to_string(),
        "man".to_string(),
        "--help".to_string(),
        "--version".to_string(),
        "help run".to_string(),
    ];
    lines.iter().map(|line| line.split(' ').map(String::from).collect()).collect()
}

fn command(folder: &Path, arguments: &[String], out: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.args(arguments.iter().map(|word| word.replace("{}", out))).current_dir(folder);
    command
}

#[cfg(target_os = "linux")]
#[test]
fn a_print_that_fails_is_an_error_of_every_command() {
    let folder = TempDir::new().unwrap();
    for (number, arguments) in commands(folder.path()).iter().enumerate() {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = command(folder.path(), arguments, &format!("full-{number}"));
        let output = command.stdout(full).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        assert!(told.contains("standard output cannot be written: No space left"), "{arguments:?}: {told}");
    }
    // The same for a file that is asked for, here a link with a name that tells the format.
    std::os::unix::fs::symlink("/dev/full", folder.path().join("full.svg")).unwrap();
    let small = scenario(SMALL).display().to_string();
    for line in ["plot done --x epoch --y test_accuracy -o full.svg", &format!("trace {small} -o full.svg")] {
        let arguments: Vec<String> = line.split(' ').map(String::from).collect();
        let output = command(folder.path(), &arguments, "").output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}: {told}");
        assert!(told.contains("full.svg cannot be written: No space left"), "{line}: {told}");
    }
}

#[test]
fn a_closed_pipe_is_silent_and_cancels_nothing() {
    let folder = TempDir::new().unwrap();
    for (number, arguments) in commands(folder.path()).iter().enumerate() {
        let out = format!("closed-{number}");
        let mut command = command(folder.path(), arguments, &out);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{arguments:?}: {told}");
        if arguments.iter().any(|word| word == "{}") {
            assert!(folder.path().join(&out).join("SHA256SUMS").exists(), "{arguments:?} wrote nothing");
        }
    }
}
