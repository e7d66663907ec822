//! The cost of one secure operation on vectors, counted on shapes: what `mpcsim cost` prints.
//!
//! To add an operation, write one line in the table, the lengths of its operands, and what it does to them. Output layers come
//! from their own registry.

use std::future::Future;
use std::pin::Pin;

use super::layer_operations::{LayerOperation, LayerShape, Pass};
use super::world::world;
use crate::ledger::Cost;
use crate::nn::{LayerKind, Padding};
use crate::protocol::registry::{ProtocolName, Starter, Visitor};
use crate::protocol::{Demand, Message, Protocol, RingShare, Role};
use crate::ring::{Content, MatMul, Vector};
use crate::scenario::{ComputePlan, NetworkPlan};
use crate::secure::{FixedPoint, Numerator, Rounding, Secure};
use crate::sim::{Link, Network, SimError, Simulation, WireOverhead, World};
use crate::softmax::{Logits, Softmax};

/// Classes of the output layers and length of the rows of `max10`.
const CLASSES: usize = 10;
/// Length of the dot products.
const DOT: usize = 128;
/// The matrix product of a batch of 128 rows with a layer of 784 inputs and 128 outputs.
const MATRICES: (usize, usize, usize) = (128, 784, 128);
/// Whose input the operands are.
const OWNER: usize = 0;

macro_rules! operations {
    ($($name:literal, $variant:ident, $n:literal, $description:literal, $how:literal;)*) => {
        /// An operation whose cost can be asked for.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Operation {
            $(#[doc = $description] $variant,)*
            /// A variant of the output layer, forward and backward, without loss.
            OutputLayer(Softmax),
            /// A product of matrices of fixed-point numbers of these shapes, rounded.
            Product(MatMul),
            /// A pass of a layer.
            Layer(LayerShape, Pass),
        }

        /// All but the output layers.
        const PLAIN: [Operation; [$($name),*].len()] = [$(Operation::$variant),*];

        impl Operation {

            /// The name on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $(Operation::$variant => $name,)*
                    Operation::OutputLayer(softmax) => softmax.name(),
                    Operation::Product(_) => Operation::MatMul.name(),
                    Operation::Layer(_, Pass::Forward) => "layer",
                    Operation::Layer(_, _) => "layer_backward",
                }
            }

            /// One line on what it computes.
            pub fn description(self) -> &'static str {
                match self {
                    $(Operation::$variant => $description,)*
                    Operation::OutputLayer(softmax) => softmax.description(),
                    Operation::Product(_) => "matrix product of fixed-point numbers, rounded",
                    Operation::Layer(_, Pass::Forward) => "a layer, from what goes in to what comes out",
                    Operation::Layer(_, _) => "gradients of its parameters and of what goes in",
                }
            }

            /// By which formula, and where it is from.
            pub fn how(self) -> &'static str {
                match self {
                    $(Operation::$variant => $how,)*
                    Operation::OutputLayer(softmax) => softmax.formula(),
                    Operation::Product(_) => Operation::MatMul.how(),
                    Operation::Layer(_, _) => "as in a training",
                }
            }

            /// What n counts; empty if n does not matter.
            pub fn counts(self) -> &'static str {
                match self {
                    $(Operation::$variant => $n,)*
                    Operation::OutputLayer(_) => "rows of ten",
                    Operation::Product(_) => "",
                    Operation::Layer(_, _) => "rows",
                }
            }
        }
    };
}

operations! {
    "input", Input, "values", "party 0 shares secret values",
        "the protocol's own";
    "open", Open, "values", "everybody learns the values",
        "the protocol's own";
    "mul", Mul, "products", "product in the ring",
        "the protocol's own";
    "dot128", Dot, "dot products", "dot product of length 128 in the ring",
        "the protocol's own";
    "matmul_ring", MatMulRing, "", "matrix product 128 x 784 by 784 x 128 in the ring",
        "the protocol's own";
    "trunc", Truncate, "values", "a product of fixed-point numbers, rounded: of 47 bits by 16 if they have 31 with 16 after the point",
        "probabilistic: the protocol's own; nearest: sum of (x_i >> m) + low carries - 2^(w-m) high carries for the summands x_i modulo 2^w, m = f; Catrina and de Hoogh, SCN 2010, on rings";
    "fixmul", FixedMul, "products", "product of fixed-point numbers, rounded",
        "trunc(x y); Catrina and Saxena, FC 2010";
    "fixdot128", FixedDot, "dot products", "dot product of length 128 of fixed-point numbers, rounded once",
        "trunc(x . y); Catrina and Saxena, FC 2010";
    "matmul", MatMul, "", "matrix product 128 x 784 by 784 x 128 of fixed-point numbers, rounded",
        "trunc(x y); Catrina and Saxena, FC 2010";
    "ltz", LessThanZero, "comparisons", "whether x < 0, for fixed-point numbers",
        "the top bit of the sum of the summands, by a tree of carries; Catrina and de Hoogh, SCN 2010; Mohassel and Rindal, CCS 2018";
    "relu", Relu, "values", "max(x, 0)",
        "[x > 0] x";
    "conv1_16", Conv1To16, "images", "convolution of kernels of 5 x 5, 28 x 28 x 1 to 24 x 24 x 16 (network B)",
        "a dot product for each value that comes out, the bias, and one rounding";
    "conv1_16_backward", Conv1To16Backward, "images", "gradients of its weights",
        "a dot product over all images for each weight, rounded once";
    "conv16_16", Conv16To16, "images", "convolution of kernels of 5 x 5, 12 x 12 x 16 to 8 x 8 x 16 (network B)",
        "a dot product for each value that comes out, the bias, and one rounding";
    "conv16_16_backward", Conv16To16Backward, "images", "gradients of its weights and of what goes in",
        "a dot product over all images for each weight, one with the kernels turned round for each value that goes in, rounded once";
    "conv1_20", Conv1To20, "images", "convolution of kernels of 5 x 5, 28 x 28 x 1 to 24 x 24 x 20 (network C)",
        "a dot product for each value that comes out, the bias, and one rounding";
    "conv1_20_backward", Conv1To20Backward, "images", "gradients of its weights",
        "a dot product over all images for each weight, rounded once";
    "conv20_50", Conv20To50, "images", "convolution of kernels of 5 x 5, 12 x 12 x 20 to 8 x 8 x 50 (network C)",
        "a dot product for each value that comes out, the bias, and one rounding";
    "conv20_50_backward", Conv20To50Backward, "images", "gradients of its weights and of what goes in",
        "a dot product over all images for each weight, one with the kernels turned round for each value that goes in, rounded once";
    "conv1_5", Conv1To5, "images", "convolution of kernels of 5 x 5, 28 x 28 x 1 to 14 x 14 x 5 (network D)",
        "a dot product for each value that comes out, the bias, and one rounding";
    "conv1_5_backward", Conv1To5Backward, "images", "gradients of its weights",
        "a dot product over all images for each weight, rounded once";
    "max_pool", MaxPool, "windows", "largest value of windows of 2 x 2, and which it is",
        "[x > y] (x - y) + y in a tree, or one after the other as in SecureNN and Falcon, of equal values the later one; bits times bits; the reference system MP-SPDZ";
    "max_pool_backward", MaxPoolBackward, "windows", "gradients of what goes in",
        "the window's gradient times the bit of each pixel";
    "avg_pool", AveragePool, "windows", "mean of windows of 2 x 2",
        "sum of the pixels, rounded by 2 bits";
    "avg_pool_backward", AveragePoolBackward, "windows", "gradients of what goes in",
        "the window's gradient, rounded by 2 bits";
    "max10", Max, "rows of ten", "maximum of each row",
        "[x > y] (x - y) + y in a tree";
    "div", Divide, "quotients", "x / y",
        "w ~ 1 / b, a w (1 + e) (1 + e^2) (1 + e^4) (1 + e^8) with e = 1 - b w, Goldschmidt; Catrina and Saxena, FC 2010";
    "recip", Reciprocal, "values", "1 / x",
        "div with a = 1";
    "exp2", Exp2, "values", "2^x",
        "product of 1 + h_i (2^(2^i) - 1) over the bits h_i of the integer part, times sum of (ln 2)^i / i! c^i for the fraction c; the reference system MP-SPDZ";
    "exp", Exp, "values", "e^x",
        "exp2(x log2 e)";
    "log", Log, "values", "ln x",
        "ln 2 (P(v) / Q(v) + p) for x = v 2^p, 1/2 <= v < 1; Hart, Computer Approximations (1968), 2524; the reference system MP-SPDZ";
    "sqrt", Sqrt, "values", "square root of x",
        "u y 2^(e/2) for x = u 2^e, 1/4 <= u < 1/2, with y ~ u^(-1/2) as in invsqrt and two steps y (3 - u y^2) / 2 of Newton's iteration";
    "invsqrt", InverseSqrt, "values", "1 / square root of x, within 0.4 %",
        "(3.14736 + u (4.63887 u - 5.77789)) 2^(-e/2) for x = u 2^e, 1/4 <= u < 1/2; Lu et al., PPMLP 2020; the reference system MP-SPDZ";
}

impl Operation {
    /// All of them, the output layers last.
    pub const ALL: [Operation; PLAIN.len() + Softmax::ALL.len()] = {
        let mut all = [Operation::Input; PLAIN.len() + Softmax::ALL.len()];
        let mut i = 0;
        while i < all.len() {
            all[i] = if i < PLAIN.len() {
                PLAIN[i]
            } else {
                Operation::OutputLayer(Softmax::ALL[i - PLAIN.len()])
            };
            i += 1;
        }
        all
    };
}

/// An operation's cost under a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationCost {
    /// Messages of the longest chain, without the offline phase.
    pub rounds: u64,
    /// How often the party that stopped most often stopped to wait.
    pub exchanges: u64,
    /// Payload bytes of all parties, those of an offline phase included.
    pub payload_bytes: u64,
    /// Payload bytes sent by each party.
    pub payload_bytes_by_party: Vec<u64>,
    /// Of these, the bytes of the offline phase, which does not depend on the operands.
    pub offline_payload_bytes: u64,
    /// Messages of the longest chain of the offline phase, which comes before all others.
    pub offline_rounds: u64,
    /// Picoseconds of the operation alone, its offline phase being done.
    pub modelled_ps: u64,
    /// Picoseconds of its offline phase.
    pub offline_modelled_ps: u64,
}

/// Under what an operation is timed.
#[derive(Clone, Debug)]
pub struct Timed {
    /// The network; connections are new when the operation, or its offline phase, begins.
    pub network: NetworkPlan,
    /// What computing and handling messages cost.
    pub compute: ComputePlan,
}

impl Operation {
    /// The layer that it is a pass of, if it is one.
    fn layer(self, n: usize) -> Option<LayerOperation> {
        Some(match self {
            Operation::Conv1To16 => {
                LayerOperation::convolution((28, 1), (16, 1, Padding::Valid), Pass::Forward, n)
            }
            Operation::Conv1To16Backward => {
                LayerOperation::convolution((28, 1), (16, 1, Padding::Valid), Pass::BackwardWeights, n)
            }
            Operation::Conv16To16 => {
                LayerOperation::convolution((12, 16), (16, 1, Padding::Valid), Pass::Forward, n)
            }
            Operation::Conv16To16Backward => {
                LayerOperation::convolution((12, 16), (16, 1, Padding::Valid), Pass::Backward, n)
            }
            Operation::Conv1To20 => {
                LayerOperation::convolution((28, 1), (20, 1, Padding::Valid), Pass::Forward, n)
            }
            Operation::Conv1To20Backward => {
                LayerOperation::convolution((28, 1), (20, 1, Padding::Valid), Pass::BackwardWeights, n)
            }
            Operation::Conv20To50 => {
                LayerOperation::convolution((12, 20), (50, 1, Padding::Valid), Pass::Forward, n)
            }
            Operation::Conv20To50Backward => {
                LayerOperation::convolution((12, 20), (50, 1, Padding::Valid), Pass::Backward, n)
            }
            Operation::Conv1To5 => {
                LayerOperation::convolution((28, 1), (5, 2, Padding::Same), Pass::Forward, n)
            }
            Operation::Conv1To5Backward => {
                LayerOperation::convolution((28, 1), (5, 2, Padding::Same), Pass::BackwardWeights, n)
            }
            Operation::MaxPool => LayerOperation::pool(LayerKind::MaxPool, Pass::Forward, n),
            Operation::MaxPoolBackward => LayerOperation::pool(LayerKind::MaxPool, Pass::Backward, n),
            Operation::AveragePool => LayerOperation::pool(LayerKind::AveragePool, Pass::Forward, n),
            Operation::AveragePoolBackward => LayerOperation::pool(LayerKind::AveragePool, Pass::Backward, n),
            Operation::Layer(layer, pass) => layer.operation(pass, n),
            _ => return None,
        })
    }

    /// Shapes of the matrices, of operations on such.
    fn shape(self) -> MatMul {
        match self {
            Operation::Product(shape) => shape,
            _ => MatMul::new(MATRICES.0, MATRICES.1, MATRICES.2),
        }
    }

    /// Lengths of the operands.
    fn operands(self, n: usize) -> Vec<usize> {
        if let Some(layer) = self.layer(n) {
            return layer.operands();
        }
        match self {
            Operation::Input => vec![],
            Operation::Mul | Operation::FixedMul | Operation::Divide => vec![n, n],
            Operation::Dot | Operation::FixedDot => vec![DOT * n, DOT * n],
            Operation::MatMul | Operation::MatMulRing | Operation::Product(_) => {
                let MatMul { rows, inner, columns, .. } = self.shape();
                vec![rows * inner, inner * columns]
            }
            Operation::Max => vec![CLASSES * n],
            Operation::OutputLayer(softmax) => vec![softmax.logits(CLASSES) * n; 2],
            Operation::Open
            | Operation::Truncate
            | Operation::LessThanZero
            | Operation::Relu
            | Operation::Reciprocal
            | Operation::Exp2
            | Operation::Exp
            | Operation::Log
            | Operation::Sqrt
            | Operation::InverseSqrt => vec![n],
            _ => unreachable!("a layer"),
        }
    }

    /// Runs it and drops the result.
    async fn perform<P: Protocol>(self, secure: &Secure<P>, operands: &[P::Share], n: usize) {
        if let Some(layer) = self.layer(n) {
            return layer.perform(secure, operands).await;
        }
        let x = || &operands[0];
        let y = || &operands[1];
        let shape = self.shape();
        let FixedPoint { fraction_bits: f, total_bits: k } = secure.fixed_point;
        match self {
            Operation::Input => {
                let secret = Vector::shape(n);
                drop(secure.protocol.input(OWNER, n, Some(&secret)).await);
            }
            Operation::Open => drop(secure.protocol.open(x()).await),
            Operation::Mul => drop(secure.protocol.mul(x(), y()).await),
            Operation::Dot => drop(secure.protocol.dot(x(), y(), DOT).await),
            Operation::MatMulRing => drop(secure.protocol.matmul(x(), y(), shape).await),
            Operation::Truncate => drop(secure.truncate(x(), k + f, f).await),
            Operation::FixedMul => drop(secure.fixed_mul(x(), y()).await),
            Operation::FixedDot => drop(secure.fixed_dot(x(), y(), DOT).await),
            Operation::MatMul | Operation::Product(_) => drop(secure.fixed_matmul(x(), y(), shape).await),
            // Fixed-point numbers are compared by their difference, which has a bit more.
            Operation::LessThanZero => drop(secure.less_than_zero(x(), k + 1).await),
            Operation::Relu => drop(secure.relu(x()).await),
            Operation::Max => drop(secure.row_max(x(), CLASSES).await),
            Operation::Divide => drop(secure.divide(Numerator::Shared(x()), y(), 1).await),
            Operation::Reciprocal => drop(secure.divide(Numerator::One, x(), 1).await),
            Operation::Exp2 => drop(secure.exp2(x()).await),
            Operation::Exp => drop(secure.exp(x()).await),
            Operation::Log => drop(secure.log(x()).await),
            Operation::Sqrt => drop(secure.sqrt(x()).await),
            Operation::InverseSqrt => drop(secure.inverse_sqrt(x()).await),
            Operation::OutputLayer(softmax) => output_layer(secure, softmax, operands).await,
            _ => unreachable!("a layer"),
        }
    }

    /// Why a protocol does not have it; none if it has: an output layer that opens something is for semi-honest ones, and a ring of
    /// 32 bits has no place for a division by what is not opened, nor for some means.
    pub fn refusal(self, protocol: ProtocolName) -> Option<String> {
        use Operation::{Divide, Exp, Exp2, InverseSqrt, Log, OutputLayer, Reciprocal, Sqrt};
        let name = protocol.full_name();
        match self {
            OutputLayer(softmax) if softmax.reveals().is_some() && protocol.is_malicious() => Some(format!(
                "{} opens a value before {name} has checked anything: it is for semi-honest protocols",
                self.name()
            )),
            OutputLayer(_) | Divide | Reciprocal | Exp2 | Exp | Log | Sqrt | InverseSqrt
                if protocol.ring_bits() < u64::BITS =>
            {
                Some(format!("{} has no place in the ring of {name}", self.name()))
            }
            Operation::Layer(layer, _) => {
                let bits = layer.mean_bits(Operation::fixed_point(protocol))?;
                (bits >= protocol.ring_bits()).then(|| {
                    format!("a mean of {bits} bits, before it is rounded, has no place in the ring of {name}: {layer}")
                })
            }
            _ => None,
        }
    }

    /// Whether a protocol has it.
    pub fn is_served_by(self, protocol: ProtocolName) -> bool {
        self.refusal(protocol).is_none()
    }

    /// The number format that its cost is for: the default one, where the ring has place for it.
    pub fn fixed_point(protocol: ProtocolName) -> FixedPoint {
        match protocol.ring_bits() {
            u64::BITS => FixedPoint::default(),
            _ => FixedPoint { fraction_bits: 13, total_bits: 18 },
        }
    }

    /// What it costs the parties of a protocol, its operands being shared already. It takes no time if it is not timed.
    ///
    /// # Panics
    /// If it is timed for another number of parties.
    pub fn cost(
        self,
        protocol: ProtocolName,
        rounding: Rounding,
        n: usize,
        timed: Option<&Timed>,
    ) -> Result<OperationCost, SimError> {
        let world = match timed {
            Some(Timed { network, compute }) => {
                assert_eq!(network.parties, protocol.parties(), "a network for the parties of the protocol");
                world(network, compute, 0)
            }
            None => World::new(Network::uniform(protocol.parties(), Link::INSTANT)),
        };
        let fixed_point = Operation::fixed_point(protocol);
        protocol.visit(Counted { operation: self, n, fixed_point, rounding, world })
    }
}

async fn output_layer<P: Protocol>(secure: &Secure<P>, softmax: Softmax, operands: &[P::Share]) {
    let classes = softmax.logits(CLASSES);
    let batch = Logits { logits: &operands[0], labels: &operands[1], classes };
    softmax.output_layer(secure, batch, false).await;
}

struct Counted {
    operation: Operation,
    n: usize,
    fixed_point: FixedPoint,
    rounding: Rounding,
    world: World,
}

type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A party with its operands shared.
enum Ready<P: Protocol> {
    Computes { secure: Secure<P>, operands: Vec<P::Share> },
    Deals(P),
}

impl<P: Protocol> Ready<P> {
    async fn share(secure: Secure<P>, lengths: &[usize]) -> Self {
        secure.protocol.set_up().await;
        secure.protocol.prepare(&Demand::default()).await;
        if secure.protocol.role() == Role::Deals {
            return Ready::Deals(secure.protocol);
        }
        let mut operands = Vec::new();
        for &len in lengths {
            let secret = Vector::shape(len);
            operands.push(secure.protocol.input(OWNER, len, Some(&secret)).await);
        }
        secure.protocol.check().await;
        debug_assert!(operands.iter().map(RingShare::len).eq(lengths.iter().copied()));
        Ready::Computes { secure, operands }
    }

    fn protocol(&self) -> &P {
        match self {
            Ready::Computes { secure, .. } => &secure.protocol,
            Ready::Deals(protocol) => protocol,
        }
    }

    async fn perform(&self, operation: Operation, n: usize) {
        if let Ready::Computes { secure, operands } = self {
            operation.perform(secure, operands, n).await;
            secure.protocol.check().await;
        }
    }
}

/// What programs cost, one of each party, from clocks at zero.
fn run_alone(
    simulation: &mut Simulation<Message>,
    programs: impl Iterator<Item = impl Future<Output = ()>>,
) -> Result<Cost, SimError> {
    simulation.reset();
    let run = simulation.run(programs.map(|program| Box::pin(program) as Task<()>).collect())?;
    Ok(Cost::of_trace(&run.trace, &WireOverhead::NONE)?.with_clocks(&run.clocks))
}

impl Visitor for Counted {
    type Output = Result<OperationCost, SimError>;

    fn visit<P: Protocol>(self, start: Starter<P>) -> Self::Output {
        let Counted { operation, n, fixed_point, rounding, world } = self;
        let mut simulation = Simulation::<Message>::new(world);
        let lengths = operation.operands(n);
        let tasks = (0..simulation.parties())
            .map(|i| {
                let protocol = start(simulation.party(i), 0, Content::Shape);
                let secure = Secure { protocol, fixed_point, rounding, most_at_once: usize::MAX };
                Box::pin(Ready::share(secure, &lengths)) as Task<Ready<P>>
            })
            .collect();
        let ready = simulation.run(tasks)?.outputs;
        let unprepared = run_alone(&mut simulation, ready.iter().map(|party| party.perform(operation, n)))?;
        let demand = ready[0].protocol().demand();
        let offline =
            run_alone(&mut simulation, ready.iter().map(|party| party.protocol().prepare(&demand)))?;
        let online = if demand.is_empty() {
            unprepared
        } else {
            run_alone(&mut simulation, ready.iter().map(|party| party.perform(operation, n)))?
        };
        let by_party = online.payload_bytes_by_party.iter().zip(&offline.payload_bytes_by_party);
        Ok(OperationCost {
            rounds: online.rounds,
            exchanges: online.exchanges,
            payload_bytes: online.payload_bytes + offline.payload_bytes,
            payload_bytes_by_party: by_party.map(|(online, offline)| online + offline).collect(),
            offline_payload_bytes: offline.payload_bytes,
            offline_rounds: offline.rounds,
            modelled_ps: online.modelled_ps,
            offline_modelled_ps: offline.modelled_ps,
        })
    }
}
