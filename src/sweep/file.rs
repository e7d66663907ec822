//! The sweep file: a base scenario, axes, exclusions.

use std::path::Path;

use super::axis::{Axis, group};
use super::columns::is_result;
use super::condition::Condition;
use super::declared::{MOST_AXES, SWEEP};
use super::grid::Grid;
use super::memory::Count;
use crate::digest::Hasher;
use crate::memory::MemoryLimit;
use crate::scenario::errors::{Mistakes, Sources};
use crate::scenario::read::{self, Fields, wrong};
use crate::scenario::tree::{Kind, Node};
use crate::scenario::{File, Plan, Scenario, ScenarioErrors, check, grouped, shape};

/// The most points of a grid, excluded ones included.
const MOST_POINTS: u64 = 100_000_000;

/// The first column of the results.
const INDEX: &str = "index";

/// A sweep as its file describes it; the points are not checked yet.
#[derive(Debug)]
pub struct Sweep {
    /// Its name; names the folder of the results.
    pub name: String,
    /// Whether trainings run. If not, there is no accuracy, and every training is taken to end without a restart.
    pub train: bool,
    pub(crate) base: Scenario,
    pub(crate) grid: Grid,
    /// Of its text and that of its base.
    pub(crate) digest: String,
    /// The most memory that it may take.
    pub(crate) memory_limit: MemoryLimit,
}

impl Sweep {
    /// Reads a sweep file and the scenario that it names; axes that take more memory than the limit are a mistake.
    pub fn open(path: &Path, memory_limit: MemoryLimit) -> Result<Sweep, ScenarioErrors> {
        let file = File::read(path)?;
        Sweep::from_text(&file.text, &file.name, &file.folder, memory_limit)
    }

    /// The same with fields of the base set, each `path.to.field=VALUE`, in order. None of them can be that of an axis.
    pub fn with_sets(mut self, sets: &[String]) -> Result<Sweep, ScenarioErrors> {
        for set in self.base.set(sets)? {
            let overlaps = |axis: &&Axis| axis.values[0].set.overlaps(&set);
            if let Some(axis) = self.grid.axes().find(overlaps) {
                let message = format!("the axis `{}` sets this field already", axis.field);
                let help = "a row could not say which of the two was used".to_string();
                return Err(self.base.mistake(set.place(), message, Some(help)));
            }
        }
        if !sets.is_empty() {
            self.digest = digest_of(&[&self.digest, &sets.join("\n")]);
        }
        Ok(self)
    }

    /// A scenario at all points of axes that are written as in a sweep file; `plan` is the scenario's own.
    pub(crate) fn over(
        base: Scenario,
        plan: &Plan,
        axes: &str,
        memory_limit: MemoryLimit,
    ) -> Result<Sweep, ScenarioErrors> {
        const NAME: &str = "choices";
        let sources = Sources::new(NAME, axes);
        let mut mistakes = Mistakes::default();
        let root = shape(axes, &sources, &mut mistakes)?;
        let groups = groups_of(&root, axes, memory_limit, &mut mistakes).filter(|_| mistakes.is_empty());
        let Some(groups) = groups else { return Err(mistakes.into_errors(&sources)) };
        let grid = Grid::new(groups, &[]).in_source(1);
        let digest = digest_of(&[axes, &plan.to_ron()]);
        let base = base.with_text(NAME, axes);
        Ok(Sweep { name: plan.name.clone(), train: true, base, grid, digest, memory_limit })
    }

    /// Whether a text is a sweep and not a scenario: it has axes.
    pub fn is_sweep(text: &str, file_name: &str) -> bool {
        let root = shape(text, &Sources::new(file_name, text), &mut Mistakes::default());
        matches!(root, Ok(Node { kind: Kind::Record(record), .. }) if record.get("axes").is_some())
    }

    /// Takes the text of a sweep file, whose name is for messages; the base scenario and files of data are looked for
    /// in `base_dir`.
    pub fn from_text(
        text: &str,
        file_name: &str,
        base_dir: &Path,
        memory_limit: MemoryLimit,
    ) -> Result<Sweep, ScenarioErrors> {
        let mut sources = Sources::new(file_name, text);
        let mut mistakes = Mistakes::default();
        let root = shape(text, &sources, &mut mistakes)?;
        let Some(read) = Parts::read(&root, text, (base_dir, memory_limit), &mut mistakes) else {
            return Err(mistakes.into_errors(&sources));
        };
        if !mistakes.is_empty() {
            return Err(mistakes.into_errors(&sources));
        }
        let (base, base_text) = match read.base {
            Base::Inline(node) => (Scenario::from_node(node, sources, base_dir), String::new()),
            Base::File(path) => {
                let File { name: base_name, text: base_text, folder } = File::read(&path)?;
                // Places in the sweep file are places in source 1 of the base.
                sources = Sources::new(&base_name, &base_text);
                let node = shape(&base_text, &sources, &mut mistakes)?;
                if !mistakes.is_empty() {
                    return Err(mistakes.into_errors(&sources));
                }
                let scenario = Scenario::from_node(node, sources, &folder);
                (scenario.with_text(file_name, text), base_text)
            }
        };
        let source = usize::from(!base_text.is_empty());
        let grid = read.grid.in_source(source);
        let digest = digest_of(&[text, &base_text]);
        Ok(Sweep { name: read.name, train: read.train, base, grid, digest, memory_limit })
    }

    /// Digest of all texts that it is made of: its own, that of its base, and what was set.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What is swept, in the order of the columns: the name of the column, and its values as they stand in it.
    pub fn axis_values(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.grid
            .axes()
            .map(|axis| (axis.name.as_str(), axis.values.iter().map(|value| value.cell.as_str()).collect()))
    }

    /// The fields that are swept, in the order of the columns.
    pub fn axes(&self) -> impl Iterator<Item = &str> {
        self.grid.axes().map(|axis| axis.name.as_str())
    }
}

/// Of all texts that a sweep is made of.
fn digest_of(texts: &[&str]) -> String {
    let mut hasher = Hasher::default();
    texts.iter().for_each(|text| hasher.add_piece(text.as_bytes()));
    hasher.digits()
}

enum Base {
    Inline(Node),
    File(std::path::PathBuf),
}

/// What stands in the file.
struct Parts {
    name: String,
    train: bool,
    base: Base,
    grid: Grid,
}

impl Parts {
    fn read(
        root: &Node,
        text: &str,
        (base_dir, memory_limit): (&Path, MemoryLimit),
        mistakes: &mut Mistakes,
    ) -> Option<Parts> {
        if let Kind::Record(record) = &root.kind
            && record.get("axes").is_none()
            && let Some(field) = record.fields.iter().find(|field| field.name == "protocol")
        {
            let help = Some("run it with `mpcsim run`; a sweep has `base` and `axes`".to_string());
            mistakes.add(&field.place, "this is a scenario, not a sweep", "a sweep has a base", help);
            return None;
        }
        let fields = Fields::new(root, &SWEEP, mistakes)?;
        let name = fields.node("name", mistakes).and_then(|node| check::name(&node, mistakes));
        let base = fields.node("base", mistakes).and_then(|node| base_of(&node, base_dir, mistakes));
        let train = fields.boolean("train", mistakes);
        let axes = fields.node("axes", mistakes);
        let groups = axes.and_then(|node| groups_of(&node, text, memory_limit, mistakes))?;
        let axes: Vec<&Axis> = groups.iter().flatten().collect();
        let mut conditions = Vec::new();
        if let Some(node) = fields.get("exclude") {
            let example = "[(field: \"softmax\", is: exact)]";
            for node in read::list(node, "exclude", example, mistakes)? {
                conditions.extend(Condition::read(node, &axes, text, mistakes));
            }
        }
        if !mistakes.is_empty() {
            return None;
        }
        let grid = Grid::new(groups, &conditions);
        if grid.points() == 0 {
            return wrong(fields.get("exclude")?, "`exclude` leaves no point", None, mistakes);
        }
        Some(Parts { name: name?, train: train?, base: base?, grid })
    }
}

fn base_of(node: &Node, base_dir: &Path, mistakes: &mut Mistakes) -> Option<Base> {
    if let Kind::Record(_) = node.kind {
        return Some(Base::Inline(node.clone()));
    }
    if !matches!(node.kind, Kind::Text(_)) {
        let help = Some("\"01_first_run.ron\", or (name: …, protocol: …, …)".to_string());
        return wrong(node, "`base` must be the path of a scenario, or a scenario", help, mistakes);
    }
    let path = base_dir.join(read::text(node, "base", mistakes)?);
    match path.metadata() {
        Ok(_) => Some(Base::File(path)),
        Err(error) => {
            let help = "paths are relative to the folder of the sweep file".to_string();
            let message = format!("cannot read the scenario `{}`: {error}", path.display());
            mistakes.add(&node.place, message, "the base scenario", Some(help));
            None
        }
    }
}

/// What to say of two axes that set the same value.
fn overlap(axis: &Axis, other: &Axis) -> (String, Option<String>) {
    if axis.field == other.field {
        return (format!("two axes set `{}`", axis.field), None);
    }
    let message = format!("the axes `{}` and `{}` set the same value", other.field, axis.field);
    let help = "a row could not say which of the two was used: make them one axis".to_string();
    (message, Some(help))
}

/// All groups of axes, none of which sets a field that another sets.
fn groups_of(
    node: &Node,
    text: &str,
    memory_limit: MemoryLimit,
    mistakes: &mut Mistakes,
) -> Option<Vec<Vec<Axis>>> {
    let example = "[(field: \"seed\", values: [1, 2, 3])]";
    let items = read::list(node, "axes", example, mistakes)?;
    // Before values of ranges are written out.
    let count = Count::of(items);
    if count.points > MOST_POINTS {
        let message = format!("a grid can have at most {} points", grouped(MOST_POINTS));
        mistakes.add(&node.place, message, "too many combinations", None);
        return None;
    }
    if let Err(too_much) = count.check(memory_limit) {
        mistakes.add(&node.place, too_much.to_string(), format!("{} values", grouped(count.values)), None);
        return None;
    }
    let groups: Vec<Option<Vec<Axis>>> = items.iter().map(|item| group(item, text, mistakes)).collect();
    let groups = groups.into_iter().collect::<Option<Vec<_>>>()?;
    let axes: Vec<&Axis> = groups.iter().flatten().collect();
    if axes.len() > MOST_AXES {
        let message = format!("a sweep can have at most {MOST_AXES} axes");
        mistakes.add(&node.place, message, format!("{} axes", axes.len()), None);
        return None;
    }
    for (i, axis) in axes.iter().enumerate() {
        let earlier = &axes[..i];
        let column_taken = earlier.iter().any(|other| other.name == axis.name)
            || axis.name == INDEX
            || is_result(&axis.name);
        let overlaps = |other: &&&Axis| other.values[0].set.overlaps(&axis.values[0].set);
        if let Some(other) = earlier.iter().find(overlaps) {
            let (message, help) = overlap(axis, other);
            mistakes.add(&axis.place, message, "the second time", help);
        } else if column_taken {
            let message = format!("there is another column `{}` in the results", axis.name);
            mistakes.add(&axis.place, message, "this axis needs another name", None);
        }
    }
    Some(groups)
}
