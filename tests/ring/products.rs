//! Sums of matrix products that several parties ask for, against naive loops.

use super::{Source, naive_gemm_add, with_threads};
use mpcsim::ring::gemm::MatrixView;
use mpcsim::ring::{Content, MatMul, Purpose, StreamKey, Vector};

/// A vector that is made anew whenever somebody wants it, as parties do, and its elements.
struct Factor {
    make: Box<dyn Fn() -> Vector + Send>,
    words: Vec<u64>,
}

/// Three components of a sharing: of any words, or of short ones.
fn components(source: &mut Source, len: usize) -> Vec<Factor> {
    let drawn = |counter: u64| -> Factor {
        let key = StreamKey { seed: 2, purpose: Purpose::Shared, parties: 3, strand: 0, counter };
        let words = key.vector(Content::Values, len).expect_values().to_vec();
        Factor { make: Box::new(move || key.vector(Content::Values, len)), words }
    };
    let stored = |words: Vec<u64>| {
        let vector = Vector::from(words.clone());
        Factor { make: Box::new(move || vector.clone()), words }
    };
    let zeros =
        || Factor { make: Box::new(move || Vector::constant(Content::Values, len, 0)), words: vec![0; len] };
    let formula = |words: Vec<u64>| {
        let vector = Vector::from(words.clone());
        let words = words.iter().map(|x| x.wrapping_mul(3)).collect();
        Factor { make: Box::new(move || vector.scale(3)), words }
    };
    let mut factors = vec![drawn(source.word()), formula(source.extreme_words(len))];
    let last = match source.below(4) {
        0 => stored(source.extreme_words(len)),
        1 => zeros(),
        // The sum of all is short, of both signs.
        _ => {
            let short = |x: u64| (x.cast_signed() >> 46).cast_unsigned();
            let others = factors[0].words.iter().zip(&factors[1].words).map(|(a, b)| a.wrapping_add(*b));
            stored(others.map(|others| short(source.word()).wrapping_sub(others)).collect())
        }
    };
    factors.push(last);
    let rotation = source.below(3);
    factors.rotate_left(rotation);
    factors
}

fn naive(shape: MatMul, x: &[u64], y: &[u64]) -> Vec<u64> {
    let view = |words, rows, cols, transposed| match transposed {
        false => MatrixView::row_major(words, rows, cols),
        true => MatrixView::row_major(words, cols, rows).transposed(),
    };
    let mut product = vec![0; shape.rows * shape.columns];
    naive_gemm_add(
        view(x, shape.rows, shape.inner, shape.transpose_left),
        view(y, shape.inner, shape.columns, shape.transpose_right),
        &mut product,
    );
    product
}

fn plus(x: &[u64], y: &[u64]) -> Vec<u64> {
    x.iter().zip(y).map(|(x, y)| x.wrapping_add(*y)).collect()
}

/// What party i adds up, x_i (y_i + y_{i+1}) + x_{i+1} y_i, and what comes out.
fn part(i: usize, shape: MatMul, x: &[Factor], y: &[Factor]) -> (Vector, Vec<u64>) {
    let ([x_own, x_next], [y_own, y_next]) = ([&x[i], &x[(i + 1) % 3]], [&y[i], &y[(i + 1) % 3]]);
    let (own, next) = ((y_own.make)(), (y_next.make)());
    let vector =
        Vector::sum_of_products(&[(&(x_own.make)(), &[&own, &next]), (&(x_next.make)(), &[&own])], shape);
    let words = plus(
        &naive(shape, &x_own.words, &plus(&y_own.words, &y_next.words)),
        &naive(shape, &x_next.words, &y_own.words),
    );
    (vector, words)
}

#[test]
fn parts_of_products_are_what_each_party_would_compute() {
    for seed in 0..60 {
        let run = || {
            let mut source = Source::new(seed);
            let (rows, columns) = source.pick(&[(128, 128), (1, 16_384), (700, 24), (133, 127), (40, 20)]);
            let mut shape = MatMul::new(rows, source.pick(&[0, 1, 2, 7, 20]), columns);
            shape.transpose_left = source.below(2) == 0;
            shape.transpose_right = source.below(2) == 0;
            let x = components(&mut source, rows * shape.inner);
            let y = components(&mut source, shape.inner * columns);
            let other = components(&mut source, shape.inner * columns);
            let mut parts = Vec::new();
            for i in 0..3 {
                parts.push(part(i, shape, &x, &y));
                // With another right factor; twice the same; not all of the parties.
                if source.below(2) == 0 {
                    parts.push(part(i, shape, &x, &other));
                }
                if source.below(4) == 0 {
                    parts.push(part(i, shape, &x, &y));
                }
                if source.below(4) == 0 {
                    parts.pop();
                }
            }
            while !parts.is_empty() {
                let (vector, words) = parts.swap_remove(source.below(parts.len()));
                if source.below(3) == 0 {
                    // A formula of it.
                    let formula = vector.add(&vector.scale(2)).sub(&vector);
                    assert!(formula.expect_values() == plus(&words, &words), "seed {seed}, {shape:?}");
                }
                assert!(vector.expect_values() == words, "seed {seed}, {shape:?}");
            }
        };
        with_threads(1 + seed as usize % 3, run);
    }
}

/// The next product of the same matrix begins before anybody has asked for the first.
#[test]
fn products_of_products_with_the_same_factor() {
    let (size, mut source) = (128, Source::new(5));
    let shape = MatMul::new(size, size, size);
    for from_left in [true, false] {
        let matrix = components(&mut source, size * size);
        let mut shares = components(&mut source, size * size);
        let mut expected =
            shares.iter().map(|share| share.words.clone()).reduce(|x, y| plus(&x, &y)).expect("three");
        let whole =
            matrix.iter().map(|share| share.words.clone()).reduce(|x, y| plus(&x, &y)).expect("three");
        let mut kept = Vec::new();
        for _ in 0..4 {
            let next: Vec<Vector> = (0..3)
                .map(|i| {
                    let [left, right] = if from_left { [&matrix, &shares] } else { [&shares, &matrix] };
                    let j = (i + 1) % 3;
                    let [own, next] = [i, j].map(|i| (right[i].make)());
                    let terms: [(_, &[_]); 2] =
                        [(&(left[i].make)(), &[&own, &next]), (&(left[j].make)(), &[&own])];
                    Vector::sum_of_products(&terms, shape).add_scalar(1)
                })
                .collect();
            expected =
                if from_left { naive(shape, &whole, &expected) } else { naive(shape, &expected, &whole) };
            expected.iter_mut().for_each(|x| *x = x.wrapping_add(3));
            kept.extend(next.clone());
            shares = next
                .into_iter()
                .map(|vector| Factor { make: Box::new(move || vector.clone()), words: Vec::new() })
                .collect();
        }
        let sum = shares.iter().map(|share| (share.make)()).reduce(|x, y| x.add(&y)).expect("three");
        assert!(sum.expect_values() == expected, "from the left: {from_left}");
    }
}

#[test]
fn rows_that_several_parties_choose_are_copied_once() {
    let (rows, width) = (50, 40);
    let matrix = Vector::from((0..rows as u64 * width as u64).collect::<Vec<_>>());
    let key = StreamKey { seed: 3, purpose: Purpose::Shared, parties: 3, strand: 0, counter: 0 };
    let place = |x: &Vector| x.expect_values().as_ptr();
    let drawn = || key.vector(Content::Values, rows * width);
    let one = [matrix.gather_rows(&[3, 1, 3], width), drawn().gather_rows(&[3, 1, 3], width)];
    let other = [matrix.clone().gather_rows(&[3, 1, 3], width), drawn().gather_rows(&[3, 1, 3], width)];
    assert_eq!(one.each_ref().map(place), other.each_ref().map(place));

    let mut source = Source::new(8);
    let mut held = Vec::new();
    for _ in 0..200 {
        let from = source.pick(&[0, width, 2 * width]);
        let width = source.pick(&[width, width / 2]);
        let chosen: Vec<usize> = (0..source.below(3)).map(|_| source.below(4)).collect();
        let vector = if source.below(2) == 0 { matrix.clone() } else { drawn() };
        let part = vector.slice(from, vector.len());
        let words = part.expect_values();
        let expected: Vec<u64> =
            chosen.iter().flat_map(|row| &words[row * width..(row + 1) * width]).copied().collect();
        held.push((part.gather_rows(&chosen, width), expected));
        if source.below(2) == 0 {
            held.swap_remove(source.below(held.len()));
        }
    }
    assert!(held.iter().all(|(vector, expected)| vector.expect_values() == expected));
}

/// x y, and z (y + y') + x y' with a z that is made of x y: together (x + z) (y + y'), but for that.
#[test]
fn a_factor_may_be_made_of_what_it_would_be_computed_with() {
    let (size, mut source) = (128, Source::new(6));
    let shape = MatMul::new(size, size, size);
    let words: [Vec<u64>; 3] = [(); 3].map(|()| source.words(size * size));
    let [x, y, y_next] = words.clone().map(Vector::from);
    let first = Vector::sum_of_products(&[(&x, &[&y])], shape);
    let z = first.add_scalar(1);
    let second = Vector::sum_of_products(&[(&z, &[&y, &y_next]), (&x, &[&y_next])], shape);
    let xy = naive(shape, &words[0], &words[1]);
    assert!(first.expect_values() == xy);
    let z: Vec<u64> = xy.iter().map(|x| x.wrapping_add(1)).collect();
    let expected = plus(&naive(shape, &z, &plus(&words[1], &words[2])), &naive(shape, &words[0], &words[2]));
    assert!(second.expect_values() == expected);
}

#[test]
fn any_number_of_products_may_wait() {
    let len = 20_000;
    let factor = Vector::from(vec![3]);
    let shape = MatMul::new(len, 1, 1);
    let (mut product, mut expected) = (Vector::from((0..len as u64).collect::<Vec<_>>()), 7u64);
    for _ in 0..3000 {
        product = product.matmul(&factor, shape);
        expected = expected.wrapping_mul(3);
    }
    assert_eq!(product.expect_values()[7], expected);
}
