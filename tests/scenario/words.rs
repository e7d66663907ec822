//! Words for mistakes that are made outside the fields: other formats, units, quotes.

use std::path::Path;
use std::process::Command;

use mpcsim::scenario::{ComputePlan, Scenario};

use super::{minimal, parse};

fn told(text: &str) -> String {
    let errors = Scenario::parse(text, "x.ron", Path::new(""), &[]).expect_err(text);
    assert_eq!(errors.mistakes().len(), 1, "{text}: one mistake, not what follows from it: {errors}");
    format!("{errors} | {}", errors.mistakes()[0].advice().unwrap_or(""))
}

#[test]
fn other_formats_are_named() {
    for empty in ["", "\n\n", "// nothing yet\n", "# nothing\n", "\u{feff}"] {
        assert!(told(empty).contains("this file is empty"), "{empty:?}: {}", told(empty));
    }
    for json in ["{\"name\": \"x\", \"protocol\": \"rep3\"}", "{\n  \"name\": \"x\"\n}\n", "{ \"name\" : 1 }"]
    {
        assert!(told(json).contains("this looks like JSON"), "{}", told(json));
    }
    for yaml in [
        "name: x\nprotocol: rep3\n",
        "---\nname: x\n",
        "# comment\nname: \"x\"\ndata:\n  train: 3\n",
        "seed : 1",
    ] {
        assert!(told(yaml).contains("this looks like YAML, or parentheses are missing"), "{}", told(yaml));
    }
    for toml in ["name = \"x\"\nseed = 1\n", "[scenario]\nname = \"x\"\n"] {
        assert!(told(toml).contains("this looks like TOML"), "{}", told(toml));
    }
    // RON is told nothing of the kind.
    for ron in [
        minimal("network: preset(\"lan\")"),
        format!("// first: a comment\n{}", minimal("network: preset(\"lan\")")),
    ] {
        parse(&ron, &[]).unwrap_or_else(|errors| panic!("{errors}"));
    }
}

#[test]
fn units_quotes_and_large_seeds_have_their_words() {
    let wrong = |more: &str, set: &str| {
        let errors = parse(&minimal(more), &[set]).expect_err(set);
        format!("{errors} | {}", errors.mistakes()[0].advice().unwrap_or(""))
    };
    let lan = "network: preset(\"lan\")";
    for (set, unit) in [
        ("network.latency_ms=5ms", "ms"),
        ("network.bandwidth_mbps=10Mbps", "Mbps"),
        ("training.epochs=3x", "x"),
        ("training.momentum=0.9f", "f"),
    ] {
        let said = wrong(lan, set);
        assert!(said.contains(&format!("write the number alone, without `{unit}`")), "{said}");
    }
    assert!(!wrong(lan, "training.epochs=-3").contains("number alone"));
    let seed = wrong(lan, "seed=18446744073709551616");
    assert!(
        seed.contains("`seed` must be a whole number from 0 to 18446744073709551615 (2^64 - 1)"),
        "{seed}"
    );
    for (set, said) in [
        ("network=\"wan\"", "write preset(\"wan\")"),
        ("compute=\"laptop-core\"", "write preset(\"laptop-core\")"),
    ] {
        let told = wrong(lan, set);
        assert!(told.contains(said) && told.contains("is the name of a preset"), "{told}");
    }
}

#[test]
fn costs_can_be_based_on_none() {
    let plan = |compute: &str| -> ComputePlan {
        parse(&minimal("network: preset(\"lan\")"), &[&format!("compute={compute}")]).unwrap().compute
    };
    assert_eq!(plan("custom(base: \"none\")").parties, plan("none").parties);
    assert_eq!(plan("custom(base: \"none\", add_ns: 2)"), plan("custom(add_ns: 2)"));
}

#[test]
fn replay_takes_the_bare_name_of_a_preset() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("t.jsonl");
    std::fs::write(
        &trace,
        "{\"party\":0,\"kind\":\"send\",\"peer\":1,\"bytes\":1}\n{\"party\":1,\"kind\":\"recv\",\"peer\":0,\"bytes\":1}\n",
    )
    .unwrap();
    for (network, bare) in [("\"wan\"", "wan"), ("preset(\"wan\")", "wan"), ("preset(lan)", "lan")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
        let output = command.arg("replay").arg(&trace).args(["--network", network]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("write the name of the preset alone: --network {bare}")), "{told}");
    }
}
