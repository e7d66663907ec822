//! What a run says of TCP's windows: that they are there or not, and what other settings would save.

use mpcsim::run::{Values, run};
use mpcsim::scenario::Scenario;
use serde_json::Value;

use super::command::{SMALL, results, scenario};

fn summary(sets: &[&str]) -> Value {
    let files = results(&scenario(SMALL), &[&super::command::BRIEF[..], sets].concat(), |_| {});
    serde_json::from_slice(&files["summary.json"]).expect("JSON")
}

/// Each figure of the advice is that of a run with the setting changed.
#[test]
fn what_other_settings_would_take_is_what_runs_with_them_take() {
    let outcome = |more: &[&str]| {
        // Large messages with pauses between them: a wide layer, and a work that takes long.
        let far = [
            "training=(iterations: 6, batch: 64)",
            "model=dense(hidden: [128])",
            "network=preset(\"secureml-wan\")",
        ];
        let sets: Vec<String> = far.iter().chain(more).map(|set| set.to_string()).collect();
        let plan = Scenario::load(&scenario(SMALL), &sets).expect("a plan");
        run(&plan, Values::Split, &()).expect("it runs")
    };
    let linux = outcome(&[]);
    let parts = linux.training.critical_path;
    assert!(parts.window_ps > 0);
    assert_eq!(parts.total_ps(), linux.training.modelled_ps);
    let others = linux.other_windows.expect("a network with TCP");
    let without = outcome(&["network.tcp=(restart_after_idle: false)"]);
    assert_eq!(others.without_restart_ps, Some(without.training.modelled_ps));
    assert_eq!(without.other_windows.expect("TCP").without_restart_ps, None);
    let wider = outcome(&["network.tcp=(initial_window: 100)"]);
    assert_eq!(others.wider, (100, wider.training.modelled_ps));
    assert!(wider.training.modelled_ps < without.training.modelled_ps);
    assert!(without.training.modelled_ps < linux.training.modelled_ps);
    let plain = outcome(&["network.tcp=none"]);
    assert!(plain.other_windows.is_none() && plain.training.critical_path.window_ps == 0);
    assert!(plain.training.modelled_ps < wider.training.modelled_ps);
}

#[test]
fn results_say_whether_links_have_tcp() {
    let notes = |summary: &Value| summary["notes"].as_array().expect("notes").clone();
    let with = summary(&["network=preset(\"wan\")"]);
    assert_eq!(
        with["tcp"],
        "(initial_window: 10, restart_after_idle: true, rto_min_ms: 200.0, tick_ms: 4.0, header_bytes: 4)"
    );
    assert!(notes(&with).iter().all(|note| !note.as_str().expect("text").contains("TCP off")));
    let off = summary(&["network=custom(base: \"wan\", tcp: none)"]);
    assert_eq!(off["tcp"], Value::Null);
    let told = |summary: &Value| notes(summary)[0].as_str().expect("text").to_string();
    assert!(told(&off).starts_with("TCP off") && told(&off).contains("`tcp: ()` in the network"), "{off}");
    // What a scenario would refuse is not advised.
    let shared = summary(&["network=custom(base: \"wan\", tcp: none, one_wire: true)"]);
    assert!(told(&shared).starts_with("TCP off") && !told(&shared).contains("`tcp: ()`"), "{shared}");
    assert!(told(&shared).contains("parties that share a way take turns message by message"), "{shared}");
    // Near by it makes no difference worth a note.
    assert_eq!(notes(&summary(&[])), Vec::<Value>::new());
    // A message's length is on the wire.
    let of = |summary: &Value, name: &str| summary["iteration"][name].as_u64().expect("a number");
    assert_eq!(of(&with, "wire_bytes"), of(&off, "wire_bytes") + 4 * of(&off, "messages"));
}

/// Access lines with TCP: a run's parts add up, they take longer than links alone, and what they hold up is queueing.
#[test]
fn access_lines_have_tcp() {
    let outcome = |more: &str| {
        let network = format!("network=custom(latency_ms: 20, bandwidth_mbps: 1000, tcp: (){more})");
        let sets = ["training=(iterations: 6, batch: 64)", "model=dense(hidden: [128])", &network];
        let plan = Scenario::load(&scenario(SMALL), &sets.map(str::to_string)).expect("a plan");
        run(&plan, Values::Split, &()).expect("it runs")
    };
    let (links, up, down) = (
        outcome(""),
        outcome(", interfaces: [(party: 0, egress_mbps: 20)]"),
        outcome(", interface_mbps: 1000, interfaces: [(party: 1, ingress_mbps: 20)]"),
    );
    for outcome in [&links, &up, &down] {
        let training = &outcome.training;
        assert_eq!(training.critical_path.total_ps(), training.modelled_ps);
        assert!(outcome.other_windows.is_some());
    }
    assert!(up.training.modelled_ps > links.training.modelled_ps);
    assert!(down.training.modelled_ps > links.training.modelled_ps);
    assert_eq!(links.training.critical_path.queueing_ps, 0);
    assert_eq!(up.training.critical_path.queueing_ps, 0);
}

/// Losses take time that is the window's, the same for any number of threads and whoever replays; another seed has other times.
#[test]
fn losses_are_told() {
    let outcome = |loss: &str, seed: &str| {
        let network = format!("network=custom(base: \"wan\", loss: {loss})");
        let sets = ["training=(iterations: 6, batch: 64)", "model=dense(hidden: [128])", seed, &network];
        let plan = Scenario::load(&scenario(SMALL), &sets.map(str::to_string)).expect("a plan");
        run(&plan, Values::Split, &()).expect("it runs")
    };
    let (none, some) = (outcome("0", "seed=1"), outcome("0.005", "seed=1"));
    assert_eq!(some.training.critical_path.total_ps(), some.training.modelled_ps);
    assert!(some.training.modelled_ps > none.training.modelled_ps);
    assert!(some.training.critical_path.window_ps > none.training.critical_path.window_ps);
    assert_eq!(outcome("0.005", "seed=1").training.modelled_ps, some.training.modelled_ps);
    assert_ne!(outcome("0.005", "seed=2").training.modelled_ps, some.training.modelled_ps);
    assert!(some.other_windows.is_none());
    let told = summary(&["network=custom(base: \"wan\", loss: 0.005)"]);
    let note = told["notes"][0].as_str().expect("a note");
    assert!(note.starts_with("links lose up to 0.5 % of their packets, drawn from the seed"), "{note}");
}

/// Half of a link used by others is a link of half its bandwidth, and the results say so.
#[test]
fn background_is_told() {
    let network = |bandwidth: &str| format!("network=custom(latency_ms: 1, {bandwidth})");
    let with = summary(&[&network("bandwidth_mbps: 100, background: 0.5")]);
    let half = summary(&[&network("bandwidth_mbps: 50")]);
    assert_eq!(with["iteration"], half["iteration"]);
    let note = with["notes"][0].as_str().expect("a note");
    assert!(note.starts_with("others use up to 50.0 % of the rate of a link or an access line"), "{note}");
    assert_eq!(half["notes"].as_array().expect("notes").len(), 0);
}

/// Large messages over TCP: the note says what they wait for and what would help.
#[test]
fn what_would_help_is_told() {
    let summary = summary(&["model=dense(hidden: [128])", "network=preset(\"wan\")"]);
    let note = summary["notes"][0].as_str().expect("a note");
    assert!(note.starts_with("TCP's congestion window keeps links empty for "), "{note}");
    assert!(note.contains("% less) with net.ipv4.tcp_slow_start_after_idle=0 at all parties"), "{note}");
    assert!(note.contains("% less) with an initial window of 100 packets"), "{note}");
}
