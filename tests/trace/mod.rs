//! Tests of `run --explain`, `trace`, `replay` and `play`, and of what docs/trace-format.md says.

mod commands;
mod goal;
mod import;
mod memory;
mod networks;
mod perfetto;
mod play;
mod record;
mod replay;
mod simgrid;
mod strace;
mod totals;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mpcsim::sim::{EventKind, Trace};

/// A small scenario, set to so few iterations that it runs at once.
const SMALL: [&str; 3] = ["scenarios/05_own_data.ron", "--set", "training=(iterations:3,batch:16)"];

/// Runs the program in the folder of the project.
fn mpcsim(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().expect("the program starts")
}

/// What it prints if all goes well.
fn good(args: &[&str]) -> String {
    let output = mpcsim(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What it complains of; exit code 2, and nothing on standard output.
fn mistake(args: &[&str]) -> String {
    let output = mpcsim(args);
    let complaint = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{args:?}: {complaint}");
    assert!(output.stdout.is_empty(), "{args:?}");
    complaint
}

/// A folder for one test, and files in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> String {
        self.path().join(name).to_str().expect("UTF-8").to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path().join(name), text).expect("written");
        self.file(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).expect("the file is there")
    }

    fn names(&self) -> Vec<String> {
        let entries = self.path().read_dir().expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }
}

/// A party's line in short: work in ns.
fn line(trace: &Trace, party: usize) -> Vec<String> {
    let short = |kind| match kind {
        EventKind::Work { ps } => format!("work {}", ps / 1000),
        EventKind::Send { to, payload_bytes } => format!("send {payload_bytes} to {to}"),
        EventKind::Recv { from, ordinal, group_start } => {
            format!("{}take {ordinal} of {from}", if group_start { "" } else { "same " })
        }
    };
    trace.events(party).map(|event| short(event.kind)).collect()
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
