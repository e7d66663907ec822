//! Options that all commands have, and what they have in common.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use mpcsim::softmax::Softmax;
use serde_json::Value;
use tempfile::TempDir;

use super::command::{BRIEF, SMALL, read, scenario};

fn mpcsim(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.current_dir(folder).args(args).env_remove("MPCSIM_ARITHMETIC");
    command
}

fn output(folder: &Path, args: &[&str]) -> Output {
    mpcsim(folder, args).output().expect("the command starts")
}

/// Standard output of a command that goes well.
fn good(folder: &Path, args: &[&str]) -> String {
    let output = output(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Standard error of a command that refuses.
fn refused(folder: &Path, args: &[&str]) -> String {
    let output = output(folder, args);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
    told
}

fn small() -> String {
    scenario(SMALL).display().to_string()
}

/// `run SMALL`, brief, with more options.
fn brief<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["run", file, "--set", BRIEF[0], "--set", BRIEF[1]][..], more].concat()
}

#[test]
fn results_of_another_scenario_are_not_overwritten_unasked() {
    let place = TempDir::new().unwrap();
    let file = small();
    let first = good(place.path(), &brief(&file, &["-o", "out"]));
    assert!(first.contains("results in out"));
    let before = read(&place.path().join("out"));
    let told = refused(place.path(), &brief(&file, &["--out", "out", "--set", "seed=2"]));
    assert!(told.contains("out holds the results of another scenario") && told.contains("--force"), "{told}");
    let told = refused(place.path(), &brief(&file, &["--out", "out", "--values", "shares"]));
    assert!(told.contains("another scenario"), "{told}");
    assert!(read(&place.path().join("out")) == before, "a refusal changes nothing");
    good(place.path(), &brief(&file, &["--out", "out", "-q"]));
    assert!(read(&place.path().join("out")) == before, "the same again is no other scenario");
    good(place.path(), &brief(&file, &["--out", "out", "--set", "seed=2", "--force", "-q"]));
    assert!(read(&place.path().join("out")) != before);
    // Without --out the folder has a name of its own.
    let text = good(place.path(), &brief(&file, &["--set", "softmax=relu_gradient"]));
    let folder = text.lines().last().unwrap().strip_prefix("results in ").unwrap();
    assert!(folder.ends_with("training.epochs=2 training.batch=32 softmax=relu_gradient"), "{folder}");
    good(place.path(), &brief(&file, &["--set", "softmax=relu_probability"]));
    assert_eq!(fs::read_dir(place.path().join("output")).unwrap().count(), 2);
}

#[test]
fn comparing_what_is_not_alike_gives_a_warning() {
    let place = TempDir::new().unwrap();
    let file = small();
    let runs: [(&str, &[&str]); 5] = [
        ("a", &[]),
        ("b", &["--set", "softmax=relu_gradient"]),
        ("longer", &["--set", "training.epochs=3"]),
        ("seed", &["--set", "seed=9"]),
        ("data", &["--set", "data.test=50"]),
    ];
    for (out, more) in runs {
        good(place.path(), &[&brief(&file, &["-q", "-o", out])[..], more].concat());
    }
    let warnings = |other: &str| {
        let output = output(place.path(), &["compare", "a", other]);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(warnings("b"), "");
    assert!(warnings("longer").starts_with("warning: iterations differ"), "{}", warnings("longer"));
    assert!(warnings("seed").starts_with("warning: seeds differ"), "{}", warnings("seed"));
    assert!(warnings("data").starts_with("warning: data differ"), "{}", warnings("data"));
    assert_eq!(warnings("data").lines().count(), 1);
}

#[test]
fn a_scenario_can_come_from_standard_input() {
    let place = TempDir::new().unwrap();
    let text = fs::read_to_string(scenario("03_one_layer.ron")).unwrap();
    let piped = |args: &[&str], text: &str| {
        let mut command = mpcsim(place.path(), args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = piped(&["check", "-"], &text);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        good(place.path(), &["check", &scenario("03_one_layer.ron").display().to_string()])
    );
    let wrong = piped(&["check", "-"], &text.replace("rep3", "rep33"));
    let told = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(told.contains("standard input:"), "{told}");
    let endless = piped(&["check", "-"], &" ".repeat((1 << 20) + 1));
    assert!(String::from_utf8(endless.stderr).unwrap().contains("too many for a scenario"));
}

#[test]
fn check_knows_sweeps_and_says_what_they_have() {
    let place = TempDir::new().unwrap();
    let sweep = scenario("06_network_sweep.ron").display().to_string();
    let text = good(place.path(), &["check", &sweep]);
    assert!(text.contains("567 points") && text.contains("softmax: 3 values: exact"), "{text}");
    let json: Value = serde_json::from_str(&good(place.path(), &["check", &sweep, "--json"])).unwrap();
    assert_eq!((&json["kind"], &json["points"]), (&Value::from("sweep"), &Value::from(567)));
    let planned = good(place.path(), &["sweep", &sweep, "--dry-run", "--set", "seed=4"]);
    assert!(planned.contains("567 points") && planned.contains("nothing was run"), "{planned}");
    assert!(planned.contains("\nabout "), "how long it would take: {planned}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "nothing is written");
    assert!(
        refused(place.path(), &["check", &sweep, "--set", "softmax=exact"]).contains("the axis `softmax`")
    );
    assert!(refused(place.path(), &["run", &sweep]).contains("this is a sweep"));
    assert!(refused(place.path(), &["sweep", &small()]).contains("this is a scenario"));
}

#[test]
fn run_list_and_check_speak_json() {
    let place = TempDir::new().unwrap();
    let file = small();
    let json = good(place.path(), &brief(&file, &["-o", "out", "--json"]));
    assert_eq!(json, fs::read_to_string(place.path().join("out/summary.json")).unwrap());
    let list: Value = serde_json::from_str(&good(place.path(), &["list", "--json"])).unwrap();
    let names = |kind: &str| {
        let entries = list.as_array().unwrap().iter().filter(|entry| entry["kind"] == kind);
        entries.map(|entry| entry["name"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert!(names("network").contains(&"hpmpc-wan1".to_string()));
    assert_eq!(names("softmax"), Softmax::ALL.map(Softmax::name));
    for name in names("triples_by") {
        let own = ["--set", "protocol=secureml", "--set", &format!("triples_by={name}")];
        good(place.path(), &[&["check", &file][..], &own].concat());
        let title = if name == "transfers" { String::new() } else { format!(":{name}") };
        good(place.path(), &["cost", "--op", "mul", "--protocol", &format!("secureml{title}")]);
    }
    assert_eq!(names("triples_by").len(), 5);
    for name in names("network") {
        good(place.path(), &["check", &file, "--set", &format!("network=preset({name:?})")]);
    }
    let checked = good(place.path(), &["check", &file, "--json", "--set", "network.latency_ms=2.5"]);
    let checked: Value = serde_json::from_str(&checked).unwrap();
    let scenario = &checked["scenario"];
    assert_eq!(scenario["network"]["custom"]["latency_ms"], 2.5);
    assert_eq!((&scenario["protocol"], &scenario["loss"]), (&Value::from("rep3"), &Value::from(false)));
    assert_eq!(scenario["network"]["custom"]["interfaces"][0]["egress_mbps"], "unlimited");
}

#[test]
fn options_are_spelt_alike_and_every_command_has_a_page() {
    let place = TempDir::new().unwrap();
    for command in ["run", "sweep", "merge", "trace", "plot"] {
        let help = good(place.path(), &[command, "--help"]);
        assert!(help.contains("-o, --out"), "{command}");
        assert!(command == "plot" || help.contains("-q, --quiet"), "{command}");
    }
    let help = good(place.path(), &["--help"]);
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Descriptions that are too long go on in lines that are indented further.
    let commands = commands.filter(|line| !line.starts_with("   "));
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let page = good(place.path(), &["man", command]);
        assert!(page.contains(&format!(".TH mpcsim-{command} 1")), "{page}");
        assert!(page.contains(".SH SYNOPSIS") || page.contains(".SH OPTIONS"), "{page}");
    }
    assert!(refused(place.path(), &["man", "rnu"]).contains("there is no command `rnu`"));
    // The old spelling still works.
    good(place.path(), &["trace", &small(), "--output", "x.jsonl", "-q"]);
    assert!(place.path().join("x.jsonl").exists());
}

#[test]
fn every_arithmetic_gives_the_same_bytes() {
    let place = TempDir::new().unwrap();
    let listed = |wanted: Option<&str>| {
        let mut command = mpcsim(place.path(), &["list", "--json"]);
        if let Some(name) = wanted {
            command.env("MPCSIM_ARITHMETIC", name);
        }
        let list: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let entries = list.as_array().unwrap().iter().filter(|entry| entry["kind"] == "arithmetic");
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_string();
        entries.map(|entry| (text(entry, "name"), text(entry, "description"))).collect::<Vec<_>>()
    };
    let all = listed(None);
    let here: Vec<&str> =
        all.iter().filter(|(_, what)| what != "not on this machine").map(|(name, _)| name.as_str()).collect();
    assert_eq!(all.iter().filter(|(_, what)| what == "in use").count(), 1);
    let mut results = Vec::new();
    for name in &here {
        assert!(listed(Some(name)).contains(&(name.to_string(), "in use".to_string())));
        let file = small();
        let mut command = mpcsim(place.path(), &brief(&file, &["-q", "--values", "shares", "-o", name]));
        assert!(command.env("MPCSIM_ARITHMETIC", name).status().unwrap().success());
        results.push(read(&place.path().join(name)));
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    let missing = all.iter().find(|(_, what)| what == "not on this machine").map(|(name, _)| name.as_str());
    for (name, told) in [(Some("mmx"), "is unknown"), (missing, "not on this machine")] {
        let Some(name) = name else { continue };
        let output = mpcsim(place.path(), &["list"]).env("MPCSIM_ARITHMETIC", name).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let shown = String::from_utf8(output.stderr).unwrap();
        assert!(shown.contains(told) && shown.contains("`portable`"), "{shown}");
    }
}

/// Every command that can fail at once, with standard error closed: an exit code, and no panic.
#[cfg(unix)]
#[test]
fn a_closed_standard_error_is_no_fault() {
    let place = TempDir::new().unwrap();
    for args in
        ["check nothing.ron", "run nothing.ron", "cost --protocol rep9", "compare a b", "man rnu", "run"]
    {
        let script = format!("exec \"$0\" {args} 2>&-");
        let mut command = Command::new("sh");
        command.current_dir(place.path()).args(["-c", &script, env!("CARGO_BIN_EXE_mpcsim")]);
        assert_eq!(command.status().unwrap().code(), Some(2), "{args}");
    }
}
