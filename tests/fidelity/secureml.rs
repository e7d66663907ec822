//! SecureML: its table of communication, and pieces that were measured (tests/reference/secureml.json).

use std::path::Path;

use mpcsim::protocol::parts::garbling::circuit::{Bit, Builder, Circuit};
use mpcsim::protocol::parts::oblivious_transfer::Extension;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Protocol, RingShare};
use mpcsim::ring::MatMul;
use mpcsim::secure::{Rounding, Secure};

use crate::secure::harness::{Outcome, Program, Setting, on_shapes, traffic};

/// A product of matrices.
struct Product(MatMul);

impl Program for Product {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        vec![s.protocol.matmul(&inputs[0], &inputs[1], self.0).await]
    }
}

fn product(rows: usize, inner: usize, columns: usize) -> Outcome {
    product_by(ProtocolName::SecureMl, rows, inner, columns)
}

/// The same with triples made by somebody else.
fn product_by(protocol: ProtocolName, rows: usize, inner: usize, columns: usize) -> Outcome {
    let inputs = [vec![0; rows * inner], vec![0; inner * columns]];
    let setting = Setting::of(protocol, Rounding::Probabilistic);
    on_shapes(&Product(MatMul::new(rows, inner, columns)), &inputs, 1, setting)
}

/// The same where the left factor was fixed before.
struct FixedProduct(MatMul);

impl Program for FixedProduct {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let MatMul { rows, inner, .. } = self.0;
        let fixed = s.protocol.fix(&inputs[0]).await;
        let x = fixed.gather_rows(&(0..rows).collect::<Vec<_>>(), inner);
        vec![s.protocol.matmul(&x, &inputs[1], self.0).await]
    }
}

/// Fixes numbers.
struct Fix;

impl Program for Fix {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        vec![s.protocol.fix(&inputs[0]).await]
    }
}

/// What each party sends for n numbers to be fixed, offline and online.
fn fixing(protocol: ProtocolName, n: usize) -> [Vec<u64>; 2] {
    let setting = Setting::of(protocol, Rounding::Probabilistic);
    let outcome = on_shapes(&Fix, &[vec![0; n]], 1, setting);
    [outcome.offline_bytes(), outcome.bytes()]
}

/// The same for a product with a left factor that was fixed before.
fn fixed_product(protocol: ProtocolName, rows: usize, inner: usize, columns: usize) -> [Vec<u64>; 2] {
    let inputs = [vec![0; rows * inner], vec![0; inner * columns]];
    let setting = Setting::of(protocol, Rounding::Probabilistic);
    let outcome = on_shapes(&FixedProduct(MatMul::new(rows, inner, columns)), &inputs, 1, setting);
    let both = [outcome.offline_bytes(), outcome.bytes()];
    let fixing = fixing(protocol, rows * inner);
    let less =
        |(all, part): (&Vec<u64>, &Vec<u64>)| all.iter().zip(part).map(|(all, part)| all - part).collect();
    [less((&both[0], &fixing[0])), less((&both[1], &fixing[1]))]
}

/// Whoever makes triples.
const WAYS: [ProtocolName; 5] = [
    ProtocolName::SecureMl,
    ProtocolName::SecureMlSoftSpoken,
    ProtocolName::SecureMlEncryption,
    ProtocolName::SecureMlClients,
    ProtocolName::SecureMlDealer,
];

/// The rows of an operation.
fn measured(op: &str) -> Vec<serde_json::Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/secureml.json");
    let text = std::fs::read_to_string(path).expect("the reference figures are there");
    let file: serde_json::Value = serde_json::from_str(&text).expect("the reference figures are JSON");
    let rows = file["rows"].as_array().expect("rows");
    let rows: Vec<_> = rows.iter().filter(|row| row["op"] == op).cloned().collect();
    assert!(!rows.is_empty(), "no row of {op}");
    rows
}

fn number(value: &serde_json::Value) -> usize {
    value.as_u64().expect("a number") as usize
}

/// Transfers of 128 bits in each direction for a column of so many rows, by choice bits that count from the lowest on.
fn transfers(rows: usize) -> usize {
    (1..=64).map(|width| (width * rows).div_ceil(128)).sum()
}

const MIB: f64 = (1 << 20) as f64;
const GIB: f64 = (1 << 30) as f64;

/// Table II, column "OT-based": examples, features, bytes. Two epochs in batches of 128.
const TABLE_2: [(usize, usize, f64); 4] = [
    (1_000, 100, 190.0 * MIB),
    (1_000, 1_000, 1.9 * GIB),
    (10_000, 1_000, 19.0 * GIB),
    (100_000, 1_000, 190.0 * GIB),
];

/// The paper counts l/2 = 32 transfers of 128 + 128 bits a product, the mean width of l choice bits being l/2; it is (l + 1)/2. Sent is that in
/// the whole batches that two epochs hold.
#[test]
fn triples_by_transfers_take_what_the_paper_says() {
    for (examples, features, published) in TABLE_2 {
        let offline: u64 = product(128, features, 1).offline_bytes().iter().sum();
        let products = 2 * examples * features;
        let ours = offline as f64 / (128 * features) as f64 * products as f64;
        let of_paper = 32.0 * (256.0 / 8.0) * products as f64;
        assert_eq!(ours, of_paper * 65.0 / 64.0);
        let off = of_paper / published - 1.0;
        assert!(off.abs() < 0.03, "n = {examples}, d = {features}: {:.1} %", 100.0 * off);
        let in_whole_batches = ours * iterations(examples).floor() / iterations(examples);
        let off = in_whole_batches / published - 1.0;
        assert!(off.abs() < 0.022, "n = {examples}, d = {features}: {:.1} %", 100.0 * off);
    }
}

/// Half the bits of a column: 32 transfers of 64 + 128 bits a product, and 65/64 of that as above.
#[test]
fn triples_by_smaller_transfers_take_three_quarters() {
    let [published, ours] =
        [ProtocolName::SecureMl, ProtocolName::SecureMlSoftSpoken].map(|by| product_by(by, 128, 100, 1));
    let each = |bytes: usize| vec![(bytes * 128 * 100 / 2) as u64; 2];
    assert_eq!(published.offline_bytes(), each(1040));
    assert_eq!(ours.offline_bytes(), each(780));
    assert_eq!(ours.bytes(), published.bytes());
}

/// Two epochs in batches of 128.
fn iterations(examples: usize) -> f64 {
    2.0 * examples as f64 / 128.0
}

/// Table II, column "LHE-based", as far as its figures are known here. The paper counts 2 (|B| + d) ciphertexts of 256 bytes for a
/// product, as is sent to the byte, and one product an iteration, as its other column does. It prints one digit: 2 MB for 1.82,
/// and 100 MB for 90.2, which is 90 to the nearest and 100 upwards.
#[test]
fn triples_by_encryption_take_what_the_paper_counts() {
    for (examples, features, printed) in [(1_000, 100, 2_000_000), (10_000, 1_000, 100_000_000)] {
        let outcome = product_by(ProtocolName::SecureMlEncryption, 128, features, 1);
        let each = 256 * (128 + features) as u64;
        assert_eq!(outcome.offline_bytes(), [each, each]);
        assert_eq!(traffic(&outcome.offline).0, 2, "one interaction");
        // The other product of an iteration takes as much.
        let gradient = product_by(ProtocolName::SecureMlEncryption, features, 128, 1);
        assert_eq!(gradient.offline_bytes(), [each, each]);
        let ours = (2.0 * each as f64 * iterations(examples)) as u64;
        let digit = 10u64.pow(ours.ilog10());
        assert_eq!(ours.next_multiple_of(digit), printed, "n = {examples}, d = {features}: {ours} bytes");
    }
}

/// Table II, column "client-aided": examples, features, MiB. Clients send one server, of each entry of the data, its mask, and for each of
/// two products in each of two epochs another factor and the product: 9 numbers.
#[test]
fn triples_of_clients_take_what_the_paper_counts() {
    const EPOCHS: usize = 2;
    let clients = ProtocolName::SecureMlClients;
    for (examples, features, published) in
        [(1_000, 100, 7.0), (1_000, 1_000, 69.0), (10_000, 1_000, 687.0), (100_000, 1_000, 6_870.0)]
    {
        let products = [(128, features), (features, 128)].map(|(rows, inner)| {
            let [offline, online] = fixed_product(clients, rows, inner, 1);
            let each = 2 * 8 * 128 * features as u64;
            assert_eq!(offline, [0, 0, 2 * each]);
            assert_eq!(online, [each / 2, each / 2, 0], "the other factor of each product is opened");
            each
        });
        let [masks, opened] = fixing(clients, 1000);
        assert_eq!((masks, opened), (vec![0, 0, 16_000], vec![8_000, 8_000, 0]));
        let to_one_server = products.iter().sum::<u64>() as f64 * iterations(examples);
        let entries = (examples * features) as f64;
        let ours = to_one_server + 8.0 * entries;
        assert_eq!(ours, 8.0 * (1 + 2 * 2 * EPOCHS) as f64 * entries);
        let off = ours / (published * MIB) - 1.0;
        assert!(off.abs() < 0.03, "n = {examples}, d = {features}: {:.1} %", 100.0 * off);
    }
}

/// A factor that is fixed costs the servers no less and no more than one of which a mask is made for each product.
#[test]
fn triples_about_fixed_data_take_what_others_do() {
    for protocol in WAYS.into_iter().filter(|&way| way != ProtocolName::SecureMlClients) {
        for (rows, inner, columns) in [(128, 100, 1), (100, 128, 1), (16, 20, 10), (4, 20, 32)] {
            let fresh = product_by(protocol, rows, inner, columns).offline_bytes();
            assert_eq!(fixed_product(protocol, rows, inner, columns)[0], fresh, "{}", protocol.full_name());
        }
        let [masks, opened] = fixing(protocol, 1000);
        assert!(masks.iter().all(|&bytes| bytes == 0) && opened[..2] == [8_000, 8_000]);
    }
}

/// The paper: 2 |B| d - |B| - d elements more an iteration than with matrix triples.
#[test]
fn products_with_triples_of_clients_open_as_much_more_as_the_paper_says() {
    let (batch, features) = (128, 784);
    let online = |protocol| {
        let products = [(batch, features), (features, batch)];
        products.map(|(rows, inner)| fixed_product(protocol, rows, inner, 1)[1][0]).iter().sum::<u64>()
    };
    for protocol in WAYS {
        let more = if protocol == ProtocolName::SecureMlClients {
            2 * batch * features - batch - features
        } else {
            0
        };
        assert_eq!(online(protocol), 8 * (batch + features + more) as u64, "{}", protocol.full_name());
    }
}

/// Both directions send the columns of their own transfers and the corrections of the other's.
#[test]
fn measured_triples_are_recounted_to_the_byte() {
    for row in measured("triple_by_ot") {
        let shape = row["shape"].as_str().expect("a shape");
        let (rows, inner) = shape.split_once(" times ").expect("a product").0.split_once('x').expect("sizes");
        let [rows, inner]: [usize; 2] = [rows, inner].map(|size| size.parse().expect("a size"));
        // Theirs: as many numbers as fit in 128 bits to a transfer, two messages of 16 bytes, columns in blocks of 16,384.
        let theirs = inner * (1..=64).map(|width: usize| rows.div_ceil(128 / width)).sum::<usize>();
        assert_eq!(number(&row["ots_each_way"]), theirs, "{shape}");
        let sent = 32 * theirs + 16 * theirs.next_multiple_of(16_384);
        assert_eq!(number(&row["bytes_by_link"]["0>1"]), sent, "{shape}");
        // Ours: numbers go on in the next transfer, one message of as many bits as count. Of two factors the one with fewer
        // entries is chosen bit by bit, as theirs is where there is more than one row.
        let ours = 16 * inner * transfers(rows) + (inner * rows * 64 * 65 / 2).div_ceil(8);
        assert_eq!(product(rows, inner, 1).offline_bytes(), vec![ours as u64; 2], "{shape}");
        assert!(ours < sent, "{shape}");
    }
}

/// The masked data are opened once, and in an iteration only the masked weights and errors, as is measured; a factor that is not fixed is
/// opened for each product.
#[test]
fn an_iteration_opens_masked_weights_and_errors_only() {
    let row = &measured("linear_regression_online_iteration")[0];
    let (batch, features) = (128, 784);
    let shapes = [(batch, features), (features, batch)];
    let theirs = number(&row["bytes_by_link"]["0>1"]);
    assert_eq!(theirs, 8 * (batch + features));
    let fixed = shapes.map(|(rows, inner)| fixed_product(ProtocolName::SecureMl, rows, inner, 1)[1][0]);
    assert_eq!(fixed.iter().sum::<u64>() as usize, theirs);
    let fresh = shapes.map(|(rows, inner)| product(rows, inner, 1).bytes()[0]);
    assert_eq!(fresh.iter().sum::<u64>() as usize, theirs + 2 * 8 * batch * features);
}

/// A circuit with two words of each party.
fn circuit(bits: usize, formula: impl Fn(&mut Builder, [&[Bit]; 4]) -> Vec<Bit>) -> Circuit {
    let (mut builder, [own, other]) = Builder::new([2 * bits; 2]);
    let words = [&own[..bits], &own[bits..], &other[..bits], &other[bits..]];
    let outputs = formula(&mut builder, words);
    builder.finish(&outputs)
}

#[test]
fn circuits_have_the_gates_of_the_measured_ones() {
    type Formula = fn(&mut Builder, [&[Bit]; 4]) -> Vec<Bit>;
    let circuits: [(&str, Formula); 6] = [
        ("garbled_add", |b, [x, _, y, _]| b.add(x, y, Bit::Constant(false)).0),
        ("garbled_sub", |b, [x, _, y, _]| b.subtract(x, y).0),
        ("garbled_mux", |b, [x, z, y, _]| b.select(z[0], x, y)),
        ("garbled_relu_of_wire(msb+and)", |b, [x, ..]| {
            let positive = b.not(x[x.len() - 1]);
            x.iter().map(|&bit| b.and(positive, bit)).collect()
        }),
        ("garbled_relu_shares(add+msb+and+remask)", |b, [x, mask, y, _]| {
            let sum = b.add(x, y, Bit::Constant(false)).0;
            let positive = b.not(sum[x.len() - 1]);
            let kept: Vec<Bit> = sum.iter().map(|&bit| b.and(positive, bit)).collect();
            b.subtract(&kept, mask).0
        }),
        ("garbled_div", |b, [x, _, y, _]| {
            let signs = [x[x.len() - 1], y[y.len() - 1]];
            let sizes = [b.negate_if(signs[0], x), b.negate_if(signs[1], y)];
            let (quotient, rest, _) = b.divide(&sizes[0], &sizes[1]);
            let negative = b.xor(signs[0], signs[1]);
            [b.negate_if(negative, &quotient), rest].concat()
        }),
    ];
    for (op, formula) in circuits {
        for row in measured(op) {
            let ands = circuit(number(&row["bits"]), formula).ands();
            assert_eq!(ands, number(&row["and_gates_per_element"]), "{op}, {}", row["bits"]);
            assert_eq!(32 * ands, number(&row["garbler_bytes_per_element"]), "{op}");
        }
    }
    // Theirs compares without the carry out of the highest bit: signed numbers whose difference has no overflow.
    for row in measured("garbled_geq") {
        let less = circuit(number(&row["bits"]), |b, [x, _, y, _]| vec![b.less_signed(x, y)]);
        assert_eq!(less.ands(), number(&row["and_gates_per_element"]) + 1);
    }
}

/// An input bit of the evaluator: 16 bytes of columns, 16 of a correction. Theirs fills the columns up to 16,384 transfers.
#[test]
fn labels_of_the_evaluator_take_what_was_measured() {
    for row in measured("garbled_input_evaluator_batch") {
        let transfers = number(&row["bits"]) * number(&row["n"]);
        let sent: Vec<usize> =
            row["bytes_by_party"].as_array().expect("parties").iter().map(number).collect();
        assert_eq!(sent, [16 * transfers, 16 * transfers.next_multiple_of(16_384)]);
        assert_eq!(Extension::ISHAI.bits(transfers) / 8, 16 * transfers);
    }
}
