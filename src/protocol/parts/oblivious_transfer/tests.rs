use super::*;
use crate::ring::Purpose;

/// Counts around words, and secrets of all zeros, all ones, and any.
const COUNTS: [usize; 6] = [1, 63, 64, 65, 129, 1000];
const SECRETS: [u128; 5] = [0, u128::MAX, 1, 1 << 127, 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978];

const EXTENSIONS: [Extension; 2] = [Extension::SOFT_SPOKEN, Extension::ISHAI];

/// Both ends of so many transfers. The sender has no seed that the secret names.
fn extended(extension: Extension, count: usize, secret: u128) -> (Receiver, Sender) {
    let key = |seed: usize| StreamKey {
        seed: 5,
        purpose: Purpose::Offline,
        parties: 0b11,
        strand: 0,
        counter: seed as u64,
    };
    let chosen = extension.is_chosen.then(|| StreamKey { counter: 999, ..key(0) });
    let chosen = chosen.map(|key| key.planes(Content::Values, count, 1).remove(0));
    let (receiver, sent) = Receiver::extend(extension, chosen, (count, 7), key);
    assert_eq!(sent.iter().map(Plane::len).sum::<usize>(), extension.bits(count));
    let allowed = |seed: usize| {
        let (group, seeds) = (extension.group, extension.seeds());
        assert_ne!((secret >> (group * (seed / seeds))) as usize % seeds, seed % seeds);
        key(seed)
    };
    (receiver, Sender::extend(extension, secret, (count, 7), &sent, allowed))
}

#[test]
fn rows_differ_by_the_secret_where_the_receiver_chose_one() {
    for (count, extension) in COUNTS.into_iter().flat_map(|count| EXTENSIONS.map(|e| (count, e))) {
        for secret in SECRETS {
            let (receiver, sender) = extended(extension, count, secret);
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
            let transfers = Transfers { planes, entries, len, shift: Some(shift), is_cut: false };
            let (mut receiver, mut sender) = extended(Extension::SOFT_SPOKEN, transfers.count(), SECRETS[4]);
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
        let transfers = Transfers { planes: 1, entries: count, len: 1, shift: None, is_cut: false };
        let (mut receiver, mut sender) = extended(Extension::SOFT_SPOKEN, count, SECRETS[4]);
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
