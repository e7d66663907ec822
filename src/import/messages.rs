//! Where messages end that begin with their length.

use super::Problem;

/// How a message says how many bytes follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Bytes of the length: 1 to 8.
    pub bytes: usize,
    /// Whether the most significant one comes first.
    pub big_endian: bool,
}

impl Lengths {
    /// The length that these bytes say.
    fn value(self, bytes: &[u8]) -> u64 {
        let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    }
}

/// A message within the bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Bytes of the connection up to its end.
    pub(super) end: u64,
    /// Bytes without its length.
    pub(super) payload: u64,
}

/// Follows the bytes of a connection.
#[derive(Clone, Debug)]
pub(super) struct Cutter {
    lengths: Lengths,
    /// Bytes that are still left out.
    skip: u64,
    /// Of the length that is being read.
    head: Vec<u8>,
    /// Bytes of the message that are still to come; none: its length is being read.
    left: Option<u64>,
    /// Bytes so far.
    position: u64,
    pub(super) cuts: Vec<Cut>,
    payload: u64,
}

impl Cutter {
    pub(super) fn new(lengths: Lengths, skip: u64) -> Cutter {
        Cutter { lengths, skip, head: Vec::new(), left: None, position: 0, cuts: Vec::new(), payload: 0 }
    }

    /// The next `count` bytes, of which the first are `content`.
    pub(super) fn feed(&mut self, content: &[u8], count: u64) -> Result<(), Problem> {
        let mut done = 0;
        while done < count {
            let rest = count - done;
            let step = match self.left {
                _ if self.skip > 0 => {
                    let step = self.skip.min(rest);
                    self.skip -= step;
                    step
                }
                None => {
                    self.head.push(*content.get(done as usize).ok_or(Problem::ContentCut)?);
                    if self.head.len() == self.lengths.bytes {
                        self.payload = self.lengths.value(&self.head);
                        self.left = Some(self.payload);
                        self.head.clear();
                    }
                    1
                }
                Some(left) => {
                    let step = left.min(rest);
                    self.left = Some(left - step);
                    step
                }
            };
            done += step;
            self.position += step;
            if self.left == Some(0) {
                self.cuts.push(Cut { end: self.position, payload: self.payload });
                self.left = None;
            }
        }
        Ok(())
    }

    /// What the last message should have, and what there is of it, if it is not whole.
    pub(super) fn unfinished(&self) -> Option<(u64, u64)> {
        match self.left {
            Some(left) => Some((self.payload, self.payload - left)),
            None if !self.head.is_empty() => Some((self.lengths.bytes as u64, self.head.len() as u64)),
            None => None,
        }
    }
}
