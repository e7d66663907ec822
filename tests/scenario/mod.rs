//! Scenarios: what is read, what is refused and how that is told.

mod adversary;
mod declared;
mod faults;
mod golden;
mod hostile;
mod models;
mod networks;
mod owners;
mod plan;
mod presets;
mod ring;
mod schema;
mod sets;
mod triples;
mod validator;
mod words;

use std::path::Path;

use mpcsim::scenario::{Plan, Scenario, ScenarioErrors};

/// A scenario of required fields only, `network` and what else is said at the end.
fn minimal(more: &str) -> String {
    format!(
        "(name: \"test\", protocol: rep3, model: dense(hidden: [128]), softmax: exact, data: mnist, {more})"
    )
}

fn parse(text: &str, sets: &[&str]) -> Result<Plan, ScenarioErrors> {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    Scenario::parse(text, "test.ron", Path::new(""), &sets)
}

fn good(text: &str, sets: &[&str]) -> Plan {
    parse(text, sets).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

/// Each mistake as `line:column: message`.
fn mistakes(text: &str, sets: &[&str]) -> Vec<String> {
    let errors = parse(text, sets).expect_err("there is a mistake");
    let told = errors.mistakes().iter().map(|mistake| {
        let (source, line, column) = mistake.position().expect("a mistake has a place");
        let source = if source == "test.ron" { String::new() } else { format!("{source}:") };
        format!("{source}{line}:{column}: {}", mistake.message())
    });
    told.collect()
}

/// The hint that comes with the only mistake.
fn advice(text: &str, sets: &[&str]) -> String {
    let errors = parse(text, sets).expect_err("there is a mistake");
    assert_eq!(errors.mistakes().len(), 1, "{errors}");
    errors.mistakes()[0].advice().unwrap_or("").to_string()
}
