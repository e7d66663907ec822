//! Speed of the ring arithmetic, one thread: `cargo bench --bench ring`.
//!
//! Divan lists every function; then `report` times the rivals in turns and prints how they compare.

// A benchmark is where time must be measured.
#![allow(clippy::disallowed_types)]

use divan::{Bencher, black_box};
use mpcsim::ring::gemm::{Kernel, MatrixView, gemm_add_with};
use ndarray::{Array2, ArrayView2, linalg::general_mat_mul};
use std::time::Instant;

/// The products of a first layer of 128 neurons on 128 images: forward, weight gradient, and two others.
const SHAPES: [Shape; 6] = [
    Shape { name: "128x784x128", m: 128, k: 784, n: 128, transposed: false },
    Shape { name: "784x128x128 XtG", m: 784, k: 128, n: 128, transposed: true },
    Shape { name: "128x128x128", m: 128, k: 128, n: 128, transposed: false },
    Shape { name: "128x128x128 XtG", m: 128, k: 128, n: 128, transposed: true },
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
    let mut work = ring_gemm(SHAPES[0], kernel);
    bencher.bench_local(move || work());
}

#[divan::bench]
fn gemm_128x784x128_ndarray(bencher: Bencher<'_, '_>) {
    let mut work = ndarray_gemm(SHAPES[0]);
    bencher.bench_local(move || work());
}

fn ring_gemm(shape: Shape, kernel: Kernel) -> impl FnMut() {
    let (a, b) = (words(shape.m * shape.k), words(shape.k * shape.n));
    let mut c = vec![0; shape.m * shape.n];
    move || {
        gemm_add_with(kernel, shape.a(&a), MatrixView::row_major(&b, shape.k, shape.n), &mut c);
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
fn time_in_turns(mut work: Vec<(String, Box<dyn FnMut()>)>) -> Vec<(String, f64, f64)> {
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

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    pool.install(|| {
        divan::main();
        report_gemm();
    });
}
