//! Two parties without a dealer, against what was measured: online and offline phase apart, by party.

use std::path::Path;
use std::sync::OnceLock;

use mpcsim::data::{MNIST_CLASSES, MNIST_IMAGE};
use mpcsim::protocol::erased::Erased;
use mpcsim::protocol::parts::oblivious_transfer::Extension;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::semi2k::Semi2kSingleTriples;
use mpcsim::protocol::{Message, Protocol, RingShare, Start};
use mpcsim::ring::{Content, MatMul};
use mpcsim::run::{endpoints, layers, network, record, training_program};
use mpcsim::scenario::Scenario;
use mpcsim::secure::{Rounding, Secure};
use mpcsim::sim::{Party, all};
use serde::Deserialize;

use crate::secure::harness::{Program, Setting, Starter, execute};

#[derive(Deserialize)]
struct File {
    rows: Vec<serde_json::Value>,
}

/// A measured row.
#[derive(Clone, Deserialize)]
pub struct Row {
    op: Option<String>,
    online_bytes_by_party: [u64; 2],
    offline_bytes_by_party: [u64; 2],
    exchanges: u64,
}

/// A measured row and ours, once from matrix triples and once from single ones.
pub struct Compared {
    pub row: Row,
    /// Whether matrix products were made from single triples.
    pub single: bool,
    pub online_bytes_by_party: Vec<u64>,
    /// With the base transfers, which come once.
    pub offline_bytes_by_party: Vec<u64>,
    pub rounds: u64,
}

impl Compared {
    pub fn label(&self) -> String {
        let what = self.row.op.as_deref().unwrap_or("784-10, relu_gradient, no loss");
        format!("{what}{}", if self.single { ", single triples" } else { "" })
    }

    /// Bytes of both parties: online ours and theirs, offline ours and theirs.
    pub fn totals(&self) -> [u64; 4] {
        [
            self.online_bytes_by_party.iter().sum(),
            self.row.online_bytes_by_party.iter().sum(),
            self.offline_bytes_by_party.iter().sum(),
            self.row.offline_bytes_by_party.iter().sum(),
        ]
    }

    pub fn exchanges(&self) -> u64 {
        self.row.exchanges
    }
}

fn start<P: Start>(_: ProtocolName, party: Party<Message>, seed: u64, content: Content) -> Erased {
    Erased::new(P::start(party, seed, content))
}

/// The measured operations, their operands being shared already.
enum Layer {
    /// 28 x 28 pixels to 14 x 14 x 5: a product of the pixels around each of them with the filters, rounded.
    Convolution,
    /// 12 x 12 x 16 values.
    Relu,
    /// The largest of four, 4 x 4 x 16 times, and which one it was.
    MaxPool,
}

/// The filters cover 5 rows and columns of the image, or less at its edges, where there is nothing to multiply: matrix
/// products for the places that cover equally much.
fn windows() -> impl Iterator<Item = MatMul> {
    // Of 14 places in steps of 2 pixels, the first begins one pixel before the image, the last ends two behind it.
    let covered = [(12, 5), (1, 4), (1, 3)];
    let pairs = covered.into_iter().flat_map(move |rows| covered.map(|columns| (rows, columns)));
    pairs.map(|((n, height), (m, width))| MatMul::new(n * m, height * width, 5))
}

impl Layer {
    fn of(op: &str) -> Layer {
        match op {
            "conv5x5" => Layer::Convolution,
            "relu_layer" => Layer::Relu,
            "maxpool2x2" => Layer::MaxPool,
            _ => panic!("no layer {op}"),
        }
    }

    fn input_lens(&self) -> Vec<usize> {
        match self {
            Layer::Convolution => {
                windows().flat_map(|shape| [shape.rows * shape.inner, 5 * shape.inner]).collect()
            }
            Layer::Relu => vec![12 * 12 * 16],
            Layer::MaxPool => vec![4 * 4 * 16; 4],
        }
    }
}

impl Program for Layer {
    async fn run<P: Protocol>(&self, s: &Secure<P>, x: &[P::Share]) -> Vec<P::Share> {
        match self {
            Layer::Convolution => {
                let strands = s.fork_n(windows().count());
                let products = strands.iter().zip(windows()).zip(x.chunks_exact(2));
                all(products.map(|((s, shape), x)| s.fixed_matmul(&x[0], &x[1], shape)).collect()).await
            }
            Layer::Relu => {
                let (values, positive) = s.relu(&x[0]).await;
                vec![values, positive]
            }
            Layer::MaxPool => {
                let n = x[0].len();
                let left = P::Share::concat(&[&x[0], &x[2]]);
                let right = P::Share::concat(&[&x[1], &x[3]]);
                let first = s.greater(&left, &right).await;
                let larger = s.select(&first, &left, &right).await;
                let [a, b] = [larger.slice(0, n), larger.slice(n, 2 * n)];
                let second = s.greater(&a, &b).await;
                let largest = s.select(&second, &a, &b).await;
                // The places: c and 1 - c times those of each half.
                let places = first.chunks(2);
                let of_left = P::Share::concat(&[&second, &second]);
                let one_hot = P::Share::concat(&[&places[0], &places[1]]);
                let left = s.protocol.mul(&of_left, &one_hot).await;
                let right = s.protocol.mul(&of_left, &one_hot.neg()).await;
                vec![largest, left, right]
            }
        }
    }
}

fn of_operation(row: &Row, op: &str, single: bool) -> Compared {
    let layer = Layer::of(op);
    let inputs: Vec<Vec<i64>> = layer.input_lens().into_iter().map(|len| vec![0; len]).collect();
    let setting = Setting::of(ProtocolName::Semi2k, Rounding::Probabilistic);
    let starter: Starter = if single { start::<Semi2kSingleTriples> } else { ProtocolName::start };
    let outcome = execute(&layer, &inputs, (0, Content::Shape), setting, starter);
    let base: u64 = Extension::SOFT_SPOKEN.set_up_bytes().iter().sum();
    Compared {
        row: row.clone(),
        single,
        online_bytes_by_party: outcome.bytes(),
        offline_bytes_by_party: outcome.offline_bytes().iter().map(|bytes| bytes + base).collect(),
        rounds: outcome.rounds,
    }
}

fn of_iteration(row: &Row, is_single: bool) -> Compared {
    let triples = if is_single { "single" } else { "matrix" };
    let scenario = format!(
        "(name: \"fidelity\", protocol: semi2k, triples: {triples}, rounding: probabilistic, model: dense(hidden: []), \
         softmax: relu_gradient, loss: false, data: mnist(train: 60000, test: 10000), \
         training: (iterations: 1, batch: 128), network: preset(\"lan\"), compute: none)"
    );
    let plan = Scenario::parse(&scenario, "fidelity.ron", Path::new("."), &[])
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let program = training_program(&plan, &layers(&plan, MNIST_IMAGE, MNIST_CLASSES).unwrap(), 60_000);
    let recorded = record(&plan, &program).expect("the program runs");
    let costs = recorded
        .costs(&network(&plan.network, plan.seed), &endpoints(&plan.compute), &[])
        .expect("the program replays");
    let [offline, online] = costs.iteration_apart.expect("an offline phase");
    // Data and weights are shared without a message: the set-up is that of the base transfers.
    let with_base = offline.payload_bytes_by_party.iter().zip(&costs.setup.payload_bytes_by_party);
    Compared {
        row: row.clone(),
        single: is_single,
        online_bytes_by_party: online.payload_bytes_by_party,
        offline_bytes_by_party: with_base.map(|(offline, base)| offline + base).collect(),
        rounds: costs.iteration.rounds,
    }
}

/// The rows of the file, each with matrix triples and with single ones.
pub fn compared() -> &'static [Compared] {
    static COMPARED: OnceLock<Vec<Compared>> = OnceLock::new();
    COMPARED.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/mpspdz-more.json");
        let text = std::fs::read_to_string(path).expect("the reference figures are there");
        let file: File = serde_json::from_str(&text).expect("the reference figures are JSON");
        let rows = file.rows.into_iter().filter(|row| row["protocol"] == "semi2k");
        let rows = rows.map(|row| serde_json::from_value::<Row>(row).expect("a row of semi2k"));
        rows.flat_map(|row| {
            [false, true].map(|single| match &row.op {
                Some(op) => of_operation(&row, op, single),
                None => of_iteration(&row, single),
            })
        })
        .filter(|c| !c.single || !matches!(c.row.op.as_deref(), Some("relu_layer" | "maxpool2x2")))
        .collect()
    })
}

#[test]
fn every_measured_row_is_reached_or_bettered() {
    assert_eq!(compared().len(), 4 + 2);
    for c in compared() {
        println!(
            "{}: {:?}, {:?}, {} rounds",
            c.label(),
            c.online_bytes_by_party,
            c.offline_bytes_by_party,
            c.rounds
        );
        for (ours, theirs) in [
            (&c.online_bytes_by_party, c.row.online_bytes_by_party),
            (&c.offline_bytes_by_party, c.row.offline_bytes_by_party),
        ] {
            for (ours, theirs) in ours.iter().zip(theirs) {
                assert!(*ours <= theirs, "{}: {ours} bytes of {theirs}", c.label());
            }
        }
        assert!(c.rounds <= c.row.exchanges, "{}: {} rounds", c.label(), c.rounds);
    }
}
