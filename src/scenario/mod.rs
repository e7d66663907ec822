//! Scenarios: from a file that a person wrote to a [`Plan`] that cannot be invalid.
//!
//! `declared` says which fields there are, what may stand in them, what holds if they are left out and what they decide.
//! `token` cuts the text into words, `tree` finds its shape, `sets` replaces what `--set` says, `check`, `network` (with
//! `grid`, `sites`, `links`, `changes`, `jitter`) and `compute` read the fields and note every mistake with its place, `write` turns a plan back into a file. `reference`, `template` and
//! `schema` are made of the declaration alone. This room knows files and people; it knows nothing of messages, shares or layers.

mod adversary;
mod changes;
pub(crate) mod check;
mod compute;
mod data;
mod declared;
pub(crate) mod errors;
mod excerpt;
mod faults;
mod field;
mod files;
mod grid;
mod jitter;
mod json;
mod limits;
mod links;
mod looks;
mod model;
mod models;
mod network;
mod owners;
mod plan;
mod presets;
mod quantities;
pub(crate) mod read;
pub(crate) mod reference;
mod regions;
mod ring;
pub(crate) mod schema;
pub(crate) mod sets;
pub(crate) mod signs;
mod sites;
mod softmax;
mod tables;
mod tcp;
mod template;
mod token;
mod training;
pub(crate) mod tree;
mod units;
pub(crate) mod write;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use compute::no_compute;
pub use declared::SCENARIO;
pub use errors::{Mistake, ScenarioErrors, likely};
pub use field::{Decides, Default, Field, Form, Group, Shape, Value};
pub use json::to_json;
pub use limits::{End, Limits};
pub use models::{MODELS, ModelPreset};
pub use plan::*;
pub use presets::{COMPUTES, ComputePreset, NETWORKS, NetworkPreset, OVERHEADS};
pub use reference::reference;
pub(crate) use ring::has_place;
pub use schema::schema;
pub(crate) use tcp::{WITHOUT as WITHOUT_TCP, excluded_fault, why_without_tcp};
pub use template::template;
pub(crate) use units::grouped;

use crate::data::DataError;
use errors::{Mistakes, Sources};
use files::Files;
use tree::{Kind, Node};

/// The largest scenario file, in bytes.
pub const LARGEST_FILE: u64 = 1 << 20;

/// The text of a scenario, read as far as its shape: what a sweep keeps, to set fields of it again and again.
#[derive(Clone, Debug)]
pub struct Scenario {
    sources: Sources,
    root: Node,
    /// The network of `root` alone.
    network_root: Node,
    files: Arc<Files>,
}

impl Scenario {
    /// Reads a scenario file and applies overrides, each `path.to.field=VALUE`, in order. Files of data are
    /// looked for relative to the folder of the scenario.
    pub fn load(path: &Path, sets: &[String]) -> Result<Plan, ScenarioErrors> {
        Scenario::open(path)?.plan(sets)
    }

    /// The same for a text: `file_name` is what mistakes call it, `base_dir` where files of data are looked for.
    pub fn parse(
        text: &str,
        file_name: &str,
        base_dir: &Path,
        sets: &[String],
    ) -> Result<Plan, ScenarioErrors> {
        Scenario::from_text(text, file_name, base_dir)?.plan(sets)
    }

    /// Reads a scenario file without checking its fields.
    pub fn open(path: &Path) -> Result<Scenario, ScenarioErrors> {
        let file = File::read(path)?;
        Scenario::from_text(&file.text, &file.name, &file.folder)
    }

    /// Takes a text apart without checking its fields. Mistakes of its shape, and those of its fields too if the
    /// shape can be made out, are told at once.
    pub fn from_text(text: &str, file_name: &str, base_dir: &Path) -> Result<Scenario, ScenarioErrors> {
        let sources = Sources::new(file_name, text);
        let mut mistakes = Mistakes::default();
        let root = shape(text, &sources, &mut mistakes)?;
        if !mistakes.is_empty() {
            check::plan(&root, &Files::of(base_dir), &mut mistakes);
            return Err(mistakes.into_errors(&sources));
        }
        Ok(Scenario::from_node(root, sources, base_dir))
    }

    /// The plan with these overrides, each `path.to.field=VALUE`, in order. The scenario stays as it is.
    pub fn plan(&self, sets: &[String]) -> Result<Plan, ScenarioErrors> {
        let mut sources = self.sources.clone();
        let mut root = self.root.clone();
        with_compute(&mut root);
        let mut mistakes = Mistakes::default();
        for set in sets {
            let source = sources.add_set(set);
            sets::apply(&mut root, set, source, &mut mistakes);
        }
        match check::plan(&root, &self.files, &mut mistakes) {
            Some(plan) if mistakes.is_empty() => Ok(plan),
            _ => Err(mistakes.into_errors(&sources)),
        }
    }

    /// Sets these fields for good, each `path.to.field=VALUE`, in order. What was set, to be held against other values.
    pub(crate) fn set(&mut self, sets: &[String]) -> Result<Vec<sets::Override>, ScenarioErrors> {
        with_compute(&mut self.root);
        let mut mistakes = Mistakes::default();
        let mut done = Vec::new();
        for set in sets {
            let source = self.sources.add_set(set);
            if let Some(set) = sets::Override::read(set, source, &mut mistakes) {
                set.apply(&mut self.root, &mut mistakes);
                done.push(set);
            }
        }
        self.network_root = network_of(&self.root);
        if mistakes.is_empty() { Ok(done) } else { Err(mistakes.into_errors(&self.sources)) }
    }

    /// A mistake that stands at one of the texts of this scenario.
    pub(crate) fn mistake(
        &self,
        place: &errors::Place,
        message: String,
        help: Option<String>,
    ) -> ScenarioErrors {
        let mut mistakes = Mistakes::default();
        mistakes.add(place, message, "here", help);
        mistakes.into_errors(&self.sources)
    }

    /// A scenario that stands inside another text.
    pub(crate) fn from_node(root: Node, sources: Sources, base_dir: &Path) -> Scenario {
        Scenario { sources, network_root: network_of(&root), root, files: Arc::new(Files::of(base_dir)) }
    }

    /// The same scenario, knowing one more text that values of overrides come from: source number 1.
    pub(crate) fn with_text(mut self, file_name: &str, text: &str) -> Scenario {
        self.sources.add(file_name, text);
        self
    }

    /// The plan with these values set, in order. Mistakes point at where the values are written.
    pub(crate) fn plan_with(&self, overrides: &[&sets::Override]) -> Result<Plan, ScenarioErrors> {
        let mut root = self.root.clone();
        with_compute(&mut root);
        let mut mistakes = Mistakes::default();
        overrides.iter().for_each(|value| value.apply(&mut root, &mut mistakes));
        match check::plan(&root, &self.files, &mut mistakes) {
            Some(plan) if mistakes.is_empty() => Ok(plan),
            _ => Err(mistakes.into_errors(&self.sources)),
        }
    }

    /// What is wrong with a file of [`plan`](Self::plan), shown where the scenario names the file.
    pub(crate) fn blamed(&self, sets: &[String], error: &DataError) -> ScenarioErrors {
        let mut sources = self.sources.clone();
        let mut root = self.root.clone();
        let mut mistakes = Mistakes::default();
        for set in sets {
            let source = sources.add_set(set);
            sets::apply(&mut root, set, source, &mut mistakes);
        }
        files::blame(&root, error, &mut mistakes);
        mistakes.into_errors(&sources)
    }

    /// The same of [`plan_with`](Self::plan_with).
    pub(crate) fn blamed_with(&self, overrides: &[&sets::Override], error: &DataError) -> ScenarioErrors {
        let mut root = self.root.clone();
        let mut mistakes = Mistakes::default();
        overrides.iter().for_each(|value| value.apply(&mut root, &mut mistakes));
        files::blame(&root, error, &mut mistakes);
        mistakes.into_errors(&self.sources)
    }

    /// The network alone of [`plan_with`](Self::plan_with), for so many parties; `overrides` set fields of the network
    /// only. No other field of a scenario has a say in it.
    pub(crate) fn network_with(
        &self,
        overrides: &[&sets::Override],
        parties: usize,
    ) -> Result<NetworkPlan, ScenarioErrors> {
        let mut mistakes = Mistakes::default();
        let mut root = self.network_root.clone();
        overrides.iter().for_each(|value| value.apply(&mut root, &mut mistakes));
        let Kind::Record(record) = &root.kind else { unreachable!("made as a record") };
        match record
            .get("network")
            .and_then(|node| network::network(node, parties, &self.files, &mut mistakes))
        {
            Some(plan) if mistakes.is_empty() => Ok(plan),
            _ => Err(mistakes.into_errors(&self.sources)),
        }
    }
}

/// A scenario with its network and nothing else.
fn network_of(root: &Node) -> Node {
    let mut alone = tree::Record { name: None, opening: root.place.clone(), fields: Vec::new() };
    if let Kind::Record(record) = &root.kind {
        alone.fields.extend(record.fields.iter().filter(|field| field.name == "network").cloned());
    }
    Node { place: root.place.clone(), kind: Kind::Record(alone) }
}

/// Writes the default of `compute:` out, so that `--set compute.speed=2` has something to change.
fn with_compute(root: &mut Node) {
    if let Kind::Record(record) = &mut root.kind
        && record.get("compute").is_none()
    {
        let place = record.opening.clone();
        let Default::Is(default) = declared::SCENARIO.field("compute").default else {
            panic!("it has a default")
        };
        let value = read::default_node(default, &place);
        record.fields.push(tree::Field { name: "compute".to_string(), place, value });
    }
}

/// Reads the value of `network:` alone, for so many parties.
pub fn parse_network(text: &str, file_name: &str, parties: usize) -> Result<NetworkPlan, ScenarioErrors> {
    // Files that it names are looked for in the folder we are in.
    let files = Files::of(Path::new(""));
    let read =
        |node: &Node, parties, mistakes: &mut Mistakes| network::network(node, parties, &files, mistakes);
    parse_alone(text, file_name, parties, read)
}

/// Reads the value of `compute:` alone, for so many parties.
pub fn parse_compute(text: &str, file_name: &str, parties: usize) -> Result<ComputePlan, ScenarioErrors> {
    parse_alone(text, file_name, parties, compute::compute)
}

/// Reads one layer of a `model: […]` alone.
pub fn parse_layer(text: &str, file_name: &str) -> Result<LayerKind, ScenarioErrors> {
    parse_alone(text, file_name, 2, |node, _, mistakes| model::layer(node, mistakes))
}

fn parse_alone<T>(
    text: &str,
    file_name: &str,
    parties: usize,
    read: impl Fn(&Node, usize, &mut Mistakes) -> Option<T>,
) -> Result<T, ScenarioErrors> {
    assert!(parties >= 2, "a network joins parties");
    let sources = Sources::new(file_name, text);
    let mut mistakes = Mistakes::default();
    let root = shape(text, &sources, &mut mistakes)?;
    match read(&root, parties, &mut mistakes) {
        Some(value) if mistakes.is_empty() => Ok(value),
        _ => Err(mistakes.into_errors(&sources)),
    }
}

/// A scenario or a sweep as it stands in its text, as JSON: `custom(a: 1)` is `{"custom": {"a": 1}}`, `preset("lan")` is
/// `{"preset": ["lan"]}`. Its fields are not checked, `sets` (each `path.to.field=VALUE`) are put in their places. What is no RON is an error,
/// and so is a number that is none, or a field that is given twice.
pub fn as_json(text: &str, file_name: &str, sets: &[String]) -> Result<serde_json::Value, ScenarioErrors> {
    let mut sources = Sources::new(file_name, text);
    let mut mistakes = Mistakes::default();
    let mut root = shape(text, &sources, &mut mistakes)?;
    if !sets.is_empty() {
        with_compute(&mut root);
    }
    for set in sets {
        let source = sources.add_set(set);
        sets::apply(&mut root, set, source, &mut mistakes);
    }
    if let Kind::Record(record) = &mut root.kind {
        record.name = None;
    }
    match json::value(&root, &mut mistakes) {
        Some(value) if mistakes.is_empty() => Ok(value),
        _ => Err(mistakes.into_errors(&sources)),
    }
}

/// How a field of a scenario is written, on one line; none if it is not there or the text is no scenario.
pub fn field_text(text: &str, name: &str) -> Option<String> {
    let root = tree::parse(text, 0, &mut Mistakes::default())?;
    let Kind::Record(record) = &root.kind else { return None };
    let written = text.get(record.get(name)?.place.span.clone())?;
    Some(written.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The tree of a text. There may be mistakes even so; if there is no tree, they are the error.
pub(crate) fn shape(text: &str, sources: &Sources, mistakes: &mut Mistakes) -> Result<Node, ScenarioErrors> {
    if let Some((message, help)) = looks::other_format(text) {
        let start = text.len() - text.trim_start().len();
        let first_line = text[start..].lines().next().map_or(0, str::len);
        let place = errors::Place { source: 0, span: start..start + first_line };
        mistakes.add(&place, message, "here", Some(help));
        return Err(std::mem::take(mistakes).into_errors(sources));
    }
    match tree::parse(text, 0, mistakes) {
        Some(Node { kind: Kind::Missing, .. }) | None => Err(std::mem::take(mistakes).into_errors(sources)),
        Some(root) => Ok(root),
    }
}

/// A file that a person wrote, or standard input.
pub(crate) struct File {
    /// What messages call it.
    pub name: String,
    /// What stands in it.
    pub text: String,
    /// Where files that it names are looked for.
    pub folder: PathBuf,
}

impl File {
    /// Reads a file; `-` is standard input, and the files that it names are looked for in the folder we are in.
    pub(crate) fn read(path: &Path) -> Result<File, ScenarioErrors> {
        if path == Path::new("-") {
            let name = "standard input".to_string();
            let unreadable = |error| {
                ScenarioErrors::without_place(format!("standard input cannot be read: {error}"), None)
            };
            let text = text_of(std::io::stdin().lock(), &name, unreadable)?;
            return Ok(File { name, text, folder: PathBuf::new() });
        }
        let name = path.display().to_string();
        let unreadable = |error: std::io::Error| {
            let help = (error.kind() == std::io::ErrorKind::NotFound).then(|| similar_file(path)).flatten();
            ScenarioErrors::without_place(format!("cannot read the scenario `{name}`: {error}"), help)
        };
        let file = fs::File::open(path).map_err(unreadable)?;
        let text = text_of(file, &name, unreadable)?;
        Ok(File { text, folder: path.parent().unwrap_or(Path::new("")).to_path_buf(), name })
    }
}

/// All of a text that is not too long. What it comes from need not have an end.
fn text_of(
    from: impl Read,
    name: &str,
    unreadable: impl Fn(std::io::Error) -> ScenarioErrors,
) -> Result<String, ScenarioErrors> {
    let mut bytes = Vec::new();
    from.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let refuse = |message: String| ScenarioErrors::without_place(message, None);
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(refuse(format!(
            "`{name}` has more than {} bytes: too many for a scenario",
            grouped(LARGEST_FILE)
        )));
    }
    String::from_utf8(bytes).map_err(|_| refuse(format!("`{name}` is not a text in UTF-8")))
}

/// "did you mean …": the scenario of that folder whose name is nearest.
fn similar_file(path: &Path) -> Option<String> {
    let folder = path.parent()?;
    let entries = fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }).ok()?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".ron"));
    names.sort();
    let close = errors::likely(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(format!("did you mean `{}`?", folder.join(close).display()))
}
