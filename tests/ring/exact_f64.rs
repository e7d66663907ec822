//! Exact products through floating point: equal to the naive loop, or refused.

use super::{Layout, Source, naive_gemm_add, with_threads};
use mpcsim::ring::exact_f64::{ExactKernel, gemm_exact_f64, gemm_exact_with};
use mpcsim::ring::gemm::MatrixView;

/// Signed words of at most `bits` bits of magnitude.
fn small_words(source: &mut Source, n: usize, bits: u32) -> Vec<u64> {
    (0..n).map(|_| (source.word().cast_signed() >> (63 - bits)).cast_unsigned()).collect()
}

#[test]
fn random_signed_products_equal_the_naive_loop() {
    let sizes = [0, 1, 2, 3, 7, 8, 9, 16, 33, 100];
    for seed in 0..300 {
        let mut source = Source::new(seed);
        let (m, k, n) = (source.pick(&sizes), source.pick(&sizes), source.pick(&sizes));
        let (layout_a, layout_b) = (source.pick(&Layout::ALL), source.pick(&Layout::ALL));
        // 100 < 2^7 terms, so the sums stay below 2^51.
        let bits_a = source.below(45) as u32;
        let a = layout_a.build(m, k, |words| small_words(&mut source, words, bits_a));
        let b = layout_b.build(k, n, |words| small_words(&mut source, words, 44 - bits_a));
        let mut expected = vec![0; m * n];
        naive_gemm_add(a.view(), b.view(), &mut expected);
        let start = source.words(m * n);
        let what = format!("seed {seed}, {m} x {k} x {n}, {layout_a:?} times {layout_b:?}, {bits_a} bits");
        for kernel in ExactKernel::available() {
            let mut c = start.clone();
            assert!(gemm_exact_with(&[kernel], a.view(), b.view(), &mut c), "{kernel:?} refuses: {what}");
            assert!(c == expected, "{kernel:?} differs from the naive loop: {what}");
        }
    }
}

#[test]
fn threads_do_not_change_the_result() {
    for (seed, (m, k, n)) in
        [(128, 784, 128), (784, 128, 130), (9, 1500, 700), (3000, 300, 10)].into_iter().enumerate()
    {
        let mut source = Source::new(seed as u64);
        let (a, b) = (small_words(&mut source, m * k, 20), small_words(&mut source, k * n, 19));
        let (a, b) = (MatrixView::row_major(&a, k, m).transposed(), MatrixView::row_major(&b, k, n));
        let mut expected = vec![0; m * n];
        naive_gemm_add(a, b, &mut expected);
        for (threads, kernel) in
            [1, 2, 5].into_iter().flat_map(|t| ExactKernel::available().into_iter().map(move |w| (t, w)))
        {
            let mut c = vec![1; m * n];
            assert!(with_threads(threads, || gemm_exact_with(&[kernel], a, b, &mut c)));
            assert!(c == expected, "seed {seed}, {m} x {k} x {n}, {threads} threads, {kernel:?}");
        }
    }
}

/// Whether a product of depth `k` with these largest elements is done, which must agree with the naive loop then.
fn accepted(k: usize, x: i64, y: i64) -> bool {
    let (m, n) = (3, 5);
    let (a, b) = (vec![x.cast_unsigned(); m * k], vec![y.cast_unsigned(); k * n]);
    let (a, b) = (MatrixView::row_major(&a, m, k), MatrixView::row_major(&b, k, n));
    let mut c = vec![77; m * n];
    let done = gemm_exact_f64(a, b, &mut c);
    let mut expected = vec![0; m * n];
    naive_gemm_add(a, b, &mut expected);
    assert_eq!(c, if done { expected } else { vec![77; m * n] }, "depth {k}, {x} times {y}");
    done
}

#[test]
fn the_bound_is_met_exactly() {
    const TOP: i64 = (1 << 53) - 1;
    for (x, y) in [(TOP, 1), (-TOP, 1), (1, -TOP), (6361 * 69431, 20394401)] {
        assert!(accepted(1, x, y), "{x} times {y} is below the bound");
    }
    for (x, y) in [(TOP + 1, 1), (-TOP - 1, 1), (1 << 27, -(1 << 26)), (i64::MIN, 1), (i64::MIN, i64::MIN)] {
        assert!(!accepted(1, x, y), "{x} times {y} reaches the bound");
    }
    assert!(accepted(1 << 10, (1 << 22) - 1, 1 << 21) && !accepted(1 << 10, 1 << 22, -(1 << 21)));
    assert!(accepted(127, -(1 << 23), 1 << 23) && !accepted(128, -(1 << 23), 1 << 23));
    assert!(accepted(3, i64::MIN, 0), "zeros times anything are zeros");
}

#[test]
fn sums_just_below_the_bound_of_each_way_are_exact() {
    for kernel in ExactKernel::available() {
        for (x, y) in [(1i64, 1i64), (-1, 1), (1, -1), (-1, -1)] {
            // 1000 terms of magnitude (2^31 - 1) * 1048 end just below 2^51, four times as much below 2^53.
            let large = if kernel == ExactKernel::Short { 1 << 31 } else { 1 << 33 } - 1;
            let (a, b) =
                (vec![(x * large).cast_unsigned(); 9 * 1000], vec![(y * 1048).cast_unsigned(); 1000 * 17]);
            let (a, b) = (MatrixView::row_major(&a, 9, 1000), MatrixView::row_major(&b, 1000, 17));
            let mut c = vec![5; 9 * 17];
            assert!(gemm_exact_with(&[kernel], a, b, &mut c), "{kernel:?}");
            assert_eq!(c, vec![(x * y * 1000 * 1048 * large).cast_unsigned(); 9 * 17], "{kernel:?}");
        }
    }
}

#[test]
fn one_large_element_anywhere_refuses() {
    let (m, k, n) = (6, 40, 7);
    for place in [0, 1, 17, m * k - 1] {
        let (mut a, b) = (vec![3; m * k], vec![5; k * n]);
        a[place] = 1 << 46;
        let mut c = vec![9; m * n];
        let (a, b) = (MatrixView::row_major(&a, m, k), MatrixView::row_major(&b, k, n));
        assert!(!gemm_exact_f64(a, b, &mut c), "element {place}");
        assert!(!gemm_exact_f64(b.transposed(), a.transposed(), &mut c), "element {place}, transposed");
        assert_eq!(c, vec![9; m * n]);
    }
}
