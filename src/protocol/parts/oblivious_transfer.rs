//! Correlated oblivious transfers (COT), extended from a few base transfers; semi-honest.
//!
//! For each transfer j the receiver has a random choice bit r_j and a row t_j of 128 bits, the sender a row
//! q_j = t_j xor r_j D, with a secret D of 128 bits that is the same for all transfers: Ishai, Kilian, Nissim, Petrank,
//! "Extending oblivious transfers efficiently" (CRYPTO 2003). Two bits of D share a column, as in Roy, "SoftSpokenOT"
//! (CRYPTO 2022), with k = 2: the receiver has four seeds for each pair of bits, the sender all of them but the one that
//! the pair names. The choice bits are those of the first pair, so the receiver sends 63 bits a transfer.
//!
//! Hashes of rows are pads: those of t_j for the receiver, those of q_j and q_j xor D for the sender, who corrects them to
//! what the transfer is for: Asharov, Lindell, Schneider, Zohner (CCS 2013).
//!
//! The extension is computed as it stands here, from messages that are really sent. Modelled are: the base transfers, whose
//! results come from streams that both parties could draw; the generator, which is that of all streams; the hash, which is
//! a mixing function.

use crate::ring::meter::Work;
use crate::ring::transpose::words_from_planes;
use crate::ring::{Content, Plane, StreamKey, mix};

/// Bits of a row.
const ROW_BITS: usize = 128;
/// Bits of D that share a column.
const PAIR: usize = 2;
const PAIRS: usize = ROW_BITS / PAIR;
/// Seeds of a pair.
const SEEDS: usize = 1 << PAIR;
/// Seeds that the receiver has.
pub const ALL_SEEDS: usize = PAIRS * SEEDS;
/// Bits of a ring element.
const RING_BITS: u32 = 64;

/// Payload bytes of the base transfers and of the trees that give the seeds, one message after the other: a group element
/// from the receiver of the extension, one a base transfer from the sender (Chou, Orlandi, "The simplest protocol for
/// oblivious transfer", LATINCRYPT 2015), and for each pair the sums of the left and of the right leaves of its tree.
pub const SET_UP_BYTES: [u64; 3] = [32, 32 * ROW_BITS as u64, (PAIRS * 2 * ROW_BITS / 8) as u64];

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
}

impl Transfers {
    /// How many.
    pub fn count(&self) -> usize {
        self.planes * self.entries
    }

    /// Pads of the receiver.
    pub fn pads(&self) -> usize {
        self.count() * self.len
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

/// Bits that the receiver sends for so many transfers.
pub const fn extension_bits(count: usize) -> usize {
    (PAIRS - 1) * count
}

/// What the receiver does to extend to so many transfers: generator, columns, transpose.
pub fn receiver_work(count: usize) -> Work {
    let words = count.div_ceil(64) as u64;
    let columns = 6 * PAIRS as u64 + ROW_BITS as u64;
    Work { random_bytes: 8 * words * ALL_SEEDS as u64, bit_words: words * columns, ..Work::default() }
}

/// What the sender does.
pub fn sender_work(count: usize) -> Work {
    let words = count.div_ceil(64) as u64;
    let (seeds, columns) = ((SEEDS - 1) * PAIRS, 4 * PAIRS + ROW_BITS);
    Work { random_bytes: 8 * words * seeds as u64, bit_words: words * columns as u64, ..Work::default() }
}

/// Numbers of some bits each, packed.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    words: Vec<u64>,
    bits: usize,
}

impl Packed {
    fn push(&mut self, value: u64, width: u32) {
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
        Unpacked { words, taken: 0 }
    }

    fn take(&mut self, width: u32) -> u64 {
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

    /// The next row and the number of its transfer.
    fn next(&mut self) -> (u64, u128) {
        self.used += 1;
        (self.first + self.used as u64, self.rows[self.used - 1])
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
    pub fn extend(count: usize, first: u64, seed: impl Fn(usize) -> StreamKey) -> (Receiver, Vec<Plane>) {
        if count == 0 {
            return (Receiver { choices: Plane::packed(Vec::new(), 0), rows: Rows::default() }, Vec::new());
        }
        let words = count.div_ceil(64);
        let (mut columns, mut sent) = (vec![0; ROW_BITS * words], Vec::new());
        let mut choices: Option<Plane> = None;
        for (pair, columns) in columns.chunks_exact_mut(PAIR * words).enumerate() {
            let (low, high) = columns.split_at_mut(words);
            let mut sum = vec![0; words];
            for x in 0..SEEDS {
                let drawn = seed(SEEDS * pair + x).planes(Content::Values, count, 1).remove(0);
                let drawn = drawn.expect_words();
                xor(&mut sum, drawn);
                [low as &mut [u64], high]
                    .into_iter()
                    .enumerate()
                    .filter(|(i, _)| x >> i & 1 == 1)
                    .for_each(|(_, column)| xor(column, drawn));
            }
            match &choices {
                None => choices = Some(Plane::packed(sum, count)),
                Some(choices) => {
                    xor(&mut sum, choices.expect_words());
                    sent.push(Plane::packed(sum, count));
                }
            }
        }
        let choices = choices.expect("a first pair");
        (Receiver { choices, rows: Rows::of(&columns, count, first) }, sent)
    }

    /// The choice bits of the next transfers.
    pub fn choices(&self, transfers: &Transfers) -> Vec<Plane> {
        let Transfers { planes, entries, .. } = *transfers;
        let plane = |i| bits_of(self.choices.expect_words(), self.rows.used + i * entries, entries);
        (0..planes).map(plane).collect()
    }

    /// Shares of the chosen numbers times what the sender has, the elements of each entry together.
    pub fn products(&mut self, transfers: &Transfers, corrections: &mut Unpacked<'_>) -> Vec<u64> {
        let Transfers { planes, entries, len, shift } = *transfers;
        let shift = shift.expect("products in the ring");
        let mut shares = vec![0u64; entries * len];
        for plane in 0..planes {
            let width = Transfers::width(shift, plane);
            for shares in shares.chunks_exact_mut(len) {
                let chosen = self.is_chosen(self.rows.used);
                let pads = Pads::of(self.rows.next());
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
        count: usize,
        first: u64,
        secret: u128,
        received: &[Plane],
        seed: impl Fn(usize) -> StreamKey,
    ) -> Sender {
        if count == 0 {
            return Sender { secret, rows: Rows::default() };
        }
        let words = count.div_ceil(64);
        let mut columns = vec![0; ROW_BITS * words];
        for (pair, columns) in columns.chunks_exact_mut(PAIR * words).enumerate() {
            let hidden = (secret >> (PAIR * pair)) as usize % SEEDS;
            for x in (0..SEEDS).filter(|&x| x != hidden) {
                let drawn = seed(SEEDS * pair + x).planes(Content::Values, count, 1).remove(0);
                let columns = columns.chunks_exact_mut(words).enumerate();
                columns
                    .filter(|(i, _)| (x ^ hidden) >> i & 1 == 1)
                    .for_each(|(_, c)| xor(c, drawn.expect_words()));
            }
            if let Some(sent) = pair.checked_sub(1).map(|before| &received[before]) {
                let columns = columns.chunks_exact_mut(words).enumerate();
                columns.filter(|(i, _)| hidden >> i & 1 == 1).for_each(|(_, c)| xor(c, sent.expect_words()));
            }
        }
        Sender { secret, rows: Rows::of(&columns, count, first) }
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
        let Transfers { planes, entries, len, shift } = *transfers;
        let shift = shift.expect("products in the ring");
        let mut shares = vec![0u64; entries * len];
        for plane in 0..planes {
            let width = Transfers::width(shift, plane);
            for (entry, shares) in shares.chunks_exact_mut(len).enumerate() {
                let [zero, one] = self.pads();
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
mod tests {
    use super::*;
    use crate::ring::Purpose;

    /// Counts around words, and secrets of all zeros, all ones, and any.
    const COUNTS: [usize; 6] = [1, 63, 64, 65, 129, 1000];
    const SECRETS: [u128; 5] = [0, u128::MAX, 1, 1 << 127, 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978];

    /// Both ends of so many transfers. The sender has no seed that the secret names.
    fn extended(count: usize, secret: u128) -> (Receiver, Sender) {
        let key = |seed: usize| StreamKey {
            seed: 5,
            purpose: Purpose::Offline,
            parties: 0b11,
            strand: 0,
            counter: seed as u64,
        };
        let (receiver, sent) = Receiver::extend(count, 7, key);
        assert_eq!(sent.iter().map(Plane::len).sum::<usize>(), extension_bits(count));
        let allowed = |seed: usize| {
            assert_ne!((secret >> (PAIR * (seed / SEEDS))) as usize % SEEDS, seed % SEEDS);
            key(seed)
        };
        (receiver, Sender::extend(count, 7, secret, &sent, allowed))
    }

    #[test]
    fn rows_differ_by_the_secret_where_the_receiver_chose_one() {
        for count in COUNTS {
            for secret in SECRETS {
                let (receiver, sender) = extended(count, secret);
                let mut ones = 0;
                for j in 0..count {
                    let chosen = receiver.is_chosen(j);
                    ones += chosen;
                    let difference = receiver.rows.rows[j] ^ sender.rows.rows[j];
                    assert_eq!(difference, if chosen == 1 { secret } else { 0 }, "transfer {j} of {count}");
                }
                assert!(count < 1000 || (400..=600).contains(&ones), "{ones} choices of 1");
            }
        }
    }

    #[test]
    fn products_are_those_of_the_chosen_numbers_on_edges_and_random_factors() {
        let edges = [0, 1, 2, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, 0x0123_4567_89ab_cdef];
        for (planes, shift) in [(64, 0), (63, 1), (1, 1), (1, 0), (17, 30)] {
            for (entries, len) in [(1, 1), (8, 1), (3, 5), (65, 2)] {
                let transfers = Transfers { planes, entries, len, shift: Some(shift) };
                let (mut receiver, mut sender) = extended(transfers.count(), SECRETS[4]);
                let choices = Plane::compose(&receiver.choices(&transfers));
                let factor = |entry: usize, element: usize| {
                    edges[(entry + 3 * element) % edges.len()].wrapping_mul(1 + (entry / 8) as u64)
                };
                let mut corrections = Packed::default();
                let sent = sender.products(&transfers, &mut corrections, |_, entry, e| factor(entry, e));
                let corrections = corrections.into_plane();
                assert_eq!(corrections.len(), transfers.correction_bits());
                let received = receiver.products(&transfers, &mut Unpacked::new(corrections.expect_words()));
                for (i, (x, y)) in sent.iter().zip(&received).enumerate() {
                    let (entry, element) = (i / len, i % len);
                    let product = choices.expect_values()[entry].wrapping_mul(factor(entry, element));
                    assert_eq!(x.wrapping_add(*y), product << shift, "{transfers:?}: {entry}, {element}");
                    assert!(*x != 0 && *y != 0, "a share that is no secret");
                }
            }
        }
    }

    #[test]
    fn bit_products_are_those_of_random_bits() {
        for count in COUNTS {
            let transfers = Transfers { planes: 1, entries: count, len: 1, shift: None };
            let (mut receiver, mut sender) = extended(count, SECRETS[4]);
            let choices = receiver.choices(&transfers).remove(0);
            let [factors, sent] = sender.bit_products(&transfers);
            assert_eq!(sent.xor(&receiver.bit_products(&transfers)), choices.and(&factors));
            let ones: u32 = factors.expect_words().iter().map(|word| word.count_ones()).sum();
            assert!(count < 1000 || (400..=600).contains(&ones), "{ones} ones among the factors");
        }
    }

    #[test]
    fn packed_numbers_come_out_as_they_went_in() {
        let numbers = |i: u32| (u64::from(i).wrapping_mul(0x9e37_79b9_7f4a_7c15), 1 + i % 64);
        let mut packed = Packed::default();
        (0..300).map(numbers).for_each(|(value, width)| packed.push(value, width));
        let plane = packed.into_plane();
        let mut unpacked = Unpacked::new(plane.expect_words());
        for (value, width) in (0..300).map(numbers) {
            assert_eq!(unpacked.take(width), value & (u64::MAX >> (64 - width)), "{width} bits");
        }
        for (start, len) in [(0, 1), (1, 64), (63, 65), (64, 64), (100, 0), (7, 200)] {
            let part = bits_of(plane.expect_words(), start, len);
            for i in 0..len {
                let bit = |words: &[u64], i: usize| words[i / 64] >> (i % 64) & 1;
                assert_eq!(bit(part.expect_words(), i), bit(plane.expect_words(), start + i), "{start}, {i}");
            }
        }
    }
}
