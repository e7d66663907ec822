//! Files of packets: pcap (both byte orders, micro- and nanoseconds) and pcapng, gzipped or not.
//!
//! Sources: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::{ImportError, Problem};

/// No packet is longer: what `tcpdump` allows.
const LONGEST: u64 = 262_144;
/// No block is longer: a packet with options.
const LONGEST_BLOCK: u64 = 2 * LONGEST;
const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1A2B_3C4D;
/// Option of an interface: units of its times.
const RESOLUTION: u16 = 9;
/// Option of an interface: seconds that are added to its times.
const OFFSET: u16 = 14;

/// A packet as captured.
pub(super) struct Packet<'a> {
    /// Counted from 1.
    pub(super) number: u64,
    /// On the capturing machine's clock.
    pub(super) time_ns: i128,
    /// What its first bytes are.
    pub(super) link_type: u32,
    /// What was kept of it.
    pub(super) bytes: &'a [u8],
    /// Bytes that it had.
    pub(super) length: usize,
}

/// An interface of pcapng.
struct Interface {
    link_type: u32,
    /// Units of a second.
    units: u128,
    offset_s: i64,
}

enum Format {
    Pcap { link_type: u32, ns: u32 },
    Pcapng { interfaces: Vec<Interface> },
}

/// A capture that is being read.
pub(super) struct Capture {
    path: PathBuf,
    input: Box<dyn BufRead>,
    big_endian: bool,
    format: Format,
    number: u64,
    buffer: Vec<u8>,
}

impl Capture {
    /// Reads the head of a file.
    pub(super) fn open(path: &Path) -> Result<Capture, ImportError> {
        let whole = |problem| ImportError::of(path, None, problem);
        let unreadable = |error| whole(Problem::Unreadable(error));
        let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
        let zipped = file.fill_buf().map_err(unreadable)?.starts_with(&[0x1f, 0x8b]);
        let mut input: Box<dyn BufRead> =
            if zipped { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) };
        let mut magic = [0; 4];
        match input.read_exact(&mut magic) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(whole(Problem::NoCapture)),
            Err(error) => return Err(unreadable(error)),
        }
        let little = u32::from_le_bytes(magic);
        let (big_endian, ns) = match (little, little.swap_bytes()) {
            (0xA1B2_C3D4, _) => (false, 1000),
            (0xA1B2_3C4D, _) => (false, 1),
            (_, 0xA1B2_C3D4) => (true, 1000),
            (_, 0xA1B2_3C4D) => (true, 1),
            (SECTION_HEADER, _) => (false, 0),
            _ => return Err(whole(Problem::NoCapture)),
        };
        let format = Format::Pcapng { interfaces: Vec::new() };
        let mut capture =
            Capture { path: path.to_path_buf(), input, big_endian, format, number: 0, buffer: Vec::new() };
        if ns == 0 {
            capture.section()?;
        } else {
            capture.fill(20)?;
            let link_type = capture.word(16) & 0x0FFF_FFFF;
            capture.format = Format::Pcap { link_type, ns };
        }
        Ok(capture)
    }

    fn wrong(&self, problem: Problem) -> ImportError {
        ImportError::of(&self.path, Some(self.number).filter(|&number| number > 0), problem)
    }

    /// Reads so many bytes into the buffer.
    fn fill(&mut self, bytes: u64) -> Result<(), ImportError> {
        self.buffer.resize(bytes as usize, 0);
        let read = self.input.read_exact(&mut self.buffer);
        read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.wrong(Problem::Cut),
            _ => self.wrong(Problem::Unreadable(error)),
        })
    }

    /// Whether the file ends here.
    fn is_at_end(&mut self) -> Result<bool, ImportError> {
        let rest = self.input.fill_buf().map(<[u8]>::is_empty);
        rest.map_err(|error| self.wrong(Problem::Unreadable(error)))
    }

    fn word_of(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// Four bytes of the buffer.
    fn word(&self, at: usize) -> u32 {
        self.word_of(self.buffer[at..at + 4].try_into().expect("four bytes"))
    }

    /// Two bytes of the buffer.
    fn half(&self, at: usize) -> u16 {
        let bytes = self.buffer[at..at + 2].try_into().expect("two bytes");
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    /// The rest of a section header of pcapng, after its type: from here on the byte order is known.
    fn section(&mut self) -> Result<(), ImportError> {
        self.fill(8)?;
        let order: [u8; 4] = self.buffer[4..8].try_into().expect("four bytes");
        self.big_endian = match BYTE_ORDER {
            order_word if u32::from_be_bytes(order) == order_word => true,
            order_word if u32::from_le_bytes(order) == order_word => false,
            _ => return Err(self.wrong(Problem::NoCapture)),
        };
        let length = u64::from(self.word(0));
        if !(28..=LONGEST_BLOCK).contains(&length) || !length.is_multiple_of(4) {
            return Err(self.wrong(Problem::Length(length)));
        }
        self.fill(length - 12)?;
        self.format = Format::Pcapng { interfaces: Vec::new() };
        Ok(())
    }

    /// The next packet; none at the end of the file.
    pub(super) fn next_packet(&mut self) -> Result<Option<Packet<'_>>, ImportError> {
        match self.format {
            Format::Pcap { link_type, ns } => self.pcap(link_type, ns),
            Format::Pcapng { .. } => self.pcapng(),
        }
    }

    fn pcap(&mut self, link_type: u32, ns: u32) -> Result<Option<Packet<'_>>, ImportError> {
        if self.is_at_end()? {
            return Ok(None);
        }
        self.number += 1;
        self.fill(16)?;
        let [seconds, fraction, kept, length] = [0, 4, 8, 12].map(|at| self.word(at));
        let time_ns = i128::from(seconds) * 1_000_000_000 + i128::from(fraction) * i128::from(ns);
        if u64::from(kept) > LONGEST {
            return Err(self.wrong(Problem::Length(kept.into())));
        }
        self.fill(kept.into())?;
        let bytes = &self.buffer[..];
        Ok(Some(Packet { number: self.number, time_ns, link_type, bytes, length: length as usize }))
    }

    /// Reads blocks up to a packet.
    fn pcapng(&mut self) -> Result<Option<Packet<'_>>, ImportError> {
        loop {
            if self.is_at_end()? {
                return Ok(None);
            }
            self.fill(4)?;
            let kind = self.word(0);
            if kind == SECTION_HEADER {
                self.section()?;
                continue;
            }
            self.number += u64::from(matches!(kind, SIMPLE_PACKET | ENHANCED_PACKET));
            self.fill(4)?;
            let length = u64::from(self.word(0));
            if !(12..=LONGEST_BLOCK).contains(&length) || !length.is_multiple_of(4) {
                return Err(self.wrong(Problem::Length(length)));
            }
            // Its content and its length once more.
            self.fill(length - 8)?;
            match kind {
                INTERFACE => self.interface()?,
                SIMPLE_PACKET => return Err(self.wrong(Problem::NoTime)),
                ENHANCED_PACKET => return self.enhanced().map(Some),
                _ => {}
            }
        }
    }

    /// The description of an interface, in the buffer.
    fn interface(&mut self) -> Result<(), ImportError> {
        if self.buffer.len() < 12 {
            return Err(self.wrong(Problem::Cut));
        }
        let mut interface = Interface { link_type: self.half(0).into(), units: 1_000_000, offset_s: 0 };
        let (mut at, end) = (8, self.buffer.len() - 4);
        while at + 4 <= end {
            let (code, length) = (self.half(at), usize::from(self.half(at + 2)));
            let from = at + 4;
            if code == 0 || from + length > end {
                break;
            }
            match (code, length) {
                (RESOLUTION, 1) => {
                    let exponent = u32::from(self.buffer[from] & 0x7F);
                    let base: u128 = if self.buffer[from] & 0x80 == 0 { 10 } else { 2 };
                    let units = base.checked_pow(exponent).filter(|&units| units <= 1 << 64);
                    interface.units = units.ok_or_else(|| self.wrong(Problem::Length(exponent.into())))?;
                }
                (OFFSET, 8) => {
                    let bytes = self.buffer[from..from + 8].try_into().expect("eight bytes");
                    interface.offset_s =
                        if self.big_endian { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) };
                }
                _ => {}
            }
            at = from + length.next_multiple_of(4);
        }
        let Format::Pcapng { interfaces } = &mut self.format else { unreachable!("a block of pcapng") };
        interfaces.push(interface);
        Ok(())
    }

    /// A packet with its time, in the buffer.
    fn enhanced(&mut self) -> Result<Packet<'_>, ImportError> {
        const HEAD: usize = 20;
        if self.buffer.len() < HEAD + 4 {
            return Err(self.wrong(Problem::Cut));
        }
        let [interface, high, low, kept, length] = [0, 4, 8, 12, 16].map(|at| self.word(at));
        let Format::Pcapng { interfaces } = &self.format else { unreachable!("a block of pcapng") };
        let Some(from) = interfaces.get(interface as usize) else {
            return Err(self.wrong(Problem::Interface(interface)));
        };
        let ticks = u128::from(high) << 32 | u128::from(low);
        let time_ns =
            (ticks * 1_000_000_000 / from.units) as i128 + i128::from(from.offset_s) * 1_000_000_000;
        if kept as usize > self.buffer.len() - HEAD - 4 {
            return Err(self.wrong(Problem::Length(kept.into())));
        }
        let bytes = &self.buffer[HEAD..HEAD + kept as usize];
        Ok(Packet { number: self.number, time_ns, link_type: from.link_type, bytes, length: length as usize })
    }
}
