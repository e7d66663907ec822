//! Files as JSON, for programs.

use serde_json::{Map, Number, Value};

use super::errors::Mistakes;
use super::read::{self, whole_number};
use super::tree::{Kind, Node, Record, parse};

/// What [`Plan::to_ron`](super::Plan::to_ron) wrote, as JSON: `custom(a: 1)` becomes `{"custom": {"a": 1}}`.
///
/// # Panics
/// If it is not what was written.
pub fn to_json(resolved: &str) -> Value {
    written(resolved).expect("what is written can be read")
}

/// A value that is written without a mistake; none if there is one.
pub fn written(text: &str) -> Option<Value> {
    let mut mistakes = Mistakes::default();
    let root = parse(text, 0, &mut mistakes)?;
    value(&root, &mut mistakes).filter(|_| mistakes.is_empty())
}

/// A value of a file as JSON. None if something in it has no meaning, which is noted.
pub fn value(node: &Node, mistakes: &mut Mistakes) -> Option<Value> {
    match &node.kind {
        Kind::Word(word) if word == "true" || word == "false" => Some(Value::Bool(word == "true")),
        Kind::Word(word) => Some(Value::String(word.clone())),
        Kind::Number(written) => match number(written) {
            Some(number) => Some(Value::Number(number)),
            None => read::wrong(node, "this is not a number", None, mistakes),
        },
        Kind::Text(_) => read::text(node, "text", mistakes).map(Value::String),
        Kind::List(items) => values(items, mistakes),
        Kind::Tuple(name, items) => values(items, mistakes).map(|inner| named(name.as_ref(), inner)),
        Kind::Record(record) => fields(record, mistakes).map(|inner| named(record.name.as_ref(), inner)),
        Kind::Missing => None,
    }
}

/// A whole number if it is written as one.
fn number(written: &str) -> Option<Number> {
    let digits = written.replace('_', "");
    let whole =
        whole_number(&digits).map(Number::from).or_else(|| digits.parse::<i64>().ok().map(Number::from));
    whole.or_else(|| Number::from_f64(digits.parse().ok()?))
}

fn values(items: &[Node], mistakes: &mut Mistakes) -> Option<Value> {
    let values: Vec<Option<Value>> = items.iter().map(|item| value(item, mistakes)).collect();
    values.into_iter().collect::<Option<Vec<Value>>>().map(Value::Array)
}

fn fields(record: &Record, mistakes: &mut Mistakes) -> Option<Value> {
    let mut object = Map::new();
    let mut good = true;
    for field in &record.fields {
        match value(&field.value, mistakes) {
            Some(value) if !object.contains_key(&field.name) => {
                object.insert(field.name.clone(), value);
            }
            Some(_) => {
                let message = format!("`{}` is given twice", field.name);
                let help = Some("keep one of the two".to_string());
                mistakes.add(&field.place, message, "the second time", help);
                good = false;
            }
            None => good = false,
        }
    }
    good.then_some(Value::Object(object))
}

fn named(name: Option<&String>, inner: Value) -> Value {
    match name {
        Some(name) => Value::Object(Map::from_iter([(name.clone(), inner)])),
        None => inner,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_of_writing_has_its_json() {
        for (text, json) in [
            ("(a: 1, b: custom(c: 0.5))", json!({"a": 1, "b": {"custom": {"c": 0.5}}})),
            ("preset(\"lan\")", json!({"preset": ["lan"]})),
            ("zip([(a: 1)])", json!({"zip": [[{"a": 1}]]})),
            ("[none, \"a\\\"b\", true, (-1, 2)]", json!(["none", "a\"b", true, [-1, 2]])),
            ("[()]", json!([{}])),
            ("mnist()", json!({"mnist": {}})),
            ("[1_000, 0x1f, +5, 1e3, .5, 18446744073709551615]", json!([1000, 31, 5, 1000.0, 0.5, u64::MAX])),
        ] {
            assert_eq!(written(text), Some(json), "{text}");
        }
        for wrong in ["5ms", "1e999", "(a: 1, a: 2)", "(a: )", "\"\\q\"", "[1", "1.2.3"] {
            assert_eq!(written(wrong), None, "{wrong}");
        }
    }
}
