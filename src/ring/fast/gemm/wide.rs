//! Matrix products modulo 2^k for 64 < k <= 128, of matrices whose low and high words lie apart.
//!
//! With AVX-512 IFMA, elements are cut into limbs of 52 bits, see [`super::limbs`]. Else
//! `(a + 2^64 a') (b + 2^64 b') = a b + 2^64 (a b' + a' b)` modulo 2^128: what counts 2^64 are two products modulo 2^64, for
//! which there are kernels; the full product of the low words is done in plain Rust, one multiplication of the CPU each.
//! All give the same bits, with any number of threads.

#[cfg(target_arch = "x86_64")]
use super::limbs::Limbs;
use super::target::Target;
use super::view::{MatrixView, WideView};
use super::{Kernel, TASK, check_shapes, run, tasks};
use crate::ring::fast::words::Words;
use crate::ring::fast::workers::{pieces_of, spread};

/// An implementation of the product; all give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WideKernel {
    /// The low words in plain Rust, the two other products with a kernel for 64 bits.
    Split(Kernel),
    /// Limbs of 52 bits with AVX-512 IFMA: nine instructions for eight products, four if no element has more than 104 bits.
    Limbs,
}

impl WideKernel {
    /// The kernels this machine can run, slowest first.
    pub fn available() -> Vec<Self> {
        let mut kernels: Vec<Self> = Kernel::available().into_iter().map(Self::Split).collect();
        #[cfg(target_arch = "x86_64")]
        if Limbs::detect().is_some() {
            kernels.push(Self::Limbs);
        }
        kernels
    }

    /// The fastest kernel this machine can run.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if Limbs::detect().is_some() {
            return Self::Limbs;
        }
        Self::Split(Kernel::best())
    }
}

/// `c = a * b` or `c += a * b` modulo 2^`bits` (of all of `c`, whatever was there), where `c` are the low and the high words of a row-major result of
/// `a.rows` x `b.cols` elements. Large products are spread over the current rayon pool.
///
/// # Panics
/// If `bits` is not from 65 to 128, the shapes do not match, a view reaches beyond its data, or this machine cannot run the
/// kernel.
pub fn wide_gemm(
    kernel: WideKernel,
    bits: u32,
    target: Target,
    a: WideView<'_>,
    b: WideView<'_>,
    c: [&mut [u64]; 2],
) {
    assert!((65..=128).contains(&bits), "a product of two-word elements, not of {bits} bits");
    let [c_low, c_high] = c;
    check_shapes(a.low, b.low, c_low);
    check_shapes(a.high, b.high, c_high);
    assert_eq!((a.low.rows, a.low.cols, b.low.cols), (a.high.rows, a.high.cols, b.high.cols), "both words");
    let mask = u64::MAX >> (128 - bits);
    if a.low.rows == 0 || a.low.cols == 0 || b.low.cols == 0 {
        if target == Target::Overwrite {
            c_low.fill(0);
            c_high.fill(0);
        }
        return c_high.iter_mut().for_each(|word| *word &= mask);
    }
    match kernel {
        WideKernel::Split(kernel) => {
            run(tasks(kernel, target, &[(a.low, b.high), (a.high, b.low)], c_high));
            each_rows(a, b, [c_low, c_high], ROWS, |a, b, [c_low, c_high]| {
                if target == Target::Overwrite {
                    c_low.fill(0);
                }
                add_low_products(a.low, b.low, c_low, c_high);
                c_high.iter_mut().for_each(|word| *word &= mask);
            });
        }
        #[cfg(target_arch = "x86_64")]
        WideKernel::Limbs => {
            let limbs = Limbs::detect().expect("this CPU does not have the instructions of the kernel");
            each_rows(a, b, [c_low, c_high], Limbs::ROWS, |a, b, c| limbs.multiply(bits, target, a, b, c));
        }
        #[cfg(not(target_arch = "x86_64"))]
        WideKernel::Limbs => panic!("the kernel {kernel:?} is for another architecture"),
    }
}

/// `work` on groups of rows of the result, of a multiple of `multiple` rows but for the last.
fn each_rows(
    a: WideView<'_>,
    b: WideView<'_>,
    c: [&mut [u64]; 2],
    multiple: usize,
    work: impl Fn(WideView<'_>, WideView<'_>, [&mut [u64]; 2]) + Sync,
) {
    let (rows, inner, cols) = (a.low.rows, a.low.cols, b.low.cols);
    // A product is some three of 64 bits.
    let pieces = pieces_of(rows.saturating_mul(inner).saturating_mul(cols).saturating_mul(3), TASK);
    let each = rows.div_ceil(pieces).next_multiple_of(multiple);
    let [low, high] = c.map(|c| c.chunks_mut(each * cols));
    let pieces = low.zip(high).enumerate().collect();
    spread(pieces, |(i, (low, high)): (usize, (&mut [u64], &mut [u64]))| {
        work(a.block(i * each, low.len() / cols, 0, inner), b, [low, high]);
    });
}

/// Rows and columns of a tile of sums in registers.
const ROWS: usize = 2;
const COLS: usize = 2;

/// Adds the products of the words, which have 128 bits, to the low and high words of the result.
fn add_low_products(a: MatrixView<'_>, b: MatrixView<'_>, c_low: &mut [u64], c_high: &mut [u64]) {
    let (inner, cols) = (a.cols, b.cols);
    let mut panel = Words::any(inner * COLS);
    let mut tile = Words::any(inner * ROWS);
    for j in (0..cols).step_by(COLS) {
        for (p, row) in panel.as_chunks_mut::<COLS>().0.iter_mut().enumerate() {
            *row = std::array::from_fn(|q| if j + q < cols { b.at(p, j + q) } else { 0 });
        }
        for i in (0..a.rows).step_by(ROWS) {
            for (p, column) in tile.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
                *column = std::array::from_fn(|r| if i + r < a.rows { a.at(i + r, p) } else { 0 });
            }
            let sums = products_of_tile(&tile, &panel);
            for (r, sums) in sums.iter().enumerate().take(a.rows - i) {
                for (q, sum) in sums.iter().enumerate().take(cols - j) {
                    let place = (i + r) * cols + j + q;
                    let old = u128::from(c_low[place]) | u128::from(c_high[place]) << 64;
                    let new = old.wrapping_add(*sum);
                    (c_low[place], c_high[place]) = (new as u64, (new >> 64) as u64);
                }
            }
        }
    }
}

/// The product of [`ROWS`] rows with [`COLS`] columns.
fn products_of_tile(tile: &[u64], panel: &[u64]) -> [[u128; COLS]; ROWS] {
    let mut sums = [[0u128; COLS]; ROWS];
    for (x, y) in tile.as_chunks::<ROWS>().0.iter().zip(panel.as_chunks::<COLS>().0) {
        for (sums, &x) in sums.iter_mut().zip(x) {
            for (sum, &y) in sums.iter_mut().zip(y) {
                *sum = sum.wrapping_add(u128::from(x) * u128::from(y));
            }
        }
    }
    sums
}
