//! Bit planes against a loop over all bits.

use super::Source;
use mpcsim::ring::transpose::{
    planes_from_words, planes_from_words_into, words_from_planes, words_from_planes_into,
};

fn naive_planes(words: &[u64], planes: usize) -> Vec<u64> {
    let stride = words.len().div_ceil(64);
    let mut out = vec![0; planes * stride];
    for (e, word) in words.iter().enumerate() {
        for p in 0..planes {
            out[p * stride + e / 64] |= (word >> p & 1) << (e % 64);
        }
    }
    out
}

#[test]
fn planes_and_words_agree_bit_by_bit() {
    let lengths = [0, 1, 2, 63, 64, 65, 127, 200, 511, 512, 513, 575, 576, 1000, 1024, 1537];
    for (seed, n) in lengths.into_iter().enumerate() {
        for planes in 0..=64 {
            let mut source = Source::new(seed as u64);
            let words = if planes % 2 == 0 { source.words(n) } else { source.extreme_words(n) };
            let expected = naive_planes(&words, planes);
            assert!(planes_from_words(&words, planes) == expected, "seed {seed}, {n} words, {planes} planes");
            let kept = if planes == 0 { 0 } else { u64::MAX >> (64 - planes) };
            let expected_words: Vec<u64> = words.iter().map(|word| word & kept).collect();
            let back = words_from_planes(&expected, planes, n);
            assert!(back == expected_words, "seed {seed}, {planes} planes, {n} words");
        }
    }
}

#[test]
fn memory_is_overwritten_and_bits_beyond_the_end_are_ignored() {
    let words = Source::new(3).words(70);
    let mut planes = vec![u64::MAX; 5 * 2];
    planes_from_words_into(&words, 5, &mut planes);
    assert_eq!(planes, naive_planes(&words, 5));
    // The second word of a plane has six bits that count.
    (1..10).step_by(2).for_each(|i| planes[i] |= u64::MAX << 6);
    let mut back = vec![u64::MAX; 70];
    words_from_planes_into(&planes, 5, &mut back);
    assert_eq!(back, words.iter().map(|word| word & 31).collect::<Vec<_>>());
    words_from_planes_into(&[], 0, &mut back);
    assert_eq!(back, vec![0; 70]);
}

#[test]
#[should_panic(expected = "a word has 64 bits")]
fn more_planes_than_bits_are_refused() {
    planes_from_words(&[1, 2, 3], 65);
}

#[test]
#[should_panic(expected = "words of 3 planes")]
fn planes_of_the_wrong_size_are_refused() {
    words_from_planes(&[0; 5], 3, 65);
}
