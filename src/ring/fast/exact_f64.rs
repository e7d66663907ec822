//! Exact integer products through floating-point hardware.
//!
//! A double represents every integer of magnitude below 2^53, and sums and products of integers are exact while
//! they stay below. If `k * max|a| * max|b| < 2^53`, no partial sum of a product of depth k can leave that range,
//! in whatever order and with or without fused operations, so a floating-point product is the exact one.
//!
//! CPUs with AVX-512 IFMA multiply integers just as fast; there, doubles serve sums from 2^51 to 2^53 only.

use super::dispatch::{Level, dispatched};
use super::gemm::{MatrixView, Task, check_shapes, has_short, run, short_tasks};
use super::workers::{pieces_of, spread};
use std::cell::Cell;

/// Multiplications that are worth a task of their own: some 70 to 300 microseconds of work.
const TASK: usize = 1 << 21;

/// How an exact product is computed; all give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExactKernel {
    /// As doubles, with the crate `matrixmultiply`.
    F64,
    /// In integers of 52 bits, with AVX-512 IFMA: as many products per instruction as with doubles, but nothing
    /// to convert. For sums below 2^51 only.
    Short,
}

impl ExactKernel {
    /// The kernels this machine has, slowest first.
    pub fn available() -> Vec<Self> {
        if has_short() { vec![Self::F64, Self::Short] } else { vec![Self::F64] }
    }

    /// Bound of the magnitudes of partial sums.
    fn limit(self) -> u128 {
        match self {
            Self::F64 => 1 << 53,
            Self::Short => 1 << 51,
        }
    }
}

/// `c = a * b` for signed content (two's complement), exact or not at all.
///
/// Returns `false` and leaves `c` untouched unless the magnitudes prove that no partial sum reaches 2^53:
/// `a.cols * max|a| * max|b| < 2^53`, checked for every product. `c` is row-major and has `a.rows` x `b.cols`
/// elements. Large products are spread over the current rayon pool; the result does not depend on it.
///
/// # Panics
/// If the shapes do not match or a view reaches beyond its data.
pub fn gemm_exact_f64(a: MatrixView<'_>, b: MatrixView<'_>, c: &mut [u64]) -> bool {
    gemm_exact_with(&ExactKernel::available(), a, b, c)
}

/// [`gemm_exact_f64`] with the last of the given kernels that the magnitudes allow, for tests and benchmarks.
///
/// # Panics
/// As [`gemm_exact_f64`], and if this machine does not have that kernel.
pub fn gemm_exact_with(kernels: &[ExactKernel], a: MatrixView<'_>, b: MatrixView<'_>, c: &mut [u64]) -> bool {
    exact_tasks(kernels, a, b, c).map(run).is_ok()
}

/// What is still to be done for an exact product with the last of the given kernels that the magnitudes allow. If they allow
/// none, `c` is given back as it was.
pub(in crate::ring) fn exact_tasks<'a>(
    kernels: &[ExactKernel],
    a: MatrixView<'a>,
    b: MatrixView<'a>,
    c: &'a mut [u64],
) -> Result<Vec<Task<'a>>, &'a mut [u64]> {
    check_shapes(a, b, c);
    if c.is_empty() {
        return Ok(Vec::new());
    }
    let tasks = pieces_of(a.rows.saturating_mul(a.cols).saturating_mul(b.cols), TASK);
    let (largest_a, largest_b) = both(tasks > 1, || largest_magnitude(a), || largest_magnitude(b));
    let bound = (a.cols as u128).saturating_mul(u128::from(largest_a)).saturating_mul(u128::from(largest_b));
    let Some(kernel) = kernels.iter().rev().find(|kernel| bound < kernel.limit()) else {
        return Err(c);
    };
    if bound == 0 {
        c.fill(0);
    } else if *kernel == ExactKernel::Short {
        return Ok(short_tasks((a, b), c).expect("a CPU that has the instructions"));
    } else {
        product_of_doubles(tasks, a, b, c);
    }
    Ok(Vec::new())
}

/// `c = a * b`. The depth is at least 1 and so are both largest magnitudes, and their product is below 2^53.
fn product_of_doubles(tasks: usize, a: MatrixView<'_>, b: MatrixView<'_>, c: &mut [u64]) {
    let mut buffers = OPERANDS.take();
    let (f64_a, f64_b) = {
        let (buffer_a, buffer_b) = &mut buffers;
        both(tasks > 1, || F64View::convert(a, buffer_a), || F64View::convert(b, buffer_b))
    };
    // Whole register tiles of the product, which has 8 rows in a tile.
    let rows = a.rows.div_ceil(tasks).next_multiple_of(8);
    let blocks = c.chunks_mut(rows * b.cols).enumerate().collect();
    spread(blocks, |(i, c): (usize, &mut [u64])| product_rows(f64_a, f64_b, i * rows, c));
    OPERANDS.set(buffers);
}

thread_local! {
    /// The operands as doubles: kept from one product to the next. They are taken out during a product, because
    /// a thread that waits for others may be handed another product.
    static OPERANDS: Cell<(Vec<f64>, Vec<f64>)> = Cell::default();
    /// Some rows of the result as doubles.
    static RESULT: Cell<Vec<f64>> = Cell::default();
}

/// The results of two pieces of work, at the same time if that is worth it.
fn both<A: Send, B: Send>(
    at_once: bool,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if !at_once {
        return (a(), b());
    }
    let (mut first, mut second) = (None, None);
    let pieces: Vec<Box<dyn FnOnce() + Send + '_>> =
        vec![Box::new(|| first = Some(a())), Box::new(|| second = Some(b()))];
    spread(pieces, |piece| piece());
    (first.expect("done above"), second.expect("done above"))
}

/// A converted matrix, stored without gaps by rows or by columns.
#[derive(Clone, Copy)]
struct F64View<'a> {
    data: &'a [f64],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> F64View<'a> {
    /// Converts a non-empty matrix in the order in which it is stored. All magnitudes are below 2^53.
    fn convert(from: MatrixView<'_>, buffer: &'a mut Vec<f64>) -> Self {
        if from.row_stride == 1 && from.col_stride != 1 {
            let view = Self::convert(from.transposed(), buffer);
            let (rows, cols) = (view.cols, view.rows);
            return Self { rows, cols, row_stride: view.col_stride, col_stride: view.row_stride, ..view };
        }
        let (rows, cols) = (from.rows, from.cols);
        let data = room(buffer, rows * cols);
        if from.col_stride != 1 {
            for (i, row) in data.chunks_exact_mut(cols).enumerate() {
                row.iter_mut().enumerate().for_each(|(j, x)| *x = from.at(i, j) as i64 as f64);
            }
        } else if from.row_stride == cols {
            to_f64(Level::best(), &from.data[..rows * cols], data);
        } else {
            data.chunks_exact_mut(cols)
                .enumerate()
                .for_each(|(i, row)| to_f64(Level::best(), from.row(i), row));
        }
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }
}

/// The first `n` elements of a buffer that grows when it must.
fn room(buffer: &mut Vec<f64>, n: usize) -> &mut [f64] {
    if buffer.len() < n {
        *buffer = vec![0.0; n];
    }
    &mut buffer[..n]
}

/// Writes as many rows of the product as `c` has room for, beginning with row `first`.
fn product_rows(a: F64View<'_>, b: F64View<'_>, first: usize, c: &mut [u64]) {
    let rows = c.len() / b.cols;
    assert!(first + rows <= a.rows && a.cols == b.rows && a.cols > 0);
    let a_data = &a.data[first * a.row_stride..];
    let mut buffer = RESULT.take();
    let sums = room(&mut buffer, c.len());
    let [a_row, a_col, b_row, b_col, c_row] =
        [a.row_stride, a.col_stride, b.row_stride, b.col_stride, b.cols].map(usize::cast_signed);
    // SAFETY: `a` has `rows` rows from `first` on and a.cols columns, `b` has a.cols rows and b.cols columns,
    // and all their elements lie in their slices, which `F64View::convert` filled without gaps; `sums` is ours
    // and has rows * b.cols elements.
    unsafe {
        matrixmultiply::dgemm(
            rows,
            a.cols,
            b.cols,
            1.0,
            a_data.as_ptr(),
            a_row,
            a_col,
            b.data.as_ptr(),
            b_row,
            b_col,
            0.0,
            sums.as_mut_ptr(),
            c_row,
            1,
        );
    }
    from_f64(Level::best(), sums, c);
    RESULT.set(buffer);
}

/// The largest magnitude of the signed elements of a matrix, 0 if it has none.
fn largest_magnitude(a: MatrixView<'_>) -> u64 {
    if a.rows == 0 || a.cols == 0 {
        return 0;
    }
    let a = if a.row_stride == 1 { a.transposed() } else { a };
    if a.col_stride != 1 {
        let row = |i| (0..a.cols).map(move |j| a.at(i, j).cast_signed().unsigned_abs());
        return (0..a.rows).flat_map(row).max().unwrap_or(0);
    }
    if a.row_stride == a.cols {
        return largest_of(Level::best(), &a.data[..a.rows * a.cols]);
    }
    (0..a.rows).map(|i| largest_of(Level::best(), a.row(i))).max().unwrap_or(0)
}

dispatched! {
    /// The largest magnitude of signed words.
    fn largest_of(words: &[u64]) -> u64 {
        words.iter().fold(0, |largest, x| largest.max(x.cast_signed().unsigned_abs()))
    }
}

dispatched! {
    /// Signed words of magnitude below 2^53 as doubles, exactly, in operations that every vector unit has.
    fn to_f64(words: &[u64], out: &mut [f64]) {
        // With `x = 2^32 high + low`, the bit patterns below are 2^52 + low and 2^84 + 2^63 + 2^32 high.
        const LOW: u64 = 0x4330_0000_0000_0000;
        const HIGH: u64 = 0x4530_0000_8000_0000;
        const BOTH: f64 = 19_342_813_113_834_066_795_298_816.0 + 9_223_372_036_854_775_808.0 + 4_503_599_627_370_496.0;
        for (x, out) in words.iter().zip(out) {
            let low = f64::from_bits((x & 0xffff_ffff) | LOW);
            let high = f64::from_bits((x >> 32) ^ HIGH);
            *out = (high - BOTH) + low;
        }
    }
}

dispatched! {
    /// Integers of magnitude below 2^53 as signed words, in operations that every vector unit has.
    fn from_f64(values: &[f64], out: &mut [u64]) {
        // Adding 1.5 * 2^52 rounds to an integer, which the lower bits of the pattern then hold.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        const SCALE: f64 = 4_294_967_296.0;
        for (x, out) in values.iter().zip(out) {
            let high = x * (1.0 / SCALE) + ROUND;
            let low = (x - (high - ROUND) * SCALE) + ROUND;
            let integer = |rounded: f64| rounded.to_bits().wrapping_sub(ROUND.to_bits());
            *out = (integer(high) << 32).wrapping_add(integer(low));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, from_f64, largest_of, to_f64};

    /// Signed words of magnitude below 2^53, many of them at powers of two.
    fn signed_words() -> Vec<u64> {
        let mut words = vec![0i64];
        for bit in 0..53 {
            for x in [1 << bit, (1 << bit) - 1, (1 << bit) + 1, (3 << bit) >> 1] {
                let x = i64::min(x, (1 << 53) - 1);
                words.extend([x, -x]);
            }
        }
        words.extend((0..1000).map(|i: i64| i.wrapping_mul(0x1e37_79b9_7f4a_7c15) >> 10));
        words.into_iter().map(i64::cast_unsigned).collect()
    }

    #[test]
    fn conversions_are_exact_on_every_level() {
        let words = signed_words();
        for level in Level::available() {
            let (mut values, mut back) = (vec![0.0; words.len()], vec![0; words.len()]);
            to_f64(level, &words, &mut values);
            for (x, value) in words.iter().zip(&values) {
                assert_eq!(*value, x.cast_signed() as f64, "{level:?}");
            }
            from_f64(level, &values, &mut back);
            assert_eq!(back, words, "{level:?}");
        }
    }

    #[test]
    fn the_largest_magnitude_is_found_on_every_level() {
        for level in Level::available() {
            assert_eq!(largest_of(level, &[]), 0);
            for place in 0..40 {
                for extreme in [1u64 << 63, (1 << 63) - 1, (1 << 63) + 1, -1000i64 as u64] {
                    let mut words = [7, -8i64 as u64, 0, 9].repeat(10);
                    words[place] = extreme;
                    let expected = extreme.cast_signed().unsigned_abs();
                    assert_eq!(largest_of(level, &words), expected, "{level:?}, {extreme:#x} at {place}");
                }
            }
        }
    }
}
