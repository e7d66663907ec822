//! What each function should give by 64-bit floats, and how far it may be off.
//!
//! All values and errors are in units of the last place, u = 2^-16. Rho is the largest error of one truncation: 1/2 with
//! nearest rounding, below 1 with probabilistic. Nothing here was fitted to results: each bound says where it comes from.

use mpcsim::secure::Rounding;
use mpcsim::softmax::Softmax;

use super::function::*;

/// What an output should be.
#[derive(Clone, Copy, Debug)]
pub enum Expected {
    /// One of the integers from the first to the second.
    Integers(i64, i64),
    /// A number, and by how much it may be off.
    About(f64, f64),
}

/// Nothing where a function is undefined.
type Maybe = Option<Expected>;

const ULP: f64 = 65_536.0;

fn exactly(value: i64) -> Maybe {
    Some(Expected::Integers(value, value))
}

fn about(value: f64, error: f64) -> Maybe {
    Some(Expected::About(value, error))
}

/// x / 2^shift: to nearest, halves up, exactly; or one of the two neighbours.
fn rounded(x: i64, shift: u32, rounding: Rounding) -> Maybe {
    let (x, one) = (i128::from(x), 1i128 << shift);
    Some(match rounding {
        Rounding::Nearest => return exactly(((x + one / 2) >> shift) as i64),
        Rounding::Probabilistic => Expected::Integers((x >> shift) as i64, ((x + one - 1) >> shift) as i64),
    })
}

fn rho(rounding: Rounding) -> f64 {
    match rounding {
        Rounding::Probabilistic => 1.0,
        Rounding::Nearest => 0.5,
    }
}

/// The integer that stands for a public constant, and by what it is off (in u).
fn constant(c: f64) -> (f64, f64) {
    let integer = (c * ULP).round();
    (integer / ULP, (integer - c * ULP).abs())
}

/// Goldschmidt, with x_0 = 1 - b w and y_{i+1} = y_i (1 + x_i), x_{i+1} = x_i^2, all in all y = a/b (1 - x_0^16).
/// * The first reciprocal is linear, |1 - c (2.9142 - 2c)| <= 0.0858 on [1/2, 1], and rounded: |x_0| <= e =
///   0.0858 + rho b u, at most 0.336. So what is left of the iteration is below 0.336^16 < 2^-25 relative for the largest
///   b, where the quotient is below 1, and nothing below 2^13.
/// * y is rounded five times; the first error grows by the product of all 1 + x_i <= 1 / (1 - e), the second by that of
///   the last three <= 1 / (1 - e^2), and so on.
/// * x is rounded three times by rho 2^-32, which is 3.3 rho 2^-32 of the result.
fn division(quotient: f64, divisor: f64, rho: f64) -> f64 {
    let e = 0.0858 + rho * divisor.abs() / ULP / ULP;
    let steps =
        1.0 / (1.0 - e) + 1.0 / (1.0 - e * e) + 1.0 / (1.0 - e.powi(4)) + 1.0 / (1.0 - e.powi(8)) + 1.0;
    steps * rho + quotient.abs() * (e.powi(16) + 3.3 * rho / 4_294_967_296.0)
}

/// a / b in u.
fn quotient(a: i64, b: i64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 * ULP }
}

/// 2^x = d e with d = 2^floor(x), e = 2^(x - floor(x)) in [1, 2) with 29 digits.
/// * e: c^i comes from i - 1 rounded products, so is off by (i - 1) rho 2^-29; times (ln 2)^i / i! that is 0.387 rho in
///   all; the sum is rounded once more; each of ten coefficients is off by 2^-30; the terms left out are 0.25 2^-29.
/// * The product is rounded to u, once for x >= 0, and once more by 2^16 smaller units for x < 0.
fn exp2(value: f64, rho: f64) -> f64 {
    let e = (1.387 * rho + 5.25) / 536_870_912.0;
    value * e + rho * (1.0 + 1.0 / ULP)
}

/// e^x = 2^(x c), c the integer for log2 e: the exponent is off by |x| times the error of c, and by its rounding.
fn exp(x: f64, rho: f64) -> f64 {
    let exponent = (x.abs() * constant(std::f64::consts::LOG2_E).1 + rho) / ULP;
    let value = libm::exp(x) * ULP;
    let grown = libm::exp2(exponent);
    value * (grown - 1.0) + exp2(value * grown, rho)
}

/// ln x = ln 2 (n + P(v)/Q(v)), x = v 2^n.
/// * v in [1/2, 1) is cut to 16 digits where x >= 1: u/v <= 2 u in ln x.
/// * v^2 is off by rho, v^3 by 2 rho; a coefficient by u/2. P, with coefficients 8.9, 6.1, 4.8 for v, v^2, v^3:
///   (6.2 + 2 4.9 + 1) rho + 2. Q, with 6.5 and 1 for v^2 and v^3: (6.5 + 2 + 1) rho + 1.5. As |P/Q| <= 1 and
///   Q >= 4.35, the quotient is off by (26.5 rho + 3.5) / 4.35, and by the division with a divisor below 13.
/// * The product with the integer for ln 2 is off by its error times |log2 x|, and rounded. P/Q itself is off by 2e-8.
fn log(x: f64, rho: f64) -> f64 {
    let log2 = (26.5 * rho + 3.5) / 4.35 + division(ULP, 13.0 * ULP, rho) + 0.01;
    let cut = if x >= 1.0 { 2.0 } else { 0.0 };
    cut + log2 * std::f64::consts::LN_2 + libm::log2(x).abs() * constant(std::f64::consts::LN_2).1 + rho
}

/// A row of the `exact` output layer: gradients and loss.
/// The shift is an exact integer, so only the exponentials, their sum, the division and the logarithm are off. What is
/// cut off is below e^-9.7 of a sum of at least 1638.
fn exact(logits: &[i64], labels: &[i64], rho: f64) -> (Vec<Maybe>, Maybe) {
    let shift = logits.iter().max().unwrap() + SHIFT;
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for &x in logits {
        let t = (x - shift) as f64 / ULP;
        let value = libm::exp(t) * ULP;
        values.push(value);
        errors.push(if x - shift > CUT { exp(t, rho) } else { value });
    }
    let (sum, off): (f64, f64) = (values.iter().sum(), errors.iter().sum());
    let gradient = values.iter().zip(&errors).zip(labels).map(|((e, error), y)| {
        let p = e / sum;
        let error = (error + p * off) / (sum - off) * ULP + division(p * ULP, sum, rho);
        about(p * ULP - *y as f64 * ULP, error)
    });
    let hit: i64 = logits.iter().zip(labels).map(|(x, y)| x * y).sum();
    let loss = shift as f64 + libm::log(sum / ULP) * ULP - hit as f64;
    (gradient.collect(), about(loss, off / (sum - off) * ULP + log(sum / ULP, rho)))
}

/// 1/S - y/r where r > 0.1, two divisions; -y elsewhere, exactly. The loss is -ln of the rounded quotient r/S.
fn relu_probability(logits: &[i64], labels: &[i64], rho: f64) -> (Vec<Maybe>, Maybe) {
    let relu: Vec<i64> = logits.iter().map(|&x| if x > THRESHOLD { x } else { 0 }).collect();
    let sum: i64 = relu.iter().sum();
    let inverse = quotient(ONE, sum);
    let gradient = relu.iter().zip(labels).map(|(&r, &y)| {
        if r == 0 {
            return exactly(-y * ONE);
        }
        let own = quotient(y * ONE, r);
        let error =
            division(inverse, sum as f64, rho) + if y == 0 { 0.0 } else { division(own, r as f64, rho) };
        about(inverse - own, error)
    });
    let hit: i64 = relu.iter().zip(labels).map(|(r, y)| r * y).sum();
    let probability = quotient(hit, sum);
    let off = division(probability, sum as f64, rho);
    let loss = (off < probability / 2.0).then(|| {
        let error = -libm::log(1.0 - off / probability) * ULP + log((probability - off) / ULP, rho);
        Expected::About(-libm::log(probability / ULP) * ULP, error)
    });
    (gradient.collect(), loss)
}

/// r (1/S) - y, the reciprocal rounded, its error times r, the product rounded. 1/S is no number for 0 < S < 5 u.
fn relu_gradient(logits: &[i64], labels: &[i64], rho: f64) -> (Vec<Maybe>, Maybe) {
    let relu: Vec<i64> = logits.iter().map(|&x| x.max(0)).collect();
    let sum: i64 = relu.iter().sum();
    let gradient = relu.iter().zip(labels).map(|(&r, &y)| match (sum, r) {
        (1..5, _) => None,
        (0, _) | (_, 0) => exactly(-y * ONE),
        _ => {
            let error = division(quotient(ONE, sum), sum as f64, rho) * r as f64 / ULP + rho;
            about(quotient(r, sum) - (y * ONE) as f64, error)
        }
    });
    (gradient.collect(), None)
}

fn output_layer(softmax: Softmax, with_loss: bool, inputs: &[Vec<i64>], rho: f64) -> Vec<Maybe> {
    let (mut gradients, mut losses) = (Vec::new(), Vec::new());
    for (logits, labels) in inputs[0].chunks(CLASSES).zip(inputs[1].chunks(CLASSES)) {
        let (gradient, loss) = match softmax {
            Softmax::Exact => exact(logits, labels, rho),
            Softmax::ReluProbability => relu_probability(logits, labels, rho),
            Softmax::ReluGradient => relu_gradient(logits, labels, rho),
        };
        gradients.extend(gradient);
        losses.push(loss);
    }
    if with_loss {
        gradients.extend(losses);
    }
    gradients
}

impl Function {
    /// All outputs, in the order in which the program gives them.
    pub fn expected(self, inputs: &[Vec<i64>], rounding: Rounding) -> Vec<Maybe> {
        use Function::*;
        let rho = rho(rounding);
        let x = &inputs[0];
        let each = |f: &dyn Fn(i64) -> Maybe| x.iter().map(|&x| f(x)).collect::<Vec<_>>();
        let pairs = |f: &dyn Fn(i64, i64) -> Maybe| {
            x.iter().zip(&inputs[1]).map(|(&x, &y)| f(x, y)).collect::<Vec<_>>()
        };
        // Sums of products are rounded once.
        let product = |sum: i64| rounded(sum, 16, rounding);
        match self {
            Mul => pairs(&|x, y| product(x * y)),
            Dot => {
                let products = x.chunks(DOT).zip(inputs[1].chunks(DOT));
                products.map(|(x, y)| product(x.iter().zip(y).map(|(x, y)| x * y).sum())).collect()
            }
            MatrixProduct { .. } => {
                let entry = |row: &[i64], column: usize| {
                    product((0..INNER).map(|i| row[i] * inputs[1][i * COLUMNS + column]).sum())
                };
                x.chunks(INNER).flat_map(|row| (0..COLUMNS).map(move |c| entry(row, c))).collect()
            }
            Truncate { shift, .. } => each(&|x| rounded(x, shift, rounding)),
            ScaleBy(factor) => each(&|x| {
                let (c, off) = constant(factor);
                let rho = if c == 0.0 { 0.0 } else { rho };
                about(x as f64 * factor, rho + x.abs() as f64 / ULP * off)
            }),
            Select => (0..x.len()).map(|i| exactly(inputs[if x[i] == 1 { 1 } else { 2 }][i])).collect(),
            Bits => (0..31).flat_map(|bit| each(&|x| exactly(x >> bit & 1))).collect(),
            Compose => each(&|x| exactly(x & ((1 << 31) - 1))),
            LessThanZero { .. } => each(&|x| exactly(i64::from(x < 0))),
            Greater => pairs(&|x, y| exactly(i64::from(x > y))),
            Relu => [each(&|x| exactly(x.max(0))), each(&|x| exactly(i64::from(x > 0)))].concat(),
            ReluAbove => {
                let active = |x: i64| i64::from(x > THRESHOLD);
                [each(&|x| exactly(x * active(x))), each(&|x| exactly(active(x)))].concat()
            }
            Max { width } => x.chunks(width).map(|row| exactly(*row.iter().max().unwrap())).collect(),
            Divide => pairs(&|a, b| about(quotient(a, b), quotient_error(a, b, rho))),
            DivideRows => (0..x.len())
                .map(|i| (x[i], inputs[1][i / NUMERATORS]))
                .map(|(a, b)| about(quotient(a, b), quotient_error(a, b, rho)))
                .collect(),
            Reciprocal => each(&|b| about(quotient(ONE, b), quotient_error(ONE, b, rho))),
            Exp2 => each(&|x| {
                let value = libm::exp2(x as f64 / ULP) * ULP;
                about(value, exp2(value, rho))
            }),
            Exp => each(&|x| about(libm::exp(x as f64 / ULP) * ULP, exp(x as f64 / ULP, rho))),
            Log => each(&|x| about(libm::log(x as f64 / ULP) * ULP, log(x as f64 / ULP, rho))),
            Gradient(softmax) => output_layer(softmax, false, inputs, rho),
            GradientAndLoss(softmax) => output_layer(softmax, true, inputs, rho),
        }
    }
}

/// Division by zero gives zero exactly, and so does a numerator of zero.
fn quotient_error(a: i64, b: i64, rho: f64) -> f64 {
    if a == 0 || b == 0 { 0.0 } else { division(quotient(a, b), b as f64, rho) }
}
