//! Networks and costs of computing that an option names: a preset, or a file with a value as in a scenario.

use std::fs;

use super::Failure;
use super::failure::mistake;
use crate::memory::read_text;
use crate::scenario::{
    COMPUTES, ComputePlan, ComputePreset, LARGEST_FILE, NETWORKS, NetworkPlan, NetworkPreset, ScenarioErrors,
    likely, no_compute, parse_compute, parse_network,
};

/// The text of a file that stands in place of a preset.
fn text_of(kind: &str, name: &str, presets: &[&'static str]) -> Result<String, Failure> {
    read_text(name.as_ref(), LARGEST_FILE).map_err(|error| {
        if name.ends_with(".ron") || fs::exists(name).unwrap_or(false) {
            return mistake(format!("the {kind} file {name} cannot be read: {error}"));
        }
        // `--network '"wan"'` and `--network 'preset("wan")'`, as in a scenario.
        let bare = name.trim_start_matches("preset(").trim_end_matches(')').trim_matches('"');
        if bare != name && presets.contains(&bare) {
            return mistake(format!("write the name of the preset alone: --{kind} {bare}"));
        }
        let help = match likely(name, presets.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("there are {}", presets.join(", ")),
        };
        mistake(format!("there is no {kind} preset `{name}`, and no file of that name; {help}"))
    })
}

/// The network of a preset or a file among so many parties, which are those of `whose`.
pub(super) fn network_of(name: &str, parties: usize, whose: &str) -> Result<NetworkPlan, Failure> {
    if let Some(preset) = NetworkPreset::find(name) {
        return preset.plan(parties).ok_or_else(|| {
            let most = preset.most_parties().unwrap_or(0);
            mistake(format!("`{name}` has figures for {most} parties, and {whose} has {parties}"))
        });
    }
    let text = text_of("network", name, &NETWORKS.each_ref().map(|preset| preset.name))?;
    parse_network(&text, name, parties).map_err(ScenarioErrors::into)
}

/// What computing costs so many parties: a preset, a file, or `none`.
pub(super) fn compute_of(name: &str, parties: usize) -> Result<ComputePlan, Failure> {
    match ComputePreset::find(name) {
        Some(preset) => Ok(preset.plan(parties)),
        None if name == "none" => Ok(no_compute(parties)),
        None => {
            let text = text_of("compute", name, &COMPUTES.each_ref().map(|preset| preset.name))?;
            parse_compute(&text, name, parties).map_err(ScenarioErrors::into)
        }
    }
}
