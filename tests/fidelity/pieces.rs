//! Why the reference sends more for some output layers: it works on pieces of so many rows, one after the other, and in
//! each piece the bits of an and are padded to whole bytes, those of an opening to 64-bit words.
//!
//! Shown by counting again what it does: from the costs of its parts (which its rows for single operations confirm) and
//! the size of a piece alone, the measured figures follow for 128 and for 1000 rows.

use super::AT_LEAST;
use super::rows::{Row, What, compared_of};
use mpcsim::scenario::Protocol;

/// What the parts of the reference send, all parties together, for one element.
#[derive(Clone, Copy)]
struct Part {
    /// Bytes of ring elements.
    ring: usize,
    /// Bits of ands.
    ands: usize,
    /// Bits opened.
    opened: usize,
}

impl Part {
    const fn new(ring: usize, ands: usize, opened: usize) -> Part {
        Part { ring, ands, opened }
    }

    /// For a vector of n, padded. A bit of an and or of an opening is sent by each of three parties.
    fn padded(self, n: usize) -> f64 {
        let bits = self.ands * n.div_ceil(8) + self.opened * 8 * n.div_ceil(64);
        (self.ring * n + 3 * bits) as f64
    }

    /// For a vector of n, not padded.
    fn exact(self, n: usize) -> f64 {
        (self.ring * n) as f64 + 3.0 * ((self.ands + self.opened) * n) as f64 / 8.0
    }
}

/// A product of ring elements.
const MUL: usize = 24;
/// A comparison and a product.
const RELU: Part = Part::new(MUL + MUL, 115, 0);

/// A reciprocal, as n = 1000 and n = 10 of `recip` confirm.
fn reciprocal(rounding: &str) -> Part {
    match rounding {
        "probabilistic" => Part::new(672, 525, 31),
        _ => Part::new(1248, 2740, 31),
    }
}

/// A division needs one product more.
fn division(rounding: &str) -> Part {
    let Part { ring, ands, opened } = reciprocal(rounding);
    Part { ring: ring + MUL, ands, opened }
}

fn fixed_product(rounding: &str) -> Part {
    match rounding {
        "probabilistic" => Part::new(MUL + 32, 0, 0),
        _ => Part::new(MUL + 96, 247, 0),
    }
}

/// What is done in a loop over the rows, in pieces of so many rows: each part with its number of elements in a row.
struct Loop {
    rows: usize,
    parts: Vec<(Part, usize)>,
}

impl Loop {
    fn padded(&self, rows: usize) -> f64 {
        let piece =
            |rows: usize| -> f64 { self.parts.iter().map(|(part, width)| part.padded(width * rows)).sum() };
        (rows / self.rows) as f64 * piece(self.rows) + piece(rows % self.rows)
    }

    fn exact(&self, rows: usize) -> f64 {
        self.parts.iter().map(|(part, width)| part.exact(width * rows)).sum()
    }
}

/// The loops of an output layer that [`super::PADDED`] names. The sizes of the pieces are the reference compiler's; those
/// of `relu_gradient` can be read off its exchanges: 7 x 71 and 50 x 71, 7 x 189 and 53 x 189.
fn loops(op: &str, rounding: &str) -> Vec<Loop> {
    let product = Part::new(MUL, 0, 0);
    match op {
        "relu_gradient" => vec![Loop {
            rows: if rounding == "probabilistic" { 20 } else { 19 },
            parts: vec![(RELU, 10), (reciprocal(rounding), 1), (fixed_product(rounding), 10)],
        }],
        "relu_probability" => vec![
            Loop { rows: 22, parts: vec![(RELU, 10)] },
            Loop {
                rows: 17,
                parts: vec![(division(rounding), 10), (reciprocal(rounding), 1), (product, 10)],
            },
        ],
        _ => panic!("no loops of {op}"),
    }
}

/// What the reference would send without padding.
pub fn without_padding(row: &Row) -> Option<f64> {
    match &row.what {
        What::Op { op, n }
            if row.protocol() == Protocol::Rep3 && super::PADDED.contains(&(op, &row.rounding)) =>
        {
            Some(loops(op, &row.rounding).iter().map(|l| l.exact(*n)).sum())
        }
        _ => None,
    }
}

#[test]
fn parts_of_the_reference_cost_what_was_measured() {
    for c in compared_of(Protocol::Rep3) {
        let What::Op { op, n: 10 } = &c.row.what else { continue };
        let rounding = &c.row.rounding;
        let part = match op.as_str() {
            "relu" => RELU,
            "recip" => reciprocal(rounding),
            "div" => division(rounding),
            "fixmul" => fixed_product(rounding),
            _ => continue,
        };
        assert_eq!(part.padded(10), c.row.payload_bytes as f64, "{op}, {rounding}");
    }
}

#[test]
fn padding_of_pieces_explains_what_the_reference_sends_more() {
    let mut explained = 0;
    for c in compared_of(Protocol::Rep3) {
        let What::Op { op, n } = &c.row.what else { continue };
        let Some(unpadded) = without_padding(&c.row) else { continue };
        let rounding = &c.row.rounding;
        let counted: f64 = loops(op, rounding).iter().map(|l| l.padded(*n)).sum();
        let measured = c.row.payload_bytes as f64;
        let tolerance = if op == "relu_gradient" { 0.0 } else { 1e-4 * measured };
        assert!((counted - measured).abs() <= tolerance, "{op}, {n} rows: {counted} of {measured}");
        let ratio = c.payload_bytes as f64 / unpadded;
        assert!((AT_LEAST..=1.0).contains(&ratio), "{op}, {n} rows: {ratio} without padding");
        explained += 1;
    }
    assert_eq!(explained, 2 * super::PADDED.len());
}
