//! Conditions on the values of a point: what `exclude` takes out of the grid.

use super::axis::{Axis, as_record, cell};
use super::declared::CONDITION;
use crate::scenario::errors::{Mistakes, likely};
use crate::scenario::read::{self, Fields, wrong};
use crate::scenario::sets::Override;
use crate::scenario::tree::{Kind, Node};

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Is,
    IsNot,
    Below,
    Above,
    AtMost,
    AtLeast,
}

const RELATIONS: [(&str, Relation); 6] = [
    ("is", Relation::Is),
    ("is_not", Relation::IsNot),
    ("below", Relation::Below),
    ("above", Relation::Above),
    ("at_most", Relation::AtMost),
    ("at_least", Relation::AtLeast),
];

/// The right side of a comparison.
#[derive(Clone, Debug)]
enum Right {
    Value(String, Option<f64>),
    /// The value of another axis, by its number.
    Axis(usize),
}

#[derive(Clone, Debug)]
struct Comparison {
    axis: usize,
    relation: Relation,
    right: Right,
}

/// Comparisons all of which must hold.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    comparisons: Vec<Comparison>,
}

impl Condition {
    /// Reads one entry of `exclude`: a comparison, or a list of them.
    pub(crate) fn read(
        node: &Node,
        axes: &[&Axis],
        text: &str,
        mistakes: &mut Mistakes,
    ) -> Option<Condition> {
        let single = std::slice::from_ref(node);
        let nodes = if let Kind::List(items) = &node.kind { items.as_slice() } else { single };
        if nodes.is_empty() {
            return wrong(node, "a condition needs a comparison", None, mistakes);
        }
        let mut comparisons = Vec::new();
        for node in nodes {
            comparisons.extend(comparisons_of(node, axes, text, mistakes)?);
        }
        Some(Condition { comparisons })
    }

    /// Whether all comparisons hold; `value` gives an axis' value at the point.
    pub(crate) fn holds<'a>(&self, value: impl Fn(usize) -> (&'a str, Option<f64>)) -> bool {
        self.comparisons.iter().all(|comparison| {
            let (left, left_number) = value(comparison.axis);
            let (right, right_number) = match &comparison.right {
                Right::Value(cell, number) => (cell.as_str(), *number),
                Right::Axis(axis) => value(*axis),
            };
            let numbers = left_number.zip(right_number);
            let equal = numbers.map_or(left == right, |(a, b)| a == b);
            match comparison.relation {
                Relation::Is => equal,
                Relation::IsNot => !equal,
                Relation::Below => numbers.is_some_and(|(a, b)| a < b),
                Relation::Above => numbers.is_some_and(|(a, b)| a > b),
                Relation::AtMost => numbers.is_some_and(|(a, b)| a <= b),
                Relation::AtLeast => numbers.is_some_and(|(a, b)| a >= b),
            }
        })
    }
}

fn comparisons_of(
    node: &Node,
    axes: &[&Axis],
    text: &str,
    mistakes: &mut Mistakes,
) -> Option<Vec<Comparison>> {
    let fields = Fields::new(node, &CONDITION, mistakes)?;
    let axis = fields.node("field", mistakes).and_then(|node| axis_of(&node, axes, mistakes))?;
    let record = as_record(node)?;
    let mut found = Vec::new();
    for (name, relation) in RELATIONS {
        let Some(value) = record.get(name) else { continue };
        let right = match &value.kind {
            Kind::Tuple(Some(word), items) if word == "field" && items.len() == 1 => {
                Right::Axis(axis_of(&items[0], axes, mistakes)?)
            }
            _ => {
                let (cell, number) = cell(value, text);
                if number.is_none() && !matches!(relation, Relation::Is | Relation::IsNot) {
                    let help = Some("or another axis: field(\"training.batch\")".to_string());
                    return wrong(value, &format!("`{name}` compares with a number"), help, mistakes);
                }
                Right::Value(cell, number)
            }
        };
        found.push(Comparison { axis, relation, right });
    }
    if found.is_empty() {
        let help = Some("for example (field: \"softmax\", is: exact)".to_string());
        return wrong(
            node,
            "a condition says `is`, `is_not`, `below`, `above`, `at_most` or `at_least`",
            help,
            mistakes,
        );
    }
    Some(found)
}

fn axis_of(node: &Node, axes: &[&Axis], mistakes: &mut Mistakes) -> Option<usize> {
    let field = read::text(node, "field", mistakes)?;
    let path = Override::new(&field, &node.place, node.clone()).map(|set| set.path());
    if let Some(index) = axes.iter().position(|axis| path.as_ref() == Some(&axis.field)) {
        return Some(index);
    }
    let names = || axes.iter().map(|axis| axis.field.as_str());
    let help = match likely(&field, names()) {
        Some(close) => format!("did you mean \"{close}\"?"),
        None => format!("the axes are {}", names().collect::<Vec<_>>().join(", ")),
    };
    mistakes.add(&node.place, format!("no axis sets the field `{field}`"), "not an axis", Some(help));
    None
}
