//! Numbers of few bits, packed into words: what the messages of transfers are made of.

use crate::ring::Plane;

/// Numbers of some bits each, packed.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    words: Vec<u64>,
    bits: usize,
}

impl Packed {
    /// Adds the lowest `width` bits of a number, at least one.
    pub fn push(&mut self, value: u64, width: u32) {
        let (place, value) = (self.bits % 64, value & (u64::MAX >> (64 - width)));
        if place == 0 {
            self.words.push(value);
        } else {
            *self.words.last_mut().expect("a word that is not full") |= value << place;
            if place + width as usize > 64 {
                self.words.push(value >> (64 - place));
            }
        }
        self.bits += width as usize;
    }

    /// Adds the bits of a plane.
    pub fn push_plane(&mut self, plane: &Plane) {
        for (i, &word) in plane.expect_words().iter().enumerate() {
            self.push(word, (plane.len() - 64 * i).min(64) as u32);
        }
    }

    /// As one plane.
    pub fn into_plane(self) -> Plane {
        Plane::packed(self.words, self.bits)
    }
}

/// Takes packed numbers out again.
pub struct Unpacked<'a> {
    words: &'a [u64],
    taken: usize,
}

impl<'a> Unpacked<'a> {
    /// From the first on.
    pub fn new(words: &'a [u64]) -> Self {
        Unpacked::at(words, 0)
    }

    /// From a bit on.
    pub fn at(words: &'a [u64], bit: usize) -> Self {
        Unpacked { words, taken: bit }
    }

    /// The next number of so many bits, at least one.
    pub fn take(&mut self, width: u32) -> u64 {
        let (word, place) = (self.taken / 64, self.taken % 64);
        let mut value = self.words[word] >> place;
        if place + width as usize > 64 {
            value |= self.words[word + 1] << (64 - place);
        }
        self.taken += width as usize;
        value & (u64::MAX >> (64 - width))
    }
}

/// `len` packed bits from `start` on.
pub fn bits_of(words: &[u64], start: usize, len: usize) -> Plane {
    let (first, place) = (start / 64, start % 64);
    let word = |i: usize| words.get(first + i).copied().unwrap_or(0);
    let shifted = (0..len.div_ceil(64)).map(|i| match place {
        0 => word(i),
        _ => word(i) >> place | word(i + 1) << (64 - place),
    });
    Plane::packed(shifted.collect(), len)
}
