//! Pieces of the variants' formulas in floating point.

/// What is taken off: d = x - max x.
pub(super) fn below_maximum(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logits.iter().map(|x| x - max).collect()
}

/// The loss of softmax with a variant's exponentials e of x - max x: max x + ln(sum e) - x_y.
pub(super) fn cross_entropy(logits: &[f64], exponentials: &[f64], class: usize) -> f64 {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    max + libm::log(exponentials.iter().sum()) - logits[class]
}

/// Whether (1 + d/2^n)^(2^n) grows again for the smallest d of a row.
pub(super) fn leaves_limit(logits: &[f64], squarings: u32) -> bool {
    !below_maximum(logits).iter().all(|&d| d >= -f64::from(1u32 << squarings))
}

/// (1 + d/2^n)^(2^n).
pub(super) fn limit(d: f64, squarings: u32) -> f64 {
    let start = 1.0 + d / f64::from(1u32 << squarings);
    (0..squarings).fold(start, |y, _| y * y)
}

/// Each over the sum of all; zeros if that is zero.
pub(super) fn normalised(values: &[f64]) -> Vec<f64> {
    let sum: f64 = values.iter().sum();
    values.iter().map(|value| if sum == 0.0 { 0.0 } else { value / sum }).collect()
}

/// x above a threshold, zero elsewhere.
pub(super) fn relu_above(logits: &[f64], threshold: f64) -> Vec<f64> {
    logits.iter().map(|&x| if x > threshold { x } else { 0.0 }).collect()
}

/// Whether a row has a logit above a threshold.
pub(super) fn is_active(logits: &[f64], threshold: f64) -> bool {
    logits.iter().any(|&x| x > threshold)
}

/// Each times SPU's reciprocal of the sum of all.
pub(super) fn spu_normalised(values: &[f64]) -> Vec<f64> {
    let inverse = spu_reciprocal(values.iter().sum());
    values.iter().map(|value| value * inverse).collect()
}

/// SPU's reciprocal of a positive number: normalised to c in [1/2, 1), a linear start, two steps.
fn spu_reciprocal(x: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    let (c, exponent) = libm::frexp(x);
    let w = 2.9142 - 2.0 * c;
    let e = 1.0 - c * w;
    libm::scalbn(w * (1.0 + e) * (1.0 + e * e), -exponent)
}
