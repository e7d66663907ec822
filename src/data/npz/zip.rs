//! The entries of a zip archive, stored or deflated, as NumPy writes it: PKWARE's APPNOTE.TXT 6.3, sections 4.3 to 4.5.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

use crate::data::DataError;
use crate::data::file::{read_full, unreadable};
use crate::data::origin::quoted;
use crate::data::sniff::{MOST_SNIFFED, NPZ, looks_like};

/// The end of the list of contents, and how long it is without its comment and with the longest one.
const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const MOST_END_BYTES: u64 = END_BYTES as u64 + 0xffff;
/// The same for archives of more than 4 GB, and what says where it is.
const END_64: &[u8] = b"PK\x06\x06";
const END_64_BYTES: usize = 56;
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const LOCATOR_64_BYTES: usize = 20;
/// An entry of the list, and the header before its content.
const LISTED: &[u8] = b"PK\x01\x02";
const LISTED_BYTES: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: usize = 30;
/// The longest list of contents that is read.
const MOST_LIST_BYTES: u64 = 1 << 24;
/// The extra field that has sizes of more than 4 GB.
const EXTRA_64: u16 = 1;

/// What the list of contents says of an entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Bytes of its content.
    pub bytes: u64,
    /// The same as packed.
    pub packed_bytes: u64,
    /// Checksum of the content.
    pub crc: u32,
    method: u16,
    flags: u16,
    offset: u64,
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// An open archive.
pub struct Archive {
    file: File,
    length: u64,
    name: String,
    /// What is in it.
    pub entries: Vec<Entry>,
}

impl Archive {
    /// Reads the list of contents. `name` is what errors call the archive.
    pub fn open(file: File, name: &str) -> Result<Archive, DataError> {
        let length = file.metadata().map_err(|cause| unreadable(name, cause))?.len();
        let mut archive = Archive { file, length, name: name.to_string(), entries: Vec::new() };
        let start = archive.bytes(0, length.min(MOST_SNIFFED as u64))?;
        if start.is_empty() {
            return Err(DataError::Empty { file: name.to_string() });
        }
        if !start.starts_with(b"PK") {
            let said = looks_like(&start, Some(NPZ)).map_or(String::new(), |said| format!("; {said}"));
            return Err(DataError::wrong(name, format!("is no zip archive, which an NPZ is{said}")));
        }
        let (entries, list) = archive.find_list()?;
        archive.entries = archive.read_list(entries, list)?;
        Ok(archive)
    }

    fn broken(&self, what: &str) -> DataError {
        DataError::wrong(&self.name, format!("is damaged or cut short: {what}"))
    }

    /// Bytes of the file, which must be there.
    fn bytes(&mut self, from: u64, count: u64) -> Result<Vec<u8>, DataError> {
        if from.checked_add(count).is_none_or(|end| end > self.length) {
            return Err(self.broken("it says that something stands behind its end"));
        }
        let mut bytes = vec![0; count as usize];
        let found = self.file.seek(SeekFrom::Start(from)).and_then(|_| read_full(&mut self.file, &mut bytes));
        match found {
            Ok(found) if found == bytes.len() => Ok(bytes),
            Ok(_) => Err(self.broken("it ended while it was read")),
            Err(cause) => Err(unreadable(&self.name, cause)),
        }
    }

    /// Number of entries, and the list of contents.
    fn find_list(&mut self) -> Result<(u64, Vec<u8>), DataError> {
        let tail_bytes = self.length.min(MOST_END_BYTES);
        let tail_from = self.length - tail_bytes;
        let tail = self.bytes(tail_from, tail_bytes)?;
        let is_end = |at: &usize| {
            tail[*at..].starts_with(END)
                && *at + END_BYTES + usize::from(u16_at(&tail, at + 20)) == tail.len()
        };
        let Some(at) = (0..=tail.len().saturating_sub(END_BYTES))
            .rev()
            .filter(|at| at + END_BYTES <= tail.len())
            .find(is_end)
        else {
            return Err(self.broken("its list of contents, which stands at the end, is not there"));
        };
        let end = tail_from + at as u64;
        let (mut entries, mut bytes, mut offset) = (
            u64::from(u16_at(&tail, at + 10)),
            u64::from(u32_at(&tail, at + 12)),
            u64::from(u32_at(&tail, at + 16)),
        );
        if entries == 0xffff || bytes == 0xffff_ffff || offset == 0xffff_ffff {
            let locator_at = end.checked_sub(LOCATOR_64_BYTES as u64);
            let locator_at = locator_at.ok_or_else(|| self.broken("its list of contents is not there"))?;
            let locator = self.bytes(locator_at, LOCATOR_64_BYTES as u64)?;
            if locator.starts_with(LOCATOR_64) {
                let end_64 = self.bytes(u64_at(&locator, 8), END_64_BYTES as u64)?;
                if !end_64.starts_with(END_64) {
                    return Err(self.broken("its list of contents is not where it says"));
                }
                (entries, bytes, offset) = (u64_at(&end_64, 32), u64_at(&end_64, 40), u64_at(&end_64, 48));
            }
        }
        if bytes > MOST_LIST_BYTES || offset.checked_add(bytes).is_none_or(|list_end| list_end > end) {
            return Err(self.broken("its list of contents is not where it says"));
        }
        Ok((entries, self.bytes(offset, bytes)?))
    }

    fn read_list(&self, count: u64, list: Vec<u8>) -> Result<Vec<Entry>, DataError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut rest = &list[..];
        while !rest.is_empty() {
            if rest.len() < LISTED_BYTES || !rest.starts_with(LISTED) {
                return Err(self.broken("its list of contents makes no sense"));
            }
            let [name_bytes, extra_bytes, comment_bytes] =
                [28, 30, 32].map(|at| usize::from(u16_at(rest, at)));
            let name_end = LISTED_BYTES + name_bytes;
            let end = name_end + extra_bytes + comment_bytes;
            if rest.len() < end {
                return Err(self.broken("its list of contents makes no sense"));
            }
            let mut entry = Entry {
                name: String::from_utf8_lossy(&rest[LISTED_BYTES..name_end]).into_owned(),
                bytes: u64::from(u32_at(rest, 24)),
                packed_bytes: u64::from(u32_at(rest, 20)),
                crc: u32_at(rest, 16),
                method: u16_at(rest, 10),
                flags: u16_at(rest, 8),
                offset: u64::from(u32_at(rest, 42)),
            };
            self.widen(&mut entry, &rest[name_end..name_end + extra_bytes])?;
            if entries.iter().any(|other| other.name == entry.name) {
                let problem = format!("holds `{}` twice", quoted(&entry.name));
                return Err(DataError::wrong(&self.name, problem));
            }
            entries.push(entry);
            rest = &rest[end..];
        }
        if entries.len() as u64 != count {
            return Err(self.broken("its list of contents has more or fewer entries than it says"));
        }
        Ok(entries)
    }

    /// Sizes of more than 4 GB, which stand in an extra field.
    fn widen(&self, entry: &mut Entry, extra: &[u8]) -> Result<(), DataError> {
        let mut rest = extra;
        let mut wide: &[u8] = &[];
        while rest.len() >= 4 {
            let (id, length) = (u16_at(rest, 0), usize::from(u16_at(rest, 2)));
            let Some(content) = rest.get(4..4 + length) else { break };
            if id == EXTRA_64 {
                wide = content;
            }
            rest = &rest[4 + length..];
        }
        for field in [&mut entry.bytes, &mut entry.packed_bytes, &mut entry.offset] {
            if *field == 0xffff_ffff {
                if wide.len() < 8 {
                    return Err(self.broken("an entry of more than 4 GB has no size"));
                }
                *field = u64_at(wide, 0);
                wide = &wide[8..];
            }
        }
        Ok(())
    }

    /// The content of an entry, unpacked while it is read.
    pub fn content(&mut self, entry: &Entry) -> Result<Box<dyn Read>, DataError> {
        let name = quoted(&entry.name);
        if entry.flags & 1 != 0 {
            return Err(DataError::wrong(
                &self.name,
                format!("holds `{name}` encrypted: write it without a password"),
            ));
        }
        let local = self.bytes(entry.offset, LOCAL_BYTES as u64)?;
        let [name_bytes, extra_bytes] = [26, 28].map(|at| u64::from(u16_at(&local, at)));
        let local_name = self.bytes(entry.offset + LOCAL_BYTES as u64, name_bytes)?;
        let from = entry.offset + LOCAL_BYTES as u64 + name_bytes + extra_bytes;
        let end = from.checked_add(entry.packed_bytes);
        let is_entry = local.starts_with(LOCAL) && String::from_utf8_lossy(&local_name) == entry.name;
        if !is_entry || end.is_none_or(|end| end > self.length) {
            return Err(self.broken(&format!("`{name}` is not where its list of contents says")));
        }
        let file = self.file.try_clone().and_then(|mut file| file.seek(SeekFrom::Start(from)).map(|_| file));
        let packed =
            BufReader::new(file.map_err(|cause| unreadable(&self.name, cause))?.take(entry.packed_bytes));
        match entry.method {
            0 if entry.packed_bytes == entry.bytes => Ok(Box::new(packed)),
            0 => Err(self.broken(&format!("`{name}` is stored, and is not as long as it says"))),
            8 => Ok(Box::new(DeflateDecoder::new(packed))),
            other => {
                let problem = format!(
                    "holds `{name}` packed in a way that is not known (method {other}): write it with numpy.savez or \
                     numpy.savez_compressed"
                );
                Err(DataError::wrong(&self.name, problem))
            }
        }
    }

    /// The error for what the unpacker says of an entry.
    pub fn unpacking(&self, entry: &Entry, cause: std::io::Error) -> DataError {
        if cause.raw_os_error().is_some() {
            return unreadable(&self.name, cause);
        }
        self.broken(&format!("`{}` cannot be unpacked ({cause})", quoted(&entry.name)))
    }
}
