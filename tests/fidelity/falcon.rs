//! `falcon` against the authors' program: bytes of every link and rounds, operation by operation, and of a training iteration.

use std::collections::BTreeMap;

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Protocol, RingShare, Truncation};
use mpcsim::ring::Plane;
use mpcsim::secure::{FixedPoint, Numerator, Rounding, Secure};

use crate::secure::harness::{Program, Setting, Traffic, on_shapes, traffic};

/// One of the authors' functions, as ours.
#[derive(Clone, Copy, Debug)]
enum Own {
    Open,
    OpenBits,
    Mul,
    TruncatedMul,
    And,
    Truncate,
    OpenedSigns,
    LessThanZero,
    Relu,
    /// Of so many numbers.
    Largest(usize),
    /// With so many corrections.
    Divide(u32),
}

impl Program for Own {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let (x, p) = (&inputs[0], &s.protocol);
        let bits = || p.public_plane(&Plane::zeros(p.content(), x.len()));
        match *self {
            Own::Open => drop(p.open(x).await),
            Own::OpenBits => drop(p.open_bits(&[bits()]).await),
            Own::Mul => drop(p.mul(x, x).await),
            Own::TruncatedMul => {
                let truncation = Truncation { bits: product_bits(p), shift: 13 };
                drop(p.own_truncated_dot(x, x, 1, truncation).await.expect("its own"));
            }
            Own::And => drop(p.and(&[[&bits(), &bits()]]).await),
            Own::Truncate => drop(p.truncate(x, product_bits(p), 13).await),
            Own::OpenedSigns => drop(p.own_open_less_than_zero(x, p.ring_bits()).await.expect("its own")),
            Own::LessThanZero => drop(p.own_less_than_zero(x, p.ring_bits()).await.expect("its own")),
            Own::Relu => drop(s.relu(x).await),
            Own::Largest(count) => {
                let numbers = vec![x.clone(); count];
                drop(p.own_largest(&numbers, p.ring_bits()).await.expect("its own"));
            }
            Own::Divide(corrections) => {
                drop(s.divide(Numerator::Coarse(x, (corrections, "lengths")), x, 1).await);
            }
        }
        vec![x.slice(0, 1)]
    }
}

/// Bits of a product with 13 fraction bits before it is truncated.
fn product_bits<P: Protocol>(protocol: &P) -> u32 {
    if protocol.ring_bits() == 32 { 31 } else { 44 }
}

/// In the authors' format, as far as the ring has place.
fn setting(protocol: ProtocolName) -> Setting {
    let total_bits = if protocol.ring_bits() == 32 { 18 } else { 31 };
    let fixed_point = FixedPoint { fraction_bits: 13, total_bits };
    Setting { protocol, rounding: Rounding::Probabilistic, fixed_point }
}

/// The protocol in both rings.
const RINGS: [ProtocolName; 2] = [ProtocolName::Falcon, ProtocolName::Falcon32];

/// Ours, for n elements.
fn ours(own: Own, protocol: ProtocolName, n: u64) -> Traffic {
    let setting = setting(protocol);
    traffic(&on_shapes(&own, &[vec![0; n as usize]], 1, setting).trace)
}

/// The figures of tests/reference/falcon.json for a ring.
fn reference(ring_bits: u32) -> serde_json::Value {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../reference/falcon.json")).expect("JSON");
    all[ring_bits.to_string()].clone()
}

fn links_of(links: &serde_json::Value) -> BTreeMap<(usize, usize), u64> {
    let entry = |(name, bytes): (&String, &serde_json::Value)| {
        let (from, to) = name.split_once('>').expect("a link");
        let party = |text: &str| text.parse().expect("a party");
        ((party(from), party(to)), bytes.as_u64().expect("bytes"))
    };
    links.as_object().expect("links").iter().map(entry).collect()
}

/// A function of the authors' program in a ring, for n elements.
fn measured_in(ring_bits: u32, name: &str, n: u64) -> Traffic {
    let row = &reference(ring_bits)["per_element"][name];
    let links = links_of(&row["bytes_by_link"]).into_iter().map(|(link, bytes)| (link, n * bytes));
    (row["rounds"].as_u64().expect("rounds"), links.collect())
}

/// One after the other.
fn then((rounds, mut links): Traffic, other: Traffic) -> Traffic {
    other.1.into_iter().for_each(|(link, bytes)| *links.entry(link).or_default() += bytes);
    (rounds + other.0, links)
}

/// The authors' Pow: a sign for each bit of a length, opened.
fn pow(ring_bits: u32, n: u64) -> Traffic {
    let sign = then(measured_in(ring_bits, "wrap3", n), measured_in(ring_bits, "reconstruct_bit", n));
    repeated(ring_bits.ilog2() as usize, sign)
}

fn repeated(times: usize, traffic: Traffic) -> Traffic {
    std::iter::repeat_n(traffic, times).reduce(then).expect("at least once")
}

#[test]
fn every_operation_of_falcon_sends_what_the_authors_program_does() {
    for (protocol, n) in RINGS.into_iter().flat_map(|protocol| [1, 64, 100].map(|n| (protocol, n))) {
        let bits = protocol.ring_bits();
        let measured = |name, n| measured_in(bits, name, n);
        // Wrap3 is all that DReLU sends. SelectShares opens bits and multiplies, of which ours does the first when signs are found.
        let less_than_zero = then(measured("wrap3", n), measured("reconstruct_bit", n));
        let division = |products| then(pow(bits, n), repeated(products, measured("mult_trunc", n)));
        // Of 18 bits a divisor has 17, and 14 have place: it is truncated.
        let one = |own: Traffic| if bits == 32 { then(own, measured("truncate", n)) } else { own };
        let cases = [
            (Own::Open, measured("reconstruct", n)),
            (Own::OpenBits, measured("reconstruct_bit", n)),
            (Own::Mul, measured("mult", n)),
            (Own::TruncatedMul, measured("mult_trunc", n)),
            (Own::And, measured("and_bits", n)),
            (Own::Truncate, measured("truncate", n)),
            (Own::LessThanZero, less_than_zero.clone()),
            (Own::OpenedSigns, less_than_zero.clone()),
            (Own::Relu, measured("relu", n)),
            // SelectShares of the gradients opens the bits that say which number was the largest, which ours does here.
            (Own::Largest(4), then(measured("maxpool of 4", n), measured("reconstruct_bit", 4 * n))),
            (Own::Divide(1), one(division(3))),
            (Own::Divide(2), one(division(5))),
        ];
        for (own, expected) in cases {
            assert_eq!(ours(own, protocol, n), expected, "{own:?}, {bits} bits, n = {n}");
        }
        let relu = then(less_than_zero, measured("mult", n));
        assert_eq!(relu, measured("relu", n), "DReLU, then SelectShares");
        assert_eq!(then(measured("reconstruct_bit", n), measured("mult", n)), measured("select_shares", n));
        // Their table of functions, and rows of ten of which the largest is found.
        let total = |(rounds, links): Traffic| (links.into_values().sum::<u64>(), rounds);
        let (of_row, rounds) = if bits == 32 { (286_848 / 128, 99) } else { (535_680 / 128, 108) };
        let with_marks = (of_row * n + 10 * total(measured("reconstruct_bit", n)).0, rounds + 1);
        assert_eq!(total(ours(Own::Largest(10), protocol, n)), with_marks, "maxpool of 10");
        let (of_pow, of_division) =
            if bits == 32 { ((1035, 45), (1083, 51)) } else { ((2466, 60), (2562, 66)) };
        assert_eq!(total(pow(bits, n)), (of_pow.0 * n, of_pow.1), "Pow");
        assert_eq!(total(division(3)), (of_division.0 * n, of_division.1), "division");
    }
}

/// The authors' iteration of 784-10, 128 rows, from its functions: they divide each of 1,280 entries by the sum of its row.
#[test]
fn the_authors_iteration_is_the_sum_of_its_functions() {
    let (rows, classes, features) = (128, 10, 784);
    let entries = rows * classes;
    for (bits, all) in [(64, 4_162_800), (32, 1_831_800)] {
        let measured = |name, n| measured_in(bits, name, n);
        let division = then(pow(bits, entries), repeated(3, measured("mult_trunc", entries)));
        let parts = [
            measured("mult_trunc", entries),
            measured("relu", entries),
            division,
            measured("select_shares", entries),
            measured("mult_trunc", features * classes),
            measured("truncate", classes),
        ];
        let (_, links) = parts.into_iter().reduce(then).expect("parts");
        assert_eq!(links, links_of(&reference(bits)["training_iteration"]["bytes_by_link"]));
        assert_eq!(links.values().sum::<u64>(), all);
    }
}

/// Batch normalisation, which is no layer here: for each column Pow and two products, and a product for each entry.
#[test]
fn the_authors_batch_normalisation_is_the_sum_of_its_functions() {
    for (bits, rows, columns, bytes, rounds) in [
        (32, 128, 10, 31_150, 51),
        (32, 100, 5, 13_335, 51),
        (64, 128, 10, 66_260, 66),
        (64, 100, 5, 28_650, 66),
    ] {
        let pow = pow(bits, columns);
        let product = |n| measured_in(bits, "mult_trunc", n);
        let parts = [pow, product(columns), product(columns), product(rows * columns)];
        let (found, links) = parts.into_iter().reduce(then).expect("parts");
        assert_eq!((links.into_values().sum::<u64>(), found), (bytes, rounds), "{rows} x {columns}");
    }
}

/// Products of bits that add three numbers of n bits: a carry-save addition, half adders, a Sklansky network for all carries.
fn adder_ands(n: u64) -> u64 {
    let (mut ands, mut size) = (2 * n - 1, 1);
    while size < n - 1 {
        let nodes = (0..n - 1).filter(|place| place & size != 0);
        ands += nodes.map(|place| if place >= 2 * size { 2 } else { 1 }).sum::<u64>();
        size *= 2;
    }
    ands
}

/// With checks all that is opened goes to both neighbours, and for a product two differences besides; before what a comparison learns is
/// opened, and at the end, hashes of what must be zero.
#[test]
fn every_operation_of_falcon_malicious_sends_what_its_checks_add() {
    for (protocol, n) in [ProtocolName::FalconMalicious, ProtocolName::FalconMalicious32]
        .into_iter()
        .flat_map(|p| [1, 64].map(|n| (p, n)))
    {
        let (bits, semi_honest) =
            (u64::from(protocol.ring_bits()), RINGS[usize::from(protocol.ring_bits() == 32)]);
        let element = bits / 8;
        let twice = |own| {
            let (rounds, links) = ours(own, semi_honest, n);
            (rounds, links.into_values().sum::<u64>() * 2)
        };
        // z once, and two differences to two neighbours, by three parties.
        let product = |bytes: u64| (1, 3 * 5 * bytes * n);
        let hashes = (1, 6 * 32);
        let sum =
            |parts: &[(u64, u64)]| parts.iter().fold((0, 0), |all, part| (all.0 + part.0, all.1 + part.1));
        // As many residues as bits, and those that are left of pairs.
        let residues: Vec<(u64, u64)> = std::iter::successors(Some(bits), |left| Some(left / 2))
            .map(product)
            .take(1 + bits.ilog2() as usize)
            .collect();
        let (levels, _) = sum(&residues);
        assert_eq!(levels, 1 + u64::from(bits.ilog2()));
        let sign = sum(&[twice(Own::Open), sum(&residues), hashes, twice(Own::OpenBits)]);
        let bit = twice(Own::OpenBits);
        let total = |own| {
            let (rounds, links) = ours(own, protocol, n);
            (rounds, links.into_values().sum::<u64>())
        };
        assert_eq!(total(Own::Open), twice(Own::Open));
        assert_eq!(total(Own::Truncate), twice(Own::Truncate));
        assert_eq!(total(Own::Mul), sum(&[product(element), hashes]));
        assert_eq!(total(Own::And), sum(&[product(1), hashes]));
        assert_eq!(total(Own::OpenedSigns), sum(&[sign, bit]), "{bits} bits, n = {n}");
        assert_eq!(total(Own::LessThanZero), sum(&[sign, bit]));
        let relu = sum(&[sign, bit, product(element)]);
        assert_eq!(total(Own::Relu), sum(&[relu, hashes]));
        // Of each number whether it is the largest, a product of bits, and at last opened.
        let marks = |(rounds, bytes)| (rounds, 4 * bytes);
        let one_more = repeated_cost(3, sum(&[relu, marks(product(1))]));
        assert_eq!(total(Own::Largest(4)), sum(&[one_more, marks(bit), hashes]));
        // The published rounds of a ReLU, 4 + log l and 3 + log l, are as far apart.
        assert_eq!(relu.0, ours(Own::Relu, semi_honest, n).0 + 1);
        let truncated = sum(&[product(element), twice(Own::Truncate)]);
        let lengths = repeated_cost(bits.ilog2().into(), sum(&[sign, bit]));
        let cut = if bits == 32 { twice(Own::Truncate) } else { (0, 0) };
        assert_eq!(total(Own::Divide(1)), sum(&[lengths, cut, repeated_cost(3, truncated), hashes]));
    }
}

fn repeated_cost(times: u64, (rounds, bytes): (u64, u64)) -> (u64, u64) {
    (times * rounds, times * bytes)
}

/// What all parties send in the offline phase where products are checked: keys of nothing, products of residues and bits, each with a triple of
/// its own, and bits that become ring elements with MACs.
#[test]
fn the_offline_phase_of_falcon_malicious_costs_what_its_parts_do() {
    const COIN: u64 = 3 * 2 * (16 + 20 + 16);
    const HASH: u64 = 3 * 2 * 32;
    let n = 64;
    let of_bits = |online: u64, offline: u64| {
        // One by one for each word of 64: in buckets of five, 1,024 at least. Then the products themselves, and what checks them.
        let (size, buckets) = (5, (online + offline).max(1024));
        let (words, opened) = (size * buckets + 3, 2 * (size - 1) * buckets + 3 * 3);
        3 * 8 * (words + opened) + COIN + HASH + 3 * (8 * offline + 16 * offline)
    };
    let of_residues = |online: u64, offline: u64| {
        let all = online + offline;
        let (size, buckets) = if all < 10_368 { (5, all.max(1024)) } else { (4, all) };
        let (triples, opened) = (size * buckets + 3, 2 * (size - 1) * buckets + 3 * 3);
        3 * (triples + opened) + COIN + HASH + 3 * (offline + 2 * offline)
    };
    // Two inputs with a MAC, two products with theirs.
    let converted = |bits: u64| 3 * (2 * 13 + 2 * 26) * bits;
    let macs = 2 * 11_394 + 10_042;
    for protocol in [ProtocolName::FalconMalicious, ProtocolName::FalconMalicious32] {
        let bits = u64::from(protocol.ring_bits());
        let product_bits = if bits == 32 { 31 } else { 44 };
        let pair = converted(5 * n) + macs + of_bits(0, adder_ands(product_bits)) + HASH;
        // Bits of r and a sign, a factor, the sign's product with it.
        let made = n * (2 * (bits + 1) + 2 + 1);
        let comparisons = |count: u64, ands: u64| {
            let residues = of_residues(count * n * (2 * bits - 1), count * made);
            of_bits(ands, count * adder_ands(bits)) + residues + HASH
        };
        let comparison = |ring: u64| ring + comparisons(1, 0);
        let triple = 3 * (13 + 26) * n;
        let triples = triple + macs + HASH;
        // Three comparisons, for each a bit, a product and one of each mark; of each mark a bit.
        let largest = comparisons(3, 3 * 4) + converted((3 + 4) * n) + 3 * triple + macs;
        let cases = [
            (Own::Truncate, pair),
            (Own::Mul, triples),
            (Own::OpenedSigns, comparison(0)),
            (Own::LessThanZero, comparison(converted(n) + macs)),
            (Own::Relu, comparison(converted(n) + triple + macs)),
            (Own::Largest(4), largest),
        ];
        for (own, expected) in cases {
            let offline = on_shapes(&own, &[vec![0; n as usize]], 1, setting(protocol)).offline_bytes();
            assert_eq!(offline.iter().sum::<u64>(), expected, "{own:?}, {bits} bits: {offline:?}");
        }
    }
}

/// What each party sends in the offline phase, for a number of elements that fills whole words.
#[test]
fn the_offline_phase_of_falcon_costs_what_its_parts_do() {
    let n = 64;
    for (protocol, product_bits) in [(ProtocolName::Falcon, 44), (ProtocolName::Falcon32, 31)] {
        let bits = u64::from(protocol.ring_bits());
        // A bit as a residue or a ring element is sent once by each party, a product too.
        let bit = bits / 8;
        let pair = n * adder_ands(product_bits) / 8 + n * 5 * bit;
        let comparison = n * adder_ands(bits) / 8 + n * (bits + 1 + 2 + 1);
        let cases = [
            (Own::Truncate, pair),
            (Own::TruncatedMul, pair),
            (Own::OpenedSigns, comparison),
            (Own::LessThanZero, comparison + n * bit),
            (Own::Largest(4), 3 * (comparison + n * bit) + 4 * n * bit),
        ];
        for (own, expected) in cases {
            let offline = on_shapes(&own, &[vec![0; n as usize]], 1, setting(protocol)).offline_bytes();
            assert_eq!(offline, [expected; 3], "{own:?}, {bits} bits");
        }
    }
}
