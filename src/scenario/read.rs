//! From nodes to values: one reader per kind of value, each noting what is wrong instead of giving up.
//!
//! Every reader returns `None` after noting a mistake; the caller goes on with the next field.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::errors::{Mistakes, Place, alternatives, likely};
use super::field::{Default, Form, Group, Value};
use super::signs::is_order;
use super::tree::{self, Field, Kind, Node, Record};
use super::units::Decimal;

/// Characters of a label.
const LONGEST_LABEL: usize = 100;

/// The fields of a record, of which each may be there at most once and must be declared.
pub struct Fields {
    record: Record,
    group: &'static Group,
    /// Declared fields that unknown ones were probably meant to be.
    misspelt: Vec<&'static str>,
}

impl Fields {
    /// Takes a record apart; unknown and repeated fields are noted.
    pub fn new(node: &Node, group: &'static Group, mistakes: &mut Mistakes) -> Option<Fields> {
        let record = match &node.kind {
            Kind::Record(record) => record.clone(),
            Kind::Word(word) => empty_record(word, &node.place),
            Kind::Missing => return None,
            _ => {
                let help = group.names().next().map(|field| format!("write ({field}: …, …)"));
                let message =
                    format!("{} is made of named fields, and this is {}", group.what, node.describe());
                mistakes.add(&node.place, message, "not fields in parentheses", help);
                return None;
            }
        };
        let mut misspelt = Vec::new();
        let mut seen = BTreeSet::new();
        for field in &record.fields {
            match group.names().find(|name| *name == field.name) {
                None => misspelt.extend(unknown_field(field, group, mistakes)),
                Some(name) if !seen.insert(name) => {
                    let message = format!("`{name}` is given twice");
                    let help = Some("keep one of the two".to_string());
                    mistakes.add(&field.place, message, "the second time", help);
                }
                Some(_) => {}
            }
        }
        Some(Fields { record, group, misspelt })
    }

    /// What is written in a field, if it is there.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.record.get(self.group.field(name).name)
    }

    /// Where the name of a field stands.
    pub fn place_of(&self, name: &str) -> Option<&Place> {
        self.record.fields.iter().find(|field| field.name == name).map(|field| &field.place)
    }

    /// The value of a field: what is written, or its default. If it must be there and is not, that is noted.
    pub fn node(&self, name: &str, mistakes: &mut Mistakes) -> Option<Cow<'_, Node>> {
        let declared = self.group.field(name);
        if let Some(written) = self.record.get(name) {
            return Some(Cow::Borrowed(written));
        }
        match declared.default {
            Default::Is(default) => Some(Cow::Owned(default_node(default, &self.record.opening))),
            Default::Required(example) | Default::Unless(example, _) => {
                self.missing(name, example, mistakes);
                None
            }
            Default::Otherwise(_) => panic!("`{name}` has no default to be read"),
        }
    }

    fn missing(&self, name: &str, example: &str, mistakes: &mut Mistakes) {
        if !self.misspelt.contains(&name) {
            let message = format!("{} needs a field `{name}`", self.group.what);
            let help = format!("add, for example, `{name}: {example},`");
            mistakes.add(&self.record.opening, message, format!("`{name}` is missing here"), Some(help));
        }
    }

    /// A whole number within the declared limits.
    pub fn whole(&self, name: &str, mistakes: &mut Mistakes) -> Option<u64> {
        let node = self.node(name, mistakes)?;
        let Value::Whole(least, most) = self.group.field(name).value else {
            panic!("`{name}` is no whole number")
        };
        whole(&node, name, (least, most), mistakes)
    }

    /// A floating-point number within the declared limits.
    pub fn float(&self, name: &str, mistakes: &mut Mistakes) -> Option<f64> {
        let node = self.node(name, mistakes)?;
        let Value::Float { needed, limits } = self.group.field(name).value else {
            panic!("`{name}` is no number")
        };
        float(&node, name, needed, |number| limits.hold(number), mistakes)
    }

    /// `true` or `false`.
    pub fn boolean(&self, name: &str, mistakes: &mut Mistakes) -> Option<bool> {
        boolean(self.node(name, mistakes)?.as_ref(), name, mistakes)
    }

    /// One of these, by its name.
    pub fn choice<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        name_of: fn(T) -> &'static str,
        mistakes: &mut Mistakes,
    ) -> Option<T> {
        let choices: Vec<_> = all.iter().map(|&entry| (name_of(entry), entry)).collect();
        choice(self.node(name, mistakes)?.as_ref(), name, &choices, mistakes)
    }

    /// What must stand in a field.
    pub fn needed(&self, name: &str) -> String {
        self.group.field(name).value.needed()
    }

    /// Where the record begins.
    pub fn opening(&self) -> &Place {
        &self.record.opening
    }
}

/// A declared default as if it stood at a place of the file.
pub fn default_node(written: &str, place: &Place) -> Node {
    let mut none = Mistakes::default();
    let node = tree::parse(written, place.source, &mut none).expect("a declared default can be read");
    node.at(place)
}

/// Notes an unknown field; returns the field that it was probably meant to be.
fn unknown_field(field: &Field, group: &Group, mistakes: &mut Mistakes) -> Option<&'static str> {
    let close = likely(&field.name, group.names());
    let help = match close {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("it knows {}", alternatives(group.names()).replace(" or ", " and ")),
    };
    let message = format!("{} has no field `{}`", group.what, field.name);
    mistakes.add(&field.place, message, "unknown field", Some(help));
    close
}

fn empty_record(word: &str, place: &Place) -> Record {
    Record { name: Some(word.to_string()), opening: place.clone(), fields: Vec::new() }
}

/// `true` or `false`.
pub fn boolean(node: &Node, what: &str, mistakes: &mut Mistakes) -> Option<bool> {
    match &node.kind {
        Kind::Word(word) if word == "true" => Some(true),
        Kind::Word(word) if word == "false" => Some(false),
        kind => {
            let help = match kind {
                Kind::Word(word) if matches!(word.as_str(), "yes" | "on" | "True") => {
                    Some("write `true`".to_string())
                }
                Kind::Word(word) if matches!(word.as_str(), "no" | "off" | "False") => {
                    Some("write `false`".to_string())
                }
                _ => None,
            };
            wrong(node, &format!("`{what}` must be `true` or `false`"), help, mistakes)
        }
    }
}

/// A text in quotes. After `--set`, where a shell eats quotes, a word will do.
pub fn text(node: &Node, what: &str, mistakes: &mut Mistakes) -> Option<String> {
    match &node.kind {
        Kind::Text(quoted) => match ron::from_str::<String>(quoted) {
            Ok(text) => Some(text),
            Err(error) => {
                let help = Some(
                    "a backslash begins an escape such as \\n; write \\\\ for the backslash itself"
                        .to_string(),
                );
                mistakes.add(&node.place, format!("this text cannot be read: {}", error.code), "here", help);
                None
            }
        },
        Kind::Word(word) if node.place.source > 0 => Some(word.clone()),
        Kind::Word(word) => {
            let help = Some(format!("put it in quotes: \"{word}\""));
            wrong(node, &format!("`{what}` must be a text in double quotes"), help, mistakes)
        }
        _ => wrong(node, &format!("`{what}` must be a text in double quotes"), None, mistakes),
    }
}

/// A text that names something in tables and files: short and without control characters.
pub fn label(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let label = text(node, "label", mistakes)?;
    let good = (1..=LONGEST_LABEL).contains(&label.chars().count())
        && !label.contains(|c: char| c.is_control() || is_order(c));
    let message = format!("a label has 1 to {LONGEST_LABEL} characters, all of which can be printed");
    if good { Some(label) } else { wrong(node, &message, None, mistakes) }
}

/// A whole number within limits.
pub fn whole(node: &Node, what: &str, range: (u64, u64), mistakes: &mut Mistakes) -> Option<u64> {
    let (least, most) = range;
    let value = match &node.kind {
        Kind::Number(written) => whole_number(written),
        _ => None,
    };
    match value {
        Some(value) if (least..=most).contains(&value) => Some(value),
        _ => wrong(node, &format!("`{what}` must be {}", Value::Whole(least, most).needed()), None, mistakes),
    }
}

/// A whole number as it can be written.
pub fn whole_number(written: &str) -> Option<u64> {
    let digits = written.replace('_', "");
    let digits = digits.strip_prefix('+').unwrap_or(&digits);
    match digits.get(..2) {
        Some("0x") => u64::from_str_radix(&digits[2..], 16).ok(),
        Some("0o") => u64::from_str_radix(&digits[2..], 8).ok(),
        Some("0b") => u64::from_str_radix(&digits[2..], 2).ok(),
        _ => digits.parse().ok(),
    }
}

/// A floating-point number for which `holds`, described by `needed`.
pub fn float(
    node: &Node,
    what: &str,
    needed: &str,
    holds: impl Fn(f64) -> bool,
    mistakes: &mut Mistakes,
) -> Option<f64> {
    let value = match &node.kind {
        Kind::Number(written) => written.replace('_', "").parse::<f64>().ok(),
        _ => None,
    };
    match value {
        Some(value) if value.is_finite() && holds(value) => Some(value),
        _ => wrong(node, &format!("`{what}` must be {needed}"), None, mistakes),
    }
}

/// An exact decimal number within declared limits.
pub fn decimal(node: &Node, what: &str, value: &Value, mistakes: &mut Mistakes) -> Option<Decimal> {
    let Value::Decimal { least, most, .. } = value else { panic!("`{what}` is no decimal number") };
    let number = match &node.kind {
        Kind::Number(written) => Decimal::parse(written),
        _ => None,
    };
    match number.filter(|number| number.is_at_least(*least) && most.is_at_least(*number)) {
        Some(number) => Some(number),
        None => wrong(node, &format!("`{what}` must be {}", value.needed()), None, mistakes),
    }
}

/// A list.
pub fn list<'a>(node: &'a Node, what: &str, example: &str, mistakes: &mut Mistakes) -> Option<&'a [Node]> {
    match &node.kind {
        Kind::List(items) => Some(items),
        _ => {
            let help = Some(format!("a list stands in square brackets: {example}"));
            wrong(node, &format!("`{what}` must be a list"), help, mistakes)
        }
    }
}

/// One of several words.
pub fn choice<T: Copy>(node: &Node, what: &str, choices: &[(&str, T)], mistakes: &mut Mistakes) -> Option<T> {
    let names = || choices.iter().map(|(name, _)| *name);
    if let Kind::Word(word) = &node.kind
        && let Some((_, value)) = choices.iter().find(|(name, _)| name == word)
    {
        return Some(*value);
    }
    unknown_choice(node, what, &names().collect::<Vec<_>>(), &[], mistakes)
}

/// Notes that a value is none of `names`; `examples` show how those with parentheses are written.
pub fn unknown_choice<T>(
    node: &Node,
    what: &str,
    names: &[&str],
    examples: &[&str],
    mistakes: &mut Mistakes,
) -> Option<T> {
    let written = match &node.kind {
        Kind::Text(text) => Some(text.trim_matches('"')),
        _ => variant_name(node),
    };
    let ways = if examples.is_empty() { names } else { examples };
    let message = format!("`{what}` must be {}", alternatives(ways.iter().copied()));
    let help = match written.and_then(|word| names.iter().position(|name| *name == word)) {
        Some(exact) if matches!(node.kind, Kind::Text(_)) => {
            Some(format!("without quotes: `{}`", ways[exact]))
        }
        Some(exact) => Some(format!("it is written `{}`", ways[exact])),
        None => written
            .and_then(|word| likely(word, names.iter().copied()))
            .map(|close| format!("did you mean `{close}`?")),
    };
    wrong(node, &message, help, mistakes)
}

/// Notes that a value is written in none of the declared ways.
pub fn unknown_form<T>(node: &Node, field: &super::field::Field, mistakes: &mut Mistakes) -> Option<T> {
    let forms = field.value.forms();
    let forms = forms.unwrap_or_else(|| panic!("`{}` is not written in several ways", field.name));
    let names: Vec<&str> = forms.iter().map(Form::name).collect();
    let written: Vec<&str> = forms.iter().map(|form| form.written).collect();
    // Those of a registry are many: their names say enough until it is known which one is meant.
    let registered = matches!(field.value, Value::Registered(_));
    let meant = variant_name(node).is_some_and(|name| names.contains(&name));
    let examples = if registered && !meant { &names } else { &written };
    unknown_choice(node, field.name, &names, examples, mistakes)
}

/// The name that stands before the parentheses, or alone.
pub fn variant_name(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Word(name) | Kind::Tuple(Some(name), _) => Some(name),
        Kind::Record(Record { name, .. }) => name.as_deref(),
        _ => None,
    }
}

/// Notes a wrong value and returns none. What is missing has been noted already.
pub fn wrong<T>(node: &Node, message: &str, help: Option<String>, mistakes: &mut Mistakes) -> Option<T> {
    if !matches!(node.kind, Kind::Missing) {
        let help = help.or_else(|| without_unit(node));
        mistakes.add(&node.place, message, format!("this is {}", node.describe()), help);
    }
    None
}

/// What to write in place of `5ms`.
fn without_unit(node: &Node) -> Option<String> {
    let Kind::Number(written) = &node.kind else { return None };
    let (number, unit) = written.split_at(written.find(|c: char| c.is_alphabetic())?);
    Decimal::parse(number)?;
    Some(format!(
        "write the number alone, without `{unit}`: units stand in the names of fields, as in `latency_ms: 5`"
    ))
}

pub const LONGEST_NAME: usize = 100;

/// Whether a text can name a folder on every system, and anything in a table, a picture or a page.
pub fn is_name(name: &str) -> bool {
    let good_sign = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    let edges_good = name.starts_with(|c: char| c.is_alphanumeric()) && !name.ends_with(['.', ' ']);
    (1..=LONGEST_NAME).contains(&name.chars().count()) && name.chars().all(good_sign) && edges_good
}
