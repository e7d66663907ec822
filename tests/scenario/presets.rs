//! Presets: every row is complete, has a source, and says what was published.

use std::collections::BTreeSet;

use mpcsim::scenario::{
    COMPUTES, Jitter, NETWORKS, NetworkPreset, Tcp, WireOverhead, parse_compute, parse_network,
};

#[test]
fn every_preset_can_be_named_and_has_a_source() {
    let mut names = BTreeSet::new();
    for preset in &NETWORKS {
        assert!(names.insert(preset.name), "{} is there twice", preset.name);
        assert!(!preset.description.is_empty() && !preset.source.is_empty());
        for parties in 2..=4 {
            let text = format!("preset(\"{}\")", preset.name);
            let plan = parse_network(&text, "network.ron", parties).unwrap();
            assert_eq!(plan, preset.plan(parties).unwrap());
            assert_eq!((plan.label.as_str(), plan.parties), (preset.name, parties));
            assert_eq!((plan.links.len(), plan.interfaces.len()), (parties * parties, parties));
            for from in 0..parties {
                for to in (0..parties).filter(|to| *to != from) {
                    let link = plan.link(from, to);
                    assert!(link.latency_ps > 0 && link.bandwidth_bps.is_some_and(|bps| bps > 0));
                    assert_eq!(link.jitter, Jitter::None);
                }
            }
        }
    }
    for expected in
        "lan wan secureml-lan secureml-wan secureml-wan-ping securenn-lan securenn-wan falcon-wan cheetah-lan cheetah-wan \
                     emp-wan spu-wan hpmpc-wan1 hpmpc-wan2 hpmpc-cman"
            .split_whitespace()
    {
        assert!(names.contains(expected), "{expected} is missing");
    }
    for preset in &COMPUTES {
        let plan = parse_compute(&format!("preset(\"{}\")", preset.name), "compute.ron", 3).unwrap();
        assert_eq!(plan.parties, [preset.costs; 3]);
        assert!(preset.source.contains("docs/time-model.md"));
    }
    assert!(COMPUTES.iter().any(|preset| preset.name == "server-core"));
}

#[test]
fn figures_are_those_published() {
    let link = |name: &str, from, to| {
        let plan = NetworkPreset::find(name).unwrap().plan(4).unwrap();
        let link = *plan.link(from, to);
        (link.latency_ps, link.bandwidth_bps.unwrap())
    };
    assert_eq!(link("lan", 0, 1), (50_000_000, 10_000_000_000));
    assert_eq!(link("secureml-lan", 0, 1), (170_000_000, 8_000_000_000));
    assert_eq!(link("secureml-wan", 1, 0), (72_000_000_000, 72_000_000));
    assert_eq!(link("securenn-lan", 1, 2), (110_000_000, 5_000_000_000));
    assert_eq!(link("wan", 2, 0), (29_000_000_000, 320_000_000));
    assert_eq!(link("securenn-wan", 2, 0), (29_000_000_000, 320_000_000));
    assert_eq!(link("falcon-wan", 0, 1), (35_000_000_000, 320_000_000));
    assert_eq!(link("cheetah-lan", 0, 1), (150_000_000, 3_000_000_000));
    assert_eq!(link("cheetah-wan", 0, 1), (20_000_000_000, 400_000_000));
    assert_eq!(link("emp-wan", 0, 1), (10_000_000_000, 200_000_000));
    assert_eq!(link("spu-wan", 0, 1), (20_000_000_000, 300_000_000));
    // Row = from, columns = the other sites in order; half of the ping.
    assert_eq!(link("hpmpc-wan1", 0, 1), (96_293_000_000, 143_000_000));
    assert_eq!(link("hpmpc-wan1", 0, 3), (55_650_000_000, 541_000_000));
    assert_eq!(link("hpmpc-wan1", 1, 0), (93_314_000_000, 149_000_000));
    assert_eq!(link("hpmpc-wan1", 1, 2), (16_382_000_000, 868_000_000));
    assert_eq!(link("hpmpc-wan2", 2, 3), (50_581_500_000, 270_000_000));
    assert_eq!(link("hpmpc-wan2", 3, 0), (138_126_500_000, 109_000_000));
    assert_eq!(link("hpmpc-cman", 2, 0), (616_000_000, 1_550_000_000));
    assert_eq!(link("hpmpc-cman", 3, 2), (946_000_000, 609_000_000));
}

#[test]
fn measured_sites_are_four() {
    let errors = parse_network("preset(\"hpmpc-wan1\")", "network.ron", 5).unwrap_err();
    assert_eq!(
        errors.mistakes()[0].message(),
        "`hpmpc-wan1` has figures for 4 parties, and the protocol has 5"
    );
    assert!(parse_network("preset(\"lan\")", "network.ron", 5).is_ok());
}

/// Wide-area presets have TCP as Linux has it, the others do not; without it they are what they were.
#[test]
fn wide_area_presets_have_tcp() {
    for preset in &NETWORKS {
        let text = format!("preset(\"{}\")", preset.name);
        let plan = parse_network(&text, "network.ron", 3).unwrap();
        let far = preset.name.contains("wan");
        assert_eq!(plan.tcp, far.then_some(Tcp::LINUX), "{text}");
        assert_eq!(
            plan.overhead,
            WireOverhead { header_bytes: if far { 4 } else { 0 }, ..WireOverhead::NONE }
        );
        let based = format!("custom(base: \"{}\", label: \"{0}\", tcp: none)", preset.name);
        let plain = parse_network(&based, "network.ron", 3).unwrap();
        assert_eq!((plain.tcp, plain.overhead), (None, WireOverhead::NONE));
        assert_eq!((plain.links, plain.interfaces), (plan.links, plan.interfaces));
    }
    // Both readings of a paper's 72 ms.
    let latency_ps = |name: &str| NetworkPreset::find(name).unwrap().plan(2).unwrap().link(0, 1).latency_ps;
    assert_eq!(latency_ps("secureml-wan"), 2 * latency_ps("secureml-wan-ping"));
}
