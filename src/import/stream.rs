//! The bytes of one direction of a connection, in order: packets come twice, late and in another order.

use std::collections::BTreeMap;

use super::Problem;
use super::messages::{Cut, Cutter, Lengths};
use super::packet::Segment;

/// Bytes that were seen at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) time_ns: i128,
    /// Bytes of the connection up to its end.
    pub(super) end: u64,
    /// It ends a write.
    pub(super) pushes: bool,
}

/// One direction of a connection as one capture saw it.
pub(super) struct Stream {
    /// The number of the first byte.
    first: Option<u32>,
    /// Bytes up to the last one that was seen.
    highest: u64,
    /// Bytes without a gap.
    whole: u64,
    /// What came before what precedes it, by its beginning: how long it is, and its content if that is looked at.
    waiting: BTreeMap<u64, (u64, Vec<u8>)>,
    sent: Vec<Piece>,
    available: Vec<Piece>,
    cutter: Option<Cutter>,
    skip: u64,
}

impl Stream {
    pub(super) fn new(lengths: Option<Lengths>, skip: u64) -> Stream {
        Stream {
            first: None,
            highest: 0,
            whole: 0,
            waiting: BTreeMap::new(),
            sent: Vec::new(),
            available: Vec::new(),
            cutter: lengths.map(|lengths| Cutter::new(lengths, skip)),
            skip,
        }
    }

    /// A packet of it.
    pub(super) fn add(&mut self, segment: &Segment<'_>, time_ns: i128) -> Result<(), Problem> {
        let sequence = segment.sequence.wrapping_add(u32::from(segment.begins));
        let first = *self.first.get_or_insert(sequence);
        if segment.begins && sequence != first {
            return Err(Problem::Reused { from: segment.from, to: segment.to });
        }
        if segment.length == 0 {
            return Ok(());
        }
        // Numbers wrap at 2^32: the nearest to what is expected is meant.
        let expected = first.wrapping_add(self.whole as u32);
        let start = self.whole as i64 + i64::from(sequence.wrapping_sub(expected).cast_signed());
        let end = start + segment.length as i64;
        if end <= 0 {
            return Ok(());
        }
        let end = end as u64;
        if end > self.highest {
            self.highest = end;
            self.sent.push(Piece { time_ns, end, pushes: segment.pushes });
        }
        if end <= self.whole {
            return Ok(());
        }
        let known = self.whole as i64 - start;
        let (start, content) = match usize::try_from(known) {
            Ok(known) => (self.whole, segment.content.get(known..).unwrap_or_default()),
            Err(_) => (start as u64, segment.content),
        };
        let content = if self.cutter.is_some() { content.to_vec() } else { Vec::new() };
        let length = end - start;
        let longer = self.waiting.get(&start).is_none_or(|(known, _)| *known < length);
        if longer {
            self.waiting.insert(start, (length, content));
        }
        let before = self.whole;
        while let Some(entry) = self.waiting.first_entry().filter(|entry| *entry.key() <= self.whole) {
            let (start, (length, content)) = entry.remove_entry();
            let known = self.whole - start;
            if length > known {
                if let Some(cutter) = &mut self.cutter {
                    cutter.feed(content.get(known as usize..).unwrap_or_default(), length - known)?;
                }
                self.whole = start + length;
            }
        }
        if self.whole > before {
            self.available.push(Piece { time_ns, end: self.whole, pushes: true });
        }
        Ok(())
    }

    /// Bytes after the first ones that were never seen: how many there are before, and how many are missing.
    pub(super) fn lost(&self) -> Option<(u64, u64)> {
        let (next, _) = self.waiting.first_key_value()?;
        Some((self.whole, next - self.whole))
    }

    /// What the last message should have, and what there is of it, if it is not whole.
    pub(super) fn unfinished(&self) -> Option<(u64, u64)> {
        self.cutter.as_ref().and_then(Cutter::unfinished)
    }

    /// When bytes went out for the first time.
    pub(super) fn sent(&self) -> &[Piece] {
        &self.sent
    }

    /// When bytes were there with all before them.
    pub(super) fn available(&self) -> &[Piece] {
        &self.available
    }

    /// Messages by their lengths.
    pub(super) fn cuts(&self) -> Option<&[Cut]> {
        self.cutter.as_ref().map(|cutter| &cutter.cuts[..])
    }

    /// Bytes that are left out at its beginning.
    pub(super) fn skip(&self) -> u64 {
        self.skip
    }
}
