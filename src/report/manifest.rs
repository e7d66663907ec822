//! `SHA256SUMS`: which files a folder of results has, and what is in them. `sha256sum -c` reads it.
//!
//! By it mpcsim knows its own: a file that is not listed, or has another content, is somebody else's.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::digest;

/// Its name.
pub(crate) const MANIFEST: &str = "SHA256SUMS";

/// Digests by the names of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    digests: BTreeMap<String, String>,
}

impl Manifest {
    /// Adds a file.
    pub(crate) fn add(&mut self, name: &str, digest: String) {
        self.digests.insert(name.to_string(), digest);
    }

    /// Names of the files.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.digests.keys().map(String::as_str)
    }

    /// Whether it lists this file.
    pub(crate) fn lists(&self, name: &str) -> bool {
        self.digests.contains_key(name)
    }

    /// Whether a file of a folder is the one that is listed.
    pub(crate) fn is_as_listed(&self, folder: &Path, name: &str) -> io::Result<bool> {
        let path = folder.join(name);
        match self.digests.get(name) {
            Some(listed) if fs::symlink_metadata(&path)?.is_file() => Ok(*listed == digest::of_file(&path)?),
            _ => Ok(false),
        }
    }

    /// The list of a folder; none if there is none, or if it is not one of ours.
    pub(crate) fn read(folder: &Path) -> io::Result<Option<Manifest>> {
        match fs::read(folder.join(MANIFEST)) {
            Ok(bytes) => Ok(Manifest::parse(&String::from_utf8_lossy(&bytes))),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
                    Ok(None)
                }
                _ => Err(error),
            },
        }
    }

    fn parse(text: &str) -> Option<Manifest> {
        let mut manifest = Manifest::default();
        for line in text.lines() {
            let (digest, name) = line.split_once("  ")?;
            let plain = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !plain || name.is_empty() || name.contains(['/', '\\']) || name == ".." {
                return None;
            }
            manifest.add(name, digest.to_string());
        }
        (manifest.text() == text).then_some(manifest)
    }

    /// Its text.
    pub(crate) fn text(&self) -> String {
        self.digests.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
    }
}
