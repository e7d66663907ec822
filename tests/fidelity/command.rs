//! `mpcsim cost` as a person or a script runs it.

use std::process::{Command, Output};

use serde_json::{Value, json};

fn cost(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mpcsim")).arg("cost").args(arguments).output().expect("mpcsim runs")
}

#[test]
fn json_has_a_line_for_each_operation_and_length() {
    let output =
        cost(&["--protocol", "rep3", "--op", "relu", "--op", "mul", "--n", "1000", "--n", "8", "--json"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 4);
    let relu = json!({
        "protocol": "rep3", "rounding": "probabilistic", "op": "relu", "n": 1000, "rounds": 9, "exchanges": 9,
        "payload_bytes": 90_625, "payload_bytes_by_party": [30_125, 30_250, 30_250], "offline_payload_bytes": 0,
    });
    assert_eq!(lines[0], relu);
    assert_eq!((&lines[3]["op"], &lines[3]["n"]), (&json!("mul"), &json!(8)));
}

#[test]
fn the_table_has_every_operation() {
    let output = cost(&["--protocol", "rep3", "--rounding", "nearest"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for operation in mpcsim::run::Operation::ALL {
        assert!(text.contains(&format!(" {} ", operation.name())), "{} is missing", operation.name());
    }
    assert!(text.contains("1,000 rows of ten"));
}

#[test]
fn details_have_formulas_costs_and_papers() {
    let output = cost(&["--protocol", "beaver2", "--op", "div", "--details"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mul = "\nmul: n products of ring elements\n  c + e y + a f with e = x - a, f = y - b opened, c = a b\n  \
               1 round: 16 n, 16 n, 0 bytes; offline 1 round: 0, 0, 8 n bytes\n";
    for part in [mul, mpcsim::scenario::Protocol::Beaver2.paper(), "\ndiv: x / y\n", "Catrina and Saxena"] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    for protocol in mpcsim::scenario::Protocol::ALL {
        let output = cost(&["--protocol", protocol.name(), "--op", "mul", "--n", "1", "--details"]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(text.contains(protocol.paper()) && text.contains(protocol.description()), "{text}");
        assert!(!protocol.costs().is_empty(), "{} declares nothing", protocol.name());
        for declared in protocol.costs() {
            let told = format!("\n  {}\n  {}\n", declared.formula, declared.text(protocol.parties()));
            assert!(text.contains(&told), "{told} is missing in {text}");
        }
    }
    let output = cost(&["--protocol", "beaver2", "--details", "--json"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_wrong_name_is_told_with_the_likely_one() {
    for (arguments, message) in [
        (
            ["--protocol", "rep3", "--op", "rleu"],
            "error: there is no operation `rleu`: did you mean `relu`?\n",
        ),
        (
            ["--protocol", "rpe3", "--op", "relu"],
            "error: there is no protocol `rpe3`: did you mean `rep3`?\n",
        ),
        (
            ["--protocol", "rep3", "--rounding", "nearst"],
            "error: there is no rounding `nearst`: did you mean `nearest`?\n",
        ),
        (
            ["--protocol", "rep3", "--rounding", "up"],
            "error: there is no rounding `up`: it can be `probabilistic` or `nearest`\n",
        ),
    ] {
        let output = cost(&arguments);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(String::from_utf8(output.stderr).expect("UTF-8"), message);
    }
}
