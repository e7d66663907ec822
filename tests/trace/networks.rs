//! Networks of every shape, by their right values; and what results call the parties of named sites.

use serde_json::Value;

use super::{Place, SMALL, good, mistake, mpcsim, project};

/// What a replay says of a trace: party, kind, peer, bytes.
fn replayed(place: &Place, lines: &[(usize, &str, usize, u64)], network: &str) -> Value {
    let line = |(party, kind, peer, bytes): &(usize, &str, usize, u64)| {
        format!("{{\"party\":{party},\"kind\":\"{kind}\",\"peer\":{peer},\"bytes\":{bytes}}}\n")
    };
    let trace = place.write("trace.jsonl", &lines.iter().map(line).collect::<String>());
    let network = place.write("network.ron", network);
    serde_json::from_str(&good(&["replay", &trace, "--network", &network, "--json"])).expect("JSON")
}

/// Modelled seconds of a replay, the whole and by party.
fn seconds(place: &Place, lines: &[(usize, &str, usize, u64)], network: &str) -> (f64, Vec<f64>) {
    let said = replayed(place, lines, network);
    let number = |value: &Value| value.as_f64().expect("a number");
    let by_party = said["modelled_seconds_by_party"].as_array().expect("a list").iter().map(number).collect();
    let parts = said["critical_path"].as_object().expect("parts").values().map(number).sum::<f64>();
    assert!((parts - number(&said["modelled_seconds"])).abs() < 1e-12, "{said}");
    (number(&said["modelled_seconds"]), by_party)
}

const M: u64 = 1_000_000;

#[test]
fn one_wire_carries_one_message_after_the_other() {
    let place = Place::new();
    let mut lines: Vec<_> = (0..3).map(|party| (party, "send", (party + 1) % 3, 5 * M / 4)).collect();
    lines.extend((0..3).map(|party| (party, "recv", (party + 2) % 3, 5 * M / 4)));
    let wire = |more: &str| format!("custom(latency_ms: 1, bandwidth_mbps: 1000{more})");
    let (_, ends) = seconds(&place, &lines, &wire(", one_wire: true"));
    assert_eq!(ends, [0.031, 0.011, 0.021], "party 0 sends first, then 1 and 2");
    assert_eq!(seconds(&place, &lines, &wire("")).0, 0.011, "a wire for each link");
    // Waiting for what others sent is queueing; for what one sent oneself, serialisation.
    let parts = |lines: &[(usize, &str, usize, u64)]| {
        let path = &replayed(&place, lines, &wire(", one_wire: true"))["critical_path"];
        ["latency", "serialisation", "queueing"].map(|part| path[part].as_f64().expect("a number"))
    };
    assert_eq!(parts(&lines), [0.001, 0.01, 0.02]);
    let own: Vec<_> =
        [(0, "send", 1), (0, "send", 1), (2, "send", 0), (0, "send", 2), (1, "recv", 0), (1, "recv", 0)]
            .into_iter()
            .chain([(0, "recv", 2), (2, "recv", 0)])
            .map(|(party, kind, peer)| (party, kind, peer, 5 * M / 4))
            .collect();
    // Party 0 hands over three messages before party 2 its own, which comes last.
    assert_eq!(parts(&own), [0.001, 0.01, 0.03]);
    assert_eq!(
        parts(&[&own[..2], &own[4..6], &[(2, "send", 1, 0), (1, "recv", 2, 0)]].concat()),
        [0.001, 0.02, 0.0]
    );
    // With a bucket of one and a half messages, half of the second and the third wait.
    let (_, ends) = seconds(&place, &lines, &wire(", one_wire: true, burst_bytes: 1875000"));
    assert_eq!(ends, [0.016, 0.001, 0.006]);
    // It changes for all: after 15 ms a tenth of the bandwidth.
    let (last, _) =
        seconds(&place, &lines, &wire(", one_wire: true, changes: [(at_s: 0.015, bandwidth_mbps: 100)]"));
    assert_eq!(last, 0.166);
}

#[test]
fn a_token_bucket_lets_a_burst_through() {
    let place = Place::new();
    let lines =
        [(0, "send", 1, 60_000), (0, "send", 1, 60_000), (1, "recv", 0, 60_000), (1, "recv", 0, 60_000)];
    let with = |burst: u64| format!("custom(latency_ms: 10, bandwidth_mbps: 100, burst_bytes: {burst})");
    for (burst, expected) in
        [(0, 0.0196), (60_000, 0.0148), (100_000, 0.0116), (120_000, 0.01), (1_000_000, 0.01)]
    {
        assert_eq!(seconds(&place, &lines, &with(burst)).0, expected, "a bucket of {burst}");
    }
    // It fills while the link is idle, and no further than it is large.
    let mut later = lines.to_vec();
    later.insert(2, (0, "recv", 1, 0));
    later.insert(3, (0, "send", 1, 100_000));
    later.insert(4, (0, "send", 1, 100_000));
    later.extend([(1, "send", 0, 0), (1, "recv", 0, 100_000), (1, "recv", 0, 100_000)]);
    let (_, ends) = seconds(&place, &later, &with(100_000));
    assert!(
        (ends[0] - 0.0216).abs() < 1e-12 && (ends[1] - (0.0216 + 0.008 + 0.01)).abs() < 1e-12,
        "{ends:?}"
    );
}

#[test]
fn bandwidth_and_latency_change_while_messages_are_on_the_way() {
    let place = Place::new();
    let one = [(0, "send", 1, 25 * M), (1, "recv", 0, 25 * M)];
    let with = |changes: &str| format!("custom(latency_ms: 10, bandwidth_mbps: 100, changes: [{changes}])");
    for (changes, expected) in [
        ("(at_s: 1, bandwidth_mbps: 10)", 11.01),
        ("(at_s: 2, bandwidth_mbps: 10)", 2.01),
        ("(at_s: 1, bandwidth_mbps: unlimited)", 1.01),
        ("(at_s: 1, bandwidth_mbps: 10), (at_s: 6, bandwidth_mbps: 50)", 7.01),
        ("(at_s: 1, latency_ms: 50)", 2.05),
        // The bits before the change come after 2.05 s, those behind not before them.
        ("(at_s: 1, latency_ms: 500), (at_s: 1.9, latency_ms: 10)", 2.4),
    ] {
        assert_eq!(seconds(&place, &one, &with(changes)).0, expected, "{changes}");
    }
}

#[test]
fn parties_of_a_site_share_its_way_out_and_in() {
    let place = Place::new();
    let sites = "custom(latency_ms: 10, sites: [(name: \"A\", up_mbps: 100, down_mbps: 50, parties: [0, 1]),
                                                (name: \"B\", up_mbps: 1000, down_mbps: 1000, parties: [2])])";
    // Both send to the other site: 10 ms each on the way out.
    let out = [(0, "send", 2, M / 8), (1, "send", 2, M / 8), (2, "recv", 0, M / 8), (2, "recv", 1, M / 8)];
    assert_eq!(seconds(&place, &out, sites).0, 0.03);
    // Inside the site there is a network of its own: 0.05 ms, 10 Gbit/s.
    let inside = [(0, "send", 1, M / 8), (1, "recv", 0, M / 8), (2, "send", 0, 0), (0, "recv", 2, 0)];
    assert_eq!(seconds(&place, &inside, sites).1, [0.01, 0.00015, 0.0]);
    // Both get something: 20 ms each on the way in.
    let into = [(2, "send", 0, M / 8), (2, "send", 1, M / 8), (0, "recv", 2, M / 8), (1, "recv", 2, M / 8)];
    assert_eq!(seconds(&place, &into, sites).1[..2], [0.03, 0.05]);
}

/// A run among named sites names them in every result.
#[test]
fn results_name_the_sites() {
    let place = Place::new();
    let names = ["Berlin", "Paris", "Warsaw"];
    let sites = "network=custom(ping_ms: [[22], [14, 31]], jitter: normal(jitter_ms: 1), sites: [
        (name: \"Berlin\", up_mbps: 100, down_mbps: 500), (name: \"Paris\", up_mbps: 200, down_mbps: 1000),
        (name: \"Warsaw\", up_mbps: 50, down_mbps: 250)])";
    let data = ["--set", "data=mnist(train: 200, test: 100)", "--set", "owners=[0.5, 0.3, 0.2]"];
    let set = [&SMALL[..], &data, &["--set", sites]].concat();
    let out = place.file("out");
    let said = good(&[&["run"], &set[..], &["--out", &out, "--explain"]].concat());
    for name in names {
        assert!(said.contains(&format!("sent by {name}")), "{said}");
    }
    assert!(said.contains("rows of each owner: Berlin 100, Paris 60, Warsaw 40"), "{said}");
    assert!(said.contains("data of:  Berlin "), "{said}");
    assert!(said.contains("Berlin to Paris: ") || said.contains("Paris to Berlin: "), "{said}");
    assert!(!said.contains("party 0"), "{said}");
    let text = |name: &str| String::from_utf8(place.read(name)).expect("UTF-8");
    let summary: Value = serde_json::from_str(&text("out/summary.json")).expect("JSON");
    assert_eq!(summary["parties"], serde_json::json!(names));
    let spans = text("out/spans.csv");
    assert!(
        spans.contains("payload_bytes_party0_Berlin,payload_bytes_party1_Paris,payload_bytes_party2_Warsaw")
    );
    let links = text("out/links.csv");
    assert!(links.starts_with("phase,from,to,from_name,to_name,longest_chain_rounds,"), "{links}");
    assert!(
        links.contains("\nsetup,0,2,Berlin,Warsaw,") && links.contains("\niteration,2,1,Warsaw,Paris,"),
        "{links}"
    );
    assert!(text("out/report.html").contains("\"names\":[\"Berlin\",\"Paris\",\"Warsaw\"]"));
    // The resolved scenario names them too, and gives the same.
    let again = place.file("again");
    good(&["run", &place.file("out/scenario.ron"), "--out", &again]);
    for file in ["summary.json", "spans.csv", "links.csv"] {
        assert_eq!(place.read(&format!("again/{file}")), place.read(&format!("out/{file}")), "{file}");
    }
    for (file, expected) in [
        ("trace.json", ["\"name\":\"Berlin\"", "\"name\":\"Berlin to Paris\"", "\"send to Warsaw\""]),
        ("trace.svg", [">Berlin<", ">Paris<", ">Warsaw<"]),
    ] {
        let file = place.file(file);
        good(&[&["trace"], &set[..], &["-o", &file]].concat());
        let content = std::fs::read_to_string(&file).expect("written");
        assert!(expected.iter().all(|expected| content.contains(expected)), "{file}: {expected:?}");
        assert!(!content.contains("party 0"), "{file}");
    }
    let trace = place.file("trace.jsonl");
    good(&[&["trace"], &set[..], &["-o", &trace]].concat());
    let network = place.write("network.ron", &sites["network=".len()..]);
    let table = good(&["replay", &trace, "--network", &network]);
    assert!(table.contains("Warsaw ends at"), "{table}");
    let json: Value =
        serde_json::from_str(&good(&["replay", &trace, "--network", &network, "--json"])).expect("JSON");
    assert_eq!(json["parties"], serde_json::json!(names));
}

/// Whatever is in the networks of a sweep, a point is what its run gives.
#[test]
fn points_of_a_sweep_over_shaped_networks_are_those_of_runs() {
    let place = Place::new();
    let base = std::fs::read_to_string(project(SMALL[0])).expect("a scenario");
    let base = &base[base.find("\n(").expect("a record")..];
    let data = project("scenarios/data").display().to_string();
    let networks = [
        "custom(latency_ms: 1, bandwidth_mbps: 100, one_wire: true)",
        "custom(latency_ms: 1, bandwidth_mbps: 100, burst_bytes: 100000)",
        "custom(latency_ms: 1, bandwidth_mbps: 100, changes: [(at_s: 0.1, latency_ms: 5)])",
        "custom(latency_ms: 1, bandwidth_mbps: 100, jitter: pareto(jitter_ms: 0.5, correlation: 0.5))",
        "custom(latency_ms: 1, sites: [(name: \"A\", up_mbps: 100, down_mbps: 50, parties: [0, 1]), (name: \"B\", up_mbps: 10, down_mbps: 10, parties: [2])])",
        "custom(latency_ms: 1, bandwidth_mbps: 100)",
    ];
    let scenario = base
        .trim()
        .replace("\"data/", &format!("\"{data}/"))
        .replace("(epochs: 20, batch: 64)", "(iterations: 20, batch: 16)");
    let sweep = format!(
        "(name: \"shapes\", base: {scenario}, axes: [(field: \"network\", values: [{}])])",
        networks.join(", ")
    );
    let (sweep, scenario) = (place.write("sweep.ron", &sweep), place.write("run.ron", &scenario));
    let out = place.file("sweep");
    let done = mpcsim(&["sweep", &sweep, "--out", &out]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let results = place.read("sweep/results.csv");
    let mut reader = csv::Reader::from_reader(&results[..]);
    let column = reader
        .headers()
        .expect("a header")
        .iter()
        .position(|name| name == "modelled_seconds")
        .expect("a column");
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), networks.len());
    let run = place.file("run");
    for (network, row) in networks.iter().zip(rows) {
        good(&["run", &scenario, "--set", &format!("network={network}"), "--force", "--out", &run]);
        let summary: Value = serde_json::from_slice(&place.read("run/summary.json")).expect("JSON");
        let expected: f64 = row[column].parse().expect("a number");
        assert_eq!(summary["training"]["modelled_seconds"].as_f64(), Some(expected), "{network}");
    }
    let refused = mistake(&[
        "run",
        &scenario,
        "--set",
        "network=custom(latency_ms: 1, bandwidth_mbps: 1, sites: [])",
        "--out",
        &run,
    ]);
    assert!(refused.contains("0 sites for 3 parties"), "{refused}");
}
