//! All secure functions as programs, with random inputs of their range and the inputs at its edges.

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Protocol, RingShare};
use mpcsim::ring::MatMul;
use mpcsim::secure::{Numerator, Secure};
use mpcsim::softmax::{Division, Logits, Softmax};

use super::harness::{Dice, Program};
use super::numbers::Numbers;
use super::{EXACT, RELU_GRADIENT, RELU_PROBABILITY};

/// Classes of an output layer.
pub const CLASSES: usize = 10;
/// Length of the dot products.
pub const DOT: usize = 7;
/// Summed dimension and columns of the matrix products.
pub const INNER: usize = 5;
pub const COLUMNS: usize = 3;
/// Numerators for each divisor.
pub const NUMERATORS: usize = 4;

/// A secure function; some have several outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    Mul,
    Dot,
    MatrixProduct { left_transposed: bool, right_transposed: bool },
    Truncate { bits: u32, shift: u32 },
    ScaleBy(f64),
    Select,
    Bits,
    Compose,
    LessThanZero { bits: u32 },
    Greater,
    Relu,
    ReluAbove,
    Max { width: usize },
    Divide,
    DivideRows,
    Reciprocal,
    Exp2,
    Exp,
    Log,
    Sqrt,
    InverseSqrt,
    Gradient(Softmax),
    GradientAndLoss(Softmax),
}

use Function::*;

impl Function {
    pub const ALL: [Function; 38] = [
        Mul,
        Dot,
        MatrixProduct { left_transposed: false, right_transposed: false },
        MatrixProduct { left_transposed: true, right_transposed: false },
        MatrixProduct { left_transposed: false, right_transposed: true },
        // One message: at least 40 bits of gap.
        Truncate { bits: 24, shift: 16 },
        Truncate { bits: 24, shift: 1 },
        Truncate { bits: 20, shift: 19 },
        // Two rounds.
        Truncate { bits: 25, shift: 16 },
        Truncate { bits: 47, shift: 16 },
        Truncate { bits: 47, shift: 23 },
        Truncate { bits: 63, shift: 32 },
        Truncate { bits: 63, shift: 1 },
        ScaleBy(0.9),
        ScaleBy(-2.5),
        ScaleBy(0.0),
        Select,
        Bits,
        Compose,
        LessThanZero { bits: 31 },
        LessThanZero { bits: 32 },
        LessThanZero { bits: 64 },
        Greater,
        Relu,
        ReluAbove,
        Max { width: 10 },
        Max { width: 3 },
        Divide,
        DivideRows,
        Reciprocal,
        Exp2,
        Exp,
        Log,
        Sqrt,
        InverseSqrt,
        Gradient(EXACT),
        Gradient(RELU_PROBABILITY),
        Gradient(RELU_GRADIENT),
    ];

    /// Those that compute a loss too.
    pub const LOSSES: [Function; 2] = [GradientAndLoss(EXACT), GradientAndLoss(RELU_PROBABILITY)];

    pub fn all() -> impl Iterator<Item = Function> {
        Function::ALL.into_iter().chain(Function::LOSSES)
    }

    /// Whether a protocol's ring has place for it, in the format of [`super::harness::Setting::of`].
    pub fn has_place(self, protocol: ProtocolName) -> bool {
        let small = protocol.ring_bits() == 32;
        match self {
            Truncate { bits, .. } => !small || bits <= 31,
            LessThanZero { bits } => !small || bits <= 32,
            Divide | DivideRows | Reciprocal | Exp2 | Exp | Log | Sqrt | InverseSqrt => !small,
            Gradient(Softmax::ReluGradient(relu)) => !small || relu.0.division != Division::Reciprocal,
            Gradient(_) | GradientAndLoss(_) => !small,
            _ => true,
        }
    }

    /// Elements of each input, for so many rows.
    pub fn input_lens(self, n: usize) -> Vec<usize> {
        match self {
            Mul | Greater | Divide => vec![n, n],
            Select => vec![n, n, n],
            Dot => vec![n * DOT, n * DOT],
            MatrixProduct { .. } => vec![n * INNER, INNER * COLUMNS],
            Max { width } => vec![n * width],
            DivideRows => vec![n * NUMERATORS, n],
            Gradient(softmax) | GradientAndLoss(softmax) => vec![n * softmax.logits(CLASSES); 2],
            _ => vec![n],
        }
    }

    /// Random inputs of `n` rows in the default format, within the function's range.
    pub fn random(self, dice: &mut Dice, n: usize) -> Vec<Vec<i64>> {
        self.random_in(&Numbers::default(), dice, n)
    }

    /// The same in any format.
    pub fn random_in(self, numbers: &Numbers, dice: &mut Dice, n: usize) -> Vec<Vec<i64>> {
        let Numbers { f, k, max, .. } = *numbers;
        let lens = self.input_lens(n);
        let many = |dice: &mut Dice, len: usize, f: &dyn Fn(&mut Dice) -> i64| {
            (0..len).map(|_| f(dice)).collect::<Vec<i64>>()
        };
        match self {
            Mul => {
                let x = many(dice, n, &|d| d.signed(k));
                let y = x.iter().map(|&x| dice.signed((k + f - 1 - bits_of(x)).min(k))).collect();
                vec![x, y]
            }
            Dot | MatrixProduct { .. } => {
                lens.iter().map(|&len| many(dice, len, &|d| d.signed(numbers.factor_bits()))).collect()
            }
            Select => {
                let c = many(dice, n, &|d| d.between(0, 1));
                vec![c, many(dice, n, &|d| d.signed(k)), many(dice, n, &|d| d.signed(k))]
            }
            Truncate { bits, .. } | LessThanZero { bits } => vec![many(dice, n, &|d| d.signed(bits))],
            // The largest factor is below four.
            ScaleBy(_) => vec![many(dice, n, &|d| d.signed(k - 2))],
            Divide | DivideRows => {
                let b = many(dice, n, &|d| divisor(d, k));
                let width = if self == Divide { 1 } else { NUMERATORS };
                let a = (0..n * width).map(|i| numerator(numbers, dice, b[i / width])).collect();
                vec![a, b]
            }
            Reciprocal => vec![many(dice, n, &|d| loop {
                let b = divisor(d, k);
                if b.abs() >= numbers.least_divisor {
                    break b;
                }
            })],
            Exp2 => vec![many(dice, n, &|d| d.between(numbers.exp2_range.0, numbers.exp2_range.1))],
            Exp => vec![many(dice, n, &|d| d.between(numbers.exp_range.0, numbers.exp_range.1))],
            Log => vec![many(dice, n, &|d| d.signed(k).abs().clamp(1, max))],
            Sqrt | InverseSqrt => vec![many(dice, n, &|d| d.signed(k).abs().min(max))],
            Gradient(softmax) | GradientAndLoss(softmax) => {
                let width = softmax.logits(CLASSES);
                // A row is small or large as a whole: logits of one unit, of ten, of hundreds. Ten fit the format.
                let mut logits = Vec::new();
                for _ in 0..n {
                    let size = dice.between(i64::from((f + 1).min(k - 5)), i64::from(k - 5));
                    logits.extend((0..width).map(|_| dice.between(-1 << size, 1 << size)));
                }
                let hot: Vec<usize> = (0..n).map(|_| dice.between(0, 9) as usize).collect();
                let labels = if softmax.is_sigmoid() {
                    hot.iter().map(|class| (class % 2) as i64).collect()
                } else {
                    one_hot(&hot)
                };
                vec![logits, labels]
            }
            _ => lens.iter().map(|&len| many(dice, len, &|d| d.signed(k))).collect(),
        }
    }

    /// Inputs at the edges of the function's range in the default format.
    pub fn edges(self) -> Vec<Vec<i64>> {
        self.edges_in(&Numbers::default())
    }

    /// The same in any format.
    pub fn edges_in(self, numbers: &Numbers) -> Vec<Vec<i64>> {
        let Numbers { f, k, one, max, min, threshold, cut, .. } = *numbers;
        let edges = numbers.edges();
        match self {
            Mul => {
                let fits = |&(x, y): &(i64, i64)| x.abs() * y.abs() < 1 << (k + f - 1);
                let mut pairs: Vec<(i64, i64)> = pairs(&edges).into_iter().filter(fits).collect();
                pairs.extend([(min, one - 1), (max, one), (-max, one), (max, one / 2), (one / 2, 1)]);
                unzip(pairs)
            }
            Dot => {
                let factor = 1i64 << (numbers.factor_bits() - 1);
                vec![vec![-factor; 2 * DOT], [vec![factor; DOT], vec![0; DOT]].concat()]
            }
            MatrixProduct { .. } => {
                let factor = 1i64 << (numbers.factor_bits() - 1);
                vec![vec![-factor; 4 * INNER], vec![factor; INNER * COLUMNS]]
            }
            Truncate { bits, shift } => {
                let (half, one) = (1i64 << (shift - 1), 1i64 << shift);
                let top = (1i64 << (bits - 1)) - 1;
                let around = [0, half, one, 2 * one, -half, -one, -2 * one];
                let mut values: Vec<i64> = around.iter().flat_map(|&x| [x - 1, x, x + 1]).collect();
                values.extend([top, top - 1, -top, -top - 1]);
                vec![values.into_iter().filter(|x| (-top - 1..=top).contains(x)).collect()]
            }
            ScaleBy(_) => vec![vec![0, 1, -1, one, -one, (1 << (k - 3)) - 1, -(1 << (k - 3))]],
            Select => {
                let (x, y): (Vec<i64>, Vec<i64>) = pairs(&edges).into_iter().unzip();
                let choice = |c: i64| vec![c; x.len()];
                vec![
                    [choice(0), choice(1)].concat(),
                    [x.clone(), x.clone()].concat(),
                    [y.clone(), y].concat(),
                ]
            }
            LessThanZero { bits } => {
                let top = (1u64 << (bits - 1)) as i64;
                vec![vec![0, 1, -1, 2, -2, top.wrapping_sub(1), top.wrapping_neg(), top.wrapping_neg() + 1]]
            }
            Greater => unzip(pairs(&edges)),
            ReluAbove => vec![[&edges[..], &[threshold - 1, threshold, threshold + 1, -threshold]].concat()],
            Max { width } => {
                let mut rows = Vec::new();
                for value in [0, 1, -1, max, min] {
                    rows.extend(vec![value; width]);
                    // The largest at each place, alone and twice.
                    for place in 0..width {
                        let mut row = vec![min; width];
                        row[place] = value;
                        rows.extend(&row);
                        row[(place + 1) % width] = value;
                        rows.extend(&row);
                    }
                }
                vec![rows]
            }
            Divide => unzip(division_edges(numbers)),
            DivideRows => {
                let (a, b): (Vec<i64>, Vec<i64>) = division_edges(numbers).into_iter().unzip();
                vec![a.iter().flat_map(|&a| [a, -a, a / 2, 0]).collect(), b]
            }
            Reciprocal => {
                let least = numbers.least_divisor;
                let near = [0, least, -least, least + 1, least + 2, least + 3, least + 4];
                let far = [one, -one, max, min, min + 1, -max, 1 << (k - 2), 3 << (k - 3)];
                vec![[&near[..], &far[..]].concat()]
            }
            Exp2 => {
                let (low, high) = numbers.exp2_range;
                let whole = (low / one..=high / one).flat_map(|i| [i * one - 1, i * one, i * one + 1]);
                vec![whole.chain([high]).filter(|x| (low..=high).contains(x)).collect()]
            }
            Exp => vec![vec![
                numbers.exp_range.0,
                numbers.exp_range.0 + 1,
                numbers.exp_range.1,
                numbers.exp_range.1 - 1,
                0,
                1,
                -1,
                one,
                -one,
                cut - 1,
                cut,
                cut + 1,
            ]],
            Log => {
                let powers = (0..k - 1).flat_map(|i| [(1i64 << i) - 1, 1 << i, (1 << i) + 1]);
                vec![powers.filter(|&x| x > 0).chain([max, max - 1]).collect()]
            }
            Sqrt | InverseSqrt => {
                let powers = (0..k - 1).flat_map(|i| [(1i64 << i) - 1, 1 << i, (1 << i) + 1]);
                vec![powers.chain([max, max - 1, max / 3]).collect()]
            }
            Gradient(_) | GradientAndLoss(_) => output_edges(numbers),
            _ => vec![edges],
        }
    }
}

fn bits_of(x: i64) -> u32 {
    64 - x.unsigned_abs().leading_zeros()
}

fn divisor(dice: &mut Dice, bits: u32) -> i64 {
    match dice.signed(bits) {
        0 => 1,
        b => b,
    }
}

/// The largest numerator whose quotient by b is a number, a few units left for its error.
fn largest_numerator(numbers: &Numbers, b: i64) -> i64 {
    let largest = i128::from(numbers.max) - i128::from(numbers.quotient_margin());
    ((largest * i128::from(b.abs())) >> numbers.f).min(i128::from(numbers.max)) as i64
}

fn numerator(numbers: &Numbers, dice: &mut Dice, b: i64) -> i64 {
    let largest = largest_numerator(numbers, b);
    dice.signed(numbers.k).clamp(-largest, largest)
}

/// Numerators and divisors.
fn division_edges(numbers: &Numbers) -> Vec<(i64, i64)> {
    let Numbers { k, one, max, min, threshold, .. } = *numbers;
    let divisors =
        [1, 2, 3, 4, 5, 100, one - 1, one, one + 1, threshold, 3 * one, 1 << (k - 2), max - 1, max, -min];
    let mut edges = Vec::new();
    for b in divisors {
        let largest = largest_numerator(numbers, b);
        for a in [0, 1, b.min(largest), largest] {
            edges.extend([(a, b), (-a, b), (a, -b), (-a, -b)]);
        }
    }
    // 2^(k-1) itself is no number of the format, -2^(k-1) is.
    edges.retain(|&(_, b)| b <= max);
    edges.extend([0, 1, -1, one, max, min].map(|a| (a, 0)));
    edges
}

pub fn one_hot(hot: &[usize]) -> Vec<i64> {
    hot.iter().flat_map(|&hot| (0..CLASSES).map(move |class| i64::from(class == hot))).collect()
}

/// Rows of logits with the label at each of two places.
fn output_edges(numbers: &Numbers) -> Vec<Vec<i64>> {
    let Numbers { one, max, min, threshold, cut, shift, .. } = *numbers;
    // The largest number, 2^14 by default.
    let largest = max + 1;
    let mut rows: Vec<Vec<i64>> = Vec::new();
    let fill = |value: i64| vec![value; CLASSES];
    // Ties, nothing positive, far apart.
    for value in [0, 1, -1, one, -one, largest / 164, largest / 20, -largest / 20, -largest / 2] {
        rows.push(fill(value));
    }
    let halves = (-largest / 2, largest / 2 - 1);
    for (low, high) in [halves, (-one, 5 * one), (0, 4), (0, largest / 23), (-2 * one, -one)] {
        let mut row = fill(low);
        row[3] = high;
        rows.push(row.clone());
        row[7] = high;
        rows.push(row);
    }
    // Around the threshold of `relu_probability`, alone and among others.
    for value in [threshold - 1, threshold, threshold + 1] {
        rows.push(fill(value));
        let mut row = fill(-one);
        row[0] = value;
        rows.push(row.clone());
        row[9] = 4 * one;
        rows.push(row);
    }
    // Around what `exact` cuts off, and where e^x is no longer defined and must not matter.
    for distance in [-2, -1, 0, 1, 2, -7 * one / 5, -3 * one / 2, -3 * one, -100 * one] {
        let mut row = fill(0);
        row[5] = cut + shift + distance;
        rows.push(row.clone());
        row[1] = -20 * one;
        row[2] = cut + shift + 11 * one / 8;
        rows.push(row);
    }
    let hot: Vec<usize> = rows.iter().map(|_| 0).chain(rows.iter().map(|_| 3)).collect();
    let logits: Vec<i64> = rows.concat().into_iter().map(|x| x.clamp(min, max)).collect();
    vec![[logits.clone(), logits].concat(), one_hot(&hot)]
}

fn pairs(values: &[i64]) -> Vec<(i64, i64)> {
    values.iter().flat_map(|&x| values.iter().map(move |&y| (x, y))).collect()
}

fn unzip(pairs: Vec<(i64, i64)>) -> Vec<Vec<i64>> {
    let (x, y) = pairs.into_iter().unzip();
    vec![x, y]
}

impl Program for Function {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let x = &inputs[0];
        match *self {
            Mul => vec![s.fixed_mul(x, &inputs[1]).await],
            Dot => vec![s.fixed_dot(x, &inputs[1], DOT).await],
            MatrixProduct { left_transposed, right_transposed } => {
                let rows = x.len() / INNER;
                let mut shape = MatMul::new(rows, INNER, COLUMNS);
                shape.transpose_left = left_transposed;
                shape.transpose_right = right_transposed;
                let left = if left_transposed { x.transpose(rows, INNER) } else { x.clone() };
                let y = &inputs[1];
                let right = if right_transposed { y.transpose(INNER, COLUMNS) } else { y.clone() };
                vec![s.fixed_matmul(&left, &right, shape).await]
            }
            Truncate { bits, shift } => vec![s.truncate(x, bits, shift).await],
            ScaleBy(factor) => vec![s.scale_by(x.clone(), factor).await],
            Select => vec![s.select(x, &inputs[1], &inputs[2]).await],
            Bits => {
                let bits = s.decompose(x, s.fixed_point.total_bits).await;
                s.protocol.bits_to_ring(&bits).await
            }
            Compose => {
                let bits = s.decompose(x, s.fixed_point.total_bits).await;
                vec![s.compose(bits).await]
            }
            LessThanZero { bits } => vec![s.less_than_zero(x, bits).await],
            Greater => vec![s.greater(x, &inputs[1]).await],
            Relu => <[_; 2]>::from(s.relu(x).await).into(),
            ReluAbove => <[_; 2]>::from(s.relu_above(x, s.fixed_point.encode(0.1)).await).into(),
            Max { width } => vec![s.row_max(x, width).await],
            Divide => vec![s.divide(Numerator::Shared(x), &inputs[1], 1).await],
            DivideRows => vec![s.divide(Numerator::Shared(x), &inputs[1], NUMERATORS).await],
            Reciprocal => vec![s.divide(Numerator::One, x, 1).await],
            Exp2 => vec![s.exp2(x).await],
            Exp => vec![s.exp(x).await],
            Log => vec![s.log(x).await],
            Sqrt => vec![s.sqrt(x).await],
            InverseSqrt => vec![s.inverse_sqrt(x).await],
            Gradient(softmax) | GradientAndLoss(softmax) => {
                let with_loss = matches!(self, GradientAndLoss(_));
                let classes = softmax.logits(CLASSES);
                let batch = Logits { logits: x, labels: &inputs[1], classes };
                let output = softmax.output_layer(s, batch, with_loss).await;
                std::iter::once(output.gradient).chain(output.loss).collect()
            }
        }
    }
}
