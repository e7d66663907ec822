//! `summary.json`, schema 1.

use std::collections::BTreeMap;

use serde::Serialize;

use super::notes::notes;
use super::owners::OwnersSummary;
use super::units::Seconds;
use crate::data::ImageSize;
use crate::ledger::{Cost, Percentiles};
use crate::nn::sizes;
use crate::run::{EpochResult, Outcome, Reached, Spent, Values};
use crate::scenario::{Numbers, Plan, TriplesBy};
use crate::sim::Parts;

#[derive(Serialize)]
struct Summary<'a> {
    schema: u32,
    name: &'a str,
    seed: u64,
    fingerprint: &'a str,
    protocol: &'static str,
    /// Left out where they are made as by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    triples_by: Option<&'static str>,
    /// Left out where they are 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    ring_bits: Option<u32>,
    softmax: String,
    rounding: &'static str,
    /// Left out where they are those of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<&'static str>,
    values: &'static str,
    layers: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owners: Option<OwnersSummary>,
    network: &'a str,
    /// Its settings, left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parties: Option<Vec<String>>,
    compute: &'a str,
    setup: CostSummary<'a>,
    iteration: CostSummary<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iteration_offline: Option<CostSummary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iteration_online: Option<CostSummary<'a>>,
    training: CostSummary<'a>,
    iterations: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iteration_seconds: Option<PercentileSummary>,
    accuracy: Vec<Accuracy>,
    final_test_accuracy: f64,
    /// What parties learn besides results; left out where that is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revealed: Vec<RevealedSummary>,
    time_to_accuracy: Vec<TargetSummary>,
    notes: Vec<String>,
    verified: VerifiedSummary,
}

#[derive(Serialize)]
struct CostSummary<'a> {
    rounds: u64,
    exchanges: u64,
    messages: u64,
    payload_bytes: u64,
    payload_bytes_by_party: &'a [u64],
    wire_bytes: u64,
    modelled_seconds: Seconds,
    critical_path: CriticalPath,
}

/// The parts of a critical path, in seconds.
#[derive(Serialize)]
pub struct CriticalPath {
    compute: Seconds,
    latency: Seconds,
    serialisation: Seconds,
    queueing: Seconds,
    window: Seconds,
}

#[derive(Serialize)]
struct PercentileSummary {
    min: Seconds,
    p50: Seconds,
    p90: Seconds,
    p99: Seconds,
    max: Seconds,
}

#[derive(Serialize)]
struct Accuracy {
    epoch: u64,
    test: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<f64>,
    restarted: bool,
    /// By place; left out where there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    out_of_range: BTreeMap<String, u64>,
    /// Left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_beyond_domain: Option<u64>,
    /// Left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_finite: Option<u64>,
}

#[derive(Serialize)]
struct RevealedSummary {
    what: &'static str,
    to: &'static str,
    values_per_iteration: u64,
    values_in_training: u64,
}

#[derive(Serialize)]
struct TargetSummary {
    target: f64,
    outcome: &'static str,
    /// Left out, like all that follows, if it is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    iterations: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rounds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modelled_seconds: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    critical_path: Option<CriticalPath>,
}

impl TargetSummary {
    fn of(outcome: &Outcome, (target, reached): (f64, Reached)) -> TargetSummary {
        let (word, spent) = match reached {
            Reached::Kept(place) => ("kept", Some(&outcome.evaluations[place].1)),
            Reached::Lost => ("lost", None),
            Reached::Never => ("never", None),
        };
        TargetSummary {
            target,
            outcome: word,
            iterations: spent.map(|spent| spent.iterations),
            rounds: spent.map(|spent| spent.rounds),
            payload_bytes: spent.map(|spent| spent.payload_bytes),
            modelled_seconds: spent.map(|spent| Seconds(spent.modelled_ps)),
            critical_path: spent.map(|spent: &Spent| (&spent.critical_path).into()),
        }
    }
}

#[derive(Serialize)]
struct VerifiedSummary {
    iterations: u64,
    outcome: &'static str,
    messages_same_on_shares_and_shapes: u64,
    parameters_same_on_shares_and_clear_with_nearest_rounding: usize,
    largest_difference_ulp: u64,
}

impl From<&Parts> for CriticalPath {
    fn from(parts: &Parts) -> Self {
        CriticalPath {
            compute: Seconds(parts.compute_ps),
            latency: Seconds(parts.latency_ps),
            serialisation: Seconds(parts.serialisation_ps),
            queueing: Seconds(parts.queueing_ps),
            window: Seconds(parts.window_ps),
        }
    }
}

impl<'a> From<&'a Cost> for CostSummary<'a> {
    fn from(cost: &'a Cost) -> Self {
        CostSummary {
            rounds: cost.rounds,
            exchanges: cost.exchanges,
            messages: cost.messages,
            payload_bytes: cost.payload_bytes,
            payload_bytes_by_party: &cost.payload_bytes_by_party,
            wire_bytes: cost.wire_bytes,
            modelled_seconds: Seconds(cost.modelled_ps),
            critical_path: (&cost.critical_path).into(),
        }
    }
}

impl From<&Percentiles> for PercentileSummary {
    fn from(p: &Percentiles) -> Self {
        PercentileSummary {
            min: Seconds(p.min_ps),
            p50: Seconds(p.p50_ps),
            p90: Seconds(p.p90_ps),
            p99: Seconds(p.p99_ps),
            max: Seconds(p.max_ps),
        }
    }
}

impl From<&EpochResult> for Accuracy {
    fn from(result: &EpochResult) -> Self {
        Accuracy {
            epoch: result.epoch,
            test: result.test_accuracy,
            loss: result.loss,
            restarted: result.restarted,
            out_of_range: result
                .out_of_range
                .iter()
                .flatten()
                .map(|found| (found.place.clone(), found.values))
                .collect(),
            rows_beyond_domain: result.rows_beyond_domain.filter(|&rows| rows > 0),
            not_finite: result.not_finite.filter(|&parameters| parameters > 0),
        }
    }
}

/// The whole result of a run but for the breakdown by span and link.
pub fn summary_json(plan: &Plan, values: Values, outcome: &Outcome) -> Vec<u8> {
    let verified = &outcome.verified;
    let summary = Summary {
        schema: 1,
        name: &plan.name,
        seed: plan.seed,
        fingerprint: &outcome.fingerprint,
        protocol: plan.protocol.name(),
        triples_by: (plan.protocol.triples_by() != TriplesBy::Transfers)
            .then(|| plan.protocol.triples_by().name()),
        ring_bits: Some(plan.protocol.ring_bits()).filter(|&bits| bits != u64::BITS),
        softmax: plan.softmax.to_string(),
        rounding: plan.rounding.name(),
        numbers: (plan.numbers != Numbers::FixedPoint).then(|| plan.numbers.name()),
        values: values.name(),
        layers: sizes(&outcome.layers).iter().map(ImageSize::values).collect(),
        model: plan.model.hidden().is_none().then(|| plan.model.to_ron()),
        data_content: outcome.data_content.as_deref(),
        owners: OwnersSummary::of(plan),
        network: &plan.network.label,
        tcp: plan.network.tcp_to_ron(),
        parties: plan.network.party_names(),
        compute: &plan.compute.label,
        setup: (&outcome.setup).into(),
        iteration: (&outcome.iteration).into(),
        iteration_offline: outcome.iteration_apart.as_ref().map(|[offline, _]| offline.into()),
        iteration_online: outcome.iteration_apart.as_ref().map(|[_, online]| online.into()),
        training: (&outcome.training).into(),
        iterations: outcome.iterations,
        iteration_seconds: outcome.iteration_percentiles.as_ref().map(Into::into),
        accuracy: outcome.epochs.iter().map(Into::into).collect(),
        final_test_accuracy: outcome.epochs.last().map_or(0.0, |epoch| epoch.test_accuracy),
        revealed: verified
            .revealed
            .iter()
            .map(|revealed| RevealedSummary {
                what: revealed.what,
                to: "all parties who hold shares",
                values_per_iteration: revealed.values_per_iteration,
                values_in_training: revealed.values_per_iteration * outcome.iterations,
            })
            .collect(),
        time_to_accuracy: outcome.targets.iter().map(|&target| TargetSummary::of(outcome, target)).collect(),
        notes: notes(plan, outcome),
        verified: VerifiedSummary {
            iterations: verified.iterations,
            outcome: if verified.different == 0 { "agree" } else { "values out of range" },
            messages_same_on_shares_and_shapes: verified.messages,
            parameters_same_on_shares_and_clear_with_nearest_rounding: (verified.parameters
                - verified.different),
            largest_difference_ulp: verified.largest_difference_ulp,
        },
    };
    let mut text = serde_json::to_vec_pretty(&summary).expect("a summary is JSON");
    text.push(b'\n');
    text
}
