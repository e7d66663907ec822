//! Formulas of several planes at once, against one bit after the other.

use super::Source;
use mpcsim::ring::{Content, Plane, Purpose, StreamKey, Vector};

/// `planes` planes of `len` random bits, in one memory.
fn planes(source: &mut Source, len: usize, planes: usize) -> Vec<Plane> {
    Plane::split(&Vector::from(source.words(len)), planes)
}

fn bit(words: &[u64], i: usize) -> bool {
    words[i / 64] >> (i % 64) & 1 == 1
}

#[test]
fn masks_go_through_all_tuples_and_no_bit_past_the_end_is_set() {
    let mut source = Source::new(11);
    for round in 0..200 {
        // Neighbours in one memory, the same plane again, and planes of other lengths.
        let lens = [0; 3].map(|_| source.pick(&[0, 1, 63, 64, 65, 128, 500, 512, 5000]));
        let made: Vec<Vec<Plane>> = lens.iter().map(|&len| planes(&mut source, len, 5)).collect();
        let mut tuples = Vec::new();
        for planes in &made {
            let first = source.below(2);
            tuples.extend((first..5).map(|i| [i, (i + 1) % 5, source.below(5), 0].map(|i| &planes[i])));
        }
        let words: usize = tuples.iter().map(|planes| planes[0].len().div_ceil(64)).sum();
        let key =
            |counter| StreamKey { seed: round, purpose: Purpose::Shared, parties: 3, strand: 0, counter };
        let masks = [1, 2].map(|counter| key(counter).planes(Content::Values, 64 * words, 1).remove(0));
        let results = Plane::fused_with_masks(6, &tuples, [&masks[0], &masks[1]], |[x, y, z, w, r, s]| {
            (x & (z ^ w)) ^ (y & z) ^ (r ^ s)
        });
        assert_eq!(results.len(), tuples.len());
        let mut first = 0;
        for (number, (result, tuple)) in results.iter().zip(&tuples).enumerate() {
            let [x, y, z, w] = tuple.map(|plane| plane.expect_words());
            assert_eq!(result.len(), tuple[0].len());
            for i in 0..64 * result.expect_words().len() {
                let [r, s] = masks.each_ref().map(|mask| bit(mask.expect_words(), first + i));
                let expected = (bit(x, i) & (bit(z, i) ^ bit(w, i))) ^ (bit(y, i) & bit(z, i)) ^ (r ^ s);
                let expected = expected && i < result.len();
                assert_eq!(bit(result.expect_words(), i), expected, "round {round}, tuple {number}, bit {i}");
            }
            first += 64 * result.expect_words().len();
        }
    }
}
