//! Networks that people have: sites, matrices, one wire, buckets, changes, laws of jitter.

use mpcsim::scenario::{
    Change, Interface, Jitter, NetworkPlan, NetworkPreset, Tcp, WireOverhead, parse_network,
};

use super::plan::Random;

fn network(text: &str, parties: usize) -> NetworkPlan {
    parse_network(text, "network.ron", parties).unwrap_or_else(|errors| panic!("{text}: {errors}"))
}

/// All mistakes of a network of three parties.
fn wrong(text: &str) -> String {
    parse_network(text, "network.ron", 3).expect_err(text).to_string()
}

/// Latencies in milliseconds, row = from, the diagonal left out.
fn latencies_ms(plan: &NetworkPlan) -> Vec<f64> {
    plan.pairs().map(|(from, to)| plan.link(from, to).latency_ps as f64 / 1e9).collect()
}

#[test]
fn a_matrix_is_read_in_every_form() {
    let with = |figures: &str| network(&format!("matrix(latency_ms: {figures}, bandwidth_mbps: 100)"), 3);
    let both_ways = [20.0, 30.0, 20.0, 40.0, 30.0, 40.0];
    for same in [
        "[[0, 20, 30], [20, 0, 40], [30, 40, 0]]",
        "[[20, 30], [20, 40], [30, 40]]",
        "[[20], [30, 40]]",
        "[[], [20], [30, 40]]",
        "[[0], [20, 0], [30, 40, 0]]",
        "[[20, 30], [40]]",
        "[[20, 30], [40], []]",
        "[[0, 20, 30], [0, 40], [0]]",
    ] {
        assert_eq!(latencies_ms(&with(same)), both_ways, "{same}");
    }
    assert_eq!(latencies_ms(&with("[[9, 1, 2], [3, 9, 4], [5, 6, 9]]")), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(latencies_ms(&with("7.5")), [7.5; 6]);
    // A ping is there and back; half of the least step is rounded up.
    let pings = network("custom(ping_ms: [[20.000000001], [30, 40]], bandwidth_mbps: 100)", 3);
    assert_eq!(pings.link(1, 0).latency_ps, 10_000_000_001);
    assert_eq!(latencies_ms(&pings)[1..], [15.0, 10.000000001, 20.0, 15.0, 20.0]);
    // Bandwidths have the same forms, and `unlimited`; what stands on a party's own place does not count.
    let plan = network(
        "custom(latency_ms: 1, bandwidth_mbps: [[0, 10, 20], [30, 0, unlimited], [50, 60, unlimited]])",
        3,
    );
    let bps: Vec<_> = plan.pairs().map(|(from, to)| plan.link(from, to).bandwidth_bps).collect();
    let mbps = |value: u64| Some(1_000_000 * value);
    assert_eq!(bps, [mbps(10), mbps(20), mbps(30), None, mbps(50), mbps(60)]);
    // Two parties, and more than three.
    for two in ["20", "[[20]]", "[[0, 20], [20, 0]]", "[[20], [20]]", "[[0], [20, 0]]", "[[0, 20], [0]]"] {
        let plan = network(&format!("custom(latency_ms: {two}, bandwidth_mbps: 1)"), 2);
        assert_eq!(latencies_ms(&plan), [20.0, 20.0], "{two}");
    }
    let four = network("custom(latency_ms: [[1], [2, 3], [4, 5, 6]], bandwidth_mbps: 1)", 4);
    assert_eq!(latencies_ms(&four), [1.0, 2.0, 4.0, 1.0, 3.0, 5.0, 2.0, 3.0, 6.0, 4.0, 5.0, 6.0]);
    for unclear in
        ["[]", "[[]]", "[[1, 2, 3]]", "[[1, 2], [3], [4, 5]]", "[[1, 2], [3, 4]]", "[[1, 2, 3], [4, 5, 6]]"]
    {
        let text = wrong(&format!("matrix(latency_ms: {unclear}, bandwidth_mbps: 1)"));
        assert!(text.contains("`latency_ms` must be one figure, 3 rows of 3"), "{text}");
        assert!(text.starts_with("network.ron:1:20: "), "{text}");
    }
    let many = format!("matrix(latency_ms: [{}], bandwidth_mbps: 1)", "[1], ".repeat(10_000));
    assert!(wrong(&many).len() < 1000, "what is wrong is told in a few words");
    assert!(wrong("matrix(latency_ms: [[1], 2], bandwidth_mbps: 1)").contains("must be a list"));
    assert!(wrong("custom(latency_ms: [[1], [2, -3]], bandwidth_mbps: 1)").contains("milliseconds"));
    assert!(
        wrong("custom(latency_ms: 1, ping_ms: 2, bandwidth_mbps: 1)")
            .contains("`ping_ms` cannot stand beside")
    );
}

#[test]
fn sites_have_interfaces_that_their_parties_share() {
    let plan = network(
        "custom(sites: [(name: \"Berlin\", up_mbps: 100, down_mbps: 200), (name: \"Madrid\", up_mbps: 10, down_mbps: unlimited),
                        (name: \"Kraków\", up_mbps: 1, down_mbps: 2)], ping_ms: [[45], [20, 55]])",
        3,
    );
    assert_eq!(latencies_ms(&plan), [22.5, 10.0, 22.5, 27.5, 10.0, 27.5]);
    assert!(plan.pairs().all(|(from, to)| plan.link(from, to).bandwidth_bps.is_none()));
    let interface = |egress, ingress| Interface { egress_bps: egress, ingress_bps: ingress };
    let mbps = |value: u64| Some(1_000_000 * value);
    let expected = [interface(mbps(100), mbps(200)), interface(mbps(10), None), interface(mbps(1), mbps(2))];
    assert_eq!(plan.interfaces, expected);
    assert_eq!(plan.party_names().expect("names"), ["Berlin", "Madrid", "Kraków"]);

    let plan = network(
        "custom(sites: [(name: \"A\", parties: [1], up_mbps: 1, down_mbps: 1), (name: \"B\", up_mbps: 2, down_mbps: 2, parties: [2, 0])],
                latency_ms: [[0, 7], [8, 0.25]], jitter: uniform(max_ms: 1), burst_bytes: 5, bandwidth_mbps: [[0, 10], [20, 30]])",
        3,
    );
    assert_eq!(plan.party_names().expect("names"), ["B (party 0)", "A", "B (party 2)"]);
    assert_eq!(latencies_ms(&plan), [8.0, 0.25, 7.0, 7.0, 0.25, 8.0]);
    assert_eq!(plan.interfaces[0], plan.interfaces[2]);
    assert_eq!((plan.interfaces[0].egress_bps, plan.interfaces[1].ingress_bps), (mbps(2), mbps(1)));
    let (inside, outside) = (plan.link(0, 2), plan.link(0, 1));
    assert_eq!((inside.bandwidth_bps, inside.jitter, inside.burst_bytes), (mbps(30), Jitter::None, 0));
    assert_eq!((outside.bandwidth_bps, outside.burst_bytes), (mbps(20), 5));
    assert_eq!(outside.jitter, Jitter::Uniform { max_ps: 1_000_000_000 });

    // Without a diagonal, the inside of a site is the preset `lan`.
    let plan = network(
        "custom(sites: [(name: \"A\", parties: [0, 1], up_mbps: 1, down_mbps: 1), (name: \"B\", up_mbps: 2, down_mbps: 2, parties: [2])], latency_ms: 5)",
        3,
    );
    let lan = NetworkPreset::find("lan").and_then(|lan| lan.plan(2)).expect("a preset");
    assert_eq!(plan.link(0, 1), lan.link(0, 1));
    assert_eq!(latencies_ms(&plan), [0.05, 5.0, 0.05, 5.0, 5.0, 5.0]);
}

#[test]
fn sites_that_contradict_themselves_are_refused() {
    let sites = |sites: &str, more: &str| wrong(&format!("custom(sites: [{sites}], latency_ms: 1{more})"));
    let three = "(name: \"A\", up_mbps: 1, down_mbps: 1), (name: \"B\", up_mbps: 1, down_mbps: 1), (name: \"C\", up_mbps: 1, down_mbps: 1)";
    for (text, expected) in [
        (sites("(name: \"A\", up_mbps: 1, down_mbps: 1)", ""), "1 sites for 3 parties: say who is where"),
        (sites(&three.replace("\"B\"", "\"A\""), ""), "two sites have the name \"A\""),
        (sites(&three.replace("\"B\"", "\"=B\""), ""), "this cannot name a site"),
        (sites(&three.replace("up_mbps: 1, ", ""), ""), "a site needs a field `up_mbps`"),
        (sites(three, ", interface_mbps: 5"), "`interface_mbps` cannot stand beside `sites`"),
        (sites(three, ", interfaces: []"), "`interfaces` cannot stand beside `sites`"),
        (sites(three, ", base: \"lan\""), "`base` cannot stand beside `sites`"),
        (sites(three, ", bandwidth_mbps: 1, one_wire: true"), "`sites` cannot stand beside `one_wire`"),
        (
            sites(&three.replace("(name: \"A\"", "(parties: [0], name: \"A\""), ""),
            "a site needs a field `parties`",
        ),
        (
            sites(
                "(name: \"A\", up_mbps: 1, down_mbps: 1, parties: [0, 1]), (name: \"B\", up_mbps: 1, down_mbps: 1, parties: [1, 2])",
                "",
            ),
            "party 1 is at two sites",
        ),
        (sites("(name: \"A\", up_mbps: 1, down_mbps: 1, parties: [0, 2])", ""), "party 1 is at no site"),
        (sites("(name: \"A\", up_mbps: 1, down_mbps: 1, parties: [0, 3])", ""), "a whole number from 0 to 2"),
        (sites("(name: \"A\", up_mbps: 1, down_mbps: 1, parties: [0, 0])", ""), "party 0 is there twice"),
        (sites("(name: \"A\", up_mbps: 1, down_mbps: 1, parties: [])", ""), "a site has at least one party"),
        (
            wrong("custom(latency_ms: 1, bandwidth_mbps: 1, interface_mbps: 1, one_wire: true)"),
            "cannot stand beside `one_wire`",
        ),
        (
            wrong(
                "custom(latency_ms: 1, bandwidth_mbps: 1, one_wire: true, links: [(from: 0, to: 1, bandwidth_mbps: 2)])",
            ),
            "one wire for all has one bandwidth",
        ),
        (
            wrong(
                "custom(latency_ms: 1, bandwidth_mbps: 1, one_wire: true, links: [(from: 1, to: 2, changes: [(at_s: 1, bandwidth_mbps: 2)])])",
            ),
            "one wire for all has one bandwidth",
        ),
        (
            wrong("custom(latency_ms: 1, bandwidth_mbps: unlimited, burst_bytes: 1)"),
            "has a burst and no limit",
        ),
        (
            wrong(
                "custom(latency_ms: 1, bandwidth_mbps: 1, burst_bytes: 1, links: [(from: 0, to: 2, bandwidth_mbps: unlimited)])",
            ),
            "the link from 0 to 2 has a burst and no limit",
        ),
    ] {
        assert!(text.contains(expected), "{text}: {expected}");
    }
    // What is said to be off does not contradict.
    let plan = network("custom(latency_ms: 1, bandwidth_mbps: 1, interface_mbps: 1, one_wire: false)", 3);
    assert!(!plan.one_wire);
}

#[test]
fn links_change_in_the_course_of_time() {
    let plan = network(
        "custom(latency_ms: 10, bandwidth_mbps: 100,
                changes: [(at_s: 1, bandwidth_mbps: 10), (at_s: 2.5, ping_ms: [[80], [90, 100]]), (at_s: 3, latency_ms: 1, bandwidth_mbps: unlimited)],
                links: [(from: 2, to: 1, latency_ms: 5, changes: [(at_s: 0.000001, latency_ms: 6)]), (from: 2, to: 0, changes: [])])",
        3,
    );
    let of = |from, to| -> Vec<(u64, u64, Option<u64>)> {
        let own = plan.changes.iter().filter(|change| (change.from, change.to) == (from, to));
        own.map(|&Change { at_ps, latency_ps, bandwidth_bps, .. }| {
            (at_ps, latency_ps / 1_000_000_000, bandwidth_bps)
        })
        .collect()
    };
    const S: u64 = 1_000_000_000_000;
    let slow = Some(10_000_000);
    assert_eq!(of(0, 1), [(S, 10, slow), (5 * S / 2, 40, slow), (3 * S, 1, None)]);
    assert_eq!(of(1, 2), [(S, 10, slow), (5 * S / 2, 50, slow), (3 * S, 1, None)]);
    assert_eq!(
        of(2, 1),
        [(S / 1_000_000, 6, Some(100_000_000))],
        "what stands at a link stands for it alone"
    );
    assert_eq!(of(2, 0), []);
    let with =
        |changes: &str| wrong(&format!("custom(latency_ms: 1, bandwidth_mbps: 1, changes: [{changes}])"));
    for (changes, expected) in [
        ("(at_s: 1)", "a change that changes nothing"),
        ("(at_s: 0, latency_ms: 1)", "`at_s` must be a number of seconds"),
        ("(latency_ms: 1)", "a change needs a field `at_s`"),
        ("(at_s: 2, latency_ms: 1), (at_s: 2, latency_ms: 3)", "changes stand in the order of time"),
        ("(at_s: 18446745, latency_ms: 1)", "`at_s` must be a number of seconds"),
        ("(at_s: 1, latency_ms: 1, ping_ms: 1)", "`ping_ms` cannot stand beside `latency_ms`"),
        ("(at_s: 1, bandwidth_mbps: 0)", "megabits"),
        ("5", "a change is made of named fields"),
    ] {
        let text = with(changes);
        assert!(text.contains(expected), "{changes}: {text}");
    }
    let single = "custom(latency_ms: 1, bandwidth_mbps: 1, links: [(from: 0, to: 1, changes: [(at_s: 1, latency_ms: [[1], [2, 3]])])])";
    assert!(wrong(single).contains("`latency_ms` must be a number of milliseconds"));
}

#[test]
fn laws_of_jitter_are_read() {
    let law = |text: &str| {
        let plan = network(&format!("custom(latency_ms: 20, bandwidth_mbps: 1, jitter: {text})"), 3);
        (plan.link(0, 1).jitter, plan.link(0, 1).jitter_correlation)
    };
    const MS: u64 = 1_000_000_000;
    assert_eq!(law("normal(jitter_ms: 2)"), (Jitter::Normal { sigma_ps: 2 * MS }, 0.0));
    assert_eq!(law("pareto(jitter_ms: 2, correlation: 0.25)"), (Jitter::Pareto { scale_ps: 2 * MS }, 0.25));
    assert_eq!(law("uniform(max_ms: 2, correlation: 0.9)"), (Jitter::Uniform { max_ps: 2 * MS }, 0.9));
    let log_normal = Jitter::LogNormal { median_ps: MS, sigma: 0.5 };
    assert_eq!(law("log_normal(median_ms: 1, sigma: 0.5, correlation: 0)"), (log_normal, 0.0));
    for text in [
        "normal",
        "normal(5)",
        "normal(sigma_ms: 2)",
        "normal(jitter_ms: -2)",
        "pareto()",
        "pareto(jitter_ms: 1, correlation: 1)",
        "pareto(jitter_ms: 1, correlation: 25)",
        "none(correlation: 0.5)",
        "log_normal(median_ms: 1)",
    ] {
        wrong(&format!("custom(latency_ms: 20, bandwidth_mbps: 1, jitter: {text})"));
    }
}

/// What a resolved network says is the same network.
#[test]
fn networks_are_written_and_read_back() {
    let mut random = Random::new(11);
    let mut given = [0; 4];
    for _ in 0..2000 {
        let parties = 2 + random.below(4) as usize;
        let text = random_network(&mut random, parties);
        let Ok(plan) = parse_network(&text, "network.ron", parties) else { continue };
        let resolved = plan.to_ron();
        let again = parse_network(&resolved, "resolved.ron", parties)
            .unwrap_or_else(|errors| panic!("{text}\n{resolved}\n{errors}"));
        assert_eq!(again, plan, "{text}\n{resolved}");
        let has = [!plan.sites.is_empty(), plan.one_wire, !plan.changes.is_empty(), plan.places() < parties];
        for (count, has) in given.iter_mut().zip(has) {
            *count += u64::from(has);
        }
    }
    assert!(
        given.iter().all(|count| *count > 100),
        "too few have sites, a wire, changes, shared sites: {given:?}"
    );
}

fn random_network(random: &mut Random, parties: usize) -> String {
    let ms = |random: &mut Random| random.decimal(1000);
    let mbps = |random: &mut Random| format!("1{}", random.decimal(1000));
    let shape = random.below(3);
    let places = if shape == 0 { 1 + random.below(parties as u64) as usize } else { parties };
    let figures = |random: &mut Random, figure: &dyn Fn(&mut Random) -> String| match random.below(3) {
        0 => figure(random),
        1 => {
            let row =
                |random: &mut Random| (0..places).map(|_| figure(random)).collect::<Vec<_>>().join(", ");
            format!("[{}]", (0..places).map(|_| format!("[{}]", row(random))).collect::<Vec<_>>().join(", "))
        }
        _ => {
            let row = |length: usize, random: &mut Random| {
                format!("[{}]", (0..length).map(|_| figure(random)).collect::<Vec<_>>().join(", "))
            };
            format!("[{}]", (1..=places).map(|length| row(length, random)).collect::<Vec<_>>().join(", "))
        }
    };
    let mut fields = vec![format!("{}: {}", random.pick(&["latency_ms", "ping_ms"]), figures(random, &ms))];
    match shape {
        0 => {
            let mut at: Vec<Vec<usize>> = vec![Vec::new(); places];
            (0..parties).for_each(|party| at[party % places].push(party));
            let site = |(place, parties): (usize, &Vec<usize>)| {
                format!(
                    "(name: \"Site {place}\", up_mbps: {}, down_mbps: 5, parties: {parties:?})",
                    1 + place
                )
            };
            fields
                .push(format!("sites: [{}]", at.iter().enumerate().map(site).collect::<Vec<_>>().join(", ")));
        }
        1 => fields.extend(["one_wire: true".to_string(), format!("bandwidth_mbps: {}", mbps(random))]),
        _ => fields.push(format!("bandwidth_mbps: {}", figures(random, &mbps))),
    }
    if shape > 0 && random.below(2) == 0 {
        fields.push(format!("burst_bytes: {}", random.below(1_000_000)));
    }
    let laws = [
        "none",
        "normal(jitter_ms: 1.5)",
        "pareto(jitter_ms: 2, correlation: 0.25)",
        "uniform(max_ms: 1, correlation: 0.1)",
    ];
    fields.push(format!("jitter: {}", random.pick(&laws)));
    if random.below(2) == 0 {
        let at = random.below(1000) + 1;
        fields.push(format!(
            "changes: [(at_s: {at}, latency_ms: {}), (at_s: {at}.5, bandwidth_mbps: {})]",
            ms(random),
            mbps(random)
        ));
    }
    if random.below(2) == 0 {
        let from = random.below(parties as u64);
        let to = (from + 1) % parties as u64;
        let changes = random.pick(&["", ", changes: [(at_s: 0.25, latency_ms: 9)]", ", jitter: none"]);
        fields.push(format!("links: [(from: {from}, to: {to}, latency_ms: {}{changes})]", ms(random)));
    }
    format!("custom({})", fields.join(", "))
}

#[test]
fn tcp_is_read_with_linuxs_defaults() {
    let custom = |tcp: &str| network(&format!("custom(latency_ms: 20, bandwidth_mbps: 100{tcp})"), 3);
    let plain = custom("");
    assert_eq!((plain.tcp, plain.overhead.header_bytes), (None, 0));
    assert_eq!(custom(", tcp: none"), plain);
    for linux in [
        "()",
        "(initial_window: 10)",
        "(restart_after_idle: true, rto_min_ms: 200, tick_ms: 4, header_bytes: 4)",
    ] {
        let plan = custom(&format!(", tcp: {linux}"));
        assert_eq!((plan.tcp, plan.overhead.header_bytes), (Some(Tcp::LINUX), 4), "{linux}");
    }
    let own = "(initial_window: 40, restart_after_idle: false, rto_min_ms: 50.5, tick_ms: 3.333333333, header_bytes: 0)";
    let plan = custom(&format!(", overhead: tcp, tcp: {own}"));
    let tcp = Tcp {
        initial_window: 40,
        restart_after_idle: false,
        rto_min_ps: 50_500_000_000,
        tick_ps: 3_333_333_333,
    };
    assert_eq!((plan.tcp, plan.overhead), (Some(tcp), WireOverhead::TCP));
    // Either before the other, and in the file of resolved values.
    for text in [", tcp: (), overhead: tls", ", overhead: tls, tcp: ()"] {
        let plan = custom(text);
        assert_eq!(plan.overhead, WireOverhead { header_bytes: 4, ..WireOverhead::TLS });
        assert_eq!(network(&plan.to_ron(), 3), plan);
    }
    assert_eq!(network(&plan.to_ron(), 3), plan);
    for mistake in ["(initial_window: 0)", "(rto_min_ms: 0)", "(tick_ms: -1)", "linux", "true", "(window: 3)"]
    {
        wrong(&format!("custom(latency_ms: 20, bandwidth_mbps: 100, tcp: {mistake})"));
    }
}

/// What the window is not modelled with is refused, with the reason and where it stands; each alone is accepted.
#[test]
fn what_cannot_stand_beside_tcp_is_refused() {
    let two_sites = "sites: [(name: \"A\", parties: [0, 1]), (name: \"B\", parties: [2])]";
    for (field, at) in [
        (two_sites, "sites"),
        ("one_wire: true", "one_wire"),
        ("burst_bytes: 1000", "burst_bytes"),
        ("links: [(from: 0, to: 1, burst_bytes: 1000)]", "links"),
        ("jitter: uniform(max_ms: 1)", "jitter"),
        ("links: [(from: 0, to: 1, jitter: normal(jitter_ms: 1))]", "links"),
        ("changes: [(at_s: 1, latency_ms: 5)]", "changes"),
    ] {
        let text = |tcp: &str| format!("custom(latency_ms: 20, bandwidth_mbps: 100, {field}{tcp})");
        network(&text(""), 3);
        network(&text(", tcp: none"), 3);
        let mistake = wrong(&text(", tcp: ()"));
        assert!(
            mistake.contains(&format!("`{at}` cannot stand beside TCP's congestion window")),
            "{mistake}"
        );
        let told = parse_network(&text(", tcp: ()"), "network.ron", 3).expect_err("as said").render(false);
        assert!(told.contains("tcp: none"), "{told}");
        // At the value of the field that says it.
        let place = text(", tcp: ()").find(at).expect("it is there");
        let column: usize =
            mistake.split(':').nth(2).and_then(|column| column.parse().ok()).expect("a column");
        assert!((place..=place + at.len() + 3).contains(&column), "{mistake}");
    }
    // Access lines can: interfaces, and sites of one party each.
    for line in [
        "interface_mbps: 100",
        "interfaces: [(party: 1, egress_mbps: 5)]",
        "sites: [(name: \"A\"), (name: \"B\"), (name: \"C\")]",
        "sites: [(name: \"A\", up_mbps: 5), (name: \"B\", down_mbps: 7), (name: \"C\")]",
    ] {
        network(&format!("custom(latency_ms: 20, bandwidth_mbps: 5, {line}, tcp: ())"), 3);
    }
}

/// What others use is no more there: a network with less bandwidth in its place.
#[test]
fn background_leaves_the_rest_of_a_rate() {
    let of = |text: &str| mpcsim::run::network(&network(text, 3), 1);
    let pairs = [
        (
            "custom(latency_ms: 20, bandwidth_mbps: 100, background: 0.3, links: [(from: 0, to: 1, background: 0.75),
                (from: 1, to: 2, background: 0)], changes: [(at_s: 1, bandwidth_mbps: 10)], overhead: tls)",
            "custom(latency_ms: 20, bandwidth_mbps: 70, links: [
                (from: 0, to: 1, bandwidth_mbps: 25, changes: [(at_s: 1, bandwidth_mbps: 2.5)]),
                (from: 1, to: 2, bandwidth_mbps: 100, changes: [(at_s: 1, bandwidth_mbps: 10)])],
                changes: [(at_s: 1, bandwidth_mbps: 7)], overhead: tls)",
        ),
        (
            "custom(base: \"wan\", interface_mbps: 80,
                interfaces: [(party: 1, egress_background: 0.5, ingress_background: 0.000001)])",
            "custom(base: \"wan\", interface_mbps: 80,
                interfaces: [(party: 1, egress_mbps: 40, ingress_mbps: 79.99992)])",
        ),
        (
            "custom(latency_ms: 20, sites: [(name: \"A\", parties: [0, 1], up_mbps: 10, down_mbps: 20, up_background: 0.9),
                (name: \"B\", parties: [2], up_mbps: 10, down_mbps: 20, down_background: 0.25)])",
            "custom(latency_ms: 20, sites: [(name: \"A\", parties: [0, 1], up_mbps: 1, down_mbps: 20),
                (name: \"B\", parties: [2], up_mbps: 10, down_mbps: 15)])",
        ),
        (
            "custom(latency_ms: 20, bandwidth_mbps: 100, one_wire: true, background: 0.5)",
            "custom(latency_ms: 20, bandwidth_mbps: 50, one_wire: true)",
        ),
    ];
    for (with, without) in pairs {
        assert_eq!(of(with), of(without), "{with}");
    }
    // Rounded down, and never nothing.
    let odd = of("custom(latency_ms: 20, bandwidth_mbps: 0.001001, background: 0.99)");
    assert_eq!(odd.link(0, 1).bandwidth_bps, Some(10));
}

#[test]
fn losses_are_read_and_need_tcp() {
    let plan = network(
        "custom(base: \"wan\", loss: 1e-4, links: [(from: 0, to: 1, loss: 0.000000001), (from: 1, to: 2, loss: 0)])",
        3,
    );
    let of = |from, to| plan.link(from, to).loss_ppb;
    assert_eq!((of(0, 1), of(1, 2), of(2, 1)), (1, 0, 100_000));
    assert!(mpcsim::run::network(&plan, 1).has_loss());
    let inside = "custom(latency_ms: 20, bandwidth_mbps: 5, loss: 0.5, tcp: (), sites: [(name: \"A\"), (name: \"B\"), (name: \"C\")])";
    assert_eq!(network(inside, 3).link(2, 0).loss_ppb, 500_000_000);
    for (field, at) in [
        ("loss: 0.01", "loss"),
        ("tcp: none, loss: 0.01", "loss"),
        ("links: [(from: 0, to: 1, loss: 0.01)]", "links"),
        ("tcp: (), loss: 0.51", "loss"),
    ] {
        let text = format!("custom(latency_ms: 20, bandwidth_mbps: 5, {field})");
        let mistake = wrong(&text);
        assert!(mistake.contains("that is what TCP does") || mistake.contains("from 0 to 0.5"), "{mistake}");
        let place = text.find(at).expect("it is there");
        let column: usize =
            mistake.split(':').nth(2).and_then(|column| column.parse().ok()).expect("a column");
        assert!((place..=place + at.len() + 4).contains(&column), "{field}: {mistake}");
    }
    network("custom(latency_ms: 20, bandwidth_mbps: 5, loss: 0)", 3);
}

#[test]
fn background_of_no_limit_is_refused() {
    for (field, at) in [
        ("bandwidth_mbps: unlimited, background: 0.5", "background"),
        ("bandwidth_mbps: 5, background: 1", "background"),
        ("bandwidth_mbps: unlimited, links: [(from: 0, to: 1, background: 0.5)]", "links"),
        ("bandwidth_mbps: 5, background: 0.5, changes: [(at_s: 1, bandwidth_mbps: unlimited)]", "background"),
        ("bandwidth_mbps: 5, interfaces: [(party: 0, egress_background: 0.5)]", "egress_background"),
        (
            "bandwidth_mbps: 5, sites: [(name: \"A\"), (name: \"B\", down_background: 0.1), (name: \"C\")]",
            "down_background",
        ),
    ] {
        let text = format!("custom(latency_ms: 20, {field})");
        let mistake = wrong(&text);
        assert!(mistake.contains("a share"), "{mistake}");
        let place = text.find(at).expect("it is there");
        let column: usize =
            mistake.split(':').nth(2).and_then(|column| column.parse().ok()).expect("a column");
        assert!((place..=place + at.len() + 4).contains(&column), "{field}: {mistake}");
    }
    let odd = wrong(
        "custom(latency_ms: 20, bandwidth_mbps: 5, one_wire: true, links: [(from: 0, to: 1, background: 0.1)])",
    );
    assert!(odd.contains("one background"), "{odd}");
}

/// A table of figures by the names of sites says what the same matrix says, in whatever order the sites stand.
#[test]
fn a_table_has_figures_by_the_names_of_sites() {
    let folder = tempfile::TempDir::new().unwrap();
    let table = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let sites = |names: [&str; 3]| {
        let one = |name: &&str| format!("(name: \"{name}\")");
        format!("sites: [{}]", names.iter().map(one).collect::<Vec<_>>().join(", "))
    };
    let pings = table(
        "pings.csv",
        "from,Paris,Warsaw,Berlin,Rome\nBerlin,22,14.5,,40\nParis,,31, 24 ,\nWarsaw,33,,,\n",
    );
    let of_table = |more: &str, names: [&str; 3]| {
        network(&format!("custom(ping_ms: csv({pings:?}), bandwidth_mbps: 100, {}{more})", sites(names)), 3)
    };
    let of_matrix = |matrix: &str, more: &str, names: [&str; 3]| {
        network(&format!("custom(ping_ms: {matrix}, bandwidth_mbps: 100, {}{more})", sites(names)), 3)
    };
    // Paris to Berlin is 24 and back 22; from Warsaw to Berlin stands nothing, so it is what stands the other way.
    let names = ["Berlin", "Paris", "Warsaw"];
    assert_eq!(of_table("", names), of_matrix("[[22, 14.5], [24, 31], [14.5, 33]]", "", names));
    let names = ["Warsaw", "Berlin", "Paris"];
    assert_eq!(of_table("", names), of_matrix("[[14.5, 33], [14.5, 22], [31, 24]]", "", names));
    // So do changes, and bandwidths with `unlimited`.
    let mbps = table(
        "mbps.csv",
        "\u{feff},Berlin,Paris,Warsaw\r\nBerlin,,10,20\r\nParis,,,unlimited\r\nWarsaw,,,\r\n",
    );
    let change = |figures: &str| format!(", changes: [(at_s: 1, bandwidth_mbps: {figures})]");
    let names = ["Berlin", "Paris", "Warsaw"];
    assert_eq!(
        of_table(&change(&format!("csv({mbps:?})")), names),
        of_matrix(
            "[[22, 14.5], [24, 31], [14.5, 33]]",
            &change("[[10, 20], [10, unlimited], [20, unlimited]]"),
            names
        )
    );
    // A diagonal counts inside a site with several parties, if it is there for all.
    let inside = table("inside.csv", "from,Berlin,Paris\nBerlin,2,22\nParis,22,4\n");
    let shared = "sites: [(name: \"Berlin\", parties: [0, 2]), (name: \"Paris\", parties: [1])]";
    let plan = network(&format!("custom(ping_ms: csv({inside:?}), bandwidth_mbps: 100, {shared})"), 3);
    assert_eq!(latencies_ms(&plan), [11.0, 1.0, 11.0, 11.0, 1.0, 11.0]);
    let plan = network(&format!("custom(ping_ms: csv({pings:?}), bandwidth_mbps: 100, {shared})"), 3);
    assert_eq!(latencies_ms(&plan), [11.0, 0.05, 12.0, 12.0, 0.05, 11.0], "inside a site it is the LAN");

    let refused =
        |file: &str, more: &str| wrong(&format!("custom(ping_ms: csv({file:?}), bandwidth_mbps: 1{more})"));
    let three = format!(", {}", sites(["Berlin", "Paris", "Warsaw"]));
    for (file, more, expected) in [
        (
            &pings,
            String::new(),
            "`ping_ms` is a table by the names of sites, and this network has no sites with names",
        ),
        (&pings, format!(", {}", sites(["Berlin", "Pariss", "Warsaw"])), "has no place `Pariss`"),
        (
            &pings,
            format!(", {}", sites(["Berlin", "Paris", "Rome"])),
            "has no figure between `Paris` and `Rome`",
        ),
        (
            &table("words.csv", "a,Berlin,Paris,Warsaw\nBerlin,,far,1\nParis,,,1\n"),
            three.clone(),
            "has `far` from `Berlin` to `Paris`, which is no number",
        ),
        (
            &table("minus.csv", "a,Berlin,Paris,Warsaw\nBerlin,,-2,1\nParis,,,1\n"),
            three.clone(),
            "has `-2` from `Berlin` to `Paris`, which is no number",
        ),
        (
            &table("large.csv", "a,Berlin,Paris,Warsaw\nBerlin,,8e6,1\nParis,,,1\n"),
            three.clone(),
            "milliseconds there and back",
        ),
        (&table("ragged.csv", "a,Berlin,Paris,Warsaw\nBerlin,,1\n"), three.clone(), "is no table: "),
        (&table("twice.csv", "a,Berlin,Paris,Paris\nBerlin,,1,1\n"), three.clone(), "has `Paris` twice"),
        (&table("empty.csv", ""), three.clone(), "is no table: its first line names no places"),
        (&"nowhere.csv".to_string(), three.clone(), "`nowhere.csv` cannot be read: "),
    ] {
        let told = refused(file, &more);
        assert!(told.contains(expected), "{told}");
        assert!(told.starts_with("network.ron:1:17: "), "{told}");
    }
    assert!(wrong("custom(ping_ms: csv(), bandwidth_mbps: 1)").contains("`csv(…)` has the path of a table"));
}

/// The tables that are shipped have a figure for every pair of their places.
#[test]
fn shipped_tables_of_regions_are_whole() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/data/regions");
    for name in ["aws_2017_ping_ms.csv", "ibm_cloud_2024_ping_ms.csv"] {
        let path = folder.join(name).display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let places: Vec<&str> = text.lines().next().unwrap().split(',').skip(1).collect();
        assert_eq!(places.len(), 10, "{name}");
        let sites: Vec<String> = places.iter().map(|place| format!("(name: \"{place}\")")).collect();
        let text =
            format!("custom(ping_ms: csv({path:?}), bandwidth_mbps: 100, sites: [{}])", sites.join(", "));
        let plan = network(&text, places.len());
        assert!(latencies_ms(&plan).iter().all(|&ms| (4.0..200.0).contains(&ms)), "{name}");
    }
}
