//! Correlated oblivious transfers (COT), extended from a few base transfers; semi-honest.
//!
//! For each transfer j the receiver has a random choice bit r_j and a row t_j of 128 bits, the sender a row
//! q_j = t_j xor r_j D, with a secret D of 128 bits that is the same for all transfers: Ishai, Kilian, Nissim, Petrank,
//! "Extending oblivious transfers efficiently" (CRYPTO 2003). There are two ways to it, see [`Extension`]:
//!
//! * That paper's: the receiver has two seeds for each bit of D, the sender the one that the bit names. The receiver chooses
//!   its bits, and sends 128 bits a transfer.
//! * Two bits of D share a column, as in Roy, "SoftSpokenOT" (CRYPTO 2022), with k = 2: the receiver has four seeds for each
//!   pair of bits, the sender all of them but the one that the pair names. The choice bits are random, those of the first pair,
//!   so the receiver sends 63 bits a transfer. If it chooses its bits, those of the first pair are corrected too: 64.
//!
//! Hashes of rows are pads: those of t_j for the receiver, those of q_j and q_j xor D for the sender, who corrects them to
//! what the transfer is for: Asharov, Lindell, Schneider, Zohner (CCS 2013).
//!
//! The extension is computed as it stands here, from messages that are really sent. Modelled are: the base transfers, whose
//! results come from streams that both parties could draw; the generator, which is that of all streams; the hash, which is
//! a mixing function.

use super::packed::{Packed, Unpacked, bits_of};
use crate::ring::meter::Work;
use crate::ring::transpose::words_from_planes;
use crate::ring::{Content, Plane, StreamKey, mix};

/// Bits of a row.
const ROW_BITS: usize = 128;
/// Seeds that the receiver has, in either way.
pub const ALL_SEEDS: usize = 256;
/// Bits of a ring element.
const RING_BITS: u32 = 64;

/// How transfers are extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Bits of D that share a column.
    group: usize,
    /// Whether the receiver chooses its bits.
    is_chosen: bool,
}

impl Extension {
    /// SoftSpokenOT with k = 2, the choice bits random.
    pub const SOFT_SPOKEN: Extension = Extension { group: 2, is_chosen: false };
    /// Ishai, Kilian, Nissim, Petrank, the choice bits chosen.
    pub const ISHAI: Extension = Extension { group: 1, is_chosen: true };
    /// SoftSpokenOT with k = 2, the choice bits chosen: 64 bits a transfer.
    pub const SOFT_SPOKEN_CHOSEN: Extension = Extension { group: 2, is_chosen: true };

    /// Whether the receiver chooses its bits.
    pub const fn is_chosen(self) -> bool {
        self.is_chosen
    }

    const fn groups(self) -> usize {
        ROW_BITS / self.group
    }

    /// Seeds of a group.
    const fn seeds(self) -> usize {
        1 << self.group
    }

    /// Bits that the receiver sends for so many transfers: for each group, but the one whose sum are the choice bits.
    pub const fn bits(self, count: usize) -> usize {
        (self.groups() - !self.is_chosen as usize) * count
    }

    /// What the receiver does to extend to so many transfers: generator, columns, transpose.
    pub fn receiver_work(self, count: usize) -> Work {
        let words = count.div_ceil(64) as u64;
        let columns = (self.seeds() + self.group) * self.groups() + ROW_BITS;
        Work {
            random_bytes: 8 * words * ALL_SEEDS as u64,
            bit_words: words * columns as u64,
            ..Work::default()
        }
    }

    /// What the sender does.
    pub fn sender_work(self, count: usize) -> Work {
        let words = count.div_ceil(64) as u64;
        let (seeds, columns) =
            ((self.seeds() - 1) * self.groups(), 2 * self.group * self.groups() + ROW_BITS);
        Work { random_bytes: 8 * words * seeds as u64, bit_words: words * columns as u64, ..Work::default() }
    }

    /// Payload bytes of the base transfers, one message after the other: a group element from the receiver of the extension,
    /// one a base transfer from the sender (Chou, Orlandi, "The simplest protocol for oblivious transfer", LATINCRYPT 2015). If
    /// bits of D share a column, there are trees that give the seeds: for each group and level the sums of the left and of the
    /// right leaves of its tree.
    pub const fn set_up_bytes(self) -> &'static [u64] {
        const BASE: [u64; 2] = [32, 32 * ROW_BITS as u64];
        if self.group == 1 { &BASE } else { &[BASE[0], BASE[1], (ROW_BITS / 2 * 2 * ROW_BITS / 8) as u64] }
    }
}

/// Transfers for one purpose: one for each of `planes` bits of each of `entries` numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfers {
    /// Choice bits of a number.
    pub planes: usize,
    /// Numbers.
    pub entries: usize,
    /// Elements that each transfer is about.
    pub len: usize,
    /// Where the lowest choice bit counts, for products in the ring; `None` for products of bits, whose second factor is
    /// random, so that no pad is corrected.
    pub shift: Option<u32>,
    /// Whether what a choice bit is for is cut into pieces of 128 bits with a transfer for each, as in SecureML; if not, a pad
    /// is stretched.
    pub is_cut: bool,
}

/// Bits of a piece.
const PIECE_BITS: usize = 128;

impl Transfers {
    /// How many.
    pub fn count(&self) -> usize {
        (0..self.planes).map(|plane| self.pieces(plane)).sum::<usize>() * self.entries
    }

    /// Transfers for a choice bit.
    fn pieces(&self, plane: usize) -> usize {
        match self.shift {
            Some(shift) if self.is_cut => {
                (Self::width(shift, plane) as usize * self.len).div_ceil(PIECE_BITS)
            }
            _ => 1,
        }
    }

    /// Pads of the receiver, of 64 bits.
    pub fn pads(&self) -> usize {
        if self.is_cut { 2 * self.count() } else { self.count() * self.len }
    }

    /// The choice bits of all transfers, from those of each number.
    pub fn spread(&self, choices: &[Plane], into: &mut Packed) {
        for (plane, bits) in choices.iter().enumerate() {
            let words = bits.expect_words();
            for entry in 0..self.entries {
                let bit = words[entry / 64] >> (entry % 64) & 1;
                (0..self.pieces(plane)).for_each(|_| into.push(bit, 1));
            }
        }
    }

    /// Bits of a product that count above the place of a choice bit.
    fn width(shift: u32, plane: usize) -> u32 {
        RING_BITS - shift - plane as u32
    }

    /// Bits that the sender sends.
    pub fn correction_bits(&self) -> usize {
        let Some(shift) = self.shift else { return 0 };
        let widths = (0..self.planes).map(|plane| Self::width(shift, plane) as usize);
        widths.sum::<usize>() * self.entries * self.len
    }
}

/// The rows of one party, and how many were used.
#[derive(Default)]
struct Rows {
    rows: Vec<u128>,
    used: usize,
    /// Where the numbers of these transfers begin, for the hash.
    first: u64,
}

impl Rows {
    /// From its columns, one after the other.
    fn of(columns: &[u64], count: usize, first: u64) -> Rows {
        let (low, high) = columns.split_at(columns.len() / 2);
        let halves = [low, high].map(|half| words_from_planes(half, 64, count));
        let rows = halves[0].iter().zip(&halves[1]);
        Rows {
            rows: rows.map(|(&low, &high)| u128::from(high) << 64 | u128::from(low)).collect(),
            used: 0,
            first,
        }
    }

    /// All rows.
    fn into_rows(self) -> Vec<u128> {
        self.rows
    }

    /// The next rows and the number of the first of their transfers.
    fn take(&mut self, count: usize) -> (u64, &[u128]) {
        let start = self.used;
        self.used += count;
        (self.first + start as u64 + 1, &self.rows[start..self.used])
    }

    /// The next row and the number of its transfer.
    fn next(&mut self) -> (u64, u128) {
        self.used += 1;
        (self.first + self.used as u64, self.rows[self.used - 1])
    }
}

/// The pads of the elements that a choice bit is for.
enum Stretch {
    /// Of one row.
    One(Pads),
    /// 128 bits of each of some rows, cut into elements.
    Cut { words: Vec<u64>, width: u32 },
}

impl Stretch {
    /// Of the next rows, each with `offset` added.
    fn of((first, rows): (u64, &[u128]), offset: u128, (is_cut, width): (bool, u32)) -> Stretch {
        if !is_cut {
            return Stretch::One(Pads::of((first, rows[0] ^ offset)));
        }
        let pads = |(number, row): (u64, &u128)| Pads::of((number, row ^ offset));
        let pads = (first..).zip(rows).map(pads);
        let words = pads.flat_map(|pads| [pads.element(0), pads.element(1)]).collect();
        Stretch::Cut { words, width }
    }

    fn element(&self, element: usize) -> u64 {
        match self {
            Stretch::One(pads) => pads.element(element),
            Stretch::Cut { words, width } => Unpacked::at(words, element * *width as usize).take(*width),
        }
    }
}

/// The hash of a row: gives a pad for each element.
#[derive(Clone, Copy)]
struct Pads(u64);

impl Pads {
    fn of((number, row): (u64, u128)) -> Pads {
        Pads(mix(mix(mix(number) ^ row as u64) ^ (row >> 64) as u64))
    }

    fn element(self, element: usize) -> u64 {
        mix(self.0 ^ element as u64)
    }
}

fn xor(into: &mut [u64], other: &[u64]) {
    into.iter_mut().zip(other).for_each(|(x, y)| *x ^= y);
}

/// The party that chooses.
pub struct Receiver {
    choices: Plane,
    rows: Rows,
}

impl Receiver {
    /// Extends to `count` transfers, numbered from `first` on; with what is sent. `seed` gives the stream of each seed.
    /// `chosen` are the choice bits, if the receiver chooses them.
    pub fn extend(
        extension: Extension,
        chosen: Option<Plane>,
        (count, first): (usize, u64),
        seed: impl Fn(usize) -> StreamKey,
    ) -> (Receiver, Vec<Plane>) {
        assert_eq!(chosen.is_some(), extension.is_chosen, "choice bits where there is a choice");
        if count == 0 {
            return (Receiver { choices: Plane::packed(Vec::new(), 0), rows: Rows::default() }, Vec::new());
        }
        let (words, Extension { group, .. }) = (count.div_ceil(64), extension);
        let (mut columns, mut sent) = (vec![0; ROW_BITS * words], Vec::new());
        let mut choices = chosen;
        for (number, columns) in columns.chunks_exact_mut(group * words).enumerate() {
            let mut sum = vec![0; words];
            for x in 0..extension.seeds() {
                let drawn = seed(extension.seeds() * number + x).planes(Content::Values, count, 1).remove(0);
                let drawn = drawn.expect_words();
                xor(&mut sum, drawn);
                let columns = columns.chunks_exact_mut(words).enumerate();
                columns.filter(|(i, _)| x >> i & 1 == 1).for_each(|(_, column)| xor(column, drawn));
            }
            match &choices {
                None => choices = Some(Plane::packed(sum, count)),
                Some(choices) => {
                    xor(&mut sum, choices.expect_words());
                    sent.push(Plane::packed(sum, count));
                }
            }
        }
        let choices = choices.expect("choices, or a first group");
        (Receiver { choices, rows: Rows::of(&columns, count, first) }, sent)
    }

    /// The rows of all transfers.
    pub fn into_rows(self) -> Vec<u128> {
        self.rows.into_rows()
    }

    /// The choice bits of the next transfers, which are random.
    pub fn choices(&self, transfers: &Transfers) -> Vec<Plane> {
        let Transfers { planes, entries, .. } = *transfers;
        let plane = |i| bits_of(self.choices.expect_words(), self.rows.used + i * entries, entries);
        (0..planes).map(plane).collect()
    }

    /// Shares of the chosen numbers times what the sender has, the elements of each entry together.
    pub fn products(&mut self, transfers: &Transfers, corrections: &mut Unpacked<'_>) -> Vec<u64> {
        let Transfers { planes, entries, len, shift, .. } = *transfers;
        let shift = shift.expect("products in the ring");
        let mut shares = vec![0u64; entries * len];
        for plane in 0..planes {
            let width = Transfers::width(shift, plane);
            for shares in shares.chunks_exact_mut(len) {
                let chosen = self.is_chosen(self.rows.used);
                let rows = self.rows.take(transfers.pieces(plane));
                let pads = Stretch::of(rows, 0, (transfers.is_cut, width));
                for (element, share) in shares.iter_mut().enumerate() {
                    let correction = corrections.take(width) & 0u64.wrapping_sub(chosen);
                    let product = pads.element(element).wrapping_add(correction);
                    *share = share.wrapping_add(product << (RING_BITS - width));
                }
            }
        }
        shares
    }

    /// Shares of the choice bits times random bits of the sender.
    pub fn bit_products(&mut self, transfers: &Transfers) -> Plane {
        let mut bits = Packed::default();
        (0..transfers.count()).for_each(|_| bits.push(Pads::of(self.rows.next()).element(0), 1));
        bits.into_plane()
    }

    fn is_chosen(&self, transfer: usize) -> u64 {
        self.choices.expect_words()[transfer / 64] >> (transfer % 64) & 1
    }
}

/// The party that is chosen from.
pub struct Sender {
    secret: u128,
    rows: Rows,
}

impl Sender {
    /// Extends to `count` transfers, numbered from `first` on, with the secret D and what the receiver sent. `seed` is not
    /// called for the seeds that the secret names.
    pub fn extend(
        extension: Extension,
        secret: u128,
        (count, first): (usize, u64),
        received: &[Plane],
        seed: impl Fn(usize) -> StreamKey,
    ) -> Sender {
        if count == 0 {
            return Sender { secret, rows: Rows::default() };
        }
        let (words, Extension { group, is_chosen }) = (count.div_ceil(64), extension);
        let mut columns = vec![0; ROW_BITS * words];
        for (number, columns) in columns.chunks_exact_mut(group * words).enumerate() {
            let hidden = (secret >> (group * number)) as usize % extension.seeds();
            for x in (0..extension.seeds()).filter(|&x| x != hidden) {
                let drawn = seed(extension.seeds() * number + x).planes(Content::Values, count, 1).remove(0);
                let columns = columns.chunks_exact_mut(words).enumerate();
                columns
                    .filter(|(i, _)| (x ^ hidden) >> i & 1 == 1)
                    .for_each(|(_, c)| xor(c, drawn.expect_words()));
            }
            // The first group says the choice bits, unless those are chosen.
            if let Some(sent) = (number + usize::from(is_chosen)).checked_sub(1).map(|i| &received[i]) {
                let columns = columns.chunks_exact_mut(words).enumerate();
                columns.filter(|(i, _)| hidden >> i & 1 == 1).for_each(|(_, c)| xor(c, sent.expect_words()));
            }
        }
        Sender { secret, rows: Rows::of(&columns, count, first) }
    }

    /// The rows of all transfers, to which the secret is added where the receiver chose one, and the secret.
    pub fn into_rows(self) -> (Vec<u128>, u128) {
        (self.rows.into_rows(), self.secret)
    }

    /// The pads of the next transfer if the receiver's choice bit is 0, and if it is 1.
    fn pads(&mut self) -> [Pads; 2] {
        let (number, row) = self.rows.next();
        [row, row ^ self.secret].map(|row| Pads::of((number, row)))
    }

    /// Shares of the chosen numbers times `factor(plane, entry, element)`, the elements of each entry together, with the
    /// corrections for the receiver.
    pub fn products(
        &mut self,
        transfers: &Transfers,
        corrections: &mut Packed,
        factor: impl Fn(usize, usize, usize) -> u64,
    ) -> Vec<u64> {
        let Transfers { planes, entries, len, shift, .. } = *transfers;
        let shift = shift.expect("products in the ring");
        let mut shares = vec![0u64; entries * len];
        for plane in 0..planes {
            let width = Transfers::width(shift, plane);
            for (entry, shares) in shares.chunks_exact_mut(len).enumerate() {
                let rows = self.rows.take(transfers.pieces(plane));
                let [zero, one] =
                    [0, self.secret].map(|offset| Stretch::of(rows, offset, (transfers.is_cut, width)));
                for (element, share) in shares.iter_mut().enumerate() {
                    let pad = zero.element(element);
                    let difference = pad.wrapping_sub(one.element(element));
                    corrections.push(difference.wrapping_add(factor(plane, entry, element)), width);
                    *share = share.wrapping_sub(pad << (RING_BITS - width));
                }
            }
        }
        shares
    }

    /// Random bits, and shares of the choice bits times them.
    pub fn bit_products(&mut self, transfers: &Transfers) -> [Plane; 2] {
        let [mut factors, mut shares] = [Packed::default(), Packed::default()];
        for _ in 0..transfers.count() {
            let [zero, one] = self.pads().map(|pads| pads.element(0));
            factors.push(zero ^ one, 1);
            shares.push(zero, 1);
        }
        [factors, shares].map(Packed::into_plane)
    }
}

#[cfg(test)]
mod tests;
