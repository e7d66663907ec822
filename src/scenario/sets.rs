//! `--set path.to.field=VALUE`: a tree of a scenario with some values replaced.
//!
//! Values are replaced in the tree, not in the text: a mistake in one still points at the option it came from, and
//! a sweep reads its base once and replaces values a million times. Nothing here knows which fields exist: a field
//! that is not there is put in, and whoever reads the tree says that it is unknown.

use super::errors::{Mistakes, Place, SourceId};
use super::tree::{Field, Kind, Node, Record, parse};

/// Fields of which one excludes the other: setting one takes the other away.
const EXCLUSIVE: [(&str, &str); 4] = [
    ("epochs", "iterations"),
    ("iterations", "epochs"),
    ("latency_ms", "ping_ms"),
    ("ping_ms", "latency_ms"),
];

/// A value to put in the place of another, already read: what an axis of a sweep sets at one of its points.
#[derive(Clone, Debug)]
pub struct Override {
    steps: Vec<(PathPart, Place)>,
    value: Node,
}

impl Override {
    /// The value for a path. Whatever is wrong with the path is told at `place`.
    pub fn new(path: &str, place: &Place, value: Node) -> Option<Override> {
        let steps = path_steps(path, place.source, &mut Mistakes::default())?;
        let steps = steps.into_iter().map(|(step, _)| (step, place.clone())).collect();
        Some(Override { steps, value })
    }

    /// Reads `path=VALUE`, where `source` is the text's number among the sources.
    pub fn read(text: &str, source: SourceId, mistakes: &mut Mistakes) -> Option<Override> {
        let whole = Place { source, span: 0..text.len() };
        let Some((path, value_text)) = text.split_once('=') else {
            let help = Some("for example: --set training.epochs=1".to_string());
            mistakes.add(&whole, "`--set` needs a field, an equals sign and a value", "no equals sign", help);
            return None;
        };
        let steps = path_steps(path, source, mistakes)?;
        // Blanks in place of the path keep every place of the value true to the whole option.
        let padded = " ".repeat(path.len() + 1) + value_text;
        if value_text.trim().is_empty() {
            mistakes.add(&whole, "`--set` needs a value behind the equals sign", "no value", None);
            return None;
        }
        let value = parse(&padded, source, mistakes)?;
        Some(Override { steps, value })
    }

    /// Where its path stands.
    pub fn place(&self) -> &Place {
        &self.steps[0].1
    }

    /// The path, written in the one way that it has: without blanks.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for (step, _) in &self.steps {
            match step {
                PathPart::Field(name) if path.is_empty() => path += name,
                PathPart::Field(name) => path += &format!(".{name}"),
                PathPart::Index(index) => path += &format!("[{index}]"),
            }
        }
        path
    }

    /// Whether both set the same value, or one of them a part of what the other sets, or one takes the other away.
    pub fn overlaps(&self, other: &Override) -> bool {
        let different = self.steps.iter().zip(&other.steps).find(|((own, _), (other, _))| own != other);
        match different {
            None => true,
            Some(((PathPart::Field(own), _), (PathPart::Field(other), _))) => {
                EXCLUSIVE.contains(&(own.as_str(), other.as_str()))
            }
            Some(_) => false,
        }
    }

    /// The name that the path begins with.
    pub fn top_field(&self) -> &str {
        match &self.steps[0].0 {
            PathPart::Field(name) => name,
            PathPart::Index(_) => "",
        }
    }

    /// Says that the text it comes from is another of the sources.
    pub fn move_to(&mut self, source: SourceId) {
        self.steps.iter_mut().for_each(|(_, place)| place.source = source);
        self.value.move_to(source);
    }

    /// Sets the value.
    pub fn apply(&self, root: &mut Node, mistakes: &mut Mistakes) {
        replace(root, &self.steps, self.value.clone(), mistakes);
    }
}

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PathPart {
    Field(String),
    Index(usize),
}

/// Applies one override, `path=VALUE`, where `source` is the text's number among the sources.
pub fn apply(root: &mut Node, text: &str, source: SourceId, mistakes: &mut Mistakes) {
    if let Some(set) = Override::read(text, source, mistakes) {
        set.apply(root, mistakes);
    }
}

fn path_steps(path: &str, source: SourceId, mistakes: &mut Mistakes) -> Option<Vec<(PathPart, Place)>> {
    let mut steps = Vec::new();
    let mut start = 0;
    for part in path.split('.') {
        let span = start..start + part.len();
        start = span.end + 1;
        let place = Place { source, span };
        let trimmed = part.trim();
        let (name, indices) = trimmed.split_at(trimmed.find('[').unwrap_or(trimmed.len()));
        let indices = index_list(indices);
        let named = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let (true, Some(indices)) = (named, indices) else {
            let help =
                Some("a path is written like training.epochs or network.links[0].latency_ms".to_string());
            mistakes.add(&place, "this part of the path is not the name of a field", "here", help);
            return None;
        };
        steps.push((PathPart::Field(name.to_string()), place.clone()));
        steps.extend(indices.into_iter().map(|index| (PathPart::Index(index), place.clone())));
    }
    Some(steps)
}

/// `[0][1]` as numbers.
fn index_list(mut text: &str) -> Option<Vec<usize>> {
    let mut indices = Vec::new();
    while !text.is_empty() {
        let (index, rest) = text.strip_prefix('[')?.split_once(']')?;
        indices.push(index.trim().parse().ok()?);
        text = rest;
    }
    Some(indices)
}

fn replace(node: &mut Node, steps: &[(PathPart, Place)], value: Node, mistakes: &mut Mistakes) {
    let Some(((step, place), rest)) = steps.split_first() else {
        *node = value;
        return;
    };
    match step {
        PathPart::Index(index) => replace_item(node, *index, place, rest, value, mistakes),
        PathPart::Field(name) => {
            let Some(record) = as_record(node) else {
                let message =
                    format!("there is no field `{name}` to set: what should hold it is {}", node.describe());
                mistakes.add(place, message, "not a field", None);
                return;
            };
            let excluded = |field: &Field| EXCLUSIVE.contains(&(name.as_str(), field.name.as_str()));
            if let Some(other) =
                record.fields.iter().find(|field| excluded(field)).filter(|_| !rest.is_empty())
            {
                let message = format!("`{name}` is not given here, so no part of it can be set");
                let help = format!("set a part of `{}`, which is given in its place", other.name);
                mistakes.add(place, message, "not given", Some(help));
                return;
            }
            record.fields.retain(|field| !excluded(field));
            match record.fields.iter_mut().find(|field| field.name == *name) {
                Some(field) => {
                    if rest.is_empty() {
                        field.place = place.clone();
                    }
                    replace(&mut field.value, rest, value, mistakes);
                }
                None => {
                    let mut inner = Node { place: place.clone(), kind: empty_record(None, place) };
                    replace(&mut inner, rest, value, mistakes);
                    record.fields.push(Field { name: name.clone(), place: place.clone(), value: inner });
                }
            }
        }
    }
}

fn replace_item(
    node: &mut Node,
    index: usize,
    place: &Place,
    rest: &[(PathPart, Place)],
    value: Node,
    mistakes: &mut Mistakes,
) {
    match &mut node.kind {
        Kind::List(items) if index < items.len() => replace(&mut items[index], rest, value, mistakes),
        Kind::List(items) => {
            let message = match items.len() {
                0 => "this list is empty".to_string(),
                1 => "this list has one entry, number 0".to_string(),
                length => format!("this list has {length} entries, numbers 0 to {}", length - 1),
            };
            mistakes.add(place, message, format!("there is no entry {index}"), None);
        }
        _ => {
            let message = format!("this is not a list, but {}", node.describe());
            mistakes.add(place, message, "has no numbered entries", None);
        }
    }
}

/// The record that a field can be put into. A word such as `mnist` becomes `mnist()`, and `preset("lan")` becomes
/// `custom(base: "lan")`, which is the same with room for more.
fn as_record(node: &mut Node) -> Option<&mut Record> {
    match &node.kind {
        Kind::Word(word) => node.kind = empty_record(Some(word.clone()), &node.place),
        Kind::Tuple(Some(name), items) if name == "preset" && items.len() == 1 => {
            let base = Field { name: "base".to_string(), place: node.place.clone(), value: items[0].clone() };
            let opening = node.place.clone();
            node.kind =
                Kind::Record(Record { name: Some("custom".to_string()), opening, fields: vec![base] });
        }
        _ => {}
    }
    match &mut node.kind {
        Kind::Record(record) => Some(record),
        _ => None,
    }
}

fn empty_record(name: Option<String>, place: &Place) -> Kind {
    Kind::Record(Record { name, opening: place.clone(), fields: Vec::new() })
}
