//! `securenn` against what the authors' program sends (tests/reference/securenn.json), link by link, and against the tables of
//! their paper. Where the two differ, ours is the paper's, and the difference is counted here to the byte.

use std::collections::BTreeMap;
use std::path::Path;

use mpcsim::data::{MNIST_CLASSES, MNIST_IMAGE};
use mpcsim::protocol::Protocol;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::ring::MatMul;
use mpcsim::run::{layers, record, training_program};
use mpcsim::scenario::Scenario;
use mpcsim::secure::{FixedPoint, Numerator, Rounding, Secure};
use mpcsim::sim::{Endpoint, EventKind, Link, Network, Replayer, Trace};
use serde::Deserialize;

use crate::secure::harness::{Program, Setting, on_shapes};

/// Bytes from one party to another.
type Links = BTreeMap<(usize, usize), u64>;

#[derive(Deserialize)]
struct File {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    op: String,
    shape: Option<String>,
    bytes_by_link: BTreeMap<String, u64>,
    rounds: u64,
}

impl Row {
    fn links(&self) -> Links {
        let parties = |link: &str| {
            let (from, to) = link.split_once('>').expect("from>to");
            (from.parse().expect("a party"), to.parse().expect("a party"))
        };
        self.bytes_by_link.iter().map(|(link, &bytes)| (parties(link), bytes)).collect()
    }
}

fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/securenn.json");
    let text = std::fs::read_to_string(path).expect("the measured figures are there");
    serde_json::from_str::<File>(&text).expect("the measured figures are JSON").rows
}

fn row(op: &str) -> Row {
    rows().into_iter().find(|row| row.op == op).expect("a measured row")
}

/// An operation on vectors of so many elements, or rows.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Mul,
    MatMul(MatMul),
    Truncate,
    Compare,
    Relu,
    Divide,
    Largest,
    Places(usize),
    Open,
}

impl Program for Operation {
    async fn run<P: Protocol>(&self, s: &Secure<P>, x: &[P::Share]) -> Vec<P::Share> {
        match *self {
            Operation::Mul => vec![s.protocol.mul(&x[0], &x[1]).await],
            Operation::MatMul(shape) => vec![s.fixed_matmul(&x[0], &x[1], shape).await],
            Operation::Truncate => vec![s.truncate(&x[0], s.fixed_point.total_bits + 13, 13).await],
            Operation::Compare => vec![s.less_than_zero(&x[0], 32).await],
            Operation::Relu => <[_; 2]>::from(s.relu(&x[0]).await).into(),
            Operation::Divide => vec![s.divide(Numerator::Part(&x[0]), &x[1], 1).await],
            Operation::Largest => s.protocol.own_largest(x, 32).await.expect("its own").into(),
            Operation::Places(places) => s.protocol.own_places(&x[0], places).await.expect("its own"),
            Operation::Open => {
                s.protocol.open(&x[0]).await;
                vec![]
            }
        }
    }
}

/// The format of the authors.
const FORMAT: FixedPoint = FixedPoint { fraction_bits: 13, total_bits: 31 };

/// What is sent, where only spans of this name are looked at, and rounds of the whole.
fn sent(operation: Operation, lens: &[usize], span: &str) -> (Links, u64) {
    let setting =
        Setting { fixed_point: FORMAT, ..Setting::of(ProtocolName::SecureNn, Rounding::Probabilistic) };
    let inputs: Vec<Vec<i64>> = lens.iter().map(|&len| vec![0; len]).collect();
    // Something to open at the end of each program.
    let outcome = on_shapes(&WithResult(operation), &inputs, 1, setting);
    (links(&outcome.trace, span), outcome.rounds)
}

/// The same with a result, whatever it is.
struct WithResult(Operation);

impl Program for WithResult {
    async fn run<P: Protocol>(&self, s: &Secure<P>, x: &[P::Share]) -> Vec<P::Share> {
        let results = self.0.run(s, x).await;
        if results.is_empty() { x.to_vec() } else { results }
    }
}

fn links(trace: &Trace, span: &str) -> Links {
    let inside = |id| span.is_empty() || trace.spans().path(id).split('/').any(|name| name == span);
    let mut links = Links::new();
    for party in 0..trace.parties() {
        for event in trace.events(party) {
            if let EventKind::Send { to, payload_bytes, .. } = event.kind
                && inside(event.span)
            {
                *links.entry((party, to)).or_default() += payload_bytes;
            }
        }
    }
    links
}

fn times(links: &Links, n: u64) -> Links {
    links.iter().map(|(&link, &bytes)| (link, n * bytes)).collect()
}

fn total(links: &Links) -> u64 {
    links.values().sum()
}

#[test]
fn operations_send_what_the_authors_program_sends() {
    let n = 1000;
    let triple = [n, n, n];
    for (op, operation, span) in [
        ("mult", Operation::Mul, ""),
        ("select_shares", Operation::Mul, ""),
        ("truncate", Operation::Truncate, ""),
        ("private_compare", Operation::Compare, "private_compare"),
        ("share_convert", Operation::Compare, "share_convert"),
        ("compute_msb", Operation::Compare, "compute_msb"),
        ("drelu", Operation::Compare, ""),
        ("relu", Operation::Relu, ""),
    ] {
        let row = row(op);
        let (links, rounds) = sent(operation, &triple, span);
        // A sign takes two of these comparisons.
        let count = if op == "private_compare" { 2 } else { 1 };
        assert_eq!(links, times(&row.links(), count * n as u64), "{op}");
        if span.is_empty() {
            assert_eq!(rounds, row.rounds, "{op}");
        }
    }
}

#[test]
fn matrix_products_send_what_the_authors_program_sends_and_the_formula_says() {
    let products: Vec<Row> = rows().into_iter().filter(|row| row.op == "matmul").collect();
    assert_eq!(products.len(), 8);
    for row in products {
        let shape = row.shape.as_deref().expect("a shape");
        let sizes: Vec<usize> = shape.split('x').map(|size| size.parse().expect("a size")).collect();
        let [m, n, v] = sizes[..] else { panic!("{shape}") };
        let (links, rounds) = sent(Operation::MatMul(MatMul::new(m, n, v)), &[m * n, n * v], "");
        assert_eq!((&links, rounds), (&row.links(), row.rounds), "{shape}");
        assert_eq!(8 * total(&links), 64 * (2 * m * n + 2 * n * v + m * v) as u64, "{shape}");
    }
}

/// What the authors' division sends more for each bit: a second product, and shares of three numbers each for both triples where the
/// paper sends one number to party 1.
const MORE_A_BIT: [((usize, usize), u64); 4] = [((0, 1), 16), ((1, 0), 16), ((2, 0), 48), ((2, 1), 40)];

/// The authors' program makes two products for each bit, with triples that the helper sends in full to both; the paper one.
#[test]
fn a_division_is_the_papers_and_the_difference_is_a_product_and_full_triples() {
    let n = 100;
    let (links, rounds) = sent(Operation::Divide, &[n, n], "");
    assert_eq!(total(&links), 704 * 13 * n as u64);
    let row = row("division");
    assert_eq!(rounds, row.rounds);
    let mut theirs = links;
    MORE_A_BIT
        .iter()
        .for_each(|&(link, bytes)| *theirs.get_mut(&link).expect("a link") += 13 * bytes * n as u64);
    assert_eq!(theirs, times(&row.links(), n as u64));
}

/// One number after the other; the larger one and its index are selected side by side. The program selects one after the other.
#[test]
fn a_maximum_is_the_papers() {
    let n = 100;
    let (links, rounds) = sent(Operation::Largest, &[n; 4], "");
    assert_eq!((total(&links), rounds), (3 * 744 * n as u64, 3 * 9));
    let row = row("max of 4");
    assert_eq!((links, rounds), (times(&row.links(), n as u64), row.rounds - 3));
}

/// The helper shares a vector of ones and zeros, as long as a window, with both: 2 (n + 1) l bits and two rounds in the paper. Their program
/// sends a number below four as a byte.
#[test]
fn the_derivative_of_a_maximum_is_the_papers() {
    let n = 100;
    let (links, rounds) = sent(Operation::Places(4), &[n], "");
    assert_eq!((total(&links), rounds), (2 * (4 + 1) * 8 * n as u64, 2));
    let row = row("derivative of max of 4");
    assert_eq!((total(&row.links()), row.rounds), (66, 2));
    let mut theirs = links;
    for link in [(0, 2), (1, 2)] {
        *theirs.get_mut(&link).expect("a link") -= 7 * n as u64;
    }
    assert_eq!(theirs, times(&row.links(), n as u64));
}

/// Their program tells party 0 only; the paper's Reconst goes both ways.
#[test]
fn an_opening_goes_both_ways() {
    let (links, _) = sent(Operation::Open, &[1], "");
    assert_eq!(links, Links::from([((0, 1), 8), ((1, 0), 8)]));
    assert_eq!(row("reconstruct").links(), Links::from([((1, 0), 8)]));
}

/// Tables 6 to 8 of the paper, in MB as printed there.
#[test]
fn micro_benchmarks_of_the_paper_come_out() {
    let megabytes = |operation, lens: &[usize]| total(&sent(operation, lens, "").0) as f64 / 1e6;
    let near = |ours: f64, printed: f64, digits: i32| {
        let half = 0.5 / 10f64.powi(digits);
        assert!((ours - printed).abs() <= half + 1e-9, "{ours}, printed {printed}");
    };
    let elements = 128 * 128;
    let drelu = megabytes(Operation::Compare, &[elements]);
    near(drelu, 10.88, 2);
    near(megabytes(Operation::Relu, &[elements]) - drelu, 0.66, 2);
    near(megabytes(Operation::MatMul(MatMul::new(784, 128, 10)), &[784 * 128, 128 * 10]), 1.69, 2);
    // A convolution as a matrix product of its windows: 28 x 28, kernels of 5 x 5, 20 channels.
    let windows = MatMul::new(24 * 24, 25, 20);
    near(megabytes(Operation::MatMul(windows), &[24 * 24 * 25, 25 * 20]), 0.33, 2);
    // Maximum of windows of 2 x 2 in 24 x 24 x 16.
    near(megabytes(Operation::Largest, &[12 * 12 * 16; 4]), 5.14, 2);
}

/// One iteration on MNIST, batch 128, with the replacement in the gradient only: bytes by link, and rounds.
fn iteration(hidden: &str) -> (Links, u64) {
    let scenario = format!(
        "(name: \"fidelity\", protocol: securenn, rounding: probabilistic, \
         fixed_point: (fraction_bits: 13, total_bits: 29), model: dense(hidden: {hidden}), \
         softmax: relu_gradient(division: quotient), loss: false, data: mnist(train: 60000, test: 10000), \
         training: (iterations: 1, batch: 128), network: preset(\"lan\"), compute: none)"
    );
    let plan = Scenario::parse(&scenario, "fidelity.ron", Path::new("."), &[])
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let program = training_program(&plan, &layers(&plan, MNIST_IMAGE, MNIST_CLASSES).unwrap(), 60_000);
    let recorded = record(&plan, &program).expect("the program runs");
    let network = Network::uniform(3, Link::INSTANT);
    let replay = Replayer::new(&network, &[Endpoint::default(); 3]).run(&recorded.iteration, &mut ());
    (links(&recorded.iteration, ""), replay.expect("a trace").rounds())
}

#[test]
fn an_iteration_is_that_of_the_authors_program_less_what_its_division_sends_more() {
    let (ours, rounds) = iteration("[]");
    let row = row("training_iteration");
    assert_eq!((total(&ours), total(&row.links())), (16_045_824, 18_042_624));
    let mut theirs = ours;
    MORE_A_BIT
        .iter()
        .for_each(|&(link, bytes)| *theirs.get_mut(&link).expect("a link") += 13 * bytes * 128 * 10);
    assert_eq!((theirs, rounds), (row.links(), row.rounds));
}

/// Network A of the paper, 784-128-128-10: 45.7 MB by its formulas (ACSAC 2023 quotes 0.047 GB): products forward, comparisons, the division, products
/// backward, and the choice of what goes back.
#[test]
fn an_iteration_of_network_a_is_what_the_formulas_say() {
    let product = |m: u64, n: u64, v: u64| 8 * (2 * m * n + 2 * n * v + m * v);
    let forward = product(128, 784, 128) + product(128, 128, 128) + product(128, 128, 10);
    let relus = 704 * 128 * (128 + 128 + 10);
    let division = 704 * 13 * 128 * 10;
    let of_weights = product(784, 128, 128) + product(128, 128, 128) + product(128, 128, 10);
    let of_values = product(128, 10, 128) + product(128, 128, 128);
    let masks = 40 * 128 * (128 + 128);
    let (ours, _) = iteration("[128, 128]");
    assert_eq!(total(&ours), forward + relus + division + of_weights + of_values + masks);
    assert_eq!(total(&ours), 45_731_840);
}
