//! SHA-256, by which contents are told apart.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Takes bytes as they come.
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds bytes and how many they are, so that pieces in a row cannot be cut elsewhere.
    pub fn add_piece(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Of all bytes so far: 64 hexadecimal digits.
    pub fn digits(&self) -> String {
        self.0.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Of some bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    let mut hasher = Hasher::default();
    hasher.add(bytes);
    hasher.digits()
}

/// Of a file's content.
pub fn of_file(path: &Path) -> io::Result<String> {
    let mut hasher = Hasher::default();
    add_file(&mut hasher, &mut File::open(path)?)?;
    Ok(hasher.digits())
}

/// Adds what is left of a stream.
pub fn add_file(hasher: &mut Hasher, stream: &mut dyn Read) -> io::Result<u64> {
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(0) => return Ok(length),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.add(&buffer[..read]);
        length += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(of_bytes(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let mut pieces = Hasher::default();
        pieces.add(b"a");
        pieces.write_all(b"bc").expect("into memory");
        assert_eq!(pieces.digits(), of_bytes(b"abc"));
    }

    #[test]
    fn pieces_cannot_be_cut_elsewhere() {
        let of = |pieces: [&[u8]; 2]| {
            let mut hasher = Hasher::default();
            pieces.iter().for_each(|piece| hasher.add_piece(piece));
            hasher.digits()
        };
        assert_ne!(of([b"ab", b"c"]), of([b"a", b"bc"]));
    }
}
