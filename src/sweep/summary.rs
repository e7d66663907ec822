//! `sweep.json`, schema 1.

use serde::{Deserialize, Serialize};

use super::planner::SweepPlan;
use super::result::Incomplete;
use super::shard::Shard;
use crate::run::PROGRAM;

/// What a finished sweep says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SweepSummary {
    pub schema: u32,
    pub name: String,
    pub program: String,
    pub fingerprint: String,
    pub axes: Vec<AxisSummary>,
    pub points: u64,
    pub excluded: u64,
    /// Distinct trainings of the whole sweep, whether they ran, and distinct programs.
    pub trainings: u64,
    pub trained: bool,
    /// In which floating-point numbers trainings ran; left out if none did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    pub traces: u64,
    /// Accuracies to be reached: of each there are columns.
    pub targets: Vec<f64>,
    #[serde(flatten)]
    pub incomplete: Incomplete,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardSummary>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AxisSummary {
    pub column: String,
    pub field: String,
    pub values: u64,
}

impl AxisSummary {
    /// Whether it repeats a measurement with other random numbers.
    pub(crate) fn is_seed(&self) -> bool {
        self.field == "seed"
    }
}

/// Which share of the points is in the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShardSummary {
    pub number: u32,
    pub of: u32,
    pub points: u64,
}

impl ShardSummary {
    pub(crate) fn text(&self) -> String {
        Shard { number: self.number, of: self.of }.to_string()
    }
}

/// The part that every version has.
#[derive(Deserialize)]
pub(crate) struct Known {
    pub program: String,
    pub fingerprint: String,
    #[serde(default)]
    pub shard: Option<ShardSummary>,
}

/// That accuracy and costs are not of the same numbers.
pub(crate) fn floating_point_note(numbers: &[impl AsRef<str>]) -> String {
    let numbers: Vec<&str> = numbers.iter().map(AsRef::as_ref).collect();
    format!(
        "accuracies in {} are those of trainings of plain numbers; rounds, bytes and times are always those of the program \
         in fixed point",
        numbers.join(" and ")
    )
}

impl SweepSummary {
    pub(crate) fn new(
        plan: &SweepPlan,
        fingerprint: &str,
        shard: Shard,
        rows: u64,
        incomplete: Incomplete,
    ) -> SweepSummary {
        let sweep = plan.sweep();
        let axis = |axis: &super::axis::Axis| AxisSummary {
            column: axis.name.clone(),
            field: axis.field.clone(),
            values: axis.values.len() as u64,
        };
        SweepSummary {
            schema: 1,
            name: sweep.name.clone(),
            program: PROGRAM.to_string(),
            fingerprint: fingerprint.to_string(),
            axes: sweep.grid.axes().map(axis).collect(),
            points: plan.points() as u64,
            excluded: plan.excluded() as u64,
            trainings: plan.trainings() as u64,
            trained: sweep.train,
            numbers: plan.floating_point().into_iter().map(str::to_string).collect(),
            traces: plan.traces() as u64,
            targets: plan.targets.clone(),
            incomplete,
            shard: (shard != Shard::WHOLE).then_some(ShardSummary {
                number: shard.number,
                of: shard.of,
                points: rows,
            }),
        }
    }

    /// What to know before the figures are believed.
    pub(crate) fn notes(&self) -> Vec<String> {
        let numbers = (!self.numbers.is_empty()).then(|| floating_point_note(&self.numbers));
        numbers.into_iter().collect()
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).expect("a summary is JSON");
        text.push(b'\n');
        text
    }
}
