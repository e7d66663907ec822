//! Speed of the ring arithmetic, one thread: `cargo bench --bench ring`.
//!
//! Divan lists every function; then `report` times the rivals in turns and prints how they compare.

// A benchmark is where time must be measured.
#![allow(clippy::disallowed_types)]

use divan::{Bencher, black_box};
use mpcsim::ring::exact_f64::{ExactKernel, gemm_exact_with};
use mpcsim::ring::gemm::{Kernel, MatrixView, Target, WideKernel, WideView, gemm_add_with, wide_gemm};
use mpcsim::ring::transpose::{planes_from_words_into, words_from_planes_into};
use ndarray::{Array2, ArrayView2, linalg::general_mat_mul};
use std::time::Instant;

/// The products of a first layer of 128 neurons on 128 images: forward, weight gradient, and two others.
const SHAPES: [Shape; 7] = [
    Shape { name: "128x784x128", m: 128, k: 784, n: 128, transposed: false },
    Shape { name: "784x128x128 XtG", m: 784, k: 128, n: 128, transposed: true },
    Shape { name: "128x128x128", m: 128, k: 128, n: 128, transposed: false },
    Shape { name: "128x128x128 XtG", m: 128, k: 128, n: 128, transposed: true },
    Shape { name: "128x256x512", m: 128, k: 256, n: 512, transposed: false },
    Shape { name: "128x128x10", m: 128, k: 128, n: 10, transposed: false },
    Shape { name: "1000x784x128", m: 1000, k: 784, n: 128, transposed: false },
];

#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    m: usize,
    k: usize,
    n: usize,
    /// Whether A is stored transposed.
    transposed: bool,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name)
    }
}

impl Shape {
    fn products(self) -> f64 {
        (self.m * self.k * self.n) as f64
    }

    fn a(self, words: &[u64]) -> MatrixView<'_> {
        if self.transposed {
            MatrixView::row_major(words, self.k, self.m).transposed()
        } else {
            MatrixView::row_major(words, self.m, self.k)
        }
    }
}

fn words(n: usize) -> Vec<u64> {
    (1..=n as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ i << 40).collect()
}

#[divan::bench(args = Kernel::available())]
fn gemm_128x784x128(bencher: Bencher<'_, '_>, kernel: Kernel) {
    bencher.bench_local(ring_gemm(SHAPES[0], kernel));
}

#[divan::bench(args = WideKernel::available())]
fn wide_gemm_128x784x128(bencher: Bencher<'_, '_>, kernel: WideKernel) {
    bencher.bench_local(ring_wide_gemm(SHAPES[0], kernel, 128));
}

#[divan::bench]
fn gemm_128x784x128_ndarray(bencher: Bencher<'_, '_>) {
    bencher.bench_local(ndarray_gemm(SHAPES[0]));
}

#[divan::bench]
fn exact_f64_128x784x128(bencher: Bencher<'_, '_>) {
    bencher.bench_local(exact_gemm(SHAPES[0], &ExactKernel::available()));
}

#[divan::bench(args = PLANES)]
fn planes_from_words(bencher: Bencher<'_, '_>, planes: usize) {
    bencher.bench_local(split(planes));
}

#[divan::bench(args = PLANES)]
fn words_from_planes(bencher: Bencher<'_, '_>, planes: usize) {
    bencher.bench_local(join(planes));
}

const PLANES: [usize; 5] = [1, 8, 16, 32, 64];
/// Words per call: the planes of so many do not lie a power of two apart.
const WORDS: usize = 12800;

fn split(planes: usize) -> impl FnMut() {
    let (words, mut out) = (words(WORDS), vec![0; planes * WORDS / 64]);
    move || {
        planes_from_words_into(&words, planes, &mut out);
        black_box(&mut out);
    }
}

fn join(planes: usize) -> impl FnMut() {
    let (data, mut out) = (words(planes * WORDS / 64), vec![0; WORDS]);
    move || {
        words_from_planes_into(&data, planes, &mut out);
        black_box(&mut out);
    }
}

/// Signed words of 20 bits.
fn small_words(n: usize) -> Vec<u64> {
    words(n).into_iter().map(|x| (x.cast_signed() >> 44).cast_unsigned()).collect()
}

fn exact_gemm(shape: Shape, kernels: &[ExactKernel]) -> impl FnMut() + use<> {
    let kernels = kernels.to_vec();
    let (a, b) = (small_words(shape.m * shape.k), small_words(shape.k * shape.n));
    let mut c = vec![0; shape.m * shape.n];
    move || {
        assert!(gemm_exact_with(&kernels, shape.a(&a), MatrixView::row_major(&b, shape.k, shape.n), &mut c));
        black_box(&mut c);
    }
}

/// The bare floating-point product of the same shape.
fn bare_dgemm(shape: Shape) -> impl FnMut() {
    let doubles = |n| small_words(n).into_iter().map(|x| x.cast_signed() as f64).collect::<Vec<_>>();
    let (a, b) = (doubles(shape.m * shape.k), doubles(shape.k * shape.n));
    let mut c = vec![0.0; shape.m * shape.n];
    let (row, col) = if shape.transposed { (1, shape.m) } else { (shape.k, 1) };
    let (m, k, n) = (shape.m, shape.k, shape.n);
    move || {
        let (row, col, wide) = (row as isize, col as isize, n as isize);
        // SAFETY: `a`, `b` and `c` have m * k, k * n and m * n elements without gaps.
        unsafe {
            let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
            matrixmultiply::dgemm(m, k, n, 1.0, a, row, col, b, wide, 1, 0.0, c, wide, 1);
        }
        black_box(&mut c);
    }
}

fn ring_gemm(shape: Shape, kernel: Kernel) -> impl FnMut() {
    let (a, b) = (words(shape.m * shape.k), words(shape.k * shape.n));
    let mut c = vec![0; shape.m * shape.n];
    move || {
        gemm_add_with(kernel, shape.a(&a), MatrixView::row_major(&b, shape.k, shape.n), &mut c);
        black_box(&mut c);
    }
}

fn ring_wide_gemm(shape: Shape, kernel: WideKernel, bits: u32) -> impl FnMut() {
    let high = |n| words(n + 1).into_iter().skip(1).map(|x| x >> (128 - bits)).collect::<Vec<_>>();
    let (a, a_high) = (words(shape.m * shape.k), high(shape.m * shape.k));
    let (b, b_high) = (words(shape.k * shape.n), high(shape.k * shape.n));
    let (mut c, mut c_high) = (vec![0; shape.m * shape.n], vec![0; shape.m * shape.n]);
    move || {
        let a = WideView { low: shape.a(&a), high: shape.a(&a_high) };
        let [low, high] = [&b, &b_high].map(|b| MatrixView::row_major(b, shape.k, shape.n));
        wide_gemm(kernel, bits, Target::Add, a, WideView { low, high }, [&mut c, &mut c_high]);
        black_box((&mut c, &mut c_high));
    }
}

/// The plain loop over elements of 128 bits, row by row.
fn naive_wide_gemm(shape: Shape) -> impl FnMut() {
    let wide = |n| words(n).into_iter().map(|x| u128::from(x) * u128::from(!x)).collect::<Vec<_>>();
    let (a, b) = (wide(shape.m * shape.k), wide(shape.k * shape.n));
    let mut c = vec![0u128; shape.m * shape.n];
    move || {
        let a = black_box(&a);
        for (i, row) in c.chunks_exact_mut(shape.n).enumerate() {
            for (p, b) in b.chunks_exact(shape.n).enumerate() {
                let x = if shape.transposed { a[p * shape.m + i] } else { a[i * shape.k + p] };
                row.iter_mut().zip(b).for_each(|(c, &y)| *c = c.wrapping_add(x.wrapping_mul(y)));
            }
        }
        black_box(&mut c);
    }
}

fn ndarray_gemm(shape: Shape) -> impl FnMut() {
    let (a, b) = (words(shape.m * shape.k), words(shape.k * shape.n));
    let mut c = Array2::<u64>::zeros((shape.m, shape.n));
    move || {
        let b = ArrayView2::from_shape((shape.k, shape.n), &b).expect("all elements of b");
        if shape.transposed {
            let a = ArrayView2::from_shape((shape.k, shape.m), &a).expect("all elements of a");
            general_mat_mul(1, &a.t(), &b, 0, &mut c);
        } else {
            let a = ArrayView2::from_shape((shape.m, shape.k), &a).expect("all elements of a");
            general_mat_mul(1, &a, &b, 0, &mut c);
        }
        black_box(&mut c);
    }
}

/// Best and median seconds of each piece of work. All take turns, to meet the same disturbances; in every turn
/// each first warms the caches and the clock.
fn time_in_turns<'a>(mut work: Vec<(String, Box<dyn FnMut() + 'a>)>) -> Vec<(String, f64, f64)> {
    let mut seconds = vec![Vec::new(); work.len()];
    for _ in 0..12 {
        for ((_, work), seconds) in work.iter_mut().zip(&mut seconds) {
            work();
            for _ in 0..4 {
                let start = Instant::now();
                work();
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let sorted = seconds.into_iter().map(|mut s| {
        s.sort_by(f64::total_cmp);
        (s[0], s[s.len() / 2])
    });
    work.into_iter().zip(sorted).map(|((name, _), (best, median))| (name, best, median)).collect()
}

/// All kernels and `ndarray` on every shape: billions of products per second and the ratio to `ndarray`.
fn report_gemm() {
    println!("\nring product, one thread: GMAC/s best (median), ratio of medians to ndarray");
    for shape in SHAPES {
        let mut work: Vec<(String, Box<dyn FnMut()>)> =
            vec![("ndarray u64 dot".to_owned(), Box::new(ndarray_gemm(shape)))];
        for kernel in Kernel::available() {
            work.push((format!("{kernel:?}"), Box::new(ring_gemm(shape, kernel))));
        }
        let times = time_in_turns(work);
        let (rival_best, rival) = (times[0].1, times[0].2);
        for (name, best, median) in times {
            let speed = |seconds: f64| shape.products() / seconds / 1e9;
            println!(
                "  {shape:18} {name:16} {:6.2} ({:6.2})   x {:5.2} (best {:5.2})",
                speed(best),
                speed(median),
                rival / median,
                rival_best / best
            );
        }
    }
}

/// Two-word elements against words: each kernel with the 64-bit one for the same instructions.
fn report_wide() {
    println!(
        "\nproduct modulo 2^128, one thread: GMAC/s best (median), ratio of best times to 64-bit kernels"
    );
    for shape in SHAPES {
        let mut work: Vec<(String, Box<dyn FnMut()>)> = Vec::new();
        for kernel in Kernel::available() {
            work.push((format!("64: {kernel:?}"), Box::new(ring_gemm(shape, kernel))));
        }
        work.push(("naive u128".to_owned(), Box::new(naive_wide_gemm(shape))));
        let words = work.len() - 1;
        // The fastest 64-bit kernel is the rival of what has none of its own.
        let mut rivals = vec![words - 1; words + 1];
        rivals[..words].iter_mut().enumerate().for_each(|(i, rival)| *rival = i);
        for (i, kernel) in WideKernel::available().into_iter().enumerate() {
            for bits in if kernel == WideKernel::Limbs { &[128, 104][..] } else { &[128] } {
                work.push((format!("{bits}: {kernel:?}"), Box::new(ring_wide_gemm(shape, kernel, *bits))));
                rivals.push(i.min(words - 1));
            }
        }
        let times = time_in_turns(work);
        for ((name, best, median), rival) in times.iter().zip(rivals) {
            let speed = |seconds: f64| shape.products() / seconds / 1e9;
            let rival = times[rival].1;
            println!(
                "  {shape:18} {name:22} {:6.2} ({:6.2})   x {:.3}",
                speed(*best),
                speed(*median),
                rival / best
            );
        }
    }
}

/// Exact products through doubles against the bare floating-point product.
fn report_exact() {
    println!("\nexact f64 product, one thread: GMAC/s best (median), share of the bare f64 product");
    for shape in SHAPES {
        let times = time_in_turns(vec![
            ("bare dgemm".to_owned(), Box::new(bare_dgemm(shape))),
            ("exact, F64".to_owned(), Box::new(exact_gemm(shape, &[ExactKernel::F64]))),
            ("exact, best kernel".to_owned(), Box::new(exact_gemm(shape, &ExactKernel::available()))),
        ]);
        let bare = times[0].2;
        for (name, best, median) in times {
            let (best, share) = (shape.products() / best / 1e9, bare / median);
            println!(
                "  {shape:18} {name:16} {best:6.2} ({:6.2})   {share:.2}",
                shape.products() / median / 1e9
            );
        }
    }
}

/// Bit planes in nanoseconds per word.
fn report_planes() {
    println!("\nbit planes of {WORDS} words, one thread: ns per word best (median)");
    for planes in PLANES {
        let times = time_in_turns(vec![
            ("split".to_owned(), Box::new(split(planes))),
            ("join".to_owned(), Box::new(join(planes))),
        ]);
        for (name, best, median) in times {
            let per_word = |seconds: f64| seconds / WORDS as f64 * 1e9;
            println!("  {planes:2} planes {name:6} {:.3} ({:.3})", per_word(best), per_word(median));
        }
    }
}

/// Two threads against one: how much faster the same products are.
fn report_threads(one: &rayon::ThreadPool) {
    println!("\ntwo threads: GMAC/s best (median), ratio of medians to one thread");
    let two = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool of two threads");
    for shape in SHAPES {
        for (name, make) in [
            ("ring", best_ring_gemm as fn(Shape) -> Box<dyn FnMut() + Send>),
            ("exact f64", boxed_exact_gemm),
        ] {
            let (mut alone, mut together) = (make(shape), make(shape));
            let times = time_in_turns(vec![
                (String::new(), Box::new(|| one.install(&mut alone))),
                (name.to_owned(), Box::new(|| two.install(&mut together))),
            ]);
            let speed = |seconds: f64| shape.products() / seconds / 1e9;
            let (best, median) = (times[1].1, times[1].2);
            println!(
                "  {shape:18} {name:16} {:6.2} ({:6.2})   x {:.2}",
                speed(best),
                speed(median),
                times[0].2 / median
            );
        }
    }
}

fn best_ring_gemm(shape: Shape) -> Box<dyn FnMut() + Send> {
    Box::new(ring_gemm(shape, Kernel::best()))
}

fn boxed_exact_gemm(shape: Shape) -> Box<dyn FnMut() + Send> {
    Box::new(exact_gemm(shape, &ExactKernel::available()))
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    pool.install(|| {
        divan::main();
        report_gemm();
        report_wide();
        report_exact();
        report_planes();
    });
    report_threads(&pool);
}
