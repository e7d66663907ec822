//! Reads what single links and interfaces have of their own.

use super::changes::{Moment, SINGLE, moments};
use super::declared::{INTERFACE, LINK};
use super::errors::Mistakes;
use super::jitter::jitter;
use super::plan::{Background, Interface, Link};
use super::quantities::{bandwidth, latency, loss, optional, party, share, share_of};
use super::read::{self, Fields};
use super::tree::Node;

/// A link, from and to, and what is said about it at some moments.
pub type LinkChanges = ((usize, usize), Vec<Moment>);

/// Changes `links` and what others use of them. The result is what is said about changes in time: link and moments.
pub fn single_links(
    node: &Node,
    parties: usize,
    links: &mut [Link],
    background: &mut [u64],
    mistakes: &mut Mistakes,
) -> Option<Vec<LinkChanges>> {
    let mut changes = Vec::new();
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
        let burst_bytes =
            optional(fields.get("burst_bytes"), &mut good, |_| fields.whole("burst_bytes", mistakes));
        let share = optional(fields.get("background"), &mut good, |node| share(node, "background", mistakes));
        let loss_ppb = optional(fields.get("loss"), &mut good, |node| loss(node, mistakes));
        let jitter = optional(fields.get("jitter"), &mut good, |node| jitter(node, mistakes));
        let moments = optional(fields.get("changes"), &mut good, |node| moments(node, SINGLE, mistakes));
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
        background[index] = share.unwrap_or(background[index]);
        let link = &mut links[index];
        link.latency_ps = latency_ps.unwrap_or(link.latency_ps);
        link.bandwidth_bps = bandwidth_bps.unwrap_or(link.bandwidth_bps);
        link.burst_bytes = burst_bytes.unwrap_or(link.burst_bytes);
        link.loss_ppb = loss_ppb.unwrap_or(link.loss_ppb);
        (link.jitter, link.jitter_correlation) = jitter.unwrap_or((link.jitter, link.jitter_correlation));
        changes.extend(moments.map(|moments| ((from, to), moments)));
    }
    good.then_some(changes)
}

/// Changes `interfaces` and what others use of them.
pub fn single_interfaces(
    node: &Node,
    interfaces: &mut [Interface],
    background: &mut Background,
    mistakes: &mut Mistakes,
) -> Option<()> {
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
        let up = share_of(&fields, "egress_background", interface.egress_bps, mistakes);
        let down = share_of(&fields, "ingress_background", interface.ingress_bps, mistakes);
        good &= up.is_some() && down.is_some();
        (background.up[number], background.down[number]) = (up.unwrap_or(0), down.unwrap_or(0));
    }
    good.then_some(())
}
