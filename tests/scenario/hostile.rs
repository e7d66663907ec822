//! Files with very many mistakes, and very long lines.

use std::path::Path;

use mpcsim::scenario::{Scenario, ScenarioErrors};
use mpcsim::sweep::{Sweep, SweepPlan};

const SCENARIO: &str = "name: \"x\", protocol: rep3, model: dense(hidden: []), softmax: exact, data: mnist, \
                        network: preset(\"lan\")";

/// What is shown is short, says its place, and does not go on for ever.
fn shown(errors: &ScenarioErrors) -> String {
    assert!(errors.mistakes().len() <= 20, "{} mistakes are told", errors.mistakes().len());
    let shown = errors.render(false);
    assert!(shown.len() < 40_000, "{} bytes are shown", shown.len());
    let longest = shown.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest < 260, "a line of {longest} characters is shown:\n{shown}");
    assert!(errors.to_string().len() < 20_000);
    shown
}

fn scenario(text: &str) -> String {
    shown(&Scenario::parse(text, "test.ron", Path::new(""), &[]).unwrap_err())
}

#[test]
fn of_many_mistakes_the_first_are_told() {
    let unknown: String = (0..10_000).map(|i| format!("unknown_{i}: 1, ")).collect();
    let told = scenario(&format!("({unknown}{SCENARIO})"));
    assert!(told.contains("no field `unknown_19`") && !told.contains("`unknown_20`"), "{told}");
    assert!(told.contains("There are more mistakes"), "{told}");
    let twenty: String = (0..20).map(|i| format!("unknown_{i}: 1,\n")).collect();
    assert!(!scenario(&format!("({twenty}{SCENARIO})")).contains("There are more"));
    scenario(&format!("({})", ":\n".repeat(500_000)));
    scenario(&format!("({})", "seed: 1,".repeat(120_000)));
    scenario(&format!("({SCENARIO}, training: ({}))", "batch: 1 ".repeat(100_000)));
}

#[test]
fn a_mistake_far_out_in_a_line_has_its_column() {
    let wide = format!("({SCENARIO}, {}seed: -1)", " ".repeat(70_000));
    let errors = Scenario::parse(&wide, "test.ron", Path::new(""), &[]).unwrap_err();
    let column = wide.find("-1").unwrap() + 1;
    assert_eq!(errors.mistakes()[0].position(), Some(("test.ron".to_string(), 1, column)));
    let told = shown(&errors);
    assert!(told.contains(&format!("[test.ron:1:{column}]")) && told.contains("seed: -1"), "{told}");
    // A sweep over many values in one line, the last of them wrong.
    let values = (0..14_000).map(|i| format!("0.{i:05}")).collect::<Vec<_>>().join(", ");
    let axis = format!("(field: \"network.latency_ms\", values: [{values}, -1])");
    let sweep = Sweep::from_text(
        &format!("(name: \"x\", train: false, base: ({SCENARIO}), axes: [{axis}])"),
        "sweep.ron",
        Path::new(""),
        mpcsim::memory::MemoryLimit::of_machine(),
    );
    let told = shown(&SweepPlan::new(sweep.unwrap()).unwrap_err());
    assert!(told.contains("`latency_ms` must be a number of milliseconds"), "{told}");
}

#[test]
fn long_words_are_cut() {
    let long = "x".repeat(900_000);
    scenario(&format!("({SCENARIO}, {long}: 1)"));
    scenario(&format!("({SCENARIO}, seed: {long})"));
    scenario(&format!("({SCENARIO}, seed: \"{long}\")"));
    scenario(&format!("({SCENARIO}, compute: preset(\"{long}\"))"));
    scenario(&format!("({SCENARIO}, training: [{}])", "[],".repeat(200_000)));
    let lines = "\n".repeat(200_000);
    scenario(&format!("({SCENARIO}, training: [{lines}])"));
}

#[test]
fn what_is_shown_gives_no_orders_to_a_terminal() {
    let told = scenario(&format!("({SCENARIO}, /* \u{1b}[2J */ seed: \"\u{1b}]0;title\u{7}\")"));
    assert!(!told.contains(['\u{1b}', '\u{7}']), "{told:?}");
}
