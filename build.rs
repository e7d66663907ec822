//! Names the build: a number for everything that results are made of, so that results of different builds are told apart.

use std::fs;
use std::path::{Path, PathBuf};

/// What cannot change a result: how the program is called, and how results are shown.
const WITHOUT_A_SAY: [&str; 4] = ["cli", "report", "main.rs", "lib.rs"];
/// What stands beside the sources: versions of libraries, and the data that is part of the program.
const BESIDE: [&str; 5] = [
    "Cargo.lock",
    "scenarios/data/mnist/train-images-idx3-ubyte.gz",
    "scenarios/data/mnist/train-labels-idx1-ubyte.gz",
    "scenarios/data/mnist/t10k-images-idx3-ubyte.gz",
    "scenarios/data/mnist/t10k-labels-idx1-ubyte.gz",
];

/// All files of a folder, in the order of their names.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() { files(&entry, found) } else { found.push(entry) }
    }
}

/// The hash of Fowler, Noll and Vo, 64 bits: the build needs no library for it.
fn add(hash: &mut u64, bytes: impl Iterator<Item = u8>) {
    for byte in bytes {
        *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

fn main() {
    let mut all = Vec::new();
    let mut rooms: Vec<PathBuf> =
        fs::read_dir("src").expect("the sources").map(|entry| entry.expect("an entry").path()).collect();
    rooms.retain(|room| WITHOUT_A_SAY.iter().all(|name| !room.ends_with(name)));
    rooms.sort();
    for room in rooms {
        if room.is_dir() { files(&room, &mut all) } else { all.push(room) }
    }
    all.extend(BESIDE.iter().map(PathBuf::from));
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for file in &all {
        let content = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        // Names as they are written everywhere, lines as they end everywhere.
        add(&mut hash, file.display().to_string().replace('\\', "/").bytes());
        let is_text = file.extension().is_some_and(|ending| ending == "rs" || ending == "lock");
        add(&mut hash, content.into_iter().filter(|byte| !is_text || *byte != b'\r'));
        add(&mut hash, [0xff].into_iter());
    }
    println!("cargo:rustc-env=MPCSIM_BUILD={hash:016x}");
    println!("cargo:rerun-if-changed=src");
    BESIDE.iter().for_each(|file| println!("cargo:rerun-if-changed={file}"));
}
