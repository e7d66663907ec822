//! Every kernel this machine can run against the naive loop.

use super::{Layout, Source, naive_gemm_add, with_threads};
use mpcsim::ring::gemm::{Kernel, MatrixView, Target, gemm_add, gemm_add_with, gemm_with};

/// One product with every kernel; `what` says in a failure how to repeat it.
fn check_all_kernels(a: MatrixView<'_>, b: MatrixView<'_>, start: &[u64], what: &str) {
    let mut expected = start.to_vec();
    naive_gemm_add(a, b, &mut expected);
    for kernel in Kernel::available() {
        let mut c = start.to_vec();
        gemm_add_with(kernel, a, b, &mut c);
        assert!(c == expected, "{kernel:?} differs from the naive loop: {what}");
        let mut overwritten = start.to_vec();
        gemm_with(kernel, Target::Overwrite, a, b, &mut overwritten);
        overwritten.iter_mut().zip(start).for_each(|(c, start)| *c = c.wrapping_add(*start));
        assert!(overwritten == expected, "{kernel:?} keeps what it should overwrite: {what}");
    }
    let mut c = start.to_vec();
    gemm_add(a, b, &mut c);
    assert!(c == expected, "gemm_add differs from the naive loop: {what}");
}

#[test]
fn random_shapes_and_layouts_equal_the_naive_loop() {
    let sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100];
    for seed in 0..400 {
        let mut source = Source::new(seed);
        let (m, k, n) = (source.pick(&sizes), source.pick(&sizes), source.pick(&sizes));
        let (layout_a, layout_b) = (source.pick(&Layout::ALL), source.pick(&Layout::ALL));
        let extreme = source.below(2) == 0;
        let mut fill = |words| if extreme { source.extreme_words(words) } else { source.words(words) };
        let a = layout_a.build(m, k, &mut fill);
        let b = layout_b.build(k, n, &mut fill);
        let start = fill(m * n);
        let what =
            format!("seed {seed}, {m} x {k} x {n}, {layout_a:?} times {layout_b:?}, extreme {extreme}");
        check_all_kernels(a.view(), b.view(), &start, &what);
    }
}

#[test]
fn shapes_beyond_every_block_size_equal_the_naive_loop() {
    let shapes =
        [(261, 517, 37), (37, 261, 1043), (530, 3, 18), (1, 1000, 1), (3, 400, 1030), (600, 200, 10)];
    for (seed, (m, k, n)) in shapes.into_iter().enumerate() {
        for layout in Layout::ALL {
            let mut source = Source::new(seed as u64);
            let a = layout.build(m, k, |words| source.words(words));
            let b = layout.build(k, n, |words| source.words(words));
            let start = source.words(m * n);
            check_all_kernels(
                a.view(),
                b.view(),
                &start,
                &format!("seed {seed}, {m} x {k} x {n}, {layout:?}"),
            );
        }
    }
}

#[test]
fn sums_of_extremes_over_a_long_depth_wrap_exactly() {
    for (x, y) in [(u64::MAX, u64::MAX), (1 << 63, 1 << 63), (u64::MAX, 1 << 63), (0xfff << 52, 0xfff)] {
        let (m, k, n) = (5, 3000, 19);
        let (a, b) = (vec![x; m * k], vec![y; k * n]);
        let (a, b) = (MatrixView::row_major(&a, m, k), MatrixView::row_major(&b, k, n));
        check_all_kernels(a, b, &vec![u64::MAX; m * n], &format!("{x:#x} times {y:#x}, {m} x {k} x {n}"));
    }
}

#[test]
fn a_broadcast_operand_has_stride_zero() {
    let mut source = Source::new(7);
    let (row, b, start) = (source.words(40), source.words(40 * 21), source.words(9 * 21));
    let a = MatrixView { data: &row, rows: 9, cols: 40, row_stride: 0, col_stride: 1 };
    check_all_kernels(a, MatrixView::row_major(&b, 40, 21), &start, "a repeats one row");
    let column = MatrixView { data: &row, rows: 40, cols: 21, row_stride: 1, col_stride: 0 };
    check_all_kernels(a, column, &start, "b repeats one column");
    let rows = MatrixView { data: &row, rows: 40, cols: 21, row_stride: 0, col_stride: 1 };
    check_all_kernels(a, rows, &start, "b repeats one row");
    let constant = MatrixView { data: &row, rows: 40, cols: 21, row_stride: 0, col_stride: 0 };
    check_all_kernels(a, constant, &start, "b repeats one element");
}

#[test]
fn the_stride_of_a_single_row_or_column_means_nothing() {
    let mut source = Source::new(8);
    let (words, start) = (source.words(40), source.words(40 * 40));
    let row = MatrixView { data: &words, rows: 1, cols: 40, row_stride: usize::MAX, col_stride: 1 };
    check_all_kernels(row, row.transposed(), &start[..1], "a row times a column");
    check_all_kernels(row.transposed(), row, &start, "a column times a row");
}

#[test]
fn one_or_more_threads_give_the_same_bits() {
    for (seed, (m, k, n)) in
        [(300, 300, 60), (20, 1500, 300), (128, 784, 128), (900, 700, 9)].into_iter().enumerate()
    {
        let mut source = Source::new(seed as u64);
        let (a, b, start) = (source.words(m * k), source.words(k * n), source.words(m * n));
        // The first operand is stored transposed, as in X^T G.
        let (a, b) = (MatrixView::row_major(&a, k, m).transposed(), MatrixView::row_major(&b, k, n));
        let mut expected = start.clone();
        naive_gemm_add(a, b, &mut expected);
        for kernel in Kernel::available() {
            for threads in [1, 2, 3, 7] {
                let mut c = start.clone();
                with_threads(threads, || gemm_add_with(kernel, a, b, &mut c));
                assert!(c == expected, "seed {seed}, {m} x {k} x {n}, {kernel:?}, {threads} threads");
            }
        }
    }
}

#[test]
fn the_portable_kernel_is_always_there_and_the_best_one_is_available() {
    let available = Kernel::available();
    assert_eq!(available.first(), Some(&Kernel::Portable));
    assert_eq!(available.last(), Some(&Kernel::best()));
}

#[test]
#[should_panic(expected = "columns of a and rows of b")]
fn inner_dimensions_that_differ_are_refused() {
    let words = [0; 12];
    gemm_add(MatrixView::row_major(&words, 3, 4), MatrixView::row_major(&words, 3, 4), &mut [0; 12]);
}

#[test]
#[should_panic(expected = "elements of c")]
fn a_result_of_the_wrong_size_is_refused() {
    let words = [0; 12];
    gemm_add(MatrixView::row_major(&words, 3, 4), MatrixView::row_major(&words, 4, 3), &mut [0; 8]);
}

#[test]
#[should_panic(expected = "does not fit")]
fn a_view_beyond_its_data_is_refused() {
    let words = [0; 12];
    let beyond = MatrixView { data: &words, rows: 3, cols: 4, row_stride: 5, col_stride: 1 };
    gemm_add(beyond, MatrixView::row_major(&words, 4, 3), &mut [0; 9]);
}

#[test]
#[should_panic(expected = "does not fit")]
fn strides_that_overflow_are_refused() {
    let words = [0; 12];
    let beyond = MatrixView { data: &words, rows: 3, cols: 4, row_stride: usize::MAX, col_stride: 1 };
    gemm_add(beyond, MatrixView::row_major(&words, 4, 3), &mut [0; 9]);
}
