//! What single operations and training iterations cost, against figures measured on the reference system; and
//! docs/fidelity.md, which shows all of it.

mod beaver2;
mod beaver2_parts;
mod command;
mod document;
mod falcon;
mod layers;
mod optimizers;
mod pieces;
mod published;
mod rep4;
mod rep4_parts;
mod rows;
mod secureml;
mod securenn;
mod semi2k;
mod sy_rep3;
mod sy_rep3_parts;

use mpcsim::scenario::Protocol;
use rows::{Compared, What, compared, compared_of};

/// Ours is at least this part of what was measured.
const AT_LEAST: f64 = 0.97;
/// A party's share of the total differs at most by this, as a fraction of the total.
const SHARE: f64 = 0.01;

/// Rows below [`AT_LEAST`]: output layer and rounding. The cause is the same: the reference cuts the rows into pieces
/// and pads the bits of each, see [`pieces`].
const PADDED: [(&str, &str); 3] =
    [("relu_gradient", "probabilistic"), ("relu_gradient", "nearest"), ("relu_probability", "nearest")];

/// Whether the reference pads so much that the row is below [`AT_LEAST`].
fn is_padded(c: &Compared) -> bool {
    matches!(&c.row.what, What::Op { op, .. } if PADDED.contains(&(op, &c.row.rounding)))
}

/// Whether costs have a part that depends on the length by steps: the smallest batch of triples.
fn in_batches(c: &Compared) -> bool {
    c.row.protocol() == Protocol::SyRep3
}

fn describe(c: &Compared) -> String {
    format!(
        "{}: {}, {}: {} bytes of {}, {:.2} %; shares {:.2} points apart; {} rounds of {} exchanges",
        c.row.protocol().name(),
        c.row.label(),
        c.row.rounding,
        c.payload_bytes,
        c.row.payload_bytes,
        100.0 * c.ratio(),
        100.0 * c.largest_share_difference(),
        c.rounds,
        c.row.exchanges
    )
}

#[test]
fn every_row_of_rep3_agrees() {
    let mut wrong = Vec::new();
    for c in compared_of(Protocol::Rep3).filter(|c| !c.row.is_short()) {
        // A row that needs no exception is none.
        let near = (c.ratio() >= AT_LEAST) != is_padded(c);
        if !(near && c.ratio() <= 1.0 && c.largest_share_difference() <= SHARE) {
            wrong.push(describe(c));
        }
    }
    assert!(wrong.is_empty(), "outside of the bounds:\n{}", wrong.join("\n"));
}

#[test]
fn no_row_needs_more_rounds_than_the_reference_has_exchanges() {
    let rows = rows::PROTOCOLS.map(|protocol| compared_of(protocol).count());
    assert_eq!(rows, [102, 49, 33, 56]);
    for c in compared() {
        assert!(c.rounds <= c.row.exchanges, "{}", describe(c));
    }
}

/// Single elements and tens are mostly padding, here (a message of bits ends with a whole byte) and there. What can be
/// said: without any rounding up, as for multiples of eight, we send at most as much. Hashes are not part of it: [`rep4`]
/// says what they are. For `sy_rep3` nearly all of it are triples in a smallest batch and checks: [`sy_rep3`] recounts them.
#[test]
fn short_vectors_cost_at_most_the_measured_bytes_before_rounding_up() {
    let short: Vec<&Compared> = compared().iter().filter(|c| c.row.is_short() && !in_batches(c)).collect();
    assert_eq!(short.len(), 44 + 14 + 19);
    for c in short {
        let What::Op { n, .. } = c.row.what else { panic!("iterations are not short") };
        let hashes = c.hash_bytes();
        assert!(hashes == 0 || c.row.protocol() == Protocol::Rep4, "{}", describe(c));
        let unpadded = (c.row.cost_of(8).payload_bytes - hashes) as f64 / 8.0 * n as f64;
        assert!(unpadded <= c.row.payload_bytes as f64, "{}: {unpadded} unpadded", describe(c));
        assert!((c.payload_bytes - hashes) as f64 >= unpadded);
    }
}

/// The costs of whole vectors are sums of those of their elements, and of hashes that do not depend on the length; so eight of
/// them say what one costs without padding.
#[test]
fn costs_are_linear_in_whole_bytes() {
    for c in compared().iter().filter(|c| !in_batches(c)) {
        if let What::Op { n, .. } = c.row.what
            && n % 8 == 0
            && !c.row.is_fixed()
        {
            let hashes = c.hash_bytes();
            let eight = c.row.cost_of(8).payload_bytes - hashes;
            assert_eq!(c.payload_bytes, hashes + eight * (n as u64 / 8), "{}", describe(c));
        }
    }
}
