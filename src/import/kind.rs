//! What a file is that is to be imported, by its content.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::log::is_log;

/// What is looked at.
const HEAD_BYTES: u64 = 1 << 16;
/// How a schedule begins that `txt2bin` has translated.
const TRANSLATED: [u8; 8] = 4223u64.to_le_bytes();

/// What can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A log of `mpcsim record`.
    Log,
    /// A packet capture, gzipped or not.
    Capture,
    /// A log of strace.
    Strace,
    /// A GOAL schedule as text.
    Goal,
    /// A GOAL schedule as `txt2bin` writes it, which is not read.
    TranslatedGoal,
    /// A time-independent trace of SimGrid.
    Independent,
    /// A list of such traces.
    IndependentList,
}

/// The line without a comment, if anything is left.
fn first_line(text: &str) -> Option<&str> {
    let lines = text.lines().map(str::trim);
    lines.into_iter().find(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Whether a GOAL schedule begins like this: comments, then one of its first words.
fn is_goal(text: &str) -> bool {
    let mut text = text.trim_start();
    loop {
        let after = if let Some(comment) = text.strip_prefix("//") {
            comment.split_once('\n').map(|(_, after)| after)
        } else if let Some(comment) = text.strip_prefix("/*") {
            comment.split_once("*/").map(|(_, after)| after)
        } else {
            let word: String =
                text.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
            return word == "num_ranks" || word == "rank";
        };
        let Some(after) = after else { return false };
        text = after.trim_start();
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A rank, and what it does.
fn is_independent(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (rank, action) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    is_number(rank)
        && !action.is_empty()
        && action.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// A call with its arguments, behind a thread and a time or not.
fn is_strace(line: &str) -> bool {
    let begins = |word: &str| {
        let name = word.split('(').next().unwrap_or_default();
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        name.len() < word.len()
            && name.bytes().all(of_name)
            && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
    };
    if line.starts_with("[pid ") {
        return true;
    }
    let front = |word: &&str| {
        is_number(word) || word.bytes().all(|byte| byte.is_ascii_digit() || b".:".contains(&byte))
    };
    let mut words = line.split_whitespace();
    let next = words.find(|word| !front(word)).unwrap_or_default();
    begins(next) || matches!(next, "+++" | "---" | "<...")
}

/// What a file is; none: nothing that is known, or it cannot be read.
pub fn file_kind(path: &Path) -> Option<FileKind> {
    if is_log(path) {
        return Some(FileKind::Log);
    }
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head)).ok()?;
    const PCAP: [[u8; 4]; 5] = [
        0xA1B2_C3D4u32.to_le_bytes(),
        0xA1B2_3C4Du32.to_le_bytes(),
        0xA1B2_C3D4u32.to_be_bytes(),
        0xA1B2_3C4Du32.to_be_bytes(),
        0x0A0D_0D0Au32.to_le_bytes(),
    ];
    if head.starts_with(&[0x1f, 0x8b]) || PCAP.iter().any(|magic| head.starts_with(magic)) {
        return Some(FileKind::Capture);
    }
    if head.starts_with(&TRANSLATED) {
        return Some(FileKind::TranslatedGoal);
    }
    let text = String::from_utf8_lossy(&head);
    if is_goal(&text) {
        return Some(FileKind::Goal);
    }
    let line = first_line(&text)?;
    if is_independent(line) {
        return Some(FileKind::Independent);
    }
    if is_strace(line) {
        return Some(FileKind::Strace);
    }
    let named = path.parent().unwrap_or(Path::new("")).join(line);
    let is_file = !line.contains('\0') && fs::metadata(&named).is_ok_and(|known| known.is_file());
    (is_file && !same_file(path, &named)).then_some(FileKind::IndependentList)
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}
