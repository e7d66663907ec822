//! Files as other programs write them, byte by byte.

use std::io::Write;

use flate2::{Compression, write::DeflateEncoder};

/// A NumPy array of format version 1.0, as numpy.save writes it: the header is padded to a multiple of 64 bytes.
pub fn npy(description: &str, shape: &str, content: &[u8]) -> Vec<u8> {
    npy_of(1, &format!("{{'descr': '{description}', 'fortran_order': False, 'shape': {shape}, }}"), content)
}

/// The same of any version and with any header.
pub fn npy_of(version: u8, header: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    let before = bytes.len() + if version == 1 { 2 } else { 4 };
    let length = (before + header.len() + 1).next_multiple_of(64) - before;
    match version {
        1 => bytes.extend((length as u16).to_le_bytes()),
        _ => bytes.extend((length as u32).to_le_bytes()),
    }
    bytes.extend(header.as_bytes());
    bytes.resize(before + length - 1, b' ');
    bytes.push(b'\n');
    bytes.extend(content);
    bytes
}

/// CRC-32 of ISO 3309, bit by bit.
pub fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// How the entries of an archive are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As numpy.savez does: not packed, sizes of the header before the content in an extra field of 64 bits.
    Stored,
    /// As numpy.savez_compressed does.
    Deflated,
    /// With an end of the list of contents for archives of more than 4 GB, and all sizes in extra fields.
    Wide,
}

/// A zip archive.
pub fn zip(entries: &[(&str, Vec<u8>)], packing: Packing) -> Vec<u8> {
    let (mut archive, mut list) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let packed = match packing {
            Packing::Deflated => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
            _ => content.clone(),
        };
        let method: u16 = if packing == Packing::Deflated { 8 } else { 0 };
        let (offset, crc) = (archive.len() as u64, crc(content));
        let sizes = [content.len() as u64, packed.len() as u64];
        // Version 4.5, no flags, the method, midnight of the first of January 1980.
        let mut common = 45u16.to_le_bytes().to_vec();
        common.extend([0, 0]);
        common.extend(method.to_le_bytes());
        common.extend([0, 0, 0x21, 0]);
        common.extend(crc.to_le_bytes());
        let none = u32::MAX.to_le_bytes();
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend([none, none].concat());
        archive.extend((name.len() as u16).to_le_bytes());
        archive.extend(20u16.to_le_bytes());
        archive.extend(name.as_bytes());
        archive.extend([1, 0, 16, 0]);
        sizes.iter().for_each(|size| archive.extend(size.to_le_bytes()));
        archive.extend(&packed);
        list.extend(b"PK\x01\x02\x2d\x03");
        list.extend(&common);
        let wide = packing == Packing::Wide;
        let short = |size: u64| if wide { none } else { (size as u32).to_le_bytes() };
        list.extend([short(sizes[1]), short(sizes[0])].concat());
        list.extend((name.len() as u16).to_le_bytes());
        list.extend(if wide { 28u16 } else { 0 }.to_le_bytes());
        // No comment, the first disk, no attributes.
        list.extend([0; 10]);
        list.extend(short(offset));
        list.extend(name.as_bytes());
        if wide {
            list.extend([1, 0, 24, 0]);
            [sizes[0], sizes[1], offset].iter().for_each(|size| list.extend(size.to_le_bytes()));
        }
    }
    let (start, count) = (archive.len() as u64, entries.len() as u64);
    archive.extend(&list);
    if packing == Packing::Wide {
        let end = archive.len() as u64;
        archive.extend(b"PK\x06\x06");
        archive.extend(44u64.to_le_bytes());
        archive.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        [count, count, list.len() as u64, start]
            .iter()
            .for_each(|number| archive.extend(number.to_le_bytes()));
        archive.extend(b"PK\x06\x07\0\0\0\0");
        archive.extend(end.to_le_bytes());
        archive.extend([1, 0, 0, 0]);
    }
    archive.extend(b"PK\x05\x06\0\0\0\0");
    let wide = packing == Packing::Wide;
    let count = if wide { u16::MAX } else { count as u16 }.to_le_bytes();
    archive.extend([count, count].concat());
    archive.extend(if wide { u32::MAX } else { list.len() as u32 }.to_le_bytes());
    archive.extend(if wide { u32::MAX } else { start as u32 }.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// A table of rows of values with a label in this column; names of columns if there are some.
pub fn csv<T: std::fmt::Display, L: std::fmt::Display>(
    names: Option<&str>,
    column: usize,
    rows: impl Iterator<Item = (Vec<T>, L)>,
) -> String {
    let mut text = names.map_or(String::new(), |names| format!("{names}\n"));
    for (values, label) in rows {
        let mut cells: Vec<String> = values.iter().map(T::to_string).collect();
        cells.insert(column, label.to_string());
        text += &(cells.join(",") + "\n");
    }
    text
}

/// Rows of CIFAR-10: a label, and pixels whose channels vary fastest.
pub fn cifar10(rows: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (label, pixels) in rows {
        bytes.push(*label);
        (0..3).for_each(|channel| bytes.extend(pixels.iter().skip(channel).step_by(3)));
    }
    bytes
}
