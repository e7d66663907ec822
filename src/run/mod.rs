//! Runs a plan: the costs from a recorded program, the accuracy from training, and the check that both belong together.
//!
//! * `split`: the program is recorded once on shapes and replayed for the cost; training runs in the clear; and before
//!   that the first iterations really run on shares and are compared with both.
//! * `shares`: the same, but training itself runs on shares.
//!
//! With `numbers: float64` or `float32` training runs in floating point in the clear, and all else is as in `split`.

mod adversary;
mod approximation;
mod data;
mod epochs;
mod failure;
mod fingerprint;
mod floating;
mod initial;
mod layer_operations;
mod memory;
mod operations;
mod out_of_range;
mod record;
mod session;
mod targets;
mod tcp;
mod train;
mod values;
mod verify;
mod world;

use crate::data::{DataError, ImageSize, TrainTest};
use crate::ledger::{Activity, Bars, Breakdown, Cost, Percentiles};
use crate::memory::TooMuchMemory;
use crate::nn::{Layer, TrainingProgram, batches_per_epoch, layers_on};
use crate::ring::with_workers;
use crate::scenario::{InitialWeights, Length, Numbers, Plan};
use crate::sim::SimError;

pub(crate) use adversary::check_sends;
pub use approximation::Approximation;
pub use data::load;
pub use epochs::EpochResult;
pub use failure::{Cause, Failure};
use fingerprint::named_content;
pub use fingerprint::{PROGRAM, fingerprint, fingerprint_of_plan};
pub(crate) use fingerprint::{fingerprint_of, own_content, weights_content};
pub use layer_operations::{LayerShape, Pass};
pub use memory::{Size, check_data, check_memory, estimated_bytes, size};
pub use operations::{Operation, OperationCost, Timed};
pub use out_of_range::OutOfRange;
pub use record::{Costs, Phase, Recorded, record};
pub use session::{Demands, Session};
pub use targets::{Evaluation, ROUND_TARGETS, Reached, Spent, reached, round_targets};
pub use tcp::OtherWindows;
pub(crate) use train::train;
pub use values::Values;
pub(crate) use verify::verify;
pub use verify::{Revealed, Verified, VerifyError};
pub(crate) use world::training_faults;
pub use world::{endpoints, network, training_network};

/// Why a run ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The data set cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Time ran over, or the program is wrong.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// Shares, shapes and clear values do not agree: a bug in mpcsim.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The output layer cannot serve so many classes in the number format.
    #[error("{0}")]
    Classes(String),
    /// Data that are not those that the layers were checked for.
    #[error("{0}")]
    Layers(String),
    /// An adversary that has nothing to do.
    #[error("{0}")]
    Adversary(String),
    /// Numbers that cannot be where they were asked for.
    #[error("{0}")]
    Numbers(String),
    /// More memory than there is, or than is allowed.
    #[error(transparent)]
    Memory(#[from] TooMuchMemory),
    /// The training did not come to its end, because of what the scenario lets go wrong.
    #[error("the training did not come to its end")]
    Failed(Box<Failure>),
    /// The system gives no threads.
    #[error("threads cannot be started: {0}")]
    Threads(String),
}

impl RunError {
    /// Whether the user can do something about it.
    pub fn is_mistake(&self) -> bool {
        matches!(
            self,
            RunError::Data(_)
                | RunError::Classes(_)
                | RunError::Layers(_)
                | RunError::Adversary(_)
                | RunError::Numbers(_)
                | RunError::Memory(_)
                | RunError::Sim(SimError::Overflow | SimError::Total(_))
        )
    }
}

/// What is done at the moment, for whoever shows it. Nothing of it goes into a result.
pub trait Progress: Sync {
    /// Seconds of the host since any start, for whoever wants to know how long the rest will take; none: nobody does.
    fn now_seconds(&self) -> Option<f64> {
        None
    }
    /// It will take about so long.
    fn estimate(&self, _seconds: f64) {}
    /// A stage of `steps` steps begins.
    fn begin(&self, stage: &'static str, steps: u64);
    /// So many steps of the stage are done.
    fn advance(&self, steps: u64);
    /// A step of the stage is done.
    fn step(&self) {
        self.advance(1);
    }
}

/// Shows nothing.
impl Progress for () {
    fn begin(&self, _: &'static str, _: u64) {}
    fn advance(&self, _: u64) {}
}

/// Most intervals of the histogram of iterations.
const HISTOGRAM_BARS: u64 = 40;

/// What a run gives.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Names all that decides these results.
    pub fingerprint: String,
    /// Names the content of data that are not bundled: equal ones train and test on the same.
    pub data_content: Option<String>,
    /// Sharing of data and weights.
    pub setup: Cost,
    /// One iteration, all parties starting together, its offline phase as the scenario says.
    pub iteration: Cost,
    /// Its offline phase and its online phase, each started together; `None` if the protocol has no offline phase.
    pub iteration_apart: Option<[Cost; 2]>,
    /// All iterations, without set-up and test.
    pub training: Cost,
    /// Number of iterations.
    pub iterations: u64,
    /// The layers, from the inputs to the classes.
    pub layers: Vec<Layer>,
    /// What a reader of the results has to know, a sentence each.
    pub notes: Vec<String>,
    /// How many messages a party that cheats altered; `None` if no party alters any.
    pub altered: Option<u64>,
    /// Accuracy after each epoch.
    pub epochs: Vec<EpochResult>,
    /// The test accuracy whenever it was looked at, and what had been spent by then, the set-up included.
    pub evaluations: Vec<(Evaluation, Spent)>,
    /// Accuracies to be reached, and how the training stands to each.
    pub targets: Vec<(f64, Reached)>,
    /// Set-up by span and link.
    pub setup_breakdown: Breakdown,
    /// One iteration by span and link.
    pub iteration_breakdown: Breakdown,
    /// The offline and the online phase of one iteration, each started together, by span and link; `None` if the protocol has
    /// no offline phase.
    pub apart_breakdown: Option<[Breakdown; 2]>,
    /// What each party does when in one iteration.
    pub iteration_activity: Activity,
    /// What was compared.
    pub verified: Verified,
    /// Durations of the iterations, if the network makes them differ.
    pub iteration_percentiles: Option<Percentiles>,
    /// How many iterations took how long, if the network makes them differ.
    pub iteration_bars: Option<Bars>,
    /// What the training would take with other settings of TCP, if the network has it.
    pub other_windows: Option<OtherWindows>,
}

/// Whether shares can hold the numbers of a training; and whether its messages say something that an adversary could alter, if it
/// would.
fn check_values(plan: &Plan, values: Values) -> Result<(), RunError> {
    if plan.numbers != Numbers::FixedPoint && values == Values::Shares {
        return Err(RunError::Numbers(format!(
            "a training with numbers: {} is in the clear, since shares hold fixed-point numbers only: run it with --values \
             split, or take numbers: fixed_point",
            plan.numbers.name()
        )));
    }
    let alters = plan.adversary.as_ref().filter(|adversary| adversary.does.alters());
    match alters {
        Some(adversary) if values == Values::Split => Err(RunError::Adversary(format!(
            "the adversary's `{}` alters what messages say, and with --values split they say nothing: training runs in the \
             clear. Run it with --values shares; `drop` and `delay` work with both",
            adversary.does.name()
        ))),
        _ => Ok(()),
    }
}

/// All layers of a plan's network on images of this size and so many classes.
pub fn layers(plan: &Plan, image: ImageSize, classes: usize) -> Result<Vec<Layer>, RunError> {
    layers_on(&plan.model.with_output(plan.softmax.logits(classes)), image).map_err(|misfit| {
        let reason = misfit.reason;
        RunError::Layers(format!("layer {} of the model does not fit these data: {reason}", misfit.layer + 1))
    })
}

/// Whether the output layer can serve so many classes.
pub(crate) fn check_classes(plan: &Plan, classes: usize) -> Result<(), RunError> {
    match plan.softmax.refusal(plan.fixed_point, classes) {
        Some(reason) => Err(RunError::Classes(reason)),
        None => Ok(()),
    }
}

/// The program that a plan's parties run on given data.
pub fn training_program(plan: &Plan, layers: &[Layer], rows: usize) -> TrainingProgram {
    TrainingProgram {
        layers: layers.to_vec(),
        softmax: plan.softmax,
        loss: plan.loss,
        rows,
        owners: plan.owners.clone(),
        descent: plan.training.descent(),
        secret_weights: plan.training.initial_weights == InitialWeights::Secret,
    }
}

/// Iterations of the whole training.
pub fn total_iterations(plan: &Plan, rows: usize) -> u64 {
    match plan.training.length {
        Length::Epochs(epochs) => epochs * batches_per_epoch(rows, plan.training.batch) as u64,
        Length::Iterations(iterations) => iterations,
    }
}

/// Epochs of the whole training, an unfinished one included.
fn epochs(plan: &Plan, rows: usize) -> u64 {
    total_iterations(plan, rows).div_ceil(batches_per_epoch(rows, plan.training.batch) as u64)
}

/// Runs a plan, on as many threads as the current rayon pool has.
pub fn run(plan: &Plan, values: Values, progress: &dyn Progress) -> Result<Outcome, RunError> {
    run_on(plan, &load(plan)?, values, progress)
}

/// The same on data that have been loaded: those of the plan.
pub fn run_on(
    plan: &Plan,
    data: &TrainTest,
    values: Values,
    progress: &dyn Progress,
) -> Result<Outcome, RunError> {
    let done = with_workers(rayon::current_num_threads(), || run_here(plan, data, values, progress));
    done.map_err(|error| RunError::Threads(error.to_string()))?
}

fn run_here(
    plan: &Plan,
    data: &TrainTest,
    values: Values,
    progress: &dyn Progress,
) -> Result<Outcome, RunError> {
    check_values(plan, values)?;
    let layers = layers(plan, data.train.image_size, data.train.classes)?;
    check_classes(plan, data.train.classes)?;
    let program = training_program(plan, &layers, data.train.rows);
    let fingerprint = fingerprint(plan, values, data)?;

    progress.begin("recording the program", 1);
    let recorded = record(plan, &program)?;
    check_sends(plan, &recorded, data.train.rows)?;
    progress.step();
    let network = network(&plan.network, plan.seed);
    let endpoints = endpoints(&plan.compute);
    let iterations = total_iterations(plan, data.train.rows);
    recorded.check(&network, &endpoints, (iterations, epochs(plan, data.train.rows)))?;
    let verified = verify::verify(plan, &program, &data.train, &recorded, progress)?;
    crate::ring::release_memory();
    let mut trained = train::train(plan, &program, data, &recorded, values, progress)?;
    let faulty = training_network(plan);
    if let Some(abort) = trained.abort.take() {
        let (end, world) = ((abort, trained, iterations), (&faulty, &endpoints[..], plan.loss));
        let failure = Failure::aborted(fingerprint, end, &recorded, world)?;
        return Err(RunError::Failed(Box::new(failure)));
    }
    let costs = match recorded.costs_at(&faulty, &endpoints, (&trained.phases, &trained.evaluations)) {
        Err(SimError::Stalled(stall)) => {
            let end = (trained, iterations);
            let failure = Failure::stalled(fingerprint, *stall, end, (&recorded, &endpoints))?;
            return Err(RunError::Failed(Box::new(failure)));
        }
        costs => costs?,
    };
    let targets = match &plan.training.targets[..] {
        [] => round_targets(&trained.evaluations),
        given => given.to_vec(),
    };
    let targets = targets.into_iter().map(|target| (target, reached(&trained.evaluations, target))).collect();
    let other_windows = recorded.other_windows(&faulty, &endpoints, &trained.phases)?;
    let [setup, iteration, _] = recorded.figures();
    Ok(Outcome {
        fingerprint,
        data_content: named_content(&plan.data, data),
        setup: costs.setup,
        iteration: costs.iteration,
        iteration_apart: costs.iteration_apart,
        training: costs.training,
        iterations,
        layers,
        notes: data.notes.clone(),
        altered: trained.altered,
        epochs: trained.epochs,
        evaluations: trained.evaluations.into_iter().zip(costs.spent).collect(),
        targets,
        setup_breakdown: Breakdown::of(setup, &network, &endpoints)?,
        iteration_breakdown: Breakdown::of(iteration, &network, &endpoints)?,
        apart_breakdown: match &recorded.iteration_apart {
            Some([offline, online]) => {
                let apart = |trace| Breakdown::of(trace, &network, &endpoints);
                Some([apart(offline)?, apart(online)?])
            }
            None => None,
        },
        iteration_activity: Activity::of(iteration, &network, &endpoints)?,
        verified,
        iteration_percentiles: faulty.varies().then(|| Percentiles::of(&costs.iteration_durations_ps)),
        other_windows,
        iteration_bars: faulty.varies().then(|| Bars::of(&costs.iteration_durations_ps, HISTOGRAM_BARS)),
    })
}
