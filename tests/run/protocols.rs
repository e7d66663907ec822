//! Whole runs under every protocol of the registry.

use std::path::Path;

use mpcsim::protocol::registry::ProtocolName;
use serde_json::Value;
use tempfile::TempDir;

use super::command::{BRIEF, SMALL, mpcsim, read, scenario};

/// The summary and the printed table of a short run.
fn run(protocol: ProtocolName, more: &[&str], values: &str) -> (Value, String) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let protocol = format!("protocol={}", protocol.name());
    let sets: Vec<&str> = BRIEF.iter().copied().chain([&protocol[..]]).chain(more.iter().copied()).collect();
    let output = mpcsim(&scenario(SMALL), &out, &sets, |command| {
        command.args(["--values", values]);
    });
    assert!(output.status.success(), "{protocol}: {}", String::from_utf8_lossy(&output.stderr));
    let summary = serde_json::from_slice(&read(Path::new(&out))["summary.json"]).unwrap();
    (summary, String::from_utf8(output.stdout).unwrap())
}

/// With nearest rounding every protocol trains to the same bits as the clear, on shares too.
#[test]
fn every_protocol_trains_every_variant_on_shares_as_in_the_clear() {
    for softmax in ["exact", "relu_probability", "relu_gradient"] {
        let sets = [&format!("softmax={softmax}")[..], "rounding=nearest", "network=preset(\"lan\")"];
        let clear = run(ProtocolName::Rep3, &sets, "split").0["accuracy"].clone();
        for protocol in ProtocolName::ALL {
            let (summary, _) = run(protocol, &sets, "shares");
            assert_eq!(summary["accuracy"], clear, "{}, {softmax}", protocol.name());
        }
    }
}

/// Offline and online phase apart add up to the iteration, and are shown by party.
#[test]
fn offline_and_online_phases_stand_apart() {
    for protocol in ProtocolName::ALL {
        let (summary, table) = run(protocol, &["network=preset(\"lan\")"], "split");
        let iteration = &summary["iteration"];
        let (Some(offline), Some(online)) =
            (summary.get("iteration_offline"), summary.get("iteration_online"))
        else {
            assert_eq!(protocol, ProtocolName::Rep3, "only rep3 has no offline phase");
            assert!(!table.contains("offline"), "{table}");
            continue;
        };
        for field in ["payload_bytes", "messages", "wire_bytes"] {
            let of = |phase: &Value| phase[field].as_u64().unwrap();
            assert!(of(offline) > 0 && of(online) > 0, "{}: {field}", protocol.name());
            assert_eq!(of(offline) + of(online), of(iteration), "{}: {field}", protocol.name());
        }
        let parties = iteration["payload_bytes_by_party"].as_array().unwrap().len();
        assert_eq!(parties, protocol.parties());
        let header = table.lines().find(|line| line.contains("one iteration")).expect("a header");
        assert!(header.contains("offline") && header.contains("online"), "{table}");
    }
}
