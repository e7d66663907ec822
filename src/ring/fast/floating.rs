//! Matrix products and windows of floating-point numbers, with the same bits on every machine and any number of threads.
//!
//! Every element of a product is the sum of its terms in their order, each product and each sum rounded by itself. What is
//! done at once is done for elements beside each other, so wider registers change no bit. (The compiler joins no product and
//! sum into a fused operation unless it is told to.)

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use super::dispatch::{Level, dispatched};
use super::workers::{pieces_of, spread};
use crate::ring::{MatMul, Patches};

/// Rows of a product that are computed at once.
const ROWS: usize = 4;
/// Rows of the left factor that are in a cache together.
const BLOCK: usize = 8 * ROWS;
/// Multiplications that are worth a task of their own.
const ENOUGH: usize = 1 << 17;
/// Values of windows that are.
const ENOUGH_VALUES: usize = 1 << 15;

/// A floating-point number as IEEE 754 has it: each operation here is rounded once, to the nearest, on every machine.
pub trait Real:
    Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
{
    /// Columns of a product that are computed at once.
    const WIDTH: usize;

    /// The nearest to a number.
    fn nearest(x: f64) -> Self;

    /// The same number.
    fn double(self) -> f64;

    /// The square root.
    fn sqrt(self) -> Self;

    /// Rows of a product, from packed factors of this inner dimension: `left` in pieces of four rows, `right` in pieces of
    /// [`Real::WIDTH`] columns. `product` has so many columns.
    fn multiply(left: &[Self], right: &[Self], inner: usize, columns: usize, product: &mut [Self]);
}

/// A few rows times a few columns.
#[inline(always)]
fn tile<T: Real, const WIDTH: usize>(left: &[T], right: &[T]) -> [[T; WIDTH]; ROWS] {
    let mut sums = [[T::default(); WIDTH]; ROWS];
    for (left, right) in left.as_chunks::<ROWS>().0.iter().zip(right.as_chunks::<WIDTH>().0) {
        for (sums, &factor) in sums.iter_mut().zip(left) {
            for (sum, &value) in sums.iter_mut().zip(right) {
                *sum += factor * value;
            }
        }
    }
    sums
}

#[inline(always)]
fn multiply<T: Real, const WIDTH: usize>(
    left: &[T],
    right: &[T],
    inner: usize,
    columns: usize,
    product: &mut [T],
) {
    for (piece, right) in right.chunks_exact(inner * WIDTH).enumerate() {
        let first = piece * WIDTH;
        let width = WIDTH.min(columns - first);
        for (left, rows) in left.chunks_exact(inner * ROWS).zip(product.chunks_mut(ROWS * columns)) {
            let sums = tile::<T, WIDTH>(left, right);
            for (sums, row) in sums.iter().zip(rows.chunks_exact_mut(columns)) {
                row[first..first + width].copy_from_slice(&sums[..width]);
            }
        }
    }
}

macro_rules! real {
    ($type:ty, $width:literal, $multiply:ident) => {
        dispatched! {
            fn $multiply(left: &[$type], right: &[$type], inner: usize, columns: usize, product: &mut [$type]) {
                multiply::<$type, $width>(left, right, inner, columns, product)
            }
        }

        impl Real for $type {
            const WIDTH: usize = $width;

            #[inline]
            fn nearest(x: f64) -> Self {
                x as $type
            }

            #[inline]
            fn double(self) -> f64 {
                self.into()
            }

            #[inline]
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }

            fn multiply(left: &[Self], right: &[Self], inner: usize, columns: usize, product: &mut [Self]) {
                $multiply(Level::best(), left, right, inner, columns, product)
            }
        }
    };
}

real!(f64, 8, multiply_f64);
real!(f32, 16, multiply_f32);

/// The left factor from a row on, so many rows, in pieces of four: what is beyond the last row is zero.
fn packed_left<T: Real>(x: &[T], shape: MatMul, first: usize, rows: usize) -> Vec<T> {
    let inner = shape.inner;
    let mut packed = vec![T::default(); rows.next_multiple_of(ROWS) * inner];
    for (row, at) in (0..rows).map(|at| (first + at, (at / ROWS) * ROWS * inner + at % ROWS)) {
        for (k, place) in packed[at..].iter_mut().step_by(ROWS).take(inner).enumerate() {
            *place = if shape.transpose_left { x[k * shape.rows + row] } else { x[row * inner + k] };
        }
    }
    packed
}

/// The right factor in pieces of some columns: what is beyond the last column is zero.
fn packed_right<T: Real>(y: &[T], shape: MatMul) -> Vec<T> {
    let MatMul { inner, columns, transpose_right, .. } = shape;
    let mut packed = vec![T::default(); columns.div_ceil(T::WIDTH) * inner * T::WIDTH];
    let pieces: Vec<_> = packed.chunks_exact_mut(inner * T::WIDTH).enumerate().collect();
    let write = |(piece, place): (usize, &mut [T])| {
        let first = piece * T::WIDTH;
        let width = T::WIDTH.min(columns - first);
        for (k, row) in place.chunks_exact_mut(T::WIDTH).enumerate() {
            if transpose_right {
                let values = y[first * inner + k..].iter().step_by(inner);
                row[..width].iter_mut().zip(values).for_each(|(place, &value)| *place = value);
            } else {
                row[..width].copy_from_slice(&y[k * columns + first..][..width]);
            }
        }
    };
    in_groups(pieces, pieces_of(inner * columns, ENOUGH_VALUES), write);
    packed
}

/// `work` on all pieces, so many groups of them side by side.
fn in_groups<P: Send>(mut pieces: Vec<P>, groups: usize, work: impl Fn(P) + Sync) {
    let each = pieces.len().div_ceil(groups).max(1);
    let mut parts = Vec::new();
    while !pieces.is_empty() {
        let rest = pieces.split_off(each.min(pieces.len()));
        parts.push(std::mem::replace(&mut pieces, rest));
    }
    spread(parts, |part| part.into_iter().for_each(&work));
}

/// The product of two matrices. Spread over the current rayon pool, which changes no bit.
///
/// # Panics
/// If the lengths are not those of the shape, or it has no inner dimension.
pub fn float_matmul<T: Real>(x: &[T], y: &[T], shape: MatMul) -> Vec<T> {
    shape.check(x.len(), y.len());
    let MatMul { rows, inner, columns, .. } = shape;
    assert!(inner > 0, "{shape:?} has no terms");
    let right = packed_right(y, shape);
    let mut product = vec![T::default(); rows * columns];
    let groups = pieces_of(rows * inner * columns, ENOUGH);
    let each = rows.div_ceil(groups).next_multiple_of(ROWS).min(BLOCK);
    let blocks: Vec<_> = product.chunks_mut((each * columns).max(1)).enumerate().collect();
    in_groups(blocks, groups, |(block, product)| {
        let left = packed_left(x, shape, block * each, product.len() / columns);
        T::multiply(&left, &right, inner, columns, product);
    });
    product
}

/// The windows of images, one after the other: the rows of a matrix. Spread over the current rayon pool.
pub fn float_windows<T: Real>(patches: &Patches, images: &[T]) -> Vec<T> {
    let mut windows = vec![T::default(); patches.len_of(images.len())];
    let groups = pieces_of(windows.len(), ENOUGH_VALUES);
    let image = images.chunks_exact(patches.image_len());
    let pieces = image.zip(windows.chunks_exact_mut(patches.rows() * patches.width())).collect();
    in_groups(pieces, groups, |(image, windows)| patches.write(image, windows));
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of all sizes, so that every rounding shows.
    fn numbers(len: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let unit = (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
            libm::scalbn(unit, (state % 40) as i32 - 20)
        };
        (0..len).map(|_| number()).collect()
    }

    /// The sum of the terms in their order.
    fn plain<T: Real>(x: &[T], y: &[T], shape: MatMul) -> Vec<T> {
        let MatMul { rows, inner, columns, transpose_left, transpose_right } = shape;
        let term = |row: usize, column: usize, k: usize| {
            let left = if transpose_left { x[k * rows + row] } else { x[row * inner + k] };
            left * if transpose_right { y[column * inner + k] } else { y[k * columns + column] }
        };
        let sum = |row, column| (0..inner).fold(T::default(), |sum, k| sum + term(row, column, k));
        (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (row, column)))
            .map(|(r, c)| sum(r, c))
            .collect()
    }

    fn shapes() -> Vec<MatMul> {
        let sizes = [(1, 1, 1), (4, 7, 8), (5, 3, 17), (37, 64, 10), (130, 33, 31), (66, 300, 40)];
        let of = |(rows, inner, columns)| {
            let shape = MatMul::new(rows, inner, columns);
            [
                shape,
                shape.left_transposed(),
                shape.right_transposed(),
                shape.left_transposed().right_transposed(),
            ]
        };
        sizes.into_iter().flat_map(of).collect()
    }

    #[test]
    fn products_are_sums_of_their_terms_in_order_bit_for_bit() {
        for shape in shapes() {
            let (x, y) = (numbers(shape.rows * shape.inner, 1), numbers(shape.inner * shape.columns, 2));
            let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            for threads in [1, 3] {
                let product = crate::ring::with_workers(threads, || float_matmul(&x, &y, shape)).unwrap();
                assert_eq!(bits(&product), bits(&plain(&x, &y, shape)), "{shape:?} on {threads} threads");
            }
            let [x, y] = [x, y].map(|values| values.into_iter().map(f32::nearest).collect::<Vec<_>>());
            let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&float_matmul(&x, &y, shape)), bits(&plain(&x, &y, shape)), "{shape:?} in f32");
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        for shape in shapes() {
            let (x, y) = (numbers(shape.rows * shape.inner, 3), numbers(shape.inner * shape.columns, 4));
            let (left, right) = (packed_left(&x, shape, 0, shape.rows), packed_right(&y, shape));
            let [narrow_x, narrow_y] =
                [&x, &y].map(|values| values.iter().map(|&x| f32::nearest(x)).collect::<Vec<_>>());
            let narrow = (packed_left(&narrow_x, shape, 0, shape.rows), packed_right(&narrow_y, shape));
            let (mut wide_bits, mut narrow_bits) = (Vec::new(), Vec::new());
            for level in Level::available() {
                let mut product = vec![0.0; shape.rows * shape.columns];
                multiply_f64(level, &left, &right, shape.inner, shape.columns, &mut product);
                wide_bits.push(product.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
                let mut product = vec![0.0; shape.rows * shape.columns];
                multiply_f32(level, &narrow.0, &narrow.1, shape.inner, shape.columns, &mut product);
                narrow_bits.push(product.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
            }
            wide_bits.dedup();
            narrow_bits.dedup();
            assert_eq!((wide_bits.len(), narrow_bits.len()), (1, 1), "{shape:?}");
        }
    }
}
