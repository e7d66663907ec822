//! From nodes to values: one reader per kind of value, each noting what is wrong instead of giving up.
//!
//! Every reader returns `None` after noting a mistake; the caller goes on with the next field.

use super::errors::{Mistakes, Place, alternatives, likely};
use super::tree::{Field, Kind, Node, Record};
use super::units::Decimal;

/// Characters of a label.
const LONGEST_LABEL: usize = 100;

/// The fields of a record, of which each may be there at most once and must be known.
pub struct Fields<'a> {
    record: Record,
    /// "a scenario", "`training`": what the record is, for messages.
    what: &'a str,
    /// Known fields that unknown ones were probably meant to be.
    misspelt: Vec<String>,
}

impl<'a> Fields<'a> {
    /// Takes a record apart; unknown and repeated fields are noted.
    pub fn new(node: &Node, what: &'a str, known: &[&str], mistakes: &mut Mistakes) -> Option<Fields<'a>> {
        let record = match &node.kind {
            Kind::Record(record) => record.clone(),
            Kind::Word(word) => empty_record(word, &node.place),
            Kind::Missing => return None,
            _ => {
                let help = known.first().map(|field| format!("write ({field}: …, …)"));
                let message = format!("{what} is made of named fields, and this is {}", node.describe());
                mistakes.add(&node.place, message, "not fields in parentheses", help);
                return None;
            }
        };
        let mut misspelt = Vec::new();
        for (i, field) in record.fields.iter().enumerate() {
            if !known.contains(&field.name.as_str()) {
                misspelt.extend(unknown_field(field, what, known, mistakes).map(str::to_string));
            } else if record.fields[..i].iter().any(|earlier| earlier.name == field.name) {
                let message = format!("`{}` is given twice", field.name);
                mistakes.add(
                    &field.place,
                    message,
                    "the second time",
                    Some("keep one of the two".to_string()),
                );
            }
        }
        Some(Fields { record, what, misspelt })
    }

    /// A field that may be left out.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.record.get(name)
    }

    /// Where the name of a field stands.
    pub fn place_of(&self, name: &str) -> Option<&Place> {
        self.record.fields.iter().find(|field| field.name == name).map(|field| &field.place)
    }

    /// A field that must be there; `example` shows how it is written.
    pub fn require(&self, name: &str, example: &str, mistakes: &mut Mistakes) -> Option<&Node> {
        let found = self.record.get(name);
        if found.is_none() && !self.misspelt.iter().any(|known| known == name) {
            let message = format!("{} needs a field `{name}`", self.what);
            let help = format!("add, for example, `{name}: {example},`");
            mistakes.add(&self.record.opening, message, format!("`{name}` is missing here"), Some(help));
        }
        found
    }

    /// Where the record begins.
    pub fn opening(&self) -> &Place {
        &self.record.opening
    }
}

/// Notes an unknown field; returns the field that it was probably meant to be.
fn unknown_field<'a>(
    field: &Field,
    what: &str,
    known: &[&'a str],
    mistakes: &mut Mistakes,
) -> Option<&'a str> {
    let close = likely(&field.name, known.iter().copied());
    let help = match close {
        Some(close) => format!("did you mean `{close}`?"),
        None if known.is_empty() => "nothing stands in these parentheses".to_string(),
        None => format!("it knows {}", alternatives(known.iter().copied()).replace(" or ", " and ")),
    };
    let message = format!("{what} has no field `{}`", field.name);
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
    let good = (1..=LONGEST_LABEL).contains(&label.chars().count()) && !label.contains(char::is_control);
    let message = format!("a label has 1 to {LONGEST_LABEL} characters, all of which can be printed");
    if good { Some(label) } else { wrong(node, &message, None, mistakes) }
}

/// A whole number within limits.
pub fn whole(node: &Node, what: &str, range: (u64, u64), mistakes: &mut Mistakes) -> Option<u64> {
    let (least, most) = range;
    let needed = match range {
        (0, u64::MAX) => "a whole number from 0".to_string(),
        _ => format!("a whole number from {} to {}", grouped(least), grouped(most)),
    };
    let value = match &node.kind {
        Kind::Number(written) => whole_number(written),
        _ => None,
    };
    match value {
        Some(value) if (least..=most).contains(&value) => Some(value),
        _ => wrong(node, &format!("`{what}` must be {needed}"), None, mistakes),
    }
}

fn whole_number(written: &str) -> Option<u64> {
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

/// An exact decimal number times `10^places`, rounded to a whole one within limits; `needed` describes them.
pub fn scaled(
    node: &Node,
    what: &str,
    places: i32,
    range: (u64, u64),
    needed: &str,
    mistakes: &mut Mistakes,
) -> Option<u64> {
    let value = match &node.kind {
        Kind::Number(written) => Decimal::parse(written).and_then(|number| number.scaled(places)),
        _ => None,
    };
    match value {
        Some(value) if (range.0..=range.1).contains(&value) => Some(value),
        _ => wrong(node, &format!("`{what}` must be {needed}"), None, mistakes),
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
        mistakes.add(&node.place, message, format!("this is {}", node.describe()), help);
    }
    None
}

/// Digits in groups of three: 60,000.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
