//! Z_2^144, and formulas of elements of Z_2^k that only checks need, against long arithmetic with digits of 16 bits.

use super::Source;
use mpcsim::ring::{Content, Extended, Plane, Purpose, RingVector, StreamKey, Wide};

/// Digits of a number, lowest first, to base 2^16.
type Digits = Vec<u32>;

fn digits(x: &[u64], bits: u32) -> Digits {
    let digit = |i: usize| (x.get(i / 4).copied().unwrap_or(0) >> (16 * (i % 4)) & 0xffff) as u32;
    reduced((0..bits.div_ceil(16) as usize).map(digit).collect(), bits)
}

/// As many bits as the ring has.
fn reduced(mut x: Digits, bits: u32) -> Digits {
    x.resize(bits.div_ceil(16) as usize, 0);
    if !bits.is_multiple_of(16) {
        *x.last_mut().unwrap() &= (1 << (bits % 16)) - 1;
    }
    x
}

fn plus(x: &Digits, y: &Digits, bits: u32) -> Digits {
    let mut carry = 0;
    let sum = x.iter().zip(y).map(|(x, y)| {
        let sum = x + y + carry;
        carry = sum >> 16;
        sum & 0xffff
    });
    reduced(sum.collect(), bits)
}

/// The number that gives zero with x: all digits of 2^bits - x.
fn minus(x: &Digits, bits: u32) -> Digits {
    let mut borrow = 0;
    let difference = x.iter().map(|x| {
        let digit = 0x1_0000 - x - borrow;
        borrow = 1 - (digit >> 16);
        digit & 0xffff
    });
    reduced(difference.collect(), bits)
}

fn times(x: &Digits, y: &Digits, bits: u32) -> Digits {
    let mut columns = vec![0u64; x.len()];
    for (i, x) in x.iter().enumerate() {
        for (j, y) in y.iter().enumerate().take(columns.len() - i) {
            columns[i + j] += u64::from(*x) * u64::from(*y);
        }
    }
    let mut carry = 0;
    let digit = columns.into_iter().map(|column| {
        let sum = column + carry;
        carry = sum >> 16;
        (sum & 0xffff) as u32
    });
    reduced(digit.collect(), bits)
}

/// Elements among which the extremes are frequent.
fn elements(source: &mut Source, len: usize) -> Extended {
    let low: Vec<u128> = (0..len)
        .map(|_| {
            let words = source.extreme_words(2);
            u128::from(words[0]) << 64 | u128::from(words[1])
        })
        .collect();
    let mut vector = Extended::from_wide(&Wide::<128>::build(Content::Values, len, || low));
    for place in 0..len {
        let high = source.pick(&[0, 1, 0x7fff, 0x8000, 0xffff, 0x1234]);
        for bit in (0..16).filter(|bit| high >> bit & 1 == 1) {
            vector = vector.with_bit_flipped(place, 128 + bit).expect("an element");
        }
    }
    vector
}

fn of_extended(x: &Extended) -> Vec<Digits> {
    x.elements().expect("values").iter().map(|words| digits(words, Extended::BITS)).collect()
}

fn each(x: &[Digits], y: &[Digits], f: impl Fn(&Digits, &Digits) -> Digits) -> Vec<Digits> {
    x.iter().zip(y).map(|(x, y)| f(x, y)).collect()
}

#[test]
fn operations_modulo_2_144_are_those_of_long_arithmetic() {
    let (mut source, bits) = (Source::new(144), Extended::BITS);
    for len in [0, 1, 2, 50, 333] {
        let (x, y) = (elements(&mut source, len), elements(&mut source, len));
        let (a, b) = (of_extended(&x), of_extended(&y));
        assert_eq!(of_extended(&x.add(&y)), each(&a, &b, |x, y| plus(x, y, bits)));
        assert_eq!(of_extended(&x.sub(&y)), each(&a, &b, |x, y| plus(x, &minus(y, bits), bits)));
        assert_eq!(of_extended(&x.neg()), each(&a, &b, |x, _| minus(x, bits)));
        assert_eq!(of_extended(&x.mul(&y)), each(&a, &b, |x, y| times(x, y, bits)));
        let cut = len / 3;
        let parts = [x.slice(0, cut), x.slice(cut, len), y.clone()];
        assert_eq!(of_extended(&Extended::concat(&parts.each_ref())), [&a[..], &b[..]].concat());
        let small = x.to_wide::<104>();
        let low: Vec<Digits> = a.iter().map(|x| reduced(x[..7].to_vec(), 104)).collect();
        assert_eq!(of_wide(&small), low);
        // The integers of a smaller ring.
        let padded: Vec<Digits> = low.iter().map(|x| reduced(x.clone(), bits)).collect();
        assert_eq!(of_extended(&Extended::from_wide(&small)), padded);
    }
}

#[test]
fn shapes_of_z_2_144_have_the_length_of_values() {
    let (x, y) = (Extended::shape(5), Extended::shape(5));
    for shape in
        [x.add(&y), x.sub(&y), x.neg(), x.mul(&y), Extended::concat(&[&x.slice(0, 2), &x.slice(2, 5)])]
    {
        assert!(shape.len() == 5 && shape.elements().is_none() && !shape.is_empty());
    }
    assert!(x.to_wide::<104>().content() == Content::Shape && x.with_bit_flipped(0, 0).is_none());
    let key = StreamKey { seed: 1, purpose: Purpose::Shared, parties: 3, strand: 0, counter: 1 };
    let drawn = Extended::random(&key, Content::Values, 1000);
    // Each bit of 144 is set in about half of them.
    for bit in 0..Extended::BITS as usize {
        let set = of_extended(&drawn).iter().filter(|x| x[bit / 16] >> (bit % 16) & 1 == 1).count();
        assert!((400..600).contains(&set), "bit {bit}: {set}");
    }
}

fn of_wide<const BITS: u32>(x: &Wide<BITS>) -> Vec<Digits> {
    let element = |x: u128| digits(&[x as u64, (x >> 64) as u64], BITS);
    x.integers().expect("values").into_iter().map(element).collect()
}

/// x (y + y') + x' y for all four, each element.
fn check_cross_terms<const BITS: u32>(source: &mut Source, len: usize) {
    let mut integers = || -> Vec<u128> {
        let word = |source: &mut Source| u128::from(source.extreme_words(1)[0]);
        (0..len).map(|_| word(source) << 64 | word(source)).collect()
    };
    let [x, x_next, y, y_next] = [0; 4].map(|_| Wide::<BITS>::build(Content::Values, len, &mut integers));
    let term = |[x, x_next, y, y_next]: [&Digits; 4]| {
        plus(&times(x, &plus(y, y_next, BITS), BITS), &times(x_next, y, BITS), BITS)
    };
    let [a, a_next, b, b_next] = [&x, &x_next, &y, &y_next].map(of_wide);
    let terms: Vec<Digits> = (0..len).map(|i| term([&a[i], &a_next[i], &b[i], &b_next[i]])).collect();
    assert_eq!(of_wide(&Wide::cross_terms([&x, &x_next], [&y, &y_next])), terms);
    let sum = terms.iter().fold(digits(&[0], BITS), |sum, term| plus(&sum, term, BITS));
    assert_eq!(of_wide(&Wide::sum_of_cross_terms([&x, &x_next], [&y, &y_next])), [sum]);
    // With the same two numbers for all elements.
    let constants = [u128::MAX - 5, 1 << 103 | 1 << 63 | 7];
    let [c, c_next] = constants.map(|c| digits(&[c as u64, (c >> 64) as u64], BITS));
    let terms: Vec<Digits> = (0..len).map(|i| term([&a[i], &a_next[i], &c, &c_next])).collect();
    assert_eq!(of_wide(&Wide::cross_terms_with([&x, &x_next], constants)), terms);
}

#[test]
fn cross_terms_are_those_of_long_arithmetic() {
    let mut source = Source::new(104);
    for len in [0, 1, 7, 300, 20_000] {
        check_cross_terms::<104>(&mut source, len);
        check_cross_terms::<65>(&mut source, len.min(300));
        check_cross_terms::<128>(&mut source, len.min(300));
    }
}

fn bits(plane: &Plane) -> Vec<bool> {
    (0..plane.len()).map(|i| plane.expect_words()[i / 64] >> (i % 64) & 1 == 1).collect()
}

#[test]
fn planes_are_cut_and_put_together_word_by_word() {
    let mut source = Source::new(64);
    for len in [64, 128, 640, 6400] {
        let words = source.words(len / 64);
        let plane = Plane::packed(words.clone(), len);
        let all = bits(&plane);
        assert_eq!(plane.expect_words(), words);
        for _ in 0..20 {
            let first = source.below(len / 64);
            let taken = source.below(len - 64 * first + 1);
            let part = plane.from_word(first, taken);
            assert_eq!(bits(&part), all[64 * first..64 * first + taken]);
            // No bit is set past the end.
            assert_eq!(part.expect_words().len(), taken.div_ceil(64));
            let set: u32 = part.expect_words().iter().map(|word| word.count_ones()).sum();
            assert_eq!(set as usize, bits(&part).iter().filter(|&&bit| bit).count());
        }
        let order: Vec<u32> = (0..10).map(|_| source.below(len / 64) as u32).collect();
        let gathered: Vec<u64> = order.iter().map(|&i| words[i as usize]).collect();
        assert_eq!(plane.gather_words(&order).expect_words(), gathered);
        let joined = Plane::concat(&[&plane, &plane.from_word(0, 64), &plane]);
        assert_eq!(joined.expect_words(), [&words[..], &words[..1], &words[..]].concat());
        let shapes =
            [Plane::shape(len).from_word(0, 3), Plane::concat(&[&Plane::shape(len), &Plane::shape(64)])];
        assert_eq!(
            shapes.map(|shape| (shape.len(), shape.content())),
            [(3, Content::Shape), (len + 64, Content::Shape)]
        );
    }
    let odd = Plane::packed(vec![u64::MAX, u64::MAX], 70);
    assert_eq!(odd.expect_words(), [u64::MAX, 0x3f]);
    assert_eq!(odd.not().expect_words(), [0, 0]);
    assert_eq!(Plane::ones(Content::Values, 70), odd);
}
