//! The rows of the reference file, and our figures for them.

use std::path::Path;
use std::sync::OnceLock;

use mpcsim::data::{MNIST_CLASSES, MNIST_IMAGE};
use mpcsim::run::{self, Operation, OperationCost, endpoints, network, record, training_program};
use mpcsim::scenario::{Protocol, Rounding, Scenario};
use serde::Deserialize;

/// The protocols whose rows are compared; the reference file has them under the same names.
pub const PROTOCOLS: [Protocol; 4] = [Protocol::Rep3, Protocol::Rep4, Protocol::SyRep3, Protocol::Beaver2];

#[derive(Deserialize)]
struct File {
    rows: Vec<Row>,
}

/// A measured row.
#[derive(Clone, Deserialize)]
pub struct Row {
    protocol: String,
    pub rounding: String,
    #[serde(flatten)]
    pub what: What,
    pub payload_bytes: u64,
    pub payload_bytes_by_party: Vec<u64>,
    pub exchanges: u64,
    /// What the reference's compiler predicts for an iteration without padding and batches: online, offline.
    pub static_online_bytes: Option<u64>,
    pub static_offline_bytes: Option<u64>,
}

/// What was measured.
#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum What {
    Op { op: String, n: usize },
    Iteration { softmax: String, loss: bool, layers: Vec<usize>, batch: usize },
}

impl Row {
    /// Ours of the same name.
    pub fn protocol(&self) -> Protocol {
        Self::compared_protocol(&self.protocol).expect("only rows of compared protocols are kept")
    }

    fn compared_protocol(name: &str) -> Option<Protocol> {
        PROTOCOLS.into_iter().find(|protocol| protocol.name() == name)
    }

    pub fn label(&self) -> String {
        match &self.what {
            What::Op { op, .. } if self.is_fixed() => op.clone(),
            What::Op { op, n } => format!("{op}, n = {n}"),
            What::Iteration { softmax, loss, layers, .. } => {
                let widths: Vec<String> = layers.iter().map(usize::to_string).collect();
                let loss = if *loss { "with loss" } else { "no loss" };
                format!("{}, {softmax}, {loss}", widths.join("-"))
            }
        }
    }

    /// Whether the length does not matter.
    pub fn is_fixed(&self) -> bool {
        matches!(self.what, What::Op { .. }) && self.operation().counts().is_empty()
    }

    /// Whether it is an operation on so few elements that padding weighs most.
    pub fn is_short(&self) -> bool {
        matches!(self.what, What::Op { n, .. } if n < 128) && !self.is_fixed()
    }

    /// What an operation costs us for vectors of another length.
    pub fn cost_of(&self, n: usize) -> OperationCost {
        self.operation().cost(self.protocol(), self.rounding(), n, None).expect("an operation runs")
    }

    fn operation(&self) -> Operation {
        let What::Op { op, .. } = &self.what else { panic!("an iteration is no operation") };
        Operation::ALL.into_iter().find(|o| o.name() == op).unwrap_or_else(|| panic!("no operation {op}"))
    }

    fn rounding(&self) -> Rounding {
        let name = |rounding: &Rounding| rounding.name() == self.rounding;
        Rounding::ALL.into_iter().find(name).expect("a rounding of ours")
    }
}

/// A measured row and our figures.
pub struct Compared {
    pub row: Row,
    pub payload_bytes: u64,
    pub payload_bytes_by_party: Vec<u64>,
    pub rounds: u64,
}

impl Compared {
    fn of(row: Row) -> Compared {
        let (rounds, payload_bytes_by_party) = match &row.what {
            What::Op { n, .. } => {
                let cost = row.cost_of(*n);
                (cost.rounds + cost.offline_rounds, cost.payload_bytes_by_party)
            }
            What::Iteration { .. } => iteration(&row),
        };
        let payload_bytes = payload_bytes_by_party.iter().sum();
        Compared { row, payload_bytes, payload_bytes_by_party, rounds }
    }

    /// Our bytes that do not depend on the length of vectors: hashes and keys. Lengths are multiples of eight, so that no byte is
    /// partly used.
    pub fn hash_bytes(&self) -> u64 {
        let [eight, sixteen] = [8, 16].map(|n| self.row.cost_of(n).payload_bytes);
        2 * eight - sixteen
    }

    /// Ours in parts of theirs.
    pub fn ratio(&self) -> f64 {
        self.payload_bytes as f64 / self.row.payload_bytes as f64
    }

    /// By how much a party's share of the total differs at most, as a fraction of the total.
    pub fn largest_share_difference(&self) -> f64 {
        let share = |bytes: u64, total: u64| bytes as f64 / total as f64;
        let pairs = self.payload_bytes_by_party.iter().zip(&self.row.payload_bytes_by_party);
        pairs
            .map(|(&ours, &theirs)| {
                (share(ours, self.payload_bytes) - share(theirs, self.row.payload_bytes)).abs()
            })
            .fold(0.0, f64::max)
    }
}

/// Rounds and bytes by party of an iteration.
fn iteration(row: &Row) -> (u64, Vec<u64>) {
    let What::Iteration { softmax, loss, layers, batch } = &row.what else { panic!("an iteration") };
    let [inputs, hidden @ .., classes] = &layers[..] else { panic!("widths") };
    assert_eq!((*inputs, *classes), (MNIST_IMAGE.values(), MNIST_CLASSES));
    let scenario = format!(
        "(name: \"fidelity\", protocol: {}, rounding: {}, model: dense(hidden: {hidden:?}), softmax: {softmax}, \
         loss: {loss}, data: mnist(train: 60000, test: 10000), training: (iterations: 1, batch: {batch}), \
         network: preset(\"lan\"), compute: none)",
        row.protocol().name(),
        row.rounding
    );
    let plan = Scenario::parse(&scenario, "fidelity.ron", Path::new("."), &[])
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let layers = run::layers(&plan, MNIST_IMAGE, MNIST_CLASSES).expect("layers that fit");
    let program = training_program(&plan, &layers, 60_000);
    let recorded = record(&plan, &program).expect("the program runs");
    let costs = recorded
        .costs(&network(&plan.network, plan.seed), &endpoints(&plan.compute), &[])
        .expect("the program replays");
    (costs.iteration.rounds, costs.iteration.payload_bytes_by_party)
}

/// The rows of a protocol, in the order of the file.
pub fn compared_of(protocol: Protocol) -> impl Iterator<Item = &'static Compared> {
    compared().iter().filter(move |c| c.row.protocol() == protocol)
}

/// The rows of all protocols.
pub fn compared() -> &'static [Compared] {
    static COMPARED: OnceLock<Vec<Compared>> = OnceLock::new();
    COMPARED.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/mpspdz-costs.json");
        let text = std::fs::read_to_string(path).expect("the reference figures are there");
        let file: File = serde_json::from_str(&text).expect("the reference figures are JSON");
        file.rows
            .into_iter()
            .filter(|row| Row::compared_protocol(&row.protocol).is_some())
            .map(Compared::of)
            .collect()
    })
}
