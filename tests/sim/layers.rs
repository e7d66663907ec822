//! What the room of simulated time must not know.

use std::{fs, path::Path};

use mpcsim::sim::{Network, Replayer, SimError, Trace};

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read_to_string(&path).expect("text")));
        }
    }
}

#[test]
fn sim_uses_no_other_room_and_no_host() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sim"), &mut found);
    assert!(found.len() > 10);
    for (path, text) in found {
        let foreign = text.match_indices("crate::").filter(|&(at, _)| {
            let path = &text[at..];
            !path.starts_with("crate::sim") && !path.starts_with("crate::memory")
        });
        assert_eq!(foreign.count(), 0, "{path} uses another room");
        for banned in ["HashMap", "HashSet", "std::time", "std::thread", "std::env", "unsafe"] {
            assert!(!text.contains(banned), "{path} mentions {banned}");
        }
    }
}

/// A sweep replays one trace in many threads.
#[test]
fn traces_and_replayers_can_go_to_other_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Trace>();
    shared::<Network>();
    shared::<Replayer>();
    shared::<SimError>();
}
