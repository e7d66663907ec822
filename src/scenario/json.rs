//! A resolved scenario as JSON, for programs.

use serde_json::{Map, Value};

use super::errors::Mistakes;
use super::tree::{Kind, Node, Record, parse};

/// What [`Plan::to_ron`](super::Plan::to_ron) wrote, as JSON: `custom(a: 1)` becomes `{"custom": {"a": 1}}`.
///
/// # Panics
/// If it is not what was written.
pub fn to_json(resolved: &str) -> Value {
    let root = parse(resolved, 0, &mut Mistakes::default()).expect("what is written can be read");
    value(&root)
}

fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Word(word) if word == "true" || word == "false" => Value::Bool(word == "true"),
        Kind::Word(word) => Value::String(word.clone()),
        Kind::Number(number) => serde_json::from_str(number).expect("numbers are written in decimals"),
        Kind::Text(quoted) => Value::String(ron::from_str(quoted).expect("texts are written in quotes")),
        Kind::List(items) => Value::Array(items.iter().map(value).collect()),
        Kind::Tuple(name, items) => named(name.as_ref(), Value::Array(items.iter().map(value).collect())),
        Kind::Record(Record { name, fields, .. }) => {
            let fields = fields.iter().map(|field| (field.name.clone(), value(&field.value)));
            named(name.as_ref(), Value::Object(fields.collect()))
        }
        Kind::Missing => unreachable!("nothing is missing in what is written"),
    }
}

fn named(name: Option<&String>, inner: Value) -> Value {
    match name {
        Some(name) => Value::Object(Map::from_iter([(name.clone(), inner)])),
        None => inner,
    }
}
