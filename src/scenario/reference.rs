//! The reference of a file, made of the declaration of its fields.

use std::fmt::Write;

use super::declared::SCENARIO;
use super::field::{Default, Field, Group, Shape, Value};

/// The scenario file, as a page in Markdown.
pub fn reference() -> String {
    let about = "Fields are written `name: value`, separated by commas, in any order; `//` begins a comment. The syntax is that \
                 of [RON](https://github.com/ron-rs/ron). `mpcsim check SCENARIO` shows a scenario with everything that was \
                 left out; `mpcsim schema` prints this page as a JSON Schema. In `--set` and in sweeps a field is named by its path: `training.batch`, \
                 `network.links[0].latency_ms`. A value that is set takes the place of what says the same in another way: `epochs` of \
                 `iterations`, `ping_ms` of `latency_ms`, and back.\n\n\
                 The last column says what a field decides. A sweep trains once for all points that agree in every field \
                 which decides the accuracy, and records a program once for all that agree in what decides costs.";
    page("The scenario file", about, &SCENARIO, true)
}

/// A page for a group and all groups that its fields lead to. `decides`: whether they decide anything.
pub(crate) fn page(title: &str, about: &str, root: &'static Group, decides: bool) -> String {
    let mut text = format!(
        "# {title}\n\nMade from the declaration of its fields by a test; not to be edited.\n\n{about}\n"
    );
    let mut groups: Vec<&'static Group> = vec![root];
    let mut at = 0;
    while let Some(&group) = groups.get(at) {
        write_group(&mut text, group, decides);
        for field in group.fields {
            for inner in inner(&field.value) {
                if !groups.iter().any(|known| std::ptr::eq(*known, inner)) {
                    groups.push(inner);
                }
            }
        }
        at += 1;
    }
    text
}

/// The groups that a value can lead to.
fn inner(value: &Value) -> Vec<&'static Group> {
    match value {
        Value::Record(group) | Value::Records(group) => vec![group],
        Value::Other(_, shape) => groups(shape),
        other => other.forms().into_iter().flatten().filter_map(|form| form.group).collect(),
    }
}

/// The groups of a shape; not those of which it is only a part, which have a page of their own.
fn groups(shape: &Shape) -> Vec<&'static Group> {
    match shape {
        Shape::Fields(group) | Shape::Named(_, group) => vec![group],
        Shape::Call(_, inner) | Shape::List(inner, ..) => groups(inner),
        Shape::Either(shapes) => shapes.iter().flat_map(groups).collect(),
        _ => Vec::new(),
    }
}

fn write_group(text: &mut String, group: &Group, decides: bool) {
    let mut line = |content: &str| writeln!(text, "{content}").expect("writing to a string succeeds");
    line(&format!("\n## {}\n", group.title));
    if !group.about.is_empty() {
        line(&format!("{}\n", group.about));
    }
    let (heading, rule) = if decides { (" decides |", "---|") } else { ("", "") };
    line(&format!("| field | what it is | value | if left out |{heading}"));
    line(&format!("|---|---|---|---|{rule}"));
    for field in group.fields {
        let last = if decides { format!(" {} |", field.decides.text()) } else { String::new() };
        line(&format!(
            "| `{}` | {} | {} | {} |{last}",
            field.name,
            field.about,
            value(&field.value),
            left_out(field)
        ));
    }
}

fn value(value: &Value) -> String {
    match value.forms() {
        Some(forms) => {
            let forms = forms.iter().map(|form| format!("`{}`: {}", form.written, form.about));
            forms.collect::<Vec<_>>().join("<br>")
        }
        None => value.needed(),
    }
}

fn left_out(field: &Field) -> String {
    match field.default {
        Default::Required(example) | Default::Unless(example, _) => {
            format!("must be there, for example `{example}`")
        }
        Default::Is("()") => "all that is below".to_string(),
        Default::Is(value) => format!("`{value}`"),
        Default::Otherwise(meaning) => meaning.to_string(),
    }
}
