//! Layers alone, and iterations of convolutional networks, against the rows of `mpspdz-more.json`.

use std::path::Path;
use std::sync::OnceLock;

use mpcsim::data::{MNIST_CLASSES, MNIST_IMAGE};
use mpcsim::run::{self, Operation, endpoints, network, record, training_program};
use mpcsim::scenario::{Protocol, Rounding, Scenario};
use serde::Deserialize;

use super::{AT_LEAST, SHARE};

#[derive(Deserialize)]
struct File {
    rows: Vec<serde_json::Value>,
}

/// A measured row.
#[derive(Clone, Deserialize)]
pub struct Row {
    protocol: String,
    #[serde(flatten)]
    pub what: What,
    pub payload_bytes: u64,
    payload_bytes_by_party: Vec<u64>,
    pub exchanges: u64,
}

/// What was measured.
#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum What {
    Op { op: String, pass: String, batch: usize, input: [usize; 3], output: [usize; 3] },
    Iteration { softmax: String, network: String, batch: usize },
}

impl Row {
    pub fn protocol(&self) -> Protocol {
        if self.protocol == "rep3" { Protocol::Rep3 } else { Protocol::Rep4 }
    }

    pub fn is_iteration(&self) -> bool {
        matches!(self.what, What::Iteration { .. })
    }

    pub fn label(&self) -> String {
        match &self.what {
            What::Iteration { softmax, network, .. } => format!("{network}, {softmax}"),
            What::Op { op, pass, batch, input, output } => {
                let size = |size: &[usize; 3]| size.map(|n| n.to_string()).join(" x ");
                let pass = pass.replace('_', " of ");
                format!("{op}, {} to {}, {pass}, batch {batch}", size(input), size(output))
            }
        }
    }

    /// Ours of the same name, and its length.
    fn operation(&self) -> (Operation, usize) {
        let What::Op { op, pass, batch, input, output } = &self.what else { panic!("an operation") };
        let values: usize = output.iter().product();
        let back = if pass == "forward" { "" } else { "_backward" };
        let (name, n) = match op.as_str() {
            "conv5x5" => (format!("conv{}_{}{back}", input[2], output[2]), *batch),
            "maxpool2x2" => (format!("max_pool{back}"), batch * values),
            "avgpool2x2" => (format!("avg_pool{back}"), batch * values),
            "relu_layer" if pass == "forward" => ("relu".to_string(), batch * values),
            "relu_layer" => ("mul".to_string(), batch * values),
            other => panic!("no operation {other}"),
        };
        let found = Operation::ALL.into_iter().find(|operation| operation.name() == name);
        (found.unwrap_or_else(|| panic!("no operation {name}")), n)
    }
}

/// A row and our figures.
pub struct Compared {
    pub row: Row,
    pub payload_bytes: u64,
    by_party: Vec<u64>,
    pub rounds: u64,
}

impl Compared {
    fn of(row: Row) -> Compared {
        let (rounds, by_party) = if row.is_iteration() {
            iteration(&row)
        } else {
            let (operation, n) = row.operation();
            let cost = operation.cost(row.protocol(), Rounding::Probabilistic, n, None).expect("it runs");
            (cost.rounds, cost.payload_bytes_by_party)
        };
        Compared { row, payload_bytes: by_party.iter().sum(), by_party, rounds }
    }

    /// Ours in parts of theirs.
    pub fn ratio(&self) -> f64 {
        self.payload_bytes as f64 / self.row.payload_bytes as f64
    }

    /// By how much a party's share of the total differs at most.
    pub fn largest_share_difference(&self) -> f64 {
        let share = |bytes: u64, total: u64| bytes as f64 / total as f64;
        let pairs = self.by_party.iter().zip(&self.row.payload_bytes_by_party);
        pairs
            .map(|(&ours, &theirs)| {
                (share(ours, self.payload_bytes) - share(theirs, self.row.payload_bytes)).abs()
            })
            .fold(0.0, f64::max)
    }

    fn describe(&self) -> String {
        format!(
            "{}, {}: {} bytes of {}, {:.2} %; shares {:.2} points apart; {} rounds of {} exchanges",
            self.row.protocol().name(),
            self.row.label(),
            self.payload_bytes,
            self.row.payload_bytes,
            100.0 * self.ratio(),
            100.0 * self.largest_share_difference(),
            self.rounds,
            self.row.exchanges
        )
    }
}

/// Rounds and bytes by party of an iteration.
fn iteration(row: &Row) -> (u64, Vec<u64>) {
    let What::Iteration { softmax, network: name, batch } = &row.what else { panic!("an iteration") };
    let model = match name.as_str() {
        "D1" => "[conv(kernel: 5, channels: 5, stride: 2, padding: same), relu]".to_string(),
        "D2" => "preset(\"D\")".to_string(),
        other => format!("preset({other:?})"),
    };
    let scenario = format!(
        "(name: \"fidelity\", protocol: {}, rounding: probabilistic, model: {model}, softmax: {softmax}, data: mnist, \
         training: (iterations: 1, batch: {batch}), network: preset(\"lan\"), compute: none)",
        row.protocol().name(),
    );
    let plan = Scenario::parse(&scenario, "fidelity.ron", Path::new("."), &[])
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let layers = run::layers(&plan, MNIST_IMAGE, MNIST_CLASSES).expect("layers that fit");
    let recorded = record(&plan, &training_program(&plan, &layers, 60_000)).expect("the program runs");
    let costs = recorded
        .costs(&network(&plan.network, plan.seed), &endpoints(&plan.compute), &[])
        .expect("the program replays");
    (costs.iteration.rounds, costs.iteration.payload_bytes_by_party)
}

/// The rows of `rep3` and `rep4`, in the order of the file: all layers but max pooling that keeps nothing for the way back, and
/// convolutional networks with the same optimiser as ours.
pub fn compared() -> &'static [Compared] {
    static COMPARED: OnceLock<Vec<Compared>> = OnceLock::new();
    COMPARED.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/mpspdz-more.json");
        let text = std::fs::read_to_string(path).expect("the reference figures are there");
        let file: File = serde_json::from_str(&text).expect("the reference figures are JSON");
        let wanted = |row: &serde_json::Value| {
            let sgd = row["optimizer"].is_null() || row["optimizer"] == "sgd";
            let layer = row["kind"] == "op" && row["keep_bits"] != false;
            let network = ["B", "C", "D1", "D2"].iter().any(|name| row["network"] == *name);
            (row["protocol"] == "rep3" || row["protocol"] == "rep4") && sgd && (layer || network)
        };
        let rows = file.rows.into_iter().filter(wanted);
        rows.map(|row| Compared::of(serde_json::from_value(row).expect("a row"))).collect()
    })
}

/// Whether the reference sends so much for the hashes of each piece that the row is below [`AT_LEAST`]: under `rep4` it pools
/// channel by channel of each example, and compares in pieces, with hashes for each.
pub fn has_hashes_of_pieces(c: &Compared) -> bool {
    let What::Op { op, pass, .. } = &c.row.what else { return false };
    let pieces = op != "conv5x5" && (op != "relu_layer" || pass == "forward");
    c.row.protocol() == Protocol::Rep4 && pieces
}

#[test]
fn layers_and_networks_agree() {
    let mut wrong = Vec::new();
    for c in compared() {
        println!("{}", c.describe());
        // Hashes are no one's equal share: of half of the parties twice as many.
        let (least, share) = if has_hashes_of_pieces(c) { (0.8, 4.0 * SHARE) } else { (AT_LEAST, SHARE) };
        if !((least..=1.0).contains(&c.ratio()) && c.largest_share_difference() <= share) {
            wrong.push(c.describe());
        }
        assert!(c.rounds <= c.row.exchanges, "{}", c.describe());
    }
    assert!(compared().len() > 60, "{} rows", compared().len());
    assert!(wrong.is_empty(), "outside of the bounds:\n{}", wrong.join("\n"));
}

/// What follows from the operations alone: 24 bytes of a product, 32 of a rounding, and for a comparison what it is there, less an
/// and and an eighth of a byte.
#[test]
fn layers_of_rep3_cost_what_their_operations_do() {
    let bytes = |name: &str, n: usize| {
        let operation = Operation::ALL.into_iter().find(|operation| operation.name() == name).unwrap();
        operation.cost(Protocol::Rep3, Rounding::Probabilistic, n, None).unwrap().payload_bytes
    };
    assert_eq!(bytes("conv1_16", 128), 56 * 128 * 9216);
    assert_eq!(bytes("conv1_16_backward", 128), 56 * 400);
    assert_eq!(bytes("conv16_16_backward", 128), 56 * (6400 + 128 * 2304));
    assert_eq!(bytes("conv20_50_backward", 3), 56 * (25_000 + 3 * 2880));
    assert_eq!(bytes("max_pool", 800), 800 * (369_375 - 3 * (375 + 125)) / 1000);
    assert_eq!(bytes("max_pool_backward", 800), 800 * 96);
    assert_eq!(bytes("avg_pool", 800), 800 * 32);
    assert_eq!(bytes("avg_pool_backward", 800), 800 * 32);
}
