//! How much memory a command may take: what `--memory-limit` says, or what the machine has.
//!
//! Whatever could take much of it, by what stands in a file or in an argument, is estimated before anything is allocated, and
//! refused with the figure. docs/commands.md says what each command estimates.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a gigabyte.
const GIGABYTE: u64 = 1_000_000_000;

/// The most memory that a command may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    bytes: u64,
    by_option: bool,
}

/// What takes more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} about {} of memory, and {} {}: {help}",
    gigabytes(*needed_bytes),
    if limit.by_option { "--memory-limit allows" } else { "this machine has" },
    gigabytes(limit.bytes.into())
)]
pub struct TooMuchMemory {
    /// What it is, with its verb: "this takes".
    what: String,
    needed_bytes: u128,
    limit: MemoryLimit,
    /// What takes less.
    help: &'static str,
}

impl MemoryLimit {
    /// So many gigabytes, as the user says; what the machine has if the user says nothing.
    pub fn new(gigabytes: Option<u64>) -> MemoryLimit {
        match gigabytes {
            Some(gigabytes) => MemoryLimit { bytes: gigabytes.saturating_mul(GIGABYTE), by_option: true },
            None => MemoryLimit::of_machine(),
        }
    }

    /// What the machine has; no limit where the system does not say.
    pub fn of_machine() -> MemoryLimit {
        MemoryLimit { bytes: machine_bytes().unwrap_or(u64::MAX), by_option: false }
    }

    /// So many bytes, as if the user had said so.
    pub fn of_bytes(bytes: u64) -> MemoryLimit {
        MemoryLimit { bytes, by_option: true }
    }

    /// The most bytes.
    pub fn bytes(self) -> u64 {
        self.bytes
    }

    /// Refuses what needs more. `what` is a noun with its verb, such as "this takes"; `help` says what takes less.
    pub fn check(
        self,
        needed_bytes: u128,
        what: impl FnOnce() -> String,
        help: &'static str,
    ) -> Result<(), TooMuchMemory> {
        if needed_bytes <= self.bytes.into() {
            return Ok(());
        }
        Err(TooMuchMemory { what: what(), needed_bytes, limit: self, help })
    }
}

/// The text of a file that has at most so many bytes; what is no file need not have an end.
pub fn read_text(path: &Path, most_bytes: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(most_bytes.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() as u64 > most_bytes {
        return Err(io::Error::other(format!("it has more than {most_bytes} bytes")));
    }
    Ok(text)
}

/// "3.7 GB", "0.004 GB".
pub fn gigabytes(bytes: u128) -> String {
    let gigabyte = u128::from(GIGABYTE);
    match bytes {
        0..100_000_000 => format!("0.{:03} GB", bytes * 1000 / gigabyte),
        _ => format!("{}.{} GB", bytes / gigabyte, bytes * 10 / gigabyte % 10),
    }
}

/// Memory of this machine, if the system says so.
fn machine_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_more_is_refused_with_the_figure() {
        let limit = MemoryLimit::new(Some(2));
        assert_eq!(limit.check(2 * u128::from(GIGABYTE), || unreachable!(), ""), Ok(()));
        let refused = limit.check(3_760_000_000, || "this takes".to_string(), "take less").unwrap_err();
        let told = "this takes about 3.7 GB of memory, and --memory-limit allows 2.0 GB: take less";
        assert_eq!(refused.to_string(), told);
        let refused = MemoryLimit::of_bytes(4_000_000).check(5_100_000, || "it takes".to_string(), "less");
        assert!(
            refused
                .unwrap_err()
                .to_string()
                .contains("0.005 GB of memory, and --memory-limit allows 0.004 GB")
        );
    }
}
