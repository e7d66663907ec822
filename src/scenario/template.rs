//! A scenario to begin with: all fields, each with what it is, made of their declaration.

use super::declared::SCENARIO;
use super::field::{Default, Field, Group, Value};

/// Columns of a line.
const WIDTH: usize = 110;
/// The default of the first of these fields cannot stand beside the second.
const INSTEAD: (&str, &str) = ("training.epochs", "training.iterations");

/// A scenario with every default written out. `values` stand in the place of defaults: the path of a field, of the scenario or of one
/// of its records, and what is written there; the last one of a field counts. An error names a path that leads nowhere.
pub fn template(values: &[(String, String)]) -> Result<String, String> {
    let mut template = Template { values, used: vec![false; values.len()], text: String::new() };
    template.line(0, "// How fields are written: docs/scenario.md. What is wrong: mpcsim check. What it gives: mpcsim run.");
    template.line(0, "(");
    SCENARIO.fields.iter().for_each(|field| template.field(1, "", field));
    template.line(0, ")");
    match template.used.iter().position(|used| !used) {
        Some(unused) => Err(values[unused].0.clone()),
        None => Ok(template.text),
    }
}

struct Template<'a> {
    values: &'a [(String, String)],
    /// Which of them have found their place.
    used: Vec<bool>,
    text: String,
}

impl Template<'_> {
    fn line(&mut self, depth: usize, content: &str) {
        self.text.extend(std::iter::repeat_n("    ", depth));
        self.text.push_str(content);
        self.text.push('\n');
    }

    /// A comment on as many lines as it needs.
    fn comment(&mut self, depth: usize, words: &str) {
        let mut line = "//".to_string();
        for word in words.split_whitespace() {
            if 4 * depth + line.len() + 1 + word.len() > WIDTH && line.len() > 2 {
                self.line(depth, &line);
                line = "//".to_string();
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(depth, &line);
    }

    /// The value that is given for a path.
    fn given(&mut self, path: &str) -> Option<String> {
        let at = self.values.iter().rposition(|(given, _)| given == path)?;
        let same = self.values.iter().zip(&mut self.used).filter(|((given, _), _)| given == path);
        same.for_each(|(_, used)| *used = true);
        Some(self.values[at].1.clone())
    }

    /// A field of the record `inside`, with what it is before it.
    fn field(&mut self, depth: usize, inside: &str, field: &Field) {
        let path = format!("{inside}{}", field.name);
        let left_out = match field.default {
            Default::Otherwise(meaning) => format!("Left out: {meaning}."),
            _ => String::new(),
        };
        self.comment(depth, &format!("{} {} {left_out}", field.about, ways(field)));
        let given = self.given(&path);
        let replaced = path == INSTEAD.0 && self.values.iter().any(|(given, _)| given == INSTEAD.1);
        match (given, field.default, record(field)) {
            (None, _, _) if replaced => self.line(depth, &format!("// {}: …,", field.name)),
            (Some(value), _, _) => self.line(depth, &format!("{}: {value},", field.name)),
            (None, Default::Is("()"), Some(group)) => {
                self.line(depth, &format!("{}: (", field.name));
                group.fields.iter().for_each(|inner| self.field(depth + 1, &format!("{path}."), inner));
                self.line(depth, "),");
            }
            (None, Default::Is(value) | Default::Required(value) | Default::Unless(value, _), _) => {
                self.line(depth, &format!("{}: {value},", field.name));
            }
            (None, Default::Otherwise(_), _) => self.line(depth, &format!("// {}: …,", field.name)),
        }
    }
}

fn record(field: &Field) -> Option<&'static Group> {
    match field.value {
        Value::Record(group) => Some(group),
        _ => None,
    }
}

/// What can be written, unless it is a record, whose fields say it.
fn ways(field: &Field) -> String {
    match field.value {
        Value::Record(_) | Value::Records(_) => String::new(),
        _ => format!("It is {}.", field.value.needed()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::{Protocol, Scenario};

    #[test]
    fn what_is_written_out_is_what_holds_if_it_is_left_out() {
        for protocol in Protocol::ALL.map(Protocol::name) {
            let set = [("name", "\"mine\""), ("protocol", protocol)];
            let text = template(&set.map(|(path, value)| (path.to_string(), value.to_string()))).unwrap();
            let read = |text: &str| Scenario::parse(text, "mine.ron", Path::new(""), &[]).unwrap().to_ron();
            let short = format!(
                "(name: \"mine\", protocol: {protocol}, model: dense(hidden: [128]), softmax: exact, \
                 data: mnist(train: 60000, test: 10000), network: preset(\"lan\"))"
            );
            assert_eq!(read(&text), read(&short), "{protocol}:\n{text}");
            for field in SCENARIO.fields {
                assert!(text.contains(&format!(" {}: ", field.name)), "{}", field.name);
            }
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        }
    }

    #[test]
    fn values_that_are_given_stand_in_their_places() {
        let given =
            [("training.batch", "64"), ("softmax", "exact"), ("softmax", "limit"), ("training.epochs", "7")];
        let given = given.map(|(path, value)| (path.to_string(), value.to_string()));
        let text = template(&given).unwrap();
        let plan = Scenario::parse(&text, "mine.ron", Path::new(""), &[]).unwrap().to_ron();
        assert!(plan.contains("epochs: 7, batch: 64"), "{plan}");
        assert!(plan.contains("softmax: limit"), "{plan}");
        let given = [("training.iterations".to_string(), "9".to_string())];
        let text = template(&given).unwrap();
        let plan = Scenario::parse(&text, "mine.ron", Path::new(""), &[]).unwrap().to_ron();
        assert!(plan.contains("training: (iterations: 9,"), "{plan}");
        for wrong in ["training.bach", "data.train", "names", "softmaxx"] {
            assert_eq!(template(&[(wrong.to_string(), "1".to_string())]), Err(wrong.to_string()));
        }
    }
}
