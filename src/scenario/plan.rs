//! The checked plan: what a run is told to do.
//!
//! A `Plan` comes out of [`crate::scenario::Scenario`] only, with every default filled in, every unit
//! converted to an integer and every limit checked. The rooms that read it need not check again.

use std::path::Path;

use crate::data::DataPath;
pub use crate::data::{DataSource, Owners};
use crate::nn::Descent;
pub use crate::nn::{Adam, BatchDivision, InverseRoot, LayerKind, Optimizer, Rate, Sgd};
pub use crate::protocol::registry::ProtocolName as Protocol;
pub use crate::protocol::secureml::TriplesBy;
pub use crate::protocol::semi2k::Triples;
pub use crate::secure::{FixedPoint, Rounding};
pub use crate::sim::{Change, Down, Faults, Interface, Jitter, Link, Slow, Stop, Tcp, Which, WireOverhead};
pub use crate::softmax::Softmax;

/// Everything that decides a run: the scenario file after defaults, overrides and checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Name of the scenario; names the folder of its results. Letters, digits, spaces, `-`, `_` and `.` only.
    pub name: String,
    /// Seed of every random stream of the run.
    pub seed: u64,
    /// The secure computation protocol, with who makes its triples.
    pub protocol: Protocol,
    /// What its matrix products take, if it makes triples.
    pub triples: Triples,
    /// How a product is brought back to the fixed-point scale.
    pub rounding: Rounding,
    /// The number format of secret values.
    pub fixed_point: FixedPoint,
    /// In which numbers training runs that gives the accuracy.
    pub numbers: Numbers,
    /// The network that is trained, between input and output layer.
    pub model: Model,
    /// The variant of the output layer.
    pub softmax: Softmax,
    /// Whether the loss is computed (securely) too. It costs rounds and bytes, and changes no weight.
    pub loss: bool,
    /// Where rows come from.
    pub data: DataSource,
    /// Which party brings which part of the training data.
    pub owners: Owners,
    /// Length and constants of the training.
    pub training: Training,
    /// Links and interfaces between the parties.
    pub network: NetworkPlan,
    /// What local work costs.
    pub compute: ComputePlan,
    /// When the offline phase of an iteration is.
    pub offline: Offline,
    /// What goes wrong in the training.
    pub faults: Faults,
    /// A party that does not send what it should.
    pub adversary: Option<Adversary>,
}

/// In which numbers training runs that gives the accuracy. Costs are those of the program in fixed point, whatever these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Those of the program.
    FixedPoint,
    /// In double precision, in the clear.
    Float64,
    /// In single precision, in the clear.
    Float32,
}

impl Numbers {
    /// All of them.
    pub const ALL: [Numbers; 3] = [Numbers::FixedPoint, Numbers::Float64, Numbers::Float32];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Numbers::FixedPoint => "fixed_point",
            Numbers::Float64 => "float64",
            Numbers::Float32 => "float32",
        }
    }
}

/// When the offline phase of an iteration is, of protocols that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// Before its online phase.
    Before,
    /// Beside the online phase of the iteration before.
    Overlapped,
    /// It does not count, nor do those of set-up and restarts.
    Excluded,
}

impl Offline {
    /// All of them.
    pub const ALL: [Offline; 3] = [Offline::Before, Offline::Overlapped, Offline::Excluded];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Offline::Before => "before",
            Offline::Overlapped => "overlapped",
            Offline::Excluded => "excluded",
        }
    }
}

/// A party that does not send what it should in the training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adversary {
    /// Who.
    pub party: usize,
    /// What becomes of its messages.
    pub does: Misdeed,
    /// Which of its messages, counted over the whole training.
    pub which: Which,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdeed {
    /// A bit of it is the other one.
    Flip,
    /// It says something random.
    Replace,
    /// It says what was sent before.
    Replay,
    /// It is not sent.
    Drop,
    /// It comes later.
    Delay {
        /// By so much.
        delay_ps: u64,
    },
}

impl Misdeed {
    /// Whether it alters what messages say.
    pub fn alters(self) -> bool {
        matches!(self, Misdeed::Flip | Misdeed::Replace | Misdeed::Replay)
    }

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Misdeed::Flip => "flip",
            Misdeed::Replace => "replace",
            Misdeed::Replay => "replay",
            Misdeed::Drop => "drop",
            Misdeed::Delay { .. } => "delay",
        }
    }
}

impl Plan {
    /// The same plan as a file in `folder` has to write it: paths of data hold there. The folder need not be there yet.
    pub fn seen_from(&self, folder: &Path) -> Plan {
        self.with_paths(|path| path.seen_from(folder))
    }

    /// The same plan, paths written in another way.
    pub(crate) fn with_paths(&self, write: impl Fn(&DataPath) -> String) -> Plan {
        let mut same = Plan { data: self.data.with_paths(&write), ..self.clone() };
        if let InitialWeights::File(path) = &mut same.training.initial_weights {
            path.written = write(path);
        }
        same
    }
}

/// What is trained. The size of the inputs follows from the data, and so does the output layer, which is dense.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The layers before the output layer, first to last, which fit each other and the data.
    pub layers: Vec<LayerKind>,
}

impl Model {
    /// All layers, the output layer with so many logits included.
    pub fn with_output(&self, logits: usize) -> Vec<LayerKind> {
        self.layers.iter().cloned().chain([LayerKind::Dense { outputs: logits }]).collect()
    }

    /// Neurons of each hidden layer, first to last, if all are dense with ReLU behind each.
    pub fn hidden(&self) -> Option<Vec<usize>> {
        let width = |pair: &[LayerKind]| match pair {
            [LayerKind::Dense { outputs }, LayerKind::Relu] => Some(*outputs),
            _ => None,
        };
        self.layers.chunks(2).map(width).collect()
    }
}

/// Length and constants of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// When it stops.
    pub length: Length,
    /// Rows of one iteration: at least 1, at most the rows to train on, below 2^(bits of a number).
    pub batch: usize,
    /// Learning rates, positive, and neither zero nor too large in fixed point: the first from epoch 1 on, in the order of
    /// their epochs.
    pub rates: Vec<Rate>,
    /// How weights follow their gradients. In fixed point no share of what was is one, only 0 itself is 0, and epsilon is
    /// not zero.
    pub optimizer: Optimizer,
    /// What a step takes off each parameter, times the learning rate: 0 up to (not including) 1.
    pub weight_decay: f64,
    /// Fraction of test rows: an epoch that ends with fewer right answers halves the learning rate and
    /// starts from fresh weights. 0.0: never.
    pub restart_below: f64,
    /// Where the initial weights come from.
    pub initial_weights: InitialWeights,
    /// After every so many iterations, counted over the training, the test accuracy is looked at; `None`: only at the end of
    /// each epoch, where it is looked at anyway.
    pub evaluate_every: Option<u64>,
    /// Accuracies of which it is told when they are reached and kept: above 0, at most 1, ascending, each once. Empty: round
    /// ones, which follow from the accuracies.
    pub targets: Vec<f64>,
}

/// Where the initial weights of a training come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitialWeights {
    /// Party 0 draws them and inputs them.
    Glorot,
    /// The parties draw them together, and no one knows them.
    Secret,
    /// Party 0 inputs those of an archive of NumPy arrays.
    File(DataPath),
}

impl Training {
    /// All that decides its steps.
    pub fn descent(&self) -> Descent {
        let Training {
            length: _,
            batch,
            rates,
            optimizer,
            weight_decay,
            restart_below: _,
            initial_weights: _,
            evaluate_every: _,
            targets: _,
        } = self;
        Descent { optimizer: *optimizer, rates: rates.clone(), weight_decay: *weight_decay, batch: *batch }
    }
}

/// When a training stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// After so many passes over the data.
    Epochs(u64),
    /// After so many batches.
    Iterations(u64),
}

/// The network, every link written out.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkPlan {
    /// The preset's name, or `custom`, or what the scenario calls it.
    pub label: String,
    /// Number of parties.
    pub parties: usize,
    /// One entry per directed link, `parties * parties`, row = from. The diagonal is idle.
    pub links: Vec<Link>,
    /// One entry per party; parties of one site have the same, which they share.
    pub interfaces: Vec<Interface>,
    /// Where the parties are; empty if the scenario does not say.
    pub sites: Vec<Site>,
    /// Whether all links are one wire.
    pub one_wire: bool,
    /// What links change into, link by link in the order of time.
    pub changes: Vec<Change>,
    /// TCP's congestion window on each link.
    pub tcp: Option<Tcp>,
    /// Bytes that the wire adds.
    pub overhead: WireOverhead,
    /// What others use of links and interfaces.
    pub background: Background,
}

/// Shares of a rate that others use at every moment, in millionths: what is left is the rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Background {
    /// By link, `parties * parties`, row = from.
    pub links: Vec<u64>,
    /// By party, of its outgoing and of its incoming interface.
    pub up: Vec<u64>,
    /// See `up`.
    pub down: Vec<u64>,
}

impl Background {
    /// Among so many parties there is none.
    pub fn none(parties: usize) -> Background {
        Background { links: vec![0; parties * parties], up: vec![0; parties], down: vec![0; parties] }
    }

    /// The greatest share.
    pub fn most(&self) -> u64 {
        self.links.iter().chain(&self.up).chain(&self.down).copied().max().unwrap_or(0)
    }

    /// What a share leaves of a rate in bits per second, rounded down; at least one bit.
    pub fn left_bps(bps: Option<u64>, share: u64) -> Option<u64> {
        let left = |bps: u64| (u128::from(bps) * u128::from(1_000_000 - share) / 1_000_000) as u64;
        bps.map(|bps| left(bps).max(1))
    }
}

/// A place with a way in and a way out, and who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name: letters, digits, spaces, `-`, `_` and `.` only.
    pub name: String,
    /// The parties there: at least one.
    pub parties: Vec<usize>,
}

impl NetworkPlan {
    /// The link that carries messages of `from` to `to`.
    pub fn link(&self, from: usize, to: usize) -> &Link {
        assert!(from < self.parties && to < self.parties, "there is no link {from} -> {to}");
        &self.links[from * self.parties + to]
    }

    /// Sender and receiver of every link.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let parties = self.parties;
        let pairs = (0..parties).flat_map(move |from| (0..parties).map(move |to| (from, to)));
        pairs.filter(|(from, to)| from != to)
    }

    /// How many places there are: sites, or parties.
    pub fn places(&self) -> usize {
        if self.sites.is_empty() { self.parties } else { self.sites.len() }
    }

    /// The place of a party among the sites; its number if there are none.
    pub fn place_of(&self, party: usize) -> usize {
        self.sites.iter().position(|site| site.parties.contains(&party)).unwrap_or(party)
    }

    /// What results call the parties, if sites have names: the site's name, with the party's number where it is not alone there.
    pub fn party_names(&self) -> Option<Vec<String>> {
        let name = |party: usize| {
            let site = &self.sites[self.place_of(party)];
            if site.parties.len() == 1 { site.name.clone() } else { format!("{} (party {party})", site.name) }
        };
        (!self.sites.is_empty()).then(|| (0..self.parties).map(name).collect())
    }
}

/// What local work costs, party by party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputePlan {
    /// The preset's name, or `none`, or `custom`, or what the scenario calls it.
    pub label: String,
    /// One entry per party.
    pub parties: Vec<PartyCompute>,
}

/// Costs of one party. Costs of messages are picoseconds each; costs of arithmetic are femtoseconds per unit,
/// already divided by the party's speed factor and number of cores (rounded to the nearest).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartyCompute {
    /// Sending one message, picoseconds.
    pub send_ps: u64,
    /// Receiving one message, picoseconds.
    pub receive_ps: u64,
    /// What a receive costs on top if it had to wait (a thread is woken), picoseconds.
    pub wake_ps: u64,
    /// One addition in the ring, femtoseconds.
    pub add_fs: u64,
    /// One elementwise multiplication in the ring, femtoseconds.
    pub multiply_fs: u64,
    /// One multiply-accumulate of a matrix product, femtoseconds.
    pub mac_fs: u64,
    /// One operation on a 64-bit word of packed bits, femtoseconds.
    pub bit_word_fs: u64,
    /// One random byte, femtoseconds.
    pub random_byte_fs: u64,
}
