//! Whole runs under every protocol of the registry.

use std::path::Path;

use mpcsim::protocol::registry::ProtocolName;
use serde_json::Value;
use tempfile::TempDir;

use super::command::{BRIEF, SMALL, mpcsim, read, scenario};

/// What has place in a ring of 32 bits.
const IN_32_BITS: [&str; 2] =
    ["fixed_point=(fraction_bits: 13, total_bits: 18)", "softmax=relu_gradient(division: quotient)"];

/// The summary and the printed table of a short run.
fn run(protocol: ProtocolName, more: &[&str], values: &str) -> (Value, String) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let by = format!("triples_by={}", protocol.triples_by().name());
    let bits = format!("ring_bits={}", protocol.ring_bits());
    let place: &[&str] = if protocol.ring_bits() == 32 { &IN_32_BITS } else { &[] };
    let protocol = format!("protocol={}", protocol.name());
    let own = [&protocol[..], &by, &bits].into_iter().chain(more.iter().copied());
    let sets: Vec<&str> = BRIEF.iter().copied().chain(own).chain(place.iter().copied()).collect();
    let output = mpcsim(&scenario(SMALL), &out, &sets, |command| {
        command.args(["--values", values]);
    });
    assert!(output.status.success(), "{protocol}: {}", String::from_utf8_lossy(&output.stderr));
    let summary = serde_json::from_slice(&read(Path::new(&out))["summary.json"]).unwrap();
    (summary, String::from_utf8(output.stdout).unwrap())
}

/// With nearest rounding every protocol trains to the same bits as the clear, on shares too.
#[test]
fn every_protocol_trains_softmax_and_its_replacements_on_shares_as_in_the_clear() {
    for softmax in ["exact", "relu_probability", "relu_gradient"] {
        let softmax = &format!("softmax={softmax}")[..];
        let network = "network=preset(\"lan\")";
        let sets = [softmax, "rounding=nearest", network, "training.epochs=1", "training.batch=128"];
        // Only the clear can see which rows have no active logit, and which values are out of range.
        let in_the_clear = |protocol| {
            let mut epochs = run(protocol, &sets, "split").0["accuracy"].clone();
            for epoch in epochs.as_array_mut().expect("epochs") {
                let epoch = epoch.as_object_mut().expect("an epoch");
                epoch.retain(|count, _| !["rows_beyond_domain", "out_of_range"].contains(&count.as_str()));
            }
            epochs
        };
        let clear = in_the_clear(ProtocolName::Rep3);
        for protocol in ProtocolName::ALL.into_iter().chain(ProtocolName::IN_OTHER_WAYS) {
            // A smaller ring has place for one of them only, which need not be trained three times.
            if protocol.ring_bits() == 32 && softmax != "softmax=relu_gradient" {
                continue;
            }
            let (summary, _) = run(protocol, &sets, "shares");
            // A protocol that divides in a way of its own has a clear of its own.
            let own = (!protocol.ideal().is_generic()).then(|| in_the_clear(protocol));
            assert_eq!(
                &summary["accuracy"],
                own.as_ref().unwrap_or(&clear),
                "{}, {softmax}",
                protocol.full_name()
            );
        }
    }
}

/// A sweep trains once for these (`scenario::declared`).
#[test]
fn protocols_that_do_the_same_share_a_training() {
    let of = |protocol, sets: &[&str]| run(protocol, sets, "split").0["accuracy"].clone();
    for rounding in ["rounding=probabilistic", "rounding=nearest"] {
        for softmax in ["softmax=exact", "softmax=relu_gradient", "softmax=relu_probability"] {
            let sets = [softmax, rounding, "network=preset(\"lan\")", "loss=true"];
            assert_eq!(
                of(ProtocolName::Falcon, &sets),
                of(ProtocolName::Rep3, &sets),
                "{softmax}, {rounding}"
            );
        }
    }
}

/// Offline and online phase apart add up to the iteration, and are shown by party.
#[test]
fn offline_and_online_phases_stand_apart() {
    for protocol in ProtocolName::ALL.into_iter().chain(ProtocolName::IN_OTHER_WAYS) {
        let (summary, table) = run(protocol, &["network=preset(\"lan\")"], "split");
        let iteration = &summary["iteration"];
        let (Some(offline), Some(online)) =
            (summary.get("iteration_offline"), summary.get("iteration_online"))
        else {
            let all_online = [ProtocolName::Rep3, ProtocolName::SecureNn];
            assert!(all_online.contains(&protocol), "{} has an offline phase", protocol.name());
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

/// The online phase is the same whoever makes triples, but for clients, who make one for each product of two numbers: then both
/// factors are opened for each. What is not executed, and who is a party in whose place, is told.
#[test]
fn who_makes_triples_decides_the_offline_phase_and_is_told() {
    let of = |protocol| run(protocol, &["network=preset(\"secureml-lan\")"], "split");
    let online = |summary: &Value| summary["iteration_online"]["payload_bytes"].as_u64().unwrap();
    let (published, _) = of(ProtocolName::SecureMl);
    assert!(published.get("triples_by").is_none());
    let ways = ProtocolName::IN_OTHER_WAYS.into_iter();
    for protocol in ways.filter(|way| way.by_default() == ProtocolName::SecureMl) {
        let (summary, table) = of(protocol);
        assert!(table.contains(&format!("{} among {} parties", protocol.full_name(), protocol.parties())));
        assert_eq!(summary["triples_by"], protocol.triples_by().name());
        let (own, offline) = (online(&summary), &summary["iteration_offline"]["payload_bytes"]);
        assert_ne!(offline, &published["iteration_offline"]["payload_bytes"], "{}", protocol.full_name());
        match protocol {
            ProtocolName::SecureMlClients => assert!(own > online(&published)),
            // Its transfers of labels are smaller.
            ProtocolName::SecureMlSoftSpoken => assert!(own < online(&published)),
            _ => assert_eq!(own, online(&published), "{}", protocol.full_name()),
        }
        let notes = summary["notes"].to_string();
        let told = |words| notes.contains(words) && table.contains("note:");
        assert_eq!(told("nothing is encrypted"), protocol == ProtocolName::SecureMlEncryption, "{notes}");
        assert_eq!(told("stands for all clients"), protocol == ProtocolName::SecureMlClients, "{notes}");
    }
}

/// The same figures whatever the offline phase does, but for what it says.
#[test]
fn the_offline_phase_is_before_overlapped_or_excluded() {
    for protocol in ProtocolName::ALL {
        let with = |offline: &str| {
            let offline = format!("offline={offline}");
            run(protocol, &["network=preset(\"wan\")", &offline], "split")
        };
        let [(before, _), (overlapped, beside), (excluded, without)] =
            ["before", "overlapped", "excluded"].map(with);
        for same in ["accuracy", "iteration_offline", "iteration_online", "verified", "iterations"] {
            assert!(before[same] == overlapped[same] && before[same] == excluded[same], "{same}");
        }
        let count = |summary: &Value, phase: &str, field: &str| summary[phase][field].as_u64().unwrap();
        let seconds = |summary: &Value, phase: &str| {
            summary[phase]["modelled_seconds"].to_string().parse::<f64>().unwrap()
        };
        if before.get("iteration_offline").is_none() {
            assert!(
                before["training"] == overlapped["training"] && before["training"] == excluded["training"]
            );
            continue;
        }
        let iterations = before["iterations"].as_u64().unwrap();
        for field in ["payload_bytes", "messages", "wire_bytes"] {
            let name = protocol.name();
            assert_eq!(count(&overlapped, "iteration", field), count(&before, "iteration", field), "{name}");
            assert_eq!(count(&overlapped, "training", field), count(&before, "training", field), "{name}");
            assert_eq!(
                count(&excluded, "iteration", field),
                count(&before, "iteration_online", field),
                "{name}"
            );
            let offline = count(&before, "iteration_offline", field) * iterations;
            assert_eq!(
                count(&excluded, "training", field) + offline,
                count(&before, "training", field),
                "{name}"
            );
            assert!(count(&excluded, "setup", field) <= count(&before, "setup", field), "{name}");
        }
        assert_eq!(excluded["iteration"], excluded["iteration_online"]);
        // On a network of latencies, phases beside each other take the rounds of the longer one.
        for phase in ["iteration", "training"] {
            assert!(seconds(&overlapped, phase) < seconds(&before, phase), "{}: {phase}", protocol.name());
            assert!(seconds(&overlapped, phase) >= seconds(&excluded, phase), "{}: {phase}", protocol.name());
        }
        let longer =
            count(&before, "iteration_offline", "rounds").max(count(&before, "iteration_online", "rounds"));
        let rounds = count(&overlapped, "iteration", "rounds");
        assert!(longer <= rounds && rounds < count(&before, "iteration", "rounds"), "{rounds} {longer}");
        assert!(beside.contains("beside") && without.contains("in no figure"), "{beside}{without}");
        assert_eq!(
            overlapped["notes"].as_array().unwrap().len(),
            1 + before["notes"].as_array().unwrap().len()
        );
    }
}

/// In a ring of 32 bits an iteration sends little more than half, and the training is about as accurate: what leaves its range is told.
#[test]
fn a_smaller_ring_trains_with_fewer_bytes() {
    let quotient = "softmax=relu_gradient(division: quotient)";
    let sets = ["network=preset(\"lan\")", quotient, "model=dense(hidden: [16])", "training.epochs=4"];
    let of = |protocol, values| run(protocol, &sets, values).0;
    let large = of(ProtocolName::Falcon, "split");
    assert!(large.get("ring_bits").is_none());
    for values in ["split", "shares"] {
        let small = of(ProtocolName::Falcon32, values);
        assert_eq!((&small["protocol"], &small["ring_bits"]), (&"falcon".into(), &32.into()));
        let bytes = |summary: &Value| summary["iteration_online"]["payload_bytes"].as_u64().unwrap() as f64;
        let ratio = bytes(&small) / bytes(&large);
        assert!((0.4..0.55).contains(&ratio), "{ratio}");
        let last = |summary: &Value| {
            summary["accuracy"].as_array().unwrap().last().unwrap()["test"].as_f64().unwrap()
        };
        let (small, large) = (last(&small), last(&large));
        assert!(small > 0.5 && (small - large).abs() < 0.15, "{values}: {small}, {large} with 64 bits");
    }
}
