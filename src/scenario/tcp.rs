//! Reads TCP's congestion window, and checks what it can stand beside.

use super::declared::{CUSTOM_NETWORK, RTO_MIN_MS, TCP, TICK_MS};
use super::errors::Mistakes;
use super::field::Value;
use super::plan::{Adversary, Faults, Jitter, Misdeed, NetworkPlan, Plan, Tcp};
use super::read::{self, Fields, unknown_form};
use super::tree::{Kind, Node};

/// Decimal places from milliseconds to picoseconds.
const MS_TO_PS: i32 = 9;

/// What to do where something is not for links with TCP.
pub const WITHOUT: &str = "write `tcp: none` in `network: custom(…)`, beside `base: \"…\"` for a preset";

/// The window and the bytes of a message's length; the inner one is none for `none`.
pub fn tcp(node: &Node, mistakes: &mut Mistakes) -> Option<Option<(Tcp, u64)>> {
    match (read::variant_name(node), &node.kind) {
        (Some("none"), Kind::Word(_)) => return Some(None),
        (None, Kind::Record(_)) => {}
        _ => return unknown_form(node, CUSTOM_NETWORK.field("tcp"), mistakes),
    }
    let fields = Fields::new(node, &TCP, mistakes)?;
    let initial_window = fields.whole("initial_window", mistakes);
    let restart_after_idle = fields.boolean("restart_after_idle", mistakes);
    let rto_min_ps = milliseconds(&fields, "rto_min_ms", &RTO_MIN_MS, mistakes);
    let tick_ps = milliseconds(&fields, "tick_ms", &TICK_MS, mistakes);
    let header_bytes = fields.whole("header_bytes", mistakes);
    let tcp = Tcp {
        initial_window: initial_window?,
        restart_after_idle: restart_after_idle?,
        rto_min_ps: rto_min_ps?,
        tick_ps: tick_ps?,
    };
    Some(Some((tcp, header_bytes?)))
}

fn milliseconds(fields: &Fields, name: &str, limits: &Value, mistakes: &mut Mistakes) -> Option<u64> {
    let node = fields.node(name, mistakes)?;
    let value = read::decimal(&node, name, limits, mistakes)?;
    Some(value.scaled(MS_TO_PS).expect("within limits it fits"))
}

/// What of a network TCP's window cannot stand beside: fields of which one says it, and why.
fn excluded(plan: &NetworkPlan) -> Option<(&'static [&'static str], &'static str)> {
    let links = || plan.pairs().map(|(from, to)| plan.link(from, to));
    let shared = || plan.sites.iter().any(|site| site.parties.len() > 1);
    let sharing = "parties that share a way take turns message by message, and TCP sends packets";
    if plan.one_wire {
        Some((&["one_wire"], sharing))
    } else if shared() {
        Some((&["sites"], sharing))
    } else if links().any(|link| link.burst_bytes > 0) {
        Some((&["burst_bytes", "links"], "a token bucket is not modelled packet by packet"))
    } else if links().any(|link| link.jitter != Jitter::None) {
        Some((&["jitter", "links"], "a delay is drawn for each message, and TCP sends packets"))
    } else if !plan.changes.is_empty() {
        Some((&["changes", "links"], "TCP's time-out follows the latency in a way that is not modelled"))
    } else {
        None
    }
}

/// Whether all that a network has can stand beside its TCP.
pub fn check_tcp(fields: &Fields, plan: &NetworkPlan, mistakes: &mut Mistakes) -> bool {
    if plan.tcp.is_none() {
        let Some((from, to)) = plan.pairs().find(|&(from, to)| plan.link(from, to).loss_ppb > 0) else {
            return true;
        };
        let place = ["loss", "links"].iter().find_map(|name| fields.place_of(name));
        let message = "packets are lost, and nothing sends them again: that is what TCP does";
        let label = format!("the link from {from} to {to} is without TCP");
        mistakes.add(place.unwrap_or(fields.opening()), message, label, Some("add `tcp: (),`".to_string()));
        return false;
    }
    let Some((names, why)) = excluded(plan) else { return true };
    let name = names.iter().find(|name| fields.get(name).is_some()).unwrap_or(&names[0]);
    let place = fields.place_of(name).unwrap_or(fields.opening());
    let message = format!("`{name}` cannot stand beside TCP's congestion window: {why}");
    mistakes.add(place, message, "not with this", Some(WITHOUT.to_string()));
    false
}

/// What of a scenario cannot happen on links with TCP, and why.
pub fn excluded_fault(
    faults: &Faults,
    adversary: Option<&Adversary>,
) -> Option<(&'static str, &'static str)> {
    if !faults.down.is_empty() {
        Some(("faults", "after a link was down, TCP sends anew at times that are not modelled"))
    } else if adversary.is_some_and(|adversary| matches!(adversary.does, Misdeed::Delay { .. })) {
        Some(("adversary", "a message that is delayed is not modelled packet by packet"))
    } else {
        None
    }
}

/// Why the links of a scenario cannot have TCP's window; none if they can.
pub fn why_without_tcp(plan: &Plan) -> Option<&'static str> {
    let fault = || excluded_fault(&plan.faults, plan.adversary.as_ref()).map(|(_, why)| why);
    excluded(&plan.network).map(|(_, why)| why).or_else(fault)
}
