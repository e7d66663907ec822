//! Products of two-word elements: every kernel this machine can run against the naive loop.

use super::{Layout, Matrix, Source, with_threads};
use mpcsim::ring::gemm::{Target, WideKernel, WideView, wide_gemm};

const BITS: [u32; 7] = [65, 72, 96, 104, 105, 120, 128];

/// A matrix whose low and high words lie apart.
struct Wide {
    low: Matrix,
    high: Matrix,
}

impl Wide {
    fn build(
        layout: Layout,
        rows: usize,
        cols: usize,
        bits: u32,
        mut fill: impl FnMut(usize) -> Vec<u64>,
    ) -> Self {
        let low = layout.build(rows, cols, &mut fill);
        let high = layout.build(rows, cols, |n| fill(n).into_iter().map(|x| x & mask(bits)).collect());
        Wide { low, high }
    }

    fn view(&self) -> WideView<'_> {
        WideView { low: self.low.view(), high: self.high.view() }
    }
}

fn mask(bits: u32) -> u64 {
    u64::MAX >> (128 - bits)
}

/// Element (i, j).
fn at(x: WideView<'_>, i: usize, j: usize) -> u128 {
    let word =
        |x: mpcsim::ring::gemm::MatrixView<'_>| u128::from(x.data[i * x.row_stride + j * x.col_stride]);
    word(x.low) + (word(x.high) << 64)
}

/// One product with every kernel; `what` says in a failure how to repeat it.
fn check_all_kernels(bits: u32, a: WideView<'_>, b: WideView<'_>, start: [&[u64]; 2], what: &str) {
    let (m, k, n) = (a.low.rows, a.low.cols, b.low.cols);
    let product = |t: usize| {
        (0..k).fold(0u128, |sum, p| sum.wrapping_add(at(a, t / n, p).wrapping_mul(at(b, p, t % n))))
    };
    let products: Vec<u128> = (0..m * n).map(product).collect();
    for kernel in WideKernel::available() {
        for target in [Target::Add, Target::Overwrite] {
            let [mut low, mut high] = start.map(<[u64]>::to_vec);
            wide_gemm(kernel, bits, target, a, b, [&mut low, &mut high]);
            for (t, product) in products.iter().enumerate() {
                let old = match target {
                    Target::Add => u128::from(start[0][t]) + (u128::from(start[1][t]) << 64),
                    Target::Overwrite => 0,
                };
                let sum = old.wrapping_add(*product);
                // Nothing above the bits is left.
                let expected = (sum as u64, (sum >> 64) as u64 & mask(bits));
                assert_eq!(
                    (low[t], high[t]),
                    expected,
                    "{kernel:?}, {target:?}, {bits} bits, element {t}: {what}"
                );
            }
        }
    }
}

#[test]
fn random_shapes_and_layouts_equal_the_naive_loop() {
    let sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100];
    for seed in 0..300 {
        let mut source = Source::new(seed);
        let (m, k, n) = (source.pick(&sizes), source.pick(&sizes), source.pick(&sizes));
        let (layout_a, layout_b) = (source.pick(&Layout::ALL), source.pick(&Layout::ALL));
        let (bits, extreme) = (source.pick(&BITS), source.below(2) == 0);
        let mut fill = |words| if extreme { source.extreme_words(words) } else { source.words(words) };
        let a = Wide::build(layout_a, m, k, bits, &mut fill);
        let b = Wide::build(layout_b, k, n, bits, &mut fill);
        let (low, high) = (fill(m * n), fill(m * n));
        let what =
            format!("seed {seed}, {m} x {k} x {n}, {layout_a:?} times {layout_b:?}, extreme {extreme}");
        check_all_kernels(bits, a.view(), b.view(), [&low, &high], &what);
    }
}

#[test]
fn shapes_beyond_every_block_size_equal_the_naive_loop() {
    for (seed, (m, k, n)) in
        [(261, 197, 37), (37, 261, 543), (130, 3, 18), (1, 1000, 1), (3, 97, 259)].into_iter().enumerate()
    {
        for (layout, bits) in Layout::ALL.into_iter().zip([128, 104, 127, 96, 128]) {
            let mut source = Source::new(seed as u64);
            let a = Wide::build(layout, m, k, bits, |words| source.words(words));
            let b = Wide::build(layout, k, n, bits, |words| source.words(words));
            let (low, high) = (source.words(m * n), source.words(m * n));
            let what = format!("seed {seed}, {m} x {k} x {n}, {layout:?}");
            check_all_kernels(bits, a.view(), b.view(), [&low, &high], &what);
        }
    }
}

#[test]
fn sums_of_extremes_over_a_long_depth_wrap_exactly() {
    for bits in BITS {
        for (x, y) in [(u64::MAX, u64::MAX), (1 << 63, u64::MAX), ((1 << 52) - 1, (1 << 52) - 1)] {
            let (m, k, n) = (5, 3000, 19);
            let a = Wide::build(Layout::RowMajor, m, k, bits, |words| vec![x; words]);
            let b = Wide::build(Layout::RowMajor, k, n, bits, |words| vec![y; words]);
            let start = vec![u64::MAX; m * n];
            check_all_kernels(bits, a.view(), b.view(), [&start, &start], &format!("{x:#x} times {y:#x}"));
        }
    }
}

#[test]
fn one_or_more_threads_give_the_same_bits() {
    for (seed, (m, k, n)) in [(300, 150, 60), (20, 700, 100), (128, 784, 10)].into_iter().enumerate() {
        let mut source = Source::new(seed as u64);
        let a = Wide::build(Layout::Transposed, m, k, 128, |words| source.words(words));
        let b = Wide::build(Layout::RowMajor, k, n, 128, |words| source.words(words));
        let (low, high) = (source.words(m * n), source.words(m * n));
        for threads in [1, 2, 3] {
            with_threads(threads, || {
                check_all_kernels(128, a.view(), b.view(), [&low, &high], &format!("{threads} threads"));
            });
        }
    }
}

#[test]
fn the_best_kernel_is_available() {
    assert_eq!(WideKernel::available().last(), Some(&WideKernel::best()));
}

#[test]
#[should_panic(expected = "not of 129 bits")]
fn more_than_two_words_are_refused() {
    let mut source = Source::new(1);
    let a = Wide::build(Layout::RowMajor, 2, 2, 128, |words| source.words(words));
    let (mut low, mut high) = ([0; 4], [0; 4]);
    wide_gemm(WideKernel::best(), 129, Target::Add, a.view(), a.view(), [&mut low, &mut high]);
}
