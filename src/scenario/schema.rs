//! A file as a JSON Schema, made of the declaration of its fields.

use serde_json::{Map, Value as Json, json};

use super::declared::SCENARIO;
use super::field::{Default, Field, Form, Group, Shape, Value};
use super::json::written;
use super::limits::{End, Limits};
use super::plan::Protocol;

/// The draft that the schemas keep to.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// How a file reads as JSON.
const READ_AS: &str = "The file is RON; `mpcsim check FILE --as-json` prints it as JSON, which this describes. (a: 1) is {\"a\": 1}; \
                       custom(a: 1) is {\"custom\": {\"a\": 1}}; preset(\"lan\") is {\"preset\": [\"lan\"]}; a list, and \
                       values in parentheses, are an array; words and texts are strings; true, false and numbers are what they are.";

/// A schema, or a part of one.
type Schema = Map<String, Json>;

/// The scenario file, as a JSON Schema (draft 2020-12).
pub fn schema() -> Json {
    document("A scenario file of mpcsim", &SCENARIO)
}

/// The schema of a file whose fields are those of a group.
pub(crate) fn document(title: &str, root: &'static Group) -> Json {
    let mut groups = Groups { known: Vec::new(), in_part: false };
    let mut schema = groups.fields(root);
    let mut definitions = Map::new();
    let mut at = 0;
    while let Some(&(group, in_part)) = groups.known.get(at) {
        groups.in_part = in_part;
        let earlier = definitions.insert(key(group), Json::Object(groups.fields(group)));
        assert!(earlier.is_none(), "two groups are called {}", group.title);
        at += 1;
    }
    schema.insert("$schema".to_string(), json!(DRAFT));
    schema.insert("$defs".to_string(), Json::Object(definitions));
    schema.insert("title".to_string(), json!(title));
    schema.insert("description".to_string(), json!(format!("{} {READ_AS}", root.about)));
    Json::Object(schema)
}

/// What a group is called among the definitions: its heading, of letters alone.
fn key(group: &Group) -> String {
    if std::ptr::eq(group, &SCENARIO) {
        return "scenario".to_string();
    }
    let words = group.title.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

/// A schema of so many keywords.
fn schema_of(keywords: Json) -> Schema {
    match keywords {
        Json::Object(schema) => schema,
        _ => unreachable!("a schema is an object"),
    }
}

/// The groups that have been named so far, and whether their fields can all be left out.
struct Groups {
    known: Vec<(&'static Group, bool)>,
    /// Whether those of the group that is being described can.
    in_part: bool,
}

impl Groups {
    fn reference(&mut self, group: &'static Group, in_part: bool) -> Schema {
        if !self.known.iter().any(|(known, part)| std::ptr::eq(*known, group) && *part == in_part) {
            self.known.push((group, in_part));
        }
        schema_of(json!({ "$ref": format!("#/$defs/{}", key(group)) }))
    }

    /// A record.
    fn fields(&mut self, group: &Group) -> Schema {
        let properties: Map<String, Json> = group
            .fields
            .iter()
            .map(|field| (field.name.to_string(), Json::Object(self.field(field))))
            .collect();
        let mut schema =
            schema_of(json!({ "type": "object", "properties": properties, "additionalProperties": false }));
        if !group.about.is_empty() {
            schema.insert("description".to_string(), json!(group.about));
        }
        if !self.in_part {
            needed_fields(group, &mut schema);
        }
        schema
    }

    fn field(&mut self, field: &Field) -> Schema {
        let mut schema = self.value(&field.value);
        schema.insert("description".to_string(), json!(description(field)));
        let value = |text: &str| {
            written(text).unwrap_or_else(|| panic!("{text}, declared for `{}`, can be read", field.name))
        };
        match field.default {
            Default::Is(text) => schema.insert("default".to_string(), value(text)),
            Default::Required(text) | Default::Unless(text, _) => {
                schema.insert("examples".to_string(), json!([value(text)]))
            }
            Default::Otherwise(_) => None,
        };
        schema
    }

    fn value(&mut self, value: &Value) -> Schema {
        match value {
            Value::Whole(least, most) => whole(*least, *most),
            Value::Float { limits, .. } => number(*limits),
            Value::Decimal { .. } => decimal(value),
            Value::Boolean => schema_of(json!({ "type": "boolean" })),
            Value::Text(_) => schema_of(json!({ "type": "string" })),
            Value::Word(words) => schema_of(json!({ "enum": words() })),
            Value::Record(group) => self.reference(group, self.in_part),
            Value::Records(group) => list(self.reference(group, self.in_part), 0, usize::MAX),
            Value::Forms(_) | Value::Registered(_) => {
                let forms = value.forms().unwrap_or_default();
                any_of(forms.iter().flat_map(|form| self.form(form)).collect())
            }
            Value::Other(_, shape) => self.shape(shape),
        }
    }

    /// One way of writing a value: as a word and with its fields, if it has fields that can all be left out.
    fn form(&mut self, form: &Form) -> Vec<Schema> {
        let name = form.name();
        let mut ways = match (form.shape, form.group) {
            (Some(shape), _) => vec![self.shape(&shape)],
            (None, None) => vec![word(name)],
            (None, Some(group)) if name.is_empty() => vec![self.reference(group, self.in_part)],
            (None, Some(group)) => {
                let with_fields = called(name, self.reference(group, self.in_part));
                if group.fields.iter().all(|field| can_be_left_out(&field.default)) {
                    vec![word(name), with_fields]
                } else {
                    vec![with_fields]
                }
            }
        };
        for way in &mut ways {
            way.insert("description".to_string(), json!(form.about));
        }
        ways
    }

    fn shape(&mut self, shape: &Shape) -> Schema {
        match *shape {
            Shape::Anything => Schema::new(),
            Shape::Whole(least, most) => whole(least, most),
            Shape::Odd(least, most) => {
                let mut schema = whole(least, most);
                schema.insert("not".to_string(), json!({ "multipleOf": 2 }));
                schema
            }
            Shape::Party => {
                let parties = Protocol::ALL.map(Protocol::parties).into_iter().max().unwrap_or(1);
                whole(0, parties as u64 - 1)
            }
            Shape::Number(limits) => number(limits),
            Shape::OneOf(numbers) => schema_of(json!({ "enum": numbers })),
            Shape::Text => schema_of(json!({ "type": "string" })),
            Shape::Name(names) => schema_of(json!({ "enum": names() })),
            Shape::Word(name) => word(name),
            Shape::Call(name, inner) => called(name, list(self.shape(inner), 1, 1)),
            Shape::Named(name, group) => called(name, self.reference(group, self.in_part)),
            Shape::Fields(group) => self.reference(group, self.in_part),
            Shape::Part(group) => self.reference(group, true),
            Shape::List(inner, least, most) => list(self.shape(inner), least, most),
            Shape::Either(shapes) => any_of(shapes.iter().map(|shape| self.shape(shape)).collect()),
        }
    }
}

fn can_be_left_out(default: &Default) -> bool {
    matches!(default, Default::Is(_) | Default::Otherwise(_))
}

/// Which fields of a record must be there.
fn needed_fields(group: &Group, schema: &mut Schema) {
    let needed: Vec<&str> = group
        .fields
        .iter()
        .filter(|field| matches!(field.default, Default::Required(_)))
        .map(|field| field.name)
        .collect();
    if !needed.is_empty() {
        schema.insert("required".to_string(), json!(needed));
    }
    let one_of_several = |field: &Field| match field.default {
        Default::Unless(_, others) if !others.is_empty() => {
            let names = [&[field.name][..], others].concat();
            let ways: Vec<Json> = names.iter().map(|name| json!({ "required": [name] })).collect();
            Some(json!({ "anyOf": ways }))
        }
        _ => None,
    };
    let conditions: Vec<Json> = group.fields.iter().filter_map(one_of_several).collect();
    if !conditions.is_empty() {
        schema.insert("allOf".to_string(), json!(conditions));
    }
}

/// What a field is, what its schema cannot say of its value, and what it means to leave it out.
fn description(field: &Field) -> String {
    let mut text = field.about.to_string();
    if let Value::Float { .. } | Value::Decimal { .. } | Value::Text(_) | Value::Other(..) = field.value {
        text += &format!(" It is {}.", field.value.needed());
    }
    if let Default::Otherwise(meaning) = field.default {
        text += &format!(" Left out: {meaning}.");
    }
    text
}

fn whole(least: u64, most: u64) -> Schema {
    schema_of(json!({ "type": "integer", "minimum": least, "maximum": most }))
}

fn number(limits: Limits) -> Schema {
    let mut schema = schema_of(json!({ "type": "number" }));
    let mut end = |end: End, at: &str, before: &str| match end {
        End::Never => {}
        End::At(number) => drop(schema.insert(at.to_string(), plain(number))),
        End::Before(number) => drop(schema.insert(before.to_string(), plain(number))),
    };
    end(limits.least, "minimum", "exclusiveMinimum");
    end(limits.most, "maximum", "exclusiveMaximum");
    schema
}

/// Whole numbers without a point.
fn plain(number: f64) -> Json {
    /// Below, all whole numbers are exact.
    const EXACT: f64 = 9e15;
    if number.fract() == 0.0 && number.abs() < EXACT { json!(number as i64) } else { json!(number) }
}

/// A decimal number, `unlimited`, or a matrix of both, on whose diagonal may stand what is not read, or a table of them.
fn decimal(value: &Value) -> Schema {
    let Value::Decimal { least, most, unlimited, by_pair, .. } = value else {
        unreachable!("only called for decimal numbers")
    };
    let single = number(Limits::NONE.at_least(least.nearest()).at_most(most.nearest()));
    let mut ways = vec![single];
    if *unlimited {
        ways.push(word("unlimited"));
    }
    if *by_pair {
        let entry = json!({ "type": ["number", "string"], "minimum": 0, "maximum": plain(most.nearest()) });
        ways.push(list(list(schema_of(entry), 0, usize::MAX), 0, usize::MAX));
        ways.push(called("csv", list(schema_of(json!({ "type": "string" })), 1, 1)));
    }
    if ways.len() == 1 { ways.remove(0) } else { any_of(ways) }
}

fn word(name: &str) -> Schema {
    schema_of(json!({ "const": name }))
}

/// What stands in the parentheses behind a name.
fn called(name: &str, inner: Schema) -> Schema {
    schema_of(json!({
        "type": "object",
        "properties": { name: inner },
        "required": [name],
        "additionalProperties": false,
    }))
}

fn list(inner: Schema, least: usize, most: usize) -> Schema {
    let mut schema = schema_of(json!({ "type": "array", "items": inner }));
    if least > 0 {
        schema.insert("minItems".to_string(), json!(least));
    }
    if most < usize::MAX {
        schema.insert("maxItems".to_string(), json!(most));
    }
    schema
}

fn any_of(ways: Vec<Schema>) -> Schema {
    schema_of(json!({ "anyOf": ways }))
}
