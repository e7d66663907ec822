//! Axes: a field of the scenario and the values that it takes.

use super::declared::{AXIS, LINEAR, LOGARITHMIC};
use super::number::{linear, logarithmic};
use crate::scenario::errors::{Mistakes, Place};
use crate::scenario::read::{self, Fields, wrong};
use crate::scenario::sets::Override;
use crate::scenario::signs::is_order;
use crate::scenario::tree::{Kind, Node, Record};

/// A field of the scenario and the values that it takes.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// The field's path.
    pub field: String,
    /// What the column of the results is called: the path, unless the file says otherwise.
    pub name: String,
    /// Where the axis stands in the file.
    pub place: Place,
    /// The values, in order.
    pub values: Vec<Value>,
}

/// One value of an axis.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    /// What stands in the column of the results.
    pub cell: String,
    /// The same as a number, if it is one.
    pub number: Option<f64>,
    /// What is set.
    pub set: Override,
}

/// What a value is called in tables, and the number that it is: a preset or what has a label by its name, all else as
/// it is written.
pub(crate) fn cell(node: &Node, text: &str) -> (String, Option<f64>) {
    let unquoted =
        |quoted: &str| harmless(ron::from_str::<String>(quoted).unwrap_or_else(|_| quoted.to_string()));
    let written = || text[node.place.span.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
    match &node.kind {
        Kind::Number(number) => (number.replace('_', ""), number.replace('_', "").parse().ok()),
        Kind::Word(word) if word == "unlimited" => (word.clone(), Some(f64::INFINITY)),
        Kind::Text(quoted) => (unquoted(quoted), None),
        Kind::Tuple(Some(name), items) if name == "preset" && items.len() == 1 => match &items[0].kind {
            Kind::Text(quoted) => (unquoted(quoted), None),
            _ => (written(), None),
        },
        Kind::Record(record) => match record.get("label").map(|label| &label.kind) {
            Some(Kind::Text(quoted)) => (unquoted(quoted), None),
            _ => (written(), None),
        },
        _ => (written(), None),
    }
}

/// A text that no spreadsheet takes for a formula: an apostrophe goes before what begins like one.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// The axes that go together: one, or those of a `zip`.
pub(crate) fn group(node: &Node, text: &str, mistakes: &mut Mistakes) -> Option<Vec<Axis>> {
    let Kind::Tuple(Some(name), items) = &node.kind else {
        return distinct(vec![axis(node, text, mistakes)?], mistakes);
    };
    let [Node { kind: Kind::List(members), .. }] = items.as_slice() else {
        let help = Some("write zip([(field: …, values: …), …])".to_string());
        return wrong(node, "an axis is made of named fields, or is a `zip` of several", help, mistakes);
    };
    if name != "zip" || members.is_empty() {
        let help = Some("write zip([(field: …, values: …), …])".to_string());
        return wrong(node, "an axis is made of named fields, or is a `zip` of several", help, mistakes);
    }
    let axes: Vec<Option<Axis>> = members.iter().map(|member| axis(member, text, mistakes)).collect();
    let axes = axes.into_iter().collect::<Option<Vec<Axis>>>()?;
    for other in &axes[1..] {
        if other.values.len() != axes[0].values.len() {
            let message = format!(
                "axes of a `zip` have the same number of values, and `{}` has {}",
                axes[0].field,
                axes[0].values.len()
            );
            mistakes.add(&other.place, message, format!("has {} values", other.values.len()), None);
            return None;
        }
    }
    distinct(axes, mistakes)
}

fn axis(node: &Node, text: &str, mistakes: &mut Mistakes) -> Option<Axis> {
    let fields = Fields::new(node, &AXIS, mistakes)?;
    let field_node = fields.node("field", mistakes);
    let field = field_node.as_deref().and_then(|node| read::text(node, "field", mistakes));
    let values = fields.node("values", mistakes).and_then(|node| values_of(&node, mistakes));
    let name = match fields.get("name") {
        Some(node) => Some(harmless(read::label(node, mistakes)?)),
        None => None,
    };
    let (field, field_node, values) = (field?, field_node?, values?);
    let mut made: Vec<Value> = Vec::with_capacity(values.len());
    for value in values {
        let (cell, number) = cell(&value, text);
        if cell.contains(|c: char| c.is_control() || is_order(c)) {
            let message = "a value of an axis must be printable on one line: it stands in a table";
            mistakes.add(&value.place, message, "has a control character", None);
            return None;
        }
        let Some(set) = Override::new(&field, &field_node.place, value) else {
            let help =
                Some("a path is written like training.epochs or network.links[0].latency_ms".to_string());
            mistakes.add(&field_node.place, "this is not the path of a field", "here", help);
            return None;
        };
        made.push(Value { cell, number, set });
    }
    // Blanks around a name are no other name.
    let field = made.first()?.set.path();
    Some(Axis {
        name: name.unwrap_or_else(|| field.clone()),
        field,
        place: field_node.place.clone(),
        values: made,
    })
}

/// Axes that go together, unless two of their rows could not be told apart.
fn distinct(axes: Vec<Axis>, mistakes: &mut Mistakes) -> Option<Vec<Axis>> {
    let row = |at: usize| axes.iter().map(|axis| axis.values[at].cell.as_str()).collect::<Vec<_>>();
    let mut rows: Vec<Vec<&str>> = (0..axes[0].values.len()).map(row).collect();
    rows.sort_unstable();
    let Some(pair) = rows.windows(2).find(|pair| pair[0] == pair[1]) else { return Some(axes) };
    let message = format!("two values stand as `{}` in the results", pair[0].join(", "));
    let help =
        "a row could not say which of the two was used: give each a label of its own, or leave one out";
    mistakes.add(&axes[0].place, message, "of this axis", Some(help.to_string()));
    None
}

/// The values of an axis; those of a range have the place of the range.
fn values_of(node: &Node, mistakes: &mut Mistakes) -> Option<Vec<Node>> {
    const WAYS: [&str; 2] = ["linear", "logarithmic"];
    match (&node.kind, read::variant_name(node)) {
        (Kind::List(items), _) if items.is_empty() => wrong(node, "an axis needs a value", None, mistakes),
        (Kind::List(items), _) if items.iter().any(|item| matches!(item.kind, Kind::Missing)) => None,
        (Kind::List(items), _) => Some(items.clone()),
        (Kind::Record(_), Some(way)) if WAYS.contains(&way) => range(node, way == "linear", mistakes),
        (_, Some(way)) if WAYS.contains(&way) => {
            let help = Some(format!("write {way}(from: 1, to: 100, steps: 5)"));
            wrong(node, "a range has a beginning, an end and a number of steps", help, mistakes)
        }
        _ => {
            let examples =
                ["[…]", "linear(from: 1, to: 9, steps: 5)", "logarithmic(from: 1, to: 100, steps: 5)"];
            let names = ["[]", "linear", "logarithmic"];
            read::unknown_choice(node, "values", &names, &examples, mistakes)
        }
    }
}

fn range(node: &Node, is_linear: bool, mistakes: &mut Mistakes) -> Option<Vec<Node>> {
    let fields = Fields::new(node, if is_linear { &LINEAR } else { &LOGARITHMIC }, mistakes)?;
    let mut end = |name: &str| {
        let number = fields.float(name, mistakes)?;
        Some((number, fields.node(name, mistakes)?.into_owned()))
    };
    let (from, to) = (end("from"), end("to"));
    let steps = fields.whole("steps", mistakes);
    let ((_, from), (_, to), steps) = (from?, to?, steps?);
    let (Kind::Number(from), Kind::Number(to)) = (&from.kind, &to.kind) else { return None };
    let numbers = if is_linear { linear(from, to, steps) } else { logarithmic(from, to, steps) };
    let node = |number| Node { place: node.place.clone(), kind: Kind::Number(number) };
    Some(numbers.into_iter().map(node).collect())
}

/// What a field of this name means in the tree of the sweep file.
pub(crate) fn as_record(node: &Node) -> Option<&Record> {
    match &node.kind {
        Kind::Record(record) => Some(record),
        _ => None,
    }
}
