//! The rows of `beaver2` that are not within 3 % of what was measured, and why. The reference sends more because
//! * its party 0 sends 8 bytes more for each bit that is opened, and 8 for each opening;
//! * its dealer hands out correlated randomness in whole batches;
//! * it takes a triple for each element of a dot product, where we take one product of vectors;
//! * for nearest rounding it opens a value twice, where we open it once, with 6 ands more;
//! * its dealer sends keys in the measured time, 32 bytes, which are part of the set-up here.

use mpcsim::scenario::Protocol;

use super::beaver2_parts::Program;
use super::rows::{Compared, What, compared_of};
use super::{AT_LEAST, SHARE, describe};

/// Operations on a thousand elements, the bits that each opens to make ring elements of them, and its truncations.
const OPENED: [(&str, u64, u64); 13] = [
    ("mul", 0, 0),
    ("dot128", 0, 0),
    ("trunc", 0, 1),
    ("fixmul", 0, 1),
    ("fixdot128", 0, 1),
    ("ltz", 1, 0),
    ("relu", 1, 0),
    ("max10", 9, 0),
    ("div", 33, 9),
    ("recip", 33, 9),
    ("exp2", 7, 18),
    ("exp", 7, 19),
    // With the bit of the zero test, which we have from the prefix ors.
    ("log", 67, 16),
];
/// Rows within the bounds; those that are not listed are outside.
const INSIDE: [&str; 6] = [
    "mul, n = 1000",
    "fixmul, n = 1000",
    "trunc, n = 1000",
    "matmul_ring",
    "784-128-10, relu_gradient, no loss",
    "784-10, relu_gradient, no loss",
];
/// Bytes of keys.
const KEYS: u64 = 32;

fn rows() -> impl Iterator<Item = &'static Compared> {
    compared_of(Protocol::Beaver2).filter(|c| !c.row.is_short())
}

fn is_nearest(c: &Compared) -> bool {
    c.row.rounding == "nearest"
}

/// What the reference's party 0 sends more than its party 1, which is there for opened bits alone.
fn of_opened_bits(c: &Compared) -> u64 {
    c.row.payload_bytes_by_party[0] - c.row.payload_bytes_by_party[1]
}

/// Truncations of an iteration, by the two bits that each opens in the reference when it rounds to nearest.
fn truncations(nearest: &Compared) -> f64 {
    let label = nearest.row.label();
    let probabilistic = rows().find(|c| c.row.label() == label && !is_nearest(c)).expect("both roundings");
    (of_opened_bits(nearest) - of_opened_bits(probabilistic)) as f64 / 16.0
}

#[test]
fn rows_inside_of_the_bounds_are_the_listed_ones() {
    for c in rows() {
        let near = c.ratio() >= AT_LEAST && c.largest_share_difference() <= SHARE;
        let listed = !is_nearest(c) && INSIDE.contains(&c.row.label().as_str());
        assert!(near == listed && c.ratio() <= 1.0, "{}", describe(c));
    }
}

#[test]
fn opened_bits_are_what_party_0_sends_more() {
    let mut seen = 0;
    for c in rows() {
        let What::Op { op, n: n @ 1000 } = &c.row.what else { continue };
        let Some((_, bits, truncations)) = OPENED.iter().find(|(name, ..)| name == op) else { continue };
        let opened = bits + if is_nearest(c) { 2 * truncations } else { 0 };
        assert_eq!(of_opened_bits(c), 8 * (*n as u64 + 1) * opened, "{}", describe(c));
        seen += 1;
    }
    assert_eq!(seen, 13 + 8);
}

/// Where nothing else is different, the rest is within the bounds. Party 1's bytes have neither opened bits nor batches in
/// them: with the second opening of nearest rounding taken off, and its ands added, they are near ours.
#[test]
fn without_opened_bits_and_second_openings_little_is_left() {
    for c in rows() {
        let What::Op { op, n } = &c.row.what else { continue };
        let rest = (c.row.payload_bytes - of_opened_bits(c) - KEYS) as f64;
        if !is_nearest(c) && ["ltz", "relu", "max10", "relu_gradient"].contains(&op.as_str()) {
            assert!((AT_LEAST..=1.0).contains(&(c.payload_bytes as f64 / rest)), "{}", describe(c));
        }
        let Some((_, _, truncations)) = OPENED.iter().find(|(name, ..)| name == op) else { continue };
        // An opening of 8 bytes less, 6 ands of 2 bits more.
        let second = if is_nearest(c) { 6.5 * (*n as u64 * truncations) as f64 } else { 0.0 };
        let theirs = c.row.payload_bytes_by_party[1] as f64 - second;
        let ratio = c.payload_bytes_by_party[1] as f64 / theirs;
        assert!((0.96..=1.03).contains(&ratio), "{ratio}: {}", describe(c));
    }
}

/// The compiler's prediction has neither batches nor padding nor opened bits of 8 bytes.
#[test]
fn iterations_agree_with_the_prediction_of_the_compiler() {
    let mut seen = 0;
    for c in rows().filter(|c| matches!(c.row.what, What::Iteration { .. })) {
        let dealt = c.payload_bytes_by_party[2] as f64;
        let online = c.payload_bytes as f64 - dealt;
        let predicted = [c.row.static_online_bytes, c.row.static_offline_bytes];
        let [mut their_online, mut their_offline] =
            predicted.map(|bytes| bytes.expect("a prediction") as f64);
        if is_nearest(c) {
            // Two openings of 8 bytes less, 6 ands more: 4 bits online, 1 offline.
            their_online += (6.0 * 4.0 / 8.0 - 16.0) * truncations(c);
            their_offline += 6.0 / 8.0 * truncations(c);
        }
        for (ours, theirs) in [(online, their_online), (dealt, their_offline)] {
            assert!((0.99..=1.001).contains(&(ours / theirs)), "{ours} of {theirs}: {}", describe(c));
        }
        seen += 1;
    }
    assert_eq!(seen, 6);
}

/// One result of a dot product for one number from the dealer.
#[test]
fn a_dot_product_takes_one_product() {
    for c in compared_of(Protocol::Beaver2) {
        let What::Op { op, n } = &c.row.what else { continue };
        if op != "dot128" {
            continue;
        }
        assert_eq!(c.payload_bytes_by_party[..2], c.row.payload_bytes_by_party[..2], "{}", describe(c));
        assert_eq!(c.payload_bytes_by_party[2], 8 * *n as u64);
        let triples = (c.row.payload_bytes_by_party[2] - KEYS) / 8;
        let needed = 128 * *n as u64;
        assert!((needed..=needed + needed / 50).contains(&triples), "{triples} triples");
    }
}

/// Party 1's bytes, recounted: for an operation on a thousand elements, the ands that we do less, the bits that we open less,
/// and what the reference sends once for all elements, 16 bytes a time. A vector of ands is 2 x 125 bytes in both; one of
/// opened bits is 128 bytes there, in whole words, and 125 here.
const RECOUNTED: [(&str, &str, i64, u64, i64); 20] = [
    ("probabilistic", "mul", 0, 0, 0),
    ("probabilistic", "dot128", 0, 0, 0),
    ("probabilistic", "trunc", 0, 0, 16),
    ("probabilistic", "fixmul", 0, 0, 16),
    ("probabilistic", "fixdot128", 0, 0, 16),
    ("probabilistic", "ltz", 0, 0, 32),
    ("probabilistic", "relu", 0, 0, 32),
    ("probabilistic", "max10", 0, 0, 32),
    // The bits of a divisor are found by a prefix adder, in fewer rounds and with more ands.
    ("probabilistic", "div", -38, 0, 32),
    ("probabilistic", "recip", -38, 0, 32),
    // Only the bits that an exponent needs are added up, and one conversion is saved.
    ("probabilistic", "exp2", 61, 1, 32),
    ("probabilistic", "exp", 61, 1, 32),
    ("probabilistic", "log", 30, 1, 32),
    ("nearest", "trunc", -6, 0, 32),
    ("nearest", "fixmul", -6, 0, 32),
    ("nearest", "div", -94, 0, 64),
    ("nearest", "recip", -94, 0, 64),
    ("nearest", "exp2", -48, 1, 80),
    ("nearest", "exp", -54, 1, 80),
    ("nearest", "log", -68, 1, 80),
];

#[test]
fn party_1_is_recounted_to_the_byte() {
    for (rounding, op, ands, bits, once) in RECOUNTED {
        let row = |c: &&Compared| matches!(&c.row.what, What::Op { op: name, n: 1000 } if name == op);
        let c = rows().find(|c| row(c) && c.row.rounding == rounding).expect("a row");
        let (_, opened, truncations) = OPENED.iter().find(|(name, ..)| *name == op).expect("an operation");
        // With nearest rounding, two openings of a value for each truncation there, one here, and two bits in both.
        let (opened, openings) =
            if is_nearest(c) { (opened + 2 * truncations, *truncations) } else { (*opened, 0) };
        let of_bits = 128 * opened - 125 * (opened - bits);
        let less = 250 * ands + (of_bits + 8000 * openings).cast_signed() + once;
        let [ours, theirs] = [c.payload_bytes_by_party[1], c.row.payload_bytes_by_party[1]];
        assert_eq!(ours.cast_signed() + less, theirs.cast_signed(), "{}", describe(c));
    }
}

/// What the dealer of 784-10 with `relu_gradient` sends more than predicted: of 128 divisions, each takes 38 bits of triples
/// more and a mask that is one bit shorter; a byte is filled up.
#[test]
fn the_dealer_of_an_iteration_is_recounted_to_the_byte() {
    let label = "784-10, relu_gradient, no loss";
    let c = rows().find(|c| c.row.label() == label && !is_nearest(c)).expect("the row");
    let more = 128 * (38 - 1) / 8;
    let predicted = c.row.static_offline_bytes.expect("a prediction");
    assert_eq!(c.payload_bytes_by_party[2], predicted + more + 1);
}

/// What was measured, counted again by party: two parties and the dealer.
fn recounted(c: &Compared) -> Option<[u64; 3]> {
    let mut program = Program::new(is_nearest(c));
    match &c.row.what {
        What::Op { op, n } => operation(&mut program, op, *n as u64)?,
        What::Iteration { softmax, loss: false, layers, .. } if softmax == "relu_gradient" => {
            program.iteration(layers, Program::relu_gradient);
        }
        What::Iteration { .. } => return None,
    }
    Some(program.bytes_by_party())
}

/// An operation or an output layer of the reference; none of those that are not taken apart.
fn operation(program: &mut Program, op: &str, n: u64) -> Option<()> {
    match op {
        "input" => {}
        "mul" => program.product(n),
        "dot128" => program.product(128 * n),
        "trunc" => program.truncate((n, 47, 16)),
        "fixmul" | "fixdot128" => {
            program.product(if op == "fixmul" { n } else { 128 * n });
            program.truncate((n, 47, 16));
        }
        "ltz" => program.comparison(n),
        "relu" => program.relu(n),
        "max10" => program.maximum(n),
        "div" => program.division(n),
        "recip" => program.reciprocal(n),
        "exp2" => program.exp2(n),
        "exp" => program.exp(n),
        "log" => program.logarithm(n),
        "matmul_ring" => program.matrix_product(128, 784, 128),
        "matmul" => {
            program.matrix_product(128, 784, 128);
            program.truncations(128 * 128, 47, 16);
        }
        "relu_gradient" => program.relu_gradient(),
        "relu_probability" => program.relu_probability(),
        _ => return None,
    }
    Some(())
}

/// Rows whose count is off, by party: what is measured less what is counted. Of ten elements 24 products of bits of an exponential are
/// missing, of single rows some are packed otherwise, and in `relu_probability` two openings of bits go together.
const OFF: [(&str, &str, [i64; 3]); 4] = [
    ("probabilistic", "exp2, n = 10", [-96, -96, 0]),
    ("probabilistic", "max10, n = 1", [-80, -80, 0]),
    ("probabilistic", "relu_probability, n = 128", [-16, 0, 0]),
    ("nearest", "relu_probability, n = 128", [4, 20, 0]),
];

/// Party by party, batches and padding included: so these are all that the reference sends more.
#[test]
fn the_reference_is_recounted_to_the_byte() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for c in compared_of(Protocol::Beaver2) {
        let Some(counted) = recounted(c) else { continue };
        let label = c.row.label();
        let off = OFF.iter().find(|(rounding, name, _)| *rounding == c.row.rounding && *name == label);
        let measured = &c.row.payload_bytes_by_party;
        let left = [0, 1, 2].map(|party| measured[party].cast_signed() - counted[party].cast_signed());
        if left != off.map_or([0; 3], |(.., left)| *left) {
            wrong.push(format!("{label}, {}: {left:?}", c.row.rounding));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen, 51);
}
