//! Reads the value of `network:`.

use super::changes::{Moment, moments, of_link};
use super::declared::{CUSTOM_NETWORK, CUSTOM_OVERHEAD, SCENARIO};
use super::errors::Mistakes;
use super::files::Files;
use super::grid::grid;
use super::jitter::jitter;
use super::links::{single_interfaces, single_links};
use super::plan::{Background, Interface, Link, NetworkPlan, WireOverhead};
use super::presets::{NETWORKS, NetworkPreset, OVERHEADS, all_links, inside_site, unknown_preset};
use super::quantities::{NO_SHARE, NO_SHARE_HELP, bandwidth, beside, latency_grid, loss, optional, share};
use super::read::{self, Fields, unknown_form, wrong};
use super::sites::sites;
use super::tables::written_out;
use super::tcp::{check_tcp, tcp};
use super::tree::{Kind, Node};

/// Fields of which the second says nothing beside the first, and why.
const CONTRADICTIONS: [(&str, &str, &str); 5] = [
    ("sites", "base", "the links between sites are written out"),
    ("sites", "interfaces", "a site has `up_mbps` and `down_mbps`"),
    ("sites", "interface_mbps", "a site has `up_mbps` and `down_mbps`"),
    ("one_wire", "interfaces", "a wire that all share has no interfaces: `bandwidth_mbps` is its limit"),
    ("one_wire", "interface_mbps", "a wire that all share has no interfaces: `bandwidth_mbps` is its limit"),
];

/// A network among so many parties.
pub fn network(node: &Node, parties: usize, files: &Files, mistakes: &mut Mistakes) -> Option<NetworkPlan> {
    match (read::variant_name(node), &node.kind) {
        (Some("preset"), Kind::Tuple(_, items)) if items.len() == 1 => preset(&items[0], parties, mistakes),
        (Some("custom" | "matrix"), Kind::Record(_)) => {
            custom(&*written_out(node, files, mistakes)?, parties, mistakes)
        }
        (_, Kind::Text(quoted)) if NetworkPreset::find(quoted.trim_matches('"')).is_some() => {
            let help = Some(format!("write preset({quoted})"));
            wrong(node, &format!("{quoted} is the name of a preset"), help, mistakes)
        }
        (Some(name), Kind::Word(_)) if NetworkPreset::find(name).is_some() => {
            let help = Some(format!("write preset(\"{name}\")"));
            wrong(node, &format!("`{name}` is the name of a preset"), help, mistakes)
        }
        _ => unknown_form(node, SCENARIO.field("network"), mistakes),
    }
}

fn preset(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<NetworkPlan> {
    let name = read::text(node, "preset", mistakes)?;
    let Some(preset) = NetworkPreset::find(&name) else {
        return unknown_preset(node, "network", &name, NETWORKS.iter().map(|preset| preset.name), mistakes);
    };
    preset.plan(parties).or_else(|| {
        let most = preset.most_parties().unwrap_or(0);
        let message = format!("`{name}` has figures for {most} parties, and the protocol has {parties}");
        wrong(node, &message, None, mistakes)
    })
}

/// A network written out.
fn custom(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<NetworkPlan> {
    let fields = Fields::new(node, &CUSTOM_NETWORK, mistakes)?;
    let mut good = contradictions(&fields, mistakes);
    let base = match fields.get("base") {
        Some(node) => Some(preset(node, parties, mistakes)?),
        None => None,
    };
    let mut plan = base.clone().unwrap_or_else(|| bare(parties));
    if let Some(node) = fields.get("sites") {
        let limits_needed = fields.get("bandwidth_mbps").is_none();
        let (sites, interfaces) = sites(node, parties, limits_needed, mistakes)?;
        for (site, (interface, [up, down])) in sites.iter().zip(interfaces) {
            for &party in &site.parties {
                plan.interfaces[party] = interface;
                (plan.background.up[party], plan.background.down[party]) = (up, down);
            }
        }
        plan.sites = sites;
    }
    match fields.boolean("one_wire", mistakes) {
        Some(one_wire) => plan.one_wire = one_wire,
        None => good = false,
    }
    let usual = usual_links(&fields, base.is_some(), &plan, &mut good, mistakes);
    let moments = optional(fields.get("changes"), &mut good, |node| moments(node, plan.places(), mistakes));
    plan.links = usual;
    good &= common(&fields, &mut plan, mistakes);
    match fields.node("background", mistakes).and_then(|node| share(&node, "background", mistakes)) {
        Some(share) => {
            let apart: Vec<_> =
                plan.pairs().filter(|&(from, to)| plan.place_of(from) != plan.place_of(to)).collect();
            apart.into_iter().for_each(|(from, to)| plan.background.links[from * parties + to] = share);
        }
        None => good = false,
    }
    good &= links_and_changes(&fields, moments.unwrap_or_default(), &mut plan, mistakes);
    if good {
        good = check_background(&fields, &plan, mistakes)
            && check_wires(&fields, &plan, mistakes)
            && check_tcp(&fields, &plan, mistakes);
    }
    good.then_some(plan)
}

/// Whether no field says what another has said.
fn contradictions(fields: &Fields, mistakes: &mut Mistakes) -> bool {
    let mut good = true;
    let given = |name: &str| match fields.get(name).map(|node| &node.kind) {
        Some(Kind::Word(word)) => name != "one_wire" || word != "false",
        other => other.is_some(),
    };
    let with_sites = ("one_wire", "sites", "a wire that all share is at one place");
    for (first, second, why) in CONTRADICTIONS.into_iter().chain([with_sites]) {
        if given(first) && given(second) {
            good &= beside(fields, first, second, why, mistakes);
        }
    }
    good
}

/// Every link with the figures that stand for all, or for pairs of places. Inside a site, links are those of the preset `lan`,
/// with what the diagonal says.
fn usual_links(
    fields: &Fields,
    has_base: bool,
    plan: &NetworkPlan,
    good: &mut bool,
    mistakes: &mut Mistakes,
) -> Vec<Link> {
    let needed = |place: usize| plan.sites.get(place).is_some_and(|site| site.parties.len() > 1);
    if !has_base {
        if fields.get("latency_ms").is_none() && fields.get("ping_ms").is_none() {
            *good &= fields.node("latency_ms", mistakes).is_some();
        }
        if plan.sites.is_empty() {
            *good &= fields.node("bandwidth_mbps", mistakes).is_some();
        }
    }
    let latency_ps = latency_grid(fields, plan.places(), &needed, good, mistakes);
    let bandwidth_bps = optional(fields.get("bandwidth_mbps"), good, |node| {
        let read = |node: &Node, mistakes: &mut Mistakes| bandwidth(node, "bandwidth_mbps", mistakes);
        grid(node, "bandwidth_mbps", plan.places(), &needed, mistakes, &read)
    });
    let jitter = optional(fields.get("jitter"), good, |node| jitter(node, mistakes));
    let burst_bytes = fields.whole("burst_bytes", mistakes);
    let loss_ppb = fields.node("loss", mistakes).and_then(|node| loss(&node, mistakes));
    *good &= burst_bytes.is_some() && loss_ppb.is_some();
    let inside = inside_site();
    all_links(plan.parties, |from, to| {
        let (here, there) = (plan.place_of(from), plan.place_of(to));
        if here == there {
            let latency_ps = latency_ps.as_ref().and_then(|grid| grid.within(here));
            let bandwidth_bps = bandwidth_bps.as_ref().and_then(|grid| grid.within(here));
            return Link {
                latency_ps: latency_ps.unwrap_or(inside.latency_ps),
                bandwidth_bps: bandwidth_bps.unwrap_or(inside.bandwidth_bps),
                ..inside
            };
        }
        let mut link = *plan.link(from, to);
        let own = latency_ps.as_ref().and_then(|grid| grid.between(here, there));
        link.latency_ps = own.unwrap_or(link.latency_ps);
        let own = bandwidth_bps.as_ref().and_then(|grid| grid.between(here, there));
        link.bandwidth_bps = own.unwrap_or(link.bandwidth_bps);
        (link.burst_bytes, link.loss_ppb) = (burst_bytes.unwrap_or(0), loss_ppb.unwrap_or(0));
        (link.jitter, link.jitter_correlation) = jitter.unwrap_or((link.jitter, link.jitter_correlation));
        link
    })
}

/// A network that takes no time.
fn bare(parties: usize) -> NetworkPlan {
    NetworkPlan {
        label: String::new(),
        parties,
        links: vec![Link::INSTANT; parties * parties],
        interfaces: vec![Interface::default(); parties],
        sites: Vec::new(),
        one_wire: false,
        changes: Vec::new(),
        tcp: None,
        overhead: WireOverhead::NONE,
        background: Background::none(parties),
    }
}

/// Label, overhead, TCP and interfaces.
fn common(fields: &Fields, plan: &mut NetworkPlan, mistakes: &mut Mistakes) -> bool {
    let mut good = true;
    match fields.node("label", mistakes).and_then(|node| read::label(&node, mistakes)) {
        Some(label) => plan.label = label,
        None => good = false,
    }
    if let Some(value) = optional(fields.get("overhead"), &mut good, |node| overhead(node, mistakes)) {
        plan.overhead = WireOverhead { header_bytes: plan.overhead.header_bytes, ..value };
    }
    if let Some(value) = optional(fields.get("tcp"), &mut good, |node| tcp(node, mistakes)) {
        plan.tcp = value.map(|(tcp, _)| tcp);
        plan.overhead.header_bytes = value.map_or(0, |(_, header_bytes)| header_bytes);
    }
    let both =
        optional(fields.get("interface_mbps"), &mut good, |node| bandwidth(node, "interface_mbps", mistakes));
    if let Some(both) = both {
        plan.interfaces.fill(Interface { egress_bps: both, ingress_bps: both });
    }
    if let Some(node) = fields.get("interfaces") {
        good &= single_interfaces(node, &mut plan.interfaces, &mut plan.background, mistakes).is_some();
    }
    good
}

/// What single links have of their own, and what changes.
fn links_and_changes(
    fields: &Fields,
    moments: Vec<Moment>,
    plan: &mut NetworkPlan,
    mistakes: &mut Mistakes,
) -> bool {
    let own = match fields.get("links") {
        Some(node) => single_links(node, plan.parties, &mut plan.links, &mut plan.background.links, mistakes),
        None => Some(Vec::new()),
    };
    let Some(own) = own else { return false };
    for (from, to) in plan.pairs() {
        let places = (plan.place_of(from), plan.place_of(to));
        let single = own.iter().find(|(pair, _)| *pair == (from, to));
        let (moments, places) = match single {
            // What stands at a link stands for it alone.
            Some((_, own)) => (&own[..], (0, 1)),
            None if places.0 == places.1 => (&[][..], places),
            None => (&moments[..], places),
        };
        let changes = of_link(moments, plan.link(from, to), (from, to), places);
        plan.changes.extend(changes);
    }
    true
}

/// Whether others use a share of what has a limit, at every time.
fn check_background(fields: &Fields, plan: &NetworkPlan, mistakes: &mut Mistakes) -> bool {
    let unlimited = |&(from, to): &(usize, usize)| {
        let mut changes = plan.changes.iter().filter(|change| (change.from, change.to) == (from, to));
        let never = plan.link(from, to).bandwidth_bps.is_some()
            && changes.all(|change| change.bandwidth_bps.is_some());
        plan.background.links[from * plan.parties + to] > 0 && !never
    };
    let Some((from, to)) = plan.pairs().find(unlimited) else { return true };
    let place = ["background", "links"].iter().find_map(|name| fields.place_of(name));
    let label = format!("the link from {from} to {to} has none");
    mistakes.add(place.unwrap_or(fields.opening()), NO_SHARE, label, Some(NO_SHARE_HELP.to_string()));
    false
}

/// Whether every bucket fills, and one wire is one.
fn check_wires(fields: &Fields, plan: &NetworkPlan, mistakes: &mut Mistakes) -> bool {
    let never_full = |(from, to): &(usize, usize)| {
        let link = plan.link(*from, *to);
        link.burst_bytes > 0 && link.bandwidth_bps.is_none()
    };
    if let Some((from, to)) = plan.pairs().find(never_full) {
        let message = format!(
            "the link from {from} to {to} has a burst and no limit: a burst passes a limited bandwidth"
        );
        let place = fields.place_of("burst_bytes").unwrap_or(fields.opening());
        mistakes.add(place, message, "here", Some("give it a bandwidth_mbps".to_string()));
        return false;
    }
    if !plan.one_wire {
        return true;
    }
    let wire = |(from, to): (usize, usize)| {
        let link = plan.link(from, to);
        let mut rates = vec![(0, link.bandwidth_bps)];
        let own = plan.changes.iter().filter(|change| (change.from, change.to) == (from, to));
        rates.extend(own.map(|change| (change.at_ps, change.bandwidth_bps)));
        rates.dedup_by_key(|rate| rate.1);
        (rates, link.burst_bytes, plan.background.links[from * plan.parties + to])
    };
    let first = plan.pairs().next().map(wire);
    if let Some((from, to)) = plan.pairs().find(|&pair| Some(wire(pair)) != first) {
        let message = "one wire for all has one bandwidth, one burst and one background, at every time";
        let label = format!("the link from {from} to {to} has others than that from 0 to 1");
        mistakes.add(fields.place_of("one_wire").unwrap_or(fields.opening()), message, label, None);
        return false;
    }
    true
}

fn overhead(node: &Node, mistakes: &mut Mistakes) -> Option<WireOverhead> {
    if let Kind::Word(word) = &node.kind
        && let Some((_, overhead)) = OVERHEADS.iter().find(|(name, _)| name == word)
    {
        return Some(*overhead);
    }
    if read::variant_name(node) != Some("custom") || !matches!(node.kind, Kind::Record(_)) {
        return unknown_form(node, CUSTOM_NETWORK.field("overhead"), mistakes);
    }
    let fields = Fields::new(node, &CUSTOM_OVERHEAD, mistakes)?;
    let per_message_bytes = fields.whole("per_message_bytes", mistakes);
    let per_segment_bytes = fields.whole("per_segment_bytes", mistakes);
    let segment_payload_bytes = fields.whole("segment_payload_bytes", mistakes);
    Some(WireOverhead {
        header_bytes: 0,
        per_message_bytes: per_message_bytes?,
        per_segment_bytes: per_segment_bytes?,
        segment_payload_bytes: segment_payload_bytes?,
    })
}
