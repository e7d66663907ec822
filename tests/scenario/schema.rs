//! The schemas: whatever the program takes is valid, and what a single field may not be is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mpcsim::scenario::{Default, Field, Group, Scenario, Value, as_json, to_json};
use mpcsim::sweep::Sweep;
use serde_json::{Value as Json, json};

use super::declared::{another, groups, place, plan, small};
use super::validator::Validator;

fn scenario() -> Validator {
    Validator::new(mpcsim::scenario::schema())
}

fn sweep() -> Validator {
    Validator::new(mpcsim::sweep::schema())
}

/// All scenarios and sweeps of a folder of the repository and of the folders in it.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ron") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a text is valid as what it is.
fn checked(text: &str) -> Result<(), String> {
    let json = as_json(text, "file.ron", &[]).map_err(|errors| format!("no RON: {errors}"))?;
    if Sweep::is_sweep(text, "file.ron") { sweep().check(&json) } else { scenario().check(&json) }
}

#[test]
fn every_shipped_file_is_valid_and_so_is_what_it_resolves_to() {
    let shipped = files("scenarios");
    assert!(shipped.len() >= 18, "{shipped:?}");
    let others = ["tests/fidelity", "tests/slurm", "tests/report/committed"].map(files).concat();
    for path in shipped.iter().chain(&others) {
        let text = fs::read_to_string(path).unwrap();
        checked(&text).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
        if !Sweep::is_sweep(&text, "") && shipped.contains(path) {
            let plan = Scenario::load(path, &[]).unwrap_or_else(|errors| panic!("{errors}"));
            let resolved = scenario().check(&to_json(&plan.to_ron()));
            resolved.unwrap_or_else(|wrong| panic!("{}, resolved: {wrong}", path.display()));
        }
    }
}

/// Wrong files that are no RON at all.
const NO_RON: [&str; 4] = ["equals_sign", "never_closed", "no_commas", "text_without_end"];
/// Wrong files whose mistake no schema can see: a batch is larger than the rows, which another field says.
const BETWEEN_FIELDS: [&str; 1] = ["batch_too_large"];

#[test]
fn wrong_files_are_not_valid() {
    let (mut no_ron, mut valid) = (Vec::new(), Vec::new());
    for path in files("tests/scenario/golden") {
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        match checked(&fs::read_to_string(path).unwrap()) {
            Ok(()) => valid.push(name),
            Err(wrong) if wrong.starts_with("no RON") => no_ron.push(name),
            Err(_) => {}
        }
    }
    assert_eq!(no_ron, NO_RON);
    assert_eq!(valid, BETWEEN_FIELDS);
}

#[test]
fn wrong_sweeps_are_not_valid() {
    let valid = |more: &str| checked(&format!("(name: \"a\", base: \"a.ron\", {more})"));
    let seeds = "(field: \"seed\", values: [1, 2])";
    for good in [
        format!("axes: [{seeds}]"),
        format!("axes: [zip([{seeds}, {seeds}])], train: false"),
        format!(
            "axes: [{seeds}], exclude: [(field: \"seed\", is: 1), [(field: \"seed\", above: field(\"x\"))]]"
        ),
        "axes: [(field: \"network\", values: [preset(\"lan\"), custom(latency_ms: 1)], name: \"n\")]"
            .to_string(),
        "axes: [(field: \"x\", values: logarithmic(from: 1, to: 2.5, steps: 2))]".to_string(),
    ] {
        valid(&good).unwrap_or_else(|wrong| panic!("{good}: {wrong}"));
    }
    for wrong in [
        "axis: [], axes: []".to_string(),
        format!("axes: {seeds}"),
        format!("axes: [zip({seeds})]"),
        "axes: [zip([])]".to_string(),
        format!("axes: [{seeds}], train: maybe"),
        format!("axes: [{seeds}], exclude: [(field: \"seed\", equals: 1)]"),
        format!("axes: [{seeds}], exclude: [[]]"),
        "axes: [(field: \"seed\", values: [])]".to_string(),
        "axes: [(values: [1])]".to_string(),
        "axes: [(field: \"x\", values: linera(from: 1, to: 2, steps: 2))]".to_string(),
        "axes: [(field: \"x\", values: linear(from: 1, to: 2, steps: 1))]".to_string(),
        "axes: [(field: \"x\", values: logarithmic(from: 0, to: 2, steps: 2))]".to_string(),
    ] {
        assert!(valid(&wrong).is_err(), "{wrong}");
    }
    // What an axis sets can be left out of a scenario that stands in the sweep, but nothing else can stand there.
    let base = |base: &str| checked(&format!("(name: \"a\", base: {base}, axes: [{seeds}])"));
    assert_eq!(base("(name: \"a\", network: custom(latency_ms: 1))"), Ok(()));
    assert!(base("(name: \"a\", network: custom(latency: 1))").is_err());
}

/// Values of all kinds.
const VALUES: [&str; 24] = [
    "-7",
    "0",
    "1",
    "2",
    "3",
    "9",
    "0.5",
    "7.5",
    "101",
    "70000",
    "1e12",
    "true",
    "none",
    "unheard_of",
    "unlimited",
    "\"text\"",
    "[]",
    "[1]",
    "[0.5, 0.5]",
    "[[1, 2, 3], [4, 5, 6], [7, 8, 9]]",
    "(1, 2)",
    "(unheard: 1)",
    "preset(\"unheard of\")",
    "[(unheard: 1)]",
];

/// What may be tried in a field: values of all kinds, and those that are declared for it.
fn values(group: &Group, field: &Field) -> Vec<String> {
    let mut values: Vec<String> = VALUES.map(str::to_string).to_vec();
    values.push(another(group, field).to_string());
    match field.default {
        Default::Is(value) | Default::Required(value) | Default::Unless(value, _) => {
            values.push(value.to_string())
        }
        Default::Otherwise(_) => {}
    }
    match field.value {
        Value::Whole(least, most) => {
            values.extend([least, most].map(|number| number.to_string()));
            values.extend([(i128::from(least) - 1).to_string(), (i128::from(most) + 1).to_string()]);
        }
        Value::Word(words) => values.extend(words().into_iter().map(str::to_string)),
        other => values.extend(other.forms().into_iter().flatten().map(|form| form.written.to_string())),
    }
    values.retain(|value| !value.contains('…'));
    values
}

/// What the program takes behind `--set` alone, where shells eat quotes, and a word that it takes for a record without fields, whatever it is.
fn is_taken_as_another(field: &Field, value: &str) -> bool {
    let is_word = value.chars().all(|c| c.is_alphabetic() || c == '_');
    is_word && matches!(field.value, Value::Record(_) | Value::Text(_))
}

/// Values that a field cannot have although they are valid: whole numbers with an exponent, and values in parentheses where a list
/// is needed, or the other way round. JSON has no difference.
const ALIKE_IN_JSON: [&str; 5] = [
    "seed=1e12",
    "owners=(1, 2)",
    "softmax.clip=[0.5, 0.5]",
    "network.burst_bytes=1e12",
    "network.links[0].burst_bytes=1e12",
];

/// What is said of all other values that are valid and cannot be.
const UNSEEN: [&str; 32] = [
    // Alike in JSON: values in parentheses and a list, a word and a text.
    "`hidden` must be a list",
    "`owners` must be a list",
    "`parties` must be a list",
    "there is no compute preset \"none\"",
    // The protocol, the number format and the model.
    "3 rows of 3",
    "must be a whole number from 0 to 2",
    "`rep3` has no `triples: single`",
    "`rep3` has no `triples_by: ",
    "`rep3` has no `ring_bits: 32`",
    "cannot work with this number format",
    "has no place in numbers of 31 bits",
    "loses a bit with each of its",
    "has one logit",
    "does not fit",
    // Files, and how much is in them.
    "there is no such file",
    "there is no file",
    "is no folder",
    "has no column",
    "labels are to be in column",
    "has no array",
    "`train` must be a whole number from 1 to 512",
    "`train` must be a whole number from 1 to 100",
    "`test` must be a whole number from 1 to 128",
    "`test` must be a whole number from 1 to 50",
    "rows to train on",
    // Other fields of the same record, or the entry before.
    "nothing sends them again: that is what TCP does",
    "a link joins two different parties",
    "must be later than",
    "above the one before",
    "must begin after the one before it",
    "0 sites for 3 parties",
    "is at no site",
];

#[test]
fn the_schema_takes_what_the_program_takes_and_refuses_what_a_field_cannot_be() {
    let (validator, mut tried) = (scenario(), [0usize; 2]);
    let (mut wrong, mut alike, mut unseen) = (Vec::new(), Vec::new(), [0usize; UNSEEN.len()]);
    for group in groups() {
        let (brought_in, prefix) = place(group);
        for field in group.fields {
            for value in values(group, field) {
                let set = format!("{prefix}{}={value}", field.name);
                let sets = [brought_in.to_string(), set.clone()];
                let json = as_json(&small(), "small.ron", &sets).map_err(|errors| errors.to_string());
                let checked = json.and_then(|json| validator.check(&json));
                let told = plan(&sets).map(|_| ()).map_err(|errors| errors.to_string());
                tried[usize::from(told.is_ok())] += 1;
                let needed = format!("`{}` must be {}", field.name, field.value.needed());
                match (told, checked) {
                    (Ok(()), Err(_)) if is_taken_as_another(field, &value) => {}
                    (Ok(()), Err(invalid)) => wrong.push(format!("{set} can be and is not valid: {invalid}")),
                    (Err(told), Ok(())) if told.contains(&needed) => alike.push(set),
                    (Err(told), Ok(())) => match UNSEEN.iter().position(|unseen| told.contains(unseen)) {
                        Some(known) => unseen[known] += 1,
                        None => wrong.push(format!("{set} cannot be and is valid: {told}")),
                    },
                    _ => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(alike, ALIKE_IN_JSON);
    let never = UNSEEN.iter().zip(unseen).find(|(_, times)| *times == 0);
    assert_eq!(never, None, "the list is longer than it must be");
    assert!(tried[0] > 3000 && tried[1] > 1000, "{tried:?}");
}

#[test]
fn what_must_be_there_can_depend_on_what_else_is() {
    let network = |network: &str| {
        let sets = [format!("network={network}")];
        (scenario().check(&as_json(&small(), "small.ron", &sets).unwrap()).is_ok(), plan(&sets).is_ok())
    };
    for (good, text) in [
        (false, "custom(bandwidth_mbps: 1)"),
        (true, "custom(bandwidth_mbps: 1, ping_ms: 1)"),
        (true, "custom(bandwidth_mbps: unlimited, latency_ms: [[1, 2], [3, 4], [5, 6]])"),
        (true, "custom(bandwidth_mbps: 1, latency_ms: [[1], [2, 3]])"),
        (
            true,
            "custom(latency_ms: [], sites: [(name: \"A\", up_mbps: 1, down_mbps: 1, parties: [0, 1, 2])])",
        ),
        (true, "custom(base: \"wan\", label: \"w\")"),
        (false, "custom(base: \"unheard of\")"),
        (false, "custom(latency_ms: 1)"),
        (false, "custom()"),
        (true, "preset(\"lan\")"),
        (false, "preset(lan: 1)"),
        (false, "lan"),
    ] {
        assert_eq!(network(text), (good, good), "{text}");
    }
}

/// All parts of a schema that describe a value.
fn parts<'a>(schema: &'a Json, found: &mut Vec<&'a Json>) {
    match schema {
        Json::Object(fields) => {
            found.push(schema);
            let inner = fields
                .iter()
                .filter(|(name, _)| !["default", "examples", "enum", "const"].contains(&name.as_str()));
            inner.for_each(|(_, inner)| parts(inner, found));
        }
        Json::Array(items) => items.iter().for_each(|item| parts(item, found)),
        _ => {}
    }
}

#[test]
fn schemas_are_small_and_their_defaults_are_valid() {
    for (schema, most) in [(mpcsim::scenario::schema(), 120_000), (mpcsim::sweep::schema(), 140_000)] {
        let bytes = serde_json::to_string_pretty(&schema).unwrap().len();
        assert!(bytes < most, "{bytes} bytes");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let validator = Validator::new(schema.clone());
        let mut found = Vec::new();
        parts(&schema, &mut found);
        let examples = |part: &Json| part["examples"].as_array().cloned().unwrap_or_default();
        let values = found.iter().flat_map(|part| {
            let default = part.get("default").filter(|_| part["description"].is_string()).cloned();
            default.into_iter().chain(examples(part)).map(move |value| (part, value))
        });
        let values: Vec<_> = values.collect();
        assert!(values.len() > 20, "{}", values.len());
        for (part, value) in values {
            validator
                .under(part, &value, "")
                .unwrap_or_else(|wrong| panic!("{}: {wrong}", part["description"]));
        }
    }
}

#[test]
fn a_description_says_what_the_schema_cannot() {
    let schema = mpcsim::scenario::schema();
    let training = &schema["$defs"]["training"]["properties"];
    assert_eq!(training["batch"]["minimum"], json!(1));
    assert_eq!(training["batch"]["default"], json!(128));
    let text = |field: &Json| field["description"].as_str().unwrap().to_string();
    assert!(text(&training["iterations"]).ends_with("Left out: as many as the epochs take."));
    let latency = &schema["$defs"]["network_links"]["properties"]["latency_ms"];
    assert!(text(latency).contains("milliseconds"), "{latency}");
    assert_eq!((&latency["minimum"], &latency["maximum"]), (&json!(0), &json!(3_600_000)));
}

fn mpcsim(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap()
}

#[test]
fn the_commands_print_json() {
    let json = |args: &[&str]| -> Json {
        let output = mpcsim(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(json(&["schema"]), mpcsim::scenario::schema());
    assert_eq!(json(&["schema", "scenario"]), mpcsim::scenario::schema());
    assert_eq!(json(&["schema", "sweep"]), mpcsim::sweep::schema());
    let file = "scenarios/01_first_run.ron";
    let printed = json(&["check", file, "--as-json", "--set", "training.epochs=0"]);
    assert_eq!(printed["training"]["epochs"], json!(0), "no field is checked");
    assert!(scenario().check(&printed).is_err());
    assert_eq!(sweep().check(&json(&["check", "scenarios/06_network_sweep.ron", "--as-json"])), Ok(()));
    for (args, says) in [
        (&["check", "tests/scenario/golden/never_closed.ron", "--as-json"][..], "never_closed.ron:3:30"),
        (&["check", "scenarios/06_network_sweep.ron", "--as-json", "--set", "seed=1"][..], "without --set"),
        (&["check", file, "--as-json", "--json"][..], "cannot be used with"),
        (&["check", file, "--as-json", "--set", "seed=5ms"][..], "this is not a number"),
    ] {
        let output = mpcsim(args);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
        assert!(told.contains(says), "{args:?}: {told}");
    }
}
