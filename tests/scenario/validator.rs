//! A validator of the part of JSON Schema (draft 2020-12) that mpcsim's schemas use. Any other keyword is a fault.
//!
//! It is our own since the crate `jsonschema` would turn on a feature of `serde_json` in what is tested that what is
//! installed does not have.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// Keywords that say nothing of what is valid.
const NOTES: [&str; 6] = ["$schema", "$defs", "title", "description", "default", "examples"];

/// A schema, to which references are relative.
pub struct Validator {
    root: Value,
}

impl Validator {
    pub fn new(root: Value) -> Validator {
        Validator { root }
    }

    /// What is wrong with a value: the first thing, and where it is.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        self.under(&self.root, value, "")
    }

    /// The same under a part of the schema.
    pub fn under(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let schema = schema.as_object().expect("a schema is an object");
        for (keyword, wanted) in schema {
            self.keyword(schema, keyword, wanted, value, place)?;
        }
        Ok(())
    }

    fn keyword(
        &self,
        schema: &Map<String, Value>,
        keyword: &str,
        wanted: &Value,
        value: &Value,
        place: &str,
    ) -> Result<(), String> {
        let entries = || wanted.as_array().expect("a list").iter();
        let number = |holds: fn(Ordering) -> bool| compared(value, wanted).is_none_or(holds);
        let length = |holds: fn(u64, u64) -> bool| match (value, wanted.as_u64()) {
            (Value::Array(items), Some(limit)) => holds(items.len() as u64, limit),
            (_, limit) => limit.is_some(),
        };
        let good = match keyword {
            "$ref" => return self.under(self.definition(wanted), value, place),
            "type" => {
                let wanted = match wanted {
                    Value::Array(kinds) => kinds.clone(),
                    kind => vec![kind.clone()],
                };
                wanted.iter().any(|kind| is(value, kind.as_str().expect("a word")))
            }
            "const" => value == wanted,
            "enum" => {
                entries().any(|one| one == value || (one.is_number() && one.as_f64() == value.as_f64()))
            }
            "anyOf" => entries().any(|way| self.under(way, value, place).is_ok()),
            "allOf" => return entries().try_for_each(|way| self.under(way, value, place)),
            "not" => self.under(wanted, value, place).is_err(),
            "multipleOf" => whole(value).zip(whole(wanted)).is_none_or(|(number, unit)| number % unit == 0),
            "minimum" => number(Ordering::is_ge),
            "maximum" => number(Ordering::is_le),
            "exclusiveMinimum" => number(Ordering::is_gt),
            "exclusiveMaximum" => number(Ordering::is_lt),
            "minItems" => length(|length, limit| length >= limit),
            "maxItems" => length(|length, limit| length <= limit),
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                return items
                    .into_iter()
                    .try_for_each(|(at, item)| self.under(wanted, item, &format!("{place}[{at}]")));
            }
            "properties" => return self.properties(wanted, value, place),
            "required" => {
                let there = |name: &Value| value.get(name.as_str().expect("a name")).is_some();
                !value.is_object() || entries().all(there)
            }
            "additionalProperties" => {
                assert_eq!(*wanted, Value::Bool(false));
                let known = |name: &String| schema["properties"].get(name).is_some();
                value.as_object().is_none_or(|object| object.keys().all(known))
            }
            note => {
                assert!(NOTES.contains(&note), "this validator does not know {note}");
                true
            }
        };
        let shown = || wanted.to_string().chars().take(200).collect::<String>();
        if good { Ok(()) } else { Err(format!("{place}: {value} is not as {keyword} says: {}", shown())) }
    }

    fn properties(&self, wanted: &Value, value: &Value, place: &str) -> Result<(), String> {
        for (name, inner) in value.as_object().into_iter().flatten() {
            if let Some(schema) = wanted.get(name) {
                self.under(schema, inner, &format!("{place}.{name}"))?;
            }
        }
        Ok(())
    }

    fn definition(&self, reference: &Value) -> &Value {
        let path = reference.as_str().and_then(|path| path.strip_prefix('#')).expect("a path in this file");
        self.root.pointer(path).unwrap_or_else(|| panic!("there is no {path}"))
    }
}

/// A number that is whole, exactly.
fn whole(number: &Value) -> Option<i128> {
    let written = number.as_u64().map(i128::from).or(number.as_i64().map(i128::from));
    written.or_else(|| number.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i128))
}

/// A number beside a limit; none if the value is no number.
fn compared(value: &Value, limit: &Value) -> Option<Ordering> {
    match (whole(value), whole(limit)) {
        (Some(value), Some(limit)) => Some(value.cmp(&limit)),
        _ => value.as_f64()?.partial_cmp(&limit.as_f64().expect("a limit is a number")),
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => whole(value).is_some(),
        other => panic!("this validator does not know the type {other}"),
    }
}
