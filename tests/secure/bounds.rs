//! What each function should give by 64-bit floats, and how far it may be off.
//!
//! All values and errors are in units of the last place, u = 2^-f. Rho is the largest error of one truncation: 1/2 with
//! nearest rounding, below 1 with probabilistic. Nothing here was fitted to results: each bound says where it comes from.

use mpcsim::secure::Rounding;
use mpcsim::softmax::Softmax;

use super::function::*;
use super::numbers::Numbers;

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

/// A format and the largest error of one truncation.
#[derive(Clone, Copy)]
struct Context<'a> {
    numbers: &'a Numbers,
    rounding: Rounding,
    rho: f64,
    /// Units of the number one.
    ulp: f64,
}

impl Context<'_> {
    /// The integer that stands for a public constant, and by what it is off (in u).
    fn constant(&self, c: f64) -> (f64, f64) {
        let integer = (c * self.ulp).round();
        (integer / self.ulp, (integer - c * self.ulp).abs())
    }

    /// Goldschmidt with f' fraction bits inside, x_0 = 1 - b w and y_{i+1} = y_i (1 + x_i), x_{i+1} = x_i^2, in t steps:
    /// in all y = a/b (1 - x_0^(2^t)).
    /// * The first reciprocal is linear, |1 - c (2.9142 - 2c)| <= 0.0858 on [1/2, 1], its constant cut to k digits, and
    ///   rounded: |x_0| <= e = 0.0858 + 2^-k + rho b / 2^(2f') with b in u, at most 0.34.
    /// * y is rounded t times by rho 2^-f', and at the end by rho u; the first error grows by the product of all 1 + x_i <=
    ///   1 / (1 - e), the second by that without the first, <= 1 / (1 - e^2), and so on.
    /// * x is rounded up to three times by rho 2^(-2f'), which is 3.3 rho 2^(-2f') of the result.
    fn division(&self, quotient: f64, divisor: f64) -> f64 {
        let Context { numbers, rounding, rho, .. } = *self;
        let inner = numbers.format.division_fraction_bits(rounding) as i32;
        let e = 0.0858 + f64::exp2(-f64::from(numbers.k)) + rho * divisor.abs() * f64::powi(2.0, -2 * inner);
        let (mut steps, mut power, mut correct_bits) = (0.0, e, 3.5);
        while correct_bits < f64::from(numbers.k) {
            steps += 1.0 / (1.0 - power);
            power *= power;
            correct_bits *= 2.0;
        }
        let inside = f64::powi(2.0, numbers.f as i32 - inner);
        (1.0 + inside * steps) * rho + quotient.abs() * (power + 3.3 * rho * f64::powi(2.0, -2 * inner))
    }

    /// a / b in u.
    fn quotient(&self, a: i64, b: i64) -> f64 {
        if b == 0 { 0.0 } else { a as f64 / b as f64 * self.ulp }
    }

    /// Division by zero gives zero exactly, and so does a numerator of zero.
    fn quotient_error(&self, a: i64, b: i64) -> f64 {
        if a == 0 || b == 0 { 0.0 } else { self.division(self.quotient(a, b), b as f64) }
    }

    /// 2^x = d e with d = 2^floor(x), e = 2^(x - floor(x)) in [1, 2) with k - 2 digits.
    /// * e: c^i comes from i - 1 rounded products, so is off by (i - 1) rho 2^-(k-2); times (ln 2)^i / i! that is 0.387 rho in
    ///   all; the sum is rounded once more; each of at most ten coefficients is off by half a unit; the terms left out are
    ///   0.6 units.
    /// * The product is rounded to u, once for x >= 0, and once more by 2^(2^e) smaller units for x < 0.
    fn exp2(&self, value: f64) -> f64 {
        let Context { numbers, rho, .. } = *self;
        let e = (1.387 * rho + 5.6) / f64::powi(2.0, numbers.k as i32 - 2);
        value * e + rho * (1.0 + f64::exp2(numbers.exp2_range.0 as f64 / self.ulp))
    }

    /// e^x = 2^(x c), c the integer for log2 e: the exponent is off by |x| times the error of c, and by its rounding.
    fn exp(&self, x: f64) -> f64 {
        let exponent = (x.abs() * self.constant(std::f64::consts::LOG2_E).1 + self.rho) / self.ulp;
        let value = libm::exp(x) * self.ulp;
        let grown = libm::exp2(exponent);
        value * (grown - 1.0) + self.exp2(value * grown)
    }

    /// ln x = ln 2 (n + P(v)/Q(v)), x = v 2^n.
    /// * v in [1/2, 1) is cut to f digits where x >= 1: u/v <= 2 u in ln x.
    /// * v^2 is off by rho, v^3 by 2 rho; a coefficient by u/2. P, with coefficients 8.9, 6.1, 4.8 for v, v^2, v^3:
    ///   (6.2 + 2 4.9 + 1) rho + 2. Q, with 6.5 and 1 for v^2 and v^3: (6.5 + 2 + 1) rho + 1.5. As |P/Q| <= 1 and
    ///   Q >= 4.35, the quotient is off by (26.5 rho + 3.5) / (4.35 - what Q is off), and by the division with a divisor
    ///   below 13 and what Q is off.
    /// * The product with the integer for ln 2 is off by its error times |log2 x|, and rounded. P/Q itself is off by 2e-8.
    fn log(&self, x: f64) -> f64 {
        let Context { rho, ulp, .. } = *self;
        let q = (9.5 * rho + 1.5) / ulp;
        let quotient = (26.5 * rho + 3.5) / (4.35 - q);
        let log2 = quotient + self.division(ulp + quotient, (13.0 + q) * ulp) + 2e-8 * ulp + 0.01;
        let cut = if x >= 1.0 { 2.0 } else { 0.0 };
        let (ln_2, off) = self.constant(std::f64::consts::LN_2);
        cut + log2 * ln_2 + (libm::log2(x).abs() + log2 / ulp) * off + rho
    }

    /// sqrt x = g s, g = sqrt u in [1/2, 0.71) with 28 fraction bits for x = u 2^e, s = 2^(e/2).
    /// * Newton's last step y (3 - u y^2) / 2 rounds three times: y^2 by rho, half of which is in u y^2; that by rho; times
    ///   y / 2 <= 1, and the step itself by rho: 2.5 rho 2^-28. What the polynomial is off is squared twice: 2^-30 of it.
    ///   Times u <= 1/2, and rounded: g is off by 2.3 rho 2^-28 and 2^-30 of it, as g >= 1/2 by (4.6 rho + 0.25) 2^-28 of it.
    /// * s is rounded by rho with 30 - (k - f + 1) / 2 fraction bits, and what it is made of is off by 2^-29 of it. In u, that is
    ///   rho 0.71 2^(f - 30 + (k - f + 1) / 2), below rho 2^((k + f) / 2 - 29). The product is rounded.
    fn sqrt(&self, value: f64) -> f64 {
        let Context { numbers, rho, .. } = *self;
        let power = f64::exp2(f64::from(numbers.k + numbers.f) / 2.0 - 29.0);
        rho * (1.0 + power) + value * (5.0 * rho + 1.0) * f64::exp2(-28.0)
    }

    /// 1 / sqrt x = c s, c = 1 / sqrt u in (1.41, 2] with f fraction bits for x = u 2^e, s = 2^(-e/2).
    /// * The polynomial is off by 0.0036 of it. u is cut to f digits: less than a unit, times at most 3.46. The square's
    ///   coefficient is off by half a unit, times u; it is rounded, the next coefficient is off by half a unit, times u <= 1/2;
    ///   the product is rounded, the last coefficient off by half a unit: 4.4 + 1.5 rho units, of at least 1.41.
    /// * s is rounded by rho, of at least 2^12, and what it is made of is off by 2^-26 of it. The product is rounded.
    fn inverse_sqrt(&self, value: f64) -> f64 {
        let Context { rho, ulp, .. } = *self;
        let root = 0.0036 + (3.2 + 1.1 * rho) / ulp;
        let power = rho * f64::exp2(-12.0) + f64::exp2(-25.0);
        rho + value * ((1.0 + root) * (1.0 + power) - 1.0)
    }
}

/// A row of the `exact` output layer: gradients and loss.
/// The shift takes nothing away, so only the exponentials, their sum, the division and the logarithm are off. What is
/// cut off is below e^-9.7 of a sum of at least 1638.
fn exact(context: &Context<'_>, logits: &[i64], labels: &[i64]) -> (Vec<Maybe>, Maybe) {
    let Context { numbers: &Numbers { cut, shift, .. }, ulp, .. } = *context;
    let shift = logits.iter().max().unwrap() + shift;
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for &x in logits {
        let t = (x - shift) as f64 / ulp;
        let value = libm::exp(t) * ulp;
        values.push(value);
        // The shift may be some units more, so that what is close to the cut may be on either side.
        errors.push(match x - shift - cut {
            ..=0 => value,
            1..=16 => value + context.exp(t),
            _ => context.exp(t),
        });
    }
    let (sum, off): (f64, f64) = (values.iter().sum(), errors.iter().sum());
    // In a format of few bits, errors may be as large as the sum.
    if off > sum / 2.0 {
        return (vec![None; logits.len()], None);
    }
    let gradient = values.iter().zip(&errors).zip(labels).map(|((e, error), y)| {
        let p = e / sum;
        let own = (error + p * off) / (sum - off) * ulp;
        about(p * ulp - *y as f64 * ulp, own + context.division(p * ulp + own, sum + off))
    });
    let hit: i64 = logits.iter().zip(labels).map(|(x, y)| x * y).sum();
    let loss = shift as f64 + libm::log(sum / ulp) * ulp - hit as f64;
    (gradient.collect(), about(loss, off / (sum - off) * ulp + context.log((sum + off) / ulp)))
}

/// 1/S - y/r where r > 0.1, two divisions; -y elsewhere, exactly. The loss is -ln of the rounded quotient r/S.
fn relu_probability(context: &Context<'_>, logits: &[i64], labels: &[i64]) -> (Vec<Maybe>, Maybe) {
    let (one, ulp) = (context.numbers.one, context.ulp);
    let relu: Vec<i64> = logits.iter().map(|&x| if x > context.numbers.threshold { x } else { 0 }).collect();
    let sum: i64 = relu.iter().sum();
    let inverse = context.quotient(one, sum);
    let gradient = relu.iter().zip(labels).map(|(&r, &y)| {
        if r == 0 {
            return exactly(-y * one);
        }
        let own = context.quotient(y * one, r);
        let error = context.quotient_error(one, sum) + context.quotient_error(y * one, r);
        about(inverse - own, error)
    });
    let hit: i64 = relu.iter().zip(labels).map(|(r, y)| r * y).sum();
    let probability = context.quotient(hit, sum);
    let off = context.division(probability, sum as f64);
    let loss = (off < probability / 2.0).then(|| {
        let error = -libm::log(1.0 - off / probability) * ulp + context.log((probability - off) / ulp);
        Expected::About(-libm::log(probability / ulp) * ulp, error)
    });
    (gradient.collect(), loss)
}

/// r (1/S) - y, the reciprocal rounded, its error times r, the product rounded. The reciprocal of very small sums is beyond the ring.
fn relu_gradient(context: &Context<'_>, logits: &[i64], labels: &[i64]) -> (Vec<Maybe>, Maybe) {
    let (one, ulp) = (context.numbers.one, context.ulp);
    let relu: Vec<i64> = logits.iter().map(|&x| x.max(0)).collect();
    let sum: i64 = relu.iter().sum();
    let gradient = relu.iter().zip(labels).map(|(&r, &y)| match (sum, r) {
        (0, _) | (_, 0) => exactly(-y * one),
        _ if sum < context.numbers.least_divisor => None,
        _ => {
            let error = context.quotient_error(one, sum) * r as f64 / ulp + context.rho;
            about(context.quotient(r, sum) - (y * one) as f64, error)
        }
    });
    (gradient.collect(), None)
}

fn output_layer(context: &Context<'_>, softmax: Softmax, with_loss: bool, inputs: &[Vec<i64>]) -> Vec<Maybe> {
    let (mut gradients, mut losses) = (Vec::new(), Vec::new());
    for (logits, labels) in inputs[0].chunks(CLASSES).zip(inputs[1].chunks(CLASSES)) {
        let (gradient, loss) = match softmax {
            Softmax::Exact(_) => exact(context, logits, labels),
            Softmax::ReluProbability(_) => relu_probability(context, logits, labels),
            Softmax::ReluGradient(_) => relu_gradient(context, logits, labels),
            other => unreachable!("{other} has its bound in variants.rs"),
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
    pub fn expected_in(self, numbers: &Numbers, inputs: &[Vec<i64>], rounding: Rounding) -> Vec<Maybe> {
        use Function::*;
        let (rho, ulp) = (rho(rounding), numbers.one as f64);
        let context = &Context { numbers, rounding, rho, ulp };
        let &Numbers { f, k, one, threshold, .. } = numbers;
        let x = &inputs[0];
        let each = |f: &dyn Fn(i64) -> Maybe| x.iter().map(|&x| f(x)).collect::<Vec<_>>();
        let pairs = |f: &dyn Fn(i64, i64) -> Maybe| {
            x.iter().zip(&inputs[1]).map(|(&x, &y)| f(x, y)).collect::<Vec<_>>()
        };
        // Sums of products are rounded once.
        let product = |sum: i64| rounded(sum, f, rounding);
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
                let (c, off) = context.constant(factor);
                let rho = if c == 0.0 { 0.0 } else { rho };
                about(x as f64 * factor, rho + x.abs() as f64 / ulp * off)
            }),
            Select => (0..x.len()).map(|i| exactly(inputs[if x[i] == 1 { 1 } else { 2 }][i])).collect(),
            Bits => (0..k).flat_map(|bit| each(&|x| exactly(x >> bit & 1))).collect(),
            Compose => each(&|x| exactly(x & ((1 << k) - 1))),
            LessThanZero { .. } => each(&|x| exactly(i64::from(x < 0))),
            Greater => pairs(&|x, y| exactly(i64::from(x > y))),
            Relu => [each(&|x| exactly(x.max(0))), each(&|x| exactly(i64::from(x > 0)))].concat(),
            ReluAbove => {
                let active = |x: i64| i64::from(x > threshold);
                [each(&|x| exactly(x * active(x))), each(&|x| exactly(active(x)))].concat()
            }
            Max { width } => x.chunks(width).map(|row| exactly(*row.iter().max().unwrap())).collect(),
            Divide => pairs(&|a, b| about(context.quotient(a, b), context.quotient_error(a, b))),
            DivideRows => (0..x.len())
                .map(|i| (x[i], inputs[1][i / NUMERATORS]))
                .map(|(a, b)| about(context.quotient(a, b), context.quotient_error(a, b)))
                .collect(),
            Reciprocal => each(&|b| about(context.quotient(one, b), context.quotient_error(one, b))),
            Exp2 => each(&|x| {
                let value = libm::exp2(x as f64 / ulp) * ulp;
                about(value, context.exp2(value))
            }),
            Exp => each(&|x| about(libm::exp(x as f64 / ulp) * ulp, context.exp(x as f64 / ulp))),
            Log => each(&|x| about(libm::log(x as f64 / ulp) * ulp, context.log(x as f64 / ulp))),
            Sqrt => each(&|x| match x {
                0 => exactly(0),
                _ => about(libm::sqrt(x as f64 / ulp) * ulp, context.sqrt(libm::sqrt(x as f64 / ulp) * ulp)),
            }),
            InverseSqrt => each(&|x| match x {
                0 => exactly(0),
                _ => {
                    let value = ulp / libm::sqrt(x as f64 / ulp);
                    about(value, context.inverse_sqrt(value))
                }
            }),
            Gradient(softmax) => output_layer(context, softmax, false, inputs),
            GradientAndLoss(softmax) => output_layer(context, softmax, true, inputs),
        }
    }
}
