//! Vectors over every ring against plain integers modulo the ring's modulus.

use super::{Source, with_threads};
use mpcsim::ring::meter::{self, Work};
use mpcsim::ring::{Content, MatMul, Patches, Plane, Purpose, Residues, RingVector, StreamKey, Vector, Wide};

/// Calls a generic test for every ring, with its modulus (0 for 2^128).
macro_rules! for_every_ring {
    ($test:ident) => {
        $test::<Vector>(1 << 64);
        $test::<Wide<65>>(1 << 65);
        $test::<Wide<96>>(1 << 96);
        $test::<Wide<104>>(1 << 104);
        $test::<Wide<127>>(1 << 127);
        $test::<Wide<128>>(0);
        $test::<Residues<2>>(2);
        $test::<Residues<3>>(3);
        $test::<Residues<67>>(67);
        $test::<Residues<128>>(128);
        $test::<Residues<251>>(251);
    };
}

/// Integers modulo a number that is small or divides 2^128; 0 stands for 2^128.
#[derive(Clone, Copy)]
struct Integers(u128);

impl Integers {
    fn reduce(self, x: u128) -> u128 {
        if self.0 == 0 { x } else { x % self.0 }
    }

    fn add(self, x: u128, y: u128) -> u128 {
        self.reduce(x.wrapping_add(y))
    }

    fn neg(self, x: u128) -> u128 {
        self.reduce(self.0.wrapping_sub(x))
    }

    fn mul(self, x: u128, y: u128) -> u128 {
        self.reduce(x.wrapping_mul(y))
    }

    fn sum(self, x: impl Iterator<Item = u128>) -> u128 {
        x.fold(0, |sum, x| self.add(sum, x))
    }

    fn of_signed(self, x: i128) -> u128 {
        let magnitude = self.reduce(x.unsigned_abs());
        if x < 0 { self.neg(magnitude) } else { magnitude }
    }

    /// Elements among which the extremes are frequent.
    fn elements(self, source: &mut Source, n: usize) -> Vec<u128> {
        let top = self.0.wrapping_sub(1);
        let extremes = [0, 1, top, top / 2, top / 2 + 1, u64::MAX.into(), 1 << 64, 1 << 63, top << 64];
        let mut element = || match source.below(2) {
            0 => source.pick(&extremes),
            _ => u128::from(source.word()) << 64 | u128::from(source.word()),
        };
        (0..n).map(|_| self.reduce(element())).collect()
    }

    /// The product of matrices of which element (i, p) and (p, j) are given.
    fn matmul(
        self,
        shape: MatMul,
        x: impl Fn(usize, usize) -> u128,
        y: impl Fn(usize, usize) -> u128,
    ) -> Vec<u128> {
        let places = (0..shape.rows).flat_map(|i| (0..shape.columns).map(move |j| (i, j)));
        let product = |i, j, p| x(i, p).wrapping_mul(y(p, j));
        let sum = |(i, j)| (0..shape.inner).fold(0u128, |sum, p| sum.wrapping_add(product(i, j, p)));
        places.map(|place| self.reduce(sum(place))).collect()
    }
}

/// A `rows` x `width` matrix, another one, and a row.
struct Inputs<T> {
    rows: usize,
    width: usize,
    x: T,
    y: T,
    row: T,
    /// Rows to gather.
    order: Vec<usize>,
    /// Bits to shift by.
    shift: u32,
    factor: i128,
}

impl Inputs<Vec<u128>> {
    fn new(ring: Integers, bits: u32, source: &mut Source, rows: usize, width: usize) -> Self {
        let [x, y] = [0; 2].map(|_| ring.elements(source, rows * width));
        let row = ring.elements(source, width);
        let order = (0..rows + 2).map(|_| source.below(rows)).collect();
        let factor = source.pick(&[0, 1, -1, 7, -3, i64::MIN.into(), i128::MIN, i128::MAX, -1 << 70]);
        Inputs { rows, width, x, y, row, order, shift: source.below(bits as usize) as u32, factor }
    }

    fn to_ring<V: RingVector>(&self, content: Content) -> Inputs<V> {
        let vector = |x: &Vec<u128>| V::build(content, x.len(), || x.clone());
        Inputs {
            rows: self.rows,
            width: self.width,
            x: vector(&self.x),
            y: vector(&self.y),
            row: vector(&self.row),
            order: self.order.clone(),
            shift: self.shift,
            factor: self.factor,
        }
    }
}

/// All operations, with their results and what they count.
fn results<V: RingVector>(inputs: &Inputs<V>) -> Vec<(&'static str, V, Work)> {
    let Inputs { rows, width, x, y, row, order, shift, factor } = inputs;
    let (rows, width, bits) = (*rows, *width, V::BITS as usize);
    let mut results = Vec::new();
    let mut add = |name, f: &dyn Fn() -> V| {
        meter::take();
        let result = f();
        results.push((name, result, meter::take()));
    };
    add("add", &|| x.add(y));
    add("sub", &|| x.sub(y));
    add("neg", &|| x.neg());
    add("scale", &|| x.scale(*factor));
    add("mul", &|| x.mul(y));
    add("dot", &|| x.dot(y, width));
    add("shift_right", &|| x.shift_right(*shift));
    add("slice", &|| x.slice(width / 2, x.len()));
    add("concat", &|| V::concat(&[x, row, &y.slice(0, width / 2)]));
    add("repeat_each", &|| row.repeat_each(3));
    add("tile", &|| row.tile(3));
    add("gather_rows", &|| x.gather_rows(order, width));
    add("columns", &|| x.columns(width, width / 3, width));
    add("transpose", &|| x.transpose(rows, width));
    add("add_to_rows", &|| x.add_to_rows(row));
    add("row_sums", &|| x.row_sums(width));
    add("column_sums", &|| x.column_sums(width));
    add("split and compose", &|| V::compose(&x.split(bits)));
    add("lowest bit", &|| V::compose(&x.split(1)));
    add("bits", &|| V::from_bits(&x.split(bits)));
    add("unsigned", &|| V::from_unsigned(&x.low_words()));
    add("signed", &|| V::from_signed(&x.low_words()));
    add("constant", &|| V::constant(x.content(), 5, *factor));
    add("patches", &|| x.patches(&windows(rows, width)));
    let square = MatMul::new(rows, width, rows);
    add("x y^T", &|| x.matmul(y, square.right_transposed()));
    add("x^T y", &|| x.matmul(y, MatMul::new(width, rows, width).left_transposed()));
    let turned = y.transpose(rows, width);
    add("x (y^T)", &|| x.matmul(&turned, square));
    add("both transposed", &|| {
        x.matmul(y, MatMul::new(width, rows, width).left_transposed().right_transposed())
    });
    add("sum of products", &|| V::sum_of_products(&[(x, &[y, x]), (y, &[y])], square.right_transposed()));
    results
}

/// Windows of a matrix as an image, beyond its edges too.
fn windows(rows: usize, width: usize) -> Patches {
    let windows = [rows / 2 + 1, width / 2 + 1];
    Patches { image: [rows, width], channels: 1, windows, kernel: 3, stride: 2, before: [1, 2], gap: 1 }
}

/// The same in plain integers.
fn expected(ring: Integers, bits: u32, inputs: &Inputs<Vec<u128>>) -> Vec<Vec<u128>> {
    let Inputs { rows, width, x, y, row, order, shift, factor } = inputs;
    let (rows, width, factor) = (*rows, *width, ring.of_signed(*factor));
    let zip =
        |f: &dyn Fn(u128, u128) -> u128| -> Vec<u128> { x.iter().zip(y).map(|(&x, &y)| f(x, y)).collect() };
    let map = |f: &dyn Fn(u128) -> u128| -> Vec<u128> { x.iter().map(|&x| f(x)).collect() };
    let column = |j: usize| (0..rows).map(move |i| x[i * width + j]);
    let (of_x, of_y) = (|i: usize, j: usize| x[i * width + j], |i: usize, j: usize| y[i * width + j]);
    let square = MatMul::new(rows, width, rows);
    vec![
        zip(&|x, y| ring.add(x, y)),
        zip(&|x, y| ring.add(x, ring.neg(y))),
        map(&|x| ring.neg(x)),
        map(&|x| ring.mul(x, factor)),
        zip(&|x, y| ring.mul(x, y)),
        (0..rows).map(|i| ring.sum((0..width).map(|j| ring.mul(of_x(i, j), of_y(i, j))))).collect(),
        map(&|x| x >> shift),
        x[width / 2..].to_vec(),
        [&x[..], row, &y[..width / 2]].concat(),
        row.iter().flat_map(|&x| [x; 3]).collect(),
        row.repeat(3),
        order.iter().flat_map(|&i| (0..width).map(move |j| of_x(i, j))).collect(),
        (0..rows).flat_map(|i| (width / 3..width).map(move |j| of_x(i, j))).collect(),
        (0..width).flat_map(column).collect(),
        (0..rows * width).map(|t| ring.add(x[t], row[t % width])).collect(),
        x.chunks(width).map(|row| ring.sum(row.iter().copied())).collect(),
        (0..width).map(|j| ring.sum(column(j))).collect(),
        x.clone(),
        map(&|x| x & 1),
        (0..bits).flat_map(|p| x.iter().map(move |x| x >> p & 1)).collect(),
        map(&|x| ring.reduce((x as u64).into())),
        map(&|x| ring.of_signed((x as u64).cast_signed().into())),
        vec![factor; 5],
        windows(rows, width).pixels(1).map(|pixel| pixel.map_or(0, |pixel| x[pixel])).collect(),
        ring.matmul(square, of_x, |p, j| of_y(j, p)),
        ring.matmul(MatMul::new(width, rows, width), |i, p| of_x(p, i), of_y),
        ring.matmul(square, of_x, |p, j| of_y(j, p)),
        ring.matmul(MatMul::new(width, rows, width), |i, p| of_x(p, i), |p, j| y[j * rows + p]),
        ring.matmul(square, of_x, |p, j| ring.add(of_y(j, p), of_x(j, p)))
            .into_iter()
            .zip(ring.matmul(square, of_y, |p, j| of_y(j, p)))
            .map(|(a, b)| ring.add(a, b))
            .collect(),
    ]
}

fn check_operations<V: RingVector>(modulus: u128) {
    let ring = Integers(modulus);
    let mut source = Source::new(V::BITS.into());
    // The longest are those of which formulas are deferred.
    for (rows, width) in [(1, 1), (3, 21), (8, 8), (5, 13), (9, 111), (130, 127)] {
        let inputs = Inputs::new(ring, V::BITS, &mut source, rows, width);
        let expected = expected(ring, V::BITS, &inputs);
        let shapes = results(&inputs.to_ring::<V>(Content::Shape));
        for threads in [1, 2] {
            let results = with_threads(threads, || results(&inputs.to_ring::<V>(Content::Values)));
            assert_eq!(results.len(), expected.len());
            for (((name, result, work), expected), shape) in results.iter().zip(&expected).zip(&shapes) {
                let what = format!("{name} of {rows} x {width} modulo {modulus:#x}");
                assert!(result.integers().as_ref() == Some(expected), "{what}, {threads} threads");
                assert_eq!(result.len(), expected.len(), "{what}");
                assert_eq!(shape.1, V::shape(expected.len()), "{what}, as a shape");
                assert_eq!(*work, shape.2, "{what}: work on values and on shapes");
            }
        }
    }
}

#[test]
fn operations_are_those_on_integers_and_shapes_count_the_same() {
    for_every_ring!(check_operations);
}

fn check_empty<V: RingVector>(_: u128) {
    let empty = V::build(Content::Values, 0, Vec::new);
    assert!(empty.is_empty() && empty.content() == Content::Values);
    assert_eq!(empty.add(&empty).mul(&empty).neg().integers(), Some(Vec::new()));
    let row = V::constant(Content::Values, 3, 1);
    let nothing = V::concat(&[&row.slice(1, 1), &row.tile(0), &row.repeat_each(0), &row.gather_rows(&[], 3)]);
    assert_eq!(nothing, empty);
    let product = empty.matmul(&empty, MatMul::new(2, 0, 3));
    assert_eq!(product, V::constant(Content::Values, 6, 0), "the sum of nothing");
    assert_eq!(V::compose(&V::shape(7).split(1)), V::shape(7));
}

#[test]
fn nothing_and_its_sums_are_fine() {
    for_every_ring!(check_empty);
}

/// What is known of a vector without its elements (constants, random numbers) acts as if it were in memory.
fn check_implied<V: RingVector>(modulus: u128) {
    let ring = Integers(modulus);
    let key = StreamKey { seed: 1, purpose: Purpose::Shared, parties: 3, strand: 4, counter: 5 };
    for len in [70, 30_100] {
        let random = V::random(&key, Content::Values, len);
        let values = random.integers().expect("values");
        for (fresh, value) in [
            (V::random(&key, Content::Values, len), values),
            (V::constant(Content::Values, len, -2), vec![ring.of_signed(-2); len]),
            (V::constant(Content::Values, len, 0), vec![0; len]),
        ] {
            let stored = V::build(Content::Values, len, || value.clone());
            assert_eq!(fresh.add(&stored), stored.scale(2));
            assert_eq!(stored.sub(&fresh), V::constant(Content::Values, len, 0));
            assert_eq!(fresh.slice(1, len), stored.slice(1, len));
            assert_eq!(fresh.mul(&fresh.neg()), stored.mul(&stored).neg());
            let sum = MatMul::new(len / 70, 70, 1);
            let ones = V::constant(Content::Values, 70, 1);
            assert_eq!(fresh.matmul(&ones, sum), stored.row_sums(70));
            assert_eq!(fresh, stored);
        }
    }
}

#[test]
fn what_is_not_in_memory_acts_as_if_it_were() {
    for_every_ring!(check_implied);
}

fn check_random<V: RingVector>(modulus: u128) {
    let key = |counter| StreamKey { seed: 9, purpose: Purpose::Shared, parties: 3, strand: 0, counter };
    let draw = |counter, len| V::random(&key(counter), Content::Values, len).integers().expect("values");
    let drawn = draw(1, 4000);
    assert_eq!(drawn, draw(1, 4000));
    assert_ne!(drawn, draw(2, 4000));
    let ring = Integers(modulus);
    assert!(drawn.iter().all(|&x| ring.reduce(x) == x), "elements");
    if V::BITS > 8 {
        for bit in 0..V::BITS {
            let ones = drawn.iter().filter(|&x| x >> bit & 1 == 1).count();
            // Six standard deviations.
            assert!(ones.abs_diff(2000) < 190, "bit {bit} modulo {modulus:#x}: {ones} times one");
        }
    } else {
        let each = drawn.len() as f64 / modulus as f64;
        for residue in 0..modulus {
            let count = drawn.iter().filter(|&&x| x == residue).count() as f64;
            assert!((count - each).abs() < 6.0 * each.sqrt(), "{residue} modulo {modulus}: {count} times");
        }
    }
}

#[test]
fn random_elements_are_uniform_and_follow_from_their_key() {
    for_every_ring!(check_random);
}

/// The words of a stream in order: those of the generator.
#[test]
fn random_elements_are_made_of_the_words_of_their_stream() {
    let key = StreamKey { seed: 3, purpose: Purpose::Shared, parties: 5, strand: 1, counter: 2 };
    let words = key.vector(Content::Values, 200).integers().expect("values");
    let drawn = Wide::<104>::random(&key, Content::Values, 100).integers().expect("values");
    let expected: Vec<u128> =
        (0..100).map(|i| words[i] + ((words[100 + i] & ((1 << 40) - 1)) << 64)).collect();
    assert_eq!(drawn, expected);
    let drawn = Residues::<67>::random(&key, Content::Values, 200).integers().expect("values");
    assert_eq!(drawn, words.iter().map(|x| (x * 67) >> 64).collect::<Vec<_>>());
    let drawn = Residues::<128>::random(&key, Content::Values, 200).integers().expect("values");
    assert_eq!(drawn, words.iter().map(|x| x & 0x7f).collect::<Vec<_>>());
}

/// Bits, bytes in a message, and what the meter says of an addition, a multiplication, a product of 2 x 3 with 3 x 4, and of
/// ten random elements.
fn sizes<V: RingVector>() -> (u32, u64, [u64; 4]) {
    let x = V::shape(10);
    let of = |f: &dyn Fn() -> V| {
        meter::take();
        f();
        meter::take()
    };
    let key = StreamKey { seed: 9, purpose: Purpose::Shared, parties: 3, strand: 0, counter: 0 };
    let work = [
        of(&|| x.add(&x)).additions,
        of(&|| x.mul(&x)).multiplications,
        of(&|| x.slice(0, 6).matmul(&V::shape(12), MatMul::new(2, 3, 4))).macs,
        of(&|| V::random(&key, Content::Shape, 10)).random_bytes,
    ];
    (V::BITS, V::WIRE_BYTES, work)
}

#[test]
fn elements_have_the_sizes_and_costs_that_are_documented() {
    assert_eq!(sizes::<Vector>(), (64, 8, [10, 10, 24, 80]));
    assert_eq!(sizes::<Wide<65>>(), (65, 9, [20, 30, 72, 90]));
    assert_eq!(sizes::<Wide<104>>(), (104, 13, [20, 30, 72, 130]));
    assert_eq!(sizes::<Wide<128>>(), (128, 16, [20, 30, 72, 160]));
    assert_eq!(sizes::<Residues<67>>(), (7, 1, [10, 10, 24, 80]));
    assert_eq!(sizes::<Residues<128>>(), (7, 1, [10, 10, 24, 10]));
    assert_eq!(sizes::<Residues<251>>(), (8, 1, [10, 10, 24, 80]));
}

#[test]
fn bits_beyond_an_element_are_refused() {
    let refused = |f: &(dyn Fn() + std::panic::RefUnwindSafe)| std::panic::catch_unwind(f).is_err();
    assert!(refused(&|| drop(Wide::<104>::shape(3).split(105))));
    assert!(refused(&|| drop(Wide::<104>::shape(3).shift_right(104))));
    assert!(refused(&|| drop(Residues::<67>::shape(3).split(8))));
    assert!(refused(&|| drop(Residues::<67>::shape(3).shift_right(7))));
    assert!(refused(&|| drop(<Vector as RingVector>::shift_right(&Vector::shape(3), 64))));
    assert!(refused(&|| drop(<Wide<104> as RingVector>::compose(&vec![Plane::shape(3); 105]))));
}
