//! Checks every point before anything runs, and finds what points have in common: a training depends on some fields of
//! a scenario, a program's trace on others, and what is left over decides a replay only.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::SweepError;
use super::file::Sweep;
use super::memory::check_grid;
use super::replay::Condition;
use crate::data::DataError;
use crate::run::{ROUND_TARGETS, endpoints, network, total_iterations, training_faults};
use crate::scenario::errors::MOST_MISTAKES;
use crate::scenario::{NetworkPlan, Numbers, Plan, ScenarioErrors, WITHOUT_TCP, excluded_fault};
use crate::sim::{Jitter, Link, Network};

/// Plans that are made side by side.
const BLOCK: usize = 1 << 14;

/// What the points of one combination of the axes that are not the network's have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    /// Which training gives its accuracy.
    pub training: u32,
    /// Which recording gives its costs.
    pub trace: u32,
    /// Iterations of the training.
    pub iterations: u64,
}

/// A distinct training or trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distinct {
    /// The first point that needs it.
    pub point: u32,
    /// Iterations of that point's training.
    pub iterations: u64,
    /// In which numbers it runs.
    pub numbers: Numbers,
}

/// A sweep all of whose points are valid, and what they have in common.
#[derive(Debug)]
pub struct SweepPlan {
    pub(crate) sweep: Sweep,
    /// By [`program_index`](Self::program_index); combinations that are excluded throughout have none.
    programs: Vec<Option<Program>>,
    pub(crate) trainings: Vec<Distinct>,
    pub(crate) traces: Vec<Distinct>,
    /// Trainings and programs that are checked on shares, by their first point.
    pub(crate) verifications: Vec<Distinct>,
    /// Programs with what a party holds back of their messages, by their first point.
    pub(crate) adversaries: Vec<Distinct>,
    /// Accuracies to be reached: those that any point names, and round ones if one names none, ascending.
    pub(crate) targets: Vec<f64>,
    /// The share of the networks that have jitter or faults.
    jitter: f64,
    /// Bytes of what names a training and a program.
    pub(crate) name_bytes: usize,
}

/// What decides a training, a trace, and what is checked on shares.
struct Keys {
    training: String,
    trace: String,
    verification: String,
    /// Which messages an adversary cheats with; none if nobody cheats.
    adversary: Option<String>,
}

impl Keys {
    /// Whatever a field's declaration says that it decides is in the key.
    fn of(plan: &Plan, train: bool) -> Keys {
        let (training, program) = (plan.accuracy_key(), plan.program_key());
        let verification = if train { format!("{training} {program}") } else { program };
        let trace = plan.trace_key();
        let adversary = plan.adversary.as_ref().map(|adversary| format!("{trace} {adversary:?}"));
        Keys { training, trace, verification, adversary }
    }

    fn bytes(&self) -> usize {
        let adversary = self.adversary.as_ref().map_or(0, String::len);
        self.training.len() + self.trace.len() + self.verification.len() + adversary
    }
}

/// The data set without its number of rows: what widths and classes follow from.
pub(crate) fn source_name(plan: &Plan) -> String {
    format!("{:?}", plan.data.without_rows())
}

/// Numbers for keys, in the order in which they come.
struct Numbering {
    numbers: BTreeMap<String, u32>,
    found: Vec<Distinct>,
}

impl Numbering {
    fn new() -> Numbering {
        Numbering { numbers: BTreeMap::new(), found: Vec::new() }
    }

    fn number(&mut self, key: String, first: Distinct) -> u32 {
        let next = self.found.len() as u32;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.found.push(first);
        }
        number
    }
}

impl SweepPlan {
    /// Checks every point.
    pub fn new(sweep: Sweep) -> Result<SweepPlan, ScenarioErrors> {
        let grid = &sweep.grid;
        let first = sweep.base.plan_with(&grid.overrides(&grid.position(0)));
        let name_bytes = first.map_or(0, |plan| Keys::of(&plan, sweep.train).bytes());
        if let Err(too_much) = check_grid(grid, name_bytes, sweep.memory_limit) {
            return Err(ScenarioErrors::without_place(too_much.to_string(), None));
        }
        let first_points = first_points(&sweep);
        let wanted: Vec<(usize, u32)> = first_points
            .iter()
            .enumerate()
            .filter_map(|(index, point)| point.map(|point| (index, point)))
            .collect();
        let [mut trainings, mut traces, mut verifications, mut adversaries] =
            [(); 4].map(|()| Numbering::new());
        let mut programs = vec![None; first_points.len()];
        let mut parties = vec![0u8; first_points.len()];
        let (mut errors, mut networks, mut no_tcp) = (Vec::new(), Vec::new(), None);
        let mut targets: Vec<f64> = Vec::new();
        for block in wanted.chunks(BLOCK) {
            let plan = |&(_, point): &(usize, u32)| {
                let plan = sweep.base.plan_with(&grid.overrides(&grid.position(point as usize)))?;
                let iterations = total_iterations(&plan, plan.data.train_rows());
                let jitter = (varies(&plan.network), !training_faults(&plan).is_none());
                let no_tcp = excluded_fault(&plan.faults, plan.adversary.as_ref());
                check_adversary(&plan)?;
                let first = Distinct { point, iterations, numbers: plan.numbers };
                let parties = plan.protocol.parties() as u8;
                let targets = plan.training.targets.clone();
                Ok((Keys::of(&plan, sweep.train), first, parties, jitter, no_tcp, targets))
            };
            let plans: Vec<Result<_, ScenarioErrors>> = block.par_iter().map(plan).collect();
            for (&(index, _), plan) in block.iter().zip(plans) {
                let (keys, first, plan_parties, jitter, excluded, own_targets) = match plan {
                    Ok(plan) => plan,
                    Err(error) => {
                        errors.push(error);
                        continue;
                    }
                };
                verifications.number(keys.verification, first);
                keys.adversary
                    .map(|adversary| adversaries.number(format!("{adversary} {}", first.iterations), first));
                programs[index] = Some(Program {
                    training: trainings.number(keys.training, first),
                    trace: traces.number(keys.trace, first),
                    iterations: first.iterations,
                });
                parties[index] = plan_parties;
                no_tcp = no_tcp.or(excluded);
                let named = if own_targets.is_empty() { &ROUND_TARGETS[..] } else { &own_targets };
                let new: Vec<f64> =
                    named.iter().filter(|target| !targets.contains(target)).copied().collect();
                targets.extend(new);
                networks.push(jitter);
            }
            if errors.len() >= MOST_MISTAKES {
                break;
            }
        }
        let faulty = networks.iter().any(|&(_, faulty)| faulty);
        let mut networks: Vec<bool> = networks.into_iter().map(|(jitter, faulty)| jitter || faulty).collect();
        match all_networks(&sweep, &parties, no_tcp) {
            Ok(jitter) if jitter.is_empty() => {}
            Ok(jitter) => networks = jitter.into_iter().map(|jitter| jitter || faulty).collect(),
            Err(mistakes) => errors.extend(mistakes),
        }
        if !errors.is_empty() {
            return Err(ScenarioErrors::merged(errors));
        }
        let (trainings, traces) = (trainings.found, traces.found);
        let (verifications, adversaries) = (verifications.found, adversaries.found);
        let jitter = networks.iter().filter(|&&jitter| jitter).count() as f64 / networks.len().max(1) as f64;
        targets.sort_by(f64::total_cmp);
        Ok(SweepPlan {
            sweep,
            programs,
            trainings,
            traces,
            verifications,
            adversaries,
            targets,
            jitter,
            name_bytes,
        })
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.sweep.grid.points()
    }

    /// Combinations that are excluded.
    pub fn excluded(&self) -> usize {
        self.sweep.grid.excluded_points()
    }

    /// Number of distinct trainings; they run unless the sweep says otherwise.
    pub fn trainings(&self) -> usize {
        self.trainings.len()
    }

    /// The floating-point numbers in which trainings run, if any do.
    pub fn floating_point(&self) -> Vec<&'static str> {
        let floats = Numbers::ALL.into_iter().filter(|&numbers| numbers != Numbers::FixedPoint);
        let trained = |numbers: &Numbers| self.trainings.iter().any(|training| training.numbers == *numbers);
        floats.filter(|numbers| self.sweep.train && trained(numbers)).map(Numbers::name).collect()
    }

    /// Number of distinct traces.
    pub fn traces(&self) -> usize {
        self.traces.len()
    }

    /// Whether any network has jitter, faults or links that change. Then no iteration of a training is like another, and all are replayed.
    pub fn has_jitter(&self) -> bool {
        self.jitter > 0.0
    }

    /// The sweep.
    pub fn sweep(&self) -> &Sweep {
        &self.sweep
    }

    /// The combination of axes other than the network's that a position belongs to.
    pub(crate) fn program_index(&self, position: &[u32]) -> usize {
        self.sweep.grid.part(position, |dimension| !dimension.only_network)
    }

    /// What a point has in common with others.
    pub(crate) fn program(&self, point: usize) -> Program {
        let position = self.sweep.grid.position(point);
        self.programs[self.program_index(&position)].expect("every point has been checked")
    }

    /// What decides the time of a point beside its program; `plan` is one with the same program.
    pub(crate) fn condition(&self, plan: &Plan, position: &[u32]) -> Condition {
        let sweep = &self.sweep;
        let healthy = if sweep.grid.dimensions.iter().any(|dimension| dimension.only_network) {
            let sets = sweep.grid.network_overrides(position);
            let own = sweep.base.network_with(&sets, plan.protocol.parties());
            network(&own.expect("every point has been checked"), plan.seed)
        } else {
            network(&plan.network, plan.seed)
        };
        let network = Network { faults: training_faults(plan), ..healthy };
        Condition { network, endpoints: endpoints(&plan.compute) }
    }

    /// The whole plan of a point.
    pub fn plan(&self, point: usize) -> Plan {
        let grid = &self.sweep.grid;
        let plan = self.sweep.base.plan_with(&grid.overrides(&grid.position(point)));
        plan.expect("every point has been checked")
    }

    /// What is wrong with a file of a point, shown where the point names it.
    pub(super) fn blamed(&self, point: u32, error: &DataError) -> SweepError {
        let grid = &self.sweep.grid;
        let position = grid.position(point as usize);
        SweepError::Scenario(self.sweep.base.blamed_with(&grid.overrides(&position), error))
    }
}

/// For each combination of the axes that are not the network's, the first point that has it.
fn first_points(sweep: &Sweep) -> Vec<Option<u32>> {
    let grid = &sweep.grid;
    let mut first = vec![None; grid.parts(|dimension| !dimension.only_network)];
    for point in 0..grid.points() {
        let position = grid.position(point);
        first[grid.part(&position, |dimension| !dimension.only_network)].get_or_insert(point as u32);
    }
    first
}

/// Refuses an adversary that alters what messages say: trainings of a sweep run in the clear.
fn check_adversary(plan: &Plan) -> Result<(), ScenarioErrors> {
    let Some(adversary) = plan.adversary.as_ref().filter(|adversary| adversary.does.alters()) else {
        return Ok(());
    };
    let message = format!(
        "the adversary's `{}` alters what messages say, and trainings of a sweep run in the clear",
        adversary.does.name()
    );
    let help = "`drop` and `delay` work in a sweep; for others use `mpcsim run --values shares`".to_string();
    Err(ScenarioErrors::without_place(message, Some(help)))
}

/// Whether no iteration is like another.
fn varies(network: &NetworkPlan) -> bool {
    let draws = |link: &Link| link.jitter != Jitter::None || link.loss_ppb > 0;
    !network.changes.is_empty() || network.links.iter().any(draws)
}

/// Checks every network with every number of parties that it is used with, if the network has axes of its own; tells
/// which of them have jitter. Nothing else of a scenario depends on its network, but for what cannot happen with TCP.
fn all_networks(
    sweep: &Sweep,
    parties: &[u8],
    no_tcp: Option<(&str, &str)>,
) -> Result<Vec<bool>, Vec<ScenarioErrors>> {
    let grid = &sweep.grid;
    if grid.dimensions.iter().all(|dimension| !dimension.only_network) {
        return Ok(Vec::new());
    }
    let networks = grid.parts(|dimension| dimension.touches_network);
    let mut seen: BTreeMap<u8, Vec<bool>> = BTreeMap::new();
    let mut wanted = Vec::new();
    for point in 0..grid.points() {
        let position = grid.position(point);
        // Where another mistake hides their number, three stand in.
        let parties = match parties[grid.part(&position, |dimension| !dimension.only_network)] {
            0 => 3,
            parties => parties,
        };
        let seen = seen.entry(parties).or_insert_with(|| vec![false; networks]);
        if !std::mem::replace(&mut seen[grid.part(&position, |dimension| dimension.touches_network)], true) {
            wanted.push((point as u32, parties));
        }
    }
    let (mut errors, mut jitter) = (Vec::new(), Vec::new());
    for block in wanted.chunks(BLOCK) {
        let check = |&(point, parties): &(u32, u8)| {
            let position = grid.position(point as usize);
            let network = sweep.base.network_with(&grid.network_overrides(&position), usize::from(parties));
            let network = network?;
            match no_tcp.filter(|_| network.tcp.is_some()) {
                Some((name, why)) => {
                    let message = format!("`{name}` cannot stand beside TCP's congestion window: {why}");
                    Err(ScenarioErrors::without_place(message, Some(WITHOUT_TCP.to_string())))
                }
                None => Ok(varies(&network)),
            }
        };
        for network in block.par_iter().map(check).collect::<Vec<_>>() {
            match network {
                Ok(network) => jitter.push(network),
                Err(mistakes) => errors.push(mistakes),
            }
        }
        if errors.len() >= MOST_MISTAKES {
            break;
        }
    }
    if errors.is_empty() { Ok(jitter) } else { Err(errors) }
}
