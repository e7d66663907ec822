//! The first iterations, really run on shares, against the recorded program and the ideal functionality.

use super::initial::initial_weights;
use super::out_of_range::OutOfRange;
use super::record::{Recorded, record, record_in_pieces};
use super::session::{Demands, Session};
use super::world::{clear_world, world};
use super::{Progress, RunError, total_iterations};
use crate::data::Dataset;
use crate::nn::{LayerKind, SecretData, Secrets, TrainingProgram, Weights, epoch_order};
use crate::protocol::registry::{Starter, Visitor};
use crate::protocol::{Clear, Protocol, ValuesBeyond};
use crate::ring::{Content, Vector};
use crate::scenario::Plan;
use crate::secure::Rounding;
use crate::sim::{SimError, Trace};

/// How many iterations are compared.
const ITERATIONS: u64 = 2;

/// Where a training with nearest rounding is only wanted for its numbers, elements that are rounded at once: their bits stay
/// in a cache, and need no memory for each parameter.
const PIECE: usize = 1 << 13;

/// Shares, shapes and clear values do not agree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// What the parties sent on shares is not what was recorded on shapes.
    #[error("a bug in mpcsim: the {phase} on shares does not do what was recorded on shapes")]
    Trace {
        /// Which part of the program.
        phase: &'static str,
    },
    /// The weights on shares are not those of the ideal functionality, though all values stayed in their range.
    #[error(
        "a bug in mpcsim: with nearest rounding, {different} of {parameters} parameters on shares differ from those \
         in the clear"
    )]
    Weights {
        /// How many differ.
        different: usize,
        /// Of so many.
        parameters: usize,
    },
}

/// Numbers that all parties who hold shares learn besides results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revealed {
    /// What they are.
    pub what: &'static str,
    /// How many, in each iteration: what is sent does not depend on values.
    pub values_per_iteration: u64,
}

/// What was compared, with what outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Iterations that ran on shares.
    pub iterations: u64,
    /// Messages of these iterations and their set-up, which were the same on shares and on shapes.
    pub messages: u64,
    /// Parameters of the network.
    pub parameters: usize,
    /// How many of them were, with nearest rounding, not the same on shares and in the clear, bit for bit: none unless values
    /// left their range.
    pub different: usize,
    /// Values that left their range in these iterations with nearest rounding, in the order of layers.
    pub out_of_range: Vec<OutOfRange>,
    /// What all parties who hold shares learn besides results.
    pub revealed: Vec<Revealed>,
    /// With the scenario's rounding, the largest difference of a parameter on shares and in the clear, in units of the
    /// last place: zero for nearest rounding, a few units of rounding noise for probabilistic.
    pub largest_difference_ulp: u64,
}

/// Trains the first iterations on shares.
struct OnShares<'a> {
    plan: &'a Plan,
    program: &'a TrainingProgram,
    secrets: Secrets<'a>,
    rounding: Rounding,
    /// Most elements that are rounded to nearest at once.
    most_at_once: usize,
    /// The rows of the iterations, one after the other.
    rows: &'a [usize],
    demands: Demands,
}

/// What the first iterations left behind.
struct First {
    setup: Trace,
    iterations: Vec<Trace>,
    weights: Vec<Weights>,
    drawn: Drawn,
}

/// What the parties drew in secret, opened so that another session can take the same.
#[derive(Default)]
struct Drawn {
    /// The initial weights, if they are drawn.
    weights: Option<Vec<Weights>>,
    /// What dropouts let stay in each iteration.
    masks: Vec<Vec<Vector>>,
}

/// Where something is `given`, it is taken in place of what the parties would draw.
fn run_first<P: Protocol>(
    (mut session, setup): (Session<P>, Trace),
    run: &OnShares,
    given: Option<&Drawn>,
) -> Result<First, SimError> {
    session.round_in_pieces(run.most_at_once);
    let draws = run.program.layers.iter().any(|layer| matches!(layer.kind, LayerKind::Dropout(_)));
    let (mut iterations, mut masks) = (Vec::new(), Vec::new());
    if let Some(weights) = given.and_then(|given| given.weights.as_ref()) {
        session.give_weights(weights)?;
    }
    let weights = if run.program.secret_weights { Some(session.open_weights()?) } else { None };
    for (at, rows) in run.rows.chunks_exact(run.plan.training.batch).enumerate() {
        if let Some(given) = given {
            session.give_masks(&given.masks[at]);
        }
        iterations.push(session.iteration(rows)?.0);
        masks.push(if draws { session.open_masks()? } else { Vec::new() });
    }
    let drawn = Drawn { weights, masks };
    Ok(First { setup, iterations, weights: session.open_weights()?, drawn })
}

impl Visitor for OnShares<'_> {
    type Output = Result<First, SimError>;

    fn visit<P: Protocol>(self, start: Starter<P>) -> Self::Output {
        let plan = self.plan;
        let world = world(&plan.network, &plan.compute, plan.seed);
        let start = |party| start(party, plan.seed, Content::Values);
        let format = (plan.fixed_point, self.rounding);
        let demands = self.demands.clone();
        let session = Session::set_up(world, start, format, self.program, self.secrets, demands)?;
        run_first(session, &self, None)
    }
}

impl OnShares<'_> {
    /// The same in the clear, with what was drawn there. Values that leave their range are counted in `beyond`.
    fn in_the_clear(&self, beyond: &ValuesBeyond, shares: &First) -> Result<First, SimError> {
        let plan = self.plan;
        let start =
            |party| Clear::counting(party, plan.seed, beyond.clone()).mirroring(plan.protocol.ideal());
        let format = (plan.fixed_point, self.rounding);
        let session =
            Session::set_up(clear_world(), start, format, self.program, self.secrets, Demands::default())?;
        run_first(session, self, Some(&shares.drawn))
    }
}

/// All parameters of two networks side by side.
fn pairs<'a>(a: &'a [Weights], b: &'a [Weights]) -> impl Iterator<Item = (u64, u64)> + 'a {
    let values = |layers: &'a [Weights]| {
        layers.iter().flat_map(|l| l.weights.expect_values().iter().chain(l.bias.expect_values()).copied())
    };
    values(a).zip(values(b))
}

/// Runs the first iterations, on the rows that they use, on shares and in the clear and compares them.
pub fn verify(
    plan: &Plan,
    program: &TrainingProgram,
    data: &Dataset,
    recorded: &Recorded,
    progress: &dyn Progress,
) -> Result<Verified, RunError> {
    let batch = plan.training.batch;
    let iterations = total_iterations(plan, data.rows).min(ITERATIONS);
    let roundings = if plan.rounding == Rounding::Nearest { 1 } else { 2 };
    progress.begin("checking shares against the recording", 2 * roundings + 1);
    let mut order = epoch_order(plan.seed, 0, data.rows, batch);
    order.truncate(iterations as usize * batch);
    let (owners, held, rows) = program.owners.part(&order);
    let program = &TrainingProgram { rows: held.len(), owners, ..program.clone() };
    let secret = SecretData::of(program, data, &held, plan.fixed_point);
    let weights = initial_weights(plan, &program.layers, 0)?;
    let secrets = Secrets { data: &secret, weights: &weights };
    let shapes = record(plan, program)?;
    let rows = &rows;
    let with = |rounding, most_at_once, demands: &Demands| {
        let demands = demands.clone();
        OnShares { plan, program, secrets, rounding, most_at_once, rows, demands }
    };
    let whole = |demands| with(plan.rounding, usize::MAX, demands);
    progress.step();
    let shares = plan.protocol.visit_with(plan.triples, whole(&shapes.demands))?;
    progress.step();
    if shares.setup != shapes.setup {
        return Err(VerifyError::Trace { phase: "set-up" }.into());
    }
    if shares.iterations.iter().any(|trace| *trace != recorded.iteration) {
        return Err(VerifyError::Trace { phase: "iteration" }.into());
    }
    let beyond = ValuesBeyond::of_every_value();
    let clear = whole(&Demands::default()).in_the_clear(&beyond, &shares)?;
    progress.step();
    let each = |(what, values)| Revealed { what, values_per_iteration: values / iterations };
    let revealed = beyond.take_revealed().into_iter().map(each).collect();
    let messages = shares.setup.messages() + shares.iterations.iter().map(Trace::messages).sum::<u64>();
    let parameters = pairs(&clear.weights, &clear.weights).count();
    let distance = |(a, b): (u64, u64)| (a as i64).wrapping_sub(b as i64).unsigned_abs();
    let largest_difference_ulp = pairs(&shares.weights, &clear.weights).map(distance).max().unwrap_or(0);
    let (nearest_shares, nearest_clear) = if plan.rounding == Rounding::Nearest {
        (shares, clear)
    } else {
        drop((shares, clear));
        let nearest = Plan { rounding: Rounding::Nearest, ..plan.clone() };
        let nearest = record_in_pieces(&nearest, program, PIECE)?;
        let pieces = |demands| with(Rounding::Nearest, PIECE, demands);
        // Vectors are of other lengths now.
        crate::ring::release_memory();
        let shares = plan.protocol.visit_with(plan.triples, pieces(&nearest.demands))?;
        progress.step();
        beyond.take();
        let clear = pieces(&Demands::default()).in_the_clear(&beyond, &shares)?;
        progress.step();
        (shares, clear)
    };
    let different = pairs(&nearest_shares.weights, &nearest_clear.weights).filter(|(a, b)| a != b).count();
    let last = nearest_clear.iterations.last().expect("a training has an iteration");
    let bits = plan.fixed_point.total_bits;
    let out_of_range = OutOfRange::since_last(&beyond, last, (&program.layers, &nearest_clear.weights), bits);
    if different > 0 && out_of_range.is_empty() {
        return Err(VerifyError::Weights { different, parameters }.into());
    }
    Ok(Verified {
        iterations,
        messages,
        parameters,
        different,
        out_of_range,
        revealed,
        largest_difference_ulp,
    })
}
