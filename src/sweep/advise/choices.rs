//! All choices that fit: the scenario's own checks say which do.

use std::path::Path;

use crate::data::{self, DataSource};
use crate::memory::MemoryLimit;
use crate::run::{RunError, check_data, load};
use crate::scenario::{Plan, Protocol, Rounding, Scenario, ScenarioErrors, Softmax};

use crate::sweep::SweepError;
use crate::sweep::file::Sweep;
use crate::sweep::planner::SweepPlan;

/// What is wanted of a choice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// The accuracy to be reached; none: the highest of the scenario's targets that any choice reaches.
    pub target: Option<f64>,
    /// Whether it has to hold against a malicious party, or need not; none: either.
    pub malicious: Option<bool>,
    /// Number of parties; none: any.
    pub parties: Option<usize>,
    /// Most payload bytes of all parties until the target.
    pub most_bytes: Option<u64>,
    /// Whether nothing may be opened before the end of the training.
    pub reveals_nothing: bool,
    /// How many seeds are tried beside the scenario's own: those that follow it.
    pub more_seeds: u64,
}

/// A protocol, an output layer and a rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The protocol.
    pub protocol: Protocol,
    /// The variant of the output layer.
    pub softmax: Softmax,
    /// How products are brought back to the fixed-point scale.
    pub rounding: Rounding,
}

impl Choice {
    /// "relu_gradient under rep3, nearest rounding".
    pub fn text(&self) -> String {
        let Choice { protocol, softmax, rounding } = self;
        format!("{softmax} under {}, {} rounding", protocol.full_name(), rounding.name())
    }

    /// What a scenario would set.
    fn sets(&self) -> Vec<String> {
        let Choice { protocol, softmax, rounding } = self;
        vec![
            format!("protocol={}", protocol.name()),
            format!("triples_by={}", protocol.triples_by().name()),
            format!("ring_bits={}", protocol.ring_bits()),
            format!("softmax={softmax}"),
            format!("rounding={}", rounding.name()),
        ]
    }
}

/// Choices that do not fit, for one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Why.
    pub reason: String,
    /// How many.
    pub choices: usize,
    /// The first of them.
    pub first: Choice,
}

/// All choices that fit a scenario, checked, as the points of a sweep: each choice with each seed, the seed being the faster.
#[derive(Debug)]
pub struct Choices {
    pub(super) plan: SweepPlan,
    pub(super) choices: Vec<Choice>,
    pub(super) seeds: Vec<u64>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) wishes: Wishes,
}

impl Choices {
    /// Reads a scenario, sets fields of it, each `path.to.field=VALUE`, and finds the choices that fit.
    pub fn of(
        path: &Path,
        sets: &[String],
        wishes: Wishes,
        memory_limit: MemoryLimit,
    ) -> Result<Choices, SweepError> {
        let scenario = Scenario::open(path)?;
        let own = own_plan(&scenario, sets)?;
        let classes = classes(&own, memory_limit).map_err(|error| match error {
            RunError::Data(error) => SweepError::Scenario(scenario.blamed(sets, &error)),
            other => other.into(),
        })?;
        let (mut choices, mut left_out) = (Vec::new(), Vec::<LeftOut>::new());
        for choice in wanted(&own, &wishes) {
            let plan = scenario.plan(&[sets, &choice.sets()].concat());
            let refused = match plan {
                Ok(plan) => plan.softmax.refusal(plan.fixed_point, classes),
                Err(errors) => Some(reason(&errors)),
            };
            let Some(reason) = refused else {
                choices.push(choice);
                continue;
            };
            match left_out.iter_mut().find(|known| known.reason == reason) {
                Some(known) => known.choices += 1,
                None => left_out.push(LeftOut { reason, choices: 1, first: choice }),
            }
        }
        if choices.is_empty() {
            let help = left_out
                .first()
                .map(|first| format!("{} does not fit: {}", first.first.text(), first.reason));
            let help = help.unwrap_or_else(|| "ask for fewer things at once".to_string());
            return Err(ScenarioErrors::without_place("no choice fits".to_string(), Some(help)).into());
        }
        let column = |field: &str, of: &dyn Fn(&Choice) -> String| {
            let values: Vec<String> = choices.iter().map(of).collect();
            format!("(field: \"{field}\", values: [{}])", values.join(", "))
        };
        let seeds = seeds(own.seed, wishes.more_seeds)?;
        let axis = match &seeds[..] {
            [_] => String::new(),
            seeds => format!(", (field: \"seed\", values: {seeds:?})"),
        };
        let axes = format!(
            "[zip([{}, {}, {}, {}, {}]){axis}]",
            column("protocol", &|choice| choice.protocol.name().to_string()),
            column("triples_by", &|choice| choice.protocol.triples_by().name().to_string()),
            column("ring_bits", &|choice| choice.protocol.ring_bits().to_string()),
            column("softmax", &|choice| choice.softmax.to_string()),
            column("rounding", &|choice| choice.rounding.name().to_string()),
        );
        // The first of several seeds is in the axis.
        let is_seed = |set: &&String| set.split('=').next().is_some_and(|path| path.trim() == "seed");
        let sets: Vec<String> =
            sets.iter().filter(|set| seeds.len() == 1 || !is_seed(set)).cloned().collect();
        let sweep = Sweep::over(scenario, &own, &axes, memory_limit)?.with_sets(&sets)?;
        let mut plan = SweepPlan::new(sweep)?;
        if let Some(target) = wishes.target {
            plan.targets = vec![target];
        }
        Ok(Choices { plan, choices, seeds, left_out, wishes })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.choices.len()
    }

    /// Whether there is none; there is always one.
    pub fn is_empty(&self) -> bool {
        self.choices.is_empty()
    }

    /// Distinct trainings among them.
    pub fn trainings(&self) -> usize {
        self.plan.trainings()
    }
}

/// The first seed and those that follow it.
fn seeds(first: u64, more: u64) -> Result<Vec<u64>, ScenarioErrors> {
    let last = first.checked_add(more).ok_or_else(|| {
        let message = format!("there are not {more} more seeds behind {first}");
        ScenarioErrors::without_place(message, Some("begin with a smaller one: --set seed=1".to_string()))
    })?;
    Ok((first..=last).collect())
}

/// How many classes the data have. Those that are not bundled are read as a whole: what is wrong with them is told at once.
fn classes(own: &Plan, memory_limit: MemoryLimit) -> Result<usize, RunError> {
    match own.data {
        DataSource::Mnist { .. } => Ok(data::sizes(&own.data)?.1),
        _ => {
            check_data(own, memory_limit)?;
            Ok(load(own)?.train.classes)
        }
    }
}

/// The scenario as it is; if its output layer alone does not go with what is set, with the first that does.
fn own_plan(scenario: &Scenario, sets: &[String]) -> Result<Plan, SweepError> {
    const TRIED: [&str; 3] = ["protocol", "softmax", "rounding"];
    let tried = |set: &&String| TRIED.contains(&set.split('=').next().unwrap_or_default().trim());
    if let Some(set) = sets.iter().find(tried) {
        let message = format!("--set {set}: all protocols, output layers and roundings are tried");
        let help = "leave it out; --adversary, --parties and --reveal say which are wanted";
        return Err(ScenarioErrors::without_place(message, Some(help.to_string())).into());
    }
    scenario.plan(sets).or_else(|errors| {
        let with = |softmax: Softmax| scenario.plan(&[sets, &[format!("softmax={softmax}")]].concat()).ok();
        Softmax::ALL.into_iter().find_map(with).ok_or_else(|| errors.into())
    })
}

/// Everything in the registries that has what is wanted, in their order. The scenario's own output layer is there with its own
/// parameters too.
fn wanted(own: &Plan, wishes: &Wishes) -> Vec<Choice> {
    let mut variants: Vec<Softmax> = Softmax::ALL.to_vec();
    if !variants.contains(&own.softmax) {
        variants.push(own.softmax);
    }
    variants.retain(|softmax| !wishes.reveals_nothing || softmax.reveals().is_none());
    // That of the scenario keeps who makes its triples, and its ring.
    let (by, bits) = (own.protocol.triples_by(), own.protocol.ring_bits());
    let protocols = Protocol::ALL.map(|protocol| {
        let protocol = protocol.with_triples_by(by).unwrap_or(protocol);
        protocol.with_ring_bits(bits).unwrap_or(protocol)
    });
    let protocols = protocols.into_iter().filter(|protocol| {
        wishes.parties.is_none_or(|parties| protocol.parties() == parties)
            && wishes.malicious.is_none_or(|malicious| protocol.is_malicious() == malicious)
    });
    let mut choices = Vec::new();
    for protocol in protocols {
        for &softmax in &variants {
            choices.extend(Rounding::ALL.map(|rounding| Choice { protocol, softmax, rounding }));
        }
    }
    choices
}

/// Why a scenario is refused, in a line.
fn reason(errors: &ScenarioErrors) -> String {
    errors
        .mistakes()
        .first()
        .map_or_else(|| "it is refused".to_string(), |mistake| mistake.message().to_string())
}
