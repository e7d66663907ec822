//! All secure functions as programs, with random inputs of their range and the inputs at its edges.

use mpcsim::protocol::{Protocol, RingShare};
use mpcsim::ring::MatMul;
use mpcsim::secure::{Numerator, Secure};
use mpcsim::softmax::{Logits, Softmax};

use super::harness::{Dice, Program};

/// The number one.
pub const ONE: i64 = 1 << 16;
/// The largest number.
pub const MAX: i64 = (1 << 30) - 1;
/// The smallest number.
pub const MIN: i64 = -(1 << 30);
/// Numbers at which something changes.
const EDGES: [i64; 15] =
    [0, 1, -1, 2, -2, ONE, -ONE, ONE - 1, ONE + 1, -ONE - 1, MAX, MIN, MAX - 1, MIN + 1, 1 << 15];
/// Classes of an output layer.
pub const CLASSES: usize = 10;
/// Length of the dot products.
pub const DOT: usize = 7;
/// Summed dimension and columns of the matrix products.
pub const INNER: usize = 5;
pub const COLUMNS: usize = 3;
/// Numerators for each divisor.
pub const NUMERATORS: usize = 4;
/// The threshold 0.1 of `relu_probability`, as an integer.
pub const THRESHOLD: i64 = 6_554;

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
    Gradient(Softmax),
    GradientAndLoss(Softmax),
}

use Function::*;

impl Function {
    pub const ALL: [Function; 36] = [
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
        Gradient(Softmax::Exact),
        Gradient(Softmax::ReluProbability),
        Gradient(Softmax::ReluGradient),
    ];

    /// Those that compute a loss too.
    pub const LOSSES: [Function; 2] =
        [GradientAndLoss(Softmax::Exact), GradientAndLoss(Softmax::ReluProbability)];

    pub fn all() -> impl Iterator<Item = Function> {
        Function::ALL.into_iter().chain(Function::LOSSES)
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
            Gradient(_) | GradientAndLoss(_) => vec![n * CLASSES, n * CLASSES],
            _ => vec![n],
        }
    }

    /// Random inputs of `n` rows, within the function's range.
    pub fn random(self, dice: &mut Dice, n: usize) -> Vec<Vec<i64>> {
        let lens = self.input_lens(n);
        let many = |dice: &mut Dice, len: usize, f: &dyn Fn(&mut Dice) -> i64| {
            (0..len).map(|_| f(dice)).collect::<Vec<i64>>()
        };
        match self {
            Mul => {
                let x = many(dice, n, &|d| d.signed(31));
                let y = x.iter().map(|&x| dice.signed((46 - bits_of(x)).min(31))).collect();
                vec![x, y]
            }
            Dot | MatrixProduct { .. } => {
                lens.iter().map(|&len| many(dice, len, &|d| d.signed(22))).collect()
            }
            Select => {
                let c = many(dice, n, &|d| d.between(0, 1));
                vec![c, many(dice, n, &|d| d.signed(31)), many(dice, n, &|d| d.signed(31))]
            }
            Truncate { bits, .. } | LessThanZero { bits } => vec![many(dice, n, &|d| d.signed(bits))],
            // The largest factor leaves 29 bits.
            ScaleBy(_) => vec![many(dice, n, &|d| d.signed(29))],
            Divide | DivideRows => {
                let b = many(dice, n, &|d| divisor(d));
                let width = if self == Divide { 1 } else { NUMERATORS };
                let a = (0..n * width).map(|i| numerator(dice, b[i / width])).collect();
                vec![a, b]
            }
            Reciprocal => vec![many(dice, n, &|d| loop {
                let b = divisor(d);
                if b.abs() > 4 {
                    break b;
                }
            })],
            Exp2 => vec![many(dice, n, &|d| d.between(EXP2_RANGE.0, EXP2_RANGE.1))],
            Exp => vec![many(dice, n, &|d| d.between(EXP_RANGE.0, EXP_RANGE.1))],
            Log => vec![many(dice, n, &|d| d.signed(31).abs().clamp(1, MAX))],
            Gradient(_) | GradientAndLoss(_) => {
                // A row is small or large as a whole: logits of one unit, of ten, of hundreds.
                let mut logits = Vec::new();
                for _ in 0..n {
                    let size = 17 + dice.between(0, 9) as u32;
                    logits.extend((0..CLASSES).map(|_| dice.between(-1 << size, 1 << size)));
                }
                let hot: Vec<usize> = (0..n).map(|_| dice.between(0, 9) as usize).collect();
                vec![logits, one_hot(&hot)]
            }
            _ => lens.iter().map(|&len| many(dice, len, &|d| d.signed(31))).collect(),
        }
    }

    /// Inputs at the edges of the function's range.
    pub fn edges(self) -> Vec<Vec<i64>> {
        match self {
            Mul => {
                let fits = |&(x, y): &(i64, i64)| x.abs() * y.abs() < 1 << 46;
                let mut pairs: Vec<(i64, i64)> = pairs(&EDGES).into_iter().filter(fits).collect();
                pairs.extend([(MIN, ONE - 1), (MAX, ONE), (-MAX, ONE), (MAX, 1 << 15), (1 << 15, 1)]);
                unzip(pairs)
            }
            Dot => vec![vec![-(1 << 21); 2 * DOT], [vec![1 << 21; DOT], vec![0; DOT]].concat()],
            MatrixProduct { .. } => vec![vec![-(1 << 21); 4 * INNER], vec![1 << 21; INNER * COLUMNS]],
            Truncate { bits, shift } => {
                let (half, one) = (1i64 << (shift - 1), 1i64 << shift);
                let top = (1i64 << (bits - 1)) - 1;
                let around = [0, half, one, 2 * one, -half, -one, -2 * one];
                let mut edges: Vec<i64> = around.iter().flat_map(|&x| [x - 1, x, x + 1]).collect();
                edges.extend([top, top - 1, -top, -top - 1]);
                vec![edges.into_iter().filter(|x| (-top - 1..=top).contains(x)).collect()]
            }
            ScaleBy(_) => vec![vec![0, 1, -1, ONE, -ONE, (1 << 28) - 1, -(1 << 28)]],
            Select => {
                let (x, y): (Vec<i64>, Vec<i64>) = pairs(&EDGES).into_iter().unzip();
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
            Greater => unzip(pairs(&EDGES)),
            ReluAbove => vec![[&EDGES[..], &[THRESHOLD - 1, THRESHOLD, THRESHOLD + 1, -THRESHOLD]].concat()],
            Max { width } => {
                let mut rows = Vec::new();
                for value in [0, 1, -1, MAX, MIN] {
                    rows.extend(vec![value; width]);
                    // The largest at each place, alone and twice.
                    for place in 0..width {
                        let mut row = vec![MIN; width];
                        row[place] = value;
                        rows.extend(&row);
                        row[(place + 1) % width] = value;
                        rows.extend(&row);
                    }
                }
                vec![rows]
            }
            Divide => unzip(division_edges()),
            DivideRows => {
                let (a, b): (Vec<i64>, Vec<i64>) = division_edges().into_iter().unzip();
                vec![a.iter().flat_map(|&a| [a, -a, a / 2, 0]).collect(), b]
            }
            Reciprocal => {
                vec![vec![0, 5, -5, 6, 7, 8, 9, ONE, -ONE, MAX, MIN, MIN + 1, -MAX, 1 << 29, 3 << 28]]
            }
            Exp2 => {
                let whole = (-16..15).flat_map(|i| [i * ONE - 1, i * ONE, i * ONE + 1]);
                let range = EXP2_RANGE.0..=EXP2_RANGE.1;
                vec![whole.chain([EXP2_RANGE.1]).filter(|x| range.contains(x)).collect()]
            }
            Exp => vec![vec![
                EXP_RANGE.0,
                EXP_RANGE.0 + 1,
                EXP_RANGE.1,
                EXP_RANGE.1 - 1,
                0,
                1,
                -1,
                ONE,
                -ONE,
                CUT - 1,
                CUT,
                CUT + 1,
            ]],
            Log => {
                let powers = (0..30).flat_map(|i| [(1i64 << i) - 1, 1 << i, (1 << i) + 1]);
                vec![powers.filter(|&x| x > 0).chain([MAX, MAX - 1]).collect()]
            }
            Gradient(_) | GradientAndLoss(_) => output_edges(),
            _ => vec![EDGES.to_vec()],
        }
    }
}

/// Inputs of 2^x: [-16, 15).
const EXP2_RANGE: (i64, i64) = (-16 * ONE, 15 * ONE - 1);
/// Inputs of e^x: [-16, 15) divided by log2 e, a unit of rounding left.
const EXP_RANGE: (i64, i64) = (-726_816, 681_390);
/// -ln 2^14 = -9.704: what is not above counts as zero in `exact`.
pub const CUT: i64 = -635_965;
/// ln 10 - ln 2^14: how far the maximum is shifted by `exact`, so that the largest exponent is its negative.
pub const SHIFT: i64 = -485_063;

fn bits_of(x: i64) -> u32 {
    64 - x.unsigned_abs().leading_zeros()
}

fn divisor(dice: &mut Dice) -> i64 {
    match dice.signed(31) {
        0 => 1,
        b => b,
    }
}

/// The largest numerator whose quotient by b is a number, a few units left for its error.
fn largest_numerator(b: i64) -> i64 {
    (((i128::from(MAX) - 8) * i128::from(b.abs())) >> 16).min(i128::from(MAX)) as i64
}

fn numerator(dice: &mut Dice, b: i64) -> i64 {
    let largest = largest_numerator(b);
    dice.signed(31).clamp(-largest, largest)
}

/// Numerators and divisors.
fn division_edges() -> Vec<(i64, i64)> {
    let divisors =
        [1, 2, 3, 4, 5, 100, ONE - 1, ONE, ONE + 1, THRESHOLD, 3 * ONE, 1 << 29, MAX - 1, MAX, -MIN];
    let mut edges = Vec::new();
    for b in divisors {
        let largest = largest_numerator(b);
        for a in [0, 1, b.min(largest), largest] {
            edges.extend([(a, b), (-a, b), (a, -b), (-a, -b)]);
        }
    }
    // 2^30 itself is no number of the format, -2^30 is.
    edges.retain(|&(_, b)| b <= MAX);
    edges.extend([0, 1, -1, ONE, MAX, MIN].map(|a| (a, 0)));
    edges
}

pub fn one_hot(hot: &[usize]) -> Vec<i64> {
    hot.iter().flat_map(|&hot| (0..CLASSES).map(move |class| i64::from(class == hot))).collect()
}

/// Rows of logits with the label at each of two places.
fn output_edges() -> Vec<Vec<i64>> {
    let mut rows: Vec<Vec<i64>> = Vec::new();
    let fill = |value: i64| vec![value; CLASSES];
    // Ties, nothing positive, far apart.
    for value in [0, 1, -1, ONE, -ONE, 100 * ONE, 800 * ONE, -800 * ONE, -8000 * ONE] {
        rows.push(fill(value));
    }
    for (low, high) in [(-8000 * ONE, 8000 * ONE), (-ONE, 5 * ONE), (0, 4), (0, 700 * ONE), (-2 * ONE, -ONE)]
    {
        let mut row = fill(low);
        row[3] = high;
        rows.push(row.clone());
        row[7] = high;
        rows.push(row);
    }
    // Around the threshold of `relu_probability`, alone and among others.
    for value in [THRESHOLD - 1, THRESHOLD, THRESHOLD + 1] {
        rows.push(fill(value));
        let mut row = fill(-ONE);
        row[0] = value;
        rows.push(row.clone());
        row[9] = 4 * ONE;
        rows.push(row);
    }
    // Around what `exact` cuts off, and where e^x is no longer defined and must not matter.
    for distance in [-2, -1, 0, 1, 2, -91_000, -100_000, -200_000, -ONE * 100] {
        let mut row = fill(0);
        row[5] = CUT + SHIFT + distance;
        rows.push(row.clone());
        row[1] = -20 * ONE;
        row[2] = CUT + SHIFT + 90_000;
        rows.push(row);
    }
    let hot: Vec<usize> = rows.iter().map(|_| 0).chain(rows.iter().map(|_| 3)).collect();
    let logits: Vec<i64> = rows.concat();
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
            ScaleBy(factor) => vec![s.scale_by(x, factor).await],
            Select => vec![s.select(x, &inputs[1], &inputs[2]).await],
            Bits => {
                let bits = s.decompose(x, 31).await;
                s.protocol.bits_to_ring(&bits).await
            }
            Compose => {
                let bits = s.decompose(x, 31).await;
                vec![s.compose(bits).await]
            }
            LessThanZero { bits } => vec![s.less_than_zero(x, bits).await],
            Greater => vec![s.greater(x, &inputs[1]).await],
            Relu => <[_; 2]>::from(s.relu(x).await).into(),
            ReluAbove => <[_; 2]>::from(s.relu_above(x, THRESHOLD).await).into(),
            Max { width } => vec![s.row_max(x, width).await],
            Divide => vec![s.divide(Numerator::Shared(x), &inputs[1], 1).await],
            DivideRows => vec![s.divide(Numerator::Shared(x), &inputs[1], NUMERATORS).await],
            Reciprocal => vec![s.divide(Numerator::One, x, 1).await],
            Exp2 => vec![s.exp2(x).await],
            Exp => vec![s.exp(x).await],
            Log => vec![s.log(x).await],
            Gradient(softmax) | GradientAndLoss(softmax) => {
                let with_loss = matches!(self, GradientAndLoss(_));
                let batch = Logits { logits: x, labels: &inputs[1], classes: CLASSES };
                let output = softmax.output_layer(s, batch, with_loss).await;
                std::iter::once(output.gradient).chain(output.loss).collect()
            }
        }
    }
}
