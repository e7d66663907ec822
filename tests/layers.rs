//! Which room may know which, and what could make two runs differ.

use std::fs;
use std::path::Path;

/// All source files below a folder of `src`: their paths and their code without comments.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                let code = |line: &str| line.split("//").next().unwrap_or_default().to_string() + "\n";
                found.push((path.display().to_string(), text.lines().map(code).collect()));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has sources");
    found
}

/// Whether a word stands in the code by itself.
fn mentions(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

/// The rooms that a room uses, by `crate::room` in its code, groups in braces included.
fn uses(code: &str, rooms: &[String]) -> Vec<String> {
    let used = |room: &&String| {
        code.contains(&format!("crate::{room}"))
            || code.split("crate::{").skip(1).any(|group| {
                let end = group.find("};").unwrap_or(group.len());
                mentions(&group[..end], room)
            })
    };
    rooms.iter().filter(used).cloned().collect()
}

fn rooms() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut rooms: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    rooms.sort();
    rooms
}

/// The rooms of arithmetic, protocols and time, and all that each may use.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("ring", &[]),
    ("sim", &[]),
    ("play", &["sim"]),
    ("import", &["sim"]),
    ("data", &[]),
    ("protocol", &["ring", "sim"]),
    ("secure", &["ring", "sim", "protocol"]),
    ("softmax", &["ring", "sim", "protocol", "secure"]),
    ("nn", &["ring", "sim", "protocol", "secure", "softmax", "data"]),
    ("ledger", &["sim"]),
];

#[test]
fn rooms_use_only_what_is_below_them() {
    let rooms = rooms();
    for (room, allowed) in MAY_USE {
        for (path, code) in sources(room) {
            for used in uses(&code, &rooms) {
                assert!(used == room || allowed.contains(&used.as_str()), "{path} uses {used}");
            }
        }
    }
}

#[test]
fn the_ring_knows_nothing_of_parties() {
    for (path, code) in sources("ring") {
        for word in ["Party", "Protocol", "Share", "Message", "Network", "send", "recv"] {
            assert!(!mentions(&code, word), "{path} mentions {word}");
        }
    }
}

/// Nothing but the command line, and what measures real parties, may look at the host's clock or iterate in an order that
/// changes from run to run.
#[test]
fn nothing_makes_two_runs_differ() {
    for (path, code) in sources("") {
        let path = path.replace('\\', "/");
        if path.contains("/src/cli/") || path.contains("/src/play/") {
            continue;
        }
        for word in ["HashMap", "HashSet", "SystemTime", "Instant", "RandomState", "thread_rng"] {
            assert!(!mentions(&code, word), "{path} mentions {word}");
        }
    }
}
