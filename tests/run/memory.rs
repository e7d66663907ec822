//! Memory is estimated first, and what is not needed is not kept.

use mpcsim::data::idx::{Content, read_file};
use tempfile::TempDir;

use super::command::{BRIEF, SMALL, mpcsim, scenario};
use crate::data::idx::{gzip, idx};

#[test]
fn a_training_beyond_memory_is_refused_with_the_figure() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let refused = |sets: &[&str], limit: Option<&str>, said: &str| {
        let output = mpcsim(&scenario(SMALL), &out, sets, |command| {
            limit.map(|limit| command.args(["--memory-limit", limit]));
        });
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(said), "{told}");
        assert!(!out.exists(), "nothing is written");
    };
    // 64 x 65,536 + 65,536 x 65,536 + 65,536 x 4 weights and the biases: 3.7 TB on any machine.
    let wide = ["model=dense(hidden: [65536, 65536])", "training.batch=1"];
    let estimate = "this takes about 3654.8 GB of memory, and ";
    refused(&wide, Some("3654"), &format!("{estimate}--memory-limit allows 3654.0 GB"));
    refused(&wide, None, &format!("{estimate}this machine has "));
    refused(&["model=dense(hidden: [4096, 4096])"], Some("1"), "--memory-limit allows 1.0 GB");
    let output = mpcsim(&scenario(SMALL), &out, &BRIEF, |command| {
        command.args(["--memory-limit", "1"]);
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn rows_that_are_not_wanted_are_not_kept() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("many");
    let content: Vec<u8> = (0..5_000_000u32).map(|i| (i % 251) as u8).collect();
    let whole = idx(&[50_000, 100], &content);
    for bytes in [whole.clone(), gzip(&whole)] {
        std::fs::write(&path, &bytes).unwrap();
        let read = read_file(&path, "many", Content::Images, 10).unwrap();
        assert_eq!((read.rows, read.width, &read.bytes[..]), (50_000, 100, &content[..1000]));
        assert!(read.bytes.capacity() < 1 << 17, "{} bytes", read.bytes.capacity());
        // The end is looked at all the same.
        std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        assert!(read_file(&path, "many", Content::Images, 10).is_err());
    }
}
