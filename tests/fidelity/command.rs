//! `mpcsim cost` as a person or a script runs it.

use std::process::{Command, Output};

use mpcsim::protocol::registry::ProtocolName;
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
fn every_protocol_has_a_cost_of_every_operation_and_layer() {
    let layers =
        [["--layer", "max_pool(2)", "--input", "2x2x1"], ["--layer", "max_pool(3)", "--input", "3x3x1"]];
    for protocol in ProtocolName::ALL.into_iter().chain(ProtocolName::IN_OTHER_WAYS) {
        for what in [&[][..], &layers[0], &layers[1]] {
            let output = cost(&[&["--protocol", protocol.full_name(), "--n", "2"], what].concat());
            assert!(output.status.success(), "{}, {what:?}", protocol.full_name());
        }
    }
}

#[test]
fn a_layer_that_has_no_place_in_a_ring_is_refused_or_left_out_among_protocols() {
    let layer = ["--layer", "avg_pool(3)", "--input", "3x3x1", "--n", "1"];
    for rounding in ["nearest", "probabilistic"] {
        let output = cost(&[&["--protocol", "falcon:32", "--rounding", rounding][..], &layer].concat());
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{told}");
        let why = "a mean of 35 bits, before it is rounded, has no place in the ring of falcon:32: avg_pool, 3 x 3 x 1 to 1 value";
        assert!(told.contains(why), "{told}");
        let both = ["--protocol", "falcon:32", "--protocol", "falcon", "--rounding", rounding];
        assert!(cost(&[&both[..], &layer].concat()).status.success());
    }
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
    let other_triples = mpcsim::scenario::Protocol::IN_OTHER_WAYS;
    for protocol in mpcsim::scenario::Protocol::ALL.into_iter().chain(other_triples) {
        let output = cost(&["--protocol", protocol.full_name(), "--op", "mul", "--n", "1", "--details"]);
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

/// Under `rep3` a matrix product is a dot product and a truncation for each entry of its result.
#[test]
fn a_matrix_product_has_the_shapes_that_were_asked_for() {
    let output = cost(&["--protocol", "rep3", "--matmul", "128x784x10", "--json"]);
    assert!(output.status.success());
    let line: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let [trunc, product] =
        [["--op", "trunc", "--n", "1280"], ["--op", "dot128", "--n", "1280"]].map(|asked| {
            let output = cost(&[&["--protocol", "rep3", "--json"][..], &asked[..]].concat());
            let line: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            line["payload_bytes"].as_u64().unwrap()
        });
    assert_eq!(line["payload_bytes"].as_u64(), Some(trunc + product));
    assert_eq!((&line["op"], &line["shape"]), (&json!("matmul"), &json!("128x784x10")));
    for wrong in ["128x784", "0x1x1", "a", "1x1x1x1", "100000x100000x1"] {
        let output = cost(&["--protocol", "rep3", "--matmul", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}

/// Layers that are operations with a name, asked for as layers: the same costs.
#[test]
fn a_layer_costs_what_the_operation_of_the_same_shape_does() {
    let lines = |arguments: &[&str]| -> Vec<Value> {
        let output =
            cost(&[&["--protocol", "rep3", "--protocol", "semi2k", "--json"][..], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect()
    };
    let layers = [
        ("conv(kernel: 5, channels: 16)", "12x12x16", "conv16_16", "conv, 12 x 12 x 16 to 8 x 8 x 16"),
        ("max_pool(2)", "2x2x1", "max_pool", "max_pool, 2 x 2 x 1 to 1 value"),
        ("avg_pool(2)", "2x2x1", "avg_pool", "avg_pool, 2 x 2 x 1 to 1 value"),
    ];
    for (layer, input, operation, shape) in layers {
        let asked = lines(&["--layer", layer, "--input", input, "--n", "16"]);
        let backward = format!("{operation}_backward");
        let named = lines(&["--op", operation, "--op", &backward, "--n", "16"]);
        assert_eq!((asked.len(), named.len()), (4, 4));
        for (asked, named) in asked.iter().zip(&named) {
            assert_eq!(asked["shape"], json!(shape));
            for figure in ["rounds", "payload_bytes", "payload_bytes_by_party", "offline_payload_bytes"] {
                assert_eq!(asked[figure], named[figure], "{layer}: {figure} of {}", asked["op"]);
            }
            assert!(asked["payload_bytes"].as_u64().unwrap() > 0 || operation != "conv16_16");
        }
    }
    // ReLU of 128 values is an operation too; and a dense layer is a matrix product, with its bias added for nothing.
    let relu = lines(&["--layer", "relu", "--input", "128", "--n", "1"]);
    assert_eq!(relu[0]["payload_bytes"], lines(&["--op", "relu", "--n", "128"])[0]["payload_bytes"]);
    let dense = lines(&["--layer", "dense(10)", "--input", "28x28x1", "--n", "128"]);
    assert_eq!(dense[0]["payload_bytes"], lines(&["--matmul", "128x784x10"])[0]["payload_bytes"]);
    for (wrong, says) in [
        (&["--layer", "conv(kernel: 5)", "--input", "28x28x1"][..], "channels"),
        (&["--layer", "cov(kernel: 5, channels: 1)", "--input", "28x28x1"], "conv"),
        (&["--layer", "conv(kernel: 30, channels: 1)", "--input", "28x28x1"], "28 x 28 x 1"),
        (&["--layer", "relu"], "--input"),
        (&["--input", "28x28x1"], "--layer"),
        (&["--layer", "relu", "--input", "28x28"], "28x28x1"),
        (&["--layer", "relu", "--input", "0x28x1"], "values"),
        (&["--layer", "dense(60000)", "--input", "60000", "--n", "1000"], "numbers"),
    ] {
        let output = cost(&[&["--protocol", "rep3"][..], wrong].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {error}");
        assert!(error.contains(says), "{wrong:?}: {error}");
    }
}

/// The time of an operation under a link of 20 ms and 100 Mbit/s, by hand: a product of ring elements is one message of each party to
/// its neighbour, all at once.
#[test]
fn times_are_those_of_the_messages() {
    let place = tempfile::tempdir().expect("a folder");
    let link = place.path().join("link.ron");
    std::fs::write(&link, "custom(latency_ms: 20, bandwidth_mbps: 100)").expect("written");
    let output = cost(&[
        "--protocol",
        "rep3",
        "--op",
        "mul",
        "--n",
        "100000",
        "--json",
        "--network",
        link.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8(output.stdout).expect("UTF-8");
    // 800,000 bytes at 12.5 MB/s are 64 ms.
    assert!(
        line.contains("\"modelled_seconds\":0.084000000000,\"offline_modelled_seconds\":0.000000000000}"),
        "{line}"
    );
    let timed = |compute: &str| {
        let asked =
            ["--protocol", "beaver2", "--op", "relu", "--json", "--network", "wan", "--compute", compute];
        let line: Value = serde_json::from_slice(&cost(&asked).stdout).expect("JSON");
        ["modelled_seconds", "offline_modelled_seconds"].map(|name| line[name].as_f64().unwrap())
    };
    let ([online, offline], [more, more_offline]) = (timed("none"), timed("server-core"));
    assert!(online > 0.0 && offline > 0.0 && more > online && more_offline > offline);
    let output = cost(&["--protocol", "rep3", "--network", "lam"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `lan`"));
}

#[test]
fn all_protocols_stand_in_one_table_of_commas() {
    let output = cost(&["--protocol", "all", "--op", "mul", "--op", "relu_norm", "--csv"]);
    assert!(output.status.success());
    let mut reader = csv::Reader::from_reader(&output.stdout[..]);
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    let of =
        |op: &str| rows.iter().filter(|row| &row[2] == op).map(|row| row[0].to_string()).collect::<Vec<_>>();
    let all = mpcsim::scenario::Protocol::ALL;
    assert_eq!(of("mul"), all.map(|protocol| protocol.name().to_string()));
    let semi_honest = all.into_iter().filter(|protocol| !protocol.is_malicious());
    assert_eq!(of("relu_norm"), semi_honest.map(|protocol| protocol.name().to_string()).collect::<Vec<_>>());
    let by_party = |row: &csv::StringRecord| (8..12).filter_map(|i| row[i].parse::<u64>().ok()).sum::<u64>();
    for row in &rows {
        assert_eq!(row[7].parse::<u64>().expect("bytes"), by_party(row), "{row:?}");
    }
}
