//! Reads the value of `network:`.

use super::declared::{
    BANDWIDTH_MBPS, CUSTOM_NETWORK, CUSTOM_OVERHEAD, INTERFACE, LATENCY_MS, LINK, LOG_NORMAL, MATRIX,
    SCENARIO, UNIFORM,
};
use super::errors::{Mistakes, likely};
use super::plan::{Interface, Jitter, Link, NetworkPlan, WireOverhead};
use super::presets::{NETWORKS, NetworkPreset, OVERHEADS, all_links};
use super::read::{self, Fields, unknown_form, wrong};
use super::tree::{Kind, Node};

/// Decimal places from milliseconds to picoseconds.
const MS_TO_PS: i32 = 9;
/// Decimal places from Mbit/s to bits per second.
const MBPS_TO_BPS: i32 = 6;
/// A network among so many parties.
pub fn network(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<NetworkPlan> {
    match (read::variant_name(node), &node.kind) {
        (Some("preset"), Kind::Tuple(_, items)) if items.len() == 1 => preset(&items[0], parties, mistakes),
        (Some("custom"), Kind::Record(_)) => custom(node, parties, mistakes),
        (Some("matrix"), Kind::Record(_)) => matrix(node, parties, mistakes),
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

/// Notes that there is no preset of that name.
pub fn unknown_preset<T>(
    node: &Node,
    kind: &str,
    name: &str,
    names: impl Iterator<Item = &'static str> + Clone,
    mistakes: &mut Mistakes,
) -> Option<T> {
    let help = match likely(name, names.clone()) {
        Some(close) => format!("did you mean \"{close}\"?"),
        None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
    };
    mistakes.add(&node.place, format!("there is no {kind} preset \"{name}\""), "unknown preset", Some(help));
    None
}

fn custom(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<NetworkPlan> {
    let fields = Fields::new(node, &CUSTOM_NETWORK, mistakes)?;
    let base = match fields.get("base") {
        Some(node) => Some(preset(node, parties, mistakes)?),
        None => None,
    };
    let mut good = true;
    if base.is_none() {
        good &= fields.node("latency_ms", mistakes).is_some();
        good &= fields.node("bandwidth_mbps", mistakes).is_some();
    }
    let latency_ps =
        optional(fields.get("latency_ms"), &mut good, |node| latency(node, "latency_ms", mistakes));
    let bandwidth_bps =
        optional(fields.get("bandwidth_mbps"), &mut good, |node| bandwidth(node, "bandwidth_mbps", mistakes));
    let jitter = optional(fields.get("jitter"), &mut good, |node| jitter(node, mistakes));
    let old = base.as_ref().map(|base| &base.links);
    let idle = Link { latency_ps: 0, bandwidth_bps: None, jitter: Jitter::None };
    let links = all_links(parties, |from, to| {
        let old = old.map_or(idle, |links| links[from * parties + to]);
        Link {
            latency_ps: latency_ps.unwrap_or(old.latency_ps),
            bandwidth_bps: bandwidth_bps.unwrap_or(old.bandwidth_bps),
            jitter: jitter.unwrap_or(old.jitter),
        }
    });
    let plan =
        common(&fields, NetworkPlan { links, ..base.unwrap_or_else(|| bare(parties, Vec::new())) }, mistakes);
    if good { plan } else { None }
}

/// The value of a field that may be left out; `good` turns false if it is there and wrong.
fn optional<'a, T>(
    node: Option<&'a Node>,
    good: &mut bool,
    read: impl FnOnce(&'a Node) -> Option<T>,
) -> Option<T> {
    let node = node?;
    let value = read(node);
    *good &= value.is_some();
    value
}

fn matrix(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<NetworkPlan> {
    let fields = Fields::new(node, &MATRIX, mistakes)?;
    let latencies = fields.node("latency_ms", mistakes);
    let bandwidths = fields.node("bandwidth_mbps", mistakes);
    let mut good = true;
    let latencies = optional(latencies.as_deref(), &mut good, |node| {
        rows(node, "latency_ms", parties, mistakes, |node, mistakes| latency(node, "latency_ms", mistakes))
    });
    let bandwidths = optional(bandwidths.as_deref(), &mut good, |node| {
        rows(node, "bandwidth_mbps", parties, mistakes, |node, mistakes| {
            bandwidth(node, "bandwidth_mbps", mistakes)
        })
    });
    let jitter = optional(fields.get("jitter"), &mut good, |node| jitter(node, mistakes));
    let column = |from: usize, to: usize| from * (parties - 1) + if to < from { to } else { to - 1 };
    let links = all_links(parties, |from, to| Link {
        latency_ps: latencies.as_ref().map_or(0, |values| values[column(from, to)]),
        bandwidth_bps: bandwidths.as_ref().and_then(|values| values[column(from, to)]),
        jitter: jitter.unwrap_or(Jitter::None),
    });
    let plan = common(&fields, bare(parties, links), mistakes);
    if good && latencies.is_some() && bandwidths.is_some() { plan } else { None }
}

/// One row per sender, one column per other party, in one list.
fn rows<T>(
    node: &Node,
    what: &str,
    parties: usize,
    mistakes: &mut Mistakes,
    read: impl Fn(&Node, &mut Mistakes) -> Option<T>,
) -> Option<Vec<T>> {
    let rows = read::list(node, what, "[[20.0, 30.0], …]", mistakes)?;
    if rows.len() != parties {
        let message = format!("`{what}` must have {parties} rows, one per sending party");
        mistakes.add(&node.place, message, format!("{} rows", rows.len()), None);
        return None;
    }
    let mut values = Vec::new();
    let mut good = true;
    for row in rows {
        let entries = read::list(row, what, "[20.0, 30.0]", mistakes)?;
        if entries.len() != parties - 1 {
            let message =
                format!("a row of `{what}` must have {} entries: the other parties in order", parties - 1);
            mistakes.add(&row.place, message, format!("{} entries", entries.len()), None);
            good = false;
        }
        for entry in entries {
            match read(entry, mistakes) {
                Some(value) => values.push(value),
                None => good = false,
            }
        }
    }
    good.then_some(values)
}

/// A network of these links and nothing else.
fn bare(parties: usize, links: Vec<Link>) -> NetworkPlan {
    let interfaces = vec![Interface { egress_bps: None, ingress_bps: None }; parties];
    NetworkPlan { label: String::new(), parties, links, interfaces, overhead: WireOverhead::NONE }
}

/// What `custom` and `matrix` have in common: label, single links, interfaces, overhead. They change `plan`.
fn common(fields: &Fields, mut plan: NetworkPlan, mistakes: &mut Mistakes) -> Option<NetworkPlan> {
    let mut good = true;
    match fields.node("label", mistakes).and_then(|node| read::label(&node, mistakes)) {
        Some(label) => plan.label = label,
        None => good = false,
    }
    if let Some(value) = optional(fields.get("overhead"), &mut good, |node| overhead(node, mistakes)) {
        plan.overhead = value;
    }
    let both =
        optional(fields.get("interface_mbps"), &mut good, |node| bandwidth(node, "interface_mbps", mistakes));
    if let Some(both) = both {
        plan.interfaces.fill(Interface { egress_bps: both, ingress_bps: both });
    }
    if let Some(node) = fields.get("interfaces") {
        good &= single_interfaces(node, &mut plan.interfaces, mistakes).is_some();
    }
    if let Some(node) = fields.get("links") {
        good &= single_links(node, plan.parties, &mut plan.links, mistakes).is_some();
    }
    good.then_some(plan)
}

fn single_links(node: &Node, parties: usize, links: &mut [Link], mistakes: &mut Mistakes) -> Option<()> {
    let mut given = vec![false; parties * parties];
    let mut good = true;
    for item in read::list(node, "links", "[(from: 0, to: 1, latency_ms: 40.0)]", mistakes)? {
        let fields = Fields::new(item, &LINK, mistakes)?;
        let mut end =
            |name: &str| fields.node(name, mistakes).and_then(|node| party(&node, name, parties, mistakes));
        let (from, to) = (end("from"), end("to"));
        let latency_ps =
            optional(fields.get("latency_ms"), &mut good, |node| latency(node, "latency_ms", mistakes));
        let bandwidth_bps = optional(fields.get("bandwidth_mbps"), &mut good, |node| {
            bandwidth(node, "bandwidth_mbps", mistakes)
        });
        let jitter = optional(fields.get("jitter"), &mut good, |node| jitter(node, mistakes));
        let (Some(from), Some(to)) = (from, to) else {
            good = false;
            continue;
        };
        let index = from * parties + to;
        if from == to {
            mistakes.add(
                &item.place,
                "a link joins two different parties",
                format!("{from} to itself"),
                None,
            );
            good = false;
        } else if std::mem::replace(&mut given[index], true) {
            let message = format!("the link from {from} to {to} is given twice");
            mistakes.add(&item.place, message, "the second time", None);
            good = false;
        }
        let link = &mut links[index];
        link.latency_ps = latency_ps.unwrap_or(link.latency_ps);
        link.bandwidth_bps = bandwidth_bps.unwrap_or(link.bandwidth_bps);
        link.jitter = jitter.unwrap_or(link.jitter);
    }
    good.then_some(())
}

fn single_interfaces(node: &Node, interfaces: &mut [Interface], mistakes: &mut Mistakes) -> Option<()> {
    let parties = interfaces.len();
    let mut given = vec![false; parties];
    let mut good = true;
    for item in read::list(node, "interfaces", "[(party: 0, egress_mbps: 100.0)]", mistakes)? {
        let fields = Fields::new(item, &INTERFACE, mistakes)?;
        let egress =
            optional(fields.get("egress_mbps"), &mut good, |node| bandwidth(node, "egress_mbps", mistakes));
        let ingress =
            optional(fields.get("ingress_mbps"), &mut good, |node| bandwidth(node, "ingress_mbps", mistakes));
        let number = fields.node("party", mistakes);
        let Some(number) = number.and_then(|node| party(&node, "party", parties, mistakes)) else {
            good = false;
            continue;
        };
        if std::mem::replace(&mut given[number], true) {
            let message = format!("the interface of party {number} is given twice");
            mistakes.add(&item.place, message, "the second time", None);
            good = false;
        }
        let interface = &mut interfaces[number];
        interface.egress_bps = egress.unwrap_or(interface.egress_bps);
        interface.ingress_bps = ingress.unwrap_or(interface.ingress_bps);
    }
    good.then_some(())
}

/// A party's number.
pub fn party(node: &Node, what: &str, parties: usize, mistakes: &mut Mistakes) -> Option<usize> {
    read::whole(node, what, (0, parties as u64 - 1), mistakes).map(|party| party as usize)
}

/// Picoseconds.
fn latency(node: &Node, what: &str, mistakes: &mut Mistakes) -> Option<u64> {
    let latency = read::decimal(node, what, &LATENCY_MS, mistakes)?;
    Some(latency.scaled(MS_TO_PS).expect("a latency within limits fits"))
}

/// Bits per second, or none for `unlimited`.
fn bandwidth(node: &Node, what: &str, mistakes: &mut Mistakes) -> Option<Option<u64>> {
    match &node.kind {
        Kind::Word(word) if word == "unlimited" => Some(None),
        _ => {
            let bandwidth = read::decimal(node, what, &BANDWIDTH_MBPS, mistakes)?;
            Some(Some(bandwidth.scaled(MBPS_TO_BPS).expect("a bandwidth within limits fits")))
        }
    }
}

fn jitter(node: &Node, mistakes: &mut Mistakes) -> Option<Jitter> {
    match (read::variant_name(node), &node.kind) {
        (Some("none"), Kind::Word(_)) => Some(Jitter::None),
        (Some("uniform"), Kind::Record(_)) => {
            let fields = Fields::new(node, &UNIFORM, mistakes)?;
            let max_ps = latency(fields.node("max_ms", mistakes)?.as_ref(), "max_ms", mistakes)?;
            Some(Jitter::Uniform { max_ps })
        }
        (Some("log_normal"), Kind::Record(_)) => {
            let fields = Fields::new(node, &LOG_NORMAL, mistakes)?;
            let median = fields.node("median_ms", mistakes);
            let median_ps = median.and_then(|node| latency(&node, "median_ms", mistakes));
            let sigma = fields.float("sigma", mistakes);
            Some(Jitter::LogNormal { median_ps: median_ps?, sigma: sigma? })
        }
        _ => unknown_form(node, LINK.field("jitter"), mistakes),
    }
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
        per_message_bytes: per_message_bytes?,
        per_segment_bytes: per_segment_bytes?,
        segment_payload_bytes: segment_payload_bytes?,
    })
}
